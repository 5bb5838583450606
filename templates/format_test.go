package templates

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a reader sees of a piece of page.
func text(markup any) string {
	return html.UnescapeString(tags.ReplaceAllString(fmt.Sprint(markup), ""))
}

func TestTimesAreSaidInTheReadersWay(t *testing.T) {
	zh, en := chrome("zh-Hans", "/"), chrome("en", "/")
	utc := en
	utc.Zone = nil
	for _, c := range []struct {
		name string
		got  any
		want string
	}{
		{"moment", zh.When(at(21, 10, 0)), "11月21日 周六 10:00"},
		{"moment", en.When(at(21, 10, 0)), "Sat 21 Nov 10:00"},
		{"moment without a zone", utc.When(at(21, 10, 0)), "Sat 21 Nov 02:00"},
		{"next year", zh.When(at(21, 10, 0).AddDate(1, 0, 0)), "2027年11月21日 周日 10:00"},
		{"next year", en.When(at(21, 10, 0).AddDate(1, 0, 0)), "Sun 21 Nov 2027 10:00"},
		{"no moment", en.When(time.Time{}), "–"},
		{"one day", zh.Span(at(21, 10, 0), at(21, 11, 30)), "11月21日 周六 10:00–11:30"},
		{"over midnight", en.Span(at(21, 22, 0), at(22, 1, 0)), "Sat 21 Nov 22:00 – Sun 22 Nov 01:00"},
		{"open end", en.Span(at(21, 22, 0), time.Time{}), "Sat 21 Nov 22:00"},
		{"civil date", zh.Date("2026-11-23"), "11月23日 周一"},
		{"civil date", en.Date("2026-11-23"), "Mon 23 Nov"},
		{"two civil dates", en.Days("2026-11-23", "2026-11-24"), "Mon 23 Nov – Tue 24 Nov"},
		{"what is no date is shown", en.Date("soon <b>"), "soon <b>"},
		{"minutes", zh.Length(90), "1 小时 30 分钟"},
		{"minutes", en.Length(45), "45 min"},
		{"no minutes", en.Length(0), "0 min"},
		{"days", zh.Length(2*1440 + 181), "2 天 3 小时"},
		{"time left", zh.Due(at(21, 10, 40)), "还有 40 分钟"},
		{"late", en.Due(at(21, 9, 48)), "12 min late"},
		{"not late by no minutes", en.Due(at(21, 10, 0).Add(-20 * time.Second)), "due now"},
		{"no minutes left", zh.Due(at(21, 10, 0).Add(20 * time.Second)), "正好到时"},
		{"no clock", en.Due(time.Time{}), ""},
		{"typed again", en.Local(at(21, 10, 0)), "2026-11-21T10:00"},
		{"exact", en.Instant(at(21, 10, 0)), "2026-11-21T10:00:00+08:00"},
	} {
		if got := text(c.got); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWhatIsUrgentLooksUrgent(t *testing.T) {
	c := chrome("en", "/")
	for tone, due := range map[string]time.Time{"is-late": at(21, 9, 59), "is-onsite": at(21, 11, 0), "is-plain": at(21, 11, 1)} {
		if got := string(c.Due(due)); !strings.Contains(got, tone) {
			t.Errorf("due %s is not %s: %s", due.Format("15:04"), tone, got)
		}
	}
}

func TestMoneyAndDistances(t *testing.T) {
	c := chrome("en", "/")
	for _, x := range []struct{ got, want string }{
		{c.Money(0), "¥0.00"}, {c.Money(5), "¥0.05"}, {c.Money(123450), "¥1,234.50"}, {c.Money(123456789), "¥1,234,567.89"},
		{c.Money(-1000), "−¥10.00"}, {c.Money(-12345678), "−¥123,456.78"}, {c.Yuan(38850), "388.50"},
		{c.Metres(850), "850 m"}, {c.Metres(1840), "1.8 km"}, {c.Percent(0.8237), "82.4 %"},
	} {
		if x.got != x.want {
			t.Errorf("%q, want %q", x.got, x.want)
		}
	}
}

func TestTelephoneLinks(t *testing.T) {
	c := chrome("en", "/")
	for in, want := range map[string]string{"+86 138-1010 2210": "tel:+8613810102210", "400-810-0000": "tel:4008100000", "javascript:alert(1)": "tel:1"} {
		if got := string(c.Tel(in)); got != want {
			t.Errorf("%q → %q, want %q", in, got, want)
		}
	}
}

func TestSwitchesKeepThePage(t *testing.T) {
	c := chrome("zh-Hans", "/orders?state=ready&done=assign")
	if got := c.With("lang", "en"); got != "/orders?lang=en&state=ready" {
		t.Errorf("language switch leads to %s", got)
	}
	c.Path = "//evil.example/x"
	if got := c.With("lang", "en"); got != "/?lang=en" {
		t.Errorf("a foreign path leads to %s", got)
	}
	c.Path = "/orders/WO-1"
	var current []string
	for _, m := range c.Menu() {
		if m.Current {
			current = append(current, m.Key)
		}
	}
	if strings.Join(current, " ") != "orders" {
		t.Errorf("marked in the menu: %v", current)
	}
}

func TestTheThumbFindsTheNextAct(t *testing.T) {
	for _, c := range []struct {
		state   string
		allowed string
		want    string
	}{
		{"dispatched", "accept decline", "accept"},
		{"accepted", "depart arrive start", "depart"},
		{"en_route", "arrive start sheet", "arrive"},
		{"on_site", "start pause sheet", "sheet"},
		{"paused", "resume sheet", "resume"},
		{"accepted", "arrive start", "arrive"},
		{"finished", "", ""},
		{"cancelled", "", ""},
	} {
		s := Stop{State: c.state, Allowed: strings.Fields(c.allowed)}
		if got := s.Next(); got != c.want {
			t.Errorf("%s with %q: %q, want %q", c.state, c.allowed, got, c.want)
		}
	}
}

func TestUnknownWordsAreShownNotHidden(t *testing.T) {
	c := chrome("en", "/")
	if got := text(c.Badge("order", "<new>")); got != "<new>" {
		t.Errorf("unknown state: %q", got)
	}
	if got := c.Word("channel", "pigeon"); got != "pigeon" {
		t.Errorf("unknown word: %q", got)
	}
	if got := text(c.Badge("order", "in_progress")); got != "in progress" {
		t.Errorf("known state: %q", got)
	}
	if got := Done("en", "no-such-form"); got != "Saved." {
		t.Errorf("unknown form: %q", got)
	}
}

func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	out := draw(t, sampleOf("order-refused"))
	for _, want := range []string{
		`value="2026-11-21T13:00" required aria-invalid="true" aria-describedby="wrong-assign-starts_at"`,
		`<span class="wrong" id="wrong-assign-starts_at">这段时间已有上门</span>`,
		`<option value="e2" selected>`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

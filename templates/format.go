package templates

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"paigong/internal/money"
)

var weekdays = [7]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

func (c Chrome) local(t time.Time) time.Time {
	if c.Zone == nil {
		return t.UTC()
	}
	return t.In(c.Zone)
}

// civil writes a day: "11月21日 周六", "Sat 21 Nov"; with the year when it is not this one.
func (c Chrome) civil(t time.Time) string {
	other := t.Year() != c.local(c.Now).Year()
	switch {
	case c.Zh() && other:
		return fmt.Sprintf("%d年%d月%d日 %s", t.Year(), t.Month(), t.Day(), weekdays[t.Weekday()])
	case c.Zh():
		return fmt.Sprintf("%d月%d日 %s", t.Month(), t.Day(), weekdays[t.Weekday()])
	case other:
		return t.Format("Mon 2 Jan 2006")
	}
	return t.Format("Mon 2 Jan")
}

// CivilDay is a day in a few words: "11月21日 周六", "Sat 21 Nov".
func (c Chrome) CivilDay(t time.Time) string { return c.civil(c.local(t)) }

func element(t time.Time, text string) template.HTML {
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + template.HTMLEscapeString(text) + `</time>`)
}

const absent = template.HTML(`<span class="absent">–</span>`)

// When is a moment: "11月21日 周六 10:00", "Sat 21 Nov 10:00"; a dash when there is none.
func (c Chrome) When(t time.Time) template.HTML {
	if t.IsZero() {
		return absent
	}
	t = c.local(t)
	return element(t, c.civil(t)+" "+t.Format("15:04"))
}

// Clock is the time of day alone: "10:00".
func (c Chrome) Clock(t time.Time) template.HTML {
	if t.IsZero() {
		return absent
	}
	t = c.local(t)
	return element(t, t.Format("15:04"))
}

// Today is the day the page was drawn on.
func (c Chrome) Today() template.HTML {
	t := c.local(c.Now)
	return template.HTML(`<time datetime="` + t.Format(time.DateOnly) + `">` + c.civil(t) + `</time>`)
}

// Date is a civil date given as YYYY-MM-DD; anything else is shown as it is.
func (c Chrome) Date(day string) template.HTML {
	if day == "" {
		return absent
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(day))
	}
	return template.HTML(`<time datetime="` + day + `">` + c.civil(t) + `</time>`)
}

// DayText is a civil date in words alone, for choices: "11月21日 周六".
func (c Chrome) DayText(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return c.civil(t)
}

// Span is from one moment to another, the day said once when it is the same:
// "11月21日 周六 10:00–11:30".
func (c Chrome) Span(from, to time.Time) template.HTML {
	switch {
	case from.IsZero() && to.IsZero():
		return absent
	case to.IsZero():
		return c.When(from)
	case from.IsZero():
		return "–" + c.When(to)
	}
	a, b := c.local(from), c.local(to)
	if a.Format(time.DateOnly) == b.Format(time.DateOnly) {
		return element(a, c.civil(a)+" "+a.Format("15:04")) + "–" + element(b, b.Format("15:04"))
	}
	return c.When(from) + " – " + c.When(to)
}

// Days is from one civil date to another.
func (c Chrome) Days(from, to string) template.HTML {
	if from == to || to == "" {
		return c.Date(from)
	}
	return c.Date(from) + " – " + c.Date(to)
}

// Length is a number of minutes: "1 小时 30 分钟", "1 h 30 min".
func (c Chrome) Length(n int) string {
	day, hour, minute := "%d d", "%d h", "%d min"
	if c.Zh() {
		day, hour, minute = "%d 天", "%d 小时", "%d 分钟"
	}
	if n < 0 {
		n = -n
	}
	var said []string
	if n >= 24*60 {
		said = append(said, fmt.Sprintf(day, n/(24*60)))
	}
	if h := n / 60 % 24; h > 0 {
		said = append(said, fmt.Sprintf(hour, h))
	}
	// Days old, nobody asks for the minute.
	if m := n % 60; len(said) == 0 || m > 0 && n < 24*60 {
		said = append(said, fmt.Sprintf(minute, m))
	}
	return strings.Join(said, " ")
}

// Due is a clock: how long until t, or how long ago it should have been.
// Within the last hour it is amber, past it is red. A zero time shows nothing.
func (c Chrome) Due(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	left := t.Sub(c.Now)
	n := int(left.Round(time.Minute) / time.Minute)
	at := c.local(t).Format(time.RFC3339)
	switch {
	case n == 0: // nobody is late by no minutes
		return badge("onsite", "clock", c.T("ui.due_now"), at)
	case left < 0:
		return badge("late", "late", c.T("ui.late", c.Length(n)), at)
	case left <= time.Hour:
		return badge("onsite", "clock", c.T("ui.left", c.Length(n)), at)
	}
	return badge("plain", "clock", c.T("ui.left", c.Length(n)), at)
}

// Past reports whether t was before the page was drawn.
func (c Chrome) Past(t time.Time) bool { return !t.IsZero() && t.Before(c.Now) }

// Local fills an <input type="datetime-local">.
func (c Chrome) Local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return c.local(t).Format("2006-01-02T15:04")
}

// Instant fills a hidden field with an exact moment.
func (c Chrome) Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return c.local(t).Format(time.RFC3339Nano)
}

// Money is an amount with its sign of currency: "¥1,234.50".
func (c Chrome) Money(f money.Fen) string {
	text, minus := strings.CutPrefix(f.String(), "-")
	whole, cents, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if cents != "" {
		whole += "." + cents
	}
	if minus {
		return "−¥" + whole
	}
	return "¥" + whole
}

// Yuan fills a field in which people type an amount: "1234.50".
func (c Chrome) Yuan(f money.Fen) string { return f.String() }

// Metres is a distance: "850 m", "1.8 km".
func (c Chrome) Metres(m int64) string {
	if m < 1000 {
		return fmt.Sprintf("%d m", m)
	}
	return fmt.Sprintf("%.1f km", float64(m)/1000)
}

// Percent is a share between 0 and 1: "82.4 %".
func (c Chrome) Percent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', 1, 64) + " %"
}

// Tel is a telephone number as a link address.
func (c Chrome) Tel(phone string) template.URL {
	var digits strings.Builder
	for i, r := range phone {
		if r >= '0' && r <= '9' || r == '+' && i == 0 {
			digits.WriteRune(r)
		}
	}
	return template.URL("tel:" + digits.String())
}

// Bar is a share of 100 drawn as SVG geometry: the policy for styles forbids
// widths written into the page any other way.
func (c Chrome) Bar(n int) template.HTML {
	n = max(0, min(100, n))
	return template.HTML(fmt.Sprintf(`<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">`+
		`<rect class="rail" width="100" height="6" rx="3"/><rect class="fill" width="%d" height="6" rx="3"/></svg>`, n))
}

// Degrees is a latitude or longitude as it is typed; 0 is taken for unknown.
func (c Chrome) Degrees(d float64) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(d, 'f', -1, 64)
}

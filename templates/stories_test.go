package templates

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// all finds the elements of a page by tag and one attribute; an empty value
// means any.
func all(t *testing.T, out, tag, name, value string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag && (name == "" || value == "" && attr(n, name) != "" || value != "" && attr(n, name) == value) {
			found = append(found, n)
		}
	}
	return found
}

func said(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// posts are the paths that a page's forms lead to.
func posts(t *testing.T, p Page) []string {
	t.Helper()
	var paths []string
	for _, f := range all(t, draw(t, p), "form", "method", "post") {
		if to := attr(f, "action"); to != "/logout" {
			paths = append(paths, to)
		}
	}
	return paths
}

func TestWhoMayDoNothingIsOfferedNothing(t *testing.T) {
	o := sampleOf("order").(Order)
	o.Allowed = nil
	for _, list := range []*[]string{&o.Visits[0].Allowed, &o.Visits[1].Allowed, &o.Quotes[1].Allowed, &o.Sheets[0].Allowed, &o.OldParts[0].Allowed, &o.Custody[0].Allowed} {
		*list = nil
	}
	if got := posts(t, o); len(got) != 0 {
		t.Errorf("a closed order still offers %v", got)
	}
	r := sampleOf("request").(Request)
	r.Allowed, r.Care.Mine, r.Care.MayOffer, r.Care.MayFlow, r.Care.MayFeed = nil, false, false, false, false
	if got := posts(t, r); len(got) != 0 {
		t.Errorf("a converted request still offers %v", got)
	}
	job := sampleOf("job").(Job)
	job.Stop.Allowed, job.Quotes, job.Pickups = nil, nil, nil
	if got := posts(t, job); !slices.Equal(got, []string{"/m/orders/WO-2026-000123/conversations"}) {
		t.Errorf("a finished job offers %v", got)
	}
}

func TestEachActIsOfferedAlone(t *testing.T) {
	o := sampleOf("order").(Order)
	o.Visits, o.Quotes, o.Sheets, o.OldParts, o.Custody, o.Candidates, o.Receipt = nil, nil, nil, nil, nil, nil, nil
	for act, path := range map[string]string{
		"hold": "hold", "resume": "resume", "cancel": "cancel", "close": "close", "reopen": "reopen", "convert": "convert", "approve": "approve",
		"unassign": "unassign", "coverage": "coverage", "conversations": "conversations", "hand-over": "hand-over", "receipt": "receipt",
		"quotes": "quotes", "custody": "custody", "share": "share", "assign": "assign", "confirm-end": "confirm-end",
	} {
		o.Allowed = []string{act}
		if got := posts(t, o); !slices.Equal(got, []string{"/orders/WO-2026-000123/" + path}) {
			t.Errorf("%s alone offers %v", act, got)
		}
	}
}

// One click assigns: the form of a suggested engineer already holds who and when.
func TestOneClickAssigns(t *testing.T) {
	out := draw(t, sampleOf("order"))
	var buttons []string
	keys := map[string]bool{}
	for _, f := range all(t, out, "form", "action", "/orders/WO-2026-000123/assign") {
		fields := map[string]string{}
		for n := range f.Descendants() {
			switch {
			case n.Data == "input" && attr(n, "type") == "hidden":
				fields[attr(n, "name")] = attr(n, "value")
			case n.Data == "button":
				buttons = append(buttons, attr(n, "aria-label"))
			}
		}
		if keys[fields["idempotency_key"]] {
			t.Errorf("two Assign buttons share the key %s", fields["idempotency_key"])
		}
		keys[fields["idempotency_key"]] = true
		if fields["engineer_id"] == "e2" && (fields["starts_at"] != "2026-11-21T13:00:00+08:00" || fields["ends_at"] != "2026-11-21T14:30:00+08:00") {
			t.Errorf("the first engineer's slot is %v", fields)
		}
	}
	if !slices.Equal(buttons, []string{"派工 李芳芳", "派工 周勇", ""}) {
		t.Errorf("buttons %q", buttons)
	}
	if !strings.Contains(out, "没有制冷技能") {
		t.Error("the page does not say why 王芳静 is ruled out")
	}
}

func TestTheCustomerDecidesWithoutALogin(t *testing.T) {
	track := sampleOf("track").(Track)
	if got := posts(t, track); !slices.Equal(got, []string{"/c/7Yk2/approve", "/c/7Yk2/decline"}) {
		t.Errorf("an open quote offers %v", got)
	}
	out := draw(t, track)
	for _, n := range all(t, out, "button", "class", "go wide big") {
		if said(n) != "同意，合计 ¥388.50" {
			t.Errorf("the button says %q", said(n))
		}
	}
	if now := all(t, out, "li", "aria-current", "step"); len(now) != 1 || said(now[0]) != "服务中" {
		t.Errorf("%d current steps", len(now))
	}
	track.QuoteGone = true
	if got := posts(t, track); len(got) != 0 {
		t.Errorf("an expired quote offers %v", got)
	}
	if done := all(t, draw(t, sampleOf("track-done")), "li", "class", "past"); len(done) != 5 {
		t.Errorf("%d of 5 steps are past once the work is done", len(done))
	}
}

func TestASheetKeepsItsKeyWhenItIsRefused(t *testing.T) {
	for _, name := range []string{"sheet", "sheet-clerk"} {
		form := sampleOf(name).(SheetForm)
		keys := all(t, draw(t, form), "input", "name", "idempotency_key")
		if len(keys) < 1 || attr(keys[0], "value") != form.IdempotencyKey {
			t.Errorf("%s carries another key than its own", name)
		}
	}
	out := draw(t, sampleOf("sheet-clerk"))
	if checked := all(t, out, "input", "value", "need_parts"); len(checked) != 1 || !strings.Contains(out, `value="need_parts" required checked`) {
		t.Error("the outcome that was chosen is forgotten")
	}
	if !strings.Contains(out, "请客户签字，或写明原因") {
		t.Error("the page does not say what is missing")
	}
}

func TestTheDeskShowsOnlyWhatThePersonMayOpen(t *testing.T) {
	h := sampleOf("home").(Home)
	h.Nav = []string{"home", "stock"}
	nav := all(t, draw(t, h), "nav", "class", "sections")
	if len(nav) != 1 || said(nav[0]) != "工作台 库存" && said(nav[0]) != "工作台库存" {
		t.Errorf("navigation: %q", said(nav[0]))
	}
}

package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"golang.org/x/net/html"

	"paigong/internal/auth"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// A call is taken from the number to the booked time: the template of the category fills the order in, the
// times offered are really free, a charged repair keeps the time as a wish, and a caller who only asks again
// makes nothing new.
func TestIntake(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	n.template(by, knowledge.JobTemplateInput{Kind: "maintain", Category: "空调", SkillCodes: []string{"cooling"}, Minutes: 45, Priority: 2, Parts: []knowledge.TemplatePart{{SKU: "P1", Quantity: 1}}})
	if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		class := "A"
		_, err := l.Customers.PatchCustomer(ctx, by, n.customer, customers.CustomerPatch{Class: &class})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	v := n.signedIn("dispatcher")
	page := v.see("/desk/intake?q=13912345678&kind=maintain", 200).shows("周晓明", "VIP", "海尔 KFR-35GW 空调", "按模板填写：空调", "王伟")
	form := page.form("/requests")
	if form.values.Get("duration_minutes") != "45" || form.values.Get("priority") != "2" || form.values.Get("skill_codes") != "cooling" || form.values.Get("part_sku") != "P1" {
		t.Errorf("the template is not filled in: %v", form.values)
	}
	slot := ""
	page.each(func(e *html.Node) {
		if slot == "" && attr(e, "name") == "slot" && strings.HasPrefix(attr(e, "value"), n.right.String()) {
			slot = attr(e, "value")
		}
	})
	if slot == "" {
		t.Fatalf("no time of the engineer who has the part in his van: %s", page.words())
	}
	done := form.send(url.Values{"summary": {"年度保养"}, "slot": {slot}}).done().shows("已约 王伟")
	o := must(n.desk.Order(ctx, by, number(done.what[4:])))(t)
	if from := must(time.Parse(time.RFC3339, strings.Fields(slot)[1]))(t); o.Visits[0].EngineerID != n.right || !o.Visits[0].StartsAt.Equal(from) || o.DurationMinutes != 45 || len(o.Parts) != 1 {
		t.Errorf("booked %v for %s, %d min, parts %v; agreed was %s", o.Visits[0].EngineerName, o.Visits[0].StartsAt, o.DurationMinutes, o.Parts, slot)
	}

	// Who asks again about it is noted on the order.
	again := v.see("/desk/intake?q=13912345678", 200).shows("同一台设备", o.Number)
	again.form("/orders/" + o.Number + "/conversations").send(nil).done().shows("客户来电催问")
	// A slot that went away while the customer thought about it refuses the whole call, and nothing typed is lost.
	refused := v.see("/desk/intake?q=13912345678&kind=maintain", 200).form("/requests").send(url.Values{"summary": {"再来一次"}, "slot": {slot}})
	refused.refused(409, "王伟")
	if refused.form("/requests").values.Get("summary") != "再来一次" {
		t.Error("the text of a refused call is gone")
	}
	// A repair that nobody covers waits for its quote and keeps the time as a wish.
	quoted := v.see("/desk/intake?q=13912345678", 200).shows("先报价").form("/requests").send(url.Values{"summary": {"不制冷"}, "skill_codes": {"cooling"}, "slot": {strings.Replace(slot, "2026-11-16", "2026-11-17", 2)}}).done().shows("需先报价")
	if o := must(n.desk.Order(ctx, by, number(quoted.what[4:])))(t); o.State != workorders.OrderNew || o.Window == nil {
		t.Errorf("a charged repair is %s with wish %v", o.State, o.Window)
	}
	// Somebody new, at a place that is new, is offered a time by region.
	v.see("/desk/intake?new=1&q=13700001111&kind=maintain&region_code=bj-cy&category=空调", 200).shows("王伟", "按模板填写：空调").form("/requests").
		send(url.Values{"summary": {"保养"}, "customer_name": {"何勇"}, "address": {"望京西路 3 号"}, "region_code": {"bj-cy"}}).done().shows("何勇", "待派")
}

func (n *town) template(by auth.Caller, in knowledge.JobTemplateInput) {
	n.Helper()
	if err := n.desk.Keep(context.Background(), by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Codes.PutJobTemplate(ctx, in, 0)
		return err
	}); err != nil {
		n.Fatal(err)
	}
}

// A known customer's request with its order: at most twelve keys beyond the text, and without a hand at the mouse.
func TestBrowserIntake(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n := newTown(t)
	by := must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(n)
	n.template(by, knowledge.JobTemplateInput{Kind: "repair", Category: "空调", SkillCodes: []string{"cooling"}, Minutes: 60})
	p := n.at(b, "dispatcher")
	p.do(chromedp.EmulateViewport(1440, 860))
	p.open("/orders")
	keys := 0
	press := func(key string, modifiers ...chromedp.KeyOption) {
		keys++
		p.do(chromedp.KeyEvent(key, modifiers...))
	}
	begun := time.Now()
	press("n")
	p.waits(`document.activeElement?.name === "q"`)
	p.do(chromedp.KeyEvent("13912345678")) // the number is text; the caller appears by himself
	p.waits(`document.activeElement?.name === "summary"`)
	p.do(chromedp.KeyEvent("空调不制冷"))
	press("1", chromedp.KeyModifiers(chromedp.ModifierAlt))
	p.waits(`document.querySelector("input[name=slot]:checked").value !== ""`)
	press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.waits(`location.pathname.startsWith("/orders/WO")`)
	p.shows("空调不制冷", "制冷")
	if took := time.Since(begun); keys > 12 || took > 30*time.Second {
		t.Errorf("%d keys beyond the text in %s", keys, took)
	}
	t.Logf("%d keys beyond the text", keys)
}

package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"paigong/workorders"
)

// reported is the beginning of each story, by forms alone: the caller is known by his telephone number, the
// request becomes an order that needs one P1. It gives the numbers of both.
func (n *town) reported(agent *visitor) (request, order string) {
	n.Helper()
	intake := agent.see("/desk/intake?q=139+1234+5678", 200).shows("周晓明")
	page := intake.form("/requests").send(url.Values{"summary": {"空调不制冷"}, "description": {"昨天开始不凉"}, "then": {"note"}}).done().shows("空调不制冷", "周晓明", "139 1234 5678", "海尔 KFR-35GW 空调")
	request = number(strings.TrimPrefix(page.what, "GET "))
	order = number(page.form("/requests/" + request + "/work-order").send(url.Values{"priority": {"2"}, "skill_codes": {"cooling"}, "part_sku": {"P1", "", ""}, "part_quantity": {"1", "1", "1"},
		"window_from": {local(0, 9, 0)}, "window_to": {local(0, 17, 0)}}).leads())
	return request, order
}

// agreed quotes an order and lets the customer agree under his link.
func (n *town) agreed(agent *visitor, order string) (link string) {
	n.Helper()
	path := "/orders/" + order
	page := agent.see(path, 200).form(path + "/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_kind": {"labour", "part", "travel", "part", "other"}, "line_description": {"上门维修工时", "", "", "", ""},
		"line_sku": {"", "P1", "", "", ""}, "line_quantity": {"1", "1", "1", "1", "1"}, "line_unit": {"120", "35.00", "", "", ""}}).done()
	page.shows("¥155.00")
	page = page.form(path + "/quotes/[^/]+/send").send(nil).done()
	link = page.link("/c/")
	agent.see(path, 200).hides(link) // shown once
	customer := n.stranger()
	customer.see(link, 200).form(link + "/approve").send(url.Values{"name": {"周晓明"}, "signature": {"[[[1,2],[3,4]]]"}}).done().shows("周晓明")
	return link
}

// The story every acceptance run tells, each step by the login whose work it is, and by forms alone.
func TestGoodDayByForms(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")

	request, order := n.reported(agent)
	path := "/orders/" + order
	agent.see("/requests/"+request, 200).shows("生成工单", order)
	if dispatcher.see(path, 200).offers(path + "/assign") {
		t.Error("a chargeable order that nobody agreed to may be assigned")
	}
	link := n.agreed(agent, order)
	n.stranger().see(link+"x", 404).hides("周晓明", order)
	if n.stranger().see(link, 200).offers(link + "/approve") {
		t.Error("an approved quote may be approved again")
	}

	page := dispatcher.see(path, 200).shows("王伟", "李芳", "制冷")
	best := page.form(path + "/assign")
	if got := best.values.Get("engineer_id"); got != n.right.String() {
		t.Fatalf("the first engineer proposed is %s, want %s", got, n.right)
	}
	best.send(nil).done().shows("已派工", "1 号车")
	// The last part cannot be promised twice: a second order for it finds nobody.
	_, second := n.reported(agent)
	n.agreed(agent, second)
	again := dispatcher.see("/orders/"+second, 200)
	refused := again.form("/orders/" + second + "/assign").send(url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(1, 10, 0)}, "ends_at": {local(1, 11, 0)}, "override_reason": {""}})
	refused.refused(409)
	if !strings.Contains(string(refused.raw), `value="`+local(1, 10, 0)+`"`) {
		t.Error("what was typed into a refused form is lost")
	}

	day := engineer.see("/m", 200).shows("空调不制冷", "周晓明", "东门进", "启动电容")
	if !strings.Contains(string(day.raw), `href="tel:13912345678"`) {
		t.Error("the engineer cannot call from his day")
	}
	day = day.form("/m/orders/" + order + "/accept").send(nil).done()
	day.form("/m/orders/" + order + "/depart").send(nil).done()
	job := engineer.see("/m/orders/"+order, 200)
	job.form("/m/orders/" + order + "/arrive").send(nil).done()
	n.stranger().see(link, 200)
	dispatcher.see(path, 200).shows("服务中")
	sheet := engineer.see("/m/orders/"+order+"/sheet", 200)
	form := sheet.form("/m/orders/" + order + "/sheet")
	if got := form.values["part_quantity"]; len(got) == 0 || got[0] != "1" {
		t.Errorf("the part promised to the order is not filled in: %v", form.values)
	}
	form.send(url.Values{"outcome": {"done"}}).refused(422, "必填")
	filled := url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "notes": {"更换电容后正常"}, "work_minutes": {"45"}, "signature": {"[[[0,0],[10,10]]]"}, "signer_name": {"周晓明"}}
	to := form.send(filled).leads()
	if twice := form.send(filled).leads(); twice != to {
		t.Errorf("the sheet sent twice leads to %q and %q", to, twice)
	}

	page = agent.see(path, 200).shows("已完工", "更换电容后正常", "¥155.00")
	receipt := page.link("/receipts/")
	pay := agent.see(receipt, 200).shows("壹佰伍拾伍元整").form(receipt + "/payments")
	pay.send(url.Values{"amount": {"155"}, "method": {"wechat"}}).done().shows("已付清")
	agent.see(receipt, 200).form(receipt + "/payments").send(url.Values{"amount": {"1"}, "method": {"cash"}}).refused(409)

	n.clock.Add(int64(2 * 24 * time.Hour))
	n.tick()
	caller := n.signedIn("caller")
	list := caller.see("/follow-ups?due_on=2026-11-19", 200).shows("周晓明", order)
	call := list.link("/follow-ups/0")
	caller.see(call, 200).form(call + "/attempts").send(url.Values{"outcome": {"no_answer"}, "service": nil, "product": nil}).done()
	after := caller.see(call, 200).shows("无人接听").form(call + "/attempts").send(url.Values{"outcome": {"reached"}, "service": {"2"}, "product": {"4"}, "comment": {"迟到了"}}).done()
	complaint := after.link("/complaints/")
	manager := n.signedIn("manager")
	grave := manager.see(complaint, 200).shows("迟到了", order)
	grave.form(complaint + "/reply").send(url.Values{"text": {"已致歉"}}).done().shows("已致歉")
	manager.see(path, 200).form(path+"/close").send(nil).refused(409, "还不能结单", "投诉")

	// What everybody sees afterwards agrees.
	o := must(n.desk.Order(context.Background(), must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(n), order))(n)
	if o.State != workorders.OrderCompleted || len(o.Sheets) != 1 || o.Receipt == nil || o.Receipt.TotalMinor != 15500 || len(o.FollowUps) != 1 {
		t.Errorf("the order is %s with %d sheets, %d follow-ups and the receipt %+v", o.State, len(o.Sheets), len(o.FollowUps), o.Receipt)
	}
	for _, lang := range []string{"zh-Hans", "en"} {
		for _, kind := range []string{"work-order", "repair-sheet", "quote", "receipt", "follow-up"} {
			got := manager.see(path+"/papers/"+kind+".pdf?lang="+lang, 200)
			if !strings.HasPrefix(string(got.raw), "%PDF-") {
				t.Errorf("%s in %s is no PDF", kind, lang)
			}
		}
	}
	if got := n.stranger().see(link+"/papers/receipt.pdf", 200); !strings.HasPrefix(string(got.raw), "%PDF-") {
		t.Error("the customer has no receipt")
	}
	n.stranger().see(link+"/papers/work-order.pdf", 404)
}

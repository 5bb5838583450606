package pages_test

import (
	"context"
	"net/url"
	"testing"

	"paigong/internal/auth"
	"paigong/workorders"
)

// What a desk puts right after the first thing went wrong, each on the page where it shows: a slip whose part is
// not there, a sheet with the wrong code, a paper that came back, links in the wrong hands, an offer nobody
// answers, somebody who is well again, a part that was written down in words, a piece another order needs more.
func TestPuttingRight(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher, engineer, keeper, manager := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1"), n.signedIn("stock"), n.signedIn("manager")
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)

	// Two go together, and a second job at the same address is the same journey.
	order := n.readyOrders(1)[0]
	path := "/orders/" + order
	slot := url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 10, 0)}, "ends_at": {local(0, 11, 0)}}
	slot.Set("helpers", n.empty.String())
	page := dispatcher.see(path, 200)
	byHand := page.form(path + "/assign")
	byHand.send(slot).done().shows("王伟", "张强")
	other := n.readyOrders(1)[0]
	joined := dispatcher.see("/orders/"+other, 200).shows(order + " · 王伟")
	slot = url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 11, 0)}, "ends_at": {local(0, 12, 0)}, "trip_with": {must(n.desk.Order(ctx, by, order))(t).Visits[0].ID.String()}}
	joined.form("/orders/" + other + "/assign").send(slot).done()
	if o := must(n.desk.Order(ctx, by, other))(t); o.Visits[0].TripID == nil {
		t.Error("the second job does not share the journey")
	}

	// Done, with the wrong code; the clerk corrects it, the signed edition stays.
	m := "/m/orders/" + order
	engineer.see(m, 200).form(m + "/arrive").send(nil).done()
	engineer.see(m+"/sheet", 200).form(m + "/sheet").send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}, "incident": {"碰裂一块地砖"}}).leads()
	done := agent.see(path, 200).shows("意外、损坏： 碰裂一块地砖")
	correct := done.form(path + "/sheets/[^/]+/correct")
	correct.send(url.Values{"notes": {"补记：已试机"}}).refused(422, "必填")
	correct.send(url.Values{"notes": {"补记：已试机"}, "reason": {"漏写"}}).done().shows("补记：已试机", "第 2 版")
	agent.see(path, 200).form(path + "/original").send(url.Values{"holder": {"售后部"}}).done().shows("签字原件由 售后部 保管")

	// A link that went to the wrong person is taken back.
	link := agent.see(path, 200).form(path + "/share").send(nil).done().link("/c/")
	n.stranger().see(link, 200)
	agent.see(path, 200).form(path + "/revoke").send(nil).done()
	n.stranger().see(link, 410)

	// Not on the shelf: the slip says why, and the desk hears it.
	third := n.readyOrders(1)[0]
	path = "/orders/" + third
	n.receive("P4", 1, "WH")
	must(n.desk.Amend(ctx, by, third, 0, workorders.OrderPatch{Parts: []workorders.PartNeed{{SKU: "P4", Quantity: 1}}}))(t)
	dispatcher.see(path, 200).form(path + "/assign").send(url.Values{"engineer_id": {n.empty.String()}, "starts_at": {local(0, 15, 0)}, "ends_at": {local(0, 16, 0)}}).done()
	slips := keeper.see("/stock/pickups", 200).shows("张强")
	cancel := slips.form("/stock/pickups/[^/]+/cancel")
	cancel.send(nil).refused(422, "必填")
	cancel.send(url.Values{"reason": {"货架上没有"}}).leads()
	dispatcher.see(path, 200).shows("货架上没有")

	// The part was written down in words; the keeper knows it.
	m = "/m/orders/" + third
	second := n.signedIn("engineer2")
	second.see(m, 200).form(m + "/arrive").send(nil).done()
	second.see(m+"/sheet", 200).form(m + "/sheet").send(url.Values{"outcome": {"need_parts"}, "fault_code": {"F01"}, "needed_sku": {"", ""}, "needed_quantity": {"1", ""}, "needed_text": {"室外机上的风机", ""}}).leads()
	waiting := keeper.see("/stock/shortages", 200).shows("室外机上的风机")
	waiting.form("/stock/shortages/[^/]+/part").send(url.Values{"sku": {"P3"}}).done().shows("P3")

	// Ill by mistake.
	ill := url.Values{"engineer_id": {n.unskilled.String()}, "starts_at": {local(1, 8, 0)}, "ends_at": {local(1, 18, 0)}, "kind": {"sick"}, "on_conflict": {"refuse"}}
	out := dispatcher.see("/settings/engineers", 200).form("/settings/engineers/absences").send(ill).done()
	out.form("/settings/absences/[^/]+/withdraw").send(url.Values{"reason": {"退烧了"}}).done().shows("已撤回")

	// Nobody answers: the offer is taken back.
	if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.People.CreateOrganisation(ctx, by.Scope(), auth.OrganisationInput{Code: "P1", Name: "城东网点", Kind: "partner", ParentCode: by.OrgCode})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	fourth := n.readyOrders(1)[0]
	path = "/orders/" + fourth
	manager.see(path, 200).form(path + "/hand-over").send(url.Values{"organisation_code": {"P1"}, "reason": {"太远"}, "answer_by": {local(0, 18, 0)}}).done().shows("城东网点")
	manager.see(path, 200).form(path + "/hand-over/withdraw").send(url.Values{"reason": {"自己去"}}).done().shows("自己去")
	if page := manager.see(path, 200); page.offers(path+"/hand-over/withdraw") || !page.offers(path+"/hand-over") {
		t.Error("an offer that was taken back still stands")
	}
}

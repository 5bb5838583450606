package api_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The ten days of a service house, each driven by the logins whose work it is.

// later moves the program's clock on to a time of the story; people sign in again when their session ended.
func (w *world) later(day, hour, minute int) {
	w.t.Helper()
	w.clock.Store(int64(time.Until(at(day, hour, minute))))
	w.admin.token = w.login("admin").token
}

func (n *town) anew() {
	n.t.Helper()
	logins := map[*client]string{n.dispatcher: "dispatcher", n.agent: "agent", n.engineer: "engineer1", n.caller: "caller", n.keeper: "stock", n.manager: "manager"}
	for c, login := range logins {
		c.token = n.login(login).token
	}
}

// covered is a device of the customer inside its warranty, with the invoice seen.
func (n *town) covered(serial string) string {
	n.t.Helper()
	return n.agent.post("/assets", m{"site_id": n.site, "brand": "海尔", "model": "KFR-50GW", "category": "空调", "serial_number": serial, "purchased_on": "2026-05-01", "proof": "invoice"}).want(201).str("id")
}

// order reports a fault of a device and opens a work order; more overrides what it says.
func (n *town) order(asset string, more m) (request, order string) {
	n.t.Helper()
	request = n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": asset, "summary": "空调不制冷"}).want(201).str("id")
	body := m{"kind": "repair", "priority": 2, "skill_codes": []string{"cooling"}, "duration_minutes": 60}
	for k, v := range more {
		body[k] = v
	}
	return request, n.agent.post("/requests/"+request+"/work-order", body).want(201).str("id")
}

func (n *town) book(order, engineer string, from, to time.Time, more ...any) *reply {
	n.t.Helper()
	body := m{"engineer_id": engineer, "starts_at": from, "ends_at": to}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return n.dispatcher.post("/work-orders/"+order+"/assign", body)
}

func (n *town) goes(visit string, acts ...string) {
	n.t.Helper()
	for _, act := range acts {
		n.engineer.post("/visits/"+visit+"/"+act, nil).want(200)
	}
}

// sound is what paigong check says: nothing contradicts anything.
func (n *town) sound() {
	n.t.Helper()
	results, violations, err := n.desk.RunChecks(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	if violations == 0 {
		return
	}
	for _, r := range results {
		if r.Count > 0 {
			n.t.Errorf("check: %d of %s: %s", r.Count, r.Area, r.Name)
		}
	}
}

// callbacks are the open ones of an order, by reason.
func (n *town) callbacks(order string) map[string]string {
	n.t.Helper()
	out := map[string]string{}
	for _, row := range n.caller.get("/callbacks?work_order=" + order).want(200).list("items") {
		r := row.(m)
		if r["state"] == "open" {
			out[r["reason"].(string)] = r["id"].(string)
		}
	}
	return out
}

var strokes = [][][]float64{{{0, 0}, {9, 9}}}

func sheetOf(visit, outcome string, more m) m {
	body := m{"visit_id": visit, "outcome": outcome}
	if outcome == "done" {
		for k, v := range (m{"fault_code": "F01", "cause_code": "C01", "action_code": "A01", "work_minutes": 40, "signature": strokes}) {
			body[k] = v
		}
	}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func TestDay1InWarrantySolvedByPhone(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	device := n.covered("W1")
	tenant := n.agent.post("/customers/"+n.customer+"/contacts", m{"name": "租客小刘", "phones": []string{"13700001111"}, "role": "reporter"}).want(201).str("id")

	// The answer given in the very call is the reply.
	told := n.agent.post("/requests", m{"channel": "phone", "kind": "consult", "customer_id": n.customer, "summary": "遥控器怎么用", "told": "按模式键三秒"}).want(201)
	if told.at("replied_at") == nil {
		t.Error("what was told at intake is no reply")
	}

	r := n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": device, "reporter_contact_id": tenant, "summary": "不制冷"}).want(201).is("received", "state")
	request := r.str("id")
	n.agent.post("/requests/"+request+"/triage", m{"outcome": "rejected", "reason": "不归我们"}).refused(409, "requests_closed_after_reply")
	n.agent.post("/requests/"+request+"/answer", m{"solution": "清洗滤网后正常", "fault_code": "F01", "customer_confirmed": true}).want(200).is("answered", "state").is("answer", "replied_how")
	calls := n.caller.get("/follow-ups?state=open").want(200).is("after_answer", "items", 0, "kind").is("2026-11-18", "items", 0, "window", "from")
	if len(calls.list("items")) != 1 {
		t.Fatalf("%d calls after an answer, want 1", len(calls.list("items")))
	}

	// The next day it is back: the call is off, an engineer helps by phone, without a trip and without a van.
	n.later(1, 9, 0)
	n.anew()
	n.agent.post("/requests/"+request+"/triage", m{"outcome": "came_back", "reason": "又不制冷了"}).want(200).is("triaged", "state").is(1, "came_back")
	if left := n.caller.get("/follow-ups?state=open").want(200).list("items"); len(left) != 0 {
		t.Errorf("%d calls are still due about an answer that did not hold", len(left))
	}
	order := n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "mode": "phone", "priority": 3, "skill_codes": []string{"cooling"}, "duration_minutes": 20}).want(201).is("ready", "state").is(false, "chargeable").str("id")
	v := n.book(order, n.right, at(1, 10, 0), at(1, 10, 20)).want(201).is("phone", "mode").str("id")
	n.goes(v, "accept", "start")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil)).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(nil, "receipt").is("after_visit", "follow_ups", 0, "kind")
	if len(o.list("follow_ups")) != 1 {
		t.Errorf("%d follow-ups, want 1", len(o.list("follow_ups")))
	}
	d := n.manager.get("/reports/defects?from=2026-11-01&to=2026-11-30&by=model,fault").want(200)
	d.is("KFR-50GW", "items", 0, "model").is("F01", "items", 0, "fault_code").is(1, "items", 0, "count")
	n.sound()
}

func TestDay2QuoteRefusedAfterInspection(t *testing.T) {
	t.Parallel()
	for _, repairs := range []bool{false, true} {
		t.Run(fmt.Sprintf("repairs %v", repairs), func(t *testing.T) {
			t.Parallel()
			n := newTown(t)
			_, order := n.reported()
			fee := n.agent.post("/work-orders/"+order+"/quotes", m{"purpose": "call_out", "deduct_if_repaired": true, "valid_until": "2026-11-20",
				"lines": []m{{"kind": "inspection", "description": "上门检测费", "quantity": 1, "unit_minor": 8000}}}).want(201).str("id")
			n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明"}).refused(422, "number_called_missing")
			n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
			n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(8000, "call_out_minor")
			v := n.assigned(order)
			n.goes(v, "accept", "depart", "arrive")
			n.engineer.once("/work-orders/"+order+"/sheet", finished(v)).refused(409, "sheets_repair_approved")

			// Quoted at the door: the visit stays on site.
			q := n.engineer.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
			n.engineer.post("/quotes/"+q+"/send", nil).want(200)
			n.engineer.get("/visits/"+v).want(200).is("on_site", "state")
			if repairs {
				n.engineer.post("/quotes/"+q+"/approve", m{"how": "on_site", "name": "周晓明", "signature": strokes}).want(200)
				n.engineer.get("/work-orders/"+order).want(200).is("in_progress", "state")
				n.engineer.once("/work-orders/"+order+"/sheet", finished(v)).want(201)
				n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(15500, "receipt", "total_minor")
				n.sound()
				return
			}
			n.engineer.post("/quotes/"+q+"/decline", m{"how": "on_site", "name": "周晓明", "reason": "太贵"}).want(200).is("declined", "state")
			n.engineer.get("/work-orders/"+order).want(200).is("in_progress", "state")
			n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "declined", m{"signature": strokes})).want(201)
			o := n.dispatcher.get("/work-orders/"+order).want(200).is("cannot_complete", "state").is("quote_declined", "end_reason").is(8000, "receipt", "total_minor")
			if len(o.list("reservations")) != 0 {
				t.Errorf("a refused order holds %v", o.at("reservations"))
			}
			if _, reserved := n.stockOf("P1", "VAN1"); reserved != 0 {
				t.Errorf("%d are still reserved", reserved)
			}
			n.engineer.once("/receipts/"+o.str("receipt", "id")+"/payments", m{"amount_minor": 8000, "method": "cash"}).want(201).is("paid", "receipt", "state")
			n.dispatcher.post("/work-orders/"+order+"/close", nil).want(200).is("closed", "state")
			// He hands it in. Who counts sees what each holds; nobody counts his own, and a difference has a reason.
			n.engineer.get("/cash-ups?state=open").want(200).is(n.right, "items", 0, "engineer_id").is(8000, "items", 0, "expected_minor").is("open", "items", 0, "state")
			count := m{"engineer_id": n.right, "day": "2026-11-16", "counted_minor": 7900}
			n.engineer.post("/cash-ups", count).want(403)
			n.keeper.get("/cash-ups").want(403)
			n.dispatcher.get("/cash-ups").want(403)
			held := n.agent.get("/cash-ups?state=open&engineer="+n.right+"&from=2026-11-16&to=2026-11-16").want(200).is(8000, "items", 0, "payments", 0, "amount_minor")
			if len(held.list("items")) != 1 || held.str("items", 0, "payments", 0, "receipt_number") != o.str("receipt", "number") {
				t.Errorf("what he holds: %s", held.raw)
			}
			n.agent.post("/cash-ups", count).refused(422, "cash_ups_difference_why")
			count["note"] = "少一元"
			taken := n.agent.post("/cash-ups", count).want(201).is(-100, "difference_minor").is("counted", "state").str("id")
			n.agent.post("/cash-ups", count).refused(409, "cash_ups_once")
			n.agent.post("/cash-ups/"+taken+"/void", m{"reason": "数错"}).want(403)
			n.manager.post("/cash-ups/"+taken+"/void", m{"reason": "数错"}).want(200).is("void", "state")
			n.agent.post("/cash-ups", m{"engineer_id": n.right, "day": "2026-11-16", "counted_minor": 8000}).want(201).is(2, "round")
			if left := n.agent.get("/cash-ups?state=open").want(200).list("items"); len(left) != 0 {
				t.Errorf("after the count he still holds %v", left)
			}
			n.agent.get("/cash-ups?state=void").want(200).is(taken, "items", 0, "id")
			n.sound()
		})
	}
}

func TestDay3PartFetchedOnTheWay(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.order(n.covered("W3"), m{"parts": []m{{"sku": "P2", "quantity": 1}}})
	who := n.dispatcher.get("/work-orders/" + order + "/candidates").want(200)
	who.is("P2", "items", 0, "parts", 0, "sku").is(0, "items", 0, "parts", 0, "in_van").is("WH", "items", 0, "parts", 0, "from_place")
	v := n.book(order, n.right, at(0, 11, 0), at(0, 12, 0)).want(201).str("id")
	slip := n.keeper.get("/pickups?place=WH&day=2026-11-16").want(200).is("to_pick", "items", 0, "state").is(order, "items", 0, "work_order_id").is("P2", "items", 0, "lines", 0, "sku").str("items", 0, "id")
	if pdf := n.keeper.get("/papers/pick-lists.pdf?day=2026-11-16").want(200); !strings.HasPrefix(string(pdf.raw), "%PDF") {
		t.Error("the pick list is no PDF")
	}
	n.keeper.post("/pickups/"+slip+"/ready", nil).want(200).is("ready", "state")
	n.engineer.post("/pickups/"+slip+"/hand-over", nil).want(200).is("handed_over", "state")
	if hand, held := n.stockOf("P2", "VAN1"); hand != 1 || held != 1 {
		t.Errorf("after the hand-over %d lie in the van, %d promised; want 1, 1", hand, held)
	}
	n.goes(v, "accept", "depart", "arrive")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", m{"parts": []m{{"sku": "P2", "quantity": 1, "old_serial_number": "OLD1"}}})).want(201).is("booked", "parts", 0, "booking").is("VAN1", "parts", 0, "from_place")
	if hand, held := n.stockOf("P2", "WH"); hand != 1 || held != 0 {
		t.Errorf("in the store %d are left, %d promised; want 1, 0", hand, held)
	}

	// Nobody tapped: the sheet takes what is promised at the store, transfer and use written together.
	_, second := n.order(n.covered("W3b"), m{"parts": []m{{"sku": "P2", "quantity": 1}}})
	v = n.book(second, n.right, at(0, 14, 0), at(0, 15, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+second+"/sheet", sheetOf(v, "done", m{"parts": []m{{"sku": "P2", "quantity": 1, "from_place": "WH"}}})).want(201).is("booked", "parts", 0, "booking")
	if hand, held := n.stockOf("P2", "WH"); hand != 0 || held != 0 {
		t.Errorf("in the store %d are left, %d promised; want none", hand, held)
	}

	// What the ledger cannot cover does not stop the work: a stock keeper resolves it before the order closes.
	_, third := n.order(n.covered("W3c"), nil)
	v = n.book(third, n.right, at(0, 16, 0), at(0, 17, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+third+"/sheet", sheetOf(v, "done", m{"parts": []m{{"sku": "P3", "quantity": 1}}})).want(201).is("unreconciled", "parts", 0, "booking")
	n.dispatcher.get("/work-orders/"+third).want(200).is("completed", "state")
	n.dispatcher.post("/work-orders/"+third+"/close", nil).refused(409, "work_order_still_open")
	if open := n.keeper.get("/stock/unreconciled").want(200).list("items"); len(open) != 1 {
		t.Errorf("%d lines wait for the stock keeper, want 1", len(open))
	}

	// Not found at the shelf: the slip is cancelled, the promise let go.
	n.receive("P4", 1, "WH")
	_, fourth := n.order(n.covered("W3d"), m{"parts": []m{{"sku": "P4", "quantity": 1}}})
	n.book(fourth, n.empty, at(0, 11, 0), at(0, 12, 0)).want(201)
	slip = n.keeper.get("/pickups?work_order="+fourth).want(200).str("items", 0, "id")
	n.keeper.post("/pickups/"+slip+"/cancel", m{"why": "货架上没有"}).want(200).is("cancelled", "state")

	// Another store has it: a new slip there, and the promise moves along.
	n.admin.post("/places", m{"code": "OUT1", "name": "望京网点", "kind": "outlet", "lat": 39.99, "lng": 116.47}).want(201)
	n.receive("P5", 1, "WH")
	_, fifth := n.order(n.covered("W3e"), m{"parts": []m{{"sku": "P5", "quantity": 1}}, "duration_minutes": 20})
	n.book(fifth, n.empty, at(0, 15, 0), at(0, 15, 20)).want(201)
	n.receive("P5", 1, "OUT1")
	slip = n.keeper.get("/pickups?work_order="+fifth).want(200).is("WH", "items", 0, "place_code").str("items", 0, "id")
	n.keeper.post("/pickups/"+slip+"/cancel", m{"why": "货架上没有"}).want(200)
	n.keeper.get("/pickups?state=to_pick&work_order="+fifth).want(200).is("OUT1", "items", 0, "place_code")
	if _, held := n.stockOf("P5", "OUT1"); held != 1 {
		t.Errorf("%d of P5 are promised at the outlet, want 1", held)
	}
	n.sound()
}

func TestDay4OutOfStockWaitsSecondVisit(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	device := n.covered("W4")
	_, order := n.order(device, nil)
	v := n.book(order, n.right, at(0, 9, 0), at(0, 10, 0)).want(201).str("id")
	n.goes(v, "accept", "depart", "arrive")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "need_parts", m{"fault_code": "F01", "parts_needed": []m{{"sku": "P5", "quantity": 1}}, "work_minutes": 20})).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("parts", "hold_reason")
	x := n.keeper.post("/stock/expected", m{"sku": "P5", "quantity": 1, "to_place": "WH", "expected_on": "2026-11-20"}).want(201).str("id")
	n.keeper.get("/shortages?sku=P5").want(200).is(order, "items", 0, "work_order_id").is("2026-11-20", "items", 0, "expected_on")
	n.keeper.patch("/stock/expected/"+x, m{"expected_on": "2026-11-27"}).want(200)
	late := n.callbacks(order)["delay"]
	if late == "" {
		t.Fatalf("a date put off makes no call: %v", n.callbacks(order))
	}
	n.agent.post("/callbacks/"+late+"/attempts", m{"outcome": "reached", "text": "已告知 27 日到货"}).want(201)

	// After seven days the customer hears from us again, once.
	n.later(7, 10, 30)
	n.anew()
	for range 2 {
		if err := n.desk.AgeShortages(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n.callbacks(order)["delay"] == "" {
		t.Errorf("after a week of waiting nobody calls: %v", n.callbacks(order))
	}

	n.keeper.once("/stock/movements", m{"kind": "receive", "sku": "P5", "quantity": 1, "to_place": "WH"}).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	if o.at("part_arrived_at") == nil || n.callbacks(order)["part_arrived"] == "" {
		t.Errorf("the part is here, and nobody is told: %v", n.callbacks(order))
	}
	if _, held := n.stockOf("P5", "WH"); held != 1 {
		t.Errorf("%d of P5 are promised, want 1", held)
	}
	n.admin.post("/engineers/"+n.right+"/shifts", m{"starts_at": at(7, 8, 0), "ends_at": at(7, 18, 0)}).want(201)
	v = n.book(order, n.right, at(7, 14, 0), at(7, 15, 0)).want(201).str("id")
	n.agent.post("/visits/"+v+"/confirm", m{"window": m{"from": at(7, 14, 0), "to": at(7, 16, 0)}, "with_whom": "周晓明", "by": "phone"}).want(200)
	if left := n.callbacks(order); len(left) != 0 {
		t.Errorf("the customer agreed, and still has to be called: %v", left)
	}
	// The same part is short for somebody who waits in the heat: the pieces of an order that nobody is booked
	// for may be given to him, on the dispatcher's word, and the one who gives waits again.
	waits := func(serial string) (order, shortage string) {
		_, order = n.order(n.covered(serial), m{"duration_minutes": 20})
		v := n.book(order, n.right, at(7, 15, 0), at(7, 15, 20)).want(201).str("id")
		n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "need_parts", m{"fault_code": "F01", "parts_needed": []m{{"sku": "P4", "quantity": 1}}})).want(201)
		return order, n.keeper.get("/shortages?sku=P4&work_order="+order).want(200).str("items", 0, "id")
	}
	calm, _ := waits("W4b")
	n.receive("P4", 1, "WH")
	n.dispatcher.get("/work-orders/"+calm).want(200).is("ready", "state")
	urgent, shortage := waits("W4c")
	n.keeper.post("/shortages/"+shortage+"/take", m{"from_work_order": calm, "place": "WH", "reason": "老人独居"}).want(403)
	n.dispatcher.post("/shortages/"+shortage+"/take", m{"from_work_order": order, "place": "WH", "reason": "老人独居"}).want(409) // booked already
	n.dispatcher.do("POST", "/shortages/"+shortage+"/take", m{"from_work_order": calm, "place": "WH", "reason": "老人独居"}, "If-Match", `"99"`).refused(412, "stale")
	n.dispatcher.post("/shortages/"+shortage+"/take", m{"from_work_order": calm, "place": "WH", "reason": "老人独居"}).want(200).is("allotted", "state")
	n.dispatcher.get("/work-orders/"+urgent).want(200).is("ready", "state").is(urgent, "reservations", 0, "work_order_id")
	n.dispatcher.get("/work-orders/"+calm).want(200).is("on_hold", "state").is("parts", "hold_reason")
	if n.callbacks(calm)["delay"] == "" || n.callbacks(calm)["part_arrived"] != "" || n.callbacks(urgent)["part_arrived"] == "" {
		t.Errorf("who gave waits again and is told %v, who took is told %v", n.callbacks(calm), n.callbacks(urgent))
	}

	slip := n.keeper.get("/pickups?work_order="+order+"&state=to_pick").want(200).str("items", 0, "id")
	n.keeper.post("/pickups/"+slip+"/hand-over", nil).want(200)
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", m{"parts": []m{{"sku": "P5", "quantity": 1}}})).want(201)
	o = n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state")
	if len(o.list("sheets")) != 2 || len(o.list("follow_ups")) != 1 || len(o.list("reservations")) != 0 {
		t.Errorf("%d sheets, %d follow-ups, %d reservations; want 2, 1, 0", len(o.list("sheets")), len(o.list("follow_ups")), len(o.list("reservations")))
	}
	n.manager.get("/reports/engineers?from=2026-11-01&to=2026-11-30").want(200).is(4, "items", 0, "visits").is(1, "items", 0, "repairs").is(0, "items", 0, "first_time")

	// The days of waiting are added to the warranty.
	if added := n.agent.get("/assets/" + device).want(200).num("warranty_days_added"); added < 7 {
		t.Errorf("%d days are added to the warranty, want those from the report to the repair", added)
	}
	n.sound()
}

func TestDay5WorkshopWithConsentAndLoaner(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	bench := n.user("depot", nil, "depot")
	_, order := n.order(n.asset, nil)
	fee := n.agent.post("/work-orders/"+order+"/quotes", m{"purpose": "call_out", "valid_until": "2026-11-20", "lines": []m{{"kind": "travel", "description": "上门费", "quantity": 1, "unit_minor": 5000}}}).want(201).str("id")
	n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	v := n.book(order, n.right, at(0, 9, 0), at(0, 10, 0)).want(201).str("id")
	n.goes(v, "arrive")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "taken_to_depot", m{"fault_code": "F01"})).refused(409, "custody_missing")
	take := m{"visit_id": v, "device": "海尔 KFR-35GW", "accessories": []string{"遥控器", "电源线"}, "condition": "外壳有划痕", "data_consent": true, "expected_return_on": "2026-11-20",
		"loaner": m{"serial": "LOAN-7", "device": "移动空调", "due_on": "2026-11-20"}}
	n.engineer.post("/work-orders/"+order+"/custody", take).want(422) // nobody takes a device without a word of its owner
	take["signature"] = strokes
	c := n.engineer.post("/work-orders/"+order+"/custody", take).want(201).is("taken", "state").is("engineer", "holder").str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "taken_to_depot", m{"fault_code": "F01"})).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("depot", "hold_reason")
	n.manager.get("/custody?state=out").want(200).is(c, "items", 0, "id")

	bench.post("/custody/"+c+"/receive", m{"by": "维修台"}).want(200).is("received", "state").is("depot", "holder")
	bench.post("/custody/"+c+"/diagnose", nil).want(200)
	q := bench.post("/work-orders/"+order+"/quotes", m{"lines": []m{{"kind": "labour", "description": "主板维修", "quantity": 1, "unit_minor": 20000}}, "valid_until": "2026-11-20"}).want(201).str("id")
	bench.post("/custody/"+c+"/quote", nil).want(200).is("quoted", "state")
	link := bench.post("/quotes/"+q+"/send", nil).want(200).str("link")
	n.dispatcher.get("/work-orders/"+order).want(200).is("awaiting_approval", "state")
	(&client{w: n.world}).post("/public/quotes/"+link[strings.LastIndex(link, "/")+1:]+"/approve", m{"name": "周晓明", "signature": strokes}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("depot", "hold_reason")
	bench.post("/custody/"+c+"/approve", nil).want(200).is("repairing", "state")
	bench.post("/custody/"+c+"/test", nil).want(200)
	bench.post("/custody/"+c+"/ready", nil).want(200)
	if n.callbacks(order)["device_ready"] == "" {
		t.Errorf("the device is ready, and nobody tells: %v", n.callbacks(order))
	}
	n.dispatcher.post("/work-orders/"+order+"/resume", m{}).refused(409, "work_orders_device_back")
	n.agent.post("/custody/"+c+"/return", m{"voucher_seen": true, "signature": strokes}).want(403) // the workshop hands it out
	bench.post("/custody/"+c+"/return", m{"voucher_seen": true, "signature": strokes}).want(200).is("returned", "state")
	if left := n.manager.get("/custody?state=out").want(200).list("items"); len(left) != 0 {
		t.Errorf("%d devices are still out", len(left))
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	n.dispatcher.post("/work-orders/"+order+"/convert", m{"mode": "depot"}).want(200).is("depot", "mode")
	v = n.book(order, n.right, at(0, 15, 0), at(0, 16, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil)).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(25000, "receipt", "total_minor")
	n.agent.once("/receipts/"+o.str("receipt", "id")+"/payments", m{"amount_minor": 25000, "method": "alipay"}).want(201)
	call := o.str("follow_ups", 0, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 5, "product": 5}}).want(201)

	// Our own device is still out: the order cannot be closed.
	open := n.dispatcher.post("/work-orders/"+order+"/close", nil).refused(409, "work_order_still_open")
	if !strings.Contains(string(open.raw), "loaner") {
		t.Errorf("the loaner is not named: %s", open.raw)
	}
	bench.do("POST", "/custody/"+c+"/loaner-back", nil, "If-Match", `"99"`).refused(412, "stale")
	bench.do("POST", "/custody/"+c+"/loaner-back", nil, "If-Match", bench.get("/custody/"+c).header.Get("ETag")).want(200)
	bench.post("/custody/"+c+"/loaner-back", nil).refused(409, "loaner_not_out")
	n.dispatcher.post("/work-orders/"+order+"/close", nil).want(200)
	n.sound()
}

func TestDay6IllAtSevenFortyNineAnnounced(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/organisations", m{"code": "P-EAST", "name": "城东网点", "kind": "partner", "parent_code": n.headCode(), "region_codes": []string{"bj-cy"}}).want(201)
	partner := n.user("partner", m{"organisation_code": "P-EAST"}, "partner_manager", "partner_dispatcher")
	theirs := n.admin.post("/engineers", m{"name": "赵六", "region_codes": []string{"bj-cy"}, "skills": []m{{"code": "cooling", "level": 3}}, "organisation_code": "P-EAST"}).want(201).str("id")
	n.admin.post("/engineers/"+theirs+"/shifts", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0)}).want(201)
	var orders, visits []string
	for i := range 9 {
		more := m{"duration_minutes": 30}
		if i == 0 { // his part lies in the van of who will be ill
			more["parts"] = []m{{"sku": "P1", "quantity": 1}}
		}
		_, order := n.order(n.covered(fmt.Sprintf("W6-%d", i)), more)
		from := at(0, 9, 0).Add(time.Duration(i) * time.Hour)
		v := n.book(order, n.right, from, from.Add(30*time.Minute)).want(201).str("id")
		n.agent.post("/visits/"+v+"/confirm", m{"window": m{"from": from, "to": from.Add(time.Hour)}, "by": "phone", "with_whom": "周晓明"}).want(200)
		orders, visits = append(orders, order), append(visits, v)
	}
	day := m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0), "kind": "sick", "reason": "发烧"}
	n.dispatcher.post("/engineers/"+n.right+"/absences", day).want(409) // leave in the way of visits is refused, unless it displaces

	// The engineer reports ill from his phone; the dispatcher's tap displaces.
	day["on_conflict"] = "displace"
	ill := n.engineer.post("/engineers/"+n.right+"/absences", day).want(201).is("requested", "absence", "state").str("absence", "id")
	n.engineer.get("/visits/"+visits[0]).want(200).is("dispatched", "state")
	// In a house where nobody is in yet, the clock does it after twenty minutes.
	if err := n.desk.FreeTheSick(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.engineer.get("/visits/"+visits[0]).want(200).is("dispatched", "state")
	began := time.Now()
	out := n.dispatcher.post("/absences/"+ill+"/approve", nil).want(200)
	t.Logf("nine visits displaced in %v", time.Since(began))
	if len(out.list("displaced")) != 9 {
		t.Fatalf("%d displaced, want 9: %s", len(out.list("displaced")), out.raw)
	}
	if onHand, reserved := n.stockOf("P1", "VAN1"); onHand != 1 || reserved != 0 {
		t.Errorf("in the van of the ill %d, reserved %d", onHand, reserved)
	}
	reachable := func() any {
		for _, p := range n.admin.get("/places").want(200).list("items") {
			if p.(m)["code"] == "VAN1" {
				return p.(m)["reachable"]
			}
		}
		return nil
	}
	if reachable() != false {
		t.Errorf("the van of who is away is reachable: %v", reachable())
	}
	out.is("P1", "displaced", 0, "parts_in_his_van", 0, "sku")
	// What lies in his van stands before the dispatcher until a colleague has fetched it; then it lies in his.
	n.dispatcher.get("/places?away=true").want(200).is("VAN1", "items", 0, "code")
	if first := n.dispatcher.get("/work-orders/" + orders[0] + "/candidates").want(200); first.at("items", 0, "eligible") == true {
		t.Errorf("somebody could go without the part in the van of the ill: %s", first.raw)
	}
	n.agent.post("/places/VAN1/fetch", m{"engineer_id": n.empty}).want(403)
	n.dispatcher.post("/places/VAN2/fetch", m{"engineer_id": n.empty}).refused(409, "van_within_reach")
	n.dispatcher.post("/places/VAN1/fetch", m{"engineer_id": n.right}).refused(409, "no_van")
	n.dispatcher.post("/places/VAN1/fetch", m{"engineer_id": n.empty, "reason": "张强去他家取"}).want(200).is("VAN3", "to_place").is("P1", "movements", 0, "sku").is(1, "movements", 0, "quantity")
	n.dispatcher.post("/places/VAN1/fetch", m{"engineer_id": n.empty}).refused(409, "nothing_to_fetch")
	waiting := n.dispatcher.get("/work-orders?displaced=true").want(200).list("items")
	if len(waiting) != 9 {
		t.Errorf("%d orders stand on the list of the displaced, want 9", len(waiting))
	}
	for i, order := range orders {
		o := n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(1, "priority")
		if o.at("displaced_at") == nil || n.callbacks(order)["displaced"] == "" {
			t.Errorf("order %d was displaced, and nobody is to be told: %v", i, n.callbacks(order))
		}
		who, goes := n.dispatcher, n.empty
		if i >= 7 { // two go to the partner
			who, goes = partner, theirs
			n.dispatcher.post("/work-orders/"+order+"/hand-over", m{"organisation_code": "P-EAST", "reason": "王伟病假", "answer_by": at(0, 12, 0)}).want(201)
			partner.post("/work-orders/"+order+"/hand-over/accept", nil).want(200).is("P-EAST", "serving_organisation_code")
		}
		all := who.get("/work-orders/" + order + "/candidates").want(200)
		var best m
		for _, c := range all.list("items") {
			if c := c.(m); c["engineer_id"] == goes && c["eligible"] == true {
				best = c
			}
		}
		if best == nil {
			t.Fatalf("nobody takes over: %s", all.raw)
		}
		v := who.post("/work-orders/"+order+"/assign", m{"engineer_id": goes, "starts_at": best["starts_at"], "ends_at": best["ends_at"]}).want(201)
		starts, _ := time.Parse(time.RFC3339, v.str("starts_at"))
		promised := at(0, 9, 0).Add(time.Duration(i) * time.Hour)
		if starts.Before(promised) || !starts.Before(promised.Add(time.Hour)) {
			t.Errorf("order %d is planned for %v, promised was %v", i, starts, promised)
		}
		n.agent.post("/visits/"+v.str("id")+"/confirm", m{"window": m{"from": promised, "to": promised.Add(time.Hour)}, "by": "phone"}).want(200)
		if left := n.callbacks(order)["displaced"]; left != "" {
			t.Errorf("order %d agreed to his time and still stands on the list", i)
		}
	}
	if waiting := n.dispatcher.get("/work-orders?displaced=true").want(200).list("items"); len(waiting) != 0 {
		t.Errorf("%d orders stand on the list of the displaced after everybody agreed", len(waiting))
	}
	// What we changed is not his reschedule: nobody blames who was ill.
	if own := n.manager.get("/reports/engineers?from=2026-11-01&to=2026-11-30").want(200).list("items"); len(own) != 0 {
		t.Errorf("before anybody went, figures stand for %v", own)
	}
	// When he is back, so is his van.
	n.later(0, 18, 5)
	if err := n.desk.VansBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reachable() != true {
		t.Errorf("he is back, and his van is not: %v", reachable())
	}
	n.sound()
}

func TestDay7NotAtHomeSecondAttempt(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	contact := n.agent.post("/customers/"+n.customer+"/contacts", m{"name": "门卫老李", "phones": []string{"13600000000"}, "role": "on_site"}).want(201).str("id")
	_, order := n.order(n.asset, m{"site_contact_id": contact})
	fee := n.agent.post("/work-orders/"+order+"/quotes", m{"purpose": "call_out", "valid_until": "2026-11-20", "lines": []m{
		{"kind": "travel", "description": "空跑费", "quantity": 1, "unit_minor": 3000}, {"kind": "inspection", "description": "上门检测费", "quantity": 1, "unit_minor": 8000}}}).want(201).str("id")
	n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	v := n.book(order, n.right, at(0, 9, 0), at(0, 10, 0)).want(201).str("id")
	n.goes(v, "accept", "depart", "arrive")
	n.engineer.patch("/contacts/"+contact, m{"phones": []string{"13600000001"}}).want(200)
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "no_access", nil)).refused(422, "sheet_incomplete") // neither a call, a photo nor a reason
	n.engineer.post("/work-orders/"+order+"/conversations", m{"direction": "out", "channel": "phone", "kind": "appointment", "outcome": "no_answer"}).want(201)
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "no_access", nil)).want(201)
	if o := n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(1, "no_access_count"); o.at("paused_at") == nil {
		t.Error("we were there, nobody opened, and our clock runs on")
	}
	if n.callbacks(order)["no_access"] == "" {
		t.Error("nobody arranges the second attempt")
	}
	if pdf := n.dispatcher.get("/work-orders/" + order + "/papers/no-access.pdf").want(200); !strings.HasPrefix(string(pdf.raw), "%PDF") {
		t.Error("the note for the door is no PDF")
	}

	// The second attempt is in the evening, outside the shift: a reason is kept.
	n.book(order, n.right, at(0, 19, 0), at(0, 20, 0)).want(409)
	v = n.book(order, n.right, at(0, 19, 0), at(0, 20, 0), "override_reason", "客户晚上才在家").want(201).str("id")
	n.agent.post("/visits/"+v+"/confirm", m{"window": m{"from": at(0, 19, 0), "to": at(0, 20, 0)}, "by": "phone"}).want(200)
	if o := n.dispatcher.get("/work-orders/" + order).want(200); o.at("paused_at") != nil || n.callbacks(order)["no_access"] != "" {
		t.Errorf("he agreed to the evening, and the clock still stands: %v, %v", o.at("paused_at"), n.callbacks(order))
	}
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "no_access", m{"arrived_at": at(0, 8, 0), "notes": "仍无人"})).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is(2, "no_access_count")

	// He gets a week to answer two messages. The desk is told once when it is over, and may give up.
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "no_access"}).refused(409, "no_access_wait")
	n.later(7, 21, 0)
	n.anew()
	for range 2 {
		if err := n.desk.AgeNoAccess(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n.said("message.customer.no_access", 2)
	n.said("message.desk.no_access_unanswered", 1)
	// The trip he agreed to pay for is charged, the inspection is not.
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "no_access"}).want(200).is("cancelled", "state")
	n.said("message.customer.given_up", 1)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is(3000, "receipt", "total_minor")
	if len(o.list("follow_ups")) != 0 || len(n.callbacks(order)) > 1 {
		t.Errorf("a cancelled order leaves %v and %v", o.at("follow_ups"), n.callbacks(order))
	}
	n.sound()
}

// said is how often a message was written.
func (n *town) said(key string, times int) {
	n.t.Helper()
	var told int
	if err := n.db.NewRaw("SELECT count(*) FROM messages WHERE key = ?", key).Scan(n.t.Context(), &told); err != nil {
		n.t.Fatal(err)
	}
	if told != times {
		n.t.Errorf("%s was said %d times, want %d", key, told, times)
	}
}

func TestDay8InstallationAcceptanceRepeat(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	// A shipment notice makes a call to agree a time.
	request := n.agent.post("/requests", m{"channel": "shipment", "kind": "install", "customer_id": n.customer, "site_id": n.site, "summary": "新机到货安装", "external_ref": "SHIP-9"}).want(201).str("id")
	if calls := n.caller.get("/callbacks?reason=appointment").want(200).list("items"); len(calls) != 1 || calls[0].(m)["request_id"] != request {
		t.Errorf("a shipment makes no call: %v", calls)
	}
	order := n.agent.post("/requests/"+request+"/work-order", m{"kind": "install", "priority": 3, "skill_codes": []string{"cooling"}, "duration_minutes": 120}).want(201).is("ready", "state").str("id")
	v := n.book(order, n.right, at(0, 9, 0), at(0, 11, 0), "helpers", []string{n.empty}).want(201).str("id")
	_, other := n.order(n.covered("W8"), nil)
	n.book(other, n.empty, at(0, 9, 30), at(0, 10, 30)).want(409) // the helper's time is taken too
	n.goes(v, "accept", "depart", "arrive")
	installed := []m{{"model": "KFR-72LW", "serial_number": "NEW-0001", "position": "客厅"}}
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": v, "outcome": "done", "signature": strokes, "installed": installed, "work_minutes": 100, "incident": m{"what": "墙面划痕", "agreed_text": "经理另行处理"},
		"acceptance": m{"result": "with_defects", "defects": []m{{"text": "排水管未固定", "due_on": "2026-11-18"}}, "name": "周晓明"}}).want(201).is("墙面划痕", "incident", "what")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(nil, "receipt")
	v = n.book(order, n.right, at(1, 9, 0), at(1, 10, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": v, "outcome": "done", "signature": strokes, "installed": installed, "work_minutes": 20, "acceptance": m{"result": "accepted", "name": "周晓明", "relation": "本人"}}).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state")
	n.agent.post("/work-orders/"+order+"/original-returned", m{"holder": "售后服务部"}).want(200).is("售后服务部", "original_holder")
	asset := o.str("asset_id")
	if asset == "" {
		t.Fatal("what was installed is in no list of devices")
	}
	n.agent.get("/assets/"+asset).want(200).is("NEW-0001", "serial_number").is("2026-11-16", "installed_on")

	// The call: product 4, service 2, come again. The grumble waits, nobody asks about satisfaction meanwhile.
	call := o.str("follow_ups", 0, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer", "next": "repeat_visit"}).refused(422, "next_without_customer")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"product": 4, "service": 2}, "comment": "漏水", "next": "repeat_visit"}).want(201).
		is(order, "work_order_id").is("superseded", "follow_up", "state")
	n.manager.get("/complaints?work_order="+order).want(200).is("grumble", "items", 0, "grade")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(1, "reopened")
	if n.callbacks(order)["appointment"] == "" {
		t.Error("nobody agrees a time for the repeat visit")
	}
	v = n.book(order, n.right, at(1, 14, 0), at(1, 15, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": v, "outcome": "done", "signature": strokes, "work_minutes": 30, "installed": installed, "acceptance": m{"result": "accepted"}}).want(201)
	live := 0
	for _, f := range n.dispatcher.get("/work-orders/" + order).want(200).list("follow_ups") {
		if f.(m)["state"] != "superseded" {
			live++
		}
	}
	if live != 1 {
		t.Errorf("%d calls stand, want 1", live)
	}

	// Nobody answers three calls and the order is closed; then the customer does, and it is broken again. The
	// caller only says so: a new order repeats the closed one, with its culprit, free under the warranty of the repair.
	n.receive("P1", 3, "VAN1")
	first := n.approved()
	v = n.assigned(first)
	n.engineer.once("/work-orders/"+first+"/sheet", finished(v)).want(201)
	o = n.dispatcher.get("/work-orders/" + first).want(200)
	call, failed := o.str("follow_ups", 0, "id"), o.str("sheet", "id")
	n.agent.once("/receipts/"+o.str("receipt", "id")+"/payments", m{"amount_minor": 15500, "method": "wechat"}).want(201)
	n.later(4, 9, 0)
	n.anew()
	for _, tried := range []time.Time{at(2, 10, 0), at(2, 17, 30), at(3, 10, 0)} {
		n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer", "at": tried}).want(201)
	}
	n.task("follow-ups-due")
	n.task("follow-ups-give-up")
	n.caller.get("/follow-ups/"+call).want(200).is("unreachable", "state")
	n.dispatcher.post("/work-orders/"+first+"/close", nil).want(200).is("closed", "state")
	again := n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"product": 3, "service": 3}, "comment": "又不制冷了", "next": "repeat_visit"}).want(201).is("done", "follow_up", "state").str("work_order_id")
	n.dispatcher.get("/work-orders/"+again).want(200).is(false, "chargeable").is("ready", "state").is(first, "repeat_of_work_order_id").is(failed, "repeat_of_sheet_id")
	if again == first || n.callbacks(again)["appointment"] == "" {
		t.Errorf("the repeat of %s is %s, called about %v", first, again, n.callbacks(again))
	}
	n.dispatcher.patch("/work-orders/"+again, m{"unwanted_engineer_id": n.right}).want(200)
	for _, c := range n.dispatcher.get("/work-orders/" + again + "/candidates").want(200).list("items") {
		if c.(m)["engineer_id"] == n.right && c.(m)["eligible"] == true {
			t.Error("who is not wanted any more is offered")
		}
	}
	// Both count against who signed the sheets that did not hold, and the low score against who earned it.
	for _, row := range n.manager.get("/reports/engineers?from=2026-11-01&to=2026-11-30").want(200).list("items") {
		if r := row.(m); r["engineer_id"] == n.right && (r["repeats_caused"] != 2.0 || r["rated"] != 2.0 || r["satisfaction"] != 2.5) {
			t.Errorf("%v repeats count against the culprit, want 2; %v calls rate him %v, want 2 and 2.5", r["repeats_caused"], r["rated"], r["satisfaction"])
		}
	}
	n.sound()
}

// task does what the clock does under a name.
func (n *town) task(name string) {
	n.t.Helper()
	for _, task := range n.desk.Tasks() {
		if task.Name == name {
			if err := task.Do(n.t.Context()); err != nil {
				n.t.Fatal(err)
			}
			return
		}
	}
	n.t.Fatalf("no task is named %s", name)
}

func TestDay9ComplaintByLetterToResearch(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	// The letter was stamped yesterday evening; the clock runs from there.
	stamped := at(-1, 18, 0)
	n.agent.post("/requests", m{"channel": "letter", "kind": "complaint", "customer_id": n.customer, "summary": "多次维修无效", "received_at": stamped}).refused(422, "received_reason_missing")
	request := n.agent.post("/requests", m{"channel": "letter", "kind": "complaint", "customer_id": n.customer, "asset_id": n.asset, "summary": "多次维修无效", "incoming": m{"stamp_at": stamped, "from": "周晓明"}}).want(201).str("id")
	c := n.manager.post("/complaints", m{"request_id": request, "customer_id": n.customer, "channel": "letter", "grade": "complaint", "severity": 3, "category": "quality", "text": "修了三次", "demand": "换机", "external_ref": "12315-77", "external_due_on": "2026-11-23"}).want(201).is("registered", "state").is(1, "level")
	due, _ := time.Parse(time.RFC3339, c.str("reply_due_at"))
	if !due.Equal(stamped.Add(24 * time.Hour)) {
		t.Errorf("the reply is due %v, want 24 h after the stamp", due)
	}
	id := c.str("id")
	n.manager.post("/complaints/"+id+"/close", m{"reason": "算了"}).want(409) // nobody closes what was not answered
	for level := 2; level <= 3; level++ {
		n.manager.post("/complaints/"+id+"/escalate", m{"reason": "请研发看"}).want(200).is(level, "level")
	}
	n.manager.get("/complaints/"+id+"/papers/reply-letter.pdf").refused(409, "complaint_not_answered")
	n.manager.post("/complaints/"+id+"/reply", m{"text": "已收到，正在核查"}).want(200).is("investigating", "state")

	// Research gets a question with a date: the device and what was found on it, no name. It is reminded the day
	// before; silent beyond it, the manager hears of it and the customer is called, once.
	question := n.manager.post("/improvements", m{"kind": "question", "complaint_id": id, "department": "研发", "due_on": "2026-11-17", "text": "同批次主板是否有缺陷"}).want(201).str("id")
	research := n.user("research", nil, "technical")
	asked := research.get("/improvements?kind=question").want(200).is(question, "items", 0, "id")
	if device := asked.str("items", 0, "subject", "device"); !strings.Contains(device, "KFR-35GW") || strings.Contains(string(asked.raw), "周晓明") {
		t.Errorf("research is asked about %q: %s", device, asked.raw)
	}
	for range 2 {
		n.task("questions-age")
	}
	n.said("message.desk.question_due", 1)
	n.said("message.manager.question_overdue", 0)
	n.later(2, 9, 0)
	n.anew()
	research.token = n.login("research").token
	for range 2 {
		n.task("questions-age")
	}
	n.said("message.manager.question_overdue", 1)
	if calls := n.caller.get("/callbacks?reason=promised_reply").want(200).list("items"); len(calls) != 1 {
		t.Errorf("research is silent, and %d calls to the customer are on the list, want 1", len(calls))
	}
	research.post("/improvements/"+question+"/do", m{"text": "2025 年 3 月批次电容缺陷"}).want(200).is("done", "state")
	n.said("message.desk.question_answered", 1)
	n.later(9, 9, 0)
	n.anew()
	n.task("questions-age")
	n.said("message.manager.question_overdue", 1)
	if r := n.agent.get("/requests/" + request).want(200); r.at("replied_at") == nil {
		t.Error("the customer was answered, and his request does not know")
	}
	n.manager.post("/complaints/"+id+"/verify", m{"text": "三次同一故障", "cause": "批次缺陷"}).want(200)
	n.manager.post("/complaints/"+id+"/propose", m{"proposal": "更换主板"}).want(200).is("proposed", "state")
	n.manager.post("/complaints/"+id+"/refuse", m{"reason": "要求换机"}).want(200).is("refused", "state")
	n.manager.post("/complaints/"+id+"/propose", m{"proposal": "换机"}).want(200)
	n.manager.post("/complaints/"+id+"/accept", nil).want(200).is("accepted", "state")
	// The answer goes out by letter, in the customer's language.
	for lang, says := range map[string][]string{"zh-Hans": {"投诉答复函", "周晓明", c.str("number"), "换机", "12315-77"}, "en": {"Reply to your complaint", "周晓明", c.str("number")}} {
		letter := printed(t, n.manager.get("/complaints/"+id+"/papers/reply-letter.pdf?lang="+lang).want(200).raw)
		for _, want := range says {
			if !strings.Contains(letter, want) {
				t.Errorf("the letter in %s does not say %q: %s", lang, want, letter)
			}
		}
	}
	n.keeper.get("/complaints/" + id + "/papers/reply-letter.pdf").want(403)
	n.manager.get("/complaints/"+id).want(200).is("request", "evidence", 0, "kind") // the letter itself
	minutes := n.manager.post("/minutes", m{"complaint_id": id, "present": "客户、研发", "text": "核对同批次主板", "tasks": []m{{"text": "停发该批次"}}}).want(201)
	n.manager.post("/complaints/"+id+"/evidence", m{"record": minutes.str("number"), "note": "批次核对"}).want(200)
	n.manager.post("/complaints/"+id+"/close", m{"cause": "批次缺陷", "resolution": "换机"}).want(200).is("closed", "state")

	// Misconduct is nobody's business but the manager's.
	secret := n.manager.post("/complaints", m{"customer_id": n.customer, "grade": "complaint", "severity": 2, "category": "misconduct", "text": "私下收钱"}).want(201).str("id")
	n.agent.get("/complaints/" + secret).want(404)
	n.manager.get("/complaints/" + secret).want(200)
	n.sound()
}

func TestDay10PartnerOutlet(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/organisations", m{"code": "P-EAST", "name": "城东网点", "kind": "partner", "parent_code": n.headCode(), "region_codes": []string{"bj-cy"}}).want(201)
	boss := n.user("partner", m{"organisation_code": "P-EAST"}, "partner_manager", "partner_dispatcher")
	fixer := n.admin.post("/engineers", m{"name": "赵六", "region_codes": []string{"bj-cy"}, "skills": []m{{"code": "cooling", "level": 3}}, "organisation_code": "P-EAST"}).want(201).str("id")
	n.admin.post("/engineers/"+fixer+"/shifts", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0)}).want(201)
	smith := n.user("partner-eng", m{"engineer_id": fixer, "organisation_code": "P-EAST"}, "partner_engineer")

	_, ours := n.order(n.covered("W10a"), nil)
	boss.get("/work-orders/" + ours).want(404)
	boss.get("/customers/" + n.customer).want(404)

	request, order := n.order(n.asset, nil)
	q := n.agent.post("/work-orders/"+order+"/quotes", m{"lines": []m{{"kind": "labour", "description": "维修工时", "quantity": 1, "unit_minor": 12000}}, "valid_until": "2026-11-20"}).want(201).str("id")
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	n.dispatcher.post("/work-orders/"+order+"/hand-over", m{"organisation_code": "P-EAST", "reason": "距离近", "answer_by": at(0, 12, 0)}).want(201).is("offered", "state")
	n.dispatcher.post("/work-orders/"+order+"/hand-over/accept", nil).want(403) // who offers does not answer
	boss.get("/work-orders/" + order).want(200)
	boss.post("/work-orders/"+order+"/hand-over/refuse", m{}).want(422)
	boss.post("/work-orders/"+order+"/hand-over/accept", nil).want(200).is("P-EAST", "serving_organisation_code")
	boss.get("/customers/" + n.customer).want(200)
	boss.get("/requests/" + request).want(200)

	who := boss.get("/work-orders/" + order + "/candidates").want(200)
	for _, c := range who.list("items") {
		if id := c.(m)["engineer_id"]; id != fixer {
			t.Errorf("a partner is offered somebody else's engineer %v", c.(m)["name"])
		}
	}
	v := boss.post("/work-orders/"+order+"/assign", m{"engineer_id": fixer, "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}).want(201).str("id")
	smith.post("/visits/"+v+"/accept", nil).want(200)
	smith.post("/visits/"+v+"/arrive", nil).want(200)
	smith.get("/work-orders/" + ours).want(404)
	// A paper sheet, typed by our clerk; a second person confirms what was typed.
	s := n.agent.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil)).want(201).str("id")
	n.agent.post("/sheets/"+s+"/verify", nil).refused(409, "sheets_second_pair_of_eyes")
	n.dispatcher.post("/sheets/"+s+"/verify", nil).want(200)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(12000, "receipt", "total_minor")
	receipt := o.str("receipt", "id")
	boss.once("/receipts/"+receipt+"/payments", m{"amount_minor": 12000, "method": "cash"}).want(201)
	wish := n.agent.post("/receipts/"+receipt+"/invoice-request", m{"title": "北京某某公司", "tax_number": "91110105MA00000000", "email": "a@example.com"}).want(201).is("requested", "state").str("id")
	n.agent.get("/invoice-requests?state=requested").want(200).is(wish, "items", 0, "id")
	n.agent.post("/invoice-requests/"+wish+"/send", nil).want(409)
	n.agent.do("POST", "/invoice-requests/"+wish+"/issue", m{"invoice_no": "26112000001"}, "If-Match", `"99"`).refused(412, "stale")
	n.agent.post("/invoice-requests/"+wish+"/issue", m{"invoice_no": "26112000001"}).want(200).is("issued", "state")
	n.agent.post("/invoice-requests/"+wish+"/send", nil).want(200).is("sent", "state")
	n.caller.post("/invoice-requests/"+wish+"/reverse", m{"invoice_no": "26112000002", "reason": "抬头写错"}).want(403)
	n.agent.post("/invoice-requests/"+wish+"/reverse", m{"invoice_no": "26112000002", "reason": "抬头写错"}).want(200).is("reversed", "state")
	second := n.agent.post("/receipts/"+receipt+"/invoice-request", m{"title": "北京某某公司"}).want(201).str("id")
	n.agent.post("/receipts/"+receipt+"/invoice-request", m{"title": "北京某某公司"}).refused(409, "invoice_requests_one_open")
	n.agent.post("/invoice-requests/"+second+"/withdraw", m{"reason": "客户不要了"}).want(200).is("withdrawn", "state")
	n.agent.get("/invoice-requests?open=true").want(200)
	told := map[string]bool{}
	for _, e := range n.agent.get("/work-orders/" + order).want(200).list("timeline") {
		told[e.(m)["action"].(string)] = true
	}
	for _, action := range []string{"invoice_request", "invoice_issue", "invoice_send", "invoice_reverse", "invoice_withdraw"} {
		if !told[action] {
			t.Errorf("the story of the order says nothing of %s", action)
		}
	}
	n.caller.post("/follow-ups/"+o.str("follow_ups", 0, "id")+"/attempts", m{"outcome": "reached", "scores": m{"service": 5}}).want(201)
	n.manager.get("/work-orders/" + order).want(200)
	var performed, held string
	if err := n.db.NewRaw(`SELECT coalesce(p.code, ''), coalesce(m.code, '') FROM work_orders w LEFT JOIN organisations p ON p.id = w.performed_by_org LEFT JOIN organisations m ON m.id = w.money_held_by WHERE w.id = ?`, order).Scan(t.Context(), &performed, &held); err != nil {
		t.Fatal(err)
	}
	if performed != "P-EAST" || held != "P-EAST" {
		t.Errorf("performed by %q, money held by %q; want the partner", performed, held)
	}

	// In the month's figures the partner sees his own work alone; head office sees both.
	boss.get("/reports/receipts?to=2026-11-30&from=2026-11-01").want(200).is(12000, "totals", "total_minor").is(0, "totals", "balance_minor")
	figures := boss.get("/reports/engineers?to=2026-11-30&from=2026-11-01").want(200).is(fixer, "items", 0, "engineer_id").is(1, "items", 0, "visits")
	if len(figures.list("items")) != 1 {
		t.Errorf("the partner sees figures of %d engineers", len(figures.list("items")))
	}
	smith.get("/reports/engineers").want(403)

	// An offer that is taken back, or that nobody answers, comes to nothing.
	n.dispatcher.post("/work-orders/"+ours+"/hand-over", m{"organisation_code": "P-EAST", "reason": "忙", "answer_by": at(0, 12, 0)}).want(201)
	n.dispatcher.post("/work-orders/"+ours+"/hand-over/withdraw", nil).want(200).is("withdrawn", "hand_over", "state")
	n.dispatcher.post("/work-orders/"+ours+"/hand-over", m{"organisation_code": "P-EAST", "reason": "忙", "answer_by": at(0, 12, 0)}).want(201)
	n.later(0, 12, 30)
	n.anew()
	boss.token = n.login("partner").token
	if err := n.desk.ExpireHandOvers(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.dispatcher.get("/work-orders/"+ours).want(200).is("expired", "hand_over", "state")
	boss.get("/work-orders/" + ours).want(404)
	n.sound()
}

func (w *world) headCode() string {
	w.t.Helper()
	for _, o := range w.admin.get("/organisations").want(200).list("items") {
		if o.(m)["kind"] == "head" {
			return o.(m)["code"].(string)
		}
	}
	w.t.Fatal("no head office")
	return ""
}

// On time is the window announced last before the day; what we change counts against us.
func TestOnTimeIsMeasuredAgainstTheAnnouncedWindow(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	day := []struct {
		name      string
		moved     string // cause of a change on the day itself
		arrive    time.Time
		punctual  int
		announced time.Time
	}{
		{"inside the window", "", at(0, 9, 20), 1, at(0, 9, 0)},
		{"too late", "", at(0, 11, 30), 0, at(0, 10, 30)},
		{"moved by us, kept the new window", "us", at(0, 13, 10), 0, at(0, 12, 0)},
		{"moved by the customer, kept the new window", "customer", at(0, 15, 10), 1, at(0, 14, 0)},
	}
	orders, visits := make([]string, len(day)), make([]string, len(day))
	for i, c := range day {
		_, orders[i] = n.order(n.covered(fmt.Sprintf("OT-%d", i)), m{"duration_minutes": 20})
		visits[i] = n.book(orders[i], n.right, c.announced, c.announced.Add(20*time.Minute), "window", m{"from": c.announced, "to": c.announced.Add(time.Hour)}).want(201).str("id")
		if c.moved != "" {
			from := c.announced.Add(time.Hour)
			n.dispatcher.post("/visits/"+visits[i]+"/reschedule", m{"starts_at": from, "ends_at": from.Add(20 * time.Minute), "window": m{"from": from, "to": from.Add(time.Hour)}, "reason": c.name, "cause": c.moved}).want(200)
		}
	}
	n.later(0, 17, 0)
	n.anew()
	kept := 0
	for i, c := range day {
		n.engineer.post("/visits/"+visits[i]+"/arrive", m{"at": c.arrive}).want(200)
		n.engineer.once("/work-orders/"+orders[i]+"/sheet", sheetOf(visits[i], "done", m{"arrived_at": c.arrive, "finished_at": c.arrive.Add(20 * time.Minute)})).want(201)
		kept += c.punctual
		r := n.manager.get("/reports/engineers?from=2026-11-16&to=2026-11-16").want(200)
		if r.num("items", 0, "promised") != i+1 || r.num("items", 0, "kept") != kept {
			t.Errorf("%s: %d of %d kept, want %d", c.name, r.num("items", 0, "kept"), r.num("items", 0, "promised"), kept)
		}
	}
	n.sound()
}

// Nobody is in at 07:40, and the engineer is ill: twenty minutes later his customers are on the list.
func TestIllBeforeTheOfficeOpens(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.order(n.covered("S1"), nil)
	n.book(order, n.right, at(0, 10, 0), at(0, 11, 0)).want(201)
	n.engineer.post("/engineers/"+n.right+"/absences", m{"starts_at": at(0, 7, 0), "ends_at": at(0, 18, 0), "kind": "sick", "on_conflict": "displace"}).want(201).is("requested", "absence", "state")
	n.later(0, 8, 21)
	if err := n.desk.FreeTheSick(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	if n.callbacks(order)["displaced"] == "" {
		t.Error("nobody tells the customer")
	}
	n.sound()
}

// Two devices of one site are two orders and one trip: one word that he is on the way.
func TestOneTripForTwoDevices(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, first := n.order(n.covered("T1"), nil)
	_, second := n.order(n.covered("T2"), nil)
	a := n.book(first, n.right, at(0, 9, 0), at(0, 10, 0)).want(201).str("id")
	n.book(second, n.empty, at(0, 10, 0), at(0, 11, 0), "trip_with", a).refused(409, "trip_elsewhere")
	b := n.book(second, n.right, at(0, 10, 0), at(0, 11, 0), "trip_with", a).want(201).is(a, "trip_id").str("id")
	n.goes(a, "depart", "arrive")
	n.engineer.once("/work-orders/"+first+"/sheet", sheetOf(a, "done", nil)).want(201)
	n.goes(b, "depart", "arrive")
	n.engineer.once("/work-orders/"+second+"/sheet", sheetOf(b, "done", nil)).want(201)
	n.said("message.customer.on_the_way", 1)
	n.sound()
}

// Part 12: over the month, what was charged is what came in and what is still owed.
func TestMonthEnd(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 5, "VAN1")
	bill := func(i int) string {
		// Each device of its own, out of warranty, so that one repair does not cover the next.
		device := n.agent.post("/assets", m{"site_id": n.site, "model": "=2+5", "category": "空调", "serial_number": fmt.Sprintf("M%d", i), "purchased_on": "2019-05-01", "proof": "invoice"}).want(201).str("id")
		_, order := n.order(device, m{"parts": []m{{"sku": "P1", "quantity": 1}}})
		q := n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
		n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
		from := at(0, 9+2*i, 0)
		v := n.book(order, n.right, from, from.Add(time.Hour)).want(201).str("id")
		n.engineer.once("/work-orders/"+order+"/sheet", finished(v)).want(201)
		return n.dispatcher.get("/work-orders/"+order).want(200).is(15500, "receipt", "total_minor").str("receipt", "id")
	}
	paid, part, waived, void := bill(0), bill(1), bill(2), bill(3)
	n.engineer.once("/receipts/"+paid+"/payments", m{"amount_minor": 15500, "method": "cash"}).want(201)
	n.agent.once("/receipts/"+part+"/payments", m{"amount_minor": 5001, "method": "wechat"}).want(201)
	n.agent.once("/receipts/"+part+"/payments", m{"amount_minor": -1, "method": "wechat", "reason": "多收一分"}).want(201)
	n.agent.once("/receipts/"+part+"/payments", m{"amount_minor": 10000, "method": "on_account"}).want(201)
	n.manager.post("/receipts/"+waived+"/waive", m{"reason": "老客户", "amount_minor": 500}).want(200)
	n.manager.post("/receipts/"+void+"/void", m{"reason": "开错"}).want(200)

	r := n.manager.get("/reports/receipts?from=2026-11-01&to=2026-11-30").want(200)
	r.is(3, "totals", "receipts").is(1, "totals", "void").is(46500, "totals", "total_minor").is(15500, "totals", "cash_minor").is(5000, "totals", "wechat_minor").is(500, "totals", "waived_minor")
	if r.num("totals", "total_minor") != r.num("totals", "paid_minor")+r.num("totals", "balance_minor") {
		t.Errorf("charged is not settled plus owed: %s", r.raw)
	}
	owed := n.manager.get("/receivables").want(200).num("total_minor")
	for _, by := range []string{"customer", "receipt", "engineer", "organisation"} {
		n.manager.get("/reports/receivables?by="+by).want(200).is(owed, "totals", "balance_minor")
	}
	if owed != r.num("totals", "balance_minor") || owed != 25500 {
		t.Errorf("owed are %d, the month says %d, want 25500", owed, r.num("totals", "balance_minor"))
	}
	for _, by := range []string{"day", "month", "engineer", "organisation"} {
		n.manager.get("/reports/receipts?from=2026-11-01&to=2026-11-30&by="+by).want(200).is(46500, "totals", "total_minor")
	}
	n.manager.get("/reports/receipts?from=2026-12-01&to=2026-11-30").refused(422, "period_backwards")
	n.manager.get("/reports/receipts?by=moon").refused(422, "report_by_unknown")
	n.manager.get("/reports/weather").refused(404, "report_unknown")
	n.engineer.get("/reports/receipts").want(403)
	n.keeper.get("/reports/receivables").want(403)

	d := n.manager.get("/reports/defects?from=2026-11-01&to=2026-11-30").want(200).is(4, "totals", "count").is(4, "items", 0, "count").is("P1", "items", 0, "part_sku").is(1, "items", 0, "share")
	if d.str("items", 0, "cause_name") != "电容老化" {
		t.Errorf("the cause is named %q", d.str("items", 0, "cause_name"))
	}
	e := n.manager.get("/reports/engineers?from=2026-11-01&to=2026-11-30").want(200)
	e.is(4, "items", 0, "visits").is(4, "items", 0, "repairs").is(1, "items", 0, "first_time_fix").is(180, "items", 0, "work_minutes").is(15500, "items", 0, "takings_minor")
	for _, kind := range []string{"receipts", "receivables", "defects", "engineers"} {
		file := n.manager.get("/reports/" + kind + "?format=csv&to=2026-11-30").want(200)
		if !strings.HasPrefix(string(file.raw), "\ufeff") {
			t.Errorf("%s.csv has no mark of UTF-8", kind)
		}
		if table, err := csv.NewReader(strings.NewReader(string(file.raw))).ReadAll(); err != nil || len(table) < 2 {
			t.Errorf("%s.csv has %d lines: %v", kind, len(table), err)
		}
		if strings.Contains(string(file.raw), "\n=") || kind == "defects" && !strings.Contains(string(file.raw), "'=2+5") {
			t.Errorf("%s.csv holds a formula: %s", kind, file.raw)
		}
		for _, lang := range []string{"zh-Hans", "en"} {
			if pdf := n.manager.get("/reports/" + kind + "?format=pdf&to=2026-11-30&lang=" + lang).want(200); !strings.HasPrefix(string(pdf.raw), "%PDF") {
				t.Errorf("%s.pdf is no PDF", kind)
			}
		}
	}
	n.manager.get("/reports/receipts?format=xls").refused(422, "format_unknown")
	n.sound()
}

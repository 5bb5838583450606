package api_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// An engineer declines, forgets buttons, tells things late: facts are recorded, plans stay.
func TestVisitAsTheEngineerTellsIt(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	visit := n.assigned(order)
	n.engineer.post("/visits/"+visit+"/decline", m{}).refused(422, "reason_missing")
	n.engineer.post("/visits/"+visit+"/decline", m{"reason": "车坏了"}).want(200).is("declined", "state")
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	if len(o.list("reservations")) != 1 {
		t.Errorf("after a refusal the part is held %d times, want once where it lies", len(o.list("reservations")))
	}
	n.engineer.post("/visits/"+visit+"/accept", nil).want(409)

	visit = n.assigned(order)
	planned := n.engineer.get("/visits/" + visit).want(200)
	n.engineer.post("/visits/"+visit+"/depart", m{"at": n.now().Add(time.Hour)}).refused(422, "at_in_future")
	n.engineer.post("/visits/"+visit+"/depart", nil).want(200).is("en_route", "state") // never accepted
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": ""}).want(422)
	arrived := n.now().Add(-10 * time.Minute).UTC().Truncate(time.Second)
	n.engineer.post("/visits/"+visit+"/arrive", m{"at": arrived}).want(200).is("on_site", "state").is(arrived.Format(time.RFC3339), "arrived_at")
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "不修了"}).refused(409, "engineer_on_site")
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "other", "reason": "等"}).refused(409, "engineer_on_site")
	n.engineer.post("/visits/"+visit+"/pause", nil).want(200).is("paused", "state")
	n.engineer.post("/visits/"+visit+"/pause", nil).want(409)
	n.engineer.post("/visits/"+visit+"/resume", nil).want(200).is("on_site", "state")
	after := n.dispatcher.post("/visits/"+visit+"/start", nil).want(200)
	after.is(planned.str("starts_at"), "starts_at").is(planned.str("ends_at"), "ends_at")
	entry := n.dispatcher.get("/work-orders/" + order).want(200).list("timeline")
	last := entry[len(entry)-1].(map[string]any)
	if last["action"] != "visit_start" || last["on_behalf_of"] != n.right || last["actor"] != "dispatcher" {
		t.Errorf("the office acted for the engineer, the timeline says %v", last)
	}

	// A sheet told in the evening of a visit for which no button was pressed.
	order = n.agreedToACallOut(false)
	q := n.agent.quoted(order, nil)
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	n.receive("P1", 1, "VAN1")
	n.engineer.once("/work-orders/"+n.dispatcher.get("/visits/"+visit).str("work_order_id")+"/sheet", finished(visit)).want(201)
	n.receive("P1", 1, "VAN1")
	visit = n.assigned(order)
	n.pass(12 * time.Hour)
	sheet := finished(visit)
	sheet["arrived_at"], sheet["finished_at"] = at(0, 15, 0), at(0, 16, 0)
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201).is("2026-11-16T08:00:00Z", "finished_at")
	n.engineer.get("/visits/"+visit).want(200).is("finished", "state").is(true, "inferred").is("2026-11-16T07:00:00Z", "arrived_at")
}

// Served by phone: nobody drives, the call begins with start; what cannot be solved is converted.
func TestServedByPhone(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ask := func() string {
		r := n.report(m{"kind": "inspect"}).want(201).str("id")
		return n.agent.post("/requests/"+r+"/work-order", m{"kind": "inspect", "mode": "phone", "priority": 3, "duration_minutes": 20}).want(201).is("ready", "state").is("phone", "mode").str("id")
	}
	order := ask()
	visit := n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.right, "starts_at": at(0, 9, 0), "ends_at": at(0, 9, 20)}).want(201).is("phone", "mode").str("id")
	n.engineer.post("/visits/"+visit+"/accept", nil).want(200)
	n.engineer.post("/visits/"+visit+"/start", nil).want(200).is("on_site", "state").is(nil, "arrived_at")
	n.dispatcher.get("/work-orders/"+order).want(200).is("in_progress", "state")
	n.engineer.post("/visits/"+visit+"/pause", nil).want(200)
	n.engineer.post("/visits/"+visit+"/resume", nil).want(200)
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": "done", "signature": m{"reason": "电话服务"}}).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state")

	order = ask()
	n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.right, "starts_at": at(0, 13, 0), "ends_at": at(0, 13, 20)}).want(201)
	n.dispatcher.post("/work-orders/"+order+"/convert", m{"mode": "on_site"}).want(200).is("ready", "state").is("on_site", "mode").is("cancelled", "visits", 0, "state")
}

// An order waits with a reason and comes back by itself, one step more urgent.
func TestHoldComesBackByItself(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	visit := n.assigned(order)
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "mood", "reason": "等"}).want(422)
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "customer", "reason": "客户出差", "until": n.now().Add(-time.Minute)}).refused(422, "until_in_past")
	n.dispatcher.post("/work-orders/"+order+"/resume", nil).refused(409, "work_order_legal_move")
	due, _ := time.Parse(time.RFC3339, n.dispatcher.get("/work-orders/"+order).want(200).str("fix_due_at"))
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "customer", "reason": "客户出差", "until": n.now().Add(3 * time.Hour)}).want(200).is("on_hold", "state").is(nil, "engineer_id")
	n.dispatcher.get("/visits/"+visit).want(200).is("cancelled", "state")
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "other", "reason": "再等"}).refused(409, "work_order_legal_move")
	n.pass(2 * time.Hour)
	n.run("holds-end")
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state")
	n.pass(time.Hour + time.Minute)
	n.run("holds-end")
	n.run("holds-end")
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(1, "priority").is(nil, "hold_until")
	later, _ := time.Parse(time.RFC3339, o.str("fix_due_at"))
	if moved := later.Sub(due); moved < 3*time.Hour || moved > 3*time.Hour+5*time.Minute {
		t.Errorf("the fix target moved by %v, want the three hours of the hold", moved)
	}
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "vendor", "reason": "厂家"}).want(200)
	n.dispatcher.post("/work-orders/"+order+"/resume", m{"reason": "好了"}).want(200).is("ready", "state")

	// Nobody agreed to pay: it does not come back by itself, a person looks at it.
	_, unpaid := n.reported()
	n.dispatcher.post("/work-orders/"+unpaid+"/hold", m{"reason_code": "customer", "reason": "考虑", "until": n.now().Add(time.Hour)}).want(200)
	n.pass(2 * time.Hour)
	n.run("holds-end")
	n.dispatcher.get("/work-orders/"+unpaid).want(200).is("on_hold", "state").is(nil, "hold_until")
	n.dispatcher.post("/work-orders/"+unpaid+"/resume", nil).refused(409, "work_orders_paid_needs_yes")
}

// An order ends for good when nothing is open any more; opened again, its call is made anew.
func TestReopenAndClose(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	n.engineer.once("/work-orders/"+order+"/sheet", finished(n.assigned(order))).want(201)
	o := n.dispatcher.get("/work-orders/" + order).want(200)
	receipt := o.str("receipt", "id")
	a := n.dispatcher.post("/work-orders/"+order+"/close", nil).refused(409, "work_order_still_open")
	a.is("follow_up", "open", 0).is("payment", "open", 1)
	n.caller.post("/work-orders/"+order+"/close", nil).want(403)
	n.manager.post("/work-orders/"+order+"/reopen", m{"reason": " "}).want(422)
	n.manager.post("/work-orders/"+order+"/reopen", m{"reason": "还是不冷"}).want(200).is("ready", "state").is(1, "reopened").is("superseded", "follow_ups", 0, "state")
	n.receive("P1", 1, "VAN1")
	sheet := finished(n.assigned(order))
	delete(sheet, "parts")
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201)
	o = n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(15500, "receipt", "total_minor").is(receipt, "receipt", "id")
	if calls := o.list("follow_ups"); len(calls) != 2 {
		t.Fatalf("%d follow-ups, want the superseded and the new one", len(calls))
	}
	call := o.str("follow_ups", 1, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 5, "product": 5}}).want(201)
	n.dispatcher.post("/work-orders/"+order+"/close", nil).refused(409, "work_order_still_open").is("payment", "open", 0)
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 15500, "method": "alipay"}).want(201)
	n.dispatcher.post("/work-orders/"+order+"/close", m{"reason": "归档"}).want(200).is("closed", "state")
	n.manager.post("/work-orders/"+order+"/reopen", m{"reason": "又坏了"}).want(409)
	n.dispatcher.post("/work-orders/"+order+"/close", nil).want(409)
	if got := n.count("SELECT count(*) FROM clocks WHERE subject_id = ? AND kind = 'fix' AND met_at IS NOT NULL", order); got != 1 {
		t.Errorf("%d fix clocks met, want 1", got)
	}
	n.clean()
}

// clean is what the program's own check says about the data.
func (w *world) clean() {
	w.t.Helper()
	for _, line := range w.violations(context.Background()) {
		w.t.Error(line)
	}
}

// A cancelled order lets go of everything it held, and says so to who was to come.
func TestCancelLetsGo(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	visit := n.assigned(order)
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "客户搬家"}).want(200).is("cancelled", "state").is("客户搬家", "cancel_reason")
	if onHand, reserved := n.stockOf("P1", "VAN1"); onHand != 1 || reserved != 0 {
		t.Errorf("%d on hand, %d reserved; want 1, 0", onHand, reserved)
	}
	n.engineer.get("/visits/"+visit).want(200).is("cancelled", "state")
	if got := n.count("SELECT count(*) FROM messages WHERE order_id = ? AND key = 'message.engineer.cancelled'", order); got != 1 {
		t.Errorf("the engineer was told %d times", got)
	}
	if got := n.count("SELECT count(*) FROM clocks WHERE subject_id = ? AND met_at IS NULL AND stopped_at IS NULL", order); got != 0 {
		t.Errorf("%d clocks of a cancelled order run on", got)
	}
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "x"}).want(409)
	n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.right, "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}).want(409)
	// The same fault may be ordered again.
	request := n.dispatcher.get("/work-orders/" + order).want(200).str("request_id")
	n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "priority": 3, "duration_minutes": 60}).want(201)
	n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "priority": 3, "duration_minutes": 60}).refused(409, "work_orders_one_live_per_device")
	n.clean()
}

// Who read an older version is told before he overwrites what somebody else did.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	request, order := n.reported()
	o := n.dispatcher.get("/work-orders/" + order).want(200)
	tag := o.header.Get("ETag")
	if tag == "" {
		t.Fatal("an order without an ETag")
	}
	n.agent.do("PATCH", "/work-orders/"+order, m{"priority": 1}, "If-Match", tag).want(200)
	for path, body := range map[string]m{
		"/work-orders/" + order + "/hold":                           {"reason_code": "other", "reason": "等"},
		"/work-orders/" + order + "/quotes":                         {"lines": quoteLines, "valid_until": "2026-11-20"},
		"/work-orders/" + order + "/cancel":                         {"reason": "x"},
		"/requests/" + request + "/reply":                           {"text": "x"},
		"/quotes/" + n.agent.quoted(order, nil) + "/send":           {},
		"/quotes/" + n.agent.quoted(order, callOutFee) + "/approve": {"how": "phone", "name": "x", "note": "1"},
	} {
		n.admin.do("POST", path, body, "If-Match", `"99"`).refused(412, "stale")
	}
	twin := n.agent.post("/customers", m{"name": "周小明"}).want(201).str("id")
	away := n.engineer.post("/engineers/"+n.right+"/absences", m{"starts_at": at(3, 8, 0), "ends_at": at(3, 18, 0), "kind": "leave", "reason": "x"}).want(201).str("absence", "id")
	for path, body := range map[string]m{
		"POST /customers/" + twin + "/merge":  {"into": n.customer},
		"POST /absences/" + away + "/approve": {},
		"POST /absences/" + away + "/reject":  {"reason": "x"},
		"POST /places/VAN3/reachable":         {"reachable": false, "why": "x"},
		"PUT /organisations/HQ/letterhead":    {"hotline": "400"},
		"PATCH /engineers/" + n.right:         {"name": "x"},
		"PATCH /sites/" + n.site:              {"access_notes": "x"},
		"PATCH /assets/" + n.asset:            {"notes": "x"},
		"PATCH /users/" + n.caller.id:         {"name": "x"},
	} {
		method, path, _ := strings.Cut(path, " ")
		n.admin.do(method, path, body, "If-Match", `"99"`).refused(412, "stale")
		if a := n.caller.do(method, strings.ReplaceAll(path, away, n.right), body, "If-Match", `"99"`); a.status == 412 {
			t.Errorf("%s tells a caller which version a record has: %s", path, a.raw)
		}
	}
	n.agent.do("PATCH", "/work-orders/"+order, m{"priority": 2}, "If-Match", tag).refused(412, "stale")
	n.agent.do("PATCH", "/work-orders/"+order, m{"priority": 2}, "If-Match", "nonsense").want(412)
	now := n.dispatcher.get("/work-orders/" + order).want(200)
	n.dispatcher.do("POST", "/work-orders/"+order+"/hold", m{"reason_code": "other", "reason": "等"}, "If-Match", now.header.Get("ETag")).want(200)
	r := n.agent.get("/requests/" + request).want(200)
	n.agent.do("POST", "/requests/"+request+"/reply", m{"text": "x"}, "If-Match", r.header.Get("ETag")).want(200)

	ready := n.approved()
	visit := n.assigned(ready)
	v := n.engineer.get("/visits/" + visit).want(200)
	n.engineer.post("/visits/"+visit+"/accept", nil).want(200)
	n.engineer.do("POST", "/visits/"+visit+"/depart", nil, "If-Match", v.header.Get("ETag")).refused(412, "stale")
	n.engineer.do("POST", "/visits/"+visit+"/depart", nil, "If-Match", n.engineer.get("/visits/"+visit).header.Get("ETag")).want(200)
}

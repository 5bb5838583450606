package api_test

import (
	"testing"
	"time"
)

// A caller is away: his calls, and those that are nobody's, go to another.
func TestCallsAreHandedOn(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	n.engineer.once("/work-orders/"+order+"/sheet", finished(n.assigned(order))).want(201)
	n.caller.post("/follow-ups/reassign", m{"to": n.caller.id}).want(403)
	n.manager.post("/follow-ups/reassign", m{"from": nil, "to": n.caller.id}).want(200).is(1, "moved")
	n.caller.get("/follow-ups?assignee="+n.caller.id).want(200).is(order, "items", 0, "work_order_id")
	n.manager.post("/follow-ups/reassign", m{"from": n.caller.id}).want(200).is(1, "moved")
}

// Who waits for a part hears from us every seven days, and the manager once after thirty, also when the
// program was down on the very day.
func TestLongWaitForAPart(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": n.assigned(order), "outcome": "need_parts", "fault_code": "F01", "parts_needed": []m{{"sku": "P5", "quantity": 1}}}).want(201)
	open := func() int {
		return len(n.caller.get("/callbacks?reason=delay&work_order=" + order).want(200).list("items"))
	}
	told := func() int {
		return n.count("SELECT count(*) FROM messages WHERE order_id = ? AND key = 'message.manager.part_waits_long'", order)
	}
	n.pass(6 * 24 * time.Hour)
	n.run("shortages-age")
	if open() != 0 {
		t.Error("a call-back after six days")
	}
	n.pass(2 * 24 * time.Hour) // the seventh day went by unseen
	n.run("shortages-age")
	n.run("shortages-age")
	if open() != 1 {
		t.Errorf("%d call-backs after eight days, want 1", open())
	}
	b := n.caller.get("/callbacks?reason=delay&work_order="+order).want(200).str("items", 0, "id")
	n.caller.post("/callbacks/"+b+"/attempts", m{"outcome": "reached"}).want(201)
	n.run("shortages-age")
	if open() != 0 {
		t.Error("called again on the day he was reached")
	}
	n.pass(7 * 24 * time.Hour)
	n.run("shortages-age")
	if open() != 1 || told() != 0 {
		t.Errorf("after 15 days %d call-backs, the manager was told %d times; want 1, 0", open(), told())
	}
	n.pass(16 * 24 * time.Hour)
	n.run("shortages-age")
	n.pass(24 * time.Hour)
	n.run("shortages-age")
	if told() != 1 {
		t.Errorf("after a month the manager was told %d times, want once", told())
	}
	n.receive("P5", 1, "WH")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	n.clean()
}

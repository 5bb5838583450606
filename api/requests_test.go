package api_test

import (
	"context"
	"testing"
	"time"
)

func (n *town) report(more m) *reply {
	n.t.Helper()
	body := m{"channel": "phone", "kind": "repair", "asset_id": n.asset, "summary": "空调不制冷"}
	for k, v := range more {
		body[k] = v
	}
	return n.agent.post("/requests", body)
}

// run does what the clock does for the desk, by the name of the task.
func (w *world) run(task string) {
	w.t.Helper()
	for _, one := range w.desk.Tasks() {
		if one.Name == task {
			if err := one.Do(context.Background()); err != nil {
				w.t.Fatal(err)
			}
			return
		}
	}
	w.t.Fatalf("there is no task %s", task)
}

func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.NewRaw(sql, args...).Scan(context.Background(), &n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Only a person who told the customer something stops the 24-hour clock.
func TestWhatStopsTheReplyClock(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 9, "VAN1")
	covered := n.agent.post("/assets", m{"site_id": n.site, "brand": "海尔", "model": "KFR-50GW", "category": "空调", "serial_number": "SN0002", "purchased_on": "2026-05-01", "proof": "invoice"}).want(201).str("id")
	call := func(path, direction, outcome string) {
		n.agent.post(path+"/conversations", m{"direction": direction, "channel": "phone", "kind": "progress", "outcome": outcome, "text": "…"}).want(201)
	}
	ordered := func(request string) string {
		return n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "priority": 3, "duration_minutes": 60}).want(201).str("id")
	}
	for name, c := range map[string]struct {
		more m
		do   func(request string)
		how  string // "" = the clock runs on
	}{
		"nothing":             {nil, func(string) {}, ""},
		"triage":              {nil, func(r string) { n.agent.post("/requests/"+r+"/triage", m{}).want(200) }, ""},
		"a call not answered": {nil, func(r string) { call("/requests/"+r, "out", "no_answer") }, ""},
		"the customer calls":  {nil, func(r string) { call("/requests/"+r, "in", "reached") }, ""},
		"a work order":        {nil, func(r string) { ordered(r) }, ""},
		"a reply":             {nil, func(r string) { n.agent.post("/requests/"+r+"/reply", m{"text": "下午回电"}).want(200) }, "reply"},
		"an answer": {nil, func(r string) {
			n.agent.post("/requests/"+r+"/answer", m{"solution": "重启即可", "fault_code": "F01"}).want(200)
		}, "answer"},
		"told at intake":         {m{"told": "今天下午三点前上门"}, func(string) {}, "told_at_intake"},
		"a call that reached":    {nil, func(r string) { call("/requests/"+r, "out", "reached") }, "conversation"},
		"a call about the order": {nil, func(r string) { call("/work-orders/"+ordered(r), "out", "reached") }, "conversation"},
		"a quote sent": {nil, func(r string) {
			n.agent.post("/quotes/"+n.agent.quoted(ordered(r), nil)+"/send", nil).want(200)
		}, "quote"},
		"a window confirmed": {m{"asset_id": covered}, func(r string) {
			visit := n.dispatcher.post("/work-orders/"+ordered(r)+"/assign", m{"engineer_id": n.right, "starts_at": at(1, 9, 0), "ends_at": at(1, 10, 0)}).want(201).str("id")
			n.dispatcher.post("/visits/"+visit+"/confirm", m{"window": m{"from": at(1, 9, 0), "to": at(1, 10, 0)}, "by": "phone"}).want(200)
		}, "window"},
		"a call-back that reached": {nil, func(r string) {
			b := n.agent.post("/callbacks", m{"reason": "promised_reply", "work_order_id": ordered(r)}).want(201).str("id")
			n.caller.post("/callbacks/"+b+"/attempts", m{"outcome": "no_answer"}).want(201)
			n.agent.get("/requests/"+r).want(200).is(nil, "replied_at")
			n.caller.post("/callbacks/"+b+"/attempts", m{"outcome": "reached"}).want(201)
		}, "conversation"},
	} {
		r := n.report(c.more).want(201).str("id")
		c.do(r)
		got := n.agent.get("/requests/" + r).want(200)
		if got.str("replied_how") != c.how || (got.at("replied_at") == nil) != (c.how == "") {
			t.Errorf("%s: replied %v by %q, want %q", name, got.at("replied_at"), got.str("replied_how"), c.how)
		}
		met := n.count("SELECT count(*) FROM clocks WHERE subject_id = ? AND kind = 'reply' AND met_at IS NOT NULL", r)
		if met != map[bool]int{false: 1, true: 0}[c.how == ""] {
			t.Errorf("%s: %d clocks met", name, met)
		}
	}
}

// A letter's clock runs from the day it reached the house; over already, it escalates at once, once.
func TestLetterFromThreeDaysAgo(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	stamp := n.now().Add(-74 * time.Hour)
	n.report(m{"channel": "letter", "received_at": stamp}).refused(422, "received_reason_missing")
	n.report(m{"received_at": n.now().Add(time.Hour)}).refused(422, "received_in_future")
	r := n.report(m{"channel": "letter", "received_at": stamp, "received_reason": "周五收到，周一拆信"}).want(201)
	due, _ := time.Parse(time.RFC3339, r.str("reply_due_at"))
	if got := due.Sub(stamp.Truncate(time.Microsecond)); got != 24*time.Hour {
		t.Errorf("due %v after the stamp", got)
	}
	for range 3 {
		n.run("clocks")
	}
	told := n.count("SELECT count(*) FROM messages WHERE request_id = ?", r.str("id"))
	if told != 1 {
		t.Errorf("%d messages about the missed reply, want 1", told)
	}
	n.agent.get("/requests?overdue=true").want(200).is(r.str("id"), "items", 0, "id")
	n.agent.post("/requests/"+r.str("id")+"/reply", m{"text": "已致歉并约时间"}).want(200)
	if got := len(n.agent.get("/requests?overdue=true").want(200).list("items")); got != 0 {
		t.Errorf("%d are overdue after the reply", got)
	}
}

// Solved by phone, come back within a week, solved again: one call asks whether all is well.
func TestAnsweredAndCameBack(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	covered := n.agent.post("/assets", m{"site_id": n.site, "brand": "海尔", "model": "KFR-50GW", "category": "空调", "serial_number": "SN0002", "purchased_on": "2026-05-01", "proof": "invoice"}).want(201).str("id")
	r := n.report(m{"asset_id": covered}).want(201).str("id")
	n.agent.post("/requests/"+r+"/triage", m{"outcome": "rejected"}).refused(422, "reason_missing")
	n.agent.post("/requests/"+r+"/triage", m{"outcome": "rejected", "reason": "不在服务区"}).refused(409, "requests_closed_after_reply")
	n.agent.post("/requests/"+r+"/triage", m{"outcome": "came_back"}).want(409)
	n.agent.post("/requests/"+r+"/answer", m{"solution": "清洗滤网", "fault_code": "F99"}).want(422)
	n.agent.post("/requests/"+r+"/answer", m{"solution": "清洗滤网", "fault_code": "F01"}).want(200).is("answered", "state")
	open := func() int {
		return n.count("SELECT count(*) FROM follow_ups WHERE request_id = ? AND kind = 'after_answer' AND state <> 'superseded'", r)
	}
	if open() != 1 {
		t.Errorf("%d calls after the answer, want 1", open())
	}
	n.pass(3 * 24 * time.Hour)
	n.agent.post("/requests/"+r+"/triage", m{"outcome": "came_back", "reason": "又不冷了"}).want(200).is("triaged", "state").is(1, "came_back")
	if open() != 0 {
		t.Errorf("%d calls ask about an answer that did not hold", open())
	}
	n.agent.post("/requests/"+r+"/answer", m{"solution": "重新设定温度"}).want(200).is("answered", "state")
	if open() != 1 {
		t.Errorf("%d calls after the second answer, want 1", open())
	}
	n.pass(8 * 24 * time.Hour)
	n.agent.post("/requests/"+r+"/triage", m{"outcome": "came_back"}).refused(409, "came_back_too_late")
}

// A second report of an open fault is a chase on the order that is open; the second chase is the lead's.
func TestSecondReportIsAChase(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	first, order := n.reported()
	second := n.report(nil).want(201)
	second.is(order, "duplicates", 0, "id").is("device", "duplicates", 0, "why")
	id := second.str("id")
	n.agent.post("/requests/"+id+"/triage", m{"outcome": "duplicate"}).refused(422, "duplicate_of_missing")
	n.agent.post("/requests/"+id+"/triage", m{"outcome": "duplicate", "duplicate_of": id}).want(422)
	n.agent.post("/requests/"+id+"/triage", m{"outcome": "duplicate", "duplicate_of": first}).refused(409, "requests_closed_after_reply")
	n.agent.post("/requests/"+id+"/reply", m{"text": "师傅今天来"}).want(200)
	n.agent.post("/requests/"+id+"/triage", m{"outcome": "duplicate", "duplicate_of": first}).want(200).is("duplicate", "state").is(first, "duplicate_of")
	n.dispatcher.get("/work-orders/"+order).want(200).is(1, "chase_count").is("chase", "conversations", 0, "kind")

	third := n.report(m{"told": "正在安排"}).want(201).str("id")
	n.agent.post("/requests/"+third+"/triage", m{"outcome": "duplicate", "duplicate_of": second.str("number")}).want(200).is(first, "duplicate_of")
	n.dispatcher.get("/work-orders/"+order).want(200).is(2, "chase_count")
	if got := n.count("SELECT count(*) FROM messages WHERE order_id = ? AND key = 'message.lead.second_chase'", order); got != 1 {
		t.Errorf("the lead got %d messages about the second chase, want 1", got)
	}
	n.agent.post("/work-orders/"+order+"/conversations", m{"direction": "in", "channel": "phone", "kind": "chase", "text": "人呢？", "promised_at": n.now().Add(time.Hour)}).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is(3, "chase_count")
	n.caller.get("/callbacks?reason=promised_reply&work_order="+order).want(200).is("人呢？", "items", 0, "text")

	// Nothing is open yet on the matter it repeats: the word is kept there.
	lone := n.report(m{"summary": "噪音大"}).want(201).str("id")
	again := n.report(m{"summary": "噪音大", "told": "马上处理"}).want(201).str("id")
	n.agent.post("/requests/"+again+"/triage", m{"outcome": "duplicate", "duplicate_of": lone}).want(200)
	n.agent.get("/requests/"+lone).want(200).is("chase", "conversations", 0, "kind")
}

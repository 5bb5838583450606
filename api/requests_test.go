package api_test

import (
	"context"
	"fmt"
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

// By when somebody is in touch is counted in service hours of the organisation's calendar at the clock of the
// site; what is promised is a table that a manager changes. Whoever asks where we stay is called back.
func TestClockTargetsAreData(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 9, "VAN1")
	opened := func(site string, priority int) *reply {
		t.Helper()
		r := n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "customer_id": n.customer, "site_id": site, "summary": "空调不制冷", "received_at": at(0, 7, 50)}).want(201).str("id")
		return n.agent.post("/requests/"+r+"/work-order", m{"kind": "repair", "priority": priority, "duration_minutes": 60}).want(201)
	}
	due := func(o *reply, contact, arrive, fix time.Time) {
		t.Helper()
		for field, want := range map[string]time.Time{"contact_due_at": contact, "arrive_due_at": arrive, "fix_due_at": fix} {
			if got, _ := time.Parse(time.RFC3339, o.str(field)); !got.Equal(want) {
				t.Errorf("%s is %s, want %s", field, o.str(field), want)
			}
		}
	}
	due(opened(n.site, 2), at(0, 9, 0), at(1, 7, 50), at(2, 7, 50))
	berlin := n.admin.post("/customers/"+n.customer+"/sites", m{"address": "Berlin, Torstraße 1", "region_code": "bj-cy", "zone": "Europe/Berlin"}).want(201).str("id")
	due(opened(berlin, 2), at(0, 16, 0), at(1, 7, 50), at(2, 7, 50)) // 09:00 there
	n.manager.do("PUT", "/calendars/2026", m{"days": []m{{"date": "2026-11-16", "working": false, "name": "店庆"}}, "source": "公司通知"}).want(200)
	due(opened(n.site, 2), at(1, 9, 0), at(1, 7, 50), at(2, 7, 50))

	seed := n.manager.get("/clock-targets").want(200).list("items")
	if len(seed) != 24 {
		t.Errorf("%d targets, want 24: two classes, three kinds, four priorities", len(seed))
	}
	target := m{"class": "", "kind": "repair", "priority": 2, "contact_minutes": 15, "arrive_minutes": 90, "fix_minutes": 600}
	n.agent.do("PUT", "/clock-targets", target).want(403)
	n.manager.do("PUT", "/clock-targets", m{"class": "", "kind": "repair", "priority": 2, "contact_minutes": 95, "arrive_minutes": 90, "fix_minutes": 600}).refused(422, "clock_targets_in_order")
	n.manager.do("PUT", "/clock-targets", target, "If-Match", `"7"`).refused(412, "stale")
	n.manager.do("PUT", "/clock-targets", target, "If-Match", `"1"`).want(200).is(2, "version")
	due(opened(n.site, 2), at(1, 8, 15), at(0, 9, 20), at(0, 17, 50))
	due(opened(n.site, 3), at(1, 10, 0), at(2, 7, 50), at(3, 7, 50))
	n.admin.patch("/customers/"+n.customer, m{"class": "A"}).want(200)
	due(opened(n.site, 3), at(1, 9, 0), at(1, 7, 50), at(2, 7, 50)) // a step more urgent
	n.manager.do("PUT", "/clock-targets", m{"class": "B", "kind": "repair", "priority": 3, "contact_minutes": 10, "arrive_minutes": 20, "fix_minutes": 30}).want(200)
	if got := n.count("SELECT count(*) FROM audit_log WHERE tbl = 'clock_targets' AND actor = 'manager' AND act IN ('i', 'u')"); got != 2 {
		t.Errorf("%d changes of the targets are on the account, want 2", got)
	}

	// Asked without an answer, he is called back within two service hours; answered or promised, that counts.
	r := n.report(nil).want(201).str("id")
	o := n.agent.post("/requests/"+n.report(nil).want(201).str("id")+"/work-order", m{"kind": "repair", "priority": 3, "duration_minutes": 60}).want(201).str("id")
	chase := m{"direction": "in", "channel": "phone", "kind": "chase", "text": "师傅到哪了"}
	for _, path := range []string{"/requests/" + r, "/work-orders/" + o} {
		n.agent.post(path+"/conversations", m{"direction": "in", "channel": "phone", "kind": "chase", "outcome": "reached", "text": "已答复"}).want(201)
	}
	if got := len(n.caller.get("/callbacks?reason=promised_reply").want(200).list("items")); got != 0 {
		t.Errorf("%d call-backs for who was answered while he asked", got)
	}
	for _, path := range []string{"/requests/" + r, "/work-orders/" + o} {
		n.agent.post(path+"/conversations", chase).want(201)
	}
	calls := n.caller.get("/callbacks?reason=promised_reply").want(200)
	for i := range 2 {
		if got, _ := time.Parse(time.RFC3339, calls.str("items", i, "due_at")); !got.Equal(at(1, 10, 0)) || calls.str("items", i, "text") != "师傅到哪了" {
			t.Errorf("he is called back %s", calls.raw)
		}
	}
	n.clean()
}

// Whoever is on duty is warned in the night at the hour of the warning; without him it comes while the office
// is still open. Inside working hours nobody is rung at home.
func TestDutyPersonOutsideWorkingHours(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	lead := n.user("night", m{"name": "夜班王"}, "lead")
	user := lead.get("/me").want(200).str("id")
	r := n.report(nil).want(201)
	warned := func(want time.Time) {
		t.Helper()
		var got time.Time
		if err := n.db.NewRaw("SELECT next_at FROM clocks WHERE subject_id = ? AND kind = 'reply'", r.str("id")).Scan(t.Context(), &got); err != nil {
			t.Fatal(err)
		}
		if late := got.Sub(want); late < 0 || late > 5*time.Minute {
			t.Errorf("the warning comes %s, want %s", got, want)
		}
	}
	warned(at(0, 18, 0)) // due on Tuesday 08:00: nobody is in at 04:00
	put := m{"from": "2026-11-17", "to": "2026-11-18", "user_id": user, "phone": "138 0013 9999"}
	n.agent.do("PUT", "/duty", put).want(403)
	n.dispatcher.do("PUT", "/duty", m{"from": "2026-11-17", "user_id": user, "phone": "12"}).refused(422, "phone_invalid")
	n.dispatcher.do("PUT", "/duty", m{"from": "2026-11-17", "to": "2026-11-16", "user_id": user, "phone": "13800139999"}).refused(422, "duty_days")
	n.dispatcher.do("PUT", "/duty", put).want(200).is("夜班王", "items", 1, "name").is("+8613800139999", "items", 1, "phone")
	warned(at(1, 4, 0))
	n.dispatcher.do("PUT", "/duty", m{"from": "2026-11-17", "to": "2026-11-18"}).want(200)
	warned(at(0, 18, 0))
	n.dispatcher.do("PUT", "/duty", put).want(200)
	if got := len(n.agent.get("/duty?from=2026-11-16&to=2026-11-30").want(200).list("items")); got != 2 {
		t.Errorf("%d days on duty, want 2", got)
	}

	told := func(level int) (to string) {
		t.Helper()
		n.run("clocks")
		if err := n.db.NewRaw(`SELECT coalesce(string_agg(to_address, ','), 'nobody') FROM messages WHERE request_id = ? AND key = ?`, r.str("id"), fmt.Sprintf("message.clock.reply.%d", level)).Scan(t.Context(), &to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	n.clock.Add(int64(19 * time.Hour))
	if got := told(1); got != "nobody" {
		t.Errorf("%s was warned before it was time", got)
	}
	n.clock.Add(int64(66 * time.Minute))
	if got := told(1); got != "+8613800139999" {
		t.Errorf("warned in the night: %q", got)
	}
	n.clock.Add(int64(8 * time.Hour))
	if got := told(3); got != "" {
		t.Errorf("%q was rung in working hours", got)
	}
	n.clean()
}

// A unit that names nobody for a night is looked after by whoever the unit above named; its own name goes first.
func TestDutyOfTheUnitAbove(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/organisations", m{"code": "C9", "name": "中心", "kind": "centre"}).want(201)
	above := n.user("night", m{"name": "总部值班"}, "lead").get("/me").want(200).str("id")
	own := n.user("c9", m{"name": "中心值班", "organisation_code": "C9"}, "lead").get("/me").want(200).str("id")
	n.dispatcher.do("PUT", "/duty", m{"from": "2026-11-16", "to": "2026-11-16", "user_id": above, "phone": "13800130001"}).want(200)
	now := func() string { // at 22:00, when nobody is in
		t.Helper()
		n.clock.Add(int64(14 * time.Hour))
		defer n.clock.Add(-int64(14 * time.Hour))
		var org int32
		if err := n.db.NewRaw("SELECT id FROM organisations WHERE code = 'C9'").Scan(t.Context(), &org); err != nil {
			t.Fatal(err)
		}
		on, err := n.desk.Look(t.Context()).Promises.DutyNow(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		if on == nil {
			return "nobody"
		}
		return on.Name
	}
	if got := now(); got != "总部值班" {
		t.Errorf("on duty for the centre: %s, want the unit above", got)
	}
	n.admin.do("PUT", "/duty", m{"organisation_code": "C9", "from": "2026-11-16", "to": "2026-11-16", "user_id": own, "phone": "13800130002"}).want(200)
	if got := now(); got != "中心值班" {
		t.Errorf("on duty for the centre: %s, want its own", got)
	}
	n.admin.do("PATCH", "/users/"+own, m{"active": false}).want(200)
	if got := now(); got != "总部值班" {
		t.Errorf("whoever left is on duty: %s", got)
	}
}

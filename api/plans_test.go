package api_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"paigong/internal/jobs"
)

// ready makes an order that costs nothing and waits for somebody, each at a place of its own.
func (n *town) ready(i int, more m) string {
	n.t.Helper()
	body := m{"kind": "inspect", "priority": 3, "skill_codes": []string{"cooling"}, "duration_minutes": 45}
	for k, v := range more {
		body[k] = v
	}
	customer := n.admin.post("/customers", m{"name": fmt.Sprintf("客户 %d", i), "phone": fmt.Sprintf("139%08d", 10_000_000+i)}).want(201).str("id")
	site := n.admin.post("/customers/"+customer+"/sites", m{"address": fmt.Sprintf("朝阳区 %d 号", i), "region_code": "bj-cy", "lat": 39.90 + float64(i%7)*0.012, "lng": 116.44 + float64(i%5)*0.015}).want(201).str("id")
	request := n.agent.post("/requests", m{"channel": "phone", "kind": "inspect", "customer_id": customer, "site_id": site, "summary": fmt.Sprintf("巡检 %d", i)}).want(201).str("id")
	o := n.agent.post("/requests/"+request+"/work-order", body).want(201)
	return o.is("ready", "state").str("id")
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// A day is planned, looked at, published once, and nobody is bound before.
func TestPlanDay(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 1, "VAN3")
	var orders []string
	for i := range 6 {
		more := m{}
		if i < 2 {
			more["parts"] = []m{{"sku": "P1", "quantity": 1}}
		}
		if i == 2 {
			more["parts"] = []m{{"sku": "P2", "quantity": 1}}
		}
		orders = append(orders, n.ready(i, more))
	}
	// Somebody was booked by a dispatcher's word where no way leads in time: those hours are taken all the same.
	n.book(n.ready(80, nil), n.right, at(1, 8, 0), at(1, 8, 45), "override_reason", "客户指定").want(201)
	gas := n.ready(90, m{"skill_codes": []string{"gas"}, "parts": []m{{"sku": "P5", "quantity": 1}}})
	p := n.dispatcher.post("/plans", m{"day": "2026-11-17", "region_codes": []string{"bj"}}).want(201)
	p.is("ready", "state")
	if len(p.list("visits")) != 6 || len(p.list("unplanned")) != 1 {
		t.Fatalf("%d visits and %d left over: %s", len(p.list("visits")), len(p.list("unplanned")), p.raw)
	}
	p.is(gas, "unplanned", 0, "work_order_id").is("part_none", "unplanned", 0, "reasons", 0, "rule")
	if len(p.list("changes")) != 0 {
		t.Fatalf("a plan just made does not hold: %s", p.raw)
	}
	id := p.str("id")
	for i := range p.list("visits") {
		v := p.str("visits", i, "id")
		n.dispatcher.get("/visits/"+v).want(200).is("proposed", "state")
		p.is("new", "visits", i, "change")
	}
	// It binds nobody: neither time nor parts, and the engineer does not see it.
	if on, reserved := n.stockOf("P1", "VAN1"); on != 1 || reserved != 0 {
		t.Errorf("a plan promises parts: %d of %d", reserved, on)
	}
	if got := n.engineer.get("/visits?day=2026-11-17").want(200).list("items"); len(got) != 1 {
		t.Errorf("the engineer sees what is only proposed: %v", got)
	}
	n.sound()

	n.engineer.post("/plans/"+id+"/publish", nil).want(403)
	done := n.dispatcher.post("/plans/"+id+"/publish", nil).want(200).is("published", "state")
	for i := range done.list("visits") {
		if done.str("visits", i, "id") != p.str("visits", i, "id") {
			t.Errorf("visit %d became another one", i)
		}
		v := n.dispatcher.get("/visits/"+done.str("visits", i, "id")).want(200).is("dispatched", "state")
		if planned, booked := instant(t, p.str("visits", i, "starts_at")), instant(t, v.str("starts_at")); !planned.Equal(booked) || planned.Unix()%300 != 0 {
			t.Errorf("planned for %s, booked for %s", planned, booked)
		}
	}
	for _, o := range orders {
		n.dispatcher.get("/work-orders/"+o).want(200).is("assigned", "state")
	}
	if _, reserved := n.stockOf("P1", "VAN1"); reserved != 1 {
		t.Error("the part in the van is not promised")
	}
	if _, reserved := n.stockOf("P2", "WH"); reserved != 1 {
		t.Error("the part at the store is not promised")
	}
	if slips := n.dispatcher.get("/pickups?state=to_pick").want(200).list("items"); len(slips) != 1 {
		t.Errorf("%d slips for the counter", len(slips))
	}
	before := n.dispatcher.get("/visits?day=2026-11-17").want(200).raw
	n.dispatcher.post("/plans/"+id+"/publish", nil).want(200).is("published", "state") // twice is once
	if after := n.dispatcher.get("/visits?day=2026-11-17").want(200).raw; string(after) != string(before) {
		t.Error("publishing twice changed something")
	}
	n.dispatcher.post("/plans/"+id+"/reject", nil).refused(409, "plan_legal_move")
	n.sound()
}

// The world moves between plan and publishing: refused with what changed, nothing booked; the plan made
// from it begins where the old one was.
func TestPlanGoesStale(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, c := range []struct {
		what, kind string
		day        string
		happens    func(p *reply)
	}{
		{"an order is cancelled", "order", "2026-11-17", func(p *reply) {
			n.dispatcher.post("/work-orders/"+p.str("visits", 0, "work_order_id")+"/cancel", m{"reason": "不修了"}).want(200)
		}},
		{"somebody is booked by hand", "visit", "2026-11-18", func(p *reply) {
			extra := n.ready(500, nil)
			from := instant(t, p.str("visits", 0, "starts_at"))
			n.dispatcher.post("/work-orders/"+extra+"/assign", m{"engineer_id": p.str("visits", 0, "engineer_id"), "starts_at": from.Add(10 * time.Minute), "ends_at": from.Add(40 * time.Minute), "override_reason": "急"}).want(201)
		}},
		{"leave is granted", "absence", "2026-11-19", func(p *reply) {
			n.dispatcher.post("/engineers/"+p.str("visits", 0, "engineer_id")+"/absences", m{"starts_at": at(3, 7, 0), "ends_at": at(3, 19, 0), "kind": "leave"}).want(201)
		}},
		{"a part goes elsewhere", "part", "2026-11-20", func(p *reply) {
			on, reserved := n.stockOf("P1", "VAN1")
			n.admin.once("/stock/movements", m{"kind": "transfer", "sku": "P1", "quantity": on - reserved, "from_place": "VAN1", "to_place": "VAN2"}).want(201)
		}},
	} {
		var made []string
		n.receive("P1", 1, "VAN1")
		for i := range 3 {
			more := m{"window": m{"from": c.day + "T08:00:00+08:00", "to": c.day + "T18:00:00+08:00"}}
			if i == 0 {
				more["parts"] = []m{{"sku": "P1", "quantity": 1}}
			}
			made = append(made, n.ready(int(c.day[9]-'0')*10+i, more))
		}
		p := n.dispatcher.post("/plans", m{"day": c.day, "region_codes": []string{"bj-cy"}}).want(201)
		if len(p.list("visits")) != 3 {
			t.Fatalf("%s: %d visits: %s", c.what, len(p.list("visits")), p.raw)
		}
		c.happens(p)
		seen := n.dispatcher.get("/plans/" + p.str("id")).want(200)
		if len(seen.list("changes")) == 0 || seen.str("changes", 0, "kind") != c.kind {
			t.Errorf("%s: the plan says %v", c.what, seen.at("changes"))
		}
		no := n.dispatcher.post("/plans/"+p.str("id")+"/publish", nil).refused(409, "plan_stale")
		if no.str("changes", 0, "kind") != c.kind || no.str("changes", 0, "text") == "" {
			t.Errorf("%s: refused with %s", c.what, no.raw)
		}
		booked := 0
		for _, o := range made {
			if n.dispatcher.get("/work-orders/"+o).want(200).str("state") == "assigned" {
				booked++
			}
		}
		if booked != 0 {
			t.Errorf("%s: %d of a refused plan are booked", c.what, booked)
		}
		n.dispatcher.get("/plans/"+p.str("id")).want(200).is("stale", "state")
		again := n.dispatcher.post("/plans", m{"day": c.day, "region_codes": []string{"bj-cy"}, "from": p.str("id")}).want(201).is(p.str("id"), "warm_from")
		n.dispatcher.post("/plans/"+again.str("id")+"/publish", nil).want(200).is("published", "state")
	}
	n.sound()
}

// made waits for a plan that is made in the background, by doing the work as the program's runner would.
func (n *town) made(id string) *reply {
	n.t.Helper()
	queue := jobs.NewQueue(n.db, n.now)
	runner := jobs.NewRunner(queue, nil, 1)
	for kind, do := range n.desk.Handlers() {
		runner.Handle(kind, do)
	}
	ctx, stop := context.WithCancel(n.t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	for range 600 {
		p := n.dispatcher.get("/plans/" + id).want(200)
		if p.str("state") != "running" {
			stop()
			<-ended
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	n.t.Fatal("the plan was never made")
	return nil
}

// An engineer falls ill with visits announced: the program proposes who takes them inside the windows their
// customers were told; nobody else moves; accepted, it is carried out whole.
func TestPlanRepairsADay(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for i := range 3 {
		order := n.ready(i, nil)
		from := at(1, 9+2*i, 0)
		n.book(order, n.right, from, from.Add(45*time.Minute), "window", m{"from": from.Add(-time.Hour), "to": from.Add(time.Hour)}).want(201)
	}
	kept := n.ready(10, nil)
	other := n.book(kept, n.empty, at(1, 13, 30), at(1, 14, 15)).want(201).str("id")
	n.dispatcher.post("/engineers/"+n.right+"/absences", m{"starts_at": at(1, 7, 0), "ends_at": at(1, 19, 0), "kind": "sick", "on_conflict": "displace"}).want(201)
	plans := n.dispatcher.get("/plans?day=2026-11-17").want(200)
	plans.is("absence", "items", 0, "cause").is(n.right, "items", 0, "engineer_id")
	p := n.made(plans.str("items", 0, "id")).is("ready", "state")
	if len(p.list("visits")) != 3 || len(p.list("unplanned")) != 0 || p.num("moved_count") != 0 {
		t.Fatalf("%d visits, %d left over, %d moved: %s", len(p.list("visits")), len(p.list("unplanned")), p.num("moved_count"), p.raw)
	}
	for i := range 3 {
		p.is(n.right, "visits", i, "from", "engineer_id").is(n.empty, "visits", i, "engineer_id").is(true, "visits", i, "window_kept")
	}
	n.sound()
	n.dispatcher.post("/plans/"+p.str("id")+"/publish", nil).want(200).is("published", "state")
	n.dispatcher.get("/visits/"+other).want(200).is("dispatched", "state").is(n.empty, "engineer_id")
	n.sound()

	// An urgent order finds the day full: an announced visit moves within its window, and its customer, whose
	// window is kept, has nobody calling.
	for _, c := range []struct{ from, to time.Time }{{at(2, 9, 0), at(2, 12, 30)}, {at(2, 13, 30), at(2, 17, 0)}} {
		order := n.ready(20+c.from.Hour(), m{"duration_minutes": int(c.to.Sub(c.from).Minutes())})
		for _, e := range []string{n.right, n.empty} {
			if e == n.empty {
				order = n.ready(40+c.from.Hour(), m{"duration_minutes": int(c.to.Sub(c.from).Minutes())})
			}
			n.book(order, e, c.from, c.to, "window", m{"from": c.from, "to": c.from.Add(4 * time.Hour)}).want(201)
		}
	}
	urgent := n.ready(60, m{"priority": 1, "duration_minutes": 30, "window": m{"from": at(2, 9, 0), "to": at(2, 9, 30)}})
	fix := n.dispatcher.post("/plans/repair", m{"cause": "emergency", "day": "2026-11-18", "work_order_ids": []string{urgent}}).want(201)
	if len(fix.list("unplanned")) != 0 || fix.num("moved_count") < 1 || fix.num("moved_count") > 2 {
		t.Fatalf("%d moved, %d left over: %s", fix.num("moved_count"), len(fix.list("unplanned")), fix.raw)
	}
	for i := range fix.list("visits") {
		if fix.str("visits", i, "change") != "new" {
			fix.is(true, "visits", i, "window_kept")
		}
	}
	n.dispatcher.post("/plans/"+fix.str("id")+"/publish", nil).want(200).is("published", "state")
	n.dispatcher.get("/work-orders/"+urgent).want(200).is("assigned", "state")
	n.sound()

	// A longer search goes on in the background; who does not want it any more stops it.
	n.ready(70, nil)
	n.ready(71, nil)
	slow := n.dispatcher.post("/plans", m{"day": "2026-11-20", "seconds": 6}).want(201).is("running", "state")
	n.dispatcher.post("/plans/"+slow.str("id")+"/publish", nil).refused(409, "plan_legal_move")
	n.sound()
	n.dispatcher.post("/plans/"+slow.str("id")+"/reject", m{"reason": "不用了"}).want(200).is("rejected", "state")

	// Planned by itself once its hour has come, once.
	n.dispatcher.do("PUT", "/api/v1/organisations/HQ/plan-at", m{"plan_at": "18:30"}).want(403)
	n.manager.do("PUT", "/api/v1/organisations/HQ/plan-at", m{"plan_at": "00:01", "seconds": 1}).want(200).is("00:01", "plan_at")
	for range 2 {
		if err := n.desk.PlanNextDays(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	nights := n.dispatcher.get("/plans?state=running").want(200).list("items")
	if len(nights) != 1 {
		t.Fatalf("%d plans of the night", len(nights))
	}
	n.made(nights[0].(map[string]any)["id"].(string)).is("ready", "state").is("nightly", "cause").is("2026-11-17", "day")
	n.sound()
}

// A visit takes longer than planned: what its engineer can no longer reach goes to a colleague inside the
// window its customer was told, and nothing else moves. A part arrives: the order that waited for it gets a
// visit with that part, and nothing moves at all.
func TestPlanRepairsAnOverrunAndAPartThatArrived(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	book := func(i int, who string, from time.Time, window m) string {
		return n.book(n.ready(i, nil), who, from, from.Add(45*time.Minute), "window", window).want(201).str("id")
	}
	long := book(1, n.right, at(1, 9, 0), m{"from": at(1, 8, 30), "to": at(1, 9, 30)})
	next := book(2, n.right, at(1, 10, 15), m{"from": at(1, 10, 0), "to": at(1, 11, 30)})
	last := book(3, n.right, at(1, 15, 0), m{"from": at(1, 14, 0), "to": at(1, 16, 0)})
	colleague := book(4, n.empty, at(1, 13, 0), m{"from": at(1, 12, 30), "to": at(1, 13, 30)})
	waits := n.ready(5, m{"parts": []m{{"sku": "P3", "quantity": 1}}})
	was := map[string]string{}
	for _, v := range []string{long, last, colleague} {
		was[v] = n.dispatcher.get("/visits/" + v).want(200).str("starts_at")
	}

	n.pass(at(1, 9, 40).Sub(n.now()))
	for _, act := range []string{"accept", "depart", "arrive"} {
		n.engineer.post("/visits/"+long+"/"+act, nil).want(200)
	}
	n.dispatcher.post("/plans/repair", m{"cause": "overrun", "day": "2026-11-17", "until": at(1, 12, 30)}).refused(422, "repair_engineer")
	late := n.dispatcher.post("/plans/repair", m{"cause": "overrun", "day": "2026-11-17", "engineer_id": n.right, "until": at(1, 12, 30)}).want(201).is("ready", "state")
	if len(late.list("visits")) != 1 || len(late.list("unplanned")) != 0 || late.num("moved_count") != 1 {
		t.Fatalf("%d visits, %d left over, %d moved: %s", len(late.list("visits")), len(late.list("unplanned")), late.num("moved_count"), late.raw)
	}
	late.is(n.right, "visits", 0, "from", "engineer_id").is(n.empty, "visits", 0, "engineer_id").is(true, "visits", 0, "window_kept")
	n.sound()
	n.dispatcher.post("/plans/"+late.str("id")+"/publish", nil).want(200).is("published", "state")
	moved := n.dispatcher.get("/visits/"+next).want(200).is(n.empty, "engineer_id")
	if from := instant(t, moved.str("starts_at")); from.Before(at(1, 10, 0)) || !from.Before(at(1, 11, 30)) {
		t.Errorf("moved to %s", from)
	}
	n.dispatcher.get("/visits/"+long).want(200).is("on_site", "state").is(n.right, "engineer_id")
	n.sound()

	before := n.dispatcher.post("/plans/repair", m{"cause": "part_arrived", "day": "2026-11-18", "work_order_ids": []string{waits}}).want(201)
	before.is("part_none", "unplanned", 0, "reasons", 0, "rule")
	n.dispatcher.post("/plans/repair", m{"cause": "part_arrived", "day": "2026-11-18"}).refused(422, "repair_orders")
	n.receive("P3", 1, "WH")
	come := n.dispatcher.post("/plans/repair", m{"cause": "part_arrived", "day": "2026-11-18", "work_order_ids": []string{waits}}).want(201).is("ready", "state")
	if len(come.list("visits")) != 1 || come.num("moved_count") != 0 {
		t.Fatalf("%d visits, %d moved: %s", len(come.list("visits")), come.num("moved_count"), come.raw)
	}
	come.is(waits, "visits", 0, "work_order_id").is("new", "visits", 0, "change").is("WH", "visits", 0, "parts", 0, "from_place")
	n.dispatcher.post("/plans/"+come.str("id")+"/publish", nil).want(200).is("published", "state")
	if on, reserved := n.stockOf("P3", "WH"); on != 1 || reserved != 1 {
		t.Errorf("%d of %d are promised", reserved, on)
	}
	for v, start := range was {
		n.dispatcher.get("/visits/"+v).want(200).is(start, "starts_at")
	}
	n.sound()
}

// Two publish the same plan, two plans of one day are published at once, a dispatcher assigns by hand, leave
// is granted: whoever comes first, the day is booked whole or not at all.
func TestRacePublish(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	plan := func(day string) *reply {
		return n.dispatcher.post("/plans", m{"day": day, "region_codes": []string{"bj"}}).want(201)
	}
	whole := func(what string, orders []string) {
		booked := 0
		for _, o := range orders {
			if n.dispatcher.get("/work-orders/"+o).want(200).str("state") == "assigned" {
				booked++
			}
		}
		if booked != 0 && booked != len(orders) {
			t.Errorf("%s: %d of %d visits are booked", what, booked, len(orders))
		}
	}
	for round := range 8 {
		day := fmt.Sprintf("2026-11-%d", 17+round%4)
		var orders []string
		for i := range 2 {
			orders = append(orders, n.ready(round*10+i, m{"duration_minutes": 30}))
		}
		p := plan(day)
		publish := func(id string) func() *reply {
			return func() *reply { return n.dispatcher.post("/plans/"+id+"/publish", nil) }
		}
		switch round % 4 {
		case 0:
			if won := both(t, publish(p.str("id")), publish(p.str("id"))); won != 2 {
				t.Errorf("the same plan twice: %d answered with it", won)
			}
			whole("the same plan twice", orders)
		case 1:
			q := plan(day)
			if won := both(t, publish(p.str("id")), publish(q.str("id"))); won != 1 {
				t.Errorf("two plans of one day: %d were published", won)
			}
			whole("two plans", orders)
		case 2:
			v := p.at("visits", 0).(map[string]any)
			if won := both(t, publish(p.str("id")), func() *reply {
				return n.dispatcher.post("/work-orders/"+v["work_order_id"].(string)+"/assign", m{"engineer_id": v["engineer_id"], "starts_at": v["starts_at"], "ends_at": v["ends_at"]})
			}); won != 1 {
				t.Errorf("publishing against assigning: %d won", won)
			}
		case 3:
			from := at(1+round%4, 7, 0)
			won := both(t, publish(p.str("id")), func() *reply {
				return n.dispatcher.post("/engineers/"+p.str("visits", 0, "engineer_id")+"/absences", m{"starts_at": from, "ends_at": from.Add(12 * time.Hour), "kind": "leave"})
			})
			if won != 1 {
				t.Errorf("publishing against leave: %d won", won)
			}
			whole("against leave", orders)
		}
		for _, o := range orders {
			n.dispatcher.post("/work-orders/"+o+"/cancel", m{"reason": "下一轮"})
		}
		n.sound()
	}
}

// One more order on days that are partly booked at random: the plan gives it to whom the hint puts first, at
// the same time.
func TestPlanAndHintAgree(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P2", 5, "WH")
	random := rand.New(rand.NewPCG(7, 7))
	for day := 1; day <= 4; day++ {
		for i := range 5 {
			who := []string{n.right, n.empty}[random.IntN(2)]
			from := at(day, 8+2*i, 10+random.IntN(30))
			n.book(n.ready(day*20+i, m{"duration_minutes": 30}), who, from, from.Add(30*time.Minute), "override_reason", "随机").want(201)
		}
		on := fmt.Sprintf("2026-11-%d", 16+day)
		more := m{"duration_minutes": 30 + 15*random.IntN(3), "window": m{"from": on + "T08:00:00+08:00", "to": on + "T17:00:00+08:00"}}
		if random.IntN(2) == 0 {
			more["parts"] = []m{{"sku": "P2", "quantity": 1}}
		}
		order := n.ready(day*20+10, more)
		hint := n.dispatcher.get("/work-orders/" + order + "/candidates").want(200)
		p := n.dispatcher.post("/plans", m{"day": on, "region_codes": []string{"bj-cy"}}).want(201)
		if len(p.list("visits")) != 1 {
			t.Fatalf("day %d: %s", day, p.raw)
		}
		p.is(hint.at("items", 0, "engineer_id"), "visits", 0, "engineer_id")
		if a, b := instant(t, p.str("visits", 0, "starts_at")), instant(t, hint.str("items", 0, "starts_at")); !a.Equal(b) {
			t.Errorf("day %d: planned for %s, hinted for %s", day, a, b)
		}
		n.dispatcher.post("/plans/"+p.str("id")+"/publish", nil).want(200)
	}
	n.sound()
}

// What nobody can plan is refused by name before it is planned, and what nobody can do is listed with its reason.
func TestPlanNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, c := range []struct {
		path string
		body any
		says string
	}{
		{"/plans", m{"day": "2026-11-31"}, "day"},
		{"/plans", m{"region_codes": []string{"bj"}}, "day"},
		{"/plans", m{"day": "2026-11-17", "region_codes": []string{"atlantis"}}, "body.region_codes"},
		{"/plans", m{"day": "2026-11-17", "seconds": -1}, "seconds"},
		{"/plans", m{"day": "2026-11-17", "seed": -1}, "seed"},
		{"/plans", []byte(`{"day":"2026-11-17","seconds":NaN}`), "N"},
	} {
		got := n.dispatcher.post(c.path, c.body)
		if got.status < 400 || got.status > 422 || !strings.Contains(string(got.raw), c.says) {
			t.Errorf("%v: %d %s, want it to name %q", c.body, got.status, got.raw, c.says)
		}
	}
	order := n.ready(700, nil)
	request := n.dispatcher.get("/work-orders/" + order).want(200).str("request_id")
	for _, c := range []struct {
		body m
		says string
	}{
		{m{"window": m{"from": "2026-11-17T18:00:00+08:00", "to": "2026-11-17T08:00:00+08:00"}}, "window"},
		{m{"duration_minutes": -5}, "duration_minutes"},
		{m{"parts": []m{{"sku": "unheard of", "quantity": 1}}}, "unheard of"},
		{m{"parts": []m{{"sku": "P1", "quantity": -1}}}, "quantity"},
	} {
		c.body["kind"], c.body["priority"] = "inspect", 3
		got := n.agent.post("/requests/"+request+"/work-order", c.body)
		if got.status < 400 || got.status > 422 || !strings.Contains(string(got.raw), c.says) {
			t.Errorf("%v: %d %s, want it to name %q", c.body, got.status, got.raw, c.says)
		}
	}
	// On a day on which nobody works the order is listed, with a reason.
	p := n.dispatcher.post("/plans", m{"day": "2027-03-01", "region_codes": []string{"bj"}}).want(201)
	if len(p.list("visits")) != 0 || len(p.list("unplanned")) != 1 || p.str("unplanned", 0, "work_order_id") != order || len(p.list("unplanned", 0, "reasons")) == 0 {
		t.Errorf("nobody works, and the plan says %s", p.raw)
	}
}

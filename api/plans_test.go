package api_test

import (
	"fmt"
	"testing"
	"time"
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
	if got := n.engineer.get("/visits?day=2026-11-17").want(200).list("items"); len(got) != 0 {
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

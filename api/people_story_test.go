package api_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// The story of the contract, parts 1 to 7, each step by the login whose work it is.
func TestStoryByWhoseWorkItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin
	manager := w.user("manager", nil, "manager", "lead", "complaints", "technical", "auditor")
	dispatcher := w.user("dispatcher", nil, "dispatcher")
	agent := w.user("agent", nil, "agent", "clerk", "cashier")
	caller := w.user("caller", nil, "caller")
	keeper := w.user("stock", nil, "stock")
	depot := w.user("depot", nil, "depot")
	anyone := &client{w: w}

	// 1. Two regions, three engineers, a warehouse, three vans, five parts.
	for _, r := range []m{{"code": "bj-cy", "name": "朝阳区"}, {"code": "bj-hd", "name": "海淀区"}} {
		admin.post("/regions", r).want(201)
	}
	admin.post("/skills", m{"code": "cooling", "name": "制冷"}).want(201)
	for kind, code := range map[string]string{"fault": "F01", "cause": "C01", "action": "A01"} {
		admin.post("/codes", m{"kind": kind, "code": code, "name": code}).want(201)
	}
	engineers := map[string]*client{}
	ids := map[string]string{}
	for _, e := range []struct {
		login, name string
		skills      []m
	}{{"engineer1", "王伟", []m{{"code": "cooling", "level": 3}}}, {"engineer2", "李芳", nil}, {"engineer3", "张强", []m{{"code": "cooling", "level": 3}}}} {
		ids[e.login] = admin.post("/engineers", m{"name": e.name, "region_codes": []string{"bj-cy"}, "skills": e.skills, "home": m{"lat": 39.92, "lng": 116.46}}).want(201).str("id")
		dispatcher.post("/engineers/"+ids[e.login]+"/shifts", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0)}).want(201)
		dispatcher.post("/engineers/"+ids[e.login]+"/shifts", m{"starts_at": at(1, 8, 0), "ends_at": at(1, 18, 0)}).want(201)
		admin.post("/places", m{"code": "VAN" + e.login[8:], "name": e.name + "的车", "kind": "van", "engineer_id": ids[e.login]}).want(201)
		engineers[e.login] = w.user(e.login, m{"engineer_id": ids[e.login]}, "engineer")
	}
	admin.post("/places", m{"code": "WH", "name": "总库", "kind": "warehouse"}).want(201)
	for _, sku := range []string{"P1", "P2", "P3", "P4", "P5"} {
		keeper.post("/parts", m{"sku": sku, "name": "配件" + sku, "unit": "个", "price_minor": 3500}).want(201)
	}
	keeper.once("/stock/movements", m{"kind": "receive", "sku": "P1", "quantity": 1, "to_place": "WH"}).want(201)
	keeper.once("/stock/movements", m{"kind": "transfer", "sku": "P1", "quantity": 1, "from_place": "WH", "to_place": "VAN1"}).want(201)

	// 2. Phoned in; quoted; approved by link. Not approved, not assignable.
	customer := agent.post("/customers", m{"name": "周晓明", "phone": "13912345678"}).want(201).str("id")
	site := agent.post("/customers/"+customer+"/sites", m{"address": "朝阳区望京街 9 号", "region_code": "bj-cy", "lat": 39.99, "lng": 116.48}).want(201).str("id")
	asset := agent.post("/assets", m{"site_id": site, "brand": "海尔", "model": "KFR-35GW", "category": "空调", "purchased_on": "2020-05-01"}).want(201).str("id")
	request := agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": asset, "summary": "空调不制冷"}).want(201)
	received, _ := time.Parse(time.RFC3339, request.str("received_at"))
	due, _ := time.Parse(time.RFC3339, request.str("reply_due_at"))
	if due.Sub(received) != 24*time.Hour {
		t.Errorf("the reply is due after %v", due.Sub(received))
	}
	order := agent.post("/requests/"+request.str("id")+"/work-order", m{"kind": "repair", "priority": 2, "skill_codes": []string{"cooling"}, "parts": []m{{"sku": "P1", "quantity": 1}}, "duration_minutes": 60, "window": m{"from": at(0, 9, 0), "to": at(0, 17, 0)}}).want(201)
	number, id := order.str("number"), order.str("id")
	quote := agent.post("/work-orders/"+number+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
	slot := m{"engineer_id": ids["engineer1"], "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}
	dispatcher.post("/work-orders/"+number+"/assign", slot).want(409)
	token := strings.TrimPrefix(agent.post("/quotes/"+quote+"/send", nil).want(200).str("link"), "/c/")
	dispatcher.post("/work-orders/"+number+"/assign", slot).want(409)
	anyone.post("/public/quotes/"+token+"/approve", m{"name": "周晓明", "signature": [][][]float64{{{1, 2}, {3, 4}}}}).want(200)

	// 3. The right engineer first; assigned, reserved; nobody takes the slot or the part twice.
	candidates := dispatcher.get("/work-orders/" + number + "/candidates").want(200)
	candidates.is(ids["engineer1"], "items", 0, "engineer_id").is(true, "items", 0, "eligible").is(1, "items", 0, "parts", 0, "in_van")
	agent.post("/work-orders/"+number+"/assign", slot).want(403)
	visit := dispatcher.post("/work-orders/"+number+"/assign", slot).want(201).is("dispatched", "state").str("id")
	dispatcher.post("/work-orders/"+number+"/assign", slot).want(409)
	keeper.get("/stock?sku=P1&place=VAN1").want(200).is(1, "items", 0, "reserved").is(0, "items", 0, "available")

	// 4. Accept, depart, arrive, the sheet eight times at once with one key.
	e := engineers["engineer1"]
	for _, act := range []string{"accept", "depart", "arrive"} {
		engineers["engineer3"].post("/visits/"+visit+"/"+act, nil).want(404)
		e.post("/visits/"+visit+"/"+act, nil).want(200)
	}
	var wg sync.WaitGroup
	answers := make([]*reply, 8)
	for i := range answers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i] = e.do("POST", "/work-orders/"+number+"/sheet", finished(visit), "Idempotency-Key", "the-one-sheet-of-engineer-1")
		}()
	}
	wg.Wait()
	for _, a := range answers {
		a.want(201).is(answers[0].str("id"), "id")
	}
	done := dispatcher.get("/work-orders/"+number).want(200).is("completed", "state").is(15500, "receipt", "total_minor")
	if len(done.list("sheets")) != 1 || len(done.list("follow_ups")) != 1 {
		t.Errorf("%d sheets, %d follow-ups", len(done.list("sheets")), len(done.list("follow_ups")))
	}
	keeper.get("/stock?sku=P1&place=VAN1").want(200).is(0, "items", 0, "on_hand").is(0, "items", 0, "reserved")
	agent.post("/work-orders/"+number+"/receipt", nil).want(200).is(15500, "total_minor")
	done.is("2026-11-18", "follow_ups", 0, "window", "from").is("2026-11-19", "follow_ups", 0, "window", "to")

	// 5. Every paper, in both languages, by those who print it.
	for _, kind := range []string{"work-order", "repair-sheet", "quote", "settlement", "receipt", "follow-up"} {
		for _, lang := range []string{"zh-Hans", "en"} {
			who := map[string]*client{"follow-up": caller, "receipt": agent, "settlement": agent, "quote": agent}[kind]
			if who == nil {
				who = e
			}
			p := who.get("/work-orders/" + number + "/papers/" + kind + ".pdf?lang=" + lang).want(200)
			if p.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(p.raw), "%PDF-") {
				t.Errorf("%s in %s is %q", kind, lang, p.header.Get("Content-Type"))
			}
		}
	}

	// 6. Nobody answers, then a low score: a complaint with its own clock.
	call := caller.get("/follow-ups?work_order="+id).want(200).str("items", 0, "id")
	caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer"}).want(201)
	caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 1, "product": 4}, "comment": "师傅态度差"}).want(201)
	complaint := manager.get("/complaints?work_order=" + number).want(200)
	at1, _ := time.Parse(time.RFC3339, complaint.str("items", 0, "received_at"))
	at2, _ := time.Parse(time.RFC3339, complaint.str("items", 0, "reply_due_at"))
	if at2.Sub(at1) != 24*time.Hour || complaint.str("items", 0, "grade") != "grumble" {
		t.Errorf("the complaint is %s, due after %v", complaint.str("items", 0, "grade"), at2.Sub(at1))
	}
	c := complaint.str("items", 0, "id")
	manager.post("/complaints/"+c+"/reply", m{"text": "已致歉"}).want(200).is("investigating", "state")
	agent.once("/receipts/"+done.str("receipt", "id")+"/payments", m{"amount_minor": 15500, "method": "wechat"}).want(201).is("paid", "receipt", "state")
	depot.get("/custody?state=out").want(200)

	// 7. Nothing is broken.
	w.clean()
}

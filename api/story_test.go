package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// The story every acceptance run tells: parts 1 to 4 and 6 of a good day, each step by the login whose work it is.
func TestGoodDay(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	request, order := n.reported()
	r := n.agent.get("/requests/"+request).want(200).is("converted", "state")
	received, _ := time.Parse(time.RFC3339, r.str("received_at"))
	due, _ := time.Parse(time.RFC3339, r.str("reply_due_at"))
	if due.Sub(received) != 24*time.Hour {
		t.Fatalf("reply is due %v after receipt, want 24h", due.Sub(received))
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("new", "state").is(true, "chargeable")
	slot := m{"engineer_id": n.right, "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}
	n.dispatcher.post("/work-orders/"+order+"/assign", slot).want(409)

	q := n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).is(15500, "total_minor").str("id")
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	if !strings.HasPrefix(link, "/c/") || strings.Contains(link, "?") {
		t.Fatalf("the link is %q", link)
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("awaiting_approval", "state")
	n.dispatcher.post("/work-orders/"+order+"/assign", slot).want(409)
	anyone := &client{w: n.world}
	token := strings.TrimPrefix(link, "/c/")
	anyone.get("/public/quotes/"+token).want(200).is(15500, "quote", "total_minor")
	anyone.get("/public/quotes/" + token + "x").want(404)
	anyone.post("/public/quotes/"+token+"/approve", m{"name": ""}).want(422)
	anyone.post("/public/quotes/"+token+"/approve", m{"name": "周晓明", "signature": [][][]float64{{{1, 2}, {3, 4}}}}).want(200).is("approved", "quote", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(15500, "approved_minor")

	all := n.dispatcher.get("/work-orders/" + order + "/candidates").want(200)
	all.is(n.right, "items", 0, "engineer_id").is(true, "items", 0, "eligible").is(1, "items", 0, "parts", 0, "in_van")
	for _, c := range all.list("items") {
		who := c.(map[string]any)
		if len(who["reasons"].([]any)) == 0 {
			t.Errorf("%v has no reasons", who["name"])
		}
		if who["engineer_id"] == n.unskilled && (who["eligible"] == true || who["rule"] != "skill") {
			t.Errorf("who lacks the skill is %v by rule %v", who["eligible"], who["rule"])
		}
	}

	visit := n.assigned(order)
	if onHand, reserved := n.stockOf("P1", "VAN1"); onHand != 1 || reserved != 1 {
		t.Errorf("in the van lie %d, %d reserved; want 1, 1", onHand, reserved)
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("assigned", "state")
	n.dispatcher.post("/work-orders/"+order+"/assign", slot).want(409)
	second := n.approved() // the last part cannot be promised twice
	n.dispatcher.post("/work-orders/"+second+"/assign", m{"engineer_id": n.right, "starts_at": at(1, 10, 0), "ends_at": at(1, 11, 0)}).want(409)

	for _, act := range []string{"accept", "depart", "arrive"} {
		n.engineer.post("/visits/"+visit+"/"+act, nil).want(200)
	}
	n.engineer.get("/work-orders/"+order).want(200).is("in_progress", "state")

	var wg sync.WaitGroup
	answers := make([]*reply, 8)
	for i := range answers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i] = n.engineer.do("POST", "/work-orders/"+order+"/sheet", finished(visit), "Idempotency-Key", "one-sheet-one-key")
		}()
	}
	wg.Wait()
	for _, a := range answers {
		a.want(201).is(answers[0].str("id"), "id")
	}
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(answers[0].str("id"), "sheet", "id").is(15500, "receipt", "total_minor")
	if len(o.list("sheets")) != 1 {
		t.Errorf("%d sheets, want 1", len(o.list("sheets")))
	}
	if onHand, reserved := n.stockOf("P1", "VAN1"); onHand != 0 || reserved != 0 {
		t.Errorf("after the repair %d lie in the van, %d reserved; want none", onHand, reserved)
	}
	n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).want(409)

	calls := n.caller.get("/follow-ups?work_order="+order).want(200).is("2026-11-18", "items", 0, "window", "from").is("2026-11-19", "items", 0, "window", "to")
	if len(calls.list("items")) != 1 {
		t.Fatalf("%d follow-ups, want 1", len(calls.list("items")))
	}
	call := calls.str("items", 0, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer"}).want(201)
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 2, "product": 4}, "comment": "迟到了"}).want(201)
	n.manager.get("/complaints?work_order="+order).want(200).is("grumble", "items", 0, "grade").is("registered", "items", 0, "state")

	receipt := o.str("receipt", "id")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 15500, "method": "wechat"}).want(201).is("paid", "receipt", "state")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 1, "method": "cash"}).want(409)
	n.agent.post("/work-orders/"+order+"/receipt", nil).want(200).is(receipt, "id")
	n.dispatcher.post("/work-orders/"+order+"/close", nil).want(409).is("complaint", "open", 0)
}

// The second contact: parts 8 to 12 of the acceptance story in one company, each step by the login whose
// work it is, and after each part nothing contradicts anything.
func TestStorySecondContact(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	bench := n.user("depot", nil, "depot")
	other := n.user("engineer3", m{"engineer_id": n.empty}, "engineer")
	old := func(serial string) string { // a device out of its warranty, so that somebody pays
		return n.agent.post("/assets", m{"site_id": n.site, "model": "KFR-35GW", "category": "空调", "serial_number": serial, "purchased_on": "2019-05-01", "proof": "invoice"}).want(201).str("id")
	}

	// 8. An engineer falls ill with three announced visits: all are planned anew inside the windows that were
	// promised, and each customer has been told or stands on the list of whom to call.
	var orders []string
	for i := range 3 {
		_, order := n.order(n.covered(fmt.Sprintf("S8-%d", i)), m{"duration_minutes": 30})
		from := at(0, 10+2*i, 0)
		v := n.book(order, n.right, from, from.Add(30*time.Minute)).want(201).str("id")
		n.agent.post("/visits/"+v+"/confirm", m{"window": m{"from": from, "to": from.Add(time.Hour)}, "by": "phone", "with_whom": "周晓明"}).want(200)
		orders = append(orders, order)
	}
	ill := n.engineer.post("/engineers/"+n.right+"/absences", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0), "kind": "sick", "reason": "发烧", "on_conflict": "displace"}).want(201).str("absence", "id")
	n.dispatcher.post("/absences/"+ill+"/approve", nil).want(200)
	if waiting := n.dispatcher.get("/work-orders?displaced=true").want(200).list("items"); len(waiting) != 3 {
		t.Fatalf("%d orders stand on the list of the displaced, want 3", len(waiting))
	}
	n.sound()
	for i, order := range orders {
		promised := at(0, 10+2*i, 0)
		best := n.dispatcher.get("/work-orders/"+order+"/candidates").want(200).is(n.empty, "items", 0, "engineer_id").is(true, "items", 0, "eligible")
		v := n.book(order, n.empty, promised, promised.Add(30*time.Minute), "window", m{"from": promised, "to": promised.Add(time.Hour)}).want(201).is("dispatched", "state").str("id")
		if starts, _ := time.Parse(time.RFC3339, best.str("items", 0, "starts_at")); starts.Before(promised) || starts.After(promised.Add(time.Hour)) {
			t.Errorf("order %d is proposed for %v, promised was %v", i, starts, promised)
		}
		call := n.callbacks(order)["displaced"]
		if call == "" {
			t.Fatalf("order %d: nobody tells the customer: %v", i, n.callbacks(order))
		}
		switch i {
		case 0: // the customer agrees on the phone
			n.agent.post("/visits/"+v+"/confirm", m{"window": m{"from": promised, "to": promised.Add(time.Hour)}, "by": "phone", "with_whom": "周晓明"}).want(200)
		case 1: // the customer is told, which is all he needs to be
			n.caller.post("/callbacks/"+call+"/attempts", m{"outcome": "reached", "text": "同一时间，换张强上门"}).want(201)
		case 2: // nobody answers: he stays on the list
			n.caller.post("/callbacks/"+call+"/attempts", m{"outcome": "no_answer"}).want(201)
		}
		if left := n.callbacks(order)["displaced"] != ""; left != (i == 2) {
			t.Errorf("order %d stands on the list of whom to call: %v", i, left)
		}
		for _, act := range []string{"accept", "depart", "arrive"} {
			other.post("/visits/"+v+"/"+act, nil).want(200)
		}
		other.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil)).want(201)
		n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(nil, "receipt")
	}
	if waiting := n.dispatcher.get("/work-orders?displaced=true").want(200).list("items"); len(waiting) != 0 {
		t.Errorf("all were visited, and %d stand on the list of the displaced", len(waiting))
	}
	n.sound()

	n.later(1, 8, 30)
	n.anew()
	bench.token, other.token = n.login("depot").token, n.login("engineer3").token
	if err := n.desk.VansBack(t.Context()); err != nil { // he is well again, and his van is there
		t.Fatal(err)
	}

	// 9. A part lies in the store and is fetched on the way; on site another is missing. Two visits, two
	// sheets, one follow-up.
	_, order := n.order(n.covered("S9"), m{"parts": []m{{"sku": "P2", "quantity": 1}}})
	n.dispatcher.get("/work-orders/"+order+"/candidates").want(200).is("WH", "items", 0, "parts", 0, "from_place").is(0, "items", 0, "parts", 0, "in_van")
	v := n.book(order, n.right, at(1, 10, 0), at(1, 11, 0)).want(201).str("id")
	fetched := func() {
		slip := n.keeper.get("/pickups?state=to_pick&work_order="+order).want(200).is("WH", "items", 0, "place_code").str("items", 0, "id")
		n.keeper.post("/pickups/"+slip+"/ready", nil).want(200).is("ready", "state")
		n.engineer.post("/pickups/"+slip+"/hand-over", nil).want(200).is("handed_over", "state")
	}
	fetched()
	n.goes(v, "accept", "depart", "arrive")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "need_parts", m{"fault_code": "F01", "work_minutes": 30, "parts": []m{{"sku": "P2", "quantity": 1}}, "parts_needed": []m{{"sku": "P5", "quantity": 1}}})).want(201).is("booked", "parts", 0, "booking")
	if o := n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("parts", "hold_reason"); len(o.list("follow_ups")) != 0 {
		t.Errorf("nothing is repaired yet, and somebody asks whether all is well: %v", o.at("follow_ups"))
	}
	n.keeper.get("/shortages?sku=P5").want(200).is(order, "items", 0, "work_order_id")
	n.keeper.once("/stock/movements", m{"kind": "receive", "sku": "P5", "quantity": 1, "to_place": "WH"}).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	n.caller.post("/callbacks/"+n.callbacks(order)["part_arrived"]+"/attempts", m{"outcome": "reached", "text": "下午三点"}).want(201)
	v = n.book(order, n.right, at(1, 15, 0), at(1, 16, 0)).want(201).str("id")
	fetched()
	n.goes(v, "accept", "depart", "arrive")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", m{"parts": []m{{"sku": "P5", "quantity": 1}}})).want(201).is("VAN1", "parts", 0, "from_place")
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state")
	if len(o.list("sheets")) != 2 || len(o.list("follow_ups")) != 1 || len(o.list("reservations")) != 0 {
		t.Errorf("%d sheets, %d follow-ups, %d reservations; want 2, 1, 0", len(o.list("sheets")), len(o.list("follow_ups")), len(o.list("reservations")))
	}
	for _, place := range []string{"WH", "VAN1"} {
		if hand, held := n.stockOf("P5", place); hand != 0 || held != 0 {
			t.Errorf("the part is built in, and in %s lie %d, %d promised", place, hand, held)
		}
	}
	n.sound()

	// 10. The quote is refused after the inspection: the fee agreed before he drove is paid, and no part is
	// kept for anybody.
	_, order = n.order(old("S10"), m{"parts": []m{{"sku": "P1", "quantity": 1}}})
	fee := n.agent.post("/work-orders/"+order+"/quotes", m{"purpose": "call_out", "deduct_if_repaired": true, "valid_until": "2026-11-20",
		"lines": []m{{"kind": "inspection", "description": "上门检测费", "quantity": 1, "unit_minor": 8000}}}).want(201).str("id")
	n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	v = n.book(order, n.right, at(1, 12, 0), at(1, 13, 0)).want(201).str("id")
	if _, held := n.stockOf("P1", "VAN1"); held != 1 {
		t.Errorf("%d of P1 are promised, want 1", held)
	}
	n.goes(v, "accept", "depart", "arrive")
	q := n.engineer.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
	link := n.engineer.post("/quotes/"+q+"/send", nil).want(200).str("link")
	(&client{w: n.world}).post("/public/quotes/"+link[strings.LastIndex(link, "/")+1:]+"/decline", m{"name": "周晓明", "reason": "太贵"}).want(200).is("declined", "quote", "state")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "declined", m{"signature": strokes})).want(201)
	o = n.dispatcher.get("/work-orders/"+order).want(200).is("cannot_complete", "state").is("quote_declined", "end_reason").is(8000, "receipt", "total_minor")
	if _, held := n.stockOf("P1", "VAN1"); held != 0 || len(o.list("reservations")) != 0 {
		t.Errorf("a refused order keeps %d of P1, %v", held, o.at("reservations"))
	}
	n.engineer.once("/receipts/"+o.str("receipt", "id")+"/payments", m{"amount_minor": 8000, "method": "cash"}).want(201).is("paid", "receipt", "state")
	n.agent.post("/cash-ups", m{"engineer_id": n.right, "day": "2026-11-17", "counted_minor": 8000}).want(201)
	n.sound()

	// 11. A device goes to the workshop, is repaired there on a quote of its own, and comes back.
	_, order = n.order(old("S11"), nil)
	fee = n.agent.post("/work-orders/"+order+"/quotes", m{"purpose": "call_out", "valid_until": "2026-11-20", "lines": []m{{"kind": "travel", "description": "上门费", "quantity": 1, "unit_minor": 5000}}}).want(201).str("id")
	n.agent.post("/quotes/"+fee+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	v = n.book(order, n.right, at(1, 16, 30), at(1, 17, 30)).want(201).str("id")
	n.goes(v, "accept", "depart", "arrive")
	c := n.engineer.post("/work-orders/"+order+"/custody", m{"visit_id": v, "device": "KFR-35GW", "accessories": []string{"遥控器"}, "condition": "外壳有划痕", "data_consent": true, "expected_return_on": "2026-11-20", "signature": strokes}).want(201).is("taken", "state").str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "taken_to_depot", m{"fault_code": "F01"})).want(201)
	n.manager.get("/custody?state=out").want(200).is(c, "items", 0, "id")
	n.sound()
	bench.post("/custody/"+c+"/receive", m{"by": "维修台"}).want(200)
	bench.post("/custody/"+c+"/diagnose", nil).want(200)
	q = bench.post("/work-orders/"+order+"/quotes", m{"lines": []m{{"kind": "labour", "description": "主板维修", "quantity": 1, "unit_minor": 20000}}, "valid_until": "2026-11-20"}).want(201).str("id")
	bench.post("/custody/"+c+"/quote", nil).want(200)
	link = bench.post("/quotes/"+q+"/send", nil).want(200).str("link")
	(&client{w: n.world}).post("/public/quotes/"+link[strings.LastIndex(link, "/")+1:]+"/approve", m{"name": "周晓明", "signature": strokes}).want(200)
	for _, act := range []string{"approve", "test", "ready"} {
		bench.post("/custody/"+c+"/"+act, nil).want(200)
	}
	n.caller.post("/callbacks/"+n.callbacks(order)["device_ready"]+"/attempts", m{"outcome": "reached", "text": "下午来取"}).want(201)
	bench.post("/custody/"+c+"/return", m{"voucher_seen": true, "signature": strokes}).want(200).is("returned", "state")
	if out := n.manager.get("/custody?state=out").want(200).list("items"); len(out) != 0 {
		t.Errorf("%d devices are still with us", len(out))
	}
	n.dispatcher.post("/work-orders/"+order+"/convert", m{"mode": "depot"}).want(200)
	v = n.book(order, n.right, at(2, 9, 0), at(2, 10, 0)).want(201).str("id")
	n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil)).want(201)
	receipt := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(25000, "receipt", "total_minor").str("receipt", "id")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 19999, "method": "alipay"}).want(201).is("part_paid", "receipt", "state")
	n.sound()

	// 12. The month: what was charged is what came in and what is owed, to the fen.
	r := n.manager.get("/reports/receipts?from=2026-11-01&to=2026-11-30").want(200).is(2, "totals", "receipts").is(33000, "totals", "total_minor").is(8000, "totals", "cash_minor").is(27999, "totals", "paid_minor").is(5001, "totals", "balance_minor")
	n.manager.get("/receivables").want(200).is(r.num("totals", "balance_minor"), "total_minor").is(receipt, "items", 0, "receipt_id")
	charged, paid := 0, 0
	for _, row := range n.manager.get("/receipts?from=2026-11-01&to=2026-11-30").want(200).list("items") {
		charged, paid = charged+int(row.(m)["total_minor"].(float64)), paid+int(row.(m)["paid_minor"].(float64))
	}
	if charged != r.num("totals", "total_minor") || paid != r.num("totals", "paid_minor") || charged != paid+r.num("totals", "balance_minor") {
		t.Errorf("the receipts say %d charged and %d paid, the month says %s", charged, paid, r.raw)
	}
	n.sound()
}

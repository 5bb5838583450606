package api_test

import (
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

package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// pass lets time go by; everybody signs in again, since sessions end meanwhile.
func (n *town) pass(d time.Duration) {
	n.t.Helper()
	n.clock.Add(int64(d))
	for c, login := range map[*client]string{n.admin: "admin", n.dispatcher: "dispatcher", n.agent: "agent", n.engineer: "engineer1", n.caller: "caller", n.keeper: "stock", n.manager: "manager"} {
		c.token = n.login(login).token
	}
}

// quoted makes a quote of an order and returns its id.
func (c *client) quoted(order string, body m) string {
	c.w.t.Helper()
	quote := m{"lines": quoteLines, "valid_until": "2026-11-20"}
	for k, v := range body {
		quote[k] = v
	}
	return c.post("/work-orders/"+order+"/quotes", quote).want(201).str("id")
}

var callOutFee = m{"purpose": "call_out", "lines": []m{{"kind": "inspection", "description": "上门检测费", "quantity": 1, "unit_minor": 8000}}}

// agreedToACallOut is an order whose customer agreed by phone that somebody comes and looks.
func (n *town) agreedToACallOut(deduct bool) (order string) {
	n.t.Helper()
	_, order = n.reported()
	fee := m{"deduct_if_repaired": deduct}
	for k, v := range callOutFee {
		fee[k] = v
	}
	q := n.agent.quoted(order, fee)
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明"}).refused(422, "number_called_missing")
	n.agent.post("/quotes/"+q+"/approve", m{"how": "paper", "name": "周晓明"}).refused(422, "scan_missing")
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": " ", "note": "13912345678"}).want(422)
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678", "said_at": n.now().Add(time.Hour)}).refused(422, "said_in_future")
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200).is("approved", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state").is(8000, "call_out_minor")
	return order
}

// A call-out fee is agreed before anybody drives; the repair is agreed at the door, inside the same visit.
func TestCallOutThenRepairOnSite(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 5, "VAN1")
	for _, deduct := range []bool{true, false} {
		order := n.agreedToACallOut(deduct)
		visit := n.assigned(order)
		n.engineer.post("/visits/"+visit+"/arrive", nil).want(200)
		n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).refused(409, "sheets_repair_approved")
		q := n.engineer.quoted(order, nil)
		n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).refused(409, "sheets_repair_approved")
		n.engineer.post("/quotes/"+q+"/approve", m{"how": "on_site", "name": "周晓明", "signature": [][][]float64{{{1, 1}, {2, 2}}}}).want(200).is("on_site", "approved_how")
		n.engineer.get("/work-orders/"+order).want(200).is("in_progress", "state")
		n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).want(201)
		total := map[bool]int{true: 15500, false: 23500}[deduct]
		n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(total, "receipt", "total_minor")
	}
}

// A quote sent while the engineer is there keeps his visit; the link's yes lets him go on.
func TestQuoteSentDuringTheVisit(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.agreedToACallOut(true)
	visit := n.assigned(order)
	n.engineer.post("/visits/"+visit+"/arrive", nil).want(200)
	q := n.agent.quoted(order, nil)
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	n.agent.post("/quotes/"+q+"/send", nil).refused(409, "quote_legal_move")
	n.dispatcher.get("/work-orders/"+order).want(200).is("awaiting_approval", "state")
	token := link[strings.LastIndex(link, "/")+1:]
	anyone := &client{w: n.world}
	anyone.post("/public/quotes/"+token+"/approve", m{"name": "周晓明"}).want(200)
	anyone.post("/public/quotes/"+token+"/approve", m{"name": "周晓明"}).refused(409, "quote_legal_move")
	anyone.post("/public/quotes/"+token+"/decline", m{"reason": "太贵"}).refused(409, "quote_legal_move")
	n.dispatcher.get("/work-orders/"+order).want(200).is("in_progress", "state").is(n.right, "engineer_id")
	n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).refused(409, "quotes_one_live")
	v := n.engineer.quoted(order, m{"purpose": "variation", "lines": []m{{"kind": "labour", "description": "加装支架", "quantity": 1, "unit_minor": 9000}}})
	n.engineer.post("/quotes/"+v+"/approve", m{"how": "on_site", "name": "周晓明"}).want(200)
	n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).want(201)
	n.dispatcher.get("/work-orders/"+order).want(200).is(24500, "approved_minor").is(24500, "receipt", "total_minor")
}

// What is agreed is the repair and every variation, in whatever order the customer says yes.
func TestVariationAgreedBeforeTheRepair(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.reported()
	yes := m{"how": "phone", "name": "周晓明", "note": "13912345678"}
	repair := n.agent.quoted(order, nil)
	for _, q := range []struct {
		id   string
		want int
	}{
		{n.agent.quoted(order, m{"purpose": "variation", "lines": []m{{"kind": "labour", "description": "加装支架", "quantity": 1, "unit_minor": 9000}}}), 9000},
		{repair, 24500},
		{n.agent.quoted(order, m{"purpose": "variation", "lines": []m{{"kind": "labour", "description": "高空作业", "quantity": 1, "unit_minor": 500}}}), 25000},
		{n.agent.quoted(order, callOutFee), 25000},
	} {
		n.agent.post("/quotes/"+q.id+"/approve", yes).want(200)
		n.dispatcher.get("/work-orders/"+order).want(200).is(q.want, "approved_minor")
	}
	n.dispatcher.get("/work-orders/"+order).is(8000, "call_out_minor")
	n.clean()
}

// Work above the agreed sum is taken and flagged; a limit leaves room, a variation or a manager settles the rest.
func TestWorkAboveTheAgreedSum(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.receive("P1", 9, "VAN1")
	fitted := func(order string, pieces int) *reply {
		t.Helper()
		sheet := finished(n.assigned(order))
		sheet["parts"] = []m{{"sku": "P1", "quantity": pieces}}
		return n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201)
	}
	_, order := n.reported()
	q := n.agent.quoted(order, m{"limit_minor": 20000})
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	fitted(order, 2).is(0, "over_approved_minor")

	order = n.approved()
	fitted(order, 3).is(7000, "over_approved_minor")
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(15500, "receipt", "total_minor")
	first := o.str("receipt", "id")
	n.dispatcher.post("/work-orders/"+order+"/close", nil).refused(409, "work_order_still_open")
	n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(409)
	v := n.agent.quoted(order, m{"purpose": "variation", "lines": []m{{"kind": "part", "description": "启动电容", "sku": "P1", "quantity": 2, "unit_minor": 3500}}})
	n.agent.once("/receipts/"+first+"/payments", m{"amount_minor": 500, "method": "cash"}).want(201)
	n.agent.post("/quotes/"+v+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).refused(409, "receipts_void_refunded")
	n.agent.once("/receipts/"+first+"/payments", m{"amount_minor": -500, "method": "cash", "reason": "重开"}).want(201)
	n.agent.post("/quotes/"+v+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(22500, "receipt", "total_minor").is(0, "sheet", "over_approved_minor")
	n.agent.get("/receipts/"+first).want(200).is("void", "state")

	order = n.approved()
	fitted(order, 2).is(3500, "over_approved_minor")
	receipt := n.dispatcher.get("/work-orders/"+order).want(200).str("receipt", "id")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 15500, "method": "wechat"}).want(201)
	n.manager.post("/receipts/"+receipt+"/waive", m{"reason": "老客户"}).want(200).is("paid", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is(0, "sheet", "over_approved_minor")
}

// A quote that ended refuses every yes, the order waits for the customer, and somebody rings him.
func TestExpiredQuote(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.reported()
	n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-15"}).refused(422, "valid_until_past")
	q := n.agent.quoted(order, m{"valid_until": "2026-11-16"})
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	token := link[strings.LastIndex(link, "/")+1:]
	n.pass(15*time.Hour + 50*time.Minute) // ten minutes before midnight at the site
	if err := n.desk.ExpireQuotes(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.agent.get("/quotes/"+q).want(200).is("sent", "state")
	n.pass(11 * time.Minute)
	anyone := &client{w: n.world}
	anyone.post("/public/quotes/"+token+"/approve", m{"name": "周晓明"}).refused(409, "quote_expired")
	n.agent.post("/quotes/"+q+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).refused(409, "quote_expired")
	for range 2 {
		if err := n.desk.ExpireQuotes(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	n.agent.get("/quotes/"+q).want(200).is("expired", "state").is(nil, "reminded_at") // sent on its last day
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("customer", "hold_reason")
	for key, want := range map[string]int{"message.desk.quote_expired": 1, "message.customer.quote_expired": 1, "message.customer.quote_ends": 0} {
		if got := n.count("SELECT count(*) FROM messages WHERE order_id = ? AND key = ?", order, key); got != want {
			t.Errorf("%d times %s, want %d", got, key, want)
		}
	}
	if got := len(n.caller.get("/callbacks?reason=quote_open&work_order=" + order).want(200).list("items")); got != 1 {
		t.Errorf("%d call-backs about the open quote, want 1", got)
	}
	again := n.agent.quoted(order, m{"valid_until": "2026-11-21"})
	n.agent.get("/quotes/"+q).want(200).is("superseded", "state")
	// Two days before its last day, in the morning, the customer is reminded once, with a link that works.
	n.agent.post("/quotes/"+again+"/send", nil).want(200)
	reminded := func(want int) {
		t.Helper()
		if err := n.desk.RemindQuotes(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := n.count("SELECT count(*) FROM messages WHERE order_id = ? AND key = 'message.customer.quote_ends'", order); got != want {
			t.Errorf("reminded %d times, want %d", got, want)
		}
	}
	n.pass(time.Until(at(3, 8, 55).Add(-time.Duration(n.clock.Load()))))
	reminded(0)
	n.pass(10 * time.Minute)
	reminded(1)
	reminded(1)
	var link2 string
	if err := n.db.NewRaw("SELECT args ->> 3 FROM messages WHERE order_id = ? AND key = 'message.customer.quote_ends'", order).Scan(t.Context(), &link2); err != nil {
		t.Fatal(err)
	}
	(&client{w: n.world}).get("/public/quotes/"+link2[strings.LastIndex(link2, "/")+1:]).want(200).is("sent", "quote", "state")
	n.agent.post("/quotes/"+again+"/approve", m{"how": "phone", "name": "周晓明", "note": "13912345678"}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
	if got := len(n.caller.get("/callbacks?reason=quote_open&work_order=" + order).want(200).list("items")); got != 0 {
		t.Errorf("%d call-backs are left after the yes", got)
	}
}

// A no before any visit cancels the order; after one the agreed call-out fee is due; while somebody is there
// it changes the quote alone.
func TestDeclinedQuote(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.reported()
	q := n.agent.quoted(order, nil)
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	token := link[strings.LastIndex(link, "/")+1:]
	anyone := &client{w: n.world}
	anyone.post("/public/quotes/"+token+"/decline", m{}).want(422)
	anyone.post("/public/quotes/"+token+"/decline", m{"name": "周晓明", "reason": "买新的"}).want(200).is("declined", "quote", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("cancelled", "state").is("quote_declined", "cancel_reason")

	order = n.agreedToACallOut(true)
	visit := n.assigned(order)
	n.engineer.post("/visits/"+visit+"/arrive", nil).want(200)
	q = n.engineer.quoted(order, nil)
	n.engineer.post("/quotes/"+q+"/decline", m{"how": "on_site", "reason": "太贵"}).want(200).is("declined", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("in_progress", "state")
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": "declined", "signature": m{"reason": "拒签"}}).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("cannot_complete", "state").is("quote_declined", "end_reason").is(8000, "receipt", "total_minor")
	if len(o.list("reservations")) != 0 || len(o.list("follow_ups")) != 0 {
		t.Errorf("a refused order holds %v and will be called %v", o.at("reservations"), o.at("follow_ups"))
	}

	order = n.agreedToACallOut(false)
	visit = n.assigned(order)
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": "need_approval", "fault_code": "F01"}).refused(409, "quote_to_approve_missing")
	q = n.engineer.quoted(order, nil)
	n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": "need_approval", "fault_code": "F01"}).want(201)
	n.agent.post("/quotes/"+q+"/send", nil).want(200)
	n.agent.post("/quotes/"+q+"/decline", m{"how": "phone", "reason": "太贵"}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("cannot_complete", "state").is("quote_declined", "end_reason").is(8000, "receipt", "total_minor")

	// Agreed that somebody comes, cancelled before anybody did: nothing is due.
	order = n.agreedToACallOut(false)
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "客户取消"}).want(200).is("cancelled", "state")
	n.agent.post("/work-orders/"+order+"/receipt", nil).refused(409, "nothing_due")
}

// A yes on paper needs the scan, which then belongs to the quote.
func TestApprovedOnPaper(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.reported()
	q := n.agent.quoted(order, nil)
	unknown := hex.EncodeToString(make([]byte, sha256.Size))
	if a := n.agent.post("/quotes/"+q+"/approve", m{"how": "paper", "name": "周晓明", "file": unknown}); a.status < 400 || a.status >= 500 {
		t.Errorf("a scan nobody sent: status %d: %s", a.status, a.raw)
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("new", "state")
	sum := n.agent.putPicture()
	n.agent.post("/quotes/"+q+"/approve", m{"how": "paper", "name": "周晓明", "file": sum}).want(200).is("paper", "approved_how")
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")
}

// A customer who presses twice agrees once, and it is he who agreed; his link is kept nowhere as it is.
func TestCustomerPressesTwice(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	_, order := n.reported()
	link := n.agent.post("/quotes/"+n.agent.quoted(order, nil)+"/send", nil).want(200).str("link")
	token := link[strings.LastIndex(link, "/")+1:]
	for range 3 {
		(&client{w: n.world}).do("POST", "/public/quotes/"+token+"/approve", m{"name": "周晓明"}, "Idempotency-Key", "pressed-twice").want(200).is("approved", "quote", "state")
	}
	agreed := 0
	for _, e := range n.dispatcher.get("/work-orders/" + order).want(200).list("timeline") {
		if e := e.(map[string]any); e["action"] == "quote_approved" {
			agreed++
			if e["actor"] != "customer" {
				t.Errorf("agreed by %v", e["actor"])
			}
		}
	}
	if agreed != 1 {
		t.Errorf("agreed %d times", agreed)
	}
	if kept := n.count("SELECT count(*) FROM idempotency_keys WHERE position(? IN scope || key || route) > 0 OR position(?::bytea IN answer) > 0", token, token); kept != 0 {
		t.Error("the token of the link is kept as it is")
	}
	if other := n.count("SELECT count(DISTINCT actor) FROM audit_log WHERE tbl = 'quotes' AND change ->> 'state' = 'approved' AND actor LIKE 'customer:%'"); other != 1 {
		var actors []string
		_ = n.db.NewRaw("SELECT DISTINCT actor FROM audit_log WHERE tbl = 'quotes'").Scan(context.Background(), &actors)
		t.Errorf("the account of changes names %v", actors)
	}
}

package api_test

import (
	"testing"
	"time"
)

// A sheet is corrected by a new edition; parts are booked back and taken anew, and the bill follows.
func TestCorrectedSheet(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	s := n.engineer.once("/work-orders/"+order+"/sheet", finished(n.assigned(order))).want(201)
	first, number := s.str("id"), s.str("number")
	n.agent.post("/sheets/"+first+"/corrections", m{"parts": []m{}}).want(422)
	c := n.agent.post("/sheets/"+first+"/corrections", m{"reason": "没有换件", "parts": []m{}, "notes": "只清洗"}).want(201)
	c.is(2, "edition").is(first, "replaces_id").is("没有换件", "correction_reason").is(number+"-2", "number").is("F01", "fault_code")
	if onHand, _ := n.stockOf("P1", "VAN1"); onHand != 1 {
		t.Errorf("%d in the van after the correction, want the piece back", onHand)
	}
	old := n.agent.get("/sheets/" + first).want(200)
	if old.at("replaced_at") == nil || old.str("notes") != "" || len(old.list("parts")) != 1 {
		t.Errorf("the signed edition changed: %s", old.raw)
	}
	n.agent.post("/sheets/"+first+"/corrections", m{"reason": "再改", "notes": "x"}).refused(409, "sheets_signed_stays")
	o := n.dispatcher.get("/work-orders/"+order).want(200).is(c.str("id"), "sheet", "id").is(12000, "receipt", "total_minor")
	if len(o.list("sheets")) != 2 {
		t.Errorf("%d editions, want 2", len(o.list("sheets")))
	}
	// The words alone are corrected: parts and bill stay.
	again := n.agent.post("/sheets/"+c.str("id")+"/corrections", m{"reason": "又换了", "parts": []m{{"sku": "P1", "quantity": 1}}}).want(201).is("booked", "parts", 0, "booking")
	if onHand, _ := n.stockOf("P1", "VAN1"); onHand != 0 {
		t.Errorf("%d in the van, want none", onHand)
	}
	receipt := n.dispatcher.get("/work-orders/"+order).want(200).is(15500, "receipt", "total_minor").str("receipt", "id")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 15500, "method": "cash"}).want(201)
	last := n.agent.post("/sheets/"+again.str("id")+"/corrections", m{"reason": "错字", "work_minutes": 50}).want(201).is("booked", "parts", 0, "booking").is(50, "work_minutes")
	n.dispatcher.get("/work-orders/"+order).want(200).is(receipt, "receipt", "id")
	// Paid for a part that was never fitted: the receipt stands until the money went back, and keeps the order open.
	n.agent.post("/sheets/"+last.str("id")+"/corrections", m{"reason": "没换", "parts": []m{}}).want(201)
	call := n.dispatcher.get("/work-orders/"+order).want(200).is(receipt, "receipt", "id").str("follow_ups", 0, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 5, "product": 5}}).want(201)
	n.dispatcher.post("/work-orders/"+order+"/close", nil).refused(409, "work_order_still_open").is("receipt", "open", 0)
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": -15500, "method": "cash", "reason": "多收"}).want(201)
	fresh := n.agent.post("/work-orders/"+order+"/receipt", nil).want(201).is(12000, "total_minor").str("id")
	n.agent.once("/receipts/"+fresh+"/payments", m{"amount_minor": 12000, "method": "cash"}).want(201)
	n.dispatcher.post("/work-orders/"+order+"/close", nil).want(200)
	n.agent.post("/sheets/"+n.dispatcher.get("/work-orders/"+order).str("sheet", "id")+"/corrections", m{"reason": "x", "notes": "x"}).want(409)
	n.clean()
}

// What the ledger cannot cover does not stop the work: a stock keeper finds out where it came from.
func TestPartTheLedgerDoesNotKnow(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	sheet := finished(n.assigned(order))
	sheet["parts"] = []m{{"sku": "P1", "quantity": 1}, {"sku": "P3", "quantity": 2}, {"sku": "P4", "quantity": 1, "source": "customer_supplied"}}
	sheet["parts"] = append(sheet["parts"].([]m), m{"sku": "P99", "quantity": 1})
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).refused(422, "unknown_sku")
	sheet["parts"] = sheet["parts"].([]m)[:3]
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201).
		is("booked", "parts", 0, "booking").is("unreconciled", "parts", 1, "booking").is("outside", "parts", 2, "booking")
	n.dispatcher.get("/work-orders/"+order).want(200).is("completed", "state").is(15500, "receipt", "total_minor")
	list := n.keeper.get("/stock/unreconciled").want(200).is("P3", "items", 0, "sku").is(2, "items", 0, "quantity")
	if len(list.list("items")) != 1 {
		t.Errorf("%d lines to reconcile, want 1", len(list.list("items")))
	}
	line := list.str("items", 0, "id")
	open := n.dispatcher.post("/work-orders/"+order+"/close", nil).want(409).list("open")
	found := false
	for _, what := range open {
		found = found || what == "unreconciled_parts"
	}
	if !found {
		t.Errorf("still open are %v, want unreconciled_parts among them", open)
	}
	n.engineer.post("/stock/unreconciled/"+line+"/reconcile", m{"how": "x"}).want(403)
	n.keeper.post("/stock/unreconciled/"+line+"/reconcile", m{"from_place": "WH", "how": "盘点"}).refused(409, "stock_not_below_zero")
	n.receive("P3", 3, "WH")
	n.keeper.post("/stock/unreconciled/"+line+"/reconcile", m{"from_place": "WH", "how": "从总库拿的"}).want(200)
	if onHand, _ := n.stockOf("P3", "WH"); onHand != 1 {
		t.Errorf("%d left in the store, want 1", onHand)
	}
	n.keeper.post("/stock/unreconciled/"+line+"/reconcile", m{"from_place": "WH", "how": "again"}).refused(409, "already_reconciled")
	// The line was wrong after all: what was reconciled goes back too.
	id := n.dispatcher.get("/work-orders/"+order).str("sheet", "id")
	n.agent.post("/sheets/"+id+"/corrections", m{"reason": "未用风机", "parts": []m{{"sku": "P1", "quantity": 1}}}).want(201)
	if onHand, _ := n.stockOf("P3", "WH"); onHand != 3 {
		t.Errorf("%d in the store after the correction, want 3", onHand)
	}
	n.clean()
}

// A swapped part is owed back until it came; a correction does not owe it twice.
func TestOldPartIsOwed(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/parts", m{"sku": "BOARD", "name": "主板", "unit": "块", "price_minor": 9000, "return_old": true}).want(201)
	n.receive("BOARD", 3, "VAN1")
	order := n.approved()
	sheet := finished(n.assigned(order))
	sheet["parts"] = []m{{"sku": "P1", "quantity": 1}, {"sku": "BOARD", "quantity": 1, "old_serial_number": "OLD-1"}}
	s := n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201)
	o := n.dispatcher.get("/work-orders/"+order).want(200).is("old_due", "old_parts", 0, "state").is("OLD-1", "old_parts", 0, "serial_number").is("2026-11-23", "old_parts", 0, "due_on")
	n.keeper.post("/old-parts/"+o.str("old_parts", 0, "id")+"/scrap", nil).want(409)
	s = n.agent.post("/sheets/"+s.str("id")+"/corrections", m{"reason": "序列号", "parts": []m{{"sku": "P1", "quantity": 1}, {"sku": "BOARD", "quantity": 1, "old_serial_number": "OLD-2"}}}).want(201)
	due := func() (ids []string) {
		for _, p := range n.dispatcher.get("/work-orders/" + order).want(200).list("old_parts") {
			if p := p.(map[string]any); p["state"] == "old_due" {
				ids = append(ids, p["id"].(string))
			}
		}
		return ids
	}
	if got := due(); len(got) != 1 {
		t.Fatalf("%d old parts are owed after the correction, want 1", len(got))
	}
	n.keeper.do("POST", "/old-parts/"+due()[0]+"/receive", nil, "If-Match", `"99"`).refused(412, "stale")
	n.keeper.do("POST", "/old-parts/"+due()[0]+"/receive", nil, "If-Match", `"1"`).want(200).is("old_received", "state")
	n.agent.post("/sheets/"+s.str("id")+"/corrections", m{"reason": "数量", "parts": []m{{"sku": "BOARD", "quantity": 1}}}).want(201)
	if got := due(); len(got) != 0 {
		t.Errorf("%d old parts are owed although the one came back", len(got))
	}
	n.clean()
}

// Photos are named by what was sent and belong to the sheet from then on.
func TestPhotosOfASheet(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	visit := n.assigned(order)
	before, after := n.engineer.putPicture(), n.engineer.putPicture()
	sheet := finished(visit)
	sheet["photos"] = []any{before, "0000000000000000000000000000000000000000000000000000000000000000"}
	if a := n.engineer.once("/work-orders/"+order+"/sheet", sheet); a.status < 400 || a.status > 499 {
		t.Errorf("a photo nobody sent: %d %s", a.status, a.raw)
	}
	sheet["photos"] = []any{"not-a-hash"}
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).refused(422, "bad_photo")
	sheet["photos"] = []any{before, m{"sha256": after, "kind": "after"}}
	sheet["signature"] = []any{}
	n.engineer.once("/work-orders/"+order+"/sheet", sheet).refused(422, "bad_signature")
	sheet["signature"] = [][][]float64{{{0, 0}, {10, 10}}}
	s := n.engineer.once("/work-orders/"+order+"/sheet", sheet).want(201).is(before, "photos", 0, "sha256").is("after", "photos", 1, "kind")
	var file string
	if err := n.db.NewRaw("SELECT id FROM files WHERE sheet_id = ? ORDER BY id LIMIT 1", s.str("id")).Scan(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	p := n.dispatcher.get("/files/" + file).want(200)
	if p.header.Get("Content-Type") != "image/png" && p.header.Get("Content-Type") != "image/jpeg" || len(p.raw) == 0 {
		t.Errorf("the photo comes back as %q with %d bytes", p.header.Get("Content-Type"), len(p.raw))
	}
	other := n.user("engineer3", m{"engineer_id": n.empty}, "engineer")
	other.get("/files/" + file).want(404)
	n.engineer.do("PUT", "/files/"+before, []byte("something else"), "Content-Type", "image/png").want(422)
}

// A clerk types a paper sheet; a second person compares it with the paper.
func TestSheetTypedFromPaper(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	sheet := finished(n.assigned(order))
	sheet["entered_by"] = n.manager.id // whoever is signed in typed it
	s := n.agent.once("/work-orders/"+order+"/sheet", sheet).want(201).is(n.agent.id, "entered_by")
	n.agent.post("/sheets/"+s.str("id")+"/verify", nil).refused(409, "sheets_second_pair_of_eyes")
	n.admin.post("/sheets/"+s.str("id")+"/verify", nil).want(200).is(n.admin.id, "verified_by")
}

// A device goes back whenever its customer wants it, whatever was agreed.
func TestDeviceGoesBack(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	bench := n.user("depot", nil, "depot")
	sign := [][][]float64{{{0, 0}, {9, 9}}}
	record := m{"device": "海尔 KFR-35GW", "accessories": []string{"遥控器"}, "condition": "外壳有划痕", "expected_return_on": "2026-11-25", "signature": sign}
	taken := func(order string) string {
		t.Helper()
		c := bench.post("/work-orders/"+order+"/custody", record).want(201).str("id")
		n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("depot", "hold_reason")
		return c
	}
	// Brought to the counter, taken home again before anybody agreed on anything. The agent takes it in; its
	// number is not one that a customer could have.
	_, order := n.reported()
	walkIn := n.agent.post("/work-orders/"+order+"/custody", record).want(201)
	custody := walkIn.str("id")
	if number, customer := walkIn.str("number"), n.agent.get("/customers/"+n.customer).str("number"); number[:2] == customer[:2] {
		t.Errorf("the device is %s, its customer %s: one series for both", number, customer)
	}
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("depot", "hold_reason")
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "x"}).refused(409, "work_orders_device_back")
	bench.post("/custody/"+custody+"/return", m{"by": "周晓明", "signature": sign}).want(200).is("returned", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("customer", "hold_reason")
	n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "客户取走"}).want(200)

	// Refused at the bench: the device goes back, the order ends.
	_, order = n.reported()
	custody = taken(order)
	bench.post("/custody/"+custody+"/receive", m{}).want(200)
	q := n.agent.quoted(order, nil)
	n.agent.post("/quotes/"+q+"/send", nil).want(200)
	n.agent.post("/quotes/"+q+"/decline", m{"how": "phone", "reason": "太贵"}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("on_hold", "state").is("depot", "hold_reason")
	bench.post("/custody/"+custody+"/return", m{"by": "周晓明", "signature": sign}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("cancelled", "state").is("quote_declined", "cancel_reason")

	// Agreed and repaired at the bench: back into the queue when it went home.
	order = n.approved()
	custody = taken(order)
	bench.post("/custody/"+custody+"/return", m{"by": "周晓明", "signature": sign}).want(200)
	n.dispatcher.get("/work-orders/"+order).want(200).is("ready", "state")

	// Nothing left to repair.
	order = n.approved()
	custody = taken(order)
	n.manager.post("/custody/"+custody+"/scrap", m{"by": "周晓明", "signature": sign}).want(200).is("scrapped", "state")
	n.dispatcher.get("/work-orders/"+order).want(200).is("cannot_complete", "state").is("scrapped", "end_reason").is("scheduled", "follow_ups", 0, "state")
	if got := len(bench.get("/custody?state=out").want(200).list("items")); got != 0 {
		t.Errorf("%d devices are still with us", got)
	}
	n.clean()
}

// A partner takes or refuses what it is offered; the giver keeps watching.
func TestPartnerAnswers(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/organisations", m{"code": "P1", "name": "合作网点", "kind": "partner", "parent_code": n.admin.get("/me").str("organisation_code")}).want(201)
	partner := n.user("partner", m{"organisation_code": "P1"}, "partner_manager", "partner_dispatcher")
	order := n.approved()
	offer := m{"organisation_code": "P1", "reason": "太远", "answer_by": n.now().Add(2 * time.Hour)}
	partner.get("/work-orders/" + order).want(404)
	n.dispatcher.post("/work-orders/"+order+"/hand-over", offer).want(201).is("offered", "state")
	n.dispatcher.post("/work-orders/"+order+"/hand-over", offer).refused(409, "hand_overs_one_open")
	partner.get("/work-orders/" + order).want(200)
	partner.once("/work-orders/"+order+"/hand-over/refuse", m{}).want(422)
	partner.once("/work-orders/"+order+"/hand-over/refuse", m{"reason": "没人"}).want(200).is("refused", "hand_over", "state")
	partner.get("/work-orders/" + order).want(404)
	n.dispatcher.post("/work-orders/"+order+"/hand-over", offer).want(201)
	partner.post("/work-orders/"+order+"/hand-over/accept", nil).want(200).is("P1", "serving_organisation_code")
	partner.get("/customers/" + n.customer).want(200)
	n.dispatcher.get("/work-orders/" + order).want(200)

	// Gone on without an answer: the offer is withdrawn.
	for _, act := range []func(order string){
		func(order string) {
			n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "客户取消"}).want(200)
		},
		func(order string) { n.assigned(order) },
	} {
		taken := n.approved()
		n.dispatcher.post("/work-orders/"+taken+"/hand-over", offer).want(201)
		act(taken)
		n.dispatcher.get("/work-orders/"+taken).want(200).is("withdrawn", "hand_over", "state")
		partner.post("/work-orders/"+taken+"/hand-over/accept", nil).want(404)
	}

	late := n.approved()
	n.dispatcher.post("/work-orders/"+late+"/hand-over", offer).want(201)
	n.pass(3 * time.Hour)
	n.run("hand-overs-expire")
	n.dispatcher.get("/work-orders/"+late).want(200).is("expired", "hand_over", "state")
	(&client{w: n.world, token: n.login("partner").token}).get("/work-orders/" + late).want(404)
	n.clean()
}

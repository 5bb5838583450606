package api_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// printed is what a copy machine for text would get from a paper, without line breaks.
func printed(t testing.TB, file []byte) string {
	t.Helper()
	if !bytes.HasPrefix(file, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(file), []byte("%%EOF")) {
		t.Fatalf("not a whole PDF file: %.80q", file)
	}
	var out strings.Builder
	for rest := file; ; {
		_, behind, found := bytes.Cut(rest, []byte(" 0 obj\n"))
		if !found {
			return out.String()
		}
		object, next, _ := bytes.Cut(behind, []byte("endobj"))
		rest = next
		head, data, is := bytes.Cut(object, []byte("stream\n"))
		length := regexp.MustCompile(`/Length (\d+)`).FindSubmatch(head)
		if !is || length == nil {
			continue
		}
		n, _ := strconv.Atoi(string(length[1]))
		if data = data[:min(n, len(data))]; bytes.Contains(head, []byte("/FlateDecode")) {
			r, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		for {
			at := bytes.Index(data, []byte(" Td ("))
			if at < 0 {
				break
			}
			data = data[at+5:]
			var raw []byte
			for len(data) > 0 && data[0] != ')' {
				if data[0] == '\\' {
					if data = data[1:]; data[0] == 'r' {
						raw, data = append(raw, '\r'), data[1:]
						continue
					}
				}
				raw, data = append(raw, data[0]), data[1:]
			}
			var codes []uint16
			for ; len(raw) >= 2; raw = raw[2:] {
				codes = append(codes, binary.BigEndian.Uint16(raw))
			}
			out.WriteString(string(utf16.Decode(codes)))
		}
	}
}

// paper reads a paper as a client does and keeps it where PAPERS says, to be looked at.
func (c *client) paper(path string) (string, []byte) {
	c.w.t.Helper()
	a := c.get(path).want(200)
	if got := a.header.Get("Content-Type"); got != "application/pdf" {
		c.w.t.Fatalf("%s is %q", path, got)
	}
	if folder := os.Getenv("PAPERS"); folder != "" {
		name := strings.NewReplacer("/", "_", "?", "_", "=", "-", "&", "_").Replace(path) + ".pdf"
		if err := os.WriteFile(filepath.Join(folder, name), a.raw, 0o644); err != nil {
			c.w.t.Fatal(err)
		}
	}
	return printed(c.w.t, a.raw), a.raw
}

func (n *town) says(what, paper string, words ...string) {
	n.t.Helper()
	for _, word := range words {
		if !strings.Contains(paper, word) {
			n.t.Errorf("%s does not say %q:\n%s", what, word, paper)
		}
	}
}

// Everything that can be printed of a good day, in both languages, each with the customer, the number of
// the order and the part where the paper is about parts.
func TestPapersOfAGoodDay(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.do("PUT", "/organisations/HQ/letterhead", m{"hotline": "400-000-1234", "complaints": "010-0000 5678", "emergency": "值班经理 010-0000 9999"}).want(200)
	order := n.approved()
	number := n.dispatcher.get("/work-orders/" + order).want(200).str("number")
	papers := "/work-orders/" + order + "/papers/"
	n.dispatcher.get(papers+"settlement.pdf").refused(404, "paper_not_yet")
	n.dispatcher.get(papers+"custody.pdf").refused(404, "paper_not_yet")
	n.dispatcher.get(papers+"poem.pdf").refused(404, "paper_unknown")
	n.dispatcher.get(papers+"work-order").refused(404, "paper_unknown")
	n.dispatcher.get(papers+"work-order.pdf?copy=moon").refused(422, "copy_unknown")
	n.dispatcher.get(papers+"work-order.pdf?lang=la").refused(422, "lang_unknown")
	n.dispatcher.get("/work-orders/WO-2026-999999/papers/work-order.pdf").want(404)
	for _, form := range []string{"repair-sheet", "acceptance", "reception", "checklist", "no-access", "follow-up"} {
		paper, _ := n.dispatcher.paper(papers + form + ".pdf?lang=en")
		n.says("the form "+form, paper, "周晓明", number)
	}

	visit := n.assigned(order)
	for lang, words := range map[string][]string{"zh-Hans": {"派工单", "预约时段", "1 号车", "收费"}, "en": {"Work order", "Appointment", "1 号车", "chargeable"}} {
		paper, _ := n.engineer.paper(papers + "work-order.pdf?lang=" + lang)
		n.says("the work order in "+lang, paper, append(words, "周晓明", number, "P1", "启动电容", "王伟", "空调不制冷", "SN0001", "朝阳区望京街 9 号")...)
		sheet, _ := n.dispatcher.paper("/papers/day-sheets.pdf?day=2026-11-16&lang=" + lang)
		n.says("the day sheet in "+lang, sheet, "周晓明", number, "P1", "王伟", "400-000-1234")
		own, _ := n.engineer.paper("/engineers/" + n.right + "/papers/day.pdf?day=2026-11-16&lang=" + lang)
		n.says("his own day in "+lang, own, "周晓明", number, "P1")
		all, _ := n.dispatcher.paper("/papers/work-orders.pdf?day=2026-11-16&region=bj&lang=" + lang)
		n.says("the work orders of the day in "+lang, all, "周晓明", number, "P1")
	}
	// What is noted about a customer stays in the house.
	n.admin.do("PATCH", "/customers/"+n.customer, m{"notes": "付款拖延"}).want(200)
	ours, _ := n.dispatcher.paper(papers + "work-order.pdf?lang=zh-Hans")
	n.says("our work order", ours, "付款拖延")
	if his, _ := n.dispatcher.paper(papers + "work-order.pdf?lang=zh-Hans&copy=customer"); strings.Contains(his, "付款拖延") {
		t.Error("the customer reads what is noted about him")
	}
	none, _ := n.dispatcher.paper("/papers/work-orders.pdf?day=2026-11-16&region=bj-hd&lang=en")
	n.says("the work orders of a region without any", none, "nothing to print")
	// Printed for one organisation: days of its own engineers.
	n.admin.post("/organisations", m{"code": "P-EAST", "name": "城东网点", "kind": "partner", "parent_code": "HQ", "region_codes": []string{"bj-cy"}}).want(201)
	for _, stack := range []string{"day-sheets", "work-orders"} {
		ours, _ := n.dispatcher.paper("/papers/" + stack + ".pdf?day=2026-11-16&organisation=HQ&lang=en")
		n.says(stack+" of head office", ours, "周晓明", number)
		theirs, _ := n.dispatcher.paper("/papers/" + stack + ".pdf?day=2026-11-16&organisation=P-EAST&lang=en")
		n.says(stack+" of a partner without work", theirs, "nothing to print")
	}
	idle, _ := n.dispatcher.paper("/engineers/" + n.unskilled + "/papers/day.pdf?day=2026-11-16&lang=en")
	n.says("the day of who has none", idle, "李芳", "No visits on this day")

	// Who is out visiting reads his own papers alone.
	other := n.user("engineer2", m{"engineer_id": n.unskilled}, "engineer")
	other.get(papers + "work-order.pdf").want(404)
	other.get("/engineers/" + n.right + "/papers/day.pdf?day=2026-11-16").want(404)
	other.get("/engineers/" + n.right + "/calendar.ics").want(404)
	other.get("/papers/day-sheets.pdf").want(403)
	n.engineer.get(papers + "follow-up.pdf").want(403)
	n.keeper.get(papers + "receipt.pdf").want(403)
	ics := n.engineer.get("/engineers/" + n.right + "/calendar.ics").want(200)
	if !strings.HasPrefix(ics.header.Get("Content-Type"), "text/calendar") || !strings.Contains(string(ics.raw), number) {
		t.Errorf("the calendar is %s:\n%s", ics.header.Get("Content-Type"), ics.raw)
	}

	for _, act := range []string{"accept", "depart", "arrive"} {
		n.engineer.post("/visits/"+visit+"/"+act, nil).want(200)
	}
	done := finished(visit)
	done["parts"] = []m{{"sku": "P1", "quantity": 1, "serial_number": "NEW-1", "old_serial_number": "OLD-9"}}
	done["checklist"] = []m{{"code": "function", "result": "pass"}, {"code": "leak", "result": "not_applicable", "note": "无水路"}}
	done["readings"] = m{"电流 A": "0 → 4.6"}
	sheet := n.engineer.once("/work-orders/"+order+"/sheet", done).want(201)
	receipt := n.dispatcher.get("/work-orders/"+order).want(200).str("receipt", "id")

	for lang, words := range map[string]map[string][]string{
		"zh-Hans": {"repair-sheet": {"维修单", "故障现象", "壹佰伍拾伍元整", "2027-02-14"}, "quote": {"报价单", "同意·链接确认"}, "settlement": {"维修结算单", "壹佰伍拾伍元整"}, "follow-up": {"回访单", "更换"},
			"checklist": {"检查表", "无水路"}, "acceptance": {"验收单"}, "reception": {"接件单"}},
		"en": {"repair-sheet": {"Repair sheet", "Fault found", "155.00", "14 Feb 2027"}, "quote": {"Quotation", "approved"}, "settlement": {"Repair bill", "155.00"}, "follow-up": {"Follow-up call", "Fitted"},
			"checklist": {"Routine check", "无水路"}, "acceptance": {"Acceptance"}, "reception": {"Reception"}},
	} {
		for kind, more := range words {
			paper, first := n.dispatcher.paper(papers + kind + ".pdf?lang=" + lang)
			n.says(kind+" in "+lang, paper, append(more, "周晓明", number, "P1")...)
			if kind == "repair-sheet" || kind == "quote" || kind == "settlement" {
				if _, again := n.agent.paper(papers + kind + ".pdf?lang=" + lang); !bytes.Equal(first, again) {
					t.Errorf("%s in %s is another paper for the second reader", kind, lang)
				}
			}
		}
		paper, _ := n.dispatcher.paper(papers + "repair-sheet.pdf?lang=" + lang)
		n.says("the repair sheet in "+lang, paper, "F01", "不制冷", "C01", "A01", "更换电容", "OLD-9", "NEW-1", "4.6", "王伟")
		paper, _ = n.dispatcher.paper("/follow-ups/papers.pdf?due_on=2026-11-18&lang=" + lang)
		n.says("the calls of the day in "+lang, paper, "周晓明", number, "P1", "更换电容")
	}

	// A bill that was handed out stays; the payment makes the next version, a receipt.
	unpaid, bill := n.agent.paper(papers + "receipt.pdf?lang=en")
	n.says("the receipt before it is paid", unpaid, "Repair bill", "Still owed")
	n.agent.once("/receipts/"+receipt+"/payments", m{"amount_minor": 15500, "method": "wechat", "reference": "4200001"}).want(201)
	paid, now := n.agent.paper(papers + "receipt.pdf?lang=en")
	n.says("the receipt", paid, "Receipt", "WeChat Pay", "4200001", "version 2", number, "周晓明", "P1")
	if bytes.Equal(bill, now) {
		t.Error("the receipt does not show the payment")
	}
	further, marked := n.agent.paper(papers + "receipt.pdf?lang=en&reprint=true")
	n.says("a further print of the receipt", further, "Reprint", "version 2", number)
	if _, kept := n.agent.paper(papers + "receipt.pdf?lang=en"); !bytes.Equal(kept, now) || bytes.Equal(marked, now) || strings.Contains(paid, "Reprint") {
		t.Error("a further print is marked, and the paper that was issued stays what it is")
	}
	masked, _ := n.agent.paper(papers + "receipt.pdf?lang=en&copy=customer")
	n.says("the customer's copy", masked, "Customer's copy")
	if strings.Contains(masked, "139 1234 5678") || !strings.Contains(paid, "139 1234 5678") {
		t.Error("the number is masked on the customer's copy and nowhere else")
	}

	// What the customer keeps leads him to his page; what stays in the house does not. Whoever else holds the
	// paper can neither sign nor rate in his name.
	office, _ := n.agent.paper(papers + "receipt.pdf?lang=en&copy=office")
	for what, paper := range map[string]string{"the receipt": paid, "its further print": further, "the customer's copy": masked} {
		n.says(what, paper, "Scan")
	}
	if strings.Contains(office, "Scan") {
		t.Error("the office's copy leads to the customer's page")
	}
	const scanned = "what-the-phone-reads"
	if _, err := n.db.ExecContext(t.Context(), "UPDATE links SET token_hash = sha256(?) WHERE token_hash = (SELECT token_hash FROM links WHERE purpose = 'paper' ORDER BY created_at DESC LIMIT 1)", []byte(scanned)); err != nil {
		t.Fatal(err)
	}
	page := (&client{w: n.world}).get("/public/links/"+scanned).want(200).is(number, "number")
	sent := n.agent.post("/work-orders/"+order+"/share", nil).want(201).str("link")
	if acts := (&client{w: n.world}).get("/public/links/" + sent[strings.LastIndex(sent, "/")+1:]).want(200).list("allowed_actions"); !slices.Contains(acts, any("rate")) {
		t.Errorf("whoever was sent a link of his own may %v", acts)
	}
	if acts := page.list("allowed_actions"); slices.Contains(acts, any("rate")) || slices.Contains(acts, any("sign")) {
		t.Errorf("whoever scans the paper may %v", acts)
	}

	call := n.caller.get("/follow-ups?work_order="+order).want(200).str("items", 0, "id")
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer", "comment": "语音信箱"}).want(201)
	n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 5, "product": 4}, "comment": "很满意", "identity_checked": true}).want(201)
	answered, _ := n.caller.paper(papers + "follow-up.pdf?lang=en")
	n.says("the call that reached somebody", answered, "语音信箱", "很满意", "no answer", "reached", number, "周晓明")

	// A correction is a paper of its own; the edition it replaced says that it is void.
	signed, old := n.dispatcher.paper(papers + "repair-sheet.pdf?lang=en")
	n.dispatcher.post("/sheets/"+sheet.str("id")+"/corrections", m{"reason": "写错", "notes": "电容鼓包"}).want(201)
	corrected, _ := n.dispatcher.paper(papers + "repair-sheet.pdf?lang=en")
	n.says("the corrected sheet", corrected, "电容鼓包", "version 2")
	if strings.Contains(signed, "电容鼓包") {
		t.Error("the signed sheet knew the correction")
	}
	replaced, fresh := n.dispatcher.paper(papers + "repair-sheet.pdf?lang=en&of=" + sheet.str("id"))
	n.says("the replaced sheet", replaced, "VOID", "¥155.00")
	if bytes.Equal(old, fresh) {
		t.Error("the replaced sheet does not say that it is void")
	}
	n.dispatcher.get(papers+"repair-sheet.pdf?of="+order).refused(404, "sheet_not_found")
}

// A device that is taken away, a part that is fetched from the store, and a door that stays shut.
func TestPapersOfOtherDays(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	request := n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": n.asset, "summary": "压缩机不转"}).want(201).str("id")
	o := n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "priority": 1, "parts": []m{{"sku": "P2", "quantity": 2}}}).want(201)
	order, number := o.str("id"), o.str("number")
	n.manager.post("/work-orders/"+order+"/coverage", m{"line": "all", "source": "goodwill", "reason": "老客户"}).want(200)
	papers := "/work-orders/" + order + "/papers/"
	visit := n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.right, "starts_at": at(1, 10, 0), "ends_at": at(1, 11, 0)}).want(201).str("id")
	for _, lang := range []string{"zh-Hans", "en"} {
		list, _ := n.keeper.paper("/papers/pick-lists.pdf?day=2026-11-17&lang=" + lang)
		n.says("the pick list in "+lang, list, "PU-2026-", "P2", "压缩机", number, "周晓明", "总库", "王伟")
		day, _ := n.dispatcher.paper("/papers/day-sheets.pdf?day=2026-11-17&engineer=" + n.right + "&lang=" + lang)
		n.says("the day sheet with a pick-up in "+lang, day, "总库", "P2", number)
		work, _ := n.dispatcher.paper(papers + "work-order.pdf?lang=" + lang)
		n.says("the work order with a pick-up in "+lang, work, "PU-2026-", "总库", "老客户")
	}
	for _, act := range []string{"accept", "depart", "arrive"} {
		n.engineer.post("/visits/"+visit+"/"+act, nil).want(200)
	}
	n.engineer.post("/work-orders/"+order+"/custody", m{"visit_id": visit, "device": "海尔空调外机", "serial_number": "SN0001", "accessories": []string{"电源线", "遥控器"}, "condition": "外壳轻微划伤",
		"data_consent": false, "expected_return_on": "2026-11-24", "signature": [][][]float64{{{0, 0, 1}, {20, 10, 2}, {40, 0, 3}}}, "loaner": m{"serial": "LN-7", "device": "移动空调"}}).want(201)
	for lang, words := range map[string][]string{"zh-Hans": {"收机凭证"}, "en": {"Custody receipt"}} {
		voucher, first := n.dispatcher.paper(papers + "custody.pdf?copy=customer&lang=" + lang)
		n.says("the voucher in "+lang, voucher, append(words, "周晓明", number, "DV-2026-", "电源线", "遥控器", "外壳轻微划伤", "SN0001", "LN-7", "移动空调", "P2")...)
		if _, again := n.manager.paper(papers + "custody.pdf?copy=customer&lang=" + lang); !bytes.Equal(first, again) {
			t.Error("the voucher is another paper for the second reader")
		}
		reception, _ := n.dispatcher.paper(papers + "reception.pdf?lang=" + lang)
		n.says("the reception sheet in "+lang, reception, "周晓明", number, "DV-2026-", "外壳轻微划伤", "P2")
	}

	// Advice by phone is followed up too, though there is no order.
	young := n.agent.post("/assets", m{"site_id": n.site, "brand": "美的", "model": "MG100", "purchased_on": "2026-09-01", "proof": "invoice"}).want(201).str("id")
	told := n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": young, "summary": "遥控器没反应", "told": "先换电池"}).want(201)
	n.agent.post("/requests/"+told.str("id")+"/answer", m{"solution": "换电池后正常"}).want(200)
	for lang, word := range map[string]string{"zh-Hans": "回访单", "en": "Follow-up call"} {
		calls, _ := n.caller.paper("/follow-ups/papers.pdf?due_on=2026-11-30&lang=" + lang)
		n.says("the call after advice in "+lang, calls, word, "周晓明", told.str("number"), "换电池后正常", "先换电池", "MG100")
	}

	shut := n.approved()
	visit = n.assigned(shut)
	n.engineer.once("/work-orders/"+shut+"/sheet", m{"visit_id": visit, "outcome": "no_access", "arrived_at": at(0, 10, 5), "notes": "邻居说在加班"}).want(201)
	for lang, word := range map[string]string{"zh-Hans": "未遇", "en": "Sorry we missed you"} {
		notice, _ := n.engineer.paper("/work-orders/" + shut + "/papers/no-access.pdf?lang=" + lang)
		n.says("the notice in "+lang, notice, word, "周晓明", "王伟", n.dispatcher.get("/work-orders/"+shut).str("number"))
		for _, secret := range []string{"139", "空调不制冷", "邻居", "P1"} {
			if strings.Contains(notice, secret) {
				t.Errorf("the notice at the door says %q:\n%s", secret, notice)
			}
		}
	}
}

package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/money"
	"paigong/internal/say"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// sheetExtras are what spares typing: what it was last time, what was agreed, what has to be checked.
func (a *ask) sheetExtras(o *workorders.Order, v *templates.SheetForm) (err error) {
	if v.Presets, err = a.findings(o); err != nil {
		return err
	}
	need := workorders.SheetNeeds(o.Kind)
	for _, q := range o.Quotes {
		if q.State == workorders.QuoteDraft || q.State == workorders.QuoteSent {
			need["need_approval"] = slices.DeleteFunc(need["need_approval"], func(f string) bool { return f == "lines" }) // one stands already
		}
	}
	needs, err := json.Marshal(need)
	if err != nil {
		return err
	}
	v.Needs, v.Custody, v.ReturnOn = string(needs), o.Custody != nil, a.today().AddDays(7).String()
	v.Chargeable = o.Chargeable
	agreed := map[string]int64{}
	for _, q := range o.Quotes {
		if q.State != workorders.QuoteApproved {
			continue
		}
		v.Quoted += q.TotalMinor
		if q.LimitMinor != nil {
			v.Limit += *q.LimitMinor
		}
		for _, l := range q.Lines {
			if l.SKU != nil {
				agreed[*l.SKU] += l.Quantity
			}
		}
	}
	for i := range v.Parts {
		v.Parts[i].Agreed = agreed[v.Parts[i].SKU]
		if !o.Chargeable {
			v.Parts[i].Price = 0
		}
	}
	v.ToPay = v.Quoted
	if o.Receipt != nil {
		v.ToPay = o.Receipt.BalanceMinor
	}
	if o.Chargeable && a.by.May(auth.TakePayment) {
		v.Methods = []string{"cash", "wechat", "alipay", "card"}
	}
	return nil
}

// sheet is the form for what happened at a visit; a clerk copies a paper into the same form.
func (p *Pages) sheet(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	visit := a.ownVisit(&o)
	if visit == nil || !visit.State.Binding() {
		return nil, fault.New(fault.Conflict, "no_open_visit", "this order has no open visit, so nothing can be reported about one").Allow("assign")
	}
	v := templates.SheetForm{Number: o.Number, Kind: o.Kind, Summary: o.Summary, Customer: o.CustomerName, Device: templates.Device{Name: o.AssetName}, VisitID: visit.ID.String(), Outcome: "done", Install: o.Kind == "install" || o.Kind == "relocate",
		TravelMinutes: visit.TravelMinutes, ArrivedAt: zero(visit.ArrivedAt), FinishedAt: a.now, Clerk: a.by.EngineerID == nil, WorkMinutes: o.DurationMinutes}
	if o.AssetID != nil {
		if d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), *o.AssetID); err == nil {
			v.Device = a.deviceView(d)
		}
	}
	if visit.ArrivedAt != nil {
		v.WorkMinutes = max(1, int(a.now.Sub(*visit.ArrivedAt).Minutes()))
	}
	if v.Clerk {
		for _, w := range o.Visits {
			if w.Lead && w.State.Binding() {
				v.Visits = append(v.Visits, templates.Option{Value: w.ID.String(), Text: a.plainTime(w.StartsAt) + " " + w.EngineerName})
			}
		}
	}
	for _, c := range []struct {
		to   *[]templates.Option
		kind knowledge.Kind
	}{{&v.FaultCodes, knowledge.Fault}, {&v.CauseCodes, knowledge.Cause}, {&v.ActionCodes, knowledge.Action}} {
		if *c.to, err = a.codeOptions(c.kind); err != nil {
			return nil, err
		}
	}
	if v.Parts, err = a.atHand(&o, visit); err != nil {
		return nil, err
	}
	if v.PartChoices, err = a.partOptions(); err != nil {
		return nil, err
	}
	v.Checks = a.checkItems(o.Checklist)
	if err := a.sheetExtras(&o, &v); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	v.IdempotencyKey = v.Key
	if was := a.posted.Values.Get("idempotency_key"); was != "" {
		v.IdempotencyKey = was
	}
	return v, nil
}

// checkItems are the lines of a check list in the reader's language; those that must be looked at say so.
func (a *ask) checkItems(lines []knowledge.CheckLine) (out []templates.CheckItem) {
	for _, l := range lines {
		text := l.Called(a.lang)
		if l.Mandatory {
			text += " · " + a.t("sheet.check_mandatory")
		}
		out = append(out, templates.CheckItem{Code: l.Code, Text: text, Mandatory: l.Mandatory})
	}
	return out
}

// atHand are the parts an engineer may have fitted: what is in his van, what he fetched for the order.
func (a *ask) atHand(o *workorders.Order, visit *dispatch.Visit) ([]templates.VanPart, error) {
	held := map[string]int64{}
	for _, r := range o.Reservations {
		held[r.PlaceCode+" "+r.SKU] += r.Quantity
	}
	var out []templates.VanPart
	van, err := a.look().Stock.VanOf(a.ctx(), visit.EngineerID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	if van != nil {
		page, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), inventory.StockFilter{Ask: many, Place: van.Code, Condition: string(inventory.Good)})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			key := r.PlaceCode + " " + r.SKU
			seen[key] = true
			if r.OnHand == 0 {
				continue
			}
			out = append(out, templates.VanPart{SKU: r.SKU, Name: r.PartName, Unit: r.Unit, OnHand: r.OnHand, Reserved: held[key]})
		}
	}
	for _, r := range o.Reservations {
		if key := r.PlaceCode + " " + r.SKU; !seen[key] {
			seen[key] = true
			out = append(out, templates.VanPart{SKU: r.SKU, Name: r.PartName, OnHand: held[key], Reserved: held[key], Place: r.PlaceCode})
		}
	}
	slices.SortStableFunc(out, func(x, y templates.VanPart) int { return int(min(1, y.Reserved)) - int(min(1, x.Reserved)) })
	var skus []string
	for _, part := range out {
		skus = append(skus, part.SKU)
	}
	known, err := a.look().Stock.PartsBySKU(a.ctx(), skus...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Serialised, out[i].Price = known[out[i].SKU].Serialised, money.Fen(known[out[i].SKU].PriceMinor)
		if out[i].Unit == "" {
			out[i].Unit = known[out[i].SKU].Unit
		}
	}
	return out, nil
}

// unsigned is a signature that is none, with the reason.
func unsigned(why string) json.RawMessage {
	raw, err := json.Marshal(map[string]string{"reason": why})
	if err != nil {
		return nil
	}
	return raw
}

// signature is what was drawn, or why nothing was.
func (f *form) signature(a *ask) json.RawMessage {
	if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
		return json.RawMessage(drawn)
	}
	switch {
	case f.text("signature_reason") != "":
		return unsigned(f.text("signature_reason"))
	case f.ticked("verbal") && f.text("signer_name") != "":
		return unsigned(a.t("sheet.agreed_by_word", f.text("signer_name")))
	}
	return nil
}

// photos keeps the pictures that came with a form and names those that came before it, by their hashes.
func (p *Pages) photos(ctx context.Context, a *ask, f *form) ([]json.RawMessage, error) {
	var out []json.RawMessage
	add := func(photo map[string]string) error {
		raw, err := json.Marshal(photo)
		out = append(out, raw)
		return err
	}
	for _, kind := range append([]string{"paper"}, templates.PhotoKinds...) {
		for _, h := range f.files["photos_"+kind] {
			hash, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, kind)
			if err != nil {
				return nil, err
			}
			if hash != "" {
				if err := add(map[string]string{"sha256": hash, "kind": kind}); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, line := range f.Values["photo"] { // hash, kind, when it was taken
		word := strings.Fields(line)
		if len(word) < 2 {
			return nil, fault.New(fault.Invalid, "bad_photo", "a photo is a SHA-256, or {sha256,kind}").Field("body.photos", "expected a hash or an object")
		}
		photo := map[string]string{"sha256": word[0], "kind": word[1]}
		if len(word) > 2 {
			photo["taken_at"] = word[2]
		}
		if err := add(photo); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// submitSheet records a visit and, in the same transaction, what was agreed, handed over and paid at the door.
func (p *Pages) submitSheet(ctx context.Context, a *ask, f *form) (string, error) {
	in, err := f.sheet(a)
	if err != nil {
		return "", err
	}
	var taken *depot.CustodyInput
	if in.Outcome == "taken_to_depot" && f.text("custody_device") != "" {
		taken = &depot.CustodyInput{VisitID: &in.VisitID, Device: f.text("custody_device"), Accessories: f.list("custody_accessories"), Condition: f.need("custody_condition"), ExpectedReturnOn: f.needDate("custody_return_on"), Signature: in.Signature}
	}
	quote, err := f.doorQuote(a, in)
	if err != nil {
		return "", err
	}
	method, sum := f.text("pay_method"), f.yuan("pay_amount")
	if err := f.err(); err != nil {
		return "", err
	}
	number := a.Param("number")
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, _ workorders.Ledgers) (err error) {
		if in.Photos, err = p.photos(ctx, a, f); err != nil {
			return err
		}
		if f.ticked("rang") { // nobody answered at the door
			if _, err := p.desk.TalkAboutOrder(ctx, a.by, number, workorders.ConversationInput{Direction: "out", Channel: "phone", Kind: "appointment", Outcome: "no_answer"}); err != nil {
				return err
			}
		}
		if taken != nil {
			o, err := p.desk.Order(ctx, a.by, number)
			if err != nil {
				return err
			}
			if o.Custody == nil {
				if _, err := p.desk.TakeDevice(ctx, a.by, number, *taken); err != nil {
					return err
				}
			}
		}
		if quote != nil && in.Outcome == "need_approval" {
			in.QuoteLines = quote.Lines
		} else if quote != nil {
			q, err := p.desk.MakeQuote(ctx, a.by, number, *quote)
			if err != nil {
				return err
			}
			if f.ticked("agreed_on_site") && in.Outcome != "declined" {
				name := f.text("signer_name")
				if name == "" {
					name = a.t("sheet.customer_on_site")
				}
				yes := workorders.ApprovalInput{How: "on_site", Name: name}
				if len(in.Signature) > 0 && in.Signature[0] == '[' {
					yes.Signature = in.Signature
				}
				if _, err := p.desk.ApproveQuote(ctx, a.by, q.ID, yes); err != nil {
					return err
				}
			}
		}
		if _, err := p.desk.SubmitSheet(ctx, a.by, number, in); err != nil {
			return err
		}
		if f.ticked("follow_on") {
			if err := p.followOn(ctx, a, number, in); err != nil {
				return err
			}
		}
		if method == "" || sum == nil || *sum <= 0 {
			return nil
		}
		o, err := p.desk.Order(ctx, a.by, number)
		if err != nil {
			return err
		}
		if o.Receipt == nil {
			return fault.New(fault.Conflict, "nothing_due", "nothing is due on this order, so no money can be taken for it")
		}
		_, _, err = p.desk.Pay(ctx, a.by, o.Receipt.ID, billing.PaymentInput{AmountMinor: *sum, Method: method, PaidAt: in.FinishedAt})
		return err
	})
	if err != nil {
		return "", err
	}
	if a.visiting() {
		return "/m", nil
	}
	return "/orders/" + number, nil
}

// doorQuote is an offer written into the sheet: to be decided later with need_approval, a signed addition to
// what was agreed with the others. nil when no line has a price.
func (f *form) doorQuote(a *ask, in workorders.SheetInput) (*workorders.QuoteInput, error) {
	if !slices.ContainsFunc(f.Values["line_unit"], func(price string) bool { return strings.TrimSpace(price) != "" }) {
		return nil, nil
	}
	f.Set("valid_until", a.today().AddDays(14).String())
	f.Set("purpose", "repair")
	if in.Outcome != "need_approval" && in.Outcome != "declined" {
		o, err := a.p.desk.Order(a.ctx(), a.by, a.Param("number"))
		if err != nil {
			return nil, err
		}
		if o.ApprovedMinor != nil {
			f.Set("purpose", "variation")
		}
	}
	q, err := f.quote(a)
	return &q, err
}

// followOn opens what a failed item of the check list asks for, as a request about the same device.
func (p *Pages) followOn(ctx context.Context, a *ask, number string, in workorders.SheetInput) error {
	o, err := p.desk.Order(ctx, a.by, number)
	if err != nil {
		return err
	}
	var failed []string
	for _, c := range in.Checklist {
		if c.Result == "fail" {
			text := c.Code
			if say.Has("paper.check." + c.Code) {
				text = a.t("paper.check." + c.Code)
			}
			if c.Note != "" {
				text += ": " + c.Note
			}
			failed = append(failed, text)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	told := a.t("sheet.follow_on_told", number)
	_, err = p.desk.Register(ctx, a.by, workorders.RequestInput{Channel: "walk_in", Kind: "repair", CustomerID: &o.CustomerID, SiteID: o.SiteID, AssetID: o.AssetID, Summary: strings.Join(failed, a.t("ui.comma")), Description: told, Told: told})
	return err
}

// keep puts an upload into the cabinet and gives its hash; a field left empty sends a file of nothing.
func (p *Pages) keep(ctx context.Context, by auth.Caller, size int64, read func() ([]byte, error), kind string) (string, error) {
	if size == 0 {
		return "", nil
	}
	body, err := read()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	up := files.Upload{OrgID: by.OrgID, Actor: by.Actor(), SHA256: hex.EncodeToString(sum[:]), Kind: kind, Body: body}
	if by.Person() {
		up.By = &by.UserID
	}
	_, err = p.desk.PutFile(ctx, by, up)
	return up.SHA256, err
}

// sheet reads what is reported about a visit.
func (f *form) sheet(a *ask) (workorders.SheetInput, error) {
	in := workorders.SheetInput{VisitID: zero(f.id("visit_id")), Outcome: f.need("outcome"), FaultCode: f.opt("fault_code"), CauseCode: f.opt("cause_code"), ActionCode: f.opt("action_code"), Notes: f.text("notes"),
		WorkMinutes: f.minutes("work_minutes"), TravelMins: f.minutes("travel_minutes"), ArrivedAt: f.time("arrived_at"), FinishedAt: f.time("finished_at"), Signature: f.signature(a), SignerName: f.opt("signer_name"),
		MinutesLeft: f.minutes("minutes_left"), OldPartsKept: f.ticked("old_parts_kept")}
	f.need("visit_id")
	if in.SignerName != nil {
		in.SignerRel = f.opt("signer_relation")
	}
	for i, sku := range f.Values["part_sku"] {
		quantity := f.at("part_quantity", i)
		if sku == "" || quantity == "" {
			continue
		}
		if n := f.whole("parts", quantity); n > 0 {
			line := workorders.SheetPartInput{SKU: sku, Quantity: n}
			line.SerialNumber, line.OldSerialNumber, line.FromPlace = filled(f.at("part_serial", i)), filled(f.at("part_old_serial", i)), filled(f.at("part_from", i))
			in.Parts = append(in.Parts, line)
		}
	}
	for i := range f.Values["needed_sku"] {
		quantity, sku, what := f.at("needed_quantity", i), f.at("needed_sku", i), f.at("needed_text", i)
		if quantity == "" || sku == "" && what == "" {
			continue
		}
		if n := f.whole("parts_needed", quantity); n > 0 {
			need := workorders.PartNeed{SKU: sku, Quantity: n, Urgency: f.at("needed_urgency", i)}
			if sku == "" {
				need.Text = what
			}
			in.PartsNeeded = append(in.PartsNeeded, need)
		}
	}
	for i, code := range f.Values["check_code"] {
		result := f.at("check_result", i)
		if result == "" {
			continue
		}
		in.Checklist = append(in.Checklist, workorders.CheckItem{Code: code, Result: result, Note: f.at("check_note", i)})
	}
	if readings := f.text("readings"); readings != "" {
		in.Readings = map[string]any{"readings": readings}
	}
	if model, serial := f.text("installed_model"), f.text("installed_serial"); model != "" || serial != "" {
		in.Installed = []workorders.InstalledItem{{Model: model, SerialNumber: serial, Position: f.text("installed_position")}}
	}
	if result := f.text("acceptance_result"); result != "" {
		in.Acceptance = &workorders.Acceptance{Result: result, Name: f.text("signer_name"), Relation: f.text("signer_relation")}
		for line := range strings.Lines(f.text("acceptance_defects")) {
			if line = strings.TrimSpace(line); line != "" {
				in.Acceptance.Defects = append(in.Acceptance.Defects, workorders.Defect{Text: line})
			}
		}
	}
	if what := f.text("incident"); what != "" {
		in.Incident = &workorders.Incident{What: what}
	}
	if f.ticked("from_paper") && a.by.Person() {
		in.EnteredBy = &a.by.UserID
	}
	return in, f.err()
}

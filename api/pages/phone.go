package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// day is the engineer's day. Somebody who is no engineer is told so.
func (p *Pages) day(a *ask) (templates.Page, error) {
	if a.by.EngineerID == nil {
		return nil, fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	day := a.today()
	if d := a.dayIn("day"); d != nil {
		day = *d
	}
	page, err := p.desk.Visits(a.ctx(), a.by, dispatch.VisitFilter{Ask: many, Engineer: a.by.EngineerID, Day: &day})
	if err != nil {
		return nil, err
	}
	v := templates.Day{Day: day.String(), Previous: "/m?day=" + day.AddDays(-1).String(), Following: "/m?day=" + day.AddDays(1).String()}
	for _, visit := range page.Items {
		if visit.State == dispatch.Cancelled || visit.State == dispatch.Declined || visit.State == dispatch.Proposed {
			continue
		}
		stop, err := a.stop(visit)
		if err != nil {
			return nil, err
		}
		v.Stops = append(v.Stops, stop)
		v.Staff = visit.StaffNumber
	}
	if v.Pickups, err = a.slips(func(s inventory.Pickup) bool { return calendar.Of(s.NeededBy, a.zone) == day }); err != nil {
		return nil, err
	}
	if o, err := a.look().People.Organisation(a.ctx(), a.by.OrgID); err == nil {
		if line := hotline(o.Letterhead); line != "" {
			v.Phones = append(v.Phones, templates.Person{Name: a.t("phone.desk"), Phone: line})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func hotline(letterhead json.RawMessage) string {
	var head struct {
		Hotline string `json:"hotline"`
	}
	if json.Unmarshal(letterhead, &head) != nil {
		return ""
	}
	return head.Hotline
}

// slips are the parts that wait for this engineer.
func (a *ask) slips(wanted func(inventory.Pickup) bool) ([]templates.Pickup, error) {
	page, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: 100}, Engineer: a.by.EngineerID.String()})
	if err != nil {
		return nil, err
	}
	var out []templates.Pickup
	for _, s := range page.Items {
		if (s.State == inventory.ToPick || s.State == inventory.PickReady) && wanted(s) {
			out = append(out, a.fetched(s))
		}
	}
	return out, nil
}

// stop is a visit with what must be known to get there.
func (a *ask) stop(visit dispatch.Visit) (templates.Stop, error) {
	o, err := a.p.desk.Order(a.ctx(), a.by, visit.OrderID.String())
	if err != nil {
		return templates.Stop{}, err
	}
	return a.stopOf(visit, &o)
}

func (a *ask) stopOf(visit dispatch.Visit, o *workorders.Order) (templates.Stop, error) {
	s := templates.Stop{VisitID: visit.ID.String(), OrderNumber: o.Number, State: string(visit.State), StartsAt: visit.StartsAt, EndsAt: visit.EndsAt, Kind: o.Kind, Priority: o.Priority, Summary: o.Summary, Customer: o.CustomerName,
		Address: o.Address, Parts: a.partLines(o), Chases: o.ChaseCount, Late: visit.Late}
	if visit.Window != nil {
		s.WindowFrom, s.WindowTo = visit.Window.From, visit.Window.To
	}
	if o.Lat != nil && o.Lng != nil {
		s.MapPath = "/m/orders/" + o.Number + "/map"
	}
	c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), o.CustomerID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return s, err
	}
	s.Phone = doorPhone(c, o)
	for _, site := range c.Sites {
		if o.SiteID != nil && site.ID == *o.SiteID {
			s.AccessNotes = site.AccessNotes
		}
	}
	for _, act := range visit.AllowedActs() {
		if slices.Contains(steps, act) && a.by.May(auth.WorkVisit) || (act == "accept" || act == "decline") && a.by.May(auth.AnswerVisit) {
			s.Allowed = append(s.Allowed, act)
		}
	}
	if visit.State.Binding() && visit.Lead && a.by.May(auth.SubmitSheet) {
		s.Allowed = append(s.Allowed, "sheet")
	}
	if visit.State.Binding() && a.by.May(auth.WriteQuote) {
		s.Allowed = append(s.Allowed, "quotes")
	}
	return s, nil
}

// doorPhone is whom to ring at the door: who opens it, else the customer.
func doorPhone(c customers.Customer, o *workorders.Order) string {
	for _, p := range c.Contacts {
		if len(p.Phones) > 0 && p.RetiredAt == nil && (o.SiteContactID != nil && p.ID == *o.SiteContactID || o.SiteContactID == nil && p.Role == customers.OnSite) {
			return customers.ShowPhone(p.Phones[0])
		}
	}
	if c.Phone != nil {
		return customers.ShowPhone(*c.Phone)
	}
	return ""
}

// ownVisit is the visit of an order that this page is about: the engineer's own, else the one that is open.
func (a *ask) ownVisit(o *workorders.Order) *dispatch.Visit {
	var found *dispatch.Visit
	for i := range o.Visits {
		v := &o.Visits[i]
		if a.by.EngineerID != nil && v.EngineerID != *a.by.EngineerID && a.visiting() {
			continue
		}
		if v.Lead && v.State.Binding() || found == nil || !found.State.Binding() && v.StartsAt.After(found.StartsAt) {
			found = v
		}
	}
	return found
}

func (p *Pages) job(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	visit := a.ownVisit(&o)
	if visit == nil {
		return nil, fault.New(fault.NotFound, "no_visit", "no visit of yours belongs to this order")
	}
	stop, err := a.stopOf(*visit, &o)
	if err != nil {
		return nil, err
	}
	v := templates.Job{Stop: stop, Region: o.RegionName, Marks: a.orderMarks(o), Device: templates.Device{Name: o.AssetName}}
	var link templates.Link
	var place templates.Place
	if err := a.whoAndWhat(&o.CustomerID, o.SiteID, o.AssetID, &link, &v.Contacts, &place, &v.Device); err != nil {
		return nil, err
	}
	v.Device.Coverage, v.Device.CoverageWhy = a.covered(o.Coverage)
	if o.RequestID != nil {
		r, err := p.desk.Request(a.ctx(), a.by, o.RequestID.String())
		if err == nil {
			v.Description, v.Told = r.Description, r.Told
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		kept, err := a.look().Cabinet.Of(a.ctx(), files.OfRequest(o.OrgID, *o.RequestID))
		if err != nil {
			return nil, err
		}
		v.Files = a.fileViews(kept)
	}
	if o.AssetID != nil {
		history, err := a.look().Customers.AssetHistory(a.ctx(), a.by.Scope(), *o.AssetID, keyset.Ask{Limit: 10})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		for _, h := range history.Items {
			if h.Kind == "sheet" {
				v.Earlier = append(v.Earlier, templates.Event{At: h.At, Actor: h.Engineer, Text: a.happened(h)})
			}
		}
	}
	var fees []string
	for _, q := range o.Quotes {
		v.Quotes = append(v.Quotes, a.quoteView(q, true))
		if q.State == workorders.QuoteApproved {
			fees = append(fees, templates.Chrome{Lang: a.lang}.Word("purpose", q.Purpose)+" "+templates.Chrome{Lang: a.lang}.Money(q.TotalMinor))
		}
	}
	v.FeeAgreed = strings.Join(fees, a.t("ui.comma"))
	for _, s := range o.Sheets {
		v.Sheets = append(v.Sheets, a.sheetView(s))
	}
	slips, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: 20}, Order: o.ID.String()})
	if err != nil {
		return nil, err
	}
	for _, s := range slips.Items {
		v.Pickups = append(v.Pickups, a.fetched(s))
	}
	if v.May("quotes") {
		if v.PartChoices, err = a.partOptions(); err != nil {
			return nil, err
		}
	}
	v.Papers, v.Checks = a.visitPapers(o), a.checkItems(o.Checklist)
	v.Chrome = a.chrome()
	return v, nil
}

// jobOrDay draws again the page a step was tapped on.
func (p *Pages) jobOrDay(a *ask) (templates.Page, error) {
	if a.posted.Values.Get("back") == "/m" {
		return p.day(a)
	}
	return p.job(a)
}

// wayTo opens the map on the phone. Only here, when the engineer taps it, a place leaves the house.
func (p *Pages) wayTo(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	if o.Lat == nil || o.Lng == nil {
		return nil, fault.New(fault.NotFound, "no_position", "nobody has entered where this address lies")
	}
	lat, lng := strconv.FormatFloat(*o.Lat, 'f', 6, 64), strconv.FormatFloat(*o.Lng, 'f', 6, 64)
	return elsewhere{to: "geo:" + lat + "," + lng + "?q=" + lat + "," + lng, code: http.StatusSeeOther}, nil
}

func (p *Pages) van(a *ask) (templates.Page, error) {
	if a.by.EngineerID == nil {
		return nil, fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own van, and your account belongs to none")
	}
	v := templates.Van{}
	van, err := a.look().Stock.VanOf(a.ctx(), *a.by.EngineerID)
	if err != nil {
		return nil, err
	}
	if van != nil {
		v.Place = van.Code
		page, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), inventory.StockFilter{Ask: many, Place: van.Code})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			v.Rows = append(v.Rows, stockRow(r))
		}
	}
	if v.Pickups, err = a.slips(func(inventory.Pickup) bool { return true }); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

// outbox says that nothing waits here: sheets are sent at once.
func (p *Pages) outbox(a *ask) (templates.Page, error) {
	return templates.Outbox{Chrome: a.chrome()}, nil
}

func (p *Pages) fetchParts(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	_, err = p.desk.PickupDo(ctx, a.by, id, "hand-over", inventory.PickupAct{})
	return "/m", err
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
	v := templates.SheetForm{Number: o.Number, Summary: o.Summary, Customer: o.CustomerName, Device: templates.Device{Name: o.AssetName}, VisitID: visit.ID.String(), Outcome: "done", Install: o.Kind == "install" || o.Kind == "relocate",
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
		out = append(out, templates.CheckItem{Code: l.Code, Text: text})
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
		out[i].Serialised = known[out[i].SKU].Serialised
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

func (p *Pages) submitSheet(ctx context.Context, a *ask, f *form) (string, error) {
	in, err := f.sheet(a)
	if err != nil {
		return "", err
	}
	var taken *depot.CustodyInput
	if in.Outcome == "taken_to_depot" && f.text("custody_device") != "" {
		taken = &depot.CustodyInput{VisitID: &in.VisitID, Device: f.text("custody_device"), Accessories: f.list("custody_accessories"), Condition: f.need("custody_condition"), ExpectedReturnOn: f.needDate("custody_return_on"), Signature: in.Signature}
		if err := f.err(); err != nil {
			return "", err
		}
	}
	number := a.Param("number")
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		for _, kind := range []string{"before", "after"} {
			for _, h := range f.files["photos_"+kind] {
				hash, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, kind)
				if err != nil {
					return err
				}
				if hash != "" {
					raw, err := json.Marshal(map[string]string{"sha256": hash, "kind": kind})
					if err != nil {
						return err
					}
					in.Photos = append(in.Photos, raw)
				}
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
		_, err := p.desk.SubmitSheet(ctx, a.by, number, in)
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
			need := workorders.PartNeed{SKU: sku, Quantity: n}
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
		in.Checklist = append(in.Checklist, workorders.CheckItem{Code: code, Result: result})
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

func filled(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// happened is a line of a device's history in words.
func (a *ask) happened(h customers.Happening) string {
	w := templates.Chrome{Lang: a.lang}
	switch h.Kind {
	case "sheet":
		parts := []string{w.Word("outcome", h.State), a.code(knowledge.Fault, &h.FaultCode), a.code(knowledge.Action, &h.ActionCode), strings.Join(h.Parts, a.t("ui.comma")), h.Summary}
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
	case "work_order":
		return fmt.Sprintf("%s %s · %s", w.Word("kind", h.What), h.Number, h.Summary)
	}
	return fmt.Sprintf("%s %s · %s", a.t("ui.request"), h.Number, h.Summary)
}

package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// of composes a paper of an order. Where a form to fill in by hand is of use, an order without the fact
// gives the form; a quote, bill or voucher that does not exist is fault.NotFound paper_not_yet.
func (c *composer) of(ctx context.Context, o *workorders.Dossier, kind string) (drawn, error) {
	switch kind {
	case "work-order":
		p, err := c.workOrder(ctx, o)
		return drawn{paper: p}, err
	case "repair-sheet", "acceptance", "checklist", "no-access":
		return c.onSheet(ctx, o, kind)
	case "quote":
		return c.quote(ctx, o)
	case "settlement", "receipt":
		return c.bill(ctx, o, kind)
	case "custody", "reception":
		return c.onCustody(ctx, o, kind)
	case "follow-up":
		f, err := c.s.desk.FollowUpFile(ctx, o, c.wish.of, c.lang)
		if err != nil {
			return drawn{}, err
		}
		if f == nil {
			f = &workorders.FollowUpFile{Dossier: o}
		}
		p, err := c.followUp(ctx, f)
		return drawn{paper: p, name: f.Number}, err
	}
	return drawn{}, badKind(kind)
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// join puts what is not empty on lines of its own.
func join(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" }), "\n")
}

func window(from, to *time.Time) pdf.Window { return pdf.Window{From: moment(from), To: moment(to)} }

func party(o *workorders.Dossier) pdf.Party {
	p := pdf.Party{Name: o.Customer, Phone: o.Phone, Payer: o.Payer, Address: o.Address, AccessNotes: o.AccessNotes}
	if o.Contact != "" {
		p.OnSite = pdf.Contact{Name: o.Contact, Phone: o.ContactPhone, Role: o.ContactRole}
	}
	return p
}

// device is what the work is done on and who bears its cost: that of the work itself, and that of parts
// where it is another.
func (c *composer) device(o *workorders.Dossier) pdf.Device {
	d := pdf.Device{Category: o.Category, Brand: o.Brand, Model: o.Model, Serial: o.Serial, Plate: o.Plate, PurchasedOn: date(o.PurchasedOn), InstalledOn: date(o.InstalledOn), WarrantyUntil: date(o.WarrantyUntil)}
	if o.Coverage.MakerUntil != nil {
		d.WarrantyUntil = *o.Coverage.MakerUntil
	}
	proof := o.Proof
	if len(o.Coverage.Lines) > 0 {
		work, parts := o.Coverage.For(customers.Labour), o.Coverage.For(customers.Part)
		d.Coverage, d.CoverageReason = string(work.Source), work.Text(c.lang)
		if parts.Source != work.Source {
			d.CoverageReason = join(d.CoverageReason, c.t("cover_line", say.Text(c.lang, "paper.line.part"), parts.Text(c.lang)))
		}
		if work.Source == customers.ByMaker {
			proof = cmp.Or(work.Proof, proof)
		}
	}
	if d.Proof = proof; proof == "online_order" {
		d.Proof = "order"
	}
	return d
}

func person(v *workorders.DossierVisit) pdf.Person {
	if v == nil {
		return pdf.Person{}
	}
	return pdf.Person{Name: v.Engineer, StaffNumber: v.StaffNumber, Phone: v.Phone}
}

func people(all []workorders.DossierVisit) (out []pdf.Person) {
	for i := range all {
		out = append(out, person(&all[i]))
	}
	return out
}

func (c *composer) pastRepair(o *workorders.Dossier, r workorders.PastRepair) pdf.PastRepair {
	return pdf.PastRepair{On: calendar.Of(r.FinishedAt, o.Location()), Order: r.Order, Fault: r.Fault, Action: r.Action, Engineer: r.Engineer}
}

func (c *composer) carried(parts []workorders.DossierPart) (out []pdf.CarriedPart) {
	for _, p := range parts {
		from := p.Place
		if p.Awaiting {
			from = cmp.Or(from, c.t("without"))
		}
		out = append(out, pdf.CarriedPart{SKU: p.SKU, Name: p.Name, Unit: c.unit(p.Unit), Quantity: p.Quantity, From: from, Pickup: p.Pickup})
	}
	return out
}

// planned lists the parts an order needs, for papers without a table of them.
func (c *composer) planned(parts []workorders.DossierPart) string {
	var list []string
	for _, p := range parts {
		list = append(list, strings.TrimSpace(p.SKU+" "+p.Name)+" × "+strconv.FormatInt(p.Quantity, 10))
	}
	if len(list) == 0 {
		return ""
	}
	return c.t("parts_planned", strings.Join(list, ", "))
}

// warnings are for the house: the customer does not read what is noted about him.
func (c *composer) warnings(o *workorders.Dossier) []string {
	var out []string
	if c.copy == pdf.CopyCustomer {
		return nil
	}
	if o.Class == "A" {
		out = append(out, c.t("vip"))
	}
	if o.Complaint {
		out = append(out, c.t("complaint_open"))
	}
	if o.CustomerNotes != "" {
		out = append(out, o.CustomerNotes)
	}
	return out
}

func reported(o *workorders.Dossier) string {
	if strings.Contains(o.Description, o.Summary) {
		return o.Description
	}
	return join(o.Summary, o.Description)
}

func (c *composer) workOrder(ctx context.Context, o *workorders.Dossier) (pdf.WorkOrder, error) {
	h, err := c.head(ctx, o.OrgID, o.Number, "", max(o.Windows, 1))
	h.Void = o.State == string(workorders.OrderCancelled)
	fee, agreed := o.QuotedFee()
	v := o.Visit()
	p := pdf.WorkOrder{
		Head: h, Request: o.RequestNumber, Received: moment(o.ReceivedAt), Kind: o.Kind, Mode: o.Mode, Priority: o.Priority, Customer: party(o), Window: window(o.AnnouncedFrom, o.AnnouncedTo),
		Device: c.device(o), Fault: reported(o), Photos: o.Photos, Tried: cmp.Or(o.Advice, o.Told), Parts: c.carried(o.Parts),
		CallOutFee: fee, FeeAgreed: agreed, DeductIfRepaired: o.DeductCallOut, Limit: o.LimitMinor, Chases: o.Chases, Warnings: c.warnings(o), Engineer: person(v),
		DispatchedBy: o.DispatchedBy, DispatchedAt: moment(o.DispatchedAt),
	}
	if v != nil {
		p.Window.From, p.Window.To = v.Window()
		p.Unconfirmed = v.ConfirmedAt == nil
		p.Helpers = people(o.Helpers(v.ID))
	}
	for _, r := range o.History {
		p.History = append(p.History, c.pastRepair(o, r))
	}
	if o.RepeatOf != nil {
		r := c.pastRepair(o, *o.RepeatOf)
		p.RepeatOf = &r
	}
	return p, err
}

// signature reads strokes whose points may carry more than two numbers, such as a time.
func signature(raw json.RawMessage, reason *string) pdf.Signature {
	s := pdf.Signature{Reason: text(reason)}
	var strokes [][][]float64
	if len(raw) == 0 || json.Unmarshal(raw, &strokes) != nil {
		return s
	}
	for _, stroke := range strokes {
		var line [][2]float64
		for _, p := range stroke {
			if len(p) >= 2 {
				line = append(line, [2]float64{p[0], p[1]})
			}
		}
		s.Strokes = append(s.Strokes, line)
	}
	return s
}

// sheetFor is the sheet a paper is about: the one asked for, else the newest that stands and fits, else nil.
func (c *composer) sheetFor(sheets []workorders.Sheet, kind string) (*workorders.Sheet, error) {
	for i := len(sheets) - 1; i >= 0; i-- {
		s := &sheets[i]
		if c.wish.of != nil {
			if s.ID == *c.wish.of {
				return s, nil
			}
			continue
		}
		fits := s.ReplacedAt == nil
		switch kind {
		case "repair-sheet":
			fits = fits && s.Outcome != "no_access"
		case "acceptance":
			fits = fits && len(s.Acceptance)+len(s.Installed) > 0
		case "checklist":
			fits = fits && len(s.Checklist) > len("[]")
		case "no-access":
			fits = fits && s.Outcome == "no_access"
		}
		if fits {
			return s, nil
		}
	}
	if c.wish.of != nil {
		return nil, fault.New(fault.NotFound, "sheet_not_found", "this order has no sheet %s", *c.wish.of)
	}
	return nil, nil
}

func (c *composer) onSheet(ctx context.Context, o *workorders.Dossier, kind string) (drawn, error) {
	sheets, old, err := c.s.desk.SheetsOf(ctx, o)
	if err != nil {
		return drawn{}, err
	}
	s, err := c.sheetFor(sheets, kind)
	if err != nil {
		return drawn{}, err
	}
	d := drawn{}
	number, version := "", 0
	if s != nil {
		number, version = s.Number, s.Edition
		d.name = s.Number
		if s.ReplacedAt == nil && (kind == "repair-sheet" || kind == "acceptance") {
			d.subject, d.version = s.ID, s.Edition
		}
	}
	h, err := c.head(ctx, o.OrgID, o.Number, number, version)
	if err != nil {
		return d, err
	}
	h.Void = s != nil && s.ReplacedAt != nil
	if !d.subject.IsNil() {
		h = c.linked(h)
	}
	switch kind {
	case "repair-sheet":
		d.paper, err = c.repairSheet(ctx, o, s, old, h)
	case "acceptance":
		d.paper, err = c.acceptance(o, s, h)
	case "checklist":
		d.paper, err = c.checklist(ctx, o, s, h)
	case "no-access":
		d.paper = c.noAccess(o, s, sheets, h)
	}
	return d, err
}

func (c *composer) repairSheet(ctx context.Context, o *workorders.Dossier, s *workorders.Sheet, old []workorders.OldPart, h pdf.Head) (pdf.Paper, error) {
	p := pdf.RepairSheet{Head: h, Kind: o.Kind, Mode: o.Mode, Customer: party(o), Device: c.device(o), Engineer: person(o.Visit())}
	if s == nil { // the form for the paper way
		return p, nil
	}
	words, err := c.s.desk.CodeWords(ctx, *s)
	if err != nil {
		return nil, err
	}
	coded := func(kind knowledge.Kind) pdf.Coded {
		w := words[kind]
		return pdf.Coded{Code: w.Code, Name: w.Called(c.lang)}
	}
	p.ArrivedAt, p.FinishedAt, p.Outcome = moment(s.ArrivedAt), s.FinishedAt, s.Outcome
	if s.WorkMinutes != nil {
		p.WorkMinutes = *s.WorkMinutes
	}
	p.Fault, p.Cause, p.Action = coded(knowledge.Fault), coded(knowledge.Cause), coded(knowledge.Action)
	if p.Notes = s.Notes; s.Outcome == "partial" {
		p.Notes, p.Remains = "", s.Notes
	}
	if v := o.VisitByID(s.VisitID); v != nil {
		p.Engineer, p.Mode = person(v), v.Mode
	}
	p.Readings = readings(s.Readings)
	p.WarrantyUntil = date(s.RepairWarrantyUntil)
	if s.RepairWarrantyUntil != nil {
		p.WarrantyOn = c.t("warranty_on")
	}
	var incident workorders.Incident
	if len(s.Incident) > 0 && json.Unmarshal(s.Incident, &incident) == nil {
		p.Incident = join(incident.What, incident.AgreedText)
	}
	p.Tested = slices.ContainsFunc(checked(s.Checklist), func(k workorders.CheckItem) bool { return k.Code == "function" && k.Result == "pass" })
	p.Signature = signature(s.Signature, s.NoSignatureReason)
	p.Signature.Name, p.Signature.Relation = text(s.SignerName), text(s.SignerRelation)
	if len(p.Signature.Strokes) > 0 {
		p.Signature.At = s.FinishedAt
	}
	if p.EnteredBy, err = c.s.desk.UserName(ctx, s.EnteredBy); err != nil {
		return nil, err
	}
	var receipt *billing.Receipt // what is charged stands on the sheet that ended the work
	if slices.Contains([]string{"done", "no_fault_found", "declined", "cannot_complete"}, s.Outcome) {
		if receipt, err = c.s.desk.Look(ctx).Till.OfOrder(ctx, o.ID); err != nil {
			return nil, err
		}
	}
	charged := map[string]billing.Line{}
	if receipt != nil {
		p.Charges, p.Total = c.billLines(receipt.Lines), receipt.TotalMinor
		for _, l := range receipt.Lines {
			if l.SKU != "" {
				charged[l.SKU] = l
			}
		}
		if len(receipt.Payments) > 0 {
			p.PaidBy = receipt.Payments[len(receipt.Payments)-1].Method
		}
	}
	for _, part := range s.Parts {
		f := pdf.FittedPart{SKU: part.SKU, Name: part.Name, Quantity: part.Quantity, OldSerial: text(part.OldSerialNumber), NewSerial: text(part.SerialNumber), Covered: part.Covered}
		if l, ok := charged[part.SKU]; ok && !part.Covered {
			f.Price, f.Amount = l.UnitMinor, l.UnitMinor*money.Fen(part.Quantity)
		}
		if i := slices.IndexFunc(old, func(x workorders.OldPart) bool { return x.SheetPartID == part.ID }); i >= 0 {
			f.Old = "taken"
			if old[i].State == workorders.OldPartKept {
				f.Old = "kept"
			}
		}
		p.Parts = append(p.Parts, f)
	}
	if s.Outcome == "need_parts" {
		needed, err := c.s.desk.NeededBySheet(ctx, *s)
		if err != nil {
			return nil, err
		}
		for _, n := range needed {
			p.Needed = append(p.Needed, pdf.NeededPart{SKU: n.SKU, Name: n.Name, Unit: c.unit(n.Unit), Quantity: n.Quantity, ExpectedOn: date(n.ExpectedOn)})
		}
	}
	return p, nil
}

// readings are kept as name → value; "12 → 5" says before and after.
func readings(raw json.RawMessage) (out []pdf.Reading) {
	var all map[string]any
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := fmt.Sprint(all[name])
		r := pdf.Reading{Name: name, After: value}
		if before, after, both := strings.Cut(value, "→"); both {
			r.Before, r.After = strings.TrimSpace(before), strings.TrimSpace(after)
		}
		out = append(out, r)
	}
	return out
}

func checked(raw json.RawMessage) (all []workorders.CheckItem) {
	if len(raw) == 0 || json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

// checks are the lines of a check list as they were looked at, in the words they had then.
func (c *composer) checks(raw json.RawMessage) (out []pdf.Check) {
	for _, k := range checked(raw) {
		result := k.Result
		if result == "not_applicable" {
			result = "none"
		}
		line := knowledge.CheckLine{Code: k.Code, Name: cmp.Or(k.Name, k.Code), NameEn: k.NameEn}
		out = append(out, pdf.Check{Name: line.Called(c.lang), Result: result, Note: k.Note})
	}
	return out
}

func (c *composer) acceptance(o *workorders.Dossier, s *workorders.Sheet, h pdf.Head) (pdf.Paper, error) {
	p := pdf.Acceptance{Head: h, Customer: party(o), Original: o.HeldBy}
	if work := o.Coverage.For(customers.Labour); work.Source == customers.ByContract {
		p.Contract = work.Proof
	}
	if v := o.Visit(); v != nil {
		p.Installers = append([]pdf.Person{person(v)}, people(o.Helpers(v.ID))...)
	}
	if s == nil {
		if o.Model != "" || o.Serial != "" {
			p.Installed = []pdf.InstalledItem{{Model: strings.TrimSpace(o.Brand + " " + o.Model), Serial: o.Serial, Quantity: 1}}
		}
		for _, part := range o.Parts {
			p.Materials = append(p.Materials, pdf.Line{Kind: "part", Description: part.Name, SKU: part.SKU, Unit: c.unit(part.Unit), Quantity: part.Quantity})
		}
		return p, nil
	}
	if v := o.VisitByID(s.VisitID); v != nil {
		p.Installers = append([]pdf.Person{person(v)}, people(o.Helpers(v.ID))...)
	}
	p.FinishedAt, p.Checks = s.FinishedAt, c.checks(s.Checklist)
	var installed []workorders.InstalledItem
	if len(s.Installed) > 0 {
		if err := json.Unmarshal(s.Installed, &installed); err != nil {
			return nil, err
		}
	}
	for _, i := range installed {
		p.Installed = append(p.Installed, pdf.InstalledItem{Model: i.Model, Serial: i.SerialNumber, Position: i.Position, Quantity: 1})
	}
	for _, part := range s.Parts {
		p.Materials = append(p.Materials, pdf.Line{Kind: "part", Description: part.Name, SKU: part.SKU, Quantity: part.Quantity, Covered: part.Covered})
	}
	p.Signature = signature(s.Signature, s.NoSignatureReason)
	p.Signature.Name, p.Signature.Relation = text(s.SignerName), text(s.SignerRelation)
	if len(p.Signature.Strokes) > 0 {
		p.Signature.At = s.FinishedAt
	}
	var said workorders.Acceptance
	if len(s.Acceptance) > 0 {
		if err := json.Unmarshal(s.Acceptance, &said); err != nil {
			return nil, err
		}
	}
	p.Result = said.Result
	p.Signature.Name, p.Signature.Relation = cmp.Or(said.Name, p.Signature.Name), cmp.Or(said.Relation, p.Signature.Relation)
	for _, d := range said.Defects {
		p.Defects = append(p.Defects, pdf.Defect{Text: d.Text, DueOn: date(d.DueOn)})
	}
	if said.Result == "accepted" {
		p.WarrantyFrom = calendar.Of(s.FinishedAt, o.Location())
		p.WarrantyUntil = date(o.WarrantyUntil)
	}
	return p, nil
}

func (c *composer) checklist(ctx context.Context, o *workorders.Dossier, s *workorders.Sheet, h pdf.Head) (pdf.Paper, error) {
	p := pdf.Checklist{Head: h, Template: c.t("routine"), Customer: party(o), Device: c.device(o), Inspector: person(o.Visit()), Conclusion: c.planned(o.Parts)}
	if s == nil {
		lines, err := c.s.desk.Look(ctx).Codes.ChecklistOf(ctx, o.Kind, o.AssetID)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			p.Checks = append(p.Checks, pdf.Check{Name: l.Called(c.lang)})
		}
		if len(lines) == 0 {
			for _, name := range []string{"electrical", "level", "leak", "function"} {
				p.Checks = append(p.Checks, pdf.Check{Name: name})
			}
		}
		for range 6 {
			p.Checks = append(p.Checks, pdf.Check{})
		}
		return p, nil
	}
	var fitted []string
	for _, part := range s.Parts {
		fitted = append(fitted, part.SKU+" "+part.Name+" × "+strconv.FormatInt(part.Quantity, 10))
	}
	p.Conclusion = s.Notes
	if len(fitted) > 0 {
		p.Conclusion = join(s.Notes, c.t("parts_fitted", strings.Join(fitted, ", ")))
	}
	p.CheckedAt, p.Checks = s.FinishedAt, c.checks(s.Checklist)
	if v := o.VisitByID(s.VisitID); v != nil {
		p.Inspector = person(v)
	}
	p.Signature = signature(s.Signature, s.NoSignatureReason)
	p.Signature.Name, p.Signature.Relation = text(s.SignerName), text(s.SignerRelation)
	if len(p.Signature.Strokes) > 0 {
		p.Signature.At = s.FinishedAt
	}
	return p, nil
}

// noAccess hangs at a door where anybody reads it: no number of the customer, no fault, and the house's
// page for everybody instead of the customer's own.
func (c *composer) noAccess(o *workorders.Dossier, s *workorders.Sheet, sheets []workorders.Sheet, h pdf.Head) pdf.Paper {
	if base := c.s.desk.BaseURL(); base != "" {
		h.Link = base + "/report"
	}
	p := pdf.NoAccess{Head: h, Customer: o.Customer}
	v := o.Visit()
	if s != nil {
		v = o.VisitByID(s.VisitID)
		if p.CameAt = moment(s.ArrivedAt); p.CameAt.IsZero() {
			p.CameAt = s.FinishedAt
		}
		for _, other := range sheets {
			if other.Outcome == "no_access" && other.ReplacedAt == nil && !other.FinishedAt.After(s.FinishedAt) {
				p.Attempt++
			}
		}
	}
	if v != nil {
		p.Engineer = person(v)
		p.Window.From, p.Window.To = v.Window()
	}
	return p
}

func (c *composer) quote(ctx context.Context, o *workorders.Dossier) (drawn, error) {
	quotes, err := c.s.desk.QuotesOf(ctx, o)
	if err != nil {
		return drawn{}, err
	}
	var q *workorders.Quote
	for i := range quotes {
		switch {
		case c.wish.of != nil:
			if quotes[i].ID == *c.wish.of {
				q = &quotes[i]
			}
		case q == nil || q.State == workorders.QuoteSuperseded || quotes[i].State != workorders.QuoteSuperseded:
			q = &quotes[i] // the newest that stands
		}
	}
	if q == nil {
		return drawn{}, notYet("order %s has no such quote yet: draft one first", o.Number)
	}
	maker, err := c.s.desk.QuoteMaker(ctx, q.ID)
	if err != nil {
		return drawn{}, err
	}
	terms, err := c.s.desk.Look(ctx).Customers.Terms(ctx, o.OrgID)
	if err != nil {
		return drawn{}, err
	}
	d := drawn{name: q.Number}
	printed := 0
	switch q.State {
	case workorders.QuoteSent, workorders.QuoteExpired:
		printed = 1
	case workorders.QuoteApproved, workorders.QuoteDeclined:
		printed = 2 // with the customer's answer
	}
	if printed > 0 {
		d.subject, d.version = q.ID, printed
	}
	h, err := c.head(ctx, o.OrgID, o.Number, q.Number, printed)
	if err != nil {
		return d, err
	}
	if h.Void = q.State == workorders.QuoteSuperseded; printed > 0 {
		h = c.linked(h)
	}
	p := pdf.Quote{Head: h, Purpose: q.Purpose, IssuedAt: q.CreatedAt, IssuedBy: maker, ValidUntil: q.ValidUntil, Customer: party(o), Device: c.device(o), Total: q.TotalMinor,
		DeductIfRepaired: q.DeductIfRepaired || o.DeductCallOut, State: string(q.State), Terms: q.Terms}
	if q.SentAt != nil {
		p.IssuedAt = *q.SentAt
	}
	if q.LimitMinor != nil {
		p.Limit = *q.LimitMinor
	}
	if q.Purpose != "call_out" {
		p.FeeIfRefused, _ = o.QuotedFee()
		p.WarrantyDays = calendar.Date.Sub(terms.RepairUntil(q.ValidUntil), q.ValidUntil)
	}
	for _, l := range q.Lines {
		p.Lines = append(p.Lines, pdf.Line{Kind: l.Kind, Description: l.Description, SKU: text(l.SKU), Quantity: l.Quantity, UnitPrice: l.UnitMinor, Amount: l.AmountMinor})
	}
	if q.State == workorders.QuoteApproved || q.State == workorders.QuoteDeclined {
		var proof struct {
			Note       string          `json:"note"`
			RecordedBy string          `json:"recorded_by"`
			Signature  json.RawMessage `json:"signature"`
		}
		if len(q.Approval) > 0 {
			if err := json.Unmarshal(q.Approval, &proof); err != nil {
				return d, err
			}
		}
		p.Approval = &pdf.Approval{How: text(q.ApprovedHow), Name: text(q.ApprovedBy), At: moment(q.ApprovedAt), Note: proof.Note, Agent: proof.RecordedBy, Signature: signature(proof.Signature, nil)}
		if q.State == workorders.QuoteDeclined {
			p.Approval.At, p.Approval.Reason = moment(q.DeclinedAt), text(q.DeclineReason)
		}
	}
	d.paper = p
	return d, nil
}

func (c *composer) billLines(lines []billing.Line) (out []pdf.Line) {
	for _, l := range lines {
		kind := l.Kind
		if kind == billing.Deduction {
			kind = billing.Discount
		}
		out = append(out, pdf.Line{Kind: kind, Description: l.Description, SKU: l.SKU, Quantity: l.Quantity, UnitPrice: l.UnitMinor, Amount: l.AmountMinor, Covered: l.Covered})
	}
	return out
}

// bill prints a receipt as it stands. Each payment, and the end of its force, makes a new version; the
// versions handed out before stay as they were.
func (c *composer) bill(ctx context.Context, o *workorders.Dossier, kind string) (drawn, error) {
	till := c.s.desk.Look(ctx).Till
	r, err := till.OfOrder(ctx, o.ID)
	if c.wish.of != nil {
		var named billing.Receipt
		named, err = till.Receipt(ctx, c.by.Scope(), *c.wish.of)
		if r = &named; err == nil && named.OrderID != o.ID {
			return drawn{}, fault.New(fault.NotFound, "receipt_not_found", "this order has no receipt %s", *c.wish.of)
		}
	}
	if err != nil {
		return drawn{}, err
	}
	if r == nil {
		return drawn{}, notYet("order %s has no receipt yet: it is issued when the work is finished and something is charged", o.Number)
	}
	version := 1 + len(r.Payments)
	if r.VoidedAt != nil {
		version++
	}
	issuer, err := c.issuer(ctx, r.OrgID)
	if err != nil {
		return drawn{}, err
	}
	h, err := c.head(ctx, r.OrgID, o.Number, r.Number, version)
	if err != nil {
		return drawn{}, err
	}
	h.Void = r.VoidedAt != nil
	bill := pdf.Settlement{Head: c.linked(h), IssuedAt: r.IssuedAt, Customer: party(o), Device: c.device(o), Lines: c.billLines(r.Lines), Total: r.TotalMinor, Paid: r.PaidMinor, InvoiceLink: issuer.Invoice}
	if v := o.Visit(); v != nil && r.EngineerID != nil && v.EngineerID == *r.EngineerID {
		bill.Engineer = person(v)
	} else {
		bill.Engineer = pdf.Person{Name: r.EngineerName}
	}
	if r.CustomerName != o.Customer {
		bill.Customer.Payer = r.CustomerName
	}
	for _, y := range r.Payments {
		bill.Payments = append(bill.Payments, pdf.Payment{At: y.PaidAt, Amount: y.AmountMinor, Method: y.Method, Reference: cmp.Or(y.Reference, y.Reason), ReceivedBy: y.ReceivedBy})
		bill.Cashier = y.ReceivedBy // 收款人: who took the money last
	}
	d := drawn{paper: bill, name: r.Number, subject: r.ID, version: version}
	if kind == "receipt" {
		d.paper = pdf.Receipt(bill)
	}
	return d, nil
}

func (c *composer) onCustody(ctx context.Context, o *workorders.Dossier, kind string) (drawn, error) {
	all, err := c.s.desk.Look(ctx).Custody.Of(ctx, o.ID)
	if err != nil {
		return drawn{}, err
	}
	var k *depot.Custody
	for i := range all {
		if c.wish.of == nil || all[i].ID == *c.wish.of {
			k = &all[i]
		}
	}
	switch {
	case k == nil && c.wish.of != nil:
		return drawn{}, fault.New(fault.NotFound, "custody_unknown", "this order has no custody %s", *c.wish.of)
	case k == nil && kind == "custody":
		return drawn{}, notYet("order %s: no device was taken", o.Number)
	}
	d := drawn{}
	number, version := "", 0
	if k != nil {
		number, version, d.name = k.Number, 1, k.Number
		if k.ClosedAt != nil {
			version = 2 // with the return
		}
	}
	h, err := c.head(ctx, o.OrgID, o.Number, number, version)
	if err != nil {
		return d, err
	}
	if kind == "reception" {
		d.paper = c.reception(o, k, h)
		return d, nil
	}
	d.subject, d.version = k.ID, version
	d.paper, err = c.custody(o, k, c.linked(h))
	return d, err
}

// held is the device as the custody describes it, completed by what is known of it.
func (c *composer) held(o *workorders.Dossier, k *depot.Custody) pdf.Device {
	d := c.device(o)
	if d.Model == "" && d.Brand == "" {
		d.Model = k.Device
	}
	if k.SerialNumber != nil {
		d.Serial = *k.SerialNumber
	}
	return d
}

func (c *composer) custody(o *workorders.Dossier, k *depot.Custody, h pdf.Head) (pdf.Paper, error) {
	p := pdf.Custody{Head: h, TakenAt: k.OpenedAt, TakenWhere: c.t("at_counter"), Customer: party(o), Device: c.held(o, k), Accessories: k.Accessories, Condition: k.Condition,
		Fault: join(cmp.Or(k.FaultsSeen, o.Summary), c.planned(o.Parts)), DataConsent: k.DataConsent, Estimate: o.LimitMinor, ReturnOn: k.ExpectedReturnOn, Signature: signature(k.Signature, k.NoSignatureReason)}
	if len(p.Signature.Strokes) > 0 {
		p.Signature.At = k.OpenedAt
	}
	if fee, _ := o.QuotedFee(); p.Estimate == 0 {
		p.Estimate = fee
	}
	if k.ValueMinor != nil {
		p.Value = money.Fen(*k.ValueMinor)
	}
	var photos []json.RawMessage
	if len(k.Photos) > 0 && json.Unmarshal(k.Photos, &photos) == nil {
		p.Photos = len(photos)
	}
	if len(k.Chain) > 0 {
		p.TakenBy = pdf.Person{Name: k.Chain[0].ByName}
	}
	if k.VisitID != nil {
		p.TakenWhere = c.t("at_site", o.Address)
		if v := o.VisitByID(*k.VisitID); v != nil {
			p.TakenBy = person(v)
		}
	}
	if len(k.Loaner) > 0 && string(k.Loaner) != "null" {
		var lent depot.Loaner
		if err := json.Unmarshal(k.Loaner, &lent); err != nil {
			return nil, err
		}
		p.Loaner = &pdf.Loaner{Name: cmp.Or(text(lent.Device), c.t("loaner")), Serial: lent.Serial, DueOn: date(lent.DueOn)}
		if lent.DueOn == nil {
			p.Loaner.DueOn = k.ExpectedReturnOn
		}
	}
	if k.ClosedAt != nil && k.Holder == depot.WithCustomer && len(k.Chain) > 0 {
		last := k.Chain[len(k.Chain)-1]
		p.ReturnedAt, p.ReturnedTo = last.At, last.ByName
		p.VoucherSeen = last.VoucherSeen != nil && *last.VoucherSeen
		if last.Signed {
			p.ReturnSigned = pdf.Signature{Name: last.ByName, At: last.At}
		}
	}
	return p, nil
}

func (c *composer) reception(o *workorders.Dossier, k *depot.Custody, h pdf.Head) pdf.Paper {
	p := pdf.Reception{Head: h, Customer: party(o), Device: c.device(o), Fault: reported(o), Estimate: o.LimitMinor}
	if planned := c.planned(o.Parts); planned != "" {
		p.Wishes = []string{o.Summary, planned}
	}
	if k == nil {
		return p
	}
	p.ReceivedAt, p.Device, p.Condition, p.LeftBehind, p.ReadyOn = k.OpenedAt, c.held(o, k), k.Condition, k.Accessories, k.ExpectedReturnOn
	if len(k.Chain) > 0 {
		p.ReceivedBy = pdf.Person{Name: k.Chain[0].ByName}
	}
	if p.Signature = signature(k.Signature, k.NoSignatureReason); len(p.Signature.Strokes) > 0 {
		p.Signature.At = k.OpenedAt
	}
	return p
}

func (c *composer) followUp(ctx context.Context, f *workorders.FollowUpFile) (pdf.FollowUp, error) {
	o := f.Dossier
	org := f.OrgID
	if org == 0 {
		org = o.OrgID
	}
	h, err := c.head(ctx, org, cmp.Or(o.Number, f.RequestNumber), f.Number, 0)
	p := pdf.FollowUp{Head: h, Kind: f.Kind, From: f.DueFrom, To: f.DueTo, DueOn: f.DueOn, Customer: party(o), BestTime: o.BestTime, Language: o.Language, Device: c.device(o),
		FinishedAt: moment(o.FinishedAt), Engineer: person(o.Visit()), Done: f.Done, Told: o.Told}
	p.Customer.Name = cmp.Or(p.Customer.Name, f.CustomerName)
	switch {
	case f.Parts != "":
		p.Done = join(p.Done, c.t("parts_fitted", f.Parts))
	case p.Done == "":
		p.Done = join(c.t("reported", o.Summary), c.planned(o.Parts))
	}
	place := o.Location()
	for _, promise := range f.Promises {
		said := c.t("promise." + promise.Reason)
		if promise.Text != "" {
			said = c.t("cover_line", said, promise.Text)
		}
		p.Promises = append(p.Promises, c.t("promise", said, promise.DueAt.In(place).Format("2006-01-02 15:04")))
	}
	var earlier []string
	for _, e := range f.EarlierScores {
		earlier = append(earlier, c.t("scores", e.On, c.score(e.Service), c.score(e.Product)))
	}
	p.EarlierScores = strings.Join(earlier, "; ")
	for _, a := range f.Attempts {
		p.Attempts = append(p.Attempts, pdf.Attempt{At: a.At, Caller: a.Caller, Outcome: a.Outcome, Comment: a.Comment})
		if a.Outcome != "reached" {
			continue
		}
		p.IdentityChecked, p.Words, p.Next, p.NextNumber, p.Caller, p.ReachedAt = a.IdentityChecked, a.Comment, a.Next, a.LedTo, pdf.Person{Name: a.Caller}, a.At
		p.Scores = nil
		for _, question := range slices.Sorted(maps.Keys(a.Scores)) {
			p.Scores = append(p.Scores, pdf.Score{Question: question, Value: a.Scores[question]})
		}
	}
	return p, err
}

func (c *composer) score(n *int) string {
	if n == nil {
		return c.t("not_scored")
	}
	return strconv.Itoa(*n)
}

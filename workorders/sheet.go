package workorders

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/inventory"
	"paigong/workorders/customers"
)

// SheetInput is what an engineer reports about a visit 维修单. What each outcome requires stands in
// requirements; a sheet tells facts, so nothing else about it is refused for being early, late or odd.
type SheetInput struct {
	VisitID      uuid.UUID         `json:"visit_id"`
	Outcome      string            `json:"outcome" enum:"done,partial,no_access,need_parts,need_approval,taken_to_depot,no_fault_found,declined,cannot_complete"`
	FaultCode    *string           `json:"fault_code,omitempty" maxLength:"40"`
	CauseCode    *string           `json:"cause_code,omitempty" maxLength:"40"`
	ActionCode   *string           `json:"action_code,omitempty" maxLength:"40"`
	Notes        string            `json:"notes,omitempty" maxLength:"20000" doc:"partial: what is left; no_fault_found: what was tested; cannot_complete: why"`
	Parts        []SheetPartInput  `json:"parts,omitempty" maxItems:"200" doc:"parts fitted"`
	PartsNeeded  []PartNeed        `json:"parts_needed,omitempty" maxItems:"100" doc:"need_parts: what to bring next time"`
	WorkMinutes  *int              `json:"work_minutes,omitempty" minimum:"0" maximum:"10080"`
	TravelMins   *int              `json:"travel_minutes,omitempty" minimum:"0" maximum:"10080"`
	MinutesLeft  *int              `json:"minutes_left,omitempty" minimum:"0" maximum:"10080" doc:"partial: how long the rest will take; the next visit is planned with it"`
	ArrivedAt    *time.Time        `json:"arrived_at,omitempty"`
	FinishedAt   *time.Time        `json:"finished_at,omitempty"`
	Signature    json.RawMessage   `json:"signature,omitempty" doc:"strokes [[[x,y],…],…], or {\"reason\":…} when nobody signs"`
	SignerName   *string           `json:"signer_name,omitempty" maxLength:"100"`
	SignerRel    *string           `json:"signer_relation,omitempty" maxLength:"60"`
	Photos       []json.RawMessage `json:"photos,omitempty" maxItems:"60" doc:"SHA-256, or {sha256,kind,taken_at}; kind = before, after, nameplate, invoice, old_part, door, paper"`
	Checklist    []CheckItem       `json:"checklist,omitempty" maxItems:"200"`
	Readings     map[string]any    `json:"readings,omitempty" doc:"before and after, such as {\"pressure_after\": 0.45}"`
	Acceptance   *Acceptance       `json:"acceptance,omitempty"`
	Installed    []InstalledItem   `json:"installed,omitempty" maxItems:"50"`
	EnteredBy    *uuid.UUID        `json:"entered_by,omitempty" doc:"the clerk who typed a paper sheet; absent with a clerk = the caller"`
	Incident     *Incident         `json:"incident,omitempty"`
	OldPartsKept bool              `json:"old_parts_kept,omitempty" doc:"the customer keeps the swapped parts"`
	QuoteLines   []QuoteLineInput  `json:"quote_lines,omitempty" maxItems:"200" doc:"need_approval: what the work would cost; drafts the quote unless one stands already"`
}

// SheetPartInput is a part fitted.
type SheetPartInput struct {
	SKU             string  `json:"sku" minLength:"1" maxLength:"40"`
	Quantity        int64   `json:"quantity" minimum:"1" maximum:"1000000000"`
	SerialNumber    *string `json:"serial_number,omitempty" maxLength:"100"`
	OldSerialNumber *string `json:"old_serial_number,omitempty" maxLength:"100"`
	FromPlace       *string `json:"from_place,omitempty" doc:"code; absent = the engineer's own van"`
	Source          string  `json:"source,omitempty" enum:"stock,customer_supplied,bought" doc:"absent = stock"`
}

// CheckItem is one item of the routine check list.
type CheckItem struct {
	Code   string `json:"code" maxLength:"40"`
	Result string `json:"result" maxLength:"40" doc:"pass, fail or not_applicable"`
	Note   string `json:"note,omitempty" maxLength:"500"`

	Name   string `json:"name,omitempty" maxLength:"200" doc:"of the line as the check list had it; filled in"`
	NameEn string `json:"name_en,omitempty" maxLength:"200"`
}

// Acceptance is the customer's word on an installation 验收.
type Acceptance struct {
	Result   string   `json:"result" enum:"accepted,with_defects,refused"`
	Defects  []Defect `json:"defects,omitempty"`
	Name     string   `json:"name,omitempty" maxLength:"100"`
	Relation string   `json:"relation,omitempty" maxLength:"60"`

	Signature json.RawMessage `json:"signature,omitempty" doc:"strokes, when the acceptance is signed apart from the sheet"`
}

// Defect is something to be put right after an installation.
type Defect struct {
	Text  string         `json:"text" minLength:"1" maxLength:"500"`
	DueOn *calendar.Date `json:"due_on,omitempty"`
}

// InstalledItem is a device put in place.
type InstalledItem struct {
	Model        string `json:"model,omitempty" maxLength:"100"`
	SerialNumber string `json:"serial_number,omitempty" maxLength:"100"`
	Position     string `json:"position,omitempty" maxLength:"200"`
}

// Incident is damage by us, as a manager will judge it; nothing follows from it by itself.
type Incident struct {
	What       string `json:"what" minLength:"1" maxLength:"2000"`
	Photo      string `json:"photo,omitempty" maxLength:"64"`
	AgreedText string `json:"agreed_text,omitempty" maxLength:"2000"`
}

// Sheet is a repair sheet as recorded. A correction is a new edition; the signed one stays.
type Sheet struct {
	ID                  uuid.UUID       `bun:"id" json:"id"`
	OrgID               int32           `bun:"org_id" json:"-"`
	OrderID             uuid.UUID       `bun:"order_id" json:"work_order_id"`
	VisitID             uuid.UUID       `bun:"visit_id" json:"visit_id"`
	Number              string          `bun:"number" json:"number"`
	Edition             int             `bun:"edition" json:"edition"`
	EngineerID          uuid.UUID       `bun:"engineer_id" json:"engineer_id"`
	EngineerName        string          `bun:"engineer_name" json:"engineer_name"`
	Outcome             string          `bun:"outcome" json:"outcome"`
	FaultCode           *string         `bun:"fault_code" json:"fault_code,omitempty"`
	CauseCode           *string         `bun:"cause_code" json:"cause_code,omitempty"`
	ActionCode          *string         `bun:"action_code" json:"action_code,omitempty"`
	Notes               string          `bun:"notes" json:"notes,omitempty"`
	WorkMinutes         *int            `bun:"work_minutes" json:"work_minutes,omitempty"`
	TravelMinutes       *int            `bun:"travel_minutes" json:"travel_minutes,omitempty"`
	MinutesLeft         *int            `bun:"minutes_left" json:"minutes_left,omitempty"`
	ArrivedAt           *time.Time      `bun:"arrived_at" json:"arrived_at,omitempty"`
	FinishedAt          time.Time       `bun:"finished_at" json:"finished_at"`
	Signature           json.RawMessage `bun:"signature" json:"signature,omitempty"`
	NoSignatureReason   *string         `bun:"no_signature_reason" json:"no_signature_reason,omitempty"`
	SignerName          *string         `bun:"signer_name" json:"signer_name,omitempty"`
	SignerRelation      *string         `bun:"signer_relation" json:"signer_relation,omitempty"`
	Photos              json.RawMessage `bun:"photos" json:"photos"`
	Checklist           json.RawMessage `bun:"checklist" json:"checklist"`
	Readings            json.RawMessage `bun:"readings" json:"readings"`
	Acceptance          json.RawMessage `bun:"acceptance" json:"acceptance,omitempty"`
	Installed           json.RawMessage `bun:"installed" json:"installed,omitempty"`
	Incident            json.RawMessage `bun:"incident" json:"incident,omitempty"`
	RepairWarrantyUntil *calendar.Date  `bun:"repair_warranty_until" json:"repair_warranty_until,omitempty"`
	OverApprovedMinor   money.Fen       `bun:"over_approved_minor" json:"over_approved_minor" doc:"fitted above what was agreed; waits for a variation or a waiver"`
	EnteredBy           *uuid.UUID      `bun:"entered_by" json:"entered_by,omitempty"`
	VerifiedBy          *uuid.UUID      `bun:"verified_by" json:"verified_by,omitempty"`
	VerifiedAt          *time.Time      `bun:"verified_at" json:"verified_at,omitempty"`
	SubmittedAt         time.Time       `bun:"submitted_at" json:"submitted_at"`
	ReplacesID          *uuid.UUID      `bun:"replaces_id" json:"replaces_id,omitempty"`
	ReplacedAt          *time.Time      `bun:"replaced_at" json:"replaced_at,omitempty"`
	CorrectionReason    *string         `bun:"correction_reason" json:"correction_reason,omitempty"`
	Version             int             `bun:"version" json:"version"`
	Parts               []SheetPart     `bun:"-" json:"parts"`
}

// SheetPart is a part line of a sheet.
type SheetPart struct {
	ID              uuid.UUID  `bun:"id" json:"id"`
	SheetID         uuid.UUID  `bun:"sheet_id" json:"-"`
	No              int        `bun:"no" json:"no"`
	PartID          *uuid.UUID `bun:"part_id" json:"part_id,omitempty"`
	SKU             string     `bun:"sku" json:"sku"`
	Name            string     `bun:"name" json:"name"`
	Quantity        int64      `bun:"quantity" json:"quantity"`
	SerialNumber    *string    `bun:"serial_number" json:"serial_number,omitempty"`
	OldSerialNumber *string    `bun:"old_serial_number" json:"old_serial_number,omitempty"`
	FromPlace       *uuid.UUID `bun:"from_place" json:"-"`
	FromPlaceCode   string     `bun:"from_place_code" json:"from_place,omitempty"`
	Source          string     `bun:"source" json:"source"`
	Covered         bool       `bun:"covered" json:"covered"`
	Booking         string     `bun:"booking" json:"booking" enum:"booked,unreconciled,reconciled,outside" doc:"unreconciled: the ledger could not cover it; a stock keeper resolves it"`
	MoveID          *uuid.UUID `bun:"move_id" json:"move_id,omitempty"`
}

// quoteValidDays is how long a quote stands that comes with a sheet.
const quoteValidDays = 14

// needApproval wants to know what the customer is to agree to: a quote that he has not answered yet, or
// the lines of one, which is drafted.
func (w *work) needApproval(ctx context.Context, o *Order, in SheetInput) error {
	quotes, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(quotes, func(q Quote) bool {
		return q.Purpose != "call_out" && (q.State == QuoteDraft || q.State == QuoteSent)
	}) {
		return nil
	}
	if len(in.QuoteLines) == 0 {
		return fault.New(fault.Conflict, "quote_to_approve_missing", "say what the customer is to agree to: make the quote first, or give quote_lines with the sheet").
			Field("body.quote_lines", "required for need_approval when no quote is open").Allow("quote").With("state", string(o.State))
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	purpose := "repair"
	if slices.ContainsFunc(quotes, func(q Quote) bool { return q.Purpose == "repair" && q.State == QuoteApproved }) {
		purpose = "variation"
	}
	_, err = w.draftQuote(ctx, o, QuoteInput{Purpose: purpose, Lines: in.QuoteLines, ValidUntil: calendar.Of(w.at, loc).AddDays(quoteValidDays)})
	return err
}

// SubmitSheet records what happened at a visit and lets everything follow in the same transaction: the
// visit ends with its outcome, parts leave the stock, the order moves on, and, when it is finished, the
// receipt, the follow-up call and the warranty of the repair are made.
//
// Buttons that were forgotten are filled in from the sheet's times and marked as inferred. A line that the
// ledger cannot cover does not stop the sheet: it stays unreconciled for the stock keeper.
func (d *Desk) SubmitSheet(ctx context.Context, by auth.Caller, orderRef string, in SheetInput) (Sheet, error) {
	var id uuid.UUID
	err := d.changeOrder(ctx, by, orderRef, func(ctx context.Context, w *work, o *Order) error {
		v, err := w.board.Visit(ctx, by.Scope(), in.VisitID)
		if err != nil {
			return err
		}
		if v.OrderID != o.ID {
			return fault.New(fault.Invalid, "visit_of_another_order", "this visit belongs to another order").Field("body.visit_id", "belongs to another order")
		}
		if e := by.Scope().Engineer(); e != nil && *e != v.EngineerID {
			return notFound("visit", in.VisitID.String())
		}
		if v.State == dispatch.Finished {
			return fault.New(fault.Conflict, "sheets_one_per_visit", "this visit has its sheet: correct that one").Allow("correct").With("state", string(o.State))
		}
		if !v.State.Binding() || !v.Lead {
			return fault.New(fault.Conflict, "visit_legal_move", "a visit that is %q takes no sheet", string(v.State)).With("state", string(v.State))
		}
		lines, err := w.codes.ChecklistOf(ctx, o.Kind, o.AssetID)
		if err != nil {
			return err
		}
		if err := in.check(o, v.ArrivedAt != nil, in.openLines(lines)); err != nil {
			return err
		}
		if err := w.knownCodes(ctx, in); err != nil {
			return err
		}
		if err := w.sheetAllowed(ctx, o, in); err != nil {
			return err
		}
		s, err := w.sheetFrom(ctx, o, v, in)
		if err != nil {
			return err
		}
		if err := w.finishVisits(ctx, o, v, s); err != nil {
			return err
		}
		if err := insertSheet(ctx, w, s); err != nil {
			return err
		}
		if err := w.sheetFiles(ctx, s); err != nil {
			return err
		}
		if err := w.fitParts(ctx, o, &s, v, in); err != nil {
			return err
		}
		id = s.ID
		if s.Outcome != "no_access" {
			if err := w.heard(ctx, o, "visit"); err != nil {
				return err
			}
		}
		return w.sheetMovesOrder(ctx, o, v, s, in)
	})
	if err != nil {
		return Sheet{}, err
	}
	return d.Sheet(ctx, by, id)
}

func (w *work) knownCodes(ctx context.Context, in SheetInput) error {
	for _, c := range []struct {
		kind string
		code *string
	}{{"fault", in.FaultCode}, {"cause", in.CauseCode}, {"action", in.ActionCode}} {
		if c.code == nil || *c.code == "" {
			continue
		}
		if err := w.codes.Known(ctx, c.kind, *c.code); err != nil {
			return err
		}
	}
	return nil
}

// sheetAllowed holds the guards that look beyond the sheet: a repair that nobody agreed to pay for, a
// refusal without a quote, a device taken without a record.
func (w *work) sheetAllowed(ctx context.Context, o *Order, in SheetInput) error {
	if o.Chargeable && o.ApprovedMinor == nil && (in.Outcome == "done" || in.Outcome == "partial" || len(in.Parts) > 0) {
		return fault.New(fault.Conflict, "sheets_repair_approved", "only the call-out is agreed: quote the repair on site and have it approved first").
			Allow("quote", "need_approval", "declined", "no_fault_found").With("state", string(o.State))
	}
	switch in.Outcome {
	case "need_approval":
		return w.needApproval(ctx, o, in)
	case "no_access":
		if strings.TrimSpace(in.Notes) != "" || len(in.Photos) > 0 {
			return nil
		}
		rang, err := rangCustomer(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if !rang {
			return fault.New(fault.Invalid, "sheet_incomplete", "a sheet with the outcome %s needs more: see the fields named", in.Outcome).
				Field("body.notes", "log a call from the door, take a photo of it, or say why neither was possible")
		}
	case "taken_to_depot":
		c, err := w.custody.OpenOf(ctx, o.ID)
		if err != nil {
			return err
		}
		if c == nil {
			return fault.New(fault.Conflict, "custody_missing", "a device is taken away with a signed record: make the custody record first").Allow("custody").With("state", string(o.State))
		}
	case "declined":
		quotes, err := quotesOf(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(quotes, func(q Quote) bool {
			return q.Purpose != "call_out" && (q.State == QuoteDeclined || q.State == QuoteSent || q.State == QuoteDraft)
		}) {
			return fault.New(fault.Conflict, "quote_to_decline_missing", "a refusal answers a quote: make the quote and record the refusal").Allow("quote").With("state", string(o.State))
		}
	}
	return nil
}

// sheetFrom makes the record from what the engineer says.
func (w *work) sheetFrom(ctx context.Context, o *Order, v dispatch.Visit, in SheetInput) (Sheet, error) {
	s := Sheet{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, VisitID: v.ID, Edition: 1, EngineerID: v.EngineerID, Outcome: in.Outcome,
		FaultCode: in.FaultCode, CauseCode: in.CauseCode, ActionCode: in.ActionCode, Notes: in.Notes, WorkMinutes: in.WorkMinutes, TravelMinutes: in.TravelMins, MinutesLeft: in.MinutesLeft,
		ArrivedAt: v.ArrivedAt, FinishedAt: w.at, SignerName: in.SignerName, SignerRelation: in.SignerRel, EnteredBy: in.EnteredBy, SubmittedAt: w.at}
	if in.ArrivedAt != nil {
		at := in.ArrivedAt.UTC().Truncate(time.Microsecond)
		s.ArrivedAt = &at
	}
	if in.FinishedAt != nil {
		s.FinishedAt = in.FinishedAt.UTC().Truncate(time.Microsecond)
		if s.FinishedAt.After(w.at) {
			s.FinishedAt = w.at // a phone's clock that runs ahead; the receipt and the window go by ours
		}
	}
	if s.ArrivedAt != nil && s.ArrivedAt.After(s.FinishedAt) {
		s.ArrivedAt = &s.FinishedAt
	}
	// Whoever signs in typed it; only an administrator may name somebody else.
	if typed := s.EnteredBy != nil || w.by.Is(auth.Clerk) && w.by.EngineerID == nil; typed && w.by.Person() && (s.EnteredBy == nil || !w.by.Is(auth.Admin)) {
		s.EnteredBy = &w.by.UserID
	}
	var err error
	if s.Signature, s.NoSignatureReason, err = signed(in.Signature); err != nil {
		return s, err
	}
	photos, err := photosOf(in.Photos)
	if err != nil {
		return s, err
	}
	for _, f := range []struct {
		to   *json.RawMessage
		from any
		skip bool
	}{
		{&s.Photos, photos, false}, {&s.Checklist, nonNil(in.Checklist), false}, {&s.Readings, nonNilMap(in.Readings), false},
		{&s.Acceptance, in.Acceptance, in.Acceptance == nil}, {&s.Installed, in.Installed, in.Installed == nil}, {&s.Incident, in.Incident, in.Incident == nil},
	} {
		if f.skip {
			continue
		}
		if *f.to, err = json.Marshal(f.from); err != nil {
			return s, err
		}
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return s, err
	}
	if s.Outcome == "done" && o.Kind == "repair" {
		terms, err := w.book.Terms(ctx, o.OrgID)
		if err != nil {
			return s, err
		}
		until := terms.RepairUntil(calendar.Of(s.FinishedAt, loc))
		s.RepairWarrantyUntil = &until
	}
	s.Number, err = w.number(ctx, "RS", o.OrgID)
	return s, err
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func nonNilMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// finishVisits ends the visit, and with it those who helped.
func (w *work) finishVisits(ctx context.Context, o *Order, v dispatch.Visit, s Sheet) error {
	act := dispatch.Act{At: s.FinishedAt, Outcome: s.Outcome, ArrivedAt: s.ArrivedAt}
	if _, err := w.board.Do(ctx, v.ID, "finish", act); err != nil {
		return err
	}
	if s.ArrivedAt != nil {
		if err := w.arrived(ctx, o, *s.ArrivedAt); err != nil {
			return err
		}
	}
	visits, err := w.board.VisitsOf(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, h := range visits {
		if !h.Lead && h.State.Binding() {
			if _, err := w.board.Do(ctx, h.ID, "finish", act); err != nil {
				return err
			}
		}
	}
	return nil
}

// sheetFiles ties the photos to the sheet; a hash nobody sent is refused.
func (w *work) sheetFiles(ctx context.Context, s Sheet) error {
	var photos []photo
	if err := json.Unmarshal(s.Photos, &photos); err != nil {
		return err
	}
	for _, p := range photos {
		if err := w.attachFile(ctx, p.SHA256, "sheet_id", s.ID, s.OrgID, p.Kind); err != nil {
			return err
		}
	}
	return nil
}

// fitParts takes the parts out of the stock, notes what the ledger could not cover, what is owed back,
// and what was fitted above the agreed sum.
func (w *work) fitParts(ctx context.Context, o *Order, s *Sheet, v dispatch.Visit, in SheetInput) error {
	if len(in.Parts) == 0 {
		return nil
	}
	var skus []string
	for _, p := range in.Parts {
		skus = append(skus, p.SKU)
	}
	known, err := w.stock.PartsBySKU(ctx, skus...)
	if err != nil {
		return err
	}
	cover, err := readCoverage(o.Coverage)
	if err != nil {
		return err
	}
	van, err := w.stock.VanOf(ctx, v.EngineerID)
	if err != nil {
		return err
	}
	use := inventory.Consumption{By: w.by, OrgID: o.OrgID, OrderID: o.ID, SheetID: s.ID}
	for i, p := range in.Parts {
		part := known[p.SKU]
		line := SheetPart{ID: newID(), SheetID: s.ID, No: i + 1, PartID: &part.ID, SKU: part.SKU, Name: part.Name, Quantity: p.Quantity, SerialNumber: p.SerialNumber, OldSerialNumber: p.OldSerialNumber,
			Source: p.Source, Covered: cover.For(customers.Part).Covered, Booking: "outside"}
		if line.Source == "" {
			line.Source = "stock"
		}
		if line.Source == "stock" {
			line.Booking = "unreconciled"
			switch {
			case p.FromPlace != nil:
				place, err := w.stock.PlaceByCode(ctx, w.by.Scope(), *p.FromPlace)
				if fault.Is(err, fault.NotFound) { // an engineer lent to us fetched it at our store
					place, err = w.stock.PlaceByCode(ctx, auth.System("sheet").Within(o.OrgID, o.ServingOrgID).Scope(), *p.FromPlace)
				}
				if err != nil {
					return err
				}
				line.FromPlace, line.FromPlaceCode = &place.ID, place.Code
			case van != nil:
				line.FromPlace, line.FromPlaceCode = &van.ID, van.Code
			}
			if line.FromPlace != nil {
				c := inventory.ConsumeLine{No: line.No, PartID: part.ID, PlaceID: *line.FromPlace, Quantity: p.Quantity}
				if p.SerialNumber != nil {
					c.SerialNumber = *p.SerialNumber
				}
				use.Lines = append(use.Lines, c)
			}
		}
		s.Parts = append(s.Parts, line)
	}
	booked, err := w.stock.Consume(ctx, use)
	if err != nil {
		return err
	}
	for _, b := range booked {
		if b.Booked {
			s.Parts[b.No-1].Booking, s.Parts[b.No-1].MoveID = "booked", b.MoveID
		}
	}
	if err := insertSheetParts(ctx, w.tx, *s); err != nil {
		return err
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	for _, line := range s.Parts {
		part := known[line.SKU]
		if !part.ReturnOld {
			continue
		}
		state := OldPartDue
		old := OldPart{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, SheetPartID: line.ID, EngineerID: v.EngineerID, PartID: part.ID, Quantity: line.Quantity, SerialNumber: line.OldSerialNumber,
			DueOn: calendar.Of(s.FinishedAt, loc).AddDays(7), State: state}
		if err := insertOldPart(ctx, w.tx, old); err != nil {
			return err
		}
		if in.OldPartsKept {
			if err := moveOldPart(ctx, w, old, OldPartKept); err != nil {
				return err
			}
		}
	}
	return w.flagOverApproved(ctx, o, s, known)
}

// flagOverApproved compares what was fitted with what was quoted: above it, the receipt stays at the
// agreed sum and the rest waits for a variation or a waiver.
func (w *work) flagOverApproved(ctx context.Context, o *Order, s *Sheet, known map[string]inventory.Part) error {
	if !o.Chargeable {
		return nil
	}
	quotes, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	agreed := map[string]int64{}
	var spare money.Fen // "up to" sums leave room above the lines
	for _, q := range quotes {
		if q.State != QuoteApproved {
			continue
		}
		if q.LimitMinor != nil && *q.LimitMinor > q.TotalMinor {
			spare += *q.LimitMinor - q.TotalMinor
		}
		for _, l := range q.Lines {
			if l.SKU != nil {
				agreed[*l.SKU] += l.Quantity
			}
		}
	}
	earlier, err := sheetsOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if e.ReplacedAt != nil || e.ID == s.ID {
			continue
		}
		for _, p := range e.Parts {
			agreed[p.SKU] -= p.Quantity
		}
	}
	var over money.Fen
	for _, p := range s.Parts {
		if p.Covered || p.Source == "customer_supplied" {
			continue
		}
		extra := p.Quantity - max(agreed[p.SKU], 0)
		agreed[p.SKU] -= p.Quantity
		if extra > 0 {
			over += money.Fen(extra) * money.Fen(known[p.SKU].PriceMinor)
		}
	}
	if over -= spare; over <= 0 {
		return nil
	}
	s.OverApprovedMinor = over
	if err := setSheet(ctx, w.tx, s.ID, "over_approved_minor = ?", over); err != nil {
		return err
	}
	return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "over_approved", Data: map[string]any{"sheet": s.Number, "over_minor": over}})
}

func ptr[T any](v T) *T { return &v }

// Sheet reads one sheet of an order the person may see.
func (d *Desk) Sheet(ctx context.Context, by auth.Caller, id uuid.UUID) (Sheet, error) {
	s, err := findSheet(ctx, d.reader(ctx), id)
	if err != nil {
		return s, err
	}
	if _, err := findOrder(ctx, d.reader(ctx), by.Scope(), s.OrderID.String()); err != nil {
		return Sheet{}, hidden(err, "sheet", id.String())
	}
	return s, nil
}

package workorders

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/workorders/aftercare"
)

// QuoteInput offers work for money before it is done.
type QuoteInput struct {
	Purpose          string           `json:"purpose,omitempty" enum:"repair,call_out,variation" doc:"absent = repair"`
	Lines            []QuoteLineInput `json:"lines" minItems:"1" maxItems:"200"`
	LimitMinor       *money.Fen       `json:"limit_minor,omitempty" minimum:"0" doc:"up to this much without asking again"`
	DeductIfRepaired bool             `json:"deduct_if_repaired,omitempty" doc:"the call-out fee is dropped once the repair is approved"`
	ValidUntil       calendar.Date    `json:"valid_until" doc:"valid to the last second of this day at the site"`
	Terms            string           `json:"terms,omitempty" maxLength:"4000"`
}

// QuoteLineInput is one line of a quote. Amounts include tax.
type QuoteLineInput struct {
	Kind        string    `json:"kind" enum:"labour,part,travel,inspection,material,other"`
	Description string    `json:"description" minLength:"1" maxLength:"300"`
	SKU         string    `json:"sku,omitempty" maxLength:"40"`
	Quantity    int64     `json:"quantity" minimum:"1" maximum:"1000000"`
	UnitMinor   money.Fen `json:"unit_minor" minimum:"0" maximum:"100000000000"`
}

// Quote is an offer 报价单. Approved, it never changes.
type Quote struct {
	ID               uuid.UUID       `bun:"id" json:"id"`
	OrgID            int32           `bun:"org_id" json:"-"`
	OrderID          uuid.UUID       `bun:"order_id" json:"work_order_id"`
	Number           string          `bun:"number" json:"number"`
	Purpose          string          `bun:"purpose" json:"purpose"`
	State            QuoteState      `bun:"state" json:"state"`
	TotalMinor       money.Fen       `bun:"total_minor" json:"total_minor"`
	LimitMinor       *money.Fen      `bun:"limit_minor" json:"limit_minor,omitempty"`
	DeductIfRepaired bool            `bun:"deduct_if_repaired" json:"deduct_if_repaired"`
	ValidUntil       calendar.Date   `bun:"valid_until" json:"valid_until"`
	ValidTo          time.Time       `bun:"valid_to" json:"valid_to" doc:"the instant at which it ends"`
	Terms            string          `bun:"terms" json:"terms,omitempty"`
	SentAt           *time.Time      `bun:"sent_at" json:"sent_at,omitempty"`
	ApprovedAt       *time.Time      `bun:"approved_at" json:"approved_at,omitempty"`
	ApprovedBy       *string         `bun:"approved_by" json:"approved_by,omitempty"`
	ApprovedHow      *string         `bun:"approved_how" json:"approved_how,omitempty"`
	Approval         json.RawMessage `bun:"approval" json:"approval,omitempty"`
	DeclinedAt       *time.Time      `bun:"declined_at" json:"declined_at,omitempty"`
	DeclineReason    *string         `bun:"decline_reason" json:"decline_reason,omitempty"`
	RemindedAt       *time.Time      `bun:"reminded_at" json:"reminded_at,omitempty" doc:"the customer was told that it is about to end"`
	CreatedAt        time.Time       `bun:"created_at" json:"created_at"`
	Version          int             `bun:"version" json:"version"`
	Lines            []QuoteLine     `bun:"-" json:"lines"`
	Link             string          `bun:"-" json:"link,omitempty" doc:"shown once, when it is sent"`
	AllowedActions   []string        `bun:"-" json:"allowed_actions"`
}

// QuoteLine is one line as offered.
type QuoteLine struct {
	QuoteID     uuid.UUID  `bun:"quote_id" json:"-"`
	No          int        `bun:"no" json:"no"`
	Kind        string     `bun:"kind" json:"kind"`
	Description string     `bun:"description" json:"description"`
	PartID      *uuid.UUID `bun:"part_id" json:"part_id,omitempty"`
	SKU         *string    `bun:"sku" json:"sku,omitempty"`
	Quantity    int64      `bun:"quantity" json:"quantity"`
	UnitMinor   money.Fen  `bun:"unit_minor" json:"unit_minor"`
	AmountMinor money.Fen  `bun:"amount_minor" json:"amount_minor"`
}

// MakeQuote drafts a quote. A new one takes the place of a draft, sent or expired one of the same purpose;
// an approved one stands, more work is a variation.
func (d *Desk) MakeQuote(ctx context.Context, by auth.Caller, orderRef string, in QuoteInput) (Quote, error) {
	var id uuid.UUID
	err := d.changeOrder(ctx, by, orderRef, func(ctx context.Context, w *work, o *Order) error {
		q, err := w.draftQuote(ctx, o, in)
		id = q.ID
		return err
	})
	if err != nil {
		return Quote{}, err
	}
	return d.Quote(ctx, by, id)
}

func (w *work) draftQuote(ctx context.Context, o *Order, in QuoteInput) (Quote, error) {
	none := Quote{}
	if in.Purpose == "" {
		in.Purpose = "repair"
	}
	// Work above the agreed sum is quoted afterwards, as a variation.
	if slices.Contains([]OrderState{OrderClosed, OrderCancelled, OrderCannotComplete}, o.State) || o.State == OrderCompleted && in.Purpose != "variation" {
		return none, w.refuseOrder(o, "quote")
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return none, err
	}
	if in.ValidUntil.Before(calendar.Of(w.at, loc)) {
		return none, fault.New(fault.Invalid, "valid_until_past", "a quote is valid today at least").Field("body.valid_until", "must not be in the past")
	}
	q := Quote{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, Purpose: in.Purpose, State: QuoteDraft, LimitMinor: in.LimitMinor, DeductIfRepaired: in.DeductIfRepaired,
		ValidUntil: in.ValidUntil, ValidTo: in.ValidUntil.AddDays(1).In(loc), Terms: in.Terms, CreatedAt: w.at}
	if q.Lines, q.TotalMinor, err = w.quoteLines(ctx, in.Lines); err != nil {
		return none, err
	}
	older, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return none, err
	}
	for _, old := range older {
		if old.Purpose != q.Purpose || q.Purpose == "variation" {
			continue
		}
		if old.State == QuoteApproved {
			return none, fault.New(fault.Conflict, "quotes_one_live", "quote %s is approved and stands: quote further work as a variation", old.Number).Allow("variation").With("quote_id", old.ID)
		}
		if old.State == QuoteDraft || old.State == QuoteSent || old.State == QuoteExpired {
			if err := w.moveQuote(ctx, &old, QuoteSuperseded, "", nil); err != nil {
				return none, err
			}
		}
	}
	if q.Number, err = w.number(ctx, "QT", o.OrgID); err != nil {
		return none, err
	}
	if err := insertQuote(ctx, w, q); err != nil {
		return none, err
	}
	return q, w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_draft", Data: map[string]any{"quote": q.Number, "purpose": q.Purpose, "total_minor": q.TotalMinor}})
}

func (w *work) quoteLines(ctx context.Context, in []QuoteLineInput) ([]QuoteLine, money.Fen, error) {
	var skus []string
	for _, l := range in {
		if l.SKU != "" {
			skus = append(skus, l.SKU)
		}
	}
	parts, err := w.stock.PartsBySKU(ctx, skus...)
	if err != nil {
		return nil, 0, err
	}
	const most = money.Fen(1_000_000_000_000)
	var lines []QuoteLine
	var total money.Fen
	for i, l := range in {
		line := QuoteLine{No: i + 1, Kind: l.Kind, Description: strings.TrimSpace(l.Description), Quantity: l.Quantity, UnitMinor: l.UnitMinor, AmountMinor: money.Fen(l.Quantity) * l.UnitMinor}
		if l.UnitMinor < 0 || l.Quantity < 1 || l.UnitMinor > most || l.UnitMinor > 0 && money.Fen(l.Quantity) > most/l.UnitMinor {
			return nil, 0, fault.New(fault.Invalid, "amount_out_of_range", "line %d is not a sum anybody can owe", i+1).Field(fmt.Sprintf("body.lines[%d]", i), "quantity × unit_minor is out of range")
		}
		if p, ok := parts[l.SKU]; ok {
			line.PartID, line.SKU = &p.ID, &p.SKU
		}
		if total += line.AmountMinor; total > most {
			return nil, 0, fault.New(fault.Invalid, "amount_out_of_range", "the total is not a sum anybody can owe").Field("body.lines", "the total is out of range")
		}
		lines = append(lines, line)
	}
	return lines, total, nil
}

// SendQuote gives the customer a link under which he can read, approve or decline it. The order waits
// for his answer, unless somebody is booked for it already.
func (d *Desk) SendQuote(ctx context.Context, by auth.Caller, id uuid.UUID) (Quote, error) {
	var link string
	q, err := d.onQuote(ctx, by, id, func(ctx context.Context, w *work, o *Order, q *Quote) error {
		if err := QuoteMoves.Check(q.State, QuoteSent); err != nil {
			return err
		}
		if q.State == QuoteSent {
			return fault.New(fault.Conflict, "quote_legal_move", "quote %s was sent already: make a new one to send another link", q.Number).Allow("approve", "decline").With("state", string(q.State))
		}
		if !w.at.Before(q.ValidTo) {
			return fault.New(fault.Conflict, "quote_expired", "quote %s ended on %s: make a new one", q.Number, q.ValidUntil).Allow("quote")
		}
		if err := w.moveQuote(ctx, q, QuoteSent, "sent_at = ?", []any{w.at}); err != nil {
			return err
		}
		token, err := w.makeLink(ctx, o, &q.ID, "quote")
		if err != nil {
			return err
		}
		link = "/c/" + token
		if err := w.heard(ctx, o, "quote"); err != nil {
			return err
		}
		if err := w.orderAwaits(ctx, o, q); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_sent", Data: map[string]any{"quote": q.Number, "purpose": q.Purpose, "total_minor": q.TotalMinor}}); err != nil {
			return err
		}
		return w.tellCustomer(ctx, o, "message.customer.quote", o.Number, q.TotalMinor.String(), q.ValidUntil.String(), w.baseURL+link)
	})
	q.Link = link
	if link != "" && d.baseURL != "" {
		q.Link = d.baseURL + link
	}
	return q, err
}

// orderAwaits parks the order until the quote is answered. A booked visit stays booked.
func (w *work) orderAwaits(ctx context.Context, o *Order, q *Quote) error {
	if q.TotalMinor > 0 && !o.Chargeable && q.Purpose != "variation" && o.State != OrderAssigned && o.State != OrderInProgress {
		if err := setOrder(ctx, w.tx, o.ID, "chargeable = true"); err != nil {
			return err
		}
		o.Chargeable = true
	}
	if o.State == OrderAssigned || o.State == OrderAwaitingApproval || o.State == OrderCompleted {
		return nil
	}
	return w.moveOrder(ctx, o, OrderAwaitingApproval, step{Action: "quote", Data: map[string]any{"quote": q.Number}})
}

// ApprovalInput is a customer's yes as somebody recorded it.
type ApprovalInput struct {
	How       string          `json:"how" enum:"phone,on_site,paper"`
	Name      string          `json:"name" minLength:"1" maxLength:"100" doc:"who agreed"`
	SaidAt    *time.Time      `json:"said_at,omitempty"`
	Note      string          `json:"note,omitempty" maxLength:"2000" doc:"phone: the number that was called"`
	Signature json.RawMessage `json:"signature,omitempty" doc:"strokes [[[x,y],…],…]"`
	File      *string         `json:"file,omitempty" doc:"paper: SHA-256 of the scan"`
}

// ApproveQuote records a yes given by phone, on site or on paper.
func (d *Desk) ApproveQuote(ctx context.Context, by auth.Caller, id uuid.UUID, in ApprovalInput) (Quote, error) {
	return d.onQuote(ctx, by, id, func(ctx context.Context, w *work, o *Order, q *Quote) error {
		if err := w.ownVisit(ctx, o); err != nil {
			return err
		}
		switch {
		case in.How == "phone" && strings.TrimSpace(in.Note) == "":
			return fault.New(fault.Invalid, "number_called_missing", "say in the note which number was called").Field("body.note", "required for phone")
		case in.How == "paper" && in.File == nil:
			return fault.New(fault.Invalid, "scan_missing", "attach the scan of the signed paper").Field("body.file", "required for paper")
		}
		at := w.at
		if in.SaidAt != nil {
			if in.SaidAt.After(w.at.Add(time.Minute)) {
				return fault.New(fault.Invalid, "said_in_future", "said_at lies in the future").Field("body.said_at", "must not be in the future")
			}
			at = in.SaidAt.UTC().Truncate(time.Microsecond)
		}
		if in.File != nil {
			if err := w.attachFile(ctx, *in.File, "quote_id", q.ID, o.OrgID, "paper"); err != nil {
				return err
			}
		}
		how := map[string]any{"note": in.Note, "said_at": at, "recorded_by": w.by.Login}
		if len(in.Signature) > 0 && string(in.Signature) != "null" {
			how["signature"] = in.Signature
		}
		if err := w.heard(ctx, o, "approval"); err != nil {
			return err
		}
		return w.approve(ctx, o, q, in.Name, in.How, at, how)
	})
}

// approve is the customer's yes, however it came. What he saw is kept as a hash of its content.
func (w *work) approve(ctx context.Context, o *Order, q *Quote, name, how string, at time.Time, proof map[string]any) error {
	if name = strings.TrimSpace(name); name == "" {
		return fault.New(fault.Invalid, "name_missing", "write the name of who agrees").Field("body.name", "must not be blank")
	}
	if !at.Before(q.ValidTo) {
		return fault.New(fault.Conflict, "quote_expired", "quote %s ended on %s: ask for a new one", q.Number, q.ValidUntil).Allow("quote").With("state", string(q.State))
	}
	if q.State == QuoteApproved || QuoteMoves.Check(q.State, QuoteApproved) != nil {
		return fault.New(fault.Conflict, "quote_legal_move", "quote %s is %s and cannot be approved", q.Number, string(q.State)).Allow(QuoteMoves.Actions(q.State)...).With("state", string(q.State))
	}
	proof["content_sha256"] = q.contentHash()
	proof["recorded_at"] = w.at
	raw, err := json.Marshal(proof)
	if err != nil {
		return err
	}
	if err := w.moveQuote(ctx, q, QuoteApproved, "approved_at = ?, approved_by = ?, approved_how = ?, approval = ?", []any{at, name, how, string(raw)}); err != nil {
		return err
	}
	if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_approved", Data: map[string]any{"quote": q.Number, "purpose": q.Purpose, "total_minor": q.TotalMinor, "how": how, "name": name}}); err != nil {
		return err
	}
	switch q.Purpose {
	case "call_out":
		o.CallOutMinor, o.DeductCallOut = &q.TotalMinor, q.DeductIfRepaired
		err = setOrder(ctx, w.tx, o.ID, "call_out_minor = ?, deduct_call_out = ?, chargeable = true", q.TotalMinor, q.DeductIfRepaired)
	default: // the repair and what came on top of it, in whatever order they were agreed
		if o.ApprovedMinor, err = agreedSum(ctx, w.tx, o.ID); err != nil {
			return err
		}
		err = setOrder(ctx, w.tx, o.ID, "approved_minor = ?, chargeable = true", o.ApprovedMinor)
		if err == nil && q.Purpose == "variation" {
			err = settleOverApproved(ctx, w.tx, o.ID, q.TotalMinor)
		}
	}
	if err != nil {
		return err
	}
	o.Chargeable = true
	if err := w.promises.CloseCallbacks(ctx, o.ID, "quote_open"); err != nil {
		return err
	}
	if err := w.afterAnswer(ctx, o, q); err != nil {
		return err
	}
	if o.FinishedAt != nil { // a variation for what was fitted: it is billed now
		r, err := w.issueReceipt(ctx, o)
		if err != nil {
			return err
		}
		if r != nil && len(r.Payments) > 0 && r.VoidedAt == nil {
			return fault.New(fault.Conflict, "receipts_void_refunded", "money came in on receipt %s: refund it first, then agree the variation, or let the customer off", r.Number).Allow("refund", "waive").With("receipt_id", r.ID)
		}
	}
	return w.tellOffice(ctx, o, "desk", "message.desk.quote_approved")
}

// afterAnswer lets an order go on that waited for its customer: where somebody is on site the work goes
// on, a device at the bench stays there, all others are ready to be dispatched.
func (w *work) afterAnswer(ctx context.Context, o *Order, q *Quote) error {
	waits := o.State == OrderOnHold && o.HoldReason != nil && *o.HoldReason == "customer" // for a quote that ended
	if o.State != OrderAwaitingApproval && o.State != OrderNew && !waits {
		return nil
	}
	if waits { // with the device here it waits for the bench from now on
		c, err := w.custody.OpenOf(ctx, o.ID)
		if err != nil {
			return err
		}
		if c != nil {
			o.HoldReason = ptr("depot")
			return setOrder(ctx, w.tx, o.ID, "hold_reason = 'depot', hold_text = ?", c.Number)
		}
	}
	if o.State != OrderAwaitingApproval {
		return w.moveOrder(ctx, o, OrderReady, step{Action: "approve", Data: map[string]any{"quote": q.Number}})
	}
	busy, err := w.openVisit(ctx, o)
	if err != nil {
		return err
	}
	if busy != nil && busy.State != dispatch.Dispatched && busy.State != dispatch.Accepted {
		return w.moveOrder(ctx, o, OrderInProgress, step{Action: "approve_on_site", Set: "engineer_id = ?, engineer_org_id = ?", Args: []any{busy.EngineerID, busy.EngineerOrgID}, Data: map[string]any{"quote": q.Number}})
	}
	c, err := w.custody.OpenOf(ctx, o.ID)
	if err != nil {
		return err
	}
	if c != nil {
		return w.hold(ctx, o, "depot", c.Number, nil, "approve")
	}
	return w.moveOrder(ctx, o, OrderReady, step{Action: "approve", Data: map[string]any{"quote": q.Number}})
}

// DeclineInput is a customer's no.
type DeclineInput struct {
	How    string `json:"how,omitempty" enum:"link,phone,on_site,paper"`
	Name   string `json:"name,omitempty" maxLength:"100"`
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// DeclineQuote records a no.
func (d *Desk) DeclineQuote(ctx context.Context, by auth.Caller, id uuid.UUID, in DeclineInput) (Quote, error) {
	return d.onQuote(ctx, by, id, func(ctx context.Context, w *work, o *Order, q *Quote) error {
		if err := w.ownVisit(ctx, o); err != nil {
			return err
		}
		return w.decline(ctx, o, q, in)
	})
}

// decline ends a quote. While a visit is open it changes the quote alone: the engineer's sheet moves the
// order. Before any visit the order is cancelled, after one it cannot be completed, and what the customer
// agreed to pay for the call-out is due.
func (w *work) decline(ctx context.Context, o *Order, q *Quote, in DeclineInput) error {
	if strings.TrimSpace(in.Reason) == "" {
		return fault.New(fault.Invalid, "reason_missing", "say why the customer declines").Field("body.reason", "must not be blank")
	}
	if QuoteMoves.Check(q.State, QuoteDeclined) != nil || q.State == QuoteDeclined {
		return fault.New(fault.Conflict, "quote_legal_move", "quote %s is %s and cannot be declined", q.Number, string(q.State)).Allow(QuoteMoves.Actions(q.State)...).With("state", string(q.State))
	}
	if err := w.moveQuote(ctx, q, QuoteDeclined, "declined_at = ?, decline_reason = ?", []any{w.at, in.Reason}); err != nil {
		return err
	}
	if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_declined", Reason: in.Reason, Data: map[string]any{"quote": q.Number, "purpose": q.Purpose, "name": in.Name, "how": in.How}}); err != nil {
		return err
	}
	if err := w.promises.CloseCallbacks(ctx, o.ID, "quote_open"); err != nil {
		return err
	}
	if err := w.tellOffice(ctx, o, "desk", "message.desk.quote_declined"); err != nil {
		return err
	}
	busy, err := w.openVisit(ctx, o)
	if err != nil || busy != nil {
		if err == nil && o.State == OrderAwaitingApproval && busy.State != dispatch.Dispatched && busy.State != dispatch.Accepted {
			return w.moveOrder(ctx, o, OrderInProgress, step{Action: "approve_on_site", Reason: in.Reason, Set: "engineer_id = ?, engineer_org_id = ?", Args: []any{busy.EngineerID, busy.EngineerOrgID}})
		}
		return err
	}
	if q.Purpose == "variation" && o.ApprovedMinor != nil && o.State == OrderAwaitingApproval {
		return w.afterAnswer(ctx, o, q) // the work agreed before stands
	}
	if o.State != OrderAwaitingApproval && o.State != OrderNew && o.State != OrderReady {
		return nil
	}
	c, err := w.custody.OpenOf(ctx, o.ID)
	if err != nil {
		return err
	}
	if c != nil { // the device has to go back first
		if o.State == OrderAwaitingApproval {
			return w.hold(ctx, o, "depot", "quote declined", nil, "decline")
		}
		return nil
	}
	visited, err := everVisited(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	if !visited {
		return w.cancel(ctx, o, "quote_declined", "decline")
	}
	if o.State != OrderAwaitingApproval {
		return nil
	}
	return w.endUnrepaired(ctx, o, "decline", "quote_declined", in.Reason)
}

// onQuote locks the order of a quote first, then lets fn change both.
func (d *Desk) onQuote(ctx context.Context, by auth.Caller, id uuid.UUID, fn func(ctx context.Context, w *work, o *Order, q *Quote) error) (Quote, error) {
	order, err := orderOfQuote(ctx, d.reader(ctx), id)
	if err != nil {
		return Quote{}, err
	}
	err = d.changeOrder(freshNot(ctx), by, order.String(), func(inner context.Context, w *work, o *Order) error {
		q, err := findQuote(inner, w.tx, id)
		if err != nil {
			return err
		}
		if err := fresh(ctx, "quote", q.Version); err != nil {
			return err
		}
		return fn(inner, w, o, &q)
	})
	if err != nil {
		return Quote{}, err
	}
	return d.Quote(ctx, by, id)
}

// moveQuote is the one place that changes the state of a quote.
func (w *work) moveQuote(ctx context.Context, q *Quote, to QuoteState, set string, args []any) error {
	if err := QuoteMoves.Check(q.State, to); err != nil {
		return err
	}
	if set != "" {
		set = ", " + set
	}
	if err := setQuote(ctx, w.tx, q.ID, "state = ?"+set, append([]any{to}, args...)...); err != nil {
		return err
	}
	q.State = to
	return nil
}

// Quote reads one quote that the person may see.
func (d *Desk) Quote(ctx context.Context, by auth.Caller, id uuid.UUID) (Quote, error) {
	q, err := findQuote(ctx, d.reader(ctx), id)
	if err != nil {
		return q, err
	}
	if _, err := findOrder(ctx, d.reader(ctx), by.Scope(), q.OrderID.String()); err != nil {
		return Quote{}, hidden(err, "quote", id.String())
	}
	return q, nil
}

// contentHash identifies exactly what the customer agreed to.
func (q Quote) contentHash() string {
	raw, err := json.Marshal(struct {
		Number string
		Total  money.Fen
		Limit  *money.Fen
		Valid  string
		Terms  string
		Lines  []QuoteLine
	}{q.Number, q.TotalMinor, q.LimitMinor, q.ValidUntil.String(), q.Terms, q.Lines})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// RemindQuotes tells customers two days before the last day of a quote that it is about to end, once. Whom no
// channel reaches is rung. Called by the minute tick.
func (d *Desk) RemindQuotes(ctx context.Context) error {
	by := auth.System("quotes")
	due, err := remindersDue(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range due {
		_, err := d.onQuote(ctx, by, id, func(ctx context.Context, w *work, o *Order, q *Quote) error {
			if q.State != QuoteSent || q.RemindedAt != nil {
				return nil
			}
			if err := setQuote(ctx, w.tx, q.ID, "reminded_at = ?", w.at); err != nil {
				return err
			}
			token, err := w.makeLink(ctx, o, &q.ID, "quote")
			if err != nil {
				return err
			}
			if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_reminded", Data: map[string]any{"quote": q.Number}}); err != nil {
				return err
			}
			return w.tellCustomer(ctx, o, "message.customer.quote_ends", o.Number, q.TotalMinor.String(), q.ValidUntil.String(), w.baseURL+"/c/"+token)
		})
		if err != nil { // the others are reminded all the same
			failed = append(failed, fmt.Errorf("quote %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// ExpireQuotes ends quotes whose last day at the site is over: the order is held for the customer and
// somebody rings him, so that it never ends in silence. Called by the minute tick.
func (d *Desk) ExpireQuotes(ctx context.Context) error {
	by := auth.System("quotes")
	due, err := expiredQuotes(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range due {
		_, err := d.onQuote(ctx, by, id, func(ctx context.Context, w *work, o *Order, q *Quote) error {
			if (q.State != QuoteDraft && q.State != QuoteSent) || w.at.Before(q.ValidTo) {
				return nil
			}
			if err := w.moveQuote(ctx, q, QuoteExpired, "", nil); err != nil {
				return err
			}
			if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "quote_expired", Data: map[string]any{"quote": q.Number}}); err != nil {
				return err
			}
			if err := w.tellOwner(ctx, o, "message.desk.quote_expired", q.Number); err != nil {
				return err
			}
			if o.State != OrderAwaitingApproval {
				return nil
			}
			if err := w.tellCustomer(ctx, o, "message.customer.quote_expired", o.Number, q.ValidUntil.String()); err != nil {
				return err
			}
			if _, err := w.promises.AddCallback(ctx, by, aftercare.CallbackInput{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Reason: "quote_open", DueAt: w.at, Text: q.Number}); err != nil {
				return err
			}
			return w.hold(ctx, o, "customer", "quote "+q.Number+" expired", nil, "hold")
		})
		if err != nil { // the others end all the same
			failed = append(failed, fmt.Errorf("quote %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

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
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// jobOf is what the board needs to know about an order to judge who could go.
func (d *Desk) jobOf(ctx context.Context, o *Order, lang string) (dispatch.Job, error) {
	orgs, err := d.people.Subtree(ctx, o.ServingOrgID)
	if err != nil {
		return dispatch.Job{}, err
	}
	j := jobFrom(o, orgs, nil, lang, d.now())
	if o.Mode != "phone" {
		parts, err := orderParts(ctx, d.reader(ctx), o.ID)
		if err != nil {
			return j, err
		}
		for _, p := range parts {
			if p.PartID != nil && !p.Awaiting && p.Quantity > p.Used {
				j.Parts = append(j.Parts, inventory.Need{PartID: *p.PartID, SKU: p.SKU, Quantity: p.Quantity - p.Used})
			}
		}
	}
	return j, nil
}

// Candidates judges every engineer for an order: the eligible first by score, each with the exact slot,
// the parts and where they come from; the refused last with the rule that refused.
func (d *Desk) Candidates(ctx context.Context, by auth.Caller, ref string, limit int) ([]dispatch.Candidate, error) {
	o, err := findOrder(ctx, d.reader(ctx), by.Scope(), ref)
	if err != nil {
		return nil, err
	}
	j, err := d.jobOf(ctx, &o, by.Lang)
	if err != nil {
		return nil, err
	}
	return d.board.In(d.reader(ctx)).Candidates(ctx, by.Scope(), j, limit)
}

// AssignInput books an engineer for an order.
type AssignInput struct {
	EngineerID     uuid.UUID   `json:"engineer_id"`
	StartsAt       time.Time   `json:"starts_at"`
	EndsAt         time.Time   `json:"ends_at"`
	Helpers        []uuid.UUID `json:"helpers,omitempty" maxItems:"10"`
	Window         *Window     `json:"window,omitempty" doc:"told to the customer; absent = the slot"`
	TripWith       *uuid.UUID  `json:"trip_with,omitempty" doc:"another open visit of this engineer at the same site: one journey for both"`
	OverrideReason *string     `json:"override_reason,omitempty" maxLength:"500" doc:"why a rule is set aside"`
}

// Assign books the visit, promises the parts to the order, makes the slips for what has to be fetched and
// keeps the reasons, all or nothing. What refuses is named; a reason may set region, skill, shift, window
// and missing parts aside, never another booking or somebody's leave.
func (d *Desk) Assign(ctx context.Context, by auth.Caller, ref string, in AssignInput) (dispatch.Visit, error) {
	var visit dispatch.Visit
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if err := w.chargeSettled(o); err != nil {
			return err
		}
		if o.State != OrderReady {
			return w.refuseOrder(o, "assign")
		}
		if !in.StartsAt.Before(in.EndsAt) {
			return fault.New(fault.Invalid, "slot_backwards", "a visit begins before it ends").Field("body.ends_at", "must be after starts_at")
		}
		override := ""
		if in.OverrideReason != nil {
			override = strings.TrimSpace(*in.OverrideReason)
		}
		var err error
		visit, err = w.bookVisit(ctx, o, booking{engineer: in.EngineerID, from: in.StartsAt, to: in.EndsAt, helpers: in.Helpers, window: in.Window, override: override, trip: in.TripWith})
		return err
	})
	return visit, err
}

type booking struct {
	engineer uuid.UUID
	from, to time.Time
	helpers  []uuid.UUID
	window   *Window
	override string
	kept     *Window // announced before and kept
	trip     *uuid.UUID
	proposal *uuid.UUID // visit that a plan proposed and that becomes this one
	plan     *uuid.UUID
}

// overridable are the rules a person may set aside with a reason.
var overridable = []string{"region", "skill", "tool", "shift", "window", "overtime", "max_visits", "part_none", "part_expected", "part_store", "parts", "travel", "sla"}

// refusedUnless is the refusal of a candidate, unless a reason sets its rule aside.
func refusedUnless(c dispatch.Candidate, override string) error {
	if c.Eligible || override != "" && slices.Contains(overridable, c.Rule) {
		return nil
	}
	return c.Refused()
}

func (w *work) bookVisit(ctx context.Context, o *Order, b booking) (dispatch.Visit, error) {
	j, err := w.jobOf(ctx, o, w.by.Lang)
	if err != nil {
		return dispatch.Visit{}, err
	}
	// The engineer's row is taken before he is judged, so that what is seen still holds when he is booked.
	if err := w.board.Lock(ctx, append([]uuid.UUID{b.engineer}, b.helpers...)...); err != nil {
		return dispatch.Visit{}, err
	}
	c, err := w.board.Judge(ctx, w.by.Scope(), j, b.engineer, b.from, b.to)
	if err != nil {
		return dispatch.Visit{}, err
	}
	if err := refusedUnless(c, b.override); err != nil {
		return dispatch.Visit{}, err
	}
	if err := w.board.Withdraw(ctx, o.ID); err != nil { // a plan may have proposed something else
		return dispatch.Visit{}, err
	}
	return w.bookJudged(ctx, o, b, j, c)
}

// bookJudged books a visit that was judged under the locks of its order and its engineers.
func (w *work) bookJudged(ctx context.Context, o *Order, b booking, j dispatch.Job, c dispatch.Candidate) (dispatch.Visit, error) {
	var err error
	if err := w.freeOtherHomes(ctx, o, c); err != nil {
		return dispatch.Visit{}, err
	}
	missing := missingParts(j, c)
	if len(missing) > 0 {
		if b.override == "" {
			return dispatch.Visit{}, partsMissing(missing)
		}
		if err := goWithout(ctx, w.tx, o.ID, missing); err != nil {
			return dispatch.Visit{}, err
		}
	}
	announced := b.window
	if b.kept != nil {
		announced = b.kept
	}
	book := dispatch.Booking{OrderID: o.ID, OrgID: o.OrgID, EngineerID: b.engineer, StartsAt: b.from, EndsAt: b.to, Mode: o.Mode, Purpose: purposeOf(o), Helpers: b.helpers, OverrideReason: b.override, Judged: c, Proposal: b.proposal}
	if b.trip != nil {
		if book.TripID, err = w.tripWith(ctx, o, b.engineer, *b.trip); err != nil {
			return dispatch.Visit{}, err
		}
	}
	if announced != nil {
		book.Window = &dispatch.Span{From: announced.From, To: announced.To}
	}
	v, err := w.board.Book(ctx, book)
	if err != nil {
		return dispatch.Visit{}, err
	}
	if err := w.promiseParts(ctx, o, v, c); err != nil {
		return dispatch.Visit{}, err
	}
	if err := withdrawOffer(ctx, w, o.ID); err != nil {
		return dispatch.Visit{}, err
	}
	o.EngineerID = &v.EngineerID
	err = w.moveOrder(ctx, o, OrderAssigned, step{Action: "assign", Reason: b.override, Data: map[string]any{"visit_id": v.ID, "engineer": v.EngineerName, "starts_at": b.from, "ends_at": b.to, "plan_id": b.plan},
		Set:  "engineer_id = ?, engineer_org_id = ?, announced_window = ?, part_arrived_at = NULL",
		Args: []any{v.EngineerID, v.EngineerOrgID, spanOf(v.Window)}})
	if err != nil {
		return dispatch.Visit{}, err
	}
	if err := w.tellEngineer(ctx, o, v.EngineerID, "message.engineer.assigned"); err != nil {
		return dispatch.Visit{}, err
	}
	if err := w.tellCustomer(ctx, o, "message.customer.window", o.Number, w.shownWindow(ctx, o, v)); err != nil {
		return dispatch.Visit{}, err
	}
	return v, w.announce(ctx, "visit", o.OrgID, &o.ServingOrgID, v.ID)
}

// purposeOf is why somebody goes: kinds other than a repair have a purpose of their own.
func purposeOf(o *Order) string {
	switch o.Kind {
	case "install", "relocate":
		return "install"
	case "inspect":
		return "diagnose"
	case "deliver", "exchange":
		return "return"
	}
	return "repair"
}

// freeOtherHomes releases what the order holds at places this visit does not draw from.
func (w *work) freeOtherHomes(ctx context.Context, o *Order, c dispatch.Candidate) error {
	held, err := w.stock.Held(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, r := range held {
		if !slices.Contains(c.Held(), dispatch.Hold{PlaceID: r.PlaceID, PartID: r.PartID, Quantity: r.Quantity}) {
			if err := w.stock.ReleaseAt(ctx, o.ID, r.PlaceID, r.PartID, "another visit draws elsewhere"); err != nil {
				return err
			}
		}
	}
	return nil
}

func partsMissing(skus []string) error {
	return fault.New(fault.Conflict, "stock_reserved_within", "not enough of %s can be had for this visit: choose another engineer, wait for goods, or give a reason to go without", strings.Join(skus, ", ")).
		Allow("override_reason", "hold").With("skus", skus)
}

// missingParts are the article numbers of which the candidate cannot bring enough on the day.
func missingParts(j dispatch.Job, c dispatch.Candidate) []string {
	got := map[uuid.UUID]int64{}
	for _, h := range c.Held() {
		got[h.PartID] += h.Quantity
	}
	var out []string
	for _, n := range j.Parts {
		if got[n.PartID] < n.Quantity {
			out = append(out, n.SKU)
		}
	}
	return out
}

// promiseParts reserves what the visit draws on and makes a slip for each store on the way.
func (w *work) promiseParts(ctx context.Context, o *Order, v dispatch.Visit, c dispatch.Candidate) error {
	draws := c.Held()
	if len(draws) == 0 {
		return nil
	}
	vans := map[uuid.UUID]bool{}
	for _, p := range c.Parts {
		if p.VanID != nil {
			vans[*p.VanID] = true
		}
	}
	promise := inventory.Promise{OrgID: o.OrgID, OrderID: o.ID, VisitID: &v.ID}
	atStore := map[uuid.UUID][]inventory.PickupLineInput{}
	var stores []uuid.UUID
	for _, h := range draws {
		promise.Lines = append(promise.Lines, inventory.PromiseLine{PlaceID: h.PlaceID, PartID: h.PartID, Quantity: h.Quantity})
		if vans[h.PlaceID] {
			continue
		}
		if !slices.Contains(stores, h.PlaceID) {
			stores = append(stores, h.PlaceID)
		}
		atStore[h.PlaceID] = append(atStore[h.PlaceID], inventory.PickupLineInput{PartID: h.PartID, Quantity: h.Quantity})
	}
	if err := w.stock.Reserve(ctx, promise); err != nil {
		return err
	}
	for _, place := range stores {
		number, err := w.number(ctx, "PU", o.OrgID)
		if err != nil {
			return err
		}
		if _, err := w.stock.MakePickup(ctx, inventory.PickupInput{OrgID: o.OrgID, Number: number, VisitID: v.ID, OrderID: o.ID, PlaceID: place, EngineerID: v.EngineerID, NeededBy: v.StartsAt, Lines: atStore[place]}); err != nil {
			return err
		}
	}
	return nil
}

// openVisit is the lead visit of an order that has not ended, or nil.
func (w *work) openVisit(ctx context.Context, o *Order) (*dispatch.Visit, error) {
	visits, err := w.board.VisitsOf(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	for i := range visits {
		if visits[i].Lead && visits[i].State.Binding() {
			return &visits[i], nil
		}
	}
	return nil, nil
}

// ownVisit: somebody who only makes visits acts on orders whose open visit is his own.
func (w *work) ownVisit(ctx context.Context, o *Order) error {
	e := w.by.Scope().Engineer()
	if e == nil {
		return nil
	}
	v, err := w.openVisit(ctx, o)
	if err != nil {
		return err
	}
	if v == nil || v.EngineerID != *e {
		return fault.New(fault.Forbidden, "not_your_visit", "this order has no open visit of yours")
	}
	return nil
}

// ActInput is what an engineer says with a step of his visit; all of it may be left out.
type ActInput struct {
	At     *time.Time `json:"at,omitempty" doc:"when it happened, if not now"`
	Reason string     `json:"reason,omitempty" maxLength:"1000" doc:"required to decline"`
}

// VisitAct records a step of a visit as the engineer tells it: accept, decline, depart, arrive, start,
// pause, resume. Facts are never refused for being early or late; the plan stays as it was.
func (d *Desk) VisitAct(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in ActInput) (dispatch.Visit, error) {
	var visit dispatch.Visit
	err := d.onVisit(ctx, by, id, func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error {
		at := w.at
		if in.At != nil {
			if in.At.After(w.at.Add(5 * time.Minute)) {
				return fault.New(fault.Invalid, "at_in_future", "a step is recorded when it happened").Field("body.at", "must not be in the future")
			}
			at = in.At.UTC().Truncate(time.Microsecond)
		}
		if act == "decline" && strings.TrimSpace(in.Reason) == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why you cannot go").Field("body.reason", "required to decline")
		}
		var err error
		if visit, err = w.board.Do(ctx, v.ID, act, dispatch.Act{At: at, Reason: in.Reason, Cause: "us"}); err != nil {
			return err
		}
		var behalf *uuid.UUID
		if w.by.EngineerID == nil || *w.by.EngineerID != v.EngineerID {
			behalf = &v.EngineerID
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "visit_" + act, From: string(v.State), To: string(visit.State), Reason: in.Reason, OnBehalfOf: behalf, Data: map[string]any{"visit_id": v.ID, "at": at}}); err != nil {
			return err
		}
		if !v.Lead {
			return nil
		}
		switch act {
		case "decline":
			if err := w.stock.CancelPickups(ctx, o.ID, in.Reason); err != nil {
				return err
			}
			if err := w.unassigned(ctx, o, "decline", in.Reason, behalf); err != nil {
				return err
			}
			return w.tellOffice(ctx, o, "desk", "message.desk.declined")
		case "depart":
			if o.State == OrderAssigned {
				if err := w.moveOrder(ctx, o, OrderInProgress, step{Action: "depart", OnBehalfOf: behalf}); err != nil {
					return err
				}
			}
			if told, err := underWay(ctx, w.tx, v); err != nil || told {
				return err
			}
			return w.tellOnTheWay(ctx, o, v)
		case "arrive", "start":
			if o.State == OrderAssigned {
				if err := w.moveOrder(ctx, o, OrderInProgress, step{Action: "depart", OnBehalfOf: behalf}); err != nil {
					return err
				}
			}
			return w.arrived(ctx, o, at)
		}
		return nil
	})
	return visit, err
}

func (w *work) arrived(ctx context.Context, o *Order, at time.Time) error {
	if o.ArrivedAt != nil {
		return nil
	}
	o.ArrivedAt = &at
	if err := w.promises.MeetClock(ctx, o.ID, "arrive", at); err != nil {
		return err
	}
	if err := w.contacted(ctx, o); err != nil {
		return err
	}
	return setOrder(ctx, w.tx, o.ID, "arrived_at = ?", at)
}

// onVisit locks the order of a visit, then hands both over. An engineer acts on his own visits only.
func (d *Desk) onVisit(ctx context.Context, by auth.Caller, id uuid.UUID, fn func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error) error {
	v, err := d.board.In(d.reader(ctx)).Visit(ctx, by.Scope(), id)
	if err != nil {
		return err
	}
	return d.changeOrder(freshNot(ctx), by, v.OrderID.String(), func(inner context.Context, w *work, o *Order) error {
		v, err := w.board.Visit(inner, by.Scope(), id) // as it stands under the order's lock
		if err != nil {
			return err
		}
		if e := by.Scope().Engineer(); e != nil && *e != v.EngineerID {
			return notFound("visit", id.String())
		}
		if err := fresh(ctx, "visit", v.Version); err != nil {
			return err
		}
		if err := fn(inner, w, o, v); err != nil {
			return err
		}
		return w.announce(inner, "visit", o.OrgID, &o.ServingOrgID, v.ID)
	})
}

// ConfirmInput is the customer's agreement to a window.
type ConfirmInput struct {
	Window   Window `json:"window"`
	WithWhom string `json:"with_whom,omitempty" maxLength:"100"`
	By       string `json:"by" enum:"phone,sms,link,on_site"`
}

// Confirm records that the customer agreed to a window. That is contact, and a reply.
func (d *Desk) Confirm(ctx context.Context, by auth.Caller, id uuid.UUID, in ConfirmInput) (dispatch.Visit, error) {
	var visit dispatch.Visit
	err := d.onVisit(ctx, by, id, func(ctx context.Context, w *work, o *Order, v dispatch.Visit) (err error) {
		if !in.Window.From.Before(in.Window.To) {
			return fault.New(fault.Invalid, "window_backwards", "a window begins before it ends").Field("body.window", "from must be before to")
		}
		visit, err = w.board.Confirm(ctx, v.ID, dispatch.Confirmation{Window: dispatch.Span{From: in.Window.From, To: in.Window.To}, WithWhom: &in.WithWhom, By: in.By})
		if err != nil {
			return err
		}
		if err := w.heard(ctx, o, "window"); err != nil {
			return err
		}
		if err := w.promises.CloseCallbacks(ctx, o.ID, "appointment", "displaced", "delay", "part_arrived", "no_access"); err != nil {
			return err
		}
		if err := setOrder(ctx, w.tx, o.ID, "announced_window = ?, displaced_at = NULL", span(&in.Window.From, &in.Window.To)); err != nil {
			return err
		}
		if in.By != "on_site" { // in front of the engineer nobody needs it in writing
			if err := w.tellCustomerOnce(ctx, o, "confirmed:"+v.ID.String()+":"+in.Window.From.UTC().Format(time.RFC3339), "message.customer.confirmed", o.Number, w.shownWindow(ctx, o, visit)); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "confirm", Data: map[string]any{"visit_id": v.ID, "from": in.Window.From, "to": in.Window.To, "with": in.WithWhom, "by": in.By}})
	})
	return visit, err
}

// RescheduleInput moves a visit.
type RescheduleInput struct {
	StartsAt       time.Time  `json:"starts_at"`
	EndsAt         time.Time  `json:"ends_at"`
	Window         *Window    `json:"window,omitempty"`
	EngineerID     *uuid.UUID `json:"engineer_id,omitempty" doc:"absent = the same engineer"`
	Reason         string     `json:"reason" minLength:"1" maxLength:"1000"`
	Cause          string     `json:"cause" enum:"customer,us,parts,weather"`
	OverrideReason *string    `json:"override_reason,omitempty" maxLength:"500"`
}

// Reschedule moves a visit to another time or engineer in one transaction: the order is kept, the parts
// follow, both engineers and the customer are told. A change caused by us counts against us.
func (d *Desk) Reschedule(ctx context.Context, by auth.Caller, id uuid.UUID, in RescheduleInput) (dispatch.Visit, error) {
	var visit dispatch.Visit
	err := d.onVisit(ctx, by, id, func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error {
		if !in.StartsAt.Before(in.EndsAt) {
			return fault.New(fault.Invalid, "slot_backwards", "a visit begins before it ends").Field("body.ends_at", "must be after starts_at")
		}
		engineer := v.EngineerID
		if in.EngineerID != nil {
			engineer = *in.EngineerID
		}
		j, err := w.jobOf(ctx, o, by.Lang)
		if err != nil {
			return err
		}
		j.Windows = nil // a new time is what this is about
		if err := w.board.Lock(ctx, v.EngineerID, engineer); err != nil {
			return err
		}
		c, err := w.board.Judge(ctx, by.Scope(), j, engineer, in.StartsAt, in.EndsAt)
		if err != nil {
			return err
		}
		override := ""
		if in.OverrideReason != nil {
			override = strings.TrimSpace(*in.OverrideReason)
		}
		if err := refusedUnless(c, override); err != nil {
			return err
		}
		missing := missingParts(j, c)
		if len(missing) > 0 && override == "" {
			return partsMissing(missing)
		}
		if len(missing) > 0 {
			if err := goWithout(ctx, w.tx, o.ID, missing); err != nil {
				return err
			}
		}
		move := dispatch.Move{EngineerID: &engineer, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Reason: in.Reason, Cause: in.Cause, OverrideReason: override, Judged: c, Actor: by.Actor()}
		if by.Person() {
			move.ByUser = &by.UserID
		}
		if in.Window != nil {
			move.Window = &dispatch.Span{From: in.Window.From, To: in.Window.To}
		}
		visit, err = w.moveJudged(ctx, o, v, move, c)
		return err
	})
	return visit, err
}

// moveJudged gives a visit another time or engineer that was judged under the locks of its order and of
// both engineers. A customer whose window is kept has nothing to be told.
func (w *work) moveJudged(ctx context.Context, o *Order, v dispatch.Visit, move dispatch.Move, c dispatch.Candidate) (dispatch.Visit, error) {
	visit, err := w.board.Reschedule(ctx, v.ID, move)
	if err != nil {
		return visit, err
	}
	if err := w.stock.CancelPickups(ctx, o.ID, "rescheduled"); err != nil {
		return visit, err
	}
	if err := w.freeOtherHomes(ctx, o, c); err != nil {
		return visit, err
	}
	if err := w.promiseParts(ctx, o, visit, c); err != nil {
		return visit, err
	}
	if err := setOrder(ctx, w.tx, o.ID, "engineer_id = ?, engineer_org_id = ?, announced_window = ?", visit.EngineerID, visit.EngineerOrgID, spanOf(visit.Window)); err != nil {
		return visit, err
	}
	if o.State == OrderInProgress && visit.State == dispatch.Dispatched {
		if err := w.moveOrder(ctx, o, OrderReady, step{Action: "unassign", Reason: move.Reason}); err != nil {
			return visit, err
		}
		if err := w.moveOrder(ctx, o, OrderAssigned, step{Action: "assign", Reason: move.Reason}); err != nil {
			return visit, err
		}
	}
	for _, e := range slices.Compact([]uuid.UUID{v.EngineerID, visit.EngineerID}) {
		if err := w.tellEngineer(ctx, o, e, "message.engineer.changed"); err != nil {
			return visit, err
		}
	}
	if kept := move.Planned && sameSpan(v.Window, visit.Window); !kept {
		if err := w.tellCustomer(ctx, o, map[bool]string{true: "message.customer.changed_by_us", false: "message.customer.changed"}[move.Cause == "us"], o.Number, w.shownWindow(ctx, o, visit)); err != nil {
			return visit, err
		}
		if move.Cause != "customer" {
			if _, err := w.promises.AddCallback(ctx, w.by, aftercare.CallbackInput{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Reason: "appointment", DueAt: w.at, Text: move.Reason}); err != nil {
				return visit, err
			}
		}
	}
	return visit, w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "reschedule", Reason: move.Reason, Data: map[string]any{"visit_id": v.ID, "cause": move.Cause, "from": v.StartsAt, "to": move.StartsAt, "engineer_from": v.EngineerID, "engineer_to": visit.EngineerID}})
}

func sameSpan(a, b *dispatch.Span) bool {
	return a != nil && b != nil && a.From.Equal(b.From) && a.To.Equal(b.To)
}

// Visit reads one visit.
func (d *Desk) Visit(ctx context.Context, by auth.Caller, id uuid.UUID) (dispatch.Visit, error) {
	return d.board.In(d.reader(ctx)).Visit(ctx, by.Scope(), id)
}

// Visits lists visits of an engineer or a day.
func (d *Desk) Visits(ctx context.Context, by auth.Caller, f dispatch.VisitFilter) (keyset.Page[dispatch.Visit], error) {
	return d.board.In(d.reader(ctx)).Visits(ctx, by.Scope(), f)
}

// Coverage is decided again by a person: who pays for a kind of line, on what ground.
type CoverageInput struct {
	Line      string  `json:"line" enum:"all,labour,part,travel,inspection,material"`
	Source    string  `json:"source" enum:"maker,extended,contract,repair,goodwill,none"`
	Exclusion *string `json:"exclusion,omitempty" enum:"misuse,water,opened,no_proof,expired,consumable"`
	Reason    string  `json:"reason" minLength:"1" maxLength:"1000"`
	Proof     *string `json:"proof,omitempty" maxLength:"200"`
}

// DecideCoverage overrides what was computed, on the record. Goodwill is a manager's word.
func (d *Desk) DecideCoverage(ctx context.Context, by auth.Caller, ref string, in CoverageInput) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete}, o.State) {
			return w.refuseOrder(o, "decide coverage")
		}
		c := CoverageDecision{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, Line: in.Line, Source: in.Source, Exclusion: in.Exclusion, Reason: in.Reason, Proof: in.Proof, Overrides: true}
		if in.Source == "goodwill" {
			if !by.Is(auth.Manager, auth.Admin) {
				return fault.New(fault.Forbidden, "goodwill_by_manager", "goodwill is a manager's decision")
			}
			c.ApproverID = &by.UserID
		}
		if err := insertCoverage(ctx, w, c); err != nil {
			return err
		}
		cover, err := readCoverage(o.Coverage)
		if err != nil {
			return err
		}
		word := customers.Decision{Line: customers.Line(in.Line), Source: customers.Source(in.Source), Why: in.Reason}
		if in.Exclusion != nil {
			word.Exclusion = customers.Exclusion(*in.Exclusion)
		}
		if in.Proof != nil {
			word.Proof = *in.Proof
		}
		cover = cover.Decide(word)
		raw, err := json.Marshal(cover)
		if err != nil {
			return err
		}
		charged := slices.Contains(chargedKinds, o.Kind) && !cover.For(customers.Labour).Covered
		if err := setOrder(ctx, w.tx, o.ID, "coverage = ?, chargeable = ?", string(raw), charged || o.ApprovedMinor != nil); err != nil {
			return err
		}
		o.Chargeable = charged || o.ApprovedMinor != nil
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "coverage", Reason: in.Reason, Data: map[string]any{"line": in.Line, "source": in.Source}}); err != nil {
			return err
		}
		if o.Chargeable || o.State != OrderNew && o.State != OrderAwaitingApproval {
			return nil
		}
		if busy, err := w.openVisit(ctx, o); err != nil || busy != nil {
			return err // the engineer's sheet moves the order
		}
		if err := supersedeQuotes(ctx, w.tx, o.ID); err != nil {
			return err
		}
		return w.moveOrder(ctx, o, OrderReady, step{Action: "approve", Reason: in.Reason})
	})
}

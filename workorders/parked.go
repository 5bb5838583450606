package workorders

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Parked is what an engineer's phone told too late for the world to take it as it is: his visit was cancelled
// or given to somebody else meanwhile, or has its sheet already. Work done is never refused; it waits here
// until the desk takes it over or sets it aside with a reason.
type Parked struct {
	ID          uuid.UUID       `bun:"id" json:"id"`
	OrgID       int32           `bun:"org_id" json:"-"`
	OrderID     uuid.UUID       `bun:"order_id" json:"work_order_id"`
	OrderNumber string          `bun:"order_number" json:"work_order_number"`
	Summary     string          `bun:"summary" json:"summary"`
	VisitID     *uuid.UUID      `bun:"visit_id" json:"visit_id,omitempty"`
	EngineerID  *uuid.UUID      `bun:"engineer_id" json:"engineer_id,omitempty"`
	Engineer    string          `bun:"engineer" json:"engineer,omitempty"`
	Kind        string          `bun:"kind" json:"kind" enum:"sheet,step"`
	Act         string          `bun:"act" json:"act,omitempty" doc:"of a step: depart, arrive …"`
	Body        json.RawMessage `bun:"body" json:"body" doc:"as it was told: a sheet, or {at, reason}"`
	Code        string          `bun:"code" json:"code" doc:"why it could not be taken"`
	Why         string          `bun:"why" json:"why"`
	ToldAt      time.Time       `bun:"told_at" json:"told_at" doc:"when it happened, as the phone says"`
	ParkedAt    time.Time       `bun:"parked_at" json:"parked_at"`
	State       string          `bun:"state" json:"state" enum:"open,taken,set_aside"`
	SettledAt   *time.Time      `bun:"settled_at" json:"settled_at,omitempty"`
	SettledWhy  string          `bun:"settled_why" json:"settled_why,omitempty"`
	SheetID     *uuid.UUID      `bun:"sheet_id" json:"sheet_id,omitempty"`
	Version     int             `bun:"version" json:"version"`
}

// ParkInput is what is told, and the refusal it met.
type ParkInput struct {
	OrderRef string // number or id
	VisitID  uuid.UUID
	Sheet    *SheetInput // nil for a step
	Act      string
	At       *time.Time // of a step; nil = now
	Reason   string
	Refusal  error
}

// Park keeps what an engineer told too late, with the photos it names, and tells the desk. It looks past the
// engineer's own rights, because the order may not be his any more.
func (d *Desk) Park(ctx context.Context, by auth.Caller, in ParkInput) (Parked, error) {
	var p Parked
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, auth.System("parked").Scope(), in.OrderRef)
		if err != nil {
			return err
		}
		p = Parked{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, OrderNumber: o.Number, Kind: "step", Act: in.Act, EngineerID: by.EngineerID, ToldAt: w.at, ParkedAt: w.at, State: "open", Version: 1}
		if v, err := w.board.Visit(ctx, auth.System("parked").Scope(), in.VisitID); err == nil && v.OrderID == o.ID {
			p.VisitID = &v.ID
			if p.EngineerID == nil {
				p.EngineerID = &v.EngineerID
			}
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		var body any = map[string]any{"at": in.At, "reason": in.Reason}
		if in.At != nil && in.At.Before(w.at) {
			p.ToldAt = in.At.UTC().Truncate(time.Microsecond)
		}
		if in.Sheet != nil {
			p.Kind, body = "sheet", in.Sheet
			if t := in.Sheet.FinishedAt; t != nil && t.Before(w.at) {
				p.ToldAt = t.UTC().Truncate(time.Microsecond)
			}
			photos, err := photosOf(in.Sheet.Photos)
			if err != nil {
				return err
			}
			for _, f := range photos { // so that nobody sweeps them away meanwhile
				if err := w.attachFile(ctx, f.SHA256, "order_id", o.ID, o.OrgID, f.Kind); err != nil {
					return err
				}
			}
		}
		if p.Body, err = json.Marshal(body); err != nil {
			return err
		}
		p.Code, p.Why = "late", "told late"
		if f := fault.As(in.Refusal); f != nil {
			p.Code, p.Why = f.Code, f.Message
		}
		if err := insertParked(ctx, w, p); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "park", Reason: p.Why, Data: map[string]any{"parked": p.ID, "kind": p.Kind, "act": p.Act, "code": p.Code}}); err != nil {
			return err
		}
		if err := w.tellOffice(ctx, &o, "desk", "message.desk.parked"); err != nil {
			return err
		}
		return w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID)
	})
	return p, err
}

// ParkedFacts lists what waits for a decision, oldest first; with an order all of it, settled or not.
func (d *Desk) ParkedFacts(ctx context.Context, by auth.Caller, order *uuid.UUID) ([]Parked, error) {
	return parkedOf(ctx, d.reader(ctx), by.Scope(), order)
}

// SettleInput is a decision about a parked fact.
type SettleInput struct {
	Take   bool   // over, as the engineer's own word; else it is set aside
	Reason string // of setting it aside
}

// SettleParked takes a parked sheet over onto the visit the engineer has on the order now, or sets a fact
// aside. A sheet without an open visit of his says what to do first.
func (d *Desk) SettleParked(ctx context.Context, by auth.Caller, id uuid.UUID, in SettleInput) (Parked, error) {
	p, err := findParked(ctx, d.reader(ctx), by.Scope(), id)
	if err != nil {
		return p, err
	}
	if p.State != "open" {
		return p, fault.New(fault.Conflict, "parked_facts_stay", "this was settled already").With("state", p.State)
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, by.Scope(), p.OrderID.String())
		if err != nil {
			return err
		}
		if !in.Take {
			if strings.TrimSpace(in.Reason) == "" {
				return fault.New(fault.Invalid, "reason_missing", "say why it does not count").Field("body.reason", "required")
			}
			p.State, p.SettledWhy = "set_aside", in.Reason
			return w.settle(ctx, &o, &p)
		}
		p.State = "taken"
		if p.Kind == "step" { // noted on the timeline; the plan has gone on
			return w.settle(ctx, &o, &p)
		}
		var sheet SheetInput
		if err := json.Unmarshal(p.Body, &sheet); err != nil {
			return err
		}
		visits, err := w.board.VisitsOf(ctx, o.ID)
		if err != nil {
			return err
		}
		found := false
		for _, v := range visits {
			if v.Lead && v.State.Binding() && (p.EngineerID == nil || v.EngineerID == *p.EngineerID) {
				sheet.VisitID, found = v.ID, true
			}
		}
		if !found {
			return fault.New(fault.Conflict, "parked_without_visit", "the engineer has no open visit on this order: assign it to him first, then take his sheet over").Allow("assign")
		}
		s, err := d.SubmitSheet(ctx, by, o.ID.String(), sheet)
		if err != nil {
			return err
		}
		p.SheetID = &s.ID
		return w.settle(ctx, &o, &p)
	})
	if err != nil {
		return p, err
	}
	return findParked(ctx, d.reader(ctx), by.Scope(), id)
}

func (w *work) settle(ctx context.Context, o *Order, p *Parked) error {
	if err := setParked(ctx, w, *p); err != nil {
		return err
	}
	return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "settle_parked", To: p.State, Reason: p.SettledWhy, Data: map[string]any{"parked": p.ID, "kind": p.Kind, "act": p.Act}})
}

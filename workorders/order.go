package workorders

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/inventory"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// Window is a span of time agreed or wished for; it includes From and ends before To.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// PartNeed is a part that an order needs. An unknown one stands as text until somebody names it.
type PartNeed struct {
	SKU      string `json:"sku,omitempty" maxLength:"40"`
	Text     string `json:"text,omitempty" maxLength:"200"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000000"`
	Urgency  string `json:"urgency,omitempty" maxLength:"40"`
}

// OrderInput turns a request into a work order.
type OrderInput struct {
	Kind            string     `json:"kind" enum:"repair,install,maintain,inspect,exchange,deliver,train,relocate"`
	Mode            string     `json:"mode,omitempty" enum:"phone,on_site,depot" doc:"absent = on_site"`
	Priority        int        `json:"priority" minimum:"1" maximum:"4" doc:"1 first, 4 can be planned"`
	SkillCodes      []string   `json:"skill_codes,omitempty" maxItems:"20"`
	Parts           []PartNeed `json:"parts,omitempty" maxItems:"100"`
	DurationMinutes int        `json:"duration_minutes,omitempty" minimum:"1" maximum:"1440" doc:"work on site; absent = 60"`
	Window          *Window    `json:"window,omitempty" doc:"when the customer wants somebody"`
	AssetID         *uuid.UUID `json:"asset_id,omitempty" doc:"absent = the device of the request"`
	SiteID          *uuid.UUID `json:"site_id,omitempty"`
	SiteContactID   *uuid.UUID `json:"site_contact_id,omitempty" doc:"who opens the door"`
	PayerCustomerID *uuid.UUID `json:"payer_customer_id,omitempty"`
	RepeatOf        *string    `json:"repeat_of,omitempty" doc:"id or number of the order whose repair failed"`
	WantedEngineer  *uuid.UUID `json:"wanted_engineer_id,omitempty" doc:"the same engineer first"`
	Unwanted        *uuid.UUID `json:"unwanted_engineer_id,omitempty" doc:"not this engineer: a hard rule"`
}

// Order is a work order 工单 as the desk sees it.
type Order struct {
	ID               uuid.UUID       `bun:"id" json:"id"`
	OrgID            int32           `bun:"org_id" json:"-"`
	ServingOrgID     int32           `bun:"serving_org_id" json:"-"`
	OrganisationCode string          `bun:"organisation_code" json:"organisation_code"`
	ServingCode      string          `bun:"serving_code" json:"serving_organisation_code"`
	Number           string          `bun:"number" json:"number"`
	Origin           string          `bun:"origin" json:"origin,omitempty"`
	RequestID        *uuid.UUID      `bun:"request_id" json:"request_id,omitempty"`
	RequestNumber    string          `bun:"request_number" json:"request_number,omitempty"`
	Kind             string          `bun:"kind" json:"kind"`
	Mode             string          `bun:"mode" json:"mode"`
	State            OrderState      `bun:"state" json:"state"`
	Priority         int             `bun:"priority" json:"priority"`
	Summary          string          `bun:"summary" json:"summary"`
	CustomerID       uuid.UUID       `bun:"customer_id" json:"customer_id"`
	CustomerName     string          `bun:"customer_name" json:"customer_name"`
	SiteID           *uuid.UUID      `bun:"site_id" json:"site_id,omitempty"`
	Address          string          `bun:"address" json:"address,omitempty"`
	Lat              *float64        `bun:"lat" json:"lat,omitempty"`
	Lng              *float64        `bun:"lng" json:"lng,omitempty"`
	AssetID          *uuid.UUID      `bun:"asset_id" json:"asset_id,omitempty"`
	AssetName        string          `bun:"asset_name" json:"asset_name,omitempty"`
	SiteContactID    *uuid.UUID      `bun:"site_contact_id" json:"site_contact_id,omitempty"`
	PayerCustomerID  *uuid.UUID      `bun:"payer_customer_id" json:"payer_customer_id,omitempty"`
	RegionCode       *string         `bun:"region_code" json:"region_code,omitempty"`
	RegionName       string          `bun:"region_name" json:"region_name,omitempty"`
	SkillCodes       []string        `bun:"skill_codes,array" json:"skill_codes"`
	DurationMinutes  int             `bun:"duration_minutes" json:"duration_minutes"`
	WantedFrom       *time.Time      `bun:"wanted_from" json:"-"`
	WantedTo         *time.Time      `bun:"wanted_to" json:"-"`
	AnnouncedFrom    *time.Time      `bun:"announced_from" json:"-"`
	AnnouncedTo      *time.Time      `bun:"announced_to" json:"-"`
	Window           *Window         `bun:"-" json:"window,omitempty" doc:"wanted by the customer"`
	AnnouncedWindow  *Window         `bun:"-" json:"announced_window,omitempty" doc:"told to the customer"`
	Chargeable       bool            `bun:"chargeable" json:"chargeable"`
	ApprovedMinor    *money.Fen      `bun:"approved_minor" json:"approved_minor,omitempty"`
	CallOutMinor     *money.Fen      `bun:"call_out_minor" json:"call_out_minor,omitempty"`
	DeductCallOut    bool            `bun:"deduct_call_out" json:"-"`
	Coverage         json.RawMessage `bun:"coverage" json:"coverage"`
	EngineerID       *uuid.UUID      `bun:"engineer_id" json:"engineer_id,omitempty"`
	EngineerName     string          `bun:"engineer_name" json:"engineer_name,omitempty"`
	HoldReason       *string         `bun:"hold_reason" json:"hold_reason,omitempty"`
	HoldText         *string         `bun:"hold_text" json:"hold_text,omitempty"`
	HoldUntil        *time.Time      `bun:"hold_until" json:"hold_until,omitempty"`
	FinishedAt       *time.Time      `bun:"finished_at" json:"finished_at,omitempty"`
	EndReason        *string         `bun:"end_reason" json:"end_reason,omitempty"`
	Unconfirmed      bool            `bun:"unconfirmed" json:"unconfirmed" doc:"cannot_complete that no manager has confirmed yet"`
	ClosedAt         *time.Time      `bun:"closed_at" json:"closed_at,omitempty"`
	CancelledAt      *time.Time      `bun:"cancelled_at" json:"cancelled_at,omitempty"`
	CancelReason     *string         `bun:"cancel_reason" json:"cancel_reason,omitempty"`
	RepeatOfOrder    *uuid.UUID      `bun:"repeat_of_order" json:"repeat_of_work_order_id,omitempty"`
	RepeatOfSheet    *uuid.UUID      `bun:"repeat_of_sheet" json:"repeat_of_sheet_id,omitempty"`
	WantedEngineer   *uuid.UUID      `bun:"wanted_engineer" json:"wanted_engineer_id,omitempty"`
	UnwantedEngineer *uuid.UUID      `bun:"unwanted_engineer" json:"unwanted_engineer_id,omitempty"`
	DisplacedAt      *time.Time      `bun:"displaced_at" json:"displaced_at,omitempty"`
	PartArrivedAt    *time.Time      `bun:"part_arrived_at" json:"part_arrived_at,omitempty"`
	Reopened         int             `bun:"reopened" json:"reopened"`
	ChaseCount       int             `bun:"chase_count" json:"chase_count"`
	NoAccessCount    int             `bun:"no_access_count" json:"no_access_count"`
	ContactDueAt     *time.Time      `bun:"contact_due_at" json:"contact_due_at"`
	ContactedAt      *time.Time      `bun:"contacted_at" json:"contacted_at,omitempty"`
	ArriveDueAt      *time.Time      `bun:"arrive_due_at" json:"arrive_due_at"`
	ArrivedAt        *time.Time      `bun:"arrived_at" json:"arrived_at,omitempty"`
	FixDueAt         *time.Time      `bun:"fix_due_at" json:"fix_due_at"`
	OriginalHolder   *string         `bun:"original_holder" json:"original_holder,omitempty" doc:"who keeps the signed original"`
	PaperReturnedAt  *time.Time      `bun:"paper_returned_at" json:"paper_returned_at,omitempty"`
	PausedAt         *time.Time      `bun:"paused_at" json:"paused_at,omitempty"`
	PausedSeconds    int64           `bun:"paused_seconds" json:"paused_seconds"`
	OwnerID          *uuid.UUID      `bun:"owner_id" json:"owner_id,omitempty"`
	FirstOwnerID     *uuid.UUID      `bun:"first_owner_id" json:"first_owner_id,omitempty"`
	CreatedAt        time.Time       `bun:"created_at" json:"created_at"`
	Version          int             `bun:"version" json:"version"`

	AllowedActions []string                `bun:"-" json:"allowed_actions"`
	Parts          []OrderPart             `bun:"-" json:"parts"`
	Visits         []dispatch.Visit        `bun:"-" json:"visits"`
	Sheets         []Sheet                 `bun:"-" json:"sheets"`
	Sheet          *Sheet                  `bun:"-" json:"sheet"`
	Quotes         []Quote                 `bun:"-" json:"quotes"`
	Receipt        *billing.Receipt        `bun:"-" json:"receipt"`
	Custody        *depot.Custody          `bun:"-" json:"custody"`
	FollowUps      []aftercare.FollowUp    `bun:"-" json:"follow_ups"`
	Conversations  []Conversation          `bun:"-" json:"conversations"`
	Timeline       []Entry                 `bun:"-" json:"timeline"`
	Reservations   []inventory.Reservation `bun:"-" json:"reservations"`
	OldParts       []OldPart               `bun:"-" json:"old_parts"`
	HandOver       *HandOver               `bun:"-" json:"hand_over"`
	Checklist      []knowledge.CheckLine   `bun:"-" json:"checklist" doc:"what has to be looked at before it is done"`
}

// OrderPart is a part line of an order.
type OrderPart struct {
	ID       uuid.UUID  `bun:"id" json:"id"`
	PartID   *uuid.UUID `bun:"part_id" json:"part_id,omitempty"`
	SKU      string     `bun:"sku" json:"sku,omitempty"`
	Name     string     `bun:"name" json:"name"`
	Unit     string     `bun:"unit" json:"unit,omitempty"`
	Quantity int64      `bun:"quantity" json:"quantity"`
	Awaiting bool       `bun:"awaiting" json:"awaiting" doc:"somebody decided to go without it, or it comes later"`
	Reserved int64      `bun:"reserved" json:"reserved"`
	Used     int64      `bun:"used" json:"used"`
}

// OrderFilter narrows the list of work orders; newest first.
type OrderFilter struct {
	keyset.Ask
	State     string `query:"state" json:"-" doc:"one state, or several with commas"`
	Region    string `query:"region" json:"-" doc:"a region code: that region and everything below it"`
	Engineer  string `query:"engineer" json:"-" doc:"engineer's id"`
	Q         string `query:"q" json:"-" maxLength:"100"`
	Hold      string `query:"hold" json:"-" doc:"reason of the hold"`
	Origin    string `query:"origin" json:"-"`
	Kind      string `query:"kind" json:"-"`
	Customer  string `query:"customer" json:"-" doc:"customer's id"`
	Displaced bool   `query:"displaced" json:"-" doc:"only those whose engineer dropped out, until the customer agreed to a new time"`
	Declined  bool   `query:"declined" json:"-" doc:"only those that wait again because the engineer refused the visit"`
	Late      bool   `query:"late" json:"-" doc:"only those whose fix target is over"`
}

// chargedKinds are paid for unless something covers them; the others become chargeable by a quote.
var chargedKinds = []string{"repair", "relocate"}

// OpenOrder turns a request into a work order without losing a word or a file: the request stays linked,
// its texts, files and contacts are read from there. A received request is triaged on the way.
//
// Whether it is free is decided here, per line, from the device, its papers and contracts. A free order is
// ready at once; a chargeable one waits as new until a quote is approved.
func (d *Desk) OpenOrder(ctx context.Context, by auth.Caller, requestRef string, in OrderInput) (Order, error) {
	var id uuid.UUID
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		r, err := lockRequest(ctx, w.tx, by.Scope(), requestRef)
		if err != nil {
			return err
		}
		if err := fresh(ctx, "request", r.Version); err != nil {
			return err
		}
		if r.State == RequestReceived {
			if err := w.moveRequest(ctx, &r, RequestTriaged, "triage", "", "", nil); err != nil {
				return err
			}
		}
		if r.State != RequestConverted {
			if err := RequestMoves.Check(r.State, RequestConverted); err != nil {
				return err
			}
		}
		if r.CustomerID == nil {
			return fault.New(fault.Conflict, "customer_missing", "a work order needs a customer: name the customer of the request first").Allow("patch")
		}
		o := Order{
			ID: newID(), OrgID: r.OrgID, ServingOrgID: r.OrgID, RequestID: &r.ID, Kind: in.Kind, Mode: in.Mode, State: OrderNew, Priority: in.Priority, Summary: r.Summary,
			CustomerID: *r.CustomerID, SiteID: r.SiteID, AssetID: r.AssetID, SiteContactID: in.SiteContactID, PayerCustomerID: in.PayerCustomerID,
			SkillCodes: in.SkillCodes, DurationMinutes: in.DurationMinutes, WantedEngineer: in.WantedEngineer, UnwantedEngineer: in.Unwanted,
			OwnerID: r.OwnerID, FirstOwnerID: r.FirstOwnerID, CreatedAt: w.at,
		}
		if err := w.fillOrder(ctx, &o, &r, in); err != nil {
			return err
		}
		cover, err := w.coverageOfOrder(ctx, &o)
		if err != nil {
			return err
		}
		o.Chargeable = slices.Contains(chargedKinds, o.Kind) && !cover.For(customers.Labour).Covered
		if o.Coverage, err = json.Marshal(cover); err != nil {
			return err
		}
		needs, err := w.partNeeds(ctx, in.Parts)
		if err != nil {
			return err
		}
		if err := w.setTargets(ctx, &o, r.ReceivedAt); err != nil {
			return err
		}
		if o.Number, err = w.number(ctx, "WO", o.OrgID); err != nil {
			return err
		}
		if err := insertOrder(ctx, w.tx, o); err != nil {
			return err
		}
		if err := insertOrderParts(ctx, w.tx, o, needs); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, Request: &r.ID, OrgID: o.OrgID, Action: "open", To: string(OrderNew), Data: map[string]any{"kind": o.Kind, "mode": o.Mode, "priority": o.Priority, "chargeable": o.Chargeable}}); err != nil {
			return err
		}
		if err := w.book.Served(ctx, o.CustomerID); err != nil {
			return err
		}
		if err := w.decideCoverage(ctx, &o, cover); err != nil {
			return err
		}
		if err := w.armClocks(ctx, &o); err != nil {
			return err
		}
		if !o.Chargeable {
			if err := w.moveOrder(ctx, &o, OrderReady, step{Action: "approve", Reason: coverReason(cover)}); err != nil {
				return err
			}
		}
		if r.State != RequestConverted {
			if err := w.moveRequest(ctx, &r, RequestConverted, "work_order", "", "closed_at = ?", []any{w.at}); err != nil {
				return err
			}
		}
		if err := w.rememberOrder(ctx, &o); err != nil {
			return err
		}
		id = o.ID
		return w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID)
	})
	if err != nil {
		return Order{}, err
	}
	return d.Order(ctx, by, id.String())
}

// fillOrder completes an order from its request, device, site and the repair it repeats.
func (w *work) fillOrder(ctx context.Context, o *Order, r *Request, in OrderInput) error {
	scope := w.by.Scope()
	if o.Mode == "" {
		o.Mode = "on_site"
	}
	if o.DurationMinutes == 0 {
		o.DurationMinutes = 60
	}
	if in.Window != nil {
		if !in.Window.From.Before(in.Window.To) {
			return fault.New(fault.Invalid, "window_backwards", "a window begins before it ends").Field("body.window", "from must be before to")
		}
		o.WantedFrom, o.WantedTo = &in.Window.From, &in.Window.To
	}
	if in.AssetID != nil || in.SiteID != nil {
		o.AssetID, o.SiteID = in.AssetID, in.SiteID
		placed := Request{AssetID: in.AssetID, SiteID: in.SiteID, CustomerID: r.CustomerID, OrgID: r.OrgID}
		if err := w.placeRequest(ctx, &placed); err != nil {
			return err
		}
		if o.SiteID = placed.SiteID; o.SiteID == nil {
			o.SiteID = r.SiteID
		}
		if o.AssetID == nil {
			o.AssetID = r.AssetID
		}
	}
	switch {
	case o.SiteID != nil:
		s, err := w.book.Site(ctx, scope, *o.SiteID)
		if err != nil {
			return err
		}
		o.RegionCode = &s.RegionCode
	case o.Mode == "on_site":
		return fault.New(fault.Conflict, "site_missing", "somebody can only be sent to an address: give the request a site, or serve it by phone").Allow("patch", "mode=phone")
	}
	if err := w.board.KnownSkills(ctx, o.SkillCodes...); err != nil {
		return err
	}
	if o.SkillCodes == nil {
		o.SkillCodes = []string{}
	}
	if in.RepeatOf != nil {
		first, err := w.Order(ctx, w.by, *in.RepeatOf)
		if err != nil {
			return err
		}
		o.RepeatOfOrder = &first.ID
		if first.Sheet != nil {
			o.RepeatOfSheet = &first.Sheet.ID
		}
	}
	return nil
}

// partNeeds resolves the parts named in an input; an unknown article number is refused, free text is kept.
func (w *work) partNeeds(ctx context.Context, in []PartNeed) ([]OrderPart, error) {
	var skus []string
	for _, p := range in {
		if p.SKU != "" {
			skus = append(skus, p.SKU)
		}
	}
	known, err := w.stock.PartsBySKU(ctx, skus...)
	if err != nil {
		return nil, err
	}
	var out []OrderPart
	for _, p := range in {
		line := OrderPart{ID: newID(), Name: strings.TrimSpace(p.Text), Quantity: p.Quantity}
		switch part, ok := known[p.SKU]; {
		case ok:
			// One line per part: two lines of one part would each look satisfied by the same piece.
			if i := slices.IndexFunc(out, func(l OrderPart) bool { return l.PartID != nil && *l.PartID == part.ID }); i >= 0 {
				out[i].Quantity += p.Quantity
				continue
			}
			line.PartID, line.SKU, line.Name, line.Unit = &part.ID, part.SKU, part.Name, part.Unit
		case line.Name == "":
			return nil, fault.New(fault.Invalid, "part_unnamed", "name the part by sku, or describe it in text").Field("body.parts", "sku or text is required")
		}
		out = append(out, line)
	}
	return out, nil
}

// decideCoverage writes down who pays for which kind of line, and why.
func (w *work) decideCoverage(ctx context.Context, o *Order, c customers.Coverage) error {
	for _, l := range c.Lines {
		c := CoverageDecision{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, Line: string(l.Line), Source: string(l.Source), Reason: l.Text("zh-Hans")}
		if l.Exclusion != "" {
			c.Exclusion = ptr(string(l.Exclusion))
		}
		if l.Proof != "" {
			c.Proof = &l.Proof
		}
		if err := insertCoverage(ctx, w, c); err != nil {
			return err
		}
	}
	return nil
}

// coverReason is why the work itself is free, for the timeline.
func coverReason(c customers.Coverage) string { return c.For(customers.Labour).Text("zh-Hans") }

// readCoverage is the coverage as kept with a request or an order.
func readCoverage(raw json.RawMessage) (customers.Coverage, error) {
	var c customers.Coverage
	if len(raw) == 0 {
		return c, nil
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("coverage: %w", err)
	}
	return c, nil
}

// rememberOrder makes the order findable by everything a caller may have at hand.
func (w *work) rememberOrder(ctx context.Context, o *Order) error {
	words, detail, err := orderWords(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	return w.remember(ctx, doc{ID: o.ID, Kind: "work_order", OrgID: o.OrgID, Serving: &o.ServingOrgID, CustomerID: &o.CustomerID, Number: o.Number, Title: o.Summary, Detail: detail, Words: words})
}

// Order reads one work order by id or number with everything around it.
// Unknown and not visible are the same fault.NotFound.
func (d *Desk) Order(ctx context.Context, by auth.Caller, ref string) (Order, error) {
	o, err := findOrder(ctx, d.reader(ctx), by.Scope(), ref)
	if err != nil || brief(ctx) {
		return o, err
	}
	db := d.reader(ctx)
	if o.Parts, err = orderParts(ctx, db, o.ID); err != nil {
		return o, err
	}
	if o.Visits, err = d.board.In(db).VisitsOf(ctx, o.ID); err != nil {
		return o, err
	}
	if o.Sheets, err = sheetsOf(ctx, db, o.ID); err != nil {
		return o, err
	}
	for i := range o.Sheets {
		if o.Sheets[i].ReplacedAt == nil {
			o.Sheet = &o.Sheets[i]
		}
	}
	if o.Quotes, err = quotesOf(ctx, db, o.ID); err != nil {
		return o, err
	}
	if o.Receipt, err = d.till.In(db).OfOrder(ctx, o.ID); err != nil {
		return o, err
	}
	if o.Custody, err = d.custody.In(db).OpenOf(ctx, o.ID); err != nil {
		return o, err
	}
	if o.FollowUps, err = d.promises.In(db).OfOrder(ctx, o.ID); err != nil {
		return o, err
	}
	if o.Reservations, err = d.stock.In(db).Held(ctx, o.ID); err != nil {
		return o, err
	}
	if o.Conversations, err = d.conversationsOf(ctx, "order_id", o.ID); err != nil {
		return o, err
	}
	if o.OldParts, err = oldPartsOf(ctx, db, o.ID); err != nil {
		return o, err
	}
	if o.HandOver, err = lastHandOver(ctx, db, o.ID); err != nil {
		return o, err
	}
	if o.Checklist, err = d.codes.In(db).ChecklistOf(ctx, o.Kind, o.AssetID); err != nil {
		return o, err
	}
	if o.Timeline, err = d.timelineOf(ctx, "order_id", o.ID); err != nil {
		return o, err
	}
	o.AllowedActions = o.actions()
	return o, nil
}

// Orders lists work orders, newest first, without what hangs on them.
func (d *Desk) Orders(ctx context.Context, by auth.Caller, f OrderFilter) (keyset.Page[Order], error) {
	return listOrders(ctx, d.reader(ctx), by.Scope(), d.now(), f)
}

// actions are the acts possible now, as people name them. Some moves of the table happen by themselves.
func (o *Order) actions() []string {
	var out []string
	for _, a := range OrderMoves.Actions(o.State) {
		switch a {
		case "sheet", "depart", "approve_on_site", "decline", "unassign", "scrap":
			continue // acts of a visit, a quote or a custody
		case "resume":
			if o.Custody != nil {
				continue
			}
		case "close", "cancel":
			if o.Custody != nil {
				continue
			}
		case "approve":
			if o.State != OrderNew || o.Chargeable {
				continue
			}
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if o.State == OrderAssigned || o.State == OrderInProgress {
		out = append(out, "sheet", "unassign")
	}
	return out
}

// onOrder locks an order, lets fn change it and returns it as it then stands.
func (d *Desk) onOrder(ctx context.Context, by auth.Caller, ref string, fn func(ctx context.Context, w *work, o *Order) error) (Order, error) {
	var id uuid.UUID
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		id = o.ID
		return fn(ctx, w, o)
	})
	if err != nil {
		return Order{}, err
	}
	return d.Order(ctx, by, id.String())
}

// changeOrder locks an order and lets fn change it.
func (d *Desk) changeOrder(ctx context.Context, by auth.Caller, ref string, fn func(ctx context.Context, w *work, o *Order) error) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, by.Scope(), ref)
		if err != nil {
			return err
		}
		if err := fresh(ctx, "order", o.Version); err != nil {
			return err
		}
		if err := fn(ctx, w, &o); err != nil {
			return err
		}
		return w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID)
	})
}

// step is a change of an order's state: the act, why, and the columns that go with it.
type step struct {
	Action     string
	Reason     string
	Set        string
	Args       []any
	OnBehalfOf *uuid.UUID
	Data       map[string]any
}

// moveOrder is the one place that changes the state of a work order.
func (w *work) moveOrder(ctx context.Context, o *Order, to OrderState, s step) error {
	from := o.State
	if from == to {
		return w.refuseOrder(o, strings.ReplaceAll(s.Action, "_", " "))
	}
	if err := OrderMoves.Check(from, to); err != nil {
		return err
	}
	if from == OrderReady { // nobody is sent any more, or somebody is
		if err := w.board.Withdraw(ctx, o.ID); err != nil {
			return err
		}
	}
	set, args := "state = ?", []any{to}
	if from == OrderOnHold {
		set += ", hold_reason = NULL, hold_text = NULL, hold_until = NULL"
		o.HoldReason, o.HoldText, o.HoldUntil = nil, nil, nil
	}
	pause, unpause := pausing(to), pausing(from)
	switch {
	case pause && !unpause && o.PausedAt == nil:
		set, args = set+", paused_at = ?", append(args, w.at)
		o.PausedAt = &w.at
		if err := w.promises.PauseClock(ctx, o.ID, "fix", w.at); err != nil {
			return err
		}
	case unpause && !pause && o.PausedAt != nil:
		set, args = set+", paused_seconds = paused_seconds + ?, paused_at = NULL", append(args, int64(w.at.Sub(*o.PausedAt).Seconds()))
		if o.FixDueAt != nil {
			later := o.FixDueAt.Add(w.at.Sub(*o.PausedAt))
			set, args = set+", fix_due_at = ?", append(args, later)
			o.FixDueAt = &later
		}
		o.PausedAt = nil
		if err := w.promises.ResumeClock(ctx, o.ID, "fix", w.at); err != nil {
			return err
		}
	}
	if s.Set != "" {
		set, args = set+", "+s.Set, append(args, s.Args...)
	}
	if err := setOrder(ctx, w.tx, o.ID, set, args...); err != nil {
		return err
	}
	o.State = to
	if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: s.Action, From: string(from), To: string(to), Reason: s.Reason, OnBehalfOf: s.OnBehalfOf, Data: s.Data}); err != nil {
		return err
	}
	return w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID)
}

// pausing reports whether our own fix target stands still in this state. The customer's patience does not.
func pausing(s OrderState) bool { return s == OrderOnHold || s == OrderAwaitingApproval }

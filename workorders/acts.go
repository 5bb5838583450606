package workorders

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/workorders/aftercare"
)

// HoldInput parks an order.
type HoldInput struct {
	ReasonCode string     `json:"reason_code" enum:"parts,customer,depot,vendor,other"`
	Reason     string     `json:"reason" minLength:"1" maxLength:"1000"`
	Until      *time.Time `json:"until,omitempty" doc:"the order comes back by itself then"`
}

// Hold parks an order with a reason. An open visit that nobody has begun is taken back; parts stay
// promised to the order where they lie.
func (d *Desk) Hold(ctx context.Context, by auth.Caller, ref string, in HoldInput) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if strings.TrimSpace(in.Reason) == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why the order has to wait").Field("body.reason", "must not be blank")
		}
		if in.Until != nil && !in.Until.After(w.at) {
			return fault.New(fault.Invalid, "until_in_past", "a hold ends in the future").Field("body.until", "must be in the future")
		}
		if err := OrderMoves.Check(o.State, OrderOnHold); err != nil {
			return err
		}
		if o.State == OrderOnHold {
			return w.refuseOrder(o, "hold")
		}
		if err := w.takeBackVisit(ctx, o, in.Reason, "us"); err != nil {
			return err
		}
		return w.hold(ctx, o, in.ReasonCode, in.Reason, in.Until, "hold")
	})
}

func (w *work) hold(ctx context.Context, o *Order, code, reason string, until *time.Time, action string) error {
	o.HoldReason = &code
	return w.moveOrder(ctx, o, OrderOnHold, step{Action: action, Reason: reason, Data: map[string]any{"reason_code": code},
		Set: "hold_reason = ?, hold_text = ?, hold_until = ?, engineer_id = NULL, engineer_org_id = NULL", Args: []any{code, reason, until}})
}

// refuseOrder says that an act is not possible now, and which are.
func (w *work) refuseOrder(o *Order, act string) error {
	return fault.New(fault.Conflict, "work_order_legal_move", "a work order that is %q cannot %s", string(o.State), act).Allow(o.actions()...).With("state", string(o.State))
}

// Resume puts a held order back into the queue. A person may do so also while a part is short; while the
// customer's device is with us it stays where it is.
func (d *Desk) Resume(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if o.State != OrderOnHold {
			return w.refuseOrder(o, "resume")
		}
		if err := w.deviceBack(ctx, o); err != nil {
			return err
		}
		return w.backToQueue(ctx, o, "resume", reason)
	})
}

// backToQueue makes a held order ready, one step more urgent than it was.
func (w *work) backToQueue(ctx context.Context, o *Order, action, reason string) error {
	if err := w.chargeSettled(o); err != nil {
		return err
	}
	return w.moveOrder(ctx, o, OrderReady, step{Action: action, Reason: reason, Set: "priority = greatest(priority - 1, 1)"})
}

// chargeSettled: a chargeable order is neither visited nor repaired before the customer agreed to pay.
func (w *work) chargeSettled(o *Order) error {
	if o.chargeOpen() {
		return fault.New(fault.Conflict, "work_orders_paid_needs_yes", "the customer has not agreed to pay: have a call-out or repair quote approved first").
			Allow("quote").With("state", string(o.State))
	}
	return nil
}

// chargeOpen reports whether somebody still has to agree to pay.
func (o *Order) chargeOpen() bool {
	return o.Chargeable && o.ApprovedMinor == nil && o.CallOutMinor == nil
}

func (w *work) deviceBack(ctx context.Context, o *Order) error {
	c, err := w.custody.OpenOf(ctx, o.ID)
	if err != nil {
		return err
	}
	if c != nil {
		return fault.New(fault.Conflict, "work_orders_device_back", "the customer's device is still with us (%s): return or scrap it first", c.Number).
			Allow("custody_return", "custody_scrap").With("custody_id", c.ID).With("state", string(o.State))
	}
	return nil
}

// ApproveOrder settles a new order that costs nothing.
func (d *Desk) ApproveOrder(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if err := w.chargeSettled(o); err != nil {
			return err
		}
		return w.moveOrder(ctx, o, OrderReady, step{Action: "approve", Reason: reason})
	})
}

// Cancel ends an order before it is done: visits are taken back, parts released, quotes superseded,
// clocks stopped, in one transaction. While somebody is on site it is refused: his sheet ends the visit.
// The reason NoAccess has a rule of its own: see mayGiveUp.
func (d *Desk) Cancel(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if strings.TrimSpace(reason) == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why the order is cancelled").Field("body.reason", "must not be blank")
		}
		if o.State == OrderCancelled {
			return w.refuseOrder(o, "cancel")
		}
		if err := OrderMoves.Check(o.State, OrderCancelled); err != nil {
			return err
		}
		if err := w.deviceBack(ctx, o); err != nil {
			return err
		}
		if strings.TrimSpace(reason) == NoAccess {
			if err := w.mayGiveUp(ctx, o); err != nil {
				return err
			}
		}
		return w.cancel(ctx, o, reason, "cancel")
	})
}

func (w *work) cancel(ctx context.Context, o *Order, reason, action string) error {
	if err := w.takeBackVisit(ctx, o, reason, "customer"); err != nil {
		return err
	}
	if err := w.letGo(ctx, o, reason); err != nil {
		return err
	}
	if err := supersedeQuotes(ctx, w.tx, o.ID); err != nil {
		return err
	}
	if err := withdrawOffer(ctx, w, o.ID); err != nil {
		return err
	}
	if err := w.moveOrder(ctx, o, OrderCancelled, step{Action: action, Reason: reason, Set: "cancelled_at = ?, cancel_reason = ?, engineer_id = NULL, engineer_org_id = NULL", Args: []any{w.at, reason}}); err != nil {
		return err
	}
	if o.NoAccessCount > 0 {
		if _, err := w.issueReceipt(ctx, o); err != nil {
			return err
		}
	}
	key := "message.customer.cancelled"
	if reason == NoAccess { // the written notice
		key = "message.customer.given_up"
	}
	return w.tellCustomer(ctx, o, key, o.Number)
}

// letGo releases everything an order that ends holds on to: parts, shortages, call-backs, clocks.
func (w *work) letGo(ctx context.Context, o *Order, why string) error {
	if err := w.stock.CancelPickups(ctx, o.ID, why); err != nil {
		return err
	}
	if err := w.stock.Release(ctx, o.ID, why, nil); err != nil {
		return err
	}
	if err := w.stock.CancelShortages(ctx, o.ID); err != nil {
		return err
	}
	if err := w.promises.StopClocks(ctx, o.ID, w.at); err != nil {
		return err
	}
	return w.promises.CloseCallbacks(ctx, o.ID, "appointment", "displaced", "delay", "part_arrived", "no_access", "quote_open")
}

// takeBackVisit cancels the open visit of an order, if there is one that nobody has begun on site.
func (w *work) takeBackVisit(ctx context.Context, o *Order, reason, cause string) error {
	if err := w.board.Withdraw(ctx, o.ID); err != nil {
		return err
	}
	visits, err := w.board.VisitsOf(ctx, o.ID)
	if err != nil {
		return err
	}
	for _, v := range visits {
		switch v.State {
		case dispatch.OnSite, dispatch.Paused:
			return fault.New(fault.Conflict, "engineer_on_site", "the engineer is with the customer: his repair sheet ends the visit").Allow("sheet").With("state", string(o.State))
		case dispatch.Dispatched, dispatch.Accepted, dispatch.EnRoute:
			if _, err := w.board.Do(ctx, v.ID, "cancel", dispatch.Act{At: w.at, Reason: reason, Cause: cause}); err != nil {
				return err
			}
			if err := w.stock.CancelPickups(ctx, o.ID, reason); err != nil {
				return err
			}
			if err := w.tellEngineer(ctx, o, v.EngineerID, "message.engineer.cancelled"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Unassign takes the order back from the engineer before anybody is on site. The parts stay promised.
func (d *Desk) Unassign(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if o.State != OrderAssigned && o.State != OrderInProgress {
			return w.refuseOrder(o, "unassign")
		}
		if err := w.takeBackVisit(ctx, o, reason, "us"); err != nil {
			return err
		}
		if _, err := w.outbox.TakeBack(ctx, o.ID, "customer", nil); err != nil { // a time that nobody heard of
			return err
		}
		return w.unassigned(ctx, o, "unassign", reason, nil)
	})
}

func (w *work) unassigned(ctx context.Context, o *Order, action, reason string, behalf *uuid.UUID) error {
	o.EngineerID = nil
	return w.moveOrder(ctx, o, OrderReady, step{Action: action, Reason: reason, OnBehalfOf: behalf, Set: "engineer_id = NULL, engineer_org_id = NULL"})
}

// Reopen takes a finished order up again: its follow-up is superseded and keeps its attempts. A closed
// order stays closed; later work is a new order that repeats it.
func (d *Desk) Reopen(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if strings.TrimSpace(reason) == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why the order is opened again").Field("body.reason", "must not be blank")
		}
		return w.reopen(ctx, o, reason)
	})
}

// reopen also names the sheet that did not hold, so that the repeat counts against who signed it.
func (w *work) reopen(ctx context.Context, o *Order, reason string) error {
	if err := w.promises.Supersede(ctx, o.ID, reason); err != nil {
		return err
	}
	sheets, err := sheetsOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	data := map[string]any{}
	for _, s := range sheets {
		if s.ReplacedAt == nil && s.Outcome == "done" {
			data["failed_sheet"] = s.ID
		}
	}
	return w.moveOrder(ctx, o, OrderReady, step{Action: "reopen", Reason: reason, Data: data,
		Set: "finished_at = NULL, end_reason = NULL, unconfirmed = false, reopened = reopened + 1, engineer_id = NULL, engineer_org_id = NULL, priority = greatest(priority - 1, 1)"})
}

// ConfirmEnd is a manager's word that an order really could not be completed.
func (d *Desk) ConfirmEnd(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if o.State != OrderCannotComplete || !o.Unconfirmed {
			return w.refuseOrder(o, "confirm")
		}
		if err := setOrder(ctx, w.tx, o.ID, "unconfirmed = false"); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "confirm_end", Reason: reason})
	})
}

// Close ends an order for good. What is still open is named: follow-up, complaint, device, money, old
// parts, parts to reconcile, an unconfirmed end. A manager may write off the money with a waiver first.
func (d *Desk) Close(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if o.State == OrderClosed {
			return w.refuseOrder(o, "close")
		}
		if err := OrderMoves.Check(o.State, OrderClosed); err != nil {
			return err
		}
		if err := w.deviceBack(ctx, o); err != nil {
			return err
		}
		open, err := openMatters(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if o.Unconfirmed {
			open = append(open, "unconfirmed")
		}
		billed, err := w.till.OfOrder(ctx, o.ID)
		if err != nil {
			return err
		}
		due, err := w.dueLines(ctx, o)
		if err != nil {
			return err
		}
		if billed == nil && len(due) > 0 || billed != nil && !sameCharges(billed.Lines, due) {
			open = append(open, "receipt")
		}
		if len(open) > 0 {
			return fault.New(fault.Conflict, "work_order_still_open", "this order cannot be closed yet, still open: %s", strings.Join(open, ", ")).
				Allow(open...).With("open", open).With("state", string(o.State))
		}
		if err := w.stock.Release(ctx, o.ID, "order closed", nil); err != nil {
			return err
		}
		return w.moveOrder(ctx, o, OrderClosed, step{Action: "close", Reason: reason, Set: "closed_at = ?", Args: []any{w.at}})
	})
}

// Convert changes how an order is served: by phone, on site or at the bench. Everything else is kept; a
// booked visit is taken back.
func (d *Desk) Convert(ctx context.Context, by auth.Caller, ref, mode string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if !slices.Contains([]string{"phone", "on_site", "depot"}, mode) {
			return fault.New(fault.Invalid, "unknown_mode", "mode is phone, on_site or depot").Field("body.mode", "unknown")
		}
		if slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete}, o.State) {
			return w.refuseOrder(o, "convert")
		}
		if mode == "on_site" && o.SiteID == nil {
			return fault.New(fault.Conflict, "site_missing", "somebody can only be sent to an address: give the order a site first").Allow("patch")
		}
		if o.State == OrderAssigned || o.State == OrderInProgress {
			if err := w.takeBackVisit(ctx, o, "mode changed to "+mode, "us"); err != nil {
				return err
			}
			if err := w.unassigned(ctx, o, "unassign", "mode changed to "+mode, nil); err != nil {
				return err
			}
		}
		if err := setOrder(ctx, w.tx, o.ID, "mode = ?", mode); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "convert", Data: map[string]any{"from": o.Mode, "to": mode}})
	})
}

// OrderPatch changes what may still change about an order.
type OrderPatch struct {
	Priority        *int       `json:"priority,omitempty" minimum:"1" maximum:"4"`
	Summary         *string    `json:"summary,omitempty" minLength:"1" maxLength:"200"`
	DurationMinutes *int       `json:"duration_minutes,omitempty" minimum:"1" maximum:"1440"`
	Window          *Window    `json:"window,omitempty"`
	SiteContactID   *uuid.UUID `json:"site_contact_id,omitempty" doc:"who opens the door; all zeros = nobody named"`
	PayerCustomerID *uuid.UUID `json:"payer_customer_id,omitempty"`
	SkillCodes      []string   `json:"skill_codes,omitempty" maxItems:"20"`
	Parts           []PartNeed `json:"parts,omitempty" maxItems:"100" doc:"replaces the parts needed; only before it is assigned"`
	WantedEngineer  *uuid.UUID `json:"wanted_engineer_id,omitempty" doc:"the same engineer first; all zeros = anybody"`
	Unwanted        *uuid.UUID `json:"unwanted_engineer_id,omitempty" doc:"not this engineer, a hard rule; all zeros = nobody is ruled out"`
}

// Amend changes an order that is not finished.
func (d *Desk) Amend(ctx context.Context, by auth.Caller, ref string, version int, in OrderPatch) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if version > 0 && version != o.Version {
			return fault.New(fault.Stale, "stale", "somebody changed this order meanwhile: read it again").With("version", o.Version)
		}
		if slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete}, o.State) {
			return w.refuseOrder(o, "patch")
		}
		var sets []string
		var args []any
		put := func(set string, arg any) { sets, args = append(sets, set), append(args, arg) }
		if in.Priority != nil {
			put("priority = ?", *in.Priority)
		}
		if in.Summary != nil {
			put("summary = ?", strings.TrimSpace(*in.Summary))
		}
		if in.DurationMinutes != nil {
			put("duration_minutes = ?", *in.DurationMinutes)
		}
		if in.Window != nil {
			if !in.Window.From.Before(in.Window.To) {
				return fault.New(fault.Invalid, "window_backwards", "a window begins before it ends").Field("body.window", "from must be before to")
			}
			put("wanted_window = ?", span(&in.Window.From, &in.Window.To))
		}
		if in.SiteContactID != nil {
			put("site_contact_id = ?", someone(*in.SiteContactID))
		}
		if in.PayerCustomerID != nil {
			put("payer_customer_id = ?", *in.PayerCustomerID)
		}
		if in.SkillCodes != nil {
			if err := w.board.KnownSkills(ctx, in.SkillCodes...); err != nil {
				return err
			}
			put("skill_codes = ?", pgArray(in.SkillCodes))
		}
		if in.WantedEngineer != nil {
			put("wanted_engineer = ?", someone(*in.WantedEngineer))
		}
		if in.Unwanted != nil {
			put("unwanted_engineer = ?", someone(*in.Unwanted))
		}
		if in.Parts != nil {
			if o.State == OrderAssigned || o.State == OrderInProgress {
				return w.refuseOrder(o, "change its parts")
			}
			needs, err := w.partNeeds(ctx, in.Parts)
			if err != nil {
				return err
			}
			if err := replaceOrderParts(ctx, w.tx, *o, needs); err != nil {
				return err
			}
		}
		if len(sets) > 0 {
			if err := setOrder(ctx, w.tx, o.ID, strings.Join(sets, ", "), args...); err != nil {
				return err
			}
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "amend"}); err != nil {
			return err
		}
		return w.rememberOrder(ctx, o)
	})
}

// someone is an id, or NULL for all zeros.
func someone(id uuid.UUID) any {
	if id.IsNil() {
		return nil
	}
	return id
}

// setTargets sets by when we are in touch, there, and done, counted from the request, not from the order.
func (w *work) setTargets(ctx context.Context, o *Order, received time.Time) error {
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	due, err := w.promises.DeadlinesOf(ctx, o.OrgID, loc, w.classOf(ctx, o), o.Kind, o.Priority, received)
	if err != nil {
		return err
	}
	o.ContactDueAt, o.ArriveDueAt, o.FixDueAt = &due.Contact, &due.Arrive, &due.Fix
	return nil
}

func (w *work) armClocks(ctx context.Context, o *Order) error {
	for _, c := range []struct {
		kind string
		due  *time.Time
	}{{"contact", o.ContactDueAt}, {"arrive", o.ArriveDueAt}, {"fix", o.FixDueAt}} {
		if c.due == nil {
			continue
		}
		if err := w.promises.StartClock(ctx, aftercare.Clock{OrgID: o.OrgID, SubjectKind: "work_order", SubjectID: o.ID, Kind: c.kind, DueAt: *c.due}); err != nil {
			return err
		}
	}
	return nil
}

// heard records that a person told the customer something: contact about the order, and the reply to the
// request it came from.
func (w *work) heard(ctx context.Context, o *Order, how string) error {
	if err := w.customerAnswered(ctx, o); err != nil {
		return err
	}
	if err := w.contacted(ctx, o); err != nil || o.RequestID == nil {
		return err
	}
	r, err := lockRequest(ctx, w.tx, auth.System(how).Scope(), o.RequestID.String())
	if err != nil {
		return err
	}
	return w.replied(ctx, &r, how)
}

// contacted stops the contact clock: the customer heard from us.
func (w *work) contacted(ctx context.Context, o *Order) error {
	if o.ContactedAt != nil {
		return nil
	}
	o.ContactedAt = &w.at
	if err := w.promises.MeetClock(ctx, o.ID, "contact", w.at); err != nil {
		return err
	}
	return setOrder(ctx, w.tx, o.ID, "contacted_at = ?", w.at)
}

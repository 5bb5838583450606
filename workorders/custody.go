package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/workorders/depot"
)

// TakeDevice records that a customer's device leaves him: consent, accessories, condition, signature. With
// an open visit it goes with the engineer; without one the customer brought it to the counter.
func (d *Desk) TakeDevice(ctx context.Context, by auth.Caller, orderRef string, in depot.CustodyInput) (depot.Custody, error) {
	var c depot.Custody
	err := d.changeOrder(ctx, by, orderRef, func(ctx context.Context, w *work, o *Order) error {
		if err := w.ownVisit(ctx, o); err != nil {
			return err
		}
		switch o.State {
		case OrderClosed, OrderCancelled, OrderCompleted, OrderCannotComplete:
			return w.refuseOrder(o, "take the device")
		}
		if in.VisitID != nil {
			v, err := w.board.Visit(ctx, by.Scope(), *in.VisitID)
			if err != nil {
				return err
			}
			if v.OrderID != o.ID {
				return fault.New(fault.Invalid, "visit_of_another_order", "this visit belongs to another order").Field("body.visit_id", "belongs to another order")
			}
		}
		strokes, reason, err := signed(in.Signature)
		if err != nil {
			return err
		}
		if strokes == nil && reason == nil {
			return fault.New(fault.Invalid, "custody_consent", "the customer signs for the device, or somebody says why not").Field("body.signature", "strokes or {\"reason\":…}")
		}
		number, err := w.number(ctx, "DV", o.OrgID)
		if err != nil {
			return err
		}
		c, err = w.custody.Take(ctx, by, depot.Taking{CustodyInput: in, Number: number, OrgID: o.OrgID, OrderID: o.ID, AssetID: o.AssetID, Strokes: strokes, NoSignature: reason})
		if err != nil {
			return err
		}
		photos, err := photosOf(in.Photos)
		if err != nil {
			return err
		}
		for _, p := range photos {
			if err := w.attachFile(ctx, p.SHA256, "custody_id", c.ID, o.OrgID, p.Kind); err != nil {
				return err
			}
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "custody_take", Data: map[string]any{"custody": c.Number, "device": in.Device}}); err != nil {
			return err
		}
		if err := w.tellCustomer(ctx, o, "message.customer.device_taken", o.Number, in.Device, in.ExpectedReturnOn.String()); err != nil {
			return err
		}
		if in.VisitID == nil && o.State != OrderOnHold && o.State != OrderAssigned && o.State != OrderInProgress {
			return w.hold(ctx, o, "depot", c.Number, nil, "hold")
		}
		return nil
	})
	return c, err
}

// CustodyDo moves a device along: receive, move, return, scrap and the bench's own steps.
func (d *Desk) CustodyDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in depot.DoInput) (depot.Custody, error) {
	c, err := d.custody.In(d.reader(ctx)).Custody(ctx, by.Scope(), id)
	if err != nil {
		return c, err
	}
	err = d.changeOrder(freshNot(ctx), by, c.OrderID.String(), func(inner context.Context, w *work, o *Order) error {
		before, err := w.custody.Custody(inner, by.Scope(), id)
		if err != nil {
			return err
		}
		if err := fresh(ctx, "custody", before.Version); err != nil {
			return err
		}
		ctx := inner
		if c, err = w.custody.Do(ctx, by, id, act, in); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "custody_" + act, From: string(before.State), To: string(c.State), Data: map[string]any{"custody": c.Number, "holder": c.Holder}}); err != nil {
			return err
		}
		switch {
		case c.State == depot.ReadyForReturn && before.State != depot.ReadyForReturn:
			if err := w.tellCustomer(ctx, o, "message.customer.device_ready", o.Number, c.Device); err != nil {
				return err
			}
			return w.callBack(ctx, o, "device_ready", c.Number)
		case c.ClosedAt == nil:
			return nil
		}
		if err := w.promises.CloseCallbacks(ctx, o.ID, "device_ready"); err != nil {
			return err
		}
		if o.State != OrderOnHold || o.HoldReason == nil || *o.HoldReason != "depot" {
			return nil
		}
		return w.deviceGone(ctx, o, c)
	})
	return c, err
}

// deviceGone lets an order go on that was held for its device. Scrapped, there is nothing left to repair.
// Returned after a refusal, it ends as every refusal does. Returned before anybody agreed to pay, it waits
// for the customer, since a device goes back whenever he wants it. Else somebody is sent, or bills it.
func (w *work) deviceGone(ctx context.Context, o *Order, c depot.Custody) error {
	if c.State == depot.Scrapped {
		return w.endUnrepaired(ctx, o, "scrap", "scrapped", c.Number)
	}
	quotes, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	var last *Quote
	for i := range quotes {
		if quotes[i].Purpose == "repair" && quotes[i].State != QuoteSuperseded {
			last = &quotes[i]
		}
	}
	switch {
	case last != nil && last.State == QuoteDeclined:
		visited, err := everVisited(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if !visited {
			return w.cancel(ctx, o, "quote_declined", "decline")
		}
		return w.endUnrepaired(ctx, o, "decline", "quote_declined", c.Number)
	case last != nil && last.State == QuoteSent && w.chargeSettled(o) != nil:
		return w.moveOrder(ctx, o, OrderAwaitingApproval, step{Action: "quote", Data: map[string]any{"quote": last.Number}})
	case w.chargeSettled(o) != nil:
		o.HoldReason = ptr("customer")
		return setOrder(ctx, w.tx, o.ID, "hold_reason = 'customer', hold_text = ?", c.Number)
	}
	return w.backToQueue(ctx, o, "resume", c.Number)
}

// endUnrepaired ends an order that nobody will repair any more; what the customer agreed to pay for the
// visit is due. A refusal has no follow-up call.
func (w *work) endUnrepaired(ctx context.Context, o *Order, action, why, reason string) error {
	if err := w.letGo(ctx, o, why); err != nil {
		return err
	}
	if why != "quote_declined" {
		if err := w.followUp(ctx, o, w.at); err != nil {
			return err
		}
	}
	if err := w.moveOrder(ctx, o, OrderCannotComplete, step{Action: action, Reason: reason, Set: "finished_at = ?, end_reason = ?", Args: []any{w.at, why}}); err != nil {
		return err
	}
	_, err := w.issueReceipt(ctx, o)
	return err
}

// Devices lists what is with us, the longest first.
func (d *Desk) Devices(ctx context.Context, by auth.Caller, f depot.Filter) (keyset.Page[depot.Custody], error) {
	return d.custody.In(d.reader(ctx)).Out(ctx, by.Scope(), f)
}

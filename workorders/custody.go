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
	_, err := d.onOrder(ctx, by, orderRef, func(ctx context.Context, w *work, o *Order) error {
		if err := w.ownVisit(ctx, o); err != nil {
			return err
		}
		switch o.State {
		case OrderClosed, OrderCancelled, OrderCompleted, OrderCannotComplete:
			return w.refuseOrder(o, "take the device")
		}
		strokes, reason, err := signed(in.Signature)
		if err != nil {
			return err
		}
		if strokes == nil && reason == nil {
			return fault.New(fault.Invalid, "custody_consent", "the customer signs for the device, or somebody says why not").Field("body.signature", "strokes or {\"reason\":…}")
		}
		number, err := w.number(ctx, "CU", o.OrgID)
		if err != nil {
			return err
		}
		c, err = w.custody.Take(ctx, by, depot.Taking{CustodyInput: in, Number: number, OrgID: o.OrgID, OrderID: o.ID, AssetID: o.AssetID, Strokes: strokes, NoSignature: reason})
		if err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "custody_take", Data: map[string]any{"custody": c.Number, "device": in.Device}}); err != nil {
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
	_, err = d.onOrder(ctx, by, c.OrderID.String(), func(ctx context.Context, w *work, o *Order) error {
		was := c.State
		if c, err = w.custody.Do(ctx, by, id, act, in); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "custody_" + act, From: string(was), To: string(c.State), Data: map[string]any{"custody": c.Number, "holder": c.Holder}}); err != nil {
			return err
		}
		switch {
		case c.State == depot.ReadyForReturn:
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
		return w.backToQueue(ctx, o, "resume", c.Number)
	})
	return c, err
}

// Devices lists what is with us, the longest first.
func (d *Desk) Devices(ctx context.Context, by auth.Caller, f depot.Filter) (keyset.Page[depot.Custody], error) {
	return d.custody.In(d.reader(ctx)).Out(ctx, by.Scope(), f)
}

package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/workorders/depot"
)

// LoanerBack records that the customer gave our own device back. Until then his order cannot be closed.
func (d *Desk) LoanerBack(ctx context.Context, by auth.Caller, id uuid.UUID) (depot.Custody, error) {
	c, err := d.custody.In(d.reader(ctx)).Custody(ctx, by.Scope(), id)
	if err != nil {
		return c, err
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, by.Scope(), c.OrderID.String())
		if err != nil {
			return err
		}
		if c, err = w.custody.LoanerBack(ctx, by, id); err != nil {
			return err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "loaner_back", Data: map[string]any{"custody": c.Number}}); err != nil {
			return err
		}
		return w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID)
	})
	return c, err
}

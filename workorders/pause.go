package workorders

import (
	"context"

	"paigong/dispatch"
	"paigong/internal/auth"
)

// nobodyIn keeps our fix target standing still while the customer has to answer: we came as announced, and
// nobody opened. When we were late, or at the wrong door, the attempt is ours and the clock runs on.
func (w *work) nobodyIn(ctx context.Context, o *Order, v dispatch.Visit, s Sheet) error {
	ours := v.Late || v.Window != nil && s.ArrivedAt != nil && !s.ArrivedAt.Before(v.Window.To)
	if ours || o.PausedAt != nil {
		return nil
	}
	if err := setOrder(ctx, w.tx, o.ID, "paused_at = ?, no_access_count = no_access_count + 1", w.at); err != nil {
		return err
	}
	o.PausedAt = &w.at
	o.NoAccessCount++
	return w.promises.PauseClock(ctx, o.ID, "fix", w.at)
}

// customerAnswered lets the clock of an order run on that stood still for its customer.
func (w *work) customerAnswered(ctx context.Context, o *Order) error {
	if o.PausedAt == nil || pausing(o.State) {
		return nil
	}
	stood := w.at.Sub(*o.PausedAt)
	set, args := "paused_seconds = paused_seconds + ?, paused_at = NULL", []any{int64(stood.Seconds())}
	if o.FixDueAt != nil {
		later := o.FixDueAt.Add(stood)
		set, args = set+", fix_due_at = ?", append(args, later)
		o.FixDueAt = &later
	}
	o.PausedAt = nil
	if err := setOrder(ctx, w.tx, o.ID, set, args...); err != nil {
		return err
	}
	return w.promises.ResumeClock(ctx, o.ID, "fix", w.at)
}

// classOf is the class of the order's customer; C when nobody said.
func (w *work) classOf(ctx context.Context, o *Order) string {
	c, err := w.book.Customer(ctx, auth.System("targets").Scope(), o.CustomerID)
	if err != nil {
		return "C"
	}
	return c.Class
}

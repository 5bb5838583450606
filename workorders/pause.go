package workorders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
)

// nobodyIn counts an attempt of the customer's and keeps our fix target standing still while he has to
// answer: we came as announced, and nobody opened. When we were late, or at the wrong door, the attempt is
// ours and the clock runs on.
func (w *work) nobodyIn(ctx context.Context, o *Order, v dispatch.Visit, s Sheet) error {
	if v.Late || v.Window != nil && s.ArrivedAt != nil && !s.ArrivedAt.Before(v.Window.To) {
		return nil
	}
	o.NoAccessCount++
	if o.PausedAt != nil { // he did not answer after the attempt before either
		return setOrder(ctx, w.tx, o.ID, "no_access_count = no_access_count + 1")
	}
	if err := setOrder(ctx, w.tx, o.ID, "paused_at = ?, no_access_count = no_access_count + 1", w.at); err != nil {
		return err
	}
	o.PausedAt = &w.at
	return w.promises.PauseClock(ctx, o.ID, "fix", w.at)
}

// NoAccess is the reason for which an order is given up after nobody opened.
const NoAccess = "no_access"

const (
	noAccessTries  = 2                  // attempts of the customer's after which we may give up,
	noAccessWaited = 7 * 24 * time.Hour // and for how long he left them unanswered
)

// mayGiveUp says when an order may be cancelled because nobody opens: after two attempts that were the
// customer's, each with its message, and seven days in which he answered neither. A manager or a team lead
// may decide so earlier.
func (w *work) mayGiveUp(ctx context.Context, o *Order) error {
	if w.by.Is(auth.Manager, auth.Lead, auth.Admin) {
		return nil
	}
	if o.NoAccessCount < noAccessTries {
		return fault.New(fault.Conflict, "no_access_too_few", "nobody opened %d times, an order is given up after %d: try again, or let a manager decide", o.NoAccessCount, noAccessTries).
			Allow("assign").With("no_access_count", o.NoAccessCount).With("state", string(o.State))
	}
	if o.PausedAt == nil {
		return fault.New(fault.Conflict, "no_access_answered", "the customer has answered since: agree a new time with him").Allow("assign").With("state", string(o.State))
	}
	last, err := lastNoAccess(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	if until := last.Add(noAccessWaited); w.at.Before(until) {
		return fault.New(fault.Conflict, "no_access_wait", "the customer has seven days to answer our messages, until %s: wait, or let a manager decide", until.Format(time.RFC3339)).
			Allow("assign").With("until", until).With("state", string(o.State))
	}
	return nil
}

// AgeNoAccess tells the desk, once, that an order may be given up: nobody opened twice, and for seven days
// nobody answered. It cancels nothing by itself. Called by the clock once a day.
func (d *Desk) AgeNoAccess(ctx context.Context) error {
	by := auth.System("no-access")
	ids, err := unansweredNoAccess(ctx, d.db, d.now().Add(-noAccessWaited))
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := d.changeOrder(ctx, by, id.String(), func(ctx context.Context, w *work, o *Order) error {
			return w.tellOffice(ctx, o, "desk", "message.desk.no_access_unanswered")
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("no access at %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
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

package workorders

import (
	"context"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Verdict is what a dispatcher is told about a slot before he lets a job go over it.
type Verdict struct {
	Candidate dispatch.Candidate
	// Refusal is why the slot would be refused; nil when it would be taken.
	Refusal error
	// Soft: a reason sets the refusal aside.
	Soft bool
	// Outside: the slot lies outside what the customer was told, so he has to be asked.
	Outside bool
}

// JudgeSlot asks every rule about one order, one engineer and one slot, and changes nothing: what Assign
// or Reschedule would say now, whichever the order's state calls for.
func (d *Desk) JudgeSlot(ctx context.Context, by auth.Caller, ref string, engineer uuid.UUID, from, to time.Time) (Verdict, error) {
	var v Verdict
	if !from.Before(to) {
		return v, fault.New(fault.Invalid, "slot_backwards", "a visit begins before it ends").Field("query.ends_at", "must be after starts_at")
	}
	o, err := findOrder(ctx, d.reader(ctx), by.Scope(), ref)
	if err != nil {
		return v, err
	}
	j, err := d.jobOf(ctx, &o, by.Lang)
	if err != nil {
		return v, err
	}
	board := d.board.In(d.reader(ctx))
	switch o.State {
	case OrderReady:
		if o.AnnouncedWindow != nil && o.DisplacedAt != nil {
			v.Outside = !(dispatch.Span{From: o.AnnouncedWindow.From, To: o.AnnouncedWindow.To}).Contains(from)
		}
	case OrderAssigned, OrderInProgress:
		open, err := board.OpenVisit(ctx, o.ID)
		if err != nil {
			return v, err
		}
		if open == nil || open.State != dispatch.Dispatched && open.State != dispatch.Accepted && open.State != dispatch.Proposed {
			v.Refusal = fault.New(fault.Conflict, "visit_under_way", "a visit that is %s keeps its time: nothing can be agreed anew", stateOf(open))
			return v, nil
		}
		j.Windows = nil // a new time is what this is about
		v.Outside = open.Window != nil && !open.Window.Contains(from)
	default:
		v.Refusal = fault.New(fault.Conflict, "order_not_waiting", "the order is not waiting for an engineer any more")
		return v, nil
	}
	if v.Candidate, err = board.Judge(ctx, by.Scope(), j, engineer, from, to); err != nil {
		return v, err
	}
	if v.Refusal = refusedUnless(v.Candidate, ""); v.Refusal != nil {
		v.Soft = slices.Contains(overridable, v.Candidate.Rule)
		return v, nil
	}
	if missing := missingParts(j, v.Candidate); len(missing) > 0 {
		v.Refusal, v.Soft = partsMissing(missing), true
	}
	return v, nil
}

func stateOf(v *dispatch.Visit) string {
	if v == nil {
		return "over"
	}
	return string(v.State)
}

package workorders

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/inventory"
)

// planChanges says what stands against publishing a plan in the world as it is.
func (d *Desk) planChanges(ctx context.Context, by auth.Caller, p Plan, lang string) ([]dispatch.Broken, error) {
	ids := make([]uuid.UUID, len(p.Visits))
	for i, v := range p.Visits {
		ids[i] = v.WorkOrderID
	}
	scope := by.Scope()
	orders, err := ordersByID(ctx, d.reader(ctx), scope, ids, false)
	if err != nil {
		return nil, err
	}
	_, broken, err := d.checkPlan(ctx, d.board.In(d.reader(ctx)), scope, p, orders, lang)
	return broken, err
}

// checkPlan judges the visits of a plan in the world as it is, over orders that were read or locked.
func (d *Desk) checkPlan(ctx context.Context, board dispatch.Board, scope auth.Scope, p Plan, orders []Order, lang string) ([]dispatch.PlannedVisit, []dispatch.Broken, error) {
	broken := []dispatch.Broken{}
	byID := map[uuid.UUID]*Order{}
	for i := range orders {
		byID[orders[i].ID] = &orders[i]
	}
	var visits []dispatch.PlannedVisit
	var going []Order
	var boundIDs []uuid.UUID
	for _, v := range p.Visits {
		if v.BoundVisitID != nil {
			boundIDs = append(boundIDs, *v.BoundVisitID)
		}
	}
	stand, err := standing(ctx, d.reader(ctx), boundIDs)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range p.Visits {
		o := byID[v.WorkOrderID]
		say := func(kind, key string, args ...string) {
			id := v.WorkOrderID
			r := dispatch.Say(lang, kind, "refuse", key, args...)
			broken = append(broken, dispatch.Broken{Kind: kind, OrderID: &id, Text: r.Text})
		}
		switch {
		case o == nil:
			say("order", "plan.order_gone", v.WorkOrderNumber)
		case v.BoundVisitID == nil && o.State != OrderReady:
			say("order", "plan.order_state", o.Number)
		case v.BoundVisitID != nil && !stand[*v.BoundVisitID].same(v):
			say("visit", "plan.visit_changed", o.Number)
		case v.BoundVisitID == nil && int(v.EndsAt.Sub(v.StartsAt).Minutes()) < o.DurationMinutes:
			say("order", "plan.order_longer", o.Number)
		case v.BoundVisitID == nil && o.chargeOpen():
			say("order", "plan.order_state", o.Number)
		default:
			visits, going = append(visits, v.planned()), append(going, *o)
		}
	}
	jobs, err := d.planJobs(ctx, going, lang, p)
	if err != nil {
		return nil, nil, err
	}
	for i := range jobs {
		v := &visits[i]
		jobs[i].Duration = v.EndsAt.Sub(v.StartsAt)
		if v.Bound != nil {
			jobs[i].Windows = nil
			if w := going[i].AnnouncedWindow; w != nil {
				jobs[i].Windows = []dispatch.Span{{From: w.From, To: w.To}}
			}
		}
	}
	for _, v := range p.Visits {
		for i := range jobs {
			if v.WindowDropped && jobs[i].OrderID == v.WorkOrderID {
				jobs[i].Windows = nil // the dispatcher sees that the window is not kept
			}
		}
	}
	if len(jobs) > 0 {
		more, err := board.CheckDay(ctx, scope, dispatch.DayAsk{Day: p.Day, Jobs: jobs, Lang: lang}, visits, p.Stops)
		if err != nil {
			return nil, nil, err
		}
		broken = append(broken, more...)
	}
	return visits, broken, nil
}

// PublishPlan books every visit of a plan and promises every part, all or nothing. A plan that was
// published already is answered as it is. When the world has moved on it is refused with what changed.
func (d *Desk) PublishPlan(ctx context.Context, by auth.Caller, id uuid.UUID) (Plan, error) {
	if _, err := d.plan(ctx, by, id); err != nil {
		return Plan{}, err
	}
	var changes []dispatch.Broken
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		changes = nil
		p, err := lockPlan(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if p.State == PlanPublished {
			return nil
		}
		if err := PlanMoves.Check(p.State, PlanPublished); err != nil {
			return err
		}
		if p.Visits, err = readPlanVisits(ctx, w.tx, id); err != nil {
			return err
		}
		if err := readResult(ctx, w.tx, &p); err != nil {
			return err
		}
		changes, err = w.publish(ctx, &p)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			return fault.New(fault.Conflict, "plan_stale", "the world has changed since this plan was made, at %d places: make a new plan from it", len(changes)).
				With("changes", changes).With("plan_id", id).Allow("plan_again", "reject")
		}
		return nil
	})
	if len(changes) > 0 {
		if _, inside := ctx.Value(workKey{}).(*work); !inside {
			// On the record for whoever looks at it next; a caller's own transaction only refuses.
			kept := d.change(ctx, by, func(ctx context.Context, w *work) error {
				if err := keepChanges(ctx, w.tx, id, changes); err != nil {
					return err
				}
				return w.dropPlan(ctx, id, PlanStale, changes[0].Text)
			})
			if kept != nil && !fault.Is(kept, fault.Conflict) {
				return Plan{}, errors.Join(err, kept)
			}
		}
	}
	if err != nil {
		return Plan{}, err
	}
	return d.Plan(ctx, by, id, nil)
}

// publish does it inside a transaction: orders, then engineers, then shelves are locked, everything is
// judged anew, and only then written.
func (w *work) publish(ctx context.Context, p *Plan) ([]dispatch.Broken, error) {
	ids, crew := make([]uuid.UUID, 0, len(p.Visits)), make([]uuid.UUID, 0, len(p.Visits))
	for _, v := range p.Visits {
		ids, crew = append(ids, v.WorkOrderID), append(crew, v.EngineerID)
		if v.BoundVisitID != nil {
			crew = append(crew, *v.WasEngineerID)
		}
	}
	scope := w.by.Scope()
	orders, err := ordersByID(ctx, w.tx, scope, ids, true)
	if err != nil {
		return nil, err
	}
	if err := w.board.Lock(ctx, crew...); err != nil {
		return nil, err
	}
	visits, broken, err := w.checkPlan(ctx, w.board, scope, *p, orders, w.by.Lang)
	if err != nil || len(broken) > 0 {
		return broken, err
	}
	var lines []inventory.PromiseLine
	for _, v := range visits {
		for _, h := range v.Judged().Held() {
			lines = append(lines, inventory.PromiseLine{PlaceID: h.PlaceID, PartID: h.PartID, Quantity: h.Quantity})
		}
	}
	if err := w.stock.LockAll(ctx, ids, lines); err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*Order{}
	for i := range orders {
		byID[orders[i].ID] = &orders[i]
	}
	row := map[uuid.UUID]*PlanVisit{}
	aside := []uuid.UUID{}
	for i := range p.Visits {
		v := &p.Visits[i]
		row[v.WorkOrderID] = v
		if v.BoundVisitID != nil {
			aside = append(aside, *v.BoundVisitID)
		}
	}
	// What each lets go must be free before another takes it.
	for i := range visits {
		o := byID[visits[i].OrderID]
		if visits[i].Bound != nil {
			if err := w.stock.CancelPickups(ctx, o.ID, "planned anew"); err != nil {
				return nil, err
			}
		}
		if err := w.freeOtherHomes(ctx, o, visits[i].Judged()); err != nil {
			return nil, err
		}
	}
	if len(aside) > 0 {
		if w.board, err = w.board.Apart(ctx, aside...); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(visits, func(a, b dispatch.PlannedVisit) int {
		if (a.Bound != nil) != (b.Bound != nil) {
			return map[bool]int{true: -1, false: 1}[a.Bound != nil]
		}
		return a.StartsAt.Compare(b.StartsAt)
	})
	for _, planned := range visits {
		o, v := byID[planned.OrderID], row[planned.OrderID]
		booked, err := w.carryOut(ctx, p, o, v, planned)
		if err != nil {
			return nil, err
		}
		if err := bookedAs(ctx, w.tx, p.ID, o.ID, booked.ID); err != nil {
			return nil, err
		}
		if err := w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID); err != nil {
			return nil, err
		}
	}
	if len(aside) > 0 {
		if err := w.board.Together(ctx); err != nil {
			return nil, err
		}
	}
	if err := publishedPlan(ctx, w, p.ID); err != nil {
		return nil, err
	}
	return nil, w.announce(ctx, "plan", p.OrgID, nil, p.ID)
}

// carryOut books or moves one visit of a plan.
func (w *work) carryOut(ctx context.Context, p *Plan, o *Order, v *PlanVisit, planned dispatch.PlannedVisit) (dispatch.Visit, error) {
	judged := planned.Judged()
	if v.BoundVisitID == nil {
		if v.ID == nil || !proposedStill(ctx, w.tx, *v.ID) {
			v.ID = nil
			if err := w.board.Withdraw(ctx, o.ID); err != nil { // another plan may have proposed something else
				return dispatch.Visit{}, err
			}
		}
		b := booking{engineer: planned.EngineerID, from: planned.StartsAt, to: planned.EndsAt, proposal: v.ID, plan: &p.ID}
		if o.DisplacedAt != nil && o.AnnouncedWindow != nil && o.AnnouncedWindow.holds(planned.StartsAt) {
			b.kept = o.AnnouncedWindow
		}
		return w.bookJudged(ctx, o, b, dispatch.Job{}, judged)
	}
	was, err := w.board.Visit(ctx, w.by.Scope(), *v.BoundVisitID)
	if err != nil {
		return was, err
	}
	move := dispatch.Move{EngineerID: &planned.EngineerID, StartsAt: planned.StartsAt, EndsAt: planned.EndsAt, Reason: "plan: " + p.Cause, Cause: "us", Judged: judged, Actor: w.by.Actor(), Planned: true}
	if w.by.Person() {
		move.ByUser = &w.by.UserID
	}
	moved, err := w.moveJudged(ctx, o, was, move, judged)
	if err == nil {
		w.board = w.board.Back(was.ID)
	}
	return moved, err
}

func (w Window) holds(t time.Time) bool { return !t.Before(w.From) && t.Before(w.To) }

package pages

import (
	"context"
	"net/url"
	"slices"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
)

// insert asks how an urgent order gets a place on a day that is full: nobody is moved yet, the board shows who
// would be.
func (p *Pages) insert(ctx context.Context, a *ask, f *form) (string, error) {
	number := f.need("order")
	if err := f.err(); err != nil {
		return "", err
	}
	o, err := p.desk.Order(ctx, a.by, number)
	if err != nil {
		return "", err
	}
	if o.State != workorders.OrderReady {
		return "", fault.New(fault.Conflict, "order_not_waiting", "order %s does not wait for an engineer", number)
	}
	plan, err := p.desk.Repair(ctx, a.by, workorders.RepairInput{Cause: "emergency", WorkOrderIDs: []uuid.UUID{o.ID}, Day: f.text("day")})
	if err != nil {
		return "", err
	}
	return "/desk?" + url.Values{"order": {number}, "plan": {plan.ID.String()}, "day": {plan.Day.String()}}.Encode(), nil
}

// insertOf is the proposal that the reader's address names, when it is about this order.
func (a *ask) insertOf(side *templates.ScheduleSide) error {
	id, err := uuid.FromString(a.QueryParam("plan"))
	if err != nil || !a.by.May(auth.ReadPlans) {
		return nil
	}
	plan, err := a.p.desk.Plan(a.ctx(), a.by, id, nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v := a.planOf(plan)
	about := slices.ContainsFunc(v.Changes, func(c templates.PlanChange) bool { return c.Number == side.Number }) ||
		slices.ContainsFunc(v.Left, func(l templates.PlanLeft) bool { return l.Number == side.Number })
	if plan.State != workorders.PlanReady || !about {
		return nil
	}
	// The order itself stands first, then whom it moves.
	slices.SortStableFunc(v.Changes, func(x, y templates.PlanChange) int {
		switch {
		case x.Number == side.Number:
			return -1
		case y.Number == side.Number:
			return 1
		}
		return x.From.Compare(y.From)
	})
	side.Insert = &v
	return nil
}

// endInsert accepts a proposal, or lets it go, and shows the board again.
func (p *Pages) endInsert(accept bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		next := "/desk?" + url.Values{"order": {f.text("order")}}.Encode()
		if !accept {
			_, err = p.desk.RejectPlan(ctx, a.by, id, "")
			return next, err
		}
		plan, err := p.desk.PublishPlan(ctx, a.by, id)
		if err == nil {
			a.show("done", a.t("board.did_insert", f.text("order"), plan.MovedCount))
		}
		return next, err
	}
}

// proposals are the plans of a day that nobody accepted yet, for the line above the board.
func (a *ask) proposals(day string) ([]templates.PlanRow, error) {
	if !a.by.May(auth.ReadPlans) {
		return nil, nil
	}
	page, err := a.p.desk.Plans(a.ctx(), a.by, workorders.PlanFilter{Ask: keyset.Ask{Limit: 3}, State: "ready", Day: day})
	if err != nil {
		return nil, err
	}
	var list []templates.PlanRow
	for _, plan := range page.Items {
		if plan.VisitCount > 0 {
			list = append(list, templates.PlanRow{Path: "/desk/plans/" + plan.ID.String(), Day: plan.Day.String(), Cause: plan.Cause, About: plan.EngineerName, State: string(plan.State), Visits: plan.VisitCount, Moved: plan.MovedCount, LeftOver: plan.UnplannedCount, CreatedAt: plan.CreatedAt})
		}
	}
	return list, nil
}

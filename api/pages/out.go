package pages

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// repairsSeen is how many of the newest plans are looked through for those that repair an absence.
const repairsSeen = 40

// out is one page for the morning on which an engineer drops out: whom it hits, who goes instead, which windows
// hold, where the parts come from, and which customers know.
func (p *Pages) out(a *ask) (templates.Page, error) {
	v := templates.Out{Engineer: a.QueryParam("engineer"), MayOut: a.by.May(auth.DecideLeave), MayPlan: a.by.May(auth.PublishPlan), MayAgree: a.by.May(auth.ConfirmVisit)}
	if a.posted.Form == "out" {
		v.Engineer = a.posted.Values.Get("engineer_id")
	}
	var err error
	if v.Engineers, err = a.engineerOptions(); err != nil {
		return nil, err
	}
	if v.Engineer != "" && v.MayOut {
		if err := a.outAhead(&v); err != nil {
			return nil, err
		}
	}
	rows := map[string]*templates.OutVisit{}
	var order []string
	add := func(number string) *templates.OutVisit {
		if rows[number] == nil {
			rows[number] = &templates.OutVisit{Number: number}
			order = append(order, number)
		}
		return rows[number]
	}
	if err := a.outPlans(&v, add); err != nil {
		return nil, err
	}
	displaced, err := p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: many, Displaced: true})
	if err != nil {
		return nil, err
	}
	for _, o := range displaced.Items {
		add(o.Number)
	}
	for _, number := range order {
		if err := a.outRow(rows[number]); err != nil {
			return nil, err
		}
		v.Visits = append(v.Visits, *rows[number])
	}
	slices.SortStableFunc(v.Visits, func(x, y templates.OutVisit) int { return x.ToldFrom.Compare(y.ToldFrom) })
	for _, row := range v.Visits {
		if !row.Booked {
			v.Left++
		}
		if !row.Agreed && (row.Message == "" || row.MessageBad || !row.Booked) {
			v.Untold++
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// outAhead is whom an absence from now to the end of the engineer's day would hit.
func (a *ask) outAhead(v *templates.Out) error {
	id, err := parse(v.Engineer)
	if err != nil {
		return err
	}
	e, err := a.look().Board.Engineer(a.ctx(), a.by.Scope(), id)
	if err != nil {
		return err
	}
	from := a.now.Truncate(time.Minute)
	to := a.today().AddDays(1).In(a.zone)
	v.Name = strings.TrimSpace(e.Name + " " + e.StaffNumber)
	v.From, v.To = from.In(a.zone).Format("2006-01-02T15:04"), to.Format("2006-01-02T15:04")
	ahead, err := a.look().Board.Ahead(a.ctx(), a.by.Scope(), id, dispatch.Span{From: from, To: to})
	if err != nil {
		return err
	}
	for _, visit := range ahead {
		if !visit.Lead {
			continue
		}
		if visit.State == dispatch.EnRoute || visit.State == dispatch.OnSite || visit.State == dispatch.Paused {
			v.UnderWay++
		}
		v.Ahead = append(v.Ahead, templates.OutVisit{Number: visit.OrderNumber, From: visit.StartsAt, To: visit.EndsAt})
	}
	return nil
}

// outPlans are the plans that bring displaced visits to others, and what they propose or booked.
func (a *ask) outPlans(v *templates.Out, add func(number string) *templates.OutVisit) error {
	page, err := a.p.desk.Plans(a.ctx(), a.by, workorders.PlanFilter{Ask: keyset.Ask{Limit: repairsSeen}, State: "running,ready,published"})
	if err != nil {
		return err
	}
	for _, head := range page.Items {
		if head.Cause != "absence" || head.Day.Before(a.today()) || v.Engineer != "" && head.EngineerID != nil && head.EngineerID.String() != v.Engineer {
			continue
		}
		plan, err := a.p.desk.Plan(a.ctx(), a.by, head.ID, nil)
		if err != nil {
			return err
		}
		for _, visit := range plan.Visits {
			row := add(visit.WorkOrderNumber)
			if row.Engineer != "" {
				continue // a newer plan says otherwise
			}
			row.Engineer, row.From, row.To = visit.EngineerName, visit.StartsAt, visit.EndsAt
			row.Kept = visit.WindowKept != nil && *visit.WindowKept
			for _, part := range visit.Parts {
				switch {
				case part.FromPlaceName != nil:
					row.Parts = append(row.Parts, a.t("part_from.store", part.SKU, *part.FromPlaceName))
				case part.InVan > 0:
					row.Parts = append(row.Parts, a.t("part_from.van", part.SKU))
				}
			}
		}
		for _, u := range plan.Unplanned {
			row := add(u.WorkOrderNumber)
			row.Reasons = append(row.Reasons, said(u.Reasons)...)
		}
		if plan.State != workorders.PlanReady && plan.State != workorders.PlanRunning || plan.State == workorders.PlanReady && len(plan.Visits) == 0 {
			continue
		}
		card := templates.OutPlan{ID: plan.ID.String(), Day: plan.Day.String(), Running: plan.State == workorders.PlanRunning, Done: int(plan.Fraction * 100), Visits: len(plan.Visits)}
		for _, b := range plan.Changes {
			card.Broken = append(card.Broken, b.Text)
		}
		v.Plans = append(v.Plans, card)
	}
	return nil
}

// outRow completes a row with how its order stands now and what its customer was told.
func (a *ask) outRow(row *templates.OutVisit) error {
	o, err := a.p.desk.Order(a.ctx(), a.by, row.Number)
	if err != nil {
		return err
	}
	row.Summary, row.Customer, row.Priority = o.Summary, o.CustomerName, o.Priority
	if w := o.AnnouncedWindow; w != nil {
		row.ToldFrom, row.ToldTo = w.From, w.To
	}
	if visit := openVisit(o); visit != nil {
		row.Booked, row.Visit, row.Engineer, row.From, row.To = true, visit.ID.String(), visit.EngineerName, visit.StartsAt, visit.EndsAt
		row.Agreed = visit.ConfirmedAt != nil && o.DisplacedAt == nil
		row.Kept = row.ToldFrom.IsZero() || !row.From.Before(row.ToldFrom) && row.From.Before(row.ToldTo)
	}
	if a.by.May(auth.ReadCustomers) {
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), o.CustomerID)
		if err == nil && c.Phone != nil {
			row.Phone = customers.ShowPhone(*c.Phone)
		}
	}
	told, err := a.look().Outbox.OfOrder(a.ctx(), o.ID)
	if err != nil {
		return err
	}
	for _, m := range told {
		if m.Audience == "customer" {
			row.Message, row.MessageBad = a.told1(m)
		}
	}
	calls, err := a.look().Promises.Callbacks(a.ctx(), a.by.Scope(), aftercare.CallbackFilter{Ask: keyset.Ask{Limit: 5}, OrderID: &o.ID})
	if err != nil {
		return err
	}
	for _, c := range calls.Items {
		if c.Reason == "displaced" || c.Reason == "appointment" {
			row.Call, row.CallDue = c.ID.String(), c.DueAt
		}
	}
	return nil
}

// told1 says how a message stands, and whether it will reach nobody.
func (a *ask) told1(m notify.Message) (text string, bad bool) {
	about := a.t("out.about." + strings.TrimPrefix(m.Key, "message.customer."))
	if !slices.Contains([]string{"displaced", "window", "changed", "changed_by_us"}, strings.TrimPrefix(m.Key, "message.customer.")) {
		about = a.t("out.about.other")
	}
	switch {
	case m.State == "delivered" && m.DeliveredAt != nil:
		return a.t("out.told.delivered", about, m.DeliveredAt.In(a.zone).Format("15:04")), false
	case m.State == "dead" || m.State == "suppressed":
		return a.t("out.told.dead", about), true
	case m.State == "failed":
		return a.t("out.told.failed", about), true
	case m.To == "":
		return a.t("out.told.nowhere", about), true
	}
	return a.t("out.told.queued", about), false
}

// takeOut enters the absence and hands the visits back; a plan for each day follows by itself.
func (p *Pages) takeOut(ctx context.Context, a *ask, f *form) (string, error) {
	id := zero(f.id("engineer_id"))
	f.need("engineer_id")
	displace := dispatch.Displace
	in := dispatch.AbsenceInput{StartsAt: f.needTime("starts_at"), EndsAt: f.needTime("ends_at"), Kind: f.opt("kind"), Reason: f.opt("reason"), OnConflict: &displace}
	if err := f.err(); err != nil {
		return "", err
	}
	taken, err := p.desk.AddAbsence(ctx, a.by, id, in)
	if err != nil {
		return "", err
	}
	a.show("done", a.t("out.did", taken.Absence.EngineerName, len(taken.Displaced)))
	return "/desk/out?engineer=" + id.String(), nil
}

// publishOut accepts the plan for the displaced visits: every one is booked and its customer told, or none.
func (p *Pages) publishOut(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	plan, err := p.desk.PublishPlan(ctx, a.by, id)
	if err != nil {
		return "", err
	}
	a.show("done", a.t("out.published", plan.VisitCount))
	next := "/desk/out"
	if plan.EngineerID != nil {
		next += "?engineer=" + plan.EngineerID.String()
	}
	return next, nil
}

// agreedOut notes that a customer was reached and agrees to the time of his visit.
func (p *Pages) agreedOut(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	visit, err := p.desk.Visit(ctx, a.by, id)
	if err != nil {
		return "", err
	}
	window := workorders.Window{From: visit.StartsAt, To: visit.EndsAt}
	if visit.Window != nil {
		window = workorders.Window{From: visit.Window.From, To: visit.Window.To}
	}
	if _, err := p.desk.Confirm(ctx, a.by, id, workorders.ConfirmInput{Window: window, By: "phone"}); err != nil {
		return "", err
	}
	next := "/desk/out"
	if e, err := uuid.FromString(f.text("engineer")); err == nil {
		next += "?engineer=" + e.String()
	}
	return next, nil
}

package pages

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/templates"
	"paigong/workorders"
)

// plans lists plans of days, newest first.
func (p *Pages) plans(a *ask) (templates.Page, error) {
	page, err := p.desk.Plans(a.ctx(), a.by, workorders.PlanFilter{Ask: a.asked(), State: a.QueryParam("state"), Day: a.QueryParam("day")})
	if err != nil {
		return nil, err
	}
	v := templates.Plans{Chrome: a.chrome(), Day: a.today().AddDays(1).String(), MayPlan: a.by.May(auth.MakePlan), More: a.with("cursor", page.NextCursor)}
	if v.Regions, err = a.regions(); err != nil {
		return nil, err
	}
	if a.by.May(auth.ManageEngineers) && a.by.OrgCode != "" {
		at, err := p.desk.PlanSettings(a.ctx(), a.by, a.by.OrgCode)
		if err != nil {
			return nil, err
		}
		v.ByItself = &templates.PlanAt{Organisation: a.by.OrgCode, At: zero(at.PlanAt), Seconds: strconv.Itoa(at.Seconds)}
	}
	for _, plan := range page.Items {
		v.Rows = append(v.Rows, templates.PlanRow{Path: "/desk/plans/" + plan.ID.String(), Day: plan.Day.String(), Cause: plan.Cause, About: plan.EngineerName, State: string(plan.State), Regions: strings.Join(a.regionNames(plan.RegionCodes), ", "),
			Visits: plan.VisitCount, Moved: plan.MovedCount, LeftOver: plan.UnplannedCount, CreatedAt: plan.CreatedAt, Percent: int(plan.Fraction * 100)})
	}
	return v, nil
}

// plan shows what a plan would change.
func (p *Pages) plan(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	plan, err := p.desk.Plan(a.ctx(), a.by, id, nil)
	if err != nil {
		return nil, err
	}
	return a.planOf(plan), nil
}

// planOf says what a plan would change, against what is booked and told.
func (a *ask) planOf(plan workorders.Plan) templates.PlanView {
	v := templates.PlanView{Chrome: a.chrome(), ID: plan.ID.String(), Day: plan.Day.String(), Cause: plan.Cause, About: plan.EngineerName, State: string(plan.State), EndedReason: zero(plan.EndedReason), Done: int(plan.Fraction * 100),
		MayPublish: a.by.May(auth.PublishPlan)}
	for _, visit := range plan.Visits {
		c := templates.PlanChange{Number: visit.WorkOrderNumber, Path: "/orders/" + visit.WorkOrderNumber, Summary: visit.Summary, Customer: visit.CustomerName, Region: visit.RegionName, Priority: visit.Priority, Change: visit.Change,
			Engineer: visit.EngineerName, From: visit.StartsAt, To: visit.EndsAt}
		if visit.From != nil {
			c.WasEngineer, c.WasFrom, c.WasTo = visit.From.EngineerName, visit.From.StartsAt, visit.From.EndsAt
		}
		if visit.Change == "new" {
			v.Fresh++
		} else {
			v.Moved++
		}
		if visit.Window != nil {
			c.WindowFrom, c.WindowTo, c.Kept = visit.Window.From, visit.Window.To, *visit.WindowKept
			if !c.Kept {
				v.Broke++
			}
		}
		for _, part := range visit.Parts {
			switch {
			case part.FromPlaceName != nil:
				c.Parts = append(c.Parts, a.t("part_from.store", part.SKU, *part.FromPlaceName))
			case part.InVan > 0:
				c.Parts = append(c.Parts, a.t("part_from.van", part.SKU))
			}
		}
		if visit.Chosen != nil {
			for _, r := range visit.Chosen.Reasons {
				c.Reasons = append(c.Reasons, templates.PlanReason{Effect: r.Effect, Text: r.Text})
			}
		}
		for _, next := range visit.Next {
			c.Next = append(c.Next, templates.PlanChoice{Engineer: next.Name, At: next.StartsAt, Minutes: (next.Cost.Effort + 59) / 60})
		}
		for rule, n := range visit.RefusedBy {
			c.Refused = append(c.Refused, templates.PlanCount{Rule: rule, N: n})
		}
		slices.SortFunc(c.Refused, func(x, y templates.PlanCount) int { return cmp.Or(y.N-x.N, strings.Compare(x.Rule, y.Rule)) })
		v.Changes = append(v.Changes, c)
	}
	for _, u := range plan.Unplanned {
		v.Left = append(v.Left, templates.PlanLeft{Number: u.WorkOrderNumber, Path: "/orders/" + u.WorkOrderNumber, Summary: u.Summary, Priority: u.Priority, Booked: u.Booked, Reasons: said(u.Reasons)})
	}
	v.Notes = said(plan.Notes)
	for _, b := range plan.Changes {
		v.Broken = append(v.Broken, b.Text)
	}
	if len(plan.Score) > 5 && plan.Score[5] > 0 {
		v.Working = strconv.FormatFloat(float64(plan.Score[5])/3600, 'f', 1, 64)
	}
	if len(v.Broken) > 0 || plan.State == workorders.PlanStale {
		v.Again = plan.ID.String()
	}
	return v
}

func said(reasons []dispatch.Reason) []string {
	var out []string
	for _, r := range reasons {
		out = append(out, r.Text)
	}
	return out
}

func (p *Pages) makePlan(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.PlanInput{Day: f.need("day"), RegionCodes: []string{}}
	if region := f.text("region"); region != "" {
		in.RegionCodes = []string{region}
	}
	if f.text("seconds") != "" {
		n := int(f.number("seconds"))
		in.Seconds = &n
		if n < 1 || n > 3600 {
			f.wrong("seconds", "1-3600")
		}
	}
	in.From = f.id("from")
	if err := f.err(); err != nil {
		return "", err
	}
	plan, err := p.desk.MakePlan(ctx, a.by, in)
	if err != nil {
		return "", err
	}
	return "/desk/plans/" + plan.ID.String(), nil
}

// planAt says when the reader's organisation plans its next day by itself; without an hour it does not.
func (p *Pages) planAt(ctx context.Context, a *ask, f *form) (string, error) {
	at, err := p.desk.PlanSettings(ctx, a.by, a.by.OrgCode)
	if err != nil {
		return "", err
	}
	at.PlanAt, at.DoneFor = nil, nil
	if hour := f.text("plan_at"); hour != "" {
		if _, err := time.Parse("15:04", hour); err != nil {
			f.wrong("plan_at", "HH:MM")
		}
		at.PlanAt = &hour
	}
	if at.Seconds = int(f.number("seconds")); at.Seconds < 1 || at.Seconds > 3600 {
		f.wrong("seconds", "1-3600")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.SetPlanSettings(ctx, a.by, a.by.OrgCode, at)
	return "/desk/plans", err
}

func (p *Pages) planAct(act func(ctx context.Context, by auth.Caller, id uuid.UUID) error) deed {
	return func(ctx context.Context, a *ask, _ *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		return "/desk/plans/" + id.String(), act(ctx, a.by, id)
	}
}

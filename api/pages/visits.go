package pages

import (
	"net/url"
	"slices"
	"strconv"

	"paigong/internal/auth"
	"paigong/templates"
)

// visitsShown is how many rows the list of visits draws; the table to take along holds all.
const visitsShown = 400

// visits is GET /visits: the visits of a day or a week as a list.
func (p *Pages) visits(a *ask) (templates.Page, error) {
	view := a.planView(nil)
	plan, err := p.desk.Schedule(a.ctx(), a.by, view.from, view.to, nil)
	if err != nil {
		return nil, err
	}
	v := templates.Visits{Day: view.day.String(), Engineer: a.QueryParam("engineer"), State: a.QueryParam("state"), Unasked: a.QueryParam("unasked") == "true", Export: a.with("format", "csv")}
	who, where := map[string]string{}, map[string]string{}
	for _, e := range plan.Engineers {
		id := e.ID.String()
		who[id], where[id] = e.Name+" "+e.StaffNumber, e.RegionName
		v.Engineers = append(v.Engineers, templates.Option{Value: id, Text: who[id]})
	}
	for _, visit := range plan.Visits {
		id := visit.EngineerID.String()
		if v.Engineer != "" && id != v.Engineer || v.State != "" && visit.State != v.State || v.Unasked && visit.Confirmed {
			continue
		}
		v.Rows = append(v.Rows, templates.VisitRow{Number: visit.Number, Customer: visit.Customer, Summary: visit.Summary, Engineer: who[id], Region: where[id], State: visit.State, From: visit.StartsAt, To: visit.EndsAt,
			Priority: visit.Priority, Late: visit.Late, Asked: visit.Confirmed, Helper: !visit.Lead})
	}
	v.Total = len(v.Rows)
	if a.QueryParam("format") == "csv" {
		c := a.chrome()
		head := []string{"ui.from", "ui.to", "ui.engineer", "ui.region", "ui.order", "ui.priority", "ui.fault", "ui.customer", "ui.state"}
		return a.csv("visits", head, func(put func(...string) error) error {
			for _, r := range v.Rows {
				if err := put(a.cellTime(r.From), a.cellTime(r.To), r.Engineer, r.Region, r.Number, c.Word("priority", strconv.Itoa(r.Priority)), r.Summary, r.Customer, a.t("state.visit."+r.State)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	v.Rows = slices.Clip(v.Rows[:min(len(v.Rows), visitsShown)])
	if a.by.May(auth.PrintStacks) {
		v.Print = "/papers/day-sheets.pdf?" + url.Values{"day": {v.Day}}.Encode()
	}
	v.Chrome = a.chrome()
	for _, n := range []int{1, 3, 7} {
		v.Lengths = append(v.Lengths, templates.View{Path: v.With("days", strconv.Itoa(n)), Text: a.t("board.days." + strconv.Itoa(n)), Current: n == view.days})
	}
	return v, nil
}

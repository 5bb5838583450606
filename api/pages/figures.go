package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// figures are plain counts of what there is, over a span of days: the first of the month to today.
func (p *Pages) figures(a *ask) (templates.Page, error) {
	today := a.today()
	y, m, _ := today.Civil()
	from, to := calendar.On(y, m, 1), today
	if d := a.dayIn("from"); d != nil {
		from = *d
	}
	if d := a.dayIn("to"); d != nil {
		to = *d
	}
	v := templates.Figures{From: from.String(), To: to.String()}
	for _, fill := range []func(*ask, *templates.Figures, calendar.Date, calendar.Date) error{newOrders, replies, calls, grievances, debts, openOrders, reports} {
		if err := fill(a, &v, from, to); err != nil {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// reports are the month-end tables, as far as the reader may see what they were counted from.
func reports(a *ask, v *templates.Figures, from, to calendar.Date) error {
	for _, kind := range []string{"follow-ups", "complaints", "clocks", "engineers", "receipts", "receivables", "defects"} {
		first := from.String()
		if kind == "receivables" {
			first = ""
		}
		r, err := a.p.server.Report(a.ctx(), a.by, kind, first, to.String(), "")
		if fault.Is(err, fault.Forbidden) {
			continue
		}
		if err != nil {
			return err
		}
		table := templates.FigureTable{Title: a.t("report.title." + kind)}
		table.Columns, table.Rows = a.p.server.ReportTable(r, a.lang)
		if a.by.May(auth.ReadReports) {
			q := url.Values{"from": {first}, "to": {to.String()}}
			table.CSV = "/figures/" + kind + ".csv?" + q.Encode()
		}
		v.Tables = append(v.Tables, table)
	}
	return nil
}

// table answers a report as a spreadsheet reads it.
func (p *Pages) table(c echo.Context) error {
	a, err := p.reader(c, auth.ReadReports)
	if err != nil {
		return p.refuse(c, a, err)
	}
	kind, csv := strings.CutSuffix(c.Param("table"), ".csv")
	if !csv {
		return p.refuse(c, a, fault.New(fault.NotFound, "report_unknown", "there is no report %q", kind))
	}
	r, err := p.server.Report(a.ctx(), a.by, kind, c.QueryParam("from"), c.QueryParam("to"), c.QueryParam("by"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, err := p.server.ReportCSV(r, a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+kind+"-"+r.To.String()+`.csv"`)
	h.Set("Cache-Control", "private, no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", content)
}

func share(n, of int) string {
	if of == 0 {
		return "–"
	}
	return templates.Chrome{}.Percent(float64(n) / float64(of))
}

// since reads a list that is newest first until a row lies before the span.
func since[T any](a *ask, read func(ctx context.Context, ask keyset.Ask) (keyset.Page[T], error), day func(T) calendar.Date, from, to calendar.Date, add func(T)) error {
	next := many
	for {
		page, err := read(a.ctx(), next)
		if err != nil {
			return err
		}
		for _, row := range page.Items {
			switch on := day(row); {
			case on.Before(from):
				return nil
			case !on.After(to):
				add(row)
			}
		}
		if page.NextCursor == "" {
			return nil
		}
		next.Cursor = page.NextCursor
	}
}

func newOrders(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadOrders) {
		return nil
	}
	n := 0
	err := since(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[workorders.Order], error) {
		return a.p.desk.Orders(ctx, a.by, workorders.OrderFilter{Ask: ask})
	}, func(o workorders.Order) calendar.Date { return calendar.Of(o.CreatedAt, a.zone) }, from, to, func(workorders.Order) { n++ })
	v.Tiles = append(v.Tiles, templates.Figure{Key: "orders_new", Value: strconv.Itoa(n), Path: "/orders"})
	return err
}

func replies(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadRequests) {
		return nil
	}
	var all, inTime int
	err := since(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[workorders.Request], error) {
		return a.p.desk.Requests(ctx, a.by, workorders.RequestFilter{Ask: ask})
	}, func(r workorders.Request) calendar.Date { return calendar.Of(r.ReceivedAt, a.zone) }, from, to, func(r workorders.Request) {
		if r.RepliedAt == nil && r.ReplyDueAt != nil && r.ReplyDueAt.After(a.now) {
			return // its day is not over
		}
		all++
		if r.RepliedAt != nil && r.ReplyDueAt != nil && !r.RepliedAt.After(*r.ReplyDueAt) {
			inTime++
		}
	})
	v.Tiles = append(v.Tiles, templates.Figure{Key: "reply_in_time", Value: share(inTime, all), Path: "/requests?overdue=true"})
	return err
}

func calls(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadFollowUps) {
		return nil
	}
	var due, reached, scored, sum int
	err := whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[aftercare.FollowUp], error) {
		return a.look().Promises.FollowUps(ctx, a.by.Scope(), aftercare.FollowUpFilter{Ask: ask, From: &from, To: &to})
	}, func(f aftercare.FollowUp) {
		if f.State == aftercare.Superseded || f.State == aftercare.Suspended {
			return
		}
		due++
		if f.InWindow != nil && *f.InWindow {
			reached++
		}
		if score := f.Scores["service"]; score > 0 {
			scored++
			sum += score
		}
	})
	mean := "–"
	if scored > 0 {
		mean = fmt.Sprintf("%.1f", float64(sum)/float64(scored))
	}
	v.Tiles = append(v.Tiles, templates.Figure{Key: "follow_up_coverage", Value: share(reached, due), Path: "/follow-ups?state=done"}, templates.Figure{Key: "satisfaction", Value: mean, Path: "/follow-ups?state=done"})
	return err
}

func grievances(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadComplaints) {
		return nil
	}
	n := 0
	err := whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[aftercare.Complaint], error) {
		return a.look().Promises.Complaints(ctx, a.by, aftercare.ComplaintFilter{Ask: ask, Grade: "complaint"})
	}, func(c aftercare.Complaint) {
		if on := calendar.Of(c.ReceivedAt, a.zone); !on.Before(from) && !on.After(to) {
			n++
		}
	})
	v.Tiles = append(v.Tiles, templates.Figure{Key: "complaints", Value: strconv.Itoa(n), Path: "/complaints"})
	return err
}

func debts(a *ask, v *templates.Figures, _, to calendar.Date) error {
	if !a.by.May(auth.ReadReceivables) {
		return nil
	}
	owed, err := a.p.desk.Receivables(a.ctx(), a.by, &to, keyset.Ask{Limit: 1})
	v.Tiles = append(v.Tiles, templates.Figure{Key: "owed", Value: templates.Chrome{}.Money(owed.TotalMinor), Path: "/receipts?state=unpaid"})
	return err
}

// openOrders counts what is under way, state by state.
func openOrders(a *ask, v *templates.Figures, _, _ calendar.Date) error {
	if !a.by.May(auth.ReadOrders) {
		return nil
	}
	table := templates.FigureTable{Title: a.t("figures.open_by_state"), Columns: []string{a.t("ui.state"), a.t("ui.nav.orders")}}
	for _, state := range []workorders.OrderState{workorders.OrderNew, workorders.OrderAwaitingApproval, workorders.OrderReady, workorders.OrderAssigned, workorders.OrderInProgress, workorders.OrderOnHold, workorders.OrderCompleted} {
		n := 0
		err := whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[workorders.Order], error) {
			return a.p.desk.Orders(ctx, a.by, workorders.OrderFilter{Ask: ask, State: string(state)})
		}, func(workorders.Order) { n++ })
		if err != nil {
			return err
		}
		table.Rows = append(table.Rows, []string{a.t("state.order." + string(state)), strconv.Itoa(n)})
	}
	v.Tables = append(v.Tables, table)
	return nil
}

package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/kpi"
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
	for _, fill := range []func(*ask, *templates.Figures, calendar.Date, calendar.Date) error{served, worked, replies, calls, grievances, debts, openOrders, reports, sent} {
		if err := fill(a, &v, from, to); err != nil {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// reports are the month-end tables, as far as the reader may see what they were counted from.
func reports(a *ask, v *templates.Figures, from, to calendar.Date) error {
	for _, kind := range []string{"follow-ups", "complaints", "clocks", "calls", "engineers", "receipts", "receivables", "defects"} {
		first := from.String()
		if kind == "receivables" {
			first = ""
		}
		group := a.QueryParam("by-" + kind)
		if !slices.Contains(pictured[kind].ways, group) {
			group = ""
		}
		r, err := a.p.server.Report(a.ctx(), a.by, kind, first, to.String(), group)
		if fault.Is(err, fault.Forbidden) {
			continue
		}
		if err != nil {
			return err
		}
		table := templates.FigureTable{ID: kind, Title: a.t("report.title." + kind)}
		table.Columns, table.Rows = a.p.server.ReportTable(r, a.lang)
		if table.Note = a.t("report.note." + kind); kind == "engineers" {
			table.Note = a.t("report.note."+kind, kpi.RepeatDays)
		}
		a.picture(r, &table)
		for _, way := range pictured[kind].ways {
			table.Ways = append(table.Ways, templates.View{Path: a.with("by-"+kind, way), Text: a.t("report.col." + way), Current: way == r.By})
		}
		if a.by.May(auth.ReadReports) {
			q := url.Values{"from": {first}, "to": {to.String()}, "by": {group}}
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

// served is how orders were served: what came, what was done, how often at once, how long it took, how old the rest is.
func served(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadOrders) {
		return nil
	}
	sv, err := a.look().Figures.Service(a.ctx(), a.by.Scope(), kpi.Ask{From: from, To: to, Zone: a.zone}, a.now)
	if err != nil {
		return err
	}
	part := func(s *kpi.Share) string {
		if s == nil {
			return "–"
		}
		return templates.Chrome{}.Percent(float64(*s))
	}
	tiles := []templates.Figure{{Key: "orders_new", Value: strconv.FormatInt(sv.New, 10), Path: "/orders"}, {Key: "orders_done", Value: strconv.FormatInt(sv.Done, 10), Path: "/orders?state=completed"},
		{Key: "first_time_fix", Value: part(sv.FirstTimeFix()), Path: "/orders?state=closed"}, {Key: "repeat_rate", Value: part(sv.RepeatRate()), Path: "/orders"}}
	repair := templates.Figure{Key: "time_to_repair", Value: "–", Path: "/orders?state=closed"}
	if sv.Repairs > 0 {
		repair.Value, repair.Aside = a.long(sv.ToRepair), a.t("ui.figure.without_parts", a.long(sv.Ours))
	}
	tiles = append(tiles, repair, templates.Figure{Key: "ageing", Value: strconv.FormatInt(sv.Age[3], 10), Path: "/orders?late=true"})
	v.Tiles = append(v.Tiles, tiles...)
	table := templates.FigureTable{Title: a.t("figures.ageing"), Columns: []string{a.t("figures.age"), a.t("ui.nav.orders")}, BarsOf: a.t("ui.figure.ageing.how")}
	most := max(1, sv.Age[0], sv.Age[1], sv.Age[2], sv.Age[3])
	for i, n := range sv.Age {
		label := a.t("figures.age." + strconv.Itoa(i))
		table.Rows = append(table.Rows, []string{label, strconv.FormatInt(n, 10)})
		bar := templates.Bar{Label: label, Value: strconv.FormatInt(n, 10), Width: int(1000 * n / most)}
		if i == 3 {
			bar.Tone = "late"
		}
		table.Bars = append(table.Bars, bar)
	}
	v.Tables = append(v.Tables, table)
	return nil
}

// worked is what the engineers' time went into, whether they were there when it was said, and what came of it.
func worked(a *ask, v *templates.Figures, from, to calendar.Date) error {
	if !a.by.May(auth.ReadReceipts) || !a.by.May(auth.ReadVisits) {
		return nil
	}
	w, err := a.look().Figures.Worked(a.ctx(), a.by.Scope(), kpi.Ask{From: from, To: to, Zone: a.zone})
	if err != nil {
		return err
	}
	part := func(s *kpi.Share) string {
		if s == nil {
			return "–"
		}
		return templates.Chrome{}.Percent(float64(*s))
	}
	onTime := "–"
	r, err := a.p.server.Report(a.ctx(), a.by, "engineers", from.String(), to.String(), "")
	if err != nil && !fault.Is(err, fault.Forbidden) {
		return err
	}
	if sum, ok := r.Totals.(kpi.EngineerRow); ok {
		onTime = part(sum.OnTime)
	}
	money := templates.Chrome{}.Money
	v.Tiles = append(v.Tiles, templates.Figure{Key: "on_time", Value: onTime, Path: "#engineers"}, templates.Figure{Key: "utilisation", Value: part(w.Utilisation()), Path: "#engineers"},
		templates.Figure{Key: "parts_spend", Value: money(w.Parts), Path: "/stock/movements"}, templates.Figure{Key: "receipts", Value: money(w.Taken), Path: "/receipts?state=paid"})
	return nil
}

// long is how long something took, in words.
func (a *ask) long(d time.Duration) string {
	hours := int(d.Round(time.Hour) / time.Hour)
	if hours < 24 {
		return a.t("figures.hours", hours)
	}
	return a.t("figures.days_hours", hours/24, hours%24)
}

// pictured are the columns of reports that a chart shows, and the ways each may be grouped from the page.
var pictured = map[string]struct {
	column string
	ways   []string
}{
	"follow-ups": {"coverage", []string{"caller", "engineer", "region", "organisation", "week", "month"}},
	"complaints": {"complaints", []string{"category", "root_cause", "organisation", "month"}},
	"clocks":     {"kept", []string{"clock", "organisation"}}, "engineers": {"first_time_fix", nil}, "calls": {"in_time", []string{"channel", "agent", "day", "hour"}},
}

// picture draws a column of a report as bars.
func (a *ask) picture(r kpi.Report, table *templates.FigureTable) {
	p, known := pictured[r.Kind]
	at := slices.Index(r.Columns, p.column)
	if !known || at < 0 {
		return
	}
	table.BarsOf = a.t("report.col." + p.column)
	most := 1.0
	value := func(row kpi.Row) (float64, bool) {
		switch n := row.Cells()[at].(type) {
		case kpi.Share:
			return float64(n), true
		case int64:
			return float64(n), true
		}
		return 0, false
	}
	for _, row := range r.Items {
		if n, ok := value(row); ok && n > most {
			most = n
		}
	}
	for i, row := range r.Items {
		n, ok := value(row)
		if !ok || len(table.Bars) == 15 {
			continue
		}
		label := table.Rows[i][0]
		if label == "" {
			label = "–"
		}
		table.Bars = append(table.Bars, templates.Bar{Label: label, Value: table.Rows[i][at], Width: int(1000 * n / most)})
	}
}

// sent are the reports that go out by themselves.
func sent(a *ask, v *templates.Figures, _, _ calendar.Date) error {
	list, err := a.p.desk.ReportSchedules(a.ctx(), a.by)
	if err != nil {
		return err
	}
	for _, s := range list {
		v.Sent = append(v.Sent, templates.SentReport{ID: s.ID.String(), Report: a.t("report.title." + s.Report), Period: s.Period, To: s.To, NextOn: s.NextOn.String()})
	}
	v.MaySend = true
	for _, kind := range kpi.Kinds() {
		v.Reports = append(v.Reports, templates.Option{Value: kind, Text: a.t("report.title." + kind)})
	}
	return nil
}

func (p *Pages) scheduleReport(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.ReportScheduleInput{Report: f.need("report"), Period: f.need("period"), To: f.need("to"), Lang: a.lang}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.server.ScheduleReport(ctx, a.by, in)
	return "/figures#sent", err
}

func (p *Pages) stopReport(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/figures#sent", p.desk.StopReport(ctx, a.by, id)
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

package pages

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/templates"
	"paigong/workorders"
)

// Limits of what a schedule shows.
const (
	queueShown  = 60
	offersShown = 5
)

// thinkAgain is how long the words to customers and engineers wait after an act on the board: a little longer
// than the note with its way back stands there.
const thinkAgain = 15 * time.Second

// planView is what of the schedule somebody looks at.
type planView struct {
	a        *ask
	day      calendar.Date
	days     int
	zoom     int
	region   string
	from, to time.Time
	lo, hi   int // hours of each day on the axis
}

// planView reads it from the address; without a day it is that of the chosen order's visit, else today.
func (a *ask) planView(day *calendar.Date) planView {
	v := planView{a: a, day: a.today(), days: 1, zoom: 2, region: a.QueryParam("region")}
	if d := a.dayIn("day"); d != nil {
		v.day = *d
	} else if day != nil {
		v.day = *day
	}
	switch a.QueryParam("days") {
	case "3":
		v.days = 3
	case "7": // weeks begin on Monday
		v.days = 7
		v.day = v.day.AddDays(-(int(v.day.In(a.zone).Weekday()) + 6) % 7)
	}
	if z, err := strconv.Atoi(a.QueryParam("zoom")); err == nil && z >= 1 && z <= 3 {
		v.zoom = z
	}
	v.from, v.to = v.day.In(a.zone), v.day.AddDays(v.days).In(a.zone)
	return v
}

// query is the address of this view with another day.
func (v planView) query(path string, day calendar.Date) string {
	q := url.Values{"day": {day.String()}}
	if v.days > 1 {
		q.Set("days", strconv.Itoa(v.days))
	}
	if v.zoom != 2 {
		q.Set("zoom", strconv.Itoa(v.zoom))
	}
	if v.region != "" {
		q.Set("region", v.region)
	}
	return path + "?" + q.Encode()
}

// axis decides which hours are shown: those somebody works or goes in, and office hours at least.
func (v *planView) axis(p workorders.Schedule) {
	v.lo, v.hi = 8, 18
	widen := func(from, to time.Time) {
		f, t := from.In(v.a.zone), to.In(v.a.zone)
		if t.Sub(f) > 16*time.Hour {
			return
		}
		v.lo = min(v.lo, f.Hour())
		end := t.Hour()
		if t.Minute() > 0 || t.Second() > 0 {
			end++
		}
		if f.YearDay() != t.YearDay() {
			end = 24
			if t.Hour() > 0 || t.Minute() > 0 {
				v.lo = 0
			}
		}
		v.hi = max(v.hi, end)
	}
	for _, s := range p.Shifts {
		widen(s.From, s.To)
	}
	for _, b := range p.Visits {
		widen(b.StartsAt, b.EndsAt)
	}
}

// at is where an instant lies on the axis, in ten-thousandths.
func (v planView) at(t time.Time) int {
	t = t.In(v.a.zone)
	day := int(math.Round(calendar.Of(t, v.a.zone).In(v.a.zone).Sub(v.from).Hours() / 24))
	minutes := float64(t.Hour()*60+t.Minute()) - float64(v.lo*60)
	span := float64((v.hi - v.lo) * 60)
	minutes = max(0, min(minutes, span))
	x := (float64(day)*span + minutes) / (float64(v.days) * span) * 10000
	return int(max(0, min(x, 10000)))
}

func (v planView) part(from, to time.Time) templates.Part {
	x := v.at(from)
	return templates.Part{X: x, W: max(v.at(to)-x, 1)}
}

// rows draws a plan: one row for each engineer, grouped by region.
func (v planView) rows(p workorders.Schedule) ([]templates.ScheduleGroup, int) {
	var groups []templates.ScheduleGroup
	at := map[uuid.UUID]*templates.ScheduleRow{}
	free, taken := map[uuid.UUID]time.Duration{}, map[uuid.UUID]time.Duration{}
	ends := map[uuid.UUID][]time.Time{} // of the lanes
	rows := make([]templates.ScheduleRow, len(p.Engineers))
	for i, e := range p.Engineers {
		rows[i] = templates.ScheduleRow{ID: e.ID.String(), Engineer: e.Name, Staff: e.StaffNumber, Off: true, Lanes: 1}
		at[e.ID] = &rows[i]
	}
	for _, s := range p.Shifts {
		if r := at[s.EngineerID]; r != nil {
			r.Off = false
			free[s.EngineerID] += s.To.Sub(s.From)
			r.Spans = append(r.Spans, templates.ScheduleSpan{Part: v.part(s.From, s.To), Kind: "shift"})
		}
	}
	for _, s := range p.Away {
		if r := at[s.EngineerID]; r != nil {
			r.Spans = append(r.Spans, templates.ScheduleSpan{Part: v.part(s.From, s.To), Kind: s.Kind})
		}
	}
	count := 0
	may := v.a.by.May(auth.RescheduleVisit)
	for _, b := range p.Visits {
		r := at[b.EngineerID]
		if r == nil {
			continue
		}
		count++
		r.Visits++
		taken[b.EngineerID] += b.EndsAt.Sub(b.LeavesAt)
		bar := templates.ScheduleBar{Part: v.part(b.StartsAt, b.EndsAt), Number: b.Number, State: b.State, Version: b.Version, At: b.StartsAt, Title: b.Summary, Customer: b.Customer,
			Helper: !b.Lead, Forced: b.Forced, Asked: b.Confirmed, Priority: b.Priority, Late: b.Late && b.State != string(dispatch.Finished)}
		bar.Moves = may && b.Lead && (b.State == string(dispatch.Dispatched) || b.State == string(dispatch.Accepted))
		if way := v.part(b.LeavesAt, b.StartsAt); bar.X > way.X {
			r.Spans = append(r.Spans, templates.ScheduleSpan{Part: way, Kind: "way"})
		}
		lanes := ends[b.EngineerID]
		lane := slices.IndexFunc(lanes, func(end time.Time) bool { return !end.After(b.StartsAt) })
		if lane < 0 {
			lane, lanes = len(lanes), append(lanes, b.EndsAt)
		} else {
			lanes[lane] = b.EndsAt
		}
		ends[b.EngineerID] = lanes
		bar.Lane, r.Lanes = min(lane, 4), min(max(r.Lanes, lane+1), 5)
		r.Bars = append(r.Bars, bar)
	}
	for i, e := range p.Engineers {
		if shift := free[e.ID]; shift > 0 {
			rows[i].Load = int(math.Round(100 * float64(taken[e.ID]) / float64(shift)))
		}
		name := e.RegionName
		if name == "" {
			name = v.a.t("board.no_region")
		}
		if len(groups) == 0 || groups[len(groups)-1].Name != name {
			groups = append(groups, templates.ScheduleGroup{Name: name})
		}
		g := &groups[len(groups)-1]
		g.Rows = append(g.Rows, rows[i])
	}
	return groups, count
}

// inRegion keeps the engineers whose own region is the one asked for.
func inRegion(p *workorders.Schedule, region string) {
	if region != "" {
		p.Engineers = slices.DeleteFunc(p.Engineers, func(e workorders.ScheduleEngineer) bool { return e.RegionCode != region })
	}
}

func (a *ask) queueRow(w workorders.Waiting) templates.QueueRow {
	row := templates.QueueRow{Number: w.Number, Title: w.Summary, Customer: w.Customer, Region: w.RegionName, Priority: w.Priority, Minutes: w.Minutes, DueAt: zero(w.DueAt),
		WantedFrom: zero(w.WantedFrom), WantedTo: zero(w.WantedTo), Displaced: w.Displaced, Arrived: w.PartArrived}
	if w.Displaced && w.AnnouncedFrom != nil {
		row.WantedFrom, row.WantedTo = zero(w.AnnouncedFrom), zero(w.AnnouncedTo)
	}
	for _, p := range w.Parts {
		part := templates.QueuePart{Text: p.Name}
		if p.Quantity > 1 {
			part.Text = fmt.Sprintf("%s × %d", p.Name, p.Quantity)
		}
		switch {
		case p.Vans == 1:
			part.Where = a.t("board.part_van", p.VanOf)
		case p.Vans > 1:
			part.Where = a.t("board.part_vans", p.VanOf, p.Vans)
		case p.Stores >= p.Quantity:
			part.Where = a.t("board.part_store", p.Stores)
		default:
			part.Where = a.t("board.part_none")
		}
		row.Parts = append(row.Parts, part)
	}
	return row
}

func (a *ask) waits(region string) (templates.Queue, []workorders.Waiting, error) {
	list, total, err := a.p.desk.Waiting(a.ctx(), a.by, workorders.WaitingFilter{Region: region, Limit: queueShown})
	if err != nil {
		return templates.Queue{}, nil, err
	}
	q := templates.Queue{Total: total}
	for _, w := range list {
		q.Rows = append(q.Rows, a.queueRow(w))
	}
	return q, list, nil
}

// schedule is the dispatcher's page: what waits, where everybody is, and what could be done.
func (p *Pages) schedule(a *ask) (templates.Page, error) {
	chosen := a.QueryParam("order")
	if a.Request().Method == http.MethodPost { // a refused form
		chosen = a.Request().PostFormValue("order")
	}
	var side templates.ScheduleSide
	var day *calendar.Date
	var seen *workorders.Order
	if chosen != "" {
		o, err := p.desk.Order(a.ctx(), a.by, chosen)
		switch {
		case err == nil:
			seen = &o
			if v := openVisit(o); v != nil {
				d := calendar.Of(v.StartsAt, a.zone)
				day = &d
			}
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
	}
	view := a.planView(day)
	// The cursor is taken before the rows are read: what changes meanwhile is told again, never missed.
	_, cursor, err := p.desk.Events(a.ctx(), a.by, "")
	if err != nil {
		return nil, err
	}
	plan, err := p.desk.Schedule(a.ctx(), a.by, view.from, view.to, nil)
	if err != nil {
		return nil, err
	}
	regions := regionsOf(plan)
	inRegion(&plan, view.region)
	view.axis(plan)
	v := templates.Schedule{Day: view.day.String(), Last: view.day.AddDays(view.days - 1).String(), DayCount: view.days, Zoom: view.zoom, Region: view.region, FromHour: view.lo, ToHour: view.hi,
		Previous: view.query("/desk", view.day.AddDays(-view.days)), Following: view.query("/desk", view.day.AddDays(view.days)), Back: view.query("/desk", a.today()),
		NowAt: -1, Live: view.query("/desk/live", view.day) + "&hours=" + strconv.Itoa(view.lo) + "-" + strconv.Itoa(view.hi) + "&after=" + url.QueryEscape(cursor),
		Assigns: a.by.May(auth.Assign), Plans: a.by.May(auth.MakePlan), Absent: a.by.May(auth.DecideLeave)}
	v.Groups, v.Count = view.rows(plan)
	if !a.now.Before(view.from) && a.now.Before(view.to) {
		v.NowAt = view.at(a.now)
	}
	queue, waiting, err := a.waits(view.region)
	if err != nil {
		return nil, err
	}
	v.Waits = queue
	if seen == nil && len(waiting) > 0 {
		chosen = waiting[0].Number // the most urgent is looked at first, so that one key assigns it
		o, err := p.desk.Order(a.ctx(), a.by, chosen)
		if err != nil {
			return nil, err
		}
		seen = &o
	}
	if seen != nil {
		v.Waits.Chosen = seen.Number
		if side, err = a.sideOf(seen); err != nil {
			return nil, err
		}
	}
	if side.Scheme, err = a.scheme(plan, waiting, seen, side.Offers); err != nil {
		return nil, err
	}
	v.Side = side
	if v.Proposed, err = a.proposals(v.Day); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	v.Regions = v.Pick(regions, view.region)
	for _, n := range []int{1, 3, 7} {
		to := view
		to.days = n
		v.Lengths = append(v.Lengths, templates.View{Path: to.query("/desk", view.day), Text: a.t("board.days." + strconv.Itoa(n)), Current: n == view.days})
	}
	for z := 1; z <= 3; z++ {
		to := view
		to.zoom = z
		v.Zooms = append(v.Zooms, templates.View{Path: to.query("/desk", view.day), Text: a.t("board.zoom." + strconv.Itoa(z)), Current: z == view.zoom})
	}
	for d := range view.days {
		from := view.day.AddDays(d)
		if view.days > 1 {
			v.DayTicks = append(v.DayTicks, templates.Tick{Part: templates.Part{X: d * 10000 / view.days}, Text: v.CivilDay(from.In(a.zone))})
		}
		step := map[int]int{1: 1, 3: 2, 7: 24}[view.days]
		for h := view.lo; h < view.hi; h += step {
			if view.days == 7 || view.days > 1 && h+step > view.hi { // no room before the next day begins
				break
			}
			v.Hours = append(v.Hours, templates.Tick{Part: templates.Part{X: (d*(view.hi-view.lo) + h - view.lo) * 10000 / (view.days * (view.hi - view.lo))}, Text: fmt.Sprintf("%02d:00", h)})
		}
	}
	return v, nil
}

func regionsOf(p workorders.Schedule) []templates.Option {
	var list []templates.Option
	for _, e := range p.Engineers {
		if e.RegionCode != "" && !slices.ContainsFunc(list, func(o templates.Option) bool { return o.Value == e.RegionCode }) {
			list = append(list, templates.Option{Value: e.RegionCode, Text: e.RegionName})
		}
	}
	return list
}

// openVisit is the lead visit of an order that has not ended, or nil.
func openVisit(o workorders.Order) *dispatch.Visit {
	for i := range o.Visits {
		if v := &o.Visits[i]; v.Lead && v.State.Binding() {
			return v
		}
	}
	return nil
}

// sideOf says what could be done about an order.
func (a *ask) sideOf(o *workorders.Order) (templates.ScheduleSide, error) {
	side := templates.ScheduleSide{Number: o.Number, Title: o.Summary, Customer: o.CustomerName, Address: o.Address}
	if v := openVisit(*o); v != nil {
		visit := a.visitView(*v)
		visit.Allowed = nil
		if v.State == dispatch.Dispatched || v.State == dispatch.Accepted {
			if a.by.May(auth.RescheduleVisit) {
				visit.Allowed = append(visit.Allowed, "reschedule")
			}
			if a.by.May(auth.Assign) {
				visit.Allowed = append(visit.Allowed, "unassign")
			}
		}
		side.Visit, side.Engineer = &visit, v.EngineerID.String()
		people, err := a.engineerOptions()
		side.People = people
		return side, err
	}
	if o.State != workorders.OrderReady || !a.by.May(auth.RankCandidates) {
		return side, nil
	}
	if err := a.insertOf(&side); err != nil {
		return side, err
	}
	side.Inserts = a.by.May(auth.MakePlan)
	list, err := a.p.desk.Candidates(a.ctx(), a.by, o.Number, 0)
	if err != nil {
		return side, err
	}
	for _, c := range list {
		switch {
		case c.Eligible && len(side.Offers) < offersShown:
			side.Offers = append(side.Offers, a.candidateView(c))
		case !c.Eligible && len(side.Refused) < 2*offersShown:
			side.Refused = append(side.Refused, a.candidateView(c))
		}
	}
	return side, nil
}

// side is GET /desk/side?order=: the panel alone.
func (p *Pages) side(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.QueryParam("order"))
	if err != nil {
		return nil, err
	}
	side, err := a.sideOf(&o)
	if err != nil {
		return nil, err
	}
	view := a.planView(nil)
	plan, err := p.desk.Schedule(a.ctx(), a.by, view.from, view.to, nil)
	if err != nil {
		return nil, err
	}
	waiting, _, err := p.desk.Waiting(a.ctx(), a.by, workorders.WaitingFilter{Region: view.region, Limit: queueShown})
	if err != nil {
		return nil, err
	}
	if side.Scheme, err = a.scheme(plan, waiting, &o, side.Offers); err != nil {
		return nil, err
	}
	return written{}, a.piece(templates.SidePage{Chrome: a.chrome(), Side: side}, "schedule-side")
}

// piece answers with one part of a page.
func (a *ask) piece(page templates.Page, part string) error {
	var b bytes.Buffer
	if err := templates.RenderPart(&b, page, part); err != nil {
		return err
	}
	a.Response().Header().Set("Cache-Control", "no-store")
	return a.send(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// live is GET /desk/live: the rows and the queue of an open schedule, each time they change.
func (p *Pages) live(c echo.Context) error {
	by, err := p.who(c)
	if err != nil {
		return c.NoContent(http.StatusUnauthorized)
	}
	a := p.newAsk(c, by)
	if err := a.by.Must(auth.ReadVisits); err != nil {
		return c.NoContent(http.StatusForbidden)
	}
	after := c.Request().Header.Get("Last-Event-ID")
	if after == "" {
		after = c.QueryParam("after")
	}
	if _, _, err := p.desk.Events(a.ctx(), by, after); err != nil { // a cursor of somebody else's making
		if _, after, err = p.desk.Events(a.ctx(), by, ""); err != nil {
			return err
		}
	}
	view := a.planView(nil)
	if n, _ := fmt.Sscanf(c.QueryParam("hours"), "%d-%d", &view.lo, &view.hi); n != 2 || view.lo < 0 || view.lo >= view.hi || view.hi > 24 {
		view.lo, view.hi = 8, 18
	}
	p.server.Follow(c, by, after, func(list []workorders.Event) (string, error) {
		a.now = p.desk.Now()
		return a.news(view, list)
	})
	return nil
}

// news is one message to an open schedule: what looks different now, and how far it has read.
func (a *ask) news(view planView, list []workorders.Event) (string, error) {
	id := "id: " + list[len(list)-1].Cursor() + "\n"
	touched, err := a.p.desk.RowsTouched(a.ctx(), list)
	if err != nil {
		return "", err
	}
	orders := slices.ContainsFunc(list, func(e workorders.Event) bool { return e.Topic == "work_order" || e.Topic == "stock" })
	if len(touched) == 0 && !orders {
		return id + "\n", nil
	}
	page := templates.Live{Chrome: a.chrome()}
	if len(touched) > 0 {
		plan, err := a.p.desk.Schedule(a.ctx(), a.by, view.from, view.to, touched)
		if err != nil {
			return "", err
		}
		inRegion(&plan, view.region)
		groups, _ := view.rows(plan)
		for _, g := range groups {
			page.Rows = append(page.Rows, g.Rows...)
		}
	}
	if orders {
		q, _, err := a.waits(view.region)
		if err != nil {
			return "", err
		}
		page.Waits = &q
	}
	var b strings.Builder
	if err := templates.RenderPart(&b, page, "schedule-rows"); err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(id)
	for line := range strings.SplitSeq(strings.TrimSpace(b.String()), "\n") {
		out.WriteString("data: " + line + "\n")
	}
	out.WriteString("\n")
	return out.String(), nil
}

// judged is what a script is told about a slot before it is let go.
type judged struct {
	OK      bool     `json:"ok"`
	Soft    bool     `json:"soft"`    // a reason sets it aside
	Outside bool     `json:"outside"` // of what the customer was told
	Text    string   `json:"text"`
	Reasons []string `json:"reasons"`
}

// judge is GET /desk/judge?order=&engineer_id=&starts_at=&ends_at=.
func (p *Pages) judge(a *ask) (templates.Page, error) {
	f := &form{Values: a.QueryParams(), zone: a.zone}
	engineer := f.id("engineer_id")
	from, to := f.needTime("starts_at"), f.needTime("ends_at")
	if engineer == nil {
		f.wrong("engineer_id", "required")
	}
	if err := f.err(); err != nil {
		return written{}, a.refusedJSON(err, "")
	}
	v, err := p.desk.JudgeSlot(a.ctx(), a.by, f.need("order"), *engineer, from, to)
	if err != nil {
		return written{}, a.refusedJSON(err, "")
	}
	out := judged{OK: v.Refusal == nil, Soft: v.Soft, Outside: v.Outside, Reasons: []string{}}
	if v.Refusal != nil {
		out.Text = api.ProblemOf(v.Refusal, a.lang).Detail
	}
	for _, r := range v.Candidate.Reasons {
		if r = r.In(a.lang); r.Effect != "refuse" {
			out.Reasons = append(out.Reasons, r.Text)
		}
	}
	if v.Outside {
		out.Reasons = append(out.Reasons, a.t("board.outside"))
	}
	return written{}, a.JSON(http.StatusOK, out)
}

// acted is the answer to a script that did something.
type acted struct {
	Text string     `json:"text"`
	Undo *actedUndo `json:"undo,omitempty"`
	Next string     `json:"next"`
	Fail *actedFail `json:"fail,omitempty"`
}

type actedUndo struct {
	Path   string            `json:"path"`
	Fields map[string]string `json:"fields"`
}

// actedFail is a refusal. Ask names the field that would set it aside.
type actedFail struct {
	Code string `json:"code"`
	Ask  string `json:"ask,omitempty"`
}

// refusedJSON says why not, to a script.
func (a *ask) refusedJSON(err error, number string) error {
	problem := api.ProblemOf(err, a.lang)
	if problem.Status >= 500 && problem.Status != http.StatusServiceUnavailable {
		a.p.Log.Error("page failed", "method", a.Request().Method, "path", a.Request().URL.Path, "error", err)
	}
	fail := &actedFail{Code: problem.Code}
	for _, way := range []string{"override_reason", "reason"} {
		if slices.Contains(problem.Allowed, way) {
			fail.Ask = way
		}
	}
	text := problem.Detail
	if number != "" && fail.Ask == "" {
		if who := a.whoWasFaster(number, problem); who != "" {
			text = who
		}
	}
	for key, values := range problem.GetHeaders() {
		a.Response().Header()[key] = values
	}
	return a.JSON(problem.Status, acted{Text: text, Fail: fail})
}

// whoWasFaster names who changed an order in the meantime, when that is why an act was refused.
func (a *ask) whoWasFaster(number string, problem *api.Problem) string {
	if problem.Status != http.StatusPreconditionFailed && !slices.Contains([]string{"work_order_legal_move", "visits_one_open_per_order", "order_not_waiting"}, problem.Code) {
		return ""
	}
	last, err := a.p.desk.LastTouch(a.ctx(), a.by, number)
	if err != nil || last.Actor == "" {
		return ""
	}
	return a.t("board.faster", number, last.Actor, last.At.In(a.zone).Format("15:04"), problem.Detail)
}

// doing is a deed of the schedule: what it did in words, and how to take it back.
type doing func(ctx context.Context, a *ask, f *form) (acted, error)

// onBoard answers forms of the schedule: with a page for people, with a few words for scripts.
func (p *Pages) onBoard(may auth.Permission, d doing) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := p.who(c)
		if err != nil {
			if c.Request().Header.Get("Accept") == "application/json" {
				return c.JSON(http.StatusUnauthorized, acted{Text: p.newAsk(c, by).t("board.signed_out"), Next: "/login?next=/desk", Fail: &actedFail{Code: "signed_out"}})
			}
			return p.toLogin(c, err)
		}
		a := p.newAsk(c, by)
		refuse := func(f *form, err error) error {
			switch {
			case a.wantsJSON():
				number := ""
				if f != nil {
					number = f.text("order")
				}
				return a.refusedJSON(err, number)
			case f == nil:
				return p.problem(a, err)
			}
			return p.again(a, f, err, p.schedule)
		}
		if err := a.by.Must(may); err != nil {
			return refuse(nil, err)
		}
		f, err := a.form()
		if err != nil {
			return refuse(nil, err)
		}
		var did acted
		next, err := p.run(a, f, a.by, a.by.UserID.String()+" POST "+c.Request().URL.Path, false, func(ctx context.Context, a *ask, f *form) (string, error) {
			var err error
			did, err = d(workorders.WithPending(ctx, workorders.Pending{For: thinkAgain, Undo: f.text("undo") != ""}), a, f)
			return did.Next, err
		})
		if err != nil {
			return refuse(f, err)
		}
		if a.wantsJSON() {
			did.Next = next
			return c.JSON(http.StatusOK, did)
		}
		if did.Undo != nil {
			a.show("done", did.Text)
			a.show("undo", did.Undo.Path)
			for key, value := range did.Undo.Fields {
				a.show("undo."+key, value)
			}
		}
		a.giveShown()
		return c.Redirect(http.StatusSeeOther, withDone(next, f.name))
	}
}

// takeBack is the way back from the act that led to this page.
func (a *ask) takeBack() *templates.Undo {
	path := a.shownMe["undo"]
	if !local(path) || path == "" {
		return nil
	}
	u := &templates.Undo{Path: path}
	for _, key := range sortedKeys(a.shownMe) {
		if name, ok := strings.CutPrefix(key, "undo."); ok {
			u.Fields = append(u.Fields, templates.Option{Value: name, Text: a.shownMe[key]})
		}
	}
	return u
}

// assignOnBoard books the engineer and slot that the form names, or the best there are.
func (p *Pages) assignOnBoard(ctx context.Context, a *ask, f *form) (acted, error) {
	in := workorders.AssignInput{OverrideReason: f.opt("override_reason")}
	number := f.need("order")
	engineer := f.id("engineer_id")
	if engineer != nil {
		in.EngineerID, in.StartsAt, in.EndsAt = *engineer, f.needTime("starts_at"), f.needTime("ends_at")
	}
	if err := f.err(); err != nil {
		return acted{}, err
	}
	if engineer == nil {
		best, err := p.desk.Candidates(ctx, a.by, number, 1)
		if err != nil {
			return acted{}, err
		}
		if len(best) == 0 || !best[0].Eligible {
			return acted{}, fault.New(fault.Conflict, "nobody_free", "nobody can go to %s inside its window: look at the reasons and choose by hand", number)
		}
		in.EngineerID, in.StartsAt, in.EndsAt = best[0].EngineerID, *best[0].StartsAt, *best[0].EndsAt
	}
	v, err := p.desk.Assign(ctx, a.by, number, in)
	if err != nil {
		return acted{}, err
	}
	return acted{Text: a.t("board.did_assign", v.OrderNumber, v.EngineerName, a.slot(v.StartsAt, v.EndsAt)), Next: "/desk?day=" + calendar.Of(v.StartsAt, a.zone).String(),
		Undo: &actedUndo{"/desk/unassign", map[string]string{"order": v.OrderNumber, "reason": a.t("board.undone"), "undo": "1"}}}, nil
}

func (a *ask) slot(from, to time.Time) string {
	f, t := from.In(a.zone), to.In(a.zone)
	if calendar.Of(f, a.zone) == a.today() {
		return f.Format("15:04") + "–" + t.Format("15:04")
	}
	return a.chrome().CivilDay(f) + " " + f.Format("15:04") + "–" + t.Format("15:04")
}

// moveOnBoard gives the open visit of an order another time, length or engineer.
func (p *Pages) moveOnBoard(ctx context.Context, a *ask, f *form) (acted, error) {
	number := f.need("order")
	from, to := f.needTime("starts_at"), f.needTime("ends_at")
	in := workorders.RescheduleInput{StartsAt: from, EndsAt: to, EngineerID: f.id("engineer_id"), Reason: f.text("reason"), Cause: f.text("cause"), OverrideReason: f.opt("override_reason")}
	version := f.minutes("version")
	if err := f.err(); err != nil {
		return acted{}, err
	}
	o, err := p.desk.Order(ctx, a.by, number)
	if err != nil {
		return acted{}, err
	}
	v := openVisit(o)
	if v == nil {
		return acted{}, fault.New(fault.Stale, "visit_gone", "order %s has no open visit any more", number)
	}
	if in.Cause == "" {
		in.Cause = "us"
	}
	if in.Reason == "" {
		if in.OverrideReason != nil {
			in.Reason = *in.OverrideReason
		} else if v.Window != nil && !v.Window.Contains(from) {
			return acted{}, fault.New(fault.Conflict, "window_left", "the customer was told %s: say why it becomes another time", a.slot(v.Window.From, v.Window.To)).Allow("reason")
		} else {
			in.Reason = a.t("board.moved_reason")
		}
	}
	if version != nil {
		ctx = workorders.WithMatch(ctx, *version)
	}
	moved, err := p.desk.Reschedule(ctx, a.by, v.ID, in)
	if err != nil {
		return acted{}, err
	}
	return acted{Text: a.t("board.did_move", o.Number, moved.EngineerName, a.slot(moved.StartsAt, moved.EndsAt)), Next: "/desk?day=" + calendar.Of(moved.StartsAt, a.zone).String(),
		Undo: &actedUndo{"/desk/move", map[string]string{"order": o.Number, "engineer_id": v.EngineerID.String(), "starts_at": v.StartsAt.Format(time.RFC3339), "ends_at": v.EndsAt.Format(time.RFC3339),
			"reason": a.t("board.undone"), "cause": "us", "undo": "1", "version": strconv.Itoa(moved.Version)}}}, nil
}

// unassignOnBoard puts an order back into the queue.
func (p *Pages) unassignOnBoard(ctx context.Context, a *ask, f *form) (acted, error) {
	number, reason := f.need("order"), f.text("reason")
	if reason == "" {
		reason = a.t("board.moved_reason")
	}
	if err := f.err(); err != nil {
		return acted{}, err
	}
	o, err := p.desk.Order(ctx, a.by, number)
	if err != nil {
		return acted{}, err
	}
	v := openVisit(o)
	if _, err := p.desk.Unassign(ctx, a.by, number, reason); err != nil {
		return acted{}, err
	}
	did := acted{Text: a.t("board.did_unassign", number), Next: "/desk?order=" + url.QueryEscape(number)}
	if v != nil && v.StartsAt.After(a.now) {
		did.Undo = &actedUndo{"/desk/assign", map[string]string{"order": number, "engineer_id": v.EngineerID.String(), "starts_at": v.StartsAt.Format(time.RFC3339), "ends_at": v.EndsAt.Format(time.RFC3339), "undo": "1"}}
	}
	return did, nil
}

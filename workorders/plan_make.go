package workorders

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/jobs"
	"paigong/inventory"
)

// planThreads leaves half of the machine to those who look at screens.
func planThreads() int { return max(1, runtime.GOMAXPROCS(0)/2) }

const planJob = "plan"

type planToMake struct {
	Plan uuid.UUID `json:"plan"`
}

// Handlers are what the desk does later, by kind of job.
func (d *Desk) Handlers() map[string]jobs.Handler { return map[string]jobs.Handler{planJob: d.runPlan} }

// planTries is how often a plan is tried before it is said failed.
const planTries = 3

// runPlan makes a plan in the background. It is at the same plan again after the program was killed.
func (d *Desk) runPlan(ctx context.Context, job jobs.Claimed) error {
	var ask planToMake
	if err := job.Read(&ask); err != nil {
		return err
	}
	by := auth.System("plan")
	p, err := d.plan(ctx, by, ask.Plan)
	if err != nil {
		return jobs.Never(err)
	}
	if p.State != PlanRunning {
		return nil
	}
	orgs, err := d.people.In(d.reader(ctx)).Subtree(ctx, p.OrgID)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	told := time.Time{} // of the machine's clock: how often people are told is no fact
	made, err := d.compute(working, by.Within(orgs...), &p, func(fraction float64, unserved int) {
		if time.Since(told) < time.Second {
			return
		}
		told = time.Now()
		if open, err := d.planProgress(working, p, fraction, unserved); err == nil && !open {
			stop() // somebody does not want it any more
		}
	})
	if err != nil {
		if working.Err() != nil && ctx.Err() == nil {
			return nil
		}
		var f *fault.Error
		if ctx.Err() == nil && (errors.As(err, &f) && !fault.Retryable(err) || job.Attempts >= planTries) {
			reason := err.Error()
			return d.change(ctx, by, func(ctx context.Context, w *work) error {
				if err := endPlan(ctx, w, p.ID, PlanRunning, PlanFailed, reason); err != nil {
					return err
				}
				return w.announce(ctx, "plan", p.OrgID, nil, p.ID)
			})
		}
		return err
	}
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		now, err := lockPlan(ctx, w.tx, p.ID)
		if err != nil {
			return err
		}
		if now.State == PlanRunning {
			if err := readyPlan(ctx, w, p.ID); err != nil {
				return err
			}
			if err := w.keepPlan(ctx, p, made); err != nil {
				return err
			}
		}
		return job.Done(ctx, w.tx)
	})
}

// made is a computed plan with what it takes to write it down.
type madePlan struct {
	*dispatch.DayPlan
	orders  map[uuid.UUID]Order
	was     map[uuid.UUID]wasPlanned
	dropped map[uuid.UUID]bool // announced windows that could not be kept
	outside []PlanLeftOver     // orders that no day plan is for
}

// compute asks the planner. A repair first leaves every booked visit alone; only what finds no place then
// lets others move, within the windows their customers were told; and only a displaced order that finds
// none even so gives up the window it was promised.
func (d *Desk) compute(ctx context.Context, by auth.Caller, p *Plan, progress func(float64, int)) (*madePlan, error) {
	scope := by.Scope()
	db := d.reader(ctx)
	repair := len(p.orderIDs) > 0 || p.Cause == "overrun"
	orders, err := plannable(ctx, db, scope, *p, d.board.Zone())
	if err != nil {
		return nil, err
	}
	m := &madePlan{orders: map[uuid.UUID]Order{}, dropped: map[uuid.UUID]bool{}}
	ask := dispatch.DayAsk{Day: p.Day, Lang: by.Lang, Seed: uint64(p.Seed), Effort: planEffort, Threads: planThreads(), Progress: progress, KeepAnnounced: keepAnnounced}
	var wanted []Order
	for _, o := range orders {
		if o.Mode != "on_site" {
			m.outside = append(m.outside, PlanLeftOver{WorkOrderID: o.ID, Reasons: []dispatch.Reason{dispatch.Say(by.Lang, "mode", "refuse", "plan.mode")}})
			m.orders[o.ID] = o
			continue
		}
		wanted = append(wanted, o)
	}
	if ask.Jobs, err = d.planJobs(ctx, wanted, by.Lang, *p); err != nil {
		return nil, err
	}
	for _, o := range wanted {
		m.orders[o.ID] = o
	}
	if m.was, err = displacedFrom(ctx, db, wanted); err != nil {
		return nil, err
	}
	if p.WarmFrom != nil {
		old, err := readPlanVisits(ctx, db, *p.WarmFrom)
		if err != nil {
			return nil, err
		}
		for _, v := range old {
			ask.Warm = append(ask.Warm, v.planned())
		}
	}
	began := time.Now() // how long to search is the machine's time, not a fact
	if p.Seconds > 0 {
		ask.Used = func() float64 { return time.Since(began).Seconds() / float64(p.Seconds) }
	}
	board := d.board.In(db)
	if !repair {
		m.DayPlan, err = board.PlanDay(ctx, scope, ask)
		return m, err
	}
	ask.Effort = repairEffort
	if p.until != nil && p.EngineerID != nil {
		ask.Until = map[uuid.UUID]time.Time{*p.EngineerID: *p.until}
	}
	if len(wanted) > 0 && p.Cause != "overrun" {
		if m.DayPlan, err = board.PlanDay(ctx, scope, ask); err != nil || len(m.Unplanned) == 0 && m.Score[4] == 0 {
			return m, err
		}
	}
	if err := d.letMove(ctx, by, p, &ask, m); err != nil {
		return nil, err
	}
	if m.DayPlan, err = board.PlanDay(ctx, scope, ask); err != nil {
		return nil, err
	}
	// A customer whose engineer dropped out, or is late, is better served at another hour than not at all. A
	// visit that finds no place even so stays where it is, and the others are planned around it.
	for range repairRounds {
		again := false
		for _, left := range m.Unplanned {
			i := slices.IndexFunc(ask.Jobs, func(j dispatch.PlanJob) bool { return j.OrderID == left.OrderID })
			o := m.orders[left.OrderID]
			switch bound := ask.Jobs[i].Bound != nil; {
			case !m.dropped[o.ID] && (o.DisplacedAt != nil && o.AnnouncedWindow != nil || bound && p.Cause == "overrun"):
				ask.Jobs[i].Windows, m.dropped[o.ID], again = nil, true, true
			case bound:
				ask.Jobs, again = slices.Delete(ask.Jobs, i, i+1), true
			}
		}
		if !again {
			break
		}
		ask.Warm = m.Visits
		if m.DayPlan, err = board.PlanDay(ctx, scope, ask); err != nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return m, d.moveFewer(ctx, scope, &ask, m)
}

// moveFewer tries to leave each visit alone that the repair would move: what was announced is moved only
// when an order finds no place, or a promise is kept worse, without it.
func (d *Desk) moveFewer(ctx context.Context, scope auth.Scope, ask *dispatch.DayAsk, m *madePlan) error {
	tried := map[uuid.UUID]bool{}
	for range mostSpared {
		at := slices.IndexFunc(m.Visits, func(v dispatch.PlannedVisit) bool {
			return v.Bound != nil && moved(v) && !tried[v.OrderID] && !m.dropped[v.OrderID]
		})
		if at < 0 {
			return nil
		}
		spared := m.Visits[at].OrderID
		tried[spared] = true
		less := *ask
		less.Jobs = slices.Clone(ask.Jobs)
		if _, late := ask.Until[m.Visits[at].Bound.EngineerID]; late {
			// Left alone it has to be possible behind the work that takes longer.
			k := slices.IndexFunc(less.Jobs, func(j dispatch.PlanJob) bool { return j.OrderID == spared })
			less.Jobs[k].Stays = true
		} else {
			less.Jobs = slices.DeleteFunc(less.Jobs, func(j dispatch.PlanJob) bool { return j.OrderID == spared })
		}
		less.Warm, less.Progress = m.Visits, nil
		plan, err := d.board.In(d.reader(ctx)).PlanDay(ctx, scope, less)
		if err != nil {
			return err
		}
		if slices.Compare(plan.Score[:5], m.Score[:5]) <= 0 {
			m.DayPlan, ask.Jobs = plan, less.Jobs
		}
	}
	return nil
}

// mostSpared is how many visits a repair tries to leave alone, one by one.
const mostSpared = 8

// repairRounds is how often a repair tries again with fewer wishes.
const repairRounds = 6

// letMove adds the visits that a repair may move.
func (d *Desk) letMove(ctx context.Context, by auth.Caller, p *Plan, ask *dispatch.DayAsk, m *madePlan) error {
	var regions []string
	for _, j := range ask.Jobs {
		if j.RegionCode != nil {
			regions = append(regions, *j.RegionCode)
		}
	}
	if p.Cause == "overrun" {
		regions = nil
	}
	from, to := p.Day.In(d.board.Zone()), p.Day.AddDays(1).In(d.board.Zone())
	bound, err := d.board.In(d.reader(ctx)).MayMove(ctx, by.Scope(), from, to, regions)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, 0, len(bound))
	for id := range bound {
		if _, there := m.orders[id]; !there {
			ids = append(ids, id)
		}
	}
	orders, err := ordersByID(ctx, d.reader(ctx), by.Scope(), ids, false)
	if err != nil {
		return err
	}
	jobs, err := d.planJobs(ctx, orders, by.Lang, *p)
	if err != nil {
		return err
	}
	for i := range jobs {
		v := bound[jobs[i].OrderID]
		jobs[i].Bound = &v
		jobs[i].Duration = v.EndsAt.Sub(v.StartsAt)
		if w := orders[i].AnnouncedWindow; w != nil {
			jobs[i].Windows = []dispatch.Span{{From: w.From, To: w.To}}
		}
		jobs[i].Job.From = time.Time{}
		m.orders[orders[i].ID] = orders[i]
		ask.Warm = append(ask.Warm, dispatch.PlannedVisit{OrderID: orders[i].ID, EngineerID: v.EngineerID, StartsAt: v.StartsAt, EndsAt: v.EndsAt})
	}
	ask.Jobs = append(ask.Jobs, jobs...)
	return nil
}

// planJobs are orders as the board judges them, read together.
func (d *Desk) planJobs(ctx context.Context, orders []Order, lang string, p Plan) ([]dispatch.PlanJob, error) {
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	parts, err := partsOfOrders(ctx, d.reader(ctx), ids)
	if err != nil {
		return nil, err
	}
	serving := map[int32][]int32{}
	out := make([]dispatch.PlanJob, 0, len(orders))
	for i := range orders {
		o := &orders[i]
		if _, known := serving[o.ServingOrgID]; !known {
			if serving[o.ServingOrgID], err = d.people.In(d.reader(ctx)).Subtree(ctx, o.ServingOrgID); err != nil {
				return nil, err
			}
		}
		out = append(out, dispatch.PlanJob{Job: jobFrom(o, serving[o.ServingOrgID], parts[o.ID], lang, d.now())})
	}
	return out, nil
}

// jobFrom is an order in the board's words.
func jobFrom(o *Order, orgs []int32, parts []inventory.Need, lang string, now time.Time) dispatch.Job {
	j := dispatch.Job{OrderID: o.ID, OrgIDs: orgs, RegionCode: o.RegionCode, Skills: o.SkillCodes, Duration: time.Duration(o.DurationMinutes) * time.Minute, DueAt: o.FixDueAt,
		Priority: o.Priority, Mode: o.Mode, Wanted: o.WantedEngineer, Unwanted: o.UnwantedEngineer, Lang: lang, From: now, Parts: parts}
	if o.Lat != nil && o.Lng != nil {
		j.At = &geo.Point{Lat: *o.Lat, Lng: *o.Lng}
	}
	window := o.Window
	if o.DisplacedAt != nil && o.AnnouncedWindow != nil {
		window = o.AnnouncedWindow // what was promised to the customer is kept first
	}
	if window != nil {
		j.Windows = []dispatch.Span{{From: window.From, To: window.To}}
	}
	return j
}

// moved reports whether a planned visit differs from the one that stands.
func moved(v dispatch.PlannedVisit) bool {
	return v.Bound == nil || v.Bound.EngineerID != v.EngineerID || !v.Bound.StartsAt.Equal(v.StartsAt)
}

// keepPlan writes down what the planner said, and shows the visits as proposed as far as their orders still
// wait for somebody.
func (w *work) keepPlan(ctx context.Context, p Plan, m *madePlan) error {
	m.Visits = slices.DeleteFunc(m.Visits, func(v dispatch.PlannedVisit) bool { return !moved(v) })
	var fresh []dispatch.PlannedVisit
	orgs := map[uuid.UUID]int32{}
	var ids []uuid.UUID
	for _, v := range m.Visits {
		if v.Bound == nil {
			ids = append(ids, v.OrderID)
		}
	}
	sortIDs(ids)
	orders, err := ordersByID(ctx, w.tx, auth.System("plan").Scope(), ids, true)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.State == OrderReady {
			orgs[o.ID] = o.OrgID
		}
	}
	for _, v := range m.Visits {
		if _, waits := orgs[v.OrderID]; waits && v.Bound == nil {
			fresh = append(fresh, v)
		}
	}
	shown, err := w.board.Propose(ctx, orgs, fresh)
	if err != nil {
		return err
	}
	for i, v := range m.Visits {
		was := m.was[v.OrderID]
		if v.Bound != nil {
			was = wasPlanned{&v.Bound.EngineerID, &v.Bound.StartsAt, &v.Bound.EndsAt}
		}
		var visit *uuid.UUID
		if id, ok := shown[v.OrderID]; ok {
			visit = &id
		}
		if err := insertPlanVisit(ctx, w.tx, p.ID, i+1, v, was, m.dropped[v.OrderID], visit); err != nil {
			return err
		}
	}
	left := slices.Clone(m.outside)
	for _, u := range m.Unplanned {
		line := PlanLeftOver{WorkOrderID: u.OrderID, Reasons: u.Reasons, Next: u.Account.Next}
		line.Refused, line.RefusedBy = refusals(m.Engineers, u.Account, len(m.Engineers) <= 500)
		line.Booked = m.orders[u.OrderID].State != OrderReady
		left = append(left, line)
	}
	for i := range left {
		o := m.orders[left[i].WorkOrderID]
		left[i].WorkOrderNumber, left[i].Summary, left[i].Priority = o.Number, o.Summary, o.Priority
	}
	if err := insertResult(ctx, w.tx, p.ID, m, left); err != nil {
		return err
	}
	if p.WarmFrom != nil || len(p.orderIDs) > 0 {
		if err := w.replaceOlder(ctx, p); err != nil {
			return err
		}
	}
	return w.announce(ctx, "plan", p.OrgID, nil, p.ID)
}

// replaceOlder lets go the plan this one began from, and open repairs of the same day for the same cause.
func (w *work) replaceOlder(ctx context.Context, p Plan) error {
	old, err := replaced(ctx, w.tx, p)
	if err != nil {
		return err
	}
	for _, id := range old {
		if err := w.dropPlan(ctx, id, PlanStale, "a newer plan replaces it"); err != nil {
			return err
		}
	}
	return nil
}

func refusals(engineers []dispatch.PlanEngineer, a dispatch.Account, named bool) (list []PlanRefusal, by map[string]int) {
	list, by = []PlanRefusal{}, map[string]int{}
	for rule, who := range a.Refused {
		by[rule] = len(who)
		for _, i := range who {
			if named && i < len(engineers) {
				list = append(list, PlanRefusal{engineers[i].ID, engineers[i].Name, rule})
			}
		}
	}
	slices.SortFunc(list, func(a, b PlanRefusal) int { return bytes.Compare(a.EngineerID[:], b.EngineerID[:]) })
	return list, by
}

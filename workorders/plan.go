package workorders

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/jobs"
	"paigong/internal/keyset"
	"paigong/inventory"
)

// Plan is a day as the planner proposes it. Nobody is bound by it before it is published.
type Plan struct {
	ID               uuid.UUID     `bun:"id" json:"id"`
	OrgID            int32         `bun:"org_id" json:"-"`
	OrganisationCode string        `bun:"organisation_code" json:"organisation_code"`
	State            PlanState     `bun:"state" json:"state"`
	Day              calendar.Date `bun:"day" json:"day"`
	RegionCodes      []string      `bun:"region_codes,array" json:"region_codes"`
	Cause            string        `bun:"cause" json:"cause" doc:"asked, nightly, again, or what it repairs: absence, overrun, emergency, part_arrived"`
	EngineerID       *uuid.UUID    `bun:"engineer_id" json:"engineer_id,omitempty" doc:"whose absence or delay it repairs"`
	EngineerName     string        `bun:"engineer_name" json:"engineer_name,omitempty"`
	Seconds          int           `bun:"seconds" json:"seconds"`
	Seed             int64         `bun:"seed" json:"seed"`
	WarmFrom         *uuid.UUID    `bun:"warm_from" json:"warm_from,omitempty" doc:"the plan it began from"`
	Fraction         float64       `bun:"fraction" json:"fraction" doc:"of the search that is done, 0 to 1"`
	Unserved         *int          `bun:"unserved" json:"unserved,omitempty" doc:"orders without a place so far"`
	CreatedAt        time.Time     `bun:"created_at" json:"created_at"`
	ReadyAt          *time.Time    `bun:"ready_at" json:"ready_at,omitempty"`
	PublishedAt      *time.Time    `bun:"published_at" json:"published_at,omitempty"`
	EndedAt          *time.Time    `bun:"ended_at" json:"ended_at,omitempty"`
	EndedReason      *string       `bun:"ended_reason" json:"ended_reason,omitempty"`
	Version          int           `bun:"version" json:"version"`
	Score            []int64       `bun:"score,array" json:"score" doc:"compared from the left: orders left over of priority 1, 2, 3, 4; seconds of lateness times 5 less the priority; working seconds; metres; overtime seconds; unfairness; moves of announced visits"`
	Iterations       int           `bun:"iterations" json:"iterations"`
	VisitCount       int           `bun:"visit_count" json:"visit_count"`
	UnplannedCount   int           `bun:"unplanned_count" json:"unplanned_count"`
	MovedCount       int           `bun:"moved_count" json:"moved_count" doc:"visits that bind somebody already and would move"`

	Visits    []PlanVisit            `bun:"-" json:"visits"`
	Unplanned []PlanLeftOver         `bun:"-" json:"unplanned"`
	Stops     []dispatch.PlannedStop `bun:"-" json:"stops" doc:"fetches at stores on the way"`
	Notes     []dispatch.Reason      `bun:"-" json:"notes" doc:"what the reader should know, such as a map server that did not answer"`
	Changes   []dispatch.Broken      `bun:"-" json:"changes" doc:"what stands against publishing it now"`

	engineers []dispatch.PlanEngineer
	orderIDs  []uuid.UUID
	until     *time.Time
}

// PlanVisit is one visit of a plan against what is announced now.
type PlanVisit struct {
	ID              *uuid.UUID `bun:"visit_id" json:"id" doc:"of the visit: proposed, or booked once published; null when another plan proposes for the order"`
	State           string     `bun:"state" json:"state"`
	WorkOrderID     uuid.UUID  `bun:"order_id" json:"work_order_id"`
	WorkOrderNumber string     `bun:"number" json:"work_order_number"`
	Summary         string     `bun:"summary" json:"summary"`
	CustomerName    string     `bun:"customer_name" json:"customer_name"`
	RegionName      string     `bun:"region_name" json:"region_name"`
	Priority        int        `bun:"priority" json:"priority"`
	EngineerID      uuid.UUID  `bun:"engineer_id" json:"engineer_id"`
	EngineerName    string     `bun:"engineer_name" json:"engineer_name"`
	StartsAt        time.Time  `bun:"starts_at" json:"starts_at"`
	EndsAt          time.Time  `bun:"ends_at" json:"ends_at"`
	LeavesAt        time.Time  `bun:"leaves_at" json:"leaves_at"`
	TravelMinutes   int        `bun:"travel_minutes" json:"travel_minutes"`
	Change          string     `bun:"-" json:"change" doc:"new, or what happens to what was announced: engineer, time, both"`
	From            *PlanFrom  `bun:"-" json:"from,omitempty" doc:"what was announced before"`
	Window          *Window    `bun:"-" json:"window,omitempty" doc:"told to the customer"`
	WindowKept      *bool      `bun:"-" json:"window_kept,omitempty"`
	WindowDropped   bool       `bun:"window_dropped" json:"-"`

	Parts     []dispatch.CandidatePart `bun:"parts,type:jsonb" json:"parts"`
	Chosen    *dispatch.PlanChoice     `bun:"-" json:"chosen,omitempty"`
	Next      []dispatch.PlanChoice    `bun:"-" json:"next" doc:"the next three"`
	Refused   []PlanRefusal            `bun:"-" json:"refused" doc:"by the first rule each; in a plan of many the names are told for one order at a time, see refused_by"`
	RefusedBy map[string]int           `bun:"-" json:"refused_by" doc:"how many engineers each rule refuses"`

	BoundVisitID  *uuid.UUID       `bun:"bound_visit_id" json:"-"`
	WasEngineerID *uuid.UUID       `bun:"was_engineer_id" json:"-"`
	WasEngineer   string           `bun:"was_engineer" json:"-"`
	WasFrom       *time.Time       `bun:"was_from" json:"-"`
	WasTo         *time.Time       `bun:"was_to" json:"-"`
	ToldFrom      *time.Time       `bun:"told_from" json:"-"`
	ToldTo        *time.Time       `bun:"told_to" json:"-"`
	Account       dispatch.Account `bun:"account,type:jsonb" json:"-"`
}

// PlanFrom is who was to come and when.
type PlanFrom struct {
	EngineerID   uuid.UUID `json:"engineer_id"`
	EngineerName string    `json:"engineer_name"`
	StartsAt     time.Time `json:"starts_at"`
	EndsAt       time.Time `json:"ends_at"`
}

// PlanRefusal is an engineer and the first hard rule that refuses him.
type PlanRefusal struct {
	EngineerID uuid.UUID `json:"engineer_id"`
	Name       string    `json:"name"`
	Rule       string    `json:"rule"`
}

// PlanLeftOver is an order without a place in the day.
type PlanLeftOver struct {
	WorkOrderID     uuid.UUID             `json:"work_order_id"`
	WorkOrderNumber string                `json:"work_order_number"`
	Summary         string                `json:"summary"`
	Priority        int                   `json:"priority"`
	Booked          bool                  `json:"booked" doc:"it has a visit that can no longer be kept; the plan leaves it as it is"`
	Reasons         []dispatch.Reason     `json:"reasons" doc:"what stands against it, by those first who are nearest to being able"`
	Next            []dispatch.PlanChoice `json:"next"`
	Refused         []PlanRefusal         `json:"refused"`
	RefusedBy       map[string]int        `json:"refused_by"`
}

// PlanInput asks for a plan of a day.
type PlanInput struct {
	Day         string     `json:"day" format:"date"`
	RegionCodes []string   `json:"region_codes,omitempty" maxItems:"200" doc:"each with everything below it; empty = every region"`
	Seconds     *int       `json:"seconds,omitempty" minimum:"1" maximum:"3600" doc:"to search; absent = a moment, and the same seed gives the same plan"`
	Seed        *int64     `json:"seed,omitempty" minimum:"0" doc:"default 1"`
	From        *uuid.UUID `json:"from,omitempty" doc:"a plan to begin from, such as one that went stale"`
}

// RepairInput asks for the smallest change of a day after something happened.
type RepairInput struct {
	Cause        string      `json:"cause" enum:"absence,overrun,emergency,part_arrived"`
	Day          string      `json:"day,omitempty" format:"date" doc:"default today"`
	EngineerID   *uuid.UUID  `json:"engineer_id,omitempty" doc:"who is away or late"`
	Until        *time.Time  `json:"until,omitempty" doc:"with overrun: when he is free"`
	WorkOrderIDs []uuid.UUID `json:"work_order_ids,omitempty" maxItems:"200" doc:"orders that need a place now; with absence the displaced ones are found"`
}

// PlanFilter narrows the list of plans; newest first.
type PlanFilter struct {
	keyset.Ask
	State string `query:"state" json:"-" doc:"one state, or several with commas"`
	Day   string `query:"day" format:"date" json:"-"`
}

const (
	// moment is how long a caller waits for a plan; longer ones are made in the background.
	moment = 5
	// planEffort is what is tried for a plan without a time of its own.
	planEffort = 20_000
	// repairEffort is what is tried to repair a day: an answer while the dispatcher looks at the screen.
	repairEffort = 1500
	// keepAnnounced is what moving an announced visit must save: two hours of work for another engineer,
	// half an hour for another time.
	keepAnnounced = 30 * time.Minute
	// mostNamed is up to how many refusals are told by name in one answer.
	mostNamed = 20_000
)

// planThreads leaves half of the machine to those who look at screens.
func planThreads() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// MakePlan plans a day: at once when it takes a moment, else in the background; ask for it by its id then.
func (d *Desk) MakePlan(ctx context.Context, by auth.Caller, in PlanInput) (Plan, error) {
	p, err := d.newPlan(ctx, by, in.Day, "asked")
	if err != nil {
		return Plan{}, err
	}
	p.RegionCodes, p.Seed = slices.Compact(slices.Sorted(slices.Values(in.RegionCodes))), 1
	if in.Seed != nil {
		p.Seed = *in.Seed
	}
	if in.Seconds != nil {
		p.Seconds = *in.Seconds
	}
	if err := knownRegions(ctx, d.reader(ctx), p.RegionCodes); err != nil {
		return Plan{}, err
	}
	if in.From != nil {
		old, err := d.plan(ctx, by, *in.From)
		if err != nil {
			return Plan{}, err
		}
		p.WarmFrom, p.Cause = &old.ID, "again"
		if len(old.orderIDs) > 0 { // a repair stays one
			p.Cause, p.orderIDs, p.EngineerID = old.Cause, old.orderIDs, old.EngineerID
		}
	}
	return d.startPlan(ctx, by, p, p.Seconds > moment)
}

// Repair proposes the smallest change of a day after something happened.
func (d *Desk) Repair(ctx context.Context, by auth.Caller, in RepairInput) (Plan, error) {
	if in.Day == "" {
		in.Day = calendar.Of(d.now(), d.board.Zone()).String()
	}
	p, err := d.newPlan(ctx, by, in.Day, in.Cause)
	if err != nil {
		return Plan{}, err
	}
	p.EngineerID, p.orderIDs, p.until = in.EngineerID, slices.Clone(in.WorkOrderIDs), in.Until
	if p.EngineerID != nil {
		if _, err := d.board.In(d.reader(ctx)).Engineer(ctx, by.Scope(), *p.EngineerID); err != nil {
			return Plan{}, err
		}
	}
	switch in.Cause {
	case "absence":
		if len(p.orderIDs) == 0 {
			found, err := displacedOn(ctx, d.reader(ctx), by.Scope(), p.Day, d.board.Zone())
			if err != nil {
				return Plan{}, err
			}
			for _, o := range found {
				p.orderIDs = append(p.orderIDs, o.ID)
			}
			if len(found) == 0 {
				return Plan{}, fault.New(fault.Conflict, "nothing_displaced", "nobody waits for another engineer on that day").Allow("plan")
			}
		}
	case "overrun":
		if p.EngineerID == nil {
			return Plan{}, fault.New(fault.Invalid, "repair_engineer", "say whose visit takes longer").Field("body.engineer_id", "required with overrun")
		}
	default:
		if len(p.orderIDs) == 0 {
			return Plan{}, fault.New(fault.Invalid, "repair_orders", "say which orders need a place").Field("body.work_order_ids", "at least one")
		}
	}
	return d.startPlan(ctx, by, p, false)
}

func (d *Desk) newPlan(ctx context.Context, by auth.Caller, day, cause string) (Plan, error) {
	on, err := calendar.Parse(day)
	if err != nil {
		return Plan{}, fault.New(fault.Invalid, "day_shape", "a day is written like 2026-11-23").Field("body.day", "YYYY-MM-DD")
	}
	today := calendar.Of(d.now(), d.board.Zone())
	if on.Before(today) {
		return Plan{}, fault.New(fault.Invalid, "day_over", "that day is over").Field("body.day", "today or later")
	}
	if on.After(today.AddDays(366)) {
		return Plan{}, fault.New(fault.Invalid, "day_far", "that day is too far away").Field("body.day", "within a year")
	}
	p := Plan{ID: newID(), OrgID: by.OrgID, State: PlanRunning, Day: on, Cause: cause, CreatedAt: d.now().UTC().Truncate(time.Microsecond), RegionCodes: []string{}, Seed: 1}
	if p.OrgID == 0 {
		head, err := d.people.In(d.reader(ctx)).Head(ctx)
		if err != nil {
			return Plan{}, err
		}
		p.OrgID = head.ID
	}
	return p, nil
}

func (d *Desk) startPlan(ctx context.Context, by auth.Caller, p Plan, background bool) (Plan, error) {
	if background {
		err := d.change(ctx, by, func(ctx context.Context, w *work) error {
			return w.queuePlan(ctx, p)
		})
		if err != nil {
			return Plan{}, err
		}
		return d.Plan(ctx, by, p.ID, nil)
	}
	made, err := d.compute(ctx, by, &p, nil)
	if err != nil {
		return Plan{}, err
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		p := p
		p.State, p.ReadyAt = PlanReady, &w.at
		if err := insertPlan(ctx, w, p); err != nil {
			return err
		}
		return w.keepPlan(ctx, p, made)
	})
	if err != nil {
		return Plan{}, err
	}
	return d.Plan(ctx, by, p.ID, nil)
}

func (w *work) queuePlan(ctx context.Context, p Plan) error {
	if err := insertPlan(ctx, w, p); err != nil {
		return err
	}
	if err := w.announce(ctx, "plan", p.OrgID, nil, p.ID); err != nil {
		return err
	}
	return w.queue.Add(ctx, jobs.Job{Kind: planJob, Payload: planToMake{p.ID}, OrgID: p.OrgID, Dedupe: "plan " + p.ID.String()})
}

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
		less.Jobs = slices.DeleteFunc(slices.Clone(ask.Jobs), func(j dispatch.PlanJob) bool { return j.OrderID == spared })
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

// dropPlan ends a plan that was ready and takes its proposals back.
func (w *work) dropPlan(ctx context.Context, id uuid.UUID, to PlanState, reason string) error {
	p, err := lockPlan(ctx, w.tx, id)
	if err != nil {
		return err
	}
	if err := PlanMoves.Check(p.State, to); err != nil {
		return err
	}
	if err := withdrawProposals(ctx, w.tx, id); err != nil {
		return err
	}
	if err := endPlan(ctx, w, id, p.State, to, reason); err != nil {
		return err
	}
	return w.announce(ctx, "plan", p.OrgID, nil, id)
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

// Plans lists plans in sight, newest first, without their visits.
func (d *Desk) Plans(ctx context.Context, by auth.Caller, f PlanFilter) (keyset.Page[Plan], error) {
	return listPlans(ctx, d.reader(ctx), by.Scope(), f)
}

// plan reads the head of one plan in sight.
func (d *Desk) plan(ctx context.Context, by auth.Caller, id uuid.UUID) (Plan, error) {
	return findPlan(ctx, d.reader(ctx), by.Scope(), id)
}

// Plan reads one plan with its visits against what is announced now, and, while it may still be published,
// what stands against that. order limits the answer to one order, with every refusal by name.
func (d *Desk) Plan(ctx context.Context, by auth.Caller, id uuid.UUID, order *uuid.UUID) (Plan, error) {
	db := d.reader(ctx)
	p, err := findPlan(ctx, db, by.Scope(), id)
	if err != nil {
		return p, err
	}
	if p.Visits, err = readPlanVisits(ctx, db, id); err != nil {
		return p, err
	}
	if err := readResult(ctx, db, &p); err != nil {
		return p, err
	}
	if p.State == PlanReady {
		if p.Changes, err = d.planChanges(ctx, by, p, by.Lang); err != nil {
			return p, err
		}
	}
	if order != nil {
		p.Visits = slices.DeleteFunc(p.Visits, func(v PlanVisit) bool { return v.WorkOrderID != *order })
		p.Unplanned = slices.DeleteFunc(p.Unplanned, func(u PlanLeftOver) bool { return u.WorkOrderID != *order })
	}
	p.VisitCount, p.UnplannedCount, p.MovedCount = len(p.Visits), len(p.Unplanned), 0
	named := order != nil || len(p.Visits)*len(p.engineers) <= mostNamed
	for i := range p.Visits {
		v := &p.Visits[i]
		v.compare(p.State, d.board.Zone())
		if v.BoundVisitID != nil {
			p.MovedCount++
		}
		v.Chosen, v.Next = v.Account.Chosen, v.Account.Next
		v.Refused, v.RefusedBy = refusals(p.engineers, v.Account, named)
		if v.Next == nil {
			v.Next = []dispatch.PlanChoice{}
		}
	}
	p.inLanguage(by.Lang)
	return p, nil
}

// inLanguage says every reason as its reader speaks: a plan may be made at night by nobody.
func (p *Plan) inLanguage(lang string) {
	say := func(list []dispatch.Reason) {
		for i := range list {
			list[i] = list[i].In(lang)
		}
	}
	choices := func(list []dispatch.PlanChoice) {
		for i := range list {
			say(list[i].Reasons)
		}
	}
	for i := range p.Visits {
		choices(p.Visits[i].Next)
		if c := p.Visits[i].Chosen; c != nil {
			say(c.Reasons)
		}
	}
	for i := range p.Unplanned {
		say(p.Unplanned[i].Reasons)
		choices(p.Unplanned[i].Next)
	}
	say(p.Notes)
}

// compare says what the visit changes.
func (v *PlanVisit) compare(state PlanState, zone *time.Location) {
	v.StartsAt, v.EndsAt, v.LeavesAt = v.StartsAt.In(zone), v.EndsAt.In(zone), v.LeavesAt.In(zone)
	v.Change = "new"
	if v.State == "" {
		v.State = string(dispatch.Proposed)
	}
	if v.WasEngineerID != nil && v.WasFrom != nil {
		v.From = &PlanFrom{*v.WasEngineerID, v.WasEngineer, v.WasFrom.In(zone), v.WasTo.In(zone)}
		who, when := *v.WasEngineerID != v.EngineerID, !v.WasFrom.Equal(v.StartsAt)
		switch {
		case who && when:
			v.Change = "both"
		case who:
			v.Change = "engineer"
		default:
			v.Change = "time"
		}
	}
	if v.ToldFrom != nil && v.ToldTo != nil && (v.From != nil || state == PlanPublished) {
		v.Window = &Window{v.ToldFrom.In(zone), v.ToldTo.In(zone)}
		kept := !v.StartsAt.Before(v.Window.From) && v.StartsAt.Before(v.Window.To) && !v.WindowDropped
		v.WindowKept = &kept
	}
}

// planned is the visit in the board's words.
func (v PlanVisit) planned() dispatch.PlannedVisit {
	p := dispatch.PlannedVisit{OrderID: v.WorkOrderID, EngineerID: v.EngineerID, EngineerName: v.EngineerName, StartsAt: v.StartsAt, EndsAt: v.EndsAt, LeavesAt: v.LeavesAt,
		TravelMinutes: v.TravelMinutes, Parts: v.Parts, Account: v.Account}
	if v.BoundVisitID != nil {
		p.Bound = &dispatch.BoundVisit{VisitID: *v.BoundVisitID, EngineerID: *v.WasEngineerID, StartsAt: *v.WasFrom, EndsAt: *v.WasTo}
	}
	return p
}

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

// RejectPlan ends a plan that nobody wants; what it proposed is taken back.
func (d *Desk) RejectPlan(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (Plan, error) {
	if _, err := d.plan(ctx, by, id); err != nil {
		return Plan{}, err
	}
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		p, err := lockPlan(ctx, w.tx, id)
		if err != nil || p.State == PlanRejected {
			return err
		}
		if reason == "" {
			reason = "not wanted"
		}
		return w.dropPlan(ctx, id, PlanRejected, reason)
	})
	if err != nil {
		return Plan{}, err
	}
	return d.Plan(ctx, by, id, nil)
}

// ExpirePlans ends plans whose day is over. Called by the clock.
func (d *Desk) ExpirePlans(ctx context.Context) error {
	ids, err := overPlans(ctx, d.db, calendar.Of(d.now(), d.board.Zone()))
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := d.change(ctx, auth.System("plan"), func(ctx context.Context, w *work) error {
			return w.dropPlan(ctx, id, PlanStale, "its day is over")
		})
		if err != nil && !fault.Is(err, fault.Conflict) {
			failed = append(failed, fmt.Errorf("plan %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// PlanSettings says when an organisation's next day is planned by itself.
type PlanSettings struct {
	PlanAt      *string        `json:"plan_at" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"in the organisation's zone, such as 18:30; null = nobody plans by itself"`
	RegionCodes []string       `json:"region_codes,omitempty" maxItems:"200" doc:"empty = every region"`
	Seconds     int            `json:"seconds,omitempty" minimum:"1" maximum:"3600" default:"60" doc:"to search"`
	DoneFor     *calendar.Date `json:"done_for,omitempty" readOnly:"true" doc:"the last day that was planned"`
}

// PlanSettings reads when an organisation in sight plans by itself.
func (d *Desk) PlanSettings(ctx context.Context, by auth.Caller, code string) (PlanSettings, error) {
	o, err := d.people.In(d.reader(ctx)).ByCode(ctx, code)
	if err != nil || !by.Scope().Sees(o.ID) {
		return PlanSettings{}, notFound("organisation", code)
	}
	return readPlanSettings(ctx, d.reader(ctx), o.ID)
}

// SetPlanSettings says when an organisation in sight plans by itself.
func (d *Desk) SetPlanSettings(ctx context.Context, by auth.Caller, code string, in PlanSettings) (PlanSettings, error) {
	var out PlanSettings
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := w.people.In(w.tx).ByCode(ctx, code)
		if err != nil || !by.Scope().Sees(o.ID) {
			return notFound("organisation", code)
		}
		if err := knownRegions(ctx, w.tx, in.RegionCodes); err != nil {
			return err
		}
		if in.Seconds == 0 {
			in.Seconds = 60
		}
		if err := writePlanSettings(ctx, w, o.ID, in); err != nil {
			return err
		}
		out, err = readPlanSettings(ctx, w.tx, o.ID)
		return err
	})
	return out, err
}

// PlanNextDays plans the next day of every organisation whose hour has come: the first day after today on
// which anybody there has a shift or which the calendar calls a working day, so that on the eve of a
// holiday the day after it is planned. Each day is planned once, however many copies of the program look.
func (d *Desk) PlanNextDays(ctx context.Context) error {
	rows, err := plansAt(ctx, d.db)
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		if err := d.planNext(ctx, r); err != nil {
			failed = append(failed, fmt.Errorf("plan of organisation %d: %w", r.OrgID, err))
		}
	}
	return errors.Join(failed...)
}

func (d *Desk) planNext(ctx context.Context, r planAt) error {
	zone, err := d.zoneOf(ctx, r.OrgID)
	if err != nil {
		return err
	}
	now := d.now().In(zone)
	today := calendar.Of(now, zone)
	if now.Before(today.At(r.clock(), zone)) {
		return nil
	}
	orgs, err := d.people.Subtree(ctx, r.OrgID)
	if err != nil {
		return err
	}
	working, err := d.promises.Load(ctx, r.OrgID)
	if err != nil {
		return err
	}
	day := today
	for range 14 {
		day = day.AddDays(1)
		busy, err := shiftsOn(ctx, d.db, orgs, day.In(zone), day.AddDays(1).In(zone))
		if err != nil {
			return err
		}
		if busy || working.Working(day) {
			break
		}
	}
	if r.DoneFor != nil && !r.DoneFor.Before(day) {
		return nil
	}
	return d.change(ctx, auth.System("plan"), func(ctx context.Context, w *work) error {
		mine, err := claimPlanAt(ctx, w.tx, r.OrgID, day)
		if err != nil || !mine {
			return err
		}
		p := Plan{ID: newID(), OrgID: r.OrgID, State: PlanRunning, Day: day, Cause: "nightly", CreatedAt: w.at, RegionCodes: r.RegionCodes, Seconds: r.Seconds, Seed: 1}
		return w.queuePlan(ctx, p)
	})
}

// proposeRepairs asks for a plan for every day on which visits were displaced, for the dispatcher to accept
// or not. The office of the engineer gets it.
func (w *work) proposeRepairs(ctx context.Context, a dispatch.Absence, displaced []dispatch.InTheWay) error {
	days := map[calendar.Date]bool{}
	for _, v := range displaced {
		if v.Lead {
			days[calendar.Of(v.StartsAt, w.board.Zone())] = true
		}
	}
	today := calendar.Of(w.at, w.board.Zone())
	for day := range days {
		if day.Before(today) {
			continue
		}
		orders, err := displacedOn(ctx, w.tx, auth.System("plan").Scope(), day, w.board.Zone())
		if err != nil {
			return err
		}
		byServer := map[int32][]uuid.UUID{}
		for _, o := range orders {
			byServer[o.ServingOrgID] = append(byServer[o.ServingOrgID], o.ID)
		}
		for server, ids := range byServer {
			if !slices.ContainsFunc(displaced, func(v dispatch.InTheWay) bool { return slices.Contains(ids, v.OrderID) }) {
				continue // somebody else's trouble
			}
			p := Plan{ID: newID(), OrgID: server, State: PlanRunning, Day: day, Cause: "absence", EngineerID: &a.EngineerID, CreatedAt: w.at, RegionCodes: []string{}, Seed: 1, orderIDs: ids}
			if err := w.queuePlan(ctx, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// marshal writes what is kept as jsonb; nil lists become empty ones.
func marshal(v any) (string, error) {
	raw, err := json.Marshal(v)
	if string(raw) == "null" {
		raw = []byte("[]")
	}
	return string(raw), err
}

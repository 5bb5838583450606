package dispatch

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch/planner"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/inventory"
)

// PlanJob is an order that a day plan may place. An order without a visit is placed or listed as left
// over; one with Bound stays with its engineer and near its time unless moving it is worth the trouble.
type PlanJob struct {
	Job
	Bound *BoundVisit
	// Stays ties the order to the engineer and the time of Bound: it is kept like that or left over.
	Stays bool
}

// BoundVisit is a visit that binds somebody already and may be moved by a repair.
type BoundVisit struct {
	VisitID      uuid.UUID
	EngineerID   uuid.UUID
	StartsAt     time.Time
	EndsAt       time.Time
	LeavesAt     time.Time
	TravelMinute int
}

// DayAsk is a day to be planned.
type DayAsk struct {
	Day  calendar.Date
	Jobs []PlanJob
	Lang string
	Seed uint64
	// Used tells how much of the time for searching is used up, 0 to 1. nil searches a fixed amount
	// instead, and the same day, seed and Effort give the same plan.
	Used func() float64
	// Effort is how many changes are tried when Used is nil; 0 is the planner's usual.
	Effort   int
	Threads  int
	Progress func(fraction float64, unserved int)
	// Warm are visits of an earlier plan to begin from.
	Warm []PlannedVisit
	// Until is when an engineer is free after work that takes longer than planned.
	Until map[uuid.UUID]time.Time
	// KeepAnnounced is what moving a bound visit costs: four times this for another engineer, once for
	// another time.
	KeepAnnounced time.Duration
}

// DayPlan is what the planner proposes for a day. Nobody is bound by it.
type DayPlan struct {
	// Visits are those of all jobs that were placed, by engineer and start; bound ones that stay as they
	// are among them.
	Visits    []PlannedVisit
	Unplanned []LeftOver
	// Score is the objective, compared from the left: orders left over of priority 1 to 4, weighted
	// seconds of lateness, working seconds, metres, overtime, unfairness, moves of announced visits.
	Score      []int64
	Iterations int
	Engineers  []PlanEngineer // in the order Account refers to them
	// Stops are the fetches at stores that the visits count on.
	Stops []PlannedStop
	Notes []Reason
}

// PlanEngineer is somebody who was asked about.
type PlanEngineer struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	StaffNumber string    `json:"staff_number"`
}

// PlannedVisit is one visit of a plan.
type PlannedVisit struct {
	OrderID       uuid.UUID
	EngineerID    uuid.UUID
	EngineerName  string
	StartsAt      time.Time
	EndsAt        time.Time
	LeavesAt      time.Time
	TravelMinutes int
	Bound         *BoundVisit
	Parts         []CandidatePart
	Account       Account

	// nextLeaves is when he has to leave for what comes after, see CheckDay.
	nextLeaves *time.Time
}

// Judged is the visit as Book and Reschedule want it.
func (v PlannedVisit) Judged() Candidate {
	c := Candidate{EngineerID: v.EngineerID, Name: v.EngineerName, Eligible: true, StartsAt: &v.StartsAt, EndsAt: &v.EndsAt, LeavesAt: &v.LeavesAt, TravelMinutes: v.TravelMinutes,
		Parts: v.Parts, nextLeaves: v.nextLeaves, Reasons: []Reason{}}
	if v.Account.Chosen != nil {
		c.Reasons = v.Account.Chosen.Reasons
	}
	return c
}

// PlannedStop is a fetch at a store on the way.
type PlannedStop struct {
	EngineerID uuid.UUID     `json:"engineer_id"`
	PlaceID    uuid.UUID     `json:"place_id"`
	Place      string        `json:"place"`
	PlaceName  string        `json:"place_name"`
	StartsAt   time.Time     `json:"starts_at"`
	EndsAt     time.Time     `json:"ends_at"`
	Take       []PlannedTake `json:"take"`
}

// PlannedTake is what is fetched.
type PlannedTake struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// LeftOver is an order without a place in the day, with what stands against it, by those who are nearest to being able first.
type LeftOver struct {
	OrderID uuid.UUID
	Reasons []Reason
	Account Account
}

// Account explains one order of a plan while everything else stays as planned.
type Account struct {
	Chosen  *PlanChoice      `json:"chosen,omitempty"`
	Next    []PlanChoice     `json:"next"`
	Refused map[string][]int `json:"refused"` // by rule, indices into DayPlan.Engineers
}

// PlanChoice is an engineer who could do it, with what it would cost.
type PlanChoice struct {
	EngineerID uuid.UUID `json:"engineer_id"`
	Name       string    `json:"name"`
	StartsAt   time.Time `json:"starts_at"`
	Cost       PlanCost  `json:"cost"`
	Reasons    []Reason  `json:"reasons"`
}

// PlanCost is what engineers are compared by, from the top. Seconds and metres.
type PlanCost struct {
	Lateness int64 `json:"lateness_s"` // after the promised start, times 5 less the priority
	Effort   int64 `json:"effort_s"`   // added driving, fetching, overtime, a share of the delay
	Metres   int64 `json:"metres"`     // of added driving
	Busy     int64 `json:"busy_s"`     // booked that day already
}

// PlanDay proposes a day. It reads without locking; whoever books what it says checks it again.
//
// One order needs no search: it gets what Candidates puts first, so that the hint for one order and the
// plan of a day never contradict each other.
func (b Board) PlanDay(ctx context.Context, scope auth.Scope, ask DayAsk) (*DayPlan, error) {
	if len(ask.Jobs) == 1 && ask.Jobs[0].Bound == nil {
		return b.planOne(ctx, scope, ask)
	}
	q, err := b.askDay(ctx, scope, ask)
	if err != nil {
		return nil, err
	}
	plan, err := q.search(ctx, ask)
	if err != nil {
		return nil, err
	}
	q.onGrid(plan)
	plan.Score, _ = q.p.Score(plan)
	return q.tellDay(ask, plan)
}

// dayOf is the stretch of time that belongs to a day: shifts and visits that begin in it.
func (b Board) dayOf(day calendar.Date) (from, to time.Time) {
	return day.In(b.Zone()), day.AddDays(1).In(b.Zone())
}

// inDay are the windows of a job as far as they lie in a day; false when none of them does. Without
// windows the day is one.
func inDay(windows []Span, from, to time.Time) ([]Span, bool) {
	if len(windows) == 0 {
		return []Span{{from, to}}, true
	}
	var cut []Span
	for _, w := range windows {
		if w.From.Before(from) {
			w.From = from
		}
		if w.To.After(to) {
			w.To = to
		}
		if w.From.Before(w.To) {
			cut = append(cut, w)
		}
	}
	return cut, len(cut) > 0
}

// planOne lets Candidates choose for a single order.
func (b Board) planOne(ctx context.Context, scope auth.Scope, ask DayAsk) (*DayPlan, error) {
	job := ask.Jobs[0].Job
	out := &DayPlan{Score: make([]int64, len(planner.Score{}))}
	var possible bool
	from, to := b.dayOf(ask.Day)
	if job.Windows, possible = inDay(job.Windows, from, to); !possible {
		job.Windows = []Span{{from, from}} // over: everybody is refused by the window
	}
	if from.After(job.From) {
		job.From = from
	}
	found, notes, err := b.hints(ctx, scope, job, 0)
	if err != nil {
		return nil, err
	}
	out.Notes = notes
	account := Account{Next: []PlanChoice{}, Refused: map[string][]int{}}
	count, first := map[string]int{}, map[string]Reason{}
	for i, c := range found {
		out.Engineers = append(out.Engineers, PlanEngineer{c.EngineerID, c.Name, c.StaffNumber})
		switch {
		case !c.Eligible:
			account.Refused[c.Rule] = append(account.Refused[c.Rule], i)
			if count[c.Rule]++; count[c.Rule] == 1 && len(c.Reasons) > 0 {
				first[c.Rule] = c.Reasons[0]
			}
		case len(account.Next) < 4:
			account.Next = append(account.Next, PlanChoice{EngineerID: c.EngineerID, Name: c.Name, StartsAt: *c.StartsAt, Reasons: c.Reasons, Cost: c.cost})
		}
	}
	if len(found) == 0 || !found[0].Eligible {
		left := LeftOver{OrderID: job.OrderID, Account: account}
		for _, rule := range slices.SortedFunc(maps.Keys(count), func(a, b string) int { return nearest(planner.Rule(a), planner.Rule(b)) }) {
			if count[rule] > 1 {
				first[rule] = (&speaker{lang: job.Lang}).refusedBy(rule, count[rule])
			}
			left.Reasons = append(left.Reasons, first[rule])
		}
		if len(found) == 0 {
			s := speaker{lang: job.Lang}
			left.Reasons = append(left.Reasons, s.say(string(planner.RuleShift), string(planner.Refuse), "plan.nobody"))
		}
		out.Unplanned = append(out.Unplanned, left)
		out.Score[min(max(job.Priority, 1), 4)-1] = 1
		return out, nil
	}
	c := found[0]
	account.Chosen, account.Next = &account.Next[0], account.Next[1:]
	out.Visits = append(out.Visits, PlannedVisit{OrderID: job.OrderID, EngineerID: c.EngineerID, EngineerName: c.Name, StartsAt: *c.StartsAt, EndsAt: *c.EndsAt, LeavesAt: *c.LeavesAt,
		TravelMinutes: c.TravelMinutes, Parts: c.Parts, Account: account})
	if p := c.Pickup; p != nil && !p.Planned {
		stop := PlannedStop{EngineerID: c.EngineerID, PlaceID: p.PlaceID, Place: p.Place, PlaceName: p.PlaceName, StartsAt: p.StartsAt, EndsAt: p.StartsAt.Add(b.set.Handling)}
		for _, part := range c.Parts {
			if part.FromPlaceID != nil && *part.FromPlaceID == p.PlaceID {
				stop.Take = append(stop.Take, PlannedTake{part.SKU, part.Needed - part.InVan})
			}
		}
		out.Stops = append(out.Stops, stop)
	}
	out.Score[4], out.Score[5], out.Score[6] = c.cost.Lateness, int64(c.EndsAt.Sub(*c.LeavesAt).Seconds()), c.cost.Metres
	return out, nil
}

// nearest puts the rules first that refuse those who are nearest to being able: somebody who only lacks
// the part tells more than somebody who was never meant for the region.
func nearest(a, b planner.Rule) int {
	if x, y := slices.Index(askedFirst, a), slices.Index(askedFirst, b); x != y {
		return y - x
	}
	return strings.Compare(string(a), string(b))
}

// askedFirst is the order in which the rules are asked.
var askedFirst = []planner.Rule{RuleInactive, planner.RuleBlocked, planner.RuleRegion, planner.RuleSkill, planner.RuleTool, planner.RuleWindow, planner.RuleShift, planner.RuleAbsence, planner.RuleMaxVisits,
	planner.RuleOvertime, planner.RuleOverlap, planner.RuleTravel, planner.RulePartNone, planner.RulePartExp, planner.RulePartStore}

// search plans, and then plans anew for those whose last work would end after their shift: the way home
// may take longer than the shift, work may not.
func (q *question) search(ctx context.Context, ask DayAsk) (*planner.Plan, error) {
	o := planner.Options{Iterations: ask.Effort, Threads: max(1, ask.Threads), Seed: ask.Seed, KeepAnnounced: int64(ask.KeepAnnounced.Seconds()), Start: q.warm(ask)}
	if ask.Used != nil {
		o.Iterations = 0
		o.Clock = func() float64 {
			if ctx.Err() != nil {
				return 1
			}
			return ask.Used()
		}
	}
	if ask.Progress != nil {
		o.Progress = func(p planner.Progress) { ask.Progress(p.Fraction, p.Unserved) }
	}
	if len(q.p.Orders) == 0 || len(q.p.Engineers) == 0 {
		o.Iterations, o.Clock = 1, nil
	}
	plan, err := q.p.Plan(o)
	for try := 0; err == nil; try++ {
		late := q.afterShift(plan, try >= 3)
		if len(late) == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, e := range late {
			q.p.Engineers[e].Shifts[0].Overtime = 0
		}
		again := o
		again.Start, again.Clock, again.Progress = plan, nil, nil
		again.Iterations = max(200, min(2000, plan.Iterations/10))
		plan, err = q.p.Plan(again)
	}
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", ask.Day, err)
	}
	return plan, ctx.Err()
}

// afterShift lists engineers with work after the end of a shift; everybody who may still be late when all
// is asked for.
func (q *question) afterShift(plan *planner.Plan, all bool) []int {
	var late []int
	for _, r := range plan.Routes {
		for _, s := range r.Stops {
			if s.Order < 0 || s.Diary {
				continue
			}
			work := Span{time.Unix(s.Start, 0), time.Unix(s.Start+q.p.Orders[s.Order].Service, 0)}
			if !q.inShift(r.Engineer, work) && q.p.Engineers[r.Engineer].Shifts[0].Overtime > 0 {
				late = append(late, r.Engineer)
				break
			}
		}
	}
	if all && len(late) > 0 {
		late = late[:0]
		for e := range q.p.Engineers {
			if len(q.p.Engineers[e].Shifts) > 0 {
				late = append(late, e)
			}
		}
	}
	return late
}

// warm is an earlier plan in the planner's words: its visits by engineer, as far as both still exist.
func (q *question) warm(ask DayAsk) *planner.Plan {
	if len(ask.Warm) == 0 {
		return nil
	}
	engineer, order := map[uuid.UUID]int{}, map[string]int{}
	for i := range q.who {
		engineer[q.who[i].ID] = i
	}
	for i := range q.p.Orders {
		order[q.p.Orders[i].ID] = i
	}
	routes := map[int]*planner.Route{}
	start := &planner.Plan{}
	for _, v := range ask.Warm {
		e, works := engineer[v.EngineerID]
		o, there := order[v.OrderID.String()]
		if !works || !there {
			continue
		}
		if routes[e] == nil {
			routes[e] = &planner.Route{Engineer: e}
		}
		routes[e].Stops = append(routes[e].Stops, planner.Stop{Order: o, Store: planner.NoStore, Start: v.StartsAt.Unix()})
	}
	for _, e := range slices.Sorted(maps.Keys(routes)) {
		slices.SortFunc(routes[e].Stops, func(a, b planner.Stop) int { return int(a.Start - b.Start) })
		start.Routes = append(start.Routes, *routes[e])
	}
	return start
}

// placeOf is where a stop of a plan lies and how long it takes.
func (q *question) placeOf(s planner.Stop) (at planner.Place, lasts int64) {
	switch {
	case s.Diary:
		return s.Place, s.End - s.Start
	case s.Order >= 0:
		return q.p.Orders[s.Order].Place, q.p.Orders[s.Order].Service
	}
	return q.p.Stores[s.Store].Place, q.p.Stores[s.Store].Handling
}

// homeOf is where a route begins.
func (q *question) homeOf(e int) planner.Place {
	who := &q.p.Engineers[e]
	if len(who.Shifts) > 0 && q.p.Now >= who.Shifts[0].From && q.p.Now <= who.Shifts[0].To && who.At.Known() {
		return who.At
	}
	return who.Home
}

// onGrid lets visits begin when people expect them, where the day has room for it: what was announced at the
// announced time, everything else at a step of the grid. First the latest start of every stop is found from
// the end of the route, then the starts from its beginning.
func (q *question) onGrid(plan *planner.Plan) {
	step := int64(q.set.Grid.Seconds())
	for i := range plan.Routes {
		r := &plan.Routes[i]
		latest := q.latest(r)
		at, free := planner.Place{}, int64(math.MinInt64)
		for k := range r.Stops {
			s := &r.Stops[k]
			here, lasts := q.placeOf(*s)
			if k > 0 {
				drive, _ := q.p.Travel.Leg(at, here)
				s.Start = max(s.Start, free+drive)
			}
			if s.Order >= 0 && !s.Diary {
				target := s.Start + (step-s.Start%step)%step
				if a := q.p.Orders[s.Order].Announced; a != nil && a.Engineer == q.p.Engineers[r.Engineer].ID && a.Start >= s.Start && a.Start <= latest[k] {
					target = a.Start
				}
				if target <= latest[k] {
					s.Start = target
				}
			}
			at, free = here, s.Start+lasts
		}
		if n := len(r.Stops); n > 0 {
			home, _ := q.p.Travel.Leg(at, q.p.Engineers[r.Engineer].Home)
			r.Home = max(r.Home, free+home)
		}
	}
}

// latest is by when each stop of a route has to begin so that everything after it stays possible. A stop
// before a rest keeps its time, because the way may lie on either side of the rest.
func (q *question) latest(r *planner.Route) []int64 {
	who := &q.p.Engineers[r.Engineer]
	out := make([]int64, len(r.Stops))
	rests := append(slices.Clone(r.Breaks), q.rests(r.Engineer)...)
	next, nextAt := who.Shifts[0].To+who.Shifts[0].Overtime, who.Home
	for k := len(r.Stops) - 1; k >= 0; k-- {
		s := r.Stops[k]
		at, lasts := q.placeOf(s)
		drive, _ := q.p.Travel.Leg(at, nextAt)
		till := next - drive - lasts
		switch {
		case s.Diary:
			till = s.Start
		case s.Order >= 0:
			for _, w := range q.p.Orders[s.Order].Windows {
				if w.From <= s.Start && s.Start <= w.To {
					till = min(till, w.To)
				}
			}
			for _, shift := range q.real[r.Engineer] {
				if shift.From <= s.Start && s.Start < shift.To {
					till = min(till, shift.To-lasts)
				}
			}
		default:
			for _, w := range q.p.Stores[s.Store].Hours {
				if w.From <= s.Start && s.Start <= w.To {
					till = min(till, w.To)
				}
			}
		}
		if slices.ContainsFunc(rests, func(b planner.Window) bool { return b.From >= s.Start+lasts && b.From < next }) {
			till = s.Start
		}
		out[k] = max(till, s.Start)
		next, nextAt = out[k], at
	}
	return out
}

// rests are leave and meetings of an engineer as windows.
func (q *question) rests(e int) []planner.Window {
	var out []planner.Window
	for _, b := range q.p.Engineers[e].Blocked {
		out = append(out, planner.Window{From: b.From, To: b.To})
	}
	return out
}

// afterRests is when he sets out for what starts then: not inside hours that are taken, which the planner lets him
// spend on the way.
func (q *question) afterRests(e int, leave, start int64) int64 {
	for _, b := range q.p.Engineers[e].Blocked {
		if b.From < start && b.To > leave {
			leave = min(b.To, start)
		}
	}
	return leave
}

// tellDay turns the planner's day into what the desk keeps.
func (q *question) tellDay(ask DayAsk, plan *planner.Plan) (*DayPlan, error) {
	accounts, err := q.p.Explain(plan)
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", ask.Day, err)
	}
	out := &DayPlan{Score: plan.Score[:], Iterations: plan.Iterations, Notes: q.notes}
	byID := map[string]int{}
	for i := range q.who {
		byID[q.who[i].ID.String()] = i
		out.Engineers = append(out.Engineers, PlanEngineer{q.who[i].ID, q.who[i].Name, q.who[i].StaffNumber})
	}
	account := func(order int) Account {
		a, told := &accounts[order], Account{Next: []PlanChoice{}, Refused: map[string][]int{}}
		choice := func(c planner.Choice) PlanChoice {
			e := byID[c.Engineer]
			p := PlanChoice{EngineerID: q.who[e].ID, Name: q.who[e].Name, StartsAt: time.Unix(c.Start, 0).In(q.zone), Cost: costOf(c.Cost), Reasons: []Reason{}}
			for _, r := range c.Reasons {
				p.Reasons = append(p.Reasons, q.say.reason(e, r))
			}
			return p
		}
		if a.Chosen != nil {
			c := choice(*a.Chosen)
			told.Chosen = &c
		}
		for _, c := range a.Next {
			told.Next = append(told.Next, choice(c))
		}
		for _, r := range a.Refused {
			told.Refused[string(r.Rule)] = append(told.Refused[string(r.Rule)], byID[r.Engineer])
		}
		return told
	}
	for _, r := range plan.Routes {
		w := &q.who[r.Engineer]
		left := maps.Clone(q.p.Engineers[r.Engineer].Van)
		fetched := map[string]int{} // store by SKU
		at, free := q.homeOf(r.Engineer), r.Leave
		leaves := int64(0) // for the store right before
		for _, s := range r.Stops {
			here, lasts := q.placeOf(s)
			drive, _ := q.p.Travel.Leg(at, here)
			leave := q.afterRests(r.Engineer, max(free, s.Start-drive), s.Start)
			if leaves != 0 {
				leave = leaves
			}
			leaves = 0
			switch {
			case s.Diary:
			case s.Order < 0:
				leaves = leave
				st := q.places[q.p.Stores[s.Store].ID]
				stop := PlannedStop{EngineerID: w.ID, PlaceID: st.ID, Place: st.Code, PlaceName: st.Name, StartsAt: time.Unix(s.Start, 0).In(q.zone), EndsAt: time.Unix(s.Start+lasts, 0).In(q.zone), Take: []PlannedTake{}}
				for _, t := range s.Take {
					fetched[t.SKU] = s.Store
					stop.Take = append(stop.Take, PlannedTake{t.SKU, t.Quantity})
				}
				out.Stops = append(out.Stops, stop)
			default:
				job := &ask.Jobs[s.Order]
				v := PlannedVisit{OrderID: job.OrderID, EngineerID: w.ID, EngineerName: w.Name, StartsAt: time.Unix(s.Start, 0).In(q.zone), EndsAt: time.Unix(s.Start+lasts, 0).In(q.zone),
					LeavesAt: time.Unix(leave, 0).In(q.zone), TravelMinutes: int((drive + 59) / 60), Bound: job.Bound, Parts: q.sources(w, s.Order, left, fetched), Account: account(s.Order)}
				q.tellFetched(&v)
				out.Visits = append(out.Visits, v)
			}
			at, free = here, s.Start+lasts
		}
	}
	for _, u := range plan.Unplanned {
		a := account(u.Order)
		left := LeftOver{OrderID: ask.Jobs[u.Order].OrderID, Account: a, Reasons: []Reason{}}
		slices.SortStableFunc(u.Reasons, nearest)
		for _, rule := range u.Reasons {
			left.Reasons = append(left.Reasons, q.say.refusedBy(string(rule), len(a.Refused[string(rule)])))
		}
		if len(left.Reasons) == 0 {
			left.Reasons = append(left.Reasons, q.say.say(string(planner.RuleOverlap), string(planner.Refuse), "plan.no_room"))
		}
		out.Unplanned = append(out.Unplanned, left)
	}
	return out, nil
}

// tellFetched puts right what is said of parts: seen from the whole plan they lie in the van by then.
func (q *question) tellFetched(v *PlannedVisit) {
	c := v.Account.Chosen
	if c == nil {
		return
	}
	for _, p := range v.Parts {
		for i, r := range c.Reasons {
			if p.FromPlaceName != nil && r.Rule == string(planner.RulePartVan) && slices.Contains(r.Args, p.SKU) {
				c.Reasons[i] = q.say.say(string(planner.RulePartStore), string(planner.Neutral), "part_store.planned", *p.FromPlaceName, p.SKU)
			}
		}
	}
}

func costOf(c planner.Cost) PlanCost { return PlanCost{c.Lateness, c.Effort, c.Metres, c.Busy} }

// sources says where the parts of an order come from, taking from the van first and then from what was
// fetched on the way.
func (q *question) sources(w *person, order int, left map[string]int64, fetched map[string]int) []CandidatePart {
	parts := []CandidatePart{}
	for _, need := range q.p.Orders[order].Parts {
		p := CandidatePart{PartID: q.parts[need.SKU], SKU: need.SKU, Needed: need.Quantity, InVan: min(need.Quantity, max(0, left[need.SKU]))}
		if w.van != nil {
			p.VanID = &w.van.ID
			left[need.SKU] -= p.InVan
		}
		if p.InVan < p.Needed {
			if at, ok := fetched[need.SKU]; ok {
				s := q.places[q.p.Stores[at].ID]
				p.FromPlace, p.FromPlaceID, p.FromPlaceName = &s.Code, &s.ID, &s.Name
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// regionKey names a region as seen by the organisations that serve an order: another centre's engineers
// are strangers to it even in the same region.
func regionKey(j *Job) string {
	key := ""
	for _, org := range j.OrgIDs {
		key += strconv.Itoa(int(org)) + ","
	}
	if j.RegionCode != nil {
		key += "/" + *j.RegionCode
	}
	return key
}

// poseDay writes all orders and all people into the problem; their days follow.
func (q *question) poseDay(ask DayAsk, from, to time.Time, covers map[uuid.UUID]map[string]bool, skills map[uuid.UUID]map[string]int) {
	keys := map[string]*Job{}
	for i := range ask.Jobs {
		j := &ask.Jobs[i]
		keys[regionKey(&j.Job)] = &j.Job
		if j.RegionCode != nil {
			q.say.regions[regionKey(&j.Job)] = named(q.say.regions, *j.RegionCode)
		}
		o := planner.Order{ID: j.OrderID.String(), Service: int64(j.Duration.Seconds()), Due: planner.NoDue, Priority: j.Priority, Region: regionKey(&j.Job)}
		if o.Priority < 1 || o.Priority > 4 {
			o.Priority = 3
		}
		if j.At != nil {
			o.Place = planner.At(j.At.Lat, j.At.Lng)
		}
		if j.DueAt != nil {
			o.Due = j.DueAt.Unix()
		}
		if len(j.Skills) > 0 {
			o.Skills = map[string]int{}
			for _, code := range j.Skills {
				o.Skills[code] = 1
			}
		}
		needed := map[string]int64{}
		for _, n := range j.Parts {
			needed[n.SKU] += n.Quantity
		}
		for _, sku := range slices.Sorted(maps.Keys(needed)) {
			if needed[sku] > 0 {
				o.Parts = append(o.Parts, planner.Part{SKU: sku, Quantity: needed[sku]})
			}
		}
		if windows, ok := inDay(j.Windows, from, to); ok {
			for _, w := range windows {
				o.Windows = append(o.Windows, startsIn(w))
			}
		} else {
			o.Windows = []planner.Window{{From: from.Unix(), To: from.Unix() - 1}}
		}
		if j.Unwanted != nil {
			o.BlockedEngineers = []string{j.Unwanted.String()}
		}
		if j.Wanted != nil {
			o.Preferred = j.Wanted.String()
		}
		if v := j.Bound; v != nil {
			o.Announced = &planner.Pin{Engineer: v.EngineerID.String(), Start: v.StartsAt.Unix()}
			if j.Stays {
				o.Pinned, o.Windows = o.Announced, []planner.Window{{From: v.StartsAt.Unix(), To: v.StartsAt.Unix()}}
			}
		}
		q.p.Orders = append(q.p.Orders, o)
	}
	q.p.Engineers = make([]planner.Engineer, len(q.who))
	q.real = make([][]planner.Shift, len(q.who))
	for i := range q.who {
		w, e := &q.who[i], &q.p.Engineers[i]
		e.ID, e.MaxVisits, e.Skills = w.ID.String(), w.MaxVisits, skills[w.ID]
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			j := keys[key]
			if len(j.OrgIDs) > 0 && !slices.Contains(j.OrgIDs, w.OrgID) {
				continue
			}
			if j.RegionCode == nil {
				e.Regions = append(e.Regions, key)
				continue
			}
			own, covered := covers[w.ID][*j.RegionCode]
			switch {
			case covered && own:
				e.Regions = append(e.Regions, key)
			case covered:
				e.HelpsOut = append(e.HelpsOut, key)
			}
		}
		if w.HomeLat != nil && w.HomeLng != nil {
			e.Home = planner.At(*w.HomeLat, *w.HomeLng)
		}
		if w.van != nil {
			e.Van = map[string]int64{}
			for sku, part := range q.parts {
				e.Van[sku] = max(0, w.van.Free[part])
			}
		}
	}
}

// oneShift makes one working day of each engineer's shifts: those that begin on the day, from the first to
// the last, with what lies between them as time off. Entries of the diary that run into each other are
// cut, since what is late delays only what follows.
func (q *question) oneShift(ask DayAsk, from, to time.Time) {
	for i := range q.p.Engineers {
		e := &q.p.Engineers[i]
		var today []planner.Shift
		for _, s := range e.Shifts {
			if s.From >= from.Unix() && s.From < to.Unix() {
				today = append(today, s)
			}
		}
		if len(today) > 1 {
			for k := 1; k < len(today); k++ {
				if today[k-1].To < today[k].From {
					e.Blocked = append(e.Blocked, planner.Blocked{From: today[k-1].To, To: today[k].From})
				}
			}
			last := today[len(today)-1]
			today = []planner.Shift{{From: today[0].From, To: last.To, Overtime: last.Overtime}}
		}
		e.Shifts = today
	}
	slices.SortStableFunc(q.p.Booked, func(a, b planner.Visit) int {
		if a.Engineer != b.Engineer {
			return a.Engineer - b.Engineer
		}
		return int(a.Start - b.Start)
	})
	for k := range q.p.Booked {
		v := &q.p.Booked[k]
		if until, runs := ask.Until[q.who[v.Engineer].ID]; runs && v.Store == planner.NoStore && v.Start <= q.p.Now && v.End > q.p.Now-int64(q.set.JustPast.Seconds()) {
			v.End = max(v.End, until.Unix())
		}
	}
	for k := 1; k < len(q.p.Booked); k++ {
		if before, v := &q.p.Booked[k-1], &q.p.Booked[k]; before.Engineer == v.Engineer && before.End > v.Start {
			before.End = max(before.Start, v.Start)
		}
	}
}

// blockTight takes visits that their engineer cannot reach in time by the planner's own count, such as one
// that somebody booked with a reason, out of his way: the hours stay taken, wherever he is then. The
// planner would otherwise see no day there at all.
func (q *question) blockTight() {
	kept := q.p.Booked[:0]
	free, at := make([]int64, len(q.p.Engineers)), make([]planner.Place, len(q.p.Engineers))
	for i := range q.p.Engineers {
		if e := &q.p.Engineers[i]; len(e.Shifts) > 0 {
			free[i], at[i] = max(e.Shifts[0].From, q.p.Now), q.homeOf(i)
		}
	}
	for _, v := range q.p.Booked {
		i := v.Engineer
		e := &q.p.Engineers[i]
		if len(e.Shifts) == 0 || v.End <= free[i] && v.End <= max(e.Shifts[0].From, q.p.Now) {
			kept = append(kept, v)
			continue
		}
		drive, _ := q.p.Travel.Leg(at[i], v.Place)
		home, _ := q.p.Travel.Leg(v.Place, e.Home)
		if free[i]+drive > v.Start || v.End+home > e.Shifts[0].To+e.Shifts[0].Overtime {
			e.Blocked = append(e.Blocked, planner.Blocked{From: v.Start, To: v.End})
		} else {
			kept = append(kept, v)
		}
		free[i], at[i] = max(free[i], v.End), v.Place
	}
	q.p.Booked = kept
}

// Broken is one thing that no longer holds of a plan.
type Broken struct {
	Kind       string     `json:"kind"` // order, visit, absence, shift, part, engineer, late, route
	OrderID    *uuid.UUID `json:"work_order_id,omitempty"`
	EngineerID *uuid.UUID `json:"engineer_id,omitempty"`
	Text       string     `json:"text"`
	Key        string     `json:"-"`
	Args       []string   `json:"-"`
}

// CheckDay asks whether visits of a plan could still be carried out, over the world as it is: nothing
// locked here, so lock the engineers and the orders before when the answer must hold. An empty answer
// means yes, and every visit then knows the way that follows it. visits are those of the plan that would
// be booked or moved, jobs their orders.
func (b Board) CheckDay(ctx context.Context, scope auth.Scope, ask DayAsk, visits []PlannedVisit, stops []PlannedStop) ([]Broken, error) {
	q, err := b.askDay(ctx, scope, ask)
	if err != nil {
		return nil, err
	}
	c := checking{question: q, ask: ask, engineer: map[uuid.UUID]int{}, order: map[uuid.UUID]int{}}
	for i := range q.who {
		c.engineer[q.who[i].ID] = i
	}
	for i := range ask.Jobs {
		c.order[ask.Jobs[i].OrderID] = i
	}
	q.p.Travel.Unknown = 0 // a guessed way refuses nobody
	c.each(visits)
	c.parts(visits)
	if len(c.found) == 0 {
		c.routes(visits, stops)
	}
	return c.found, nil
}

type checking struct {
	*question
	ask      DayAsk
	engineer map[uuid.UUID]int
	order    map[uuid.UUID]int
	found    []Broken
}

func (c *checking) broken(kind string, order, engineer *uuid.UUID, key string, args ...string) {
	r := c.say.say(kind, string(planner.Refuse), "plan."+key, args...)
	c.found = append(c.found, Broken{Kind: kind, OrderID: order, EngineerID: engineer, Text: r.Text, Key: r.Key, Args: r.Args})
}

// each looks at every visit by itself: the engineer, his shift, his diary.
func (c *checking) each(visits []PlannedVisit) {
	for i := range visits {
		v := &visits[i]
		e, there := c.engineer[v.EngineerID]
		if !there {
			c.broken("engineer", &v.OrderID, &v.EngineerID, "engineer_gone", v.EngineerName)
			continue
		}
		from, to := v.StartsAt.Unix(), v.EndsAt.Unix()
		o := &c.p.Orders[c.order[v.OrderID]]
		who := &c.p.Engineers[e]
		switch {
		case !slices.Contains(who.Regions, o.Region) && !slices.Contains(who.HelpsOut, o.Region):
			c.broken("engineer", &v.OrderID, &v.EngineerID, "engineer_region", v.EngineerName)
			continue
		case slices.ContainsFunc(slices.Collect(maps.Keys(o.Skills)), func(code string) bool { return who.Skills[code] < o.Skills[code] }):
			c.broken("engineer", &v.OrderID, &v.EngineerID, "engineer_skill", v.EngineerName)
			continue
		case slices.Contains(o.BlockedEngineers, who.ID):
			c.broken("engineer", &v.OrderID, &v.EngineerID, "engineer_unwanted", v.EngineerName)
			continue
		case !c.inShift(e, Span{v.StartsAt, v.EndsAt}):
			c.broken("shift", &v.OrderID, &v.EngineerID, "shift_changed", v.EngineerName, c.say.span(from, to))
			continue
		case len(o.Windows) > 0 && !slices.ContainsFunc(o.Windows, func(w planner.Window) bool { return w.From <= from && from <= w.To }):
			c.broken("order", &v.OrderID, &v.EngineerID, "window_changed", c.say.span(from, to))
			continue
		case from < c.p.Now:
			c.broken("late", &v.OrderID, &v.EngineerID, "too_late", c.say.clock(from))
			continue
		}
		for _, a := range c.who[e].away {
			if a.from < to && from < a.to {
				c.broken("absence", &v.OrderID, &v.EngineerID, "away", v.EngineerName, c.say.span(a.from, a.to))
				break
			}
		}
		for _, b := range c.who[e].booked {
			if b.Start < to && from < b.End {
				c.broken("visit", &v.OrderID, &v.EngineerID, "booked", v.EngineerName, c.say.span(b.Start, b.End))
				break
			}
		}
	}
}

// parts counts whether every place still has what all visits together draw from it.
func (c *checking) parts(visits []PlannedVisit) {
	type spot struct{ place, part uuid.UUID }
	free, name := map[spot]int64{}, map[uuid.UUID]string{}
	note := func(p *inventory.SupplyPlace) {
		for part, n := range p.Free {
			free[spot{p.ID, part}] = n
		}
		name[p.ID] = p.Name
	}
	for _, p := range c.places {
		note(p)
	}
	for i := range c.who {
		if c.who[i].van != nil {
			note(c.who[i].van)
		}
	}
	for i := range visits {
		v := &visits[i]
		for _, need := range c.p.Orders[c.order[v.OrderID]].Parts {
			at := slices.IndexFunc(v.Parts, func(p CandidatePart) bool { return p.SKU == need.SKU && p.Needed >= need.Quantity })
			if at < 0 {
				c.broken("order", &v.OrderID, nil, "parts_changed", need.SKU)
			}
		}
		for _, h := range (Candidate{Parts: v.Parts}).Held() {
			s := spot{h.PlaceID, h.PartID}
			if free[s] -= h.Quantity; free[s] < 0 {
				sku := ""
				for _, p := range v.Parts {
					if p.PartID == h.PartID {
						sku = p.SKU
					}
				}
				c.broken("part", &v.OrderID, &v.EngineerID, "part_gone", sku, orCode(name[h.PlaceID]))
				free[s] = 0
			}
		}
	}
}

func orCode(name string) string {
	if name == "" {
		return "–"
	}
	return name
}

// routes asks the planner's own referee about whole days: every way, every rest, the way home.
func (c *checking) routes(visits []PlannedVisit, stops []PlannedStop) {
	store := map[string]int{}
	for i := range c.p.Stores {
		store[c.p.Stores[i].ID] = i
	}
	routes := map[int][]planner.Stop{}
	for i := range visits {
		v := &visits[i]
		e := c.engineer[v.EngineerID]
		routes[e] = append(routes[e], planner.Stop{Order: c.order[v.OrderID], Store: planner.NoStore, Start: v.StartsAt.Unix()})
	}
	for _, s := range stops {
		e, works := c.engineer[s.EngineerID]
		at, open := store[s.PlaceID.String()]
		if !works || len(routes[e]) == 0 {
			continue
		}
		if !open {
			c.broken("part", nil, &s.EngineerID, "store_gone", s.PlaceName)
			return
		}
		stop := planner.Stop{Order: planner.NoOrder, Store: at, Start: s.StartsAt.Unix()}
		for _, t := range s.Take {
			stop.Take = append(stop.Take, planner.Part{SKU: t.SKU, Quantity: t.Quantity})
		}
		routes[e] = append(routes[e], stop)
	}
	visitOf := map[int]*PlannedVisit{}
	for i := range visits {
		visitOf[c.order[visits[i].OrderID]] = &visits[i]
	}
	for e, list := range routes {
		if len(c.p.Engineers[e].Shifts) == 0 {
			continue // said already
		}
		plan := planner.Plan{}
		for _, v := range c.p.Booked {
			if v.Engineer == e && v.End > c.p.Now && v.Start < c.p.Engineers[e].Shifts[0].To {
				list = append(list, planner.Stop{Order: planner.NoOrder, Store: v.Store, Start: v.Start, End: v.End, Diary: true, Place: v.Place})
			}
		}
		slices.SortStableFunc(list, func(a, b planner.Stop) int { return int(a.Start - b.Start) })
		r := planner.Route{Engineer: e, Stops: list}
		first, _ := c.placeOf(list[0])
		drive, _ := c.p.Travel.Leg(c.homeOf(e), first)
		r.Leave = list[0].Start - drive
		at, lasts := c.placeOf(list[len(list)-1])
		home, _ := c.p.Travel.Leg(at, c.p.Engineers[e].Home)
		r.Home = list[len(list)-1].Start + lasts + home
		plan.Routes = append(plan.Routes, r)
		served := map[int]bool{}
		for k, s := range list {
			served[s.Order] = true
			if v := visitOf[s.Order]; v != nil && k+1 < len(list) {
				here, _ := c.placeOf(s)
				there, _ := c.placeOf(list[k+1])
				drive, _ := c.p.Travel.Leg(here, there)
				leaves := time.Unix(c.afterRests(e, max(s.Start+c.p.Orders[s.Order].Service, list[k+1].Start-drive), list[k+1].Start), 0)
				v.nextLeaves = &leaves
			}
		}
		for o := range c.p.Orders {
			if !served[o] {
				plan.Unplanned = append(plan.Unplanned, planner.Unplanned{Order: o})
			}
		}
		// What was wrong with the day already, by somebody's word, is not the plan's fault.
		before := plan
		r.Stops = slices.DeleteFunc(slices.Clone(list), func(s planner.Stop) bool { return !s.Diary })
		before.Routes, before.Unplanned = []planner.Route{r}, nil
		for o := range c.p.Orders {
			before.Unplanned = append(before.Unplanned, planner.Unplanned{Order: o})
		}
		_, already := c.p.Score(&before)
		if _, wrong := c.p.Score(&plan); len(wrong) > len(already) {
			who := c.who[e].ID
			c.broken("route", nil, &who, "day_changed", c.who[e].Name)
		}
	}
}

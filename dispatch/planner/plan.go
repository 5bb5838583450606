package planner

import (
	"slices"
	"sync"
)

// Options of a plan. The zero value plans by the service objective for a moment.
type Options struct {
	Objective Objective
	// Iterations of every island; 0 together with a nil Clock means DefaultIterations.
	Iterations int
	// Clock tells how much of the time is used up, 0 to 1; the plan ends at 1. It is asked once
	// in a while by one goroutine at a time. With a Clock a plan is not repeatable; without, the
	// same problem, seed, iterations and threads give the same plan.
	Clock func() float64
	// Threads is the number of islands, at least one.
	Threads int
	Seed    uint64
	// Progress, when set, hears of the best plan so far after every round.
	Progress func(Progress)
	// Start is a plan to begin from, for a repair after something happened.
	Start *Plan
	// KeepAnnounced is what a change of an announced visit costs in seconds: four times this
	// for another engineer, once for a start moved by more than half an hour.
	KeepAnnounced int64
}

// DefaultIterations when nothing else is said.
const DefaultIterations = 20000

// Progress is a look at a running plan.
type Progress struct {
	Fraction   float64
	Iterations int
	Unserved   int
	Cost       int64
}

// Plan is a day for everybody.
type Plan struct {
	Routes    []Route
	Unplanned []Unplanned
	Score     Score
	// Iterations that were made by all islands together.
	Iterations int
}

// Route is one engineer's day; engineers without work have none.
type Route struct {
	Engineer int
	// Leave is when he leaves, Home when he is back, breaks included.
	Leave, Home int64
	Stops       []Stop
	Breaks      []Window
}

// Stop is a visit at an order, at a store, or an entry of the diary.
type Stop struct {
	Order int // index, or NoOrder
	Store int // index, or NoStore
	Start int64
	// Diary marks an entry that was there before, at Place until End.
	Diary bool
	Place Place
	End   int64
	// Take is what is fetched at a store.
	Take []Part
}

// NoOrder marks a stop that is not an order.
const NoOrder = -1

// Unplanned is an order that is in no route, with what refuses the engineers.
type Unplanned struct {
	Order   int
	Reasons []Rule
}

// Score is the objective vector, compared from the left: unserved orders of priority 1 to 4,
// weighted lateness, working seconds, metres, overtime, fairness, stability.
type Score [10]int64

// Less tells whether a is the better score.
func (a Score) Less(b Score) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// Plan makes a day plan of the first shift of every engineer.
func (p *Problem) Plan(o Options) (*Plan, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if o.Iterations <= 0 && o.Clock == nil {
		o.Iterations = DefaultIterations
	}
	m := newModel(p, o)
	islands := make([]*search, max(1, o.Threads))
	for i := range islands {
		islands[i] = newSearch(m, o.Seed*1_000_003+uint64(i))
	}
	if o.Start != nil {
		islands[0].follow(o.Start)
	}
	done := 0
	each(islands, func(s *search) { s.start() })
	if len(m.f.orders) > 0 {
		done = improve(islands, o)
	}
	each(islands, func(s *search) { s.finish() })
	plan := leader(islands).plan()
	plan.Iterations = done
	plan.Score, _ = p.Score(plan)
	if len(plan.Unplanned) > 0 {
		if err := p.sayWhy(plan); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// leader is the island with the best plan, the first of equals.
func leader(islands []*search) *search {
	best := islands[0]
	for _, s := range islands[1:] {
		if s.top.beats(&best.top) {
			best = s
		}
	}
	return best
}

func (t *snapshot) beats(u *snapshot) bool {
	r := t.left.compare(u.left)
	return r < 0 || r == 0 && t.rank.less(u.rank)
}

// show gives every island the routes of the others' best plans, for its next recombination.
func show(islands []*search) {
	for _, s := range islands {
		if len(s.m.f.orders) > pooledOrders {
			return
		}
		for _, other := range islands {
			if other == s {
				continue
			}
			for i := range other.top.routes {
				if len(other.top.routes[i].stops) > 0 {
					s.pool.add(&other.top.routes[i])
				}
			}
		}
	}
}

// exchange lets the island that is furthest behind go on from the best plan.
func exchange(islands []*search) {
	best, worst := leader(islands), islands[len(islands)-1]
	for _, s := range islands {
		if worst.top.beats(&s.top) {
			worst = s
		}
	}
	if best.top.beats(&worst.top) {
		worst.adopt(&best.top, false)
	}
}

func each(islands []*search, do func(*search)) {
	if len(islands) == 1 {
		do(islands[0])
		return
	}
	var wait sync.WaitGroup
	for _, s := range islands {
		wait.Go(func() { do(s) })
	}
	wait.Wait()
}

// rounds is how often islands exchange what they have.
const rounds = 50

// A plan is remembered every so many iterations; remembered routes are recombined for the
// first time after so many, and then as often as the work allows.
const (
	rememberEvery = 20
	// Looking at so many remembered routes weighs as one iteration: on larger days, where a
	// recombination takes longer, there are fewer of them.
	combineFirst = 2000
	combineShare = 6000
	// Lateness is mild for this part of the time.
	mildUntil = 0.8
	// Islands show each other routes every so many rounds, and all but the worst go their own way
	// between a few exchanges: two that always start from the same plan find the same.
	showEvery = 10
	exchanges = 8
)

// improve runs the islands in rounds of equal length until the budget is used.
func improve(islands []*search, o Options) int {
	size := max(1, o.Iterations/rounds)
	if o.Iterations <= 0 {
		size = max(16, min(200, 20000/len(islands[0].m.jobs)))
	}
	for _, s := range islands {
		if s.due = combineFirst; o.Iterations > 0 {
			s.due = max(1, min(combineFirst, o.Iterations/5))
		}
	}
	done, fraction, round := 0, 0.0, 0
	for fraction < 1 {
		length := size
		if o.Iterations > 0 {
			length = min(size, o.Iterations-done)
		}
		until := fraction
		if o.Iterations > 0 {
			until = float64(done+length) / float64(o.Iterations)
		}
		each(islands, func(s *search) {
			s.tally()
			if fraction < mildUntil {
				s.weigh(mildLate)
			} else {
				s.weigh(strictLate)
			}
			for k := range length {
				at := fraction + (until-fraction)*float64(k)/float64(length)
				s.step(s.pace.at(at))
				if k%rememberEvery == 0 {
					s.remember()
				}
			}
			s.move(length, until)
			if s.since += length; len(s.m.f.orders) <= pooledOrders && s.since >= s.due {
				s.pool.work = 0
				s.recombine()
				s.since, s.due = 0, max(s.due, s.pool.work/combineShare)
			}
		})
		done += length
		was := fraction
		fraction = until
		if o.Iterations > 0 && done >= o.Iterations {
			fraction = 1
		}
		if o.Clock != nil {
			fraction = max(fraction, o.Clock())
		}
		if round++; len(islands) > 1 {
			if round%showEvery == 0 {
				show(islands)
			}
			if int(was*exchanges) != int(fraction*exchanges) {
				exchange(islands)
			}
		}
		if o.Progress != nil {
			top := &leader(islands).top
			o.Progress(Progress{Fraction: fraction, Iterations: done * len(islands), Unserved: len(top.absent), Cost: top.rank.dur})
		}
	}
	return done * len(islands)
}

// follow puts orders where an earlier plan had them, as far as that is still possible: whole
// routes as they were, and where something no longer fits, order by order.
func (s *search) follow(plan *Plan) {
	for i := range plan.Routes {
		was := &plan.Routes[i]
		if was.Engineer < 0 || was.Engineer >= len(s.routes) || !s.m.crews[was.Engineer].works {
			continue
		}
		r := &s.routes[was.Engineer]
		if s.copyRoute(r, was) {
			continue
		}
		for _, stop := range was.Stops {
			id := int32(stop.Order)
			if id < 0 || int(id) >= len(s.m.f.orders) || s.where[id] >= 0 || !s.m.allowed(id, r.crew) {
				continue
			}
			if ch := s.best(r, id, noChance); ch.crew >= 0 {
				s.count(r, -1)
				s.put(r, id, ch)
				s.settle(r)
				s.count(r, 1)
			}
		}
	}
	kept := s.absent[:0]
	for _, id := range s.absent {
		if s.where[id] < 0 {
			kept = append(kept, id)
		} else {
			s.left[s.m.level(id)]--
		}
	}
	s.absent = kept
}

// copyRoute takes over a whole route with its breaks, or changes nothing.
func (s *search) copyRoute(r *route, was *Route) bool {
	m := s.m
	c := &m.crews[r.crew]
	if len(c.entries) > 0 || len(r.stops) > 0 {
		return false
	}
	m.begin(r)
	stops := r.stops[:1]
	home := r.stops[1]
	for _, stop := range was.Stops {
		x := stopAt(stop.Start)
		var windows []Window
		switch {
		case stop.Diary:
			continue
		case stop.Order >= 0 && stop.Order < len(m.f.orders):
			j := &m.jobs[stop.Order]
			if s.where[stop.Order] >= 0 || !m.allowed(int32(stop.Order), r.crew) {
				continue
			}
			x.job, x.place, x.store, x.service = int32(stop.Order), j.place, NoStore, j.service
			windows = j.windows
		case stop.Store >= 0 && stop.Store < len(m.stores):
			d := &m.stores[stop.Store]
			x.job, x.place, x.store, x.service = atStore, d.place, int32(stop.Store), d.handling
			windows = d.windows
		default:
			continue
		}
		for _, w := range windows {
			if w.From <= stop.Start && stop.Start <= w.To {
				x.open, x.close = w.From, w.To
				stops = append(stops, x)
				break
			}
		}
	}
	stops[0].rests = 0
	for k := range c.rests {
		at := 0
		for _, b := range was.Breaks {
			if b.From >= c.rests[k].from && b.From <= c.rests[k].latest {
				for i := 1; i < len(stops); i++ {
					if stops[i].early+stops[i].service <= b.From { // early holds the planned start until settled
						at = i
					}
				}
				break
			}
		}
		stops[at].rests |= 1 << k
	}
	s.count(r, -1)
	r.stops = append(stops, home)
	ok := len(stops) > 1 && s.settle(r) && r.count <= c.maxVisits && s.carries(r)
	if !ok {
		r.stops = r.stops[:0]
		s.settle(r)
	}
	s.count(r, 1)
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 {
			s.where[id] = r.crew
		}
	}
	return ok
}

// stopAt is an empty stop that remembers a planned start.
func stopAt(start int64) stop { return stop{early: start} }

// carries tells whether parts and tools are at hand wherever a route needs them.
func (s *search) carries(r *route) bool {
	first := s.firstNeed(r)
	if first < 0 {
		return true
	}
	return r.at > 0 && int(r.at) < first && s.lends(r, int(r.took), first)
}

// plan writes the best plan down with times.
func (s *search) plan() *Plan {
	m := s.m
	out := &Plan{}
	for i := range s.top.routes {
		if len(s.top.routes[i].stops) > 0 {
			out.Routes = append(out.Routes, m.timetable(&s.top.routes[i]))
		}
	}
	for o := range m.f.orders {
		left := false
		for _, id := range s.top.absent {
			left = left || int(id) == o
		}
		if left {
			out.Unplanned = append(out.Unplanned, Unplanned{Order: o})
		}
	}
	return out
}

// timetable gives every stop its time: leave as late as the end of the day and the promises
// allow, then do everything as soon as possible.
func (m *model) timetable(r *route) Route {
	c := &m.crews[r.crew]
	van := m.f.vanOf(int(r.crew))
	out := Route{Engineer: int(c.engineer), Leave: r.stops[0].s.e}
	if m.objective == Distance {
		out.Leave = c.from
	}
	t := out.Leave
	for i := range r.stops {
		st := &r.stops[i]
		start := max(t, st.open)
		if i == 0 {
			start = out.Leave
		}
		if i == len(r.stops)-1 {
			out.Home = start
			break
		}
		free := start + st.service
		switch {
		case st.job >= 0 && int(st.job) < len(m.f.orders):
			out.Stops = append(out.Stops, Stop{Order: int(st.job), Store: NoStore, Start: start})
		case st.job >= 0:
			out.Stops = append(out.Stops, Stop{Order: NoOrder, Store: int(m.jobs[st.job].pickup), Start: start, Diary: true, Place: m.jobs[st.job].where, End: free})
		case st.job == atStore:
			visit := Stop{Order: NoOrder, Store: int(st.store), Start: start}
			for _, u := range r.parts {
				if n := u.all - van[u.sku]; n > 0 {
					visit.Take = append(visit.Take, Part{m.f.skus[u.sku], n})
				}
			}
			slices.SortFunc(visit.Take, func(a, b Part) int { return int(m.f.sku[a.SKU] - m.f.sku[b.SKU]) })
			out.Stops = append(out.Stops, visit)
		}
		leg := m.leg(st.place, r.stops[i+1].place)
		at := free
		for k, mask := 0, st.rests; mask != 0; k, mask = k+1, mask>>1 {
			if mask&1 != 0 {
				from := max(at, c.rests[k].from)
				out.Breaks = append(out.Breaks, Window{from, from + c.rests[k].length})
				at = from + c.rests[k].length
			}
		}
		t, _ = c.overRests(free, leg, st.rests)
	}
	slices.SortFunc(out.Breaks, func(a, b Window) int { return compare(a.From, b.From) })
	return out
}

package planner

import (
	"math"
	"slices"
)

// Slot says which of an engineer's possible times a candidate stands for.
type Slot uint8

const (
	// Earliest is the exact first moment at which the visit can start; among equal starts the
	// one with the least effort.
	Earliest Slot = iota
	// Cheapest is the place in the diary with the least cost, as the day plan would choose it.
	Cheapest
)

// CandidateOptions of one question. The zero value is what a dispatcher wants.
type CandidateOptions struct {
	Slot Slot
	// Limit is for how many eligible candidates reasons are told; 0 is all. Refused engineers
	// always carry the one rule that refused.
	Limit   int
	Weights Weights
}

// Weights turn what happens on the way into seconds of effort. A zero Weights stands for
// DefaultWeights.
type Weights struct {
	// Pickup is added for a new store visit, beside its detour and handling: a shelf may be
	// empty, a counter busy. 30 minutes let a part in the own van win over 10 km and more.
	Pickup int64
	// Familiar is taken off for the engineer the customer knows.
	Familiar int64
	// DelayShare is the number of seconds of delay that weigh as one second of effort: a day
	// later weighs as an hour's drive.
	DelayShare int64
}

// DefaultWeights are 30 minutes for a pick-up, 15 for a familiar face, a 24th of the delay.
func DefaultWeights() Weights { return Weights{Pickup: 30 * 60, Familiar: 15 * 60, DelayShare: 24} }

// Cost is what candidates are ranked by, compared field by field from the top.
type Cost struct {
	// Lateness is seconds after the promised start times (5 − priority).
	Lateness int64 `json:"lateness"`
	// Effort is seconds: added driving, handling and allowance of a store visit, overtime
	// (counted once more), a share of the delay, less for a familiar face.
	Effort int64 `json:"effort"`
	// Metres of added driving.
	Metres int64 `json:"metres"`
	// Busy is the seconds already booked that day.
	Busy int64 `json:"busy"`
}

func (c Cost) compare(d Cost) int {
	if r := compare(c.Lateness, d.Lateness); r != 0 {
		return r
	}
	if r := compare(c.Effort, d.Effort); r != 0 {
		return r
	}
	if r := compare(c.Metres, d.Metres); r != 0 {
		return r
	}
	return compare(c.Busy, d.Busy)
}

// score maps a cost to 0..100, never ranking two candidates against their costs: in time it
// falls from 100 by half of what is above 50 with every hour of effort; late is below 50.
func (c Cost) score() int {
	half := func(x int64) int64 { return 50 * 3600 / (3600 + min(max(x, 0), 1<<40)) }
	if c.Lateness > 0 {
		return int(half(c.Lateness)) * 49 / 50
	}
	return int(50 + half(c.Effort))
}

// Candidate is one engineer judged for one order.
type Candidate struct {
	Engineer int
	ID       string
	Eligible bool
	// Score is 0..100 for people to read; the order of the list is by Cost.
	Score int
	Cost  Cost
	// Rule is the rule that refused, empty when eligible.
	Rule Rule
	// Shift is the index of the engineer's shift.
	Shift int
	// Leave is the last moment to leave the place before (for the store, when the pick-up comes
	// right before), Start and End are the service.
	Leave, Start, End int64
	// TravelBefore is the last leg to the customer, TravelAfter the leg to what comes next.
	TravelBefore, TravelAfter int64
	MetresBefore              int64
	// DetourSeconds and DetourMetres are the driving that the visit adds, with the pick-up.
	DetourSeconds, DetourMetres int64
	Overtime                    int64
	// Lateness is seconds after the promised start, not weighted.
	Lateness int64
	// Visits and Busy are the day with this visit.
	Visits int
	Busy   int64
	Pickup StoreVisit
	Parts  []PartSource
	// Reasons tell, rule by rule, what spoke for and against.
	Reasons []Reason
}

// StoreVisit is a pick-up on the way; Store is NoStore when none is needed.
type StoreVisit struct {
	Store int
	// Planned is true when the engineer goes there anyway.
	Planned    bool
	Start, End int64
	// DetourSeconds is the driving and handling that only the pick-up causes.
	DetourSeconds int64
}

// PartSource says where one needed part comes from.
type PartSource struct {
	SKU    string
	Needed int64
	InVan  int64
	// Store is where the rest is fetched, or NoStore.
	Store int
	// Expected is when a delivery on its way can be fetched, 0 when the part is there now.
	Expected int64
}

// Scanner answers many questions about one problem. It is not safe for use by several
// goroutines at once, and a scan's result is valid until the next scan.
type Scanner struct {
	f     *facts
	days  []day
	first []int32 // of an engineer in days

	judged  []Candidate // by engineer
	ranking []int32
	found   []Candidate // in the order of the answer
	reasons []Reason
	parts   []PartSource
	missing []need
	ready   []int64 // by store: from when it holds all that is missing
	stops   []stopover
	origin  int64 // the first moment the order could start, from which delay counts
}

// stopover is a pick-up that fits into a gap of its own.
type stopover struct {
	store      int32
	gap        int32
	planned    bool
	right      int32 // the anchor before which it lies
	sets       uint16
	start, end int64
	leave      int64
	detour     int64
	metres     int64
}

// NewScanner checks the problem and reads all diaries.
func NewScanner(p *Problem) (*Scanner, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	s := &Scanner{f: newFacts(p), first: make([]int32, len(p.Engineers)+1)}
	inOrder := func(a, b Visit) int {
		if a.Engineer != b.Engineer {
			return a.Engineer - b.Engineer
		}
		return compare(a.Start, b.Start)
	}
	booked := p.Booked
	if !slices.IsSortedFunc(booked, inOrder) {
		booked = slices.Clone(booked)
		slices.SortStableFunc(booked, inOrder)
	}
	shifts := 0
	for e := range p.Engineers {
		shifts += len(p.Engineers[e].Shifts)
	}
	s.days = make([]day, 0, shifts)
	r := &reading{anchors: make([]anchor, 0, len(booked)+2*shifts), gaps: make([]gap, 0, len(booked)+shifts)}
	for e := range p.Engineers {
		n := 0
		for n < len(booked) && booked[n].Engineer == e {
			n++
		}
		for k := range p.Engineers[e].Shifts {
			if d, ok := s.f.newDay(r, e, k, booked[:n]); ok {
				s.days = append(s.days, d)
			}
		}
		booked = booked[n:]
		s.first[e+1] = int32(len(s.days))
	}
	return s, nil
}

// Candidates judges every engineer for one order: eligible ones first, best first, then the
// refused ones, each with the rule that refused.
func (p *Problem) Candidates(order int, o CandidateOptions) ([]Candidate, error) {
	s, err := NewScanner(p)
	if err != nil {
		return nil, err
	}
	return s.Candidates(order, o)
}

// Candidates is Problem.Candidates without reading the problem again and, once warm, without
// allocating. The result belongs to the scanner and is overwritten by the next call.
func (s *Scanner) Candidates(order int, o CandidateOptions) ([]Candidate, error) {
	if err := s.judge(order, o); err != nil {
		return nil, err
	}
	for _, e := range s.ranking {
		s.found = append(s.found, s.judged[e])
	}
	for e := range s.judged {
		if !s.judged[e].Eligible {
			s.found = append(s.found, s.judged[e])
		}
	}
	for i := range s.found {
		c := &s.found[i]
		s.tellParts(order, c)
		if c.Eligible && (o.Limit == 0 || i < o.Limit) {
			s.tell(order, c)
		}
	}
	return s.found, nil
}

// judge fills judged, by engineer, and ranking, the eligible ones from the best.
func (s *Scanner) judge(order int, o CandidateOptions) error {
	f := s.f
	if order < 0 || order >= len(f.orders) {
		return bad("is not the index of an order", "order")
	}
	if o.Weights == (Weights{}) {
		o.Weights = DefaultWeights()
	}
	g := &f.orders[order]
	s.judged, s.ranking, s.found = s.judged[:0], s.ranking[:0], s.found[:0]
	s.reasons, s.parts = s.reasons[:0], s.parts[:0]
	s.origin = max(f.p.Now, math.MinInt64/2)
	if len(g.windows) > 0 {
		s.origin = max(s.origin, g.windows[0].From)
	}
	if g.start != AnyStart {
		s.origin = max(s.origin, g.start)
	}
	for e := range f.p.Engineers {
		c := Candidate{Engineer: e, ID: f.p.Engineers[e].ID, Pickup: StoreVisit{Store: NoStore}}
		refusal, ok := f.mayServe(e, order)
		if ok {
			if ok = s.place(e, order, &o, &c); !ok {
				refusal = s.whyNot(e, order, &o)
			}
		}
		c.Eligible = ok
		if ok {
			c.Score = c.Cost.score()
			s.ranking = append(s.ranking, int32(e))
		} else {
			c.Rule = refusal.Rule
			s.reasons = append(s.reasons, refusal)
			n := len(s.reasons)
			c.Reasons = s.reasons[n-1 : n : n]
		}
		s.judged = append(s.judged, c)
	}
	slices.SortFunc(s.ranking, func(a, b int32) int {
		if r := s.judged[a].Cost.compare(s.judged[b].Cost); r != 0 {
			return r
		}
		return int(a - b)
	})
	return nil
}

// place finds the engineer's best place for the order and writes it to c.
func (s *Scanner) place(e, order int, o *CandidateOptions, c *Candidate) bool {
	return s.placeWith(e, order, o, c, true)
}

func (s *Scanner) placeWith(e, order int, o *CandidateOptions, c *Candidate, withParts bool) bool {
	f := s.f
	g := &f.orders[order]
	tools := within(g.tools, f.toolsOf(e), nil)
	s.missing = s.missing[:0]
	if withParts {
		s.missing = f.missing(s.missing, e, g)
	}
	fetch := withParts && (len(s.missing) > 0 || !tools)
	if fetch {
		s.ready = s.ready[:0]
		for st := range f.stores {
			s.ready = append(s.ready, f.holds(int32(st), s.missing, g.tools, e))
		}
	}
	limit := f.p.Engineers[e].MaxVisits
	found := false
	for i := s.first[e]; i < s.first[e+1]; i++ {
		d := &s.days[i]
		if limit > 0 && d.visits >= limit {
			continue
		}
		if first := opening(g.windows, d.start); first == never || first > d.homeBy {
			continue
		}
		if found && o.Slot == Earliest && d.start > c.Start {
			break
		}
		if s.placeInDay(d, g, o, c, fetch, found) {
			found = true
		}
	}
	return found
}

// missing lists what the van does not hold.
func (f *facts) missing(list []need, e int, g *orderFacts) []need {
	van := f.vanOf(e)
	for _, n := range g.parts {
		if have := van[n.id]; have < n.amount {
			list = append(list, need{n.id, n.amount - have})
		}
	}
	return list
}

// holds is the instant from which one visit to the store gets everything that is missing.
func (f *facts) holds(store int32, missing []need, tools []uint64, engineer int) int64 {
	st := &f.stores[store]
	if !within(tools, f.toolsOf(engineer), st.tools) {
		return never
	}
	from := int64(math.MinInt64)
	for _, n := range missing {
		from = max(from, st.ready(n.id, n.amount))
	}
	return from
}

func (s *Scanner) placeInDay(d *day, g *orderFacts, o *CandidateOptions, c *Candidate, fetch, found bool) bool {
	f := s.f
	improved := false
	searched := false
	mayAdd := d.pickups < storeVisits(&f.p.Engineers[d.engineer])
	for i := range d.gaps {
		a := &d.gaps[i]
		left, right := &d.anchors[a.left], &d.anchors[a.right]
		if o.Slot == Earliest && (found || improved) && left.free > c.Start {
			break
		}
		// The cheap question first: is the gap long enough at all, and inside a window?
		first := f.startOf(g, left.free)
		if first == never || first+g.service > right.late {
			continue
		}
		after, afterMetres := f.road.leg(&g.at, &right.at)
		if !fetch {
			before, metres := f.road.leg(&left.at, &g.at)
			if p, ok := f.fit(g, a, left, right, before, after, a.before); ok {
				p.detour, p.metres, p.metresBefore = before+after-a.seconds, metres+afterMetres-a.metres, metres
				improved = s.offer(d, g, o, c, p, stopover{store: NoStore}, found || improved) || improved
			}
			continue
		}
		// The pick-up in an earlier gap, or on a visit to the store that is planned anyway.
		before, metres := f.road.leg(&left.at, &g.at)
		if p, ok := f.fit(g, a, left, right, before, after, a.before); ok {
			p.detour, p.metres, p.metresBefore = before+after-a.seconds, metres+afterMetres-a.metres, metres
			if !searched && a.left > 0 {
				s.findStopovers(d)
				searched = true
			}
			for k := range s.stops {
				if searched && s.stops[k].right <= a.left && s.stops[k].sets&a.sets != 0 {
					improved = s.offer(d, g, o, c, p, s.stops[k], found || improved) || improved
				}
			}
		} else if f.metric {
			continue // a way round by a store is no shorter
		}
		if !mayAdd {
			continue
		}
		// The pick-up in the same gap, on either side of the rests before the order.
		for st := range f.stores {
			store := &f.stores[st]
			from := s.ready[st]
			if from == never || left.free+store.handling+g.service > right.late || from > right.late {
				continue
			}
			in, inMetres := f.road.leg(&left.at, &store.at)
			out, outMetres := f.road.leg(&store.at, &g.at)
			for split := range len(a.before) + 1 {
				stop, ok := fetchAt(store, left.free, in, from, a.before[:split])
				if !ok {
					continue
				}
				p, ok := f.fit(g, a, &anchor{free: stop.end}, right, out, after, a.before[split:])
				if !ok {
					continue
				}
				p.detour, p.metres, p.metresBefore = in+out+after-a.seconds, inMetres+outMetres+afterMetres-a.metres, outMetres
				p.same = true
				// The order alone would have cost before+after; the rest is the pick-up's.
				stop.store, stop.detour, stop.metres = int32(st), in+out-before, 0
				improved = s.offer(d, g, o, c, p, stop, found || improved) || improved
			}
		}
	}
	return improved
}

// spotting is an order fitted into a gap.
type spotting struct {
	leave, start, back           int64 // from the place before, of the service, at the next anchor
	before, after                int64
	detour, metres, metresBefore int64
	same                         bool // a pick-up lies in the same gap
}

// startOf is the first allowed start at or after t.
func (f *facts) startOf(g *orderFacts, t int64) int64 {
	if g.start != AnyStart {
		if t > g.start {
			return never
		}
		t = g.start
		if g.never || opening(g.windows, t) != t {
			return never
		}
		return t
	}
	return opening(g.windows, t)
}

// fit is the one question: can the order stand in this gap, and when would it start?
func (f *facts) fit(g *orderFacts, a *gap, left, right *anchor, before, after int64, rests []rest) (spotting, bool) {
	arrival, ok := across(left.free, before, rests)
	if !ok {
		return spotting{}, false
	}
	start := f.startOf(g, arrival)
	if start == never {
		return spotting{}, false
	}
	back, ok := across(start+g.service, after, a.after)
	if !ok || back > right.late {
		return spotting{}, false
	}
	return spotting{leave: leaving(left.free, start, before, rests), start: start, back: back, before: before, after: after}, true
}

// fetchAt is a visit to the store, reached by a drive of in seconds from somewhere left at t.
func fetchAt(store *storeFacts, t, in, from int64, rests []rest) (stopover, bool) {
	arrival, ok := across(t, in, rests)
	if !ok {
		return stopover{}, false
	}
	start := opening(store.hours, max(arrival, from))
	if start == never {
		return stopover{}, false
	}
	return stopover{start: start, end: start + store.handling, leave: leaving(t, start, in, rests)}, true
}

// leaving is the last moment to leave for a start, free from t, with d seconds of driving. A
// rest is taken before the drive when there is time for it.
func leaving(t, start, d int64, rests []rest) int64 {
	rested, length := t, int64(0)
	for _, r := range rests {
		rested = max(rested, r.from) + r.length
		length += r.length
	}
	if start-d >= rested {
		return start - d
	}
	return max(t, start-d-length)
}

func storeVisits(e *Engineer) int {
	if e.MaxStoreVisits == 0 {
		return 1
	}
	return max(0, e.MaxStoreVisits)
}

// findStopovers lists the pick-ups that fit into a gap by themselves.
func (s *Scanner) findStopovers(d *day) {
	f := s.f
	s.stops = s.stops[:0]
	for i := range d.anchors {
		a := &d.anchors[i]
		if a.store == NoStore {
			continue
		}
		if s.ready[a.store] <= a.late {
			s.stops = append(s.stops, stopover{store: a.store, planned: true, right: int32(i), sets: math.MaxUint16, start: a.late, end: a.free})
		}
	}
	if d.pickups >= storeVisits(&f.p.Engineers[d.engineer]) {
		return
	}
	for st := range f.stores {
		store := &f.stores[st]
		from := s.ready[st]
		if from == never {
			continue
		}
		for i := range d.gaps {
			a := &d.gaps[i]
			left, right := &d.anchors[a.left], &d.anchors[a.right]
			if int(a.right) == len(d.anchors)-1 || max(left.free, from)+store.handling > right.late {
				continue
			}
			in, inMetres := f.road.leg(&left.at, &store.at)
			stop, ok := fetchAt(store, left.free, in, from, a.before)
			if !ok {
				continue
			}
			out, outMetres := f.road.leg(&store.at, &right.at)
			if back, ok := across(stop.end, out, a.after); !ok || back > right.late {
				continue
			}
			stop.store, stop.gap, stop.right, stop.sets = int32(st), int32(i), a.right, a.sets
			stop.detour, stop.metres = in+out-a.seconds, inMetres+outMetres-a.metres
			s.stops = append(s.stops, stop)
		}
	}
}

// offer keeps the place if it is better than what c holds.
func (s *Scanner) offer(d *day, g *orderFacts, o *CandidateOptions, c *Candidate, p spotting, stop stopover, found bool) bool {
	w := &o.Weights
	cost := Cost{Metres: p.metres, Busy: d.busy}
	late := int64(0)
	if g.due != NoDue {
		late = max(0, p.start-g.due)
		cost.Lateness = late * g.weight
	}
	overtime := int64(0)
	if p.back > d.to {
		overtime = max(0, p.back-d.to-d.overtime)
	}
	// Arriving at an announced visit after the shift is not this order's doing.
	cost.Effort = p.detour + overtime
	if stop.store != NoStore && !stop.planned {
		cost.Effort += s.f.stores[stop.store].handling + w.Pickup
		if !p.same {
			cost.Effort += stop.detour
			cost.Metres += stop.metres
		}
	}
	if w.DelayShare > 0 {
		cost.Effort += max(0, p.start-s.origin) / w.DelayShare
	}
	if g.preferred == d.engineer {
		cost.Effort -= w.Familiar
	}
	if found {
		if o.Slot == Earliest {
			if p.start > c.Start || p.start == c.Start && cost.compare(c.Cost) >= 0 {
				return false
			}
		} else if r := cost.compare(c.Cost); r > 0 || r == 0 && p.start >= c.Start {
			return false
		}
	}
	c.Cost, c.Shift = cost, int(d.shift)
	c.Start, c.End = p.start, p.start+g.service
	c.TravelBefore, c.TravelAfter, c.MetresBefore = p.before, p.after, p.metresBefore
	c.Leave = p.leave
	c.DetourSeconds, c.DetourMetres = p.detour, cost.Metres
	c.Overtime, c.Lateness = overtime, late
	c.Visits, c.Busy = d.visits+1, d.busy+g.service
	c.Pickup = StoreVisit{Store: NoStore}
	if stop.store != NoStore {
		c.Pickup = StoreVisit{Store: int(stop.store), Planned: stop.planned, Start: stop.start, End: stop.end}
		if !stop.planned {
			c.Pickup.DetourSeconds = stop.detour + s.f.stores[stop.store].handling
			if p.same {
				c.Leave = stop.leave
			} else {
				c.DetourSeconds += stop.detour
			}
		}
	}
	return true
}

// whyNot asks, one restriction after the other, which rule took the last possibility away.
func (s *Scanner) whyNot(e, order int, o *CandidateOptions) Reason {
	f := s.f
	if r, ok := f.shiftRule(e, order); !ok {
		return r
	}
	if r, ok := f.absenceRule(e, order); !ok {
		return r
	}
	if r, ok := s.maxVisitsRule(e, order); !ok {
		return r
	}
	if r, ok := s.overlapRule(e, order); !ok {
		return r
	}
	if r, ok := s.travelRule(e, order, o); !ok {
		return r
	}
	return s.partRule(e, order)
}

// maxVisitsRule: some day inside the window must have room for one more visit.
func (s *Scanner) maxVisitsRule(e, order int) (Reason, bool) {
	limit := s.f.p.Engineers[e].MaxVisits
	if limit <= 0 {
		return Reason{}, true
	}
	g := &s.f.orders[order]
	full := 0
	for i := s.first[e]; i < s.first[e+1]; i++ {
		d := &s.days[i]
		if first := opening(g.windows, d.start); first == never || first > d.homeBy {
			continue
		}
		if d.visits < limit {
			return Reason{}, true
		}
		full = d.visits
	}
	return refuse(RuleMaxVisits, Args{Need: int64(limit), Have: int64(full)})
}

// overlapRule: without any driving, some gap must hold the service.
func (s *Scanner) overlapRule(e, order int) (Reason, bool) {
	g := &s.f.orders[order]
	for i := s.first[e]; i < s.first[e+1]; i++ {
		d := &s.days[i]
		for k := range d.gaps {
			a := &d.gaps[k]
			if _, ok := s.f.fit(g, a, &d.anchors[a.left], &d.anchors[a.right], 0, 0, a.before); ok {
				return Reason{}, true
			}
		}
	}
	return refuse(RuleOverlap, Args{Seconds: g.service})
}

// travelRule: the same with the drive on both sides, parts left aside. The drive reported is
// the one into the gap that held the service.
func (s *Scanner) travelRule(e, order int, o *CandidateOptions) (Reason, bool) {
	var c Candidate
	if s.placeWith(e, order, o, &c, false) {
		return Reason{}, true
	}
	g := &s.f.orders[order]
	for i := s.first[e]; i < s.first[e+1]; i++ {
		d := &s.days[i]
		for k := range d.gaps {
			a := &d.gaps[k]
			left, right := &d.anchors[a.left], &d.anchors[a.right]
			if _, ok := s.f.fit(g, a, left, right, 0, 0, a.before); !ok {
				continue
			}
			seconds, metres := s.f.road.leg(&left.at, &g.at)
			after, _ := s.f.road.leg(&g.at, &right.at)
			return refuse(RuleTravel, Args{Seconds: seconds + after, Metres: metres, From: left.free, To: right.late})
		}
	}
	return refuse(RuleTravel, Args{})
}

// partRule: what is missing is nowhere, still on its way, or there is no time to fetch it.
func (s *Scanner) partRule(e, order int) Reason {
	f := s.f
	g := &f.orders[order]
	s.missing = f.missing(s.missing[:0], e, g)
	if len(s.missing) == 0 {
		r, _ := refuse(RuleTool, Args{})
		for _, name := range f.p.Orders[order].Tools {
			if n := f.tool[name]; f.toolsOf(e)[n/64]&(1<<(n%64)) == 0 {
				r.Args.Code = name
			}
		}
		return r
	}
	van := f.vanOf(e)
	worst := Reason{Rule: RulePartStore, Effect: Refuse}
	worstFrom := int64(math.MinInt64)
	for _, n := range s.missing {
		st, from := f.bestSource(n)
		args := Args{Code: f.skus[n.id], Need: n.amount + van[n.id], Have: van[n.id]}
		if from == never {
			return Reason{RulePartNone, Refuse, args}
		}
		args.Place = f.p.Stores[st].ID
		if from > worstFrom || worst.Args.Code == "" {
			worst.Args, worstFrom = args, from
			if from > f.p.Now {
				worst.Rule, worst.Args.From = RulePartExp, from
			}
		}
	}
	return worst
}

// bestSource is the store that has the part first.
func (f *facts) bestSource(n need) (store int, from int64) {
	store, from = NoStore, never
	for st := range f.stores {
		if r := f.stores[st].ready(n.id, n.amount); r < from {
			store, from = st, r
		}
	}
	return store, from
}

// tellParts says where every part comes from.
func (s *Scanner) tellParts(order int, c *Candidate) {
	f := s.f
	g := &f.orders[order]
	van := f.vanOf(c.Engineer)
	from := len(s.parts)
	for _, n := range g.parts {
		p := PartSource{SKU: f.skus[n.id], Needed: n.amount, InVan: min(van[n.id], n.amount), Store: NoStore}
		if lack := n.amount - p.InVan; lack > 0 {
			ready := never
			if c.Pickup.Store != NoStore {
				p.Store = c.Pickup.Store
				ready = f.stores[p.Store].ready(n.id, lack)
			} else {
				p.Store, ready = f.bestSource(need{n.id, lack})
			}
			if ready != never && ready > f.p.Now {
				p.Expected = ready
			}
		}
		s.parts = append(s.parts, p)
	}
	c.Parts = s.parts[from:len(s.parts):len(s.parts)]
}

// tell writes what speaks for and against an eligible candidate.
func (s *Scanner) tell(order int, c *Candidate) {
	f, e := s.f, c.Engineer
	g := &f.orders[order]
	from := len(s.reasons)
	add := func(rule Rule, effect Effect, args Args) { s.reasons = append(s.reasons, Reason{rule, effect, args}) }
	if r, _ := f.regionRule(e, order); r.Rule != "" {
		s.reasons = append(s.reasons, r)
	}
	for _, n := range g.skills {
		add(RuleSkill, Good, Args{Code: f.skills[n.id], Need: n.amount, Have: int64(f.levels[e*len(f.skill)+int(n.id)])})
	}
	for _, p := range c.Parts {
		args := Args{Code: p.SKU, Need: p.Needed, Have: p.InVan}
		switch {
		case p.Store == NoStore:
			add(RulePartVan, Good, args)
		case p.Expected != 0:
			args.Place, args.From, args.Seconds = f.p.Stores[p.Store].ID, p.Expected, c.Pickup.DetourSeconds
			add(RulePartExp, Bad, args)
		default:
			args.Place, args.From, args.Seconds = f.p.Stores[p.Store].ID, c.Pickup.Start, c.Pickup.DetourSeconds
			effect := Bad
			if c.Pickup.Planned {
				effect = Neutral
			}
			add(RulePartStore, effect, args)
		}
	}
	if len(g.parts) == 0 && c.Pickup.Store != NoStore {
		add(RulePartStore, Bad, Args{Place: f.p.Stores[c.Pickup.Store].ID, From: c.Pickup.Start, Seconds: c.Pickup.DetourSeconds})
	}
	if g.preferred == int32(e) {
		add(RulePreferred, Good, Args{})
	}
	add(RuleTravel, byLimit(c.TravelBefore, 20*60, 45*60), Args{Seconds: c.TravelBefore, Metres: c.MetresBefore, From: c.Leave})
	add(RuleDistance, byLimit(c.DetourSeconds, 20*60, 60*60), Args{Seconds: c.DetourSeconds, Metres: c.DetourMetres})
	shift := f.p.Engineers[e].Shifts[c.Shift]
	percent := int64(100)
	if length := shift.To - shift.From; length > 0 {
		percent = c.Busy * 100 / length
	}
	add(RuleLoad, byLimit(percent, 50, 85), Args{Have: int64(c.Visits), Seconds: c.Busy, Need: percent})
	if c.Overtime > 0 {
		add(RuleOvertime, Bad, Args{Seconds: c.Overtime, From: shift.From, To: shift.To})
	}
	if g.due != NoDue {
		if c.Lateness > 0 {
			add(RuleSLA, Bad, Args{Seconds: c.Lateness, From: g.due})
		} else {
			add(RuleSLA, Good, Args{Seconds: g.due - c.Start, From: g.due})
		}
	}
	c.Reasons = s.reasons[from:len(s.reasons):len(s.reasons)]
}

// byLimit is good up to the first limit, neutral up to the second, then bad.
func byLimit(v, good, neutral int64) Effect {
	switch {
	case v <= good:
		return Good
	case v <= neutral:
		return Neutral
	}
	return Bad
}

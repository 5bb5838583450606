package planner

import "math/bits"

// Rule is the name under which a reason is shown. Texts are made elsewhere.
type Rule string

// The rules, in the order in which they are asked: the first that refuses is the answer.
const (
	RuleBlocked   Rule = "blocked"    // the customer does not want this engineer
	RuleRegion    Rule = "region"     // neither his region nor one where he helps out
	RuleSkill     Rule = "skill"      // a skill is missing or too low
	RuleTool      Rule = "tool"       // a tool is neither in the van nor at a store
	RuleWindow    Rule = "window"     // the order's windows are over
	RuleShift     Rule = "shift"      // he does not work inside the window
	RuleOvertime  Rule = "overtime"   // he would be home after shift and allowed overtime
	RuleAbsence   Rule = "absence"    // leave, training or a meeting takes the time
	RuleMaxVisits Rule = "max_visits" // the day is full by number of visits
	RuleOverlap   Rule = "overlap"    // no gap between his visits is long enough
	RuleTravel    Rule = "travel"     // a gap is long enough, but not with the drive on both sides
	RulePartNone  Rule = "part_none"  // nobody has the part and none is on order
	RulePartExp   Rule = "part_expected"
	RulePartStore Rule = "part_store" // a store has it; as a refusal: no time to fetch it

	// The rules below never refuse; they say what speaks for or against somebody.
	RulePartVan   Rule = "part_van"
	RuleLoad      Rule = "load"
	RuleDistance  Rule = "distance"
	RuleSLA       Rule = "sla"
	RulePreferred Rule = "preferred"
)

// Effect is what a reason does to a candidate.
type Effect string

const (
	Good    Effect = "good"
	Neutral Effect = "neutral"
	Bad     Effect = "bad"
	Refuse  Effect = "refuse"
)

// Reason is one rule applied to one engineer. Which arguments are set depends on the rule:
//
//	region          Code region
//	skill           Code skill, Need and Have levels
//	tool            Code tool
//	shift, overtime Seconds of overtime (when not refused), From and To of the shift
//	absence         From and To of the absence that is in the way
//	window          From and To of the last window
//	max_visits      Need the limit, Have the visits of that day
//	overlap         Seconds the visit takes
//	travel          Seconds of the drive before, Metres of it, From leaving time
//	part_van        Code SKU, Need, Have in the van
//	part_store      Code SKU, Place store, Need, Have in the van, Seconds of detour and handling, From start at the store
//	part_expected   Code SKU, Place store, Need, Have in the van, From when it can be fetched
//	part_none       Code SKU, Need, Have in the van
//	load            Have visits of that day with this one, Seconds booked, Need percent of the shift
//	distance        Metres and Seconds that the visit adds to his driving
//	sla             Seconds early (or late when bad), From the promised start
type Reason struct {
	Rule   Rule   `json:"rule"`
	Effect Effect `json:"effect"`
	Args   Args   `json:"args"`
}

// Args are the numbers and codes a reason is told with.
type Args struct {
	Code    string `json:"code,omitempty"`
	Place   string `json:"place,omitempty"`
	Need    int64  `json:"need,omitempty"`
	Have    int64  `json:"have,omitempty"`
	Seconds int64  `json:"seconds,omitempty"`
	Metres  int64  `json:"metres,omitempty"`
	From    int64  `json:"from,omitempty"`
	To      int64  `json:"to,omitempty"`
}

func refuse(rule Rule, args Args) (Reason, bool) { return Reason{rule, Refuse, args}, false }

// blockedRule: a customer may refuse to see somebody again.
func (f *facts) blockedRule(e, o int) (Reason, bool) {
	for _, b := range f.orders[o].blocked {
		if int(b) == e {
			return refuse(RuleBlocked, Args{})
		}
	}
	return Reason{}, true
}

// pinRule: an order tied to one engineer is nobody else's.
func (f *facts) pinRule(e, o int) (Reason, bool) {
	if pin := f.orders[o].pinned; pin != -1 && int(pin) != e {
		return refuse(RuleBlocked, Args{Code: f.p.Orders[o].Pinned.Engineer})
	}
	return Reason{}, true
}

// regionRule: own regions are good, helping out is possible, anything else is refused.
func (f *facts) regionRule(e, o int) (Reason, bool) {
	region := f.orders[o].region
	if region < 0 {
		return Reason{}, true
	}
	args := Args{Code: f.p.Orders[o].Region}
	switch f.covers[e*len(f.region)+int(region)] {
	case own:
		return Reason{RuleRegion, Good, args}, true
	case helper:
		return Reason{RuleRegion, Neutral, args}, true
	}
	return refuse(RuleRegion, args)
}

// skillRule: every skill at least at the level asked for.
func (f *facts) skillRule(e, o int) (Reason, bool) {
	var last Reason
	for _, n := range f.orders[o].skills {
		have := int64(f.levels[e*len(f.skill)+int(n.id)])
		last = Reason{RuleSkill, Good, Args{Code: f.skills[n.id], Need: n.amount, Have: have}}
		if have < n.amount {
			last.Effect = Refuse
			return last, false
		}
	}
	return last, true
}

// toolRule: a missing tool may still be fetched where a store lends it.
func (f *facts) toolRule(e, o int) (Reason, bool) {
	want, have := f.orders[o].tools, f.toolsOf(e)
	if within(want, have, nil) {
		return Reason{}, true
	}
	for s := range f.stores {
		if within(want, have, f.stores[s].tools) {
			return Reason{}, true
		}
	}
	for _, name := range f.p.Orders[o].Tools {
		n := f.tool[name]
		if have[n/64]&(1<<(n%64)) == 0 {
			return refuse(RuleTool, Args{Code: name})
		}
	}
	return refuse(RuleTool, Args{})
}

// windowRule: an order whose windows are all over can be given to nobody.
func (f *facts) windowRule(_, o int) (Reason, bool) {
	if !f.orders[o].never {
		return Reason{}, true
	}
	var args Args
	for _, w := range f.p.Orders[o].Windows {
		if w.To >= args.To || args.From == 0 {
			args.From, args.To = w.From, w.To
		}
	}
	return refuse(RuleWindow, args)
}

// mayServe asks every rule that needs no clock.
func (f *facts) mayServe(e, o int) (Reason, bool) {
	if r, ok := f.blockedRule(e, o); !ok {
		return r, false
	}
	if r, ok := f.pinRule(e, o); !ok {
		return r, false
	}
	if r, ok := f.regionRule(e, o); !ok {
		return r, false
	}
	if r, ok := f.skillRule(e, o); !ok {
		return r, false
	}
	if r, ok := f.toolRule(e, o); !ok {
		return r, false
	}
	return f.windowRule(e, o)
}

// eligible answers mayServe for all engineers at once, by sets of engineers kept as bits; a
// test holds the two together.
type eligible struct {
	f       *facts
	all     []uint64
	regions [][]uint64
	levels  map[need][]uint64
}

func (f *facts) newEligible() *eligible {
	n := len(f.p.Engineers)
	s := &eligible{f: f, all: make([]uint64, (n+63)/64), regions: make([][]uint64, len(f.region)), levels: map[need][]uint64{}}
	for e := range n {
		s.all[e/64] |= 1 << (e % 64)
	}
	for region := range s.regions {
		s.regions[region] = make([]uint64, len(s.all))
	}
	for e := range n {
		for region, c := range f.covers[e*len(f.region) : (e+1)*len(f.region)] {
			if c != stranger {
				s.regions[region][e/64] |= 1 << (e % 64)
			}
		}
	}
	return s
}

// skilled is the set of those who have a skill at a level or above.
func (s *eligible) skilled(n need) []uint64 {
	set, ok := s.levels[n]
	if !ok {
		set = make([]uint64, len(s.all))
		for e := range s.f.p.Engineers {
			if int64(s.f.levels[e*len(s.f.skill)+int(n.id)]) >= n.amount {
				set[e/64] |= 1 << (e % 64)
			}
		}
		s.levels[n] = set
	}
	return set
}

// of writes the set of those who may serve an order, and tells refused, unless it is nil, how
// many each rule refuses, in the order in which mayServe asks them.
func (s *eligible) of(o int, row []uint64, refused func(rule Rule, n int)) {
	f := s.f
	g := &f.orders[o]
	copy(row, s.all)
	left := 0
	if refused != nil {
		left = count(row)
	}
	asked := func(rule Rule) {
		if refused == nil {
			return
		}
		if now := count(row); now < left {
			refused(rule, left-now)
			left = now
		}
	}
	for _, e := range g.blocked {
		row[e/64] &^= 1 << (e % 64)
	}
	if g.pinned != -1 {
		for w := range row {
			keep := uint64(0)
			if g.pinned >= 0 && int(g.pinned)/64 == w {
				keep = 1 << (g.pinned % 64)
			}
			row[w] &= keep
		}
	}
	asked(RuleBlocked)
	if g.region >= 0 {
		for w, have := range s.regions[g.region] {
			row[w] &= have
		}
		asked(RuleRegion)
	}
	for _, n := range g.skills {
		for w, have := range s.skilled(n) {
			row[w] &= have
		}
	}
	asked(RuleSkill)
	if len(g.tools) > 0 {
		for w, set := range row {
			for ; set != 0; set &= set - 1 {
				if e := w*64 + bits.TrailingZeros64(set); !f.lent(e, o) {
					row[w] &^= 1 << (e % 64)
				}
			}
		}
		asked(RuleTool)
	}
	if g.never {
		clear(row)
		asked(RuleWindow)
	}
}

func count(set []uint64) (n int) {
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

// lent tells whether toolRule lets an engineer pass.
func (f *facts) lent(e, o int) bool {
	_, ok := f.toolRule(e, o)
	return ok
}

// shiftRule: some shift must be open inside a window, long enough for the service.
func (f *facts) shiftRule(e, o int) (Reason, bool) {
	g := &f.orders[o]
	var seen Shift
	inside := false
	for _, s := range f.p.Engineers[e].Shifts {
		start := opening(g.windows, max(s.From, f.p.Now))
		if start == never || start > s.To {
			continue
		}
		seen, inside = s, true
		if start+g.service <= s.To+s.Overtime {
			return Reason{RuleShift, Good, Args{From: s.From, To: s.To}}, true
		}
	}
	if inside {
		return refuse(RuleOvertime, Args{From: seen.From, To: seen.To})
	}
	return refuse(RuleShift, Args{})
}

// absenceRule: a piece of shift without leave must hold the whole service.
func (f *facts) absenceRule(e, o int) (Reason, bool) {
	g, who := &f.orders[o], &f.p.Engineers[e]
	var hit Blocked
	for _, s := range who.Shifts {
		t := max(s.From, f.p.Now)
	next:
		for {
			t = opening(g.windows, t)
			if t == never || t > s.To || t+g.service > s.To+s.Overtime {
				break
			}
			for _, b := range who.Blocked {
				if overlaps(t, t+g.service, b.From, b.To) {
					if hit.To == 0 {
						hit = b
					}
					t = b.To
					continue next
				}
			}
			return Reason{}, true
		}
	}
	return refuse(RuleAbsence, Args{From: hit.From, To: hit.To})
}

// overlaps treats ranges as half open; a visit without length still may not lie inside leave.
func overlaps(a, b, c, d int64) bool { return a < d && c < b || a == b && c < a && a < d }

package planner

import (
	"math"
	"math/bits"
	"slices"
)

// search is one island: a plan being improved by taking jobs out and putting them back.
type search struct {
	m     *model
	rng   rng
	blink int

	routes []route
	where  []int32 // crew of a job, or -1
	absent []int32
	stock  []int64 // store × sku, what no route has taken
	// stocked is another number after every change of a shelf; shelved undoes those of this iteration.
	stocked []uint32
	shelved []shelf32
	cost    int64 // of all routes
	late    int64 // weighted seconds of all routes
	dur     int64
	misses  []int64  // how often a job was left over, so that stubborn ones win in the end
	outAt   []uint32 // iteration in which a job was last taken out
	placed  []int32  // jobs put back in this iteration
	focus   int32    // where on the map a large day is being improved
	stay    int      // for how many iterations more
	centre  int32    // around which this iteration takes jobs out
	drawn   []int32  // jobs tried in this iteration
	drawnAt []uint32
	// regret is the misses of jobs newly left over less those of jobs that found a place.
	regret int64

	top    snapshot
	before struct { // the plan before this iteration, as far as it was touched
		crews  []int32
		routes []route
		absent []int32
		cost   int64
		late   int64
		dur    int64
		left   unserved
	}
	left    unserved
	touched []uint32
	stamp   uint32
	dirty   []bool // routes that differ from the best plan
	changed []int32

	empty         route
	spare         []int32
	counted       []used
	tried         []uint32
	tryNo         uint32
	serviceCounts int64 // 1 when service is part of the cost
	total         int32 // jobs in routes
	used          int32 // routes with jobs

	pace       pace
	pool       *pool
	since, due int // iterations since the last recombination, and until the next
	memory     []memo
	memoryMask uint32
	onStock    bool // whether the last answer of best depends on what the stores have
	versions   uint32
	speculated []int32
	resting    int32 // a crew that is to get nothing in this iteration, or -1

	// area is the crews that iterations may change: all, or a piece of a large day. inArea is nil
	// when it is all of them.
	area     []int32
	inArea   []bool
	areaJobs []int32
	everyone []int32
	urgent   bool // what is most urgent is put back first in this iteration
	phase    int  // iterations left before the search moves on
	kept     marked
	areaMark []bool
}

// snapshot is the best plan so far.
type snapshot struct {
	routes []route
	absent []int32
	left   unserved
	rank   rank
}

// unserved counts the jobs left over by priority; what is pinned comes first.
type unserved [5]int32

func (a unserved) compare(b unserved) int { return slices.Compare(a[:], b[:]) }

// rank is what of the objective vector depends on routes alone.
type rank struct{ late, dur int64 }

func (a rank) less(b rank) bool { return a.late < b.late || a.late == b.late && a.dur < b.dur }

func newSearch(shared *model, seed uint64) *search {
	own := *shared // what is large stays shared; the weight of lateness is the island's own
	m := &own
	s := &search{m: m, rng: newRNG(seed)}
	s.nextBlink()
	if m.objective != Distance {
		s.serviceCounts = 1
	}
	s.routes = make([]route, len(m.crews))
	s.where = make([]int32, len(m.jobs))
	s.misses, s.outAt, s.drawnAt = make([]int64, len(m.jobs)), make([]uint32, len(m.jobs)), make([]uint32, len(m.jobs))
	s.touched = make([]uint32, len(m.crews))
	s.tried = make([]uint32, len(m.crews))
	s.dirty = make([]bool, len(m.crews))
	s.stock, s.stocked = make([]int64, len(m.stores)*m.skus), make([]uint32, len(m.stores)*m.skus)
	for i := range m.stores {
		copy(s.stock[i*m.skus:], m.f.stores[i].stock)
	}
	for i := range s.routes {
		s.routes[i] = route{crew: int32(i)}
	}
	for j := range m.jobs {
		s.where[j] = -1
		if m.jobs[j].fixed < 0 {
			s.absent = append(s.absent, int32(j))
			s.left[m.level(int32(j))]++
		}
	}
	s.pool = newPool(m)
	s.areaMark, s.everyone = make([]bool, len(m.crews)), make([]int32, len(m.crews))
	for i := range s.everyone {
		s.everyone[i] = int32(i)
	}
	s.area = s.everyone
	size := min(memories, 2<<bits.Len(uint(len(m.jobs)*len(m.crews))))
	if m.hurried {
		size = min(size, memories>>5)
	}
	s.memory, s.memoryMask = make([]memo, size), uint32(size-1)
	for i := range s.routes {
		s.versions++
		s.routes[i].version = s.versions
	}
	// The diary comes first, with every rest where it does no harm.
	for i := range m.crews {
		for _, id := range m.crews[i].entries {
			s.enterDiary(&s.routes[i], id)
		}
		s.pool.idle[i] = s.routes[i].plain()
	}
	return s
}

// level of a job in the count of unserved ones.
func (m *model) level(id int32) int32 {
	if int(id) < len(m.f.orders) && m.f.orders[id].pinned != -1 {
		return 0
	}
	return m.jobs[id].priority
}

// enterDiary puts an entry that keeps its time into its crew's route. Entries that contradict
// the route are left out: people keep diaries, and a plan must come out all the same.
func (s *search) enterDiary(r *route, id int32) {
	s.blink = math.MaxInt
	had := slices.Clone(r.stops)
	ch := s.best(r, id, noChance)
	s.nextBlink()
	if ch.crew < 0 {
		return
	}
	s.count(r, -1)
	s.put(r, id, ch)
	if !s.settle(r) {
		r.stops, s.where[id] = had, -1
		s.settle(r)
	}
	s.count(r, 1)
}

// Temperatures in mean legs.
const (
	hottest, coolest           = 3.0, 0.2
	hottestOnRoad, coolestRoad = 1.0, 0.02 // when driving alone counts
	// A small day returns to its best plan again and again and may roam far in between; a large
	// one is never all at its best at once, so it has to cool down.
	hottestLarge, coolestLarge = 0.5, 0.02
)

// pace says how hot the search is: a worse plan is accepted the more easily the hotter.
type pace struct{ from, to float64 }

func (p pace) at(fraction float64) float64 {
	return p.from * math.Pow(p.to/p.from, min(1, max(0, fraction)))
}

// pace is measured in the mean leg of a plan.
func (m *model) pace(t *snapshot) pace {
	legs, drive := 0, 0.0
	for i := range t.routes {
		st := t.routes[i].stops
		for k := 1; k < len(st); k++ {
			drive += float64(m.leg(st[k-1].place, st[k].place))
			legs++
		}
	}
	unit := max(drive/float64(max(legs, 1)), 1e-9)
	if m.objective == Distance {
		return pace{hottestOnRoad * unit, coolestRoad * unit}
	}
	if len(m.f.orders) > pooledOrders {
		return pace{hottestLarge * unit, coolestLarge * unit}
	}
	return pace{hottest * unit, coolest * unit}
}

// weigh changes what lateness costs.
func (s *search) weigh(late int64) {
	if s.m.lateWeight == late || s.m.keep > 0 || !s.m.promises {
		return
	}
	s.m.lateWeight = late
	s.begin()
	s.cost = 0
	for i := range s.routes {
		s.m.update(&s.routes[i])
		s.versions++
		s.routes[i].version = s.versions
		s.cost += s.routes[i].cost
		s.soil(int32(i))
	}
	for i := range s.top.routes {
		s.m.update(&s.top.routes[i])
	}
	s.pool.empty()
}

// step is one iteration.
func (s *search) step(temperature float64) {
	s.begin()
	if !s.ruin() {
		s.undo()
		return
	}
	s.recreate()
	s.sober()
	if !s.accept(temperature) {
		s.undo()
		return
	}
	for _, crew := range s.before.crews {
		s.soil(crew)
	}
	if s.better() {
		s.keep()
	}
}

// accept is simulated annealing among plans that serve equally many. A plan that leaves over
// what was left over less often is taken as well: that is how the last job finds its place.
func (s *search) accept(temperature float64) bool {
	b := &s.before
	switch r := s.left.compare(b.left); {
	case r < 0:
		return true
	case r > 0:
		return false
	}
	if float64(s.cost-b.cost) < -temperature*math.Log(1-s.rng.float()) {
		return true
	}
	return s.regret < 0
}

// rank is by the vector; a repair weighs lateness and length against what it moves.
func (s *search) rank() rank {
	if s.m.keep > 0 {
		return rank{0, s.cost}
	}
	return rank{s.late, s.dur}
}

func (s *search) better() bool {
	r := s.left.compare(s.top.left)
	return r < 0 || r == 0 && s.rank().less(s.top.rank)
}

// keep makes the present plan the best one.
func (s *search) keep() {
	t := &s.top
	for _, crew := range s.changed {
		t.routes[crew].copyFrom(&s.routes[crew])
		s.dirty[crew] = false
	}
	s.changed = s.changed[:0]
	t.absent = append(t.absent[:0], s.absent...)
	t.left, t.rank = s.left, s.rank()
}

// start builds the first plan and makes it the best.
func (s *search) start() {
	s.begin()
	s.before.absent = s.before.absent[:0]
	s.resting = -1
	s.recreate()
	s.top.routes = make([]route, len(s.routes))
	for i := range s.top.routes {
		s.changed = append(s.changed, int32(i))
	}
	s.keep()
	s.tally()
	s.pace = s.m.pace(&s.top)
}

// tally counts what the next ruins are measured by.
func (s *search) tally() {
	s.total = int32(len(s.m.f.orders) - len(s.absent))
	s.used = 0
	for i := range s.routes {
		if len(s.routes[i].stops) > 0 {
			s.used++
		}
	}
}

// adopt replaces the present plan by a best one, its own or another island's.
func (s *search) adopt(t *snapshot, own bool) {
	s.begin()
	for i := range s.routes {
		r := &s.routes[i]
		for k := range r.stops {
			if id := r.stops[k].job; id >= 0 {
				s.where[id] = -1
			}
		}
		s.shift(r, 1)
		r.at = 0
	}
	s.cost, s.late, s.dur = 0, 0, 0
	for i := range s.routes {
		s.replace(int32(i), &t.routes[i])
		if !own { // another island counts its versions by itself
			s.versions++
			s.routes[i].version = s.versions
		}
		s.count(&s.routes[i], 1)
		s.soil(int32(i))
	}
	s.absent = append(s.absent[:0], t.absent...)
	s.left = t.left
	if s.better() {
		s.keep()
	}
}

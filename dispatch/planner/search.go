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

// rng is xorshift64*: small, fast, and the same on every machine.
type rng uint64

func newRNG(seed uint64) rng {
	x := seed + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return rng(x ^ x>>31 | 1)
}

func (r *rng) next() uint64 {
	x := uint64(*r)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*r = rng(x)
	return x * 0x2545f4914f6cdd1d
}

// below is a number from 0 to n-1.
func (r *rng) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

func (r *rng) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// One place in a hundred is overlooked.
const blinkRate = 0.01

func (s *search) nextBlink() {
	s.blink = 1 + int(math.Log(1-s.rng.float())/math.Log(1-blinkRate))
}

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

// settle recomputes a changed route and what it takes from its store.
func (s *search) settle(r *route) bool {
	m := s.m
	s.shift(r, 1)
	r.parts = r.parts[:0]
	r.at = 0
	s.versions++
	r.version = s.versions
	for i := range r.stops {
		st := &r.stops[i]
		if st.job == atStore {
			r.at, r.took = int32(i), st.store
			for k := range r.parts {
				r.parts[k].early = r.parts[k].all
			}
		} else if st.job >= 0 {
			for _, n := range m.jobs[st.job].parts {
				r.parts, _ = addUse(r.parts, n)
			}
		}
	}
	ok := s.shift(r, -1)
	return m.update(r) && ok
}

// touch saves a route before its first change in this iteration.
func (s *search) touch(crew int32) {
	if s.touched[crew] == s.stamp {
		return
	}
	s.touched[crew] = s.stamp
	b := &s.before
	b.crews = append(b.crews, crew)
	if len(b.routes) < len(b.crews) {
		b.routes = append(b.routes, route{})
	}
	b.routes[len(b.crews)-1].copyFrom(&s.routes[crew])
}

func (r *route) copyFrom(o *route) {
	stops, parts := append(r.stops[:0], o.stops...), append(r.parts[:0], o.parts...)
	*r = *o
	r.stops, r.parts = stops, parts
}

// begin starts an iteration; undo takes everything back to that point.
func (s *search) begin() {
	s.stamp++
	b := &s.before
	b.crews = b.crews[:0]
	s.placed, s.shelved, s.regret = s.placed[:0], s.shelved[:0], 0
	b.absent = append(b.absent[:0], s.absent...)
	b.cost, b.late, b.dur, b.left = s.cost, s.late, s.dur, s.left
}

func (s *search) undo() {
	b := &s.before
	for _, id := range s.placed {
		s.where[id] = -1
	}
	for i, crew := range b.crews {
		s.replace(crew, &b.routes[i])
	}
	for i := len(s.shelved) - 1; i >= 0; i-- {
		s.stocked[s.shelved[i].at] = s.shelved[i].was
	}
	s.shelved = s.shelved[:0]
	s.absent = append(s.absent[:0], b.absent...)
	s.cost, s.late, s.dur, s.left = b.cost, b.late, b.dur, b.left
}

// replace makes a crew's route a copy of another, with the stock following.
func (s *search) replace(crew int32, with *route) {
	r := &s.routes[crew]
	s.shift(r, 1)
	r.copyFrom(with)
	if r.crew != crew || r.version == 0 {
		s.versions++
		r.crew, r.version = crew, s.versions
	}
	s.shift(r, -1)
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 {
			s.where[id] = crew
		}
	}
}

// shift gives back (1) or takes (-1) what the route fetches. It reports false when the store
// has less than that.
func (s *search) shift(r *route, sign int64) bool {
	if r.at == 0 || len(r.parts) == 0 {
		return true
	}
	van := s.m.f.vanOf(int(r.crew))
	shelf := int(r.took) * s.m.skus
	ok := true
	for i := range r.parts {
		u := &r.parts[i]
		if n := u.all - van[u.sku]; n > 0 {
			at := shelf + int(u.sku)
			s.stock[at] += sign * n
			ok = ok && s.stock[at] >= 0
			s.shelved = append(s.shelved, shelf32{int32(at), s.stocked[at]})
			s.versions++
			s.stocked[at] = s.versions
		}
	}
	return ok
}

// shelf32 is a version that a shelf had before it was touched.
type shelf32 struct {
	at  int32
	was uint32
}

// take removes a job from its route; the route is settled later.
func (s *search) take(id int32) {
	crew := s.where[id]
	if crew < 0 || s.m.jobs[id].fixed >= 0 || s.outside(crew) {
		return
	}
	s.touch(crew)
	r := &s.routes[crew]
	for i := range r.stops {
		if r.stops[i].job == id {
			s.removeStop(r, i)
			break
		}
	}
	s.where[id], s.outAt[id] = -1, s.stamp
	s.absent = append(s.absent, id)
	s.left[s.m.level(id)]++
}

// afterRuin settles every touched route, dropping the store visit and putting it back where it
// is cheapest, or not at all. It reports false when a route cannot be made to work again,
// which only a travel matrix that breaks the triangle can do.
func (s *search) afterRuin() bool {
	for _, crew := range s.before.crews {
		r := &s.routes[crew]
		s.count(r, -1)
		if !s.mend(r) {
			return false
		}
		s.count(r, 1)
	}
	return true
}

func (s *search) mend(r *route) bool {
	jobs := 0
	for i := range r.stops {
		if r.stops[i].job >= 0 {
			jobs++
		}
	}
	if jobs == 0 {
		r.stops = r.stops[:0]
		return s.settle(r)
	}
	if r.at == 0 {
		return s.settle(r)
	}
	at := 0
	for i := range r.stops {
		if r.stops[i].job == atStore {
			at = i
		}
	}
	visit := r.stops[at]
	leftGap := r.stops[at-1].rests
	s.removeStop(r, at)
	first := s.firstNeed(r)
	if first < 0 {
		return s.settle(r)
	}
	// The old place is the fallback; every place before the first need is tried.
	c := &s.m.crews[r.crew]
	if !s.settleLoose(r) {
		s.insertStop(r, at-1, leftGap, visit)
		return s.settle(r)
	}
	bestCost, bestGap, bestBefore, bestStop := noChance, -1, uint8(0), visit
	try := s.m.jobs[r.stops[first].job].stores
	for k, tried := -1, 0; k < len(try) && tried <= triedStores; k++ {
		store := int(visit.store)
		if k >= 0 {
			if try[k] == visit.store || !s.couldFetch(r, int(try[k]), first) {
				continue
			}
			store = int(try[k])
		}
		tried++
		d := &s.m.stores[store]
		for w := range d.windows {
			for gap := 0; gap < first; gap++ {
				a, b := &r.stops[gap], &r.stops[gap+1]
				for split := uint8(0); ; split++ {
					before := a.rests & (1<<split - 1)
					if split == 0 || a.rests&(1<<(split-1)) != 0 {
						t := trailAt(a)
						if s.m.visit(c, &t, s.m.leg(a.place, d.place), before, d.handling, d.windows[w].From, d.windows[w].To, NoDue, 0) {
							if cost, ok := s.m.arrive(c, &t, r.stops, gap+1, s.m.leg(d.place, b.place), a.rests&^before); ok && cost < bestCost {
								bestCost, bestGap, bestBefore = cost, gap, before
								bestStop = stop{job: atStore, store: int32(store), place: d.place, service: d.handling, open: d.windows[w].From, close: d.windows[w].To}
							}
						}
					}
					if a.rests>>split == 0 {
						break
					}
				}
			}
		}
	}
	if bestGap < 0 {
		s.insertStop(r, at-1, leftGap, visit)
	} else {
		s.insertStop(r, bestGap, bestBefore, bestStop)
	}
	return s.settle(r)
}

// settleLoose recomputes the times of a route that lacks its store visit for the moment.
func (s *search) settleLoose(r *route) bool {
	s.shift(r, 1)
	r.at = 0
	r.parts = r.parts[:0]
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 {
			for _, n := range s.m.jobs[id].parts {
				r.parts, _ = addUse(r.parts, n)
			}
		}
	}
	return s.m.update(r)
}

// firstNeed is the position of the first stop that van and tools alone cannot serve, or -1.
func (s *search) firstNeed(r *route) int {
	van, tools := s.m.f.vanOf(int(r.crew)), s.m.f.toolsOf(int(r.crew))
	list, sum := s.counted[:0], int64(0)
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 {
			j := &s.m.jobs[id]
			if j.hasTools && !within(j.tools, tools, nil) {
				return i
			}
			for _, n := range j.parts {
				list, sum = addUse(list, n)
				s.counted = list
				if sum > van[n.id] {
					return i
				}
			}
		}
	}
	return -1
}

// couldFetch tells whether a store has all the parts and tools that the van lacks for r.
func (s *search) couldFetch(r *route, store, first int) bool {
	van := s.m.f.vanOf(int(r.crew))
	free := s.stock[store*s.m.skus:]
	for i := range r.parts {
		if u := &r.parts[i]; max(0, u.all-van[u.sku]) > free[u.sku] {
			return false
		}
	}
	return s.lends(r, store, first)
}

// lends tells whether the store has the tools that stops from first on need and the van lacks.
func (s *search) lends(r *route, store, first int) bool {
	for i := first; i < len(r.stops); i++ {
		if id := r.stops[i].job; id >= 0 {
			if j := &s.m.jobs[id]; j.hasTools && !within(j.tools, s.m.f.toolsOf(int(r.crew)), s.m.stores[store].tools) {
				return false
			}
		}
	}
	return true
}

// Averages of one ruin, as published for slack induction by string removals.
const (
	meanRemoved = 10
	longString  = 10.0
)

// On large days seeds stay in one part of the map for a while: routes and legs looked at a
// moment ago are still in the processor's cache, and what was just improved is improved further.
const (
	largeDay  = 2000
	stayFor   = 100
	stayWidth = 4
)

// seed is the job around which an iteration takes jobs out.
func (s *search) seed() int32 {
	n := len(s.m.f.orders)
	if s.inArea != nil {
		s.centre = s.areaJobs[s.rng.below(len(s.areaJobs))]
		return s.centre
	}
	if n <= largeDay {
		s.centre = int32(s.rng.below(n))
		return s.centre
	}
	if s.stay--; s.stay <= 0 {
		s.stay, s.focus = stayFor, int32(s.rng.below(n))
	}
	id := s.focus
	for range s.rng.below(stayWidth) {
		near := s.m.near[id]
		if next := near[s.rng.below(len(near))]; int(next) < n {
			id = next
		}
	}
	s.centre = id
	return id
}

// ruin takes out jobs that have something to do with each other.
func (s *search) ruin() bool {
	m := s.m
	n := len(m.f.orders)
	s.resting, s.urgent = -1, false
	switch k := s.rng.below(100); {
	case k < 4 && len(s.absent) > 0 && m.objective == Service && s.ruinForUrgent():
	case k < 90 || n < 20:
		s.ruinStrings(s.seed())
	case k < 95 && len(m.stores) > 0:
		s.ruinStore(s.seed())
	case k < 96:
		s.ruinTime()
	case k < 98:
		s.ruinDay()
	default:
		s.ruinPart()
	}
	if !s.afterRuin() {
		return false
	}
	s.speculated = s.speculated[:0]
	if len(m.stores) > 0 && s.rng.float() < 0.2 {
		for _, crew := range s.before.crews {
			r := &s.routes[crew]
			if r.at == 0 && m.crews[crew].mayFetch && len(r.stops) > 2 && s.rng.float() < 0.3 {
				s.count(r, -1)
				if s.speculate(r) {
					s.speculated = append(s.speculated, crew)
				}
				s.count(r, 1)
			}
		}
	}
	return true
}

// speculate sends a crew to a store for nothing yet: with the store on the way, jobs fit in
// that would not have paid for the detour one by one.
func (s *search) speculate(r *route) bool {
	m := s.m
	c := &m.crews[r.crew]
	store := s.rng.below(len(m.stores))
	d := &m.stores[store]
	gap := s.rng.below(len(r.stops) - 1)
	w := d.windows[s.rng.below(len(d.windows))]
	a, b := &r.stops[gap], &r.stops[gap+1]
	t := trailAt(a)
	if !m.visit(c, &t, m.leg(a.place, d.place), a.rests, d.handling, w.From, w.To, NoDue, 0) {
		return false
	}
	if _, ok := m.arrive(c, &t, r.stops, gap+1, m.leg(d.place, b.place), 0); !ok {
		return false
	}
	s.insertStop(r, gap, a.rests, stop{job: atStore, store: int32(store), place: d.place, service: d.handling, open: w.From, close: w.To})
	return s.settle(r)
}

// sober drops the store visits that turned out to be for nothing.
func (s *search) sober() {
	for _, crew := range s.speculated {
		r := &s.routes[crew]
		if r.at > 0 {
			s.count(r, -1)
			s.mend(r)
			s.count(r, 1)
		}
	}
}

// ruinStore: the store visit of a route with every job that needs it.
func (s *search) ruinStore(seed int32) {
	m := s.m
	for _, id := range m.near[seed] {
		crew := s.where[id]
		if crew < 0 || s.routes[crew].at == 0 {
			continue
		}
		r := &s.routes[crew]
		van, tools := m.f.vanOf(int(crew)), m.f.toolsOf(int(crew))
		list, sums := s.spare[:0], s.counted[:0]
		for i := range r.stops {
			if id := r.stops[i].job; id >= 0 {
				j := &m.jobs[id]
				short := j.hasTools && !within(j.tools, tools, nil)
				for _, n := range j.parts {
					short = short || usedIn(sums, n.id)+n.amount > van[n.id]
				}
				if short {
					list = append(list, id)
					continue
				}
				for _, n := range j.parts {
					sums, _ = addUse(sums, n)
				}
			}
		}
		s.spare, s.counted = list, sums
		for _, id := range list {
			s.take(id)
		}
		break
	}
	s.ruinStrings(seed)
}

// ruinStrings: strings of stops from the routes around a job.
func (s *search) ruinStrings(seed int32) {
	m := s.m
	jobs, routes := max(s.total, 1), max(s.used, 1)
	longest := min(longString, float64(jobs)/float64(routes))
	most := 4*meanRemoved/(1+longest) - 1
	strings := int(s.rng.float()*most) + 1
	s.ruinString(seed, longest)
	for _, id := range m.near[seed] {
		if len(s.before.crews) >= strings {
			return
		}
		s.ruinString(id, longest)
	}
}

func (s *search) ruinString(id int32, longest float64) {
	crew := s.where[id]
	if crew < 0 || s.touched[crew] == s.stamp || s.m.jobs[id].fixed >= 0 || s.outside(crew) {
		return
	}
	r := &s.routes[crew]
	list := s.spare[:0]
	at := 0
	for i := range r.stops {
		if j := r.stops[i].job; j >= 0 && s.m.jobs[j].fixed < 0 {
			if j == id {
				at = len(list)
			}
			list = append(list, j)
		}
	}
	s.spare = list
	n := len(list)
	length := 1 + int(s.rng.float()*min(float64(n), longest))
	length = min(length, n)
	hold := 0
	if length > 1 && length < n && s.rng.next()&1 == 0 {
		hold = 1
		for length+hold < n && s.rng.float() < 0.01 {
			hold++
		}
	}
	span := length + hold
	lo := max(0, at-span+1)
	hi := min(at, n-span)
	from := lo + s.rng.below(hi-lo+1)
	skip := from + span // nothing is held back
	if hold > 0 {
		skip = from + 1 + s.rng.below(length-1)
	}
	s.touch(crew)
	for k := from; k < from+span; k++ {
		if k >= skip && k < skip+hold {
			continue
		}
		s.take(list[k])
	}
}

// ruinTime: jobs near each other that are served around the same time.
func (s *search) ruinTime() {
	seed := s.seed()
	t, ok := s.startOf(seed)
	if !ok {
		s.ruinStrings(seed)
		return
	}
	s.take(seed)
	width := (s.m.jobs[seed].service + s.m.leg(s.m.jobs[seed].place, s.m.jobs[s.m.near[seed][0]].place)) * 2
	for _, id := range s.m.near[seed] {
		if len(s.absent)-len(s.before.absent) >= meanRemoved {
			return
		}
		if u, ok := s.startOf(id); ok && abs(u-t) <= width {
			s.take(id)
		}
	}
}

func (s *search) startOf(id int32) (int64, bool) {
	crew := s.where[id]
	if crew < 0 {
		return 0, false
	}
	for i := range s.routes[crew].stops {
		if s.routes[crew].stops[i].job == id {
			return s.routes[crew].stops[i].early, true
		}
	}
	return 0, false
}

// ruinForUrgent: an order left over is to get a place in the day of somebody who may do it, and
// what is less urgent there makes room. It reports false when there is nobody.
func (s *search) ruinForUrgent() bool {
	m := s.m
	id := s.absent[s.rng.below(len(s.absent))]
	for range 2 {
		if other := s.absent[s.rng.below(len(s.absent))]; m.level(other) < m.level(id) {
			id = other
		}
	}
	who := m.maySend[id]
	if len(who) == 0 {
		return false
	}
	crew := who[s.rng.below(len(who))]
	if s.outside(crew) || len(s.routes[crew].stops) == 0 {
		return false
	}
	list := s.spare[:0]
	for i := range s.routes[crew].stops {
		if j := s.routes[crew].stops[i].job; j >= 0 && m.level(j) >= m.level(id) {
			list = append(list, j)
		}
	}
	s.spare = list
	for _, j := range list {
		s.take(j)
	}
	s.centre, s.urgent = id, true
	return len(s.before.crews) > 0
}

// ruinDay: one whole day of somebody and a piece of his neighbours'.
func (s *search) ruinDay() {
	seed := s.seed()
	crew := s.where[seed]
	if crew < 0 {
		s.ruinStrings(seed)
		return
	}
	list := s.spare[:0]
	for i := range s.routes[crew].stops {
		if j := s.routes[crew].stops[i].job; j >= 0 {
			list = append(list, j)
		}
	}
	s.spare = list
	for _, id := range list[:min(len(list), 3*meanRemoved)] {
		s.take(id)
	}
	s.resting = crew
}

// ruinPart: jobs that compete for the same part.
func (s *search) ruinPart() {
	m := s.m
	seed := s.seed()
	if len(m.jobs[seed].parts) == 0 {
		s.ruinStrings(seed)
		return
	}
	sku := m.jobs[seed].parts[s.rng.below(len(m.jobs[seed].parts))].id
	s.take(seed)
	for _, id := range m.near[seed] {
		if len(s.absent)-len(s.before.absent) >= meanRemoved {
			return
		}
		for _, n := range m.jobs[id].parts {
			if n.id == sku && s.rng.next()&3 != 0 {
				s.take(id)
			}
		}
	}
}

// Of many jobs left over, those near the ruin are tried again in one iteration, and a few from
// anywhere.
const waiting, strangers = 20, 3

// recreate puts the absent jobs back, each where it is cheapest now, in an order drawn anew. Of
// many that were left over before, only some are tried.
func (s *search) recreate() {
	m := s.m
	list, rest := s.absent, s.absent[:0]
	if old := len(s.before.absent); old > 2*waiting && len(s.absent) >= old {
		s.drawn = append(s.drawn[:0], s.absent[old:]...)
		draw := func(id int32) {
			if s.drawnAt[id] != s.stamp {
				s.drawnAt[id] = s.stamp
				s.drawn = append(s.drawn, id)
			}
		}
		for _, id := range s.absent[old:] {
			s.drawnAt[id] = s.stamp
		}
		if s.where[s.centre] < 0 && m.jobs[s.centre].fixed < 0 {
			draw(s.centre)
		}
		for left, near := waiting, m.near[s.centre]; left > 0 && len(near) > 0; near = near[1:] {
			if id := near[0]; s.where[id] < 0 && m.jobs[id].fixed < 0 {
				draw(id)
				left--
			}
		}
		for range strangers {
			draw(s.absent[s.rng.below(old)])
		}
		for _, id := range s.absent[:old] {
			if s.drawnAt[id] != s.stamp {
				rest = append(rest, id)
			}
		}
		list = s.drawn
	}
	s.sort(list)
	if s.urgent {
		slices.SortStableFunc(list, func(a, b int32) int { return int(m.level(a) - m.level(b)) })
	}
	for _, id := range list {
		if !s.insert(id) {
			rest = append(rest, id)
			if s.misses[id]++; s.outAt[id] == s.stamp {
				s.regret += s.misses[id]
			}
		} else {
			if s.left[m.level(id)]--; s.outAt[id] != s.stamp {
				s.regret -= s.misses[id]
			}
		}
	}
	s.absent = rest
}

// insert puts one job where it is cheapest.
func (s *search) insert(id int32) bool {
	ch := s.cheapest(id)
	if ch.crew < 0 {
		return false
	}
	s.touch(ch.crew)
	r := &s.routes[ch.crew]
	s.count(r, -1)
	s.put(r, id, ch)
	s.placed = append(s.placed, id)
	if !s.settle(r) {
		// A travel matrix with legs longer than their way round can do this.
		for i := range r.stops {
			if r.stops[i].job == id {
				s.removeStop(r, i)
				break
			}
		}
		s.where[id] = -1
		s.mend(r)
		s.count(r, 1)
		return false
	}
	s.count(r, 1)
	return true
}

// count adds a route to the totals, or takes it out with -1.
func (s *search) count(r *route, sign int64) {
	s.cost += sign * r.cost
	s.late += sign * r.late
	s.dur += sign * r.dur
}

// recall is best with a memory: as long as a route has not changed, the best place in it for a
// job has not either. Most iterations are taken back, so most routes are as they were when the
// job was last tried. A blink overlooks the whole route.
func (s *search) recall(crew, id int32, limit int64) chance {
	r := &s.routes[crew]
	if s.memory == nil {
		return s.best(r, id, limit)
	}
	known := &s.memory[(uint32(id)*0x9e3779b1+uint32(crew))&s.memoryMask]
	if known.version == r.version && known.job == id && (known.stock == 0 || known.stock == s.stockOf(r, &s.m.jobs[id])) {
		if s.blink -= 2; s.blink <= 0 {
			s.nextBlink()
			return chance{delta: noChance, crew: -1}
		}
		return known.chance
	}
	if len(r.stops) == 0 && s.dearer(r, id, limit) {
		return chance{delta: noChance, crew: -1}
	}
	known.chance = s.best(r, id, noChance)
	known.version, known.job, known.stock = r.version, id, 0
	if s.onStock && !s.m.endless {
		known.stock = s.stockOf(r, &s.m.jobs[id])
	}
	return known.chance
}

// stockOf tells by a number, never 0, how the shelves stood that decide whether a route can
// get the parts of a job: those of the store it visits, or of the stores it could visit.
func (s *search) stockOf(r *route, j *job) uint32 {
	h := uint32(2166136261)
	if r.at > 0 {
		for _, n := range j.parts {
			h = (h ^ s.stocked[int(r.took)*s.m.skus+int(n.id)]) * 16777619
		}
		return h | 1
	}
	// Further stores matter only while nearer ones have nothing.
	for k, left := 0, triedStores; k < len(j.stores) && left > 0; k++ {
		shelf, has := int(j.stores[k])*s.m.skus, true
		for _, n := range j.parts {
			h = (h ^ s.stocked[shelf+int(n.id)]) * 16777619
			has = has && s.stock[shelf+int(n.id)] >= n.amount
		}
		if has {
			left--
		}
	}
	return h | 1
}

// memo is the best place for a job in one version of a route. What is remembered of one route
// may be pushed out by another: looking anew gives the same answer.
type memo struct {
	chance  chance
	version uint32
	job     int32
	stock   uint32 // how the shelves stood, or 0 when they do not matter
}

// memories is how many a search may keep; a power of two.
const memories = 1 << 19

// few is how many crews are all scanned; with more, only those around the job are.
const few = 48

func (s *search) cheapest(id int32) chance {
	m := s.m
	best := chance{delta: noChance, crew: -1}
	s.tryNo++
	try := func(crew int32) {
		if s.tried[crew] == s.tryNo || crew == s.resting || !m.allowed(id, crew) {
			return
		}
		s.tried[crew] = s.tryNo
		if len(s.routes[crew].stops) == 0 { // all idle twins are the same
			twin := m.crews[crew].twin
			if twin != crew && s.tried[twin] == s.tryNo && len(s.routes[twin].stops) == 0 {
				return
			}
		}
		if ch := s.recall(crew, id, best.delta); ch.delta < best.delta {
			best = ch
		}
	}
	who := m.maySend[id]
	if s.inArea != nil || len(who) <= few {
		if s.inArea != nil {
			who = s.area
		}
		for _, crew := range who {
			if len(s.routes[crew].stops) > 0 {
				try(crew)
			}
		}
		for _, crew := range who {
			if len(s.routes[crew].stops) == 0 {
				try(crew)
			}
		}
		return best
	}
	for _, near := range m.near[id][:min(len(m.near[id]), few)] {
		if crew := s.where[near]; crew >= 0 {
			try(crew)
		}
	}
	idle := 0
	for _, crew := range who {
		if len(s.routes[crew].stops) == 0 {
			try(crew)
			if idle++; idle == 6 {
				break
			}
		}
	}
	if best.crew < 0 && (s.misses[id] == 0 || s.rng.below(100) == 0) {
		for _, crew := range who {
			try(crew)
		}
	}
	return best
}

// sort draws one of the orders in which jobs are put back.
func (s *search) sort(list []int32) {
	m := s.m
	var key func(id int32) int64
	switch k := s.rng.below(19); {
	case k < 4:
		for i := len(list) - 1; i > 0; i-- {
			j := s.rng.below(i + 1)
			list[i], list[j] = list[j], list[i]
		}
		if m.objective == Service {
			key = func(id int32) int64 { return int64(m.level(id)) }
		}
	case k < 6:
		key = func(id int32) int64 { return int64(len(m.maySend[id])) }
	case k < 8:
		key = func(id int32) int64 { return -m.jobs[id].scarce }
	case k < 10:
		key = func(id int32) int64 { return m.jobs[id].windows[0].To - m.jobs[id].windows[0].From }
	case k < 12:
		key = func(id int32) int64 { return m.jobs[id].windows[0].From }
	case k < 14:
		key = func(id int32) int64 { return -m.jobs[id].windows[0].To }
	case k < 16:
		key = func(id int32) int64 { return -m.homeLeg[id] }
	case k < 17:
		key = func(id int32) int64 { return m.homeLeg[id] }
	default:
		key = func(id int32) int64 { return -s.misses[id] }
	}
	if key != nil {
		slices.SortStableFunc(list, func(a, b int32) int { return compare(key(a), key(b)) })
	}
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

// lastTries is for how many jobs everybody is asked at the end.
const lastTries = 300

// finish tries once more, with nothing overlooked, to place what the best plan leaves over.
func (s *search) finish() {
	s.leaveArea()
	s.weigh(strictLate)
	if len(s.top.absent) == 0 {
		return
	}
	s.adopt(&s.top, true)
	s.begin()
	s.resting = -1
	for crew := range s.routes {
		s.touch(int32(crew))
		s.soil(int32(crew))
	}
	s.memory = nil
	list := slices.Clone(s.absent)
	slices.SortStableFunc(list, func(a, b int32) int { return int(s.m.level(a) - s.m.level(b)) })
	s.absent = s.absent[:0]
	for k, id := range list {
		s.blink = math.MaxInt
		if k < lastTries {
			s.misses[id] = 0 // asks everybody
		}
		if s.insert(id) {
			s.left[s.m.level(id)]--
		} else {
			s.absent = append(s.absent, id)
		}
	}
	s.nextBlink()
	if s.better() {
		s.keep()
	}
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

package planner

import (
	"math"
	"slices"
)

// One place in a hundred is overlooked.
const blinkRate = 0.01

func (s *search) nextBlink() {
	s.blink = 1 + int(math.Log(1-s.rng.float())/math.Log(1-blinkRate))
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

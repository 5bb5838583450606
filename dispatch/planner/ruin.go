package planner

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

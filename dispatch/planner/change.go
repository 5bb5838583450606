package planner

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

// count adds a route to the totals, or takes it out with -1.
func (s *search) count(r *route, sign int64) {
	s.cost += sign * r.cost
	s.late += sign * r.late
	s.dur += sign * r.dur
}

package planner

// Large days are improved piece by piece for a part of the time: a few neighbouring routes form
// an area, iterations change nothing outside it, its routes are remembered, and in the end the
// remembered ones are recombined. An area is a small day of its own, for which all that works
// on small days is affordable.
const (
	areaJobs       = 150
	areaIterations = 3000
	// Areas begin when so much of the time is used up: before, the plan changes too much.
	areaFrom = 0.3
	// Idle crews of an area, for work that none of its routes can take.
	areaIdle = 3
)

func (s *search) outside(crew int32) bool { return s.inArea != nil && !s.inArea[crew] }

// move takes the search to another area, or lets it roam, when its time where it is is over.
func (s *search) move(iterations int, fraction float64) {
	if len(s.m.f.orders) <= pooledOrders {
		return
	}
	if s.phase -= iterations; s.phase > 0 {
		return
	}
	s.phase = areaIterations
	roamed := s.inArea == nil
	s.recombine()
	s.leaveArea()
	if fraction >= areaFrom && (roamed || s.rng.below(4) > 0) {
		s.enterArea()
	}
}

// enterArea picks the routes around an order drawn by chance.
func (s *search) enterArea() {
	m := s.m
	s.area, s.areaJobs = make([]int32, 0, 64), s.areaJobs[:0]
	idle := 0
	take := func(crew int32) {
		if s.areaMark[crew] || !m.crews[crew].works {
			return
		}
		r := &s.routes[crew]
		if len(r.stops) == 0 {
			if idle == areaIdle {
				return
			}
			idle++
		}
		s.areaMark[crew] = true
		s.area = append(s.area, crew)
		for i := range r.stops {
			if id := r.stops[i].job; id >= 0 && m.jobs[id].fixed < 0 {
				s.areaJobs = append(s.areaJobs, id)
			}
		}
	}
	seed := int32(s.rng.below(len(m.f.orders)))
	around := func(id int32) {
		if s.where[id] >= 0 {
			take(s.where[id])
		}
		for _, near := range m.near[id] {
			if len(s.areaJobs) >= areaJobs {
				return
			}
			if s.where[near] >= 0 {
				take(s.where[near])
			}
		}
	}
	around(seed)
	for k := 0; k < len(s.areaJobs) && len(s.areaJobs) < areaJobs; k++ {
		around(s.areaJobs[k])
	}
	for _, crew := range m.maySend[seed] {
		if idle == areaIdle {
			break
		}
		if len(s.routes[crew].stops) == 0 {
			take(crew)
		}
	}
	if len(s.areaJobs) == 0 || len(s.area) < 2 {
		s.inArea = s.areaMark
		s.leaveArea()
		return
	}
	s.inArea = s.areaMark
	s.pool.empty()
}

// leaveArea lets iterations change any route again.
func (s *search) leaveArea() {
	if s.inArea == nil {
		return
	}
	for _, crew := range s.area {
		s.areaMark[crew] = false
	}
	s.area, s.inArea = s.everyone, nil
}

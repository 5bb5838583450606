package planner

import "math"

// chance is a place for a job in a route, with what it would add to the cost.
type chance struct {
	delta  int64
	crew   int32
	store  int32 // a new store visit, or NoStore
	gap    int16 // between stops gap and gap+1
	window int16
	// Where the store visit goes: its gap, window and the rests before it.
	storeGap    int16
	storeWindow int16
	storeBefore uint8
	before      uint8 // rests of the gap that stay before the job
}

// What is counted in 16 bits: nobody serves more visits in a day, nothing has more windows.
const mostVisits, mostWindows = math.MaxInt16 / 2, math.MaxInt16

const noChance = int64(math.MaxInt64)

// supply says where in a route the parts and tools for a job would be at hand.
type supply uint8

const (
	outOfReach supply = iota
	anywhere
	afterStore  // only behind the store visit that the route already has
	beforeStore // only in front of it: the store has no more, the van has
	withStore   // the route needs a store visit first
)

// supplyFor decides by the van, what the route already uses, and what stores have left.
func (s *search) supplyFor(r *route, j *job) supply {
	if len(j.parts) == 0 && !j.hasTools {
		return anywhere
	}
	m := s.m
	van := m.f.vanOf(int(r.crew))
	tools := !j.hasTools || within(j.tools, m.f.toolsOf(int(r.crew)), nil)
	if r.at == 0 {
		inVan := tools
		for _, n := range j.parts {
			if all, _ := r.usedOf(n.id); van[n.id] < all+n.amount {
				inVan = false
				break
			}
		}
		if inVan {
			return anywhere
		}
		if m.crews[r.crew].mayFetch && len(m.stores) > 0 {
			return withStore
		}
		return outOfReach
	}
	store := r.stops[r.at].store
	free := s.stock[int(store)*m.skus:]
	for _, n := range j.parts {
		all, _ := r.usedOf(n.id)
		more := max(0, all+n.amount-van[n.id]) - max(0, all-van[n.id])
		if more > free[n.id] {
			return outOfReach
		}
	}
	before, after := tools, true
	if !tools {
		after = within(j.tools, m.f.toolsOf(int(r.crew)), m.stores[store].tools)
	}
	for _, n := range j.parts {
		if _, early := r.usedOf(n.id); early+n.amount > van[n.id] {
			before = false
			break
		}
	}
	switch {
	case before && after:
		return anywhere
	case after:
		return afterStore
	case before:
		return beforeStore
	}
	return outOfReach
}

// best is the cheapest place for a job in a route that costs less than limit. Places are
// skipped now and then (a blink), so that the same job does not fall into the same hole again.
func (s *search) best(r *route, id int32, limit int64) chance {
	m := s.m
	s.onStock = false
	out := chance{delta: limit, crew: -1, store: NoStore}
	c := &m.crews[r.crew]
	if r.count >= c.maxVisits && m.jobs[id].fixed < 0 {
		return out
	}
	j := &m.jobs[id]
	if len(r.stops) == 0 && s.dearer(r, id, limit) {
		return out
	}
	need := s.supplyFor(r, j)
	s.onStock = len(j.parts) > 0 && (r.at > 0 || need == withStore)
	if need == outOfReach {
		return out
	}
	if len(r.stops) == 0 {
		// The first job of the day is tried on a route of nothing but the way home.
		empty := &s.empty
		empty.crew = r.crew
		m.begin(empty)
		empty.parts = r.parts
		if !m.update(empty) {
			return out
		}
		empty.dur, empty.base = 0, 0
		r = empty
	}
	if need == withStore {
		s.withStore(r, id, &out)
		return s.found(out, r, id)
	}
	from, to := 0, len(r.stops)-1
	switch need {
	case afterStore:
		from = int(r.at)
	case beforeStore:
		to = int(r.at)
	}
	if m.simple {
		s.plain(r, j, from, to, &out)
		return s.found(out, r, id)
	}
	keep := int64(0)
	row, col := s.legs(j.place)
	for i := from; i < to; i++ {
		a, b := &r.stops[i], &r.stops[i+1]
		if s.blink--; s.blink == 0 {
			s.nextBlink()
			continue
		}
		if a.early+a.service > j.windows[len(j.windows)-1].To {
			break
		}
		in, after := s.from(col, a.place, j.place), s.to(row, j.place, b.place)
		for split := uint8(0); ; split++ {
			before := a.rests & (1<<split - 1)
			if split == 0 || a.rests&(1<<(split-1)) != 0 {
				for w := range j.windows {
					t := trailAt(a)
					if !m.visit(c, &t, in, before, j.service, j.windows[w].From, j.windows[w].To, j.due, j.weight) {
						continue
					}
					if m.keep > 0 {
						keep = m.moved(j, r.crew, t.free-j.service)
					}
					cost, ok := m.arrive(c, &t, r.stops, i+1, after, a.rests&^before)
					if delta := cost - r.base + keep; ok && delta < out.delta {
						out = chance{delta: delta, crew: r.crew, gap: int16(i), window: int16(w), before: before, store: NoStore}
					}
				}
			}
			if a.rests>>split == 0 {
				break
			}
		}
	}
	return s.found(out, r, id)
}

func (s *search) found(out chance, r *route, _ int32) chance {
	if out.crew >= 0 {
		out.crew = r.crew
	}
	return out
}

// dearer tells that a job alone, without a store, would make an idle day cost more than limit.
func (s *search) dearer(r *route, id int32, limit int64) bool {
	c, j := &s.m.crews[r.crew], &s.m.jobs[id]
	return s.m.leg(c.place, j.place)+j.service*s.serviceCounts >= limit-s.m.leg(j.place, c.home)
}

// legs are the rows of the travel table from and to a place, or nil when legs are computed.
func (s *search) legs(place int32) (row, col []int64) {
	if s.m.table == nil {
		return nil, nil
	}
	at := int(place) * int(s.m.places)
	return s.m.table[at : at+int(s.m.places)], s.m.turned[at : at+int(s.m.places)]
}

func (s *search) to(row []int64, here, there int32) int64 {
	if row != nil {
		return row[there]
	}
	return s.m.leg(here, there)
}

func (s *search) from(col []int64, there, here int32) int64 {
	if col != nil {
		return col[there]
	}
	return s.m.leg(there, here)
}

// plain is the scan without rests, promises and second windows: the arithmetic of visit and
// arrive written out, because most of the time of a plan is spent here.
func (s *search) plain(r *route, j *job, from, to int, out *chance) {
	m := s.m
	row, col := s.legs(j.place)
	open, close, service := j.windows[0].From, j.windows[0].To, j.service
	st := r.stops
	distance := m.objective == Distance
	road := r.base - r.dur
	for i := from; i < to; i++ {
		a := &st[i]
		free := a.early + a.service
		if free > close {
			return
		}
		if s.blink--; s.blink == 0 {
			s.nextBlink()
			continue
		}
		b := &st[i+1]
		if open+service > b.late {
			continue
		}
		in := s.from(col, a.place, j.place)
		arrival := free + in
		if arrival > close {
			continue
		}
		after := s.to(row, j.place, b.place)
		if max(arrival, open)+service+after > b.late {
			continue
		}
		var delta int64
		if distance {
			delta = in + after - (a.s.d - b.s.d)
		} else {
			shift := a.p.d + in
			wait := max(0, open-shift-a.p.l)
			l := min(close-shift, a.p.l)
			shift += service + wait + after
			delta = shift + max(0, b.s.e-shift-l) + b.s.d - r.dur + (a.p.road+in+after+b.s.road)/roadShare - road
		}
		if delta < out.delta {
			out.delta, out.crew, out.gap = delta, r.crew, int16(i)
		}
	}
}

// withStore tries the job together with a store visit somewhere before it.
func (s *search) withStore(r *route, id int32, out *chance) {
	m := s.m
	j := &m.jobs[id]
	c := &m.crews[r.crew]
	van := m.f.vanOf(int(r.crew))
	row, col := s.legs(j.place)
	tried := 0
	for _, n := range j.stores {
		store := int(n)
		d := &m.stores[store]
		if j.hasTools && !within(j.tools, m.f.toolsOf(int(r.crew)), d.tools) {
			continue
		}
		enough := true
		for _, n := range j.parts {
			if all, _ := r.usedOf(n.id); max(0, all+n.amount-van[n.id]) > s.stock[store*m.skus+int(n.id)] {
				enough = false
				break
			}
		}
		if !enough {
			continue
		}
		if tried++; tried > triedStores {
			return
		}
		for w := range d.windows {
			for q := 0; q < len(r.stops)-1; q++ {
				a := &r.stops[q]
				if a.early+a.service > d.windows[w].To || a.early+a.service > j.windows[len(j.windows)-1].To {
					break
				}
				if s.blink--; s.blink == 0 {
					s.nextBlink()
					continue
				}
				in := m.leg(a.place, d.place)
				for split := uint8(0); ; split++ {
					before := a.rests & (1<<split - 1)
					if split == 0 || a.rests&(1<<(split-1)) != 0 {
						t := trailAt(a)
						if m.visit(c, &t, in, before, d.handling, d.windows[w].From, d.windows[w].To, NoDue, 0) {
							s.behind(r, j, row, col, q, before, store, w, t, out)
						}
					}
					if a.rests>>split == 0 {
						break
					}
				}
			}
		}
	}
}

// behind walks on from a store visit in gap q and tries the job in that and every later gap.
func (s *search) behind(r *route, j *job, row, col []int64, q int, before uint8, store, window int, t trail, out *chance) {
	m := s.m
	c := &m.crews[r.crew]
	here, rests := m.stores[store].place, r.stops[q].rests&^before
	for p := q; p < len(r.stops)-1; p++ {
		b := &r.stops[p+1]
		in, after := s.from(col, here, j.place), s.to(row, j.place, b.place)
		for split := uint8(0); ; split++ {
			first := rests & (1<<split - 1)
			if split == 0 || rests&(1<<(split-1)) != 0 {
				for w := range j.windows {
					u := t
					if !m.visit(c, &u, in, first, j.service, j.windows[w].From, j.windows[w].To, j.due, j.weight) {
						continue
					}
					keep := int64(0)
					if m.keep > 0 {
						keep = m.moved(j, r.crew, u.free-j.service)
					}
					cost, ok := m.arrive(c, &u, r.stops, p+1, after, rests&^first)
					if delta := cost - r.base + keep; ok && delta < out.delta {
						*out = chance{delta: delta, crew: r.crew, gap: int16(p), window: int16(w), before: first,
							store: int32(store), storeGap: int16(q), storeWindow: int16(window), storeBefore: before}
					}
				}
			}
			if rests>>split == 0 {
				break
			}
		}
		due, weight := int64(NoDue), int64(0)
		if b.job >= 0 {
			due, weight = m.jobs[b.job].due, m.jobs[b.job].weight
		}
		had := t.late
		if !m.visit(c, &t, m.leg(here, b.place), rests, b.service, b.open, min(b.close, b.late), due, weight) {
			return
		}
		if due != NoDue { // only what the detour added
			t.late = had + max(0, t.late-had-m.jobs[b.job].lateness(b.early))
		}
		here, rests = b.place, b.rests
	}
}

// put carries out a chance. The caller has saved the route and recomputes it afterwards.
func (s *search) put(r *route, id int32, ch chance) {
	m := s.m
	j := &m.jobs[id]
	if len(r.stops) == 0 {
		m.begin(r)
	}
	gap := int(ch.gap)
	if ch.store != NoStore {
		d := &m.stores[ch.store]
		w := d.windows[ch.storeWindow]
		s.insertStop(r, int(ch.storeGap), ch.storeBefore, stop{job: atStore, store: ch.store, place: d.place, service: d.handling, open: w.From, close: w.To})
		gap++
	}
	w := j.windows[ch.window]
	s.insertStop(r, gap, ch.before, stop{job: id, place: j.place, store: j.pickup, service: j.service, open: w.From, close: w.To})
	s.where[id] = r.crew
}

func (s *search) insertStop(r *route, gap int, before uint8, x stop) {
	x.rests = r.stops[gap].rests &^ before
	r.stops = append(r.stops, stop{})
	copy(r.stops[gap+2:], r.stops[gap+1:])
	r.stops[gap].rests &= before
	r.stops[gap+1] = x
}

func (s *search) removeStop(r *route, at int) {
	r.stops[at-1].rests |= r.stops[at].rests
	r.stops = append(r.stops[:at], r.stops[at+1:]...)
}

package planner

// stop is one place of a route with everything an insertion next to it has to know.
//
// Three clocks run over a route. early is the first possible start when the engineer leaves at
// the beginning of his shift; late is the last start that still keeps every later window; soft
// is the last start that makes nothing later than promised. The segments answer how long a
// piece of route takes at least (d), and between which instants (e to l) it may begin so that
// it takes no longer: p for the piece from the start of the day up to and including this stop,
// s for the piece from this stop to the end.
type stop struct {
	job   int32 // or atHome, or atStore
	place int32
	store int32 // at a store: which
	rests uint8 // rests that lie in the gap after this stop, by bit
	early int64
	late  int64
	soft  int64

	service, open, close int64
	p, s                 segment
}

const (
	atHome  = -1
	atStore = -2
)

// segment is a piece of route: least duration, and the first and the last begin that reach it.
type segment struct{ d, e, l, road int64 }

// join puts b behind a with a drive between them.
func join(a segment, drive int64, b segment) segment {
	shift := a.d + drive
	wait := max(0, b.e-shift-a.l)
	return segment{a.d + b.d + drive + wait, max(b.e-shift, a.e) - wait, min(b.l-shift, a.l), a.road + drive + b.road}
}

// route is the day of one crew. An empty route has no stops at all.
type route struct {
	crew  int32
	stops []stop
	// at is the position of the store visit, or 0; took is the store.
	at    int32
	took  int32
	count int32 // jobs
	// version is another number after every change.
	version uint32
	cost    int64
	late    int64 // weighted seconds
	dur     int64 // working time or driving, whatever is minimised
	base    int64 // dur with the share of driving that settles ties
	parts   []used
}

// used is how much of a part a route needs, in all and before its store visit.
type used struct {
	sku        int32
	all, early int64
}

// usedOf is how much of a part a route needs, in all and before its store visit.
func (r *route) usedOf(sku int32) (all, early int64) {
	for i := range r.parts {
		if r.parts[i].sku == sku {
			return r.parts[i].all, r.parts[i].early
		}
	}
	return 0, 0
}

// usedIn is how much of a part a list counts.
func usedIn(list []used, sku int32) int64 {
	for i := range list {
		if list[i].sku == sku {
			return list[i].all
		}
	}
	return 0
}

// addUse counts parts into a list and returns the new amount of the given one.
func addUse(list []used, n need) ([]used, int64) {
	for i := range list {
		if list[i].sku == n.id {
			list[i].all += n.amount
			return list, list[i].all
		}
	}
	return append(list, used{sku: n.id, all: n.amount}), n.amount
}

// What a second of weighted lateness costs in seconds of working time while searching; finished
// plans are compared by the vector. It is mild at first, because a plan that is never later than
// the best one on its way cannot get past many others.
const mildLate, strictLate = 2, 100

// plain is the cost without the share that only settles ties.
func (r *route) plain() int64 { return r.cost - r.base + r.dur }

// roadShare of the driving is added to the cost while searching: among days that are equally
// long, those with less driving and more waiting leave more room for others.
const roadShare = 4

// overRests is the arrival after a drive of d seconds that begins at t, with the rests of a gap.
func (c *crew) overRests(t, d int64, mask uint8) (int64, bool) {
	arrival := t + d
	for k := 0; mask != 0; k, mask = k+1, mask>>1 {
		if mask&1 == 0 {
			continue
		}
		r := &c.rests[k]
		if t > r.latest {
			return 0, false
		}
		arrival = max(arrival, r.from) + r.length
		t = max(t, r.from) + r.length
	}
	return arrival, true
}

// leaveBy is the last moment to leave so that the drive and the rests of the gap are over by t.
func (c *crew) leaveBy(t, d int64, mask uint8) int64 {
	by, length := lastInstant, int64(0)
	for k, m := 0, mask; m != 0; k, m = k+1, m>>1 {
		if m&1 != 0 {
			by = min(by, c.rests[k].latest-length)
			length += c.rests[k].length
		}
	}
	return min(by, t-length-d)
}

// joinOver is join with rests in the gap: the first rest swallows the drive.
func (c *crew) joinOver(a segment, drive int64, mask uint8, b segment) segment {
	for k := 0; mask != 0; k, mask = k+1, mask>>1 {
		if mask&1 == 0 {
			continue
		}
		r := &c.rests[k]
		a = join(a, 0, segment{r.length + drive, r.from - drive, r.latest, drive})
		drive = 0
	}
	return join(a, drive, b)
}

// lateness of a start against the promise, weighted.
func (j *job) lateness(start int64) int64 {
	if start > j.due {
		return (start - j.due) * j.weight
	}
	return 0
}

// moved is what it costs that an announced visit changes, in halves of keep.
func (m *model) moved(j *job, crew int32, start int64) int64 {
	if j.crew < 0 || m.keep == 0 {
		return 0
	}
	if j.crew != crew {
		return 4 * m.keep
	}
	if abs(start-j.start) > announcedSlack {
		return m.keep
	}
	return 0
}

// update recomputes a route after a change. It reports false when a window, a rest or the end
// of the shift is missed; the route is then unusable.
func (m *model) update(r *route) bool {
	c := &m.crews[r.crew]
	r.cost, r.late, r.dur, r.count = 0, 0, 0, 0
	st := r.stops
	n := len(st)
	if n == 0 {
		return true
	}
	st[0].early, st[0].soft = c.from, lastInstant
	st[0].p = segment{0, c.from, lastInstant, 0}
	moved := int64(0)
	for i := 1; i < n; i++ {
		a, b := &st[i-1], &st[i]
		arrival := a.early + a.service + m.leg(a.place, b.place)
		if a.rests != 0 {
			var ok bool
			if arrival, ok = c.overRests(a.early+a.service, m.leg(a.place, b.place), a.rests); !ok {
				return false
			}
		}
		b.early = max(arrival, b.open)
		if b.early > b.close {
			return false
		}
		b.soft = b.close
		if b.job >= 0 {
			j := &m.jobs[b.job]
			r.count++
			if j.due != NoDue {
				r.late += j.lateness(b.early)
				b.soft = min(b.close, max(j.due, b.early))
			}
			moved += m.moved(j, r.crew, b.early)
		}
	}
	last := &st[n-1]
	last.late = last.close
	last.s = segment{0, last.open, last.soft, 0}
	if m.objective == Distance {
		for i := n - 2; i >= 0; i-- {
			a, b := &st[i], &st[i+1]
			leg := m.leg(a.place, b.place)
			r.dur += leg
			a.s.d = b.s.d + leg
			a.late = min(a.close, b.late-leg-a.service)
			if a.rests != 0 {
				a.late = min(a.close, c.leaveBy(b.late, leg, a.rests)-a.service)
			}
			a.soft = a.late
		}
		for i := 1; i < n; i++ {
			st[i].p.d = st[i-1].p.d + m.leg(st[i-1].place, st[i].place)
		}
		r.base = r.dur
		r.cost = r.dur + moved
		return true
	}
	for i := n - 2; i >= 0; i-- {
		a, b := &st[i], &st[i+1]
		leg := m.leg(a.place, b.place)
		own := segment{a.service, a.open, a.soft, 0}
		if a.rests == 0 {
			a.late = min(a.close, b.late-leg-a.service)
			a.s = join(own, leg, b.s)
			a.soft = min(a.soft, b.soft-leg-a.service)
		} else {
			a.late = min(a.close, c.leaveBy(b.late, leg, a.rests)-a.service)
			a.s = c.joinOver(own, leg, a.rests, b.s)
			a.soft = min(a.soft, c.leaveBy(b.soft, leg, a.rests)-a.service)
		}
	}
	for i := 1; i < n; i++ {
		a, b := &st[i-1], &st[i]
		soft := b.close
		if b.job >= 0 {
			if due := m.jobs[b.job].due; due != NoDue {
				soft = min(b.close, max(due, b.early))
			}
		}
		b.p = c.joinOver(a.p, m.leg(a.place, b.place), a.rests, segment{b.service, b.open, soft, 0})
	}
	r.dur = st[0].s.d
	r.base = r.dur + st[0].s.road/roadShare
	r.cost = r.base + r.late*m.lateWeight + moved
	return true
}

// begin makes an empty route ready for its first job.
func (m *model) begin(r *route) {
	c := &m.crews[r.crew]
	r.stops = append(r.stops[:0],
		stop{job: atHome, place: c.place, open: c.from, close: lastInstant, rests: uint8(1<<len(c.rests) - 1)},
		stop{job: atHome, place: c.home, open: c.from, close: c.homeBy})
}

// trail is a route being tried: how far it has come.
type trail struct {
	free int64 // when he may leave
	seg  segment
	late int64
}

func trailAt(s *stop) trail { return trail{free: s.early + s.service, seg: s.p} }

// visit extends a trail by a stop.
func (m *model) visit(c *crew, t *trail, leg int64, mask uint8, service, open, close, due, weight int64) bool {
	arrival := t.free + leg
	if mask != 0 {
		var ok bool
		if arrival, ok = c.overRests(t.free, leg, mask); !ok {
			return false
		}
	}
	start := max(arrival, open)
	if start > close {
		return false
	}
	soft := close
	if due != NoDue {
		if start > due {
			t.late += (start - due) * weight
		}
		soft = min(close, max(due, start))
	}
	t.free = start + service
	if m.objective == Distance {
		t.seg.d += leg
		return true
	}
	t.seg = c.joinOver(t.seg, leg, mask, segment{service, open, soft, 0})
	return true
}

// arrive closes a trail at stop k of a route: what the whole route would cost, less what of
// its lateness lies before the trail left it.
func (m *model) arrive(c *crew, t *trail, st []stop, k int, leg int64, mask uint8) (cost int64, ok bool) {
	b := &st[k]
	arrival := t.free + leg
	if mask != 0 {
		if arrival, ok = c.overRests(t.free, leg, mask); !ok {
			return 0, false
		}
	}
	start := max(arrival, b.open)
	if start > b.late {
		return 0, false
	}
	if m.objective == Distance {
		return t.seg.d + leg + b.s.d, true
	}
	late := t.late
	if start > b.soft {
		late += m.delay(c, st, k, start)
	}
	whole := c.joinOver(t.seg, leg, mask, b.s)
	return whole.d + whole.road/roadShare + late*m.lateWeight, true
}

// delay is the lateness that stops from k on gain when k starts at start.
func (m *model) delay(c *crew, st []stop, k int, start int64) (late int64) {
	for {
		b := &st[k]
		if start <= b.early {
			return late
		}
		if b.job >= 0 {
			j := &m.jobs[b.job]
			late += j.lateness(start) - j.lateness(b.early)
		}
		if k == len(st)-1 {
			return late
		}
		t, ok := c.overRests(start+b.service, m.leg(b.place, st[k+1].place), b.rests)
		if !ok {
			return late + lastInstant/strictLate>>10
		}
		k++
		start = max(t, st[k].open)
	}
}

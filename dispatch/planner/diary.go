package planner

import "slices"

// anchor is a stop of a diary that keeps its time: where the day starts and ends, an announced
// visit, a pick-up already planned, a meeting somewhere.
type anchor struct {
	at spot
	// free is when the engineer may drive on; late is when he must have arrived.
	free, late int64
	store      int32 // of a pick-up, else NoStore
}

// rest is time without a place: a break, or leave in the middle of the day. The drive across
// it may happen before or after, so it only has to begin by latest and lasts length.
type rest struct{ from, latest, length int64 }

// gap is the time between two neighbouring anchors into which something may be inserted,
// either before or after the rests that lie in it.
type gap struct {
	left, right   int32
	before, after []rest
	all           []rest
	seconds       int64 // the drive as it is now
	metres        int64
	// sets says with which placements of the movable breaks this gap is open.
	sets uint16
}

// day is one shift of one engineer as it is booked.
type day struct {
	engineer, shift int32
	from, to        int64 // of the shift
	homeBy          int64 // shift and allowed overtime
	overtime        int64 // of the day as booked
	busy            int64 // seconds of visits
	visits, pickups int
	anchors         []anchor
	gaps            []gap
	start           int64 // when he may leave
}

const maxBreakSets = 16

// across is the arrival after a drive of d seconds that begins at t and has rests on the way.
func across(t, d int64, rests []rest) (arrival int64, ok bool) {
	arrival = t + d
	for i := range rests {
		r := &rests[i]
		if t > r.latest {
			return 0, false
		}
		arrival = max(arrival, r.from) + r.length
		t = max(t, r.from) + r.length
	}
	return arrival, true
}

// reading lends memory to the days that are read one after the other: thousands of them make one question.
type reading struct {
	anchors []anchor
	gaps    []gap
	away    []Blocked
	inner   []Blocked
	entries []entry
	rests   [][]rest
	legs    [][2]int64
}

// entry is something in a diary that stands between the start and the end of a day.
type entry struct {
	from, to int64
	place    Place
	store    int32
	visit    bool
}

// newDay reads one shift of an engineer from the bookings, which are his and sorted by start.
// It reports false when nothing is left of the shift.
//
// Diaries are kept by people and may contradict themselves: two visits too close together, a
// visit inside leave. Such a gap is simply shut; the rest of the day stays usable.
func (f *facts) newDay(r *reading, engineer, shift int, booked []Visit) (day, bool) {
	e := &f.p.Engineers[engineer]
	s := e.Shifts[shift]
	d := day{engineer: int32(engineer), shift: int32(shift), from: s.From, to: s.To, homeBy: s.To + s.Overtime}
	start := anchor{at: f.homes[engineer], free: max(s.From, f.p.Now), store: NoStore}
	if f.p.Now >= s.From && f.p.Now <= s.To && e.At.Known() {
		start.at = spotOf(e.At)
	}

	away := append(r.away[:0], e.Blocked...)
	slices.SortStableFunc(away, func(a, b Blocked) int { return compare(a.From, b.From) })
	inner := r.inner[:0]
	for _, b := range away {
		switch {
		case b.To <= start.free || b.From >= d.homeBy || b.To == b.From:
		case b.Place.Known():
			inner = append(inner, b)
		case b.From <= start.free:
			start.free = b.To
		case b.To >= s.To:
			// Leave up to the end of the shift: the working day, with the drive home, ends when it begins.
			d.to, d.homeBy = b.From, b.From
		default:
			inner = append(inner, b)
		}
	}
	if start.free >= d.homeBy {
		return d, false
	}
	d.start = start.free

	// Anchors in the order of time; leave without a place becomes a rest between them.
	entries := r.entries[:0]
	for _, v := range booked {
		if v.End <= start.free && v.End <= f.p.Now && v.Start >= s.From && v.Start < s.To {
			if !e.At.Known() { // he is where his last visit was
				start.at = spotOf(v.Place)
			}
			d.visits++
			d.busy += v.End - v.Start
			continue
		}
		if v.End < start.free || v.Start < start.free && v.End == start.free || v.Start > d.homeBy || v.Start == d.homeBy && v.End > v.Start {
			continue
		}
		entries = append(entries, entry{v.Start, v.End, v.Place, int32(v.Store), true})
	}
	for _, b := range inner {
		entries = append(entries, entry{from: b.From, to: b.To, place: b.Place, store: NoStore})
	}
	r.away, r.inner, r.entries = away, inner, entries
	slices.SortStableFunc(entries, func(a, b entry) int { return compare(a.from, b.from) })
	first := len(r.anchors)
	anchors := append(r.anchors, start)
	rests := append(r.rests[:0], nil) // per gap, those that cannot move
	free := start.free
	for _, n := range entries {
		if !n.visit && !n.place.Known() {
			if from := max(n.from, free); from < n.to {
				last := len(rests) - 1
				rests[last] = append(rests[last], rest{from, from, n.to - from})
			}
			// Whatever comes next waits for the end of the leave; see the clip below.
			free = max(free, n.to)
			continue
		}
		// A visit may start while leave still runs: what remains of it delays only what follows.
		last := len(rests) - 1
		for i := range rests[last] {
			cut := &rests[last][i]
			cut.length = max(0, min(cut.length, n.from-cut.from))
		}
		free = max(free, n.to)
		if n.visit && n.store == NoStore {
			d.visits++
		}
		if n.store != NoStore {
			d.pickups++
		}
		if n.visit {
			d.busy += n.to - n.from
		}
		anchors = append(anchors, anchor{at: spotOf(n.place), free: free, late: n.from, store: n.store})
		rests = append(rests, nil)
	}
	anchors = append(anchors, anchor{at: f.homes[engineer], free: d.homeBy, late: d.homeBy, store: NoStore})
	d.anchors, r.anchors, r.rests = anchors[first:len(anchors):len(anchors)], anchors, rests
	f.openGaps(r, &d, e, rests)
	return d, true
}

// openGaps puts the movable breaks where they fit and lists every gap under every such choice.
func (f *facts) openGaps(r *reading, d *day, e *Engineer, fixed [][]rest) {
	n := len(d.anchors) - 1
	first, gaps := len(r.gaps), r.gaps
	defer func() { d.gaps, r.gaps = gaps[first:len(gaps):len(gaps)], gaps }()
	legs := r.legs[:0]
	for g := range n {
		seconds, metres := f.road.leg(&d.anchors[g].at, &d.anchors[g+1].at)
		legs = append(legs, [2]int64{seconds, metres})
	}
	r.legs = legs
	if len(e.Breaks) == 0 && !slices.ContainsFunc(fixed, func(rests []rest) bool { return len(rests) > 0 }) {
		for g := range n { // a day without rests is open in one way only
			gaps = append(gaps, gap{left: int32(g), right: int32(g + 1), seconds: legs[g][0], metres: legs[g][1], sets: 1})
		}
		if t := d.anchors[n-1].free + legs[n-1][0]; n > 1 {
			d.overtime = max(0, t-d.to)
		}
		return
	}
	var breaks []rest
	for _, b := range e.Breaks {
		from, to := max(b.From, d.start), min(b.To, d.homeBy)
		if to-from >= b.Length {
			breaks = append(breaks, rest{from, to - b.Length, b.Length})
		}
	}
	slices.SortStableFunc(breaks, func(a, b rest) int { return compare(a.from, b.from) })

	fits := func(g int, rests []rest) bool {
		t, ok := across(d.anchors[g].free, legs[g][0], rests)
		return ok && t <= d.anchors[g+1].late
	}
	hosted := func(b rest) bool {
		for g := range n {
			for k := range len(fixed[g]) + 1 {
				if fits(g, slices.Insert(slices.Clone(fixed[g]), k, b)) {
					return true
				}
			}
		}
		return false
	}
	// A break that fits nowhere even alone is already lost and refuses nobody.
	kept := breaks[:0]
	for _, b := range breaks {
		if hosted(b) {
			kept = append(kept, b)
		}
	}
	breaks = kept

	// Every way to put all of them into gaps, in every order among the rests of a gap.
	var choices [][][]rest
	rests := slices.Clone(fixed)
	var choose func(b int)
	choose = func(b int) {
		if len(choices) == maxBreakSets {
			return
		}
		if b == len(breaks) {
			choices = append(choices, slices.Clone(rests))
			return
		}
		for g := range n {
			was := rests[g]
			for k := range len(was) + 1 {
				rests[g] = slices.Insert(slices.Clone(was), k, breaks[b])
				if fits(g, rests[g]) {
					choose(b + 1)
				}
			}
			rests[g] = was
		}
	}
	for choose(0); len(choices) == 0; choose(0) {
		breaks = breaks[:len(breaks)-1] // each fits alone, but not all together: give up the last
	}

	for g := range n {
		here := len(gaps)
	choices:
		for c := range choices {
			all := choices[c][g]
			for k := here; k < len(gaps); k++ {
				if slices.Equal(gaps[k].all, all) {
					for ; k < len(gaps) && slices.Equal(gaps[k].all, all); k++ {
						gaps[k].sets |= 1 << c
					}
					continue choices
				}
			}
			for split := range len(all) + 1 {
				gaps = append(gaps, gap{left: int32(g), right: int32(g + 1), all: all, before: all[:split:split], after: all[split:],
					seconds: legs[g][0], metres: legs[g][1], sets: 1 << c})
			}
		}
	}
	home := d.anchors[n-1].free
	if t, ok := across(home, legs[n-1][0], fixed[n-1]); ok && n > 1 {
		d.overtime = max(0, t-d.to)
	}
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch/planner"
)

// fill gives an engineer of the question his days: what of them lies in the stretch of time, without the
// visits that do not count. His visits are a piece of those of all.
func (q *question) fill(i int, d *engineerDays, stores map[uuid.UUID]int) {
	w, e := &q.who[i], &q.p.Engineers[i]
	from, to := q.from.Unix(), q.to.Unix()
	const day = 24 * 3600
	for _, s := range d.shifts {
		if s.From > from-day && s.From < to && s.To > from {
			e.Shifts = append(e.Shifts, s)
		}
	}
	slices.SortFunc(e.Shifts, func(a, b planner.Shift) int { return cmp.Compare(a.From, b.From) })
	for k := range e.Shifts {
		e.Shifts[k].Overtime = int64(q.set.WayHome.Seconds())
		if k > 0 {
			e.Shifts[k-1].Overtime = min(e.Shifts[k-1].Overtime, e.Shifts[k].From-e.Shifts[k-1].To)
		}
	}
	q.real[i] = slices.Clone(e.Shifts)
	for _, a := range d.away {
		if a.from < to && a.to > from {
			w.away = append(w.away, a)
			e.Blocked = append(e.Blocked, planner.Blocked{From: a.from, To: a.to})
		}
	}
	first := len(q.p.Booked)
	for k := range d.visits {
		if v := &d.visits[k]; v.from > from-day && v.from < to && v.to > from-day/2 && !slices.Contains(q.apart, v.order) {
			q.bookedBy(i, v, stores)
		}
	}
	w.booked = q.p.Booked[first:len(q.p.Booked):len(q.p.Booked)]
	slices.SortStableFunc(w.booked, func(a, b planner.Visit) int { return cmp.Compare(a.Start, b.Start) })
}

// bookedBy enters a visit that takes somebody's time.
func (q *question) bookedBy(i int, v *bookedVisit, stores map[uuid.UUID]int) {
	w, e := &q.who[i], &q.p.Engineers[i]
	// What ended, ended when it did; what has not ended yet takes at least until now.
	from, to := v.from, v.to
	switch {
	case v.ended:
		from, to = min(v.from, v.finished), v.finished
	case v.under:
		to = max(v.to, q.now.Add(time.Second/2).Unix())
	}
	switch {
	case q.phone():
		// A call needs no way of its own, but must leave others theirs.
		q.p.Booked = append(q.p.Booked, planner.Visit{Engineer: i, Store: planner.NoStore, Start: min(v.leaves, from), End: to})
	case v.call:
		// Somebody on the phone stays where he is.
		w.away = append(w.away, absent{from, to, "call"})
		e.Blocked = append(e.Blocked, planner.Blocked{From: from, To: to})
	default:
		for _, f := range v.fetches {
			handling := int64(q.set.Handling.Seconds())
			if start := max(v.leaves, min(f.by, from-handling)); start < from {
				stop := planner.Visit{Engineer: i, Store: planner.NoStore, Start: start, End: min(start+handling, from), Place: f.at}
				if known, ok := stores[f.place]; ok {
					stop.Store = known
				}
				q.p.Booked = append(q.p.Booked, stop)
			}
		}
		q.p.Booked = append(q.p.Booked, planner.Visit{Engineer: i, Store: planner.NoStore, Start: from, End: to, Place: v.at})
	}
}

package planner

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Objective is what a plan is judged by.
type Objective uint8

const (
	// Service is the vector of doc.go: unserved by priority, lateness, working time, and so on.
	Service Objective = iota
	// WorkingTime is travel, waiting and service of all routes; every order has to be served.
	WorkingTime
	// Distance is driving alone; every order has to be served.
	Distance
)

// hurry is up to how many iterations a plan counts as a quick repair, for which tables and
// memories would cost more than they save.
const hurry = 200

// matrixPlaces is how many places may have a matrix of their own; above that a leg is computed
// when it is asked for, because a matrix grows with the square of the places.
const matrixPlaces = 1500

// model is a problem made ready for millions of insertions. It is read-only and shared by all
// islands. Jobs are the orders followed by the diary entries that keep their time; a place is
// a row of the travel table.
type model struct {
	f          *facts
	objective  Objective
	jobs       []job
	crews      []crew
	stores     []depot
	skus       int
	spots      []spot
	table      []int64 // seconds[a*places+b], or nil
	turned     []int64 // the same by column; shared with table when symmetric
	places     int32
	metric     bool
	endless    bool // no store ever runs out
	lateWeight int64
	promises   bool // some order has a promised start
	hurried    bool // there is no time for what only pays later
	// simple problems have one window per job, no rests, no promised times: the fast scan does.
	simple  bool
	near    [][]int32 // of a job: other jobs, nearest first
	maySend [][]int32 // of a job: engineers who may do it, nearest home first
	homeLeg []int64   // of a job: the drive from the nearest of them
	can     []uint64  // job × engineer, as bits
	canRow  int
	keep    int64 // cost of moving an announced visit to another engineer is four of these
}

type job struct {
	place    int32
	service  int64
	windows  []Window // never empty
	due      int64
	weight   int64
	priority int32
	parts    []need
	tools    []uint64
	hasTools bool
	fixed    int32 // crew whose diary entry this is, or -1
	pickup   int32 // store of a pick-up in the diary, else NoStore
	crew     int32 // announced to, or -1
	start    int64 // announced start
	where    Place // of a diary entry
	scarce   int64
	stores   []int32 // those that once had all it needs, nearest first
}

type crew struct {
	engineer  int32
	place     int32 // where the day starts
	home      int32
	from      int64
	to        int64
	homeBy    int64
	rests     []rest
	maxVisits int32
	mayFetch  bool
	twin      int32 // first crew that is exactly alike
	entries   []int32
	works     bool
}

type depot struct {
	place    int32
	windows  []Window
	handling int64
	tools    []uint64
}

const lastInstant = int64(1) << 60

func always() []Window { return []Window{{-lastInstant, lastInstant}} }

// newModel reads the first shift of every engineer: a plan is for one day.
func newModel(p *Problem, o Options) *model {
	objective, keep := o.Objective, o.KeepAnnounced
	m := &model{f: newFacts(p), objective: objective, keep: keep, lateWeight: strictLate, hurried: o.Iterations > 0 && o.Iterations <= hurry}
	f := m.f
	m.skus = len(f.skus)
	rows := map[Place]int32{}
	place := func(pl Place) int32 {
		if row, ok := rows[pl]; ok && pl.Known() {
			return row
		}
		row := int32(len(m.spots))
		m.spots = append(m.spots, spotOf(pl))
		rows[pl] = row
		return row
	}
	engineer := map[string]int32{}
	dawn := lastInstant
	for e := range p.Engineers {
		engineer[p.Engineers[e].ID] = int32(e)
		if len(p.Engineers[e].Shifts) > 0 {
			dawn = min(dawn, p.Engineers[e].Shifts[0].From)
		}
	}
	m.simple = true
	for o := range p.Orders {
		g := &f.orders[o]
		j := job{place: place(p.Orders[o].Place), service: g.service, windows: g.windows, due: g.due, weight: g.weight,
			priority: int32(p.Orders[o].Priority), parts: g.parts, tools: g.tools, fixed: -1, pickup: NoStore, crew: -1}
		if len(j.windows) == 0 {
			j.windows = always()
		}
		j.windows = j.windows[:min(len(j.windows), mostWindows-1)]
		if g.start != AnyStart {
			j.windows = []Window{{g.start, g.start}}
		}
		for _, w := range j.tools {
			j.hasTools = j.hasTools || w != 0
		}
		if objective != Service {
			j.due = NoDue
		}
		if a := p.Orders[o].Announced; a != nil {
			if e, ok := engineer[a.Engineer]; ok {
				j.crew, j.start = e, a.Start
				if keep > 0 && g.start == AnyStart {
					// What was announced is a window of its own, tried beside the others.
					told := Window{a.Start - announcedSlack, a.Start + announcedSlack}
					if w, ok := cut(told, j.windows); ok {
						j.windows = append([]Window{w}, j.windows...)
					}
				}
			}
		}
		m.promises = m.promises || j.due != NoDue
		if len(j.windows) > 1 || j.due != NoDue || j.crew >= 0 {
			m.simple = false
		}
		m.jobs = append(m.jobs, j)
	}
	for i := range p.Stores {
		g := &f.stores[i]
		d := depot{place: place(p.Stores[i].Place), windows: g.hours, handling: g.handling, tools: g.tools}
		if len(d.windows) == 0 {
			d.windows = always()
		}
		d.windows = d.windows[:min(len(d.windows), mostWindows)]
		m.stores = append(m.stores, d)
	}
	booked := make([][]Visit, len(p.Engineers))
	for _, v := range p.Booked {
		booked[v.Engineer] = append(booked[v.Engineer], v)
	}
	for e := range p.Engineers {
		m.crews = append(m.crews, m.newCrew(e, booked[e], place))
	}
	m.metric = f.metric
	m.fillTable()
	m.findTwins()
	m.findWho()
	m.findNear()
	m.rateScarcity()
	m.findStores()
	m.endless = true
	for i := range m.f.stores {
		for _, n := range m.f.stores[i].stock {
			m.endless = m.endless && n >= Unlimited/2
		}
	}
	return m
}

// announcedSlack is how far a visit may start from what the customer was told before it counts
// as moved.
const announcedSlack = 1800

// cut is the part of a window that lies in one of several.
func cut(w Window, in []Window) (Window, bool) {
	for _, x := range in {
		if from, to := max(w.From, x.From), min(w.To, x.To); from <= to {
			return Window{from, to}, true
		}
	}
	return Window{}, false
}

func (m *model) newCrew(e int, booked []Visit, place func(Place) int32) crew {
	who := &m.f.p.Engineers[e]
	c := crew{engineer: int32(e), home: place(who.Home), maxVisits: mostVisits, mayFetch: storeVisits(who) > 0, twin: int32(e)}
	c.place = c.home
	if who.MaxVisits > 0 {
		c.maxVisits = int32(min(who.MaxVisits, mostVisits))
	}
	if len(who.Shifts) == 0 {
		return c
	}
	now := m.f.p.Now
	s := who.Shifts[0]
	c.works = true
	c.from, c.to, c.homeBy = max(s.From, now), s.To, s.To+s.Overtime
	if now >= s.From && now <= s.To && who.At.Known() {
		c.place = place(who.At)
	}
	pickups := 0
	entry := func(from, to int64, at Place, store int32) {
		if len(c.entries) == mostVisits {
			return
		}
		c.entries = append(c.entries, int32(len(m.jobs)))
		m.jobs = append(m.jobs, job{place: place(at), service: to - from, windows: []Window{{from, from}}, due: NoDue, priority: 1, fixed: int32(e), pickup: store, crew: -1, where: at})
	}
	for _, b := range who.Blocked {
		switch {
		case b.To <= c.from || b.From >= c.homeBy || b.To == b.From:
		case b.Place.Known():
			entry(b.From, b.To, b.Place, NoStore)
		case b.From <= c.from:
			c.from = b.To
		case b.To >= s.To:
			c.to, c.homeBy = b.From, b.From
		default:
			c.rests = append(c.rests, rest{b.From, b.From, b.To - b.From})
		}
	}
	if c.from >= c.homeBy {
		c.works = false
		return c
	}
	for _, b := range who.Breaks {
		from, to := max(b.From, c.from), min(b.To, c.homeBy)
		if to-from >= b.Length && len(c.rests) < maxRests {
			c.rests = append(c.rests, rest{from, to - b.Length, b.Length})
		}
	}
	slices.SortStableFunc(c.rests, func(a, b rest) int { return compare(a.latest, b.latest) })
	for _, v := range booked {
		if v.End > c.from && v.Start < c.homeBy {
			entry(v.Start, v.End, v.Place, int32(v.Store))
			if v.Store != NoStore {
				pickups++
			}
		} else if v.End <= now && v.Start >= s.From && !who.At.Known() {
			c.place = place(v.Place)
		}
	}
	c.mayFetch = storeVisits(who) > pickups
	slices.SortStableFunc(c.entries, func(a, b int32) int { return compare(m.jobs[a].windows[0].From, m.jobs[b].windows[0].From) })
	if len(c.rests) > 0 {
		m.simple = false
	}
	return c
}

// maxRests of one shift fit into the mask of a gap.
const maxRests = 8

func (m *model) fillTable() {
	m.places = int32(len(m.spots))
	if m.places > matrixPlaces || m.hurried && m.f.metric {
		return
	}
	n := int(m.places)
	m.table = make([]int64, n*n)
	symmetric := true
	for a := range n {
		for b := range n {
			if m.f.metric && b < a { // the way back is as long
				m.table[a*n+b] = m.table[b*n+a]
				continue
			}
			m.table[a*n+b] = m.f.road.drive(&m.spots[a], &m.spots[b])
		}
	}
	for a := range n {
		for b := range a {
			symmetric = symmetric && m.table[a*n+b] == m.table[b*n+a]
		}
	}
	m.turned = m.table
	if !symmetric {
		m.turned = make([]int64, n*n)
		for a := range n {
			for b := range n {
				m.turned[b*n+a] = m.table[a*n+b]
			}
		}
	}
}

func (m *model) leg(a, b int32) int64 {
	if m.table != nil {
		return m.table[a*m.places+b]
	}
	return m.f.road.drive(&m.spots[a], &m.spots[b])
}

func (m *model) findTwins() {
	seen := map[string]int32{}
	for i := range m.crews {
		c := &m.crews[i]
		if !c.works || len(c.entries) > 0 {
			continue
		}
		f, e := m.f, i
		key := fmt.Sprint(c.place, c.home, c.from, c.to, c.homeBy, c.rests, c.maxVisits, c.mayFetch, f.toolsOf(e), f.vanOf(e),
			f.levels[e*len(f.skill):(e+1)*len(f.skill)], f.covers[e*len(f.region):(e+1)*len(f.region)])
		if first, ok := seen[key]; ok {
			c.twin = first
			continue
		}
		seen[key] = int32(i)
	}
	// An order that names somebody tells him from his twins.
	for o := range m.f.orders {
		g := &m.f.orders[o]
		for _, e := range append(slices.Clone(g.blocked), g.pinned, g.preferred, m.jobs[o].crew) {
			if e >= 0 {
				group := m.crews[e].twin
				for i := range m.crews {
					if m.crews[i].twin == group {
						m.crews[i].twin = int32(i)
					}
				}
			}
		}
	}
}

func (m *model) findWho() {
	m.canRow = (len(m.crews) + 63) / 64
	m.can = make([]uint64, len(m.jobs)*m.canRow)
	m.maySend = make([][]int32, len(m.jobs))
	m.homeLeg = make([]int64, len(m.jobs))
	who := m.f.newEligible()
	for c := range m.crews {
		if !m.crews[c].works {
			who.all[c/64] &^= 1 << (c % 64)
		}
	}
	var list ranking
	for j := range m.jobs {
		list = list[:0]
		row := m.can[j*m.canRow : (j+1)*m.canRow]
		if c := m.jobs[j].fixed; c >= 0 {
			row[c/64] |= 1 << (c % 64)
			m.maySend[j] = []int32{c}
			continue
		}
		who.of(j, row, nil)
		for w, set := range row {
			for ; set != 0; set &= set - 1 {
				c := int32(w*64 + bits.TrailingZeros64(set))
				list = append(list, m.ranked(c, m.crews[c].place, m.jobs[j].place))
			}
		}
		m.maySend[j] = list.nearest(len(list))
		if len(list) > 0 {
			m.homeLeg[j] = m.leg(m.crews[m.maySend[j][0]].place, m.jobs[j].place)
		}
	}
}

// ranking sorts things by how far they are.
type ranking []ranked

type ranked struct {
	far int64
	id  int32
}

// ranked is an entry of a ranking: by driving time where there is a table, and by the straight
// line where a leg would have to be computed.
func (m *model) ranked(id, from, to int32) ranked {
	if a, b := &m.spots[from], &m.spots[to]; m.table == nil && a.kind == pointPlace && b.kind == pointPlace {
		return ranked{int64(a.chord2(b) * (1 << 60)), id}
	}
	return ranked{m.leg(from, to), id}
}

func (a ranked) compare(b ranked) int {
	if r := compare(a.far, b.far); r != 0 {
		return r
	}
	return int(a.id - b.id)
}

// nearest lists the n nearest of a ranking, nearest first. What is certainly not among them is
// put aside before anything is sorted.
func (list ranking) nearest(n int) []int32 {
	n = min(n, len(list))
	lo, hi := 0, len(list)
	for lo < n && n < hi && hi-lo > 32 {
		pivot := list[lo+(hi-lo)/2]
		i, k := lo, hi-1
		for i <= k {
			for list[i].compare(pivot) < 0 {
				i++
			}
			for pivot.compare(list[k]) < 0 {
				k--
			}
			if i <= k {
				list[i], list[k] = list[k], list[i]
				i, k = i+1, k-1
			}
		}
		if n <= k+1 {
			hi = k + 1
		} else {
			lo = i
		}
	}
	slices.SortFunc(list[:hi], ranked.compare)
	out := make([]int32, n)
	for i := range out {
		out[i] = list[i].id
	}
	return out
}

func (m *model) allowed(job, crew int32) bool {
	return m.can[int(job)*m.canRow+int(crew)>>6]&(1<<(crew&63)) != 0
}

// nearest is how many neighbours a job knows; fewer in large problems.
const nearest, nearestOfMany = 100, 48

func (m *model) findNear() {
	m.near = make([][]int32, len(m.jobs))
	most := nearest
	if len(m.jobs) > 2000 || m.hurried {
		most = nearestOfMany
	}
	list := make(ranking, 0, len(m.jobs))
	if !m.metric || len(m.jobs) <= 4*nearest {
		for j := range m.jobs {
			list = list[:0]
			for k := range m.jobs {
				if k != j {
					list = append(list, m.ranked(int32(k), m.jobs[j].place, m.jobs[k].place))
				}
			}
			m.near[j] = list.nearest(most)
		}
		return
	}
	m.findNearOnMap(most, func(j int, around []int32) {
		list = list[:0]
		for _, k := range around {
			if int(k) != j {
				list = append(list, m.ranked(k, m.jobs[j].place, m.jobs[k].place))
			}
		}
		m.near[j] = list.nearest(most)
	})
}

// findNearOnMap sorts the jobs into cells of a grid and looks at rings of cells until a ring
// beyond enough neighbours is complete, so that no pair of far places is ever measured.
func (m *model) findNearOnMap(most int, each func(j int, around []int32)) {
	orders := m.f.p.Orders
	type position struct {
		lat, lng float64
		known    bool
	}
	at := make([]position, len(m.jobs))
	for j := range m.jobs {
		if s := &m.spots[m.jobs[j].place]; s.kind == pointPlace {
			at[j] = position{math.Asin(max(-1, min(1, s.z))), math.Atan2(s.y, s.x), true}
		}
	}
	spotAt := func(j int) (lat, lng float64, known bool) { return at[j].lat, at[j].lng, at[j].known }
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for j := range m.jobs {
		if lat, lng, ok := spotAt(j); ok {
			lo[0], hi[0] = min(lo[0], lat), max(hi[0], lat)
			lo[1], hi[1] = min(lo[1], lng), max(hi[1], lng)
		}
	}
	side := max(1, int(math.Sqrt(float64(len(orders))/4)))
	cell := func(v float64, axis int) int {
		if width := hi[axis] - lo[axis]; width > 0 {
			return min(side-1, max(0, int((v-lo[axis])/width*float64(side))))
		}
		return 0
	}
	cells := make([][]int32, side*side)
	for j := range m.jobs {
		lat, lng, _ := spotAt(j)
		c := cell(lat, 0)*side + cell(lng, 1)
		cells[c] = append(cells[c], int32(j))
	}
	var around []int32
	for j := range m.jobs {
		lat, lng, _ := spotAt(j)
		a, b := cell(lat, 0), cell(lng, 1)
		around = around[:0]
		enough := side
		for ring := 0; ring <= enough && ring < side; ring++ {
			for x := max(0, a-ring); x <= min(side-1, a+ring); x++ {
				for y := max(0, b-ring); y <= min(side-1, b+ring); y++ {
					if max(abs(x-a), abs(y-b)) == ring {
						around = append(around, cells[x*side+y]...)
					}
				}
			}
			if len(around) > 2*most {
				break
			}
			if len(around) > most && enough == side {
				enough = ring + 1
			}
		}
		each(j, around)
	}
}

// Of the stores that once had what a job needs, a job knows the nearest; of those the day plan
// tries the nearest that have it now. The hint tries all.
const knownStores, triedStores = 64, 8

func (m *model) findStores() {
	var list ranking
	for id := range m.jobs {
		j := &m.jobs[id]
		if len(j.parts) == 0 && !j.hasTools {
			continue
		}
		list = list[:0]
		for s := range m.stores {
			// One piece at least: the van may have the rest.
			if !slices.ContainsFunc(j.parts, func(n need) bool { return m.f.stores[s].stock[n.id] == 0 }) || j.hasTools {
				list = append(list, m.ranked(int32(s), j.place, m.stores[s].place))
			}
		}
		if len(list) == 0 { // what one store lacks the van may hold
			for s := range m.stores {
				if slices.ContainsFunc(j.parts, func(n need) bool { return m.f.stores[s].stock[n.id] > 0 }) {
					list = append(list, m.ranked(int32(s), j.place, m.stores[s].place))
				}
			}
		}
		j.stores = list.nearest(knownStores)
	}
}

func abs[T int | int64](x T) T {
	if x < 0 {
		return -x
	}
	return x
}

// rateScarcity tells how short each job's parts are over the whole problem, in percent of
// demand that cannot be covered by one unit of everything there is.
func (m *model) rateScarcity() {
	demand, supply := make([]int64, m.skus), make([]int64, m.skus)
	for j := range m.jobs {
		for _, n := range m.jobs[j].parts {
			demand[n.id] += n.amount
		}
	}
	for e := range m.crews {
		for k, n := range m.f.vanOf(e) {
			supply[k] += min(n, Unlimited/1_000_000)
		}
	}
	for s := range m.stores {
		for k, n := range m.f.stores[s].stock {
			supply[k] += min(n, Unlimited/1_000_000)
		}
	}
	for j := range m.jobs {
		for _, n := range m.jobs[j].parts {
			m.jobs[j].scarce = max(m.jobs[j].scarce, 1+1000*demand[n.id]/(1+supply[n.id]))
		}
	}
}

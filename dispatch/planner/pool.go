package planner

import (
	"cmp"
	"math"
	"slices"
)

// pool remembers good routes that the search has been through. Two plans of equal cost are
// often good in different corners; choosing a set of remembered routes that serves every job
// once puts the good corners together. It is a set partitioning problem: its relaxation by
// prices of jobs gives a bound, the bound throws most routes out, and a depth-first search
// over what is left proves the best choice or gives up after a fixed number of steps.
type pool struct {
	m       *model
	columns []column
	byHash  map[uint64]int32
	stops   int
	keys    []uint64 // of a job, for hashing sets
	idle    []int64  // cost of a crew's day with nothing but its diary

	bestPrice []float64 // of a job, as the last recombination found it
	dense     []int32   // of a job: its number within a recombination, or -1
	work      int       // routes looked at in this recombination
	// held keeps every remembered route where it is: a recombination knows them by their places.
	held bool
	most int // routes that are remembered at once
}

// column is a remembered route.
type column struct {
	route route
	jobs  []int32
	class int32 // crews that are alike share one
	cost  int64 // above the idle day
	hash  uint64
	worth float64 // cost less the prices of its jobs, when the pool is thinned out
}

const (
	poolColumns = 12000
	poolStops   = 250000
	priceRounds = 200
	poolSteps   = 60000
)

func newPool(m *model) *pool {
	p := &pool{m: m, most: poolColumns, byHash: map[uint64]int32{}, keys: make([]uint64, len(m.jobs)), idle: make([]int64, len(m.crews))}
	p.bestPrice, p.dense = make([]float64, len(m.jobs)), make([]int32, len(m.jobs))
	for i := range p.dense {
		p.dense[i] = -1
	}
	r := newRNG(0x5eed)
	for i := range p.keys {
		p.keys[i] = r.next()
	}
	return p
}

// add remembers a route, or the cheaper way of serving the same jobs.
func (p *pool) add(r *route) {
	m := p.m
	class := m.crews[r.crew].twin
	hash := uint64(class+1) * 0x9e3779b97f4a7c15
	n := 0
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 && m.jobs[id].fixed < 0 {
			hash ^= p.keys[id]
			n++
		}
	}
	if n == 0 {
		return
	}
	cost := r.plain() - p.idle[r.crew]
	if at, ok := p.byHash[hash]; ok {
		if c := &p.columns[at]; cost < c.cost {
			c.route.copyFrom(r)
			c.route.version, c.cost = 0, cost
		}
		return
	}
	if !p.held && (len(p.columns) >= p.most || p.stops > poolStops) {
		p.forget()
	}
	if len(p.columns) == cap(p.columns) {
		p.columns = slices.Grow(p.columns, max(1024, len(p.columns)))
	}
	p.columns = p.columns[:len(p.columns)+1] // what was there lends its memory
	c := &p.columns[len(p.columns)-1]
	c.class, c.cost, c.hash, c.jobs = class, cost, hash, c.jobs[:0]
	c.route.copyFrom(r)
	c.route.version = 0 // another island may have counted it
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 && m.jobs[id].fixed < 0 {
			c.jobs = append(c.jobs, id)
		}
	}
	p.stops += len(c.route.stops)
	p.byHash[hash] = int32(len(p.columns) - 1)
}

// empty forgets everything; the memory stays.
func (p *pool) empty() {
	p.columns, p.stops = p.columns[:0], 0
	clear(p.byHash)
}

// forget drops the half of the pool that is worth least by the last prices.
func (p *pool) forget() {
	half := len(p.columns) / 2
	for i := range p.columns {
		c := &p.columns[i]
		c.worth = float64(c.cost)
		for _, id := range c.jobs {
			c.worth -= p.bestPrice[id]
		}
	}
	slices.SortStableFunc(p.columns, func(a, b column) int { return cmp.Compare(a.worth, b.worth) })
	p.columns = p.columns[:half]
	clear(p.byHash)
	p.stops = 0
	for i := range p.columns {
		p.byHash[p.columns[i].hash] = int32(i)
		p.stops += len(p.columns[i].route.stops)
	}
}

// partition is the problem of one recombination: columns that serve only what some routes of a
// plan serve, classes of crews with how many there are, and the cost to beat. Jobs and classes
// have numbers of their own here, so that the work depends on the routes and not on the day.
// The columns still in play are laid out one behind the other, because they are rated hundreds
// of times.
type partition struct {
	p        *pool
	live     live
	ids      []int32   // the jobs by number
	capacity []int32   // of a class
	lowest   [][]int32 // of a class: columns in play of least worth, at most capacity
	price    []float64 // of a job: the best so far
	cover    []int32
	served   []bool // which jobs are to be served
	jobs     int    // how many
	target   int64
	bound    float64
}

// live is the columns in play: the jobs of column i are jobs[from[i]:from[i+1]].
type live struct {
	column []int32 // place in the pool
	class  []int32
	cost   []float64
	worth  []float64 // cost less the prices of the jobs
	from   []int32
	jobs   []int32
}

func (l *live) add(column, class int32, cost float64, jobs []int32) {
	l.column, l.class, l.cost, l.worth = append(l.column, column), append(l.class, class), append(l.cost, cost), append(l.worth, 0)
	l.jobs = append(l.jobs, jobs...)
	l.from = append(l.from, int32(len(l.jobs)))
}

func (l *live) of(i int32) []int32 { return l.jobs[l.from[i]:l.from[i+1]] }

func (l *live) clone() live {
	return live{slices.Clone(l.column), slices.Clone(l.class), slices.Clone(l.cost), slices.Clone(l.worth), slices.Clone(l.from), slices.Clone(l.jobs)}
}

// relax sets up the choice of routes that is to beat the given routes of a plan, and finds the
// prices of their jobs.
func (p *pool) relax(routes []route, crews []int32) *partition {
	m := p.m
	q := &partition{p: p}
	number := map[int32]int32{} // of a class
	for _, crew := range crews {
		r := &routes[crew]
		class, ok := number[m.crews[crew].twin]
		if !ok {
			class = int32(len(q.capacity))
			number[m.crews[crew].twin] = class
			q.capacity = append(q.capacity, 0)
		}
		q.capacity[class]++
		first := len(q.ids)
		for k := range r.stops {
			if id := r.stops[k].job; id >= 0 && m.jobs[id].fixed < 0 {
				p.dense[id] = int32(len(q.ids))
				q.ids = append(q.ids, id)
			}
		}
		if n := len(q.ids) - first; n > 0 {
			cost := r.plain() - p.idle[crew]
			q.target += cost
			for _, id := range q.ids[first:] {
				price := p.bestPrice[id]
				if price == 0 {
					price = float64(cost) / float64(n)
				}
				q.price = append(q.price, price)
			}
		}
	}
	defer func() {
		for k, id := range q.ids {
			p.dense[id] = -1
			p.bestPrice[id] = q.price[k]
		}
	}()
	if q.jobs = len(q.ids); q.jobs == 0 {
		return nil
	}
	q.served, q.cover, q.lowest = make([]bool, q.jobs), make([]int32, q.jobs), make([][]int32, len(q.capacity))
	for k := range q.served {
		q.served[k] = true
	}
	q.live.from = append(q.live.from, 0)
	var jobs []int32
columns:
	for i := range p.columns {
		c := &p.columns[i]
		class, ok := number[c.class]
		if !ok {
			continue
		}
		jobs = jobs[:0]
		for _, id := range c.jobs {
			k := p.dense[id]
			if k < 0 {
				continue columns
			}
			jobs = append(jobs, k)
		}
		q.live.add(int32(i), class, float64(c.cost), jobs)
	}
	q.ascend(slices.Clone(q.price), priceRounds, nil)
	return q
}

// plunge fixes one route after the other, each time the one that the prices choose most often,
// and finds new prices for what is left. A little chance makes every plunge another one.
func (q *partition) plunge(r *rng) []int32 {
	sub := &partition{p: q.p, capacity: slices.Clone(q.capacity), served: slices.Clone(q.served), target: q.target, jobs: q.jobs,
		price: slices.Clone(q.price), cover: make([]int32, len(q.cover)), lowest: make([][]int32, len(q.lowest))}
	sub.live = q.live.clone()
	price, votes := slices.Clone(q.price), make([]float64, len(q.live.column))
	var chosen []int32
	l := &sub.live
	for rounds := priceRounds / 4; len(l.column) > 0 && sub.jobs > 0; rounds = priceRounds / 10 {
		votes = votes[:len(l.column)]
		clear(votes)
		sub.ascend(price, rounds, votes)
		copy(price, sub.price)
		best, most := int32(-1), 0.0
		for i, v := range votes {
			if v == 0 {
				continue
			}
			if v *= 0.7 + 0.6*r.float(); v > most {
				best, most = int32(i), v
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, l.column[best])
		sub.capacity[l.class[best]]--
		sub.target -= int64(l.cost[best])
		sub.jobs -= len(l.of(best))
		for _, k := range l.of(best) {
			sub.served[k] = false
			price[k] = 0
		}
		sub.drop()
	}
	return chosen
}

// drop takes columns out of play that would serve a job twice or have no crew left.
func (q *partition) drop() {
	l := &q.live
	n, to, first := int32(0), int32(0), int32(0)
columns:
	for i := range l.column {
		last := l.from[i+1]
		jobs := l.jobs[first:last]
		first = last
		if q.capacity[l.class[i]] == 0 {
			continue
		}
		for _, k := range jobs {
			if !q.served[k] {
				continue columns
			}
		}
		l.column[n], l.class[n], l.cost[n], l.worth[n] = l.column[i], l.class[i], l.cost[i], l.worth[i]
		to += int32(copy(l.jobs[to:], jobs))
		n++
		l.from[n] = to
	}
	l.column, l.class, l.cost, l.worth, l.from, l.jobs = l.column[:n], l.class[:n], l.cost[:n], l.worth[:n], l.from[:n+1], l.jobs[:to]
}

// value is the bound that a set of prices gives: what the prices pay, plus what the best
// routes would still save. It finds, per class, the live columns that save most, as many as
// there are crews.
func (q *partition) value(price []float64) float64 {
	total := 0.0
	for _, v := range price {
		total += v
	}
	for class := range q.lowest {
		q.lowest[class] = q.lowest[class][:0]
	}
	l := &q.live
	q.p.work += len(l.column)
	worth, from := l.worth, int32(0)
	for i, cost := range l.cost {
		to := l.from[i+1]
		for _, id := range l.jobs[from:to] {
			cost -= price[id]
		}
		from = to
		if worth[i] = cost; cost < 0 {
			q.lower(int32(i))
		}
	}
	for class := range q.lowest {
		for _, i := range q.lowest[class] {
			total += worth[i]
		}
	}
	return total
}

// lower puts a column among the lowest of its class, if it belongs there.
func (q *partition) lower(i int32) {
	worth, class := q.live.worth, q.live.class[i]
	list, most := q.lowest[class], int(q.capacity[class])
	if len(list) == most {
		if most == 0 || worth[list[most-1]] <= worth[i] {
			return
		}
		list = list[:most-1]
	}
	k := len(list)
	list = append(list, i)
	for ; k > 0 && worth[list[k-1]] > worth[i]; k-- {
		list[k] = list[k-1]
	}
	list[k] = i
	q.lowest[class] = list
}

// ascend raises the bound by moving prices up where a job is served by none of the chosen
// routes and down where it is served by several.
func (q *partition) ascend(price []float64, rounds int, votes []float64) {
	q.bound = math.Inf(-1)
	step, stale := 1.0, 0
	for k := range rounds {
		v := q.value(price)
		if v > q.bound {
			if v > q.bound+1e-5*math.Abs(v) {
				stale = 0
			}
			q.bound = v
			copy(q.price, price)
		}
		if stale++; stale > 8 {
			step, stale = step*0.6, 0
			copy(price, q.price)
			q.value(price)
		}
		clear(q.cover)
		for class := range q.lowest {
			for _, i := range q.lowest[class] {
				for _, id := range q.live.of(i) {
					q.cover[id]++
				}
				if votes != nil {
					votes[i] += float64(k + 1)
				}
			}
		}
		norm := 0.0
		for id := range price {
			if q.served[id] {
				g := float64(1 - q.cover[id])
				norm += g * g
			}
		}
		if norm == 0 || step < 1e-3 {
			break
		}
		gap := max(float64(q.target)-v, math.Abs(v)*0.005)
		for id := range price {
			if q.served[id] {
				price[id] += step * gap / norm * float64(1-q.cover[id])
			}
		}
	}
	q.value(q.price)
}

// prune lists the columns that can still be part of something better, least worth first.
func (q *partition) prune() []int32 {
	slack := float64(q.target) - q.bound
	worth := q.live.worth
	var keep []int32
	for i, w := range worth {
		if w-q.last(q.live.class[i], 0) < slack {
			keep = append(keep, int32(i))
		}
	}
	slices.SortFunc(keep, func(a, b int32) int { return cmp.Or(cmp.Compare(worth[a], worth[b]), int(a-b)) })
	return keep
}

// last is the worth that the bound counts for the last free crew of a class when some are taken.
func (q *partition) last(class, taken int32) float64 {
	k := int(q.capacity[class]-taken) - 1
	if k < 0 || k >= len(q.lowest[class]) {
		return 0
	}
	return q.live.worth[q.lowest[class][k]]
}

// dive searches depth first: the job with the fewest routes left is served next, cheapest
// routes first, and a branch ends when its bound reaches the plan to beat.
func (q *partition) dive() []int32 {
	served := q.served
	l := &q.live
	by := make([][]int32, len(served))
	for _, i := range q.prune() {
		for _, id := range l.of(i) {
			by[id] = append(by[id], i)
		}
	}
	var order []int32
	for id := range served {
		if served[id] {
			order = append(order, int32(id))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return len(by[a]) - len(by[b]) })
	if len(order) == 0 || len(by[order[0]]) == 0 {
		return nil
	}
	done := make([]bool, len(served))
	taken := make([]int32, len(q.capacity))
	var chosen, found []int32
	steps := poolSteps
	best := float64(q.target) - 0.5
	var serve func(at int, slack float64, cost int64)
	serve = func(at int, slack float64, cost int64) {
		for at < len(order) && done[order[at]] {
			at++
		}
		if at == len(order) {
			if float64(cost) < best {
				best = float64(cost)
				found = slices.Clone(chosen)
			}
			return
		}
	routes:
		for _, i := range by[order[at]] {
			if steps--; steps < 0 {
				return
			}
			class, jobs := l.class[i], l.of(i)
			if taken[class] >= q.capacity[class] {
				continue
			}
			more := slack + l.worth[i] - q.last(class, taken[class])
			if q.bound+more >= best {
				continue
			}
			for _, id := range jobs {
				if done[id] {
					continue routes
				}
			}
			for _, id := range jobs {
				done[id] = true
			}
			taken[class]++
			chosen = append(chosen, l.column[i])
			serve(at+1, more, cost+int64(l.cost[i]))
			chosen = chosen[:len(chosen)-1]
			taken[class]--
			for _, id := range jobs {
				done[id] = false
			}
		}
	}
	serve(0, 0, 0)
	return found
}

// pooledOrders is how many orders are recombined at once: a plunge looks at every remembered
// route for every route it fixes. Larger days are recombined piece by piece.
const pooledOrders = 250

// remember puts the present routes into the pool.
func (s *search) remember() {
	if !s.pooling() {
		return
	}
	for _, crew := range s.area {
		if len(s.routes[crew].stops) > 0 {
			s.pool.add(&s.routes[crew])
		}
	}
}

// pooling tells whether routes are being remembered: always on a small day, on a large one
// while the search stays in a piece of it.
func (s *search) pooling() bool { return s.inArea != nil || len(s.m.f.orders) <= pooledOrders }

// recombine replaces the plan, or the piece of it the search stays in, by the best choice of
// remembered routes, if that is better.
func (s *search) recombine() {
	if !s.pooling() {
		return
	}
	if s.inArea == nil {
		s.adopt(&s.top, true)
	}
	s.remember()
	s.mark()
	q := s.pool.relax(s.routes, s.area)
	if q == nil {
		return
	}
	try := func(chosen []int32) {
		s.build(chosen)
		if r := s.left.compare(s.kept.left); r < 0 || r == 0 && s.cost < s.kept.cost {
			s.mark()
		}
		if s.better() {
			s.keep()
		}
	}
	s.pool.held = true
	for range plunges {
		try(q.plunge(&s.rng))
		for range polish {
			s.step(s.pace.to)
		}
		s.remember()
		if r := s.left.compare(s.kept.left); r < 0 || r == 0 && s.cost < s.kept.cost {
			s.mark()
		}
	}
	s.pool.held = false
	s.back()
	if q = s.pool.relax(s.routes, s.area); q != nil {
		if found := q.dive(); found != nil {
			try(found)
		}
	}
	s.back()
}

// Plans built from the pool in one recombination, and iterations that polish each.
const (
	plunges = 6
	polish  = 60
)

// marked is the routes of an area as they were.
type marked struct {
	routes          []route // by place in the area
	absent          []int32
	left            unserved
	cost, late, dur int64
}

// mark writes down the present plan, as far as it lies in the area.
func (s *search) mark() {
	k := &s.kept
	for len(k.routes) < len(s.area) {
		k.routes = append(k.routes, route{})
	}
	for i, crew := range s.area {
		k.routes[i].copyFrom(&s.routes[crew])
	}
	k.absent = append(k.absent[:0], s.absent...)
	k.left, k.cost, k.late, k.dur = s.left, s.cost, s.late, s.dur
}

// back returns to what was marked.
func (s *search) back() {
	k := &s.kept
	s.begin()
	for _, crew := range s.area {
		for i := range s.routes[crew].stops {
			if id := s.routes[crew].stops[i].job; id >= 0 {
				s.where[id] = -1
			}
		}
		s.soil(crew)
	}
	for i, crew := range s.area {
		s.replace(crew, &k.routes[i])
	}
	s.absent = append(s.absent[:0], k.absent...)
	s.left, s.cost, s.late, s.dur = k.left, k.cost, k.late, k.dur
}

// soil notes that a route may differ from the best plan's.
func (s *search) soil(crew int32) {
	if !s.dirty[crew] {
		s.dirty[crew] = true
		s.changed = append(s.changed, crew)
	}
}

// build makes the chosen columns the present plan of the area and puts in what they leave over.
func (s *search) build(chosen []int32) {
	s.begin()
	s.resting = -1
	free := map[int32][]int32{}
	for _, crew := range s.area {
		s.touch(crew)
		r := &s.routes[crew]
		for i := range r.stops {
			if id := r.stops[i].job; id >= 0 && s.m.jobs[id].fixed < 0 {
				s.absent = append(s.absent, id)
				s.left[s.m.level(id)]++
			}
		}
		s.clearRoute(r)
		s.soil(crew)
		twin := s.m.crews[crew].twin
		free[twin] = append(free[twin], crew)
	}
	for _, i := range chosen {
		c := &s.pool.columns[i]
		crew := free[c.class][0]
		s.count(&s.routes[crew], -1)
		s.replace(crew, &c.route)
		s.count(&s.routes[crew], 1)
		if r := &s.routes[crew]; r.at > 0 && s.overdrawn(int(r.took)) {
			// Together the chosen routes take more than the store has.
			s.clearRoute(r)
			continue
		}
		free[c.class] = free[c.class][1:]
	}
	missing := s.absent[:0]
	for _, id := range s.absent {
		if s.where[id] < 0 {
			missing = append(missing, id)
		} else {
			s.left[s.m.level(id)]--
		}
	}
	s.absent = missing
	s.before.absent = s.before.absent[:0]
	s.recreate()
}

func (s *search) overdrawn(store int) bool {
	return slices.ContainsFunc(s.stock[store*s.m.skus:(store+1)*s.m.skus], func(n int64) bool { return n < 0 })
}

// clearRoute leaves nothing but the diary.
func (s *search) clearRoute(r *route) {
	s.count(r, -1)
	for i := len(r.stops) - 2; i > 0; i-- {
		st := &r.stops[i]
		if st.job == atStore || st.job >= 0 && s.m.jobs[st.job].fixed < 0 {
			if st.job >= 0 {
				s.where[st.job] = -1
			}
			s.removeStop(r, i)
		}
	}
	if len(r.stops) == 2 {
		r.stops = r.stops[:0]
	}
	s.settle(r)
	s.count(r, 1)
}

package planner

import (
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

	bestPrice []float64
	cover     []int32
	work      int // routes looked at in this recombination
}

// column is a remembered route.
type column struct {
	route route
	jobs  []int32
	class int32   // crews that are alike share one
	cost  int64   // above the idle day
	worth float64 // cost less the prices of its jobs
	hash  uint64
}

const (
	poolColumns = 12000
	poolStops   = 250000
	priceRounds = 200
	poolSteps   = 60000
)

func newPool(m *model) *pool {
	p := &pool{m: m, byHash: map[uint64]int32{}, keys: make([]uint64, len(m.jobs)), idle: make([]int64, len(m.crews))}
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
			c.cost = cost
		}
		return
	}
	if len(p.columns) >= poolColumns || p.stops > poolStops {
		p.forget()
	}
	c := column{class: class, cost: cost, hash: hash, jobs: make([]int32, 0, n)}
	c.route.copyFrom(r)
	for i := range r.stops {
		if id := r.stops[i].job; id >= 0 && m.jobs[id].fixed < 0 {
			c.jobs = append(c.jobs, id)
		}
	}
	p.stops += len(c.route.stops)
	p.byHash[hash] = int32(len(p.columns))
	p.columns = append(p.columns, c)
}

// forget drops the half of the pool that is worth least by the last prices; before there are
// prices, the older half.
func (p *pool) forget() {
	half := len(p.columns) / 2
	if len(p.bestPrice) > 0 {
		p.rate(p.bestPrice)
		slices.SortStableFunc(p.columns, func(a, b column) int {
			switch {
			case a.worth < b.worth:
				return -1
			case a.worth > b.worth:
				return 1
			}
			return 0
		})
		clear(p.columns[half:])
		p.columns = p.columns[:half]
	} else {
		n := copy(p.columns, p.columns[half:])
		clear(p.columns[n:])
		p.columns = p.columns[:n]
	}
	clear(p.byHash)
	p.stops = 0
	for i := range p.columns {
		p.byHash[p.columns[i].hash] = int32(i)
		p.stops += len(p.columns[i].route.stops)
	}
}

func (p *pool) rate(price []float64) {
	for i := range p.columns {
		c := &p.columns[i]
		w := float64(c.cost)
		for _, id := range c.jobs {
			w -= price[id]
		}
		c.worth = w
	}
}

// partition is the problem of one recombination: columns that serve only what the best plan
// serves, classes of crews with how many there are, and the cost to beat.
type partition struct {
	p        *pool
	live     []int32   // columns
	capacity []int32   // of a class
	lowest   [][]int32 // of a class: live columns of least worth, at most capacity
	target   int64
	bound    float64
	jobs     int    // to be served
	served   []bool // which they are
}

// relax sets up the choice of routes that is to beat a plan and finds the prices of its jobs.
func (p *pool) relax(t *snapshot) *partition {
	m := p.m
	q := &partition{p: p, capacity: make([]int32, len(m.crews)), served: make([]bool, len(m.jobs))}
	price := make([]float64, len(m.jobs))
	for i := range t.routes {
		r := &t.routes[i]
		q.capacity[m.crews[i].twin]++
		n := int64(0)
		for k := range r.stops {
			if id := r.stops[k].job; id >= 0 && m.jobs[id].fixed < 0 {
				q.served[id] = true
				n++
			}
		}
		cost := r.plain() - p.idle[i]
		if n > 0 {
			q.target += cost
		}
		for k := range r.stops {
			if id := r.stops[k].job; id >= 0 && m.jobs[id].fixed < 0 {
				price[id] = float64(cost) / float64(n)
				q.jobs++
			}
		}
	}
	if q.jobs == 0 {
		return nil
	}
	for i := range p.columns {
		if !slices.ContainsFunc(p.columns[i].jobs, func(id int32) bool { return !q.served[id] }) {
			q.live = append(q.live, int32(i))
		}
	}
	if len(p.bestPrice) == len(price) {
		copy(price, p.bestPrice)
		for id := range price {
			if !q.served[id] {
				price[id] = 0
			}
		}
	}
	q.ascend(price, priceRounds, nil)
	return q
}

// plunge fixes one route after the other, each time the one that the prices choose most often,
// and finds new prices for what is left. A little chance makes every plunge another one.
func (q *partition) plunge(r *rng) []int32 {
	p := q.p
	sub := &partition{p: p, capacity: slices.Clone(q.capacity), served: slices.Clone(q.served), live: slices.Clone(q.live), target: q.target, jobs: q.jobs}
	price, kept := slices.Clone(p.bestPrice), slices.Clone(p.bestPrice)
	votes := make([]float64, len(p.columns))
	var chosen []int32
	for rounds := priceRounds / 4; len(sub.live) > 0 && sub.jobs > 0; rounds = priceRounds / 10 {
		for _, i := range sub.live {
			votes[i] = 0
		}
		sub.ascend(price, rounds, votes)
		copy(price, p.bestPrice)
		best, most := int32(-1), 0.0
		for _, i := range sub.live {
			if v := votes[i] * (0.7 + 0.6*r.float()); v > most {
				best, most = i, v
			}
		}
		if best < 0 {
			break
		}
		c := &p.columns[best]
		chosen = append(chosen, best)
		sub.capacity[c.class]--
		sub.target -= c.cost
		sub.jobs -= len(c.jobs)
		for _, id := range c.jobs {
			sub.served[id] = false
			price[id] = 0
		}
		keep := sub.live[:0]
		for _, i := range sub.live {
			d := &p.columns[i]
			if sub.capacity[d.class] > 0 && !slices.ContainsFunc(d.jobs, func(id int32) bool { return !sub.served[id] }) {
				keep = append(keep, i)
			}
		}
		sub.live = keep
	}
	copy(p.bestPrice, kept)
	return chosen
}

// value is the bound that a set of prices gives: what the prices pay, plus what the best
// routes would still save.
func (q *partition) value(price []float64) float64 {
	p := q.p
	q.rateLive(price)
	total := 0.0
	for _, v := range price {
		total += v
	}
	q.pickLowest()
	for class := range q.lowest {
		for _, c := range q.lowest[class] {
			total += p.columns[c].worth
		}
	}
	return total
}

func (q *partition) rateLive(price []float64) {
	q.p.work += len(q.live)
	for _, i := range q.live {
		c := &q.p.columns[i]
		w := float64(c.cost)
		for _, id := range c.jobs {
			w -= price[id]
		}
		c.worth = w
	}
}

// pickLowest finds, per class, the live columns that save most, as many as there are crews.
func (q *partition) pickLowest() {
	if q.lowest == nil {
		q.lowest = make([][]int32, len(q.capacity))
	}
	for class := range q.lowest {
		q.lowest[class] = q.lowest[class][:0]
	}
	columns := q.p.columns
	for _, i := range q.live {
		c := &columns[i]
		if c.worth >= 0 {
			continue
		}
		list, most := q.lowest[c.class], int(q.capacity[c.class])
		if len(list) == most {
			if most == 0 || columns[list[most-1]].worth <= c.worth {
				continue
			}
			list = list[:most-1]
		}
		k := len(list)
		list = append(list, i)
		for ; k > 0 && columns[list[k-1]].worth > c.worth; k-- {
			list[k] = list[k-1]
		}
		list[k] = i
		q.lowest[c.class] = list
	}
}

// ascend raises the bound by moving prices up where a job is served by none of the chosen
// routes and down where it is served by several.
func (q *partition) ascend(price []float64, rounds int, votes []float64) {
	p := q.p
	if len(p.cover) != len(price) {
		p.cover = make([]int32, len(price))
		p.bestPrice = make([]float64, len(price))
	}
	q.bound = math.Inf(-1)
	step, stale := 1.0, 0
	for k := range rounds {
		v := q.value(price)
		if v > q.bound {
			if v > q.bound+1e-5*math.Abs(v) {
				stale = 0
			}
			q.bound = v
			copy(p.bestPrice, price)
		}
		if stale++; stale > 8 {
			step, stale = step*0.6, 0
			copy(price, p.bestPrice)
			q.value(price)
		}
		clear(p.cover)
		for class := range q.lowest {
			for _, c := range q.lowest[class] {
				for _, id := range p.columns[c].jobs {
					p.cover[id]++
				}
				if votes != nil {
					votes[c] += float64(k + 1)
				}
			}
		}
		norm := 0.0
		for id := range price {
			if q.served[id] {
				g := float64(1 - p.cover[id])
				norm += g * g
			}
		}
		if norm == 0 || step < 1e-3 {
			break
		}
		gap := max(float64(q.target)-v, math.Abs(v)*0.005)
		for id := range price {
			if q.served[id] {
				price[id] += step * gap / norm * float64(1-p.cover[id])
			}
		}
	}
	q.value(p.bestPrice)
}

// prune keeps the columns that can still be part of something better.
func (q *partition) prune() {
	slack := float64(q.target) - q.bound
	columns := q.p.columns
	keep := q.live[:0]
	for _, i := range q.live {
		c := &columns[i]
		if c.worth-q.last(c.class, 0) < slack {
			keep = append(keep, i)
		}
	}
	q.live = keep
}

// last is the worth that the bound counts for the last free crew of a class when some are taken.
func (q *partition) last(class, taken int32) float64 {
	k := int(q.capacity[class]-taken) - 1
	if k < 0 || k >= len(q.lowest[class]) {
		return 0
	}
	return q.p.columns[q.lowest[class][k]].worth
}

// dive searches depth first: the job with the fewest routes left is served next, cheapest
// routes first, and a branch ends when its bound reaches the plan to beat.
func (q *partition) dive() []int32 {
	served := q.served
	columns := q.p.columns
	slices.SortFunc(q.live, func(a, b int32) int {
		switch {
		case columns[a].worth < columns[b].worth:
			return -1
		case columns[a].worth > columns[b].worth:
			return 1
		}
		return int(a - b)
	})
	by := make([][]int32, len(served))
	for _, i := range q.live {
		for _, id := range columns[i].jobs {
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
			c := &columns[i]
			if taken[c.class] >= q.capacity[c.class] {
				continue
			}
			more := slack + c.worth - q.last(c.class, taken[c.class])
			if q.bound+more >= best {
				continue
			}
			for _, id := range c.jobs {
				if done[id] {
					continue routes
				}
			}
			for _, id := range c.jobs {
				done[id] = true
			}
			taken[c.class]++
			chosen = append(chosen, i)
			serve(at+1, more, cost+c.cost)
			chosen = chosen[:len(chosen)-1]
			taken[c.class]--
			for _, id := range c.jobs {
				done[id] = false
			}
		}
	}
	serve(0, 0, 0)
	return found
}

// pooledOrders is up to how many orders routes are remembered: a plunge looks at every
// remembered route for every route it fixes, which larger days cannot afford.
const pooledOrders = 250

// remember puts the present routes into the pool.
func (s *search) remember() {
	if len(s.m.f.orders) > pooledOrders {
		return
	}
	for i := range s.routes {
		if len(s.routes[i].stops) > 0 {
			s.pool.add(&s.routes[i])
		}
	}
}

// recombine replaces the plan by the best choice of remembered routes, if that is better.
func (s *search) recombine() bool {
	if len(s.m.f.orders) > pooledOrders {
		return false
	}
	for i := range s.top.routes {
		s.pool.add(&s.top.routes[i])
	}
	q := s.pool.relax(&s.top)
	if q == nil {
		return false
	}
	improved := false
	for range plunges {
		s.build(q.plunge(&s.rng))
		if s.better() {
			s.keep()
			improved = true
		}
		for range polish {
			s.step(s.pace.to)
		}
		s.remember()
	}
	q = s.pool.relax(&s.top)
	q.prune()
	if found := q.dive(); found != nil {
		s.build(found)
		if s.better() {
			s.keep()
			improved = true
		}
	}
	s.adopt(&s.top)
	return improved
}

// Plans built from the pool in one recombination, and iterations that polish each.
const (
	plunges = 6
	polish  = 60
)

// build makes the chosen columns the present plan and puts in what they leave over.
func (s *search) build(chosen []int32) {
	s.begin()
	s.resting = -1
	for i := range s.routes {
		s.touch(int32(i))
		s.clearRoute(&s.routes[i])
		if !s.dirty[i] {
			s.dirty[i] = true
			s.changed = append(s.changed, int32(i))
		}
	}
	free := map[int32][]int32{}
	for i := range s.m.crews {
		twin := s.m.crews[i].twin
		free[twin] = append(free[twin], int32(i))
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
	s.absent, s.left = s.absent[:0], unserved{}
	for id := range s.m.f.orders {
		if s.where[id] < 0 {
			s.absent = append(s.absent, int32(id))
			s.left[s.m.level(int32(id))]++
		}
	}
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

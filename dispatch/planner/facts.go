package planner

import (
	"maps"
	"math"
	"slices"
	"sort"
)

// facts is a problem with names replaced by numbers, so that a rule is an array access. Only
// names that some order asks for get a number: a van may hold thousands of other parts.
type facts struct {
	p      *Problem
	road   road
	skill  map[string]int32
	region map[string]int32
	tool   map[string]int32
	sku    map[string]int32
	skus   []string
	skills []string

	levels []int32 // engineer × skill
	covers []cover // engineer × region
	tools  []uint64
	van    []int64 // engineer × sku
	words  int     // of a tool set

	orders []orderFacts
	stores []storeFacts
	homes  []spot
	metric bool // no way round is shorter than the straight leg
}

type cover uint8

const (
	stranger cover = iota
	helper
	own
)

type need struct {
	id     int32
	amount int64
}

type orderFacts struct {
	at        spot
	service   int64
	windows   []Window // sorted, empty ones removed
	never     bool     // windows were given but none is left
	due       int64
	weight    int64 // of a second of lateness: 5 − priority
	skills    []need
	region    int32
	tools     []uint64
	parts     []need
	blocked   []int32
	preferred int32
	pinned    int32 // engineer, or -1
	start     int64 // pinned start, or AnyStart
}

type storeFacts struct {
	at       spot
	hours    []Window
	handling int64
	stock    []int64 // by sku
	expected [][]Arrival
	tools    []uint64
}

const never = int64(math.MaxInt64)

func number(m map[string]int32, name string) int32 {
	n, ok := m[name]
	if !ok {
		n = int32(len(m))
		m[name] = n
	}
	return n
}

func newFacts(p *Problem) *facts {
	f := &facts{p: p, road: p.Travel.road(), skill: map[string]int32{}, region: map[string]int32{}, tool: map[string]int32{}, sku: map[string]int32{}}
	engineer := make(map[string]int32, len(p.Engineers))
	for i := range p.Engineers {
		engineer[p.Engineers[i].ID] = int32(i)
	}
	for i := range p.Orders {
		for _, t := range p.Orders[i].Tools {
			number(f.tool, t)
		}
	}
	f.words = (len(f.tool) + 63) / 64
	f.orders = make([]orderFacts, len(p.Orders))
	for i := range p.Orders {
		o, g := &p.Orders[i], &f.orders[i]
		*g = orderFacts{at: spotOf(o.Place), service: o.Service, due: o.Due, weight: int64(5 - o.Priority), region: -1, preferred: -1, pinned: -1, start: AnyStart}
		g.windows = usableWindows(o.Windows, p.Now)
		g.never = len(o.Windows) > 0 && len(g.windows) == 0
		for _, code := range slices.Sorted(maps.Keys(o.Skills)) {
			if level := o.Skills[code]; level > 0 {
				g.skills = append(g.skills, need{number(f.skill, code), int64(level)})
			}
		}
		if o.Region != "" {
			g.region = number(f.region, o.Region)
		}
		g.tools = f.toolSet(o.Tools)
		for _, part := range o.Parts {
			g.parts = append(g.parts, need{number(f.sku, part.SKU), part.Quantity})
		}
		for _, id := range o.BlockedEngineers {
			if e, ok := engineer[id]; ok {
				g.blocked = append(g.blocked, e)
			}
		}
		if e, ok := engineer[o.Preferred]; ok {
			g.preferred = e
		}
		if o.Pinned != nil {
			g.start, g.pinned = o.Pinned.Start, -2
			if e, ok := engineer[o.Pinned.Engineer]; ok {
				g.pinned = e
			}
		}
	}
	f.skus, f.skills = names(f.sku), names(f.skill)
	f.homes = make([]spot, len(p.Engineers))
	f.levels = make([]int32, len(p.Engineers)*len(f.skill))
	f.covers = make([]cover, len(p.Engineers)*len(f.region))
	f.van = make([]int64, len(p.Engineers)*len(f.sku))
	for i := range p.Engineers {
		e := &p.Engineers[i]
		f.homes[i] = spotOf(e.Home)
		for code, level := range e.Skills {
			if n, ok := f.skill[code]; ok {
				f.levels[i*len(f.skill)+int(n)] = int32(min(max(level, 0), math.MaxInt32))
			}
		}
		for _, code := range e.HelpsOut {
			if n, ok := f.region[code]; ok {
				f.covers[i*len(f.region)+int(n)] = helper
			}
		}
		for _, code := range e.Regions {
			if n, ok := f.region[code]; ok {
				f.covers[i*len(f.region)+int(n)] = own
			}
		}
		f.tools = append(f.tools, f.toolSet(e.Tools)...)
		for sku, have := range e.Van {
			if n, ok := f.sku[sku]; ok {
				f.van[i*len(f.sku)+int(n)] = have
			}
		}
	}
	f.stores = make([]storeFacts, len(p.Stores))
	for i := range p.Stores {
		s, g := &p.Stores[i], &f.stores[i]
		*g = storeFacts{at: spotOf(s.Place), hours: sortedWindows(s.Hours), handling: s.Handling, tools: f.toolSet(s.Tools),
			stock: make([]int64, len(f.sku)), expected: make([][]Arrival, len(f.sku))}
		for sku, have := range s.Stock {
			if n, ok := f.sku[sku]; ok {
				g.stock[n] = have
			}
		}
		for _, a := range s.Expected {
			if n, ok := f.sku[a.SKU]; ok {
				g.expected[n] = append(g.expected[n], a)
			}
		}
		for _, list := range g.expected {
			slices.SortStableFunc(list, func(a, b Arrival) int {
				switch {
				case a.From < b.From:
					return -1
				case a.From > b.From:
					return 1
				}
				return 0
			})
		}
	}
	f.metric = p.Travel.Seconds == nil && p.Travel.Road == nil && !slices.ContainsFunc(f.homes, nowhere)
	for i := range f.orders {
		f.metric = f.metric && !nowhere(f.orders[i].at)
	}
	for i := range f.stores {
		f.metric = f.metric && !nowhere(f.stores[i].at)
	}
	for i := range p.Booked {
		f.metric = f.metric && p.Booked[i].Place.Known()
	}
	return f
}

func nowhere(s spot) bool { return s.kind == unknownPlace }

func names(ids map[string]int32) []string {
	out := make([]string, len(ids))
	for name, n := range ids {
		out[n] = name
	}
	return out
}

func (f *facts) toolSet(names []string) []uint64 {
	set := make([]uint64, f.words)
	for _, name := range names {
		if n, ok := f.tool[name]; ok {
			set[n/64] |= 1 << (n % 64)
		}
	}
	return set
}

func (f *facts) toolsOf(engineer int) []uint64 {
	return f.tools[engineer*f.words : (engineer+1)*f.words]
}

func (f *facts) vanOf(engineer int) []int64 {
	return f.van[engineer*len(f.sku) : (engineer+1)*len(f.sku)]
}

// ready is the instant from which the store holds n of the part, counting deliveries.
func (s *storeFacts) ready(sku int32, n int64) int64 {
	have := s.stock[sku]
	if have >= n {
		return math.MinInt64
	}
	for _, a := range s.expected[sku] {
		if have += a.Quantity; have >= n {
			return a.From
		}
	}
	return never
}

func sortedWindows(in []Window) []Window {
	out := make([]Window, 0, len(in))
	for _, w := range in {
		if w.To >= w.From {
			out = append(out, w)
		}
	}
	sort.Slice(out, func(a, b int) bool { return out[a].From < out[b].From })
	merged := out[:0]
	for _, w := range out {
		if n := len(merged); n > 0 && w.From <= merged[n-1].To {
			merged[n-1].To = max(merged[n-1].To, w.To)
			continue
		}
		merged = append(merged, w)
	}
	return merged
}

// usableWindows drops what lies before now, so that a window in the past refuses by itself.
func usableWindows(in []Window, now int64) []Window {
	out := sortedWindows(in)
	for len(out) > 0 && out[0].To < now {
		out = out[1:]
	}
	return out
}

// opening is the first instant at or after t that lies in a window, or never.
func opening(windows []Window, t int64) int64 {
	if len(windows) == 0 {
		return t
	}
	for _, w := range windows {
		if t <= w.To {
			return max(t, w.From)
		}
	}
	return never
}

// within tells whether every bit of need is in have or in more.
func within(need, have, more []uint64) bool {
	for i, n := range need {
		h := have[i]
		if more != nil {
			h |= more[i]
		}
		if n&^h != 0 {
			return false
		}
	}
	return true
}

package planner

import (
	"fmt"
	"slices"
)

// Score recomputes a plan from the problem alone, believing nothing the search says, and lists
// every hard rule that is broken.
func (p *Problem) Score(plan *Plan) (Score, []string) {
	var score Score
	var broken []string
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	r := p.Travel.road()
	leg := func(a, b Place) (int64, int64) {
		x, y := spotOf(a), spotOf(b)
		if a == b {
			return r.leg(&x, &x)
		}
		return r.leg(&x, &y)
	}
	served := make([]int, len(p.Orders))
	startOf, engineerOf := make([]int64, len(p.Orders)), make([]int, len(p.Orders))
	shelf := make([]map[string]int64, len(p.Stores))
	for i := range p.Stores {
		shelf[i] = map[string]int64{}
		for sku, n := range p.Stores[i].Stock {
			shelf[i][sku] = n
		}
	}
	working := make([]int64, len(p.Engineers))
	routed := make([]bool, len(p.Engineers))
	for _, route := range plan.Routes {
		e := &p.Engineers[route.Engineer]
		if routed[route.Engineer] {
			say("%s has two routes", e.ID)
		}
		routed[route.Engineer] = true
		if len(e.Shifts) == 0 {
			say("%s does not work", e.ID)
			continue
		}
		shift := e.Shifts[0]
		van, tools := map[string]int64{}, map[string]bool{}
		for sku, n := range e.Van {
			van[sku] = n
		}
		for _, t := range e.Tools {
			tools[t] = true
		}
		if route.Leave < shift.From || route.Leave < p.Now {
			say("%s leaves before the shift", e.ID)
		}
		place := e.Home
		if p.Now >= shift.From && p.Now <= shift.To && e.At.Known() {
			place = e.At
		}
		free, visits, pickups := route.Leave, 0, 0
		type stretch struct{ from, to, drive int64 }
		var gaps []stretch
		for _, s := range route.Stops {
			at := Place{}
			switch {
			case s.Diary:
				at = s.Place
			case s.Order >= 0:
				at = p.Orders[s.Order].Place
			case s.Store >= 0:
				at = p.Stores[s.Store].Place
			default:
				continue
			}
			drive, metres := leg(place, at)
			score[6] += metres
			gaps = append(gaps, stretch{free, s.Start, drive})
			if s.Start < free+drive {
				say("%s: a stop at %d cannot be reached before %d", e.ID, s.Start, free+drive)
			}
			place = at
			if s.Diary {
				free = max(free, s.End)
				continue
			}
			if s.Order < 0 {
				store := &p.Stores[s.Store]
				pickups++
				if len(store.Hours) > 0 && !slices.ContainsFunc(store.Hours, func(w Window) bool { return w.From <= s.Start && s.Start <= w.To }) {
					say("%s: store %s is closed", e.ID, store.ID)
				}
				for _, part := range s.Take {
					if part.Quantity < 1 {
						say("%s takes %d %s", e.ID, part.Quantity, part.SKU)
					}
					shelf[s.Store][part.SKU] -= part.Quantity
					van[part.SKU] += part.Quantity
				}
				for _, t := range store.Tools {
					tools[t] = true
				}
				free = s.Start + store.Handling
				continue
			}
			o := &p.Orders[s.Order]
			visits++
			served[s.Order]++
			startOf[s.Order], engineerOf[s.Order] = s.Start, route.Engineer
			if len(o.Windows) > 0 && !slices.ContainsFunc(o.Windows, func(w Window) bool { return w.From <= s.Start && s.Start <= w.To }) {
				say("%s starts outside its windows", o.ID)
			}
			for code, level := range o.Skills {
				if e.Skills[code] < level {
					say("%s: %s lacks the skill", o.ID, e.ID)
				}
			}
			if o.Region != "" && !slices.Contains(e.Regions, o.Region) && !slices.Contains(e.HelpsOut, o.Region) {
				say("%s: %s does not cover the region", o.ID, e.ID)
			}
			for _, t := range o.Tools {
				if !tools[t] {
					say("%s: %s lacks a tool", o.ID, e.ID)
				}
			}
			if slices.Contains(o.BlockedEngineers, e.ID) {
				say("%s: %s is blocked by the customer", o.ID, e.ID)
			}
			for _, part := range o.Parts {
				if van[part.SKU] -= part.Quantity; van[part.SKU] < 0 {
					say("%s: %s has no %s", o.ID, e.ID, part.SKU)
				}
			}
			if o.Due != NoDue {
				score[4] += int64(5-o.Priority) * max(0, s.Start-o.Due)
			}
			free = s.Start + o.Service
		}
		drive, metres := leg(place, e.Home)
		score[6] += metres
		gaps = append(gaps, stretch{free, route.Home, drive})
		if route.Home < free+drive {
			say("%s is home at %d, before he can be", e.ID, route.Home)
		}
		if route.Home > shift.To+shift.Overtime {
			say("%s is home at %d, after shift and overtime", e.ID, route.Home)
		}
		for k, b := range route.Breaks {
			if b.To <= b.From || k > 0 && b.From < route.Breaks[k-1].To {
				say("%s: break %d-%d is empty or overlaps", e.ID, b.From, b.To)
			}
			if !slices.ContainsFunc(gaps, func(g stretch) bool { return b.From >= g.from && b.To <= g.to }) {
				say("%s: break %d-%d lies in a service", e.ID, b.From, b.To)
			}
		}
		for _, g := range gaps {
			rest := int64(0)
			for _, b := range route.Breaks {
				if b.From >= g.from && b.To <= g.to {
					rest += b.To - b.From
				}
			}
			if rest+g.drive > g.to-g.from {
				say("%s: break and drive do not both fit between %d and %d", e.ID, g.from, g.to)
			}
		}
		if p.Now <= shift.From {
			for _, w := range e.Breaks {
				if !slices.ContainsFunc(route.Breaks, func(b Window) bool { return b.From >= w.From && b.To <= w.To && b.To-b.From >= w.Length }) {
					say("%s has no break between %d and %d", e.ID, w.From, w.To)
				}
			}
		}
		if e.MaxVisits > 0 && visits > e.MaxVisits {
			say("%s has too many visits", e.ID)
		}
		if pickups > storeVisits(e) {
			say("%s goes to a store %d times", e.ID, pickups)
		}
		working[route.Engineer] = route.Home - route.Leave
		score[5] += working[route.Engineer]
		score[7] += max(0, route.Home-shift.To)
	}
	for i, stock := range shelf {
		for sku, n := range stock {
			if n < 0 {
				say("store %s gave away %d %s that it does not have", p.Stores[i].ID, -n, sku)
			}
		}
	}
	listed := make([]bool, len(p.Orders))
	for _, u := range plan.Unplanned {
		listed[u.Order] = true
	}
	for o := range p.Orders {
		order := &p.Orders[o]
		if served[o] > 1 {
			say("%s is served twice", order.ID)
		}
		if served[o] == 0 {
			score[order.Priority-1]++
		}
		if (served[o] == 0) != listed[o] {
			say("%s is served and listed, or neither", order.ID)
		}
		if pin := order.Pinned; pin != nil && served[o] > 0 {
			if p.Engineers[engineerOf[o]].ID != pin.Engineer || pin.Start != AnyStart && pin.Start != startOf[o] {
				say("%s is pinned elsewhere", order.ID)
			}
		}
		if a := order.Announced; a != nil {
			if served[o] == 0 || p.Engineers[engineerOf[o]].ID != a.Engineer {
				score[9] += 4
			} else if abs(startOf[o]-a.Start) > announcedSlack {
				score[9]++
			}
		}
	}
	total, allShifts := int64(0), int64(0)
	for e := range p.Engineers {
		total += working[e] / 60
		if len(p.Engineers[e].Shifts) > 0 {
			allShifts += p.Engineers[e].Shifts[0].To - p.Engineers[e].Shifts[0].From
		}
	}
	for e := range p.Engineers {
		length := int64(0)
		if len(p.Engineers[e].Shifts) > 0 {
			length = p.Engineers[e].Shifts[0].To - p.Engineers[e].Shifts[0].From
		}
		off := working[e]/60 - share(total, length, max(1, allShifts))
		score[8] += off * off
	}
	return score, broken
}

// share is total × part ÷ whole, rounded down, without overflow for any ticks a day can have.
func share(total, part, whole int64) int64 {
	return total/whole*part + total%whole*part/whole
}

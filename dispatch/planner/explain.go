package planner

import (
	"cmp"
	"math/bits"
	"slices"
)

// Account explains one order of a plan: who does it and at what cost, who would be next, and
// which rule refuses everybody else. All other visits are taken as planned.
type Account struct {
	Chosen  *Choice   `json:"chosen,omitempty"`
	Next    []Choice  `json:"next"`
	Refused []Refusal `json:"refused"`
}

// Choice is an engineer who can do the order, with what it would cost him.
type Choice struct {
	Engineer string   `json:"engineer"`
	Start    int64    `json:"start_s"`
	Cost     Cost     `json:"cost"`
	Reasons  []Reason `json:"reasons,omitempty"`
}

// Refusal is an engineer who cannot, with the first rule that says so.
type Refusal struct {
	Engineer string `json:"engineer"`
	Rule     Rule   `json:"rule"`
}

// booked is the problem as it stands when the plan is carried out: every visit in its
// engineer's diary, every part out of van and store.
func (p *Problem) booked(plan *Plan) *Problem {
	q := *p
	q.Engineers, q.Stores = slices.Clone(p.Engineers), slices.Clone(p.Stores)
	q.Booked = nil
	for e := range q.Engineers {
		q.Engineers[e].Shifts = q.Engineers[e].Shifts[:min(1, len(q.Engineers[e].Shifts))]
	}
	planned := make([]bool, len(p.Engineers))
	for _, r := range plan.Routes {
		e := &q.Engineers[r.Engineer]
		planned[r.Engineer] = true
		van := map[string]int64{}
		for sku, n := range e.Van {
			van[sku] = n
		}
		e.Van = van
		for _, s := range r.Stops {
			v := Visit{Engineer: r.Engineer, Store: s.Store, Start: s.Start}
			switch {
			case s.Diary:
				v.Place, v.End = s.Place, s.End
			case s.Order >= 0:
				o := &p.Orders[s.Order]
				v.Place, v.End = o.Place, s.Start+o.Service
				for _, part := range o.Parts {
					van[part.SKU] -= part.Quantity
				}
			default:
				st := &q.Stores[s.Store]
				v.Place, v.End = st.Place, s.Start+st.Handling
				stock := map[string]int64{}
				for sku, n := range st.Stock {
					stock[sku] = n
				}
				for _, part := range s.Take {
					stock[part.SKU] -= part.Quantity
					van[part.SKU] += part.Quantity
				}
				st.Stock = stock
			}
			q.Booked = append(q.Booked, v)
		}
	}
	for _, v := range p.Booked {
		if !planned[v.Engineer] {
			q.Booked = append(q.Booked, v)
		}
	}
	return &q
}

// sayWhy gives every order left over the rules that refuse it, most frequent first.
func (p *Problem) sayWhy(plan *Plan) error {
	s, err := NewScanner(p.booked(plan))
	if err != nil {
		return err
	}
	o := CandidateOptions{Weights: DefaultWeights()}
	type tally struct {
		rule Rule
		n    int
	}
	var count []tally
	refused := func(rule Rule, n int) {
		for k := range count {
			if count[k].rule == rule {
				count[k].n += n
				return
			}
		}
		count = append(count, tally{rule, n})
	}
	able := s.f.newEligible()
	row := make([]uint64, len(able.all))
	for i := range plan.Unplanned {
		u := &plan.Unplanned[i]
		count = count[:0]
		able.of(u.Order, row, refused)
		for w, set := range row {
			for ; set != 0; set &= set - 1 {
				e := w*64 + bits.TrailingZeros64(set)
				var c Candidate
				if !s.place(e, u.Order, &o, &c) {
					refused(s.whyNot(e, u.Order, &o).Rule, 1)
				}
			}
		}
		slices.SortFunc(count, func(a, b tally) int {
			return cmp.Or(b.n-a.n, cmp.Compare(a.rule, b.rule))
		})
		u.Reasons = make([]Rule, 0, max(1, len(count)))
		for _, t := range count {
			u.Reasons = append(u.Reasons, t.rule)
		}
		if len(s.f.p.Engineers) == 0 {
			u.Reasons = append(u.Reasons, RuleShift) // nobody works at all
		}
	}
	return nil
}

// nextInLine is how many other engineers an account names.
const nextInLine = 3

// Explain accounts for every order of a plan by asking for its candidates anew, with all other
// visits where the plan has them.
func (p *Problem) Explain(plan *Plan) ([]Account, error) {
	q := p.booked(plan)
	s, err := NewScanner(q)
	if err != nil {
		return nil, err
	}
	out := make([]Account, len(p.Orders))
	by := make([][]Visit, len(p.Engineers))
	for _, v := range q.Booked {
		by[v.Engineer] = append(by[v.Engineer], v)
	}
	explain := func(order, chosen int) error {
		judged, err := s.Candidates(order, CandidateOptions{Slot: Cheapest, Limit: nextInLine + 1})
		if err != nil {
			return err
		}
		a := &out[order]
		a.Next, a.Refused = []Choice{}, []Refusal{}
		for i := range judged {
			c := &judged[i]
			switch {
			case !c.Eligible:
				a.Refused = append(a.Refused, Refusal{c.ID, c.Rule})
			case c.Engineer == chosen:
				a.Chosen = &Choice{c.ID, c.Start, c.Cost, slices.Clone(c.Reasons)}
			case len(a.Next) < nextInLine:
				a.Next = append(a.Next, Choice{c.ID, c.Start, c.Cost, slices.Clone(c.Reasons)})
			}
		}
		return nil
	}
	for _, r := range plan.Routes {
		for k, stop := range r.Stops {
			if stop.Order < 0 || stop.Diary {
				continue
			}
			// The order is taken out of the day it stands in, its parts back in the van.
			visits := slices.Delete(slices.Clone(by[r.Engineer]), k, k+1)
			parts := s.f.orders[stop.Order].parts
			van := s.f.vanOf(r.Engineer)
			for _, n := range parts {
				van[n.id] += n.amount
			}
			at := s.first[r.Engineer]
			was := s.days[at]
			if d, ok := s.f.newDay(&reading{}, r.Engineer, 0, visits); ok {
				s.days[at] = d
			}
			err := explain(stop.Order, r.Engineer)
			s.days[at] = was
			for _, n := range parts {
				van[n.id] -= n.amount
			}
			if err != nil {
				return nil, err
			}
			if out[stop.Order].Chosen == nil { // a day so tight that only the whole plan holds it together
				out[stop.Order].Chosen = &Choice{Engineer: p.Engineers[r.Engineer].ID, Start: stop.Start}
			} else {
				out[stop.Order].Chosen.Start = stop.Start
			}
		}
	}
	for _, u := range plan.Unplanned {
		if err := explain(u.Order, -1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

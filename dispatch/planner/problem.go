package planner

import (
	"fmt"
	"math"
)

// Problem is everything the planner may know. Instants are seconds from an epoch that the
// caller chooses (midnight, or the Unix epoch when several days are in view).
type Problem struct {
	// Now is the earliest instant at which anything new may happen.
	Now       int64
	Travel    Travel
	Engineers []Engineer
	Orders    []Order
	Stores    []Store
	// Booked are visits that keep their time: announced ones and those already under way.
	Booked []Visit
}

// Engineer is one person with a van.
type Engineer struct {
	ID   string
	Home Place
	// At is where the engineer is now, if known; it replaces Home in the shift that contains Now.
	At     Place
	Shifts []Shift
	// Skills are levels by skill code; a missing code is level 0.
	Skills map[string]int
	// Regions are his own; HelpsOut are those he may serve when asked.
	Regions, HelpsOut []string
	Tools             []string
	// Van is what may be used now: on hand minus what is reserved for other orders.
	Van     map[string]int64
	Breaks  []Break
	Blocked []Blocked
	// MaxVisits limits the visits of one shift; 0 is no limit.
	MaxVisits int
	// MaxStoreVisits limits the store visits of one shift: 0 means one, negative means none.
	MaxStoreVisits int
}

// Shift is when an engineer works. He is home by To plus Overtime at the latest.
type Shift struct{ From, To, Overtime int64 }

// Break is a rest of Length seconds somewhere between From and To, never during a service.
type Break struct{ From, To, Length int64 }

// Blocked is time that belongs to something else: leave, training, a meeting. With a known
// Place the engineer drives there and back; without one he rests wherever he is.
type Blocked struct {
	From, To int64
	Place    Place
}

// Window is when a service may start, both ends included.
type Window struct{ From, To int64 }

// Order is a piece of work at one place.
type Order struct {
	ID      string
	Place   Place
	Service int64
	// Windows are when the visit may start; none means any time.
	Windows []Window
	// Due is the promised start; NoDue when nothing was promised.
	Due int64
	// Priority runs from 1 (first) to 4.
	Priority int
	Skills   map[string]int
	// Region is empty when anyone may go.
	Region string
	Tools  []string
	Parts  []Part
	Pinned *Pin
	// BlockedEngineers are those whom the customer does not want to see.
	BlockedEngineers []string
	// Preferred is the engineer the customer knows, or empty.
	Preferred string
	// Announced is the visit last told to the customer, for stability of a new plan.
	Announced *Pin
}

// Part is a quantity of one spare part in its smallest unit.
type Part struct {
	SKU      string
	Quantity int64
}

// Pin ties an order to an engineer; Start is AnyStart when only the engineer is fixed.
type Pin struct {
	Engineer string
	Start    int64
}

const (
	// NoDue marks an order without a promised start.
	NoDue = math.MaxInt64
	// AnyStart leaves the time of a pinned order open.
	AnyStart = math.MinInt64
	// Unlimited is a quantity that never runs out.
	Unlimited = math.MaxInt64 / 4
)

// Store is a warehouse or outlet where parts are handed out.
type Store struct {
	ID    string
	Place Place
	// Hours are when a visit may begin; none means always open.
	Hours []Window
	// Handling is how long a visit takes.
	Handling int64
	// Stock is what may be promised now, by SKU. It is shared by all routes.
	Stock map[string]int64
	// Expected are deliveries that can be used from their instant on.
	Expected []Arrival
	Tools    []string
}

// Arrival is a delivery on its way to a store.
type Arrival struct {
	SKU string
	// From is the instant from which the goods can be fetched, usually the opening of a day.
	From     int64
	Quantity int64
}

// Visit is an entry of an engineer's diary that stays where it is. Its parts are reserved
// already and therefore not in Van or Stock.
type Visit struct {
	Engineer int
	Place    Place
	// Store is the index of the store for a pick-up already planned, else NoStore.
	Store      int
	Start, End int64
}

// NoStore marks a visit that is not a pick-up.
const NoStore = -1

// InputError names the field that makes a problem unusable.
type InputError struct{ Field, Why string }

func (e *InputError) Error() string { return e.Field + ": " + e.Why }

func bad(why string, field string, at ...any) error {
	return &InputError{Field: fmt.Sprintf(field, at...), Why: why}
}

const farAway = int64(1) << 61

// Check reports the first field that no plan could be made from. Orders that merely cannot
// be served (a window in the past, a skill nobody has) are fine: they are refused by rule.
func (p *Problem) Check() error {
	if err := p.Travel.check(); err != nil {
		return err
	}
	instant := func(v int64, field string, at ...any) error {
		if v > farAway || v < -farAway {
			return bad("is too far away", field, at...)
		}
		return nil
	}
	if err := instant(p.Now, "now"); err != nil {
		return err
	}
	type named struct{ field, id string }
	ids := make(map[named]bool, len(p.Engineers)+len(p.Orders))
	unique := func(id, field string, i int) error {
		if id == "" {
			return bad("is empty", field, i)
		}
		if ids[named{field, id}] {
			return bad("appears twice: "+id, field, i)
		}
		ids[named{field, id}] = true
		return nil
	}
	for i := range p.Engineers {
		e := &p.Engineers[i]
		if err := unique(e.ID, "engineers[%d].id", i); err != nil {
			return err
		}
		if err := p.Travel.checkPlace(e.Home, "engineers[%d].home", i); err != nil {
			return err
		}
		if err := p.Travel.checkPlace(e.At, "engineers[%d].at", i); err != nil {
			return err
		}
		for k, s := range e.Shifts {
			if s.To < s.From {
				return bad("ends before it starts", "engineers[%d].shifts[%d]", i, k)
			}
			if s.Overtime < 0 {
				return bad("is negative", "engineers[%d].shifts[%d].overtime", i, k)
			}
			if err := firstError(instant(s.From, "engineers[%d].shifts[%d]", i, k), instant(s.To, "engineers[%d].shifts[%d]", i, k), instant(s.Overtime, "engineers[%d].shifts[%d].overtime", i, k)); err != nil {
				return err
			}
			if k > 0 && s.From < e.Shifts[k-1].To {
				return bad("overlaps the one before or is out of order", "engineers[%d].shifts[%d]", i, k)
			}
		}
		for k, b := range e.Breaks {
			if b.Length <= 0 {
				return bad("has no length", "engineers[%d].breaks[%d]", i, k)
			}
			if b.To-b.From < b.Length || b.From < -farAway || b.To > farAway {
				return bad("does not fit between its ends", "engineers[%d].breaks[%d]", i, k)
			}
		}
		for k, b := range e.Blocked {
			if b.To < b.From || b.From < -farAway || b.To > farAway {
				return bad("ends before it starts", "engineers[%d].blocked[%d]", i, k)
			}
			if err := p.Travel.checkPlace(b.Place, "engineers[%d].blocked[%d].place", i, k); err != nil {
				return err
			}
		}
		for sku, n := range e.Van {
			if n < 0 {
				return bad("is negative", "engineers[%d].van[%s]", i, sku)
			}
		}
	}
	for i := range p.Orders {
		o := &p.Orders[i]
		if err := unique(o.ID, "orders[%d].id", i); err != nil {
			return err
		}
		if err := p.Travel.checkPlace(o.Place, "orders[%d].place", i); err != nil {
			return err
		}
		if o.Service < 0 || o.Service > farAway {
			return bad("is negative or too long", "orders[%d].service", i)
		}
		if o.Priority < 1 || o.Priority > 4 {
			return bad("is not between 1 and 4", "orders[%d].priority", i)
		}
		for k, w := range o.Windows {
			if err := firstError(instant(w.From, "orders[%d].windows[%d]", i, k), instant(w.To, "orders[%d].windows[%d]", i, k)); err != nil {
				return err
			}
		}
		for k, part := range o.Parts {
			if part.Quantity <= 0 {
				return bad("is not positive", "orders[%d].parts[%d].quantity", i, k)
			}
			for _, earlier := range o.Parts[:k] {
				if earlier.SKU == part.SKU {
					return bad("appears twice: "+part.SKU, "orders[%d].parts[%d].sku", i, k)
				}
			}
		}
		if o.Pinned != nil && o.Pinned.Start != AnyStart {
			if err := instant(o.Pinned.Start, "orders[%d].pinned.start", i); err != nil {
				return err
			}
		}
	}
	for i := range p.Stores {
		s := &p.Stores[i]
		if err := unique(s.ID, "stores[%d].id", i); err != nil {
			return err
		}
		if err := p.Travel.checkPlace(s.Place, "stores[%d].place", i); err != nil {
			return err
		}
		if s.Handling < 0 || s.Handling > farAway {
			return bad("is negative or too long", "stores[%d].handling", i)
		}
		for sku, n := range s.Stock {
			if n < 0 {
				return bad("is negative", "stores[%d].stock[%s]", i, sku)
			}
		}
		for k, a := range s.Expected {
			if a.Quantity < 0 {
				return bad("is negative", "stores[%d].expected[%d].quantity", i, k)
			}
		}
	}
	for i, v := range p.Booked {
		if v.Engineer < 0 || v.Engineer >= len(p.Engineers) {
			return bad("is not the index of an engineer", "booked[%d].engineer", i)
		}
		if v.Store != NoStore && (v.Store < 0 || v.Store >= len(p.Stores)) {
			return bad("is not the index of a store", "booked[%d].store", i)
		}
		if v.End < v.Start || v.Start < -farAway || v.End > farAway {
			return bad("ends before it starts", "booked[%d]", i)
		}
		if err := p.Travel.checkPlace(v.Place, "booked[%d].place", i); err != nil {
			return err
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

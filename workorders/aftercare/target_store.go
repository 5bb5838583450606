package aftercare

import (
	"context"
	"fmt"
	"time"

	"paigong/internal/fault"
)

// Target is by when we promise to be in touch, there and done, for a class of customers, a kind of order and
// a priority. "" stands for any class or kind; the nearest row counts, the class before the kind.
type Target struct {
	Class    string `bun:"class" json:"class" maxLength:"20" doc:"of the customer; empty = any"`
	Kind     string `bun:"kind" json:"kind" enum:",repair,install,maintain,inspect,exchange,deliver,train,relocate" doc:"of the order; empty = any"`
	Priority int    `bun:"priority" json:"priority" minimum:"1" maximum:"4"`
	Contact  int    `bun:"contact_minutes" json:"contact_minutes" minimum:"1" maximum:"527040" doc:"to the first contact, in service hours"`
	Arrive   int    `bun:"arrive_minutes" json:"arrive_minutes" minimum:"1" maximum:"527040" doc:"to the arrival, by the clock"`
	Fix      int    `bun:"fix_minutes" json:"fix_minutes" minimum:"1" maximum:"527040" doc:"to the end of the work, by the clock"`
	Version  int    `bun:"version" json:"version,omitempty" doc:"of the row as it was read; not taken from a client"`
}

const targetColumns = "class, kind, priority, contact_minutes, arrive_minutes, fix_minutes, version"

// Targets lists what is promised, by class, kind and priority.
func (p Promises) Targets(ctx context.Context) ([]Target, error) {
	rows := []Target{}
	if err := p.db.NewRaw("SELECT "+targetColumns+" FROM clock_targets ORDER BY class, kind, priority").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("clock targets: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// PutTarget changes what is promised from now on; clocks that run keep their deadlines. match is the version
// that was read, 0 = whatever it is.
func (p Promises) PutTarget(ctx context.Context, t Target, match int) (Target, error) {
	if t.Contact < 1 || t.Arrive < t.Contact || t.Fix < t.Arrive {
		return t, fault.New(fault.Invalid, "clock_targets_in_order", "first contact comes before arrival, arrival before the end: contact ≤ arrive ≤ fix").
			Field("body.arrive_minutes", "at least contact_minutes, at most fix_minutes")
	}
	var rows []Target
	err := p.db.NewRaw(`INSERT INTO clock_targets (class, kind, priority, contact_minutes, arrive_minutes, fix_minutes)
		SELECT ?0, ?1, ?2, ?3, ?4, ?5 WHERE ?6 = 0 OR EXISTS (SELECT FROM clock_targets WHERE class = ?0 AND kind = ?1 AND priority = ?2)
		ON CONFLICT (class, kind, priority) DO UPDATE SET contact_minutes = excluded.contact_minutes, arrive_minutes = excluded.arrive_minutes, fix_minutes = excluded.fix_minutes
		WHERE ?6 IN (0, clock_targets.version) RETURNING `+targetColumns, t.Class, t.Kind, t.Priority, t.Contact, t.Arrive, t.Fix, match).Scan(ctx, &rows)
	if err != nil {
		return t, fmt.Errorf("clock target: %w", fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return t, fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
	}
	return rows[0], nil
}

// Deadlines are by when somebody is in touch, there, and done with an order.
type Deadlines struct{ Contact, Arrive, Fix time.Time }

// DeadlinesOf counts the targets of an order from the moment its matter came in. The hours in which
// somebody answers are those of the organisation's calendar, at the clock of the site (zone).
func (p Promises) DeadlinesOf(ctx context.Context, org int32, zone *time.Location, class, kind string, priority int, from time.Time) (Deadlines, error) {
	var t Target
	err := p.db.NewRaw("SELECT "+targetColumns+" FROM clock_targets WHERE class IN ('', ?) AND kind IN ('', ?) AND priority = ? ORDER BY class <> '' DESC, kind <> '' DESC LIMIT 1", class, kind, priority).Scan(ctx, &t)
	if err != nil {
		return Deadlines{}, fmt.Errorf("clock targets of a %s of priority %d: %w", kind, priority, fault.FromSQL(err))
	}
	c, err := p.Load(ctx, org)
	if err != nil {
		return Deadlines{}, err
	}
	hours, err := p.served(ctx, org)
	if err != nil {
		return Deadlines{}, err
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	return Deadlines{c.At(zone).AddServiceTime(from, minutes(t.Contact), hours), from.Add(minutes(t.Arrive)), from.Add(minutes(t.Fix))}, nil
}

// CallBackBy is when a customer who waits for word is rung at the latest, when nobody promised a time: two
// service hours from now.
func (p Promises) CallBackBy(ctx context.Context, org int32, zone *time.Location) (time.Time, error) {
	c, err := p.Load(ctx, org)
	if err != nil {
		return time.Time{}, err
	}
	hours, err := p.served(ctx, org)
	if err != nil {
		return time.Time{}, err
	}
	return c.At(zone).AddServiceTime(p.now(), 2*time.Hour, hours), nil
}

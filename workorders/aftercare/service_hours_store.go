package aftercare

import (
	"context"
	"fmt"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// ServiceDay says when somebody answers on one weekday, in minutes of the day.
type ServiceDay struct {
	Weekday int `bun:"weekday" json:"weekday" minimum:"1" maximum:"7" doc:"1 = Monday"`
	From    int `bun:"from_minute" json:"from_minute" minimum:"0" maximum:"1439"`
	To      int `bun:"to_minute" json:"to_minute" minimum:"1" maximum:"1440"`
}

// ServiceHours are those of an organisation or the nearest above it that says any; else eight to six on every day
// that is worked. A weekday that is not named is closed. They decide by when a first contact is due.
func (p Promises) ServiceHours(ctx context.Context, org int32) ([]ServiceDay, error) {
	var rows []ServiceDay
	err := p.db.NewRaw(`SELECT h.weekday, h.from_minute, h.to_minute FROM service_hours h WHERE h.org_id = (
		SELECT a.id FROM organisations mine JOIN organisations a ON a.id = ANY (mine.path) WHERE mine.id = ? AND EXISTS (SELECT FROM service_hours x WHERE x.org_id = a.id)
		ORDER BY array_position(mine.path, a.id) DESC LIMIT 1) ORDER BY h.weekday`, org).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("service hours: %w", fault.FromSQL(err))
	}
	if len(rows) == 0 {
		for day := 1; day <= 7; day++ {
			rows = append(rows, ServiceDay{day, 8 * 60, 18 * 60})
		}
	}
	return rows, nil
}

// SetServiceHours replaces those of an organisation; none goes back to the organisation above it.
func (p Promises) SetServiceHours(ctx context.Context, org int32, days []ServiceDay) ([]ServiceDay, error) {
	seen := map[int]bool{}
	for _, d := range days {
		if d.Weekday < 1 || d.Weekday > 7 || seen[d.Weekday] || d.From < 0 || d.From >= d.To || d.To > 24*60 {
			return nil, fault.New(fault.Invalid, "service_hours_in_order", "each weekday stands once, and opens before it closes").Field("body.days", "weekday 1 to 7 once, from before to")
		}
		seen[d.Weekday] = true
	}
	if _, err := p.db.NewRaw("DELETE FROM service_hours WHERE org_id = ?", org).Exec(ctx); err != nil {
		return nil, fmt.Errorf("service hours: %w", fault.FromSQL(err))
	}
	for _, d := range days {
		if _, err := p.db.NewRaw("INSERT INTO service_hours (org_id, weekday, from_minute, to_minute) VALUES (?, ?, ?, ?)", org, d.Weekday, d.From, d.To).Exec(ctx); err != nil {
			return nil, fmt.Errorf("service hours: %w", fault.FromSQL(err))
		}
	}
	return p.ServiceHours(ctx, org)
}

// served is when somebody answers, as the calendar counts.
func (p Promises) served(ctx context.Context, org int32) (s calendar.Service, err error) {
	days, err := p.ServiceHours(ctx, org)
	for _, d := range days {
		s[d.Weekday%7] = []calendar.Hours{{From: time.Duration(d.From) * time.Minute, To: time.Duration(d.To) * time.Minute}}
	}
	return s, err
}

package aftercare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// Duty is who is asked outside working hours on one civil day of an organisation: from midnight to midnight
// there. Deadlines run through nights and holidays; without somebody on duty every weekend would miss some.
type Duty struct {
	Organisation string        `bun:"organisation" json:"organisation_code"`
	Day          calendar.Date `bun:"day" json:"day" format:"date"`
	UserID       uuid.UUID     `bun:"user_id" json:"user_id"`
	Name         string        `bun:"name" json:"name"`
	Phone        string        `bun:"phone" json:"phone" doc:"that is rung or written to on this day"`
	Version      int           `bun:"version" json:"version"`
	Lang         string        `bun:"lang" json:"-"`
}

// longestRota is how many days are filled in at once.
const longestRota = 92

const dutySelect = "SELECT o.code AS organisation, r.day, r.user_id, u.name, r.phone, r.version, u.lang FROM duty_rota r JOIN organisations o ON o.id = r.org_id JOIN users u ON u.id = r.user_id"

// Rota lists who is on duty from a day to another, both included, in organisations in sight and in those
// above the caller's, which watch for it where it names nobody.
func (p Promises) Rota(ctx context.Context, by auth.Caller, from, to calendar.Date) ([]Duty, error) {
	if err := rotaDays(from, to); err != nil {
		return nil, err
	}
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, err
	}
	rows := []Duty{}
	err := p.db.NewRaw(dutySelect+" WHERE r.day BETWEEN ? AND ? AND ("+s.SQL("r.org_id")+" OR r.org_id = ANY (SELECT unnest(path) FROM organisations WHERE id = ?)) ORDER BY r.day, o.code LIMIT 5000", from, to, by.OrgID).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("duty rota: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func rotaDays(from, to calendar.Date) error {
	if to.Before(from) || to.Sub(from) >= longestRota {
		return fault.New(fault.Invalid, "duty_days", "give a first and a last day, at most %d days", longestRota).Field("body.to", "from the first day on, at most 92 days")
	}
	return nil
}

// PutDuty puts a person on duty from a day to another, both included; a nil user clears these days. phone is
// normalised (E.164). Warnings that wait for these days are timed anew.
func (p Promises) PutDuty(ctx context.Context, org int32, from, to calendar.Date, user *uuid.UUID, phone string) error {
	if err := rotaDays(from, to); err != nil {
		return err
	}
	if user == nil {
		if _, err := p.db.NewRaw("DELETE FROM duty_rota WHERE org_id = ? AND day BETWEEN ? AND ?", org, from, to).Exec(ctx); err != nil {
			return fmt.Errorf("duty rota: %w", fault.FromSQL(err))
		}
		return p.rewarn(ctx, org, from, to)
	}
	_, err := p.db.NewRaw(`INSERT INTO duty_rota (org_id, day, user_id, phone) SELECT ?, d::date, ?, ? FROM generate_series(?::date, ?::date, interval '1 day') d
		ON CONFLICT (org_id, day) DO UPDATE SET user_id = excluded.user_id, phone = excluded.phone`, org, *user, phone, from, to).Exec(ctx)
	if err != nil {
		return fmt.Errorf("duty rota: %w", fault.FromSQL(err))
	}
	return p.rewarn(ctx, org, from, to)
}

// rewarn times the first warnings of running clocks anew whose moment lies on these days or was moved before
// them.
func (p Promises) rewarn(ctx context.Context, org int32, from, to calendar.Date) error {
	var rows []Clock
	// The warning comes at most a day before its deadline, and zones differ by half a day.
	err := p.db.NewRaw("SELECT "+clockColumns+` FROM clocks WHERE level = 0 AND next_at IS NOT NULL AND due_at BETWEEN ? AND ?
		AND org_id IN (SELECT id FROM organisations WHERE ? = ANY (path)) ORDER BY id FOR NO KEY UPDATE`, from.In(time.UTC).Add(-day24), to.In(time.UTC).Add(3*day24), org).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("duty rota: %w", fault.FromSQL(err))
	}
	calendars := map[int32]calendar.Calendar{}
	for _, k := range rows {
		c, known := calendars[k.OrgID]
		if !known {
			if c, err = p.attended(ctx, k.OrgID); err != nil {
				return err
			}
			calendars[k.OrgID] = c
		}
		next := rungAt(k.Kind, 0, k.DueAt, c, p.settings.Office)
		if next.Equal(*k.NextAt) {
			continue
		}
		if _, err := p.db.NewRaw("UPDATE clocks SET next_at = ? WHERE id = ?", next, k.ID).Exec(ctx); err != nil {
			return fmt.Errorf("duty rota: %w", fault.FromSQL(err))
		}
	}
	return nil
}

// attended is the calendar of an organisation with the days on which somebody is on duty.
func (p Promises) attended(ctx context.Context, org int32) (calendar.Calendar, error) {
	c, err := p.Load(ctx, org)
	if err != nil {
		return c, err
	}
	var rows []struct {
		Day calendar.Date `bun:"day"`
	}
	err = p.db.NewRaw("SELECT DISTINCT r.day FROM organisations o JOIN duty_rota r ON r.org_id = ANY (o.path) JOIN users u ON u.id = r.user_id AND u.active WHERE o.id = ? AND r.day >= ?",
		org, calendar.Of(p.now(), c.Zone()).AddDays(-2)).Scan(ctx, &rows)
	if err != nil {
		return c, fmt.Errorf("duty rota: %w", fault.FromSQL(err))
	}
	days := make([]calendar.Date, len(rows))
	for i, r := range rows {
		days[i] = r.Day
	}
	return c.Watched(days...), nil
}

// DutyNow is who is on duty for an organisation at this moment: the row of the nearest level that names
// somebody who still works here. It is nil inside working hours, and when nobody was named.
func (p Promises) DutyNow(ctx context.Context, org int32) (*Duty, error) {
	c, err := p.Load(ctx, org)
	if err != nil {
		return nil, err
	}
	now := p.at()
	if c.LastServed(now, p.settings.Office).Equal(now) {
		return nil, nil
	}
	var d Duty
	err = p.db.NewRaw(dutySelect+" JOIN organisations mine ON mine.id = ? AND r.org_id = ANY (mine.path) WHERE u.active AND r.day = ? ORDER BY array_position(mine.path, r.org_id) DESC LIMIT 1", org, calendar.Of(now, c.Zone())).Scan(ctx, &d)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("duty rota: %w", fault.FromSQL(err))
	}
	return &d, nil
}

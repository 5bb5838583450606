package billing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// CashUp takes in what an engineer collected in cash on a day. The engineer's receipts say how much it should
// be; a difference needs a note. A day is cashed up once.
func (t Till) CashUp(ctx context.Context, by auth.Caller, in CashUpInput) (CashUp, error) {
	e, zone, err := t.collector(ctx, by.Scope(), in.EngineerID)
	if err != nil {
		return CashUp{}, err
	}
	in.Note = strings.TrimSpace(in.Note)
	// Payments of the day recorded beside this count would be missed by it.
	if _, err := t.db.NewRaw("SELECT 1 FROM engineers WHERE id = ? FOR NO KEY UPDATE", in.EngineerID).Exec(ctx); err != nil {
		return CashUp{}, fmt.Errorf("cash-up: %w", fault.FromSQL(err))
	}
	expected, err := t.cash(ctx, in.EngineerID, in.Day, zone)
	if err != nil {
		return CashUp{}, err
	}
	difference := in.CountedMinor - expected
	if difference != 0 && in.Note == "" {
		return CashUp{}, fault.New(fault.Invalid, "cash_ups_difference_why", "the receipts say %s, %s was counted: say why they differ", expected, in.CountedMinor).
			Field("body.note", "required when the count differs").With("expected_minor", expected)
	}
	id, at := newID(), t.at()
	c := CashUp{ID: &id, EngineerID: in.EngineerID, EngineerName: e.Name, Day: in.Day, ExpectedMinor: expected, CountedMinor: &in.CountedMinor, DifferenceMinor: &difference, Note: in.Note, By: by.Actor(), At: &at}
	_, err = t.db.NewRaw("INSERT INTO cash_ups (id, org_id, engineer_id, day, expected_minor, counted_minor, note, by_user, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id, e.OrgID, c.EngineerID, c.Day, c.ExpectedMinor, in.CountedMinor, c.Note, person(by), c.By, at).Exec(ctx)
	if err != nil {
		return c, fmt.Errorf("cash-up of %s: %w", e.Name, fault.FromSQL(err))
	}
	return c, nil
}

type collector struct {
	Name  string `bun:"name"`
	OrgID int32  `bun:"org_id"`
	Zone  string `bun:"zone"`
}

func (t Till) collector(ctx context.Context, s auth.Scope, engineer uuid.UUID) (collector, *time.Location, error) {
	var e collector
	if err := s.Check(); err != nil {
		return e, nil, err
	}
	err := t.db.NewRaw("SELECT e.name, e.org_id, o.zone FROM engineers e JOIN organisations o ON o.id = e.org_id WHERE e.id = ? AND "+s.SQL("e.org_id"), engineer).Scan(ctx, &e)
	if own := s.Engineer(); errors.Is(err, sql.ErrNoRows) || own != nil && *own != engineer {
		return e, nil, fault.New(fault.NotFound, "engineer_unknown", "there is no such engineer: %s", engineer)
	}
	if err != nil {
		return e, nil, fmt.Errorf("engineer %s: %w", engineer, fault.FromSQL(err))
	}
	zone, err := time.LoadLocation(e.Zone)
	return e, zone, err
}

func (t Till) cash(ctx context.Context, engineer uuid.UUID, day calendar.Date, zone *time.Location) (sum money.Fen, err error) {
	err = t.db.NewRaw("SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments WHERE engineer_id = ? AND method = 'cash' AND paid_at >= ? AND paid_at < ?",
		engineer, day.In(zone), day.AddDays(1).In(zone)).Scan(ctx, &sum)
	if err != nil {
		return 0, fmt.Errorf("takings of %s: %w", engineer, fault.FromSQL(err))
	}
	return sum, nil
}

// Takings lists, for each engineer in sight who took cash on the day or cashed up, what is expected and what
// was counted. Counted is absent while he has not handed it in.
func (t Till) Takings(ctx context.Context, s auth.Scope, day calendar.Date) ([]CashUp, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	limit := s.SQL("e.org_id")
	var args []any
	if own := s.Engineer(); own != nil {
		limit, args = limit+" AND e.id = ?", append(args, *own)
	}
	rows := []CashUp{}
	err := t.db.NewRaw(`
		SELECT c.id, e.id AS engineer_id, e.name AS engineer_name, ?::date AS day, coalesce(c.expected_minor, y.cash) AS expected_minor, c.counted_minor,
		       c.counted_minor - c.expected_minor AS difference_minor, coalesce(c.note, '') AS note, coalesce(c.actor, '') AS actor, c.at
		  FROM engineers e JOIN organisations o ON o.id = e.org_id LEFT JOIN cash_ups c ON c.engineer_id = e.id AND c.day = ?
		  CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount_minor), 0)::bigint AS cash, count(*) AS n FROM payments p WHERE p.engineer_id = e.id AND p.method = 'cash'
		    AND p.paid_at >= (?::date)::timestamp AT TIME ZONE o.zone AND p.paid_at < (?::date + 1)::timestamp AT TIME ZONE o.zone) y
		 WHERE (c.id IS NOT NULL OR y.n > 0) AND `+limit+` ORDER BY e.name, e.id LIMIT 500`, append([]any{day, day, day, day}, args...)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("takings: %w", fault.FromSQL(err))
	}
	return rows, nil
}

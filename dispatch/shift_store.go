package dispatch

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// AddShift enters when an engineer works. One that overlaps another is refused; the very same again is
// answered with what is there.
func (b Board) AddShift(ctx context.Context, scope auth.Scope, engineer uuid.UUID, in ShiftInput) (Shift, error) {
	span, err := in.span()
	if err != nil {
		return Shift{}, err
	}
	where, err := within(scope, "e.id", "e.org_id")
	if err != nil {
		return Shift{}, err
	}
	s := Shift{EngineerID: engineer, StartsAt: span.From, EndsAt: span.To}
	err = b.db.NewRaw("SELECT id FROM shifts WHERE engineer_id = ? AND during = tstzrange(?, ?, '[)') AND engineer_id IN (SELECT e.id FROM engineers e WHERE ?)",
		engineer, span.From, span.To, where).Scan(ctx, &s.ID)
	if err == nil {
		return s, nil
	} else if !none(err) {
		return s, fmt.Errorf("enter a shift: %w", fault.FromSQL(err))
	}
	s.ID = newID()
	done, err := b.db.NewRaw(`INSERT INTO shifts (id, org_id, engineer_id, during)
		SELECT ?, e.org_id, e.id, tstzrange(?, ?, '[)') FROM engineers e WHERE e.id = ? AND ?`, s.ID, span.From, span.To, engineer, where).Exec(ctx)
	if err != nil {
		return s, fmt.Errorf("enter a shift: %w", fault.FromSQL(err))
	}
	if n, err := done.RowsAffected(); err == nil && n == 0 {
		return s, unknown("engineer")
	}
	return s, nil
}

// MoveShift changes when a shift begins and ends. It cannot leave a visit booked into it outside.
func (b Board) MoveShift(ctx context.Context, scope auth.Scope, id uuid.UUID, in ShiftInput) (Shift, error) {
	span, err := in.span()
	if err != nil {
		return Shift{}, err
	}
	return b.changeShift(ctx, scope, "UPDATE shifts s SET during = tstzrange(?, ?, '[)')", id, span.From, span.To)
}

// DropShift takes a shift away that no visit is booked into.
func (b Board) DropShift(ctx context.Context, scope auth.Scope, id uuid.UUID) (Shift, error) {
	return b.changeShift(ctx, scope, "DELETE FROM shifts s", id)
}

func (b Board) changeShift(ctx context.Context, scope auth.Scope, change string, id uuid.UUID, args ...any) (Shift, error) {
	var s Shift
	where, err := within(scope, "s.engineer_id", "s.org_id")
	if err != nil {
		return s, err
	}
	err = b.db.NewRaw(change+" WHERE s.id = ? AND ? RETURNING s.id, s.engineer_id, lower(s.during) AS starts_at, upper(s.during) AS ends_at",
		append(args, id, where)...).Scan(ctx, &s)
	switch {
	case none(err):
		return s, unknown("shift")
	case err != nil:
		return s, fmt.Errorf("change a shift: %w", fault.FromSQL(err))
	}
	return s, nil
}

// Shifts lists when engineers in sight work in a stretch of at most 62 days; engineer nil is everybody.
func (b Board) Shifts(ctx context.Context, scope auth.Scope, engineer *uuid.UUID, span Span) ([]Shift, error) {
	if err := span.shorter(62); err != nil {
		return nil, err
	}
	where, err := within(scope, "s.engineer_id", "s.org_id")
	if err != nil {
		return nil, err
	}
	rows := []Shift{}
	err = b.db.NewRaw(`SELECT s.id, s.engineer_id, lower(s.during) AS starts_at, upper(s.during) AS ends_at FROM shifts s
		WHERE lower(s.during) > ?1::timestamptz - interval '24 hours' AND lower(s.during) < ?2 AND s.during && tstzrange(?1, ?2, '[)')
		  AND (?0::uuid IS NULL OR s.engineer_id = ?0) AND ?3
		ORDER BY lower(s.during), s.engineer_id LIMIT 20000`, engineer, span.From, span.To, where).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list shifts: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func (s Span) shorter(days int) error {
	if err := s.check("query.to"); err != nil {
		return err
	}
	if s.To.Sub(s.From).Hours() > float64(days*24) {
		return fault.New(fault.Invalid, "span_long", "look at most %d days at once", days).Field("query.to", "too far from the start")
	}
	return nil
}

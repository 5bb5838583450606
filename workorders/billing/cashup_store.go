package billing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
)

// CashUp takes in what an engineer collected in cash on a day. His payments say how much it should be; a
// difference needs a note. A day is counted once, and again only when a payment of it was recorded after that.
// Nobody counts what he hands in himself.
func (t Till) CashUp(ctx context.Context, by auth.Caller, in CashUpInput) (CashUp, error) {
	e, err := t.collector(ctx, by.Scope(), in.EngineerID)
	if err != nil {
		return CashUp{}, err
	}
	if by.EngineerID != nil && *by.EngineerID == in.EngineerID {
		return CashUp{}, fault.New(fault.Forbidden, "cash_ups_second_person", "somebody else counts the money you hand in")
	}
	in.Note = strings.TrimSpace(in.Note)
	// Payments of the day recorded beside this count would be missed by it.
	if _, err := t.db.NewRaw("SELECT 1 FROM engineers WHERE id = ? FOR NO KEY UPDATE", in.EngineerID).Exec(ctx); err != nil {
		return CashUp{}, fmt.Errorf("cash-up: %w", fault.FromSQL(err))
	}
	var held struct {
		Expected money.Fen `bun:"expected"`
		Rounds   int       `bun:"rounds"`
		Live     int       `bun:"live"`
	}
	err = t.db.NewRaw(`SELECT coalesce((SELECT cash_minor - counted_minor FROM takings WHERE engineer_id = ?0 AND day = ?1), 0) AS expected,
		(SELECT count(*) FROM cash_ups WHERE engineer_id = ?0 AND day = ?1) AS rounds, (SELECT count(*) FROM cash_ups WHERE engineer_id = ?0 AND day = ?1 AND voided_at IS NULL) AS live`,
		in.EngineerID, in.Day).Scan(ctx, &held)
	if err != nil {
		return CashUp{}, fmt.Errorf("takings of %s: %w", in.EngineerID, fault.FromSQL(err))
	}
	if held.Live > 0 && held.Expected == 0 {
		return CashUp{}, fault.New(fault.Conflict, "cash_ups_once", "this day was cashed up already, and nothing was recorded for it since")
	}
	difference := in.CountedMinor - held.Expected
	if difference != 0 && in.Note == "" {
		return CashUp{}, fault.New(fault.Invalid, "cash_ups_difference_why", "the receipts say %s, %s was counted: say why they differ", held.Expected, in.CountedMinor).
			Field("body.note", "required when the count differs").With("expected_minor", held.Expected)
	}
	id, at := newID(), t.at()
	c := CashUp{ID: &id, EngineerID: in.EngineerID, EngineerName: e.Name, Day: in.Day, ExpectedMinor: held.Expected, CountedMinor: &in.CountedMinor, DifferenceMinor: &difference, Note: in.Note, By: by.Actor(), At: &at,
		State: CashCounted, Round: held.Rounds + 1}
	_, err = t.db.NewRaw("INSERT INTO cash_ups (id, org_id, engineer_id, day, round, expected_minor, counted_minor, note, by_user, by_engineer, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		id, e.OrgID, c.EngineerID, c.Day, c.Round, c.ExpectedMinor, in.CountedMinor, c.Note, person(by), by.EngineerID, c.By, at).Exec(ctx)
	if err != nil {
		return c, fmt.Errorf("cash-up of %s: %w", e.Name, fault.FromSQL(err))
	}
	return c, nil
}

// VoidCashUp takes a count back that was wrong: what it covered is held again until it is counted anew.
func (t Till) VoidCashUp(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (CashUp, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return CashUp{}, fault.New(fault.Invalid, "reason_missing", "say why the count is void").Field("body.reason", "must not be blank")
	}
	var engineer uuid.UUID
	err := t.db.NewRaw("SELECT engineer_id FROM cash_ups WHERE id = ?", id).Scan(ctx, &engineer)
	if err == nil {
		_, err = t.collector(ctx, by.Scope(), engineer)
	}
	if errors.Is(err, sql.ErrNoRows) || fault.Is(err, fault.NotFound) {
		return CashUp{}, fault.New(fault.NotFound, "cash_up_unknown", "there is no such cash-up: %s", id)
	}
	if err != nil {
		return CashUp{}, fmt.Errorf("cash-up %s: %w", id, fault.FromSQL(err))
	}
	done, err := t.db.NewRaw("UPDATE cash_ups SET voided_at = ?, void_reason = ?, voided_by = ? WHERE id = ? AND voided_at IS NULL", t.at(), reason, person(by), id).Exec(ctx)
	if err != nil {
		return CashUp{}, fmt.Errorf("void cash-up %s: %w", id, fault.FromSQL(err))
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return CashUp{}, fault.New(fault.Conflict, "cash_up_void", "this count is void already")
	}
	var c CashUp
	if err := t.db.NewRaw("SELECT x.*, "+takenOn+" FROM (SELECT "+cashUpColumns+" FROM "+cashUpTables+" WHERE c.id = ?) x", id).Scan(ctx, &c); err != nil {
		return c, fmt.Errorf("cash-up %s: %w", id, fault.FromSQL(err))
	}
	return c, nil
}

type collector struct {
	Name  string `bun:"name"`
	OrgID int32  `bun:"org_id"`
}

func (t Till) collector(ctx context.Context, s auth.Scope, engineer uuid.UUID) (collector, error) {
	var e collector
	if err := s.Check(); err != nil {
		return e, err
	}
	err := t.db.NewRaw("SELECT e.name, e.org_id FROM engineers e WHERE e.id = ? AND "+s.SQL("e.org_id"), engineer).Scan(ctx, &e)
	if own := s.Engineer(); errors.Is(err, sql.ErrNoRows) || own != nil && *own != engineer {
		return e, fault.New(fault.NotFound, "engineer_unknown", "there is no such engineer: %s", engineer)
	}
	if err != nil {
		return e, fmt.Errorf("engineer %s: %w", engineer, fault.FromSQL(err))
	}
	return e, nil
}

const (
	cashUpTables  = "cash_ups c JOIN engineers e ON e.id = c.engineer_id JOIN organisations o ON o.id = e.org_id"
	cashUpColumns = `c.id, e.id AS engineer_id, e.name AS engineer_name, c.day, c.expected_minor, c.counted_minor, c.counted_minor - c.expected_minor AS difference_minor, c.note, c.actor, c.at,
		CASE WHEN c.voided_at IS NULL THEN 'counted' ELSE 'void' END AS state, c.round, c.voided_at, c.void_reason, o.zone`
	heldTables  = "takings c JOIN engineers e ON e.id = c.engineer_id JOIN organisations o ON o.id = e.org_id"
	heldColumns = `NULL::uuid AS id, e.id AS engineer_id, e.name AS engineer_name, c.day, c.cash_minor - c.counted_minor AS expected_minor, NULL::bigint AS counted_minor, NULL::bigint AS difference_minor, '' AS note, '' AS actor,
		NULL::timestamptz AS at, 'open' AS state, 0 AS round, NULL::timestamptz AS voided_at, '' AS void_reason, o.zone`
	takenOn = `(SELECT coalesce(jsonb_agg(jsonb_build_object('receipt_number', r.number, 'amount_minor', y.amount_minor, 'paid_at', y.paid_at) ORDER BY y.paid_at, y.id), '[]')
		FROM payments y JOIN receipts r ON r.id = y.receipt_id WHERE y.engineer_id = x.engineer_id AND y.method = 'cash' AND y.paid_at >= x.day::timestamp AT TIME ZONE x.zone AND y.paid_at < (x.day + 1)::timestamp AT TIME ZONE x.zone) AS payments`
)

// CashUps lists what engineers in sight hold in cash, by day, and what was counted; the latest day first.
func (t Till) CashUps(ctx context.Context, s auth.Scope, f CashUpFilter) (keyset.Page[CashUp], error) {
	if err := s.Check(); err != nil {
		return keyset.Page[CashUp]{}, err
	}
	var w where
	w.and(s.SQL("e.org_id"))
	if own := s.Engineer(); own != nil {
		w.and("e.id = ?", *own)
	}
	if f.EngineerID != nil {
		w.and("e.id = ?", *f.EngineerID)
	}
	if f.From != nil {
		w.and("c.day >= ?", *f.From)
	}
	if f.To != nil {
		w.and("c.day <= ?", *f.To)
	}
	held := "SELECT " + heldColumns + " FROM " + heldTables + w.String() + " AND c.cash_minor <> c.counted_minor"
	counted := "SELECT " + cashUpColumns + " FROM " + cashUpTables + w.String() + " AND (c.voided_at IS NOT NULL) = "
	list, args := "", w.args
	switch f.State {
	case "":
		list, args = held+" UNION ALL "+counted+"false", append(append([]any{}, w.args...), w.args...)
	case CashHeld:
		list = held
	case CashCounted:
		list = counted + "false"
	case CashVoid:
		list = counted + "true"
	default:
		return keyset.Page[CashUp]{}, fault.New(fault.Invalid, "unknown_state", "state is one of open, counted, void").Field("query.state", "unknown")
	}
	page := "TRUE"
	var day calendar.Date
	var last uuid.UUID
	var round int
	if more, err := f.After(&day, &last, &round); err != nil {
		return keyset.Page[CashUp]{}, err
	} else if more {
		page, args = "(day, engineer_id, round) < (?, ?, ?)", append(args, day, last, round)
	}
	var rows []CashUp
	newest := " ORDER BY day DESC, engineer_id DESC, round DESC"
	if err := t.db.NewRaw("SELECT x.*, "+takenOn+" FROM (SELECT * FROM ("+list+") l WHERE "+page+newest+" LIMIT ?) x"+newest, append(args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[CashUp]{}, fmt.Errorf("cash-ups: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(c CashUp) []any { return []any{c.Day, c.EngineerID, c.Round} }), nil
}

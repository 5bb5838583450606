package workorders

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

const wishColumns = `SELECT r.id, r.org_id, r.engineer_id, e.name AS engineer, v.code AS van, coalesce(f.code, '') AS "from", r.lines, r.text, r.urgent, r.asked_at, r.state, r.why
	FROM part_requests r JOIN engineers e ON e.id = r.engineer_id JOIN places v ON v.id = r.van_id LEFT JOIN places f ON f.id = r.from_place`

func insertWish(ctx context.Context, w *work, r PartRequest, van uuid.UUID) error {
	_, err := w.tx.ExecContext(ctx, "INSERT INTO part_requests (id, org_id, engineer_id, van_id, lines, text, urgent, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.OrgID, r.EngineerID, van, string(r.Raw), r.Text, r.Urgent, r.AskedAt)
	if err != nil {
		return fmt.Errorf("part request: %w", err)
	}
	return nil
}

func setWish(ctx context.Context, w *work, id uuid.UUID, set string, args ...any) error {
	if _, err := w.tx.ExecContext(ctx, "UPDATE part_requests SET version = version + 1, "+set+" WHERE id = ?", append(args, id)...); err != nil {
		return fmt.Errorf("part request %s: %w", id, err)
	}
	return nil
}

// seeWishes confines a reader to the organisations he sees, and an engineer to his own.
func seeWishes(q *query, by auth.Caller) error {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return err
	}
	q.and(s.SQL("r.org_id"))
	if own := s.Engineer(); own != nil {
		q.and("r.engineer_id = ?", *own)
	}
	return nil
}

func wishesOf(ctx context.Context, db bun.IDB, by auth.Caller, own bool) ([]PartRequest, error) {
	var q query
	if err := seeWishes(&q, by); err != nil {
		return nil, err
	}
	order := " ORDER BY r.urgent DESC, r.asked_at LIMIT 200"
	if own && by.EngineerID != nil {
		q.and("r.engineer_id = ?", *by.EngineerID)
		order = " ORDER BY r.asked_at DESC LIMIT 20"
	} else {
		q.and("r.state IN ('asked', 'ready')")
	}
	rows := []PartRequest{}
	if err := db.NewRaw(wishColumns+q.sql()+order, q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("part requests: %w", fault.FromSQL(err))
	}
	for i := range rows {
		if err := json.Unmarshal(rows[i].Raw, &rows[i].Lines); err != nil {
			return nil, fmt.Errorf("part request %s: %w", rows[i].ID, err)
		}
	}
	return rows, nil
}

func lockWish(ctx context.Context, db bun.IDB, by auth.Caller, id uuid.UUID) (PartRequest, error) {
	var r PartRequest
	var q query
	if err := seeWishes(&q, by); err != nil {
		return r, err
	}
	q.and("r.id = ?", id)
	err := db.NewRaw(wishColumns+q.sql()+" FOR UPDATE OF r", q.args...).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("part request", id.String())
	}
	if err != nil {
		return r, fmt.Errorf("part request %s: %w", id, fault.FromSQL(err))
	}
	return r, json.Unmarshal(r.Raw, &r.Lines)
}

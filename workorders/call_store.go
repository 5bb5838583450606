package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

func insertCall(ctx context.Context, w *work, c CallNote) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO calls (id, org_id, direction, channel, user_id, actor, name, phone, purpose, read_back, outcome, detail, to_whom, callback_id, request_id, customer_id, started_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.OrgID, c.Direction, c.Channel, c.UserID, c.Actor, c.Name, c.Phone, c.Purpose, c.ReadBack, c.Outcome, c.Detail, c.To, c.CallbackID, c.RequestID, c.CustomerID, c.StartedAt, c.EndedAt)
	if err != nil {
		return fmt.Errorf("write down a call: %w", err)
	}
	return nil
}

func listCalls(ctx context.Context, db bun.IDB, s auth.Scope, f CallFilter) (keyset.Page[CallNote], error) {
	var q query
	if err := s.Check(); err != nil {
		return keyset.Page[CallNote]{}, err
	}
	q.and(s.SQL("k.org_id"))
	for column, id := range map[string]*uuid.UUID{"k.request_id": f.RequestID, "k.customer_id": f.CustomerID, "k.user_id": f.UserID} {
		if id != nil {
			q.and(column+" = ?", *id)
		}
	}
	if f.Outcome != "" {
		q.and("k.outcome = ?", f.Outcome)
	}
	var began time.Time
	var last uuid.UUID
	if more, err := f.After(&began, &last); err != nil {
		return keyset.Page[CallNote]{}, err
	} else if more {
		q.and("(k.started_at, k.id) < (?, ?)", began, last)
	}
	rows := []CallNote{}
	err := db.NewRaw(`SELECT k.id, k.org_id, k.direction, k.channel, k.user_id, k.actor, k.name, k.phone, k.purpose, k.read_back, k.outcome, k.detail, k.to_whom, k.callback_id, k.request_id, coalesce(r.number, '') AS request_number,
		k.customer_id, coalesce(c.name, '') AS customer_name, k.started_at, k.ended_at FROM calls k LEFT JOIN requests r ON r.id = k.request_id LEFT JOIN customers c ON c.id = k.customer_id`+q.sql()+" ORDER BY k.started_at DESC, k.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows)
	if err != nil {
		return keyset.Page[CallNote]{}, fmt.Errorf("calls: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(c CallNote) []any { return []any{c.StartedAt, c.ID} }), nil
}

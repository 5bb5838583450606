package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

func insertCallRecord(ctx context.Context, w *work, org int32, r CallRecord) (bool, error) {
	result, err := w.tx.NewRaw(`INSERT INTO call_records (id, org_id, external_ref, channel, direction, started_at, answered_at, ended_at, phone, agent, user_id, outcome, imported_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM users WHERE login = ?), ?, ?) ON CONFLICT (org_id, external_ref) DO NOTHING`,
		newID(), org, r.Ref, r.Channel, r.Direction, r.StartedAt, r.AnsweredAt, r.EndedAt, r.Phone, r.Agent, r.Agent, r.Outcome, w.at).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("call %s: %w", r.Ref, fault.FromSQL(err))
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func callTargetsOf(ctx context.Context, db bun.IDB, org int32) (CallTargets, error) {
	var t CallTargets
	err := db.NewRaw("SELECT t.ring_seconds, t.chat_seconds, t.handle_seconds FROM organisations o JOIN call_targets t ON t.org_id = ANY (o.path) WHERE o.id = ? ORDER BY array_position(o.path, t.org_id) DESC LIMIT 1", org).Scan(ctx, &t)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultCallTargets, nil
	}
	if err != nil {
		return t, fmt.Errorf("call targets: %w", err)
	}
	return t, nil
}

func putCallTargets(ctx context.Context, w *work, org int32, t CallTargets) error {
	_, err := w.tx.NewRaw(`INSERT INTO call_targets (org_id, ring_seconds, chat_seconds, handle_seconds) VALUES (?, ?, ?, ?)
		ON CONFLICT (org_id) DO UPDATE SET ring_seconds = excluded.ring_seconds, chat_seconds = excluded.chat_seconds, handle_seconds = excluded.handle_seconds`, org, t.Ring, t.Chat, t.Handle).Exec(ctx)
	if err != nil {
		return fmt.Errorf("call targets: %w", fault.FromSQL(err))
	}
	return nil
}

package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

func lastHandOver(ctx context.Context, db bun.IDB, order uuid.UUID) (*HandOver, error) {
	var h HandOver
	err := db.NewRaw(`SELECT h.id, h.org_id, h.order_id, h.from_org_id, h.to_org_id, f.code AS from_code, t.code AS to_code, h.reason, h.answer_by, h.state, h.offered_at, h.answered_at, h.answer
		FROM hand_overs h JOIN organisations f ON f.id = h.from_org_id JOIN organisations t ON t.id = h.to_org_id WHERE h.order_id = ? ORDER BY h.id DESC LIMIT 1`, order).Scan(ctx, &h)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hand-over: %w", err)
	}
	return &h, nil
}

func insertHandOver(ctx context.Context, w *work, h HandOver) error {
	_, err := w.tx.ExecContext(ctx, "INSERT INTO hand_overs (id, org_id, order_id, from_org_id, to_org_id, reason, answer_by, state, offered_by, offered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		h.ID, h.OrgID, h.OrderID, h.FromOrgID, h.ToOrgID, h.Reason, h.AnswerBy, h.State, w.actorID(), h.OfferedAt)
	if err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil
}

func setHandOver(ctx context.Context, w *work, id uuid.UUID, to HandOverState, answer string) error {
	if _, err := w.tx.ExecContext(ctx, "UPDATE hand_overs SET state = ?, answered_at = ?, answered_by = ?, answer = nullif(?, '') WHERE id = ?", to, w.at, w.actorID(), answer, id); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	return nil
}

// withdrawOffer takes an open offer of an order back: the giver went on without an answer.
func withdrawOffer(ctx context.Context, w *work, order uuid.UUID) error {
	if _, err := w.tx.ExecContext(ctx, "UPDATE hand_overs SET state = 'withdrawn', answered_at = ?, answered_by = ? WHERE order_id = ? AND state = 'offered'", w.at, w.actorID(), order); err != nil {
		return fmt.Errorf("withdraw offer: %w", err)
	}
	return nil
}

func watch(ctx context.Context, w *work, order uuid.UUID, org int32, why string) error {
	if _, err := w.tx.ExecContext(ctx, "INSERT INTO watchers (order_id, org_id, since, why) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", order, org, w.at, why); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return nil
}

func dueHandOvers(ctx context.Context, db bun.IDB, now time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := db.NewRaw("SELECT order_id FROM hand_overs WHERE state = 'offered' AND answer_by <= ? ORDER BY answer_by LIMIT 200", now).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("due hand-overs: %w", err)
	}
	return ids, nil
}

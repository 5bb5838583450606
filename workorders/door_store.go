package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

// rangCustomer reports whether somebody tried to reach the customer about the order and wrote it down.
func rangCustomer(ctx context.Context, db bun.IDB, order uuid.UUID) (bool, error) {
	var rang bool
	if err := db.NewRaw("SELECT EXISTS (SELECT 1 FROM conversations WHERE order_id = ? AND direction = 'out')", order).Scan(ctx, &rang); err != nil {
		return false, fmt.Errorf("calls about %s: %w", order, err)
	}
	return rang, nil
}

// lastNoAccess is when somebody last stood before a closed door.
func lastNoAccess(ctx context.Context, db bun.IDB, order uuid.UUID) (time.Time, error) {
	var at time.Time
	if err := db.NewRaw("SELECT coalesce(max(finished_at), 'epoch'::timestamptz) FROM sheets WHERE order_id = ? AND outcome = 'no_access' AND replaced_at IS NULL", order).Scan(ctx, &at); err != nil {
		return at, fmt.Errorf("no access at %s: %w", order, err)
	}
	return at, nil
}

// unansweredNoAccess are orders that wait for a customer who did not open twice and has not answered since,
// and about which the desk has not been told.
func unansweredNoAccess(ctx context.Context, db bun.IDB, before time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := db.NewRaw(`SELECT w.id FROM work_orders w WHERE w.state = 'ready' AND w.paused_at IS NOT NULL AND w.no_access_count >= ?
			AND NOT EXISTS (SELECT 1 FROM sheets x WHERE x.order_id = w.id AND x.outcome = 'no_access' AND x.replaced_at IS NULL AND x.finished_at > ?)
			AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.order_id = w.id AND m.key = 'message.desk.no_access_unanswered' AND m.created_at > w.paused_at)
		ORDER BY w.paused_at LIMIT 200`, noAccessTries, before).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("unanswered attempts: %w", err)
	}
	return ids, nil
}

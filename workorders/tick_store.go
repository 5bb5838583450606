package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

func endedHolds(ctx context.Context, db bun.IDB, now time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := db.NewRaw("SELECT id FROM work_orders WHERE state = 'on_hold' AND hold_until <= ? ORDER BY hold_until LIMIT 200", now).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("ended holds: %w", err)
	}
	return ids, nil
}

type agedShortage struct {
	Order uuid.UUID `bun:"order_id"`
	Days  int       `bun:"days"`
}

// agedShortages are orders whose part has been waited for since exactly 7, 14, 21 … or since 30 days.
func agedShortages(ctx context.Context, db bun.IDB, now time.Time) ([]agedShortage, error) {
	var rows []agedShortage
	err := db.NewRaw(`SELECT order_id, days FROM (SELECT order_id, floor(extract(epoch FROM (?::timestamptz - min(waiting_since))) / 86400)::int AS days FROM shortages WHERE state = 'open' GROUP BY order_id) s
		WHERE days = 30 OR days >= 7 AND days % 7 = 0 ORDER BY days DESC LIMIT 1000`, now).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("aged shortages: %w", err)
	}
	return rows, nil
}

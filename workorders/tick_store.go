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
	Order        uuid.UUID `bun:"order_id"`
	Days         int       `bun:"days"`
	ManagerTold  bool      `bun:"manager_told"`
	CustomerTold bool      `bun:"customer_told"`
}

// agedShortages are orders that have waited for a part for 7 days and more, about which nobody has to call
// the customer yet, or nobody told the manager after 30.
func agedShortages(ctx context.Context, db bun.IDB, now time.Time) ([]agedShortage, error) {
	var rows []agedShortage
	err := db.NewRaw(`SELECT * FROM (SELECT order_id, days,
				EXISTS (SELECT 1 FROM messages m WHERE m.order_id = s.order_id AND m.key = 'message.manager.part_waits_long' AND m.created_at >= s.since) AS manager_told,
				EXISTS (SELECT 1 FROM callbacks c WHERE c.order_id = s.order_id AND c.reason = 'delay' AND (c.state = 'open' OR c.created_at > ?0::timestamptz - interval '7 days')) AS customer_told
			FROM (SELECT order_id, min(waiting_since) AS since, floor(extract(epoch FROM (?0::timestamptz - min(waiting_since))) / 86400)::int AS days FROM shortages WHERE state = 'open' GROUP BY order_id) s
			WHERE days >= 7) aged
		WHERE NOT customer_told OR days >= 30 AND NOT manager_told ORDER BY days DESC LIMIT 1000`, now).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("aged shortages: %w", err)
	}
	return rows, nil
}

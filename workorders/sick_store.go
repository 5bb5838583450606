package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

// sickUnattended are reports of illness of today that have begun and that nobody decided on since.
func sickUnattended(ctx context.Context, db bun.IDB, now, before time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := db.NewRaw(`SELECT id FROM absences WHERE state = 'requested' AND kind = 'sick' AND on_conflict = 'displace'
		AND during @> ?::timestamptz AND requested_at <= ? ORDER BY requested_at LIMIT 100`, now, before).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("who is ill: %w", err)
	}
	return ids, nil
}

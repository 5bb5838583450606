package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

type vanMark struct {
	ID    uuid.UUID `bun:"id"`
	OrgID int32     `bun:"org_id"`
	Back  bool      `bun:"back"`
}

// vansToMark are vans out of reach whose engineer is back, and vans within reach whose engineer's absence
// began a moment ago.
func vansToMark(ctx context.Context, db bun.IDB, now time.Time) ([]vanMark, error) {
	var vans []vanMark
	err := db.NewRaw(`SELECT p.id, p.org_id, NOT p.reachable AS back FROM places p
		WHERE p.kind = 'van' AND p.retired_at IS NULL AND (
		  NOT p.reachable AND p.unreachable_why = ?0 AND NOT EXISTS (SELECT 1 FROM absences a WHERE a.engineer_id = p.engineer_id AND a.state = 'approved' AND a.during @> ?1::timestamptz)
		  OR p.reachable AND EXISTS (SELECT 1 FROM absences a WHERE a.engineer_id = p.engineer_id AND a.state = 'approved' AND a.during @> ?1::timestamptz AND lower(a.during) > ?2))
		ORDER BY p.id LIMIT 500`, whyAway, now, now.Add(-10*time.Minute)).Scan(ctx, &vans)
	if err != nil {
		return nil, fmt.Errorf("vans of those away: %w", err)
	}
	return vans, nil
}

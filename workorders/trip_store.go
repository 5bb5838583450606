package workorders

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"paigong/dispatch"
)

// underWay reports whether the customer heard already that somebody is on the way: another visit of the
// same trip has left.
func underWay(ctx context.Context, db bun.IDB, v dispatch.Visit) (bool, error) {
	trip := v.ID
	if v.TripID != nil {
		trip = *v.TripID
	}
	var left bool
	err := db.NewRaw("SELECT EXISTS (SELECT 1 FROM visits WHERE (id = ?0 OR trip_id = ?0) AND id <> ?1 AND engineer_id = ?2 AND departed_at IS NOT NULL AND state <> 'cancelled')", trip, v.ID, v.EngineerID).Scan(ctx, &left)
	if err != nil {
		return false, fmt.Errorf("trip of %s: %w", v.ID, err)
	}
	return left, nil
}

package workorders

import (
	"context"
	"fmt"

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

package workorders

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/inventory"
)

// lockWaiting locks waiting orders in one order and adds what decides between them.
func lockWaiting(ctx context.Context, tx bun.IDB, ids []uuid.UUID, since map[uuid.UUID]inventory.Waiting) ([]inventory.Waiting, error) {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var rows []struct {
		ID        uuid.UUID  `bun:"id"`
		Displaced bool       `bun:"displaced"`
		Priority  int        `bun:"priority"`
		Promised  *time.Time `bun:"promised"`
	}
	err := tx.NewRaw(`SELECT id, displaced_at IS NOT NULL AS displaced, priority, lower(announced_window) AS promised
		FROM work_orders WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("waiting orders: %w", err)
	}
	var out []inventory.Waiting
	for _, r := range rows {
		out = append(out, inventory.Waiting{OrderID: r.ID, Displaced: r.Displaced, Priority: r.Priority, Promised: r.Promised, Since: since[r.ID].Since})
	}
	return out, nil
}

// lockOrdersOf locks the orders an engineer is booked for, in the order of their ids.
func lockOrdersOf(ctx context.Context, tx bun.IDB, engineer uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `SELECT 1 FROM work_orders WHERE id IN
		(SELECT order_id FROM visits WHERE engineer_id = ? AND state IN ('proposed', 'dispatched', 'accepted', 'en_route', 'on_site', 'paused')) ORDER BY id FOR NO KEY UPDATE`, engineer)
	if err != nil {
		return fmt.Errorf("orders of engineer: %w", err)
	}
	return nil
}

// Unreconciled is a fitted part that the ledger could not cover.
type Unreconciled struct {
	ID          uuid.UUID `bun:"id" json:"id"`
	OrderID     uuid.UUID `bun:"order_id" json:"work_order_id"`
	OrderNumber string    `bun:"order_number" json:"work_order_number"`
	SheetNumber string    `bun:"sheet_number" json:"sheet_number"`
	Engineer    string    `bun:"engineer" json:"engineer"`
	SKU         string    `bun:"sku" json:"sku"`
	Name        string    `bun:"name" json:"name"`
	Quantity    int64     `bun:"quantity" json:"quantity"`
	Place       string    `bun:"place" json:"place,omitempty"`
	FinishedAt  time.Time `bun:"finished_at" json:"finished_at"`
}

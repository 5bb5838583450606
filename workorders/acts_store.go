package workorders

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

// openMatters names what keeps an order from being closed.
func openMatters(ctx context.Context, db bun.IDB, order uuid.UUID) ([]string, error) {
	rows := []string{}
	err := db.NewRaw(`SELECT what FROM (
		SELECT 1 AS n, 'follow_up' AS what WHERE EXISTS (SELECT 1 FROM follow_ups WHERE order_id = ?0 AND main AND state IN ('scheduled', 'due', 'attempted', 'suspended'))
		UNION ALL SELECT 2, 'complaint' WHERE EXISTS (SELECT 1 FROM complaints WHERE order_id = ?0 AND state <> 'closed')
		UNION ALL SELECT 3, 'payment' WHERE EXISTS (SELECT 1 FROM receipts r WHERE r.order_id = ?0 AND r.voided_at IS NULL
			AND r.total_minor > (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.receipt_id = r.id AND p.method <> 'on_account'))
		UNION ALL SELECT 4, 'unreconciled_parts' WHERE EXISTS (SELECT 1 FROM sheet_parts sp JOIN sheets s ON s.id = sp.sheet_id WHERE s.order_id = ?0 AND s.replaced_at IS NULL AND sp.booking = 'unreconciled')
		UNION ALL SELECT 5, 'old_parts' WHERE EXISTS (SELECT 1 FROM old_parts WHERE order_id = ?0 AND state = 'old_due')
		UNION ALL SELECT 6, 'loaner' WHERE EXISTS (SELECT 1 FROM custody WHERE order_id = ?0 AND loaner IS NOT NULL AND loaner_back_at IS NULL)
		UNION ALL SELECT 7, 'over_approved' WHERE EXISTS (SELECT 1 FROM sheets WHERE order_id = ?0 AND replaced_at IS NULL AND over_approved_minor > 0)) m ORDER BY n`, order).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("open matters: %w", err)
	}
	return rows, nil
}

func replaceOrderParts(ctx context.Context, tx bun.IDB, o Order, parts []OrderPart) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM order_parts WHERE order_id = ?", o.ID); err != nil {
		return fmt.Errorf("parts of %s: %w", o.Number, err)
	}
	return insertOrderParts(ctx, tx, o, parts)
}

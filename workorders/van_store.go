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

// freeIn is everything good in a place that is promised to nobody, with the serial numbers of pieces that
// are counted by them.
func freeIn(ctx context.Context, db bun.IDB, place uuid.UUID) ([]FetchLine, error) {
	var rows []struct {
		SKU      string   `bun:"sku"`
		Quantity int64    `bun:"quantity"`
		Serials  []string `bun:"serials,array"`
	}
	err := db.NewRaw(`SELECT p.sku, s.on_hand - s.reserved AS quantity, CASE WHEN p.serialised THEN ARRAY(SELECT x.serial_number FROM pieces x
			WHERE x.part_id = s.part_id AND x.place_id = s.place_id AND x.condition = 'good' AND x.held_by_order IS NULL ORDER BY x.serial_number LIMIT s.on_hand - s.reserved) END AS serials
		FROM stock s JOIN parts p ON p.id = s.part_id WHERE s.place_id = ? AND s.condition = 'good' AND s.on_hand > s.reserved ORDER BY p.sku LIMIT 200`, place).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("free parts in %s: %w", place, err)
	}
	lines := make([]FetchLine, len(rows))
	for i, r := range rows {
		lines[i] = FetchLine{SKU: r.SKU, Quantity: r.Quantity, SerialNumbers: r.Serials}
	}
	return lines, nil
}

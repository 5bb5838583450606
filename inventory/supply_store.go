package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
)

// SupplyFor finds where an order could get these parts, over the places in sight: what is free, and what
// the order itself holds already. It looks without locking; Reserve decides. Places are in the order of
// their codes. Where engineers are named, vans of others are left out: with a thousand of them most of the
// time goes into reading vans nobody asks about.
func (l Ledger) SupplyFor(ctx context.Context, scope auth.Scope, parts []uuid.UUID, order uuid.UUID, engineers ...uuid.UUID) (Supply, error) {
	return l.SupplyForAll(ctx, scope, parts, []uuid.UUID{order}, engineers...)
}

// SupplyForAll is SupplyFor for orders that are planned together: what any of them holds counts as free
// for all of them, because a plan lets it go before it promises anew.
func (l Ledger) SupplyForAll(ctx context.Context, scope auth.Scope, parts, orders []uuid.UUID, engineers ...uuid.UUID) (Supply, error) {
	var s Supply
	seen, err := within(scope)
	if err != nil || len(parts) == 0 {
		return s, err
	}
	var places []struct {
		ID         uuid.UUID
		Code, Name string
		Kind       PlaceKind
		EngineerID *uuid.UUID
		OrgID      int32
		Lat, Lng   *float64
		OpenHours  string
		Reachable  bool
		Free       []int64 `bun:",array"`
	}
	// One sum for each part in one row for each place: with a thousand vans that is quicker than grouping into arrays.
	// Engineers are a list to hash and not an ANY: prepared, that would be compared one by one for each van.
	sums := strings.Repeat(", coalesce(sum(n) FILTER (WHERE part_id = ?), 0)", len(parts))[2:]
	var args []any
	for _, part := range parts {
		args = append(args, part)
	}
	args = append(args, uuids(orders), uuids(parts), seen, len(engineers) == 0, uuids(engineers))
	err = l.db.NewRaw(`SELECT pl.id, pl.code, pl.name, pl.kind, pl.engineer_id, pl.org_id, pl.lat, pl.lng, pl.open_hours, pl.reachable, x.free
		FROM (SELECT place_id, ARRAY[`+sums+`]::bigint[] AS free
		      FROM (SELECT s.place_id, s.part_id, s.on_hand - s.reserved + coalesce(r.quantity, 0) AS n
		            FROM stock s LEFT JOIN (SELECT place_id, part_id, sum(quantity) AS quantity FROM reservations WHERE order_id = ANY (?::uuid[]) AND state = 'held' GROUP BY 1, 2) r
		              ON r.place_id = s.place_id AND r.part_id = s.part_id
		            WHERE s.part_id = ANY (?::uuid[]) AND s.condition = 'good') rows
		      WHERE n > 0 GROUP BY place_id) x
		JOIN places pl ON pl.id = x.place_id WHERE pl.retired_at IS NULL AND ? AND (? OR pl.kind <> 'van' OR pl.engineer_id IN (SELECT unnest(?::uuid[]))) ORDER BY pl.code`, args...).Scan(ctx, &places)
	if err != nil {
		return s, fmt.Errorf("find parts for %d orders: %w", len(orders), refusedBy(err))
	}
	for _, p := range places {
		free := make(map[uuid.UUID]int64, len(parts))
		for i, part := range parts {
			if p.Free[i] > 0 {
				free[part] = p.Free[i]
			}
		}
		s.Places = append(s.Places, SupplyPlace{ID: p.ID, Code: p.Code, Name: p.Name, Kind: p.Kind, EngineerID: p.EngineerID, OrgID: p.OrgID,
			At: pointOf(p.Lat, p.Lng), OpenHours: p.OpenHours, Reachable: p.Reachable, Free: free})
	}
	err = l.db.NewRaw(`SELECT e.part_id, e.to_place AS place_id, pl.code AS place_code, e.quantity - e.received AS quantity, e.expected_on AS "on"
		FROM stock_expected e JOIN places pl ON pl.id = e.to_place
		WHERE e.part_id = ANY (?::uuid[]) AND e.state = 'open' AND ? ORDER BY e.expected_on, e.id LIMIT 200`, uuids(parts), seen).Scan(ctx, &s.Expected)
	if err != nil {
		return s, fmt.Errorf("find goods expected for %d orders: %w", len(orders), refusedBy(err))
	}
	return s, nil
}

package inventory

import (
	"context"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/fault"
)

// PostgreSQL refuses by itself what must never be, whatever the program forgets.
func TestWhatPostgresRefuses(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, s := h.part("PUMP-1", false), h.part("BOARD-9", true)
	store, outlet := h.place("store", Warehouse, nil), h.place("outlet", Outlet, nil)
	engineer, _ := h.engineer("li")
	h.receive(p, store, 3)
	h.receive(s, store, 1, "S1")
	order, rival := h.order(), h.order()
	slip := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 2})
	held, err := h.ledger.Held(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	h.short(p, 1)
	shortage := h.shortageOf(h.short(p, 1)[0])
	const move = `INSERT INTO moves (id, org_id, at, kind, part_id, quantity, from_place, to_place, condition, to_condition, order_id, serial_numbers, reason, actor) VALUES (`
	const hold = `INSERT INTO reservations (id, org_id, order_id, place_id, part_id, quantity, serial_numbers, state, held_at) VALUES (`
	for _, c := range []struct {
		name, constraint, sql string
		args                  []any
	}{
		{"a first movement below zero", "stock_not_below_zero", move + `?, ?, ?, 'transfer', ?, 1, ?, ?, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, outlet.ID, store.ID}},
		{"more than there is", "stock_not_below_zero", move + `?, ?, ?, 'scrap', ?, 4, ?, NULL, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"scrap what is promised", "stock_reserved_within", move + `?, ?, ?, 'scrap', ?, 2, ?, NULL, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"promise more than is free", "stock_reserved_within", hold + `?, ?, ?, ?, ?, 2, '{}', 'held', ?)`, []any{newID(), h.org, rival, store.ID, p.ID, morning}},
		{"promise where nothing lies", "stock_reserved_within", hold + `?, ?, ?, ?, ?, 1, '{}', 'held', ?)`, []any{newID(), h.org, rival, outlet.ID, p.ID, morning}},
		{"promise the same line twice", "reservations_one_held", hold + `?, ?, ?, ?, ?, 1, '{}', 'held', ?)`, []any{newID(), h.org, order, store.ID, p.ID, morning}},
		{"a promise born used", "reservations_legal_move", hold + `?, ?, ?, ?, ?, 1, '{}', 'used', ?)`, []any{newID(), h.org, rival, store.ID, p.ID, morning}},
		{"change how much is promised", "reservations_fixed", `UPDATE reservations SET quantity = 1 WHERE id = ?`, []any{held[0].ID}},
		{"delete a promise", "reservations_kept", `DELETE FROM reservations WHERE id = ?`, []any{held[0].ID}},
		{"resolve a promise without a time", "reservations_resolved_when", `UPDATE reservations SET state = 'used' WHERE id = ?`, []any{held[0].ID}},
		{"two pieces under one number", "reservations_serials_match", hold + `?, ?, ?, ?, ?, 2, '{S1}', 'held', ?)`, []any{newID(), h.org, rival, store.ID, s.ID, morning}},
		{"promise a piece that is elsewhere", "pieces_held_once", hold + `?, ?, ?, ?, ?, 1, '{S7}', 'held', ?)`, []any{newID(), h.org, rival, store.ID, s.ID, morning}},
		{"a transfer with one end", "moves_ends_of_kind", move + `?, ?, ?, 'transfer', ?, 1, ?, NULL, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"consumed by no order", "moves_ends_of_kind", move + `?, ?, ?, 'consume', ?, 1, ?, NULL, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"adjusted without a reason", "moves_ends_of_kind", move + `?, ?, ?, 'adjust', ?, 1, NULL, ?, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"inspected without a finding", "moves_ends_of_kind", move + `?, ?, ?, 'inspect', ?, 1, ?, ?, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID, store.ID}},
		{"a movement of none", "moves_quantity", move + `?, ?, ?, 'receive', ?, 0, NULL, ?, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, p.ID, store.ID}},
		{"one number, two pieces", "moves_serials_match", move + `?, ?, ?, 'receive', ?, 2, NULL, ?, 'good', 'good', NULL, '{S8}', '', 'x')`, []any{newID(), h.org, morning, s.ID, store.ID}},
		{"a piece without a number", "moves_serials_needed", move + `?, ?, ?, 'receive', ?, 1, NULL, ?, 'good', 'good', NULL, '{}', '', 'x')`, []any{newID(), h.org, morning, s.ID, store.ID}},
		{"a piece in two places", "pieces_in_one_place", move + `?, ?, ?, 'receive', ?, 1, NULL, ?, 'good', 'good', NULL, '{S1}', '', 'x')`, []any{newID(), h.org, morning, s.ID, outlet.ID}},
		{"a piece from where it is not", "pieces_not_here", move + `?, ?, ?, 'scrap', ?, 1, ?, NULL, 'good', 'good', NULL, '{S9}', '', 'x')`, []any{newID(), h.org, morning, s.ID, store.ID}},
		{"a piece both in a place and gone", "pieces_one_whereabouts", `UPDATE pieces SET fitted_order = ? WHERE serial_number = 'S1'`, []any{order}},
		{"a piece promised and in no place", "pieces_held_only_in_place", `UPDATE pieces SET place_id = NULL, fitted_order = ?0, held_by_order = ?0 WHERE serial_number = 'S1'`, []any{order}},
		{"edit a movement", "moves_append_only", `UPDATE moves SET quantity = 9`, nil},
		{"delete a movement", "moves_append_only", `DELETE FROM moves`, nil},
		{"empty the ledger", "moves_append_only", `TRUNCATE moves CASCADE`, nil},
		{"promise broken pieces", "stock_only_good_is_promised", `INSERT INTO stock VALUES (?, ?, 'defective', 1, 1)`, []any{store.ID, p.ID}},
		{"a SKU twice", "parts_sku", `INSERT INTO parts (id, sku, name, created_at) VALUES (?, 'PUMP-1', 'x', ?)`, []any{newID(), morning}},
		{"a place twice", "places_code", `INSERT INTO places (id, org_id, code, name, kind, created_at) VALUES (?, ?, 'store', 'x', 'outlet', ?)`, []any{newID(), h.org, morning}},
		{"a second van", "places_one_van", `INSERT INTO places (id, org_id, code, name, kind, engineer_id, created_at) VALUES (?, ?, 'v2', 'x', 'van', ?, ?)`, []any{newID(), h.org, engineer, morning}},
		{"an engineer's warehouse", "places_van_of_engineer", `UPDATE places SET engineer_id = ? WHERE code = 'store'`, []any{engineer}},
		{"half a position", "places_position", `UPDATE places SET lat = 31 WHERE code = 'store'`, nil},
		{"a position off the earth", "places_position", `UPDATE places SET lat = 31, lng = 181 WHERE code = 'store'`, nil},
		{"a slip twice", "pickups_number", `INSERT INTO pickups SELECT ?, org_id, number, ?, order_id, place_id, engineer_id, needed_by, 'to_pick', NULL, NULL, NULL, '', created_at, 1 FROM pickups WHERE id = ?`, []any{newID(), h.visit(order, engineer), slip.ID}},
		{"two slips for one visit and place", "pickups_one_live", `INSERT INTO pickups SELECT ?, org_id, 'PU-X', visit_id, order_id, place_id, engineer_id, needed_by, 'to_pick', NULL, NULL, NULL, '', created_at, 1 FROM pickups WHERE id = ?`, []any{newID(), slip.ID}},
		{"bring back what was not fetched", "pickups_legal_move", `UPDATE pickups SET state = 'returned', ended_at = ?, handed_over_at = ? WHERE id = ?`, []any{morning, morning, slip.ID}},
		{"hand over without a time", "pickups_handed_over_when", `UPDATE pickups SET state = 'handed_over' WHERE id = ?`, []any{slip.ID}},
		{"cancel without a time", "pickups_ended_when", `UPDATE pickups SET state = 'cancelled', why = 'x' WHERE id = ?`, []any{slip.ID}},
		{"cancel without a reason", "pickups_cancelled_why", `UPDATE pickups SET state = 'cancelled', ended_at = ? WHERE id = ?`, []any{morning, slip.ID}},
		{"a shortage of nothing", "shortages_of_what", `INSERT INTO shortages (id, org_id, order_id, quantity, waiting_since) VALUES (?, ?, ?, 1, ?)`, []any{newID(), h.org, order, morning}},
		{"one shortage twice", "shortages_one_open", `INSERT INTO shortages (id, org_id, order_id, part_id, quantity, waiting_since) VALUES (?, ?, ?, ?, 1, ?)`, []any{newID(), h.org, shortage.OrderID, p.ID, morning}},
		{"a shortage settled at no time", "shortages_resolved_when", `UPDATE shortages SET state = 'allotted' WHERE id = ?`, []any{shortage.ID}},
		{"a shortage born settled", "shortages_legal_move", `INSERT INTO shortages (id, org_id, order_id, text, quantity, waiting_since, state, resolved_at) VALUES (?, ?, ?, 'x', 1, ?, 'allotted', ?)`, []any{newID(), h.org, order, morning, morning}},
		{"goods received that did not come", "stock_expected_received", `INSERT INTO stock_expected (id, org_id, part_id, quantity, to_place, expected_on, state, created_at) VALUES (?, ?, ?, 1, ?, '2026-03-10', 'received', ?)`, []any{newID(), h.org, p.ID, store.ID, morning}},
		{"a promise changes its owner", "reservations_identity_fixed", `UPDATE reservations SET org_id = org_id + 1 WHERE id = ?`, []any{held[0].ID}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := h.plainly(c.sql, c.args...)
			if got := fault.Constraint(err); got != c.constraint {
				t.Errorf("refused by %q (%v), want %s", got, err, c.constraint)
			}
		})
	}
	h.sound()
}

// The serving role cannot write what only triggers write, nor edit what is only added to.
func TestWhatTheServingRoleMayNotWrite(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	h.receive(p, store, 3)
	for _, sql := range []string{"UPDATE stock SET on_hand = 9", "DELETE FROM stock", "INSERT INTO stock (place_id, part_id) SELECT place_id, part_id FROM stock", "UPDATE moves SET quantity = 9", "DELETE FROM moves",
		"INSERT INTO pieces (part_id, serial_number, place_id) SELECT part_id, 'S1', place_id FROM stock", "UPDATE pieces SET place_id = NULL"} {
		err := h.db.RunInTx(t.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
			if err := audit.Act(ctx, tx, "test", morning); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, sql)
			return err
		})
		if state, ok := err.(interface{ SQLState() string }); !ok || state.SQLState() != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	h.want(p, store, "3 good")
}

// Each check finds what it is there to find, once somebody gets round the triggers.
func TestChecksFindWhatIsWrong(t *testing.T) {
	for name, sql := range map[string]string{
		"stock_is_sum_of_moves":             `UPDATE stock SET on_hand = on_hand + 1 WHERE part_id = (SELECT id FROM parts WHERE sku = 'PUMP-1')`,
		"moves_conserve_parts":              `DELETE FROM stock WHERE reserved = 0`,
		"reversals_mirror_moves":            `UPDATE moves SET reverses = (SELECT id FROM moves ORDER BY id LIMIT 1) WHERE id = (SELECT id FROM moves ORDER BY id DESC LIMIT 1)`,
		"reserved_is_sum_of_held":           `UPDATE stock SET reserved = 0`,
		"pieces_are_counted_where_they_lie": `DELETE FROM pieces`,
		"pieces_are_promised_as_written":    `UPDATE pieces SET held_by_order = (SELECT id FROM work_orders LIMIT 1)`,
		"custody_chain_is_unbroken":         `UPDATE custody_moves SET no = 2`,
		"custody_holder_is_last_in_chain":   `UPDATE custody SET holder = 'vendor'`,
		"custody_ends_before_its_order":     `UPDATE work_orders SET state = 'cancelled', cancelled_at = created_at, cancel_reason = 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			p, s, store := h.part("PUMP-1", false), h.part("BOARD-9", true), h.place("store", Warehouse, nil)
			h.receive(p, store, 3)
			h.receive(s, store, 1, "S1")
			order := h.order()
			if err := h.reserve(order, PromiseLine{PlaceID: store.ID, PartID: p.ID, Quantity: 1}); err != nil {
				t.Fatal(err)
			}
			h.exec(`INSERT INTO lifecycle_moves VALUES ('custody', '', 'taken', 'start') ON CONFLICT DO NOTHING`)
			custody := newID()
			h.exec(`WITH c AS (INSERT INTO custody (id, org_id, number, order_id, device, condition, expected_return_on, no_signature_reason, holder, opened_at)
				VALUES (?0, ?1, 'CU-1', ?2, 'washer', 'scratched', '2026-03-20', 'by phone', 'engineer', ?3) RETURNING id)
				INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) SELECT id, 1, ?1, ?3, 'customer', 'engineer', 'li' FROM c`, custody, h.org, order, morning)
			h.sound()
			for _, table := range []string{"stock", "moves", "pieces", "custody", "custody_moves", "work_orders", "reservations"} {
				h.exec("ALTER TABLE " + table + " DISABLE TRIGGER USER")
			}
			h.exec(sql)
			found := false
			for _, c := range Checks {
				var n int
				if err := h.db.NewRaw(c.SQL).Scan(t.Context(), &n); err != nil {
					t.Fatal(err)
				}
				found = found || c.Name == name && n > 0
			}
			if !found {
				t.Errorf("%s does not see %s", name, sql)
			}
		})
	}
}

// The search for parts stays quick with a thousand vans.
func TestSupplyOverAThousandVans(t *testing.T) {
	t.Parallel()
	h := open(t)
	parts := []Part{h.part("A", false), h.part("B", false), h.part("C", false), h.part("D", false), h.part("E", false)}
	store := h.place("store", Warehouse, nil)
	h.exec(`INSERT INTO engineers (id, org_id, name, created_at) SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ?, 'e' || n, ? FROM generate_series(1, 1000) n`, h.org, morning)
	h.exec(`INSERT INTO places (id, org_id, code, name, kind, engineer_id, created_at, lat, lng) SELECT id, org_id, 'van-' || name, 'van', 'van', id, created_at, 31.2, 121.5 FROM engineers`)
	h.exec(`INSERT INTO moves (id, org_id, at, kind, part_id, quantity, to_place, actor) SELECT gen_random_uuid(), ?, ?, 'receive', p.id, 2, pl.id, 'x' FROM parts p, places pl WHERE pl.kind = 'van'`, h.org, morning)
	h.exec("ANALYZE stock, places, reservations")
	h.receive(parts[0], store, 3)
	h.must(func(ctx context.Context, l Ledger) error { return l.SetReachable(ctx, store.ID, false, "stocktaking") })
	order, rival := h.order(), h.order()
	for o, n := range map[uuid.UUID]int64{order: 2, rival: 1} {
		if err := h.reserve(o, PromiseLine{PlaceID: store.ID, PartID: parts[0].ID, Quantity: n}); err != nil {
			t.Fatal(err)
		}
	}
	var ids []uuid.UUID
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	var s Supply
	best := time.Hour
	for range 5 {
		began := time.Now()
		var err error
		if s, err = h.ledger.SupplyFor(t.Context(), h.keeper.Scope(), ids, order); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	t.Logf("a thousand vans and five parts in %v", best)
	if best > 500*time.Millisecond {
		t.Errorf("looking for parts takes %v", best)
	}
	if len(s.Places) != 1001 || s.Places[0].Code != "store" || s.Places[0].Reachable || s.Places[0].Free[parts[0].ID] != 2 {
		t.Errorf("%d places, the first %+v: the order's own two pieces should count, the rival's not", len(s.Places), s.Places[0])
	}
	if van := s.Van(*s.Places[5].EngineerID); van == nil || len(van.Free) != 5 || van.At == nil {
		t.Errorf("%+v", van)
	}
}

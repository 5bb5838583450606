package inventory

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const expectedColumns = `x.id, p.sku, x.part_id, p.name AS part_name, x.quantity, x.received, pl.code AS to_place, x.expected_on, x.supplier_ref, x.state, x.created_at, x.version`
const expectedTables = "stock_expected x JOIN parts p ON p.id = x.part_id JOIN places pl ON pl.id = x.to_place"

// Expect records goods on their way into a place in the caller's sight; what waits for them learns the date.
func (l Ledger) Expect(ctx context.Context, by auth.Caller, in ExpectedInput) (Expected, error) {
	if in.Quantity < 1 || in.Quantity > MaxQuantity {
		return Expected{}, quantityFault("body.quantity")
	}
	if in.ExpectedOn.IsZero() {
		return Expected{}, fault.New(fault.Invalid, "expected_day", "say the day on which the goods are expected").Field("body.expected_on", "YYYY-MM-DD")
	}
	parts, err := l.PartsBySKU(ctx, in.SKU)
	if err != nil {
		return Expected{}, err
	}
	place, err := l.placeNamed(ctx, by.Scope(), "body.to_place", in.ToPlace)
	if err != nil {
		return Expected{}, err
	}
	id, part := newID(), parts[in.SKU]
	if _, err := l.db.NewRaw("INSERT INTO stock_expected (id, org_id, part_id, quantity, to_place, expected_on, supplier_ref, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		id, place.OrgID, part.ID, in.Quantity, place.ID, in.ExpectedOn, given(in.SupplierRef, ""), l.at()).Exec(ctx); err != nil {
		return Expected{}, fmt.Errorf("expect %s: %w", in.SKU, refusedBy(err))
	}
	if _, err := l.dateShortages(ctx, part.ID); err != nil {
		return Expected{}, err
	}
	return l.expected(ctx, "x.id = ?", id)
}

func (l Ledger) expected(ctx context.Context, where string, args ...any) (Expected, error) {
	var x Expected
	err := l.db.NewRaw("SELECT "+expectedColumns+" FROM "+expectedTables+" WHERE "+where, args...).Scan(ctx, &x)
	if none(err) {
		return x, unknown("expected")
	}
	if err != nil {
		return x, fmt.Errorf("read expected goods: %w", refusedBy(err))
	}
	return x, nil
}

// PatchExpected changes goods on their way and returns the orders whose parts now come later, or on no
// known day any more: their customers are to be told.
func (l Ledger) PatchExpected(ctx context.Context, by auth.Caller, id uuid.UUID, in ExpectedPatch, version *int) (x Expected, delayed []uuid.UUID, err error) {
	if in.Quantity != nil && (*in.Quantity < 1 || *in.Quantity > MaxQuantity) {
		return x, nil, quantityFault("body.quantity")
	}
	seen, err := within(by.Scope())
	if err != nil {
		return x, nil, err
	}
	if x, err = l.expected(ctx, "x.id = ? AND ?", id, seen); err != nil {
		return x, nil, err
	}
	if x.State == "received" {
		return x, nil, fault.New(fault.Conflict, "expected_ended", "these goods have come: book another movement instead")
	}
	quantity := given(in.Quantity, x.Quantity)
	if quantity <= x.Received {
		return x, nil, fault.New(fault.Conflict, "expected_received", "%d have come already: expect more than that, or cancel the rest", x.Received).With("received", x.Received)
	}
	state := x.State
	if in.Cancelled != nil {
		state = map[bool]string{true: "cancelled", false: "open"}[*in.Cancelled]
	}
	res, err := l.db.NewRaw("UPDATE stock_expected SET quantity = ?, expected_on = coalesce(?, expected_on), supplier_ref = coalesce(?, supplier_ref), state = ? WHERE id = ? AND version = ?",
		quantity, in.ExpectedOn, in.SupplierRef, state, id, given(version, x.Version)).Exec(ctx)
	if err != nil {
		return x, nil, fmt.Errorf("change expected goods %s: %w", id, refusedBy(err))
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return x, nil, stale()
	}
	if delayed, err = l.dateShortages(ctx, x.PartID); err != nil {
		return x, nil, err
	}
	x, err = l.expected(ctx, "x.id = ?", id)
	return x, delayed, err
}

// ExpectedList lists goods on their way to the places in sight, earliest first.
func (l Ledger) ExpectedList(ctx context.Context, scope auth.Scope, f ExpectedFilter) (keyset.Page[Expected], error) {
	var page keyset.Page[Expected]
	seen, err := within(scope)
	if err != nil {
		return page, err
	}
	var last calendar.Date
	var lastID uuid.UUID
	more, err := f.After(&last, &lastID)
	if err != nil {
		return page, err
	}
	q := l.db.NewSelect().TableExpr(expectedTables).ColumnExpr(expectedColumns).Where("?", seen).OrderExpr("x.expected_on, x.id").Limit(int64(f.Rows()))
	if more {
		q.Where("(x.expected_on, x.id) > (?, ?)", last, lastID)
	}
	if f.SKU != "" {
		q.Where("p.sku = ?", f.SKU)
	}
	if f.Place != "" {
		q.Where("pl.code = ?", f.Place)
	}
	if f.State != "" {
		q.Where("x.state = ?", f.State)
	}
	var rows []Expected
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list expected goods: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(x Expected) []any { return []any{x.ExpectedOn, x.ID} }), nil
}

// arrived takes received goods off what was expected in the place, oldest date first.
func (l Ledger) arrived(ctx context.Context, place, part uuid.UUID, quantity int64) error {
	var open []struct {
		ID                 uuid.UUID
		Quantity, Received int64
	}
	err := l.db.NewRaw("SELECT id, quantity, received FROM stock_expected WHERE to_place = ? AND part_id = ? AND state = 'open' ORDER BY expected_on, id FOR NO KEY UPDATE", place, part).Scan(ctx, &open)
	if err != nil {
		return fmt.Errorf("goods expected: %w", refusedBy(err))
	}
	for _, x := range open {
		n := min(quantity, x.Quantity-x.Received)
		if n == 0 {
			break
		}
		quantity -= n
		if _, err := l.db.NewRaw("UPDATE stock_expected SET received = received + ?0, state = CASE WHEN received + ?0 >= quantity THEN 'received' ELSE 'open' END WHERE id = ?1", n, x.ID).Exec(ctx); err != nil {
			return fmt.Errorf("goods expected: %w", refusedBy(err))
		}
	}
	return nil
}

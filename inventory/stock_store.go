package inventory

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/keyset"
)

// Stock lists what lies in the places in sight.
func (l Ledger) Stock(ctx context.Context, scope auth.Scope, f StockFilter) (keyset.Page[StockRow], error) {
	seen, err := within(scope)
	if err != nil {
		return keyset.Page[StockRow]{}, err
	}
	var sku, place, condition string
	more, err := f.After(&sku, &place, &condition)
	if err != nil {
		return keyset.Page[StockRow]{}, err
	}
	q := l.db.NewSelect().TableExpr("stock s JOIN parts p ON p.id = s.part_id JOIN places pl ON pl.id = s.place_id").
		ColumnExpr(`p.sku, p.name AS part_name, p.unit, pl.code AS place_code, pl.name AS place_name, pl.kind AS place_kind, s.condition, s.on_hand, s.reserved,
			CASE s.condition WHEN 'good' THEN s.on_hand - s.reserved ELSE 0 END AS available`).
		Where("?", seen).OrderExpr("p.sku, pl.code, s.condition").Limit(int64(f.Rows()))
	if more {
		q.Where("(p.sku, pl.code, s.condition) > (?, ?, ?)", sku, place, condition)
	}
	if f.SKU != "" {
		q.Where("p.sku = ?", f.SKU)
	}
	if f.Place != "" {
		q.Where("pl.code = ?", f.Place)
	}
	if f.Kind != "" {
		q.Where("pl.kind = ?", f.Kind)
	}
	if f.Engineer != "" {
		id, err := readID("query.engineer", f.Engineer)
		if err != nil {
			return keyset.Page[StockRow]{}, err
		}
		q.Where("pl.engineer_id = ?", id)
	}
	if f.Condition != "" {
		q.Where("s.condition = ?", f.Condition)
	}
	if f.Away {
		q.Where("NOT pl.reachable AND pl.retired_at IS NULL")
	}
	if f.Stocked {
		q.Where("s.on_hand > 0")
	}
	var rows []StockRow
	if err := q.Scan(ctx, &rows); err != nil {
		return keyset.Page[StockRow]{}, fmt.Errorf("list stock: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(r StockRow) []any { return []any{r.SKU, r.PlaceCode, r.Condition} }), nil
}

// Pieces tells where the pieces with this serial number are; two parts may carry the same number.
func (l Ledger) Pieces(ctx context.Context, scope auth.Scope, serial string) ([]Piece, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	pieces := []Piece{}
	err := l.db.NewRaw(`SELECT p.sku, x.serial_number, pl.code AS place_code, x.condition, w.number AS fitted_order, x.gone_by IS NOT NULL AS gone
		FROM pieces x JOIN parts p ON p.id = x.part_id LEFT JOIN places pl ON pl.id = x.place_id LEFT JOIN work_orders w ON w.id = x.fitted_order
		WHERE x.serial_number = ? AND (? OR `+scope.SQL("pl.org_id", "w.org_id", "w.serving_org_id")+`) ORDER BY p.sku LIMIT 100`, serial, scope.All()).Scan(ctx, &pieces)
	if err != nil {
		return nil, fmt.Errorf("find piece %s: %w", serial, refusedBy(err))
	}
	return pieces, nil
}

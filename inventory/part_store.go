package inventory

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const partColumns = "id, sku, name, unit, price_minor, serialised, warranty_days, return_old, retired_at, created_at, version"

// AddPart records a new kind of piece. A SKU that is taken is refused with parts_sku.
func (l Ledger) AddPart(ctx context.Context, in PartInput) (Part, error) {
	var p Part
	if err := in.check(); err != nil {
		return p, err
	}
	err := l.db.NewRaw(`INSERT INTO parts (id, sku, name, unit, price_minor, serialised, warranty_days, return_old, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING `+partColumns,
		newID(), in.SKU, strings.TrimSpace(in.Name), cmp.Or(strings.TrimSpace(in.Unit), "piece"), given(in.PriceMinor, 0), given(in.Serialised, false),
		in.WarrantyDays, given(in.ReturnOld, false), l.at()).Scan(ctx, &p)
	if err != nil {
		return p, fmt.Errorf("add part %s: %w", in.SKU, refusedBy(err))
	}
	return p, nil
}

// PatchPart changes a part. A version that is not the newest is refused as stale.
func (l Ledger) PatchPart(ctx context.Context, id uuid.UUID, in PartPatch, version *int) (Part, error) {
	var p Part
	if in.Name != nil {
		if err := checkName("body.name", *in.Name); err != nil {
			return p, err
		}
	}
	if err := checkPrice(in.PriceMinor); err != nil {
		return p, err
	}
	err := l.db.NewRaw(`UPDATE parts SET name = coalesce(?, name), price_minor = coalesce(?, price_minor), warranty_days = coalesce(?, warranty_days),
		return_old = coalesce(?, return_old), retired_at = CASE ?::boolean WHEN true THEN coalesce(retired_at, ?) WHEN false THEN NULL ELSE retired_at END
		WHERE id = ? AND version = coalesce(?, version) RETURNING `+partColumns,
		in.Name, in.PriceMinor, in.WarrantyDays, in.ReturnOld, in.Retired, l.at(), id, version).Scan(ctx, &p)
	if none(err) {
		if _, err := l.Part(ctx, id); err != nil {
			return p, err
		}
		return p, stale()
	}
	if err != nil {
		return p, fmt.Errorf("change part %s: %w", id, refusedBy(err))
	}
	return p, nil
}

// Part reads one part; NotFound when there is none.
func (l Ledger) Part(ctx context.Context, id uuid.UUID) (Part, error) {
	var p Part
	err := l.db.NewRaw("SELECT "+partColumns+" FROM parts WHERE id = ?", id).Scan(ctx, &p)
	if none(err) {
		return p, unknown("part")
	}
	if err != nil {
		return p, fmt.Errorf("part %s: %w", id, refusedBy(err))
	}
	return p, nil
}

// Parts lists parts in the order of their SKUs.
func (l Ledger) Parts(ctx context.Context, f PartFilter) (keyset.Page[Part], error) {
	var after string
	more, err := f.After(&after)
	if err != nil {
		return keyset.Page[Part]{}, err
	}
	q := l.db.NewSelect().TableExpr("parts").ColumnExpr(partColumns).OrderExpr("sku").Limit(int64(f.Rows()))
	if more {
		q.Where("sku > ?", after)
	}
	if !f.Retired {
		q.Where("retired_at IS NULL")
	}
	if f.SKU != "" {
		q.Where("sku = ?", f.SKU)
	}
	if word := strings.TrimSpace(f.Q); word != "" {
		q.Where("(starts_with(lower(sku), lower(?)) OR strpos(lower(name), lower(?)) > 0)", word, word)
	}
	var rows []Part
	if err := q.Scan(ctx, &rows); err != nil {
		return keyset.Page[Part]{}, fmt.Errorf("list parts: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(p Part) []any { return []any{p.SKU} }), nil
}

// PartsBySKU finds the parts of these SKUs. An unknown one is refused with unknown_sku, naming it.
func (l Ledger) PartsBySKU(ctx context.Context, skus ...string) (map[string]Part, error) {
	out := make(map[string]Part, len(skus))
	if len(skus) == 0 {
		return out, nil
	}
	var rows []Part
	if err := l.db.NewRaw("SELECT "+partColumns+" FROM parts WHERE sku IN (?)", bun.List(skus)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("find parts: %w", refusedBy(err))
	}
	for _, p := range rows {
		out[p.SKU] = p
	}
	for _, sku := range skus {
		if _, ok := out[sku]; !ok {
			return nil, fault.New(fault.Invalid, "unknown_sku", "there is no part %q: correct the SKU or add the part first", sku).
				Field("body.sku", "unknown part "+sku).With("sku", sku)
		}
	}
	return out, nil
}

// PartsByID finds parts by their ids; ids of no part are left out.
func (l Ledger) PartsByID(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]Part, error) {
	out := make(map[uuid.UUID]Part, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []Part
	if err := l.db.NewRaw("SELECT "+partColumns+" FROM parts WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("find parts: %w", refusedBy(err))
	}
	for _, p := range rows {
		out[p.ID] = p
	}
	return out, nil
}

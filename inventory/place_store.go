package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const placeColumns = `pl.id, pl.org_id, o.code AS org_code, pl.code, pl.name, pl.kind, pl.region_code, pl.engineer_id, pl.lat, pl.lng, pl.open_hours,
	pl.reachable, pl.unreachable_why, pl.retired_at, pl.created_at, pl.version`
const placeTables = "places pl JOIN organisations o ON o.id = pl.org_id"

// AddPlace records a place of an organisation. A code that is taken, or a second van of one engineer, is refused.
func (l Ledger) AddPlace(ctx context.Context, in PlaceInput, orgID int32) (Place, error) {
	if err := in.check(); err != nil {
		return Place{}, err
	}
	id := newID()
	_, err := l.db.NewRaw(`INSERT INTO places (id, org_id, code, name, kind, region_code, engineer_id, lat, lng, open_hours, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, orgID, in.Code, strings.TrimSpace(in.Name), in.Kind, in.RegionCode, in.EngineerID, in.Lat, in.Lng, given(in.OpenHours, ""), l.at()).Exec(ctx)
	if err != nil {
		return Place{}, fmt.Errorf("add place %s: %w", in.Code, refusedBy(err))
	}
	return l.place(ctx, "pl.id = ?", id)
}

// PatchPlace changes a place in sight.
func (l Ledger) PatchPlace(ctx context.Context, scope auth.Scope, code string, in PlacePatch, version *int) (Place, error) {
	p, err := l.PlaceByCode(ctx, scope, code)
	if err != nil {
		return p, err
	}
	if in.Name != nil {
		if err := checkName("body.name", *in.Name); err != nil {
			return p, err
		}
	}
	if err := checkPosition(in.Lat, in.Lng); err != nil {
		return p, err
	}
	res, err := l.db.NewRaw(`UPDATE places SET name = coalesce(?, name), lat = coalesce(?, lat), lng = coalesce(?, lng), open_hours = coalesce(?, open_hours),
		retired_at = CASE ?::boolean WHEN true THEN coalesce(retired_at, ?) WHEN false THEN NULL ELSE retired_at END
		WHERE id = ? AND version = coalesce(?, version)`, in.Name, in.Lat, in.Lng, in.OpenHours, in.Retired, l.at(), p.ID, version).Exec(ctx)
	if err != nil {
		return p, fmt.Errorf("change place %s: %w", code, refusedBy(err))
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return p, stale()
	}
	return l.place(ctx, "pl.id = ?", p.ID)
}

func (l Ledger) place(ctx context.Context, where string, args ...any) (Place, error) {
	var p Place
	err := l.db.NewRaw("SELECT "+placeColumns+" FROM "+placeTables+" WHERE "+where, args...).Scan(ctx, &p)
	if none(err) {
		return p, unknown("place")
	}
	if err != nil {
		return p, fmt.Errorf("read place: %w", refusedBy(err))
	}
	return p, nil
}

// PlaceByCode finds a place in sight; NotFound otherwise.
func (l Ledger) PlaceByCode(ctx context.Context, scope auth.Scope, code string) (Place, error) {
	seen, err := within(scope)
	if err != nil {
		return Place{}, err
	}
	return l.place(ctx, "pl.code = ? AND ?", code, seen)
}

// Place reads one place by its id, for programs that hold one already.
func (l Ledger) Place(ctx context.Context, id uuid.UUID) (Place, error) {
	return l.place(ctx, "pl.id = ?", id)
}

// placeNamed is PlaceByCode for a field of an input: an unknown code is the input's mistake.
func (l Ledger) placeNamed(ctx context.Context, scope auth.Scope, field, code string) (Place, error) {
	p, err := l.PlaceByCode(ctx, scope, code)
	if fault.Is(err, fault.NotFound) {
		return p, fault.New(fault.Invalid, "unknown_place", "there is no place %q: correct the code", code).Field(field, "unknown place "+code)
	}
	return p, err
}

// Places lists the places in sight in the order of their codes.
func (l Ledger) Places(ctx context.Context, scope auth.Scope, f PlaceFilter) (keyset.Page[Place], error) {
	seen, err := within(scope)
	if err != nil {
		return keyset.Page[Place]{}, err
	}
	var after string
	more, err := f.After(&after)
	if err != nil {
		return keyset.Page[Place]{}, err
	}
	q := l.db.NewSelect().TableExpr(placeTables).ColumnExpr(placeColumns).Where("?", seen).OrderExpr("pl.code").Limit(int64(f.Rows()))
	if more {
		q.Where("pl.code > ?", after)
	}
	if f.Kind != "" {
		q.Where("pl.kind = ?", f.Kind)
	}
	if f.Region != "" {
		q.Where("pl.region_code = ?", f.Region)
	}
	if f.Engineer != "" {
		id, err := readID("query.engineer", f.Engineer)
		if err != nil {
			return keyset.Page[Place]{}, err
		}
		q.Where("pl.engineer_id = ?", id)
	}
	if f.Away {
		q.Where("NOT pl.reachable")
	}
	if !f.Retired {
		q.Where("pl.retired_at IS NULL")
	}
	var rows []Place
	if err := q.Scan(ctx, &rows); err != nil {
		return keyset.Page[Place]{}, fmt.Errorf("list places: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(p Place) []any { return []any{p.Code} }), nil
}

// VanOf is the van of an engineer, or nil when he has none.
func (l Ledger) VanOf(ctx context.Context, engineer uuid.UUID) (*Place, error) {
	p, err := l.place(ctx, "pl.engineer_id = ? AND pl.kind = 'van' AND pl.retired_at IS NULL", engineer)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &p, nil
}

// SetReachable says whether parts in a place can be fetched now, and if not, why.
func (l Ledger) SetReachable(ctx context.Context, place uuid.UUID, reachable bool, why string) error {
	if reachable {
		why = ""
	}
	_, err := l.db.NewRaw("UPDATE places SET reachable = ?, unreachable_why = ? WHERE id = ? AND (reachable, unreachable_why) IS DISTINCT FROM (?, ?)",
		reachable, why, place, reachable, why).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mark place %s: %w", place, refusedBy(err))
	}
	return nil
}

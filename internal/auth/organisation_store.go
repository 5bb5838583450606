package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

func (d *Directory) organisations(ctx context.Context) ([]Organisation, error) {
	if all := d.tree.kept(d.now()); all != nil {
		return all, nil
	}
	return d.readOrganisations(ctx)
}

func (d *Directory) readOrganisations(ctx context.Context) ([]Organisation, error) {
	all := []Organisation{}
	err := d.db.NewSelect().TableExpr("organisations AS o").ColumnExpr("o.id, o.code AS ref, o.parent_id, o.code, o.name, o.kind, o.path, o.zone, o.region_codes, o.letterhead, o.created_at, o.version").
		ColumnExpr("coalesce((SELECT p.code FROM organisations p WHERE p.id = o.parent_id), '') AS parent_code").
		OrderExpr("o.id").Scan(ctx, &all)
	if err != nil {
		return nil, fmt.Errorf("read organisations: %w", fault.FromSQL(err))
	}
	d.tree.keep(all, d.now())
	return all, nil
}

// Organisation finds one by its id inside the program.
func (d *Directory) Organisation(ctx context.Context, id int32) (Organisation, error) {
	return d.organisation(ctx, func(o Organisation) bool { return o.ID == id }, fmt.Sprint(id))
}

// ByCode finds an organisation by the code people use. An unknown code is fault.Invalid.
func (d *Directory) ByCode(ctx context.Context, code string) (Organisation, error) {
	return d.organisation(ctx, func(o Organisation) bool { return o.Code == code }, code)
}

// Head is the head office.
func (d *Directory) Head(ctx context.Context) (Organisation, error) {
	return d.organisation(ctx, func(o Organisation) bool { return o.Kind == "head" }, "head")
}

func (d *Directory) organisation(ctx context.Context, is func(Organisation) bool, name string) (Organisation, error) {
	all, err := d.organisations(ctx)
	if err != nil {
		return Organisation{}, err
	}
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], nil
	}
	if all, err = d.readOrganisations(ctx); err != nil { // another copy of the program may have added it within the minute
		return Organisation{}, err
	}
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], nil
	}
	return Organisation{}, unknownOrganisation(name)
}

// Subtree lists the ids of an organisation and everything below it, parents first.
func (d *Directory) Subtree(ctx context.Context, id int32) ([]int32, error) {
	all, err := d.organisations(ctx)
	if err != nil {
		return nil, err
	}
	return below(all, id), nil
}

// Organisations lists those in sight, oldest first.
func (d *Directory) Organisations(ctx context.Context, scope Scope, ask keyset.Ask) (keyset.Page[Organisation], error) {
	var page keyset.Page[Organisation]
	if err := scope.Check(); err != nil {
		return page, err
	}
	var after int32
	if _, err := ask.After(&after); err != nil {
		return page, err
	}
	all, err := d.organisations(ctx)
	if err != nil {
		return page, err
	}
	var rows []Organisation
	for _, o := range all {
		if scope.Sees(o.ID) && o.ID > after && len(rows) < ask.Rows() {
			rows = append(rows, o)
		}
	}
	return keyset.Cut(ask, rows, func(o Organisation) []any { return []any{o.ID} }), nil
}

// CreateOrganisation adds a unit below a parent in the caller's sight. The first of all is the head
// office, and only it has no parent.
func (d *Directory) CreateOrganisation(ctx context.Context, scope Scope, in OrganisationInput) (Organisation, error) {
	none := Organisation{}
	if err := scope.Check(); err != nil {
		return none, err
	}
	var parent *int32
	zone := in.Timezone
	if in.ParentCode != "" {
		above, err := d.ByCode(ctx, in.ParentCode)
		if err != nil {
			return none, err
		}
		if !scope.Sees(above.ID) {
			return none, unknownOrganisation(in.ParentCode)
		}
		parent = &above.ID
		if zone == "" {
			zone = above.Zone
		}
	}
	if zone == "" {
		zone = "Asia/Shanghai"
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return none, fault.New(fault.Invalid, "timezone_unknown", "name a time zone such as Asia/Shanghai").Field("body.timezone", "unknown time zone")
	}
	if len(in.Letterhead) == 0 {
		in.Letterhead = json.RawMessage("{}")
	}
	o := Organisation{Ref: in.Code, ParentID: parent, ParentCode: in.ParentCode, Code: in.Code, Name: in.Name, Kind: in.Kind, Zone: zone,
		RegionCodes: slices.Clip(append([]string{}, in.RegionCodes...)), Letterhead: in.Letterhead, CreatedAt: d.now()}
	err := d.db.NewRaw(`INSERT INTO organisations (parent_id, code, name, kind, zone, region_codes, letterhead, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, path, version`,
		o.ParentID, o.Code, o.Name, o.Kind, o.Zone, pgdialect.Array(o.RegionCodes), string(o.Letterhead), o.CreatedAt).
		Scan(ctx, &o.ID, pgdialect.Array(&o.Path), &o.Version)
	if err != nil {
		return none, fmt.Errorf("create organisation %s: %w", in.Code, fault.FromSQL(err))
	}
	d.tree.changed(d.now())
	return o, nil
}

// MoveOrganisation puts an organisation and everything below it under another parent. Records keep their
// owner; only who sees them from above changes.
func (d *Directory) MoveOrganisation(ctx context.Context, scope Scope, code, parentCode string) error {
	o, err := d.ByCode(ctx, code)
	if err != nil {
		return err
	}
	parent, err := d.ByCode(ctx, parentCode)
	if err != nil {
		return err
	}
	if !scope.Sees(o.ID) || !scope.Sees(parent.ID) {
		return unknownOrganisation(code)
	}
	all, err := d.organisations(ctx)
	if err != nil {
		return err
	}
	// Each row's path is computed by its trigger from the parent's, so parents are written first.
	if _, err := d.db.ExecContext(ctx, "UPDATE organisations SET parent_id = ? WHERE id = ?", parent.ID, o.ID); err != nil {
		return fmt.Errorf("move organisation %s: %w", code, fault.FromSQL(err))
	}
	for _, id := range below(all, o.ID)[1:] {
		if _, err := d.db.ExecContext(ctx, "UPDATE organisations SET parent_id = parent_id WHERE id = ?", id); err != nil {
			return fmt.Errorf("move organisation %s: %w", code, fault.FromSQL(err))
		}
	}
	d.tree.changed(d.now())
	return nil
}

// ChangeLetterhead sets what the organisation's papers carry at the head.
func (d *Directory) ChangeLetterhead(ctx context.Context, scope Scope, code string, letterhead json.RawMessage) error {
	o, err := d.ByCode(ctx, code)
	if err != nil {
		return err
	}
	if !scope.Sees(o.ID) {
		return unknownOrganisation(code)
	}
	if _, err := d.db.ExecContext(ctx, "UPDATE organisations SET letterhead = ? WHERE id = ?", string(letterhead), o.ID); err != nil {
		return fmt.Errorf("letterhead of %s: %w", code, fault.FromSQL(err))
	}
	d.tree.changed(d.now())
	return nil
}

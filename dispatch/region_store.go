package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const regionColumns = `r.code AS id, r.code, r.parent_code, r.name, r.path, r.retired_on, r.replaced_by, r.shape,
	(SELECT string_agg(a.name, ' ' ORDER BY array_position(r.path, a.code)) FROM regions a WHERE a.code = ANY (r.path)) AS full_name
	FROM regions r`

// regionDepth is how deep a tree of regions may be; a deeper one is a circle.
const regionDepth = 12

// AddRegion enters a region. The same again is answered with what is there.
func (b Board) AddRegion(ctx context.Context, in RegionInput) (Region, error) {
	var there Region
	if err := in.check(); err != nil {
		return there, err
	}
	there, err := b.Region(ctx, in.Code)
	switch {
	case err == nil && in.Shape == nil && there.Name == strings.TrimSpace(in.Name) && given(there.ParentCode, "") == given(in.ParentCode, ""):
		return there, nil
	case err == nil:
		return there, fault.New(fault.Conflict, "regions_pkey", "there is a region %s already: use it or choose another code", in.Code)
	case !fault.Is(err, fault.NotFound):
		return there, err
	}
	return b.PutRegion(ctx, in)
}

func (in RegionInput) check() error {
	if err := checkCode("body.code", in.Code); err != nil {
		return err
	}
	if in.ParentCode != nil && *in.ParentCode == in.Code {
		return regionCircle(in.Code)
	}
	if in.Shape != nil && len(*in.Shape) > 0 {
		bad := len(*in.Shape) < 3 || len(*in.Shape) > 200
		for _, p := range *in.Shape {
			bad = bad || !p.Valid()
		}
		if bad {
			return fault.New(fault.Invalid, "regions_shape", "an outline has 3 to 200 corners, each a latitude within 90 and a longitude within 180 degrees").Field("body.shape", "3 to 200 corners on earth")
		}
	}
	return checkName("body.name", in.Name)
}

func regionCircle(code string) error {
	return fault.New(fault.Invalid, "region_circle", "region %s cannot lie below itself", code).Field("body.parent_code", "below itself")
}

// AddRegions takes a whole list, in any order; what is there already with the same content is left
// alone. Codes that are not in the list stay. Everything is taken or nothing.
func (b Board) AddRegions(ctx context.Context, list []RegionInput) (RegionsTaken, error) {
	var taken RegionsTaken
	if len(list) == 0 {
		return taken, nil
	}
	byCode := make(map[string]RegionInput, len(list))
	for _, in := range list {
		if err := in.check(); err != nil {
			return taken, err
		}
		in.Name = strings.TrimSpace(in.Name)
		byCode[in.Code] = in
	}
	taken.Unchanged = len(byCode)
	levels, err := byDepth(byCode)
	if err != nil {
		return taken, err
	}
	for _, level := range levels {
		for chunk := range slices.Chunk(level, 5000) {
			raw, err := json.Marshal(chunk)
			if err != nil {
				return taken, fmt.Errorf("take regions: %w", err)
			}
			var fresh []bool
			if err := b.db.NewRaw(`WITH n AS (
				SELECT n.code, n.parent_code, n.name, n.retired_on, n.replaced_by, CASE WHEN n.shape IS NULL THEN old.shape ELSE nullif(n.shape, '[]') END AS shape
				FROM jsonb_to_recordset(?::jsonb) AS n (code text, parent_code text, name text, retired_on date, replaced_by text, shape jsonb) LEFT JOIN regions old USING (code))
				INSERT INTO regions AS r (code, parent_code, name, retired_on, replaced_by, shape)
				SELECT code, parent_code, name, retired_on, replaced_by, shape FROM n ORDER BY code
				ON CONFLICT (code) DO UPDATE SET parent_code = excluded.parent_code, name = excluded.name, retired_on = excluded.retired_on, replaced_by = excluded.replaced_by, shape = excluded.shape
				WHERE (r.parent_code, r.name, r.retired_on, r.replaced_by, r.shape) IS DISTINCT FROM (excluded.parent_code, excluded.name, excluded.retired_on, excluded.replaced_by, excluded.shape)
				RETURNING xmax = 0`, string(raw)).Scan(ctx, &fresh); err != nil {
				if fault.Constraint(err) == "regions_parent_code_fkey" {
					return taken, fault.New(fault.Invalid, "region_parent_unknown", "a region names a parent that is neither here nor in the list")
				}
				return taken, fmt.Errorf("take regions: %w", fault.FromSQL(err))
			}
			for _, isNew := range fresh {
				taken.Unchanged--
				if isNew {
					taken.New++
				} else {
					taken.Changed++
				}
			}
		}
	}
	if taken.Changed > 0 {
		return taken, b.straightenRegions(ctx)
	}
	return taken, nil
}

// byDepth puts parents before what lies below them.
func byDepth(byCode map[string]RegionInput) ([][]RegionInput, error) {
	var levels [][]RegionInput
	for code, in := range byCode {
		depth := 0
		for at := in; at.ParentCode != nil; depth++ {
			above, listed := byCode[*at.ParentCode]
			if !listed {
				break
			}
			if depth > regionDepth {
				return nil, regionCircle(code)
			}
			at = above
		}
		for len(levels) <= depth {
			levels = append(levels, nil)
		}
		levels[depth] = append(levels[depth], in)
	}
	return levels, nil
}

// straightenRegions carries a moved region's new path down to everything below it.
func (b Board) straightenRegions(ctx context.Context) error {
	for range regionDepth {
		done, err := b.db.NewRaw(`UPDATE regions c SET name = c.name FROM regions p
			WHERE p.code = c.parent_code AND c.path IS DISTINCT FROM p.path || c.code AND NOT c.code = ANY (p.path)`).Exec(ctx)
		if err != nil {
			return fmt.Errorf("move regions: %w", fault.FromSQL(err))
		}
		if n, err := done.RowsAffected(); err == nil && n == 0 {
			break
		}
	}
	var bad []string
	if err := b.db.NewRaw(`SELECT c.code FROM regions c JOIN regions p ON p.code = c.parent_code
		WHERE c.code = ANY (p.path) OR c.path IS DISTINCT FROM p.path || c.code ORDER BY 1 LIMIT 1`).Scan(ctx, &bad); err != nil {
		return fmt.Errorf("move regions: %w", fault.FromSQL(err))
	}
	if len(bad) > 0 {
		return regionCircle(bad[0])
	}
	return nil
}

// PutRegion enters a region, or changes the one there is.
func (b Board) PutRegion(ctx context.Context, in RegionInput) (Region, error) {
	if in.ParentCode != nil {
		if err := b.known(ctx, "regions", "region_code_unknown", "body.parent_code", []string{*in.ParentCode}); err != nil {
			return Region{}, err
		}
	}
	if _, err := b.AddRegions(ctx, []RegionInput{in}); err != nil {
		return Region{}, err
	}
	return b.Region(ctx, in.Code)
}

// mostOutlines is how many outlines a scheme shows at once.
const mostOutlines = 400

// Outlines are the regions that somebody drew, the largest parts first, so that smaller ones lie on top.
func (b Board) Outlines(ctx context.Context) ([]Region, error) {
	var rows []Region
	err := b.db.NewRaw("SELECT "+regionColumns+" WHERE r.shape IS NOT NULL AND r.retired_on IS NULL ORDER BY cardinality(r.path), r.code LIMIT ?", mostOutlines).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the outlines of regions: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// Region finds one by its code.
func (b Board) Region(ctx context.Context, code string) (Region, error) {
	var r Region
	err := b.db.NewRaw("SELECT "+regionColumns+" WHERE r.code = ?", code).Scan(ctx, &r)
	switch {
	case none(err):
		return r, unknown("region")
	case err != nil:
		return r, fmt.Errorf("read a region: %w", fault.FromSQL(err))
	}
	return r, nil
}

// Regions lists regions by code.
func (b Board) Regions(ctx context.Context, f RegionFilter) (keyset.Page[Region], error) {
	page := keyset.Page[Region]{}
	q := b.db.NewSelect().TableExpr("regions AS r").Column("r.code").OrderExpr("r.code").Limit(int64(f.Rows()))
	if f.Q != "" {
		q = q.Where("(r.code LIKE ? OR r.name LIKE ?)", likeText(f.Q)+"%", "%"+likeText(f.Q)+"%")
	}
	if f.Parent != "" {
		q = q.Where("r.parent_code = ?", f.Parent)
	}
	if f.Under != "" {
		q = q.Where("? = ANY (r.path)", f.Under)
	}
	if !f.Retired {
		q = q.Where("r.retired_on IS NULL")
	}
	var last string
	if more, err := f.After(&last); err != nil {
		return page, err
	} else if more {
		q = q.Where("r.code > ?", last)
	}
	var rows []Region
	if err := b.db.NewRaw("SELECT "+regionColumns+" WHERE r.code IN (?) ORDER BY r.code", q).Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list regions: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(r Region) []any { return []any{r.Code} }), nil
}

// treeLimit bounds a tree that is shown at once; ask for a smaller part of a larger one.
const treeLimit = 5000

// RegionTree is what lies below a region, or everything when under is empty, down to so many levels.
func (b Board) RegionTree(ctx context.Context, under string, depth int) ([]RegionNode, error) {
	if depth < 1 || depth > regionDepth {
		depth = regionDepth
	}
	var rows []Region
	err := b.db.NewRaw(`SELECT `+regionColumns+`
		WHERE r.retired_on IS NULL AND (?0 = '' OR ?0 = ANY (r.path))
		  AND cardinality(r.path) <= ?1 + coalesce((SELECT cardinality(t.path) FROM regions t WHERE t.code = ?0), 1) - 1
		ORDER BY cardinality(r.path), r.code LIMIT ?2`, under, depth, treeLimit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the tree of regions: %w", fault.FromSQL(err))
	}
	below := map[string][]Region{}
	top := []Region{}
	for _, r := range rows {
		if r.ParentCode == nil || r.Code == under {
			top = append(top, r)
		} else {
			below[*r.ParentCode] = append(below[*r.ParentCode], r)
		}
	}
	return grow(top, below), nil
}

func grow(list []Region, below map[string][]Region) []RegionNode {
	nodes := make([]RegionNode, len(list))
	for i, r := range list {
		nodes[i] = RegionNode{r, grow(below[r.Code], below)}
	}
	return nodes
}

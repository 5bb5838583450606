package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// DefectRow is how often something broke. Dimensions that were not asked for are absent.
type DefectRow struct {
	Model       *string `bun:"model" json:"model,omitempty"`
	Fault       *string `bun:"fault" json:"fault_code,omitempty"`
	FaultName   *string `bun:"fault_name" json:"fault_name,omitempty"`
	Cause       *string `bun:"cause" json:"cause_code,omitempty"`
	CauseName   *string `bun:"cause_name" json:"cause_name,omitempty"`
	Part        *string `bun:"part" json:"part_sku,omitempty"`
	PartName    *string `bun:"part_name" json:"part_name,omitempty"`
	Cases       int64   `bun:"cases" json:"count"`
	ByPhone     int64   `bun:"by_phone" json:"by_phone"`
	Repeats     int64   `bun:"repeats" json:"repeats"`
	Share       *Share  `bun:"-" json:"share"`
	RepeatShare *Share  `bun:"-" json:"repeat_share"`
	Total       bool    `bun:"total" json:"-"`
}

// Cells are the row's values.
func (r DefectRow) Cells() []any {
	var out []any
	for _, d := range []struct{ code, name *string }{{r.Model, nil}, {r.Fault, r.FaultName}, {r.Cause, r.CauseName}, {r.Part, r.PartName}} {
		if d.code == nil {
			continue
		}
		text := *d.code
		if d.name != nil {
			text = strings.TrimSpace(text + " " + *d.name)
		}
		out = append(out, text)
	}
	return append(out, r.Cases, cell(r.Share), r.ByPhone, r.Repeats, cell(r.RepeatShare))
}

// Defects counts what broke, by model, fault, cause and part, or some of them, the most frequent first.
// The share is that of all cases of the period, so shares of parts may add up to more than one.
func (f Figures) Defects(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	by, err := dimensions(a.By, []string{"model", "fault", "cause", "part"})
	if err != nil {
		return Report{}, err
	}
	names := map[string]string{
		"fault": "(SELECT name FROM codes WHERE kind = 'fault' AND code = g.fault)", "cause": "(SELECT name FROM codes WHERE kind = 'cause' AND code = g.cause)",
		"part": "(SELECT name FROM parts WHERE sku = g.part)",
	}
	named := []string{}
	for _, d := range by {
		named = append(named, "g."+d)
		if q, ok := names[d]; ok {
			named = append(named, "coalesce("+q+", '') AS "+d+"_name")
		}
	}
	// A case is joined with the parts fitted only when parts are asked for: each part makes a row of its own.
	lines := "SELECT *, '' AS part FROM cases"
	if slices.Contains(by, "part") {
		lines = `SELECT c.*, coalesce(p.sku, '') AS part FROM cases c LEFT JOIN (SELECT DISTINCT x.order_id, q.sku
		    FROM cases k JOIN sheets x ON x.order_id = k.order_id AND x.replaced_at IS NULL JOIN sheet_parts l ON l.sheet_id = x.id JOIN parts q ON q.id = l.part_id) p ON p.order_id = c.order_id`
	}
	empty := strings.TrimSuffix(strings.Repeat("NULL, ", len(by)), ", ")
	from, end, _ := a.span()
	var list []DefectRow
	err = f.db.NewRaw(`WITH
	  repeated AS (SELECT b.visit_id FROM work_orders r JOIN sheets b ON b.id = r.repeat_of_sheet WHERE r.repeat_of_sheet IS NOT NULL AND r.state <> 'cancelled'
	    UNION SELECT b.visit_id FROM timeline t JOIN sheets b ON b.id = (t.data ->> 'failed_sheet')::uuid WHERE t.action = 'reopen'),
	  cases AS MATERIALIZED (
	    SELECT t.order_id, coalesce(nullif(y.model, ''), y.category, '') AS model, t.fault, t.cause, false AS phone, v.visit_id IS NOT NULL AS again
	    FROM (SELECT DISTINCT ON (x.order_id) x.order_id, x.visit_id, x.fault_code AS fault, coalesce(x.cause_code, '') AS cause, w.asset_id
	      FROM sheets x JOIN work_orders w ON w.id = x.order_id
	      WHERE x.finished_at >= ? AND x.finished_at < ? AND x.replaced_at IS NULL AND x.fault_code <> '' AND `+s.SQL("w.org_id", "w.serving_org_id")+`
	      ORDER BY x.order_id, x.finished_at DESC, x.id DESC) t LEFT JOIN assets y ON y.id = t.asset_id LEFT JOIN repeated v ON v.visit_id = t.visit_id
	    UNION ALL
	    SELECT NULL, coalesce(nullif(y.model, ''), y.category, ''), q.fault_code, '', true, q.came_back > 0
	    FROM requests q LEFT JOIN assets y ON y.id = q.asset_id
	    WHERE q.state = 'answered' AND q.answered_at >= ? AND q.answered_at < ? AND q.fault_code <> '' AND `+s.SQL("q.org_id")+`),
	  g AS (SELECT `+strings.Join(by, ", ")+`, false AS total, count(*) AS cases, count(*) FILTER (WHERE phone) AS by_phone, count(*) FILTER (WHERE again) AS repeats
	      FROM (`+lines+`) d GROUP BY `+strings.Join(by, ", ")+`
	    UNION ALL SELECT `+empty+`, true, count(*), count(*) FILTER (WHERE phone), count(*) FILTER (WHERE again) FROM cases)
	  SELECT `+strings.Join(named, ", ")+`, g.total, g.cases, g.by_phone, g.repeats FROM g ORDER BY g.total DESC, g.cases DESC, `+strings.Join(by, ", ")+` LIMIT ?`,
		from, end, from, end, MaxRows+2).Scan(ctx, &list)
	if err != nil {
		return Report{}, fmt.Errorf("report defects: %w", fault.FromSQL(err))
	}
	if err := tooLong(len(list) - 1); err != nil {
		return Report{}, err
	}
	sum, list := list[0], list[1:] // the row of everything is always there, and first
	sum.Share, sum.RepeatShare = share(sum.Cases, sum.Cases), share(sum.Repeats, sum.Cases)
	for _, d := range by {
		*map[string]**string{"model": &sum.Model, "fault": &sum.Fault, "cause": &sum.Cause, "part": &sum.Part}[d] = new(string)
	}
	for i := range list {
		list[i].Share, list[i].RepeatShare = share(list[i].Cases, sum.Cases), share(list[i].Repeats, list[i].Cases)
	}
	r := a.report("defects", strings.Join(by, ","), append(slices.Clone(by), "cases", "share", "by_phone", "repeats", "repeat_share")...)
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

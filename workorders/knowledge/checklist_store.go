package knowledge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

type checklistRow struct {
	Kind     string          `bun:"kind"`
	Category string          `bun:"category"`
	Lines    json.RawMessage `bun:"lines"`
	Version  int             `bun:"version"`
}

func (r checklistRow) list() (Checklist, error) {
	l := Checklist{Kind: r.Kind, Category: r.Category, Version: r.Version, Lines: []CheckLine{}}
	if err := json.Unmarshal(r.Lines, &l.Lines); err != nil {
		return l, fmt.Errorf("check list %s %s: %w", r.Kind, r.Category, err)
	}
	return l, nil
}

func (c Codes) checklists(ctx context.Context, where string, args ...any) ([]Checklist, error) {
	var rows []checklistRow
	if err := c.db.NewRaw("SELECT kind, category, lines, version FROM checklists "+where+" ORDER BY kind, category", args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("check lists: %w", fault.FromSQL(err))
	}
	lists := make([]Checklist, 0, len(rows))
	for _, r := range rows {
		l, err := r.list()
		if err != nil {
			return nil, err
		}
		lists = append(lists, l)
	}
	return lists, nil
}

// Checklists are all check lists, by kind and category. They are few.
func (c Codes) Checklists(ctx context.Context) ([]Checklist, error) { return c.checklists(ctx, "") }

// ChecklistOf are the lines of a job: those of its kind, then those for the category of its device.
func (c Codes) ChecklistOf(ctx context.Context, kind string, asset *uuid.UUID) ([]CheckLine, error) {
	lists, err := c.checklists(ctx, "WHERE kind = ? AND category IN ('', coalesce((SELECT category FROM assets WHERE id = ?), ''))", kind, asset)
	lines := []CheckLine{}
	for _, l := range lists {
		lines = append(lines, l.Lines...)
	}
	return lines, err
}

// PutChecklist replaces the list of a kind and category. A version that is not the newest is refused as
// stale; 0 = whatever it is.
func (c Codes) PutChecklist(ctx context.Context, in ChecklistInput, match int) (Checklist, error) {
	if err := in.check(); err != nil {
		return Checklist{}, err
	}
	if in.Lines == nil {
		in.Lines = []CheckLine{}
	}
	raw, err := json.Marshal(in.Lines)
	if err != nil {
		return Checklist{}, err
	}
	var rows []checklistRow
	err = c.db.NewRaw(`INSERT INTO checklists (kind, category, lines) SELECT ?0, ?1, ?2::jsonb WHERE ?3 = 0 OR EXISTS (SELECT FROM checklists WHERE kind = ?0 AND category = ?1)
		ON CONFLICT (kind, category) DO UPDATE SET lines = excluded.lines WHERE ?3 IN (0, checklists.version) RETURNING kind, category, lines, version`,
		in.Kind, in.Category, string(raw), match).Scan(ctx, &rows)
	if err != nil {
		return Checklist{}, fmt.Errorf("check list %s %s: %w", in.Kind, in.Category, fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return Checklist{}, fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
	}
	return rows[0].list()
}

package knowledge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/fault"
)

type templateRow struct {
	Kind       string          `bun:"kind"`
	Category   string          `bun:"category"`
	SkillCodes []string        `bun:"skill_codes,array"`
	Minutes    int             `bun:"minutes"`
	Priority   int             `bun:"priority"`
	Parts      json.RawMessage `bun:"parts"`
	Version    int             `bun:"version"`
}

const templateColumns = "kind, category, skill_codes, minutes, priority, parts, version"

func (r templateRow) template() (JobTemplate, error) {
	t := JobTemplate{Kind: r.Kind, Category: r.Category, SkillCodes: r.SkillCodes, Minutes: r.Minutes, Priority: r.Priority, Parts: []TemplatePart{}, Version: r.Version}
	if t.SkillCodes == nil {
		t.SkillCodes = []string{}
	}
	if err := json.Unmarshal(r.Parts, &t.Parts); err != nil {
		return t, fmt.Errorf("template %s %s: %w", r.Kind, r.Category, err)
	}
	return t, nil
}

func (c Codes) templates(ctx context.Context, rest string, args ...any) ([]JobTemplate, error) {
	var rows []templateRow
	if err := c.db.NewRaw("SELECT "+templateColumns+" FROM job_templates "+rest, args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("job templates: %w", fault.FromSQL(err))
	}
	list := make([]JobTemplate, 0, len(rows))
	for _, r := range rows {
		t, err := r.template()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// JobTemplates are all templates, by kind and category. They are few.
func (c Codes) JobTemplates(ctx context.Context) ([]JobTemplate, error) {
	return c.templates(ctx, "ORDER BY kind, category")
}

// JobTemplateFor is what a job of a kind asks for on a device of a category: the template of the category,
// else the one for any, else an hour without demands.
func (c Codes) JobTemplateFor(ctx context.Context, kind, category string) (JobTemplate, error) {
	list, err := c.templates(ctx, "WHERE kind = ? AND category IN ('', ?) ORDER BY category DESC LIMIT 1", kind, category)
	if err != nil || len(list) == 0 {
		return usual(kind, category), err
	}
	return list[0], nil
}

// PutJobTemplate replaces the template of a kind and category, or takes it away. Skills and parts have to be
// known. A version that is not the newest is refused as stale; 0 = whatever it is.
func (c Codes) PutJobTemplate(ctx context.Context, in JobTemplateInput, match int) (JobTemplate, error) {
	if in.Minutes == 0 {
		if _, err := c.db.NewRaw("DELETE FROM job_templates WHERE kind = ? AND category = ? AND ? IN (0, version)", in.Kind, in.Category, match).Exec(ctx); err != nil {
			return JobTemplate{}, fmt.Errorf("take template %s %s away: %w", in.Kind, in.Category, fault.FromSQL(err))
		}
		return usual(in.Kind, in.Category), nil
	}
	if err := in.check(); err != nil {
		return JobTemplate{}, err
	}
	if in.Priority == 0 {
		in.Priority = 3
	}
	if in.SkillCodes == nil {
		in.SkillCodes = []string{}
	}
	if in.Parts == nil {
		in.Parts = []TemplatePart{}
	}
	var unknown []string
	skus := make([]string, len(in.Parts))
	for i, p := range in.Parts {
		skus[i] = p.SKU
	}
	err := c.db.NewRaw(`SELECT s FROM unnest(?::text[]) s WHERE NOT EXISTS (SELECT FROM skills WHERE code = s)
		UNION ALL SELECT p FROM unnest(?::text[]) p WHERE NOT EXISTS (SELECT FROM parts WHERE sku = p)`, pgdialect.Array(in.SkillCodes), pgdialect.Array(skus)).Scan(ctx, &unknown)
	if err != nil {
		return JobTemplate{}, fmt.Errorf("skills and parts of a template: %w", fault.FromSQL(err))
	}
	if len(unknown) > 0 {
		return JobTemplate{}, fault.New(fault.Invalid, "job_template_unknown", "there is no skill or part %s: write it down first", unknown[0]).Field("body.skill_codes", "unknown").Field("body.parts", "unknown")
	}
	raw, err := json.Marshal(in.Parts)
	if err != nil {
		return JobTemplate{}, err
	}
	var rows []templateRow
	err = c.db.NewRaw(`INSERT INTO job_templates (kind, category, skill_codes, minutes, priority, parts) SELECT ?0, ?1, ?2::text[], ?3, ?4, ?5::jsonb WHERE ?6 = 0 OR EXISTS (SELECT FROM job_templates WHERE kind = ?0 AND category = ?1)
		ON CONFLICT (kind, category) DO UPDATE SET skill_codes = excluded.skill_codes, minutes = excluded.minutes, priority = excluded.priority, parts = excluded.parts
		WHERE ?6 IN (0, job_templates.version) RETURNING `+templateColumns,
		in.Kind, in.Category, pgdialect.Array(in.SkillCodes), in.Minutes, in.Priority, string(raw), match).Scan(ctx, &rows)
	if err != nil {
		return JobTemplate{}, fmt.Errorf("template %s %s: %w", in.Kind, in.Category, fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return JobTemplate{}, fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
	}
	return rows[0].template()
}

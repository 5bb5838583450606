package pages

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"paigong/internal/auth"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/knowledge"
)

// putTemplate replaces or takes away what a job of a kind usually asks for.
func (p *Pages) putTemplate(ctx context.Context, a *ask, f *form) (string, error) {
	in := knowledge.JobTemplateInput{Kind: f.need("kind"), Category: f.text("category"), SkillCodes: f.Values["skill_codes"], Minutes: int(f.number("duration_minutes")), Priority: int(f.number("priority"))}
	for i, sku := range f.Values["part_sku"] {
		if sku != "" {
			in.Parts = append(in.Parts, knowledge.TemplatePart{SKU: sku, Quantity: f.whole("parts", f.at("part_quantity", i))})
		}
	}
	if slices.Contains(f.Values["then"], "remove") {
		in.Minutes = 0
	}
	if err := f.err(); err != nil {
		return "", err
	}
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Codes.PutJobTemplate(ctx, in, 0)
		return err
	})
	return "/settings/templates", err
}

// jobTemplates is the page on which they are written.
func (p *Pages) jobTemplates(a *ask) (templates.Page, error) {
	v := templates.SettingsTemplates{Kind: "repair", Minutes: 60, Priority: 3, MayEdit: a.by.May(auth.ManageBasics)}
	list, err := a.look().Codes.JobTemplates(a.ctx())
	if err != nil {
		return nil, err
	}
	skills, err := a.skills()
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range skills {
		names[s.Code] = s.Name
	}
	var chosen []string
	for _, t := range list {
		row := templates.TemplateRow{Kind: t.Kind, Category: t.Category, Minutes: t.Minutes, Priority: t.Priority, Path: "/settings/templates?" + url.Values{"kind": {t.Kind}, "category": {t.Category}}.Encode() + "#edit"}
		for _, s := range t.SkillCodes {
			row.Skills = append(row.Skills, names[s])
		}
		for _, part := range t.Parts {
			row.Parts = append(row.Parts, part.SKU+" × "+strconv.FormatInt(part.Quantity, 10))
		}
		v.Rows = append(v.Rows, row)
		if t.Kind == a.QueryParam("kind") && t.Category == a.QueryParam("category") {
			v.Kind, v.Category, v.Minutes, v.Priority, v.Written, chosen = t.Kind, t.Category, t.Minutes, t.Priority, true, t.SkillCodes
			for _, part := range t.Parts {
				v.Parts = append(v.Parts, templates.PartLine{SKU: part.SKU, Quantity: part.Quantity})
			}
		}
	}
	for _, s := range skills {
		v.Skills = append(v.Skills, templates.Option{Value: s.Code, Text: s.Name, Selected: slices.Contains(chosen, s.Code)})
	}
	if v.PartChoices, err = a.partOptions(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

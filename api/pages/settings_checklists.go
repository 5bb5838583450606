package pages

import (
	"context"
	"net/url"

	"paigong/internal/auth"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/knowledge"
)

// checklists is the page on which it is written what has to be looked at before a job is called done.
func (p *Pages) checklists(a *ask) (templates.Page, error) {
	v := templates.SettingsChecklists{Kind: "repair", MayEdit: a.by.May(auth.ManageBasics)}
	all, err := a.look().Codes.Checklists(a.ctx())
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		row := templates.ChecklistRow{Kind: c.Kind, Category: c.Category, Path: "/settings/checklists?" + url.Values{"kind": {c.Kind}, "category": {c.Category}}.Encode() + "#edit"}
		for _, l := range c.Lines {
			row.Lines = append(row.Lines, templates.CheckLine{Code: l.Code, Name: l.Name, NameEn: l.NameEn, Mandatory: l.Mandatory})
		}
		v.Rows = append(v.Rows, row)
		if c.Kind == a.QueryParam("kind") && c.Category == a.QueryParam("category") {
			v.Kind, v.Category, v.Written, v.Lines = c.Kind, c.Category, true, row.Lines
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// putChecklist replaces a check list; a line without code and name is dropped.
func (p *Pages) putChecklist(ctx context.Context, a *ask, f *form) (string, error) {
	in := knowledge.ChecklistInput{Kind: f.need("kind"), Category: f.text("category")}
	for i := range f.Values["line_code"] {
		l := knowledge.CheckLine{Code: f.at("line_code", i), Name: f.at("line_name", i), NameEn: f.at("line_name_en", i), Mandatory: f.at("line_mandatory", i) == "true"}
		if l.Code == "" && l.Name == "" {
			continue
		}
		in.Lines = append(in.Lines, l)
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/checklists", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Codes.PutChecklist(ctx, in, 0)
		return err
	})
}

package pages

import (
	"cmp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"paigong/templates"
)

// viewer is the description of the API, drawn by ourselves.
func (p *Pages) viewer(a *ask) (templates.Page, error) {
	doc := p.server.OpenAPI()
	v := templates.API{Chrome: a.chrome(), Title: doc.Info.Title, Version: doc.Info.Version, Document: "/api/v1/openapi.json"}
	groups := map[string][]templates.Operation{}
	var order []string
	for _, path := range sortedKeys(doc.Paths) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			tag := "other"
			if len(op.Tags) > 0 {
				tag = op.Tags[0]
			}
			if _, known := groups[tag]; !known {
				order = append(order, tag)
			}
			groups[tag] = append(groups[tag], operation(path, op))
		}
	}
	for _, tag := range order {
		v.Groups = append(v.Groups, templates.OperationGroup{Name: tag, Operations: groups[tag]})
	}
	return v, nil
}

func operation(path string, op *huma.Operation) templates.Operation {
	o := templates.Operation{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, Detail: op.Description}
	for _, x := range op.Parameters {
		f := templates.OperationField{In: x.In, Name: x.Name, Required: x.Required, Doc: x.Description}
		if x.Schema != nil {
			f.Type = cmp.Or(x.Schema.Format, x.Schema.Type)
			f.Doc = cmp.Or(f.Doc, x.Schema.Description)
		}
		o.Fields = append(o.Fields, f)
	}
	for _, code := range sortedKeys(op.Responses) {
		o.Answers = append(o.Answers, strings.TrimSpace(code+" "+op.Responses[code].Description))
	}
	slices.Sort(o.Answers)
	return o
}

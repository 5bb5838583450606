package templates

import "strings"

// Operation is one call of the API, for readers without scripts; with them
// the page reads the whole description from Document.
type Operation struct {
	ID      string // operationId; the anchor
	Method  string // GET, POST …
	Path    string
	Summary string
	Detail  string
	Fields  []OperationField
	Answers []string // "201 WorkOrder"
}

// OperationField is one parameter or one field of the body.
type OperationField struct {
	In       string // path, query, header, body
	Name     string
	Type     string
	Required bool
	Doc      string
}

// OperationGroup is the calls of one resource.
type OperationGroup struct {
	Name       string
	Operations []Operation
}

// API is GET /api: the description of the API, drawn by ourselves.
type API struct {
	Chrome
	Title    string
	Version  string
	Document string // path of openapi.json
	Groups   []OperationGroup
}

func (API) place() place { return place{"api", "desk"} }

// Count is how many calls there are.
func (a API) Count() int {
	n := 0
	for _, g := range a.Groups {
		n += len(g.Operations)
	}
	return n
}

// Lower writes a method the way its colour is named.
func (API) Lower(method string) string { return strings.ToLower(method) }

package templates

import (
	"slices"
	"strconv"
)

// Problem is the page of an error: what happened, and what to do about it.
type Problem struct {
	Chrome
	Status  int
	Code    string   // stable code, for those who ask for help
	Text    string   // the fault's own sentence
	Allowed []string // what would be possible, already in words
	Fields  []FieldProblem
	Back    string // path to return to
	Trace   string // number of the request, for the log
}

// FieldProblem is what is wrong with one field.
type FieldProblem struct{ Field, Text string }

func (Problem) place() place { return place{"problem", "plain"} }

// problems are the statuses with a heading and advice of their own.
var problems = []int{401, 403, 404, 405, 409, 410, 412, 413, 422, 429, 500, 503}

// Heading is the key of the page's heading.
func (p Problem) Heading() string { return "ui.problem." + p.known() }

// Advice is the key of what to do.
func (p Problem) Advice() string { return "ui.problem." + p.known() + ".advice" }

func (p Problem) known() string {
	if slices.Contains(problems, p.Status) {
		return strconv.Itoa(p.Status)
	}
	return "500"
}

// Package lifecycle holds what a state machine is: one table of moves.
//
// Each noun with a lifecycle declares its table once, in the package that owns the
// noun. The same table answers "may this happen", "what would be allowed", draws the
// picture in docs/lifecycle.md and fills the database's lifecycle_moves, so that the
// program, the drawing and PostgreSQL cannot disagree.
package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"paigong/internal/fault"
)

// Table is the lifecycle of one noun. Kind is the noun's database table, in the singular.
// Imported lists states in which a row may be born when it tells about a past the
// program did not see (origin "import"), besides the start states. A move is {from, to, act};
// several acts may lead from one state to the same next state.
type Table[S ~string] struct {
	Kind     string
	Start    []S
	Imported []S
	Moves    [][3]S
}

// Row is one line of the table as the database stores it; From is empty for a start state.
type Row struct{ Kind, From, To, Action string }

// Check refuses a move that is not in the table with fault.Conflict, naming what would
// be allowed. Staying in the same state is always allowed.
func (t Table[S]) Check(from, to S) error {
	if from == to {
		return nil
	}
	for _, m := range t.Moves {
		if m[0] == from && m[1] == to {
			return nil
		}
	}
	return t.refuse(from, string(to))
}

// Do returns the state that action leads to from the given state.
func (t Table[S]) Do(from S, action string) (S, error) {
	for _, m := range t.Moves {
		if m[0] == from && string(m[2]) == action {
			return m[1], nil
		}
	}
	return from, t.refuse(from, action)
}

func (t Table[S]) refuse(from S, what string) error {
	allowed := t.Actions(from)
	sentence := "a %[1]s that is %[2]q cannot %[3]s"
	if len(allowed) == 0 {
		sentence += "; it has ended"
	}
	return fault.New(fault.Conflict, t.Kind+"_legal_move", sentence, strings.ReplaceAll(t.Kind, "_", " "), string(from), what).
		Allow(allowed...).With("state", string(from))
}

// Allowed lists the states that can be reached from here in one move.
func (t Table[S]) Allowed(from S) []S {
	var out []S
	for _, m := range t.Moves {
		if m[0] == from && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// Actions lists the acts possible in this state, in table order.
func (t Table[S]) Actions(from S) []string {
	var out []string
	for _, m := range t.Moves {
		if m[0] == from && !slices.Contains(out, string(m[2])) {
			out = append(out, string(m[2]))
		}
	}
	return out
}

// States lists every state, start states first, then in order of appearance.
func (t Table[S]) States() []S {
	out := slices.Clone(t.Start)
	for _, m := range t.Moves {
		for _, s := range m[:2] {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// Rows gives the table as the database stores it: one row per (from, to), the acts joined.
func (t Table[S]) Rows() []Row {
	var out []Row
	for _, s := range t.Start {
		out = append(out, Row{t.Kind, "", string(s), "start"})
	}
	for _, s := range t.Imported {
		out = append(out, Row{t.Kind, "import", string(s), "import"})
	}
	for _, m := range t.Moves {
		i := slices.IndexFunc(out, func(r Row) bool { return r.From == string(m[0]) && r.To == string(m[1]) })
		switch {
		case i < 0:
			out = append(out, Row{t.Kind, string(m[0]), string(m[1]), string(m[2])})
		case !slices.Contains(strings.Split(out[i].Action, " "), string(m[2])):
			out[i].Action += " " + string(m[2])
		}
	}
	return out
}

// Mermaid draws the table as a Mermaid state diagram.
func (t Table[S]) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, r := range t.Rows() {
		from := r.From
		if from == "" || from == "import" {
			from = "[*]"
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", from, r.To, r.Action)
	}
	for _, s := range t.States() {
		if len(t.Allowed(s)) == 0 {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}

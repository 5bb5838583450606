package templates

import "time"

// VisitRow is one visit of the list.
type VisitRow struct {
	Number, Customer, Summary string
	Engineer, Region          string
	State                     string // of the visit
	From, To                  time.Time
	Priority                  int
	Late, Asked, Helper       bool
}

// Visits is GET /visits?day=&days=&engineer=&state=&asked=: who goes where, as a list to narrow, print and take along.
type Visits struct {
	Chrome
	Day       string
	Lengths   []View
	Engineer  string
	Engineers []Option
	State     string
	Unasked   bool // only those whose customer has not agreed yet
	Rows      []VisitRow
	Total     int
	Export    string
	Print     string // the engineers' sheets of the day
}

func (Visits) place() place { return place{"visits", "desk"} }

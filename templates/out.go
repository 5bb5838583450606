package templates

import "time"

// OutVisit is a visit that loses its engineer: what was told to its customer, who is to go instead, and whether
// the customer knows.
type OutVisit struct {
	Number, Summary, Customer, Phone string
	Priority                         int
	ToldFrom, ToldTo                 time.Time // the window he was told; zero: none
	Engineer                         string    // who goes, or is proposed
	From, To                         time.Time
	Booked                           bool // it is booked, not only proposed
	Kept                             bool // the window he was told
	Parts                            []string
	Reasons                          []string // why nobody is proposed
	Message                          string   // in words
	MessageBad                       bool
	Call                             string // id of what is open on the call-back list
	CallDue                          time.Time
	Agreed                           bool
	Visit                            string // id, to agree to
}

// OutPlan is a plan that brings the visits to others.
type OutPlan struct {
	ID, Day string
	Running bool
	Done    int // percent of a search that runs
	Visits  int // it would book
	Broken  []string
}

// Out is GET /desk/out?engineer=: an engineer drops out, and what becomes of his visits, on one list.
type Out struct {
	Chrome
	Engineer  string // id
	Name      string
	Engineers []Option
	From, To  string // offered, as a datetime-local
	Ahead     []OutVisit
	UnderWay  int // of those, on the way or at a customer: they stay
	Visits    []OutVisit
	Plans     []OutPlan
	Left      int  // without anybody yet
	Untold    int  // customers who still have to hear
	MayOut    bool // may enter an absence
	MayPlan   bool // may accept a plan
	MayAgree  bool
}

func (Out) place() place { return place{"out", "desk"} }

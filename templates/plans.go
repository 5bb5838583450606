package templates

import "time"

// PlanRow is one plan in the list.
type PlanRow struct {
	Path      string
	Day       string // civil date
	Cause     string // a word of "plan_cause"
	About     string // whose absence or delay it repairs
	State     string
	Regions   string
	Visits    int
	Moved     int // of those that are announced
	LeftOver  int
	CreatedAt time.Time
	Percent   int // of a search that still runs
}

// Plans is GET /desk/plans.
type Plans struct {
	Chrome
	Rows    []PlanRow
	Regions []Option
	Day     string // offered for the next plan
	MayPlan bool
	// ByItself is when the reader's organisation plans its next day by itself; nil when it is not his to say.
	ByItself *PlanAt
	More     string
}

// PlanAt is the hour at which an organisation's next day is planned by itself.
type PlanAt struct {
	Organisation string
	At           string // "18:30", empty = never
	Seconds      string
}

func (Plans) place() place { return place{"plans", "desk"} }

// PlanChange is one visit of a plan against what is announced.
type PlanChange struct {
	Number, Path, Summary, Customer, Region string
	Priority                                int
	Change                                  string // a word of "plan_change"
	Engineer                                string
	From, To                                time.Time
	WasEngineer                             string // empty: nobody was booked
	WasFrom, WasTo                          time.Time
	WindowFrom, WindowTo                    time.Time // told to the customer; zero: nothing was told
	Kept                                    bool      // the window
	Parts                                   []string  // where each comes from
	Reasons                                 []PlanReason
	Next                                    []PlanChoice
	Refused                                 []PlanCount
}

// PlanReason is one reason in words.
type PlanReason struct{ Effect, Text string }

// PlanChoice is who else could do it.
type PlanChoice struct {
	Engineer string
	At       time.Time
	Minutes  int64 // of added effort
}

// PlanCount is how many engineers a rule refuses.
type PlanCount struct {
	Rule string
	N    int
}

// PlanLeft is an order without a place.
type PlanLeft struct {
	Number, Path, Summary string
	Priority              int
	Booked                bool
	Reasons               []string
}

// PlanView is GET /desk/plans/{id}: what a plan would change, to be accepted or not.
type PlanView struct {
	Chrome
	ID, Day, Cause, About, State string
	EndedReason                  string
	Done                         int // percent of a search that runs
	Changes                      []PlanChange
	Left                         []PlanLeft
	Notes                        []string
	Broken                       []string // what stands against publishing it now
	Moved, Fresh, Broke          int      // visits moved, new ones, windows not kept
	Working                      string   // hours and minutes of work and ways
	MayPublish                   bool
	Again                        string // id to plan again from
}

func (PlanView) place() place { return place{"plan", "desk"} }

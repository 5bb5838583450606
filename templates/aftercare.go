package templates

import (
	"slices"
	"time"
)

// FollowUpRow is one call that is due, or was.
type FollowUpRow struct {
	ID          string
	State       string
	Kind        string // a word of "follow_up"
	DueOn       string // civil dates
	From, To    string // the window
	OrderNumber string
	Customer    string
	Summary     string
	Assignee    string
	Attempts    int
	CallAgainAt time.Time
	Overdue     bool
}

// FollowUps is GET /follow-ups?due_on=&assignee=&state=&cursor=.
type FollowUps struct {
	Chrome
	DueOn     string
	State     string
	Assignee  string
	Assignees []Option
	Rows      []FollowUpRow
	More      string
	PapersPDF string // call sheets of the day by the stack
}

func (FollowUps) place() place { return place{"follow-ups", "desk"} }

// Attempt is one call that was made.
type Attempt struct {
	At               time.Time
	Caller           string
	Outcome          string // a word of "attempt"
	Service, Product int    // 0: not asked
	Comment          string
	Next             string
}

// CallSheet is GET /follow-ups/{id}: whom to call, what was done, what he says.
type CallSheet struct {
	Chrome
	ID        string
	State     string
	Kind      string
	DueOn     string
	From, To  string
	Order     Link
	Customer  Link
	Contacts  []Person
	BestTime  string
	Device    Device
	Summary   string
	Engineer  string
	DoneOn    time.Time
	Sheets    []Sheet
	Promises  []Link // open promises to this customer: parts, call-backs, complaints
	Script    []string
	Earlier   []Attempt
	Claimed   string   // who holds it right now
	Complaint Link     // made by a low score
	NextCall  string   // path of the next call of the list, opened after saving
	Allowed   []string // attempts claim waive
	PaperPath string
}

func (CallSheet) place() place { return place{"call-sheet", "desk"} }

// May reports whether this act is possible now.
func (c CallSheet) May(act string) bool { return slices.Contains(c.Allowed, act) }

// ComplaintRow is one complaint of a list.
type ComplaintRow struct {
	ID, Number  string
	State       string
	Grade       string
	Severity    int
	Level       int
	Customer    string
	OrderNumber string
	Text        string
	ReceivedAt  time.Time
	ReplyBy     time.Time // zero once replied
	Owner       string
}

// Complaints is GET /complaints?state=&cursor=, with the form for a new one.
type Complaints struct {
	Chrome
	State   string
	Rows    []ComplaintRow
	More    string
	MayFile bool
	ForWork string // order number to start the form with
}

func (Complaints) place() place { return place{"complaints", "desk"} }

// Complaint is GET /complaints/{id}.
type Complaint struct {
	Chrome
	ID, Number string
	State      string
	Grade      string
	Severity   int
	Level      int
	Category   string
	Text       string
	Channel    string
	ReceivedAt time.Time
	ReplyBy    time.Time
	RepliedAt  time.Time
	Owner      string
	About      string // engineer it is about, who may not own it
	Proposal   string
	Verified   string
	Customer   Link
	Contacts   []Person
	Order      Link
	FollowUp   Link
	Events     []Event
	Allowed    []string // reply verify propose accept refuse escalate close
}

func (Complaint) place() place { return place{"complaint", "desk"} }

// May reports whether this act is possible now.
func (c Complaint) May(act string) bool { return slices.Contains(c.Allowed, act) }

// CallbackRow is one call we owe somebody.
type CallbackRow struct {
	ID       string
	Reason   string
	State    string
	DueAt    time.Time
	About    Link
	Customer string
	Phone    string
	Note     string
	Assignee string
	Attempts int
	Open     bool // an attempt may be written down
}

// Callbacks is GET /callbacks?due_before=&assignee=&reason=&cursor=.
type Callbacks struct {
	Chrome
	Reason    string
	Assignee  string
	Assignees []Option
	Rows      []CallbackRow
	More      string
	MayAdd    bool
}

func (Callbacks) place() place { return place{"callbacks", "desk"} }

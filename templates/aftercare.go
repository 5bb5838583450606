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
	Register  string // PDF
	Mine      string // the reader's own calls
	Callers   []CallerRow
	MayLead   bool // hand calls over, spread them
}

// CallerRow is how a caller stands today.
type CallerRow struct {
	ID, Name            string
	Open, Overdue, Done int
	PerDay              int
	AwayUntil           string
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

	Number    string
	Questions []string // asked for a score, in this order
	Version   int      // of the script
	Mode      string
	Campaign  string
	Visit     Link   // the visit that stands for the call
	Made      []Link // what an earlier call led to
	WrongFile string // path of the customer's file, when the number was wrong
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

	Apology      string
	RootCause    string
	Special      bool
	Improvements []ImprovementRow
	MayImprove   bool
	Letter       string // path of the answer as a letter; empty before there is one

	OverBy        time.Time // by when the matter should be over
	Evidence      []EvidenceRow
	EvidenceAsked bool // it cannot end before something is on file
	Minutes       []Link
}

// EvidenceRow is one thing a complaint is judged by.
type EvidenceRow struct {
	Path, Text string // Path "" is a record without a page of its own
	Note       string
	Image      bool
	At         time.Time
	Actor      string
}

// MinutesRow is one paper of the list.
type MinutesRow struct {
	ID, Number    string
	HeldAt        time.Time
	Present, Text string
	About         []Link
	Open          int // tasks that are not finished
}

// MinutesList is GET /minutes?customer=&request=&complaint=&cursor=, with the form for new ones.
type MinutesList struct {
	Chrome
	Customer, Request, Complaint string // ids that new ones are about
	Rows                         []MinutesRow
	More                         string
	MayWrite                     bool
	Colleagues                   []Option
}

func (MinutesList) place() place { return place{"minutes-list", "desk"} }

// Minutes is GET /minutes/{id}.
type Minutes struct {
	Chrome
	Number    string
	HeldAt    time.Time
	Spot      string // where it was
	Present   string
	Lines     []string
	About     []Link
	Tasks     []ImprovementRow
	WrittenBy string
	PDF       string
}

func (Minutes) place() place { return place{"minutes", "desk"} }

// ImprovementRow is one thing that has to become better.
type ImprovementRow struct {
	ID, Number string
	Kind       string // a word of "improvement"
	State      string
	Text       string
	Department string
	Owner      string
	DueOn      string
	Overdue    bool
	About      Link
	Result     string
	CheckNote  string
	Rounds     int
	Allowed    []string // do verify decline
	Device     string   // of a question: what it is about
	Codes      []string // of a question: what its sheets say, the latest first
	Repairs    int      // of a question: how often the device was repaired
}

// May reports whether this act is possible now.
func (r ImprovementRow) May(act string) bool { return slices.Contains(r.Allowed, act) }

// Improvements is GET /improvements?state=&kind=, with the form for a new one.
type Improvements struct {
	Chrome
	State, Kind string
	Rows        []ImprovementRow
	MayAdd      bool
}

func (Improvements) place() place { return place{"improvements", "desk"} }

// SettingsFollowUps is GET /settings/follow-ups?kind=.
type SettingsFollowUps struct {
	Chrome
	Kinds          []KindRow
	Kind           string // whose script is shown
	SaidZh, SaidEn string
	Version        int
	Questions      []string
	Campaigns      []CampaignRow
	Callers        []CallerRow
	MayWindow      bool
	MayLead        bool
}

func (SettingsFollowUps) place() place { return place{"settings-follow-ups", "desk"} }

// Asks reports whether a question is scored.
func (s SettingsFollowUps) Asks(q string) bool { return slices.Contains(s.Questions, q) }

// KindRow is one kind of call with its days.
type KindRow struct {
	Code, Name string
	From, To   int
}

// CampaignRow is one campaign and how far it is.
type CampaignRow struct {
	Name, Mode     string
	Calls, Reached int
	Score          string
	NextOn         string
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

package templates

import (
	"slices"
	"time"

	"paigong/internal/money"
)

// Link leads to another record.
type Link struct {
	Path, Text string
	Kind       string // machine of Badge; empty when there is none
	State      string
}

// Event is one entry of a timeline, its text already in the reader's language.
type Event struct {
	At         time.Time
	Actor      string
	OnBehalfOf string
	Text       string
	Detail     string // words of people: a reason, a note
	Tone       string // "", or a tone: scheduled, travelling, onsite, done, late
}

// Person is somebody to talk to.
type Person struct {
	ID    string // empty for the customer himself
	Name  string
	Phone string // as this reader may see it
	Role  string // a word of "contact"; empty for the customer himself

	Hours     string // when to call, in words
	Lang      string // in which he is written to; empty: as the customer
	Email     string
	DoNotCall bool
	Reported  bool // this job
	AtDoor    bool // opens the door for this job
}

// Place is where the work is.
type Place struct {
	ID          string
	Address     string
	Region      string
	AccessNotes string
	OpenHours   string
	RegionCode  string
	Lat, Lng    float64 // both 0: unknown
}

// Device is what is broken, or is to be installed.
type Device struct {
	ID            string
	Name          string // brand, category and model in one line
	Serial        string
	Plate         string
	PurchasedOn   string // civil dates
	InstalledOn   string
	WarrantyUntil string
	Coverage      string   // a word of "coverage"
	CoverageWhy   string   // why, in words
	Hints         []string // what no warranty card says: a repair that may have come back, an exchange that is due
}

// File is a photo or a scan.
type File struct {
	Path, Name string
	Image      bool
}

// Line is one line of a quote or a receipt.
type Line struct {
	Kind        string // a word of "line"
	Description string
	SKU         string
	Quantity    int64
	Unit        money.Fen
	Amount      money.Fen
	Covered     bool // by warranty or contract: costs nothing
}

// Quote is an offer to the customer.
type Quote struct {
	ID         string
	Number     string
	Purpose    string // a word of "purpose"
	State      string
	Lines      []Line
	Total      money.Fen
	Limit      money.Fen // "up to"; 0: none
	Deduct     bool      // the inspection fee is dropped once the repair is approved
	ValidUntil time.Time
	SentAt     time.Time
	Link       string // the customer's page, when it was sent
	DecidedAt  time.Time
	DecidedBy  string // name as signed or told
	How        string // a word of "how"
	Reason     string // of a declined quote
	Terms      string // what else was said: old parts, guarantee
	Allowed    []string
}

// May reports whether this act is possible now: send, approve, decline.
func (q Quote) May(act string) bool { return slices.Contains(q.Allowed, act) }

// PartLine is one part an order needs, has or has used.
type PartLine struct {
	SKU, Name string
	Unit      string
	Quantity  int64
	Used      int64
	State     string // of "part"
	Place     string // where it lies or is reserved
	Serial    string
	Expected  string // civil date, when it is missing
}

// Sheet is a repair sheet as it was submitted.
type Sheet struct {
	ID          string
	Version     int
	SubmittedAt time.Time
	Engineer    string
	Outcome     string
	Fault       string // code and words
	Cause       string
	Action      string
	Notes       string
	Work        int // minutes
	Travel      int
	ArrivedAt   time.Time
	FinishedAt  time.Time
	Parts       []PartLine
	Needed      []PartLine
	Signer      string
	Unsigned    string // why there is no signature
	Photos      []File
	Marks       []string // inferred, late, unreconciled, over_approved … in words
	EnteredBy   string
	Incident    string // damage by us and what was agreed about it
	Acceptance  string // of an installation, with its defects
	Installed   []string
	Allowed     []string // verify: a second person found it like the paper; correct
}

// May reports whether this act is possible now.
func (s Sheet) May(act string) bool { return slices.Contains(s.Allowed, act) }

// OldPart is a swapped part that must come back.
type OldPart struct {
	ID, SKU, Name string
	Serial        string
	DueOn         string
	State         string
	Allowed       []string // receive keep write_off scrap send
}

// May reports whether this act is possible now.
func (p OldPart) May(act string) bool { return slices.Contains(p.Allowed, act) }

// Paper is a document that can be printed in either language.
type Paper struct {
	Kind, Path string
	Again      string // path of a further print, marked as one; empty: it was never issued
}

// SeenPart is how an engineer gets one part of an order.
type SeenPart struct {
	SKU    string
	Needed int64
	InVan  int64
	From   string // place he would fetch the rest from; empty: nowhere
}

// Reason is one rule's word about an engineer; Effect is "good", "neutral",
// "bad" or "refuse".
type Reason struct{ Rule, Effect, Text string }

// Candidate is one engineer who might go.
type Candidate struct {
	EngineerID string
	Name       string
	Staff      string
	Eligible   bool
	Score      int // 0…100
	StartsAt   time.Time
	EndsAt     time.Time
	Travel     int // minutes
	Parts      []SeenPart
	Reasons    []Reason
}

// Visit is one trip to the customer.
type Visit struct {
	ID          string
	State       string
	Engineer    string
	Staff       string
	Helpers     []string
	StartsAt    time.Time
	EndsAt      time.Time
	WindowFrom  time.Time // announced to the customer
	WindowTo    time.Time
	ConfirmedAt time.Time
	AcceptBy    time.Time
	DepartedAt  time.Time
	ArrivedAt   time.Time
	FinishedAt  time.Time
	Outcome     string
	Override    string // why a rule was overridden
	Late        bool   // can no longer be kept
	Moves       int    // how often it was rescheduled
	Allowed     []string
}

// May reports whether this act is possible now.
func (v Visit) May(act string) bool { return slices.Contains(v.Allowed, act) }

// Pickup is parts waiting at a counter for an engineer.
type Pickup struct {
	ID          string
	State       string
	Place       string
	Engineer    string
	OrderNumber string
	NeededBy    time.Time
	Lines       []PartLine
	Allowed     []string // ready, hand-over, receive, cancel
}

// May reports whether this act is possible now.
func (p Pickup) May(act string) bool { return slices.Contains(p.Allowed, act) }

// Custody is a device that is with us.
type Custody struct {
	ID, Number  string
	State       string
	Device      string
	Serial      string
	Accessories string
	Condition   string
	Faults      string // found when it was taken
	DataConsent bool
	Value       money.Fen // as the customer says; 0 = nothing said
	Holder      string    // in words
	TakenAt     time.Time
	ReturnOn    string // civil date promised
	ReturnedAt  time.Time
	Days        int // whole days with us
	Photos      []File

	Loaner       string // a device of ours that the customer has meanwhile
	LoanerDue    string // civil date
	LoanerBackAt time.Time

	Hands   []Hand   // oldest first
	Allowed []string // receive, move, return, scrap, loaner-back and the acts of the bench
}

// Hand is one change of hands of a device.
type Hand struct {
	At        time.Time
	From, To  string // in words
	By, Note  string
	NoVoucher bool // given back without the paper the customer got
}

// BenchActs are what a workshop does with a device, in its usual order, each with one tap.
func (Custody) BenchActs() []string {
	return []string{"diagnose", "quote", "approve", "refuse", "repair", "test", "ready"}
}

// May reports whether this act is possible now.
func (c Custody) May(act string) bool { return slices.Contains(c.Allowed, act) }

// ReceiptRow is what is owed and was paid, in one line.
type ReceiptRow struct {
	Number      string
	State       string
	IssuedAt    time.Time
	OrderNumber string
	Customer    string
	Total, Paid money.Fen
	Engineer    string
	AgeDays     int
}

// Balance is what is still owed.
func (r ReceiptRow) Balance() money.Fen { return r.Total - r.Paid }

// Priced is anything with lines and a total, and the words to draw it with.
type Priced struct {
	Chrome
	Lines []Line
	Total money.Fen
}

// Priced hands lines and their total to the template "lines".
func (c Chrome) Priced(lines []Line, total money.Fen) Priced {
	return Priced{c, lines, total}
}

// LineKind proposes the kinds of a quote's empty lines: labour, a part, the way.
func (c Chrome) LineKind(i int) string {
	return [...]string{"labour", "part", "travel", "part", "other"}[i%5]
}

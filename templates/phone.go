package templates

import (
	"slices"
	"time"
)

// Stop is one visit on an engineer's day.
type Stop struct {
	VisitID     string
	OrderNumber string
	State       string // of the visit
	StartsAt    time.Time
	EndsAt      time.Time
	WindowFrom  time.Time
	WindowTo    time.Time
	Kind        string
	Priority    int
	Summary     string
	Customer    string
	Phone       string
	Address     string
	AccessNotes string
	MapPath     string // where "navigate" leads; empty: no coordinates, no button
	Parts       []PartLine
	Chases      int
	Late        bool
	Allowed     []string // accept decline depart arrive start pause resume sheet quotes
}

// May reports whether this act is possible now.
func (s Stop) May(act string) bool { return slices.Contains(s.Allowed, act) }

// usual is the act that a visit's state waits for.
var usual = map[string]string{
	"dispatched": "accept",
	"accepted":   "depart",
	"en_route":   "arrive",
	"on_site":    "sheet",
	"paused":     "resume",
	"finished":   "sheet",
}

// Next is the one act a thumb should find, or "" when nothing is left to do.
func (s Stop) Next() string {
	if act := usual[s.State]; s.May(act) {
		return act
	}
	for _, act := range []string{"accept", "depart", "arrive", "start", "resume", "sheet"} {
		if s.May(act) {
			return act
		}
	}
	return ""
}

// Day is GET /m?day=YYYY-MM-DD.
type Day struct {
	Chrome
	Day       string // civil date shown
	Previous  string // path of the day before
	Following string
	Stops     []Stop // by time; the first unfinished one is shown large
	Pickups   []Pickup
	Pending   int // sheets that wait on this phone, as the server last knew
	Staff     string
	Phones    []Person // dispatch desk, stock counter
}

func (Day) place() place { return place{"day", "phone"} }

// First is the next stop to act on; nil when the day is done.
func (d Day) First() *Stop {
	for i := range d.Stops {
		if d.Stops[i].Next() != "" {
			return &d.Stops[i]
		}
	}
	return nil
}

// Job is GET /m/orders/{number}: all an engineer must know at the door.
type Job struct {
	Chrome
	Stop
	Description string
	Told        string
	Contacts    []Person
	Region      string
	Device      Device
	Earlier     []Event // what was done to this device before
	Files       []File
	FeeAgreed   string // approved quotes in words: "检测费 ¥80.00"
	Quotes      []Quote
	Marks       []string
	Pickups     []Pickup
	Checks      []CheckItem // what has to be looked at before it is done
	Sheets      []Sheet
	Papers      []Paper
	PartChoices []Option // sku → name, for quote lines; quotes in Allowed offers the form
}

// QuotePath is where the form for a new quote is sent.
func (j Job) QuotePath() string { return "/m/orders/" + j.OrderNumber + "/quotes" }

func (Job) place() place { return place{"job", "phone"} }

// VanPart is a part in the engineer's van, offered on the sheet.
type VanPart struct {
	SKU, Name  string
	Unit       string
	OnHand     int64
	Reserved   int64  // of them for this order
	Place      string // code of the place; empty: his own van
	Serialised bool
}

// CheckItem is one item of the order's check list.
type CheckItem struct{ Code, Text string }

// SheetForm is GET /m/orders/{number}/sheet. Repeated fields belong together
// by position: the first part_sku to the first part_quantity.
type SheetForm struct {
	Chrome
	Number         string
	Summary        string
	Customer       string
	Device         Device
	VisitID        string
	Visits         []Option // when a clerk must say which visit the paper is of
	IdempotencyKey string   // made when the form is first drawn, kept when it is refused
	Outcomes       []string // offered words of "outcome"; empty: all
	Outcome        string   // chosen to start with
	FaultCodes     []Option
	CauseCodes     []Option
	ActionCodes    []Option
	Parts          []VanPart
	PartChoices    []Option // for parts needed
	Checks         []CheckItem
	Install        bool // what was installed, and how it was accepted
	WorkMinutes    int
	TravelMinutes  int
	ArrivedAt      time.Time
	FinishedAt     time.Time
	Clerk          bool // entered from paper by somebody at the desk
}

func (SheetForm) place() place { return place{"sheet", "phone"} }

// Offered are the outcomes to choose from.
func (s SheetForm) Offered() []string {
	if len(s.Outcomes) > 0 {
		return s.Outcomes
	}
	return words["outcome"]
}

// Van is GET /m/van: what lies in the engineer's own van.
type Van struct {
	Chrome
	Place   string
	Rows    []StockRow
	Pickups []Pickup
}

func (Van) place() place { return place{"van", "phone"} }

// JobActs are the acts of a job that need no more than a tap.
func (Job) JobActs() []string {
	return []string{"accept", "depart", "arrive", "start", "pause", "resume"}
}

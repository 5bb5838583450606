package templates

import (
	"html/template"
	"slices"
	"strconv"
	"time"

	"paigong/internal/money"
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
	OpenHours   string   // when somebody is there
	Lat, Lng    float64  // degrees; used when MapPath is set
	MapPath     string   // where "navigate" leads; empty: no coordinates, no button
	Warnings    []string // what to know before ringing: important customer, complaint open
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

// StopsOn are the visits of one day.
type StopsOn struct {
	Day   string // civil date
	Stops []Stop // by time
}

// Day is GET /m, /m?day=YYYY-MM-DD and /m?span=week.
type Day struct {
	Chrome
	Day       string // civil date shown; of a week its first
	Previous  string // path of the day before
	Following string
	Tomorrow  string // civil date
	View      string // today, tomorrow, day or week
	Shown     []StopsOn
	Pickups   []Pickup
	Staff     string
	Phones    []Person // dispatch desk, stock counter
	Keep      []string // pages that will be wanted without a network
}

func (Day) place() place { return place{"day", "phone"} }

// OpenStop is a visit that is not over, as a card with its next step.
type OpenStop struct {
	Stop
	First bool // the one to act on now; the others take its place as it is done
}

// Open are the visits of the day that still want something done, in their order.
func (d Day) Open() []OpenStop {
	var open []OpenStop
	for _, on := range d.Shown {
		for _, s := range on.Stops {
			if s.Next() != "" {
				open = append(open, OpenStop{s, len(open) == 0})
			}
		}
	}
	return open
}

// VisitStates are the states of a visit that a phone may have to show before the server knows.
func (Day) VisitStates() []string { return phoneStates }

var phoneStates = []string{"dispatched", "accepted", "declined", "en_route", "on_site", "paused", "finished"}

// VisitStates are the states that a step tapped on this page may lead to.
func (Job) VisitStates() []string { return phoneStates }

// VisitStep is a large button and the states of a visit under which it is the one.
type VisitStep struct {
	Act, Key string // Key is the text
	From     string // states, separated by blanks
	Slot     string // while a row of this name waits on the phone, a second one is the same
}

// steps of a visit that need no more than a tap.
var visitSteps = []VisitStep{
	{Act: "accept", From: "dispatched"},
	{Act: "depart", From: "accepted"},
	{Act: "arrive", From: "en_route"},
	{Act: "resume", From: "paused"},
}

// StepView is a stop with what its buttons are drawn with.
type StepView struct {
	Chrome
	Stop
	Back string // where a step leads
}

// StepsOf makes the buttons of a stop.
func (c Chrome) StepsOf(s Stop, back string) StepView { return StepView{c, s, back} }

// Steps are the large buttons of the visit, of which one shows at a time.
func (v StepView) Steps() []VisitStep {
	var list []VisitStep
	if v.Next() == "" {
		return nil // nothing is left to do
	}
	for _, s := range visitSteps {
		s.Key = "ui.act." + s.Act
		if s.Act != "resume" {
			s.Slot = v.VisitID + "." + s.Act
		}
		list = append(list, s)
	}
	return list
}

// Geo is the place for the phone's own map program, which needs no network to be opened.
func (s Stop) Geo() template.URL {
	at := strconv.FormatFloat(s.Lat, 'f', 6, 64) + "," + strconv.FormatFloat(s.Lng, 'f', 6, 64)
	return template.URL("geo:" + at + "?q=" + at)
}

// Maps are the map programs to choose from besides the phone's own.
func (Stop) Maps() []string { return Maps }

// Maps are the words of /m/orders/{number}/map?with=….
var Maps = []string{"amap", "baidu", "apple", "google"}

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
	Similar     []Finding
	FirstAid    []string // what to try for the fault that was reported
	About       string   // what is noted about the customer
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

// Finding is what a fault on such devices turned out to be, and how often.
type Finding struct {
	Fault, Cause, Action             string // codes
	FaultText, CauseText, ActionText string
	Times                            int
	Parts                            []string // names of parts fitted, the most frequent first
}

// VanPart is a part in the engineer's van, offered on the sheet.
type VanPart struct {
	SKU, Name  string
	Unit       string
	OnHand     int64
	Reserved   int64  // of them for this order
	Place      string // code of the place; empty: his own van
	Serialised bool
	Agreed     int64     // pieces in approved quotes, not used yet
	Price      money.Fen // of one; 0: covered or unknown
	Serials    []string  // of the pieces that lie there
}

// CheckItem is one item of the order's check list.
type CheckItem struct {
	Code, Text string
	Mandatory  bool // a job is not done without it
}

// SheetForm is GET /m/orders/{number}/sheet. Repeated fields belong together
// by position: the first part_sku to the first part_quantity.
type SheetForm struct {
	Chrome
	Number         string
	Kind           string // of the order
	Summary        string
	Customer       string
	Device         Device
	ReturnOn       string // civil date proposed for a device taken along
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
	Presets        []Finding // what it was last time on such devices: three codes by one tap
	Needs          string    // JSON: outcome → fields it cannot do without
	Quoted         money.Fen // agreed so far for this order, and up to what
	Limit          money.Fen
	Chargeable     bool
	ToPay          money.Fen // still to be paid as far as is known now
	Methods        []string  // of payment
	Custody        bool      // the device was taken in already
	Install        bool      // what was installed, and how it was accepted
	WorkMinutes    int
	TravelMinutes  int
	ArrivedAt      time.Time
	FinishedAt     time.Time
	Clerk          bool // entered from paper by somebody at the desk
}

// CodeField is one list of codes of a sheet.
type CodeField struct {
	Chrome
	Name, Label, Search string
	List                []Option
}

// Codes are the three lists of codes.
func (s SheetForm) Codes() []CodeField {
	return []CodeField{
		{s.Chrome, "fault_code", s.T("ui.fault_code"), s.T("ui.sheet.search_code"), s.FaultCodes},
		{s.Chrome, "cause_code", s.T("ui.cause_code"), s.T("ui.sheet.search_code"), s.CauseCodes},
		{s.Chrome, "action_code", s.T("ui.action_code"), s.T("ui.sheet.search_code"), s.ActionCodes},
	}
}

// OtherParts counts what lies in the van and is promised to nobody on this job.
func (s SheetForm) OtherParts() int {
	n := 0
	for _, p := range s.Parts {
		if p.Reserved == 0 {
			n++
		}
	}
	return n
}

// PhotoKinds are what pictures are taken of.
func (SheetForm) PhotoKinds() []string { return PhotoKinds }

// PhotoKinds are the words of the fields photos_….
var PhotoKinds = []string{"before", "after", "nameplate", "old_part", "door"}

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
	Place       string
	Rows        []StockRow
	Pickups     []Pickup
	PartChoices []Option // to ask for
	Stores      []Option // where returns go
	Wishes      []Wish
}

// Wish is what an engineer asked the counter for.
type Wish struct {
	ID            string
	Engineer, Van string
	From          string // code of the counter where it lies ready
	State         string // of "wish"
	Lines         []PartLine
	Text          string
	Urgent        bool
	AskedAt       time.Time
	Why           string
}

func (Van) place() place { return place{"van", "phone"} }

// JobActs are the acts of a job that need no more than a tap.
func (Job) JobActs() []string {
	return []string{"accept", "depart", "arrive", "start", "pause", "resume"}
}

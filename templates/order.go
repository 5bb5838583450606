package templates

import (
	"slices"
	"time"
)

// OrderFilter is what a list of orders was asked for.
type OrderFilter struct{ State, Region, Engineer, Q string }

// OrderRow is one order of a list.
type OrderRow struct {
	Number   string
	Kind     string
	Priority int
	State    string
	Hold     string // word of "hold" while on hold
	Customer string
	Region   string
	Summary  string
	Device   string
	Engineer string
	VisitAt  time.Time
	DueAt    time.Time // the next clock that runs
	Chases   int
}

// Orders is GET /orders?state=&region=&engineer=&q=&cursor=.
type Orders struct {
	Chrome
	Filter    OrderFilter
	Regions   []Option
	Engineers []Option
	Rows      []OrderRow
	More      string   // path of the next page; empty at the end
	Marks     []Option // late, displaced, declined: whether the list is narrowed to them
	Export    string   // path of the whole list as a table
}

func (Orders) place() place { return place{"orders", "desk"} }

// Clocks are the three promises of an order; a zero time is none.
type Clocks struct {
	ContactBy, ArriveBy, FixBy  time.Time
	ContactAt, ArrivedAt, Fixed time.Time // when each was met
	Paused                      bool
}

// Order is GET /orders/{number}.
type Order struct {
	Chrome
	Number      string
	State       string
	Hold        string // word of "hold"
	HoldReason  string
	HoldUntil   time.Time
	Kind        string
	Mode        string
	Priority    int
	Summary     string
	Description string
	Told        string // what was promised or said about money when it was taken in
	CreatedAt   time.Time
	Minutes     int // planned length of the work
	WindowFrom  time.Time
	WindowTo    time.Time
	Skills      []string
	Chases      int
	Marks       []string // displaced, repeat repair, part arrived … in words
	Clocks      Clocks

	Customer   Link
	ShareLink  string // the customer's page, right after it was shared
	Contacts   []Person
	Site       Place
	Device     Device
	Request    Link
	Partner    string // organisation that serves it, when it is not ours
	HandOverTo string // organisation that was asked and has not answered
	Follow     []Link // follow-ups
	Complaints []Link
	Earlier    []Link // earlier orders of this device

	Visits     []Visit
	Candidates []Candidate // only while it can be assigned
	Parts      []PartLine
	Pickups    []Pickup
	Quotes     []Quote
	Sheets     []Sheet
	OldParts   []OldPart
	Custody    []Custody
	AtCounter  bool // the customer stands there with the device, which nobody has taken in yet
	Receipt    *ReceiptRow
	Events     []Event
	Files      []File
	Papers     []Paper
	Callbacks  []Link

	Engineers     []Option // for assigning by hand
	PartChoices   []Option // sku → name, for quote lines
	Organisations []Option // for handing over
	// Allowed holds the acts possible now and permitted to this person:
	// approve assign unassign hold resume cancel close reopen convert confirm-end
	// coverage quotes receipt payments conversations sheet hand-over
	// hand-over-answer custody callbacks share
	// amend revoke original hand-over-withdraw.
	Allowed []string

	Wanted, Unwanted string   // engineers: the same first, not this one
	Payer            Link     // another customer who pays
	Trips            []Option // open visits at the same site, to share a journey with
	Codes            [3][]Option
	Original         string // who keeps the signed paper
	OriginalAt       time.Time
}

func (Order) place() place { return place{"order", "desk"} }

// May reports whether this act is possible now.
func (o Order) May(act string) bool { return slices.Contains(o.Allowed, act) }

// Eligible are the candidates who may be sent, best first.
func (o Order) Eligible() []Candidate { return o.candidates(true) }

// Ineligible are the engineers a rule keeps from this order.
func (o Order) Ineligible() []Candidate { return o.candidates(false) }

func (o Order) candidates(eligible bool) []Candidate {
	var list []Candidate
	for _, c := range o.Candidates {
		if c.Eligible == eligible {
			list = append(list, c)
		}
	}
	return list
}

// VisitActs are the acts of a visit that need no more than a tap.
func (Order) VisitActs() []string {
	return []string{"accept", "depart", "arrive", "start", "pause", "resume"}
}

// OldPartActs are the acts of a swapped part, in their usual order.
func (Order) OldPartActs() []string {
	return []string{"receive", "keep", "write_off", "scrap", "send"}
}

// QuotePath is where the form for a new quote is sent.
func (o Order) QuotePath() string { return "/orders/" + o.Number + "/quotes" }

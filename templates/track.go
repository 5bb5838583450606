package templates

import (
	"slices"
	"time"
)

// Track is GET /c/{token}: what a customer sees of his order. It carries no
// full telephone number and no full address.
type Track struct {
	Chrome
	Token      string
	Number     string
	Summary    string
	Device     string
	Steps      []Step // received, agreed, scheduled, in_service, finished
	State      string // of the order, for what the five steps do not say
	Hold       string
	WindowFrom time.Time
	WindowTo   time.Time
	Confirmed  bool
	Engineer   string // the way customers hear it: "王师傅 A012"
	Hotline    string
	Company    string
	Quote      *Quote // the one to decide, or decided last
	QuoteGone  bool   // it expired
	Receipt    *ReceiptRow
	Papers     []Paper
	Warranty   string // civil date until which the repair is guaranteed
	Decided    string // "approve" or "decline" right after the form

	Request    Reporting    // while there is no order yet
	Done       SeenSheet    // what was done
	Devices    []SeenDevice // with us, or brought back
	Rating     SeenRating   // what the customer said
	DayChoices []Option     // that he may wish for
	Printed    bool         // GET /c/{token}/receipt: the receipt alone, to print
	Lines      []Line       // of the receipt
	Courtesies bool         // he may ask to be left alone
	LeftAlone  bool         // and has
	Allowed    []string     // confirm reschedule cancel chase sign rate withdraw verify
}

// May reports whether this act is possible now.
func (t Track) May(act string) bool { return slices.Contains(t.Allowed, act) }

// Reporting is a request as its reporter sees it.
type Reporting struct {
	State     string // empty when there is an order
	ReplyBy   time.Time
	RepliedAt time.Time
	Answer    string
}

// SeenSheet is what was done, for the customer.
type SeenSheet struct {
	Number     string // empty: nothing yet
	Outcome    string
	FinishedAt time.Time
	Parts      []string
	SignedBy   string
}

// SeenDevice is a device in our hands, for its owner.
type SeenDevice struct {
	Number      string
	Device      string
	Accessories string
	Condition   string
	TakenAt     time.Time
	ReturnOn    string
	ReturnedAt  time.Time
}

// SeenRating is what the customer said.
type SeenRating struct {
	Given            bool
	Service, Product int
	Comment          string
}

// DevicePage is GET /d/{code}: what the label on a device opens for anybody who stands before it.
type DevicePage struct {
	Chrome
	Code          string
	Company       string
	Device        string
	Serial        string // its last characters
	InstalledOn   string
	WarrantyUntil string
	Hotline       string
	Open          string // number of the order under way
	History       []DeviceEvent
	Record        string // path of the device's file, for people of the house
}

func (DevicePage) place() place { return place{"device-page", "plain"} }

// DeviceEvent is one thing done to a device.
type DeviceEvent struct{ On, Kind, State, Number string }

func (Track) place() place { return place{"track", "plain"} }

// Undecided reports whether the quote waits for the customer's word.
func (t Track) Undecided() bool { return t.Quote != nil && t.Quote.State == "sent" && !t.QuoteGone }

// Gone is a customer's link that leads nowhere: 404 when it never existed,
// 410 when it has ended.
type Gone struct {
	Chrome
	Ended   bool
	Hotline string
}

func (Gone) place() place { return place{"gone", "plain"} }

// Step is one of the five steps of an order as a customer counts them.
type Step struct {
	Key string // received, agreed, scheduled, in_service, finished
	At  time.Time
	Now bool
}

// steps are the keys that have a word.
var steps = []string{"received", "agreed", "scheduled", "in_service", "finished"}

// Current is the step that is now, counted from 0; the number of steps once
// the last one is reached, so that all are past.
func (t Track) Current() int {
	for i, s := range t.Steps {
		if s.Now && i < len(t.Steps)-1 {
			return i
		}
	}
	return len(t.Steps)
}

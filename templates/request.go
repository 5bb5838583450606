package templates

import (
	"slices"
	"strconv"
	"time"
)

// RequestFilter is what a list of requests was asked for.
type RequestFilter struct {
	State, Q, Group, Channel string
	Mine                     bool
}

// RequestRow is one request of a list.
type RequestRow struct {
	Number     string
	State      string
	Kind       string
	Channel    string
	Customer   string
	Summary    string
	ReceivedAt time.Time
	ReplyBy    time.Time // zero once replied
	Coverage   string
	Duplicates int
	Owner      string // "→" before whom it was offered to
	From       string // of a letter: who wrote
}

// Requests is GET /requests?state=&q=&group=&channel=&mine=&cursor=.
type Requests struct {
	Chrome
	Filter RequestFilter
	Rows   []RequestRow
	More   string
	Intake bool
	Groups []Option
	Export string // path of the same list as a table
}

func (Requests) place() place { return place{"requests", "desk"} }

// Request is GET /requests/{number}.
type Request struct {
	Chrome
	ID          string
	Number      string
	State       string
	Kind        string
	Channel     string
	Summary     string
	Description string
	Told        string
	ReceivedAt  time.Time
	TakenBy     string
	ReplyBy     time.Time
	RepliedAt   time.Time
	Solution    string
	Customer    Link
	Contacts    []Person
	Site        Place
	Device      Device
	Duplicates  []Link // hints: perhaps the same fault
	Orders      []Link
	Events      []Event
	Files       []File

	Skills      []Option
	PartChoices []Option
	Parts       []PartLine // usually needed
	FaultCodes  []Option
	Regions     []Option // for the place of a customer who is named later
	Minutes     int      // proposed length of the work
	Priority    int      // proposed
	// Allowed: triage reply answer work-order conversations customer.
	Allowed []string
	Care    Care
}

func (Request) place() place { return place{"request", "desk"} }

// May reports whether this act is possible now.
func (r Request) May(act string) bool { return slices.Contains(r.Allowed, act) }

// Care is who answers for a request, which way it goes, and what was learnt from it.
type Care struct {
	Owner, Offered       string
	Group                string
	Groups               []Option
	Mine                 bool // it was offered to the reader
	MayOffer             bool
	Colleagues           []Option
	Flow, FlowNote       string
	MayFlow              bool
	Feedback, FeedbackTo string
	MayFeed              bool
}

// UsualSKU is the article number of the i-th part such a job usually needs, or "".
func (r Request) UsualSKU(i int) string {
	if i < len(r.Parts) {
		return r.Parts[i].SKU
	}
	return ""
}

// UsualQuantity is how many of it are needed, 1 where none is proposed.
func (r Request) UsualQuantity(i int) string {
	if i < len(r.Parts) {
		return strconv.FormatInt(r.Parts[i].Quantity, 10)
	}
	return "1"
}

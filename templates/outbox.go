package templates

import (
	"time"

	"paigong/internal/money"
)

// Outbox is GET /m/outbox: what waits on this phone. Only the phone knows, so its script fills the page.
type Outbox struct{ Chrome }

func (Outbox) place() place { return place{"outbox", "phone"} }

// Offline is GET /m/offline, shown for a page that the phone does not hold.
type Offline struct{ Chrome }

func (Offline) place() place { return place{"offline", "phone"} }

// Me is GET /m/me: the engineer's account, his phone and his leave.
type Me struct {
	Chrome
	Engineer string // name
	Staff    string
	Calendar string // path of the calendar feed; empty: none
	Absences []OwnAbsence
	May      bool // he may ask for leave
	Cash     []CashOfDay
	PushKey  string // with which the browser subscribes to notices; empty: none are sent
}

// CashOfDay is what he took in cash on a civil day and still holds.
type CashOfDay struct {
	Day    string
	Amount money.Fen
}

// OwnAbsence is one leave of the engineer himself.
type OwnAbsence struct {
	Kind     string // a word of "absence"
	State    string
	From, To string // in words
	Reason   string
}

func (Me) place() place { return place{"me", "phone"} }

// ParkedRow is what an engineer told too late to be taken as it is.
type ParkedRow struct {
	ID       string
	Order    string // number
	Summary  string
	Engineer string
	Kind     string // sheet or step
	Act      string // of a step
	Outcome  string // of a sheet
	Codes    string // in words
	Notes    string
	Parts    []PartLine
	Photos   int
	Signed   bool
	ToldAt   time.Time
	ParkedAt time.Time
	Why      string
}

// Parked is GET /desk/parked.
type Parked struct {
	Chrome
	Rows []ParkedRow
}

func (Parked) place() place { return place{"parked", "desk"} }

package templates

import (
	"slices"
	"time"

	"paigong/internal/money"
)

// Receipts is GET /receipts?from=&to=&state=&engineer=&cursor=.
type Receipts struct {
	Chrome
	From, To  string // civil dates
	State     string
	Engineer  string
	Engineers []Option
	Rows      []ReceiptRow
	More      string
	Total     money.Fen // over all pages
	Paid      money.Fen
	CSV       string
	Cash      bool // has the tab of cash-ups
}

func (Receipts) place() place { return place{"receipts", "desk"} }

// Owed is what is still to be paid over all pages.
func (r Receipts) Owed() money.Fen { return r.Total - r.Paid }

// Payment is money that came in, or went back when negative.
type Payment struct {
	At        time.Time
	Amount    money.Fen
	Method    string
	Reference string
	By        string
	Reason    string
}

// Receipt is GET /receipts/{number}.
type Receipt struct {
	Chrome
	ReceiptRow
	Lines      []Line
	InCapitals string // the total as Chinese law writes it
	Payer      string
	CustomerAt Link
	Payments   []Payment
	Invoice    string // state of an invoice that was asked for, in words
	VoidReason string
	PDF        string
	Allowed    []string // payments void waive invoice-request
}

func (Receipt) place() place { return place{"receipt", "desk"} }

// May reports whether this act is possible now.
func (r Receipt) May(act string) bool { return slices.Contains(r.Allowed, act) }

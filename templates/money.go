package templates

import (
	"slices"
	"time"

	"paigong/internal/money"
)

// ReceiptTabs are the pages of the money section; who may not see what engineers hold has no such tab.
func (c Chrome) ReceiptTabs(cash bool) []MenuItem {
	items := c.tabs("ui.receipts.", "/receipts", "list", "invoices", "cash-ups")
	if !cash {
		items = items[:len(items)-1]
	}
	return items
}

// Taken is a payment in cash.
type Taken struct {
	Receipt string // number
	At      time.Time
	Amount  money.Fen
}

// CashUpRow is the cash of an engineer and day: what he holds of it, or a count of it.
type CashUpRow struct {
	ID         string // of a count; empty while he holds the money
	EngineerID string
	Engineer   string
	Day        string // civil date
	Round      int
	Expected   money.Fen
	Counted    money.Fen
	Note       string
	By         string
	At         time.Time
	State      string // of "cash_up"
	VoidReason string
	Payments   []Taken
	Own        bool // the reader's own: somebody else counts it
}

// Difference is what was counted above, or below, what the payments say.
func (r CashUpRow) Difference() money.Fen { return r.Counted - r.Expected }

// CashUps is GET /receipts/cash-ups?from=&to=&engineer=&state=&cursor=.
type CashUps struct {
	Chrome
	From, To  string // civil dates, of what was counted
	State     string
	Engineer  string
	Engineers []Option
	Held      []CashUpRow // still with the engineers, whatever the filter says
	HeldTotal money.Fen
	Rows      []CashUpRow
	More      string
	MayCount  bool
	MayVoid   bool
}

// Cash reports that this page has the tab of cash-ups: it is one.
func (CashUps) Cash() bool { return true }

func (CashUps) place() place { return place{"cash-ups", "desk"} }

// Again reports whether the form of this row was sent and refused.
func (c CashUps) Again(r CashUpRow) bool {
	return c.Refused("cash-ups") && c.Posted.Values.Get("engineer_id") == r.EngineerID && c.Posted.Values.Get("day") == r.Day
}

// InvoiceRow is a customer's wish for a tax invoice.
type InvoiceRow struct {
	ID          string
	Receipt     string // number
	OrderNumber string
	Customer    string
	Title       string
	TaxNumber   string
	Email       string
	Total       money.Fen
	State       string // of "invoice_request"
	InvoiceNo   string
	ReversalNo  string
	EndReason   string
	PromisedOn  string // civil date
	AskedAt     time.Time
	IssuedAt    time.Time
	SentAt      time.Time
	Allowed     []string // issue send withdraw reverse
}

// May reports whether this act is possible now.
func (r InvoiceRow) May(act string) bool { return slices.Contains(r.Allowed, act) }

// Invoices is GET /receipts/invoices?state=&cursor=: without a state, what is left to do.
type Invoices struct {
	Chrome
	State string
	Rows  []InvoiceRow
	More  string
	Cash  bool // has the tab of cash-ups
}

func (Invoices) place() place { return place{"invoices", "desk"} }

package templates

import "time"

// Track is GET /c/{token}: what a customer sees of his order. It carries no
// full telephone number and no full address.
type Track struct {
	Chrome
	Token      string
	Number     string
	Summary    string
	Device     string
	Step       int    // 1 received, 2 arranged, 3 on the way, 4 at work, 5 done
	State      string // of the order, for what the five steps do not say
	Hold       string
	WindowFrom time.Time
	WindowTo   time.Time
	Confirmed  bool
	Engineer   string // full name; shown the way customers hear it
	Staff      string
	Hotline    string
	Company    string
	Site       string // shortened
	Quote      *Quote // the one to decide, or decided last
	QuoteGone  bool   // it expired
	Receipt    *ReceiptRow
	Papers     []Paper
	Warranty   string // civil date until which the repair is guaranteed
	Decided    string // "approve" or "decline" right after the form
}

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

// StepKeys names the five steps, first to last.
func (Track) StepKeys() []string {
	return []string{"received", "arranged", "on_the_way", "at_work", "done"}
}

// StepIndex is the step that is now, counted from 0; 5 once all are past.
func (t Track) StepIndex() int {
	if t.Step >= 5 {
		return 5
	}
	return max(t.Step-1, 0)
}

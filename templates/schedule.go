package templates

import "time"

// ScheduleVisit is one visit on the day's plan.
type ScheduleVisit struct {
	Number   string // of the order
	State    string // of the visit
	From, To time.Time
	Late     bool // can no longer be kept
}

// ScheduleRow is one engineer's day.
type ScheduleRow struct {
	Engineer string
	Staff    string
	From, To time.Time // shift; zero: none
	Visits   []ScheduleVisit
}

// Schedule is GET /desk?day=YYYY-MM-DD: what waits for an engineer, and who is
// where, as a plain table.
type Schedule struct {
	Chrome
	Day       string // civil date shown
	Previous  string // paths
	Following string
	Back      string     // to today
	Queue     []ShortRow // ready to be assigned, most urgent first
	Rows      []ScheduleRow
}

func (Schedule) place() place { return place{"schedule", "desk"} }

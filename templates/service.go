package templates

import "time"

// CallRow is one call that was written down.
type CallRow struct {
	At, Ended          time.Time
	Direction, Channel string
	Name, Phone        string
	Purpose            string
	Outcome            string // word of "call_outcome"
	Detail, To         string
	ReadBack           bool
	Agent              string
	About              []Link
}

// Calls is GET /calls?outcome=&mine=&request=&customer=&phone=&cursor=, with the form for a new one.
type Calls struct {
	Chrome
	Outcome           string
	Mine              bool
	Rows              []CallRow
	More              string
	MayLog            bool
	Name, Phone       string // whom the form starts with
	Customer, Request string // ids the call is about
	Began             string // when the form was opened, RFC 3339
	Colleagues        []Option
}

func (Calls) place() place { return place{"calls", "desk"} }

// GroupRow is one group with its queue.
type GroupRow struct {
	Code, Name    string
	Open, Waiting int
	Kinds         []string
	Members       []MemberRow
}

// MemberRow is a person of a group.
type MemberRow struct {
	ID, Name, Skill string
	Open            int
}

// SettingsGroups is GET /settings/groups.
type SettingsGroups struct {
	Chrome
	Groups     []GroupRow
	Names      []Option
	Colleagues []Option
	MayRoute   bool
}

func (SettingsGroups) place() place { return place{"settings-groups", "desk"} }

// TargetRow is by when somebody is in touch, there, and done, in minutes.
type TargetRow struct {
	Class, Kind          string
	Priority             int
	Contact, Arrive, Fix string // in words
}

// RungRow is one step of a ladder, in words.
type RungRow struct{ When, Tells string }

// LadderRow is the ladder of one kind of deadline.
type LadderRow struct {
	Clock string
	Rungs []RungRow
}

// HoursRow is one weekday; From "" is closed.
type HoursRow struct{ Weekday, From, To string }

// SeverityRow is by when a complaint of a severity is over.
type SeverityRow struct {
	Severity string
	Hours    int
}

// VersionRow is one change of what is promised.
type VersionRow struct {
	No       int64
	At       time.Time
	Actor    string
	Standard string
	Key      string
	Changed  []string // "minutes 120 → 60"
}

// Standards is GET /settings/standards: what the house promises, the ladders, and every change of them.
type Standards struct {
	Chrome
	Hours      []HoursRow
	Severities []SeverityRow
	Targets    []TargetRow
	Windows    []KindRow
	Ladders    []LadderRow
	Versions   []VersionRow
	More       string
	MayChange  bool
}

func (Standards) place() place { return place{"standards", "desk"} }

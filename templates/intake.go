package templates

import (
	"slices"
	"time"
)

// Known is a customer whom the intake found by telephone number or name.
type Known struct {
	ID, Name, Phone string
	Class           string // A is marked as important
	Nuisance        string // civil date until which his calls go to a team lead; empty: never mind
	Notes           string
	Sites           []Option // id → address
	Devices         []IntakeDevice
	Open            []OpenCase // what is open for him already
	Repairs         []PastCase // what was done lately, newest first
	People          []Option   // around him: id → name and role
	Reporter        string     // id of whose telephone number was looked for
}

// IntakeDevice is a device of the caller to choose from.
type IntakeDevice struct {
	Device
	Site     string // id of where it stands
	Selected bool
}

// OpenCase is a request or an order that has not ended.
type OpenCase struct {
	Link
	Number string // of an order, where an asking customer can be noted at once; empty for a request
	Same   bool   // about the device that is chosen
	Visit  time.Time
	Chases int
}

// PastCase is a finished order of the caller.
type PastCase struct {
	Link
	At       time.Time
	Engineer string
}

// IntakeSlot is a time that somebody really has.
type IntakeSlot struct {
	Value    string // engineer and slot, as the form sends it
	Engineer string
	From, To time.Time
	Why      string // the best reason for him
	Selected bool
}

// IntakeJob is the order that is opened with the request: what the template of the category proposes, as far
// as nobody changed it, on whose cost, and who could come when.
type IntakeJob struct {
	Possible    bool   // there is a place to go to, and the kind is one that somebody goes for
	Own         bool   // somebody changed what was proposed
	Category    string // of the device
	Template    bool   // a template of the house stands behind it
	Coverage    string // who bears the cost
	CoverageWhy string
	Charged     bool // a quote comes first
	Minutes     int
	Priority    int
	Skills      []Option
	Parts       []PartLine
	PartChoices []Option
	Slots       []IntakeSlot
	Nobody      string // why nobody can come, when nobody can
}

// Intake is GET /desk/intake?q=&customer=&site_id=&asset_id=&kind=…: telephone number first, then the request
// with its order. It posts to /requests. Scripts exchange its parts as one types.
type Intake struct {
	Chrome
	Q       string // telephone number or name that was looked for
	Looked  bool   // a search was made
	Found   []Known
	Known   *Known // the customer who was chosen
	Regions []Option
	Fresh   bool // a new customer is being taken in
	Kind    string
	Site    string // id that is chosen
	Region  string // of a place that is new
	// Category is typed for a device that is new.
	Category string
	Job      IntakeJob
	Began    string // when the page was opened, RFC 3339: the call's beginning
}

func (Intake) place() place { return place{"intake", "desk"} }

// Rows are the part lines of the form: the proposed ones and one to fill.
func (j IntakeJob) Rows() []PartLine {
	return append(j.Parts[:len(j.Parts):len(j.Parts)], PartLine{Quantity: 1})
}

// SlotList is the times of a job with the words to draw them with.
type SlotList struct {
	Chrome
	IntakeJob
}

// IntakeSlots hands a job to the template "intake-slots".
func (c Chrome) IntakeSlots(j IntakeJob) SlotList { return SlotList{c, j} }

// HasDevice reports whether one of the caller's devices is chosen.
func (v Intake) HasDevice() bool {
	return v.Known != nil && slices.ContainsFunc(v.Known.Devices, func(d IntakeDevice) bool { return d.Selected })
}

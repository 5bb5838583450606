package templates

import "time"

// SettingsTabs are the pages of the settings.
func (c Chrome) SettingsTabs() []MenuItem {
	return c.tabs("ui.settings.", "/settings", "about", "users", "organisations", "regions", "engineers", "skills", "templates", "checklists", "calendar", "standards", "groups", "follow-ups", "messages", "import", "webhooks")
}

// Setting is one setting of the running program and where it came from.
type Setting struct{ Name, Value, Origin string }

// Settings is GET /settings: what runs here, and on demand whether the data keep their promises.
type Settings struct {
	Chrome
	Version    string
	Database   string
	Settings   []Setting
	MayCheck   bool
	CheckedAt  time.Time // zero: nobody asked
	Checked    int
	Violations int64
	Areas      []CheckArea
}

// CheckArea is one part of the data with how many of its promises were looked at, how many rows break one, and
// which promises those are.
type CheckArea struct {
	Area       string // word of "check_area"
	Checked    int
	Violations int64
	Broken     []BrokenCheck
}

// BrokenCheck is a promise that rows break, named as paigong check does.
type BrokenCheck struct {
	Name  string
	Count int64
}

func (Settings) place() place { return place{"settings", "desk"} }

// UserRow is one person with a login.
type UserRow struct {
	ID, Login, Name string
	Roles           []string
	Organisation    string
	LastSeen        time.Time
	Disabled        bool
}

// SettingsUsers is GET /settings/users.
type SettingsUsers struct {
	Chrome
	Rows          []UserRow
	More          string
	Organisations []Option
	MayAdd        bool
	Edit          *UserForm // whose account is changed
	Engineers     []Option
	SetupLink     string // one-time, shown once after a user without password was made
}

func (SettingsUsers) place() place { return place{"settings-users", "desk"} }

// OrganisationRow is one unit of the company or a partner.
type OrganisationRow struct {
	Code, Name, Kind string
	Parent           string
	Regions          []string
	Timezone         string
}

// SettingsOrganisations is GET /settings/organisations.
type SettingsOrganisations struct {
	Chrome
	Rows    []OrganisationRow
	Parents []Option
	Regions []Option
	MayAdd  bool

	Letterhead *LetterheadForm // that is changed
}

func (SettingsOrganisations) place() place { return place{"settings-organisations", "desk"} }

// EngineerRow is one engineer with what he can and when he works next.
type EngineerRow struct {
	ID, Name, Staff string
	Phone           string
	Regions         []string
	Skills          []string
	Organisation    string
	ShiftFrom       time.Time // today's or the next
	ShiftTo         time.Time
	Absence         string // word of "absence" while away
	AbsentUntil     time.Time
	VisitsToday     int
}

// AbsenceRow is leave that was asked for.
type AbsenceRow struct {
	ID       string
	Engineer string
	Kind     string
	From, To time.Time
	Reason   string
	State    string // of "absence"
	Open     bool   // may be approved or rejected
	May      bool   // he is at work after all
}

// DisplacedRow is a visit that lost its engineer.
type DisplacedRow struct {
	Order    Link
	Customer string
	From, To time.Time // announced window
	Parts    string    // what lies in his van
}

// SettingsEngineers is GET /settings/engineers: shifts, absences, "engineer out".
type SettingsEngineers struct {
	Chrome
	Rows      []EngineerRow
	Absences  []AbsenceRow
	Displaced []DisplacedRow // right after an absence displaced visits
	MayEdit   bool
	MayAdd    bool
	Duty      []DutyRow // the next two weeks
	People    []Option  // who may be put on duty
}

// DutyRow is who is asked outside working hours on a day.
type DutyRow struct{ Day, Organisation, Name, Phone string }

func (SettingsEngineers) place() place { return place{"settings-engineers", "desk"} }

// Choose are the engineers as options.
func (s SettingsEngineers) Choose() []Option {
	list := make([]Option, len(s.Rows))
	for i, r := range s.Rows {
		list[i] = Option{Value: r.ID, Text: r.Name + " " + r.Staff}
	}
	return list
}

// DayRow is one day on which the calendar departs from the week.
type DayRow struct {
	Date    string
	Name    string
	Working bool
}

// SettingsCalendar is GET /settings/calendar?year=.
type SettingsCalendar struct {
	Chrome
	Year    int
	Years   []Option
	Known   bool // the year's public holidays are known
	Rows    []DayRow
	MayEdit bool
}

func (SettingsCalendar) place() place { return place{"settings-calendar", "desk"} }

// WebhookRow is one address that hears of events.
type WebhookRow struct {
	ID, URL   string
	Kinds     []string
	Delivered int
	Pending   int
	Dead      int
}

// DeliveryRow is one message that could not be delivered.
type DeliveryRow struct {
	ID        string
	URL       string
	Kind      string
	FailedAt  time.Time
	Attempts  int
	LastError string
}

// SettingsWebhooks is GET /settings/webhooks: who listens, and what was given up.
type SettingsWebhooks struct {
	Chrome
	Rows    []WebhookRow
	Dead    []DeliveryRow
	More    string
	Secret  string // of a webhook just made; shown once
	MayEdit bool
}

func (SettingsWebhooks) place() place { return place{"settings-webhooks", "desk"} }

// TemplateRow is what a job of a kind usually asks for on devices of a category.
type TemplateRow struct {
	Path              string // where it is changed
	Kind, Category    string
	Minutes, Priority int
	Skills, Parts     []string
}

// SettingsTemplates is GET /settings/templates?kind=&category=: all templates, and the one that is changed.
type SettingsTemplates struct {
	Chrome
	Rows              []TemplateRow
	Kind, Category    string
	Written           bool // the one in the form exists
	Minutes, Priority int
	Skills            []Option
	Parts             []PartLine
	PartChoices       []Option
	MayEdit           bool
}

func (SettingsTemplates) place() place { return place{"settings-templates", "desk"} }

// Lines are the part lines of the form: those there are and two to fill.
func (s SettingsTemplates) Lines() []PartLine {
	return append(s.Parts[:len(s.Parts):len(s.Parts)], PartLine{Quantity: 1}, PartLine{Quantity: 1})
}

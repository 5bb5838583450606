package templates

// CheckLine is one thing that is looked at before a job is called done.
type CheckLine struct {
	Code, Name, NameEn string
	Mandatory          bool
}

// ChecklistRow is the check list of a kind of order on devices of a category.
type ChecklistRow struct {
	Path           string // where it is changed
	Kind, Category string
	Lines          []CheckLine
}

// SettingsChecklists is GET /settings/checklists?kind=&category=: all check lists, and the one that is changed.
type SettingsChecklists struct {
	Chrome
	Rows           []ChecklistRow
	Kind, Category string
	Written        bool // the one in the form exists
	Lines          []CheckLine
	MayEdit        bool
}

func (SettingsChecklists) place() place { return place{"settings-checklists", "desk"} }

// Filled are the lines of the form: those there are and three to fill.
func (s SettingsChecklists) Filled() []CheckLine {
	return append(s.Lines[:len(s.Lines):len(s.Lines)], make([]CheckLine, 3)...)
}

// Called is a line in the reader's language, Chinese when nobody wrote another.
func (s SettingsChecklists) Called(l CheckLine) string {
	if s.Lang == "en" && l.NameEn != "" {
		return l.NameEn
	}
	return l.Name
}

// Mandatories are the two answers to whether a line has to be looked at.
func (s SettingsChecklists) Mandatories() []Option {
	return []Option{{Value: "false", Text: s.T("ui.checklists.may")}, {Value: "true", Text: s.T("ui.checklists.must")}}
}

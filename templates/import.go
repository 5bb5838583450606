package templates

// ImportKind is something that may be brought in as a table.
type ImportKind struct {
	Kind    string
	Needed  []string // fields every row needs, in words
	More    []string
	Example string // path of an empty table to fill in
}

// ImportColumn is a field and the column it is read from.
type ImportColumn struct {
	Field   string
	Label   string
	Needed  bool
	Options []Option // the columns of the file
}

// ImportRow is a row that was refused.
type ImportRow struct {
	Line  int
	Why   string
	Cells []string
}

// ImportResult is what became of the rows, or would become of them.
type ImportResult struct {
	New, Unchanged, Changed, Refused int
	Rows                             []ImportRow // the first of those refused
	File                             string      // all of those refused, as CSV
}

// SettingsImport is GET and POST /settings/import: a table is chosen, its columns are given their meaning, it is
// looked at without taking anything, then taken. The text of the file travels with the form; nothing is kept.
type SettingsImport struct {
	Chrome
	Kinds   []ImportKind
	Kind    string
	Options []Option // the kinds to choose from
	Name    string   // of the file
	Content string   // its text
	Rows    int
	Head    []string
	Sample  [][]string // its first rows
	Columns []ImportColumn
	Dates   string
	List    string
	Looked  *ImportResult // dry
	Taken   *ImportResult
	Next    string // where the rows are to be seen now
}

func (SettingsImport) place() place { return place{"settings-import", "desk"} }

// Chosen are the columns that are read, for the form that takes what was looked at.
func (s SettingsImport) Chosen() []Option {
	var list []Option
	for _, c := range s.Columns {
		for _, o := range c.Options {
			if o.Selected && o.Value != "" {
				list = append(list, Option{Value: c.Field, Text: o.Value})
			}
		}
	}
	return list
}

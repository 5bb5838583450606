package templates

import "time"

// FoundRow is one record that a search found.
type FoundRow struct {
	Kind   string // a word of "found"
	Path   string
	Number string
	Title  string
	Detail string
	At     time.Time
}

// Search is GET /search?q=: number, name, initials, telephone, serial number, plate.
type Search struct {
	Chrome
	Q    string
	Rows []FoundRow
}

func (Search) place() place { return place{"search", "desk"} }

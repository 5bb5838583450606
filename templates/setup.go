package templates

// Setup is GET /setup/{token}: a one-time link with which somebody sets the
// password, or makes the first administrator of an empty program.
type Setup struct {
	Chrome
	Token    string
	Login    string // whose password it is; empty: the first administrator names himself
	Shortest int    // password, in characters
}

func (Setup) place() place { return place{"setup", "plain"} }

// First reports whether the first administrator is being made.
func (s Setup) First() bool { return s.Login == "" }

package templates

// Exceptions is GET /desk/exceptions: what does not go as planned, each with the list behind it, and what is
// missing in the data so that it cannot.
type Exceptions struct {
	Chrome
	Shorts []Short
	Gaps   []ShortRow
	Parked bool // the reader decides about what was told late
}

func (Exceptions) place() place { return place{"exceptions", "desk"} }

package templates

// Report is GET /report: anybody asks for a repair, without a login.
type Report struct {
	Chrome
	Company        string
	Hotline        string
	Hours          []string // when somebody answers, in words
	IdempotencyKey string   // kept when the form is refused
	Label          string   // code of the device's label
	Device         string   // what the label says
	Box            bool     // the suggestion box: a text, and a name only for those who give it
}

func (Report) place() place { return place{"report", "plain"} }

// Reported is what follows: the number, and where to look.
type Reported struct {
	Chrome
	Number  string
	Link    string // the customer's own page
	Hotline string
}

func (Reported) place() place { return place{"reported", "plain"} }

package templates

// Login is GET /login, and what a refused POST /login shows again.
type Login struct {
	Chrome
	Login  string // as it was typed
	Next   string // where to go afterwards, a path of this program
	Failed bool
	// Demo lists logins that may be tried with one click; empty outside the demo.
	Demo         []DemoLogin
	DemoPassword string
}

// DemoLogin is one person of the sample company.
type DemoLogin struct {
	Login string
	Roles []string
}

func (Login) place() place { return place{"login", "plain"} }

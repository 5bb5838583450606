package templates

// Login is GET /login, and what a refused POST /login shows again.
type Login struct {
	Chrome
	Login  string // as it was typed
	Next   string // where to go afterwards, a path of this program
	Failed bool
	Held   Held // a form that was sent without a session
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

// Held is a form that was sent after its session had ended: where it goes, its fields as name → value, and the
// page it stood on. Typed is what people wrote in it; Files reports pictures, which are not kept.
type Held struct {
	Path   string
	From   string
	Fields []Option
	Typed  []string
	Files  bool
	Key    string // its idempotency key
}

// SendAgain follows a sign-in that came in the middle of a form.
type SendAgain struct {
	Chrome
	Held Held
}

func (SendAgain) place() place { return place{"held", "plain"} }

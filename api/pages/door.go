package pages

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
)

// secure reports whether cookies may only travel over TLS. Plain http is for this machine alone: under any
// other name a proxy is expected to speak TLS in front of us.
func secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host != "localhost" && (ip == nil || !ip.IsLoopback())
}

// sessionCookie is bound to this host over TLS; a name with __Host- needs Secure.
func sessionCookie(r *http.Request) string {
	if secure(r) {
		return "__Host-paigong"
	}
	return "paigong"
}

func address(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// who is the person behind the session cookie.
func (p *Pages) who(c echo.Context) (auth.Caller, error) {
	cookie, err := c.Cookie(sessionCookie(c.Request()))
	if err != nil || cookie.Value == "" {
		return auth.Caller{}, fault.New(fault.Unauthenticated, "signed_out", "sign in first")
	}
	ctx := c.Request().Context()
	return p.desk.Look(ctx).People.Authenticate(ctx, cookie.Value)
}

// toLogin leads whoever is not signed in to the door and remembers where he wanted to go, or what he sent.
func (p *Pages) toLogin(c echo.Context, err error) error {
	if !fault.Is(err, fault.Unauthenticated) {
		return p.problem(p.newAsk(c, auth.Caller{}), err)
	}
	if h := p.held(c); h.Path != "" {
		a := p.newAsk(c, auth.Caller{})
		page := p.loginOf(a, "")
		page.Held = h
		return a.draw(http.StatusUnauthorized, page)
	}
	next := c.Request().URL.RequestURI()
	if c.Request().Method != http.MethodGet {
		next = ""
	}
	to := "/login"
	if next != "" && next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// sameOrigin refuses forms that another site sends in the name of a reader.
func (p *Pages) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if p.cross.Check(c.Request()) != nil {
			return p.problem(p.newAsk(c, auth.Caller{}), fault.New(fault.Forbidden, "cross_origin", "this form was sent from another site: open the page here and send it again"))
		}
		return next(c)
	}
}

func (p *Pages) doors(g rooms) {
	g.GET("/login", p.loginPage)
	g.POST("/login", p.login)
	g.POST("/logout", p.logout)
	g.GET("/setup/:token", p.setupPage)
	g.POST("/setup/:token", p.setUp)
}

func (p *Pages) loginPage(c echo.Context) error {
	a := p.newAsk(c, auth.Caller{})
	return a.draw(http.StatusOK, p.loginOf(a, c.QueryParam("next")))
}

func (p *Pages) loginOf(a *ask, next string) templates.Login {
	if !local(next) {
		next = ""
	}
	return templates.Login{Chrome: a.chrome(), Next: next, Demo: p.Demo, DemoPassword: p.DemoPassword}
}

// login needs no form token: a form of another origin is refused before.
func (p *Pages) login(c echo.Context) error {
	a := p.newAsk(c, auth.Caller{})
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	ctx := a.ctx()
	got, err := p.desk.Look(ctx).People.Login(ctx, f.text("login"), f.Get("password"), auth.Door{Address: address(c.Request()), Kind: "cookie"})
	if err != nil {
		if !fault.Is(err, fault.Unauthenticated) {
			return p.problem(a, err)
		}
		page := p.loginOf(a, f.text("next"))
		page.Login, page.Failed, page.Held = f.text("login"), true, heldIn(f)
		return a.draw(http.StatusUnauthorized, page)
	}
	c.SetCookie(&http.Cookie{Name: sessionCookie(c.Request()), Value: got.Token, Path: "/", Expires: got.ExpiresAt, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(c.Request())})
	if h := heldIn(f); h.Path != "" {
		by, err := p.desk.Look(ctx).People.Authenticate(ctx, got.Token)
		if err != nil {
			return p.problem(a, err)
		}
		return p.sendAgain(c, by, h)
	}
	next := f.text("next")
	if !local(next) {
		next = "/"
	}
	return c.Redirect(http.StatusSeeOther, next)
}

func (p *Pages) logout(c echo.Context) error {
	name := sessionCookie(c.Request())
	if cookie, err := c.Cookie(name); err == nil {
		if err := p.desk.Look(c.Request().Context()).People.Logout(c.Request().Context(), cookie.Value); err != nil {
			return p.problem(p.newAsk(c, auth.Caller{}), err)
		}
	}
	c.SetCookie(&http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(c.Request())})
	return c.Redirect(http.StatusSeeOther, "/login")
}

// shortestPassword is the least number of characters of a new password.
const shortestPassword = 12

func (p *Pages) setupPage(c echo.Context) error {
	a := p.newAsk(c, auth.Caller{})
	page, err := p.setupOf(a)
	if err != nil {
		return p.problem(a, err)
	}
	return a.draw(http.StatusOK, page)
}

func (p *Pages) setupOf(a *ask) (templates.Page, error) {
	s, err := a.look().People.OpenSetup(a.ctx(), a.Param("token"))
	if err != nil {
		return nil, err
	}
	return templates.Setup{Chrome: a.chrome(), Token: a.Param("token"), Login: s.Login, Shortest: shortestPassword}, nil
}

// setUp uses a one-time link up and leads to the door.
func (p *Pages) setUp(c echo.Context) error {
	a := p.newAsk(c, auth.Caller{})
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	f.name = "setup"
	if f.Get("password") != f.Get("password_again") {
		err = fault.New(fault.Invalid, "passwords_differ", "the two passwords are not the same: type them again").Field("password_again", "differs")
	} else {
		err = p.desk.Keep(a.ctx(), auth.System("setup"), func(ctx context.Context, l workorders.Ledgers) error {
			_, err := l.People.UseSetup(ctx, c.Param("token"), auth.SetupInput{Password: f.Get("password"), Login: f.text("login"), Name: f.text("name"), Organisation: f.text("organisation")})
			return err
		})
	}
	if err != nil {
		f.Del("password")
		f.Del("password_again")
		return p.again(a, f, err, p.setupOf)
	}
	return c.Redirect(http.StatusSeeOther, "/login")
}

// What is shown only once travels to the next page in a cookie of its own, dropped when it is read.
const shownCookie = "paigong_shown"

func (a *ask) show(key, value string) {
	if a.shownMe == nil {
		a.shownMe = map[string]string{}
	}
	a.shownMe[key] = value
}

func (a *ask) giveShown() {
	if len(a.shownMe) == 0 {
		return
	}
	raw, err := json.Marshal(a.shownMe)
	if err != nil {
		return
	}
	a.SetCookie(&http.Cookie{Name: shownCookie, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure(a.Request())})
}

func (a *ask) takeShown() {
	value := a.cookie(shownCookie)
	if value == "" {
		return
	}
	a.SetCookie(&http.Cookie{Name: shownCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure(a.Request())})
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || json.Unmarshal(raw, &a.shownMe) != nil {
		a.shownMe = nil
	}
}

// nextOf reads where a form led to when it was sent the first time.
func nextOf(kept []byte) string {
	var was answered
	if json.Unmarshal(kept, &was) != nil || was.Next == "" {
		return "/"
	}
	return was.Next
}

// field is the name of a form's field for the place of a fault: body.window.from is window.
func field(location string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(location, "body."), "query.")
	name, _, _ = strings.Cut(name, "[")
	name, _, _ = strings.Cut(name, ".")
	switch name {
	case "window":
		return "window_from"
	case "amount_minor":
		return "amount"
	case "limit_minor":
		return "limit"
	}
	return name
}

// wrong ties each fault of an input to the field of the form it was typed into.
func (a *ask) wrong(list []fault.Field) map[string]string {
	out := map[string]string{}
	for _, f := range list {
		if name := field(f.Name); out[name] == "" {
			out[name] = a.fieldText(f.Message)
		}
	}
	return out
}

// fieldKinds are beginnings of what the desk says about a field, and the text for them.
var fieldKinds = []struct{ begins, key string }{
	{"required", "field.required"}, {"must not be blank", "field.required"}, {"must not be in the future", "field.not_future"}, {"must be in the future", "field.future"},
	{"must be after", "field.after"}, {"must be before", "field.before"}, {"from must be before", "field.before"}, {"unknown", "field.unknown"}, {"expected YYYY", "field.date"},
	{"expected a number", "field.number"}, {"expected an amount", "field.amount"}, {"expected a time", "field.time"}, {"expected corners", "field.corners"}, {"3 to 200 corners", "fault.regions_shape"}, {"differs", "field.differs"}, {"belongs to another", "field.another"},
	{"not yours", "field.not_yours"}, {"already", "field.taken"}, {"taken", "field.taken"},
}

// fieldText says in the reader's language what is wrong with a field.
func (a *ask) fieldText(message string) string {
	for _, k := range fieldKinds {
		if strings.HasPrefix(message, k.begins) {
			return a.t(k.key)
		}
	}
	if a.lang == say.English {
		return message
	}
	return a.t("field.other")
}

// acts says acts in words; one nobody has words for is shown as it is spelled.
func (a *ask) acts(list []string) []string {
	out := make([]string, len(list))
	for i, act := range list {
		out[i] = act
		if key := "act." + strings.NewReplacer("-", "_", "=", "_").Replace(act); say.Has(key) {
			out[i] = a.t(key)
		}
	}
	return out
}

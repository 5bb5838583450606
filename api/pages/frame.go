package pages

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
)

// ask is one request for a page: who asks, and how he wants to see it.
type ask struct {
	echo.Context
	p       *Pages
	by      auth.Caller
	lang    string
	zone    *time.Location
	now     time.Time
	flash   templates.Flash
	posted  templates.Posted
	shownMe map[string]string // what is shown this once
	saved   []templates.View  // filters of the list that is drawn
	names   map[uuid.UUID]string
	logins  map[string]string
}

// remembered for a year: how this browser wants to see the pages.
const (
	langCookie  = "paigong_lang"
	themeCookie = "paigong_theme"
	denseCookie = "paigong_density"
	keysCookie  = "paigong_keys"
	year        = 365 * 24 * time.Hour
)

// newAsk reads what a request says about the reader. ?lang= and ?theme= switch and are remembered.
func (p *Pages) newAsk(c echo.Context, by auth.Caller) *ask {
	a := &ask{Context: c, p: p, by: by, zone: calendar.Shanghai(), now: p.desk.Now()}
	chosen := c.QueryParam("lang")
	if chosen == say.English || chosen == say.Chinese {
		a.remember(langCookie, chosen)
	} else {
		chosen = a.cookie(langCookie)
	}
	a.lang = say.Lang(chosen, by.Lang, c.Request().Header.Get("Accept-Language"))
	a.by.Lang = a.lang
	if theme := c.QueryParam("theme"); slices.Contains([]string{"light", "dark", "auto"}, theme) {
		a.remember(themeCookie, theme)
	}
	if density := c.QueryParam("density"); slices.Contains(templates.Densities(), density) {
		a.remember(denseCookie, density)
	}
	if keys := c.QueryParam("keys"); keys == "on" || keys == "off" {
		a.remember(keysCookie, keys)
	}
	if by.OrgID != 0 {
		if o, err := p.desk.Look(a.ctx()).People.Organisation(a.ctx(), by.OrgID); err == nil {
			a.zone = o.Location()
		}
	}
	return a
}

func (a *ask) ctx() context.Context { return a.Request().Context() }

// look is the books, for reading.
func (a *ask) look() workorders.Ledgers { return a.p.desk.Look(a.ctx()) }

func (a *ask) t(key string, args ...any) string { return say.Text(a.lang, key, args...) }

func (a *ask) cookie(name string) string {
	if c, err := a.Request().Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

func (a *ask) remember(name, value string) {
	a.SetCookie(&http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(year / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(a.Request())})
}

func (a *ask) theme() string {
	theme := a.QueryParam("theme")
	if !slices.Contains([]string{"light", "dark", "auto"}, theme) {
		theme = a.cookie(themeCookie)
	}
	if theme == "light" || theme == "dark" {
		return theme
	}
	return ""
}

// chosen is a way to look at pages that was just chosen, or is remembered.
func (a *ask) chosen(field, cookie string, values ...string) string {
	if v := a.QueryParam(field); slices.Contains(values, v) {
		return v
	}
	if v := a.cookie(cookie); slices.Contains(values, v) {
		return v
	}
	return ""
}

// path is where the reader is, for links that change one thing about it. After a refused form it is the
// page the form stands on.
func (a *ask) path() string {
	if a.Request().Method == http.MethodGet {
		return a.Request().URL.RequestURI()
	}
	if from, err := url.Parse(a.Request().Referer()); err == nil && strings.HasPrefix(from.Path, "/") {
		return (&url.URL{Path: from.Path, RawQuery: from.RawQuery}).String()
	}
	return "/"
}

// nav is the sections the person may open.
func (a *ask) nav() []string {
	if !a.by.Person() {
		return nil
	}
	if a.visiting() {
		return []string{"m"}
	}
	var open []string
	for _, s := range []struct {
		key string
		may bool
	}{
		{"home", true}, {"desk", a.by.May(auth.Assign)}, {"exceptions", a.by.May(auth.ReadVisits)}, {"requests", a.by.May(auth.ReadRequests)}, {"orders", a.by.May(auth.ReadOrders)}, {"callbacks", a.by.May(auth.ReadCallbacks)},
		{"follow-ups", a.by.May(auth.ReadFollowUps)}, {"complaints", a.by.May(auth.ReadComplaints)}, {"stock", a.by.May(auth.ReadStock)},
		{"receipts", a.by.May(auth.ReadReceipts)}, {"customers", a.by.May(auth.ReadCustomers)}, {"assets", a.by.May(auth.ReadCustomers)},
		{"figures", a.by.May(auth.ReadReports)}, {"m", a.by.EngineerID != nil}, {"settings", a.by.May(auth.PlanShifts) || a.by.May(auth.ManageUsers) || a.by.May(auth.ManageBasics)},
	} {
		if s.may {
			open = append(open, s.key)
		}
	}
	return open
}

// visiting reports whether this person only makes visits: his pages are those for the phone.
func (a *ask) visiting() bool { return a.by.Person() && a.by.Scope().Engineer() != nil }

func (a *ask) chrome() templates.Chrome {
	name, who := "", ""
	if a.by.Person() {
		name, who = a.by.Name, a.by.UserID.String()
	}
	c := templates.Chrome{Lang: a.lang, Zone: a.zone, Now: a.now, User: name, Who: who, Nav: a.nav(), Path: a.path(), Theme: a.theme(), Key: uuid.Must(uuid.NewV7()).String(), Flash: a.flash, Posted: a.posted,
		Density: a.chosen("density", denseCookie, "compact", "roomy", "normal"), Keys: a.chosen("keys", keysCookie, "on", "off") != "off", Takes: a.by.Person() && a.by.May(auth.TakeRequest), Saved: a.saved}
	if c.Density == "normal" {
		c.Density = ""
	}
	if done := a.QueryParam("done"); c.Flash.Text == "" && done != "" {
		c.Flash = templates.Flash{Text: templates.Done(a.lang, done), Undo: a.takeBack()}
		if text := a.shownMe["done"]; text != "" {
			c.Flash.Text = text
		}
	}
	return c
}

// today is the civil day where the reader's organisation is.
func (a *ask) today() calendar.Date { return calendar.Of(a.now, a.zone) }

// with is the reader's own address with one query field changed.
func (a *ask) with(field, value string) string {
	if value == "" {
		return ""
	}
	return templates.Chrome{Path: a.path()}.With(field, value)
}

// draw writes a page. Pages hold what only this reader may see, so nobody keeps them.
func (a *ask) draw(status int, page templates.Page) error {
	var b bytes.Buffer
	if err := templates.Render(&b, page); err != nil {
		return err
	}
	h := a.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Cookie")
	if status == http.StatusOK && a.by.Person() && forPhone(a.Request().URL.Path) && a.Request().Method == http.MethodGet {
		h.Set("Paigong-Page", a.by.UserID.String()) // the service worker keeps what bears this, and nothing else
		h.Set("Paigong-Drawn", a.now.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	}
	return a.send(status, "text/html; charset=utf-8", b.Bytes())
}

// packers are used again: each holds a megabyte of tables.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed+3)
	return z
}}

// worthPacking is the size below which compressing costs more than it saves.
const worthPacking = 1400

// send writes a body, compressed for a person who is signed in. Pages of links are left as they are: what a
// stranger can make a page repeat must not help to guess what else is on it.
func (a *ask) send(status int, kind string, body []byte) error {
	h := a.Response().Header()
	h.Add("Vary", "Accept-Encoding")
	if len(body) < worthPacking || !a.by.Person() || !templates.AcceptsGzip(a.Request().Header.Get("Accept-Encoding")) {
		return a.Blob(status, kind, body)
	}
	var packed bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&packed)
	if _, err := z.Write(body); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	h.Set("Content-Encoding", "gzip")
	return a.Blob(status, kind, packed.Bytes())
}

// elsewhere is a page that is another address.
type elsewhere struct {
	templates.Problem
	to   string
	code int
}

// written is a page whose answer was sent already, in another form than a page.
type written struct{ templates.Problem }

// wantsJSON reports whether a script of ours asks, which shows the answer itself.
func (a *ask) wantsJSON() bool { return a.Request().Header.Get("Accept") == "application/json" }

// shown answers GET.
func (p *Pages) shown(may auth.Permission, v view) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := p.who(c)
		if err != nil {
			return p.toLogin(c, err)
		}
		a := p.newAsk(c, by)
		if err := a.by.Must(may); err != nil {
			return p.problem(a, err)
		}
		a.takeShown()
		page, err := v(a)
		if err != nil {
			return p.problem(a, err)
		}
		switch e := page.(type) {
		case elsewhere:
			return c.Redirect(e.code, e.to)
		case written:
			return nil
		}
		return a.draw(http.StatusOK, page)
	}
}

// done answers POST: it does the deed once for the form's key and leads on, or draws the page again.
func (p *Pages) done(may auth.Permission, d deed, again view, keyed bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := p.who(c)
		if err == nil {
			err = mine(c, by)
		}
		if err != nil {
			if queued(c) {
				return p.refuseQueued(p.newAsk(c, by), err)
			}
			return p.toLogin(c, err)
		}
		a := p.newAsk(c, by)
		refuse := p.problem
		if queued(c) {
			refuse = p.refuseQueued
		}
		if err := a.by.Must(may); err != nil {
			return refuse(a, err)
		}
		f, err := a.form()
		if err != nil {
			return refuse(a, err)
		}
		scope := a.by.UserID.String() + " POST " + c.Request().URL.Path
		next, err := p.run(a, f, a.by, scope, keyed, d)
		if err != nil {
			if other := p.instead(a, f, err); other != nil {
				next, err = p.run(a, f, a.by, scope, keyed, other)
			}
		}
		switch {
		case err != nil && queued(c):
			return p.refuseQueued(a, err)
		case err != nil:
			return p.again(a, f, err, again)
		case queued(c):
			return a.sent(next, f.name)
		}
		a.giveShown()
		return c.Redirect(http.StatusSeeOther, withDone(next, f.name))
	}
}

// answered is what is kept for a form that is sent twice.
type answered struct {
	Next string `json:"next"`
}

// run does a deed once for its key. Without a key it just does it, unless one is needed. The scope says who
// sends which form; it is kept, and so is the address that follows, so neither may hold a customer's link.
func (p *Pages) run(a *ask, f *form, by auth.Caller, scope string, keyed bool, d deed) (string, error) {
	key := f.Get("idempotency_key")
	if key == "" {
		if keyed {
			return "", fault.New(fault.Invalid, "idempotency_key_missing", "open the form again: it carries the key with which it is sent once").Field("idempotency_key", "required")
		}
		var next string
		err := p.desk.Keep(a.ctx(), by, func(ctx context.Context, _ workorders.Ledgers) (err error) {
			next, err = d(ctx, a, f)
			return err
		})
		return next, err
	}
	body, err := f.sum()
	if err != nil {
		return "", err
	}
	call := workorders.Call{Scope: scope, Key: key, Route: "POST " + a.Path(), Body: body}
	var next string
	_, kept, replayed, err := p.desk.Once(a.ctx(), by, call, func(ctx context.Context) (int, any, error) {
		var err error
		a.shownMe = nil
		next, err = d(ctx, a, f)
		return http.StatusSeeOther, answered{next}, err
	})
	if err == nil && replayed {
		next = nextOf(kept)
	}
	return next, err
}

// again draws the page a refused form stands on, with what was typed and why it was refused.
func (p *Pages) again(a *ask, f *form, err error, v view) error {
	problem := api.ProblemOf(err, a.lang)
	if problem.Status == http.StatusForbidden || problem.Status >= 500 && problem.Status != http.StatusServiceUnavailable {
		return p.problem(a, err)
	}
	a.flash = templates.Flash{Bad: true, Text: problem.Detail, Allowed: a.acts(problem.Allowed)}
	a.posted = templates.Posted{Form: f.name, Values: f.Values, Wrong: a.wrong(problem.Errors)}
	page, err2 := v(a)
	if _, moved := page.(elsewhere); err2 != nil || moved {
		return p.problem(a, err)
	}
	for key, values := range problem.GetHeaders() {
		a.Response().Header()[key] = values
	}
	return a.draw(problem.Status, page)
}

// problem answers with the page of an error.
func (p *Pages) problem(a *ask, err error) error {
	problem := api.ProblemOf(err, a.lang)
	if problem.Status >= 500 && problem.Status != http.StatusServiceUnavailable && a.Request().Context().Err() == nil { // nobody waits for a page that was left
		p.Log.Error("page failed", "method", a.Request().Method, "path", a.Request().URL.Path, "error", err)
	}
	for key, values := range problem.GetHeaders() {
		a.Response().Header()[key] = values
	}
	return a.draw(problem.Status, a.problemPage(problem))
}

func (a *ask) problemPage(problem *api.Problem) templates.Page {
	page := templates.Problem{Chrome: a.chrome(), Status: problem.Status, Code: problem.Code, Text: problem.Detail, Allowed: a.acts(problem.Allowed), Back: "/", Trace: a.Response().Header().Get(echo.HeaderXRequestID)}
	if a.Request().Method != http.MethodGet {
		page.Back = a.path()
	}
	for _, f := range problem.Errors {
		page.Fields = append(page.Fields, templates.FieldProblem{Field: field(f.Name), Text: a.fieldText(f.Message)})
	}
	return page
}

// Problem draws an error that no page of ours met: an unknown address, a wrong method, a panic.
func (p *Pages) Problem(c echo.Context, problem *api.Problem) {
	by, err := p.who(c)
	if err != nil {
		by = auth.Caller{}
	}
	a := p.newAsk(c, by)
	if problem.Status == http.StatusNotFound && problem.Code == "not_found" {
		problem.Detail = a.t("ui.problem.404")
	}
	if err := a.draw(problem.Status, a.problemPage(problem)); err != nil {
		p.Log.Error("page of a problem", "path", c.Request().URL.Path, "error", err)
		_ = c.NoContent(http.StatusInternalServerError)
	}
}

// withDone adds what was done to the address of the next page.
func withDone(next, form string) string {
	u, err := url.Parse(next)
	if err != nil || !local(next) {
		return "/"
	}
	q := u.Query()
	q.Set("done", form)
	u.RawQuery = q.Encode()
	return u.String()
}

// local reports whether an address is a path of this program, so that nobody is led away by it.
func local(path string) bool {
	u, err := url.Parse(path)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.HasPrefix(path, `/\`)
}

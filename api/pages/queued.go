package pages

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/templates"
	"paigong/workorders"
)

// queuedHeader marks a form that a phone kept until there was a network. It names the person who filled it
// in, so that nobody sends a colleague's work under his own name on a phone that changed hands.
const queuedHeader = "Paigong-Outbox"

func queued(c echo.Context) bool { return c.Request().Header.Get(queuedHeader) != "" }

// mine refuses a kept form of somebody else.
func mine(c echo.Context, by auth.Caller) error {
	if who := c.Request().Header.Get(queuedHeader); who != "" && who != by.UserID.String() {
		return fault.New(fault.Unauthenticated, "another_person", "this was filled in by somebody else: sign in as that person to send it")
	}
	return nil
}

// sentAnswer is what a phone hears about a form it kept.
type sentAnswer struct {
	Next string    `json:"next"` // the page that would have followed
	Text string    `json:"text"` // what was done, in words
	Now  time.Time `json:"now"`  // after it was done: a page drawn before this instant may not show it
}

// refusedAnswer is why a kept form was not taken.
type refusedAnswer struct {
	Code    string            `json:"code"`
	Text    string            `json:"text"`
	Fields  map[string]string `json:"fields,omitempty"`  // field → what is wrong with it
	Allowed []string          `json:"allowed,omitempty"` // what would be possible, in words
	Now     time.Time         `json:"now"`
}

// refuseQueued answers a kept form with what is wrong with it.
func (p *Pages) refuseQueued(a *ask, err error) error {
	problem := api.ProblemOf(err, a.lang)
	if problem.Status >= 500 && problem.Status != http.StatusServiceUnavailable && a.ctx().Err() == nil { // a phone that hung up asks again
		p.Log.Error("kept form failed", "path", a.Request().URL.Path, "error", err)
	}
	for key, values := range problem.GetHeaders() {
		a.Response().Header()[key] = values
	}
	a.Response().Header().Set("Cache-Control", "no-store")
	return a.JSON(problem.Status, refusedAnswer{problem.Code, problem.Detail, a.wrong(problem.Errors), a.acts(problem.Allowed), a.p.desk.Now()})
}

func (a *ask) sent(next, form string) error {
	a.Response().Header().Set("Cache-Control", "no-store")
	return a.JSON(http.StatusOK, sentAnswer{next, templates.Done(a.lang, form), a.p.desk.Now()})
}

// pulse tells a phone that there is a network, whose session it holds, what time it is here, and of which
// version the pages are.
func (p *Pages) pulse(c echo.Context) error {
	by, err := p.who(c)
	a := p.newAsk(c, by)
	if err != nil {
		return p.refuseQueued(a, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	version, err := templates.AssetVersion()
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"user": by.UserID, "name": by.Name, "now": p.desk.Now(), "version": version})
}

var hash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// putPhoto keeps a picture by the hash of what is sent; sending it again changes nothing.
func (p *Pages) putPhoto(c echo.Context) error {
	by, err := p.who(c)
	a := p.newAsk(c, by)
	if err == nil {
		err = mine(c, by)
	}
	if err == nil {
		err = by.Must(auth.PutFile)
	}
	if err != nil {
		return p.refuseQueued(a, err)
	}
	sum := c.Param("sha256")
	if !hash.MatchString(sum) {
		return p.refuseQueued(a, fault.New(fault.Invalid, "bad_photo", "a picture is named by its SHA-256 in hex"))
	}
	body, err := readBody(c, files.MaxBytes)
	if err != nil {
		return p.refuseQueued(a, err)
	}
	up := files.Upload{OrgID: by.OrgID, Actor: by.Actor(), By: &by.UserID, SHA256: sum, Kind: c.QueryParam("kind"), Body: body}
	if _, err := p.desk.PutFile(a.ctx(), by, up); err != nil {
		return p.refuseQueued(a, err)
	}
	return c.NoContent(http.StatusNoContent)
}

// worker serves the script that answers for /m while there is no network. It is made anew with every
// version of the static files, so a phone that sees a new one fetches the new pages too.
func (p *Pages) worker(c echo.Context) error {
	body, err := templates.Worker()
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Service-Worker-Allowed", "/m")
	h.Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", body)
}

// manifest makes the pages installable on a phone.
func (p *Pages) manifest(c echo.Context) error {
	a := p.newAsk(c, auth.Caller{})
	icon, err := templates.AssetPath("icon-512.png")
	if err != nil {
		return err
	}
	small, err := templates.AssetPath("icon-192.png")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	c.Response().Header().Set("Content-Type", "application/manifest+json; charset=utf-8")
	return c.JSON(http.StatusOK, map[string]any{
		"name": a.t("ui.brand"), "short_name": a.t("ui.brand"), "id": "/m", "start_url": "/m", "scope": "/m", "display": "standalone", "lang": a.lang,
		"background_color": "#f4f5f7", "theme_color": "#0b57c4",
		"icons": []map[string]string{{"src": small, "sizes": "192x192", "type": "image/png"}, {"src": icon, "sizes": "512x512", "type": "image/png", "purpose": "any maskable"}},
	})
}

// offline is what a phone shows for a page it does not hold.
func (p *Pages) offline(a *ask) (templates.Page, error) {
	return templates.Offline{Chrome: a.chrome()}, nil
}

// gone are refusals that nobody on site can do anything about: the world moved on while the phone had no
// network. What was done is then kept for the desk.
var gone = []string{"visit_legal_move", "sheets_one_per_visit", "visit_of_another_order", "work_orders_legal_move", "orders_legal_move"}

// instead is what is done with a report that cannot be taken as it is: it is parked for the desk. nil when
// the engineer himself can put it right.
func (p *Pages) instead(a *ask, f *form, refusal error) deed {
	sheet := a.Path() == "/m/orders/:number/sheet"
	if !sheet && !strings.HasPrefix(a.Path(), "/m/orders/:number/") || a.by.EngineerID == nil {
		return nil
	}
	late := fault.Is(refusal, fault.NotFound) || slices.ContainsFunc(gone, func(code string) bool { return fault.HasCode(refusal, code) })
	if sheet {
		if !late && !(f.ticked("park") && fault.Is(refusal, fault.Conflict)) {
			return nil
		}
		return func(ctx context.Context, a *ask, f *form) (string, error) {
			f.bad = nil
			in, err := f.sheet(a)
			if err != nil {
				return "", err
			}
			if in.Photos, err = p.photos(ctx, a, f); err != nil {
				return "", err
			}
			f.name = "parked"
			_, err = p.desk.Park(ctx, a.by, workorders.ParkInput{OrderRef: a.Param("number"), VisitID: in.VisitID, Sheet: &in, Refusal: refusal})
			return "/m", err
		}
	}
	act := a.Path()[strings.LastIndex(a.Path(), "/")+1:]
	if !late || !slices.Contains(append([]string{"accept", "decline"}, steps...), act) || f.text("at") == "" {
		return nil // a tap on a page that was just drawn is told that things have changed
	}
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(f.text("visit_id"))
		if err != nil {
			return "", err
		}
		if v, err := a.look().Board.Visit(ctx, a.by.Scope(), id); err == nil && already(v, act) {
			return "/m", nil // told twice, from two tabs or by the sheet
		}
		f.name = "parked"
		_, err = p.desk.Park(ctx, a.by, workorders.ParkInput{OrderRef: a.Param("number"), VisitID: id, Act: act, At: f.time("at"), Reason: f.text("reason"), Refusal: refusal})
		return "/m", err
	}
}

// already reports whether a visit is where an act leads to, or beyond.
func already(v dispatch.Visit, act string) bool {
	switch act {
	case "accept":
		return v.State != dispatch.Dispatched && v.State != dispatch.Declined && v.State != dispatch.Cancelled
	case "depart":
		return v.DepartedAt != nil || v.ArrivedAt != nil || v.State == dispatch.Finished
	case "arrive", "start":
		return v.ArrivedAt != nil || v.State == dispatch.Finished
	case "pause":
		return v.State == dispatch.Paused || v.State == dispatch.Finished
	case "resume":
		return v.State == dispatch.OnSite || v.State == dispatch.Finished
	}
	return v.State == dispatch.Declined
}

func (p *Pages) phoneDoors(g rooms) {
	g.GET("/m/pulse", p.pulse)
	g.PUT("/m/files/:sha256", p.putPhoto)
	g.GET("/m/sw.js", p.worker)
	g.GET("/m/manifest.webmanifest", p.manifest)
	g.GET("/m/me/calendar.ics", p.feed)
	g.GET("/m/offline", p.shown(auth.Anyone, p.offline))
}

// forPhone reports whether a page belongs to the engineer's phone, which may keep it.
func forPhone(path string) bool { return path == "/m" || strings.HasPrefix(path, "/m/") }

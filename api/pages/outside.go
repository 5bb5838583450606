package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
)

// public are the pages that need no sign-in: a customer's link, and the form for reporting a fault.
func (p *Pages) public(g *echo.Group) {
	g.GET("/c/:token", p.track)
	g.POST("/c/:token/approve", p.byCustomer("approve"))
	g.POST("/c/:token/decline", p.byCustomer("decline"))
	g.GET("/c/:token/papers/:paper", p.customersPaper)
	g.GET("/report", p.reportPage)
	g.POST("/report", p.report)
}

// outside is an ask by somebody without an account.
func (p *Pages) outside(c echo.Context) *ask {
	a := p.newAsk(c, auth.Caller{})
	a.Response().Header().Set("X-Robots-Tag", "noindex, nofollow")
	return a
}

func (p *Pages) track(c echo.Context) error {
	a := p.outside(c)
	seen, err := p.desk.Public(a.ctx(), c.Param("token"))
	if err != nil {
		return p.gone(a, err)
	}
	page := p.tracked(a, seen)
	if done := c.QueryParam("done"); done == "approve" || done == "decline" {
		page.Decided = done
		page.Flash = templates.Flash{}
	}
	return a.draw(http.StatusOK, page)
}

// gone answers a link that leads nowhere without saying anything about what it was for.
func (p *Pages) gone(a *ask, err error) error {
	switch {
	case fault.Is(err, fault.NotFound):
		return a.draw(http.StatusNotFound, templates.Gone{Chrome: a.chrome(), Hotline: p.hotline(a)})
	case fault.Is(err, fault.Gone):
		return a.draw(http.StatusGone, templates.Gone{Chrome: a.chrome(), Ended: true, Hotline: p.hotline(a)})
	}
	return p.problem(a, err)
}

func (p *Pages) hotline(a *ask) string {
	if o, err := a.look().People.Head(a.ctx()); err == nil {
		return hotline(o.Letterhead)
	}
	return ""
}

// wish is the language a customer reads: what he switched to, else what we know of him.
func (a *ask) wish(lang string) {
	chosen := a.QueryParam("lang")
	if chosen != say.English && chosen != say.Chinese {
		chosen = a.cookie(langCookie)
	}
	a.lang = say.Lang(chosen, lang)
	a.by.Lang = a.lang
}

func (p *Pages) tracked(a *ask, seen workorders.Public) templates.Track {
	a.wish(seen.Lang)
	if zone, err := time.LoadLocation(seen.Zone); err == nil {
		a.zone = zone
	}
	token := a.Param("token")
	v := templates.Track{Chrome: a.chrome(), Token: token, Number: seen.Number, Summary: seen.Summary, Device: seen.Device, State: string(seen.State), Engineer: seen.Engineer, Hotline: seen.Hotline, Company: seen.Organisation}
	if seen.Window != nil {
		v.WindowFrom, v.WindowTo = seen.Window.From, seen.Window.To
	}
	for _, s := range seen.Steps {
		v.Steps = append(v.Steps, templates.Step{Key: s.Step, At: zero(s.At), Now: s.Now})
	}
	if q := seen.Quote; q != nil {
		v.Quote = &templates.Quote{ID: q.ID.String(), Number: q.Number, Purpose: q.Purpose, State: string(q.State), Lines: lineViews(q.Lines), Total: q.TotalMinor, Limit: zero(q.LimitMinor), Terms: q.Terms, ValidUntil: q.ValidTo.Add(-time.Minute),
			DecidedAt: zero(q.ApprovedAt), DecidedBy: zero(q.ApprovedBy), Allowed: q.AllowedActions}
		v.QuoteGone = q.State == workorders.QuoteExpired || q.State == workorders.QuoteSent && len(q.AllowedActions) == 0
		v.Papers = append(v.Papers, templates.Paper{Kind: "quote", Path: "/c/" + token + "/papers/quote.pdf"})
	}
	if r := seen.Receipt; r != nil {
		row := templates.ReceiptRow{Number: r.Number, State: string(r.State), IssuedAt: r.IssuedAt, Total: r.TotalMinor, Paid: r.PaidMinor}
		v.Receipt = &row
		kind := "settlement"
		if r.State == billing.Paid {
			kind = "receipt"
		}
		v.Papers = append(v.Papers, templates.Paper{Kind: kind, Path: "/c/" + token + "/papers/" + kind + ".pdf"})
	}
	return v
}

// byCustomer takes the customer's yes or no.
func (p *Pages) byCustomer(act string) echo.HandlerFunc {
	return func(c echo.Context) error {
		a := p.outside(c)
		token := c.Param("token")
		seen, err := p.desk.Public(a.ctx(), token)
		if err != nil {
			return p.gone(a, err)
		}
		a.wish(seen.Lang)
		f, err := a.form()
		if err != nil {
			return p.problem(a, err)
		}
		by, err := p.desk.LinkCaller(a.ctx(), token)
		if err != nil {
			return p.gone(a, err)
		}
		in := workorders.PublicAnswer{Name: f.text("name"), Reason: f.text("reason")}
		if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
			in.Signature = json.RawMessage(drawn)
		}
		_, err = p.run(a, f, by, workorders.LinkScope(token)+" POST "+act, false, func(ctx context.Context, _ *ask, _ *form) (string, error) {
			var err error
			if act == "approve" {
				_, err = p.desk.ApproveByLink(ctx, token, address(c.Request()), in)
			} else {
				_, err = p.desk.DeclineByLink(ctx, token, in)
			}
			return "/", err
		})
		if err != nil {
			return p.again(a, f, err, func(a *ask) (templates.Page, error) {
				seen, err := p.desk.Public(a.ctx(), token)
				if err != nil {
					return nil, err
				}
				return p.tracked(a, seen), nil
			})
		}
		return c.Redirect(http.StatusSeeOther, withDone("/c/"+token, act))
	}
}

// customersPapers are what a customer may have of his own order.
var customersPapers = []string{"quote", "settlement", "receipt"}

func (p *Pages) customersPaper(c echo.Context) error {
	a := p.outside(c)
	token := c.Param("token")
	seen, err := p.desk.Public(a.ctx(), token)
	if err != nil {
		return p.gone(a, err)
	}
	a.wish(seen.Lang)
	kind, pdf := strings.CutSuffix(c.Param("paper"), ".pdf")
	if !pdf || !slices.Contains(customersPapers, kind) {
		return p.gone(a, fault.New(fault.NotFound, "paper_unknown", "there is no such paper"))
	}
	by, err := p.desk.LinkCaller(a.ctx(), token)
	if err != nil {
		return p.gone(a, err)
	}
	by.Lang = a.lang
	content, name, err := p.server.Paper(a.ctx(), by, seen.OrderID.String(), kind, a.lang, "customer")
	if err != nil {
		return p.problem(a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) reportPage(c echo.Context) error {
	a := p.outside(c)
	page, err := p.reportOf(a)
	if err != nil {
		return p.problem(a, err)
	}
	if number := c.QueryParam("number"); number != "" && c.QueryParam("done") != "" && len(number) <= 40 {
		return a.draw(http.StatusOK, templates.Reported{Chrome: a.chrome(), Number: number, Hotline: p.hotline(a)})
	}
	return a.draw(http.StatusOK, page)
}

func (p *Pages) reportOf(a *ask) (templates.Page, error) {
	head, err := a.look().People.Head(a.ctx())
	if err != nil {
		return nil, err
	}
	v := templates.Report{Chrome: a.chrome(), Company: head.Name, Hotline: hotline(head.Letterhead)}
	v.IdempotencyKey = v.Key
	if was := a.posted.Values.Get("idempotency_key"); was != "" {
		v.IdempotencyKey = was
	}
	return v, nil
}

// report takes a request from anybody. Nobody is looked up for it: whoever answers finds the customer by
// the telephone number, so that a stranger learns nothing about anybody.
func (p *Pages) report(c echo.Context) error {
	a := p.outside(c)
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	by := auth.System("report")
	next, err := p.run(a, f, by, "anyone POST /report", true, func(ctx context.Context, a *ask, f *form) (string, error) {
		what, name, phone, where := f.need("summary"), f.need("name"), f.need("phone"), f.need("address")
		if err := f.err(); err != nil {
			return "", err
		}
		first, _, _ := strings.Cut(what, "\n")
		if r := []rune(first); len(r) > 200 {
			first = string(r[:200])
		}
		told := strings.Join([]string{what, a.t("report.name", name), a.t("report.phone", phone), a.t("report.address", where)}, "\n")
		var made workorders.Request
		err := p.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) (err error) {
			if made, err = p.desk.Register(ctx, by, workorders.RequestInput{Channel: "web", Kind: "repair", Summary: strings.TrimSpace(first), Description: told}); err != nil {
				return err
			}
			for _, h := range f.files["photos"] {
				hash, err := p.keep(ctx, auth.Caller{Login: by.Login, OrgID: made.OrgID}, h.Size, func() ([]byte, error) { return readFile(h) }, "photo")
				if err != nil {
					return err
				}
				if hash == "" {
					continue
				}
				if _, err := l.Cabinet.Attach(ctx, ofRequest(made), hash, ""); err != nil {
					return err
				}
			}
			return nil
		})
		return "/report?number=" + made.Number, err
	})
	if err != nil {
		return p.again(a, f, err, p.reportOf)
	}
	return c.Redirect(http.StatusSeeOther, withDone(next, f.name))
}

var _ api.Screens = (*Pages)(nil)

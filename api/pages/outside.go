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
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
)

// public are the pages that need no sign-in: a customer's link, and the form for reporting a fault.
func (p *Pages) public(g rooms) {
	g.GET("/c/:token", p.track)
	for _, act := range []string{"approve", "decline", "confirm", "reschedule", "cancel", "chase", "sign", "rate", "withdraw", "verify", "leave-alone", "hear-again"} {
		g.POST("/c/:token/"+act, p.byCustomer(act))
	}
	g.GET("/c/:token/receipt", p.receiptPage)
	g.GET("/d/:code", p.devicePage)
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
	return a.draw(http.StatusOK, p.answeredPage(a, p.tracked(a, seen)))
}

// answeredPage says what the customer's form has just done.
func (p *Pages) answeredPage(a *ask, page templates.Track) templates.Track {
	switch done := a.QueryParam("done"); done {
	case "approve", "decline":
		page.Decided = done
		page.Flash = templates.Flash{}
	case "confirm", "reschedule", "wished", "cancel", "asked", "chase", "sign", "rate", "withdraw", "verify", "leave-alone", "hear-again":
		page.Flash = templates.Flash{Text: a.t("outside.done." + done)}
	}
	return page
}

// receiptPage is the receipt alone, to print or keep.
func (p *Pages) receiptPage(c echo.Context) error {
	a := p.outside(c)
	seen, err := p.desk.Public(a.ctx(), c.Param("token"))
	if err != nil {
		return p.gone(a, err)
	}
	if seen.Receipt == nil {
		return p.gone(a, fault.New(fault.NotFound, "receipt_unknown", "there is no receipt yet"))
	}
	page := p.tracked(a, seen)
	page.Printed = true
	for _, l := range seen.Receipt.Lines {
		page.Lines = append(page.Lines, templates.Line{Kind: l.Kind, Description: l.Description, Quantity: l.Quantity, Unit: l.UnitMinor, Amount: l.AmountMinor, Covered: l.Covered})
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
	v.LeftAlone, v.Courtesies = seen.LeftAlone, !seen.OrderID.IsNil()
	v.Confirmed, v.Allowed = seen.Confirmed, seen.AllowedActions
	if r := seen.Request; r != nil {
		v.Request = templates.Reporting{State: string(r.State), ReplyBy: zero(r.ReplyBy), RepliedAt: zero(r.RepliedAt), Answer: r.Answer}
	}
	if s := seen.Sheet; s != nil {
		v.Done = templates.SeenSheet{Number: s.Number, Outcome: s.Outcome, FinishedAt: s.FinishedAt, Parts: s.Parts, SignedBy: s.SignedBy}
		v.Warranty = s.WarrantyUntil
	}
	for _, d := range seen.Devices {
		v.Devices = append(v.Devices, templates.SeenDevice{Number: d.Number, Device: d.Device, Accessories: strings.Join(d.Accessories, a.t("ui.comma")), Condition: d.Condition, TakenAt: d.TakenAt, ReturnOn: d.ReturnOn, ReturnedAt: zero(d.ReturnedAt)})
	}
	if len(seen.Devices) > 0 {
		v.Papers = append(v.Papers, templates.Paper{Kind: "custody", Path: "/c/" + token + "/papers/custody.pdf"})
	}
	if r := seen.Rating; r != nil {
		v.Rating = templates.SeenRating{Given: r.Given, Service: r.Service, Product: r.Product, Comment: r.Comment}
	}
	if v.May("reschedule") {
		today := calendar.Of(a.now, a.zone)
		for i := range 15 {
			day := today.AddDays(i)
			v.DayChoices = append(v.DayChoices, templates.Option{Value: day.String(), Text: v.DayText(day.String())})
		}
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
		if act == "verify" { // a wrong code is refused, and counted all the same: no transaction around both
			if _, err := p.desk.VerifyByLink(a.ctx(), token, f.text("code")); err != nil {
				return p.again(a, f, err, func(a *ask) (templates.Page, error) {
					seen, err := p.desk.Public(a.ctx(), token)
					return p.tracked(a, seen), err
				})
			}
			return c.Redirect(http.StatusSeeOther, withDone("/c/"+token, act))
		}
		did, err := p.run(a, f, by, workorders.LinkScope(token)+" POST "+act, false, func(ctx context.Context, _ *ask, f *form) (string, error) {
			return p.customersDeed(ctx, act, token, address(c.Request()), in, f)
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
		return c.Redirect(http.StatusSeeOther, withDone("/c/"+token, strings.TrimPrefix(did, "/")))
	}
}

// customersDeed does what a form of the customer's page asks for, and says as a path what came of it; the
// path is kept for a form that is sent twice, so it holds no token.
func (p *Pages) customersDeed(ctx context.Context, act, token, from string, in workorders.PublicAnswer, f *form) (string, error) {
	did, err := act, error(nil)
	switch act {
	case "approve":
		_, err = p.desk.ApproveByLink(ctx, token, from, in)
	case "decline":
		_, err = p.desk.DeclineByLink(ctx, token, in)
	case "confirm":
		_, err = p.desk.ConfirmByLink(ctx, token)
	case "reschedule":
		var moved bool
		if _, moved, err = p.desk.MoveByLink(ctx, token, workorders.PublicWish{Day: f.text("day"), Part: f.text("part"), Note: f.text("note")}); !moved {
			did = "wished"
		}
	case "cancel":
		var ended bool
		if _, ended, err = p.desk.CancelByLink(ctx, token, f.text("reason")); !ended {
			did = "asked"
		}
	case "chase":
		_, err = p.desk.ChaseByLink(ctx, token, f.text("text"))
	case "sign":
		_, err = p.desk.SignByLink(ctx, token, from, in)
	case "rate":
		rating := workorders.RatingInput{Service: int(f.number("service")), Comment: f.text("comment")}
		if v := f.text("product"); v != "" {
			rating.Product = int(f.whole("product", v))
		}
		if err = f.err(); err == nil {
			_, err = p.desk.RateByLink(ctx, token, rating)
		}
	case "leave-alone", "hear-again":
		_, err = p.desk.OptOutByLink(ctx, token, act == "leave-alone")
	case "withdraw":
		_, err = p.desk.WithdrawByLink(ctx, token, f.text("reason"))
	}
	return "/" + did, err
}

// devicePage is what the label on a device opens.
func (p *Pages) devicePage(c echo.Context) error {
	a := p.outside(c)
	d, err := p.desk.PublicDeviceOf(a.ctx(), c.Param("code"))
	if err != nil {
		return p.gone(a, err)
	}
	v := templates.DevicePage{Chrome: a.chrome(), Code: c.Param("code"), Company: d.Organisation, Device: d.Device, Serial: d.Serial, InstalledOn: d.InstalledOn, WarrantyUntil: d.WarrantyUntil, Hotline: d.Hotline, Open: d.Open}
	for _, e := range d.History {
		v.History = append(v.History, templates.DeviceEvent{On: e.On, Kind: e.Kind, State: e.State, Number: e.Number})
	}
	if by, err := p.who(c); err == nil && by.May(auth.ReadCustomers) {
		if _, err := a.look().Customers.Asset(a.ctx(), by.Scope(), d.ID); err == nil {
			v.Record = "/assets/" + d.ID.String()
		}
	}
	return a.draw(http.StatusOK, v)
}

// customersPapers are what a customer may have of his own order.
var customersPapers = []string{"quote", "settlement", "receipt", "custody"}

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
	if seen.OrderID.IsNil() {
		return p.gone(a, fault.New(fault.NotFound, "paper_unknown", "there is no such paper"))
	}
	by.Lang = a.lang
	content, name, err := p.server.Paper(a.ctx(), by, seen.OrderID.String(), kind, a.lang, "customer", false)
	if err != nil {
		return p.problem(a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) reportPage(c echo.Context) error {
	a := p.outside(c)
	page, err := p.reportOf(a)
	if fault.Is(err, fault.NotFound) {
		return p.gone(a, err)
	}
	if err != nil {
		return p.problem(a, err)
	}
	if number := c.QueryParam("number"); number != "" && c.QueryParam("done") != "" && len(number) <= 40 {
		a.takeShown()
		return a.draw(http.StatusOK, templates.Reported{Chrome: a.chrome(), Number: number, Link: a.shownMe["link"], Hotline: p.hotline(a)})
	}
	return a.draw(http.StatusOK, page)
}

func (p *Pages) reportOf(a *ask) (templates.Page, error) {
	head, err := a.look().People.Head(a.ctx())
	if err != nil {
		return nil, err
	}
	v := templates.Report{Chrome: a.chrome(), Company: head.Name, Hotline: hotline(head.Letterhead), Box: a.QueryParam("about") == "suggestion" || a.posted.Values.Get("kind") == "suggestion", Label: a.QueryParam("label")}
	if v.Hours, err = a.servedAt(head.ID); err != nil {
		return nil, err
	}
	v.IdempotencyKey = v.Key
	if was := a.posted.Values.Get("idempotency_key"); was != "" {
		v.IdempotencyKey, v.Label = was, a.posted.Values.Get("label")
	}
	if v.Label != "" {
		d, err := p.desk.PublicDeviceOf(a.ctx(), v.Label)
		if err != nil {
			return nil, err
		}
		v.Device = d.Device
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
	next, err := p.run(a, f, auth.System("report"), "anyone POST /report", true, func(ctx context.Context, a *ask, f *form) (string, error) {
		in := workorders.ReportInput{Name: f.text("name"), Phone: f.text("phone"), Address: f.text("address"), Summary: f.text("summary"), When: f.text("when"), Label: f.text("label"), Kind: f.text("kind"), Lang: a.lang}
		for _, h := range f.files["photos"] {
			if h.Size == 0 { // a field left empty sends a file of nothing
				continue
			}
			body, err := readFile(h)
			if err != nil {
				return "", err
			}
			in.Photos = append(in.Photos, body)
		}
		made, err := p.desk.Report(ctx, address(c.Request()), in)
		return "/report?number=" + made.Number, err
	})
	if err != nil {
		return p.again(a, f, err, p.reportOf)
	}
	// The link is kept nowhere, so a form that was sent twice gets a fresh one to the same request.
	if link, err := p.desk.LinkReported(a.ctx(), strings.TrimPrefix(next, "/report?number=")); err == nil {
		a.shownMe = map[string]string{"link": link}
		a.giveShown()
	}
	return c.Redirect(http.StatusSeeOther, withDone(next, f.name))
}

var _ api.Screens = (*Pages)(nil)

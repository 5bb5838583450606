package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
)

// printed are the addresses that answer with a paper or a picture instead of a page.
func (p *Pages) printed(g rooms) {
	g.GET("/orders/:number/papers/:paper", p.sheetOf)
	g.GET("/papers/:paper", p.stack)
	g.GET("/follow-ups/papers.pdf", p.followUpPapers)
	g.GET("/follow-ups/register.pdf", p.followUpRegister)
	g.GET("/follow-ups/letters.pdf", p.letters)
	g.GET("/assets/:id/label.pdf", p.labelPDF)
	g.GET("/complaints/:id/reply-letter.pdf", p.replyLetter)
	g.GET("/complaints/:id/evidence/:file", p.evidenceFile)
	g.GET("/minutes/:id/minutes.pdf", p.minutesPDF)
	g.GET("/files/:id", p.file)
	g.GET("/figures/:table", p.table)
}

// reader is who asks for a paper, or the answer that leads him to the door.
func (p *Pages) reader(c echo.Context, may auth.Permission) (*ask, error) {
	by, err := p.who(c)
	if err != nil {
		return nil, err
	}
	a := &ask{Context: c, p: p, by: by, now: p.desk.Now()}
	a.lang = say.Lang(c.QueryParam("lang"), a.cookie(langCookie), by.Lang, c.Request().Header.Get("Accept-Language"))
	a.by.Lang = a.lang
	return a, a.by.Must(may)
}

// refuse draws the page of an error where a paper was asked for.
func (p *Pages) refuse(c echo.Context, a *ask, err error) error {
	if a == nil {
		return p.toLogin(c, err)
	}
	return p.problem(p.newAsk(c, a.by), err)
}

func (a *ask) pdf(content []byte, name string) error {
	h := a.Response().Header()
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; object-src 'self'")
	return a.Blob(http.StatusOK, "application/pdf", content)
}

func (p *Pages) sheetOf(c echo.Context) error {
	a, err := p.reader(c, auth.ReadPapers)
	if err != nil {
		return p.refuse(c, a, err)
	}
	kind, pdf := strings.CutSuffix(c.Param("paper"), ".pdf")
	if !pdf {
		return p.refuse(c, a, fault.New(fault.NotFound, "paper_unknown", "there is no paper called %s", kind))
	}
	content, name, err := p.server.Paper(a.ctx(), a.by, c.Param("number"), kind, a.lang, c.QueryParam("copy"), c.QueryParam("reprint") != "")
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) stack(c echo.Context) error {
	a, err := p.reader(c, auth.PrintStacks)
	if err != nil {
		return p.refuse(c, a, err)
	}
	stack, _ := strings.CutSuffix(c.Param("paper"), ".pdf")
	content, name, err := p.server.StackPaper(a.ctx(), a.by, stack, c.QueryParam("day"), c.QueryParam("region"), c.QueryParam("engineer"), c.QueryParam("organisation"), a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) followUpPapers(c echo.Context) error {
	a, err := p.reader(c, auth.PrintStacks)
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, name, err := p.server.FollowUpStack(a.ctx(), a.by, c.QueryParam("due_on"), c.QueryParam("assignee"), a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

// file shows a picture or a scan to whoever may see its record.
func (p *Pages) file(c echo.Context) error {
	a, err := p.reader(c, auth.ReadFiles)
	if err != nil {
		return p.refuse(c, a, err)
	}
	id, err := parse(c.Param("id"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	cabinet := a.look().Cabinet
	f, err := cabinet.Get(a.ctx(), a.by.Scope(), a.by.UserID, id)
	if err != nil {
		return p.refuse(c, a, err)
	}
	for key, value := range f.Headers() {
		c.Response().Header().Set(key, value)
	}
	return c.Blob(http.StatusOK, f.Mime, f.Bytes)
}

// orderPapers are the papers there is something to print on for an order.
func (a *ask) orderPapers(o workorders.Order, v templates.Order) ([]templates.Paper, error) {
	if !a.by.May(auth.ReadPapers) {
		return nil, nil
	}
	papers := a.papersOf(o, len(v.Custody) > 0)
	issued, err := a.look().Cabinet.IssuedKinds(a.ctx(), o.ID)
	if err != nil {
		return nil, err
	}
	for i, p := range papers {
		if slices.Contains(issued, p.Kind) {
			papers[i].Again = p.Path + "?reprint=1"
		}
	}
	return papers, nil
}

// visitPapers are those an engineer shows at the door.
func (a *ask) visitPapers(o workorders.Order) []templates.Paper {
	return a.papersOf(o, o.Custody != nil)
}

func (a *ask) papersOf(o workorders.Order, custody bool) []templates.Paper {
	var sheet, noAccess, quote, accepted, checked bool
	for _, s := range o.Sheets {
		if s.ReplacedAt != nil {
			continue
		}
		sheet = true
		noAccess = noAccess || s.Outcome == "no_access"
		accepted = accepted || len(s.Acceptance) > 0
		checked = checked || len(s.Checklist) > len("[]")
	}
	for _, q := range o.Quotes {
		quote = quote || q.State != workorders.QuoteSuperseded
	}
	var out []templates.Paper
	for _, k := range []struct {
		kind string
		is   bool
	}{
		{"work-order", true}, {"reception", o.RequestID != nil}, {"quote", quote}, {"repair-sheet", sheet}, {"no-access", noAccess}, {"acceptance", accepted}, {"checklist", checked || o.Kind == "maintain"},
		{"custody", custody}, {"settlement", o.Receipt != nil}, {"receipt", o.Receipt != nil && o.Receipt.BalanceMinor == 0}, {"follow-up", len(o.FollowUps) > 0},
	} {
		if k.is {
			out = append(out, templates.Paper{Kind: k.kind, Path: "/orders/" + o.Number + "/papers/" + k.kind + ".pdf"})
		}
	}
	return out
}

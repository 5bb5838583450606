package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// paperRight is what somebody must be allowed to read besides papers. A paper shows no more than the page
// it was printed from.
var paperRight = map[string]auth.Permission{
	"work-order": auth.ReadOrders, "repair-sheet": auth.ReadOrders, "acceptance": auth.ReadOrders, "reception": auth.ReadOrders, "checklist": auth.ReadOrders, "no-access": auth.ReadOrders,
	"quote": auth.ReadQuotes, "settlement": auth.ReadReceipts, "receipt": auth.ReadReceipts, "follow-up": auth.ReadFollowUps, "custody": auth.ReadCustody,
}

// wish is for whom and how something is printed.
type wish struct {
	by   auth.Caller
	lang string
	copy pdf.Copy
	// again asks for a further print: drawn as it stands now and marked as one, while the paper that was issued stays
	// what it is.
	again bool
	of    *uuid.UUID // which sheet, quote, receipt, custody or call; nil = the newest
}

func printOf(by auth.Caller, lang, copied, of string) (wish, error) {
	p := wish{by: by, lang: say.Lang(lang, by.Lang), copy: pdf.Copy(copied)}
	switch p.copy {
	case pdf.CopyNone, pdf.CopyCustomer, pdf.CopyOffice, pdf.CopyFile:
	default:
		return p, fault.New(fault.Invalid, "copy_unknown", "a paper has the copies customer, office and file").Field("query.copy", "customer, office or file")
	}
	switch lang {
	case "", say.Chinese, say.English:
	default:
		return p, fault.New(fault.Invalid, "lang_unknown", "papers are printed in zh-Hans or en").Field("query.lang", "zh-Hans or en")
	}
	var err error
	p.of, err = idIn("of", of)
	return p, err
}

// drawn is a paper ready to be written. With a subject it documents a fact: it is kept the first time it
// is read, and everybody gets those bytes from then on.
type drawn struct {
	paper   pdf.Paper
	name    string // for the download
	subject uuid.UUID
	version int
}

func (s *Server) paper(ctx context.Context, by auth.Caller, in *struct {
	ID   string `path:"id" maxLength:"60" doc:"id or number of the order"`
	Kind string `path:"kind" maxLength:"40" doc:"work-order.pdf repair-sheet.pdf quote.pdf settlement.pdf receipt.pdf follow-up.pdf custody.pdf acceptance.pdf reception.pdf checklist.pdf no-access.pdf"`
	Lang string `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
	Copy string `query:"copy" doc:"customer, office or file"`
	Of   string `query:"of" doc:"id of the sheet, quote, receipt, custody or follow-up meant; absent = the newest"`

	Reprint bool `query:"reprint" doc:"a further print of a paper that was issued: it says so, and is not kept"`
}) (*blob, error) {
	kind, is := strings.CutSuffix(in.Kind, ".pdf")
	if !is {
		return nil, badKind(in.Kind)
	}
	p, err := printOf(by, in.Lang, in.Copy, in.Of)
	if err != nil {
		return nil, err
	}
	p.again = in.Reprint
	content, name, err := s.printPaper(ctx, p, in.ID, kind)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// Paper prints a paper of an order, the newest of its kind, and names the file. lang "" is the caller's; again marks
// a further print of one that was issued.
func (s *Server) Paper(ctx context.Context, by auth.Caller, orderRef, kind, lang, copied string, again bool) ([]byte, string, error) {
	p, err := printOf(by, lang, copied, "")
	if err != nil {
		return nil, "", err
	}
	p.again = again
	return s.printPaper(ctx, p, orderRef, strings.TrimSuffix(kind, ".pdf"))
}

func (s *Server) printPaper(ctx context.Context, p wish, ref, kind string) ([]byte, string, error) {
	right, known := paperRight[kind]
	if !known {
		return nil, "", badKind(kind)
	}
	if err := p.by.Must(right); err != nil {
		return nil, "", err
	}
	o, err := s.desk.Dossier(ctx, p.by, ref, p.lang)
	if err != nil {
		return nil, "", err
	}
	c := &composer{s: s, wish: p}
	d, err := c.of(ctx, o, kind)
	if err != nil {
		return nil, "", err
	}
	name := pdfName(cmp.Or(d.name, o.Number), kind)
	if d.subject.IsNil() {
		content, err := c.write(d.paper, o)
		return content, name, err
	}
	cabinet := s.desk.Look(ctx).Cabinet
	kept, found, err := cabinet.Issued(ctx, d.subject, kind, p.lang, string(p.copy), d.version)
	switch {
	case err != nil:
		return nil, "", err
	case found && p.again:
		c.reprint = true
	case found:
		return kept.Bytes, name, nil
	}
	content, err := c.write(d.paper, o)
	if err != nil {
		return nil, "", err
	}
	issue := files.Paper{OrgID: o.OrgID, OrderID: &o.ID, SubjectID: d.subject, Kind: kind, Lang: p.lang, Copy: string(p.copy), Version: d.version, Bytes: content}
	if c.reprint {
		return content, name, s.desk.ReprintPaper(ctx, p.by, issue, c.token)
	}
	kept, err = s.desk.IssuePaper(ctx, p.by, issue, c.token)
	return kept.Bytes, name, err
}

// StackPaper prints the papers of a day in one file: day-sheets, work-orders or pick-lists. day is
// YYYY-MM-DD, "" is today at the caller's organisation; region, engineer (id) and organisation (code) may be
// empty.
func (s *Server) StackPaper(ctx context.Context, by auth.Caller, stack, day, region, engineer, organisation, lang string) ([]byte, string, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	return s.printStack(ctx, p, strings.TrimSuffix(stack, ".pdf"), day, region, engineer, organisation)
}

func (s *Server) stack(ctx context.Context, by auth.Caller, in *struct {
	Stack    string `path:"stack" maxLength:"40" doc:"day-sheets.pdf, work-orders.pdf or pick-lists.pdf"`
	Day      string `query:"day" doc:"absent = today at the reader's organisation"`
	Region   string `query:"region" maxLength:"40" doc:"a region code: that region and everything below it"`
	Engineer string `query:"engineer" doc:"engineer's id"`
	Org      string `query:"organisation" maxLength:"40" doc:"an organisation code: days of its engineers, work that it serves"`
	Lang     string `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
	Copy     string `query:"copy" doc:"customer, office or file"`
}) (*blob, error) {
	stack, is := strings.CutSuffix(in.Stack, ".pdf")
	if !is {
		return nil, badKind(in.Stack)
	}
	p, err := printOf(by, in.Lang, in.Copy, "")
	if err != nil {
		return nil, err
	}
	content, name, err := s.printStack(ctx, p, stack, in.Day, in.Region, in.Engineer, in.Org)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

func (s *Server) printStack(ctx context.Context, p wish, stack, on, region, engineer, organisation string) ([]byte, string, error) {
	right, known := map[string]auth.Permission{"day-sheets": auth.ReadVisits, "work-orders": auth.ReadOrders, "pick-lists": auth.ReadPickups}[stack]
	if !known {
		return nil, "", badKind(stack)
	}
	if err := p.by.Must(right); err != nil {
		return nil, "", err
	}
	f, err := s.dayAsked(ctx, p.by, on, engineer)
	if err != nil {
		return nil, "", err
	}
	f.Region, f.Organisation = region, organisation
	c := &composer{s: s, wish: p}
	name := pdfName(stack, f.Day.String())
	var papers []pdf.Paper
	switch stack {
	case "day-sheets":
		papers, err = c.daySheets(ctx, f)
	case "work-orders":
		papers, err = c.workOrders(ctx, f)
	case "pick-lists":
		papers, err = c.pickLists(ctx, f)
	}
	if err != nil {
		return nil, "", err
	}
	content, err := c.writeAll(papers, f)
	return content, name, err
}

func (s *Server) dayAsked(ctx context.Context, by auth.Caller, on, engineer string) (workorders.StackFilter, error) {
	var f workorders.StackFilter
	var err error
	if f.Day, f.Zone, err = s.desk.Today(ctx, by); err != nil {
		return f, err
	}
	asked, err := day("day", on)
	if err != nil {
		return f, err
	}
	if asked != nil {
		f.Day = *asked
	}
	f.Engineer, err = idIn("engineer", engineer)
	return f, err
}

func (s *Server) dayPaper(ctx context.Context, by auth.Caller, in *struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Day  string    `query:"day" doc:"absent = today at the reader's organisation"`
	Lang string    `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
}) (*blob, error) {
	p, err := printOf(by, in.Lang, "", "")
	if err != nil {
		return nil, err
	}
	f, err := s.dayAsked(ctx, by, in.Day, in.ID.String())
	if err != nil {
		return nil, err
	}
	c := &composer{s: s, wish: p}
	papers, err := c.daySheets(ctx, f)
	if err != nil {
		return nil, err
	}
	content, err := c.writeAll(papers, f)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, pdfName("day", f.Day.String())), nil
}

func (s *Server) followUpPapers(ctx context.Context, by auth.Caller, in *struct {
	DueOn    string `query:"due_on" doc:"calls of this day, and earlier ones still open; absent = today"`
	Assignee string `query:"assignee" doc:"user's id"`
	Lang     string `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
}) (*blob, error) {
	content, name, err := s.FollowUpStack(ctx, by, in.DueOn, in.Assignee, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// FollowUpStack prints the call sheets of a day in one file: its own, and earlier ones still open.
// dueOn is YYYY-MM-DD, "" is today; assignee is a user's id, "" is everybody.
func (s *Server) FollowUpStack(ctx context.Context, by auth.Caller, dueOn, assignee, lang string) ([]byte, string, error) {
	if err := by.Must(auth.ReadFollowUps); err != nil {
		return nil, "", err
	}
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	f, err := s.dayAsked(ctx, by, "", "")
	if err != nil {
		return nil, "", err
	}
	switch asked, err := day("due_on", dueOn); {
	case err != nil:
		return nil, "", err
	case asked != nil:
		f.Day = *asked
	}
	// To be called: the day's, and what was left over. Called already: the day's alone, for the file.
	open, made := aftercare.FollowUpFilter{State: "open", To: &f.Day}, aftercare.FollowUpFilter{State: "done,unreachable", DueOn: &f.Day}
	if open.AssigneeID, err = idIn("assignee", assignee); err != nil {
		return nil, "", err
	}
	made.AssigneeID = open.AssigneeID
	calls, err := s.desk.FollowUpFiles(ctx, by, p.lang, open, made)
	if err != nil {
		return nil, "", err
	}
	c := &composer{s: s, wish: p}
	papers := make([]pdf.Paper, 0, len(calls))
	for i := range calls {
		paper, err := c.followUp(ctx, &calls[i])
		if err != nil {
			return nil, "", err
		}
		papers = append(papers, paper)
	}
	content, err := c.writeAll(papers, f)
	if err != nil {
		return nil, "", err
	}
	return content, pdfName("follow-ups", f.Day.String()), nil
}

// ics is an engineer's calendar. His own, or of somebody in sight.
func (s *Server) ics(ctx context.Context, by auth.Caller, in *ByID) (*blob, error) {
	board := s.desk.Look(ctx).Board
	if own := by.Scope().Engineer(); own != nil && *own != in.ID {
		return nil, fault.New(fault.NotFound, "engineer_not_found", "there is no engineer %s here", in.ID)
	}
	if _, err := board.Engineer(ctx, by.Scope(), in.ID); err != nil {
		return nil, err
	}
	content, err := board.ICS(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &blob{ContentType: "text/calendar; charset=utf-8", Disposition: `inline; filename="calendar.ics"`, CacheControl: "private, max-age=300", Security: "sandbox; default-src 'none'", Body: content}, nil
}

// composer fills papers with what the desk knows.
type composer struct {
	s *Server
	wish
	heads   map[int32]letterhead
	reprint bool   // a further print, marked as one
	token   string // of the link drawn on it
}

// letterhead is what an organisation's letterhead holds. A unit's own name stands when it gives none;
// hotline, complaints line and addresses on the web it leaves out are those of the unit above.
type letterhead struct {
	Name       string `json:"name" doc:"as it stands on papers; absent = the organisation's name"`
	Address    string `json:"address"`
	Hotline    string `json:"hotline" doc:"service hotline; customers see it under their link too"`
	Complaints string `json:"complaints" doc:"complaints line"`
	Website    string `json:"website"`
	Emergency  string `json:"emergency" doc:"whom an engineer calls when something goes wrong, on day sheets; absent = the hotline"`
	Invoice    string `json:"invoice" doc:"address on the web where a tax invoice is asked for, as QR code on receipts"`
}

func (c *composer) issuer(ctx context.Context, org int32) (letterhead, error) {
	if h, ok := c.heads[org]; ok {
		return h, nil
	}
	people := c.s.desk.Look(ctx).People
	o, err := people.Organisation(ctx, org)
	if err != nil {
		return letterhead{}, err
	}
	var h letterhead
	if len(o.Letterhead) > 0 {
		if err := json.Unmarshal(o.Letterhead, &h); err != nil {
			// Lines of another shape: the paper still says who issues it.
			c.s.log.Warn("letterhead", "organisation", o.Code, "error", err)
			h = letterhead{}
		}
	}
	h.Name = cmp.Or(h.Name, o.Name)
	if o.ParentID != nil {
		above, err := c.issuer(ctx, *o.ParentID)
		if err != nil {
			return h, err
		}
		h.Hotline, h.Complaints, h.Website = cmp.Or(h.Hotline, above.Hotline), cmp.Or(h.Complaints, above.Complaints), cmp.Or(h.Website, above.Website)
		h.Emergency, h.Invoice = cmp.Or(h.Emergency, above.Emergency), cmp.Or(h.Invoice, above.Invoice)
	}
	if c.heads == nil {
		c.heads = map[int32]letterhead{}
	}
	c.heads[org] = h
	return h, nil
}

func (h letterhead) top() pdf.Letterhead {
	return pdf.Letterhead{Name: h.Name, Address: h.Address, Hotline: h.Hotline, Complaints: h.Complaints, Website: h.Website}
}

// linked is the head of a paper that is handed out and kept: it carries the customer's page as a code. Links
// are kept as hashes alone, so each print has its own; copies for the house have none.
func (c *composer) linked(h pdf.Head) pdf.Head {
	if c.copy == pdf.CopyNone || c.copy == pdf.CopyCustomer {
		c.token, h.Link = c.s.desk.PaperLink()
	}
	return h
}

// head is the head of a paper.
func (c *composer) head(ctx context.Context, org int32, order, number string, version int) (pdf.Head, error) {
	h, err := c.issuer(ctx, org)
	return pdf.Head{Letterhead: h.top(), Order: order, Number: number, Version: version}, err
}

func (c *composer) options() pdf.Options {
	return pdf.Options{Lang: c.lang, Copy: c.copy, PrintedAt: c.s.desk.Now(), PrintedBy: cmp.Or(c.by.Name, c.by.Login), Reprint: c.reprint}
}

func (c *composer) write(p pdf.Paper, o *workorders.Dossier) ([]byte, error) {
	options := c.options()
	options.Zone = o.Location()
	var out bytes.Buffer
	if err := p.Write(&out, options); err != nil {
		return nil, fmt.Errorf("print %s: %w", o.Number, err)
	}
	return out.Bytes(), nil
}

// writeAll writes a stack in the zone of the house.
func (c *composer) writeAll(papers []pdf.Paper, f workorders.StackFilter) ([]byte, error) {
	options := c.options()
	options.Zone = f.Zone
	var out bytes.Buffer
	if err := pdf.WriteAll(&out, papers, options); err != nil {
		return nil, fmt.Errorf("print a stack: %w", err)
	}
	return out.Bytes(), nil
}

// t says a text of the prints.
func (c *composer) t(key string, args ...any) string { return say.Text(c.lang, "print."+key, args...) }

// unit is the unit of a part; the usual one in the reader's language.
func (c *composer) unit(u string) string {
	if u == "" || u == "piece" {
		return c.t("unit.piece")
	}
	return u
}

// notYet says what a paper still lacks.
func notYet(format string, args ...any) error {
	return fault.New(fault.NotFound, "paper_not_yet", format, args...)
}

func date(d *calendar.Date) calendar.Date {
	if d == nil {
		return calendar.Date{}
	}
	return *d
}

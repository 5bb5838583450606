package pages

import (
	"context"
	"net/http"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// What a complaint is judged by, and what was said at a visit or a meeting.

// evidenceOn shows what is on file about a complaint.
func (a *ask) evidenceOn(c aftercare.Complaint, v *templates.Complaint) error {
	v.EvidenceAsked = c.EvidenceAsked && c.Grade == "complaint" && c.State != aftercare.ClosedMatter && c.EvidenceCount == 0
	v.OverBy = zero(c.OverBy)
	for _, e := range c.Evidence {
		row := templates.EvidenceRow{Text: e.Record, Note: e.Note, At: e.At, Actor: a.actor(e.Actor)}
		switch {
		case e.FileID != nil:
			row.Path, row.Image = "/complaints/"+c.ID.String()+"/evidence/"+e.FileID.String(), strings.HasPrefix(e.Mime, "image/")
			row.Text = a.t("evidence.file")
		case e.Kind == "request":
			row.Path = "/requests/" + e.Record
		case e.Kind == "work_order":
			row.Path = "/orders/" + e.Record
		case e.Kind == "receipt":
			row.Path = "/receipts/" + e.Record
		default:
			row.Text = a.t("evidence.kind."+e.Kind) + " " + e.Record
		}
		v.Evidence = append(v.Evidence, row)
	}
	list, err := a.look().Promises.MinutesList(a.ctx(), a.by, aftercare.MinutesFilter{Ask: many, ComplaintID: &c.ID})
	for _, m := range list.Items {
		v.Minutes = append(v.Minutes, templates.Link{Path: "/minutes/" + m.ID.String(), Text: m.Number})
	}
	return err
}

func (p *Pages) addEvidence(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	next := "/complaints/" + id.String()
	in := aftercare.EvidenceInput{Record: f.text("record"), Note: f.text("note")}
	sent := false
	for _, h := range f.files["files"] {
		hash, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, "evidence")
		if err != nil {
			return "", err
		}
		if hash == "" { // a field left empty sends a file of nothing
			continue
		}
		sent = true
		if _, err := p.desk.AddEvidence(ctx, a.by, id, aftercare.EvidenceInput{File: hash, Note: in.Note}); err != nil {
			return "", err
		}
	}
	if sent && in.Record == "" {
		return next, nil
	}
	_, err = p.desk.AddEvidence(ctx, a.by, id, in)
	return next, err
}

// evidenceFile shows one file of a complaint to whoever may know of the complaint.
func (p *Pages) evidenceFile(c echo.Context) error {
	a, err := p.reader(c, auth.ReadComplaints)
	if err != nil {
		return p.refuse(c, a, err)
	}
	id, err := parse(c.Param("id"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	complaint, err := a.look().Promises.Complaint(a.ctx(), a.by, id)
	if err != nil {
		return p.refuse(c, a, err)
	}
	for _, e := range complaint.Evidence {
		if e.FileID == nil || e.FileID.String() != c.Param("file") {
			continue
		}
		f, err := a.look().Cabinet.Whole(a.ctx(), *e.FileID)
		if err != nil {
			return p.refuse(c, a, err)
		}
		for key, value := range f.Headers() {
			c.Response().Header().Set(key, value)
		}
		return c.Blob(http.StatusOK, f.Mime, f.Bytes)
	}
	return p.refuse(c, a, fault.New(fault.NotFound, "file_unknown", "there is no such file here"))
}

// minutesAbout is what new minutes are about, as the address says.
func (a *ask) minutesAbout(f func(string) *uuid.UUID) (in aftercare.MinutesInput) {
	return aftercare.MinutesInput{CustomerID: f("customer"), RequestID: f("request"), ComplaintID: f("complaint")}
}

func (p *Pages) minutesList(a *ask) (templates.Page, error) {
	about := a.minutesAbout(a.idIn)
	page, err := a.look().Promises.MinutesList(a.ctx(), a.by, aftercare.MinutesFilter{Ask: a.asked(), CustomerID: about.CustomerID, RequestID: about.RequestID, ComplaintID: about.ComplaintID})
	if err != nil {
		return nil, err
	}
	v := templates.MinutesList{Customer: a.QueryParam("customer"), Request: a.QueryParam("request"), Complaint: a.QueryParam("complaint"), MayWrite: a.by.May(auth.FileComplaint), More: a.with("cursor", page.NextCursor), Colleagues: a.colleagues(auth.ReadComplaints)}
	if a.posted.Form == "minutes" {
		v.Customer, v.Request, v.Complaint = a.posted.Values.Get("customer"), a.posted.Values.Get("request"), a.posted.Values.Get("complaint")
	}
	for _, m := range page.Items {
		v.Rows = append(v.Rows, templates.MinutesRow{ID: m.ID.String(), Number: m.Number, HeldAt: m.HeldAt, Present: m.Present, Text: m.Text, About: a.minutesLinks(m), Open: m.Open})
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (a *ask) minutesLinks(m aftercare.Minutes) (out []templates.Link) {
	if m.CustomerID != nil && a.by.May(auth.ReadCustomers) {
		out = append(out, templates.Link{Path: "/customers/" + m.CustomerID.String(), Text: m.CustomerName})
	}
	if m.Request != "" {
		out = append(out, templates.Link{Path: "/requests/" + m.Request, Text: m.Request})
	}
	if m.ComplaintID != nil {
		out = append(out, templates.Link{Path: "/complaints/" + m.ComplaintID.String(), Text: m.Complaint})
	}
	if m.Order != "" {
		out = append(out, templates.Link{Path: "/orders/" + m.Order, Text: m.Order})
	}
	return out
}

func (p *Pages) minutes(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	m, err := a.look().Promises.MinutesOf(a.ctx(), a.by, id)
	if err != nil {
		return nil, err
	}
	v := templates.Minutes{Number: m.Number, HeldAt: m.HeldAt, Spot: m.Place, Present: m.Present, Lines: strings.Split(m.Text, "\n"), About: a.minutesLinks(m), WrittenBy: a.called(m.CreatedBy), PDF: "/minutes/" + id.String() + "/minutes.pdf"}
	for _, t := range m.Tasks {
		v.Tasks = append(v.Tasks, a.improvementRow(t))
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) writeMinutes(ctx context.Context, a *ask, f *form) (string, error) {
	in := a.minutesAbout(f.id)
	in.HeldAt, in.Place, in.Present, in.Text = f.time("held_at"), f.text("place"), f.need("present"), f.need("text")
	for i := range f.Values["task_text"] {
		text := f.at("task_text", i)
		if text == "" {
			continue
		}
		task := aftercare.MinutesTask{Text: text, DueOn: f.dateAt("task_due", i)}
		if owner, err := uuid.FromString(f.at("task_owner", i)); err == nil {
			task.OwnerID = &owner
		}
		in.Tasks = append(in.Tasks, task)
	}
	if err := f.err(); err != nil {
		return "", err
	}
	next := "/minutes"
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		m, err := l.Promises.WriteMinutes(ctx, a.by, in)
		next = "/minutes/" + m.ID.String()
		return err
	})
	return next, err
}

func (p *Pages) minutesPDF(c echo.Context) error {
	a, err := p.reader(c, auth.ReadComplaints)
	if err != nil {
		return p.refuse(c, a, err)
	}
	id, err := parse(c.Param("id"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, name, err := p.server.MinutesPaper(a.ctx(), a.by, id, a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

package pages

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// colleagues are the people of some roles, to filter a list by.
func (a *ask) colleagues(may auth.Permission) []templates.Option {
	if !a.by.May(auth.ReadUsers) {
		return nil
	}
	page, err := a.look().People.Users(a.ctx(), a.by.Scope(), many)
	if err != nil {
		return nil
	}
	var out []templates.Option
	for _, u := range page.Items {
		if u.Active && (auth.Caller{Roles: u.Roles}).May(may) {
			out = append(out, templates.Option{Value: u.ID.String(), Text: u.Name})
		}
	}
	return out
}

// callsAsked is the list of calls as the reader filtered it. Without a state it is what is still open and due
// on the day or before it; the day is today unless he says another.
func (a *ask) callsAsked() (f aftercare.FollowUpFilter, day string) {
	f = aftercare.FollowUpFilter{Ask: a.asked(), State: a.QueryParam("state"), AssigneeID: a.idIn("assignee")}
	on := a.dayIn("due_on")
	if f.State != "" {
		f.DueOn = on
		return f, dateText(on)
	}
	if on == nil && !a.QueryParams().Has("due_on") {
		today := a.today()
		on = &today
	}
	f.State, f.To = "open", on
	return f, dateText(on)
}

func (p *Pages) followUps(a *ask) (templates.Page, error) {
	f, day := a.callsAsked()
	page, err := a.look().Promises.FollowUps(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.FollowUps{Chrome: a.chrome(), DueOn: day, State: a.QueryParam("state"), Assignee: a.QueryParam("assignee"), Assignees: a.colleagues(auth.ClaimFollowUp), More: a.with("cursor", page.NextCursor)}
	if a.by.May(auth.ClaimFollowUp) && a.by.Person() {
		v.Mine = "/follow-ups?assignee=" + a.by.UserID.String()
	}
	if a.by.May(auth.PrintStacks) {
		v.Register = "/follow-ups/register.pdf"
	}
	if v.MayLead = a.by.May(auth.ReassignFollowUps); v.MayLead {
		if v.Callers, err = a.callerRows(); err != nil {
			return nil, err
		}
	}
	if a.by.May(auth.PrintStacks) && day != "" {
		v.PapersPDF = "/follow-ups/papers.pdf?due_on=" + day
	}
	today := a.today()
	for _, row := range page.Items {
		v.Rows = append(v.Rows, templates.FollowUpRow{ID: row.ID.String(), State: string(row.State), Kind: row.Kind, DueOn: row.DueOn.String(), From: row.DueFrom.String(), To: row.DueTo.String(), OrderNumber: row.OrderNumber, Customer: row.CustomerName,
			Summary: row.Summary, Assignee: a.called(row.AssigneeID), Attempts: row.Attempts, CallAgainAt: zero(row.NextAt), Overdue: row.DueTo.Before(today) && row.DoneAt == nil})
	}
	return v, nil
}

func (p *Pages) callSheet(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	f, err := a.look().Promises.FollowUp(a.ctx(), a.by.Scope(), id)
	if err != nil {
		return nil, err
	}
	v := templates.CallSheet{ID: f.ID.String(), State: string(f.State), Kind: f.Kind, DueOn: f.DueOn.String(), From: f.DueFrom.String(), To: f.DueTo.String(), Summary: f.Summary, Engineer: f.Engineer, Customer: templates.Link{Text: f.CustomerName},
		Number: f.Number, Mode: f.Mode, Campaign: f.Campaign}
	script, err := a.look().Promises.ScriptOf(a.ctx(), f.OrgID, f.Kind)
	if err != nil {
		return nil, err
	}
	v.Script, v.Questions, v.Version = script.Lines(f.Lang), script.Questions, script.Version
	if f.VisitOrderNumber != "" {
		v.Visit = templates.Link{Path: "/orders/" + f.VisitOrderNumber, Text: f.VisitOrderNumber}
	}
	if n := len(f.Log); n > 0 && f.Log[n-1].Outcome == "wrong_number" && f.CustomerID != nil {
		v.WrongFile = "/customers/" + f.CustomerID.String()
	}
	if f.ClaimedUntil != nil && f.ClaimedUntil.After(a.now) {
		v.Claimed = a.called(f.ClaimedBy)
	}
	if err := a.callAbout(&f, &v); err != nil {
		return nil, err
	}
	for _, t := range f.Log {
		v.Earlier = append(v.Earlier, templates.Attempt{At: t.At, Caller: a.actor(t.Actor), Outcome: t.Outcome, Service: t.Scores["service"], Product: t.Scores["product"], Comment: t.Comment, Next: zero(t.Next)})
		if t.RequestID != nil {
			if r, err := a.p.desk.Request(a.ctx(), a.by, t.RequestID.String()); err == nil {
				v.Made = append(v.Made, templates.Link{Path: "/requests/" + r.Number, Text: r.Number, Kind: "request", State: string(r.State)})
			}
		}
		if t.ImprovementID != nil {
			v.Made = append(v.Made, templates.Link{Path: "/improvements", Text: a.t("ui.improvements")})
		}
		if t.ComplaintID != nil {
			if c, err := a.look().Promises.Complaint(a.ctx(), a.by, *t.ComplaintID); err == nil {
				v.Complaint = complaintLink(c)
			}
		}
	}
	can := aftercare.FollowUpMoves.Actions(f.State)
	for _, c := range []struct {
		form, move string
		may        auth.Permission
	}{{"attempts", "reach", auth.RecordFollowUp}, {"claim", "attempt", auth.ClaimFollowUp}, {"waive", "waive", auth.WaiveFollowUp}} {
		for _, move := range can {
			if move == c.move && a.by.May(c.may) {
				v.Allowed = append(v.Allowed, c.form)
			}
		}
	}
	if v.NextCall, err = a.nextCall(f); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

// callAbout fills in whom to call and what was done for him.
func (a *ask) callAbout(f *aftercare.FollowUp, v *templates.CallSheet) error {
	if f.CustomerID != nil && a.by.May(auth.ReadCustomers) {
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), *f.CustomerID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			v.Customer = templates.Link{Path: "/customers/" + c.ID.String(), Text: c.Name}
			v.Contacts = people(c)
			for _, p := range c.Contacts {
				if p.Role == customers.OnSite && p.PreferredHours != "" {
					v.BestTime = p.PreferredHours
				}
			}
		}
		open, err := a.look().Promises.Callbacks(a.ctx(), a.by.Scope(), aftercare.CallbackFilter{Ask: keyset.Ask{Limit: 10}, CustomerID: f.CustomerID})
		if err != nil {
			return err
		}
		w := templates.Chrome{Lang: a.lang}
		for _, c := range open.Items {
			v.Promises = append(v.Promises, templates.Link{Path: "/callbacks?reason=" + c.Reason, Text: w.Word("callback", c.Reason), Kind: "callback", State: string(c.State)})
		}
		grave, err := a.look().Promises.Complaints(a.ctx(), a.by, aftercare.ComplaintFilter{Ask: keyset.Ask{Limit: 10}, CustomerID: f.CustomerID, State: "open"})
		if err != nil {
			return err
		}
		for _, c := range grave.Items {
			v.Promises = append(v.Promises, complaintLink(c))
		}
	}
	if f.OrderID == nil {
		if f.RequestNumber != "" {
			v.Order = templates.Link{Path: "/requests/" + f.RequestNumber, Text: f.RequestNumber}
		}
		return nil
	}
	o, err := a.p.desk.Order(a.ctx(), a.by, f.OrderID.String())
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Order = orderLink(o.Number, "", o.State)
	v.DoneOn = zero(o.FinishedAt)
	v.Device.Name = o.AssetName
	v.PaperPath = "/orders/" + o.Number + "/papers/follow-up.pdf?lang=" + a.lang
	for _, s := range o.Sheets {
		if s.ReplacedAt == nil {
			v.Sheets = append(v.Sheets, a.sheetView(s))
		}
	}
	return nil
}

// nextCall is the call of today's list that comes after this one.
func (a *ask) nextCall(f aftercare.FollowUp) (string, error) {
	today := a.today()
	page, err := a.look().Promises.FollowUps(a.ctx(), a.by.Scope(), aftercare.FollowUpFilter{Ask: keyset.Ask{Limit: 20}, To: &today, State: "due,attempted"})
	if err != nil {
		return "", err
	}
	for _, row := range page.Items {
		if row.ID != f.ID && (row.NextAt == nil || !row.NextAt.After(a.now)) && (row.ClaimedUntil == nil || row.ClaimedUntil.Before(a.now) || row.ClaimedBy != nil && *row.ClaimedBy == a.by.UserID) {
			return "/follow-ups/" + row.ID.String(), nil
		}
	}
	return "", nil
}

func (p *Pages) recordCall(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := aftercare.AttemptInput{Outcome: f.need("outcome"), Comment: f.text("comment"), CallAgainAt: f.time("call_again_at"), Next: f.text("next"), NewRequest: f.text("new_request")}
	if v := f.text("script_version"); v != "" {
		in.ScriptVersion = int(f.whole("script_version", v))
	}
	checked := f.ticked("identity_checked")
	in.IdentityChecked = &checked
	if in.Outcome == "reached" {
		in.Scores = aftercare.Scores{}
		for _, what := range []string{"service", "product", "on_time", "manner", "charges", "clean"} {
			if v := f.text(what); v != "" {
				in.Scores[what] = int(f.whole(what, v))
			}
		}
	}
	if in.Outcome != "reached" && in.Next == "none" {
		in.Next = ""
	}
	if err := f.err(); err != nil {
		return "", err
	}
	r, err := p.desk.FollowUpAttempt(ctx, a.by, id, in)
	if err != nil {
		return "", err
	}
	if r.Complaint != nil || r.RequestNumber != "" || r.Improvement != nil || r.FollowUp.WrongNumber() { // the caller sees what his call made
		return "/follow-ups/" + id.String(), nil
	}
	if next := f.text("next_call"); local(next) {
		return next, nil
	}
	return "/follow-ups/" + id.String(), nil
}

func (p *Pages) claimCall(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.Claim(ctx, a.by, id)
		return err
	})
	return "/follow-ups/" + id.String(), err
}

func (p *Pages) waiveCall(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.Waive(ctx, a.by, id, f.text("reason"))
		return err
	})
	return "/follow-ups/" + id.String(), err
}

// Call-backs.

func (p *Pages) callbacks(a *ask) (templates.Page, error) {
	f := aftercare.CallbackFilter{Ask: a.asked(), Reason: a.QueryParam("reason"), AssigneeID: a.idIn("assignee")}
	page, err := a.look().Promises.Callbacks(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Callbacks{Chrome: a.chrome(), Reason: f.Reason, Assignee: a.QueryParam("assignee"), Assignees: a.colleagues(auth.RecordCallback), More: a.with("cursor", page.NextCursor), MayAdd: a.by.May(auth.AddCallback)}
	for _, c := range page.Items {
		row := templates.CallbackRow{ID: c.ID.String(), Reason: c.Reason, State: string(c.State), DueAt: c.DueAt, Customer: c.CustomerName, Phone: customers.ShowPhone(c.Phone), Note: c.Text, Assignee: a.called(c.AssigneeID), Attempts: c.Attempts,
			Open: c.State == aftercare.CallbackOpen && a.by.May(auth.RecordCallback)}
		switch {
		case c.OrderNumber != "":
			row.About = templates.Link{Path: "/orders/" + c.OrderNumber, Text: c.OrderNumber}
		case c.RequestNumber != "":
			row.About = templates.Link{Path: "/requests/" + c.RequestNumber, Text: c.RequestNumber}
		}
		if row.Note == c.OrderNumber {
			row.Note = ""
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func (p *Pages) addCallback(ctx context.Context, a *ask, f *form) (string, error) {
	in := aftercare.CallbackInput{Reason: f.need("reason"), Text: f.text("text"), DueAt: zero(f.time("due_at"))}
	number := f.need("order_number")
	if err := f.err(); err != nil {
		return "", err
	}
	o, err := p.desk.Order(ctx, a.by, number)
	if fault.Is(err, fault.NotFound) {
		f.wrong("order_number", "unknown")
		return "", f.err()
	}
	if err != nil {
		return "", err
	}
	in.OrderID, in.CustomerID, in.OrgID = &o.ID, &o.CustomerID, o.OrgID
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.AddCallback(ctx, a.by, in)
		return err
	})
	if strings.HasPrefix(a.path(), "/orders/") {
		return "/orders/" + o.Number, err
	}
	return "/callbacks", err
}

func (p *Pages) callBack(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := aftercare.CallbackAttemptInput{Outcome: f.need("outcome"), Text: f.text("text"), CallAgainAt: f.time("call_again_at")}
	if err := f.err(); err != nil {
		return "", err
	}
	if _, err = p.desk.CallbackAttempt(ctx, a.by, id, in); err != nil {
		f.name = id.String() // the page opens the entry again that was refused
	}
	return "/callbacks", err
}

// Complaints.

func complaintLink(c aftercare.Complaint) templates.Link {
	return templates.Link{Path: "/complaints/" + c.ID.String(), Text: c.Number, Kind: "complaint", State: string(c.State)}
}

func (p *Pages) complaints(a *ask) (templates.Page, error) {
	f := aftercare.ComplaintFilter{Ask: a.asked(), State: a.QueryParam("state")}
	page, err := a.look().Promises.Complaints(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	v := templates.Complaints{Chrome: a.chrome(), State: f.State, More: a.with("cursor", page.NextCursor), MayFile: a.by.May(auth.FileComplaint), ForWork: a.QueryParam("order")}
	for _, c := range page.Items {
		row := templates.ComplaintRow{ID: c.ID.String(), Number: c.Number, State: string(c.State), Grade: c.Grade, Severity: c.Severity, Level: c.Level, Customer: c.CustomerName, OrderNumber: c.OrderNumber, Text: c.Text, ReceivedAt: c.ReceivedAt, Owner: a.called(c.OwnerID)}
		if c.RepliedAt == nil {
			row.ReplyBy = c.ReplyDueAt
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func (p *Pages) complaint(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	c, err := a.look().Promises.Complaint(a.ctx(), a.by, id)
	if err != nil {
		return nil, err
	}
	v := templates.Complaint{ID: c.ID.String(), Number: c.Number, State: string(c.State), Grade: c.Grade, Severity: c.Severity, Level: c.Level, Category: a.category(c.Category), Text: c.Text, Channel: c.Channel, ReceivedAt: c.ReceivedAt, ReplyBy: c.ReplyDueAt,
		RepliedAt: zero(c.RepliedAt), Owner: a.called(c.OwnerID), Verified: zero(c.Verification), Customer: templates.Link{Text: c.CustomerName}}
	v.Apology, v.RootCause, v.Special = zero(c.Apology), zero(c.RootCause), c.Special
	if c.RepliedAt != nil {
		v.Letter = "/complaints/" + c.ID.String() + "/reply-letter.pdf"
	}
	better, err := a.look().Promises.Improvements(a.ctx(), a.by.Scope(), "all", "", &c.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range better {
		v.Improvements = append(v.Improvements, a.improvementRow(i))
	}
	v.MayImprove = a.by.May(auth.FileComplaint)
	if err := a.evidenceOn(c, &v); err != nil {
		return nil, err
	}
	if n := len(c.Proposals); n > 0 {
		v.Proposal = c.Proposals[n-1].Text
	}
	var about struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(c.Against, &about) == nil {
		v.About = about.Name
	}
	var site templates.Place
	var device templates.Device
	if err := a.whoAndWhat(c.CustomerID, nil, nil, &v.Customer, &v.Contacts, &site, &device); err != nil {
		return nil, err
	}
	if c.OrderNumber != "" {
		v.Order = templates.Link{Path: "/orders/" + c.OrderNumber, Text: c.OrderNumber}
	}
	if c.FollowUpID != nil && a.by.May(auth.ReadFollowUps) {
		f, err := a.look().Promises.FollowUp(a.ctx(), a.by.Scope(), *c.FollowUpID)
		if err == nil {
			v.FollowUp = templates.Link{Path: "/follow-ups/" + f.ID.String(), Text: f.DueOn.String(), Kind: "follow_up", State: string(f.State)}
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	v.Events = a.complaintEvents(c)
	for _, i := range better {
		if i.Kind != "question" {
			continue
		}
		v.Events = append(v.Events, templates.Event{At: i.CreatedAt, Text: a.what("question_asked"), Detail: joined(i.Number, i.Department, i.Text), Actor: a.t("event.by_system")})
		if i.DoneAt != nil {
			v.Events = append(v.Events, templates.Event{At: *i.DoneAt, Text: a.what("question_answered"), Detail: joined(i.Number, i.Result), Actor: a.called(i.DoneBy), Tone: "done"})
		}
	}
	sortEvents(v.Events)
	for _, act := range c.AllowedActions {
		may := auth.WorkComplaint
		if act == "escalate" {
			may = auth.EscalateComplaint
		}
		if a.by.May(may) {
			v.Allowed = append(v.Allowed, act)
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// category is what a complaint is about, in words.
func (a *ask) category(word string) string {
	if word == "" {
		return ""
	}
	return a.t("complaint.category." + word)
}

// complaintEvents tell how a complaint went, out of its own facts.
func (a *ask) complaintEvents(c aftercare.Complaint) []templates.Event {
	out := []templates.Event{{At: c.RegisteredAt, Text: a.what("complaint_register"), Detail: c.Text, Actor: a.t("event.by_system"), Tone: "late"}}
	for _, s := range c.Replies {
		out = append(out, templates.Event{At: s.At, Actor: a.actor(s.By), Text: a.what("complaint_reply"), Detail: s.Text, Tone: "done"})
	}
	for _, s := range c.Proposals {
		out = append(out, templates.Event{At: s.At, Actor: a.actor(s.By), Text: a.what("complaint_propose"), Detail: s.Text, Tone: "scheduled"})
	}
	if c.VerifiedAt != nil {
		out = append(out, templates.Event{At: *c.VerifiedAt, Text: a.what("complaint_verify"), Detail: zero(c.Verification), Actor: a.t("event.by_system")})
	}
	if c.ClosedAt != nil {
		out = append(out, templates.Event{At: *c.ClosedAt, Text: a.what("complaint_close"), Detail: zero(c.Resolution), Actor: a.t("event.by_system"), Tone: "done"})
	}
	sortEvents(out)
	return out
}

// categories are the words a complaint's subject is kept as.
var categories = []string{"attitude", "quality", "delay", "charge", "product", "damage", "misconduct"}

// categoryOf finds the kept word for what was chosen or typed, in either language.
func (a *ask) categoryOf(typed string) string {
	for _, word := range categories {
		if strings.EqualFold(typed, word) || typed == a.t("complaint.category."+word) {
			return word
		}
	}
	return ""
}

func (p *Pages) fileComplaint(ctx context.Context, a *ask, f *form) (string, error) {
	in := aftercare.ComplaintInput{Channel: f.text("channel"), Grade: f.need("grade"), Severity: int(f.number("severity")), Text: f.need("text"), ReceivedAt: f.time("received_at")}
	if typed := f.text("category"); typed != "" {
		if in.Category = a.categoryOf(typed); in.Category == "" {
			f.wrong("category", "unknown")
		}
	}
	var order *workorders.Order
	if number := f.text("order_number"); number != "" {
		o, err := p.desk.Order(ctx, a.by, number)
		switch {
		case fault.Is(err, fault.NotFound):
			f.wrong("order_number", "unknown")
		case err != nil:
			return "", err
		default:
			order = &o
		}
	}
	if err := f.err(); err != nil {
		return "", err
	}
	if order != nil {
		in.WorkOrderID, in.CustomerID = &order.ID, &order.CustomerID
	}
	c, err := p.desk.AddComplaint(ctx, a.by, in)
	if err != nil {
		return "", err
	}
	if !a.by.May(auth.ReadComplaints) || c.ID == uuid.Nil {
		return "/complaints", nil
	}
	return "/complaints/" + c.ID.String(), nil
}

func (p *Pages) complaintAct(act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		in := aftercare.ComplaintAct{Text: f.text("text"), Proposal: f.text("proposal"), Cause: f.text("cause"), Reason: f.text("reason"), Apology: f.text("apology"), RootCause: f.text("root_cause")}
		if act == "close" {
			in.Resolution = in.Reason
		}
		_, err = p.desk.ComplaintDo(ctx, a.by, id, act, in)
		return "/complaints/" + id.String(), err
	}
}

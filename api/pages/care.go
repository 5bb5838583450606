package pages

import (
	"context"
	"strconv"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// callerRows are those who call, with what waits for each of them today.
func (a *ask) callerRows() ([]templates.CallerRow, error) {
	list, err := a.look().Promises.Callers(a.ctx(), a.by.Scope(), a.today())
	if err != nil {
		return nil, err
	}
	var rows []templates.CallerRow
	for _, c := range list {
		rows = append(rows, templates.CallerRow{ID: c.UserID.String(), Name: c.Name, Open: c.Open, Overdue: c.Overdue, Done: c.Done, PerDay: c.PerDay, AwayUntil: dateText(c.AwayUntil)})
	}
	return rows, nil
}

func (p *Pages) reassignCalls(ctx context.Context, a *ask, f *form) (string, error) {
	from, to := f.id("from"), f.id("to")
	if err := f.err(); err != nil {
		return "", err
	}
	return "/follow-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.Reassign(ctx, a.by, from, to)
		return err
	})
}

func (p *Pages) balanceCalls(ctx context.Context, a *ask, _ *form) (string, error) {
	return "/follow-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.Balance(ctx, a.by.Scope(), true)
		return err
	})
}

func (p *Pages) askAnotherWay(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	_, err = p.server.SetMode(ctx, a.by, id, f.need("mode"))
	return "/follow-ups/" + id.String(), err
}

func (p *Pages) followUpRegister(c echo.Context) error {
	a, err := p.reader(c, auth.PrintStacks)
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, name, err := p.server.FollowUpRegister(a.ctx(), a.by, c.QueryParam("from"), c.QueryParam("to"), a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) replyLetter(c echo.Context) error {
	a, err := p.reader(c, auth.ReadComplaints)
	if err != nil {
		return p.refuse(c, a, err)
	}
	id, err := parse(c.Param("id"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, name, err := p.server.ReplyLetter(a.ctx(), a.by, id, a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

// letters are the letters to whoever is asked by post: one, or all that are due.
func (p *Pages) letters(c echo.Context) error {
	a, err := p.reader(c, auth.PrintStacks)
	if err != nil {
		return p.refuse(c, a, err)
	}
	var only *uuid.UUID
	if raw := c.QueryParam("follow_up"); raw != "" {
		id, err := parse(raw)
		if err != nil {
			return p.refuse(c, a, err)
		}
		only = &id
	}
	content, name, err := p.server.FollowUpLetters(a.ctx(), a.by, only, "")
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, name)
}

func (p *Pages) labelPDF(c echo.Context) error {
	a, err := p.reader(c, auth.ReadCustomers)
	if err != nil {
		return p.refuse(c, a, err)
	}
	id, err := parse(c.Param("id"))
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, err := p.server.LabelPDF(a.ctx(), a.by, id, a.lang)
	if err != nil {
		return p.refuse(c, a, err)
	}
	return a.pdf(content, "label.pdf")
}

func (p *Pages) makeLabel(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	_, err = p.desk.MakeLabel(ctx, a.by, id, false)
	return "/assets/" + id.String(), err
}

// Improvements.

func (a *ask) improvementRow(i aftercare.Improvement) templates.ImprovementRow {
	row := templates.ImprovementRow{ID: i.ID.String(), Number: i.Number, Kind: i.Kind, State: string(i.State), Text: i.Text, Department: i.Department, Owner: a.called(i.OwnerID), DueOn: i.DueOn.String(), Overdue: i.Overdue, Result: i.Result, CheckNote: i.CheckNote, Rounds: i.Rounds}
	if s := i.Subject; s != nil {
		row.Device, row.Codes, row.Repairs = s.Device, s.Codes, s.Repairs
	}
	switch {
	case i.MinutesID != nil:
		row.About = templates.Link{Path: "/minutes/" + i.MinutesID.String(), Text: a.t("ui.minutes.title")}
	case i.Complaint != nil:
		row.About = templates.Link{Path: "/complaints/" + i.Complaint.String(), Text: a.t("ui.complaint")}
	case i.FollowUpID != nil:
		row.About = templates.Link{Path: "/follow-ups/" + i.FollowUpID.String(), Text: a.t("ui.follow_up")}
	case i.RequestID != nil:
		row.About = templates.Link{Path: "/requests/" + i.RequestID.String(), Text: a.t("ui.request")}
	case i.Order != "":
		row.About = templates.Link{Path: "/orders/" + i.Order, Text: i.Order}
	}
	may := map[string]auth.Permission{"do": auth.FileComplaint, "verify": auth.EscalateComplaint, "decline": auth.EscalateComplaint}
	for _, act := range i.Allowed {
		if right, known := may[act]; known && a.by.May(right) {
			row.Allowed = append(row.Allowed, act)
		}
	}
	return row
}

func (p *Pages) improvements(a *ask) (templates.Page, error) {
	v := templates.Improvements{State: a.QueryParam("state"), Kind: a.QueryParam("kind"), MayAdd: a.by.May(auth.FileComplaint)}
	list, err := a.look().Promises.Improvements(a.ctx(), a.by.Scope(), v.State, v.Kind, nil)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		v.Rows = append(v.Rows, a.improvementRow(i))
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) addImprovement(ctx context.Context, a *ask, f *form) (string, error) {
	in := aftercare.ImprovementInput{Kind: f.need("kind"), Text: f.need("text"), Department: f.text("department"), DueOn: f.date("due_on"), Complaint: f.id("complaint_id")}
	if err := f.err(); err != nil {
		return "", err
	}
	next := "/improvements"
	if in.Complaint != nil {
		next = "/complaints/" + in.Complaint.String()
	}
	_, err := p.desk.AddImprovement(ctx, a.by, in)
	return next, err
}

func (p *Pages) improvementAct(act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		in := aftercare.ImprovementAct{Text: f.text("text")}
		if act == "verify" {
			helped := f.text("effective") != "false"
			in.Effective = &helped
		}
		_, err = p.desk.ImprovementDo(ctx, a.by, id, act, in)
		return "/improvements", err
	}
}

// Settings of the follow-up desk.

func (p *Pages) followUpSettings(a *ask) (templates.Page, error) {
	kind := a.QueryParam("kind")
	if kind == "" {
		kind = a.Param("kind")
	}
	if kind == "" {
		kind = aftercare.AfterVisit
	}
	books := a.look().Promises
	kinds, err := books.Kinds(a.ctx())
	if err != nil {
		return nil, err
	}
	v := templates.SettingsFollowUps{Kind: kind, MayWindow: a.by.May(auth.ManageBasics), MayLead: a.by.May(auth.ReassignFollowUps)}
	for _, k := range kinds {
		v.Kinds = append(v.Kinds, templates.KindRow{Code: k.Code, Name: k.Name(a.lang), From: k.From, To: k.To})
	}
	script, err := books.ScriptOf(a.ctx(), a.by.OrgID, kind)
	if err != nil {
		return nil, err
	}
	v.SaidZh, v.SaidEn, v.Version, v.Questions = script.Zh, script.En, script.Version, script.Questions
	campaigns, err := books.Campaigns(a.ctx(), a.by.Scope())
	if err != nil {
		return nil, err
	}
	for _, c := range campaigns {
		row := templates.CampaignRow{Name: c.Name, Mode: c.Mode, Calls: c.Calls, Reached: c.Reached, NextOn: dateText(c.NextOn)}
		if c.Score != nil {
			row.Score = strconv.FormatFloat(*c.Score, 'f', 1, 64)
		}
		v.Campaigns = append(v.Campaigns, row)
	}
	if v.Callers, err = a.callerRows(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) setWindow(ctx context.Context, a *ask, f *form) (string, error) {
	span := aftercare.Span{From: int(f.number("from_day")), To: int(f.number("to_day"))}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/follow-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.SetWindow(ctx, a.Param("kind"), span)
		return err
	})
}

func (p *Pages) writeScript(ctx context.Context, a *ask, f *form) (string, error) {
	in := aftercare.ScriptInput{Zh: f.text("zh"), En: f.text("en"), Questions: f.Values["questions"]}
	return "/settings/follow-ups?kind=" + a.Param("kind"), p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.WriteScript(ctx, a.by, a.Param("kind"), in)
		return err
	})
}

func (p *Pages) addCampaign(ctx context.Context, a *ask, f *form) (string, error) {
	in := aftercare.CampaignInput{Name: f.need("name"), Mode: f.text("mode"), StartOn: f.date("start_on"), EveryDays: f.minutes("every_days"), Segment: aftercare.Segment{Class: f.text("class")}}
	if v := f.text("quiet_days"); v != "" {
		in.Segment.QuietDays = int(f.whole("quiet_days", v))
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/follow-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.AddCampaign(ctx, a.by, in)
		return err
	})
}

func (p *Pages) setCaller(ctx context.Context, a *ask, f *form) (string, error) {
	id := f.id("user_id")
	in := aftercare.CallerInput{PerDay: int(f.number("per_day")), AwayUntil: f.date("away_until"), Languages: []string{"zh-Hans"}}
	if f.ticked("english") {
		in.Languages = append(in.Languages, "en")
	}
	if id == nil {
		f.wrong("user_id", "required")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	in.UserID = *id
	return "/settings/follow-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		return l.Promises.SetCaller(ctx, a.by, in)
	})
}

// Who answers for a request, which way it goes, and what was learnt from it.

func (p *Pages) handRequest(ctx context.Context, a *ask, f *form) (string, error) {
	to := f.id("user_id")
	if to == nil {
		f.wrong("user_id", "required")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	r, err := p.desk.HandRequest(ctx, a.by, a.Param("number"), *to, f.text("reason"))
	return requestPath(r, a), err
}

func (p *Pages) answerHanding(accept bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		r, err := p.desk.AnswerHanding(ctx, a.by, a.Param("number"), accept, f.text("reason"))
		return requestPath(r, a), err
	}
}

func (p *Pages) setFlow(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.SetFlow(ctx, a.by, a.Param("number"), f.need("flow"), f.text("note"))
	return requestPath(r, a), err
}

func (p *Pages) feedBack(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.FeedBack(ctx, a.by, a.Param("number"), f.text("text"), f.text("department"))
	return requestPath(r, a), err
}

func requestPath(r workorders.Request, a *ask) string {
	if r.Number == "" {
		return "/requests/" + a.Param("number")
	}
	return "/requests/" + r.Number
}

// requestCare fills in who answers for a request and what is still owed about it.
func (a *ask) requestCare(r workorders.Request, v *templates.Request) {
	v.Care = templates.Care{Owner: a.called(r.OwnerID), Offered: a.called(r.HandingTo), Flow: r.Flow, FlowNote: r.FlowNote, Feedback: r.Feedback, FeedbackTo: r.FeedbackTo}
	v.Care.Mine = r.HandingTo != nil && (*r.HandingTo == a.by.UserID || a.by.Is(auth.Admin, auth.Manager, auth.Lead))
	v.Care.MayOffer = r.ClosedAt == nil && r.HandingTo == nil && a.by.May(auth.TakeRequest)
	v.Care.MayFlow = r.ClosedAt == nil && a.by.May(auth.TriageRequest)
	v.Care.MayFeed = r.RepliedAt != nil && r.Feedback == "" && a.by.May(auth.ReplyRequest)
	if names, err := a.groupNames(); err == nil {
		for _, g := range names {
			g.Selected = r.GroupCode != nil && g.Value == *r.GroupCode
			if g.Selected {
				v.Care.Group = g.Text
			}
			if v.Care.MayFlow {
				v.Care.Groups = append(v.Care.Groups, g)
			}
		}
	}
	if v.Care.MayOffer {
		v.Care.Colleagues = a.colleagues(auth.TakeRequest)
	}
}

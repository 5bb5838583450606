package pages

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
)

// messageSettings are what is said on each occasion, and when nothing is.
func (p *Pages) messageSettings(a *ask) (templates.Page, error) {
	events := notify.Events()
	field := func(name, start string) string {
		if v := a.posted.Values.Get(name); v != "" {
			return v
		}
		if v := a.QueryParam(name); v != "" {
			return v
		}
		return start
	}
	v := templates.SettingsMessages{Key: field("key", events[0].Key), ForLang: say.Lang(field("for", a.lang)), Channel: field("channel", ""), MayEdit: a.by.May(auth.ManageMessages)}
	if v.Channel == "all" || !slices.Contains(notify.Channels(), v.Channel) {
		v.Channel = ""
	}
	box := a.look().Outbox
	own, err := box.Own(a.ctx(), a.by.OrgID)
	if err != nil {
		return nil, err
	}
	written := map[string]bool{}
	for _, w := range own {
		written[w.Key] = true
	}
	for _, e := range events {
		kind, _, _ := strings.Cut(strings.TrimPrefix(e.Key, "message."), ".")
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Audience != kind {
			v.Groups = append(v.Groups, templates.MessageGroup{Audience: kind})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Events = append(g.Events, templates.MessageEvent{Key: e.Key, Name: a.eventName(e.Key), Own: written[e.Key], Current: e.Key == v.Key, Courtesy: e.Courtesy, AtOnce: e.AtOnce})
	}
	e, known := notify.EventOf(v.Key)
	if !known {
		return nil, fault.New(fault.NotFound, "message_event_unknown", "there is no message %q", v.Key)
	}
	v.Name, v.Courtesy, v.AtOnce, v.Customers = a.eventName(e.Key), e.Courtesy, e.AtOnce, e.Audience == "customer"
	for _, place := range e.Places {
		v.Places = append(v.Places, "{"+place+"}")
	}
	w, err := box.Wording(a.ctx(), a.by.OrgID, v.Key, v.ForLang, v.Channel)
	if err != nil {
		return nil, err
	}
	v.Subject, v.Body, v.Version = w.Subject, w.Body, w.Version
	if a.posted.Values.Has("body") {
		v.Subject, v.Body = a.posted.Values.Get("subject"), a.posted.Values.Get("body")
	}
	if len(a.posted.Wrong) == 0 {
		v.SeenSubject, v.SeenBody, err = notify.WordingInput{Key: v.Key, Lang: v.ForLang, Channel: v.Channel, Subject: v.Subject, Body: v.Body}.Preview()
		if err != nil && !a.posted.Values.Has("body") {
			return nil, err
		}
	}
	quiet, err := p.desk.QuietHours(a.ctx(), a.by.OrgID)
	if err != nil {
		return nil, err
	}
	v.QuietFrom, v.QuietTo = clockText(quiet.From), clockText(quiet.To)
	v.Chrome = a.chrome()
	return v, nil
}

func clockText(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// eventName is an occasion in a few words.
func (a *ask) eventName(key string) string {
	short := strings.TrimPrefix(key, "message.")
	if kind, rest, _ := strings.Cut(short, "."); kind == "clock" {
		what, level, _ := strings.Cut(rest, ".")
		return a.t("event_name.clock", a.t("report.clock."+what), level)
	}
	return a.t("event_name." + short)
}

func wordingOf(f *form) notify.WordingInput {
	in := notify.WordingInput{Key: f.text("key"), Lang: f.text("for"), Channel: f.text("channel"), Subject: f.text("subject"), Body: f.text("body")}
	if in.Channel == "all" {
		in.Channel = ""
	}
	return in
}

func (in wordingAt) path() string {
	q := in.Channel
	if q == "" {
		q = "all"
	}
	return "/settings/messages?key=" + in.Key + "&for=" + in.Lang + "&channel=" + q
}

type wordingAt struct{ notify.WordingInput }

func (p *Pages) writeMessage(ctx context.Context, a *ask, f *form) (string, error) {
	in := wordingOf(f)
	return wordingAt{in}.path(), p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Outbox.Write(ctx, a.by.OrgID, &a.by.UserID, in)
		return err
	})
}

// previewMessage draws the page with a text that nobody has saved.
func (p *Pages) previewMessage(c echo.Context) error {
	by, err := p.who(c)
	if err != nil {
		return p.toLogin(c, err)
	}
	a := p.newAsk(c, by)
	if err := a.by.Must(auth.ManageMessages); err != nil {
		return p.problem(a, err)
	}
	f, err := a.form()
	if err != nil {
		return p.problem(a, err)
	}
	if _, _, err := wordingOf(f).Preview(); err != nil {
		return p.again(a, f, err, p.messageSettings)
	}
	a.posted = templates.Posted{Form: "preview", Values: f.Values}
	page, err := p.messageSettings(a)
	if err != nil {
		return p.problem(a, err)
	}
	return a.draw(http.StatusOK, page)
}

func (p *Pages) testMessage(ctx context.Context, a *ask, f *form) (string, error) {
	in := api.TestMessageInput{Key: f.text("key"), Lang: f.text("for"), To: f.need("to")}
	if err := f.err(); err != nil {
		return "", err
	}
	if !strings.Contains(in.To, "@") {
		phone, err := customers.NormalisePhone(in.To, "CN")
		if err != nil {
			return "", err
		}
		in.To = phone
	}
	return wordingAt{wordingOf(f)}.path(), p.server.TestMessage(ctx, a.by, in)
}

func (p *Pages) setQuiet(ctx context.Context, a *ask, f *form) (string, error) {
	minutes := func(name string) int {
		var h, m int
		if n, _ := fmt.Sscanf(f.need(name), "%d:%d", &h, &m); n != 2 {
			f.wrong(name, "not a time")
		}
		return 60*h + m
	}
	q := workorders.QuietHours{From: minutes("quiet_from"), To: minutes("quiet_to")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.SetQuietHours(ctx, a.by, q)
	return "/settings/messages", err
}

// undelivered are messages to people that reached nobody, with a way to try again.
func (p *Pages) undelivered(a *ask) (templates.Page, error) {
	page, err := a.look().Outbox.Undelivered(a.ctx(), a.by.Scope(), a.asked())
	if err != nil {
		return nil, err
	}
	v := templates.Undelivered{More: a.with("cursor", page.NextCursor)}
	for _, m := range page.Items {
		v.Unconnected = v.Unconnected || m.LastError == "no channel reaches this address" && m.To != ""
		v.Rows = append(v.Rows, templates.UndeliveredRow{ID: m.ID.String(), Event: a.eventName(m.Key), Text: m.Text(), Audience: m.Audience, To: shownAddress(m.To), Channel: a.channelName(m.Channel), State: m.State, Problem: a.problemOf(m), At: m.CreatedAt, Attempts: m.Attempts})
	}
	v.Chrome = a.chrome()
	return v, nil
}

func shownAddress(to string) string {
	if strings.HasPrefix(to, "+") {
		return customers.MaskPhone(to)
	}
	return to
}

func (a *ask) channelName(channel string) string {
	if key := "word.message_channel." + channel; channel != "" && say.Has(key) {
		return a.t(key)
	}
	return channel
}

// problemOf says why a message has not arrived.
func (a *ask) problemOf(m notify.Message) string {
	switch m.LastError {
	case "":
		return ""
	case notify.OptedOut:
		return a.t("message_problem.opted_out")
	case notify.Quiet:
		return a.t("message_problem.quiet", a.plainTime(m.DueAt))
	case "no channel reaches this address":
		if m.To == "" {
			return a.t("message_problem.no_address")
		}
		return a.t("message_problem.no_channel")
	}
	return m.LastError
}

func (p *Pages) retryMessage(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/messages", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		return l.Outbox.Retry(ctx, a.by.Scope(), id)
	})
}

// notices are what the desk was told.
func (p *Pages) notices(a *ask) (templates.Page, error) {
	list, err := p.desk.Notices(a.ctx(), a.by, false, 100)
	if err != nil {
		return nil, err
	}
	v := templates.Notices{MayPass: a.by.May(auth.LogConversation)}
	for _, n := range list {
		row := templates.NoticeRow{ID: n.ID.String(), Text: n.Text, Manager: n.Audience == "manager", Organisation: n.Org, At: n.At, Unread: n.ReadAt == nil, Readers: strings.Join(n.Readers, a.t("ui.comma"))}
		switch {
		case n.Complaint && n.SubjectID != nil:
			row.Path = "/complaints/" + n.SubjectID.String()
		case n.Order != "":
			row.Path = "/orders/" + n.Order
		case n.Request != "":
			row.Path = "/requests/" + n.Request
		}
		if row.Unread {
			v.Unread++
		}
		v.Rows = append(v.Rows, row)
	}
	if v.MayPass {
		page, err := a.look().People.Organisations(a.ctx(), auth.System("notice").Scope(), many)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Items {
			v.Organisations = append(v.Organisations, templates.Option{Value: o.Code, Text: o.Name})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) readNotices(ctx context.Context, a *ask, f *form) (string, error) {
	var ids []uuid.UUID
	if id := f.id("id"); id != nil {
		ids = append(ids, *id)
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/notices", p.desk.ReadNotices(ctx, a.by, ids)
}

func (p *Pages) passOn(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.NoticeInput{Organisation: f.need("organisation_code"), Text: f.need("text"), Order: f.text("order_number"), Managers: f.ticked("managers")}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/notices", p.desk.PassOn(ctx, a.by, in)
}

// setOptOut writes down on the customer's page whether he wants courtesies.
func (p *Pages) setOptOut(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := workorders.OptOutInput{Channel: f.need("channel"), Off: f.text("off") == "true", ContactID: f.id("contact_id")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.SetOptOut(ctx, a.by, id, in)
	return "/customers/" + id.String() + "#messages", err
}

// sentTo is a timeline with what was told to people, and how that stands, between what was done.
func (a *ask) sentTo(events []templates.Event, told []notify.Message) []templates.Event {
	for _, m := range told {
		e := templates.Event{At: m.CreatedAt, Text: a.eventName(m.Key)}
		state := a.t("state.message." + m.State)
		switch {
		case m.State == "delivered":
			state = joined(a.channelName(m.Channel), state, a.plainTime(zero(m.DeliveredAt)))
		case m.State == "dead":
			e.Tone = "late"
			state = joined(a.channelName(m.Channel), state, a.problemOf(m))
		default:
			state = joined(state, a.problemOf(m))
		}
		m.Lang = a.lang
		e.Detail = m.Text()
		e.Actor = joined(a.t("word.audience."+m.Audience), state)
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(x, y templates.Event) int { return x.At.Compare(y.At) })
	return events
}

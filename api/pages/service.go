package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// Calls that were written down.

func (p *Pages) callLog(a *ask) (templates.Page, error) {
	f := workorders.CallFilter{Ask: a.asked(), Outcome: a.QueryParam("outcome"), RequestID: a.idIn("request"), CustomerID: a.idIn("customer")}
	v := templates.Calls{Outcome: f.Outcome, Mine: a.QueryParam("mine") == "true", MayLog: a.by.May(auth.LogConversation), Customer: a.QueryParam("customer"), Request: a.QueryParam("request"), Phone: a.QueryParam("phone"), Began: a.now.UTC().Format(time.RFC3339), Colleagues: a.colleagues(auth.RecordCallback)}
	if was := a.posted; was.Form == "calls" {
		v.Customer, v.Request, v.Began = was.Values.Get("customer"), was.Values.Get("request"), was.Values.Get("started_at")
	}
	if v.Mine && a.by.Person() {
		f.UserID = &a.by.UserID
	}
	page, err := p.desk.Calls(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	if id, err := uuid.FromString(v.Customer); err == nil && a.by.May(auth.ReadCustomers) {
		if c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), id); err == nil {
			if v.Name = c.Name; c.Phone != nil {
				v.Phone = customers.ShowPhone(*c.Phone)
			}
		}
	}
	for _, c := range page.Items {
		row := templates.CallRow{At: c.StartedAt, Ended: c.EndedAt, Direction: c.Direction, Channel: c.Channel, Name: c.Name, Phone: customers.ShowPhone(c.Phone), Purpose: c.Purpose, Outcome: c.Outcome, Detail: c.Detail, To: c.To, ReadBack: c.ReadBack, Agent: a.actor(c.Actor)}
		if c.Request != "" {
			row.About = append(row.About, templates.Link{Path: "/requests/" + c.Request, Text: c.Request})
		}
		if c.CustomerID != nil && a.by.May(auth.ReadCustomers) {
			row.About = append(row.About, templates.Link{Path: "/customers/" + c.CustomerID.String(), Text: c.Customer})
		}
		v.Rows = append(v.Rows, row)
	}
	v.More = a.with("cursor", page.NextCursor)
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) logCall(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.CallInput{Channel: f.text("channel"), Name: f.text("name"), Phone: f.text("phone"), Purpose: f.text("purpose"), ReadBack: f.ticked("read_back"), Outcome: f.text("outcome"), Detail: f.text("detail"), To: f.text("to"),
		ColleagueID: f.id("colleague"), PromisedAt: f.time("promised_at"), RequestID: f.id("request"), CustomerID: f.id("customer"), StartedAt: f.time("started_at")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.LogCall(ctx, a.by, in)
	return "/calls", err
}

// Groups.

// groupNames are the groups to choose from.
func (a *ask) groupNames() ([]templates.Option, error) {
	list, err := a.p.desk.Groups(a.ctx(), a.by)
	var out []templates.Option
	for _, g := range list {
		out = append(out, templates.Option{Value: g.Code, Text: g.Name(a.lang)})
	}
	return out, err
}

func (p *Pages) groupSettings(a *ask) (templates.Page, error) {
	list, err := p.desk.Groups(a.ctx(), a.by)
	if err != nil {
		return nil, err
	}
	v := templates.SettingsGroups{MayRoute: a.by.May(auth.ManageBasics), Colleagues: a.colleagues(auth.ReadRequests)}
	for _, g := range list {
		row := templates.GroupRow{Code: g.Code, Name: g.Name(a.lang), Open: g.Open, Waiting: g.Waiting, Kinds: g.Kinds}
		for _, m := range g.Members {
			row.Members = append(row.Members, templates.MemberRow{ID: m.UserID.String(), Name: m.Name, Skill: m.Skill, Open: m.Open})
		}
		v.Groups = append(v.Groups, row)
		v.Names = append(v.Names, templates.Option{Value: g.Code, Text: g.Name(a.lang)})
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) setMember(gone bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		in := workorders.MemberInput{Skill: f.text("skill"), Gone: gone}
		id := f.id("user_id")
		if id == nil {
			f.wrong("user_id", "required")
		}
		if err := f.err(); err != nil {
			return "", err
		}
		in.UserID = *id
		_, err := p.desk.SetMember(ctx, a.by, a.Param("code"), in)
		return "/settings/groups", err
	}
}

func (p *Pages) setRoute(ctx context.Context, a *ask, f *form) (string, error) {
	return "/settings/groups", p.desk.SetRoute(ctx, a.by, workorders.RouteInput{Kind: f.text("kind"), Group: f.text("group")})
}

func (p *Pages) moveToGroup(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.MoveToGroup(ctx, a.by, a.Param("number"), f.text("group"))
	return requestPath(r, a), err
}

// Standards: what the house promises, and every change of it.

// lasting says a time in the largest unit it fills.
func (a *ask) lasting(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d >= 48*time.Hour:
		return a.t("standards.days", int(d/(24*time.Hour)))
	case d%time.Hour == 0:
		return a.t("standards.hours", int(d/time.Hour))
	}
	return a.t("standards.minutes", int(d/time.Minute))
}

func (p *Pages) standards(a *ask) (templates.Page, error) {
	books := a.look().Promises
	v := templates.Standards{MayChange: a.by.May(auth.ManageBasics)}
	hours, err := books.ServiceHours(a.ctx(), a.by.OrgID)
	if err != nil {
		return nil, err
	}
	for day := 1; day <= 7; day++ {
		row := templates.HoursRow{Weekday: strconv.Itoa(day)}
		for _, h := range hours {
			if h.Weekday == day {
				row.From, row.To = clockText(h.From), clockText(min(h.To, 24*60-1))
			}
		}
		v.Hours = append(v.Hours, row)
	}
	severities, err := books.ComplaintTargets(a.ctx())
	if err != nil {
		return nil, err
	}
	for _, s := range severities {
		v.Severities = append(v.Severities, templates.SeverityRow{Severity: strconv.Itoa(s.Severity), Hours: s.Hours})
	}
	targets, err := books.Targets(a.ctx())
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		minutes := func(n int) string { return a.lasting(time.Duration(n) * time.Minute) }
		v.Targets = append(v.Targets, templates.TargetRow{Class: t.Class, Kind: t.Kind, Priority: t.Priority, Contact: minutes(t.Contact), Arrive: minutes(t.Arrive), Fix: minutes(t.Fix)})
	}
	kinds, err := books.Kinds(a.ctx())
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		v.Windows = append(v.Windows, templates.KindRow{Code: k.Code, Name: k.Name(a.lang), From: k.From, To: k.To})
	}
	for _, clock := range []string{"reply", "promised", "contact", "arrive", "fix", "settle"} {
		ladder := templates.LadderRow{Clock: clock}
		for _, rung := range aftercare.Ladders[clock] {
			when := a.t("standards.at")
			switch {
			case rung.After < 0:
				when = a.t("standards.before", a.lasting(-rung.After))
			case rung.After > 0:
				when = a.t("standards.after", a.lasting(rung.After))
			}
			ladder.Rungs = append(ladder.Rungs, templates.RungRow{When: when, Tells: rung.Tells})
		}
		v.Ladders = append(v.Ladders, ladder)
	}
	page, err := books.StandardVersions(a.ctx(), keyset.Ask{Limit: 20, Cursor: a.QueryParam("cursor")})
	if err != nil {
		return nil, err
	}
	for _, c := range page.Items {
		v.Versions = append(v.Versions, templates.VersionRow{No: c.No, At: c.At, Actor: a.actor(c.Actor), Standard: c.Standard, Key: c.Key, Changed: changed(c.Was, c.Becomes)})
	}
	v.More = a.with("cursor", page.NextCursor)
	v.Chrome = a.chrome()
	return v, nil
}

// changed says which fields of a row became what.
func changed(was, becomes json.RawMessage) []string {
	var old, now map[string]any
	_ = json.Unmarshal(was, &old) // what is no object has no fields
	_ = json.Unmarshal(becomes, &now)
	all := maps.Clone(old)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, now)
	said := func(m map[string]any, key string) string {
		if v, there := m[key]; there {
			return fmt.Sprint(v)
		}
		return "–"
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if before, after := said(old, key), said(now, key); before != after {
			out = append(out, key+" "+before+" → "+after)
		}
	}
	return out
}

func (p *Pages) setServiceHours(ctx context.Context, a *ask, f *form) (string, error) {
	var days []aftercare.ServiceDay
	minute := func(text string) int {
		var h, m int
		if n, _ := fmt.Sscanf(text, "%d:%d", &h, &m); n != 2 {
			f.wrong("days", "not a time")
		}
		return 60*h + m
	}
	for i := range f.Values["weekday"] {
		from, to := f.at("from", i), f.at("to", i)
		if from == "" && to == "" {
			continue
		}
		day, _ := strconv.Atoi(f.at("weekday", i)) // a weekday that is none is refused by the rule
		days = append(days, aftercare.ServiceDay{Weekday: day, From: minute(from), To: minute(to)})
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/standards", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.SetServiceHours(ctx, a.by.OrgID, days)
		return err
	})
}

func (p *Pages) setComplaintTargets(ctx context.Context, a *ask, f *form) (string, error) {
	var list []aftercare.ComplaintTarget
	for i := range f.Values["severity"] {
		list = append(list, aftercare.ComplaintTarget{Severity: int(f.whole("hours", f.at("severity", i))), Hours: int(f.whole("hours", f.at("hours", i)))})
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/standards#complaints", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		for _, t := range list {
			if _, err := l.Promises.PutComplaintTarget(ctx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pages) setClockTarget(ctx context.Context, a *ask, f *form) (string, error) {
	t := aftercare.Target{Class: f.text("class"), Kind: f.text("kind"), Priority: int(f.number("priority")), Contact: int(f.number("contact")), Arrive: int(f.number("arrive")), Fix: int(f.number("fix"))}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/standards#targets", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Promises.PutTarget(ctx, t, 0)
		return err
	})
}

// servedAt is when somebody answers, in words: days that follow each other with the same hours stand together.
func (a *ask) servedAt(org int32) ([]string, error) {
	days, err := a.look().Promises.ServiceHours(a.ctx(), org)
	w := templates.Chrome{Lang: a.lang}
	var out []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1].Weekday == days[j].Weekday+1 && days[j+1].From == days[i].From && days[j+1].To == days[i].To {
			j++
		}
		name := w.Word("weekday", strconv.Itoa(days[i].Weekday))
		if j > i {
			name += "–" + w.Word("weekday", strconv.Itoa(days[j].Weekday))
		}
		out = append(out, name+" "+clockText(days[i].From)+"–"+clockText(days[i].To))
		i = j + 1
	}
	return out, err
}

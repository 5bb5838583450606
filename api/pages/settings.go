package pages

import (
	"context"
	"slices"
	"strconv"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
)

func (p *Pages) settings(a *ask) (templates.Page, error) {
	v := templates.Settings{Chrome: a.chrome(), Version: p.Version, Database: p.Database}
	if a.by.May(auth.ManageSettings) {
		v.Settings = p.Settings
	}
	if v.MayCheck = a.by.May(auth.ReadAudit); v.MayCheck && a.QueryParam("checks") != "" {
		v.CheckedAt = p.desk.Now()
		results, violations, err := p.desk.RunChecks(a.ctx())
		if err != nil {
			return nil, err
		}
		v.Checked, v.Violations = len(results), violations
		for _, r := range results {
			if n := len(v.Areas); n == 0 || v.Areas[n-1].Area != r.Area {
				v.Areas = append(v.Areas, templates.CheckArea{Area: r.Area})
			}
			area := &v.Areas[len(v.Areas)-1]
			area.Checked++
			area.Violations += r.Count
			if r.Count > 0 {
				area.Broken = append(area.Broken, templates.BrokenCheck{Name: r.Name, Count: r.Count})
			}
		}
	}
	return v, nil
}

func (p *Pages) users(a *ask) (templates.Page, error) {
	page, err := a.look().People.Users(a.ctx(), a.by.Scope(), a.asked())
	if err != nil {
		return nil, err
	}
	v := templates.SettingsUsers{More: a.with("cursor", page.NextCursor), MayAdd: a.by.May(auth.ManageUsers), SetupLink: a.shownMe["setup"]}
	names, options, err := a.organisationNames()
	if err != nil {
		return nil, err
	}
	v.Organisations = options
	for _, u := range page.Items {
		row := templates.UserRow{ID: u.ID.String(), Login: u.Login, Name: u.Name, Roles: texts(u.Roles), Organisation: names[u.OrganisationCode], Disabled: !u.Active}
		if a.by.May(auth.ManageUsers) {
			sessions, err := a.look().People.Sessions(a.ctx(), a.by, u.ID)
			if err != nil {
				return nil, err
			}
			for _, s := range sessions {
				if s.SeenAt.After(row.LastSeen) {
					row.LastSeen = s.SeenAt
				}
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if err := a.chosenUser(&v); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (a *ask) organisationNames() (map[string]string, []templates.Option, error) {
	page, err := a.look().People.Organisations(a.ctx(), a.by.Scope(), many)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]string{}
	var options []templates.Option
	for _, o := range page.Items {
		names[o.Code] = o.Name
		options = append(options, templates.Option{Value: o.Code, Text: o.Name})
	}
	return names, options, nil
}

// addUser makes an account; its one-time link is shown this once.
func (p *Pages) addUser(ctx context.Context, a *ask, f *form) (string, error) {
	in := auth.UserInput{Login: f.need("login"), Name: f.need("name"), OrganisationCode: f.text("organisation_code"), Lang: a.lang}
	for _, r := range f.Values["roles"] {
		in.Roles = append(in.Roles, auth.Role(r))
	}
	if len(in.Roles) == 0 {
		f.wrong("roles", "required")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, token, err := l.People.AddUser(ctx, a.by, in)
		if err == nil && token != "" {
			a.show("setup", "/setup/"+token)
		}
		return err
	})
	return "/settings/users", err
}

func (p *Pages) organisations(a *ask) (templates.Page, error) {
	page, err := a.look().People.Organisations(a.ctx(), a.by.Scope(), many)
	if err != nil {
		return nil, err
	}
	v := templates.SettingsOrganisations{MayAdd: a.by.May(auth.ManageOrganisations)}
	for _, o := range page.Items {
		row := templates.OrganisationRow{Code: o.Code, Name: o.Name, Kind: o.Kind, Parent: o.ParentCode, Timezone: o.Zone}
		for _, code := range o.RegionCodes {
			row.Regions = append(row.Regions, a.regionName(code))
		}
		v.Rows = append(v.Rows, row)
		v.Parents = append(v.Parents, templates.Option{Value: o.Code, Text: o.Name})
	}
	if v.MayAdd {
		if v.Regions, err = a.regions(); err != nil {
			return nil, err
		}
	}
	if err := a.chosenLetterhead(&v); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) addOrganisation(ctx context.Context, a *ask, f *form) (string, error) {
	in := auth.OrganisationInput{Code: f.need("code"), Name: f.need("name"), Kind: f.need("kind"), ParentCode: f.text("parent_code"), Timezone: f.text("timezone")}
	in.RegionCodes = slices.DeleteFunc(slices.Clone(f.Values["region_codes"]), func(s string) bool { return s == "" })
	if err := f.err(); err != nil {
		return "", err
	}
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.People.CreateOrganisation(ctx, a.by.Scope(), in)
		return err
	})
	return "/settings/organisations", err
}

// engineers shows who works today, who is away, and what leave was asked for.
func (p *Pages) engineers(a *ask) (templates.Page, error) {
	board := a.look().Board
	page, err := board.Engineers(a.ctx(), a.by.Scope(), dispatch.EngineerFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	today := a.today()
	shifts, err := board.Shifts(a.ctx(), a.by.Scope(), nil, dispatch.Span{From: today.In(a.zone), To: today.AddDays(14).In(a.zone)})
	if err != nil {
		return nil, err
	}
	away, err := board.Absences(a.ctx(), a.by.Scope(), dispatch.AbsenceFilter{Ask: keyset.Ask{Limit: 100}})
	if err != nil {
		return nil, err
	}
	visits := map[uuid.UUID]int{}
	err = whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[dispatch.Visit], error) {
		return p.desk.Visits(ctx, a.by, dispatch.VisitFilter{Ask: ask, Day: &today})
	}, func(v dispatch.Visit) {
		if v.State != dispatch.Cancelled && v.State != dispatch.Declined {
			visits[v.EngineerID]++
		}
	})
	if err != nil {
		return nil, err
	}
	skills, err := a.skills()
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range skills {
		names[s.Code] = s.Name
	}
	orgs, _, err := a.organisationNames()
	if err != nil {
		return nil, err
	}
	v := templates.SettingsEngineers{MayEdit: a.by.May(auth.PlanShifts), MayAdd: a.by.May(auth.ManageEngineers)}
	regions := map[string]string{}
	for _, e := range page.Items {
		row := templates.EngineerRow{ID: e.ID.String(), Name: e.Name, Staff: e.StaffNumber, Phone: customers.ShowPhone(zero(e.Phone)), Organisation: orgs[e.OrgCode], VisitsToday: visits[e.ID]}
		for _, code := range e.RegionCodes {
			if regions[code] == "" {
				regions[code] = a.regionName(code)
			}
			row.Regions = append(row.Regions, regions[code])
		}
		for _, s := range e.Skills {
			name := names[s.Code]
			if name == "" {
				name = s.Code
			}
			row.Skills = append(row.Skills, name+" "+strconv.Itoa(s.Level))
		}
		for _, s := range shifts {
			if s.EngineerID == e.ID && s.EndsAt.After(a.now) && (row.ShiftFrom.IsZero() || s.StartsAt.Before(row.ShiftFrom)) {
				row.ShiftFrom, row.ShiftTo = s.StartsAt, s.EndsAt
			}
		}
		for _, x := range away.Items {
			if x.EngineerID == e.ID && x.State == dispatch.AbsenceApproved && !x.StartsAt.After(a.now) && x.EndsAt.After(a.now) {
				row.Absence, row.AbsentUntil = x.Kind, x.EndsAt
			}
		}
		v.Rows = append(v.Rows, row)
	}
	for _, x := range away.Items {
		if x.EndsAt.Before(a.now) {
			continue
		}
		v.Absences = append(v.Absences, templates.AbsenceRow{ID: x.ID.String(), Engineer: x.EngineerName, Kind: x.Kind, From: x.StartsAt, To: x.EndsAt, Reason: x.Reason, State: string(x.State),
			Open: x.State == dispatch.AbsenceRequested && a.by.May(auth.DecideLeave), May: x.State == dispatch.AbsenceApproved && a.by.May(auth.DecideLeave)})
	}
	if err := a.displaced(&v); err != nil {
		return nil, err
	}
	duty, err := a.look().Promises.Rota(a.ctx(), a.by, today, today.AddDays(13))
	if err != nil {
		return nil, err
	}
	for _, d := range duty {
		v.Duty = append(v.Duty, templates.DutyRow{Day: d.Day.String(), Organisation: orgs[d.Organisation], Name: d.Name, Phone: customers.ShowPhone(d.Phone)})
	}
	if v.MayEdit {
		v.People = a.colleagues(auth.ReadBasics)
	}
	v.Chrome = a.chrome()
	return v, nil
}

// displaced are the orders that an absence took the engineer from and nobody has planned anew.
func (a *ask) displaced(v *templates.SettingsEngineers) error {
	if !a.by.May(auth.ReadOrders) {
		return nil
	}
	page, err := a.p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 100}, State: "ready"})
	if err != nil {
		return err
	}
	for _, o := range page.Items {
		if o.DisplacedAt == nil {
			continue
		}
		row := templates.DisplacedRow{Order: orderLink(o.Number, "", o.State), Customer: o.CustomerName}
		if o.AnnouncedWindow != nil {
			row.From, row.To = o.AnnouncedWindow.From, o.AnnouncedWindow.To
		}
		v.Displaced = append(v.Displaced, row)
	}
	return nil
}

func (p *Pages) addShift(ctx context.Context, a *ask, f *form) (string, error) {
	id := zero(f.id("engineer_id"))
	f.need("engineer_id")
	in := dispatch.ShiftInput{StartsAt: f.needTime("starts_at"), EndsAt: f.needTime("ends_at")}
	if err := f.err(); err != nil {
		return "", err
	}
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Board.AddShift(ctx, a.by.Scope(), id, in)
		return err
	})
	return "/settings/engineers", err
}

func (p *Pages) addAbsence(ctx context.Context, a *ask, f *form) (string, error) {
	id := zero(f.id("engineer_id"))
	f.need("engineer_id")
	in := dispatch.AbsenceInput{StartsAt: f.needTime("starts_at"), EndsAt: f.needTime("ends_at"), Kind: f.opt("kind"), Reason: f.opt("reason"), OnConflict: f.opt("on_conflict")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.AddAbsence(ctx, a.by, id, in)
	return "/settings/engineers", err
}

func (p *Pages) putDuty(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.DutyInput{From: f.needDate("from"), To: f.date("to"), UserID: f.id("user_id"), Phone: f.text("phone")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.PutDuty(ctx, a.by, in)
	return "/settings/engineers", err
}

// withdrawAbsence ends somebody's absence: he is at work after all.
func (p *Pages) withdrawAbsence(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Board.WithdrawAbsence(ctx, a.by, id, f.text("reason"))
		return err
	})
	return "/settings/engineers", err
}

func (p *Pages) decideAbsence(approve bool) deed {
	return func(ctx context.Context, a *ask, _ *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		_, err = p.desk.DecideAbsence(ctx, a.by, id, dispatch.Decision{Approve: approve})
		return "/settings/engineers", err
	}
}

func (p *Pages) calendar(a *ask) (templates.Page, error) {
	year := a.today().Year()
	if n, err := strconv.Atoi(a.QueryParam("year")); err == nil && n >= 2000 && n <= 2100 {
		year = n
	}
	if n, err := strconv.Atoi(a.posted.Values.Get("year")); err == nil && n >= 2000 && n <= 2100 {
		year = n
	}
	got, err := a.look().Promises.GetYear(a.ctx(), a.by.OrgID, year)
	if err != nil {
		return nil, err
	}
	v := templates.SettingsCalendar{Chrome: a.chrome(), Year: year, Known: got.Known, MayEdit: a.by.May(auth.ManageBasics)}
	for n := a.today().Year() - 1; n <= a.today().Year()+1; n++ {
		v.Years = append(v.Years, templates.Option{Value: strconv.Itoa(n), Text: strconv.Itoa(n), Selected: n == year})
	}
	for _, d := range got.Days {
		v.Rows = append(v.Rows, templates.DayRow{Date: d.Date.String(), Name: d.Name, Working: d.Working})
	}
	return v, nil
}

// putDay lays one day over the year as it is known.
func (p *Pages) putDay(ctx context.Context, a *ask, f *form) (string, error) {
	day := f.needDate("date")
	name := f.need("name")
	if err := f.err(); err != nil {
		return "", err
	}
	year := day.Year()
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		got, err := l.Promises.GetYear(ctx, a.by.OrgID, year)
		if err != nil {
			return err
		}
		days := slices.DeleteFunc(got.Days, func(d calendar.Dated) bool { return d.Date == day })
		days = append(days, calendar.Dated{Date: day, Day: calendar.Day{Working: f.ticked("working"), Name: name}})
		_, err = l.Promises.PutYear(ctx, a.by.OrgID, year, days, a.by.Login)
		return err
	})
	return "/settings/calendar?year=" + strconv.Itoa(year), err
}

func (p *Pages) webhooks(a *ask) (templates.Page, error) {
	v := templates.SettingsWebhooks{MayEdit: a.by.May(auth.ManageWebhooks) && p.Hooks != nil, Secret: a.shownMe["webhook"]}
	if p.Hooks != nil {
		page, err := p.Hooks.List(a.ctx(), a.by.Scope(), a.asked())
		if err != nil {
			return nil, err
		}
		v.More = a.with("cursor", page.NextCursor)
		for _, w := range page.Items {
			row := templates.WebhookRow{ID: w.ID.String(), URL: w.URL, Kinds: w.Topics}
			sent, err := p.Hooks.Deliveries(a.ctx(), a.by.Scope(), w.ID, "", keyset.Ask{Limit: 200})
			if err != nil {
				return nil, err
			}
			for _, d := range sent.Items {
				switch d.State {
				case "delivered":
					row.Delivered++
				case "dead":
					row.Dead++
					v.Dead = append(v.Dead, templates.DeliveryRow{ID: d.ID.String(), URL: w.URL, Kind: d.Topic, FailedAt: d.CreatedAt, Attempts: d.Attempts, LastError: d.LastError})
				default:
					row.Pending++
				}
			}
			v.Rows = append(v.Rows, row)
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// addWebhook registers an address; its secret is shown this once.
func (p *Pages) addWebhook(ctx context.Context, a *ask, f *form) (string, error) {
	in := notify.WebhookInput{URL: f.need("url"), Topics: f.list("kinds")}
	if err := f.err(); err != nil {
		return "", err
	}
	w, err := p.desk.AddWebhook(ctx, a.by, p.Hooks, in)
	if err == nil {
		a.show("webhook", w.Secret)
	}
	return "/settings/webhooks", err
}

func (p *Pages) replay(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/settings/webhooks", p.Hooks.Redeliver(ctx, a.by.Scope(), id)
}

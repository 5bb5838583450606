package pages

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders/billing"
)

// feed is the engineer's visits as a calendar.
func (p *Pages) feed(c echo.Context) error {
	a, err := p.reader(c, auth.ReadVisits)
	if err == nil && a.by.EngineerID == nil {
		err = fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, err := p.desk.Look(c.Request().Context()).Board.ICS(c.Request().Context(), *a.by.EngineerID)
	if err != nil {
		return p.refuse(c, a, err)
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", content)
}

// me is the engineer's account and his phone.
func (p *Pages) me(a *ask) (templates.Page, error) {
	v := templates.Me{May: a.by.EngineerID != nil && a.by.May(auth.AskLeave)}
	if a.by.EngineerID != nil {
		e, err := a.look().Board.Engineer(a.ctx(), a.by.Scope(), *a.by.EngineerID)
		if err != nil {
			return nil, err
		}
		v.Engineer = e.Name
		v.Staff = e.StaffNumber
		v.Calendar = "/m/me/calendar.ics"
		if p.Push != nil {
			if v.PushKey, err = p.Push.Key(a.ctx()); err != nil {
				return nil, err
			}
		}
		page, err := a.look().Board.Absences(a.ctx(), a.by.Scope(), dispatch.AbsenceFilter{Ask: keyset.Ask{Limit: 10}, Engineer: a.by.EngineerID.String()})
		if err != nil {
			return nil, err
		}
		for _, x := range page.Items {
			v.Absences = append(v.Absences, templates.OwnAbsence{Kind: x.Kind, State: string(x.State), From: a.plainTime(x.StartsAt), To: a.plainTime(x.EndsAt), Reason: x.Reason})
		}
		held, err := a.look().Till.CashUps(a.ctx(), a.by.Scope(), billing.CashUpFilter{Ask: keyset.Ask{Limit: 10}, EngineerID: a.by.EngineerID, State: billing.CashHeld})
		if err != nil {
			return nil, err
		}
		for _, c := range held.Items {
			v.Cash = append(v.Cash, templates.CashOfDay{Day: c.Day.String(), Amount: c.ExpectedMinor})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// callInSick asks for the rest of the day off. Visits are moved only by the desk's word.
func (p *Pages) callInSick(ctx context.Context, a *ask, f *form) (string, error) {
	if a.by.EngineerID == nil {
		return "", fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	end := a.today().AddDays(1).In(a.zone)
	in := dispatch.AbsenceInput{StartsAt: a.now, EndsAt: end, Kind: filled("sick"), Reason: f.opt("reason"), OnConflict: filled("displace")}
	_, err := p.desk.AddAbsence(ctx, a.by, *a.by.EngineerID, in)
	return "/m/me", err
}

// outbox is the frame of what waits on the phone; the phone fills it.
func (p *Pages) outbox(a *ask) (templates.Page, error) {
	return templates.Outbox{Chrome: a.chrome()}, nil
}

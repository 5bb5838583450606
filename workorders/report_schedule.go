package workorders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/workorders/kpi"
)

// ReportSchedule is a report that is mailed by itself, as PDF and CSV: each day about the day before, each
// Monday about the week, on the first about the month.
type ReportSchedule struct {
	ID        uuid.UUID     `bun:"id" json:"id"`
	OrgID     int32         `bun:"org_id" json:"-"`
	Report    string        `bun:"report" json:"report" enum:"follow-ups,complaints,clocks,calls,receipts,receivables,defects,engineers"`
	Period    string        `bun:"period" json:"period" enum:"daily,weekly,monthly"`
	By        string        `bun:"grouped" json:"by,omitempty"`
	Lang      string        `bun:"lang" json:"lang" enum:"zh-Hans,en"`
	To        string        `bun:"to_address" json:"to"`
	NextOn    calendar.Date `bun:"next_on" json:"next_on" doc:"on its morning the next one is sent"`
	CreatedBy uuid.UUID     `bun:"created_by" json:"created_by" doc:"whose rights it is read with"`
	Login     string        `bun:"login" json:"-"`
	Zone      string        `bun:"zone" json:"-"`
}

// ReportScheduleInput is a schedule to be.
type ReportScheduleInput struct {
	Report string `json:"report" maxLength:"40"`
	Period string `json:"period" enum:"daily,weekly,monthly"`
	By     string `json:"by,omitempty" maxLength:"60"`
	Lang   string `json:"lang,omitempty" enum:"zh-Hans,en" doc:"absent = the caller's"`
	To     string `json:"to" minLength:"3" maxLength:"200" doc:"a mail address"`
}

// reportHour is when the reports of a morning go out, by the organisation's clock.
const reportHour = 7

// Span is the period that ends before a day, and the day on which the next is sent.
func (s ReportSchedule) Span(on calendar.Date) (from, to, next calendar.Date) {
	to = on.AddDays(-1)
	switch s.Period {
	case "weekly":
		return on.AddDays(-7), to, on.AddDays(7)
	case "monthly":
		y, m, _ := to.Civil()
		from = calendar.On(y, m, 1)
		next = calendar.On(y, m, 1).AddDays(62)
		ny, nm, _ := next.Civil()
		return from, to, calendar.On(ny, nm, 1)
	}
	return to, to, on.AddDays(1)
}

// firstOn is the first day on which a schedule made on a day sends.
func firstOn(period string, today calendar.Date) calendar.Date {
	next := today.AddDays(1)
	switch period {
	case "weekly":
		for next.Weekday() != time.Monday {
			next = next.AddDays(1)
		}
	case "monthly":
		y, m, _ := today.Civil()
		ny, nm, _ := calendar.On(y, m, 1).AddDays(32).Civil()
		next = calendar.On(ny, nm, 1)
	}
	return next
}

// ScheduleReport has a report mailed regularly.
func (d *Desk) ScheduleReport(ctx context.Context, by auth.Caller, in ReportScheduleInput) (ReportSchedule, error) {
	if !slices.Contains(kpi.Kinds(), in.Report) {
		return ReportSchedule{}, fault.New(fault.Invalid, "report_unknown", "there is no report %q", in.Report).Field("body.report", "unknown")
	}
	if !slices.Contains([]string{"daily", "weekly", "monthly"}, in.Period) {
		return ReportSchedule{}, fault.New(fault.Invalid, "report_period_unknown", "a report is sent daily, weekly or monthly").Field("body.period", "daily, weekly or monthly")
	}
	if in.To = strings.TrimSpace(in.To); !strings.Contains(in.To, "@") || strings.ContainsAny(in.To, " \r\n,;") {
		return ReportSchedule{}, fault.New(fault.Invalid, "email_invalid", "give one mail address").Field("body.to", "not a mail address")
	}
	today, _, err := d.Today(ctx, by)
	if err != nil {
		return ReportSchedule{}, err
	}
	s := ReportSchedule{ID: newID(), OrgID: by.OrgID, Report: in.Report, Period: in.Period, By: in.By, Lang: say.Lang(in.Lang, by.Lang), To: in.To, NextOn: firstOn(in.Period, today), CreatedBy: by.UserID}
	return s, d.change(ctx, by, func(ctx context.Context, w *work) error { return insertSchedule(ctx, w, s) })
}

// ReportSchedules are those of the caller's organisation.
func (d *Desk) ReportSchedules(ctx context.Context, by auth.Caller) ([]ReportSchedule, error) {
	return schedules(ctx, d.reader(ctx), "s.org_id = ? AND s.stopped_at IS NULL", by.OrgID)
}

// StopReport ends a schedule.
func (d *Desk) StopReport(ctx context.Context, by auth.Caller, id uuid.UUID) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error { return stopSchedule(ctx, w, by.OrgID, id) })
}

// ReportScheduleOf reads one by id.
func (d *Desk) ReportScheduleOf(ctx context.Context, id uuid.UUID) (ReportSchedule, error) {
	list, err := schedules(ctx, d.reader(ctx), "s.id = ?", id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "report_schedule_unknown", "there is no such schedule")
	}
	if err != nil {
		return ReportSchedule{}, err
	}
	return list[0], nil
}

// SendReports writes the letters of every schedule whose morning has come. A program that was down makes up
// for the last period alone: nobody wants five dailies at once.
func (d *Desk) SendReports(ctx context.Context) error {
	by := auth.System("reports")
	due, err := schedules(ctx, d.db, "s.stopped_at IS NULL AND s.next_on <= (?::timestamptz AT TIME ZONE o.zone - interval '"+fmt.Sprint(reportHour)+" hours')::date", d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, s := range due {
		err := d.change(ctx, by, func(ctx context.Context, w *work) error {
			zone, err := time.LoadLocation(s.Zone)
			if err != nil {
				return err
			}
			on, today := s.NextOn, calendar.Of(w.at, zone)
			from, to, next := s.Span(on)
			for !next.After(today) {
				on = next
				from, to, next = s.Span(on)
			}
			moved, err := moveSchedule(ctx, w, s.ID, s.NextOn, next)
			if err != nil || !moved {
				return err
			}
			_, err = w.outbox.Send(ctx, notify.Message{OrgID: s.OrgID, SubjectID: &s.ID, Audience: "manager", To: s.To, Lang: s.Lang, Key: "message.manager.report",
				Args: []string{say.Text(s.Lang, "report.title."+s.Report) + " · " + say.Text(s.Lang, "word.report_period."+s.Period), from.String() + " – " + to.String()}, DueAt: w.at, Dedupe: "report:" + s.ID.String() + ":" + from.String()})
			return err
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("report %s: %w", s.ID, err))
		}
	}
	return errors.Join(failed...)
}

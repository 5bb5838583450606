package api

import (
	"context"
	"fmt"
	"strings"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/workorders"
)

func (s *Server) reportSchedules(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[workorders.ReportSchedule], error) {
	list, err := s.desk.ReportSchedules(ctx, by)
	return keyset.Page[workorders.ReportSchedule]{Items: list}, err
}

func (s *Server) scheduleReport(ctx context.Context, by auth.Caller, in *body[workorders.ReportScheduleInput]) (workorders.ReportSchedule, error) {
	return s.ScheduleReport(ctx, by, in.Body)
}

// ScheduleReport has a report mailed regularly. It is read with the rights of whoever asked for it, and refused
// at once when he may not read it.
func (s *Server) ScheduleReport(ctx context.Context, by auth.Caller, in workorders.ReportScheduleInput) (workorders.ReportSchedule, error) {
	if right, known := reportRight[in.Report]; known {
		if err := by.Must(right); err != nil {
			return workorders.ReportSchedule{}, err
		}
	}
	if in.By != "" {
		if _, err := s.Report(ctx, by, in.Report, "", "", in.By); err != nil {
			return workorders.ReportSchedule{}, err
		}
	}
	return s.desk.ScheduleReport(ctx, by, in)
}

func (s *Server) stopReport(ctx context.Context, by auth.Caller, in *ByID) (Kept, error) {
	return Kept{true}, s.desk.StopReport(ctx, by, in.ID)
}

func (s *Server) callTargets(ctx context.Context, by auth.Caller, _ *struct{}) (workorders.CallTargets, error) {
	return s.desk.CallTargets(ctx, by)
}

func (s *Server) setCallTargets(ctx context.Context, by auth.Caller, in *body[workorders.CallTargets]) (workorders.CallTargets, error) {
	return s.desk.SetCallTargets(ctx, by, in.Body)
}

// reportPapers are a report that is sent regularly, as PDF and CSV, as whoever asked for it may see it today.
// Somebody who left, or may not read it any more, gets none: the letter dies and stands among those that did.
func (s *Server) reportPapers(ctx context.Context, m notify.Message) ([]notify.Attachment, error) {
	plan, err := s.desk.ReportScheduleOf(ctx, *m.SubjectID)
	if err != nil {
		return nil, gone(err)
	}
	by, err := s.desk.Look(ctx).People.As(ctx, plan.Login)
	if err == nil {
		err = by.Must(auth.ReadReports)
	}
	if err != nil {
		return nil, gone(err)
	}
	from, to, ok := strings.Cut(m.Args[len(m.Args)-1], " – ")
	if !ok {
		return nil, notify.Permanent(fmt.Errorf("a report without a period: %q", m.Args))
	}
	by.Lang = m.Lang
	if plan.Report == "receivables" { // what is owed is owed since ever
		from = ""
	}
	r, err := s.Report(ctx, by, plan.Report, from, to, plan.By)
	if err != nil {
		return nil, gone(err)
	}
	p, err := printOf(by, m.Lang, "", "")
	if err != nil {
		return nil, err
	}
	pdf, err := s.reportPDF(ctx, p, by, r)
	if err != nil {
		return nil, err
	}
	table, err := reportCSV(r, m.Lang)
	if err != nil {
		return nil, err
	}
	return []notify.Attachment{{Name: pdfName(plan.Report, to), PDF: pdf}, {Name: plan.Report + "-" + to + ".csv", PDF: table, Type: "text/csv"}}, nil
}

// gone marks a refusal that trying again does not cure.
func gone(err error) error {
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return notify.Permanent(err)
	}
	return err
}

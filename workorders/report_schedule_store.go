package workorders

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

func schedules(ctx context.Context, db bun.IDB, where string, args ...any) ([]ReportSchedule, error) {
	list := []ReportSchedule{}
	err := db.NewRaw(`SELECT s.id, s.org_id, s.report, s.period, s.grouped, s.lang, s.to_address, s.next_on, s.created_by, u.login, o.zone FROM report_schedules s JOIN organisations o ON o.id = s.org_id JOIN users u ON u.id = s.created_by
		WHERE `+where+` ORDER BY s.id LIMIT 500`, args...).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("report schedules: %w", err)
	}
	return list, nil
}

func insertSchedule(ctx context.Context, w *work, s ReportSchedule) error {
	if _, err := w.tx.NewRaw("INSERT INTO report_schedules (id, org_id, report, period, grouped, lang, to_address, next_on, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		s.ID, s.OrgID, s.Report, s.Period, s.By, s.Lang, s.To, s.NextOn, w.at, s.CreatedBy).Exec(ctx); err != nil {
		return fmt.Errorf("schedule a report: %w", fault.FromSQL(err))
	}
	return nil
}

func stopSchedule(ctx context.Context, w *work, org int32, id uuid.UUID) error {
	result, err := w.tx.NewRaw("UPDATE report_schedules SET stopped_at = ? WHERE id = ? AND org_id = ? AND stopped_at IS NULL", w.at, id, org).Exec(ctx)
	if err != nil {
		return fmt.Errorf("stop a report: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.NotFound, "report_schedule_unknown", "there is no such schedule")
	}
	return nil
}

// moveSchedule goes on to the next day, unless another program was faster.
func moveSchedule(ctx context.Context, w *work, id uuid.UUID, was, next calendar.Date) (bool, error) {
	result, err := w.tx.NewRaw("UPDATE report_schedules SET next_on = ? WHERE id = ? AND next_on = ? AND stopped_at IS NULL", next, id, was).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("report schedule: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

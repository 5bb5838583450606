package workorders

import (
	"context"
	"errors"
	"fmt"

	"paigong/internal/auth"
)

// Task is one thing the desk does by itself, with how often it looks.
type Task struct {
	Name string
	Spec string // cron, UTC
	Do   func(ctx context.Context) error
}

// Tasks are what the clock does for the desk. Each looks for due rows in the database, so a program that
// was down, or runs several times over, neither misses a row nor does one twice.
func (d *Desk) Tasks() []Task {
	return []Task{
		{"follow-ups-due", "* * * * *", d.sweep("follow-up", func(ctx context.Context, w *work) (bool, error) { return w.promises.DueFollowUps(ctx) })},
		{"campaigns", "*/15 * * * *", d.sweep("campaign", func(ctx context.Context, w *work) (bool, error) { return false, w.promises.RunCampaigns(ctx) })},
		{"follow-ups-give-up", "*/10 * * * *", d.sweep("follow-up", func(ctx context.Context, w *work) (bool, error) { return w.promises.GiveUpFollowUps(ctx) })},
		{"clocks", "* * * * *", d.sweep("clock", func(ctx context.Context, w *work) (bool, error) { return w.promises.EscalateClocks(ctx) })},
		{"quotes-remind", "* * * * *", d.RemindQuotes},
		{"quotes-expire", "* * * * *", d.ExpireQuotes},
		{"hand-overs-expire", "* * * * *", d.ExpireHandOvers},
		{"visits-remind", "*/5 * * * *", d.RemindVisits},
		{"visits-late", "* * * * *", d.TellLate},
		{"visits-unaccepted", "* * * * *", d.TellUnaccepted},
		{"devices-remind", "20 1 * * *", d.TellDevices},
		{"reports-send", "*/5 * * * *", d.SendReports},
		{"holds-end", "* * * * *", d.EndHolds},
		{"sick-unattended", "* * * * *", d.FreeTheSick},
		{"vans-back", "* * * * *", d.VansBack},
		{"plans-at", "* * * * *", d.PlanNextDays},
		{"plans-expire", "*/10 * * * *", d.ExpirePlans},
		{"shortages-age", "0 1 * * *", d.AgeShortages},
		{"no-access-age", "10 1 * * *", d.AgeNoAccess},
		{"questions-age", "20 * * * *", d.sweep("question", func(ctx context.Context, w *work) (bool, error) { return false, w.promises.RemindQuestions(ctx) })},
		{"keys-forget", "17 19 * * *", d.ForgetKeys},
		{"events-forget", "23 19 * * *", d.ForgetEvents},
	}
}

// sweep runs fn in one transaction after another until nothing is due. fn says whether more is.
func (d *Desk) sweep(name string, fn func(ctx context.Context, w *work) (more bool, err error)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for more := true; more; {
			err := d.change(ctx, auth.System(name), func(ctx context.Context, w *work) (err error) {
				more, err = fn(ctx, w)
				w.out = w.out || more
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// EndHolds brings orders back whose hold has ended.
func (d *Desk) EndHolds(ctx context.Context) error {
	by := auth.System("hold")
	ids, err := endedHolds(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := d.changeOrder(ctx, by, id.String(), func(ctx context.Context, w *work, o *Order) error {
			if o.State != OrderOnHold || o.HoldUntil == nil || o.HoldUntil.After(w.at) {
				return nil
			}
			c, err := w.custody.OpenOf(ctx, o.ID)
			if err != nil {
				return err
			}
			if c != nil || w.chargeSettled(o) != nil {
				// It cannot go on by itself: a person looks at it.
				if err := setOrder(ctx, w.tx, o.ID, "hold_until = NULL"); err != nil {
					return err
				}
				return w.tellOffice(ctx, o, "desk", "message.desk.hold_ended")
			}
			return w.backToQueue(ctx, o, "resume", "the time of the hold is over")
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("hold of %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// AgeShortages lets a customer who waits for a part hear from us every 7 days, and the manager once after
// 30. It goes by what was done so far, so a day on which the program was down is made up for.
func (d *Desk) AgeShortages(ctx context.Context) error {
	by := auth.System("shortage")
	rows, err := agedShortages(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		err := d.changeOrder(ctx, by, r.Order.String(), func(ctx context.Context, w *work, o *Order) error {
			if r.Days >= 30 && !r.ManagerTold {
				if err := w.tellOffice(ctx, o, "manager", "message.manager.part_waits_long"); err != nil {
					return err
				}
			}
			if r.CustomerTold {
				return nil
			}
			return w.callBack(ctx, o, "delay", o.Number)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("shortage of %s: %w", r.Order, err))
		}
	}
	return errors.Join(failed...)
}

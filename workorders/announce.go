package workorders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
)

// What the clock announces: each once, also when every program was down when its time came.

// eveningHour is when a visit of the next day is announced, at the site.
const eveningHour = 18

// RemindVisits tells customers on the evening before who comes and when.
func (d *Desk) RemindVisits(ctx context.Context) error {
	return d.announceVisits(ctx, "reminder", func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error {
		loc, err := w.siteZone(ctx, o)
		if err != nil {
			return err
		}
		now, day := w.at.In(loc), calendar.Of(v.StartsAt, loc)
		if calendar.Of(w.at, loc) != day.AddDays(-1) || now.Hour() < eveningHour {
			return nil
		}
		lang, err := customerLang(ctx, w.tx, o.CustomerID)
		if err != nil {
			return err
		}
		return w.tellCustomerOnce(ctx, o, "reminder:"+v.ID.String()+":"+day.String(), "message.customer.reminder", o.Number, w.shownWindow(ctx, o, v), ShownName(v.EngineerName, v.StaffNumber, lang))
	})
}

// TellLate says to the customer and to the desk that an announced window is over and nobody is there yet.
func (d *Desk) TellLate(ctx context.Context) error {
	return d.announceVisits(ctx, "late", func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error {
		if v.Window == nil || w.at.Before(v.Window.To) || v.ArrivedAt != nil || v.StartedAt != nil {
			return nil
		}
		once := "late:" + v.ID.String() + ":" + v.Window.To.UTC().Format(time.RFC3339)
		if w.at.Sub(v.Window.To) < 4*time.Hour { // hours later it is no news to whoever waited
			if err := w.tellCustomerOnce(ctx, o, once, "message.customer.late", o.Number); err != nil {
				return err
			}
		}
		return w.tellOfficeOnce(ctx, o, once+":desk", "desk", "message.desk.late", o.Number, o.Summary)
	})
}

// TellUnaccepted says to the desk that an engineer has not accepted a visit in the time he has for it.
func (d *Desk) TellUnaccepted(ctx context.Context) error {
	return d.announceVisits(ctx, "unaccepted", func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error {
		if v.State != dispatch.Dispatched || v.AcceptBy == nil || w.at.Before(*v.AcceptBy) {
			return nil
		}
		return w.tellOfficeOnce(ctx, o, "unaccepted:"+v.ID.String()+":"+v.AcceptBy.UTC().Format(time.RFC3339), "desk", "message.desk.not_accepted", o.Number, v.EngineerName)
	})
}

func (d *Desk) announceVisits(ctx context.Context, what string, tell func(ctx context.Context, w *work, o *Order, v dispatch.Visit) error) error {
	due, err := visitsToAnnounce(ctx, d.db, what, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, it := range due {
		err := d.changeOrder(ctx, auth.System("announce"), it.Order.String(), func(ctx context.Context, w *work, o *Order) error {
			v, err := w.board.Visit(ctx, auth.System("announce").Scope(), it.ID)
			if err != nil || !announceable(v) {
				return err
			}
			return tell(ctx, w, o, v)
		})
		if err != nil { // the others are told all the same
			failed = append(failed, fmt.Errorf("%s of %s: %w", what, it.ID, err))
		}
	}
	return errors.Join(failed...)
}

func announceable(v dispatch.Visit) bool {
	return v.Lead && v.Mode == "on_site" && (v.State == dispatch.Dispatched || v.State == dispatch.Accepted || v.State == dispatch.EnRoute)
}

// After how many days a device that is ready is asked about again, and one in our hands is the desk's concern.
const (
	uncollectedDays = 7
	outLongDays     = 14
)

// TellDevices reminds customers of a device that is ready for them and of one of ours that is due back, and
// the desk of what has been with us too long.
func (d *Desk) TellDevices(ctx context.Context) error {
	due, err := devicesToAnnounce(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, it := range due {
		err := d.changeOrder(ctx, auth.System("announce"), it.Order.String(), func(ctx context.Context, w *work, o *Order) error {
			switch it.What {
			case "uncollected":
				return w.tellCustomerOnce(ctx, o, it.Once, "message.customer.device_uncollected", o.Number, it.Device, it.Day)
			case "loaner":
				return w.tellCustomerOnce(ctx, o, it.Once, "message.customer.loaner_due", o.Number, it.Device, it.Day)
			}
			return w.tellOfficeOnce(ctx, o, it.Once, "desk", "message.desk.device_out_long", o.Number, it.Device, it.Day)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("device of %s: %w", it.Order, err))
		}
	}
	return errors.Join(failed...)
}

type visitToAnnounce struct {
	ID    uuid.UUID `bun:"id"`
	Order uuid.UUID `bun:"order_id"`
}

type deviceToAnnounce struct {
	What   string    `bun:"what"`
	Order  uuid.UUID `bun:"order_id"`
	Device string    `bun:"device"`
	Day    string    `bun:"day"`
	Once   string    `bun:"once"`
}

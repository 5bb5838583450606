package workorders

import (
	"context"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/workorders/customers"
)

// Whom we may tell what, and when.
//
//   - A courtesy is not sent to somebody who asked to be left alone on this kind of channel. What is about an
//     appointment, money, a device in our hands or a complaint is, since he cannot do without it.
//   - In the quiet hours of the site nothing reaches a customer but what is about somebody at his door, what he
//     asked for just now, and orders of priority 1. The rest waits for the morning.

// Quiet hours where nobody has set others: from nine in the evening to eight in the morning.
const (
	quietFrom = 21 * 60
	quietTo   = 8 * 60
)

// MayTell is the courier's question before each attempt. kind is mail, sms or bot.
func (d *Desk) MayTell(ctx context.Context, m notify.Message, kind string) (notify.Verdict, error) {
	if m.Audience != "customer" {
		return notify.Verdict{}, nil
	}
	e, known := notify.EventOf(m.Key)
	if !known {
		return notify.Verdict{}, nil
	}
	db := d.reader(ctx)
	if e.Courtesy {
		out, err := optedOut(ctx, db, m.OrgID, m.To, kind)
		if err != nil || out {
			return notify.Verdict{Never: out}, err
		}
	}
	if e.AtOnce {
		return notify.Verdict{}, nil
	}
	at, err := tellingPlace(ctx, db, m)
	if err != nil {
		return notify.Verdict{}, err
	}
	if at.Urgent {
		return notify.Verdict{}, nil
	}
	return notify.Verdict{Until: wakes(d.now(), at.location(), at.From, at.To)}, nil
}

// wakes is when the quiet hours end in which an instant lies; zero outside them. from and to are minutes of
// the civil day; the same twice is never quiet.
func wakes(now time.Time, zone *time.Location, from, to int) time.Time {
	local := now.In(zone)
	minute := local.Hour()*60 + local.Minute()
	inside := minute >= from && minute < to
	if from > to {
		inside = minute >= from || minute < to
	}
	if from == to || !inside {
		return time.Time{}
	}
	day := local.Day()
	if from > to && minute >= from {
		day++ // the morning is tomorrow's
	}
	return time.Date(local.Year(), local.Month(), day, to/60, to%60, 0, 0, zone)
}

// OptOut is somebody's wish to hear no courtesies any more.
type OptOut struct {
	ID         uuid.UUID  `bun:"id" json:"id"`
	CustomerID uuid.UUID  `bun:"customer_id" json:"customer_id"`
	ContactID  *uuid.UUID `bun:"contact_id" json:"contact_id,omitempty" doc:"absent = the customer's own number"`
	Contact    string     `bun:"contact" json:"contact"`
	Channel    string     `bun:"channel" json:"channel" enum:"all,mail,sms"`
	How        string     `bun:"how" json:"how" enum:"desk,link"`
	At         time.Time  `bun:"at" json:"at"`
	By         string     `bun:"by_name" json:"by"`
}

// OptOutInput is what a client may say about one.
type OptOutInput struct {
	ContactID *uuid.UUID `json:"contact_id,omitempty" doc:"absent = the customer's own number"`
	Channel   string     `json:"channel" enum:"all,mail,sms"`
	Off       bool       `json:"off" doc:"true: leave him alone; false: he wants to hear again"`
}

// SetOptOut writes down whether somebody wants courtesies on a kind of channel, and answers all of a customer's wishes.
func (d *Desk) SetOptOut(ctx context.Context, by auth.Caller, customer uuid.UUID, in OptOutInput) ([]OptOut, error) {
	var list []OptOut
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		c, err := w.book.Customer(ctx, by.Scope(), customer)
		if err != nil {
			return err
		}
		if in.ContactID != nil && !hasContact(c, *in.ContactID) {
			return fault.New(fault.Invalid, "contact_unknown", "this customer has no such contact").Field("body.contact_id", "unknown")
		}
		if in.Channel != "all" && in.Channel != "mail" && in.Channel != "sms" {
			return fault.New(fault.Invalid, "message_opt_outs_channel", "a person may be left alone on all channels, mail or sms").Field("body.channel", "all, mail or sms")
		}
		if err := w.optOut(ctx, c.OrgID, customer, in, "desk"); err != nil {
			return err
		}
		list, err = optOutsOf(ctx, w.tx, customer)
		return err
	})
	return list, err
}

func hasContact(c customers.Customer, id uuid.UUID) bool {
	for _, k := range c.Contacts {
		if k.ID == id {
			return true
		}
	}
	return false
}

// OptOuts are the wishes of a customer in sight.
func (d *Desk) OptOuts(ctx context.Context, by auth.Caller, customer uuid.UUID) ([]OptOut, error) {
	if _, err := d.book.In(d.reader(ctx)).Customer(ctx, by.Scope(), customer); err != nil {
		return nil, err
	}
	return optOutsOf(ctx, d.reader(ctx), customer)
}

// leaveAlone is the act of a link that is possible whatever the state of its order.
const leaveAlone = "leave_alone"

// OptOutByLink is the same under the customer's link: for everybody of his house, on every channel.
func (d *Desk) OptOutByLink(ctx context.Context, token string, off bool) (Public, error) {
	return d.byLink(ctx, token, leaveAlone, func(ctx context.Context, w *work, o *Order, _ *Public) error {
		return w.optOut(ctx, o.OrgID, o.CustomerID, OptOutInput{Channel: "all", Off: off}, "link")
	})
}

// QuietHours are the minutes of the day at the site between which customers are left alone.
type QuietHours struct {
	From int `bun:"from_minute" json:"from_minute" minimum:"0" maximum:"1439"`
	To   int `bun:"to_minute" json:"to_minute" minimum:"0" maximum:"1439" doc:"the same as from_minute = nobody is left alone"`
}

// QuietHours are those of an organisation: its own, the nearest above it, or nine in the evening to eight.
func (d *Desk) QuietHours(ctx context.Context, org int32) (QuietHours, error) {
	at, err := tellingPlace(ctx, d.reader(ctx), notify.Message{OrgID: org})
	return QuietHours{at.From, at.To}, err
}

// SetQuietHours sets them for the caller's organisation and everything below it.
func (d *Desk) SetQuietHours(ctx context.Context, by auth.Caller, q QuietHours) (QuietHours, error) {
	if q.From < 0 || q.From > 1439 || q.To < 0 || q.To > 1439 {
		return q, fault.New(fault.Invalid, "quiet_hours_invalid", "give times of the day between 00:00 and 23:59").Field("body.from_minute", "0 to 1439")
	}
	err := d.change(ctx, by, func(ctx context.Context, w *work) error { return putQuietHours(ctx, w.tx, by.OrgID, q) })
	return q, err
}

// Notice is something the desk or a manager was told, with who has read it.
type Notice struct {
	ID        uuid.UUID  `bun:"id" json:"id"`
	Audience  string     `bun:"audience" json:"audience"`
	Key       string     `bun:"key" json:"key"`
	Args      []string   `bun:"args,type:jsonb" json:"-"`
	Text      string     `bun:"-" json:"text"`
	Order     string     `bun:"order_number" json:"work_order_number,omitempty"`
	Request   string     `bun:"request_number" json:"request_number,omitempty"`
	SubjectID *uuid.UUID `bun:"subject_id" json:"subject_id,omitempty"`
	Complaint bool       `bun:"complaint" json:"-"`
	Org       string     `bun:"organisation" json:"organisation"`
	At        time.Time  `bun:"created_at" json:"at"`
	ReadAt    *time.Time `bun:"read_at" json:"read_at,omitempty" doc:"by the reader himself"`
	Readers   []string   `bun:"readers,array" json:"readers" doc:"who has read it, the first at the front"`
}

// Notices are what the reader's desk was told, newest first: managers see what managers are told besides.
func (d *Desk) Notices(ctx context.Context, by auth.Caller, unread bool, limit int) ([]Notice, error) {
	list, err := noticesOf(ctx, d.reader(ctx), by, unread, limit)
	for i := range list {
		list[i].Text = notify.Message{Key: list[i].Key, Lang: by.Lang, Args: list[i].Args}.Text()
	}
	return list, err
}

// ReadNotices writes down that the reader has read some notices; none means all that are in sight.
func (d *Desk) ReadNotices(ctx context.Context, by auth.Caller, ids []uuid.UUID) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		list, err := noticesOf(ctx, w.tx, by, true, 1000)
		if err != nil {
			return err
		}
		wanted := map[uuid.UUID]bool{}
		for _, id := range ids {
			wanted[id] = true
		}
		for _, n := range list {
			if len(ids) == 0 || wanted[n.ID] {
				if err := markRead(ctx, w.tx, n.ID, by.UserID, w.at); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// NoticeInput is information passed on: up to head office, down, or to a centre beside.
type NoticeInput struct {
	Organisation string `json:"organisation_code" minLength:"1" maxLength:"40"`
	Text         string `json:"text" minLength:"1" maxLength:"2000"`
	Order        string `json:"work_order,omitempty" maxLength:"60" doc:"id or number of an order it is about"`
	Managers     bool   `json:"managers,omitempty" doc:"for the managers alone"`
}

// PassOn tells another organisation of the house something; it is read, and receipted, among its notices.
func (d *Desk) PassOn(ctx context.Context, by auth.Caller, in NoticeInput) error {
	text := strings.TrimSpace(in.Text)
	if text == "" {
		return fault.New(fault.Invalid, "notice_text_missing", "write what they are to know").Field("body.text", "must not be blank")
	}
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		to, err := d.people.In(w.tx).ByCode(ctx, in.Organisation)
		if err != nil {
			return err
		}
		m := notify.Message{OrgID: to.ID, Audience: "desk", Lang: "zh-Hans", Key: "message.desk.notice", Args: []string{actorName(by.Name, by.Login), text}, DueAt: w.at}
		if in.Managers {
			m.Audience = "manager"
		}
		if in.Order != "" {
			o, err := findOrder(ctx, w.tx, by.Scope(), in.Order)
			if err != nil {
				return err
			}
			m.OrderID = &o.ID
		}
		_, err = w.outbox.Send(ctx, m)
		return err
	})
}

package workorders

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/notify"
)

// tellCustomer puts a message to the customer of an order into the outbox, in his language. A customer
// without an address that a channel can use is left to the call-back list by whoever calls this.
func (w *work) tellCustomer(ctx context.Context, o *Order, key string, args ...string) error {
	return w.tellCustomerOnce(ctx, o, "", key, args...)
}

// tellCustomerOnce does nothing when the same was said under this word before; "" is never the same.
func (w *work) tellCustomerOnce(ctx context.Context, o *Order, once, key string, args ...string) error {
	roles := aboutVisits
	if strings.HasPrefix(key, "message.customer.quote") {
		roles = aboutMoney
	}
	to, err := customerAddress(ctx, w.tx, o.ID, roles)
	if err != nil {
		return err
	}
	gone, due, send, err := w.held(ctx, o, "customer", nil)
	if err != nil || !send {
		return err
	}
	if slices.Contains(gone, "message.customer.window") && strings.HasPrefix(key, "message.customer.changed") {
		key = "message.customer.window" // he has never heard of the time that changed
	}
	_, err = w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, RequestID: o.RequestID, Audience: "customer", To: to.Address, Lang: to.Lang, Key: key, Args: args, DueAt: due, Dedupe: once})
	return err
}

// Pending says how what an act tells people is sent: after a while, so that whoever did it may think again; Undo
// is such a second thought.
type Pending struct {
	For  time.Duration
	Undo bool
}

type pendingKey struct{}

// WithPending makes what the acts below tell customers and engineers wait. An act that follows before the time
// is over takes the waiting words of its order back; when it undoes the first, and somebody was told nothing
// yet, he is told nothing at all.
func WithPending(ctx context.Context, p Pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, p)
}

// held takes waiting words back and says when the next ones are due, and whether they are to be said.
func (w *work) held(ctx context.Context, o *Order, audience string, subject *uuid.UUID) (gone []string, due time.Time, send bool, err error) {
	p, _ := ctx.Value(pendingKey{}).(Pending)
	if gone, err = w.outbox.TakeBack(ctx, o.ID, audience, subject); err != nil {
		return nil, w.at, false, err
	}
	return gone, w.at.Add(p.For), !p.Undo || len(gone) == 0, nil
}

// tellOnTheWay says who comes: by family name and staff number in Chinese, by first name in English.
func (w *work) tellOnTheWay(ctx context.Context, o *Order, v dispatch.Visit) error {
	lang, err := customerLang(ctx, w.tx, o.CustomerID)
	if err != nil {
		return err
	}
	return w.tellCustomer(ctx, o, "message.customer.on_the_way", o.Number, ShownName(v.EngineerName, v.StaffNumber, lang), w.shownWindow(ctx, o, v))
}

// tellEngineer puts a message to an engineer into the outbox.
func (w *work) tellEngineer(ctx context.Context, o *Order, engineer uuid.UUID, key string) error {
	if key == "message.engineer.assigned" && o.Priority == 1 {
		key = "message.engineer.emergency"
	}
	to, err := engineerAddress(ctx, w.tx, engineer)
	if err != nil {
		return err
	}
	_, due, send, err := w.held(ctx, o, "engineer", &engineer)
	if err != nil || !send {
		return err
	}
	_, err = w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, Audience: "engineer", SubjectID: &engineer, To: to.Address, Lang: to.Lang, Key: key, Args: []string{o.Number, o.Summary}, DueAt: due})
	return err
}

// tellOffice puts a message to the desk or the manager of an order's organisation into the outbox.
func (w *work) tellOffice(ctx context.Context, o *Order, audience, key string) error {
	return w.tellOfficeOnce(ctx, o, "", audience, key, o.Number, o.Summary)
}

func (w *work) tellOfficeOnce(ctx context.Context, o *Order, once, audience, key string, args ...string) error {
	_, err := w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, Audience: audience, Lang: "zh-Hans", Key: key, Args: args, DueAt: w.at, Dedupe: once})
	return err
}

// tellOwner puts a message to who owns an order, or to its desk when nobody does, into the outbox.
func (w *work) tellOwner(ctx context.Context, o *Order, key string, about ...string) error {
	_, err := w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, SubjectID: o.OwnerID, Audience: "desk", Lang: "zh-Hans", Key: key, Args: append([]string{o.Number, o.Summary}, about...), DueAt: w.at})
	return err
}

// calledInstead are the messages that somebody says by voice when no channel reaches the customer, with
// the reason under which they stand on the call-back list. The others are a courtesy.
var calledInstead = map[string]string{
	"message.customer.window": "appointment", "message.customer.changed": "appointment", "message.customer.changed_by_us": "appointment",
	"message.customer.displaced": "displaced", "message.customer.part_waiting": "delay", "message.customer.part_arrived": "part_arrived",
	"message.customer.no_access": "no_access", "message.customer.quote": "quote_open",
	"message.customer.quote_ends": "quote_open", "message.customer.part_postponed": "delay", "message.customer.device_uncollected": "device_ready",
}

// Undelivered puts what no channel could tell a customer on the call-back list. It may be called again for
// the same message; one entry a reason stays.
func (d *Desk) Undelivered(ctx context.Context, m notify.Message) error {
	reason := calledInstead[m.Key]
	if m.Audience != "customer" || reason == "" || m.OrderID == nil {
		return nil
	}
	by := auth.System("messages")
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, by.Scope(), m.OrderID.String())
		if err != nil || !o.stillNews(reason) {
			return err
		}
		return w.callBack(ctx, &o, reason, m.Text())
	})
}

// stillNews reports whether a call about it would still tell the customer something: a message may be found
// undeliverable long after what it announced is over.
func (o *Order) stillNews(reason string) bool {
	switch reason {
	case "device_ready":
		return o.State != OrderClosed && o.State != OrderCancelled
	case "quote_open":
		return o.State == OrderAwaitingApproval
	case "delay":
		return o.State == OrderOnHold
	case "displaced":
		return o.DisplacedAt != nil
	case "part_arrived":
		return o.PartArrivedAt != nil
	case "no_access":
		return o.State == OrderReady
	}
	return o.State == OrderAssigned
}

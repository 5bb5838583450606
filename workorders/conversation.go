package workorders

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/workorders/aftercare"
)

// ConversationInput is a word exchanged with the customer about a request or an order.
type ConversationInput struct {
	Direction  string     `json:"direction" enum:"in,out"`
	Channel    string     `json:"channel" enum:"phone,email,web,chat,fax,letter,walk_in,link,sms,wechat"`
	Kind       string     `json:"kind" enum:"chase,progress,appointment,delay_notice,other"`
	Outcome    string     `json:"outcome,omitempty" enum:"reached,no_answer,busy,phone_off,call_later,refused,wrong_number,wrong_person,left_message"`
	Text       string     `json:"text,omitempty" maxLength:"5000"`
	PromisedAt *time.Time `json:"promised_at,omitempty" doc:"when we promised to be in touch again"`
	ContactID  *uuid.UUID `json:"contact_id,omitempty"`
}

// Conversation is one such word, as recorded.
type Conversation struct {
	ID         uuid.UUID  `bun:"id" json:"id"`
	OrgID      int32      `bun:"org_id" json:"-"`
	RequestID  *uuid.UUID `bun:"request_id" json:"request_id,omitempty"`
	OrderID    *uuid.UUID `bun:"order_id" json:"work_order_id,omitempty"`
	ContactID  *uuid.UUID `bun:"contact_id" json:"contact_id,omitempty"`
	Direction  string     `bun:"direction" json:"direction"`
	Channel    string     `bun:"channel" json:"channel"`
	Kind       string     `bun:"kind" json:"kind"`
	Outcome    string     `bun:"outcome" json:"outcome,omitempty"`
	Text       string     `bun:"text" json:"text,omitempty"`
	PromisedAt *time.Time `bun:"promised_at" json:"promised_at,omitempty"`
	At         time.Time  `bun:"at" json:"at"`
	Actor      string     `bun:"actor" json:"actor"`
}

// TalkAboutRequest logs a conversation. An outbound one that reached the customer is a reply; a call that
// was not answered is not. A promised time makes a call-back.
func (d *Desk) TalkAboutRequest(ctx context.Context, by auth.Caller, ref string, in ConversationInput) (Conversation, error) {
	c := in.conversation()
	_, err := d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		c.RequestID, c.OrgID = &r.ID, r.OrgID
		if c.Direction == "out" && c.Outcome == "reached" {
			if err := w.replied(ctx, r, "conversation"); err != nil {
				return err
			}
		}
		if err := insertConversation(ctx, w, &c); err != nil {
			return err
		}
		if c.Kind == "chase" && c.Direction == "in" && !in.answered() {
			loc, err := w.zoneOf(ctx, r.OrgID)
			if err != nil {
				return err
			}
			due, err := w.promises.CallBackBy(ctx, r.OrgID, loc)
			if err != nil {
				return err
			}
			if _, err := w.promises.AddCallback(ctx, w.by, aftercare.CallbackInput{OrgID: r.OrgID, RequestID: &r.ID, CustomerID: r.CustomerID, Reason: "promised_reply", DueAt: due, Text: limitText(in.Text, 500)}); err != nil {
				return err
			}
		}
		if err := w.promiseCallback(ctx, in, aftercare.CallbackInput{RequestID: &r.ID, CustomerID: r.CustomerID, OrgID: r.OrgID}); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "conversation", Data: map[string]any{"kind": c.Kind, "direction": c.Direction, "outcome": c.Outcome, "text": c.Text}})
	})
	return c, err
}

// TalkAboutOrder logs a conversation about an order. A chase 催单 raises its count, shows on the desk and on
// the engineer's job, and from the second on is for the team lead.
func (d *Desk) TalkAboutOrder(ctx context.Context, by auth.Caller, ref string, in ConversationInput) (Conversation, error) {
	c := in.conversation()
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		c.OrderID, c.OrgID = &o.ID, o.OrgID
		if err := insertConversation(ctx, w, &c); err != nil {
			return err
		}
		if c.Direction == "out" && c.Outcome == "reached" {
			if err := w.heard(ctx, o, "conversation"); err != nil {
				return err
			}
		}
		if c.Kind == "chase" && c.Direction == "in" {
			if err := w.chased(ctx, o, c.Text, in.answered()); err != nil {
				return err
			}
		}
		if err := w.promiseCallback(ctx, in, aftercare.CallbackInput{OrderID: &o.ID, CustomerID: &o.CustomerID, OrgID: o.OrgID}); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "conversation", Data: map[string]any{"kind": c.Kind, "direction": c.Direction, "outcome": c.Outcome, "text": c.Text}})
	})
	return c, err
}

func (in ConversationInput) conversation() Conversation {
	return Conversation{ID: newID(), ContactID: in.ContactID, Direction: in.Direction, Channel: in.Channel, Kind: in.Kind, Outcome: in.Outcome, Text: in.Text, PromisedAt: in.PromisedAt}
}

func (w *work) promiseCallback(ctx context.Context, in ConversationInput, c aftercare.CallbackInput) error {
	if in.PromisedAt == nil {
		return nil
	}
	if in.PromisedAt.Before(w.at) {
		return fault.New(fault.Invalid, "promise_in_past", "a promised time lies ahead").Field("body.promised_at", "must be in the future")
	}
	c.Reason, c.DueAt, c.Text = "promised_reply", *in.PromisedAt, in.Text
	_, err := w.promises.AddCallback(ctx, w.by, c)
	return err
}

// answered reports whether a chase needs no call-back of its own: a time was promised, which makes one, or
// somebody says that the customer got his answer while he asked.
func (in ConversationInput) answered() bool {
	return in.PromisedAt != nil || slices.Contains(liveChannels, in.Channel) && in.Outcome == "reached"
}

// liveChannels are those on which the customer is answered while he asks.
var liveChannels = []string{"phone", "walk_in", "chat"}

// chased counts a chase; the second goes to the team lead. A customer who was not answered at once is called
// back within two service hours.
func (w *work) chased(ctx context.Context, o *Order, text string, answered bool) error {
	o.ChaseCount++
	if err := setOrder(ctx, w.tx, o.ID, "chase_count = chase_count + 1"); err != nil {
		return err
	}
	if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "chase", Reason: text, Data: map[string]any{"count": o.ChaseCount}}); err != nil {
		return err
	}
	if o.EngineerID != nil {
		if err := w.tellEngineer(ctx, o, *o.EngineerID, "message.engineer.chased"); err != nil {
			return err
		}
	}
	if !answered {
		loc, err := w.siteZone(ctx, o)
		if err != nil {
			return err
		}
		due, err := w.promises.CallBackBy(ctx, o.OrgID, loc)
		if err != nil {
			return err
		}
		if _, err := w.promises.AddCallback(ctx, w.by, aftercare.CallbackInput{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Reason: "promised_reply", DueAt: due, Text: limitText(text, 500)}); err != nil {
			return err
		}
	}
	if o.ChaseCount >= 2 {
		return w.tellOffice(ctx, o, "manager", "message.lead.second_chase")
	}
	return nil
}

// chaseByDuplicate turns a second report of an open fault into a chase on the order that is open.
func (w *work) chaseByDuplicate(ctx context.Context, first Request, second *Request) error {
	for _, ref := range first.WorkOrders {
		if ref.State == OrderCancelled || ref.State == OrderClosed {
			continue
		}
		o, err := lockOrder(ctx, w.tx, w.by.Scope(), ref.ID.String())
		if err != nil {
			return err
		}
		c := Conversation{ID: newID(), OrgID: o.OrgID, OrderID: &o.ID, Direction: "in", Channel: second.Channel, Kind: "chase", Outcome: "reached", Text: fmt.Sprintf("%s: %s", second.Number, second.Summary)}
		if err := insertConversation(ctx, w, &c); err != nil {
			return err
		}
		return w.chased(ctx, &o, second.Summary, second.RepliedAt != nil)
	}
	return insertConversation(ctx, w, &Conversation{ID: newID(), OrgID: first.OrgID, RequestID: &first.ID, Direction: "in", Channel: second.Channel, Kind: "chase", Outcome: "reached", Text: fmt.Sprintf("%s: %s", second.Number, second.Summary)})
}

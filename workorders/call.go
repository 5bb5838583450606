package workorders

import (
	"context"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// CallNote is what was said on the telephone, at the counter or in a chat, and how it ended: who asked, for what, what
// he was told. A call from which a request came carries its number; the others end here.
type CallNote struct {
	ID         uuid.UUID  `bun:"id" json:"id"`
	OrgID      int32      `bun:"org_id" json:"-"`
	Direction  string     `bun:"direction" json:"direction" enum:"in,out"`
	Channel    string     `bun:"channel" json:"channel" enum:"phone,walk_in,chat"`
	UserID     *uuid.UUID `bun:"user_id" json:"user_id,omitempty"`
	Actor      string     `bun:"actor" json:"actor"`
	Name       string     `bun:"name" json:"name"`
	Phone      string     `bun:"phone" json:"phone,omitempty"`
	Purpose    string     `bun:"purpose" json:"purpose"`
	ReadBack   bool       `bun:"read_back" json:"read_back"`
	Outcome    string     `bun:"outcome" json:"outcome"`
	Detail     string     `bun:"detail" json:"detail,omitempty"`
	To         string     `bun:"to_whom" json:"to,omitempty"`
	CallbackID *uuid.UUID `bun:"callback_id" json:"callback_id,omitempty"`
	RequestID  *uuid.UUID `bun:"request_id" json:"request_id,omitempty"`
	Request    string     `bun:"request_number" json:"request_number,omitempty"`
	CustomerID *uuid.UUID `bun:"customer_id" json:"customer_id,omitempty"`
	Customer   string     `bun:"customer_name" json:"customer_name,omitempty"`
	StartedAt  time.Time  `bun:"started_at" json:"started_at"`
	EndedAt    time.Time  `bun:"ended_at" json:"ended_at"`
}

// CallInput is what somebody says about a call. First who it is and what he wants; a call without an outcome is
// not over.
type CallInput struct {
	Direction   string     `json:"direction,omitempty" enum:"in,out" doc:"absent = in"`
	Channel     string     `json:"channel,omitempty" enum:"phone,walk_in,chat" doc:"absent = phone"`
	Name        string     `json:"name" minLength:"1" maxLength:"200" doc:"who it was"`
	Phone       string     `json:"phone,omitempty" maxLength:"40"`
	Purpose     string     `json:"purpose" minLength:"1" maxLength:"500" doc:"what he wanted, in a line"`
	ReadBack    bool       `json:"read_back,omitempty" doc:"it was read back to him and he confirmed it"`
	Outcome     string     `json:"outcome" enum:"request,answered,declined,out_of_scope,transferred,message" doc:"message = for a colleague, who calls back"`
	Detail      string     `json:"detail,omitempty" maxLength:"5000" doc:"answered: what he was told; declined, out_of_scope: why, as he was told; else a note"`
	To          string     `json:"to,omitempty" maxLength:"200" doc:"transferred: to which department or person"`
	ColleagueID *uuid.UUID `json:"colleague_id,omitempty" doc:"message: who calls back"`
	PromisedAt  *time.Time `json:"promised_at,omitempty" doc:"message: until when; absent = in two hours"`
	RequestID   *uuid.UUID `json:"request_id,omitempty" doc:"request: the one that came from it; else the one it was about"`
	CustomerID  *uuid.UUID `json:"customer_id,omitempty" doc:"absent = whoever has the telephone number"`
	StartedAt   *time.Time `json:"started_at,omitempty" doc:"absent = now"`
	EndedAt     *time.Time `json:"ended_at,omitempty" doc:"absent = now"`
}

// CallOutcomes are how a call may end.
func CallOutcomes() []string {
	return []string{"request", "answered", "declined", "out_of_scope", "transferred", "message"}
}

// CallFilter narrows the list; newest first.
type CallFilter struct {
	keyset.Ask
	RequestID  *uuid.UUID `json:"-"`
	CustomerID *uuid.UUID `json:"-"`
	UserID     *uuid.UUID `json:"-"`
	Outcome    string     `query:"outcome" json:"-" enum:"request,answered,declined,out_of_scope,transferred,message"`
}

// LogCall writes a call down. A message for a colleague becomes an entry of the call-back list that is his.
func (d *Desk) LogCall(ctx context.Context, by auth.Caller, in CallInput) (CallNote, error) {
	var c CallNote
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if c, err = w.callOf(ctx, in); err != nil {
			return err
		}
		if in.Outcome == "message" {
			if c.To, c.CallbackID, err = w.leaveMessage(ctx, in, c); err != nil {
				return err
			}
		}
		return insertCall(ctx, w, c)
	})
	return c, err
}

// callOf checks what was said and fills in what follows from it.
func (w *work) callOf(ctx context.Context, in CallInput) (CallNote, error) {
	c := CallNote{ID: newID(), Direction: in.Direction, Channel: in.Channel, Actor: w.by.Actor(), Name: strings.TrimSpace(in.Name), Phone: strings.TrimSpace(in.Phone), Purpose: firstLine(in.Purpose), ReadBack: in.ReadBack,
		Outcome: in.Outcome, Detail: strings.TrimSpace(in.Detail), To: strings.TrimSpace(in.To), RequestID: in.RequestID, CustomerID: in.CustomerID, StartedAt: w.at, EndedAt: w.at}
	if w.by.Person() {
		c.UserID = &w.by.UserID
	}
	if c.Direction == "" {
		c.Direction = "in"
	}
	if c.Channel == "" {
		c.Channel = "phone"
	}
	if in.EndedAt != nil {
		c.EndedAt = in.EndedAt.UTC().Truncate(time.Microsecond)
	}
	if c.StartedAt = c.EndedAt; in.StartedAt != nil {
		c.StartedAt = in.StartedAt.UTC().Truncate(time.Microsecond)
	}
	bad := fault.New(fault.Invalid, "call_incomplete", "a call says who it was, what he wanted, and how it ended")
	whole := true
	need := func(ok bool, field, what string) {
		if !ok {
			whole = false
			bad.Field("body."+field, what)
		}
	}
	need(c.Name != "", "name", "required")
	need(c.Purpose != "", "purpose", "required")
	known := false
	for _, o := range CallOutcomes() {
		known = known || o == c.Outcome
	}
	need(known, "outcome", "required: no call ends without one")
	need(c.Detail != "" || c.Outcome != "answered" && c.Outcome != "declined" && c.Outcome != "out_of_scope", "detail", "required: what he was told, or why not")
	need(c.To != "" || c.Outcome != "transferred", "to", "required")
	need(in.ColleagueID != nil || c.Outcome != "message", "colleague_id", "required")
	need(c.RequestID != nil || c.Outcome != "request", "request_id", "required")
	need(!c.EndedAt.Before(c.StartedAt) && !c.EndedAt.After(w.at.Add(time.Minute)), "ended_at", "after the start, and not in the future")
	if !whole {
		return c, bad
	}
	var err error
	if c.OrgID, err = w.orgFor(ctx, ""); err != nil {
		return c, err
	}
	if c.RequestID != nil {
		r, err := findRequest(ctx, w.tx, w.by.Scope(), c.RequestID.String())
		if err != nil {
			return c, err
		}
		c.OrgID = r.OrgID
		if c.CustomerID == nil {
			c.CustomerID = r.CustomerID
		}
	}
	if c.Phone != "" {
		if phone, err := customers.NormalisePhone(c.Phone, "CN"); err == nil {
			c.Phone = phone
		}
	}
	if c.CustomerID == nil && c.Phone != "" {
		found, err := w.book.ByPhone(ctx, w.by.Scope(), c.Phone)
		if err != nil && !fault.Is(err, fault.Invalid) {
			return c, err
		}
		if len(found) == 1 {
			c.CustomerID = &found[0].Customer.ID
		}
	}
	return c, nil
}

// leaveMessage makes the entry of the colleague's call-back list: who, what about, until when.
func (w *work) leaveMessage(ctx context.Context, in CallInput, c CallNote) (string, *uuid.UUID, error) {
	u, err := w.people.In(w.tx).User(ctx, auth.System("message").Scope(), *in.ColleagueID)
	if err != nil {
		return "", nil, err
	}
	back := aftercare.CallbackInput{Reason: "missed_call", RequestID: c.RequestID, CustomerID: c.CustomerID, AssigneeID: &u.ID, OrgID: c.OrgID, Text: limitText(strings.TrimSpace(c.Name+" "+customers.ShowPhone(c.Phone)+" "+c.Purpose+" "+c.Detail), 2000)}
	if in.PromisedAt != nil {
		if in.PromisedAt.Before(w.at) {
			return "", nil, fault.New(fault.Invalid, "promise_in_past", "a promised time lies ahead").Field("body.promised_at", "must be in the future")
		}
		back.DueAt = *in.PromisedAt
	}
	made, err := w.promises.AddCallback(ctx, w.by, back)
	return u.Name, &made.ID, err
}

// Calls lists what was written down, in sight, newest first.
func (d *Desk) Calls(ctx context.Context, by auth.Caller, f CallFilter) (keyset.Page[CallNote], error) {
	return listCalls(ctx, d.reader(ctx), by.Scope(), f)
}

package workorders

import (
	"context"
	"time"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/workorders/customers"
)

// CallRecord is what a telephone system or a chat wrote down about one call.
type CallRecord struct {
	Line       int
	Ref        string // the system's own number of the call
	Channel    string // phone, chat or web
	Direction  string // in or out
	StartedAt  time.Time
	AnsweredAt *time.Time // nil: nobody answered
	EndedAt    time.Time
	Phone      string
	Agent      string // login of who answered; others keep the name they came with
	Outcome    string
}

// ImportCalls takes records of calls, known by the system's own number.
func (d *Desk) ImportCalls(ctx context.Context, o ImportOptions, rows []CallRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r CallRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r CallRecord) (bool, error) {
		if r.Channel == "" {
			r.Channel = "phone"
		}
		if r.Direction == "" {
			r.Direction = "in"
		}
		answered := r.StartedAt
		if r.AnsweredAt != nil {
			answered = *r.AnsweredAt
		}
		switch {
		case r.EndedAt.After(w.at.Add(time.Hour)):
			return false, fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body.ended_at", "lies in the future")
		case answered.Before(r.StartedAt) || r.EndedAt.Before(answered):
			return false, fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body.answered_at", "is not between the start and the end of the call")
		}
		if phone, err := customers.NormalisePhone(r.Phone, "CN"); err == nil {
			r.Phone = phone
		}
		return insertCallRecord(ctx, w, o.Org, r)
	}))
}

// CallTargets are by when a call should be answered and handled, in seconds.
type CallTargets struct {
	Ring   int `bun:"ring_seconds" json:"ring_seconds" minimum:"1" maximum:"3600" doc:"a telephone is picked up: three rings are about nine seconds"`
	Chat   int `bun:"chat_seconds" json:"chat_seconds" minimum:"1" maximum:"3600" doc:"the first word in a chat"`
	Handle int `bun:"handle_seconds" json:"handle_seconds" minimum:"1" maximum:"86400" doc:"an enquiry is answered: three to five minutes"`
}

// DefaultCallTargets hold where nobody has set others: three rings, sixty seconds, five minutes.
var DefaultCallTargets = CallTargets{9, 60, 300}

// CallTargets are those of the caller's organisation or the nearest above it.
func (d *Desk) CallTargets(ctx context.Context, by auth.Caller) (CallTargets, error) {
	return callTargetsOf(ctx, d.reader(ctx), by.OrgID)
}

// SetCallTargets sets them for the caller's organisation and everything below it.
func (d *Desk) SetCallTargets(ctx context.Context, by auth.Caller, in CallTargets) (CallTargets, error) {
	return in, d.change(ctx, by, func(ctx context.Context, w *work) error { return putCallTargets(ctx, w, by.OrgID, in) })
}

package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/files"
	"paigong/workorders/aftercare"
)

// FollowUpAttempt records a call. A low score makes a grumble, the customer's or caller's word a complaint,
// each with its own 24 hours and linked to the order; while it is open nobody asks again whether all is well.
// With next = repeat_visit the order is opened again, or a new one repeats it when it is closed.
func (d *Desk) FollowUpAttempt(ctx context.Context, by auth.Caller, id uuid.UUID, in aftercare.AttemptInput) (aftercare.AttemptResult, error) {
	var r aftercare.AttemptResult
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		f, err := w.promises.FollowUp(ctx, by.Scope(), id)
		if err != nil {
			return err
		}
		var o *Order
		if f.OrderID != nil {
			locked, err := lockOrder(ctx, w.tx, auth.System("follow-up").Scope(), f.OrderID.String())
			if err != nil {
				return err
			}
			o = &locked
		}
		if err := fresh(ctx, "follow-up", f.Version); err != nil {
			return err
		}
		made := ""
		if in.Next == "new_request" {
			if made, err = w.newNeed(freshNot(ctx), f, o, &in); err != nil {
				return err
			}
		}
		if r, err = w.promises.Attempt(ctx, by, id, in); err != nil {
			return err
		}
		r.RequestNumber = made
		s := said{Order: f.OrderID, Request: f.RequestID, OrgID: f.OrgID, Action: "follow_up", From: string(f.State), To: string(r.FollowUp.State), Reason: in.Comment, Data: map[string]any{"follow_up": f.Number, "outcome": in.Outcome, "scores": in.Scores}}
		if f.OrderID != nil || f.RequestID != nil { // a campaign or a first contact has only its own log
			if err := w.note(ctx, s); err != nil {
				return err
			}
		}
		if r.Complaint != nil {
			if err := w.noteComplaint(ctx, *r.Complaint, "complaint_register", ""); err != nil {
				return err
			}
		}
		if o == nil {
			return nil
		}
		if in.Next == "repeat_visit" {
			again, err := w.repeatVisit(ctx, o, in.Comment)
			if err != nil {
				return err
			}
			r.WorkOrderID = &again
			if r.FollowUp, err = w.promises.FollowUp(ctx, by.Scope(), id); err != nil {
				return err
			}
		}
		return w.announce(ctx, "follow_up", o.OrgID, &o.ServingOrgID, id)
	})
	return r, err
}

func (w *work) noteComplaint(ctx context.Context, c aftercare.Complaint, action, reason string) error {
	s := said{Order: c.OrderID, Request: c.RequestID, Complaint: &c.ID, OrgID: c.OrgID, Action: action, To: string(c.State), Reason: reason, Data: map[string]any{"complaint": c.Number, "grade": c.Grade, "level": c.Level}}
	if c.Confidential || c.Category == "misconduct" {
		s.Order, s.Request, s.Reason = nil, nil, "" // told on the complaint alone
	}
	if err := w.note(ctx, s); err != nil {
		return err
	}
	return w.announce(ctx, "complaint", c.OrgID, nil, c.ID)
}

// AddComplaint registers a complaint and starts its 24 hours.
func (d *Desk) AddComplaint(ctx context.Context, by auth.Caller, in aftercare.ComplaintInput) (aftercare.Complaint, error) {
	var c aftercare.Complaint
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if in.WorkOrderID != nil {
			o, err := lockOrder(ctx, w.tx, by.Scope(), in.WorkOrderID.String())
			if err != nil {
				return err
			}
			if in.CustomerID == nil {
				in.CustomerID = &o.CustomerID
			}
		}
		if in.OwnerID == nil && !in.Confidential && in.Category != aftercare.Misconduct {
			if in.OwnerID, err = freeMember(ctx, w.tx, "complaints", by.OrgID, nil, nil); err != nil {
				return err
			}
		}
		if c, err = w.promises.AddComplaint(ctx, by, in); err != nil {
			return err
		}
		if c.OrderID != nil {
			if err := w.promises.Suspend(ctx, *c.OrderID); err != nil {
				return err
			}
		}
		return w.noteComplaint(ctx, c, "complaint_register", "")
	})
	return c, err
}

// ComplaintDo moves a complaint on: reply, verify, propose, accept, refuse, escalate, close. When the last
// open complaint of an order closes, its follow-up call wakes up again.
func (d *Desk) ComplaintDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in aftercare.ComplaintAct) (aftercare.Complaint, error) {
	var c aftercare.Complaint
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		before, err := w.promises.Complaint(ctx, by, id)
		if err != nil {
			return err
		}
		if before.OrderID != nil {
			if _, err := lockOrder(ctx, w.tx, auth.System("complaint").Scope(), before.OrderID.String()); err != nil {
				return err
			}
		}
		if err := fresh(ctx, "complaint", before.Version); err != nil {
			return err
		}
		if c, err = w.promises.ComplaintDo(ctx, by, id, act, in); err != nil {
			return err
		}
		if act == "reply" && c.RequestID != nil { // one answer to one matter
			r, err := lockRequest(ctx, w.tx, auth.System("complaint").Scope(), c.RequestID.String())
			if err != nil {
				return err
			}
			if err := w.replied(ctx, &r, "complaint_reply"); err != nil {
				return err
			}
		}
		if c.State == aftercare.ClosedMatter && c.OrderID != nil {
			if err := w.promises.Wake(ctx, *c.OrderID); err != nil {
				return err
			}
		}
		return w.noteComplaint(ctx, c, "complaint_"+act, in.Reason)
	})
	return c, err
}

// AddEvidence puts something on file about a complaint: a file that was sent before, or the number of a record.
func (d *Desk) AddEvidence(ctx context.Context, by auth.Caller, id uuid.UUID, in aftercare.EvidenceInput) (aftercare.Complaint, error) {
	var c aftercare.Complaint
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if c, err = w.promises.Complaint(ctx, by, id); err != nil {
			return err
		}
		if err := fresh(ctx, "complaint", c.Version); err != nil {
			return err
		}
		var file *uuid.UUID
		if in.File != "" && c.State != aftercare.ClosedMatter {
			kept, err := w.cabinet.Attach(ctx, files.OfComplaint(c.OrgID, id), in.File, "evidence")
			if err != nil {
				return err
			}
			file = &kept.ID
		}
		if c, err = w.promises.AddEvidence(ctx, by, id, file, in); err != nil {
			return err
		}
		return w.noteComplaint(ctx, c, "complaint_evidence", in.Note)
	})
	return c, err
}

// CallbackAttempt records a call of the call-back list. A customer who was reached has heard from us.
func (d *Desk) CallbackAttempt(ctx context.Context, by auth.Caller, id uuid.UUID, in aftercare.CallbackAttemptInput) (aftercare.Callback, error) {
	var c aftercare.Callback
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		before, err := w.promises.Callback(ctx, by.Scope(), id)
		if err != nil {
			return err
		}
		var o *Order
		if before.OrderID != nil {
			locked, err := lockOrder(ctx, w.tx, auth.System("callback").Scope(), before.OrderID.String())
			if err != nil {
				return err
			}
			o = &locked
		}
		if err := fresh(ctx, "call-back", before.Version); err != nil {
			return err
		}
		if c, err = w.promises.CallbackAttempt(ctx, by, id, in); err != nil {
			return err
		}
		if o != nil {
			if in.Outcome == "reached" {
				if err := w.heard(ctx, o, "conversation"); err != nil {
					return err
				}
			}
			return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "callback", Reason: in.Text, Data: map[string]any{"reason": c.Reason, "outcome": in.Outcome}})
		}
		return nil
	})
	return c, err
}

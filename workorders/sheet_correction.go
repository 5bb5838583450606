package workorders

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// CorrectionInput changes what a sheet says, with a reason. What is left out stays.
type CorrectionInput struct {
	Reason      string            `json:"reason" minLength:"1" maxLength:"1000"`
	FaultCode   *string           `json:"fault_code,omitempty" maxLength:"40"`
	CauseCode   *string           `json:"cause_code,omitempty" maxLength:"40"`
	ActionCode  *string           `json:"action_code,omitempty" maxLength:"40"`
	Notes       *string           `json:"notes,omitempty" maxLength:"20000"`
	WorkMinutes *int              `json:"work_minutes,omitempty" minimum:"0" maximum:"10080"`
	TravelMins  *int              `json:"travel_minutes,omitempty" minimum:"0" maximum:"10080"`
	MinutesLeft *int              `json:"minutes_left,omitempty" minimum:"0" maximum:"10080"`
	Parts       *[]SheetPartInput `json:"parts,omitempty" doc:"the parts as they should have stood; the difference is booked back and forth"`
}

// CorrectSheet makes a new edition of a sheet. The signed one stays; parts are booked back and taken anew.
func (d *Desk) CorrectSheet(ctx context.Context, by auth.Caller, id uuid.UUID, in CorrectionInput) (Sheet, error) {
	old, err := d.Sheet(ctx, by, id)
	if err != nil {
		return Sheet{}, err
	}
	next := newID()
	err = d.changeOrder(freshNot(ctx), by, old.OrderID.String(), func(inner context.Context, w *work, o *Order) error {
		if err := fresh(ctx, "sheet", old.Version); err != nil {
			return err
		}
		ctx := inner
		if o.State == OrderClosed {
			return fault.New(fault.Conflict, "sheets_signed_stays", "the order is closed: its sheets stand").With("state", string(o.State))
		}
		old, err := findSheet(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if old.ReplacedAt != nil {
			return fault.New(fault.Conflict, "sheets_signed_stays", "this edition was corrected already: correct the newest one")
		}
		if err := w.knownCodes(ctx, SheetInput{FaultCode: in.FaultCode, CauseCode: in.CauseCode, ActionCode: in.ActionCode}); err != nil {
			return err
		}
		if err := setSheet(ctx, w.tx, old.ID, "replaced_at = ?", w.at); err != nil {
			return err
		}
		s := old
		s.ID, s.Edition, s.ReplacesID, s.CorrectionReason, s.SubmittedAt, s.ReplacedAt, s.OverApprovedMinor = next, old.Edition+1, &old.ID, &in.Reason, w.at, nil, 0
		s.VerifiedAt, s.VerifiedBy = nil, nil
		s.Number = fmt.Sprintf("%s-%d", strings.TrimSuffix(old.Number, fmt.Sprintf("-%d", old.Edition)), s.Edition)
		for _, c := range []struct{ to, from **string }{{&s.FaultCode, &in.FaultCode}, {&s.CauseCode, &in.CauseCode}, {&s.ActionCode, &in.ActionCode}} {
			if *c.from != nil {
				*c.to = *c.from
			}
		}
		if in.Notes != nil {
			s.Notes = *in.Notes
		}
		if in.WorkMinutes != nil {
			s.WorkMinutes = in.WorkMinutes
		}
		if in.TravelMins != nil {
			s.TravelMinutes = in.TravelMins
		}
		if in.MinutesLeft != nil {
			s.MinutesLeft = in.MinutesLeft
			if s.Outcome == "partial" && o.State == OrderReady && *s.MinutesLeft > 0 { // nobody is planned for the rest yet
				if err := setOrder(ctx, w.tx, o.ID, "duration_minutes = ?", min(*s.MinutesLeft, 1440)); err != nil {
					return err
				}
			}
		}
		if requirements[s.Outcome].left && s.MinutesLeft == nil { // signed before the rule: whoever corrects it says it
			return fault.New(fault.Invalid, "sheet_incomplete", "a sheet with the outcome %s needs more: see the fields named", s.Outcome).Field("body.minutes_left", "how many minutes the rest will take")
		}
		s.Parts = nil
		if err := insertSheet(ctx, w, s); err != nil {
			return err
		}
		if err := w.refit(ctx, o, old, &s, in.Parts); err != nil {
			return err
		}
		if o.FinishedAt != nil { // what was delivered is what is billed
			if _, err := w.issueReceipt(ctx, o); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "correct", Reason: in.Reason, Data: map[string]any{"from": old.Number, "to": s.Number}})
	})
	if err != nil {
		return Sheet{}, err
	}
	return d.Sheet(ctx, by, next)
}

// refit carries the part lines into the new edition: unchanged as they are, or booked back and taken anew.
func (w *work) refit(ctx context.Context, o *Order, old Sheet, s *Sheet, parts *[]SheetPartInput) error {
	if parts == nil {
		for _, p := range old.Parts {
			p.ID, p.SheetID = newID(), s.ID
			s.Parts = append(s.Parts, p)
		}
		if err := insertSheetParts(ctx, w.tx, *s); err != nil {
			return err
		}
		if s.OverApprovedMinor = old.OverApprovedMinor; s.OverApprovedMinor > 0 {
			return setSheet(ctx, w.tx, s.ID, "over_approved_minor = ?", s.OverApprovedMinor)
		}
		return nil
	}
	for _, p := range old.Parts {
		if p.MoveID != nil {
			if _, err := w.stock.Reverse(ctx, w.by, *p.MoveID, "correction of "+old.Number); err != nil {
				return err
			}
		}
	}
	v, err := w.board.Visit(ctx, auth.System("correction").Scope(), s.VisitID)
	if err != nil {
		return err
	}
	owed, err := oldPartsOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	if err := w.fitParts(ctx, o, s, v, SheetInput{Parts: *parts}); err != nil {
		return err
	}
	// The swapped parts of the earlier edition are those of this one: what came back counts.
	for _, was := range owed {
		if !slices.ContainsFunc(old.Parts, func(p SheetPart) bool { return p.ID == was.SheetPartID }) {
			continue
		}
		if was.State == OldPartDue {
			if err := moveOldPart(ctx, w, was, OldPartWritten); err != nil {
				return err
			}
			continue
		}
		if err := settleOldPart(ctx, w, s.ID, was); err != nil {
			return err
		}
	}
	return nil
}

// VerifySheet is a second person's word that what was typed is what stands on the paper.
func (d *Desk) VerifySheet(ctx context.Context, by auth.Caller, id uuid.UUID) (Sheet, error) {
	s, err := d.Sheet(ctx, by, id)
	if err != nil {
		return s, err
	}
	err = d.changeOrder(freshNot(ctx), by, s.OrderID.String(), func(inner context.Context, w *work, o *Order) error {
		if err := fresh(ctx, "sheet", s.Version); err != nil {
			return err
		}
		ctx := inner
		if s.EnteredBy != nil && *s.EnteredBy == by.UserID {
			return fault.New(fault.Conflict, "sheets_second_pair_of_eyes", "a second person compares the entry with the paper")
		}
		if err := setSheet(ctx, w.tx, id, "verified_by = ?, verified_at = ?", by.UserID, w.at); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "verify", Data: map[string]any{"sheet": s.Number}})
	})
	if err != nil {
		return Sheet{}, err
	}
	return d.Sheet(ctx, by, id)
}

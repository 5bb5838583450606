package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// DutyInput puts somebody on duty for some days.
type DutyInput struct {
	Organisation *string        `json:"organisation_code,omitempty" doc:"absent = the caller's own"`
	From         calendar.Date  `json:"from" format:"date"`
	To           *calendar.Date `json:"to,omitempty" format:"date" doc:"last day, included; absent = the first alone"`
	UserID       *uuid.UUID     `json:"user_id,omitempty" doc:"absent = nobody: the organisation above watches"`
	Phone        string         `json:"phone,omitempty" maxLength:"40" doc:"at which he is reached; a landline with its area code"`
}

// PutDuty writes who is asked outside working hours and returns those days.
func (d *Desk) PutDuty(ctx context.Context, by auth.Caller, in DutyInput) ([]aftercare.Duty, error) {
	var out []aftercare.Duty
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		people := d.people.In(w.tx)
		org := by.OrgID
		if in.Organisation != nil && *in.Organisation != "" {
			o, err := people.ByCode(ctx, *in.Organisation)
			if err != nil {
				return err
			}
			if !by.Scope().Sees(o.ID) {
				return fault.New(fault.Forbidden, "organisation_not_yours", "you may not act for the organisation %s", *in.Organisation).Field("body.organisation_code", "not yours")
			}
			org = o.ID
		}
		to := in.From
		if in.To != nil {
			to = *in.To
		}
		if in.UserID != nil {
			u, err := people.User(ctx, by.Scope(), *in.UserID)
			if err != nil {
				return err
			}
			if !u.Active {
				return fault.New(fault.Conflict, "duty_person_left", "%s no longer signs in: choose somebody else", u.Name).Field("body.user_id", "not active")
			}
			if in.Phone, err = customers.NormalisePhone(in.Phone, "CN"); err != nil {
				return err
			}
		}
		if err := w.promises.PutDuty(ctx, org, in.From, to, in.UserID, in.Phone); err != nil {
			return err
		}
		var err error
		out, err = w.promises.Rota(ctx, by, in.From, to)
		return err
	})
	return out, err
}

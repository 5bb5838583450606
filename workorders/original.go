package workorders

import (
	"context"
	"strings"
	"time"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// OriginalInput says where a signed original is.
type OriginalInput struct {
	Holder     string     `json:"holder" minLength:"1" maxLength:"100" doc:"who keeps it, such as the service department"`
	ReturnedAt *time.Time `json:"returned_at,omitempty" doc:"when it came back; absent = now"`
}

// OriginalReturned records that the signed paper of an order came back, and who keeps it.
func (d *Desk) OriginalReturned(ctx context.Context, by auth.Caller, ref string, in OriginalInput) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		holder, at := strings.TrimSpace(in.Holder), w.at
		if holder == "" {
			return fault.New(fault.Invalid, "holder_missing", "say who keeps the original").Field("body.holder", "must not be blank")
		}
		if in.ReturnedAt != nil {
			if at = in.ReturnedAt.UTC().Truncate(time.Microsecond); at.After(w.at.Add(time.Minute)) {
				return fault.New(fault.Invalid, "returned_in_future", "the original has not come back yet").Field("body.returned_at", "must not be in the future")
			}
		}
		if err := setOrder(ctx, w.tx, o.ID, "original_holder = ?, paper_returned_at = ?", holder, at); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "original_returned", Data: map[string]any{"holder": holder, "at": at}})
	})
}

// WithdrawOffer takes an offer back that the other organisation has not answered.
func (d *Desk) WithdrawOffer(ctx context.Context, by auth.Caller, ref, reason string) (Order, error) {
	return d.onOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		h, err := lastHandOver(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if h == nil || h.State != HandOverOffered {
			return fault.New(fault.Conflict, "hand_over_legal_move", "no offer of this order is open").With("state", string(o.State))
		}
		if !by.Scope().Sees(h.FromOrgID) {
			return fault.New(fault.Forbidden, "hand_over_not_yours", "the organisation that offered takes it back")
		}
		if err := setHandOver(ctx, w, h.ID, HandOverWithdrawn, reason); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "hand_over_withdraw", From: string(h.State), To: string(HandOverWithdrawn), Reason: reason})
	})
}

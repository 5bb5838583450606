package workorders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// HandOverInput offers an order to another organisation.
type HandOverInput struct {
	OrganisationCode string    `json:"organisation_code"`
	Reason           string    `json:"reason" minLength:"1" maxLength:"1000"`
	AnswerBy         time.Time `json:"answer_by"`
}

// HandOver is such an offer. The giver and the first owner keep watching.
type HandOver struct {
	ID         uuid.UUID     `bun:"id" json:"id"`
	OrgID      int32         `bun:"org_id" json:"-"`
	OrderID    uuid.UUID     `bun:"order_id" json:"work_order_id"`
	FromOrgID  int32         `bun:"from_org_id" json:"-"`
	ToOrgID    int32         `bun:"to_org_id" json:"-"`
	From       string        `bun:"from_code" json:"from_organisation_code"`
	To         string        `bun:"to_code" json:"to_organisation_code"`
	Reason     string        `bun:"reason" json:"reason"`
	AnswerBy   time.Time     `bun:"answer_by" json:"answer_by"`
	State      HandOverState `bun:"state" json:"state"`
	OfferedAt  time.Time     `bun:"offered_at" json:"offered_at"`
	AnsweredAt *time.Time    `bun:"answered_at" json:"answered_at,omitempty"`
	Answer     *string       `bun:"answer" json:"answer,omitempty"`
}

// OfferOrder offers an order that is not assigned to another organisation of the company.
func (d *Desk) OfferOrder(ctx context.Context, by auth.Caller, ref string, in HandOverInput) (HandOver, error) {
	var h HandOver
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		if slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete, OrderAssigned, OrderInProgress}, o.State) {
			return w.refuseOrder(o, "hand over")
		}
		if !in.AnswerBy.After(w.at) {
			return fault.New(fault.Invalid, "answer_by_past", "leave the other organisation time to answer").Field("body.answer_by", "must be in the future")
		}
		to, err := w.people.ByCode(ctx, in.OrganisationCode)
		if err != nil {
			return err
		}
		if to.ID == o.ServingOrgID {
			return fault.New(fault.Invalid, "hand_over_elsewhere", "this organisation serves the order already").Field("body.organisation_code", "is the one that serves it now")
		}
		h = HandOver{ID: newID(), OrgID: o.OrgID, OrderID: o.ID, FromOrgID: o.ServingOrgID, ToOrgID: to.ID, Reason: in.Reason, AnswerBy: in.AnswerBy, State: HandOverOffered, OfferedAt: w.at}
		if err := insertHandOver(ctx, w, h); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "hand_over_offer", Reason: in.Reason, Data: map[string]any{"to": to.Code, "answer_by": in.AnswerBy}})
	})
	if err != nil {
		return h, err
	}
	last, err := lastHandOver(ctx, d.reader(ctx), h.OrderID)
	if err != nil || last == nil {
		return h, err
	}
	return *last, nil
}

// AnswerHandOver accepts or refuses an offer; the organisation it was made to answers.
func (d *Desk) AnswerHandOver(ctx context.Context, by auth.Caller, ref, act, reason string) (Order, error) {
	var id uuid.UUID
	err := d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		id = o.ID
		h, err := lastHandOver(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		if h == nil || h.State != HandOverOffered {
			return fault.New(fault.Conflict, "hand_over_legal_move", "no offer of this order is open").With("state", string(o.State))
		}
		if !by.Scope().Sees(h.ToOrgID) {
			return fault.New(fault.Forbidden, "hand_over_not_yours", "the organisation it was offered to answers")
		}
		if act == "refuse" && strings.TrimSpace(reason) == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why you refuse").Field("body.reason", "required to refuse")
		}
		return w.answerHandOver(ctx, o, *h, act, reason)
	})
	if err != nil {
		return Order{}, err
	}
	// Who refuses loses sight of the order, and is shown once more what he refused.
	return d.Order(ctx, auth.System("hand-over"), id.String())
}

func (w *work) answerHandOver(ctx context.Context, o *Order, h HandOver, act, reason string) error {
	to, err := HandOverMoves.Do(h.State, act)
	if err != nil {
		return err
	}
	if to == HandOverAccepted && slices.Contains([]OrderState{OrderCompleted, OrderClosed, OrderCancelled, OrderCannotComplete, OrderAssigned, OrderInProgress}, o.State) {
		return w.refuseOrder(o, "hand over")
	}
	if err := setHandOver(ctx, w, h.ID, to, reason); err != nil {
		return err
	}
	if to == HandOverAccepted {
		if err := watch(ctx, w, o.ID, h.FromOrgID, "gave it away"); err != nil {
			return err
		}
		if err := setOrder(ctx, w.tx, o.ID, "serving_org_id = ?, performed_by_org = ?, engineer_id = NULL, engineer_org_id = NULL", h.ToOrgID, h.ToOrgID); err != nil {
			return err
		}
		o.ServingOrgID = h.ToOrgID
		if err := w.rememberOrder(ctx, o); err != nil {
			return err
		}
	} else if err := w.tellOffice(ctx, o, "desk", "message.desk.hand_over_"+string(to)); err != nil {
		return err
	}
	return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "hand_over_" + act, From: string(h.State), To: string(to), Reason: reason})
}

// ExpireHandOvers gives orders back whose offer nobody answered in time. Called by the minute tick.
func (d *Desk) ExpireHandOvers(ctx context.Context) error {
	by := auth.System("hand-over")
	due, err := dueHandOvers(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, order := range due {
		err := d.changeOrder(ctx, by, order.String(), func(ctx context.Context, w *work, o *Order) error {
			h, err := lastHandOver(ctx, w.tx, o.ID)
			if err != nil || h == nil || h.State != HandOverOffered || h.AnswerBy.After(w.at) {
				return err
			}
			return w.answerHandOver(ctx, o, *h, "expire", "not answered in time")
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("hand-over of %s: %w", order, err))
		}
	}
	return errors.Join(failed...)
}

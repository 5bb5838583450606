package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/notify"
)

// tellCustomer puts a message to the customer of an order into the outbox, in his language. A customer
// without an address that a channel can use is left to the call-back list by whoever calls this.
func (w *work) tellCustomer(ctx context.Context, o *Order, key string, args ...string) error {
	to, err := customerAddress(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	_, err = w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, RequestID: o.RequestID, Audience: "customer", To: to.Address, Lang: to.Lang, Key: key, Args: args, DueAt: w.at})
	return err
}

// tellEngineer puts a message to an engineer into the outbox.
func (w *work) tellEngineer(ctx context.Context, o *Order, engineer uuid.UUID, key string) error {
	to, err := engineerAddress(ctx, w.tx, engineer)
	if err != nil {
		return err
	}
	_, err = w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, Audience: "engineer", SubjectID: &engineer, To: to.Address, Lang: to.Lang, Key: key, Args: []string{o.Number, o.Summary}, DueAt: w.at})
	return err
}

// tellOffice puts a message to the desk or the manager of an order's organisation into the outbox.
func (w *work) tellOffice(ctx context.Context, o *Order, audience, key string) error {
	_, err := w.outbox.Send(ctx, notify.Message{OrgID: o.OrgID, OrderID: &o.ID, Audience: audience, Lang: "zh-Hans", Key: key, Args: []string{o.Number, o.Summary}, DueAt: w.at})
	return err
}

package workorders

import (
	"context"

	"paigong/internal/auth"
	"paigong/internal/notify"
)

// AddWebhook sends events of the caller's organisations to an address.
func (d *Desk) AddWebhook(ctx context.Context, by auth.Caller, hooks *notify.Webhooks, in notify.WebhookInput) (notify.Webhook, error) {
	var hook notify.Webhook
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		org, err := w.orgFor(ctx, "")
		if err != nil {
			return err
		}
		hook, err = hooks.In(w.tx).Add(ctx, org, in)
		return err
	})
	return hook, err
}

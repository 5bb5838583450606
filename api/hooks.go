package api

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/jobs"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/workorders"
)

func (s *Server) addWebhook(ctx context.Context, by auth.Caller, in *body[notify.WebhookInput]) (MadeWebhook, error) {
	w, err := s.desk.AddWebhook(ctx, by, s.hooks, in.Body)
	return MadeWebhook{w}, err
}

// MadeWebhook shows the signing secret this once.
type MadeWebhook struct{ notify.Webhook }

// WithoutSecret is what a repeated call sees.
func (w MadeWebhook) WithoutSecret() any { w.Secret = ""; return w }

func (s *Server) webhooks(ctx context.Context, by auth.Caller, in *keyset.Ask) (keyset.Page[notify.Webhook], error) {
	return s.hooks.List(ctx, by.Scope(), *in)
}

func (s *Server) deliveries(ctx context.Context, by auth.Caller, in *struct {
	ByID
	keyset.Ask
	State string `query:"state" enum:"queued,delivered,failed,dead"`
}) (keyset.Page[notify.Delivery], error) {
	return s.hooks.Deliveries(ctx, by.Scope(), in.ID, in.State, in.Ask)
}

func (s *Server) redeliver(ctx context.Context, by auth.Caller, in *ByID) (Done, error) {
	return Done{true}, s.hooks.Redeliver(ctx, by.Scope(), in.ID)
}

func (s *Server) undelivered(ctx context.Context, by auth.Caller, in *keyset.Ask) (keyset.Page[notify.Message], error) {
	return s.desk.Look(ctx).Outbox.Undelivered(ctx, by.Scope(), *in)
}

func (s *Server) retryMessage(ctx context.Context, by auth.Caller, in *ByID) (Done, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (Done, error) {
		return Done{true}, l.Outbox.Retry(ctx, by.Scope(), in.ID)
	})
}

func (s *Server) deadJobs(ctx context.Context, _ auth.Caller, in *keyset.Ask) (keyset.Page[jobs.Dead], error) {
	return s.desk.Look(ctx).Queue.Dead(ctx, *in)
}

func (s *Server) reviveJob(ctx context.Context, _ auth.Caller, in *struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}) (Done, error) {
	return Done{true}, s.desk.Look(ctx).Queue.Revive(ctx, in.ID)
}

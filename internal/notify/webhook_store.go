package notify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Webhook is an address of somebody's program that is told what happens.
type Webhook struct {
	ID        uuid.UUID `json:"id"`
	OrgID     int32     `json:"-"`
	URL       string    `bun:"url" json:"url"`
	Topics    []string  `bun:",array" json:"topics"`
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
	Secret    string    `bun:"-" json:"secret,omitempty" doc:"whsec_…, shown once"`
}

// WebhookInput is what a client may say about a webhook.
type WebhookInput struct {
	URL    string   `json:"url" minLength:"8" maxLength:"2000" doc:"https address"`
	Topics []string `json:"topics,omitempty" maxItems:"50" doc:"such as work_order.completed; none = everything"`
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID          uuid.UUID  `json:"id"`
	WebhookID   uuid.UUID  `json:"webhook_id"`
	Topic       string     `json:"topic"`
	State       string     `json:"state"`
	Attempts    int        `json:"attempts"`
	Status      int        `json:"status" doc:"HTTP status of the last attempt, 0 when there was no answer"`
	LastError   string     `json:"last_error"`
	DueAt       time.Time  `json:"due_at"`
	CreatedAt   time.Time  `json:"created_at"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
}

// Webhooks keeps who is told, and what is on its way.
type Webhooks struct {
	outbox Outbox
	client *Client
}

// NewWebhooks opens the list.
func NewWebhooks(db bun.IDB, now func() time.Time, client *Client) *Webhooks {
	return &Webhooks{NewOutbox(db, now), client}
}

// In is the list inside a transaction.
func (w *Webhooks) In(tx bun.IDB) *Webhooks { return &Webhooks{w.outbox.In(tx), w.client} }

// Add registers an address for an organisation and everything below it. The secret is answered this once.
func (w *Webhooks) Add(ctx context.Context, org int32, in WebhookInput) (Webhook, error) {
	if err := w.client.checkURL(in.URL); err != nil {
		return Webhook{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Webhook{}, fmt.Errorf("add webhook: %w", err)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	hook := Webhook{ID: id, OrgID: org, URL: in.URL, Topics: append([]string{}, in.Topics...), Active: true, CreatedAt: w.outbox.now(), Version: 1, Secret: SecretText(secret)}
	_, err = w.outbox.db.ExecContext(ctx, "INSERT INTO webhooks (id, org_id, url, topics, secret, created_at) VALUES (?, ?, ?, ?, ?, ?)",
		hook.ID, hook.OrgID, hook.URL, pgdialect.Array(hook.Topics), secret, hook.CreatedAt)
	if err != nil {
		return Webhook{}, fmt.Errorf("add webhook: %w", fault.FromSQL(err))
	}
	return hook, nil
}

// List shows the webhooks in sight, newest first.
func (w *Webhooks) List(ctx context.Context, sight Sight, ask keyset.Ask) (keyset.Page[Webhook], error) {
	var page keyset.Page[Webhook]
	if err := sight.Check(); err != nil {
		return page, err
	}
	q := w.outbox.db.NewSelect().TableExpr("webhooks AS h").ColumnExpr("h.id, h.org_id, h.url, h.topics, h.active, h.created_at, h.version").
		Where(sight.SQL("h.org_id")).OrderExpr("h.id DESC").Limit(int64(ask.Rows()))
	var after uuid.UUID
	if more, err := ask.After(&after); err != nil {
		return page, err
	} else if more {
		q.Where("h.id < ?", after)
	}
	var rows []Webhook
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list webhooks: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(h Webhook) []any { return []any{h.ID} }), nil
}

// Switch turns a webhook on or off.
func (w *Webhooks) Switch(ctx context.Context, sight Sight, id uuid.UUID, active bool) error {
	if err := sight.Check(); err != nil {
		return err
	}
	result, err := w.outbox.db.ExecContext(ctx, "UPDATE webhooks h SET active = ? WHERE h.id = ? AND "+sight.SQL("h.org_id"), active, id)
	return w.one(result, err)
}

func (w *Webhooks) one(result sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("webhook: %w", fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.NotFound, "webhook_unknown", "there is no such webhook")
	}
	return nil
}

// Publish puts an event on its way to every webhook of the organisations, and of those above them, that
// wants the topic. data should name things, not describe them: receivers ask back with their own rights.
func (w *Webhooks) Publish(ctx context.Context, orgs []int32, topic string, data any) error {
	now := w.outbox.now()
	body, err := json.Marshal(map[string]any{"type": topic, "timestamp": now.UTC().Format(time.RFC3339Nano), "data": data})
	if err != nil {
		return fmt.Errorf("publish %s: %w", topic, err)
	}
	var ids []uuid.UUID
	err = w.outbox.db.NewRaw(`SELECT h.id FROM webhooks h WHERE h.active AND (h.topics = '{}' OR ? = ANY (h.topics))
		AND EXISTS (SELECT FROM organisations o WHERE o.id IN (?) AND h.org_id = ANY (o.path))`, topic, bun.List(append([]int32{0}, orgs...))).Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("publish %s: %w", topic, fault.FromSQL(err))
	}
	for _, hook := range ids {
		id, err := uuid.NewV7()
		if err == nil {
			_, err = w.outbox.db.ExecContext(ctx, "INSERT INTO webhook_deliveries (id, webhook_id, topic, body, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
				id, hook, topic, string(body), now, now)
		}
		if err != nil {
			return fmt.Errorf("publish %s: %w", topic, fault.FromSQL(err))
		}
	}
	return nil
}

// Deliveries lists what is on its way, was delivered or was given up for a webhook in sight, newest
// first; state "" shows all.
func (w *Webhooks) Deliveries(ctx context.Context, sight Sight, hook uuid.UUID, state string, ask keyset.Ask) (keyset.Page[Delivery], error) {
	var page keyset.Page[Delivery]
	if err := sight.Check(); err != nil {
		return page, err
	}
	q := w.outbox.db.NewSelect().TableExpr("webhook_deliveries AS d").Join("JOIN webhooks AS h ON h.id = d.webhook_id").
		ColumnExpr("d.id, d.webhook_id, d.topic, d.state, d.attempts, d.status, d.last_error, d.due_at, d.created_at, d.delivered_at").
		Where(sight.SQL("h.org_id")).Where("d.webhook_id = ?", hook).OrderExpr("d.id DESC").Limit(int64(ask.Rows()))
	if state != "" {
		q.Where("d.state = ?", state)
	}
	var after uuid.UUID
	if more, err := ask.After(&after); err != nil {
		return page, err
	} else if more {
		q.Where("d.id < ?", after)
	}
	var rows []Delivery
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list deliveries: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(d Delivery) []any { return []any{d.ID} }), nil
}

// Redeliver sends a delivery that was given up again.
func (w *Webhooks) Redeliver(ctx context.Context, sight Sight, id uuid.UUID) error {
	if err := sight.Check(); err != nil {
		return err
	}
	result, err := w.outbox.db.ExecContext(ctx, `UPDATE webhook_deliveries d SET state = 'queued', attempts = 0, due_at = ?, lease = NULL, lease_until = NULL
		FROM webhooks h WHERE h.id = d.webhook_id AND d.id = ? AND d.state = 'dead' AND `+sight.SQL("h.org_id"), w.outbox.now(), id)
	return w.one(result, err)
}

// Sweep forgets deliveries after 30 days.
func (w *Webhooks) Sweep(ctx context.Context) error {
	if _, err := w.outbox.db.ExecContext(ctx, "DELETE FROM webhook_deliveries WHERE state IN ('delivered', 'dead') AND created_at < ?", w.outbox.now().AddDate(0, 0, -30)); err != nil {
		return fmt.Errorf("sweep deliveries: %w", fault.FromSQL(err))
	}
	return nil
}

// delivery is what an attempt needs.
type delivery struct {
	ID       uuid.UUID
	Body     json.RawMessage `bun:"type:jsonb"`
	Attempts int
	HookID   uuid.UUID
	URL      string `bun:"url"`
	Secret   []byte
	Active   bool
}

func (w *Webhooks) claim(ctx context.Context, most int) ([]delivery, uuid.UUID, error) {
	return claim[delivery](ctx, w.outbox, "webhook_deliveries", `m.id, m.body, m.attempts, m.webhook_id AS hook_id,
		(SELECT h.url FROM webhooks h WHERE h.id = m.webhook_id) AS url, (SELECT h.secret FROM webhooks h WHERE h.id = m.webhook_id) AS secret,
		(SELECT h.active FROM webhooks h WHERE h.id = m.webhook_id) AS active`, most)
}

// post makes one attempt. A receiver that answers 410 Gone is switched off, as the specification says.
func (w *Webhooks) post(ctx context.Context, d delivery) (outcome, error) {
	if !d.Active {
		return outcome{state: "dead", problem: "the webhook is switched off"}, nil
	}
	status, err := w.client.post(ctx, d.URL, d.Secret, d.ID, w.outbox.now(), d.Body)
	var refused errRefused
	switch {
	case err == nil:
		return outcome{state: "delivered", status: status}, nil
	case ctx.Err() != nil:
		return outcome{}, err
	case errors.As(err, &refused) && status == http.StatusGone:
		if _, off := w.outbox.db.ExecContext(ctx, `WITH who AS MATERIALIZED (SELECT set_config('app.actor', 'system:webhooks', true))
			UPDATE webhooks h SET active = false FROM who WHERE h.id = ?`, d.HookID); off != nil {
			return outcome{}, fmt.Errorf("switch webhook off: %w", fault.FromSQL(off))
		}
		return outcome{state: "dead", status: status, problem: "answered 410 Gone: the webhook was switched off"}, nil
	case d.Attempts > len(pauses):
		return outcome{state: "dead", status: status, problem: err.Error()}, nil
	}
	return outcome{state: "failed", status: status, problem: err.Error(), due: w.outbox.now().Add(pauses[d.Attempts-1])}, nil
}

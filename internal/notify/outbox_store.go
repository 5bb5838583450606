package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Outbox is where messages are put.
type Outbox struct {
	db  bun.IDB
	now func() time.Time
}

// NewOutbox opens the outbox.
func NewOutbox(db bun.IDB, now func() time.Time) Outbox { return Outbox{db, now} }

// In is the outbox inside a transaction.
func (o Outbox) In(tx bun.IDB) Outbox { o.db = tx; return o }

// Send writes a message; the courier takes it after the transaction has committed and DueAt has come
// (zero: at once). It answers the id, or the zero id when Dedupe had been used before.
func (o Outbox) Send(ctx context.Context, m Message) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("send %s: %w", m.Key, err)
	}
	now := o.now()
	if m.DueAt.IsZero() {
		m.DueAt = now
	}
	if m.Args == nil {
		m.Args = []string{}
	}
	args, err := json.Marshal(m.Args)
	if err != nil {
		return uuid.Nil, fmt.Errorf("send %s: %w", m.Key, err)
	}
	var dedupe any
	if m.Dedupe != "" {
		dedupe = m.Dedupe
	}
	result, err := o.db.ExecContext(ctx, `INSERT INTO messages (id, org_id, order_id, request_id, subject_id, audience, to_address, lang, key, args, dedupe, due_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dedupe) DO NOTHING`,
		id, m.OrgID, m.OrderID, m.RequestID, m.SubjectID, m.Audience, m.To, m.Lang, m.Key, string(args), dedupe, m.DueAt, now)
	if err != nil {
		return uuid.Nil, fmt.Errorf("send %s: %w", m.Key, fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return uuid.Nil, nil
	}
	return id, nil
}

// TakeBack throws away what waits for its time and was told to nobody yet about an order, to one audience, and
// about a subject if one is named. What quiet hours hold back stays: it was meant to be told. It answers the keys
// of what is gone, the oldest first.
func (o Outbox) TakeBack(ctx context.Context, order uuid.UUID, audience string, subject *uuid.UUID) ([]string, error) {
	var keys []string
	err := o.db.NewRaw(`WITH gone AS (DELETE FROM messages WHERE order_id = ? AND audience = ? AND (?::uuid IS NULL OR subject_id = ?) AND state = 'queued' AND attempts = 0 AND lease IS NULL AND due_at > ? AND last_error = '' RETURNING id, key)
		SELECT key FROM gone ORDER BY id`, order, audience, subject, subject, o.now()).Scan(ctx, &keys)
	if err != nil {
		return nil, fmt.Errorf("take messages back: %w", fault.FromSQL(err))
	}
	return keys, nil
}

const columns = "m.id, m.org_id, m.order_id, m.request_id, m.subject_id, m.audience, m.to_address, m.lang, m.key, m.args, m.due_at, " +
	"m.channel, m.state, m.attempts, m.last_error, m.created_at, m.delivered_at"

// OfOrder lists what was told about an order, oldest first, at most 500. Who may see the order may see it.
func (o Outbox) OfOrder(ctx context.Context, order uuid.UUID) ([]Message, error) {
	found := []Message{}
	if err := o.db.NewSelect().TableExpr("messages AS m").ColumnExpr(columns).Where("m.order_id = ?", order).OrderExpr("m.id").Limit(500).Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("messages of an order: %w", fault.FromSQL(err))
	}
	return veiled(found), nil
}

// OfRequest lists what was told about a request, oldest first, at most 500.
func (o Outbox) OfRequest(ctx context.Context, request uuid.UUID) ([]Message, error) {
	found := []Message{}
	if err := o.db.NewSelect().TableExpr("messages AS m").ColumnExpr(columns).Where("m.request_id = ?", request).OrderExpr("m.id").Limit(500).Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("messages of a request: %w", fault.FromSQL(err))
	}
	return veiled(found), nil
}

// veiled hides from whoever looks at messages what opens doors: a customer's link, and the code that proves
// his telephone.
func veiled(list []Message) []Message {
	for i := range list {
		e, known := EventOf(list[i].Key)
		for k := range list[i].Args {
			if known && k < len(e.Places) && (e.Places[k] == "link" || e.Places[k] == "code") {
				list[i].Args[k] = "•••"
			}
		}
	}
	return list
}

// Undelivered lists what never reached anybody though somebody was to hear it, newest first.
func (o Outbox) Undelivered(ctx context.Context, sight Sight, ask keyset.Ask) (keyset.Page[Message], error) {
	var page keyset.Page[Message]
	if err := sight.Check(); err != nil {
		return page, err
	}
	q := o.db.NewSelect().TableExpr("messages AS m").ColumnExpr(columns).Where("m.state IN ('dead', 'suppressed') AND m.last_error <> ?", OptedOut).
		Where("(m.audience NOT IN ('desk', 'manager') OR m.to_address <> '')"). // those are read as notices
		Where(sight.SQL("m.org_id")).
		OrderExpr("m.id DESC").Limit(int64(ask.Rows()))
	var after uuid.UUID
	if more, err := ask.After(&after); err != nil {
		return page, err
	} else if more {
		q.Where("m.id < ?", after)
	}
	var rows []Message
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list undelivered messages: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, veiled(rows), func(m Message) []any { return []any{m.ID} }), nil
}

// Retry sends an undelivered message again, with all its attempts.
func (o Outbox) Retry(ctx context.Context, sight Sight, id uuid.UUID) error {
	if err := sight.Check(); err != nil {
		return err
	}
	result, err := o.db.ExecContext(ctx, "UPDATE messages m SET state = 'queued', attempts = 0, due_at = ?, lease = NULL, lease_until = NULL WHERE m.id = ? AND m.state IN ('dead', 'suppressed') AND "+sight.SQL("m.org_id"), o.now(), id)
	if err != nil {
		return fmt.Errorf("retry message: %w", fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.NotFound, "message_unknown", "there is no such message")
	}
	return nil
}

// leaseFor is how long a silent courier keeps a message, on PostgreSQL's clock. An attempt takes seconds.
const leaseFor = time.Minute

// claim takes due rows of messages or webhook_deliveries under a lease.
func claim[T any](ctx context.Context, o Outbox, table, returning string, most int) (rows []T, lease uuid.UUID, err error) {
	if lease, err = uuid.NewV4(); err != nil {
		return nil, lease, fmt.Errorf("claim %s: %w", table, err)
	}
	err = o.db.NewRaw(`WITH due AS MATERIALIZED (
			SELECT id FROM ? WHERE due_at <= ? AND state IN ('queued', 'failed') AND (lease_until IS NULL OR lease_until < clock_timestamp())
			 ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
		UPDATE ? m SET lease = ?, lease_until = clock_timestamp() + ? * interval '1 second', attempts = attempts + 1
		  FROM due WHERE m.id = due.id RETURNING `+returning,
		bun.Ident(table), o.now(), most, bun.Ident(table), lease, leaseFor.Seconds()).Scan(ctx, &rows)
	if err != nil {
		return nil, lease, fmt.Errorf("claim %s: %w", table, fault.FromSQL(err))
	}
	return rows, lease, nil
}

// outcome is how an attempt ended.
type outcome struct {
	state   string
	channel string
	status  int
	problem string
	due     time.Time
	untried bool // nothing was attempted: it does not count
}

func (o Outbox) record(ctx context.Context, table string, id, lease uuid.UUID, end outcome) error {
	var delivered any
	if end.state == "delivered" {
		delivered = o.now()
	}
	if len(end.problem) > 1000 {
		end.problem = end.problem[:1000]
	}
	q := o.db.NewUpdate().TableExpr("?", bun.Ident(table)).Set("state = ?", end.state).Set("delivered_at = ?", delivered).
		Set("last_error = ?", end.problem).Set("lease = NULL, lease_until = NULL").Where("id = ? AND lease = ?", id, lease)
	if table == "messages" {
		q.Set("channel = ?", end.channel)
	} else {
		q.Set("status = ?", end.status)
	}
	if !end.due.IsZero() {
		q.Set("due_at = ?", end.due)
	}
	if end.untried {
		q.Set("attempts = attempts - 1")
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("record %s: %w", table, fault.FromSQL(err))
	}
	return nil
}

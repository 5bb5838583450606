package aftercare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const (
	callbackColumns = `b.id, b.org_id, o.code AS organisation_code, b.reason, b.order_id, coalesce(w.number, '') AS work_order_number, b.request_id, coalesce(q.number, '') AS request_number, b.complaint_id,
	b.customer_id, coalesce(c.name, '') AS customer_name, b.contact_id, coalesce(k.phones[1], c.phone, '') AS phone, b.due_at, b.assignee_id, b.text, b.state, b.attempts, b.done_at, b.outcome, b.created_at, b.version`
	callbackTables = ` FROM callbacks b JOIN organisations o ON o.id = b.org_id LEFT JOIN work_orders w ON w.id = b.order_id LEFT JOIN requests q ON q.id = b.request_id
	LEFT JOIN customers c ON c.id = b.customer_id
	LEFT JOIN LATERAL (SELECT x.phones FROM contacts x WHERE x.retired_at IS NULL AND x.phones <> '{}'
		AND (x.id = b.contact_id OR b.contact_id IS NULL AND x.customer_id = b.customer_id AND NOT x.do_not_call)
		ORDER BY x.id = w.site_contact_id AND b.reason NOT IN ('quote_open', 'unpaid') DESC NULLS LAST,
			array_position(CASE WHEN b.reason IN ('quote_open', 'unpaid') THEN ARRAY['decision', 'payer', 'reporter', 'on_site'] ELSE ARRAY['on_site', 'reporter', 'decision', 'payer'] END, x.role), x.id LIMIT 1) k ON true`
)

// AddCallback puts a call on the list. One that is open already for the order and the reason is brought
// forward to the earlier time instead, and its new words are added.
func (p Promises) AddCallback(ctx context.Context, by auth.Caller, in CallbackInput) (Callback, error) {
	if err := oneOf("reason", in.Reason, CallbackReasons()); err != nil {
		return Callback{}, err
	}
	message := in.Reason == "missed_call" && in.AssigneeID != nil && strings.TrimSpace(in.Text) != "" // for a colleague, from somebody we do not know
	if in.OrderID == nil && in.RequestID == nil && in.ComplaintID == nil && in.CustomerID == nil && !message {
		return Callback{}, fault.New(fault.Invalid, "callbacks_about", "say what the call is about: an order, a request, a complaint or a customer").Field("body.work_order_id", "name one")
	}
	if in.OrgID == 0 {
		about := ComplaintInput{WorkOrderID: in.OrderID, RequestID: in.RequestID, CustomerID: in.CustomerID}
		org, err := p.about(ctx, by, &about)
		if err != nil {
			return Callback{}, err
		}
		in.OrgID, in.CustomerID = org, about.CustomerID
		if in.ComplaintID != nil {
			c, err := p.Complaint(ctx, by, *in.ComplaintID)
			if err != nil {
				return Callback{}, err
			}
			in.OrgID = c.OrgID
			if in.CustomerID == nil {
				in.CustomerID = c.CustomerID
			}
		}
	}
	at := p.at()
	if in.DueAt.IsZero() {
		in.DueAt = at.Add(2 * time.Hour)
	}
	in.Text = strings.TrimSpace(in.Text)
	var id uuid.UUID
	err := p.db.NewRaw(`INSERT INTO callbacks AS b (id, org_id, reason, order_id, request_id, complaint_id, customer_id, contact_id, due_at, assignee_id, text, state, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)
		ON CONFLICT (order_id, reason) WHERE state = 'open' AND order_id IS NOT NULL AND reason <> 'missed_call'
		DO UPDATE SET due_at = least(b.due_at, excluded.due_at), assignee_id = coalesce(excluded.assignee_id, b.assignee_id),
		  text = CASE WHEN excluded.text = '' OR position(excluded.text in b.text) > 0 THEN b.text WHEN b.text = '' THEN excluded.text ELSE left(b.text || E'\n' || excluded.text, 4000) END
		RETURNING b.id`,
		newID(), in.OrgID, in.Reason, in.OrderID, in.RequestID, in.ComplaintID, in.CustomerID, in.ContactID, in.DueAt, in.AssigneeID, in.Text, at, person(by)).Scan(ctx, &id)
	if err != nil {
		return Callback{}, fmt.Errorf("add call-back: %w", fault.FromSQL(err))
	}
	return p.readCallback(ctx, id)
}

func (p Promises) readCallback(ctx context.Context, id uuid.UUID) (Callback, error) {
	var b Callback
	if err := p.db.NewRaw("SELECT "+callbackColumns+callbackTables+" WHERE b.id = ?", id).Scan(ctx, &b); err != nil {
		return b, fmt.Errorf("call-back %s: %w", id, fault.FromSQL(err))
	}
	return b, nil
}

func (p Promises) findCallback(ctx context.Context, s auth.Scope, id uuid.UUID, lock string) (Callback, error) {
	var w where
	var b Callback
	w.and("b.id = ?", id)
	if err := w.see(s, "b.org_id", "b.order_id"); err != nil {
		return b, err
	}
	err := p.db.NewRaw("SELECT "+callbackColumns+callbackTables+w.String()+lock, w.args...).Scan(ctx, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return b, unknown("callback", id)
	}
	if err != nil {
		return b, fmt.Errorf("call-back %s: %w", id, fault.FromSQL(err))
	}
	return b, nil
}

// Callback reads one entry with everything that was tried.
func (p Promises) Callback(ctx context.Context, s auth.Scope, id uuid.UUID) (Callback, error) {
	b, err := p.findCallback(ctx, s, id, "")
	if err != nil {
		return b, err
	}
	b.Log = []CallbackAttempt{}
	if err := p.db.NewRaw("SELECT id, no, at, user_id, actor, outcome, text, call_again_at FROM callback_attempts WHERE callback_id = ? ORDER BY no LIMIT 200", id).Scan(ctx, &b.Log); err != nil {
		return b, fmt.Errorf("attempts of call-back %s: %w", id, fault.FromSQL(err))
	}
	return b, nil
}

// Callbacks lists the call-back list in sight, the earliest first; open entries unless others are asked for.
func (p Promises) Callbacks(ctx context.Context, s auth.Scope, f CallbackFilter) (keyset.Page[Callback], error) {
	var w where
	if err := w.see(s, "b.org_id", "b.order_id"); err != nil {
		return keyset.Page[Callback]{}, err
	}
	switch f.State {
	case "":
		w.and("b.state = 'open'")
	case "all":
	default:
		if err := oneOf("state", f.State, []string{"open", "done", "cancelled", "all"}); err != nil {
			return keyset.Page[Callback]{}, err
		}
		w.and("b.state = ?", f.State)
	}
	if f.DueBefore != nil {
		w.and("b.due_at < ?", *f.DueBefore)
	}
	if f.AssigneeID != nil {
		w.and("b.assignee_id = ?", *f.AssigneeID)
	}
	if f.OrderID != nil {
		w.and("b.order_id = ?", *f.OrderID)
	}
	if f.CustomerID != nil {
		w.and("b.customer_id = ?", *f.CustomerID)
	}
	if f.Reason != "" {
		if err := oneOf("reason", f.Reason, CallbackReasons()); err != nil {
			return keyset.Page[Callback]{}, err
		}
		w.and("b.reason = ?", f.Reason)
	}
	var due time.Time
	var last uuid.UUID
	if more, err := f.After(&due, &last); err != nil {
		return keyset.Page[Callback]{}, err
	} else if more {
		w.and("(b.due_at, b.id) > (?, ?)", due, last)
	}
	var rows []Callback
	if err := p.db.NewRaw("SELECT "+callbackColumns+callbackTables+w.String()+" ORDER BY b.due_at, b.id LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Callback]{}, fmt.Errorf("call-backs: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(b Callback) []any { return []any{b.DueAt, b.ID} }), nil
}

// CallbackAttempt records a call of the list. A customer who was reached has been told: the entry is done.
// Otherwise it comes again, in three hours or when he wants.
func (p Promises) CallbackAttempt(ctx context.Context, by auth.Caller, id uuid.UUID, in CallbackAttemptInput) (Callback, error) {
	if err := oneOf("outcome", in.Outcome, Outcomes()); err != nil {
		return Callback{}, err
	}
	b, err := p.findCallback(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF b")
	if err != nil {
		return b, err
	}
	to, err := CallbackMoves.Do(b.State, "reach")
	if err != nil {
		return b, err
	}
	at := p.at()
	if _, err := p.db.NewRaw("INSERT INTO callback_attempts (id, org_id, callback_id, no, at, user_id, actor, outcome, text, call_again_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		newID(), b.OrgID, id, b.Attempts+1, at, person(by), by.Actor(), in.Outcome, strings.TrimSpace(in.Text), in.CallAgainAt).Exec(ctx); err != nil {
		return b, fmt.Errorf("attempt of call-back %s: %w", id, fault.FromSQL(err))
	}
	if in.Outcome == "reached" {
		_, err = p.db.NewRaw("UPDATE callbacks SET attempts = attempts + 1, state = ?, done_at = ?, outcome = ? WHERE id = ?", to, at, in.Outcome, id).Exec(ctx)
	} else {
		again := at.Add(apart)
		if in.CallAgainAt != nil {
			again = *in.CallAgainAt
		}
		_, err = p.db.NewRaw("UPDATE callbacks SET attempts = attempts + 1, due_at = ?, outcome = ? WHERE id = ?", again, in.Outcome, id).Exec(ctx)
	}
	if err != nil {
		return b, fmt.Errorf("attempt of call-back %s: %w", id, fault.FromSQL(err))
	}
	return p.Callback(ctx, by.Scope(), id)
}

// CloseCallbacks takes the open entries of an order for these reasons, or for all, off the list: nobody has
// to call any more.
func (p Promises) CloseCallbacks(ctx context.Context, order uuid.UUID, reasons ...string) error {
	if len(reasons) == 0 {
		reasons = CallbackReasons()
	}
	_, err := p.db.NewRaw("UPDATE callbacks SET state = 'cancelled', done_at = ?, outcome = 'settled' WHERE order_id = ? AND state = 'open' AND reason IN (?)", p.at(), order, bun.List(reasons)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("close call-backs of %s: %w", order, fault.FromSQL(err))
	}
	return nil
}

package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/money"
)

const quoteColumns = `id, org_id, order_id, number, purpose, state, total_minor, limit_minor, deduct_if_repaired, valid_until, valid_to, terms, sent_at, approved_at, approved_by, approved_how,
	approval, declined_at, decline_reason, reminded_at, created_at, version`

func findQuote(ctx context.Context, db bun.IDB, id uuid.UUID) (Quote, error) {
	var q Quote
	err := db.NewRaw("SELECT "+quoteColumns+" FROM quotes WHERE id = ?", id).Scan(ctx, &q)
	if errors.Is(err, sql.ErrNoRows) {
		return q, notFound("quote", id.String())
	}
	if err != nil {
		return q, fmt.Errorf("quote: %w", fault.FromSQL(err))
	}
	err = withLines(ctx, db, []*Quote{&q})
	return q, err
}

func quotesOf(ctx context.Context, db bun.IDB, order uuid.UUID) ([]Quote, error) {
	rows := []Quote{}
	if err := db.NewRaw("SELECT "+quoteColumns+" FROM quotes WHERE order_id = ? ORDER BY id", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("quotes: %w", fault.FromSQL(err))
	}
	at := make([]*Quote, len(rows))
	for i := range rows {
		at[i] = &rows[i]
	}
	return rows, withLines(ctx, db, at)
}

func withLines(ctx context.Context, db bun.IDB, quotes []*Quote) error {
	if len(quotes) == 0 {
		return nil
	}
	ids, of := make([]uuid.UUID, len(quotes)), map[uuid.UUID]*Quote{}
	for i, q := range quotes {
		ids[i], of[q.ID] = q.ID, q
		q.Lines, q.AllowedActions = []QuoteLine{}, QuoteMoves.Actions(q.State)
	}
	var lines []QuoteLine
	if err := db.NewRaw("SELECT quote_id, no, kind, description, part_id, sku, quantity, unit_minor, amount_minor FROM quote_lines WHERE quote_id IN (?) ORDER BY quote_id, no", bun.List(ids)).Scan(ctx, &lines); err != nil {
		return fmt.Errorf("lines of quotes: %w", fault.FromSQL(err))
	}
	for _, l := range lines {
		of[l.QuoteID].Lines = append(of[l.QuoteID].Lines, l)
	}
	return nil
}

func orderOfQuote(ctx context.Context, db bun.IDB, id uuid.UUID) (uuid.UUID, error) {
	var order uuid.UUID
	err := db.NewRaw("SELECT order_id FROM quotes WHERE id = ?", id).Scan(ctx, &order)
	if errors.Is(err, sql.ErrNoRows) {
		return order, notFound("quote", id.String())
	}
	if err != nil {
		return order, fmt.Errorf("quote: %w", fault.FromSQL(err))
	}
	return order, nil
}

func insertQuote(ctx context.Context, w *work, q Quote) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO quotes (id, org_id, order_id, number, purpose, state, total_minor, limit_minor, deduct_if_repaired, valid_until, valid_to, terms, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		q.ID, q.OrgID, q.OrderID, q.Number, q.Purpose, q.State, q.TotalMinor, q.LimitMinor, q.DeductIfRepaired, q.ValidUntil, q.ValidTo, q.Terms, w.actorID(), q.CreatedAt)
	if err != nil {
		return fmt.Errorf("quote %s: %w", q.Number, err)
	}
	for _, l := range q.Lines {
		if _, err := w.tx.ExecContext(ctx, "INSERT INTO quote_lines (quote_id, no, kind, description, part_id, sku, quantity, unit_minor, amount_minor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			q.ID, l.No, l.Kind, l.Description, l.PartID, l.SKU, l.Quantity, l.UnitMinor, l.AmountMinor); err != nil {
			return fmt.Errorf("quote %s: %w", q.Number, err)
		}
	}
	return nil
}

func setQuote(ctx context.Context, tx bun.IDB, id uuid.UUID, set string, args ...any) error {
	if _, err := tx.ExecContext(ctx, "UPDATE quotes SET "+set+" WHERE id = ?", append(args, id)...); err != nil {
		return fmt.Errorf("quote %s: %w", id, err)
	}
	return nil
}

func supersedeQuotes(ctx context.Context, tx bun.IDB, order uuid.UUID) error {
	if _, err := tx.ExecContext(ctx, "UPDATE quotes SET state = 'superseded' WHERE order_id = ? AND state IN ('draft', 'sent', 'expired')", order); err != nil {
		return fmt.Errorf("supersede quotes: %w", err)
	}
	return nil
}

func expiredQuotes(ctx context.Context, db bun.IDB, now time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := db.NewRaw("SELECT id FROM quotes WHERE state IN ('draft', 'sent') AND valid_to <= ? ORDER BY valid_to LIMIT 200", now).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("expired quotes: %w", err)
	}
	return ids, nil
}

// remindersDue are sent quotes whose last day is two days away: from nine in the morning at the site (valid_to
// is the midnight after the last day), and only when they were sent before that.
func remindersDue(ctx context.Context, db bun.IDB, now time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := db.NewRaw("SELECT id FROM quotes WHERE state = 'sent' AND reminded_at IS NULL AND valid_to > ?0 AND valid_to <= ?0::timestamptz + interval '63 hours' AND sent_at < valid_to - interval '63 hours' ORDER BY valid_to LIMIT 200", now).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("quotes about to end: %w", err)
	}
	return ids, nil
}

// everVisited reports whether somebody was there or did work by phone.
func everVisited(ctx context.Context, db bun.IDB, order uuid.UUID) (bool, error) {
	var yes bool
	if err := db.NewRaw("SELECT EXISTS (SELECT 1 FROM sheets WHERE order_id = ? AND replaced_at IS NULL)", order).Scan(ctx, &yes); err != nil {
		return false, fmt.Errorf("sheets: %w", err)
	}
	return yes, nil
}

// agreedSum is what the customer agreed to pay for the work: the approved repair quote and every approved
// variation. The call-out fee is apart. nil = nothing agreed yet.
func agreedSum(ctx context.Context, db bun.IDB, order uuid.UUID) (sum *money.Fen, err error) {
	if err := db.NewRaw("SELECT sum(total_minor) FROM quotes WHERE order_id = ? AND state = 'approved' AND purpose IN ('repair', 'variation')", order).Scan(ctx, &sum); err != nil {
		return nil, fmt.Errorf("agreed sum: %w", err)
	}
	return sum, nil
}

// waiveOverApproved lets the customer off what was fitted above the agreement, and says whether there was any.
func waiveOverApproved(ctx context.Context, tx bun.IDB, order uuid.UUID) (bool, error) {
	res, err := tx.ExecContext(ctx, "UPDATE sheets SET over_approved_minor = 0 WHERE order_id = ? AND replaced_at IS NULL AND over_approved_minor > 0", order)
	if err != nil {
		return false, fmt.Errorf("waive what was fitted above the agreement: %w", err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// settleOverApproved takes an agreed variation off what was fitted above the agreement.
func settleOverApproved(ctx context.Context, tx bun.IDB, order uuid.UUID, sum money.Fen) error {
	if _, err := tx.ExecContext(ctx, "UPDATE sheets SET over_approved_minor = greatest(over_approved_minor - ?, 0) WHERE order_id = ? AND replaced_at IS NULL AND over_approved_minor > 0", sum, order); err != nil {
		return fmt.Errorf("settle variation: %w", err)
	}
	return nil
}

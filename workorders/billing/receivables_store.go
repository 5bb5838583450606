package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
)

// Receivables is what was owed at the end of the day, the oldest first. zone is where days are counted; nil
// = mainland China. A day in the past is answered with what was paid, and void, by then.
func (t Till) Receivables(ctx context.Context, s auth.Scope, asOf calendar.Date, zone *time.Location, ask keyset.Ask) (Receivables, error) {
	out := Receivables{AsOf: asOf, Items: []Receivable{}, Buckets: map[string]money.Fen{}}
	for _, b := range Buckets() {
		out.Buckets[b] = 0
	}
	if zone == nil {
		zone = calendar.Shanghai()
	}
	end := asOf.AddDays(1).In(zone)
	var w where
	if err := w.see(s); err != nil {
		return out, err
	}
	w.and("r.issued_at < ? AND (r.voided_at IS NULL OR r.voided_at >= ?) AND r.total_minor > p.paid", end, end)
	owed := `(SELECT r.id, r.number, o.code AS organisation_code, r.order_id, w.number AS work_order_number, coalesce(m.id, c.id) AS customer_id, coalesce(m.name, c.name) AS customer_name,
		r.issued_at, (r.issued_at AT TIME ZONE ?)::date AS issued_on, r.total_minor, r.total_minor - p.paid AS balance_minor, p.promised AS on_account
		FROM receipts_that_may_owe(?) b JOIN receipts r ON r.id = b.receipt_id JOIN organisations o ON o.id = r.org_id JOIN work_orders w ON w.id = r.order_id JOIN customers c ON c.id = r.customer_id LEFT JOIN customers m ON m.id = c.merged_into
		CROSS JOIN LATERAL (SELECT coalesce(sum(y.amount_minor) FILTER (WHERE y.method <> 'on_account'), 0)::bigint AS paid, coalesce(bool_or(y.method = 'on_account'), false) AS promised
		  FROM payments y WHERE y.receipt_id = r.id AND y.paid_at < ?) p` + w.String() + `) d`
	args := append([]any{zone.String(), end, end}, w.args...)
	aged := `SELECT d.*, ?::date - d.issued_on AS age_days,
		CASE WHEN ?::date - d.issued_on <= 30 THEN '0-30' WHEN ?::date - d.issued_on <= 60 THEN '31-60' WHEN ?::date - d.issued_on <= 90 THEN '61-90' ELSE '>90' END AS bucket FROM ` + owed
	args = append([]any{asOf, asOf, asOf, asOf}, args...)

	var sums []struct {
		Bucket string    `bun:"bucket"`
		Sum    money.Fen `bun:"sum"`
	}
	if err := t.db.NewRaw("SELECT bucket, sum(balance_minor)::bigint AS sum FROM ("+aged+") a GROUP BY bucket", args...).Scan(ctx, &sums); err != nil {
		return out, fmt.Errorf("receivables: %w", fault.FromSQL(err))
	}
	for _, b := range sums {
		out.Buckets[b.Bucket] = b.Sum
		out.TotalMinor += b.Sum
	}
	page := "TRUE"
	var at time.Time
	var last uuid.UUID
	if more, err := ask.After(&at, &last); err != nil {
		return out, err
	} else if more {
		page, args = "(issued_at, id) > (?, ?)", append(args, at, last)
	}
	var rows []Receivable
	if err := t.db.NewRaw("SELECT * FROM ("+aged+") a WHERE "+page+" ORDER BY issued_at, id LIMIT ?", append(args, ask.Rows())...).Scan(ctx, &rows); err != nil {
		return out, fmt.Errorf("receivables: %w", fault.FromSQL(err))
	}
	cut := keyset.Cut(ask, rows, func(r Receivable) []any { return []any{r.IssuedAt, r.ReceiptID} })
	out.Items, out.NextCursor = cut.Items, cut.NextCursor
	return out, nil
}

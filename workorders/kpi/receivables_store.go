package kpi

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// ReceivableRow is what somebody owes, by age.
type ReceivableRow struct {
	Key          string    `bun:"key" json:"key"`
	Label        string    `bun:"label" json:"label"`
	Receipts     int64     `bun:"receipts" json:"receipts"`
	To30Minor    money.Fen `bun:"to_30" json:"to_30_days_minor"`
	To60Minor    money.Fen `bun:"to_60" json:"to_60_days_minor"`
	To90Minor    money.Fen `bun:"to_90" json:"to_90_days_minor"`
	OlderMinor   money.Fen `bun:"older" json:"older_minor"`
	BalanceMinor money.Fen `bun:"balance_minor" json:"balance_minor"`
}

// Cells are the row's values.
func (r ReceivableRow) Cells() []any {
	return []any{r.Label, r.Receipts, r.To30Minor, r.To60Minor, r.To90Minor, r.OlderMinor, r.BalanceMinor}
}

// Receivables is what was owed at the end of the last day of the period, by customer, receipt, engineer or
// organisation, the largest sums first. With a first day only receipts issued from then on.
func (f Figures) Receivables(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	by, err := groupBy("receivables", a.By, []grouping{
		{"customer", "coalesce(m.id, c.id)::text", "coalesce(m.name, c.name)"},
		{"receipt", "r.id::text", "r.number"},
		{"engineer", "coalesce(e.id::text, '')", "coalesce(e.name, '')"},
		{"organisation", "o.code", "o.name"},
	})
	if err != nil {
		return Report{}, err
	}
	from, end, zone := a.span()
	var list []ReceivableRow
	err = f.db.NewRaw(`SELECT key, max(label) AS label, count(*) AS receipts, coalesce(sum(owed) FILTER (WHERE age <= 30), 0)::bigint AS to_30,
		coalesce(sum(owed) FILTER (WHERE age BETWEEN 31 AND 60), 0)::bigint AS to_60, coalesce(sum(owed) FILTER (WHERE age BETWEEN 61 AND 90), 0)::bigint AS to_90,
		coalesce(sum(owed) FILTER (WHERE age > 90), 0)::bigint AS older, sum(owed)::bigint AS balance_minor
	  FROM (SELECT `+by.key+` AS key, `+by.label+` AS label, r.total_minor - coalesce(p.paid, 0) AS owed, ?::date - (r.issued_at AT TIME ZONE ?)::date AS age
	    FROM receipts_that_may_owe(?) b JOIN receipts r ON r.id = b.receipt_id LEFT JOIN work_orders w ON w.id = r.order_id LEFT JOIN organisations o ON o.id = r.org_id LEFT JOIN customers c ON c.id = r.customer_id
	    LEFT JOIN customers m ON m.id = c.merged_into LEFT JOIN engineers e ON e.id = r.engineer_id
	    CROSS JOIN LATERAL (SELECT sum(y.amount_minor) AS paid FROM payments y WHERE y.receipt_id = r.id AND y.method <> 'on_account' AND y.paid_at < ?) p
	    WHERE r.issued_at >= ? AND r.issued_at < ? AND (r.voided_at IS NULL OR r.voided_at >= ?) AND r.total_minor > coalesce(p.paid, 0) AND `+s.SQL("r.org_id", "w.org_id", "w.serving_org_id")+`) d
	  GROUP BY key ORDER BY balance_minor DESC, label, key LIMIT ?`,
		a.To, zone.String(), end, end, from, end, end, MaxRows+1).Scan(ctx, &list)
	if err != nil {
		return Report{}, fmt.Errorf("report receivables: %w", fault.FromSQL(err))
	}
	if err := tooLong(len(list)); err != nil {
		return Report{}, err
	}
	r := a.report("receivables", by.name, by.name, "receipts", "to_30", "to_60", "to_90", "older", "balance")
	var sum ReceivableRow
	for _, l := range list {
		sum.Receipts, sum.BalanceMinor = sum.Receipts+l.Receipts, sum.BalanceMinor+l.BalanceMinor
		sum.To30Minor, sum.To60Minor, sum.To90Minor, sum.OlderMinor = sum.To30Minor+l.To30Minor, sum.To60Minor+l.To60Minor, sum.To90Minor+l.To90Minor, sum.OlderMinor+l.OlderMinor
	}
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

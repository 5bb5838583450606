package kpi

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// ReceiptRow is what was charged and what came in on it. TotalMinor = PaidMinor + BalanceMinor.
type ReceiptRow struct {
	Key           string    `bun:"key" json:"key"`
	Label         string    `bun:"label" json:"label"`
	Receipts      int64     `bun:"receipts" json:"receipts"`
	Void          int64     `bun:"void" json:"void"`
	TotalMinor    money.Fen `bun:"total_minor" json:"total_minor"`
	CashMinor     money.Fen `bun:"cash_minor" json:"cash_minor"`
	WechatMinor   money.Fen `bun:"wechat_minor" json:"wechat_minor"`
	AlipayMinor   money.Fen `bun:"alipay_minor" json:"alipay_minor"`
	CardMinor     money.Fen `bun:"card_minor" json:"card_minor"`
	TransferMinor money.Fen `bun:"transfer_minor" json:"transfer_minor"`
	WaivedMinor   money.Fen `bun:"waived_minor" json:"waived_minor"`
	PaidMinor     money.Fen `bun:"paid_minor" json:"paid_minor"`
	BalanceMinor  money.Fen `bun:"balance_minor" json:"balance_minor"`
}

// Cells are the row's values.
func (r ReceiptRow) Cells() []any {
	return []any{r.Label, r.Receipts, r.Void, r.TotalMinor, r.CashMinor, r.WechatMinor, r.AlipayMinor, r.CardMinor, r.TransferMinor, r.WaivedMinor, r.PaidMinor, r.BalanceMinor}
}

// Receipts are the receipts issued in a period, with what was paid on them by its end; by day, month,
// engineer or organisation. Those in sight: issued by, or for an order owned or served by, an organisation
// of the scope.
func (f Figures) Receipts(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	from, end, zone := a.span()
	by, err := groupBy("receipts", a.By, []grouping{
		{"day", "to_char(r.issued_at AT TIME ZONE z.name, 'YYYY-MM-DD')", ""},
		{"month", "to_char(r.issued_at AT TIME ZONE z.name, 'YYYY-MM')", ""},
		{"engineer", "coalesce(e.id::text, '')", "coalesce(e.name, '')"},
		{"organisation", "o.code", "o.name"},
	})
	if err != nil {
		return Report{}, err
	}
	if by.label == "" {
		by.label = by.key
	}
	var list []ReceiptRow
	err = f.db.NewRaw(`WITH
	  d AS (SELECT r.id, `+by.key+` AS key, `+by.label+` AS label, r.total_minor, (r.voided_at IS NULL OR r.voided_at >= ?) AS live
	    FROM (SELECT ?::text AS name) z, receipts r JOIN work_orders w ON w.id = r.order_id JOIN organisations o ON o.id = r.org_id LEFT JOIN engineers e ON e.id = r.engineer_id
	    WHERE r.issued_at >= ? AND r.issued_at < ? AND `+s.SQL("r.org_id", "w.org_id", "w.serving_org_id")+`),
	  p AS (SELECT y.receipt_id, sum(y.amount_minor) AS paid,
	      sum(y.amount_minor) FILTER (WHERE y.method = 'cash') AS cash, sum(y.amount_minor) FILTER (WHERE y.method = 'wechat') AS wechat, sum(y.amount_minor) FILTER (WHERE y.method = 'alipay') AS alipay,
	      sum(y.amount_minor) FILTER (WHERE y.method = 'card') AS card, sum(y.amount_minor) FILTER (WHERE y.method = 'transfer') AS transfer, sum(y.amount_minor) FILTER (WHERE y.method = 'waiver') AS waiver
	    FROM d JOIN payments y ON y.receipt_id = d.id WHERE d.live AND y.method <> 'on_account' AND y.paid_at < ? GROUP BY y.receipt_id)
	  SELECT d.key, max(d.label) AS label, count(*) FILTER (WHERE live) AS receipts, count(*) FILTER (WHERE NOT live) AS void,
	    coalesce(sum(total_minor) FILTER (WHERE live), 0)::bigint AS total_minor, coalesce(sum(cash), 0)::bigint AS cash_minor, coalesce(sum(wechat), 0)::bigint AS wechat_minor,
	    coalesce(sum(alipay), 0)::bigint AS alipay_minor, coalesce(sum(card), 0)::bigint AS card_minor, coalesce(sum(transfer), 0)::bigint AS transfer_minor,
	    coalesce(sum(waiver), 0)::bigint AS waived_minor, coalesce(sum(paid), 0)::bigint AS paid_minor,
	    (coalesce(sum(total_minor) FILTER (WHERE live), 0) - coalesce(sum(paid), 0))::bigint AS balance_minor
	  FROM d LEFT JOIN p ON p.receipt_id = d.id GROUP BY d.key ORDER BY label, d.key LIMIT ?`,
		end, zone.String(), from, end, end, MaxRows+1).Scan(ctx, &list)
	if err != nil {
		return Report{}, fmt.Errorf("report receipts: %w", fault.FromSQL(err))
	}
	if err := tooLong(len(list)); err != nil {
		return Report{}, err
	}
	r := a.report("receipts", by.name, by.name, "receipts", "void", "total", "cash", "wechat", "alipay", "card", "transfer", "waived", "paid", "balance")
	var sum ReceiptRow
	for _, l := range list {
		sum.Receipts, sum.Void, sum.TotalMinor, sum.PaidMinor, sum.BalanceMinor = sum.Receipts+l.Receipts, sum.Void+l.Void, sum.TotalMinor+l.TotalMinor, sum.PaidMinor+l.PaidMinor, sum.BalanceMinor+l.BalanceMinor
		sum.CashMinor, sum.WechatMinor, sum.AlipayMinor = sum.CashMinor+l.CashMinor, sum.WechatMinor+l.WechatMinor, sum.AlipayMinor+l.AlipayMinor
		sum.CardMinor, sum.TransferMinor, sum.WaivedMinor = sum.CardMinor+l.CardMinor, sum.TransferMinor+l.TransferMinor, sum.WaivedMinor+l.WaivedMinor
	}
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

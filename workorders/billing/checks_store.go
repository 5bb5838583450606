package billing

// Checks are the invariants of the money as queries that count violations; a sound database answers 0 to each.
var Checks = []struct{ Name, SQL string }{
	{"receipts: total is the sum of the lines",
		`SELECT count(*) FROM receipts r WHERE r.total_minor <> (SELECT coalesce(sum(l.amount_minor), 0) FROM receipt_lines l WHERE l.receipt_id = r.id)`},
	{"receipts: a covered line costs nothing, another quantity times price",
		`SELECT count(*) FROM receipt_lines WHERE amount_minor <> CASE WHEN covered THEN 0 ELSE quantity * unit_minor END`},
	{"receipts: numbered without gaps per organisation and year",
		`SELECT count(*) FROM (SELECT s.last_no - count(r.id) AS gap, coalesce(max(r.no), 0) <> s.last_no AS tail
		   FROM receipt_series s LEFT JOIN receipts r ON r.org_id = s.org_id AND r.series = s.series AND r.year = s.year
		  GROUP BY s.org_id, s.series, s.year, s.last_no) g WHERE gap <> 0 OR tail`},
	{"receipts: each belongs to a series",
		`SELECT count(*) FROM receipts r WHERE NOT EXISTS (SELECT 1 FROM receipt_series s WHERE s.org_id = r.org_id AND s.series = r.series AND s.year = r.year AND s.last_no >= r.no)`},
	{"receipts: at most one live receipt per order",
		`SELECT count(*) FROM (SELECT order_id FROM receipts WHERE voided_at IS NULL GROUP BY order_id HAVING count(*) > 1) d`},
	{"payments: between nothing and what is owed",
		`SELECT count(*) FROM receipts r CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount_minor), 0) AS paid FROM payments p WHERE p.receipt_id = r.id AND p.method <> 'on_account') p
		  WHERE p.paid < 0 OR p.paid > r.total_minor`},
	{"receipts: what is left to pay follows from the entries",
		`SELECT count(*) FROM receipts r FULL JOIN receipt_balances b ON b.receipt_id = r.id
		   LEFT JOIN (SELECT receipt_id, sum(amount_minor) AS paid, max(paid_at) AS last FROM payments WHERE method <> 'on_account' GROUP BY 1) p ON p.receipt_id = r.id
		  WHERE r.id IS NULL OR b.balance_minor IS DISTINCT FROM r.total_minor - coalesce(p.paid, 0) OR b.last_paid_at IS DISTINCT FROM p.last`},
	{"payments: no money is left on a void receipt",
		`SELECT count(*) FROM receipts r WHERE r.voided_at IS NOT NULL AND 0 <> (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.receipt_id = r.id AND p.method NOT IN ('on_account', 'waiver'))`},
	{"payments: a waiver has a person and a reason, a refund a reason",
		`SELECT count(*) FROM payments WHERE method = 'waiver' AND (approver_id IS NULL OR reason = '') OR amount_minor < 0 AND reason = ''`},
	{"cash-ups: what engineers hold follows from payments and counts",
		`SELECT count(*) FROM (SELECT engineer_id, sum(amount_minor) AS cash FROM payments WHERE method = 'cash' AND engineer_id IS NOT NULL GROUP BY 1) p
		   FULL JOIN (SELECT engineer_id, sum(expected_minor) AS counted FROM cash_ups WHERE voided_at IS NULL GROUP BY 1) c USING (engineer_id)
		   FULL JOIN (SELECT engineer_id, sum(cash_minor) AS cash, sum(counted_minor) AS counted FROM takings GROUP BY 1) t USING (engineer_id)
		  WHERE coalesce(t.cash, 0) <> coalesce(p.cash, 0) OR coalesce(t.counted, 0) <> coalesce(c.counted, 0)`},
	{"cash-ups: a difference has a reason, and nobody counted his own",
		`SELECT count(*) FROM cash_ups WHERE expected_minor <> counted_minor AND note = '' OR by_engineer = engineer_id`},
	{"invoices: none is asked for or stands on a void receipt",
		`SELECT count(*) FROM invoice_requests i JOIN receipts r ON r.id = i.receipt_id WHERE r.voided_at IS NOT NULL AND i.state IN ('requested', 'issued', 'sent')`},
	{"orders: a chargeable order was repaired only after a yes",
		`SELECT count(*) FROM work_orders w WHERE w.chargeable AND w.origin <> 'import' AND w.approved_minor IS NULL
		    AND EXISTS (SELECT 1 FROM sheets s WHERE s.order_id = w.id AND s.replaced_at IS NULL AND s.outcome IN ('done', 'partial'))`},
	{"receipts: each line of a quote comes from an approved one of the same order",
		`SELECT count(*) FROM receipt_lines l JOIN receipts r ON r.id = l.receipt_id JOIN quotes q ON q.id = l.quote_id WHERE q.order_id <> r.order_id OR q.approved_at IS NULL`},
}

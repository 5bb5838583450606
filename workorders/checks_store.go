package workorders

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/inventory"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
)

// Check is one promise that the data keep at all times. Count says how many rows break it: 0 when all is well.
type Check struct {
	Area, Name string
	Count      func(ctx context.Context, db bun.IDB) (int64, error)
}

// Checked is the answer to one check.
type Checked struct {
	Area, Name string
	Count      int64
}

// Checks lists every promise: those of each ledger, then those that span several.
func Checks() []Check {
	var all []Check
	add := func(area string, list []struct{ Name, SQL string }) {
		for _, c := range list {
			name := strings.ReplaceAll(strings.TrimPrefix(c.Name, area+": "), "_", " ")
			all = append(all, Check{Area: area, Name: name, Count: counting(c.SQL)})
		}
	}
	add("stock", inventory.Checks)
	add("diary", dispatch.Checks)
	add("money", billing.Checks)
	add("promises", aftercare.Checks)
	add("states", stateChecks())
	add("story", storyChecks)
	add("records", recordChecks())
	all = append(all, Check{Area: "records", Name: "an approved quote says what the customer approved", Count: changedQuotes})
	return all
}

// RunChecks answers every check over one snapshot of the database, which it only reads.
func (d *Desk) RunChecks(ctx context.Context) (results []Checked, violations int64, err error) {
	return RunChecks(ctx, d.db)
}

// RunChecks answers every check over one snapshot of a database, which it only reads.
func RunChecks(ctx context.Context, db *bun.DB) (results []Checked, violations int64, err error) {
	err = db.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		results, violations, err = runChecks(ctx, tx)
		return err
	})
	return results, violations, err
}

func runChecks(ctx context.Context, db bun.IDB) (results []Checked, violations int64, err error) {
	for _, c := range Checks() {
		n, err := c.Count(ctx, db)
		if err != nil {
			return nil, 0, fmt.Errorf("check %s: %s: %w", c.Area, c.Name, err)
		}
		results = append(results, Checked{c.Area, c.Name, n})
		violations += n
	}
	return results, violations, nil
}

func counting(query string) func(context.Context, bun.IDB) (int64, error) {
	return func(ctx context.Context, db bun.IDB) (n int64, err error) {
		err = db.NewRaw(query).Scan(ctx, &n)
		return n, err
	}
}

// guarded are the tables whose column state follows a lifecycle; visits and absences are the diary's.
var guarded = []struct{ table, kind string }{
	{"requests", "request"}, {"work_orders", "work_order"}, {"quotes", "quote"}, {"hand_overs", "hand_over"}, {"old_parts", "old_part"},
	{"reservations", "reservation"}, {"pickups", "pickup"}, {"shortages", "shortage"}, {"custody", "custody"}, {"invoice_requests", "invoice_request"},
	{"follow_ups", "follow_up"}, {"complaints", "complaint"}, {"callbacks", "callback"}, {"plans", "plan"},
}

// stateChecks: each row stands in a state that its lifecycle can reach from a birth.
func stateChecks() (list []struct{ Name, SQL string }) {
	for _, g := range guarded {
		list = append(list, struct{ Name, SQL string }{
			strings.ReplaceAll(g.table, "_", " ") + " stand where their lifecycle can lead",
			fmt.Sprintf(`WITH RECURSIVE reached AS (
				SELECT to_state FROM lifecycle_moves WHERE kind = '%[2]s' AND from_state IN ('', 'import')
				UNION SELECT m.to_state FROM lifecycle_moves m JOIN reached r ON r.to_state = m.from_state WHERE m.kind = '%[2]s')
			SELECT count(*) FROM %[1]s WHERE state NOT IN (SELECT to_state FROM reached)`, g.table, g.kind)})
	}
	return list
}

const openVisit = "lead AND state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused')"

// storyChecks are promises that no single ledger can keep.
var storyChecks = []struct{ Name, SQL string }{
	{"an assigned order has its open visit, with the engineer it names",
		`SELECT count(*) FROM work_orders w WHERE w.state IN ('assigned', 'in_progress')
		AND NOT EXISTS (SELECT FROM visits v WHERE v.order_id = w.id AND v.engineer_id = w.engineer_id AND v.` + openVisit + `)`},
	{"an order that is not assigned has no open visit",
		`SELECT count(*) FROM work_orders w WHERE w.state NOT IN ('assigned', 'in_progress', 'awaiting_approval')
		AND EXISTS (SELECT FROM visits v WHERE v.order_id = w.id AND v.` + openVisit + `)`},
	{"an assigned order holds its parts or goes without on somebody's word",
		`SELECT count(*) FROM work_orders w WHERE w.state = 'assigned' AND w.mode <> 'phone' AND EXISTS (
			SELECT FROM order_parts n WHERE n.order_id = w.id AND n.part_id IS NOT NULL AND NOT n.awaiting GROUP BY n.part_id
			HAVING sum(n.quantity) > (SELECT coalesce(sum(r.quantity), 0) FROM reservations r WHERE r.order_id = w.id AND r.part_id = n.part_id AND r.state IN ('held', 'used')))`},
	{"nothing is promised to an order that has ended",
		`SELECT count(*) FROM work_orders w WHERE w.state IN ('completed', 'closed', 'cancelled', 'cannot_complete')
		AND (EXISTS (SELECT FROM reservations r WHERE r.order_id = w.id AND r.state = 'held') OR EXISTS (SELECT FROM shortages s WHERE s.order_id = w.id AND s.state = 'open'))`},
	{"a published plan booked every one of its visits",
		`SELECT count(*) FROM plan_visits v JOIN plans p ON p.id = v.plan_id WHERE p.state = 'published'
		AND NOT EXISTS (SELECT FROM visits x WHERE x.id = v.visit_id AND x.order_id = v.order_id AND x.state <> 'proposed')`},
	{"what is proposed belongs to a plan that waits and to an order that is ready",
		`SELECT count(*) FROM visits x JOIN work_orders w ON w.id = x.order_id WHERE x.lead AND x.state = 'proposed' AND (w.state <> 'ready'
		OR NOT EXISTS (SELECT FROM plan_visits v JOIN plans p ON p.id = v.plan_id WHERE v.visit_id = x.id AND v.order_id = x.order_id AND p.state = 'ready'))`},
	{"a plan that is being made has its job",
		`SELECT count(*) FROM plans p WHERE p.state = 'running' AND NOT EXISTS (
			SELECT FROM jobs j WHERE j.kind = 'plan' AND j.dedupe = 'plan ' || p.id AND j.done_at IS NULL AND j.dead_at IS NULL)`},
	{"a chargeable order is visited only after a yes",
		`SELECT count(*) FROM work_orders w WHERE w.chargeable AND w.origin <> 'import' AND w.state IN ('assigned', 'in_progress', 'completed') AND NOT EXISTS (
			SELECT FROM quotes q WHERE q.order_id = w.id AND q.state = 'approved')`},
	{"the sum an order was approved for is that of its approved quotes",
		`SELECT count(*) FROM work_orders w WHERE w.origin <> 'import' AND (
			w.approved_minor IS DISTINCT FROM (SELECT sum(q.total_minor) FROM quotes q WHERE q.order_id = w.id AND q.state = 'approved' AND q.purpose IN ('repair', 'variation'))
			OR w.call_out_minor IS DISTINCT FROM (SELECT sum(q.total_minor) FROM quotes q WHERE q.order_id = w.id AND q.state = 'approved' AND q.purpose = 'call_out'))`},
	{"the total of a quote is the sum of its lines",
		`SELECT count(*) FROM quotes q WHERE q.total_minor <> (SELECT coalesce(sum(l.quantity * l.unit_minor), 0) FROM quote_lines l WHERE l.quote_id = q.id)`},
	{"a visit that ended with an outcome has its one sheet, with that outcome",
		`SELECT count(*) FROM visits v WHERE v.state = 'finished' AND v.lead
		AND 1 <> (SELECT count(*) FROM sheets s WHERE s.visit_id = v.id AND s.replaced_at IS NULL AND s.outcome = v.outcome)`},
	{"a sheet belongs to a visit that has ended",
		`SELECT count(*) FROM sheets s JOIN visits v ON v.id = s.visit_id WHERE v.state <> 'finished' OR v.order_id <> s.order_id`},
	{"a replaced sheet has the edition that replaced it",
		`SELECT count(*) FROM sheets s WHERE (s.replaced_at IS NOT NULL) <> EXISTS (SELECT FROM sheets n WHERE n.replaces_id = s.id AND n.edition = s.edition + 1)`},
	{"a booked part of a sheet left the stock by a movement of that order",
		`SELECT count(*) FROM sheet_parts p JOIN sheets s ON s.id = p.sheet_id LEFT JOIN moves m ON m.id = p.move_id
		WHERE p.booking = 'booked' AND (m.id IS NULL OR m.kind <> 'consume' OR m.order_id <> s.order_id OR m.part_id <> p.part_id OR m.quantity <> p.quantity)`},
	{"a converted request has its order, an open one has none",
		`SELECT count(*) FROM requests r WHERE (r.state = 'converted') <> EXISTS (SELECT FROM work_orders w WHERE w.request_id = r.id)`},
	{"a request that was ended by us was answered first",
		`SELECT count(*) FROM requests r WHERE r.origin <> 'import' AND r.state IN ('answered', 'duplicate', 'rejected') AND r.replied_at IS NULL`},
	{"the clock of a request runs 24 hours and stops with the reply",
		`SELECT count(*) FROM clocks c JOIN requests r ON r.id = c.subject_id WHERE c.kind = 'reply'
		AND (c.due_at <> r.received_at + interval '24 hours' OR r.replied_at IS NOT NULL AND c.met_at IS NULL AND c.stopped_at IS NULL)`},
	{"an order that was handed over is served by who accepted it last",
		`SELECT count(*) FROM work_orders w WHERE w.serving_org_id <> coalesce((SELECT h.to_org_id FROM hand_overs h WHERE h.order_id = w.id AND h.state = 'accepted'
			ORDER BY h.answered_at DESC, h.id DESC LIMIT 1), w.org_id)`},
	{"an order or a request begins with a line of its story",
		`SELECT (SELECT count(*) FROM work_orders w WHERE NOT EXISTS (SELECT FROM timeline t WHERE t.order_id = w.id))
		+ (SELECT count(*) FROM requests r WHERE NOT EXISTS (SELECT FROM timeline t WHERE t.request_id = r.id))`},
	{"requests, orders, customers and devices can be found",
		`SELECT (SELECT count(*) FROM requests r WHERE NOT EXISTS (SELECT FROM search_docs d WHERE d.kind = 'request' AND d.id = r.id))
		+ (SELECT count(*) FROM work_orders w WHERE NOT EXISTS (SELECT FROM search_docs d WHERE d.kind = 'work_order' AND d.id = w.id))
		+ (SELECT count(*) FROM customers c WHERE c.erased_at IS NULL AND c.merged_into IS NULL AND NOT EXISTS (SELECT FROM search_docs d WHERE d.kind = 'customer' AND d.id = c.id))
		+ (SELECT count(*) FROM assets a WHERE NOT EXISTS (SELECT FROM search_docs d WHERE d.kind = 'asset' AND d.id = a.id))`},
	{"a quote approved on paper carries its scan",
		`SELECT count(*) FROM quotes q WHERE q.state = 'approved' AND q.approved_how = 'paper' AND NOT EXISTS (SELECT FROM files f WHERE f.quote_id = q.id)`},
	{"what was erased of a customer is gone everywhere",
		`SELECT count(*) FROM customers c WHERE c.erased_at IS NOT NULL AND (c.name <> '' OR c.phone IS NOT NULL OR c.notes <> '' OR c.external_ref IS NOT NULL
			OR EXISTS (SELECT FROM contacts k WHERE k.customer_id = c.id AND (k.name <> '' OR k.phones <> '{}' OR coalesce(k.email, '') <> ''))
			OR EXISTS (SELECT FROM requests r WHERE r.customer_id = c.id AND (r.description <> '' OR r.told <> ''))
			OR EXISTS (SELECT FROM conversations t JOIN work_orders o ON o.id = t.order_id WHERE o.customer_id = c.id AND t.text <> '')
			OR EXISTS (SELECT FROM messages m JOIN work_orders o ON o.id = m.order_id WHERE o.customer_id = c.id AND m.audience = 'customer' AND m.to_address <> '')
			OR EXISTS (SELECT FROM search_docs d WHERE d.kind = 'customer' AND d.id = c.id AND d.title <> ''))`},
	{"who was erased stands on the list of erasures, and nobody else",
		`SELECT (SELECT count(*) FROM customers c WHERE c.erased_at IS NOT NULL AND NOT EXISTS (SELECT FROM erasures e WHERE e.customer_id = c.id))
		+ (SELECT count(*) FROM erasures e JOIN customers c ON c.id = e.customer_id WHERE c.erased_at IS NULL)`},
	{"every key of a repeatable call has its answer",
		`SELECT count(*) FROM idempotency_keys WHERE status IS NULL OR answer IS NULL`},
	{"background work has at most one end",
		`SELECT count(*) FROM jobs WHERE done_at IS NOT NULL AND dead_at IS NOT NULL`},
	{"a message counts as delivered only when a channel that reaches people took it",
		`SELECT count(*) FROM messages WHERE (state = 'delivered') <> (delivered_at IS NOT NULL) OR state = 'delivered' AND channel IN ('', 'log')`},
}

// parts of wholes: the organisation of the first is that of the second.
var wholes = []struct{ child, column, parent string }{
	{"contacts", "customer_id", "customers"}, {"sites", "customer_id", "customers"}, {"assets", "customer_id", "customers"}, {"contracts", "customer_id", "customers"},
	{"requests", "customer_id", "customers"}, {"work_orders", "customer_id", "customers"}, {"work_orders", "request_id", "requests"},
	{"order_parts", "order_id", "work_orders"}, {"coverage_decisions", "order_id", "work_orders"}, {"quotes", "order_id", "work_orders"}, {"sheets", "order_id", "work_orders"},
	{"sheet_parts", "sheet_id", "sheets"}, {"old_parts", "order_id", "work_orders"}, {"hand_overs", "order_id", "work_orders"}, {"custody", "order_id", "work_orders"}, {"custody_moves", "custody_id", "custody"},
	{"conversations", "order_id", "work_orders"}, {"conversations", "request_id", "requests"}, {"timeline", "order_id", "work_orders"}, {"messages", "order_id", "work_orders"},
	{"reservations", "order_id", "work_orders"}, {"shortages", "order_id", "work_orders"}, {"pickups", "order_id", "work_orders"},
	{"shifts", "engineer_id", "engineers"}, {"absences", "engineer_id", "engineers"}, {"diary", "engineer_id", "engineers"}, {"visit_reschedules", "visit_id", "visits"},
	{"follow_ups", "order_id", "work_orders"}, {"follow_up_attempts", "follow_up_id", "follow_ups"}, {"complaints", "order_id", "work_orders"}, {"callbacks", "order_id", "work_orders"}, {"complaint_evidence", "complaint_id", "complaints"},
	{"callback_attempts", "callback_id", "callbacks"}, {"escalations", "clock_id", "clocks"}, {"payments", "receipt_id", "receipts"}, {"invoice_requests", "receipt_id", "receipts"},
}

// audited are the tables whose every change leaves a line in the account; versioned ones as many as their version.
var audited = []struct {
	table     string
	versioned bool
}{
	{"parked_facts", true}, {"calls", false}, {"complaint_evidence", false}, {"minutes", true}, {"message_texts", false}, {"report_schedules", true}, {"call_records", false}, {"message_opt_outs", false}, {"call_scripts", false}, {"campaigns", true}, {"improvements", true}, {"link_signatures", false}, {"part_requests", true}, {"absences", true}, {"assets", true}, {"callback_attempts", false}, {"callbacks", true}, {"cash_ups", false}, {"clocks", false}, {"complaints", true}, {"contacts", true},
	{"contracts", true}, {"conversations", false}, {"coverage_decisions", false}, {"custody", true}, {"customers", true}, {"engineers", true}, {"files", false}, {"follow_up_attempts", false},
	{"follow_ups", true}, {"hand_overs", true}, {"invoice_requests", true}, {"issued_papers", false}, {"old_parts", true}, {"order_parts", false}, {"organisations", true}, {"parts", true},
	{"payments", false}, {"pickups", true}, {"places", true}, {"plans", true}, {"quotes", true}, {"receipts", true}, {"requests", true}, {"reservations", true}, {"sheet_parts", false}, {"sheets", true},
	{"shifts", false}, {"shortages", true}, {"sites", true}, {"stock_expected", true}, {"users", true}, {"visit_reschedules", false}, {"visits", true}, {"webhooks", true}, {"work_orders", true},
}

// sampled is how many of the newest rows of each table are compared with the account of changes.
const sampled = 500

// recordChecks are promises about what was written down for good.
func recordChecks() []struct{ Name, SQL string } {
	var belong, accounted []string
	for _, w := range wholes {
		belong = append(belong, fmt.Sprintf("(SELECT count(*) FROM %[1]s c JOIN %[3]s p ON p.id = c.%[2]s WHERE c.org_id <> p.org_id)", w.child, w.column, w.parent))
	}
	for _, a := range audited {
		broken := "lines = 0"
		version := "1"
		if a.versioned {
			broken, version = "lines <> version", "version"
		}
		accounted = append(accounted, fmt.Sprintf(`(SELECT count(*) FROM (SELECT r.version, (SELECT count(*) FROM audit_log a WHERE a.row_id = r.id::text AND a.tbl = '%[1]s' AND a.act IN ('i', 'u')) AS lines
			FROM (SELECT id, %[2]s AS version FROM %[1]s ORDER BY id DESC LIMIT %[3]d) r) x WHERE %[4]s)`, a.table, version, sampled, broken))
	}
	return []struct{ Name, SQL string }{
		{"each record belongs to the organisation of what it is part of", "SELECT " + strings.Join(belong, " + ")},
		{"organisations form one tree", `SELECT count(*) FROM organisations o LEFT JOIN organisations p ON p.id = o.parent_id
			WHERE o.path <> coalesce(p.path, '{}') || o.id OR (o.kind = 'head') <> (o.parent_id IS NULL) OR (o.parent_id IS NOT NULL AND p.id IS NULL)`},
		{"regions stand below their parents", `SELECT count(*) FROM regions r LEFT JOIN regions p ON p.code = r.parent_code WHERE r.path <> coalesce(p.path, '{}') || r.code`},
		{"a customer's link opens what it was made for", `SELECT count(*) FROM links l JOIN quotes q ON q.id = l.quote_id WHERE q.order_id <> l.order_id`},
		{"files are as they were sent", `SELECT count(*) FROM files WHERE stored_sha256 <> sha256(bytes) OR size <> length(bytes)`},
		{"issued papers are as they were handed out", `SELECT count(*) FROM issued_papers WHERE sha256 <> sha256(bytes)`},
		{"every change has its line in the account", "SELECT " + strings.Join(accounted, " + ")},
		{"every line of the account names who acted", `SELECT count(*) FROM audit_log WHERE actor = ''`},
		{"the seals of the account hold", `SELECT count(*) FROM audit_verify()`},
	}
}

// changedQuotes counts approved quotes whose content is not what the customer approved.
func changedQuotes(ctx context.Context, db bun.IDB) (int64, error) {
	var quotes []Quote
	if err := db.NewRaw("SELECT id, number, total_minor, limit_minor, valid_until, terms, approval FROM quotes WHERE state = 'approved' ORDER BY id").Scan(ctx, &quotes); err != nil {
		return 0, err
	}
	var lines []QuoteLine
	err := db.NewRaw(`SELECT l.quote_id, l.no, l.kind, l.description, l.part_id, l.sku, l.quantity, l.unit_minor, l.amount_minor FROM quote_lines l
		JOIN quotes q ON q.id = l.quote_id WHERE q.state = 'approved' ORDER BY l.quote_id, l.no`).Scan(ctx, &lines)
	if err != nil {
		return 0, err
	}
	next, changed := 0, int64(0)
	for i := range quotes {
		q := &quotes[i]
		for next < len(lines) && lines[next].QuoteID == q.ID {
			q.Lines = append(q.Lines, lines[next])
			next++
		}
		var approval struct {
			Content string `json:"content_sha256"`
		}
		if json.Unmarshal(q.Approval, &approval) != nil || approval.Content != q.contentHash() {
			changed++
		}
	}
	return changed, nil
}

package aftercare

// Checks are the invariants of the promises as queries that count violations; a sound database answers 0 to
// each.
var Checks = []struct{ Name, SQL string }{
	{"follow-ups: a finished order has exactly one main call",
		`SELECT count(*) FROM work_orders w WHERE w.origin <> 'import' AND (w.state = 'completed' OR w.state = 'cannot_complete' AND w.end_reason <> 'quote_declined')
		    AND 1 <> (SELECT count(*) FROM follow_ups f WHERE f.order_id = w.id AND f.main AND f.state <> 'superseded')`},
	{"follow-ups: never two main calls for an order",
		`SELECT count(*) FROM (SELECT order_id FROM follow_ups WHERE main AND order_id IS NOT NULL AND state <> 'superseded' GROUP BY order_id HAVING count(*) > 1) d`},
	{"follow-ups: due inside the window, unless a holiday or a late sheet moved it",
		`SELECT count(*) FROM follow_ups WHERE due_from > due_to OR NOT (shifted OR late_sheet OR due_on BETWEEN due_from AND due_to) OR due_from < anchor_on`},
	{"follow-ups: attempts are counted",
		`SELECT count(*) FROM follow_ups f WHERE (f.attempts, f.counted_attempts) <> (SELECT count(*), count(*) FILTER (WHERE a.counted) FROM follow_up_attempts a WHERE a.follow_up_id = f.id)`},
	{"follow-ups: an end has its time, a waiver its reason",
		`SELECT count(*) FROM follow_ups WHERE (state IN ('done', 'unreachable', 'waived')) <> (done_at IS NOT NULL) OR state = 'waived' AND coalesce(end_reason, '') = ''`},
	{"follow-ups: a low score made a complaint",
		`SELECT count(*) FROM follow_up_attempts a WHERE a.complaint_id IS NULL
		    AND EXISTS (SELECT 1 FROM jsonb_each_text(a.scores) s WHERE s.value::int <= 2)`},
	{"complaints: 24 hours from receipt",
		`SELECT count(*) FROM complaints WHERE reply_due_at <> received_at + make_interval(hours => 24)`},
	{"complaints: nothing goes on before the reply",
		`SELECT count(*) FROM complaints WHERE state <> 'registered' AND replied_at IS NULL OR (state = 'closed') <> (closed_at IS NOT NULL)`},
	{"complaints: each has its reply clock, and the clock agrees",
		`SELECT count(*) FROM complaints x WHERE NOT EXISTS (SELECT 1 FROM clocks k WHERE k.subject_id = x.id AND k.kind = 'reply' AND k.due_at = x.reply_due_at AND (k.met_at IS NOT NULL) = (x.replied_at IS NOT NULL))`},
	{"complaints: none ended without what was found on file",
		`SELECT count(*) FROM complaints x WHERE x.state = 'closed' AND x.grade = 'complaint' AND x.evidence_asked AND NOT EXISTS (SELECT 1 FROM complaint_evidence e WHERE e.complaint_id = x.id)`},
	{"requests: each that waits for a reply has a clock, or a complaint took it over",
		`SELECT count(*) FROM requests r WHERE r.origin <> 'import' AND r.replied_at IS NULL AND r.state IN ('received', 'triaged')
		    AND NOT EXISTS (SELECT 1 FROM clocks k WHERE k.subject_id = r.id AND k.kind = 'reply' AND k.met_at IS NULL AND (k.stopped_at IS NULL OR EXISTS (SELECT 1 FROM complaints x WHERE x.request_id = r.id)))`},
	{"requests: imported ones have no armed clock",
		`SELECT count(*) FROM clocks k JOIN requests r ON r.id = k.subject_id WHERE k.next_at IS NOT NULL AND r.origin = 'import'`},
	{"clocks: armed exactly while they run",
		`SELECT count(*) FROM clocks WHERE (next_at IS NOT NULL) <> (met_at IS NULL AND stopped_at IS NULL AND paused_at IS NULL AND level < 4)`},
	{"clocks: every rung climbed was recorded once, none was skipped",
		`SELECT count(*) FROM clocks k WHERE k.level <> (SELECT count(*) FROM escalations e WHERE e.clock_id = k.id) OR k.level <> (SELECT coalesce(max(e.level), 0) FROM escalations e WHERE e.clock_id = k.id)`},
	{"clocks: a reply that came long after its time was escalated",
		`SELECT count(*) FROM clocks k WHERE k.kind = 'reply' AND k.met_at > k.due_at + interval '1 hour' AND k.level < 2`},
	{"call-backs: done exactly when they have a time",
		`SELECT count(*) FROM callbacks WHERE (state <> 'open') <> (done_at IS NOT NULL)`},
	{"call-backs: one open entry for an order and a reason",
		`SELECT count(*) FROM (SELECT order_id, reason FROM callbacks WHERE state = 'open' AND order_id IS NOT NULL AND reason <> 'missed_call' GROUP BY 1, 2 HAVING count(*) > 1) d`},
}

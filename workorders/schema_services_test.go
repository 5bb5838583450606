package workorders_test

// Steps that bring the services under the story further.
const (
	photographed = `INSERT INTO files (id, org_id, sha256, stored_sha256, bytes, mime, size, at, order_id) VALUES (:offer, :head, sha256('sent'), sha256('kept'), 'kept', 'image/png', 4, :t, :order); `
	printed      = `INSERT INTO issued_papers (id, org_id, order_id, subject_id, kind, lang, sha256, bytes, at) VALUES (:new, :head, :order, :order, 'work-order', 'en', sha256('%PDF'), '%PDF', :t); `
	queued       = `INSERT INTO messages (id, org_id, order_id, audience, lang, key, dedupe, due_at, created_at) VALUES (:offer, :head, :order, 'customer', 'en', 'x', 'once', :t, :t); `
	due          = `INSERT INTO jobs (id, kind, run_at, dedupe, created_at) VALUES (:offer, 'plan', :t, 'plan 1', :t); `
	called       = `INSERT INTO idempotency_keys (scope, key, route, body_sha256, status, answer, at) VALUES ('user 1', '12345678', 'POST /work-orders', sha256('a'), 201, '{}', :t); `
	linked       = `INSERT INTO links (token_hash, org_id, order_id, purpose, created_at, expires_at) VALUES (sha256('t'), :head, :order, 'view', :t, :later); `
	planned      = `INSERT INTO plans (id, org_id, state, day, created_at) VALUES (:offer, :head, 'running', '2026-11-17', :t);
		UPDATE plans SET state = 'ready', ready_at = :t WHERE id = :offer;
		INSERT INTO plan_visits (plan_id, no, order_id, engineer_id, planned, leaves_at) VALUES (:offer, 1, :order, :engineer, :slot, :t); `
)

// forbiddenServices are rows that files, papers, messages, jobs, keys, links and plans never have.
var forbiddenServices = []forbidden{
	// Files and papers are what was sent and handed out.
	{"a file of two records", "files_one_owner", "", with(with(photographed, "order_id)", "order_id, request_id)"), ":order)", ":order, :request)")},
	{"a file that changes its record", "files_one_owner", photographed, `UPDATE files SET order_id = NULL, request_id = :request`},
	{"a file under another hash", "files_fixed", photographed, `UPDATE files SET sha256 = sha256('x')`},
	{"bytes that are not what the hash says", "files_stored_hash", "", with(photographed, "'kept', 'image", "'else', 'image")},
	{"bytes put in the place of others", "files_stored_hash", photographed, `UPDATE files SET bytes = 'else'`},
	{"a length of its own", "files_stored_size", "", with(photographed, "4, :t", "5, :t")},
	{"nothing in a file", "files_size", "", with(with(photographed, "sha256('kept'), 'kept'", "sha256(''), ''"), "4, :t", "0, :t")},
	{"a page of the web", "files_mime_check", "", with(photographed, "image/png", "text/html")},
	{"a hash that is none", "files_sha256_check", "", with(photographed, "sha256('sent')", "'short'")},
	{"a version issued twice", "issued_papers_once", printed, printed},
	{"a paper that is not what the hash says", "issued_papers_hash", "", with(printed, "'%PDF', :t", "'else', :t")},
	{"a paper put in the place of another", "issued_papers_hash", printed, `UPDATE issued_papers SET bytes = 'else'`},
	{"a paper in a third language", "issued_papers_lang_check", "", with(printed, "'en'", "'fr'")},
	{"version nought", "issued_papers_version_check", printed, `UPDATE issued_papers SET version = 0`},
	{"a copy for nobody", "issued_papers_copy_check", printed, `UPDATE issued_papers SET copy = 'other'`},

	// Every word is told once, and delivered means that it reached somebody.
	{"one word told twice", "messages_dedupe", queued, with(queued, ":offer", ":new")},
	{"delivered at no time", "messages_delivered_when", queued, `UPDATE messages SET state = 'delivered', channel = 'sms'`},
	{"delivered into the log", "messages_delivered_by", queued, `UPDATE messages SET state = 'delivered', delivered_at = :t, channel = 'log'`},
	{"told to a stranger", "messages_audience_check", "", with(queued, "'customer'", "'press'")},
	{"a state of its own", "messages_state_check", queued, `UPDATE messages SET state = 'lost'`},
	{"one task twice", "jobs_dedupe", due, with(due, ":offer", ":new")},
	{"done and dead", "jobs_one_end", due, `UPDATE jobs SET done_at = :t, dead_at = :t`},

	// One key, one effect, one answer.
	{"a key twice", "idempotency_keys_pkey", called, called},
	{"a key without its answer", "idempotency_keys_answered", "", with(called, "201, '{}'", "NULL, NULL")},
	{"an answer taken back", "idempotency_keys_answered", called, `UPDATE idempotency_keys SET answer = NULL`},
	{"a key that anybody guesses", "idempotency_keys_length", "", with(called, "'12345678'", "'1'")},
	{"a body without its hash", "idempotency_keys_body_sha256_check", "", with(called, "sha256('a')", "'a'")},

	// What a customer may open.
	{"a link to nothing", "links_about", "", with(linked, ":order", "NULL")},
	{"a link to an order that is not", "links_order", "", with(linked, ":order", ":new")},
	{"a link to a quote that is not", "links_quote", linked, `UPDATE links SET quote_id = :new`},
	{"a quote's link without the quote", "links_quote_named", "", with(linked, "'view'", "'quote'")},
	{"a link for a purpose of its own", "links_purpose", "", with(linked, "'view'", "'admin'")},
	{"a token kept as it is", "links_hash", "", with(linked, "sha256('t')", "'token'")},

	// A plan binds nobody until it is published, and then whole.
	{"published without its visits", "plans_all_or_nothing", planned, `UPDATE plans SET state = 'published', published_at = :t WHERE id = :offer`},
	{"published at no time", "plans_published_when", planned, `UPDATE plans SET state = 'published' WHERE id = :offer`},
	{"ready at no time", "plans_ready_when", "", `INSERT INTO plans (id, org_id, state, day, created_at) VALUES (:offer, :head, 'ready', '2026-11-17', :t)`},
	{"put aside for no reason", "plans_ended_reason", planned, `UPDATE plans SET state = 'rejected', ended_at = :t WHERE id = :offer`},
	{"published before it was made", "plans_legal_move", "", with(planned, "state = 'ready', ready_at = :t", "state = 'published', ready_at = :t, published_at = :t")},
	{"a plan of another organisation", "plans_identity_fixed", planned, `UPDATE plans SET org_id = :partner WHERE id = :offer`},
	{"a cause of its own", "plans_cause_check", planned, `UPDATE plans SET cause = 'boredom' WHERE id = :offer`},
	{"planned for longer than an hour", "plans_seconds_check", planned, `UPDATE plans SET seconds = 3601 WHERE id = :offer`},
	{"an order planned twice", "plan_visits_once", planned, `INSERT INTO plan_visits (plan_id, no, order_id, engineer_id, planned, leaves_at) VALUES (:offer, 2, :order, :engineer, :slot, :t)`},
	{"a visit at no hour", "plan_visits_bounded", planned, `UPDATE plan_visits SET planned = 'empty'`},
	{"a visit moved from nowhere", "plan_visits_moved", visited + planned, `UPDATE plan_visits SET bound_visit_id = :visit`},
}

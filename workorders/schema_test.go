package workorders_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"paigong/internal/postgres/pgtest"
)

// plot names the rows that every case of this file starts from, in SQL: a head office and a partner, each
// with a customer, a site and a device, two engineers, a part in a van, and one order with everything
// around it. Rows of the partner end in 2.
var plot = strings.NewReplacer(
	":head", "(SELECT id FROM organisations WHERE code = 'head')", ":partner", "(SELECT id FROM organisations WHERE code = 'partner')",
	":customer2", "'00000000-0000-4000-8000-0000000000c2'", ":customer", "'00000000-0000-4000-8000-0000000000c1'",
	":contact2", "'00000000-0000-4000-8000-0000000000d2'", ":contact", "'00000000-0000-4000-8000-0000000000d1'",
	":site2", "'00000000-0000-4000-8000-0000000000e2'", ":site", "'00000000-0000-4000-8000-0000000000e1'",
	":asset2", "'00000000-0000-4000-8000-0000000000a2'", ":asset", "'00000000-0000-4000-8000-0000000000a1'",
	":engineer2", "'00000000-0000-4000-8000-0000000000b2'", ":engineer", "'00000000-0000-4000-8000-0000000000b1'",
	":novice", "'00000000-0000-4000-8000-0000000000b3'",
	":user2", "'00000000-0000-4000-8000-0000000000f2'", ":user", "'00000000-0000-4000-8000-0000000000f1'",
	":part", "'00000000-0000-4000-8000-000000000001'", ":van", "'00000000-0000-4000-8000-000000000002'",
	":request2", "'00000000-0000-4000-8000-000000000012'", ":request", "'00000000-0000-4000-8000-000000000011'",
	":order2", "'00000000-0000-4000-8000-000000000022'", ":order", "'00000000-0000-4000-8000-000000000021'",
	":visit2", "'00000000-0000-4000-8000-000000000032'", ":visit", "'00000000-0000-4000-8000-000000000031'",
	":quote", "'00000000-0000-4000-8000-000000000041'", ":sheet", "'00000000-0000-4000-8000-000000000051'",
	":line", "'00000000-0000-4000-8000-000000000061'", ":custody", "'00000000-0000-4000-8000-000000000071'",
	":offer", "'00000000-0000-4000-8000-000000000081'", ":old", "'00000000-0000-4000-8000-000000000091'",
	":new", "gen_random_uuid()", ":later", "'2026-11-17T01:00:00Z'", ":t", "'2026-11-16T01:00:00Z'",
	":slot", "tstzrange('2026-11-16T02:00:00Z', '2026-11-16T03:00:00Z', '[)')",
)

const company = `
INSERT INTO organisations (code, name, kind, created_at) VALUES ('head', '总部', 'head', :t);
INSERT INTO organisations (code, name, kind, parent_id, created_at) VALUES ('partner', '网点', 'partner', :head, :t);
INSERT INTO regions (code, name) VALUES ('bj', '北京'), ('sh', '上海');
INSERT INTO skills (code, name) VALUES ('cooling', '制冷');
INSERT INTO customers (id, org_id, number, name, created_at) VALUES (:customer, :head, 'C1', '周晓明', :t), (:customer2, :partner, 'C2', '刘洋', :t);
INSERT INTO contacts (id, org_id, customer_id, name, role, created_at) VALUES (:contact, :head, :customer, '周', 'reporter', :t), (:contact2, :partner, :customer2, '刘', 'reporter', :t);
INSERT INTO sites (id, org_id, customer_id, address, region_code, created_at) VALUES (:site, :head, :customer, '望京街', 'bj', :t), (:site2, :partner, :customer2, '南京路', 'sh', :t);
INSERT INTO assets (id, org_id, customer_id, site_id, created_at) VALUES (:asset, :head, :customer, :site, :t), (:asset2, :partner, :customer2, :site2, :t);
INSERT INTO engineers (id, org_id, name, created_at) VALUES (:engineer, :head, '王伟', :t), (:novice, :head, '李芳', :t), (:engineer2, :partner, '张强', :t);
INSERT INTO engineer_regions (engineer_id, region_code) VALUES (:engineer, 'bj'), (:novice, 'bj'), (:engineer2, 'sh');
INSERT INTO engineer_skills (engineer_id, skill_code) VALUES (:engineer, 'cooling'), (:engineer2, 'cooling');
INSERT INTO users (id, org_id, login, name, created_at) VALUES (:user, :head, 'clerk', 'clerk', :t), (:user2, :head, 'second', 'second', :t);
INSERT INTO parts (id, sku, name, created_at) VALUES (:part, 'P1', '启动电容', :t);
INSERT INTO places (id, org_id, code, name, kind, engineer_id, created_at) VALUES (:van, :head, 'VAN1', '车', 'van', :engineer, :t);
INSERT INTO moves (id, org_id, at, kind, part_id, quantity, to_place, actor) VALUES (:new, :head, :t, 'receive', :part, 3, :van, 'test');
INSERT INTO requests (id, org_id, number, channel, kind, summary, customer_id, site_id, asset_id, received_at, registered_at, reply_due_at)
  VALUES (:request, :head, 'SR1', 'phone', 'repair', '不制冷', :customer, :site, :asset, :t, :t, :later), (:request2, :partner, 'SR2', 'phone', 'repair', '不制冷', :customer2, :site2, :asset2, :t, :t, :later);
INSERT INTO work_orders (id, org_id, serving_org_id, number, request_id, kind, summary, customer_id, site_id, asset_id, region_code, skill_codes, created_at)
  VALUES (:order, :head, :head, 'WO1', :request, 'repair', '不制冷', :customer, :site, :asset, 'bj', '{cooling}', :t), (:order2, :partner, :partner, 'WO2', :request2, 'repair', '不制冷', :customer2, :site2, :asset2, 'sh', '{}', :t);
`

// Steps that bring rows of the plot further, by legal moves alone.
const (
	triaged   = `UPDATE requests SET state = 'triaged' WHERE id = :request; `
	ready     = `UPDATE work_orders SET state = 'ready' WHERE id = :order; `
	assigned  = ready + `UPDATE work_orders SET state = 'assigned', engineer_id = :engineer, engineer_org_id = :head WHERE id = :order; `
	working   = assigned + `UPDATE work_orders SET state = 'in_progress' WHERE id = :order; `
	followUp  = `INSERT INTO follow_ups (id, org_id, number, order_id, kind, anchor_on, due_from, due_to, due_on, created_at) VALUES (:new, :head, 'FU1', :order, 'after_visit', '2026-11-16', '2026-11-18', '2026-11-19', '2026-11-18', :t); `
	completed = working + followUp + `UPDATE work_orders SET state = 'completed', finished_at = :t WHERE id = :order; `
	visited   = `INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, created_at) VALUES (:visit, :head, :order, :engineer, :head, 'dispatched', :slot, :slot, 'asked for', :t); `
	drafted   = `INSERT INTO quotes (id, org_id, order_id, number, total_minor, valid_until, valid_to, created_at) VALUES (:quote, :head, :order, 'QT1', 100, '2026-11-16', :later, :t); INSERT INTO quote_lines (quote_id, no, kind, description, quantity, unit_minor, amount_minor) VALUES (:quote, 1, 'labour', '工时', 1, 100, 100); `
	sent      = drafted + `UPDATE quotes SET state = 'sent', sent_at = :t WHERE id = :quote; `
	agreed    = sent + `UPDATE quotes SET state = 'approved', approved_at = :t, approved_by = '周', approved_how = 'link' WHERE id = :quote; UPDATE work_orders SET approved_minor = 100 WHERE id = :order; `
	reported  = visited + `INSERT INTO sheets (id, org_id, order_id, visit_id, number, engineer_id, outcome, finished_at, signature, submitted_at, entered_by) VALUES (:sheet, :head, :order, :visit, 'RS1', :engineer, 'done', :t, '[[[1,2]]]', :t, :user); `
	fitted    = reported + `INSERT INTO sheet_parts (id, org_id, sheet_id, no, part_id, sku, name, quantity, booking) VALUES (:line, :head, :sheet, 1, :part, 'P1', '启动电容', 1, 'unreconciled'); `
	owed      = fitted + `INSERT INTO old_parts (id, org_id, order_id, sheet_part_id, engineer_id, part_id, quantity, due_on) VALUES (:old, :head, :order, :line, :engineer, :part, 1, '2026-11-23'); `
	taken     = `INSERT INTO custody (id, org_id, number, order_id, asset_id, device, condition, expected_return_on, signature, holder, opened_at) VALUES (:custody, :head, 'CU1', :order, :asset, '空调', '完好', '2026-11-20', '[[[1,2]]]', 'engineer', :t);
		INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) VALUES (:custody, 1, :head, :t, 'customer', 'engineer', '王伟'); `
	erased  = `UPDATE customers SET name = '', erased_at = :t WHERE id = :customer; `
	parked  = `INSERT INTO parked_facts (id, org_id, order_id, kind, body, code, why, told_at, parked_at) VALUES (:offer, :head, :order, 'sheet', '{}', 'visit_legal_move', 'x', :t, :t); `
	offered = `INSERT INTO hand_overs (id, org_id, order_id, from_org_id, to_org_id, reason, answer_by, offered_at) VALUES (:offer, :head, :order, :head, :partner, '忙', :later, :t); `

	addRequest = `INSERT INTO requests (id, org_id, number, channel, kind, summary, received_at, registered_at, reply_due_at) VALUES (:new, :head, 'SR3', 'phone', 'repair', 'x', :t, :t, :later); `
	addOrder   = `INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, summary, customer_id, created_at) VALUES (:new, :head, :head, 'WO3', 'repair', 'x', :customer, :t); `
	addVisit   = `INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, created_at) VALUES (:new, :head, :order, `
	addCustody = `INSERT INTO custody (id, org_id, number, order_id, device, condition, expected_return_on, signature, no_signature_reason, holder, state, closed_at, opened_at) VALUES (:new, `
	addSheet   = `INSERT INTO sheets (minutes_left, id, org_id, order_id, visit_id, number, engineer_id, outcome, finished_at, submitted_at, signature, no_signature_reason, replaces_id, correction_reason) VALUES (30, :new, `
	addLine    = `INSERT INTO sheet_parts (id, org_id, sheet_id, no, name, quantity, source, booking) VALUES (:new, `
)

// with changes one value of an INSERT above, so that each case shows what is wrong about its row.
func with(sql, old, new string) string {
	if !strings.Contains(sql, old) {
		panic(old + " is not in " + sql)
	}
	return strings.Replace(sql, old, new, 1)
}

type forbidden struct {
	name, constraint string
	given            string // steps that are allowed
	sql              string // the one that is not
}

var forbiddenRows = []forbidden{
	// Requests.
	{"a reply due after a day and a minute", "requests_reply_24h", "", with(addRequest, ":later)", "'2026-11-17T01:01:00Z')")},
	{"a request without a clock", "requests_reply_24h", "", with(addRequest, ":later)", "NULL)")},
	{"the clock moved afterwards", "requests_reply_24h", "", `UPDATE requests SET reply_due_at = CAST(:later AS timestamptz) + interval '1 hour' WHERE id = :request`},
	{"registered before it came", "requests_received_before_registered", "", with(addRequest, ":t, :t, :later", ":later, :t, CAST(:later AS timestamptz) + interval '1 day'")},
	{"converted and not closed", "requests_closed_when", triaged, `UPDATE requests SET state = 'converted' WHERE id = :request`},
	{"closed and still triaged", "requests_closed_when", triaged, `UPDATE requests SET closed_at = :t WHERE id = :request`},
	{"answered without a reply", "requests_closed_after_reply", triaged, `UPDATE requests SET state = 'answered', closed_at = :t, solution = 'x' WHERE id = :request`},
	{"rejected without a reply", "requests_closed_after_reply", "", `UPDATE requests SET state = 'rejected', closed_at = :t, reject_reason = 'x' WHERE id = :request`},
	{"a duplicate of nothing", "requests_duplicate_of_what", "", `UPDATE requests SET state = 'duplicate', closed_at = :t, replied_at = :t WHERE id = :request`},
	{"rejected for no reason", "requests_rejected_why", "", `UPDATE requests SET state = 'rejected', closed_at = :t, replied_at = :t WHERE id = :request`},
	{"answered with nothing", "requests_answered_how", triaged, `UPDATE requests SET state = 'answered', closed_at = :t, replied_at = :t WHERE id = :request`},
	{"a flow nobody knows", "requests_flow", "", `UPDATE requests SET flow = 'odd' WHERE id = :request`},
	{"handed over at no time", "requests_handing", "", `UPDATE requests SET handing_to = :request WHERE id = :request`},
	{"fed back at no time", "requests_feedback_when", "", `UPDATE requests SET feedback = 'x' WHERE id = :request`},
	{"converted unjudged", "requests_legal_move", "", `UPDATE requests SET state = 'converted', closed_at = :t WHERE id = :request`},
	{"born triaged", "requests_legal_move", "", with(with(addRequest, "summary", "state, summary"), "'x'", "'triaged', 'x'")},
	{"moved to another organisation", "requests_identity_fixed", "", `UPDATE requests SET org_id = :partner WHERE id = :request`},
	{"a number twice", "requests_number", "", with(addRequest, "SR3", "SR1")},
	{"imported twice", "requests_imported_once", `INSERT INTO requests (id, org_id, number, origin, external_ref, channel, kind, summary, received_at, registered_at) VALUES (:new, :head, 'I1', 'import', 'r-7', 'import', 'repair', 'x', :t, :t)`,
		`INSERT INTO requests (id, org_id, number, origin, external_ref, channel, kind, summary, received_at, registered_at) VALUES (:new, :head, 'I2', 'import', 'r-7', 'import', 'repair', 'x', :t, :t)`},
	{"a channel of its own", "requests_channel_check", "", with(addRequest, "'phone'", "'pigeon'")},
	{"a kind of its own", "requests_kind_check", "", with(addRequest, "'repair'", "'dance'")},
	{"the queue of a group that is not there", "requests_group", "", `UPDATE requests SET group_code = 'nobody' WHERE id = :request`},
	{"another organisation's customer", "requests_of_customer", "", `UPDATE requests SET customer_id = :customer2 WHERE id = :request`},
	{"another organisation's site", "requests_at_site", "", `UPDATE requests SET site_id = :site2 WHERE id = :request`},
	{"another organisation's device", "requests_of_asset", "", `UPDATE requests SET asset_id = :asset2 WHERE id = :request`},
	{"another organisation's contact", "requests_reporter", "", `UPDATE requests SET reporter_contact_id = :contact2 WHERE id = :request`},

	// What was told too late.
	{"a parked sheet of another organisation's order", "parked_facts_of_order", "", with(parked, ":head", ":partner")},
	{"parked and settled at no time", "parked_facts_settled_when", parked, `UPDATE parked_facts SET state = 'set_aside', settled_why = 'x' WHERE id = :offer`},
	{"set aside for no reason", "parked_facts_set_aside_why", parked, `UPDATE parked_facts SET state = 'set_aside', settled_at = :t WHERE id = :offer`},
	{"taken over without a sheet", "parked_facts_taken_as_sheet", parked, `UPDATE parked_facts SET state = 'taken', settled_at = :t WHERE id = :offer`},
	{"what was told changed afterwards", "parked_facts_stay", parked, `UPDATE parked_facts SET why = 'y' WHERE id = :offer`},
	{"what was told thrown away", "parked_facts_stay", parked, `DELETE FROM parked_facts WHERE id = :offer`},

	// Work orders.
	{"a number twice", "work_orders_number", "", with(addOrder, "WO3", "WO1")},
	{"imported twice", "work_orders_imported_once", `INSERT INTO work_orders (id, org_id, serving_org_id, number, origin, external_ref, kind, state, summary, customer_id, created_at) VALUES (:new, :head, :head, 'I1', 'import', 'o-7', 'repair', 'ready', 'x', :customer, :t)`,
		`INSERT INTO work_orders (id, org_id, serving_org_id, number, origin, external_ref, kind, state, summary, customer_id, created_at) VALUES (:new, :head, :head, 'I2', 'import', 'o-7', 'repair', 'ready', 'x', :customer, :t)`},
	{"two live orders for a request's device", "work_orders_one_live_per_device", "", `INSERT INTO work_orders (id, org_id, serving_org_id, number, request_id, kind, summary, customer_id, asset_id, created_at) VALUES (:new, :head, :head, 'WO3', :request, 'repair', 'x', :customer, :asset, :t)`},
	{"another organisation's request", "work_orders_of_request", "", `UPDATE work_orders SET request_id = :request2 WHERE id = :order`},
	{"another organisation's customer", "work_orders_of_customer", "", `UPDATE work_orders SET customer_id = :customer2 WHERE id = :order`},
	{"another organisation's site", "work_orders_at_site", "", `UPDATE work_orders SET site_id = :site2 WHERE id = :order`},
	{"another organisation's device", "work_orders_of_asset", "", `UPDATE work_orders SET asset_id = :asset2 WHERE id = :order`},
	{"another organisation's contact", "work_orders_contact", "", `UPDATE work_orders SET site_contact_id = :contact2 WHERE id = :order`},
	{"another organisation's payer", "work_orders_payer", "", `UPDATE work_orders SET payer_customer_id = :customer2 WHERE id = :order`},
	{"an engineer under a wrong organisation", "work_orders_engineer", "", `UPDATE work_orders SET engineer_id = :engineer, engineer_org_id = :partner WHERE id = :order`},
	{"an engineer of no organisation", "work_orders_engineer_of_server", "", `UPDATE work_orders SET engineer_id = :engineer WHERE id = :order`},
	{"held for no reason", "work_orders_hold_reason", "", `UPDATE work_orders SET state = 'on_hold' WHERE id = :order`},
	{"a reason and not held", "work_orders_hold_reason", "", `UPDATE work_orders SET hold_reason = 'parts' WHERE id = :order`},
	{"held for a reason of its own", "work_orders_hold_reason_check", "", `UPDATE work_orders SET state = 'on_hold', hold_reason = 'mood' WHERE id = :order`},
	{"completed at no time", "work_orders_finished_when", working, `UPDATE work_orders SET state = 'completed' WHERE id = :order`},
	{"finished and not", "work_orders_finished_when", "", `UPDATE work_orders SET finished_at = :t WHERE id = :order`},
	{"closed at no time", "work_orders_closed_when", completed, `UPDATE work_orders SET state = 'closed' WHERE id = :order`},
	{"cancelled at no time", "work_orders_cancelled_when", "", `UPDATE work_orders SET state = 'cancelled', cancel_reason = 'x' WHERE id = :order`},
	{"cancelled for no reason", "work_orders_cancelled_when", "", `UPDATE work_orders SET state = 'cancelled', cancelled_at = :t WHERE id = :order`},
	{"not completed for no reason", "work_orders_cannot_why", working, `UPDATE work_orders SET state = 'cannot_complete', finished_at = :t WHERE id = :order`},
	{"assigned to nobody", "work_orders_assigned_who", ready, `UPDATE work_orders SET state = 'assigned' WHERE id = :order`},
	{"assigned before the customer agreed to pay", "work_orders_paid_needs_yes", ready + `UPDATE work_orders SET chargeable = true WHERE id = :order; `, `UPDATE work_orders SET state = 'assigned', engineer_id = :engineer, engineer_org_id = :head WHERE id = :order`},
	{"chargeable while somebody is at it", "work_orders_paid_needs_yes", working, `UPDATE work_orders SET chargeable = true WHERE id = :order`},
	{"from new to assigned", "work_orders_legal_move", "", `UPDATE work_orders SET state = 'assigned', engineer_id = :engineer, engineer_org_id = :head WHERE id = :order`},
	{"born ready", "work_orders_legal_move", "", with(with(addOrder, "summary", "state, summary"), "'x'", "'ready', 'x'")},
	{"out of a final state", "work_orders_legal_move", `UPDATE work_orders SET state = 'cancelled', cancelled_at = :t, cancel_reason = 'x' WHERE id = :order; `, `UPDATE work_orders SET state = 'ready', cancelled_at = NULL, cancel_reason = NULL WHERE id = :order`},
	{"moved to another organisation", "work_orders_identity_fixed", "", `UPDATE work_orders SET org_id = :partner WHERE id = :order`},
	{"approved for a sum that no quote says", "work_orders_approved_is_sum", agreed, `UPDATE work_orders SET approved_minor = 99 WHERE id = :order`},
	{"a yes that the order does not know of", "work_orders_approved_is_sum", sent, `UPDATE quotes SET state = 'approved', approved_at = :t, approved_by = '周', approved_how = 'link' WHERE id = :quote`},
	{"given another id", "work_orders_identity_fixed", "", `UPDATE work_orders SET id = :new WHERE id = :order`},
	{"assigned without its parts", "work_orders_parts_held", `INSERT INTO order_parts (id, org_id, order_id, no, part_id, quantity) VALUES (:new, :head, :order, 1, :part, 2);
		INSERT INTO reservations (id, org_id, order_id, place_id, part_id, quantity, held_at) VALUES (:new, :head, :order, :van, :part, 1, :t); ` + ready, `UPDATE work_orders SET state = 'assigned', engineer_id = :engineer, engineer_org_id = :head WHERE id = :order`},
	{"completed without a follow-up", "work_orders_completed_follow_up", working, `UPDATE work_orders SET state = 'completed', finished_at = :t WHERE id = :order`},
	{"a completed order's follow-up taken away", "work_orders_completed_follow_up", completed, `UPDATE follow_ups SET state = 'superseded' WHERE order_id = :order`},
	{"two follow-ups of one order", "follow_ups_one_main", completed, with(followUp, "FU1", "FU2")},
	{"closed while the device is here", "work_orders_device_back", completed + taken, `UPDATE work_orders SET state = 'closed', closed_at = :t WHERE id = :order`},
	{"cancelled while the device is here", "work_orders_device_back", taken, `UPDATE work_orders SET state = 'cancelled', cancelled_at = :t, cancel_reason = 'x' WHERE id = :order`},
	{"a kind of its own", "work_orders_kind_check", "", with(addOrder, "'repair'", "'dance'")},
	{"a mode of its own", "work_orders_mode_check", "", `UPDATE work_orders SET mode = 'telepathy' WHERE id = :order`},
	{"a fifth priority", "work_orders_priority_check", "", `UPDATE work_orders SET priority = 5 WHERE id = :order`},
	{"no time at all", "work_orders_duration_minutes_check", "", `UPDATE work_orders SET duration_minutes = 0 WHERE id = :order`},

	// What other tables say about orders.
	{"parts of another organisation's order", "order_parts_of", "", `INSERT INTO order_parts (id, org_id, order_id, no, part_id, quantity) VALUES (:new, :head, :order2, 1, :part, 1)`},
	{"a part of no name", "order_parts_what", "", `INSERT INTO order_parts (id, org_id, order_id, no, quantity) VALUES (:new, :head, :order, 1, 1)`},
	{"none of a part", "order_parts_quantity_check", "", `INSERT INTO order_parts (id, org_id, order_id, no, part_id, quantity) VALUES (:new, :head, :order, 1, :part, 0)`},
	{"a visit of another organisation's order", "visits_of_order", "", with(with(addVisit, ":order", ":order2"), "created_at", "override_reason, created_at") + `:engineer2, :partner, 'dispatched', :slot, :slot, 'asked for', :t)`},
	{"parts held for another organisation's order", "reservations_of_order", "", `INSERT INTO reservations (id, org_id, order_id, place_id, part_id, quantity, held_at) VALUES (:new, :head, :order2, :van, :part, 1, :t)`},
	{"a shortage of another organisation's order", "shortages_of_order", "", `INSERT INTO shortages (id, org_id, order_id, part_id, quantity, waiting_since) VALUES (:new, :head, :order2, :part, 1, :t)`},
	{"a slip of another organisation's order", "pickups_of_order", visited, `INSERT INTO pickups (id, org_id, number, visit_id, order_id, place_id, engineer_id, needed_by, created_at) VALUES (:new, :head, 'PU1', :visit, :order2, :van, :engineer, :t, :t)`},
	{"a movement for an order that is not", "moves_of_order", "", `INSERT INTO moves (id, org_id, at, kind, part_id, quantity, from_place, order_id, actor) VALUES (:new, :head, :t, 'consume', :part, 1, :van, :new, 'x')`},
	{"a movement for a sheet that is not", "moves_of_sheet", "", `INSERT INTO moves (id, org_id, at, kind, part_id, quantity, from_place, order_id, sheet_id, actor) VALUES (:new, :head, :t, 'consume', :part, 1, :van, :order, :new, 'x')`},
	{"a link to an order that is not", "links_order", "", `INSERT INTO links (token_hash, org_id, order_id, purpose, created_at, expires_at) VALUES (sha256('a'), :head, :new, 'view', :t, :later)`},
	{"a link to a quote that is not", "links_quote", "", `INSERT INTO links (token_hash, org_id, order_id, quote_id, purpose, created_at, expires_at) VALUES (sha256('a'), :head, :order, :new, 'quote', :t, :later)`},
	{"an engineer who does not serve the region", "visits_qualified_region", "", addVisit + `:engineer2, :partner, 'dispatched', :slot, :slot, :t)`},
	{"an engineer who lacks the skill", "visits_qualified_skill", "", addVisit + `:novice, :head, 'dispatched', :slot, :slot, :t)`},
	{"handed to one who lacks the skill", "visits_qualified_skill", `INSERT INTO shifts (id, org_id, engineer_id, during) VALUES (:new, :head, :engineer, :slot); INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, shift_id, shift_during, created_at)
		SELECT :visit, :head, :order, :engineer, :head, 'dispatched', :slot, :slot, s.id, s.during, :t FROM shifts s; `, `UPDATE visits SET engineer_id = :novice WHERE id = :visit`},

	// Coverage.
	{"a decision about another organisation's order", "coverage_decisions_of", "", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, reason, actor, at) VALUES (:new, :head, :order2, 'all', 'none', 'x', 'x', :t)`},
	{"goodwill of nobody", "coverage_goodwill_approved", "", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, reason, actor, at) VALUES (:new, :head, :order, 'all', 'goodwill', 'x', 'x', :t)`},
	{"a decision rewritten", "coverage_decisions_append_only", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, reason, actor, at) VALUES (:new, :head, :order, 'all', 'none', 'x', 'x', :t)`, `UPDATE coverage_decisions SET source = 'maker'`},
	{"a line of its own", "coverage_decisions_line_check", "", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, reason, actor, at) VALUES (:new, :head, :order, 'mood', 'none', 'x', 'x', :t)`},
	{"a source of its own", "coverage_decisions_source_check", "", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, reason, actor, at) VALUES (:new, :head, :order, 'all', 'luck', 'x', 'x', :t)`},
	{"an exclusion of its own", "coverage_decisions_exclusion_check", "", `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, exclusion, reason, actor, at) VALUES (:new, :head, :order, 'all', 'none', 'mood', 'x', 'x', :t)`},

	// What is promised by when.
	{"there before anybody called", "clock_targets_in_order", "", `UPDATE clock_targets SET contact_minutes = arrive_minutes + 1`},
	{"a fifth priority", "clock_targets_priority", "", `UPDATE clock_targets SET priority = 5 WHERE class = 'A' AND kind = '' AND priority = 4`},
	{"a kind of order of its own", "clock_targets_kind", "", `UPDATE clock_targets SET kind = 'party' WHERE class = 'A' AND kind = '' AND priority = 4`},
	{"a check list for a kind of its own", "checklists_kind", "", `INSERT INTO checklists (kind, lines) VALUES ('party', '[]')`},
	{"a template for a kind of its own", "job_templates_kind", "", `INSERT INTO job_templates (kind, minutes) VALUES ('party', 60)`},
	{"a template of no length", "job_templates_minutes", "", `INSERT INTO job_templates (kind, minutes) VALUES ('repair', 0)`},
	{"a template of a fifth priority", "job_templates_priority", "", `INSERT INTO job_templates (kind, minutes, priority) VALUES ('repair', 60, 5)`},
	{"a template with parts that are none", "job_templates_parts", "", `INSERT INTO job_templates (kind, minutes, parts) VALUES ('repair', 60, '{}')`},
	{"a check list that is none", "checklists_lines", "", `INSERT INTO checklists (kind, lines) VALUES ('repair', '{}')`},

	// Who is on duty.
	{"on duty at a number that is none", "duty_rota_phone", "", `INSERT INTO duty_rota (org_id, day, user_id, phone) VALUES (:head, '2026-11-21', :user, '12')`},
	{"two on duty on one day", "duty_rota_one_a_day", `INSERT INTO duty_rota (org_id, day, user_id, phone) VALUES (:head, '2026-11-21', :user, '+8613800139999')`, `INSERT INTO duty_rota (org_id, day, user_id, phone) VALUES (:head, '2026-11-21', :user2, '+8613800139999')`},

	// Quotes.
	{"a number twice", "quotes_number", drafted, with(with(drafted, ":quote", ":new"), "'QT1', 100", "'QT1', 0")},
	{"another organisation's order", "quotes_of_order", "", with(drafted, ":order", ":order2")},
	{"two live offers for one repair", "quotes_one_live", drafted, `INSERT INTO quotes (id, org_id, order_id, number, total_minor, valid_until, valid_to, created_at) VALUES (:new, :head, :order, 'QT2', 0, '2026-11-16', :later, :t)`},
	{"agreed by nobody", "quotes_approved_how", sent, `UPDATE quotes SET state = 'approved', approved_at = :t, approved_how = 'link' WHERE id = :quote`},
	{"agreed in a way of its own", "quotes_approved_how_check", sent, `UPDATE quotes SET state = 'approved', approved_at = :t, approved_by = 'x', approved_how = 'dream' WHERE id = :quote`},
	{"agreed when it had ended", "quotes_approved_in_time", sent, `UPDATE quotes SET state = 'approved', approved_at = :later, approved_by = '周', approved_how = 'link' WHERE id = :quote`},
	{"declined at no time", "quotes_declined_when", sent, `UPDATE quotes SET state = 'declined' WHERE id = :quote`},
	{"agreed after it had expired", "quotes_legal_move", sent + `UPDATE quotes SET state = 'expired' WHERE id = :quote; `, `UPDATE quotes SET state = 'approved', approved_at = :t, approved_by = '周', approved_how = 'link' WHERE id = :quote`},
	{"born approved", "quotes_legal_move", "", `INSERT INTO quotes (id, org_id, order_id, number, state, total_minor, valid_until, valid_to, created_at, approved_at, approved_by, approved_how) VALUES (:new, :head, :order, 'QT2', 'approved', 0, '2026-11-16', :later, :t, :t, 'x', 'link')`},
	{"moved to another organisation", "quotes_identity_fixed", drafted, `UPDATE quotes SET org_id = :partner WHERE id = :quote`},
	{"dearer after the yes", "quotes_frozen", agreed, `UPDATE quotes SET total_minor = 200 WHERE id = :quote`},
	{"another name under the yes", "quotes_frozen", agreed, `UPDATE quotes SET approved_by = '王' WHERE id = :quote`},
	{"a line added after it was sent", "quotes_frozen", sent, `INSERT INTO quote_lines (quote_id, no, kind, description, quantity, unit_minor, amount_minor) VALUES (:quote, 2, 'labour', 'x', 1, 5, 5)`},
	{"a line dropped after it was sent", "quotes_frozen", sent, `DELETE FROM quote_lines WHERE quote_id = :quote`},
	{"a line changed after it was sent", "quotes_frozen", sent, `UPDATE quote_lines SET unit_minor = 1, amount_minor = 1 WHERE quote_id = :quote`},
	{"a total of its own", "quotes_total_is_sum", drafted, `UPDATE quotes SET total_minor = 101 WHERE id = :quote`},
	{"a line beyond the total", "quotes_total_is_sum", drafted, `INSERT INTO quote_lines (quote_id, no, kind, description, quantity, unit_minor, amount_minor) VALUES (:quote, 2, 'labour', 'x', 1, 5, 5)`},
	{"an amount of its own", "quote_lines_amount", drafted, `INSERT INTO quote_lines (quote_id, no, kind, description, quantity, unit_minor, amount_minor) VALUES (:quote, 2, 'labour', 'x', 2, 5, 11)`},
	{"less than nothing", "quotes_total_minor_check", "", with(drafted, "'QT1', 100", "'QT1', -100")},
	{"a limit below nothing", "quotes_limit_minor_check", drafted, `UPDATE quotes SET limit_minor = -1 WHERE id = :quote`},
	{"a purpose of its own", "quotes_purpose_check", drafted, `UPDATE quotes SET purpose = 'fun' WHERE id = :quote`},
	{"a kind of line of its own", "quote_lines_kind_check", drafted, `UPDATE quote_lines SET kind = 'tip' WHERE quote_id = :quote`},
	{"none of a line", "quote_lines_quantity_check", drafted, `UPDATE quote_lines SET quantity = 0, amount_minor = 0 WHERE quote_id = :quote`},
	{"a line below nothing", "quote_lines_unit_minor_check", drafted, `UPDATE quote_lines SET unit_minor = -1, amount_minor = -1 WHERE quote_id = :quote`},

	// Sheets.
	{"a number twice", "sheets_number", reported, addSheet + `:head, :order, :visit, 'RS1', :engineer, 'partial', :t, :t, NULL, NULL, :sheet, 'x')`},
	{"another organisation's order", "sheets_of_order", visited, addSheet + `:partner, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, NULL, NULL)`},
	{"another order's visit", "sheets_of_visit", visited, addSheet + `:partner, :order2, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, NULL, NULL)`},
	{"two current sheets of a visit", "sheets_one_per_visit", reported, addSheet + `:head, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, NULL, NULL)`},
	{"done and unsigned", "sheets_signed", visited, addSheet + `:head, :order, :visit, 'RS2', :engineer, 'done', :t, :t, NULL, NULL, NULL, NULL)`},
	{"to be continued, nobody knows how long", "sheets_partial_left", visited, strings.Replace(addSheet, "(30,", "(NULL,", 1) + `:head, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, NULL, NULL)`},
	{"signed and not, at once", "sheets_signed", visited, addSheet + `:head, :order, :visit, 'RS2', :engineer, 'done', :t, :t, '[[[1,2]]]', 'nobody there', NULL, NULL)`},
	{"a correction for no reason", "sheets_correction_why", reported, `UPDATE sheets SET replaced_at = :t; ` + addSheet + `:head, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, :sheet, NULL)`},
	{"compared by who typed it", "sheets_second_pair_of_eyes", reported, `UPDATE sheets SET verified_by = :user WHERE id = :sheet`},
	{"rewritten", "sheets_signed_stays", reported, `UPDATE sheets SET notes = 'x' WHERE id = :sheet`},
	{"another signature", "sheets_signed_stays", reported, `UPDATE sheets SET signature = '[[[9,9]]]' WHERE id = :sheet`},
	{"deleted", "sheets_signed_stays", reported, `DELETE FROM sheets WHERE id = :sheet`},
	{"touched after its correction", "sheets_signed_stays", reported + `UPDATE sheets SET replaced_at = :t WHERE id = :sheet; `, `UPDATE sheets SET verified_by = :user2 WHERE id = :sheet`},
	{"repaired before the customer agreed to pay", "sheets_repair_approved", `UPDATE work_orders SET chargeable = true, call_out_minor = 8000 WHERE id = :order; ` + visited, addSheet + `:head, :order, :visit, 'RS2', :engineer, 'done', :t, :t, '[[[1,2]]]', NULL, NULL, NULL)`},
	{"an outcome of its own", "sheets_outcome_check", visited, addSheet + `:head, :order, :visit, 'RS2', :engineer, 'magic', :t, :t, NULL, NULL, NULL, NULL)`},
	{"work for less than no time", "sheets_work_minutes_check", reported, `UPDATE sheets SET replaced_at = :t; ` + with(addSheet, "correction_reason", "correction_reason, work_minutes") + `:head, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, :sheet, 'x', -1)`},
	{"travel for less than no time", "sheets_travel_minutes_check", reported, `UPDATE sheets SET replaced_at = :t; ` + with(addSheet, "correction_reason", "correction_reason, travel_minutes") + `:head, :order, :visit, 'RS2', :engineer, 'partial', :t, :t, NULL, NULL, :sheet, 'x', -1)`},
	{"a line of another organisation's sheet", "sheet_parts_of", reported, addLine + `:partner, :sheet, 1, 'x', 1, 'bought', 'outside')`},
	{"a line twice", "sheet_parts_line", fitted, addLine + `:head, :sheet, 1, 'x', 1, 'bought', 'outside')`},
	{"bought and out of stock", "sheet_parts_outside", reported, addLine + `:head, :sheet, 1, 'x', 1, 'bought', 'unreconciled')`},
	{"booked by no movement", "sheet_parts_booked_by_move", reported, addLine + `:head, :sheet, 1, 'x', 1, 'stock', 'booked')`},
	{"none of a part", "sheet_parts_quantity_check", reported, addLine + `:head, :sheet, 1, 'x', 0, 'bought', 'outside')`},
	{"a source of its own", "sheet_parts_source_check", reported, addLine + `:head, :sheet, 1, 'x', 1, 'found', 'outside')`},
	{"a booking of its own", "sheet_parts_booking_check", reported, addLine + `:head, :sheet, 1, 'x', 1, 'stock', 'maybe')`},
	{"an old part of another organisation's order", "old_parts_of", fitted, `INSERT INTO old_parts (id, org_id, order_id, sheet_part_id, engineer_id, part_id, quantity, due_on) VALUES (:new, :head, :order2, :line, :engineer, :part, 1, '2026-11-23')`},
	{"scrapped before it came", "old_parts_legal_move", owed, `UPDATE old_parts SET state = 'scrapped' WHERE id = :old`},
	{"an old part of another organisation", "old_parts_identity_fixed", owed, `UPDATE old_parts SET org_id = :partner WHERE id = :old`},

	// What happened and what was said.
	{"about nothing", "timeline_of_something", "", `INSERT INTO timeline (id, org_id, at, actor, action) VALUES (:new, :head, :t, 'x', 'x')`},
	{"talk about nothing", "conversations_about", "", `INSERT INTO conversations (id, org_id, direction, channel, kind, at, actor) VALUES (:new, :head, 'in', 'phone', 'chase', :t, 'x')`},
	{"talk rewritten", "conversations_append_only", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor) VALUES (:new, :head, :order, 'in', 'phone', 'chase', :t, 'x'); `, `UPDATE conversations SET text = 'never said'`},
	{"the words taken out of somebody's talk who was not erased", "conversations_append_only", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor, text) VALUES (:new, :head, :order, 'in', 'phone', 'chase', :t, 'x', 'x'); `, `UPDATE conversations SET text = ''`},
	{"other words put into the talk of somebody erased", "conversations_append_only", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor, text) VALUES (:new, :head, :order, 'in', 'phone', 'chase', :t, 'x', 'x'); ` + erased, `UPDATE conversations SET text = 'y'`},
	{"more than the words taken out", "conversations_append_only", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor, text) VALUES (:new, :head, :order, 'in', 'phone', 'chase', :t, 'x', 'x'); ` + erased, `UPDATE conversations SET text = '', actor = 'y'`},
	{"a yes on paper that nobody can look at", "quotes_paper_scanned", sent, `UPDATE quotes SET state = 'approved', approved_at = :t, approved_by = '周', approved_how = 'paper' WHERE id = :quote; UPDATE work_orders SET approved_minor = 100 WHERE id = :order`},
	{"an erasure taken off its list", "erasures_append_only", erased, `DELETE FROM erasures`},
	{"talk deleted", "conversations_append_only", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor) VALUES (:new, :head, :order, 'in', 'phone', 'chase', :t, 'x'); `, `DELETE FROM conversations`},
	{"neither in nor out", "conversations_direction_check", "", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor) VALUES (:new, :head, :order, 'up', 'phone', 'chase', :t, 'x')`},
	{"a kind of talk of its own", "conversations_kind_check", "", `INSERT INTO conversations (id, org_id, order_id, direction, channel, kind, at, actor) VALUES (:new, :head, :order, 'in', 'phone', 'song', :t, 'x')`},

	// Hand-over.
	{"another organisation's order", "hand_overs_of", "", with(offered, ":order", ":order2")},
	{"to where it is", "hand_overs_elsewhere", "", with(offered, ":partner", ":head")},
	{"two open offers", "hand_overs_one_open", offered, with(offered, ":offer", ":new")},
	{"born accepted", "hand_overs_legal_move", "", with(with(offered, "reason,", "state, reason,"), "'忙'", "'accepted', '忙'")},
	{"refused after it was accepted", "hand_overs_legal_move", offered + `UPDATE hand_overs SET state = 'accepted' WHERE id = :offer; `, `UPDATE hand_overs SET state = 'refused' WHERE id = :offer`},
	{"an offer of another organisation", "hand_overs_identity_fixed", offered, `UPDATE hand_overs SET org_id = :partner WHERE id = :offer`},

	// Custody.
	{"a number twice", "custody_number", taken, addCustody + `:partner, 'CU1', :order2, 'x', 'x', '2026-11-20', '[]', NULL, 'depot', 'taken', NULL, :t)`},
	{"another organisation's order", "custody_of_order", "", addCustody + `:head, 'CU2', :order2, 'x', 'x', '2026-11-20', '[]', NULL, 'depot', 'taken', NULL, :t)`},
	{"taken without consent", "custody_consent", "", addCustody + `:head, 'CU2', :order, 'x', 'x', '2026-11-20', NULL, NULL, 'depot', 'taken', NULL, :t)`},
	{"returned at no time", "custody_closed_when", taken, `UPDATE custody SET state = 'returned', holder = 'customer' WHERE id = :custody`},
	{"returned and still here", "custody_holder_of_state", taken, `UPDATE custody SET state = 'returned', closed_at = :t WHERE id = :custody`},
	{"with nobody we know", "custody_holder_check", taken, `UPDATE custody SET holder = 'thief' WHERE id = :custody`},
	{"two records of one order", "custody_one_open", taken, addCustody + `:head, 'CU2', :order, 'x', 'x', '2026-11-20', '[]', NULL, 'depot', 'taken', NULL, :t)`},
	{"one device taken twice", "custody_one_open_device", taken, with(addCustody, "device,", "asset_id, device,") + `:partner, 'CU2', :order2, :asset, 'x', 'x', '2026-11-20', '[]', NULL, 'depot', 'taken', NULL, :t)`},
	{"tested before it was received", "custody_legal_move", taken, `UPDATE custody SET state = 'tested' WHERE id = :custody`},
	{"a record of another organisation", "custody_identity_fixed", taken, `UPDATE custody SET org_id = :partner WHERE id = :custody`},
	{"passed on by who has not got it", "custody_chain_unbroken", taken, `INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) VALUES (:custody, 2, :head, :t, 'depot', 'vendor', 'x')`},
	{"a link of the chain left out", "custody_chain_unbroken", taken, `INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) VALUES (:custody, 3, :head, :t, 'engineer', 'depot', 'x')`},
	{"elsewhere without a move", "custody_chain_unbroken", taken, `UPDATE custody SET holder = 'vendor' WHERE id = :custody`},
	{"a move rewritten", "custody_moves_append_only", taken, `UPDATE custody_moves SET to_holder = 'depot'`},
	{"a move deleted", "custody_moves_append_only", taken, `DELETE FROM custody_moves`},
}

// deniedToServe is what the role that serves has no right to at all.
var deniedToServe = []struct{ name, sql string }{
	{"edit a movement", `UPDATE moves SET quantity = 9`},
	{"delete a movement", `DELETE FROM moves`},
	{"empty the ledger", `TRUNCATE moves`},
	{"write stock", `UPDATE stock SET on_hand = 9`},
	{"add stock", `INSERT INTO stock (place_id, part_id) VALUES (:van, :part)`},
	{"write a piece", `INSERT INTO pieces (part_id, serial_number, place_id) VALUES (:part, 'S1', :van)`},
	{"forge the account of changes", `INSERT INTO audit_log (epoch, at, actor, act, tbl, row_id, change) VALUES (1, :t, 'x', 'u', 'x', 'x', '{}')`},
	{"edit the account of changes", `UPDATE audit_log SET actor = 'x'`},
	{"cut the account of changes", `DELETE FROM audit_log`},
	{"forge a seal", `DELETE FROM audit_seals`},
	{"rewrite what happened", `UPDATE timeline SET actor = 'x'`},
	{"forget what happened", `DELETE FROM timeline`},
	{"forget an escalation", `DELETE FROM escalations`},
	{"rewrite a receipt's line", `UPDATE receipt_lines SET amount_minor = 0`},
	{"allow itself another move", `INSERT INTO lifecycle_moves (kind, from_state, to_state, action) VALUES ('work_order', 'new', 'closed', 'x')`},
	{"change the schema", `ALTER TABLE work_orders DROP CONSTRAINT work_orders_paid_needs_yes`},
	{"switch a trigger off", `ALTER TABLE sheets DISABLE TRIGGER sheets_signed_stays`},
	{"act as if it were a copy", `SET session_replication_role = replica`},
	{"write an account line by itself", `SELECT audit_write('UPDATE', 'x', 1, 'x', '{}')`},
	{"add a seal by itself", `INSERT INTO audit_seals VALUES (9, 1, '1', '2', 1, '', sha256('a'), :t)`},
}

// attempt runs steps that have to pass and then one that has to fail, on rows that are thrown away.
func attempt(t *testing.T, db *bun.DB, given, sql string) *pgconn.PgError {
	t.Helper()
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	exec := func(sql string) error { return steps(ctx, tx, sql) }
	if err := exec(`SELECT set_config('app.actor', 'test', true); ` + given + `; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED`); err != nil {
		t.Errorf("what is allowed is refused: %v", err)
		return nil
	}
	err = exec(sql + `; SET CONSTRAINTS ALL IMMEDIATE`)
	var refused *pgconn.PgError
	if err != nil && !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	return refused
}

// steps runs statements of the plot one after the other, up to the first that fails.
func steps(ctx context.Context, tx bun.IDB, sql string) error {
	for _, one := range strings.Split(plot.Replace(sql), ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func newPlot(t *testing.T) *bun.DB {
	t.Helper()
	db := pgtest.New(t)
	err := db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		return steps(ctx, tx, `SELECT set_config('app.actor', 'test', true); `+company)
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// PostgreSQL refuses by itself, to the role that serves, what must never be, whatever the program forgets.
func TestWhatPostgresRefuses(t *testing.T) {
	t.Parallel()
	db := newPlot(t)
	for _, c := range slices.Concat(forbiddenRows, forbiddenServices) {
		t.Run(c.constraint+"/"+c.name, func(t *testing.T) {
			refused := attempt(t, db, c.given, c.sql)
			switch {
			case refused == nil:
				t.Errorf("it was taken")
			case refused.ConstraintName != c.constraint:
				t.Errorf("refused by %q (%s %s), want %q", refused.ConstraintName, refused.Code, refused.Message, c.constraint)
			}
		})
	}
	for _, c := range deniedToServe {
		t.Run("denied/"+c.name, func(t *testing.T) {
			if refused := attempt(t, db, "", c.sql); refused == nil || refused.Code != "42501" {
				t.Errorf("the serving role may: %v", refused)
			}
		})
	}
}

// The timeline is written by the role that serves and changed by nobody: not even by who owns the table.
func TestOwnerCannotRewriteWhatHappened(t *testing.T) {
	t.Parallel()
	owner := pgtest.Owner(t, newPlot(t))
	const entry = `INSERT INTO timeline (id, org_id, order_id, at, actor, action) VALUES (:new, :head, :order, :t, 'x', 'open'); `
	for name, sql := range map[string]string{"rewritten": `UPDATE timeline SET actor = 'y'`, "deleted": `DELETE FROM timeline`} {
		if refused := attempt(t, owner, entry, sql); refused == nil || refused.ConstraintName != "timeline_append_only" {
			t.Errorf("a line of the timeline %s: %v", name, refused)
		}
	}
	if refused := attempt(t, owner, "", `UPDATE pieces SET fitted_order = :new; INSERT INTO pieces (part_id, serial_number, fitted_order) VALUES (:part, 'S1', :new)`); refused == nil || refused.ConstraintName != "pieces_of_order" {
		t.Errorf("a piece fitted for an order that is not: %v", refused)
	}
}

// Every constraint of these tables has its forbidden row above, so that a new one is not left untried.
func TestEveryConstraintIsTried(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	tried := map[string]bool{"timeline_append_only": true, "pieces_of_order": true}
	for _, c := range slices.Concat(forbiddenRows, forbiddenServices) {
		tried[c.constraint] = true
	}
	var names []string
	tables := []string{"requests", "work_orders", "order_parts", "coverage_decisions", "quotes", "quote_lines", "sheets", "sheet_parts", "old_parts", "timeline", "conversations", "hand_overs", "watchers", "custody", "custody_moves",
		"files", "issued_papers", "messages", "jobs", "idempotency_keys", "links", "plans", "plan_visits"}
	err := db.NewRaw(`SELECT conname FROM pg_constraint WHERE conrelid::regclass::text IN (?0) AND contype IN ('c', 'u', 'f', 'x')
			AND conname !~ '_(fkey|key|pkey)$'
		UNION SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
			WHERE x.indrelid::regclass::text IN (?0) AND x.indisunique AND NOT x.indisprimary AND i.relname !~ '_key$'
		UNION SELECT tbl || '_' || 'legal_move' FROM (SELECT tgrelid::regclass::text AS tbl FROM pg_trigger WHERE tgfoid = 'move_state'::regproc) m WHERE tbl IN (?0)`, bun.List(tables)).Scan(ctx, &names)
	if err != nil {
		t.Fatal(err)
	}
	var source string
	if err := db.NewRaw(`SELECT string_agg(prosrc, ' ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname IN
		('visits_qualified', 'work_orders_parts_held', 'quotes_frozen', 'quotes_total_is_sum', 'sheets_signed_stays', 'sheets_repair_approved', 'custody_chain', 'custody_holder_is_last', 'work_orders_device_back', 'completed_has_follow_up',
		 'files_fixed', 'idempotency_keys_answered', 'plans_published')`).Scan(ctx, &source); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`refuse\('([a-z0-9_]+)'`).FindAllStringSubmatch(source, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	if len(names) < 90 {
		t.Errorf("only %d constraints found", len(names))
	}
	for _, name := range slices.Compact(names) {
		// A later table's own foreign keys belong to its own tests.
		if !tried[name] && name != "timeline_complaint_of" {
			t.Errorf("nothing here tries to break %s", name)
		}
	}
}

package workorders

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/calendar"
	"paigong/internal/postgres/pgtest"
)

const (
	noon      = "2026-11-20T04:00:00Z"
	afternoon = "2026-11-20T07:00:00Z"
	hour      = "[2026-11-20 04:00+00,2026-11-20 05:00+00)"
	halfHour  = "[2026-11-20 04:30+00,2026-11-20 05:30+00)"
	day       = "[2026-11-20 00:00+00,2026-11-20 12:00+00)"
)

// id names rows in the tests: the same word is the same row.
func id(word string) string {
	return uuid.NewV5(uuid.NamespaceURL, word).String()
}

type row map[string]any

// plain is what a row of each table needs to be nothing special.
var plain = map[string]row{
	"absences":           {"engineer_id": id("engineer"), "during": hour, "requested_at": noon, "state": "requested"},
	"assets":             {"customer_id": id("customer"), "site_id": id("site"), "created_at": noon},
	"audit_log":          {"epoch": 1, "at": noon, "actor": "x", "act": "n", "tbl": "x", "row_id": "x", "change": row{}},
	"callbacks":          {"reason": "delay", "order_id": id("nothing"), "due_at": noon, "created_at": noon},
	"cash_ups":           {"engineer_id": id("engineer"), "day": "2026-11-20", "expected_minor": 100, "counted_minor": 100, "actor": "x", "at": noon},
	"clocks":             {"subject_kind": "complaint", "subject_id": id("nothing"), "kind": "reply", "due_at": "2026-11-21T04:00:00Z", "next_at": "2026-11-21T04:00:00Z"},
	"complaints":         {"number": "C", "grade": "grumble", "severity": 1, "text": "x", "received_at": noon, "registered_at": noon, "reply_due_at": "2026-11-21T04:00:00Z"},
	"contacts":           {"customer_id": id("customer"), "name": "x", "role": "reporter", "created_at": noon},
	"custody":            {"number": "C", "order_id": id("nothing"), "device": "x", "condition": "x", "expected_return_on": "2026-11-30", "holder": "depot", "opened_at": noon, "no_signature_reason": "x"},
	"custody_moves":      {"custody_id": id("custody"), "no": 1, "at": noon, "from_holder": "customer", "to_holder": "depot", "by_name": "x"},
	"customers":          {"number": "C", "name": "x", "created_at": noon},
	"diary":              {"engineer_id": id("engineer"), "during": hour, "kind": "hold"},
	"erasures":           {"customer_id": id("customer"), "at": noon},
	"escalations":        {"clock_id": id("clock"), "level": 1, "at": noon},
	"files":              {"sha256": hash, "stored_sha256": hash, "bytes": `\x01`, "mime": "image/png", "size": 1, "at": noon},
	"follow_ups":         {"number": "F", "order_id": id("nothing"), "kind": "after_visit", "anchor_on": "2026-11-18", "due_from": "2026-11-20", "due_to": "2026-11-21", "due_on": "2026-11-20", "created_at": noon},
	"follow_up_attempts": {"follow_up_id": id("follow-up"), "no": 1, "at": noon, "actor": "x", "outcome": "no_answer"},
	"hand_overs":         {"order_id": id("nothing"), "from_org_id": 1, "to_org_id": 2, "reason": "x", "answer_by": afternoon, "offered_at": noon},
	"idempotency_keys":   {"scope": "x", "key": "12345678", "route": "x", "body_sha256": `\x` + strings.Repeat("00", 32), "at": noon},
	"invoice_requests":   {"receipt_id": id("nothing"), "title": "x", "requested_at": noon},
	"issued_papers":      {"subject_id": id("nothing"), "kind": "quote", "lang": "en", "sha256": hash, "bytes": `\x01`, "at": noon},
	"jobs":               {"kind": "x", "run_at": noon, "created_at": noon},
	"links":              {"token_hash": `\x` + strings.Repeat("01", 32), "order_id": id("order"), "purpose": "view", "created_at": noon, "expires_at": afternoon},
	"messages":           {"audience": "customer", "lang": "en", "key": "x", "due_at": noon, "created_at": noon},
	"moves":              {"at": noon, "kind": "receive", "part_id": id("part"), "quantity": 5, "to_place": id("place"), "actor": "x"},
	"old_parts":          {"order_id": id("nothing"), "sheet_part_id": id("nothing"), "engineer_id": id("engineer"), "part_id": id("part"), "quantity": 1, "due_on": "2026-11-27"},
	"order_parts":        {"order_id": id("order"), "no": 1, "part_id": id("part"), "quantity": 1},
	"organisations":      {"code": "X", "name": "x", "kind": "centre", "parent_id": 1, "created_at": noon},
	"payments":           {"receipt_id": id("receipt"), "amount_minor": 100, "method": "cash", "paid_at": noon, "recorded_at": noon, "actor": "x"},
	"pickups":            {"number": "P", "visit_id": id("nothing"), "order_id": id("nothing"), "place_id": id("place"), "engineer_id": id("engineer"), "needed_by": noon, "created_at": noon},
	"pieces":             {"part_id": id("serialised"), "serial_number": "S1"},
	"plans":              {"state": "ready", "day": "2026-11-20", "created_at": noon, "ready_at": noon},
	"plan_visits":        {"plan_id": id("plan"), "no": 1, "order_id": id("nothing"), "engineer_id": id("engineer"), "planned": hour, "leaves_at": noon},
	"quotes":             {"order_id": id("nothing"), "number": "Q", "total_minor": 0, "valid_until": "2026-11-30", "valid_to": "2026-12-01T00:00:00Z", "created_at": noon},
	"quote_lines":        {"quote_id": id("quote"), "no": 1, "kind": "labour", "description": "x", "quantity": 1, "unit_minor": 100, "amount_minor": 100},
	"receipts":           {"series": "R", "year": 2026, "no": 1, "number": "R", "order_id": id("nothing"), "order_org_id": 1, "customer_id": id("customer"), "total_minor": 0, "issued_at": noon, "actor": "x"},
	"receipt_balances":   {"receipt_id": id("receipt"), "balance_minor": 100},
	"receipt_lines":      {"receipt_id": id("receipt"), "no": 1, "kind": "labour", "description": "x", "quantity": 1, "unit_minor": 100, "amount_minor": 100},
	"receipt_series":     {"series": "R", "year": 2026, "last_no": 1},
	"regions":            {"code": "X", "name": "x"},
	"requests":           {"number": "S", "channel": "phone", "kind": "repair", "summary": "x", "received_at": noon, "registered_at": noon, "reply_due_at": "2026-11-21T04:00:00Z"},
	"reservations":       {"order_id": id("nothing"), "place_id": id("place"), "part_id": id("part"), "quantity": 1, "held_at": noon},
	"sheets":             {"order_id": id("order"), "visit_id": id("visit"), "number": "W", "engineer_id": id("engineer"), "outcome": "partial", "minutes_left": 30, "finished_at": noon, "submitted_at": noon},
	"takings":            {"engineer_id": id("engineer"), "day": "2026-11-20"},
	"sheet_parts":        {"sheet_id": id("sheet"), "no": 1, "part_id": id("part"), "name": "x", "quantity": 1},
	"shifts":             {"engineer_id": id("engineer"), "during": day},
	"shortages":          {"order_id": id("nothing"), "part_id": id("part"), "quantity": 1, "waiting_since": noon},
	"stock":              {"place_id": id("place"), "part_id": id("part"), "on_hand": 5},
	"visits":             {"order_id": id("order"), "engineer_id": id("engineer"), "engineer_org_id": 1, "state": "dispatched", "planned": hour, "blocked": hour, "override_reason": "x", "created_at": noon},
	"work_orders":        {"serving_org_id": 1, "number": "W", "kind": "repair", "summary": "x", "customer_id": id("customer"), "created_at": noon},
}

// hash is the SHA-256 of the one byte 01.
const hash = `\x4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a`

// put is an INSERT of one row: what the table needs, and over it what the test says.
func put(table string, says ...row) string {
	r := maps.Clone(plain[table])
	switch table {
	case "custody_moves", "escalations":
		r["org_id"] = 1
	case "plan_visits":
	case "receipt_lines", "receipt_balances", "quote_lines", "links", "organisations", "regions", "pieces", "idempotency_keys", "stock", "takings", "jobs":
		if table == "links" {
			r["org_id"] = 1
		}
	default:
		r["org_id"] = 1
	}
	switch table {
	case "custody_moves", "escalations", "receipt_lines", "receipt_balances", "quote_lines", "links", "organisations", "regions", "pieces", "idempotency_keys", "stock", "takings", "receipt_series", "audit_log", "plan_visits", "erasures":
	default:
		r["id"] = uuid.Must(uuid.NewV4()).String()
	}
	for _, s := range says {
		maps.Copy(r, s)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	columns := strings.Join(slices.Sorted(maps.Keys(r)), ", ")
	return fmt.Sprintf("INSERT INTO %[1]s (%[2]s) OVERRIDING SYSTEM VALUE SELECT %[2]s FROM jsonb_populate_record(NULL::%[1]s, '%[3]s')", table, columns, strings.ReplaceAll(string(raw), "'", "''"))
}

func drop(table, constraint string) string {
	return fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", table, constraint)
}

// order and visit are the ones that other rows speak of.
func order(says ...row) string {
	return put("work_orders", append([]row{{"id": id("order")}}, says...)...)
}
func visit(says ...row) string { return put("visits", append([]row{{"id": id("visit")}}, says...)...) }
func ended(outcome string) row {
	return row{"state": "finished", "outcome": outcome, "finished_at": noon, "arrived_at": noon}
}

// noted is a complaint with its clock.
func noted(says ...row) []string {
	return []string{put("complaints", append([]row{{"id": id("complaint")}}, says...)...), put("clocks", row{"id": id("clock"), "subject_id": id("complaint")})}
}

// planted breaks each promise once and no other. The key is the area and the name of the check.
var planted = map[string][]string{
	"stock: reversals mirror moves":            {put("moves", row{"id": id("move")}), put("moves", row{"reverses": id("move"), "quantity": 4}), put("stock", row{"on_hand": 9})},
	"stock: reserved is sum of held":           {put("moves"), put("stock", row{"reserved": 1})},
	"stock: pieces are counted where they lie": {put("pieces", row{"place_id": id("place")})},
	"stock: pieces are promised as written":    {put("moves", row{"part_id": id("serialised"), "quantity": 1}), put("stock", row{"part_id": id("serialised"), "on_hand": 1}), put("pieces", row{"place_id": id("place"), "held_by_order": id("nothing")})},
	"stock: custody chain is unbroken":         {put("custody", row{"id": id("custody")}), put("custody_moves"), put("custody_moves", row{"no": 3, "from_holder": "depot", "to_holder": "depot"})},
	"stock: custody holder is last in chain":   {put("custody", row{"id": id("custody"), "holder": "engineer"}), put("custody_moves")},
	"stock: custody ends before its order":     {order(row{"state": "cancelled", "cancelled_at": noon, "cancel_reason": "x"}), put("custody", row{"id": id("custody"), "order_id": id("order")}), put("custody_moves")},

	"diary: every binding visit stands in the diary with its blocked time":                            {put("visits", row{"order_id": id("nothing")})},
	"diary: no visit that ended or was never published stands in the diary":                           {put("diary", row{"kind": "visit", "visit_id": id("nothing")})},
	"diary: nobody is in two places at once":                                                          {drop("diary", "diary_no_overlap"), put("diary"), put("diary", row{"during": halfHour})},
	"diary: nobody works two shifts at once":                                                          {drop("shifts", "shifts_no_overlap"), put("shifts"), put("shifts", row{"during": halfHour})},
	"diary: a visit lies inside its shift or says why not":                                            {drop("visits", "visits_inside_shift"), put("visits", row{"order_id": id("nothing"), "override_reason": nil, "state": "proposed"})},
	"diary: the plan holds the work and its way":                                                      {drop("visits", "visits_travel_inside"), put("visits", row{"order_id": id("nothing"), "state": "proposed", "planned": halfHour})},
	"diary: a helper helps a lead of the same order":                                                  {put("visits", row{"order_id": id("nothing"), "state": "proposed", "lead": false})},
	"diary: visits and absences are in states that exist":                                             {put("absences", row{"state": "lost"})},
	"diary: facts of a visit fit its state":                                                           {drop("visits", "visits_departed"), put("visits", row{"id": id("visit"), "order_id": id("nothing"), "state": "en_route"}), put("diary", row{"kind": "visit", "visit_id": id("visit")})},
	"diary: an order has one open lead visit":                                                         {"DROP INDEX visits_one_open_per_order", put("visits", row{"order_id": id("nothing"), "state": "proposed"}), put("visits", row{"order_id": id("nothing"), "state": "proposed"})},
	"diary: a visit, its order and its engineer belong to the organisations it names":                 {put("visits", row{"order_id": id("nothing"), "state": "declined", "ended_at": noon, "ended_reason": "x", "engineer_org_id": 2}), order(row{"id": id("nothing")})},
	"diary: approved leave stands in the diary as far as nothing else is there, other leave does not": {put("absences", row{"state": "approved", "decided_at": noon})},

	"money: receipts: total is the sum of the lines":                                     {put("receipts", row{"total_minor": 5}), put("receipt_series")},
	"money: receipts: a covered line costs nothing, another quantity times price":        {drop("receipt_lines", "receipt_lines_amount"), put("receipts", row{"id": id("receipt"), "total_minor": 90}), put("receipt_lines", row{"amount_minor": 90}), put("receipt_series")},
	"money: receipts: numbered without gaps per organisation and year":                   {put("receipts"), put("receipt_series", row{"last_no": 2})},
	"money: receipts: each belongs to a series":                                          {put("receipts")},
	"money: receipts: at most one live receipt per order":                                {"DROP INDEX receipts_one_live", put("receipts"), put("receipts", row{"no": 2}), put("receipt_series", row{"last_no": 2})},
	"money: payments: between nothing and what is owed":                                  {put("receipts", row{"id": id("receipt")}), put("receipt_series"), put("payments")},
	"money: receipts: what is left to pay follows from the entries":                      {put("receipts", row{"id": id("receipt"), "total_minor": 100}), put("receipt_lines"), put("receipt_series"), put("receipt_balances", row{"balance_minor": 90})},
	"money: payments: no money is left on a void receipt":                                {put("receipts", row{"id": id("receipt"), "total_minor": 100, "voided_at": noon, "void_reason": "x"}), put("receipt_lines"), put("receipt_series"), put("payments")},
	"money: payments: a waiver has a person and a reason, a refund a reason":             {drop("payments", "payments_waiver_approved"), put("receipts", row{"id": id("receipt"), "total_minor": 100}), put("receipt_lines"), put("receipt_series"), put("payments", row{"method": "waiver"})},
	"money: cash-ups: what engineers hold follows from payments and counts":              {put("takings", row{"cash_minor": 100})},
	"money: cash-ups: a difference has a reason, and nobody counted his own":             {drop("cash_ups", "cash_ups_difference_why"), put("cash_ups", row{"counted_minor": 90}), put("takings", row{"counted_minor": 100})},
	"money: invoices: none is asked for or stands on a void receipt":                     {put("receipts", row{"id": id("receipt"), "voided_at": noon, "void_reason": "x"}), put("receipt_series"), put("invoice_requests", row{"receipt_id": id("receipt")})},
	"money: orders: a chargeable order was repaired only after a yes":                    {order(row{"chargeable": true}), visit(ended("partial")), put("sheets")},
	"money: receipts: each line of a quote comes from an approved one of the same order": {put("receipts", row{"id": id("receipt"), "total_minor": 100}), put("receipt_lines", row{"quote_id": id("quote")}), put("receipt_series"), put("quotes", row{"id": id("quote")})},

	"promises: follow-ups: a finished order has exactly one main call":                         {order(row{"state": "completed", "finished_at": noon})},
	"promises: follow-ups: never two main calls for an order":                                  {"DROP INDEX follow_ups_one_main", put("follow_ups"), put("follow_ups", row{"number": "G"})},
	"promises: follow-ups: due inside the window, unless a holiday or a late sheet moved it":   {put("follow_ups", row{"anchor_on": "2026-11-21"})},
	"promises: follow-ups: attempts are counted":                                               {put("follow_ups", row{"attempts": 1})},
	"promises: follow-ups: an end has its time, a waiver its reason":                           {drop("follow_ups", "follow_ups_done_when"), put("follow_ups", row{"state": "done"})},
	"promises: follow-ups: a low score made a complaint":                                       {put("follow_ups", row{"id": id("follow-up"), "attempts": 1}), put("follow_up_attempts", row{"scores": row{"service": 1}})},
	"promises: complaints: 24 hours from receipt":                                              {drop("complaints", "complaints_reply_24h"), put("complaints", row{"id": id("complaint"), "reply_due_at": afternoon}), put("clocks", row{"subject_id": id("complaint"), "due_at": afternoon, "next_at": afternoon})},
	"promises: complaints: nothing goes on before the reply":                                   append([]string{drop("complaints", "complaints_answered_before_closed")}, noted(row{"state": "investigating"})...),
	"promises: complaints: each has its reply clock, and the clock agrees":                     {put("complaints")},
	"promises: complaints: none ended without what was found on file":                          {put("complaints", row{"id": id("complaint"), "grade": "complaint", "state": "closed", "replied_at": noon, "closed_at": noon}), put("clocks", row{"subject_id": id("complaint"), "met_at": noon, "next_at": nil})},
	"promises: requests: each that waits for a reply has a clock, or a complaint took it over": {put("requests")},
	"promises: requests: imported ones have no armed clock":                                    {put("requests", row{"id": id("request"), "origin": "import", "reply_due_at": nil}), put("clocks", row{"subject_id": id("request"), "subject_kind": "request"})},
	"promises: clocks: armed exactly while they run":                                           {drop("clocks", "clocks_running"), put("clocks", row{"next_at": nil})},
	"promises: clocks: every rung climbed was recorded once, none was skipped":                 {put("clocks", row{"level": 1})},
	"promises: clocks: a reply that came long after its time was escalated":                    {put("clocks", row{"next_at": nil, "met_at": "2026-11-21T06:00:00Z"})},
	"promises: call-backs: done exactly when they have a time":                                 {drop("callbacks", "callbacks_done_when"), put("callbacks", row{"state": "done"})},
	"promises: call-backs: one open entry for an order and a reason":                           {"DROP INDEX callbacks_one_open", put("callbacks"), put("callbacks")},

	"states: requests stand where their lifecycle can lead":         {put("requests", row{"state": "lost", "replied_at": noon})},
	"states: work orders stand where their lifecycle can lead":      {order(row{"state": "lost"})},
	"states: quotes stand where their lifecycle can lead":           {put("quotes", row{"state": "lost"})},
	"states: hand overs stand where their lifecycle can lead":       {put("hand_overs", row{"state": "lost"})},
	"states: old parts stand where their lifecycle can lead":        {put("old_parts", row{"state": "lost"})},
	"states: reservations stand where their lifecycle can lead":     {put("reservations", row{"state": "lost", "resolved_at": noon})},
	"states: pickups stand where their lifecycle can lead":          {put("pickups", row{"state": "lost"})},
	"states: shortages stand where their lifecycle can lead":        {put("shortages", row{"state": "lost", "resolved_at": noon})},
	"states: custody stand where their lifecycle can lead":          {put("custody", row{"id": id("custody"), "state": "lost"}), put("custody_moves")},
	"states: invoice requests stand where their lifecycle can lead": {put("invoice_requests", row{"state": "lost", "invoice_no": "1"})},
	"states: follow ups stand where their lifecycle can lead":       {put("follow_ups", row{"state": "lost"})},
	"states: complaints stand where their lifecycle can lead":       {put("complaints", row{"id": id("complaint"), "state": "lost", "replied_at": noon}), put("clocks", row{"subject_id": id("complaint"), "met_at": noon, "next_at": nil})},
	"states: plans stand where their lifecycle can lead":            {put("plans", row{"state": "lost"})},
	"states: callbacks stand where their lifecycle can lead":        {put("callbacks", row{"state": "lost", "done_at": noon})},

	"story: an assigned order has its open visit, with the engineer it names":              {order(row{"state": "assigned", "engineer_id": id("engineer"), "engineer_org_id": 1})},
	"story: an order that is not assigned has no open visit":                               {order(row{"state": "ready"}), visit(), put("diary", row{"kind": "visit", "visit_id": id("visit")})},
	"story: an assigned order holds its parts or goes without on somebody's word":          {order(row{"state": "assigned", "engineer_id": id("engineer"), "engineer_org_id": 1}), visit(), put("diary", row{"kind": "visit", "visit_id": id("visit")}), put("order_parts")},
	"story: nothing is promised to an order that has ended":                                {order(row{"state": "cancelled", "cancelled_at": noon, "cancel_reason": "x"}), put("shortages", row{"order_id": id("order")})},
	"story: a published plan booked every one of its visits":                               {put("plans", row{"id": id("plan"), "state": "published", "ready_at": noon, "published_at": noon}), put("plan_visits")},
	"story: what is proposed belongs to a plan that waits and to an order that is ready":   {order(row{"state": "ready"}), visit(row{"state": "proposed"})},
	"story: a plan that is being made has its job":                                         {put("plans", row{"state": "running"})},
	"story: a chargeable order is visited only after a yes":                                {drop("work_orders", "work_orders_paid_needs_yes"), order(row{"state": "assigned", "chargeable": true, "engineer_id": id("engineer"), "engineer_org_id": 1}), visit(), put("diary", row{"kind": "visit", "visit_id": id("visit")})},
	"story: the sum an order was approved for is that of its approved quotes":              {order(row{"approved_minor": 5})},
	"story: the total of a quote is the sum of its lines":                                  {put("quotes", row{"total_minor": 5})},
	"story: a visit that ended with an outcome has its one sheet, with that outcome":       {order(), visit(ended("partial"))},
	"story: a sheet belongs to a visit that has ended":                                     {order(row{"state": "assigned", "engineer_id": id("engineer"), "engineer_org_id": 1}), visit(), put("diary", row{"kind": "visit", "visit_id": id("visit")}), put("sheets")},
	"story: a replaced sheet has the edition that replaced it":                             {order(), visit(ended("partial")), put("sheets"), put("sheets", row{"number": "V", "replaced_at": noon})},
	"story: a booked part of a sheet left the stock by a movement of that order":           {order(), visit(ended("partial")), put("sheets", row{"id": id("sheet")}), put("sheet_parts", row{"move_id": id("nothing")})},
	"story: a converted request has its order, an open one has none":                       {put("requests", row{"state": "converted", "closed_at": noon})},
	"story: a request that was ended by us was answered first":                             {drop("requests", "requests_closed_after_reply"), put("requests", row{"state": "rejected", "reject_reason": "x", "closed_at": noon})},
	"story: the clock of a request runs 24 hours and stops with the reply":                 {put("requests", row{"id": id("request"), "replied_at": noon}), put("clocks", row{"subject_kind": "request", "subject_id": id("request")})},
	"story: an order that was handed over is served by who accepted it last":               {order(row{"serving_org_id": 2})},
	"story: an order or a request begins with a line of its story":                         {order(), "UNTOLD"},
	"story: requests, orders, customers and devices can be found":                          {put("assets"), "UNFOUND"},
	"story: what was erased of a customer is gone everywhere":                              {put("customers", row{"id": id("erased"), "number": "E", "name": "", "erased_at": noon}), put("erasures", row{"customer_id": id("erased")}), put("contacts", row{"customer_id": id("erased")})},
	"story: a quote approved on paper carries its scan":                                    {put("quotes", row{"state": "approved", "approved_at": noon, "approved_by": "x", "approved_how": "paper", "approval": row{"content_sha256": Quote{Number: "Q", ValidUntil: calendar.Must("2026-11-30")}.contentHash()}})},
	"story: who was erased stands on the list of erasures, and nobody else":                {put("customers", row{"id": id("erased"), "number": "E", "name": "", "erased_at": noon})},
	"story: every key of a repeatable call has its answer":                                 {put("idempotency_keys")},
	"story: background work has at most one end":                                           {drop("jobs", "jobs_one_end"), put("jobs", row{"done_at": noon, "dead_at": noon})},
	"story: a message counts as delivered only when a channel that reaches people took it": {drop("messages", "messages_delivered_by"), put("messages", row{"state": "delivered", "delivered_at": noon, "channel": "log"})},

	"records: each record belongs to the organisation of what it is part of": {put("contacts", row{"org_id": 2})},
	"records: organisations form one tree":                                   {put("organisations", row{"id": 3, "path": []int{7}})},
	"records: regions stand below their parents":                             {put("regions", row{"path": []string{"Y", "X"}})},
	"records: a customer's link opens what it was made for":                  {put("quotes", row{"id": id("quote")}), put("links", row{"quote_id": id("quote"), "purpose": "quote"})},
	"records: files are as they were sent":                                   {drop("files", "files_stored_hash"), put("files", row{"bytes": `\x02`})},
	"records: issued papers are as they were handed out":                     {drop("issued_papers", "issued_papers_hash"), put("issued_papers", row{"bytes": `\x02`})},
	"records: every change has its line in the account":                      {"SILENCE", put("contacts")},
	"records: every line of the account names who acted":                     {drop("audit_log", "audit_log_actor"), put("audit_log", row{"actor": ""})},
	"records: the seals of the account hold":                                 {"INSERT INTO audit_seals VALUES (1, 1, '0', '10', 3, '', decode(repeat('00', 32), 'hex'), '2026-11-20')"},
	"records: an approved quote says what the customer approved":             {put("quotes", row{"state": "approved", "approved_at": noon, "approved_by": "x", "approved_how": "phone", "approval": row{"content_sha256": "x"}})},

	// Below, since one wrong shelf breaks both, and a piece that wandered shows on two shelves.
	"stock: moves conserve parts": nil, "stock: stock is sum of moves": nil,
}

// world is sound and empty but for what everything belongs to.
var world = []string{
	put("organisations", row{"id": 1, "code": "HQ", "kind": "head", "parent_id": nil, "path": []int{1}}),
	put("organisations", row{"id": 2, "code": "C2", "path": []int{1, 2}}),
	"INSERT INTO engineers (id, org_id, name, created_at) VALUES ('" + id("engineer") + "', 1, 'x', '" + noon + "')",
	put("customers", row{"id": id("customer")}),
	"INSERT INTO parts (id, sku, name, serialised, created_at) VALUES ('" + id("part") + "', 'P', 'x', false, '" + noon + "'), ('" + id("other") + "', 'O', 'x', false, '" + noon + "'), ('" + id("serialised") + "', 'S', 'x', true, '" + noon + "')",
}

// fill tells and finds what a plant does not speak about, so that only its own promise is broken.
const (
	tell = `INSERT INTO timeline (id, org_id, order_id, request_id, at, actor, action) SELECT gen_random_uuid(), org_id, id, NULL, '` + noon + `'::timestamptz, 'x', 'x' FROM work_orders
		UNION ALL SELECT gen_random_uuid(), org_id, NULL, id, '` + noon + `'::timestamptz, 'x', 'x' FROM requests`
	find = `INSERT INTO search_docs (id, kind, org_id, title, words, at) SELECT id, 'request', org_id, 'x', 'x', '` + noon + `'::timestamptz FROM requests UNION ALL SELECT id, 'work_order', org_id, 'x', 'x', '` + noon + `' FROM work_orders
		UNION ALL SELECT id, 'customer', org_id, '', 'x', '` + noon + `' FROM customers UNION ALL SELECT id, 'asset', org_id, 'x', 'x', '` + noon + `' FROM assets`
	balance = `INSERT INTO receipt_balances (receipt_id, balance_minor, last_paid_at)
		SELECT r.id, r.total_minor - coalesce(sum(p.amount_minor) FILTER (WHERE p.method <> 'on_account'), 0), max(p.paid_at) FILTER (WHERE p.method <> 'on_account') FROM receipts r LEFT JOIN payments p ON p.receipt_id = r.id
		GROUP BY r.id, r.total_minor ON CONFLICT DO NOTHING`
)

// Each check finds the one promise that is broken, and only that.
func TestEachCheckFindsItsViolation(t *testing.T) {
	ctx := context.Background()
	db := pgtest.New(t)
	owner := pgtest.Owner(t, db)
	var names []string
	for _, c := range Checks() {
		names = append(names, c.Area+": "+c.Name)
	}
	for _, name := range names {
		if _, ok := planted[name]; !ok {
			t.Errorf("no test breaks %q", name)
		}
	}
	for name := range planted {
		if !slices.Contains(names, name) {
			t.Errorf("%q is broken by a test but is no check", name)
		}
	}
	// With triggers off nothing but CHECKs and keys stands in the way; the account is kept all the same.
	prepare := []string{"SET LOCAL session_replication_role = replica", "SELECT set_config('app.actor', 'test', true)",
		`DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgrelid::regclass AS tbl FROM pg_trigger WHERE tgname = 'zz_audit' LOOP EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_audit', t.tbl); END LOOP; END $$`}
	broken := func(t *testing.T, plants []string) map[string]int64 {
		found := map[string]int64{}
		err := owner.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			steps := append(slices.Clone(prepare), world...)
			for _, p := range plants {
				if p == "SILENCE" {
					p = "ALTER TABLE contacts DISABLE TRIGGER zz_audit"
				}
				if p != "UNTOLD" && p != "UNFOUND" {
					steps = append(steps, p)
				}
			}
			if !slices.Contains(plants, "UNTOLD") {
				steps = append(steps, tell)
			}
			steps = append(steps, balance)
			if !slices.Contains(plants, "UNFOUND") {
				steps = append(steps, find)
			} else {
				steps = append(steps, strings.Split(find, "UNION ALL SELECT id, 'asset'")[0])
			}
			for _, s := range steps {
				if s = strings.ReplaceAll(s, "?", "\\?"); s == "" {
					continue
				}
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return fmt.Errorf("%w in %.120s", err, s)
				}
			}
			results, _, err := runChecks(ctx, tx)
			if err != nil {
				return err
			}
			for _, r := range results {
				if r.Count != 0 {
					found[r.Area+": "+r.Name] = r.Count
				}
			}
			return fmt.Errorf("undo")
		})
		if err == nil || err.Error() != "undo" {
			t.Fatal(err)
		}
		return found
	}
	t.Run("nothing planted", func(t *testing.T) {
		if found := broken(t, nil); len(found) > 0 {
			t.Errorf("a sound world breaks %v", found)
		}
	})
	for _, name := range names {
		if planted[name] == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if found := broken(t, planted[name]); !maps.Equal(found, map[string]int64{name: 1}) {
				t.Errorf("found %v, want this one, once", found)
			}
		})
	}
	t.Run("stock: stock is sum of moves", func(t *testing.T) {
		found := broken(t, []string{put("moves"), put("stock", row{"on_hand": 4}), put("stock", row{"place_id": id("elsewhere"), "on_hand": 1})})
		if !maps.Equal(found, map[string]int64{"stock: stock is sum of moves": 2}) {
			t.Errorf("a piece that wandered without a movement breaks %v", found)
		}
	})
	t.Run("stock: moves conserve parts", func(t *testing.T) {
		found := broken(t, []string{put("stock", row{"on_hand": 3})})
		if found["stock: moves conserve parts"] != 1 || found["stock: stock is sum of moves"] != 1 || len(found) != 2 {
			t.Errorf("pieces out of nothing break %v", found)
		}
	})
}

// Every table under audit with an id of its own is compared with the account.
func TestEveryAuditedTableIsCompared(t *testing.T) {
	db := pgtest.New(t)
	var tables []string
	err := db.NewRaw(`SELECT c.relname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
		WHERE g.tgname = 'zz_audit' ORDER BY 1`).Scan(context.Background(), &tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if !slices.ContainsFunc(audited, func(a struct {
			table     string
			versioned bool
		}) bool {
			return a.table == table
		}) {
			t.Errorf("%s is under audit, but no check compares it with the account", table)
		}
	}
}

package workorders

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// some is a list for IN, which may be empty.
func some(ids []uuid.UUID) any {
	if len(ids) == 0 {
		ids = []uuid.UUID{uuid.Nil}
	}
	return bun.List(ids)
}

// dossiers reads orders and requests alike; ?0 orders, ?1 requests.
const dossiers = `SELECT w.id, w.asset_id, w.org_id, w.serving_org_id, w.number, coalesce(r.number, '') AS request_number, r.received_at, w.kind, w.mode, w.state, w.priority, w.summary,
	coalesce(r.description, '') AS description, coalesce(r.told, '') AS told, coalesce(r.solution, '') AS advice,
	(SELECT count(*) FROM files f WHERE f.order_id = w.id) + (SELECT count(*) FROM files f WHERE f.request_id = w.request_id) AS photos,
	w.chase_count, w.finished_at, w.original_holder, coalesce(t.windows, 0) AS windows, coalesce(t.actor, '') AS dispatched_by, t.at AS dispatched_at, w.announced_from, w.announced_to,
	coalesce(nullif(s.zone, ''), o.zone) AS zone,
	w.customer_id, coalesce(c.name, '') AS customer, coalesce(c.phone, '') AS phone, coalesce(c.class, '') AS class, coalesce(nullif(k.language, ''), c.language, '') AS language,
	coalesce(c.notes, '') AS customer_notes, coalesce(y.name, '') AS payer, coalesce(k.name, '') AS contact, coalesce(k.phones[1], '') AS contact_phone, coalesce(k.role, '') AS contact_role,
	coalesce(k.preferred_hours, '') AS best_time, coalesce(s.address, '') AS address, coalesce(s.access_notes, '') AS access_notes,
	EXISTS (SELECT 1 FROM complaints x WHERE x.order_id = w.id AND x.state <> 'closed' AND NOT x.confidential AND x.category IS DISTINCT FROM 'misconduct') AS complaint,
	coalesce(a.category, '') AS category, coalesce(a.brand, '') AS brand, coalesce(a.model, '') AS model, coalesce(a.serial_number, '') AS serial, coalesce(a.plate, '') AS plate,
	a.purchased_on, a.installed_on, a.warranty_until, coalesce(a.proof, '') AS proof,
	w.coverage, w.call_out_minor, w.deduct_call_out OR coalesce(q.deduct, false) AS deduct_call_out, q.offered AS offered_minor, coalesce(q.agreed, 0) AS limit_minor, w.repeat_of_order
FROM (
	SELECT id, org_id, serving_org_id, number, request_id, kind, mode, state, priority, summary, customer_id, site_id, asset_id, site_contact_id, payer_customer_id, chase_count, coverage,
		call_out_minor, deduct_call_out, repeat_of_order, lower(announced_window) AS announced_from, upper(announced_window) AS announced_to, finished_at, coalesce(original_holder, '') AS original_holder
	FROM work_orders WHERE id IN (?0)
	UNION ALL
	SELECT id, org_id, org_id, '', id, kind, 'phone', state, 3, summary, customer_id, site_id, asset_id, reporter_contact_id, NULL, 0, coverage, NULL, false, NULL, NULL, NULL, answered_at, ''
	FROM requests WHERE id IN (?1)) w
JOIN organisations o ON o.id = w.org_id LEFT JOIN requests r ON r.id = w.request_id LEFT JOIN customers c ON c.id = w.customer_id LEFT JOIN customers y ON y.id = w.payer_customer_id
LEFT JOIN sites s ON s.id = w.site_id LEFT JOIN assets a ON a.id = w.asset_id
LEFT JOIN LATERAL (SELECT * FROM contacts k WHERE k.retired_at IS NULL AND (k.id = w.site_contact_id OR w.site_contact_id IS NULL AND k.customer_id = w.customer_id AND k.role = 'on_site')
	ORDER BY k.id DESC LIMIT 1) k ON true
LEFT JOIN LATERAL (SELECT count(*)::int AS windows, max(e.at) AS at, (array_agg(e.actor ORDER BY e.id DESC))[1] AS actor
	FROM timeline e WHERE e.order_id = w.id AND (e.action = 'reschedule' OR e.action = 'assign' AND e.to_state = 'assigned')) t ON true
LEFT JOIN LATERAL (SELECT sum(greatest(u.limit_minor, u.total_minor)) FILTER (WHERE u.purpose <> 'call_out' AND u.state = 'approved')::bigint AS agreed,
		max(u.total_minor) FILTER (WHERE u.purpose = 'call_out' AND u.state IN ('draft', 'sent')) AS offered,
		bool_or(u.deduct_if_repaired) FILTER (WHERE u.purpose = 'call_out' AND u.state IN ('draft', 'sent', 'approved')) AS deduct
	FROM quotes u WHERE u.order_id = w.id) q ON true`

// readDossiers reads any number of orders, and of requests that led to none, in five queries.
func readDossiers(ctx context.Context, db bun.IDB, lang string, orders, requests []uuid.UUID) (map[uuid.UUID]*Dossier, error) {
	out := map[uuid.UUID]*Dossier{}
	if len(orders)+len(requests) == 0 {
		return out, nil
	}
	var rows []*Dossier
	if err := db.NewRaw(dossiers, some(orders), some(requests)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("papers of orders: %w", fault.FromSQL(err))
	}
	for _, d := range rows {
		if len(d.CoverageJSON) > 0 {
			if err := json.Unmarshal(d.CoverageJSON, &d.Coverage); err != nil {
				return nil, fmt.Errorf("coverage of %s: %w", d.Number, err)
			}
		}
		d.Phone, d.ContactPhone = customers.ShowPhone(d.Phone), customers.ShowPhone(d.ContactPhone)
		out[d.ID] = d
	}
	if len(orders) == 0 {
		return out, nil
	}
	parts, err := dossierParts(ctx, db, orders)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		out[p.OrderID].Parts = append(out[p.OrderID].Parts, p)
	}
	var visits []DossierVisit
	err = db.NewRaw(`SELECT v.id, v.order_id, v.engineer_id, v.lead, v.lead_visit_id, v.mode, v.state, lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, lower(v.announced_window) AS announced_from,
			upper(v.announced_window) AS announced_to, v.confirmed_at, v.travel_minutes, e.name AS engineer, coalesce(e.staff_number, '') AS staff_number, coalesce(e.phone, '') AS phone
		FROM visits v JOIN engineers e ON e.id = v.engineer_id WHERE v.order_id IN (?) AND v.state <> 'proposed' ORDER BY v.id`, some(orders)).Scan(ctx, &visits)
	if err != nil {
		return nil, fmt.Errorf("visits on papers: %w", fault.FromSQL(err))
	}
	for _, v := range visits {
		v.Phone = customers.ShowPhone(v.Phone)
		out[v.OrderID].Visits = append(out[v.OrderID].Visits, v)
	}
	past, err := pastRepairs(ctx, db, lang, orders)
	if err != nil {
		return nil, err
	}
	for i, p := range past {
		d := out[p.OfID]
		if d.RepeatID != nil && p.OrderID == *d.RepeatID && d.RepeatOf == nil {
			d.RepeatOf = &past[i]
		}
		if len(d.History) < 3 {
			d.History = append(d.History, p)
		}
	}
	for _, d := range out {
		if d.RepeatID != nil && d.RepeatOf == nil { // of another device, or long ago
			if err := repeatOnly(ctx, db, lang, d); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// dossierParts says for each part where it was promised from; what nobody promised stands without a place.
func dossierParts(ctx context.Context, db bun.IDB, orders []uuid.UUID) ([]DossierPart, error) {
	var needs []struct {
		DossierPart
		PartID *uuid.UUID `bun:"part_id"`
	}
	err := db.NewRaw(`SELECT op.order_id, op.part_id, coalesce(p.sku, '') AS sku, coalesce(p.name, op.text) AS name, coalesce(p.unit, '') AS unit, sum(op.quantity)::bigint AS quantity, bool_and(op.awaiting) AS awaiting
		FROM order_parts op LEFT JOIN parts p ON p.id = op.part_id WHERE op.order_id IN (?) GROUP BY op.order_id, op.part_id, p.id, op.text ORDER BY min(op.no)`, some(orders)).Scan(ctx, &needs)
	if err != nil {
		return nil, fmt.Errorf("parts on papers: %w", fault.FromSQL(err))
	}
	if len(needs) == 0 {
		return nil, nil
	}
	var held []struct {
		OrderID  uuid.UUID `bun:"order_id"`
		PartID   uuid.UUID `bun:"part_id"`
		Quantity int64     `bun:"quantity"`
		Place    string    `bun:"place"`
		Pickup   string    `bun:"pickup"`
	}
	err = db.NewRaw(`SELECT r.order_id, r.part_id, sum(r.quantity)::bigint AS quantity, l.name AS place, coalesce((SELECT u.number FROM pickups u JOIN pickup_lines x ON x.pickup_id = u.id AND x.part_id = r.part_id
			WHERE u.order_id = r.order_id AND u.place_id = r.place_id AND u.state IN ('to_pick', 'ready') ORDER BY u.id DESC LIMIT 1), '') AS pickup
		FROM reservations r JOIN places l ON l.id = r.place_id WHERE r.order_id IN (?) AND r.state IN ('held', 'used') GROUP BY r.order_id, r.part_id, r.place_id, l.id ORDER BY min(r.id::text)`, some(orders)).Scan(ctx, &held)
	if err != nil {
		return nil, fmt.Errorf("places of parts on papers: %w", fault.FromSQL(err))
	}
	var out []DossierPart
	for _, need := range needs {
		missing := need.Quantity
		for _, h := range held {
			if need.PartID == nil || h.OrderID != need.OrderID || h.PartID != *need.PartID {
				continue
			}
			p := need.DossierPart
			p.Quantity, p.Place, p.Pickup, p.Awaiting = h.Quantity, h.Place, h.Pickup, false
			missing -= h.Quantity
			out = append(out, p)
		}
		if missing > 0 {
			p := need.DossierPart
			p.Quantity = missing
			out = append(out, p)
		}
	}
	return out, nil
}

// pastColumns name a sheet as an earlier repair; ?0 is the language.
const pastColumns = `x.id AS order_id, x.number, s.finished_at, e.name AS engineer,
	coalesce(CASE WHEN ?0 = 'en' THEN nullif(f.name_en, '') END, f.name, x.summary) AS fault, coalesce(CASE WHEN ?0 = 'en' THEN nullif(n.name_en, '') END, n.name, nullif(left(s.notes, 120), ''), '') AS action
	FROM sheets s JOIN work_orders x ON x.id = s.order_id JOIN engineers e ON e.id = s.engineer_id
	LEFT JOIN codes f ON f.kind = 'fault' AND f.code = s.fault_code LEFT JOIN codes n ON n.kind = 'action' AND n.code = s.action_code
	WHERE s.replaced_at IS NULL AND s.outcome IN ('done', 'partial', 'no_fault_found')`

func pastRepairs(ctx context.Context, db bun.IDB, lang string, orders []uuid.UUID) ([]PastRepair, error) {
	var rows []PastRepair
	err := db.NewRaw(`SELECT w.id AS of_id, h.* FROM work_orders w CROSS JOIN LATERAL (SELECT `+pastColumns+` AND x.asset_id = w.asset_id AND x.id <> w.id AND x.id < w.id ORDER BY s.finished_at DESC LIMIT 20) h
		WHERE w.id IN (?1) ORDER BY h.finished_at DESC`, lang, some(orders)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("repairs on papers: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func repeatOnly(ctx context.Context, db bun.IDB, lang string, d *Dossier) error {
	var rows []PastRepair
	if err := db.NewRaw(`SELECT `+pastColumns+` AND x.id = ?1 ORDER BY s.finished_at DESC LIMIT 1`, lang, *d.RepeatID).Scan(ctx, &rows); err != nil {
		return fmt.Errorf("repeated repair: %w", fault.FromSQL(err))
	}
	if len(rows) > 0 {
		d.RepeatOf = &rows[0]
	}
	return nil
}

// CodeWords are the entries of the code list that a sheet names, by kind.
func (d *Desk) CodeWords(ctx context.Context, s Sheet) (map[knowledge.Kind]knowledge.Code, error) {
	given := map[knowledge.Kind]*string{knowledge.Fault: s.FaultCode, knowledge.Cause: s.CauseCode, knowledge.Action: s.ActionCode}
	codes := []string{""}
	for _, c := range given {
		if c != nil {
			codes = append(codes, *c)
		}
	}
	var rows []knowledge.Code
	if err := d.reader(ctx).NewRaw("SELECT kind, code, name, name_en FROM codes WHERE code IN (?)", bun.List(codes)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("codes on a paper: %w", fault.FromSQL(err))
	}
	out := map[knowledge.Kind]knowledge.Code{}
	for kind, c := range given {
		if c == nil {
			continue
		}
		out[kind] = knowledge.Code{Kind: kind, Code: *c}
		for _, r := range rows {
			if r.Kind == kind && r.Code == *c {
				out[kind] = r
			}
		}
	}
	return out, nil
}

// NeededBySheet are the parts a sheet asked for, with the day they are expected.
func (d *Desk) NeededBySheet(ctx context.Context, s Sheet) ([]NeededPart, error) {
	var rows []NeededPart
	err := d.reader(ctx).NewRaw(`SELECT coalesce(p.sku, '') AS sku, coalesce(p.name, h.text) AS name, coalesce(p.unit, '') AS unit, h.quantity, h.expected_on
		FROM shortages h LEFT JOIN parts p ON p.id = h.part_id WHERE h.order_id = ? AND h.waiting_since BETWEEN ?::timestamptz - interval '1 second' AND ?::timestamptz + interval '1 minute' ORDER BY h.id`,
		s.OrderID, s.SubmittedAt, s.SubmittedAt).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("parts a sheet needs: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// NeededPart is a part a device waits for.
type NeededPart struct {
	SKU        string         `bun:"sku"`
	Name       string         `bun:"name"`
	Unit       string         `bun:"unit"`
	Quantity   int64          `bun:"quantity"`
	ExpectedOn *calendar.Date `bun:"expected_on"`
}

// UserName is what a person of the house is called; "" when nobody is named.
func (d *Desk) UserName(ctx context.Context, id *uuid.UUID) (string, error) {
	if id == nil {
		return "", nil
	}
	var name string
	if err := d.reader(ctx).NewRaw("SELECT coalesce(max(name), '') FROM users WHERE id = ?", *id).Scan(ctx, &name); err != nil {
		return "", fmt.Errorf("name of user: %w", fault.FromSQL(err))
	}
	return name, nil
}

// QuoteMaker is who drafted a quote.
func (d *Desk) QuoteMaker(ctx context.Context, quote uuid.UUID) (string, error) {
	var name string
	if err := d.reader(ctx).NewRaw("SELECT coalesce(max(u.name), '') FROM quotes q JOIN users u ON u.id = q.created_by WHERE q.id = ?", quote).Scan(ctx, &name); err != nil {
		return "", fmt.Errorf("who made a quote: %w", fault.FromSQL(err))
	}
	return name, nil
}

// dayVisit is a visit of a day with its order.
type dayVisit struct {
	ID         uuid.UUID `bun:"id"`
	OrderID    uuid.UUID `bun:"order_id"`
	EngineerID uuid.UUID `bun:"engineer_id"`
}

// dayVisits are the visits of a day in sight, by engineer and time. whole: an engineer with a visit in the
// region comes with all his visits of the day.
func dayVisits(ctx context.Context, db bun.IDB, s auth.Scope, f StackFilter, whole bool) ([]dayVisit, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	from, to := f.span()
	var q query
	const live = "v.state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused', 'finished')"
	q.and("lower(v.planned) >= ? AND lower(v.planned) < ? AND "+live, from, to)
	q.and(s.Reach("v.engineer_id = :me", "w.org_id", "w.serving_org_id", "v.engineer_org_id"))
	if f.Engineer != nil {
		q.and("v.engineer_id = ?", *f.Engineer)
	}
	switch {
	case f.Organisation != "" && whole: // a day belongs to whoever employs the engineer
		q.and("EXISTS (SELECT 1 FROM organisations o WHERE o.id = e.org_id AND o.code = ?)", f.Organisation)
	case f.Organisation != "":
		q.and("EXISTS (SELECT 1 FROM organisations o WHERE o.id = coalesce(w.serving_org_id, w.org_id) AND o.code = ?)", f.Organisation)
	}
	switch {
	case f.Region != "" && whole:
		q.and(`EXISTS (SELECT 1 FROM visits n JOIN work_orders x ON x.id = n.order_id JOIN regions g ON g.code = x.region_code
			WHERE n.engineer_id = v.engineer_id AND lower(n.planned) >= ? AND lower(n.planned) < ? AND n.state = ANY (ARRAY['dispatched', 'accepted', 'en_route', 'on_site', 'paused', 'finished']) AND ? = ANY (g.path))`, from, to, f.Region)
	case f.Region != "":
		q.and("EXISTS (SELECT 1 FROM regions g WHERE g.code = w.region_code AND ? = ANY (g.path))", f.Region)
	}
	var rows []dayVisit
	err := db.NewRaw("SELECT v.id, v.order_id, v.engineer_id FROM visits v JOIN work_orders w ON w.id = v.order_id JOIN engineers e ON e.id = v.engineer_id"+q.sql()+
		" ORDER BY e.staff_number, e.id, lower(v.planned), v.id LIMIT ?", append(q.args, mostPapers+1)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("visits of a day: %w", fault.FromSQL(err))
	}
	if len(rows) > mostPapers {
		return nil, tooManyPapers()
	}
	return rows, nil
}

// dayEngineers are the engineers of these visits, and the one asked for, with their shift of the day.
func dayEngineers(ctx context.Context, db bun.IDB, s auth.Scope, f StackFilter, visits []dayVisit) ([]EngineerDay, error) {
	var ids []uuid.UUID
	for _, v := range visits {
		if !slices.Contains(ids, v.EngineerID) {
			ids = append(ids, v.EngineerID)
		}
	}
	var q query
	if f.Engineer != nil {
		// Asked for by name he is there without a visit too, if he is in sight.
		q.and("(e.id IN (?) OR e.id = ? AND "+s.SQL("e.org_id")+")", some(ids), *f.Engineer)
		if own := s.Engineer(); own != nil {
			q.and("e.id = ?", *own)
		}
	} else {
		q.and("e.id IN (?)", some(ids))
	}
	from, to := f.span()
	var rows []EngineerDay
	err := db.NewRaw(`SELECT e.id, e.org_id, e.name, coalesce(e.staff_number, '') AS staff_number, coalesce(e.phone, '') AS phone,
			coalesce((SELECT string_agg(g.name, '·' ORDER BY g.code) FROM engineer_regions r JOIN regions g ON g.code = r.region_code WHERE r.engineer_id = e.id AND NOT r.helps_out), '') AS regions,
			h.shift_from, h.shift_to
		FROM engineers e LEFT JOIN LATERAL (SELECT min(lower(h.during)) AS shift_from, max(upper(h.during)) AS shift_to FROM shifts h
			WHERE h.engineer_id = e.id AND lower(h.during) >= ? AND lower(h.during) < ?) h ON true`+q.sql()+" ORDER BY e.staff_number, e.id",
		append([]any{from, to}, q.args...)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("engineers of a day: %w", fault.FromSQL(err))
	}
	if f.Engineer != nil && len(rows) == 0 {
		return nil, notFound("engineer", f.Engineer.String())
	}
	for i := range rows {
		rows[i].Phone = customers.ShowPhone(rows[i].Phone)
	}
	return rows, nil
}

func slipsOfDay(ctx context.Context, db bun.IDB, s auth.Scope, f StackFilter) ([]PickSlip, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	from, to := f.span()
	var q query
	q.and("u.state IN ('to_pick', 'ready') AND u.needed_by >= ? AND u.needed_by < ?", from, to)
	q.and(s.Reach("u.engineer_id = :me", "u.org_id", "l.org_id", "w.serving_org_id"))
	if f.Engineer != nil {
		q.and("u.engineer_id = ?", *f.Engineer)
	}
	if f.Organisation != "" {
		q.and("EXISTS (SELECT 1 FROM organisations o WHERE o.id = coalesce(w.serving_org_id, w.org_id) AND o.code = ?)", f.Organisation)
	}
	if f.Region != "" {
		q.and("EXISTS (SELECT 1 FROM regions g WHERE g.code = w.region_code AND ? = ANY (g.path))", f.Region)
	}
	var ids []uuid.UUID
	err := db.NewRaw("SELECT u.id FROM pickups u JOIN places l ON l.id = u.place_id JOIN work_orders w ON w.id = u.order_id"+q.sql()+" ORDER BY u.needed_by, u.id LIMIT ?", append(q.args, mostPapers+1)...).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("pick-ups of a day: %w", fault.FromSQL(err))
	}
	if len(ids) > mostPapers {
		return nil, tooManyPapers()
	}
	return pickSlips(ctx, db, "u.id IN (?)", ids)
}

// pickSlips reads pick-ups with their lines, by store, engineer and time.
func pickSlips(ctx context.Context, db bun.IDB, where string, ids []uuid.UUID) ([]PickSlip, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		PickSlip
		SKU      string `bun:"sku"`
		Name     string `bun:"name"`
		Unit     string `bun:"unit"`
		Serials  string `bun:"serials"`
		Quantity int64  `bun:"quantity"`
	}
	err := db.NewRaw(`SELECT u.id, u.number, l.org_id, u.order_id, w.number AS "order", c.name AS customer, u.visit_id, u.place_id, l.name AS place, u.engineer_id, e.name AS engineer, coalesce(e.staff_number, '') AS staff_number,
			u.needed_by, p.sku, p.name, p.unit, x.quantity, coalesce((SELECT string_agg(array_to_string(r.serial_numbers, ', '), ', ') FROM reservations r
				WHERE r.order_id = u.order_id AND r.place_id = u.place_id AND r.part_id = x.part_id AND r.state = 'held'), '') AS serials
		FROM pickups u JOIN places l ON l.id = u.place_id JOIN work_orders w ON w.id = u.order_id JOIN customers c ON c.id = w.customer_id JOIN engineers e ON e.id = u.engineer_id
		JOIN pickup_lines x ON x.pickup_id = u.id JOIN parts p ON p.id = x.part_id
		WHERE `+where+` ORDER BY l.code, e.staff_number, u.engineer_id, u.needed_by, u.id, p.sku`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("pick lists: %w", fault.FromSQL(err))
	}
	var out []PickSlip
	for _, r := range rows {
		if n := len(out); n == 0 || out[n-1].ID != r.ID {
			out = append(out, r.PickSlip)
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, PickSlipLine{r.SKU, r.Name, r.Unit, r.Serials, r.Quantity})
	}
	return out, nil
}

// doneWord is what the sheets of an order say was done.
type doneWord struct {
	Said, Parts string
}

func doneWords(ctx context.Context, db bun.IDB, lang string, orders []uuid.UUID) (map[uuid.UUID]doneWord, error) {
	var rows []struct {
		ID    uuid.UUID `bun:"id"`
		Said  string    `bun:"said"`
		Parts string    `bun:"parts"`
	}
	err := db.NewRaw(`SELECT s.order_id AS id, string_agg(concat_ws(': ', coalesce(CASE WHEN ?0 = 'en' THEN nullif(n.name_en, '') END, n.name), nullif(left(s.notes, 500), '')), E'\n' ORDER BY s.id) AS said,
			coalesce(string_agg(p.list, ', ' ORDER BY s.id), '') AS parts
		FROM sheets s LEFT JOIN codes n ON n.kind = 'action' AND n.code = s.action_code
		LEFT JOIN LATERAL (SELECT string_agg(concat_ws(' ', nullif(sp.sku, ''), sp.name, '×', sp.quantity), ', ' ORDER BY sp.no) AS list FROM sheet_parts sp WHERE sp.sheet_id = s.id) p ON true
		WHERE s.order_id IN (?1) AND s.replaced_at IS NULL AND s.outcome <> 'no_access' GROUP BY s.order_id`, lang, some(orders)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("work on papers: %w", fault.FromSQL(err))
	}
	out := map[uuid.UUID]doneWord{}
	for _, r := range rows {
		out[r.ID] = doneWord{r.Said, r.Parts}
	}
	return out, nil
}

func followUpCalls(ctx context.Context, db bun.IDB, calls []uuid.UUID) (map[uuid.UUID][]FollowUpCall, error) {
	var rows []FollowUpCall
	err := db.NewRaw(`SELECT a.follow_up_id, a.at, a.actor, a.outcome, a.scores, a.comment, coalesce(a.next, '') AS next, coalesce(a.identity_checked, false) AS identity_checked, coalesce(k.number, r.number, '') AS led_to
		FROM follow_up_attempts a LEFT JOIN complaints k ON k.id = a.complaint_id LEFT JOIN requests r ON r.id = a.request_id WHERE a.follow_up_id IN (?) ORDER BY a.follow_up_id, a.no`, some(calls)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("calls on papers: %w", fault.FromSQL(err))
	}
	out := map[uuid.UUID][]FollowUpCall{}
	for _, r := range rows {
		out[r.FollowUpID] = append(out[r.FollowUpID], r)
	}
	return out, nil
}

func earlierScores(ctx context.Context, db bun.IDB, people, but []uuid.UUID) (map[uuid.UUID][]EarlierScore, error) {
	var rows []EarlierScore
	err := db.NewRaw(`SELECT c.id AS customer_id, f.due_on AS "on", f.score_service, f.score_product FROM customers c CROSS JOIN LATERAL (SELECT f.* FROM follow_ups f
			WHERE f.customer_id = c.id AND f.state = 'done' AND num_nonnulls(f.score_service, f.score_product) > 0 AND f.id NOT IN (?) ORDER BY f.id DESC LIMIT 3) f WHERE c.id IN (?) ORDER BY f.id DESC`, some(but), some(people)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("earlier scores: %w", fault.FromSQL(err))
	}
	out := map[uuid.UUID][]EarlierScore{}
	for _, r := range rows {
		out[r.CustomerID] = append(out[r.CustomerID], r)
	}
	return out, nil
}

func openPromises(ctx context.Context, db bun.IDB, orders, requests []uuid.UUID) (map[uuid.UUID][]OpenPromise, error) {
	var rows []OpenPromise
	err := db.NewRaw(`SELECT coalesce(b.order_id, b.request_id) AS of_id, b.reason, b.text, b.due_at FROM callbacks b WHERE b.state = 'open' AND (b.order_id IN (?) OR b.request_id IN (?)) ORDER BY b.due_at, b.id`,
		some(orders), some(requests)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("open promises: %w", fault.FromSQL(err))
	}
	out := map[uuid.UUID][]OpenPromise{}
	for _, r := range rows {
		out[r.OfID] = append(out[r.OfID], r)
	}
	return out, nil
}

// QuotedFee is what a customer owes for the trip when he refuses the repair.
func (d *Dossier) QuotedFee() (fee money.Fen, agreed bool) {
	switch {
	case d.CallOutMinor != nil:
		return *d.CallOutMinor, true
	case d.OfferedMinor != nil:
		return *d.OfferedMinor, false
	}
	return 0, false
}

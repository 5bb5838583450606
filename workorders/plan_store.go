package workorders

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
)

const planColumns = `p.id, p.org_id, o.code AS organisation_code, p.state, p.day, p.region_codes, p.cause, p.engineer_id, coalesce(e.name, '') AS engineer_name, p.seconds, p.seed, p.warm_from,
	CASE WHEN p.state = 'running' THEN coalesce(r.fraction, 0) ELSE 1 END AS fraction, r.unserved, p.created_at, p.ready_at, p.published_at, p.ended_at, p.ended_reason, p.version,
	coalesce(r.score, '{}') AS score, coalesce(r.iterations, 0) AS iterations, coalesce(jsonb_array_length(r.unplanned), 0) AS unplanned_count,
	(SELECT count(*) FROM plan_visits v WHERE v.plan_id = p.id) AS visit_count, (SELECT count(*) FROM plan_visits v WHERE v.plan_id = p.id AND v.bound_visit_id IS NOT NULL) AS moved_count,
	p.order_ids
	FROM plans p JOIN organisations o ON o.id = p.org_id LEFT JOIN engineers e ON e.id = p.engineer_id LEFT JOIN plan_results r ON r.plan_id = p.id`

// planRow is a plan as read, with what stays inside.
type planRow struct {
	Plan     `bun:",extend"`
	OrderIDs []uuid.UUID `bun:"order_ids,array"`
}

func (r planRow) plan() Plan {
	p := r.Plan
	p.orderIDs = r.OrderIDs
	p.Visits, p.Unplanned, p.Stops, p.Notes, p.Changes = []PlanVisit{}, []PlanLeftOver{}, []dispatch.PlannedStop{}, []dispatch.Reason{}, []dispatch.Broken{}
	if p.RegionCodes == nil {
		p.RegionCodes = []string{}
	}
	if p.Score == nil {
		p.Score = []int64{}
	}
	return p
}

func findPlan(ctx context.Context, db bun.IDB, s auth.Scope, id uuid.UUID) (Plan, error) {
	if err := s.Check(); err != nil {
		return Plan{}, err
	}
	var row planRow
	err := db.NewRaw("SELECT "+planColumns+" WHERE p.id = ? AND "+s.SQL("p.org_id"), id).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return Plan{}, notFound("plan", id.String())
	}
	if err != nil {
		return Plan{}, fmt.Errorf("plan %s: %w", id, fault.FromSQL(err))
	}
	return row.plan(), nil
}

// lockPlan takes the row of a plan: the first lock of whoever publishes or ends it.
func lockPlan(ctx context.Context, tx bun.IDB, id uuid.UUID) (Plan, error) {
	var state string
	if err := tx.NewRaw("SELECT state FROM plans WHERE id = ? FOR NO KEY UPDATE", id).Scan(ctx, &state); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return Plan{}, notFound("plan", id.String())
		}
		return Plan{}, fmt.Errorf("plan %s: %w", id, fault.FromSQL(err))
	}
	return findPlan(ctx, tx, auth.System("plan").Scope(), id)
}

func listPlans(ctx context.Context, db bun.IDB, s auth.Scope, f PlanFilter) (keyset.Page[Plan], error) {
	none := keyset.Page[Plan]{}
	if err := s.Check(); err != nil {
		return none, err
	}
	var q query
	q.and(s.SQL("p.org_id"))
	if f.State != "" {
		q.and("p.state IN (?)", bun.List(strings.Split(f.State, ",")))
	}
	if f.Day != "" {
		day, err := calendar.Parse(f.Day)
		if err != nil {
			return none, fault.New(fault.Invalid, "day_shape", "a day is written like 2026-11-23").Field("query.day", "YYYY-MM-DD")
		}
		q.and("p.day = ?", day)
	}
	var after uuid.UUID
	if more, err := f.After(&after); err != nil {
		return none, err
	} else if more {
		q.and("p.id < ?", after)
	}
	var rows []planRow
	if err := db.NewRaw("SELECT "+planColumns+q.sql()+" ORDER BY p.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list plans: %w", fault.FromSQL(err))
	}
	list := make([]Plan, len(rows))
	for i := range rows {
		list[i] = rows[i].plan()
	}
	return keyset.Cut(f.Ask, list, func(p Plan) []any { return []any{p.ID} }), nil
}

func insertPlan(ctx context.Context, w *work, p Plan) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO plans (id, org_id, state, day, region_codes, cause, order_ids, engineer_id, seconds, seed, warm_from, requested_by, created_at, ready_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.ID, p.OrgID, p.State, p.Day, pgArray(p.RegionCodes), p.Cause, uuidArray(p.orderIDs), p.EngineerID, p.Seconds, p.Seed, p.WarmFrom, w.actorID(), p.CreatedAt, p.ReadyAt)
	if err != nil {
		return fmt.Errorf("plan of %s: %w", p.Day, err)
	}
	_, err = w.tx.ExecContext(ctx, "INSERT INTO plan_results (plan_id) VALUES (?)", p.ID)
	if err != nil {
		return fmt.Errorf("plan of %s: %w", p.Day, err)
	}
	return nil
}

func uuidArray(ids []uuid.UUID) any {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = id.String()
	}
	return bun.SafeQuery("?::uuid[]", "{"+strings.Join(text, ",")+"}")
}

func insertPlanVisit(ctx context.Context, tx bun.IDB, plan uuid.UUID, no int, v dispatch.PlannedVisit, was wasPlanned, dropped bool, visit *uuid.UUID) error {
	parts, err := marshal(v.Parts)
	if err != nil {
		return err
	}
	account, err := marshal(v.Account)
	if err != nil {
		return err
	}
	var bound *uuid.UUID
	if v.Bound != nil {
		bound = &v.Bound.VisitID
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO plan_visits (plan_id, no, order_id, engineer_id, planned, leaves_at, travel_minutes, bound_visit_id, was_engineer_id, was_planned, window_dropped, parts, account, visit_id)
		VALUES (?, ?, ?, ?, tstzrange(?, ?, '[)'), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		plan, no, v.OrderID, v.EngineerID, v.StartsAt, v.EndsAt, v.LeavesAt, v.TravelMinutes, bound, was.EngineerID, span(was.From, was.To), dropped, parts, account, visit)
	if err != nil {
		return fmt.Errorf("visit %d of plan %s: %w", no, plan, err)
	}
	return nil
}

func insertResult(ctx context.Context, tx bun.IDB, plan uuid.UUID, m *madePlan, left []PlanLeftOver) error {
	var texts [4]string
	for i, v := range []any{m.Engineers, m.Stops, left, m.Notes} {
		var err error
		if texts[i], err = marshal(v); err != nil {
			return err
		}
	}
	score := make([]string, len(m.Score))
	for i, n := range m.Score {
		score[i] = fmt.Sprint(n)
	}
	_, err := tx.ExecContext(ctx, "UPDATE plan_results SET fraction = 1, unserved = ?, score = ?::bigint[], iterations = ?, engineers = ?, stops = ?, unplanned = ?, notes = ? WHERE plan_id = ?",
		len(left), "{"+strings.Join(score, ",")+"}", m.Iterations, texts[0], texts[1], texts[2], texts[3], plan)
	if err != nil {
		return fmt.Errorf("result of plan %s: %w", plan, err)
	}
	return nil
}

func readResult(ctx context.Context, db bun.IDB, p *Plan) error {
	var row struct{ Engineers, Stops, Unplanned, Notes, Changes json.RawMessage }
	err := db.NewRaw("SELECT engineers, stops, unplanned, notes, changes FROM plan_results WHERE plan_id = ?", p.ID).Scan(ctx, &row)
	if err != nil {
		return fmt.Errorf("result of plan %s: %w", p.ID, fault.FromSQL(err))
	}
	for _, part := range []struct {
		raw  json.RawMessage
		into any
	}{{row.Engineers, &p.engineers}, {row.Stops, &p.Stops}, {row.Unplanned, &p.Unplanned}, {row.Notes, &p.Notes}, {row.Changes, &p.Changes}} {
		if err := json.Unmarshal(part.raw, part.into); err != nil {
			return fmt.Errorf("result of plan %s: %w", p.ID, err)
		}
	}
	return nil
}

// readPlanVisits reads the visits of a plan beside the orders as they are now.
func readPlanVisits(ctx context.Context, db bun.IDB, plan uuid.UUID) ([]PlanVisit, error) {
	rows := []PlanVisit{}
	err := db.NewRaw(`SELECT x.id AS visit_id, coalesce(x.state, '') AS state, v.order_id, w.number, w.summary, c.name AS customer_name, coalesce(g.name, '') AS region_name, w.priority,
			v.engineer_id, e.name AS engineer_name, lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, v.leaves_at, v.travel_minutes, v.parts, v.account, v.window_dropped,
			v.bound_visit_id, v.was_engineer_id, coalesce(b.name, '') AS was_engineer, lower(v.was_planned) AS was_from, upper(v.was_planned) AS was_to,
			lower(w.announced_window) AS told_from, upper(w.announced_window) AS told_to
		FROM plan_visits v JOIN work_orders w ON w.id = v.order_id JOIN customers c ON c.id = w.customer_id JOIN engineers e ON e.id = v.engineer_id
		LEFT JOIN regions g ON g.code = w.region_code LEFT JOIN engineers b ON b.id = v.was_engineer_id LEFT JOIN visits x ON x.id = coalesce(v.visit_id, v.bound_visit_id)
		WHERE v.plan_id = ? ORDER BY e.name, e.id, lower(v.planned), v.no`, plan).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("visits of plan %s: %w", plan, fault.FromSQL(err))
	}
	return rows, nil
}

func readyPlan(ctx context.Context, w *work, id uuid.UUID) error {
	if _, err := w.tx.ExecContext(ctx, "UPDATE plans SET state = 'ready', ready_at = ? WHERE id = ?", w.at, id); err != nil {
		return fmt.Errorf("plan %s: %w", id, err)
	}
	return nil
}

func publishedPlan(ctx context.Context, w *work, id uuid.UUID) error {
	if _, err := w.tx.ExecContext(ctx, "UPDATE plans SET state = 'published', published_at = ?, published_by = ? WHERE id = ?", w.at, w.actorID(), id); err != nil {
		return fmt.Errorf("plan %s: %w", id, err)
	}
	return nil
}

// endPlan ends a plan that comes to nothing.
func endPlan(ctx context.Context, w *work, id uuid.UUID, from, to PlanState, reason string) error {
	if len(reason) > 500 {
		reason = strings.ToValidUTF8(reason[:500], "")
	}
	_, err := w.tx.ExecContext(ctx, "UPDATE plans SET state = ?, ended_at = ?, ended_by = ?, ended_reason = ? WHERE id = ? AND state = ?", to, w.at, w.actorID(), reason, id, from)
	if err != nil {
		return fmt.Errorf("plan %s: %w", id, err)
	}
	return nil
}

func bookedAs(ctx context.Context, tx bun.IDB, plan, order, visit uuid.UUID) error {
	if _, err := tx.ExecContext(ctx, "UPDATE plan_visits SET visit_id = ? WHERE plan_id = ? AND order_id = ?", visit, plan, order); err != nil {
		return fmt.Errorf("visit of plan %s: %w", plan, err)
	}
	return nil
}

// withdrawProposals takes back what a plan shows as proposed.
func withdrawProposals(ctx context.Context, tx bun.IDB, plan uuid.UUID) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM visits WHERE state = 'proposed' AND id IN (SELECT visit_id FROM plan_visits WHERE plan_id = ?)", plan); err != nil {
		return fmt.Errorf("proposals of plan %s: %w", plan, err)
	}
	return nil
}

func proposedStill(ctx context.Context, tx bun.IDB, visit uuid.UUID) bool {
	var is bool
	err := tx.NewRaw("SELECT EXISTS (SELECT FROM visits WHERE id = ? AND state = 'proposed')", visit).Scan(ctx, &is)
	return err == nil && is
}

func keepChanges(ctx context.Context, tx bun.IDB, plan uuid.UUID, changes []dispatch.Broken) error {
	text, err := marshal(changes)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE plan_results SET changes = ? WHERE plan_id = ?", text, plan); err != nil {
		return fmt.Errorf("changes of plan %s: %w", plan, err)
	}
	return nil
}

// planProgress tells watchers how far a search is, and whether it is still wanted.
func (d *Desk) planProgress(ctx context.Context, p Plan, fraction float64, unserved int) (open bool, err error) {
	err = d.change(ctx, auth.System("plan"), func(ctx context.Context, w *work) error {
		err := w.tx.NewRaw("SELECT state = 'running' FROM plans WHERE id = ?", p.ID).Scan(ctx, &open)
		if err != nil || !open {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, "UPDATE plan_results SET fraction = ?, unserved = ? WHERE plan_id = ?", fraction, unserved, p.ID); err != nil {
			return fmt.Errorf("progress of plan %s: %w", p.ID, err)
		}
		return w.announce(ctx, "plan", p.OrgID, nil, p.ID)
	})
	return open, err
}

// replaced are plans that give way to a new one: that from which it began, and open repairs of the same
// kind and day.
func replaced(ctx context.Context, tx bun.IDB, p Plan) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := tx.NewRaw(`SELECT id FROM plans WHERE id <> ?0 AND org_id = ?1 AND state = 'ready' AND (id = ?2 OR (cause = ?3 AND day = ?4 AND cause IN ('absence', 'overrun') AND engineer_id IS NOT DISTINCT FROM ?5)) ORDER BY id`,
		p.ID, p.OrgID, p.WarmFrom, p.Cause, p.Day, p.EngineerID).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("older plans: %w", err)
	}
	return ids, nil
}

func overPlans(ctx context.Context, db bun.IDB, today calendar.Date) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := db.NewRaw("SELECT id FROM plans WHERE state = 'ready' AND day < ? ORDER BY id LIMIT 1000", today).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("plans of days that are over: %w", err)
	}
	return ids, nil
}

func knownRegions(ctx context.Context, db bun.IDB, codes []string) error {
	var missing []string
	err := db.NewRaw("SELECT c FROM unnest(?) AS c WHERE NOT EXISTS (SELECT FROM regions WHERE code = c)", pgArray(codes)).Scan(ctx, &missing)
	if err != nil {
		return fmt.Errorf("regions: %w", fault.FromSQL(err))
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "region_unknown", "there is no region %s", strings.Join(missing, ", ")).Field("body.region_codes", "codes of regions")
	}
	return nil
}

// plannable are the orders a plan is about: those it names, or every ready one of its regions whose wanted
// or promised window does not lie on later days.
func plannable(ctx context.Context, db bun.IDB, s auth.Scope, p Plan, zone *time.Location) ([]Order, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	var q query
	q.and("w.state = 'ready'")
	q.and(s.SQL("w.serving_org_id"))
	q.and("NOT (w.chargeable AND w.approved_minor IS NULL AND w.call_out_minor IS NULL)")
	switch {
	case len(p.orderIDs) > 0:
		q.and("w.id IN (?)", some(p.orderIDs))
	case p.Cause == "overrun":
		return nil, nil
	default:
		if len(p.RegionCodes) > 0 {
			q.and("g.path && ?", pgArray(p.RegionCodes))
		}
		q.and("coalesce(lower(CASE WHEN w.displaced_at IS NOT NULL AND w.announced_window IS NOT NULL THEN w.announced_window ELSE w.wanted_window END) < ?, TRUE)", p.Day.AddDays(1).In(zone))
	}
	var rows []Order
	if err := db.NewRaw("SELECT "+orderColumns+orderTables+q.sql()+" ORDER BY w.id LIMIT 5000", q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("orders to plan: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].windows()
	}
	return rows, nil
}

// ordersByID reads orders in the order of their ids, the lock's order as well.
func ordersByID(ctx context.Context, db bun.IDB, s auth.Scope, ids []uuid.UUID, lock bool) ([]Order, error) {
	if err := s.Check(); err != nil || len(ids) == 0 {
		return nil, err
	}
	from, end := orderBare+orderBareTables, ""
	if lock {
		end = " FOR NO KEY UPDATE OF w"
	}
	var rows []Order
	err := db.NewRaw("SELECT "+from+" WHERE w.id IN (?) AND "+s.SQL("w.org_id", "w.serving_org_id")+" ORDER BY w.id"+end, some(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("%d orders: %w", len(ids), fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].windows()
	}
	return rows, nil
}

// partsOfOrders is what each order still needs, as jobOf reads it for one.
func partsOfOrders(ctx context.Context, db bun.IDB, ids []uuid.UUID) (map[uuid.UUID][]inventory.Need, error) {
	var rows []struct {
		OrderID  uuid.UUID
		PartID   uuid.UUID
		SKU      string
		Quantity int64
	}
	err := db.NewRaw(`SELECT op.order_id, op.part_id, p.sku, op.quantity - coalesce((SELECT sum(r.quantity) FROM reservations r WHERE r.order_id = op.order_id AND r.part_id = op.part_id AND r.state = 'used'), 0) AS quantity
		FROM order_parts op JOIN parts p ON p.id = op.part_id WHERE op.order_id IN (?) AND NOT op.awaiting ORDER BY op.order_id, op.no`, some(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("parts of %d orders: %w", len(ids), fault.FromSQL(err))
	}
	out := map[uuid.UUID][]inventory.Need{}
	for _, r := range rows {
		if r.Quantity > 0 {
			out[r.OrderID] = append(out[r.OrderID], inventory.Need{PartID: r.PartID, SKU: r.SKU, Quantity: r.Quantity})
		}
	}
	return out, nil
}

// wasPlanned is the visit an order had before somebody dropped out.
type wasPlanned struct {
	EngineerID *uuid.UUID
	From, To   *time.Time
}

// displacedFrom is what displaced orders had before, by order.
func displacedFrom(ctx context.Context, db bun.IDB, orders []Order) (map[uuid.UUID]wasPlanned, error) {
	out := map[uuid.UUID]wasPlanned{}
	var ids []uuid.UUID
	for _, o := range orders {
		if o.DisplacedAt != nil {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		OrderID    uuid.UUID
		EngineerID uuid.UUID
		From, To   time.Time
	}
	err := db.NewRaw(`SELECT DISTINCT ON (order_id) order_id, engineer_id, lower(planned) AS "from", upper(planned) AS "to" FROM visits
		WHERE order_id IN (?) AND lead AND state = 'cancelled' AND ended_cause = 'displaced' ORDER BY order_id, id DESC`, some(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("visits that were displaced: %w", fault.FromSQL(err))
	}
	for _, r := range rows {
		out[r.OrderID] = wasPlanned{&r.EngineerID, &r.From, &r.To}
	}
	return out, nil
}

// displacedOn are the orders whose engineer dropped out and whose customers expect somebody on a day, by
// who serves them.
func displacedOn(ctx context.Context, db bun.IDB, s auth.Scope, day calendar.Date, zone *time.Location) ([]displacedOrder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	var rows []displacedOrder
	err := db.NewRaw("SELECT id, serving_org_id FROM work_orders WHERE state = 'ready' AND displaced_at IS NOT NULL AND announced_window && tstzrange(?, ?, '[)') AND "+s.SQL("serving_org_id")+" ORDER BY id LIMIT 1000",
		day.In(zone), day.AddDays(1).In(zone)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("displaced orders of %s: %w", day, fault.FromSQL(err))
	}
	return rows, nil
}

type displacedOrder struct {
	ID           uuid.UUID
	ServingOrgID int32
}

// stands is a visit as it is now.
type stands struct {
	ID         uuid.UUID
	EngineerID uuid.UUID
	State      string
	From, To   time.Time
}

// same reports whether the visit that a plan would move is still where the plan saw it.
func (s stands) same(v PlanVisit) bool {
	return (s.State == string(dispatch.Dispatched) || s.State == string(dispatch.Accepted)) && v.WasEngineerID != nil && s.EngineerID == *v.WasEngineerID && s.From.Equal(*v.WasFrom) && s.To.Equal(*v.WasTo)
}

func standing(ctx context.Context, db bun.IDB, visits []uuid.UUID) (map[uuid.UUID]stands, error) {
	out := map[uuid.UUID]stands{}
	if len(visits) == 0 {
		return out, nil
	}
	var rows []stands
	err := db.NewRaw(`SELECT id, engineer_id, state, lower(planned) AS "from", upper(planned) AS "to" FROM visits WHERE id IN (?)`, some(visits)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("visits to move: %w", fault.FromSQL(err))
	}
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, nil
}

// sortIDs puts ids into the order in which rows are locked.
func sortIDs(ids []uuid.UUID) {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// planAt is an organisation that plans by itself.
type planAt struct {
	OrgID       int32
	PlanAt      string
	RegionCodes []string `bun:",array"`
	Seconds     int
	DoneFor     *calendar.Date
}

// clock is the hour since midnight.
func (r planAt) clock() time.Duration {
	t, err := time.Parse("15:04:05", r.PlanAt)
	if err != nil {
		return 24 * time.Hour
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

func plansAt(ctx context.Context, db bun.IDB) ([]planAt, error) {
	var rows []planAt
	if err := db.NewRaw("SELECT org_id, plan_at::text AS plan_at, region_codes, seconds, done_for FROM plan_settings ORDER BY org_id").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("who plans by itself: %w", err)
	}
	return rows, nil
}

// claimPlanAt takes the planning of a day for one copy of the program.
func claimPlanAt(ctx context.Context, tx bun.IDB, org int32, day calendar.Date) (bool, error) {
	res, err := tx.ExecContext(ctx, "UPDATE plan_settings SET done_for = ? WHERE org_id = ? AND (done_for IS NULL OR done_for < ?)", day, org, day)
	if err != nil {
		return false, fmt.Errorf("plan of organisation %d: %w", org, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func shiftsOn(ctx context.Context, db bun.IDB, orgs []int32, from, to time.Time) (is bool, err error) {
	err = db.NewRaw("SELECT EXISTS (SELECT FROM shifts WHERE org_id IN (?) AND lower(during) >= ? AND lower(during) < ?)", bun.List(orgs), from, to).Scan(ctx, &is)
	if err != nil {
		return false, fmt.Errorf("shifts of a day: %w", err)
	}
	return is, nil
}

func readPlanSettings(ctx context.Context, db bun.IDB, org int32) (PlanSettings, error) {
	var r planAt
	err := db.NewRaw("SELECT org_id, to_char(plan_at, 'HH24:MI') AS plan_at, region_codes, seconds, done_for FROM plan_settings WHERE org_id = ?", org).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return PlanSettings{RegionCodes: []string{}, Seconds: 60}, nil
	}
	if err != nil {
		return PlanSettings{}, fmt.Errorf("plan settings: %w", fault.FromSQL(err))
	}
	return PlanSettings{PlanAt: &r.PlanAt, RegionCodes: r.RegionCodes, Seconds: r.Seconds, DoneFor: r.DoneFor}, nil
}

func writePlanSettings(ctx context.Context, w *work, org int32, in PlanSettings) error {
	var err error
	if in.PlanAt == nil {
		_, err = w.tx.ExecContext(ctx, "DELETE FROM plan_settings WHERE org_id = ?", org)
	} else {
		_, err = w.tx.ExecContext(ctx, `INSERT INTO plan_settings (org_id, plan_at, region_codes, seconds, changed_at) VALUES (?, ?::time, ?, ?, ?)
			ON CONFLICT (org_id) DO UPDATE SET plan_at = excluded.plan_at, region_codes = excluded.region_codes, seconds = excluded.seconds, changed_at = excluded.changed_at`,
			org, *in.PlanAt, pgArray(in.RegionCodes), in.Seconds, w.at)
	}
	if err != nil {
		return fmt.Errorf("plan settings: %w", err)
	}
	return nil
}

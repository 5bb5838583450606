package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const visitColumns = `v.id, v.org_id, v.order_id, w.number AS order_number, v.engineer_id, v.engineer_org_id, e.name AS engineer_name, coalesce(e.staff_number, '') AS staff_number,
	v.lead, v.lead_visit_id, v.trip_id, v.mode, v.purpose, v.state, lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, lower(v.blocked) AS leaves_at,
	v.travel_minutes, v.shift_id, v.override_reason, v.reasons,
	CASE WHEN v.announced_window IS NOT NULL THEN jsonb_build_object('from', lower(v.announced_window), 'to', upper(v.announced_window)) END AS window,
	v.announced_at, v.confirmed_at, v.confirmed_with, v.confirmed_by, v.accept_by, v.accepted_at, v.departed_at, v.arrived_at, v.started_at, v.finished_at,
	v.inferred, v.late, v.outcome, v.ended_at, v.ended_reason, v.ended_cause, v.created_at, v.version,
	coalesce((SELECT jsonb_agg(jsonb_build_object('at', m.at, 'cause', m.cause, 'reason', m.reason,
			'from', jsonb_build_object('from', lower(m.from_planned), 'to', upper(m.from_planned)), 'to', jsonb_build_object('from', lower(m.to_planned), 'to', upper(m.to_planned)),
			'from_engineer', m.from_engineer, 'to_engineer', m.to_engineer, 'by', m.actor,
			'from_window', CASE WHEN m.from_window IS NOT NULL THEN jsonb_build_object('from', lower(m.from_window), 'to', upper(m.from_window)) END) ORDER BY m.id)
		FROM visit_reschedules m WHERE m.visit_id = v.id), '[]') AS reschedules
	FROM visits v JOIN engineers e ON e.id = v.engineer_id JOIN work_orders w ON w.id = v.order_id`

const binding = `('dispatched', 'accepted', 'en_route', 'on_site', 'paused')`

func (b Board) visit(ctx context.Context, id uuid.UUID, more string, args ...any) (Visit, error) {
	var v Visit
	err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.id = ? "+more, append([]any{id}, args...)...).Scan(ctx, &v)
	switch {
	case none(err):
		return v, unknown("visit")
	case err != nil:
		return v, fmt.Errorf("read a visit: %w", fault.FromSQL(err))
	}
	return v, nil
}

// Visit finds one: of an order or an engineer in sight, and for a visiting engineer only his own.
func (b Board) Visit(ctx context.Context, scope auth.Scope, id uuid.UUID) (Visit, error) {
	where, err := within(scope, "v.engineer_id", "v.org_id", "v.engineer_org_id", "w.serving_org_id")
	if err != nil {
		return Visit{}, err
	}
	return b.visit(ctx, id, "AND ?", where)
}

// VisitsOf lists every visit of an order, oldest first, for those who already see the order.
func (b Board) VisitsOf(ctx context.Context, order uuid.UUID) ([]Visit, error) {
	rows := []Visit{}
	if err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.order_id = ? ORDER BY v.id", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read an order's visits: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// OpenVisit is the order's open lead visit, or nil.
func (b Board) OpenVisit(ctx context.Context, order uuid.UUID) (*Visit, error) {
	var rows []Visit
	if err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.order_id = ? AND v.lead AND v.state IN ('proposed', 'dispatched', 'accepted', 'en_route', 'on_site', 'paused')", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read an order's open visit: %w", fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// Visits lists visits in sight by their planned start.
func (b Board) Visits(ctx context.Context, scope auth.Scope, f VisitFilter) (keyset.Page[Visit], error) {
	page := keyset.Page[Visit]{}
	where, err := within(scope, "v.engineer_id", "v.org_id", "v.engineer_org_id", "w.serving_org_id")
	if err != nil {
		return page, err
	}
	q := b.db.NewSelect().TableExpr("visits AS v").Join("JOIN work_orders AS w ON w.id = v.order_id").Column("v.id").
		Where("?", where).OrderExpr("lower(v.planned), v.id").Limit(int64(f.Rows()))
	if f.Engineer != nil {
		q = q.Where("v.engineer_id = ?", *f.Engineer)
	}
	if f.Order != nil {
		q = q.Where("v.order_id = ?", *f.Order)
	}
	if f.Day != nil {
		from, to := f.Day.In(b.Zone()), f.Day.AddDays(1).In(b.Zone())
		f.From, f.To = &from, &to
	}
	if f.From != nil { // no visit is longer than a day
		q = q.Where("lower(v.planned) > ?::timestamptz - interval '24 hours' AND upper(v.planned) > ?", *f.From, *f.From)
	}
	if f.To != nil {
		q = q.Where("lower(v.planned) < ?", *f.To)
	}
	if len(f.States) > 0 {
		q = q.Where("v.state IN (?)", bun.List(f.States))
	}
	if f.Open {
		q = q.Where("v.state IN " + binding)
	}
	if f.Unclaimed {
		q = q.Where("v.state = 'dispatched' AND v.accept_by < ?", b.at())
	}
	if f.Late {
		q = q.Where("v.late")
	}
	var at time.Time
	var id uuid.UUID
	if more, err := f.After(&at, &id); err != nil {
		return page, err
	} else if more {
		q = q.Where("(lower(v.planned), v.id) > (?, ?)", at, id)
	}
	var rows []Visit
	if err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.id IN (?) ORDER BY lower(v.planned), v.id", q).Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list visits: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(v Visit) []any { return []any{v.StartsAt, v.ID} }), nil
}

// entry is a row of somebody's diary as a booking meets it.
type entry struct {
	VisitID          *uuid.UUID
	Kind             string
	From, To         time.Time
	WorkFrom, WorkTo *time.Time // of a visit, without its way
	OrderNumber      string
}

// diary reads what stands in an engineer's diary in a stretch of time, visits apart from one.
func (b Board) diary(ctx context.Context, engineer uuid.UUID, span Span, apart uuid.UUID) ([]entry, error) {
	var rows []entry
	err := b.db.NewRaw(`SELECT d.visit_id, d.kind, lower(d.during) AS "from", upper(d.during) AS "to", lower(v.planned) AS work_from, upper(v.planned) AS work_to,
			coalesce(w.number, '') AS order_number
		FROM diary d LEFT JOIN visits v ON v.id = d.visit_id LEFT JOIN work_orders w ON w.id = v.order_id
		WHERE d.engineer_id = ? AND d.during && tstzrange(?, ?, '[)') AND d.visit_id IS DISTINCT FROM ? AND (d.visit_id IS NULL OR d.visit_id <> ALL (?::uuid[])) ORDER BY d.during`,
		engineer, span.From, span.To, apart, uuids(b.aside)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read a diary: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// Blocked is a stretch of somebody's time that is not free.
type Blocked struct {
	EngineerID uuid.UUID  `json:"engineer_id"`
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	Kind       string     `json:"kind"` // visit, leave, training, gap, hold
	VisitID    *uuid.UUID `json:"visit_id"`
	AbsenceID  *uuid.UUID `json:"absence_id"`
	Reason     string     `json:"reason"`
}

// Diary lists what takes the time of engineers in sight in a stretch of at most 62 days; engineer nil is
// everybody. Visits are in it with their way.
func (b Board) Diary(ctx context.Context, scope auth.Scope, engineer *uuid.UUID, span Span) ([]Blocked, error) {
	if err := span.shorter(62); err != nil {
		return nil, err
	}
	where, err := within(scope, "d.engineer_id", "d.org_id")
	if err != nil {
		return nil, err
	}
	rows := []Blocked{}
	err = b.db.NewRaw(`SELECT d.engineer_id, lower(d.during) AS "from", upper(d.during) AS "to", d.kind, d.visit_id, d.absence_id, d.reason FROM diary d
		WHERE d.during && tstzrange(?1, ?2, '[)') AND (?0::uuid IS NULL OR d.engineer_id = ?0) AND ?3
		ORDER BY lower(d.during), d.engineer_id LIMIT 20000`, engineer, span.From, span.To, where).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read diaries: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// busy is the refusal of a slot that somebody has already given away, naming what stands there.
func busy(who locked, zone *time.Location, met entry) error {
	what := met.Kind
	if met.OrderNumber != "" {
		what = met.OrderNumber
	}
	from, to := met.From, met.To
	if met.WorkFrom != nil {
		from, to = *met.WorkFrom, *met.WorkTo
	}
	return busyFault(who.Name, from.In(zone), to.In(zone), what).With("engineer_id", who.ID).With("engineer_name", who.Name).With("busy", map[string]any{
		"from": met.From, "to": met.To, "starts_at": from, "ends_at": to, "kind": met.Kind, "visit_id": met.VisitID, "work_order_number": met.OrderNumber})
}

func busyFault(name string, from, to time.Time, what string) *fault.Error {
	return fault.New(fault.Conflict, "engineer_busy", "%s is taken from %s to %s (%s): choose another slot or another engineer",
		name, from.Format("01-02 15:04"), to.Format("15:04"), what)
}

// slot is a place in somebody's diary.
type slot struct {
	planned, blocked Span
	shift            *uuid.UUID
	shiftFrom        *time.Time
	shiftTo          *time.Time
}

// find makes room for work in a diary that is locked: the way before it gives way to leave and, for an
// override, to other visits; the way of the visit after it begins where the work ends. What cannot give
// way refuses. apart is the visit being moved, or Nil.
func (b Board) find(ctx context.Context, who locked, planned Span, way Candidate, override bool, apart uuid.UUID) (slot, error) {
	s := slot{planned: planned, blocked: planned}
	if !who.Active {
		return s, fault.New(fault.Conflict, "engineer_inactive", "%s is no longer with us: choose another engineer", who.Name)
	}
	if way.LeavesAt != nil && way.LeavesAt.Before(planned.From) && planned.From.Sub(*way.LeavesAt) < 24*time.Hour {
		s.blocked.From = exact(*way.LeavesAt)
	}
	met, err := b.diary(ctx, who.ID, s.blocked, apart)
	if err != nil {
		return s, err
	}
	for _, e := range met {
		switch {
		case e.WorkFrom != nil && !e.WorkFrom.Before(planned.To) && (override || way.reaches(planned.To, *e.WorkFrom)):
			// Only its way lies in our time; it begins from here now, as the planner measured.
		case !e.To.After(planned.From) && (e.VisitID == nil || override):
			s.blocked.From = e.To
		default:
			return s, busy(who, b.Zone(), e)
		}
	}
	if err := b.shortenNext(ctx, who.ID, planned.To, way, apart); err != nil {
		return s, err
	}
	var shift struct {
		ID       uuid.UUID
		From, To time.Time
	}
	err = b.db.NewRaw(`SELECT id, lower(during) AS "from", upper(during) AS "to" FROM shifts WHERE engineer_id = ? AND during @> tstzrange(?, ?, '[)')`,
		who.ID, planned.From, planned.To).Scan(ctx, &shift)
	switch {
	case err == nil:
		s.shift, s.shiftFrom, s.shiftTo = &shift.ID, &shift.From, &shift.To
	case !none(err):
		return s, fmt.Errorf("find a shift: %w", fault.FromSQL(err))
	case !override:
		return s, fault.New(fault.Conflict, "visits_inside_shift", "the visit lies outside the engineer's shifts: choose another slot or give a reason").With("engineer_name", who.Name)
	}
	return s, nil
}

// reaches reports whether the planner knew of a visit that begins then, and found time for the way there.
func (c Candidate) reaches(end, next time.Time) bool {
	return c.nextLeaves != nil && !c.nextLeaves.Before(end) && c.nextLeaves.Before(next.Add(time.Second))
}

// shortenNext lets the way of the next visit begin where the work before it ends, and measures it from
// there when the planner did.
func (b Board) shortenNext(ctx context.Context, engineer uuid.UUID, end time.Time, way Candidate, apart uuid.UUID) error {
	var next []struct {
		ID             uuid.UUID
		From, WorkFrom time.Time
		Before         *time.Time
	}
	err := b.db.NewRaw(`SELECT v.id, lower(v.blocked) AS "from", lower(v.planned) AS work_from,
			(SELECT max(upper(d.during)) FROM diary d WHERE d.engineer_id = v.engineer_id AND upper(d.during) <= lower(v.planned)
				AND d.visit_id IS DISTINCT FROM v.id AND d.visit_id IS DISTINCT FROM ?2 AND (d.visit_id IS NULL OR d.visit_id <> ALL (?3::uuid[])) AND upper(d.during) > ?1) AS before
		FROM visits v WHERE v.engineer_id = ?0 AND lower(v.planned) >= ?1 AND lower(v.planned) < ?1::timestamptz + interval '24 hours'
			AND v.id <> ?2 AND v.id <> ALL (?3::uuid[]) AND v.state IN `+binding+` ORDER BY lower(v.planned) LIMIT 1`, engineer, end, apart, uuids(b.aside)).Scan(ctx, &next)
	if err != nil {
		return fmt.Errorf("find the next visit: %w", fault.FromSQL(err))
	}
	if len(next) == 0 {
		return nil
	}
	n := next[0]
	from := n.From
	if way.nextLeaves != nil && way.nextLeaves.Before(n.WorkFrom) {
		from = exact(*way.nextLeaves)
	}
	if from.Before(end) {
		from = end
	}
	if n.Before != nil && from.Before(*n.Before) {
		from = *n.Before
	}
	if from.Equal(n.From) {
		return nil
	}
	_, err = b.db.NewRaw("UPDATE visits SET blocked = tstzrange(?, upper(blocked), '[)'), travel_minutes = ceil(extract(epoch FROM lower(planned) - ?::timestamptz) / 60) WHERE id = ?",
		from, from, n.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move the way to the next visit: %w", fault.FromSQL(err))
	}
	return nil
}

// Book writes the visit and those of its helpers, all or nothing. It is dispatched: the engineer has
// Settings.AcceptWithin of service time to answer.
func (b Board) Book(ctx context.Context, in Booking) (Visit, error) {
	planned := Span{exact(in.StartsAt), exact(in.EndsAt)}
	if err := planned.check("body.ends_at"); err != nil {
		return Visit{}, err
	}
	if planned.To.Sub(planned.From) > 24*time.Hour {
		return Visit{}, fault.New(fault.Invalid, "visit_long", "a visit lasts at most 24 hours: book several").Field("body.ends_at", "more than 24 hours after the start")
	}
	window := planned
	if in.Window != nil {
		if err := checkWindow(*in.Window, planned.From); err != nil {
			return Visit{}, err
		}
		window = *in.Window
	}
	if slices.Contains(in.Helpers, in.EngineerID) {
		return Visit{}, fault.New(fault.Invalid, "helper_is_lead", "the engineer cannot be his own helper").Field("body.helpers", "names the engineer himself")
	}
	helpers := slices.Clone(in.Helpers)
	slices.SortFunc(helpers, uuidOrder)
	helpers = slices.Compact(helpers)
	crew, err := b.lock(ctx, append(helpers, in.EngineerID)...)
	if err != nil {
		return Visit{}, err
	}
	reasons, err := json.Marshal(in.Judged.Reasons)
	if err != nil {
		return Visit{}, fmt.Errorf("book a visit: %w", err)
	}
	if in.Judged.Reasons == nil {
		reasons = []byte("[]")
	}
	var override *string
	if in.OverrideReason != "" {
		override = &in.OverrideReason
	}
	mode, purpose := in.Mode, in.Purpose
	if mode == "" {
		mode = "on_site"
	}
	if purpose == "" {
		purpose = "repair"
	}
	at := b.at()
	answer := exact(b.set.Calendar.AddServiceTime(at, b.set.AcceptWithin, b.set.Service))
	lead := given(in.Proposal, newID())
	for i, who := range append([]uuid.UUID{in.EngineerID}, helpers...) {
		id, above, why, way := lead, (*uuid.UUID)(nil), string(reasons), in.Judged
		if i > 0 {
			// A helper's way is his own business: only the work is blocked.
			id, above, why, way = newID(), &lead, "[]", Candidate{}
		}
		s, err := b.find(ctx, crew[who], planned, way, override != nil, uuid.Nil)
		if err != nil {
			return Visit{}, err
		}
		_, err = b.db.NewRaw(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, lead, lead_visit_id, trip_id, mode, purpose, state, planned, blocked,
				shift_id, shift_during, override_reason, reasons, travel_minutes, announced_window, announced_at, accept_by, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'dispatched', tstzrange(?, ?, '[)'), tstzrange(?, ?, '[)'), ?, CASE WHEN ?::uuid IS NOT NULL THEN tstzrange(?, ?, '[)') END,
				?, ?, ?, tstzrange(?, ?, '[)'), ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, engineer_id = excluded.engineer_id, engineer_org_id = excluded.engineer_org_id, mode = excluded.mode, purpose = excluded.purpose,
				planned = excluded.planned, blocked = excluded.blocked, shift_id = excluded.shift_id, shift_during = excluded.shift_during, override_reason = excluded.override_reason,
				reasons = excluded.reasons, travel_minutes = excluded.travel_minutes, announced_window = excluded.announced_window, announced_at = excluded.announced_at, accept_by = excluded.accept_by
			WHERE visits.state = 'proposed' AND visits.order_id = excluded.order_id`,
			id, in.OrgID, in.OrderID, who, crew[who].OrgID, i == 0, above, in.TripID, mode, purpose,
			planned.From, planned.To, s.blocked.From, s.blocked.To, s.shift, s.shift, s.shiftFrom, s.shiftTo,
			override, why, minutes(planned.From.Sub(s.blocked.From)), exact(window.From), exact(window.To), at, answer, at).Exec(ctx)
		if err != nil {
			return Visit{}, refusedVisit(err, crew[who], b.Zone(), planned)
		}
	}
	return b.visit(ctx, lead, "")
}

func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

func uuidOrder(a, c uuid.UUID) int { return slices.Compare(a[:], c[:]) }

// refusedVisit puts the diary's own refusal into the same words as find.
func refusedVisit(err error, who locked, zone *time.Location, planned Span) error {
	if fault.Constraint(err) == "diary_no_overlap" {
		return fmt.Errorf("%w: %w", busy(who, zone, entry{Kind: "visit", From: planned.From, To: planned.To}), err)
	}
	return fmt.Errorf("book a visit: %w", fault.FromSQL(err))
}

// party locks the engineers of a visit and its helpers, then the visits, and reads them, the visit first.
func (b Board) party(ctx context.Context, id uuid.UUID, also ...uuid.UUID) ([]Visit, map[uuid.UUID]locked, error) {
	read := func(lock string) ([]Visit, error) {
		var rows []Visit
		err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.id = ? OR (v.lead_visit_id = ? AND v.state IN "+binding+") ORDER BY v.id "+lock, id, id).Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("read a visit: %w", fault.FromSQL(err))
		}
		at := slices.IndexFunc(rows, func(v Visit) bool { return v.ID == id })
		if at < 0 {
			return nil, unknown("visit")
		}
		rows[0], rows[at] = rows[at], rows[0]
		return rows, nil
	}
	rows, err := read("")
	if err != nil {
		return nil, nil, err
	}
	who := slices.Clone(also)
	for _, v := range rows {
		who = append(who, v.EngineerID)
	}
	crew, err := b.lock(ctx, who...)
	if err != nil {
		return nil, nil, err
	}
	if rows, err = read("FOR UPDATE OF v"); err != nil {
		return nil, nil, err
	}
	for _, v := range rows {
		if _, ok := crew[v.EngineerID]; !ok {
			return nil, nil, fault.New(fault.Conflict, "busy", "somebody else is changing the same thing: try again in a moment").After(time.Second)
		}
	}
	return rows, crew, nil
}

// Do records what happened to a visit: accept, decline, depart, arrive, start, pause, resume, finish,
// cancel. Moves that were left out are made first and marked inferred. Helpers follow their lead to the
// end. Plans are never touched; visits of the same day that can no longer be kept are marked late.
func (b Board) Do(ctx context.Context, id uuid.UUID, act string, in Act) (Visit, error) {
	if in.At.IsZero() {
		in.At = b.at()
	}
	in.At = exact(in.At)
	if (act == "decline" || act == "cancel") && in.Reason == "" {
		return Visit{}, reasonNeeded()
	}
	party, _, err := b.party(ctx, id)
	if err != nil {
		return Visit{}, err
	}
	v := party[0]
	var walked []Walked
	switch act {
	case "decline", "cancel":
		to, err := VisitMoves.Do(v.State, act)
		if err != nil {
			return v, err
		}
		cause := in.Cause
		if cause == "" && act == "cancel" {
			cause = "us"
		}
		for _, one := range party {
			end := to
			if one.ID != id {
				end = Cancelled
			}
			if VisitMoves.Check(one.State, end) != nil {
				continue // a helper who is on site already ends with his own sheet
			}
			walk, err := b.end(ctx, one.ID, end, in.At, in.Reason, cause, in.Inferred)
			if err != nil {
				return v, err
			}
			if one.ID == id {
				walked = append(walked, Walked{act, v.State, walk, in.At, in.Inferred})
			}
		}
	case "finish":
		if in.Outcome == "" {
			return v, fault.New(fault.Invalid, "outcome_needed", "say how the visit ended").Field("body.outcome", "required")
		}
		for _, one := range party {
			walk, err := b.finish(ctx, one, in)
			if err != nil {
				return v, err
			}
			if one.ID == id {
				walked = walk
			}
		}
	default:
		if walked, err = b.tell(ctx, v, act, in); err != nil {
			return v, err
		}
	}
	if err := b.markFollowing(ctx, v, act, in.At); err != nil {
		return v, err
	}
	v, err = b.visit(ctx, id, "")
	v.Walked = walked
	return v, err
}

// end closes a visit that was not held.
func (b Board) end(ctx context.Context, id uuid.UUID, to VisitState, at time.Time, reason, cause string, inferred bool) (VisitState, error) {
	_, err := b.db.NewRaw("UPDATE visits SET state = ?, ended_at = ?, ended_reason = ?, ended_cause = nullif(?, ''), inferred = inferred OR ? WHERE id = ?",
		to, at, reason, cause, inferred, id).Exec(ctx)
	if err != nil {
		return to, fmt.Errorf("end a visit: %w", fault.FromSQL(err))
	}
	return to, nil
}

// tell records one fact of a visit under way.
func (b Board) tell(ctx context.Context, v Visit, act string, in Act) ([]Walked, error) {
	to, err := VisitMoves.Do(v.State, act)
	if act == "start" && v.State == OnSite && v.StartedAt == nil {
		to, err = OnSite, nil // arrived before, begins now
	}
	if err != nil {
		return nil, err
	}
	if act == "dispatch" || act == "reassign" {
		return nil, fault.New(fault.Invalid, "visit_act", "%s is not something that happens to a visit", act)
	}
	q := b.db.NewUpdate().Table("visits").Set("state = ?", to).Set("inferred = inferred OR ?", in.Inferred).Where("id = ?", v.ID)
	switch act {
	case "accept":
		q = q.Set("accepted_at = ?", in.At)
	case "depart":
		q = q.Set("departed_at = ?", in.At)
	case "arrive":
		q = q.Set("arrived_at = ?", in.At).Set("late = late OR ?", in.At.After(v.limit(b.set.Tolerance)))
	case "start":
		q = q.Set("started_at = ?", in.At)
		if v.ArrivedAt == nil && v.Mode != "phone" {
			q = q.Set("arrived_at = ?", in.At).Set("inferred = TRUE").Set("late = late OR ?", in.At.After(v.limit(b.set.Tolerance)))
		}
	}
	if _, err := q.Exec(ctx); err != nil {
		return nil, fmt.Errorf("record %s of a visit: %w", act, fault.FromSQL(err))
	}
	return []Walked{{act, v.State, to, in.At, in.Inferred}}, nil
}

// finish ends a visit by its sheet, making the moves that nobody told.
func (b Board) finish(ctx context.Context, v Visit, in Act) ([]Walked, error) {
	var walked []Walked
	step := func(act string, at time.Time) error {
		to, err := VisitMoves.Do(v.State, act)
		if err != nil {
			return err
		}
		walked = append(walked, Walked{act, v.State, to, at, true})
		v.State = to
		return nil
	}
	arrived := v.ArrivedAt
	switch {
	case in.ArrivedAt != nil && (arrived == nil || v.Inferred):
		told := exact(*in.ArrivedAt)
		arrived = &told
	case arrived == nil:
		// Nobody told: as planned, but not after the end.
		guess := v.StartsAt
		if guess.After(in.At) {
			guess = in.At
		}
		arrived = &guess
	}
	left := arrived.Add(-time.Duration(v.TravelMinutes) * time.Minute)
	if v.State == Proposed {
		return nil, VisitMoves.Check(v.State, Finished)
	}
	if v.State == Dispatched {
		if err := step("accept", left); err != nil {
			return nil, err
		}
	}
	if v.State == Accepted && v.Mode != "phone" {
		if err := step("depart", left); err != nil {
			return nil, err
		}
	}
	if v.State == EnRoute {
		if err := step("arrive", *arrived); err != nil {
			return nil, err
		}
	} else if v.State == Accepted {
		if err := step("start", *arrived); err != nil {
			return nil, err
		}
	}
	if _, err := VisitMoves.Do(v.State, "finish"); err != nil {
		return nil, err
	}
	// PostgreSQL checks every move, so the inferred ones are made one after the other.
	for _, w := range walked {
		column := map[string]string{"accept": "accepted_at", "depart": "departed_at", "arrive": "arrived_at", "start": "started_at"}[w.Action]
		_, err := b.db.NewRaw("UPDATE visits SET state = ?, ? = ?, inferred = TRUE WHERE id = ?", w.To, bun.Ident(column), w.At, v.ID).Exec(ctx)
		if err != nil {
			return nil, fmt.Errorf("infer %s of a visit: %w", w.Action, fault.FromSQL(err))
		}
	}
	_, err := b.db.NewRaw(`UPDATE visits SET state = 'finished', finished_at = ?, outcome = ?, arrived_at = ?, started_at = coalesce(started_at, ?),
			late = late OR ?, inferred = inferred OR ? WHERE id = ?`,
		in.At, in.Outcome, arrived, arrived, arrived.After(v.limit(b.set.Tolerance)), in.Inferred, v.ID).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("finish a visit: %w", fault.FromSQL(err))
	}
	return append(walked, Walked{"finish", v.State, Finished, in.At, in.Inferred}), nil
}

// markFollowing marks the engineer's later visits of the day late that can no longer be kept after
// what was just told about v.
func (b Board) markFollowing(ctx context.Context, v Visit, act string, at time.Time) error {
	work := v.EndsAt.Sub(v.StartsAt)
	way := time.Duration(v.TravelMinutes) * time.Minute
	var free time.Time // when he can drive on at the earliest
	switch act {
	case "depart":
		free = at.Add(way + work)
	case "arrive", "start":
		free = at.Add(work)
	case "pause", "resume", "finish":
		free = at
	default:
		return nil
	}
	day := calendar.Of(v.StartsAt, b.Zone())
	var rows []struct {
		ID          uuid.UUID
		From, To    time.Time
		Way         int
		Announced   *time.Time
		AlreadyLate bool
	}
	err := b.db.NewRaw(`SELECT id, lower(planned) AS "from", upper(planned) AS "to", travel_minutes AS way, upper(announced_window) AS announced, late AS already_late
		FROM visits WHERE engineer_id = ? AND lower(planned) > ? AND lower(planned) < ? AND state IN ('dispatched', 'accepted') ORDER BY lower(planned)`,
		v.EngineerID, v.StartsAt, day.AddDays(1).In(b.Zone())).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read the rest of a day: %w", fault.FromSQL(err))
	}
	var late []uuid.UUID
	for _, n := range rows {
		arrives := free.Add(time.Duration(n.Way) * time.Minute)
		if arrives.Before(n.From) {
			arrives = n.From
		}
		if !n.AlreadyLate && arrives.After((Visit{StartsAt: n.From, Window: announced(n.From, n.Announced)}).limit(b.set.Tolerance)) {
			late = append(late, n.ID)
		}
		free = arrives.Add(n.To.Sub(n.From))
	}
	if len(late) == 0 {
		return nil
	}
	if _, err := b.db.NewRaw("UPDATE visits SET late = TRUE WHERE id = ANY (?::uuid[])", uuids(late)).Exec(ctx); err != nil {
		return fmt.Errorf("mark visits late: %w", fault.FromSQL(err))
	}
	return nil
}

func announced(from time.Time, to *time.Time) *Span {
	if to == nil {
		return nil
	}
	return &Span{from, *to}
}

// MarkLate marks visits whose announced window is over and where nobody has arrived, at most so many,
// and returns those newly marked. A job calls it every minute.
func (b Board) MarkLate(ctx context.Context, atMost int) ([]Visit, error) {
	var ids []uuid.UUID
	err := b.db.NewRaw(`UPDATE visits SET late = TRUE WHERE id IN (
			SELECT id FROM visits WHERE state IN ('dispatched', 'accepted', 'en_route') AND NOT late AND lower(planned) < ?0 AND lower(planned) > ?0::timestamptz - interval '48 hours'
			  AND greatest(upper(announced_window), lower(planned) + make_interval(secs => ?1)) < ?0
			ORDER BY lower(planned), id LIMIT ?2 FOR UPDATE SKIP LOCKED) RETURNING id`,
		b.at(), b.set.Tolerance.Seconds(), atMost).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("mark visits late: %w", fault.FromSQL(err))
	}
	rows := []Visit{}
	if len(ids) == 0 {
		return rows, nil
	}
	if err := b.db.NewRaw("SELECT "+visitColumns+" WHERE v.id = ANY (?::uuid[]) ORDER BY lower(v.planned), v.id", uuids(ids)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read late visits: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// Confirm records that the customer agreed to a window. The visit has to start inside it.
func (b Board) Confirm(ctx context.Context, id uuid.UUID, in Confirmation) (Visit, error) {
	if !slices.Contains([]string{"phone", "sms", "link", "on_site"}, in.By) {
		return Visit{}, fault.New(fault.Invalid, "confirmed_by", "say how: phone, sms, link or on_site").Field("body.by", "phone, sms, link or on_site")
	}
	party, _, err := b.party(ctx, id)
	if err != nil {
		return Visit{}, err
	}
	v := party[0]
	if v.State != Proposed && v.State != Dispatched && v.State != Accepted && v.State != EnRoute {
		return v, settled(v)
	}
	if err := checkWindow(in.Window, v.StartsAt); err != nil {
		return v, err
	}
	at := b.at()
	told := at
	if v.Window != nil && v.Window.From.Equal(in.Window.From) && v.Window.To.Equal(in.Window.To) && v.AnnouncedAt != nil {
		told = *v.AnnouncedAt
	}
	_, err = b.db.NewRaw("UPDATE visits SET announced_window = tstzrange(?, ?, '[)'), announced_at = ?, confirmed_at = ?, confirmed_with = ?, confirmed_by = ? WHERE id = ?",
		exact(in.Window.From), exact(in.Window.To), told, at, in.WithWhom, in.By, id).Exec(ctx)
	if err != nil {
		return v, fmt.Errorf("confirm a visit: %w", fault.FromSQL(err))
	}
	return b.visit(ctx, id, "")
}

func settled(v Visit) error {
	return fault.New(fault.Conflict, "visit_under_way", "a visit that is %s keeps its time: nothing can be agreed anew", string(v.State)).
		Allow(VisitMoves.Actions(v.State)...).With("state", string(v.State))
}

// Reschedule gives a visit another time, and perhaps another engineer, who then has to answer anew. The
// visit stays itself with its order, its history and its helpers, who move along. What the customer was
// told stays while the new start lies inside it; else he has to agree again.
func (b Board) Reschedule(ctx context.Context, id uuid.UUID, in Move) (Visit, error) {
	in.StartsAt, in.EndsAt = exact(in.StartsAt), exact(in.EndsAt)
	if err := in.check(); err != nil {
		return Visit{}, err
	}
	var also []uuid.UUID
	if in.EngineerID != nil {
		also = append(also, *in.EngineerID)
	}
	party, crew, err := b.party(ctx, id, also...)
	if err != nil {
		return Visit{}, err
	}
	v := party[0]
	if v.State != Proposed && v.State != Dispatched && v.State != Accepted {
		return v, settled(v)
	}
	planned := Span{in.StartsAt, in.EndsAt}
	window, keeps := Span{planned.From, planned.To}, false
	switch {
	case in.Window != nil:
		window = Span{exact(in.Window.From), exact(in.Window.To)}
		keeps = v.Window != nil && v.Window.From.Equal(window.From) && v.Window.To.Equal(window.To)
	case v.Window != nil && v.Window.Contains(planned.From):
		window, keeps = *v.Window, true
	}
	at := b.at()
	answer := exact(b.set.Calendar.AddServiceTime(at, b.set.AcceptWithin, b.set.Service))
	for i, one := range party {
		who, way := one.EngineerID, Candidate{}
		if i == 0 {
			who, way = given(in.EngineerID, v.EngineerID), in.Judged
		} else if VisitMoves.Check(one.State, Cancelled) != nil {
			return v, settled(one)
		}
		override := one.OverrideReason
		if in.OverrideReason != "" {
			override = &in.OverrideReason
		}
		s, err := b.find(ctx, crew[who], planned, way, override != nil, one.ID)
		if err != nil {
			return v, err
		}
		reasons, err := json.Marshal(way.Reasons)
		if err != nil {
			return v, fmt.Errorf("reschedule a visit: %w", err)
		}
		changes := who != one.EngineerID
		state := one.State
		if changes && state == Accepted {
			state = Dispatched
		}
		_, err = b.db.NewRaw(`UPDATE visits SET engineer_id = ?0, engineer_org_id = ?1, state = ?2, planned = tstzrange(?3, ?4, '[)'), blocked = tstzrange(?5, ?6, '[)'),
				shift_id = ?7, shift_during = CASE WHEN ?7::uuid IS NOT NULL THEN tstzrange(?8, ?9, '[)') END, override_reason = ?10,
				reasons = CASE WHEN ?11 THEN ?12::jsonb ELSE reasons END, travel_minutes = ?13, announced_window = tstzrange(?14, ?15, '[)'),
				announced_at = CASE WHEN ?16 THEN announced_at ELSE ?17 END, confirmed_at = CASE WHEN ?16 THEN confirmed_at END,
				confirmed_with = CASE WHEN ?16 THEN confirmed_with END, confirmed_by = CASE WHEN ?16 THEN confirmed_by END,
				accept_by = CASE WHEN ?18 THEN ?19 ELSE accept_by END, accepted_at = CASE WHEN ?18 THEN NULL ELSE accepted_at END, late = FALSE
			WHERE id = ?20`,
			who, crew[who].OrgID, state, planned.From, planned.To, s.blocked.From, s.blocked.To, s.shift, s.shiftFrom, s.shiftTo, override,
			len(way.Reasons) > 0, string(reasons), minutes(planned.From.Sub(s.blocked.From)), exact(window.From), exact(window.To), keeps, at, changes, answer, one.ID).Exec(ctx)
		if err != nil {
			return v, refusedVisit(err, crew[who], b.Zone(), planned)
		}
		var windowFrom, windowTo *time.Time
		if one.Window != nil {
			windowFrom, windowTo = &one.Window.From, &one.Window.To
		}
		_, err = b.db.NewRaw(`INSERT INTO visit_reschedules (id, org_id, visit_id, at, cause, reason, from_planned, to_planned, from_engineer, to_engineer, from_window, by_user, actor)
			VALUES (?, ?, ?, ?, ?, ?, tstzrange(?, ?, '[)'), tstzrange(?, ?, '[)'), ?, ?, CASE WHEN ?::timestamptz IS NOT NULL THEN tstzrange(?, ?, '[)') END, ?, ?)`,
			newID(), one.OrgID, one.ID, at, in.Cause, in.Reason, one.StartsAt, one.EndsAt, planned.From, planned.To, one.EngineerID, who,
			windowFrom, windowFrom, windowTo, in.ByUser, in.Actor).Exec(ctx)
		if err != nil {
			return v, fmt.Errorf("note a reschedule: %w", fault.FromSQL(err))
		}
	}
	return b.visit(ctx, id, "")
}

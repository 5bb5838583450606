package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const absenceColumns = `a.id, a.org_id, a.engineer_id, e.name AS engineer_name, lower(a.during) AS starts_at, upper(a.during) AS ends_at, a.kind, a.reason, a.on_conflict,
	a.state, a.requested_by, a.requested_at, a.decided_by, a.decided_at, a.answer, a.version
	FROM absences a JOIN engineers e ON e.id = a.engineer_id`

var (
	beginning = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	endOfTime = time.Date(2900, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Ahead lists the binding visits of an engineer that meet a stretch of time. The desk locks their
// orders before it calls AddAbsence or DecideAbsence with displace.
func (b Board) Ahead(ctx context.Context, scope auth.Scope, engineer uuid.UUID, span Span) ([]InTheWay, error) {
	if _, err := b.Engineer(ctx, scope, engineer); err != nil {
		return nil, err
	}
	return b.inTheWay(ctx, engineer, span)
}

// inTheWay reads the binding visits of an engineer that meet the span, in order of time.
func (b Board) inTheWay(ctx context.Context, engineer uuid.UUID, span Span) ([]InTheWay, error) {
	rows := []InTheWay{}
	err := b.db.NewRaw(`SELECT v.id AS visit_id, v.order_id, w.number AS order_number, v.engineer_id, v.lead, v.state,
			lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, lower(v.blocked) AS blocked_from, upper(v.blocked) AS blocked_until,
			CASE WHEN v.announced_window IS NOT NULL THEN jsonb_build_object('from', lower(v.announced_window), 'to', upper(v.announced_window)) END AS window,
			coalesce((SELECT jsonb_agg(jsonb_build_object('sku', p.sku, 'quantity', r.quantity) ORDER BY p.sku)
				FROM reservations r JOIN places pl ON pl.id = r.place_id AND pl.kind = 'van' AND pl.engineer_id = v.engineer_id JOIN parts p ON p.id = r.part_id
				WHERE r.order_id = v.order_id AND r.state = 'held'), '[]') AS parts_in_van
		FROM diary d JOIN visits v ON v.id = d.visit_id JOIN work_orders w ON w.id = v.order_id
		WHERE d.engineer_id = ? AND d.during && tstzrange(?, ?, '[)')
		ORDER BY lower(v.planned) LIMIT 1000`, engineer, span.From, span.To).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read visits in the way: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func (b Board) absence(ctx context.Context, scope auth.Scope, id uuid.UUID, lock string) (Absence, error) {
	var a Absence
	where, err := within(scope, "a.engineer_id", "a.org_id")
	if err != nil {
		return a, err
	}
	err = b.db.NewRaw("SELECT "+absenceColumns+" WHERE a.id = ? AND ? "+lock, id, where).Scan(ctx, &a)
	switch {
	case none(err):
		return a, unknown("absence")
	case err != nil:
		return a, fmt.Errorf("read an absence: %w", fault.FromSQL(err))
	}
	return a, nil
}

// Absence finds one.
func (b Board) Absence(ctx context.Context, scope auth.Scope, id uuid.UUID) (Absence, error) {
	return b.absence(ctx, scope, id, "")
}

// Absences lists those in sight, newest first.
func (b Board) Absences(ctx context.Context, scope auth.Scope, f AbsenceFilter) (keyset.Page[Absence], error) {
	page := keyset.Page[Absence]{}
	where, err := within(scope, "a.engineer_id", "a.org_id")
	if err != nil {
		return page, err
	}
	q := b.db.NewSelect().TableExpr("absences AS a").Column("a.id").Where("?", where).OrderExpr("a.id DESC").Limit(int64(f.Rows()))
	if f.Engineer != "" {
		id, err := parseID("query.engineer", f.Engineer)
		if err != nil {
			return page, err
		}
		q = q.Where("a.engineer_id = ?", id)
	}
	if f.State != "" {
		q = q.Where("a.state = ?", f.State)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return page, err
	} else if more {
		q = q.Where("a.id < ?", last)
	}
	var rows []Absence
	if err := b.db.NewRaw("SELECT "+absenceColumns+" WHERE a.id IN (?) ORDER BY a.id DESC", q).Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list absences: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(a Absence) []any { return []any{a.ID} }), nil
}

func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.FromString(text)
	if err != nil {
		return id, fault.New(fault.Invalid, "id_shape", "%s is not an id", text).Field(field, "not an id")
	}
	return id, nil
}

// AddAbsence records that an engineer will be away. Said by an office it binds at once, said by the
// engineer it waits for DecideAbsence. With refuse, visits in the way refuse it (409 with extra visits);
// with displace those not yet under way are cancelled and returned.
func (b Board) AddAbsence(ctx context.Context, by auth.Caller, engineer uuid.UUID, in AbsenceInput) (AbsenceTaken, error) {
	out := AbsenceTaken{Displaced: []InTheWay{}, UnderWay: []InTheWay{}}
	a, err := in.absence()
	if err != nil {
		return out, err
	}
	who, err := b.Engineer(ctx, by.Scope(), engineer)
	if err != nil {
		return out, err
	}
	a.ID, a.OrgID, a.EngineerID, a.EngineerName = newID(), who.OrgID, engineer, who.Name
	a.RequestedBy, a.RequestedAt, a.State, a.Version = actorOf(by), b.at(), AbsenceRequested, 1
	if mayDecide(by) {
		a.State, a.DecidedBy, a.DecidedAt = AbsenceApproved, a.RequestedBy, &a.RequestedAt
		if err := b.lockAway(ctx, a); err != nil {
			return out, err
		}
		if out.Displaced, out.UnderWay, err = b.makeWay(ctx, a); err != nil {
			return out, err
		}
	}
	_, err = b.db.NewRaw(`INSERT INTO absences (id, org_id, engineer_id, during, kind, reason, on_conflict, state, requested_by, requested_at, decided_by, decided_at)
		VALUES (?, ?, ?, tstzrange(?, ?, '[)'), ?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.OrgID, a.EngineerID, a.StartsAt, a.EndsAt, a.Kind, a.Reason, a.OnConflict, a.State,
		a.RequestedBy, a.RequestedAt, a.DecidedBy, a.DecidedAt).Exec(ctx)
	if err != nil {
		return out, fmt.Errorf("record an absence: %w", fault.FromSQL(err))
	}
	out.Absence = a
	if a.State == AbsenceApproved {
		return out, b.block(ctx, a)
	}
	return out, nil
}

// Decision is an office's answer to an engineer who asked for leave.
type Decision struct {
	Approve    bool
	OnConflict *string // absent = as asked for
	Answer     string
}

// DecideAbsence approves or rejects what an engineer asked for.
func (b Board) DecideAbsence(ctx context.Context, by auth.Caller, id uuid.UUID, d Decision) (AbsenceTaken, error) {
	out := AbsenceTaken{Displaced: []InTheWay{}, UnderWay: []InTheWay{}}
	if !mayDecide(by) {
		return out, fault.New(fault.Forbidden, "not_permitted", "leave is decided by the office")
	}
	a, err := b.absence(ctx, by.Scope(), id, "")
	if err != nil {
		return out, err
	}
	if err := b.lockAway(ctx, a); err != nil {
		return out, err
	}
	if a, err = b.absence(ctx, by.Scope(), id, "FOR UPDATE OF a"); err != nil {
		return out, err
	}
	act := "reject"
	if d.Approve {
		act = "approve"
	}
	if a.State, err = AbsenceMoves.Do(a.State, act); err != nil {
		return out, err
	}
	a.OnConflict, a.Answer = given(d.OnConflict, a.OnConflict), d.Answer
	if err := checkOnConflict(a.OnConflict); err != nil {
		return out, err
	}
	at := b.at()
	a.DecidedBy, a.DecidedAt = actorOf(by), &at
	if d.Approve {
		if out.Displaced, out.UnderWay, err = b.makeWay(ctx, a); err != nil {
			return out, err
		}
	}
	if err := b.writeAbsence(ctx, &a); err != nil {
		return out, err
	}
	out.Absence = a
	if d.Approve {
		return out, b.block(ctx, a)
	}
	return out, nil
}

// WithdrawAbsence takes leave back: he never went, or is at work again. His diary is free at once.
func (b Board) WithdrawAbsence(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (Absence, error) {
	a, err := b.absence(ctx, by.Scope(), id, "")
	if err != nil {
		return a, err
	}
	if _, err := b.lock(ctx, a.EngineerID); err != nil {
		return a, err
	}
	if a, err = b.absence(ctx, by.Scope(), id, "FOR UPDATE OF a"); err != nil {
		return a, err
	}
	if a.State == AbsenceApproved && !mayDecide(by) {
		return a, fault.New(fault.Forbidden, "not_permitted", "approved leave is taken back by the office")
	}
	if a.State, err = AbsenceMoves.Do(a.State, "withdraw"); err != nil {
		return a, err
	}
	at := b.at()
	a.DecidedBy, a.DecidedAt, a.Answer = actorOf(by), &at, reason
	if _, err := b.db.NewRaw("DELETE FROM diary WHERE absence_id = ?", id).Exec(ctx); err != nil {
		return a, fmt.Errorf("free a diary: %w", fault.FromSQL(err))
	}
	return a, b.writeAbsence(ctx, &a)
}

func (b Board) writeAbsence(ctx context.Context, a *Absence) error {
	err := b.db.NewRaw(`UPDATE absences SET state = ?, on_conflict = ?, decided_by = ?, decided_at = ?, answer = ? WHERE id = ? RETURNING version`,
		a.State, a.OnConflict, a.DecidedBy, a.DecidedAt, a.Answer, a.ID).Scan(ctx, &a.Version)
	if err != nil {
		return fmt.Errorf("decide an absence: %w", fault.FromSQL(err))
	}
	return nil
}

// lockAway holds still the diaries that an absence may change: his own, and those of his helpers.
func (b Board) lockAway(ctx context.Context, a Absence) error {
	var helpers []uuid.UUID
	err := b.db.NewRaw(`SELECT DISTINCT h.engineer_id FROM visits v JOIN visits h ON h.lead_visit_id = v.id AND h.state IN `+binding+`
		WHERE v.engineer_id = ? AND v.state IN `+binding+` AND v.blocked && tstzrange(?, ?, '[)')`, a.EngineerID, a.StartsAt, a.EndsAt).Scan(ctx, &helpers)
	if err != nil {
		return fmt.Errorf("find helpers: %w", fault.FromSQL(err))
	}
	return b.Lock(ctx, append(helpers, a.EngineerID)...)
}

// makeWay refuses an absence over visits, or cancels those not yet under way.
func (b Board) makeWay(ctx context.Context, a Absence) (displaced, underWay []InTheWay, err error) {
	displaced, underWay = []InTheWay{}, []InTheWay{}
	met, err := b.inTheWay(ctx, a.EngineerID, a.Span())
	if err != nil {
		return displaced, underWay, err
	}
	if len(met) > 0 && a.OnConflict == Refuse {
		return displaced, underWay, fault.New(fault.Conflict, "absence_over_visits", "%s has %d visits in that time: displace them, or choose another time", a.EngineerName, len(met)).
			With("visits", met).Allow(Displace)
	}
	for _, v := range met {
		if v.underWay() {
			underWay = append(underWay, v)
			continue
		}
		if _, err := b.end(ctx, v.VisitID, Cancelled, b.at(), reasonOf(a), "displaced", false); err != nil {
			return displaced, underWay, err
		}
		if _, err := b.db.NewRaw(`UPDATE visits SET state = 'cancelled', ended_at = ?, ended_reason = ?, ended_cause = 'displaced'
			WHERE lead_visit_id = ? AND state IN ('dispatched', 'accepted', 'en_route')`, b.at(), reasonOf(a), v.VisitID).Exec(ctx); err != nil {
			return displaced, underWay, fmt.Errorf("free helpers: %w", fault.FromSQL(err))
		}
		displaced = append(displaced, v)
	}
	return displaced, underWay, nil
}

func reasonOf(a Absence) string {
	if a.Reason != "" {
		return a.Kind + ": " + a.Reason
	}
	return a.Kind
}

// block writes an approved absence into the diary: around visits that are under way, and around time
// that is blocked already. The same leave twice is refused.
func (b Board) block(ctx context.Context, a Absence) error {
	var taken []struct {
		From, To time.Time
		Kind     string
	}
	err := b.db.NewRaw(`SELECT lower(during) AS "from", upper(during) AS "to", kind FROM diary WHERE engineer_id = ? AND during && tstzrange(?, ?, '[)') ORDER BY during`,
		a.EngineerID, a.StartsAt, a.EndsAt).Scan(ctx, &taken)
	if err != nil {
		return fmt.Errorf("read a diary: %w", fault.FromSQL(err))
	}
	pieces := make([]Span, len(taken))
	away := false
	for i, t := range taken {
		pieces[i] = Span{t.From, t.To}
		away = away || t.Kind == "leave" || t.Kind == "training"
	}
	free := a.Span().without(pieces)
	if len(free) == 0 || away && a.OnConflict == Refuse {
		return fault.New(fault.Conflict, "absence_twice", "%s is away then already: change that absence", a.EngineerName).With("busy", pieces)
	}
	kind := "leave"
	if a.Kind == "training" {
		kind = "training"
	}
	for _, piece := range free {
		if _, err := b.db.NewRaw(`INSERT INTO diary (id, org_id, engineer_id, during, kind, absence_id, reason) VALUES (?, ?, ?, tstzrange(?, ?, '[)'), ?, ?, ?)`,
			newID(), a.OrgID, a.EngineerID, piece.From, piece.To, kind, a.ID, reasonOf(a)).Exec(ctx); err != nil {
			return fmt.Errorf("block a diary: %w", fault.FromSQL(err))
		}
	}
	return nil
}

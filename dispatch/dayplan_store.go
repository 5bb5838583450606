package dispatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch/planner"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/inventory"
)

// askDay reads everything about a day and the orders that want a place in it: people, what they may do,
// their diaries without the visits that may move, vans and stores. Six queries, whatever the size.
func (b Board) askDay(ctx context.Context, scope auth.Scope, ask DayAsk) (*question, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	from, to := b.dayOf(ask.Day)
	q := &question{Board: b, job: Job{Lang: ask.Lang}, zone: b.Zone(), now: b.at(), from: from, to: to, places: map[string]*inventory.SupplyPlace{}, parts: map[string]uuid.UUID{}, apart: []uuid.UUID{}}
	q.say = speaker{lang: ask.Lang, zone: q.zone, day: ask.Day.String(), regions: map[string]string{}, skills: map[string]string{}, stores: map[string]string{}, away: q.awayKind}
	q.p.Now = max(q.now.Unix(), from.Unix())
	q.p.Travel = planner.Travel{Factor: b.set.Travel.Factor, SpeedKMH: b.set.Travel.MetresPerSecond * 3.6, Unknown: int64(b.set.Travel.Unknown.Seconds())}
	var orgs []int32
	var regions, skillCodes []string
	seen := map[uuid.UUID]bool{}
	for i := range ask.Jobs {
		j := &ask.Jobs[i]
		orgs = append(orgs, j.OrgIDs...)
		if j.RegionCode != nil {
			regions = append(regions, *j.RegionCode)
		}
		j.Skills = slices.Compact(slices.Sorted(slices.Values(j.Skills)))
		skillCodes = append(skillCodes, j.Skills...)
		q.apart = append(q.apart, j.OrderID)
		for _, n := range j.Parts {
			if !seen[n.PartID] {
				seen[n.PartID] = true
				q.job.Parts = append(q.job.Parts, n)
			}
		}
	}
	distinct := func(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
	regions, skillCodes = distinct(regions), distinct(skillCodes)
	sel := b.db.NewSelect().TableExpr("engineers AS e").
		ColumnExpr("e.id, e.org_id, e.name, coalesce(e.staff_number, '') AS staff_number, e.active, e.home_lat, e.home_lng, e.max_visits, TRUE AS possible").
		Where("e.active").Where("?", bun.Safe(scope.SQL("e.org_id")))
	if len(orgs) > 0 {
		sel = sel.Where("e.org_id IN (?)", bun.List(slices.Compact(slices.Sorted(slices.Values(orgs)))))
	}
	if err := sel.Scan(ctx, &q.who); err != nil {
		return nil, fmt.Errorf("read engineers of a day: %w", fault.FromSQL(err))
	}
	slices.SortFunc(q.who, func(a, c person) int { return uuidOrder(a.ID, c.ID) })
	covers, skills, err := q.readAbilities(ctx, regions, skillCodes)
	if err != nil {
		return nil, err
	}
	if len(regions) > 0 && !slices.ContainsFunc(ask.Jobs, func(j PlanJob) bool { return j.RegionCode == nil }) {
		// Somebody who covers none of the regions has no part in the day.
		q.who = slices.DeleteFunc(q.who, func(w person) bool { return len(covers[w.ID]) == 0 })
	}
	if err := q.readSupply(ctx, scope); err != nil {
		return nil, err
	}
	for i := range q.p.Stores {
		q.p.Stores[i].Expected = nil // a plan promises what lies there
	}
	q.poseDay(ask, from, to, covers, skills)
	if err := q.readDays(ctx); err != nil {
		return nil, err
	}
	q.p.Booked = slices.Clone(q.p.Booked) // which are cut below; those of each engineer stay as they are
	q.measureWays(ctx, true)
	q.oneShift(ask, from, to)
	q.blockTight()
	return q, nil
}

// readAbilities reads who covers which of the regions (true: his own) and has which of the skills, and
// their names.
func (q *question) readAbilities(ctx context.Context, regions, skillCodes []string) (covers map[uuid.UUID]map[string]bool, skills map[uuid.UUID]map[string]int, err error) {
	covers, skills = map[uuid.UUID]map[string]bool{}, map[uuid.UUID]map[string]int{}
	var rows []struct {
		Kind, Code, Name string
		EngineerID       *uuid.UUID
		Level            int
	}
	err = q.db.NewRaw(`SELECT 'region' AS kind, r.code, r.name, er.engineer_id, CASE WHEN bool_or(NOT er.helps_out) THEN 1 ELSE 0 END AS level
			FROM regions r LEFT JOIN engineer_regions er ON er.region_code = ANY (r.path) WHERE r.code = ANY (?0::text[]) GROUP BY 2, 3, 4
		UNION ALL SELECT 'skill', s.code, s.name, es.engineer_id, es.level FROM skills s LEFT JOIN engineer_skills es ON es.skill_code = s.code WHERE s.code = ANY (?1::text[])`,
		texts(regions), texts(skillCodes)).Scan(ctx, &rows)
	if err != nil {
		return nil, nil, fmt.Errorf("read regions and skills of a day: %w", fault.FromSQL(err))
	}
	for _, r := range rows {
		if r.Kind == "region" {
			q.say.regions[r.Code] = r.Name
		} else {
			q.say.skills[r.Code] = r.Name
		}
		switch {
		case r.EngineerID == nil:
		case r.Kind == "region":
			if covers[*r.EngineerID] == nil {
				covers[*r.EngineerID] = map[string]bool{}
			}
			covers[*r.EngineerID][r.Code] = r.Level > 0
		default:
			if skills[*r.EngineerID] == nil {
				skills[*r.EngineerID] = map[string]int{}
			}
			skills[*r.EngineerID][r.Code] = r.Level
		}
	}
	return covers, skills, nil
}

// Propose writes visits of a plan that nobody is bound by: they show what may come and take no time from
// anybody. A proposal that stood for the same order before gives way. Lock the orders first. The ids are
// returned in the order of visits; those whose engineer has no shift there any more get none.
func (b Board) Propose(ctx context.Context, orgs map[uuid.UUID]int32, visits []PlannedVisit) (map[uuid.UUID]uuid.UUID, error) {
	made := map[uuid.UUID]uuid.UUID{}
	if len(visits) == 0 {
		return made, nil
	}
	ids := make([]uuid.UUID, len(visits))
	for i, v := range visits {
		ids[i] = v.OrderID
	}
	if err := b.Withdraw(ctx, ids...); err != nil {
		return nil, err
	}
	sorted := slices.Clone(visits)
	slices.SortStableFunc(sorted, func(a, c PlannedVisit) int { return uuidOrder(a.EngineerID, c.EngineerID) })
	at := b.at()
	for _, v := range sorted {
		id := newID()
		res, err := b.db.NewRaw(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, shift_id, shift_during, travel_minutes, created_at)
			SELECT ?0, ?1, ?2, e.id, e.org_id, 'proposed', tstzrange(?4, ?5, '[)'), tstzrange(?6, ?5, '[)'), s.id, s.during, ?7, ?8
			FROM engineers e JOIN shifts s ON s.engineer_id = e.id AND s.during @> tstzrange(?4, ?5, '[)') WHERE e.id = ?3`,
			id, orgs[v.OrderID], v.OrderID, v.EngineerID, v.StartsAt, v.EndsAt, v.LeavesAt, v.TravelMinutes, at).Exec(ctx)
		if err != nil {
			return nil, fmt.Errorf("propose a visit: %w", fault.FromSQL(err))
		}
		if n, err := res.RowsAffected(); err == nil && n == 1 {
			made[v.OrderID] = id
		}
	}
	return made, nil
}

// Withdraw takes back what was proposed for these orders. A proposal bound nobody, so nothing of it stays.
func (b Board) Withdraw(ctx context.Context, orders ...uuid.UUID) error {
	if len(orders) == 0 {
		return nil
	}
	if _, err := b.db.NewRaw("DELETE FROM visits WHERE state = 'proposed' AND order_id = ANY (?::uuid[])", uuids(orders)).Exec(ctx); err != nil {
		return fmt.Errorf("take a proposal back: %w", fault.FromSQL(err))
	}
	return nil
}

// Apart is the board as if these visits stood nowhere: a plan moves several at once, and none of them
// stands in the way of another. The exclusion of PostgreSQL waits until Together.
func (b Board) Apart(ctx context.Context, visits ...uuid.UUID) (Board, error) {
	b.aside = visits
	if _, err := b.db.NewRaw("SET CONSTRAINTS diary_no_overlap DEFERRED").Exec(ctx); err != nil {
		return b, fmt.Errorf("move visits together: %w", fault.FromSQL(err))
	}
	return b, nil
}

// Together lets PostgreSQL judge what was moved since Apart.
func (b Board) Together(ctx context.Context) error {
	if _, err := b.db.NewRaw("SET CONSTRAINTS diary_no_overlap IMMEDIATE").Exec(ctx); err != nil {
		return fmt.Errorf("move visits together: %w", fault.FromSQL(err))
	}
	return nil
}

// Back ends the exception for one visit that now stands where it belongs.
func (b Board) Back(visit uuid.UUID) Board {
	b.aside = slices.DeleteFunc(slices.Clone(b.aside), func(id uuid.UUID) bool { return id == visit })
	return b
}

// MayMove lists visits on a day that a repair may give another time or engineer: booked, not under way,
// still ahead, without helpers or a shared journey, for orders in these regions and organisations in sight.
// Without regions it is every region.
func (b Board) MayMove(ctx context.Context, scope auth.Scope, from, to time.Time, regions []string) (map[uuid.UUID]BoundVisit, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	var rows []struct {
		OrderID      uuid.UUID
		VisitID      uuid.UUID
		EngineerID   uuid.UUID
		StartsAt     time.Time
		EndsAt       time.Time
		LeavesAt     time.Time
		TravelMinute int
	}
	err := b.db.NewRaw(`SELECT v.order_id, v.id AS visit_id, v.engineer_id, lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, lower(v.blocked) AS leaves_at, v.travel_minutes AS travel_minute
		FROM visits v JOIN work_orders w ON w.id = v.order_id
		WHERE v.lead AND v.mode = 'on_site' AND v.state IN ('dispatched', 'accepted') AND v.trip_id IS NULL AND v.override_reason IS NULL AND lower(v.planned) >= ?0 AND lower(v.planned) < ?1 AND lower(v.blocked) > ?2
		  AND NOT EXISTS (SELECT FROM visits h WHERE h.lead_visit_id = v.id AND h.state IN `+binding+`)
		  AND (?3::text[] = '{}' OR EXISTS (SELECT FROM regions r WHERE r.code = w.region_code AND r.path && ?3::text[])) AND ?4
		ORDER BY v.id LIMIT 2000`, from, to, b.at(), texts(regions), bun.Safe(scope.SQL("w.serving_org_id"))).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read visits that may move: %w", fault.FromSQL(err))
	}
	out := make(map[uuid.UUID]BoundVisit, len(rows))
	for _, r := range rows {
		out[r.OrderID] = BoundVisit{r.VisitID, r.EngineerID, r.StartsAt, r.EndsAt, r.LeavesAt, r.TravelMinute}
	}
	return out, nil
}

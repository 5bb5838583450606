package kpi

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// EngineerRow is how one engineer served.
type EngineerRow struct {
	EngineerID    *uuid.UUID `bun:"engineer_id" json:"engineer_id,omitempty"`
	Name          string     `bun:"name" json:"name"`
	StaffNumber   string     `bun:"staff_number" json:"staff_number,omitempty"`
	Visits        int64      `bun:"visits" json:"visits"`
	Repairs       int64      `bun:"repairs" json:"repairs"`
	FirstTime     int64      `bun:"first_time" json:"first_time"`
	FirstTimeFix  *Share     `bun:"-" json:"first_time_fix"`
	Promised      int64      `bun:"promised" json:"promised"`
	Kept          int64      `bun:"kept" json:"kept"`
	OnTime        *Share     `bun:"-" json:"on_time"`
	RepeatsCaused int64      `bun:"repeats_caused" json:"repeats_caused"`
	Rated         int64      `bun:"rated" json:"rated"`
	Stars         int64      `bun:"stars" json:"-"`
	Satisfaction  *Score     `bun:"-" json:"satisfaction"`
	WorkMinutes   int64      `bun:"work_minutes" json:"work_minutes"`
	TravelMinutes int64      `bun:"travel_minutes" json:"travel_minutes"`
	TakingsMinor  money.Fen  `bun:"takings_minor" json:"takings_minor"`
}

// Cells are the row's values.
func (r EngineerRow) Cells() []any {
	return []any{r.Name, r.StaffNumber, r.Visits, r.Repairs, cell(r.FirstTimeFix), cell(r.OnTime), r.RepeatsCaused, cell(r.Satisfaction), r.WorkMinutes, r.TravelMinutes, r.TakingsMinor}
}

func (r *EngineerRow) rates() {
	r.FirstTimeFix, r.OnTime = share(r.FirstTime, r.Repairs), share(r.Kept, r.Promised)
	if r.Rated > 0 {
		s := Score(float64(r.Stars) / float64(r.Rated))
		r.Satisfaction = &s
	}
}

// Engineers is how each engineer in sight served in a period; who did nothing is left out.
func (f Figures) Engineers(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	if _, err := groupBy("engineers", a.By, []grouping{{name: "engineer"}}); err != nil {
		return Report{}, err
	}
	from, end, zone := a.span()
	var list []EngineerRow
	err := f.db.NewRaw(`WITH
	  visited AS (SELECT v.engineer_id,
	      v.mode <> 'phone' AND v.arrived_at IS NOT NULL AND v.announced_window IS NOT NULL AS promised,
	      v.arrived_at <@ coalesce((SELECT c.from_window FROM visit_reschedules c WHERE c.visit_id = v.id AND c.cause <> 'customer'
	          AND (c.at AT TIME ZONE ?)::date >= (lower(c.from_planned) AT TIME ZONE ?)::date ORDER BY c.at, c.id LIMIT 1), v.announced_window)
	        AND NOT EXISTS (SELECT 1 FROM visit_reschedules c WHERE c.visit_id = v.id AND c.cause = 'us') AS kept
	    FROM visits v
	    WHERE v.lead AND v.state = 'finished' AND v.finished_at >= ? AND v.finished_at < ?),
	  did AS (SELECT engineer_id, count(*) AS visits, count(*) FILTER (WHERE promised) AS promised, count(*) FILTER (WHERE promised AND kept) AS kept FROM visited GROUP BY 1),
	  fixed AS (SELECT t.engineer_id, count(*) AS repairs, count(*) FILTER (WHERE t.visits = 1 AND t.again IS NOT TRUE) AS first_time
	    FROM (SELECT (array_agg(v.engineer_id ORDER BY v.finished_at, v.id))[1] AS engineer_id, count(*) AS visits,
	        min(r.at) < w.finished_at + make_interval(days => ?) AS again
	      FROM work_orders w LEFT JOIN LATERAL (SELECT min(a.created_at) AS at FROM work_orders a WHERE a.repeat_of_order = w.id AND a.state <> 'cancelled') r ON true JOIN visits v ON v.order_id = w.id AND v.lead AND v.state = 'finished' AND v.outcome <> 'no_access' AND (v.mode <> 'phone' OR w.mode = 'phone')
	      WHERE w.kind = 'repair' AND w.state IN ('completed', 'closed') AND w.finished_at >= ? AND w.finished_at < ?
	      GROUP BY w.id, w.finished_at) t GROUP BY 1),
	  caused AS (SELECT engineer_id, count(*) AS repeats FROM (
	      SELECT b.engineer_id FROM work_orders r JOIN sheets b ON b.id = r.repeat_of_sheet WHERE r.repeat_of_sheet IS NOT NULL AND r.state <> 'cancelled' AND r.created_at >= ? AND r.created_at < ?
	      UNION ALL
	      SELECT b.engineer_id FROM timeline t JOIN sheets b ON b.id = (t.data ->> 'failed_sheet')::uuid WHERE t.action = 'reopen' AND t.at >= ? AND t.at < ?) r GROUP BY 1),
	  rated AS (SELECT engineer_id, count(*) AS n, sum(score_service) AS stars FROM (
	      SELECT w.engineer_id, u.score_service FROM follow_ups u JOIN work_orders w ON w.id = u.order_id
	      WHERE u.state = 'done' AND u.done_at >= ? AND u.done_at < ? AND u.score_service IS NOT NULL AND w.engineer_id IS NOT NULL
	      UNION ALL
	      SELECT x.engineer_id, u.score_service FROM follow_ups u JOIN LATERAL (SELECT max(a.at) AS at FROM follow_up_attempts a WHERE a.follow_up_id = u.id AND a.outcome = 'reached') a ON true
	        JOIN LATERAL (SELECT s.engineer_id FROM sheets s WHERE s.order_id = u.order_id AND s.replaced_at IS NULL AND s.finished_at <= a.at ORDER BY s.finished_at DESC, s.id DESC LIMIT 1) x ON true
	      WHERE u.state = 'superseded' AND u.score_service IS NOT NULL AND a.at >= ? AND a.at < ?) q GROUP BY 1),
	  spent AS (SELECT x.engineer_id, sum(coalesce(x.work_minutes, 0)) AS work, sum(coalesce(x.travel_minutes, 0)) AS travel FROM sheets x
	    WHERE x.replaced_at IS NULL AND x.finished_at >= ? AND x.finished_at < ? GROUP BY 1),
	  took AS (SELECT y.engineer_id, sum(y.amount_minor) AS minor FROM payments y
	    WHERE y.engineer_id IS NOT NULL AND y.method NOT IN ('on_account', 'waiver') AND y.paid_at >= ? AND y.paid_at < ? GROUP BY 1)
	  SELECT e.id AS engineer_id, e.name, coalesce(e.staff_number, '') AS staff_number, coalesce(did.visits, 0) AS visits, coalesce(fixed.repairs, 0) AS repairs, coalesce(fixed.first_time, 0) AS first_time,
	    coalesce(did.promised, 0) AS promised, coalesce(did.kept, 0) AS kept, coalesce(caused.repeats, 0) AS repeats_caused, coalesce(rated.n, 0) AS rated, coalesce(rated.stars, 0) AS stars,
	    coalesce(spent.work, 0) AS work_minutes, coalesce(spent.travel, 0) AS travel_minutes, coalesce(took.minor, 0)::bigint AS takings_minor
	  FROM engineers e LEFT JOIN did ON did.engineer_id = e.id LEFT JOIN fixed ON fixed.engineer_id = e.id LEFT JOIN caused ON caused.engineer_id = e.id
	    LEFT JOIN rated ON rated.engineer_id = e.id LEFT JOIN spent ON spent.engineer_id = e.id LEFT JOIN took ON took.engineer_id = e.id
	  WHERE num_nonnulls(did.visits, fixed.repairs, caused.repeats, rated.n, spent.work, took.minor) > 0 AND `+s.SQL("e.org_id")+`
	  ORDER BY visits DESC, e.name, e.id LIMIT ?`,
		zone.String(), zone.String(), from, end, RepeatDays, from, end, from, end, from, end, from, end, from, end, from, end, from, end, MaxRows+1).Scan(ctx, &list)
	if err != nil {
		return Report{}, fmt.Errorf("report engineers: %w", fault.FromSQL(err))
	}
	if err := tooLong(len(list)); err != nil {
		return Report{}, err
	}
	r := a.report("engineers", "engineer", "engineer", "staff_number", "visits", "repairs", "first_time_fix", "on_time", "repeats_caused", "satisfaction", "work_minutes", "travel_minutes", "takings")
	var sum EngineerRow
	for i := range list {
		l := &list[i]
		l.rates()
		sum.Visits, sum.Repairs, sum.FirstTime, sum.Promised, sum.Kept = sum.Visits+l.Visits, sum.Repairs+l.Repairs, sum.FirstTime+l.FirstTime, sum.Promised+l.Promised, sum.Kept+l.Kept
		sum.RepeatsCaused, sum.Rated, sum.Stars = sum.RepeatsCaused+l.RepeatsCaused, sum.Rated+l.Rated, sum.Stars+l.Stars
		sum.WorkMinutes, sum.TravelMinutes, sum.TakingsMinor = sum.WorkMinutes+l.WorkMinutes, sum.TravelMinutes+l.TravelMinutes, sum.TakingsMinor+l.TakingsMinor
	}
	sum.rates()
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

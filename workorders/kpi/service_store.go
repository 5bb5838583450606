package kpi

import (
	"context"
	"fmt"
	"time"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Service is how orders were served in a period, in one row.
type Service struct {
	New, Done       int64
	Repairs, Firsts int64         // repairs finished; of them with one visit and no repeat within RepeatDays
	Repeats         int64         // repeats opened in the period for something done before
	ToRepair        time.Duration // mean time from the request to working, all waiting included: the customer's
	Ours            time.Duration // the same without what was spent waiting for parts
	Age             [4]int64      // orders open now: under 1 day, 1 to 3, 3 to 7, older
}

// FirstTimeFix is the share of repairs done at the first visit, nil without a repair.
func (s Service) FirstTimeFix() *Share { return share(s.Firsts, s.Repairs) }

// RepeatRate is the share of repeats in what was done, nil when nothing was.
func (s Service) RepeatRate() *Share { return share(s.Repeats, s.Done) }

// Service counts how orders in sight were served.
func (f Figures) Service(ctx context.Context, s auth.Scope, a Ask, now time.Time) (Service, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Service{}, err
	}
	from, end, _ := a.span()
	var row struct {
		New     int64   `bun:"new"`
		Done    int64   `bun:"done"`
		Repairs int64   `bun:"repairs"`
		Firsts  int64   `bun:"firsts"`
		Repeats int64   `bun:"repeats"`
		Total   float64 `bun:"total"`
		Ours    float64 `bun:"ours"`
		A0      int64   `bun:"a0"`
		A1      int64   `bun:"a1"`
		A3      int64   `bun:"a3"`
		A7      int64   `bun:"a7"`
	}
	sight := s.SQL("w.org_id", "w.serving_org_id")
	err := f.db.NewRaw(`WITH fixed AS (SELECT w.id, w.finished_at, extract(epoch FROM w.finished_at - coalesce(q.received_at, w.created_at)) AS total,
		    (SELECT count(*) FROM visits v WHERE v.order_id = w.id AND v.lead AND v.state = 'finished' AND v.outcome <> 'no_access' AND (v.mode <> 'phone' OR w.mode = 'phone')) AS visits,
		    EXISTS (SELECT 1 FROM work_orders a WHERE a.repeat_of_order = w.id AND a.state <> 'cancelled' AND a.created_at < w.finished_at + make_interval(days => ?2)) AS again,
		    coalesce((SELECT sum(extract(epoch FROM coalesce(h.until, w.finished_at) - h.at)) FROM (SELECT t.at, t.action, t.data ->> 'reason_code' AS why, lead(t.at) OVER (ORDER BY t.at, t.id) AS until
		      FROM timeline t WHERE t.order_id = w.id AND t.action IN ('hold', 'resume', 'sheet')) h WHERE h.action = 'hold' AND h.why = 'parts'), 0) AS parts
		  FROM work_orders w LEFT JOIN requests q ON q.id = w.request_id WHERE w.kind = 'repair' AND w.state IN ('completed', 'closed') AND w.finished_at >= ?0 AND w.finished_at < ?1 AND `+sight+`),
		 o AS (SELECT w.*, extract(epoch FROM ?3::timestamptz - w.created_at) / 86400 AS days FROM work_orders w WHERE w.state NOT IN ('completed', 'closed', 'cancelled', 'cannot_complete') AND `+sight+`)
		SELECT (SELECT count(*) FROM work_orders w WHERE w.created_at >= ?0 AND w.created_at < ?1 AND `+sight+`) AS new,
		  (SELECT count(*) FROM work_orders w WHERE w.finished_at >= ?0 AND w.finished_at < ?1 AND w.state IN ('completed', 'closed') AND `+sight+`) AS done,
		  (SELECT count(*) FROM work_orders w WHERE w.repeat_of_order IS NOT NULL AND w.state <> 'cancelled' AND w.created_at >= ?0 AND w.created_at < ?1 AND `+sight+`) AS repeats,
		  count(*) FILTER (WHERE visits > 0) AS repairs, count(*) FILTER (WHERE visits = 1 AND NOT again) AS firsts, coalesce(avg(total), 0)::float8 AS total, coalesce(avg(greatest(total - parts, 0)), 0)::float8 AS ours,
		  (SELECT count(*) FROM o WHERE days < 1) AS a0, (SELECT count(*) FROM o WHERE days >= 1 AND days < 3) AS a1, (SELECT count(*) FROM o WHERE days >= 3 AND days < 7) AS a3, (SELECT count(*) FROM o WHERE days >= 7) AS a7
		FROM fixed`, from, end, RepeatDays, now).Scan(ctx, &row)
	if err != nil {
		return Service{}, fmt.Errorf("figures of service: %w", fault.FromSQL(err))
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return Service{New: row.New, Done: row.Done, Repairs: row.Repairs, Firsts: row.Firsts, Repeats: row.Repeats, ToRepair: seconds(row.Total), Ours: seconds(row.Ours), Age: [4]int64{row.A0, row.A1, row.A3, row.A7}}, nil
}

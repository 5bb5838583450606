package kpi

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// counter is a row whose figures add up, and whose rates follow from them.
type counter[R any] interface {
	*R
	add(R)
	rates()
}

// counted reads the rows of a report and sets their sum below them.
func counted[R Row, P counter[R]](ctx context.Context, f Figures, r Report, statement string, args ...any) (Report, error) {
	var list []R
	if err := f.db.NewRaw(statement, args...).Scan(ctx, &list); err != nil {
		return Report{}, fmt.Errorf("report %s: %w", r.Kind, fault.FromSQL(err))
	}
	if err := tooLong(len(list)); err != nil {
		return Report{}, err
	}
	var sum R
	for i := range list {
		P(&list[i]).rates()
		P(&sum).add(list[i])
	}
	P(&sum).rates()
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

// FollowUpRow is how the follow-up calls of a period were kept.
type FollowUpRow struct {
	Key         string `bun:"key" json:"key"`
	Label       string `bun:"label" json:"label"`
	Due         int64  `bun:"due" json:"due"`
	InWindow    int64  `bun:"in_window" json:"reached_in_window"`
	Attempted   int64  `bun:"attempted" json:"attempted_in_window"`
	Late        int64  `bun:"late" json:"reached_late"`
	Early       int64  `bun:"early" json:"reached_early"`
	Unreachable int64  `bun:"unreachable" json:"unreachable"`
	Waived      int64  `bun:"waived" json:"waived"`
	Suspended   int64  `bun:"suspended" json:"suspended"`
	Coverage    *Share `bun:"-" json:"coverage"`
	Service     *Score `bun:"-" json:"service"`
	Product     *Score `bun:"-" json:"product"`
	ServiceSum  int64  `bun:"service_sum" json:"-"`
	ServiceN    int64  `bun:"service_n" json:"-"`
	ProductSum  int64  `bun:"product_sum" json:"-"`
	ProductN    int64  `bun:"product_n" json:"-"`
}

// Cells are the row's values.
func (r FollowUpRow) Cells() []any {
	return []any{r.Label, r.Due, r.InWindow, r.Attempted, r.Late, r.Early, r.Unreachable, r.Waived, r.Suspended, cell(r.Coverage), cell(r.Service), cell(r.Product)}
}

func mean(sum, n int64) *Score {
	if n == 0 {
		return nil
	}
	s := Score(float64(sum) / float64(n))
	return &s
}

func (r *FollowUpRow) rates() {
	r.Coverage, r.Service, r.Product = share(r.InWindow, r.Due), mean(r.ServiceSum, r.ServiceN), mean(r.ProductSum, r.ProductN)
}

func (r *FollowUpRow) add(o FollowUpRow) {
	r.Due, r.InWindow, r.Attempted, r.Late, r.Early = r.Due+o.Due, r.InWindow+o.InWindow, r.Attempted+o.Attempted, r.Late+o.Late, r.Early+o.Early
	r.Unreachable, r.Waived, r.Suspended = r.Unreachable+o.Unreachable, r.Waived+o.Waived, r.Suspended+o.Suspended
	r.ServiceSum, r.ServiceN, r.ProductSum, r.ProductN = r.ServiceSum+o.ServiceSum, r.ServiceN+o.ServiceN, r.ProductSum+o.ProductSum, r.ProductN+o.ProductN
}

// FollowUps is how the calls were kept whose window ended in the period, by caller, kind, engineer, region,
// organisation, day, week or month. Waived, suspended and superseded calls are not due: the first two stand beside.
func (f Figures) FollowUps(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	by, err := groupBy("follow-ups", a.By, []grouping{
		{"caller", "coalesce(u.id::text, '')", "coalesce(u.name, '')"},
		{"kind", "f.kind", "max(k.name_zh)"},
		{"engineer", "coalesce(e.id::text, '')", "coalesce(e.name, '')"},
		{"region", "coalesce(w.region_code, '')", "coalesce(w.region_code, '')"},
		{"organisation", "o.code", "o.name"},
		{"day", "greatest(f.due_to, f.due_on)::text", "greatest(f.due_to, f.due_on)::text"},
		{"week", "to_char(greatest(f.due_to, f.due_on), 'IYYY-\"W\"IW')", "to_char(greatest(f.due_to, f.due_on), 'IYYY-\"W\"IW')"},
		{"month", "to_char(greatest(f.due_to, f.due_on), 'YYYY-MM')", "to_char(greatest(f.due_to, f.due_on), 'YYYY-MM')"},
	})
	if err != nil {
		return Report{}, err
	}
	label := by.label
	if by.name == "kind" {
		label = "k.name_zh"
	}
	r := a.report("follow-ups", by.name, by.name, "due", "reached_in_window", "attempted_in_window", "reached_late", "reached_early", "unreachable", "waived", "suspended", "coverage", "service", "product")
	return counted[FollowUpRow](ctx, f, r, `WITH d AS (SELECT `+by.key+` AS key, `+label+` AS label, f.*, EXISTS (SELECT 1 FROM follow_up_attempts t WHERE t.follow_up_id = f.id AND NOT t.early AND NOT t.late AND t.outcome <> 'rated') AS tried
		  FROM follow_ups f JOIN organisations o ON o.id = f.org_id JOIN follow_up_kinds k ON k.code = f.kind LEFT JOIN work_orders w ON w.id = f.order_id LEFT JOIN engineers e ON e.id = w.engineer_id LEFT JOIN users u ON u.id = f.assignee_id
		  WHERE f.state <> 'superseded' AND greatest(f.due_to, f.due_on) BETWEEN ? AND ? AND (`+s.SQL("f.org_id")+` OR `+s.SQL("w.serving_org_id")+`))
		SELECT key, max(label) AS label, count(*) FILTER (WHERE state NOT IN ('waived', 'suspended')) AS due, count(*) FILTER (WHERE state = 'done' AND in_window) AS in_window,
		  count(*) FILTER (WHERE state NOT IN ('waived', 'suspended') AND tried) AS attempted, count(*) FILTER (WHERE state = 'done' AND NOT coalesce(in_window, false) AND NOT early) AS late, count(*) FILTER (WHERE state = 'done' AND early) AS early,
		  count(*) FILTER (WHERE state = 'unreachable') AS unreachable, count(*) FILTER (WHERE state = 'waived') AS waived, count(*) FILTER (WHERE state = 'suspended') AS suspended,
		  coalesce(sum(score_service), 0)::bigint AS service_sum, count(score_service) AS service_n, coalesce(sum(score_product), 0)::bigint AS product_sum, count(score_product) AS product_n
		FROM d GROUP BY key ORDER BY label, key LIMIT ?`, a.From, a.To, MaxRows+1)
}

// ComplaintRow counts the complaints of a period.
type ComplaintRow struct {
	Key       string `bun:"key" json:"key"`
	Label     string `bun:"label" json:"label"`
	All       int64  `bun:"n" json:"complaints"`
	Grumbles  int64  `bun:"grumbles" json:"grumbles"`
	Severe    int64  `bun:"severe" json:"severe"`
	InTime    int64  `bun:"in_time" json:"replied_in_time"`
	Judged    int64  `bun:"judged" json:"-"`
	Raised    int64  `bun:"raised" json:"escalated"`
	Closed    int64  `bun:"closed" json:"closed"`
	Accepted  int64  `bun:"accepted" json:"accepted"`
	ReplyRate *Share `bun:"-" json:"reply_rate"`
}

// Cells are the row's values.
func (r ComplaintRow) Cells() []any {
	return []any{r.Label, r.All, r.Grumbles, r.Severe, r.InTime, cell(r.ReplyRate), r.Raised, r.Accepted, r.Closed}
}

func (r *ComplaintRow) rates() { r.ReplyRate = share(r.InTime, r.Judged) }

func (r *ComplaintRow) add(o ComplaintRow) {
	r.All, r.Grumbles, r.Severe, r.InTime, r.Judged = r.All+o.All, r.Grumbles+o.Grumbles, r.Severe+o.Severe, r.InTime+o.InTime, r.Judged+o.Judged
	r.Raised, r.Closed, r.Accepted = r.Raised+o.Raised, r.Closed+o.Closed, r.Accepted+o.Accepted
}

// Complaints counts what reached the house in the period, by category, root cause, grade, organisation or month.
// What was said in confidence and misconduct count, without their words.
func (f Figures) Complaints(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	from, end, zone := a.span()
	by, err := groupBy("complaints", a.By, []grouping{
		{"category", "coalesce(x.category, '')", "coalesce(x.category, '')"},
		{"root_cause", "coalesce(x.root_cause, '')", "coalesce(x.root_cause, '')"},
		{"grade", "x.grade", "x.grade"},
		{"organisation", "o.code", "o.name"},
		{"month", "to_char(x.received_at AT TIME ZONE '" + zone.String() + "', 'YYYY-MM')", "to_char(x.received_at AT TIME ZONE '" + zone.String() + "', 'YYYY-MM')"},
	})
	if err != nil {
		return Report{}, err
	}
	r := a.report("complaints", by.name, by.name, "complaints", "grumbles", "severe", "replied_in_time", "reply_rate", "escalated", "accepted", "closed")
	return counted[ComplaintRow](ctx, f, r, `SELECT `+by.key+` AS key, max(`+by.label+`) AS label, count(*) AS n, count(*) FILTER (WHERE x.grade = 'grumble') AS grumbles, count(*) FILTER (WHERE x.severity >= 3) AS severe,
		  count(*) FILTER (WHERE x.replied_at <= x.reply_due_at) AS in_time, count(*) FILTER (WHERE x.replied_at IS NOT NULL OR x.reply_due_at < ?) AS judged, count(*) FILTER (WHERE x.level > 1) AS raised,
		  count(*) FILTER (WHERE x.state = 'closed') AS closed, count(*) FILTER (WHERE x.proposals @> '[{"answer":"accepted"}]') AS accepted
		FROM complaints x JOIN organisations o ON o.id = x.org_id LEFT JOIN work_orders w ON w.id = x.order_id
		WHERE x.received_at >= ? AND x.received_at < ? AND (`+s.SQL("x.org_id")+` OR `+s.SQL("w.serving_org_id")+`) GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?`, end, from, end, MaxRows+1)
}

// ClockRow is how one kind of deadline was kept.
type ClockRow struct {
	Key     string `bun:"key" json:"key"`
	Label   string `bun:"label" json:"label"`
	Due     int64  `bun:"due" json:"due"`
	Met     int64  `bun:"met" json:"met_in_time"`
	Late    int64  `bun:"late" json:"met_late"`
	Open    int64  `bun:"open" json:"overdue"`
	Warned  int64  `bun:"warned" json:"warned"`
	Raised  int64  `bun:"raised" json:"escalated"`
	Kept    *Share `bun:"-" json:"kept"`
	Minutes int64  `bun:"-" json:"mean_minutes_late"`
	Behind  int64  `bun:"behind" json:"-"` // minutes late, together
}

// Cells are the row's values.
func (r ClockRow) Cells() []any {
	return []any{r.Label, r.Due, r.Met, r.Late, r.Open, cell(r.Kept), r.Warned, r.Raised, r.Minutes}
}

func (r *ClockRow) rates() {
	r.Kept = share(r.Met, r.Due)
	if r.Late > 0 {
		r.Minutes = (r.Behind + r.Late/2) / r.Late
	}
}

func (r *ClockRow) add(o ClockRow) {
	r.Due, r.Met, r.Late, r.Open = r.Due+o.Due, r.Met+o.Met, r.Late+o.Late, r.Open+o.Open
	r.Warned, r.Raised, r.Behind = r.Warned+o.Warned, r.Raised+o.Raised, r.Behind+o.Behind
}

// Clocks is how the deadlines were kept that lay in the period: the 24-hour reply of requests and of complaints
// apart, and promised times apart from them. A clock that was stopped because its matter ended otherwise does not count.
func (f Figures) Clocks(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	by, err := groupBy("clocks", a.By, []grouping{
		{"clock", "k.kind || ':' || k.subject_kind", "k.kind || ':' || k.subject_kind"},
		{"organisation", "o.code", "o.name"},
		{"level", "k.level::text", "k.level::text"},
	})
	if err != nil {
		return Report{}, err
	}
	from, end, _ := a.span()
	r := a.report("clocks", by.name, by.name, "due", "met_in_time", "met_late", "overdue", "kept", "warned", "escalated", "minutes_late")
	return counted[ClockRow](ctx, f, r, `SELECT `+by.key+` AS key, max(`+by.label+`) AS label, count(*) AS due, count(*) FILTER (WHERE k.met_at <= k.due_at) AS met, count(*) FILTER (WHERE k.met_at > k.due_at) AS late,
		  count(*) FILTER (WHERE k.met_at IS NULL) AS open, count(*) FILTER (WHERE k.level >= 1) AS warned, count(*) FILTER (WHERE k.level >= 2) AS raised,
		  coalesce(sum(extract(epoch FROM k.met_at - k.due_at) / 60) FILTER (WHERE k.met_at > k.due_at), 0)::bigint AS behind
		FROM clocks k JOIN organisations o ON o.id = k.org_id WHERE k.stopped_at IS NULL AND k.due_at >= ? AND k.due_at < ? AND `+s.SQL("k.org_id")+` GROUP BY 1 ORDER BY 1 LIMIT ?`, from, end, MaxRows+1)
}

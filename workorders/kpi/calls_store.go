package kpi

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// CallRow is how calls from outside were taken.
type CallRow struct {
	Key      string `bun:"key" json:"key"`
	Label    string `bun:"label" json:"label"`
	All      int64  `bun:"n" json:"calls"`
	Lost     int64  `bun:"lost" json:"lost"`
	Prompt   int64  `bun:"prompt" json:"answered_in_time"`
	Handled  int64  `bun:"handled" json:"handled_in_time"`
	Ring     int64  `bun:"ring" json:"-"`
	Talk     int64  `bun:"talk" json:"-"`
	LossRate *Share `bun:"-" json:"loss_rate"`
	InTime   *Share `bun:"-" json:"in_time"`
	Handling *Share `bun:"-" json:"handling"`
	MeanRing int64  `bun:"-" json:"mean_seconds_to_answer"`
	MeanTalk int64  `bun:"-" json:"mean_seconds_of_talk"`
}

// Cells are the row's values.
func (r CallRow) Cells() []any {
	return []any{r.Label, r.All, r.Lost, cell(r.LossRate), r.Prompt, cell(r.InTime), cell(r.Handling), r.MeanRing, r.MeanTalk}
}

func (r *CallRow) rates() {
	answered := r.All - r.Lost
	r.LossRate, r.InTime, r.Handling = share(r.Lost, r.All), share(r.Prompt, r.All), share(r.Handled, answered)
	if answered > 0 {
		r.MeanRing, r.MeanTalk = r.Ring/answered, r.Talk/answered
	}
}

// Calls is how calls and chats from outside were taken that began in the period, from imported records: a
// telephone is to be picked up and a chat begun within the organisation's targets, and an enquiry handled.
func (f Figures) Calls(ctx context.Context, s auth.Scope, a Ask) (Report, error) {
	if err := firstOf(seen(s), a.check()); err != nil {
		return Report{}, err
	}
	from, end, zone := a.span()
	at := func(format string) string {
		return "to_char(c.started_at AT TIME ZONE '" + zone.String() + "', '" + format + "')"
	}
	by, err := groupBy("calls", a.By, []grouping{
		{"channel", "c.channel", "c.channel"}, {"agent", "coalesce(u.id::text, c.agent)", "coalesce(u.name, c.agent)"}, {"organisation", "o.code", "o.name"},
		{"day", at("YYYY-MM-DD"), at("YYYY-MM-DD")}, {"hour", at("HH24"), at("HH24")}, {"month", at("YYYY-MM"), at("YYYY-MM")},
	})
	if err != nil {
		return Report{}, err
	}
	var list []CallRow
	err = f.db.NewRaw(`WITH c AS (SELECT c.*, coalesce(t.ring_seconds, 9) AS ring_target, coalesce(t.chat_seconds, 60) AS chat_target, coalesce(t.handle_seconds, 300) AS handle_target, extract(epoch FROM c.answered_at - c.started_at) AS waited, extract(epoch FROM c.ended_at - c.answered_at) AS talked
		    FROM call_records c JOIN organisations g ON g.id = c.org_id LEFT JOIN LATERAL (SELECT * FROM call_targets t WHERE t.org_id = ANY (g.path) ORDER BY array_position(g.path, t.org_id) DESC LIMIT 1) t ON true
		    WHERE c.direction = 'in' AND c.started_at >= ? AND c.started_at < ? AND `+s.SQL("c.org_id")+`)
		SELECT `+by.key+` AS key, max(`+by.label+`) AS label, count(*) AS n, count(*) FILTER (WHERE c.answered_at IS NULL) AS lost,
		  count(*) FILTER (WHERE waited <= CASE c.channel WHEN 'phone' THEN ring_target ELSE chat_target END) AS prompt, count(*) FILTER (WHERE talked <= handle_target) AS handled,
		  coalesce(sum(waited), 0)::bigint AS ring, coalesce(sum(talked), 0)::bigint AS talk
		FROM c JOIN organisations o ON o.id = c.org_id LEFT JOIN users u ON u.id = c.user_id GROUP BY 1 ORDER BY 1 LIMIT ?`, from, end, MaxRows+1).Scan(ctx, &list)
	if err != nil {
		return Report{}, fmt.Errorf("report calls: %w", fault.FromSQL(err))
	}
	if err := tooLong(len(list)); err != nil {
		return Report{}, err
	}
	r := a.report("calls", by.name, by.name, "calls", "lost", "loss_rate", "answered_in_time", "in_time", "handling", "mean_ring", "mean_talk")
	var sum CallRow
	for i := range list {
		l := &list[i]
		l.rates()
		sum.All, sum.Lost, sum.Prompt, sum.Handled, sum.Ring, sum.Talk = sum.All+l.All, sum.Lost+l.Lost, sum.Prompt+l.Prompt, sum.Handled+l.Handled, sum.Ring+l.Ring, sum.Talk+l.Talk
	}
	sum.rates()
	r.Items, r.Totals = rows(list), sum
	return r, nil
}

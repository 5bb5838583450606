package kpi

import (
	"context"
	"fmt"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// Work is what the time of engineers went into over a span, and what parts and money came of it.
type Work struct {
	Rostered int64     `bun:"rostered"` // minutes of the shifts that began in the span
	Used     int64     `bun:"used"`     // minutes of work and travel on the sheets of visits that ended in it
	Parts    money.Fen `bun:"parts"`    // used on those sheets, at list price, covered or not
	Taken    money.Fen `bun:"taken"`    // paid in the span, less refunds; neither on account nor waived
}

// Utilisation is work and travel out of the rostered time; nil when nobody was rostered.
func (w Work) Utilisation() *Share { return share(w.Used, w.Rostered) }

// Worked counts a span.
func (f Figures) Worked(ctx context.Context, s auth.Scope, a Ask) (Work, error) {
	var w Work
	if err := firstOf(seen(s), a.check()); err != nil {
		return w, err
	}
	from, end, _ := a.span()
	const sheets = "FROM sheets x JOIN engineers e ON e.id = x.engineer_id WHERE x.replaced_at IS NULL AND x.finished_at >= ?0 AND x.finished_at < ?1 AND "
	sight := s.SQL("e.org_id")
	err := f.db.NewRaw(`SELECT (SELECT coalesce(sum(extract(epoch FROM upper(h.during) - lower(h.during))) / 60, 0)::bigint FROM shifts h JOIN engineers e ON e.id = h.engineer_id
		  WHERE lower(h.during) >= ?0 AND lower(h.during) < ?1 AND `+sight+`) AS rostered,
		(SELECT coalesce(sum(coalesce(x.work_minutes, 0) + coalesce(x.travel_minutes, 0)), 0)::bigint `+sheets+sight+`) AS used,
		(SELECT coalesce(sum(p.quantity * q.price_minor), 0)::bigint FROM sheet_parts p JOIN parts q ON q.id = p.part_id WHERE p.sheet_id IN (SELECT x.id `+sheets+sight+`)) AS parts,
		(SELECT coalesce(sum(y.amount_minor), 0)::bigint FROM payments y WHERE y.paid_at >= ?0 AND y.paid_at < ?1 AND y.method NOT IN ('on_account', 'waiver') AND `+s.SQL("y.org_id")+`) AS taken`, from, end).Scan(ctx, &w)
	if err != nil {
		return w, fmt.Errorf("figures of work: %w", fault.FromSQL(err))
	}
	return w, nil
}

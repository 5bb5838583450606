package kpi

import (
	"context"

	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Figures answers reports from a database; each is one query.
type Figures struct{ db bun.IDB }

// New reads from db, a pool or a transaction.
func New(db bun.IDB) Figures { return Figures{db} }

// Report answers the report of a kind.
func (f Figures) Report(ctx context.Context, s auth.Scope, kind string, a Ask) (Report, error) {
	switch kind {
	case "receipts":
		return f.Receipts(ctx, s, a)
	case "receivables":
		return f.Receivables(ctx, s, a)
	case "defects":
		return f.Defects(ctx, s, a)
	case "follow-ups":
		return f.FollowUps(ctx, s, a)
	case "complaints":
		return f.Complaints(ctx, s, a)
	case "calls":
		return f.Calls(ctx, s, a)
	case "clocks":
		return f.Clocks(ctx, s, a)
	case "engineers":
		return f.Engineers(ctx, s, a)
	}
	return Report{}, fault.New(fault.NotFound, "report_unknown", "there is no report %q", kind)
}

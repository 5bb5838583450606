package aftercare

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// StandardVersion is one change of what the house promises: a target, a window, hours, a route. The numbers rise
// and may have gaps; what stood before the first is what the product was delivered with.
type StandardVersion struct {
	No       int64           `bun:"no" json:"no"`
	At       time.Time       `bun:"at" json:"at"`
	Actor    string          `bun:"actor" json:"actor"`
	Standard string          `bun:"standard" json:"standard" enum:"clock_targets,complaint_targets,follow_up_kinds,follow_up_rules,service_hours,group_routes,call_targets,quiet_hours"`
	Key      string          `bun:"key" json:"key" doc:"which row of it, such as the severity"`
	Was      json.RawMessage `bun:"was" json:"was,omitempty" doc:"absent: it is new"`
	Becomes  json.RawMessage `bun:"becomes" json:"becomes,omitempty" doc:"absent: it is no more"`
}

// StandardVersions lists the changes, newest first.
func (p Promises) StandardVersions(ctx context.Context, ask keyset.Ask) (keyset.Page[StandardVersion], error) {
	var w where
	var last int64
	if more, err := ask.After(&last); err != nil {
		return keyset.Page[StandardVersion]{}, err
	} else if more {
		w.and("no < ?", last)
	}
	rows := []StandardVersion{}
	if err := p.db.NewRaw("SELECT no, at, actor, standard, key, was, becomes FROM standard_versions"+w.String()+" ORDER BY no DESC LIMIT ?", append(w.args, ask.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[StandardVersion]{}, fmt.Errorf("versions of the standards: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(v StandardVersion) []any { return []any{v.No} }), nil
}

package workorders

import (
	"context"
	"errors"
	"fmt"

	"paigong/internal/auth"
)

// whyAway marks vans that cannot be reached because their engineer is away, and nothing else.
const whyAway = "engineer is away"

// VansBack keeps vans and absences in step: what lies in the van of somebody whose leave begins is out of
// reach from then on, and in reach again when he is back. A van that a person marked otherwise during the
// absence, since a colleague fetched it, is left alone. Called by the minute tick.
func (d *Desk) VansBack(ctx context.Context) error {
	vans, err := vansToMark(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, v := range vans {
		err := d.change(ctx, auth.System("van"), func(ctx context.Context, w *work) error {
			if err := w.stock.SetReachable(ctx, v.ID, v.Back, whyAway); err != nil {
				return err
			}
			return w.announce(ctx, "stock", v.OrgID, nil, v.ID)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("van %s: %w", v.ID, err))
		}
	}
	return errors.Join(failed...)
}

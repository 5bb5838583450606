package workorders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
)

// sickWaits is how long an engineer's word that he is ill today waits for a dispatcher's tap.
const sickWaits = 20 * time.Minute

// FreeTheSick approves what nobody attended to: an engineer who reported ill, and asked for his visits to be
// freed, is taken at his word once his absence has begun. Customers must not wait for somebody who lies in
// bed because the office is still empty. Called by the minute tick.
func (d *Desk) FreeTheSick(ctx context.Context) error {
	ids, err := sickUnattended(ctx, d.db, d.now(), d.now().Add(-sickWaits))
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		if _, err := d.DecideAbsence(ctx, auth.System("absence"), id, dispatch.Decision{Approve: true, Answer: "nobody attended to it in time"}); err != nil {
			failed = append(failed, fmt.Errorf("absence %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

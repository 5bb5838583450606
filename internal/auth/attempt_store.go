package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// attempt is one way of counting a try to sign in: so many failures are free, then each further one
// doubles the wait, up to the longest. Failures an hour old are forgotten.
type attempt struct {
	key     string
	free    int
	longest time.Duration
}

// countTries counts a try before it is made, so that many at once cannot slip past the count, and
// refuses while a wait runs. A try that is refused is not counted.
//
// A stranger can thus slow somebody down, most at the same address, a little from everywhere, but never
// lock him out: waits end by themselves, and trying during one does not make it longer.
func (d *Directory) countTries(ctx context.Context, tries []attempt) error {
	now := d.now()
	keys := make([]string, len(tries))
	for i, try := range tries {
		keys[i] = try.key
	}
	var until sql.NullTime
	if err := d.db.NewRaw("SELECT max(wait_until) FROM login_failures WHERE key IN (?)", bun.List(keys)).Scan(ctx, &until); err != nil {
		return fmt.Errorf("count sign-ins: %w", fault.FromSQL(err))
	}
	if until.Valid && now.Before(until.Time) {
		return slowDown(until.Time.Sub(now))
	}
	for _, try := range tries {
		var failures int
		err := d.db.NewRaw(`INSERT INTO login_failures AS f (key, failures, last_at, wait_until) VALUES (?, 1, ?, ?)
			ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at,
				failures = CASE WHEN f.last_at < excluded.last_at - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
				wait_until = CASE WHEN f.last_at >= excluded.last_at - interval '1 hour' AND f.failures >= ?
					THEN excluded.last_at + least(?, power(2, least(f.failures - ?, 20))) * interval '1 second' ELSE excluded.last_at END
			WHERE f.wait_until <= excluded.last_at RETURNING failures`,
			try.key, now, now, try.free, try.longest.Seconds(), try.free).Scan(ctx, &failures)
		if errors.Is(err, sql.ErrNoRows) {
			return slowDown(time.Second)
		}
		if err != nil {
			return fmt.Errorf("count sign-ins: %w", fault.FromSQL(err))
		}
	}
	return nil
}

// forgiveTries takes a counted try back because it succeeded. Whoever knows the password clears his own
// count; what others failed at his account or his address stays counted.
func (d *Directory) forgiveTries(ctx context.Context, tries []attempt) error {
	if _, err := d.db.ExecContext(ctx, "DELETE FROM login_failures WHERE key = ?", tries[0].key); err != nil {
		return fmt.Errorf("count sign-ins: %w", fault.FromSQL(err))
	}
	for _, try := range tries[1:] {
		if _, err := d.db.ExecContext(ctx, "UPDATE login_failures SET failures = greatest(failures - 1, 0), wait_until = least(wait_until, ?) WHERE key = ?", d.now(), try.key); err != nil {
			return fmt.Errorf("count sign-ins: %w", fault.FromSQL(err))
		}
	}
	return nil
}

func slowDown(wait time.Duration) error {
	wait = max(time.Second, wait.Round(time.Second))
	return fault.New(fault.TooMany, "login_slow_down", "too many failed attempts: wait before the next").After(wait)
}

package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// errKeyTaken says that another call with the same key committed while this one waited for it.
var errKeyTaken = errors.New("the key is taken")

type keptAnswer struct {
	Body   [32]byte
	Status int
	Answer []byte
}

func findAnswer(ctx context.Context, db bun.IDB, c Call) (*keptAnswer, error) {
	var row struct {
		Body   []byte `bun:"body_sha256"`
		Status int    `bun:"status"`
		Answer []byte `bun:"answer"`
	}
	err := db.NewRaw("SELECT body_sha256, status, answer FROM idempotency_keys WHERE scope = ? AND key = ?", c.Scope, c.Key).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("idempotency key: %w", fault.FromSQL(err))
	}
	return &keptAnswer{Body: [32]byte(row.Body), Status: row.Status, Answer: row.Answer}, nil
}

// claimKey inserts the key first of all. While another call holds it the insert waits for that call to
// end, longer than for other locks, since its answer is the answer.
func claimKey(ctx context.Context, tx bun.Tx, c Call, at time.Time) error {
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '20s'"); err != nil {
		return fmt.Errorf("idempotency key: %w", err)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO idempotency_keys (scope, key, route, body_sha256, at) VALUES (?, ?, ?, ?, ?)", c.Scope, c.Key, c.Route, c.Body[:], at)
	if err != nil {
		if fault.HasCode(fault.FromSQL(err), "idempotency_keys_pkey") {
			return errKeyTaken
		}
		return fmt.Errorf("idempotency key: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout TO DEFAULT"); err != nil {
		return fmt.Errorf("idempotency key: %w", err)
	}
	return nil
}

func keepAnswer(ctx context.Context, tx bun.Tx, c Call, status int, answer []byte) error {
	_, err := tx.ExecContext(ctx, "UPDATE idempotency_keys SET status = ?, answer = ? WHERE scope = ? AND key = ?", status, answer, c.Scope, c.Key)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// ForgetKeys deletes answers older than 30 days, in slices.
func (d *Desk) ForgetKeys(ctx context.Context) error {
	for {
		res, err := d.db.ExecContext(ctx, `DELETE FROM idempotency_keys WHERE (scope, key) IN
			(SELECT scope, key FROM idempotency_keys WHERE at < ? LIMIT 5000)`, d.now().Add(-30*24*time.Hour))
		if err != nil {
			return fmt.Errorf("forget keys: %w", err)
		}
		if n, _ := res.RowsAffected(); n < 5000 {
			return nil
		}
	}
}

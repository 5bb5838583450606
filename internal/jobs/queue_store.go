package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Queue is where jobs are put.
type Queue struct {
	db   bun.IDB
	now  func() time.Time
	wake chan struct{}
}

// NewQueue opens the queue.
func NewQueue(db bun.IDB, now func() time.Time) *Queue {
	return &Queue{db: db, now: now, wake: make(chan struct{}, 1)}
}

// In is the queue inside a transaction.
func (q *Queue) In(tx bun.IDB) *Queue { inside := *q; inside.db = tx; return &inside }

// Add puts a job. Call Wake after the transaction has committed, or wait a second.
func (q *Queue) Add(ctx context.Context, job Job) error {
	payload, err := json.Marshal(job.Payload)
	if err != nil {
		return fmt.Errorf("add job %s: %w", job.Kind, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("add job %s: %w", job.Kind, err)
	}
	now := q.now()
	if job.RunAt.IsZero() {
		job.RunAt = now
	}
	var org, dedupe any
	if job.OrgID != 0 {
		org = job.OrgID
	}
	if job.Dedupe != "" {
		dedupe = job.Dedupe
	}
	if _, err := q.db.ExecContext(ctx, `INSERT INTO jobs (id, org_id, kind, payload, run_at, dedupe, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (dedupe) DO NOTHING`, id, org, job.Kind, string(payload), job.RunAt, dedupe, now); err != nil {
		return fmt.Errorf("add job %s: %w", job.Kind, fault.FromSQL(err))
	}
	return nil
}

// Wake makes the workers of this copy look at once. It never blocks.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// leaseFor is how long a silent worker keeps a job, on PostgreSQL's clock.
const leaseFor = 30 * time.Second

func (q *Queue) claim(ctx context.Context, kinds []string, most int) ([]Claimed, error) {
	lease, err := uuid.NewV4()
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	var claimed []Claimed
	err = q.db.NewRaw(`WITH due AS MATERIALIZED (
			SELECT id FROM jobs WHERE queue = 'main' AND run_at <= ? AND done_at IS NULL AND dead_at IS NULL AND kind IN (?)
			   AND (lease_until IS NULL OR lease_until < clock_timestamp())
			 ORDER BY run_at LIMIT ? FOR UPDATE SKIP LOCKED)
		UPDATE jobs j SET lease = ?, lease_until = clock_timestamp() + ? * interval '1 second', attempts = attempts + 1
		  FROM due WHERE j.id = due.id RETURNING j.id, j.org_id, j.kind, j.payload, j.attempts, j.run_at, j.lease`,
		q.now(), bun.List(kinds), most, lease, leaseFor.Seconds()).Scan(ctx, &claimed)
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", fault.FromSQL(err))
	}
	for i := range claimed {
		claimed[i].queue = q
	}
	return claimed, nil
}

// Done ends the job inside the transaction of its effect, so that both happen or neither. It fails with
// ErrLeaseLost when another worker has the job by now; roll back then.
func (c Claimed) Done(ctx context.Context, tx bun.IDB) error {
	return c.end(ctx, tx, "done_at = ?, lease_until = NULL, last_error = ''", c.queue.now())
}

func (c Claimed) end(ctx context.Context, db bun.IDB, set string, args ...any) error {
	result, err := db.ExecContext(ctx, "UPDATE jobs SET "+set+" WHERE id = ? AND lease = ? AND done_at IS NULL AND dead_at IS NULL", append(args, c.ID, c.Lease)...)
	if err != nil {
		return fmt.Errorf("end job %s: %w", c.Kind, fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err != nil {
		return fmt.Errorf("end job %s: %w", c.Kind, err)
	} else if n == 0 {
		return ErrLeaseLost
	}
	return nil
}

// finish ends a job whose handler returned without ending it itself.
func (c Claimed) finish(ctx context.Context) error {
	var done bool
	err := c.queue.db.NewRaw(`WITH ended AS (UPDATE jobs SET done_at = ?, lease_until = NULL, last_error = '' WHERE id = ? AND lease = ? AND done_at IS NULL AND dead_at IS NULL RETURNING id)
		SELECT EXISTS (SELECT FROM ended) OR EXISTS (SELECT FROM jobs WHERE id = ? AND lease = ? AND done_at IS NOT NULL)`,
		c.queue.now(), c.ID, c.Lease, c.ID, c.Lease).Scan(ctx, &done)
	if err != nil {
		return fmt.Errorf("end job %s: %w", c.Kind, fault.FromSQL(err))
	}
	if !done {
		return ErrLeaseLost
	}
	return nil
}

func (c Claimed) fail(ctx context.Context, cause error) (dead bool, err error) {
	at, counted, dead := next(c.Attempts, cause, c.queue.now())
	text := cause.Error()
	if len(text) > 2000 {
		text = text[:2000]
	}
	if dead {
		return true, c.end(ctx, c.queue.db, "dead_at = ?, lease_until = NULL, last_error = ?", at, text)
	}
	return false, c.end(ctx, c.queue.db, "run_at = ?, attempts = ?, lease_until = NULL, last_error = ?", at, counted, text)
}

func (c Claimed) extend(ctx context.Context) error {
	return c.end(ctx, c.queue.db, "lease_until = clock_timestamp() + ? * interval '1 second'", leaseFor.Seconds())
}

// release gives a job back untouched, for a worker that stops before it began.
func (c Claimed) release(ctx context.Context) error {
	return c.end(ctx, c.queue.db, "lease_until = NULL, attempts = attempts - 1")
}

// Dead lists what was given up, newest first.
func (q *Queue) Dead(ctx context.Context, ask keyset.Ask) (keyset.Page[Dead], error) {
	var page keyset.Page[Dead]
	query := q.db.NewSelect().TableExpr("jobs").Column("id", "kind", "payload", "attempts", "last_error", "created_at", "dead_at").
		Where("dead_at IS NOT NULL").OrderExpr("id DESC").Limit(int64(ask.Rows()))
	var after uuid.UUID
	if more, err := ask.After(&after); err != nil {
		return page, err
	} else if more {
		query.Where("id < ?", after)
	}
	var rows []Dead
	if err := query.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list dead jobs: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(d Dead) []any { return []any{d.ID} }), nil
}

// Revive gives a dead job all its attempts anew.
func (q *Queue) Revive(ctx context.Context, id uuid.UUID) error {
	result, err := q.db.ExecContext(ctx, "UPDATE jobs SET dead_at = NULL, attempts = 0, run_at = ?, lease = NULL, lease_until = NULL WHERE id = ? AND dead_at IS NOT NULL", q.now(), id)
	if err != nil {
		return fmt.Errorf("revive job: %w", fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return fault.New(fault.NotFound, "job_unknown", "there is no such dead job")
	}
	q.Wake()
	return nil
}

// Stand counts what waits and what was given up.
func (q *Queue) Stand(ctx context.Context) (Stand, error) {
	var s Stand
	var oldest bun.NullTime
	now := q.now()
	err := q.db.NewRaw(`SELECT (SELECT count(*) FROM jobs WHERE done_at IS NULL AND dead_at IS NULL AND run_at <= ?),
			(SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL), (SELECT min(run_at) FROM jobs WHERE done_at IS NULL AND dead_at IS NULL AND run_at <= ?)`, now, now).
		Scan(ctx, &s.Waiting, &s.Dead, &oldest)
	if err != nil {
		return s, fmt.Errorf("count jobs: %w", fault.FromSQL(err))
	}
	if !oldest.IsZero() {
		s.Behind = now.Sub(oldest.Time)
	}
	return s, nil
}

// Sweep forgets jobs a week after their end; dead ones after 90 days.
func (q *Queue) Sweep(ctx context.Context) error {
	for _, old := range []struct {
		where  string
		before time.Time
	}{{"done_at < ?", q.now().AddDate(0, 0, -7)}, {"dead_at < ?", q.now().AddDate(0, 0, -90)}} {
		for {
			result, err := q.db.ExecContext(ctx, "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE "+old.where+" LIMIT 5000)", old.before)
			if err != nil {
				return fmt.Errorf("sweep jobs: %w", fault.FromSQL(err))
			}
			if n, err := result.RowsAffected(); err != nil || n < 5000 {
				break
			}
		}
	}
	return nil
}

// repeatDue writes a job for a schedule that is due, once for all copies of the program, and says when
// it is due next. What was missed while nothing ran is made up once, not once a turn.
func (q *Queue) repeatDue(ctx context.Context, name string, now, then time.Time) (added bool, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return false, fmt.Errorf("repeat %s: %w", name, err)
	}
	err = q.db.NewRaw(`WITH due AS (UPDATE repeats SET next_at = ? WHERE name = ? AND next_at <= ? RETURNING name),
			added AS (INSERT INTO jobs (id, kind, run_at, created_at) SELECT ?, ?, ?, ? FROM due
				WHERE NOT EXISTS (SELECT FROM jobs WHERE kind = ? AND done_at IS NULL AND dead_at IS NULL) RETURNING id)
		SELECT count(*) > 0 FROM added`, then, name, now, id, repeatKind(name), now, now, repeatKind(name)).Scan(ctx, &added)
	if err != nil {
		return false, fmt.Errorf("repeat %s: %w", name, fault.FromSQL(err))
	}
	return added, nil
}

func (q *Queue) repeat(ctx context.Context, name, spec string, first time.Time) error {
	_, err := q.db.ExecContext(ctx, `INSERT INTO repeats AS r (name, spec, next_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, next_at = excluded.next_at WHERE r.spec <> excluded.spec`, name, spec, first)
	if err != nil {
		return fmt.Errorf("repeat %s: %w", name, fault.FromSQL(err))
	}
	return nil
}

func repeatKind(name string) string { return "every:" + name }

package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/keyset"
	"paigong/internal/postgres/pgtest"
)

type house struct {
	*testing.T
	db *bun.DB
	q  *Queue
	mu sync.Mutex
	at time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, db: pgtest.New(t), at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	h.q = NewQueue(h.db, h.now)
	return h
}

func (h *house) now() time.Time       { h.mu.Lock(); defer h.mu.Unlock(); return h.at }
func (h *house) wait(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }
func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}
func (h *house) add(job Job) { h.Helper(); h.must(h.q.Add(context.Background(), job)) }
func (h *house) drain(r *Runner) int {
	h.Helper()
	n, err := r.Drain(context.Background())
	h.must(err)
	return n
}

func TestAJobExistsIfItsChangeDoes(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	var told []string
	r := NewRunner(h.q, nil, 0)
	r.Handle("tell", func(_ context.Context, job Claimed) error {
		var who string
		if err := job.Read(&who); err != nil {
			return err
		}
		told = append(told, who)
		return nil
	})
	undone := errors.New("undone")
	err := h.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		h.must(h.q.In(tx).Add(ctx, Job{Kind: "tell", Payload: "rolled back"}))
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	h.must(h.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		return h.q.In(tx).Add(ctx, Job{Kind: "tell", Payload: "王师傅"})
	}))
	h.add(Job{Kind: "tell", Payload: "once", Dedupe: "x"})
	h.add(Job{Kind: "tell", Payload: "twice", Dedupe: "x"})
	h.add(Job{Kind: "tell", Payload: "later", RunAt: h.now().Add(time.Hour)})
	h.add(Job{Kind: "nobody handles this"})
	if n := h.drain(r); n != 2 || fmt.Sprint(told) != "[王师傅 once]" {
		t.Fatalf("did %d: %v", n, told)
	}
	h.wait(time.Hour)
	if n := h.drain(r); n != 1 || told[2] != "later" {
		t.Fatalf("an hour later did %d: %v", n, told)
	}
	stand, err := h.q.Stand(ctx)
	h.must(err)
	if stand.Waiting != 1 || stand.Dead != 0 || stand.Behind != time.Hour {
		t.Errorf("one job waits for a copy that knows its kind: %+v", stand)
	}
	h.wait(8 * 24 * time.Hour)
	h.must(h.q.Sweep(ctx))
	var left int
	h.must(h.db.NewRaw("SELECT count(*) FROM jobs").Scan(ctx, &left))
	if left != 1 {
		t.Errorf("%d jobs are remembered after a week", left)
	}
}

func TestAFailureIsTriedAgainAndThenLiesDead(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	var tries atomic.Int32
	broken := true
	r := NewRunner(h.q, nil, 0)
	r.Handle("mail", func(context.Context, Claimed) error {
		tries.Add(1)
		if broken {
			return errors.New("nobody answers")
		}
		return nil
	})
	r.Handle("panic", func(context.Context, Claimed) error { panic("oh") })
	r.Handle("hopeless", func(_ context.Context, job Claimed) error { var n int; return job.Read(&n) })
	r.Handle("patient", func(context.Context, Claimed) error { return Again(time.Hour, errors.New("not yet")) })
	h.add(Job{Kind: "mail"})
	start := h.now()
	var at []string
	for range 20_000 {
		before := tries.Load()
		h.drain(r)
		if tries.Load() > before {
			at = append(at, h.now().Sub(start).String())
		}
		if dead, err := h.q.Stand(ctx); err != nil || dead.Dead > 0 {
			break
		}
		var next time.Time
		h.must(h.db.NewRaw("SELECT run_at FROM jobs WHERE kind = 'mail'").Scan(ctx, &next))
		h.wait(next.Sub(h.now()) - time.Millisecond)
		if n := h.drain(r); n != 0 {
			t.Fatal("tried again before its time")
		}
		h.wait(time.Millisecond)
	}
	if want := "0s 5s 35s 2m35s 12m35s 42m35s 2h42m35s 8h42m35s 20h42m35s"; strings.Join(at, " ") != want {
		t.Errorf("tried after %v, want %s", at, want)
	}
	page, err := h.q.Dead(ctx, keyset.Ask{})
	h.must(err)
	if len(page.Items) != 1 || page.Items[0].LastError != "nobody answers" || page.Items[0].Attempts != 9 {
		t.Fatalf("dead: %+v", page.Items)
	}
	broken = false
	h.must(h.q.Revive(ctx, page.Items[0].ID))
	if h.drain(r) != 1 {
		t.Error("a revived job is not done")
	}
	if err := h.q.Revive(ctx, page.Items[0].ID); err == nil {
		t.Error("a job that is done can be revived")
	}

	h.add(Job{Kind: "hopeless", Payload: "text"})
	h.add(Job{Kind: "panic"})
	h.add(Job{Kind: "patient"})
	if h.drain(r) != 3 {
		t.Error("three jobs were due")
	}
	page, err = h.q.Dead(ctx, keyset.Ask{})
	h.must(err)
	if len(page.Items) != 1 || page.Items[0].Kind != "hopeless" {
		t.Errorf("given up at once: %+v", page.Items)
	}
	for range 30 {
		h.wait(time.Hour)
		h.drain(r)
	}
	var state string
	h.must(h.db.NewRaw("SELECT string_agg(kind || ' ' || (dead_at IS NOT NULL) || ' ' || split_part(last_error, E'\\n', 1), ', ' ORDER BY kind) FROM jobs WHERE kind IN ('panic', 'patient')").Scan(ctx, &state))
	if state != "panic true panic: oh, patient false not yet" {
		t.Error(state)
	}
}

func TestManyWorkersDoEachJobOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const jobs = 400
	for i := range jobs {
		h.add(Job{Kind: "count", Payload: i})
	}
	ctx, stop := context.WithCancel(context.Background())
	var mu sync.Mutex
	var seen []int
	var copies sync.WaitGroup
	for range 3 {
		r := NewRunner(NewQueue(h.db, h.now), nil, 4)
		r.Handle("count", func(_ context.Context, job Claimed) error {
			var i int
			err := job.Read(&i)
			mu.Lock()
			defer mu.Unlock()
			if seen = append(seen, i); len(seen) == jobs {
				stop()
			}
			return err
		})
		copies.Go(func() { _ = r.Run(ctx) })
	}
	timeout := time.AfterFunc(20*time.Second, stop)
	defer timeout.Stop()
	copies.Wait()
	slices.Sort(seen)
	if len(seen) != jobs || len(slices.Compact(seen)) != jobs {
		t.Fatalf("%d jobs done, %d different", len(seen), len(slices.Compact(seen)))
	}
	var open int
	h.must(h.db.NewRaw("SELECT count(*) FROM jobs WHERE done_at IS NULL").Scan(context.Background(), &open))
	if open != 0 {
		t.Errorf("%d jobs were done and are still open", open)
	}
}

func TestADeadWorkersJobGoesToAnother(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.add(Job{Kind: "pay"})
	first, err := h.q.claim(ctx, []string{"pay"}, 5)
	h.must(err)
	if again, err := h.q.claim(ctx, []string{"pay"}, 5); err != nil || len(first) != 1 || len(again) != 0 {
		t.Fatalf("claimed %d, then %d, %v", len(first), len(again), err)
	}
	_, err = h.db.ExecContext(ctx, "UPDATE jobs SET lease_until = clock_timestamp() - interval '1 second'")
	h.must(err)
	second, err := h.q.claim(ctx, []string{"pay"}, 5)
	h.must(err)
	if len(second) != 1 || second[0].Attempts != 2 {
		t.Fatalf("the other worker claimed %+v", second)
	}
	pay := func(job Claimed) error {
		return h.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO repeats VALUES (?, 'effect', ?)", uuid.Must(uuid.NewV4()).String(), h.now()); err != nil {
				return err
			}
			return job.Done(ctx, tx)
		})
	}
	if err := pay(first[0]); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("the silent worker pays too: %v", err)
	}
	h.must(pay(second[0]))
	h.must(second[0].finish(ctx)) // the runner's own end after the handler's is no mistake
	if err := first[0].finish(ctx); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("the silent worker ends the job: %v", err)
	}
	var effects int
	h.must(h.db.NewRaw("SELECT count(*) FROM repeats WHERE spec = 'effect'").Scan(ctx, &effects))
	if effects != 1 {
		t.Errorf("paid %d times", effects)
	}
	// One that takes its worker down each time is given up before it does so for ever.
	h.add(Job{Kind: "deadly"})
	_, err = h.db.ExecContext(ctx, "UPDATE jobs SET attempts = 9 WHERE kind = 'deadly'")
	h.must(err)
	r := NewRunner(h.q, nil, 1)
	r.Handle("deadly", func(context.Context, Claimed) error { t.Error("done once more"); return nil })
	h.drain(r)
	if page, err := h.q.Dead(ctx, keyset.Ask{}); err != nil || len(page.Items) != 1 {
		t.Errorf("dead: %+v, %v", page.Items, err)
	}
}

func TestStoppingLetsJobsFinish(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(Job{Kind: "slow"})
	ctx, stop := context.WithCancel(context.Background())
	r := NewRunner(h.q, nil, 1)
	var finished atomic.Bool
	r.Handle("slow", func(ctx context.Context, _ Claimed) error {
		stop()
		select {
		case <-time.After(100 * time.Millisecond):
			finished.Store(true)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	h.must(r.Run(ctx))
	var done bool
	h.must(h.db.NewRaw("SELECT done_at IS NOT NULL FROM jobs").Scan(context.Background(), &done))
	if !finished.Load() || !done {
		t.Errorf("finished %v, recorded %v", finished.Load(), done)
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	runs := map[string]int{}
	copyOf := func() *Runner {
		r := NewRunner(NewQueue(h.db, h.now), nil, 0)
		h.must(r.Every("minute", "* * * * *", func(context.Context) error { runs["minute"]++; return nil }))
		h.must(r.Every("morning", "CRON_TZ=Asia/Shanghai 0 8 * * *", func(context.Context) error { runs["morning"]++; return nil }))
		h.must(r.Every("failing", "0 0 * * *", func(context.Context) error { runs["failing"]++; return errors.New("no") }))
		return r
	}
	a, b := copyOf(), copyOf()
	for range 60 {
		h.drain(a)
		h.drain(b)
		h.wait(time.Second)
	}
	if fmt.Sprint(runs) != "map[]" {
		t.Errorf("before the first minute is over: %v", runs)
	}
	for range 300 {
		h.drain(a)
		h.drain(b)
		h.wait(time.Second)
	}
	if runs["minute"] != 5 || runs["morning"] != 0 {
		t.Errorf("five minutes, two copies: %v", runs)
	}
	h.wait(3 * 24 * time.Hour)
	h.drain(copyOf())
	h.drain(copyOf())
	if runs["minute"] != 6 || runs["morning"] != 1 || runs["failing"] != 1 {
		t.Errorf("three days off are made up once: %v", runs)
	}
	for range 20 {
		h.wait(time.Minute)
		h.drain(a)
	}
	if runs["failing"] != 21 || runs["minute"] != 26 {
		t.Errorf("a failing turn is tried each minute: %v", runs)
	}
	for _, spec := range []string{"", "TZ=", "* * * *", "0 0 30 2 *", "61 * * * *", "CRON_TZ=Mars/Olympus * * * * *"} {
		if err := a.Every("bad", spec, nil); err == nil {
			t.Errorf("%q is taken for a schedule", spec)
		}
	}
}

func TestAPulse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	r := NewRunner(h.q, nil, 1)
	beats := 0
	r.Pulse("seal", time.Millisecond, func(context.Context) error {
		if beats++; beats == 3 {
			stop()
		}
		if beats == 2 {
			panic("missed a beat")
		}
		return errors.New("not this time")
	})
	h.must(r.Run(ctx))
	if beats < 3 {
		t.Errorf("%d beats", beats)
	}
}

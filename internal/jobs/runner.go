package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Runner does jobs. Register handlers and schedules, then Run it; it may be run in any number of copies.
type Runner struct {
	queue     *Queue
	log       *slog.Logger
	workers   int
	handlers  map[string]Handler
	schedules []schedule
	pulses    []pulse
}

type schedule struct {
	name, spec string
	cron       cron.Schedule
	looked     time.Time // before then the table need not be asked
}

type pulse struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

// NewRunner makes a runner with so many workers (4 when 0).
func NewRunner(queue *Queue, log *slog.Logger, workers int) *Runner {
	if workers <= 0 {
		workers = 4
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Runner{queue: queue, log: log, workers: workers, handlers: map[string]Handler{}}
}

// Handle registers who does jobs of the kind. Jobs of kinds nobody handles stay for a copy that does.
func (r *Runner) Handle(kind string, do Handler) { r.handlers[kind] = do }

// Every registers repeating work, by a five-field cron line in UTC ("*/5 * * * *", "@daily", or
// "CRON_TZ=Asia/Shanghai 0 8 * * *"). Each turn is one job, done once however many copies run; a turn
// that is still being done when the next is due swallows it, and one that fails is tried again each
// minute until it succeeds.
func (r *Runner) Every(name, spec string, do func(context.Context) error) (err error) {
	s, err := parse(spec)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", name, err)
	}
	r.schedules = append(r.schedules, schedule{name: name, spec: spec, cron: s})
	r.Handle(repeatKind(name), func(ctx context.Context, _ Claimed) error {
		if err := do(ctx); err != nil {
			return Again(time.Minute, err)
		}
		return nil
	})
	return nil
}

// parse reads a cron line; the parser panics on some broken ones and accepts days that never come.
func parse(spec string) (s cron.Schedule, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			s, err = nil, fmt.Errorf("%q is not a schedule", spec)
		}
	}()
	if s, err = cron.ParseStandard(spec); err != nil {
		return nil, fmt.Errorf("%q is not a schedule: %w", spec, err)
	}
	if s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes", spec)
	}
	return s, nil
}

// Pulse registers work that each copy does by itself again and again, such as sealing the audit log. It
// leaves no row, so it must be harmless when copies do it at once, and an error only waits for the next.
func (r *Runner) Pulse(name string, every time.Duration, do func(context.Context) error) {
	r.pulses = append(r.pulses, pulse{name, every, do})
}

const (
	look  = time.Second     // how often to look for due jobs without being woken
	grace = 5 * time.Second // how long running jobs may go on after a stop
)

// Run does jobs until ctx ends. Jobs being done then get a few seconds to finish.
func (r *Runner) Run(ctx context.Context) error {
	working, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	var running sync.WaitGroup
	for _, p := range r.pulses {
		running.Go(func() { r.pulse(ctx, p) })
	}
	if len(r.schedules) > 0 {
		running.Go(func() { r.tick(ctx) })
	}
	free := make(chan struct{}, r.workers)
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for ctx.Err() == nil {
		room := r.workers - len(free)
		var claimed []Claimed
		if room > 0 && len(r.handlers) > 0 {
			var err error
			if claimed, err = r.queue.claim(ctx, r.kinds(), room); err != nil && ctx.Err() == nil {
				r.log.Warn("jobs cannot be claimed", "error", err)
			}
		}
		for _, job := range claimed {
			free <- struct{}{}
			running.Go(func() {
				defer func() { <-free; r.queue.Wake() }()
				r.do(working, job)
			})
		}
		if len(claimed) > 0 && len(claimed) == room {
			continue // more may be due
		}
		select {
		case <-ctx.Done():
		case <-r.queue.wake:
		case <-ticker.C:
		}
	}
	patience := time.AfterFunc(grace, abandon)
	defer patience.Stop()
	running.Wait()
	return nil
}

// Drain does everything that is due now, schedules included, one job after the other, and returns how
// many it did. It is for the command line, the demo's walking clock, and tests.
func (r *Runner) Drain(ctx context.Context) (done int, err error) {
	if err := r.register(ctx); err != nil {
		return 0, err
	}
	if err := r.due(ctx); err != nil {
		return 0, err
	}
	for {
		claimed, err := r.queue.claim(ctx, r.kinds(), 1)
		if err != nil || len(claimed) == 0 {
			return done, err
		}
		r.do(ctx, claimed[0])
		done++
	}
}

func (r *Runner) kinds() []string {
	kinds := make([]string, 0, len(r.handlers)+1)
	for kind := range r.handlers {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return append(kinds, "") // an empty list would be broken SQL
}

// do runs one handler under its lease and writes down how it ended.
func (r *Runner) do(ctx context.Context, job Claimed) {
	if job.Attempts > len(pauses)+1 {
		// Not failed but never ended, again and again: it takes its worker down with it.
		r.end(ctx, job, Never(errors.New("the program stopped each time while doing this")))
		return
	}
	holding, drop := context.WithCancel(ctx)
	defer drop()
	go func() {
		for {
			select {
			case <-holding.Done():
				return
			case <-time.After(leaseFor / 3):
				if err := job.extend(holding); errors.Is(err, ErrLeaseLost) {
					drop()
				}
			}
		}
	}()
	err := call(holding, r.handlers[job.Kind], job)
	drop()
	r.end(ctx, job, err)
}

func call(ctx context.Context, do Handler, job Claimed) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return do(ctx, job)
}

// end writes down the result even when the program is being stopped, so that the job is not done twice
// for nothing.
func (r *Runner) end(ctx context.Context, job Claimed, failed error) {
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var err error
	switch {
	case failed == nil:
		err = job.finish(ctx)
	case errors.Is(failed, ErrLeaseLost):
		err = failed
	case stopped && errors.Is(failed, context.Canceled):
		err = job.release(ctx)
	default:
		var dead bool
		dead, err = job.fail(ctx, failed)
		level := slog.LevelWarn
		if dead {
			level = slog.LevelError
		}
		r.log.Log(ctx, level, "job failed", "kind", job.Kind, "id", job.ID, "attempt", job.Attempts, "given_up", dead, "error", failed)
	}
	if err != nil {
		r.log.Warn("job ended without a record", "kind", job.Kind, "id", job.ID, "error", err)
	}
}

func (r *Runner) pulse(ctx context.Context, p pulse) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			err := call(ctx, func(ctx context.Context, _ Claimed) error { return p.do(ctx) }, Claimed{})
			if err != nil && ctx.Err() == nil {
				r.log.Warn("repeated work failed", "name", p.name, "error", err)
			}
		}
	}
}

// tick asks each second whether the time of a schedule has come; the table is asked only then.
func (r *Runner) tick(ctx context.Context) {
	registered := false
	for {
		var err error
		if !registered {
			err = r.register(ctx)
			registered = err == nil
		}
		if err == nil {
			err = r.due(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("schedules cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

func (r *Runner) register(ctx context.Context) error {
	for _, s := range r.schedules {
		if err := r.queue.repeat(ctx, s.name, s.spec, s.cron.Next(r.queue.now().UTC())); err != nil {
			return err
		}
	}
	return nil
}

// due writes a job for each schedule whose time has come.
func (r *Runner) due(ctx context.Context) error {
	now := r.queue.now().UTC()
	for i := range r.schedules {
		s := &r.schedules[i]
		if now.Before(s.looked) {
			continue
		}
		if _, err := r.queue.repeatDue(ctx, s.name, now, s.cron.Next(now)); err != nil {
			return err
		}
		s.looked = s.cron.Next(now)
	}
	return nil
}

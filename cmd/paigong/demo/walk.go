package demo

import (
	"container/heap"
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Clock is the clock of facts while the company is made: it stands still until somebody sets it.
type Clock struct{ at atomic.Pointer[time.Time] }

// NewClock starts at an instant.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.at.Store(&at)
	return c
}

// Now is where the clock stands.
func (c *Clock) Now() time.Time { return *c.at.Load() }

// walkTo moves on; it never goes back.
func (c *Clock) walkTo(at time.Time) {
	if at.After(c.Now()) {
		c.at.Store(&at)
	}
}

// step is something somebody does; it may lead to further steps.
type step func(ctx context.Context) error

type event struct {
	at  time.Time
	no  int // events of one instant happen in the order they were planned
	who string
	do  step
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].no < a[j].no
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// plan puts a step on the agenda. what names it, for an error.
func (c *company) plan(at time.Time, what string, do step) {
	c.planned++
	heap.Push(&c.agenda, event{at, c.planned, what, do})
}

// walk does what is on the agenda until the end; what lies after it waits.
func (c *company) walk(ctx context.Context, end time.Time) error {
	for len(c.agenda) > 0 && !c.agenda[0].at.After(end) && ctx.Err() == nil {
		next := heap.Pop(&c.agenda).(event)
		c.clock.walkTo(next.at)
		if err := next.do(ctx); err != nil {
			return fmt.Errorf("sample company, %s at %s: %w", next.who, next.at.In(c.zone).Format(time.DateTime), err)
		}
	}
	c.clock.walkTo(end)
	return nil
}

// walkTogether lets several parts of the company work side by side, each by its own clock and agenda. They
// meet at two, in the evening and in the morning, when the program does what it does by itself: who meets waits for
// the slowest, so not more often.
func (c *company) walkTogether(ctx context.Context, parts []*company, now time.Time) error {
	for at, pause := c.at(-7*Weeks, 8, 0), 6*time.Hour; ; at = at.Add(pause) {
		if pause = 6 * time.Hour; at.In(c.zone).Hour() == 20 {
			pause = 12 * time.Hour
		}
		if at.After(now) {
			at = now
		}
		together, stop := context.WithCancel(ctx)
		ended := make(chan error, len(parts))
		for _, part := range parts {
			go func() {
				err := part.walk(together, at)
				if err != nil {
					stop()
				}
				ended <- err
			}()
		}
		var failed error
		for range parts {
			if err := <-ended; failed == nil {
				failed = err
			}
		}
		stop()
		if failed != nil {
			return failed
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c.clock.walkTo(at)
		if err := c.tick(ctx); err != nil {
			return fmt.Errorf("sample company, the clock at %s: %w", at.In(c.zone).Format(time.DateTime), err)
		}
		if !at.Before(now) {
			return nil
		}
	}
}

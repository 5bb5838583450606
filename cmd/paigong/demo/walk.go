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

// walk does what is on the agenda until the end; what lies after it never happens.
func (c *company) walk(ctx context.Context, end time.Time) error {
	for len(c.agenda) > 0 {
		next := heap.Pop(&c.agenda).(event)
		if next.at.After(end) {
			break
		}
		c.clock.walkTo(next.at)
		if err := next.do(ctx); err != nil {
			return fmt.Errorf("sample company, %s at %s: %w", next.who, next.at.In(c.zone).Format(time.DateTime), err)
		}
	}
	c.clock.walkTo(end)
	return nil
}

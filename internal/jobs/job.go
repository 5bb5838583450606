package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Job is work to be done later.
type Job struct {
	Kind    string
	Payload any
	RunAt   time.Time // zero: at once
	Dedupe  string    // a second job with the same text is not added, for as long as the first is remembered (7 days after its end)
	OrgID   int32     // 0: nobody's
}

// Claimed is a job in the hands of one worker.
type Claimed struct {
	ID       uuid.UUID
	OrgID    *int32
	Kind     string
	Payload  json.RawMessage `bun:"type:jsonb"`
	Attempts int
	RunAt    time.Time
	Lease    uuid.UUID
	queue    *Queue
}

// Read decodes the payload.
func (c Claimed) Read(into any) error {
	if err := json.Unmarshal(c.Payload, into); err != nil {
		return Never(fmt.Errorf("payload of %s: %w", c.Kind, err))
	}
	return nil
}

// Dead is a job that was given up.
type Dead struct {
	ID        uuid.UUID       `json:"id"`
	Kind      string          `json:"kind"`
	Payload   json.RawMessage `bun:"type:jsonb" json:"payload"`
	Attempts  int             `json:"attempts"`
	LastError string          `json:"last_error"`
	CreatedAt time.Time       `json:"created_at"`
	DeadAt    time.Time       `json:"dead_at"`
}

// Stand says how the queue is doing.
type Stand struct {
	Waiting int           // due and not yet done
	Dead    int           // given up
	Behind  time.Duration // how long the oldest due job has waited
}

// pauses between attempts; after the last one a job is dead.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// Handler does a job. nil means done; an error means again later, Never means not again.
type Handler func(ctx context.Context, job Claimed) error

type never struct{ error }

func (n never) Unwrap() error { return n.error }

// Never marks an error that trying again cannot cure: the job is given up at once.
func Never(err error) error { return never{err} }

type again struct {
	error
	after time.Duration
}

func (a again) Unwrap() error { return a.error }

// Again asks for the next attempt after this pause instead of the usual one, and as often as needed.
func Again(after time.Duration, err error) error { return again{err, after} }

// ErrLeaseLost says that another worker has taken the job over because this one was silent too long.
var ErrLeaseLost = errors.New("jobs: another worker has taken this job over")

// next says when a failed job runs again and how many attempts count by then, or that it is dead.
func next(attempts int, err error, now time.Time) (at time.Time, counted int, dead bool) {
	var stop never
	var wish again
	switch {
	case errors.As(err, &stop):
		return now, attempts, true
	case errors.As(err, &wish):
		return now.Add(wish.after), attempts - 1, false
	case attempts > len(pauses):
		return now, attempts, true
	}
	return now.Add(pauses[attempts-1]), attempts, false
}

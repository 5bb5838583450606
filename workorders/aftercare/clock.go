package aftercare

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
)

// Clock is a deadline towards a customer. A clock runs until it is met or stopped.
type Clock struct {
	ID          uuid.UUID  `bun:"id" json:"id"`
	OrgID       int32      `bun:"org_id" json:"-"`
	SubjectKind string     `bun:"subject_kind" json:"subject_kind" enum:"request,complaint,work_order"`
	SubjectID   uuid.UUID  `bun:"subject_id" json:"subject_id"`
	Kind        string     `bun:"kind" json:"kind" enum:"reply,promised,contact,arrive,fix,settle" doc:"settle: a complaint is over, by its severity"`
	DueAt       time.Time  `bun:"due_at" json:"due_at"`
	NextAt      *time.Time `bun:"next_at" json:"next_at,omitempty"` // of the next rung
	Level       int        `bun:"level" json:"level"`               // the rung reached, 0 to 4
	MetAt       *time.Time `bun:"met_at" json:"met_at,omitempty"`
	StoppedAt   *time.Time `bun:"stopped_at" json:"stopped_at,omitempty"`
	PausedAt    *time.Time `bun:"paused_at" json:"paused_at,omitempty"`
}

// Rung is one step of an escalation: when, counted from the deadline, and who is told. The rung before the
// deadline is moved to the last moment at which somebody is at work, so that a warning about a deadline at
// the weekend does not reach an empty office; on a day with a duty person it keeps its time and reaches him.
type Rung struct {
	Level  int
	After  time.Duration // below zero = before the deadline
	Tells  string        // audience of the message
	Office bool          // only while somebody is at work, earlier rather than later
}

// Ladders are the escalations of each kind of clock. They are data: changing one changes nothing else.
var Ladders = map[string][4]Rung{
	"reply":    {{1, -4 * time.Hour, "desk", true}, {2, 0, "manager", false}, {3, 4 * time.Hour, "manager", false}, {4, 24 * time.Hour, "manager", false}},
	"promised": {{1, -30 * time.Minute, "desk", true}, {2, 0, "desk", false}, {3, 2 * time.Hour, "manager", false}, {4, 24 * time.Hour, "manager", false}},
	"contact":  {{1, -30 * time.Minute, "desk", true}, {2, 0, "desk", false}, {3, 2 * time.Hour, "manager", false}, {4, 24 * time.Hour, "manager", false}},
	"arrive":   {{1, -2 * time.Hour, "desk", true}, {2, 0, "desk", false}, {3, 4 * time.Hour, "manager", false}, {4, 24 * time.Hour, "manager", false}},
	"fix":      {{1, -24 * time.Hour, "desk", true}, {2, 0, "manager", false}, {3, 24 * time.Hour, "manager", false}, {4, 72 * time.Hour, "manager", false}},
	"settle":   {{1, -24 * time.Hour, "desk", true}, {2, 0, "manager", false}, {3, 24 * time.Hour, "manager", false}, {4, 72 * time.Hour, "manager", false}},
}

// rungAt is when the next rung above level comes, or nil at the top.
func rungAt(kind string, level int, due time.Time, c calendar.Calendar, office calendar.Service) *time.Time {
	for _, r := range Ladders[kind] {
		if r.Level <= level {
			continue
		}
		at := due.Add(r.After)
		if r.Office {
			at = c.LastServed(at, office)
		}
		return &at
	}
	return nil
}

// reached is the highest rung whose time has come, at least level.
func reached(kind string, level int, due, now time.Time, c calendar.Calendar, office calendar.Service) int {
	for next := rungAt(kind, level, due, c, office); next != nil && !next.After(now); next = rungAt(kind, level, due, c, office) {
		level++
	}
	return level
}

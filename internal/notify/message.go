package notify

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/say"
)

// Message is something to be told to somebody. Key names its text in the catalogue and Args fill it; the
// text "<key>.subject", where there is one, heads a mail.
type Message struct {
	ID        uuid.UUID  `json:"id"`
	OrgID     int32      `json:"-"`
	OrderID   *uuid.UUID `json:"work_order_id,omitempty"`
	RequestID *uuid.UUID `json:"request_id,omitempty"`
	SubjectID *uuid.UUID `json:"subject_id,omitempty"` // the engineer, the complaint, … it is about
	Audience  string     `json:"audience"`             // customer, engineer, desk, manager
	To        string     `bun:"to_address" json:"to"`  // a mail address or a telephone number; empty = nobody can be reached
	Lang      string     `json:"lang"`
	Key       string     `json:"key"`
	Args      []string   `bun:"type:jsonb" json:"args"`
	DueAt     time.Time  `json:"due_at"`
	Dedupe    string     `bun:"-" json:"-"` // a second message with the same text is not written

	Channel     string     `json:"channel"`
	State       string     `json:"state"` // queued, delivered, failed (to be tried again), dead, suppressed
	Attempts    int        `json:"attempts"`
	LastError   string     `json:"last_error"`
	CreatedAt   time.Time  `json:"created_at"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`

	body, head string // the house's own words, when it has some
}

// Subject heads the message.
func (m Message) Subject() string {
	if m.head != "" {
		return m.head
	}
	if say.Has(m.Key + ".subject") {
		return say.Text(m.Lang, m.Key+".subject", m.args()...)
	}
	return say.Text(m.Lang, "message.subject")
}

// Text is what the person reads.
func (m Message) Text() string {
	if m.body != "" {
		return m.body
	}
	return say.Text(m.Lang, m.Key, m.args()...)
}

// args fill the text. A message written by an earlier version of the product may have fewer than its text
// has places by now.
func (m Message) args() []any {
	out := make([]any, len(m.Args))
	for i, arg := range m.Args {
		out[i] = arg
	}
	if e, known := EventOf(m.Key); known {
		for len(out) < len(e.Places) {
			out = append(out, "")
		}
	}
	return out
}

// pauses before each further attempt, for messages and webhooks alike; after the last one it is dead.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 24 * time.Hour}

// Sight is whose messages and webhooks a reader may see (auth.Scope is one).
type Sight interface {
	Check() error
	SQL(columns ...string) string
}

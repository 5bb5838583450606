package workorders

import (
	"encoding/json"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Entry is one line of what happened, as people read it. Rows are facts and never change.
type Entry struct {
	ID         uuid.UUID       `bun:"id" json:"id"`
	At         time.Time       `bun:"at" json:"at"`
	Action     string          `bun:"action" json:"action"`
	Actor      string          `bun:"actor" json:"actor"`
	ActorID    *uuid.UUID      `bun:"actor_id" json:"actor_id,omitempty"`
	OnBehalfOf *uuid.UUID      `bun:"on_behalf_of" json:"on_behalf_of,omitempty" doc:"the engineer for whom an office acted"`
	FromState  *string         `bun:"from_state" json:"from_state,omitempty"`
	ToState    *string         `bun:"to_state" json:"to_state,omitempty"`
	Reason     string          `bun:"reason" json:"reason,omitempty"`
	Data       json.RawMessage `bun:"data" json:"data,omitempty"`
}

// said is an entry about to be written.
type said struct {
	Order, Request, Complaint *uuid.UUID
	OrgID                     int32
	Action                    string
	From, To                  string
	Reason                    string
	OnBehalfOf                *uuid.UUID
	Data                      map[string]any
}

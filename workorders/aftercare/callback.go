package aftercare

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/keyset"
)

// CallbackReasons are why somebody has to ring a customer.
func CallbackReasons() []string {
	return []string{"appointment", "displaced", "delay", "part_arrived", "no_access", "quote_open", "device_ready", "unpaid", "promised_reply", "missed_call"}
}

// CallbackInput is what a client may say about something that has to be told to a customer.
type CallbackInput struct {
	Reason      string     `json:"reason" enum:"appointment,displaced,delay,part_arrived,no_access,quote_open,device_ready,unpaid,promised_reply,missed_call"`
	OrderID     *uuid.UUID `json:"work_order_id,omitempty"`
	RequestID   *uuid.UUID `json:"request_id,omitempty"`
	ComplaintID *uuid.UUID `json:"complaint_id,omitempty"`
	CustomerID  *uuid.UUID `json:"customer_id,omitempty"`
	ContactID   *uuid.UUID `json:"contact_id,omitempty"`
	DueAt       time.Time  `json:"due_at,omitempty" doc:"absent = in two hours"`
	AssigneeID  *uuid.UUID `json:"assignee,omitempty"`
	Text        string     `json:"text,omitempty" maxLength:"2000"`

	OrgID int32 `json:"-"` // 0 = of what it is about, else the caller's
}

// Callback is an entry of the call-back list 外呼任务.
type Callback struct {
	ID               uuid.UUID     `bun:"id" json:"id"`
	OrgID            int32         `bun:"org_id" json:"-"`
	OrganisationCode string        `bun:"organisation_code" json:"organisation_code"`
	Reason           string        `bun:"reason" json:"reason"`
	OrderID          *uuid.UUID    `bun:"order_id" json:"work_order_id,omitempty"`
	OrderNumber      string        `bun:"work_order_number" json:"work_order_number,omitempty"`
	RequestID        *uuid.UUID    `bun:"request_id" json:"request_id,omitempty"`
	RequestNumber    string        `bun:"request_number" json:"request_number,omitempty"`
	ComplaintID      *uuid.UUID    `bun:"complaint_id" json:"complaint_id,omitempty"`
	CustomerID       *uuid.UUID    `bun:"customer_id" json:"customer_id,omitempty"`
	CustomerName     string        `bun:"customer_name" json:"customer_name,omitempty"`
	ContactID        *uuid.UUID    `bun:"contact_id" json:"contact_id,omitempty"`
	Phone            string        `bun:"phone" json:"phone,omitempty"`
	DueAt            time.Time     `bun:"due_at" json:"due_at"`
	AssigneeID       *uuid.UUID    `bun:"assignee_id" json:"assignee,omitempty"`
	Text             string        `bun:"text" json:"text,omitempty"`
	State            CallbackState `bun:"state" json:"state"`
	Attempts         int           `bun:"attempts" json:"attempts"`
	DoneAt           *time.Time    `bun:"done_at" json:"done_at,omitempty"`
	Outcome          *string       `bun:"outcome" json:"outcome,omitempty"`
	CreatedAt        time.Time     `bun:"created_at" json:"created_at"`
	Version          int           `bun:"version" json:"version"`

	Log []CallbackAttempt `bun:"-" json:"attempt_log,omitempty"` // when one entry is read, oldest first
}

// CallbackFilter narrows the list: the earliest first.
type CallbackFilter struct {
	keyset.Ask
	DueBefore  *time.Time `query:"due_before" json:"-"`
	AssigneeID *uuid.UUID `json:"-"`
	OrderID    *uuid.UUID `json:"-"`
	CustomerID *uuid.UUID `json:"-"`
	Reason     string     `query:"reason" json:"-"`
	State      string     `query:"state" json:"-" enum:"open,done,cancelled,all" doc:"absent = open"`
}

// CallbackAttemptInput is what a caller says about a call of the list.
type CallbackAttemptInput struct {
	Outcome     string     `json:"outcome" enum:"reached,no_answer,busy,phone_off,call_later,refused,wrong_number,wrong_person"`
	Text        string     `json:"text,omitempty" maxLength:"2000"`
	CallAgainAt *time.Time `json:"call_again_at,omitempty" doc:"absent = in three hours"`
}

// CallbackAttempt is such a call, as recorded.
type CallbackAttempt struct {
	ID          uuid.UUID  `bun:"id" json:"id"`
	No          int        `bun:"no" json:"no"`
	At          time.Time  `bun:"at" json:"at"`
	UserID      *uuid.UUID `bun:"user_id" json:"user_id,omitempty"`
	Actor       string     `bun:"actor" json:"actor"`
	Outcome     string     `bun:"outcome" json:"outcome"`
	Text        string     `bun:"text" json:"text,omitempty"`
	CallAgainAt *time.Time `bun:"call_again_at" json:"call_again_at,omitempty"`
}

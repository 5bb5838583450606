package inventory

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// Shortage 缺件 is a part an order waits for. A part nobody could name yet stands as text.
type Shortage struct {
	ID              uuid.UUID      `json:"id"`
	OrgID           int32          `json:"-"`
	OrderID         uuid.UUID      `json:"work_order_id"`
	WorkOrderNumber string         `json:"work_order_number"`
	PartID          *uuid.UUID     `json:"-"`
	SKU             *string        `bun:"sku" json:"sku"`
	PartName        *string        `json:"part_name"`
	Text            string         `json:"text"`
	Quantity        int64          `json:"quantity"`
	Urgency         string         `json:"urgency"`
	WaitingSince    time.Time      `json:"waiting_since"`
	ExpectedOn      *calendar.Date `json:"expected_on"` // when enough should have come for everybody before it and for it
	State           ShortageState  `json:"state"`
	ResolvedAt      *time.Time     `json:"resolved_at"`
	Version         int            `json:"version"`
}

// ShortageInput is a part an order has to wait for.
type ShortageInput struct {
	OrgID    int32 // the order's owner
	OrderID  uuid.UUID
	PartID   *uuid.UUID
	Text     string // what it is, while PartID is nil
	Quantity int64
	Urgency  string
}

// ShortagePatch names a part that stood as text, or corrects how many are needed.
type ShortagePatch struct {
	SKU      *string `json:"sku,omitempty" maxLength:"40"`
	Quantity *int64  `json:"quantity,omitempty" minimum:"1" maximum:"1000000000"`
	Urgency  *string `json:"urgency,omitempty" maxLength:"40"`
}

// ShortageFilter narrows the list of shortages, longest waiting first.
type ShortageFilter struct {
	keyset.Ask
	SKU   string `query:"sku" maxLength:"40"`
	Place string `query:"place" maxLength:"40" doc:"only parts that lie free in this place, or are expected there"`
	State string `query:"state" enum:"open,allotted,cancelled" doc:"absent = open"`
	Order string `query:"work_order" format:"uuid"`
}

// Waiting is what decides who gets a part that came: an order as the desk knows it.
type Waiting struct {
	OrderID   uuid.UUID
	Displaced bool       // its appointment was taken away by us
	Priority  int        // 1 first
	Promised  *time.Time // what the customer was told; nil after all promises
	Since     time.Time
}

// Rank sorts waiting orders: displaced, priority, promised date, waiting since.
func Rank(queue []Waiting) []Waiting {
	out := slices.Clone(queue)
	slices.SortStableFunc(out, func(a, b Waiting) int {
		switch {
		case a.Displaced != b.Displaced:
			return map[bool]int{true: -1, false: 1}[a.Displaced]
		case a.Priority != b.Priority:
			return cmp.Compare(a.Priority, b.Priority)
		case (a.Promised == nil) != (b.Promised == nil):
			return map[bool]int{true: 1, false: -1}[a.Promised == nil]
		case a.Promised != nil && !a.Promised.Equal(*b.Promised):
			return a.Promised.Compare(*b.Promised)
		}
		return cmp.Or(a.Since.Compare(b.Since), bytes.Compare(a.OrderID[:], b.OrderID[:]))
	})
	return out
}

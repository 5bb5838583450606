package inventory

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Pickup is a slip 备料单 for the counter: what an engineer fetches in one place before one visit.
type Pickup struct {
	ID              uuid.UUID    `json:"id"`
	Number          string       `json:"number"`
	OrgID           int32        `json:"-"`
	VisitID         uuid.UUID    `json:"visit_id"`
	OrderID         uuid.UUID    `json:"work_order_id"`
	WorkOrderNumber string       `json:"work_order_number"`
	PlaceID         uuid.UUID    `json:"-"`
	PlaceCode       string       `json:"place_code"`
	PlaceName       string       `json:"place_name"`
	EngineerID      uuid.UUID    `json:"engineer_id"`
	EngineerName    string       `json:"engineer_name"`
	Lines           []PickupLine `bun:"-" json:"lines"`
	NeededBy        time.Time    `json:"needed_by"`
	State           PickupState  `json:"state"`
	ReadyAt         *time.Time   `json:"ready_at"`
	HandedOverAt    *time.Time   `json:"handed_over_at"`
	EndedAt         *time.Time   `json:"ended_at"`
	Why             string       `json:"why"`
	AllowedActions  []string     `bun:"-" json:"allowed_actions"`
	CreatedAt       time.Time    `json:"created_at"`
	Version         int          `json:"version"`
}

// PickupLine is a part on the slip.
type PickupLine struct {
	PickupID uuid.UUID `json:"-"`
	PartID   uuid.UUID `json:"-"`
	SKU      string    `bun:"sku" json:"sku"`
	PartName string    `json:"part_name"`
	Unit     string    `json:"unit"`
	Quantity int64     `json:"quantity"`
}

// PickupInput is what a slip is made from.
type PickupInput struct {
	OrgID      int32  // the order's owner
	Number     string // such as PU-2026-000123; unused when the visit has a slip for this place already
	OrderID    uuid.UUID
	VisitID    uuid.UUID
	PlaceID    uuid.UUID
	EngineerID uuid.UUID
	NeededBy   time.Time
	Lines      []PickupLineInput
}

// PickupLineInput is a part to fetch. Lines of one part add up.
type PickupLineInput struct {
	PartID   uuid.UUID
	Quantity int64
}

// PickupAct are the words with an act on a slip.
type PickupAct struct {
	Why           *string  `json:"why,omitempty" maxLength:"500" doc:"why it is cancelled"`
	SerialNumbers []string `json:"serial_numbers,omitempty" maxItems:"1000" doc:"which pieces; absent = the promised ones, or any"`
}

// PickupFilter narrows the list of slips, earliest needed first.
type PickupFilter struct {
	keyset.Ask
	Place    string `query:"place" maxLength:"40" doc:"code of the place"`
	Day      string `query:"day" format:"date" doc:"on which they are needed, in the place's own time"`
	State    string `query:"state" enum:"to_pick,ready,handed_over,returned,cancelled"`
	Engineer string `query:"engineer" format:"uuid"`
	Visit    string `query:"visit" format:"uuid"`
	Order    string `query:"work_order" format:"uuid"`
}

func (o PickupInput) check() error {
	if len(o.Lines) == 0 {
		return fault.New(fault.Invalid, "pickup_empty", "a slip names at least one part").Field("body.lines", "at least one")
	}
	for _, line := range o.Lines {
		if line.Quantity < 1 || line.Quantity > MaxQuantity {
			return quantityFault("body.lines")
		}
	}
	return nil
}

package inventory

import (
	"time"

	"github.com/gofrs/uuid/v5"
)

// Reservation is a promise of parts to an order: they lie in a place and are nobody else's.
type Reservation struct {
	ID            uuid.UUID        `json:"id"`
	OrgID         int32            `json:"-"`
	OrderID       uuid.UUID        `json:"work_order_id"`
	VisitID       *uuid.UUID       `json:"visit_id"`
	PlaceID       uuid.UUID        `json:"-"`
	PlaceCode     string           `json:"place_code"`
	PlaceName     string           `json:"place_name"`
	PlaceKind     PlaceKind        `json:"place_kind"`
	PartID        uuid.UUID        `json:"-"`
	SKU           string           `bun:"sku" json:"sku"`
	PartName      string           `json:"part_name"`
	Quantity      int64            `json:"quantity"`
	SerialNumbers []string         `bun:",array" json:"serial_numbers"`
	State         ReservationState `json:"state"`
	HeldAt        time.Time        `json:"held_at"`
	Version       int              `json:"version"`
}

func (r Reservation) spot() spot { return spot{r.PlaceID, r.PartID} }

// Promise says which parts an order is to hold, and where. Lines of the same part and place add up.
type Promise struct {
	OrgID   int32 // the order's owner
	OrderID uuid.UUID
	VisitID *uuid.UUID // the visit they are for; nil = waiting for one
	Lines   []PromiseLine
}

// PromiseLine is how many good pieces of a part the order is to hold in a place.
type PromiseLine struct {
	PlaceID, PartID uuid.UUID
	Quantity        int64
	SerialNumbers   []string // these pieces and no others; may be empty
}

// total adds up the lines by place and part.
func (p Promise) total() (map[spot]PromiseLine, error) {
	out := make(map[spot]PromiseLine, len(p.Lines))
	for _, line := range p.Lines {
		if line.Quantity < 1 || line.Quantity > MaxQuantity {
			return nil, quantityFault("body.parts")
		}
		at := spot{line.PlaceID, line.PartID}
		sum := out[at]
		sum.PlaceID, sum.PartID = at.place, at.part
		if sum.Quantity += line.Quantity; sum.Quantity > MaxQuantity {
			return nil, quantityFault("body.parts")
		}
		sum.SerialNumbers = append(sum.SerialNumbers, line.SerialNumbers...)
		out[at] = sum
	}
	for at, sum := range out {
		serials, err := cleanSerials(sum.SerialNumbers, sum.Quantity)
		if err != nil {
			return nil, err
		}
		sum.SerialNumbers = serials
		out[at] = sum
	}
	return out, nil
}

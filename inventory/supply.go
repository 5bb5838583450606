package inventory

import (
	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/geo"
)

// Need is a part an order needs.
type Need struct {
	PartID   uuid.UUID `json:"part_id"`
	SKU      string    `bun:"sku" json:"sku"`
	Quantity int64     `json:"quantity"`
}

// Supply is where one order could get its parts, and when more should come.
type Supply struct {
	Places   []SupplyPlace
	Expected []ExpectedSupply
}

// SupplyPlace is a place with at least one of the parts to spare.
type SupplyPlace struct {
	ID         uuid.UUID
	Code, Name string
	Kind       PlaceKind
	EngineerID *uuid.UUID
	OrgID      int32
	At         *geo.Point // nil = nobody entered a position
	OpenHours  string
	Reachable  bool
	Free       map[uuid.UUID]int64 // by part: good and free, plus what this order itself holds here
}

// ExpectedSupply are goods on their way.
type ExpectedSupply struct {
	PartID    uuid.UUID
	PlaceID   uuid.UUID
	PlaceCode string
	Quantity  int64 // still to come
	On        calendar.Date
}

// Van is the supply in an engineer's van, or nil when nothing of use lies there.
func (s Supply) Van(engineer uuid.UUID) *SupplyPlace {
	for i, p := range s.Places {
		if p.Kind == Van && p.EngineerID != nil && *p.EngineerID == engineer {
			return &s.Places[i]
		}
	}
	return nil
}

package inventory

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// Expected are goods ordered and not here yet.
type Expected struct {
	ID          uuid.UUID     `json:"id"`
	SKU         string        `bun:"sku" json:"sku"`
	PartID      uuid.UUID     `json:"-"`
	PartName    string        `json:"part_name"`
	Quantity    int64         `json:"quantity"`
	Received    int64         `json:"received"`
	ToPlace     string        `json:"to_place"`
	ExpectedOn  calendar.Date `json:"expected_on"`
	SupplierRef string        `json:"supplier_ref"`
	State       string        `json:"state"` // open, received, cancelled
	CreatedAt   time.Time     `json:"created_at"`
	Version     int           `json:"version"`
}

// ExpectedInput is what a client says about goods on their way.
type ExpectedInput struct {
	SKU         string        `json:"sku" minLength:"1" maxLength:"40"`
	Quantity    int64         `json:"quantity" minimum:"1" maximum:"1000000000"`
	ToPlace     string        `json:"to_place" minLength:"1" maxLength:"40" doc:"code of the place they will come to"`
	ExpectedOn  calendar.Date `json:"expected_on" format:"date"`
	SupplierRef *string       `json:"supplier_ref,omitempty" maxLength:"200"`
}

// ExpectedPatch changes goods on their way; what is absent stays.
type ExpectedPatch struct {
	Quantity    *int64         `json:"quantity,omitempty" minimum:"1" maximum:"1000000000"`
	ExpectedOn  *calendar.Date `json:"expected_on,omitempty" format:"date"`
	SupplierRef *string        `json:"supplier_ref,omitempty" maxLength:"200"`
	Cancelled   *bool          `json:"cancelled,omitempty" doc:"true: they will not come"`
}

// ExpectedFilter narrows the list of goods on their way, earliest first.
type ExpectedFilter struct {
	keyset.Ask
	SKU   string `query:"sku" maxLength:"40"`
	Place string `query:"place" maxLength:"40"`
	State string `query:"state" enum:"open,received,cancelled"`
}

package customers

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// AssetInput is what a client may say about a device. Only its site is needed.
type AssetInput struct {
	SiteID        uuid.UUID      `json:"site_id"`
	Model         string         `json:"model,omitempty" maxLength:"200"`
	Category      string         `json:"category,omitempty" maxLength:"100"`
	Brand         string         `json:"brand,omitempty" maxLength:"100"`
	SerialNumber  *string        `json:"serial_number,omitempty" maxLength:"100"`
	Plate         *string        `json:"plate,omitempty" maxLength:"40" doc:"number plate, or the label on a machine"`
	ProducedYear  *int           `json:"produced_year,omitempty" minimum:"1950" maximum:"2100"`
	PurchasedOn   *calendar.Date `json:"purchased_on,omitempty"`
	InstalledOn   *calendar.Date `json:"installed_on,omitempty"`
	ProducedOn    *calendar.Date `json:"produced_on,omitempty"`
	Proof         *string        `json:"proof,omitempty" enum:"invoice,card,online_order,none"`
	Seller        string         `json:"seller,omitempty" maxLength:"200"`
	WarrantyUntil *calendar.Date `json:"warranty_until,omitempty" doc:"what a paper says; absent = computed from the dates"`
	Notes         string         `json:"notes,omitempty" maxLength:"2000"`
	ExternalRef   *string        `json:"external_ref,omitempty" maxLength:"100"`

	Origin string `json:"-"` // "import" for rows brought from another system
}

// AssetPatch changes what is named. A device moves with its site_id, within one customer.
type AssetPatch struct {
	SiteID        *uuid.UUID     `json:"site_id,omitempty"`
	Model         *string        `json:"model,omitempty" maxLength:"200"`
	Category      *string        `json:"category,omitempty" maxLength:"100"`
	Brand         *string        `json:"brand,omitempty" maxLength:"100"`
	SerialNumber  *string        `json:"serial_number,omitempty" maxLength:"100"`
	Plate         *string        `json:"plate,omitempty" maxLength:"40"`
	ProducedYear  *int           `json:"produced_year,omitempty" minimum:"1950" maximum:"2100"`
	PurchasedOn   *calendar.Date `json:"purchased_on,omitempty"`
	InstalledOn   *calendar.Date `json:"installed_on,omitempty"`
	ProducedOn    *calendar.Date `json:"produced_on,omitempty"`
	Proof         *string        `json:"proof,omitempty" enum:"invoice,card,online_order,none"`
	Seller        *string        `json:"seller,omitempty" maxLength:"200"`
	WarrantyUntil *calendar.Date `json:"warranty_until,omitempty"`
	Notes         *string        `json:"notes,omitempty" maxLength:"2000"`

	Match int `json:"-"` // refuse unless this is the version; 0 = any
}

// Asset is a customer's device 设备.
type Asset struct {
	ID                uuid.UUID      `bun:"id" json:"id"`
	OrgID             int32          `bun:"org_id" json:"-"`
	OrganisationCode  string         `bun:"organisation_code" json:"organisation_code"`
	CustomerID        uuid.UUID      `bun:"customer_id" json:"customer_id"`
	SiteID            uuid.UUID      `bun:"site_id" json:"site_id"`
	Model             string         `bun:"model" json:"model"`
	Category          string         `bun:"category" json:"category"`
	Brand             string         `bun:"brand" json:"brand"`
	SerialNumber      *string        `bun:"serial_number" json:"serial_number"`
	Plate             *string        `bun:"plate" json:"plate,omitempty"`
	ProducedYear      *int           `bun:"produced_year" json:"produced_year,omitempty"`
	PurchasedOn       *calendar.Date `bun:"purchased_on" json:"purchased_on,omitempty"`
	InstalledOn       *calendar.Date `bun:"installed_on" json:"installed_on,omitempty"`
	ProducedOn        *calendar.Date `bun:"produced_on" json:"produced_on,omitempty"`
	Proof             *string        `bun:"proof" json:"proof,omitempty"`
	Seller            string         `bun:"seller" json:"seller,omitempty"`
	WarrantyUntil     *calendar.Date `bun:"warranty_until" json:"warranty_until,omitempty"`
	WarrantyDaysAdded int            `bun:"warranty_days_added" json:"warranty_days_added"`
	Notes             string         `bun:"notes" json:"notes,omitempty"`
	ExternalRef       *string        `bun:"external_ref" json:"external_ref,omitempty"`
	CreatedAt         time.Time      `bun:"created_at" json:"created_at"`
	Version           int            `bun:"version" json:"version"`

	Coverage   *Coverage   `bun:"-" json:"coverage,omitempty"` // filled when one device is read
	Duplicates []Duplicate `bun:"-" json:"duplicates,omitempty"`
}

// AssetFilter narrows the list of devices; newest first.
type AssetFilter struct {
	keyset.Ask
	CustomerID   *uuid.UUID `json:"-"`
	SiteID       *uuid.UUID `json:"-"`
	SerialNumber string     `query:"serial_number" json:"-" maxLength:"100" doc:"how the serial number begins"`
	Q            string     `query:"q" json:"-" maxLength:"100" doc:"part of model, brand, category, or the beginning of serial number or plate"`
}

// Happening is one line of a device's history 维修记录.
type Happening struct {
	At          time.Time  `bun:"at" json:"at"`
	Kind        string     `bun:"kind" json:"kind" enum:"request,work_order,sheet"`
	ID          uuid.UUID  `bun:"id" json:"id"`
	Number      string     `bun:"number" json:"number"`
	WorkOrderID *uuid.UUID `bun:"work_order_id" json:"work_order_id,omitempty"`
	What        string     `bun:"what" json:"what" doc:"kind of request or order"`
	State       string     `bun:"state" json:"state" doc:"state, or the outcome of a sheet"`
	Summary     string     `bun:"summary" json:"summary"`
	FaultCode   string     `bun:"fault_code" json:"fault_code,omitempty"`
	CauseCode   string     `bun:"cause_code" json:"cause_code,omitempty"`
	ActionCode  string     `bun:"action_code" json:"action_code,omitempty"`
	Engineer    string     `bun:"engineer" json:"engineer,omitempty"`
	Parts       []string   `bun:"parts,array" json:"parts,omitempty" doc:"part number × quantity"`
}

package customers

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// Kinds of contract.
const (
	ServiceContract  = "contract" // 服务合同、维保合同
	ExtendedWarranty = "extended" // 延保
)

// ContractInput is what a client may say about a paper that covers work.
type ContractInput struct {
	CustomerID uuid.UUID     `json:"customer_id"`
	AssetID    *uuid.UUID    `json:"asset_id,omitempty" doc:"absent = all devices of the customer"`
	Kind       string        `json:"kind,omitempty" enum:"contract,extended" doc:"absent = contract"`
	Number     string        `json:"number" minLength:"1" maxLength:"80"`
	Name       string        `json:"name,omitempty" maxLength:"200"`
	StartsOn   calendar.Date `json:"starts_on"`
	EndsOn     calendar.Date `json:"ends_on" doc:"the last day it covers"`
	Covers     []Line        `json:"covers,omitempty" doc:"which charges it bears: labour, part, travel, inspection, material; absent = all but material"`
	Notes      string        `json:"notes,omitempty" maxLength:"2000"`
}

// Contract is a service contract or an extended warranty.
type Contract struct {
	ID         uuid.UUID     `bun:"id" json:"id"`
	OrgID      int32         `bun:"org_id" json:"-"`
	CustomerID uuid.UUID     `bun:"customer_id" json:"customer_id"`
	AssetID    *uuid.UUID    `bun:"asset_id" json:"asset_id,omitempty"`
	Kind       string        `bun:"kind" json:"kind"`
	Number     string        `bun:"number" json:"number"`
	Name       string        `bun:"name" json:"name"`
	StartsOn   calendar.Date `bun:"starts_on" json:"starts_on"`
	EndsOn     calendar.Date `bun:"ends_on" json:"ends_on"`
	Covers     []string      `bun:"covers,array" json:"covers"`
	Notes      string        `bun:"notes" json:"notes,omitempty"`
	CreatedAt  time.Time     `bun:"created_at" json:"created_at"`
	Version    int           `bun:"version" json:"version"`
}

// ContractFilter narrows the list of contracts; newest first.
type ContractFilter struct {
	keyset.Ask
	CustomerID *uuid.UUID     `json:"-"`
	AssetID    *uuid.UUID     `json:"-"`
	On         *calendar.Date `json:"-"` // only those that cover this day
}

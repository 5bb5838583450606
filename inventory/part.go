package inventory

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
)

// Part is one kind of piece. Quantities of it are whole numbers of Unit, its smallest unit.
type Part struct {
	ID           uuid.UUID  `json:"id"`
	SKU          string     `bun:"sku" json:"sku"`
	Name         string     `json:"name"`
	Unit         string     `json:"unit"`
	PriceMinor   money.Fen  `json:"price_minor"`
	Serialised   bool       `json:"serialised"`    // counted by serial number, each piece named
	WarrantyDays *int       `json:"warranty_days"` // on a fitted piece; nil = the setting
	ReturnOld    bool       `json:"return_old"`    // the swapped piece is owed back
	RetiredAt    *time.Time `json:"retired_at"`
	CreatedAt    time.Time  `json:"created_at"`
	Version      int        `json:"version"`
}

// PartInput is what a client says about a new part.
type PartInput struct {
	SKU          string `json:"sku" pattern:"^[A-Za-z0-9._-]{1,40}$" doc:"the code people order it by"`
	Name         string `json:"name" minLength:"1" maxLength:"200"`
	Unit         string `json:"unit,omitempty" maxLength:"20" doc:"smallest unit, such as piece, g, cm" default:"piece"`
	PriceMinor   *int64 `json:"price_minor,omitempty" minimum:"0" maximum:"1000000000000" doc:"price of one unit, tax included"`
	Serialised   *bool  `json:"serialised,omitempty" doc:"each piece has a serial number"`
	WarrantyDays *int   `json:"warranty_days,omitempty" minimum:"0" maximum:"36500" doc:"repair warranty on a fitted piece"`
	ReturnOld    *bool  `json:"return_old,omitempty" doc:"the swapped piece is to be brought back"`
}

// PartPatch changes a part; what is absent stays.
type PartPatch struct {
	Name         *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	PriceMinor   *int64  `json:"price_minor,omitempty" minimum:"0" maximum:"1000000000000"`
	WarrantyDays *int    `json:"warranty_days,omitempty" minimum:"0" maximum:"36500"`
	ReturnOld    *bool   `json:"return_old,omitempty"`
	Retired      *bool   `json:"retired,omitempty" doc:"a retired part stays in old papers and is not offered any more"`
}

// PartFilter narrows the list of parts, which is in the order of SKUs.
type PartFilter struct {
	keyset.Ask
	Q       string `query:"q" maxLength:"100" doc:"beginning of the SKU or part of the name"`
	SKU     string `query:"sku" maxLength:"40"`
	Retired bool   `query:"retired" doc:"also those no longer offered"`
}

var codeShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func checkCode(field, code string) error {
	if !codeShape.MatchString(code) {
		return fault.New(fault.Invalid, "code_shape", "a code has 1 to 40 letters, digits, dots, hyphens or underscores").Field(field, "letters, digits, . _ - up to 40")
	}
	return nil
}

func checkName(field, name string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n == 0 || n > 200 {
		return fault.New(fault.Invalid, "name_length", "a name has 1 to 200 characters").Field(field, "1 to 200 characters")
	}
	return nil
}

func (in PartInput) check() error {
	if err := checkCode("body.sku", in.SKU); err != nil {
		return err
	}
	if err := checkName("body.name", in.Name); err != nil {
		return err
	}
	return checkPrice(in.PriceMinor)
}

func checkPrice(p *int64) error {
	if p != nil && (*p < 0 || *p > 1e12) {
		return fault.New(fault.Invalid, "price_bounds", "a price is between 0 and 1000000000000 minor units").Field("body.price_minor", "0 to 1000000000000")
	}
	return nil
}

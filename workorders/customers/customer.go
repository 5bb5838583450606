package customers

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
)

// CustomerInput is what a client may say about a new customer.
type CustomerInput struct {
	Name        string  `json:"name" minLength:"1" maxLength:"200"`
	Phone       string  `json:"phone,omitempty" maxLength:"40" doc:"kept as E.164; a landline needs its area code, an extension may follow"`
	Class       string  `json:"class,omitempty" enum:"A,B,C" doc:"A = most important; absent = C"`
	Language    string  `json:"language,omitempty" enum:"zh-Hans,en" doc:"in which the customer is written to"`
	Notes       string  `json:"notes,omitempty" maxLength:"4000"`
	ExternalRef *string `json:"external_ref,omitempty" maxLength:"100" doc:"the customer's number in another system; unique"`

	Prospect bool `json:"prospect,omitempty" doc:"has only asked so far; ends with the first order"`

	OrgID  int32  `json:"-"` // 0 = the caller's own organisation
	Origin string `json:"-"` // "import" for rows brought from another system
}

// CustomerPatch changes what is named.
type CustomerPatch struct {
	Name          *string        `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Phone         *string        `json:"phone,omitempty" maxLength:"40" doc:"empty removes it"`
	Class         *string        `json:"class,omitempty" enum:"A,B,C"`
	Language      *string        `json:"language,omitempty" enum:"zh-Hans,en"`
	Notes         *string        `json:"notes,omitempty" maxLength:"4000"`
	NuisanceUntil *calendar.Date `json:"nuisance_until,omitempty" doc:"until this day calls from here are taken by a lead"`

	Match int `json:"-"` // refuse unless this is the version; 0 = any
}

// Customer 客户 as kept. The lists are filled when one customer is read.
type Customer struct {
	ID               uuid.UUID      `bun:"id" json:"id"`
	OrgID            int32          `bun:"org_id" json:"-"`
	OrganisationCode string         `bun:"organisation_code" json:"organisation_code"`
	Number           string         `bun:"number" json:"number"`
	Name             string         `bun:"name" json:"name"`
	Phone            *string        `bun:"phone" json:"phone"`
	Class            string         `bun:"class" json:"class"`
	Language         string         `bun:"language" json:"language"`
	Notes            string         `bun:"notes" json:"notes"`
	NuisanceUntil    *calendar.Date `bun:"nuisance_until" json:"nuisance_until,omitempty"`
	MergedInto       *uuid.UUID     `bun:"merged_into" json:"merged_into,omitempty"`
	ExternalRef      *string        `bun:"external_ref" json:"external_ref,omitempty"`
	Prospect         bool           `bun:"prospect" json:"prospect"`
	ErasedAt         *time.Time     `bun:"erased_at" json:"erased_at,omitempty"`
	CreatedAt        time.Time      `bun:"created_at" json:"created_at"`
	Version          int            `bun:"version" json:"version"`

	Contacts   []Contact   `bun:"-" json:"contacts,omitempty"`
	Sites      []Site      `bun:"-" json:"sites,omitempty"`
	Assets     []Asset     `bun:"-" json:"assets,omitempty"`
	Contracts  []Contract  `bun:"-" json:"contracts,omitempty"`
	Duplicates []Duplicate `bun:"-" json:"duplicates,omitempty"`
}

// Duplicate is a hint that something is known already. It never refuses anything.
type Duplicate struct {
	Kind   string    `bun:"kind" json:"kind" enum:"customer,asset"`
	ID     uuid.UUID `bun:"id" json:"id"`
	Number string    `bun:"number" json:"number"`
	Name   string    `bun:"name" json:"name"`
	Why    string    `bun:"why" json:"why" enum:"phone,name_and_site,serial_number"`
}

// CustomerFilter narrows the list of customers; newest first.
type CustomerFilter struct {
	keyset.Ask
	Q        string `query:"q" json:"-" maxLength:"100" doc:"part of the name, the number, a whole phone number, or its last four digits"`
	Phone    string `query:"phone" json:"-" maxLength:"40" doc:"a whole phone number, or its last four digits"`
	Class    string `query:"class" json:"-" enum:"A,B,C"`
	Prospect bool   `query:"prospect" json:"-" doc:"only those who have only asked so far"`
}

// Match is a customer behind a phone number, with what a caller may be ringing about.
type Match struct {
	Customer Customer `json:"customer"`
	Contact  *Contact `json:"contact,omitempty"` // whose number it is, when not the customer's own
}

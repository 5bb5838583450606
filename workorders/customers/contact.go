package customers

import (
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Role is what a contact is for a job: who called, who opens the door, who pays, who decides.
type Role string

const (
	Reporter Role = "reporter"
	OnSite   Role = "on_site"
	Payer    Role = "payer"
	Decider  Role = "decision"
)

// ContactInput is what a client may say about a person around a job.
type ContactInput struct {
	Name           string   `json:"name" minLength:"1" maxLength:"200"`
	Phones         []string `json:"phones" maxItems:"10" doc:"the first is tried first"`
	Role           Role     `json:"role" enum:"reporter,on_site,payer,decision"`
	Email          *string  `json:"email,omitempty" maxLength:"200"`
	PreferredHours string   `json:"preferred_hours,omitempty" maxLength:"200" doc:"when to call, in words"`
	Language       string   `json:"language,omitempty" enum:"zh-Hans,en"`
	DoNotCall      bool     `json:"do_not_call,omitempty"`
	Notes          string   `json:"notes,omitempty" maxLength:"2000"`
}

// ContactPatch changes what is named. An engineer at the door corrects a wrong number this way.
type ContactPatch struct {
	Name           *string   `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Phones         *[]string `json:"phones,omitempty" maxItems:"10"`
	Role           *Role     `json:"role,omitempty" enum:"reporter,on_site,payer,decision"`
	Email          *string   `json:"email,omitempty" maxLength:"200"`
	PreferredHours *string   `json:"preferred_hours,omitempty" maxLength:"200"`
	Language       *string   `json:"language,omitempty" enum:"zh-Hans,en"`
	DoNotCall      *bool     `json:"do_not_call,omitempty"`
	Notes          *string   `json:"notes,omitempty" maxLength:"2000"`
	Retired        *bool     `json:"retired,omitempty" doc:"true when the person no longer has to do with the customer"`

	Match int `json:"-"` // refuse unless this is the version; 0 = any
}

// Contact is a person around a customer's jobs.
type Contact struct {
	ID             uuid.UUID  `bun:"id" json:"id"`
	OrgID          int32      `bun:"org_id" json:"-"`
	CustomerID     uuid.UUID  `bun:"customer_id" json:"customer_id"`
	Name           string     `bun:"name" json:"name"`
	Phones         []string   `bun:"phones,array" json:"phones"`
	Email          *string    `bun:"email" json:"email,omitempty"`
	Role           Role       `bun:"role" json:"role"`
	PreferredHours string     `bun:"preferred_hours" json:"preferred_hours,omitempty"`
	Language       string     `bun:"language" json:"language,omitempty"`
	DoNotCall      bool       `bun:"do_not_call" json:"do_not_call"`
	Notes          string     `bun:"notes" json:"notes,omitempty"`
	RetiredAt      *time.Time `bun:"retired_at" json:"retired_at,omitempty"`
	CreatedAt      time.Time  `bun:"created_at" json:"created_at"`
	Version        int        `bun:"version" json:"version"`
}

func (c Contact) reachedAt(key string) bool {
	return slices.ContainsFunc(c.Phones, func(p string) bool { return phoneKey(p) == key })
}

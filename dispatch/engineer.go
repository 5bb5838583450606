package dispatch

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"
	"github.com/nyaruka/phonenumbers"

	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/keyset"
)

// Engineer is somebody who makes visits.
type Engineer struct {
	ID          uuid.UUID  `json:"id"`
	OrgID       int32      `json:"-"`
	OrgCode     string     `json:"organisation_code"`
	StaffNumber string     `json:"staff_number"` // on his badge; customers are told it
	Name        string     `json:"name"`
	Phone       *string    `json:"phone"` // E.164
	Home        *geo.Point `bun:"type:jsonb" json:"home"`
	RegionCodes []string   `bun:",array" json:"region_codes"`
	HelpsOut    []string   `bun:",array" json:"helps_out"` // regions he serves when asked
	Skills      []Ability  `bun:"type:jsonb" json:"skills"`
	Active      bool       `json:"active"`
	MaxVisits   int        `json:"max_visits"` // a shift
	CreatedAt   time.Time  `json:"created_at"`
	Version     int        `json:"version"`
}

// Ability is a skill at a level from 1 to 5.
type Ability struct {
	Code  string `json:"code" maxLength:"40"`
	Level int    `json:"level,omitempty" minimum:"1" maximum:"5" doc:"default 3"`
}

// DefaultMaxVisits is how many visits a shift somebody makes at most, unless it is said.
const DefaultMaxVisits = 12

// EngineerInput is what a client says about a new engineer.
type EngineerInput struct {
	Name             string     `json:"name" minLength:"1" maxLength:"200"`
	Phone            *string    `json:"phone,omitempty" maxLength:"40"`
	RegionCodes      []string   `json:"region_codes" doc:"regions he serves, each with everything below it"`
	HelpsOut         []string   `json:"helps_out,omitempty" doc:"regions he serves when asked"`
	Skills           []Ability  `json:"skills,omitempty"`
	Home             *geo.Point `json:"home,omitempty" doc:"where his way begins and ends"`
	OrganisationCode *string    `json:"organisation_code,omitempty" maxLength:"40" doc:"absent = your own"`
	StaffNumber      *string    `json:"staff_number,omitempty" maxLength:"40" doc:"absent = the next free one"`
	MaxVisits        *int       `json:"max_visits,omitempty" minimum:"1" maximum:"100" doc:"a shift; default 12"`
}

// EngineerPatch changes an engineer; what is absent stays.
type EngineerPatch struct {
	Name        *string    `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Phone       *string    `json:"phone,omitempty" maxLength:"40" doc:"empty = none"`
	RegionCodes *[]string  `json:"region_codes,omitempty"`
	HelpsOut    *[]string  `json:"helps_out,omitempty"`
	Skills      *[]Ability `json:"skills,omitempty"`
	Home        *geo.Point `json:"home,omitempty"`
	StaffNumber *string    `json:"staff_number,omitempty" minLength:"1" maxLength:"40"`
	MaxVisits   *int       `json:"max_visits,omitempty" minimum:"1" maximum:"100"`
	Active      *bool      `json:"active,omitempty" doc:"false = no longer with us; open visits have to be given away first"`
}

// EngineerFilter narrows the list of engineers, which is in the order they were entered.
type EngineerFilter struct {
	keyset.Ask
	Q        string `query:"q" maxLength:"100" doc:"part of the name or the staff number"`
	Region   string `query:"region" maxLength:"40" doc:"who serves this region, also by serving one above it"`
	Skill    string `query:"skill" maxLength:"40"`
	Inactive bool   `query:"inactive" doc:"also those no longer with us"`
}

// Skill is something an order may ask of an engineer.
type Skill struct {
	ID        string     `json:"id"` // its code
	Code      string     `json:"code"`
	Name      string     `json:"name"`
	RetiredAt *time.Time `json:"retired_at"`
}

// SkillInput is what a client says about a new skill.
type SkillInput struct {
	Code string `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name string `json:"name" minLength:"1" maxLength:"200"`
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

func checkHome(p *geo.Point) error {
	if p != nil && !p.Valid() {
		return fault.New(fault.Invalid, "position_bounds", "a latitude is within 90, a longitude within 180 degrees").Field("body.home", "lat -90 to 90, lng -180 to 180")
	}
	return nil
}

func checkAbilities(list []Ability) error {
	seen := map[string]bool{}
	for _, a := range list {
		if a.Level < 0 || a.Level > 5 {
			return fault.New(fault.Invalid, "skill_level", "a skill has a level from 1 to 5").Field("body.skills", "level 1 to 5")
		}
		if seen[a.Code] {
			return fault.New(fault.Invalid, "skill_twice", "the skill %s is named twice", a.Code).Field("body.skills", "named twice: "+a.Code)
		}
		seen[a.Code] = true
	}
	return nil
}

// normalPhone writes a phone number as E.164; numbers without a country code are Chinese. Empty is none.
func normalPhone(raw *string) (*string, error) {
	if raw == nil || strings.TrimSpace(*raw) == "" {
		return nil, nil
	}
	number, err := phonenumbers.Parse(*raw, "CN")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return nil, fault.New(fault.Invalid, "phone_shape", "%s is not a phone number: write it with its area or country code", *raw).Field("body.phone", "not a phone number")
	}
	text := phonenumbers.Format(number, phonenumbers.E164)
	return &text, nil
}

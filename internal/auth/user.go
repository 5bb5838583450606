package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// User is a person with an account.
type User struct {
	ID               uuid.UUID  `json:"id"`
	OrgID            int32      `json:"-"`
	OrganisationCode string     `json:"organisation_code"`
	Login            string     `json:"login"`
	Name             string     `json:"name"`
	Roles            []Role     `bun:",array" json:"roles"`
	EngineerID       *uuid.UUID `json:"engineer_id,omitempty"`
	Lang             string     `json:"lang"`
	Active           bool       `json:"active"`
	HasPassword      bool       `json:"has_password"`
	CreatedAt        time.Time  `json:"created_at"`
	Version          int        `json:"version"`
}

// UserInput is what a client may say about a new user.
type UserInput struct {
	Login            string     `json:"login" pattern:"^[A-Za-z0-9._@+-]{1,80}$"`
	Name             string     `json:"name" minLength:"1" maxLength:"200"`
	Roles            []Role     `json:"roles" minItems:"1"`
	Password         string     `json:"password,omitempty" maxLength:"256" doc:"without one the answer holds a one-time set-up link"`
	OrganisationCode string     `json:"organisation_code,omitempty" doc:"default: the caller's"`
	EngineerID       *uuid.UUID `json:"engineer_id,omitempty" doc:"the engineer this person is"`
	Lang             string     `json:"lang,omitempty" enum:"zh-Hans,en"`
}

// UserChange is what may be changed of a user; nil leaves a field as it is.
type UserChange struct {
	Name       *string    `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Roles      *[]Role    `json:"roles,omitempty" minItems:"1"`
	EngineerID *uuid.UUID `json:"engineer_id,omitempty"`
	Lang       *string    `json:"lang,omitempty" enum:"zh-Hans,en"`
	Active     *bool      `json:"active,omitempty" doc:"false ends his sessions at once"`
}

// mayGive refuses roles that are not the caller's to give: only an administrator makes administrators,
// and a partner's manager gives a partner's roles alone.
func (c Caller) mayGive(roles []Role) error {
	if len(roles) == 0 {
		return fault.New(fault.Invalid, "role_missing", "give at least one role").Field("body.roles", "empty")
	}
	for _, r := range roles {
		if !r.Known() {
			return fault.New(fault.Invalid, "role_unknown", "there is no role called %s: choose from %s", r, strings.Trim(fmt.Sprint(Roles()), "[]")).Field("body.roles", "unknown role")
		}
		central := c.Is(Manager)
		if !c.Is(Admin) && (r == Admin || !central && !r.ofPartner()) {
			return fault.New(fault.Forbidden, "role_not_yours_to_give", "ask an administrator to give the role %s", r)
		}
	}
	return nil
}

func sorted(roles []Role) []Role {
	out := slices.Clone(roles)
	slices.Sort(out)
	return slices.Compact(out)
}

func unknownUser() error {
	return fault.New(fault.NotFound, "user_unknown", "there is no such user")
}

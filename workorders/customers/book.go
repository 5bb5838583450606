package customers

import (
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// ours is the organisation a new row belongs to: the one named, else the caller's own.
func ours(by auth.Caller, org int32) int32 {
	if org != 0 {
		return org
	}
	return by.OrgID
}

// text tidies one line that a person typed; empty is refused, naming the field.
func text(field, s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", fault.New(fault.Invalid, "empty", "%s must not be empty", field).Field("body."+field, "must not be empty")
	}
	return s, nil
}

// oneOf refuses a value that is not in the list, naming the field.
func oneOf(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fault.New(fault.Invalid, "unknown_"+field, "%s %q is unknown: use one of %s", field, value, strings.Join(allowed, ", ")).
		Field("body."+field, "must be one of "+strings.Join(allowed, ", "))
}

// optional tidies a value that may be absent; blank is absent.
func optional(s *string) *string {
	if s == nil {
		return nil
	}
	if t := strings.TrimSpace(*s); t != "" {
		return &t
	}
	return nil
}

func missing(what string, id uuid.UUID) error {
	return fault.New(fault.NotFound, what+"_unknown", "there is no such %s: %s", what, id)
}

func stale(what string, version int) error {
	return fault.New(fault.Stale, "stale", "this %s has changed meanwhile: read it again", what).With("version", version)
}

package aftercare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// Settings of the callers' team.
type Settings struct {
	CallsPerDay int              // how many follow-up calls the team makes on a day
	CallsOn     []time.Weekday   // weekdays beyond Monday to Friday on which it calls
	Office      calendar.Service // when somebody is there to be warned about a deadline
	Claim       time.Duration    // how long a caller keeps a call
	BaseURL     string           // in front of a customer's link
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func person(by auth.Caller) *uuid.UUID {
	if by.UserID.IsNil() {
		return nil
	}
	return &by.UserID
}

// word tidies what a person has to say; blank is refused, naming the field.
func word(field, s, sentence string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", fault.New(fault.Invalid, field+"_missing", "%s", sentence).Field("body."+field, "must not be blank")
	}
	return s, nil
}

// oneOf refuses a value that is not in the list, naming the field.
func oneOf(field, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fault.New(fault.Invalid, "unknown_"+field, "%s %q is unknown: use one of %s", field, value, strings.Join(allowed, ", ")).
		Field("body."+field, "must be one of "+strings.Join(allowed, ", "))
}

func unknown(what string, id uuid.UUID) error {
	return fault.New(fault.NotFound, what+"_unknown", "there is no such %s: %s", strings.ReplaceAll(what, "_", " "), id)
}

// zone reads the name of a time zone; one that no longer exists is mainland China's.
func zone(name string) *time.Location {
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc
	}
	return calendar.Shanghai()
}

func number(kind string, year int, n int64) string { return fmt.Sprintf("%s-%d-%06d", kind, year, n) }

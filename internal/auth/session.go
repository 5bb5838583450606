package auth

import (
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Session is one sign-in, or one token of a program.
type Session struct {
	ID        uuid.UUID `json:"id"`
	Kind      string    `json:"kind"` // cookie, bearer, token
	Name      string    `json:"name"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

// SignedIn is what a sign-in gives. Token is shown this once.
type SignedIn struct {
	Token     string
	ExpiresAt time.Time // however busy the session
	Idle      time.Duration
	Caller    Caller
}

// Address and kind of a sign-in.
type Door struct {
	Address string // of the client, for counting failures
	Kind    string // cookie or bearer
}

// seenEvery bounds how often reading writes that somebody was there.
const seenEvery = time.Minute

func signedOut() error {
	return fault.New(fault.Unauthenticated, "signed_out", "sign in first")
}

// idle is how long a session may lie unused: longer for those whose phone is out of reach of a network.
func (r Rules) idle(roles []Role) time.Duration {
	out := slices.ContainsFunc(roles, func(r Role) bool { return r == Engineer || r == PartnerEngineer || r == Depot })
	if out {
		return r.EngineerIdle
	}
	return r.OfficeIdle
}

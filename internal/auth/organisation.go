package auth

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"paigong/internal/fault"
)

// Organisation is a unit of the company: the head office, a service centre, or a partner's outlet.
type Organisation struct {
	ID          int32           `json:"-"`
	Ref         string          `json:"id"` // its code: what calls name it by
	ParentID    *int32          `json:"-"`
	ParentCode  string          `json:"parent_code,omitempty"`
	Code        string          `json:"code"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind"`
	Zone        string          `json:"timezone"`
	RegionCodes []string        `bun:",array" json:"region_codes"`
	Letterhead  json.RawMessage `bun:"type:jsonb" json:"letterhead"`
	Path        []int32         `bun:",array" json:"-"`
	CreatedAt   time.Time       `json:"created_at"`
	Version     int             `json:"version"`
}

// Location is the zone of the organisation.
func (o Organisation) Location() *time.Location {
	if place, err := time.LoadLocation(o.Zone); err == nil {
		return place
	}
	return time.UTC
}

// OrganisationInput is what a client may say about a new organisation.
type OrganisationInput struct {
	Code        string          `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name        string          `json:"name" minLength:"1" maxLength:"200"`
	Kind        string          `json:"kind" enum:"head,centre,partner"`
	ParentCode  string          `json:"parent_code,omitempty" doc:"absent: below the caller's own organisation, for all but the head office"`
	RegionCodes []string        `json:"region_codes,omitempty" doc:"regions it serves"`
	Timezone    string          `json:"timezone,omitempty" doc:"IANA name; default that of the parent"`
	Letterhead  json.RawMessage `json:"letterhead,omitempty" doc:"lines printed at the head of its papers"`
}

func unknownOrganisation(code string) error {
	return fault.New(fault.Invalid, "organisation_unknown", "there is no organisation with the code %s", code)
}

// tree keeps the organisations for a minute, because every call asks for a subtree of them.
type tree struct {
	mu     sync.Mutex
	all    []Organisation
	readAt time.Time
	fresh  time.Time // until then every look reads anew
}

const (
	keepTree    = time.Minute
	changeTakes = 5 * time.Second
)

// changed makes everybody read anew until the change has surely been committed, each through his own
// transaction, so that the one who changes sees it and nobody keeps what may be rolled back.
func (t *tree) changed(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh = now.Add(changeTakes)
}

func (t *tree) kept(now time.Time) []Organisation {
	t.mu.Lock()
	defer t.mu.Unlock()
	age := now.Sub(t.readAt)
	if t.all == nil || age < 0 || age > keepTree || now.Before(t.fresh) {
		return nil
	}
	return t.all
}

func (t *tree) keep(all []Organisation, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !now.Before(t.fresh) {
		t.all, t.readAt = all, now
	}
}

// below lists the ids of an organisation and everything under it, parents first.
func below(all []Organisation, id int32) []int32 {
	var found []Organisation
	for _, o := range all {
		if slices.Contains(o.Path, id) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b Organisation) int {
		if d := len(a.Path) - len(b.Path); d != 0 {
			return d
		}
		return int(a.ID - b.ID)
	})
	ids := make([]int32, len(found))
	for i, o := range found {
		ids[i] = o.ID
	}
	return ids
}

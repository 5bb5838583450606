package dispatch

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/inventory"
)

// Job is what an order asks of somebody's time.
type Job struct {
	OrderID    uuid.UUID
	OrgIDs     []int32 // whose engineers may go
	RegionCode *string
	At         *geo.Point // nil = the site has no coordinates
	Skills     []string
	Duration   time.Duration
	Windows    []Span // the work starts inside one of them; none = any time
	DueAt      *time.Time
	Priority   int              // 1 first to 4; 0 = 3
	Parts      []inventory.Need // those that have to be there
	Mode       string           // phone asks for no region and no way
	Wanted     *uuid.UUID       // whom the customer knows
	Unwanted   *uuid.UUID       // whom the customer does not want to see again
	Lang       string
	From       time.Time // not before; zero = now
}

// Candidate is one engineer judged for one job.
type Candidate struct {
	EngineerID     uuid.UUID        `json:"engineer_id"`
	Name           string           `json:"name"`
	StaffNumber    string           `json:"staff_number"`
	OrgID          int32            `json:"-"`
	Eligible       bool             `json:"eligible"`
	Rule           string           `json:"rule"`  // that refuses, empty when eligible
	Score          int              `json:"score"` // 0 to 100
	StartsAt       *time.Time       `json:"starts_at"`
	EndsAt         *time.Time       `json:"ends_at"`
	LeavesAt       *time.Time       `json:"leaves_at"` // for the store or the customer: his time is blocked from here
	TravelMinutes  int              `json:"travel_minutes"`
	DistanceMetres int64            `json:"distance_metres"` // of the way to the customer
	DetourMinutes  int              `json:"detour_minutes"`  // that the visit adds to his driving, with a pick-up
	Parts          []CandidatePart  `json:"parts"`
	Pickup         *CandidatePickup `json:"pickup"`
	Reasons        []Reason         `json:"reasons"`

	cost PlanCost
	// nextLeaves is when he has to leave for the visit after this one.
	nextLeaves *time.Time
	// meets is the visit in the way of a slot that was judged, with its way where only that is in the way.
	meets *Span
}

// CandidatePart says where one needed part comes from. What the order holds already counts.
type CandidatePart struct {
	PartID        uuid.UUID      `json:"part_id"`
	SKU           string         `json:"sku"`
	Needed        int64          `json:"needed"`
	InVan         int64          `json:"in_van"` // of the needed ones
	VanID         *uuid.UUID     `json:"van_id"`
	FromPlace     *string        `json:"from_place"` // code of the store that has the rest, nil when the van has all
	FromPlaceID   *uuid.UUID     `json:"from_place_id"`
	FromPlaceName *string        `json:"from_place_name"`
	ExpectedOn    *calendar.Date `json:"expected_on"` // when the store should have it; nil = now
}

// CandidatePickup is a stop at a store on the way.
type CandidatePickup struct {
	PlaceID       uuid.UUID `json:"place_id"`
	Place         string    `json:"place"`
	PlaceName     string    `json:"place_name"`
	Planned       bool      `json:"planned"` // he goes there anyway
	StartsAt      time.Time `json:"starts_at"`
	DetourMinutes int       `json:"detour_minutes"`
}

// Refused is the refusal as a fault, or nil for somebody who can go.
func (c Candidate) Refused() error {
	if c.Eligible {
		return nil
	}
	sentence, code := c.Rule, "refused_by_"+c.Rule
	if len(c.Reasons) > 0 {
		sentence = c.Reasons[0].Text
	}
	f := fault.New(fault.Conflict, code, "%s: %s", c.Name, sentence)
	if c.Rule == "overlap" && c.meets != nil {
		f = busyFault(c.Name, c.meets.From, c.meets.To, sentence).With("busy", *c.meets)
	}
	f.With("rule", c.Rule).With("engineer_id", c.EngineerID).With("engineer_name", c.Name).With("reasons", c.Reasons)
	switch c.Rule {
	case "overlap", "absence", RuleInactive:
		return f // no reason lets anybody be in two places
	}
	return f.Allow("override_reason")
}

// Held is what has to be reserved for the visit: in the van first, the rest at the store.
func (c Candidate) Held() []Hold {
	var lines []Hold
	for _, p := range c.Parts {
		if p.InVan > 0 && p.VanID != nil {
			lines = append(lines, Hold{*p.VanID, p.PartID, p.InVan})
		}
		if lack := p.Needed - p.InVan; lack > 0 && p.FromPlaceID != nil && p.ExpectedOn == nil {
			lines = append(lines, Hold{*p.FromPlaceID, p.PartID, lack})
		}
	}
	return lines
}

// Hold is one line to reserve.
type Hold struct {
	PlaceID, PartID uuid.UUID
	Quantity        int64
}

package dispatch

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Absence is time an engineer is away. It blocks his diary once approved.
type Absence struct {
	ID           uuid.UUID    `json:"id"`
	OrgID        int32        `json:"-"`
	EngineerID   uuid.UUID    `json:"engineer_id"`
	EngineerName string       `json:"engineer_name"`
	StartsAt     time.Time    `json:"starts_at"`
	EndsAt       time.Time    `json:"ends_at"`
	Kind         string       `json:"kind"`
	Reason       string       `json:"reason"`
	OnConflict   string       `json:"on_conflict"`
	State        AbsenceState `json:"state"`
	RequestedBy  *uuid.UUID   `json:"requested_by"`
	RequestedAt  time.Time    `json:"requested_at"`
	DecidedBy    *uuid.UUID   `json:"decided_by"`
	DecidedAt    *time.Time   `json:"decided_at"`
	Answer       string       `json:"answer"`
	Version      int          `json:"version"`
}

// Span is the time away.
func (a Absence) Span() Span { return Span{a.StartsAt, a.EndsAt} }

// What an absence does about visits in its way.
const (
	Refuse   = "refuse"   // it is refused, and the visits are named
	Displace = "displace" // visits not yet under way are cancelled and handed back
)

// AbsenceInput is what a client says about an absence.
type AbsenceInput struct {
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
	Kind       *string   `json:"kind,omitempty" enum:"sick,leave,training,other" doc:"default leave"`
	Reason     *string   `json:"reason,omitempty" maxLength:"500"`
	OnConflict *string   `json:"on_conflict,omitempty" enum:"refuse,displace" doc:"default refuse: 409 names the visits in the way"`
}

// AbsenceFilter narrows the list of absences, newest first.
type AbsenceFilter struct {
	keyset.Ask
	Engineer string `query:"engineer" format:"uuid"`
	State    string `query:"state" enum:"requested,approved,rejected,withdrawn"`
}

// AbsenceTaken is an absence and what became of the visits in its way.
type AbsenceTaken struct {
	Absence Absence `json:"absence"`
	// Displaced are cancelled; their orders have to be planned anew.
	Displaced []InTheWay `json:"displaced"`
	// UnderWay stay: somebody is driving to them or at work.
	UnderWay []InTheWay `json:"under_way"`
}

// InTheWay is a visit that an absence meets.
type InTheWay struct {
	VisitID      uuid.UUID   `json:"visit_id"`
	OrderID      uuid.UUID   `json:"work_order_id"`
	OrderNumber  string      `json:"work_order_number"`
	EngineerID   uuid.UUID   `json:"engineer_id"`
	Lead         bool        `json:"lead"`
	State        VisitState  `json:"state"`
	StartsAt     time.Time   `json:"starts_at"`
	EndsAt       time.Time   `json:"ends_at"`
	Window       *Span       `bun:"type:jsonb" json:"window"`
	PartsInVan   []PartInVan `bun:"type:jsonb" json:"parts_in_his_van"` // promised to the order, lying in the van of the one who is away
	BlockedFrom  time.Time   `json:"-"`
	BlockedUntil time.Time   `json:"-"`
}

// PartInVan is a promise of parts in an engineer's van.
type PartInVan struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

func (v InTheWay) underWay() bool {
	return v.State == EnRoute || v.State == OnSite || v.State == Paused
}

func (in AbsenceInput) absence() (Absence, error) {
	a := Absence{StartsAt: exact(in.StartsAt), EndsAt: exact(in.EndsAt), Kind: given(in.Kind, "leave"), Reason: given(in.Reason, ""), OnConflict: given(in.OnConflict, Refuse)}
	if err := a.Span().check("body.ends_at"); err != nil {
		return a, err
	}
	switch a.Kind {
	case "sick", "leave", "training", "other":
	default:
		return a, fault.New(fault.Invalid, "absence_kind", "an absence is sick, leave, training or other").Field("body.kind", "sick, leave, training or other")
	}
	return a, checkOnConflict(a.OnConflict)
}

func checkOnConflict(word string) error {
	if word != Refuse && word != Displace {
		return fault.New(fault.Invalid, "absence_on_conflict", "say refuse or displace").Field("body.on_conflict", "refuse or displace")
	}
	return nil
}

// mayDecide are those whose word makes leave binding; an engineer's own word waits for theirs.
func mayDecide(by auth.Caller) bool {
	return by.Is(auth.Admin, auth.Manager, auth.Lead, auth.Dispatcher, auth.PartnerManager, auth.PartnerDispatcher)
}

func actorOf(by auth.Caller) *uuid.UUID {
	if !by.Person() {
		return nil
	}
	return &by.UserID
}

// without cuts pieces out of a span and gives what is left, in order.
func (s Span) without(pieces []Span) []Span {
	left := []Span{s}
	for _, p := range pieces {
		var next []Span
		for _, l := range left {
			if !l.Overlaps(p) {
				next = append(next, l)
				continue
			}
			if l.From.Before(p.From) {
				next = append(next, Span{l.From, p.From})
			}
			if p.To.Before(l.To) {
				next = append(next, Span{p.To, l.To})
			}
		}
		left = next
	}
	return left
}

package dispatch

import (
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Visit is a promise of an engineer's time for one order.
type Visit struct {
	ID            uuid.UUID  `json:"id"`
	OrgID         int32      `json:"-"`
	OrderID       uuid.UUID  `json:"work_order_id"`
	OrderNumber   string     `json:"work_order_number"`
	EngineerID    uuid.UUID  `json:"engineer_id"`
	EngineerOrgID int32      `json:"-"`
	EngineerName  string     `json:"engineer_name"`
	StaffNumber   string     `json:"staff_number"`
	Lead          bool       `json:"lead"` // false: he helps the engineer of LeadVisitID
	LeadVisitID   *uuid.UUID `json:"lead_visit_id"`
	TripID        *uuid.UUID `json:"trip_id"` // visits of one trip to a site
	Mode          string     `json:"mode"`
	Purpose       string     `json:"purpose"`
	State         VisitState `json:"state"`

	StartsAt       time.Time  `json:"starts_at"`
	EndsAt         time.Time  `json:"ends_at"`
	LeavesAt       time.Time  `json:"leaves_at"` // from when his time is blocked
	TravelMinutes  int        `json:"travel_minutes"`
	ShiftID        *uuid.UUID `json:"shift_id"`
	OverrideReason *string    `json:"override_reason"`
	Reasons        []Reason   `bun:"type:jsonb" json:"reasons"`

	Window        *Span      `bun:"type:jsonb" json:"window"` // told to the customer last
	AnnouncedAt   *time.Time `json:"announced_at"`
	ConfirmedAt   *time.Time `json:"confirmed_at"` // nil: the customer has not agreed yet
	ConfirmedWith *string    `json:"confirmed_with"`
	ConfirmedBy   *string    `json:"confirmed_by"`

	AcceptBy    *time.Time `json:"accept_by"`
	AcceptedAt  *time.Time `json:"accepted_at"`
	DepartedAt  *time.Time `json:"departed_at"`
	ArrivedAt   *time.Time `json:"arrived_at"`
	StartedAt   *time.Time `json:"started_at"`
	FinishedAt  *time.Time `json:"finished_at"`
	Inferred    bool       `json:"inferred"` // some of these were not told at the time
	Late        bool       `json:"late"`     // could not, or can no longer, be kept as announced
	Outcome     *string    `json:"outcome"`
	EndedAt     *time.Time `json:"ended_at"`
	EndedReason *string    `json:"ended_reason"`
	EndedCause  *string    `json:"ended_cause"`

	Reschedules []Rescheduled `bun:"type:jsonb" json:"reschedules"`
	CreatedAt   time.Time     `json:"created_at"`
	Version     int           `json:"version"`

	// Walked are the moves the last Do made, the inferred ones among them, in order.
	Walked []Walked `bun:"-" json:"-"`
}

// Planned is the time of the work as planned.
func (v Visit) Planned() Span { return Span{v.StartsAt, v.EndsAt} }

// Walked is one move of a visit.
type Walked struct {
	Action   string
	From, To VisitState
	At       time.Time
	Inferred bool
}

// Rescheduled is one change of a visit's time or engineer.
type Rescheduled struct {
	At           time.Time `json:"at"`
	Cause        string    `json:"cause"`
	Reason       string    `json:"reason"`
	From         Span      `json:"from"`
	To           Span      `json:"to"`
	FromEngineer uuid.UUID `json:"from_engineer"`
	ToEngineer   uuid.UUID `json:"to_engineer"`
	FromWindow   *Span     `json:"from_window"`
	By           string    `json:"by"`
}

// VisitFilter narrows the list of visits, which is in the order of their planned start.
type VisitFilter struct {
	keyset.Ask
	Engineer  *uuid.UUID
	Order     *uuid.UUID
	Day       *calendar.Date // at the board's place
	From, To  *time.Time     // visits whose planned time meets this stretch
	States    []VisitState
	Open      bool // only those that bind somebody
	Unclaimed bool // dispatched, and the time to answer is over
	Late      bool
}

// Booking is what the desk has decided.
type Booking struct {
	OrgID          int32 // the order's owner
	OrderID        uuid.UUID
	EngineerID     uuid.UUID
	StartsAt       time.Time
	EndsAt         time.Time
	Mode           string // phone, on_site, depot; "" = on_site
	Purpose        string // "" = repair
	TripID         *uuid.UUID
	OverrideReason string // lets it lie outside shift, region and skill; two visits at once are refused all the same
	Window         *Span  // told to the customer; nil = the slot itself
	Helpers        []uuid.UUID
	// Judged is what Judge said about the engineer and the slot: it blocks the way and keeps the reasons.
	// The zero value blocks the work alone.
	Judged Candidate
	// Proposal is a visit that a plan proposed: it becomes this one, if it still stands.
	Proposal *uuid.UUID
}

// Act is something that happened to a visit, as told.
type Act struct {
	At        time.Time  // zero = now
	ArrivedAt *time.Time // with finish, as the sheet says
	Outcome   string     // with finish
	Reason    string     // with decline and cancel
	Cause     string     // with cancel: customer, us, parts, weather, displaced
	Inferred  bool       // nobody told it at the time
}

// Confirmation is a customer's agreement to a window.
type Confirmation struct {
	Window   Span    `json:"window"`
	WithWhom *string `json:"with_whom,omitempty" maxLength:"200"`
	By       string  `json:"by" enum:"phone,sms,link,on_site"`
}

// Move is a new time, and perhaps a new engineer, for a visit.
type Move struct {
	StartsAt       time.Time
	EndsAt         time.Time
	Window         *Span      // told to the customer; nil = kept while the new start lies inside, else the new slot
	EngineerID     *uuid.UUID // nil = the same
	Reason         string
	Cause          string // customer, us, parts, weather
	OverrideReason string
	Judged         Candidate
	ByUser         *uuid.UUID
	Actor          string
	Planned        bool // part of a plan: nothing to say to a customer whose window is kept
}

func (m Move) check() error {
	if err := (Span{m.StartsAt, m.EndsAt}).check("body.ends_at"); err != nil {
		return err
	}
	if m.Reason == "" {
		return reasonNeeded()
	}
	if !slices.Contains([]string{"customer", "us", "parts", "weather"}, m.Cause) {
		return fault.New(fault.Invalid, "reschedule_cause", "say why: customer, us, parts or weather").Field("body.cause", "customer, us, parts or weather")
	}
	if m.Window != nil {
		return checkWindow(*m.Window, m.StartsAt)
	}
	return nil
}

func reasonNeeded() error {
	return fault.New(fault.Invalid, "reason_needed", "say why").Field("body.reason", "required")
}

func checkWindow(w Span, starts time.Time) error {
	if err := w.check("body.window"); err != nil {
		return err
	}
	if !w.Contains(starts) {
		return fault.New(fault.Conflict, "window_without_slot", "the visit does not start inside that window: reschedule it").With("starts_at", starts)
	}
	return nil
}

// AllowedActs are the acts possible in the visit's state.
func (v Visit) AllowedActs() []string {
	var acts []string
	for _, act := range VisitMoves.Actions(v.State) {
		if act != "dispatch" && act != "reassign" && act != "finish" {
			acts = append(acts, act)
		}
	}
	if v.State == OnSite && v.StartedAt == nil {
		acts = append(acts, "start")
	}
	return acts
}

// limit is the latest arrival that keeps what the customer was told.
func (v Visit) limit(tolerance time.Duration) time.Time {
	if v.Window != nil && v.Window.To.After(v.StartsAt) {
		return v.Window.To
	}
	return v.StartsAt.Add(tolerance)
}

package workorders

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/jobs"
	"paigong/internal/keyset"
)

// Plan is a day as the planner proposes it. Nobody is bound by it before it is published.
type Plan struct {
	ID               uuid.UUID     `bun:"id" json:"id"`
	OrgID            int32         `bun:"org_id" json:"-"`
	OrganisationCode string        `bun:"organisation_code" json:"organisation_code"`
	State            PlanState     `bun:"state" json:"state"`
	Day              calendar.Date `bun:"day" json:"day"`
	RegionCodes      []string      `bun:"region_codes,array" json:"region_codes"`
	Cause            string        `bun:"cause" json:"cause" doc:"asked, nightly, again, or what it repairs: absence, overrun, emergency, part_arrived"`
	EngineerID       *uuid.UUID    `bun:"engineer_id" json:"engineer_id,omitempty" doc:"whose absence or delay it repairs"`
	EngineerName     string        `bun:"engineer_name" json:"engineer_name,omitempty"`
	Seconds          int           `bun:"seconds" json:"seconds"`
	Seed             int64         `bun:"seed" json:"seed"`
	WarmFrom         *uuid.UUID    `bun:"warm_from" json:"warm_from,omitempty" doc:"the plan it began from"`
	Fraction         float64       `bun:"fraction" json:"fraction" doc:"of the search that is done, 0 to 1"`
	Unserved         *int          `bun:"unserved" json:"unserved,omitempty" doc:"orders without a place so far"`
	CreatedAt        time.Time     `bun:"created_at" json:"created_at"`
	ReadyAt          *time.Time    `bun:"ready_at" json:"ready_at,omitempty"`
	PublishedAt      *time.Time    `bun:"published_at" json:"published_at,omitempty"`
	EndedAt          *time.Time    `bun:"ended_at" json:"ended_at,omitempty"`
	EndedReason      *string       `bun:"ended_reason" json:"ended_reason,omitempty"`
	Version          int           `bun:"version" json:"version"`
	Score            []int64       `bun:"score,array" json:"score" doc:"compared from the left: orders left over of priority 1, 2, 3, 4; seconds of lateness times 5 less the priority; working seconds; metres; overtime seconds; unfairness; moves of announced visits"`
	Iterations       int           `bun:"iterations" json:"iterations"`
	VisitCount       int           `bun:"visit_count" json:"visit_count"`
	UnplannedCount   int           `bun:"unplanned_count" json:"unplanned_count"`
	MovedCount       int           `bun:"moved_count" json:"moved_count" doc:"visits that bind somebody already and would move"`

	Visits    []PlanVisit            `bun:"-" json:"visits"`
	Unplanned []PlanLeftOver         `bun:"-" json:"unplanned"`
	Stops     []dispatch.PlannedStop `bun:"-" json:"stops" doc:"fetches at stores on the way"`
	Notes     []dispatch.Reason      `bun:"-" json:"notes" doc:"what the reader should know, such as a map server that did not answer"`
	Changes   []dispatch.Broken      `bun:"-" json:"changes" doc:"what stands against publishing it now"`

	engineers []dispatch.PlanEngineer
	orderIDs  []uuid.UUID
	until     *time.Time
}

// PlanVisit is one visit of a plan against what is announced now.
type PlanVisit struct {
	ID              *uuid.UUID `bun:"visit_id" json:"id" doc:"of the visit: proposed, or booked once published; null when another plan proposes for the order"`
	State           string     `bun:"state" json:"state"`
	WorkOrderID     uuid.UUID  `bun:"order_id" json:"work_order_id"`
	WorkOrderNumber string     `bun:"number" json:"work_order_number"`
	Summary         string     `bun:"summary" json:"summary"`
	CustomerName    string     `bun:"customer_name" json:"customer_name"`
	RegionName      string     `bun:"region_name" json:"region_name"`
	Priority        int        `bun:"priority" json:"priority"`
	EngineerID      uuid.UUID  `bun:"engineer_id" json:"engineer_id"`
	EngineerName    string     `bun:"engineer_name" json:"engineer_name"`
	StartsAt        time.Time  `bun:"starts_at" json:"starts_at"`
	EndsAt          time.Time  `bun:"ends_at" json:"ends_at"`
	LeavesAt        time.Time  `bun:"leaves_at" json:"leaves_at"`
	TravelMinutes   int        `bun:"travel_minutes" json:"travel_minutes"`
	Change          string     `bun:"-" json:"change" doc:"new, or what happens to what was announced: engineer, time, both"`
	From            *PlanFrom  `bun:"-" json:"from,omitempty" doc:"what was announced before"`
	Window          *Window    `bun:"-" json:"window,omitempty" doc:"told to the customer"`
	WindowKept      *bool      `bun:"-" json:"window_kept,omitempty"`
	WindowDropped   bool       `bun:"window_dropped" json:"-"`

	Parts     []dispatch.CandidatePart `bun:"parts,type:jsonb" json:"parts"`
	Chosen    *dispatch.PlanChoice     `bun:"-" json:"chosen,omitempty"`
	Next      []dispatch.PlanChoice    `bun:"-" json:"next" doc:"the next three"`
	Refused   []PlanRefusal            `bun:"-" json:"refused" doc:"by the first rule each; in a plan of many the names are told for one order at a time, see refused_by"`
	RefusedBy map[string]int           `bun:"-" json:"refused_by" doc:"how many engineers each rule refuses"`

	BoundVisitID  *uuid.UUID       `bun:"bound_visit_id" json:"-"`
	WasEngineerID *uuid.UUID       `bun:"was_engineer_id" json:"-"`
	WasEngineer   string           `bun:"was_engineer" json:"-"`
	WasFrom       *time.Time       `bun:"was_from" json:"-"`
	WasTo         *time.Time       `bun:"was_to" json:"-"`
	ToldFrom      *time.Time       `bun:"told_from" json:"-"`
	ToldTo        *time.Time       `bun:"told_to" json:"-"`
	Account       dispatch.Account `bun:"account,type:jsonb" json:"-"`
}

// PlanFrom is who was to come and when.
type PlanFrom struct {
	EngineerID   uuid.UUID `json:"engineer_id"`
	EngineerName string    `json:"engineer_name"`
	StartsAt     time.Time `json:"starts_at"`
	EndsAt       time.Time `json:"ends_at"`
}

// PlanRefusal is an engineer and the first hard rule that refuses him.
type PlanRefusal struct {
	EngineerID uuid.UUID `json:"engineer_id"`
	Name       string    `json:"name"`
	Rule       string    `json:"rule"`
}

// PlanLeftOver is an order without a place in the day.
type PlanLeftOver struct {
	WorkOrderID     uuid.UUID             `json:"work_order_id"`
	WorkOrderNumber string                `json:"work_order_number"`
	Summary         string                `json:"summary"`
	Priority        int                   `json:"priority"`
	Booked          bool                  `json:"booked" doc:"it has a visit that can no longer be kept; the plan leaves it as it is"`
	Reasons         []dispatch.Reason     `json:"reasons" doc:"what stands against it, by those first who are nearest to being able"`
	Next            []dispatch.PlanChoice `json:"next"`
	Refused         []PlanRefusal         `json:"refused"`
	RefusedBy       map[string]int        `json:"refused_by"`
}

// PlanInput asks for a plan of a day.
type PlanInput struct {
	Day         string     `json:"day" format:"date"`
	RegionCodes []string   `json:"region_codes,omitempty" maxItems:"200" doc:"each with everything below it; empty = every region"`
	Seconds     *int       `json:"seconds,omitempty" minimum:"1" maximum:"3600" doc:"to search; absent = a moment, and the same seed gives the same plan"`
	Seed        *int64     `json:"seed,omitempty" minimum:"0" doc:"default 1"`
	From        *uuid.UUID `json:"from,omitempty" doc:"a plan to begin from, such as one that went stale"`
}

// RepairInput asks for the smallest change of a day after something happened.
type RepairInput struct {
	Cause        string      `json:"cause" enum:"absence,overrun,emergency,part_arrived"`
	Day          string      `json:"day,omitempty" format:"date" doc:"default today"`
	EngineerID   *uuid.UUID  `json:"engineer_id,omitempty" doc:"who is away or late"`
	Until        *time.Time  `json:"until,omitempty" doc:"with overrun: when he is free"`
	WorkOrderIDs []uuid.UUID `json:"work_order_ids,omitempty" maxItems:"200" doc:"orders that need a place now; with absence the displaced ones are found"`
}

// PlanFilter narrows the list of plans; newest first.
type PlanFilter struct {
	keyset.Ask
	State string `query:"state" json:"-" doc:"one state, or several with commas"`
	Day   string `query:"day" format:"date" json:"-"`
}

const (
	// moment is how long a caller waits for a plan; longer ones are made in the background.
	moment = 5
	// planEffort is what is tried for a plan without a time of its own.
	planEffort = 20_000
	// repairEffort is what is tried to repair a day: an answer while the dispatcher looks at the screen.
	repairEffort = 1500
	// keepAnnounced is what moving an announced visit must save: two hours of work for another engineer,
	// half an hour for another time.
	keepAnnounced = 30 * time.Minute
	// mostNamed is up to how many refusals are told by name in one answer.
	mostNamed = 20_000
)

// MakePlan plans a day: at once when it takes a moment, else in the background; ask for it by its id then.
func (d *Desk) MakePlan(ctx context.Context, by auth.Caller, in PlanInput) (Plan, error) {
	p, err := d.newPlan(ctx, by, in.Day, "asked")
	if err != nil {
		return Plan{}, err
	}
	p.RegionCodes, p.Seed = slices.Compact(slices.Sorted(slices.Values(in.RegionCodes))), 1
	if in.Seed != nil {
		p.Seed = *in.Seed
	}
	if in.Seconds != nil {
		p.Seconds = *in.Seconds
	}
	if err := knownRegions(ctx, d.reader(ctx), p.RegionCodes); err != nil {
		return Plan{}, err
	}
	if in.From != nil {
		old, err := d.plan(ctx, by, *in.From)
		if err != nil {
			return Plan{}, err
		}
		p.WarmFrom, p.Cause = &old.ID, "again"
		if len(old.orderIDs) > 0 { // a repair stays one
			p.Cause, p.orderIDs, p.EngineerID = old.Cause, old.orderIDs, old.EngineerID
		}
	}
	return d.startPlan(ctx, by, p, p.Seconds > moment)
}

// Repair proposes the smallest change of a day after something happened.
func (d *Desk) Repair(ctx context.Context, by auth.Caller, in RepairInput) (Plan, error) {
	if in.Day == "" {
		in.Day = calendar.Of(d.now(), d.board.Zone()).String()
	}
	p, err := d.newPlan(ctx, by, in.Day, in.Cause)
	if err != nil {
		return Plan{}, err
	}
	p.EngineerID, p.orderIDs, p.until = in.EngineerID, slices.Clone(in.WorkOrderIDs), in.Until
	if p.EngineerID != nil {
		if _, err := d.board.In(d.reader(ctx)).Engineer(ctx, by.Scope(), *p.EngineerID); err != nil {
			return Plan{}, err
		}
	}
	switch in.Cause {
	case "absence":
		if len(p.orderIDs) == 0 {
			found, err := displacedOn(ctx, d.reader(ctx), by.Scope(), p.Day, d.board.Zone())
			if err != nil {
				return Plan{}, err
			}
			for _, o := range found {
				p.orderIDs = append(p.orderIDs, o.ID)
			}
			if len(found) == 0 {
				return Plan{}, fault.New(fault.Conflict, "nothing_displaced", "nobody waits for another engineer on that day").Allow("plan")
			}
		}
	case "overrun":
		if p.EngineerID == nil {
			return Plan{}, fault.New(fault.Invalid, "repair_engineer", "say whose visit takes longer").Field("body.engineer_id", "required with overrun")
		}
	default:
		if len(p.orderIDs) == 0 {
			return Plan{}, fault.New(fault.Invalid, "repair_orders", "say which orders need a place").Field("body.work_order_ids", "at least one")
		}
	}
	return d.startPlan(ctx, by, p, false)
}

func (d *Desk) newPlan(ctx context.Context, by auth.Caller, day, cause string) (Plan, error) {
	on, err := calendar.Parse(day)
	if err != nil {
		return Plan{}, fault.New(fault.Invalid, "day_shape", "a day is written like 2026-11-23").Field("body.day", "YYYY-MM-DD")
	}
	today := calendar.Of(d.now(), d.board.Zone())
	if on.Before(today) {
		return Plan{}, fault.New(fault.Invalid, "day_over", "that day is over").Field("body.day", "today or later")
	}
	if on.After(today.AddDays(366)) {
		return Plan{}, fault.New(fault.Invalid, "day_far", "that day is too far away").Field("body.day", "within a year")
	}
	p := Plan{ID: newID(), OrgID: by.OrgID, State: PlanRunning, Day: on, Cause: cause, CreatedAt: d.now().UTC().Truncate(time.Microsecond), RegionCodes: []string{}, Seed: 1}
	if p.OrgID == 0 {
		head, err := d.people.In(d.reader(ctx)).Head(ctx)
		if err != nil {
			return Plan{}, err
		}
		p.OrgID = head.ID
	}
	return p, nil
}

func (d *Desk) startPlan(ctx context.Context, by auth.Caller, p Plan, background bool) (Plan, error) {
	if background {
		err := d.change(ctx, by, func(ctx context.Context, w *work) error {
			return w.queuePlan(ctx, p)
		})
		if err != nil {
			return Plan{}, err
		}
		return d.Plan(ctx, by, p.ID, nil)
	}
	made, err := d.compute(ctx, by, &p, nil)
	if err != nil {
		return Plan{}, err
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		p := p
		p.State, p.ReadyAt = PlanReady, &w.at
		if err := insertPlan(ctx, w, p); err != nil {
			return err
		}
		return w.keepPlan(ctx, p, made)
	})
	if err != nil {
		return Plan{}, err
	}
	return d.Plan(ctx, by, p.ID, nil)
}

func (w *work) queuePlan(ctx context.Context, p Plan) error {
	if err := insertPlan(ctx, w, p); err != nil {
		return err
	}
	if err := w.announce(ctx, "plan", p.OrgID, nil, p.ID); err != nil {
		return err
	}
	return w.queue.Add(ctx, jobs.Job{Kind: planJob, Payload: planToMake{p.ID}, OrgID: p.OrgID, Dedupe: "plan " + p.ID.String()})
}

// dropPlan ends a plan that was ready and takes its proposals back.
func (w *work) dropPlan(ctx context.Context, id uuid.UUID, to PlanState, reason string) error {
	p, err := lockPlan(ctx, w.tx, id)
	if err != nil {
		return err
	}
	if err := PlanMoves.Check(p.State, to); err != nil {
		return err
	}
	if err := withdrawProposals(ctx, w.tx, id); err != nil {
		return err
	}
	if err := endPlan(ctx, w, id, p.State, to, reason); err != nil {
		return err
	}
	return w.announce(ctx, "plan", p.OrgID, nil, id)
}

// Plans lists plans in sight, newest first, without their visits.
func (d *Desk) Plans(ctx context.Context, by auth.Caller, f PlanFilter) (keyset.Page[Plan], error) {
	return listPlans(ctx, d.reader(ctx), by.Scope(), f)
}

// plan reads the head of one plan in sight.
func (d *Desk) plan(ctx context.Context, by auth.Caller, id uuid.UUID) (Plan, error) {
	return findPlan(ctx, d.reader(ctx), by.Scope(), id)
}

// Plan reads one plan with its visits against what is announced now, and, while it may still be published,
// what stands against that. order limits the answer to one order, with every refusal by name.
func (d *Desk) Plan(ctx context.Context, by auth.Caller, id uuid.UUID, order *uuid.UUID) (Plan, error) {
	db := d.reader(ctx)
	p, err := findPlan(ctx, db, by.Scope(), id)
	if err != nil {
		return p, err
	}
	if p.Visits, err = readPlanVisits(ctx, db, id); err != nil {
		return p, err
	}
	if err := readResult(ctx, db, &p); err != nil {
		return p, err
	}
	if p.State == PlanReady {
		if p.Changes, err = d.planChanges(ctx, by, p, by.Lang); err != nil {
			return p, err
		}
	}
	if order != nil {
		p.Visits = slices.DeleteFunc(p.Visits, func(v PlanVisit) bool { return v.WorkOrderID != *order })
		p.Unplanned = slices.DeleteFunc(p.Unplanned, func(u PlanLeftOver) bool { return u.WorkOrderID != *order })
	}
	p.VisitCount, p.UnplannedCount, p.MovedCount = len(p.Visits), len(p.Unplanned), 0
	named := order != nil || len(p.Visits)*len(p.engineers) <= mostNamed
	for i := range p.Visits {
		v := &p.Visits[i]
		v.compare(p.State, d.board.Zone())
		if v.BoundVisitID != nil {
			p.MovedCount++
		}
		v.Chosen, v.Next = v.Account.Chosen, v.Account.Next
		v.Refused, v.RefusedBy = refusals(p.engineers, v.Account, named)
		if v.Next == nil {
			v.Next = []dispatch.PlanChoice{}
		}
	}
	p.inLanguage(by.Lang)
	return p, nil
}

// inLanguage says every reason as its reader speaks: a plan may be made at night by nobody.
func (p *Plan) inLanguage(lang string) {
	say := func(list []dispatch.Reason) {
		for i := range list {
			list[i] = list[i].In(lang)
		}
	}
	choices := func(list []dispatch.PlanChoice) {
		for i := range list {
			say(list[i].Reasons)
		}
	}
	for i := range p.Visits {
		choices(p.Visits[i].Next)
		if c := p.Visits[i].Chosen; c != nil {
			say(c.Reasons)
		}
	}
	for i := range p.Unplanned {
		say(p.Unplanned[i].Reasons)
		choices(p.Unplanned[i].Next)
	}
	say(p.Notes)
}

// compare says what the visit changes.
func (v *PlanVisit) compare(state PlanState, zone *time.Location) {
	v.StartsAt, v.EndsAt, v.LeavesAt = v.StartsAt.In(zone), v.EndsAt.In(zone), v.LeavesAt.In(zone)
	v.Change = "new"
	if v.State == "" {
		v.State = string(dispatch.Proposed)
	}
	if v.WasEngineerID != nil && v.WasFrom != nil {
		v.From = &PlanFrom{*v.WasEngineerID, v.WasEngineer, v.WasFrom.In(zone), v.WasTo.In(zone)}
		who, when := *v.WasEngineerID != v.EngineerID, !v.WasFrom.Equal(v.StartsAt)
		switch {
		case who && when:
			v.Change = "both"
		case who:
			v.Change = "engineer"
		default:
			v.Change = "time"
		}
	}
	if v.ToldFrom != nil && v.ToldTo != nil && (v.From != nil || state == PlanPublished) {
		v.Window = &Window{v.ToldFrom.In(zone), v.ToldTo.In(zone)}
		kept := !v.StartsAt.Before(v.Window.From) && v.StartsAt.Before(v.Window.To) && !v.WindowDropped
		v.WindowKept = &kept
	}
}

// planned is the visit in the board's words.
func (v PlanVisit) planned() dispatch.PlannedVisit {
	p := dispatch.PlannedVisit{OrderID: v.WorkOrderID, EngineerID: v.EngineerID, EngineerName: v.EngineerName, StartsAt: v.StartsAt, EndsAt: v.EndsAt, LeavesAt: v.LeavesAt,
		TravelMinutes: v.TravelMinutes, Parts: v.Parts, Account: v.Account}
	if v.BoundVisitID != nil {
		p.Bound = &dispatch.BoundVisit{VisitID: *v.BoundVisitID, EngineerID: *v.WasEngineerID, StartsAt: *v.WasFrom, EndsAt: *v.WasTo}
	}
	return p
}

// RejectPlan ends a plan that nobody wants; what it proposed is taken back.
func (d *Desk) RejectPlan(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (Plan, error) {
	if _, err := d.plan(ctx, by, id); err != nil {
		return Plan{}, err
	}
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		p, err := lockPlan(ctx, w.tx, id)
		if err != nil || p.State == PlanRejected {
			return err
		}
		if reason == "" {
			reason = "not wanted"
		}
		return w.dropPlan(ctx, id, PlanRejected, reason)
	})
	if err != nil {
		return Plan{}, err
	}
	return d.Plan(ctx, by, id, nil)
}

// marshal writes what is kept as jsonb; nil lists become empty ones.
func marshal(v any) (string, error) {
	raw, err := json.Marshal(v)
	if string(raw) == "null" {
		raw = []byte("[]")
	}
	return string(raw), err
}

package workorders

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// ExpirePlans ends plans whose day is over. Called by the clock.
func (d *Desk) ExpirePlans(ctx context.Context) error {
	ids, err := overPlans(ctx, d.db, calendar.Of(d.now(), d.board.Zone()))
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := d.change(ctx, auth.System("plan"), func(ctx context.Context, w *work) error {
			return w.dropPlan(ctx, id, PlanStale, "its day is over")
		})
		if err != nil && !fault.Is(err, fault.Conflict) {
			failed = append(failed, fmt.Errorf("plan %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

// PlanSettings says when an organisation's next day is planned by itself.
type PlanSettings struct {
	PlanAt      *string        `json:"plan_at" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"in the organisation's zone, such as 18:30; null = nobody plans by itself"`
	RegionCodes []string       `json:"region_codes,omitempty" maxItems:"200" doc:"empty = every region"`
	Seconds     int            `json:"seconds,omitempty" minimum:"1" maximum:"3600" default:"60" doc:"to search"`
	DoneFor     *calendar.Date `json:"done_for,omitempty" readOnly:"true" doc:"the last day that was planned"`
}

// PlanSettings reads when an organisation in sight plans by itself.
func (d *Desk) PlanSettings(ctx context.Context, by auth.Caller, code string) (PlanSettings, error) {
	o, err := d.people.In(d.reader(ctx)).ByCode(ctx, code)
	if err != nil || !by.Scope().Sees(o.ID) {
		return PlanSettings{}, notFound("organisation", code)
	}
	return readPlanSettings(ctx, d.reader(ctx), o.ID)
}

// SetPlanSettings says when an organisation in sight plans by itself.
func (d *Desk) SetPlanSettings(ctx context.Context, by auth.Caller, code string, in PlanSettings) (PlanSettings, error) {
	var out PlanSettings
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := w.people.In(w.tx).ByCode(ctx, code)
		if err != nil || !by.Scope().Sees(o.ID) {
			return notFound("organisation", code)
		}
		if err := knownRegions(ctx, w.tx, in.RegionCodes); err != nil {
			return err
		}
		if in.Seconds == 0 {
			in.Seconds = 60
		}
		if err := writePlanSettings(ctx, w, o.ID, in); err != nil {
			return err
		}
		out, err = readPlanSettings(ctx, w.tx, o.ID)
		return err
	})
	return out, err
}

// PlanNextDays plans the next day of every organisation whose hour has come: the first day after today on
// which anybody there has a shift or which the calendar calls a working day, so that on the eve of a
// holiday the day after it is planned. Each day is planned once, however many copies of the program look.
func (d *Desk) PlanNextDays(ctx context.Context) error {
	rows, err := plansAt(ctx, d.db)
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		if err := d.planNext(ctx, r); err != nil {
			failed = append(failed, fmt.Errorf("plan of organisation %d: %w", r.OrgID, err))
		}
	}
	return errors.Join(failed...)
}

func (d *Desk) planNext(ctx context.Context, r planAt) error {
	zone, err := d.zoneOf(ctx, r.OrgID)
	if err != nil {
		return err
	}
	now := d.now().In(zone)
	today := calendar.Of(now, zone)
	if now.Before(today.At(r.clock(), zone)) {
		return nil
	}
	orgs, err := d.people.Subtree(ctx, r.OrgID)
	if err != nil {
		return err
	}
	working, err := d.promises.Load(ctx, r.OrgID)
	if err != nil {
		return err
	}
	day := today
	for range 14 {
		day = day.AddDays(1)
		busy, err := shiftsOn(ctx, d.db, orgs, day.In(zone), day.AddDays(1).In(zone))
		if err != nil {
			return err
		}
		if busy || working.Working(day) {
			break
		}
	}
	if r.DoneFor != nil && !r.DoneFor.Before(day) {
		return nil
	}
	return d.change(ctx, auth.System("plan"), func(ctx context.Context, w *work) error {
		mine, err := claimPlanAt(ctx, w.tx, r.OrgID, day)
		if err != nil || !mine {
			return err
		}
		p := Plan{ID: newID(), OrgID: r.OrgID, State: PlanRunning, Day: day, Cause: "nightly", CreatedAt: w.at, RegionCodes: r.RegionCodes, Seconds: r.Seconds, Seed: 1}
		return w.queuePlan(ctx, p)
	})
}

// proposeRepairs asks for a plan for every day on which visits were displaced, for the dispatcher to accept
// or not. The office of the engineer gets it.
func (w *work) proposeRepairs(ctx context.Context, a dispatch.Absence, displaced []dispatch.InTheWay) error {
	days := map[calendar.Date]bool{}
	for _, v := range displaced {
		if v.Lead {
			days[calendar.Of(v.StartsAt, w.board.Zone())] = true
		}
	}
	today := calendar.Of(w.at, w.board.Zone())
	for day := range days {
		if day.Before(today) {
			continue
		}
		orders, err := displacedOn(ctx, w.tx, auth.System("plan").Scope(), day, w.board.Zone())
		if err != nil {
			return err
		}
		byServer := map[int32][]uuid.UUID{}
		for _, o := range orders {
			byServer[o.ServingOrgID] = append(byServer[o.ServingOrgID], o.ID)
		}
		for server, ids := range byServer {
			if !slices.ContainsFunc(displaced, func(v dispatch.InTheWay) bool { return slices.Contains(ids, v.OrderID) }) {
				continue // somebody else's trouble
			}
			p := Plan{ID: newID(), OrgID: server, State: PlanRunning, Day: day, Cause: "absence", EngineerID: &a.EngineerID, CreatedAt: w.at, RegionCodes: []string{}, Seed: 1, orderIDs: ids}
			if err := w.queuePlan(ctx, p); err != nil {
				return err
			}
		}
	}
	return nil
}

package workorders

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/inventory"
)

// whyFetched is the reason of a movement when nobody gives another.
const whyFetched = "fetched by a colleague"

// whyAway marks vans that cannot be reached because their engineer is away, and nothing else.
const whyAway = "engineer is away"

// VansBack keeps vans and absences in step: what lies in the van of somebody whose leave begins is out of
// reach from then on, and in reach again when he is back. A van that a person marked otherwise during the
// absence, since a colleague fetched it, is left alone. Called by the minute tick.
func (d *Desk) VansBack(ctx context.Context) error {
	vans, err := vansToMark(ctx, d.db, d.now())
	if err != nil {
		return err
	}
	var failed []error
	for _, v := range vans {
		err := d.change(ctx, auth.System("van"), func(ctx context.Context, w *work) error {
			if err := w.stock.SetReachable(ctx, v.ID, v.Back, whyAway); err != nil {
				return err
			}
			return w.announce(ctx, "stock", v.OrgID, nil, v.ID)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("van %s: %w", v.ID, err))
		}
	}
	return errors.Join(failed...)
}

// FetchInput says who fetched what from a van out of reach.
type FetchInput struct {
	EngineerID uuid.UUID   `json:"engineer_id" doc:"the colleague; the parts lie in his van from now on"`
	Lines      []FetchLine `json:"lines,omitempty" maxItems:"200" doc:"absent = everything good that is promised to nobody"`
	Reason     string      `json:"reason,omitempty" maxLength:"200"`
}

// FetchLine is a part fetched, in the part's smallest unit.
type FetchLine struct {
	SKU           string   `json:"sku" minLength:"1" maxLength:"40"`
	Quantity      int64    `json:"quantity" minimum:"1" maximum:"1000000000"`
	SerialNumbers []string `json:"serial_numbers,omitempty" maxItems:"1000"`
}

// Fetched is what moved.
type Fetched struct {
	FromPlace string               `json:"from_place"`
	ToPlace   string               `json:"to_place"`
	Movements []inventory.Movement `json:"movements"`
}

// FetchVan records that a colleague fetched parts from the van of somebody away: they move to his van, and
// only then may a visit draw on them. What is promised to another order stays promised where it lies.
func (d *Desk) FetchVan(ctx context.Context, by auth.Caller, code string, in FetchInput) (Fetched, error) {
	out := Fetched{Movements: []inventory.Movement{}}
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		from, err := w.stock.PlaceByCode(ctx, by.Scope(), code)
		if err != nil {
			return err
		}
		if from.Kind != inventory.Van || from.Reachable {
			return fault.New(fault.Conflict, "van_within_reach", "%s is within reach: nobody has to fetch what lies there", from.Name)
		}
		if _, err := w.board.Engineer(ctx, by.Scope(), in.EngineerID); err != nil {
			return err
		}
		to, err := w.stock.VanOf(ctx, in.EngineerID)
		if err != nil {
			return err
		}
		if to == nil || to.ID == from.ID {
			return fault.New(fault.Conflict, "no_van", "this engineer has no van of his own to put the parts into").With("engineer_id", in.EngineerID)
		}
		lines := in.Lines
		if len(lines) == 0 {
			if lines, err = freeIn(ctx, w.tx, from.ID); err != nil {
				return err
			}
		}
		if len(lines) == 0 {
			return fault.New(fault.Conflict, "nothing_to_fetch", "nothing lies in %s that is not promised to somebody", from.Name)
		}
		reason := cmp.Or(in.Reason, whyFetched)
		out.FromPlace, out.ToPlace = from.Code, to.Code
		for _, l := range lines {
			m, err := w.stock.Move(ctx, by, inventory.MovementInput{Kind: inventory.Transfer, SKU: l.SKU, Quantity: l.Quantity, FromPlace: &from.Code, ToPlace: &to.Code, SerialNumbers: l.SerialNumbers, Reason: &reason})
			if err != nil {
				return err
			}
			out.Movements = append(out.Movements, m)
		}
		return w.announce(ctx, "stock", from.OrgID, nil, from.ID)
	})
	return out, err
}

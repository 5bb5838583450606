package workorders

import (
	"context"
	"math"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/geo"
	"paigong/inventory"
)

// fetchElsewhere looks for another store when the part was not found at the shelf: the nearest one that has
// everything on the slip makes a new slip for the same visit, and the promise moves there. It reports
// whether there was one; if not, the dispatcher decides.
func (w *work) fetchElsewhere(ctx context.Context, o *Order, slip inventory.Pickup) (bool, error) {
	v, err := w.openVisit(ctx, o)
	if err != nil || v == nil || v.ID != slip.VisitID {
		return false, err
	}
	orgs, err := w.people.Subtree(ctx, o.ServingOrgID)
	if err != nil {
		return false, err
	}
	var parts []uuid.UUID
	lines := make([]inventory.PickupLineInput, len(slip.Lines))
	for i, l := range slip.Lines {
		parts = append(parts, l.PartID)
		lines[i] = inventory.PickupLineInput{PartID: l.PartID, Quantity: l.Quantity}
	}
	supply, err := w.stock.SupplyFor(ctx, auth.System("pick-up").Within(orgs...).Scope(), parts, o.ID)
	if err != nil {
		return false, err
	}
	var best *inventory.SupplyPlace
	least := int64(math.MaxInt64)
	for i, p := range supply.Places {
		if p.ID == slip.PlaceID || p.Kind == inventory.Van || !p.Reachable {
			continue
		}
		has := true
		for _, l := range slip.Lines {
			has = has && p.Free[l.PartID] >= l.Quantity
		}
		far := int64(math.MaxInt64 - 1)
		if p.At != nil && o.Lat != nil && o.Lng != nil {
			far = geo.Metres(*p.At, geo.Point{Lat: *o.Lat, Lng: *o.Lng})
		}
		if has && far < least {
			best, least = &supply.Places[i], far
		}
	}
	if best == nil {
		return false, nil
	}
	if err := w.stock.Rehome(ctx, o.ID, slip.PlaceID, best.ID, "not found at the shelf"); err != nil {
		return false, err
	}
	number, err := w.number(ctx, "PU", o.OrgID)
	if err != nil {
		return false, err
	}
	next, err := w.stock.MakePickup(ctx, inventory.PickupInput{OrgID: o.OrgID, Number: number, OrderID: o.ID, VisitID: v.ID, PlaceID: best.ID, EngineerID: v.EngineerID, NeededBy: v.StartsAt, Lines: lines})
	if err != nil {
		return false, err
	}
	if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "pickup_elsewhere", Data: map[string]any{"from": slip.PlaceCode, "to": best.Code, "pickup": next.Number}}); err != nil {
		return false, err
	}
	return true, w.tellEngineer(ctx, o, v.EngineerID, "message.engineer.changed")
}

package workorders

import (
	"context"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/inventory"
)

// MoveStock books a movement of parts. Good parts that arrive anywhere but in a van are allotted to the
// orders that wait for them, in the fixed order; an order that has all it needs goes back into the queue
// and somebody agrees a new visit with the customer.
func (d *Desk) MoveStock(ctx context.Context, by auth.Caller, in inventory.MovementInput) (inventory.Movement, error) {
	var m inventory.Movement
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		// Orders are locked before stock, everywhere: whoever waits for the part is taken first.
		waiting, err := w.waitingFor(ctx, in.SKU)
		if err != nil {
			return err
		}
		if m, err = w.stock.Move(ctx, by, in); err != nil {
			return err
		}
		end := m.ToPlace
		if end == nil {
			end = m.FromPlace
		}
		place, err := w.stock.PlaceByCode(ctx, auth.System("stock").Scope(), *end)
		if err != nil {
			return err
		}
		if m.ToPlace != nil && m.ToCondition == inventory.Good {
			if err := w.allot(ctx, m, place, waiting); err != nil {
				return err
			}
		}
		return w.announce(ctx, "stock", place.OrgID, nil, m.ID)
	})
	return m, err
}

// waitingFor locks the orders that wait for a part and ranks what decides who gets it.
func (w *work) waitingFor(ctx context.Context, sku string) ([]inventory.Waiting, error) {
	parts, err := w.stock.PartsBySKU(ctx, sku)
	if err != nil {
		return nil, err
	}
	short, err := w.stock.WaitingFor(ctx, parts[sku].ID)
	if err != nil || len(short) == 0 {
		return nil, err
	}
	since := map[uuid.UUID]inventory.Waiting{}
	var ids []uuid.UUID
	for _, s := range short {
		if _, ok := since[s.OrderID]; !ok {
			ids = append(ids, s.OrderID)
			since[s.OrderID] = inventory.Waiting{OrderID: s.OrderID, Since: s.WaitingSince}
		}
	}
	return lockWaiting(ctx, w.tx, ids, since)
}

// allot gives what arrived to the orders that wait, and lets those that have everything go on.
func (w *work) allot(ctx context.Context, m inventory.Movement, place inventory.Place, waiting []inventory.Waiting) error {
	if len(waiting) == 0 || place.Kind == inventory.Van {
		return nil // what an engineer carries was fetched for a visit
	}
	parts, err := w.stock.PartsBySKU(ctx, m.SKU)
	if err != nil {
		return err
	}
	supplied, err := w.stock.Allot(ctx, place.ID, parts[m.SKU].ID, inventory.Rank(waiting))
	if err != nil {
		return err
	}
	for _, id := range supplied {
		o, err := lockOrder(ctx, w.tx, auth.System("allot").Scope(), id.String())
		if err != nil {
			return err
		}
		if o.State != OrderOnHold || o.HoldReason == nil || *o.HoldReason != "parts" {
			continue
		}
		if err := setOrder(ctx, w.tx, o.ID, "part_arrived_at = ?", w.at); err != nil {
			return err
		}
		if err := w.backToQueue(ctx, &o, "resume", "parts arrived"); err != nil {
			return err
		}
		if err := w.callBack(ctx, &o, "part_arrived", m.SKU); err != nil {
			return err
		}
		if err := w.tellCustomer(ctx, &o, "message.customer.part_arrived", o.Number); err != nil {
			return err
		}
	}
	return nil
}

// PickupDo moves a slip along: ready, hand-over, receive, cancel. A slip that cannot be filled warns the desk.
func (d *Desk) PickupDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in inventory.PickupAct) (inventory.Pickup, error) {
	p, err := d.stock.In(d.reader(ctx)).Pickup(ctx, by.Scope(), id)
	if err != nil {
		return p, err
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, auth.System("pick-up").Scope(), p.OrderID.String())
		if err != nil {
			return err
		}
		if err := fresh(ctx, "pick-up", p.Version); err != nil {
			return err
		}
		if p, err = w.stock.PickupDo(ctx, by, id, act, in); err != nil {
			return err
		}
		if act == "ready" {
			if err := w.tellEngineer(ctx, &o, p.EngineerID, "message.engineer.part_ready"); err != nil {
				return err
			}
		}
		if act == "cancel" {
			if _, err := w.fetchElsewhere(ctx, &o, p); err != nil {
				return err
			}
			if err := w.tellOffice(ctx, &o, "desk", "message.desk.pickup_cancelled"); err != nil {
				return err
			}
		}
		why := ""
		if in.Why != nil {
			why = *in.Why
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "pickup_" + strings.ReplaceAll(act, "-", "_"), Reason: why, Data: map[string]any{"pickup": p.Number, "place": p.PlaceCode}}); err != nil {
			return err
		}
		return w.announce(ctx, "pickup", o.OrgID, &o.ServingOrgID, p.ID)
	})
	return p, err
}

// PatchExpected corrects goods on their way; a date put off makes a call to each customer who waits.
func (d *Desk) PatchExpected(ctx context.Context, by auth.Caller, id uuid.UUID, in inventory.ExpectedPatch, version *int) (inventory.Expected, error) {
	var x inventory.Expected
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		var late []uuid.UUID
		var err error
		if x, late, err = w.stock.PatchExpected(ctx, by, id, in, version); err != nil {
			return err
		}
		for _, id := range late {
			o, err := findOrder(ctx, w.tx, auth.System("expected").Scope(), id.String())
			if err != nil {
				return err
			}
			if err := w.callBack(ctx, &o, "delay", x.SKU); err != nil {
				return err
			}
		}
		return nil
	})
	return x, err
}

// AddAbsence records that an engineer is away. With displace his visits are freed in one transaction:
// windows announced are kept, priority goes up, what lies in his van is let go, since the van of somebody
// who is away cannot be reached until a colleague fetches it, and each customer is on the list to call.
func (d *Desk) AddAbsence(ctx context.Context, by auth.Caller, engineer uuid.UUID, in dispatch.AbsenceInput) (dispatch.AbsenceTaken, error) {
	return d.absence(ctx, by, engineer, func(ctx context.Context, w *work) (dispatch.AbsenceTaken, error) {
		return w.board.AddAbsence(ctx, by, engineer, in)
	})
}

// DecideAbsence approves or rejects leave that an engineer asked for.
func (d *Desk) DecideAbsence(ctx context.Context, by auth.Caller, id uuid.UUID, in dispatch.Decision) (dispatch.AbsenceTaken, error) {
	a, err := d.board.In(d.reader(ctx)).Absence(ctx, by.Scope(), id)
	if err != nil {
		return dispatch.AbsenceTaken{}, err
	}
	return d.absence(ctx, by, a.EngineerID, func(ctx context.Context, w *work) (dispatch.AbsenceTaken, error) {
		return w.board.DecideAbsence(ctx, by, id, in)
	})
}

func (d *Desk) absence(ctx context.Context, by auth.Caller, engineer uuid.UUID, take func(ctx context.Context, w *work) (dispatch.AbsenceTaken, error)) (dispatch.AbsenceTaken, error) {
	var taken dispatch.AbsenceTaken
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		// The orders in the way are locked before the engineer, as everywhere.
		if err := lockOrdersOf(ctx, w.tx, engineer); err != nil {
			return err
		}
		var err error
		if taken, err = take(ctx, w); err != nil {
			return err
		}
		if len(taken.Displaced) == 0 {
			return nil
		}
		if van, err := w.stock.VanOf(ctx, engineer); err != nil {
			return err
		} else if van != nil && taken.Absence.StartsAt.Before(w.at.Add(12*time.Hour)) { // later ones when they begin
			if err := w.stock.SetReachable(ctx, van.ID, false, whyAway); err != nil {
				return err
			}
		}
		for _, v := range taken.Displaced {
			if err := w.displaced(ctx, v, taken.Absence); err != nil {
				return err
			}
		}
		return nil
	})
	return taken, err
}

func (w *work) displaced(ctx context.Context, v dispatch.InTheWay, a dispatch.Absence) error {
	if !v.Lead {
		return nil
	}
	o, err := lockOrder(ctx, w.tx, auth.System("absence").Scope(), v.OrderID.String())
	if err != nil {
		return err
	}
	if err := w.stock.CancelPickups(ctx, o.ID, "engineer is away"); err != nil {
		return err
	}
	// What lies in his van is let go; what waits for the order at a store stays promised.
	if van, err := w.stock.VanOf(ctx, a.EngineerID); err != nil {
		return err
	} else if van != nil {
		held, err := w.stock.Held(ctx, o.ID)
		if err != nil {
			return err
		}
		for _, r := range held {
			if r.PlaceID != van.ID {
				continue
			}
			if err := w.stock.ReleaseAt(ctx, o.ID, r.PlaceID, r.PartID, "the van of an absent engineer cannot be reached"); err != nil {
				return err
			}
		}
	}
	if o.State == OrderAssigned || o.State == OrderInProgress {
		err := w.moveOrder(ctx, &o, OrderReady, step{Action: "unassign", Reason: a.Reason, Data: map[string]any{"displaced": v.VisitID, "absence": a.Kind},
			Set: "engineer_id = NULL, engineer_org_id = NULL, displaced_at = ?, priority = greatest(priority - 1, 1)", Args: []any{w.at}})
		if err != nil {
			return err
		}
	}
	if err := w.tellCustomer(ctx, &o, "message.customer.displaced", o.Number); err != nil {
		return err
	}
	return w.callBack(ctx, &o, "displaced", o.Number)
}

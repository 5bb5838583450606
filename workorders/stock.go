package workorders

import (
	"context"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
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
		if err := w.supplied(ctx, &o, m.SKU); err != nil {
			return err
		}
	}
	return nil
}

// supplied lets an order go on that waited for parts and has them all; the customer hears of it, and
// somebody agrees a visit with him.
func (w *work) supplied(ctx context.Context, o *Order, sku string) error {
	if o.State != OrderOnHold || o.HoldReason == nil || *o.HoldReason != "parts" {
		return nil
	}
	if err := setOrder(ctx, w.tx, o.ID, "part_arrived_at = ?", w.at); err != nil {
		return err
	}
	if err := w.backToQueue(ctx, o, "resume", "parts arrived"); err != nil {
		return err
	}
	if err := w.callBack(ctx, o, "part_arrived", sku); err != nil {
		return err
	}
	return w.tellCustomer(ctx, o, "message.customer.part_arrived", o.Number)
}

// TakePartInput names the order that gives up what was allotted to it.
type TakePartInput struct {
	FromWorkOrder string `json:"from_work_order" minLength:"1" maxLength:"60" doc:"id or number of the order that holds the pieces"`
	Place         string `json:"place" minLength:"1" maxLength:"40" doc:"code of the place where they lie"`
	Reason        string `json:"reason" minLength:"1" maxLength:"500" doc:"why the other order comes first"`
}

// TakePart sets the order in which goods were allotted aside, on a dispatcher's word: the pieces go to the
// order of the shortage, and the one that gives them up waits again. It gives up nothing while somebody is
// booked for it, and its customer is called.
func (d *Desk) TakePart(ctx context.Context, by auth.Caller, shortage uuid.UUID, in TakePartInput) (inventory.Shortage, error) {
	s, err := d.stock.In(d.reader(ctx)).Shortage(ctx, by.Scope(), shortage)
	if err != nil {
		return s, err
	}
	err = d.change(ctx, by, func(ctx context.Context, w *work) error {
		giver, err := findOrder(ctx, w.tx, by.Scope(), in.FromWorkOrder)
		if err != nil {
			return err
		}
		if giver.ID == s.OrderID {
			return fault.New(fault.Invalid, "swap_same_order", "an order cannot take parts from itself").Field("body.from_work_order", "is the order that waits")
		}
		ids := []uuid.UUID{giver.ID, s.OrderID}
		if _, err := lockWaiting(ctx, w.tx, ids, nil); err != nil { // both, in the order used everywhere
			return err
		}
		if giver, err = findOrder(ctx, w.tx, by.Scope(), giver.ID.String()); err != nil {
			return err
		}
		if giver.State != OrderReady && giver.State != OrderOnHold {
			return w.refuseOrder(&giver, "give its parts away")
		}
		taker, err := findOrder(ctx, w.tx, by.Scope(), s.OrderID.String())
		if err != nil {
			return err
		}
		if s, err = w.stock.Shortage(ctx, by.Scope(), shortage); err != nil {
			return err
		}
		if s.PartID == nil || s.State != inventory.ShortageOpen {
			return fault.New(fault.Conflict, "swap_nothing_awaited", "that order does not wait for a part that is known by its number").With("state", string(s.State))
		}
		place, err := w.stock.PlaceByCode(ctx, by.Scope(), in.Place)
		if err != nil {
			return err
		}
		all, err := w.stock.Swap(ctx, place.ID, *s.PartID, giver.ID, taker.ID, in.Reason)
		if err != nil {
			return err
		}
		if all {
			if err := w.supplied(ctx, &taker, *s.SKU); err != nil {
				return err
			}
		}
		if giver.State == OrderReady {
			if err := setOrder(ctx, w.tx, giver.ID, "part_arrived_at = NULL"); err != nil {
				return err
			}
			if err := w.hold(ctx, &giver, "parts", in.Reason, nil, "hold"); err != nil {
				return err
			}
		}
		if err := w.promises.CloseCallbacks(ctx, giver.ID, "part_arrived"); err != nil {
			return err
		}
		if err := w.callBack(ctx, &giver, "delay", in.Reason); err != nil {
			return err
		}
		for _, o := range []*Order{&giver, &taker} {
			data := map[string]any{"sku": s.SKU, "place": place.Code, "from": giver.Number, "to": taker.Number}
			if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "part_given", Reason: in.Reason, Data: data}); err != nil {
				return err
			}
			if err := w.announce(ctx, "work_order", o.OrgID, &o.ServingOrgID, o.ID); err != nil {
				return err
			}
		}
		s, err = w.stock.Shortage(ctx, by.Scope(), shortage)
		return err
	})
	return s, err
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
			if err := w.tellCustomer(ctx, &o, "message.customer.part_postponed", o.Number, x.ExpectedOn.String()); err != nil {
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
		if err := w.announce(ctx, "engineer", taken.Absence.OrgID, nil, engineer); err != nil {
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
		return w.proposeRepairs(ctx, taken.Absence, taken.Displaced)
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

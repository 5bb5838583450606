package inventory

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

func (h *house) at(slip Pickup, act string) (out Pickup, err error) {
	err = h.do(func(ctx context.Context, l Ledger) (err error) {
		out, err = l.PickupDo(ctx, h.keeper, slip.ID, act, PickupAct{})
		return err
	})
	return out, err
}

// The slip for the counter: laid out, handed over with its promise, the rest brought back.
func TestASlipMovesThePartsAndThePromise(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, s := h.part("PUMP-1", false), h.part("BOARD-9", true)
	store := h.place("store", Warehouse, nil)
	engineer, van := h.engineer("li")
	h.receive(p, store, 5)
	h.receive(p, van, 1)
	h.receive(s, store, 2, "S1", "S2")
	order := h.order()
	slip := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 3}, Need{PartID: s.ID, Quantity: 1})
	if slip.State != ToPick || slip.EngineerName != "li" || len(slip.Lines) != 2 || slip.Lines[1].SKU != "PUMP-1" || !slices.Equal(slip.AllowedActions, []string{"ready", "hand-over", "cancel"}) {
		t.Fatalf("%+v", slip)
	}
	slip, err := h.at(slip, "ready")
	if err != nil || slip.State != PickReady || slip.ReadyAt == nil {
		t.Fatalf("%+v %v", slip, err)
	}
	if _, err := h.at(slip, "receive"); !fault.HasCode(err, "pickup_legal_move") {
		t.Errorf("brought back before it was fetched: %v", err)
	}
	won := 0
	for _, err := range race(8, func(int) error { _, err := h.at(slip, "hand-over"); return err }) {
		if err == nil {
			won++
		} else {
			refused(t, err, fault.Conflict, "pickup_legal_move")
		}
	}
	if won != 1 {
		t.Errorf("handed over %d times", won)
	}
	h.want(p, store, "2 good")
	h.want(p, van, "4 good (3 promised)")
	h.want(s, store, "1 good")
	h.want(s, van, "1 good (1 promised)")
	held, err := h.ledger.Held(t.Context(), order)
	if err != nil || len(held) != 2 || held[0].PlaceCode != "van-li" || *held[0].VisitID != slip.VisitID {
		t.Errorf("the promise lies at %+v (%v)", held, err)
	}
	if out, err := h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: 1}, ConsumeLine{No: 2, PartID: s.ID, PlaceID: van.ID, Quantity: 1, SerialNumber: "S1"}); err != nil || !out[0].Booked || !out[1].Booked {
		t.Fatalf("%+v %v", out, err)
	}
	slip, err = h.at(slip, "receive")
	if err != nil || slip.State != Returned || slip.EndedAt == nil || len(slip.AllowedActions) != 0 {
		t.Fatalf("%+v %v", slip, err)
	}
	h.want(p, van, "1 good") // his own stays
	h.want(p, store, "4 good (2 promised)")
	h.want(s, store, "1 good")
	h.sound()
}

// A hand-over takes its shelves in the one order in which everybody takes them, before it touches any of them:
// somebody who has the van and goes on to the store is not run into.
func TestAHandOverTakesItsShelvesInTurn(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	engineer, van := h.engineer("li") // older than the store, so its shelf comes first
	store := h.place("store", Warehouse, nil)
	h.receive(p, store, 5)
	h.receive(p, van, 1)
	slip := h.slip(h.order(), engineer, store, Need{PartID: p.ID, Quantity: 3})
	handed := make(chan error, 1)
	shelf := func(ctx context.Context, l Ledger, at Place) error {
		_, err := l.db.ExecContext(ctx, "SELECT count(*) FROM lock_stock(ARRAY[?0::uuid], ARRAY[?1::uuid])", at.ID, p.ID)
		return err
	}
	err := h.do(func(ctx context.Context, l Ledger) error {
		if err := shelf(ctx, l, van); err != nil {
			return err
		}
		go func() {
			_, err := h.at(slip, "hand-over")
			handed <- err
		}()
		for waits, tries := 0, 0; waits == 0; tries++ { // until the hand-over stands before the van's shelf
			if err := h.owner.NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')").Scan(ctx, &waits); err != nil {
				return err
			}
			if time.Sleep(5 * time.Millisecond); tries == 400 {
				return errors.New("the hand-over does not wait for the van's shelf")
			}
		}
		return shelf(ctx, l, store)
	})
	if err != nil {
		t.Errorf("who has the van's shelf cannot have the store's: %v", err)
	}
	if err := <-handed; err != nil {
		t.Errorf("the hand-over: %v", err)
	}
	h.want(p, van, "4 good (3 promised)")
	h.sound()
}

func TestASlipWhoseOrderWasCalledOff(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	engineer, van := h.engineer("li")
	h.receive(p, store, 2)
	order := h.order()
	slip := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 2})
	if _, err := h.at(slip, "hand-over"); err != nil {
		t.Fatal(err)
	}
	h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "cancelled", nil) })
	if _, err := h.at(slip, "receive"); err != nil {
		t.Fatal(err)
	}
	h.want(p, store, "2 good")
	h.want(p, van, "nothing")

	another := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 1})
	h.must(func(ctx context.Context, l Ledger) error { return l.CancelPickups(ctx, order, "called off") })
	if _, err := h.at(another, "hand-over"); !fault.HasCode(err, "pickup_legal_move") {
		t.Errorf("handed over after it was called off: %v", err)
	}
	gone, err := h.ledger.Pickup(t.Context(), h.keeper.Scope(), another.ID)
	if err != nil || gone.State != NotFetched || gone.Why != "called off" {
		t.Errorf("%+v %v", gone, err)
	}

	third := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 1})
	h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "taken", nil) })
	if err := h.reserve(h.order(), PromiseLine{PlaceID: store.ID, PartID: p.ID, Quantity: 2}); err != nil {
		t.Fatal(err)
	}
	_, err = h.at(third, "hand-over")
	refused(t, err, fault.Conflict, "stock_reserved_within")
	if cancelled, err := h.at(third, "cancel"); err != nil || cancelled.Why == "" {
		t.Errorf("%+v %v", cancelled, err)
	}
	h.sound()
}

func TestNothingLeftToBringBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	engineer, van := h.engineer("li")
	h.receive(p, store, 1)
	order := h.order()
	slip := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 1})
	if _, err := h.at(slip, "hand-over"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := h.at(slip, "receive")
	refused(t, err, fault.Conflict, "pickup_nothing_left")

	walker := newID()
	h.exec("INSERT INTO engineers (id, org_id, name, created_at) VALUES (?, ?, 'zhao', ?)", walker, h.org, morning)
	h.receive(p, store, 1)
	_, err = h.at(h.slip(h.order(), walker, store, Need{PartID: p.ID, Quantity: 1}), "hand-over")
	refused(t, err, fault.Conflict, "engineer_without_van")
}

func TestSlipsOfADay(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	store, outlet := h.place("store", Warehouse, nil), h.place("outlet", Outlet, nil)
	li, _ := h.engineer("li")
	wang, _ := h.engineer("wang")
	h.receive(p, store, 9)
	h.receive(p, outlet, 9)
	order := h.order()
	make := func(order, engineer uuid.UUID, at Place, visit uuid.UUID, by time.Time) Pickup {
		var slip Pickup
		h.must(func(ctx context.Context, l Ledger) (err error) {
			slip, err = l.MakePickup(ctx, PickupInput{OrgID: h.org, Number: "PU-" + newID().String(), OrderID: order, VisitID: visit, PlaceID: at.ID, EngineerID: engineer, NeededBy: by,
				Lines: []PickupLineInput{{p.ID, 1}, {p.ID, 1}}})
			return err
		})
		return slip
	}
	visit := h.visit(order, li)
	// 2026-03-02 15:59 UTC is still that day in Shanghai, 16:00 is the next.
	first := make(order, li, store, visit, morning.Add(15*time.Hour-time.Minute))
	again := make(order, wang, store, visit, morning.Add(15*time.Hour-time.Minute))
	if again.ID != first.ID || again.EngineerID != wang || again.Lines[0].Quantity != 2 {
		t.Errorf("one visit has two slips for one store: %+v", again)
	}
	make(order, li, outlet, visit, morning)
	make(h.order(), li, store, h.visit(h.order(), li), morning.Add(15*time.Hour))
	for _, c := range []struct {
		f    PickupFilter
		want int
	}{
		{PickupFilter{}, 3}, {PickupFilter{Place: "store"}, 2}, {PickupFilter{Day: "2026-03-02"}, 2}, {PickupFilter{Day: "2026-03-03"}, 1}, {PickupFilter{Place: "store", Day: "2026-03-02"}, 1},
		{PickupFilter{State: "ready"}, 0}, {PickupFilter{State: "to_pick"}, 3}, {PickupFilter{Engineer: li.String()}, 2}, {PickupFilter{Visit: visit.String()}, 2}, {PickupFilter{Order: order.String()}, 2},
	} {
		page, err := h.ledger.Pickups(t.Context(), h.keeper.Scope(), c.f)
		if err != nil || len(page.Items) != c.want {
			t.Errorf("%+v lists %d (%v), want %d", c.f, len(page.Items), err, c.want)
		}
	}
	for _, f := range []PickupFilter{{Day: "yesterday"}, {Engineer: "li"}} {
		if _, err := h.ledger.Pickups(t.Context(), h.keeper.Scope(), f); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	own := auth.Caller{UserID: newID(), Login: "engineer1", Roles: []auth.Role{auth.Engineer}, EngineerID: &li}.Within(h.org)
	page, err := h.ledger.Pickups(t.Context(), own.Scope(), PickupFilter{})
	if err != nil || len(page.Items) != 2 {
		t.Errorf("an engineer sees %d slips (%v), want his own 2", len(page.Items), err)
	}
	if _, err := h.ledger.Pickup(t.Context(), own.Scope(), first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("an engineer reads a colleague's slip: %v", err)
	}
	var seen []string
	f := PickupFilter{}
	for f.Limit = 1; ; {
		page, err := h.ledger.Pickups(t.Context(), h.keeper.Scope(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Items {
			seen = append(seen, s.PlaceCode)
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "outlet store store" {
		t.Errorf("page by page: %s", got)
	}
}

package inventory

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// race runs n functions at the same moment and returns what each said.
func race(n int, fn func(i int) error) []error {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, n)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

func TestSixtyFourOrdersWantTheLastFivePieces(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	h.receive(p, store, 5)
	orders := make([]uuid.UUID, 64)
	for i := range orders {
		orders[i] = h.order()
	}
	won := 0
	for _, err := range race(64, func(i int) error {
		return h.reserve(orders[i], PromiseLine{PlaceID: store.ID, PartID: p.ID, Quantity: 1})
	}) {
		if err == nil {
			won++
			continue
		}
		f := refused(t, err, fault.Conflict, "stock_reserved_within")
		if f.Extra["available"] != int64(0) || f.Extra["sku"] != "PUMP-1" || f.Extra["place_code"] != "store" {
			t.Errorf("the refusal says %v", f.Extra)
		}
		if want := "part PUMP-1: only 0 of 1 available in store"; f.Message != want {
			t.Errorf("the refusal says %q, want %q", f.Message, want)
		}
	}
	if won != 5 {
		t.Errorf("%d orders got a piece, want 5", won)
	}
	h.want(p, store, "5 good (5 promised)")
	h.sound()
}

func TestAPromiseResolvesOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	_, van := h.engineer("li")
	h.receive(p, van, 40)
	h.receive(p, store, 40)
	for range 10 {
		order := h.order()
		line := PromiseLine{PlaceID: van.ID, PartID: p.ID, Quantity: 2}
		if err := h.reserve(order, line); err != nil {
			t.Fatal(err)
		}
		errs := race(12, func(i int) error {
			switch i % 3 {
			case 0:
				_, err := h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: 1})
				return err
			case 1:
				return h.do(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "cancelled", nil) })
			}
			return h.reserve(order, PromiseLine{PlaceID: store.ID, PartID: p.ID, Quantity: 1})
		})
		for _, err := range errs {
			if err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("a lost race says %v", err)
			}
			if fault.HasCode(err, "busy") && strings.Contains(err.Error(), "deadlock") {
				t.Errorf("locks were taken in two orders: %v", err)
			}
		}
		h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "over", nil) })
	}
	h.sound()
	page, err := h.ledger.Stock(t.Context(), h.keeper.Scope(), StockFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Items {
		if r.Reserved != 0 {
			t.Errorf("%d pieces in %s are promised to nobody", r.Reserved, r.PlaceCode)
		}
	}
}

func TestWhatAnOrderHolds(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, other := h.part("PUMP-1", false), h.part("BELT-2", false)
	store := h.place("store", Warehouse, nil)
	_, van := h.engineer("li")
	h.receive(p, store, 3)
	h.receive(p, van, 3)
	h.receive(other, store, 1)
	order := h.order()
	holds := func() string {
		held, err := h.ledger.Held(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, code := range []string{"store", "van-li"} {
			for _, r := range held {
				if r.PlaceCode == code {
					words = append(words, r.SKU+"×"+string(rune('0'+r.Quantity))+"@"+code)
				}
			}
		}
		return strings.Join(words, " ")
	}
	step := func(name, want string, lines ...PromiseLine) {
		t.Helper()
		if err := h.reserve(order, lines...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := holds(); got != want {
			t.Errorf("%s: holds %q, want %q", name, got, want)
		}
		h.sound()
	}
	at := func(place Place, part Part, n int64) PromiseLine {
		return PromiseLine{PlaceID: place.ID, PartID: part.ID, Quantity: n}
	}
	step("two lines of one part add up", "PUMP-1×2@store", at(store, p, 1), at(store, p, 1))
	first, _ := h.ledger.Held(t.Context(), order)
	step("the same again is the same promise", "PUMP-1×2@store", at(store, p, 2))
	if again, _ := h.ledger.Held(t.Context(), order); again[0].ID != first[0].ID {
		t.Error("the promise was made anew although it fits")
	}
	step("three is what there is, one's own included", "PUMP-1×3@store", at(store, p, 3))
	step("elsewhere, the old place is let go", "PUMP-1×2@van-li", at(van, p, 2))
	h.want(p, store, "3 good")
	step("another part is left alone", "BELT-2×1@store PUMP-1×2@van-li", at(store, other, 1))

	f := refused(t, h.reserve(order, at(van, p, 1), at(van, p, 1), at(van, p, 1), at(van, p, 1)), fault.Conflict, "stock_reserved_within")
	if f.Extra["available"] != int64(3) || f.Extra["needed"] != int64(4) {
		t.Errorf("four lines of one part against three pieces: %v", f.Extra)
	}
	if got := holds(); got != "BELT-2×1@store PUMP-1×2@van-li" {
		t.Errorf("a refusal changed what is held: %q", got)
	}
	refused(t, h.reserve(order, at(store, p, 0)), fault.Invalid, "quantity_bounds")
	refused(t, h.reserve(order, at(store, p, MaxQuantity+1)), fault.Invalid, "quantity_bounds")
	refused(t, h.reserve(h.order(), at(store, other, 1)), fault.Conflict, "stock_reserved_within")

	h.must(func(ctx context.Context, l Ledger) error { return l.Rehome(ctx, order, van.ID, store.ID, "ill") })
	if got := holds(); got != "BELT-2×1@store PUMP-1×2@store" && got != "PUMP-1×2@store BELT-2×1@store" {
		t.Errorf("rehomed: %q", got)
	}
	h.want(p, van, "3 good")
	h.must(func(ctx context.Context, l Ledger) error {
		return errors.Join(l.ReleaseAt(ctx, order, store.ID, other.ID, "not found"), l.ReleaseAt(ctx, order, store.ID, other.ID, "again"))
	})
	if got := holds(); got != "PUMP-1×2@store" {
		t.Errorf("let go at the store: %q", got)
	}
	h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "cancelled", nil) })
	if got := holds(); got != "" {
		t.Errorf("after the release: %q", got)
	}
	h.sound()
}

func TestReleaseOfOneVisit(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	engineer, van := h.engineer("li")
	h.receive(p, store, 2)
	h.receive(p, van, 2)
	order := h.order()
	visit := h.visit(order, engineer)
	h.must(func(ctx context.Context, l Ledger) error {
		return l.Reserve(ctx, Promise{OrgID: h.org, OrderID: order, VisitID: &visit, Lines: []PromiseLine{{PlaceID: store.ID, PartID: p.ID, Quantity: 1}}})
	})
	another := h.visit(order, engineer)
	h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "other visit", &another) })
	h.want(p, store, "2 good (1 promised)")
	h.must(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "this visit", &visit) })
	h.want(p, store, "2 good")
}

// Many hands on few shelves must not deadlock: locks go by place and part, whatever the order of lines.
func TestNoDeadlockAmongManyHands(t *testing.T) {
	t.Parallel()
	h := open(t)
	parts := []Part{h.part("A", false), h.part("B", false), h.part("C", false)}
	places := []Place{h.place("s1", Warehouse, nil), h.place("s2", Outlet, nil), h.place("s3", DepotShop, nil)}
	for _, p := range parts {
		for _, at := range places {
			h.receive(p, at, 1000)
		}
	}
	orders := make([]uuid.UUID, 24)
	for i := range orders {
		orders[i] = h.order()
	}
	for i, err := range race(24, func(i int) error {
		for turn := range 6 {
			var lines []PromiseLine
			var used []ConsumeLine
			for k := range 3 { // each in an order of its own
				p, at := parts[(i+k+turn)%3], places[(i*2+k*(1+i%2)+turn)%3]
				lines = append(lines, PromiseLine{PlaceID: at.ID, PartID: p.ID, Quantity: 1})
				used = append([]ConsumeLine{{No: k, PartID: p.ID, PlaceID: at.ID, Quantity: 1}}, used...)
			}
			if err := h.reserve(orders[i], lines...); err != nil {
				return err
			}
			if err := h.do(func(ctx context.Context, l Ledger) error {
				_, err := l.Move(ctx, h.keeper, MovementInput{Kind: Transfer, SKU: parts[turn%3].SKU, Quantity: 1, FromPlace: &places[i%3].Code, ToPlace: &places[(i+1)%3].Code})
				return err
			}); err != nil {
				return err
			}
			if turn%2 == 0 {
				if _, err := h.consume(orders[i], used...); err != nil {
					return err
				}
			} else if err := h.do(func(ctx context.Context, l Ledger) error { return l.Release(ctx, orders[i], "x", nil) }); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("hand %d: %v", i, err)
		}
	}
	h.sound()
}

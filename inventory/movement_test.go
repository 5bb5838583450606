package inventory

import (
	"context"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// What a person writes down, and the movement that comes of it.
func TestWhatAMovementMeans(t *testing.T) {
	from, to := ptr("a"), ptr("b")
	for _, c := range []struct {
		name  string
		in    MovementInput
		says  string // kind from>to n condition>condition reason
		field string // refused at this field instead
	}{
		{name: "goods come", in: MovementInput{Kind: Receive, Quantity: 3, ToPlace: to}, says: "receive >b 3 good>good"},
		{name: "broken goods come", in: MovementInput{Kind: Receive, Quantity: 3, ToPlace: to, Condition: ptr(Defective)}, says: "receive >b 3 defective>defective"},
		{name: "goods come from a place", in: MovementInput{Kind: Receive, Quantity: 3, FromPlace: from, ToPlace: to}, field: "from_place"},
		{name: "goods come nowhere", in: MovementInput{Kind: Receive, Quantity: 3}, field: "to_place"},
		{name: "none come", in: MovementInput{Kind: Receive, Quantity: 0, ToPlace: to}, field: "quantity"},
		{name: "less than none come", in: MovementInput{Kind: Receive, Quantity: -1, ToPlace: to}, field: "quantity"},
		{name: "more than anybody has", in: MovementInput{Kind: Receive, Quantity: MaxQuantity + 1, ToPlace: to}, field: "quantity"},
		{name: "a transfer", in: MovementInput{Kind: Transfer, Quantity: 2, FromPlace: from, ToPlace: to}, says: "transfer a>b 2 good>good"},
		{name: "a transfer with one end", in: MovementInput{Kind: Transfer, Quantity: 2, FromPlace: from}, field: "to_place"},
		{name: "a transfer to where it is", in: MovementInput{Kind: Transfer, Quantity: 2, FromPlace: from, ToPlace: from}, field: "to_place"},
		{name: "a transfer that mends", in: MovementInput{Kind: Transfer, Quantity: 2, FromPlace: from, ToPlace: to, Condition: ptr(Defective), ToCondition: ptr(Good)}, field: "to_condition"},
		{name: "found", in: MovementInput{Kind: Adjust, Quantity: 2, ToPlace: to, Reason: ptr("behind the shelf")}, says: "adjust >b 2 good>good behind the shelf"},
		{name: "lost", in: MovementInput{Kind: Adjust, Quantity: 2, FromPlace: from}, says: "adjust a> 2 good>good counted"},
		{name: "lost, written as less than none", in: MovementInput{Kind: Adjust, Quantity: -2, ToPlace: to}, says: "adjust b> 2 good>good counted"},
		{name: "lost twice over", in: MovementInput{Kind: Adjust, Quantity: -2, FromPlace: from}, says: "adjust a> 2 good>good counted"},
		{name: "an adjustment between places", in: MovementInput{Kind: Adjust, Quantity: 2, FromPlace: from, ToPlace: to}, field: "to_place"},
		{name: "an adjustment nowhere", in: MovementInput{Kind: Adjust, Quantity: 2}, field: "to_place"},
		{name: "a customer returns", in: MovementInput{Kind: Return, Quantity: 1, ToPlace: to}, says: "return >b 1 to_inspect>to_inspect"},
		{name: "a customer returns a broken one", in: MovementInput{Kind: Return, Quantity: 1, ToPlace: to, Condition: ptr(Defective)}, says: "return >b 1 defective>defective"},
		{name: "a customer returns a good one, he says", in: MovementInput{Kind: Return, Quantity: 1, ToPlace: to, Condition: ptr(Good)}, field: "condition"},
		{name: "a van returns", in: MovementInput{Kind: Return, Quantity: 1, FromPlace: from, ToPlace: to}, says: "return a>b 1 good>to_inspect"},
		{name: "a van returns a good one", in: MovementInput{Kind: Return, Quantity: 1, FromPlace: from, ToPlace: to, Condition: ptr(Good)}, says: "return a>b 1 good>to_inspect"},
		{name: "a van returns an old part", in: MovementInput{Kind: Return, Quantity: 1, FromPlace: from, ToPlace: to, Condition: ptr(Defective)}, says: "return a>b 1 defective>defective"},
		{name: "scrap", in: MovementInput{Kind: Scrap, Quantity: 1, FromPlace: from, Condition: ptr(Defective)}, says: "scrap a> 1 defective>defective"},
		{name: "scrap into a place", in: MovementInput{Kind: Scrap, Quantity: 1, FromPlace: from, ToPlace: to}, field: "to_place"},
		{name: "inspected and found good", in: MovementInput{Kind: Inspect, Quantity: 1, FromPlace: from, ToCondition: ptr(Good)}, says: "inspect a>a 1 to_inspect>good"},
		{name: "inspected without a finding", in: MovementInput{Kind: Inspect, Quantity: 1, FromPlace: from}, field: "to_condition"},
		{name: "consumed by hand", in: MovementInput{Kind: Consume, Quantity: 1, FromPlace: from}, field: "kind"},
		{name: "a condition of one's own", in: MovementInput{Kind: Scrap, Quantity: 1, FromPlace: from, Condition: ptr(Condition("shiny"))}, field: "condition"},
		{name: "one number for two pieces", in: MovementInput{Kind: Receive, Quantity: 2, ToPlace: to, SerialNumbers: []string{"S1"}}, field: "serial_numbers"},
		{name: "one piece twice", in: MovementInput{Kind: Receive, Quantity: 2, ToPlace: to, SerialNumbers: []string{"S1", " S1 "}}, field: "serial_numbers"},
		{name: "a piece without a number", in: MovementInput{Kind: Receive, Quantity: 2, ToPlace: to, SerialNumbers: []string{"S1", ""}}, field: "serial_numbers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := c.in.ends()
			if c.field != "" {
				f := fault.As(err)
				if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "body."+c.field {
					t.Fatalf("got %v, want a refusal of %s", err, c.field)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := strings.TrimSpace(strings.Join([]string{string(e.kind), e.from + ">" + e.to, string(rune('0' + e.quantity)), string(e.condition) + ">" + string(e.into), e.reason}, " "))
			if got != c.says {
				t.Errorf("means %q, want %q", got, c.says)
			}
		})
	}
}

func TestPartsOnTheirWayThroughTheHouse(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	store, shop := h.place("store", Warehouse, nil), h.place("shop", DepotShop, nil)
	_, van := h.engineer("li")

	h.receive(p, store, 10)
	h.book(MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 4, FromPlace: &store.Code, ToPlace: &van.Code})
	h.want(p, store, "6 good")
	h.want(p, van, "4 good")

	h.book(MovementInput{Kind: Return, SKU: "PUMP-1", Quantity: 1, FromPlace: &van.Code, ToPlace: &store.Code})
	h.want(p, store, "6 good, 1 to_inspect")
	page, err := h.ledger.Stock(t.Context(), h.keeper.Scope(), StockFilter{SKU: "PUMP-1", Place: "store"})
	if err != nil {
		t.Fatal(err)
	}
	if page.Items[0].Available != 6 || page.Items[1].Available != 0 {
		t.Errorf("a returned part is available: %+v", page.Items)
	}
	h.book(MovementInput{Kind: Inspect, SKU: "PUMP-1", Quantity: 1, FromPlace: &store.Code, ToCondition: ptr(Defective)})
	h.want(p, store, "1 defective, 6 good")
	h.book(MovementInput{Kind: Scrap, SKU: "PUMP-1", Quantity: 1, FromPlace: &store.Code, Condition: ptr(Defective)})
	lost := h.book(MovementInput{Kind: Adjust, SKU: "PUMP-1", Quantity: -2, FromPlace: &store.Code})
	h.want(p, store, "4 good")

	move := func(in MovementInput) error {
		return h.do(func(ctx context.Context, l Ledger) error { _, err := l.Move(ctx, h.keeper, in); return err })
	}
	f := refused(t, move(MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 5, FromPlace: &store.Code, ToPlace: &shop.Code}), fault.Conflict, "stock_not_below_zero")
	if f.Message != "part PUMP-1: only 4 of 5 there in store" || f.Extra["available"] != int64(4) {
		t.Errorf("the refusal says %q, %v", f.Message, f.Extra)
	}
	if err := h.reserve(h.order(), PromiseLine{PlaceID: store.ID, PartID: p.ID, Quantity: 3}); err != nil {
		t.Fatal(err)
	}
	f = refused(t, move(MovementInput{Kind: Scrap, SKU: "PUMP-1", Quantity: 2, FromPlace: &store.Code}), fault.Conflict, "stock_reserved_within")
	if f.Extra["available"] != int64(1) {
		t.Errorf("what is promised was offered: %v", f.Extra)
	}
	refused(t, move(MovementInput{Kind: Receive, SKU: "NONE", Quantity: 1, ToPlace: &store.Code}), fault.Invalid, "unknown_sku")
	refused(t, move(MovementInput{Kind: Receive, SKU: "PUMP-1", Quantity: 1, ToPlace: ptr("moon")}), fault.Invalid, "unknown_place")

	reverse := func(id uuid.UUID) error {
		return h.do(func(ctx context.Context, l Ledger) error {
			_, err := l.Reverse(ctx, h.keeper, id, "miscounted")
			return err
		})
	}
	if err := reverse(lost.ID); err != nil {
		t.Fatal(err)
	}
	h.want(p, store, "6 good (3 promised)")
	refused(t, reverse(lost.ID), fault.Conflict, "moves_reversed_once")
	refused(t, reverse(newID()), fault.NotFound, "movement_unknown")

	list, err := h.ledger.Movements(t.Context(), h.keeper.Scope(), MovementFilter{SKU: "PUMP-1"})
	if err != nil {
		t.Fatal(err)
	}
	newest := list.Items[0]
	if len(list.Items) != 7 || newest.Reverses == nil || *newest.Reverses != lost.ID || newest.Reason != "miscounted" || newest.Actor != "stock" || newest.FromPlace != nil || *newest.ToPlace != "store" {
		t.Errorf("%d movements, newest %+v", len(list.Items), newest)
	}
	refused(t, reverse(newest.ID), fault.Conflict, "moves_reversal_stands")
	if byPlace, err := h.ledger.Movements(t.Context(), h.keeper.Scope(), MovementFilter{Place: "van-li"}); err != nil || len(byPlace.Items) != 2 {
		t.Errorf("the van has %d movements (%v), want 2", len(byPlace.Items), err)
	}
	h.sound()
}

func TestReversingEachKindRestoresTheShelf(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, s := h.part("PUMP-1", false), h.part("BOARD-9", true)
	store := h.place("store", Warehouse, nil)
	_, van := h.engineer("li")
	h.receive(p, store, 5)
	h.receive(p, van, 5)
	h.receive(s, store, 2, "S1", "S2")
	h.book(MovementInput{Kind: Return, SKU: "PUMP-1", Quantity: 2, ToPlace: &store.Code})
	order := h.order()
	before := func() string {
		return h.lies(p, store) + "|" + h.lies(p, van) + "|" + h.lies(s, store) + "|" + h.lies(s, van)
	}
	was := before()
	consumed := func(line ConsumeLine) uuid.UUID {
		out, err := h.consume(order, line)
		if err != nil || !out[0].Booked {
			t.Fatalf("consumed %+v: %v", out, err)
		}
		return *out[0].MoveID
	}
	for name, do := range map[string]func() uuid.UUID{
		"receive":        func() uuid.UUID { return h.receive(p, store, 3).ID },
		"receive pieces": func() uuid.UUID { return h.receive(s, van, 1, "S9").ID },
		"transfer": func() uuid.UUID {
			return h.book(MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 1, FromPlace: &store.Code, ToPlace: &van.Code}).ID
		},
		"found": func() uuid.UUID {
			return h.book(MovementInput{Kind: Adjust, SKU: "PUMP-1", Quantity: 1, ToPlace: &van.Code}).ID
		},
		"lost": func() uuid.UUID {
			return h.book(MovementInput{Kind: Adjust, SKU: "PUMP-1", Quantity: 1, FromPlace: &van.Code}).ID
		},
		"returned by a customer": func() uuid.UUID {
			return h.book(MovementInput{Kind: Return, SKU: "PUMP-1", Quantity: 1, ToPlace: &store.Code}).ID
		},
		"returned by a van": func() uuid.UUID {
			return h.book(MovementInput{Kind: Return, SKU: "PUMP-1", Quantity: 1, FromPlace: &van.Code, ToPlace: &store.Code}).ID
		},
		"scrap": func() uuid.UUID {
			return h.book(MovementInput{Kind: Scrap, SKU: "PUMP-1", Quantity: 1, FromPlace: &van.Code}).ID
		},
		"scrap a piece": func() uuid.UUID {
			return h.book(MovementInput{Kind: Scrap, SKU: "BOARD-9", Quantity: 1, FromPlace: &store.Code, SerialNumbers: []string{"S1"}}).ID
		},
		"inspect": func() uuid.UUID {
			return h.book(MovementInput{Kind: Inspect, SKU: "PUMP-1", Quantity: 1, FromPlace: &store.Code, ToCondition: ptr(Good)}).ID
		},
		"consume": func() uuid.UUID { return consumed(ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: 2}) },
		"consume a piece": func() uuid.UUID {
			return consumed(ConsumeLine{No: 1, PartID: s.ID, PlaceID: store.ID, Quantity: 1, SerialNumber: "S2"})
		},
	} {
		id := do()
		if before() == was {
			t.Errorf("%s moved nothing", name)
		}
		h.must(func(ctx context.Context, l Ledger) error { _, err := l.Reverse(ctx, h.keeper, id, ""); return err })
		if got := before(); got != was {
			t.Errorf("%s reversed leaves %q, want %q", name, got, was)
		}
		h.sound()
	}
}

// A serial-numbered piece is in exactly one place, in one device, or gone, and promised to one order at most.
func TestAPieceWithASerialNumberIsInOnePlace(t *testing.T) {
	t.Parallel()
	h := open(t)
	s := h.part("BOARD-9", true)
	store, outlet := h.place("store", Warehouse, nil), h.place("outlet", Outlet, nil)
	move := func(in MovementInput) error {
		in.SKU = "BOARD-9"
		return h.do(func(ctx context.Context, l Ledger) error { _, err := l.Move(ctx, h.keeper, in); return err })
	}
	h.receive(s, store, 2, "S1", "S2")
	refused(t, move(MovementInput{Kind: Receive, Quantity: 1, ToPlace: &store.Code}), fault.Invalid, "serials_needed")
	refused(t, move(MovementInput{Kind: Receive, Quantity: 1, ToPlace: &outlet.Code, SerialNumbers: []string{"S1"}}), fault.Conflict, "pieces_in_one_place")
	refused(t, move(MovementInput{Kind: Transfer, Quantity: 1, FromPlace: &store.Code, ToPlace: &outlet.Code, SerialNumbers: []string{"S3"}}), fault.Conflict, "pieces_not_here")

	// One piece is sent to two places at once: one wins.
	won := 0
	for _, err := range race(8, func(i int) error {
		return move(MovementInput{Kind: Transfer, Quantity: 1, FromPlace: &store.Code, ToPlace: &outlet.Code, SerialNumbers: []string{"S1"}})
	}) {
		if err == nil {
			won++
		} else if !fault.HasCode(err, "pieces_not_here") && !fault.HasCode(err, "stock_not_below_zero") {
			t.Errorf("a lost race says %v", err)
		}
	}
	if won != 1 {
		t.Errorf("the piece was moved %d times", won)
	}

	// One piece is promised to many orders at once: one gets it.
	orders := []uuid.UUID{h.order(), h.order(), h.order(), h.order()}
	h.receive(s, store, 3, "S4", "S5", "S6")
	won = 0
	winner := uuid.Nil
	for i, err := range race(4, func(i int) error {
		return h.reserve(orders[i], PromiseLine{PlaceID: store.ID, PartID: s.ID, Quantity: 1, SerialNumbers: []string{"S2"}})
	}) {
		if err == nil {
			won, winner = won+1, orders[i]
		} else {
			refused(t, err, fault.Conflict, "pieces_held_once")
		}
	}
	if won != 1 {
		t.Errorf("the piece was promised %d times", won)
	}
	h.sound()
	refused(t, move(MovementInput{Kind: Transfer, Quantity: 1, FromPlace: &store.Code, ToPlace: &outlet.Code, SerialNumbers: []string{"S2"}}), fault.Conflict, "pieces_not_here")
	for _, order := range orders {
		out, err := h.consume(order, ConsumeLine{No: 1, PartID: s.ID, PlaceID: store.ID, Quantity: 1, SerialNumber: "S2"})
		if err != nil || out[0].Booked != (order == winner) {
			t.Errorf("fitted by the order it is promised to: %v, booked %v (%v)", order == winner, out, err)
		}
	}
	pieces, err := h.ledger.Pieces(t.Context(), h.keeper.Scope(), "S2")
	if err != nil || len(pieces) != 1 || pieces[0].PlaceCode != nil || pieces[0].FittedOrder == nil {
		t.Errorf("S2 is at %+v (%v), want in a device", pieces, err)
	}
	_, err = h.consume(winner, ConsumeLine{No: 1, PartID: s.ID, PlaceID: store.ID, Quantity: 2, SerialNumber: "S4"})
	refused(t, err, fault.Invalid, "serial_is_one_piece")
	out, err := h.consume(winner, ConsumeLine{No: 1, PartID: s.ID, PlaceID: store.ID, Quantity: 1, SerialNumber: "S4"}, ConsumeLine{No: 2, PartID: s.ID, PlaceID: store.ID, Quantity: 1, SerialNumber: "S4"})
	if err != nil || !out[0].Booked || out[1].Booked {
		t.Errorf("one piece fitted twice: %+v (%v)", out, err)
	}
	// It comes back out of the device, and may be received again.
	h.book(MovementInput{Kind: Return, SKU: "BOARD-9", Quantity: 1, ToPlace: &outlet.Code, SerialNumbers: []string{"S2"}})
	h.want(s, outlet, "1 good, 1 to_inspect")
	h.sound()
}

func TestWhoSeesWhichPlaces(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	partner := h.addOrg("P1", "partner", &h.org)
	var theirs Place
	h.must(func(ctx context.Context, l Ledger) (err error) {
		theirs, err = l.AddPlace(ctx, PlaceInput{Code: "theirs", Name: "their store", Kind: Outlet}, partner)
		return err
	})
	h.receive(p, store, 1)
	h.receive(p, theirs, 2)
	them := auth.Caller{UserID: newID(), Login: "partner", Roles: []auth.Role{auth.PartnerManager}, OrgID: partner}.Within(partner)
	for _, c := range []struct {
		scope auth.Scope
		sees  int
	}{{h.keeper.Scope(), 2}, {them.Scope(), 1}} {
		page, err := h.ledger.Stock(t.Context(), c.scope, StockFilter{})
		if err != nil || len(page.Items) != c.sees {
			t.Errorf("sees %d rows (%v), want %d", len(page.Items), err, c.sees)
		}
		moves, err := h.ledger.Movements(t.Context(), c.scope, MovementFilter{})
		if err != nil || len(moves.Items) != c.sees {
			t.Errorf("sees %d movements (%v), want %d", len(moves.Items), err, c.sees)
		}
		s, err := h.ledger.SupplyFor(t.Context(), c.scope, []uuid.UUID{p.ID}, newID())
		if err != nil || len(s.Places) != c.sees {
			t.Errorf("could draw on %d places (%v), want %d", len(s.Places), err, c.sees)
		}
	}
	_, err := h.ledger.PlaceByCode(t.Context(), them.Scope(), "store")
	refused(t, err, fault.NotFound, "place_unknown")
	err = h.do(func(ctx context.Context, l Ledger) error {
		_, err := l.Move(ctx, them, MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 1, FromPlace: ptr("store"), ToPlace: ptr("theirs")})
		return err
	})
	refused(t, err, fault.Invalid, "unknown_place")
	engineer, van := h.engineer("li")
	_, colleague := h.engineer("wang")
	h.receive(p, colleague, 2)
	li := auth.Caller{UserID: newID(), Login: "engineer1", Roles: []auth.Role{auth.Engineer}, EngineerID: &engineer, OrgID: h.org}.Within(h.org)
	lend := func(from, to Place) error {
		return h.do(func(ctx context.Context, l Ledger) error {
			_, err := l.Move(ctx, li, MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 1, FromPlace: &from.Code, ToPlace: &to.Code})
			return err
		})
	}
	if err := lend(colleague, van); err != nil {
		t.Errorf("borrowed on the road: %v", err)
	}
	if err := lend(van, store); err != nil {
		t.Errorf("brought to the store: %v", err)
	}
	refused(t, lend(colleague, store), fault.Forbidden, "movement_own_van")
	var nobody auth.Scope
	for name, err := range map[string]error{
		"stock": second(h.ledger.Stock(t.Context(), nobody, StockFilter{})), "movements": second(h.ledger.Movements(t.Context(), nobody, MovementFilter{})),
		"places": second(h.ledger.Places(t.Context(), nobody, PlaceFilter{})), "slips": second(h.ledger.Pickups(t.Context(), nobody, PickupFilter{})),
		"shortages": second(h.ledger.Shortages(t.Context(), nobody, ShortageFilter{})), "expected": second(h.ledger.ExpectedList(t.Context(), nobody, ExpectedFilter{})),
		"supply": second(h.ledger.SupplyFor(t.Context(), nobody, []uuid.UUID{p.ID}, newID())), "pieces": second(h.ledger.Pieces(t.Context(), nobody, "S1")),
	} {
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s for nobody in particular: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestPartsAndPlaces(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, sku := range []string{"C-3", "A-1", "B-2"} {
		h.part(sku, false)
	}
	err := h.do(func(ctx context.Context, l Ledger) error {
		_, err := l.AddPart(ctx, PartInput{SKU: "A-1", Name: "again"})
		return err
	})
	refused(t, err, fault.Conflict, "parts_sku")
	for _, in := range []PartInput{{SKU: "a b", Name: "x"}, {SKU: "", Name: "x"}, {SKU: "X", Name: "  "}, {SKU: "X", Name: "x", PriceMinor: ptr(int64(-1))}} {
		if err := h.do(func(ctx context.Context, l Ledger) error { _, err := l.AddPart(ctx, in); return err }); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	var got []string
	f := PartFilter{}
	for f.Limit = 2; ; {
		page, err := h.ledger.Parts(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Items {
			got = append(got, p.SKU)
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != "A-1 B-2 C-3" {
		t.Errorf("page by page: %v", got)
	}
	a, err := h.ledger.PartsBySKU(t.Context(), "A-1", "B-2")
	if err != nil || len(a) != 2 {
		t.Fatal(a, err)
	}
	var changed Part
	h.must(func(ctx context.Context, l Ledger) (err error) {
		changed, err = l.PatchPart(ctx, a["A-1"].ID, PartPatch{PriceMinor: ptr(int64(990)), Retired: ptr(true)}, ptr(1))
		return err
	})
	if changed.PriceMinor != 990 || changed.RetiredAt == nil || changed.Name != "part A-1" || changed.Version != 2 {
		t.Errorf("%+v", changed)
	}
	err = h.do(func(ctx context.Context, l Ledger) error {
		_, err := l.PatchPart(ctx, changed.ID, PartPatch{Name: ptr("x")}, ptr(1))
		return err
	})
	refused(t, err, fault.Stale, "stale")
	if page, err := h.ledger.Parts(t.Context(), PartFilter{Q: "part"}); err != nil || len(page.Items) != 2 {
		t.Errorf("a retired part is offered: %v %v", page.Items, err)
	}

	engineer, van := h.engineer("li")
	if got, err := h.ledger.VanOf(t.Context(), engineer); err != nil || got == nil || got.Code != van.Code || got.OrgCode != "HQ" {
		t.Errorf("van of li: %+v %v", got, err)
	}
	if got, err := h.ledger.VanOf(t.Context(), newID()); err != nil || got != nil {
		t.Errorf("van of nobody: %+v %v", got, err)
	}
	add := func(in PlaceInput) error {
		return h.do(func(ctx context.Context, l Ledger) error { _, err := l.AddPlace(ctx, in, h.org); return err })
	}
	refused(t, add(PlaceInput{Code: "v2", Name: "second van", Kind: Van, EngineerID: &engineer}), fault.Conflict, "places_one_van")
	refused(t, add(PlaceInput{Code: van.Code, Name: "again", Kind: Outlet}), fault.Conflict, "places_code")
	refused(t, add(PlaceInput{Code: "w", Name: "w", Kind: Warehouse, EngineerID: &engineer}), fault.Invalid, "places_van_of_engineer")
	refused(t, add(PlaceInput{Code: "w", Name: "w", Kind: Warehouse, Lat: ptr(31.2)}), fault.Invalid, "position_half")
	refused(t, add(PlaceInput{Code: "w", Name: "w", Kind: Warehouse, Lat: ptr(91.0), Lng: ptr(0.0)}), fault.Invalid, "position_bounds")
	refused(t, add(PlaceInput{Code: "w", Name: "w", Kind: "cellar"}), fault.Invalid, "place_kind")
	h.must(func(ctx context.Context, l Ledger) error { return l.SetReachable(ctx, van.ID, false, "ill") })
	if got, _ := h.ledger.Place(t.Context(), van.ID); got.Reachable || got.UnreachableWhy != "ill" || got.Version != 2 {
		t.Errorf("%+v", got)
	}
	h.must(func(ctx context.Context, l Ledger) error { return l.SetReachable(ctx, van.ID, true, "") })
	h.must(func(ctx context.Context, l Ledger) error {
		_, err := l.PatchPlace(ctx, h.keeper.Scope(), van.Code, PlacePatch{Lat: ptr(31.2), Lng: ptr(121.5), OpenHours: ptr("8:30-17:30")}, ptr(3))
		return err
	})
	if got, _ := h.ledger.Place(t.Context(), van.ID); got.At() == nil || got.OpenHours != "8:30-17:30" {
		t.Errorf("%+v", got)
	}
}

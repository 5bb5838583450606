package inventory

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

func TestWhatASheetConsumes(t *testing.T) {
	for _, c := range []struct {
		name                 string
		van, store           int64 // what lies there
		vanHeld, storeHeld   int64 // of it, promised to the order
		lines                []int64
		booked               string // of each line
		vanAfter, storeAfter string
	}{
		{name: "what it holds in the van", van: 2, vanHeld: 2, lines: []int64{2}, booked: "yes", vanAfter: "nothing", storeAfter: "nothing"},
		{name: "less than it holds: the rest stays promised", van: 3, vanHeld: 3, lines: []int64{1}, booked: "yes", vanAfter: "2 good (2 promised)", storeAfter: "nothing"},
		{name: "more than it holds: the rest out of what is free", van: 3, vanHeld: 1, lines: []int64{2}, booked: "yes", vanAfter: "1 good", storeAfter: "nothing"},
		{name: "never promised, but there", van: 1, lines: []int64{1}, booked: "yes", vanAfter: "nothing", storeAfter: "nothing"},
		{name: "fetched on the way", store: 3, storeHeld: 1, lines: []int64{1}, booked: "yes", vanAfter: "nothing", storeAfter: "2 good"},
		{name: "half in the van, half fetched", van: 1, vanHeld: 1, store: 2, storeHeld: 2, lines: []int64{3}, booked: "yes", vanAfter: "nothing", storeAfter: "nothing"},
		{name: "free at the store is not ours to take", store: 5, lines: []int64{1}, booked: "no", vanAfter: "nothing", storeAfter: "5 good"},
		{name: "more than there is: nothing of the line is taken", van: 2, vanHeld: 2, lines: []int64{3}, booked: "no", vanAfter: "2 good (2 promised)", storeAfter: "nothing"},
		{name: "four lines of one part against three", van: 3, lines: []int64{1, 1, 1, 1}, booked: "yes yes yes no", vanAfter: "nothing", storeAfter: "nothing"},
		{name: "two lines and one promise", van: 2, vanHeld: 1, store: 1, storeHeld: 1, lines: []int64{1, 1, 1, 1}, booked: "yes yes yes no", vanAfter: "nothing", storeAfter: "nothing"},
		{name: "a line too large does not spoil the next", van: 2, lines: []int64{5, 2}, booked: "no yes", vanAfter: "nothing", storeAfter: "nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
			_, van := h.engineer("li")
			order := h.order()
			var promise []PromiseLine
			for _, s := range []struct {
				at      Place
				n, held int64
			}{{van, c.van, c.vanHeld}, {store, c.store, c.storeHeld}} {
				if s.n > 0 {
					h.receive(p, s.at, s.n)
				}
				if s.held > 0 {
					promise = append(promise, PromiseLine{PlaceID: s.at.ID, PartID: p.ID, Quantity: s.held})
				}
			}
			if err := h.reserve(order, promise...); err != nil {
				t.Fatal(err)
			}
			var lines []ConsumeLine
			for i, n := range c.lines {
				lines = append(lines, ConsumeLine{No: i + 1, PartID: p.ID, PlaceID: van.ID, Quantity: n})
			}
			out, err := h.consume(order, lines...)
			if err != nil {
				t.Fatal(err)
			}
			var booked []string
			for i, line := range out {
				if line.No != i+1 || line.Booked != (line.MoveID != nil) {
					t.Errorf("line %d came back as %+v", i+1, line)
				}
				booked = append(booked, map[bool]string{true: "yes", false: "no"}[line.Booked])
			}
			if got := strings.Join(booked, " "); got != c.booked {
				t.Errorf("booked %s, want %s", got, c.booked)
			}
			h.want(p, van, c.vanAfter)
			h.want(p, store, c.storeAfter)
			h.sound()
		})
	}
}

// Work done is never refused for a gap in the ledger: the line waits until somebody explains it.
func TestALineTheLedgerCannotCoverIsBookedLater(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	_, li := h.engineer("li")
	_, wang := h.engineer("wang")
	h.receive(p, wang, 1)
	order := h.order()
	line := ConsumeLine{No: 1, PartID: p.ID, PlaceID: li.ID, Quantity: 1}
	if out, err := h.consume(order, line); err != nil || out[0].Booked {
		t.Fatalf("%+v %v", out, err)
	}
	h.book(MovementInput{Kind: Transfer, SKU: "PUMP-1", Quantity: 1, FromPlace: &wang.Code, ToPlace: &li.Code, Reason: ptr("lent on the road")})
	out, err := h.consume(order, line)
	if err != nil || !out[0].Booked {
		t.Fatalf("%+v %v", out, err)
	}
	m, err := h.ledger.Movement(t.Context(), *out[0].MoveID)
	if err != nil || m.Kind != Consume || *m.FromPlace != "van-li" || *m.OrderID != order || m.Actor != "stock" {
		t.Errorf("%+v %v", m, err)
	}
	h.sound()
}

func TestASheetIsRefusedOnlyForWhatNobodyCouldMean(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	_, van := h.engineer("li")
	order := h.order()
	for _, n := range []int64{0, -1, MaxQuantity + 1} {
		_, err := h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: n})
		refused(t, err, fault.Invalid, "quantity_bounds")
	}
	if out, err := h.consume(order); err != nil || len(out) != 0 {
		t.Errorf("a sheet without parts: %v %v", out, err)
	}
	if out, err := h.consume(order, ConsumeLine{No: 1, PartID: newID(), PlaceID: van.ID, Quantity: 1}); err != nil || out[0].Booked {
		t.Errorf("a part nobody knows: %+v %v", out, err)
	}
}

// The last piece of a van and thirty-two sheets that say they used it.
func TestSheetsRaceForTheLastPieces(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	_, van := h.engineer("li")
	h.receive(p, van, 4)
	order := h.order()
	booked := make([]bool, 32)
	for _, err := range race(32, func(i int) error {
		out, err := h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: van.ID, Quantity: 1})
		booked[i] = err == nil && out[0].Booked
		return err
	}) {
		if err != nil {
			t.Errorf("a sheet was refused: %v", err)
		}
	}
	n := 0
	for _, b := range booked {
		if b {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d pieces were booked out of 4", n)
	}
	h.want(p, van, "nothing")
	h.sound()
}

func TestFetchingOnTheWaySettlesTheSlip(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, q := h.part("PUMP-1", false), h.part("BELT-2", false)
	store := h.place("store", Warehouse, nil)
	engineer, van := h.engineer("li")
	h.receive(p, store, 5)
	h.receive(q, store, 5)
	order := h.order()
	slip := h.slip(order, engineer, store, Need{PartID: p.ID, Quantity: 2}, Need{PartID: q.ID, Quantity: 1})
	read := func() string {
		s, err := h.ledger.Pickup(t.Context(), h.keeper.Scope(), slip.ID)
		if err != nil {
			t.Fatal(err)
		}
		words := []string{string(s.State)}
		for _, line := range s.Lines {
			words = append(words, fmt.Sprintf("%s×%d", line.SKU, line.Quantity))
		}
		return strings.Join(words, " ")
	}
	fetch := func(part Part, n int64) {
		t.Helper()
		out, err := h.consume(order, ConsumeLine{No: 1, PartID: part.ID, PlaceID: van.ID, Quantity: n})
		if err != nil || !out[0].Booked {
			t.Fatalf("%+v %v", out, err)
		}
	}
	fetch(p, 1)
	if got := read(); got != "to_pick BELT-2×1 PUMP-1×1" {
		t.Errorf("after one pump: %s", got)
	}
	fetch(q, 1)
	if got := read(); got != "to_pick PUMP-1×1" {
		t.Errorf("after the belt: %s", got)
	}
	fetch(p, 1)
	if got := read(); got != "handed_over PUMP-1×1" {
		t.Errorf("after all: %s", got)
	}
	h.want(p, store, "3 good")
	h.sound()
}

// slip reserves parts at a store for an order and makes the slip for a visit.
func (h *house) slip(order, engineer uuid.UUID, at Place, needs ...Need) (slip Pickup) {
	h.Helper()
	visit := h.visit(order, engineer)
	h.must(func(ctx context.Context, l Ledger) (err error) {
		p := Promise{OrgID: h.org, OrderID: order, VisitID: &visit}
		in := PickupInput{OrgID: h.org, Number: "PU-" + visit.String(), OrderID: order, VisitID: visit, PlaceID: at.ID, EngineerID: engineer, NeededBy: morning}
		for _, n := range needs {
			p.Lines = append(p.Lines, PromiseLine{PlaceID: at.ID, PartID: n.PartID, Quantity: n.Quantity})
			in.Lines = append(in.Lines, PickupLineInput{PartID: n.PartID, Quantity: n.Quantity})
		}
		if err := l.Reserve(ctx, p); err != nil {
			return err
		}
		slip, err = l.MakePickup(ctx, in)
		return err
	})
	return slip
}

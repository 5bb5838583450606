package inventory

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

func TestWhoComesFirst(t *testing.T) {
	day := func(n int) *time.Time { d := morning.AddDate(0, 0, n); return &d }
	queue := map[string]Waiting{
		"displaced, last in all else": {Displaced: true, Priority: 4, Since: *day(9)},
		"urgent":                      {Priority: 1, Since: *day(5)},
		"promised soon":               {Priority: 3, Promised: day(1), Since: *day(8)},
		"promised later":              {Priority: 3, Promised: day(2), Since: *day(0)},
		"waited long":                 {Priority: 3, Since: *day(1)},
		"waited short":                {Priority: 3, Since: *day(2)},
		"can wait":                    {Priority: 4, Promised: day(0), Since: *day(0)},
	}
	names := map[uuid.UUID]string{}
	var rows []Waiting
	for name, w := range queue {
		w.OrderID = newID()
		names[w.OrderID] = name
		rows = append(rows, w)
	}
	var got []string
	for _, w := range Rank(rows) {
		got = append(got, names[w.OrderID])
	}
	want := []string{"displaced, last in all else", "urgent", "promised soon", "promised later", "waited long", "waited short", "can wait"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// short opens shortages, one minute after the other.
func (h *house) short(p Part, quantities ...int64) (orders []uuid.UUID) {
	h.Helper()
	for _, n := range quantities {
		order := h.order()
		h.must(func(ctx context.Context, l Ledger) error {
			_, err := l.OpenShortage(ctx, ShortageInput{OrgID: h.org, OrderID: order, PartID: &p.ID, Quantity: n})
			return err
		})
		orders = append(orders, order)
		h.mu.Lock()
		*h.clock = h.clock.Add(time.Minute)
		h.mu.Unlock()
	}
	return orders
}

func (h *house) shortageOf(order uuid.UUID) Shortage {
	h.Helper()
	list, err := h.ledger.ShortagesOf(context.Background(), order)
	if err != nil || len(list) == 0 {
		h.Fatalf("shortages of %s: %v %v", order, list, err)
	}
	return list[len(list)-1]
}

func TestGoodsInAreHandedOutInOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, q, store := h.part("PUMP-1", false), h.part("BELT-2", false), h.place("store", Warehouse, nil)
	orders := h.short(p, 1, 2, 1)
	h.must(func(ctx context.Context, l Ledger) error { // the second waits for a belt as well
		_, err := l.OpenShortage(ctx, ShortageInput{OrgID: h.org, OrderID: orders[1], PartID: &q.ID, Quantity: 1})
		return err
	})
	queue := []Waiting{{OrderID: orders[0], Priority: 3, Since: morning}, {OrderID: orders[1], Priority: 3, Since: morning.Add(time.Minute)}, {OrderID: orders[2], Displaced: true, Priority: 3, Since: morning.Add(2 * time.Minute)}}
	allot := func(part Part) (supplied []uuid.UUID) {
		h.must(func(ctx context.Context, l Ledger) (err error) {
			supplied, err = l.Allot(ctx, store.ID, part.ID, queue)
			return err
		})
		h.sound()
		return supplied
	}
	if got := allot(p); len(got) != 0 {
		t.Errorf("nothing came, yet supplied %v", got)
	}
	h.receive(p, store, 3)
	if got := allot(p); !slices.Equal(got, []uuid.UUID{orders[2], orders[0]}) {
		t.Errorf("supplied %v, want the displaced, then the first", got)
	}
	h.want(p, store, "3 good (2 promised)") // one is left, the second needs two: nobody is overtaken
	if s := h.shortageOf(orders[2]); s.State != ShortageAllotted || s.ResolvedAt == nil {
		t.Errorf("%+v", s)
	}
	h.receive(p, store, 1)
	if got := allot(p); len(got) != 0 {
		t.Errorf("supplied %v, but a belt is still missing", got)
	}
	h.want(p, store, "4 good (4 promised)")
	h.receive(q, store, 1)
	if got := allot(q); !slices.Equal(got, []uuid.UUID{orders[1]}) {
		t.Errorf("supplied %v", got)
	}
	if got := allot(q); len(got) != 0 {
		t.Errorf("supplied twice: %v", got)
	}

	// A dispatcher gives the displaced order's pump to somebody else.
	late := h.short(p, 1)[0]
	swap := func(giver, taker uuid.UUID, why string) (all bool, err error) {
		err = h.do(func(ctx context.Context, l Ledger) (err error) {
			all, err = l.Swap(ctx, store.ID, p.ID, giver, taker, why)
			return err
		})
		return all, err
	}
	_, err := swap(orders[2], late, " ")
	refused(t, err, fault.Invalid, "swap_why")
	_, err = swap(late, orders[2], "x")
	refused(t, err, fault.Conflict, "swap_nothing_held")
	_, err = swap(orders[2], orders[0], "x")
	refused(t, err, fault.Conflict, "swap_nothing_awaited")
	if all, err := swap(orders[2], late, "hospital"); err != nil || !all {
		t.Fatalf("%v %v", all, err)
	}
	if s := h.shortageOf(orders[2]); s.State != ShortageOpen || s.ResolvedAt != nil {
		t.Errorf("the giver does not wait again: %+v", s)
	}
	if s := h.shortageOf(late); s.State != ShortageAllotted {
		t.Errorf("%+v", s)
	}
	h.want(p, store, "4 good (4 promised)")
	h.sound()
}

func TestAllottingTwiceAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	orders := h.short(p, 1, 1, 1, 1, 1)
	h.receive(p, store, 3)
	var queue []Waiting
	for i, o := range orders {
		queue = append(queue, Waiting{OrderID: o, Priority: 3, Since: morning.Add(time.Duration(i) * time.Minute)})
	}
	served := make([][]uuid.UUID, 8)
	for _, err := range race(8, func(i int) error {
		return h.do(func(ctx context.Context, l Ledger) (err error) {
			served[i], err = l.Allot(ctx, store.ID, p.ID, queue)
			return err
		})
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := slices.Concat(served...); !slices.Equal(got, orders[:3]) {
		t.Errorf("served %v, want the first three, each once", got)
	}
	h.want(p, store, "3 good (3 promised)")
	h.sound()
}

func TestWhenAPartShouldCome(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store := h.part("PUMP-1", false), h.place("store", Warehouse, nil)
	orders := h.short(p, 2, 1)
	dates := func() (out [2]string) {
		for i, o := range orders {
			if s := h.shortageOf(o); s.ExpectedOn != nil {
				out[i] = s.ExpectedOn.String()
			}
		}
		return out
	}
	expect := func(n int64, day string) (x Expected) {
		h.must(func(ctx context.Context, l Ledger) (err error) {
			x, err = l.Expect(ctx, h.keeper, ExpectedInput{SKU: "PUMP-1", Quantity: n, ToPlace: "store", ExpectedOn: calendar.Must(day)})
			return err
		})
		return x
	}
	if got := dates(); got != [2]string{} {
		t.Errorf("nothing is expected, yet %v", got)
	}
	first := expect(2, "2026-03-10")
	if got := dates(); got != [2]string{"2026-03-10", ""} {
		t.Errorf("two for three: %v", got)
	}
	second := expect(5, "2026-03-20")
	if got := dates(); got != [2]string{"2026-03-10", "2026-03-20"} {
		t.Errorf("%v", got)
	}
	if late := h.short(p, 2)[0]; h.shortageOf(late).ExpectedOn.String() != "2026-03-20" {
		t.Error("who comes later is not told")
	}
	patch := func(id uuid.UUID, in ExpectedPatch, version *int) (x Expected, delayed []uuid.UUID, err error) {
		err = h.do(func(ctx context.Context, l Ledger) (err error) {
			x, delayed, err = l.PatchExpected(ctx, h.keeper, id, in, version)
			return err
		})
		return x, delayed, err
	}
	x, delayed, err := patch(first.ID, ExpectedPatch{ExpectedOn: ptr(calendar.Must("2026-03-15"))}, ptr(first.Version))
	if err != nil || !slices.Equal(delayed, orders[:1]) || x.ExpectedOn.String() != "2026-03-15" || x.Version != 2 {
		t.Errorf("postponed: %+v, delays %v (%v)", x, delayed, err)
	}
	if _, _, err := patch(first.ID, ExpectedPatch{ExpectedOn: ptr(calendar.Must("2026-03-16"))}, ptr(first.Version)); !fault.HasCode(err, "stale") {
		t.Errorf("an old version: %v", err)
	}
	if _, delayed, err := patch(first.ID, ExpectedPatch{ExpectedOn: ptr(calendar.Must("2026-03-05"))}, nil); err != nil || len(delayed) != 0 {
		t.Errorf("earlier delays nobody: %v %v", delayed, err)
	}
	h.receive(p, store, 1)
	list, err := h.ledger.ExpectedList(t.Context(), h.keeper.Scope(), ExpectedFilter{SKU: "PUMP-1", State: "open"})
	if err != nil || len(list.Items) != 2 || list.Items[0].Received != 1 {
		t.Errorf("%+v %v", list.Items, err)
	}
	_, _, err = patch(first.ID, ExpectedPatch{Quantity: ptr(int64(1))}, nil)
	refused(t, err, fault.Conflict, "expected_received")
	h.receive(p, store, 3)
	list, err = h.ledger.ExpectedList(t.Context(), h.keeper.Scope(), ExpectedFilter{})
	if err != nil || list.Items[0].State != "received" || list.Items[0].Received != 2 || list.Items[1].Received != 2 || list.Items[1].State != "open" {
		t.Errorf("%+v %v", list.Items, err)
	}
	_, _, err = patch(first.ID, ExpectedPatch{Cancelled: ptr(true)}, nil)
	refused(t, err, fault.Conflict, "expected_ended")
	if x, delayed, err := patch(second.ID, ExpectedPatch{Cancelled: ptr(true)}, nil); err != nil || x.State != "cancelled" || len(delayed) != 3 {
		t.Errorf("will not come: %+v, delays %v (%v)", x, delayed, err)
	}
	for _, in := range []ExpectedInput{{SKU: "PUMP-1", Quantity: 0, ToPlace: "store", ExpectedOn: calendar.Must("2026-03-10")}, {SKU: "PUMP-1", Quantity: 1, ToPlace: "store"},
		{SKU: "NONE", Quantity: 1, ToPlace: "store", ExpectedOn: calendar.Must("2026-03-10")}, {SKU: "PUMP-1", Quantity: 1, ToPlace: "moon", ExpectedOn: calendar.Must("2026-03-10")}} {
		if err := h.do(func(ctx context.Context, l Ledger) error { _, err := l.Expect(ctx, h.keeper, in); return err }); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
}

func TestShortagesOfAnOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	p := h.part("PUMP-1", false)
	order := h.order()
	open := func(in ShortageInput) (s Shortage, err error) {
		in.OrgID, in.OrderID = h.org, order
		err = h.do(func(ctx context.Context, l Ledger) (err error) { s, err = l.OpenShortage(ctx, in); return err })
		return s, err
	}
	first, err := open(ShortageInput{PartID: &p.ID, Quantity: 1})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := open(ShortageInput{PartID: &p.ID, Quantity: 3, Urgency: "today"}); err != nil || again.ID != first.ID || again.Quantity != 3 || again.Urgency != "today" || !again.WaitingSince.Equal(first.WaitingSince) {
		t.Errorf("asked twice: %+v %v", again, err)
	}
	unknown, err := open(ShortageInput{Text: "the round thing", Quantity: 1})
	if err != nil || unknown.SKU != nil || unknown.Text != "the round thing" {
		t.Fatalf("%+v %v", unknown, err)
	}
	_, err = open(ShortageInput{Text: "  ", Quantity: 1})
	refused(t, err, fault.Invalid, "shortages_of_what")
	_, err = open(ShortageInput{Text: "x", Quantity: 0})
	refused(t, err, fault.Invalid, "quantity_bounds")

	name := func(sku string) error {
		return h.do(func(ctx context.Context, l Ledger) error {
			_, err := l.PatchShortage(ctx, h.keeper.Scope(), unknown.ID, ShortagePatch{SKU: &sku}, nil)
			return err
		})
	}
	refused(t, name("NONE"), fault.Invalid, "unknown_sku")
	refused(t, name("PUMP-1"), fault.Conflict, "shortages_one_open")
	h.part("RING-7", false)
	if err := name("RING-7"); err != nil {
		t.Fatal(err)
	}
	if s := h.shortageOf(order); *s.SKU != "RING-7" || s.Version != 2 {
		t.Errorf("%+v", s)
	}
	store := h.place("store", Warehouse, nil)
	h.receive(p, store, 1)
	for _, c := range []struct {
		f    ShortageFilter
		want int
	}{{ShortageFilter{}, 2}, {ShortageFilter{SKU: "RING-7"}, 1}, {ShortageFilter{Place: "store"}, 1}, {ShortageFilter{State: "allotted"}, 0}, {ShortageFilter{Order: order.String()}, 2}, {ShortageFilter{Order: newID().String()}, 0}} {
		page, err := h.ledger.Shortages(t.Context(), h.keeper.Scope(), c.f)
		if err != nil || len(page.Items) != c.want {
			t.Errorf("%+v lists %d (%v), want %d", c.f, len(page.Items), err, c.want)
		}
	}
	if waiting, err := h.ledger.WaitingFor(t.Context(), p.ID); err != nil || len(waiting) != 1 || waiting[0].WorkOrderNumber == "" {
		t.Errorf("%+v %v", waiting, err)
	}
	h.must(func(ctx context.Context, l Ledger) error { return l.CancelShortages(ctx, order) })
	for _, s := range []ShortageState{h.shortageOf(order).State} {
		if s != ShortageCancelled {
			t.Errorf("still %s", s)
		}
	}
	refused(t, name("RING-7"), fault.Conflict, "shortage_settled")
}

// A dispatcher found the part elsewhere: what comes in later is for those who still wait.
func TestWhoHoldsAPartDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	p, store, outlet := h.part("PUMP-1", false), h.place("store", Warehouse, nil), h.place("outlet", Outlet, nil)
	orders := h.short(p, 2, 1)
	h.receive(p, outlet, 2)
	if err := h.reserve(orders[0], PromiseLine{PlaceID: outlet.ID, PartID: p.ID, Quantity: 1}); err != nil {
		t.Fatal(err)
	}
	if s := h.shortageOf(orders[0]); s.State != ShortageOpen {
		t.Errorf("one of two is held, and it waits no more: %+v", s)
	}
	if err := h.reserve(orders[0], PromiseLine{PlaceID: outlet.ID, PartID: p.ID, Quantity: 2}); err != nil {
		t.Fatal(err)
	}
	if s := h.shortageOf(orders[0]); s.State != ShortageAllotted {
		t.Errorf("it holds both and still waits: %+v", s)
	}
	h.receive(p, store, 2)
	h.must(func(ctx context.Context, l Ledger) error {
		supplied, err := l.Allot(ctx, store.ID, p.ID, []Waiting{{OrderID: orders[0], Priority: 1}, {OrderID: orders[1], Priority: 3}})
		if !slices.Equal(supplied, orders[1:]) {
			t.Errorf("supplied %v", supplied)
		}
		return err
	})
	h.want(p, store, "2 good (1 promised)")
	h.sound()
}

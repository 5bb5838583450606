package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/gofrs/uuid/v5"
	"pgregory.net/rapid"

	"paigong/internal/fault"
)

// shelfModel is what a child with a notebook would keep: how many of what lie where, and for whom.
type shelfModel struct {
	lies map[modelKey]int64
	held map[heldKey]int64
	came int64 // from outside, less what left
}

type modelKey struct {
	place string
	c     Condition
}

type heldKey struct {
	order uuid.UUID
	place string
}

func (m shelfModel) promised(place string) (n int64) {
	for k, q := range m.held {
		if k.place == place {
			n += q
		}
	}
	return n
}

func (m shelfModel) free(place string, c Condition) int64 {
	n := m.lies[modelKey{place, c}]
	if c == Good {
		n -= m.promised(place)
	}
	return n
}

// Random days in a small house: after each act the ledger says what the notebook says, a refusal changes
// nothing, and transfers neither make nor lose a part.
func TestTheLedgerAgreesWithANotebook(t *testing.T) {
	t.Parallel()
	h := open(t)
	places := map[string]Place{"s": h.place("s", Warehouse, nil), "o": h.place("o", Outlet, nil)}
	_, places["v"] = h.engineer("li")
	codes := []string{"s", "o", "v"}
	code := func(name string) *string { c := places[name].Code; return &c }
	conditions := []Condition{Good, Defective, ToInspect}
	days := 0
	rapid.Check(t, func(rt *rapid.T) {
		days++
		p := h.part(fmt.Sprintf("P-%d", days), false)
		orders := []uuid.UUID{h.order(), h.order()}
		m := shelfModel{lies: map[modelKey]int64{}, held: map[heldKey]int64{}}
		for range rapid.IntRange(4, 14).Draw(rt, "acts") {
			from, to := rapid.SampledFrom(codes).Draw(rt, "from"), rapid.SampledFrom(codes).Draw(rt, "to")
			n := rapid.Int64Range(1, 5).Draw(rt, "n")
			c := rapid.SampledFrom(conditions).Draw(rt, "condition")
			order := rapid.SampledFrom(orders).Draw(rt, "order")
			in := MovementInput{SKU: p.SKU, Quantity: n, Condition: &c}
			act := rapid.SampledFrom([]string{"receive", "receive", "transfer", "scrap", "found", "lost", "return", "inspect", "reserve", "reserve", "release", "consume", "rehome"}).Draw(rt, "act")
			may := m.free(from, c) >= n
			switch act {
			case "receive":
				in.Kind, in.ToPlace, may = Receive, code(to), true
			case "transfer":
				in.Kind, in.FromPlace, in.ToPlace = Transfer, code(from), code(to)
				may = may && from != to
			case "scrap":
				in.Kind, in.FromPlace = Scrap, code(from)
			case "found":
				in.Kind, in.ToPlace, may = Adjust, code(to), true
			case "lost":
				in.Kind, in.ToPlace, in.Quantity = Adjust, code(from), -n
			case "return":
				in.Kind, in.FromPlace, in.ToPlace = Return, code(from), code(to)
				may = may && from != to
			case "inspect":
				in.Kind, in.FromPlace, in.ToCondition = Inspect, code(from), ptr(Good)
				may = may && c != Good
			}
			var err error
			switch act {
			case "reserve":
				others := m.promised(to) - m.held[heldKey{order, to}]
				may = m.lies[modelKey{to, Good}]-others >= n
				err = h.reserve(order, PromiseLine{PlaceID: places[to].ID, PartID: p.ID, Quantity: n})
				if may {
					for _, place := range codes {
						delete(m.held, heldKey{order, place})
					}
					m.held[heldKey{order, to}] = n
				}
			case "release":
				may = true
				err = h.do(func(ctx context.Context, l Ledger) error { return l.Release(ctx, order, "x", nil) })
				for _, place := range codes {
					delete(m.held, heldKey{order, place})
				}
			case "rehome":
				q := m.held[heldKey{order, from}]
				may = from == to || q == 0 || m.free(to, Good) >= q
				err = h.do(func(ctx context.Context, l Ledger) error {
					return l.Rehome(ctx, order, places[from].ID, places[to].ID, "x")
				})
				if may && from != to && q > 0 {
					delete(m.held, heldKey{order, from})
					m.held[heldKey{order, to}] += q
				}
			case "consume":
				var out []Consumed
				out, err = h.consume(order, ConsumeLine{No: 1, PartID: p.ID, PlaceID: places[from].ID, Quantity: n})
				may = true
				if booked := err == nil && out[0].Booked; booked != (m.coverable(order, from, n)) {
					rt.Fatalf("%d out of %s for this order: booked %v", n, from, booked)
				} else if booked {
					m.consume(order, from, n, placesByID(places))
				}
			default:
				err = h.do(func(ctx context.Context, l Ledger) error { _, err := l.Move(ctx, h.keeper, in); return err })
				if may {
					m.move(act, from, to, c, n)
				}
			}
			if f := fault.As(err); may != (err == nil) || err != nil && f == nil {
				rt.Fatalf("%s %d %s %s>%s: %v, the notebook allows it: %v", act, n, c, from, to, err, may)
			}
			m.compare(rt, h, p, places, orders)
		}
		h.sound()
	})
}

func (m *shelfModel) move(act, from, to string, c Condition, n int64) {
	add := func(place string, c Condition, n int64) { m.lies[modelKey{place, c}] += n }
	switch act {
	case "receive", "found":
		add(to, c, n)
		m.came += n
	case "transfer":
		add(from, c, -n)
		add(to, c, n)
	case "scrap", "lost":
		add(from, c, -n)
		m.came -= n
	case "return":
		add(from, c, -n)
		if c == Good {
			c = ToInspect
		}
		add(to, c, n)
	case "inspect":
		add(from, c, -n)
		add(from, Good, n)
	}
}

// coverable: held or free where the engineer says, or held elsewhere for the order.
func (m shelfModel) coverable(order uuid.UUID, from string, n int64) bool {
	have := m.free(from, Good)
	for k, q := range m.held {
		if k.order == order {
			have += q
		}
	}
	return have >= n
}

func (m *shelfModel) consume(order uuid.UUID, from string, n int64, inOrder []string) {
	m.came -= n
	take := func(place string, q int64) {
		m.held[heldKey{order, place}] -= q
		m.lies[modelKey{place, Good}] -= q
		if m.held[heldKey{order, place}] == 0 {
			delete(m.held, heldKey{order, place})
		}
		n -= q
	}
	free := m.free(from, Good)
	if q := min(n, m.held[heldKey{order, from}]); q > 0 {
		take(from, q)
	}
	free = min(n, free)
	m.lies[modelKey{from, Good}] -= free
	n -= free
	for _, place := range inOrder {
		if q := min(n, m.held[heldKey{order, place}]); q > 0 && place != from {
			take(place, q)
		}
	}
}

func (m shelfModel) compare(rt *rapid.T, h *house, p Part, places map[string]Place, orders []uuid.UUID) {
	page, err := h.ledger.Stock(context.Background(), h.keeper.Scope(), StockFilter{SKU: p.SKU})
	if err != nil {
		rt.Fatal(err)
	}
	got, total := map[modelKey]int64{}, int64(0)
	for _, r := range page.Items {
		for name, place := range places {
			if place.Code == r.PlaceCode {
				got[modelKey{name, r.Condition}] = r.OnHand
				if r.Condition == Good && r.Reserved != m.promised(name) {
					rt.Fatalf("%d are promised in %s, the notebook says %d", r.Reserved, name, m.promised(name))
				}
			}
		}
		total += r.OnHand
	}
	for k, n := range m.lies {
		if got[k] != n {
			rt.Fatalf("%d %s lie in %s, the notebook says %d", got[k], k.c, k.place, n)
		}
	}
	if total != m.came {
		rt.Fatalf("%d are in the house, %d came and stayed", total, m.came)
	}
	for _, order := range orders {
		for _, r := range held(h, order) {
			if want := m.held[heldKey{order, nameOf(places, r.PlaceID)}]; r.Quantity != want {
				rt.Fatalf("holds %d in %s, the notebook says %d", r.Quantity, r.PlaceCode, want)
			}
		}
	}
}

func held(h *house, order uuid.UUID) []Reservation {
	rows, err := h.ledger.Held(context.Background(), order)
	if err != nil {
		h.Fatal(err)
	}
	return rows
}

func nameOf(places map[string]Place, id uuid.UUID) string {
	for name, p := range places {
		if p.ID == id {
			return name
		}
	}
	return ""
}

// placesByID are the names in the order in which the ledger takes from them.
func placesByID(places map[string]Place) []string {
	return slices.SortedFunc(maps.Keys(places), func(a, b string) int {
		return spot{place: places[a].ID}.compare(spot{place: places[b].ID})
	})
}

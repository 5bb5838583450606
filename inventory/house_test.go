package inventory

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/lifecycle"
	"paigong/internal/postgres/pgtest"
)

var morning = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) // Monday, nine o'clock in Shanghai

// house is a small company on a database of its own: head office with a store, and engineers with vans.
type house struct {
	testing.TB
	db, owner *bun.DB
	ledger    Ledger
	org       int32
	keeper    auth.Caller
	customer  uuid.UUID
	orders    int
	clock     *time.Time
	mu        *sync.Mutex
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, db: pgtest.New(t), mu: &sync.Mutex{}}
	h.owner = pgtest.Owner(t, h.db)
	now := morning
	h.clock = &now
	h.ledger = New(h.db, func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return *h.clock })
	plant(h, ReservationMoves)
	plant(h, PickupMoves)
	plant(h, ShortageMoves)
	h.exec(`INSERT INTO lifecycle_moves VALUES ('work_order', '', 'new', 'start'), ('visit', '', 'proposed', 'start') ON CONFLICT DO NOTHING`)
	h.org = h.addOrg("HQ", "head", nil)
	h.keeper = auth.Caller{UserID: newID(), Login: "stock", Name: "Store Keeper", Roles: []auth.Role{auth.StockKeeper}, OrgID: h.org}.Everywhere()
	h.exec(`INSERT INTO regions (code, name) VALUES ('310101', '黄浦区') ON CONFLICT DO NOTHING`)
	h.customer = newID()
	h.exec(`INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?, ?, 'CS-1', '王芳', ?)`, h.customer, h.org, morning)
	return h
}

func plant[S ~string](h *house, table lifecycle.Table[S]) {
	h.Helper()
	for _, r := range table.Rows() {
		h.exec("INSERT INTO lifecycle_moves VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", r.Kind, r.From, r.To, r.Action)
	}
}

// exec writes what the story takes for granted, as the owner of the tables.
func (h *house) exec(sql string, args ...any) {
	h.Helper()
	if err := h.plainly(sql, args...); err != nil {
		h.Fatalf("%s: %v", sql, err)
	}
}

// plainly is exec for what may be refused.
func (h *house) plainly(sql string, args ...any) error {
	return h.owner.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", morning); err != nil {
			return err
		}
		_, err := tx.NewRaw(sql, args...).Exec(ctx)
		return err
	})
}

// do runs fn in one transaction, as the desk would.
func (h *house) do(fn func(ctx context.Context, l Ledger) error) error {
	err := h.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "stock", morning); err != nil {
			return err
		}
		return fn(ctx, h.ledger.In(tx))
	})
	return fault.FromSQL(err)
}

func (h *house) must(fn func(ctx context.Context, l Ledger) error) {
	h.Helper()
	if err := h.do(fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) addOrg(code, kind string, parent *int32) (id int32) {
	h.Helper()
	err := h.owner.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", morning); err != nil {
			return err
		}
		return tx.NewRaw("INSERT INTO organisations (parent_id, code, name, kind, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id", parent, code, code, kind, morning).Scan(ctx, &id)
	})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

func (h *house) part(sku string, serialised bool) (p Part) {
	h.Helper()
	h.must(func(ctx context.Context, l Ledger) (err error) {
		p, err = l.AddPart(ctx, PartInput{SKU: sku, Name: "part " + sku, Serialised: &serialised})
		return err
	})
	return p
}

func (h *house) place(code string, kind PlaceKind, engineer *uuid.UUID) (p Place) {
	h.Helper()
	h.must(func(ctx context.Context, l Ledger) (err error) {
		p, err = l.AddPlace(ctx, PlaceInput{Code: code, Name: "place " + code, Kind: kind, EngineerID: engineer}, h.org)
		return err
	})
	return p
}

// engineer is one with a van of his own.
func (h *house) engineer(name string) (uuid.UUID, Place) {
	h.Helper()
	id := newID()
	h.exec("INSERT INTO engineers (id, org_id, name, created_at) VALUES (?, ?, ?, ?)", id, h.org, name, morning)
	return id, h.place("van-"+name, Van, &id)
}

func (h *house) order() uuid.UUID {
	h.Helper()
	h.orders++
	id := newID()
	h.exec(`INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, created_at) VALUES (?, ?, ?, ?, 'repair', 'new', 'broken', ?, ?)`,
		id, h.org, h.org, fmt.Sprintf("WO-2026-%06d", h.orders), h.customer, morning)
	return id
}

func (h *house) visit(order, engineer uuid.UUID) uuid.UUID {
	h.Helper()
	id := newID()
	h.exec(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, lead, created_at)
		VALUES (?0, ?1, ?2, ?3, ?1, 'proposed', tstzrange(?4, ?5), tstzrange(?4, ?5), 'test', false, ?4)`, id, h.org, order, engineer, morning, morning.Add(time.Hour))
	return id
}

// book is a movement by hand that has to work.
func (h *house) book(in MovementInput) (m Movement) {
	h.Helper()
	h.must(func(ctx context.Context, l Ledger) (err error) {
		m, err = l.Move(ctx, h.keeper, in)
		return err
	})
	return m
}

func (h *house) receive(p Part, at Place, n int64, serials ...string) Movement {
	h.Helper()
	return h.book(MovementInput{Kind: Receive, SKU: p.SKU, Quantity: n, ToPlace: &at.Code, SerialNumbers: serials})
}

func (h *house) reserve(order uuid.UUID, lines ...PromiseLine) error {
	return h.do(func(ctx context.Context, l Ledger) error {
		return l.Reserve(ctx, Promise{OrgID: h.org, OrderID: order, Lines: lines})
	})
}

func (h *house) consume(order uuid.UUID, lines ...ConsumeLine) (out []Consumed, err error) {
	err = h.do(func(ctx context.Context, l Ledger) (err error) {
		out, err = l.Consume(ctx, Consumption{By: h.keeper, OrgID: h.org, OrderID: order, Lines: lines})
		return err
	})
	return out, err
}

// lies says what lies in a place: "2 good (1 promised), 1 defective".
func (h *house) lies(p Part, at Place) string {
	h.Helper()
	page, err := h.ledger.Stock(context.Background(), h.keeper.Scope(), StockFilter{SKU: p.SKU, Place: at.Code, Stocked: true})
	if err != nil {
		h.Fatal(err)
	}
	var words []string
	for _, r := range page.Items {
		word := fmt.Sprintf("%d %s", r.OnHand, r.Condition)
		if r.Reserved > 0 {
			word += fmt.Sprintf(" (%d promised)", r.Reserved)
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func (h *house) want(p Part, at Place, says string) {
	h.Helper()
	if got := h.lies(p, at); got != says {
		h.Errorf("in %s lies %s of %s, want %s", at.Code, got, p.SKU, says)
	}
}

// sound runs every check of the ledger.
func (h *house) sound() {
	h.Helper()
	for _, c := range Checks {
		var broken int
		if err := h.db.NewRaw(c.SQL).Scan(context.Background(), &broken); err != nil {
			h.Fatalf("check %s: %v", c.Name, err)
		}
		if broken != 0 {
			h.Errorf("check %s finds %d violations", c.Name, broken)
		}
	}
}

// refused wants a fault of this code.
func refused(t testing.TB, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
	return f
}

func ptr[T any](v T) *T { return &v }

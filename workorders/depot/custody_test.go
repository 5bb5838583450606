package depot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/lifecycle"
	"paigong/internal/postgres/pgtest"
	"paigong/inventory"
)

var morning = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// workshop is a head office with one customer, one partner outlet, and two engineers.
type workshop struct {
	testing.TB
	db, owner *bun.DB
	devices   Custodian
	clock     *time.Time
	hq, other int32
	customer  uuid.UUID
	li, wang  uuid.UUID
	bench     auth.Caller
	orders    int
}

func open(t testing.TB) *workshop {
	t.Helper()
	now := morning
	w := &workshop{TB: t, db: pgtest.New(t), clock: &now, customer: id(), li: id(), wang: id()}
	w.owner = pgtest.Owner(t, w.db)
	w.devices = New(w.db, func() time.Time { return *w.clock })
	for _, r := range CustodyMoves.Rows() {
		w.exec("INSERT INTO lifecycle_moves VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", r.Kind, r.From, r.To, r.Action)
	}
	for _, r := range []lifecycle.Row{{Kind: "work_order", To: "new"}, {Kind: "work_order", From: "new", To: "cancelled"}, {Kind: "visit", To: "proposed"}} {
		w.exec("INSERT INTO lifecycle_moves VALUES (?, ?, ?, 'x') ON CONFLICT DO NOTHING", r.Kind, r.From, r.To)
	}
	w.exec("INSERT INTO organisations (code, name, kind, created_at) VALUES ('HQ', 'HQ', 'head', ?)", morning)
	w.exec("INSERT INTO organisations (parent_id, code, name, kind, created_at) SELECT id, 'P1', 'P1', 'partner', ? FROM organisations", morning)
	if err := w.db.NewRaw("SELECT min(id), max(id) FROM organisations").Scan(t.Context(), &w.hq, &w.other); err != nil {
		t.Fatal(err)
	}
	w.exec("INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?, ?, 'CS-1', '王芳', ?)", w.customer, w.hq, morning)
	w.exec("INSERT INTO engineers (id, org_id, name, created_at) VALUES (?0, ?2, 'li', ?3), (?1, ?2, 'wang', ?3)", w.li, w.wang, w.hq, morning)
	w.bench = auth.Caller{UserID: id(), Login: "depot", Name: "陈工", Roles: []auth.Role{auth.Depot}, OrgID: w.hq}.Within(w.hq)
	return w
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (w *workshop) exec(sql string, args ...any) {
	w.Helper()
	if err := w.plainly(sql, args...); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

func (w *workshop) plainly(sql string, args ...any) error {
	return w.owner.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", morning); err != nil {
			return err
		}
		_, err := tx.NewRaw(sql, args...).Exec(ctx)
		return err
	})
}

func (w *workshop) do(fn func(ctx context.Context, c Custodian) error) error {
	return fault.FromSQL(w.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "depot", morning); err != nil {
			return err
		}
		return fn(ctx, w.devices.In(tx))
	}))
}

func (w *workshop) order() uuid.UUID {
	w.Helper()
	w.orders++
	order := id()
	w.exec(`INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, mode, state, summary, customer_id, created_at) VALUES (?0, ?1, ?1, ?2, 'repair', 'depot', 'new', 'broken', ?3, ?4)`,
		order, w.hq, fmt.Sprintf("WO-2026-%06d", w.orders), w.customer, morning)
	return order
}

func (w *workshop) visit(order, engineer uuid.UUID) uuid.UUID {
	w.Helper()
	visit := id()
	w.exec(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, lead, created_at)
		VALUES (?0, ?1, ?2, ?3, ?1, 'dispatched', tstzrange(?4, ?5), tstzrange(?4, ?5), 'test', false, ?4)`, visit, w.hq, order, engineer, morning, morning.Add(time.Hour))
	return visit
}

// taking is a washing machine with a signature.
func (w *workshop) taking(order uuid.UUID) Taking {
	return Taking{OrgID: w.hq, Number: "CU-" + id().String(), OrderID: order, Strokes: json.RawMessage(`[[[1,2],[3,4]]]`), CustodyInput: CustodyInput{
		Device: "海尔洗衣机 EG100", Accessories: []string{"电源线", "进水管"}, Condition: "左侧有划痕", ExpectedReturnOn: calendar.Must("2026-03-10"),
		Photos: []json.RawMessage{json.RawMessage(`"` + strings.Repeat("ab", 32) + `"`), json.RawMessage(`{"sha256":"` + strings.Repeat("cd", 32) + `","kind":"before"}`)}}}
}

func (w *workshop) take(t Taking) (c Custody, err error) {
	err = w.do(func(ctx context.Context, d Custodian) (err error) { c, err = d.Take(ctx, w.bench, t); return err })
	return c, err
}

func (w *workshop) taken() Custody {
	w.Helper()
	c, err := w.take(w.taking(w.order()))
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *workshop) act(c Custody, act string, in DoInput) (out Custody, err error) {
	err = w.do(func(ctx context.Context, d Custodian) (err error) {
		out, err = d.Do(ctx, w.bench, c.ID, act, in)
		return err
	})
	return out, err
}

// chain is who held the device: "customer>engineer>depot".
func chain(c Custody) string {
	words := []string{"customer"}
	for _, h := range c.Chain {
		words = append(words, string(h.ToHolder))
	}
	return strings.Join(words, ">")
}

func (w *workshop) sound() {
	w.Helper()
	for _, c := range inventory.Checks {
		var n int
		if err := w.db.NewRaw(c.SQL).Scan(context.Background(), &n); err != nil || n != 0 {
			w.Errorf("check %s: %d violations (%v)", c.Name, n, err)
		}
	}
}

func refused(t testing.TB, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
	return f
}

func ptr[T any](v T) *T { return &v }

func TestADeviceGoesToTheWorkshopAndComesBack(t *testing.T) {
	t.Parallel()
	w := open(t)
	order := w.order()
	visit := w.visit(order, w.li)
	in := w.taking(order)
	in.VisitID = &visit
	in.Loaner = &Loaner{Serial: "L-7", DueOn: ptr(calendar.Must("2026-03-20"))}
	c, err := w.take(in)
	if err != nil {
		t.Fatal(err)
	}
	if c.State != Taken || c.Holder != WithEngineer || c.CustomerName != "王芳" || strings.Join(c.Accessories, "+") != "电源线+进水管" || c.Chain[0].ByName != "陈工" || !c.LoanerOut() {
		t.Fatalf("%+v", c)
	}
	var photos []any
	if json.Unmarshal(c.Photos, &photos) != nil || len(photos) != 2 {
		t.Errorf("photos %s", c.Photos)
	}
	for _, step := range []struct {
		act    string
		in     DoInput
		state  CustodyState
		holder Holder
	}{
		{"receive", DoInput{By: ptr("赵师傅")}, Received, WithDepot},
		{"diagnose", DoInput{}, Diagnosing, WithDepot},
		{"move", DoInput{ToHolder: ptr(WithVendor), Note: ptr("厂家保修")}, Diagnosing, WithVendor},
		{"quote", DoInput{}, QuotedAtBench, WithVendor},
		{"approve", DoInput{}, Repairing, WithVendor},
		{"move", DoInput{ToHolder: ptr(WithDepot)}, Repairing, WithDepot},
		{"test", DoInput{}, Tested, WithDepot},
		{"ready", DoInput{}, ReadyForReturn, WithDepot},
		{"move", DoInput{ToHolder: ptr(WithEngineer)}, ReadyForReturn, WithEngineer},
		{"return", DoInput{By: ptr("王芳"), Signature: json.RawMessage(`[[[1,2,7],[3,4,8]]]`), VoucherSeen: ptr(true)}, ReturnedBack, WithCustomer},
	} {
		*w.clock = w.clock.Add(12 * time.Hour)
		if c, err = w.act(c, step.act, step.in); err != nil {
			t.Fatalf("%s: %v", step.act, err)
		}
		if c.State != step.state || c.Holder != step.holder {
			t.Errorf("after %s it is %s with %s, want %s with %s", step.act, c.State, c.Holder, step.state, step.holder)
		}
		w.sound()
	}
	if got := chain(c); got != "customer>engineer>depot>vendor>depot>engineer>customer" {
		t.Errorf("hands: %s", got)
	}
	last := c.Chain[len(c.Chain)-1]
	if c.ClosedAt == nil || c.DaysOut != 5 || !last.Signed || !*last.VoucherSeen || last.ByName != "王芳" || len(c.AllowedActions) != 0 {
		t.Errorf("%+v", c)
	}
	if open, err := w.devices.OpenOf(t.Context(), order); err != nil || open != nil {
		t.Errorf("still open: %+v %v", open, err)
	}
	for _, act := range []string{"move", "return", "scrap", "receive"} {
		_, err := w.act(c, act, DoInput{ToHolder: ptr(WithVendor)})
		refused(t, err, fault.Conflict, "custody_legal_move")
	}
	back := func() error {
		return w.do(func(ctx context.Context, d Custodian) error { _, err := d.LoanerBack(ctx, w.bench, c.ID); return err })
	}
	if err := back(); err != nil {
		t.Fatal(err)
	}
	refused(t, back(), fault.Conflict, "loaner_not_out")
	if again, err := w.take(w.taking(order)); err != nil || again.Holder != WithDepot {
		t.Errorf("brought again by the customer: %+v %v", again, err)
	}
	if all, err := w.devices.Of(t.Context(), order); err != nil || len(all) != 2 || all[0].ID != c.ID {
		t.Errorf("%d custodies %v", len(all), err)
	}
}

func TestADeviceMayBeReturnedOrScrappedAtAnyTime(t *testing.T) {
	t.Parallel()
	w := open(t)
	bench := map[CustodyState][]string{Taken: nil, Received: {"receive"}, Diagnosing: {"receive", "diagnose"}, QuotedAtBench: {"receive", "diagnose", "quote"},
		Repairing: {"receive", "repair"}, Tested: {"receive", "repair", "test"}, ReadyForReturn: {"receive", "ready"}}
	for state, acts := range bench {
		for act, holder := range map[string]Holder{"return": WithCustomer, "scrap": ScrappedAway} {
			c := w.taken()
			var err error
			for _, a := range acts {
				if c, err = w.act(c, a, DoInput{}); err != nil {
					t.Fatal(err)
				}
			}
			if c.State != state {
				t.Fatalf("reached %s, want %s", c.State, state)
			}
			if c, err = w.act(c, act, DoInput{}); err != nil || c.Holder != holder || c.ClosedAt == nil {
				t.Errorf("%s from %s: %+v %v", act, state, c, err)
			}
		}
	}
	w.sound()
}

func TestTwoReceiversAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	for range 5 {
		c := w.taken()
		errs := make([]error, 8)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range errs {
			all.Go(func() {
				<-start
				_, errs[i] = w.act(c, []string{"receive", "move"}[i%2], DoInput{ToHolder: ptr([]Holder{WithDepot, WithVendor}[i%2])})
			})
		}
		close(start)
		all.Wait()
		received := 0
		for i, err := range errs {
			switch {
			case err == nil && i%2 == 0:
				received++
			case err != nil && !fault.HasCode(err, "custody_legal_move") && !fault.HasCode(err, "custody_there_already"):
				t.Errorf("a lost race says %v", err)
			}
		}
		if received != 1 {
			t.Errorf("received %d times", received)
		}
		w.sound()
	}
}

// Whatever the program forgets, a device cannot vanish.
func TestALostDeviceIsNoticed(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.taken()
	asset, site := id(), id()
	w.exec("INSERT INTO regions (code, name) VALUES ('310101', '黄浦区') ON CONFLICT DO NOTHING")
	w.exec("INSERT INTO sites (id, org_id, customer_id, address, region_code, created_at) VALUES (?, ?, ?, '人民路 1 号', '310101', ?)", site, w.hq, w.customer, morning)
	w.exec("INSERT INTO assets (id, org_id, customer_id, site_id, created_at) VALUES (?, ?, ?, ?, ?)", asset, w.hq, w.customer, site, morning)
	for _, try := range []struct {
		name, constraint, sql string
		args                  []any
	}{
		{"moved without a record", "custody_chain_unbroken", "UPDATE custody SET holder = 'vendor' WHERE id = ?", []any{c.ID}},
		{"handed on by who does not hold it", "custody_chain_unbroken", "INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) VALUES (?, 2, ?, ?, 'engineer', 'vendor', 'x')", []any{c.ID, w.hq, morning}},
		{"a gap in the chain", "custody_chain_unbroken", "INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name) VALUES (?, 3, ?, ?, 'depot', 'vendor', 'x')", []any{c.ID, w.hq, morning}},
		{"the past rewritten", "custody_moves_append_only", "UPDATE custody_moves SET to_holder = 'vendor'", nil},
		{"the past forgotten", "custody_moves_append_only", "DELETE FROM custody_moves", nil},
		{"closed while somebody holds it", "custody_closed_when", "UPDATE custody SET closed_at = ? WHERE id = ?", []any{morning, c.ID}},
		{"back in two hands", "custody_holder_of_state", "UPDATE custody SET state = 'returned', closed_at = ? WHERE id = ?", []any{morning, c.ID}},
		{"no consent", "custody_consent", "UPDATE custody SET signature = NULL, no_signature_reason = NULL WHERE id = ?", []any{c.ID}},
		{"another open one of the order", "custody_one_open", `INSERT INTO custody (id, org_id, number, order_id, device, condition, expected_return_on, no_signature_reason, holder, opened_at)
			VALUES (?, ?, 'CU-X', ?, 'x', 'x', '2026-03-10', 'x', 'depot', ?)`, []any{id(), w.hq, c.OrderID, morning}},
		{"a number twice", "custody_number", `INSERT INTO custody (id, org_id, number, order_id, device, condition, expected_return_on, no_signature_reason, holder, opened_at)
			VALUES (?, ?, ?, ?, 'x', 'x', '2026-03-10', 'x', 'depot', ?)`, []any{id(), w.hq, c.Number, w.order(), morning}},
		{"a bench that jumps", "custody_legal_move", "UPDATE custody SET state = 'tested' WHERE id = ?", []any{c.ID}},
		{"the order cancelled meanwhile", "work_orders_device_back", "UPDATE work_orders SET state = 'cancelled', cancelled_at = ?, cancel_reason = 'x' WHERE id = ?", []any{morning, c.OrderID}},
	} {
		if got := fault.Constraint(w.plainly(try.sql, try.args...)); got != try.constraint {
			t.Errorf("%s: refused by %q, want %s", try.name, got, try.constraint)
		}
	}
	first := w.taking(w.order())
	first.AssetID = &asset
	if _, err := w.take(first); err != nil {
		t.Fatal(err)
	}
	second := w.taking(w.order())
	second.AssetID = &asset
	_, err := w.take(second)
	refused(t, err, fault.Conflict, "custody_one_open_device")
	_, err = w.take(w.taking(c.OrderID))
	refused(t, err, fault.Conflict, "custody_one_open")
	w.sound()
}

func TestWhatATakingNeeds(t *testing.T) {
	t.Parallel()
	w := open(t)
	order := w.order()
	for code, spoil := range map[string]func(*Taking){
		"custody_consent":     func(x *Taking) { x.Strokes = nil },
		"custody_device":      func(x *Taking) { x.Device = " " },
		"custody_condition":   func(x *Taking) { x.Condition = "" },
		"custody_return_day":  func(x *Taking) { x.ExpectedReturnOn = calendar.Date{} },
		"custody_accessories": func(x *Taking) { x.Accessories = []string{""} },
		"photo_shape":         func(x *Taking) { x.Photos = []json.RawMessage{json.RawMessage(`"door"`)} },
	} {
		in := w.taking(order)
		spoil(&in)
		_, err := w.take(in)
		if f := refused(t, err, fault.Invalid, code); len(f.Fields) != 1 {
			t.Errorf("%s names no field", code)
		}
	}
	both := w.taking(order)
	both.NoSignature = ptr("by phone")
	_, err := w.take(both)
	refused(t, err, fault.Invalid, "custody_consent")
	unsigned := w.taking(order)
	unsigned.Strokes, unsigned.NoSignature, unsigned.Accessories = nil, ptr("客户不在家，电话同意"), nil
	c, err := w.take(unsigned)
	if err != nil || *c.NoSignatureReason != "客户不在家，电话同意" || c.Accessories == nil {
		t.Fatalf("%+v %v", c, err)
	}
	for name, x := range map[string]struct {
		act, code string
		kind      fault.Kind
		in        DoInput
	}{
		"moved to nobody":        {"move", "custody_to_holder", fault.Invalid, DoInput{}},
		"moved to where it is":   {"move", "custody_there_already", fault.Conflict, DoInput{ToHolder: ptr(WithDepot)}},
		"moved to the customer":  {"move", "custody_return_instead", fault.Conflict, DoInput{ToHolder: ptr(WithCustomer)}},
		"received by the driver": {"receive", "custody_to_holder", fault.Invalid, DoInput{ToHolder: ptr(WithEngineer)}},
		"returned tomorrow":      {"return", "custody_in_future", fault.Invalid, DoInput{At: ptr(morning.Add(time.Hour))}},
		"signed with a word":     {"return", "bad_signature", fault.Invalid, DoInput{Signature: json.RawMessage(`"王芳"`)}},
		"an act of its own":      {"polish", "custody_legal_move", fault.Conflict, DoInput{}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.act(c, x.act, x.in)
			refused(t, err, x.kind, x.code)
		})
	}
	w.sound()
}

func TestDevicesWithUs(t *testing.T) {
	t.Parallel()
	w := open(t)
	old := w.taken()
	*w.clock = w.clock.AddDate(0, 0, 31)
	visited := w.order()
	w.visit(visited, w.li)
	mine, err := w.take(w.taking(visited))
	if err != nil {
		t.Fatal(err)
	}
	gone := w.taken()
	if _, err := w.act(gone, "return", DoInput{}); err != nil {
		t.Fatal(err)
	}
	list := func(scope auth.Scope, f Filter) (out []string) {
		page, err := w.devices.Out(t.Context(), scope, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			out = append(out, map[uuid.UUID]string{old.ID: "old", mine.ID: "mine", gone.ID: "gone"}[c.ID])
		}
		return out
	}
	all := w.bench.Scope()
	visiting := func(engineer uuid.UUID) auth.Scope {
		return auth.Caller{UserID: id(), Login: "e", Roles: []auth.Role{auth.Engineer}, EngineerID: &engineer}.Within(w.hq).Scope()
	}
	partner := auth.Caller{UserID: id(), Login: "p", Roles: []auth.Role{auth.PartnerManager}}.Within(w.other).Scope()
	for _, c := range []struct {
		name  string
		scope auth.Scope
		f     Filter
		want  string
	}{
		{"all ever", all, Filter{}, "old mine gone"}, {"with us", all, Filter{State: "out"}, "old mine"}, {"a month and more", all, Filter{State: "out", OverDays: 30}, "old"},
		{"returned", all, Filter{State: "returned"}, "gone"}, {"with customers", all, Filter{Holder: "customer"}, "gone"}, {"of an order", all, Filter{Order: visited.String()}, "mine"},
		{"an engineer's own", visiting(w.li), Filter{State: "out"}, "mine"}, {"of another engineer", visiting(w.wang), Filter{}, ""}, {"of a partner who serves none", partner, Filter{}, ""},
	} {
		if got := strings.Join(list(c.scope, c.f), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	w.exec("UPDATE work_orders SET serving_org_id = ? WHERE id = ?", w.other, visited)
	if got := strings.Join(list(partner, Filter{}), " "); got != "mine" {
		t.Errorf("the partner who serves the order sees %q", got)
	}
	_, err = w.devices.Custody(t.Context(), partner, old.ID)
	refused(t, err, fault.NotFound, "custody_unknown")
	_, err = w.devices.Out(t.Context(), auth.Scope{}, Filter{})
	refused(t, err, fault.Forbidden, "no_scope")
	_, err = w.devices.Out(t.Context(), all, Filter{Order: "x"})
	refused(t, err, fault.Invalid, "bad_id")
	f := Filter{State: "out"}
	f.Limit = 1
	first, err := w.devices.Out(t.Context(), all, f)
	if err != nil {
		t.Fatal(err)
	}
	f.Cursor = first.NextCursor
	if second, err := w.devices.Out(t.Context(), all, f); err != nil || len(second.Items) != 1 || second.Items[0].ID != mine.ID || second.NextCursor != "" {
		t.Errorf("second page: %+v %v", second, err)
	}
}

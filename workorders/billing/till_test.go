package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/internal/postgres/pgtest"
	"paigong/workorders/billing"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC) // 12:00 in Shanghai

// shop is a company with a head office, a partner, an engineer, and a customer with finished orders.
type shop struct {
	*testing.T
	db                *bun.DB
	now               time.Time
	till              billing.Till
	hq, partner       int32
	customer, eng     uuid.UUID
	cashier, boss     auth.Caller
	theirs, collector auth.Caller
}

func open(t *testing.T) *shop {
	t.Parallel()
	s := &shop{T: t, db: pgtest.New(t), now: noon, customer: id(), eng: id()}
	s.till = billing.New(s.db, func() time.Time { return s.now })
	s.do(func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewRaw("INSERT INTO organisations (code, name, kind, created_at) VALUES ('HQ', '总部', 'head', ?) RETURNING id", noon).Scan(ctx, &s.hq); err != nil {
			return err
		}
		if err := tx.NewRaw("INSERT INTO organisations (parent_id, code, name, kind, created_at) VALUES (?, 'P1', '网点', 'partner', ?) RETURNING id", s.hq, noon).Scan(ctx, &s.partner); err != nil {
			return err
		}
		if _, err := tx.NewRaw("INSERT INTO customers (id, org_id, number, name, created_at) VALUES (?, ?, 'CU-1', '王芳', ?)", s.customer, s.hq, noon).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO engineers (id, org_id, name, created_at) VALUES (?, ?, '李师傅', ?)", s.eng, s.hq, noon).Exec(ctx)
		return err
	})
	s.cashier = auth.Caller{UserID: id(), Login: "cashier", Roles: []auth.Role{auth.Cashier}, OrgID: s.hq}.Within(s.hq, s.partner)
	s.boss = auth.Caller{UserID: id(), Login: "manager", Roles: []auth.Role{auth.Manager}, OrgID: s.hq}.Within(s.hq, s.partner)
	s.theirs = auth.Caller{UserID: id(), Login: "partner", Roles: []auth.Role{auth.PartnerManager}, OrgID: s.partner}.Within(s.partner)
	s.collector = auth.Caller{UserID: id(), Login: "engineer1", Roles: []auth.Role{auth.Engineer}, OrgID: s.hq, EngineerID: &s.eng}.Within(s.hq)
	return s
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (s *shop) try(fn func(ctx context.Context, tx bun.Tx) error) error {
	return fault.FromSQL(s.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", s.now); err != nil {
			return err
		}
		return fn(ctx, tx)
	}))
}

func (s *shop) do(fn func(ctx context.Context, tx bun.Tx) error) {
	s.Helper()
	if err := s.try(fn); err != nil {
		s.Fatal(err)
	}
}

// plant writes as the owner of the tables, past the triggers, what other parts of the product would have left there.
func (s *shop) plant(sql string, args ...any) {
	s.Helper()
	err := pgtest.Owner(s.T, s.db).RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.NewRaw(sql, args...).Exec(ctx)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}

// order is a finished order of head office, served by an organisation.
func (s *shop) order(serving int32) uuid.UUID {
	s.Helper()
	order := id()
	s.plant("INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, finished_at, created_at) VALUES (?, ?, ?, ?, 'repair', 'completed', '不制冷', ?, ?, ?)",
		order, s.hq, serving, "WO-"+order.String(), s.customer, noon, noon)
	return order
}

func (s *shop) issue(order uuid.UUID, lines ...billing.Line) billing.Receipt {
	s.Helper()
	var r billing.Receipt
	s.do(func(ctx context.Context, tx bun.Tx) (err error) {
		r, err = s.till.In(tx).Issue(ctx, s.of(order, lines...))
		return err
	})
	return r
}

func (s *shop) of(order uuid.UUID, lines ...billing.Line) billing.Issue {
	return billing.Issue{By: s.cashier, OrgID: s.hq, OrderID: order, OrderOrgID: s.hq, CustomerID: s.customer, EngineerID: &s.eng, Lines: lines}
}

func (s *shop) pay(by auth.Caller, r billing.Receipt, in billing.PaymentInput) (billing.Receipt, error) {
	var after billing.Receipt
	err := s.try(func(ctx context.Context, tx bun.Tx) (err error) {
		_, after, err = s.till.In(tx).Pay(ctx, by, r.ID, in)
		return err
	})
	return after, err
}

// sound runs the checks the product ships.
func (s *shop) sound() {
	s.Helper()
	for _, c := range billing.Checks {
		var n int
		if err := s.db.NewRaw(c.SQL).Scan(context.Background(), &n); err != nil || n != 0 {
			s.Errorf("%s: %d violations (%v)", c.Name, n, err)
		}
	}
}

func labour(yuan int64) billing.Line {
	return billing.Line{Kind: billing.Labour, Description: "工时", Quantity: 1, UnitMinor: money.Yuan(yuan)}
}

func TestTheLifeOfAReceipt(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	order := s.order(s.hq)
	quote := 1
	r := s.issue(order, labour(120),
		billing.Line{Kind: billing.Part, Description: "电容", SKU: "CAP-35", Quantity: 2, UnitMinor: 4550, QuoteLine: &quote},
		billing.Line{Kind: billing.Travel, Description: "上门费", Quantity: 1, UnitMinor: 3000, Covered: true, CoverageSource: "maker"},
		billing.Line{Kind: billing.Discount, Description: "老客户优惠", Quantity: 1, UnitMinor: -1000, ApproverID: &s.boss.UserID})
	if r.Number != "R-HQ-2026-000001" || r.TotalMinor != 20100 || r.State != billing.Unpaid || r.BalanceMinor != 20100 || len(r.Lines) != 4 || r.CustomerName != "王芳" || r.IssuedBy != "cashier" {
		t.Fatalf("issued %+v", r)
	}
	if l := r.Lines[2]; !l.Covered || l.UnitMinor != 3000 || l.AmountMinor != 0 {
		t.Errorf("the covered line is %+v", l)
	}
	for _, step := range []struct {
		what  string
		in    billing.PaymentInput
		code  string
		paid  money.Fen
		state billing.State
	}{
		{"a promise lowers nothing", billing.PaymentInput{AmountMinor: 20100, Method: "on_account"}, "", 0, billing.Unpaid},
		{"part of it", billing.PaymentInput{AmountMinor: 10000, Method: "cash"}, "", 10000, billing.PartPaid},
		{"more than is owed", billing.PaymentInput{AmountMinor: 10101, Method: "wechat"}, "payments_within_total", 0, ""},
		{"the rest", billing.PaymentInput{AmountMinor: 10100, Method: "wechat", Reference: "4200001"}, "", 20100, billing.Paid},
		{"a refund without a reason", billing.PaymentInput{AmountMinor: -100, Method: "cash"}, "payments_refund_why", 0, ""},
		{"a refund of too much", billing.PaymentInput{AmountMinor: -20101, Method: "cash", Reason: "退"}, "payments_refund_within_paid", 0, ""},
		{"a refund", billing.PaymentInput{AmountMinor: -100, Method: "cash", Reason: "多收"}, "", 20000, billing.PartPaid},
		{"nothing", billing.PaymentInput{Method: "cash"}, "payments_amount", 0, ""},
		{"in shells", billing.PaymentInput{AmountMinor: 1, Method: "shells"}, "method_unknown", 0, ""},
		{"a waiver is not a payment of the cashier", billing.PaymentInput{AmountMinor: 100, Method: "waiver"}, "method_unknown", 0, ""},
	} {
		after, err := s.pay(s.cashier, r, step.in)
		if step.code != "" {
			if !fault.HasCode(err, step.code) {
				t.Errorf("%s: %v, want %s", step.what, err, step.code)
			}
			continue
		}
		if err != nil || after.PaidMinor != step.paid || after.State != step.state || after.BalanceMinor != after.TotalMinor-step.paid {
			t.Errorf("%s: %s paid, %s left, %s (%v), want %s %s", step.what, after.PaidMinor, after.BalanceMinor, after.State, err, step.paid, step.state)
		}
	}
	if err := s.try(func(ctx context.Context, tx bun.Tx) error {
		_, err := s.till.In(tx).Issue(ctx, s.of(order, labour(1)))
		return err
	}); !fault.HasCode(err, "receipts_one_live") {
		t.Errorf("a second receipt: %v", err)
	}
	if err := s.try(func(ctx context.Context, tx bun.Tx) error {
		_, err := s.till.In(tx).Void(ctx, s.boss, r.ID, "开错")
		return err
	}); !fault.HasCode(err, "receipts_void_refunded") {
		t.Errorf("void with money on it: %v", err)
	}
	s.do(func(ctx context.Context, tx bun.Tx) error {
		got, err := s.till.In(tx).Waive(ctx, s.boss, r.ID, billing.WaiveInput{Reason: "抹零"})
		if err == nil && (got.State != billing.Paid || got.PaidMinor != 20100 || got.Payments[len(got.Payments)-1].Method != "waiver") {
			t.Errorf("after the waiver %+v", got)
		}
		return err
	})
	for code, in := range map[string]func(till billing.Till) error{
		"nothing_owed": func(till billing.Till) error {
			_, err := till.Waive(ctx, s.boss, r.ID, billing.WaiveInput{Reason: "x"})
			return err
		},
		"payments_waiver_approved": func(till billing.Till) error {
			_, err := till.Waive(ctx, auth.System("job"), r.ID, billing.WaiveInput{Reason: "x"})
			return err
		},
		"reason_missing": func(till billing.Till) error {
			_, err := till.Waive(ctx, s.boss, r.ID, billing.WaiveInput{})
			return err
		},
		"payments_refund_within_paid": func(till billing.Till) error { // the waived yuan never came in
			_, _, err := till.Pay(ctx, s.cashier, r.ID, billing.PaymentInput{AmountMinor: -20100, Method: "cash", Reason: "退"})
			return err
		},
	} {
		if err := s.try(func(_ context.Context, tx bun.Tx) error { return in(s.till.In(tx)) }); !fault.HasCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	// All money goes back, the receipt is void, the order gets another.
	if _, err := s.pay(s.cashier, r, billing.PaymentInput{AmountMinor: -20000, Method: "wechat", Reason: "重开"}); err != nil {
		t.Fatal(err)
	}
	s.do(func(ctx context.Context, tx bun.Tx) error {
		got, err := s.till.In(tx).Void(ctx, s.boss, r.ID, "开错")
		if err == nil && (got.State != billing.Void || got.BalanceMinor != 0 || *got.VoidReason != "开错") {
			t.Errorf("void %+v", got)
		}
		return err
	})
	if _, err := s.pay(s.cashier, r, billing.PaymentInput{AmountMinor: 1, Method: "cash"}); !fault.HasCode(err, "payments_not_on_void") {
		t.Errorf("paid on a void receipt: %v", err)
	}
	if live, err := s.till.OfOrder(ctx, order); err != nil || live != nil {
		t.Errorf("the order still has %+v (%v)", live, err)
	}
	if again := s.issue(order); again.Number != "R-HQ-2026-000002" || again.State != billing.Paid || again.TotalMinor != 0 || len(again.Lines) != 0 {
		t.Errorf("nothing to pay is %+v", again)
	}
	s.sound()
}

func TestWhatCannotBeIssued(t *testing.T) {
	s := open(t)
	order := s.order(s.hq)
	for code, lines := range map[string][]billing.Line{
		"receipt_below_zero":  {labour(1), {Kind: billing.Discount, Description: "x", Quantity: 1, UnitMinor: -101}},
		"amount_below_zero":   {{Kind: billing.Labour, Description: "x", Quantity: 1, UnitMinor: -1}},
		"quantity_invalid":    {{Kind: billing.Labour, Description: "x", UnitMinor: 1}},
		"description_missing": {{Kind: billing.Labour, Description: " ", Quantity: 1}},
		"out_of_range":        {{Kind: billing.Part, Description: "x", Quantity: 1 << 40, UnitMinor: 1 << 40}},
	} {
		if err := s.try(func(ctx context.Context, tx bun.Tx) error {
			_, err := s.till.In(tx).Issue(ctx, s.of(order, lines...))
			return err
		}); !fault.HasCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	r := s.issue(order, labour(1))
	if r.Number != "R-HQ-2026-000001" {
		t.Errorf("refused receipts took numbers: %s", r.Number)
	}
}

func TestReceiptsHaveNoGapsWhoeverFails(t *testing.T) {
	s := open(t)
	const clerks, each = 16, 25
	orders := make([][]uuid.UUID, clerks)
	for c := range orders {
		for range each {
			orders[c] = append(orders[c], id())
		}
	}
	var values []string
	for _, list := range orders {
		for _, o := range list {
			values = append(values, fmt.Sprintf("('%s', %d, %d, 'WO-%s', 'repair', 'completed', 'x', '%s', '2026-11-21Z', '2026-11-21Z')", o, s.hq, s.hq, o, s.customer))
		}
	}
	s.plant("INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, finished_at, created_at) VALUES " + strings.Join(values, ","))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	lost := errors.New("the line went dead")
	var wait sync.WaitGroup
	var mu sync.Mutex
	issued, failed := 0, 0
	for c := range clerks {
		wait.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(c)))
			for _, o := range orders[c] {
				err := s.try(func(ctx context.Context, tx bun.Tx) error {
					if _, err := s.till.In(tx).Issue(ctx, s.of(o, labour(1+dice.Int64N(900)), labour(5))); err != nil {
						return err
					}
					if dice.IntN(5) == 0 {
						return lost
					}
					return nil
				})
				mu.Lock()
				switch {
				case err == nil:
					issued++
				case errors.Is(err, lost):
					failed++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	var n, first, last int
	if err := s.db.NewRaw("SELECT count(*), min(no), max(no) FROM receipts").Scan(context.Background(), &n, &first, &last); err != nil {
		t.Fatal(err)
	}
	if failed == 0 || n != issued || first != 1 || last != issued {
		t.Errorf("%d issued and %d failed left %d receipts numbered %d to %d", issued, failed, n, first, last)
	}
	s.sound()
}

func TestTwoCashiersCannotTakeTheSameMoney(t *testing.T) {
	s := open(t)
	r := s.issue(s.order(s.hq), labour(100))
	var wait sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 12 {
		wait.Go(func() {
			_, err := s.pay(s.cashier, r, billing.PaymentInput{AmountMinor: 3000, Method: "wechat"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				taken++
			case !fault.HasCode(err, "payments_within_total"):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if taken != 3 {
		t.Errorf("%d payments of 30 on a receipt of 100", taken)
	}
	s.sound()
}

func TestReceivablesByAge(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	var receipts []billing.Receipt
	for i, age := range []int{0, 30, 31, 60, 61, 90, 91, 200} {
		s.now = noon.AddDate(0, 0, -age)
		receipts = append(receipts, s.issue(s.order(s.hq), labour(int64(i+1)*100)))
	}
	s.now = noon
	// The 31-day one was half paid ten days ago, the 61-day one paid today, the 200-day one promised and waived in part.
	ago := noon.AddDate(0, 0, -10)
	for _, p := range []struct {
		r  int
		in billing.PaymentInput
	}{{2, billing.PaymentInput{AmountMinor: 15000, Method: "card", PaidAt: &ago}}, {4, billing.PaymentInput{AmountMinor: 50000, Method: "cash"}}, {7, billing.PaymentInput{AmountMinor: 80000, Method: "on_account"}}} {
		if _, err := s.pay(s.cashier, receipts[p.r], p.in); err != nil {
			t.Fatal(err)
		}
	}
	s.do(func(ctx context.Context, tx bun.Tx) error {
		half := money.Yuan(300)
		_, err := s.till.In(tx).Waive(ctx, s.boss, receipts[7].ID, billing.WaiveInput{Reason: "和解", AmountMinor: &half})
		return err
	})
	read := func(on string, ask keyset.Ask) billing.Receivables {
		t.Helper()
		got, err := s.till.Receivables(ctx, s.cashier.Scope(), calendar.Must(on), nil, ask)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	today := read("2026-11-21", keyset.Ask{})
	if len(today.Items) != 7 || today.TotalMinor != money.Yuan(100+200+150+400+600+700+500) || today.NextCursor != "" {
		t.Errorf("%d items, %s in all", len(today.Items), today.TotalMinor)
	}
	for bucket, want := range map[string]money.Fen{"0-30": money.Yuan(300), "31-60": money.Yuan(550), "61-90": money.Yuan(600), ">90": money.Yuan(1200)} {
		if today.Buckets[bucket] != want {
			t.Errorf("%s days: %s, want %s", bucket, today.Buckets[bucket], want)
		}
	}
	if oldest := today.Items[0]; oldest.AgeDays != 200 || !oldest.OnAccount || oldest.BalanceMinor != money.Yuan(500) || oldest.Bucket != ">90" || oldest.CustomerID != s.customer {
		t.Errorf("the oldest is %+v", oldest)
	}
	first := read("2026-11-21", keyset.Ask{Limit: 4})
	second := read("2026-11-21", keyset.Ask{Limit: 4, Cursor: first.NextCursor})
	if len(first.Items) != 4 || len(second.Items) != 3 || first.TotalMinor != today.TotalMinor || second.TotalMinor != today.TotalMinor || second.NextCursor != "" {
		t.Errorf("pages of %d and %d, totals %s and %s", len(first.Items), len(second.Items), first.TotalMinor, second.TotalMinor)
	}
	// Yesterday nothing of today had happened, except what was paid earlier.
	if got := read("2026-11-20", keyset.Ask{}); got.TotalMinor != money.Yuan(200+150+400+500+600+700+800) || len(got.Items) != 7 {
		t.Errorf("yesterday %s on %d receipts", got.TotalMinor, len(got.Items))
	}
	if got := read("2026-11-10", keyset.Ask{}); got.TotalMinor != money.Yuan(200+300+400+500+600+700+800) {
		t.Errorf("eleven days ago %s", got.TotalMinor)
	}
	// The month closes: what was issued is what was paid and what is left.
	var total, paid money.Fen
	if err := s.db.NewRaw("SELECT (SELECT sum(total_minor) FROM receipts)::bigint, (SELECT sum(amount_minor) FROM payments WHERE method <> 'on_account')::bigint").Scan(ctx, &total, &paid); err != nil || total != paid+today.TotalMinor {
		t.Errorf("%s issued, %s paid, %s left (%v)", total, paid, today.TotalMinor, err)
	}
}

func TestWhoSeesAReceipt(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	ours, served := s.issue(s.order(s.hq), labour(10)), s.issue(s.order(s.partner), labour(20))
	s.plant(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, created_at)
		VALUES (?, ?, ?, ?, ?, 'accepted', '[2026-11-21 01:00Z,2026-11-21 02:00Z)', '[2026-11-21 00:30Z,2026-11-21 02:00Z)', 'test', ?)`, id(), s.hq, ours.OrderID, s.eng, s.hq, noon)
	sees := func(scope auth.Scope, f billing.ReceiptFilter) string {
		page, err := s.till.Receipts(ctx, scope, f)
		if err != nil {
			return err.Error()
		}
		var numbers []string
		for _, r := range page.Items {
			numbers = append(numbers, strings.TrimPrefix(r.Number, "R-HQ-2026-00000"))
		}
		slices.Sort(numbers)
		return strings.Join(numbers, " ")
	}
	today, tomorrow := calendar.Must("2026-11-21"), calendar.Must("2026-11-22")
	if _, err := s.pay(s.cashier, served, billing.PaymentInput{AmountMinor: 100, Method: "cash"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who   string
		scope auth.Scope
		f     billing.ReceiptFilter
		want  string
	}{
		{"cashier", s.cashier.Scope(), billing.ReceiptFilter{}, "1 2"},
		{"partner", s.theirs.Scope(), billing.ReceiptFilter{}, "2"},
		{"engineer", s.collector.Scope(), billing.ReceiptFilter{}, "1"},
		{"today", s.cashier.Scope(), billing.ReceiptFilter{From: &today, To: &today}, "1 2"},
		{"tomorrow", s.cashier.Scope(), billing.ReceiptFilter{From: &tomorrow}, ""},
		{"unpaid", s.cashier.Scope(), billing.ReceiptFilter{State: billing.Unpaid}, "1"},
		{"part paid", s.cashier.Scope(), billing.ReceiptFilter{State: billing.PartPaid}, "2"},
		{"of an organisation", s.cashier.Scope(), billing.ReceiptFilter{Organisation: "HQ", EngineerID: &s.eng, CustomerID: &s.customer}, "1 2"},
		{"of another", s.cashier.Scope(), billing.ReceiptFilter{Organisation: "P1"}, ""},
	} {
		if got := sees(c.scope, c.f); got != c.want {
			t.Errorf("%s sees %q, want %q", c.who, got, c.want)
		}
	}
	if got := sees(auth.Scope{}, billing.ReceiptFilter{}); !strings.Contains(got, "no_scope") {
		t.Errorf("a scope nobody made sees %q", got)
	}
	if _, err := s.till.Receipt(ctx, s.theirs.Scope(), ours.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the partner reads head office's receipt: %v", err)
	}
	if _, err := s.pay(s.theirs, ours, billing.PaymentInput{AmountMinor: 1, Method: "cash"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("the partner takes head office's money: %v", err)
	}
}

func TestAnInvoiceIsAskedForIssuedAndSent(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	r, free := s.issue(s.order(s.hq), labour(10)), s.issue(s.order(s.hq))
	var i billing.InvoiceRequest
	s.do(func(ctx context.Context, tx bun.Tx) (err error) {
		i, err = s.till.In(tx).RequestInvoice(ctx, s.cashier, r.ID, billing.InvoiceInput{Title: "某某公司", TaxNumber: "91410100MA"})
		return err
	})
	if i.State != billing.InvoiceRequested || i.ReceiptNumber != r.Number || !slices.Equal(i.AllowedActions, []string{"issue", "withdraw"}) {
		t.Errorf("asked %+v", i)
	}
	for code, fn := range map[string]func(till billing.Till) error{
		"invoice_requests_one_open": func(till billing.Till) error {
			_, err := till.RequestInvoice(ctx, s.cashier, r.ID, billing.InvoiceInput{Title: "某某公司"})
			return err
		},
		"nothing_owed": func(till billing.Till) error {
			_, err := till.RequestInvoice(ctx, s.cashier, free.ID, billing.InvoiceInput{Title: "某某公司"})
			return err
		},
		"invoice_request_legal_move": func(till billing.Till) error {
			_, err := till.InvoiceDo(ctx, s.cashier, i.ID, "send", billing.InvoiceAct{})
			return err
		},
		"invoice_no_missing": func(till billing.Till) error {
			_, err := till.InvoiceDo(ctx, s.cashier, i.ID, "issue", billing.InvoiceAct{InvoiceNo: " "})
			return err
		},
		"receipt_unknown": func(till billing.Till) error {
			_, err := till.RequestInvoice(ctx, s.cashier, id(), billing.InvoiceInput{Title: "x"})
			return err
		},
	} {
		if err := s.try(func(_ context.Context, tx bun.Tx) error { return fn(s.till.In(tx)) }); !fault.HasCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	s.do(func(ctx context.Context, tx bun.Tx) error {
		if _, err := s.till.In(tx).InvoiceDo(ctx, s.cashier, i.ID, "issue", billing.InvoiceAct{InvoiceNo: "25442000000012345678"}); err != nil {
			return err
		}
		sent, err := s.till.In(tx).InvoiceDo(ctx, s.cashier, i.ID, "send", billing.InvoiceAct{})
		if err == nil && (sent.State != billing.InvoiceSent || sent.SentAt == nil || *sent.InvoiceNo != "25442000000012345678" || !slices.Equal(sent.AllowedActions, []string{"reverse"})) {
			t.Errorf("sent %+v", sent)
		}
		return err
	})
	// An invoice that was written keeps its receipt in force until it is reversed; a wish falls with the receipt.
	void := func(r billing.Receipt) error {
		return s.try(func(ctx context.Context, tx bun.Tx) error {
			_, err := s.till.In(tx).Void(ctx, s.cashier, r.ID, "开错")
			return err
		})
	}
	if err := void(r); !fault.HasCode(err, "receipts_void_invoiced") {
		t.Errorf("void with an invoice out: %v", err)
	}
	for code, in := range map[string]billing.InvoiceAct{"invoice_no_missing": {Reason: "抬头错"}, "reason_missing": {InvoiceNo: "2"}} {
		if err := s.try(func(ctx context.Context, tx bun.Tx) error {
			_, err := s.till.In(tx).InvoiceDo(ctx, s.cashier, i.ID, "reverse", in)
			return err
		}); !fault.HasCode(err, code) {
			t.Errorf("reversed with %+v: %v, want %s", in, err, code)
		}
	}
	wished := s.issue(s.order(s.hq), labour(20))
	s.do(func(ctx context.Context, tx bun.Tx) error {
		if _, err := s.till.In(tx).InvoiceDo(ctx, s.cashier, i.ID, "reverse", billing.InvoiceAct{InvoiceNo: "25442000000012345679", Reason: "抬头错"}); err != nil {
			return err
		}
		_, err := s.till.In(tx).RequestInvoice(ctx, s.cashier, wished.ID, billing.InvoiceInput{Title: "x"})
		return err
	})
	for _, x := range []billing.Receipt{r, wished} {
		if err := void(x); err != nil {
			t.Errorf("void %s: %v", x.Number, err)
		}
	}
	if gone, err := s.till.Invoices(t.Context(), s.cashier.Scope(), billing.InvoiceFilter{State: billing.InvoiceWithdrawn}); err != nil || len(gone.Items) != 1 || gone.Items[0].EndReason != "开错" {
		t.Errorf("the wish of a void receipt: %+v (%v)", gone.Items, err)
	}
	page, err := s.till.Invoices(ctx, s.cashier.Scope(), billing.InvoiceFilter{State: billing.InvoiceRequested})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("still to do: %+v (%v)", page.Items, err)
	}
}

func TestAnEngineerHandsInHisCash(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	one, two := s.issue(s.order(s.hq), labour(100)), s.issue(s.order(s.hq), labour(50))
	s.plant(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, override_reason, created_at)
		SELECT gen_random_uuid(), w.org_id, w.id, ?, w.org_id, 'accepted', '[2026-11-21 01:00Z,2026-11-21 02:00Z)', '[2026-11-21 00:30Z,2026-11-21 02:00Z)', 'test', ?::timestamptz FROM work_orders w`, s.eng, noon)
	late := time.Date(2026, 11, 21, 15, 59, 0, 0, time.UTC) // 23:59 in Shanghai
	next := late.Add(2 * time.Minute)
	for _, p := range []struct {
		r  billing.Receipt
		in billing.PaymentInput
	}{{one, billing.PaymentInput{AmountMinor: 6000, Method: "cash"}}, {one, billing.PaymentInput{AmountMinor: 4000, Method: "wechat"}}, {two, billing.PaymentInput{AmountMinor: 3000, Method: "cash", PaidAt: &late}},
		{two, billing.PaymentInput{AmountMinor: 500, Method: "cash", PaidAt: &next}}, {one, billing.PaymentInput{AmountMinor: -1000, Method: "cash", Reason: "多收"}}} {
		if _, err := s.pay(s.collector, p.r, p.in); err != nil {
			t.Fatal(err)
		}
	}
	day := calendar.Must("2026-11-21")
	list := func(by auth.Caller, f billing.CashUpFilter) []billing.CashUp {
		t.Helper()
		page, err := s.till.CashUps(ctx, by.Scope(), f)
		if err != nil {
			t.Fatal(err)
		}
		return page.Items
	}
	held := billing.CashUpFilter{State: billing.CashHeld, To: &day}
	if due := list(s.cashier, held); len(due) != 1 || due[0].ExpectedMinor != 8000 || due[0].CountedMinor != nil || due[0].EngineerName != "李师傅" || len(due[0].Payments) != 3 {
		t.Errorf("to hand in: %+v", due)
	}
	if all := list(s.cashier, billing.CashUpFilter{State: billing.CashHeld}); len(all) != 2 || all[0].ExpectedMinor != 500 {
		t.Errorf("with the day after: %+v", all)
	}
	if due := list(s.theirs, held); len(due) != 0 {
		t.Errorf("the partner sees head office's cash: %+v", due)
	}
	count := func(by auth.Caller, counted money.Fen, note string) (c billing.CashUp, err error) {
		err = s.try(func(ctx context.Context, tx bun.Tx) (err error) {
			c, err = s.till.In(tx).CashUp(ctx, by, billing.CashUpInput{EngineerID: s.eng, Day: day, CountedMinor: counted, Note: note})
			return err
		})
		return c, err
	}
	if _, err := count(s.cashier, 7900, ""); !fault.HasCode(err, "cash_ups_difference_why") {
		t.Errorf("a difference without a word: %v", err)
	}
	if _, err := count(s.theirs, 8000, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("the partner counts head office's cash: %v", err)
	}
	c, err := count(s.cashier, 7900, "少一元")
	if err != nil || c.ExpectedMinor != 8000 || *c.DifferenceMinor != -100 || c.By != "cashier" {
		t.Errorf("counted %+v (%v)", c, err)
	}
	if _, err := count(s.cashier, 8000, ""); !fault.HasCode(err, "cash_ups_once") {
		t.Errorf("counted twice: %v", err)
	}
	if done := list(s.collector, billing.CashUpFilter{To: &day}); len(done) != 1 || done[0].CountedMinor == nil || *done[0].CountedMinor != 7900 {
		t.Errorf("handed in: %+v", done)
	}
	if _, err := count(s.collector, 0, "自己数"); !fault.HasCode(err, "cash_ups_second_person") {
		t.Errorf("he counts what he hands in: %v", err)
	}
	// A payment of the day that was recorded after the count is counted in a round of its own.
	if _, err := s.pay(s.collector, two, billing.PaymentInput{AmountMinor: 700, Method: "cash", PaidAt: &late}); err != nil {
		t.Fatal(err)
	}
	if due := list(s.cashier, held); len(due) != 1 || due[0].ExpectedMinor != 700 {
		t.Errorf("after the count came: %+v", due)
	}
	again, err := count(s.cashier, 700, "")
	if err != nil || again.Round != 2 || again.ExpectedMinor != 700 {
		t.Errorf("the second count: %+v (%v)", again, err)
	}
	// A count that was wrong is void, and its money is held again.
	void := func(reason string) error {
		return s.try(func(ctx context.Context, tx bun.Tx) error {
			_, err := s.till.In(tx).VoidCashUp(ctx, s.cashier, *c.ID, reason)
			return err
		})
	}
	if err := void(" "); !fault.HasCode(err, "reason_missing") {
		t.Errorf("void without a word: %v", err)
	}
	if err := void("数错"); err != nil {
		t.Fatal(err)
	}
	if err := void("数错"); !fault.HasCode(err, "cash_up_void") {
		t.Errorf("void twice: %v", err)
	}
	if due := list(s.cashier, held); len(due) != 1 || due[0].ExpectedMinor != 8000 {
		t.Errorf("after the void count: %+v", due)
	}
	if third, err := count(s.cashier, 8000, ""); err != nil || third.Round != 3 {
		t.Errorf("counted anew: %+v (%v)", third, err)
	}
	s.sound()
}

func TestWhatTheMoneyTablesRefuse(t *testing.T) {
	s := open(t)
	r := s.issue(s.order(s.hq), labour(100))
	other := s.order(s.hq)
	paid, err := s.pay(s.cashier, r, billing.PaymentInput{AmountMinor: 100, Method: "cash"})
	if err != nil {
		t.Fatal(err)
	}
	receipt := "INSERT INTO receipts (id, org_id, series, year, no, number, order_id, order_org_id, customer_id, total_minor, issued_at, actor) VALUES (?, ?, 'R', 2026, ?, 'x', ?, ?, ?, ?, ?, 'x')"
	payment := "INSERT INTO payments (id, org_id, receipt_id, amount_minor, method, paid_at, recorded_at, actor, reason) VALUES (?, ?, ?, ?, ?, ?, ?, 'x', ?)"
	line := "INSERT INTO receipt_lines (receipt_id, no, kind, description, quantity, unit_minor, amount_minor, covered) VALUES (?, ?, ?, 'x', ?, ?, ?, ?)"
	for _, x := range []struct {
		name, sql string
		args      []any
	}{
		{"receipts_number", receipt, []any{id(), s.hq, 1, other, s.hq, s.customer, 0, noon}},
		{"receipts_one_live", receipt, []any{id(), s.hq, 9, r.OrderID, s.hq, s.customer, 0, noon}},
		{"receipts_total_is_sum", receipt, []any{id(), s.hq, 9, other, s.hq, s.customer, 5, noon}},
		{"receipts_total_minor_check", receipt, []any{id(), s.hq, 9, other, s.hq, s.customer, -5, noon}},
		{"receipts_of_order", receipt, []any{id(), s.hq, 9, other, s.partner, s.customer, 0, noon}},
		{"receipts_append_only", "UPDATE receipts SET total_minor = 1", nil},
		{"receipts_append_only", "DELETE FROM receipts", nil},
		{"receipts_void_refunded", "UPDATE receipts SET voided_at = ?, void_reason = 'x'", []any{noon}},
		{"receipts_total_is_sum", line, []any{r.ID, 9, "labour", 1, 5, 5, false}},
		{"receipt_lines_amount", line, []any{r.ID, 9, "labour", 2, 5, 5, false}},
		{"receipt_lines_free", line, []any{r.ID, 9, "labour", 1, 5, 5, true}},
		{"receipt_lines_below_zero", line, []any{r.ID, 9, "labour", 1, -5, -5, false}},
		{"receipt_lines_kind_check", line, []any{r.ID, 9, "beer", 1, 5, 5, false}},
		{"payments_append_only", "UPDATE payments SET amount_minor = 1", nil},
		{"payments_append_only", "DELETE FROM payments WHERE id = ?", []any{paid.Payments[0].ID}},
		{"payments_amount", payment, []any{id(), s.hq, r.ID, 0, "cash", noon, noon, ""}},
		{"payments_within_total", payment, []any{id(), s.hq, r.ID, 9901, "cash", noon, noon, ""}},
		{"payments_refund_within_paid", payment, []any{id(), s.hq, r.ID, -101, "cash", noon, noon, "x"}},
		{"payments_refund_why", payment, []any{id(), s.hq, r.ID, -1, "cash", noon, noon, ""}},
		{"payments_waiver_approved", payment, []any{id(), s.hq, r.ID, 1, "waiver", noon, noon, "x"}},
		{"payments_method_check", payment, []any{id(), s.hq, r.ID, 1, "shells", noon, noon, "x"}},
		{"invoice_requests_issued", "INSERT INTO invoice_requests (id, org_id, receipt_id, title, invoice_no, requested_at) VALUES (?, ?, ?, 'x', '1', ?)", []any{id(), s.hq, r.ID, noon}},
		{"invoice_requests_ended_why", "INSERT INTO invoice_requests (id, org_id, receipt_id, title, ended_at, requested_at) VALUES (?, ?, ?, 'x', ?, ?)", []any{id(), s.hq, r.ID, noon, noon}},
		{"invoice_requests_reversal", "INSERT INTO invoice_requests (id, org_id, receipt_id, title, reversal_no, requested_at) VALUES (?, ?, ?, 'x', '1', ?)", []any{id(), s.hq, r.ID, noon}},
		{"cash_ups_expected", "INSERT INTO cash_ups (id, org_id, engineer_id, day, expected_minor, counted_minor, actor, at) VALUES (?, ?, ?, '2026-11-21', 1, 1, 'x', ?)", []any{id(), s.hq, s.eng, noon}},
		{"cash_ups_second_person", "INSERT INTO cash_ups (id, org_id, engineer_id, by_engineer, day, expected_minor, counted_minor, actor, at) VALUES (?, ?, ?, ?, '2026-11-21', 0, 0, 'x', ?)", []any{id(), s.hq, s.eng, s.eng, noon}},
		{"cash_ups_void_why", "INSERT INTO cash_ups (id, org_id, engineer_id, day, expected_minor, counted_minor, voided_at, actor, at) VALUES (?, ?, ?, '2026-11-21', 0, 0, ?, 'x', ?)", []any{id(), s.hq, s.eng, noon, noon}},
		{"cash_ups_difference_why", "INSERT INTO cash_ups (id, org_id, engineer_id, day, expected_minor, counted_minor, actor, at) VALUES (?, ?, ?, '2026-11-21', 0, 2, 'x', ?)", []any{id(), s.hq, s.eng, noon}},
	} {
		err := s.try(func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw(x.sql, x.args...).Exec(ctx)
			return err
		})
		if got := fault.Constraint(err); got != x.name {
			t.Errorf("got %q (%v), want %s", got, err, x.name)
		}
	}
	// The serving role may not even try to change the lines of a receipt.
	if err := s.try(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE receipt_lines SET amount_minor = 0").Exec(ctx)
		return err
	}); err == nil {
		t.Error("the lines of a receipt were changed")
	}
	s.sound()
}

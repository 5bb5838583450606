package demo_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"paigong/cmd/paigong/demo"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/postgres/pgtest"
	"paigong/workorders"
)

// hangzhou is enough of the map for the company.
func hangzhou() []dispatch.RegionInput {
	in := func(code, name, parent string) dispatch.RegionInput {
		r := dispatch.RegionInput{Code: code, Name: name}
		if parent != "" {
			r.ParentCode = &parent
		}
		return r
	}
	return []dispatch.RegionInput{in("33", "浙江省", ""), in("3301", "杭州市", "33"), in("330102", "上城区", "3301"), in("330105", "拱墅区", "3301"), in("330106", "西湖区", "3301"),
		in("330108", "滨江区", "3301"), in("330109", "萧山区", "3301"), in("330110", "余杭区", "3301")}
}

// machines are the tables with a state, and the kind of their moves.
var machines = map[string]string{
	"requests": "request", "work_orders": "work_order", "quotes": "quote", "hand_overs": "hand_over", "old_parts": "old_part", "reservations": "reservation", "pickups": "pickup",
	"shortages": "shortage", "custody": "custody", "invoice_requests": "invoice_request", "follow_ups": "follow_up", "complaints": "complaint", "callbacks": "callback", "visits": "visit", "absences": "absence",
	"plans": "plan", "improvements": "improvement",
}

// unreached are states that no person's act leads to: a plan fails when the search itself does.
var unreached = []string{"plan failed"}

// At whatever time of day somebody starts it, the company is made by the rules, breaks none, and shows
// everything that can become of anything.
func TestTheCompanyKeepsItsPromises(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{
		time.Date(2026, 11, 22, 7, 40, 0, 0, zone),
		time.Date(2027, 1, 6, 11, 10, 0, 0, zone),
	} {
		t.Run(now.Format("Mon 15:04"), func(t *testing.T) {
			ctx := context.Background()
			db := pgtest.New(t)
			open := func(clock func() time.Time) *workorders.Desk {
				return workorders.New(workorders.Config{DB: db, Now: clock, BaseURL: "http://127.0.0.1:8080", SignIn: auth.Rules{AnyPassword: true}})
			}
			desk := open(func() time.Time { return now })
			began := time.Now()
			made, err := demo.Load(ctx, open, now, hangzhou())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d orders in %.1f s", made.Orders, time.Since(began).Seconds())
			results, violations, err := workorders.RunChecks(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Count != 0 {
					t.Errorf("%d rows break: %s: %s", r.Count, r.Area, r.Name)
				}
			}
			if violations != 0 || len(results) < 60 {
				t.Errorf("%d checks, %d violations", len(results), violations)
			}
			for table, kind := range machines {
				var missing []string
				err := db.NewRaw(fmt.Sprintf("SELECT DISTINCT to_state FROM lifecycle_moves WHERE kind = ? AND to_state NOT IN (SELECT state FROM %s) ORDER BY 1", table), kind).Scan(ctx, &missing)
				if err != nil {
					t.Fatal(err)
				}
				for _, state := range missing {
					if !slices.Contains(unreached, kind+" "+state) {
						t.Errorf("no %s is %s", kind, state)
					}
				}
			}
			for _, want := range []struct {
				what, sql string
				least     int
			}{
				{"orders", "SELECT count(*) FROM work_orders", 300},
				{"follow-ups due around today", "SELECT count(*) FROM follow_ups WHERE state IN ('scheduled', 'due', 'attempted') AND due_on BETWEEN ?0::date - 1 AND ?0::date + 3", 40},
				{"open complaints", "SELECT count(*) FROM complaints WHERE state <> 'closed'", 5},
				{"levels of open complaints", "SELECT count(DISTINCT level) FROM complaints WHERE state <> 'closed'", 3},
				{"parts that are short", "SELECT count(*) FROM shortages WHERE state = 'open'", 1},
				{"repeat visits", "SELECT count(*) FROM work_orders WHERE repeat_of_order IS NOT NULL", 1},
				{"devices with us", "SELECT count(*) FROM custody WHERE closed_at IS NULL", 1},
				{"orders handed over", "SELECT count(*) FROM work_orders WHERE serving_org_id <> org_id", 1},
				{"receipts paid", "SELECT count(*) FROM receipts r WHERE total_minor = (SELECT sum(amount_minor) FROM payments p WHERE p.receipt_id = r.id)", 20},
				{"receipts unpaid", "SELECT count(*) FROM receipts r WHERE total_minor > 0 AND NOT EXISTS (SELECT FROM payments p WHERE p.receipt_id = r.id)", 3},
				{"parts", "SELECT count(*) FROM parts", 60},
				{"engineers", "SELECT count(*) FROM engineers", 12},
				{"people", "SELECT count(*) FROM users", 20},
			} {
				var n int
				if err := db.NewRaw(want.sql, now).Scan(ctx, &n); err != nil {
					t.Fatal(err)
				}
				if n < want.least {
					t.Errorf("%d %s, want at least %d", n, want.what, want.least)
				}
			}
			var late int
			if err := db.NewRaw("SELECT count(*) FROM timeline WHERE at > ?", now).Scan(ctx, &late); err != nil || late > 0 {
				t.Errorf("%d lines of the story lie in the future (%v)", late, err)
			}
			if len(made.Links) < 2 {
				t.Fatalf("links %v, want a quote and an order", made.Links)
			}
			page, err := desk.Public(ctx, made.Links[0][len("/c/"):])
			if err != nil || page.Quote == nil || !slices.Contains(page.Quote.AllowedActions, "approve") {
				t.Errorf("the first link shows %+v (%v), want a quote to approve", page.Quote, err)
			}
			for _, l := range made.Logins {
				if _, err := desk.Look(ctx).People.Login(ctx, l.Login, demo.Password, auth.Door{}); err != nil {
					t.Errorf("%s cannot sign in: %v", l.Login, err)
				}
			}
		})
	}
}

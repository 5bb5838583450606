package api_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"paigong/internal/postgres/pgtest"
)

// A month's report among 100,000 finished orders of a year, through REST: what a manager waits for, and what
// it costs. pg-cpu is the processor time of the database's backends, go-cpu that of the program with its client.
func BenchmarkMonthReports(b *testing.B) {
	n := newTown(b)
	n.year(100_000)
	n.alone()
	for _, kind := range []string{"receipts", "receivables", "defects", "engineers"} {
		for _, days := range []int{30, 360} {
			b.Run(fmt.Sprintf("%s/%d days", kind, days), func(b *testing.B) {
				to := monday.AddDate(0, 0, -1)
				path := "/reports/" + kind + "?to=" + to.Format(time.DateOnly)
				if kind != "receivables" {
					path += "&from=" + to.AddDate(0, 0, 1-days).Format(time.DateOnly)
				}
				n.manager.get(path).want(200)
				server, program := n.cpu(), ownCPU()
				for b.Loop() {
					n.manager.get(path).want(200)
				}
				each := float64(b.N) * float64(time.Millisecond)
				b.ReportMetric(float64(n.cpu()-server)/each, "pg-cpu-ms/op")
				b.ReportMetric(float64(ownCPU()-program)/each, "go-cpu-ms/op")
			})
		}
	}
}

// ownCPU is the processor time this program has used.
func ownCPU() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// cpu is the processor time that the backends of this database have used, counted in hundredths of a second;
// tests of others may be at work in the same server.
func (n *town) cpu() time.Duration {
	n.t.Helper()
	var name string
	if err := n.db.NewRaw("SELECT current_database()").Scan(n.t.Context(), &name); err != nil {
		n.t.Fatal(err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		n.t.Fatal(err)
	}
	var ticks int64
	for _, path := range processes {
		title, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(title, []byte("postgres: ")) || !bytes.Contains(title, []byte(" "+name+" ")) {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
		if err != nil {
			continue // ended meanwhile
		}
		for _, field := range strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))[11:13] { // counted from the state on
			used, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				n.t.Fatal(err)
			}
			ticks += used
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// alone lets each query run in one backend from now on, so that its processor time is found there.
func (n *town) alone() {
	n.t.Helper()
	owner := pgtest.Owner(n.t, n.db)
	for _, q := range []string{"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', current_database()); END $$",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"} {
		if _, err := owner.ExecContext(n.t.Context(), q); err != nil {
			n.t.Fatal(err)
		}
	}
	for range 100 { // until the pool has noticed
		if n.manager.get("/me").status == 200 {
			return
		}
	}
}

// year fills the books with finished repairs of the year before the story, with sheet, parts, receipt,
// payment and call each.
func (n *town) year(orders int) {
	n.t.Helper()
	db := pgtest.Owner(n.t, n.db)
	tables := []string{"work_orders", "visits", "sheets", "sheet_parts", "receipts", "receipt_lines", "payments", "follow_ups", "assets"}
	sql := "SELECT set_config('app.actor', 'bench', false);"
	for _, t := range tables {
		sql += "ALTER TABLE " + t + " DISABLE TRIGGER USER;"
	}
	sql += fmt.Sprintf(`
		CREATE TEMP TABLE house AS SELECT o.id AS org, c.id AS customer, s.id AS site, p.id AS part FROM organisations o, customers c, sites s, parts p WHERE p.sku = 'P1' LIMIT 1;
		INSERT INTO codes (kind, code, name) SELECT k, 'B' || g, k || g FROM unnest(ARRAY['fault', 'cause']) k, generate_series(1, 20) g;
		CREATE TEMP TABLE crew AS SELECT g AS n, gen_random_uuid() AS id FROM generate_series(1, 50) g;
		INSERT INTO engineers (id, org_id, staff_number, name, created_at) SELECT id, org, 'R' || n, '工程师 ' || n, '2025-11-01' FROM crew, house;
		CREATE TEMP TABLE devices AS SELECT g AS n, gen_random_uuid() AS id FROM generate_series(1, 20000) g;
		INSERT INTO assets (id, org_id, customer_id, site_id, model, created_at) SELECT id, org, customer, site, 'M-' || n %% 200, '2025-01-01' FROM devices, house;
		CREATE TEMP TABLE jobs AS SELECT g AS n, gen_random_uuid() AS id, gen_random_uuid() AS visit, gen_random_uuid() AS sheet, gen_random_uuid() AS receipt,
			'2025-11-17'::timestamptz + (g * interval '1 second' * (360 * 86400.0 / %[1]d)) AS at FROM generate_series(1, %[1]d) g;
		INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, site_id, asset_id, region_code, engineer_id, engineer_org_id, finished_at, closed_at, repeat_of_order, repeat_of_sheet, created_at)
			SELECT j.id, org, org, 'Y-' || j.n, 'repair', 'closed', '空调', customer, site, d.id, 'bj-cy', c.id, org, j.at + interval '1 day', j.at + interval '5 days', NULL, NULL, j.at
			FROM jobs j JOIN devices d ON d.n = 1 + j.n %% 20000 JOIN crew c ON c.n = 1 + j.n %% 50, house;
		INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, outcome, planned, blocked, override_reason, announced_window, arrived_at, finished_at, created_at)
			SELECT visit, org, j.id, c.id, org, 'finished', 'done', tstzrange(j.at, j.at + interval '1 hour'), tstzrange(j.at, j.at + interval '1 hour'), 'bench', tstzrange(j.at, j.at + interval '2 hours'),
				j.at + j.n %% 150 * interval '1 minute', j.at + interval '1 day', j.at FROM jobs j JOIN crew c ON c.n = 1 + j.n %% 50, house;
		INSERT INTO sheets (id, org_id, order_id, visit_id, number, engineer_id, outcome, fault_code, cause_code, finished_at, no_signature_reason, work_minutes, submitted_at)
			SELECT sheet, org, j.id, visit, 'Y-' || j.n, c.id, 'done', 'B' || 1 + j.n %% 20, 'B' || 1 + j.n / 7 %% 20, j.at + interval '1 day', 'bench', 40, j.at + interval '1 day' FROM jobs j JOIN crew c ON c.n = 1 + j.n %% 50, house;
		INSERT INTO sheet_parts (id, org_id, sheet_id, no, part_id, sku, name, quantity, source, booking) SELECT gen_random_uuid(), org, sheet, 1, part, 'P1', '启动电容', 1, 'bought', 'outside' FROM jobs, house WHERE n %% 2 = 0;
		UPDATE work_orders w SET repeat_of_order = f.id, repeat_of_sheet = f.sheet FROM jobs j JOIN jobs f ON f.n = j.n - 1000 WHERE w.id = j.id AND j.n %% 25 = 0;
		INSERT INTO receipts (id, org_id, series, year, no, number, order_id, order_org_id, customer_id, engineer_id, total_minor, issued_at, actor)
			SELECT receipt, org, 'R', 2000, j.n, 'Y-' || j.n, j.id, org, customer, c.id, 15500, j.at + interval '1 day', 'bench' FROM jobs j JOIN crew c ON c.n = 1 + j.n %% 50, house;
		INSERT INTO receipt_lines (receipt_id, no, kind, description, quantity, unit_minor, amount_minor) SELECT receipt, 1, 'labour', '工时', 1, 15500, 15500 FROM jobs;
		INSERT INTO payments (id, org_id, receipt_id, amount_minor, method, paid_at, recorded_at, engineer_id, actor)
			SELECT gen_random_uuid(), org, receipt, 15500, 'cash', j.at + interval '2 days', j.at + interval '2 days', c.id, 'bench' FROM jobs j JOIN crew c ON c.n = 1 + j.n %% 50, house WHERE j.n %% 10 > 0;
		INSERT INTO receipt_balances (receipt_id, balance_minor, last_paid_at) SELECT receipt, CASE WHEN n %% 10 > 0 THEN 0 ELSE 15500 END, CASE WHEN n %% 10 > 0 THEN at + interval '2 days' END FROM jobs;
		INSERT INTO follow_ups (id, org_id, number, order_id, customer_id, kind, state, anchor_on, due_from, due_to, due_on, score_service, done_at, created_at)
			SELECT gen_random_uuid(), org, 'Y-' || n, j.id, customer, 'after_visit', 'done', at::date, at::date + 2, at::date + 3, at::date + 2, 1 + n %% 5, at + interval '3 days', at FROM jobs j, house;`, orders)
	for _, t := range tables {
		sql += "ALTER TABLE " + t + " ENABLE TRIGGER USER;"
	}
	conn, err := db.Conn(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range []string{"SET statement_timeout = 0", sql, "VACUUM ANALYZE"} {
		if _, err := conn.ExecContext(n.t.Context(), q); err != nil {
			n.t.Fatal(err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/encoding/simplifiedchinese"

	"paigong/internal/postgres/pgtest"
)

// house is a database that commands work on.
type house struct {
	t    *testing.T
	vars map[string]string
	conn *pgx.Conn
}

func newHouse(t *testing.T) *house {
	t.Helper()
	url := pgtest.URL(t)
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &house{t, map[string]string{"DATABASE_URL": url}, conn}
}

// must runs a command that has to end well and returns what it printed.
func (h *house) must(args ...string) string {
	h.t.Helper()
	status, out, errs := command(h.t, h.vars, args...)
	if status != 0 {
		h.t.Fatalf("paigong %s: status %d\n%s%s", strings.Join(args, " "), status, out, errs)
	}
	return out
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	if err := h.conn.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) file(name string, content []byte) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// takes imports a file twice: the first run says what it says, the second adds nothing.
func (h *house) takes(kind, mapping, name string, content []byte, says string) {
	h.t.Helper()
	m, f := h.file("mapping.json", []byte(mapping)), h.file(name, content)
	if out := h.must("import", kind, "--dry-run", "--mapping", m, f); out != says+"\n" {
		h.t.Errorf("the dry run of %s says %swant %s", kind, out, says)
	}
	if out := h.must("import", kind, "--mapping", m, f); out != says+"\n" {
		h.t.Errorf("%s says %swant %s", kind, out, says)
	}
	again := h.must("import", kind, "--mapping", m, f)
	if !strings.Contains(again, " 0 new, ") {
		h.t.Errorf("the second run of %s says %s", kind, again)
	}
}

func (h *house) sound() {
	h.t.Helper()
	if out := h.must("check"); !regexp.MustCompile(`(?m)^\d+ checks, 0 violations$`).MatchString(out) {
		h.t.Errorf("check says\n%s", out)
	}
}

// 2,885 real repairs: all are taken once, as the file tells them, and nothing follows from them.
func TestRepairsOfThePast(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mapping, file := "../../docs/examples/repairs.mapping.json", "../../docs/examples/RepairConnects_202507.csv"
	if out := h.must("import", "requests", "--dry-run", "--mapping", mapping, file); out != "2885 read, 2885 new, 0 unchanged, 0 rejected\n" {
		t.Errorf("dry run: %s", out)
	}
	if n := h.count("SELECT count(*) FROM work_orders"); n != 0 {
		t.Errorf("the dry run left %d orders", n)
	}
	for _, says := range []string{"2885 read, 2885 new, 0 unchanged, 0 rejected\n", "2885 read, 0 new, 2885 unchanged, 0 rejected\n"} {
		if out := h.must("import", "requests", "--mapping", mapping, file); out != says {
			t.Errorf("import: %swant %s", out, says)
		}
	}
	for _, want := range []struct {
		n         int
		what, sql string
	}{
		{1592, "fixed", "SELECT count(*) FROM work_orders WHERE origin = 'import' AND state = 'completed' AND finished_at = created_at"},
		{433, "beyond repair", "SELECT count(*) FROM work_orders WHERE state = 'cannot_complete' AND end_reason <> ''"},
		{77, "for want of parts", "SELECT count(*) FROM work_orders WHERE end_reason = 'Spare parts not available'"},
		{33, "without a reason", "SELECT count(*) FROM work_orders WHERE end_reason = 'not recorded'"},
		{860, "to be repaired", "SELECT count(*) FROM work_orders WHERE state = 'ready'"},
		{2885, "converted requests", "SELECT count(*) FROM requests WHERE origin = 'import' AND state = 'converted' AND reply_due_at IS NULL"},
		{2885, "devices without a serial number", "SELECT count(*) FROM assets WHERE serial_number IS NULL"},
		{23, "outlets", "SELECT count(*) FROM customers"},
		{4, "countries", "SELECT count(*) FROM regions"},
		{0, "unknown brands", "SELECT count(*) FROM assets WHERE lower(brand) IN ('onbekend', '?', 'geen', 'unknown')"},
		{0, "line breaks as two characters", `SELECT count(*) FROM requests WHERE description LIKE '%\\n%' OR summary LIKE '%\\r%'`},
		{327, "line breaks made", `SELECT count(*) FROM requests WHERE description LIKE E'%\n%'`},
		{0, "clocks", "SELECT count(*) FROM clocks"},
		{0, "follow-up calls", "SELECT count(*) FROM follow_ups"},
		{0, "messages", "SELECT count(*) FROM messages"},
		{1, "oldest day as written", "SELECT count(*) FROM (SELECT min(received_at AT TIME ZONE 'Europe/Brussels') AS t FROM requests) m WHERE t = '2020-05-12 00:00'"},
	} {
		if got := h.count(want.sql); got != want.n {
			t.Errorf("%d %s, want %d", got, want.what, want.n)
		}
	}
	h.sound()
	h.must("import", "regions", "--builtin", "cn")
	if out := h.must("candidates", "--source", "import", "--limit", "5"); !regexp.MustCompile(`^5 orders, .*\np50 [\d.]+ ms  p99 [\d.]+ ms  max [\d.]+ ms\n$`).MatchString(out) {
		t.Errorf("candidates says %s", out)
	}
}

func TestListsOfOtherSystems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if out := h.must("import", "regions", "--builtin", "cn"); out != "3886 read, 3886 new, 0 unchanged, 0 rejected\n" {
		t.Errorf("regions of China: %s", out)
	}
	if out := h.must("import", "regions", "--builtin", "cn"); out != "3886 read, 0 new, 3886 unchanged, 0 rejected\n" {
		t.Errorf("regions of China again: %s", out)
	}
	if n := h.count("SELECT count(*) FROM regions WHERE retired_on IS NOT NULL"); n < 500 || h.count("SELECT count(*) FROM regions WHERE code IN ('71', '81', '82') AND retired_on IS NULL") != 3 {
		t.Errorf("%d retired codes", n)
	}

	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("编号,姓名,电话,地址,区划,备注\r\nK1,王伟,139 5710 0001,文三路 1 号,330106,\"喜欢下午\r\n不要早上\"\r\nK2,李娜,0571-88001234 转 801,古墩路 2 号,330106,无\r\nK3,,13957100003,x,330106,无\r\nK4,张敏,12,y,330106,无\r\nK5,刘洋,13957100005,z,999999,无\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	customers := `{"kind": "customers", "columns": {"external_ref": "编号", "name": "姓名", "phone": "电话", "address": "地址", "region": "区划", "notes": "备注"}, "nulls": ["无"]}`
	h.takes("customers", customers, "客户.csv", gb, "5 read, 2 new, 0 unchanged, 3 rejected")
	var name, phone, notes string
	if err := h.conn.QueryRow(t.Context(), "SELECT name, phone, notes FROM customers WHERE external_ref = 'K1'").Scan(&name, &phone, &notes); err != nil || name != "王伟" || phone != "+8613957100001" || notes != "喜欢下午\n不要早上" {
		t.Errorf("K1 is %q %q %q (%v)", name, phone, notes, err)
	}

	h.takes("assets", `{"columns": {"customer": "owner", "serial_number": "sn", "brand": "brand", "category": "what", "purchased_on": "bought"}, "dates": "D.M.YYYY", "nulls": ["????"]}`, "assets.csv",
		append([]byte("\xef\xbb\xbf"), "owner,sn,brand,what,bought\nK1,S-1,北辰,洗衣机,3.2.2025\nK2,S-2,????,空调,\nK9,S-3,x,y,\nK1,S-4,x,y,31.2.2025\n"...), "4 read, 2 new, 0 unchanged, 2 rejected")
	h.takes("parts", `{"columns": {"sku": "sku", "name": "name", "price": "price", "serialised": "sn"}}`, "parts.csv", []byte("sku,name,price,sn\nP-1,排水泵,86.00,否\nP-2,压缩机,980.5,是\nP 3,x,1,否\n"), "3 read, 2 new, 0 unchanged, 1 rejected")
	if n := h.count("SELECT price_minor FROM parts WHERE sku = 'P-2'"); n != 98050 {
		t.Errorf("980.5 became %d", n)
	}
	if _, err := h.conn.Exec(t.Context(), "SELECT set_config('app.actor', 'test', false); INSERT INTO places (id, org_id, code, name, kind, created_at) SELECT gen_random_uuid(), id, 'W-1', '仓库', 'warehouse', '2026-11-01' FROM organisations", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	h.takes("stock", `{"columns": {"sku": "sku", "place": "place", "quantity": "n", "serial_numbers": "sn"}}`, "stock.csv", []byte("sku,place,n,sn\nP-1,W-1,12,\nP-2,W-1,2,C1;C2\nP-1,W-9,1,\nP-9,W-1,1,\nP-1,W-1,-3,\n"), "5 read, 2 new, 0 unchanged, 3 rejected")
	if n := h.count("SELECT sum(on_hand) FROM stock"); n != 14 {
		t.Errorf("%d pieces after two runs of the same count, want 14", n)
	}
	// A later count books the difference.
	if out := h.must("import", "stock", "--mapping", h.file("m.json", []byte(`{"columns": {"sku": "sku", "place": "place", "quantity": "n"}}`)), h.file("count.csv", []byte("sku,place,n\nP-1,W-1,9\n"))); out != "1 read, 1 new, 0 unchanged, 0 rejected\n" || h.count("SELECT sum(on_hand) FROM stock") != 11 {
		t.Errorf("a count of 9 says %s", out)
	}
	h.takes("engineers", `{"columns": {"staff_number": "no", "name": "name", "regions": "where", "lat": "lat", "lng": "lng"}}`, "engineers.csv", []byte("no,name,where,lat,lng\n101,陈建军,330106;330105,30.2,120.1\n102,何勇,330108,0,0\n103,x,nowhere,,\n"), "3 read, 2 new, 0 unchanged, 1 rejected")
	if n := h.count("SELECT count(*) FROM engineers WHERE home_lat IS NULL"); n != 1 {
		t.Errorf("%d engineers without a home, want the one at 0,0", n)
	}
	h.takes("holidays", `{"rows": "days", "columns": {"day": "date", "off": "isOffDay", "name": "name"}}`, "2028.json", []byte(`{"year": 2028, "days": [{"name": "元旦", "date": "2028-01-03", "isOffDay": true}, {"name": "元旦", "date": "2028-01-08", "isOffDay": false}]}`), "2 read, 2 new, 0 unchanged, 0 rejected")
	h.sound()
}

func TestRejectedRowsCanBeCorrected(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.file("m.json", []byte(`{"columns": {"sku": "sku", "name": "name"}}`))
	f := h.file("parts.csv", []byte("sku,name\nP-1,\"two\nlines\"\nP 2,=1+1\n\"P-3\",\"x\"y\nP-4,a,b\nP-5,last\n"))
	status, out, errs := command(t, h.vars, "import", "parts", "--mapping", m, f)
	if status != 0 || out != "5 read, 2 new, 0 unchanged, 3 rejected\n" {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	said, err := os.ReadFile(strings.TrimSuffix(f, ".csv") + ".rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"line,reason,sku,name\n", "\n4,", ",P 2,'=1+1\n", "\n5,\"cannot be read", "\n6,\"has 3 cells, the header has 2\","} {
		if !bytes.Contains(said, []byte(want)) {
			t.Errorf("the file of rejected rows lacks %q:\n%s", want, said)
		}
	}
}

func TestMappingsThatCannotBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	csv := []byte("sku,name\nP-1,x\n")
	for _, c := range []struct {
		mapping string
		content []byte
		says    string
	}{
		{`{"columns": {"sku": "sku"}}`, csv, "says nothing about name"},
		{`{"columns": {"sku": "SKU", "name": "name"}}`, csv, `from the column "SKU", which is not in the file`},
		{`{"columns": {"sku": "sku", "name": "name", "colour": "x"}}`, csv, `have no field "colour"`},
		{`{"kind": "stock", "columns": {}}`, csv, "is for stock, not for parts"},
		{`{"columns": {"sku": "sku", "name": "name"}, "surprise": 1}`, csv, "surprise"},
		{`{"columns": {"sku": "sku", "name": "name"}, "zone": "Mars"}`, csv, "zone"},
		{`{"columns": {"sku": "sku", "name": "name"}, "dates": "tomorrow"}`, csv, "write it with YYYY, MM and DD"},
		{`{"columns": {"sku": "sku", "name": "name"}, "limits": {"bytes": 9, "rows": 9, "cell": 9}}`, csv, "more than the"},
		{`{"columns": {"sku": "sku", "name": "name"}, "limits": {"bytes": 999, "rows": 1, "cell": 9}}`, []byte("sku,name\nP-1,x\nP-2,y\n"), "more than 1 rows"},
		{`{"columns": {"sku": "sku", "name": "name"}}`, nil, "is empty"},
		{`{"columns": {"sku": "sku", "name": "name"}, "encoding": "utf-8"}`, []byte("sku,name\n\xff\xff,x\n"), "is not UTF-8"},
	} {
		status, out, errs := command(t, h.vars, "import", "parts", "--mapping", h.file("m.json", []byte(c.mapping)), h.file("f.csv", c.content))
		if status != 1 || !strings.Contains(errs, c.says) {
			t.Errorf("%s: status %d, %s%swant %q", c.mapping, status, out, errs, c.says)
		}
	}
	if n := h.count("SELECT count(*) FROM parts"); n != 0 {
		t.Errorf("%d parts were taken all the same", n)
	}
}

// check fails, after it has said everything, when a promise is broken.
func TestCheckFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sound()
	if _, err := h.conn.Exec(t.Context(), fmt.Sprintf("SET session_replication_role = replica; INSERT INTO jobs (id, kind, run_at, created_at) VALUES (gen_random_uuid(), 'x', '%[1]s', '%[1]s'); INSERT INTO idempotency_keys (scope, key, route, body_sha256, at) VALUES ('x', '12345678', 'x', decode(repeat('00', 32), 'hex'), '%[1]s')", "2026-11-01"), pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	status, out, errs := command(t, h.vars, "check")
	if status != 1 || !strings.Contains(out, "     1  story: every key of a repeatable call has its answer\n") || !regexp.MustCompile(`\n\d+ checks, 1 violations\n$`).MatchString(out) || !strings.Contains(errs, "promises") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// The sample company is for this machine alone.
func TestDemoStaysAtHome(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:0", "192.0.2.1:0", ":0"} {
		status, _, errs := command(t, nil, "demo", "--data", t.TempDir(), "--listen", listen)
		if status != 1 || !strings.Contains(errs, "listen on 127.0.0.1") {
			t.Errorf("on %s: status %d, %s", listen, status, errs)
		}
	}
}

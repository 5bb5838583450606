package main

import (
	"archive/zip"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/postgres"
	"paigong/workorders"
)

// What a backup holds stands in another database afterwards, byte for byte, with its numbers going on.
func TestBackupComesBack(t *testing.T) {
	t.Parallel()
	from, to := newHouse(t), newHouse(t)
	repairs, err := os.ReadFile("../../docs/examples/RepairConnects_202507.csv")
	if err != nil {
		t.Fatal(err)
	}
	few := strings.Join(strings.SplitAfter(string(repairs), "\n")[:40], "")
	from.must("import", "requests", "--mapping", "../../docs/examples/repairs.mapping.json", from.file("few.csv", []byte(few)))
	from.must("import", "regions", "--builtin", "cn")
	folder := t.TempDir()
	first, second := filepath.Join(folder, "first.zip"), filepath.Join(folder, "second.zip")
	from.must("backup", first)
	if info, err := os.Stat(first); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the backup is %v, %v; it holds customers' data", info.Mode(), err)
	}
	if status, _, errs := command(t, from.vars, "backup", first); status == 0 || !strings.Contains(errs, "exists") {
		t.Errorf("a backup over an older one ends with %d, %s", status, errs)
	}

	whole, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	broken := []byte(strings.Clone(string(whole)))
	broken[len(broken)/3] ^= 0xff
	for what, content := range map[string][]byte{"cut off": whole[:len(whole)/2], "damaged": broken, "something else": []byte("hello")} {
		if status, _, errs := command(t, to.vars, "restore", to.file("bad.zip", content)); status == 0 {
			t.Errorf("a file that is %s was restored: %s", what, errs)
		}
	}
	if n := to.count("SELECT count(*) FROM work_orders"); n != 0 {
		t.Errorf("a bad file left %d orders", n)
	}

	if out := to.must("restore", first); !strings.Contains(out, " checks, 0 violations\n") {
		t.Errorf("restore says %s", out)
	}
	to.must("backup", second)
	if a, b := entries(t, first), entries(t, second); len(a) < 50 || len(a) != len(b) {
		t.Errorf("%d tables, then %d", len(a), len(b))
	} else {
		for name, rows := range a {
			if b[name] != rows {
				t.Errorf("%s differs after the way through a backup", name)
			}
		}
	}
	for _, numbers := range []string{"SELECT count(*) FROM pg_sequences WHERE last_value IS NOT NULL", "SELECT coalesce(sum(last_value), 0) FROM pg_sequences",
		"SELECT count(*) FROM pg_constraint WHERE contype = 'f'", "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O'"} {
		if a, b := from.count(numbers), to.count(numbers); a != b || a == 0 {
			t.Errorf("%s: %d, then %d", numbers, a, b)
		}
	}

	status, _, errs := command(t, to.vars, "restore", first)
	if status == 0 || !strings.Contains(errs, "--replace") {
		t.Errorf("restoring over somebody's data ends with %d, %s", status, errs)
	}
	to.must("restore", "--replace", first)
	if a, b := from.count("SELECT count(*) FROM work_orders"), to.count("SELECT count(*) FROM work_orders"); a != b || a == 0 {
		t.Errorf("%d orders, then %d", a, b)
	}
	to.sound()
}

// Whoever was erased stays erased when an older backup comes back: by the list of the database that is replaced, by the
// file beside it, and at the next start after somebody restored in his own way.
func TestErasedStaysErased(t *testing.T) {
	t.Parallel()
	house := newHouse(t)
	house.vars["PAIGONG_ERASURES"] = filepath.Join(t.TempDir(), "erasures.txt")
	house.must("import", "customers", "--mapping", house.file("m.json", []byte(`{"columns": {"name": "name", "phone": "phone", "external_ref": "id"}}`)),
		house.file("c.csv", []byte("id,name,phone\n1,王芳,13812345678\n2,李雷,13912345678\n")))
	old := filepath.Join(t.TempDir(), "old.zip")
	house.must("backup", old)
	here := func() int { return house.count("SELECT count(*) FROM customers WHERE name <> ''") }
	desk := func(fn func(s *postgres.Server, d *workorders.Desk)) {
		t.Helper()
		s, err := postgres.Open(t.Context(), postgres.Options{URL: house.vars["DATABASE_URL"]})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		fn(s, workorders.New(workorders.Config{DB: s.DB()}))
	}
	erase := func(name string) {
		t.Helper()
		desk(func(s *postgres.Server, d *workorders.Desk) {
			var id uuid.UUID
			if err := house.conn.QueryRow(t.Context(), "SELECT id FROM customers WHERE name = $1", name).Scan(&id); err != nil {
				t.Fatal(err)
			}
			if _, err := d.EraseCustomer(t.Context(), auth.System("test"), id); err != nil {
				t.Fatal(err)
			}
		})
	}
	erase("王芳")
	if n := here(); n != 1 {
		t.Fatalf("%d customers are left after one of two was erased", n)
	}
	if out := house.must("restore", "--replace", old); !strings.Contains(out, "erased again") || !strings.Contains(out, " 0 violations") || here() != 1 {
		t.Errorf("replacing a database by an older backup of it leaves %d customers: %s", here(), out)
	}

	erase("李雷")
	list := erasureList(house.vars["PAIGONG_ERASURES"])
	desk(func(s *postgres.Server, d *workorders.Desk) {
		if err := list.save(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	})
	known, err := list.read()
	if raw, _ := os.ReadFile(string(list)); err != nil || len(known) != 2 || strings.Contains(string(raw), "王") || strings.Contains(string(raw), "138") {
		t.Fatalf("the list holds %s (%v)", raw, err)
	}
	elsewhere := newHouse(t)
	elsewhere.vars["PAIGONG_ERASURES"] = string(list)
	if out := elsewhere.must("restore", old); strings.Count(out, "erased again") != 2 || elsewhere.count("SELECT count(*) FROM customers WHERE name <> ''") != 0 {
		t.Errorf("restoring elsewhere with the list: %s", out)
	}

	delete(elsewhere.vars, "PAIGONG_ERASURES")
	elsewhere.must("restore", "--replace", old) // knows of both by itself
	raw := newHouse(t)
	raw.must("restore", old) // as after a copy by somebody's own tools: nobody told it
	if n := raw.count("SELECT count(*) FROM customers WHERE name <> ''"); n != 2 {
		t.Fatalf("%d customers in the old backup", n)
	}
	house.vars["DATABASE_URL"], house.conn = raw.vars["DATABASE_URL"], raw.conn
	desk(func(s *postgres.Server, d *workorders.Desk) {
		if err := list.begin(t.Context(), d, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	})
	if n := here(); n != 0 {
		t.Errorf("a start with the list leaves %d customers", n)
	}
	raw.sound()

	broken := erasureList(house.file("broken.txt", []byte("yesterday, Mrs Wang\n")))
	if _, err := broken.read(); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a broken list: %v", err)
	}
}

// entries are the rows of each table of a backup.
func entries(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	out := map[string]string{}
	for _, f := range file.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name, "tables/") {
			out[f.Name] = string(rows)
		}
	}
	return out
}

package main

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"paigong/internal/postgres/pgtest"
	"paigong/workorders"
)

var (
	testName   = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]+`)
	ruleLine   = regexp.MustCompile(`(?m)^(?:\| |- )((?:C\d+(?: to C\d+)? )+)`)
	ruleSpan   = regexp.MustCompile(`C(\d+)(?: to C(\d+))?`)
	testFunc   = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	quotedName = regexp.MustCompile(`"([a-z][a-z0-9_]+)"`)
	codeName   = regexp.MustCompile("`([a-z][a-z0-9_]+)`")
)

// testsThere reads every test of the program: the names of the tests and the names that tests expect in
// quotes, which is how a test says what has to refuse.
func testsThere(t *testing.T) (tests, expected map[string]bool) {
	t.Helper()
	root := os.DirFS("../..")
	tests, expected = map[string]bool{}, map[string]bool{}
	for _, folder := range []string{"api", "cmd", "dispatch", "internal", "inventory", "templates", "workorders"} {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path.Base(name), "_test.go") {
				return err
			}
			text, err := fs.ReadFile(root, name)
			for _, found := range testFunc.FindAllStringSubmatch(string(text), -1) {
				tests[found[1]] = true
			}
			for _, found := range quotedName.FindAllStringSubmatch(string(text), -1) {
				expected[found[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tests, expected
}

// rowsOf reads the rows of a page's tables whose first cell begins with a letter and a number.
func rowsOf(t *testing.T, page, letter string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| "+letter) {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

// namesTests refuses a row that names no test, or one that is not there.
func namesTests(t *testing.T, row []string, there map[string]bool) {
	t.Helper()
	names := testName.FindAllString(strings.Join(row, " "), -1)
	if len(names) == 0 {
		t.Errorf("no test: %s", row)
	}
	for _, name := range names {
		if !there[name] {
			t.Errorf("there is no %s: %s", name, row)
		}
	}
}

// lastRule is how many rules there are.
const lastRule = 241

// The table of rules names a test for each, and each of them is there. Every rule stands once: with its test, or
// among those that are not in the program yet.
func TestEveryRuleNamesATest(t *testing.T) {
	there, _ := testsThere(t)
	rows := rowsOf(t, "rules.md", "C")
	for _, row := range rows {
		namesTests(t, row, there)
	}
	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	stands := map[int]int{}
	for _, line := range ruleLine.FindAllStringSubmatch(string(text), -1) {
		for _, span := range ruleSpan.FindAllStringSubmatch(line[1], -1) {
			first, err := strconv.Atoi(span[1])
			if err != nil {
				t.Fatal(err)
			}
			last := first
			if span[2] != "" {
				if last, err = strconv.Atoi(span[2]); err != nil {
					t.Fatal(err)
				}
			}
			for n := first; n <= last; n++ {
				stands[n]++
			}
		}
	}
	for n := 1; n <= lastRule; n++ {
		if stands[n] != 1 {
			t.Errorf("C%d stands %d times", n, stands[n])
		}
	}
	if len(rows) < 90 {
		t.Errorf("only %d rules", len(rows))
	}
}

// The table of invariants names what PostgreSQL refuses by, the test that expects that name and the line of
// `paigong check`, and each of them is there.
func TestEveryInvariantIsKept(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	there, expected := testsThere(t)
	var names []string
	err := db.NewRaw(`SELECT conname FROM pg_constraint
		UNION SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indisunique
		UNION SELECT m[1] FROM pg_proc, regexp_matches(prosrc, 'refuse\(''([a-z0-9_]+)''', 'g') m
		UNION SELECT tgname FROM pg_trigger
		UNION SELECT tgrelid::regclass || suffix FROM pg_trigger, unnest(ARRAY['_legal_move', '_identity_fixed']) suffix WHERE tgfoid = 'move_state'::regproc`).Scan(ctx, &names)
	if err != nil {
		t.Fatal(err)
	}
	lines, areas := map[string]bool{}, map[string]bool{}
	for _, c := range workorders.Checks() {
		lines[c.Area+": "+c.Name], areas[c.Area] = true, true
	}
	rows := rowsOf(t, "invariants.md", "I")
	for i, row := range rows {
		if len(row) != 5 || row[0] != fmt.Sprintf("I%d", i+1) {
			t.Errorf("row %d is %q with %d cells", i+1, row[0], len(row))
			continue
		}
		namesTests(t, row, there)
		objects := codeName.FindAllStringSubmatch(row[2], -1)
		if len(objects) == 0 && row[0] != "I11" { // days are reckoned, not stored
			t.Errorf("%s: nothing in PostgreSQL refuses it", row[0])
		}
		for _, o := range objects {
			if !slices.Contains(names, o[1]) {
				t.Errorf("%s: PostgreSQL has no %s", row[0], o[1])
			}
			if !expected[o[1]] {
				t.Errorf("%s: no test expects %s", row[0], o[1])
			}
		}
		for line := range strings.SplitSeq(row[4], ";") {
			if line = strings.TrimSpace(line); !lines[line] && !areas[line] {
				t.Errorf("%s: paigong check has no line %q", row[0], line)
			}
		}
	}
	if len(rows) < 22 {
		t.Errorf("only %d invariants", len(rows))
	}
}

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"paigong/dispatch"
	"paigong/internal/lifecycle"
	"paigong/internal/postgres"
	"paigong/internal/postgres/pgtest"
	"paigong/internal/say"
	"paigong/inventory"
	"paigong/migrations"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/depot"
)

var update = flag.Bool("update", false, "write the files that are generated from the program's tables")

const (
	movesFile = "migrations/20261121000150_lifecycle.tx.up.sql"
	movesPage = "docs/lifecycle.md"
)

// machine is one lifecycle with its types taken off.
type machine struct {
	kind   string
	states []string
	rows   []lifecycle.Row
	ends   []string // states nothing leads out of
}

func of[S ~string](t lifecycle.Table[S]) machine {
	m := machine{kind: t.Kind, rows: t.Rows()}
	for _, s := range t.States() {
		m.states = append(m.states, string(s))
		if len(t.Allowed(s)) == 0 {
			m.ends = append(m.ends, string(s))
		}
	}
	return m
}

// machines lists every lifecycle of the program in the order a job meets them.
func machines() []machine {
	return []machine{
		of(workorders.RequestMoves), of(workorders.OrderMoves), of(workorders.QuoteMoves), of(workorders.HandOverMoves),
		of(dispatch.VisitMoves), of(dispatch.AbsenceMoves), of(workorders.PlanMoves),
		of(inventory.ReservationMoves), of(inventory.PickupMoves), of(inventory.ShortageMoves), of(workorders.OldPartMoves),
		of(depot.CustodyMoves), of(billing.InvoiceMoves),
		of(aftercare.FollowUpMoves), of(aftercare.ComplaintMoves), of(aftercare.CallbackMoves), of(aftercare.ImprovementMoves),
	}
}

func allRows() (rows []lifecycle.Row) {
	for _, m := range machines() {
		rows = append(rows, m.rows...)
	}
	slices.SortFunc(rows, func(a, b lifecycle.Row) int {
		return strings.Compare(a.Kind+"\x00"+a.From+"\x00"+a.To, b.Kind+"\x00"+b.From+"\x00"+b.To)
	})
	return rows
}

func movesSQL(revision int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- repeatable, revision %d\n", revision)
	b.WriteString("-- Every move of every lifecycle, written from the tables in the program by\n-- go test ./cmd/paigong -run TestLifecycleFiles -update\n-- A database that was made with other moves learns these at the next start.\nDELETE FROM lifecycle_moves;\nINSERT INTO lifecycle_moves (kind, from_state, to_state, action) VALUES\n")
	rows := allRows()
	for i, r := range rows {
		end := ","
		if i == len(rows)-1 {
			end = ";"
		}
		fmt.Fprintf(&b, "  ('%s', '%s', '%s', '%s')%s\n", r.Kind, r.From, r.To, r.Action, end)
	}
	return b.String()
}

// stateText is how a page calls a state.
func stateText(lang, kind, state string) string {
	if kind == "work_order" {
		kind = "order"
	}
	return say.Text(lang, "state."+kind+"."+state)
}

func movesMarkdown() string {
	var b strings.Builder
	b.WriteString("# Lifecycles\n\nWhat may happen to each thing, and what leads there. Drawn from the tables in the program by\n`go test ./cmd/paigong -run TestLifecycleFiles -update`; the same tables fill `lifecycle_moves`, with which\nPostgreSQL refuses every other move, whoever asks for it. An entrance named `import` is for rows that tell\nabout a past the program did not see.\n")
	for _, m := range machines() {
		title := "lifecycle." + m.kind
		fmt.Fprintf(&b, "\n## %s · %s\n\n```mermaid\nstateDiagram-v2\n", say.Text(say.Chinese, title), say.Text(say.English, title))
		for _, s := range m.states {
			fmt.Fprintf(&b, "    %s: %s · %s\n", s, stateText(say.Chinese, m.kind, s), stateText(say.English, m.kind, s))
		}
		for _, r := range m.rows {
			from := r.From
			if from == "" || from == "import" {
				from = "[*]"
			}
			fmt.Fprintf(&b, "    %s --> %s: %s\n", from, r.To, strings.ReplaceAll(r.Action, " ", ", "))
		}
		for _, s := range m.ends {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// The migration and the drawing say what the tables say.
func TestLifecycleFiles(t *testing.T) {
	before, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(movesFile)))
	if err != nil {
		t.Fatal(err)
	}
	// A file with other moves is a later revision: an older program then knows that it is older.
	revision := 0
	if _, err := fmt.Sscanf(string(before), "-- repeatable, revision %d\n", &revision); err != nil && !*update {
		t.Errorf("%s does not name its revision: %v", movesFile, err)
	}
	if *update && string(before) != movesSQL(revision) {
		revision++
	}
	for name, want := range map[string]string{movesFile: movesSQL(revision), movesPage: movesMarkdown()} {
		file := filepath.Join("..", "..", filepath.FromSlash(name))
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s differs from the program's tables: run go test ./cmd/paigong -run TestLifecycleFiles -update", name)
		}
	}
}

// Every lifecycle and every state has a name in both languages.
func TestLifecyclesHaveNames(t *testing.T) {
	for _, m := range machines() {
		if !say.Has("lifecycle." + m.kind) {
			t.Errorf("lifecycle.%s has no text", m.kind)
		}
		for _, s := range m.states {
			for _, lang := range say.Languages() {
				if strings.HasPrefix(stateText(lang, m.kind, s), "state.") {
					t.Errorf("the state %s of %s has no name in %s", s, m.kind, lang)
				}
			}
		}
	}
}

// A state that can be entered can be reached from a birth, and every lifecycle is guarded by a trigger.
func TestLifecyclesAreWhole(t *testing.T) {
	for _, m := range machines() {
		reached := map[string]bool{}
		for again := true; again; {
			again = false
			for _, r := range m.rows {
				if (r.From == "" || r.From == "import" || reached[r.From]) && !reached[r.To] {
					reached[r.To], again = true, true
				}
			}
		}
		for _, s := range m.states {
			if !reached[s] {
				t.Errorf("nothing leads to %s of %s", s, m.kind)
			}
		}
	}
}

// A database made by an earlier version learns the moves of this one, forgets those that went, and then
// allows and refuses as the program does; a start that fails changes none of it.
func TestAnUpgradeBringsTheMoves(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	earlier, later, broken := fstest.MapFS{}, fstest.MapFS{}, fstest.MapFS{}
	names, err := fs.Glob(migrations.FS, "*.tx.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		file := &fstest.MapFile{Data: text}
		later[name], broken[name], earlier[name] = file, file, file
		if name == path.Base(movesFile) { // before revisions were counted, without a way to accept and with one that went
			was := string(text[bytes.Index(text, []byte("INSERT INTO")):])
			was = strings.Replace(was, "  ('visit', 'dispatched', 'accepted', 'accept'),\n", "  ('visit', 'dispatched', 'flown', 'fly'),\n", 1)
			earlier[name] = &fstest.MapFile{Data: []byte(was)}
		}
	}
	broken["99990101000000_broken.tx.up.sql"] = &fstest.MapFile{Data: []byte("SELECT 1/0")}
	s, err := postgres.Open(ctx, postgres.Options{URL: pgtest.EmptyURL(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	moves := func() (moves []string) {
		t.Helper()
		if err := s.DB().NewRaw("SELECT to_state FROM lifecycle_moves WHERE kind = 'visit' AND from_state = 'dispatched' AND to_state IN ('accepted', 'flown')").Scan(ctx, &moves); err != nil {
			t.Fatal(err)
		}
		return moves
	}
	for _, start := range []struct {
		files fs.FS
		fails bool
		want  string
	}{{earlier, false, "[flown]"}, {broken, true, "[flown]"}, {later, false, "[accepted]"}, {later, false, "[accepted]"}} {
		if _, err := s.Migrate(ctx, start.files); (err != nil) != start.fails {
			t.Fatal(err)
		}
		if got := fmt.Sprint(moves()); got != start.want {
			t.Errorf("a dispatched visit may become %s, want %s", got, start.want)
		}
	}
	var all int
	if err := s.DB().NewRaw("SELECT count(*) FROM lifecycle_moves").Scan(ctx, &all); err != nil || all != len(allRows()) {
		t.Errorf("%d moves after the upgrade, want %d: %v", all, len(allRows()), err)
	}
	var name, role string
	if err := s.DB().NewRaw("SELECT current_user, (SELECT name FROM migrations WHERE revision > 0)").Scan(ctx, &role, &name); err != nil || role != postgres.AppRole || name != path.Base(movesFile) {
		t.Errorf("as %s the repeatable file is %q: %v", role, name, err)
	}
}

// A migrated database holds exactly the program's moves, and guards each kind with them.
func TestDatabaseKnowsTheLifecycles(t *testing.T) {
	db := pgtest.New(t)
	ctx := context.Background()
	var stored []lifecycle.Row
	if err := db.NewRaw(`SELECT kind, from_state AS "from", to_state AS "to", action FROM lifecycle_moves`).Scan(ctx, &stored); err != nil {
		t.Fatal(err)
	}
	want := allRows()
	for _, r := range want {
		if !slices.Contains(stored, r) {
			t.Errorf("the database lacks %v", r)
		}
	}
	for _, r := range stored {
		if !slices.Contains(want, r) {
			t.Errorf("the database allows %v, the program does not", r)
		}
	}
	var guarded []string
	if err := db.NewRaw(`SELECT DISTINCT convert_from(substring(tgargs FROM 1 FOR length(tgargs) - 1), 'UTF8')
		FROM pg_trigger WHERE tgfoid = 'move_state'::regproc`).Scan(ctx, &guarded); err != nil {
		t.Fatal(err)
	}
	for _, m := range machines() {
		if !slices.Contains(guarded, m.kind) {
			t.Errorf("no trigger guards the moves of %s", m.kind)
		}
	}
	if len(guarded) != len(machines()) {
		t.Errorf("%d kinds are guarded, %d exist: %v", len(guarded), len(machines()), guarded)
	}
}

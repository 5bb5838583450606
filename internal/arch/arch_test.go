package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// source is one Go file of the module.
type source struct {
	pkg, file string
	test      bool
	tree      *ast.File
	set       *token.FileSet
}

func (s source) where(at token.Pos) string {
	return fmt.Sprintf("%s:%d", path.Join(s.pkg, s.file), s.set.Position(at).Line)
}

func sources(t *testing.T) (all []source) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{path.Dir(name), path.Base(name), strings.HasSuffix(name, "_test.go"), tree, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found: the test looks in the wrong place", len(all))
	}
	return all
}

func TestLayers(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, imp := range s.tree.Imports {
			imported, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, broken := range Check(s.pkg, s.file, imported) {
				t.Error(broken)
			}
		}
	}
}

// Each rule catches what it is for, and lets pass what it must.
func TestPlantedImports(t *testing.T) {
	for _, planted := range []struct{ pkg, file, imported, says string }{
		{"inventory", "stock.go", "paigong/workorders", "level 2 may import only what is lower"},
		{"dispatch", "visit.go", "paigong/workorders", "level 3 may import only what is lower"},
		{"workorders", "order.go", "paigong/api", "level 4 may import only what is lower"},
		{"workorders/billing", "quote.go", "paigong/inventory", "do not import sideways"},
		{"internal/auth", "login.go", "paigong/internal/jobs", "do not import sideways"},
		{"templates", "board.go", "paigong/templates/pdf", "do not import sideways"},
		{"internal/fault", "fault.go", "paigong/internal/money", "level -1 may import only what is lower"},
		{"inventory", "stock.go", "paigong/internal/surprise", "has no level"},
		{"surprise", "surprise.go", "fmt", "has no level"},
		{"workorders", "order.go", "github.com/labstack/echo/v4", "only api/... may"},
		{"templates", "page.go", "github.com/danielgtaylor/huma/v2", "only api/... may"},
		{"api", "papers.go", "github.com/go-pdf/fpdf", "only templates/pdf may"},
		{"workorders", "reminders.go", "github.com/robfig/cron/v3", "only internal/jobs may"},
		{"workorders", "mail.go", "github.com/wneessen/go-mail", "only internal/notify may"},
		{"workorders", "order.go", "github.com/uptrace/bun", "SQL is written in store files only"},
		{"api", "orders.go", "github.com/uptrace/bun/dialect/pgdialect", "SQL is written in store files only"},
		{"workorders", "order.go", "github.com/jackc/pgx/v5", "SQL is written in store files only"},
		{"inventory", "stock.go", "database/sql", "SQL is written in store files only"},
		{"dispatch", "visit_store.go", "paigong/internal/postgres", "only cmd/paigong may"},
		{"cmd/paigong/demo", "demo.go", "paigong/internal/postgres", "only cmd/paigong may"},
		{"api", "api.go", "paigong/internal/postgres/pgtest", "only tests may"},
		{"cmd/torture", "phone.go", "paigong/internal/browsertest", "only tests may"},
		{"workorders", "fake.go", "testing", "only internal/postgres/pgtest, internal/browsertest may"},
		{"api", "shot.go", "github.com/chromedp/chromedp", "only cmd/torture may"},
		{"api", "flags.go", "github.com/alecthomas/kong", "only cmd/paigong may"},
		{"dispatch/planner", "plan.go", "context", "may not know context"},
		{"dispatch/planner", "plan.go", "database/sql/driver", "may not know database"},
		{"dispatch/planner", "plan_store.go", "github.com/uptrace/bun", "may not know github.com/uptrace/bun"},
		{"cmd/paigong/demo", "demo_store.go", "github.com/uptrace/bun", "may not know github.com/uptrace/bun"},
		{"cmd/torture", "main.go", "paigong/workorders", "may not know paigong"},

		{"api", "orders.go", "paigong/workorders", ""},
		{"api", "api.go", "github.com/labstack/echo/v4/middleware", ""},
		{"api/pages", "board.go", "github.com/labstack/echo/v4", ""},
		{"workorders", "desk.go", "github.com/uptrace/bun", ""},
		{"workorders", "desk.go", "paigong/inventory", ""},
		{"workorders", "desk.go", "paigong/workorders/billing", ""},
		{"inventory", "ledger.go", "github.com/uptrace/bun", ""},
		{"dispatch", "board.go", "database/sql", ""},
		{"dispatch", "board.go", "paigong/dispatch/planner", ""},
		{"dispatch", "visit_store.go", "github.com/jackc/pgx/v5", ""},
		{"internal/calendar", "date.go", "database/sql/driver", ""},
		{"internal/money", "fen.go", "paigong/internal/fault", ""},
		{"internal/jobs", "runner.go", "github.com/robfig/cron/v3", ""},
		{"cmd/paigong", "app.go", "paigong/internal/postgres", ""},
		{"cmd/paigong", "demo.go", "paigong/cmd/paigong/demo", ""},
		{"cmd/paigong/demo", "demo.go", "paigong/workorders", ""},
		{"cmd/torture", "main.go", "github.com/jackc/pgx/v5", ""},
		{"internal/postgres", "prepared.go", "database/sql", ""},
	} {
		broken := strings.Join(Check(planted.pkg, planted.file, planted.imported), "\n")
		name := path.Join(planted.pkg, planted.file)
		switch {
		case planted.says == "" && broken != "":
			t.Errorf("refused what is right: %s", broken)
		case planted.says != "" && !strings.Contains(broken, planted.says):
			t.Errorf("%s imports %s: %q does not say %q", name, planted.imported, broken, planted.says)
		case planted.says != "" && !strings.Contains(broken, name+" imports "+planted.imported):
			t.Errorf("%q names not the file and the import", broken)
		}
	}
}

// The program's clock is the only clock of facts: a simulated year must be replayable.
// PostgreSQL's clock serves leases and locks alone.
func TestSQLNeverAsksTheClock(t *testing.T) {
	exceptions := []struct{ file, line, because string }{
		{"migrations/20261121000900_services.tx.up.sql", "current_setting('app.now', true)", "the account of a change made by hand, where no program says the time"},
		{"internal/jobs/queue_store.go", "lease_until", "leases are measured by one clock, whoever holds them"},
		{"internal/notify/outbox_store.go", "lease_until", "leases are measured by one clock, whoever holds them"},
	}
	check := func(file string, number int, line string) {
		if !asksClock(line) {
			return
		}
		for _, e := range exceptions {
			if e.file == file && strings.Contains(line, e.line) {
				return
			}
		}
		t.Errorf("%s:%d asks PostgreSQL's clock; pass the time in: %s", file, number, strings.TrimSpace(line))
	}
	files, err := filepath.Glob(filepath.Join(root, "migrations", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			check("migrations/"+filepath.Base(file), i+1, line)
		}
	}
	for _, s := range sources(t) {
		if s.test || !slices.ContainsFunc(stores, func(p string) bool { return isAt(s.pkg, s.file, "", p) }) {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				for i, line := range strings.Split(text.Value, "\n") {
					check(path.Join(s.pkg, s.file), s.set.Position(text.Pos()).Line+i, line)
				}
			}
			return true
		})
	}
}

var clocks = regexp.MustCompile(`(?i)\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)|\b(current_timestamp|current_date|current_time|localtime|localtimestamp)\b`)

func asksClock(sql string) bool {
	code, _, _ := strings.Cut(sql, "--")
	return clocks.MatchString(code)
}

func TestClockIsRecognised(t *testing.T) {
	for sql, asks := range map[string]bool{
		"at timestamptz DEFAULT now()":      true,
		"WHERE due < NOW ( )":               true,
		"SELECT current_date":               true,
		"SELECT clock_timestamp()":          true,
		"at timestamptz NOT NULL":           false,
		"known(x)":                          false,
		"knownow(x)":                        false,
		"-- never now()":                    false,
		"current_datestyle":                 false,
		"SELECT current_setting('app.now')": false,
	} {
		if asksClock(sql) != asks {
			t.Errorf("%q: asks the clock = %v, want %v", sql, !asks, asks)
		}
	}
}

// A test that skips is a test that did not run; only a missing browser is an excuse.
func TestNothingSkips(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, call.Sel.Name) {
				return true
			}
			receiver, ok := call.X.(*ast.Ident)
			if ok && slices.Contains([]string{"t", "tb", "b", "f"}, receiver.Name) && s.file != "browsertest.go" {
				t.Errorf("%s skips; only internal/browsertest may, without a browser", s.where(call.Pos()))
			}
			return true
		})
	}
}

// Names say what a dispatcher would say; these say nothing.
func TestNamesMeanSomething(t *testing.T) {
	empty := regexp.MustCompile(`(Manager|Helper|Helpers|Util|Utils|Impl)$`)
	for _, s := range sources(t) {
		for _, decl := range s.tree.Decls {
			switch d := decl.(type) {
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if named, ok := spec.(*ast.TypeSpec); ok && empty.MatchString(named.Name.Name) {
						t.Errorf("%s: the name %s says nothing", s.where(named.Pos()), named.Name.Name)
					}
				}
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s: no init(); say in cmd/paigong/app.go what happens at the start", s.where(d.Pos()))
				}
			}
		}
	}
}

func TestTopFolder(t *testing.T) {
	allowed := strings.Fields("cmd api dispatch inventory workorders templates migrations internal docs .ci .git LICENSE NOTICE .gitignore README.md go.mod go.sum")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(allowed, entry.Name()) {
			t.Errorf("%s does not belong at the top of the repository", entry.Name())
		}
	}
}

// Package arch keeps the shape of the program: who may import whom, where SQL may be
// written, what the top folder holds. Its test reads the source of the whole module, so
// `go test ./...` refuses a layout that docs/architecture.md does not describe.
//
//	7  cmd/paigong, cmd/paigong/demo     the only importers of internal/postgres
//	6  api                               the only importer of the web framework
//	5  templates, templates/pdf          templates/pdf the only importer of fpdf
//	4  workorders                        the story over the three ledgers; above it workorders/importing
//	3  dispatch
//	2  inventory, dispatch/planner, workorders/{customers,billing,aftercare,depot,knowledge,kpi}
//	1  internal/{auth,audit,jobs,notify,files,postgres,roads}
//	0  internal/{money,geo,calendar,say,lifecycle,keyset}, migrations; below them internal/fault
//
// A package imports lower ones only: never its own level, never upwards.
package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the prefix of the program's own packages.
const module = "paigong/"

// level of each package. internal/fault lies below everything, because everything refuses.
var levels = map[string]float64{
	"cmd/paigong":          7.5,
	"cmd/paigong/demo":     7,
	"api":                  6,
	"api/pages":            6.5,
	"templates":            5,
	"templates/pdf":        5,
	"workorders":           4,
	"workorders/importing": 4.5,
	"dispatch":             3,
	"inventory":            2,
	"dispatch/planner":     2,
	"workorders/customers": 2,
	"workorders/billing":   2,
	"workorders/aftercare": 2,
	"workorders/depot":     2,
	"workorders/knowledge": 2,
	"workorders/kpi":       2,
	"internal/auth":        1,
	"internal/audit":       1,
	"internal/jobs":        1,
	"internal/notify":      1,
	"internal/files":       1,
	"internal/postgres":    1,
	"internal/roads":       1,
	"internal/money":       0,
	"internal/geo":         0,
	"internal/calendar":    0,
	"internal/say":         0,
	"internal/lifecycle":   0,
	"internal/keyset":      0,
	"migrations":           0,
	"internal/fault":       -1,
	"cmd/torture":          0, // imports nothing of the program
	"internal/arch":        0,
}

// A keptTo rule names the only places where something may be imported. A place is a
// package, a package with "/..." for everything below, or a file-name pattern "*_store.go".
type keptTo struct {
	imported string // a package and everything below it
	places   []string
	because  string
}

// stores are the files that hold SQL.
var stores = []string{"desk.go", "ledger.go", "board.go", "*_store.go"}

var kept = []keptTo{
	{"github.com/labstack/echo", []string{"api/..."}, "handlers stay free of the web framework, so that it can be replaced in one place"},
	{"github.com/danielgtaylor/huma", []string{"api/..."}, "only the API is described by it"},
	{"github.com/go-pdf/fpdf", []string{"templates/pdf"}, "papers are drawn in one place"},
	{"github.com/robfig/cron", []string{"internal/jobs"}, "one clock starts the recurring work"},
	{"github.com/wneessen/go-mail", []string{"internal/notify"}, "messages leave through one door"},
	{"github.com/uptrace/bun", append([]string{"internal/postgres"}, stores...), "SQL is written in store files only"},
	{"github.com/jackc/pgx", append([]string{"internal/postgres", "internal/fault", "cmd/torture"}, stores...), "SQL is written in store files only"},
	{"database/sql", append([]string{"internal/postgres", "internal/fault", "cmd/torture", "database/sql/driver"}, stores...), "SQL is written in store files only"},
	{"github.com/fergusstrange/embedded-postgres", []string{"internal/postgres"}, "one package finds PostgreSQL"},
	{"github.com/alecthomas/kong", []string{"cmd/paigong"}, "the command line is the program's"},
	{module + "internal/postgres", []string{"cmd/paigong"}, "everything else is handed a connection"},
	{module + "internal/postgres/pgtest", nil, "it is for tests"},
	{module + "internal/browsertest", nil, "it is for tests"},
	{"testing", testTools, "test code stays out of the program"},
	{"github.com/chromedp", []string{"cmd/torture"}, "the browser is for tests and attacks"},
}

// testTools are for tests alone, and like tests they are not bound by these rules.
var testTools = []string{"internal/postgres/pgtest", "internal/browsertest"}

// banned lists what a package may not import at all.
var banned = map[string][]string{
	"dispatch/planner": {"database", "context", "net", "os", "github.com/uptrace/bun", "github.com/jackc/pgx", "crypto/rand", "math/rand"},
	"cmd/paigong/demo": {"github.com/uptrace/bun", "github.com/jackc/pgx", "database/sql"},
	"cmd/torture":      {strings.TrimSuffix(module, "/")},
}

// within reports whether an import is a package or lies below it; versions count as the
// same (".../v4").
func within(imported, root string) bool {
	return imported == root || strings.HasPrefix(imported, root+"/")
}

// Check returns one sentence for each rule that an import of a file breaks. Package and
// file are relative to the module's folder.
func Check(pkg, file, imported string) (broken []string) {
	say := func(format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s imports %s: ", path.Join(pkg, file), imported)+fmt.Sprintf(format, args...))
	}
	if slices.Contains(testTools, pkg) {
		return nil
	}
	level, known := levels[pkg]
	if !known {
		say("the package %s has no level in internal/arch; give it one", pkg)
	}
	if own, ok := strings.CutPrefix(imported, module); ok && known {
		switch other, known := levels[own]; {
		case slices.Contains(testTools, own): // kept to tests below
		case !known:
			say("the package %s has no level in internal/arch; give it one", own)
		case other == level:
			say("both are of level %v, and levels do not import sideways", level)
		case other > level:
			say("level %v may import only what is lower, and %s is of level %v", level, own, other)
		}
	}
	for _, rule := range kept {
		if !within(imported, rule.imported) || slices.ContainsFunc(rule.places, func(place string) bool { return isAt(pkg, file, imported, place) }) {
			continue
		}
		// The narrower rule speaks for what lies below a wider one.
		if slices.ContainsFunc(kept, func(other keptTo) bool {
			return len(other.imported) > len(rule.imported) && within(imported, other.imported)
		}) {
			continue
		}
		if len(rule.places) == 0 {
			say("only tests may; %s", rule.because)
			continue
		}
		say("only %s may; %s", strings.Join(rule.places, ", "), rule.because)
	}
	for _, ban := range banned[pkg] {
		if within(imported, ban) {
			say("%s may not know %s", pkg, ban)
		}
	}
	return broken
}

func isAt(pkg, file, imported, place string) bool {
	if imported == place { // an import that the rule leaves free
		return true
	}
	if root, below := strings.CutSuffix(place, "/..."); below {
		return within(pkg, root)
	}
	if strings.HasSuffix(place, ".go") {
		fits, _ := path.Match(place, file)
		return fits
	}
	return pkg == place
}

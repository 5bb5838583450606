// Package pgtest gives each test a migrated PostgreSQL database of its own.
//
//	db := pgtest.New(t)
//
// All test programs of a `go test ./...` run share one private server, found or fetched by
// the same code as the product's. Its files lie in memory where there is room and nothing
// is flushed; it ends by itself some seconds after the last test program has gone, killed
// ones included. Migrations run once into a template, named after their checksum; a test
// gets a copy, which is dropped when it passes, and kept and named when it fails.
//
// Without PostgreSQL a test fails. It never skips.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"paigong/internal/postgres"
	"paigong/migrations"
)

const (
	// linger bridges the pauses between the packages of one run.
	linger = 8 * time.Second
	// A database per parallel test times this must stay below the server's 600 connections.
	maxConns = 24
)

// shared is this test program's hold on the server; the kernel lets go of it at the end.
var shared = sync.OnceValues(start)

type server struct {
	private  *postgres.Private
	folder   string
	template string
}

// New returns a fresh, migrated database, connected as paigong_app, the role that serves.
func New(t testing.TB) *bun.DB {
	t.Helper()
	return open(t, URL(t), true)
}

// Owner connects to the same database as the owner of its tables, for tests that plant what
// the serving role may not write.
func Owner(t testing.TB, db *bun.DB) *bun.DB {
	t.Helper()
	return open(t, URLOf(t, db), false)
}

// URL returns the owner's connection string of a fresh, migrated database, for tests that
// start the whole program on it.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s.create(t, s.template)
}

// EmptyURL is URL without the migrations.
func EmptyURL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s.create(t, "template0")
}

// URLOf returns the owner's connection string of a database that New returned.
func URLOf(t testing.TB, db *bun.DB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	var name string
	if err := db.QueryRowContext(context.Background(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s.private.URL(name)
}

// Freeze copies a database as it stands into a template for NewFrom, and ends every connection to it: the test that
// filled it goes on with a copy like all others. The template lives as long as this test program.
func Freeze(t testing.TB, db *bun.DB) (template string) {
	t.Helper()
	ctx := context.Background()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	var name string
	if err := db.QueryRowContext(ctx, "SELECT current_database()").Scan(&name); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	admin, err := pgx.Connect(ctx, s.private.URL("postgres"))
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	defer func() { _ = admin.Close(ctx) }()
	if err := s.thaw(ctx, admin); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	template = fmt.Sprintf("frozen_%d_%s", os.Getpid(), strings.ToLower(rand.Text()[:8]))
	for _, sql := range []string{
		"ALTER DATABASE " + name + " ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '" + name + "'",
		"CREATE DATABASE " + template + " TEMPLATE " + name + " STRATEGY FILE_COPY",
	} {
		if _, err := admin.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatalf("PostgreSQL for tests: %s: %v", sql, err)
		}
	}
	return template
}

// NewFrom is New with a copy of a template that Freeze made.
func NewFrom(t testing.TB, template string) *bun.DB {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return open(t, s.create(t, template), true)
}

// thaw drops the templates of test programs that have ended.
func (s *server) thaw(ctx context.Context, admin *pgx.Conn) error {
	rows, err := admin.Query(ctx, `SELECT datname, split_part(datname, '_', 2)::int FROM pg_database WHERE datname ~ '^frozen_[0-9]+_'`)
	if err != nil {
		return err
	}
	type frozen struct {
		Name string
		PID  int
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[frozen])
	if err != nil {
		return err
	}
	for _, f := range all {
		if syscall.Kill(f.PID, 0) == nil {
			continue
		}
		if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{f.Name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

func open(t testing.TB, url string, asApp bool) *bun.DB {
	t.Helper()
	if _, measured := t.(*testing.B); !measured {
		// A test's connections live for some hundred statements: planning one of them five times over, as
		// PostgreSQL does before it trusts a plan for all arguments, would not pay.
		url += "&plan_cache_mode=force_generic_plan"
	}
	s, err := postgres.Open(context.Background(), postgres.Options{URL: url, MaxConns: maxConns, AsOwner: !asApp})
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	if asApp && s.RoleNote != "" {
		t.Fatalf("PostgreSQL for tests: %s", s.RoleNote)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.DB()
}

func (s *server) create(t testing.TB, template string) string {
	t.Helper()
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, s.private.URL("postgres"))
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	defer func() { _ = admin.Close(ctx) }()
	name := "test_" + plain(t.Name()) + "_" + strings.ToLower(rand.Text()[:8])
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("database %s is kept until the next run of the tests; after the server has ended start it again with: postgres -D %s", name, filepath.Join(s.folder, "postgres", "cluster"))
			return
		}
		admin, err := pgx.Connect(ctx, s.private.URL("postgres"))
		if err == nil {
			_, err = admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			_ = admin.Close(ctx)
		}
		if err != nil {
			t.Logf("database %s is left behind: %v", name, err)
		}
	})
	return s.private.URL(name)
}

// plain makes a test's name fit for a database's, which has 63 bytes.
func plain(test string) string {
	test = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(test))
	return strings.Trim(test[:min(len(test), 44)], "_")
}

func start() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if bench := flag.Lookup("test.bench"); bench == nil || bench.Value.String() == "" {
		debug.SetGCPercent(400) // a quarter of a test's processor time went into collecting what its end frees anyway
	}
	s := &server{folder: folder()}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.private, err = postgres.StartPrivate(ctx, postgres.PrivateOptions{Data: s.folder, Throwaway: true, Linger: linger}); err != nil {
		return nil, err
	}
	if s.template, err = s.build(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// folder lies in memory when there is room for some hundred databases.
func folder() string {
	base := os.TempDir()
	var memory syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &memory); err == nil && uint64(memory.Bsize)*memory.Bavail > 2<<30 {
		base = "/dev/shm"
	}
	return filepath.Join(base, fmt.Sprintf("paigong-test-%d", os.Getuid()))
}

// build makes the template of these migrations unless an earlier test program has.
func (s *server) build(ctx context.Context) (string, error) {
	sum, err := checksum(migrations.FS)
	if err != nil {
		return "", err
	}
	name := "template_" + sum
	admin, err := pgx.Connect(ctx, s.private.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	exec := func(conn *pgx.Conn, sql string) {
		if err == nil {
			_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
		}
	}
	// The lock is on the connection: test programs starting together build in turn.
	exec(admin, "SELECT pg_advisory_lock(1)")
	var there bool
	if err == nil {
		err = admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	}
	if err != nil || there {
		return name, err
	}
	if err := s.sweep(ctx, admin); err != nil {
		return "", err
	}
	draft := "draft_" + sum
	exec(admin, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)")
	exec(admin, "CREATE DATABASE "+draft)
	if err != nil {
		return "", err
	}
	db, err := postgres.Open(ctx, postgres.Options{URL: s.private.URL(draft), MaxConns: 1})
	if err != nil {
		return "", err
	}
	_, err = db.Migrate(ctx, migrations.FS)
	_ = db.Close()
	exec(admin, "ALTER DATABASE "+draft+" RENAME TO "+name)
	return name, err
}

// sweep drops what earlier runs left: databases of failed tests that nobody is connected
// to, and templates of older migrations.
func (s *server) sweep(ctx context.Context, admin *pgx.Conn) error {
	rows, err := admin.Query(ctx, `
		SELECT datname FROM pg_database d
		 WHERE (datname LIKE 'test\_%' OR datname LIKE 'draft\_%' OR datname LIKE 'template\_%' AND NOT datistemplate)
		   AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
		 ORDER BY oid DESC OFFSET 30`)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}

func checksum(files fs.FS) (string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

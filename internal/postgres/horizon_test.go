//go:build unix

package postgres

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"paigong/migrations"
)

// Readers of events wait for whoever still writes into this database, in a prepared transaction too, and for
// nobody who writes into another one.
func TestHorizonIsOfThisDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	private, err := StartPrivate(ctx, PrivateOptions{Data: filepath.Join(t.TempDir(), "data"), Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = private.Close() })
	connect := func(database string) *pgx.Conn {
		t.Helper()
		url, err := private.database(ctx, database)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(ctx) })
		return conn
	}
	exec := func(c *pgx.Conn, sql string) {
		t.Helper()
		if _, err := c.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	owner := connect("ours")
	if _, err := Migrate(ctx, owner, migrations.FS); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, Options{URL: private.URL("ours"), MaxConns: 2}) // the serving role may know no more than anybody
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(ctx, migrations.FS); err != nil {
		t.Fatal(err)
	}
	// passed reports whether a transaction that has just ended may be read.
	passed := func() (yes bool) {
		t.Helper()
		var now string
		if err := owner.QueryRow(ctx, "SELECT pg_current_xact_id()::text").Scan(&now); err != nil {
			t.Fatal(err)
		}
		if err := s.Pool().QueryRow(ctx, "SELECT $1::text::xid8 < writers_horizon()", now).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		return yes
	}
	const write = "BEGIN; CREATE TABLE mine (n int)"
	for _, c := range []struct {
		what, where, begin, end string
		passes                  bool
	}{
		{"nobody writes", "ours", "SELECT 1", "SELECT 1", true},
		{"another database is written", "theirs", write, "ROLLBACK", true},
		{"another database has a prepared transaction", "theirs", write + "; PREPARE TRANSACTION 'theirs'", "ROLLBACK PREPARED 'theirs'", true},
		{"a copy of ours is read", "ours", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM events", "COMMIT", true},
		{"ours is written", "ours", write, "ROLLBACK", false},
		{"ours has a prepared transaction", "ours", write + "; PREPARE TRANSACTION 'ours'", "ROLLBACK PREPARED 'ours'", false},
		{"nobody writes any more", "ours", "SELECT 1", "SELECT 1", true},
	} {
		writer := connect(c.where)
		exec(writer, c.begin)
		if got := passed(); got != c.passes {
			t.Errorf("while %s, what was committed can be read: %v, want %v", c.what, got, c.passes)
		}
		exec(writer, c.end)
	}
}

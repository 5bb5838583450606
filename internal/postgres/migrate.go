package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// migrateLock is the advisory lock that makes programs starting at once migrate in turn.
const migrateLock = 0x7061_6967_6f6e_67 // "paigong"

// Migrate brings the database to the newest schema in files and returns the names of the
// files it applied.
//
// Everything pending runs in ONE transaction together with its bookkeeping rows, behind an
// advisory lock that PostgreSQL frees by itself when the connection is lost. So an upgrade
// happens wholly or not at all, a crash leaves nothing to repair, and a broken file fails
// again at the next start instead of being taken for done.
//
// A file is applied once and never edited, except one whose first line says
// "-- repeatable, revision N": it holds a table that the program dictates, states it whole, and
// is applied again, in its place in the order, whenever its content differs from what was applied.
//
// It refuses a database that knows migrations or a revision this program does not (the database
// is newer) and a file that was edited after it had been applied. conn must belong to the tables'
// owner.
func Migrate(ctx context.Context, conn *pgx.Conn, files fs.FS) (applied []string, err error) {
	names, err := fs.Glob(files, "*.tx.up.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)

	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()

	// The lock waits as long as somebody else's migration needs.
	if err := run(ctx, tx, "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"+
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(migrateLock))); err != nil {
		return nil, fmt.Errorf("migrate: wait for other programs: %w", err)
	}
	if err := run(ctx, tx, `CREATE TABLE IF NOT EXISTS migrations (
		name       text PRIMARY KEY,
		sha256     text NOT NULL,
		applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
		ALTER TABLE migrations ADD COLUMN IF NOT EXISTS revision int NOT NULL DEFAULT 0`); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	done, err := appliedMigrations(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	for name := range done {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("migrate: the database has %s, which this program does not know: it was written by a newer version. Start that version, or restore a backup made before it", name)
		}
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		print, revision := hex.EncodeToString(sum[:]), revisionOf(text)
		if before, ok := done[name]; ok {
			switch {
			case before.sha256 == print:
				continue
			case before.revision > revision:
				return nil, fmt.Errorf("migrate: the database has revision %d of %s, this program has %d: it was written by a newer version. Start that version, or restore a backup made before it", before.revision, name, revision)
			case revision == 0:
				return nil, fmt.Errorf("migrate: %s was changed after it had been applied to this database, which another build of the program made: start that build. Who writes migrations puts a change into a new file", name)
			}
		}
		if err := apply(ctx, tx, name, string(text)); err != nil {
			return nil, err
		}
		if err := run(ctx, tx, fmt.Sprintf(`INSERT INTO migrations (name, sha256, revision) VALUES ('%s', '%s', %d)
			ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, revision = excluded.revision, applied_at = clock_timestamp()`, strings.ReplaceAll(name, "'", "''"), print, revision)); err != nil {
			return nil, fmt.Errorf("migrate: record %s: %w", name, err)
		}
		applied = append(applied, name)
	}
	if err := grantToApp(ctx, tx, len(applied) > 0); err != nil {
		return nil, fmt.Errorf("migrate: rights of paigong_app: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}

// apply runs one file and everything it deferred, so that an error names its file.
func apply(ctx context.Context, tx pgx.Tx, name, text string) error {
	err := run(ctx, tx, text)
	if err == nil {
		err = run(ctx, tx, "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
	}
	if err == nil && tx.Conn().PgConn().TxStatus() != 'T' {
		err = errors.New("the file ends the transaction; leave out COMMIT and ROLLBACK")
	}
	if err == nil {
		return nil
	}
	where := name
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Position > 0 {
		head := []rune(text)[:min(int(refused.Position), len([]rune(text)))]
		where = fmt.Sprintf("%s:%d", name, 1+strings.Count(string(head), "\n"))
	}
	return fmt.Errorf("migrate: %s: %w; nothing was changed", where, err)
}

// grantToApp gives the serving role its rights: after a change, and when the role has
// appeared since the last run.
func grantToApp(ctx context.Context, tx pgx.Tx, changed bool) error {
	var defined, missing bool
	err := tx.QueryRow(ctx, `
		SELECT to_regprocedure('grant_to_app()') IS NOT NULL,
		       EXISTS (SELECT FROM pg_roles WHERE rolname = 'paigong_app'
		               AND NOT has_table_privilege(oid, 'migrations', 'SELECT'))`,
		pgx.QueryExecModeSimpleProtocol).Scan(&defined, &missing)
	if err != nil || !defined || !(changed || missing) {
		return err
	}
	return run(ctx, tx, "SELECT grant_to_app()")
}

// migration is what the database remembers of a file.
type migration struct {
	sha256   string
	revision int // 0 = a file that is applied once
}

func appliedMigrations(ctx context.Context, tx pgx.Tx) (map[string]migration, error) {
	rows, err := tx.Query(ctx, "SELECT name, sha256, revision FROM migrations", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	done := map[string]migration{}
	var name string
	var m migration
	_, err = pgx.ForEachRow(rows, []any{&name, &m.sha256, &m.revision}, func() error { done[name] = m; return nil })
	return done, err
}

var repeatable = regexp.MustCompile(`^-- repeatable, revision ([1-9][0-9]{0,8})\n`)

// revisionOf reads a file's first line; 0 = it is applied once.
func revisionOf(text []byte) int {
	found := repeatable.FindSubmatch(text)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(found[1]))
	return n
}

// run sends text as it is; it may hold several statements.
func run(ctx context.Context, tx pgx.Tx, text string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, text).ReadAll()
	return err
}

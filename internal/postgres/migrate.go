package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
// It refuses a database that knows migrations this program does not (the database is newer)
// and a file that was edited after it had been applied. conn must belong to the tables' owner.
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
		applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`); err != nil {
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
		print := hex.EncodeToString(sum[:])
		if before, ok := done[name]; ok {
			if before != print {
				return nil, fmt.Errorf("migrate: %s was changed after it had been applied to this database; put the change into a new file", name)
			}
			continue
		}
		if err := apply(ctx, tx, name, string(text)); err != nil {
			return nil, err
		}
		if err := run(ctx, tx, fmt.Sprintf("INSERT INTO migrations (name, sha256) VALUES ('%s', '%s')", strings.ReplaceAll(name, "'", "''"), print)); err != nil {
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

func appliedMigrations(ctx context.Context, tx pgx.Tx) (map[string]string, error) {
	rows, err := tx.Query(ctx, "SELECT name, sha256 FROM migrations", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	done := map[string]string{}
	var name, sum string
	_, err = pgx.ForEachRow(rows, []any{&name, &sum}, func() error { done[name] = sum; return nil })
	return done, err
}

// run sends text as it is; it may hold several statements.
func run(ctx context.Context, tx pgx.Tx, text string) error {
	_, err := tx.Conn().PgConn().Exec(ctx, text).ReadAll()
	return err
}

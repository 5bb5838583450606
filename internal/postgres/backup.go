package postgres

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// backupFormat is the number of the file's layout; a reader refuses one it does not know.
const backupFormat = 1

// BackupSummary says what a backup holds. It is the entry manifest.json of the file and written last, so that a
// file that was cut off has none.
type BackupSummary struct {
	Format     int              `json:"format"`
	TakenAt    time.Time        `json:"taken_at"` // by the clock of the one who asked
	Migrations []string         `json:"migrations"`
	Tables     []BackupTable    `json:"tables"`
	Sequences  map[string]int64 `json:"sequences"` // last number given; absent = none yet
	Rows       int64            `json:"rows"`      // over all tables
}

// BackupTable is one table of a backup; its rows are the entry tables/NAME, as COPY writes them as text.
type BackupTable struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
}

func (t BackupTable) entry() string { return "tables/" + t.Name }

// copyText is COPY's text of this table, in the direction given: "TO STDOUT" or "FROM STDIN".
func (t BackupTable) copyText(direction string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pgx.Identifier{c}.Sanitize()
	}
	return fmt.Sprintf("COPY %s (%s) %s", pgx.Identifier{t.Name}.Sanitize(), strings.Join(columns, ", "), direction)
}

// plainText makes values read the same on any server.
const plainText = "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL client_encoding = 'UTF8'; " +
	"SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"

// Backup writes every row to w as a zip file, all of one instant, while programs go on working. It needs no tool
// of PostgreSQL's, so it works wherever the program does, and a backup of one PostgreSQL version can be
// restored on another. Conn must belong to the tables' owner.
func Backup(ctx context.Context, conn *pgx.Conn, w io.Writer, at time.Time) (BackupSummary, error) {
	sum := BackupSummary{Format: backupFormat, TakenAt: at.UTC(), Sequences: map[string]int64{}}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := run(ctx, tx, plainText); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	if sum.Tables, err = backupTables(ctx, tx); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	done, err := appliedMigrations(ctx, tx)
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	for name := range done {
		sum.Migrations = append(sum.Migrations, name)
	}
	slices.Sort(sum.Migrations)
	out := zip.NewWriter(w)
	for i := range sum.Tables {
		t := &sum.Tables[i]
		entry, err := out.Create(t.entry())
		if err != nil {
			return sum, fmt.Errorf("backup: %w", err)
		}
		tag, err := conn.PgConn().CopyTo(ctx, entry, t.copyText("TO STDOUT"))
		if err != nil {
			return sum, fmt.Errorf("backup: %s: %w", t.Name, err)
		}
		t.Rows = tag.RowsAffected()
		sum.Rows += t.Rows
	}
	// Sequences do not stand still in a snapshot: read last, they are never behind the rows.
	rows, err := tx.Query(ctx, "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	var name string
	var last int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &last}, func() error { sum.Sequences[name] = last; return nil }); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	manifest, err := out.Create("manifest.json")
	if err == nil {
		err = json.NewEncoder(manifest).Encode(sum)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	return sum, nil
}

// backupTables are the tables of the schema with the columns that are stored, not computed.
func backupTables(ctx context.Context, tx pgx.Tx) ([]BackupTable, error) {
	rows, err := tx.Query(ctx, `SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	var out []BackupTable
	var t BackupTable
	_, err = pgx.ForEachRow(rows, []any{&t.Name, &t.Columns}, func() error {
		out = append(out, BackupTable{Name: t.Name, Columns: slices.Clone(t.Columns)})
		return nil
	})
	return out, err
}

// OpenBackup reads a backup's summary and every byte of the file once, so that a damaged file is found before
// anything is changed.
func OpenBackup(file *zip.Reader) (BackupSummary, error) {
	var sum BackupSummary
	manifest, err := file.Open("manifest.json")
	if err != nil {
		return sum, fmt.Errorf("this is not a backup of paigong, or it was cut off: %w", err)
	}
	defer func() { _ = manifest.Close() }()
	if err := json.NewDecoder(manifest).Decode(&sum); err != nil {
		return sum, fmt.Errorf("manifest.json: %w", err)
	}
	if sum.Format != backupFormat {
		return sum, fmt.Errorf("the file has format %d, this program reads %d: restore it with the version that wrote it", sum.Format, backupFormat)
	}
	for _, t := range sum.Tables {
		entry, err := file.Open(t.entry())
		if err != nil {
			return sum, err
		}
		_, err = io.Copy(io.Discard, entry)
		if err = errors.Join(err, entry.Close()); err != nil {
			return sum, fmt.Errorf("%s is damaged: %w", t.entry(), err)
		}
	}
	return sum, nil
}

// Only are those of files that a list names, as a database knew them.
type only struct {
	fs.FS
	names []string
}

// Open refuses a file that the list does not name.
func (o only) Open(name string) (fs.File, error) {
	if name != "." && !slices.Contains(o.names, path.Base(name)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

// Glob finds what the list names.
func (o only) Glob(pattern string) ([]string, error) {
	all, err := fs.Glob(o.FS, pattern)
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(o.names, name) }), err
}

// Restore fills a database that has no schema yet from a backup and brings it to the newest schema in files.
// The rows go in as they were: no trigger fires, while every check, unique key and exclusion is PostgreSQL's to
// refuse, and every reference is checked again at the end. All rows go in or none. Conn must belong to the
// future owner of the tables.
func Restore(ctx context.Context, conn *pgx.Conn, files fs.FS, file *zip.Reader, sum BackupSummary) error {
	known, err := fs.Glob(files, "*.tx.up.sql")
	if err != nil {
		return err
	}
	for _, name := range sum.Migrations {
		if !slices.Contains(known, name) {
			return fmt.Errorf("restore: the backup has %s, which this program does not know: a newer version wrote it. Restore it with that version", name)
		}
	}
	if _, err := Migrate(ctx, conn, only{files, sum.Migrations}); err != nil {
		return err
	}
	if err := restoreRows(ctx, conn, file, sum); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	_, err = Migrate(ctx, conn, files)
	return err
}

func restoreRows(ctx context.Context, conn *pgx.Conn, file *zip.Reader, sum BackupSummary) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := run(ctx, tx, plainText); err != nil {
		return err
	}
	here, err := backupTables(ctx, tx)
	if err != nil {
		return err
	}
	names := make([]string, len(here))
	for i, t := range here {
		names[i] = pgx.Identifier{t.Name}.Sanitize()
	}
	references, err := texts(ctx, tx, `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, conname`)
	if err != nil {
		return err
	}
	// References point in circles and triggers would write what the backup brings: both wait until the rows are in.
	drop, err := texts(ctx, tx, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
		FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	var before, after []string
	for _, name := range names {
		before = append(before, "ALTER TABLE "+name+" DISABLE TRIGGER USER")
		after = append(after, "ALTER TABLE "+name+" ENABLE TRIGGER USER")
	}
	before = append(append(before, drop...), "TRUNCATE "+strings.Join(names, ", "))
	if err := run(ctx, tx, strings.Join(before, ";\n")); err != nil {
		return err
	}
	for _, t := range sum.Tables {
		entry, err := file.Open(t.entry())
		if err != nil {
			return err
		}
		tag, err := conn.PgConn().CopyFrom(ctx, entry, t.copyText("FROM STDIN"))
		if err = errors.Join(err, entry.Close()); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		if tag.RowsAffected() != t.Rows {
			return fmt.Errorf("%s: %d rows of %d", t.Name, tag.RowsAffected(), t.Rows)
		}
	}
	for name, last := range sum.Sequences {
		name = pgx.Identifier{name}.Sanitize()
		// Series of numbers are made when their year begins, not by a migration.
		after = append(after, "CREATE SEQUENCE IF NOT EXISTS "+name, fmt.Sprintf("SELECT setval(%s, %d)", quoted(name), last))
	}
	after = append(after, "SELECT grant_to_app()")
	if err := run(ctx, tx, strings.Join(append(references, after...), ";\n")); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func texts(ctx context.Context, tx pgx.Tx, query string) ([]string, error) {
	rows, err := tx.Query(ctx, query, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

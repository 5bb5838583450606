package main

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paigong/internal/postgres"
	"paigong/migrations"
	"paigong/workorders"
)

type backupCmd struct {
	File string `arg:"" placeholder:"FILE" help:"Where to; must not exist yet. It holds customers' names and numbers: keep it as you keep those."`
}

// Run writes everything to the file, whole or not at all, while the program may go on working.
func (b *backupCmd) Run(g *Globals) (err error) {
	if _, err := os.Stat(b.File); err == nil {
		return fmt.Errorf("%s exists: name a file that does not, so that no older backup is lost", b.File)
	}
	s, _, err := g.existing()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	owner, err := s.Owner(g.Context)
	if err != nil {
		return err
	}
	defer func() { _ = owner.Close(context.WithoutCancel(g.Context)) }()
	part, err := os.CreateTemp(filepath.Dir(b.File), filepath.Base(b.File)+".*.part") // readable by its owner alone
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }()
	sum, err := postgres.Backup(g.Context, owner, part, time.Now())
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), b.File); err != nil {
		return err
	}
	_, err = fmt.Fprintf(g.Out, "%s: %d tables, %d rows\n", b.File, len(sum.Tables), sum.Rows)
	return err
}

type restoreCmd struct {
	File    string `arg:"" placeholder:"FILE" help:"A file that 'paigong backup' wrote."`
	Replace bool   `help:"Throw away what the database holds now. End the programs that work on it first."`
}

// Run reads the whole file before it touches anything, fills the database and counts the promises of the data.
func (r *restoreCmd) Run(g *Globals) (err error) {
	file, err := zip.OpenReader(r.File)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	defer func() { _ = file.Close() }()
	sum, err := postgres.OpenBackup(&file.Reader)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	c, err := g.config()
	if err != nil {
		return err
	}
	s, err := postgres.Open(g.Context, postgres.Options{URL: c.DatabaseURL, Data: c.Data, Log: c.Log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if !r.Replace {
		held, err := rowsHeld(g.Context, s)
		if err != nil {
			return err
		}
		if held > 0 {
			return fmt.Errorf("the database holds an organisation's data already: restore into an empty one (--data NEW_FOLDER or another DATABASE_URL), or throw it away with --replace")
		}
	}
	gone, err := erasureList(c.Erasures).read()
	if err != nil {
		return err
	}
	if err := erasedHere(g.Context, s, gone); err != nil {
		return err
	}
	if err := emptyDatabase(g.Context, s); err != nil {
		return err
	}
	owner, err := s.Owner(g.Context)
	if err != nil {
		return err
	}
	defer func() { _ = owner.Close(context.WithoutCancel(g.Context)) }()
	if err := postgres.Restore(g.Context, owner, migrations.FS, &file.Reader, sum); err != nil {
		return err
	}
	s.Pool().Reset()
	again, err := eraseAgain(g.Context, workorders.New(workorders.Config{DB: s.DB(), Now: c.Now, Log: c.Log}), inOrder(gone))
	if err != nil {
		return fmt.Errorf("the backup is restored, but whoever was erased since is not yet erased again: %w; start 'paigong' with the same --erasures to do so", err)
	}
	for id, open := range again {
		if _, err := fmt.Fprintf(g.Out, "customer %s was erased after this backup and is erased again; still open with him here: %s\n", id, cmp.Or(strings.Join(open, ", "), "nothing")); err != nil {
			return err
		}
	}
	results, violations, err := workorders.RunChecks(g.Context, s.DB())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(g.Out, "%d tables, %d rows of %s restored\n%d checks, %d violations\n", len(sum.Tables), sum.Rows, sum.TakenAt.Format(time.RFC3339), len(results), violations)
	if err == nil && violations > 0 {
		err = errViolations
	}
	return err
}

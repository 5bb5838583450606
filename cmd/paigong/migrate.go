package main

import (
	"context"
	"fmt"

	"paigong/internal/postgres"
	"paigong/migrations"
)

// database opens the database that the settings name, on the newest schema.
func (g *Globals) database() (*postgres.Server, Config, error) {
	c, err := g.config()
	if err != nil {
		return nil, c, err
	}
	s, _, err := openDatabase(g.Context, c)
	return s, c, err
}

// existing is database for what only reads: a folder that holds none was mistyped, and an empty database made
// in it would answer that all is well.
func (g *Globals) existing() (*postgres.Server, Config, error) {
	c, err := g.config()
	if err != nil {
		return nil, c, err
	}
	if c.DatabaseURL == "" && !postgres.Exists(c.Data) {
		return nil, c, fmt.Errorf("there is no database in %s: name its folder with --data, or its address with DATABASE_URL", c.Data)
	}
	return g.database()
}

// openDatabase finds or starts the database, migrates it and returns what was applied.
func openDatabase(ctx context.Context, c Config) (*postgres.Server, []string, error) {
	s, err := postgres.Open(ctx, postgres.Options{URL: c.DatabaseURL, Data: c.Data, Log: c.Log})
	if err != nil {
		return nil, nil, err
	}
	applied, err := s.Migrate(ctx, migrations.FS)
	if err != nil {
		_ = s.Close()
		return nil, nil, err
	}
	return s, applied, nil
}

type migrateCmd struct{}

// Run names each file it applied.
func (*migrateCmd) Run(g *Globals) error {
	c, err := g.config()
	if err != nil {
		return err
	}
	s, applied, err := openDatabase(g.Context, c)
	if err != nil {
		return err
	}
	for _, name := range applied {
		_, _ = fmt.Fprintln(g.Out, name)
	}
	_, _ = fmt.Fprintf(g.Out, "%d applied, the database is up to date\n", len(applied))
	return s.Close()
}

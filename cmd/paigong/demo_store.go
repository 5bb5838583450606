package main

import (
	"context"
	"fmt"

	"paigong/internal/postgres"
)

// emptyDatabase throws everything away. It waits some seconds for whoever works on it.
func emptyDatabase(ctx context.Context, s *postgres.Server) error {
	owner, err := s.Owner(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = owner.Close(context.WithoutCancel(ctx)) }()
	if _, err := owner.PgConn().Exec(ctx, "SET lock_timeout = '10s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public").ReadAll(); err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	return nil
}

// hurry spares the disk, and the planner, which may take joins as they are written among so few rows and plans
// for all arguments at once, while the sample company is made: what a power cut loses is made again, since the
// note that it is complete is written last. calm ends that; its own commit brings everything before
// it to the disk.
func hurry(ctx context.Context, s *postgres.Server) (calm func(context.Context) error, err error) {
	set := func(ctx context.Context, commands ...string) error {
		owner, err := s.Owner(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = owner.Close(context.WithoutCancel(ctx)) }()
		for _, command := range commands {
			if _, err := owner.PgConn().Exec(ctx, command).ReadAll(); err != nil {
				return fmt.Errorf("sample company: %w", err)
			}
		}
		s.Pool().Reset() // new connections take the setting
		return nil
	}
	if err := set(ctx, inThisDatabase("SET synchronous_commit = off"), inThisDatabase("SET join_collapse_limit = 1"), inThisDatabase("SET plan_cache_mode = force_generic_plan")); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return set(ctx, inThisDatabase("RESET synchronous_commit"), inThisDatabase("RESET join_collapse_limit"), inThisDatabase("RESET plan_cache_mode"), "SET synchronous_commit = on", "ANALYZE")
	}, nil
}

func inThisDatabase(what string) string {
	return "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I " + what + "', current_database()); END $$"
}

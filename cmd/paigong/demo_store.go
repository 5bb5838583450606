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

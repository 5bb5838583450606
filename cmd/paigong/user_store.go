package main

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/postgres"
)

// changePeople runs fn in one transaction that the account of changes ascribes to the
// command line.
func changePeople(ctx context.Context, s *postgres.Server, now func() time.Time, fn func(context.Context, *auth.Directory) error) error {
	people := auth.New(s.DB(), now, auth.Rules{})
	err := s.DB().RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, operator().Actor(), now()); err != nil {
			return fmt.Errorf("command line: %w", err)
		}
		return fn(ctx, people.In(tx))
	})
	return fault.FromSQL(err)
}

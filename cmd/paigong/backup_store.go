package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"paigong/internal/postgres"
)

// rowsHeld is how many organisations a database knows; 0 also where there is no schema yet.
func rowsHeld(ctx context.Context, s *postgres.Server) (n int, err error) {
	owner, err := s.Owner(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, owner.Close(context.WithoutCancel(ctx))) }()
	var there bool
	if err := owner.QueryRow(ctx, "SELECT to_regclass('public.organisations') IS NOT NULL", pgx.QueryExecModeSimpleProtocol).Scan(&there); err != nil || !there {
		return 0, err
	}
	err = owner.QueryRow(ctx, "SELECT count(*) FROM organisations", pgx.QueryExecModeSimpleProtocol).Scan(&n)
	return n, err
}

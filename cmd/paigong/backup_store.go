package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
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

// erasedHere adds to the list whom the database that is about to be replaced knows as erased, whatever its version.
func erasedHere(ctx context.Context, s *postgres.Server, list map[uuid.UUID]time.Time) (err error) {
	owner, err := s.Owner(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, owner.Close(context.WithoutCancel(ctx))) }()
	var there bool
	if err := owner.QueryRow(ctx, "SELECT to_regclass('public.customers') IS NOT NULL", pgx.QueryExecModeSimpleProtocol).Scan(&there); err != nil || !there {
		return err
	}
	rows, err := owner.Query(ctx, "SELECT id::text, erased_at FROM customers WHERE erased_at IS NOT NULL", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("who was erased: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var at time.Time
		if err := rows.Scan(&id, &at); err != nil {
			return fmt.Errorf("who was erased: %w", err)
		}
		list[uuid.FromStringOrNil(id)] = at
	}
	return rows.Err()
}

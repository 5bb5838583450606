package fault

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestWhatPostgresRefusesInWordsForPeople(t *testing.T) {
	refused := net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name    string
		err     error
		kind    Kind // "" = comes back unchanged
		code    string
		says    string
		allowed []string
		again   bool
	}{
		{name: "nothing wrong", err: nil},
		{name: "a slot taken", err: &pgconn.PgError{Code: "23P01", ConstraintName: "diary_no_overlap"},
			kind: Conflict, code: "diary_no_overlap", says: "the engineer is already taken at that time: choose another slot or another engineer"},
		{name: "an order that is ready cannot be completed", err: &pgconn.PgError{Code: "23514", ConstraintName: "work_orders_legal_move",
			Message: `work_order may not go from "ready" to "completed"`, Detail: "assigned,cancelled,on_hold"},
			kind: Conflict, code: "work_orders_legal_move", says: `work_order may not go from "ready" to "completed"`, allowed: []string{"assigned", "cancelled", "on_hold"}},
		{name: "an ended order cannot move at all", err: &pgconn.PgError{Code: "23514", ConstraintName: "work_orders_legal_move", Message: "no"},
			kind: Conflict, code: "work_orders_legal_move", says: "no"},
		{name: "a named check", err: &pgconn.PgError{Code: "23514", ConstraintName: "work_orders_paid_needs_yes", Message: `new row for relation "work_orders" violates check constraint "work_orders_paid_needs_yes"`},
			kind: Conflict, code: "work_orders_paid_needs_yes", says: "the records do not allow this now: look again"},
		{name: "a value outside its list", err: &pgconn.PgError{Code: "23514", ConstraintName: "visits_mode_check", Message: `new row for relation "visits" violates check constraint "visits_mode_check"`},
			kind: Invalid, code: "visits_mode_check", says: "a value is not one of those possible: correct the input"},
		{name: "another organisation's customer", err: &pgconn.PgError{Code: "23503", ConstraintName: "work_orders_of_customer", Detail: "Key (customer_id, org_id) is not present in table"},
			kind: Invalid, code: "work_orders_of_customer", says: "what this refers to does not exist here: correct the reference"},
		{name: "a part in use", err: &pgconn.PgError{Code: "23503", ConstraintName: "moves_part_id_fkey", Detail: "Key (id) is still referenced from table"},
			kind: Conflict, code: "moves_part_id_fkey", says: "other records still refer to this: settle those first"},
		{name: "wrapped on its way", err: fmt.Errorf("add user: %w", &pgconn.PgError{Code: "23505", ConstraintName: "users_login"}),
			kind: Conflict, code: "users_login", says: "this login is taken: choose another"},
		{name: "deadlock", err: &pgconn.PgError{Code: "40P01"}, kind: Conflict, code: "busy", says: "somebody else is changing the same thing: try again in a moment", again: true},
		{name: "serialisation", err: &pgconn.PgError{Code: "40001"}, kind: Conflict, code: "busy", says: "somebody else is changing the same thing: try again in a moment", again: true},
		{name: "lock timeout", err: &pgconn.PgError{Code: "55P03"}, kind: Conflict, code: "busy", says: "somebody else is changing the same thing: try again in a moment", again: true},
		{name: "statement timeout", err: &pgconn.PgError{Code: "57014"}, kind: Conflict, code: "busy", says: "somebody else is changing the same thing: try again in a moment"},
		{name: "server shutting down", err: &pgconn.PgError{Code: "57P01"}, kind: Unavailable, code: "database_unavailable", says: "the database is away for a moment: try again shortly"},
		{name: "no room left", err: &pgconn.PgError{Code: "53100"}, kind: Unavailable, code: "disk_full", says: "the disk of the database is full and nothing was written: tell whoever runs the program to make room, then try again"},
		{name: "nobody listens", err: fmt.Errorf("begin: %w", &refused), kind: Unavailable, code: "database_unavailable", says: "the database is away for a moment: try again shortly"},
		{name: "a quantity beyond all numbers", err: &pgconn.PgError{Code: "22003"}, kind: Invalid, code: "out_of_range", says: "a number or a time is too large: correct it"},
		{name: "a write without an actor is our mistake", err: &pgconn.PgError{Code: "23514", ConstraintName: "audit_log_actor"}},
		{name: "wrong SQL is our mistake", err: &pgconn.PgError{Code: "42601"}},
		{name: "no row", err: sql.ErrNoRows},
		{name: "a fault already", err: New(NotFound, "x", "y"), kind: NotFound, code: "x", says: "y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := FromSQL(c.err)
			if !errors.Is(got, c.err) {
				t.Errorf("%v lost its cause", got)
			}
			if Retryable(got) != c.again {
				t.Errorf("Retryable = %v", !c.again)
			}
			f := As(got)
			if c.kind == "" {
				if got != c.err {
					t.Fatalf("became %v", got)
				}
				return
			}
			if f == nil || f.Kind != c.kind || f.Code != c.code || f.Message != c.says || !slices.Equal(f.Allowed, c.allowed) {
				t.Fatalf("%+v", f)
			}
			if f.Kind == Unavailable && f.RetryAfter <= 0 {
				t.Error("does not say when to come back")
			}
		})
	}
}

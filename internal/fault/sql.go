package fault

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// refusal is PostgreSQL's no in words for people, with the original underneath for the log and Retryable.
type refusal struct {
	fault *Error
	cause error
}

func (r refusal) Error() string   { return r.fault.Error() }
func (r refusal) Unwrap() []error { return []error{r.fault, r.cause} }

// ours are constraints that only a mistake in the program can violate: they stay internal errors.
var ours = map[string]bool{
	"audit_log_actor":           true, // a write without app.actor
	"idempotency_keys_answered": true, // a key committed without its answer
}

type reading struct {
	kind     Kind
	sentence string
}

// readings are the constraints whose plain reading by SQLSTATE would not say enough. A constraint that is
// not listed keeps its name as the code and gets the general sentence of its SQLSTATE.
var readings = map[string]reading{
	"diary_no_overlap":           {Conflict, "the engineer is already taken at that time: choose another slot or another engineer"},
	"shifts_no_overlap":          {Conflict, "the engineer already has a shift at that time: change that one"},
	"visits_one_open_per_order":  {Conflict, "the order already has an open visit: finish, reschedule or cancel that one"},
	"visits_inside_shift":        {Conflict, "the visit lies outside the engineer's shifts: choose another slot or give a reason"},
	"visits_shift_as_seen":       {Conflict, "a visit is booked into this shift: move the visit first"},
	"stock_not_below_zero":       {Conflict, "there are not that many pieces here: count again or choose another place"},
	"stock_reserved_within":      {Conflict, "not enough pieces are free here: others are promised already"},
	"reservations_one_held":      {Conflict, "this part is already reserved for the order here"},
	"organisations_code":         {Conflict, "this organisation code is taken: choose another"},
	"organisations_one_head":     {Conflict, "there is a head office already: give the organisation a parent"},
	"organisations_no_cycle":     {Conflict, "an organisation cannot stand below itself"},
	"organisations_head_is_root": {Invalid, "only the head office has no parent: name the parent of the organisation"},
	"users_login":                {Conflict, "this login is taken: choose another"},
	"users_engineer":             {Invalid, "there is no such engineer in this organisation"},
	"user_roles_role":            {Invalid, "there is no such role"},
	"files_one_owner":            {Conflict, "a file belongs to one record only: send it again for the other"},
}

// FromSQL turns what PostgreSQL refused into a fault whose code is the name of the constraint. A refused
// move of a lifecycle lists the states that were allowed. Losing a race for a lock is a Conflict, a
// database that is away is Unavailable. Errors that no caller can act on come back unchanged.
func FromSQL(err error) error {
	if err == nil || As(err) != nil {
		return err
	}
	pg := postgres(err)
	switch {
	case pg != nil && pg.Code == "53100":
		return refusal{New(Unavailable, "disk_full", "the disk of the database is full and nothing was written: tell whoever runs the program to make room, then try again").After(10 * time.Second), err}
	case away(err, pg):
		return refusal{New(Unavailable, "database_unavailable", "the database is away for a moment: try again shortly").After(2 * time.Second), err}
	case pg == nil:
		return err
	}
	switch pg.Code {
	case "40001", "40P01", "55P03", "57014":
		return refusal{New(Conflict, "busy", "somebody else is changing the same thing: try again in a moment").After(time.Second), err}
	case "22003", "22008":
		return refusal{New(Invalid, "out_of_range", "a number or a time is too large: correct it"), err}
	}
	if pg.ConstraintName == "" || ours[pg.ConstraintName] {
		return err
	}
	read, listed := readings[pg.ConstraintName]
	if !listed {
		read = byState(pg)
	}
	if read.kind == "" {
		return err
	}
	f := New(read.kind, pg.ConstraintName, "%s", read.sentence)
	f.Args = nil // the sentence is whole; the catalogue's text of the code takes no arguments
	if pg.Code == "23514" && strings.HasSuffix(pg.ConstraintName, "_legal_move") && pg.Detail != "" {
		f.Allow(strings.Split(pg.Detail, ",")...)
	}
	return refusal{f, err}
}

func byState(pg *pgconn.PgError) reading {
	switch pg.Code {
	case "23505":
		return reading{Conflict, "this exists already: use the one there is"}
	case "23P01":
		return reading{Conflict, "this overlaps with what is already there: choose another time"}
	case "23503":
		if strings.Contains(pg.Detail, "is still referenced") {
			return reading{Conflict, "other records still refer to this: settle those first"}
		}
		return reading{Invalid, "what this refers to does not exist here: correct the reference"}
	case "23514":
		switch {
		case !strings.Contains(pg.Message, "violates check constraint"):
			return reading{Conflict, pg.Message} // raised by a trigger, whose words are for people
		case strings.HasSuffix(pg.ConstraintName, "_check"):
			return reading{Invalid, "a value is not one of those possible: correct the input"}
		}
		return reading{Conflict, "the records do not allow this now: look again"}
	}
	return reading{}
}

func postgres(err error) *pgconn.PgError {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg
	}
	return nil
}

// away recognises a server that is stopping, starting, full, or not there.
func away(err error, pg *pgconn.PgError) bool {
	if pg != nil {
		switch pg.Code {
		case "57P01", "57P02", "57P03", "53200", "53300":
			return true
		}
		return strings.HasPrefix(pg.Code, "08")
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Retryable reports whether the whole transaction may be tried again at once with a chance to succeed:
// a serialisation failure, a deadlock, or a lock that was not free in time.
func Retryable(err error) bool {
	pg := postgres(err)
	return pg != nil && (pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "55P03")
}

// Constraint is the name of the constraint that refused, or "".
func Constraint(err error) string {
	if pg := postgres(err); pg != nil {
		return pg.ConstraintName
	}
	return ""
}

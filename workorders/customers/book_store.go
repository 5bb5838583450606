package customers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Book is the customer file. In puts it into a transaction; methods that write expect to be inside one.
type Book struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the book.
func New(db bun.IDB, now func() time.Time) Book { return Book{db, now} }

// In is the same book inside a transaction.
func (b Book) In(tx bun.IDB) Book { b.db = tx; return b }

// at is now as PostgreSQL will keep it.
func (b Book) at() time.Time { return b.now().UTC().Truncate(time.Microsecond) }

// clauses grows a WHERE with its arguments.
type clauses struct {
	where []string
	args  []any
}

func (c *clauses) and(condition string, args ...any) {
	c.where = append(c.where, condition)
	c.args = append(c.args, args...)
}

func (c *clauses) String() string { return " WHERE " + strings.Join(c.where, " AND ") }

// set grows the SET of an UPDATE with its arguments.
type set struct {
	terms []string
	args  []any
}

func (s *set) to(column string, value any) {
	s.terms = append(s.terms, column+" = ?")
	s.args = append(s.args, value)
}

// change updates one row and says whether the version asked for was still there. Nothing to set is no change.
func (b Book) change(ctx context.Context, table string, id uuid.UUID, match int, s set) error {
	if len(s.terms) == 0 && match == 0 {
		return nil
	}
	what := strings.TrimSuffix(table, "s")
	var version int
	if err := b.db.NewRaw("SELECT version FROM ? WHERE id = ? FOR NO KEY UPDATE", bun.Ident(table), id).Scan(ctx, &version); err != nil {
		return fmt.Errorf("change %s %s: %w", what, id, fault.FromSQL(err))
	}
	if match != 0 && match != version {
		return stale(what, version)
	}
	if len(s.terms) == 0 {
		return nil
	}
	if _, err := b.db.NewRaw("UPDATE "+table+" SET "+strings.Join(s.terms, ", ")+" WHERE id = ?", append(s.args, id)...).Exec(ctx); err != nil {
		return fmt.Errorf("change %s %s: %w", what, id, fault.FromSQL(err))
	}
	return nil
}

// see limits rows to customers in sight. customer and org are the columns that hold the two.
func (c *clauses) see(s auth.Scope, customer, org string) error {
	if err := s.Check(); err != nil {
		return err
	}
	seen := s.Reach("EXISTS (SELECT 1 FROM visits v JOIN work_orders w ON w.id = v.order_id WHERE v.engineer_id = :me AND w.customer_id = "+customer+
		" AND v.state NOT IN ('proposed', 'cancelled', 'declined'))", org)
	if !s.All() && s.Engineer() == nil {
		seen = "(" + seen + " OR EXISTS (SELECT 1 FROM work_orders w WHERE w.customer_id = " + customer + " AND " + s.SQL("w.serving_org_id") + "))"
	}
	c.and(seen)
	return nil
}

package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// IfVersion runs an act on one row of a table, in one transaction, and takes it back as stale when the caller
// named a version and the row had another before. The row is locked first, so nobody changes it in between.
// What the act itself refuses, such as a row out of sight, is refused first: a version tells nobody that a row
// exists. column and key find the row.
func (d *Desk) IfVersion(ctx context.Context, by auth.Caller, table, column string, key any, act func(ctx context.Context) error) error {
	if wanted, _ := ctx.Value(matchKey{}).(int); wanted == 0 {
		return act(ctx)
	}
	return d.change(ctx, by, func(inner context.Context, w *work) error {
		var version int
		err := w.tx.NewRaw("SELECT version FROM ? WHERE ? = ? FOR NO KEY UPDATE", bun.Ident(table), bun.Ident(column), key).Scan(inner, &version)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("version in %s: %w", table, fault.FromSQL(err))
		}
		if err := act(freshNot(inner)); err != nil {
			return err
		}
		return fresh(ctx, "record", version)
	})
}

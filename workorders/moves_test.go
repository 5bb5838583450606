package workorders_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"paigong/internal/postgres/pgtest"
	"paigong/workorders"
	"paigong/workorders/depot"
)

// move is one arrow of a lifecycle, or one that is not there.
type move struct{ from, to string }

func arrows[S ~string](moves [][3]S) map[move]bool {
	all := map[move]bool{}
	for _, m := range moves {
		all[move{string(m[0]), string(m[1])}] = true
	}
	return all
}

// From every state to every other: PostgreSQL takes the moves of the table and no other, whoever asks.
func TestOnlyTheMovesOfTheTable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	owner := pgtest.Owner(t, newPlot(t)) // who may put rows into states that they cannot reach
	for _, c := range []struct {
		table, given, row string
		legal             map[move]bool
	}{
		{"requests", "", ":request", arrows(workorders.RequestMoves.Moves)},
		{"work_orders", "", ":order", arrows(workorders.OrderMoves.Moves)},
		{"quotes", drafted, ":quote", arrows(workorders.QuoteMoves.Moves)},
		{"hand_overs", offered, ":offer", arrows(workorders.HandOverMoves.Moves)},
		{"old_parts", owed, ":old", arrows(workorders.OldPartMoves.Moves)},
		{"custody", taken, ":custody", arrows(depot.CustodyMoves.Moves)},
	} {
		t.Run(c.table, func(t *testing.T) {
			var states []string
			for m := range c.legal {
				states = append(states, m.from, m.to)
			}
			slices.Sort(states)
			states = slices.Compact(states)
			err := owner.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
				if err := steps(ctx, tx, `SELECT set_config('app.actor', 'test', true); `+c.given+`; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED`); err != nil {
					return err
				}
				var checks []string
				if err := tx.NewRaw("SELECT conname FROM pg_constraint WHERE conrelid = ?::regclass AND contype = 'c'", c.table).Scan(ctx, &checks); err != nil {
					return err
				}
				for _, check := range checks {
					if _, err := tx.ExecContext(ctx, "ALTER TABLE ? DROP CONSTRAINT ?", bun.Ident(c.table), bun.Ident(check)); err != nil {
						return err
					}
				}
				tried := 0
				for _, from := range states {
					for _, to := range states {
						if from == to {
							continue
						}
						tried++
						put := fmt.Sprintf("UPDATE %s SET state = '%%s' WHERE id = %s", c.table, c.row)
						if err := steps(ctx, tx, "SAVEPOINT here; SET LOCAL session_replication_role = replica; "+fmt.Sprintf(put, from)+"; SET LOCAL session_replication_role = origin"); err != nil {
							return err
						}
						err := steps(ctx, tx, fmt.Sprintf(put, to))
						var refused *pgconn.PgError
						switch legal := c.legal[move{from, to}]; {
						case legal && err != nil:
							t.Errorf("%s from %s to %s is refused: %v", c.table, from, to, err)
						case !legal && (!errors.As(err, &refused) || refused.ConstraintName != c.table+"_legal_move"):
							t.Errorf("%s from %s to %s: %v, want a refusal by %s_legal_move", c.table, from, to, err, c.table)
						}
						if err := steps(ctx, tx, "ROLLBACK TO here"); err != nil {
							return err
						}
					}
				}
				t.Logf("%d moves tried, %d are of the table", tried, len(c.legal))
				return errThrownAway
			})
			if !errors.Is(err, errThrownAway) {
				t.Fatal(err)
			}
		})
	}
}

var errThrownAway = errors.New("nothing of this is kept")

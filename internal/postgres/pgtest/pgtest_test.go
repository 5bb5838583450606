package pgtest_test

import (
	"context"
	"testing"
	"time"

	"paigong/internal/postgres/pgtest"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	ctx := context.Background()
	for range 3 {
		t.Run("parallel", func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			db := pgtest.New(t)
			t.Logf("a database after %d ms", time.Since(began).Milliseconds())
			owner := pgtest.Owner(t, db)
			if _, err := owner.ExecContext(ctx, "CREATE TABLE mine (id int)"); err != nil {
				t.Fatalf("somebody else's table is here already: %v", err)
			}
			var role string
			if err := db.QueryRowContext(ctx, "SELECT current_user").Scan(&role); err != nil || role != "paigong_app" {
				t.Fatalf("the test acts as %q (%v), want paigong_app", role, err)
			}
			if _, err := db.ExecContext(ctx, "DROP TABLE mine"); err == nil {
				t.Fatal("the serving role may drop a table")
			}
		})
	}
}

package postgres_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/postgres/pgtest"
)

// A statement that comes again is prepared, whatever its arguments, and says the same as before.
func TestStatementsThatComeAgainArePrepared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	at := time.Date(2026, 2, 14, 9, 30, 0, 123456000, time.UTC)
	for _, word := range []string{"先", "it's", `back\slash`, "form\f'feed"} {
		var got struct {
			Word string
			Day  time.Time
			Size int
			JSON string
			Nil  *string
		}
		if err := tx.NewRaw(`SELECT ? || '!' AS word, ?::timestamptz AS day, length(?::bytea) AS size, ?::jsonb ->> 'a' AS json, ? AS nil WHERE ? = 7`,
			word, at, []byte(word), map[string]string{"a": word}, nil, 7).Scan(ctx, &got); err != nil {
			t.Fatal(err)
		}
		if got.Word != word+"!" || !got.Day.Equal(at) || got.Size != len(word) || got.JSON != word || got.Nil != nil {
			t.Errorf("%q came back as %+v", word, got)
		}
		// The type of such an argument follows from nothing: it stays in the text, and the transaction goes on.
		var said string
		if err := tx.NewRaw("SELECT concat(?, '!')", word).Scan(ctx, &said); err != nil || said != word+"!" {
			t.Errorf("%q came back as %q: %v", word, said, err)
		}
	}
	if n := prepared(ctx, t, tx, "%AS word%"); n != 1 {
		t.Errorf("the statement is prepared %d times, want once", n)
	}
	if n := prepared(ctx, t, tx, "%concat( $1%"); n != 0 {
		t.Error("what PostgreSQL refused to prepare is prepared")
	}
	// An error says what it said, and the next call of the statement works.
	for _, id := range []string{"no uuid", "00000000-0000-0000-0000-000000000001"} {
		_, err := db.ExecContext(ctx, "DELETE FROM sessions WHERE id = ?", id)
		if (id == "no uuid") != (err != nil) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func prepared(ctx context.Context, t *testing.T, db bun.IDB, like string) (n int) {
	t.Helper()
	if err := db.NewRaw("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE ?", like).Scan(ctx, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

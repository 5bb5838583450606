package postgres

import (
	"reflect"
	"testing"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"
	"pgregory.net/rapid"
)

func TestLift(t *testing.T) {
	at := time.Date(2026, 2, 14, 9, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		query string
		given []any
		want  string
		args  []any
		plain bool
	}{
		{"SELECT 1", nil, "SELECT 1", nil, false},
		{"SELECT a FROM t WHERE b = ? AND c = 'it''s' AND d = ?", []any{"x'y", 7}, "SELECT a FROM t WHERE b =  $1 AND c = 'it''s' AND d = 7", []any{"x'y"}, false},
		{"UPDATE t SET a = ?, b = ?::uuid WHERE c IN (?)", []any{at, "", pgdialect.Array([]string{"v\f'w"})},
			"UPDATE t SET a =  $1, b =  $2::uuid WHERE c IN ('{\"v\f''w\"}')", []any{"2026-02-14 09:30:00+00:00", ""}, false},
		{"SELECT ? -- isn't it\n, \"odd'name\", /* 'tis */ ?", []any{[]byte{0, 255}, "$1 -- /*"}, "SELECT  $1 -- isn't it\n, \"odd'name\", /* 'tis */  $2", []any{`\x00ff`, "$1 -- /*"}, false},
		{"SELECT ?, E'\\n'", []any{"a"}, "", nil, true},
		{"SELECT ?, $$it's$$", []any{"a"}, "", nil, true},
		{"SELECT ?, 'open", []any{"a"}, "", nil, true},
		{"SELECT tab$le FROM x WHERE a = ?", []any{"a"}, "SELECT tab$le FROM x WHERE a =  $1", []any{"a"}, false},
	} {
		text := schema.NewQueryGen(marked{pgdialect.New()}).FormatQuery(c.query, c.given...)
		got, args, ok := lift(text)
		if ok == c.plain || !c.plain && (got != c.want || !reflect.DeepEqual(args, c.args)) {
			t.Errorf("%q: %q %q %v, want %q %q", text, got, args, ok, c.want, c.args)
		}
	}
}

// Whatever people write, the statement stays the statement and their words come out as they went in.
func TestLiftGivesBackWhatWentIn(t *testing.T) {
	words := rapid.StringOf(rapid.RuneFrom([]rune("a1'\"\f\\$?-/*{},\n 修é")))
	rapid.Check(t, func(t *rapid.T) {
		a, b, list := words.Draw(t, "a"), words.Draw(t, "b"), rapid.SliceOfN(words, 1, 4).Draw(t, "list")
		gen := schema.NewQueryGen(marked{pgdialect.New()})
		stays := gen.FormatQuery("?", pgdialect.Array(list))
		got, args, ok := lift(gen.FormatQuery("SELECT ?, ? || 'x', ? WHERE c = ?", a, b, pgdialect.Array(list), a))
		if want := "SELECT  $1,  $2 || 'x', " + stays + " WHERE c =  $3"; !ok || got != want || !reflect.DeepEqual(args, []any{a, b, a}) {
			t.Fatalf("%q %q %v, want %q", got, args, ok, want)
		}
	})
}

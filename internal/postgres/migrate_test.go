package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"paigong/internal/postgres"
	"paigong/internal/postgres/pgtest"
	"paigong/migrations"
)

func files(pairs ...string) fs.FS {
	all := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]+".tx.up.sql"] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return all
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func tables(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestMigrate(t *testing.T) {
	first := []string{"1_a", "CREATE TABLE a (id int);\n--bun:split\nINSERT INTO a VALUES (1);"}
	for _, story := range []struct {
		name   string
		before fs.FS
		then   fs.FS
		refuse string // part of the error, twice in a row
		tables string // afterwards
	}{
		{name: "empty to newest", before: files(), then: files(append(first, "2_b", "CREATE TABLE b (id int)")...), tables: "a b migrations"},
		{name: "one more", before: files(first...), then: files(append(first, "2_b", "CREATE TABLE b (id int)")...), tables: "a b migrations"},
		{name: "in the order of names, not of writing", before: files(), then: files("9_x", "DROP TABLE a", first[0], first[1]), tables: "migrations"},
		{name: "a broken second file undoes the first",
			before: files(), then: files(append(first, "2_b", "CREATE TABLE b (id int);\nINSERT INTO nowhere VALUES (1)")...),
			refuse: `2_b.tx.up.sql:2: ERROR: relation "nowhere" does not exist`, tables: ""},
		{name: "what is deferred is checked at the end of its file", before: files(first...),
			then:   files(append(first, "2_b", "CREATE TABLE b (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO b VALUES (1), (1)", "3_c", "CREATE TABLE c (id int)")...),
			refuse: "2_b.tx.up.sql: ERROR: duplicate key", tables: "a migrations"},
		{name: "a file may not commit", before: files(first...), then: files(append(first, "2_b", "CREATE TABLE b (id int); ROLLBACK")...),
			refuse: "leave out COMMIT", tables: "a migrations"},
		{name: "an applied file may not change", before: files(first...), then: files("1_a", "CREATE TABLE a (id bigint)"),
			refuse: "1_a.tx.up.sql was changed after it had been applied", tables: "a migrations"},
		{name: "an older program leaves a newer database alone", before: files(append(first, "2_b", "CREATE TABLE b (id int)")...), then: files(first...),
			refuse: "written by a newer version", tables: "a b migrations"},
		{name: "a repeatable file runs again when it changed, before what is new", before: files("1_a", "CREATE TABLE a (id int)", "2_r", "-- repeatable, revision 1\nDELETE FROM a"),
			then: files("1_a", "CREATE TABLE a (id int)", "2_r", "-- repeatable, revision 2\nDELETE FROM a; CREATE TABLE r1 (id int)", "3_c", "ALTER TABLE r1 RENAME TO r2"), tables: "a migrations r2"},
		{name: "a file that was applied once may become repeatable", before: files("1_a", "CREATE TABLE a (id int)"),
			then: files("1_a", "-- repeatable, revision 1\nDROP TABLE IF EXISTS a; CREATE TABLE b (id int)"), tables: "b migrations"},
		{name: "a repeatable file and what is new happen together or not at all", before: files("1_r", "-- repeatable, revision 1\nSELECT 1"),
			then: files("1_r", "-- repeatable, revision 2\nCREATE TABLE r (id int)", "2_b", "SELECT 1/0"), refuse: "division by zero", tables: "migrations"},
		{name: "an older program leaves a newer revision alone", before: files("1_r", "-- repeatable, revision 2\nCREATE TABLE r (id int)"),
			then: files("1_r", "-- repeatable, revision 1\nDROP TABLE r"), refuse: "written by a newer version", tables: "migrations r"},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.EmptyURL(t))
			if entries, _ := fs.Glob(story.before, "*"); len(entries) > 0 {
				if _, err := postgres.Migrate(t.Context(), conn, story.before); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // a second start meets the same end
				_, err := postgres.Migrate(t.Context(), conn, story.then)
				if story.refuse == "" && err != nil || story.refuse != "" && (err == nil || !strings.Contains(err.Error(), story.refuse)) {
					t.Fatalf("error %v, want %q", err, story.refuse)
				}
				if got := tables(t, conn); got != story.tables {
					t.Errorf("tables %q, want %q", got, story.tables)
				}
			}
		})
	}
}

func TestFourProgramsMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		all  []string
	)
	for range 4 {
		wait.Go(func() {
			s, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: 2})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Close() }()
			applied, err := s.Migrate(t.Context(), files("1_a", "CREATE TABLE a (id int); SELECT pg_sleep(0.1)", "2_b", "CREATE TABLE b (id int)"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, applied...)
		})
	}
	wait.Wait()
	slices.Sort(all)
	if got := strings.Join(all, " "); got != "1_a.tx.up.sql 2_b.tx.up.sql" {
		t.Errorf("applied %q, want each file once", got)
	}
}

func TestMigrationCutShort(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	ctx, cancel := context.WithCancel(t.Context())
	cut := connect(t, url)
	failed := make(chan error)
	go func() {
		_, err := postgres.Migrate(ctx, cut, files("1_a", "CREATE TABLE a (id int)", "2_b", "SELECT pg_sleep(60)"))
		failed <- err
	}()
	watch := connect(t, url)
	for asleep := false; !asleep; {
		if err := watch.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep')").Scan(&asleep); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-failed; err == nil {
		t.Fatal("a cut migration reports success")
	}
	applied, err := postgres.Migrate(t.Context(), watch, files("1_a", "CREATE TABLE a (id int)"))
	if err != nil || len(applied) != 1 {
		t.Fatalf("the next start applied %v: %v", applied, err)
	}
}

// The roles' file alone, on tables with the names that matter.
func TestRightsOfTheServingRole(t *testing.T) {
	t.Parallel()
	roles, err := fs.ReadFile(migrations.FS, "20261121000990_roles.tx.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{URL: pgtest.EmptyURL(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	base := []string{"1", `
		CREATE TABLE stock (n int);
		CREATE TABLE moves (id int, n int) PARTITION BY LIST (id);
		CREATE TABLE moves_1 PARTITION OF moves FOR VALUES IN (1);
		CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';`,
		"20261121000990_roles", string(roles)}
	later := append(base, "20270101000000_later", "CREATE TABLE orders (id bigint GENERATED BY DEFAULT AS IDENTITY, n int)")
	for _, step := range []fs.FS{files(base...), files(later...)} {
		if _, err := s.Migrate(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	for _, act := range []struct {
		sql     string
		allowed bool
	}{
		{"SELECT * FROM stock", true},
		{"INSERT INTO stock VALUES (1)", false},
		{"UPDATE stock SET n = 1", false},
		{"DELETE FROM stock", false},
		{"INSERT INTO moves VALUES (1, 1)", true},
		{"UPDATE moves SET n = 2", false},
		{"DELETE FROM moves", false},
		{"UPDATE moves_1 SET n = 2", false},
		{"TRUNCATE moves", false},
		{"INSERT INTO orders (n) VALUES (1)", true},
		{"UPDATE orders SET n = 2", true},
		{"DELETE FROM orders", true},
		{"TRUNCATE orders", false},
		{"ALTER TABLE orders ADD x int", false},
		{"SELECT * FROM migrations", true},
		{"DELETE FROM migrations", false},
		{"SELECT secret()", true},
		{"SELECT grant_to_app()", false},
		{"CREATE TABLE mine (id int)", false},
	} {
		_, err := s.Pool().Exec(t.Context(), act.sql)
		var refused interface{ SQLState() string }
		switch {
		case act.allowed && err != nil:
			t.Errorf("%s: %v", act.sql, err)
		case !act.allowed && !(errors.As(err, &refused) && refused.SQLState() == "42501"):
			t.Errorf("%s: %v, want a refusal for want of rights", act.sql, err)
		}
	}
	var public bool
	if err := s.Pool().QueryRow(t.Context(), "SELECT has_function_privilege('pg_monitor', 'secret()', 'EXECUTE')").Scan(&public); err != nil || public {
		t.Errorf("everybody may call a function that acts with the owner's rights (%v)", err)
	}
}

// A given DATABASE_URL may belong to anybody between a superuser and a mere login.
func TestLoginsThatMayAndMayNotUseTheRole(t *testing.T) {
	admin := connect(t, pgtest.EmptyURL(t))
	for _, login := range []struct {
		name, may string
		note      bool
	}{
		{"creator_" + strings.ToLower(rand.Text()), "CREATEROLE", false},
		{"mere_" + strings.ToLower(rand.Text()), "NOCREATEROLE", true},
	} {
		t.Run(login.may, func(t *testing.T) {
			exec := func(sql string) {
				t.Helper()
				if _, err := admin.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			database := admin.Config().Database
			exec("CREATE ROLE " + login.name + " LOGIN " + login.may)
			exec("ALTER DATABASE " + database + " OWNER TO " + login.name)
			exec("ALTER SCHEMA public OWNER TO " + login.name)
			url := strings.Replace(admin.Config().ConnString(), "paigong@", login.name+"@", 1)
			s, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: 1})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Migrate(t.Context(), files("1_a", "CREATE TABLE a (id int)"))
			_ = s.Close()
			if login.note && !strings.Contains(s.RoleNote, "GRANT paigong_app TO "+login.name) || !login.note && s.RoleNote != "" {
				t.Errorf("note %q", s.RoleNote)
			}
			if err != nil {
				t.Errorf("as owner: %v", err)
			}
			exec("REASSIGN OWNED BY " + login.name + " TO paigong")
			exec("DROP TABLE a, migrations")
			exec("DROP OWNED BY " + login.name)
			exec("DROP ROLE " + login.name)
		})
	}
}

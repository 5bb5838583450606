package audit

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/postgres/pgtest"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// write runs statements in one transaction as the actor; no actor when empty.
func write(t *testing.T, db *bun.DB, actor string, statements ...string) error {
	t.Helper()
	return db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if actor != "" {
			if err := Act(ctx, tx, actor, noon); err != nil {
				return err
			}
		}
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sealAll seals until nothing waits: PostgreSQL's own upkeep of the database may hold a seal back for a moment.
func sealAll(t *testing.T, log *Log) (sealed int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		rows, err := log.Seal(context.Background())
		must(t, err)
		sealed += rows
		head, err := log.Head(context.Background())
		must(t, err)
		if head.Waits == 0 {
			return sealed
		}
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %+v", head)
		}
	}
}

const headOffice = `INSERT INTO organisations (code, name, kind, created_at) VALUES ('hq', '总部', 'head', '2026-11-01Z')`

func user(id uuid.UUID, login string) string {
	return fmt.Sprintf(`INSERT INTO users (id, org_id, login, name, created_at) VALUES ('%s', 1, '%s', '王师傅', '2026-11-01Z')`, id, login)
}

func TestEveryChangeSaysWhoAndWhat(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	id := uuid.Must(uuid.NewV7())
	must(t, write(t, db, "boss", headOffice, user(id, "wang"), fmt.Sprintf(`INSERT INTO user_roles VALUES ('%s', 'dispatcher')`, id)))
	must(t, write(t, db, "wang", fmt.Sprintf(`UPDATE users SET name = '王大力', lang = 'en' WHERE id = '%s'`, id)))
	must(t, write(t, db, "boss", fmt.Sprintf(`DELETE FROM user_roles WHERE user_id = '%s'`, id)))

	log := New(db, clock)
	lines, err := log.History(ctx, id.String(), true, nil, 10)
	must(t, err)
	if len(lines) != 2 || lines[0].Actor != "wang" || lines[0].Act != "u" || lines[1].Actor != "boss" || lines[1].Act != "i" || !lines[0].At.Equal(noon) {
		t.Fatalf("the account of the user: %+v", lines)
	}
	if text := string(lines[0].Change); strings.Contains(text, "王大力") || !strings.Contains(text, `"lang": "en"`) {
		t.Errorf("a name belongs to a person and stays out, the rest is kept: %s", text)
	}
	roles, err := log.History(ctx, id.String()+"/dispatcher", true, nil, 10)
	must(t, err)
	if len(roles) != 2 || roles[0].Act != "d" {
		t.Errorf("the account of the role: %+v", roles)
	}
	if seen, err := log.History(ctx, id.String(), false, []int32{2}, 10); err != nil || len(seen) != 0 {
		t.Errorf("another organisation sees %+v, %v", seen, err)
	}

	must(t, Note(ctx, db, Noted{Actor: "wang", OrgID: 1, At: noon, Subject: "export", SubjectID: "receipts", Detail: map[string]int{"rows": 3}}))
	notes, err := log.History(ctx, "receipts", true, nil, 10)
	must(t, err)
	if len(notes) != 1 || notes[0].Act != "n" || string(notes[0].Change) != `{"rows": 3}` {
		t.Errorf("the export is noted as %+v", notes)
	}
}

func TestAChangeNobodyAnswersForIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	must(t, write(t, db, "boss", headOffice))
	err := write(t, db, "", "UPDATE organisations SET name = 'x'")
	if fault.Constraint(err) != "audit_log_actor" || fault.As(fault.FromSQL(err)) != nil {
		t.Errorf("a change without an actor: %v, want audit_log_actor, and as an internal error", err)
	}
	if err := write(t, db, "", user(uuid.Must(uuid.NewV7()), "x")); fault.Constraint(err) != "audit_log_actor" {
		t.Errorf("the actor of one transaction acts in the next: %v", err)
	}
	if err := Act(context.Background(), db, "", noon); err == nil {
		t.Error("nobody may act")
	}
	for _, forged := range []string{
		`INSERT INTO audit_log (epoch, at, actor, act, tbl, row_id, change) VALUES (1, '2026-11-01Z', 'boss', 'u', 'users', 'x', '{}')`,
		`UPDATE audit_log SET actor = 'somebody'`,
		`DELETE FROM audit_seals`,
		`SELECT audit_write('INSERT', 'users', 1, 'x', '{}')`,
	} {
		if err := write(t, db, "boss", forged); err == nil {
			t.Errorf("the serving role may %s", forged)
		}
	}
}

func TestSealsShowWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	owner, log := pgtest.Owner(t, db), New(db, clock)
	seal := func() Head {
		t.Helper()
		sealAll(t, log)
		head, err := log.Verify(ctx)
		must(t, err)
		return head
	}
	for i := range 5 {
		rows := []string{user(uuid.Must(uuid.NewV7()), fmt.Sprint("u", i))}
		if i == 0 { // in one transaction, which no seal can cut in two
			rows = []string{headOffice, rows[0]}
		}
		must(t, write(t, db, "boss", rows...))
		if head := seal(); head.No != int64(i+1) || len(head.Broken) != 0 || head.Waits != 0 {
			t.Fatalf("after %d users: %+v", i+1, head)
		}
	}
	before := seal()
	if before.No != 5 || before.Rows != 6 || len(before.Hash) != 64 {
		t.Fatalf("nothing happened, yet %+v", before)
	}

	tamper := func(what string) {
		t.Helper()
		_, err := owner.ExecContext(ctx, "ALTER TABLE audit_log DISABLE TRIGGER USER; ALTER TABLE audit_seals DISABLE TRIGGER USER; "+what)
		must(t, err)
	}
	broken := func() string {
		t.Helper()
		head, err := log.Verify(ctx)
		must(t, err)
		return fmt.Sprint(head.Broken)
	}
	if _, err := owner.ExecContext(ctx, "UPDATE audit_log SET actor = 'x'"); fault.Constraint(err) != "audit_log_append_only" {
		t.Errorf("the owner edits the log without turning the guard off: %v", err)
	}
	if _, err := owner.ExecContext(ctx, "TRUNCATE audit_log"); fault.Constraint(err) != "audit_log_append_only" {
		t.Errorf("the owner empties the log: %v", err)
	}
	tamper("UPDATE audit_log SET actor = 'villain' WHERE change ->> 'login' = 'u2'")
	if got := broken(); got != "[{3 a sealed row was changed}]" {
		t.Errorf("one line edited: %s", got)
	}
	tamper("UPDATE audit_log SET actor = 'boss' WHERE change ->> 'login' = 'u2'")
	if got := broken(); got != "[]" {
		t.Errorf("the edit taken back: %s", got)
	}
	tamper("DELETE FROM audit_log WHERE change ->> 'login' = 'u4'")
	if got := broken(); got != "[{5 1 rows were sealed, 0 are there}]" {
		t.Errorf("one line removed: %s", got)
	}
	tamper("DELETE FROM audit_seals WHERE no = 2")
	if got := broken(); !strings.Contains(got, "{3 a seal before it is missing or changed}") {
		t.Errorf("a seal removed: %s", got)
	}
	tamper("DELETE FROM audit_seals WHERE no >= 2; DELETE FROM audit_log WHERE change ->> 'login' IN ('u1', 'u2', 'u3', 'u4')")
	cut, err := log.Verify(ctx)
	must(t, err)
	if len(cut.Broken) != 0 || cut.No == before.No || cut.Hash == before.Hash {
		t.Errorf("a tail cut off cannot be seen in the chain, only against the head printed before: %+v", cut)
	}
}

func TestASealWaitsForTheOldestWriter(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	log := New(db, clock)
	must(t, write(t, db, "boss", headOffice))
	sealAll(t, log)
	slow, err := db.BeginTx(ctx, nil)
	must(t, err)
	must(t, Act(ctx, slow, "slow", noon))
	_, err = slow.ExecContext(ctx, user(uuid.Must(uuid.NewV7()), "slow"))
	must(t, err)
	must(t, write(t, db, "quick", user(uuid.Must(uuid.NewV7()), "quick")))
	if sealed, err := log.Seal(ctx); err != nil || sealed != 0 {
		t.Fatalf("sealed %d past a running writer, %v", sealed, err)
	}
	must(t, slow.Commit())
	if sealed := sealAll(t, log); sealed != 2 {
		t.Fatalf("sealed %d of 2", sealed)
	}
	head, err := log.Verify(ctx)
	must(t, err)
	if len(head.Broken) != 0 || head.Rows != 3 {
		t.Errorf("%+v", head)
	}
}

func TestABackupRestoredElsewhereBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	owner, log := pgtest.Owner(t, db), New(db, clock)
	must(t, write(t, db, "boss", headOffice))
	if epoch, err := log.Start(ctx); err != nil || epoch != 1 {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
	must(t, write(t, db, "boss", user(uuid.Must(uuid.NewV7()), "old")))
	// As if the rows had been written by another cluster, far ahead in its transaction ids, and not sealed there.
	_, err := owner.ExecContext(ctx, `ALTER TABLE installation DISABLE TRIGGER USER; UPDATE installation SET system_id = 42;
		ALTER TABLE audit_log DISABLE TRIGGER USER; UPDATE audit_log SET xact = '4000000000';
		INSERT INTO events (xact, org_id, topic, ref_id, at) VALUES ('4000000000', 1, 'order', gen_random_uuid(), '2026-11-01Z')`)
	must(t, err)
	if epoch, err := log.Start(ctx); err != nil || epoch != 2 {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
	must(t, write(t, db, "boss", user(uuid.Must(uuid.NewV7()), "new")))
	if sealed := sealAll(t, log); sealed != 3 {
		t.Fatalf("sealed %d of 3", sealed)
	}
	head, err := log.Verify(ctx)
	must(t, err)
	if head.No != 2 || len(head.Broken) != 0 || head.Waits != 0 {
		t.Errorf("%+v", head)
	}
	var events int
	must(t, db.NewRaw("SELECT count(*) FROM events").Scan(ctx, &events))
	if events != 0 {
		t.Errorf("%d events of the old cluster would never be read, or read as the newest", events)
	}
}

// TestNoTableEscapes fails for a table of a later migration that forgot SELECT audit_attach('…').
func TestNoTableEscapes(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	var open []string
	must(t, db.NewRaw(`SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
		AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'zz_audit') ORDER BY 1`).Scan(ctx, &open))
	// logs and queues; what is derived from other rows; what belongs to signing in
	want := "audit_log audit_seals diary events idempotency_keys installation jobs lifecycle_moves links login_failures messages migrations moves " +
		"plan_results plan_visits push_keys push_subscriptions receipt_balances receipt_series repeats search_docs sessions setup_links stock takings timeline webhook_deliveries"
	if got := strings.Join(open, " "); got != want {
		t.Errorf("not under audit:\n%s\nwant\n%s", got, want)
	}
	var personal, kept int
	var which string
	must(t, db.NewRaw(`SELECT count(*), count(*) FILTER (WHERE NOT left_out), coalesce(string_agg(name, ' ') FILTER (WHERE NOT left_out), '')
		FROM (SELECT c.relname || '.' || a.attname AS name,
				a.attname = ANY (string_to_array(substring(pg_get_triggerdef(g.oid) FROM ', ''([^'']*)''\)'), ',')) AS left_out
			FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
			WHERE g.tgname = 'zz_audit' AND g.tgnargs = 2 AND a.attname ~ '(phone|email|address|signature|password|secret|signer)') x`).Scan(ctx, &personal, &kept, &which))
	if kept != 0 || personal < 10 {
		t.Errorf("of %d columns about persons the account keeps %s", personal, which)
	}
}

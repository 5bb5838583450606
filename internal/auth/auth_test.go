package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/postgres/pgtest"
)

// company is a head office with one centre and one partner below it, on a clock the test moves.
type company struct {
	*testing.T
	db  *bun.DB
	dir *Directory
	mu  sync.Mutex
	at  time.Time
}

func newCompany(t *testing.T, rules Rules) *company {
	t.Helper()
	c := &company{T: t, db: pgtest.New(t), at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	c.dir = New(c.db, c.now, rules)
	c.as("setup", func(dir *Directory) error {
		for _, in := range []OrganisationInput{
			{Code: "HQ", Name: "总部", Kind: "head"},
			{Code: "SH", Name: "上海服务中心", Kind: "centre", ParentCode: "HQ", RegionCodes: []string{"310000"}},
			{Code: "P1", Name: "浦东网点", Kind: "partner", ParentCode: "SH"},
			{Code: "NX", Name: "Far office", Kind: "centre", ParentCode: "HQ", Timezone: "Pacific/Apia"},
		} {
			if _, err := dir.CreateOrganisation(context.Background(), System("test").Scope(), in); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

func (c *company) now() time.Time       { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *company) wait(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }
func (c *company) must(err error)       { c.Helper(); fatal(c.T, err) }
func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
func codeOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return fmt.Sprint(err)
}
func (c *company) want(err error, code string) {
	c.Helper()
	if got := codeOf(err); got != code {
		c.Errorf("%v, want %s", err, code)
	}
}

// try runs a change in a transaction of the actor.
func (c *company) try(actor string, change func(*Directory) error) error {
	return c.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT set_config('app.actor', ?, true)", actor); err != nil {
			return err
		}
		return change(c.dir.In(tx))
	})
}

func (c *company) as(actor string, change func(*Directory) error) {
	c.Helper()
	c.must(c.try(actor, change))
}

func (c *company) hire(org, login string, roles ...Role) User {
	c.Helper()
	var u User
	c.as("test", func(dir *Directory) (err error) {
		u, _, err = dir.AddUser(context.Background(), System("test"), UserInput{Login: login, Name: login + " 师傅", Roles: roles, Password: "a long enough secret", OrganisationCode: org})
		return err
	})
	return u
}

func (c *company) signIn(login string) SignedIn {
	c.Helper()
	in, err := c.dir.Login(context.Background(), login, "a long enough secret", Door{Address: "203.0.113.7"})
	c.must(err)
	return in
}

func TestWhoSeesWhose(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	c.hire("HQ", "caller", CallerRole)
	c.hire("SH", "lead", Lead)
	c.hire("P1", "partner", PartnerManager, PartnerDispatcher)
	c.hire("P1", "fitter", PartnerEngineer)
	ids := map[string]int32{}
	for _, code := range []string{"HQ", "SH", "P1", "NX"} {
		o, err := c.dir.ByCode(ctx, code)
		c.must(err)
		ids[code] = o.ID
	}
	for _, x := range []struct {
		login, sees string
		all         bool
	}{
		{"caller", "HQ SH P1 NX", true},
		{"lead", "SH P1", false},
		{"partner", "P1", false},
	} {
		scope := c.signIn(x.login).Caller.Scope()
		c.must(scope.Check())
		var seen []string
		for _, code := range []string{"HQ", "SH", "P1", "NX"} {
			if scope.Sees(ids[code]) {
				seen = append(seen, code)
			}
		}
		if got := strings.Join(seen, " "); got != x.sees || scope.All() != x.all || scope.Engineer() != nil {
			t.Errorf("%s sees %s (all: %v), want %s", x.login, got, scope.All(), x.sees)
		}
	}
	if s := c.signIn("fitter").Caller.Scope(); s.Engineer() == nil || !s.Engineer().IsNil() {
		t.Error("an engineer's account that names no engineer is confined to nobody's visits")
	}
	var nobody Scope
	if err := nobody.Check(); !fault.Is(err, fault.Forbidden) || nobody.SQL("org_id") != "FALSE" || nobody.Sees(ids["HQ"]) || nobody.All() {
		t.Errorf("a scope nobody made: %v, %s", err, nobody.SQL("org_id"))
	}
	if got := (Caller{}).Within(2, 3).Scope().SQL("o.org_id", "o.serving_org_id"); got != "(o.org_id IN (2,3) OR o.serving_org_id IN (2,3))" {
		t.Error(got)
	}
	page, err := c.dir.Organisations(ctx, c.signIn("lead").Caller.Scope(), keyset.Ask{})
	c.must(err)
	if len(page.Items) != 2 || page.Items[0].Code != "SH" || page.Items[1].ParentCode != "SH" || page.Items[0].RegionCodes[0] != "310000" || page.Items[0].Zone != "Asia/Shanghai" {
		t.Errorf("the lead's organisations: %+v", page.Items)
	}
	users, err := c.dir.Users(ctx, c.signIn("partner").Caller.Scope(), keyset.Ask{Limit: 1})
	c.must(err)
	if len(users.Items) != 1 || users.Items[0].Login != "fitter" || users.NextCursor == "" {
		t.Fatalf("the partner's users, newest first: %+v", users)
	}
	users, err = c.dir.Users(ctx, c.signIn("partner").Caller.Scope(), keyset.Ask{Limit: 1, Cursor: users.NextCursor})
	c.must(err)
	if len(users.Items) != 1 || users.Items[0].Login != "partner" || users.NextCursor != "" || !slices.Equal(users.Items[0].Roles, []Role{PartnerDispatcher, PartnerManager}) {
		t.Fatalf("the second page: %+v", users)
	}
	if _, err := c.dir.Users(ctx, Scope{}, keyset.Ask{}); !fault.HasCode(err, "no_scope") {
		t.Errorf("users without a scope: %v", err)
	}
	_, err = c.dir.UserByLogin(ctx, c.signIn("partner").Caller.Scope(), "lead")
	c.want(err, "user_unknown")
}

func TestTheTreeOfOrganisations(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	everywhere := System("test").Scope()
	add := func(in OrganisationInput) error {
		return c.try("test", func(dir *Directory) error { _, err := dir.CreateOrganisation(ctx, everywhere, in); return err })
	}
	c.want(add(OrganisationInput{Code: "H2", Name: "x", Kind: "head"}), "organisations_one_head")
	c.want(add(OrganisationInput{Code: "SH", Name: "x", Kind: "centre", ParentCode: "HQ"}), "organisations_code")
	c.want(add(OrganisationInput{Code: "X", Name: "x", Kind: "centre"}), "organisations_head_is_root")
	c.want(add(OrganisationInput{Code: "X", Name: "x", Kind: "centre", ParentCode: "nowhere"}), "organisation_unknown")
	c.want(add(OrganisationInput{Code: "X", Name: "x", Kind: "centre", ParentCode: "HQ", Timezone: "Mars/Olympus"}), "timezone_unknown")
	c.want(c.try("test", func(dir *Directory) error {
		_, err := dir.CreateOrganisation(ctx, Caller{}.Within(99).Scope(), OrganisationInput{Code: "X", Name: "x", Kind: "centre", ParentCode: "HQ"})
		return err
	}), "organisation_unknown")

	c.want(c.try("test", func(dir *Directory) error { return dir.MoveOrganisation(ctx, everywhere, "SH", "P1") }), "organisations_no_cycle")
	c.as("test", func(dir *Directory) error { return dir.MoveOrganisation(ctx, everywhere, "SH", "NX") })
	far, err := c.dir.ByCode(ctx, "NX")
	c.must(err)
	below, err := c.dir.Subtree(ctx, far.ID)
	c.must(err)
	if len(below) != 3 || below[0] != far.ID {
		t.Errorf("after the move the far office has %v below it", below)
	}
	if o, err := c.dir.ByCode(ctx, "P1"); err != nil || len(o.Path) != 4 || o.Location().String() != "Asia/Shanghai" {
		t.Errorf("the outlet below what moved: %+v, %v", o, err)
	}
	if far.Location().String() != "Pacific/Apia" {
		t.Errorf("the far office lies in %v", far.Location())
	}
	// Another copy of the program adds one while this one keeps the tree.
	c.wait(time.Minute)
	_, err = c.dir.Subtree(ctx, far.ID)
	c.must(err)
	other := New(c.db, c.now, Rules{})
	c.must(c.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT set_config('app.actor', 'test', true)"); err != nil {
			return err
		}
		_, err := other.In(tx).CreateOrganisation(ctx, everywhere, OrganisationInput{Code: "NEW", Name: "new", Kind: "partner", ParentCode: "NX"})
		return err
	}))
	if _, err := c.dir.ByCode(ctx, "NEW"); err != nil {
		t.Errorf("an organisation added by another copy: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	u := c.hire("HQ", "dispatcher", Dispatcher)
	c.hire("SH", "engineer1", Engineer)
	in := func(s SignedIn) string {
		who, err := c.dir.Authenticate(ctx, s.Token)
		if err != nil {
			return codeOf(err)
		}
		return who.Login
	}
	office, phone := c.signIn("Dispatcher"), c.signIn("engineer1")
	if in(office) != "dispatcher" || !strings.HasPrefix(office.Token, "pgs_") || len(office.Token) != 47 {
		t.Fatalf("%q signed in as %q", office.Token, in(office))
	}
	c.wait(29 * time.Minute)
	if in(office) != "dispatcher" {
		t.Error("29 minutes of silence end an office session")
	}
	c.wait(29 * time.Minute)
	if in(office) != "dispatcher" {
		t.Error("being there does not keep an office session open")
	}
	c.wait(31 * time.Minute)
	if in(office) != "signed_out" || in(phone) != "engineer1" {
		t.Errorf("after half an hour of silence: office %s, phone %s", in(office), in(phone))
	}
	c.wait(12 * time.Hour)
	if in(phone) != "signed_out" {
		t.Error("twelve hours of silence do not end a phone's session")
	}
	long := c.signIn("engineer1")
	for range 60 {
		c.wait(11 * time.Hour)
		_ = in(long)
	}
	if in(long) != "engineer1" {
		t.Error("27 days of use end a session")
	}
	for range 7 {
		c.wait(11 * time.Hour)
		_ = in(long)
	}
	if in(long) != "signed_out" {
		t.Error("a session outlives thirty days")
	}

	a, b := c.signIn("dispatcher"), c.signIn("dispatcher")
	c.must(c.dir.Logout(ctx, a.Token))
	if in(a) != "signed_out" || in(b) != "dispatcher" {
		t.Error("signing out ends the one session")
	}
	program, err := c.dir.IssueToken(ctx, b.Caller, u.ID, "till", 0)
	c.must(err)
	if !strings.HasPrefix(program.Token, "pgk_") || in(program) != "dispatcher" {
		t.Errorf("a program's token %q is %s", program.Token, in(program))
	}
	sessions, err := c.dir.Sessions(ctx, b.Caller, u.ID)
	c.must(err)
	if len(sessions) != 2 || sessions[0].Name != "till" || sessions[0].Current || !sessions[1].Current {
		t.Errorf("live sessions: %+v", sessions)
	}
	stranger := c.signIn("engineer1")
	c.want(c.dir.Revoke(ctx, stranger.Caller, sessions[0].ID), "session_unknown")
	c.must(c.dir.Revoke(ctx, b.Caller, sessions[0].ID))
	if in(program) != "signed_out" {
		t.Error("a revoked token works")
	}
	c.as("test", func(dir *Directory) error {
		off := false
		_, err := dir.ChangeUser(ctx, System("test"), u.ID, 0, UserChange{Active: &off})
		return err
	})
	if in(b) != "signed_out" {
		t.Error("somebody switched off is still signed in")
	}
	_, err = c.dir.Login(ctx, "dispatcher", "a long enough secret", Door{Address: "203.0.113.9"})
	c.want(err, "login_refused")
	for _, junk := range []string{"", "pgs_", strings.Repeat("x", 47), strings.Repeat("x", 4000)} {
		if _, err := c.dir.Authenticate(ctx, junk); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%.20q: %v", junk, err)
		}
	}
	c.wait(60 * 24 * time.Hour)
	c.must(c.dir.Sweep(ctx))
	var left int
	c.must(c.db.NewRaw("SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM login_failures)").Scan(ctx, &left))
	if left != 0 {
		t.Errorf("%d rows are left after sweeping", left)
	}
	var notes int
	c.must(c.db.NewRaw("SELECT count(*) FROM audit_log WHERE tbl = 'session' AND act = 'n' AND actor = 'dispatcher'").Scan(ctx, &notes))
	if notes != 4 {
		t.Errorf("%d sign-ins of the dispatcher are in the account, want 4", notes)
	}
}

func TestSeenIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	c.hire("HQ", "agent", Agent)
	s := c.signIn("agent")
	version := func() (x string) {
		c.must(c.db.NewRaw("SELECT xmin::text FROM sessions WHERE id = ?", s.Caller.SessionID).Scan(ctx, &x))
		return x
	}
	first := version()
	for range 59 {
		c.wait(time.Second)
		_, err := c.dir.Authenticate(ctx, s.Token)
		c.must(err)
	}
	if version() != first {
		t.Error("reading wrote the session within a minute")
	}
	c.wait(time.Second)
	_, err := c.dir.Authenticate(ctx, s.Token)
	c.must(err)
	if version() == first {
		t.Error("after a minute nobody was seen")
	}
}

func TestGuessingGetsSlowerAndNeverLocksOut(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	c.hire("HQ", "boss", Admin)
	guess := func(login, from string) error {
		_, err := c.dir.Login(ctx, login, "wrong", Door{Address: from})
		return err
	}
	for i := range 6 {
		if err := guess("boss", "198.51.100.1"); codeOf(err) != "login_refused" {
			t.Fatalf("guess %d: %v", i+1, err)
		}
	}
	err := guess("BOSS", "198.51.100.1")
	c.want(err, "login_slow_down")
	if f := fault.As(err); f.Kind != fault.TooMany || f.RetryAfter != time.Second {
		t.Errorf("the first wait: %+v", f)
	}
	var waits []time.Duration
	for range 12 {
		for {
			err := guess("boss", "198.51.100.1")
			f := fault.As(err)
			if f.Kind != fault.TooMany {
				break
			}
			c.wait(f.RetryAfter)
			waits = append(waits, f.RetryAfter)
		}
	}
	if !slices.IsSorted(waits) || waits[len(waits)-1] < 5*time.Minute || waits[len(waits)-1] > 15*time.Minute {
		t.Errorf("the waits do not grow up to their limit: %v", waits)
	}
	if _, err := c.dir.Login(ctx, "boss", "a long enough secret", Door{Address: "203.0.113.7"}); err != nil {
		t.Errorf("the boss at his own desk is locked out by a stranger: %v", err)
	}
	for range 20 { // trying during a wait must not make it longer
		_ = guess("boss", "198.51.100.1")
	}
	c.wait(15 * time.Minute)
	if _, err := c.dir.Login(ctx, "boss", "a long enough secret", Door{Address: "198.51.100.1"}); err != nil {
		t.Errorf("after the wait the right password is refused: %v", err)
	}
	c.want(guess("nobody-here", "203.0.113.7"), "login_refused")

	// Many at once do not slip past the count.
	var wg sync.WaitGroup
	refused := make(chan string, 40)
	for range 40 {
		wg.Go(func() { refused <- codeOf(guess("boss", "198.51.100.2")) })
	}
	wg.Wait()
	close(refused)
	count := map[string]int{}
	for code := range refused {
		count[code]++
	}
	if count["login_refused"] > 8 || count["login_refused"]+count["login_slow_down"] != 40 {
		t.Errorf("of 40 guesses at once: %v", count)
	}
	for range 25 { // successful sign-ins are not limited
		if _, err := c.dir.Login(ctx, "boss", "a long enough secret", Door{Address: "203.0.113.8"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"short": "password_too_short",
		"十二个汉字的密码也算够长了吧": "<nil>",
		"elevenchars":             "password_too_short",
		"qwertyuiop123":           "password_common",
		"PASSWORD1234":            "password_common",
		"zzzzzzzzzzzzzz":          "password_common",
		"i am dispatcher today":   "password_common",
		"correct horse battery":   "<nil>",
		strings.Repeat("ab", 200): "password_too_long",
	} {
		if err := checkPassword(password, "dispatcher"); codeOf(err) != want {
			t.Errorf("%.30q: %v, want %s", password, err, want)
		}
	}
	ctx, h := context.Background(), newHasher(costly)
	a, err := h.hash(ctx, "correct horse battery")
	fatal(t, err)
	b, err := h.hash(ctx, "correct horse battery")
	fatal(t, err)
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored forms %s and %s", a, b)
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false, strings.Repeat("x", 10_000): false} {
		if ok, err := h.matches(ctx, a, password); err != nil || ok != want {
			t.Errorf("%.30q matches: %v, %v", password, ok, err)
		}
	}
	if ok, err := h.matches(ctx, "", ""); ok || err != nil {
		t.Errorf("an account without a password: %v, %v", ok, err)
	}
	if _, err := h.matches(ctx, "$2y$10$abc", "x"); err == nil {
		t.Error("an unknown stored form passes as a wrong password")
	}
	// What the sample company stores costs little and opens everywhere; a cost nobody here uses is not believed.
	c, err := newHasher(cheap).hash(ctx, "paigong-demo")
	fatal(t, err)
	if ok, err := h.matches(ctx, c, "paigong-demo"); !ok || err != nil || !strings.HasPrefix(c, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the sample company's password, stored as %s: %v, %v", c, ok, err)
	}
	if _, err := h.matches(ctx, strings.Replace(a, "m=19456", "m=8", 1), "correct horse battery"); err == nil {
		t.Error("a stored form of another cost is believed")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for range cap(h.turns) {
		h.turns <- struct{}{}
	}
	if _, err := h.hash(gone, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a core after the client left: %v", err)
	}
}

func TestRolesAreGivenDownwards(t *testing.T) {
	t.Parallel()
	c, ctx := newCompany(t, Rules{}), context.Background()
	c.hire("HQ", "root", Admin)
	c.hire("HQ", "manager", Manager)
	c.hire("P1", "partner", PartnerManager)
	lead := c.hire("SH", "lead", Lead)
	fitter := c.hire("P1", "fitter", PartnerEngineer)
	add := func(by, org, login string, roles ...Role) error {
		who := c.signIn(by).Caller
		return c.try(by, func(dir *Directory) error {
			_, _, err := dir.AddUser(ctx, who, UserInput{Login: login, Name: "x", Roles: roles, OrganisationCode: org})
			return err
		})
	}
	c.want(add("manager", "SH", "a1", Dispatcher, Agent), "<nil>")
	c.want(add("manager", "SH", "a2", Admin), "role_not_yours_to_give")
	c.want(add("partner", "P1", "a3", PartnerEngineer), "<nil>")
	c.want(add("partner", "", "a4", PartnerEngineer), "<nil>")
	c.want(add("partner", "P1", "a5", Dispatcher), "role_not_yours_to_give")
	c.want(add("partner", "SH", "a6", PartnerEngineer), "organisation_unknown")
	c.want(add("root", "HQ", "a7", Admin), "<nil>")
	c.want(add("root", "HQ", "A7", Agent), "users_login")
	c.want(add("root", "HQ", "a8", "wizard"), "role_unknown")
	c.want(add("root", "HQ", "a8"), "role_missing")

	change := func(by string, user User, version int, in UserChange) error {
		who := c.signIn(by).Caller
		return c.try(by, func(dir *Directory) error { _, err := dir.ChangeUser(ctx, who, user.ID, version, in); return err })
	}
	name, off := "新名字", false
	root, err := c.dir.UserByLogin(ctx, System("test").Scope(), "root")
	c.must(err)
	c.want(change("partner", lead, 0, UserChange{Name: &name}), "user_unknown")
	c.want(change("manager", root, 0, UserChange{Name: &name}), "role_not_yours_to_give")
	c.want(change("partner", fitter, fitter.Version, UserChange{Name: &name}), "<nil>")
	c.want(change("partner", fitter, fitter.Version, UserChange{Name: &name}), "stale")
	a7, err := c.dir.UserByLogin(ctx, System("test").Scope(), "a7")
	c.must(err)
	c.want(change("root", a7, 0, UserChange{Active: &off}), "<nil>")
	c.want(change("root", root, 0, UserChange{Active: &off}), "last_administrator")
	c.want(change("root", root, 0, UserChange{Roles: &[]Role{Manager}}), "last_administrator")
	who := c.signIn("manager").Caller
	c.want(c.try("manager", func(dir *Directory) error { _, err := dir.ResetLink(ctx, who, root.ID); return err }), "role_not_yours_to_give")
}

func TestOneTimeLinks(t *testing.T) {
	t.Parallel()
	db, ctx := pgtest.New(t), context.Background()
	c := &company{T: t, db: db, at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	c.dir = New(db, c.now, Rules{})
	old, needed, err := c.dir.FirstRun(ctx)
	c.must(err)
	token, _, err := c.dir.FirstRun(ctx)
	c.must(err)
	if !needed {
		t.Fatal("an empty database needs no set-up")
	}
	_, err = c.dir.OpenSetup(ctx, old)
	c.want(err, "link_unknown")
	use := func(token string, in SetupInput) error {
		return c.try("setup", func(dir *Directory) error { _, err := dir.UseSetup(ctx, token, in); return err })
	}
	c.want(use(token, SetupInput{Login: "root", Name: "Root", Organisation: "派工公司", Password: "short"}), "password_too_short")
	c.want(use(token, SetupInput{Password: "a long enough secret"}), "setup_incomplete")
	c.want(use(token, SetupInput{Login: "root", Name: "Root", Organisation: "派工公司", Password: "a long enough secret"}), "<nil>")
	c.want(use(token, SetupInput{Login: "evil", Name: "Evil", Organisation: "x", Password: "a long enough secret"}), "link_gone")
	root := c.signIn("root").Caller
	if !root.Is(Admin) || root.OrgCode != "HQ" || !root.Scope().All() {
		t.Errorf("the first administrator: %+v", root)
	}
	if _, needed, err := c.dir.FirstRun(ctx); needed || err != nil {
		t.Errorf("a second first run: %v, %v", needed, err)
	}

	var invite string
	var u User
	c.as("root", func(dir *Directory) (err error) {
		u, invite, err = dir.AddUser(ctx, root, UserInput{Login: "new", Name: "新同事", Roles: []Role{Agent}})
		return err
	})
	if u.HasPassword || u.OrganisationCode != "HQ" {
		t.Errorf("the invited: %+v", u)
	}
	_, err = c.dir.Login(ctx, "new", "", Door{})
	c.want(err, "login_refused")
	if s, err := c.dir.OpenSetup(ctx, invite); err != nil || s.Purpose != "invite" || s.Login != "new" {
		t.Errorf("the invitation: %+v, %v", s, err)
	}
	c.want(use(invite, SetupInput{Password: "a long enough secret"}), "<nil>")
	before := c.signIn("new")
	var reset string
	c.as("root", func(dir *Directory) (err error) { reset, err = dir.ResetLink(ctx, root, u.ID); return err })
	c.wait(29 * time.Minute)
	c.want(use(reset, SetupInput{Password: "another long secret"}), "<nil>")
	_, err = c.dir.Authenticate(ctx, before.Token)
	c.want(err, "signed_out")
	c.as("root", func(dir *Directory) (err error) { reset, err = dir.ResetLink(ctx, root, u.ID); return err })
	c.wait(30 * time.Minute)
	c.want(use(reset, SetupInput{Password: "yet another secret"}), "link_gone")

	me, err := c.dir.Login(ctx, "new", "another long secret", Door{})
	c.must(err)
	elsewhere, err := c.dir.Login(ctx, "new", "another long secret", Door{})
	c.must(err)
	c.want(c.try("new", func(dir *Directory) error { return dir.ChangePassword(ctx, me.Caller, "wrong", "a long enough secret") }), "login_refused")
	c.want(c.try("new", func(dir *Directory) error {
		return dir.ChangePassword(ctx, me.Caller, "another long secret", "a long enough secret")
	}), "<nil>")
	_, err = c.dir.Authenticate(ctx, me.Token)
	c.want(err, "<nil>")
	_, err = c.dir.Authenticate(ctx, elsewhere.Token)
	c.want(err, "signed_out")
}

func TestTheMatrixOfPermissions(t *testing.T) {
	t.Parallel()
	for _, p := range Permissions() {
		if !(Caller{Roles: []Role{Admin}}).May(p) || !System("job").May(p) {
			t.Errorf("an administrator may not %s", p)
		}
	}
	for _, r := range Roles() {
		if !r.May(Anyone) {
			t.Errorf("%s may not even sign out", r)
		}
	}
	for _, x := range []struct {
		role Role
		may  []Permission
		not  []Permission
	}{
		{Dispatcher, []Permission{OpenOrder, RankCandidates, Assign, SendQuote, SubmitSheet, WorkVisit, DecideLeave}, []Permission{ManageUsers, VoidReceipt, MoveStock}},
		{Agent, []Permission{TakeRequest, TriageRequest, OpenOrder, RecordFollowUp}, []Permission{Assign, TakePayment, SubmitSheet}},
		{CallerRole, []Permission{ReadFollowUps, RecordFollowUp}, []Permission{Assign, CancelOrder, TakePayment}},
		{Engineer, []Permission{AnswerVisit, WorkVisit, SubmitSheet, AskLeave, TakePayment}, []Permission{Assign, DecideLeave, ReadReceivables, ReadComplaints, ReadUsers, VoidReceipt}},
		{StockKeeper, []Permission{MoveStock, HandOutParts, ExpectStock}, []Permission{ReadReceipts, ReadComplaints, Assign}},
		{Cashier, []Permission{TakePayment, IssueReceipt, ReadReceivables}, []Permission{VoidReceipt, Assign}},
		{ComplaintsOfficer, []Permission{WorkComplaint, EscalateComplaint}, []Permission{Assign, VoidReceipt}},
		{Auditor, []Permission{ReadAudit, ReadReports, ReadReceipts}, []Permission{TakeRequest, RecordFollowUp, MoveStock, PutFile}},
		{PartnerDispatcher, []Permission{AnswerHandOver, Assign}, []Permission{ReadAudit, VoidReceipt, HandOver, ManageUsers}},
		{"wizard", nil, []Permission{Anyone, ReadOrders}},
	} {
		for _, p := range x.may {
			if !x.role.May(p) {
				t.Errorf("%s may not %s", x.role, p)
			}
		}
		for _, p := range x.not {
			if x.role.May(p) {
				t.Errorf("%s may %s", x.role, p)
			}
		}
	}
	several := Caller{Roles: []Role{Agent, Cashier}}
	if !several.May(TakePayment) || !several.May(TakeRequest) || several.Must(TakePayment) != nil {
		t.Error("two roles do not add up")
	}
	err := several.Must(VoidReceipt)
	if f := fault.As(err); f == nil || f.Kind != fault.Forbidden || !slices.Equal(f.Extra["roles"].([]string), []string{"admin", "manager"}) {
		t.Errorf("the refusal does not say whose work it is: %+v", err)
	}
	if (Caller{Roles: []Role{Engineer, Dispatcher}}).Within(1).Scope().Engineer() != nil {
		t.Error("an engineer who also dispatches is confined to his own visits")
	}
	own := uuid.Must(uuid.NewV7())
	if e := (Caller{Roles: []Role{Engineer}, EngineerID: &own}).Within(1).Scope().Engineer(); e == nil || *e != own {
		t.Error("an engineer is not confined to his own visits")
	}
	const visit = "v.engineer_id = :me"
	mine := "v.engineer_id = '" + own.String() + "'"
	for _, x := range []struct {
		who  string
		by   Scope
		want string
	}{
		{"nobody", Scope{}, "FALSE"},
		{"a dispatcher of a centre", Caller{Roles: []Role{Dispatcher}}.Within(7).Scope(), "(w.org_id IN (7))"},
		{"an engineer lent by a centre", Caller{Roles: []Role{Engineer}, EngineerID: &own}.Within(7).Scope(), mine},
		{"one who also keeps the stock there", Caller{Roles: []Role{Engineer, StockKeeper}, EngineerID: &own}.Within(7).Scope(), "((w.org_id IN (7)) OR " + mine + ")"},
		{"an engineer of head office", Caller{Roles: []Role{Engineer}, EngineerID: &own}.Everywhere().Scope(), mine},
		{"head office", Caller{Roles: []Role{Manager}}.Everywhere().Scope(), "TRUE"},
		{"an engineer's account without an engineer", Caller{Roles: []Role{Engineer}}.Within(7).Scope(), "v.engineer_id = '" + uuid.Nil.String() + "'"},
	} {
		if got := x.by.Reach(visit, "w.org_id"); got != x.want {
			t.Errorf("%s sees %s, want %s", x.who, got, x.want)
		}
	}
}

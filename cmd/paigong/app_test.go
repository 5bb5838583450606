package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"paigong/internal/auth"
	"paigong/internal/geo"
	"paigong/internal/postgres"
	"paigong/internal/postgres/pgtest"
)

// The test binary plays the program when this variable is set, for tests that kill it.
const asProgram = "PAIGONG_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
	}
	os.Exit(m.Run())
}

// command runs one command line in a world with only these variables.
func command(t *testing.T, vars map[string]string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &o, &e, func(name string) string { return vars[name] })
	return status, o.String(), e.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte("postgres://desk:from-a-file@db/paigong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []struct {
		args   string
		vars   map[string]string
		status int
		says   []string
		never  string
	}{
		{args: "version", says: []string{"paigong ", "go1."}},
		{args: "--help", says: []string{"serve", "migrate", "config"}},
		{args: "nonsense", status: 2, says: []string{"nonsense", "paigong --help"}},
		{args: "check --data " + filepath.Join(data, "mistyped"), status: 1, says: []string{"no database in", "mistyped", "--data"}},
		{args: "migrate", vars: map[string]string{"DATABASE_URL": "hush"}, status: 1, says: []string{"postgres://USER:PASSWORD@HOST:PORT/DATABASE"}, never: "hush"},
		{args: "migrate", vars: map[string]string{"PAIGONG_BASE_URL": "service.example.cn"}, status: 1, says: []string{"PAIGONG_BASE_URL", "https://"}},
		{args: "migrate", vars: map[string]string{"PAIGONG_SMTP": "smtp://mail"}, status: 1, says: []string{"PAIGONG_SMTP", "from=ADDRESS"}},
		{args: "config --data " + data, says: []string{"PAIGONG_LISTEN  127.0.0.1:8080", data + "  --data", "Asia/Shanghai", "zh-Hans", "default"}},
		{args: "config", vars: map[string]string{"PAIGONG_DATA": data, "PAIGONG_LISTEN": ":81"}, says: []string{":81", data + "  PAIGONG_DATA"}},
		{args: "config --listen :82", vars: map[string]string{"PAIGONG_LISTEN": ":81"}, says: []string{":82", "--listen"}, never: ":81"},
		{args: "config", vars: map[string]string{"DATABASE_URL": "postgres://desk:hush@db/paigong"}, says: []string{"desk:xxxxx@db", "DATABASE_URL"}, never: "hush"},
		{args: "config", vars: map[string]string{"DATABASE_URL": "host=db password=hush"}, says: []string{"(hidden)"}, never: "hush"},
		{args: "config", vars: map[string]string{"DATABASE_URL": "postgres://db/paigong?password=hush"}, says: []string{"(hidden)"}, never: "hush"},
		{args: "config", vars: map[string]string{"DATABASE_URL_FILE": secret}, says: []string{"desk:xxxxx@db", "DATABASE_URL_FILE"}, never: "from-a-file"},
		{args: "migrate", vars: map[string]string{"PAIGONG_TZ": "Mars/Olympus"}, status: 1, says: []string{"PAIGONG_TZ"}},
		{args: "migrate --travel-url map.example", status: 1, says: []string{"PAIGONG_TRAVEL_URL", "http://127.0.0.1:5000"}},
		{args: "config --travel-url http://me:secret@map.example", status: 0, says: []string{"PAIGONG_TRAVEL_URL", "http://me:xxxxx@map.example"}},
		{args: "migrate", vars: map[string]string{"PAIGONG_LANG": "tlh"}, status: 1, says: []string{"PAIGONG_LANG", "zh-Hans, en"}},
		{args: "serve --listen 8080", status: 1, says: []string{"HOST:PORT"}},
		{args: "migrate", vars: map[string]string{"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, status: 1, says: []string{"database", "start it"}},
	} {
		status, out, errs := command(t, line.vars, strings.Fields(line.args)...)
		all := strings.Join(strings.Fields(out+errs), " ") // how wide a column is does not matter
		if status != line.status {
			t.Errorf("paigong %s: status %d, want %d: %s", line.args, status, line.status, all)
		}
		for _, want := range line.says {
			if !strings.Contains(all, strings.Join(strings.Fields(want), " ")) {
				t.Errorf("paigong %s does not say %q:\n%s", line.args, want, all)
			}
		}
		if line.never != "" && strings.Contains(all, line.never) {
			t.Errorf("paigong %s says %q:\n%s", line.args, line.never, all)
		}
	}
}

// A variable that is no setting is told, since a mistyped one would do nothing in silence.
func TestUnknownSettingsAreTold(t *testing.T) {
	g := Globals{Getenv: func(string) string { return "" }}
	all, err := g.settings()
	if err != nil {
		t.Fatal(err)
	}
	got := unknownSettings([]string{"PATH=/bin", "PAIGONG_LISTN=:81", "PAIGONG_LISTEN=:81", "PAIGONG_SMTP_FILE=x", "PAIGONG_TZ_FILE=x", "PAIGONG_E2E=1"}, all)
	if want := []string{"PAIGONG_LISTN", "PAIGONG_TZ_FILE"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"DATABASE_URL": pgtest.EmptyURL(t)}
	status, out, errs := command(t, vars, "migrate")
	if status != 0 || !strings.Contains(out, "_foundation.tx.up.sql\n") {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	if status, out, errs = command(t, vars, "migrate"); status != 0 || out != "0 applied, the database is up to date\n" {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

func TestFirstPeopleOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"DATABASE_URL": pgtest.EmptyURL(t), "PAIGONG_LISTEN": "127.0.0.1:81"}
	var out, errs bytes.Buffer
	getenv := func(name string) string { return vars[name] }
	add := strings.Fields("user add --login admin --role admin,manager --password-stdin")
	if status := run(t.Context(), add, strings.NewReader("correct horse battery\n"), &out, &errs, getenv); status != 0 || out.Len() > 0 {
		t.Fatalf("status %d: %s%s", status, &out, &errs)
	}
	for _, line := range []struct {
		args   string
		status int
		out    string
		errs   string
	}{
		{args: "user add --login admin --role agent", status: 1, errs: "admin"},
		{args: "user add --login nobody --role king", status: 1, errs: "king"},
		{args: "user add --login nobody", status: 2, errs: "--role"},
		{args: "user add --login li.wei --role engineer --name 李伟", out: "http://127.0.0.1:81/setup/"},
		{args: "token create --login admin", out: "p"},
		{args: "token create --login stranger", status: 1, errs: "stranger"},
		{args: "token create --login admin --days 0", status: 1, errs: "--days"},
	} {
		status, out, errs := command(t, vars, strings.Fields(line.args)...)
		if status != line.status || !strings.HasPrefix(out, line.out) || !strings.Contains(errs, line.errs) {
			t.Errorf("paigong %s: status %d, said %q and %q", line.args, status, out, errs)
		}
		if line.out != "" && strings.Count(out, "\n") != 1 {
			t.Errorf("paigong %s says more than the one line: %q", line.args, out)
		}
	}

	_, token, _ := command(t, vars, "token", "create", "--login", "admin")
	s, err := postgres.Open(t.Context(), postgres.Options{URL: vars["DATABASE_URL"], MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	people := auth.New(s.DB(), time.Now, auth.Rules{})
	if who, err := people.Authenticate(t.Context(), strings.TrimSpace(token)); err != nil || who.Login != "admin" || !who.Is(auth.Manager) {
		t.Errorf("the token belongs to %+v: %v", who, err)
	}
	if _, err := people.Login(t.Context(), "admin", "correct horse battery", auth.Door{}); err != nil {
		t.Errorf("the password does not open the door: %v", err)
	}
}

// start runs the whole program in this process and waits until it is ready.
func start(t *testing.T, c Config) (app *App, stop func() error) {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	c.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	app, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx); close(ended) }()
	stop = func() error { cancel(); return <-ended }
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the program ends with: %v", err)
		}
	})
	await(t, app.URL(), http.StatusOK)
	return app, stop
}

// await waits for an answer of /readyz and returns it.
func await(t *testing.T, url string, status int) (body map[string]any) {
	t.Helper()
	var last string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		response, err := http.Get(url + "/readyz")
		if err != nil {
			last = err.Error()
			continue
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		last = fmt.Sprintf("%d %s", response.StatusCode, text)
		if response.StatusCode != status {
			continue
		}
		if status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
			t.Error("a 503 without Retry-After")
		}
		if err := json.Unmarshal(text, &body); err != nil {
			t.Errorf("/readyz answers %q: %v", text, err)
		}
		return body
	}
	t.Fatalf("/readyz never answers %d; last: %s", status, last)
	return nil
}

func TestRunningRequestsFinishBeforeTheProgramEnds(t *testing.T) {
	t.Parallel()
	app, stop := start(t, Config{DatabaseURL: pgtest.URL(t)})
	began, finish := make(chan bool), make(chan bool)
	now := app.state.Load()
	app.state.Store(&state{database: now.database, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-finish
		var one int
		if err := now.database.Pool().QueryRow(r.Context(), "SELECT 1").Scan(&one); err != nil {
			t.Errorf("a running request lost its database: %v", err)
		}
		_, _ = io.WriteString(w, "done")
	})})
	said := make(chan string)
	go func() {
		response, err := http.Get(app.URL() + "/slow")
		if err != nil {
			said <- err.Error()
			return
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		said <- string(text)
	}()
	<-began
	ended := make(chan error)
	go func() { ended <- stop() }()
	for app.state.Load().why != "ending" {
		time.Sleep(time.Millisecond)
	}
	select {
	case <-ended:
		t.Fatal("the program ended while a request was running")
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	if got := <-said; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("the program ends with: %v", err)
	}
	if _, err := http.Get(app.URL() + "/healthz"); err == nil {
		t.Error("the program still answers after its end")
	}
}

func TestSetUpLinkOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	said := make(chan string, 1)
	app, stop := start(t, Config{DatabaseURL: url, Say: func(line string) { said <- line }})
	select {
	case line := <-said:
		if !strings.Contains(line, app.URL()+"/setup/") {
			t.Errorf("the first start says %q, want the set-up link", line)
		}
	default:
		t.Error("the first start on an empty database shows no set-up link")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := command(t, map[string]string{"DATABASE_URL": url}, "user", "add", "--login", "admin", "--role", "admin"); status != 0 {
		t.Fatal(errs)
	}
	start(t, Config{DatabaseURL: url, Say: func(line string) { t.Errorf("with a user there is nothing to set up, but: %q", line) }})
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	app, _ := start(t, Config{DatabaseURL: pgtest.URL(t)})
	address := strings.TrimPrefix(app.URL(), "http://")
	if _, err := New(Config{Listen: address}); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("a second program on %s: %v", address, err)
	}
}

func TestProbesSayThatTheServingRoleIsMissing(t *testing.T) {
	t.Parallel()
	app, _ := start(t, Config{DatabaseURL: pgtest.URL(t), TravelURL: "http://127.0.0.1:1"})
	body := await(t, app.URL(), http.StatusOK)
	if travel, _ := body["travel"].(map[string]any); body["status"] != "ready" || body["note"] != nil || travel["note"] != "not asked yet" {
		t.Errorf("/readyz says %v", body)
	}
	if ways, missing, _ := app.roads.Between(t.Context(), []geo.Point{{Lat: 31, Lng: 121}, {Lat: 31, Lng: 122}}); ways == nil || missing != 2 {
		t.Errorf("%d ways are missing", missing)
	}
	body = await(t, app.URL(), http.StatusOK)
	if travel, _ := body["travel"].(map[string]any); body["status"] != "ready" || travel["source"] != "estimated from the distance" || travel["note"] != "the map server cannot be reached" {
		t.Errorf("/readyz says %v", body)
	}
	// A login that owns its database, but may neither make nor use the serving role.
	url := pgtest.EmptyURL(t)
	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.Background()) }()
	login := "owner_" + strings.ToLower(rand.Text())
	exec := func(sql string) {
		t.Helper()
		if _, err := admin.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE ROLE " + login + " LOGIN; ALTER SCHEMA public OWNER TO " + login)
	exec("ALTER DATABASE " + admin.Config().Database + " OWNER TO " + login)
	owner, stop := start(t, Config{DatabaseURL: strings.Replace(url, "paigong@", login+"@", 1)})
	note, _ := await(t, owner.URL(), http.StatusOK)["note"].(string)
	if !strings.Contains(note, "GRANT paigong_app TO "+login) {
		t.Errorf("/readyz does not say what an administrator may do: %q", note)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	exec("REASSIGN OWNED BY " + login + " TO paigong; DROP OWNED BY " + login + "; DROP ROLE " + login)
	response, err := http.Get(app.URL() + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %v %v", response, err)
	}
}

// The real program on a folder of its own, through everything that may happen to it.
func TestLifeOfThePrivateServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	serve := func() (cmd *exec.Cmd, url string) {
		t.Helper()
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd = exec.Command(self, "serve", "--listen", "127.0.0.1:0", "--data", data)
		cmd.Env = append(os.Environ(), asProgram+"=1", "DATABASE_URL=")
		cmd.Stderr = t.Output()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		lines := bufio.NewScanner(out)
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://") {
			t.Fatalf("the program prints %q, want its address", lines.Text())
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		return cmd, lines.Text()
	}
	server := func() int {
		text, _ := os.ReadFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid"))
		first, _, _ := strings.Cut(string(text), "\n")
		pid, _ := strconv.Atoi(first)
		return pid
	}

	began := time.Now()
	program, url := serve()
	await(t, url, http.StatusOK)
	t.Logf("fresh folder: ready after %.2f s", time.Since(began).Seconds())

	if err := syscall.Kill(server(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, url, http.StatusServiceUnavailable)
	await(t, url, http.StatusOK)

	_ = program.Process.Kill()
	_ = program.Wait()
	began = time.Now()
	program, url = serve()
	await(t, url, http.StatusOK)
	t.Logf("after kill -9 of the program: ready after %.2f s", time.Since(began).Seconds())

	// A command on the same folder joins; the program goes on.
	status, out, errs := command(t, nil, "migrate", "--data", data)
	if status != 0 || !strings.HasPrefix(out, "0 applied") {
		t.Errorf("paigong migrate beside the program: %d %s%s", status, out, errs)
	}
	await(t, url, http.StatusOK)

	last := server()
	_ = program.Process.Signal(os.Interrupt)
	if err := program.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	if syscall.Kill(last, 0) == nil {
		t.Error("after Ctrl-C PostgreSQL still runs")
	}
	began = time.Now()
	program, url = serve()
	await(t, url, http.StatusOK)
	t.Logf("existing folder: ready after %.2f s", time.Since(began).Seconds())
	_ = program.Process.Signal(syscall.SIGTERM)
	if err := program.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

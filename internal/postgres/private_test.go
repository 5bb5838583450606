//go:build unix

package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A test that kills programs needs programs: the test binary plays one when it is started
// with a data folder in this variable.
const program = "PAIGONG_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if data := os.Getenv(program); data != "" {
		if err := playProgram(data); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// playProgram opens the database, tells the server's process number, writes a row for each
// line it reads and says so, and leaves cleanly on SIGTERM.
func playProgram(data string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := Open(ctx, Options{Data: data, AsOwner: true})
	if err != nil {
		return err
	}
	if _, err := s.Pool().Exec(ctx, "CREATE TABLE IF NOT EXISTS acknowledged (line text)"); err != nil {
		return err
	}
	fmt.Println("ready", s.private.pid.Load())
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if _, err := s.Pool().Exec(ctx, "INSERT INTO acknowledged VALUES ($1)", lines.Text()); err != nil {
				fmt.Println("error:", err)
				continue
			}
			fmt.Println("stored", lines.Text())
		}
	}()
	<-ctx.Done()
	return s.Close()
}

type played struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.Writer
	out    *bufio.Scanner
	server int // process number of its PostgreSQL
}

// play starts a program on a data folder and waits until it is ready.
func play(t *testing.T, data string, as *account) *played {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if as != nil { // the folder of test binaries is closed to other users
		copied := filepath.Join(filepath.Dir(data), "program")
		text, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(copied, text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		self = copied
	}
	p := &played{t: t, cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), program+"="+data)
	if as != nil {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: as.uid, Gid: as.gid}}
		p.cmd.Dir = "/"
	}
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, p.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewScanner(out)
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	if _, err := fmt.Sscanf(p.hear(), "ready %d", &p.server); err != nil {
		t.Fatalf("the program does not get ready: %v", err)
	}
	return p
}

func (p *played) hear() string {
	if !p.out.Scan() {
		return "(silence)"
	}
	return p.out.Text()
}

func (p *played) store(line string) {
	p.t.Helper()
	_, _ = fmt.Fprintln(p.in, line)
	if said := p.hear(); said != "stored "+line {
		p.t.Fatalf("stored %q, the program says %q", line, said)
	}
}

func (p *played) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *played) leave() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Fatalf("the program does not leave cleanly: %v", err)
	}
}

// dataFolder returns a folder whose last server is stopped when the test ends.
func dataFolder(t *testing.T) string {
	data := filepath.Join(t.TempDir(), "data")
	t.Cleanup(func() { gone(t, data) })
	return data
}

// gone waits until no process works in the folder's cluster.
func gone(t *testing.T, data string) {
	t.Helper()
	cluster, err := filepath.EvalSymlinks(filepath.Join(data, "postgres", "cluster"))
	if err != nil {
		return
	}
	for range 1000 {
		if len(workersIn(cluster)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("PostgreSQL processes %v are left behind", workersIn(cluster))
}

// stored opens the folder again and counts what programs had been told is stored.
func stored(t *testing.T, data string) (rows int) {
	t.Helper()
	s, err := Open(t.Context(), Options{Data: data, AsOwner: true})
	if err != nil {
		t.Fatalf("next start: %v", err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Pool().QueryRow(t.Context(), "SELECT count(*) FROM acknowledged").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestFirstQueryOnAFreshAndOnAnExistingFolder(t *testing.T) {
	data := dataFolder(t)
	for _, folder := range []string{"fresh", "existing"} {
		began := time.Now()
		s, err := Open(t.Context(), Options{Data: data})
		if err != nil {
			t.Fatal(err)
		}
		var role, zone string
		if err := s.Pool().QueryRow(t.Context(), "SELECT current_user, current_setting('timezone')").Scan(&role, &zone); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		if role != AppRole || zone != "UTC" || s.RoleNote != "" {
			t.Errorf("serving as %s in %s (%s), want %s in UTC", role, zone, s.RoleNote, AppRole)
		}
		began = time.Now()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s folder: first query after %.2f s, stopped in %.2f s", folder, took.Seconds(), time.Since(began).Seconds())
		if left := workersIn(s.private.cluster()); len(left) > 0 {
			t.Errorf("after Close processes %v still run", left)
		}
	}
}

func TestKilled(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(p *played){
		"the program": func(p *played) { p.kill() },
		"both": func(p *played) {
			_ = syscall.Kill(p.server, syscall.SIGKILL)
			p.kill()
		},
		"both and the guard": func(p *played) {
			guard := parent(p.server)
			_ = syscall.Kill(guard, syscall.SIGKILL)
			_ = syscall.Kill(p.server, syscall.SIGKILL)
			p.kill()
		},
		"the program and the guard": func(p *played) {
			_ = syscall.Kill(parent(p.server), syscall.SIGKILL)
			p.kill()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := dataFolder(t)
			p := play(t, data, nil)
			p.store("one")
			p.store("two")
			kill(p)
			if rows := stored(t, data); rows != 2 {
				t.Errorf("%d rows after kill -9, 2 had been acknowledged", rows)
			}
		})
	}
}

func parent(pid int) int {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	var ppid int
	_, _ = fmt.Sscanf(string(text[strings.LastIndexByte(string(text), ')')+1:]), " %1s %d", new(string), &ppid)
	return ppid
}

func TestKilledPostgreSQLIsStartedAgain(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{Data: dataFolder(t), AsOwner: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Pool().Exec(t.Context(), "CREATE TABLE kept AS SELECT 1 AS row"); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		before := s.private.pid.Load()
		_ = syscall.Kill(int(before), syscall.SIGKILL)
		killed := time.Now()
		for s.Up() && time.Since(killed) < 10*time.Second {
			time.Sleep(5 * time.Millisecond)
		}
		if s.Up() {
			t.Fatal("the program does not notice that its PostgreSQL was killed")
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Error("Ping says all is well while PostgreSQL is down")
		}
		for !s.Up() && time.Since(killed) < time.Minute {
			time.Sleep(5 * time.Millisecond)
		}
		var rows int
		if err := s.Pool().QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&rows); err != nil || rows != 1 {
			t.Fatalf("round %d: %d rows, %v", round, rows, err)
		}
		t.Logf("answers again %.2f s after kill -9", time.Since(killed).Seconds())
	}
}

func TestTwoProgramsShareOneFolder(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	first, second := play(t, data, nil), play(t, data, nil)
	if first.server != second.server {
		t.Fatalf("two servers on one folder: %d and %d", first.server, second.server)
	}
	first.store("one")
	second.store("two")
	first.leave()
	second.store("the first has left")
	third := play(t, data, nil)
	if third.server != second.server {
		t.Fatalf("the first one's exit stopped the server")
	}
	second.kill()
	third.store("the second was killed")

	// The one that is left looks after the server.
	_ = syscall.Kill(third.server, syscall.SIGKILL)
	again := play(t, data, nil)
	again.store("started again")
	again.leave()
	third.store("by whoever was there")
	third.leave()
	if left := workersIn(filepath.Join(data, "postgres", "cluster")); len(left) > 0 {
		t.Errorf("the last clean exit left processes %v", left)
	}
	if rows := stored(t, data); rows != 6 {
		t.Errorf("%d rows, want 6", rows)
	}
}

func TestFourProgramsStartAtOnceOnAFreshFolder(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	servers := make(chan int, 4)
	for range 4 {
		go func() {
			p, err := StartPrivate(context.Background(), PrivateOptions{Data: data, Throwaway: true})
			if err != nil {
				t.Error(err)
				servers <- 0
				return
			}
			servers <- int(p.pid.Load())
			time.Sleep(50 * time.Millisecond)
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	for range 4 {
		if <-servers == 0 {
			t.Error("a program did not get its server")
		}
	}
}

// As root the server runs as somebody else, who may not walk through /root or a folder
// that mktemp made.
func TestFolderThatOnlyTheProgramMayEnter(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(closed, strings.Repeat("a-long-name", 9), "data")
	t.Cleanup(func() { gone(t, data) })
	first := play(t, data, nil)
	first.store("one")
	_ = syscall.Kill(first.server, syscall.SIGKILL)
	first.kill()
	if rows := stored(t, data); rows != 1 {
		t.Errorf("%d rows, want 1", rows)
	}
}

func TestNormalUser(t *testing.T) {
	t.Parallel()
	var as *account
	home := t.TempDir()
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		as = &account{uint32(uid), uint32(gid)}
		var err1 error
		if home, err1 = os.MkdirTemp("/tmp", "paigong-user-"); err1 != nil {
			t.Fatal(err1)
		}
		t.Cleanup(func() { _ = os.RemoveAll(home) })
		if err := errors.Join(os.Chmod(home, 0o755), os.Chown(home, uid, gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(home, "data")
	t.Cleanup(func() { gone(t, data) })
	p := play(t, data, as)
	p.store("one")
	p.kill()
	gone(t, data)
	p = play(t, data, as)
	p.store("two")
	p.leave()
	// Root may look after a user's folder without taking it away from him.
	if rows := stored(t, data); rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
	p = play(t, data, as)
	p.store("three")
	p.leave()
}

func TestPostmasterPidOfAStranger(t *testing.T) {
	t.Parallel()
	if !canSeeWorkers {
		t.Log("this system does not tell processes apart by folder; PostgreSQL's own rule applies")
		return
	}
	data := dataFolder(t)
	p := play(t, data, nil)
	p.store("one")
	p.leave()
	// After a restart of the machine the number belongs to somebody else: us.
	left := fmt.Sprintf("%d\n/nowhere\n1\n5432\n/nowhere\n\n\nready\n", os.Getpid())
	if err := os.WriteFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid"), []byte(left), 0o600); err != nil {
		t.Fatal(err)
	}
	if rows := stored(t, data); rows != 1 {
		t.Errorf("%d rows, want 1", rows)
	}
}

func TestCutShortWhileMakingTheCluster(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	draft := filepath.Join(data, "postgres", "cluster.new")
	if err := os.MkdirAll(filepath.Join(draft, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(draft, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := play(t, data, nil)
	p.store("one")
	p.leave()
}

func TestStopsWhenAskedWhileStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	data := dataFolder(t)
	began := time.Now()
	if s, err := Open(ctx, Options{Data: data}); err == nil {
		_ = s.Close()
		t.Fatal("a fresh PostgreSQL within 30 ms: the test is too slow to see an interruption")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Open went on for %v after it was told to stop", took)
	}
	s, err := Open(t.Context(), Options{Data: data})
	if err != nil {
		t.Fatalf("the next start: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLogHoldsNobodysData(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	s, err := Open(t.Context(), Options{Data: data, AsOwner: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Pool().Exec(t.Context(), "CREATE TABLE customers (phone text UNIQUE)"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = s.Pool().Exec(t.Context(), "INSERT INTO customers VALUES ('13800138000')", pgx.QueryExecModeSimpleProtocol)
	}
	if !sqlState(err, "23505") {
		t.Fatalf("the second one: %v", err)
	}
	said, err := os.ReadFile(filepath.Join(data, "postgres", "server.log"))
	if err != nil || !strings.Contains(string(said), "duplicate key") {
		t.Fatalf("the log does not hold the error: %v\n%s", err, said)
	}
	if strings.Contains(string(said), "13800138000") {
		t.Errorf("the log holds a customer's number:\n%s", said)
	}
}

func TestOperatorsSettingsWin(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	p := play(t, data, nil)
	p.leave()
	if err := os.WriteFile(filepath.Join(data, "postgres", "cluster", "local.conf"), []byte("work_mem = '5MB'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	private, err := StartPrivate(t.Context(), PrivateOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = private.Close() }()
	conn, err := pgx.Connect(t.Context(), private.URL("paigong"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var settings [5]string
	err = conn.QueryRow(t.Context(), `SELECT current_setting('work_mem'), current_setting('fsync'), current_setting('synchronous_commit'),
		current_setting('full_page_writes'), current_setting('listen_addresses')`).Scan(&settings[0], &settings[1], &settings[2], &settings[3], &settings[4])
	if want := [5]string{"5MB", "on", "on", "on", ""}; err != nil || settings != want {
		t.Errorf("settings %q (%v), want %q", settings, err, want)
	}
}

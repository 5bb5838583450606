//go:build unix

package postgres

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed guard.sh
var guardScript string

// The server's own superuser; its socket folder, open to the server's user alone, is the key.
const superuser = "paigong"

// PrivateOptions describe a private server.
type PrivateOptions struct {
	// Data is the folder that the server's folder "postgres" lies in; it is made when missing.
	Data string
	Log  *slog.Logger
	// Throwaway is for tests: nothing is flushed to disk, so a power cut loses the database.
	Throwaway bool
	// Linger keeps the server after its last user has gone without closing it.
	Linger time.Duration

	supply *supply // where to look for PostgreSQL; nil: everywhere
	as     *account
}

// Private is a PostgreSQL server that this program started or joined. It is watched, and
// started again when it dies, until Close.
type Private struct {
	o      PrivateOptions
	folder string
	bin    Binaries
	as     *account // whom the server runs as; nil: the program's own user
	users  *os.File // flock, shared
	alive  *os.File // writing end of the guard's FIFO

	pid    atomic.Int64
	up     atomic.Bool
	socket string

	mu      sync.Mutex
	onStart func()
	closing chan struct{}
	watched chan struct{}
	closed  func() error
}

// StartPrivate joins the private server of a data folder, or starts it, and returns when it
// takes connections. A fresh folder is filled by initdb first.
func StartPrivate(ctx context.Context, o PrivateOptions) (*Private, error) {
	if o.Data == "" {
		return nil, errors.New("no data folder given for the private PostgreSQL")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return nil, err
	}
	p := &Private{o: o, closing: make(chan struct{}), watched: make(chan struct{})}
	p.closed = sync.OnceValue(p.close)
	if err := os.MkdirAll(filepath.Join(data, "postgres"), 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w; say --data FOLDER for one that can be written", err)
	}
	// The kernel reports folders with symbolic links resolved; compare like with like.
	if p.folder, err = filepath.EvalSymlinks(filepath.Join(data, "postgres")); err != nil {
		return nil, fmt.Errorf("data folder: %w; say --data FOLDER for one that can be written", err)
	}
	if p.as, err = p.account(); err != nil {
		return nil, err
	}
	if p.users, err = p.open("users.lock"); err != nil {
		return nil, fmt.Errorf("data folder: %w; say --data FOLDER for one that can be written", err)
	}
	if err := flock(ctx, p.users, syscall.LOCK_SH); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for %s: %w", p.folder, err), p.users.Close())
	}
	if err := p.ensure(ctx); err != nil {
		p.leave()
		return nil, err
	}
	go p.watch()
	return p, nil
}

// Up reports whether the server is running as far as this program knows.
func (p *Private) Up() bool { return p.up.Load() }

// Major is PostgreSQL's major version.
func (p *Private) Major() int { return p.madeBy() }

// URL is the connection string of one database, as the server's superuser.
func (p *Private) URL(database string) string {
	return fmt.Sprintf("postgres://%s@/%s?host=%s&port=5432&sslmode=disable", superuser, url.PathEscape(database), url.QueryEscape(p.socket))
}

// database makes sure that a database exists and returns its URL.
func (p *Private) database(ctx context.Context, name string) (string, error) {
	conn, err := pgx.Connect(ctx, p.URL(name))
	if err == nil {
		return p.URL(name), conn.Close(ctx)
	}
	if !sqlState(err, "3D000") {
		return "", fmt.Errorf("private PostgreSQL: %w", err)
	}
	if conn, err = pgx.Connect(ctx, p.URL("postgres")); err != nil {
		return "", fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil && !sqlState(err, "42P04", "23505") {
		return "", fmt.Errorf("private PostgreSQL: %w", err)
	}
	return p.URL(name), nil
}

// afterRestart names what to do when the server has been started again.
func (p *Private) afterRestart(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onStart = do
}

// Close leaves the server. The last program to leave waits until it has stopped.
func (p *Private) Close() error { return p.closed() }

func (p *Private) close() error {
	close(p.closing)
	<-p.watched
	p.up.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	// Whoever starts at this moment waits for the stop instead of joining a server that goes.
	start, err := p.open("start.lock")
	if err == nil {
		defer func() { _ = start.Close() }()
		err = flock(ctx, start, syscall.LOCK_EX)
	}
	last := err == nil && syscall.Flock(int(p.users.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
	p.leave()
	if !last {
		return err
	}
	pid := int(p.pid.Load())
	for waited := time.Duration(0); runs(pid, p.cluster()); waited += 10 * time.Millisecond {
		switch waited {
		case 2 * time.Second, 6 * time.Second: // no guard: it was killed
			_ = syscall.Kill(pid, syscall.SIGINT)
		case 20 * time.Second:
			p.o.Log.Warn("private PostgreSQL does not stop; it will recover at the next start")
			_ = syscall.Kill(pid, syscall.SIGQUIT)
		case 25 * time.Second:
			return fmt.Errorf("private PostgreSQL (process %d) does not stop", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.HasPrefix(p.socket, p.folder) {
		_ = os.Remove(p.socket) // if empty
	}
	p.o.Log.Info("private PostgreSQL stopped", "folder", p.folder)
	return nil
}

// leave lets go of the FIFO and the lock.
func (p *Private) leave() {
	if p.alive != nil {
		_ = p.alive.Close()
	}
	_ = p.users.Close()
}

// watch starts the server again whenever it has died.
func (p *Private) watch() {
	defer close(p.watched)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.closing:
			return
		case <-tick.C:
		}
		if runs(int(p.pid.Load()), p.cluster()) {
			continue
		}
		p.up.Store(false)
		p.o.Log.Warn("private PostgreSQL died; starting it again", "folder", p.folder)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		stop := make(chan struct{})
		go func() {
			select {
			case <-p.closing:
				cancel()
			case <-stop:
			}
		}()
		err := p.ensure(ctx)
		close(stop)
		cancel()
		if err != nil {
			p.o.Log.Error("private PostgreSQL does not start again; trying on", "error", err)
			select {
			case <-p.closing:
				return
			case <-time.After(time.Second):
			}
			continue
		}
		p.o.Log.Info("private PostgreSQL runs again", "folder", p.folder)
		p.mu.Lock()
		if p.onStart != nil {
			p.onStart()
		}
		p.mu.Unlock()
	}
}

// ensure returns when the server runs: joined, or started by us.
func (p *Private) ensure(ctx context.Context) error {
	start, err := p.open("start.lock")
	if err != nil {
		return err
	}
	defer func() { _ = start.Close() }()
	if err := flock(ctx, start, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("wait for another program to start PostgreSQL in %s: %w", p.folder, err)
	}
	if pid := p.postmaster(); runs(pid, p.cluster()) {
		if err := p.announce(); err == nil || p.outlives(ctx, pid, 5*time.Second) {
			if err := p.ready(ctx, pid, nil); !errors.Is(err, errGone) {
				return err
			}
		}
	}
	err = p.start(ctx)
	if err != nil && p.o.Throwaway && p.madeBy() != 0 && ctx.Err() == nil {
		// A throwaway cluster that does not start is not worth repairing.
		p.o.Log.Warn("making the throwaway PostgreSQL anew", "error", err)
		if err := os.RemoveAll(p.cluster()); err != nil {
			return err
		}
		p.bin = Binaries{}
		err = p.start(ctx)
	}
	return err
}

// outlives waits for a server without a guard (it is shutting down, or its guard was
// killed) and reports whether it stays.
func (p *Private) outlives(ctx context.Context, pid int, patience time.Duration) bool {
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if !runs(pid, p.cluster()) {
			return false
		}
	}
	return true
}

// announce tells the guard that we are here; syscall.ENXIO when there is no guard.
func (p *Private) announce() error {
	if p.alive == nil {
		fifo, err := os.OpenFile(p.path("alive"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		p.alive = fifo
	}
	_, err := p.alive.Write([]byte("\n"))
	return err
}

// start makes the cluster if there is none and runs the server under its guard.
// The caller holds start.lock.
func (p *Private) start(ctx context.Context) error {
	if err := p.clearRemains(ctx); err != nil {
		return err
	}
	fresh := p.madeBy() == 0
	if p.bin.Dir == "" {
		found, err := p.o.supply.find(ctx, p.madeBy(), p.o.Log)
		if err != nil {
			return err
		}
		p.bin = found
	}
	if fresh {
		if err := p.initialise(ctx); err != nil {
			return err
		}
	}
	socket, err := p.socketFolder()
	if err != nil {
		return err
	}
	if err := p.configure(socket); err != nil {
		return err
	}
	if err := syscall.Mkfifo(p.path("alive"), 0o600); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("data folder: %w", err)
	}
	p.own(p.path("alive"))
	// The reading end comes first: a FIFO without a reader cannot be opened for writing.
	fd, err := syscall.Open(p.path("alive"), syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		return err
	}
	reader := os.NewFile(uintptr(fd), "alive")
	defer func() { _ = reader.Close() }()
	if err := p.announce(); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	log, err := p.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	said, _ := log.Seek(0, io.SeekEnd)

	guard := exec.Command("/bin/sh", "-c", guardScript, "paigong-guard", strconv.Itoa(int(p.o.Linger.Seconds())), p.bin.path("postgres"))
	guard.ExtraFiles = []*os.File{reader}
	closeHandle, err := p.runAs(guard, p.cluster())
	if err != nil {
		return err
	}
	defer closeHandle()
	guard.Stdout, guard.Stderr = log, log
	if err := guard.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	ended := make(chan struct{})
	go func() { _ = guard.Wait(); close(ended) }()
	if err := p.ready(ctx, 0, ended); err != nil {
		return fmt.Errorf("%w%s", err, p.lastWords(said))
	}
	if fresh && !p.o.Throwaway {
		// initdb ran without flushing, which saves seconds at the first start. Commits are
		// flushed by PostgreSQL itself; this flushes the files they build upon.
		go func() { flushToDisk(p.folder); p.o.Log.Debug("fresh database folder flushed to disk") }()
	}
	return nil
}

// errGone: the server that we were about to join is no more.
var errGone = errors.New("PostgreSQL ended while it was being joined")

// ready waits until the server takes connections. It gives up with errGone when the process
// pid is no more, and when the guard has ended.
func (p *Private) ready(ctx context.Context, pid int, ended <-chan struct{}) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		lines := p.pidFile()
		if len(lines) >= 8 && strings.TrimSpace(lines[7]) == "ready" {
			now, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
			p.socket = strings.TrimSpace(lines[4])
			// The file outlives a killed server, and a killed one is seen running for a moment.
			if runs(now, p.cluster()) && p.answers(ctx) {
				p.pid.Store(int64(now))
				p.up.Store(true)
				return nil
			}
		}
		if pid != 0 && !runs(pid, p.cluster()) {
			return errGone
		}
		select {
		case <-ended:
			return errors.New("PostgreSQL did not start")
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not become ready: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (p *Private) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// clearRemains deals with what kill -9 leaves: workers that have not yet noticed that their
// server is gone, and lock files whose number now belongs to a zombie or a stranger.
func (p *Private) clearRemains(ctx context.Context) error {
	if p.pidFile() == nil {
		return nil
	}
	for waited := time.Duration(0); ; waited += 20 * time.Millisecond {
		left := workersIn(p.cluster())
		if len(left) == 0 {
			break
		}
		if waited >= 5*time.Second {
			for _, pid := range left {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if waited >= 10*time.Second {
			return fmt.Errorf("processes %v of a dead PostgreSQL still use %s", left, p.cluster())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if !canSeeWorkers {
		return nil // PostgreSQL's own judgement of the file is all there is
	}
	socket, err := p.socketFolder()
	if err != nil {
		return err
	}
	for _, left := range []string{filepath.Join(p.cluster(), "postmaster.pid"), filepath.Join(socket, ".s.PGSQL.5432.lock")} {
		if err := os.Remove(left); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// initialise makes a cluster beside its final place, so that a cut half-way leaves nothing.
func (p *Private) initialise(ctx context.Context) error {
	p.o.Log.Info("making a private PostgreSQL", "folder", p.folder, "version", p.bin.Major)
	if _, err := os.Stat(p.cluster()); err == nil {
		return fmt.Errorf("%s is not a PostgreSQL cluster; move it away", p.cluster())
	}
	var failed error
	for _, locale := range []string{"C.UTF-8", "C"} { // some systems have no C.UTF-8
		draft := p.path("cluster.new")
		if err := os.RemoveAll(draft); err != nil {
			return err
		}
		if err := os.Mkdir(draft, 0o700); err != nil {
			return err
		}
		p.own(draft)
		cmd := exec.CommandContext(ctx, p.bin.path("initdb"), "--no-sync", "--no-instructions", "--data-checksums", "--encoding=UTF8", "--locale="+locale,
			"--username="+superuser, "--auth-local=trust", "--auth-host=reject")
		closeHandle, err := p.runAs(cmd, draft)
		if err != nil {
			return err
		}
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		err = cmd.Run()
		closeHandle()
		if err == nil {
			return os.Rename(draft, p.cluster())
		}
		failed = fmt.Errorf("initdb: %w\n%s", err, said.String())
		if !strings.Contains(said.String(), "locale") {
			break
		}
	}
	if strings.Contains(failed.Error(), "No space left on device") {
		return fmt.Errorf("the disk is full: a database needs about 100 MB in %s; make room, or say --data FOLDER for another place", p.folder)
	}
	return failed
}

// configure writes the server's settings anew at each start, so that they follow the
// program; local.conf is the operator's and comes last.
func (p *Private) configure(socket string) error {
	// Statements hold customers' names and numbers: an error is logged without them.
	flushed, connections, statements, verbosity, prepared := "on", 150, "panic", "terse", 0
	if p.o.Throwaway {
		flushed, connections, statements, verbosity, prepared = "off", 600, "error", "default", 10
	}
	text := fmt.Sprintf(`# Written by paigong at each start. Put your own settings into local.conf beside this file.
listen_addresses = ''
port = 5432
unix_socket_directories = '%[1]s'
unix_socket_permissions = 0700
max_connections = %[3]d
max_prepared_transactions = %[6]d
fsync = %[2]s
synchronous_commit = %[2]s
full_page_writes = %[2]s
shared_buffers = 128MB
max_wal_size = 1GB
min_wal_size = 80MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%%m [%%p] '
log_min_error_statement = %[4]s
log_error_verbosity = %[5]s
lc_messages = 'C'
include_if_exists = 'local.conf'
`, strings.ReplaceAll(socket, "'", "''"), flushed, connections, statements, verbosity, prepared)
	local := filepath.Join(p.cluster(), "local.conf")
	if _, err := os.Stat(local); errors.Is(err, os.ErrNotExist) {
		if err := p.write(local, "# Your own PostgreSQL settings; they win over postgresql.conf.\n"); err != nil {
			return err
		}
	}
	return p.write(filepath.Join(p.cluster(), "postgresql.conf"), text)
}

// socketFolder returns a folder for the socket, which must be short: 107 bytes on Linux and
// 103 on macOS for the whole name. Close to the data when that fits, so that programs with
// different temporary folders find each other.
func (p *Private) socketFolder() (string, error) {
	name := p.path("run")
	if len(name) > 80 || !p.reachable(p.folder) {
		h := fnv.New64a()
		_, _ = io.WriteString(h, p.folder)
		name = filepath.Join("/tmp", fmt.Sprintf("paigong-%d-%x", os.Getuid(), h.Sum64()))
	}
	if err := os.Mkdir(name, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	p.own(name)
	found, err := os.Lstat(name)
	if err != nil {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	owner := uint32(os.Getuid())
	if p.as != nil {
		owner = p.as.uid
	}
	if !found.IsDir() || found.Mode().Perm()&0o077 != 0 || found.Sys().(*syscall.Stat_t).Uid != owner {
		return "", fmt.Errorf("socket folder %s belongs to somebody else or is open to others; remove it", name)
	}
	return name, nil
}

func (p *Private) path(name string) string { return filepath.Join(p.folder, name) }
func (p *Private) cluster() string         { return p.path("cluster") }

// Exists reports whether a data folder holds a private PostgreSQL already.
func Exists(data string) bool {
	_, err := os.Stat(filepath.Join(data, "postgres", "cluster", "PG_VERSION"))
	return !errors.Is(err, fs.ErrNotExist)
}

// madeBy is the major version that made the cluster; 0: there is none.
func (p *Private) madeBy() int {
	text, err := os.ReadFile(filepath.Join(p.cluster(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return major
}

// pidFile is postmaster.pid by lines: pid, folder, start time, port, socket folder, address,
// shared memory, state.
func (p *Private) pidFile() []string {
	text, err := os.ReadFile(filepath.Join(p.cluster(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

func (p *Private) postmaster() int {
	lines := p.pidFile()
	if len(lines) == 0 {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0]))
	return pid
}

func (p *Private) open(name string) (*os.File, error) {
	file, err := os.OpenFile(p.path(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		p.own(p.path(name))
	}
	return file, err
}

func (p *Private) write(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	p.own(path + ".new")
	return os.Rename(path+".new", path)
}

// openLog keeps one older log of at most 10 MB.
func (p *Private) openLog() (*os.File, error) {
	name := p.path("server.log")
	if found, err := os.Stat(name); err == nil && found.Size() > 10<<20 {
		_ = os.Rename(name, name+".1")
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w; say --data FOLDER for one that can be written", err)
	}
	p.own(name)
	return file, nil
}

// lastWords is what the server wrote to its log since offset.
func (p *Private) lastWords(offset int64) string {
	file, err := os.Open(p.path("server.log"))
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	said, _ := io.ReadAll(io.LimitReader(file, 4<<10))
	return "; " + p.path("server.log") + " says:\n" + string(said)
}

// flock waits for a lock on a file; the kernel frees it when the program ends in any way.
func flock(ctx context.Context, file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// build compiles the program into a folder and returns the binary.
func build(ctx context.Context, folder string) (binary string, err error) {
	binary = filepath.Join(folder, "paigong")
	if said, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "paigong/cmd/paigong").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, said)
	}
	return binary, nil
}

// arena builds the program and gives an attack a folder below a base, with a program in it that has not been
// started. The folder is gone afterwards; what the program says goes to the file log, if one is named.
func arena(name, base string, log *string, attack func(ctx context.Context, folder string, v *victim, out io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, out io.Writer) (err error) {
		tools, err := os.MkdirTemp("", "torture-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(tools)) }()
		folder, err := os.MkdirTemp(base, "torture-"+name+"-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		for _, f := range []string{tools, folder} { // PostgreSQL runs as another user
			if err := os.Chmod(f, 0o755); err != nil {
				return err
			}
		}
		said := io.Discard
		if *log != "" {
			file, err := os.Create(*log)
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			said = file
		}
		binary, err := build(ctx, tools) // memory is often mounted without the right to run anything
		if err != nil {
			return err
		}
		return attack(ctx, folder, &victim{binary: binary, data: filepath.Join(folder, "data"), log: said}, out)
	}
}

// memory is where an attack that never cuts the power keeps its files: killed processes lose nothing there, and no
// disk is waited for. Without a gigabyte of room it is the ordinary place.
func memory() string {
	const shared = "/dev/shm"
	var room syscall.Statfs_t
	if err := syscall.Statfs(shared, &room); err == nil && uint64(room.Bsize)*room.Bavail > 1<<30 {
		return shared
	}
	return os.TempDir()
}

// victim is the real program on a data folder of its own, with its private PostgreSQL below it.
type victim struct {
	binary, data string
	log          io.Writer // what the program says
	process      *exec.Cmd
	url          atomic.Pointer[string]
}

// start runs the program and returns when it has told its address; whether it is ready is another question.
func (v *victim) start() error {
	cmd := exec.Command(v.binary, "serve", "--listen", "127.0.0.1:0", "--data", v.data)
	cmd.Env = append(os.Environ(), "DATABASE_URL=", "PAIGONG_LANG=zh-Hans")
	cmd.Stderr = v.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://") {
		_ = cmd.Process.Kill()
		return errors.Join(fmt.Errorf("the program says %q, not its address", lines.Text()), cmd.Wait())
	}
	address := lines.Text()
	go func() { _, _ = io.Copy(v.log, out) }()
	v.process = cmd
	v.url.Store(&address)
	return nil
}

// ready waits until /readyz answers 200.
func (v *victim) ready(ctx context.Context) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		if res, err := http.Get(*v.url.Load() + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return errors.Join(errors.New("the program does not become ready"), ctx.Err())
}

// kill ends the program, its PostgreSQL or both with SIGKILL, and starts the program again when it was it. Which of
// them really died is returned: a PostgreSQL that is just being started again cannot.
func (v *victim) kill(program, postgres bool) (diedProgram, diedPostgres bool, err error) {
	if program {
		diedProgram = v.process.Process.Kill() == nil
	}
	if postgres {
		if pid := v.postmaster(); pid > 0 {
			diedPostgres = syscall.Kill(pid, syscall.SIGKILL) == nil
		}
	}
	if program {
		_ = v.process.Wait()
		err = v.start()
	}
	return diedProgram, diedPostgres, err
}

// postmaster is the process number of the running private PostgreSQL, or 0. The file outlives a killed server,
// whose number may belong to a stranger by now.
func (v *victim) postmaster() int {
	text, _ := os.ReadFile(filepath.Join(v.data, "postgres", "cluster", "postmaster.pid"))
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first)
	if pid <= 0 {
		return 0
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if !strings.Contains(string(line), "postgres") {
			return 0
		}
	}
	return pid
}

// run is one command of the program on the same data folder.
func (v *victim) run(ctx context.Context, in string, args ...string) (out string, err error) {
	cmd := exec.CommandContext(ctx, v.binary, append(args, "--data", v.data)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL=")
	cmd.Stdin = strings.NewReader(in)
	cmd.Stderr = v.log
	text, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("paigong %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return string(text), err
}

// violations counts what `paigong check` finds.
func (v *victim) violations(ctx context.Context) (checks, violations int, err error) {
	out, err := v.run(ctx, "", "check")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if _, scanned := fmt.Sscanf(lines[len(lines)-1], "%d checks, %d violations", &checks, &violations); scanned != nil {
		return 0, 0, errors.Join(fmt.Errorf("paigong check ends with %q", lines[len(lines)-1]), err)
	}
	return checks, violations, nil
}

// stop asks the program to end, as Ctrl-C does, and waits for it and for its PostgreSQL.
func (v *victim) stop() error {
	if v.process == nil {
		return nil
	}
	server := v.postmaster()
	_ = v.process.Process.Signal(os.Interrupt)
	if err := v.process.Wait(); err != nil {
		return fmt.Errorf("after Ctrl-C: %w", err)
	}
	v.process = nil
	if server > 0 && v.postmaster() == server {
		return errors.New("after Ctrl-C PostgreSQL still runs")
	}
	return nil
}

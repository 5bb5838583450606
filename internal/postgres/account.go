//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that the server runs as when the program runs as root.
type account struct{ uid, gid uint32 }

// account decides whom the server runs as: the program's user; as root the owner of an
// existing cluster, else postgres or nobody (initdb wants a user that has a name).
func (p *Private) account() (*account, error) {
	var owner *account
	if found, err := os.Stat(p.cluster()); err == nil {
		stat := found.Sys().(*syscall.Stat_t)
		owner = &account{stat.Uid, stat.Gid}
	}
	if os.Geteuid() != 0 {
		if owner != nil && owner.uid != uint32(os.Geteuid()) {
			return nil, fmt.Errorf("%s belongs to user %d: run as that user or as root, or choose another data folder", p.folder, owner.uid)
		}
		return nil, nil
	}
	if owner != nil && owner.uid != 0 {
		return owner, nil
	}
	if p.o.as != nil {
		return p.o.as, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &account{uint32(uid), uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody; run as another user, or set DATABASE_URL")
}

// own gives a file to the server's user.
func (p *Private) own(path string) {
	if p.as != nil {
		_ = os.Chown(path, int(p.as.uid), int(p.as.gid))
	}
}

// runAs completes a command that works on a cluster: -D, the user, a session of its own
// (so that Ctrl-C reaches only the program) and a clean environment. Folders above the
// cluster may be closed to the server's user: it gets the folder as an open handle.
// The returned function closes our copy of the handle.
func (p *Private) runAs(cmd *exec.Cmd, cluster string) (closeHandle func(), err error) {
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	closeHandle = func() {}
	if p.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: p.as.uid, Gid: p.as.gid}
		if !p.reachable(cluster) {
			handle, err := os.Open(cluster)
			if err != nil {
				return nil, err
			}
			cmd.ExtraFiles = append(cmd.ExtraFiles, handle)
			cluster = fmt.Sprintf("/proc/self/fd/%d", 2+len(cmd.ExtraFiles))
			closeHandle = func() { _ = handle.Close() }
		}
	}
	cmd.Args = append(cmd.Args, "-D", cluster)
	return closeHandle, nil
}

// reachable reports whether the server's user may walk down to a folder.
func (p *Private) reachable(folder string) bool {
	if p.as == nil {
		return true
	}
	for up := filepath.Dir(folder); ; up = filepath.Dir(up) {
		found, err := os.Stat(up)
		if err != nil {
			return false
		}
		stat := found.Sys().(*syscall.Stat_t)
		mode := found.Mode().Perm()
		if mode&0o001 == 0 && !(stat.Uid == p.as.uid && mode&0o100 != 0) {
			return false
		}
		if up == filepath.Dir(up) {
			return true
		}
	}
}

package postgres

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

const canSeeWorkers = true

// runs reports whether a process is alive and works in the cluster. PostgreSQL makes the
// cluster its working folder, which tells it from a stranger that got the same number; a
// zombie has none.
func runs(pid int, cluster string) bool {
	if pid <= 0 {
		return false
	}
	proc := "/proc/" + strconv.Itoa(pid)
	if at, err := os.Readlink(proc + "/cwd"); err != nil || at != cluster {
		return false
	}
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return false
	}
	after := bytes.LastIndexByte(stat, ')')
	return after > 0 && after+2 < len(stat) && stat[after+2] != 'Z' && stat[after+2] != 'X'
}

// workersIn lists every process that works in the cluster.
func workersIn(cluster string) (pids []int) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil && runs(pid, cluster) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// flushToDisk writes back everything on the folder's file system.
func flushToDisk(folder string) {
	handle, err := os.Open(folder)
	if err != nil {
		unix.Sync()
		return
	}
	defer func() { _ = handle.Close() }()
	if unix.Syncfs(int(handle.Fd())) != nil {
		unix.Sync()
	}
}

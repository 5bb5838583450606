//go:build unix && !linux

package postgres

import (
	"errors"

	"golang.org/x/sys/unix"
)

const canSeeWorkers = false

// runs reports whether a process is alive. Without /proc a stranger with the same number
// cannot be told apart; PostgreSQL then refuses to start and says so.
func runs(pid int, _ string) bool {
	if pid <= 0 {
		return false
	}
	err := unix.Kill(pid, 0)
	return err == nil || errors.Is(err, unix.EPERM)
}

func workersIn(string) []int { return nil }

func flushToDisk(string) { unix.Sync() }

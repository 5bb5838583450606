package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// built is the program that all tests here attack.
var built struct {
	once   sync.Once
	folder string
	binary string
	err    error
}

func binary(t *testing.T) string {
	t.Helper()
	b := &built
	b.once.Do(func() {
		if b.folder, b.err = os.MkdirTemp("", "torture-"); b.err != nil {
			return
		}
		if b.err = os.Chmod(b.folder, 0o755); b.err == nil {
			b.binary, b.err = build(context.Background(), b.folder)
		}
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.binary
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.folder != "" {
		_ = os.RemoveAll(built.folder)
	}
	os.Exit(status)
}

// The story with each step by the login whose work it is, while the program, PostgreSQL or both are killed between
// the steps and in the middle of the sheet, the payment, a displacement of nine visits, a pick-up, an order handed
// over and a plan being published: what was acknowledged is there, and once, and nothing is there by half.
func TestNothingIsLostOrDoubledUnderKill(t *testing.T) {
	t.Parallel()
	k := &killing{v: &victim{binary: binary(t), data: filepath.Join(t.TempDir(), "data"), log: t.Output()}, seed: 7, dice: rand.New(rand.NewPCG(7, 0)), odds: 0.15, aim: []string{"/sheet", "/payments", "/absences", "/hand-over", "/hand-over/accept", "/publish"}}
	var out bytes.Buffer
	err := k.attack(t.Context(), 1, &out)
	t.Log(out.String())
	if err != nil {
		t.Error(err)
	}
	if k.midway == 0 {
		t.Error("nobody died in the middle of a displacement or a hand-over")
	}
	if k.programs+k.both == 0 || k.postgres+k.both == 0 || k.during == 0 {
		t.Errorf("%d programs, %d PostgreSQL, %d both died, %d of them during a call: that proves little", k.programs, k.postgres, k.both, k.during)
	}
}

// What the program shows is compared with what it acknowledged: a loss and a double are seen.
func TestALossIsSeen(t *testing.T) {
	k := &killing{}
	k.know("ready", "/work-orders/1", "state")
	k.know("assigned", "/work-orders/1", "state")
	k.know(1, "/work-orders/1", "sheets", length)
	k.know(1, "/work-orders/1", "visits", length)
	seen := read(200, []byte(`{"state":"ready","sheets":[{},{}],"visits":[]}`))
	k.compare(map[string]answer{"/work-orders/1": seen})
	if k.lost != 2 || k.doubled != 1 {
		t.Errorf("%d lost, %d doubled, want 2, 1", k.lost, k.doubled)
	}
}

func TestCommandLine(t *testing.T) {
	var errs bytes.Buffer
	if err := command(t.Context(), []string{"nonsense"}, &errs, &errs); err == nil || !strings.Contains(errs.String(), "kill") {
		t.Errorf("an unknown attack: %v, %s", err, &errs)
	}
	if err := command(t.Context(), []string{"kill", "-rounds", "1", "more"}, &errs, &errs); err == nil || !strings.Contains(err.Error(), "more") {
		t.Errorf("an unknown argument: %v", err)
	}
}

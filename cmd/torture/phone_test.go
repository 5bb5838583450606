package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paigong/internal/browsertest"
)

// Ten visits on a phone that loses its network, its power, its session and the answers it was sent: nothing is
// lost and nothing is done twice. More rounds are a command: go run ./cmd/torture phone -rounds 200.
func TestBrowserLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	browsertest.Chromium(t)
	folder, err := os.MkdirTemp(memory(), "torture-phone-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil { // PostgreSQL runs as another user
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = withPhone(t.Context(), &victim{binary: binary(t), data: filepath.Join(folder, "data"), log: t.Output()}, filepath.Join(folder, "browser"), 3, &out, func(k *calling, path string) error { return k.attack(path, 10) })
	t.Logf("%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "rounds 10 seed 3: 0 lost, 0 double, drain p50 ") || !strings.HasSuffix(last, " s") {
		t.Errorf("last line %q", last)
	}
}

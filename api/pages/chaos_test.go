package pages_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Four visits on a phone that loses its network, its power, its session and the answers it was sent: nothing is
// lost and nothing is done twice. The attack is a program of its own, so that it believes nothing ours believes.
// More rounds are a command: go run ./cmd/torture phone -rounds 200.
func TestBrowserLosesAndDoublesNothing(t *testing.T) {
	browser(t)
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "paigong/cmd/torture", "phone", "-rounds", "4", "-seed", "3").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "rounds 4 seed 3: 0 lost, 0 double, drain p50 ") || !strings.HasSuffix(last, " s") {
		t.Errorf("last line %q", last)
	}
}

package pages_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"paigong/internal/say"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/depot"
)

// sources reads the program's own files below a folder, tests left out.
func sources(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		all.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Whatever the desk writes on a timeline has words, and so has every act it says would be allowed and every
// reason it gives for a refusal.
func TestEverythingTheDeskSaysHasWords(t *testing.T) {
	desk := sources(t, "../../workorders")
	found := 0
	for _, m := range regexp.MustCompile(`Action: "([a-z_]+)"[,}]`).FindAllStringSubmatch(desk, -1) {
		if found++; !say.Has("event." + m[1]) {
			t.Errorf("the timeline says %q and nobody wrote words for it", m[1])
		}
	}
	if found < 40 {
		t.Errorf("only %d entries of the timeline were found: look where they are written now", found)
	}
	var acts []string
	for _, s := range workorders.OrderMoves.States() {
		acts = append(acts, workorders.OrderMoves.Actions(s)...)
	}
	for _, s := range workorders.RequestMoves.States() {
		acts = append(acts, workorders.RequestMoves.Actions(s)...)
	}
	for _, s := range workorders.QuoteMoves.States() {
		acts = append(acts, workorders.QuoteMoves.Actions(s)...)
	}
	for _, s := range aftercare.ComplaintMoves.States() {
		acts = append(acts, aftercare.ComplaintMoves.Actions(s)...)
	}
	for _, s := range depot.CustodyMoves.States() {
		acts = append(acts, depot.CustodyMoves.Actions(s)...)
	}
	for _, m := range regexp.MustCompile(`\.Allow\(([^)]*)\)`).FindAllStringSubmatch(desk, -1) {
		for _, a := range regexp.MustCompile(`"([a-z_=-]+)"`).FindAllStringSubmatch(m[1], -1) {
			acts = append(acts, a[1])
		}
	}
	for _, act := range acts {
		if !say.Has("act." + strings.NewReplacer("-", "_", "=", "_").Replace(act)) {
			t.Errorf("%q would be allowed, and nobody wrote words for it", act)
		}
	}
	for _, folder := range []string{"../../workorders", "../../dispatch", "../../inventory", "../../internal/auth", ".."} {
		for _, m := range regexp.MustCompile(`fault\.New\(fault\.[A-Za-z]+, "([a-z0-9_]+[a-z0-9])"`).FindAllStringSubmatch(sources(t, folder), -1) {
			if !say.Has("fault." + m[1]) {
				t.Errorf("%s refuses with %q, which has no words in Chinese", folder, m[1])
			}
		}
	}
}

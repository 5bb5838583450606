// Package browsertest gives tests the browser they drive.
package browsertest

import (
	"os"
	"os/exec"
	"testing"
)

// Chromium is the path of an installed one. Where there is none the test is skipped, which is the only skip
// there is; PAIGONG_E2E=1 makes that a failure.
func Chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("PAIGONG_E2E") == "1" {
		t.Fatal("no Chromium is installed")
	}
	t.Skip("no Chromium is installed; PAIGONG_E2E=1 makes this a failure")
	return ""
}

package pages_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is started once; whoever sits at it has a window with cookies of his own.
var chromium struct {
	sync.Mutex
	ctx  context.Context
	stop func()
}

var errNoChromium = errors.New("no Chromium is installed")

func startChromium() (context.Context, error) {
	c := &chromium
	c.Lock()
	defer c.Unlock()
	if c.ctx != nil {
		return c.ctx, nil
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errNoChromium
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck)
	ctx, cancel := chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		cancel()
		stop()
		return nil, err
	}
	c.ctx, c.stop = ctx, func() { cancel(); stop() }
	return ctx, nil
}

func TestMain(m *testing.M) {
	status := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(status)
}

// browser is a running browser; the test is skipped where there is none. PAIGONG_E2E=1 forbids that.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, err := startChromium()
	switch {
	case errors.Is(err, errNoChromium) && os.Getenv("PAIGONG_E2E") != "1":
		t.Skip("no Chromium is installed; PAIGONG_E2E=1 makes this an error")
	case err != nil:
		t.Fatalf("the browser does not start: %v", err)
	}
	return ctx
}

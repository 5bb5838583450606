package pages_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"paigong/internal/browsertest"
)

// chromium is started once; whoever sits at it has a window with cookies of his own.
var chromium struct {
	sync.Mutex
	ctx  context.Context
	stop func()
}

func startChromium(path string) (context.Context, error) {
	c := &chromium
	c.Lock()
	defer c.Unlock()
	if c.ctx != nil {
		return c.ctx, nil
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

// browser is a running browser, see browsertest.Chromium for where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, err := startChromium(browsertest.Chromium(t))
	if err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return ctx
}

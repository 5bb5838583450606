package pages_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// settles waits until a promise of the page is kept with something true.
func (p *person) settles(what, js string) {
	p.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if p.script(`(async () => { try { return String(!!(await (`+js+`))) } catch { return "" } })()`) == "true" {
			return
		}
	}
	p.Fatalf("%s never came: %s: %s", what, p.script(`(async () => { try { return String(await (`+js+`)) } catch (err) { return String(err) } })()`), p.text())
}

// On a line that answers late the day is shown from the phone, and the newer one takes its place without losing a
// tap; an answer that was overtaken does not replace a newer page; a form that was used can be used again.
func TestBrowserPhoneOnASlowLine(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n, at := busyTown(t)
	p := n.at(b, "engineer1")
	p.do(chromedp.EmulateViewport(360, 740))
	p.open("/m")
	p.settles("the day on the phone", `navigator.serviceWorker.controller && globalThis.outbox && caches.match("/m")`)

	// The desk books another visit while the phone shows what it kept.
	order := at["ready"]
	n.signedIn("dispatcher").see("/orders/"+order, 200).form("/orders/" + order + "/assign").send(nil).done()
	var once atomic.Bool
	n.weather.Store(ptr(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/m" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && once.CompareAndSwap(false, true) {
			time.Sleep(1500 * time.Millisecond)
		}
		return false
	}))
	p.open("/m")
	if p.script(`String(document.querySelector("[data-about='`+order+`']"))`) != "null" {
		t.Fatal("the day of the network was waited for")
	}
	p.script(`(() => { navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data.newer) document.querySelector("[data-next]:not([hidden]) form.step:not([hidden]) button").click(); }); return "" })()`)
	p.settles("the visit that was booked", fmt.Sprintf(`document.querySelector("[data-about='%s']")`, order))
	p.settles("the tap in the moment the page changed", `outbox.all("rows").then((rows) => rows.some((r) => r.act === "depart" && r.state === "delivered"))`)

	// A page asked for early comes after one that was asked for later.
	once.Store(false)
	held, asked, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
	n.weather.Store(ptr(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/m" || r.Header.Get("Sec-Fetch-Mode") == "navigate" || !once.CompareAndSwap(false, true) {
			return false
		}
		defer close(told)
		early := must(http.NewRequestWithContext(r.Context(), "GET", n.server.URL+"/m", nil))(t)
		early.Header = r.Header.Clone()
		res := must(http.DefaultTransport.RoundTrip(early))(t)
		defer func() { _ = res.Body.Close() }()
		close(asked)
		<-held
		for key, values := range res.Header {
			w.Header()[key] = values
		}
		w.Header().Set("Early", "yes")
		_, _ = io.Copy(w, res.Body)
		return true
	}))
	p.script(`(() => { navigator.serviceWorker.controller.postMessage({ fetch: ["/m"], fresh: 0 }); return "" })()`)
	<-asked
	drawn := `caches.match("/m").then((r) => r.headers.get("Paigong-Drawn"))`
	before := p.script(drawn)
	p.open("/m")
	p.settles("the newer page", `(`+drawn+`).then((at) => at > "`+before+`")`)
	close(held)
	<-told
	time.Sleep(300 * time.Millisecond) // what must not happen would have
	if early := p.script(`caches.match("/m").then((r) => String(r.headers.get("Early")))`); early != "null" {
		t.Error("the page that was overtaken took the place of the newer one")
	}
	n.weather.Store(nil)

	// Two parts are asked for, one after the other, on one page.
	p.open("/m/van")
	for i, sku := range []string{"P2", "P3"} {
		p.script(`(() => { const f = document.querySelector("form[action='/m/van/wishes']"); delete f.dataset.then; f.closest("details").open = true; f.elements.wish_sku[0].value = "` + sku + `"; f.requestSubmit(); return "" })()`)
		p.settles("the wish for "+sku, fmt.Sprintf(`outbox.all("rows").then((rows) => rows.filter((r) => r.path === "/m/van/wishes" && r.state === "delivered").length === %d && !document.querySelector("form[data-busy]"))`, i+1))
	}
	n.signedIn("engineer1").see("/m/van", 200).shows("P2 × 1", "P3 × 1")
}

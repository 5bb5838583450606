package pages_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"paigong/internal/fault"
	"paigong/workorders"
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

	// What the server says to a step comes after the page stopped waiting for it, and is told all the same.
	once.Store(false)
	n.weather.Store(ptr(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && once.CompareAndSwap(false, true) {
			time.Sleep(2 * time.Second)
		}
		return false
	}))
	p.clicks(`.card.next:not([hidden]) form.step:not([hidden]) button`)
	p.settles("the answer that came late", `document.querySelector("#told").className.includes("is-done")`)
	n.weather.Store(nil)

	// Two parts are asked for, one after the other, on one page.
	p.open("/m/van")
	for i, sku := range []string{"P2", "P3"} {
		p.script(`(() => { const f = document.querySelector("form[action='/m/van/wishes']"); delete f.dataset.then; f.closest("details").open = true; f.elements.wish_sku[0].value = "` + sku + `"; f.requestSubmit(); return "" })()`)
		p.settles("the wish for "+sku, fmt.Sprintf(`outbox.all("rows").then((rows) => rows.filter((r) => r.path === "/m/van/wishes" && r.state === "delivered").length === %d && !document.querySelector("form[data-busy]"))`, i+1))
	}
	n.signedIn("engineer1").see("/m/van", 200).shows("P2 × 1", "P3 × 1")

	// What lies ready is taken over by reading its code, and the van is counted the same way. The camera is a picture
	// of the page's own, and the reader says what the test holds before it: not every machine's Chromium has one.
	n.receive("P3", 1, "WH")
	for range 2 {
		n.signedIn("stock").see("/stock/pickups", 200).form("/stock/wishes/[^/]+/ready").send(url.Values{"from_place": {"WH"}}).leads()
	}
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			globalThis.BarcodeDetector = class { async detect() { return globalThis.held ? [{ rawValue: globalThis.held }] : [] } };
			MediaDevices.prototype.getUserMedia = async () => document.createElement("canvas").captureStream(5);
			HTMLMediaElement.prototype.play = async () => {};
			Object.defineProperty(Notification, "permission", { get: () => "default" });
			Notification.requestPermission = async () => "granted";
			PushManager.prototype.getSubscription = async () => globalThis.subscribed ?? null;
			PushManager.prototype.subscribe = async function ({ applicationServerKey }) {
				const { publicKey } = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
				const keys = { p256dh: await crypto.subtle.exportKey("raw", publicKey), auth: new Uint8Array(16).buffer };
				if (applicationServerKey.length === 65) return globalThis.subscribed = { endpoint: "https://push.example/x", getKey: (name) => keys[name] };
			};`})
		return err
	}))
	p.open("/m/van")
	p.settles("the button to scan", `document.querySelector("#scan:not([hidden])")`)
	p.script(`(() => { for (const f of document.querySelectorAll("[data-takes] form")) delete f.dataset.then; return "" })()`) // the page stays
	p.clicks("#scan")
	hold := func(code, until string) {
		t.Helper()
		p.script(`globalThis.held = "` + code + `"`)
		p.settles("what follows from "+code, until)
	}
	hold("X-99", `document.querySelector("dialog [role=status]").textContent.includes("X-99")`)
	hold("P3", `outbox.all("rows").then((rows) => rows.filter((r) => r.path.endsWith("/receive") && r.state === "delivered").length === 1)`)
	p.open("/m/van")
	p.settles("the part in the van", `document.querySelector("tr[data-code=P3]")`)
	p.clicks("details:has(form[action='/m/van/count']) summary")
	p.clicks("#scan")
	hold("P3", `document.querySelector("input[data-code=P3]").value === "2"`)
	hold("P1", `document.querySelector("input[data-code=P1]").value === "2" && document.querySelector("input[data-code=P3]").value === "2"`)

	// Notices are switched on by one tap, with what the browser gives; its push service is outside and played.
	p.open("/m/me")
	p.settles("the button for notices", `document.querySelector("form[action='/m/me/push']:not([hidden])")`)
	p.leads("form[action='/m/me/push'] button")
	var phones int
	if err := n.db.NewRaw("SELECT count(*) FROM push_subscriptions WHERE address = 'https://push.example/x'").Scan(t.Context(), &phones); err != nil || phones != 1 {
		t.Errorf("%d phones are told after one tap (%v)", phones, err)
	}
}

// The standard repair is written down with nine taps and a signature, and nothing typed: accepted already, on the
// way, there, the sheet, what it usually is, signed, sent. A picture of twelve megapixels gets small on the phone.
func TestBrowserStandardSheet(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n, at := busyTown(t)
	p := n.at(b, "engineer1")
	p.do(chromedp.EmulateViewport(360, 740))
	p.open("/m")
	p.until("the scripts", `globalThis.outbox`)
	taps := 0
	tap := func(css string) {
		t.Helper()
		taps++
		box, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector(`+fmt.Sprintf("%q", css)+`).getBoundingClientRect(); return [r.width, r.height] })()`))
		if err != nil || box[0] < 44 || box[1] < 44 {
			t.Errorf("%s is %v px large (%v), want 44 at least", css, box, err)
		}
		p.clicks(css)
	}
	next := `.card.next:not([hidden]) `
	// The one large button is where the thumb of the hand that holds the phone is: below the upper two fifths, above the tabs.
	reach, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector(`+fmt.Sprintf("%q", next+`form.step:not([hidden]) button`)+`).getBoundingClientRect(), tabs = document.querySelector(".tabbar").getBoundingClientRect(); return [r.top, r.bottom, tabs.top, innerHeight] })()`))
	if err != nil || reach[0] < reach[3]*0.4 || reach[1] > reach[2] {
		t.Errorf("the next step's button lies from %v to the tabs and the window's end (%v)", reach, err)
	}
	began := time.Now()
	for _, state := range []string{"en_route", "on_site"} {
		tap(next + `form.step:not([hidden]) button`)
		p.until("the step "+state, fmt.Sprintf(`document.querySelector(".card.next:not([hidden])").dataset.state === %q`, state))
	}
	tap(next + `a.step:not([hidden])`)
	p.until("the sheet", `document.getElementById("sheet")?.dataset.ready`)
	tap(`[data-preset]`)
	p.draws(`.for-signature canvas`)

	took := p.script(`(async () => {
		const c = new OffscreenCanvas(4000, 3000), g = c.getContext("2d");
		for (let i = 0; i < 3000; i++) { g.fillStyle = "hsl(" + i * 37 % 360 + " 60% " + (20 + i % 60) + "%)"; g.fillRect(i * 613 % 4000, i * 419 % 3000, 160, 120); }
		const bag = new DataTransfer(), input = document.querySelector("[name=photos_after]");
		bag.items.add(new File([await c.convertToBlob({ type: "image/jpeg", quality: 0.97 })], "x.jpg", { type: "image/jpeg" }));
		const began = performance.now(), from = bag.files[0].size;
		input.files = bag.files;
		input.dispatchEvent(new Event("change", { bubbles: true }));
		for (let i = 0; i < 500; i++) {
			const [photo] = await outbox.all("photos");
			if (photo && document.querySelector("#thumbs li")) return JSON.stringify({ from, to: photo.blob.size, ms: Math.round(performance.now() - began) });
			await new Promise((ok) => setTimeout(ok, 20));
		}
		return "the picture was not kept";
	})()`)
	var photo struct{ From, To, Ms int }
	if err := json.Unmarshal([]byte(took), &photo); err != nil || photo.To > 450<<10 || photo.From < 1<<20 {
		t.Errorf("a picture of 12 megapixels: %s (%v), want at most 450 KB", took, err)
	}
	tap(`.dock button.go`)
	p.until("the day after the sheet", `location.pathname === "/m"`)
	if elapsed := time.Since(began); taps > 9 || elapsed > 45*time.Second {
		t.Errorf("%d taps, %.1f s", taps, elapsed.Seconds())
	}
	t.Logf("%d taps and a signature, %.1f s; picture %s", taps, time.Since(began).Seconds(), took)
	p.settles("the sheet sent", `outbox.counts().then((n) => n.waiting + n.attention === 0)`)
	o := must(n.desk.Order(context.Background(), must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(t), at["order"]))(t)
	s := o.Sheet
	if s == nil || s.FaultCode == nil || *s.FaultCode != "F01" || len(s.Signature) < 20 || bytes.Count(s.Photos, []byte("sha256")) != 1 || len(s.Parts) != 1 || n.now().Sub(s.FinishedAt).Abs() > 5*time.Minute {
		raw, _ := json.Marshal(s)
		t.Errorf("at %s the sheet is %s", n.now(), raw)
	}
}

// What an engineer does with his van and with his own day, and what the counter and the desk make of it.
func TestVanAndOwnDay(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	engineer, keeper, dispatcher := n.signedIn("engineer1"), n.signedIn("stock"), n.signedIn("dispatcher")
	held := func(sku, place string) int64 {
		t.Helper()
		var many int64
		if err := n.db.NewRaw("SELECT coalesce(sum(on_hand), 0) FROM stock s JOIN parts p ON p.id = s.part_id JOIN places l ON l.id = s.place_id WHERE p.sku = ? AND l.code = ?", sku, place).Scan(t.Context(), &many); err != nil {
			t.Fatal(err)
		}
		return many
	}

	// Asked for, laid out, taken; asked for and not to be had.
	van := engineer.see("/m/van", 200)
	van.form("/m/van/wishes").send(url.Values{"wish_sku": {"", "", ""}}).refused(422, "必填")
	ask := func(sku string) *sight {
		t.Helper()
		engineer.see("/m/van", 200).form("/m/van/wishes").send(url.Values{"wish_sku": {sku, "", ""}, "wish_quantity": {"1", "", ""}, "urgent": {"true"}}).leads()
		return keeper.see("/stock/pickups", 200).shows(sku)
	}
	ask("P3").form("/stock/wishes/[^/]+/refuse").send(url.Values{"reason": {"下周才到货"}}).leads()
	ask("P2").form("/stock/wishes/[^/]+/ready").send(url.Values{"from_place": {"WH"}}).leads()
	before := held("P2", "VAN1")
	page := engineer.see("/m/van", 200).shows("下周才到货")
	page.form("/m/van/wishes/[^/]+/receive").send(nil).leads()
	page.form("/m/van/wishes/[^/]+/receive").send(nil) // from a second tab
	if now := held("P2", "VAN1"); now != before+1 {
		t.Errorf("the van holds %d P2 after the hand-over, want %d", now, before+1)
	}

	// Counted: only the difference to what the page showed is booked.
	count := engineer.see("/m/van", 200).form("/m/van/count")
	for i, sku := range count.values["count_sku"] {
		if sku == "P2" {
			count.values["counted"][i] = fmt.Sprint(before + 3)
		}
	}
	count.send(nil).leads()
	count.send(nil) // the answer was lost
	if now := held("P2", "VAN1"); now != before+3 {
		t.Errorf("the van holds %d P2 after the count, want %d", now, before+3)
	}

	// Given back unused; more than there is cannot be.
	back := engineer.see("/m/van", 200).form("/m/van/return")
	back.send(url.Values{"sku": {"P2"}, "quantity": {"2"}, "to_place": {"WH"}}).leads()
	if now := held("P2", "VAN1"); now != before+1 {
		t.Errorf("the van holds %d P2 after two went back, want %d", now, before+1)
	}
	engineer.see("/m/van", 200).form("/m/van/return").send(url.Values{"sku": {"P2"}, "quantity": {"99"}, "to_place": {"WH"}}).refused(409, "P2")

	// What was told too late is taken over or set aside by the desk, once.
	ctx := context.Background()
	who := must(n.desk.Look(ctx).People.As(ctx, "engineer1"))(t)
	o := must(n.desk.Order(ctx, must(n.desk.Look(ctx).People.As(ctx, "admin"))(t), at["order"]))(t)
	park := func(act string) {
		t.Helper()
		must(n.desk.Park(ctx, who, workorders.ParkInput{OrderRef: at["order"], VisitID: o.Visits[0].ID, Act: act, Refusal: fault.New(fault.Conflict, "visit_legal_move", "the visit is over")}))(t)
	}
	park("depart")
	late := dispatcher.see("/desk/parked", 200).shows(at["order"])
	late.form("/desk/parked/[^/]+/set-aside").send(url.Values{"reason": {"记错了"}}).leads()
	late.form("/desk/parked/[^/]+/take").send(nil).refused(409)
	park("depart")
	dispatcher.see("/desk/parked", 200).form("/desk/parked/[^/]+/take").send(nil).leads()
	engineer.see("/m/orders/"+at["order"], 200).shows("路上")

	// Notices on his phone, with what a browser gives; anything else is refused in words.
	me := engineer.see("/m/me", 200)
	point := base64.RawURLEncoding.EncodeToString(must(ecdh.P256().GenerateKey(rand.Reader))(t).PublicKey().Bytes())
	me.form("/m/me/push").send(url.Values{"address": {"https://push.example/1"}, "key": {"no point"}, "secret": {"AAAAAAAAAAAAAAAAAAAAAA"}}).refused(422, "浏览器")
	me.form("/m/me/push").send(url.Values{"address": {"https://push.example/1"}, "key": {point}, "secret": {"AAAAAAAAAAAAAAAAAAAAAA"}}).leads()
	told := func() (many int) {
		t.Helper()
		if err := n.db.NewRaw("SELECT count(*) FROM push_subscriptions").Scan(ctx, &many); err != nil {
			t.Fatal(err)
		}
		return many
	}
	if told() != 1 {
		t.Error("the phone is not kept")
	}
	engineer.see("/m/me", 200).form("/m/me/push/off").send(nil).leads()
	if told() != 0 {
		t.Error("the phone is told after switching it off")
	}

	// He is ill: his visits of today look for somebody else.
	engineer.see("/m/me", 200).form("/m/me/ill").send(url.Values{"reason": {"发烧"}}).leads()
	dispatcher.see("/desk/exceptions", 200).shows(at["order"])
}

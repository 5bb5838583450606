package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// phoneAttack has an engineer fill in repair sheets, ask for parts and count his van on a phone whose network, browser, clock, session and storage
// fail him. Every visit has to end with its steps and its one sheet, with the photo and the signature.
func phoneAttack(f *flag.FlagSet) func(context.Context, io.Writer) error {
	rounds := f.Int("rounds", 20, "how many visits")
	seed := f.Uint64("seed", 1, "what fails when")
	log := f.String("log", "", "file for what the program says")
	return arena("phone", memory(), log, func(ctx context.Context, folder string, v *victim, out io.Writer) error {
		return withPhone(ctx, v, filepath.Join(folder, "browser"), *seed, out, func(k *calling, path string) error { return k.attack(path, *rounds) })
	})
}

// calling is one run of the attack.
type calling struct {
	*killing // the company and its calls; nobody of it dies here
	wire     *wire
	profile  string // of the browser, kept over its deaths
	browser  context.Context
	closed   context.CancelFunc
	out      io.Writer

	seen         string // the visit of this round
	counted      int    // so often the van was counted, with one more each time
	lost, double int
	drains       []time.Duration // from the network's return to an empty queue, page open
	dead, lie    []time.Duration // a page opened without a network, and with one that never answers
}

// faults are what happens to a round, in turn and shuffled by the seed.
var faults = []string{"refused", "hang", "cut", "cut-twice", "kill", "kill-draft", "damage", "double-tap", "two-tabs", "401", "stock", "clock", "quota", "cancelled", "none"}

// withPhone settles the company behind a wire that can fail, hands over the phone that is its first engineer's, and
// ends browser, wire and program however run ends. path is the browser's.
func withPhone(ctx context.Context, v *victim, profile string, seed uint64, out io.Writer, run func(k *calling, path string) error) (err error) {
	path, err := chromium()
	if err != nil {
		return err
	}
	k := &calling{killing: &killing{v: v, seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), ctx: ctx}, profile: profile, out: out}
	defer func() {
		if k.closed != nil {
			k.closed()
		}
		if k.wire != nil {
			k.wire.Close()
		}
		if v.process != nil {
			err = errors.Join(err, v.stop())
		}
	}()
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case broken:
			err = errors.Join(ended.error, err)
		default:
			panic(ended)
		}
	}()
	k.settle()
	if k.wire, err = newWire(*v.url.Load()); err != nil {
		return err
	}
	return run(k, path)
}

// attack tells what it did; its last line are the counts.
func (k *calling) attack(path string, rounds int) error {
	var turn []string
	for round := range rounds {
		if len(turn) == 0 {
			turn = slices.Clone(faults)
			k.dice.Shuffle(len(turn), func(i, j int) { turn[i], turn[j] = turn[j], turn[i] })
		}
		fault := turn[0]
		turn = turn[1:]
		began := time.Now()
		k.visit(path, round, fault)
		fmt.Fprintf(k.out, "round %d: %-10s %.1f s, %d lost, %d double\n", round+1, fault, time.Since(began).Seconds(), k.lost, k.double)
	}
	_, violations, err := k.v.violations(k.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(k.out, "phone: opened without a network in %.2f s, without an answer in %.2f s (median), %d violations\n", median(k.dead), median(k.lie), violations)
	fmt.Fprintf(k.out, "rounds %d seed %d: %d lost, %d double, drain p50 %.2f s\n", rounds, k.seed, k.lost, k.double, median(k.drains))
	if k.lost+k.double+violations > 0 {
		return errors.New("a sheet or a step was lost or doubled, or a promise of the data is broken")
	}
	return nil
}

func median(d []time.Duration) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[len(d)/2].Seconds()
}

// chromium finds a browser, by itself: the attacks know nothing of the program, not even its tests.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("no Chromium is installed: the attack drives a real one")
}

// open starts the phone's browser on its kept profile.
func (k *calling) open(path string) {
	ctx, stop := chromedp.NewExecAllocator(k.ctx, chromedp.ExecPath(path), chromedp.UserDataDir(k.profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("hide-crash-restore-bubble", true))
	ctx, cancel := chromedp.NewContext(ctx)
	k.browser, k.closed = ctx, func() { cancel(); stop() }
	k.must(chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(360, 740)))
}

// die kills the browser as a phone that runs out of power does. Chromium sometimes finds its database damaged after
// that and begins an empty one; damage has it happen.
func (k *calling) die(path string, damage bool) {
	process := chromedp.FromContext(k.browser).Browser.Process()
	if process == nil {
		k.fail("the browser has no process to kill")
	}
	_ = process.Kill()
	k.closed()
	_ = os.Remove(filepath.Join(k.profile, "SingletonLock"))
	if damage {
		k.must(os.RemoveAll(filepath.Join(k.profile, "Default", "IndexedDB")))
	}
	k.open(path)
}

// goTo opens an address in a tab; once more when the page there went on by itself in that moment.
func (k *calling) goTo(tab context.Context, path string) {
	ctx, cancel := context.WithTimeout(tab, 40*time.Second)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Navigate(k.wire.URL+path))
	if err != nil && strings.Contains(err.Error(), "net::ERR_ABORTED") {
		err = chromedp.Do(ctx, chromedp.Navigate(k.wire.URL+path))
	}
	if err != nil {
		k.fail("open %s: %v", path, err)
	}
}

// stayAt opens an address and sees to it that the tab stays there: the page that follows a sheet may come between.
func (k *calling) stayAt(tab context.Context, path string) {
	for range 5 {
		k.goTo(tab, path)
		time.Sleep(100 * time.Millisecond)
		if k.ask(tab, fmt.Sprintf(`location.pathname === %q`, path)) == "true" {
			return
		}
	}
}

// ask evaluates an expression of the page, a promise too, and gives it as JSON.
func (k *calling) ask(tab context.Context, js string) string {
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(async () => JSON.stringify(await (`+js+`) ?? null))()`, chromedp.EvalAwaitPromise))
	if err != nil {
		where, _ := chromedp.Run(tab, chromedp.Evaluate[string](`location.href + " " + document.body?.innerText?.slice(0, 400)`))
		k.fail("%s: %v at %s", js[:min(len(js), 120)], err, where)
	}
	return text
}

// until waits for an expression to be true.
func (k *calling) until(tab context.Context, what, js string) time.Duration {
	began := time.Now()
	for time.Since(began) < 60*time.Second {
		ctx, cancel := context.WithTimeout(tab, 20*time.Second)
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(async () => { try { return !!(await (`+js+`)) } catch { return false } })()`, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil && is {
			return time.Since(began)
		}
		time.Sleep(15 * time.Millisecond)
	}
	state := k.ask(tab, `(async () => ({ at: location.href, drawn: document.body.dataset.now, rows: (await globalThis.outbox?.all("rows"))?.filter((r) => r.visit === "`+k.seen+`"), door: await globalThis.outbox?.get("meta", "door"), page: document.body.innerText.slice(0, 500) }))()`)
	k.fail("%s never came: %s", what, state)
	return 0
}

// drained waits until nothing waits on the phone.
const drained = `(async () => { const n = await outbox.counts(); return n.waiting + n.attention + n.others === 0 })()`

func (k *calling) signIn(tab context.Context) {
	k.goTo(tab, "/login?lang=zh-Hans&next=%2Fm")
	if strings.Contains(k.ask(tab, `location.pathname`), "login") {
		k.ask(tab, `(() => { const f = document.querySelector("form[action='/login']"); f.elements.login.value = "engineer1"; f.elements.password.value = "correct horse battery"; f.submit(); })()`)
	}
	k.until(tab, "the day after signing in", `location.pathname === "/m" && globalThis.outbox`)
}

// fill does on the sheet what the engineer does, by the fields' own events.
const fill = `(async (marker) => {
	const f = document.getElementById("sheet"), set = (n, v) => { f.elements[n].value = v; f.elements[n].dispatchEvent(new Event("input", { bubbles: true })); };
	for (const [n, v] of [["fault_code", "F01"], ["cause_code", "C01"], ["action_code", "A01"], ["notes", marker]]) set(n, v);
	const pad = f.querySelector("canvas"); pad.scrollIntoView();
	const r = pad.getBoundingClientRect(), at = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, isPrimary: true, clientX: r.left + x, clientY: r.top + y }));
	try { at("pointerdown", 20, 20); } catch { }
	for (let i = 0; i < 30; i++) at("pointermove", 20 + 4 * i, 20 + 30 * Math.sin(i / 3));
	at("pointerup", 140, 30);
	const c = new OffscreenCanvas(64, 48), g = c.getContext("2d");
	g.fillStyle = "#" + marker.slice(-6); g.fillRect(0, 0, 64, 48);
	const bag = new DataTransfer();
	bag.items.add(new File([await c.convertToBlob({ type: "image/jpeg" })], "x.jpg", { type: "image/jpeg" }));
	const input = f.querySelector("[name=photos_after]"); input.files = bag.files; input.dispatchEvent(new Event("change", { bubbles: true }));
	for (let i = 0; i < 200; i++) {
		const d = await outbox.get("drafts", f.elements.visit_id.value);
		if (d?.files.length === 1 && d.fields.some(([n, v]) => n === "signature" && v.length > 20) && d.fields.some(([n, v]) => n === "notes" && v === marker)) return true;
		await new Promise((ok) => setTimeout(ok, 20));
	}
	throw new Error("the draft was not kept: " + JSON.stringify(await outbox.get("drafts", f.elements.visit_id.value)).slice(0, 900) + f.elements.signature.value.slice(0, 60) + document.getElementById("kept").textContent);
})(%q)`

const submit = `document.querySelector(".dock button").click()`

// visit is one round.
func (k *calling) visit(path string, round int, fault string) {
	marker := fmt.Sprintf("torture-%06x", k.dice.Uint32N(1<<24))
	order, visit := k.arrange(round)
	k.seen = visit
	k.wire.set("ok", 0)
	if k.browser == nil {
		k.open(path)
	}
	tab, shut := k.tab()
	defer func() { shut() }()
	if fault == "clock" {
		k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `{ const Real = Date, off = 86400000; globalThis.Date = class extends Real { constructor(...a) { if (a.length) super(...a); else super(Real.now() + off); } static now() { return Real.now() + off; } }; }`})
			return err
		})))
	}
	k.signIn(tab)
	k.until(tab, "offline mode", `navigator.serviceWorker?.controller`)
	for range 5 { // on a slow day the day of before is shown first
		if k.ask(tab, `!!document.querySelector("[data-visit='`+visit+`']")`) == "true" {
			break
		}
		time.Sleep(time.Second)
		k.goTo(tab, "/m")
		k.until(tab, "the day", `globalThis.outbox`)
	}
	k.until(tab, "the pages for the basement", fmt.Sprintf(`caches.match(%q).then((r) => r && outbox.get("meta", "clock"))`, k.wire.URL+"/m/orders/"+order+"/sheet"))

	// The network goes.
	gone := map[string]string{"hang": "hang"}[fault]
	if gone == "" {
		gone = "refuse"
	}
	k.wire.set(gone, 0)
	began := time.Now()
	k.goTo(tab, "/m")
	if open := time.Since(began); gone == "hang" {
		k.lie = append(k.lie, open)
	} else {
		k.dead = append(k.dead, open)
	}
	k.until(tab, "scripts without a network", `globalThis.outbox && document.querySelector("[data-next]:not([hidden]) form.step:not([hidden])")`)
	tap := `document.querySelector("[data-next][data-visit='` + visit + `'] form.step:not([hidden]) button")?.click()`
	for _, state := range []string{"accepted", "en_route", "on_site"} {
		k.ask(tab, `(() => { `+tap+` })()`)
		if fault == "double-tap" {
			k.ask(tab, `(() => { `+tap+` })()`)
		}
		k.until(tab, "the step "+state, fmt.Sprintf(`(async () => { const s = document.querySelector("[data-visit='%s']"); const rows = (await outbox.all("rows")).filter((r) => r.visit === %q); return s.dataset.state === %q || s.dataset.state === "on_site" && rows.length >= 3 })()`, visit, visit, state))
		if fault == "double-tap" {
			time.Sleep(50 * time.Millisecond)
		}
	}
	k.goTo(tab, "/m/orders/"+order+"/sheet")
	k.until(tab, "the sheet without a network", `globalThis.outbox && document.getElementById("sheet")?.dataset.ready`)
	k.ask(tab, fmt.Sprintf(fill, marker))
	switch fault {
	case "kill-draft", "damage": // before it was submitted
		shut()
		k.die(path, fault == "damage")
		tab, shut = k.tab()
		k.goTo(tab, "/m/orders/"+order+"/sheet")
		k.until(tab, "the draft after the browser's death", fmt.Sprintf(`document.querySelector("[name=notes]")?.value === %q && document.querySelector("[name=signature]").value.length > 20 && document.querySelectorAll("#thumbs li").length === 1`, marker))
	case "stock": // somebody takes the part out of the van meanwhile
		k.people["stock"].send(k.ctx, "POST", "/stock/movements", newKey(k.seed), m{"kind": "adjust", "sku": "P1", "quantity": -1, "from_place": "VAN1", "reason": "counted"})
	case "cancelled": // the desk gives the visit up without knowing what the phone knows
		k.post("dispatcher", "/work-orders/"+order+"/cancel", m{"reason": "customer called"}, 200)
	case "quota":
		k.quota(tab, 1)
		k.ask(tab, `(() => { `+submit+` })()`)
		k.until(tab, "words about the full storage, or the row", `(async () => { const rows = await outbox.all("rows"); return rows.some((r) => r.act === "sheet" && r.state === "waiting") || document.querySelector("#sync:not([hidden])") })()`)
		k.quota(tab, 0)
	case "two-tabs":
		other, bye := k.tab()
		k.goTo(other, "/m/orders/"+order+"/sheet")
		k.until(other, "the draft in the second tab", fmt.Sprintf(`document.querySelector("[name=notes]")?.value === %q`, marker))
		k.ask(tab, `(() => { `+submit+` })()`)
		k.ask(other, `(() => { `+submit+` })()`)
		defer bye()
	}
	waiting := fmt.Sprintf(`(async () => (await outbox.all("rows")).some((r) => r.visit === %q && r.act === "sheet"))()`, visit)
	if fault != "two-tabs" && k.ask(tab, waiting) != "true" {
		k.ask(tab, `(() => { `+submit+` })()`)
		if fault == "double-tap" {
			k.ask(tab, `(() => { document.querySelector(".dock button")?.click() })()`)
		}
	}
	if fault == "kill" { // somewhere between the tap and the page after it
		time.Sleep(time.Duration(k.dice.IntN(400)) * time.Millisecond)
		shut()
		k.die(path, false)
		tab, shut = k.tab()
		k.goTo(tab, "/m/orders/"+order+"/sheet")
		k.until(tab, "the sheet after the browser's death", `globalThis.outbox && document.getElementById("sheet")?.dataset.ready`)
		if k.ask(tab, waiting) != "true" { // the tap came too late: then the draft is there
			k.until(tab, "the draft after the browser's death", fmt.Sprintf(`document.querySelector("[name=notes]")?.value === %q`, marker))
			k.ask(tab, `(() => { `+submit+` })()`)
		}
	}
	k.until(tab, "the sheet on the phone", waiting)
	k.askAndCount(tab, marker, fault == "double-tap")
	k.stayAt(tab, "/m/outbox")
	k.until(tab, "the outbox", `globalThis.outbox && document.querySelector("#outbox li") || location.pathname === "/m"`)

	// The network comes back.
	switch fault {
	case "cut":
		k.wire.set("ok", 1)
	case "cut-twice":
		k.wire.set("ok", 2)
	case "401":
		k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
			return err
		})))
		k.wire.set("ok", 0)
		k.ask(tab, `(() => { dispatchEvent(new Event("online")) })()`)
		k.until(tab, "the request to sign in", `(async () => (await outbox.get("meta", "door"))?.state === "closed" && (await outbox.counts()).waiting > 0)()`)
		k.signIn(tab)
	default:
		k.wire.set("ok", 0)
	}
	began = time.Now()
	k.ask(tab, `(() => { dispatchEvent(new Event("online")) })()`)
	k.until(tab, "an empty queue", `(async () => (await outbox.get("meta", "door"))?.state === "closed" || await `+drained+`)()`)
	if k.ask(tab, drained) != "true" { // the session died with the browser: it had not been written down yet
		k.signIn(tab)
		began = time.Now()
		k.until(tab, "an empty queue", drained)
	}
	k.drains = append(k.drains, time.Since(began))
	k.judge(order, visit, marker, fault)
	k.judgeVan(tab, order, marker, fault)
}

// askAndCount asks for a part and counts the van, where one more P3 is found each round.
func (k *calling) askAndCount(tab context.Context, marker string, twice bool) {
	k.stayAt(tab, "/m/van")
	k.until(tab, "the van without a network", `globalThis.outbox && document.querySelector("form[action='/m/van/wishes']") && document.querySelector("form[action='/m/van/count']")`)
	k.ask(tab, fmt.Sprintf(`(() => {
		const wish = document.querySelector("form[action='/m/van/wishes']"), count = document.querySelector("form[action='/m/van/count']");
		for (const d of document.querySelectorAll("details")) d.open = true;
		wish.elements.wish_sku[0].value = "P2"; wish.elements.text.value = %q;
		const field = count.querySelectorAll("[name=counted]")[[...count.querySelectorAll("[name=count_sku]")].findIndex((e) => e.value === "P3")];
		field.value = Number(field.value) + 1;
		wish.requestSubmit(); count.requestSubmit();
		if (%t) { wish.requestSubmit(); count.requestSubmit(); }
	})()`, marker, twice))
	k.counted++
	k.until(tab, "the wish and the count on the phone", fmt.Sprintf(`(async () => { const rows = await outbox.all("rows"); return rows.some((r) => r.fields.some(([n, v]) => n === "text" && v === %q)) && rows.some((r) => r.path === "/m/van/count" && r.state === "waiting") })()`, marker))
}

// judgeVan looks whether the wish and the count arrived, once.
func (k *calling) judgeVan(tab context.Context, order, marker, fault string) {
	bad := func(to *int, n int, what string) {
		*to += n
		fmt.Fprintf(k.out, "  %s %s: %s\n", order, fault, what)
	}
	told := k.ask(tab, fmt.Sprintf(`fetch("/m/van").then((r) => r.text()).then((text) => text.split(%q).length - 1)`, marker))
	if told == "0" {
		bad(&k.lost, 1, "the wish for a part is missing")
	} else if told != "1" {
		bad(&k.double, 1, "the wish for a part is there "+told+" times")
	}
	switch held := k.call("stock", "GET", "/stock?sku=P3&place=VAN1", nil, 200, 1).number("items", 0, "on_hand"); {
	case held < 1+k.counted:
		bad(&k.lost, 1+k.counted-held, fmt.Sprintf("the van holds %d P3 after %d counts", held, k.counted))
		k.counted = held - 1
	case held > 1+k.counted:
		bad(&k.double, held-1-k.counted, fmt.Sprintf("the van holds %d P3 after %d counts", held, k.counted))
		k.counted = held - 1
	}
}

// tab opens a tab of the phone's browser.
func (k *calling) tab() (context.Context, context.CancelFunc) {
	tab, shut := chromedp.NewContext(k.browser)
	k.must(chromedp.Do(tab, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(360, 740)))
	return tab, shut
}

// quota fills the phone's storage; 0 frees it again.
func (k *calling) quota(tab context.Context, size float64) {
	p := storage.OverrideQuotaForOriginParams{Origin: k.wire.URL}
	if size > 0 {
		p.QuotaSize = &size
	}
	k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, storage.OverrideQuotaForOrigin, p)
		return err
	})))
}

// arrange books a repair under warranty for the engineer: nothing has to be agreed first.
func (k *calling) arrange(round int) (order, visit string) {
	k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P1", "quantity": 2, "to_place": "VAN1"}, 201)
	if round == 0 { // what is counted
		k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P3", "quantity": 1, "to_place": "VAN1"}, 201)
	}
	asset := k.post("agent", "/assets", m{"site_id": k.site, "brand": "海尔", "model": fmt.Sprintf("KFR-%d", round), "category": "空调", "purchased_on": time.Now().AddDate(0, -2, 0).Format(time.DateOnly),
		"proof": "invoice", "warranty_until": time.Now().AddDate(2, 0, 0).Format(time.DateOnly)}, 201).text("id")
	request := k.post("agent", "/requests", m{"channel": "phone", "kind": "repair", "asset_id": asset, "summary": "空调不制冷"}, 201)
	o := k.post("agent", "/requests/"+request.text("id")+"/work-order", m{"kind": "repair", "priority": 2, "skill_codes": []string{"cooling"}, "parts": []m{{"sku": "P1", "quantity": 1}}, "duration_minutes": 30}, 201)
	from := time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	v := k.post("dispatcher", "/work-orders/"+o.text("id")+"/assign", m{"engineer_id": k.right, "starts_at": from, "ends_at": from.Add(30 * time.Minute), "override_reason": "torture"}, 201)
	return o.text("number"), v.text("id")
}

// judge compares what the server has with what the engineer did: each step and the sheet once, whole, and with
// times by the server's clock.
func (k *calling) judge(order, visit, marker, fault string) {
	a := k.call("dispatcher", "GET", "/work-orders/"+order, nil, 200, 1)
	bad := func(to *int, n int, format string, args ...any) {
		*to += n
		fmt.Fprintf(k.out, "  %s %s: %s\n", order, fault, fmt.Sprintf(format, args...))
	}
	if fault == "cancelled" { // the work was done: it waits for the desk, once
		said := 0
		for i := range a.count("timeline") {
			if a.text("timeline", i, "action") == "park" && a.text("timeline", i, "data", "kind") == "sheet" {
				said++
			}
		}
		switch {
		case said == 0:
			bad(&k.lost, 1, "the sheet of a cancelled visit is nowhere: %s", a.raw[:min(len(a.raw), 600)])
		case said > 1:
			bad(&k.double, said-1, "parked %d times", said)
		}
		return
	}
	sheets := 0
	for i := range a.count("sheets") {
		if a.text("sheets", i, "notes") != marker {
			continue
		}
		sheets++
		var photos []json.RawMessage
		raw, _ := json.Marshal(a.at("sheets", i, "photos"))
		_ = json.Unmarshal(raw, &photos)
		if len(photos) != 1 {
			bad(&k.lost, 1, "%d photos of 1", len(photos))
		}
		if strokes, _ := json.Marshal(a.at("sheets", i, "signature")); len(strokes) < 20 {
			bad(&k.lost, 1, "the signature is %s", strokes)
		}
	}
	switch {
	case sheets == 0:
		bad(&k.lost, 1, "no sheet; visits %v", a.at("visits"))
	case sheets > 1:
		bad(&k.double, sheets-1, "%d sheets", sheets)
	}
	for _, act := range []string{"visit_accept", "visit_depart", "visit_arrive"} {
		told := 0
		for i := range a.count("timeline") {
			if a.text("timeline", i, "action") == act {
				told++
			}
		}
		switch {
		case told == 0:
			bad(&k.lost, 1, "%s is missing", act)
		case told > 1:
			bad(&k.double, told-1, "%s %d times", act, told)
		}
	}
	for i := range a.count("visits") {
		if a.text("visits", i, "id") != visit {
			continue
		}
		arrived, err := time.Parse(time.RFC3339, a.text("visits", i, "arrived_at"))
		if err != nil || time.Since(arrived).Abs() > 10*time.Minute {
			bad(&k.lost, 1, "arrived at %s, now is %s", a.text("visits", i, "arrived_at"), time.Now().UTC().Format(time.RFC3339))
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// slow4G is the preset of that name in Chromium's own developer tools: each request waits, and the line is shared.
var slow4G = network.Conditions{Latency: 562.5, DownloadThroughput: 184320, UploadThroughput: 86400} // ms, bytes/s

// slowPhone measures the engineer's pages on a slow line and a slow processor. It attacks nothing and fails only
// when a page does not come: what it prints are figures, medians of its runs.
func slowPhone(f *flag.FlagSet) func(context.Context, io.Writer) error {
	runs := f.Int("runs", 3, "how often each page is opened")
	cpu := f.Float64("cpu", 4, "how many times slower than this machine's the phone's processor is")
	log := f.String("log", "", "file for what the program says")
	return arena("slow", memory(), log, func(ctx context.Context, folder string, v *victim, out io.Writer) error {
		return withPhone(ctx, v, filepath.Join(folder, "browser"), 1, out, func(k *calling, path string) error { return k.measure(path, max(*runs, 1), *cpu) })
	})
}

// seen is one page as it came: bytes and requests over the line, seconds until its largest part was painted, and
// seconds the page's main thread was busy, stretched by the slow processor.
type seen struct {
	Bytes, Requests float64
	Painted, Busy   float64
}

// lcp keeps when the largest part of a page was painted.
const lcp = `new PerformanceObserver((l) => { globalThis.lcp = l.getEntries().at(-1).startTime }).observe({ type: "largest-contentful-paint", buffered: true })`

// picture has a page make a picture of 12 megapixels small, and tells bytes before and after, and milliseconds.
const picture = `(async () => {
	const c = new OffscreenCanvas(4000, 3000), g = c.getContext("2d");
	const bag = new DataTransfer(), input = document.querySelector("[name=photos_after]"), had = document.querySelectorAll("#thumbs li").length; // another picture each time
	for (let i = 0; i < 3000; i++) { g.fillStyle = "hsl(" + i * (37 + had) % 360 + " 60% " + (20 + i % 60) + "%)"; g.fillRect(i * 613 % 4000, i * 419 % 3000, 160, 120); }
	bag.items.add(new File([await c.convertToBlob({ type: "image/jpeg", quality: 0.97 })], "x.jpg", { type: "image/jpeg" }));
	const before = new Set((await outbox.all("photos")).map((p) => p.sha256)), size = bag.files[0].size, began = performance.now();
	input.files = bag.files;
	input.dispatchEvent(new Event("change", { bubbles: true }));
	for (let i = 0; i < 1000; i++) {
		const small = (await outbox.all("photos")).find((p) => !before.has(p.sha256));
		if (small && document.querySelectorAll("#thumbs li").length > had) return [size, small.blob.size, performance.now() - began];
		await new Promise((ok) => setTimeout(ok, 10));
	}
	throw new Error("the picture was not kept");
})()`

// measure opens each page as a phone that never saw it, and once more as one that did.
func (k *calling) measure(path string, runs int, cpu float64) error {
	out := k.out
	order, _ := k.arrange(0)
	k.open(path)
	tab, shut := k.tab()
	k.signIn(tab)
	shut()
	fmt.Fprintf(out, "%-8s %28s %24s\n%-8s %8s %9s %9s %12s %9s\n", "", "first visit", "kept on the phone", "page", "bytes", "requests", "painted", "painted", "busy")
	for _, p := range []struct{ name, path string }{{"day", "/m"}, {"job", "/m/orders/" + order}, {"sheet", "/m/orders/" + order + "/sheet"}, {"van", "/m/van"}} {
		var first, again []seen
		for range runs {
			first = append(first, k.opened(p.path, cpu, true))
			again = append(again, k.opened(p.path, cpu, false))
		}
		one, two := middle(first), middle(again)
		fmt.Fprintf(out, "%-8s %8.0f %9.0f %8.2fs %11.2fs %8.2fs\n", p.name, one.Bytes, one.Requests, one.Painted, two.Painted, two.Busy)
	}
	tab, shut = k.tab()
	defer shut()
	k.goTo(tab, "/m/orders/"+order+"/sheet")
	k.until(tab, "the sheet", `globalThis.outbox && document.getElementById("sheet")?.dataset.ready`)
	k.brake(tab, cpu, nil)
	var took []time.Duration
	var sizes [3]float64
	for range runs {
		if err := json.Unmarshal([]byte(k.ask(tab, picture)), &sizes); err != nil {
			return err
		}
		took = append(took, time.Duration(sizes[2]*float64(time.Millisecond)))
	}
	fmt.Fprintf(out, "picture of 12 megapixels: %.0f to %.0f KB in %.2f s\n", sizes[0]/1024, sizes[1]/1024, median(took))
	fmt.Fprintf(out, "slow: %.2f Mbit/s after %.0f ms, processor %g times slower, medians of %d\n", slow4G.DownloadThroughput*8/1e6, slow4G.Latency, cpu, runs)
	return nil
}

// brake slows a tab's processor, and its line unless that is nil.
func (k *calling) brake(tab context.Context, cpu float64, line *network.Conditions) {
	k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if line != nil {
			if _, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{line}}); err != nil {
				return err
			}
		}
		_, err := cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: cpu})
		return err
	})))
}

// opened opens a page in a tab of its own on the slow line; fresh takes everything but the session off the phone
// before.
func (k *calling) opened(path string, cpu float64, fresh bool) seen {
	tab, shut := k.tab()
	defer shut()
	k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: lcp}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{}); err != nil {
			return err
		}
		if !fresh {
			return nil
		}
		if _, err := cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: k.wire.URL, StorageTypes: "service_workers,cache_storage,indexeddb"})
		return err
	})))
	if !fresh { // Today brings what the basement needs
		k.goTo(tab, "/m")
		k.until(tab, "the page on the phone", fmt.Sprintf(`navigator.serviceWorker?.controller && caches.match(%q)`, k.wire.URL+path))
	}
	k.brake(tab, cpu, &slow4G)
	k.goTo(tab, path)
	k.until(tab, "the page", `document.readyState === "complete" && globalThis.outbox && globalThis.lcp`)
	var s seen
	text := k.ask(tab, `(() => {
		const [nav] = performance.getEntriesByType("navigation");
		const all = [nav, ...performance.getEntriesByType("resource").filter((e) => e.startTime < nav.loadEventEnd)];
		return { Bytes: all.reduce((n, e) => n + e.encodedBodySize, 0), Requests: all.length, Painted: globalThis.lcp / 1000 };
	})()`)
	k.must(json.Unmarshal([]byte(text), &s))
	k.must(chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		got, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range got.Metrics {
			if m.Name == "TaskDuration" {
				s.Busy = m.Value
			}
		}
		return nil
	})))
	return s
}

// middle is the median of each figure.
func middle(all []seen) seen {
	of := func(f func(seen) float64) float64 {
		var v []float64
		for _, s := range all {
			v = append(v, f(s))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return seen{of(func(s seen) float64 { return s.Bytes }), of(func(s seen) float64 { return s.Requests }), of(func(s seen) float64 { return s.Painted }), of(func(s seen) float64 { return s.Busy })}
}

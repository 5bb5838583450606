package pages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gofrs/uuid/v5"

	"paigong/workorders"
)

// readyOrders takes in so many requests and opens an order for each, which nobody is booked for.
func (n *town) readyOrders(count int) []string {
	n.Helper()
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	var numbers []string
	for i := range count {
		r := must(n.desk.Register(ctx, by, workorders.RequestInput{Channel: "phone", Kind: "repair", CustomerID: &n.customer, SiteID: &n.site, Summary: fmt.Sprintf("空调不制冷 %d", i+1)}))(n)
		o := must(n.desk.OpenOrder(ctx, by, r.Number, workorders.OrderInput{Kind: "inspect", Priority: 2, SkillCodes: []string{"cooling"}, DurationMinutes: 60}))(n)
		numbers = append(numbers, o.Number)
	}
	return numbers
}

// script does something in the page and returns what it says.
func (p *person) script(js string) string {
	p.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v at %s", js, err, p.where())
	}
	return out
}

// waits looks until the page says yes, at most ten seconds.
func (p *person) until(what, js string) {
	p.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if p.script(`String(!!(`+js+`))`) == "true" {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("%s never came: %s", what, p.text())
		}
		time.Sleep(40 * time.Millisecond)
	}
}

func (p *person) presses(keys string) {
	p.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// lane is where a time of day lies in an engineer's row, in pixels of the window.
func (p *person) lane(engineer string, hour int) (x, y float64) {
	p.Helper()
	var at struct{ X, Y float64 }
	raw := p.script(fmt.Sprintf(`(() => { const b = document.getElementById("board"), l = document.querySelector("#e-%s .lane"); l.scrollIntoView({block: "center"});
		const r = l.getBoundingClientRect(); return JSON.stringify({x: r.left + (%d - b.dataset.from) / (b.dataset.to - b.dataset.from) * r.width, y: r.top + r.height / 2}) })()`, engineer, hour))
	if err := json.Unmarshal([]byte(raw), &at); err != nil {
		p.Fatal(err)
	}
	return at.X, at.Y
}

// middle is the middle of something on the page, in pixels of the window.
func (p *person) middle(css string) (x, y float64) {
	p.Helper()
	var at struct{ X, Y float64 }
	raw := p.script(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return JSON.stringify({x: r.left + 20, y: r.top + r.height / 2}) })()`, css))
	if err := json.Unmarshal([]byte(raw), &at); err != nil {
		p.Fatal(err)
	}
	return at.X, at.Y
}

func vb(number string) string { return `.vb[href="?order=` + number + `"]` }

// The board by mouse and by keys, on two desks at once.
func TestBrowserBoard(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n := newTown(t)
	orders := n.readyOrders(4)
	right, empty := n.right.String(), n.empty.String()
	one, two := n.at(b, "dispatcher"), n.at(b, "manager")
	// The program is just being started again when the first desk opens the board, and the line is slow.
	var refused atomic.Bool
	n.weather.Store(ptr(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, ".js") {
			time.Sleep(50 * time.Millisecond)
		}
		if r.URL.Path != "/desk/live" || refused.Swap(true) {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}))
	for _, p := range []*person{one, two} {
		p.do(chromedp.EmulateViewport(1440, 860))
		p.open("/desk")
		p.until("the stream", `document.querySelector("#live")._htmx?.sse`)
	}

	// One key gives the most urgent order to the best engineer; the other desk sees it by itself.
	first := one.script(`new URL(document.querySelector("#queue .job a").href).searchParams.get("order")`)
	if first != orders[0] {
		t.Errorf("most urgent is %s, want %s", first, orders[0])
	}
	one.presses("a")
	one.until("the toast", `document.querySelector(".toast")`)
	one.until("the bar", fmt.Sprintf(`document.querySelector(%q)`, vb(first)))
	two.until("the bar on the other desk", fmt.Sprintf(`document.querySelector(%q)?.style.left`, vb(first)))
	two.until("the queue on the other desk", fmt.Sprintf(`!document.querySelector("#q-%s")`, first))
	one.clicks(`.toast [data-act=undo]`)
	two.until("the order back in the queue", fmt.Sprintf(`document.querySelector("#q-%s")`, first))

	// Dragged from the queue into somebody's row.
	card := `#q-` + orders[1]
	x, y := one.lane(right, 13)
	fx, fy := one.middle(card)
	one.do(chromedp.DragAndDropXY(fx, fy, x, y))
	one.until("the dragged bar", fmt.Sprintf(`document.querySelector("#e-%s %s")`, right, strings.ReplaceAll(vb(orders[1]), `"`, `'`)))
	if at := n.visitAt(orders[1]); at != "王伟 13:00" {
		t.Errorf("dragged to %s", at)
	}

	// A hard rule refuses and says why; nothing has moved.
	x, y = one.lane(right, 13)
	fx, fy = one.middle(`#q-` + orders[2])
	one.do(chromedp.DragAndDropXY(fx, fy, x, y))
	one.until("the refusal", `document.querySelector(".toast.is-late")`)
	if !strings.Contains(one.script(`document.querySelector(".toast.is-late").textContent`), "王伟") {
		t.Errorf("refusal: %s", one.text())
	}

	// A drop on what the other desk moved meanwhile: the bar returns and names who was faster.
	two.until("the dragged bar on the other desk", fmt.Sprintf(`document.querySelector(%q)`, vb(orders[1])))
	one.script(`document.getElementById("live").remove(), document.querySelectorAll(".toast").forEach(t => t.remove()), ""`) // this desk hears nothing any more
	n.moves(orders[1], n.empty, 15)
	two.until("the bar in its new row", fmt.Sprintf(`document.querySelector("#e-%s %s")`, empty, strings.ReplaceAll(vb(orders[1]), `"`, `'`)))
	fx, fy = one.middle(vb(orders[1]))
	x, y = one.lane(right, 16)
	one.do(chromedp.DragAndDropXY(fx, fy, x, y))
	one.until("the stale drop", `document.querySelector(".toast.is-late")`)
	if said := one.script(`document.querySelector(".toast.is-late").textContent`); !strings.Contains(said, "管理员") {
		t.Errorf("a stale drop does not name who was faster: %s", said)
	}
	if at := n.visitAt(orders[1]); at != "张强 15:00" {
		t.Errorf("the stale drop moved it to %s", at)
	}

	// By keys: picked up, carried a quarter of an hour on, put down.
	one.open("/desk")
	one.script(fmt.Sprintf(`document.querySelector(%q).focus(), ""`, vb(orders[1])))
	one.presses("m")
	one.do(chromedp.KeyEvent(kb.ArrowRight))
	one.presses("\r")
	one.until("the carried bar", `document.querySelector(".toast")`)
	if at := n.visitAt(orders[1]); at != "张强 15:15" {
		t.Errorf("carried to %s", at)
	}

	// Both give the same order away at once: one books, the other is told by whom.
	one.script(`document.querySelectorAll(".toast").forEach(t => t.remove()), ""`)
	two.script(`document.querySelectorAll(".toast").forEach(t => t.remove()), ""`)
	two.script(`document.getElementById("live").remove(), ""`)
	one.open("/desk?order=" + orders[3])
	two.open("/desk?order=" + orders[3])
	two.script(`document.getElementById("live").remove(), ""`)
	one.clicks(`.offer button.go`)
	one.until("the first booking", `document.querySelector(".toast:not(.is-late)")`)
	two.clicks(`.offer button.go`)
	two.until("the second refusal", `document.querySelector(".toast.is-late")`)
	if said := two.script(`document.querySelector(".toast.is-late").textContent`); !strings.Contains(said, "赵军") {
		t.Errorf("the second dispatcher is not told who was faster: %s", said)
	}

	// Where nothing fits, a place is asked for beside the board, and drawn with a page of its own.
	one.open("/desk?order=" + orders[2])
	one.leads(`form[action="/desk/insert"] button`)
	one.until("the proposal", `document.querySelector("#insert form[action$='/publish']")`)

	// An outline is drawn on the scheme: three corners; the text of the form follows.
	boss := n.at(b, "admin")
	boss.do(chromedp.EmulateViewport(1280, 900))
	boss.open("/settings/regions?code=bj-cy")
	boss.waits(`document.querySelector("#scheme .own")`)
	boss.script(`(() => { const s = document.getElementById("scheme"), r = s.getBoundingClientRect();
		for (const [x, y] of [[.2, .2], [.8, .2], [.5, .8]]) { const at = {clientX: r.left + x * r.width, clientY: r.top + y * r.height, bubbles: true, pointerId: 1}; s.dispatchEvent(new MouseEvent("click", at)); } return "" })()`)
	boss.until("three corners", `document.querySelector("textarea[name=shape]").value.split("\n").length === 3 && document.querySelectorAll(".corner-dot").length === 3`)
	boss.leads(`form[action="/settings/regions"] button.go`)
	boss.shows("✓")
}

// visitAt says who goes when.
func (n *town) visitAt(number string) string {
	n.Helper()
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	o := must(n.desk.Order(ctx, by, number))(n)
	for _, v := range o.Visits {
		if v.State.Binding() {
			return v.EngineerName + " " + v.StartsAt.In(time.FixedZone("", 8*3600)).Format("15:04")
		}
	}
	return "nobody"
}

// moves gives an order's visit to somebody else at a full hour of today, in the name of the administrator.
func (n *town) moves(number string, engineer [16]byte, hour int) {
	n.Helper()
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	o := must(n.desk.Order(ctx, by, number))(n)
	id := n.empty
	copy(id[:], engineer[:])
	for _, v := range o.Visits {
		if v.State.Binding() {
			from := monday.Add(time.Duration(hour-8) * time.Hour)
			must(n.desk.Reschedule(ctx, by, v.ID, workorders.RescheduleInput{StartsAt: from, EndsAt: from.Add(time.Hour), EngineerID: &id, Reason: "换人", Cause: "us"}))(n)
		}
	}
}

// What happens while a desk hears nothing comes when it asks again after the last it heard, each change once.
func TestADeskThatWasAwayMissesNothing(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	v := n.signedIn("dispatcher")
	page := v.see("/desk", 200)
	live := regexpLive(string(page.raw))
	if live == "" {
		t.Fatal("the schedule names no stream")
	}
	orders := n.readyOrders(3)
	read := func(path, last string, want int) (ids, bodies string) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		r := must(http.NewRequestWithContext(ctx, "GET", n.server.URL+path, nil))(t)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		res := must(v.client.Do(r))(t)
		defer res.Body.Close()
		if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
			t.Fatalf("stream is %s", ct)
		}
		var b strings.Builder
		buf := make([]byte, 8192)
		for strings.Count(b.String(), "\n\n") < 1+want {
			k, err := res.Body.Read(buf)
			b.Write(buf[:k])
			if err == io.EOF || ctx.Err() != nil {
				break
			}
		}
		for line := range strings.Lines(b.String()) {
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				ids = strings.TrimSpace(id)
			}
		}
		return ids, b.String()
	}
	last, heard := read(live, "", 1)
	for _, number := range orders {
		if !strings.Contains(heard, number) {
			t.Errorf("the stream from the page's cursor does not bring %s", number)
		}
	}
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	from := monday.Add(time.Hour)
	must(n.desk.Assign(ctx, by, orders[0], workorders.AssignInput{EngineerID: n.right, StartsAt: from, EndsAt: from.Add(time.Hour)}))(n)
	_, heard = read(live, last, 1)
	if !strings.Contains(heard, `id="e-`+n.right.String()) || !strings.Contains(heard, "s-dispatched") || strings.Contains(heard, `id="q-`+orders[0]) {
		t.Errorf("after 30 s away the row is not brought: %.600s", heard)
	}
	if strings.Contains(heard, `id="e-`+n.empty.String()) {
		t.Error("a row nobody touched is sent again")
	}
}

func regexpLive(page string) string {
	_, rest, ok := strings.Cut(page, `hx-sse:connect="`)
	if !ok {
		return ""
	}
	path, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(path, "&amp;", "&")
}

// Everything on the schedule works by links and forms alone.
func TestScheduleWithoutScripts(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	orders := n.readyOrders(2)
	v := n.signedIn("dispatcher")
	page := v.see("/desk", 200).shows("王伟", "张强", "李芳", orders[0][:3])
	next := page.form("/desk/assign").send(nil).leads()
	done := v.see(next, 200).shows("撤销")
	if at := n.visitAt(orders[0]); !strings.HasPrefix(at, "王伟") && !strings.HasPrefix(at, "张强") {
		t.Fatalf("assigned to %s", at)
	}
	v.see(done.form("/desk/unassign").send(nil).leads(), 200)
	if at := n.visitAt(orders[0]); at != "nobody" {
		t.Errorf("undo left it with %s", at)
	}
	v.see("/desk?order="+orders[0], 200).form("/desk/assign").send(nil).leads()
	moving := v.see("/desk?order="+orders[0], 200)
	moving.form("/desk/move").send(url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 20, 0)}, "ends_at": {local(0, 21, 0)}, "reason": {"客户要求晚上"}, "cause": {"customer"}}).refused(409)
	v.see(moving.form("/desk/move").send(url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 15, 0)}, "ends_at": {local(0, 16, 0)}, "reason": {"客户要求下午"}, "cause": {"customer"}}).leads(), 200)
	if at := n.visitAt(orders[0]); at != "王伟 15:00" {
		t.Errorf("moved to %s", at)
	}
	for _, path := range []string{"/desk?days=3", "/desk?days=7&zoom=3", "/desk?region=bj-cy", "/desk?day=2026-11-16&days=7"} {
		v.see(path, 200).shows("王伟")
	}
}

// An urgent order comes into a full day: who would move is shown beside the board first, nothing is moved before it
// is accepted, and a proposal that was let go leaves no trace.
func TestEmergencyIsInsertedOnTheBoard(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	orders := n.readyOrders(4)
	// One has no minute left; the other has gaps that are all too short, and time enough when his visits move together.
	book := func(number string, engineer uuid.UUID, from, to time.Duration) {
		t.Helper()
		must(n.desk.Assign(ctx, by, number, workorders.AssignInput{EngineerID: engineer, StartsAt: monday.Add(from), EndsAt: monday.Add(to)}))(t)
	}
	book(orders[0], n.empty, 15*time.Minute, 585*time.Minute)
	book(orders[1], n.right, 30*time.Minute, 240*time.Minute)
	book(orders[2], n.right, 280*time.Minute, 560*time.Minute)
	urgent := orders[3]
	before := n.visitAt(orders[1]) + n.visitAt(orders[2])
	v := n.signedIn("dispatcher")
	ask := func() *sight {
		t.Helper()
		return v.see(v.see("/desk?order="+urgent, 200).form("/desk/insert").send(nil).leads(), 200)
	}
	shown := ask()
	if n.visitAt(urgent) != "nobody" || n.visitAt(orders[1])+n.visitAt(orders[2]) != before {
		t.Fatal("a proposal moved somebody")
	}
	shown.shows("插单方案", urgent)
	shown.form("/desk/insert/[^/]+/reject").send(nil).done()
	shown = ask()
	if !shown.offers("/desk/insert/[^/]+/publish") {
		t.Fatalf("nothing to accept: %s", shown.words())
	}
	v.see("/desk", 200).shows("方案待确认").link("/desk/plans/")
	shown.form("/desk/insert/[^/]+/publish").send(nil).done().shows("已插入")
	if n.visitAt(urgent) == "nobody" {
		t.Error("the urgent order has no visit")
	}
	if n.visitAt(orders[1])+n.visitAt(orders[2]) == before {
		t.Error("nobody was moved for it")
	}
}

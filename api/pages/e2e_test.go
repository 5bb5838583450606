package pages_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"paigong/dispatch"
	"paigong/workorders"
)

// To look at the pages: go test ./api/pages -run Browser -shots DIR.
var shots = flag.String("shots", "", "keep a picture of every page in this folder")

// person sits at a window of the browser with cookies of his own.
type person struct {
	*town
	ctx context.Context
}

func (n *town) sits(browser context.Context) *person {
	n.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	n.Cleanup(cancel)
	// The first call opens the window, which lives as long as the context of that call.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		n.Fatal(err)
	}
	return &person{town: n, ctx: ctx}
}

// at signs in at a window of its own by filling in the form at the door.
func (n *town) at(browser context.Context, login string) *person {
	n.Helper()
	p := n.sits(browser)
	p.open("/login?lang=zh-Hans")
	p.types(`input[name=login]`, login)
	p.types(`input[name=password]`, password)
	p.leads(`.login .docket-body button`)
	return p
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.Fatalf("%v at %s: %s", err, p.where(), p.text())
	}
}

// open types an address.
func (p *person) open(path string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(p.server.URL+path)); err != nil {
		p.Fatalf("open %s: %v", path, err)
	}
}

func (p *person) where() string {
	at, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, p.server.URL)
}

func (p *person) text() string {
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(text), " ")
}

// clicks presses something that changes the page, such as a fold or a box.
func (p *person) clicks(css string) {
	p.Helper()
	p.do(chromedp.ScrollIntoView(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
}

// leads presses something that opens another page, and wants it to be there.
func (p *person) leads(css string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.ScrollIntoView(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
	if err != nil {
		p.Fatalf("press %s at %s: %v: %s", css, p.where(), err, p.text())
	}
	if res.Status != 200 {
		p.Fatalf("press %s: %s answers %v: %s", css, p.where(), res.Status, p.text())
	}
}

// waits until an expression of the page is true.
func (p *person) waits(js string) {
	p.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		is, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`!!(`+js+`)`))
		if err == nil && is {
			return
		}
	}
	p.Fatalf("%s never came true at %s: %s", js, p.where(), p.text())
}

func (p *person) types(css, text string) {
	p.Helper()
	p.do(chromedp.Clear(chromedp.CSS(css)), chromedp.SendKeys(chromedp.CSS(css), text))
}

// chooses picks from a list, or sets a field whose keys depend on the country, such as a date.
func (p *person) chooses(css, value string) {
	p.Helper()
	p.do(chromedp.SetValue(chromedp.CSS(css), value))
}

func (p *person) shows(words ...string) {
	p.Helper()
	text := p.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.Errorf("%s does not show %q: %s", p.where(), w, text)
		}
	}
}

// draws signs in a field with the mouse.
func (p *person) draws(css string) {
	p.Helper()
	p.do(chromedp.ScrollIntoView(chromedp.CSS(css)))
	box, err := chromedp.Run(p.ctx, chromedp.Dimensions(chromedp.CSS(css)))
	if err != nil {
		p.Fatal(err)
	}
	x, y := box.Content[0]+20, box.Content[1]+20
	p.do(chromedp.DragAndDropXY(x, y, x+80, y+30), chromedp.DragAndDropXY(x+10, y+40, x+120, y+10))
}

func (p *person) media(scheme string) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
}

// The good day again, in a real browser with its scripts, by mouse: what a person can see he can press.
func TestBrowserGoodDay(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n := newTown(t)
	agent := n.at(b, "agent")
	agent.leads(`a[href="/desk/intake"]`)
	agent.types(`input[name=q]`, "13912345678")
	agent.waits(`document.querySelector("#take input[name=summary]")`)
	agent.shows("周晓明")
	agent.types(`input[name=summary]`, "空调不制冷")
	agent.clicks(`#take input[name=then][value=note]`)
	agent.leads(`#take .actions button`)
	agent.clicks(`input[name=skill_codes][value=cooling]`)
	agent.chooses(`select[name=part_sku]`, "P1")
	agent.chooses(`input[name=window_from]`, local(0, 9, 0))
	agent.chooses(`input[name=window_to]`, local(0, 17, 0))
	agent.leads(`#work-order button.go`)
	path, _, _ := strings.Cut(agent.where(), "?")
	order := path[strings.LastIndex(path, "/")+1:]
	agent.shows(order)

	quotes := fmt.Sprintf(`form[action="%s/quotes"]`, path)
	agent.clicks(`#quotes details.fold > summary`)
	agent.chooses(quotes+` input[name=valid_until]`, "2026-11-20")
	agent.types(quotes+` tr:nth-child(1) input[name=line_description]`, "上门维修工时")
	agent.types(quotes+` tr:nth-child(1) input[name=line_unit]`, "120")
	agent.chooses(quotes+` tr:nth-child(2) select[name=line_sku]`, "P1")
	agent.types(quotes+` tr:nth-child(2) input[name=line_unit]`, "35")
	agent.leads(quotes + ` button.go`)
	agent.shows("¥155.00")
	agent.leads(`form[action$="/send"] button`)
	link, err := chromedp.Run(agent.ctx, chromedp.AttributeValue(chromedp.CSS(`#quotes a[href*="/c/"]`), "href"))
	if err != nil {
		t.Fatal(err)
	}

	customer := n.sits(b)
	customer.do(chromedp.EmulateViewport(390, 844))
	customer.open(link.Value)
	customer.types(`form[action$="/approve"] input[name=name]`, "周晓明")
	customer.draws(`form[action$="/approve"] canvas`)
	customer.leads(`form[action$="/approve"] button.go`)
	customer.shows("周晓明", "¥155.00")

	dispatcher := n.at(b, "dispatcher")
	dispatcher.open(path)
	dispatcher.shows("王伟")
	dispatcher.clicks(`#candidates details.fold > summary`)
	dispatcher.shows("李芳")
	dispatcher.leads(`.candidates li:first-child button.go`)
	dispatcher.shows("已派工")

	engineer := n.at(b, "engineer1")
	engineer.do(chromedp.EmulateViewport(390, 844))
	engineer.open("/m")
	for range 3 { // accept, depart, arrive: always the one large button
		engineer.clicks(`.card.next:not([hidden]) form.step:not([hidden]) button`)
		engineer.waits(`document.querySelector("#told").className.includes("is-done") && !(document.querySelector("#told").className = "")`)
	}
	engineer.leads(`.card.next a.step:not([hidden])`)
	engineer.clicks(`input[name=outcome][value=done]`)
	engineer.chooses(`select[name=fault_code]`, "F01")
	engineer.chooses(`select[name=cause_code]`, "C01")
	engineer.chooses(`select[name=action_code]`, "A01")
	engineer.draws(`.for-signature canvas`)
	engineer.types(`input[name=signer_name]`, "周晓明")
	engineer.leads(`.dock button.go`)
	if at, _, _ := strings.Cut(engineer.where(), "?"); at != "/m" {
		t.Errorf("after the sheet the engineer is at %s: %s", at, engineer.text())
	}

	agent.open(path)
	agent.shows("已完工")
	agent.leads(`#receipt a.number`)
	agent.leads(`form[action$="/payments"] button.go`)
	agent.shows("已付清")
	o := must(n.desk.Order(context.Background(), must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(t), order))(t)
	if o.Sheet == nil || len(o.Sheet.Signature) < 20 || o.Receipt == nil || o.Receipt.BalanceMinor != 0 {
		t.Errorf("sheet %+v, receipt %+v", o.Sheet, o.Receipt)
	}
}

// look is a page with the login that reads it.
type look struct{ login, name, path string }

// Every page passes the checks of axe in both languages and both colour schemes, and none of them is wider
// than a small phone.
func TestBrowserEveryPage(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n, at := busyTown(t)
	axe, err := os.ReadFile("../../templates/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]*person{"": n.sits(b)}
	for _, l := range []look{
		{"", "login", "/login"}, {"", "report", "/report"}, {"", "track", at["link"]}, {"", "gone", "/c/none"},
		{"dispatcher", "home", "/home"}, {"dispatcher", "exceptions", "/desk/exceptions"}, {"manager", "keys", "/keys"}, {"manager", "home-manager", "/"}, {"stock", "home-stock", "/"}, {"dispatcher", "desk", "/desk"}, {"agent", "intake", "/desk/intake?q=13912345678"}, {"agent", "requests", "/requests"}, {"agent", "request", "/requests/" + at["request"]},
		{"dispatcher", "orders", "/orders"}, {"dispatcher", "order-ready", "/orders/" + at["ready"]}, {"dispatcher", "order-assigned", "/orders/" + at["order"]}, {"manager", "order-done", "/orders/" + at["done"]},
		{"engineer1", "day", "/m"}, {"engineer1", "job", "/m/orders/" + at["order"]}, {"engineer1", "sheet", "/m/orders/" + at["order"] + "/sheet"}, {"engineer1", "van", "/m/van"}, {"engineer1", "outbox", "/m/outbox"}, {"engineer1", "me", "/m/me"}, {"engineer1", "week", "/m?span=week"}, {"engineer1", "offline", "/m/offline"}, {"dispatcher", "parked", "/desk/parked"},
		{"caller", "follow-ups", "/follow-ups?state=scheduled"}, {"caller", "call-sheet", at["call"]}, {"agent", "callbacks", "/callbacks"}, {"manager", "complaints", "/complaints"}, {"manager", "complaint", at["complaint"]},
		{"stock", "stock", "/stock"}, {"stock", "movements", "/stock/movements"}, {"stock", "pickups", "/stock/pickups"}, {"stock", "shortages", "/stock/shortages"}, {"stock", "unreconciled", "/stock/unreconciled"}, {"stock", "devices", "/stock/devices"},
		{"agent", "receipts", "/receipts"}, {"manager", "receipt", at["receipt"]}, {"agent", "customers", "/customers"}, {"agent", "customer", at["customer"]}, {"agent", "assets", "/assets"}, {"agent", "asset", at["asset"]},
		{"manager", "figures", "/figures"}, {"agent", "search", "/search?q=周"}, {"admin", "settings", "/settings"}, {"admin", "settings-users", "/settings/users"}, {"admin", "settings-organisations", "/settings/organisations"},
		{"manager", "settings-engineers", "/settings/engineers"}, {"manager", "settings-calendar", "/settings/calendar"}, {"manager", "settings-templates", "/settings/templates"}, {"manager", "settings-checklists", "/settings/checklists"}, {"admin", "settings-regions", "/settings/regions?code=bj-cy"}, {"admin", "settings-engineer", "/settings/engineers/" + n.right.String()}, {"admin", "settings-import", "/settings/import"}, {"stock", "parts", "/stock/parts"}, {"dispatcher", "visits", "/visits?day=2026-11-16"}, {"dispatcher", "out", "/desk/out?engineer=" + n.right.String()}, {"agent", "intake-new", "/desk/intake?new=1&q=13000000000"}, {"manager", "settings-webhooks", "/settings/webhooks"}, {"admin", "api", "/api"}, {"stock", "problem", "/customers"},
		{"manager", "messages", "/messages"}, {"manager", "settings-messages", "/settings/messages"}, {"manager", "notices", "/notices"}, {"agent", "cash-ups", "/receipts/cash-ups"}, {"agent", "invoices", "/receipts/invoices"}, {"dispatcher", "plans", "/desk/plans"},
	} {
		if people[l.login] == nil {
			people[l.login] = n.at(b, l.login)
		}
		p := people[l.login]
		for _, lang := range []string{"zh-Hans", "en"} {
			p.do(chromedp.EmulateViewport(1280, 900))
			p.media("light")
			p.open(withLang(l.path, lang))
			if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void](string(axe))); err != nil {
				t.Fatal(err)
			}
			for _, scheme := range []string{"light", "dark"} {
				p.media(scheme)
				rules := "" // by night only colours differ
				if scheme == "dark" {
					rules = `, runOnly: ["color-contrast"]`
				}
				found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"]`+rules+`}).then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")))`, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatalf("axe on %s: %v", l.name, err)
				}
				for _, v := range found {
					t.Errorf("%s in %s, %s: %s", l.name, lang, scheme, v)
				}
				if scheme == "light" || lang == "zh-Hans" {
					p.picture(l.name, lang, scheme)
				}
			}
			p.media("light")
			p.do(chromedp.EmulateViewport(320, 700))
			over, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.documentElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(-3).map(e => e.outerHTML.slice(0, 120)).join(" | ") || "something"`))
			if err != nil {
				t.Fatal(err)
			}
			if over != "" {
				t.Errorf("%s in %s is wider than 320 px: %s", l.name, lang, over)
			}
			p.picture(l.name, lang, "phone")
		}
	}
}

// An engineer falls ill: the dispatcher looks at who would take his visits and accepts with one press.
func TestBrowserPlanAccepted(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	begins := n.now().Truncate(24*time.Hour).AddDate(0, 0, 1).Add(time.Hour)
	for i, order := range n.readyOrders(3) {
		from := begins.Add(time.Duration(2*i) * time.Hour)
		must(n.desk.Assign(ctx, by, order, workorders.AssignInput{EngineerID: n.right, StartsAt: from, EndsAt: from.Add(time.Hour), Window: &workorders.Window{From: from.Add(-time.Hour), To: from.Add(2 * time.Hour)}}))(n)
	}
	kind, displace := "sick", "displace"
	must(n.desk.AddAbsence(ctx, by, n.right, dispatch.AbsenceInput{StartsAt: begins.Add(-time.Hour), EndsAt: begins.Add(9 * time.Hour), Kind: &kind, OnConflict: &displace}))(n)
	day := begins.Format(time.DateOnly)
	plan := must(n.desk.Repair(ctx, by, workorders.RepairInput{Cause: "absence", Day: day, EngineerID: &n.right}))(n)

	dispatcher := n.at(b, "dispatcher")
	path := "/desk/plans/" + plan.ID.String()
	for _, lang := range []string{"en", "zh-Hans"} {
		dispatcher.do(chromedp.EmulateViewport(1280, 900))
		dispatcher.open(withLang(path, lang))
		for _, scheme := range []string{"light", "dark"} {
			dispatcher.media(scheme)
			dispatcher.picture("plan", lang, scheme)
		}
		dispatcher.do(chromedp.EmulateViewport(360, 780))
		dispatcher.media("light")
		dispatcher.picture("plan", lang, "phone")
	}
	dispatcher.do(chromedp.EmulateViewport(1280, 900))
	dispatcher.shows("王伟", "张强")
	dispatcher.clicks(`details.fold > summary`)
	dispatcher.leads(`form[action$="/publish"] button.go`)
	dispatcher.shows("已发布")
	for _, v := range must(n.desk.Plan(ctx, by, plan.ID, nil))(n).Visits {
		if v.EngineerID != n.empty {
			t.Errorf("order %s is with %s", v.WorkOrderNumber, v.EngineerName)
		}
	}
}

func withLang(path, lang string) string {
	if strings.Contains(path, "?") {
		return path + "&lang=" + lang
	}
	return path + "?lang=" + lang
}

func (p *person) picture(name, lang, how string) {
	p.Helper()
	if *shots == "" {
		return
	}
	raw, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(90))
	if err != nil {
		p.Fatal(err)
	}
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+"-"+lang+"-"+how+".jpg"), raw, 0o644); err != nil {
		p.Fatal(err)
	}
}

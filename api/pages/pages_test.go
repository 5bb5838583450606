package pages_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"paigong/internal/say"
	"paigong/workorders"
)

// busyTown has something on every page: an order that is done, one under way, one that waits for its part,
// a complaint, a call-back, a movement.
func busyTown(t *testing.T) (n *town, at map[string]string) {
	t.Helper()
	return fullTown.copy(t, func(*workorders.Config) {}, func() (*town, map[string]string) { return fill(newTown(t)) })
}

func fill(n *town) (_ *town, at map[string]string) {
	n.Helper()
	at = map[string]string{}
	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")
	_, order := n.reported(agent)
	at["done"] = order
	at["link"] = n.agreed(agent, order)
	path := "/orders/" + order
	dispatcher.see(path, 200).form(path + "/assign").send(nil).done()
	for _, act := range []string{"accept", "depart", "arrive"} {
		engineer.see("/m/orders/"+order, 200).form("/m/orders/" + order + "/" + act).send(nil).done()
	}
	engineer.see("/m/orders/"+order+"/sheet", 200).form("/m/orders/" + order + "/sheet").send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}}).leads()
	at["receipt"] = agent.see(path, 200).link("/receipts/")

	n.receive("P1", 2, "VAN1")
	request, second := n.reported(agent)
	at["request"], at["order"] = request, second
	n.agreed(agent, second)
	path = "/orders/" + second
	dispatcher.see(path, 200).form(path + "/assign").send(nil).done()
	engineer.see("/m/orders/"+second, 200).form("/m/orders/" + second + "/accept").send(nil).done()
	dispatcher.see(path, 200).form("/callbacks").send(url.Values{"reason": {"promised_reply"}, "due_at": {local(0, 12, 0)}}).leads()
	_, third := n.reported(agent)
	n.agreed(agent, third)
	at["ready"] = third

	manager := n.signedIn("manager")
	manager.see("/complaints", 200).form("/complaints").send(url.Values{"order_number": {order}, "text": {"修了又坏"}, "category": {"维修质量"}}).done().shows("修了又坏")
	at["complaint"] = manager.see("/complaints", 200).link("/complaints/0")
	at["call"] = manager.see("/orders/"+order, 200).link("/follow-ups/")
	at["customer"], at["asset"] = "/customers/"+n.customer.String(), "/assets/"+n.asset.String()
	keeper := n.signedIn("stock")
	keeper.see("/stock", 200).form("/stock/movements").send(url.Values{"kind": {"transfer"}, "sku": {"P2"}, "quantity": {"1"}, "from_place": {"WH"}, "to_place": {"VAN2"}}).done()
	keeper.see("/stock/shortages", 200).form("/stock/expected").send(url.Values{"sku": {"P3"}, "quantity": {"5"}, "to_place": {"WH"}, "expected_on": {"2026-11-20"}}).done().shows("风机")
	return n, at
}

// Every page answers the login whose work it is, in both languages; nobody else learns what it holds.
func TestEveryPageForWhoseWorkItIs(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	logins := map[string]*visitor{}
	who := func(login string) *visitor {
		if logins[login] == nil {
			logins[login] = n.signedIn(login)
		}
		return logins[login]
	}
	for _, c := range []struct {
		path   string
		for_   string
		closed string // a login that may not, and what he gets
		status int
	}{
		{"/home", "dispatcher", "", 0}, {"/desk/exceptions", "dispatcher", "", 0}, {"/desk/parked", "dispatcher", "stock", 403}, {"/keys", "agent", "", 0}, {"/", "agent", "", 0}, {"/", "caller", "", 0}, {"/", "stock", "", 0}, {"/", "manager", "", 0}, {"/", "depot", "", 0}, {"/", "admin", "", 0}, {"/desk/exceptions", "manager", "", 0}, {"/desk/exceptions", "admin", "", 0}, {"/desk/exceptions", "stock", "", 0},
		{"/desk", "dispatcher", "", 0}, {"/desk?day=2026-11-17", "manager", "", 0}, {"/desk/intake", "agent", "stock", 403}, {"/desk/intake?q=周", "agent", "", 0}, {"/desk/intake?new=1", "agent", "", 0}, {"/desk/intake?q=1380", "agent", "", 0},
		{"/requests", "agent", "stock", 403}, {"/requests?state=converted&q=空调", "agent", "", 0}, {"/requests/" + at["request"], "agent", "engineer2", 404}, {"/requests/SR-2026-999999", "", "agent", 404},
		{"/orders", "dispatcher", "", 0}, {"/orders?state=ready&region=bj", "dispatcher", "", 0}, {"/orders/" + at["done"], "dispatcher", "engineer2", 404}, {"/orders/" + at["order"], "stock", "", 0}, {"/orders/" + at["ready"], "dispatcher", "", 0}, {"/orders/" + at["done"], "manager", "", 0},
		{"/callbacks", "agent", "stock", 403}, {"/follow-ups", "caller", "stock", 403}, {"/follow-ups?state=scheduled", "caller", "", 0}, {at["call"], "caller", "engineer1", 403}, {"/complaints", "manager", "engineer1", 403}, {at["complaint"], "manager", "stock", 403},
		{"/stock", "stock", "", 0}, {"/stock?sku=P1&place=VAN1", "stock", "", 0}, {"/stock/movements", "stock", "", 0}, {"/stock/pickups", "stock", "", 0}, {"/stock/shortages", "stock", "", 0}, {"/stock/unreconciled", "stock", "", 0}, {"/stock/devices", "depot", "", 0},
		{"/receipts", "agent", "stock", 403}, {"/receipts?from=2026-11-01&to=2026-11-30&state=unpaid", "agent", "", 0}, {at["receipt"], "agent", "stock", 403}, {at["receipt"], "manager", "", 0}, {"/receipts/R-none", "", "agent", 404},
		{"/customers", "agent", "stock", 403}, {"/customers?q=周", "agent", "", 0}, {at["customer"], "agent", "engineer2", 404}, {at["asset"], "agent", "", 0}, {"/assets", "agent", "stock", 403}, {"/customers/none", "", "agent", 404},
		{"/figures", "manager", "engineer1", 403}, {"/figures?from=2026-01-01&to=2026-12-31", "manager", "", 0}, {"/search?q=周晓明", "agent", "", 0}, {"/search?q=zxm", "agent", "", 0}, {"/search", "stock", "", 0},
		{"/settings", "manager", "engineer1", 403}, {"/settings", "admin", "", 0}, {"/settings/users", "admin", "stock", 403}, {"/settings/organisations", "admin", "stock", 403}, {"/settings/engineers", "dispatcher", "", 0}, {"/settings/calendar", "manager", "", 0}, {"/settings/calendar?year=2027", "manager", "", 0}, {"/settings/webhooks", "manager", "agent", 403},
		{"/m", "engineer1", "dispatcher", 404}, {"/m?day=2026-11-17", "engineer1", "", 0}, {"/m/van", "engineer1", "", 0}, {"/m/outbox", "engineer1", "", 0}, {"/m/orders/" + at["order"], "engineer1", "engineer2", 404}, {"/m/orders/" + at["order"] + "/sheet", "engineer1", "caller", 403}, {"/m/orders/" + at["order"] + "/sheet", "agent", "", 0},
		{"/m/orders/" + at["done"] + "/sheet", "", "engineer1", 409},
		{"/api", "dispatcher", "", 0},
	} {
		for _, lang := range say.Languages() {
			if c.for_ != "" {
				page := who(c.for_).in(lang).see(c.path, 200)
				if page.root == nil {
					t.Errorf("%s is no page", c.path)
				}
			}
			if c.closed != "" {
				who(c.closed).in(lang).see(c.path, c.status).hides("周晓明", "13912345678", "修了又坏")
			}
		}
	}
	// Whoever only makes visits is led to his day, and whoever is not signed in to the door.
	if to := who("engineer1").see("/", 303).leads(); to != "/m" {
		t.Errorf("an engineer's home is %q", to)
	}
	if to := who("dispatcher").see("/", 303).leads(); to != "/desk" {
		t.Errorf("a dispatcher's first page is %q", to)
	}
	for _, path := range []string{"/", "/orders/" + at["done"], "/m", "/settings/users", "/orders/" + at["done"] + "/papers/work-order.pdf"} {
		to := n.stranger().see(path, 303).leads()
		if !strings.HasPrefix(to, "/login") {
			t.Errorf("%s leads a stranger to %q", path, to)
		}
	}
	for _, path := range []string{"/nothing", "/orders/x/y/z"} {
		n.stranger().see(path, 404)
	}
}

// What the customer sees carries nobody's full telephone number, and no address.
func TestLinksTellNothingElse(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	for _, lang := range say.Languages() {
		page := n.stranger().see(at["link"]+"?lang="+lang, 200).shows(at["done"]).hides("13912345678", "139 1234 5678", "13800138000", "望京街", "赵军", "VAN1")
		if page.header.Get("X-Robots-Tag") == "" || page.header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("the link may be indexed or told to others: %v", page.header)
		}
		n.stranger().see("/c/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA?lang="+lang, 404)
		n.stranger().see("/report?lang="+lang, 200)
		n.stranger().see("/login?lang="+lang, 200)
	}
	n.stranger().see(at["link"]+"/papers/repair-sheet.pdf", 404)
	n.clock.Add(int64(15 * 24 * 3600 * 1e9))
	n.stranger().see(at["link"], 410).hides("周晓明", at["done"])
}

// Anybody may ask for a repair; sent twice it is one request.
func TestReportOfAStranger(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	form := n.stranger().see("/report", 200).form("/report")
	form.send(url.Values{"summary": {"热水器不点火"}}).refused(422, "必填")
	filled := url.Values{"summary": {"热水器不点火\n有时有声音"}, "name": {"吴先生"}, "phone": {"13700001111"}, "address": {"海淀区 1 号"}}
	first := form.send(filled)
	thanks := first.done().shows("SR-2026-000001")
	if again := form.send(filled).leads(); again != first.leads() {
		t.Errorf("sent twice it leads to %q and %q", first.leads(), again)
	}
	thanks.hides("13700001111")
	n.signedIn("agent").see("/requests", 200).shows("热水器不点火")
	agent := n.signedIn("agent")
	page := agent.see("/requests/SR-2026-000001", 200).shows("吴先生", "13700001111", "海淀区 1 号")
	// Whoever answers finds out who it was; only then somebody can be sent.
	page.form("/requests/SR-2026-000001/work-order").send(nil).refused(409, "客户")
	page.form("/requests/SR-2026-000001/customer").send(url.Values{"phone": {"13700001111"}}).refused(422, "必填")
	page = page.form("/requests/SR-2026-000001/customer").send(url.Values{"phone": {"13700001111"}, "customer_name": {"吴先生"}, "address": {"海淀区 1 号"}, "region_code": {"bj-hd"}}).done().shows("吴先生", "137 0000 1111")
	if page.offers("/requests/SR-2026-000001/customer") {
		t.Error("the customer may be named twice")
	}
	page.form("/requests/SR-2026-000001/work-order").send(nil).done().shows("WO-2026-000001", "海淀区 1 号")
}

// A form that another site sends in somebody's name does nothing.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent := n.signedIn("agent")
	request, _ := n.reported(agent)
	for _, set := range []http.Header{{"Origin": {"https://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}}} {
		r := must(http.NewRequest("POST", n.server.URL+"/requests/"+request+"/reply", strings.NewReader("text=x")))(t)
		r.Header = set
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := agent.do(r); got.status != 403 {
			t.Errorf("%v: status %d", set, got.status)
		}
	}
	r := must(http.NewRequest("POST", n.server.URL+"/login", strings.NewReader(url.Values{"login": {"admin"}, "password": {password}}.Encode())))(t)
	r.Header = http.Header{"Origin": {"https://evil.example"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	if got := n.stranger().do(r); got.status != 403 || got.header.Get("Set-Cookie") != "" {
		t.Errorf("a foreign sign-in: %d %v", got.status, got.header)
	}
}

// Who asks in a way that an address does not take is told so, with the ways it takes; the API answers with a
// problem, the screens with a page.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent := n.signedIn("agent")
	for _, c := range []struct {
		method, path string
		status       int
		allow, kind  string
	}{
		{"DELETE", "/api/v1/work-orders", 405, "GET", "application/problem+json"},
		{"PUT", "/api/v1/work-orders/WO-2026-000001/sheet", 405, "POST", "application/problem+json"},
		{"DELETE", "/orders", 405, "GET", "text/html"},
		{"GET", "/orders/WO-2026-000001/assign", 405, "POST", "text/html"},
		{"GET", "/api/v1/nothing", 404, "", "application/problem+json"},
		{"GET", "/nothing", 404, "", "text/html"},
	} {
		got := agent.do(must(http.NewRequest(c.method, n.server.URL+c.path, nil))(t))
		if got.status != c.status || !strings.Contains(got.header.Get("Allow"), c.allow) || !strings.HasPrefix(got.header.Get("Content-Type"), c.kind) {
			t.Errorf("%s %s: %d, Allow %q, %s; want %d, %s, %s", c.method, c.path, got.status, got.header.Get("Allow"), got.header.Get("Content-Type"), c.status, c.allow, c.kind)
		}
	}
}

// The session cookie is out of reach of scripts and of other sites, and the door leads nowhere else.
func TestDoor(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	v := n.stranger()
	v.see("/login", 200).form("/login").send(url.Values{"login": {"agent"}, "password": {"wrong"}}).refused(401)
	for next, want := range map[string]string{"/orders?state=ready": "/orders?state=ready", "//evil.example/": "/", "https://evil.example/": "/", "/\\evil.example": "/"} {
		s := n.stranger()
		got := s.see("/login?next="+url.QueryEscape(next), 200).form("/login").send(url.Values{"login": {"agent"}, "password": {password}, "next": {next}})
		if to := got.leads(); to != want {
			t.Errorf("next=%q leads to %q", next, to)
		}
		cookie := got.header.Get("Set-Cookie")
		for _, part := range []string{"paigong=", "HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie %q lacks %s", cookie, part)
			}
		}
		if strings.Contains(cookie, "Secure") {
			t.Errorf("over plain http nobody would send %q back", cookie)
		}
	}
	// Under any name but that of this machine the cookie travels over TLS alone.
	r := must(http.NewRequest("POST", n.server.URL+"/login", strings.NewReader(url.Values{"login": {"agent"}, "password": {password}}.Encode())))(t)
	r.Host = "service.example"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if cookie := n.stranger().do(r).header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-paigong=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("behind a proxy the cookie is %q", cookie)
	}
	agent := n.signedIn("agent")
	if to := agent.see("/orders", 200).form("/logout").send(nil).leads(); to != "/login" {
		t.Errorf("signing out leads to %q", to)
	}
	agent.see("/orders", 303)

	// A session that ends in the middle of a form takes nothing with it: a wrong password first, then the form is
	// sent by one press, once.
	dispatcher := n.signedIn("dispatcher")
	_, order := n.reported(n.signedIn("agent"))
	path := "/orders/" + order
	open := dispatcher.see(path, 200)
	open.form("/logout").send(nil).leads()
	door := open.form(path+"/hold").send(url.Values{"reason": {"客户下周 <一> 才回来"}}).refused(401, "已保留")
	if door = door.form("/login").send(url.Values{"login": {"dispatcher"}, "password": {"wrong"}}); door.status != 401 {
		t.Fatalf("a wrong password: %d", door.status)
	}
	kept := door.form("/login").send(url.Values{"login": {"dispatcher"}, "password": {password}})
	if kept.status != 200 {
		t.Fatalf("signed in again: %d", kept.status)
	}
	kept.shows("客户下周 <一> 才回来")
	first := kept.form(path + "/hold").send(nil)
	first.done().shows("客户下周 <一> 才回来")
	if again := kept.form(path + "/hold").send(nil).leads(); again != first.leads() {
		t.Errorf("sent twice it leads to %q and %q", first.leads(), again)
	}
	// Of a form with pictures the words stay, and it is said that the pictures do not.
	agent = n.signedIn("agent")
	paper := agent.see(path, 200).form(path + "/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_unit": {"99.5", "", "", "", ""}}).done().form(path + "/quotes/[^/]+/approve")
	paper.sight.form("/logout").send(nil).leads()
	paper.sendWith(url.Values{"how": {"paper"}, "name": {"周晓明"}}, map[string][]byte{"file": []byte("scan")}).refused(401, "已保留").form("/login").send(url.Values{"login": {"agent"}, "password": {password}}).shows("周晓明", "照片和文件没有保留")
	n.stranger().post("/login", url.Values{"held": {"https://evil.example/"}, "held.text": {"x"}, "login": {"agent"}, "password": {password}}).leads()
}

// A one-time link sets the password once; the account was made by a form too.
func TestSetUpLink(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	admin := n.signedIn("admin")
	made := admin.see("/settings/users", 200).form("/settings/users").send(url.Values{"login": {"newcomer"}, "name": {"新同事"}, "roles": {"agent"}}).done()
	link := made.link("/setup/")
	admin.see("/settings/users", 200).hides(link)
	v := n.stranger()
	v.see(link, 200).form(link).send(url.Values{"password": {"one-password-long"}, "password_again": {"another"}}).refused(422, "不一致")
	if to := v.see(link, 200).form(link).send(url.Values{"password": {"one-password-long"}, "password_again": {"one-password-long"}}).leads(); to != "/login" {
		t.Errorf("leads to %q", to)
	}
	v.see(link, 410)
	v.see("/setup/none", 404)
	if to := v.see("/login", 200).form("/login").send(url.Values{"login": {"newcomer"}, "password": {"one-password-long"}}).leads(); to != "/" {
		t.Errorf("the new password leads to %q", to)
	}
}

// The language that was chosen stays, and texts of the desk follow it.
func TestLanguageIsRemembered(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent := n.signedIn("agent")
	_, order := n.reported(agent)
	dispatcher := n.signedIn("dispatcher").in("en")
	page := dispatcher.see("/orders/"+order, 200).shows("Work order opened", "Orders")
	if !regexp.MustCompile(`<html lang="en"`).Match(page.raw) {
		t.Error("the page does not say that it is English")
	}
	path := "/orders/" + order
	page.form(path+"/hold").send(url.Values{"reason": {" "}}).refused(422, "required")
	dispatcher.in("zh-Hans").see(path, 200).form(path+"/hold").send(url.Values{"reason": {" "}}).refused(422, "必填")
}

// What a page offers follows the state and the rights: the forms of the desk are not those of an auditor.
func TestPagesOfferWhatIsPossible(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	path := "/orders/" + at["order"]
	for login, want := range map[string][]string{
		"dispatcher": {path + "/hold", path + "/cancel", path + "/unassign", path + "/convert"},
		"stock":      nil,
		"caller":     {path + "/conversations"},
	} {
		page := n.signedIn(login).see(path, 200)
		for _, form := range want {
			if !page.offers(form) {
				t.Errorf("%s is not offered %s", login, form)
			}
		}
		for _, form := range []string{path + "/hold", path + "/cancel", path + "/unassign", path + "/convert", path + "/conversations"} {
			if page.offers(form) && !slices.Contains(want, form) && login != "dispatcher" {
				t.Errorf("%s is offered %s", login, form)
			}
		}
	}
	keeper := n.signedIn("stock")
	r := must(http.NewRequest("POST", n.server.URL+path+"/cancel", strings.NewReader("reason=x&idempotency_key=0123456789")))(t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := keeper.do(r); got.status != 403 {
		t.Errorf("a stock keeper cancels an order: %d", got.status)
	}
}

// The list of orders keeps what it was narrowed to, and leaves the house as a table that holds all of it.
func TestOrdersNarrowedAndExported(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	orders := n.readyOrders(3)
	v := n.signedIn("dispatcher")
	page := v.see("/orders?late=true&q=空调", 200)
	kept := false
	page.each(func(e *html.Node) { kept = kept || attr(e, "name") == "late" && has(e, "checked") })
	if !kept {
		t.Error("the form drops late")
	}
	file := v.see(v.see("/orders?state=ready", 200).link("/orders?format=csv"), 200)
	if ct := file.header.Get("Content-Type"); !strings.HasPrefix(ct, "text/csv") || !strings.Contains(file.header.Get("Content-Disposition"), "orders-2026-11-16.csv") {
		t.Errorf("sent as %s, %s", ct, file.header.Get("Content-Disposition"))
	}
	rows := must(csv.NewReader(strings.NewReader(strings.TrimPrefix(string(file.raw), "\ufeff"))).ReadAll())(t)
	if len(rows) != 4 || rows[3][0] != orders[0] || rows[1][6] != "周晓明" {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
}

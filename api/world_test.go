package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/notify"
	"paigong/internal/postgres/pgtest"
	"paigong/workorders"
)

// world is the whole backend on a database of its own, driven over HTTP as any client would.
type world struct {
	t      testing.TB
	db     *bun.DB
	desk   *workorders.Desk
	server *httptest.Server
	admin  *client
	clock  atomic.Int64 // what the program's clock is ahead of the real one, in ns
	keys   atomic.Int64
}

// now is the program's clock: fixed to a Monday morning plus the real time that passed, so that shifts and
// windows of the story lie where it says.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.clock.Load())) }

// monday is the morning on which every story begins: Monday 16 November 2026, 08:00 in Shanghai.
var monday = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

// at is a time of the story: day 0 is its Monday, in Shanghai.
func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, 16+day, hour-8, minute, 0, 0, time.UTC)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := openWorld(t, pgtest.New(t), monday)
	token, needed, err := w.desk.Look(context.Background()).People.FirstRun(context.Background())
	if err != nil || !needed {
		t.Fatalf("first run: needed %v, %v", needed, err)
	}
	anyone := &client{w: w}
	anyone.post("/setup/"+token, m{"login": "admin", "password": "paigong-demo", "name": "管理员", "organisation": "总部"}).want(201)
	w.admin = w.login("admin")
	return w
}

// openWorld serves a database; now is what the program's clock shows at first.
func openWorld(t testing.TB, db *bun.DB, now time.Time) *world {
	t.Helper()
	w := &world{t: t, db: db}
	w.clock.Store(int64(time.Until(now)))
	hooks := notify.NewWebhooks(w.db, w.now, notify.NewClient(true))
	var server *api.Server
	w.desk = workorders.New(workorders.Config{DB: w.db, Now: w.now, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError})),
		SignIn: auth.Rules{AnyPassword: true}, Hooks: hooks, Woken: func() { server.Woken() }})
	server = api.New(api.Config{Desk: w.desk, Hooks: hooks, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError})), Version: "test", Stop: t.Context().Done()})
	w.server = httptest.NewServer(server)
	t.Cleanup(w.server.Close)
	return w
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

type m = map[string]any

// client is a person signed in.
type client struct {
	w     *world
	token string
	id    string
}

func (w *world) login(login string) *client {
	w.t.Helper()
	a := (&client{w: w}).post("/sessions", m{"login": login, "password": "paigong-demo"}).want(201)
	return &client{w: w, token: a.str("token"), id: a.str("user", "id")}
}

// reply is an answer to look into.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	raw    []byte
	body   any
}

func (c *client) do(method, path string, body any, headers ...string) *reply {
	c.w.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, ok := body.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				c.w.t.Fatal(err)
			}
		}
		reader = bytes.NewReader(raw)
	}
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "//") {
		path = "/api/v1" + path
	}
	r, err := http.NewRequest(method, c.w.server.URL+strings.TrimPrefix(path, "/ "), reader)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	a := &reply{t: c.w.t, what: method + " " + path, status: res.StatusCode, header: res.Header, raw: raw}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			c.w.t.Fatalf("%s: %v in %s", a.what, err, raw)
		}
	}
	return a
}

func (c *client) get(path string) *reply { c.w.t.Helper(); return c.do("GET", path, nil) }
func (c *client) post(path string, body any) *reply {
	c.w.t.Helper()
	return c.do("POST", path, body)
}
func (c *client) patch(path string, body any) *reply {
	c.w.t.Helper()
	return c.do("PATCH", path, body)
}

// once posts with a key of its own.
func (c *client) once(path string, body any) *reply {
	c.w.t.Helper()
	return c.do("POST", path, body, "Idempotency-Key", fmt.Sprintf("test-key-%08d", c.w.keys.Add(1)))
}

func (a *reply) want(status int) *reply {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, a.raw)
	}
	return a
}

// refused is a problem with the code.
func (a *reply) refused(status int, code string) *reply {
	a.t.Helper()
	a.want(status)
	if got := a.str("code"); got != code {
		a.t.Fatalf("%s: code %q, want %q: %s", a.what, got, code, a.raw)
	}
	return a
}

// at walks into the answer: strings are members, ints are elements.
func (a *reply) at(path ...any) any {
	a.t.Helper()
	v := a.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, ok := v.(map[string]any)
			if !ok {
				a.t.Fatalf("%s: no object at %v of %v: %s", a.what, p, path, a.raw)
			}
			v = o[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				a.t.Fatalf("%s: no element %d of %v: %s", a.what, p, path, a.raw)
			}
			v = l[p]
		}
	}
	return v
}

func (a *reply) str(path ...any) string { a.t.Helper(); s, _ := a.at(path...).(string); return s }
func (a *reply) num(path ...any) int    { a.t.Helper(); f, _ := a.at(path...).(float64); return int(f) }
func (a *reply) list(path ...any) []any { a.t.Helper(); l, _ := a.at(path...).([]any); return l }

// is compares a value in the answer.
func (a *reply) is(want any, path ...any) *reply {
	a.t.Helper()
	got := a.at(path...)
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if got != want {
		a.t.Fatalf("%s: %v is %v, want %v: %s", a.what, path, got, want, a.raw)
	}
	return a
}

// user adds a person and signs him in.
func (w *world) user(login string, more m, roles ...string) *client {
	w.t.Helper()
	body := m{"login": login, "name": login, "roles": roles, "password": "paigong-demo"}
	for k, v := range more {
		body[k] = v
	}
	w.admin.post("/users", body).want(201)
	return w.login(login)
}

// town is the company of the stories: two regions, three engineers (right; without the skill; without the
// part in the van), a warehouse, three vans, five parts, and a customer whose device is out of warranty.
type town struct {
	*world
	right, unskilled, empty string // engineers
	customer, site, asset   string
	dispatcher, agent       *client
	engineer                *client // the right one
	caller, keeper, manager *client
}

// firstTown is made once; every test gets a copy of it.
var firstTown struct {
	sync.Mutex
	template string
	town     *town
	now      time.Time // what its clock showed when it was ready
}

func newTown(t testing.TB) *town {
	t.Helper()
	f := &firstTown
	func() {
		f.Lock()
		defer f.Unlock()
		if f.template == "" {
			n := buildTown(t)
			f.town, f.now, f.template = n, n.now(), pgtest.Freeze(t, n.db)
		}
	}()
	n := *f.town
	n.world = openWorld(t, pgtest.NewFrom(t, f.template), f.now)
	n.keys.Store(f.town.keys.Load()) // keys that were used are used in the copy too
	n.admin = f.town.admin
	for _, one := range []**client{&n.admin, &n.dispatcher, &n.agent, &n.engineer, &n.caller, &n.keeper, &n.manager} {
		*one = &client{w: n.world, token: (*one).token, id: (*one).id}
	}
	return &n
}

func buildTown(t testing.TB) *town {
	t.Helper()
	w := newWorld(t)
	a := w.admin
	for _, r := range []m{{"code": "bj", "name": "北京"}, {"code": "bj-cy", "name": "朝阳区", "parent_code": "bj"}, {"code": "bj-hd", "name": "海淀区", "parent_code": "bj"}} {
		a.post("/regions", r).want(201)
	}
	for _, s := range []m{{"code": "cooling", "name": "制冷"}, {"code": "gas", "name": "燃气"}} {
		a.post("/skills", s).want(201)
	}
	for _, c := range []m{{"kind": "fault", "code": "F01", "name": "不制冷"}, {"kind": "cause", "code": "C01", "name": "电容老化"}, {"kind": "action", "code": "A01", "name": "更换电容"}} {
		a.post("/codes", c).want(201)
	}
	n := &town{world: w}
	engineer := func(name string, skills []m, lat, lng float64) string {
		id := a.post("/engineers", m{"name": name, "phone": "13800138000", "region_codes": []string{"bj-cy"}, "skills": skills, "home": m{"lat": lat, "lng": lng}}).want(201).str("id")
		for day := range 5 {
			a.post("/engineers/"+id+"/shifts", m{"starts_at": at(day, 8, 0), "ends_at": at(day, 18, 0)}).want(201)
		}
		return id
	}
	cooling := []m{{"code": "cooling", "level": 3}}
	n.right = engineer("王伟", cooling, 39.92, 116.46)
	n.unskilled = engineer("李芳", []m{{"code": "gas", "level": 3}}, 39.93, 116.46)
	n.empty = engineer("张强", cooling, 39.91, 116.47)
	a.post("/places", m{"code": "WH", "name": "总库", "kind": "warehouse", "lat": 39.95, "lng": 116.40}).want(201)
	for i, id := range []string{n.right, n.unskilled, n.empty} {
		a.post("/places", m{"code": fmt.Sprintf("VAN%d", i+1), "name": fmt.Sprintf("%d 号车", i+1), "kind": "van", "engineer_id": id}).want(201)
	}
	for i, name := range []string{"启动电容", "压缩机", "风机", "温控器", "排水泵"} {
		a.post("/parts", m{"sku": fmt.Sprintf("P%d", i+1), "name": name, "unit": "个", "price_minor": 3500 + 1000*i}).want(201)
	}
	n.receive("P1", 1, "VAN1")
	n.receive("P2", 2, "WH")

	n.customer = a.post("/customers", m{"name": "周晓明", "phone": "13912345678"}).want(201).str("id")
	n.site = a.post("/customers/"+n.customer+"/sites", m{"address": "朝阳区望京街 9 号", "region_code": "bj-cy", "lat": 39.99, "lng": 116.48}).want(201).str("id")
	n.asset = a.post("/assets", m{"site_id": n.site, "brand": "海尔", "model": "KFR-35GW", "category": "空调", "serial_number": "SN0001", "purchased_on": "2020-05-01", "proof": "invoice"}).want(201).str("id")

	n.dispatcher = w.user("dispatcher", nil, "dispatcher")
	n.agent = w.user("agent", nil, "agent", "clerk", "cashier")
	n.engineer = w.user("engineer1", m{"engineer_id": n.right}, "engineer")
	n.caller = w.user("caller", nil, "caller")
	n.keeper = w.user("stock", nil, "stock")
	n.manager = w.user("manager", nil, "manager", "lead", "complaints", "technical", "auditor")
	return n
}

func (n *town) receive(sku string, quantity int, place string) {
	n.t.Helper()
	n.admin.once("/stock/movements", m{"kind": "receive", "sku": sku, "quantity": quantity, "to_place": place}).want(201)
}

// available is what may still be promised of a part in a place.
func (n *town) stockOf(sku, place string) (onHand, reserved int) {
	n.t.Helper()
	for _, row := range n.admin.get("/stock?sku=" + sku + "&place=" + place).want(200).list("items") {
		r := row.(map[string]any)
		if r["condition"] == "good" {
			onHand += int(r["on_hand"].(float64))
			reserved += int(r["reserved"].(float64))
		}
	}
	return onHand, reserved
}

// reported registers the fault and turns it into an order that needs one P1.
func (n *town) reported() (request, order string) {
	n.t.Helper()
	request = n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": n.asset, "summary": "空调不制冷"}).want(201).str("id")
	order = n.agent.post("/requests/"+request+"/work-order", m{"kind": "repair", "priority": 2, "skill_codes": []string{"cooling"}, "parts": []m{{"sku": "P1", "quantity": 1}},
		"duration_minutes": 60, "window": m{"from": at(0, 9, 0), "to": at(0, 17, 0)}}).want(201).str("id")
	return request, order
}

var quoteLines = []m{{"kind": "labour", "description": "上门维修工时", "quantity": 1, "unit_minor": 12000}, {"kind": "part", "description": "启动电容", "sku": "P1", "quantity": 1, "unit_minor": 3500}}

// approved brings an order to ready: quoted and agreed by link.
func (n *town) approved() (order string) {
	n.t.Helper()
	_, order = n.reported()
	q := n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	token := link[strings.LastIndex(link, "/")+1:]
	(&client{w: n.world}).post("/public/quotes/"+token+"/approve", m{"name": "周晓明", "signature": [][][]float64{{{1, 2}, {3, 4}}}}).want(200)
	return order
}

// assigned books the right engineer into the slot that is proposed for him.
func (n *town) assigned(order string) (visit string) {
	n.t.Helper()
	best := n.dispatcher.get("/work-orders/" + order + "/candidates").want(200)
	best.is(n.right, "items", 0, "engineer_id")
	return n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.right, "starts_at": best.str("items", 0, "starts_at"), "ends_at": best.str("items", 0, "ends_at")}).want(201).str("id")
}

// finished is a sheet with which the repair is done.
func finished(visit string) m {
	return m{"visit_id": visit, "outcome": "done", "fault_code": "F01", "cause_code": "C01", "action_code": "A01", "parts": []m{{"sku": "P1", "quantity": 1}},
		"work_minutes": 45, "signature": [][][]float64{{{0, 0}, {10, 10}}}, "signer_name": "周晓明"}
}

package pages_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
	"golang.org/x/net/html"

	"paigong/api"
	"paigong/api/pages"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/geo"
	"paigong/internal/notify"
	"paigong/internal/postgres/pgtest"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// town is the company of the stories on a database of its own, with its pages served over HTTP: two
// regions, three engineers, a warehouse and three vans, five parts, and a customer whose device is out of
// warranty. Everybody signs in with the same password.
type town struct {
	testing.TB
	desk   *workorders.Desk
	db     *bun.DB
	server *httptest.Server
	api    *api.Server
	clock  atomic.Int64 // what the program's clock is ahead of the real one, in ns
	// weather may hold up a request or answer in the program's place; it says whether it has.
	weather atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]

	right, unskilled, empty uuid.UUID // engineers
	customer, site, asset   uuid.UUID
}

const password = "paigong-demo"

// monday is the morning on which every story begins: Monday 16 November 2026, 08:00 in Shanghai.
var monday = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

func (n *town) now() time.Time { return time.Now().Add(time.Duration(n.clock.Load())) }

// local writes an instant as somebody in Shanghai types it; day 0 is the story's Monday.
func local(day, hour, minute int) string {
	return fmt.Sprintf("2026-11-%02dT%02d:%02d", 16+day, hour, minute)
}

type testLog struct{ testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func newTown(t testing.TB) *town { t.Helper(); return newTownWith(t, func(*workorders.Config) {}) }

// newTownWith is the company with other settings.
func newTownWith(t testing.TB, set func(*workorders.Config)) *town {
	t.Helper()
	n, _ := plainTown.copy(t, set, func() (*town, map[string]string) {
		n := openTown(t, pgtest.New(t), monday, func(*workorders.Config) {})
		n.build()
		return n, nil
	})
	return n
}

// first is a company that is made once; every test gets a copy of it.
type first struct {
	sync.Mutex
	template string
	town     *town
	at       map[string]string // addresses by what is found there
	now      time.Time         // what its clock showed when it was ready
}

var plainTown, fullTown first

func (f *first) copy(t testing.TB, set func(*workorders.Config), build func() (*town, map[string]string)) (*town, map[string]string) {
	t.Helper()
	func() {
		f.Lock()
		defer f.Unlock()
		if f.template == "" {
			n, at := build()
			f.town, f.at, f.now, f.template = n, at, n.now(), pgtest.Freeze(t, n.db)
		}
	}()
	n := openTown(t, pgtest.NewFrom(t, f.template), f.now, set)
	n.right, n.unskilled, n.empty = f.town.right, f.town.unskilled, f.town.empty
	n.customer, n.site, n.asset = f.town.customer, f.town.site, f.town.asset
	return n, maps.Clone(f.at)
}

// openTown serves a database; now is what the program's clock shows at first.
func openTown(t testing.TB, db *bun.DB, now time.Time, set func(*workorders.Config)) *town {
	t.Helper()
	n := &town{TB: t, db: db}
	n.clock.Store(int64(time.Until(now)))
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	hooks := notify.NewWebhooks(db, n.now, notify.NewClient(true))
	config := workorders.Config{DB: db, Now: n.now, Log: log, SignIn: auth.Rules{AnyPassword: true}, Hooks: hooks}
	set(&config)
	n.desk = workorders.New(config)
	server := api.New(api.Config{Desk: n.desk, Hooks: hooks, Log: log, Version: "test", Stop: t.Context().Done(), Screens: func(s *api.Server) api.Screens {
		return pages.New(s, pages.Config{Hooks: hooks, Push: notify.NewPush(db, n.now, notify.NewClient(true), ""), Log: log, Version: "test", Demo: []templates.DemoLogin{{Login: "dispatcher", Roles: []string{"dispatcher"}}}, DemoPassword: password,
			Settings: []templates.Setting{{Name: "listen", Value: "127.0.0.1:8080", Origin: "default"}}})
	}})
	n.api = server
	n.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if does := n.weather.Load(); does == nil || !(*does)(w, r) {
			server.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(n.server.Close)
	return n
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// build fills the company by the desk itself.
func (n *town) build() {
	n.Helper()
	ctx := context.Background()
	people := n.desk.Look(ctx).People
	token, _, err := people.FirstRun(ctx)
	if err != nil {
		n.Fatal(err)
	}
	setup := auth.System("test")
	if err := n.desk.Keep(ctx, setup, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.People.UseSetup(ctx, token, auth.SetupInput{Login: "admin", Password: password, Name: "管理员", Organisation: "华北家电服务"})
		return err
	}); err != nil {
		n.Fatal(err)
	}
	by := must(people.As(ctx, "admin"))(n)
	err = n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		for _, r := range []dispatch.RegionInput{{Code: "bj", Name: "北京"}, {Code: "bj-cy", Name: "朝阳区", ParentCode: ptr("bj")}, {Code: "bj-hd", Name: "海淀区", ParentCode: ptr("bj")}} {
			must(l.Board.AddRegion(ctx, r))(n)
		}
		for _, s := range []dispatch.SkillInput{{Code: "cooling", Name: "制冷"}, {Code: "gas", Name: "燃气"}} {
			must(l.Board.AddSkill(ctx, s))(n)
		}
		for _, c := range []knowledge.CodeInput{{Kind: knowledge.Fault, Code: "F01", Name: "不制冷", NameEn: ptr("does not cool")}, {Kind: knowledge.Cause, Code: "C01", Name: "电容老化", NameEn: ptr("worn capacitor")}, {Kind: knowledge.Action, Code: "A01", Name: "更换电容", NameEn: ptr("capacitor replaced")}} {
			must(l.Codes.AddCode(ctx, c))(n)
		}
		engineer := func(name, skill string, lat, lng float64) uuid.UUID {
			e := must(l.Board.AddEngineer(ctx, dispatch.EngineerInput{Name: name, Phone: ptr("13800138000"), RegionCodes: []string{"bj-cy"}, Skills: []dispatch.Ability{{Code: skill, Level: 3}}, Home: &geo.Point{Lat: lat, Lng: lng}}, by.OrgID))(n)
			for day := range 5 {
				from := monday.AddDate(0, 0, day)
				must(l.Board.AddShift(ctx, by.Scope(), e.ID, dispatch.ShiftInput{StartsAt: from, EndsAt: from.Add(10 * time.Hour)}))(n)
			}
			return e.ID
		}
		n.right, n.unskilled, n.empty = engineer("王伟", "cooling", 39.92, 116.46), engineer("李芳", "gas", 39.93, 116.46), engineer("张强", "cooling", 39.91, 116.47)
		must(l.Stock.AddPlace(ctx, inventory.PlaceInput{Code: "WH", Name: "总库", Kind: inventory.Warehouse, Lat: ptr(39.95), Lng: ptr(116.40)}, by.OrgID))(n)
		for i, id := range []uuid.UUID{n.right, n.unskilled, n.empty} {
			must(l.Stock.AddPlace(ctx, inventory.PlaceInput{Code: fmt.Sprintf("VAN%d", i+1), Name: fmt.Sprintf("%d 号车", i+1), Kind: inventory.Van, EngineerID: &id}, by.OrgID))(n)
		}
		for i, name := range []string{"启动电容", "压缩机", "风机", "温控器", "排水泵"} {
			price := int64(3500 + 1000*i)
			must(l.Stock.AddPart(ctx, inventory.PartInput{SKU: fmt.Sprintf("P%d", i+1), Name: name, Unit: "个", PriceMinor: &price}))(n)
		}
		return nil
	})
	if err != nil {
		n.Fatal(err)
	}
	n.receive("P1", 1, "VAN1")
	n.receive("P2", 2, "WH")
	c := must(n.desk.AddCustomer(ctx, by, customers.CustomerInput{Name: "周晓明", Phone: "13912345678"}))(n)
	n.customer = c.ID
	if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		n.site = must(l.Customers.AddSite(ctx, by, c.ID, customers.SiteInput{Address: "朝阳区望京街 9 号", RegionCode: "bj-cy", Lat: ptr(39.99), Lng: ptr(116.48), AccessNotes: "东门进"}))(n).ID
		return nil
	}); err != nil {
		n.Fatal(err)
	}
	bought := calendar.Must("2020-05-01")
	n.asset = must(n.desk.AddAsset(ctx, by, customers.AssetInput{SiteID: n.site, Brand: "海尔", Model: "KFR-35GW", Category: "空调", SerialNumber: ptr("SN0001"), PurchasedOn: &bought, Proof: ptr("invoice")}))(n).ID
	for _, u := range []struct {
		login, name string
		engineer    *uuid.UUID
		roles       []auth.Role
	}{
		{"dispatcher", "赵军", nil, []auth.Role{auth.Dispatcher}}, {"agent", "林晓", nil, []auth.Role{auth.Agent, auth.Clerk, auth.Cashier}}, {"engineer1", "王伟", &n.right, []auth.Role{auth.Engineer}},
		{"engineer2", "张强", &n.empty, []auth.Role{auth.Engineer}}, {"caller", "陈静", nil, []auth.Role{auth.CallerRole}}, {"stock", "吴库管", nil, []auth.Role{auth.StockKeeper}},
		{"manager", "赵主管", nil, []auth.Role{auth.Manager, auth.Lead, auth.ComplaintsOfficer, auth.Technical, auth.Auditor}}, {"depot", "孙师傅", nil, []auth.Role{auth.Depot}},
	} {
		if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
			_, _, err := l.People.AddUser(ctx, by, auth.UserInput{Login: u.login, Name: u.name, Roles: u.roles, Password: password, EngineerID: u.engineer})
			return err
		}); err != nil {
			n.Fatal(err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func (n *town) receive(sku string, quantity int64, place string) {
	n.Helper()
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	must(n.desk.MoveStock(ctx, by, inventory.MovementInput{Kind: inventory.Receive, SKU: sku, Quantity: quantity, ToPlace: &place}))(n)
}

// lastMessage is what the newest message of a kind says.
func (n *town) lastMessage(key string) []string {
	n.Helper()
	var m notify.Message
	if err := n.db.NewRaw("SELECT args FROM messages WHERE key = ? ORDER BY id DESC LIMIT 1", key).Scan(context.Background(), &m); err != nil {
		n.Fatalf("no %s was sent: %v", key, err)
	}
	return m.Args
}

// toldTo is where the newest message of a kind went.
func (n *town) toldTo(key string) (to string) {
	n.Helper()
	if err := n.db.NewRaw("SELECT to_address FROM messages WHERE key = ? ORDER BY id DESC LIMIT 1", key).Scan(context.Background(), &to); err != nil {
		n.Fatalf("no %s was sent: %v", key, err)
	}
	return to
}

// tick lets happen what the minute does by itself.
func (n *town) tick() {
	n.Helper()
	for _, task := range n.desk.Tasks() {
		if err := task.Do(context.Background()); err != nil {
			n.Fatalf("%s: %v", task.Name, err)
		}
	}
}

// visitor is a person at a browser without scripts: he sees pages, follows links, fills in forms.
type visitor struct {
	*town
	client *http.Client
	lang   string
}

// stranger has no account.
func (n *town) stranger() *visitor {
	n.Helper()
	jar := must(cookiejar.New(nil))(n)
	return &visitor{town: n, lang: "zh-Hans", client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn has gone through the door.
func (n *town) signedIn(login string) *visitor {
	n.Helper()
	v := n.stranger()
	to := v.see("/login", 200).form("/login").send(url.Values{"login": {login}, "password": {password}}).leads()
	if to != "/" {
		n.Fatalf("%s signed in and was led to %q", login, to)
	}
	return v
}

// in switches the language, as the link on each page does.
func (v *visitor) in(lang string) *visitor {
	v.Helper()
	v.do(must(http.NewRequest("GET", v.server.URL+"/login?lang="+lang, nil))(v))
	v.lang = lang
	return v
}

// sight is an answer, parsed when it is a page.
type sight struct {
	*visitor
	what   string
	status int
	header http.Header
	raw    []byte
	root   *html.Node
}

func (v *visitor) do(r *http.Request) *sight {
	v.Helper()
	res := must(v.client.Do(r))(v)
	defer res.Body.Close()
	s := &sight{visitor: v, what: r.Method + " " + r.URL.RequestURI(), status: res.StatusCode, header: res.Header, raw: must(io.ReadAll(res.Body))(v)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && len(s.raw) > 0 {
		s.root = must(html.Parse(bytes.NewReader(s.raw)))(v)
		s.proper()
	}
	return s
}

// see opens a page and wants a status.
func (v *visitor) see(path string, status int) *sight {
	v.Helper()
	s := v.do(must(http.NewRequest("GET", v.server.URL+path, nil))(v))
	if s.status != status {
		v.Fatalf("%s: status %d, want %d: %s", s.what, s.status, status, s.words())
	}
	return s
}

// untranslated finds what is left behind when a text is missing, or has too few or too many arguments.
var untranslated = regexp.MustCompile(`\b(ui|board|state|word|role|event|act|field|mark|script|said|complaint\.category|invoice|fault|reason|coverage)\.[a-z][a-z0-9_.-]+|%!|\(EXTRA|%\[?[0-9]*\]?[sd]\b`)

// proper are the rules that every page keeps.
func (s *sight) proper() {
	s.Helper()
	if found := untranslated.FindString(s.words()); found != "" {
		s.Errorf("%s shows %q", s.what, found)
	}
	csp := s.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe-") {
		s.Errorf("%s: policy %q", s.what, csp)
	}
	if s.header.Get("Cache-Control") != "no-store" {
		s.Errorf("%s may be kept: %q", s.what, s.header.Get("Cache-Control"))
	}
	s.each(func(e *html.Node) {
		if has(e, "style") || e.Data == "style" || e.Data == "script" && e.FirstChild != nil {
			s.Errorf("%s: <%s> carries style or script of its own", s.what, e.Data)
		}
	})
}

func (s *sight) each(do func(e *html.Node)) {
	if s.root == nil {
		return
	}
	for e := range s.root.Descendants() {
		if e.Type == html.ElementNode {
			do(e)
		}
	}
}

func attr(e *html.Node, name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(e *html.Node, name string) bool {
	return slices.ContainsFunc(e.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// words is what a person reads.
func (s *sight) words() string {
	if s.root == nil {
		return string(s.raw)
	}
	return textOf(s.root)
}

func textOf(root *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(e *html.Node) {
		if e.Type == html.TextNode {
			b.WriteString(e.Data + " ")
		}
		for c := range e.ChildNodes() {
			walk(c)
		}
	}
	walk(root)
	return strings.Join(strings.Fields(b.String()), " ")
}

// shows wants these words on the page.
func (s *sight) shows(words ...string) *sight {
	s.Helper()
	all := s.words()
	for _, w := range words {
		if !strings.Contains(all, w) {
			s.Errorf("%s does not show %q: %s", s.what, w, all)
		}
	}
	return s
}

// hides wants these words nowhere in the answer.
func (s *sight) hides(words ...string) *sight {
	s.Helper()
	for _, w := range words {
		if bytes.Contains(s.raw, []byte(w)) {
			s.Errorf("%s shows %q", s.what, w)
		}
	}
	return s
}

// link is the address of the first link whose path begins so.
func (s *sight) link(prefix string) string {
	s.Helper()
	found := ""
	s.each(func(e *html.Node) {
		if href := attr(e, "href"); e.Data == "a" && found == "" && strings.HasPrefix(href, prefix) {
			found = href
		}
	})
	if found == "" {
		s.Fatalf("%s has no link to %s…: %s", s.what, prefix, s.words())
	}
	return found
}

// offers reports whether a form with this action stands on the page.
func (s *sight) offers(action string) bool {
	fits := regexp.MustCompile("^" + action + "$")
	found := false
	s.each(func(e *html.Node) { found = found || e.Data == "form" && fits.MatchString(attr(e, "action")) })
	return found
}

// paper is a form with what stands in it.
type paper struct {
	*sight
	action string
	many   bool // multipart
	values url.Values
}

// form finds a form by its action, a regular expression.
func (s *sight) form(action string) *paper {
	s.Helper()
	fits := regexp.MustCompile("^" + action + "$")
	var found *html.Node
	s.each(func(e *html.Node) {
		if found == nil && e.Data == "form" && attr(e, "method") == "post" && fits.MatchString(attr(e, "action")) {
			found = e
		}
	})
	if found == nil {
		s.Fatalf("%s offers no form %s: %s", s.what, action, s.words())
	}
	p := &paper{sight: s, action: attr(found, "action"), many: attr(found, "enctype") == "multipart/form-data", values: url.Values{}}
	for e := range found.Descendants() {
		if e.Type != html.ElementNode || attr(e, "name") == "" {
			continue
		}
		name := attr(e, "name")
		switch e.Data {
		case "input":
			switch attr(e, "type") {
			case "radio", "checkbox":
				if has(e, "checked") {
					p.values.Add(name, cmp.Or(attr(e, "value"), "on"))
				}
			case "file":
			default:
				p.values.Add(name, attr(e, "value"))
			}
		case "textarea":
			p.values.Add(name, typedIn(e))
		case "select":
			chosen, first := "", true
			for o := range e.Descendants() {
				if o.Data == "option" && (first || has(o, "selected")) {
					chosen, first = attr(o, "value"), false
				}
			}
			p.values.Add(name, chosen)
		}
	}
	return p
}

// typedIn is what stands in a text area, line by line.
func typedIn(e *html.Node) string {
	var b strings.Builder
	for c := range e.ChildNodes() {
		b.WriteString(c.Data)
	}
	return b.String()
}

// send posts the form with some fields filled in; a field that the form does not have is a mistake.
func (p *paper) send(fill url.Values) *sight {
	p.Helper()
	return p.sendWith(fill, nil)
}

// sendWith fills the form in and puts files into its fields.
func (p *paper) sendWith(fill url.Values, files map[string][]byte) *sight {
	p.Helper()
	if len(files) > 0 && !p.many {
		p.Fatalf("the form %s carries no files", p.action)
	}
	values := url.Values{}
	for name, v := range p.values {
		values[name] = slices.Clone(v)
	}
	for name, v := range fill {
		values[name] = v
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if p.many {
		w := multipart.NewWriter(&body)
		for _, name := range sorted(values) {
			for _, v := range values[name] {
				if err := w.WriteField(name, v); err != nil {
					p.Fatal(err)
				}
			}
		}
		for name, content := range files {
			part := must(w.CreateFormFile(name, name+".png"))(p)
			must(part.Write(content))(p)
		}
		if err := w.Close(); err != nil {
			p.Fatal(err)
		}
		kind = w.FormDataContentType()
	} else {
		body.WriteString(values.Encode())
	}
	r := must(http.NewRequest("POST", p.server.URL+p.action, &body))(p)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Origin", p.server.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Referer", p.server.URL+strings.TrimPrefix(strings.TrimPrefix(p.what, "GET "), "POST "))
	return p.do(r)
}

func sorted(v url.Values) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// leads wants the redirect that follows what was done, and gives its address.
func (s *sight) leads() string {
	s.Helper()
	if s.status != http.StatusSeeOther {
		s.Fatalf("%s: status %d, want 303: %s", s.what, s.status, s.words())
	}
	return s.header.Get("Location")
}

// done follows the redirect to a page.
func (s *sight) done() *sight {
	s.Helper()
	return s.see(s.leads(), 200)
}

// refused wants the page again with a status and its reason.
func (s *sight) refused(status int, words ...string) *sight {
	s.Helper()
	if s.status != status {
		s.Fatalf("%s: status %d, want %d: %s", s.what, s.status, status, s.words())
	}
	return s.shows(words...)
}

// number is the last part of an address.
func number(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path[strings.LastIndex(u.Path, "/")+1:]
}

// post sends fields that no form of a page holds, as a button elsewhere would.
func (v *visitor) post(path string, fields url.Values) *sight {
	v.Helper()
	r := must(http.NewRequest("POST", v.server.URL+path, strings.NewReader(fields.Encode())))(v)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/workorders"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// golden compares what is generated with the file that is kept, or rewrites it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s is not what the program says now: look at the difference after go test ./api -update", path)
	}
}

// The document is made from the types that decode and validate; the kept copy lets people and reviews see
// what changes.
func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	s := api.New(api.Config{Desk: workorders.New(workorders.Config{}), Version: "1"})
	raw, err := s.OpenAPI().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	operations := 0
	for _, p := range doc.Paths {
		operations += len(p)
	}
	if doc.OpenAPI != "3.1.0" || operations < 60 {
		t.Errorf("OpenAPI %s with %d operations, want 3.1.0 with 60 and more", doc.OpenAPI, operations)
	}
	if operations != len(s.Routes()) {
		t.Errorf("%d operations are documented, %d served", operations, len(s.Routes()))
	}
	var pretty any
	if err := json.Unmarshal(raw, &pretty); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(pretty, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/openapi.json", append(out, '\n'))

	// What a list names can be named again: every row has an id, but for sums and for settings, which are
	// known by what they are about.
	nameless := []string{"callers", "checklists", "clock-targets", "duty", "complaint-targets", "groups", "service-hours", "versions", "follow-up-kinds", "job-templates", "message-events", "message-texts", "receivables", "stock", "candidates"}
	var schema struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]schemaOf }
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	lists := 0
	for path, methods := range schema.Paths {
		page := schema.Components.Schemas[methods["get"].Responses["200"].Content["application/json"].Schema.named()]
		items, ok := page.Properties["items"]
		if !ok || items.Items == nil {
			continue
		}
		lists++
		if _, ok := schema.Components.Schemas[items.Items.named()].Properties["id"]; !ok && !slices.Contains(nameless, path[strings.LastIndex(path, "/")+1:]) {
			t.Errorf("the rows of %s have no id", path)
		}
	}
	if lists < 40 {
		t.Errorf("only %d lists found", lists)
	}
}

// operation and schemaOf are what the test above reads of the document.
type operation struct {
	Responses map[string]struct {
		Content map[string]struct{ Schema schemaOf }
	}
}

type schemaOf struct {
	Ref        string `json:"$ref"`
	Items      *schemaOf
	Properties map[string]schemaOf
}

func (s schemaOf) named() string { return strings.TrimPrefix(s.Ref, "#/components/schemas/") }

// Who may do what, as a table that a review reads: a changed line is a changed right.
func TestRoleRouteMatrix(t *testing.T) {
	t.Parallel()
	s := api.New(api.Config{Desk: workorders.New(workorders.Config{}), Version: "1"})
	roles := auth.Roles()
	known := auth.Permissions()
	var b strings.Builder
	b.WriteString("# Who may make which call\n\nMade from the table of routes and the roles' permissions by `go test ./api -update`. A dot means no.\n\n| call | permission |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(roles)) + "\n")
	for _, r := range s.Routes() {
		if r.Permission == "" || r.Permission != api.Public && !slices.Contains(known, r.Permission) {
			t.Errorf("%s %s has no known permission: %q", r.Method, r.Path, r.Permission)
		}
		fmt.Fprintf(&b, "| %s %s | %s |", r.Method, r.Path, r.Permission)
		for _, role := range roles {
			mark := " . |"
			if r.Permission == api.Public || role.May(r.Permission) {
				mark = " x |"
			}
			b.WriteString(mark)
		}
		b.WriteString("\n")
	}
	golden(t, "../docs/roles.md", []byte(b.String()))
}

// Every error is a problem document with a stable code, also those that never reach a handler.
func TestProblems(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	anyone := &client{w: n.world}
	for _, c := range []struct {
		name   string
		answer *reply
		status int
		code   string
	}{
		{"an unknown path", n.admin.get("/nothing"), 404, "not_found"},
		{"a wrong method", n.admin.do("DELETE", "/parts", nil), 405, "method_not_allowed"},
		{"nobody signed in", anyone.get("/me"), 401, "signed_out"},
		{"a made-up token", (&client{w: n.world, token: "pgk_nothing"}).get("/me"), 401, "signed_out"},
		{"a role without the right", n.keeper.post("/requests", m{"channel": "phone", "kind": "repair", "summary": "x"}), 403, "not_permitted"},
		{"an unknown order", n.dispatcher.get("/work-orders/WO-2026-999999"), 404, "work_order_not_found"},
		{"an unknown field", n.admin.post("/skills", m{"code": "x", "name": "y", "colour": "red"}), 422, "invalid_input"},
		{"a missing field", n.admin.post("/skills", m{"code": "x"}), 422, "invalid_input"},
		{"no JSON", n.admin.do("POST", "/skills", []byte("{")), 422, "invalid_input"},
		{"a NUL in a text", n.admin.do("POST", "/skills", []byte(`{"code":"a","name":"a\u0000b"}`)), 422, "bad_text"},
		{"broken UTF-8", n.admin.do("POST", "/skills", []byte("{\"code\":\"a\",\"name\":\"\xff\"}")), 422, "bad_text"},
		{"too large a body", n.admin.do("POST", "/skills", []byte(`{"code":"a","name":"`+strings.Repeat("x", 3<<20)+`"}`)), 413, "too_large"},
		{"too large a page", n.admin.get("/parts?limit=501"), 422, "invalid_input"},
		{"a made-up cursor", n.admin.get("/parts?cursor=xyz"), 422, "bad_cursor"},
		{"a login that is taken", n.admin.post("/users", m{"login": "stock", "name": "x", "roles": []string{"stock"}, "password": "paigong-demo"}), 409, "users_login"},
		{"a sheet without a key", n.engineer.post("/work-orders/WO-2026-000001/sheet", m{"visit_id": n.asset, "outcome": "done"}), 422, "idempotency_key_missing"},
		{"an older version", n.admin.do("PATCH", "/customers/"+n.customer, m{"name": "周"}, "If-Match", `"7"`), 412, ""},
		{"a wrong password", anyone.post("/sessions", m{"login": "admin", "password": "wrong"}), 401, "login_refused"},
	} {
		if c.answer.status != c.status || c.code != "" && c.answer.str("code") != c.code {
			t.Errorf("%s: %d %s, want %d %s: %s", c.name, c.answer.status, c.answer.str("code"), c.status, c.code, c.answer.raw)
			continue
		}
		if got := c.answer.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: Content-Type %q", c.name, got)
		}
		if c.answer.str("detail") == "" || c.answer.str("code") == "" || c.answer.num("status") != c.status {
			t.Errorf("%s: incomplete problem %s", c.name, c.answer.raw)
		}
	}
	// null and absent mean the same.
	n.admin.post("/customers", m{"name": "刘洋", "phone": nil, "class": nil}).want(201)
}

// The same key and content give one effect and one answer, however often and however many at once.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	body := m{"kind": "receive", "sku": "P3", "quantity": 5, "to_place": "WH"}
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ids[i] = n.keeper.do("POST", "/stock/movements", body, "Idempotency-Key", "goods-in-0001").want(201).str("id")
		}()
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Fatalf("answers differ: %v", ids)
		}
	}
	if onHand, _ := n.stockOf("P3", "WH"); onHand != 5 {
		t.Errorf("%d on hand, want 5", onHand)
	}
	n.keeper.do("POST", "/stock/movements", m{"kind": "receive", "sku": "P3", "quantity": 6, "to_place": "WH"}, "Idempotency-Key", "goods-in-0001").refused(422, "idempotency_key_reused")
	n.keeper.do("POST", "/stock/movements", body, "Idempotency-Key", "short").refused(422, "idempotency_key_length")
	n.admin.do("POST", "/stock/movements", body, "Idempotency-Key", "goods-in-0001").want(201) // another person's key
	refused := m{"kind": "transfer", "sku": "P4", "quantity": 1, "from_place": "WH", "to_place": "VAN1"}
	n.keeper.do("POST", "/stock/movements", refused, "Idempotency-Key", "not-there-yet").want(409)
	n.receive("P4", 1, "WH")
	n.keeper.do("POST", "/stock/movements", refused, "Idempotency-Key", "not-there-yet").want(201) // a refusal keeps no key
}

// The last piece goes to one of many, and one slot holds one visit.
func TestLastPieceAndOneSlot(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	orders := []string{n.approved(), n.approved(), n.approved(), n.approved()}
	slot := m{"engineer_id": n.right, "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}
	var wg sync.WaitGroup
	status := make([]int, len(orders))
	for i, order := range orders {
		wg.Add(1)
		go func() {
			defer wg.Done()
			status[i] = n.dispatcher.post("/work-orders/"+order+"/assign", slot).status
		}()
	}
	wg.Wait()
	slices.Sort(status)
	if !slices.Equal(status, []int{http.StatusCreated, 409, 409, 409}) {
		t.Errorf("four dispatchers, one slot and one part: %v", status)
	}
	if onHand, reserved := n.stockOf("P1", "VAN1"); onHand != 1 || reserved != 1 {
		t.Errorf("%d on hand, %d reserved; want 1, 1", onHand, reserved)
	}
}

// An engineer sees his own visits' orders and customers, and nothing of anybody else's.
func TestEngineerSeesHisOwn(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.approved()
	other := n.user("engineer3", m{"engineer_id": n.empty}, "engineer")
	n.engineer.get("/work-orders/" + order).want(404)
	visit := n.assigned(order)
	n.engineer.get("/work-orders/" + order).want(200)
	n.engineer.get("/customers/" + n.customer).want(200)
	for _, path := range []string{"/work-orders/" + order, "/customers/" + n.customer, "/visits/" + visit} {
		other.get(path).want(404)
	}
	other.post("/visits/"+visit+"/accept", nil).want(404)
	other.once("/work-orders/"+order+"/sheet", finished(visit)).want(404)
	if got := len(other.get("/work-orders").want(200).list("items")); got != 0 {
		t.Errorf("another engineer's list shows %d orders", got)
	}
}

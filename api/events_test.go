package api_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"paigong/internal/notify"
	"paigong/internal/postgres/pgtest"
)

type heardEvent struct{ id, topic, ref string }

// listen reads the stream after an event, until enough says so or the time is over.
func (c *client) listen(ctx context.Context, after string, enough func(heardEvent) bool) (last string) {
	c.w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", c.w.server.URL+"/api/v1/events", nil)
	if err != nil {
		c.w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.w.t.Errorf("events: %v", err)
		return after
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		c.w.t.Errorf("events: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
		return after
	}
	last = after
	var e heardEvent
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.topic = value
		case "data":
			var data struct{ ID string }
			_ = json.Unmarshal([]byte(value), &data)
			e.ref = data.ID
		case "":
			if e.id != "" {
				last = e.id
			}
			if e.topic == "" && enough(heardEvent{}) || e.topic != "" && enough(e) {
				return last
			}
			e = heardEvent{}
		}
	}
	return last
}

// A watcher that is cut off again and again, while others write, hears of everything exactly once.
func TestEventsResumeWithoutALoss(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	start := n.dispatcher.listen(ctx, "", func(heardEvent) bool { return true }) // where the stream stands now

	var mu sync.Mutex
	made := map[string]bool{}
	var wg sync.WaitGroup
	const writers, each = 4, 8
	for range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				a := n.agent.post("/requests", m{"channel": "phone", "kind": "consult", "summary": fmt.Sprintf("问 %d", i)})
				mu.Lock()
				made[a.str("id")] = a.status == 201
				mu.Unlock()
			}
		}()
	}
	heard := map[string]int{}
	var order []string
	for after := start; len(heard) < writers*each && ctx.Err() == nil; {
		some := 0
		after = n.dispatcher.listen(ctx, after, func(e heardEvent) bool {
			if e.topic == "request" {
				heard[e.ref]++
				order = append(order, e.id)
				some++
			}
			return some == 3 || len(heard) == writers*each // cut off after three
		})
	}
	wg.Wait()
	for id, ok := range made {
		if !ok || heard[id] != 1 {
			t.Errorf("request %s (taken: %v) was heard %d times", id, ok, heard[id])
		}
	}
	if len(heard) != len(made) || len(slices.Compact(slices.Clone(order))) != len(order) {
		t.Errorf("%d heard, %d made, %d events", len(heard), len(made), len(order))
	}
	n.dispatcher.do("GET", "/events", nil, "Last-Event-ID", "nonsense").refused(422, "bad_cursor")
}

// A transaction that is still writing holds readers back, so that what it commits later is not missed. One that
// writes into another database of the same cluster does not, however long it takes.
func TestEventsWaitForAnOpenWriter(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	load, err := pgx.Connect(t.Context(), pgtest.EmptyURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = load.Close(context.WithoutCancel(t.Context())) }()
	if _, err := load.Exec(t.Context(), "BEGIN; CREATE TABLE rows (n int)", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	by, err := n.desk.Look(t.Context()).People.Authenticate(t.Context(), n.dispatcher.token)
	if err != nil {
		t.Fatal(err)
	}
	_, start, err := n.desk.Events(t.Context(), by, "")
	if err != nil {
		t.Fatal(err)
	}
	slow, err := n.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Rollback() }()
	const early = "00000000-0000-4000-8000-00000000000e"
	if _, err := slow.ExecContext(t.Context(), "INSERT INTO events (org_id, topic, ref_id, at) VALUES ((SELECT id FROM organisations WHERE kind = 'head'), 'request', ?, ?)", early, n.now()); err != nil {
		t.Fatal(err)
	}
	later := n.report(nil).want(201).str("id")
	events, next, waits, err := n.desk.EventsSoon(t.Context(), by, start)
	if err != nil || len(events) != 0 || next != start || !waits {
		t.Errorf("while a writer is open the reader gets %v up to %s, more waits: %v: %v", events, next, waits, err)
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	var refs []string
	for end := time.Now().Add(10 * time.Second); len(refs) < 2 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		events, next, err := n.desk.Events(t.Context(), by, start)
		if err != nil {
			t.Fatal(err)
		}
		start = next
		for _, e := range events {
			refs = append(refs, e.Ref.String())
		}
	}
	if !slices.Equal(refs, []string{early, later}) {
		t.Errorf("the reader gets %v, want %s before %s", refs, early, later)
	}
}

// A change reaches who asked for it once, signed, and a receiver that was down gets it later.
func TestWebhooksArrive(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	type delivery struct {
		header http.Header
		body   []byte
	}
	got := make(chan delivery, 100)
	var down sync.Mutex
	fails := 1
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		down.Lock()
		defer down.Unlock()
		if fails > 0 {
			fails--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got <- delivery{r.Header, body}
	}))
	t.Cleanup(receiver.Close)
	n.dispatcher.post("/webhooks", m{"url": receiver.URL}).want(403)
	hook := n.admin.post("/webhooks", m{"url": receiver.URL, "topics": []string{"work_order"}}).want(201)
	secret := hook.str("secret")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("the secret is %q", secret)
	}
	_, order := n.reported()
	n.dispatcher.post("/work-orders/"+order+"/hold", m{"reason_code": "other", "reason": "等"}).want(200)
	courier := notify.NewCourier(notify.NewOutbox(n.db, n.now), notify.NewWebhooks(n.db, n.now, notify.NewClient(true)), nil)
	if _, err := courier.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := n.admin.get("/webhooks/" + hook.str("id") + "/deliveries?state=failed").want(200).list("items"); len(list) != 1 {
		t.Errorf("%d deliveries wait for another try, want the one that met a receiver that was down", len(list))
	}
	n.pass(2 * time.Minute)
	if _, err := courier.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(got)
	seen := map[string]int{}
	for d := range got {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", d.header.Get("webhook-id"), d.header.Get("webhook-timestamp"), d.body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); d.header.Get("webhook-signature") != want {
			t.Errorf("signature %q, want %q", d.header.Get("webhook-signature"), want)
		}
		var told struct {
			Type string
			Data struct{ ID string }
		}
		if err := json.Unmarshal(d.body, &told); err != nil || told.Type != "work_order" || told.Data.ID != order {
			t.Errorf("told %s: %v", d.body, err)
		}
		seen[d.header.Get("webhook-id")]++
	}
	if len(seen) != 2 { // opened, and held: one each however many steps it took
		t.Errorf("%d deliveries, want 2: %v", len(seen), seen)
	}
}

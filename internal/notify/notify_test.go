package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/postgres/pgtest"
)

type post struct {
	*testing.T
	db  *bun.DB
	box Outbox
	mu  sync.Mutex
	at  time.Time
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{T: t, db: pgtest.New(t), at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	p.box = NewOutbox(p.db, p.now)
	p.change(`INSERT INTO organisations (code, name, kind, parent_id, created_at) VALUES ('HQ', 'x', 'head', NULL, '2026-11-01Z')`,
		`INSERT INTO organisations (code, name, kind, parent_id, created_at) VALUES ('A', 'x', 'centre', 1, '2026-11-01Z'), ('B', 'x', 'centre', 1, '2026-11-01Z')`)
	return p
}

func (p *post) now() time.Time       { p.mu.Lock(); defer p.mu.Unlock(); return p.at }
func (p *post) wait(d time.Duration) { p.mu.Lock(); defer p.mu.Unlock(); p.at = p.at.Add(d) }
func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *post) in(fn func(context.Context, bun.Tx) error) error {
	return p.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT set_config('app.actor', 'test', true)"); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

func (p *post) change(statements ...string) {
	p.Helper()
	p.must(p.in(func(ctx context.Context, tx bun.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (p *post) send(m Message) uuid.UUID {
	p.Helper()
	m.OrgID, m.Lang = 2, "zh-Hans"
	if m.Audience == "" {
		m.Audience = "customer"
	}
	id, err := p.box.Send(context.Background(), m)
	p.must(err)
	return id
}

func (p *post) read(id uuid.UUID) (m Message) {
	p.Helper()
	p.must(p.db.NewSelect().TableExpr("messages AS m").ColumnExpr(columns).Where("m.id = ?", id).Scan(context.Background(), &m))
	return m
}

func (p *post) drain(c *Courier) int {
	p.Helper()
	n, err := c.Drain(context.Background())
	p.must(err)
	return n
}

type sight string

func (s sight) Check() error {
	if s == "" {
		return fault.New(fault.Forbidden, "no_scope", "x")
	}
	return nil
}
func (s sight) SQL(columns ...string) string { return columns[0] + " IN (" + string(s) + ")" }

// mailbox is a real SMTP server that keeps what it is given and refuses what it is told to.
type mailbox struct {
	mu      sync.Mutex
	letters [][]byte
	to      []string
	refuse  map[string]*smtp.SMTPError
}

func (b *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{box: b}, nil }

type visit struct {
	box *mailbox
	to  string
}

func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }
func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	if no := v.box.refuse[to]; no != nil {
		return no
	}
	v.to = to
	return nil
}
func (v *visit) Data(r io.Reader) error {
	letter, err := io.ReadAll(r)
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	v.box.letters, v.box.to = append(v.box.letters, letter), append(v.box.to, v.to)
	return err
}

func serveMail(t *testing.T, box *mailbox) *Mail {
	t.Helper()
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	m, err := NewMail(MailConfig{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "service@paigong.example", FromName: "上海服务中心", TLS: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMailArrivesInChinese(t *testing.T) {
	t.Parallel()
	p, box := newPost(t), &mailbox{}
	c := NewCourier(p.box, nil, nil, serveMail(t, box))
	id := p.send(Message{To: "li@example.com", Key: "role.dispatcher"})
	if p.drain(c) != 1 || len(box.letters) != 1 || box.to[0] != "li@example.com" {
		t.Fatalf("%d letters to %v", len(box.letters), box.to)
	}
	letter, err := mail.CreateReader(bytes.NewReader(box.letters[0]))
	p.must(err)
	subject, err := letter.Header.Subject()
	p.must(err)
	from, err := letter.Header.AddressList("From")
	p.must(err)
	part, err := letter.NextPart()
	p.must(err)
	body, err := io.ReadAll(part.Body)
	p.must(err)
	if subject != "服务通知" || from[0].Name != "上海服务中心" || strings.TrimSpace(string(body)) != "派工协调员" || letter.Header.Get("Message-Id") != "<"+id.String()+"@paigong.example>" {
		t.Errorf("%q from %v, id %s: %q", subject, from, letter.Header.Get("Message-Id"), body)
	}
	if m := p.read(id); m.State != "delivered" || m.Channel != "mail" || m.DeliveredAt == nil || !m.DeliveredAt.Equal(p.now()) {
		t.Errorf("%+v", m)
	}
	if p.drain(c) != 0 {
		t.Error("it is sent again")
	}
}

func TestWhatCannotBeDeliveredIsHandedOn(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	box := &mailbox{refuse: map[string]*smtp.SMTPError{
		"gone@example.com": {Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"},
		"busy@example.com": {Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"},
	}}
	c := NewCourier(p.box, nil, nil, serveMail(t, box))
	var mu sync.Mutex
	handed := map[string]string{}
	failing := true
	c.OnUndelivered(func(_ context.Context, m Message) error {
		mu.Lock()
		defer mu.Unlock()
		if failing {
			return errors.New("the call-back list is busy")
		}
		handed[m.To] = m.State + " " + m.Channel
		return nil
	})
	nobody := p.send(Message{To: "", Key: "role.admin"})
	p.drain(c)
	if m := p.read(nobody); m.State != "queued" {
		t.Errorf("a message nobody was told and nobody was asked to ring up is %s", m.State)
	}
	failing = false
	p.change("UPDATE messages SET lease_until = NULL")
	phone := p.send(Message{To: "+8613800138000", Key: "role.admin"})
	gone := p.send(Message{To: "gone@example.com", Key: "role.admin"})
	busy := p.send(Message{To: "busy@example.com", Key: "role.admin"})
	later := p.send(Message{To: "later@example.com", Key: "role.admin", DueAt: p.now().Add(time.Hour)})
	first := p.send(Message{To: "once@example.com", Key: "role.admin", Dedupe: "reminder 1"})
	if again := p.send(Message{To: "once@example.com", Key: "role.admin", Dedupe: "reminder 1"}); first.IsNil() || !again.IsNil() {
		t.Error("a reminder is written twice")
	}
	p.drain(c)
	for id, want := range map[uuid.UUID]string{
		nobody: "suppressed log", phone: "suppressed log", gone: "dead mail", busy: "failed mail", later: "queued ", first: "delivered mail",
	} {
		if m := p.read(id); m.State+" "+m.Channel != want {
			t.Errorf("to %q: %s %s (%s), want %s", m.To, m.State, m.Channel, m.LastError, want)
		}
	}
	if fmt.Sprint(handed) != "map[:suppressed log +8613800138000:suppressed log gone@example.com:dead mail]" {
		t.Errorf("handed on: %v", handed)
	}
	var waited []string
	start := p.now()
	for range 20 {
		m := p.read(busy)
		if m.State != "failed" {
			break
		}
		waited = append(waited, m.DueAt.Sub(p.now()).String())
		p.wait(m.DueAt.Sub(p.now()))
		p.drain(c)
	}
	if want := "1m0s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 24h0m0s"; strings.Join(waited, " ") != want || p.read(busy).State != "dead" {
		t.Errorf("waits %v, then %s", waited, p.read(busy).State)
	}
	if p.now().Sub(start) < 55*time.Hour || handed["busy@example.com"] != "dead mail" {
		t.Errorf("given up after %v: %v", p.now().Sub(start), handed)
	}
	page, err := p.box.Undelivered(context.Background(), sight("2"), keyset.Ask{})
	p.must(err)
	if len(page.Items) != 4 {
		t.Errorf("%d messages never reached anybody", len(page.Items))
	}
	if page, err := p.box.Undelivered(context.Background(), sight("3"), keyset.Ask{}); err != nil || len(page.Items) != 0 {
		t.Errorf("another organisation sees %v, %v", page.Items, err)
	}
	box.refuse = nil
	p.must(p.box.Retry(context.Background(), sight("2"), gone))
	p.drain(c)
	if m := p.read(gone); m.State != "delivered" {
		t.Errorf("sent again after the mailbox was opened: %+v", m)
	}
	_, err = p.db.ExecContext(context.Background(), "UPDATE messages SET state = 'delivered', delivered_at = due_at WHERE channel = 'log'")
	if fault.Constraint(err) != "messages_delivered_by" {
		t.Errorf("the log may count as delivered: %v", err)
	}
}

// listener is a receiver of webhooks.
type listener struct {
	mu      sync.Mutex
	answer  int
	header  http.Header
	bodies  []string
	visited int
}

func (l *listener) says(answer int) { l.mu.Lock(); defer l.mu.Unlock(); l.answer = answer }

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.visited++
	l.header, l.bodies = r.Header, append(l.bodies, string(body))
	if l.answer == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(l.answer)
}

func TestWebhooksAreSigned(t *testing.T) {
	t.Parallel()
	p, ctx := newPost(t), context.Background()
	ear := &listener{answer: 204}
	server := httptest.NewServer(ear)
	defer server.Close()
	hooks := NewWebhooks(p.db, p.now, NewClient(true))
	c := NewCourier(p.box, hooks, nil)
	add := func(org int32, topics ...string) (hook Webhook) {
		p.must(p.in(func(ctx context.Context, tx bun.Tx) (err error) {
			hook, err = hooks.In(tx).Add(ctx, org, WebhookInput{URL: server.URL + "/in?token=secret", Topics: topics})
			return err
		}))
		return hook
	}
	head := add(1)
	add(3)
	add(2, "request.received")
	order := uuid.Must(uuid.NewV7())
	p.must(hooks.Publish(ctx, []int32{2}, "work_order.completed", map[string]any{"id": order}))
	p.drain(c)
	if ear.visited != 1 {
		t.Fatalf("%d webhooks were told; the head office's alone wants it and may", ear.visited)
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      struct{ ID uuid.UUID }
	}
	p.must(json.Unmarshal([]byte(ear.bodies[0]), &body))
	if body.Type != "work_order.completed" || body.Data.ID != order || !body.Timestamp.Equal(p.now()) {
		t.Errorf("told %s", ear.bodies[0])
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(head.Secret, "whsec_"))
	p.must(err)
	id, stamp := ear.header.Get("Webhook-Id"), ear.header.Get("Webhook-Timestamp")
	if !strings.HasPrefix(id, "msg_") || stamp != fmt.Sprint(p.now().Unix()) || ear.header.Get("Webhook-Signature") != Sign(secret, id, stamp, []byte(ear.bodies[0])) {
		t.Errorf("headers %v", ear.header)
	}
	// The example of the Standard Webhooks specification.
	known, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	p.must(err)
	if got := Sign(known, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature %s", got)
	}

	// A receiver that fails is tried again with the same id, and dies after the last pause.
	ear.says(500)
	p.must(hooks.Publish(ctx, []int32{3, 2}, "request.replied", nil))
	ids := map[string]int{}
	for range 30 {
		p.drain(c)
		ids[ear.header.Get("Webhook-Id")]++
		p.wait(25 * time.Hour)
	}
	page, err := hooks.Deliveries(ctx, sight("1"), head.ID, "dead", keyset.Ask{})
	p.must(err)
	if len(page.Items) != 1 || page.Items[0].Attempts != 9 || page.Items[0].Status != 500 || page.Items[0].LastError != "answered 500" {
		t.Fatalf("dead: %+v", page.Items)
	}
	if ear.visited != 1+2*9 {
		t.Errorf("two receivers were tried %d times", ear.visited-1)
	}
	ear.says(200)
	if err := hooks.Redeliver(ctx, sight("2"), page.Items[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation redelivers: %v", err)
	}
	p.must(hooks.Redeliver(ctx, sight("1"), page.Items[0].ID))
	p.drain(c)
	if page, err := hooks.Deliveries(ctx, sight("1"), head.ID, "delivered", keyset.Ask{}); err != nil || len(page.Items) != 2 {
		t.Errorf("delivered: %+v, %v", page.Items, err)
	}

	// A redirect is not followed.
	ear.says(http.StatusFound)
	before := ear.visited
	p.must(hooks.Publish(ctx, []int32{1}, "request.replied", nil))
	p.drain(c)
	if ear.visited != before+1 {
		t.Errorf("a redirect led to %d visits", ear.visited-before)
	}
	// Gone means switched off.
	ear.says(http.StatusGone)
	p.wait(time.Minute)
	p.drain(c)
	list, err := hooks.List(ctx, sight("1,2,3"), keyset.Ask{})
	p.must(err)
	at := slices.IndexFunc(list.Items, func(h Webhook) bool { return h.ID == head.ID })
	if len(list.Items) != 3 || list.Items[at].Active || list.Items[at].Secret != "" {
		t.Errorf("webhooks: %+v", list.Items)
	}
	p.must(p.in(func(ctx context.Context, tx bun.Tx) error { return hooks.In(tx).Switch(ctx, sight("1"), head.ID, true) }))
	p.wait(40 * 24 * time.Hour)
	p.must(hooks.Sweep(ctx))
	var left int
	p.must(p.db.NewRaw("SELECT count(*) FROM webhook_deliveries").Scan(ctx, &left))
	if left != 0 {
		t.Errorf("%d deliveries are kept after 30 days", left)
	}
}

func TestNoWebhookReachesIntoTheHouse(t *testing.T) {
	t.Parallel()
	touched := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched = true }))
	defer inside.Close()
	strict := NewClient(false)
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	for _, target := range []string{inside.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port} {
		if _, err := strict.post(context.Background(), target, make([]byte, 32), uuid.Must(uuid.NewV7()), time.Now(), nil); err == nil || !strings.Contains(err.Error(), "not an address of the public Internet") {
			t.Errorf("%s: %v", target, err)
		}
	}
	if touched {
		t.Error("a service of the house was reached")
	}
	for address, want := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "::1": false, "fe80::1": false, "fd00:ec2::254": false, "::ffff:10.0.0.1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "ff02::1": false, "fe80::1%eth0": false,
		"203.0.114.7": true, "8.8.8.8": true, "2606:4700::1111": true, "::ffff:8.8.8.8": true,
	} {
		if got := reachable(netip.MustParseAddr(address), false); got != want {
			t.Errorf("%s reachable: %v", address, got)
		}
	}
	for url, want := range map[string]bool{
		"https://hooks.example.com/in": true, "https://hooks.example.com:8443/in?x=1": true,
		"http://hooks.example.com/in": false, "https://127.0.0.1/": false, "https://localhost/": false, "https://LOCALHOST/": false, "https://[::1]/": false,
		"https://10.0.0.8/": false, "https://169.254.169.254/latest": false, "https://user:pw@hooks.example.com/": false, "ftp://hooks.example.com/": false,
		"https://": false, "https:///path": false, "hooks.example.com": false, "https://hooks.example.com/#f": false, "": false,
	} {
		if err := strict.checkURL(url); (err == nil) != want {
			t.Errorf("%q: %v", url, err)
		}
	}
	if err := NewClient(true).checkURL("http://127.0.0.1:9/x"); err != nil {
		t.Errorf("a receiver on this machine, allowed by the operator: %v", err)
	}
	if err := NewClient(true).checkURL("https://10.0.0.8/"); err == nil {
		t.Error("loopback allowed is not the office network allowed")
	}
}

func TestASlowReceiverIsLeft(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	begin := time.Now()
	_, err := NewClient(true).post(context.Background(), server.URL, make([]byte, 32), uuid.Must(uuid.NewV7()), begin, nil)
	if took := time.Since(begin); err == nil || took > 8*time.Second || strings.Contains(err.Error(), server.URL) {
		t.Errorf("left after %v: %v", took, err)
	}
}

func TestTextMessagesGoThroughTheGateway(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	ear := &listener{answer: 202}
	server := httptest.NewServer(ear)
	defer server.Close()
	gateway, err := NewGateway(NewClient(true), server.URL, bytes.Repeat([]byte("k"), 32), p.now)
	p.must(err)
	c := NewCourier(p.box, nil, nil, gateway)
	phone := p.send(Message{To: "+8613800138000", Key: "fault.role_not_yours_to_give", Args: []string{"admin"}, Audience: "engineer"})
	p.drain(c)
	var told struct{ To, Text, Lang string }
	p.must(json.Unmarshal([]byte(ear.bodies[0]), &told))
	if told.To != "+8613800138000" || told.Text != "请联系管理员授予角色 admin" || p.read(phone).Channel != "gateway" {
		t.Errorf("the gateway was given %s", ear.bodies[0])
	}
	ear.says(400)
	bad := p.send(Message{To: "+8613800138001", Key: "role.admin"})
	p.drain(c)
	if m := p.read(bad); m.State != "dead" {
		t.Errorf("a number the gateway refuses for good: %+v", m)
	}
	ear.says(429)
	slow := p.send(Message{To: "+8613800138002", Key: "role.admin"})
	p.drain(c)
	if m := p.read(slow); m.State != "failed" {
		t.Errorf("a gateway that is busy: %+v", m)
	}
	for to, want := range map[string]bool{"+8613800138000": true, "13800138000": false, "li@example.com": false, "+86 138": false, "": false} {
		if gateway.Takes(to) != want {
			t.Errorf("takes %q: %v", to, !want)
		}
	}
	if _, err := NewGateway(NewClient(false), "http://10.0.0.1/", bytes.Repeat([]byte("k"), 32), p.now); err == nil {
		t.Error("a gateway inside the house without being allowed")
	}
	if _, err := NewMail(MailConfig{Host: "x", From: "not an address"}); err == nil {
		t.Error("a sender that is no address")
	}
	if _, err := NewMail(MailConfig{Host: "x", From: "a@b.example", TLS: "sometimes"}); err == nil {
		t.Error("an unknown setting for TLS")
	}
}

func TestManyCouriersTellOnce(t *testing.T) {
	t.Parallel()
	p, box := newPost(t), &mailbox{}
	const letters = 60
	for i := range letters {
		p.send(Message{To: fmt.Sprintf("c%d@example.com", i), Key: "role.admin"})
	}
	channel := serveMail(t, box)
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	var couriers sync.WaitGroup
	for range 3 {
		c := NewCourier(NewOutbox(p.db, p.now), nil, nil, channel)
		couriers.Go(func() { _ = c.Run(ctx) })
	}
	for ctx.Err() == nil {
		var open int
		p.must(p.db.NewRaw("SELECT count(*) FROM messages WHERE state <> 'delivered'").Scan(context.Background(), &open))
		if open == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	couriers.Wait()
	slices.Sort(box.to)
	if len(box.to) != letters || len(slices.Compact(box.to)) != letters {
		t.Errorf("%d letters arrived", len(box.to))
	}
}

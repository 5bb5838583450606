package notify

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
)

// pushService is a browser's push service and the phone behind it: it keeps what it was given and answers as told.
type pushService struct {
	*httptest.Server
	status int
	got    []*http.Request
	bodies [][]byte
	key    *ecdh.PrivateKey
	secret []byte
}

func newPushService(t *testing.T) *pushService {
	s := &pushService{status: http.StatusCreated, secret: make([]byte, 16)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.got, s.bodies = append(s.got, r), append(s.bodies, body)
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.Close)
	var err error
	if s.key, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	_, _ = rand.Read(s.secret)
	return s
}

func (s *pushService) phone(path string) Subscription {
	encode := base64.RawURLEncoding.EncodeToString
	return Subscription{Address: s.URL + path, Key: encode(s.key.PublicKey().Bytes()), Secret: encode(s.secret)}
}

// opened is a body as the phone reads it (RFC 8188 and 8291), written from the standards and not from the library.
func (s *pushService) opened(t *testing.T, body []byte) (text []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	salt, sender := body[:16], body[21:21+int(body[20])]
	theirs, err := ecdh.P256().NewPublicKey(sender)
	must(err)
	shared, err := s.key.ECDH(theirs)
	must(err)
	ikm, err := hkdf.Key(sha256.New, shared, s.secret, "WebPush: info\x00"+string(s.key.PublicKey().Bytes())+string(sender), 32)
	must(err)
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	must(err)
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	must(err)
	block, err := aes.NewCipher(cek)
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	text, err = gcm.Open(nil, nonce, body[21+int(body[20]):], nil)
	must(err)
	return text[:bytes.LastIndexByte(text, 2)]
}

// vouched checks the signature of a request (RFC 8292) and gives its claims.
func (s *pushService) vouched(t *testing.T, r *http.Request, key string) (claims struct {
	Aud, Sub string
	Exp      int64
}) {
	t.Helper()
	token, given, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	if given != key {
		t.Fatalf("signed by %q, want %q", given, key)
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(point) != 65 {
		t.Fatalf("key %q: %v", key, err)
	}
	parts := strings.Split(token, ".")
	mark, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(mark) != 64 {
		t.Fatalf("signature %q: %v", parts[2], err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(mark[:32]), new(big.Int).SetBytes(mark[32:])) {
		t.Fatal("the signature is not this installation's")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatalf("claims %q: %v", parts[1], err)
	}
	return claims
}

// heardAll is a channel that reaches everybody.
type heardAll struct{ texts []string }

func (h *heardAll) Name() string      { return "sms" }
func (h *heardAll) Takes(string) bool { return true }
func (h *heardAll) Deliver(_ context.Context, m Message) error {
	h.texts = append(h.texts, m.Text())
	return nil
}

// An engineer is told on the phones he is signed in on; where none takes it, the next channel has it at once.
func TestPush(t *testing.T) {
	t.Parallel()
	p, ctx := newPost(t), context.Background()
	engineer, user := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	p.change(`INSERT INTO engineers (id, org_id, name, created_at) VALUES ('`+engineer.String()+`', 2, 'x', '2026-11-01Z')`,
		`INSERT INTO users (id, org_id, login, name, engineer_id, created_at) VALUES ('`+user.String()+`', 2, 'e1', 'x', '`+engineer.String()+`', '2026-11-01Z')`)
	session := func() uuid.UUID {
		id := uuid.Must(uuid.NewV7())
		p.change(`INSERT INTO sessions (token_hash, id, user_id, kind, created_at, seen_at, idle_seconds, idle_until, expires_at)
			VALUES (sha256('` + id.String() + `'), '` + id.String() + `', '` + user.String() + `', 'cookie', '2026-11-20Z', '2026-11-20Z', 86400, '2026-11-22Z', '2026-11-22Z')`)
		return id
	}
	service, sms := newPushService(t), &heardAll{}
	push := NewPush(p.db, p.now, NewClient(true), "https://service.example")
	told := NewCourier(p.box, nil, nil, push, sms)
	order := func() Message {
		return p.read(p.send(Message{Audience: "engineer", SubjectID: &engineer, To: "13900000001", Key: "message.engineer.assigned", Args: []string{"WO-2026-000001", "不制冷"}}))
	}
	after := func(m Message, c *Courier) Message {
		t.Helper()
		p.drain(c)
		return p.read(m.ID)
	}
	phones := func() (n int) {
		t.Helper()
		p.must(p.db.NewRaw("SELECT count(*) FROM push_subscriptions").Scan(ctx, &n))
		return n
	}

	// Nobody asked for it.
	if m := after(order(), told); m.Channel != "sms" || len(sms.texts) != 1 {
		t.Fatalf("without a phone: %s by %q, %d texts", m.State, m.Channel, len(sms.texts))
	}

	// What no browser gives is refused, an address inside the house too.
	first := session()
	good := service.phone("/p/1")
	for name, bad := range map[string]Subscription{
		"address": {"ftp://x.example/p", good.Key, good.Secret}, "empty": {"", good.Key, good.Secret}, "key": {good.Address, good.Key[:40], good.Secret},
		"point": {good.Address, base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...)), good.Secret}, "secret": {good.Address, good.Key, "AAAA"},
	} {
		if err := push.Subscribe(ctx, first, bad); !strings.Contains(fmt.Sprint(err), "browser gave no usable address") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := NewPush(p.db, p.now, NewClient(false), "").Subscribe(ctx, first, good); err == nil {
		t.Error("an address of this machine is taken by a program that talks to the Internet alone")
	}

	// Told on the phone, in words that only the phone can read, vouched for by this installation.
	p.must(push.Subscribe(ctx, first, good))
	if m := after(order(), told); m.State != "delivered" || m.Channel != "push" || len(sms.texts) != 1 || len(service.got) != 1 {
		t.Fatalf("with a phone: %s by %q (%s), %d texts, %d notices", m.State, m.Channel, m.LastError, len(sms.texts), len(service.got))
	}
	var text struct{ Title, Body, Tag, URL string }
	if raw := service.opened(t, service.bodies[0]); json.Unmarshal(raw, &text) != nil || !strings.Contains(text.Body, "WO-2026-000001") || !strings.Contains(text.Body, "不制冷") || text.Title == "" || text.URL != "/m" {
		t.Errorf("the phone reads %s", raw)
	}
	if bytes.Contains(service.bodies[0], []byte("WO-2026")) {
		t.Error("the service can read the notice")
	}
	key, err := push.Key(ctx)
	p.must(err)
	claims := service.vouched(t, service.got[0], key)
	if left := time.Until(time.Unix(claims.Exp, 0)); claims.Aud != service.URL || claims.Sub != "https://service.example" || left <= 0 || left > 24*time.Hour {
		t.Errorf("claims %+v", claims)
	}
	if again, err := NewPush(p.db, p.now, NewClient(true), "").Key(ctx); err != nil || again != key {
		t.Errorf("another program signs with %q (%v), this one with %q", again, err, key)
	}

	// The service is down: the next channel has it at once, and without one it is tried again.
	service.status = http.StatusServiceUnavailable
	if m := after(order(), told); m.State != "delivered" || m.Channel != "sms" {
		t.Errorf("while the service is down: %s by %q", m.State, m.Channel)
	}
	alone := NewCourier(p.box, nil, nil, push)
	m := after(order(), alone)
	if m.State != "failed" || m.Channel != "push" || !strings.Contains(m.LastError, "503") || strings.Contains(m.LastError, service.URL) {
		t.Errorf("while the service is down and there is no other way: %s by %q: %s", m.State, m.Channel, m.LastError)
	}
	service.status = http.StatusCreated
	p.wait(2 * time.Minute)
	if m = after(m, alone); m.State != "delivered" || m.Channel != "push" {
		t.Errorf("when it is up again: %s by %q", m.State, m.Channel)
	}

	// The same phone is told once, for whoever signed in on it last.
	second := session()
	p.must(push.Subscribe(ctx, second, good))
	before := len(service.got)
	if after(order(), told); len(service.got) != before+1 || phones() != 1 {
		t.Errorf("%d notices for one phone, %d phones", len(service.got)-before, phones())
	}

	// Signed out, or forgotten by the service: not told there any more.
	p.change("UPDATE sessions SET revoked_at = '2026-11-20Z' WHERE id = '" + second.String() + "'")
	if m := after(order(), told); m.Channel != "sms" {
		t.Errorf("after signing out by %q", m.Channel)
	}
	third := session()
	p.must(push.Subscribe(ctx, third, service.phone("/p/2")))
	service.status = http.StatusGone
	if m := after(order(), told); m.Channel != "sms" || phones() != 1 {
		t.Errorf("a phone that is gone: by %q, %d phones", m.Channel, phones())
	}
	service.status = http.StatusCreated
	p.must(push.Subscribe(ctx, third, service.phone("/p/3")))
	p.must(push.End(ctx, third))
	before = len(service.got)
	if m := after(order(), told); m.Channel != "sms" || len(service.got) != before {
		t.Errorf("after switching it off: by %q", m.Channel)
	}
	p.change("DELETE FROM sessions")
	if phones() != 0 {
		t.Error("a phone outlives its session")
	}
}

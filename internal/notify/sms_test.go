package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Each provider gets what its own fake, which signs by itself, finds to be signed; a refusal for good is told
// from a limit; and a robot of a group hears what has no address and is for the desk.
func TestProvidersOfTextMessages(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	client := NewClient(true)
	m := Message{ID: uuid.Must(uuid.NewV7()), To: "+8613812345678", Lang: "zh-Hans", Audience: "customer", Key: "message.customer.window", Args: []string{"WO-2026-000001", "11月22日 09:00–12:00"}}
	answer, got := "", url.Values{}
	var header http.Header
	var body []byte
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		got, _ = url.ParseQuery(string(body))
		if r.URL.RawQuery != "" {
			got = r.URL.Query()
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer fake.Close()
	host := strings.TrimPrefix(fake.URL, "http://")

	ali, err := NewSMS(client, "aliyun://KEY:SECRET@"+host+"?insecure=1&sign=派工&message.customer.window=SMS_1", now)
	if err != nil {
		t.Fatal(err)
	}
	answer = `{"Code":"OK"}`
	if err := ali.Deliver(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	// Signed again, by the provider's rule written another way.
	var names []string
	for name := range got {
		if name != "Signature" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	query := ""
	for _, name := range names {
		query += "&" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20") + "=" + strings.ReplaceAll(url.QueryEscape(got.Get(name)), "+", "%20")
	}
	mac := hmac.New(sha1.New, []byte("SECRET&"))
	mac.Write([]byte("POST&" + url.QueryEscape("/") + "&" + url.QueryEscape(query[1:])))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.Get("Signature") != want || got.Get("TemplateCode") != "SMS_1" || !strings.Contains(got.Get("TemplateParam"), "WO-2026-000001") {
		t.Errorf("signed %q, want %q: %v", got.Get("Signature"), want, got)
	}
	for said, forGood := range map[string]bool{`{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}`: true, `{"Code":"isv.BUSINESS_LIMIT_CONTROL"}`: false} {
		answer = said
		err := ali.Deliver(context.Background(), m)
		var permanently permanent
		if err == nil || errors.As(err, &permanently) != forGood {
			t.Errorf("%s is taken as %v, for good %v", said, err, forGood)
		}
	}
	m.Key = "message.customer.other"
	var permanently permanent
	if err := ali.Deliver(context.Background(), m); !errors.As(err, &permanently) {
		t.Errorf("a message without a template: %v", err)
	}

	ten, err := NewSMS(client, "tencent://ID:KEY@"+host+"?insecure=1&app=1400&sign=派工&region=ap-guangzhou&template=77", now)
	if err != nil {
		t.Fatal(err)
	}
	answer = `{"Response":{"SendStatusSet":[{"Code":"Ok"}]}}`
	if err := ten.Deliver(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	if want := TencentAuthorization("ID", "KEY", host, at, body); header.Get("Authorization") != want || header.Get("X-TC-Action") != "SendSms" || !strings.Contains(string(body), "+8613812345678") {
		t.Errorf("authorised with %q, want %q", header.Get("Authorization"), want)
	}
	if got := TencentAuthorization("ID", "KEY", host, at, append(body, ' ')); got == header.Get("Authorization") {
		t.Error("another body has the same signature")
	}
	answer = `{"Response":{"SendStatusSet":[{"Code":"FailedOperation.PhoneNumberInBlacklist"}]}}`
	if err := ten.Deliver(context.Background(), m); !errors.As(err, &permanently) {
		t.Errorf("a number on the black list: %v", err)
	}

	plain, err := NewSMS(client, "sms+http://user:token@"+host+"/send", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Deliver(context.Background(), m); err != nil || !strings.HasPrefix(header.Get("Authorization"), "Basic ") || !strings.Contains(string(body), `"to":"+8613812345678"`) {
		t.Errorf("generic: %v %s", err, body)
	}

	bot, err := NewBot(client, fake.URL+"/robot/send?access_token=x", "SEC", now)
	if err != nil {
		t.Fatal(err)
	}
	answer = `{"errcode":0}`
	desk := Message{Audience: "desk", Lang: "zh-Hans", Key: "message.desk.declined", Args: []string{"WO-1", "空调"}}
	if !bot.Hears(desk) || bot.Hears(m) {
		t.Error("the group hears the wrong messages")
	}
	if err := bot.Deliver(context.Background(), desk); err != nil {
		t.Fatal(err)
	}
	sum := hmac.New(sha256.New, []byte("SEC"))
	sum.Write([]byte(got.Get("timestamp") + "\nSEC"))
	if got.Get("sign") != base64.StdEncoding.EncodeToString(sum.Sum(nil)) || !strings.Contains(string(body), "WO-1") {
		t.Errorf("robot: %v %s", got, body)
	}
	answer = `{"errcode":310000,"errmsg":"sign not match"}`
	if err := bot.Deliver(context.Background(), desk); err == nil {
		t.Error("a refusal of the group counts as delivered")
	}

	// Nobody's address leads back into the house.
	if _, err := NewSMS(NewClient(false), "aliyun://KEY:SECRET@127.0.0.1?sign=x", now); err == nil {
		t.Error("an address inside the house is taken")
	}
}

// The bill goes with the letter, in both languages, and really arrives with a Chinese subject.
func TestAMailCarriesItsPapers(t *testing.T) {
	t.Parallel()
	p, box := newPost(t), &mailbox{}
	m := serveMail(t, box)
	m.Papers = func(context.Context, Message) ([]Attachment, error) {
		return []Attachment{{Name: "zh-Hans-receipt.pdf", PDF: []byte("%PDF-1.7 zh")}, {Name: "en-receipt.pdf", PDF: []byte("%PDF-1.7 en")}}, nil
	}
	p.send(Message{To: "li@example.com", Key: "message.customer.done", Args: []string{"WO-2026-000001"}})
	if n := p.drain(NewCourier(p.box, nil, nil, m)); n != 1 || len(box.letters) != 1 {
		t.Fatalf("%d attempts, %d letters", n, len(box.letters))
	}
	letter := string(box.letters[0])
	for _, want := range []string{"=?UTF-8?", "zh-Hans-receipt.pdf", "en-receipt.pdf", "application/pdf", base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 en"))} {
		if !strings.Contains(letter, want) {
			t.Errorf("the letter lacks %q", want)
		}
	}
}

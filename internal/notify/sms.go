package notify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SMS sends text messages through a provider that takes approved templates: the message's arguments fill them
// in order. Which template says which message is the operator's, since each is approved by name.
type SMS struct {
	client    *Client
	now       func() time.Time
	provider  string // aliyun, tencent, generic
	endpoint  *url.URL
	key       string
	secret    string
	sign      string // the signature registered with the provider
	app       string // tencent: SdkAppId
	region    string
	fallback  string            // template for messages without one of their own
	templates map[string]string // message key → template
}

// NewSMS reads the provider from an address:
//
//	aliyun://KEY:SECRET@dysmsapi.aliyuncs.com?sign=NAME&template=SMS_1&message.customer.window=SMS_2
//	tencent://ID:KEY@sms.tencentcloudapi.com?app=1400&sign=NAME&region=ap-guangzhou&template=1
//	sms+https://USER:TOKEN@gateway.example/send — a POST of {to, lang, key, args, text} with Basic authorisation
func NewSMS(client *Client, address string, now func() time.Time) (*SMS, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("SMS gateway: want aliyun://, tencent:// or sms+https:// with a host")
	}
	q := u.Query()
	s := &SMS{client: client, now: now, provider: u.Scheme, key: u.User.Username(), sign: q.Get("sign"), app: q.Get("app"), region: q.Get("region"), fallback: q.Get("template"), templates: map[string]string{}}
	s.secret, _ = u.User.Password()
	for name := range q {
		if strings.HasPrefix(name, "message.") {
			s.templates[name] = q.Get(name)
		}
	}
	scheme := "https"
	switch {
	case s.provider == "sms+https" || s.provider == "sms+http" && client.allowLoopback:
		scheme, s.provider = strings.TrimPrefix(u.Scheme, "sms+"), "generic"
	case s.provider != "aliyun" && s.provider != "tencent":
		return nil, fmt.Errorf("SMS gateway: %q is not aliyun, tencent or sms+https", u.Scheme)
	case q.Get("insecure") == "1" && client.allowLoopback:
		scheme = "http"
	}
	if s.provider != "generic" && (s.key == "" || s.secret == "" || s.sign == "") {
		return nil, errors.New("SMS gateway: the key, the secret and sign= are needed")
	}
	s.endpoint = &url.URL{Scheme: scheme, Host: u.Host, Path: "/"}
	if s.provider == "generic" {
		s.endpoint.Path = u.Path
	}
	return s, client.checkURL(s.endpoint.String())
}

// Name of the channel.
func (s *SMS) Name() string { return "sms" }

// Takes reports whether to is a telephone number in international form.
func (s *SMS) Takes(to string) bool { return phoneNumber(to) }

func phoneNumber(to string) bool {
	return strings.HasPrefix(to, "+") && len(to) >= 8 && strings.Trim(to[1:], "0123456789") == ""
}

// Deliver hands the message over. A template that is missing, and what the provider refuses for good, is Permanent.
func (s *SMS) Deliver(ctx context.Context, m Message) error {
	template := s.templates[m.Key]
	if template == "" {
		template = s.fallback
	}
	if template == "" && s.provider != "generic" {
		return Permanent(fmt.Errorf("no template is set for %s", m.Key))
	}
	var request *http.Request
	var err error
	switch s.provider {
	case "aliyun":
		request, err = s.aliyun(ctx, m, template)
	case "tencent":
		request, err = s.tencent(ctx, m, template)
	default:
		request, err = s.generic(ctx, m)
	}
	if err != nil {
		return Permanent(err)
	}
	answer, err := s.client.send(request)
	if err != nil {
		return err
	}
	return s.judge(answer)
}

// judge reads what the providers say inside an answer that is 200 in any case.
func (s *SMS) judge(answer []byte) error {
	var said struct {
		Code     string
		Message  string
		Response struct {
			Error         struct{ Code, Message string }
			SendStatusSet []struct{ Code, Message string }
		}
	}
	_ = json.Unmarshal(answer, &said) // a generic gateway may say what it likes
	switch s.provider {
	case "aliyun":
		if said.Code != "OK" {
			return refusal(said.Code, said.Message)
		}
	case "tencent":
		if said.Response.Error.Code != "" {
			return refusal(said.Response.Error.Code, said.Response.Error.Message)
		}
		for _, one := range said.Response.SendStatusSet {
			if one.Code != "Ok" {
				return refusal(one.Code, one.Message)
			}
		}
		if len(said.Response.SendStatusSet) == 0 {
			return errors.New("the provider named no status")
		}
	}
	return nil
}

// refusal tells limits, after which it may be tried again, from what will never go.
func refusal(code, message string) error {
	err := fmt.Errorf("%s: %s", code, message)
	lower := strings.ToLower(code)
	if strings.Contains(lower, "limit") || strings.Contains(lower, "frequency") || strings.Contains(lower, "internal") || strings.Contains(lower, "throttl") {
		return err
	}
	return Permanent(err)
}

// aliyun signs as version 1.0 of its RPC calls asks: HMAC-SHA1 over the sorted parameters.
func (s *SMS) aliyun(ctx context.Context, m Message, template string) (*http.Request, error) {
	filled := map[string]string{}
	for i, arg := range m.Args {
		filled["p"+strconv.Itoa(i+1)] = arg
	}
	param, err := json.Marshal(filled)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	values := url.Values{"Action": {"SendSms"}, "Version": {"2017-05-25"}, "Format": {"JSON"}, "AccessKeyId": {s.key}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {hex.EncodeToString(nonce)},
		"Timestamp": {s.now().UTC().Format("2006-01-02T15:04:05Z")}, "PhoneNumbers": {strings.TrimPrefix(m.To, "+")}, "SignName": {s.sign}, "TemplateCode": {template}, "TemplateParam": {string(param)}, "OutId": {m.ID.String()}}
	values.Set("Signature", AliyunSignature(http.MethodPost, values, s.secret))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), strings.NewReader(values.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, err
}

// AliyunSignature is the signature of an RPC call: base64 of HMAC-SHA1, keyed with the secret and "&", over the
// method, the path and the sorted parameters, each written as RFC 3986 says.
func AliyunSignature(method string, values url.Values, secret string) string {
	encode := func(v string) string {
		return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(v))
	}
	var names []string
	for name := range values {
		if name != "Signature" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = encode(name) + "=" + encode(values.Get(name))
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&%2F&" + encode(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tencent signs as TC3-HMAC-SHA256 asks.
func (s *SMS) tencent(ctx context.Context, m Message, template string) (*http.Request, error) {
	args := m.Args
	if args == nil {
		args = []string{}
	}
	body, err := json.Marshal(map[string]any{"PhoneNumberSet": []string{m.To}, "SmsSdkAppId": s.app, "SignName": s.sign, "TemplateId": template, "TemplateParamSet": args, "SessionContext": m.ID.String()})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	at := s.now().UTC()
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("X-TC-Action", "SendSms")
	request.Header.Set("X-TC-Version", "2021-01-11")
	request.Header.Set("X-TC-Region", s.region)
	request.Header.Set("X-TC-Timestamp", strconv.FormatInt(at.Unix(), 10))
	request.Header.Set("Authorization", TencentAuthorization(s.key, s.secret, s.endpoint.Host, at, body))
	return request, nil
}

// TencentAuthorization is the Authorization of a call to the service "sms" with a JSON body.
func TencentAuthorization(id, secret, host string, at time.Time, body []byte) string {
	sum := func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	date := at.UTC().Format("2006-01-02")
	scope := date + "/sms/tc3_request"
	canonical := "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:" + host + "\n\ncontent-type;host\n" + sum(body)
	text := "TC3-HMAC-SHA256\n" + strconv.FormatInt(at.Unix(), 10) + "\n" + scope + "\n" + sum([]byte(canonical))
	key := mac(mac(mac([]byte("TC3"+secret), date), "sms"), "tc3_request")
	return "TC3-HMAC-SHA256 Credential=" + id + "/" + scope + ", SignedHeaders=content-type;host, Signature=" + hex.EncodeToString(mac(key, text))
}

func (s *SMS) generic(ctx context.Context, m Message) (*http.Request, error) {
	body, err := json.Marshal(map[string]any{"id": m.ID, "to": m.To, "lang": m.Lang, "key": m.Key, "args": m.Args, "text": m.Text()})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), strings.NewReader(string(body)))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
		if s.key != "" {
			request.SetBasicAuth(s.key, s.secret)
		}
	}
	return request, err
}

// Bot writes what the desk and managers are to know into a group of WeCom or DingTalk.
type Bot struct {
	client *Client
	url    string
	secret string // DingTalk's signing secret; empty for WeCom
	now    func() time.Time
}

// NewBot checks the address of the group's robot.
func NewBot(client *Client, address, secret string, now func() time.Time) (*Bot, error) {
	if err := client.checkURL(address); err != nil {
		return nil, fmt.Errorf("group robot: %w", err)
	}
	return &Bot{client, address, secret, now}, nil
}

// Name of the channel.
func (b *Bot) Name() string { return "bot" }

// Takes: a robot has no addresses, see Hears.
func (b *Bot) Takes(string) bool { return false }

// Hears reports whether a message without an address is for the group.
func (b *Bot) Hears(m Message) bool {
	return m.To == "" && (m.Audience == "desk" || m.Audience == "manager")
}

// Deliver writes the text into the group.
func (b *Bot) Deliver(ctx context.Context, m Message) error {
	body, err := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": m.Text()}})
	if err != nil {
		return Permanent(err)
	}
	target := b.url
	if b.secret != "" {
		stamp := strconv.FormatInt(b.now().UnixMilli(), 10)
		mac := hmac.New(sha256.New, []byte(b.secret))
		mac.Write([]byte(stamp + "\n" + b.secret))
		join := "?"
		if strings.Contains(target, "?") {
			join = "&"
		}
		target += join + "timestamp=" + stamp + "&sign=" + url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(string(body)))
	if err != nil {
		return Permanent(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := b.client.send(request)
	if err != nil {
		return err
	}
	var said struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if json.Unmarshal(answer, &said) == nil && said.Code != 0 {
		return fmt.Errorf("the group refused: %d %s", said.Code, said.Message)
	}
	return nil
}

// send makes a request over the client's safe connections and reads at most 64 KiB of the answer. A refusal
// other than 408 and 429 is Permanent.
func (c *Client) send(request *http.Request) ([]byte, error) {
	request.Header.Set("User-Agent", "Paigong")
	answer, err := c.http.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // the address may hold a token: keep it out of logs and lists
			err = wrapped.Err
		}
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		err := errRefused(answer.StatusCode)
		if answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != 408 && answer.StatusCode != 429 {
			return nil, Permanent(err)
		}
		return nil, err
	}
	return body, nil
}

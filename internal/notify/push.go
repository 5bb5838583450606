package notify

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Subscription is what a browser gives whoever may tell it something. Key is its public key (65 bytes, uncompressed
// P-256) and Secret its shared secret (16 bytes), both in base64url.
type Subscription struct {
	Address, Key, Secret string
}

// read takes a subscription apart, or says what is wrong with it.
func (s Subscription) read(c *Client) (key, secret []byte, err error) {
	bad := func(field string) error {
		return fault.New(fault.Invalid, "push_invalid", "the browser gave no usable address for notices: switch them off in its settings and on again").Field("body."+field, "not usable")
	}
	if c.checkURL(s.Address) != nil {
		return nil, nil, bad("address")
	}
	if key, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(s.Key, "=")); err != nil {
		return nil, nil, bad("key")
	}
	if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		return nil, nil, bad("key")
	}
	if secret, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(s.Secret, "=")); err != nil || len(secret) != 16 {
		return nil, nil, bad("secret")
	}
	return key, secret, nil
}

// Subscribe has the phone of a session told from now on. The same phone is told once, for whoever signed in last.
func (p *Push) Subscribe(ctx context.Context, session uuid.UUID, s Subscription) error {
	key, secret, err := s.read(p.client)
	if err != nil {
		return err
	}
	return p.put(ctx, session, s.Address, key, secret)
}

// Name of the channel.
func (p *Push) Name() string { return "push" }

// Takes: a phone is found by its engineer, see Hears.
func (p *Push) Takes(string) bool { return false }

// Hears reports whether a message is for an engineer, who may have such a phone.
func (p *Push) Hears(m Message) bool { return m.Audience == "engineer" && m.SubjectID != nil }

// shown is what the phone's service worker is given.
type shown struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Tag   string `json:"tag"` // a newer notice with the same tag takes the place of the older one
	URL   string `json:"url"`
}

// Deliver tells every phone of the engineer; one that takes it is enough. A phone that the service no longer knows
// is forgotten.
func (p *Push) Deliver(ctx context.Context, m Message) error {
	phones, err := p.phones(ctx, *m.SubjectID)
	if err != nil || len(phones) == 0 {
		return errors.Join(err, Elsewhere(nil))
	}
	keys, err := p.keys(ctx)
	if err != nil {
		return err
	}
	what := shown{Title: m.Subject(), Body: m.Text(), Tag: m.ID.String(), URL: "/m"}
	if m.OrderID != nil && len(m.Args) > 0 {
		what.URL, what.Tag = "/m/orders/"+url.PathEscape(m.Args[0]), m.OrderID.String()
	}
	body, err := json.Marshal(what)
	if err != nil {
		return Permanent(err)
	}
	var told bool
	var failed error
	for _, phone := range phones {
		gone, err := p.post(ctx, keys, phone, body)
		switch {
		case gone:
			if err := p.forget(ctx, phone.Address); err != nil {
				return err
			}
		case err != nil:
			failed = err
		default:
			told = true
		}
	}
	if told {
		return nil
	}
	return Elsewhere(failed)
}

// held is how long, in seconds, a push service holds a notice for a phone that is switched off: a working day.
const held = 12 * 60 * 60

// post hands a notice to a phone's push service; gone is that the service does not know the phone any more.
func (p *Push) post(ctx context.Context, k pushKeys, phone pushPhone, body []byte) (gone bool, err error) {
	encode := base64.RawURLEncoding.EncodeToString
	answer, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{Endpoint: phone.Address, Keys: webpush.Keys{P256dh: encode(phone.Key), Auth: encode(phone.Secret)}},
		&webpush.Options{HTTPClient: p.client.http, Subscriber: p.contact, TTL: held, Urgency: webpush.UrgencyHigh, VAPIDPublicKey: k.Public, VAPIDPrivateKey: k.Private})
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // the address is a secret: keep it out of logs and lists
			err = wrapped.Err
		}
		return false, fmt.Errorf("push service: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	switch {
	case answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone:
		return true, nil
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return false, fmt.Errorf("push service: %w", errRefused(answer.StatusCode))
	}
	return false, nil
}

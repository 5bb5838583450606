package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Gateway delivers to telephone numbers through a service that sends text messages or writes to a chat:
// the company's own, or a small bridge to a provider. It gets {id, to, lang, key, args, text} as signed JSON.
type Gateway struct {
	client *Client
	url    string
	secret []byte
	now    func() time.Time
}

// NewGateway checks the address.
func NewGateway(client *Client, url string, secret []byte, now func() time.Time) (*Gateway, error) {
	if err := client.checkURL(url); err != nil {
		return nil, fmt.Errorf("message gateway: %w", err)
	}
	if len(secret) < 24 {
		return nil, fmt.Errorf("message gateway: its secret needs at least 24 bytes")
	}
	return &Gateway{client, url, secret, now}, nil
}

// Name of the channel.
func (g *Gateway) Name() string { return "gateway" }

// Takes reports whether to is a telephone number in international form.
func (g *Gateway) Takes(to string) bool {
	return strings.HasPrefix(to, "+") && len(to) >= 8 && strings.Trim(to[1:], "0123456789") == ""
}

// Deliver hands the message over. A 4xx other than 408 and 429 is a refusal for good.
func (g *Gateway) Deliver(ctx context.Context, m Message) error {
	body, err := json.Marshal(map[string]any{"id": m.ID, "to": m.To, "lang": m.Lang, "key": m.Key, "args": m.Args, "text": m.Text()})
	if err != nil {
		return Permanent(err)
	}
	status, err := g.client.post(ctx, g.url, g.secret, m.ID, g.now(), body)
	var refused errRefused
	if errors.As(err, &refused) && status >= 400 && status < 500 && status != 408 && status != 429 {
		return Permanent(err)
	}
	return err
}

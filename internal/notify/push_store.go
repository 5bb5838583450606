package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// Push tells engineers on the phones on which they asked for it, through the push service of the phone's browser
// (RFC 8030). The service sees neither the text nor whom it is for (RFC 8291). A phone is told as long as it is
// signed in, and an engineer without one is told by the next channel.
type Push struct {
	db      bun.IDB
	now     func() time.Time
	client  *Client
	contact string
}

// NewPush makes the channel. contact is where a push service turns with complaints: an https address of this
// installation, or a mail address.
func NewPush(db bun.IDB, now func() time.Time, client *Client, contact string) *Push {
	if !strings.HasPrefix(contact, "https:") && !strings.Contains(contact, "@") {
		contact = "paigong@localhost"
	}
	return &Push{db, now, client, contact}
}

// pushKeys sign for this installation, in base64url.
type pushKeys struct {
	Public  string `bun:"public_key"`
	Private string `bun:"private_secret"`
}

// pushPhone is one phone that wants to be told.
type pushPhone struct {
	Address string `bun:"address"`
	Key     []byte `bun:"public_key"`
	Secret  []byte `bun:"auth_secret"`
}

// Key is the public key with which browsers make their subscription.
func (p *Push) Key(ctx context.Context) (string, error) {
	k, err := p.keys(ctx)
	return k.Public, err
}

// keys are this installation's, made when they are first asked for; several programs agree on the first.
func (p *Push) keys(ctx context.Context) (k pushKeys, err error) {
	var held []pushKeys
	read := func() error {
		if err := p.db.NewRaw("SELECT public_key, private_secret FROM push_keys").Scan(ctx, &held); err != nil {
			return fmt.Errorf("keys of notices: %w", fault.FromSQL(err))
		}
		return nil
	}
	if err := read(); err != nil || len(held) > 0 {
		if err == nil {
			k = held[0]
		}
		return k, err
	}
	if k.Private, k.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
		return k, fmt.Errorf("keys of notices: %w", err)
	}
	if _, err = p.db.ExecContext(ctx, "INSERT INTO push_keys (public_key, private_secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", k.Public, k.Private, p.now()); err != nil {
		return k, fmt.Errorf("keys of notices: %w", fault.FromSQL(err))
	}
	if err := read(); err != nil {
		return k, err
	}
	return held[0], nil
}

// put keeps the phone of a session.
func (p *Push) put(ctx context.Context, session uuid.UUID, address string, key, secret []byte) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO push_subscriptions (session_id, address, public_key, auth_secret, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (address) DO UPDATE SET session_id = excluded.session_id, public_key = excluded.public_key, auth_secret = excluded.auth_secret, at = excluded.at`,
		session, address, key, secret, p.now())
	if err != nil {
		return fmt.Errorf("switch notices on: %w", fault.FromSQL(err))
	}
	return nil
}

// End has the phone of a session told nothing any more.
func (p *Push) End(ctx context.Context, session uuid.UUID) error {
	if _, err := p.db.ExecContext(ctx, "DELETE FROM push_subscriptions WHERE session_id = ?", session); err != nil {
		return fmt.Errorf("switch notices off: %w", fault.FromSQL(err))
	}
	return nil
}

// forget drops a phone that its service does not know any more.
func (p *Push) forget(ctx context.Context, address string) error {
	if _, err := p.db.ExecContext(ctx, "DELETE FROM push_subscriptions WHERE address = ?", address); err != nil {
		return fmt.Errorf("forget a phone: %w", fault.FromSQL(err))
	}
	return nil
}

// phones are those of an engineer that are signed in.
func (p *Push) phones(ctx context.Context, engineer uuid.UUID) (list []pushPhone, err error) {
	err = p.db.NewRaw(`SELECT p.address, p.public_key, p.auth_secret FROM push_subscriptions p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
		WHERE u.engineer_id = ? AND u.active AND s.revoked_at IS NULL AND least(s.expires_at, s.idle_until) > ? ORDER BY p.at`, engineer, p.now()).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("phones of an engineer: %w", fault.FromSQL(err))
	}
	return list, nil
}

package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Link lets a customer do one thing with one order, or follow one request, without an account.
type Link struct {
	OrgID     int32
	OrderID   uuid.UUID  // zero while there is only a request
	RequestID *uuid.UUID // what he reported, for links of purpose request
	QuoteID   *uuid.UUID
	Purpose   string // view, quote, sign, rate, request, paper
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Actor is the customer's name in the audit log.
func (l Link) Actor() string { return "customer:" + l.Purpose }

// NewLinkToken makes up the token of a link that EnterLink enters, for what has to show it before it counts.
func NewLinkToken() string {
	token, _ := newToken(linkPrefix)
	return token
}

// MakeLink makes a link; the token is shown this once and is worth as much as the right it gives.
func (d *Directory) MakeLink(ctx context.Context, l Link) (token string, err error) {
	token = NewLinkToken()
	return token, d.EnterLink(ctx, l, token)
}

// EnterLink lets a token open what the link names, from now on.
func (d *Directory) EnterLink(ctx context.Context, l Link, token string) error {
	var order *uuid.UUID
	if !l.OrderID.IsNil() {
		order = &l.OrderID
	}
	if _, err := d.db.ExecContext(ctx, "INSERT INTO links (token_hash, org_id, order_id, request_id, quote_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		hashToken(token), l.OrgID, order, l.RequestID, l.QuoteID, l.Purpose, d.now(), l.ExpiresAt); err != nil {
		return fmt.Errorf("make a link: %w", fault.FromSQL(err))
	}
	return nil
}

// OpenLink finds what a link is for. An unknown one is fault.NotFound; one that has expired or was
// taken back is fault.Gone.
func (d *Directory) OpenLink(ctx context.Context, token string) (Link, error) {
	var l Link
	var revoked sql.NullTime
	var order *uuid.UUID
	err := d.db.NewRaw("SELECT org_id, order_id, request_id, quote_id, purpose, created_at, expires_at, revoked_at FROM links WHERE token_hash = ?", hashToken(token)).
		Scan(ctx, &l.OrgID, &order, &l.RequestID, &l.QuoteID, &l.Purpose, &l.CreatedAt, &l.ExpiresAt, &revoked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l, fault.New(fault.NotFound, "link_unknown", "there is no such link")
	case err != nil:
		return l, fmt.Errorf("open a link: %w", fault.FromSQL(err))
	case revoked.Valid || !d.now().Before(l.ExpiresAt):
		return l, fault.New(fault.Gone, "link_gone", "this link has ended: ask for a new one")
	}
	if order != nil {
		l.OrderID = *order
	}
	return l, nil
}

// RevokeRequestLinks takes back every link to a request.
func (d *Directory) RevokeRequestLinks(ctx context.Context, request uuid.UUID) error {
	if _, err := d.db.ExecContext(ctx, "UPDATE links SET revoked_at = ? WHERE request_id = ? AND revoked_at IS NULL", d.now(), request); err != nil {
		return fmt.Errorf("take links back: %w", fault.FromSQL(err))
	}
	return nil
}

// RevokeLinks takes back every link to a quote, or to an order when quote is nil.
func (d *Directory) RevokeLinks(ctx context.Context, order uuid.UUID, quote *uuid.UUID) error {
	q := d.db.NewUpdate().TableExpr("links").Set("revoked_at = ?", d.now()).Where("order_id = ? AND revoked_at IS NULL", order)
	if quote != nil {
		q.Where("quote_id = ?", *quote)
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("take links back: %w", fault.FromSQL(err))
	}
	return nil
}

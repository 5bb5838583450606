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

// Link lets a customer do one thing with one order, without an account.
type Link struct {
	OrgID     int32
	OrderID   uuid.UUID
	QuoteID   *uuid.UUID
	Purpose   string // view, quote, sign, rate
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Actor is the customer's name in the audit log.
func (l Link) Actor() string { return "customer:" + l.Purpose }

// MakeLink makes a link; the token is shown this once and is worth as much as the right it gives.
func (d *Directory) MakeLink(ctx context.Context, l Link) (token string, err error) {
	token, hash := newToken(linkPrefix)
	if _, err := d.db.ExecContext(ctx, "INSERT INTO links (token_hash, org_id, order_id, quote_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		hash, l.OrgID, l.OrderID, l.QuoteID, l.Purpose, d.now(), l.ExpiresAt); err != nil {
		return "", fmt.Errorf("make a link: %w", fault.FromSQL(err))
	}
	return token, nil
}

// OpenLink finds what a link is for. An unknown one is fault.NotFound; one that has expired or was
// taken back is fault.Gone.
func (d *Directory) OpenLink(ctx context.Context, token string) (Link, error) {
	var l Link
	var revoked sql.NullTime
	err := d.db.NewRaw("SELECT org_id, order_id, quote_id, purpose, created_at, expires_at, revoked_at FROM links WHERE token_hash = ?", hashToken(token)).
		Scan(ctx, &l.OrgID, &l.OrderID, &l.QuoteID, &l.Purpose, &l.CreatedAt, &l.ExpiresAt, &revoked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return l, fault.New(fault.NotFound, "link_unknown", "there is no such link")
	case err != nil:
		return l, fmt.Errorf("open a link: %w", fault.FromSQL(err))
	case revoked.Valid || !d.now().Before(l.ExpiresAt):
		return l, fault.New(fault.Gone, "link_gone", "this link has ended: ask for a new one")
	}
	return l, nil
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

package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/fault"
)

// Login signs a person in. A wrong login and a wrong password are refused alike and cost the same time;
// too many of them make the next try wait (fault.TooMany says how long).
func (d *Directory) Login(ctx context.Context, login, password string, door Door) (SignedIn, error) {
	var none SignedIn
	tries := []attempt{
		{"pair " + strings.ToLower(login) + " " + door.Address, 5, 15 * time.Minute},
		{"from " + door.Address, 30, 5 * time.Minute},
		{"login " + strings.ToLower(login), 50, 30 * time.Second},
	}
	if err := d.countTries(ctx, tries); err != nil {
		return none, err
	}
	var id uuid.UUID
	var stored sql.NullString
	err := d.db.NewRaw("SELECT id, password_hash FROM users WHERE lower(login) = lower(?) AND active", login).Scan(ctx, &id, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return none, fmt.Errorf("sign in: %w", fault.FromSQL(err))
	}
	ok, err := d.hashing.matches(ctx, stored.String, password)
	if err != nil {
		return none, fmt.Errorf("sign in: %w", err)
	}
	if !ok {
		return none, fault.New(fault.Unauthenticated, "login_refused", "the login or the password is wrong")
	}
	if err := d.forgiveTries(ctx, tries); err != nil {
		return none, err
	}
	if door.Kind != "cookie" {
		door.Kind = "bearer"
	}
	return d.open(ctx, id, door, "", 0)
}

// IssueToken makes a token for a program that acts as the user, good for so long (a year when 0).
func (d *Directory) IssueToken(ctx context.Context, by Caller, user uuid.UUID, name string, good time.Duration) (SignedIn, error) {
	u, err := d.User(ctx, by.Scope(), user)
	if err != nil {
		return SignedIn{}, err
	}
	if by.UserID != user {
		if err := by.mayGive(u.Roles); err != nil {
			return SignedIn{}, err
		}
	}
	if good <= 0 {
		good = 365 * 24 * time.Hour
	}
	return d.open(ctx, user, Door{Kind: "token"}, name, good)
}

func (d *Directory) open(ctx context.Context, user uuid.UUID, door Door, name string, good time.Duration) (SignedIn, error) {
	var none SignedIn
	u, err := d.user(ctx, "u.id = ? AND u.active", user)
	if err != nil {
		return none, err
	}
	prefix, idle, now := sessionPrefix, d.rules.idle(u.Roles), d.now()
	if door.Kind == "token" {
		prefix, idle = tokenPrefix, good
	} else {
		good = d.rules.Longest
	}
	idle = min(idle, good)
	token, hash := newToken(prefix)
	id, err := uuid.NewV7()
	if err != nil {
		return none, fmt.Errorf("sign in: %w", err)
	}
	_, err = d.db.ExecContext(ctx, `WITH s AS (INSERT INTO sessions (token_hash, id, user_id, kind, name, address, created_at, seen_at, idle_seconds, idle_until, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) SELECT audit_note(?, ?, ?, 'session', ?, ?)`,
		hash, id, user, door.Kind, name, door.Address, now, now, int(idle.Seconds()), now.Add(idle), now.Add(good),
		u.Login, u.OrgID, now, id.String(), fmt.Sprintf(`{"kind": %q, "user_id": %q}`, door.Kind, user))
	if err != nil {
		return none, fmt.Errorf("sign in: %w", fault.FromSQL(err))
	}
	c, err := d.caller(ctx, u)
	c.SessionID = id
	return SignedIn{Token: token, ExpiresAt: now.Add(good), Idle: idle, Caller: c}, err
}

func (d *Directory) caller(ctx context.Context, u User) (Caller, error) {
	c := Caller{UserID: u.ID, Login: u.Login, Name: u.Name, Roles: u.Roles, OrgID: u.OrgID, OrgCode: u.OrganisationCode, EngineerID: u.EngineerID, Lang: u.Lang}
	o, err := d.Organisation(ctx, u.OrgID)
	if err != nil {
		return c, err
	}
	c.all = o.Kind == "head"
	c.orgs, err = d.Subtree(ctx, u.OrgID)
	return c, err
}

// As is the caller a user would be if he signed in now, for acting in his name by the command line, an
// import or the demo.
func (d *Directory) As(ctx context.Context, login string) (Caller, error) {
	u, err := d.user(ctx, "lower(u.login) = lower(?) AND u.active", login)
	if err != nil {
		return Caller{}, err
	}
	return d.caller(ctx, u)
}

// Authenticate finds who is behind a token. It notes that he was there at most once a minute.
func (d *Directory) Authenticate(ctx context.Context, token string) (Caller, error) {
	if len(token) < 40 || len(token) > 100 {
		return Caller{}, signedOut()
	}
	var u User
	var session uuid.UUID
	var seen, idleUntil, expires time.Time
	var revoked sql.NullTime
	hash, now := hashToken(token), d.now()
	err := d.db.NewRaw(`SELECT s.id, s.seen_at, s.idle_until, s.expires_at, s.revoked_at,
			u.id, u.org_id, o.code, u.login, u.name, u.engineer_id, u.lang, u.active,
			ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = u.id ORDER BY r.role)
		FROM sessions s JOIN users u ON u.id = s.user_id JOIN organisations o ON o.id = u.org_id WHERE s.token_hash = ?`, hash).
		Scan(ctx, &session, &seen, &idleUntil, &expires, &revoked,
			&u.ID, &u.OrgID, &u.OrganisationCode, &u.Login, &u.Name, &u.EngineerID, &u.Lang, &u.Active, pgdialect.Array(&u.Roles))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Caller{}, signedOut()
	case err != nil:
		return Caller{}, fmt.Errorf("authenticate: %w", fault.FromSQL(err))
	case revoked.Valid, !u.Active, !now.Before(idleUntil), !now.Before(expires):
		return Caller{}, signedOut()
	}
	if now.Sub(seen) >= seenEvery {
		if _, err := d.db.ExecContext(ctx, `UPDATE sessions SET seen_at = ?, idle_until = least(expires_at, ?::timestamptz + idle_seconds * interval '1 second')
			WHERE token_hash = ? AND revoked_at IS NULL AND seen_at < ?`, now, now, hash, now); err != nil {
			return Caller{}, fmt.Errorf("authenticate: %w", fault.FromSQL(err))
		}
	}
	c, err := d.caller(ctx, u)
	c.SessionID = session
	return c, err
}

// Logout ends the session of the token; a token that is not one is no error.
func (d *Directory) Logout(ctx context.Context, token string) error {
	if _, err := d.db.ExecContext(ctx, "UPDATE sessions SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL", d.now(), hashToken(token)); err != nil {
		return fmt.Errorf("sign out: %w", fault.FromSQL(err))
	}
	return nil
}

// Sessions lists a user's live sessions and tokens, newest first, at most 200.
func (d *Directory) Sessions(ctx context.Context, by Caller, user uuid.UUID) ([]Session, error) {
	if by.UserID != user {
		if _, err := d.User(ctx, by.Scope(), user); err != nil {
			return nil, err
		}
	}
	sessions := []Session{}
	err := d.db.NewSelect().TableExpr("sessions").Column("id", "kind", "name", "address", "created_at", "seen_at", "expires_at").
		ColumnExpr("id = ? AS current", by.SessionID).
		Where("user_id = ? AND revoked_at IS NULL AND idle_until > ? AND expires_at > ?", user, d.now(), d.now()).
		OrderExpr("created_at DESC, id DESC").Limit(200).Scan(ctx, &sessions)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", fault.FromSQL(err))
	}
	return sessions, nil
}

// Revoke ends one session: one's own, or with the permission to manage users anybody's in sight.
func (d *Directory) Revoke(ctx context.Context, by Caller, session uuid.UUID) error {
	var user uuid.UUID
	err := d.db.NewRaw("SELECT user_id FROM sessions WHERE id = ?", session).Scan(ctx, &user)
	if err == nil && user != by.UserID {
		if !by.May(ManageUsers) {
			err = sql.ErrNoRows
		} else if _, unseen := d.User(ctx, by.Scope(), user); unseen != nil {
			return unseen
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "session_unknown", "there is no such session")
	}
	if err == nil {
		_, err = d.db.ExecContext(ctx, "UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", d.now(), session)
	}
	if err != nil {
		return fmt.Errorf("revoke session: %w", fault.FromSQL(err))
	}
	return nil
}

// Sweep removes what ended long ago: sessions after a week, failures after a day, one-time links after a week.
func (d *Directory) Sweep(ctx context.Context) error {
	week, day := d.now().AddDate(0, 0, -7), d.now().AddDate(0, 0, -1)
	for _, old := range []struct {
		delete string
		before time.Time
	}{
		{"DELETE FROM sessions WHERE least(expires_at, idle_until, revoked_at) < ?", week},
		{"DELETE FROM setup_links WHERE expires_at < ?", week},
		{"DELETE FROM login_failures WHERE last_at < ?", day},
	} {
		if _, err := d.db.ExecContext(ctx, old.delete, old.before); err != nil {
			return fmt.Errorf("sweep sessions: %w", fault.FromSQL(err))
		}
	}
	return nil
}

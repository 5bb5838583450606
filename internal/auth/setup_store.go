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

// How long a one-time link is good for.
const (
	firstRun = 24 * time.Hour
	invited  = 72 * time.Hour
	resets   = 30 * time.Minute
)

// Setup is what a one-time link is for.
type Setup struct {
	Purpose   string // first_run, invite, reset
	UserID    *uuid.UUID
	Login     string // empty on the first run, when there is nobody yet
	Name      string
	ExpiresAt time.Time
}

// SetupInput is what the person behind a one-time link says. On the first run it also names the company
// and its first administrator; later the password alone counts.
type SetupInput struct {
	Password     string `json:"password" maxLength:"256"`
	Login        string `json:"login,omitempty" pattern:"^[A-Za-z0-9._@+-]{1,80}$"`
	Name         string `json:"name,omitempty" maxLength:"200"`
	Organisation string `json:"organisation,omitempty" maxLength:"200" doc:"name of the company"`
}

func (d *Directory) setupLink(ctx context.Context, user *uuid.UUID, purpose string, good time.Duration) (string, error) {
	token, hash := newToken(linkPrefix)
	_, err := d.db.ExecContext(ctx, "INSERT INTO setup_links (token_hash, user_id, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
		hash, user, purpose, d.now(), d.now().Add(good))
	return token, err
}

// FirstRun makes the link with which the first administrator sets the program up, or says that it is not
// needed because there are users. A new link ends the one before.
func (d *Directory) FirstRun(ctx context.Context) (token string, needed bool, err error) {
	if err := d.db.NewRaw("SELECT NOT EXISTS (SELECT 1 FROM users)").Scan(ctx, &needed); err != nil || !needed {
		return "", false, fault.FromSQL(err)
	}
	if _, err := d.db.ExecContext(ctx, "DELETE FROM setup_links WHERE purpose = 'first_run'"); err != nil {
		return "", false, fmt.Errorf("first run: %w", fault.FromSQL(err))
	}
	if token, err = d.setupLink(ctx, nil, "first_run", firstRun); err != nil {
		return "", false, fmt.Errorf("first run: %w", fault.FromSQL(err))
	}
	return token, true, nil
}

// ResetLink makes a one-time link with which a user sets a new password, good for 30 minutes.
func (d *Directory) ResetLink(ctx context.Context, by Caller, id uuid.UUID) (token string, err error) {
	u, err := d.User(ctx, by.Scope(), id)
	if err != nil {
		return "", err
	}
	if err := by.mayGive(u.Roles); err != nil { // else a manager could become administrator through him
		return "", err
	}
	if token, err = d.setupLink(ctx, &id, "reset", resets); err != nil {
		return "", fmt.Errorf("reset link: %w", fault.FromSQL(err))
	}
	return token, nil
}

// OpenSetup looks at a one-time link without using it up. An unknown one is fault.NotFound, one that was
// used or has expired fault.Gone.
func (d *Directory) OpenSetup(ctx context.Context, token string) (Setup, error) {
	return d.openSetup(ctx, token, "")
}

func (d *Directory) openSetup(ctx context.Context, token, lock string) (Setup, error) {
	var s Setup
	var used sql.NullTime
	err := d.db.NewRaw(`SELECT l.purpose, l.user_id, coalesce(u.login, ''), coalesce(u.name, ''), l.expires_at, l.used_at
		FROM setup_links l LEFT JOIN users u ON u.id = l.user_id WHERE l.token_hash = ? `+lock, hashToken(token)).
		Scan(ctx, &s.Purpose, &s.UserID, &s.Login, &s.Name, &s.ExpiresAt, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, fault.New(fault.NotFound, "link_unknown", "there is no such link")
	case err != nil:
		return s, fmt.Errorf("open set-up link: %w", fault.FromSQL(err))
	case used.Valid || !d.now().Before(s.ExpiresAt):
		return s, fault.New(fault.Gone, "link_gone", "this link has ended: ask for a new one")
	}
	return s, nil
}

// UseSetup uses a one-time link up: it sets the password, and on the first run makes the head office and
// its administrator. It belongs into a transaction.
func (d *Directory) UseSetup(ctx context.Context, token string, in SetupInput) (User, error) {
	s, err := d.openSetup(ctx, token, "FOR UPDATE OF l")
	if err != nil {
		return User{}, err
	}
	if _, err := d.db.ExecContext(ctx, "UPDATE setup_links SET used_at = ? WHERE token_hash = ?", d.now(), hashToken(token)); err != nil {
		return User{}, fmt.Errorf("use set-up link: %w", fault.FromSQL(err))
	}
	if s.UserID != nil {
		if err := d.setPassword(ctx, *s.UserID, s.Login, in.Password, nil); err != nil {
			return User{}, err
		}
		return d.user(ctx, "u.id = ?", *s.UserID)
	}
	if in.Login == "" || in.Name == "" || in.Organisation == "" || in.Password == "" {
		return User{}, fault.New(fault.Invalid, "setup_incomplete", "name the company, your login, your name and a password")
	}
	by := System("setup")
	head, err := d.Head(ctx)
	if fault.HasCode(err, "organisation_unknown") {
		head, err = d.CreateOrganisation(ctx, by.Scope(), OrganisationInput{Code: "HQ", Name: in.Organisation, Kind: "head"})
	}
	if err != nil {
		return User{}, err
	}
	u, _, err := d.AddUser(ctx, by, UserInput{Login: in.Login, Name: in.Name, Password: in.Password, Roles: []Role{Admin}, OrganisationCode: head.Code})
	return u, err
}

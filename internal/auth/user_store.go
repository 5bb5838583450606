package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// AddUser makes an account. Without a password it also returns a one-time token with which the person
// sets one (UseSetup), good for three days.
func (d *Directory) AddUser(ctx context.Context, by Caller, in UserInput) (u User, setup string, err error) {
	if err := by.mayGive(in.Roles); err != nil {
		return u, "", err
	}
	org := by.OrgID
	if in.OrganisationCode != "" || org == 0 {
		var o Organisation
		if in.OrganisationCode == "" {
			o, err = d.Head(ctx)
		} else {
			o, err = d.ByCode(ctx, in.OrganisationCode)
		}
		if err != nil {
			return u, "", err
		}
		if !by.Scope().Sees(o.ID) {
			return u, "", unknownOrganisation(in.OrganisationCode)
		}
		org = o.ID
	}
	var hash *string
	var since *time.Time
	now := d.now()
	if in.Password != "" {
		stored, err := d.newPassword(ctx, in.Password, in.Login)
		if err != nil {
			return u, "", err
		}
		hash, since = &stored, &now
	}
	id, err := uuid.NewV7()
	if err != nil {
		return u, "", fmt.Errorf("add user %s: %w", in.Login, err)
	}
	_, err = d.db.ExecContext(ctx, `INSERT INTO users (id, org_id, login, name, password_hash, password_at, engineer_id, lang, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, org, in.Login, in.Name, hash, since, in.EngineerID, in.Lang, now)
	if err == nil {
		err = d.giveRoles(ctx, id, in.Roles)
	}
	if err == nil && hash == nil {
		setup, err = d.setupLink(ctx, &id, "invite", invited)
	}
	if err != nil {
		return u, "", fmt.Errorf("add user %s: %w", in.Login, fault.FromSQL(err))
	}
	u, err = d.user(ctx, "u.id = ?", id)
	return u, setup, err
}

func (d *Directory) newPassword(ctx context.Context, password, login string) (string, error) {
	if !d.rules.AnyPassword {
		if err := checkPassword(password, login); err != nil {
			return "", err
		}
	}
	return d.hashing.hash(ctx, password)
}

func (d *Directory) giveRoles(ctx context.Context, id uuid.UUID, roles []Role) error {
	wanted := pgdialect.Array(sorted(roles))
	if _, err := d.db.ExecContext(ctx, "DELETE FROM user_roles WHERE user_id = ? AND role <> ALL (?::text[])", id, wanted); err != nil {
		return err
	}
	_, err := d.db.ExecContext(ctx, "INSERT INTO user_roles (user_id, role) SELECT ?, unnest(?::text[]) ON CONFLICT DO NOTHING", id, wanted)
	return err
}

func (d *Directory) selectUsers() *bun.SelectQuery {
	return d.db.NewSelect().TableExpr("users AS u").Join("JOIN organisations AS o ON o.id = u.org_id").
		ColumnExpr("u.id, u.org_id, o.code AS organisation_code, u.login, u.name, u.engineer_id, u.lang, u.active").
		ColumnExpr("u.password_hash IS NOT NULL AS has_password, u.created_at, u.version").
		ColumnExpr("ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles")
}

func (d *Directory) user(ctx context.Context, where string, args ...any) (User, error) {
	var u User
	err := d.selectUsers().Where(where, args...).Scan(ctx, &u)
	if errors.Is(err, sql.ErrNoRows) {
		return u, unknownUser()
	}
	if err != nil {
		return u, fmt.Errorf("read user: %w", fault.FromSQL(err))
	}
	return u, nil
}

// User reads one account in sight.
func (d *Directory) User(ctx context.Context, scope Scope, id uuid.UUID) (User, error) {
	u, err := d.user(ctx, "u.id = ?", id)
	if err == nil && !scope.Sees(u.OrgID) {
		return User{}, unknownUser()
	}
	return u, err
}

// UserByLogin reads one account in sight by its login, in any case of letters.
func (d *Directory) UserByLogin(ctx context.Context, scope Scope, login string) (User, error) {
	u, err := d.user(ctx, "lower(u.login) = lower(?)", login)
	if err == nil && !scope.Sees(u.OrgID) {
		return User{}, unknownUser()
	}
	return u, err
}

// Users lists the accounts in sight, newest first.
func (d *Directory) Users(ctx context.Context, scope Scope, ask keyset.Ask) (keyset.Page[User], error) {
	var page keyset.Page[User]
	if err := scope.Check(); err != nil {
		return page, err
	}
	q := d.selectUsers().Where(scope.SQL("u.org_id")).OrderExpr("u.id DESC").Limit(int64(ask.Rows()))
	var after uuid.UUID
	if more, err := ask.After(&after); err != nil {
		return page, err
	} else if more {
		q.Where("u.id < ?", after)
	}
	var rows []User
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list users: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(u User) []any { return []any{u.ID} }), nil
}

// ChangeUser changes an account. version is the one the client saw, 0 for any; an older one is
// fault.Stale. Switching somebody off ends his sessions, and the last administrator stays on.
func (d *Directory) ChangeUser(ctx context.Context, by Caller, id uuid.UUID, version int, in UserChange) (User, error) {
	u, err := d.User(ctx, by.Scope(), id)
	if err != nil {
		return u, err
	}
	if err := by.mayGive(u.Roles); err != nil { // who may not give a role may not change its holder either
		return u, err
	}
	if in.Roles != nil {
		if err := by.mayGive(*in.Roles); err != nil {
			return u, err
		}
	}
	wasAdmin := slices.Contains(u.Roles, Admin)
	if wasAdmin { // all of them, so that two administrators cannot remove each other at once
		if _, err := d.db.ExecContext(ctx, "SELECT FROM users u JOIN user_roles r ON r.user_id = u.id WHERE r.role = 'admin' ORDER BY u.id FOR UPDATE OF u"); err != nil {
			return u, fmt.Errorf("change user: %w", fault.FromSQL(err))
		}
	}
	q := d.db.NewUpdate().TableExpr("users").Set("active = ?", orElse(in.Active, u.Active)).Set("name = ?", orElse(in.Name, u.Name)).
		Set("lang = ?", orElse(in.Lang, u.Lang)).Where("id = ?", id)
	if in.EngineerID != nil {
		q.Set("engineer_id = ?", in.EngineerID)
	}
	if version != 0 {
		q.Where("version = ?", version)
	}
	result, err := q.Exec(ctx)
	if err != nil {
		return u, fmt.Errorf("change user: %w", fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return u, errors.Join(fault.New(fault.Stale, "stale", "somebody changed this meanwhile: read it again"), err)
	}
	if in.Roles != nil {
		if err := d.giveRoles(ctx, id, *in.Roles); err != nil {
			return u, fmt.Errorf("change user: %w", fault.FromSQL(err))
		}
	}
	if wasAdmin {
		var admins int
		if err := d.db.NewRaw("SELECT count(*) FROM users u JOIN user_roles r ON r.user_id = u.id WHERE u.active AND r.role = 'admin'").Scan(ctx, &admins); err != nil {
			return u, fmt.Errorf("change user: %w", fault.FromSQL(err))
		}
		if admins == 0 {
			return u, fault.New(fault.Conflict, "last_administrator", "make somebody else an administrator first")
		}
	}
	// A session carries no roles, so a change of roles counts at once; being switched off ends it.
	if in.Active != nil && !*in.Active {
		if err := d.endSessions(ctx, id, nil); err != nil {
			return u, err
		}
	}
	return d.user(ctx, "u.id = ?", id)
}

func orElse[T any](wish *T, is T) T {
	if wish != nil {
		return *wish
	}
	return is
}

// ChangePassword sets the caller's own password, against the old one, and ends his other sessions.
func (d *Directory) ChangePassword(ctx context.Context, c Caller, old, password string) error {
	var stored sql.NullString
	if err := d.db.NewRaw("SELECT password_hash FROM users WHERE id = ?", c.UserID).Scan(ctx, &stored); err != nil {
		return fmt.Errorf("change password: %w", fault.FromSQL(err))
	}
	if ok, err := d.hashing.matches(ctx, stored.String, old); err != nil || !ok {
		return errors.Join(fault.New(fault.Invalid, "login_refused", "the login or the password is wrong").Field("body.old", "wrong"), err)
	}
	return d.setPassword(ctx, c.UserID, c.Login, password, &c.SessionID)
}

func (d *Directory) setPassword(ctx context.Context, id uuid.UUID, login, password string, keep *uuid.UUID) error {
	stored, err := d.newPassword(ctx, password, login)
	if err != nil {
		return err
	}
	if _, err := d.db.ExecContext(ctx, "UPDATE users SET password_hash = ?, password_at = ? WHERE id = ?", stored, d.now(), id); err != nil {
		return fmt.Errorf("set password: %w", fault.FromSQL(err))
	}
	return d.endSessions(ctx, id, keep)
}

// endSessions revokes what a person signed in with, tokens of programs apart, except for one session.
func (d *Directory) endSessions(ctx context.Context, id uuid.UUID, keep *uuid.UUID) error {
	q := d.db.NewUpdate().TableExpr("sessions").Set("revoked_at = ?", d.now()).Where("user_id = ? AND revoked_at IS NULL", id)
	if keep != nil {
		q.Where("id <> ?", *keep).Where("kind <> 'token'")
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", fault.FromSQL(err))
	}
	return nil
}

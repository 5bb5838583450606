package api

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/workorders"
)

// none is the input of calls that need none.
type none struct{}

// ByID names a row in the path.
type ByID struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

// ByRef names a request or an order by id or number.
type ByRef struct {
	ID string `path:"id" maxLength:"60" doc:"id or number"`
}

// body is an input that consists of a body alone.
type body[T any] struct{ Body T }

// bodyOf is a body with the row it is about.
type bodyOf[T any] struct {
	ByID
	Body T
}

// bodyOn is a body with the request or order it is about.
type bodyOn[T any] struct {
	ByRef
	Body T
}

// Me is who is signed in.
type Me struct {
	ID               *uuid.UUID        `json:"id"`
	Login            string            `json:"login"`
	Name             string            `json:"name"`
	Roles            []auth.Role       `json:"roles"`
	OrganisationCode string            `json:"organisation_code"`
	EngineerID       *uuid.UUID        `json:"engineer_id,omitempty"`
	Lang             string            `json:"lang"`
	Permissions      []auth.Permission `json:"permissions"`
}

func meOf(by auth.Caller) Me {
	m := Me{ID: &by.UserID, Login: by.Login, Name: by.Name, Roles: by.Roles, OrganisationCode: by.OrgCode, EngineerID: by.EngineerID, Lang: by.Lang, Permissions: []auth.Permission{}}
	for _, p := range auth.Permissions() {
		if by.May(p) {
			m.Permissions = append(m.Permissions, p)
		}
	}
	return m
}

// Session is what a sign-in gives; the token is shown this once.
type Session struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      Me        `json:"user"`
}

// WithoutSecret is what a repeated call sees.
func (s Session) WithoutSecret() any { s.Token = ""; return s }

// Credentials sign a person in.
type Credentials struct {
	Login    string `json:"login" minLength:"1" maxLength:"80"`
	Password string `json:"password" minLength:"1" maxLength:"256"`
}

func (s *Server) signIn(ctx context.Context, _ auth.Caller, in *body[Credentials]) (Session, error) {
	got, err := s.desk.Look(ctx).People.Login(ctx, in.Body.Login, in.Body.Password, auth.Door{Address: addressOf(heardIn(ctx).r), Kind: "bearer"})
	if err != nil {
		return Session{}, err
	}
	return Session{Token: got.Token, ExpiresAt: got.ExpiresAt, User: meOf(got.Caller)}, nil
}

// Done is the answer of calls that have nothing to say.
type Done struct {
	Done bool `json:"done"`
}

func (s *Server) signOut(ctx context.Context, _ auth.Caller, _ *none) (Done, error) {
	_, token, _ := strings.Cut(heardIn(ctx).r.Header.Get("Authorization"), " ")
	return Done{true}, s.desk.Look(ctx).People.Logout(ctx, strings.TrimSpace(token))
}

func (s *Server) me(_ context.Context, by auth.Caller, _ *none) (Me, error) { return meOf(by), nil }

// MadeUser is a new user, with his one-time link when he got no password.
type MadeUser struct {
	auth.User
	SetupLink string `json:"setup_link,omitempty" doc:"shown once"`
}

// WithoutSecret is what a repeated call sees.
func (u MadeUser) WithoutSecret() any { u.SetupLink = ""; return u }

func (s *Server) addUser(ctx context.Context, by auth.Caller, in *body[auth.UserInput]) (u MadeUser, err error) {
	err = s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		var token string
		if u.User, token, err = l.People.AddUser(ctx, by, in.Body); err != nil {
			return err
		}
		if token != "" {
			u.SetupLink = "/setup/" + token
		}
		return nil
	})
	return u, err
}

func (s *Server) users(ctx context.Context, by auth.Caller, in *keyset.Ask) (keyset.Page[auth.User], error) {
	return s.desk.Look(ctx).People.Users(ctx, by.Scope(), *in)
}

func (s *Server) changeUser(ctx context.Context, by auth.Caller, in *bodyOf[auth.UserChange]) (u auth.User, err error) {
	err = s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) (err error) {
		u, err = l.People.ChangeUser(ctx, by, in.ID, heardIn(ctx).match, in.Body)
		return err
	})
	return u, err
}

func (s *Server) addOrganisation(ctx context.Context, by auth.Caller, in *body[auth.OrganisationInput]) (o auth.Organisation, err error) {
	if in.Body.ParentCode == "" && in.Body.Kind != "head" {
		in.Body.ParentCode = by.OrgCode
	}
	err = s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) (err error) {
		o, err = l.People.CreateOrganisation(ctx, by.Scope(), in.Body)
		return err
	})
	return o, err
}

func (s *Server) organisations(ctx context.Context, by auth.Caller, in *keyset.Ask) (keyset.Page[auth.Organisation], error) {
	return s.desk.Look(ctx).People.Organisations(ctx, by.Scope(), *in)
}

// Letterhead is printed at the head of an organisation's papers.
type Letterhead struct {
	Code string `path:"code" maxLength:"40"`
	Body json.RawMessage
}

func (s *Server) letterhead(ctx context.Context, by auth.Caller, in *Letterhead) (o auth.Organisation, err error) {
	err = s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		if err := l.People.ChangeLetterhead(ctx, by.Scope(), in.Code, in.Body); err != nil {
			return err
		}
		o, err = l.People.ByCode(ctx, in.Code)
		return err
	})
	return o, err
}

// useSetup lets the person behind a one-time link choose a password.
func (s *Server) useSetup(ctx context.Context, _ auth.Caller, in *struct {
	Token string `path:"token" maxLength:"200"`
	Body  auth.SetupInput
}) (u auth.User, err error) {
	err = s.desk.Keep(ctx, auth.System("setup"), func(ctx context.Context, l workorders.Ledgers) (err error) {
		u, err = l.People.UseSetup(ctx, in.Token, in.Body)
		return err
	})
	return u, err
}

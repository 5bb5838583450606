package auth

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Caller is who makes a call: a person signed in, a program with a token, or a part of the product itself.
type Caller struct {
	UserID     uuid.UUID
	Login      string
	Name       string
	Roles      []Role
	OrgID      int32
	OrgCode    string
	EngineerID *uuid.UUID // the engineer this person is, if he is one
	Lang       string     // zh-Hans or en; "" when he never chose
	SessionID  uuid.UUID  // zero for parts of the product

	orgs []int32 // his organisation and everything below it
	all  bool
}

// System is a part of the product that acts by itself: a job, an import, the demo. It may do and see everything.
func System(name string) Caller {
	return Caller{Login: "system:" + name, Name: name, Roles: []Role{Admin}, all: true}
}

// Within gives the caller the sight of these organisations.
func (c Caller) Within(orgs ...int32) Caller { c.orgs, c.all = slices.Clone(orgs), false; return c }

// Everywhere gives the caller the sight of the whole company.
func (c Caller) Everywhere() Caller { c.all = true; return c }

// Is reports whether the caller holds one of the roles.
func (c Caller) Is(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(c.Roles, r) })
}

// Actor is the caller's name in the audit log, the timeline and PostgreSQL's app.actor.
func (c Caller) Actor() string { return c.Login }

// Person reports whether a person signed in, rather than the product itself.
func (c Caller) Person() bool { return !c.UserID.IsNil() }

// Scope is whose records the caller may see. Somebody who only makes visits sees those of his own:
// Engineer narrows the scope further then.
func (c Caller) Scope() Scope {
	s := Scope{orgs: c.orgs, all: c.all, made: c.all || len(c.orgs) > 0, visits: c.EngineerID}
	wider := slices.ContainsFunc(c.Roles, func(r Role) bool { return r != Engineer && r != PartnerEngineer })
	if !wider {
		// A visiting engineer whose account names no engineer has no visits, so he sees nothing.
		own := uuid.Nil
		if c.EngineerID != nil {
			own = *c.EngineerID
		}
		s.engineer = &own
	}
	return s
}

// Scope says whose records a reader may see: those owned or served by one of his organisations, and those
// of his own visits, whoever owns them; a visiting engineer sees only the latter. A Scope nobody made
// refuses everything.
type Scope struct {
	orgs     []int32
	all      bool
	made     bool
	engineer *uuid.UUID // confined to the visits of this engineer
	visits   *uuid.UUID // the engineer he is, also when he sees more
}

// All reports whether the whole company is in sight; Orgs may be empty then.
func (s Scope) All() bool { return s.made && s.all }

// Orgs are the organisations in sight, parents before branches.
func (s Scope) Orgs() []int32 { return slices.Clone(s.orgs) }

// Engineer is the engineer to whose visits the reader is confined, or nil.
func (s Scope) Engineer() *uuid.UUID { return s.engineer }

// Sees reports whether records of the organisation are in sight, before any narrowing to an engineer.
func (s Scope) Sees(org int32) bool { return s.All() || s.made && slices.Contains(s.orgs, org) }

// Check refuses a scope that nobody made.
func (s Scope) Check() error {
	if !s.made {
		return fault.New(fault.Forbidden, "no_scope", "say whose records are meant")
	}
	return nil
}

// Reach is a condition that holds when one of the columns is an organisation in sight or the record belongs
// to a visit of the reader's own, since an engineer is lent to other organisations; for a visiting engineer
// only the latter. visit says what a visit of his own is, with :me for the engineer:
// "EXISTS (SELECT 1 FROM visits v WHERE v.order_id = w.id AND v.engineer_id = :me)".
func (s Scope) Reach(visit string, columns ...string) string {
	if !s.made || s.visits == nil && s.engineer == nil {
		return s.SQL(columns...)
	}
	me := s.visits
	if s.engineer != nil {
		me = s.engineer
	}
	own := strings.ReplaceAll(visit, ":me", "'"+me.String()+"'")
	switch {
	case s.engineer != nil:
		return own
	case s.all:
		return "TRUE"
	}
	return "(" + s.SQL(columns...) + " OR " + own + ")"
}

// SQL is a condition that holds when one of the columns is an organisation in sight: put it into a WHERE
// as it is, it holds no input of anybody. A scope nobody made is never true. What belongs to a visit of
// the reader's own is not in it: ask Reach.
func (s Scope) SQL(columns ...string) string {
	switch {
	case !s.made:
		return "FALSE"
	case s.all:
		return "TRUE"
	}
	ids := make([]string, len(s.orgs))
	for i, org := range s.orgs {
		ids[i] = strconv.Itoa(int(org))
	}
	terms := make([]string, len(columns))
	for i, column := range columns {
		terms[i] = column + " IN (" + strings.Join(ids, ",") + ")"
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

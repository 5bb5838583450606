// Package fault says what went wrong in terms of what a person can do about it.
//
// A fault carries a kind (what to do), a stable code (for programs), a sentence
// (for people) and, for refusals, what would have been allowed. Everything that is
// not a fault is an internal error: it is logged and never shown.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind groups faults by what the caller can do about them. api/problem.go is the
// only place that turns a kind into an HTTP status.
type Kind string

const (
	Invalid         Kind = "invalid"         // the input is malformed: correct the named field
	Conflict        Kind = "conflict"        // the world does not allow it now: look again, choose an allowed act
	NotFound        Kind = "not_found"       // it does not exist, or the caller may not know that it does
	Forbidden       Kind = "forbidden"       // the caller's roles do not include this act
	Unauthenticated Kind = "unauthenticated" // sign in first
	Stale           Kind = "stale"           // If-Match named an older version: read again
	Gone            Kind = "gone"            // it existed and has ended, such as an expired link
	TooMany         Kind = "too_many"        // slow down; RetryAfter says how long
	TooLarge        Kind = "too_large"       // send less
	Unavailable     Kind = "unavailable"     // try again later, nothing was changed
)

// Field is one input that has to be corrected. Name is a path such as "body.phone".
type Field struct {
	Name    string `json:"location"`
	Message string `json:"message"`
}

// Error is a refusal that a person can act on.
type Error struct {
	Kind       Kind
	Code       string         // stable, snake_case; also the key "fault.<code>" of the text catalogue
	Message    string         // English, says what to do; used when the catalogue has no text
	Args       []any          // arguments of Message, for the translated text
	Fields     []Field        // what to correct (Invalid)
	Allowed    []string       // what would be allowed instead (Conflict)
	Extra      map[string]any // further members of the problem document
	RetryAfter time.Duration  // TooMany, Unavailable
}

// New makes a fault. format is an English sentence that says what to do.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...), Args: args}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Allow adds what would be allowed instead.
func (e *Error) Allow(what ...string) *Error { e.Allowed = append(e.Allowed, what...); return e }

// Field adds an input to correct.
func (e *Error) Field(name, message string) *Error {
	e.Fields = append(e.Fields, Field{name, message})
	return e
}

// With adds a member to the problem document.
func (e *Error) With(key string, value any) *Error {
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	e.Extra[key] = value
	return e
}

// After says when trying again makes sense.
func (e *Error) After(d time.Duration) *Error { e.RetryAfter = d; return e }

// As returns the fault inside err, or nil.
func As(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Is reports whether err is a fault of this kind.
func Is(err error, kind Kind) bool { f := As(err); return f != nil && f.Kind == kind }

// HasCode reports whether err is a fault with this code.
func HasCode(err error, code string) bool { f := As(err); return f != nil && f.Code == code }

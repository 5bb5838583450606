// Package keyset bounds every list: a limit, and a cursor that names the last row seen.
//
// A cursor is the key of the last row of a page, base64url without padding, so that a
// page starts where the one before ended however many rows were added meanwhile.
package keyset

import (
	"encoding/base64"
	"encoding/json"

	"paigong/internal/fault"
)

// Limits of a page. A larger limit is refused, not silently cut.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Ask is what a client may say about a page.
type Ask struct {
	Limit  int    `query:"limit" json:"-" minimum:"1" maximum:"500" default:"50" doc:"rows on one page"`
	Cursor string `query:"cursor" json:"-" doc:"next_cursor of the page before"`
}

// Rows is the number of rows to read: one more than the page, to know whether more follow.
func (a Ask) Rows() int { return a.Size() + 1 }

// Size is the number of rows on the page.
func (a Ask) Size() int {
	if a.Limit <= 0 {
		return DefaultLimit
	}
	return min(a.Limit, MaxLimit)
}

// After reads the key of the last row seen into key (pointers, in the order given to Page).
// It reports false for the first page and refuses a cursor that is not one of ours.
func (a Ask) After(key ...any) (bool, error) {
	if a.Cursor == "" {
		return false, nil
	}
	bad := fault.New(fault.Invalid, "bad_cursor", "this cursor is not one of ours: start again without it").Field("query.cursor", "unknown cursor")
	raw, err := base64.RawURLEncoding.DecodeString(a.Cursor)
	if err != nil {
		return false, bad
	}
	var parts []json.RawMessage
	if json.Unmarshal(raw, &parts) != nil || len(parts) != len(key) {
		return false, bad
	}
	for i := range key {
		if json.Unmarshal(parts[i], key[i]) != nil {
			return false, bad
		}
	}
	return true, nil
}

// Page is one page of a list as the API shows it.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// Cut makes the page from the rows read with Ask.Rows: key gives the parts that After reads.
func Cut[T any](a Ask, rows []T, key func(T) []any) Page[T] {
	p := Page[T]{Items: rows}
	if p.Items == nil {
		p.Items = []T{}
	}
	if n := a.Size(); len(rows) > n {
		p.Items = rows[:n]
		raw, err := json.Marshal(key(rows[n-1]))
		if err == nil {
			p.NextCursor = base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	return p
}

// Cursor is the opaque text for a key, for lists that are not read row by row.
func Cursor(key ...any) string {
	raw, err := json.Marshal(key)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

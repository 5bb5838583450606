package aftercare

import (
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
)

// Promises is the list of what was promised to customers. In puts it into a transaction; methods that write
// expect to be inside one.
type Promises struct {
	db       bun.IDB
	now      func() time.Time
	settings Settings
}

// New opens the list with the usual settings.
func New(db bun.IDB, now func() time.Time) Promises {
	return Promises{db, now, Settings{CallsPerDay: 40, Office: calendar.OfficeHours(), Claim: 15 * time.Minute}}
}

// With is the same list with other settings; those left zero stay as they were.
func (p Promises) With(s Settings) Promises {
	if s.CallsPerDay > 0 {
		p.settings.CallsPerDay = s.CallsPerDay
	}
	if s.CallsOn != nil {
		p.settings.CallsOn = s.CallsOn
	}
	if slices.ContainsFunc(s.Office[:], func(day []calendar.Hours) bool { return len(day) > 0 }) {
		p.settings.Office = s.Office
	}
	if s.BaseURL != "" {
		p.settings.BaseURL = s.BaseURL
	}
	if s.Claim > 0 {
		p.settings.Claim = s.Claim
	}
	return p
}

// In is the same list inside a transaction.
func (p Promises) In(tx bun.IDB) Promises { p.db = tx; return p }

// at is now as PostgreSQL will keep it.
func (p Promises) at() time.Time { return p.now().UTC().Truncate(time.Microsecond) }

// where grows a WHERE clause with its arguments.
type where struct {
	terms []string
	args  []any
}

func (w *where) and(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}

// see limits rows to those in sight: of an organisation of the scope, or about an order one of them serves;
// for a visiting engineer those about orders he visits.
func (w *where) see(s auth.Scope, org, order string) error {
	if err := s.Check(); err != nil {
		return err
	}
	w.and(s.Reach("EXISTS (SELECT 1 FROM visits v WHERE v.order_id = "+order+" AND v.engineer_id = :me AND v.state NOT IN ('proposed', 'cancelled', 'declined'))", org, "w.serving_org_id"))
	return nil
}

package dispatch

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/inventory"
)

// Board is the ledger of people's time. It is a small value: copy it freely. Methods that write several
// rows expect a transaction, see In.
type Board struct {
	db     bun.IDB
	stock  inventory.Ledger
	now    func() time.Time
	set    Settings
	aside  []uuid.UUID // visits that are being moved together, see Apart
	memory *memory     // of people and days, shared by all copies
}

// Settings are the house rules of dispatching. Fields left zero take the defaults named beside them.
type Settings struct {
	Calendar     calendar.Calendar // of the people who dispatch; mainland China's
	Service      calendar.Service  // hours in which an engineer answers; all days 8:00 to 20:00
	AcceptWithin time.Duration     // for the engineer's answer, in service hours; 30 minutes
	Travel       geo.Travel        // 1.14 times the crow's flight at 30 km/h, 20 minutes where a place is unknown
	Roads        Roads             // a map server; nil = every way is estimated from the distance as Travel says
	Horizon      time.Duration     // how far candidates look without a window; 7 days
	Longest      time.Duration     // how far they ever look; 14 days
	Ahead        time.Duration     // how far behind the last window the next visit is looked for, which has to be reached in time; 12 hours
	WayHome      time.Duration     // how long after the shift the last way home may take; 1 hour
	JustPast     time.Duration     // how long ago a chosen start may lie; 1 hour
	Grid         time.Duration     // proposed starts lie on it where the gap allows; 5 minutes
	Handling     time.Duration     // at a store's counter; 10 minutes
	Tolerance    time.Duration     // after a start that nobody announced a window for; 15 minutes
}

func (s Settings) filled() Settings {
	if reflect.ValueOf(s.Calendar).IsZero() {
		s.Calendar = calendar.Mainland()
	}
	if reflect.ValueOf(s.Service).IsZero() {
		s.Service = calendar.Weekdays(calendar.Hours{From: 8 * time.Hour, To: 20 * time.Hour})
		s.Service[time.Saturday], s.Service[time.Sunday] = s.Service[time.Monday], s.Service[time.Monday]
		s.Calendar = s.Calendar.Open(time.Saturday, time.Sunday)
	}
	for setting, usual := range map[*time.Duration]time.Duration{
		&s.AcceptWithin: 30 * time.Minute, &s.Travel.Unknown: geo.UnknownWay, &s.Horizon: 7 * 24 * time.Hour, &s.Longest: 14 * 24 * time.Hour, &s.Ahead: 12 * time.Hour,
		&s.WayHome: time.Hour, &s.JustPast: time.Hour, &s.Grid: 5 * time.Minute, &s.Handling: 10 * time.Minute, &s.Tolerance: 15 * time.Minute,
	} {
		if *setting <= 0 {
			*setting = usual
		}
	}
	if s.Travel.Factor <= 0 {
		s.Travel.Factor = geo.RoadFactor
	}
	if s.Travel.MetresPerSecond <= 0 {
		s.Travel.MetresPerSecond = geo.CitySpeed
	}
	return s
}

// New opens the board on a database; now is the clock of facts.
func New(db bun.IDB, stock inventory.Ledger, now func() time.Time, set Settings) Board {
	return Board{db: db, stock: stock, now: now, set: set.filled(), memory: newMemory()}
}

// In is the same board inside a transaction.
func (b Board) In(tx bun.IDB) Board { return Board{tx, b.stock.In(tx), b.now, b.set, nil, b.memory} }

// Zone is where the board's clock is read.
func (b Board) Zone() *time.Location { return b.set.Calendar.Zone() }

// at is the instant of what is written now, as PostgreSQL keeps it.
func (b Board) at() time.Time { return exact(b.now()) }

func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func none(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Span is a stretch of time from From up to, but not including, To.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Contains reports whether t lies in the span.
func (s Span) Contains(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Overlaps reports whether the two have time in common; touching is not.
func (s Span) Overlaps(o Span) bool { return s.From.Before(o.To) && o.From.Before(s.To) }

func (s Span) check(field string) error {
	if !s.From.Before(s.To) {
		return fault.New(fault.Invalid, "span_order", "the end has to lie after the start").Field(field, "ends before it starts")
	}
	if y := s.From.Year(); y < 2000 || s.To.Year() > 2200 {
		return fault.New(fault.Invalid, "span_far", "this time is too far away").Field(field, "between the years 2000 and 2200")
	}
	return nil
}

// given is what an optional input says, or its usual value.
func given[T any](p *T, usual T) T {
	if p == nil {
		return usual
	}
	return *p
}

func unknown(what string) error {
	return fault.New(fault.NotFound, what+"_unknown", "there is no such %s", what)
}

func stale() error {
	return fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
}

// uuids writes ids as a PostgreSQL array.
func uuids(ids []uuid.UUID) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = id.String()
	}
	return "{" + strings.Join(text, ",") + "}"
}

// within is the condition that one of the columns is an organisation in sight or the first column names the
// reader himself; for a visiting engineer only the latter.
func within(scope auth.Scope, engineer string, orgs ...string) (bun.Safe, error) {
	if err := scope.Check(); err != nil {
		return "", err
	}
	mine := engineer + " = :me"
	if engineer == "v.engineer_id" { // what a plan proposes is not his yet
		mine = "(" + mine + " AND v.state <> 'proposed')"
	}
	return bun.Safe(scope.Reach(mine, orgs...)), nil
}

// locked is an engineer whose diary nobody else changes until the transaction ends.
type locked struct {
	ID     uuid.UUID
	OrgID  int32
	Name   string
	Active bool
}

// Lock holds the diaries of these engineers still until the transaction ends. Lock the order before,
// then the engineers, then judge: what Judge saw holds until Book.
func (b Board) Lock(ctx context.Context, engineers ...uuid.UUID) error {
	_, err := b.lock(ctx, engineers...)
	return err
}

func (b Board) lock(ctx context.Context, engineers ...uuid.UUID) (map[uuid.UUID]locked, error) {
	ids := slices.Clone(engineers)
	slices.SortFunc(ids, func(a, c uuid.UUID) int { return bytes.Compare(a[:], c[:]) })
	ids = slices.Compact(ids)
	var rows []locked
	err := b.db.NewRaw("SELECT id, org_id, name, active FROM engineers WHERE id = ANY (?::uuid[]) ORDER BY id FOR NO KEY UPDATE", uuids(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("lock engineers: %w", fault.FromSQL(err))
	}
	if len(rows) < len(ids) {
		return nil, unknown("engineer")
	}
	found := make(map[uuid.UUID]locked, len(rows))
	for _, e := range rows {
		found[e.ID] = e
	}
	return found, nil
}

package workorders

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Event says that something changed. It carries no content: whoever hears it reads with his own rights.
type Event struct {
	Xact  string    `bun:"xact" json:"-"`
	Seq   int64     `bun:"seq" json:"-"`
	Topic string    `bun:"topic" json:"topic"`
	Ref   uuid.UUID `bun:"ref_id" json:"id"`
	At    time.Time `bun:"at" json:"at"`
}

// Cursor is where a reader goes on: transaction and sequence, since numbers are not given in the order of
// commits.
func (e Event) Cursor() string { return e.Xact + "-" + strconv.FormatInt(e.Seq, 10) }

// Events reads what changed after a cursor, in order, below the oldest transaction that is still writing,
// so that nothing committed later can be missed. An empty cursor starts now. At most 500.
func (d *Desk) Events(ctx context.Context, by auth.Caller, after string) (events []Event, next string, err error) {
	events, next, _, err = d.EventsSoon(ctx, by, after)
	return events, next, err
}

// EventsSoon is Events that also says whether something is committed already and waits for an older writer to
// end: then it is worth asking again soon, since that end may pass in silence.
func (d *Desk) EventsSoon(ctx context.Context, by auth.Caller, after string) (events []Event, next string, waits bool, err error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, "", false, err
	}
	if after == "" {
		err := d.db.NewRaw("SELECT writers_horizon()::text || '-0'").Scan(ctx, &next)
		if err != nil {
			return nil, "", false, fmt.Errorf("events: %w", fault.FromSQL(err))
		}
		return nil, next, false, nil
	}
	xact, seq, err := cutCursor(after)
	if err != nil {
		return nil, "", false, fault.New(fault.Invalid, "bad_cursor", "this event id is not one of ours: start again without it").Field("header.Last-Event-ID", "expected transaction-sequence")
	}
	see := s.Reach(`(ref_id IN (SELECT id FROM visits WHERE engineer_id = :me AND state <> 'proposed') OR ref_id IN (SELECT order_id FROM visits WHERE engineer_id = :me AND state <> 'proposed'))`, "org_id", "serving_org_id")
	rows := []struct {
		Event
		Waits bool `bun:"waits"`
	}{}
	// One statement, so that the horizon and what is read below it come from one snapshot.
	err = d.db.NewRaw(`WITH line AS MATERIALIZED (SELECT writers_horizon() AS xact)
		SELECT coalesce(e.xact, '') AS xact, coalesce(e.seq, 0) AS seq, coalesce(e.topic, '') AS topic,
			coalesce(e.ref_id, '00000000-0000-0000-0000-000000000000') AS ref_id, coalesce(e.at, 'epoch') AS at,
			EXISTS (SELECT FROM events WHERE xact >= (SELECT xact FROM line)) AS waits
		FROM (SELECT) AS always LEFT JOIN (
			SELECT xact::text AS xact, seq, topic, ref_id, at FROM events
			WHERE (xact, seq) > (?::text::xid8, ?) AND xact < (SELECT xact FROM line) AND `+see+` ORDER BY events.xact, events.seq LIMIT 500
		) e ON true ORDER BY e.xact::xid8, e.seq`, xact, seq).Scan(ctx, &rows)
	if err != nil {
		return nil, "", false, fmt.Errorf("events: %w", fault.FromSQL(err))
	}
	next = after
	for _, row := range rows {
		waits = row.Waits
		if row.Xact != "" {
			events, next = append(events, row.Event), row.Cursor()
		}
	}
	return events, next, waits, nil
}

func cutCursor(c string) (xact string, seq int64, err error) {
	xact, tail, ok := strings.Cut(c, "-")
	if _, e := strconv.ParseUint(xact, 10, 64); !ok || e != nil {
		return "", 0, errors.New("not a cursor")
	}
	seq, err = strconv.ParseInt(tail, 10, 64)
	return xact, seq, err
}

// ForgetEvents deletes events older than 7 days, in slices.
func (d *Desk) ForgetEvents(ctx context.Context) error {
	for {
		res, err := d.db.ExecContext(ctx, "DELETE FROM events WHERE (xact, seq) IN (SELECT xact, seq FROM events WHERE at < ? LIMIT 5000)", d.now().Add(-7*24*time.Hour))
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		if n, _ := res.RowsAffected(); n < 5000 {
			return nil
		}
	}
}

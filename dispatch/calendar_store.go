package dispatch

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/say"
)

const (
	calendarBack  = 14 * 24 * time.Hour
	calendarAhead = 60 * 24 * time.Hour
)

// ICS is an engineer's calendar for his phone: visits and leave from two weeks back to two months ahead.
// A visit that was cancelled or moved disappears or moves with the next look.
func (b Board) ICS(ctx context.Context, engineer uuid.UUID) ([]byte, error) {
	who, err := b.engineer(ctx, engineer, "TRUE")
	if err != nil {
		return nil, err
	}
	var lang string
	if err := b.db.NewRaw("SELECT coalesce(max(lang), '') FROM users WHERE engineer_id = ? AND active", engineer).Scan(ctx, &lang); err != nil {
		return nil, fmt.Errorf("read a calendar: %w", fault.FromSQL(err))
	}
	from, to := b.at().Add(-calendarBack), b.at().Add(calendarAhead)
	var rows []struct {
		ID                        uuid.UUID
		From, To                  time.Time
		Kind                      string
		State                     VisitState
		Number, Summary, Customer string
		Address, AccessNotes      string
		Lat, Lng                  *float64
		Version                   int
		ChangedAt                 time.Time
	}
	err = b.db.NewRaw(`SELECT v.id, lower(v.planned) AS "from", upper(v.planned) AS "to", 'visit' AS kind, v.state, w.number, w.summary, c.name AS customer,
			coalesce(s.address, '') AS address, coalesce(s.access_notes, '') AS access_notes, s.lat, s.lng, v.version,
			greatest(v.created_at, v.accepted_at, v.confirmed_at, v.announced_at) AS changed_at
		FROM visits v JOIN work_orders w ON w.id = v.order_id JOIN customers c ON c.id = w.customer_id LEFT JOIN sites s ON s.id = w.site_id
		WHERE v.engineer_id = ?0 AND lower(v.planned) > ?1 AND lower(v.planned) < ?2 AND v.state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused', 'finished')
		UNION ALL
		SELECT d.id, lower(d.during), upper(d.during), d.kind, '', '', '', '', '', '', NULL, NULL, a.version, coalesce(a.decided_at, a.requested_at)
		FROM diary d JOIN absences a ON a.id = d.absence_id WHERE d.engineer_id = ?0 AND d.during && tstzrange(?1, ?2, '[)')
		ORDER BY 2, 1 LIMIT 2000`, engineer, from, to).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read a calendar: %w", fault.FromSQL(err))
	}
	cal := ics.NewCalendarFor("Paigong")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(say.Text(lang, "ics.name", who.Name))
	cal.SetXWRTimezone(b.Zone().String())
	cal.SetRefreshInterval("PT15M")
	for _, r := range rows {
		e := cal.AddEvent(r.ID.String() + "@paigong")
		e.SetDtStampTime(r.ChangedAt)
		e.SetModifiedAt(r.ChangedAt)
		e.SetSequence(r.Version)
		e.SetStartAt(r.From)
		e.SetEndAt(r.To)
		switch r.Kind {
		case "training":
			e.SetSummary(say.Text(lang, "ics.training"))
		case "visit":
			e.SetSummary(say.Text(lang, "ics.visit", r.Number, r.Summary))
			e.SetLocation(r.Address)
			e.SetDescription(strings.TrimSpace(r.Customer + "\n" + r.AccessNotes))
			if r.Lat != nil && r.Lng != nil {
				e.SetGeo(*r.Lat, *r.Lng)
			}
			e.SetStatus(ics.ObjectStatusTentative)
			if r.State != Dispatched {
				e.SetStatus(ics.ObjectStatusConfirmed)
			}
		default:
			e.SetSummary(say.Text(lang, "ics.away"))
		}
	}
	var out bytes.Buffer
	if err := cal.SerializeTo(&out, ics.WithNewLineWindows); err != nil {
		return nil, fmt.Errorf("write a calendar: %w", err)
	}
	return out.Bytes(), nil
}

package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/notify"
)

// optedOut reports whether somebody at this address asked to be left alone: a contact who has it, or the
// customer whose own number it is.
func optedOut(ctx context.Context, db bun.IDB, org int32, to, kind string) (out bool, err error) {
	err = db.NewRaw(`SELECT EXISTS (SELECT 1 FROM message_opt_outs x JOIN customers c ON c.id = x.customer_id LEFT JOIN contacts k ON k.id = x.contact_id
		WHERE x.ended_at IS NULL AND x.channel IN ('all', ?0) AND x.org_id = ?2
		  AND CASE WHEN x.contact_id IS NOT NULL THEN k.email = ?1 OR ?1 = ANY (k.phones)
		    ELSE c.phone = ?1 OR x.how = 'link' AND EXISTS (SELECT 1 FROM contacts o WHERE o.customer_id = c.id AND (o.email = ?1 OR ?1 = ANY (o.phones))) END)`, kind, to, org).Scan(ctx, &out)
	if err != nil {
		return false, fmt.Errorf("opt-out: %w", err)
	}
	return out, nil
}

// place is where a message is read: the zone there, its quiet hours, and whether it may not wait.
type place struct {
	Zone   string `bun:"zone"`
	From   int    `bun:"from_minute"`
	To     int    `bun:"to_minute"`
	Urgent bool   `bun:"urgent"`
}

func (p place) location() *time.Location {
	if loc, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
		return loc
	}
	return calendar.Shanghai()
}

func tellingPlace(ctx context.Context, db bun.IDB, m notify.Message) (place, error) {
	var p place
	err := db.NewRaw(`SELECT coalesce(nullif(s.zone, ''), nullif(t.zone, ''), g.zone) AS zone, coalesce(q.from_minute, ?3) AS from_minute, coalesce(q.to_minute, ?4) AS to_minute, coalesce(w.priority = 1, false) AS urgent
		FROM organisations g LEFT JOIN work_orders w ON w.id = ?1 LEFT JOIN sites s ON s.id = w.site_id LEFT JOIN requests r ON r.id = ?2 LEFT JOIN sites t ON t.id = r.site_id
		LEFT JOIN LATERAL (SELECT * FROM quiet_hours h WHERE h.org_id = ANY (g.path) ORDER BY array_position(g.path, h.org_id) DESC LIMIT 1) q ON true WHERE g.id = ?0`,
		m.OrgID, m.OrderID, m.RequestID, quietFrom, quietTo).Scan(ctx, &p)
	if err != nil {
		return p, fmt.Errorf("quiet hours: %w", err)
	}
	return p, nil
}

func putQuietHours(ctx context.Context, tx bun.IDB, org int32, q QuietHours) error {
	if _, err := tx.NewRaw("INSERT INTO quiet_hours (org_id, from_minute, to_minute) VALUES (?, ?, ?) ON CONFLICT (org_id) DO UPDATE SET from_minute = excluded.from_minute, to_minute = excluded.to_minute", org, q.From, q.To).Exec(ctx); err != nil {
		return fmt.Errorf("quiet hours: %w", err)
	}
	return nil
}

// optOut begins or ends a wish. What holds already is left as it is.
func (w *work) optOut(ctx context.Context, org int32, customer uuid.UUID, in OptOutInput, how string) error {
	var err error
	if in.Off {
		_, err = w.tx.NewRaw(`INSERT INTO message_opt_outs (id, org_id, customer_id, contact_id, channel, how, at, by_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (customer_id, coalesce(contact_id, customer_id), channel) WHERE ended_at IS NULL DO NOTHING`, newID(), org, customer, in.ContactID, in.Channel, how, w.at, actorName(w.by.Name, w.by.Login)).Exec(ctx)
	} else {
		_, err = w.tx.NewRaw(`UPDATE message_opt_outs SET ended_at = ? WHERE customer_id = ? AND ended_at IS NULL AND (? = 'all' OR channel = ?) AND (? OR contact_id IS NOT DISTINCT FROM ?)`,
			w.at, customer, in.Channel, in.Channel, how == "link", in.ContactID).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("opt-out: %w", err)
	}
	return nil
}

func optOutsOf(ctx context.Context, db bun.IDB, customer uuid.UUID) ([]OptOut, error) {
	list := []OptOut{}
	err := db.NewRaw(`SELECT x.id, x.customer_id, x.contact_id, coalesce(k.name, c.name) AS contact, x.channel, x.how, x.at, x.by_name FROM message_opt_outs x JOIN customers c ON c.id = x.customer_id LEFT JOIN contacts k ON k.id = x.contact_id
		WHERE x.customer_id = ? AND x.ended_at IS NULL ORDER BY x.at, x.id LIMIT 200`, customer).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("opt-outs: %w", err)
	}
	return list, nil
}

// noticesOf lists messages to desks and managers in sight. Complaints that are confidential or about misconduct
// are told on the complaint alone, and are left out here for whoever may not read them.
func noticesOf(ctx context.Context, db bun.IDB, by auth.Caller, unread bool, limit int) ([]Notice, error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, err
	}
	audiences := []string{"desk"}
	if by.Is(auth.Admin, auth.Manager, auth.Lead, auth.PartnerManager) {
		audiences = append(audiences, "manager")
	}
	list := []Notice{}
	err := db.NewRaw(`SELECT m.id, m.audience, m.key, m.args, coalesce(w.number, '') AS order_number, coalesce(r.number, '') AS request_number, m.subject_id, x.id IS NOT NULL AS complaint, g.name AS organisation, m.created_at,
			(SELECT d.at FROM message_reads d WHERE d.message_id = m.id AND d.user_id = ?0) AS read_at,
			coalesce((SELECT array_agg(u.name ORDER BY d.at) FROM message_reads d JOIN users u ON u.id = d.user_id WHERE d.message_id = m.id), '{}') AS readers
		FROM messages m JOIN organisations g ON g.id = m.org_id LEFT JOIN work_orders w ON w.id = m.order_id LEFT JOIN requests r ON r.id = m.request_id LEFT JOIN complaints x ON x.id = m.subject_id
		WHERE m.audience IN (?1) AND `+s.SQL("m.org_id", "w.serving_org_id")+` AND (NOT ?2 OR NOT EXISTS (SELECT 1 FROM message_reads d WHERE d.message_id = m.id AND d.user_id = ?0))
		ORDER BY m.id DESC LIMIT ?3`, by.UserID, bun.List(audiences), unread, limit).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return list, nil
}

func markRead(ctx context.Context, tx bun.IDB, message, user uuid.UUID, at time.Time) error {
	if _, err := tx.NewRaw("INSERT INTO message_reads (message_id, user_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", message, user, at).Exec(ctx); err != nil {
		return fmt.Errorf("notice read: %w", err)
	}
	return nil
}

// leftAlone reports whether a customer asked under his link to hear no courtesies.
func leftAlone(ctx context.Context, db bun.IDB, customer uuid.UUID) (alone bool, err error) {
	if err := db.NewRaw("SELECT EXISTS (SELECT 1 FROM message_opt_outs WHERE customer_id = ? AND how = 'link' AND ended_at IS NULL)", customer).Scan(ctx, &alone); err != nil {
		return false, fmt.Errorf("opt-outs: %w", err)
	}
	return alone, nil
}

package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// visitsToAnnounce are the visits that may be due for a word: the exact moment depends on the site and is looked
// at again under the order's lock. What was told already is left out.
func visitsToAnnounce(ctx context.Context, db bun.IDB, what string, now time.Time) ([]visitToAnnounce, error) {
	where, told := "", ""
	switch what {
	case "reminder":
		where, told = "v.state IN ('dispatched', 'accepted') AND lower(v.planned) BETWEEN ?0 AND ?0::timestamptz + interval '31 hours'", "message.customer.reminder"
	case "late":
		where, told = "v.state IN ('dispatched', 'accepted', 'en_route') AND upper(v.announced_window) <= ?0 AND upper(v.announced_window) > ?0::timestamptz - interval '2 days'", "message.desk.late"
	case "unaccepted":
		where, told = "v.state = 'dispatched' AND v.accept_by <= ?0 AND v.accept_by > ?0::timestamptz - interval '7 days'", "message.desk.not_accepted"
	}
	var rows []visitToAnnounce
	err := db.NewRaw("SELECT v.id, v.order_id FROM visits v WHERE v.lead AND v.mode = 'on_site' AND "+where+` AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.order_id = v.order_id AND m.key = ?1 AND m.dedupe LIKE '%:' || v.id::text || ':%'
		AND m.created_at > coalesce(v.announced_at, v.created_at)) ORDER BY lower(v.planned), v.id LIMIT 500`, now, told).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("visits to announce: %w", err)
	}
	return rows, nil
}

// devicesToAnnounce are devices that are ready for a week, a week more each time; loaners due tomorrow or
// overdue; and devices that have been out too long or past the day they were promised for. Days are those of
// the organisation.
func devicesToAnnounce(ctx context.Context, db bun.IDB, now time.Time) ([]deviceToAnnounce, error) {
	var rows []deviceToAnnounce
	err := db.NewRaw(`WITH c AS (SELECT c.*, (?0::timestamptz AT TIME ZONE o.zone)::date AS today, (SELECT max(at) FROM timeline t WHERE t.order_id = c.order_id AND t.action LIKE 'custody\_%' AND t.to_state = 'ready_for_return') AS ready_at
			FROM custody c JOIN organisations o ON o.id = c.org_id WHERE c.closed_at IS NULL OR c.loaner IS NOT NULL AND c.loaner_back_at IS NULL),
		d AS (SELECT 'uncollected' AS what, order_id, device, ready_at::date::text AS day, 'uncollected:' || id || ':' || floor(extract(epoch FROM ?0::timestamptz - ready_at) / 86400 / ?1)::int AS once
			FROM c WHERE closed_at IS NULL AND state = 'ready_for_return' AND ready_at <= ?0::timestamptz - ?1 * interval '1 day'
		UNION ALL SELECT 'loaner', order_id, coalesce(loaner ->> 'device', loaner ->> 'serial'), loaner ->> 'due_on', 'loaner:' || id || ':' || (loaner ->> 'due_on')
			FROM c WHERE loaner IS NOT NULL AND loaner_back_at IS NULL AND (loaner ->> 'due_on')::date <= today + 1
		UNION ALL SELECT 'out', order_id, device, expected_return_on::text, 'device-out:' || id || ':' || expected_return_on
			FROM c WHERE closed_at IS NULL AND state <> 'ready_for_return' AND (opened_at <= ?0::timestamptz - ?2 * interval '1 day' OR expected_return_on < today))
		SELECT d.* FROM d WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.dedupe = d.once) ORDER BY order_id, what LIMIT 500`, now, uncollectedDays, outLongDays).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("devices to announce: %w", err)
	}
	return rows, nil
}

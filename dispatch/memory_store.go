package dispatch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch/planner"
	"paigong/internal/fault"
)

// look tells who of everybody matters and gives the days of those: choose is called with everybody in the
// order of ids and names those whose days are wanted between from and to.
func (m *memory) look(ctx context.Context, db bun.IDB, from, to time.Time, choose func([]*member) []uuid.UUID) (map[uuid.UUID]*engineerDays, error) {
	select {
	case m.gate <- struct{}{}:
		defer func() { <-m.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := m.catchUp(ctx, db); err != nil {
		return nil, err
	}
	if from.Before(m.from) || to.After(m.to) {
		clear(m.days)
		m.from = from.Truncate(24 * time.Hour)
		if to = to.Add(rememberFor); to.After(m.to) {
			m.to = to
		}
	}
	wanted := choose(m.list)
	var missing []uuid.UUID
	for _, id := range wanted {
		if m.days[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		read, err := readDiaries(ctx, db, missing, m.from, m.to)
		if err != nil {
			return nil, err
		}
		for i, id := range missing {
			m.days[id] = read[i]
		}
	}
	out := make(map[uuid.UUID]*engineerDays, len(wanted))
	for _, id := range wanted {
		out[id] = m.days[id]
	}
	return out, nil
}

// catchUp forgets what was committed since the last look and reads people anew. Days are read when they
// are asked for.
func (m *memory) catchUp(ctx context.Context, db bun.IDB) error {
	seen, epoch, changes, err := changesSince(ctx, db, m.seen)
	if err != nil {
		return err
	}
	whole := m.seen == "" || epoch != m.epoch
	if whole {
		clear(m.everybody)
		clear(m.days)
		m.list, m.seen = nil, ""
	}
	var stale []uuid.UUID
	if !whole {
		if stale = m.forget(changes); len(stale) == 0 {
			m.seen = seen
			return nil
		}
	}
	people, err := readMembers(ctx, db, whole, stale)
	if err != nil {
		// What was forgotten stays forgotten, and seen stays: the next look asks the same again.
		return err
	}
	for _, p := range people {
		m.everybody[p.ID] = p
	}
	m.list = make([]*member, 0, len(m.everybody))
	for _, p := range m.everybody {
		m.list = append(m.list, p)
	}
	slices.SortFunc(m.list, func(a, b *member) int { return uuidOrder(a.ID, b.ID) })
	m.seen, m.epoch = seen, epoch
	return nil
}

// changesSince is what was committed and became visible after a snapshot was taken, as far as candidates
// depend on it, with the snapshot that this was asked in. Without a snapshot there are no changes to tell.
func changesSince(ctx context.Context, db bun.IDB, snapshot string) (seen string, epoch int, changes []change, err error) {
	var since any
	if snapshot != "" {
		since = snapshot
	}
	var rows []struct {
		What, ID string
		More     string
	}
	// One statement, so that the snapshot and what is visible in it are the same.
	err = db.NewRaw(`WITH here AS MATERIALIZED (SELECT max(epoch) AS epoch FROM installation)
		SELECT 'seen' AS what, pg_current_snapshot()::text AS id, epoch::text AS more FROM here
		UNION SELECT k.what, k.id, coalesce(k.more, '') FROM here JOIN audit_log a ON a.epoch = here.epoch AND a.xact >= pg_snapshot_xmin(?0::pg_snapshot),
			LATERAL (VALUES
				(CASE WHEN a.tbl = 'engineers' THEN 'member' END, a.row_id, ''),
				(CASE WHEN a.tbl IN ('engineer_regions', 'engineer_skills') THEN 'member' END, a.change ->> 'engineer_id', ''),
				(CASE WHEN a.tbl IN ('shifts', 'absences', 'visits') THEN 'days' END, a.change ->> 'engineer_id', ''),
				(CASE a.tbl WHEN 'visits' THEN 'visit' WHEN 'sites' THEN 'site' WHEN 'places' THEN 'place' END, a.row_id, ''),
				(CASE WHEN a.tbl = 'pickups' THEN 'visit' END, a.change ->> 'visit_id', ''),
				(CASE WHEN a.tbl = 'work_orders' THEN 'order' END, a.row_id, a.change ->> 'site_id')) AS k (what, id, more)
		WHERE NOT pg_visible_in_snapshot(a.xact, ?0::pg_snapshot) AND a.act <> 'n' AND k.what IS NOT NULL`, since).Scan(ctx, &rows)
	if err != nil {
		return "", 0, nil, fmt.Errorf("read what changed: %w", fault.FromSQL(err))
	}
	for _, r := range rows {
		if r.What == "seen" {
			if epoch, err = strconv.Atoi(r.More); err != nil {
				return "", 0, nil, fmt.Errorf("read what changed: epoch %q: %w", r.More, err)
			}
			seen = r.ID
			continue
		}
		c := change{what: r.What}
		if c.id, err = uuid.FromString(r.ID); err != nil {
			return "", 0, nil, fmt.Errorf("read what changed: %s %q: %w", r.What, r.ID, err)
		}
		if r.More != "" {
			if c.site, err = uuid.FromString(r.More); err != nil {
				return "", 0, nil, fmt.Errorf("read what changed: site %q: %w", r.More, err)
			}
		}
		changes = append(changes, c)
	}
	if seen == "" {
		return "", 0, nil, errors.New("read what changed: no snapshot")
	}
	return seen, epoch, changes, nil
}

// readMembers reads all engineers, or some.
func readMembers(ctx context.Context, db bun.IDB, all bool, ids []uuid.UUID) ([]*member, error) {
	var rows []struct {
		person
		Own    []string `bun:",array"`
		Helps  []string `bun:",array"`
		Skills []string `bun:",array"`
		Grades []int    `bun:",array"`
	}
	err := db.NewRaw(`SELECT e.id, e.org_id, e.name, coalesce(e.staff_number, '') AS staff_number, e.active, e.home_lat, e.home_lng, e.max_visits, r.own, r.helps, s.skills, s.grades
		FROM engineers e
		LEFT JOIN (SELECT engineer_id, array_agg(region_code) FILTER (WHERE NOT helps_out) AS own, array_agg(region_code) FILTER (WHERE helps_out) AS helps FROM engineer_regions GROUP BY 1) r ON r.engineer_id = e.id
		LEFT JOIN (SELECT engineer_id, array_agg(skill_code ORDER BY skill_code) AS skills, array_agg(level ORDER BY skill_code) AS grades FROM engineer_skills GROUP BY 1) s ON s.engineer_id = e.id
		WHERE ? OR e.id = ANY (?::uuid[])`, all, uuids(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read engineers: %w", fault.FromSQL(err))
	}
	out := make([]*member, len(rows))
	for i, r := range rows {
		m := &member{person: r.person, own: r.Own, helps: r.Helps}
		m.key = m.ID.String()
		for k, code := range r.Skills {
			m.skills = append(m.skills, ability{code, r.Grades[k]})
		}
		out[i] = m
	}
	return out, nil
}

// readDiaries reads shifts, leave and visits of engineers around a stretch of time, in the order of ids.
// Thousands of rows are read for one question, so they come as lines of text: a letter, who, and then words.
func readDiaries(ctx context.Context, db bun.IDB, ids []uuid.UUID, from, to time.Time) (_ []*engineerDays, err error) {
	out := make([]*engineerDays, len(ids))
	for i := range out {
		out[i] = &engineerDays{}
	}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := db.QueryContext(ctx, `WITH who AS (SELECT id, n FROM unnest(?2::uuid[]) WITH ORDINALITY AS k (id, n))
		SELECT concat_ws(' ', 's', n, extract(epoch FROM lower(s.during))::bigint, extract(epoch FROM upper(s.during))::bigint) FROM who JOIN shifts s ON s.engineer_id = who.id
		WHERE lower(s.during) > ?0::timestamptz - interval '24 hours' AND lower(s.during) < ?1 AND upper(s.during) > ?0
		UNION ALL
		SELECT concat_ws(' ', 'a', n, extract(epoch FROM lower(d.during))::bigint, extract(epoch FROM upper(d.during))::bigint, d.kind) FROM who JOIN diary d ON d.engineer_id = who.id
		WHERE d.kind <> 'visit' AND d.during && tstzrange(?0, ?1, '[)')
		UNION ALL
		SELECT concat_ws(' ', CASE v.mode WHEN 'phone' THEN 'c' ELSE 'v' END, n, extract(epoch FROM lower(v.planned))::bigint, extract(epoch FROM upper(v.planned))::bigint,
			v.id, v.order_id, coalesce(w.site_id, '00000000-0000-0000-0000-000000000000'), v.state, extract(epoch FROM coalesce(v.finished_at, lower(v.planned)))::bigint,
			extract(epoch FROM lower(v.blocked))::bigint, coalesce(s.lat, 999), coalesce(s.lng, 999),
			CASE WHEN p.place_id IS NOT NULL THEN concat_ws(' ', p.place_id, extract(epoch FROM p.needed_by)::bigint, coalesce(pl.lat, 999), coalesce(pl.lng, 999)) END)
		FROM who JOIN visits v ON v.engineer_id = who.id JOIN work_orders w ON w.id = v.order_id LEFT JOIN sites s ON s.id = w.site_id
		LEFT JOIN pickups p ON p.visit_id = v.id AND p.state IN ('to_pick', 'ready') LEFT JOIN places pl ON pl.id = p.place_id
		WHERE lower(v.planned) > ?0::timestamptz - interval '24 hours' AND lower(v.planned) < ?1 AND upper(v.planned) > ?0::timestamptz - interval '12 hours'
		  AND v.state IN ('dispatched', 'accepted', 'en_route', 'on_site', 'paused', 'finished')`, from, to, uuids(ids))
	if err != nil {
		return nil, fmt.Errorf("read days: %w", fault.FromSQL(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var line sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("read days: %w", fault.FromSQL(err))
		}
		if err := readLine(string(line), out); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read days: %w", fault.FromSQL(err))
	}
	return out, nil
}

// readLine takes one line of readDiaries.
func readLine(line string, days []*engineerDays) error {
	word := strings.Split(line, " ")
	var wrong error
	whole := func(i int) int64 {
		v, err := strconv.ParseInt(word[i], 10, 64)
		wrong = errors.Join(wrong, err)
		return v
	}
	key := func(i int) uuid.UUID {
		v, err := uuid.FromString(word[i])
		wrong = errors.Join(wrong, err)
		return v
	}
	degrees := func(i int) planner.Place {
		lat, err := strconv.ParseFloat(word[i], 64)
		lng, err2 := strconv.ParseFloat(word[i+1], 64)
		wrong = errors.Join(wrong, err, err2)
		if lat > 90 || lng > 180 {
			return planner.Place{} // nobody entered a position
		}
		return planner.At(lat, lng)
	}
	broken := func() error {
		return errors.Join(fmt.Errorf("read days: %q is not a line of a diary", line), wrong)
	}
	if len(word) < 4 {
		return broken()
	}
	who, from, to := whole(1), whole(2), whole(3)
	if wrong != nil || who < 1 || int(who) > len(days) {
		return broken()
	}
	d := days[who-1]
	switch {
	case word[0] == "s":
		d.shifts = append(d.shifts, planner.Shift{From: from, To: to})
		return nil
	case word[0] == "a" && len(word) == 5:
		d.away = append(d.away, absent{from, to, word[4]})
		return nil
	case word[0] != "v" && word[0] != "c" || len(word) != 12 && len(word) != 16:
		return broken()
	}
	v := bookedVisit{id: key(4), order: key(5), site: key(6), call: word[0] == "c", ended: word[7] == "finished", under: word[7] == "on_site" || word[7] == "paused",
		from: from, to: to, finished: whole(8), leaves: whole(9), at: degrees(10)}
	if len(word) == 16 {
		v.fetches = []fetch{{key(12), whole(13), degrees(14)}}
	}
	if wrong != nil {
		return broken()
	}
	for i := range d.visits {
		if d.visits[i].id == v.id { // a visit with two pick-ups comes twice
			d.visits[i].fetches = append(d.visits[i].fetches, v.fetches...)
			return nil
		}
	}
	d.visits = append(d.visits, v)
	return nil
}

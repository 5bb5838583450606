package workorders

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/geo"
)

// ScheduleEngineer is a row of the schedule.
type ScheduleEngineer struct {
	ID          uuid.UUID
	Name        string
	StaffNumber string
	RegionCode  string // the first of his own regions
	RegionName  string
	HomeLat     *float64
	HomeLng     *float64
}

// ScheduleVisit is a bar of the schedule: a visit with what a dispatcher wants to read on it.
type ScheduleVisit struct {
	ID         uuid.UUID
	Number     string // of the order
	Lead       bool
	State      string
	EngineerID uuid.UUID
	Version    int
	StartsAt   time.Time
	EndsAt     time.Time
	LeavesAt   time.Time // his time is blocked from here
	Late       bool
	Confirmed  bool // by the customer
	Forced     bool // a rule was set aside
	Summary    string
	Customer   string
	Priority   int
	Lat        *float64
	Lng        *float64
}

// ScheduleSpan is a shift, or time that is not free for another reason (Kind leave, training, gap, hold).
type ScheduleSpan struct {
	EngineerID uuid.UUID
	From, To   time.Time
	Kind       string
}

// Schedule is who works, who is away and who goes where in a stretch of time.
type Schedule struct {
	Engineers []ScheduleEngineer // by region, then name
	Shifts    []ScheduleSpan
	Away      []ScheduleSpan
	Visits    []ScheduleVisit // by start
}

// longestSchedule is how much time a schedule shows at most.
const longestSchedule = 8 * 24 * time.Hour

// Schedule reads the schedule of everybody in sight, or of those named, between two instants at most 8 days
// apart. Visits that were cancelled or declined are not in it. Engineers who left are in it while they
// still have visits.
func (d *Desk) Schedule(ctx context.Context, by auth.Caller, from, to time.Time, only []uuid.UUID) (Schedule, error) {
	var p Schedule
	s := by.Scope()
	if err := s.Check(); err != nil {
		return p, err
	}
	if !from.Before(to) || to.Sub(from) > longestSchedule {
		return p, fault.New(fault.Invalid, "schedule_span", "a schedule shows at most 8 days").Field("query.days", "at most 7")
	}
	who, args := s.SQL("e.org_id"), []any{}
	if me := s.Engineer(); me != nil {
		who, args = who+" AND e.id = ?", append(args, *me)
	}
	if only != nil {
		who, args = who+" AND e.id = ANY (?::uuid[])", append(args, idArray(only))
	}
	db := d.reader(ctx)
	read := func(what, query string, rows any, args ...any) error {
		if err := db.NewRaw(query, args...).Scan(ctx, rows); err != nil {
			return fmt.Errorf("read %s of the schedule: %w", what, fault.FromSQL(err))
		}
		return nil
	}
	span := "tstzrange(?::timestamptz, ?::timestamptz)"
	if err := read("engineers", `SELECT e.id, e.name, coalesce(e.staff_number, '') AS staff_number, coalesce(r.code, '') AS region_code, coalesce(r.name, '') AS region_name, e.home_lat, e.home_lng
		FROM engineers e LEFT JOIN (SELECT DISTINCT ON (er.engineer_id) er.engineer_id, g.code, g.name FROM engineer_regions er JOIN regions g ON g.code = er.region_code
			WHERE NOT er.helps_out ORDER BY er.engineer_id, g.code) r ON r.engineer_id = e.id
		WHERE `+who+` AND (e.active OR EXISTS (SELECT FROM visits v WHERE v.engineer_id = e.id AND v.planned && `+span+` AND v.state NOT IN ('cancelled', 'declined')))
		ORDER BY r.code NULLS LAST, e.name, e.id`, &p.Engineers, append(args, from, to)...); err != nil {
		return p, err
	}
	if len(p.Engineers) == 0 {
		return p, nil
	}
	ids := make([]uuid.UUID, len(p.Engineers))
	for i, e := range p.Engineers {
		ids[i] = e.ID
	}
	all := idArray(ids)
	if err := read("shifts", `SELECT engineer_id, lower(during) AS "from", upper(during) AS "to", 'shift' AS kind FROM shifts
		WHERE engineer_id = ANY (?::uuid[]) AND lower(during) > ?::timestamptz - interval '24 hours' AND lower(during) < ? AND upper(during) > ? ORDER BY 2`, &p.Shifts, all, from, to, from); err != nil {
		return p, err
	}
	if err := read("absences", `SELECT engineer_id, lower(during) AS "from", upper(during) AS "to", kind FROM diary
		WHERE kind <> 'visit' AND engineer_id = ANY (?::uuid[]) AND during && `+span+` ORDER BY 2`, &p.Away, all, from, to); err != nil {
		return p, err
	}
	err := read("visits", `SELECT v.id, w.number, v.lead, v.state, v.engineer_id, v.version, lower(v.planned) AS starts_at, upper(v.planned) AS ends_at, lower(v.blocked) AS leaves_at, v.late,
			v.confirmed_at IS NOT NULL AS confirmed, v.override_reason IS NOT NULL AS forced, w.summary, c.name AS customer, w.priority, t.lat, t.lng
		FROM visits v JOIN work_orders w ON w.id = v.order_id JOIN customers c ON c.id = w.customer_id LEFT JOIN sites t ON t.id = w.site_id
		WHERE v.engineer_id = ANY (?::uuid[]) AND v.state NOT IN ('cancelled', 'declined', 'proposed')
		AND lower(v.planned) > ?::timestamptz - interval '24 hours' AND lower(v.planned) < ? AND upper(v.planned) > ? ORDER BY lower(v.planned), v.id`, &p.Visits, all, from, to, from)
	return p, err
}

func idArray(ids []uuid.UUID) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return "{" + strings.Join(list, ",") + "}"
}

// Waiting is an order that nobody is booked for.
type Waiting struct {
	ID            uuid.UUID
	Number        string
	Kind          string
	Mode          string
	Priority      int
	Summary       string
	Customer      string
	RegionName    string
	DueAt         *time.Time // the next of its clocks that was not met
	WantedFrom    *time.Time
	WantedTo      *time.Time
	Displaced     bool // its engineer dropped out
	PartArrived   bool
	Minutes       int
	Lat, Lng      *float64
	Parts         []WaitingPart `bun:"-"`
	DisplacedAt   *time.Time
	AnnouncedFrom *time.Time
	AnnouncedTo   *time.Time
}

// At is where the work is, or nil.
func (w Waiting) At() *geo.Point {
	if w.Lat == nil || w.Lng == nil {
		return nil
	}
	return &geo.Point{Lat: *w.Lat, Lng: *w.Lng}
}

// WaitingPart is a part such an order needs, and where enough of it is free.
type WaitingPart struct {
	OrderID  uuid.UUID
	SKU      string
	Name     string
	Quantity int64
	Vans     int    // engineers who have enough in their van
	VanOf    string // one of them
	Stores   int64  // free at stores and warehouses
}

// WaitingFilter narrows the queue.
type WaitingFilter struct {
	Region    string // a region code: that region and everything below it
	Displaced bool
	Number    string // this order alone
	Limit     int
}

// Waiting lists the orders that nobody is booked for, the most urgent first: by the next clock that runs
// out, then by priority. total counts all of them. Orders taken over from another system stand behind
// those of today, since their clocks ran out long ago.
func (d *Desk) Waiting(ctx context.Context, by auth.Caller, f WaitingFilter) (list []Waiting, total int, err error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, 0, err
	}
	where, args := "w.state = 'ready' AND "+s.SQL("w.serving_org_id"), []any{}
	if me := s.Engineer(); me != nil {
		where, args = where+" AND w.engineer_id = ?", append(args, *me)
	}
	if f.Region != "" {
		where, args = where+" AND EXISTS (SELECT FROM regions g WHERE g.code = w.region_code AND ? = ANY (g.path))", append(args, f.Region)
	}
	if f.Displaced {
		where += " AND w.displaced_at IS NOT NULL"
	}
	if f.Number != "" {
		where, args = where+" AND w.number = ?", append(args, f.Number)
	}
	db := d.reader(ctx)
	if err := db.NewRaw("SELECT count(*) FROM work_orders w WHERE "+where, args...).Scan(ctx, &total); err != nil {
		return nil, 0, fmt.Errorf("count what waits: %w", fault.FromSQL(err))
	}
	err = db.NewRaw(`SELECT w.id, w.number, w.kind, w.mode, w.priority, w.summary, c.name AS customer, coalesce(g.name, '') AS region_name,
			CASE WHEN w.contacted_at IS NULL AND w.contact_due_at IS NOT NULL THEN w.contact_due_at WHEN w.arrived_at IS NULL AND w.arrive_due_at IS NOT NULL THEN w.arrive_due_at ELSE w.fix_due_at END AS due_at,
			lower(w.wanted_window) AS wanted_from, upper(w.wanted_window) AS wanted_to, w.displaced_at IS NOT NULL AS displaced, w.displaced_at, lower(w.announced_window) AS announced_from, upper(w.announced_window) AS announced_to,
			w.part_arrived_at IS NOT NULL AS part_arrived, w.duration_minutes AS minutes, t.lat, t.lng
		FROM work_orders w JOIN customers c ON c.id = w.customer_id LEFT JOIN sites t ON t.id = w.site_id LEFT JOIN regions g ON g.code = w.region_code
		WHERE `+where+` ORDER BY w.origin = 'import', 9 NULLS LAST, w.priority, w.id LIMIT ?`, append(args, max(1, f.Limit))...).Scan(ctx, &list)
	if err != nil {
		return nil, 0, fmt.Errorf("list what waits: %w", fault.FromSQL(err))
	}
	return list, total, d.partsOfWaiting(ctx, list)
}

// partsOfWaiting finds who has what the orders need. What is promised to the order itself counts as free.
func (d *Desk) partsOfWaiting(ctx context.Context, list []Waiting) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(list))
	at := map[uuid.UUID]int{}
	for i, w := range list {
		ids[i], at[w.ID] = w.ID, i
	}
	var parts []WaitingPart
	err := d.reader(ctx).NewRaw(`WITH need AS (SELECT op.order_id, op.part_id, min(op.no) AS no, sum(op.quantity) AS quantity FROM order_parts op WHERE op.order_id = ANY (?::uuid[]) AND op.part_id IS NOT NULL AND NOT op.awaiting GROUP BY 1, 2),
		free AS (SELECT s.part_id, s.place_id, p.kind, p.engineer_id, s.on_hand - s.reserved AS n FROM stock s JOIN places p ON p.id = s.place_id
			WHERE s.condition = 'good' AND s.part_id IN (SELECT part_id FROM need) AND p.retired_at IS NULL AND p.reachable),
		held AS (SELECT order_id, part_id, place_id, sum(quantity) AS n FROM reservations WHERE state = 'held' AND order_id IN (SELECT order_id FROM need) GROUP BY 1, 2, 3)
		SELECT n.order_id, a.sku, a.name, n.quantity,
			count(*) FILTER (WHERE f.kind = 'van' AND f.engineer_id IS NOT NULL AND f.n + coalesce(h.n, 0) >= n.quantity) AS vans,
			coalesce(min(e.name) FILTER (WHERE f.kind = 'van' AND f.n + coalesce(h.n, 0) >= n.quantity), '') AS van_of,
			coalesce(sum(f.n + coalesce(h.n, 0)) FILTER (WHERE f.kind <> 'van'), 0)::bigint AS stores
		FROM need n JOIN parts a ON a.id = n.part_id LEFT JOIN free f ON f.part_id = n.part_id LEFT JOIN held h ON h.order_id = n.order_id AND h.part_id = n.part_id AND h.place_id = f.place_id
		LEFT JOIN engineers e ON e.id = f.engineer_id GROUP BY n.order_id, a.sku, a.name, n.quantity, n.no ORDER BY n.no`, idArray(ids)).Scan(ctx, &parts)
	if err != nil {
		return fmt.Errorf("find parts of what waits: %w", fault.FromSQL(err))
	}
	for _, p := range parts {
		i := at[p.OrderID]
		list[i].Parts = append(list[i].Parts, p)
	}
	return nil
}

// RowsTouched are the engineers whose rows of a schedule look different after these events: those of the
// visits and orders that changed, also those who had them before.
func (d *Desk) RowsTouched(ctx context.Context, events []Event) ([]uuid.UUID, error) {
	var refs []uuid.UUID
	for _, e := range events {
		switch e.Topic {
		case "visit", "work_order", "engineer":
			refs = append(refs, e.Ref)
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	all := idArray(refs)
	var ids []uuid.UUID
	err := d.reader(ctx).NewRaw(`WITH v AS (SELECT id, engineer_id FROM visits WHERE order_id = ANY (?0::uuid[]) OR id = ANY (?0::uuid[]))
		SELECT engineer_id FROM v UNION SELECT r.from_engineer FROM visit_reschedules r JOIN v ON v.id = r.visit_id UNION SELECT id FROM engineers WHERE id = ANY (?0::uuid[])`, all).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("find rows of events: %w", fault.FromSQL(err))
	}
	return ids, nil
}

// LastTouch is who changed an order last, when, and by which action.
type LastTouch struct {
	Actor  string
	Action string
	At     time.Time
}

// LastTouch says who was faster, for whoever is refused because an order looks different by now.
func (d *Desk) LastTouch(ctx context.Context, by auth.Caller, number string) (LastTouch, error) {
	o, err := findOrder(ctx, d.reader(ctx), by.Scope(), number)
	if err != nil {
		return LastTouch{}, err
	}
	entries, err := d.timelineOf(ctx, "order_id", o.ID)
	if err != nil || len(entries) == 0 {
		return LastTouch{}, err
	}
	last := entries[len(entries)-1]
	return LastTouch{Actor: last.Actor, Action: last.Action, At: last.At}, nil
}

// Gap is something missing in the data that keeps work from being planned or charged. Kind is
// engineer_shift, engineer_skill, engineer_home or part_price.
type Gap struct{ Kind, Name, Code string }

// Gaps lists what is missing: engineers without a shift in the week from a moment on, without a skill or a
// home, and parts without a price; at most 50 of each.
func (d *Desk) Gaps(ctx context.Context, by auth.Caller, from time.Time) ([]Gap, error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return nil, err
	}
	who := "e.active AND " + s.SQL("e.org_id")
	var list []Gap
	err := d.reader(ctx).NewRaw(`(SELECT 'engineer_shift' AS kind, e.name, coalesce(e.staff_number, '') AS code FROM engineers e WHERE `+who+`
			AND NOT EXISTS (SELECT FROM shifts h WHERE h.engineer_id = e.id AND lower(h.during) >= ?0 AND lower(h.during) < ?0::timestamptz + interval '7 days') ORDER BY e.name LIMIT 50)
		UNION ALL (SELECT 'engineer_skill', e.name, coalesce(e.staff_number, '') FROM engineers e WHERE `+who+` AND NOT EXISTS (SELECT FROM engineer_skills k WHERE k.engineer_id = e.id) ORDER BY e.name LIMIT 50)
		UNION ALL (SELECT 'engineer_home', e.name, coalesce(e.staff_number, '') FROM engineers e WHERE `+who+` AND e.home_lat IS NULL ORDER BY e.name LIMIT 50)
		UNION ALL (SELECT 'part_price', p.name, p.sku FROM parts p WHERE p.price_minor = 0 AND p.retired_at IS NULL ORDER BY p.sku LIMIT 50)`, from).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("look for gaps: %w", fault.FromSQL(err))
	}
	return list, nil
}

// SitePoint is where a customer's site lies, with the name of the region it is counted to.
type SitePoint struct {
	At     geo.Point
	Region string
}

// mostSitePoints is how many sites a scheme shows at once, the newest first.
const mostSitePoints = 300

// SitePoints are sites in sight that somebody located.
func (d *Desk) SitePoints(ctx context.Context, by auth.Caller) ([]SitePoint, error) {
	var rows []struct {
		Lat, Lng float64
		Name     string
	}
	scope := by.Scope()
	if err := scope.Check(); err != nil || scope.Engineer() != nil {
		return nil, err
	}
	err := d.reader(ctx).NewRaw(`SELECT s.lat, s.lng, r.name FROM sites s JOIN customers c ON c.id = s.customer_id JOIN regions r ON r.code = s.region_code
		WHERE s.lat IS NOT NULL AND `+scope.SQL("c.org_id")+` ORDER BY s.id DESC LIMIT ?`, mostSitePoints).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read where sites lie: %w", fault.FromSQL(err))
	}
	list := make([]SitePoint, len(rows))
	for i, r := range rows {
		list[i] = SitePoint{geo.Point{Lat: r.Lat, Lng: r.Lng}, r.Name}
	}
	return list, nil
}

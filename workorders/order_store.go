package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const orderColumns = `w.id, w.org_id, w.serving_org_id, o.code AS organisation_code, so.code AS serving_code, w.number, w.origin, w.request_id, coalesce(r.number, '') AS request_number,
	w.kind, w.mode, w.state, w.priority, w.summary, w.customer_id, c.name AS customer_name, w.site_id, coalesce(s.address, '') AS address, s.lat, s.lng, w.asset_id,
	coalesce(nullif(concat_ws(' ', nullif(a.brand, ''), nullif(a.model, ''), nullif(a.category, '')), ''), '') AS asset_name, w.site_contact_id, w.payer_customer_id,
	w.region_code, coalesce(g.name, '') AS region_name, w.skill_codes, w.duration_minutes, lower(w.wanted_window) AS wanted_from, upper(w.wanted_window) AS wanted_to,
	lower(w.announced_window) AS announced_from, upper(w.announced_window) AS announced_to, w.chargeable, w.approved_minor, w.call_out_minor, w.deduct_call_out, w.coverage,
	w.engineer_id, coalesce(e.name, '') AS engineer_name, w.hold_reason, w.hold_text, w.hold_until, w.finished_at, w.end_reason, w.unconfirmed, w.closed_at, w.cancelled_at, w.cancel_reason,
	w.repeat_of_order, w.repeat_of_sheet, w.wanted_engineer, w.unwanted_engineer, w.displaced_at, w.part_arrived_at, w.reopened, w.chase_count, w.no_access_count,
	w.contact_due_at, w.contacted_at, w.arrive_due_at, w.arrived_at, w.fix_due_at, w.original_holder, w.paper_returned_at, w.paused_at, w.paused_seconds, w.owner_id, w.first_owner_id, w.created_at, w.version`

const orderTables = ` FROM work_orders w JOIN organisations o ON o.id = w.org_id JOIN organisations so ON so.id = w.serving_org_id JOIN customers c ON c.id = w.customer_id
	LEFT JOIN requests r ON r.id = w.request_id LEFT JOIN sites s ON s.id = w.site_id LEFT JOIN assets a ON a.id = w.asset_id LEFT JOIN regions g ON g.code = w.region_code
	LEFT JOIN engineers e ON e.id = w.engineer_id`

// orderBare is an order as a change needs it: its own columns and where the site is. Planning ten joins
// takes longer than reading them, and a change reads an order again and again.
var orderBare = strings.NewReplacer("o.code AS", "'' AS", "so.code AS", "'' AS", "coalesce(r.number, '')", "''", "c.name AS", "'' AS",
	"coalesce(nullif(concat_ws(' ', nullif(a.brand, ''), nullif(a.model, ''), nullif(a.category, '')), ''), '')", "''", "coalesce(g.name, '')", "''", "coalesce(e.name, '')", "''").Replace(orderColumns)

const orderBareTables = " FROM work_orders w LEFT JOIN sites s ON s.id = w.site_id"

// seeOrders limits orders to what the scope may see: owned, served, watched or offered, or visited by
// himself; a visiting engineer sees the last alone.
func seeOrders(q *query, s auth.Scope) error {
	if err := s.Check(); err != nil {
		return err
	}
	seen := s.Reach("EXISTS (SELECT 1 FROM visits v WHERE v.order_id = w.id AND v.engineer_id = :me AND v.state <> 'proposed')", "w.org_id", "w.serving_org_id")
	if !s.All() && s.Engineer() == nil {
		seen = "(" + seen + " OR EXISTS (SELECT 1 FROM watchers x WHERE x.order_id = w.id AND " + s.SQL("x.org_id") +
			") OR EXISTS (SELECT 1 FROM hand_overs h WHERE h.order_id = w.id AND h.state = 'offered' AND " + s.SQL("h.to_org_id") + "))"
	}
	q.and(seen)
	return nil
}

func findOrder(ctx context.Context, db bun.IDB, s auth.Scope, ref string) (Order, error) {
	return readOrder(ctx, db, s, ref, orderColumns+orderTables, "")
}

// lockOrder takes the order's row: the first lock of every change that touches an order. Names of what
// hangs on it are left empty.
func lockOrder(ctx context.Context, db bun.IDB, s auth.Scope, ref string) (Order, error) {
	return readOrder(ctx, db, s, ref, orderBare+orderBareTables, " FOR NO KEY UPDATE OF w")
}

func readOrder(ctx context.Context, db bun.IDB, s auth.Scope, ref, from, lock string) (Order, error) {
	var q query
	byRef(&q, "w", ref)
	if err := seeOrders(&q, s); err != nil {
		return Order{}, err
	}
	var o Order
	err := db.NewRaw("SELECT "+from+q.sql()+lock, q.args...).Scan(ctx, &o)
	if errors.Is(err, sql.ErrNoRows) {
		return o, notFound("work_order", ref)
	}
	if err != nil {
		return o, fmt.Errorf("work order %s: %w", ref, fault.FromSQL(err))
	}
	o.windows()
	return o, nil
}

// windows makes the spans people see from the columns that hold them.
func (o *Order) windows() {
	if o.WantedFrom != nil && o.WantedTo != nil {
		o.Window = &Window{*o.WantedFrom, *o.WantedTo}
	}
	if o.AnnouncedFrom != nil && o.AnnouncedTo != nil {
		o.AnnouncedWindow = &Window{*o.AnnouncedFrom, *o.AnnouncedTo}
	}
	if o.SkillCodes == nil {
		o.SkillCodes = []string{}
	}
}

func listOrders(ctx context.Context, db bun.IDB, s auth.Scope, now time.Time, f OrderFilter) (keyset.Page[Order], error) {
	var q query
	none := keyset.Page[Order]{}
	if err := seeOrders(&q, s); err != nil {
		return none, err
	}
	if f.State != "" {
		q.and("w.state IN (?)", bun.List(strings.Split(f.State, ",")))
	}
	if f.Region != "" {
		q.and("? = ANY (g.path)", f.Region)
	}
	if f.Displaced {
		q.and("w.displaced_at IS NOT NULL AND w.state NOT IN ('completed', 'closed', 'cancelled', 'cannot_complete')")
	}
	if f.Declined {
		q.and("w.state = 'ready' AND (SELECT v.state FROM visits v WHERE v.order_id = w.id AND v.lead ORDER BY v.created_at DESC, v.id DESC LIMIT 1) = 'declined'")
	}
	for _, by := range []struct{ name, column, value string }{{"engineer", "w.engineer_id", f.Engineer}, {"customer", "w.customer_id", f.Customer}} {
		if by.value == "" {
			continue
		}
		id, err := uuid.FromString(by.value)
		if err != nil {
			return none, fault.New(fault.Invalid, "bad_id", "%s is filtered by id", by.name).Field("query."+by.name, "must be a UUID")
		}
		q.and(by.column+" = ?", id)
	}
	if f.Hold != "" {
		q.and("w.hold_reason = ?", f.Hold)
	}
	if f.Origin != "" {
		q.and("w.origin = ?", f.Origin)
	}
	if f.Kind != "" {
		q.and("w.kind = ?", f.Kind)
	}
	if f.Late {
		q.and("w.fix_due_at < ? AND w.finished_at IS NULL AND w.cancelled_at IS NULL AND w.paused_at IS NULL", now)
	}
	if t := strings.TrimSpace(f.Q); t != "" {
		q.and("w.id IN (SELECT id FROM search_docs WHERE kind = 'work_order' AND grams @> grams(?) AND words ILIKE ? LIMIT 5000)", t, "%"+likeText(t)+"%")
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return none, err
	} else if more {
		q.and("w.id < ?", last)
	}
	rows := []Order{}
	if err := db.NewRaw("SELECT "+orderColumns+orderTables+q.sql()+" ORDER BY w.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("work orders: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].windows()
		rows[i].AllowedActions = rows[i].actions()
	}
	return keyset.Cut(f.Ask, rows, func(o Order) []any { return []any{o.ID} }), nil
}

// span is a tstzrange argument; nil when either end is missing.
func span(from, to *time.Time) any {
	if from == nil || to == nil {
		return nil
	}
	return bun.SafeQuery("tstzrange(?, ?, '[)')", *from, *to)
}

// spanOf is the window of a visit as a tstzrange argument.
func spanOf(s *dispatch.Span) any {
	if s == nil {
		return nil
	}
	return span(&s.From, &s.To)
}

func insertOrder(ctx context.Context, tx bun.IDB, o Order) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO work_orders (id, org_id, serving_org_id, number, origin, request_id, kind, mode, state, priority, summary, customer_id, site_id, asset_id,
		site_contact_id, payer_customer_id, region_code, skill_codes, duration_minutes, wanted_window, chargeable, coverage, repeat_of_order, repeat_of_sheet, wanted_engineer, unwanted_engineer,
		contact_due_at, arrive_due_at, fix_due_at, owner_id, first_owner_id, performed_by_org, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.ID, o.OrgID, o.ServingOrgID, o.Number, o.Origin, o.RequestID, o.Kind, o.Mode, o.State, o.Priority, o.Summary, o.CustomerID, o.SiteID, o.AssetID,
		o.SiteContactID, o.PayerCustomerID, o.RegionCode, pgArray(o.SkillCodes), o.DurationMinutes, span(o.WantedFrom, o.WantedTo), o.Chargeable, string(o.Coverage), o.RepeatOfOrder, o.RepeatOfSheet, o.WantedEngineer, o.UnwantedEngineer,
		o.ContactDueAt, o.ArriveDueAt, o.FixDueAt, o.OwnerID, o.FirstOwnerID, o.ServingOrgID, o.CreatedAt)
	if err != nil {
		return fmt.Errorf("open %s: %w", o.Number, err)
	}
	return nil
}

func insertOrderParts(ctx context.Context, tx bun.IDB, o Order, parts []OrderPart) error {
	for i, p := range parts {
		text := ""
		if p.PartID == nil {
			text = p.Name
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO order_parts (id, org_id, order_id, no, part_id, text, quantity, awaiting) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			p.ID, o.OrgID, o.ID, i+1, p.PartID, text, p.Quantity, p.Awaiting); err != nil {
			return fmt.Errorf("parts of %s: %w", o.Number, err)
		}
	}
	return nil
}

func orderParts(ctx context.Context, db bun.IDB, order uuid.UUID) ([]OrderPart, error) {
	rows := []OrderPart{}
	err := db.NewRaw(`SELECT op.id, op.part_id, coalesce(p.sku, '') AS sku, coalesce(p.name, op.text) AS name, coalesce(p.unit, '') AS unit, op.quantity, op.awaiting,
			coalesce(sum(r.quantity) FILTER (WHERE r.state = 'held'), 0) AS reserved, coalesce(sum(r.quantity) FILTER (WHERE r.state = 'used'), 0) AS used
		FROM order_parts op LEFT JOIN parts p ON p.id = op.part_id LEFT JOIN reservations r ON r.order_id = op.order_id AND r.part_id = op.part_id
		WHERE op.order_id = ? GROUP BY op.id, p.id ORDER BY op.no`, order).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("parts of order: %w", err)
	}
	return rows, nil
}

func setOrder(ctx context.Context, tx bun.IDB, id uuid.UUID, set string, args ...any) error {
	if _, err := tx.ExecContext(ctx, "UPDATE work_orders SET "+set+" WHERE id = ?", append(args, id)...); err != nil {
		return fmt.Errorf("work order %s: %w", id, err)
	}
	return nil
}

// orderWords is everything a caller may know an order by.
func orderWords(ctx context.Context, db bun.IDB, id uuid.UUID) (words []string, detail string, err error) {
	var row struct {
		Customer string `bun:"customer"`
		Phone    string `bun:"phone"`
		Phones   string `bun:"phones"`
		Address  string `bun:"address"`
		Serial   string `bun:"serial"`
		Plate    string `bun:"plate"`
		Device   string `bun:"device"`
		Text     string `bun:"text"`
		Request  string `bun:"request"`
	}
	err = db.NewRaw(`SELECT c.name AS customer, coalesce(c.phone, '') AS phone, coalesce((SELECT string_agg(array_to_string(k.phones, ' '), ' ') FROM contacts k WHERE k.customer_id = c.id), '') AS phones,
			coalesce(s.address, '') AS address, coalesce(a.serial_number, '') AS serial, coalesce(a.plate, '') AS plate, concat_ws(' ', a.brand, a.model, a.category) AS device,
			coalesce(r.description, '') AS text, coalesce(r.number, '') AS request
		FROM work_orders w JOIN customers c ON c.id = w.customer_id LEFT JOIN sites s ON s.id = w.site_id LEFT JOIN assets a ON a.id = w.asset_id LEFT JOIN requests r ON r.id = w.request_id
		WHERE w.id = ?`, id).Scan(ctx, &row)
	if err != nil {
		return nil, "", fmt.Errorf("words of order: %w", err)
	}
	words = append([]string{row.Customer, row.Phone, strings.TrimPrefix(row.Phone, "+86"), row.Phones, row.Address, row.Serial, row.Plate, row.Device, row.Text, row.Request}, Pinyin(row.Customer)...)
	return words, strings.TrimSpace(row.Customer + " · " + row.Address), nil
}

// CoverageDecision says who pays for a kind of line, on what ground, and who decided.
type CoverageDecision struct {
	ID         uuid.UUID  `bun:"id" json:"id"`
	OrgID      int32      `bun:"org_id" json:"-"`
	OrderID    uuid.UUID  `bun:"order_id" json:"work_order_id"`
	Line       string     `bun:"line" json:"line"`
	Source     string     `bun:"source" json:"source"`
	Exclusion  *string    `bun:"exclusion" json:"exclusion,omitempty"`
	Reason     string     `bun:"reason" json:"reason"`
	Proof      *string    `bun:"proof" json:"proof,omitempty"`
	Overrides  bool       `bun:"overrides" json:"overrides"`
	Actor      string     `bun:"actor" json:"actor"`
	ApproverID *uuid.UUID `bun:"approver_id" json:"approver_id,omitempty"`
	At         time.Time  `bun:"at" json:"at"`
}

func insertCoverage(ctx context.Context, w *work, c CoverageDecision) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO coverage_decisions (id, org_id, order_id, line, source, exclusion, reason, proof, overrides, decided_by, actor, approver_id, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.OrgID, c.OrderID, c.Line, c.Source, c.Exclusion, c.Reason, c.Proof, c.Overrides, w.actorID(), actorName(w.by.Name, w.by.Login), c.ApproverID, w.at)
	if err != nil {
		return fmt.Errorf("coverage: %w", err)
	}
	return nil
}

// pgArray is a text[] literal.
func pgArray(s []string) any {
	if s == nil {
		s = []string{}
	}
	return bun.SafeQuery("?::text[]", "{"+strings.Join(quoteAll(s), ",")+"}")
}

func quoteAll(s []string) []string {
	out := make([]string, len(s))
	for i, v := range s {
		out[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	}
	return out
}

package workorders

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/workorders/customers"
)

// numbers takes n human numbers of a kind at once.
func (w *work) numbers(ctx context.Context, kind string, org int32, n int) ([]string, error) {
	loc, err := w.zoneOf(ctx, org)
	if err != nil {
		return nil, err
	}
	year := calendar.Of(w.at, loc).Year()
	var nos []int64
	if err := w.tx.NewRaw("SELECT next_number(?, ?) FROM generate_series(1, ?)", kind, year, n).Scan(ctx, &nos); err != nil {
		return nil, fmt.Errorf("numbers %s: %w", kind, err)
	}
	out := make([]string, len(nos))
	for i, no := range nos {
		out[i] = fmt.Sprintf("%s-%d-%06d", kind, year, no)
	}
	return out, nil
}

func importedRefs(ctx context.Context, db bun.IDB, org int32, refs []string) (map[string]bool, error) {
	var there []string
	err := db.NewRaw("SELECT external_ref FROM work_orders WHERE org_id = ? AND origin = 'import' AND external_ref IN (?)", org, bun.List(refs)).Scan(ctx, &there)
	if err != nil {
		return nil, fmt.Errorf("imported before: %w", fault.FromSQL(err))
	}
	known := make(map[string]bool, len(there))
	for _, ref := range there {
		known[ref] = true
	}
	return known, nil
}

func findOutlet(ctx context.Context, db bun.IDB, org int32, ref, region string) (customer *uuid.UUID, site *customers.Site, err error) {
	var row struct {
		Customer uuid.UUID  `bun:"customer"`
		Site     *uuid.UUID `bun:"site"`
	}
	err = db.NewRaw(`SELECT c.id AS customer, (SELECT s.id FROM sites s WHERE s.customer_id = c.id AND s.region_code = ? ORDER BY s.id LIMIT 1) AS site
		FROM customers c WHERE c.org_id = ? AND c.external_ref = ?`, region, org, ref).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("outlet: %w", fault.FromSQL(err))
	}
	if row.Site != nil {
		site = &customers.Site{ID: *row.Site, CustomerID: row.Customer}
	}
	return &row.Customer, site, nil
}

// repairRow is a repair of the past as it goes into five tables.
type repairRow struct {
	Request       uuid.UUID  `json:"request"`
	Order         uuid.UUID  `json:"order"`
	Asset         uuid.UUID  `json:"asset"`
	Story         uuid.UUID  `json:"story"`
	RequestNumber string     `json:"request_number"`
	OrderNumber   string     `json:"order_number"`
	Ref           string     `json:"ref"`
	At            time.Time  `json:"at"`
	RegisteredAt  time.Time  `json:"registered_at"`
	FinishedAt    *time.Time `json:"finished_at"`
	Kind          string     `json:"kind"`
	Customer      uuid.UUID  `json:"customer"`
	Site          uuid.UUID  `json:"site"`
	Region        string     `json:"region"`
	Category      string     `json:"category"`
	Brand         string     `json:"brand"`
	Model         string     `json:"model"`
	Year          *int       `json:"year"`
	Summary       string     `json:"summary"`
	Text          string     `json:"text"`
	State         string     `json:"state"`
	EndReason     string     `json:"end_reason"`
	Source        string     `json:"source"`
	SourceState   string     `json:"source_state"`
	Outlet        string     `json:"outlet"`
	Words         string     `json:"words"`
}

// insertRepairs writes a slice with one statement per table.
func insertRepairs(ctx context.Context, w *work, org int32, rows []repairRow) error {
	for i := range rows {
		r := &rows[i]
		r.Words = limitText(strings.Join(append([]string{r.OrderNumber, r.RequestNumber, r.Summary, r.Text, r.Category, r.Brand, r.Model, r.Outlet, r.Ref}, Pinyin(r.Summary)...), " "), 20000)
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	const from = ` FROM jsonb_to_recordset(?1::jsonb) AS n (request uuid, "order" uuid, asset uuid, story uuid, request_number text, order_number text, ref text, at timestamptz,
		registered_at timestamptz, finished_at timestamptz, kind text, customer uuid, site uuid, region text, category text, brand text, model text, year int, summary text, text text,
		state text, end_reason text, source text, source_state text, outlet text, words text)`
	for _, s := range []struct{ what, sql string }{
		{"devices", `INSERT INTO assets (id, org_id, customer_id, site_id, model, category, brand, produced_year, origin, external_ref, created_at)
			SELECT asset, ?0, customer, site, model, category, brand, year, 'import', ref, registered_at` + from},
		{"requests", `INSERT INTO requests (id, org_id, number, origin, channel, kind, state, summary, description, customer_id, site_id, asset_id, received_at, registered_at, external_ref, closed_at)
			SELECT request, ?0, request_number, 'import', 'import', kind, 'converted', summary, text, customer, site, asset, at, registered_at, ref, at` + from},
		{"orders", `INSERT INTO work_orders (id, org_id, serving_org_id, number, origin, external_ref, request_id, kind, mode, state, priority, summary, customer_id, site_id, asset_id, region_code,
				finished_at, end_reason, performed_by_org, created_at)
			SELECT "order", ?0, ?0, order_number, 'import', ref, request, kind, 'depot', state, 4, summary, customer, site, asset, region, finished_at, nullif(end_reason, ''), ?0, at` + from},
		{"stories", `INSERT INTO timeline (id, org_id, order_id, request_id, at, actor, action, to_state, reason, data)
			SELECT story, ?0, "order", request, registered_at, ?2, 'import', state, end_reason, jsonb_build_object('source', source, 'ref', ref, 'state', source_state)` + from},
		{"search", `INSERT INTO search_docs (id, kind, org_id, serving_org_id, customer_id, number, title, detail, words, at)
			SELECT d.id, d.kind, ?0, CASE WHEN d.kind = 'work_order' THEN ?0 END, customer, d.number, d.title, outlet, words, registered_at` + from + `,
			LATERAL (VALUES ("order", 'work_order', order_number, summary), (request, 'request', request_number, summary), (asset, 'asset', '', concat_ws(' ', nullif(brand, ''), nullif(model, ''), category))) AS d (id, kind, number, title)`},
	} {
		if _, err := w.tx.ExecContext(ctx, s.sql, org, string(raw), actorName(w.by.Name, w.by.Login)); err != nil {
			return fmt.Errorf("import %s: %w", s.what, fault.FromSQL(err))
		}
	}
	return nil
}

func customerThere(ctx context.Context, db bun.IDB, org int32, ref *string, name, phone string) (there bool, err error) {
	if ref != nil && *ref != "" {
		err = db.NewRaw("SELECT EXISTS (SELECT FROM customers WHERE org_id = ? AND external_ref = ?)", org, *ref).Scan(ctx, &there)
	} else {
		err = db.NewRaw("SELECT EXISTS (SELECT FROM customers WHERE org_id = ? AND name = ? AND coalesce(phone, '') = ? AND merged_into IS NULL)", org, strings.TrimSpace(name), phone).Scan(ctx, &there)
	}
	if err != nil {
		return false, fmt.Errorf("customer there: %w", fault.FromSQL(err))
	}
	return there, nil
}

func siteOfCustomer(ctx context.Context, db bun.IDB, org int32, ref string) (uuid.UUID, error) {
	var id uuid.UUID
	err := db.NewRaw(`SELECT s.id FROM customers c JOIN sites s ON s.customer_id = c.id
		WHERE c.org_id = ? AND (c.external_ref = ? OR c.number = ?) ORDER BY c.external_ref = ? DESC NULLS LAST, s.id LIMIT 1`, org, ref, ref, ref).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return id, fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body.customer", fmt.Sprintf("there is no customer %q with a site: import customers first", ref))
	}
	if err != nil {
		return id, fmt.Errorf("site of customer: %w", fault.FromSQL(err))
	}
	return id, nil
}

func assetThere(ctx context.Context, db bun.IDB, site uuid.UUID, ref, serial *string) (there bool, err error) {
	key, value := "a.external_ref = ?", ref
	if ref == nil {
		key, value = "upper(a.serial_number) = upper(?)", serial
	}
	err = db.NewRaw("SELECT EXISTS (SELECT FROM assets a JOIN sites s ON s.customer_id = a.customer_id WHERE s.id = ? AND "+key+")", site, *value).Scan(ctx, &there)
	if err != nil {
		return false, fmt.Errorf("device there: %w", fault.FromSQL(err))
	}
	return there, nil
}

// onHand is what the ledger says of a count, with the serial numbers lying there.
func onHand(ctx context.Context, db bun.IDB, r StockRecord) (n int64, serials map[string]bool, err error) {
	err = db.NewRaw(`SELECT coalesce((SELECT s.on_hand FROM stock s JOIN places p ON p.id = s.place_id JOIN parts a ON a.id = s.part_id
		WHERE p.code = ? AND a.sku = ? AND s.condition = ?), 0)`, r.Place, r.SKU, r.Condition).Scan(ctx, &n)
	if err != nil {
		return 0, nil, fmt.Errorf("stock: %w", fault.FromSQL(err))
	}
	var list []string
	err = db.NewRaw(`SELECT x.serial_number FROM pieces x JOIN places p ON p.id = x.place_id JOIN parts a ON a.id = x.part_id
		WHERE p.code = ? AND a.sku = ? AND x.condition = ?`, r.Place, r.SKU, r.Condition).Scan(ctx, &list)
	if err != nil {
		return 0, nil, fmt.Errorf("pieces: %w", fault.FromSQL(err))
	}
	serials = make(map[string]bool, len(list))
	for _, s := range list {
		serials[s] = true
	}
	return n, serials, nil
}

func regionCodes(ctx context.Context, db bun.IDB) (map[string]bool, error) {
	var codes []string
	if err := db.NewRaw("SELECT code FROM regions").Scan(ctx, &codes); err != nil {
		return nil, fmt.Errorf("regions: %w", fault.FromSQL(err))
	}
	known := make(map[string]bool, len(codes))
	for _, c := range codes {
		known[c] = true
	}
	return known, nil
}

func engineerThere(ctx context.Context, db bun.IDB, org int32, staff string) (there bool, err error) {
	if err = db.NewRaw("SELECT EXISTS (SELECT FROM engineers WHERE org_id = ? AND staff_number = ?)", org, strings.TrimSpace(staff)).Scan(ctx, &there); err != nil {
		return false, fmt.Errorf("engineer there: %w", fault.FromSQL(err))
	}
	return there, nil
}

func loadedDays(ctx context.Context, db bun.IDB, org int32, year int) (map[calendar.Date]calendar.Day, error) {
	var rows []struct {
		Day     calendar.Date `bun:"day"`
		Working bool          `bun:"working"`
		Name    string        `bun:"name"`
	}
	if err := db.NewRaw("SELECT day, working, name FROM calendar_days WHERE org_id = ? AND extract(year FROM day) = ?", org, year).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("calendar: %w", fault.FromSQL(err))
	}
	days := make(map[calendar.Date]calendar.Day, len(rows))
	for _, r := range rows {
		days[r.Day] = calendar.Day{Working: r.Working, Name: r.Name}
	}
	return days, nil
}

func importedOpen(ctx context.Context, db bun.IDB, s auth.Scope, limit int) ([]Order, error) {
	var q query
	if err := seeOrders(&q, s); err != nil {
		return nil, err
	}
	q.and("w.origin = 'import' AND w.state = 'ready'")
	rows := []Order{}
	if err := db.NewRaw("SELECT "+orderColumns+orderTables+q.sql()+" ORDER BY w.id LIMIT ?", append(q.args, limit)...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("imported orders: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].windows()
	}
	return rows, nil
}

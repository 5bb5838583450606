package customers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const (
	assetColumns = `a.id, a.org_id, ao.code AS organisation_code, a.customer_id, a.site_id, a.model, a.category, a.brand, a.serial_number, a.plate, a.produced_year,
	a.purchased_on, a.installed_on, a.produced_on, a.proof, a.seller, a.warranty_until, a.warranty_days_added, a.notes, a.external_ref, a.created_at, a.version`
	assetTables = ` FROM assets a JOIN organisations ao ON ao.id = a.org_id`
)

// AddAsset adds a device to the site's customer. Devices with the same serial number are named in
// Duplicates.
func (b Book) AddAsset(ctx context.Context, by auth.Caller, in AssetInput) (Asset, error) {
	site, err := b.siteFor(ctx, by, in.SiteID)
	if err != nil {
		return Asset{}, err
	}
	c, err := b.live(ctx, by.Scope(), site.CustomerID)
	if err != nil {
		return Asset{}, err
	}
	a := Asset{ID: newID(), OrgID: c.OrgID, CustomerID: c.ID, SiteID: site.ID, Model: strings.TrimSpace(in.Model), Category: strings.TrimSpace(in.Category), Brand: strings.TrimSpace(in.Brand),
		SerialNumber: optional(in.SerialNumber), Plate: optional(in.Plate), ProducedYear: in.ProducedYear, PurchasedOn: in.PurchasedOn, InstalledOn: in.InstalledOn, ProducedOn: in.ProducedOn,
		Proof: optional(in.Proof), Seller: strings.TrimSpace(in.Seller), WarrantyUntil: in.WarrantyUntil, Notes: strings.TrimSpace(in.Notes), ExternalRef: optional(in.ExternalRef), CreatedAt: b.at()}
	if a.Proof != nil {
		if err := oneOf("proof", *a.Proof, "invoice", "card", "online_order", "none"); err != nil {
			return a, err
		}
	}
	_, err = b.db.NewRaw(`INSERT INTO assets (id, org_id, customer_id, site_id, model, category, brand, serial_number, plate, produced_year, purchased_on, installed_on, produced_on,
		proof, seller, warranty_until, notes, origin, external_ref, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.OrgID, a.CustomerID, a.SiteID, a.Model, a.Category, a.Brand, a.SerialNumber, a.Plate, a.ProducedYear, a.PurchasedOn, a.InstalledOn, a.ProducedOn,
		a.Proof, a.Seller, a.WarrantyUntil, a.Notes, in.Origin, a.ExternalRef, a.CreatedAt).Exec(ctx)
	if err != nil {
		return a, fmt.Errorf("add device: %w", fault.FromSQL(err))
	}
	return b.assetMade(ctx, by, a.ID)
}

func (b Book) siteFor(ctx context.Context, by auth.Caller, id uuid.UUID) (Site, error) {
	site, err := b.Site(ctx, by.Scope(), id)
	if fault.Is(err, fault.NotFound) {
		return site, fault.New(fault.Invalid, "site_unknown", "there is no such site: %s", id).Field("body.site_id", "no such site")
	}
	return site, err
}

func (b Book) assetMade(ctx context.Context, by auth.Caller, id uuid.UUID) (Asset, error) {
	a, err := b.asset(ctx, by.Scope(), id)
	if err != nil || a.SerialNumber == nil {
		return a, err
	}
	var q clauses
	if err := q.see(by.Scope(), "a.customer_id", "a.org_id"); err != nil {
		return a, err
	}
	q.and("a.id <> ? AND upper(a.serial_number) = upper(?)", id, *a.SerialNumber)
	err = b.db.NewRaw("SELECT 'asset' AS kind, a.id, a.serial_number AS number, concat_ws(' ', nullif(a.brand, ''), nullif(a.model, '')) AS name, 'serial_number' AS why"+assetTables+q.String()+" ORDER BY a.id DESC LIMIT 5", q.args...).Scan(ctx, &a.Duplicates)
	if err != nil {
		return a, fmt.Errorf("devices like %s: %w", id, fault.FromSQL(err))
	}
	return a, nil
}

func (b Book) asset(ctx context.Context, s auth.Scope, id uuid.UUID) (Asset, error) {
	var q clauses
	var a Asset
	q.and("a.id = ?", id)
	if err := q.see(s, "a.customer_id", "a.org_id"); err != nil {
		return a, err
	}
	err := b.db.NewRaw("SELECT "+assetColumns+assetTables+q.String(), q.args...).Scan(ctx, &a)
	if errors.Is(err, sql.ErrNoRows) {
		return a, missing("asset", id)
	}
	if err != nil {
		return a, fmt.Errorf("device %s: %w", id, fault.FromSQL(err))
	}
	return a, nil
}

// Asset reads one device with its coverage today at the organisation's place.
func (b Book) Asset(ctx context.Context, s auth.Scope, id uuid.UUID) (Asset, error) {
	a, err := b.asset(ctx, s, id)
	if err != nil {
		return a, err
	}
	var zone string
	if err := b.db.NewRaw("SELECT zone FROM organisations WHERE id = ?", a.OrgID).Scan(ctx, &zone); err != nil {
		return a, fmt.Errorf("zone of %s: %w", a.OrganisationCode, fault.FromSQL(err))
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		return a, fmt.Errorf("zone of %s: %w", a.OrganisationCode, err)
	}
	cover, err := b.CoverageOf(ctx, &a.ID, nil, calendar.Of(b.now(), place))
	a.Coverage = &cover
	return a, err
}

// PatchAsset changes what is named in the patch.
func (b Book) PatchAsset(ctx context.Context, by auth.Caller, id uuid.UUID, in AssetPatch) (Asset, error) {
	a, err := b.asset(ctx, by.Scope(), id)
	if err != nil {
		return a, err
	}
	if _, err := b.live(ctx, by.Scope(), a.CustomerID); err != nil {
		return a, err
	}
	var s set
	if in.SiteID != nil {
		site, err := b.siteFor(ctx, by, *in.SiteID)
		if err != nil {
			return a, err
		}
		if site.CustomerID != a.CustomerID {
			return a, fault.New(fault.Invalid, "site_of_another_customer", "this site belongs to another customer: correct the site").Field("body.site_id", "belongs to another customer")
		}
		s.to("site_id", site.ID)
	}
	for column, value := range map[string]*string{"model": in.Model, "category": in.Category, "brand": in.Brand, "seller": in.Seller, "notes": in.Notes} {
		if value != nil {
			s.to(column, strings.TrimSpace(*value))
		}
	}
	for column, value := range map[string]*string{"serial_number": in.SerialNumber, "plate": in.Plate} {
		if value != nil {
			s.to(column, optional(value))
		}
	}
	for column, value := range map[string]*calendar.Date{"purchased_on": in.PurchasedOn, "installed_on": in.InstalledOn, "produced_on": in.ProducedOn, "warranty_until": in.WarrantyUntil} {
		if value != nil {
			s.to(column, *value)
		}
	}
	if in.ProducedYear != nil {
		s.to("produced_year", *in.ProducedYear)
	}
	if in.Proof != nil {
		if err := oneOf("proof", *in.Proof, "invoice", "card", "online_order", "none"); err != nil {
			return a, err
		}
		s.to("proof", *in.Proof)
	}
	if err := b.change(ctx, "assets", id, in.Match, s); err != nil {
		return a, err
	}
	return b.assetMade(ctx, by, id)
}

// Installed records an installation: the device's serial number where it was unknown, and the day from
// which its warranty counts when nothing else does.
func (b Book) Installed(ctx context.Context, asset uuid.UUID, model, serial string, on calendar.Date) error {
	_, err := b.db.NewRaw(`UPDATE assets SET installed_on = ?, model = CASE WHEN model = '' THEN ? ELSE model END,
		serial_number = coalesce(serial_number, nullif(?, '')) WHERE id = ?`, on, strings.TrimSpace(model), strings.TrimSpace(serial), asset).Exec(ctx)
	if err != nil {
		return fmt.Errorf("installed %s: %w", asset, fault.FromSQL(err))
	}
	return nil
}

// LostDays adds the days that a repair, and waiting for its parts, took from a device's warranty.
func (b Book) LostDays(ctx context.Context, asset uuid.UUID, days int) error {
	if days <= 0 {
		return nil
	}
	if _, err := b.db.NewRaw("UPDATE assets SET warranty_days_added = warranty_days_added + ? WHERE id = ?", days, asset).Exec(ctx); err != nil {
		return fmt.Errorf("days lost of %s: %w", asset, fault.FromSQL(err))
	}
	return nil
}

// Assets lists devices in sight, newest first.
func (b Book) Assets(ctx context.Context, s auth.Scope, f AssetFilter) (keyset.Page[Asset], error) {
	var q clauses
	if err := q.see(s, "a.customer_id", "a.org_id"); err != nil {
		return keyset.Page[Asset]{}, err
	}
	if f.CustomerID != nil {
		q.and("a.customer_id = ?", *f.CustomerID)
	}
	if f.SiteID != nil {
		q.and("a.site_id = ?", *f.SiteID)
	}
	like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	if t := strings.TrimSpace(f.SerialNumber); t != "" {
		q.and("upper(a.serial_number) LIKE ?", like.Replace(strings.ToUpper(t))+"%")
	}
	if t := strings.TrimSpace(f.Q); t != "" {
		head, part := like.Replace(strings.ToUpper(t))+"%", "%"+like.Replace(t)+"%"
		q.and("(upper(a.serial_number) LIKE ? OR upper(a.plate) LIKE ? OR a.model ILIKE ? OR a.brand ILIKE ? OR a.category ILIKE ?)", head, head, part, part, part)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return keyset.Page[Asset]{}, err
	} else if more {
		q.and("a.id < ?", last)
	}
	if len(q.where) == 0 {
		q.and("TRUE")
	}
	var rows []Asset
	if err := b.db.NewRaw("SELECT "+assetColumns+assetTables+q.String()+" ORDER BY a.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Asset]{}, fmt.Errorf("devices: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(a Asset) []any { return []any{a.ID} }), nil
}

// AssetHistory is what happened to a device, newest first: what was reported, the orders, and the sheets
// with their codes and parts.
func (b Book) AssetHistory(ctx context.Context, s auth.Scope, id uuid.UUID, ask keyset.Ask) (keyset.Page[Happening], error) {
	if _, err := b.asset(ctx, s, id); err != nil {
		return keyset.Page[Happening]{}, err
	}
	var q clauses
	q.and("TRUE")
	var at time.Time
	var last uuid.UUID
	if more, err := ask.After(&at, &last); err != nil {
		return keyset.Page[Happening]{}, err
	} else if more {
		q.and("(h.at, h.id) < (?, ?)", at, last)
	}
	var rows []Happening
	err := b.db.NewRaw(`SELECT h.* FROM (
		SELECT r.received_at AS at, 'request' AS kind, r.id, r.number, NULL::uuid AS work_order_id, r.kind AS what, r.state, r.summary,
		       coalesce(r.fault_code, '') AS fault_code, '' AS cause_code, '' AS action_code, '' AS engineer, '{}'::text[] AS parts
		  FROM requests r WHERE r.asset_id = ?
		UNION ALL
		SELECT w.created_at, 'work_order', w.id, w.number, w.id, w.kind, w.state, w.summary, '', '', '', coalesce(e.name, ''), '{}'
		  FROM work_orders w LEFT JOIN engineers e ON e.id = w.engineer_id WHERE w.asset_id = ?
		UNION ALL
		SELECT t.finished_at, 'sheet', t.id, t.number, t.order_id, w.kind, t.outcome, t.notes, coalesce(t.fault_code, ''), coalesce(t.cause_code, ''), coalesce(t.action_code, ''), e.name,
		       ARRAY(SELECT coalesce(nullif(p.sku, ''), p.name) || ' × ' || p.quantity FROM sheet_parts p WHERE p.sheet_id = t.id ORDER BY p.no)
		  FROM sheets t JOIN work_orders w ON w.id = t.order_id JOIN engineers e ON e.id = t.engineer_id
		 WHERE w.asset_id = ? AND t.replaced_at IS NULL) h`+q.String()+` ORDER BY h.at DESC, h.id DESC LIMIT ?`,
		append(append([]any{id, id, id}, q.args...), ask.Rows())...).Scan(ctx, &rows)
	if err != nil {
		return keyset.Page[Happening]{}, fmt.Errorf("history of %s: %w", id, fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(h Happening) []any { return []any{h.At, h.ID} }), nil
}

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
	"paigong/internal/fault"
)

const siteColumns = `s.id, s.org_id, s.customer_id, s.address, s.region_code, s.lat, s.lng, s.access_notes, s.open_hours, s.zone, s.created_at, s.version`

// AddSite adds a place to a customer. Customers of the same name at the same address are named in
// Duplicates.
func (b Book) AddSite(ctx context.Context, by auth.Caller, customer uuid.UUID, in SiteInput) (Site, error) {
	c, err := b.live(ctx, by.Scope(), customer)
	if err != nil {
		return Site{}, err
	}
	s := Site{ID: newID(), OrgID: c.OrgID, CustomerID: c.ID, RegionCode: strings.TrimSpace(in.RegionCode), Lat: in.Lat, Lng: in.Lng,
		AccessNotes: strings.TrimSpace(in.AccessNotes), OpenHours: strings.TrimSpace(in.OpenHours), Zone: strings.TrimSpace(in.Zone), CreatedAt: b.at(), Version: 1}
	if s.Address, err = text("address", in.Address); err != nil {
		return s, err
	}
	if err := b.checkSite(ctx, s); err != nil {
		return s, err
	}
	_, err = b.db.NewRaw(`INSERT INTO sites (id, org_id, customer_id, address, region_code, lat, lng, access_notes, open_hours, zone, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.OrgID, s.CustomerID, s.Address, s.RegionCode, s.Lat, s.Lng, s.AccessNotes, s.OpenHours, s.Zone, s.CreatedAt).Exec(ctx)
	if err != nil {
		return s, fmt.Errorf("add site: %w", fault.FromSQL(err))
	}
	var q clauses
	if err := q.see(by.Scope(), "c.id", "c.org_id"); err != nil {
		return s, err
	}
	q.and("c.id <> ? AND c.merged_into IS NULL AND c.name = ? AND EXISTS (SELECT 1 FROM sites t WHERE t.customer_id = c.id AND t.region_code = ? AND lower(t.address) = lower(?))", c.ID, c.Name, s.RegionCode, s.Address)
	err = b.db.NewRaw("SELECT 'customer' AS kind, c.id, c.number, c.name, 'name_and_site' AS why"+customerTables+q.String()+" ORDER BY c.id DESC LIMIT 5", q.args...).Scan(ctx, &s.Duplicates)
	if err != nil {
		return s, fmt.Errorf("sites like %s: %w", s.ID, fault.FromSQL(err))
	}
	return s, nil
}

func (b Book) checkSite(ctx context.Context, s Site) error {
	var known bool
	if err := b.db.NewRaw("SELECT EXISTS (SELECT 1 FROM regions WHERE code = ?)", s.RegionCode).Scan(ctx, &known); err != nil {
		return fmt.Errorf("region %s: %w", s.RegionCode, fault.FromSQL(err))
	}
	if !known {
		return fault.New(fault.Invalid, "region_unknown", "there is no region %s: choose one from the list of regions", s.RegionCode).Field("body.region_code", "no such region")
	}
	if (s.Lat == nil) != (s.Lng == nil) || s.At() != nil && !s.At().Valid() {
		return fault.New(fault.Invalid, "position_invalid", "a position has both lat (-90 to 90) and lng (-180 to 180)").Field("body.lat", "give both or none")
	}
	if s.Zone != "" {
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
			return fault.New(fault.Invalid, "zone_unknown", "%q is not a time zone such as Asia/Shanghai", s.Zone).Field("body.zone", "not a time zone")
		}
	}
	return nil
}

// Site reads one place.
func (b Book) Site(ctx context.Context, s auth.Scope, id uuid.UUID) (Site, error) {
	var q clauses
	var site Site
	q.and("s.id = ?", id)
	if err := q.see(s, "s.customer_id", "s.org_id"); err != nil {
		return site, err
	}
	err := b.db.NewRaw("SELECT "+siteColumns+" FROM sites s"+q.String(), q.args...).Scan(ctx, &site)
	if errors.Is(err, sql.ErrNoRows) {
		return site, missing("site", id)
	}
	if err != nil {
		return site, fmt.Errorf("site %s: %w", id, fault.FromSQL(err))
	}
	return site, nil
}

// PatchSite changes what is named in the patch.
func (b Book) PatchSite(ctx context.Context, by auth.Caller, id uuid.UUID, in SitePatch) (Site, error) {
	site, err := b.Site(ctx, by.Scope(), id)
	if err != nil {
		return site, err
	}
	if _, err := b.live(ctx, by.Scope(), site.CustomerID); err != nil {
		return site, err
	}
	var s set
	if in.Address != nil {
		if site.Address, err = text("address", *in.Address); err != nil {
			return site, err
		}
		s.to("address", site.Address)
	}
	if in.RegionCode != nil {
		site.RegionCode = strings.TrimSpace(*in.RegionCode)
		s.to("region_code", site.RegionCode)
	}
	if in.Lat != nil {
		site.Lat = in.Lat
		s.to("lat", *in.Lat)
	}
	if in.Lng != nil {
		site.Lng = in.Lng
		s.to("lng", *in.Lng)
	}
	if in.AccessNotes != nil {
		s.to("access_notes", strings.TrimSpace(*in.AccessNotes))
	}
	if in.OpenHours != nil {
		s.to("open_hours", strings.TrimSpace(*in.OpenHours))
	}
	if in.Zone != nil {
		site.Zone = strings.TrimSpace(*in.Zone)
		s.to("zone", site.Zone)
	}
	if err := b.checkSite(ctx, site); err != nil {
		return site, err
	}
	if err := b.change(ctx, "sites", id, in.Match, s); err != nil {
		return site, err
	}
	return b.Site(ctx, by.Scope(), id)
}

package customers

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// CoverageOf says who would bear the cost of work on the device, or for the customer when no device is
// known yet, on the day. Both may be nil: then nobody but the customer does.
func (b Book) CoverageOf(ctx context.Context, asset, customer *uuid.UUID, day calendar.Date) (Coverage, error) {
	return b.CoverageFound(ctx, asset, customer, day, Finding{})
}

// CoverageFound is CoverageOf with what was found at the device.
func (b Book) CoverageFound(ctx context.Context, asset, customer *uuid.UUID, day calendar.Date, f Finding) (Coverage, error) {
	var a Asset
	var repairs []RepairWarranty
	var org int32
	if asset != nil {
		if err := b.db.NewRaw("SELECT "+assetColumns+assetTables+" WHERE a.id = ?", *asset).Scan(ctx, &a); err != nil {
			return Coverage{}, fmt.Errorf("coverage of %s: %w", asset, fault.FromSQL(err))
		}
		customer, org = &a.CustomerID, a.OrgID
		var err error
		if repairs, err = b.repairs(ctx, a.ID); err != nil {
			return Coverage{}, err
		}
	} else if customer != nil {
		if err := b.db.NewRaw("SELECT org_id FROM customers WHERE id = ?", *customer).Scan(ctx, &org); err != nil {
			return Coverage{}, fmt.Errorf("coverage for %s: %w", customer, fault.FromSQL(err))
		}
	}
	terms, err := b.Terms(ctx, org)
	if err != nil {
		return Coverage{}, err
	}
	var contracts []Contract
	if customer != nil {
		err := b.db.NewRaw("SELECT "+contractColumns+" FROM contracts t WHERE t.customer_id = ? AND ? BETWEEN t.starts_on AND t.ends_on AND (t.asset_id IS NULL OR t.asset_id = ?) ORDER BY t.asset_id NULLS LAST, t.id",
			*customer, day, asset).Scan(ctx, &contracts)
		if err != nil {
			return Coverage{}, fmt.Errorf("contracts of %s: %w", customer, fault.FromSQL(err))
		}
	}
	return f.Cover(a, contracts, repairs, day, terms), nil
}

// repairs are what earlier repairs of the device still promise, and those that only count, oldest first.
func (b Book) repairs(ctx context.Context, asset uuid.UUID) ([]RepairWarranty, error) {
	var rows []struct {
		OrderID   uuid.UUID     `bun:"order_id"`
		Number    string        `bun:"number"`
		On        calendar.Date `bun:"done_on"`
		Until     calendar.Date `bun:"until"`
		FaultCode string        `bun:"fault_code"`
		Parts     []string      `bun:"parts,array"`
	}
	err := b.db.NewRaw(`
		SELECT w.id AS order_id, w.number, (h.finished_at AT TIME ZONE coalesce(nullif(s.zone, ''), o.zone))::date AS done_on,
		       coalesce(h.repair_warranty_until, (h.finished_at AT TIME ZONE coalesce(nullif(s.zone, ''), o.zone))::date - 1) AS until, coalesce(h.fault_code, '') AS fault_code,
		       ARRAY(SELECT p.sku FROM sheet_parts p WHERE p.sheet_id = h.id AND p.sku <> '' ORDER BY p.no) AS parts
		  FROM work_orders w JOIN organisations o ON o.id = w.org_id LEFT JOIN sites s ON s.id = w.site_id
		  JOIN sheets h ON h.order_id = w.id AND h.replaced_at IS NULL AND h.outcome = 'done'
		 WHERE w.asset_id = ? AND w.kind = 'repair' ORDER BY h.finished_at DESC LIMIT 50`, asset).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("repairs of %s: %w", asset, fault.FromSQL(err))
	}
	out := make([]RepairWarranty, len(rows))
	for i, r := range rows {
		out[len(rows)-1-i] = RepairWarranty{OrderID: r.OrderID, OrderNumber: r.Number, On: r.On, Until: r.Until, FaultCode: r.FaultCode, Parts: r.Parts}
	}
	return out, nil
}

// Terms are the warranty rules of an organisation: the house's, overlaid from head office down by the
// setting "warranty".
func (b Book) Terms(ctx context.Context, org int32) (WarrantyTerms, error) {
	terms := DefaultTerms()
	var layers []string
	err := b.db.NewRaw(`SELECT s.value::text FROM organisations o JOIN settings s ON s.org_id = ANY (o.path) AND s.key = 'warranty'
		WHERE o.id = ? ORDER BY array_position(o.path, s.org_id)`, org).Scan(ctx, &layers)
	if err != nil {
		return terms, fmt.Errorf("warranty terms: %w", fault.FromSQL(err))
	}
	for _, layer := range layers {
		if err := json.Unmarshal([]byte(layer), &terms); err != nil {
			return terms, fmt.Errorf("setting warranty: %w", err)
		}
	}
	return terms, nil
}

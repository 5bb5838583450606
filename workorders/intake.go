package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/inventory"
)

// OfferInput is a job that is not written down yet: whoever takes the call wants to name a time while the
// customer is on the line.
type OfferInput struct {
	SiteID     *uuid.UUID
	RegionCode string // of a place that is not written down either; used without SiteID
	SkillCodes []string
	Minutes    int
	Priority   int // 1 first to 4
	Parts      []PartNeed
	Window     *Window // the work has to start inside it; nil = as soon as possible
}

// Offers judges every engineer for a job that is not written down yet, as Candidates does for an order: the
// eligible first, each with the first slot that is really free, its way and its parts. It changes nothing.
func (d *Desk) Offers(ctx context.Context, by auth.Caller, in OfferInput, limit int) ([]dispatch.Candidate, error) {
	o := Order{OrgID: by.OrgID, SkillCodes: in.SkillCodes, DurationMinutes: in.Minutes, Priority: in.Priority, Mode: "on_site", Window: in.Window}
	db := d.reader(ctx)
	switch {
	case in.SiteID != nil:
		s, err := d.book.In(db).Site(ctx, by.Scope(), *in.SiteID)
		if err != nil {
			return nil, err
		}
		o.OrgID, o.RegionCode, o.Lat, o.Lng = s.OrgID, &s.RegionCode, s.Lat, s.Lng
	case in.RegionCode != "":
		o.RegionCode = &in.RegionCode
	default:
		return nil, fault.New(fault.Invalid, "site_missing", "say where somebody has to go").Field("body.site_id", "required")
	}
	var skus []string
	for _, p := range in.Parts {
		skus = append(skus, p.SKU)
	}
	known, err := d.stock.In(db).PartsBySKU(ctx, skus...)
	if err != nil {
		return nil, err
	}
	var needs []inventory.Need
	for _, p := range in.Parts {
		needs = append(needs, inventory.Need{PartID: known[p.SKU].ID, SKU: p.SKU, Quantity: p.Quantity})
	}
	orgs, err := d.people.In(db).Subtree(ctx, o.OrgID)
	if err != nil {
		return nil, err
	}
	return d.board.In(db).Candidates(ctx, by.Scope(), jobFrom(&o, orgs, needs, by.Lang, d.now()), limit)
}

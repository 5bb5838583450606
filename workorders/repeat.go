package workorders

import (
	"context"

	"paigong/internal/calendar"
	"paigong/workorders/customers"
)

// coverageOfOrder decides who pays for an order. A repeat 返修 is judged by what its culprit's sheet found
// and fitted, so that our own warranty on that repair bears it; a second visit is no repeat.
func (w *work) coverageOfOrder(ctx context.Context, o *Order) (customers.Coverage, error) {
	if o.RepeatOfSheet == nil {
		return w.coverageOf(ctx, o.AssetID, &o.CustomerID, o.OrgID)
	}
	failed, err := findSheet(ctx, w.tx, *o.RepeatOfSheet)
	if err != nil {
		return customers.Coverage{}, err
	}
	var found customers.Finding
	if failed.FaultCode != nil {
		found.FaultCode = *failed.FaultCode
	}
	for _, p := range failed.Parts {
		found.Parts = append(found.Parts, p.SKU)
	}
	loc, err := w.zoneOf(ctx, o.OrgID)
	if err != nil {
		return customers.Coverage{}, err
	}
	return w.book.CoverageFound(ctx, o.AssetID, &o.CustomerID, calendar.Of(w.at, loc), found)
}

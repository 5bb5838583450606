package workorders

import (
	"context"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/say"
	"paigong/workorders/customers"
)

// repeatVisit sends somebody again after a customer said that the work did not hold. An order that is not
// closed is opened again; a closed one stays, and a new one repeats it, in a request of its own. Either way
// the sheet that failed is named, and somebody agrees a time with the customer. An order that is being worked
// on already is answered as it is. It returns the order that somebody will go for.
func (w *work) repeatVisit(ctx context.Context, o *Order, words string) (uuid.UUID, error) {
	reason := strings.TrimSpace(words)
	if reason == "" {
		reason = say.Text(w.by.Lang, "repeat.from_call", o.Number)
	}
	again := *o
	switch o.State {
	case OrderCompleted, OrderCannotComplete:
		if err := w.reopen(ctx, &again, reason); err != nil {
			return o.ID, err
		}
	case OrderClosed, OrderCancelled:
		r, err := w.Register(ctx, w.by, RequestInput{Channel: "phone", Kind: requestKind(o.Kind), CustomerID: &o.CustomerID, SiteID: o.SiteID, AssetID: o.AssetID, Summary: o.Summary, Description: words, Told: reason})
		if err != nil {
			return o.ID, err
		}
		in := OrderInput{Kind: o.Kind, Mode: o.Mode, Priority: max(o.Priority-1, 1), SkillCodes: o.SkillCodes, DurationMinutes: o.DurationMinutes, SiteContactID: o.SiteContactID, PayerCustomerID: o.PayerCustomerID}
		if o.State == OrderClosed {
			in.RepeatOf = ptr(o.ID.String())
		}
		if again, err = w.OpenOrder(ctx, w.by, r.ID.String(), in); err != nil {
			return o.ID, err
		}
	default:
		return o.ID, nil
	}
	return again.ID, w.callBack(ctx, &again, "appointment", reason)
}

// requestKind is the kind of request that an order of a kind comes from.
func requestKind(order string) string {
	if slices.Contains([]string{"repair", "install", "maintain", "inspect", "exchange", "deliver", "train"}, order) {
		return order
	}
	return "other"
}

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

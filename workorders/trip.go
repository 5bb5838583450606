package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// tripWith joins a visit to another one of the same engineer at the same site: one journey and one word
// that he is on the way, while sheets and coverage stay apart, since one order is one device. A trip is
// named by the visit that was booked first.
func (w *work) tripWith(ctx context.Context, o *Order, engineer, visit uuid.UUID) (*uuid.UUID, error) {
	v, err := w.board.Visit(ctx, w.by.Scope(), visit)
	if err != nil {
		return nil, err
	}
	other, err := findOrder(ctx, w.tx, w.by.Scope(), v.OrderID.String())
	if err != nil {
		return nil, err
	}
	if o.SiteID == nil || other.SiteID == nil || *o.SiteID != *other.SiteID || v.EngineerID != engineer || !v.State.Binding() {
		return nil, fault.New(fault.Conflict, "trip_elsewhere", "a trip joins open visits of one engineer at one site").Allow("assign without trip_with")
	}
	if v.TripID != nil {
		return v.TripID, nil
	}
	return &v.ID, nil
}

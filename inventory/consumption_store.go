package inventory

import (
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
)

// Consume books what a repair sheet says was fitted: promises of the order are used up first, then the
// pieces leave. What the order holds at a store and the engineer fetched on the way is transferred and
// consumed together. A line the ledger cannot cover is not refused: it comes back not booked, and nothing
// of it is taken. Lines are worked out one after the other over the same stock, so that four lines of one
// part cannot each take the last three. The answer is in the order of the lines.
func (l Ledger) Consume(ctx context.Context, c Consumption) ([]Consumed, error) {
	if err := c.check(); err != nil || len(c.Lines) == 0 {
		return nil, err
	}
	d, held, err := l.draft(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("consume for order %s: %w", c.OrderID, err)
	}
	if err := l.use(ctx, d, held); err != nil {
		return nil, fmt.Errorf("consume for order %s: %w", c.OrderID, err)
	}
	moves, result := d.moves(c, l)
	if err := l.write(ctx, moves); err != nil {
		return nil, fmt.Errorf("consume for order %s: %w", c.OrderID, err)
	}
	if err := l.fetchedFromSlips(ctx, c.OrderID, d.fetched()); err != nil {
		return nil, fmt.Errorf("consume for order %s: %w", c.OrderID, err)
	}
	return result, nil
}

// draft locks what the lines touch and works out what can be booked.
func (l Ledger) draft(ctx context.Context, c Consumption) (*draft, []Reservation, error) {
	spots := make([]spot, len(c.Lines))
	ids := make([]uuid.UUID, len(c.Lines))
	var serials []string
	for i, line := range c.Lines {
		spots[i], ids[i] = spot{line.PlaceID, line.PartID}, line.PartID
		if line.SerialNumber != "" {
			serials = append(serials, line.SerialNumber)
		}
	}
	parts, err := l.PartsByID(ctx, ids...)
	if err != nil {
		return nil, nil, err
	}
	there, held, err := l.lockFor(ctx, c.OrderID, spots)
	if err != nil {
		return nil, nil, err
	}
	d := &draft{order: c.OrderID, free: map[spot]int64{}, own: map[spot]int64{}, pieces: map[piece]*whereabouts{}, used: map[spot]int64{}, named: map[spot][]string{}}
	for at, s := range there {
		d.free[at] = s.OnHand - s.Reserved
	}
	for _, r := range held {
		d.own[r.spot()] = r.Quantity
	}
	if len(serials) > 0 {
		var found []whereabouts
		if err := l.db.NewRaw("SELECT part_id, serial_number, place_id, condition, held_by_order FROM pieces WHERE part_id IN (?) AND serial_number IN (?)",
			bun.List(ids), bun.List(serials)).Scan(ctx, &found); err != nil {
			return nil, nil, refusedBy(err)
		}
		for i, p := range found {
			d.pieces[piece{p.PartID, p.SerialNumber}] = &found[i]
		}
	}
	for _, line := range c.Lines {
		d.take(line, parts[line.PartID].Serialised)
	}
	return d, held, nil
}

// use resolves the promises that were taken from. A promise of which only a part was used is let go and
// made anew as two: one used, one still held, because the order may come back for the rest.
func (l Ledger) use(ctx context.Context, d *draft, held []Reservation) error {
	var whole, split []uuid.UUID
	var used, rest []reservation
	for _, r := range held {
		n := d.used[r.spot()]
		switch {
		case n == 0:
		case n == r.Quantity:
			whole = append(whole, r.ID)
		default:
			split = append(split, r.ID)
			half := reservation{ID: newID(), OrgID: r.OrgID, OrderID: r.OrderID, VisitID: r.VisitID, PlaceID: r.PlaceID, PartID: r.PartID, Quantity: n, State: Held, HeldAt: r.HeldAt}
			used = append(used, half)
			half.ID, half.Quantity = newID(), r.Quantity-n
			half.SerialNumbers = remaining(r.SerialNumbers, d.named[r.spot()], half.Quantity)
			rest = append(rest, half)
		}
	}
	if err := l.resolve(ctx, whole, Used, ""); err != nil {
		return err
	}
	if err := l.letGo(ctx, split, "used in part"); err != nil {
		return err
	}
	if err := l.hold(ctx, used); err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(used))
	for i, r := range used {
		ids[i] = r.ID
	}
	if err := l.resolve(ctx, ids, Used, ""); err != nil {
		return err
	}
	return l.hold(ctx, rest)
}

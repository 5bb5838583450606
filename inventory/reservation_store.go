package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// reservation is a row as it is written.
type reservation struct {
	bun.BaseModel `bun:"table:reservations"`

	ID            uuid.UUID
	OrgID         int32
	OrderID       uuid.UUID
	VisitID       *uuid.UUID
	PlaceID       uuid.UUID
	PartID        uuid.UUID
	Quantity      int64
	SerialNumbers []string `bun:",array"`
	State         ReservationState
	HeldAt        time.Time
}

// Reserve makes the order hold exactly these pieces of the parts named: what it holds of them already is
// used again where it fits, and let go where it does not. Parts not named are left alone. It is refused
// with stock_reserved_within, naming part, place and what is available, when one line cannot be met;
// nothing is promised then. What the order holds it does not wait for any more.
func (l Ledger) Reserve(ctx context.Context, p Promise) error {
	wanted, err := p.total()
	if err != nil || len(wanted) == 0 {
		return err
	}
	spots := sortedSpots(wanted)
	there, held, err := l.lockFor(ctx, p.OrderID, spots)
	if err != nil {
		return fmt.Errorf("reserve for order %s: %w", p.OrderID, err)
	}
	named := map[uuid.UUID]bool{}
	for _, at := range spots {
		named[at.part] = true
	}
	var letGo, keep []uuid.UUID
	own := map[spot]Reservation{}
	for _, r := range held {
		if !named[r.PartID] {
			continue
		}
		own[r.spot()] = r
		line, here := wanted[r.spot()]
		if here && line.Quantity == r.Quantity && (len(line.SerialNumbers) == 0 || slices.Equal(line.SerialNumbers, r.SerialNumbers)) {
			keep = append(keep, r.ID)
			delete(wanted, r.spot())
			continue
		}
		letGo = append(letGo, r.ID)
	}
	var rows []reservation
	for _, at := range sortedSpots(wanted) {
		line := wanted[at]
		if free := there[at].OnHand - there[at].Reserved + own[at].Quantity; free < line.Quantity {
			return l.tooFew(ctx, codePromised, at, line.Quantity, max(free, 0))
		}
		rows = append(rows, reservation{ID: newID(), OrgID: p.OrgID, OrderID: p.OrderID, VisitID: p.VisitID, PlaceID: at.place, PartID: at.part,
			Quantity: line.Quantity, SerialNumbers: line.SerialNumbers, State: Held, HeldAt: l.at()})
	}
	if err := l.letGo(ctx, letGo, "promised elsewhere"); err != nil {
		return fmt.Errorf("reserve for order %s: %w", p.OrderID, err)
	}
	if len(keep) > 0 {
		if _, err := l.db.NewRaw("UPDATE reservations SET visit_id = ? WHERE id IN (?) AND visit_id IS DISTINCT FROM ?", p.VisitID, bun.List(keep), p.VisitID).Exec(ctx); err != nil {
			return fmt.Errorf("reserve for order %s: %w", p.OrderID, refusedBy(err))
		}
	}
	if err := l.hold(ctx, rows); err != nil {
		return fmt.Errorf("reserve for order %s: %w", p.OrderID, err)
	}
	return l.noLongerShort(ctx, p.OrderID)
}

// lockFor holds the stock of these spots still, and of the spots where the order holds anything; it
// returns the good pieces there and the order's promises, which cannot change any more.
func (l Ledger) lockFor(ctx context.Context, order uuid.UUID, spots []spot) (map[spot]shelf, []Reservation, error) {
	places, parts := make([]uuid.UUID, 0, len(spots)), make([]uuid.UUID, 0, len(spots))
	for _, s := range spots {
		places, parts = append(places, s.place), append(parts, s.part)
	}
	// A row that came into being while we waited for a lock is not among those locked: look again, once.
	for range 2 {
		var rows []shelf
		err := l.db.NewRaw(`SELECT place_id, part_id, condition, on_hand, reserved FROM lock_stock(
			?0::uuid[] || ARRAY(SELECT place_id FROM reservations WHERE order_id = ?2 AND state = 'held'),
			?1::uuid[] || ARRAY(SELECT part_id FROM reservations WHERE order_id = ?2 AND state = 'held'))`, uuids(places), uuids(parts), order).Scan(ctx, &rows)
		if err != nil {
			return nil, nil, refusedBy(err)
		}
		there := good(rows)
		held, err := l.Held(ctx, order)
		if err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(held, func(r Reservation) bool { _, locked := there[r.spot()]; return !locked }) {
			return there, held, nil
		}
	}
	return nil, nil, fault.New(fault.Conflict, "busy", "somebody else is changing the same thing: try again in a moment").After(time.Second)
}

// LockAll takes the shelves that several orders will draw from or let go, in the one order in which shelves
// are always taken, so that what follows cannot run into somebody who takes them one by one.
func (l Ledger) LockAll(ctx context.Context, orders []uuid.UUID, lines []PromiseLine) error {
	places, parts := make([]uuid.UUID, 0, len(lines)), make([]uuid.UUID, 0, len(lines))
	for _, line := range lines {
		places, parts = append(places, line.PlaceID), append(parts, line.PartID)
	}
	_, err := l.db.ExecContext(ctx, `SELECT count(*) FROM lock_stock(
		?0::uuid[] || ARRAY(SELECT place_id FROM reservations WHERE order_id = ANY (?2::uuid[]) AND state = 'held' ORDER BY id),
		?1::uuid[] || ARRAY(SELECT part_id FROM reservations WHERE order_id = ANY (?2::uuid[]) AND state = 'held' ORDER BY id))`, uuids(places), uuids(parts), uuids(orders))
	if err != nil {
		return fmt.Errorf("lock shelves of %d orders: %w", len(orders), refusedBy(err))
	}
	return nil
}

func (l Ledger) hold(ctx context.Context, rows []reservation) error {
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		if rows[i].SerialNumbers == nil {
			rows[i].SerialNumbers = []string{}
		}
	}
	_, err := l.db.NewInsert().Model(&rows).Exec(ctx)
	return refusedBy(err)
}

func (l Ledger) letGo(ctx context.Context, ids []uuid.UUID, why string) error {
	return l.resolve(ctx, ids, Released, why)
}

func (l Ledger) resolve(ctx context.Context, ids []uuid.UUID, to ReservationState, why string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := l.db.NewRaw("UPDATE reservations SET state = ?, resolved_at = ?, why = ? WHERE id IN (?) AND state = 'held'", to, l.at(), why, bun.List(ids)).Exec(ctx)
	return refusedBy(err)
}

const reservationColumns = `r.id, r.org_id, r.order_id, r.visit_id, r.place_id, pl.code AS place_code, pl.name AS place_name, pl.kind AS place_kind,
	r.part_id, p.sku, p.name AS part_name, r.quantity, r.serial_numbers, r.state, r.held_at, r.version`

// Held are the promises of an order that still stand, in the order of place and part.
func (l Ledger) Held(ctx context.Context, order uuid.UUID) ([]Reservation, error) {
	var rows []Reservation
	err := l.db.NewRaw("SELECT "+reservationColumns+` FROM reservations r JOIN parts p ON p.id = r.part_id JOIN places pl ON pl.id = r.place_id
		WHERE r.order_id = ? AND r.state = 'held' ORDER BY r.place_id, r.part_id`, order).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("promises to order %s: %w", order, refusedBy(err))
	}
	return rows, nil
}

// Release lets go what the order holds, or only what it holds for one visit. Nothing held is no error.
func (l Ledger) Release(ctx context.Context, order uuid.UUID, why string, onlyVisit *uuid.UUID) error {
	return l.releaseIf(ctx, order, why, func(r Reservation) bool {
		return onlyVisit == nil || r.VisitID != nil && *r.VisitID == *onlyVisit
	})
}

// ReleaseAt lets go what the order holds of one part in one place, such as a part not found at the shelf.
func (l Ledger) ReleaseAt(ctx context.Context, order, place, part uuid.UUID, why string) error {
	return l.releaseIf(ctx, order, why, func(r Reservation) bool { return r.PlaceID == place && r.PartID == part })
}

func (l Ledger) releaseIf(ctx context.Context, order uuid.UUID, why string, which func(Reservation) bool) error {
	held, err := l.Held(ctx, order)
	if err != nil || !slices.ContainsFunc(held, which) {
		return err
	}
	if _, held, err = l.lockFor(ctx, order, nil); err != nil {
		return fmt.Errorf("release for order %s: %w", order, err)
	}
	var ids []uuid.UUID
	for _, r := range held {
		if which(r) {
			ids = append(ids, r.ID)
		}
	}
	if err := l.letGo(ctx, ids, why); err != nil {
		return fmt.Errorf("release for order %s: %w", order, err)
	}
	return nil
}

// Rehome promises the order, from the stock of another place, what it holds in this one. The pieces
// themselves stay; a slip that is handed over moves both. It is refused with stock_reserved_within when
// the other place has too few.
func (l Ledger) Rehome(ctx context.Context, order, fromPlace, toPlace uuid.UUID, why string) error {
	if fromPlace == toPlace {
		return nil
	}
	before, err := l.Held(ctx, order)
	if err != nil {
		return err
	}
	var targets []spot
	for _, r := range before {
		if r.PlaceID == fromPlace {
			targets = append(targets, spot{toPlace, r.PartID})
		}
	}
	if len(targets) == 0 {
		return nil
	}
	there, held, err := l.lockFor(ctx, order, targets)
	if err != nil {
		return fmt.Errorf("rehome parts of order %s: %w", order, err)
	}
	own := map[spot]Reservation{}
	for _, r := range held {
		own[r.spot()] = r
	}
	var letGo []uuid.UUID
	var rows []reservation
	for _, r := range held {
		if r.PlaceID != fromPlace {
			continue
		}
		to := spot{toPlace, r.PartID}
		if free := there[to].OnHand - there[to].Reserved; free < r.Quantity {
			return l.tooFew(ctx, codePromised, to, r.Quantity, max(free, 0))
		}
		letGo = append(letGo, r.ID)
		moved := reservation{ID: newID(), OrgID: r.OrgID, OrderID: order, VisitID: r.VisitID, PlaceID: toPlace, PartID: r.PartID, Quantity: r.Quantity, State: Held, HeldAt: l.at()}
		if already, ok := own[to]; ok {
			letGo = append(letGo, already.ID)
			moved.Quantity += already.Quantity
		}
		rows = append(rows, moved)
	}
	if err := l.letGo(ctx, letGo, why); err != nil {
		return fmt.Errorf("rehome parts of order %s: %w", order, err)
	}
	if err := l.hold(ctx, rows); err != nil {
		return fmt.Errorf("rehome parts of order %s: %w", order, err)
	}
	return nil
}

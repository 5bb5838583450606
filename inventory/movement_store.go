package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// move is a row of the ledger as it is written.
type move struct {
	bun.BaseModel `bun:"table:moves"`

	ID            uuid.UUID
	OrgID         int32
	At            time.Time
	Kind          MovementKind
	PartID        uuid.UUID
	Quantity      int64
	FromPlace     *uuid.UUID
	ToPlace       *uuid.UUID
	Condition     Condition
	ToCondition   Condition
	OrderID       *uuid.UUID
	SheetID       *uuid.UUID
	PickupID      *uuid.UUID
	Reverses      *uuid.UUID
	SerialNumbers []string `bun:",array"`
	Reason        string
	ActorID       *uuid.UUID
	Actor         string
}

// by signs a row with who acts.
func (m move) by(c auth.Caller) move {
	if c.Person() {
		m.ActorID = &c.UserID
	}
	m.Actor = c.Actor()
	if m.Actor == "" {
		m.Actor = c.Name
	}
	return m
}

// write books movements in one statement, so that their stock is locked in the usual order.
func (l Ledger) write(ctx context.Context, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	for i := range moves {
		if moves[i].SerialNumbers == nil {
			moves[i].SerialNumbers = []string{}
		}
		if moves[i].Condition == "" {
			moves[i].Condition, moves[i].ToCondition = Good, Good
		}
	}
	_, err := l.db.NewInsert().Model(&moves).Exec(ctx)
	return refusedBy(err)
}

// Move books one movement by hand. Both places have to be in the caller's sight. It is refused with
// stock_not_below_zero or stock_reserved_within when the pieces are not there or are promised, and with
// pieces_not_here when a named piece is not there. A visiting engineer books only what touches his own van. Goods received into a place fill what was expected
// there, oldest date first.
func (l Ledger) Move(ctx context.Context, by auth.Caller, in MovementInput) (Movement, error) {
	e, err := in.ends()
	if err != nil {
		return Movement{}, err
	}
	parts, err := l.PartsBySKU(ctx, in.SKU)
	if err != nil {
		return Movement{}, err
	}
	part := parts[in.SKU]
	if part.Serialised && len(e.serials) == 0 {
		return Movement{}, fault.New(fault.Invalid, "serials_needed", "part %s is counted by serial number: name each piece", part.SKU).
			Field("body.serial_numbers", "one for each piece")
	}
	m := move{ID: newID(), At: l.at(), Kind: e.kind, PartID: part.ID, Quantity: e.quantity, Condition: e.condition, ToCondition: e.into,
		SerialNumbers: e.serials, Reason: e.reason}.by(by)
	scope := by.Scope()
	own := scope.Engineer() == nil
	mine := func(p Place) bool { return own || p.EngineerID != nil && *p.EngineerID == *scope.Engineer() }
	if e.from != "" {
		from, err := l.placeNamed(ctx, scope, "body.from_place", e.from)
		if err != nil {
			return Movement{}, err
		}
		m.FromPlace, m.OrgID, own = &from.ID, from.OrgID, mine(from)
	}
	if e.to != "" {
		to, err := l.placeNamed(ctx, scope, "body.to_place", e.to)
		if err != nil {
			return Movement{}, err
		}
		m.ToPlace, m.OrgID, own = &to.ID, to.OrgID, mine(to)
	}
	if !own {
		return Movement{}, fault.New(fault.Forbidden, "movement_own_van", "you may book what goes into or out of your own van: ask the stock keeper for the rest")
	}
	if err := l.checkShelf(ctx, m); err != nil {
		return Movement{}, err
	}
	if err := l.write(ctx, []move{m}); err != nil {
		return Movement{}, fmt.Errorf("book %s of %s: %w", e.kind, part.SKU, err)
	}
	if e.kind == Receive && e.into == Good {
		if err := l.arrived(ctx, *m.ToPlace, part.ID, e.quantity); err != nil {
			return Movement{}, err
		}
	}
	return l.Movement(ctx, m.ID)
}

// checkShelf says in words what PostgreSQL would refuse. It looks under the locks that the movement needs
// anyway, those of both ends, since the trigger that books it comes too late to take them in order.
func (l Ledger) checkShelf(ctx context.Context, m move) error {
	if m.FromPlace == nil {
		return nil
	}
	at, quantity := spot{*m.FromPlace, m.PartID}, m.Quantity
	spots := []spot{at}
	if m.ToPlace != nil {
		spots = append(spots, spot{*m.ToPlace, m.PartID})
	}
	rows, err := l.lock(ctx, spots)
	if err != nil {
		return err
	}
	var there shelf
	for _, r := range rows {
		if r.PlaceID == at.place && r.Condition == m.Condition {
			there = r
		}
	}
	if there.OnHand < quantity {
		return l.tooFew(ctx, codeTooFew, at, quantity, there.OnHand)
	}
	if free := there.OnHand - there.Reserved; free < quantity {
		return l.tooFew(ctx, codePromised, at, quantity, free)
	}
	return nil
}

const movementColumns = `m.id, m.at, m.kind, p.sku, p.name AS part_name, m.quantity, f.code AS from_place, t.code AS to_place, m.condition, m.to_condition,
	m.serial_numbers, m.reason, m.order_id, w.number AS work_order_number, m.pickup_id, m.reverses, m.actor`
const movementTables = `moves m JOIN parts p ON p.id = m.part_id LEFT JOIN places f ON f.id = m.from_place LEFT JOIN places t ON t.id = m.to_place
	LEFT JOIN work_orders w ON w.id = m.order_id`

// Movement reads one row of the ledger.
func (l Ledger) Movement(ctx context.Context, id uuid.UUID) (Movement, error) {
	var m Movement
	err := l.db.NewRaw("SELECT "+movementColumns+" FROM "+movementTables+" WHERE m.id = ?", id).Scan(ctx, &m)
	if none(err) {
		return m, unknown("movement")
	}
	if err != nil {
		return m, fmt.Errorf("movement %s: %w", id, refusedBy(err))
	}
	return m, nil
}

// Movements lists the ledger, newest first: rows with an end in sight.
func (l Ledger) Movements(ctx context.Context, scope auth.Scope, f MovementFilter) (keyset.Page[Movement], error) {
	if err := scope.Check(); err != nil {
		return keyset.Page[Movement]{}, err
	}
	var before uuid.UUID
	more, err := f.After(&before)
	if err != nil {
		return keyset.Page[Movement]{}, err
	}
	q := l.db.NewSelect().TableExpr(movementTables).ColumnExpr(movementColumns).Where(scope.SQL("m.org_id", "f.org_id", "t.org_id")).
		OrderExpr("m.id DESC").Limit(int64(f.Rows()))
	if more {
		q.Where("m.id < ?", before)
	}
	if f.SKU != "" {
		q.Where("m.part_id = (SELECT id FROM parts WHERE sku = ?)", f.SKU)
	}
	if f.Place != "" {
		q.Where("(m.from_place = (SELECT id FROM places WHERE code = ?0) OR m.to_place = (SELECT id FROM places WHERE code = ?0))", f.Place)
	}
	if f.Kind != "" {
		q.Where("m.kind = ?", f.Kind)
	}
	if f.Order != "" {
		id, err := readID("query.work_order", f.Order)
		if err != nil {
			return keyset.Page[Movement]{}, err
		}
		q.Where("m.order_id = ?", id)
	}
	var rows []Movement
	if err := q.Scan(ctx, &rows); err != nil {
		return keyset.Page[Movement]{}, fmt.Errorf("list movements: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(m Movement) []any { return []any{m.ID} }), nil
}

// undone is the kind that writes the opposite of a kind.
var undone = map[MovementKind]MovementKind{Receive: Adjust, Transfer: Transfer, Adjust: Adjust, Return: Adjust, Scrap: Adjust, Consume: Return, Inspect: Inspect}

// Reverse books the opposite of a movement and returns the new row's id. A movement is reversed once
// (moves_reversed_once), a reversal never; what has left again meanwhile is refused as any movement is.
// A part taken back out of a device comes back as it was: good.
func (l Ledger) Reverse(ctx context.Context, by auth.Caller, moveID uuid.UUID, reason string) (uuid.UUID, error) {
	var m move
	err := l.db.NewRaw("SELECT * FROM moves WHERE id = ?", moveID).Scan(ctx, &m)
	if none(err) {
		return uuid.Nil, unknown("movement")
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("movement %s: %w", moveID, refusedBy(err))
	}
	if m.Reverses != nil {
		return uuid.Nil, fault.New(fault.Conflict, "moves_reversal_stands", "this movement reverses another: book it anew instead")
	}
	if reason == "" {
		reason = "reversed"
	}
	back := move{ID: newID(), OrgID: m.OrgID, At: l.at(), Kind: undone[m.Kind], PartID: m.PartID, Quantity: m.Quantity, FromPlace: m.ToPlace, ToPlace: m.FromPlace,
		Condition: m.ToCondition, ToCondition: m.Condition, OrderID: m.OrderID, SheetID: m.SheetID, Reverses: &m.ID, SerialNumbers: m.SerialNumbers, Reason: reason}.by(by)
	if m.Kind == Return && m.FromPlace != nil {
		back.Kind = Return // from a van to the store and back: it has two ends
	}
	if err := l.checkShelf(ctx, back); err != nil {
		return uuid.Nil, err
	}
	if err := l.write(ctx, []move{back}); err != nil {
		return uuid.Nil, fmt.Errorf("reverse %s: %w", moveID, err)
	}
	return back.ID, nil
}

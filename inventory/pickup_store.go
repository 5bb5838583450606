package inventory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// MakePickup makes the slip for a visit and a place, or changes the one that is still to be fetched.
func (l Ledger) MakePickup(ctx context.Context, o PickupInput) (Pickup, error) {
	if err := o.check(); err != nil {
		return Pickup{}, err
	}
	wrap := func(err error) (Pickup, error) {
		return Pickup{}, fmt.Errorf("make slip for visit %s: %w", o.VisitID, refusedBy(err))
	}
	var id uuid.UUID
	err := l.db.NewRaw("UPDATE pickups SET needed_by = ?, engineer_id = ? WHERE visit_id = ? AND place_id = ? AND state IN ('to_pick', 'ready') RETURNING id",
		o.NeededBy, o.EngineerID, o.VisitID, o.PlaceID).Scan(ctx, &id)
	switch {
	case err == nil:
		if _, err := l.db.NewRaw("DELETE FROM pickup_lines WHERE pickup_id = ?", id).Exec(ctx); err != nil {
			return wrap(err)
		}
	case none(err):
		id = newID()
		if _, err := l.db.NewRaw(`INSERT INTO pickups (id, org_id, number, visit_id, order_id, place_id, engineer_id, needed_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id, o.OrgID, o.Number, o.VisitID, o.OrderID, o.PlaceID, o.EngineerID, o.NeededBy, l.at()).Exec(ctx); err != nil {
			return wrap(err)
		}
	default:
		return wrap(err)
	}
	quantity := map[uuid.UUID]int64{}
	for _, line := range o.Lines {
		quantity[line.PartID] += line.Quantity
	}
	for _, part := range sortedIDs(quantity) {
		if _, err := l.db.NewRaw("INSERT INTO pickup_lines (pickup_id, part_id, quantity) VALUES (?, ?, ?)", id, part, quantity[part]).Exec(ctx); err != nil {
			return wrap(err)
		}
	}
	return l.pickup(ctx, id)
}

func sortedIDs[V any](m map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

const pickupColumns = `k.id, k.number, k.org_id, k.visit_id, k.order_id, w.number AS work_order_number, k.place_id, pl.code AS place_code, pl.name AS place_name,
	k.engineer_id, e.name AS engineer_name, k.needed_by, k.state, k.ready_at, k.handed_over_at, k.ended_at, k.why, k.created_at, k.version`
const pickupTables = `pickups k JOIN work_orders w ON w.id = k.order_id JOIN places pl ON pl.id = k.place_id JOIN organisations o ON o.id = pl.org_id
	JOIN engineers e ON e.id = k.engineer_id`

// pickupsSeen is the condition that slips are in sight: the place's, the order's owner or its server; a
// visiting engineer sees his own.
func pickupsSeen(scope auth.Scope) (string, error) {
	if err := scope.Check(); err != nil {
		return "", err
	}
	return scope.Reach("k.engineer_id = :me", "pl.org_id", "w.org_id", "w.serving_org_id"), nil
}

func (l Ledger) pickup(ctx context.Context, id uuid.UUID) (Pickup, error) {
	return l.pickupWhere(ctx, "k.id = ?", id)
}

func (l Ledger) pickupWhere(ctx context.Context, where string, args ...any) (Pickup, error) {
	var p Pickup
	err := l.db.NewRaw("SELECT "+pickupColumns+" FROM "+pickupTables+" WHERE "+where, args...).Scan(ctx, &p)
	if none(err) {
		return p, unknown("pickup")
	}
	if err != nil {
		return p, fmt.Errorf("read slip: %w", refusedBy(err))
	}
	one := []Pickup{p}
	if err := l.fillPickups(ctx, one); err != nil {
		return p, err
	}
	return one[0], nil
}

func (l Ledger) fillPickups(ctx context.Context, slips []Pickup) error {
	if len(slips) == 0 {
		return nil
	}
	at := map[uuid.UUID]*Pickup{}
	ids := make([]uuid.UUID, len(slips))
	for i := range slips {
		slips[i].Lines = []PickupLine{}
		slips[i].AllowedActions = []string{}
		for _, act := range PickupMoves.Actions(slips[i].State) {
			slips[i].AllowedActions = append(slips[i].AllowedActions, strings.ReplaceAll(act, "_", "-"))
		}
		ids[i], at[slips[i].ID] = slips[i].ID, &slips[i]
	}
	var lines []PickupLine
	if err := l.db.NewRaw(`SELECT x.pickup_id, x.part_id, p.sku, p.name AS part_name, p.unit, x.quantity FROM pickup_lines x JOIN parts p ON p.id = x.part_id
		WHERE x.pickup_id IN (?) ORDER BY p.sku`, bun.List(ids)).Scan(ctx, &lines); err != nil {
		return fmt.Errorf("read lines of slips: %w", refusedBy(err))
	}
	for _, line := range lines {
		at[line.PickupID].Lines = append(at[line.PickupID].Lines, line)
	}
	return nil
}

// Pickup reads one slip in sight; NotFound otherwise.
func (l Ledger) Pickup(ctx context.Context, scope auth.Scope, id uuid.UUID) (Pickup, error) {
	seen, err := pickupsSeen(scope)
	if err != nil {
		return Pickup{}, err
	}
	return l.pickupWhere(ctx, "k.id = ? AND "+seen, id)
}

// Pickups lists the slips in sight, earliest needed first.
func (l Ledger) Pickups(ctx context.Context, scope auth.Scope, f PickupFilter) (keyset.Page[Pickup], error) {
	var page keyset.Page[Pickup]
	seen, err := pickupsSeen(scope)
	if err != nil {
		return page, err
	}
	var last time.Time
	var lastID uuid.UUID
	more, err := f.After(&last, &lastID)
	if err != nil {
		return page, err
	}
	q := l.db.NewSelect().TableExpr(pickupTables).ColumnExpr(pickupColumns).Where(seen).OrderExpr("k.needed_by, k.id").Limit(int64(f.Rows()))
	if more {
		q.Where("(k.needed_by, k.id) > (?, ?)", last, lastID)
	}
	if f.Place != "" {
		q.Where("pl.code = ?", f.Place)
	}
	if f.Day != "" {
		day, err := calendar.Parse(f.Day)
		if err != nil {
			return page, fault.New(fault.Invalid, "bad_day", "write the day as YYYY-MM-DD").Field("query.day", "YYYY-MM-DD")
		}
		q.Where("k.needed_by >= (?::date)::timestamp AT TIME ZONE o.zone AND k.needed_by < (?::date + 1)::timestamp AT TIME ZONE o.zone", day, day)
	}
	if f.State != "" {
		q.Where("k.state = ?", f.State)
	}
	for _, by := range []struct{ name, column, text string }{{"engineer", "k.engineer_id", f.Engineer}, {"visit", "k.visit_id", f.Visit}, {"work_order", "k.order_id", f.Order}} {
		if by.text == "" {
			continue
		}
		id, err := readID("query."+by.name, by.text)
		if err != nil {
			return page, err
		}
		q.Where(by.column+" = ?", id)
	}
	var rows []Pickup
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list slips: %w", refusedBy(err))
	}
	page = keyset.Cut(f.Ask, rows, func(p Pickup) []any { return []any{p.NeededBy, p.ID} })
	return page, l.fillPickups(ctx, page.Items)
}

// PickupDo does one act on a slip in sight: ready, hand-over, receive or cancel.
//
// Handing over is the transfer from the store into the engineer's van; the promise moves with the pieces.
// Receiving takes back what the sheet did not use, promise and all. Cancelling leaves the promise where it
// is: what to do about a part that was not found is the desk's decision (Rehome, ReleaseAt).
func (l Ledger) PickupDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in PickupAct) (Pickup, error) {
	slip, err := l.Pickup(ctx, by.Scope(), id)
	if err != nil {
		return slip, err
	}
	action := strings.ReplaceAll(act, "-", "_")
	if _, err := PickupMoves.Do(slip.State, action); err != nil {
		return slip, err
	}
	if action == "cancel" && strings.TrimSpace(given(in.Why, "")) == "" {
		reason := "not fetched"
		in.Why = &reason
	}
	wrap := func(err error) (Pickup, error) {
		return slip, fmt.Errorf("%s slip %s: %w", act, slip.Number, refusedBy(err))
	}
	carries := action == "hand_over" || action == "receive"
	var van *Place
	var there map[spot]shelf
	var held []Reservation
	if carries {
		if van, err = l.VanOf(ctx, slip.EngineerID); err != nil {
			return wrap(err)
		}
		if van == nil {
			return slip, fault.New(fault.Conflict, "engineer_without_van", "%s has no van to put the parts into: add the van first", slip.EngineerName).With("engineer_id", slip.EngineerID)
		}
		var spots []spot
		for _, line := range slip.Lines {
			spots = append(spots, spot{slip.PlaceID, line.PartID}, spot{van.ID, line.PartID})
		}
		// Stock before the slip, as everywhere; the slip may have changed until we hold it.
		if there, held, err = l.lockFor(ctx, slip.OrderID, spots); err != nil {
			return wrap(err)
		}
	}
	var state PickupState
	if err := l.db.NewRaw("SELECT state FROM pickups WHERE id = ? FOR NO KEY UPDATE", id).Scan(ctx, &state); err != nil {
		return wrap(err)
	}
	next, err := PickupMoves.Do(state, action)
	if err != nil {
		return slip, err
	}
	if carries {
		if slip, err = l.pickup(ctx, id); err != nil {
			return wrap(err)
		}
		c := carry{by: by, slip: slip, from: slip.PlaceID, to: van.ID, quantity: map[uuid.UUID]int64{}, serials: in.SerialNumbers, there: there, own: map[spot]Reservation{}, reason: slip.Number}
		for _, r := range held {
			c.own[r.spot()] = r
		}
		for _, line := range slip.Lines {
			c.quantity[line.PartID] = line.Quantity
		}
		if action == "receive" {
			c.from, c.to = c.to, c.from
			if err := l.leaveUsed(ctx, &c); err != nil {
				return wrap(err)
			}
		}
		if err := l.carry(ctx, c); err != nil {
			return wrap(err)
		}
	}
	at := l.at()
	_, err = l.db.NewRaw(`UPDATE pickups SET state = ?0, why = coalesce(?1, why), ready_at = CASE WHEN ?0 = 'ready' THEN ?2::timestamptz ELSE ready_at END,
		handed_over_at = CASE WHEN ?0 = 'handed_over' THEN ?2::timestamptz ELSE handed_over_at END,
		ended_at = CASE WHEN ?0 IN ('returned', 'cancelled') THEN ?2::timestamptz END WHERE id = ?3`, next, in.Why, at, id).Exec(ctx)
	if err != nil {
		return wrap(err)
	}
	return l.pickup(ctx, id)
}

// carry is pieces on their way between a store and a van, with the promise that goes along.
type carry struct {
	by       auth.Caller
	slip     Pickup
	from, to uuid.UUID
	quantity map[uuid.UUID]int64 // by part
	serials  []string
	there    map[spot]shelf
	own      map[spot]Reservation
	reason   string
}

// leaveUsed takes out of the way back what the order has used since, and what is not in the van any more.
func (l Ledger) leaveUsed(ctx context.Context, c *carry) error {
	var used []struct {
		PartID uuid.UUID
		N      int64
	}
	if err := l.db.NewRaw(`SELECT m.part_id, sum(m.quantity) AS n FROM moves m WHERE m.order_id = ? AND m.kind = 'consume' AND m.from_place = ? AND m.at >= ?
		AND NOT EXISTS (SELECT 1 FROM moves b WHERE b.reverses = m.id) GROUP BY 1`, c.slip.OrderID, c.from, *c.slip.HandedOverAt).Scan(ctx, &used); err != nil {
		return err
	}
	for _, u := range used {
		c.quantity[u.PartID] -= u.N
	}
	for part, n := range c.quantity {
		at := spot{c.from, part}
		if n = min(n, c.there[at].OnHand-c.there[at].Reserved+c.own[at].Quantity); n <= 0 {
			delete(c.quantity, part)
			continue
		}
		c.quantity[part] = n
	}
	if len(c.quantity) == 0 {
		return fault.New(fault.Conflict, "pickup_nothing_left", "nothing of slip %s is left in the van: there is nothing to bring back", c.slip.Number)
	}
	return nil
}

func (l Ledger) carry(ctx context.Context, c carry) error {
	parts, err := l.PartsByID(ctx, sortedIDs(c.quantity)...)
	if err != nil {
		return err
	}
	var letGo []uuid.UUID
	var rows []reservation
	var moves []move
	for _, part := range sortedIDs(c.quantity) {
		n, from, to := c.quantity[part], spot{c.from, part}, spot{c.to, part}
		held, already := c.own[from], c.own[to]
		if free := c.there[from].OnHand - c.there[from].Reserved + held.Quantity; free < n {
			return l.tooFew(ctx, codePromised, from, n, max(free, 0))
		}
		along := min(held.Quantity, n)
		if along > 0 {
			letGo = append(letGo, held.ID)
			row := reservation{ID: newID(), OrgID: held.OrgID, OrderID: held.OrderID, VisitID: held.VisitID, PlaceID: c.to, PartID: part, Quantity: along + already.Quantity, State: Held, HeldAt: l.at()}
			if already.Quantity > 0 {
				letGo = append(letGo, already.ID)
			}
			rows = append(rows, row)
			if stays := held.Quantity - along; stays > 0 {
				row.ID, row.PlaceID, row.Quantity = newID(), c.from, stays
				rows = append(rows, row)
			}
		}
		m := move{ID: newID(), OrgID: c.slip.OrgID, At: l.at(), Kind: Transfer, PartID: part, Quantity: n, FromPlace: &c.from, ToPlace: &c.to, Condition: Good, ToCondition: Good,
			OrderID: &c.slip.OrderID, PickupID: &c.slip.ID, Reason: c.reason}.by(c.by)
		if parts[part].Serialised {
			if m.SerialNumbers, err = l.choosePieces(ctx, from, n, c, held.SerialNumbers); err != nil {
				return err
			}
		}
		moves = append(moves, m)
	}
	if err := l.letGo(ctx, letGo, "moved with the parts"); err != nil {
		return err
	}
	if err := l.write(ctx, moves); err != nil {
		return err
	}
	return l.hold(ctx, rows)
}

// choosePieces names the pieces that are carried: those the caller named, else those promised, else those
// of the slip, else any that lie there free.
func (l Ledger) choosePieces(ctx context.Context, from spot, n int64, c carry, promised []string) ([]string, error) {
	var serials []string
	err := l.db.NewRaw(`SELECT x.serial_number FROM pieces x WHERE x.part_id = ? AND x.place_id = ? AND x.condition = 'good' AND (x.held_by_order IS NULL OR x.held_by_order = ?)
		ORDER BY x.serial_number = ANY (?::text[]) DESC, x.serial_number = ANY (?::text[]) DESC,
		EXISTS (SELECT 1 FROM moves m WHERE m.pickup_id = ? AND x.serial_number = ANY (m.serial_numbers)) DESC, x.serial_number LIMIT ?`,
		from.part, from.place, c.slip.OrderID, texts(c.serials), texts(promised), c.slip.ID, n).Scan(ctx, &serials)
	if err != nil {
		return nil, refusedBy(err)
	}
	if int64(len(serials)) < n {
		return nil, l.tooFew(ctx, codePromised, from, n, int64(len(serials)))
	}
	return serials, nil
}

// CancelPickups cancels the slips of an order that nobody has handed over yet.
func (l Ledger) CancelPickups(ctx context.Context, order uuid.UUID, why string) error {
	if why == "" {
		why = "not needed any more"
	}
	if _, err := l.db.NewRaw("UPDATE pickups SET state = 'cancelled', ended_at = ?, why = ? WHERE order_id = ? AND state IN ('to_pick', 'ready')", l.at(), why, order).Exec(ctx); err != nil {
		return fmt.Errorf("cancel slips of order %s: %w", order, refusedBy(err))
	}
	return nil
}

// fetchedFromSlips brings slips up to date whose parts a sheet booked as fetched without anybody at the
// counter: a slip all of whose parts are gone counts as handed over, else it asks for the rest.
func (l Ledger) fetchedFromSlips(ctx context.Context, order uuid.UUID, fetched map[spot]int64) error {
	for _, place := range sortedIDs(placesOf(fetched)) {
		var lines []struct {
			ID       uuid.UUID
			PartID   uuid.UUID
			Quantity int64
		}
		err := l.db.NewRaw(`SELECT k.id, x.part_id, x.quantity FROM pickups k JOIN pickup_lines x ON x.pickup_id = k.id
			WHERE k.order_id = ? AND k.place_id = ? AND k.state IN ('to_pick', 'ready') ORDER BY k.id, x.part_id FOR NO KEY UPDATE OF k`, order, place).Scan(ctx, &lines)
		if err != nil {
			return refusedBy(err)
		}
		waiting := map[uuid.UUID]bool{}
		taken := make([]int64, len(lines))
		for i, line := range lines {
			taken[i] = min(line.Quantity, fetched[spot{place, line.PartID}])
			fetched[spot{place, line.PartID}] -= taken[i]
			waiting[line.ID] = waiting[line.ID] || taken[i] < line.Quantity
		}
		for i, line := range lines {
			if !waiting[line.ID] || taken[i] == 0 {
				continue
			}
			change := "UPDATE pickup_lines SET quantity = quantity - ?2 WHERE pickup_id = ?0 AND part_id = ?1"
			if taken[i] == line.Quantity {
				change = "DELETE FROM pickup_lines WHERE pickup_id = ?0 AND part_id = ?1"
			}
			if _, err := l.db.NewRaw(change, line.ID, line.PartID, taken[i]).Exec(ctx); err != nil {
				return refusedBy(err)
			}
		}
		for _, id := range sortedIDs(waiting) {
			if waiting[id] {
				continue
			}
			if _, err := l.db.NewRaw("UPDATE pickups SET state = 'handed_over', handed_over_at = ? WHERE id = ?", l.at(), id).Exec(ctx); err != nil {
				return refusedBy(err)
			}
		}
	}
	return nil
}

func placesOf(m map[spot]int64) map[uuid.UUID]bool {
	out := map[uuid.UUID]bool{}
	for at := range m {
		out[at.place] = true
	}
	return out
}

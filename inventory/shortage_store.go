package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const shortageColumns = `s.id, s.org_id, s.order_id, w.number AS work_order_number, s.part_id, p.sku, p.name AS part_name, s.text, s.quantity, s.urgency,
	s.waiting_since, s.expected_on, s.state, s.resolved_at, s.version`
const shortageTables = "shortages s JOIN work_orders w ON w.id = s.order_id LEFT JOIN parts p ON p.id = s.part_id"

// OpenShortage records that an order waits for a part. There is one open line for each part of an order:
// a second call says how many it is now, and the order keeps its place in the queue.
func (l Ledger) OpenShortage(ctx context.Context, w ShortageInput) (Shortage, error) {
	w.Text = strings.TrimSpace(w.Text)
	if w.Quantity < 1 || w.Quantity > MaxQuantity {
		return Shortage{}, quantityFault("body.parts_needed")
	}
	if w.PartID == nil && w.Text == "" {
		return Shortage{}, fault.New(fault.Invalid, "shortages_of_what", "say which part is missing, by SKU or in words").Field("body.parts_needed", "sku or text")
	}
	var id uuid.UUID
	err := l.db.NewRaw(`INSERT INTO shortages (id, org_id, order_id, part_id, text, quantity, urgency, waiting_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (order_id, part_id) WHERE state = 'open' AND part_id IS NOT NULL
		DO UPDATE SET quantity = excluded.quantity, urgency = excluded.urgency, text = excluded.text RETURNING id`,
		newID(), w.OrgID, w.OrderID, w.PartID, w.Text, w.Quantity, w.Urgency, l.at()).Scan(ctx, &id)
	if err != nil {
		return Shortage{}, fmt.Errorf("record what order %s waits for: %w", w.OrderID, refusedBy(err))
	}
	if w.PartID != nil {
		if _, err := l.dateShortages(ctx, *w.PartID); err != nil {
			return Shortage{}, err
		}
	}
	return l.shortage(ctx, "s.id = ?", id)
}

func (l Ledger) shortage(ctx context.Context, where string, args ...any) (Shortage, error) {
	var s Shortage
	err := l.db.NewRaw("SELECT "+shortageColumns+" FROM "+shortageTables+" WHERE "+where, args...).Scan(ctx, &s)
	if none(err) {
		return s, unknown("shortage")
	}
	if err != nil {
		return s, fmt.Errorf("read shortage: %w", refusedBy(err))
	}
	return s, nil
}

// Shortage reads one in sight; NotFound otherwise.
func (l Ledger) Shortage(ctx context.Context, scope auth.Scope, id uuid.UUID) (Shortage, error) {
	if err := scope.Check(); err != nil {
		return Shortage{}, err
	}
	return l.shortage(ctx, "s.id = ? AND "+scope.SQL("w.org_id", "w.serving_org_id"), id)
}

// PatchShortage names or corrects an open shortage in sight.
func (l Ledger) PatchShortage(ctx context.Context, scope auth.Scope, id uuid.UUID, in ShortagePatch, version *int) (Shortage, error) {
	s, err := l.Shortage(ctx, scope, id)
	if err != nil {
		return s, err
	}
	if s.State != ShortageOpen {
		return s, fault.New(fault.Conflict, "shortage_settled", "this shortage is settled: open another for what is still missing").With("state", s.State)
	}
	if in.Quantity != nil && (*in.Quantity < 1 || *in.Quantity > MaxQuantity) {
		return s, quantityFault("body.quantity")
	}
	part := s.PartID
	if in.SKU != nil {
		parts, err := l.PartsBySKU(ctx, *in.SKU)
		if err != nil {
			return s, err
		}
		named := parts[*in.SKU].ID
		part = &named
	}
	res, err := l.db.NewRaw("UPDATE shortages SET part_id = ?, quantity = coalesce(?, quantity), urgency = coalesce(?, urgency) WHERE id = ? AND version = ?",
		part, in.Quantity, in.Urgency, id, given(version, s.Version)).Exec(ctx)
	if err != nil {
		return s, fmt.Errorf("change shortage %s: %w", id, refusedBy(err))
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return s, stale()
	}
	if part != nil {
		if _, err := l.dateShortages(ctx, *part); err != nil {
			return s, err
		}
	}
	return l.shortage(ctx, "s.id = ?", id)
}

// Shortages lists what orders in sight wait for, longest waiting first.
func (l Ledger) Shortages(ctx context.Context, scope auth.Scope, f ShortageFilter) (keyset.Page[Shortage], error) {
	var page keyset.Page[Shortage]
	if err := scope.Check(); err != nil {
		return page, err
	}
	var last time.Time
	var lastID uuid.UUID
	more, err := f.After(&last, &lastID)
	if err != nil {
		return page, err
	}
	state := ShortageState(f.State)
	if state == "" {
		state = ShortageOpen
	}
	q := l.db.NewSelect().TableExpr(shortageTables).ColumnExpr(shortageColumns).Where(scope.SQL("w.org_id", "w.serving_org_id")).
		Where("s.state = ?", state).OrderExpr("s.waiting_since, s.id").Limit(int64(f.Rows()))
	if more {
		q.Where("(s.waiting_since, s.id) > (?, ?)", last, lastID)
	}
	if f.SKU != "" {
		q.Where("p.sku = ?", f.SKU)
	}
	if f.Place != "" {
		q.Where(`(EXISTS (SELECT 1 FROM stock k JOIN places pl ON pl.id = k.place_id WHERE pl.code = ?0 AND k.part_id = s.part_id AND k.condition = 'good' AND k.on_hand > k.reserved)
			OR EXISTS (SELECT 1 FROM stock_expected x JOIN places pl ON pl.id = x.to_place WHERE pl.code = ?0 AND x.part_id = s.part_id AND x.state = 'open'))`, f.Place)
	}
	if f.Order != "" {
		id, err := readID("query.work_order", f.Order)
		if err != nil {
			return page, err
		}
		q.Where("s.order_id = ?", id)
	}
	var rows []Shortage
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list shortages: %w", refusedBy(err))
	}
	return keyset.Cut(f.Ask, rows, func(s Shortage) []any { return []any{s.WaitingSince, s.ID} }), nil
}

// ShortagesOf are all shortages of an order, oldest first.
func (l Ledger) ShortagesOf(ctx context.Context, order uuid.UUID) ([]Shortage, error) {
	rows := []Shortage{}
	if err := l.db.NewRaw("SELECT "+shortageColumns+" FROM "+shortageTables+" WHERE s.order_id = ? ORDER BY s.id", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("shortages of order %s: %w", order, refusedBy(err))
	}
	return rows, nil
}

// WaitingFor are the open shortages of a part over the whole company, longest waiting first: whoever
// receives goods ranks their orders and calls Allot.
func (l Ledger) WaitingFor(ctx context.Context, part uuid.UUID) ([]Shortage, error) {
	rows := []Shortage{}
	if err := l.db.NewRaw("SELECT "+shortageColumns+" FROM "+shortageTables+" WHERE s.part_id = ? AND s.state = 'open' ORDER BY s.waiting_since, s.id LIMIT 1000", part).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("who waits for part %s: %w", part, refusedBy(err))
	}
	return rows, nil
}

// CancelShortages ends what an order waits for. Parts held for it stay held until Release.
func (l Ledger) CancelShortages(ctx context.Context, order uuid.UUID) error {
	var parts []uuid.UUID
	if err := l.db.NewRaw("SELECT DISTINCT part_id FROM shortages WHERE order_id = ? AND state = 'open' AND part_id IS NOT NULL ORDER BY 1", order).Scan(ctx, &parts); err != nil {
		return fmt.Errorf("shortages of order %s: %w", order, refusedBy(err))
	}
	if _, err := l.db.NewRaw("UPDATE shortages SET state = 'cancelled', resolved_at = coalesce(resolved_at, ?) WHERE order_id = ? AND state IN ('open', 'allotted')", l.at(), order).Exec(ctx); err != nil {
		return fmt.Errorf("cancel shortages of order %s: %w", order, refusedBy(err))
	}
	for _, part := range parts {
		if _, err := l.dateShortages(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// dateShortages works out when each waiting order should get the part: the day by which enough is expected
// for it and for all who waited longer. It returns the orders whose day moved away.
func (l Ledger) dateShortages(ctx context.Context, part uuid.UUID) (delayed []uuid.UUID, err error) {
	err = l.db.NewRaw(`WITH due AS (
			SELECT s.id, (SELECT min(e.expected_on) FROM (
					SELECT x.expected_on, sum(x.quantity - x.received) OVER (ORDER BY x.expected_on, x.id) AS n FROM stock_expected x WHERE x.part_id = ?0 AND x.state = 'open') e
				WHERE e.n >= s.n) AS day
			FROM (SELECT id, sum(quantity) OVER (ORDER BY waiting_since, id) AS n FROM shortages WHERE part_id = ?0 AND state = 'open') s),
		moved AS (
			UPDATE shortages s SET expected_on = due.day FROM due, shortages was
			WHERE s.id = due.id AND was.id = s.id AND s.expected_on IS DISTINCT FROM due.day
			RETURNING s.order_id, was.expected_on AS before, s.expected_on AS after)
		SELECT DISTINCT order_id FROM moved WHERE before IS NOT NULL AND (after IS NULL OR after > before) ORDER BY 1`, part).Scan(ctx, &delayed)
	if err != nil {
		return nil, fmt.Errorf("date shortages of part %s: %w", part, refusedBy(err))
	}
	return delayed, nil
}

// noLongerShort settles what the order waited for and holds now, so that goods in are not given to it twice.
func (l Ledger) noLongerShort(ctx context.Context, order uuid.UUID) error {
	var parts []uuid.UUID
	err := l.db.NewRaw(`UPDATE shortages s SET state = 'allotted', resolved_at = ? WHERE s.order_id = ? AND s.state = 'open' AND s.quantity <=
		(SELECT sum(r.quantity) FROM reservations r WHERE r.order_id = s.order_id AND r.part_id = s.part_id AND r.state = 'held') RETURNING s.part_id`, l.at(), order).Scan(ctx, &parts)
	if err != nil {
		return fmt.Errorf("settle shortages of order %s: %w", order, refusedBy(err))
	}
	for _, part := range parts {
		if _, err := l.dateShortages(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// Allot promises free pieces of a part in a place to the orders that wait for it, in the order of Rank;
// orders not in the queue get nothing. Nobody is overtaken: when the next order needs more than is left,
// the rest stays free for a person to decide about. It returns the orders that wait for nothing any more.
func (l Ledger) Allot(ctx context.Context, place, part uuid.UUID, queue []Waiting) (supplied []uuid.UUID, err error) {
	if len(queue) == 0 {
		return nil, nil
	}
	wrap := func(err error) ([]uuid.UUID, error) {
		return nil, fmt.Errorf("allot part %s: %w", part, refusedBy(err))
	}
	at := spot{place, part}
	rows, err := l.lock(ctx, []spot{at})
	if err != nil {
		return wrap(err)
	}
	free := good(rows)[at].OnHand - good(rows)[at].Reserved
	orders := make([]uuid.UUID, len(queue))
	for i, w := range queue {
		orders[i] = w.OrderID
	}
	var open []Shortage
	err = l.db.NewRaw("SELECT "+shortageColumns+" FROM "+shortageTables+" WHERE s.part_id = ? AND s.state = 'open' AND s.order_id IN (?) ORDER BY s.id FOR NO KEY UPDATE OF s", part, bun.List(orders)).Scan(ctx, &open)
	if err != nil {
		return wrap(err)
	}
	waits := map[uuid.UUID]Shortage{}
	for _, s := range open {
		waits[s.OrderID] = s
	}
	var served []uuid.UUID
	for _, w := range Rank(queue) {
		s, ok := waits[w.OrderID]
		if !ok {
			continue
		}
		if s.Quantity > free {
			break
		}
		free -= s.Quantity
		if err := l.allot(ctx, s, at); err != nil {
			return wrap(err)
		}
		delete(waits, w.OrderID)
		served = append(served, w.OrderID)
	}
	if len(served) == 0 {
		return nil, nil
	}
	if _, err := l.dateShortages(ctx, part); err != nil {
		return wrap(err)
	}
	err = l.db.NewRaw("SELECT x.id FROM unnest(?::uuid[]) WITH ORDINALITY x (id, n) WHERE NOT EXISTS (SELECT 1 FROM shortages s WHERE s.order_id = x.id AND s.state = 'open') ORDER BY x.n", uuids(served)).Scan(ctx, &supplied)
	if err != nil {
		return wrap(err)
	}
	return supplied, nil
}

// allot holds the pieces for one shortage, beside what its order holds there already.
func (l Ledger) allot(ctx context.Context, s Shortage, at spot) error {
	row := reservation{ID: newID(), OrgID: s.OrgID, OrderID: s.OrderID, PlaceID: at.place, PartID: at.part, Quantity: s.Quantity, State: Held, HeldAt: l.at()}
	var already []Reservation
	if err := l.db.NewRaw("SELECT id, quantity, visit_id FROM reservations WHERE order_id = ? AND place_id = ? AND part_id = ? AND state = 'held'", s.OrderID, at.place, at.part).Scan(ctx, &already); err != nil {
		return refusedBy(err)
	}
	for _, r := range already {
		row.Quantity, row.VisitID = row.Quantity+r.Quantity, r.VisitID
		if err := l.letGo(ctx, []uuid.UUID{r.ID}, "allotted more"); err != nil {
			return err
		}
	}
	if err := l.hold(ctx, []reservation{row}); err != nil {
		return err
	}
	_, err := l.db.NewRaw("UPDATE shortages SET state = 'allotted', resolved_at = ? WHERE id = ?", l.at(), s.ID).Exec(ctx)
	return refusedBy(err)
}

// Swap gives the pieces that one order holds in a place to another that waits for the part, because a
// person said so. The giver waits again. It reports whether the taker waits for nothing any more.
func (l Ledger) Swap(ctx context.Context, place, part, giver, taker uuid.UUID, why string) (supplied bool, err error) {
	wrap := func(err error) (bool, error) { return false, fmt.Errorf("swap part %s: %w", part, refusedBy(err)) }
	if strings.TrimSpace(why) == "" {
		return false, fault.New(fault.Invalid, "swap_why", "say why the other order comes first").Field("body.reason", "required")
	}
	at := spot{place, part}
	there, held, err := l.lockFor(ctx, giver, []spot{at})
	if err != nil {
		return wrap(err)
	}
	var from *Reservation
	for i, r := range held {
		if r.spot() == at {
			from = &held[i]
		}
	}
	if from == nil {
		return false, fault.New(fault.Conflict, "swap_nothing_held", "that order holds none of this part here")
	}
	s, err := l.shortage(ctx, "s.order_id = ? AND s.part_id = ? AND s.state = 'open'", taker, part)
	if fault.Is(err, fault.NotFound) {
		return false, fault.New(fault.Conflict, "swap_nothing_awaited", "the other order does not wait for this part")
	}
	if err != nil {
		return wrap(err)
	}
	if free := there[at].OnHand - there[at].Reserved + from.Quantity; free < s.Quantity {
		return false, l.tooFew(ctx, codePromised, at, s.Quantity, free)
	}
	if err := l.letGo(ctx, []uuid.UUID{from.ID}, why); err != nil {
		return wrap(err)
	}
	if err := l.allot(ctx, s, at); err != nil {
		return wrap(err)
	}
	res, err := l.db.NewRaw(`UPDATE shortages SET state = 'open', resolved_at = NULL WHERE id = (
		SELECT id FROM shortages WHERE order_id = ?0 AND part_id = ?1 AND state = 'allotted' AND NOT EXISTS
			(SELECT 1 FROM shortages o WHERE o.order_id = ?0 AND o.part_id = ?1 AND o.state = 'open') ORDER BY id DESC LIMIT 1)`, giver, part).Exec(ctx)
	if err != nil {
		return wrap(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		if _, err := l.OpenShortage(ctx, ShortageInput{OrgID: from.OrgID, OrderID: giver, PartID: &part, Quantity: from.Quantity, Urgency: "swapped"}); err != nil {
			return false, err
		}
	}
	if _, err := l.dateShortages(ctx, part); err != nil {
		return wrap(err)
	}
	var open int
	if err := l.db.NewRaw("SELECT count(*) FROM shortages WHERE order_id = ? AND state = 'open'", taker).Scan(ctx, &open); err != nil {
		return wrap(err)
	}
	return open == 0, nil
}

package depot

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Custodian is the store of custodies, a small value. Methods that write expect a transaction, see In.
type Custodian struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the custodies of a database; now is the clock of facts.
func New(db bun.IDB, now func() time.Time) Custodian { return Custodian{db, now} }

// In is the same store inside a transaction.
func (c Custodian) In(tx bun.IDB) Custodian { return Custodian{tx, c.now} }

func (c Custodian) at() time.Time { return c.now().UTC().Truncate(time.Microsecond) }

const columns = `c.id, c.number, c.org_id, c.order_id, w.number AS work_order_number, k.name AS customer_name, c.visit_id, c.asset_id, c.device, c.serial_number, c.accessories,
	c.condition, c.faults_seen, c.data_consent, c.value_minor, c.photos, c.expected_return_on, c.signature, c.no_signature_reason, c.consent_text,
	c.loaner, c.loaner_back_at, c.state, c.holder, c.opened_at, c.closed_at, c.version`
const tables = "custody c JOIN work_orders w ON w.id = c.order_id JOIN customers k ON k.id = w.customer_id"

// Take opens the custody of a device: out of the customer's hands into the engineer's, or the workshop's
// when the customer brought it. A device, or an order, that has an open custody already is refused with
// custody_one_open_device or custody_one_open.
func (c Custodian) Take(ctx context.Context, by auth.Caller, t Taking) (Custody, error) {
	if err := t.check(); err != nil {
		return Custody{}, err
	}
	if (text(t.Strokes) == nil) == (t.NoSignature == nil) {
		return Custody{}, invalid("signature", "custody_consent", "the customer signs for the device, or somebody says why not")
	}
	holder := WithEngineer
	if t.VisitID == nil {
		holder = WithDepot
	}
	var loaner any
	if t.Loaner != nil {
		raw, err := json.Marshal(t.Loaner)
		if err != nil {
			return Custody{}, fmt.Errorf("take device of order %s: %w", t.OrderID, err)
		}
		loaner = string(raw)
	}
	photos := []byte("[]")
	if len(t.Photos) > 0 {
		raw, err := json.Marshal(t.Photos)
		if err != nil {
			return Custody{}, fmt.Errorf("take device of order %s: %w", t.OrderID, err)
		}
		photos = raw
	}
	accessories := make([]string, 0, len(t.Accessories))
	for _, a := range t.Accessories {
		accessories = append(accessories, strings.TrimSpace(a))
	}
	id, at := uuid.Must(uuid.NewV7()), c.at()
	_, err := c.db.NewRaw(`INSERT INTO custody (id, org_id, number, order_id, visit_id, asset_id, device, serial_number, accessories, condition, faults_seen, data_consent,
			value_minor, photos, expected_return_on, signature, no_signature_reason, consent_text, loaner, holder, opened_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, t.OrgID, t.Number, t.OrderID, t.VisitID, t.AssetID, strings.TrimSpace(t.Device), t.SerialNumber, pgdialect.Array(accessories), strings.TrimSpace(t.Condition),
		given(t.FaultsSeen, ""), given(t.DataConsent, false), t.ValueMinor, string(photos), t.ExpectedReturnOn, text(t.Strokes), t.NoSignature, given(t.ConsentText, ""), loaner, holder, at).Exec(ctx)
	if err != nil {
		return Custody{}, fmt.Errorf("take device of order %s: %w", t.OrderID, fault.FromSQL(err))
	}
	if err := c.hand(ctx, t.OrgID, id, 1, at, WithCustomer, holder, by, DoInput{}); err != nil {
		return Custody{}, fmt.Errorf("take device of order %s: %w", t.OrderID, err)
	}
	return c.one(ctx, "c.id = ?", id)
}

func (c Custodian) hand(ctx context.Context, org int32, id uuid.UUID, no int, at time.Time, from, to Holder, by auth.Caller, in DoInput) error {
	var user any
	if by.Person() {
		user = by.UserID
	}
	name := cmp.Or(strings.TrimSpace(given(in.By, "")), by.Name, by.Login)
	_, err := c.db.NewRaw(`INSERT INTO custody_moves (custody_id, no, org_id, at, from_holder, to_holder, by_name, user_id, signature, voucher_seen, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, no, org, at, from, to, name, user, text(in.Signature), in.VoucherSeen, given(in.Note, "")).Exec(ctx)
	return fault.FromSQL(err)
}

// Do does one act on a device in sight: receive, move, return, scrap, which change hands, or an act of the
// bench (diagnose, quote, approve, refuse, repair, test, ready). Two people at once are served one after
// the other, so the second is told what has become of the device.
func (c Custodian) Do(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in DoInput) (Custody, error) {
	seen, err := c.Custody(ctx, by.Scope(), id)
	if err != nil {
		return seen, err
	}
	var now struct {
		State  CustodyState
		Holder Holder
		No     int
	}
	// The next number is read after the lock: a subquery of the locking statement would be older than it.
	if err := c.db.NewRaw("SELECT state, holder FROM custody WHERE id = ? FOR NO KEY UPDATE", id).Scan(ctx, &now.State, &now.Holder); err != nil {
		return seen, fmt.Errorf("%s device %s: %w", act, seen.Number, fault.FromSQL(err))
	}
	if err := c.db.NewRaw("SELECT coalesce(max(no), 0) + 1 FROM custody_moves WHERE custody_id = ?", id).Scan(ctx, &now.No); err != nil {
		return seen, fmt.Errorf("%s device %s: %w", act, seen.Number, fault.FromSQL(err))
	}
	state, holder, err := after(now.State, now.Holder, act, in.ToHolder)
	if err != nil {
		return seen, err
	}
	if err := checkSignature(in.Signature); err != nil {
		return seen, err
	}
	at := given(in.At, c.at())
	if at.After(c.at()) {
		return seen, invalid("at", "custody_in_future", "this has not happened yet: leave the time out, or correct it")
	}
	if holder != now.Holder {
		if err := c.hand(ctx, seen.OrgID, id, now.No, at, now.Holder, holder, by, in); err != nil {
			return seen, fmt.Errorf("%s device %s: %w", act, seen.Number, err)
		}
	}
	var closed *time.Time
	if state == ReturnedBack || state == Scrapped {
		closed = &at
	}
	if _, err := c.db.NewRaw("UPDATE custody SET state = ?, holder = ?, closed_at = ? WHERE id = ?", state, holder, closed, id).Exec(ctx); err != nil {
		return seen, fmt.Errorf("%s device %s: %w", act, seen.Number, fault.FromSQL(err))
	}
	return c.one(ctx, "c.id = ?", id)
}

// after is where an act leads. Only the move table knows what the bench may do; hands are free as long as
// the device is out.
func after(state CustodyState, holder Holder, act string, to *Holder) (CustodyState, Holder, error) {
	if act == "move" {
		next := given(to, "")
		switch {
		case state == ReturnedBack || state == Scrapped:
			_, err := CustodyMoves.Do(state, act)
			return state, holder, err
		case next == WithCustomer:
			return state, holder, fault.New(fault.Conflict, "custody_return_instead", "a device goes back to its customer with return").Allow("return")
		case next != WithEngineer && next != WithDepot && next != WithVendor:
			return state, holder, invalid("to_holder", "custody_to_holder", "say who takes the device: engineer, depot or vendor")
		case next == holder:
			return state, holder, fault.New(fault.Conflict, "custody_there_already", "the device is there already: say who else takes it").With("holder", holder)
		}
		return state, next, nil
	}
	next, err := CustodyMoves.Do(state, act)
	if err != nil {
		return state, holder, err
	}
	switch next {
	case Received:
		return next, given(to, WithDepot), checkBench(to)
	case ReturnedBack:
		return next, WithCustomer, nil
	case Scrapped:
		return next, ScrappedAway, nil
	}
	return next, holder, nil
}

func checkBench(to *Holder) error {
	if h := given(to, WithDepot); h != WithDepot && h != WithVendor {
		return invalid("to_holder", "custody_to_holder", "a device is received by the depot or a vendor")
	}
	return nil
}

// LoanerBack records that the customer gave our device back.
func (c Custodian) LoanerBack(ctx context.Context, by auth.Caller, id uuid.UUID) (Custody, error) {
	seen, err := c.Custody(ctx, by.Scope(), id)
	if err != nil {
		return seen, err
	}
	if !seen.LoanerOut() {
		return seen, fault.New(fault.Conflict, "loaner_not_out", "no device of ours is with this customer")
	}
	if _, err := c.db.NewRaw("UPDATE custody SET loaner_back_at = ? WHERE id = ? AND loaner_back_at IS NULL", c.at(), id).Exec(ctx); err != nil {
		return seen, fmt.Errorf("loaner of %s: %w", seen.Number, fault.FromSQL(err))
	}
	return c.one(ctx, "c.id = ?", id)
}

func inSight(scope auth.Scope) (string, error) {
	if err := scope.Check(); err != nil {
		return "", err
	}
	return scope.Reach("EXISTS (SELECT 1 FROM visits v WHERE v.order_id = c.order_id AND v.engineer_id = :me AND v.state <> 'proposed')", "w.org_id", "w.serving_org_id"), nil
}

// Custody reads one custody in sight; NotFound otherwise.
func (c Custodian) Custody(ctx context.Context, scope auth.Scope, id uuid.UUID) (Custody, error) {
	seen, err := inSight(scope)
	if err != nil {
		return Custody{}, err
	}
	return c.one(ctx, "c.id = ? AND "+seen, id)
}

// OpenOf is the custody of an order whose device is still with us, or nil.
func (c Custodian) OpenOf(ctx context.Context, order uuid.UUID) (*Custody, error) {
	found, err := c.one(ctx, "c.order_id = ? AND c.closed_at IS NULL", order)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &found, nil
}

// Of are all custodies of an order, oldest first.
func (c Custodian) Of(ctx context.Context, order uuid.UUID) ([]Custody, error) {
	return c.many(ctx, c.db.NewSelect().Where("c.order_id = ?", order).OrderExpr("c.id").Limit(100))
}

// Out lists custodies in sight, longest with us first.
func (c Custodian) Out(ctx context.Context, scope auth.Scope, f Filter) (keyset.Page[Custody], error) {
	var page keyset.Page[Custody]
	seen, err := inSight(scope)
	if err != nil {
		return page, err
	}
	var last time.Time
	var lastID uuid.UUID
	more, err := f.After(&last, &lastID)
	if err != nil {
		return page, err
	}
	q := c.db.NewSelect().Where(seen).OrderExpr("c.opened_at, c.id").Limit(int64(f.Rows()))
	if more {
		q.Where("(c.opened_at, c.id) > (?, ?)", last, lastID)
	}
	switch {
	case f.State == "out":
		q.Where("c.closed_at IS NULL")
	case f.State != "":
		q.Where("c.state = ?", f.State)
	}
	if f.OverDays > 0 {
		q.Where("c.opened_at <= ?", c.at().AddDate(0, 0, -f.OverDays))
	}
	if f.Holder != "" {
		q.Where("c.holder = ?", f.Holder)
	}
	if f.Order != "" {
		id, err := uuid.FromString(f.Order)
		if err != nil {
			return page, fault.New(fault.Invalid, "bad_id", "%q is not an id", f.Order).Field("query.work_order", "a UUID")
		}
		q.Where("c.order_id = ?", id)
	}
	rows, err := c.many(ctx, q)
	if err != nil {
		return page, err
	}
	return keyset.Cut(f.Ask, rows, func(c Custody) []any { return []any{c.OpenedAt, c.ID} }), nil
}

func (c Custodian) one(ctx context.Context, where string, args ...any) (Custody, error) {
	rows, err := c.many(ctx, c.db.NewSelect().Where(where, args...).Limit(1))
	if err != nil {
		return Custody{}, err
	}
	if len(rows) == 0 {
		return Custody{}, fault.New(fault.NotFound, "custody_unknown", "there is no such custody")
	}
	return rows[0], nil
}

// many reads custodies with their chains in two queries.
func (c Custodian) many(ctx context.Context, q *bun.SelectQuery) ([]Custody, error) {
	rows := []Custody{}
	if err := q.TableExpr(tables).ColumnExpr(columns).Scan(ctx, &rows); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read custodies: %w", fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return rows, nil
	}
	at, ids := map[uuid.UUID]*Custody{}, make([]uuid.UUID, len(rows))
	for i := range rows {
		r := &rows[i]
		at[r.ID], ids[i] = r, r.ID
		r.Chain = []Handing{}
		r.DaysOut = int(given(r.ClosedAt, c.at()).Sub(r.OpenedAt) / (24 * time.Hour))
		r.AllowedActions = append([]string{}, CustodyMoves.Actions(r.State)...)
		if r.ClosedAt == nil {
			r.AllowedActions = append(r.AllowedActions, "move")
		}
		if r.Accessories == nil {
			r.Accessories = []string{}
		}
	}
	var chain []Handing
	if err := c.db.NewRaw("SELECT custody_id, no, at, from_holder, to_holder, by_name, signature IS NOT NULL AS signed, voucher_seen, note FROM custody_moves WHERE custody_id IN (?) ORDER BY custody_id, no",
		bun.List(ids)).Scan(ctx, &chain); err != nil {
		return nil, fmt.Errorf("read who held devices: %w", fault.FromSQL(err))
	}
	for _, h := range chain {
		at[h.CustodyID].Chain = append(at[h.CustodyID].Chain, h)
	}
	return rows, nil
}

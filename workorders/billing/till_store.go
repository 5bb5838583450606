package billing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
)

// Till issues receipts and takes payments. In puts it into a transaction; methods that write expect to be
// inside one.
type Till struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the till.
func New(db bun.IDB, now func() time.Time) Till { return Till{db, now} }

// In is the same till inside a transaction.
func (t Till) In(tx bun.IDB) Till { t.db = tx; return t }

func (t Till) at() time.Time { return t.now().UTC().Truncate(time.Microsecond) }

// Issue is a receipt to be made. Lines without amounts get quantity × unit price, covered ones nothing.
type Issue struct {
	By         auth.Caller
	OrgID      int32     // in whose name, and from whose numbers
	OrderID    uuid.UUID // with its owner
	OrderOrgID int32
	CustomerID uuid.UUID // who pays
	EngineerID *uuid.UUID
	Lines      []Line
	Year       int // civil year of the issuing organisation; 0 = now, at its place
}

const (
	receiptColumns = `r.id, r.org_id, o.code AS organisation_code, r.number, r.order_id, w.number AS work_order_number, r.customer_id, c.name AS customer_name,
	r.engineer_id, coalesce(e.name, '') AS engineer_name, r.total_minor, p.paid AS paid_minor, CASE WHEN r.voided_at IS NULL THEN r.total_minor - p.paid ELSE 0 END AS balance_minor,
	CASE WHEN r.voided_at IS NOT NULL THEN 'void' WHEN p.paid >= r.total_minor THEN 'paid' WHEN p.paid > 0 THEN 'part_paid' ELSE 'unpaid' END AS state,
	r.issued_at, r.actor, r.voided_at, r.void_reason, r.version`
	receiptTables = ` FROM receipts r JOIN organisations o ON o.id = r.org_id JOIN work_orders w ON w.id = r.order_id JOIN customers c ON c.id = r.customer_id
	LEFT JOIN engineers e ON e.id = r.engineer_id
	CROSS JOIN LATERAL (SELECT coalesce(sum(y.amount_minor), 0)::bigint AS paid FROM payments y WHERE y.receipt_id = r.id AND y.method <> 'on_account') p`
	paymentColumns = `y.id, y.receipt_id, y.amount_minor, y.method, y.paid_at, y.recorded_at, y.actor, y.engineer_id, y.reference, y.reason, y.approver_id`
)

// Issue makes the receipt of an order. Call it after everything else in the transaction: the series stays
// locked until the commit. A second live receipt for an order is fault.Conflict receipts_one_live.
func (t Till) Issue(ctx context.Context, in Issue) (Receipt, error) {
	lines, total, err := priced(in.Lines)
	if err != nil {
		return Receipt{}, err
	}
	at := t.at()
	year := in.Year
	if year == 0 {
		if err := t.db.NewRaw("SELECT extract(year FROM ?::timestamptz AT TIME ZONE zone)::int FROM organisations WHERE id = ?", at, in.OrgID).Scan(ctx, &year); err != nil {
			return Receipt{}, fmt.Errorf("year of a receipt: %w", fault.FromSQL(err))
		}
	}
	raw, err := json.Marshal(lines)
	if err != nil {
		return Receipt{}, err
	}
	id := newID()
	_, err = t.db.NewRaw(`
		WITH n AS (
		  INSERT INTO receipt_series AS s (org_id, series, year, last_no) VALUES (?0, 'R', ?1, 1)
		  ON CONFLICT (org_id, series, year) DO UPDATE SET last_no = s.last_no + 1
		  RETURNING last_no
		), r AS (
		  INSERT INTO receipts (id, org_id, series, year, no, number, order_id, order_org_id, customer_id, engineer_id, total_minor, issued_at, issued_by, actor)
		  SELECT ?2, ?0, 'R', ?1, n.last_no, 'R-' || (SELECT code FROM organisations WHERE id = ?0) || '-' || ?1 || '-' || lpad(n.last_no::text, greatest(6, length(n.last_no::text)), '0'),
		         ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM n
		  RETURNING id
		)
		INSERT INTO receipt_lines (receipt_id, no, kind, description, sku, quantity, unit_minor, amount_minor, covered, coverage_source, quote_id, quote_line, approver_id)
		SELECT r.id, l.no, l.kind, l.description, nullif(l.sku, ''), l.quantity, l.unit_minor, l.amount_minor, l.covered, nullif(l.coverage_source, ''), l.quote_id, l.quote_line, l.approver_id
		  FROM r, jsonb_to_recordset(?11::jsonb) AS l (no int, kind text, description text, sku text, quantity bigint, unit_minor bigint, amount_minor bigint,
		       covered boolean, coverage_source text, quote_id uuid, quote_line int, approver_id uuid)`,
		in.OrgID, year, id, in.OrderID, in.OrderOrgID, in.CustomerID, in.EngineerID, total, at, person(in.By), in.By.Actor(), string(raw)).Exec(ctx)
	if err != nil {
		return Receipt{}, fmt.Errorf("issue receipt: %w", fault.FromSQL(err))
	}
	return t.read(ctx, id)
}

// priced numbers the lines, works out their amounts and the total.
func priced(in []Line) ([]Line, money.Fen, error) {
	lines := make([]Line, len(in))
	sum := new(big.Int)
	for i, l := range in {
		l.No = i + 1
		l.Description = strings.TrimSpace(l.Description)
		switch {
		case l.Quantity <= 0:
			return nil, 0, fault.New(fault.Invalid, "quantity_invalid", "line %d: a quantity is a whole number above zero", l.No)
		case l.Description == "":
			return nil, 0, fault.New(fault.Invalid, "description_missing", "line %d: say what it is for", l.No)
		case l.UnitMinor < 0 && l.Kind != Discount && l.Kind != Deduction:
			return nil, 0, fault.New(fault.Invalid, "amount_below_zero", "line %d: only a discount or a deduction is below zero", l.No)
		}
		amount := new(big.Int).Mul(big.NewInt(l.Quantity), big.NewInt(int64(l.UnitMinor)))
		if !amount.IsInt64() {
			return nil, 0, fault.New(fault.Invalid, "out_of_range", "line %d: the amount is too large: correct it", l.No)
		}
		l.AmountMinor = money.Fen(amount.Int64())
		if l.Covered {
			l.AmountMinor = 0
		}
		sum.Add(sum, big.NewInt(int64(l.AmountMinor)))
		lines[i] = l
	}
	switch {
	case sum.Sign() < 0:
		return nil, 0, fault.New(fault.Invalid, "receipt_below_zero", "discounts and deductions are larger than the charges: correct them")
	case !sum.IsInt64():
		return nil, 0, fault.New(fault.Invalid, "out_of_range", "the total is too large: correct it")
	}
	return lines, money.Fen(sum.Int64()), nil
}

func person(by auth.Caller) *uuid.UUID {
	if by.UserID.IsNil() {
		return nil
	}
	return &by.UserID
}

func (t Till) read(ctx context.Context, id uuid.UUID) (Receipt, error) {
	var r Receipt
	if err := t.db.NewRaw("SELECT "+receiptColumns+receiptTables+" WHERE r.id = ?", id).Scan(ctx, &r); err != nil {
		return r, fmt.Errorf("receipt %s: %w", id, fault.FromSQL(err))
	}
	return r, t.fill(ctx, []*Receipt{&r})
}

// fill adds lines and payments to receipts already read.
func (t Till) fill(ctx context.Context, receipts []*Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	ids, byID := make([]string, len(receipts)), map[uuid.UUID]*Receipt{}
	for i, r := range receipts {
		r.Lines, r.Payments = []Line{}, []Payment{}
		ids[i], byID[r.ID] = "'"+r.ID.String()+"'", r
	}
	in := "(" + strings.Join(ids, ",") + ")"
	var lines []struct {
		ReceiptID uuid.UUID `bun:"receipt_id"`
		Line
	}
	if err := t.db.NewRaw(`SELECT l.receipt_id, l.no, l.kind, l.description, coalesce(l.sku, '') AS sku, l.quantity, l.unit_minor, l.amount_minor, l.covered,
		coalesce(l.coverage_source, '') AS coverage_source, l.quote_id, l.quote_line, l.approver_id FROM receipt_lines l WHERE l.receipt_id IN `+in+` ORDER BY l.receipt_id, l.no`).Scan(ctx, &lines); err != nil {
		return fmt.Errorf("receipt lines: %w", fault.FromSQL(err))
	}
	for _, l := range lines {
		r := byID[l.ReceiptID]
		r.Lines = append(r.Lines, l.Line)
	}
	var payments []Payment
	if err := t.db.NewRaw("SELECT "+paymentColumns+" FROM payments y WHERE y.receipt_id IN "+in+" ORDER BY y.id").Scan(ctx, &payments); err != nil {
		return fmt.Errorf("payments: %w", fault.FromSQL(err))
	}
	for _, y := range payments {
		r := byID[y.ReceiptID]
		r.Payments = append(r.Payments, y)
	}
	return nil
}

// where grows a WHERE clause with its arguments.
type where struct {
	terms []string
	args  []any
}

func (w *where) and(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

func (w *where) String() string { return " WHERE " + strings.Join(w.terms, " AND ") }

// see limits receipts to those in sight: issued by, or for an order owned or served by, an organisation of
// the scope; for a visiting engineer those of orders he visited.
func (w *where) see(s auth.Scope) error {
	if err := s.Check(); err != nil {
		return err
	}
	w.and(s.Reach("EXISTS (SELECT 1 FROM visits v WHERE v.order_id = r.order_id AND v.engineer_id = :me AND v.state NOT IN ('proposed', 'cancelled', 'declined'))", "r.org_id", "w.org_id", "w.serving_org_id"))
	return nil
}

// Receipt reads one receipt. Unknown and out of sight are the same fault.NotFound.
func (t Till) Receipt(ctx context.Context, s auth.Scope, id uuid.UUID) (Receipt, error) {
	r, err := t.find(ctx, s, id, "")
	if err != nil {
		return r, err
	}
	return r, t.fill(ctx, []*Receipt{&r})
}

func (t Till) find(ctx context.Context, s auth.Scope, id uuid.UUID, lock string) (Receipt, error) {
	var w where
	var r Receipt
	w.and("r.id = ?", id)
	if err := w.see(s); err != nil {
		return r, err
	}
	err := t.db.NewRaw("SELECT "+receiptColumns+receiptTables+w.String()+lock, w.args...).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.NotFound, "receipt_unknown", "there is no such receipt: %s", id)
	}
	if err != nil {
		return r, fmt.Errorf("receipt %s: %w", id, fault.FromSQL(err))
	}
	return r, nil
}

// OfOrder is the live receipt of an order, or nil.
func (t Till) OfOrder(ctx context.Context, order uuid.UUID) (*Receipt, error) {
	var id uuid.UUID
	err := t.db.NewRaw("SELECT id FROM receipts WHERE order_id = ? AND voided_at IS NULL", order).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("receipt of order %s: %w", order, fault.FromSQL(err))
	}
	r, err := t.read(ctx, id)
	return &r, err
}

// Receipts lists receipts in sight, newest first.
func (t Till) Receipts(ctx context.Context, s auth.Scope, f ReceiptFilter) (keyset.Page[Receipt], error) {
	var w where
	if err := w.see(s); err != nil {
		return keyset.Page[Receipt]{}, err
	}
	zone := f.Zone
	if zone == nil {
		zone = calendar.Shanghai()
	}
	if f.From != nil {
		w.and("r.issued_at >= ?", f.From.In(zone))
	}
	if f.To != nil {
		w.and("r.issued_at < ?", f.To.AddDays(1).In(zone))
	}
	if f.Organisation != "" {
		w.and("o.code = ?", f.Organisation)
	}
	if f.EngineerID != nil {
		w.and("r.engineer_id = ?", *f.EngineerID)
	}
	if f.OrderID != nil {
		w.and("r.order_id = ?", *f.OrderID)
	}
	if f.Number != "" {
		w.and("r.number = ?", f.Number)
	}
	if f.CustomerID != nil {
		w.and("(c.id = ? OR c.merged_into = ?)", *f.CustomerID, *f.CustomerID)
	}
	switch f.State {
	case "":
	case Void:
		w.and("r.voided_at IS NOT NULL")
	case Paid:
		w.and("r.voided_at IS NULL AND p.paid >= r.total_minor")
	case PartPaid:
		w.and("r.voided_at IS NULL AND p.paid > 0 AND p.paid < r.total_minor")
	case Unpaid:
		w.and("r.voided_at IS NULL AND p.paid = 0 AND r.total_minor > 0")
	default:
		return keyset.Page[Receipt]{}, fault.New(fault.Invalid, "unknown_state", "state is one of unpaid, part_paid, paid, void").Field("query.state", "unknown")
	}
	var at time.Time
	var last uuid.UUID
	if more, err := f.After(&at, &last); err != nil {
		return keyset.Page[Receipt]{}, err
	} else if more {
		w.and("(r.issued_at, r.id) < (?, ?)", at, last)
	}
	var rows []Receipt
	if err := t.db.NewRaw("SELECT "+receiptColumns+receiptTables+w.String()+" ORDER BY r.issued_at DESC, r.id DESC LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Receipt]{}, fmt.Errorf("receipts: %w", fault.FromSQL(err))
	}
	page := keyset.Cut(f.Ask, rows, func(r Receipt) []any { return []any{r.IssuedAt, r.ID} })
	all := make([]*Receipt, len(page.Items))
	for i := range page.Items {
		all[i] = &page.Items[i]
	}
	return page, t.fill(ctx, all)
}

// Void takes a receipt back: its number stays used, the order may get another. Money that came in on it is
// refunded first, an invoice that was written for it reversed; one that was only asked for falls with it.
func (t Till) Void(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (Receipt, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return Receipt{}, fault.New(fault.Invalid, "reason_missing", "say why the receipt is void").Field("body.reason", "must not be blank")
	}
	r, err := t.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF r")
	if err != nil {
		return r, err
	}
	if r.VoidedAt != nil {
		return r, fault.New(fault.Conflict, "receipt_void", "this receipt is void already")
	}
	if _, err := t.db.NewRaw("UPDATE invoice_requests SET state = 'withdrawn', ended_at = ?, end_reason = ? WHERE receipt_id = ? AND state = 'requested'", t.at(), reason, id).Exec(ctx); err != nil {
		return r, fmt.Errorf("void receipt %s: %w", r.Number, fault.FromSQL(err))
	}
	if _, err := t.db.NewRaw("UPDATE receipts SET voided_at = ?, void_reason = ?, voided_by = ? WHERE id = ?", t.at(), reason, person(by), id).Exec(ctx); err != nil {
		return r, fmt.Errorf("void receipt %s: %w", r.Number, fault.FromSQL(err))
	}
	return t.read(ctx, id)
}

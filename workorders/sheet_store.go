package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

const sheetColumns = `s.id, s.org_id, s.order_id, s.visit_id, s.number, s.edition, s.engineer_id, e.name AS engineer_name, s.outcome, s.fault_code, s.cause_code, s.action_code, s.notes,
	s.work_minutes, s.travel_minutes, s.minutes_left, s.arrived_at, s.finished_at, s.signature, s.no_signature_reason, s.signer_name, s.signer_relation, s.photos, s.checklist, s.readings,
	s.acceptance, s.installed, s.incident, s.repair_warranty_until, s.over_approved_minor, s.entered_by, s.verified_by, s.verified_at, s.submitted_at, s.replaces_id, s.replaced_at, s.correction_reason, s.version`

func findSheet(ctx context.Context, db bun.IDB, id uuid.UUID) (Sheet, error) {
	rows, err := readSheets(ctx, db, "s.id = ?", id)
	if err != nil {
		return Sheet{}, err
	}
	if len(rows) == 0 {
		return Sheet{}, notFound("sheet", id.String())
	}
	return rows[0], nil
}

func sheetsOf(ctx context.Context, db bun.IDB, order uuid.UUID) ([]Sheet, error) {
	return readSheets(ctx, db, "s.order_id = ?", order)
}

func readSheets(ctx context.Context, db bun.IDB, where string, args ...any) ([]Sheet, error) {
	rows := []Sheet{}
	if err := db.NewRaw("SELECT "+sheetColumns+" FROM sheets s JOIN engineers e ON e.id = s.engineer_id WHERE "+where+" ORDER BY s.id LIMIT 500", args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("sheets: %w", fault.FromSQL(err))
	}
	if len(rows) == 0 {
		return rows, nil
	}
	ids, of := make([]uuid.UUID, len(rows)), map[uuid.UUID]*Sheet{}
	for i := range rows {
		ids[i], of[rows[i].ID], rows[i].Parts = rows[i].ID, &rows[i], []SheetPart{}
	}
	var parts []SheetPart
	err := db.NewRaw(`SELECT sp.id, sp.sheet_id, sp.no, sp.part_id, sp.sku, sp.name, sp.quantity, sp.serial_number, sp.old_serial_number, sp.from_place, coalesce(p.code, '') AS from_place_code,
			sp.source, sp.covered, sp.booking, sp.move_id
		FROM sheet_parts sp LEFT JOIN places p ON p.id = sp.from_place WHERE sp.sheet_id IN (?) ORDER BY sp.sheet_id, sp.no`, bun.List(ids)).Scan(ctx, &parts)
	if err != nil {
		return nil, fmt.Errorf("parts of sheets: %w", fault.FromSQL(err))
	}
	for _, p := range parts {
		of[p.SheetID].Parts = append(of[p.SheetID].Parts, p)
	}
	return rows, nil
}

// jsonb is an optional jsonb argument.
func jsonb(raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	return string(raw)
}

func insertSheet(ctx context.Context, w *work, s Sheet) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO sheets (id, org_id, order_id, visit_id, number, edition, engineer_id, outcome, fault_code, cause_code, action_code, notes, work_minutes, travel_minutes, minutes_left,
		arrived_at, finished_at, signature, no_signature_reason, signer_name, signer_relation, checklist, readings, acceptance, installed, incident, photos, repair_warranty_until, entered_by, submitted_by, submitted_at,
		replaces_id, correction_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.OrgID, s.OrderID, s.VisitID, s.Number, s.Edition, s.EngineerID, s.Outcome, s.FaultCode, s.CauseCode, s.ActionCode, s.Notes, s.WorkMinutes, s.TravelMinutes, s.MinutesLeft,
		s.ArrivedAt, s.FinishedAt, jsonb(s.Signature), s.NoSignatureReason, s.SignerName, s.SignerRelation, jsonb(s.Checklist), jsonb(s.Readings), jsonb(s.Acceptance), jsonb(s.Installed), jsonb(s.Incident), jsonb(s.Photos),
		s.RepairWarrantyUntil, s.EnteredBy, w.actorID(), s.SubmittedAt, s.ReplacesID, s.CorrectionReason)
	if err != nil {
		return fmt.Errorf("sheet %s: %w", s.Number, err)
	}
	return nil
}

func insertSheetParts(ctx context.Context, tx bun.IDB, s Sheet) error {
	for _, p := range s.Parts {
		_, err := tx.ExecContext(ctx, `INSERT INTO sheet_parts (id, org_id, sheet_id, no, part_id, sku, name, quantity, serial_number, old_serial_number, from_place, source, covered, booking, move_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, s.OrgID, s.ID, p.No, p.PartID, p.SKU, p.Name, p.Quantity, p.SerialNumber, p.OldSerialNumber, p.FromPlace, p.Source, p.Covered, p.Booking, p.MoveID)
		if err != nil {
			return fmt.Errorf("parts of %s: %w", s.Number, err)
		}
	}
	return nil
}

func setSheet(ctx context.Context, tx bun.IDB, id uuid.UUID, set string, args ...any) error {
	if _, err := tx.ExecContext(ctx, "UPDATE sheets SET "+set+" WHERE id = ?", append(args, id)...); err != nil {
		return fmt.Errorf("sheet %s: %w", id, err)
	}
	return nil
}

// needAgain raises what an order needs by what a sheet says is missing, so that the next visit brings it.
func needAgain(ctx context.Context, tx bun.IDB, o Order, l OrderPart) error {
	if l.PartID == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO order_parts (id, org_id, order_id, no, part_id, quantity)
		SELECT ?, ?, ?, coalesce(max(no), 0) + 1, ?, ? FROM order_parts WHERE order_id = ?
		HAVING coalesce(sum(quantity) FILTER (WHERE part_id = ?), 0) < ? + (SELECT coalesce(sum(quantity), 0) FROM reservations WHERE order_id = ? AND part_id = ? AND state = 'used')`,
		newID(), o.OrgID, o.ID, *l.PartID, l.Quantity, o.ID, *l.PartID, l.Quantity, o.ID, *l.PartID)
	if err != nil {
		return fmt.Errorf("parts of %s: %w", o.Number, err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE order_parts SET awaiting = false WHERE order_id = ? AND part_id = ?", o.ID, *l.PartID); err != nil {
		return fmt.Errorf("parts of %s: %w", o.Number, err)
	}
	return nil
}

// goWithout marks the parts that a visit goes without, by somebody's decision.
func goWithout(ctx context.Context, tx bun.IDB, order uuid.UUID, skus []string) error {
	_, err := tx.ExecContext(ctx, "UPDATE order_parts SET awaiting = true WHERE order_id = ? AND part_id IN (SELECT id FROM parts WHERE sku IN (?))", order, bun.List(skus))
	if err != nil {
		return fmt.Errorf("go without parts: %w", err)
	}
	return nil
}

// OldPart is a swapped part that is owed back.
type OldPart struct {
	ID           uuid.UUID     `bun:"id" json:"id"`
	OrgID        int32         `bun:"org_id" json:"-"`
	OrderID      uuid.UUID     `bun:"order_id" json:"work_order_id"`
	SheetPartID  uuid.UUID     `bun:"sheet_part_id" json:"-"`
	EngineerID   uuid.UUID     `bun:"engineer_id" json:"engineer_id"`
	PartID       uuid.UUID     `bun:"part_id" json:"part_id"`
	SKU          string        `bun:"sku" json:"sku"`
	Quantity     int64         `bun:"quantity" json:"quantity"`
	SerialNumber *string       `bun:"serial_number" json:"serial_number,omitempty"`
	DueOn        calendar.Date `bun:"due_on" json:"due_on"`
	State        OldPartState  `bun:"state" json:"state"`
}

func insertOldPart(ctx context.Context, tx bun.IDB, p OldPart) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO old_parts (id, org_id, order_id, sheet_part_id, engineer_id, part_id, quantity, serial_number, due_on, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		p.ID, p.OrgID, p.OrderID, p.SheetPartID, p.EngineerID, p.PartID, p.Quantity, p.SerialNumber, p.DueOn, p.State)
	if err != nil {
		return fmt.Errorf("old part: %w", err)
	}
	return nil
}

func moveOldPart(ctx context.Context, w *work, p OldPart, to OldPartState) error {
	if err := OldPartMoves.Check(p.State, to); err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(ctx, "UPDATE old_parts SET state = ?, received_at = CASE WHEN ? THEN ? ELSE received_at END WHERE id = ?", to, to == OldPartReceived, w.at, p.ID); err != nil {
		return fmt.Errorf("old part: %w", err)
	}
	return nil
}

// settleOldPart takes what came back of an earlier edition's part off what its correction owes.
func settleOldPart(ctx context.Context, w *work, sheet uuid.UUID, was OldPart) error {
	_, err := w.tx.ExecContext(ctx, `UPDATE old_parts SET state = 'kept_by_customer' WHERE ? = 'kept_by_customer' AND state = 'old_due' AND part_id = ? AND sheet_part_id IN (SELECT id FROM sheet_parts WHERE sheet_id = ?)`,
		was.State, was.PartID, sheet)
	if err == nil {
		_, err = w.tx.ExecContext(ctx, `UPDATE old_parts SET state = 'old_received', received_at = ? WHERE ? IN ('old_received', 'scrapped', 'sent_to_vendor') AND state = 'old_due' AND part_id = ? AND quantity <= ? AND sheet_part_id IN (SELECT id FROM sheet_parts WHERE sheet_id = ?)`,
			w.at, was.State, was.PartID, was.Quantity, sheet)
	}
	if err != nil {
		return fmt.Errorf("old part: %w", err)
	}
	return nil
}

const oldPartColumns = "op.id, op.org_id, op.order_id, op.sheet_part_id, op.engineer_id, op.part_id, p.sku, op.quantity, op.serial_number, op.due_on, op.state"

func oldPartsOf(ctx context.Context, db bun.IDB, order uuid.UUID) ([]OldPart, error) {
	rows := []OldPart{}
	if err := db.NewRaw("SELECT "+oldPartColumns+" FROM old_parts op JOIN parts p ON p.id = op.part_id WHERE op.order_id = ? ORDER BY op.id", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("old parts: %w", err)
	}
	return rows, nil
}

// OldPartDo receives, scraps, sends back, leaves with the customer or writes off a swapped part.
func (d *Desk) OldPartDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string) (OldPart, error) {
	read := func(ctx context.Context, lock string) (OldPart, error) {
		var p OldPart
		err := d.reader(ctx).NewRaw("SELECT "+oldPartColumns+" FROM old_parts op JOIN parts p ON p.id = op.part_id WHERE op.id = ?"+lock, id).Scan(ctx, &p)
		if errors.Is(err, sql.ErrNoRows) {
			return p, notFound("old_part", id.String())
		}
		return p, err
	}
	p, err := read(ctx, "")
	if err != nil {
		return p, err
	}
	err = d.changeOrder(freshNot(ctx), by, p.OrderID.String(), func(ctx context.Context, w *work, o *Order) error {
		p, err := read(ctx, " FOR UPDATE OF op")
		if err != nil {
			return err
		}
		to, err := OldPartMoves.Do(p.State, act)
		if err != nil {
			return err
		}
		if err := moveOldPart(ctx, w, p, to); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "old_part_" + act, Data: map[string]any{"sku": p.SKU, "quantity": p.Quantity}})
	})
	if err != nil {
		return p, err
	}
	return read(ctx, "")
}

// siteZone is the zone in which days at the customer's site are counted.
func (w *work) siteZone(ctx context.Context, o *Order) (*time.Location, error) {
	var zone string
	if o.SiteID != nil {
		if err := w.tx.NewRaw("SELECT zone FROM sites WHERE id = ?", *o.SiteID).Scan(ctx, &zone); err != nil {
			return nil, fmt.Errorf("zone of site: %w", err)
		}
	}
	if strings.TrimSpace(zone) == "" {
		return w.zoneOf(ctx, o.OrgID)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return w.zoneOf(ctx, o.OrgID)
	}
	return loc, nil
}

func customerLang(ctx context.Context, db bun.IDB, customer uuid.UUID) (string, error) {
	var lang string
	if err := db.NewRaw("SELECT language FROM customers WHERE id = ?", customer).Scan(ctx, &lang); err != nil {
		return "", fmt.Errorf("language of customer: %w", err)
	}
	return lang, nil
}

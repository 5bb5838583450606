package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
)

// Unreconciled lists fitted parts that the ledger could not cover, oldest first.
func (d *Desk) Unreconciled(ctx context.Context, by auth.Caller, ask keyset.Ask) (keyset.Page[Unreconciled], error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return keyset.Page[Unreconciled]{}, err
	}
	var q query
	q.and("sp.booking = 'unreconciled' AND s.replaced_at IS NULL AND " + s.SQL("w.org_id", "w.serving_org_id"))
	if e := s.Engineer(); e != nil {
		q.and("s.engineer_id = ?", *e)
	}
	var last uuid.UUID
	if more, err := ask.After(&last); err != nil {
		return keyset.Page[Unreconciled]{}, err
	} else if more {
		q.and("sp.id > ?", last)
	}
	rows := []Unreconciled{}
	err := d.reader(ctx).NewRaw(`SELECT sp.id, w.id AS order_id, w.number AS order_number, s.number AS sheet_number, e.name AS engineer, sp.sku, sp.name, sp.quantity, coalesce(p.code, '') AS place, s.finished_at
		FROM sheet_parts sp JOIN sheets s ON s.id = sp.sheet_id JOIN work_orders w ON w.id = s.order_id JOIN engineers e ON e.id = s.engineer_id LEFT JOIN places p ON p.id = sp.from_place`+
		q.sql()+" ORDER BY sp.id LIMIT ?", append(q.args, ask.Rows())...).Scan(ctx, &rows)
	if err != nil {
		return keyset.Page[Unreconciled]{}, fmt.Errorf("unreconciled parts: %w", err)
	}
	return keyset.Cut(ask, rows, func(u Unreconciled) []any { return []any{u.ID} }), nil
}

// ReconcileInput says where a fitted part really came from.
type ReconcileInput struct {
	FromPlace string `json:"from_place,omitempty" doc:"code of the place that has it on its books; absent = it was never ours"`
	How       string `json:"how" minLength:"1" maxLength:"500"`
}

// Reconcile resolves a fitted part that the ledger could not cover: it is taken out of the place that has
// it on its books, or declared as never ours.
func (d *Desk) Reconcile(ctx context.Context, by auth.Caller, line uuid.UUID, in ReconcileInput) error {
	if by.Scope().Engineer() != nil {
		return fault.New(fault.Forbidden, "stock_keeper_reconciles", "a stock keeper finds out where a part came from, not who fitted it")
	}
	var row struct {
		Order    uuid.UUID  `bun:"order_id"`
		Sheet    uuid.UUID  `bun:"sheet_id"`
		Part     *uuid.UUID `bun:"part_id"`
		Quantity int64      `bun:"quantity"`
		Serial   *string    `bun:"serial_number"`
		SKU      string     `bun:"sku"`
		Booking  string     `bun:"booking"`
	}
	read := func(ctx context.Context) error {
		err := d.reader(ctx).NewRaw("SELECT s.order_id, sp.sheet_id, sp.part_id, sp.quantity, sp.serial_number, sp.sku, sp.booking FROM sheet_parts sp JOIN sheets s ON s.id = sp.sheet_id WHERE sp.id = ? AND s.replaced_at IS NULL", line).Scan(ctx, &row)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("sheet_part", line.String())
		}
		return err
	}
	if err := read(ctx); err != nil {
		return err
	}
	err := d.changeOrder(freshNot(ctx), by, row.Order.String(), func(ctx context.Context, w *work, o *Order) error {
		if err := read(ctx); err != nil {
			return err
		}
		if row.Booking != "unreconciled" {
			return fault.New(fault.Conflict, "already_reconciled", "this line is settled already")
		}
		if strings.TrimSpace(in.How) == "" {
			return fault.New(fault.Invalid, "how_missing", "say how it was settled").Field("body.how", "must not be blank")
		}
		var move *uuid.UUID
		if in.FromPlace != "" && row.Part != nil {
			place, err := w.stock.PlaceByCode(ctx, by.Scope(), in.FromPlace)
			if err != nil {
				return err
			}
			use := inventory.ConsumeLine{No: 1, PartID: *row.Part, PlaceID: place.ID, Quantity: row.Quantity}
			if row.Serial != nil {
				use.SerialNumber = *row.Serial
			}
			booked, err := w.stock.Consume(ctx, inventory.Consumption{By: by, OrgID: o.OrgID, OrderID: o.ID, SheetID: row.Sheet, Lines: []inventory.ConsumeLine{use}})
			if err != nil {
				return err
			}
			if len(booked) == 0 || !booked[0].Booked {
				return fault.New(fault.Conflict, "stock_not_below_zero", "%s does not have %d of %s on its books: count or transfer first", in.FromPlace, row.Quantity, row.SKU).With("place_code", in.FromPlace).With("sku", row.SKU)
			}
			move = booked[0].MoveID
		}
		if _, err := w.tx.ExecContext(ctx, "UPDATE sheet_parts SET booking = 'reconciled', move_id = ?, reconciled_by = ?, reconciled_at = ?, reconciled_how = ? WHERE id = ?", move, w.actorID(), w.at, in.How, line); err != nil {
			return fmt.Errorf("reconcile: %w", err)
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "reconcile", Reason: in.How, Data: map[string]any{"sku": row.SKU, "quantity": row.Quantity, "from_place": in.FromPlace}})
	})
	return err
}

package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

const parkedColumns = `SELECT p.id, p.org_id, p.order_id, w.number AS order_number, w.summary, p.visit_id, p.engineer_id, coalesce(e.name, '') AS engineer, p.kind, p.act, p.body, p.code, p.why,
	p.told_at, p.parked_at, p.state, p.settled_at, p.settled_why, p.sheet_id, p.version
	FROM parked_facts p JOIN work_orders w ON w.id = p.order_id LEFT JOIN engineers e ON e.id = p.engineer_id`

func insertParked(ctx context.Context, w *work, p Parked) error {
	_, err := w.tx.ExecContext(ctx, `INSERT INTO parked_facts (id, org_id, order_id, visit_id, engineer_id, told_by, kind, act, body, code, why, told_at, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.OrgID, p.OrderID, p.VisitID, p.EngineerID, w.actorID(), p.Kind, p.Act, string(p.Body), p.Code, p.Why, p.ToldAt, p.ParkedAt)
	if err != nil {
		return fmt.Errorf("park %s of %s: %w", p.Kind, p.OrderNumber, err)
	}
	return nil
}

func setParked(ctx context.Context, w *work, p Parked) error {
	_, err := w.tx.ExecContext(ctx, "UPDATE parked_facts SET state = ?, settled_at = ?, settled_by = ?, settled_why = ?, sheet_id = ? WHERE id = ?", p.State, w.at, w.actorID(), p.SettledWhy, p.SheetID, p.ID)
	if err != nil {
		return fmt.Errorf("settle parked %s: %w", p.ID, err)
	}
	return nil
}

func parkedOf(ctx context.Context, db bun.IDB, s auth.Scope, order *uuid.UUID) ([]Parked, error) {
	var q query
	if err := seeOrders(&q, s); err != nil {
		return nil, err
	}
	if order != nil {
		q.and("p.order_id = ?", *order)
	} else {
		q.and("p.state = 'open'")
	}
	rows := []Parked{}
	if err := db.NewRaw(parkedColumns+q.sql()+" ORDER BY p.parked_at, p.id LIMIT 200", q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("parked facts: %w", fault.FromSQL(err))
	}
	return rows, nil
}

func findParked(ctx context.Context, db bun.IDB, s auth.Scope, id uuid.UUID) (Parked, error) {
	var p Parked
	var q query
	if err := seeOrders(&q, s); err != nil {
		return p, err
	}
	q.and("p.id = ?", id)
	err := db.NewRaw(parkedColumns+q.sql(), q.args...).Scan(ctx, &p)
	if errors.Is(err, sql.ErrNoRows) {
		return p, notFound("parked", id.String())
	}
	if err != nil {
		return p, fmt.Errorf("parked fact %s: %w", id, fault.FromSQL(err))
	}
	return p, nil
}

// Finding is what a fault on devices of one kind turned out to be, and how often.
type Finding struct {
	FaultCode  string   `bun:"fault_code"`
	CauseCode  string   `bun:"cause_code"`
	ActionCode string   `bun:"action_code"`
	Times      int      `bun:"times"`
	Parts      []string `bun:"parts,array"` // names of parts fitted, the most frequent first
}

// Findings are the most frequent combinations of codes on sheets of devices like the order's: the same model
// counts three times as much as the same category. They tell nothing about whose devices those were, so every
// engineer may see them.
func (d *Desk) Findings(ctx context.Context, order uuid.UUID, limit int) ([]Finding, error) {
	found := []Finding{}
	err := d.reader(ctx).NewRaw(`
		WITH mine AS (SELECT a.category, a.brand, a.model FROM work_orders w JOIN assets a ON a.id = w.asset_id WHERE w.id = ?),
		alike AS (
			SELECT s.id, s.fault_code, s.cause_code, s.action_code, CASE WHEN a.model <> '' AND a.model = mine.model THEN 3 ELSE 1 END AS weight
			FROM mine JOIN assets a ON a.category = mine.category AND a.category <> '' JOIN work_orders w ON w.asset_id = a.id JOIN sheets s ON s.order_id = w.id
			WHERE s.outcome = 'done' AND s.replaced_at IS NULL AND s.fault_code IS NOT NULL AND s.cause_code IS NOT NULL AND s.action_code IS NOT NULL
			ORDER BY s.id DESC LIMIT 2000)
		SELECT fault_code, cause_code, action_code, count(*) AS times,
			ARRAY(SELECT p.name FROM sheet_parts p WHERE p.sheet_id = ANY (array_agg(alike.id)) GROUP BY p.name ORDER BY count(*) DESC, p.name LIMIT 3) AS parts
		FROM alike GROUP BY 1, 2, 3 ORDER BY sum(weight) DESC, 1, 2, 3 LIMIT ?`, order, limit).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("findings on devices like that of %s: %w", order, fault.FromSQL(err))
	}
	return found, nil
}

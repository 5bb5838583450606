package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// reporter is somebody without an account who reported something.
type reporter struct {
	RequestID  uuid.UUID  `bun:"request_id"`
	OrgID      int32      `bun:"org_id"`
	Name       string     `bun:"name"`
	Phone      string     `bun:"phone"`
	Address    string     `bun:"address"`
	Wish       string     `bun:"wish"`
	Lang       string     `bun:"lang"`
	Source     []byte     `bun:"source"`
	At         time.Time  `bun:"at"`
	CodeHash   []byte     `bun:"code_hash"`
	CodeUntil  *time.Time `bun:"code_until"`
	CodeTries  int        `bun:"code_tries"`
	VerifiedAt *time.Time `bun:"verified_at"`
}

// reportsSince counts what was reported without an account since an instant, and when the first of it was.
func reportsSince(ctx context.Context, db bun.IDB, where string, arg any, since time.Time) (n int, oldest time.Time, err error) {
	var first *time.Time
	if err := db.NewRaw("SELECT count(*), min(at) FROM reporters WHERE "+where+" AND at > ?", arg, since).Scan(ctx, &n, &first); err != nil {
		return 0, oldest, fmt.Errorf("count reports: %w", fault.FromSQL(err))
	}
	if first != nil {
		oldest = *first
	}
	return n, oldest, nil
}

func insertReporter(ctx context.Context, tx bun.IDB, r reporter) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO reporters (request_id, org_id, name, phone, address, wish, lang, source, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.RequestID, r.OrgID, r.Name, r.Phone, r.Address, r.Wish, r.Lang, r.Source, r.At)
	if err != nil {
		return fmt.Errorf("reporter: %w", fault.FromSQL(err))
	}
	return nil
}

// reporterOf is who reported a request without an account, or nil.
func reporterOf(ctx context.Context, db bun.IDB, request uuid.UUID, lock bool) (*reporter, error) {
	var r reporter
	text := "SELECT request_id, org_id, name, phone, address, wish, lang, source, at, code_hash, code_until, code_tries, verified_at FROM reporters WHERE request_id = ?"
	if lock {
		text += " FOR NO KEY UPDATE"
	}
	err := db.NewRaw(text, request).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reporter: %w", fault.FromSQL(err))
	}
	return &r, nil
}

func setCode(ctx context.Context, tx bun.IDB, request uuid.UUID, hash []byte, until time.Time) error {
	if _, err := tx.ExecContext(ctx, "UPDATE reporters SET code_hash = ?, code_until = ?, code_tries = 0 WHERE request_id = ?", hash, until, request); err != nil {
		return fmt.Errorf("code of a reporter: %w", fault.FromSQL(err))
	}
	return nil
}

func countTry(ctx context.Context, tx bun.IDB, request uuid.UUID) error {
	if _, err := tx.ExecContext(ctx, "UPDATE reporters SET code_tries = code_tries + 1 WHERE request_id = ?", request); err != nil {
		return fmt.Errorf("code of a reporter: %w", fault.FromSQL(err))
	}
	return nil
}

func verified(ctx context.Context, tx bun.IDB, request uuid.UUID, at time.Time) error {
	if _, err := tx.ExecContext(ctx, "UPDATE reporters SET verified_at = ?, code_hash = NULL, code_until = NULL WHERE request_id = ?", at, request); err != nil {
		return fmt.Errorf("code of a reporter: %w", fault.FromSQL(err))
	}
	return nil
}

// outsideSaid counts how often the customer moved the visit by his link, and when he asked last where we stand.
func outsideSaid(ctx context.Context, db bun.IDB, order uuid.UUID) (moves int, chased *time.Time, err error) {
	err = db.NewRaw("SELECT count(*) FILTER (WHERE kind = 'appointment'), max(at) FILTER (WHERE kind = 'chase') FROM conversations WHERE order_id = ? AND channel = 'link' AND direction = 'in'", order).Scan(ctx, &moves, &chased)
	if err != nil {
		return 0, nil, fmt.Errorf("said by link: %w", fault.FromSQL(err))
	}
	return moves, chased, nil
}

func linkSigner(ctx context.Context, db bun.IDB, sheet uuid.UUID) (string, error) {
	var name string
	err := db.NewRaw("SELECT name FROM link_signatures WHERE sheet_id = ?", sheet).Scan(ctx, &name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("signature by link: %w", fault.FromSQL(err))
	}
	return name, nil
}

func signByLink(ctx context.Context, tx bun.IDB, id uuid.UUID, org int32, order, sheet uuid.UUID, name string, drawn any, from string, at time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO link_signatures (id, org_id, order_id, sheet_id, name, signature, address, at) VALUES (?, ?, ?, ?, ?, ?::jsonb, ?, ?)", id, org, order, sheet, name, drawn, from, at)
	if err != nil {
		return fmt.Errorf("sign by link: %w", fault.FromSQL(err))
	}
	return nil
}

// labelled is the device behind a label's code.
func labelled(ctx context.Context, db bun.IDB, code string) (asset uuid.UUID, org int32, err error) {
	err = db.NewRaw("SELECT asset_id, org_id FROM asset_labels WHERE code = ? AND revoked_at IS NULL", code).Scan(ctx, &asset, &org)
	if errors.Is(err, sql.ErrNoRows) {
		return asset, 0, fault.New(fault.NotFound, "label_unknown", "there is no such label").Field("body.label", "unknown")
	}
	if err != nil {
		return asset, 0, fmt.Errorf("label: %w", fault.FromSQL(err))
	}
	return asset, org, nil
}

func labelOf(ctx context.Context, db bun.IDB, asset uuid.UUID) (*Label, error) {
	var l Label
	err := db.NewRaw("SELECT asset_id, code, created_at FROM asset_labels WHERE asset_id = ? AND revoked_at IS NULL", asset).Scan(ctx, &l.AssetID, &l.Code, &l.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("label: %w", fault.FromSQL(err))
	}
	return &l, nil
}

func revokeLabel(ctx context.Context, tx bun.IDB, asset uuid.UUID, at time.Time) error {
	if _, err := tx.ExecContext(ctx, "UPDATE asset_labels SET revoked_at = ? WHERE asset_id = ? AND revoked_at IS NULL", at, asset); err != nil {
		return fmt.Errorf("label: %w", fault.FromSQL(err))
	}
	return nil
}

func insertLabel(ctx context.Context, tx bun.IDB, l Label, org int32, by any) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO asset_labels (code, asset_id, org_id, created_at, created_by) VALUES (?, ?, ?, ?, ?)", l.Code, l.AssetID, org, l.CreatedAt, by); err != nil {
		return fmt.Errorf("label: %w", fault.FromSQL(err))
	}
	return nil
}

type assetOrder struct {
	Number string     `bun:"number"`
	Kind   string     `bun:"kind"`
	State  OrderState `bun:"state"`
	At     time.Time  `bun:"at"`
}

func ordersOfAsset(ctx context.Context, db bun.IDB, asset uuid.UUID) ([]assetOrder, error) {
	rows := []assetOrder{}
	if err := db.NewRaw("SELECT number, kind, state, coalesce(finished_at, created_at) AS at FROM work_orders WHERE asset_id = ? ORDER BY at DESC, id DESC LIMIT 30", asset).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("orders of a device: %w", fault.FromSQL(err))
	}
	return rows, nil
}

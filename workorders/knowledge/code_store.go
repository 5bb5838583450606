package knowledge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Codes is the store of codes, a small value.
type Codes struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the codes of a database; now is the clock of facts.
func New(db bun.IDB, now func() time.Time) Codes { return Codes{db, now} }

// In is the same store inside a transaction.
func (c Codes) In(tx bun.IDB) Codes { return Codes{tx, c.now} }

const columns = "kind || '.' || code AS id, kind, code, name, name_en, category, repairs, first_aid, first_aid_en, retired_at, version"

// Codes lists codes in the order of kind and code. Everybody in the company may read them.
func (c Codes) Codes(ctx context.Context, f CodeFilter) (keyset.Page[Code], error) {
	var page keyset.Page[Code]
	var kind, code string
	more, err := f.After(&kind, &code)
	if err != nil {
		return page, err
	}
	q := c.db.NewSelect().TableExpr("codes").ColumnExpr(columns).OrderExpr("kind, code").Limit(int64(f.Rows()))
	if more {
		q.Where("(kind, code) > (?, ?)", kind, code)
	}
	if f.Kind != "" {
		q.Where("kind = ?", f.Kind)
	}
	if f.Category != "" {
		q.Where("category IN ('', ?)", f.Category)
	}
	if word := strings.TrimSpace(f.Q); word != "" {
		q.Where("(starts_with(lower(code), lower(?0)) OR strpos(name, ?0) > 0 OR strpos(lower(name_en), lower(?0)) > 0)", word)
	}
	if !f.Retired {
		q.Where("retired_at IS NULL")
	}
	var rows []Code
	if err := q.Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list codes: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(c Code) []any { return []any{c.Kind, c.Code} }), nil
}

// Code reads one code, retired or not; NotFound when there is none.
func (c Codes) Code(ctx context.Context, kind Kind, code string) (Code, error) {
	var found Code
	err := c.db.NewRaw("SELECT "+columns+" FROM codes WHERE kind = ? AND code = ?", kind, code).Scan(ctx, &found)
	if errors.Is(err, sql.ErrNoRows) {
		return found, fault.New(fault.NotFound, "code_unknown", "there is no code %q in this list", code)
	}
	if err != nil {
		return found, fmt.Errorf("code %s %s: %w", kind, code, fault.FromSQL(err))
	}
	return found, nil
}

// Known refuses a code that is not on the list, or retired, with unknown_code.
func (c Codes) Known(ctx context.Context, kind, code string) error {
	found, err := c.Code(ctx, Kind(kind), code)
	if fault.Is(err, fault.NotFound) || err == nil && found.RetiredAt != nil {
		return fault.New(fault.Invalid, "unknown_code", "code %q is not on the list: choose one that is", code).With("kind", kind).
			Field("body."+kind+"_code", "unknown code "+code)
	}
	return err
}

// AddCode puts a code on the list. One that is there is refused with codes_pkey.
func (c Codes) AddCode(ctx context.Context, in CodeInput) (Code, error) {
	var added Code
	if err := in.check(); err != nil {
		return added, err
	}
	err := c.db.NewRaw(`INSERT INTO codes (kind, code, name, name_en, category, repairs, first_aid, first_aid_en)
		VALUES (?, ?, ?, coalesce(?, ''), coalesce(?, ''), coalesce(?, true), coalesce(?, ''), coalesce(?, '')) RETURNING `+columns,
		in.Kind, in.Code, strings.TrimSpace(in.Name), in.NameEn, in.Category, in.Repairs, in.FirstAid, in.FirstAidEn).Scan(ctx, &added)
	if err != nil {
		return added, fmt.Errorf("add code %s %s: %w", in.Kind, in.Code, fault.FromSQL(err))
	}
	return added, nil
}

// PatchCode changes a code. A version that is not the newest is refused as stale.
func (c Codes) PatchCode(ctx context.Context, kind Kind, code string, in CodePatch, version *int) (Code, error) {
	var changed Code
	if in.Name != nil {
		if err := checkName(*in.Name); err != nil {
			return changed, err
		}
	}
	err := c.db.NewRaw(`UPDATE codes SET name = coalesce(?, name), name_en = coalesce(?, name_en), category = coalesce(?, category), repairs = coalesce(?, repairs),
		first_aid = coalesce(?, first_aid), first_aid_en = coalesce(?, first_aid_en),
		retired_at = CASE ?::boolean WHEN true THEN coalesce(retired_at, ?) WHEN false THEN NULL ELSE retired_at END
		WHERE kind = ? AND code = ? AND version = coalesce(?, version) RETURNING `+columns,
		in.Name, in.NameEn, in.Category, in.Repairs, in.FirstAid, in.FirstAidEn, in.Retired, c.now(), kind, code, version).Scan(ctx, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := c.Code(ctx, kind, code); err != nil {
			return changed, err
		}
		return changed, fault.New(fault.Stale, "stale", "somebody changed this in the meantime: read it again")
	}
	if err != nil {
		return changed, fmt.Errorf("change code %s %s: %w", kind, code, fault.FromSQL(err))
	}
	return changed, nil
}

// Load puts a first list for household appliances on the list and returns how many codes were new. Codes
// that are there stay as people have made them, so loading twice changes nothing.
func (c Codes) Load(ctx context.Context) (added int, err error) {
	list, err := Appliances()
	if err != nil {
		return 0, err
	}
	for _, in := range list {
		res, err := c.db.NewRaw(`INSERT INTO codes (kind, code, name, name_en, category, repairs, first_aid, first_aid_en)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			in.Kind, in.Code, in.Name, in.NameEn, in.Category, in.Repairs, in.FirstAid, in.FirstAidEn).Exec(ctx)
		if err != nil {
			return added, fmt.Errorf("load code %s %s: %w", in.Kind, in.Code, fault.FromSQL(err))
		}
		n, err := res.RowsAffected()
		if err != nil {
			return added, fmt.Errorf("load code %s %s: %w", in.Kind, in.Code, err)
		}
		added += int(n)
	}
	return added, nil
}

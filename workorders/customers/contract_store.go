package customers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun/dialect/pgdialect"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const contractColumns = `t.id, t.org_id, t.customer_id, t.asset_id, t.kind, t.number, t.name, t.starts_on, t.ends_on, t.covers, t.notes, t.created_at, t.version`

// AddContract adds a paper that covers work for a customer, or for one device of his.
func (b Book) AddContract(ctx context.Context, by auth.Caller, in ContractInput) (Contract, error) {
	c, err := b.live(ctx, by.Scope(), in.CustomerID)
	if fault.Is(err, fault.NotFound) {
		return Contract{}, fault.New(fault.Invalid, "customer_unknown", "there is no such customer: %s", in.CustomerID).Field("body.customer_id", "no such customer")
	}
	if err != nil {
		return Contract{}, err
	}
	t := Contract{ID: newID(), OrgID: c.OrgID, CustomerID: c.ID, AssetID: in.AssetID, Kind: in.Kind, Name: strings.TrimSpace(in.Name), StartsOn: in.StartsOn, EndsOn: in.EndsOn,
		Covers: []string{}, Notes: strings.TrimSpace(in.Notes), CreatedAt: b.at(), Version: 1}
	if t.Kind == "" {
		t.Kind = ServiceContract
	}
	if err := oneOf("kind", t.Kind, ServiceContract, ExtendedWarranty); err != nil {
		return t, err
	}
	if t.Number, err = text("number", in.Number); err != nil {
		return t, err
	}
	if in.EndsOn.Before(in.StartsOn) {
		return t, fault.New(fault.Invalid, "contracts_term", "a contract ends on or after the day it starts").Field("body.ends_on", "before starts_on")
	}
	covers := in.Covers
	if len(covers) == 0 {
		covers = []Line{Labour, Part, Travel, Inspection}
	}
	for _, line := range covers {
		if err := oneOf("covers", string(line), "labour", "part", "travel", "inspection", "material"); err != nil {
			return t, err
		}
		if !slices.Contains(t.Covers, string(line)) {
			t.Covers = append(t.Covers, string(line))
		}
	}
	if in.AssetID != nil {
		a, err := b.asset(ctx, by.Scope(), *in.AssetID)
		if fault.Is(err, fault.NotFound) || err == nil && a.CustomerID != c.ID {
			return t, fault.New(fault.Invalid, "asset_of_another_customer", "this device belongs to another customer: correct the customer or the device").Field("body.asset_id", "no such device of this customer")
		}
		if err != nil {
			return t, err
		}
	}
	_, err = b.db.NewRaw(`INSERT INTO contracts (id, org_id, customer_id, asset_id, kind, number, name, starts_on, ends_on, covers, notes, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.OrgID, t.CustomerID, t.AssetID, t.Kind, t.Number, t.Name, t.StartsOn, t.EndsOn, pgdialect.Array(t.Covers), t.Notes, t.CreatedAt).Exec(ctx)
	if err != nil {
		return t, fmt.Errorf("add contract: %w", fault.FromSQL(err))
	}
	return t, nil
}

// Contracts lists contracts of customers in sight, newest first.
func (b Book) Contracts(ctx context.Context, s auth.Scope, f ContractFilter) (keyset.Page[Contract], error) {
	var q clauses
	q.and("TRUE")
	if err := q.see(s, "t.customer_id", "t.org_id"); err != nil {
		return keyset.Page[Contract]{}, err
	}
	if f.CustomerID != nil {
		q.and("t.customer_id = ?", *f.CustomerID)
	}
	if f.AssetID != nil {
		q.and("t.asset_id = ?", *f.AssetID)
	}
	if f.On != nil {
		q.and("? BETWEEN t.starts_on AND t.ends_on", *f.On)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return keyset.Page[Contract]{}, err
	} else if more {
		q.and("t.id < ?", last)
	}
	var rows []Contract
	if err := b.db.NewRaw("SELECT "+contractColumns+" FROM contracts t"+q.String()+" ORDER BY t.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Contract]{}, fmt.Errorf("contracts: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(t Contract) []any { return []any{t.ID} }), nil
}

package pages

import (
	"context"
	"strconv"

	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
)

// slips are the parts that wait for this engineer.
func (a *ask) slips(wanted func(inventory.Pickup) bool) ([]templates.Pickup, error) {
	page, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: 100}, Engineer: a.by.EngineerID.String()})
	if err != nil {
		return nil, err
	}
	var out []templates.Pickup
	for _, s := range page.Items {
		if (s.State == inventory.ToPick || s.State == inventory.PickReady) && wanted(s) {
			out = append(out, a.fetched(s))
		}
	}
	return out, nil
}

func (p *Pages) van(a *ask) (templates.Page, error) {
	if a.by.EngineerID == nil {
		return nil, fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own van, and your account belongs to none")
	}
	v := templates.Van{}
	van, err := a.look().Stock.VanOf(a.ctx(), *a.by.EngineerID)
	if err != nil {
		return nil, err
	}
	if van != nil {
		v.Place = van.Code
		page, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), inventory.StockFilter{Ask: many, Place: van.Code})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			if r.OnHand > 0 {
				v.Rows = append(v.Rows, stockRow(r))
			}
		}
	}
	if v.Pickups, err = a.slips(func(inventory.Pickup) bool { return true }); err != nil {
		return nil, err
	}
	if v.PartChoices, err = a.partOptions(); err != nil {
		return nil, err
	}
	wishes, err := p.desk.PartRequests(a.ctx(), a.by, true)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		v.Wishes = append(v.Wishes, wishView(w))
	}
	stores, err := a.look().Stock.Places(a.ctx(), a.by.Scope(), inventory.PlaceFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	for _, s := range stores.Items {
		if s.Kind == inventory.Warehouse || s.Kind == inventory.Outlet {
			v.Stores = append(v.Stores, templates.Option{Value: s.Code, Text: s.Name})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// ownVan is where the engineer's parts lie.
func (a *ask) ownVan(ctx context.Context) (*inventory.Place, error) {
	if a.by.EngineerID == nil {
		return nil, fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own van, and your account belongs to none")
	}
	van, err := a.look().Stock.VanOf(ctx, *a.by.EngineerID)
	if err == nil && van == nil {
		err = fault.New(fault.NotFound, "no_van", "no van is in your name: ask the stock keeper for one")
	}
	return van, err
}

// countVan books the difference between what was counted and what the books say, part by part. The books are
// read when the count arrives: what the page showed in the morning may be old by then, so the phone sends
// what it saw too, and only the difference to that is booked.
func (p *Pages) countVan(ctx context.Context, a *ask, f *form) (string, error) {
	van, err := a.ownVan(ctx)
	if err != nil {
		return "", err
	}
	booked := 0
	for i, sku := range f.Values["count_sku"] {
		counted := f.at("counted", i)
		if counted == "" {
			continue
		}
		diff := f.whole("counted", counted) - f.whole("counted", f.at("count_was", i))
		if err := f.err(); err != nil {
			return "", err
		}
		if diff == 0 {
			continue
		}
		in := inventory.MovementInput{Kind: inventory.Adjust, SKU: sku, Quantity: diff, Reason: filled(a.t("van.counted"))}
		if diff < 0 {
			in.FromPlace = &van.Code
		} else {
			in.ToPlace = &van.Code
		}
		if serials := f.list("count_serials_" + strconv.Itoa(i)); len(serials) > 0 {
			in.SerialNumbers = serials
		}
		if _, err := p.desk.MoveStock(ctx, a.by, in); err != nil {
			return "", err
		}
		booked++
	}
	return "/m/van", nil
}

// giveBack books parts from the van to a store: unused ones as good, swapped ones as they are.
func (p *Pages) giveBack(ctx context.Context, a *ask, f *form) (string, error) {
	van, err := a.ownVan(ctx)
	if err != nil {
		return "", err
	}
	to, condition := f.need("to_place"), inventory.Condition(f.need("condition"))
	in := inventory.MovementInput{Kind: inventory.Transfer, SKU: f.need("sku"), Quantity: f.number("quantity"), FromPlace: &van.Code, ToPlace: &to, Condition: &condition, Reason: f.opt("reason"), SerialNumbers: f.list("serials")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.MoveStock(ctx, a.by, in)
	return "/m/van", err
}

// askForParts tells the stock keeper what the van wants.
func (p *Pages) askForParts(ctx context.Context, a *ask, f *form) (string, error) {
	van, err := a.ownVan(ctx)
	if err != nil {
		return "", err
	}
	in := workorders.VanWish{PlaceCode: van.Code, Text: f.text("text"), Urgent: f.ticked("urgent")}
	for i, sku := range f.Values["wish_sku"] {
		if n := f.at("wish_quantity", i); sku != "" && n != "" {
			in.Lines = append(in.Lines, workorders.PartNeed{SKU: sku, Quantity: f.whole("wish_quantity", n)})
		}
	}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.WishParts(ctx, a.by, in)
	return "/m/van", err
}

func wishView(w workorders.PartRequest) templates.Wish {
	out := templates.Wish{ID: w.ID.String(), Engineer: w.Engineer, Van: w.Van, From: w.From, State: w.State, Text: w.Text, Urgent: w.Urgent, AskedAt: w.AskedAt, Why: w.Why}
	for _, l := range w.Lines {
		out.Lines = append(out.Lines, templates.PartLine{SKU: l.SKU, Name: l.SKU, Quantity: l.Quantity})
	}
	return out
}

// receiveWish books what lies ready at the counter into the van.
func (p *Pages) receiveWish(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/m/van", p.desk.ReceiveParts(ctx, a.by, id)
}

// answerWish is the counter's word on what an engineer asked for.
func (p *Pages) answerWish(ready bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		if !ready {
			return "/stock/pickups", p.desk.RefuseParts(ctx, a.by, id, f.text("reason"))
		}
		place := f.need("from_place")
		if err := f.err(); err != nil {
			return "", err
		}
		return "/stock/pickups", p.desk.LayOut(ctx, a.by, id, place)
	}
}

func (p *Pages) fetchParts(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	_, err = p.desk.PickupDo(ctx, a.by, id, "hand-over", inventory.PickupAct{})
	return "/m", err
}

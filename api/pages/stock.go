package pages

import (
	"context"
	"strconv"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
)

func stockRow(r inventory.StockRow) templates.StockRow {
	return templates.StockRow{SKU: r.SKU, Name: r.PartName, Unit: r.Unit, Place: r.PlaceCode, PlaceName: r.PlaceName, Condition: string(r.Condition), OnHand: r.OnHand, Reserved: r.Reserved, Available: r.Available}
}

func (p *Pages) stock(a *ask) (templates.Page, error) {
	f := inventory.StockFilter{Ask: a.asked(), SKU: a.QueryParam("sku"), Place: a.QueryParam("place"), Away: a.QueryParam("away") != ""}
	page, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Stock{SKU: f.SKU, Place: f.Place, More: a.with("cursor", page.NextCursor), MayMove: a.by.May(auth.MoveStock)}
	for _, r := range page.Items {
		v.Rows = append(v.Rows, stockRow(r))
	}
	if v.Places, err = a.placeOptions(); err != nil {
		return nil, err
	}
	if v.MayMove {
		if v.PartChoices, err = a.partOptions(); err != nil {
			return nil, err
		}
	}
	if v.Away, err = a.vansAway(); err != nil {
		return nil, err
	}
	if len(v.Away) > 0 && a.by.May(auth.FetchParts) {
		if v.Engineers, err = a.engineerOptions(); err != nil {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// vansAway are the vans out of reach with what a colleague could fetch from them. An engineer sees his own
// van on a page of its own.
func (a *ask) vansAway() ([]templates.VanAway, error) {
	if a.visiting() {
		return nil, nil
	}
	vans, err := a.look().Stock.Places(a.ctx(), a.by.Scope(), inventory.PlaceFilter{Ask: keyset.Ask{Limit: counted}, Kind: string(inventory.Van), Away: true})
	if err != nil || len(vans.Items) == 0 {
		return nil, err
	}
	lying, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), inventory.StockFilter{Ask: many, Kind: string(inventory.Van), Condition: string(inventory.Good), Away: true})
	if err != nil {
		return nil, err
	}
	out := make([]templates.VanAway, len(vans.Items))
	for i, van := range vans.Items {
		out[i] = templates.VanAway{Code: van.Code, Name: van.Name, Why: a.reason(van.UnreachableWhy)}
		for _, r := range lying.Items {
			if r.PlaceCode == van.Code && r.Available > 0 {
				out[i].Lines = append(out[i].Lines, r.PartName+" "+r.SKU+" × "+strconv.FormatInt(r.Available, 10))
			}
		}
	}
	return out, nil
}

func (p *Pages) fetchVan(ctx context.Context, a *ask, f *form) (string, error) {
	f.need("engineer_id")
	engineer := f.id("engineer_id")
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.FetchVan(ctx, a.by, a.Param("code"), workorders.FetchInput{EngineerID: *engineer})
	return "/stock", err
}

func (p *Pages) moveStock(ctx context.Context, a *ask, f *form) (string, error) {
	in := inventory.MovementInput{Kind: inventory.MovementKind(f.need("kind")), SKU: f.need("sku"), Quantity: f.number("quantity"), FromPlace: f.opt("from_place"), ToPlace: f.opt("to_place"), SerialNumbers: f.list("serial_numbers"), Reason: f.opt("reason")}
	if len(in.SerialNumbers) == 0 {
		in.SerialNumbers = nil
	}
	for name, to := range map[string]**inventory.Condition{"condition": &in.Condition, "to_condition": &in.ToCondition} {
		if word := f.text(name); word != "" {
			condition := inventory.Condition(word)
			*to = &condition
		}
	}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.MoveStock(ctx, a.by, in)
	return "/stock", err
}

func (p *Pages) movements(a *ask) (templates.Page, error) {
	f := inventory.MovementFilter{Ask: a.asked(), SKU: a.QueryParam("sku"), Place: a.QueryParam("place")}
	page, err := a.look().Stock.Movements(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Movements{SKU: f.SKU, Place: f.Place, More: a.with("cursor", page.NextCursor)}
	for _, m := range page.Items {
		v.Rows = append(v.Rows, templates.MovementRow{At: m.At, Kind: string(m.Kind), SKU: m.SKU, Name: m.PartName, Quantity: m.Quantity, From: zero(m.FromPlace), To: zero(m.ToPlace), Condition: string(m.Condition), OrderNumber: zero(m.WorkOrderNumber),
			Reason: a.reason(m.Reason), By: a.actor(m.Actor)})
	}
	if v.Places, err = a.placeOptions(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) pickups(a *ask) (templates.Page, error) {
	f := inventory.PickupFilter{Ask: a.asked(), Place: a.QueryParam("place"), State: a.QueryParam("state")}
	if d := a.dayIn("day"); d != nil {
		f.Day = d.String()
	}
	page, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Pickups{Place: f.Place, Day: f.Day, State: f.State, More: a.with("cursor", page.NextCursor)}
	for _, s := range page.Items {
		v.Rows = append(v.Rows, a.pickupView(s))
	}
	if v.Places, err = a.placeOptions(); err != nil {
		return nil, err
	}
	if a.by.May(auth.HandOutParts) {
		wishes, err := p.desk.PartRequests(a.ctx(), a.by, false)
		if err != nil {
			return nil, err
		}
		for _, w := range wishes {
			v.Wishes = append(v.Wishes, wishView(w))
		}
	}
	if a.by.May(auth.PrintStacks) {
		day := f.Day
		if day == "" {
			day = a.today().String()
		}
		v.PickListPDF = "/papers/pick-lists.pdf?day=" + day + "&lang=" + a.lang
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) pickupAct(act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		if act == "cancel" { // not found or not needed: the desk and the next store go by it
			f.need("reason")
			if err := f.err(); err != nil {
				return "", err
			}
		}
		_, err = p.desk.PickupDo(ctx, a.by, id, act, inventory.PickupAct{Why: f.opt("reason")})
		return "/stock/pickups", err
	}
}

func (p *Pages) shortages(a *ask) (templates.Page, error) {
	page, err := a.look().Stock.Shortages(a.ctx(), a.by.Scope(), inventory.ShortageFilter{Ask: a.asked()})
	if err != nil {
		return nil, err
	}
	v := templates.Shortages{More: a.with("cursor", page.NextCursor), MayExpect: a.by.May(auth.ExpectStock)}
	names, take := map[string]string{}, false
	for _, s := range page.Items {
		if _, looked := names[s.WorkOrderNumber]; !looked && a.by.May(auth.ReadOrders) {
			orders, err := p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 1}, Q: s.WorkOrderNumber})
			if err != nil {
				return nil, err
			}
			for _, o := range orders.Items {
				names[s.WorkOrderNumber] = o.CustomerName
			}
		}
		row := templates.ShortageRow{OrderNumber: s.WorkOrderNumber, SKU: zero(s.SKU), Name: zero(s.PartName), Quantity: s.Quantity, WaitingSince: s.WaitingSince, ExpectedOn: dateText(s.ExpectedOn), State: string(s.State), Customer: names[s.WorkOrderNumber]}
		if row.Name == "" {
			row.Name = s.Text
		}
		row.ID, row.MayName, row.MayTake = s.ID.String(), s.PartID == nil && v.MayExpect, s.PartID != nil && s.State == inventory.ShortageOpen && a.by.May(auth.Assign)
		take = take || row.MayTake
		v.Rows = append(v.Rows, row)
	}
	coming, err := a.look().Stock.ExpectedList(a.ctx(), a.by.Scope(), inventory.ExpectedFilter{Ask: keyset.Ask{Limit: 100}, State: "open"})
	if err != nil {
		return nil, err
	}
	for _, x := range coming.Items {
		v.Expected = append(v.Expected, templates.ExpectedRow{ID: x.ID.String(), SKU: x.SKU, Name: x.PartName, Quantity: x.Quantity - x.Received, Place: x.ToPlace, ExpectedOn: x.ExpectedOn.String(), Supplier: x.SupplierRef})
	}
	if v.MayExpect || take {
		if v.Places, err = a.placeOptions(); err != nil {
			return nil, err
		}
	}
	if v.MayExpect {
		if v.PartChoices, err = a.partOptions(); err != nil {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) expect(ctx context.Context, a *ask, f *form) (string, error) {
	in := inventory.ExpectedInput{SKU: f.need("sku"), Quantity: f.number("quantity"), ToPlace: f.need("to_place"), ExpectedOn: f.needDate("expected_on"), SupplierRef: f.opt("supplier_ref")}
	if err := f.err(); err != nil {
		return "", err
	}
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Stock.Expect(ctx, a.by, in)
		return err
	})
	return "/stock/shortages", err
}

// nameShortage says which part it is that an engineer wrote down in words.
func (p *Pages) nameShortage(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	sku := f.need("sku")
	if err := f.err(); err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Stock.PatchShortage(ctx, a.by.Scope(), id, inventory.ShortagePatch{SKU: &sku}, nil)
		return err
	})
	return "/stock/shortages", err
}

// takePart gives the pieces that were allotted to another order to this one.
func (p *Pages) takePart(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := workorders.TakePartInput{FromWorkOrder: f.need("from_work_order"), Place: f.need("place"), Reason: f.need("reason")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.TakePart(ctx, a.by, id, in)
	return "/stock/shortages", err
}

func (p *Pages) postpone(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	day := f.needDate("expected_on")
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.PatchExpected(ctx, a.by, id, inventory.ExpectedPatch{ExpectedOn: &day}, nil)
	return "/stock/shortages", err
}

func (p *Pages) unreconciled(a *ask) (templates.Page, error) {
	page, err := p.desk.Unreconciled(a.ctx(), a.by, a.asked())
	if err != nil {
		return nil, err
	}
	v := templates.Unreconciled{More: a.with("cursor", page.NextCursor), MayMove: a.by.May(auth.MoveStock)}
	for _, u := range page.Items {
		v.Rows = append(v.Rows, templates.UnreconciledRow{ID: u.ID.String(), OrderNumber: u.OrderNumber, SKU: u.SKU, Name: u.Name, Quantity: u.Quantity, Engineer: u.Engineer, FittedAt: u.FinishedAt})
	}
	if v.Places, err = a.placeOptions(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) reconcile(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/stock/unreconciled", p.desk.Reconcile(ctx, a.by, id, workorders.ReconcileInput{FromPlace: f.text("from_place"), How: f.text("how")})
}

package pages

import (
	"context"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

func (p *Pages) customers(a *ask) (templates.Page, error) {
	f := customers.CustomerFilter{Ask: keyset.Ask{Limit: 25, Cursor: a.QueryParam("cursor")}, Q: a.QueryParam("q"), Prospect: a.QueryParam("prospect") == "true"}
	if a.QueryParam("format") == "csv" {
		return a.customersCSV(f)
	}
	page, err := a.look().Customers.Customers(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Customers{Chrome: a.chrome(), Q: f.Q, Prospects: f.Prospect, More: a.with("cursor", page.NextCursor), MayAdd: a.by.May(auth.WriteCustomers), Export: a.with("format", "csv")}
	for _, row := range page.Items {
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), row.ID)
		if err != nil {
			return nil, err
		}
		r := templates.CustomerRow{ID: c.ID.String(), Name: c.Name, Class: c.Class, Sites: len(c.Sites), Devices: len(c.Assets), Prospect: c.Prospect}
		if c.Phone != nil {
			r.Phone = customers.MaskPhone(*c.Phone)
		}
		orders, err := p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 20}, Customer: c.ID.String()})
		if err != nil {
			return nil, err
		}
		for i, o := range orders.Items {
			if !ended(o.State) {
				r.Open++
			}
			if i == 0 {
				r.LastAt = o.CreatedAt
			}
		}
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

func (p *Pages) customer(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), id)
	if err != nil {
		return nil, err
	}
	if c.MergedInto != nil {
		return elsewhere{to: "/customers/" + c.MergedInto.String(), code: 303}, nil
	}
	v := templates.Customer{ID: c.ID.String(), Name: c.Name, Class: c.Class, Prospect: c.Prospect, Owed: a.owed(c.ID), ErasedAt: zero(c.ErasedAt),
		MayEdit: c.ErasedAt == nil && a.by.May(auth.WriteCustomers), MayErase: c.ErasedAt == nil && a.by.May(auth.EraseCustomers)}
	if c.ErasedAt != nil {
		v.Name = c.Number
	}
	if c.Phone != nil {
		v.Phone = customers.ShowPhone(*c.Phone)
	}
	v.Number, v.Language, v.Notes, v.MayMerge = c.Number, c.Language, c.Notes, c.ErasedAt == nil && a.by.May(auth.MergeCustomers)
	v.Contacts = people(customers.Customer{Contacts: c.Contacts})
	for _, s := range c.Sites {
		v.Sites = append(v.Sites, a.siteView(s))
	}
	for _, d := range c.Assets {
		if d.Coverage == nil {
			if d, err = a.look().Customers.Asset(a.ctx(), a.by.Scope(), d.ID); err != nil {
				return nil, err
			}
		}
		v.Devices = append(v.Devices, a.deviceView(d))
	}
	if v.History, err = a.history(c); err != nil {
		return nil, err
	}
	if v.MayEdit {
		if v.Regions, err = a.regions(); err != nil {
			return nil, err
		}
	}
	wishes, err := p.desk.OptOuts(a.ctx(), a.by, c.ID)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		row := templates.LeftAlone{Name: w.Contact, Channel: w.Channel, ByLink: w.How == "link", At: w.At}
		if w.ContactID != nil {
			row.ContactID = w.ContactID.String()
		}
		v.LeftAlone = append(v.LeftAlone, row)
	}
	v.Whom = []templates.Option{{Text: c.Name}}
	for _, k := range c.Contacts {
		if k.RetiredAt == nil {
			v.Whom = append(v.Whom, templates.Option{Value: k.ID.String(), Text: k.Name})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// history is what was reported, done and complained about for a customer.
func (a *ask) history(c customers.Customer) ([]templates.Link, error) {
	var out []templates.Link
	if a.by.May(auth.ReadComplaints) {
		page, err := a.look().Promises.Complaints(a.ctx(), a.by, aftercare.ComplaintFilter{Ask: keyset.Ask{Limit: 20}, CustomerID: &c.ID})
		if err != nil {
			return nil, err
		}
		for _, x := range page.Items {
			out = append(out, complaintLink(x))
		}
	}
	orders, err := a.p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 50}, Customer: c.ID.String()})
	if err != nil {
		return nil, err
	}
	for _, o := range orders.Items {
		out = append(out, orderLink(o.Number, o.Summary, o.State))
	}
	if a.by.May(auth.ReadRequests) {
		page, err := a.p.desk.Requests(a.ctx(), a.by, workorders.RequestFilter{Ask: keyset.Ask{Limit: 50}, CustomerID: &c.ID})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			out = append(out, requestLink(r.Number, r.Summary, r.State))
		}
	}
	return out, nil
}

func (p *Pages) addCustomer(ctx context.Context, a *ask, f *form) (string, error) {
	in := customers.CustomerInput{Name: f.need("name"), Phone: f.text("phone"), Class: f.text("class")}
	if err := f.err(); err != nil {
		return "", err
	}
	c, err := p.desk.AddCustomer(ctx, a.by, in)
	return "/customers/" + c.ID.String(), err
}

func (p *Pages) addContact(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := customers.ContactInput{Name: f.need("name"), Phones: []string{f.need("phone")}, Role: customers.Role(f.need("role")), PreferredHours: f.text("preferred_hours"), Language: f.text("language")}
	if email := f.opt("email"); email != nil {
		in.Email = email
	}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.AddContact(ctx, a.by, id, in)
	return "/customers/" + id.String(), err
}

// eraseCustomer wants a tick of its own: there is no way back.
func (p *Pages) eraseCustomer(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	f.need("sure")
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.EraseCustomer(ctx, a.by, id)
	return "/customers/" + id.String(), err
}

func (p *Pages) addSite(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := customers.SiteInput{Address: f.need("address"), RegionCode: f.need("region_code"), Lat: f.decimal("lat"), Lng: f.decimal("lng"), AccessNotes: f.text("access_notes"), OpenHours: f.text("open_hours")}
	if err := f.err(); err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Customers.AddSite(ctx, a.by, id, in)
		return err
	})
	return "/customers/" + id.String(), err
}

func (p *Pages) addAsset(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := customers.AssetInput{SiteID: zero(f.id("site_id")), Brand: f.text("brand"), Category: f.text("category"), Model: f.text("model"), SerialNumber: f.opt("serial_number"), PurchasedOn: f.date("purchased_on"), Proof: f.opt("proof")}
	f.need("site_id")
	if err := f.err(); err != nil {
		return "", err
	}
	site, err := a.look().Customers.Site(ctx, a.by.Scope(), in.SiteID)
	if err != nil {
		return "", err
	}
	if site.CustomerID != id {
		f.wrong("site_id", "belongs to another")
		return "", f.err()
	}
	_, err = p.desk.AddAsset(ctx, a.by, in)
	return "/customers/" + id.String(), err
}

func (p *Pages) assets(a *ask) (templates.Page, error) {
	f := customers.AssetFilter{Ask: keyset.Ask{Limit: 25, Cursor: a.QueryParam("cursor")}, Q: a.QueryParam("q")}
	if a.QueryParam("format") == "csv" {
		return a.assetsCSV(f)
	}
	page, err := a.look().Customers.Assets(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Assets{Chrome: a.chrome(), Q: f.Q, More: a.with("cursor", page.NextCursor), Export: a.with("format", "csv")}
	for _, row := range page.Items {
		d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), row.ID)
		if err != nil {
			return nil, err
		}
		r := templates.AssetRow{Device: a.deviceView(d)}
		if d.Coverage != nil {
			r.Repairs = d.Coverage.Repairs
		}
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), d.CustomerID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		r.Customer = c.Name
		for _, s := range c.Sites {
			if s.ID == d.SiteID {
				r.Site = s.Address
			}
		}
		v.Rows = append(v.Rows, r)
	}
	return v, nil
}

func (p *Pages) asset(a *ask) (templates.Page, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return nil, err
	}
	d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), id)
	if err != nil {
		return nil, err
	}
	v := templates.Asset{Device: a.deviceView(d), ProducedOn: dateText(d.ProducedOn), Proof: zero(d.Proof), Brand: d.Brand, Category: d.Category, Model: d.Model, Typed: dateText(d.WarrantyUntil), MayEdit: a.by.May(auth.WriteCustomers)}
	if d.Coverage != nil {
		v.Repairs = d.Coverage.Repairs
	}
	var contacts []templates.Person
	var device templates.Device
	if err := a.whoAndWhat(&d.CustomerID, &d.SiteID, nil, &v.Customer, &contacts, &v.Site, &device); err != nil {
		return nil, err
	}
	history, err := a.look().Customers.AssetHistory(a.ctx(), a.by.Scope(), id, keyset.Ask{Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, h := range history.Items {
		v.Events = append(v.Events, templates.Event{At: h.At, Actor: h.Engineer, Text: a.happened(h)})
		if h.Kind == "work_order" {
			v.Orders = append(v.Orders, orderLink(h.Number, h.Summary, workorders.OrderState(h.State)))
		}
	}
	if v.MayLabel = a.by.May(auth.WriteCustomers); v.MayLabel || a.by.May(auth.ReadCustomers) {
		if _, err := p.desk.LabelOf(a.ctx(), a.by, id); err == nil {
			v.Label, v.MayLabel = "/assets/"+id.String()+"/label.pdf", false
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

package pages

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
)

// person is somebody around a customer's jobs as the pages show and correct him.
func person(k customers.Contact) templates.Person {
	p := templates.Person{ID: k.ID.String(), Name: k.Name, Role: string(k.Role), Hours: k.PreferredHours, Lang: k.Language, Email: zero(k.Email), DoNotCall: k.DoNotCall}
	if len(k.Phones) > 0 {
		p.Phone = customers.ShowPhone(k.Phones[0])
	}
	return p
}

// people are a customer's own number and everybody around him whom a job may need.
func people(c customers.Customer) []templates.Person {
	var out []templates.Person
	if c.Phone != nil && *c.Phone != "" {
		out = append(out, templates.Person{Name: c.Name, Phone: customers.ShowPhone(*c.Phone)})
	}
	for _, k := range c.Contacts {
		if k.RetiredAt == nil {
			out = append(out, person(k))
		}
	}
	return out
}

// chosen marks who reported the job and who opens the door of it.
func chosen(list []templates.Person, reporter, door *uuid.UUID) []templates.Person {
	for i := range list {
		list[i].Reported = reporter != nil && list[i].ID == reporter.String()
		list[i].AtDoor = door != nil && list[i].ID == door.String()
	}
	return list
}

func (p *Pages) patchCustomer(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	name, phone, class, language, notes := f.need("name"), f.text("phone"), f.text("class"), f.text("language"), f.text("notes")
	in := customers.CustomerPatch{Name: &name, Phone: &phone, Notes: &notes}
	if class != "" {
		in.Class = &class
	}
	if language != "" {
		in.Language = &language
	}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.PatchCustomer(ctx, a.by, id, in)
	return "/customers/" + id.String(), err
}

// contactPatch reads what is corrected about somebody.
func (f *form) contactPatch() customers.ContactPatch {
	name, hours, language, email := f.need("name"), f.text("preferred_hours"), f.text("language"), f.text("email")
	phones := []string{}
	if phone := f.text("phone"); phone != "" {
		phones = []string{phone}
	}
	role, leave, gone := customers.Role(f.need("role")), f.ticked("do_not_call"), f.ticked("retired")
	in := customers.ContactPatch{Name: &name, Phones: &phones, Role: &role, PreferredHours: &hours, DoNotCall: &leave, Email: &email}
	if language != "" {
		in.Language = &language
	}
	if gone {
		in.Retired = &gone
	}
	return in
}

func (p *Pages) patchContact(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("contact"))
	if err != nil {
		return "", err
	}
	in := f.contactPatch()
	if err := f.err(); err != nil {
		return "", err
	}
	if err := a.keepFurther(ctx, id, in.Phones); err != nil {
		return "", err
	}
	_, err = p.desk.PatchContact(ctx, a.by, id, in)
	return "/customers/" + a.Param("id"), err
}

// correctPhone is what an engineer at the door knows better: the number under which somebody is reached.
func (p *Pages) correctPhone(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("contact"))
	if err != nil {
		return "", err
	}
	phones := []string{f.need("phone")}
	if err := f.err(); err != nil {
		return "", err
	}
	if err := a.keepFurther(ctx, id, &phones); err != nil {
		return "", err
	}
	_, err = p.desk.PatchContact(ctx, a.by, id, customers.ContactPatch{Phones: &phones})
	return "/m/orders/" + a.Param("number"), err
}

func (p *Pages) patchSite(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("site"))
	if err != nil {
		return "", err
	}
	address, region, notes, hours := f.need("address"), f.need("region_code"), f.text("access_notes"), f.text("open_hours")
	in := customers.SitePatch{Address: &address, RegionCode: &region, Lat: f.decimal("lat"), Lng: f.decimal("lng"), AccessNotes: &notes, OpenHours: &hours}
	if err := f.err(); err != nil {
		return "", err
	}
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Customers.PatchSite(ctx, a.by, id, in)
		return err
	})
	return "/customers/" + a.Param("id"), err
}

func (p *Pages) patchAsset(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	brand, category, model, serial := f.text("brand"), f.text("category"), f.text("model"), f.text("serial_number")
	in := customers.AssetPatch{Brand: &brand, Category: &category, Model: &model, SerialNumber: &serial, PurchasedOn: f.date("purchased_on"), InstalledOn: f.date("installed_on"), ProducedOn: f.date("produced_on"), Proof: f.opt("proof"), WarrantyUntil: f.date("warranty_until")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.PatchAsset(ctx, a.by, id, in)
	return "/assets/" + id.String(), err
}

// mergeCustomer makes this file part of another one, which is named by number, telephone number or name.
func (p *Pages) mergeCustomer(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	q := f.need("into")
	f.need("sure")
	if err := f.err(); err != nil {
		return "", err
	}
	into, err := a.oneCustomer(q, "into")
	if err != nil {
		return "", err
	}
	c, err := p.desk.MergeCustomers(ctx, a.by, id, into.ID)
	return "/customers/" + c.ID.String(), err
}

// oneCustomer is the only customer that fits what was typed into a field.
func (a *ask) oneCustomer(q, field string) (customers.Customer, error) {
	found, err := a.find(q)
	if err != nil {
		return customers.Customer{}, err
	}
	if len(found) != 1 {
		return customers.Customer{}, fault.New(fault.Invalid, "customer_unclear", "%d customers fit %q: type the number of the file or the telephone number", len(found), q).Field(field, "unknown")
	}
	return found[0], nil
}

// keepFurther adds the numbers of a contact that the page does not show to the one that was typed.
func (a *ask) keepFurther(ctx context.Context, id uuid.UUID, phones *[]string) error {
	k, err := a.look().Customers.Contact(ctx, a.by.Scope(), id)
	if err == nil && len(k.Phones) > 1 && len(*phones) > 0 {
		*phones = append(*phones, k.Phones[1:]...)
	}
	return err
}

// people reads who is around the job that is taken in: who reports it and who opens the door, of those who are
// known, or somebody new, who is written down.
func (f *form) people(ctx context.Context, p *Pages, a *ask, customer uuid.UUID) (reporter, door *uuid.UUID, err error) {
	reporter, door = f.id("reporter_contact_id"), f.id("site_contact_id")
	if f.text("contact_name") == "" {
		return reporter, door, f.err()
	}
	role := customers.Role(f.text("contact_role"))
	k, err := p.desk.AddContact(ctx, a.by, customer, customers.ContactInput{Name: f.text("contact_name"), Phones: []string{f.text("contact_phone")}, Role: role})
	switch {
	case err != nil:
		return nil, nil, err
	case role == customers.Reporter:
		reporter = &k.ID
	case role == customers.OnSite:
		door = &k.ID
	}
	return reporter, door, nil
}

// amend changes what may still change about an order, above all who is around it.
func (p *Pages) amend(ctx context.Context, a *ask, f *form) (string, error) {
	number := a.Param("number")
	in := workorders.OrderPatch{Window: f.window()}
	for field, to := range map[string]**uuid.UUID{"site_contact_id": &in.SiteContactID, "wanted_engineer_id": &in.WantedEngineer, "unwanted_engineer_id": &in.Unwanted} {
		id := zero(f.id(field)) // nobody chosen: nobody any more
		*to = &id
	}
	summary, priority, minutes := f.need("summary"), int(f.number("priority")), int(f.number("duration_minutes"))
	in.Summary, in.Priority, in.DurationMinutes = &summary, &priority, &minutes
	if err := f.err(); err != nil {
		return "", err
	}
	if q := f.text("payer"); q != "" {
		payer, err := a.oneCustomer(q, "payer")
		if err != nil {
			return "", err
		}
		in.PayerCustomerID = &payer.ID
	}
	_, err := p.desk.Amend(ctx, a.by, number, 0, in)
	return "/orders/" + number, err
}

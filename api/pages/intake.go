package pages

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/api"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// Limits of what is shown of a caller.
const (
	slotsShown   = 4
	repairsShown = 5
	devicesShown = 40
)

// intake begins with the telephone number: who is it, what does he have, what is open already; then what the
// job asks for and who could come when. The fields of the form may stand in the address, so that scripts can
// have the page drawn again for another device without a second set of rules.
func (p *Pages) intake(a *ask) (templates.Page, error) {
	v := templates.Intake{Q: strings.TrimSpace(a.QueryParam("q")), Fresh: a.QueryParam("new") != ""}
	f := &form{Values: a.QueryParams(), zone: a.zone}
	chosen := a.QueryParam("customer")
	if a.posted.Form != "" { // a refused form keeps the customer it was about
		f.Values = a.posted.Values
		chosen = f.text("customer_id")
		v.Fresh = chosen == ""
	}
	v.Kind, v.Site, v.Region, v.Category = f.text("kind"), f.text("site_id"), f.text("region_code"), f.text("category")
	if v.Kind == "" {
		v.Kind = "repair"
	}
	var err error
	if v.Regions, err = a.regions(); err != nil {
		return nil, err
	}
	switch {
	case chosen != "":
		id, err := parse(chosen)
		if err != nil {
			return nil, err
		}
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), id)
		if err != nil {
			return nil, err
		}
		v.Looked = true
		if v.Known, err = a.caller(c, f, &v); err != nil {
			return nil, err
		}
	case v.Q != "" && !v.Fresh:
		v.Looked = true
		found, err := a.find(v.Q)
		if err != nil {
			return nil, err
		}
		if len(found) == 1 {
			if v.Known, err = a.caller(found[0], f, &v); err != nil {
				return nil, err
			}
			v.Known.Reporter = a.callsFrom(v.Q)
			break
		}
		for _, c := range found {
			known, err := a.known(c)
			if err != nil {
				return nil, err
			}
			v.Found = append(v.Found, known)
		}
	}
	if v.Known != nil || v.Fresh {
		if v.Job, err = a.intakeJob(f, &v); err != nil {
			return nil, err
		}
	}
	v.Chrome = a.chrome()
	v.Began = a.now.UTC().Format(time.RFC3339)
	if was := a.posted.Values.Get("began"); was != "" {
		v.Began = was
	}
	return v, nil
}

// caller is the chosen customer, with the device and the place that the form names, or the only ones there are.
func (a *ask) caller(c customers.Customer, f *form, v *templates.Intake) (*templates.Known, error) {
	k, err := a.known(c)
	if err != nil {
		return nil, err
	}
	asset := f.text("asset_id")
	if !f.Has("asset_id") && len(k.Devices) == 1 && f.text("address") == "" {
		asset = k.Devices[0].ID
	}
	for i := range k.Devices {
		d := &k.Devices[i]
		if d.Selected = d.ID == asset; d.Selected {
			v.Site = d.Site
		}
	}
	if !f.Has("site_id") && v.Site == "" && len(k.Sites) > 0 {
		v.Site = k.Sites[0].Value
	}
	for i := range k.Sites {
		k.Sites[i].Selected = k.Sites[i].Value == v.Site
	}
	if asset != "" {
		for i := range k.Open {
			o, err := a.p.desk.Order(a.ctx(), a.by, k.Open[i].Number)
			k.Open[i].Same = err == nil && o.AssetID != nil && o.AssetID.String() == asset
		}
		slices.SortStableFunc(k.Open, func(x, y templates.OpenCase) int {
			if x.Same == y.Same {
				return 0
			}
			if x.Same {
				return -1
			}
			return 1
		})
	}
	return &k, nil
}

// orderKinds are the kinds of request for which somebody is sent.
var orderKinds = []string{"repair", "install", "maintain", "inspect", "exchange", "deliver", "train"}

// intakeJob is the order that would be opened, with who could come when.
func (a *ask) intakeJob(f *form, v *templates.Intake) (templates.IntakeJob, error) {
	j := templates.IntakeJob{Own: f.text("own") != "", Category: v.Category}
	var asset *uuid.UUID
	var customer *uuid.UUID
	if v.Known != nil {
		id := uuid.FromStringOrNil(v.Known.ID)
		customer = &id
		for _, d := range v.Known.Devices {
			if d.Selected {
				id := uuid.FromStringOrNil(d.ID)
				asset = &id
			}
		}
	}
	if asset != nil {
		d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), *asset)
		if err != nil {
			return j, err
		}
		j.Category = d.Category
	}
	site, err := uuid.FromString(v.Site)
	j.Possible = a.by.May(auth.OpenOrder) && slices.Contains(orderKinds, v.Kind) && (err == nil || v.Region != "" || v.Fresh)
	if !j.Possible {
		return j, nil
	}
	cover, err := a.look().Customers.CoverageOf(a.ctx(), asset, customer, a.today())
	if err != nil {
		return j, err
	}
	labour := cover.For(customers.Labour)
	j.Coverage, j.CoverageWhy = string(labour.Source), labour.Text(a.lang)
	j.Charged = v.Kind == "repair" && !labour.Covered
	usual, err := a.look().Codes.JobTemplateFor(a.ctx(), v.Kind, j.Category)
	if err != nil {
		return j, err
	}
	j.Template, j.Minutes, j.Priority = usual.Version > 0, usual.Minutes, usual.Priority
	skills := usual.SkillCodes
	needs := make([]workorders.PartNeed, 0, len(usual.Parts))
	for _, p := range usual.Parts {
		needs = append(needs, workorders.PartNeed{SKU: p.SKU, Quantity: p.Quantity})
	}
	if j.Own { // what was changed stays as it was changed
		in := f.orderInput(v.Kind)
		j.Minutes, j.Priority, skills, needs = in.DurationMinutes, in.Priority, in.SkillCodes, in.Parts
	}
	for _, n := range needs {
		j.Parts = append(j.Parts, templates.PartLine{SKU: n.SKU, Quantity: n.Quantity})
	}
	all, err := a.skills()
	if err != nil {
		return j, err
	}
	for _, s := range all {
		j.Skills = append(j.Skills, templates.Option{Value: s.Code, Text: s.Name, Selected: slices.Contains(skills, s.Code)})
	}
	if j.PartChoices, err = a.partOptions(); err != nil {
		return j, err
	}
	offer := workorders.OfferInput{RegionCode: v.Region, SkillCodes: skills, Minutes: j.Minutes, Priority: j.Priority, Parts: needs}
	if v.Site != "" {
		offer.SiteID = &site
	}
	if !a.by.May(auth.RankCandidates) || offer.SiteID == nil && offer.RegionCode == "" || j.Minutes < 1 {
		return j, nil
	}
	list, err := a.p.desk.Offers(a.ctx(), a.by, offer, 0)
	if err != nil {
		if fault.As(err) == nil {
			return j, err
		}
		j.Nobody = api.ProblemOf(err, a.lang).Detail
		return j, nil
	}
	for _, c := range list {
		if !c.Eligible || c.StartsAt == nil || len(j.Slots) == slotsShown {
			if j.Nobody == "" && !c.Eligible && len(c.Reasons) > 0 {
				j.Nobody = c.Name + ": " + c.Reasons[0].In(a.lang).Text
			}
			continue
		}
		slot := templates.IntakeSlot{Engineer: c.Name, From: *c.StartsAt, To: *c.EndsAt, Value: c.EngineerID.String() + " " + c.StartsAt.Format(time.RFC3339) + " " + c.EndsAt.Format(time.RFC3339)}
		slot.Selected = slot.Value == f.text("slot")
		for _, r := range c.Reasons {
			if r = r.In(a.lang); r.Effect == "good" && slot.Why == "" {
				slot.Why = r.Text
			}
		}
		j.Slots = append(j.Slots, slot)
	}
	slices.SortStableFunc(j.Slots, func(x, y templates.IntakeSlot) int { return x.From.Compare(y.From) })
	return j, nil
}

// templateFor is what a job of a kind usually asks for on a device.
func (a *ask) templateFor(kind string, asset *uuid.UUID) (knowledge.JobTemplate, error) {
	category := ""
	if asset != nil && a.by.May(auth.ReadCustomers) {
		d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), *asset)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return knowledge.JobTemplate{}, err
		}
		category = d.Category
	}
	return a.look().Codes.JobTemplateFor(a.ctx(), kind, category)
}

// find looks a caller up by telephone number, else by name or number.
func (a *ask) find(q string) ([]customers.Customer, error) {
	if strings.Count(q, "")-1 >= 7 && strings.IndexFunc(q, func(r rune) bool { return r > '9' }) < 0 {
		matches, err := a.look().Customers.ByPhone(a.ctx(), a.by.Scope(), q)
		if err != nil && !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		var out []customers.Customer
		for _, m := range matches {
			out = append(out, m.Customer)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	page, err := a.look().Customers.Customers(a.ctx(), a.by.Scope(), customers.CustomerFilter{Ask: keyset.Ask{Limit: 10}, Q: q})
	if fault.Is(err, fault.Invalid) {
		return nil, nil // half a telephone number finds nobody
	}
	if err != nil {
		return nil, err
	}
	var out []customers.Customer
	for _, row := range page.Items {
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), row.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// callsFrom is the contact whose telephone number this is; "" for the customer's own.
func (a *ask) callsFrom(q string) string {
	matches, err := a.look().Customers.ByPhone(a.ctx(), a.by.Scope(), q)
	if err != nil || len(matches) != 1 || matches[0].Contact == nil {
		return ""
	}
	return matches[0].Contact.ID.String()
}

// known is a caller with all that he may be ringing about.
func (a *ask) known(c customers.Customer) (templates.Known, error) {
	k := templates.Known{ID: c.ID.String(), Name: c.Name, Class: c.Class, Notes: c.Notes}
	if c.Phone != nil {
		k.Phone = customers.ShowPhone(*c.Phone)
	}
	if c.NuisanceUntil != nil && !c.NuisanceUntil.Before(a.today()) {
		k.Nuisance = c.NuisanceUntil.String()
	}
	w := templates.Chrome{Lang: a.lang}
	for _, who := range c.Contacts {
		if who.RetiredAt == nil {
			k.People = append(k.People, templates.Option{Value: who.ID.String(), Text: who.Name + " " + w.Word("contact", string(who.Role))})
		}
	}
	for _, s := range c.Sites {
		k.Sites = append(k.Sites, templates.Option{Value: s.ID.String(), Text: s.Address})
	}
	for i, d := range c.Assets {
		if i == devicesShown {
			break
		}
		if d.Coverage == nil {
			full, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), d.ID)
			if err != nil {
				return k, err
			}
			d = full
		}
		k.Devices = append(k.Devices, templates.IntakeDevice{Device: a.deviceView(d), Site: d.SiteID.String()})
	}
	orders, err := a.p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 20}, Customer: c.ID.String()})
	if err != nil {
		return k, err
	}
	for _, o := range orders.Items {
		link := orderLink(o.Number, o.Summary, o.State)
		switch {
		case !ended(o.State):
			open := templates.OpenCase{Link: link, Number: o.Number, Chases: o.ChaseCount}
			if o.AnnouncedWindow != nil {
				open.Visit = o.AnnouncedWindow.From
			}
			k.Open = append(k.Open, open)
		case len(k.Repairs) < repairsShown:
			past := templates.PastCase{Link: link, At: o.CreatedAt, Engineer: o.EngineerName}
			if o.FinishedAt != nil {
				past.At = *o.FinishedAt
			}
			k.Repairs = append(k.Repairs, past)
		}
	}
	requests, err := a.p.desk.Requests(a.ctx(), a.by, workorders.RequestFilter{Ask: keyset.Ask{Limit: 20}, CustomerID: &c.ID, State: "received,triaged"})
	if err != nil {
		return k, err
	}
	for _, r := range requests.Items {
		k.Open = append(k.Open, templates.OpenCase{Link: requestLink(r.Number, r.Summary, r.State)})
	}
	return k, nil
}

// ended reports whether nothing more is done for an order.
func ended(s workorders.OrderState) bool {
	switch s {
	case workorders.OrderCompleted, workorders.OrderClosed, workorders.OrderCancelled, workorders.OrderCannotComplete:
		return true
	}
	return false
}

// slot is the time that was offered and taken: whose, from when to when. None: the order goes into the queue.
func (f *form) slot() (engineer uuid.UUID, from, to time.Time, ok bool) {
	words := strings.Fields(f.text("slot"))
	if len(words) != 3 {
		return
	}
	engineer, err := uuid.FromString(words[0])
	from, err1 := time.Parse(time.RFC3339, words[1])
	to, err2 := time.Parse(time.RFC3339, words[2])
	return engineer, from, to, err == nil && err1 == nil && err2 == nil
}

// orderInput reads the fields of an order.
func (f *form) orderInput(kind string) workorders.OrderInput {
	in := workorders.OrderInput{Kind: kind, Mode: f.text("mode"), Priority: int(f.number("priority")), SkillCodes: f.Values["skill_codes"], DurationMinutes: int(f.number("duration_minutes")), Window: f.window()}
	for i, sku := range f.Values["part_sku"] {
		if sku == "" {
			continue
		}
		if n := f.whole("parts", f.at("part_quantity", i)); n > 0 {
			in.Parts = append(in.Parts, workorders.PartNeed{SKU: sku, Quantity: n})
		}
	}
	return in
}

// takeRequest writes down what a caller says; a new customer, place or device is written down with it. With
// then=order its order is opened too, and booked for the time that was agreed on the line; a job that has to be
// quoted first keeps that time as the customer's wish. All of it, or nothing.
func (p *Pages) takeRequest(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.RequestInput{Channel: f.need("channel"), Kind: f.need("kind"), CustomerID: f.id("customer_id"), SiteID: f.id("site_id"), AssetID: f.id("asset_id"), Summary: f.need("summary"), Description: f.text("description"),
		ReceivedAt: f.time("received_at"), ReceivedReason: f.text("received_reason"), Told: f.text("told"), ReadBack: f.ticked("read_back")}
	began := f.time("began")
	purchased := f.date("purchased_on")
	device := deviceName(f.text("brand"), f.text("category"), f.text("model")) + f.text("serial_number")
	if in.CustomerID == nil {
		f.need("customer_name")
	}
	if f.text("address") != "" {
		f.need("region_code")
	}
	opens := slices.Contains(f.Values["then"], "order") && !slices.Contains(f.Values["then"], "note") && slices.Contains(orderKinds, in.Kind)
	var job workorders.OrderInput
	if opens {
		job = f.orderInput(in.Kind)
	}
	if err := f.err(); err != nil {
		return "", err
	}
	next := ""
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) (err error) {
		if in.CustomerID == nil || device != "" || f.text("address") != "" {
			if err := a.by.Must(auth.WriteCustomers); err != nil {
				return err
			}
		}
		if in.CustomerID == nil {
			c, err := p.desk.AddCustomer(ctx, a.by, customers.CustomerInput{Name: f.text("customer_name"), Phone: f.text("phone"), Prospect: !slices.Contains(orderKinds, in.Kind)})
			if err != nil {
				return err
			}
			in.CustomerID = &c.ID
		}
		if address := f.text("address"); address != "" {
			s, err := l.Customers.AddSite(ctx, a.by, *in.CustomerID, customers.SiteInput{Address: address, RegionCode: f.text("region_code")})
			if err != nil {
				return err
			}
			in.SiteID, in.AssetID = &s.ID, nil
		}
		if device != "" && in.SiteID == nil {
			return fault.New(fault.Invalid, "site_missing_for_device", "say where the device stands").Field("address", "required")
		}
		if device != "" {
			d, err := p.desk.AddAsset(ctx, a.by, customers.AssetInput{SiteID: *in.SiteID, Brand: f.text("brand"), Category: f.text("category"), Model: f.text("model"), SerialNumber: f.opt("serial_number"), PurchasedOn: purchased, Proof: f.opt("proof")})
			if err != nil {
				return err
			}
			in.AssetID = &d.ID
		}
		if in.AssetID != nil { // the device knows where it stands
			d, err := l.Customers.Asset(ctx, a.by.Scope(), *in.AssetID)
			if err != nil {
				return err
			}
			in.SiteID = &d.SiteID
		}
		if in.ReporterContactID, job.SiteContactID, err = f.people(ctx, p, a, *in.CustomerID); err != nil {
			return err
		}
		made, err := p.desk.Register(ctx, a.by, in)
		if err != nil {
			return err
		}
		next = "/requests/" + made.Number
		if slices.Contains([]string{"phone", "walk_in", "chat"}, in.Channel) { // whoever rings is written down with what came of it
			call := workorders.CallInput{Channel: in.Channel, Name: made.CustomerName, Phone: f.text("phone"), Purpose: in.Summary, ReadBack: in.ReadBack, Outcome: "request", RequestID: &made.ID, CustomerID: in.CustomerID}
			if began != nil && began.Before(l.At) && l.At.Sub(*began) < 12*time.Hour {
				call.StartedAt = began
			}
			if _, err := p.desk.LogCall(ctx, a.by, call); err != nil {
				return err
			}
		}
		if !opens || in.SiteID == nil || !a.by.May(auth.OpenOrder) {
			return nil
		}
		next, err = p.openAtOnce(ctx, a, f, made.Number, job)
		return err
	})
	return next, err
}

// openAtOnce opens the order of a request that was just taken in, and books the slot agreed on the line.
func (p *Pages) openAtOnce(ctx context.Context, a *ask, f *form, request string, job workorders.OrderInput) (string, error) {
	engineer, from, to, agreed := f.slot()
	if agreed {
		job.Window = &workorders.Window{From: from, To: to}
	}
	atCounter := !agreed && f.text("channel") == "walk_in" && job.Kind == "repair" && job.Mode == ""
	if atCounter { // he stands there with the device: nobody has to go
		job.Mode = "depot"
	}
	o, err := p.desk.OpenOrder(ctx, a.by, request, job)
	if err != nil {
		return "", err
	}
	said := a.t("intake.queued", o.Number)
	switch {
	case agreed && o.State == workorders.OrderReady && a.by.May(auth.Assign):
		v, err := p.desk.Assign(ctx, a.by, o.Number, workorders.AssignInput{EngineerID: engineer, StartsAt: from, EndsAt: to})
		if err != nil {
			return "", err
		}
		said = a.t("intake.booked", o.Number, v.EngineerName, a.slot(v.StartsAt, v.EndsAt))
	case agreed:
		said = a.t("intake.wished", o.Number, a.slot(from, to))
	case o.State != workorders.OrderReady:
		said = a.t("intake.quote_first", o.Number)
	}
	if atCounter {
		a.show("done", a.t("intake.at_counter", o.Number))
		return "/orders/" + o.Number + "#custody", nil
	}
	a.show("done", said)
	return "/orders/" + o.Number, nil
}

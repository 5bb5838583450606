package pages

import (
	"context"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

func (p *Pages) requests(a *ask) (templates.Page, error) {
	f := workorders.RequestFilter{Ask: a.asked(), State: a.QueryParam("state"), Q: a.QueryParam("q"), Overdue: a.QueryParam("overdue") == "true"}
	page, err := p.desk.Requests(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	v := templates.Requests{Chrome: a.chrome(), Filter: templates.RequestFilter{State: f.State, Q: f.Q}, More: a.with("cursor", page.NextCursor), Intake: a.by.May(auth.TakeRequest)}
	for _, r := range page.Items {
		row := templates.RequestRow{Number: r.Number, State: string(r.State), Kind: r.Kind, Channel: r.Channel, Customer: r.CustomerName, Summary: r.Summary, ReceivedAt: r.ReceivedAt, Duplicates: len(r.Duplicates)}
		if r.RepliedAt == nil {
			row.ReplyBy = zero(r.ReplyDueAt)
		}
		row.Coverage, _ = a.covered(r.Coverage)
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// intake begins with the telephone number: who is it, what does he have, what is open already.
func (p *Pages) intake(a *ask) (templates.Page, error) {
	v := templates.Intake{Q: strings.TrimSpace(a.QueryParam("q")), Fresh: a.QueryParam("new") != ""}
	chosen := a.QueryParam("customer")
	if a.posted.Form != "" { // a refused form keeps the customer it was about
		chosen = a.posted.Values.Get("customer_id")
		v.Fresh = chosen == ""
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
		known, err := a.known(c)
		if err != nil {
			return nil, err
		}
		v.Known, v.Looked = &known, true
	case v.Q != "" && !v.Fresh:
		v.Looked = true
		found, err := a.find(v.Q)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			known, err := a.known(c)
			if err != nil {
				return nil, err
			}
			v.Found = append(v.Found, known)
		}
		if len(v.Found) == 1 {
			v.Known = &v.Found[0]
		}
	}
	v.Chrome = a.chrome()
	return v, nil
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

// known is a caller with all that he may be ringing about.
func (a *ask) known(c customers.Customer) (templates.Known, error) {
	k := templates.Known{ID: c.ID.String(), Name: c.Name, Class: c.Class}
	if c.Phone != nil {
		k.Phone = customers.ShowPhone(*c.Phone)
	}
	for _, s := range c.Sites {
		k.Sites = append(k.Sites, templates.Option{Value: s.ID.String(), Text: s.Address})
	}
	for _, d := range c.Assets {
		k.Devices = append(k.Devices, templates.Option{Value: d.ID.String(), Text: strings.TrimSpace(deviceName(d.Brand, d.Category, d.Model) + " " + zero(d.SerialNumber))})
	}
	orders, err := a.p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 20}, Customer: c.ID.String()})
	if err != nil {
		return k, err
	}
	for _, o := range orders.Items {
		link := orderLink(o.Number, o.Summary, o.State)
		if ended(o.State) {
			k.Repairs = append(k.Repairs, link)
		} else {
			k.Open = append(k.Open, link)
		}
	}
	requests, err := a.p.desk.Requests(a.ctx(), a.by, workorders.RequestFilter{Ask: keyset.Ask{Limit: 20}, CustomerID: &c.ID, State: "received,triaged"})
	if err != nil {
		return k, err
	}
	for _, r := range requests.Items {
		k.Open = append(k.Open, requestLink(r.Number, r.Summary, r.State))
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

// takeRequest writes down what a caller says; a new customer, place or device is written down with it.
func (p *Pages) takeRequest(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.RequestInput{Channel: f.need("channel"), Kind: f.need("kind"), CustomerID: f.id("customer_id"), SiteID: f.id("site_id"), AssetID: f.id("asset_id"), Summary: f.need("summary"), Description: f.text("description"),
		ReceivedAt: f.time("received_at"), ReceivedReason: f.text("received_reason"), Told: f.text("told")}
	purchased := f.date("purchased_on")
	device := deviceName(f.text("brand"), f.text("category"), f.text("model")) + f.text("serial_number")
	if in.CustomerID == nil {
		f.need("customer_name")
	}
	if f.text("address") != "" {
		f.need("region_code")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	var made workorders.Request
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) (err error) {
		if in.CustomerID == nil || device != "" || f.text("address") != "" {
			if err := a.by.Must(auth.WriteCustomers); err != nil {
				return err
			}
		}
		if in.CustomerID == nil {
			c, err := p.desk.AddCustomer(ctx, a.by, customers.CustomerInput{Name: f.text("customer_name"), Phone: f.text("phone")})
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
		made, err = p.desk.Register(ctx, a.by, in)
		return err
	})
	return "/requests/" + made.Number, err
}

func (p *Pages) request(a *ask) (templates.Page, error) {
	r, err := p.desk.Request(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	v := templates.Request{Number: r.Number, State: string(r.State), Kind: r.Kind, Channel: r.Channel, Summary: r.Summary, Description: r.Description, Told: r.Told, ReceivedAt: r.ReceivedAt, TakenBy: a.called(r.FirstOwnerID),
		ReplyBy: zero(r.ReplyDueAt), RepliedAt: zero(r.RepliedAt), Solution: zero(r.Solution), Minutes: 60, Priority: 3, Events: a.told(r.Timeline, nil)}
	if err := a.whoAndWhat(r.CustomerID, r.SiteID, r.AssetID, &v.Customer, &v.Contacts, &v.Site, &v.Device); err != nil {
		return nil, err
	}
	if v.Site.Address == "" {
		v.Site.Address = r.Address
	}
	if v.Device.Name == "" {
		v.Device.Name = r.AssetName
	}
	v.Device.Coverage, v.Device.CoverageWhy = a.covered(r.Coverage)
	for _, d := range r.Duplicates {
		link := requestLink(d.Number, d.Summary, workorders.RequestState(d.State))
		if d.Kind == "work_order" {
			link = orderLink(d.Number, d.Summary, workorders.OrderState(d.State))
		}
		v.Duplicates = append(v.Duplicates, link)
	}
	for _, o := range r.WorkOrders {
		v.Orders = append(v.Orders, orderLink(o.Number, "", o.State))
	}
	kept, err := a.look().Cabinet.Of(a.ctx(), files.OfRequest(r.OrgID, r.ID))
	if err != nil {
		return nil, err
	}
	v.Files = a.fileViews(kept)
	skills, err := a.skills()
	if err != nil {
		return nil, err
	}
	for _, s := range skills {
		v.Skills = append(v.Skills, templates.Option{Value: s.Code, Text: s.Name})
	}
	if v.PartChoices, err = a.partOptions(); err != nil {
		return nil, err
	}
	if v.FaultCodes, err = a.codeOptions(knowledge.Fault); err != nil {
		return nil, err
	}
	v.Allowed = a.requestActs(r)
	if v.May("customer") {
		if v.Regions, err = a.regions(); err != nil {
			return nil, err
		}
	}
	a.requestCare(r, &v)
	v.Chrome = a.chrome()
	return v, nil
}

func (a *ask) requestActs(r workorders.Request) []string {
	possible := map[string]bool{}
	for _, act := range r.AllowedActions {
		possible[act] = true
	}
	var out []string
	for _, c := range []struct {
		form string
		can  bool
		may  auth.Permission
	}{
		{"triage", possible["triage"] || possible["duplicate"] || possible["reject"], auth.TriageRequest}, {"reply", possible["reply"], auth.ReplyRequest}, {"answer", possible["answer"], auth.AnswerRequest},
		{"work-order", possible["work_order"], auth.OpenOrder}, {"conversations", true, auth.LogConversation},
		{"customer", r.CustomerID == nil && (r.State == workorders.RequestReceived || r.State == workorders.RequestTriaged) && a.by.May(auth.TakeRequest), auth.WriteCustomers},
	} {
		if c.can && a.by.May(c.may) {
			out = append(out, c.form)
		}
	}
	return out
}

// whoAndWhat fills in the customer, his people, the place and the device, as far as the reader may see them.
func (a *ask) whoAndWhat(customer, site, asset *uuid.UUID, link *templates.Link, contacts *[]templates.Person, place *templates.Place, device *templates.Device) error {
	if !a.by.May(auth.ReadCustomers) {
		return nil
	}
	if customer != nil {
		c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), *customer)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return err
		default:
			*link = templates.Link{Path: "/customers/" + c.ID.String(), Text: c.Name}
			*contacts = people(c)
			for _, s := range c.Sites {
				if site != nil && s.ID == *site {
					*place = a.siteView(s)
				}
			}
		}
	}
	if asset != nil {
		d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), *asset)
		switch {
		case fault.Is(err, fault.NotFound):
		case err != nil:
			return err
		default:
			*device = a.deviceView(d)
		}
	}
	return nil
}

// nameCustomer says who is behind a request that came without: whoever has the telephone number, else
// somebody new.
func (p *Pages) nameCustomer(ctx context.Context, a *ask, f *form) (string, error) {
	phone, name, address := f.text("phone"), f.text("customer_name"), f.text("address")
	if address != "" {
		f.need("region_code")
	}
	if phone == "" {
		f.need("customer_name")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	number := a.Param("number")
	err := p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		var patch workorders.RequestPatch
		if phone != "" {
			known, err := l.Customers.ByPhone(ctx, a.by.Scope(), phone)
			if err != nil {
				return err
			}
			if len(known) > 0 {
				patch.CustomerID = &known[0].Customer.ID
				if sites := known[0].Customer.Sites; len(sites) == 1 && address == "" {
					patch.SiteID = &sites[0].ID
				}
			}
		}
		if patch.CustomerID == nil {
			if name == "" {
				f.wrong("customer_name", "required")
				return f.err()
			}
			c, err := p.desk.AddCustomer(ctx, a.by, customers.CustomerInput{Name: name, Phone: phone})
			if err != nil {
				return err
			}
			patch.CustomerID = &c.ID
		}
		if address != "" {
			s, err := l.Customers.AddSite(ctx, a.by, *patch.CustomerID, customers.SiteInput{Address: address, RegionCode: f.text("region_code")})
			if err != nil {
				return err
			}
			patch.SiteID = &s.ID
		}
		_, err := p.desk.AmendRequest(ctx, a.by, number, 0, patch)
		return err
	})
	return "/requests/" + number, err
}

func (p *Pages) reply(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.Reply(ctx, a.by, a.Param("number"), f.text("text"))
	return "/requests/" + r.Number, err
}

func (p *Pages) triage(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.Triage(ctx, a.by, a.Param("number"), workorders.TriageInput{Outcome: f.text("outcome"), DuplicateOf: f.opt("duplicate_of"), Reason: f.text("reason")})
	return "/requests/" + r.Number, err
}

func (p *Pages) answer(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.desk.Answer(ctx, a.by, a.Param("number"), workorders.AnswerInput{Solution: f.text("solution"), FaultCode: f.opt("fault_code"), CustomerConfirmed: f.ticked("customer_confirmed")})
	return "/requests/" + r.Number, err
}

func (f *form) conversation() workorders.ConversationInput {
	in := workorders.ConversationInput{Direction: f.need("direction"), Channel: f.need("channel"), Kind: f.need("kind"), Outcome: f.text("outcome"), Text: f.text("text"), PromisedAt: f.time("promised_at")}
	if in.Outcome == "" && in.Direction == "out" {
		in.Outcome = "reached" // what was said at a desk was said to somebody
	}
	return in
}

func (p *Pages) talkAboutRequest(ctx context.Context, a *ask, f *form) (string, error) {
	in := f.conversation()
	if err := f.err(); err != nil {
		return "", err
	}
	_, err := p.desk.TalkAboutRequest(ctx, a.by, a.Param("number"), in)
	return "/requests/" + a.Param("number"), err
}

func (p *Pages) openOrder(ctx context.Context, a *ask, f *form) (string, error) {
	in := workorders.OrderInput{Kind: f.need("kind"), Mode: f.text("mode"), Priority: int(f.number("priority")), SkillCodes: f.Values["skill_codes"], DurationMinutes: int(f.number("duration_minutes")), Window: f.window()}
	for i, sku := range f.Values["part_sku"] {
		if sku == "" {
			continue
		}
		if n := f.whole("parts", f.at("part_quantity", i)); n > 0 {
			in.Parts = append(in.Parts, workorders.PartNeed{SKU: sku, Quantity: n})
		}
	}
	if err := f.err(); err != nil {
		return "", err
	}
	o, err := p.desk.OpenOrder(ctx, a.by, a.Param("number"), in)
	return "/orders/" + o.Number, err
}

// window is a span of time that may be left out, but not half of it.
func (f *form) window() *workorders.Window {
	from, to := f.time("window_from"), f.time("window_to")
	switch {
	case from != nil && to != nil:
		return &workorders.Window{From: *from, To: *to}
	case from != nil:
		f.wrong("window_to", "required")
	case to != nil:
		f.wrong("window_from", "required")
	}
	return nil
}

package pages

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

func (p *Pages) requests(a *ask) (templates.Page, error) {
	f := workorders.RequestFilter{Ask: a.asked(), State: a.QueryParam("state"), Q: a.QueryParam("q"), Overdue: a.QueryParam("overdue") == "true", Group: a.QueryParam("group"), Channel: a.QueryParam("channel")}
	mine := a.QueryParam("mine") == "true"
	if mine && a.by.Person() {
		f.Mine = &a.by.UserID
		if f.State == "" {
			f.State = "received,triaged"
		}
	}
	if a.QueryParam("format") == "csv" {
		return a.requestsCSV(f)
	}
	page, err := p.desk.Requests(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	v := templates.Requests{Chrome: a.chrome(), Filter: templates.RequestFilter{State: a.QueryParam("state"), Q: f.Q, Group: f.Group, Channel: f.Channel, Mine: mine}, More: a.with("cursor", page.NextCursor), Intake: a.by.May(auth.TakeRequest), Export: a.with("format", "csv")}
	if v.Groups, err = a.groupNames(); err != nil {
		return nil, err
	}
	for _, r := range page.Items {
		row := templates.RequestRow{Number: r.Number, State: string(r.State), Kind: r.Kind, Channel: r.Channel, Customer: r.CustomerName, Summary: r.Summary, ReceivedAt: r.ReceivedAt, Duplicates: len(r.Duplicates)}
		if r.RepliedAt == nil {
			row.ReplyBy = zero(r.ReplyDueAt)
		}
		row.Coverage, _ = a.covered(r.Coverage)
		row.Owner = a.called(r.OwnerID)
		if row.Owner == "" && r.HandingTo != nil {
			row.Owner = "→ " + a.called(r.HandingTo)
		}
		if len(r.Incoming) > 0 {
			var letter workorders.Incoming
			if json.Unmarshal(r.Incoming, &letter) == nil {
				row.From = letter.From
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

func (p *Pages) request(a *ask) (templates.Page, error) {
	r, err := p.desk.Request(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	v := templates.Request{ID: r.ID.String(), Number: r.Number, State: string(r.State), Kind: r.Kind, Channel: r.Channel, Summary: r.Summary, Description: r.Description, Told: r.Told, ReceivedAt: r.ReceivedAt, TakenBy: a.called(r.FirstOwnerID),
		ReplyBy: zero(r.ReplyDueAt), RepliedAt: zero(r.RepliedAt), Solution: zero(r.Solution), Minutes: 60, Priority: 3}
	told, err := a.look().Outbox.OfRequest(a.ctx(), r.ID)
	if err != nil {
		return nil, err
	}
	v.Events = a.sentTo(a.told(r.Timeline, nil), told)
	if err := a.whoAndWhat(r.CustomerID, r.SiteID, r.AssetID, &v.Customer, &v.Contacts, &v.Site, &v.Device); err != nil {
		return nil, err
	}
	v.Contacts = chosen(v.Contacts, r.ReporterContactID, nil)
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
	usual, err := a.templateFor(r.Kind, r.AssetID)
	if err != nil {
		return nil, err
	}
	v.Minutes, v.Priority = usual.Minutes, usual.Priority
	for _, s := range skills {
		v.Skills = append(v.Skills, templates.Option{Value: s.Code, Text: s.Name, Selected: slices.Contains(usual.SkillCodes, s.Code)})
	}
	for _, p := range usual.Parts {
		v.Parts = append(v.Parts, templates.PartLine{SKU: p.SKU, Quantity: p.Quantity})
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
	in := f.orderInput(f.need("kind"))
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

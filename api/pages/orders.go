package pages

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/knowledge"
)

func (p *Pages) orders(a *ask) (templates.Page, error) {
	f := workorders.OrderFilter{Ask: a.asked(), State: a.QueryParam("state"), Region: a.QueryParam("region"), Engineer: a.QueryParam("engineer"), Q: a.QueryParam("q"), Late: a.QueryParam("late") == "true", Displaced: a.QueryParam("displaced") == "true", Declined: a.QueryParam("declined") == "true"}
	if a.QueryParam("format") == "csv" {
		return a.ordersCSV(f)
	}
	page, err := p.desk.Orders(a.ctx(), a.by, f)
	if err != nil {
		return nil, err
	}
	v := templates.Orders{Chrome: a.chrome(), Filter: templates.OrderFilter{State: f.State, Region: f.Region, Engineer: f.Engineer, Q: f.Q}, More: a.with("cursor", page.NextCursor), Export: a.with("format", "csv")}
	for _, mark := range []struct {
		name string
		on   bool
	}{{"late", f.Late}, {"displaced", f.Displaced}, {"declined", f.Declined}} {
		v.Marks = append(v.Marks, templates.Option{Value: mark.name, Text: a.t("orders." + mark.name), Selected: mark.on})
	}
	if v.Regions, err = a.regions(); err != nil {
		return nil, err
	}
	if v.Engineers, err = a.engineerOptions(); err != nil {
		return nil, err
	}
	for _, o := range page.Items {
		v.Rows = append(v.Rows, orderRow(o))
	}
	return v, nil
}

func orderRow(o workorders.Order) templates.OrderRow {
	r := templates.OrderRow{Number: o.Number, Kind: o.Kind, Priority: o.Priority, State: string(o.State), Hold: zero(o.HoldReason), Customer: o.CustomerName, Region: o.RegionName, Summary: o.Summary, Device: o.AssetName, Engineer: o.EngineerName, Chases: o.ChaseCount}
	if w := o.AnnouncedWindow; w != nil {
		r.VisitAt = w.From
	}
	r.DueAt = dueNext(o)
	return r
}

// dueNext is the promise of an order that runs out next.
func dueNext(o workorders.Order) time.Time {
	if ended(o.State) || o.State == workorders.OrderOnHold {
		return time.Time{}
	}
	switch {
	case o.ContactedAt == nil && o.ContactDueAt != nil:
		return *o.ContactDueAt
	case o.ArrivedAt == nil && o.ArriveDueAt != nil:
		return *o.ArriveDueAt
	}
	return zero(o.FixDueAt)
}

func (p *Pages) order(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	v := templates.Order{Number: o.Number, State: string(o.State), Hold: zero(o.HoldReason), HoldReason: a.reason(zero(o.HoldText)), HoldUntil: zero(o.HoldUntil), Kind: o.Kind, Mode: o.Mode, Priority: o.Priority, Summary: o.Summary, CreatedAt: o.CreatedAt,
		Minutes: o.DurationMinutes, Chases: o.ChaseCount, Marks: a.orderMarks(o), Customer: templates.Link{Text: o.CustomerName}, Site: templates.Place{Address: o.Address, Region: o.RegionName, Lat: zero(o.Lat), Lng: zero(o.Lng)},
		Device: templates.Device{Name: o.AssetName},
		Clocks: templates.Clocks{ContactBy: zero(o.ContactDueAt), ArriveBy: zero(o.ArriveDueAt), FixBy: zero(o.FixDueAt), ContactAt: zero(o.ContactedAt), ArrivedAt: zero(o.ArrivedAt), Fixed: zero(o.FinishedAt), Paused: o.PausedAt != nil}}
	if o.Window != nil {
		v.WindowFrom, v.WindowTo = o.Window.From, o.Window.To
	}
	if err := a.whoAndWhat(&o.CustomerID, o.SiteID, o.AssetID, &v.Customer, &v.Contacts, &v.Site, &v.Device); err != nil {
		return nil, err
	}
	v.Contacts = chosen(v.Contacts, nil, o.SiteContactID)
	v.Device.Coverage, v.Device.CoverageWhy = a.covered(o.Coverage)
	v.AtCounter = o.Mode == "depot" && o.Custody == nil && len(o.Visits) == 0
	if o.ServingCode != o.OrganisationCode {
		v.Partner = a.organisation(o.ServingCode)
	}
	if h := o.HandOver; h != nil && h.State == workorders.HandOverOffered {
		v.HandOverTo = a.organisation(h.To)
	}
	for _, steps := range []func(*ask, *workorders.Order, *templates.Order) error{orderRequest, orderVisits, orderParts, orderMoney, orderDevice, orderAround, orderFiles, orderChoices} {
		if err := steps(a, &o, &v); err != nil {
			return nil, err
		}
	}
	if v.Papers, err = a.orderPapers(o, v); err != nil {
		return nil, err
	}
	v.ShareLink = a.shownMe["share:"+o.Number]
	v.Chrome = a.chrome()
	return v, nil
}

// organisation is the name behind a code.
func (a *ask) organisation(code string) string {
	if o, err := a.look().People.ByCode(a.ctx(), code); err == nil {
		return o.Name
	}
	return code
}

func (a *ask) orderMarks(o workorders.Order) []string {
	var out []string
	for _, m := range []struct {
		is  bool
		key string
	}{
		{o.DisplacedAt != nil, "mark.displaced"}, {o.PartArrivedAt != nil, "mark.part_arrived"}, {o.RepeatOfOrder != nil, "mark.repeat"}, {o.Reopened > 0, "mark.reopened"}, {o.NoAccessCount > 0, "mark.no_access"}, {o.Unconfirmed, "mark.unconfirmed"},
	} {
		if m.is {
			out = append(out, a.t(m.key))
		}
	}
	return out
}

func orderRequest(a *ask, o *workorders.Order, v *templates.Order) error {
	if o.RequestID == nil || !a.by.May(auth.ReadRequests) {
		return nil
	}
	r, err := a.p.desk.Request(a.ctx(), a.by, o.RequestID.String())
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Request, v.Description, v.Told = requestLink(r.Number, "", r.State), r.Description, r.Told
	v.Contacts = chosen(v.Contacts, r.ReporterContactID, o.SiteContactID)
	return nil
}

func orderVisits(a *ask, o *workorders.Order, v *templates.Order) error {
	names := map[uuid.UUID]string{}
	for _, visit := range o.Visits {
		names[visit.EngineerID] = visit.EngineerName
	}
	for _, visit := range o.Visits {
		if !visit.Lead {
			continue
		}
		w := a.visitView(visit)
		for _, helper := range o.Visits {
			if helper.LeadVisitID != nil && *helper.LeadVisitID == visit.ID {
				w.Helpers = append(w.Helpers, helper.EngineerName)
			}
		}
		v.Visits = append(v.Visits, w)
	}
	told, err := a.look().Outbox.OfOrder(a.ctx(), o.ID)
	if err != nil {
		return err
	}
	v.Events = a.sentTo(a.told(o.Timeline, names), told)
	for _, s := range o.Sheets {
		v.Sheets = append(v.Sheets, a.sheetView(s))
	}
	if !slices.Contains(o.AllowedActions, "assign") || !a.by.May(auth.RankCandidates) {
		return nil
	}
	list, err := a.p.desk.Candidates(a.ctx(), a.by, o.Number, 0)
	if err != nil {
		return err
	}
	best := 0
	for _, c := range list {
		if c.Eligible {
			if best++; best > 8 {
				continue
			}
		}
		v.Candidates = append(v.Candidates, a.candidateView(c))
	}
	return nil
}

func (a *ask) candidateView(c dispatch.Candidate) templates.Candidate {
	v := templates.Candidate{EngineerID: c.EngineerID.String(), Name: c.Name, Staff: c.StaffNumber, Eligible: c.Eligible, Score: c.Score, StartsAt: zero(c.StartsAt), EndsAt: zero(c.EndsAt), Travel: c.TravelMinutes}
	told := false // a reason says already where the parts come from
	for _, r := range c.Reasons {
		r = r.In(a.lang)
		told = told || strings.HasPrefix(r.Rule, "part")
		v.Reasons = append(v.Reasons, templates.Reason{Rule: r.Rule, Effect: r.Effect, Text: r.Text})
	}
	for _, p := range c.Parts {
		if !told {
			v.Parts = append(v.Parts, templates.SeenPart{SKU: p.SKU, Needed: p.Needed, InVan: p.InVan, From: zero(p.FromPlaceName)})
		}
	}
	return v
}

// steps are the acts of a visit that its engineer, or somebody for him, taps.
var steps = []string{"depart", "arrive", "start", "pause", "resume"}

func (a *ask) visitActs(v dispatch.Visit) []string {
	var out []string
	for _, act := range v.AllowedActs() {
		switch {
		case (act == "accept" || act == "decline") && a.by.May(auth.AnswerVisit), slices.Contains(steps, act) && a.by.May(auth.WorkVisit):
			out = append(out, act)
		}
	}
	if !v.State.Binding() {
		return out
	}
	if a.by.May(auth.ConfirmVisit) && v.ArrivedAt == nil {
		out = append(out, "confirm")
	}
	if a.by.May(auth.RescheduleVisit) && v.ArrivedAt == nil {
		out = append(out, "reschedule")
	}
	return out
}

func (a *ask) visitView(v dispatch.Visit) templates.Visit {
	w := templates.Visit{ID: v.ID.String(), State: string(v.State), Engineer: v.EngineerName, Staff: v.StaffNumber, StartsAt: v.StartsAt, EndsAt: v.EndsAt, ConfirmedAt: zero(v.ConfirmedAt), AcceptBy: zero(v.AcceptBy), DepartedAt: zero(v.DepartedAt),
		ArrivedAt: zero(v.ArrivedAt), FinishedAt: zero(v.FinishedAt), Outcome: zero(v.Outcome), Override: zero(v.OverrideReason), Late: v.Late, Moves: len(v.Reschedules), Allowed: a.visitActs(v)}
	if v.Window != nil {
		w.WindowFrom, w.WindowTo = v.Window.From, v.Window.To
	}
	return w
}

func orderParts(a *ask, o *workorders.Order, v *templates.Order) error {
	v.Parts = a.partLines(o)
	for _, old := range o.OldParts {
		row := templates.OldPart{ID: old.ID.String(), SKU: old.SKU, Serial: zero(old.SerialNumber), DueOn: old.DueOn.String(), State: string(old.State)}
		for _, part := range o.Parts {
			if part.SKU == old.SKU {
				row.Name = part.Name
			}
		}
		for _, act := range workorders.OldPartMoves.Actions(old.State) {
			if may, known := oldPartActs[act]; known && a.by.May(may) {
				row.Allowed = append(row.Allowed, act)
			}
		}
		v.OldParts = append(v.OldParts, row)
	}
	if !a.by.May(auth.ReadPickups) {
		return nil
	}
	page, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: 20}, Order: o.ID.String()})
	if err != nil {
		return err
	}
	for _, slip := range page.Items {
		v.Pickups = append(v.Pickups, a.pickupView(slip))
	}
	return nil
}

// partLines say of each part an order needs where it is.
func (a *ask) partLines(o *workorders.Order) []templates.PartLine {
	var out []templates.PartLine
	for _, part := range o.Parts {
		line := templates.PartLine{SKU: part.SKU, Name: part.Name, Unit: part.Unit, Quantity: part.Quantity, Used: part.Used, State: "needed"}
		var places []string
		for _, r := range o.Reservations {
			if r.SKU == part.SKU && part.SKU != "" && !slices.Contains(places, r.PlaceName) {
				places = append(places, r.PlaceName)
				line.Serial = strings.Join(r.SerialNumbers, " ")
			}
		}
		line.Place = strings.Join(places, a.t("ui.comma"))
		switch {
		case part.Used >= part.Quantity:
			line.State = "used"
		case part.Reserved+part.Used >= part.Quantity:
			line.State = "reserved"
		}
		out = append(out, line)
	}
	return out
}

func orderMoney(a *ask, o *workorders.Order, v *templates.Order) error {
	for _, q := range o.Quotes {
		v.Quotes = append(v.Quotes, a.quoteView(q, true))
	}
	if o.Receipt != nil && a.by.May(auth.ReadReceipts) {
		row := a.receiptRow(*o.Receipt)
		v.Receipt = &row
	}
	return nil
}

func orderDevice(a *ask, o *workorders.Order, v *templates.Order) error {
	if a.by.May(auth.ReadCustody) {
		list, err := a.look().Custody.Of(a.ctx(), o.ID)
		if err != nil {
			return err
		}
		if v.Custody, err = a.custodyOf(list); err != nil {
			return err
		}
	}
	if o.AssetID == nil || !a.by.May(auth.ReadCustomers) {
		return nil
	}
	history, err := a.look().Customers.AssetHistory(a.ctx(), a.by.Scope(), *o.AssetID, keyset.Ask{Limit: 20})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, h := range history.Items {
		if h.Kind == "work_order" && h.ID != o.ID && h.At.Before(o.CreatedAt) {
			v.Earlier = append(v.Earlier, orderLink(h.Number, h.Summary, workorders.OrderState(h.State)))
		}
	}
	return nil
}

func orderAround(a *ask, o *workorders.Order, v *templates.Order) error {
	w := templates.Chrome{Lang: a.lang}
	if a.by.May(auth.ReadFollowUps) {
		for _, f := range o.FollowUps {
			v.Follow = append(v.Follow, templates.Link{Path: "/follow-ups/" + f.ID.String(), Text: f.DueOn.String(), Kind: "follow_up", State: string(f.State)})
		}
	}
	if a.by.May(auth.ReadComplaints) {
		page, err := a.look().Promises.Complaints(a.ctx(), a.by, aftercare.ComplaintFilter{Ask: keyset.Ask{Limit: 20}, OrderID: &o.ID})
		if err != nil {
			return err
		}
		for _, c := range page.Items {
			v.Complaints = append(v.Complaints, complaintLink(c))
		}
	}
	if a.by.May(auth.ReadCallbacks) {
		page, err := a.look().Promises.Callbacks(a.ctx(), a.by.Scope(), aftercare.CallbackFilter{Ask: keyset.Ask{Limit: 20}, OrderID: &o.ID})
		if err != nil {
			return err
		}
		for _, c := range page.Items {
			v.Callbacks = append(v.Callbacks, templates.Link{Path: "/callbacks?reason=" + c.Reason, Text: w.Word("callback", c.Reason), Kind: "callback", State: string(c.State)})
		}
	}
	return nil
}

func orderFiles(a *ask, o *workorders.Order, v *templates.Order) error {
	kept, err := a.look().Cabinet.Of(a.ctx(), files.OfOrder(o.OrgID, o.ID))
	if err != nil {
		return err
	}
	if o.RequestID != nil {
		first, err := a.look().Cabinet.Of(a.ctx(), files.OfRequest(o.OrgID, *o.RequestID))
		if err != nil {
			return err
		}
		kept = append(first, kept...)
	}
	v.Files = a.fileViews(kept)
	return nil
}

func orderChoices(a *ask, o *workorders.Order, v *templates.Order) error {
	var err error
	skills, err := a.skills()
	if err != nil {
		return err
	}
	for _, code := range o.SkillCodes {
		name := code
		for _, s := range skills {
			if s.Code == code {
				name = s.Name
			}
		}
		v.Skills = append(v.Skills, name)
	}
	v.Allowed = a.orderActs(o)
	if v.May("assign") || slices.ContainsFunc(v.Visits, func(w templates.Visit) bool { return w.May("reschedule") }) {
		if v.Engineers, err = a.engineerOptions(); err != nil {
			return err
		}
	}
	if v.May("amend") && len(v.Engineers) == 0 {
		if v.Engineers, err = a.engineerOptions(); err != nil {
			return err
		}
	}
	if v.May("assign") {
		if v.Trips, err = a.tripsWith(o); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(v.Sheets, func(s templates.Sheet) bool { return s.May("correct") }) {
		if v.Codes, err = a.codeLists(); err != nil {
			return err
		}
	}
	v.Wanted, v.Unwanted, v.Original, v.OriginalAt = idText(o.WantedEngineer), idText(o.UnwantedEngineer), zero(o.OriginalHolder), zero(o.PaperReturnedAt)
	if o.PayerCustomerID != nil && *o.PayerCustomerID != o.CustomerID && a.by.May(auth.ReadCustomers) {
		payer, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), *o.PayerCustomerID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		v.Payer = templates.Link{Path: "/customers/" + payer.ID.String(), Text: payer.Name}
	}
	if v.May("quotes") {
		if v.PartChoices, err = a.partOptions(); err != nil {
			return err
		}
	}
	if v.May("hand-over") {
		orgs, err := a.look().People.Organisations(a.ctx(), a.by.Scope(), many)
		if err != nil {
			return err
		}
		for _, org := range orgs.Items {
			if org.Code != o.ServingCode {
				v.Organisations = append(v.Organisations, templates.Option{Value: org.Code, Text: org.Name})
			}
		}
	}
	return nil
}

// orderActs are the acts that both the order's state and the person's rights allow.
func (a *ask) orderActs(o *workorders.Order) []string {
	is := func(act string) bool { return slices.Contains(o.AllowedActions, act) }
	open := !ended(o.State)
	offered := o.HandOver != nil && o.HandOver.State == workorders.HandOverOffered
	underWay := o.State == workorders.OrderAssigned || o.State == workorders.OrderInProgress
	var out []string
	for _, c := range []struct {
		form string
		can  bool
		may  auth.Permission
	}{
		{"approve", is("approve"), auth.OpenOrder}, {"assign", is("assign"), auth.Assign}, {"unassign", is("unassign"), auth.Assign}, {"hold", is("hold"), auth.HoldOrder}, {"resume", is("resume"), auth.HoldOrder}, {"cancel", is("cancel"), auth.CancelOrder}, {"close", is("close"), auth.CloseOrder},
		{"reopen", is("reopen"), auth.ReopenOrder}, {"convert", open, auth.ConvertOrder}, {"confirm-end", o.Unconfirmed, auth.VoidReceipt}, {"coverage", open, auth.DecideCoverage}, {"share", true, auth.SendQuote}, {"quotes", open, auth.WriteQuote}, {"receipt", o.Receipt == nil && o.FinishedAt != nil, auth.IssueReceipt},
		{"payments", o.Receipt != nil && o.Receipt.BalanceMinor > 0, auth.TakePayment}, {"conversations", true, auth.LogConversation}, {"sheet", is("sheet"), auth.SubmitSheet},
		{"hand-over", open && !underWay && !offered, auth.HandOver}, {"hand-over-answer", offered && a.by.Scope().Sees(handedTo(o)), auth.AnswerHandOver},
		{"amend", open, auth.OpenOrder}, {"hand-over-withdraw", offered && a.by.Scope().Sees(o.OrgID), auth.HandOver}, {"original", len(o.Sheets) > 0 && o.PaperReturnedAt == nil, auth.CorrectSheet}, {"revoke", true, auth.SendQuote},
		{"custody", open && o.Custody == nil, auth.TakeCustody}, {"callbacks", open, auth.AddCallback},
	} {
		if c.can && a.by.May(c.may) {
			out = append(out, c.form)
		}
	}
	return out
}

// tripsWith are the open visits at the same site that a new one may share its journey with.
func (a *ask) tripsWith(o *workorders.Order) ([]templates.Option, error) {
	if o.SiteID == nil {
		return nil, nil
	}
	page, err := a.p.desk.Orders(a.ctx(), a.by, workorders.OrderFilter{Ask: keyset.Ask{Limit: 20}, Customer: o.CustomerID.String(), State: "assigned,in_progress"})
	if err != nil {
		return nil, err
	}
	var out []templates.Option
	for _, other := range page.Items {
		if other.ID == o.ID || other.SiteID == nil || *other.SiteID != *o.SiteID {
			continue
		}
		full, err := a.p.desk.Order(a.ctx(), a.by, other.Number)
		if err != nil {
			return nil, err
		}
		for _, v := range full.Visits {
			if v.Lead && v.State.Binding() {
				out = append(out, templates.Option{Value: v.ID.String(), Text: joined(full.Number, v.EngineerName, a.span(v.StartsAt.Format(time.RFC3339), v.EndsAt.Format(time.RFC3339)))})
			}
		}
	}
	return out, nil
}

// codeLists are fault, cause and action to choose from.
func (a *ask) codeLists() ([3][]templates.Option, error) {
	var out [3][]templates.Option
	for i, kind := range []knowledge.Kind{knowledge.Fault, knowledge.Cause, knowledge.Action} {
		list, err := a.codeOptions(kind)
		if err != nil {
			return out, err
		}
		out[i] = list
	}
	return out, nil
}

// correctSheet makes a new edition of a sheet; what is left empty stays as it was signed.
func (p *Pages) correctSheet(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	in := workorders.CorrectionInput{Reason: f.need("reason"), FaultCode: f.opt("fault_code"), CauseCode: f.opt("cause_code"), ActionCode: f.opt("action_code"), Notes: f.opt("notes"), WorkMinutes: f.minutes("work_minutes"), TravelMins: f.minutes("travel_minutes")}
	if err := f.err(); err != nil {
		return "", err
	}
	_, err = p.desk.CorrectSheet(ctx, a.by, id, in)
	return "/orders/" + a.Param("number"), err
}

func idText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func handedTo(o *workorders.Order) int32 {
	if o.HandOver == nil {
		return 0
	}
	return o.HandOver.ToOrgID
}

// orderDeed is a form of an order's page with the permission it needs.
type orderDeed struct {
	may auth.Permission
	do  deed
}

func (p *Pages) orderDeeds() map[string]orderDeed {
	back := func(o workorders.Order, err error) (string, error) { return "/orders/" + o.Number, err }
	here := func(a *ask, err error) (string, error) { return "/orders/" + a.Param("number"), err }
	reasoned := func(act func(context.Context, auth.Caller, string, string) (workorders.Order, error)) deed {
		return func(ctx context.Context, a *ask, f *form) (string, error) {
			return back(act(ctx, a.by, a.Param("number"), f.text("reason")))
		}
	}
	all := map[string]orderDeed{
		"assign": {auth.Assign, func(ctx context.Context, a *ask, f *form) (string, error) {
			in := workorders.AssignInput{EngineerID: zero(f.id("engineer_id")), StartsAt: f.needTime("starts_at"), EndsAt: f.needTime("ends_at"), OverrideReason: f.opt("override_reason"), TripWith: f.id("trip_with")}
			for _, helper := range f.Values["helpers"] {
				id, err := uuid.FromString(helper)
				if err != nil {
					f.wrong("helpers", "unknown")
				}
				in.Helpers = append(in.Helpers, id)
			}
			f.need("engineer_id")
			if err := f.err(); err != nil {
				return "", err
			}
			_, err := p.desk.Assign(ctx, a.by, a.Param("number"), in)
			return here(a, err)
		}},
		"hold": {auth.HoldOrder, func(ctx context.Context, a *ask, f *form) (string, error) {
			in := workorders.HoldInput{ReasonCode: f.need("reason_code"), Reason: f.need("reason"), Until: f.time("until")}
			if err := f.err(); err != nil {
				return "", err
			}
			return back(p.desk.Hold(ctx, a.by, a.Param("number"), in))
		}},
		"approve":     {auth.OpenOrder, reasoned(p.desk.ApproveOrder)},
		"unassign":    {auth.Assign, reasoned(p.desk.Unassign)},
		"confirm-end": {auth.VoidReceipt, reasoned(p.desk.ConfirmEnd)},
		"coverage": {auth.DecideCoverage, func(ctx context.Context, a *ask, f *form) (string, error) {
			in := workorders.CoverageInput{Line: f.need("line"), Source: f.need("source"), Exclusion: f.opt("exclusion"), Reason: f.need("reason")}
			if err := f.err(); err != nil {
				return "", err
			}
			return back(p.desk.DecideCoverage(ctx, a.by, a.Param("number"), in))
		}},
		"share": {auth.SendQuote, func(ctx context.Context, a *ask, _ *form) (string, error) {
			link, err := p.desk.ShareOrder(ctx, a.by, a.Param("number"))
			if err == nil {
				a.show("share:"+a.Param("number"), link)
			}
			return here(a, err)
		}},
		"sheets/:id/verify": {auth.CorrectSheet, func(ctx context.Context, a *ask, _ *form) (string, error) {
			id, err := parse(a.Param("id"))
			if err != nil {
				return "", err
			}
			_, err = p.desk.VerifySheet(ctx, a.by, id)
			return here(a, err)
		}},
		"sheets/:id/correct": {auth.CorrectSheet, p.correctSheet},
		"amend":              {auth.OpenOrder, p.amend},
		"original": {auth.CorrectSheet, func(ctx context.Context, a *ask, f *form) (string, error) {
			in := workorders.OriginalInput{Holder: f.need("holder"), ReturnedAt: f.time("returned_at")}
			if err := f.err(); err != nil {
				return "", err
			}
			return back(p.desk.OriginalReturned(ctx, a.by, a.Param("number"), in))
		}},
		"revoke": {auth.SendQuote, func(ctx context.Context, a *ask, _ *form) (string, error) {
			return here(a, p.desk.RevokeLinks(ctx, a.by, a.Param("number")))
		}},
		"hand-over/withdraw": {auth.HandOver, reasoned(p.desk.WithdrawOffer)},
		"resume":             {auth.HoldOrder, reasoned(p.desk.Resume)},
		"cancel":             {auth.CancelOrder, reasoned(p.desk.Cancel)},
		"close":              {auth.CloseOrder, reasoned(p.desk.Close)},
		"reopen":             {auth.ReopenOrder, reasoned(p.desk.Reopen)},
		"convert": {auth.ConvertOrder, func(ctx context.Context, a *ask, f *form) (string, error) {
			return back(p.desk.Convert(ctx, a.by, a.Param("number"), f.text("mode")))
		}},
		"conversations": {auth.LogConversation, p.talkAboutOrder("/orders/")},
		"receipt": {auth.IssueReceipt, func(ctx context.Context, a *ask, _ *form) (string, error) {
			_, _, err := p.desk.Receipt(ctx, a.by, a.Param("number"))
			return here(a, err)
		}},
		"quotes":             {auth.WriteQuote, p.makeQuote("/orders/")},
		"quotes/:id/send":    {auth.SendQuote, p.sendQuote},
		"quotes/:id/approve": {auth.ApproveQuote, p.approveQuote("/orders/")},
		"quotes/:id/decline": {auth.ApproveQuote, p.declineQuote("/orders/")},
		"hand-over": {auth.HandOver, func(ctx context.Context, a *ask, f *form) (string, error) {
			in := workorders.HandOverInput{OrganisationCode: f.need("organisation_code"), Reason: f.need("reason"), AnswerBy: f.needTime("answer_by")}
			if err := f.err(); err != nil {
				return "", err
			}
			_, err := p.desk.OfferOrder(ctx, a.by, a.Param("number"), in)
			return here(a, err)
		}},
		"custody": {auth.TakeCustody, p.takeDevice},
		"visits/:id/confirm": {auth.ConfirmVisit, func(ctx context.Context, a *ask, f *form) (string, error) {
			id, err := parse(a.Param("id"))
			if err != nil {
				return "", err
			}
			in := workorders.ConfirmInput{Window: workorders.Window{From: f.needTime("window_from"), To: f.needTime("window_to")}, WithWhom: f.text("with_whom"), By: f.need("by")}
			if err := f.err(); err != nil {
				return "", err
			}
			_, err = p.desk.Confirm(ctx, a.by, id, in)
			return here(a, err)
		}},
		"visits/:id/reschedule": {auth.RescheduleVisit, func(ctx context.Context, a *ask, f *form) (string, error) {
			id, err := parse(a.Param("id"))
			if err != nil {
				return "", err
			}
			in := workorders.RescheduleInput{StartsAt: f.needTime("starts_at"), EndsAt: f.needTime("ends_at"), Window: f.window(), EngineerID: f.id("engineer_id"), Reason: f.need("reason"), Cause: f.need("cause")}
			if err := f.err(); err != nil {
				return "", err
			}
			_, err = p.desk.Reschedule(ctx, a.by, id, in)
			return here(a, err)
		}},
	}
	for _, act := range []string{"accept", "refuse"} {
		all["hand-over/"+act] = orderDeed{auth.AnswerHandOver, func(ctx context.Context, a *ask, f *form) (string, error) {
			return back(p.desk.AnswerHandOver(ctx, a.by, a.Param("number"), act, f.text("reason")))
		}}
	}
	for _, act := range []string{"accept", "decline", "depart", "arrive", "start", "pause", "resume"} {
		may := auth.WorkVisit
		if act == "accept" || act == "decline" {
			may = auth.AnswerVisit
		}
		all["visits/:id/"+act] = orderDeed{may, p.visitStep("/orders/", act)}
	}
	for act, may := range oldPartActs {
		all["old-parts/:id/"+act] = orderDeed{may, func(ctx context.Context, a *ask, _ *form) (string, error) {
			id, err := parse(a.Param("id"))
			if err != nil {
				return "", err
			}
			_, err = p.desk.OldPartDo(ctx, a.by, id, act)
			return here(a, err)
		}}
	}
	for act, may := range custodyActs {
		all["custody/:id/"+act] = orderDeed{may, p.custodyAct(act)}
	}
	return all
}

// oldPartActs are the acts of a swapped part with the permission each needs.
var oldPartActs = map[string]auth.Permission{"receive": auth.ReceivePickup, "keep": auth.CorrectSheet, "write_off": auth.ManageParts, "scrap": auth.ManageParts, "send": auth.ManageParts}

// visitStep records a step of a visit, told by its engineer or by the desk for him.
func (p *Pages) visitStep(base, act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		ref := a.Param("id")
		if ref == "" {
			ref = f.text("visit_id")
		}
		id, err := parse(ref)
		if err != nil {
			return "", err
		}
		in := workorders.ActInput{Reason: f.text("reason"), At: f.time("at")}
		if err := f.err(); err != nil {
			return "", err
		}
		if in.At != nil && in.At.After(a.now) {
			in.At = nil // a phone's clock that runs ahead: it happened by now at the latest
		}
		if _, err := p.desk.VisitAct(ctx, a.by, id, act, in); err != nil {
			return "", err
		}
		if back := f.text("back"); back != "" && local(back) {
			return back, nil
		}
		if act == "decline" && base == "/m/orders/" {
			return "/m", nil // it is no longer his
		}
		return base + a.Param("number"), nil
	}
}

func (p *Pages) talkAboutOrder(base string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		in := f.conversation()
		if err := f.err(); err != nil {
			return "", err
		}
		_, err := p.desk.TalkAboutOrder(ctx, a.by, a.Param("number"), in)
		return base + a.Param("number"), err
	}
}

func (p *Pages) makeQuote(base string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		in, err := f.quote(a)
		if err != nil {
			return "", err
		}
		_, err = p.desk.MakeQuote(ctx, a.by, a.Param("number"), in)
		return base + a.Param("number"), err
	}
}

// quote reads an offer; lines without a price are not filled in.
func (f *form) quote(a *ask) (workorders.QuoteInput, error) {
	in := workorders.QuoteInput{Purpose: f.text("purpose"), LimitMinor: f.yuan("limit"), DeductIfRepaired: f.ticked("deduct_if_repaired"), ValidUntil: f.needDate("valid_until")}
	var choices []templates.Option
	for i, kind := range f.Values["line_kind"] {
		price := f.at("line_unit", i)
		if price == "" {
			continue
		}
		sum, ok := fen(price)
		if !ok || sum < 0 {
			f.wrong("lines", "expected an amount")
			continue
		}
		line := workorders.QuoteLineInput{Kind: kind, Description: f.at("line_description", i), SKU: f.at("line_sku", i), Quantity: 1, UnitMinor: sum}
		if n := f.at("line_quantity", i); n != "" {
			line.Quantity = f.whole("lines", n)
		}
		if line.Description == "" && line.SKU != "" {
			if choices == nil {
				var err error
				if choices, err = a.partOptions(); err != nil {
					return in, err
				}
			}
			for _, c := range choices {
				if c.Value == line.SKU {
					line.Description = strings.TrimSpace(strings.TrimSuffix(c.Text, line.SKU))
				}
			}
		}
		if line.Description == "" {
			line.Description = templates.Chrome{Lang: a.lang}.Word("line", kind)
		}
		in.Lines = append(in.Lines, line)
	}
	if len(in.Lines) == 0 {
		f.wrong("lines", "required")
	}
	return in, f.err()
}

// sendQuote makes the customer's link; it is shown this once.
func (p *Pages) sendQuote(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	q, err := p.desk.SendQuote(ctx, a.by, id)
	if err != nil {
		return "", err
	}
	a.show("link:"+q.ID.String(), q.Link)
	return "/orders/" + a.Param("number"), nil
}

func (p *Pages) approveQuote(base string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		in := workorders.ApprovalInput{How: f.need("how"), Name: f.need("name"), SaidAt: f.time("said_at"), Note: f.text("note")}
		if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
			in.Signature = json.RawMessage(drawn)
		}
		if err := f.err(); err != nil {
			return "", err
		}
		for _, h := range f.files["file"] {
			scan, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, "paper")
			if err != nil {
				return "", err
			}
			if scan != "" {
				in.File = &scan
			}
		}
		_, err = p.desk.ApproveQuote(ctx, a.by, id, in)
		return base + a.Param("number"), err
	}
}

func (p *Pages) declineQuote(base string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		_, err = p.desk.DeclineQuote(ctx, a.by, id, workorders.DeclineInput{How: f.text("how"), Name: f.text("name"), Reason: f.text("reason")})
		return base + a.Param("number"), err
	}
}

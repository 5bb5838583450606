package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"paigong/api"
	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/internal/say"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// day is the engineer's day, or his week. Somebody who is no engineer is told so.
func (p *Pages) day(a *ask) (templates.Page, error) {
	if a.by.EngineerID == nil {
		return nil, fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	day, today := a.today(), a.today()
	if d := a.dayIn("day"); d != nil {
		day = *d
	}
	v := templates.Day{Day: day.String(), Previous: "/m?day=" + day.AddDays(-1).String(), Following: "/m?day=" + day.AddDays(1).String(), Tomorrow: today.AddDays(1).String(), View: "day"}
	days := 1
	switch {
	case a.QueryParam("span") == "week":
		v.View, days = "week", 7
	case day == today:
		v.View = "today"
	case day == today.AddDays(1):
		v.View = "tomorrow"
	}
	for i := range days {
		on, staff, err := a.stopsOn(day.AddDays(i))
		if err != nil {
			return nil, err
		}
		if staff != "" {
			v.Staff = staff
		}
		v.Shown = append(v.Shown, on)
	}
	var err error
	if v.View == "today" {
		if v.Pickups, err = a.slips(func(s inventory.Pickup) bool { return calendar.Of(s.NeededBy, a.zone) == day }); err != nil {
			return nil, err
		}
		v.Keep = []string{"/m?day=" + v.Tomorrow, "/m?span=week"}
		for _, s := range v.Open() {
			v.Keep = append(v.Keep, "/m/orders/"+s.OrderNumber, "/m/orders/"+s.OrderNumber+"/sheet")
		}
	}
	if o, err := a.look().People.Organisation(a.ctx(), a.by.OrgID); err == nil {
		if line := hotline(o.Letterhead); line != "" {
			v.Phones = append(v.Phones, templates.Person{Name: a.t("phone.desk"), Phone: line})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// stopsOn are an engineer's visits of a day, and the staff number he has on them.
func (a *ask) stopsOn(day calendar.Date) (on templates.StopsOn, staff string, err error) {
	on.Day = day.String()
	page, err := a.p.desk.Visits(a.ctx(), a.by, dispatch.VisitFilter{Ask: many, Engineer: a.by.EngineerID, Day: &day})
	if err != nil {
		return on, "", err
	}
	for _, visit := range page.Items {
		if visit.State == dispatch.Cancelled || visit.State == dispatch.Declined || visit.State == dispatch.Proposed {
			continue
		}
		stop, err := a.stop(visit)
		if err != nil {
			return on, "", err
		}
		on.Stops = append(on.Stops, stop)
		staff = visit.StaffNumber
	}
	return on, staff, nil
}

func hotline(letterhead json.RawMessage) string {
	var head struct {
		Hotline string `json:"hotline"`
	}
	if json.Unmarshal(letterhead, &head) != nil {
		return ""
	}
	return head.Hotline
}

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

// stop is a visit with what must be known to get there.
func (a *ask) stop(visit dispatch.Visit) (templates.Stop, error) {
	o, err := a.p.desk.Order(a.ctx(), a.by, visit.OrderID.String())
	if err != nil {
		return templates.Stop{}, err
	}
	return a.stopOf(visit, &o)
}

func (a *ask) stopOf(visit dispatch.Visit, o *workorders.Order) (templates.Stop, error) {
	s := templates.Stop{VisitID: visit.ID.String(), OrderNumber: o.Number, State: string(visit.State), StartsAt: visit.StartsAt, EndsAt: visit.EndsAt, Kind: o.Kind, Priority: o.Priority, Summary: o.Summary, Customer: o.CustomerName,
		Address: o.Address, Parts: a.partLines(o), Chases: o.ChaseCount, Late: visit.Late}
	if visit.Window != nil {
		s.WindowFrom, s.WindowTo = visit.Window.From, visit.Window.To
	}
	if o.Lat != nil && o.Lng != nil {
		s.MapPath, s.Lat, s.Lng = "/m/orders/"+o.Number+"/map", *o.Lat, *o.Lng
	}
	c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), o.CustomerID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return s, err
	}
	s.Phone = doorPhone(c, o)
	if c.Class == "A" {
		s.Warnings = append(s.Warnings, a.t("phone.class_a"))
	}
	if c.NuisanceUntil != nil && !c.NuisanceUntil.Before(a.today()) {
		s.Warnings = append(s.Warnings, a.t("phone.nuisance"))
	}
	if o.NoAccessCount > 0 {
		s.Warnings = append(s.Warnings, a.t("phone.not_met", o.NoAccessCount))
	}
	for _, site := range c.Sites {
		if o.SiteID != nil && site.ID == *o.SiteID {
			s.AccessNotes, s.OpenHours = site.AccessNotes, site.OpenHours
		}
	}
	for _, act := range visit.AllowedActs() {
		if slices.Contains(steps, act) && a.by.May(auth.WorkVisit) || (act == "accept" || act == "decline") && a.by.May(auth.AnswerVisit) {
			s.Allowed = append(s.Allowed, act)
		}
	}
	if visit.State.Binding() && visit.Lead && a.by.May(auth.SubmitSheet) {
		s.Allowed = append(s.Allowed, "sheet")
	}
	if visit.State.Binding() && a.by.May(auth.WriteQuote) {
		s.Allowed = append(s.Allowed, "quotes")
	}
	return s, nil
}

// doorPhone is whom to ring at the door: who opens it, else the customer.
func doorPhone(c customers.Customer, o *workorders.Order) string {
	for _, p := range c.Contacts {
		if len(p.Phones) > 0 && p.RetiredAt == nil && (o.SiteContactID != nil && p.ID == *o.SiteContactID || o.SiteContactID == nil && p.Role == customers.OnSite) {
			return customers.ShowPhone(p.Phones[0])
		}
	}
	if c.Phone != nil {
		return customers.ShowPhone(*c.Phone)
	}
	return ""
}

// ownVisit is the visit of an order that this page is about: the engineer's own, else the one that is open.
func (a *ask) ownVisit(o *workorders.Order) *dispatch.Visit {
	var found *dispatch.Visit
	for i := range o.Visits {
		v := &o.Visits[i]
		if a.by.EngineerID != nil && v.EngineerID != *a.by.EngineerID && a.visiting() {
			continue
		}
		if v.Lead && v.State.Binding() || found == nil || !found.State.Binding() && v.StartsAt.After(found.StartsAt) {
			found = v
		}
	}
	return found
}

func (p *Pages) job(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	visit := a.ownVisit(&o)
	if visit == nil {
		return nil, fault.New(fault.NotFound, "no_visit", "no visit of yours belongs to this order")
	}
	stop, err := a.stopOf(*visit, &o)
	if err != nil {
		return nil, err
	}
	v := templates.Job{Stop: stop, Region: o.RegionName, Marks: a.orderMarks(o), Device: templates.Device{Name: o.AssetName}}
	var link templates.Link
	var place templates.Place
	if err := a.whoAndWhat(&o.CustomerID, o.SiteID, o.AssetID, &link, &v.Contacts, &place, &v.Device); err != nil {
		return nil, err
	}
	v.Contacts = chosen(v.Contacts, nil, o.SiteContactID)
	v.Device.Coverage, v.Device.CoverageWhy = a.covered(o.Coverage)
	if o.RequestID != nil {
		r, err := p.desk.Request(a.ctx(), a.by, o.RequestID.String())
		if err == nil {
			v.Description, v.Told = r.Description, r.Told
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		kept, err := a.look().Cabinet.Of(a.ctx(), files.OfRequest(o.OrgID, *o.RequestID))
		if err != nil {
			return nil, err
		}
		v.Files = a.fileViews(kept)
	}
	if o.AssetID != nil {
		history, err := a.look().Customers.AssetHistory(a.ctx(), a.by.Scope(), *o.AssetID, keyset.Ask{Limit: 10})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		for _, h := range history.Items {
			if h.Kind == "sheet" {
				v.Earlier = append(v.Earlier, templates.Event{At: h.At, Actor: h.Engineer, Text: a.happened(h)})
			}
		}
	}
	if c, err := a.look().Customers.Customer(a.ctx(), a.by.Scope(), o.CustomerID); err == nil {
		v.About = c.Notes
	}
	if v.Similar, err = a.findings(&o); err != nil {
		return nil, err
	}
	for _, f := range v.Similar {
		if help := a.firstAid(f.Fault); help != "" && !slices.Contains(v.FirstAid, f.FaultText+": "+help) {
			v.FirstAid = append(v.FirstAid, f.FaultText+": "+help)
		}
	}
	var fees []string
	for _, q := range o.Quotes {
		v.Quotes = append(v.Quotes, a.quoteView(q, true))
		if q.State == workorders.QuoteApproved {
			fees = append(fees, templates.Chrome{Lang: a.lang}.Word("purpose", q.Purpose)+" "+templates.Chrome{Lang: a.lang}.Money(q.TotalMinor))
		}
	}
	v.FeeAgreed = strings.Join(fees, a.t("ui.comma"))
	for _, s := range o.Sheets {
		v.Sheets = append(v.Sheets, a.sheetView(s))
	}
	slips, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: 20}, Order: o.ID.String()})
	if err != nil {
		return nil, err
	}
	for _, s := range slips.Items {
		v.Pickups = append(v.Pickups, a.fetched(s))
	}
	if v.May("quotes") {
		if v.PartChoices, err = a.partOptions(); err != nil {
			return nil, err
		}
	}
	v.Papers, v.Checks = a.visitPapers(o), a.checkItems(o.Checklist)
	v.Chrome = a.chrome()
	return v, nil
}

// findings are what faults on such devices turned out to be, the most frequent first.
func (a *ask) findings(o *workorders.Order) ([]templates.Finding, error) {
	found, err := a.p.desk.Findings(a.ctx(), o.ID, 5)
	if err != nil {
		return nil, err
	}
	var out []templates.Finding
	for _, f := range found {
		out = append(out, templates.Finding{Fault: f.FaultCode, Cause: f.CauseCode, Action: f.ActionCode, Times: f.Times, Parts: f.Parts,
			FaultText: a.code(knowledge.Fault, &f.FaultCode), CauseText: a.code(knowledge.Cause, &f.CauseCode), ActionText: a.code(knowledge.Action, &f.ActionCode)})
	}
	return out, nil
}

// sheetExtras are what spares typing: what it was last time, what was agreed, what has to be checked.
func (a *ask) sheetExtras(o *workorders.Order, v *templates.SheetForm) (err error) {
	if v.Presets, err = a.findings(o); err != nil {
		return err
	}
	need := workorders.SheetNeeds(o.Kind)
	for _, q := range o.Quotes {
		if q.State == workorders.QuoteDraft || q.State == workorders.QuoteSent {
			need["need_approval"] = slices.DeleteFunc(need["need_approval"], func(f string) bool { return f == "lines" }) // one stands already
		}
	}
	needs, err := json.Marshal(need)
	if err != nil {
		return err
	}
	v.Needs, v.Custody, v.ReturnOn = string(needs), o.Custody != nil, a.today().AddDays(7).String()
	v.Chargeable = o.Chargeable
	agreed := map[string]int64{}
	for _, q := range o.Quotes {
		if q.State != workorders.QuoteApproved {
			continue
		}
		v.Quoted += q.TotalMinor
		if q.LimitMinor != nil {
			v.Limit += *q.LimitMinor
		}
		for _, l := range q.Lines {
			if l.SKU != nil {
				agreed[*l.SKU] += l.Quantity
			}
		}
	}
	for i := range v.Parts {
		v.Parts[i].Agreed = agreed[v.Parts[i].SKU]
		if !o.Chargeable {
			v.Parts[i].Price = 0
		}
	}
	v.ToPay = v.Quoted
	if o.Receipt != nil {
		v.ToPay = o.Receipt.BalanceMinor
	}
	if o.Chargeable && a.by.May(auth.TakePayment) {
		v.Methods = []string{"cash", "wechat", "alipay", "card"}
	}
	return nil
}

// jobOrDay draws again the page a step was tapped on.
func (p *Pages) jobOrDay(a *ask) (templates.Page, error) {
	if a.posted.Values.Get("back") == "/m" {
		return p.day(a)
	}
	return p.job(a)
}

// mapCookie remembers the map program an engineer likes.
const mapCookie = "paigong_map"

// wayTo opens the map program chosen, by default the phone's own. Only here, when the engineer taps it, a
// place leaves the house. Coordinates are WGS 84, which the Chinese maps are told.
func (p *Pages) wayTo(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	if o.Lat == nil || o.Lng == nil {
		return nil, fault.New(fault.NotFound, "no_position", "nobody has entered where this address lies")
	}
	lat, lng := strconv.FormatFloat(*o.Lat, 'f', 6, 64), strconv.FormatFloat(*o.Lng, 'f', 6, 64)
	with := a.QueryParam("with")
	if with == "" {
		with = a.cookie(mapCookie)
	} else if slices.Contains(templates.Maps, with) {
		a.remember(mapCookie, with)
	}
	name := url.QueryEscape(o.Address)
	to := "geo:" + lat + "," + lng + "?q=" + lat + "," + lng
	switch with {
	case "amap":
		to = "https://uri.amap.com/navigation?to=" + lng + "," + lat + "," + name + "&mode=car&coordinate=wgs84&callnative=1"
	case "baidu":
		to = "https://api.map.baidu.com/marker?location=" + lat + "," + lng + "&title=" + name + "&content=" + name + "&coord_type=wgs84&output=html&src=paigong"
	case "apple":
		to = "https://maps.apple.com/?daddr=" + lat + "," + lng + "&q=" + name
	case "google":
		to = "https://www.google.com/maps/dir/?api=1&destination=" + lat + "," + lng
	}
	return elsewhere{to: to, code: http.StatusSeeOther}, nil
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

// feed is the engineer's visits as a calendar.
func (p *Pages) feed(c echo.Context) error {
	a, err := p.reader(c, auth.ReadVisits)
	if err == nil && a.by.EngineerID == nil {
		err = fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	if err != nil {
		return p.refuse(c, a, err)
	}
	content, err := p.desk.Look(c.Request().Context()).Board.ICS(c.Request().Context(), *a.by.EngineerID)
	if err != nil {
		return p.refuse(c, a, err)
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", content)
}

// me is the engineer's account and his phone.
func (p *Pages) me(a *ask) (templates.Page, error) {
	v := templates.Me{May: a.by.EngineerID != nil && a.by.May(auth.AskLeave)}
	if a.by.EngineerID != nil {
		e, err := a.look().Board.Engineer(a.ctx(), a.by.Scope(), *a.by.EngineerID)
		if err != nil {
			return nil, err
		}
		v.Engineer = e.Name
		v.Staff = e.StaffNumber
		v.Calendar = "/m/me/calendar.ics"
		if p.Push != nil {
			if v.PushKey, err = p.Push.Key(a.ctx()); err != nil {
				return nil, err
			}
		}
		page, err := a.look().Board.Absences(a.ctx(), a.by.Scope(), dispatch.AbsenceFilter{Ask: keyset.Ask{Limit: 10}, Engineer: a.by.EngineerID.String()})
		if err != nil {
			return nil, err
		}
		for _, x := range page.Items {
			v.Absences = append(v.Absences, templates.OwnAbsence{Kind: x.Kind, State: string(x.State), From: a.plainTime(x.StartsAt), To: a.plainTime(x.EndsAt), Reason: x.Reason})
		}
		held, err := a.look().Till.CashUps(a.ctx(), a.by.Scope(), billing.CashUpFilter{Ask: keyset.Ask{Limit: 10}, EngineerID: a.by.EngineerID, State: billing.CashHeld})
		if err != nil {
			return nil, err
		}
		for _, c := range held.Items {
			v.Cash = append(v.Cash, templates.CashOfDay{Day: c.Day.String(), Amount: c.ExpectedMinor})
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// callInSick asks for the rest of the day off. Visits are moved only by the desk's word.
func (p *Pages) callInSick(ctx context.Context, a *ask, f *form) (string, error) {
	if a.by.EngineerID == nil {
		return "", fault.New(fault.NotFound, "no_engineer", "this page shows an engineer's own day, and your account belongs to none")
	}
	end := a.today().AddDays(1).In(a.zone)
	in := dispatch.AbsenceInput{StartsAt: a.now, EndsAt: end, Kind: filled("sick"), Reason: f.opt("reason"), OnConflict: filled("displace")}
	_, err := p.desk.AddAbsence(ctx, a.by, *a.by.EngineerID, in)
	return "/m/me", err
}

// parked lists what engineers told too late, for the desk to decide.
func (p *Pages) parked(a *ask) (templates.Page, error) {
	rows, err := p.desk.ParkedFacts(a.ctx(), a.by, nil)
	if err != nil {
		return nil, err
	}
	v := templates.Parked{}
	for _, r := range rows {
		row := templates.ParkedRow{ID: r.ID.String(), Order: r.OrderNumber, Summary: r.Summary, Engineer: r.Engineer, Kind: r.Kind, Act: r.Act, ToldAt: r.ToldAt, ParkedAt: r.ParkedAt, Why: api.ProblemOf(fault.New(fault.Conflict, r.Code, "%s", r.Why), a.lang).Detail}
		if r.Kind == "sheet" {
			var in workorders.SheetInput
			if err := json.Unmarshal(r.Body, &in); err != nil {
				return nil, err
			}
			row.Outcome, row.Notes, row.Photos, row.Signed = in.Outcome, in.Notes, len(in.Photos), len(in.Signature) > 0
			row.Codes = strings.Join(slices.DeleteFunc([]string{a.code(knowledge.Fault, in.FaultCode), a.code(knowledge.Cause, in.CauseCode), a.code(knowledge.Action, in.ActionCode)}, func(s string) bool { return s == "" }), " → ")
			for _, part := range in.Parts {
				row.Parts = append(row.Parts, templates.PartLine{SKU: part.SKU, Name: part.SKU, Quantity: part.Quantity})
			}
		}
		v.Rows = append(v.Rows, row)
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) settleParked(take bool) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		_, err = p.desk.SettleParked(ctx, a.by, id, workorders.SettleInput{Take: take, Reason: f.text("reason")})
		return "/desk/parked", err
	}
}

// outbox is the frame of what waits on the phone; the phone fills it.
func (p *Pages) outbox(a *ask) (templates.Page, error) {
	return templates.Outbox{Chrome: a.chrome()}, nil
}

func (p *Pages) fetchParts(ctx context.Context, a *ask, _ *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	_, err = p.desk.PickupDo(ctx, a.by, id, "hand-over", inventory.PickupAct{})
	return "/m", err
}

// sheet is the form for what happened at a visit; a clerk copies a paper into the same form.
func (p *Pages) sheet(a *ask) (templates.Page, error) {
	o, err := p.desk.Order(a.ctx(), a.by, a.Param("number"))
	if err != nil {
		return nil, err
	}
	visit := a.ownVisit(&o)
	if visit == nil || !visit.State.Binding() {
		return nil, fault.New(fault.Conflict, "no_open_visit", "this order has no open visit, so nothing can be reported about one").Allow("assign")
	}
	v := templates.SheetForm{Number: o.Number, Kind: o.Kind, Summary: o.Summary, Customer: o.CustomerName, Device: templates.Device{Name: o.AssetName}, VisitID: visit.ID.String(), Outcome: "done", Install: o.Kind == "install" || o.Kind == "relocate",
		TravelMinutes: visit.TravelMinutes, ArrivedAt: zero(visit.ArrivedAt), FinishedAt: a.now, Clerk: a.by.EngineerID == nil, WorkMinutes: o.DurationMinutes}
	if o.AssetID != nil {
		if d, err := a.look().Customers.Asset(a.ctx(), a.by.Scope(), *o.AssetID); err == nil {
			v.Device = a.deviceView(d)
		}
	}
	if visit.ArrivedAt != nil {
		v.WorkMinutes = max(1, int(a.now.Sub(*visit.ArrivedAt).Minutes()))
	}
	if v.Clerk {
		for _, w := range o.Visits {
			if w.Lead && w.State.Binding() {
				v.Visits = append(v.Visits, templates.Option{Value: w.ID.String(), Text: a.plainTime(w.StartsAt) + " " + w.EngineerName})
			}
		}
	}
	for _, c := range []struct {
		to   *[]templates.Option
		kind knowledge.Kind
	}{{&v.FaultCodes, knowledge.Fault}, {&v.CauseCodes, knowledge.Cause}, {&v.ActionCodes, knowledge.Action}} {
		if *c.to, err = a.codeOptions(c.kind); err != nil {
			return nil, err
		}
	}
	if v.Parts, err = a.atHand(&o, visit); err != nil {
		return nil, err
	}
	if v.PartChoices, err = a.partOptions(); err != nil {
		return nil, err
	}
	v.Checks = a.checkItems(o.Checklist)
	if err := a.sheetExtras(&o, &v); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	v.IdempotencyKey = v.Key
	if was := a.posted.Values.Get("idempotency_key"); was != "" {
		v.IdempotencyKey = was
	}
	return v, nil
}

// checkItems are the lines of a check list in the reader's language; those that must be looked at say so.
func (a *ask) checkItems(lines []knowledge.CheckLine) (out []templates.CheckItem) {
	for _, l := range lines {
		text := l.Called(a.lang)
		if l.Mandatory {
			text += " · " + a.t("sheet.check_mandatory")
		}
		out = append(out, templates.CheckItem{Code: l.Code, Text: text, Mandatory: l.Mandatory})
	}
	return out
}

// atHand are the parts an engineer may have fitted: what is in his van, what he fetched for the order.
func (a *ask) atHand(o *workorders.Order, visit *dispatch.Visit) ([]templates.VanPart, error) {
	held := map[string]int64{}
	for _, r := range o.Reservations {
		held[r.PlaceCode+" "+r.SKU] += r.Quantity
	}
	var out []templates.VanPart
	van, err := a.look().Stock.VanOf(a.ctx(), visit.EngineerID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	if van != nil {
		page, err := a.look().Stock.Stock(a.ctx(), a.by.Scope(), inventory.StockFilter{Ask: many, Place: van.Code, Condition: string(inventory.Good)})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			key := r.PlaceCode + " " + r.SKU
			seen[key] = true
			if r.OnHand == 0 {
				continue
			}
			out = append(out, templates.VanPart{SKU: r.SKU, Name: r.PartName, Unit: r.Unit, OnHand: r.OnHand, Reserved: held[key]})
		}
	}
	for _, r := range o.Reservations {
		if key := r.PlaceCode + " " + r.SKU; !seen[key] {
			seen[key] = true
			out = append(out, templates.VanPart{SKU: r.SKU, Name: r.PartName, OnHand: held[key], Reserved: held[key], Place: r.PlaceCode})
		}
	}
	slices.SortStableFunc(out, func(x, y templates.VanPart) int { return int(min(1, y.Reserved)) - int(min(1, x.Reserved)) })
	var skus []string
	for _, part := range out {
		skus = append(skus, part.SKU)
	}
	known, err := a.look().Stock.PartsBySKU(a.ctx(), skus...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Serialised, out[i].Price = known[out[i].SKU].Serialised, money.Fen(known[out[i].SKU].PriceMinor)
		if out[i].Unit == "" {
			out[i].Unit = known[out[i].SKU].Unit
		}
	}
	return out, nil
}

// unsigned is a signature that is none, with the reason.
func unsigned(why string) json.RawMessage {
	raw, err := json.Marshal(map[string]string{"reason": why})
	if err != nil {
		return nil
	}
	return raw
}

// signature is what was drawn, or why nothing was.
func (f *form) signature(a *ask) json.RawMessage {
	if drawn := f.text("signature"); drawn != "" && drawn != "[]" {
		return json.RawMessage(drawn)
	}
	switch {
	case f.text("signature_reason") != "":
		return unsigned(f.text("signature_reason"))
	case f.ticked("verbal") && f.text("signer_name") != "":
		return unsigned(a.t("sheet.agreed_by_word", f.text("signer_name")))
	}
	return nil
}

// photos keeps the pictures that came with a form and names those that came before it, by their hashes.
func (p *Pages) photos(ctx context.Context, a *ask, f *form) ([]json.RawMessage, error) {
	var out []json.RawMessage
	add := func(photo map[string]string) error {
		raw, err := json.Marshal(photo)
		out = append(out, raw)
		return err
	}
	for _, kind := range append([]string{"paper"}, templates.PhotoKinds...) {
		for _, h := range f.files["photos_"+kind] {
			hash, err := p.keep(ctx, a.by, h.Size, func() ([]byte, error) { return readFile(h) }, kind)
			if err != nil {
				return nil, err
			}
			if hash != "" {
				if err := add(map[string]string{"sha256": hash, "kind": kind}); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, line := range f.Values["photo"] { // hash, kind, when it was taken
		word := strings.Fields(line)
		if len(word) < 2 {
			return nil, fault.New(fault.Invalid, "bad_photo", "a photo is a SHA-256, or {sha256,kind}").Field("body.photos", "expected a hash or an object")
		}
		photo := map[string]string{"sha256": word[0], "kind": word[1]}
		if len(word) > 2 {
			photo["taken_at"] = word[2]
		}
		if err := add(photo); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// submitSheet records a visit and, in the same transaction, what was agreed, handed over and paid at the door.
func (p *Pages) submitSheet(ctx context.Context, a *ask, f *form) (string, error) {
	in, err := f.sheet(a)
	if err != nil {
		return "", err
	}
	var taken *depot.CustodyInput
	if in.Outcome == "taken_to_depot" && f.text("custody_device") != "" {
		taken = &depot.CustodyInput{VisitID: &in.VisitID, Device: f.text("custody_device"), Accessories: f.list("custody_accessories"), Condition: f.need("custody_condition"), ExpectedReturnOn: f.needDate("custody_return_on"), Signature: in.Signature}
	}
	quote, err := f.doorQuote(a, in)
	if err != nil {
		return "", err
	}
	method, sum := f.text("pay_method"), f.yuan("pay_amount")
	if err := f.err(); err != nil {
		return "", err
	}
	number := a.Param("number")
	err = p.desk.Keep(ctx, a.by, func(ctx context.Context, _ workorders.Ledgers) (err error) {
		if in.Photos, err = p.photos(ctx, a, f); err != nil {
			return err
		}
		if f.ticked("rang") { // nobody answered at the door
			if _, err := p.desk.TalkAboutOrder(ctx, a.by, number, workorders.ConversationInput{Direction: "out", Channel: "phone", Kind: "appointment", Outcome: "no_answer"}); err != nil {
				return err
			}
		}
		if taken != nil {
			o, err := p.desk.Order(ctx, a.by, number)
			if err != nil {
				return err
			}
			if o.Custody == nil {
				if _, err := p.desk.TakeDevice(ctx, a.by, number, *taken); err != nil {
					return err
				}
			}
		}
		if quote != nil && in.Outcome == "need_approval" {
			in.QuoteLines = quote.Lines
		} else if quote != nil {
			q, err := p.desk.MakeQuote(ctx, a.by, number, *quote)
			if err != nil {
				return err
			}
			if f.ticked("agreed_on_site") && in.Outcome != "declined" {
				name := f.text("signer_name")
				if name == "" {
					name = a.t("sheet.customer_on_site")
				}
				yes := workorders.ApprovalInput{How: "on_site", Name: name}
				if len(in.Signature) > 0 && in.Signature[0] == '[' {
					yes.Signature = in.Signature
				}
				if _, err := p.desk.ApproveQuote(ctx, a.by, q.ID, yes); err != nil {
					return err
				}
			}
		}
		if _, err := p.desk.SubmitSheet(ctx, a.by, number, in); err != nil {
			return err
		}
		if f.ticked("follow_on") {
			if err := p.followOn(ctx, a, number, in); err != nil {
				return err
			}
		}
		if method == "" || sum == nil || *sum <= 0 {
			return nil
		}
		o, err := p.desk.Order(ctx, a.by, number)
		if err != nil {
			return err
		}
		if o.Receipt == nil {
			return fault.New(fault.Conflict, "nothing_due", "nothing is due on this order, so no money can be taken for it")
		}
		_, _, err = p.desk.Pay(ctx, a.by, o.Receipt.ID, billing.PaymentInput{AmountMinor: *sum, Method: method, PaidAt: in.FinishedAt})
		return err
	})
	if err != nil {
		return "", err
	}
	if a.visiting() {
		return "/m", nil
	}
	return "/orders/" + number, nil
}

// doorQuote is an offer written into the sheet: to be decided later with need_approval, a signed addition to
// what was agreed with the others. nil when no line has a price.
func (f *form) doorQuote(a *ask, in workorders.SheetInput) (*workorders.QuoteInput, error) {
	if !slices.ContainsFunc(f.Values["line_unit"], func(price string) bool { return strings.TrimSpace(price) != "" }) {
		return nil, nil
	}
	f.Set("valid_until", a.today().AddDays(14).String())
	f.Set("purpose", "repair")
	if in.Outcome != "need_approval" && in.Outcome != "declined" {
		o, err := a.p.desk.Order(a.ctx(), a.by, a.Param("number"))
		if err != nil {
			return nil, err
		}
		if o.ApprovedMinor != nil {
			f.Set("purpose", "variation")
		}
	}
	q, err := f.quote(a)
	return &q, err
}

// followOn opens what a failed item of the check list asks for, as a request about the same device.
func (p *Pages) followOn(ctx context.Context, a *ask, number string, in workorders.SheetInput) error {
	o, err := p.desk.Order(ctx, a.by, number)
	if err != nil {
		return err
	}
	var failed []string
	for _, c := range in.Checklist {
		if c.Result == "fail" {
			text := c.Code
			if say.Has("paper.check." + c.Code) {
				text = a.t("paper.check." + c.Code)
			}
			if c.Note != "" {
				text += ": " + c.Note
			}
			failed = append(failed, text)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	told := a.t("sheet.follow_on_told", number)
	_, err = p.desk.Register(ctx, a.by, workorders.RequestInput{Channel: "walk_in", Kind: "repair", CustomerID: &o.CustomerID, SiteID: o.SiteID, AssetID: o.AssetID, Summary: strings.Join(failed, a.t("ui.comma")), Description: told, Told: told})
	return err
}

// keep puts an upload into the cabinet and gives its hash; a field left empty sends a file of nothing.
func (p *Pages) keep(ctx context.Context, by auth.Caller, size int64, read func() ([]byte, error), kind string) (string, error) {
	if size == 0 {
		return "", nil
	}
	body, err := read()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	up := files.Upload{OrgID: by.OrgID, Actor: by.Actor(), SHA256: hex.EncodeToString(sum[:]), Kind: kind, Body: body}
	if by.Person() {
		up.By = &by.UserID
	}
	_, err = p.desk.PutFile(ctx, by, up)
	return up.SHA256, err
}

// sheet reads what is reported about a visit.
func (f *form) sheet(a *ask) (workorders.SheetInput, error) {
	in := workorders.SheetInput{VisitID: zero(f.id("visit_id")), Outcome: f.need("outcome"), FaultCode: f.opt("fault_code"), CauseCode: f.opt("cause_code"), ActionCode: f.opt("action_code"), Notes: f.text("notes"),
		WorkMinutes: f.minutes("work_minutes"), TravelMins: f.minutes("travel_minutes"), ArrivedAt: f.time("arrived_at"), FinishedAt: f.time("finished_at"), Signature: f.signature(a), SignerName: f.opt("signer_name"),
		MinutesLeft: f.minutes("minutes_left"), OldPartsKept: f.ticked("old_parts_kept")}
	f.need("visit_id")
	if in.SignerName != nil {
		in.SignerRel = f.opt("signer_relation")
	}
	for i, sku := range f.Values["part_sku"] {
		quantity := f.at("part_quantity", i)
		if sku == "" || quantity == "" {
			continue
		}
		if n := f.whole("parts", quantity); n > 0 {
			line := workorders.SheetPartInput{SKU: sku, Quantity: n}
			line.SerialNumber, line.OldSerialNumber, line.FromPlace = filled(f.at("part_serial", i)), filled(f.at("part_old_serial", i)), filled(f.at("part_from", i))
			in.Parts = append(in.Parts, line)
		}
	}
	for i := range f.Values["needed_sku"] {
		quantity, sku, what := f.at("needed_quantity", i), f.at("needed_sku", i), f.at("needed_text", i)
		if quantity == "" || sku == "" && what == "" {
			continue
		}
		if n := f.whole("parts_needed", quantity); n > 0 {
			need := workorders.PartNeed{SKU: sku, Quantity: n, Urgency: f.at("needed_urgency", i)}
			if sku == "" {
				need.Text = what
			}
			in.PartsNeeded = append(in.PartsNeeded, need)
		}
	}
	for i, code := range f.Values["check_code"] {
		result := f.at("check_result", i)
		if result == "" {
			continue
		}
		in.Checklist = append(in.Checklist, workorders.CheckItem{Code: code, Result: result, Note: f.at("check_note", i)})
	}
	if readings := f.text("readings"); readings != "" {
		in.Readings = map[string]any{"readings": readings}
	}
	if model, serial := f.text("installed_model"), f.text("installed_serial"); model != "" || serial != "" {
		in.Installed = []workorders.InstalledItem{{Model: model, SerialNumber: serial, Position: f.text("installed_position")}}
	}
	if result := f.text("acceptance_result"); result != "" {
		in.Acceptance = &workorders.Acceptance{Result: result, Name: f.text("signer_name"), Relation: f.text("signer_relation")}
		for line := range strings.Lines(f.text("acceptance_defects")) {
			if line = strings.TrimSpace(line); line != "" {
				in.Acceptance.Defects = append(in.Acceptance.Defects, workorders.Defect{Text: line})
			}
		}
	}
	if what := f.text("incident"); what != "" {
		in.Incident = &workorders.Incident{What: what}
	}
	if f.ticked("from_paper") && a.by.Person() {
		in.EnteredBy = &a.by.UserID
	}
	return in, f.err()
}

func filled(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// happened is a line of a device's history in words.
func (a *ask) happened(h customers.Happening) string {
	w := templates.Chrome{Lang: a.lang}
	switch h.Kind {
	case "sheet":
		parts := []string{w.Word("outcome", h.State), a.code(knowledge.Fault, &h.FaultCode), a.code(knowledge.Action, &h.ActionCode), strings.Join(h.Parts, a.t("ui.comma")), h.Summary}
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
	case "work_order":
		return fmt.Sprintf("%s %s · %s", w.Word("kind", h.What), h.Number, h.Summary)
	}
	return fmt.Sprintf("%s %s · %s", a.t("ui.request"), h.Number, h.Summary)
}

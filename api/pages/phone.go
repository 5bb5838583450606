package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
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

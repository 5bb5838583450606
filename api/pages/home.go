package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/depot"
)

// counted is how far a tile counts; beyond it shows the limit itself.
const counted = 200

// waiting is something that waits for somebody: how it is counted, where the list lies, and its first rows.
type waiting struct {
	may  auth.Permission
	path string
	warn bool
	read func(a *ask, limit int) (count int, rows []templates.ShortRow, err error)
}

// few is how many of a list a desk shows before the list itself.
const few = 6

// rowsOf makes a list presentable.
func rowsOf[T any](page keyset.Page[T], err error, row func(T) templates.ShortRow) (int, []templates.ShortRow, error) {
	if err != nil {
		return 0, nil, err
	}
	var out []templates.ShortRow
	for _, item := range page.Items {
		out = append(out, row(item))
	}
	return len(page.Items), out, nil
}

func ordersIn(f workorders.OrderFilter) func(a *ask, limit int) (int, []templates.ShortRow, error) {
	return func(a *ask, limit int) (int, []templates.ShortRow, error) {
		f.Limit = limit
		page, err := a.p.desk.Orders(a.ctx(), a.by, f)
		return rowsOf(page, err, func(o workorders.Order) templates.ShortRow {
			return templates.ShortRow{Path: "/orders/" + o.Number, Number: o.Number, Title: o.Summary, Detail: joined(o.CustomerName, o.RegionName), Kind: "order", State: string(o.State), DueAt: dueNext(o)}
		})
	}
}

func requestsIn(f workorders.RequestFilter) func(a *ask, limit int) (int, []templates.ShortRow, error) {
	return func(a *ask, limit int) (int, []templates.ShortRow, error) {
		f.Limit = limit
		page, err := a.p.desk.Requests(a.ctx(), a.by, f)
		return rowsOf(page, err, func(r workorders.Request) templates.ShortRow {
			row := templates.ShortRow{Path: "/requests/" + r.Number, Number: r.Number, Title: r.Summary, Detail: r.CustomerName, Kind: "request", State: string(r.State)}
			if r.RepliedAt == nil {
				row.DueAt = zero(r.ReplyDueAt)
			}
			return row
		})
	}
}

func visitsIn(fill func(a *ask, f *dispatch.VisitFilter)) func(a *ask, limit int) (int, []templates.ShortRow, error) {
	return func(a *ask, limit int) (int, []templates.ShortRow, error) {
		f := dispatch.VisitFilter{Ask: keyset.Ask{Limit: limit}}
		fill(a, &f)
		page, err := a.p.desk.Visits(a.ctx(), a.by, f)
		return rowsOf(page, err, func(v dispatch.Visit) templates.ShortRow {
			return templates.ShortRow{Path: "/orders/" + v.OrderNumber, Number: v.OrderNumber, Title: v.EngineerName, Detail: a.span(v.StartsAt.Format(time.RFC3339), v.EndsAt.Format(time.RFC3339)), Kind: "visit", State: string(v.State), DueAt: zero(v.AcceptBy)}
		})
	}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// matters are what a desk counts, by the key of its tile.
var matters = map[string]waiting{
	"requests_open": {auth.ReadRequests, "/requests?state=received", false, requestsIn(workorders.RequestFilter{State: "received,triaged"})},
	"requests_mine": {auth.TakeRequest, "/requests?mine=true", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		if !a.by.Person() {
			return 0, nil, nil
		}
		return requestsIn(workorders.RequestFilter{State: "received,triaged", Mine: &a.by.UserID})(a, limit)
	}},
	"reply_due":         {auth.ReadRequests, "/requests?overdue=true", true, requestsIn(workorders.RequestFilter{Overdue: true})},
	"orders_ready":      {auth.ReadOrders, "/orders?state=ready", false, ordersIn(workorders.OrderFilter{State: "ready"})},
	"awaiting_approval": {auth.ReadOrders, "/orders?state=awaiting_approval", false, ordersIn(workorders.OrderFilter{State: "awaiting_approval"})},
	"orders_late":       {auth.ReadOrders, "/orders?late=true", true, ordersIn(workorders.OrderFilter{Late: true})},
	"displaced":         {auth.ReadOrders, "/orders?displaced=true", true, ordersIn(workorders.OrderFilter{Displaced: true})},
	"declined":          {auth.ReadOrders, "/orders?declined=true", true, ordersIn(workorders.OrderFilter{Declined: true})},
	"on_hold":           {auth.ReadOrders, "/orders?state=on_hold", false, ordersIn(workorders.OrderFilter{State: "on_hold"})},
	"to_close":          {auth.CloseOrder, "/orders?state=completed", false, ordersIn(workorders.OrderFilter{State: "completed"})},
	"visits_today": {auth.ReadVisits, "/desk", false, visitsIn(func(a *ask, f *dispatch.VisitFilter) {
		today := a.today()
		f.Day = &today
	})},
	"not_accepted": {auth.ReadVisits, "/desk", true, visitsIn(func(_ *ask, f *dispatch.VisitFilter) { f.Unclaimed = true })},
	"parked": {auth.Assign, "/desk/parked", true, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		list, err := a.p.desk.ParkedFacts(a.ctx(), a.by, nil)
		if err != nil {
			return 0, nil, err
		}
		var rows []templates.ShortRow
		for _, f := range list[:min(limit, len(list))] {
			what := a.t("ui.sheet")
			if f.Kind != "sheet" {
				what = a.t("ui.act." + f.Act)
			}
			rows = append(rows, templates.ShortRow{Path: "/desk/parked", Number: f.OrderNumber, Title: f.Summary, Detail: joined(f.Engineer, what, a.plainTime(f.ToldAt))})
		}
		return len(rows), rows, nil
	}},
	"follow_ups_due": {auth.ReadFollowUps, "/follow-ups", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		today := a.today()
		page, err := a.look().Promises.FollowUps(a.ctx(), a.by.Scope(), aftercare.FollowUpFilter{Ask: keyset.Ask{Limit: limit}, To: &today, State: "open"})
		return rowsOf(page, err, func(f aftercare.FollowUp) templates.ShortRow {
			return templates.ShortRow{Path: "/follow-ups/" + f.ID.String(), Title: f.CustomerName, Detail: joined(f.DueOn.String(), f.Summary), Kind: "follow_up", State: string(f.State)}
		})
	}},
	"callbacks_due": {auth.ReadCallbacks, "/callbacks", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Promises.Callbacks(a.ctx(), a.by.Scope(), aftercare.CallbackFilter{Ask: keyset.Ask{Limit: limit}})
		w := templates.Chrome{Lang: a.lang}
		return rowsOf(page, err, func(c aftercare.Callback) templates.ShortRow {
			return templates.ShortRow{Path: "/callbacks?reason=" + c.Reason, Title: w.Word("callback", c.Reason), Detail: joined(c.CustomerName, c.OrderNumber), Kind: "callback", State: string(c.State), DueAt: c.DueAt}
		})
	}},
	"complaints_open": {auth.ReadComplaints, "/complaints", true, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Promises.Complaints(a.ctx(), a.by, aftercare.ComplaintFilter{Ask: keyset.Ask{Limit: limit}, State: "open"})
		return rowsOf(page, err, func(c aftercare.Complaint) templates.ShortRow {
			row := templates.ShortRow{Path: "/complaints/" + c.ID.String(), Number: c.Number, Title: c.Text, Detail: c.CustomerName, Kind: "complaint", State: string(c.State)}
			if c.RepliedAt == nil {
				row.DueAt = c.ReplyDueAt
			}
			return row
		})
	}},
	"notices": {auth.ReadNotices, "/notices", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		list, err := a.p.desk.Notices(a.ctx(), a.by, true, limit)
		var rows []templates.ShortRow
		for _, n := range list {
			rows = append(rows, templates.ShortRow{Path: "/notices", Number: n.Order, Title: n.Text, Detail: joined(n.Org, a.plainTime(n.At))})
		}
		return len(rows), rows, err
	}},
	"shortages": {auth.ReadStock, "/stock/shortages", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Stock.Shortages(a.ctx(), a.by.Scope(), inventory.ShortageFilter{Ask: keyset.Ask{Limit: limit}})
		return rowsOf(page, err, func(s inventory.Shortage) templates.ShortRow {
			title := zero(s.PartName)
			if title == "" {
				title = s.Text
			}
			return templates.ShortRow{Path: "/stock/shortages", Number: s.WorkOrderNumber, Title: title, Detail: joined(zero(s.SKU), "× "+strconv.FormatInt(s.Quantity, 10)), Kind: "shortage", State: string(s.State)}
		})
	}},
	"pickups": {auth.ReadPickups, "/stock/pickups?state=to_pick", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Stock.Pickups(a.ctx(), a.by.Scope(), inventory.PickupFilter{Ask: keyset.Ask{Limit: limit}, State: "to_pick"})
		return rowsOf(page, err, func(s inventory.Pickup) templates.ShortRow {
			return templates.ShortRow{Path: "/stock/pickups?state=to_pick", Number: s.Number, Title: s.EngineerName, Detail: joined(s.PlaceName, s.WorkOrderNumber), Kind: "pickup", State: string(s.State), DueAt: s.NeededBy}
		})
	}},
	"vans_away": {auth.FetchParts, "/stock?away=true", true, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		vans, err := a.vansAway()
		var rows []templates.ShortRow
		for _, v := range vans {
			if len(v.Lines) > 0 { // an empty van keeps nobody waiting
				rows = append(rows, templates.ShortRow{Path: "/stock?place=" + v.Code, Number: v.Code, Title: v.Name, Detail: strings.Join(v.Lines, ", ")})
			}
		}
		return len(rows), rows, err
	}},
	"unreconciled": {auth.ReadStock, "/stock/unreconciled", true, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.p.desk.Unreconciled(a.ctx(), a.by, keyset.Ask{Limit: limit})
		return rowsOf(page, err, func(u workorders.Unreconciled) templates.ShortRow {
			return templates.ShortRow{Path: "/stock/unreconciled", Number: u.SheetNumber, Title: u.Name, Detail: joined(u.SKU, u.Engineer)}
		})
	}},
	"custody_out": {auth.ReadCustody, "/stock/devices", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.p.desk.Devices(a.ctx(), a.by, depot.Filter{Ask: keyset.Ask{Limit: limit}, State: "out"})
		return rowsOf(page, err, func(c depot.Custody) templates.ShortRow {
			return templates.ShortRow{Path: "/orders/" + c.WorkOrderNumber + "#custody", Number: c.Number, Title: c.Device, Detail: c.CustomerName, Kind: "custody", State: string(c.State)}
		})
	}},
	"unpaid": {auth.ReadReceipts, "/receipts?state=unpaid", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Till.Receipts(a.ctx(), a.by.Scope(), billing.ReceiptFilter{Ask: keyset.Ask{Limit: limit}, State: billing.Unpaid})
		return rowsOf(page, err, func(r billing.Receipt) templates.ShortRow {
			return templates.ShortRow{Path: "/receipts/" + r.Number, Number: r.Number, Title: templates.Chrome{}.Money(r.BalanceMinor), Detail: r.CustomerName, Kind: "receipt", State: string(r.State)}
		})
	}},
	"cash_held": {auth.CountCash, "/receipts/cash-ups", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Till.CashUps(a.ctx(), a.by.Scope(), billing.CashUpFilter{Ask: keyset.Ask{Limit: limit}, State: billing.CashHeld})
		w := templates.Chrome{Lang: a.lang, Now: a.now, Zone: a.zone}
		return rowsOf(page, err, func(c billing.CashUp) templates.ShortRow {
			return templates.ShortRow{Path: "/receipts/cash-ups", Title: c.EngineerName, Detail: joined(w.Money(c.ExpectedMinor), w.DayText(c.Day.String())), Kind: "cash_up", State: string(c.State)}
		})
	}},
	"invoices_open": {auth.RequestInvoice, "/receipts/invoices", false, func(a *ask, limit int) (int, []templates.ShortRow, error) {
		page, err := a.look().Till.Invoices(a.ctx(), a.by.Scope(), billing.InvoiceFilter{Ask: keyset.Ask{Limit: limit}, Open: true})
		return rowsOf(page, err, func(i billing.InvoiceRequest) templates.ShortRow {
			return templates.ShortRow{Path: "/receipts/invoices", Number: i.ReceiptNumber, Title: i.Title, Detail: templates.Chrome{}.Money(i.TotalMinor), Kind: "invoice_request", State: string(i.State)}
		})
	}},
}

// desks are what each role looks at first: tiles, then the lists below them.
var desks = []struct {
	roles  []auth.Role
	tiles  []string
	shorts []string
}{
	{[]auth.Role{auth.Dispatcher, auth.Lead, auth.PartnerDispatcher, auth.PartnerManager, auth.Admin},
		[]string{"requests_open", "reply_due", "orders_ready", "awaiting_approval", "orders_late", "on_hold", "visits_today", "not_accepted", "displaced", "declined", "parked", "vans_away", "callbacks_due", "notices"}, []string{"orders_ready", "requests_open", "not_accepted", "callbacks_due", "notices"}},
	{[]auth.Role{auth.Manager}, []string{"requests_open", "reply_due", "orders_late", "visits_today", "complaints_open", "follow_ups_due", "shortages", "custody_out", "unpaid", "to_close", "notices"}, []string{"orders_late", "complaints_open", "reply_due", "unpaid", "notices"}},
	{[]auth.Role{auth.Agent, auth.Clerk}, []string{"requests_mine", "requests_open", "reply_due", "awaiting_approval", "orders_ready", "callbacks_due"}, []string{"requests_mine", "requests_open", "callbacks_due", "awaiting_approval"}},
	{[]auth.Role{auth.CallerRole}, []string{"follow_ups_due", "callbacks_due", "complaints_open"}, []string{"follow_ups_due", "callbacks_due"}},
	{[]auth.Role{auth.ComplaintsOfficer}, []string{"complaints_open", "requests_mine", "callbacks_due", "notices"}, []string{"complaints_open", "requests_mine", "notices"}},
	{[]auth.Role{auth.StockKeeper}, []string{"pickups", "shortages", "unreconciled", "custody_out"}, []string{"pickups", "shortages", "unreconciled"}},
	{[]auth.Role{auth.Depot}, []string{"custody_out", "shortages"}, []string{"custody_out"}},
	{[]auth.Role{auth.Cashier}, []string{"unpaid", "cash_held", "invoices_open"}, []string{"unpaid", "cash_held", "invoices_open"}},
	{[]auth.Role{auth.Technical, auth.Auditor}, []string{"orders_late", "complaints_open"}, []string{"complaints_open"}},
}

// front leads everybody to where his work is: an engineer to his day, a dispatcher to the schedule, the others
// to what waits for them.
func (p *Pages) front(a *ask) (templates.Page, error) {
	if !a.visiting() && a.by.May(auth.Assign) && a.by.Is(auth.Dispatcher, auth.PartnerDispatcher) {
		return elsewhere{to: "/desk", code: http.StatusSeeOther}, nil
	}
	return p.home(a)
}

// home is what waits for this person. An engineer's is his day.
func (p *Pages) home(a *ask) (templates.Page, error) {
	if a.visiting() {
		return elsewhere{to: "/m", code: http.StatusSeeOther}, nil
	}
	v := templates.Home{Chrome: a.chrome(), Roles: texts(a.by.Roles), Intake: a.by.May(auth.TakeRequest)}
	var tiles, shorts []string
	for _, d := range desks {
		if a.by.Is(d.roles...) {
			tiles, shorts = append(tiles, d.tiles...), append(shorts, d.shorts...)
		}
	}
	seen := map[string]bool{}
	for _, key := range tiles {
		m := matters[key]
		if seen[key] || !a.by.May(m.may) {
			continue
		}
		seen[key] = true
		n, rows, err := m.read(a, counted)
		if err != nil {
			return nil, err
		}
		v.Tiles = append(v.Tiles, templates.Tile{Key: key, Count: n, Path: m.path, Warn: m.warn})
		if slices.Contains(shorts, key) && len(v.Shorts) < 6 {
			v.Shorts = append(v.Shorts, templates.Short{Key: key, Rows: rows[:min(few, len(rows))], Path: m.path})
		}
	}
	return v, nil
}

// keys lists the shortcuts.
func (p *Pages) keys(a *ask) (templates.Page, error) {
	return templates.KeyHelp{Chrome: a.chrome()}, nil
}

// found leads to the record behind an answer of the search.
func (p *Pages) search(a *ask) (templates.Page, error) {
	v := templates.Search{Chrome: a.chrome(), Q: strings.TrimSpace(a.QueryParam("q"))}
	if v.Q == "" {
		return v, nil
	}
	list, err := p.desk.Search(a.ctx(), a.by, v.Q)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		path := map[string]string{"request": "/requests/" + f.Number, "work_order": "/orders/" + f.Number, "customer": "/customers/" + f.ID.String(), "asset": "/assets/" + f.ID.String(), "receipt": "/receipts/" + f.Number,
			"complaint": "/complaints/" + f.ID.String(), "part": "/stock?sku=" + f.Number}[f.Kind]
		v.Rows = append(v.Rows, templates.FoundRow{Kind: f.Kind, Path: path, Number: f.Number, Title: f.Title, Detail: f.Detail, At: f.At})
	}
	if a.wantsJSON() {
		found := []map[string]string{}
		for _, r := range v.Rows {
			found = append(found, map[string]string{"path": r.Path, "number": r.Number, "title": r.Title, "detail": r.Detail, "kind": a.chrome().Word("found", r.Kind)})
		}
		return written{}, a.JSON(http.StatusOK, found)
	}
	if len(v.Rows) == 1 && strings.EqualFold(v.Rows[0].Number, v.Q) {
		return elsewhere{to: v.Rows[0].Path, code: http.StatusSeeOther}, nil
	}
	return v, nil
}

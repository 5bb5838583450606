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
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/knowledge"
)

// many is as many rows as a list gives at once: what people choose from.
var many = keyset.Ask{Limit: keyset.MaxLimit}

// asked is the page of a list that the reader wants.
func (a *ask) asked() keyset.Ask { return keyset.Ask{Limit: 50, Cursor: a.QueryParam("cursor")} }

// zero is the value behind an optional one, or none.
func zero[T any](v *T) T {
	if v == nil {
		var none T
		return none
	}
	return *v
}

func dateText(d *calendar.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// parse reads a uuid out of an address; one that is not one leads nowhere.
func parse(text string) (uuid.UUID, error) {
	id, err := uuid.FromString(text)
	if err != nil {
		return id, fault.New(fault.NotFound, "not_found", "there is nothing at this address")
	}
	return id, nil
}

// dayIn is a civil day of the query; a malformed one is none.
func (a *ask) dayIn(name string) *calendar.Date {
	d, err := calendar.Parse(a.QueryParam(name))
	if err != nil {
		return nil
	}
	return &d
}

// idIn is a reference of the query; a malformed one is none.
func (a *ask) idIn(name string) *uuid.UUID {
	id, err := uuid.FromString(a.QueryParam(name))
	if err != nil {
		return nil
	}
	return &id
}

// regions are those the reader's organisations serve, or all where there are few.
func (a *ask) regions() ([]templates.Option, error) {
	board := a.look().Board
	page, err := board.Regions(a.ctx(), dispatch.RegionFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	rows := page.Items
	if page.NextCursor != "" {
		rows = nil
		orgs, err := a.look().People.Organisations(a.ctx(), a.by.Scope(), many)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, o := range orgs.Items {
			for _, code := range o.RegionCodes {
				below, err := board.Regions(a.ctx(), dispatch.RegionFilter{Ask: many, Under: code})
				if err != nil {
					return nil, err
				}
				for _, r := range below.Items {
					if !seen[r.Code] && len(rows) < 2000 {
						seen[r.Code] = true
						rows = append(rows, r)
					}
				}
			}
		}
		if len(rows) == 0 {
			rows = page.Items
		}
	}
	out := make([]templates.Option, 0, len(rows))
	for _, r := range rows {
		out = append(out, templates.Option{Value: r.Code, Text: r.FullName})
	}
	return out, nil
}

func (a *ask) regionName(code string) string {
	if code == "" {
		return ""
	}
	r, err := a.look().Board.Region(a.ctx(), code)
	if err != nil {
		return code
	}
	return r.FullName
}

func (a *ask) regionNames(codes []string) []string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = a.regionName(code)
	}
	return names
}

func (a *ask) engineerOptions() ([]templates.Option, error) {
	page, err := a.look().Board.Engineers(a.ctx(), a.by.Scope(), dispatch.EngineerFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	out := make([]templates.Option, 0, len(page.Items))
	for _, e := range page.Items {
		out = append(out, templates.Option{Value: e.ID.String(), Text: strings.TrimSpace(e.Name + " " + e.StaffNumber)})
	}
	return out, nil
}

func (a *ask) partOptions() ([]templates.Option, error) {
	page, err := a.look().Stock.Parts(a.ctx(), inventory.PartFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	out := make([]templates.Option, 0, len(page.Items))
	for _, p := range page.Items {
		out = append(out, templates.Option{Value: p.SKU, Text: p.Name + " " + p.SKU})
	}
	return out, nil
}

func (a *ask) placeOptions() ([]templates.Option, error) {
	page, err := a.look().Stock.Places(a.ctx(), a.by.Scope(), inventory.PlaceFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	out := make([]templates.Option, 0, len(page.Items))
	for _, p := range page.Items {
		out = append(out, templates.Option{Value: p.Code, Text: p.Name + " " + p.Code})
	}
	return out, nil
}

func (a *ask) codeOptions(kind knowledge.Kind) ([]templates.Option, error) {
	page, err := a.look().Codes.Codes(a.ctx(), knowledge.CodeFilter{Ask: many, Kind: string(kind)})
	if err != nil {
		return nil, err
	}
	out := make([]templates.Option, 0, len(page.Items))
	for _, c := range page.Items {
		out = append(out, templates.Option{Value: c.Code, Text: c.Called(a.lang) + " " + c.Code})
	}
	return out, nil
}

// code is a code with its words, for showing.
func (a *ask) code(kind knowledge.Kind, code *string) string {
	if code == nil || *code == "" {
		return ""
	}
	c, err := a.look().Codes.Code(a.ctx(), kind, *code)
	if err != nil {
		return *code
	}
	return c.Called(a.lang) + " " + c.Code
}

// firstAid is what the code's article says to try first, or "".
func (a *ask) firstAid(code string) string {
	c, err := a.look().Codes.Code(a.ctx(), knowledge.Fault, code)
	if err != nil {
		return ""
	}
	return c.Help(a.lang)
}

// skillNames are the names of skills by code.
func (a *ask) skills() ([]dispatch.Skill, error) {
	page, err := a.look().Board.Skills(a.ctx(), many)
	return page.Items, err
}

// users are the people in sight, for whoever may read them: their names by id and by login.
func (a *ask) users() (byID map[uuid.UUID]string, byLogin map[string]string) {
	if a.names != nil || !a.by.May(auth.ReadUsers) {
		return a.names, a.logins
	}
	a.names, a.logins = map[uuid.UUID]string{}, map[string]string{}
	page, err := a.look().People.Users(a.ctx(), a.by.Scope(), many)
	if err != nil {
		return a.names, a.logins
	}
	for _, u := range page.Items {
		a.names[u.ID], a.logins[u.Login] = u.Name, u.Name
	}
	return a.names, a.logins
}

// called is the name of a user by id.
func (a *ask) called(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	names, _ := a.users()
	return names[*id]
}

// Views of the domain.

func lineViews(list []workorders.QuoteLine) []templates.Line {
	out := make([]templates.Line, 0, len(list))
	for _, l := range list {
		out = append(out, templates.Line{Kind: l.Kind, Description: l.Description, SKU: zero(l.SKU), Quantity: l.Quantity, Unit: l.UnitMinor, Amount: l.AmountMinor})
	}
	return out
}

func receiptLines(list []billing.Line) []templates.Line {
	out := make([]templates.Line, 0, len(list))
	for _, l := range list {
		out = append(out, templates.Line{Kind: l.Kind, Description: l.Description, SKU: l.SKU, Quantity: l.Quantity, Unit: l.UnitMinor, Amount: l.AmountMinor, Covered: l.Covered})
	}
	return out
}

func (a *ask) receiptRow(r billing.Receipt) templates.ReceiptRow {
	return templates.ReceiptRow{Number: r.Number, State: string(r.State), IssuedAt: r.IssuedAt, OrderNumber: r.OrderNumber, Customer: r.CustomerName, Total: r.TotalMinor, Paid: r.PaidMinor, Engineer: r.EngineerName,
		AgeDays: int(a.now.Sub(r.IssuedAt).Hours() / 24)}
}

func (a *ask) quoteView(q workorders.Quote, acts bool) templates.Quote {
	v := templates.Quote{ID: q.ID.String(), Number: q.Number, Purpose: q.Purpose, State: string(q.State), Lines: lineViews(q.Lines), Total: q.TotalMinor, Limit: zero(q.LimitMinor), Deduct: q.DeductIfRepaired, Terms: q.Terms,
		ValidUntil: q.ValidTo.Add(-time.Minute), SentAt: zero(q.SentAt), DecidedBy: zero(q.ApprovedBy), How: zero(q.ApprovedHow), Reason: zero(q.DeclineReason), Link: a.shownMe["link:"+q.ID.String()]}
	if q.ApprovedAt != nil {
		v.DecidedAt = *q.ApprovedAt
	} else if q.DeclinedAt != nil {
		v.DecidedAt = *q.DeclinedAt
	}
	if !acts {
		return v
	}
	for _, act := range workorders.QuoteMoves.Actions(q.State) {
		switch {
		case act == "send" && a.by.May(auth.SendQuote), (act == "approve" || act == "decline") && a.by.May(auth.ApproveQuote):
			v.Allowed = append(v.Allowed, act)
		}
	}
	return v
}

func (a *ask) sheetView(s workorders.Sheet) templates.Sheet {
	v := templates.Sheet{ID: s.ID.String(), Version: s.Edition, SubmittedAt: s.SubmittedAt, Engineer: s.EngineerName, Outcome: s.Outcome, Fault: a.code(knowledge.Fault, s.FaultCode), Cause: a.code(knowledge.Cause, s.CauseCode),
		Action: a.code(knowledge.Action, s.ActionCode), Notes: s.Notes, Work: zero(s.WorkMinutes), Travel: zero(s.TravelMinutes), ArrivedAt: zero(s.ArrivedAt), FinishedAt: s.FinishedAt,
		Signer: zero(s.SignerName), Unsigned: zero(s.NoSignatureReason), EnteredBy: a.called(s.EnteredBy)}
	for _, p := range s.Parts {
		v.Parts = append(v.Parts, templates.PartLine{SKU: p.SKU, Name: p.Name, Quantity: p.Quantity, Used: p.Quantity, State: "used", Place: p.FromPlaceCode, Serial: zero(p.SerialNumber)})
		if p.Booking == "unreconciled" {
			v.Marks = append(v.Marks, a.t("mark.unreconciled", p.SKU))
		}
	}
	if s.OverApprovedMinor > 0 {
		v.Marks = append(v.Marks, a.t("mark.over_approved", templates.Chrome{}.Money(s.OverApprovedMinor)))
	}
	if s.ReplacedAt != nil {
		v.Marks = append(v.Marks, a.t("mark.replaced"))
	}
	if s.EnteredBy != nil && s.VerifiedAt == nil {
		v.Marks = append(v.Marks, a.t("mark.from_paper"))
	}
	if s.EnteredBy != nil && s.VerifiedAt == nil && s.ReplacedAt == nil && *s.EnteredBy != a.by.UserID && a.by.May(auth.CorrectSheet) {
		v.Allowed = append(v.Allowed, "verify")
	}
	if s.ReplacedAt == nil && a.by.May(auth.CorrectSheet) {
		v.Allowed = append(v.Allowed, "correct")
	}
	w := templates.Chrome{Lang: a.lang}
	var hurt workorders.Incident
	if len(s.Incident) > 0 && json.Unmarshal(s.Incident, &hurt) == nil {
		v.Incident = joined(hurt.What, hurt.AgreedText)
	}
	var taken workorders.Acceptance
	if len(s.Acceptance) > 0 && json.Unmarshal(s.Acceptance, &taken) == nil && taken.Result != "" {
		v.Acceptance = joined(w.Word("result", taken.Result), taken.Name)
		for _, d := range taken.Defects {
			v.Acceptance = joined(v.Acceptance, d.Text)
		}
	}
	var fitted []workorders.InstalledItem
	if len(s.Installed) > 0 && json.Unmarshal(s.Installed, &fitted) == nil {
		for _, i := range fitted {
			v.Installed = append(v.Installed, joined(i.Model, i.SerialNumber, i.Position))
		}
	}
	if list, err := a.look().Cabinet.Of(a.ctx(), files.OfSheet(s.OrgID, s.ID)); err == nil {
		v.Photos = a.fileViews(list)
	}
	return v
}

func (a *ask) fileViews(list []files.File) []templates.File {
	c := templates.Chrome{Lang: a.lang}
	var out []templates.File
	for _, f := range list {
		name := c.Word("photo", f.Kind)
		if name == "" {
			name = a.t("ui.photos")
		}
		out = append(out, templates.File{Path: "/files/" + f.ID.String(), Name: name, Image: strings.HasPrefix(f.Mime, "image/")})
	}
	return out
}

func deviceName(brand, category, model string) string {
	return strings.Join(slices.DeleteFunc([]string{brand, model, category}, func(s string) bool { return strings.TrimSpace(s) == "" }), " ")
}

func (a *ask) deviceView(d customers.Asset) templates.Device {
	v := templates.Device{ID: d.ID.String(), Name: deviceName(d.Brand, d.Category, d.Model), Serial: zero(d.SerialNumber), Plate: zero(d.Plate), PurchasedOn: dateText(d.PurchasedOn), InstalledOn: dateText(d.InstalledOn), WarrantyUntil: dateText(d.WarrantyUntil)}
	if d.Coverage != nil {
		line := d.Coverage.For(customers.Labour)
		v.Coverage, v.CoverageWhy = string(line.Source), line.Text(a.lang)
		for _, hint := range d.Coverage.Hints {
			v.Hints = append(v.Hints, hint.Text(a.lang))
		}
		if v.WarrantyUntil == "" {
			v.WarrantyUntil = dateText(d.Coverage.MakerUntil)
		}
	}
	return v
}

// covered says on whose cost the work of a request or an order is.
func (a *ask) covered(raw json.RawMessage) (source, why string) {
	var c customers.Coverage
	if len(raw) == 0 || json.Unmarshal(raw, &c) != nil || len(c.Lines) == 0 {
		return "", ""
	}
	line := c.For(customers.Labour)
	return string(line.Source), line.Text(a.lang)
}

func (a *ask) siteView(s customers.Site) templates.Place {
	return templates.Place{ID: s.ID.String(), Address: s.Address, Region: a.regionName(s.RegionCode), AccessNotes: s.AccessNotes, OpenHours: s.OpenHours, RegionCode: s.RegionCode, Lat: zero(s.Lat), Lng: zero(s.Lng)}
}

// dashed writes an act of a machine as the forms spell it.
func dashed(list []string) []string {
	out := make([]string, len(list))
	for i, act := range list {
		out[i] = strings.ReplaceAll(act, "_", "-")
	}
	return out
}

// pickupView is a slip with what this person may do about it.
func (a *ask) pickupView(p inventory.Pickup) templates.Pickup {
	v := templates.Pickup{ID: p.ID.String(), State: string(p.State), Place: p.PlaceName, Engineer: p.EngineerName, OrderNumber: p.WorkOrderNumber, NeededBy: p.NeededBy}
	for _, l := range p.Lines {
		v.Lines = append(v.Lines, templates.PartLine{SKU: l.SKU, Name: l.PartName, Unit: l.Unit, Quantity: l.Quantity})
	}
	may := map[string]auth.Permission{"ready": auth.HandOutParts, "hand-over": auth.ReceivePickup, "receive": auth.HandOutParts, "cancel": auth.CancelPickup}
	for _, act := range dashed(p.AllowedActions) {
		if need, ok := may[act]; ok && a.by.May(need) {
			v.Allowed = append(v.Allowed, act)
		}
	}
	return v
}

// fetched is a slip as the engineer sees it: what he does at the counter is to receive the parts.
func (a *ask) fetched(p inventory.Pickup) templates.Pickup {
	v := a.pickupView(p)
	hand := slices.Contains(v.Allowed, "hand-over")
	v.Allowed = nil
	if hand {
		v.Allowed = []string{"receive"}
	}
	return v
}

func orderLink(number, text string, state workorders.OrderState) templates.Link {
	return templates.Link{Path: "/orders/" + number, Text: strings.TrimSpace(number + " " + text), Kind: "order", State: string(state)}
}

func requestLink(number, text string, state workorders.RequestState) templates.Link {
	return templates.Link{Path: "/requests/" + number, Text: strings.TrimSpace(number + " " + text), Kind: "request", State: string(state)}
}

// whole sums over every page of a list.
func whole[T any](ctx context.Context, read func(ctx context.Context, ask keyset.Ask) (keyset.Page[T], error), add func(T)) error {
	next := many
	for range 200 {
		page, err := read(ctx, next)
		if err != nil {
			return err
		}
		for _, row := range page.Items {
			add(row)
		}
		if page.NextCursor == "" {
			return nil
		}
		next.Cursor = page.NextCursor
	}
	return nil
}

// owed is what a customer still has to pay, in words; empty when it is nothing.
func (a *ask) owed(customer uuid.UUID) string {
	if !a.by.May(auth.ReadReceipts) {
		return ""
	}
	var sum money.Fen
	err := whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[billing.Receipt], error) {
		return a.look().Till.Receipts(ctx, a.by.Scope(), billing.ReceiptFilter{Ask: ask, CustomerID: &customer})
	}, func(r billing.Receipt) { sum += r.BalanceMinor })
	if err != nil || sum == 0 {
		return ""
	}
	return templates.Chrome{Lang: a.lang}.Money(sum)
}

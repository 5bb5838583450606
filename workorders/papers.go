package workorders

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/money"
	"paigong/workorders/aftercare"
	"paigong/workorders/customers"
)

// Dossier is what any paper says about an order: who, where, which device, who pays, what is promised. A
// call after advice by phone has a request and no order; then ID, Kind and State are the request's and
// Number is empty.
type Dossier struct {
	ID            uuid.UUID  `bun:"id"`
	AssetID       *uuid.UUID `bun:"asset_id"`
	OrgID         int32      `bun:"org_id"`
	ServingOrgID  int32      `bun:"serving_org_id"`
	Number        string     `bun:"number"`
	RequestNumber string     `bun:"request_number"`
	ReceivedAt    *time.Time `bun:"received_at"`
	Kind          string     `bun:"kind"`
	Mode          string     `bun:"mode"`
	State         string     `bun:"state"`
	Priority      int        `bun:"priority"`
	Summary       string     `bun:"summary"`
	Description   string     `bun:"description"`
	Told          string     `bun:"told"`   // what the customer was told when he reported it
	Advice        string     `bun:"advice"` // how it was to be solved by phone, before it came back
	Photos        int        `bun:"photos"`
	Chases        int        `bun:"chase_count"`
	FinishedAt    *time.Time `bun:"finished_at"`
	HeldBy        string     `bun:"original_holder"` // who holds the signed original
	Windows       int        `bun:"windows"`         // how often it was dispatched or moved
	DispatchedBy  string     `bun:"dispatched_by"`
	DispatchedAt  *time.Time `bun:"dispatched_at"`
	AnnouncedFrom *time.Time `bun:"announced_from"`
	AnnouncedTo   *time.Time `bun:"announced_to"`
	Zone          string     `bun:"zone"` // of the site

	CustomerID    *uuid.UUID `bun:"customer_id"`
	Customer      string     `bun:"customer"`
	Phone         string     `bun:"phone"`
	Class         string     `bun:"class"`
	Language      string     `bun:"language"`
	CustomerNotes string     `bun:"customer_notes"`
	Payer         string     `bun:"payer"`
	Contact       string     `bun:"contact"`
	ContactPhone  string     `bun:"contact_phone"`
	ContactRole   string     `bun:"contact_role"`
	BestTime      string     `bun:"best_time"`
	Address       string     `bun:"address"`
	AccessNotes   string     `bun:"access_notes"`
	Complaint     bool       `bun:"complaint"` // one is open that everybody may know of

	Category      string         `bun:"category"`
	Brand         string         `bun:"brand"`
	Model         string         `bun:"model"`
	Serial        string         `bun:"serial"`
	Plate         string         `bun:"plate"`
	PurchasedOn   *calendar.Date `bun:"purchased_on"`
	InstalledOn   *calendar.Date `bun:"installed_on"`
	WarrantyUntil *calendar.Date `bun:"warranty_until"`
	Proof         string         `bun:"proof"`

	CoverageJSON  json.RawMessage `bun:"coverage"`
	CallOutMinor  *money.Fen      `bun:"call_out_minor"`
	OfferedMinor  *money.Fen      `bun:"offered_minor"` // a call-out fee the customer has not agreed to
	DeductCallOut bool            `bun:"deduct_call_out"`
	LimitMinor    money.Fen       `bun:"limit_minor"` // agreed for the repair, up to

	RepeatID *uuid.UUID         `bun:"repeat_of_order"`
	Coverage customers.Coverage `bun:"-"`
	Parts    []DossierPart      `bun:"-"`
	Visits   []DossierVisit     `bun:"-"`
	History  []PastRepair       `bun:"-"` // the last three of the device, newest first
	RepeatOf *PastRepair        `bun:"-"` // the repair that did not last
}

// DossierPart is a part an order needs, with the place it was promised from.
type DossierPart struct {
	OrderID  uuid.UUID `bun:"order_id"`
	SKU      string    `bun:"sku"`
	Name     string    `bun:"name"`
	Unit     string    `bun:"unit"`
	Quantity int64     `bun:"quantity"`
	Place    string    `bun:"place"`
	Pickup   string    `bun:"pickup"`
	Awaiting bool      `bun:"awaiting"` // the visit goes without it
}

// DossierVisit is a visit as papers name it.
type DossierVisit struct {
	ID            uuid.UUID  `bun:"id"`
	OrderID       uuid.UUID  `bun:"order_id"`
	EngineerID    uuid.UUID  `bun:"engineer_id"`
	Lead          bool       `bun:"lead"`
	LeadVisitID   *uuid.UUID `bun:"lead_visit_id"`
	Mode          string     `bun:"mode"`
	State         string     `bun:"state"`
	StartsAt      time.Time  `bun:"starts_at"`
	EndsAt        time.Time  `bun:"ends_at"`
	From          *time.Time `bun:"announced_from"`
	To            *time.Time `bun:"announced_to"`
	ConfirmedAt   *time.Time `bun:"confirmed_at"`
	TravelMinutes int        `bun:"travel_minutes"`
	Engineer      string     `bun:"engineer"`
	StaffNumber   string     `bun:"staff_number"`
	Phone         string     `bun:"phone"`
}

// open reports whether somebody still has to go.
func (v DossierVisit) open() bool {
	return slices.Contains([]string{"dispatched", "accepted", "en_route", "on_site", "paused"}, v.State)
}

// Window is what the customer was told, or the slot itself.
func (v DossierVisit) Window() (from, to time.Time) {
	if v.From != nil && v.To != nil {
		return *v.From, *v.To
	}
	return v.StartsAt, v.EndsAt
}

// PastRepair is an earlier repair in words.
type PastRepair struct {
	OrderID    uuid.UUID `bun:"order_id"`
	OfID       uuid.UUID `bun:"of_id"` // the order in whose dossier it stands
	Order      string    `bun:"number"`
	FinishedAt time.Time `bun:"finished_at"`
	Fault      string    `bun:"fault"`
	Action     string    `bun:"action"`
	Engineer   string    `bun:"engineer"`
}

// Visit is the visit a paper is about: the open one, else the last.
func (d *Dossier) Visit() *DossierVisit {
	var last *DossierVisit
	for i := range d.Visits {
		v := &d.Visits[i]
		if v.Lead && (last == nil || v.open() || !last.open()) {
			last = v
		}
	}
	return last
}

// VisitByID is one visit of the order, or nil.
func (d *Dossier) VisitByID(id uuid.UUID) *DossierVisit {
	if i := slices.IndexFunc(d.Visits, func(v DossierVisit) bool { return v.ID == id }); i >= 0 {
		return &d.Visits[i]
	}
	return nil
}

// Helpers are who goes along.
func (d *Dossier) Helpers(lead uuid.UUID) []DossierVisit {
	var out []DossierVisit
	for _, v := range d.Visits {
		if v.LeadVisitID != nil && *v.LeadVisitID == lead && v.State != "cancelled" && v.State != "declined" {
			out = append(out, v)
		}
	}
	return out
}

// Location is the zone in which the customer's papers are written.
func (d *Dossier) Location() *time.Location {
	if loc, err := time.LoadLocation(d.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Dossier reads what papers say about one order, by id or number. Unknown and not visible are the same
// fault.NotFound. Names of codes come in the language given.
func (d *Desk) Dossier(ctx context.Context, by auth.Caller, ref, lang string) (*Dossier, error) {
	o, err := findOrder(ctx, d.reader(ctx), by.Scope(), ref)
	if err != nil {
		return nil, err
	}
	all, err := readDossiers(ctx, d.reader(ctx), lang, []uuid.UUID{o.ID}, nil)
	if err != nil {
		return nil, err
	}
	return all[o.ID], nil
}

// SheetsOf are the sheets of an order whose dossier the caller was given, oldest first, with what became
// of the old parts.
func (d *Desk) SheetsOf(ctx context.Context, of *Dossier) ([]Sheet, []OldPart, error) {
	sheets, err := sheetsOf(ctx, d.reader(ctx), of.ID)
	if err != nil {
		return nil, nil, err
	}
	old, err := oldPartsOf(ctx, d.reader(ctx), of.ID)
	return sheets, old, err
}

// QuotesOf are the quotes of an order whose dossier the caller was given, oldest first.
func (d *Desk) QuotesOf(ctx context.Context, of *Dossier) ([]Quote, error) {
	return quotesOf(ctx, d.reader(ctx), of.ID)
}

// BaseURL is where customers reach the house; empty when nobody said.
func (d *Desk) BaseURL() string { return d.baseURL }

// IssuePaper keeps a paper as it was handed out, or gives the one that was kept under the same subject,
// kind, language, copy and version before: everybody gets the same bytes.
//
// token is that of the link drawn on it, see PaperLink, or "". It opens the customer's page from now on, if
// this rendering is the one that stays.
func (d *Desk) IssuePaper(ctx context.Context, by auth.Caller, p files.Paper, token string) (files.Paper, error) {
	var kept files.Paper
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if kept, err = w.cabinet.Issue(ctx, p); err != nil || token == "" || !bytes.Equal(kept.Bytes, p.Bytes) {
			return err
		}
		return w.enterPaperLink(ctx, p, token)
	})
	return kept, err
}

// ReprintPaper lets the link on a further print of a paper open the customer's page; the print itself is not kept.
func (d *Desk) ReprintPaper(ctx context.Context, by auth.Caller, p files.Paper, token string) error {
	if token == "" {
		return nil
	}
	return d.change(ctx, by, func(ctx context.Context, w *work) error { return w.enterPaperLink(ctx, p, token) })
}

func (w *work) enterPaperLink(ctx context.Context, p files.Paper, token string) error {
	return w.people.In(w.tx).EnterLink(ctx, auth.Link{OrgID: p.OrgID, OrderID: *p.OrderID, Purpose: "paper", ExpiresAt: w.at.Add(paperLinkGood)}, token)
}

// StackFilter says whose papers of a day are wanted.
type StackFilter struct {
	Day      calendar.Date
	Zone     *time.Location // in which the day is counted
	Region   string         // that region and everything below it
	Engineer *uuid.UUID
	// Organisation is a code: work that it serves, and days of engineers who belong to it.
	Organisation string
}

func (f StackFilter) span() (from, to time.Time) {
	return f.Day.In(f.Zone), f.Day.AddDays(1).In(f.Zone)
}

// mostPapers is how many orders one stack may hold.
const mostPapers = 1000

func tooManyPapers() error {
	return fault.New(fault.Invalid, "stack_too_large", "that is more than %d papers: narrow it by region or engineer", mostPapers).Field("query.region", "or query.engineer")
}

// Today is the civil day at the caller's organisation, and the zone it is counted in.
func (d *Desk) Today(ctx context.Context, by auth.Caller) (calendar.Date, *time.Location, error) {
	people := d.people.In(d.reader(ctx))
	org, err := people.Organisation(ctx, by.OrgID)
	if by.OrgID == 0 {
		org, err = people.Head(ctx)
	}
	if err != nil {
		return calendar.Date{}, nil, err
	}
	return calendar.Of(d.now(), org.Location()), org.Location(), nil
}

// DossiersOfDay are the orders that somebody is booked for on a day, by engineer and time.
func (d *Desk) DossiersOfDay(ctx context.Context, by auth.Caller, f StackFilter, lang string) ([]*Dossier, error) {
	visits, err := dayVisits(ctx, d.reader(ctx), by.Scope(), f, false)
	if err != nil {
		return nil, err
	}
	return d.dossiersOf(ctx, visits, lang)
}

func (d *Desk) dossiersOf(ctx context.Context, visits []dayVisit, lang string) ([]*Dossier, error) {
	var ids []uuid.UUID
	seen := map[uuid.UUID]bool{}
	for _, v := range visits {
		if !seen[v.OrderID] {
			ids, seen[v.OrderID] = append(ids, v.OrderID), true
		}
	}
	all, err := readDossiers(ctx, d.reader(ctx), lang, ids, nil)
	if err != nil {
		return nil, err
	}
	out := make([]*Dossier, 0, len(ids))
	for _, id := range ids {
		out = append(out, all[id])
	}
	return out, nil
}

// EngineerDay is what one engineer has before him.
type EngineerDay struct {
	ID          uuid.UUID  `bun:"id"`
	OrgID       int32      `bun:"org_id"`
	Name        string     `bun:"name"`
	StaffNumber string     `bun:"staff_number"`
	Phone       string     `bun:"phone"`
	Regions     string     `bun:"regions"`
	ShiftFrom   *time.Time `bun:"shift_from"`
	ShiftTo     *time.Time `bun:"shift_to"`

	Stops   []EngineerStop `bun:"-"` // in the order of the day
	Pickups []PickSlip     `bun:"-"`
}

// EngineerStop is a visit with its order.
type EngineerStop struct {
	Visit DossierVisit
	Order *Dossier
}

// EngineerDays are the days of the engineers in sight who have a visit on that day; a named engineer is
// there without one too. With a region: those with a visit there, each with his whole day.
func (d *Desk) EngineerDays(ctx context.Context, by auth.Caller, f StackFilter, lang string) ([]EngineerDay, error) {
	db := d.reader(ctx)
	visits, err := dayVisits(ctx, db, by.Scope(), f, true)
	if err != nil {
		return nil, err
	}
	days, err := dayEngineers(ctx, db, by.Scope(), f, visits)
	if err != nil {
		return nil, err
	}
	dossiers, err := d.dossiersOf(ctx, visits, lang)
	if err != nil {
		return nil, err
	}
	orders := map[uuid.UUID]*Dossier{}
	for _, o := range dossiers {
		orders[o.ID] = o
	}
	var ids []uuid.UUID
	for _, v := range visits {
		ids = append(ids, v.ID)
	}
	slips, err := pickSlips(ctx, db, "u.visit_id IN (?) AND u.state IN ('to_pick', 'ready', 'handed_over')", ids)
	if err != nil {
		return nil, err
	}
	for i := range days {
		day := &days[i]
		for _, v := range visits {
			if v.EngineerID != day.ID {
				continue
			}
			if visit := orders[v.OrderID].VisitByID(v.ID); visit != nil {
				day.Stops = append(day.Stops, EngineerStop{*visit, orders[v.OrderID]})
			}
		}
		for _, s := range slips {
			if s.EngineerID == day.ID {
				day.Pickups = append(day.Pickups, s)
			}
		}
	}
	return days, nil
}

// PickSlip is a pick-up as a store's paper lists it.
type PickSlip struct {
	ID          uuid.UUID
	Number      string
	OrgID       int32
	OrderID     uuid.UUID
	Order       string
	Customer    string
	VisitID     uuid.UUID
	PlaceID     uuid.UUID
	Place       string
	EngineerID  uuid.UUID
	Engineer    string
	StaffNumber string
	NeededBy    time.Time
	Lines       []PickSlipLine
}

// PickSlipLine is a part to fetch.
type PickSlipLine struct {
	SKU, Name, Unit, Serials string
	Quantity                 int64
}

// PickSlips are the pick-ups still to be handed out that are needed on a day, by store and engineer.
func (d *Desk) PickSlips(ctx context.Context, by auth.Caller, f StackFilter) ([]PickSlip, error) {
	return slipsOfDay(ctx, d.reader(ctx), by.Scope(), f)
}

// FollowUpFile is what a caller has before him when he calls.
type FollowUpFile struct {
	aftercare.FollowUp
	Dossier       *Dossier
	Done          string // what the sheets say was done, in words
	Parts         string // that were fitted
	Attempts      []FollowUpCall
	EarlierScores []EarlierScore // of the customer, newest first
	Promises      []OpenPromise
}

// FollowUpCall is one call as recorded, with the number of what it led to.
type FollowUpCall struct {
	FollowUpID      uuid.UUID        `bun:"follow_up_id"`
	At              time.Time        `bun:"at"`
	Caller          string           `bun:"actor"`
	Outcome         string           `bun:"outcome"`
	Scores          aftercare.Scores `bun:"scores,type:jsonb"`
	Comment         string           `bun:"comment"`
	Next            string           `bun:"next"`
	IdentityChecked bool             `bun:"identity_checked"`
	LedTo           string           `bun:"led_to"`
}

// EarlierScore is what the customer said another time.
type EarlierScore struct {
	CustomerID uuid.UUID     `bun:"customer_id"`
	On         calendar.Date `bun:"on"`
	Service    *int          `bun:"score_service"`
	Product    *int          `bun:"score_product"`
}

// OpenPromise is something the customer was told he would hear about.
type OpenPromise struct {
	OfID   uuid.UUID `bun:"of_id"`
	Reason string    `bun:"reason"`
	Text   string    `bun:"text"`
	DueAt  time.Time `bun:"due_at"`
}

// FollowUpFiles are the calls in sight that one of the filters finds, with everything around them, as each
// filter orders them; at most 1000.
func (d *Desk) FollowUpFiles(ctx context.Context, by auth.Caller, lang string, filters ...aftercare.FollowUpFilter) ([]FollowUpFile, error) {
	promises := d.promises.In(d.reader(ctx))
	var calls []aftercare.FollowUp
	for _, f := range filters {
		f.Limit = 500
		for {
			page, err := promises.FollowUps(ctx, by.Scope(), f)
			if err != nil {
				return nil, err
			}
			if calls = append(calls, page.Items...); len(calls) > mostPapers {
				return nil, tooManyPapers()
			}
			if f.Cursor = page.NextCursor; f.Cursor == "" {
				break
			}
		}
	}
	return d.followUpFiles(ctx, calls, lang)
}

// FollowUpFile is the call of an order whose dossier the caller was given: the one named, else the newest
// that was not superseded, else nil.
func (d *Desk) FollowUpFile(ctx context.Context, of *Dossier, id *uuid.UUID, lang string) (*FollowUpFile, error) {
	all, err := d.promises.In(d.reader(ctx)).OfOrder(ctx, of.ID)
	if err != nil {
		return nil, err
	}
	var found []aftercare.FollowUp
	for _, f := range all {
		if id != nil && f.ID == *id || id == nil && f.State != aftercare.Superseded {
			found = []aftercare.FollowUp{f}
		}
	}
	if len(found) == 0 {
		if id != nil {
			return nil, notFound("follow_up", id.String())
		}
		return nil, nil
	}
	whole, err := d.followUpFiles(ctx, found, lang)
	if err != nil {
		return nil, err
	}
	return &whole[0], nil
}

func (d *Desk) followUpFiles(ctx context.Context, calls []aftercare.FollowUp, lang string) ([]FollowUpFile, error) {
	db := d.reader(ctx)
	var ids, orders, requests, people []uuid.UUID
	for _, f := range calls {
		ids = append(ids, f.ID)
		switch {
		case f.OrderID != nil:
			orders = append(orders, *f.OrderID)
		case f.RequestID != nil:
			requests = append(requests, *f.RequestID)
		}
		if f.CustomerID != nil {
			people = append(people, *f.CustomerID)
		}
	}
	dossiers, err := readDossiers(ctx, db, lang, orders, requests)
	if err != nil {
		return nil, err
	}
	done, err := doneWords(ctx, db, lang, orders)
	if err != nil {
		return nil, err
	}
	said, err := followUpCalls(ctx, db, ids)
	if err != nil {
		return nil, err
	}
	scores, err := earlierScores(ctx, db, people, ids)
	if err != nil {
		return nil, err
	}
	open, err := openPromises(ctx, db, orders, requests)
	if err != nil {
		return nil, err
	}
	out := make([]FollowUpFile, 0, len(calls))
	for _, f := range calls {
		about := f.RequestID
		if f.OrderID != nil {
			about = f.OrderID
		}
		one := FollowUpFile{FollowUp: f, Dossier: &Dossier{}}
		if about != nil && dossiers[*about] != nil {
			one.Dossier = dossiers[*about]
			one.Done, one.Parts = done[*about].Said, done[*about].Parts
			one.Promises = open[*about]
		}
		if one.Done == "" {
			one.Done = one.Dossier.Advice
		}
		one.Attempts = said[f.ID]
		if f.CustomerID != nil {
			one.EarlierScores = scores[*f.CustomerID]
		}
		out = append(out, one)
	}
	return out, nil
}

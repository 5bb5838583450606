package workorders

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/inventory"
	"paigong/workorders/customers"
)

// Imported says what became of the rows of a file. New + Unchanged + len(Rejected) is the number of rows;
// Changed of the new ones are rows that were there with other content.
type Imported struct {
	New, Unchanged, Changed int
	Rejected                []RejectedRow
}

// RejectedRow is a row that was not taken, and why: in English, and for whoever reads another language either the
// refusal itself or what could not be read.
type RejectedRow struct {
	Line     int
	Why      string
	Err      error
	Problems []RowProblem
}

// RowProblem is a cell that cannot be read, or a whole row when Field is empty. Key is a text of the catalogue.
type RowProblem struct {
	Field, Key string
	Args       []any
}

// English says it with the field's own name, as the command line prints it.
func (p RowProblem) English() string {
	text := say.Text(say.English, p.Key, p.Args...)
	if p.Field != "" {
		return p.Field + ": " + text
	}
	return text
}

// ImportOptions hold for a whole file.
type ImportOptions struct {
	By  auth.Caller
	Org int32 // whose rows they become
	Dry bool  // look, count, and take nothing
}

// importSlice is how many rows of a file share a transaction.
const importSlice = 500

var errDryRun = errors.New("dry run")

// bring takes rows slice by slice, each in one transaction. A slice with a row that is refused is taken
// again row by row, so that one bad row costs itself alone. Anything but a refusal ends the import.
func bring[T any](ctx context.Context, d *Desk, o ImportOptions, rows []T, line func(T) int, take func(ctx context.Context, w *work, rows []T) (isNew []bool, err error)) (Imported, error) {
	var done Imported
	attempt := func(part []T) error {
		var fresh []bool
		err := d.change(ctx, o.By, func(ctx context.Context, w *work) (err error) {
			if fresh, err = take(ctx, w, part); err == nil && o.Dry {
				return errDryRun
			}
			return err
		})
		if err != nil && !errors.Is(err, errDryRun) {
			return err
		}
		for _, isNew := range fresh {
			if isNew {
				done.New++
			} else {
				done.Unchanged++
			}
		}
		return nil
	}
	for from := 0; from < len(rows); from += importSlice {
		slice := rows[from:min(from+importSlice, len(rows))]
		err := attempt(slice)
		if err == nil {
			continue
		}
		if !refusal(err) {
			return done, err
		}
		for i := range slice {
			err := attempt(slice[i : i+1])
			if err == nil {
				continue
			}
			if !refusal(err) {
				return done, err
			}
			done.Rejected = append(done.Rejected, RejectedRow{Line: line(slice[i]), Why: whyRefused(err), Err: err})
		}
	}
	return done, nil
}

// refusal tells a row that is wrong from a house that is on fire.
func refusal(err error) bool {
	f := fault.As(err)
	return f != nil && f.Kind != fault.Unavailable && f.Kind != fault.Forbidden
}

func whyRefused(err error) string {
	f := fault.As(err)
	why := f.Message
	for _, field := range f.Fields {
		why += fmt.Sprintf(" (%s: %s)", strings.TrimPrefix(field.Name, "body."), field.Message)
	}
	return why
}

// each makes a taker of slices from a taker of rows.
func each[T any](one func(ctx context.Context, w *work, row T) (isNew bool, err error)) func(context.Context, *work, []T) ([]bool, error) {
	return func(ctx context.Context, w *work, rows []T) ([]bool, error) {
		fresh := make([]bool, 0, len(rows))
		for _, row := range rows {
			isNew, err := one(ctx, w, row)
			if err != nil {
				return nil, err
			}
			fresh = append(fresh, isNew)
		}
		return fresh, nil
	}
}

type briefKey struct{}

// Brief marks bulk work that wants the effect of its calls and nothing to look at: orders and requests are
// returned as a list shows them, without visits, sheets, money and story.
func Brief(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

// Whole undoes Brief for a call whose answer is looked at.
func Whole(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, false) }

func brief(ctx context.Context) bool { yes, _ := ctx.Value(briefKey{}).(bool); return yes }

// RepairRecord is a repair that another system, or a paper file, tells about. Nothing follows from it: no
// clock runs, no message is sent, nobody is called; state and day are as the record says.
type RepairRecord struct {
	Line        int
	Ref         string        // its number there; the same number is taken once
	On          calendar.Date // the day it came in, counted in Zone
	Zone        *time.Location
	Outlet      string // who took it in; stands for the customer, whom the record does not name
	Kind        string // of request and order; "" = repair
	Region      string // code; made when it is not known and RegionName says what it is called
	RegionName  string
	Category    string
	Brand       string
	Model       string
	Year        *int // produced in
	Text        string
	State       OrderState // completed, cannot_complete or ready
	EndReason   string     // why it could not be completed
	Source      string     // file, for the timeline
	SourceState string     // the record's own word for the state
}

func (r RepairRecord) check() error {
	bad := func(field, why string) error {
		return fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body."+field, why)
	}
	switch {
	case strings.TrimSpace(r.Ref) == "":
		return bad("external_ref", "is empty, so a second run could not know the row again")
	case len(r.Ref) > 100:
		return bad("external_ref", "is longer than 100 characters")
	case r.On.IsZero():
		return bad("received_on", "is empty")
	case strings.TrimSpace(r.Region) == "":
		return bad("region", "is empty")
	case len(r.Text) > 20000:
		return bad("description", "is longer than 20000 characters")
	case r.State != OrderCompleted && r.State != OrderCannotComplete && r.State != OrderReady:
		return bad("state", fmt.Sprintf("%q is none of completed, cannot_complete, ready", string(r.State)))
	}
	return nil
}

// summary is the first line of what was reported, else the device.
func (r RepairRecord) summary() string {
	first, _, _ := strings.Cut(strings.TrimSpace(r.Text), "\n")
	for _, s := range []string{first, r.Category + " " + r.Brand, r.Ref} {
		if s = strings.TrimSpace(s); s != "" {
			return limitText(s, 200)
		}
	}
	return r.Ref
}

// ImportRepairs takes repairs of the past: for each a converted request, its order in the state the record
// says, the device without a serial number, and one stand-in customer per outlet.
func (d *Desk) ImportRepairs(ctx context.Context, o ImportOptions, rows []RepairRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r RepairRecord) int { return r.Line }, func(ctx context.Context, w *work, rows []RepairRecord) ([]bool, error) {
		return w.takeRepairs(ctx, o.Org, rows)
	})
}

func (w *work) takeRepairs(ctx context.Context, org int32, rows []RepairRecord) ([]bool, error) {
	var refs []string
	for _, r := range rows {
		if err := r.check(); err != nil {
			return nil, err
		}
		refs = append(refs, r.Ref)
	}
	known, err := importedRefs(ctx, w.tx, org, refs)
	if err != nil {
		return nil, err
	}
	isNew := make([]bool, len(rows))
	var fresh []RepairRecord
	for i, r := range rows {
		if isNew[i] = !known[r.Ref]; isNew[i] {
			known[r.Ref] = true // the same number twice in one file is one repair
			fresh = append(fresh, r)
		}
	}
	if len(fresh) == 0 {
		return isNew, nil
	}
	if err := w.newRegions(ctx, fresh); err != nil {
		return nil, err
	}
	outlets, err := w.outlets(ctx, org, fresh)
	if err != nil {
		return nil, err
	}
	requests, err := w.numbers(ctx, "SR", org, len(fresh))
	if err != nil {
		return nil, err
	}
	orders, err := w.numbers(ctx, "WO", org, len(fresh))
	if err != nil {
		return nil, err
	}
	ids := uuid.NewGen() // its own, since these ids carry the day of the repair, so that lists stay in order
	id := func(at time.Time) uuid.UUID { return uuid.Must(ids.NewV7AtTime(at)) }
	batch := make([]repairRow, len(fresh))
	for i, r := range fresh {
		at := r.On.In(r.Zone).UTC()
		if at.After(w.at) {
			return nil, fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body.received_on", "lies in the future")
		}
		site := outlets[outletKey{r.Outlet, r.Region}]
		row := repairRow{Request: id(at), Order: id(at), Asset: id(at), Story: id(at), RequestNumber: requests[i], OrderNumber: orders[i], Ref: r.Ref, At: at, RegisteredAt: w.at,
			Kind: r.Kind, Customer: site.CustomerID, Site: site.ID, Region: r.Region, Category: r.Category, Brand: r.Brand, Model: r.Model, Year: r.Year,
			Summary: r.summary(), Text: r.Text, State: string(r.State), Source: r.Source, SourceState: r.SourceState, Outlet: r.Outlet}
		if row.Kind == "" {
			row.Kind = "repair"
		}
		if r.State != OrderReady {
			row.FinishedAt = &at
		}
		if r.State == OrderCannotComplete {
			row.EndReason = r.EndReason
			if strings.TrimSpace(row.EndReason) == "" {
				row.EndReason = "not recorded"
			}
		}
		batch[i] = row
	}
	return isNew, insertRepairs(ctx, w, org, batch)
}

// newRegions enters the regions that records name and nobody has entered.
func (w *work) newRegions(ctx context.Context, rows []RepairRecord) error {
	known, err := regionCodes(ctx, w.tx)
	if err != nil {
		return err
	}
	var list []dispatch.RegionInput
	for _, r := range rows {
		if r.RegionName != "" && !known[r.Region] {
			known[r.Region] = true
			list = append(list, dispatch.RegionInput{Code: r.Region, Name: r.RegionName})
		}
	}
	_, err = w.board.AddRegions(ctx, list)
	return err
}

type outletKey struct{ name, region string }

// unnamedOutlet stands for the outlet of records that name none.
const unnamedOutlet = "—"

// outlets finds or makes the stand-in customer of each outlet, with a site in each of its regions.
func (w *work) outlets(ctx context.Context, org int32, rows []RepairRecord) (map[outletKey]customers.Site, error) {
	sites := map[outletKey]customers.Site{}
	for _, r := range rows {
		key := outletKey{r.Outlet, r.Region}
		if _, ok := sites[key]; ok {
			continue
		}
		name := strings.TrimSpace(r.Outlet)
		if name == "" {
			name = unnamedOutlet
		}
		ref := limitText("outlet:"+name, 100)
		customer, site, err := findOutlet(ctx, w.tx, org, ref, r.Region)
		if err != nil {
			return nil, err
		}
		if customer == nil {
			c, err := w.AddCustomer(ctx, w.by, customers.CustomerInput{Name: limitText(name, 200), ExternalRef: &ref, OrgID: org, Origin: "import"})
			if err != nil {
				return nil, err
			}
			customer = &c.ID
		}
		if site == nil {
			made, err := w.book.AddSite(ctx, w.by, *customer, customers.SiteInput{Address: limitText(name, 500), RegionCode: r.Region})
			if err != nil {
				return nil, err
			}
			site = &made
		}
		sites[key] = *site
	}
	return sites, nil
}

// CustomerRecord is a customer of another system, with a place and a person if the record has them.
type CustomerRecord struct {
	Line         int
	Customer     customers.CustomerInput // ExternalRef is what a second run knows it by; without, name and phone
	Site         *customers.SiteInput
	Contact      *customers.ContactInput
	PhoneRegion  string // where a number without country code belongs; "" = CN
	Organisation string // code; "" = the import's own
}

// ImportCustomers takes customers; one that is there already is left alone.
func (d *Desk) ImportCustomers(ctx context.Context, o ImportOptions, rows []CustomerRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r CustomerRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r CustomerRecord) (bool, error) {
		org, err := w.importOrg(ctx, o, r.Organisation)
		if err != nil {
			return false, err
		}
		in := r.Customer
		in.OrgID, in.Origin = org, "import"
		if in.Phone != "" {
			if in.Phone, err = customers.NormalisePhone(in.Phone, r.PhoneRegion); err != nil {
				return false, err
			}
		}
		there, err := customerThere(ctx, w.tx, org, in.ExternalRef, in.Name, in.Phone)
		if err != nil || there {
			return false, err
		}
		c, err := w.AddCustomer(ctx, w.by, in)
		if err != nil {
			return false, err
		}
		if r.Site != nil {
			if _, err := w.book.AddSite(ctx, w.by, c.ID, *r.Site); err != nil {
				return false, err
			}
		}
		if r.Contact != nil {
			if _, err := w.book.AddContact(ctx, w.by, c.ID, *r.Contact); err != nil {
				return false, err
			}
		}
		return true, nil
	}))
}

func (w *work) importOrg(ctx context.Context, o ImportOptions, code string) (int32, error) {
	if code == "" {
		return o.Org, nil
	}
	return w.orgFor(ctx, code)
}

// AssetRecord is a device of a customer who is there already.
type AssetRecord struct {
	Line     int
	Customer string               // external reference or number of the customer
	Asset    customers.AssetInput // ExternalRef, else SerialNumber, is what a second run knows it by
}

// ImportAssets takes devices to the first site of their customers.
func (d *Desk) ImportAssets(ctx context.Context, o ImportOptions, rows []AssetRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r AssetRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r AssetRecord) (bool, error) {
		in := r.Asset
		in.Origin = "import"
		if in.ExternalRef == nil && in.SerialNumber == nil {
			return false, fault.New(fault.Invalid, "record_invalid", "a device needs a serial number or a number of its own, so that a second run knows it again").Field("body.serial_number", "and external_ref are both empty")
		}
		site, err := siteOfCustomer(ctx, w.tx, o.Org, r.Customer)
		if err != nil {
			return false, err
		}
		in.SiteID = site
		there, err := assetThere(ctx, w.tx, site, in.ExternalRef, in.SerialNumber)
		if err != nil || there {
			return false, err
		}
		_, err = w.AddAsset(ctx, w.by, in)
		return true, err
	}))
}

// PartRecord is an article of the parts list.
type PartRecord struct {
	Line int
	Part inventory.PartInput
}

// ImportParts takes articles, known by their SKU.
func (d *Desk) ImportParts(ctx context.Context, o ImportOptions, rows []PartRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r PartRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r PartRecord) (bool, error) {
		_, err := w.stock.PartsBySKU(ctx, r.Part.SKU)
		if err == nil || !fault.HasCode(err, "unknown_sku") {
			return false, err
		}
		_, err = w.stock.AddPart(ctx, r.Part)
		return true, err
	}))
}

// StockRecord is a count: so many pieces lie there.
type StockRecord struct {
	Line          int
	SKU, Place    string
	Condition     inventory.Condition // "" = good
	Quantity      int64
	SerialNumbers []string
}

// ImportStock books the difference between a count and the ledger, so a second run books nothing.
func (d *Desk) ImportStock(ctx context.Context, o ImportOptions, rows []StockRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r StockRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r StockRecord) (bool, error) {
		if r.Condition == "" {
			r.Condition = inventory.Good
		}
		if r.Quantity < 0 {
			return false, fault.New(fault.Invalid, "record_invalid", "the row cannot be taken").Field("body.quantity", "is less than nothing")
		}
		if _, err := w.stock.PlaceByCode(ctx, w.by.Scope(), r.Place); err != nil {
			return false, err
		}
		if _, err := w.stock.PartsBySKU(ctx, r.SKU); err != nil {
			return false, err
		}
		have, serials, err := onHand(ctx, w.tx, r)
		if err != nil || have == r.Quantity {
			return false, err
		}
		why := "opening count, imported"
		in := inventory.MovementInput{Kind: "adjust", SKU: r.SKU, Quantity: r.Quantity - have, Condition: &r.Condition, ToCondition: &r.Condition, Reason: &why}
		if in.Quantity > 0 {
			in.ToPlace = &r.Place
			for _, s := range r.SerialNumbers {
				if !serials[s] {
					in.SerialNumbers = append(in.SerialNumbers, s)
				}
			}
		} else {
			in.Quantity, in.FromPlace = -in.Quantity, &r.Place
			for s := range serials {
				if !contains(r.SerialNumbers, s) {
					in.SerialNumbers = append(in.SerialNumbers, s)
				}
			}
		}
		_, err = w.MoveStock(ctx, w.by, in)
		return true, err
	}))
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// RegionRecord is a division code.
type RegionRecord struct {
	Line   int
	Region dispatch.RegionInput
}

// ImportRegions takes a whole list of codes in one transaction, in any order; codes that are not in it stay.
// A row that cannot be right is left out, and with it whatever lies below it.
func (d *Desk) ImportRegions(ctx context.Context, o ImportOptions, rows []RegionRecord) (Imported, error) {
	var done Imported
	err := d.change(ctx, o.By, func(ctx context.Context, w *work) error {
		done = Imported{}
		known, err := regionCodes(ctx, w.tx)
		if err != nil {
			return err
		}
		kept := rows
		for again := true; again; { // leaving out a parent leaves out its children
			again = false
			listed := map[string]bool{}
			for _, r := range kept {
				listed[r.Region.Code] = true
			}
			var next []RegionRecord
			for _, r := range kept {
				var why *RowProblem
				switch p := r.Region.ParentCode; {
				case r.Region.Code == "":
					why = &RowProblem{Field: "code", Key: "import.empty"}
				case strings.TrimSpace(r.Region.Name) == "":
					why = &RowProblem{Field: "name", Key: "import.empty"}
				case p != nil && *p == r.Region.Code:
					why = &RowProblem{Key: "import.region_circle"}
				case p != nil && !listed[*p] && !known[*p]:
					why = &RowProblem{Key: "import.region_parent", Args: []any{*p}}
				}
				if why == nil {
					next = append(next, r)
					continue
				}
				done.Rejected = append(done.Rejected, RejectedRow{Line: r.Line, Why: why.English(), Problems: []RowProblem{*why}})
				again = true
			}
			kept = next
		}
		list := make([]dispatch.RegionInput, 0, len(kept))
		seen := map[string]bool{}
		for _, r := range kept {
			if seen[r.Region.Code] {
				done.Unchanged++
				continue
			}
			seen[r.Region.Code] = true
			list = append(list, r.Region)
		}
		taken, err := w.board.AddRegions(ctx, list)
		if err != nil {
			return err
		}
		done.New, done.Changed, done.Unchanged = taken.New+taken.Changed, taken.Changed, done.Unchanged+taken.Unchanged
		if o.Dry {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return done, err
}

// EngineerRecord is an engineer, known by his staff number.
type EngineerRecord struct {
	Line     int
	Engineer dispatch.EngineerInput
}

// ImportEngineers takes engineers; one whose staff number is there already is left alone.
func (d *Desk) ImportEngineers(ctx context.Context, o ImportOptions, rows []EngineerRecord) (Imported, error) {
	return bring(ctx, d, o, rows, func(r EngineerRecord) int { return r.Line }, each(func(ctx context.Context, w *work, r EngineerRecord) (bool, error) {
		in := r.Engineer
		if in.StaffNumber == nil || strings.TrimSpace(*in.StaffNumber) == "" {
			return false, fault.New(fault.Invalid, "record_invalid", "an engineer needs a staff number, so that a second run knows him again").Field("body.staff_number", "is empty")
		}
		code := ""
		if in.OrganisationCode != nil {
			code = *in.OrganisationCode
		}
		org, err := w.importOrg(ctx, o, code)
		if err != nil {
			return false, err
		}
		there, err := engineerThere(ctx, w.tx, org, *in.StaffNumber)
		if err != nil || there {
			return false, err
		}
		_, err = w.board.AddEngineer(ctx, in, org)
		return true, err
	}))
}

// HolidayRecord is a day that differs from Monday to Friday.
type HolidayRecord struct {
	Line    int
	On      calendar.Date
	Working bool
	Name    string
	Source  string
}

// ImportHolidays loads the days of each year they are in; a year that stands like this already is left alone.
func (d *Desk) ImportHolidays(ctx context.Context, o ImportOptions, rows []HolidayRecord) (Imported, error) {
	years := map[int][]HolidayRecord{}
	var order []int
	for _, r := range rows {
		y := r.On.Year()
		if _, ok := years[y]; !ok {
			order = append(order, y)
		}
		years[y] = append(years[y], r)
	}
	var done Imported
	for _, year := range order {
		days := years[year]
		err := d.change(ctx, o.By, func(ctx context.Context, w *work) error {
			have, err := loadedDays(ctx, w.tx, o.Org, year)
			if err != nil {
				return err
			}
			all := make([]calendar.Dated, 0, len(have)+len(days))
			fresh := 0
			for _, r := range days {
				day := calendar.Day{Working: r.Working, Name: r.Name}
				if was, ok := have[r.On]; !ok || was != day {
					fresh++
				}
				have[r.On] = day
			}
			for on, day := range have {
				all = append(all, calendar.Dated{Date: on, Day: day})
			}
			if fresh > 0 {
				if _, err := w.promises.PutYear(ctx, o.Org, year, all, days[0].Source); err != nil {
					return err
				}
			}
			done.New += fresh
			done.Unchanged += len(days) - fresh
			if o.Dry {
				return errDryRun
			}
			return nil
		})
		switch {
		case err == nil || errors.Is(err, errDryRun):
		case refusal(err):
			for _, r := range days {
				done.Rejected = append(done.Rejected, RejectedRow{Line: r.Line, Why: whyRefused(err), Err: err})
			}
		default:
			return done, err
		}
	}
	return done, nil
}

// ImportedOpen lists imported orders that wait to be dispatched, the oldest first.
func (d *Desk) ImportedOpen(ctx context.Context, by auth.Caller, limit int) ([]Order, error) {
	return importedOpen(ctx, d.reader(ctx), by.Scope(), limit)
}

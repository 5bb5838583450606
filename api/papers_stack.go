package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/templates/pdf"
	"paigong/workorders"
)

func (c *composer) workOrders(ctx context.Context, f workorders.StackFilter) ([]pdf.Paper, error) {
	orders, err := c.s.desk.DossiersOfDay(ctx, c.by, f, c.lang)
	if err != nil {
		return nil, err
	}
	papers := make([]pdf.Paper, 0, len(orders))
	for _, o := range orders {
		p, err := c.workOrder(ctx, o)
		if err != nil {
			return nil, err
		}
		papers = append(papers, p)
	}
	return papers, nil
}

func (c *composer) daySheets(ctx context.Context, f workorders.StackFilter) ([]pdf.Paper, error) {
	days, err := c.s.desk.EngineerDays(ctx, c.by, f, c.lang)
	if err != nil {
		return nil, err
	}
	papers := make([]pdf.Paper, 0, len(days))
	for _, d := range days {
		h, err := c.issuer(ctx, d.OrgID)
		if err != nil {
			return nil, err
		}
		p := pdf.DaySheet{
			Head: pdf.Head{Letterhead: h.top(), Number: dayNumber(f, d.StaffNumber)}, Day: f.Day, Engineer: pdf.Person{Name: d.Name, StaffNumber: d.StaffNumber, Phone: d.Phone},
			Region: d.Regions, Shift: window(d.ShiftFrom, d.ShiftTo), Emergency: cmp.Or(h.Emergency, h.Hotline),
		}
		p.Stops = c.stops(d)
		papers = append(papers, p)
	}
	return papers, nil
}

// dayNumber names a paper of one person and day: 20261121-A012.
func dayNumber(f workorders.StackFilter, who string) string {
	return strings.Trim(strings.ReplaceAll(f.Day.String(), "-", "")+"-"+who, "-")
}

// stops are a day's visits in order. What lies in one store is fetched on one trip, before the first visit
// that needs it.
func (c *composer) stops(d workorders.EngineerDay) []pdf.Stop {
	var out []pdf.Stop
	fetched := map[uuid.UUID]bool{}
	for _, s := range d.Stops {
		for _, slip := range d.Pickups {
			if slip.VisitID == s.Visit.ID && !fetched[slip.PlaceID] {
				fetched[slip.PlaceID] = true
				out = append(out, c.fetch(d.Pickups, slip))
			}
		}
		o := s.Order
		fee, agreed := o.QuotedFee()
		if !agreed {
			fee = 0
		}
		from, to := s.Visit.Window()
		stop := pdf.Stop{Window: pdf.Window{From: from, To: to}, Unconfirmed: s.Visit.ConfirmedAt == nil, Order: o.Number, Kind: o.Kind, Priority: o.Priority, Customer: party(o), Device: c.device(o),
			Fault: o.Summary, Fee: fee, Warnings: c.warnings(o), TravelMinutes: s.Visit.TravelMinutes}
		if s.Visit.Lead { // who helps carries nothing
			stop.Parts = c.carried(o.Parts)
		}
		out = append(out, stop)
	}
	return out
}

// fetch is the stop at a store, with everything of the day that lies there.
func (c *composer) fetch(slips []workorders.PickSlip, at workorders.PickSlip) pdf.Stop {
	stop := pdf.Stop{Pickup: true, Place: at.Place, Window: pdf.Window{To: at.NeededBy}}
	for _, s := range slips {
		if s.PlaceID != at.PlaceID {
			continue
		}
		for _, l := range s.Lines {
			stop.Parts = append(stop.Parts, pdf.CarriedPart{SKU: l.SKU, Name: l.Name, Unit: c.unit(l.Unit), Quantity: l.Quantity, From: s.Order, Pickup: s.Number})
		}
		if s.NeededBy.Before(stop.Window.To) {
			stop.Window.To = s.NeededBy
		}
	}
	return stop
}

// pickLists are one paper for each store and engineer.
func (c *composer) pickLists(ctx context.Context, f workorders.StackFilter) ([]pdf.Paper, error) {
	slips, err := c.s.desk.PickSlips(ctx, c.by, f)
	if err != nil {
		return nil, err
	}
	var papers []pdf.Paper
	for len(slips) > 0 {
		first := slips[0]
		n := slices.IndexFunc(slips, func(s workorders.PickSlip) bool {
			return s.PlaceID != first.PlaceID || s.EngineerID != first.EngineerID
		})
		if n < 0 {
			n = len(slips)
		}
		p, err := c.pickList(ctx, f, slips[:n])
		if err != nil {
			return nil, err
		}
		papers, slips = append(papers, p), slips[n:]
	}
	return papers, nil
}

func (c *composer) pickList(ctx context.Context, f workorders.StackFilter, slips []workorders.PickSlip) (pdf.PickList, error) {
	first := slips[0]
	number, order := first.Number, first.Order
	if len(slips) > 1 {
		number, order = dayNumber(f, first.StaffNumber), ""
	}
	h, err := c.head(ctx, first.OrgID, order, number, 0)
	p := pdf.PickList{Head: h, Day: f.Day, Place: first.Place, Engineer: pdf.Person{Name: first.Engineer, StaffNumber: first.StaffNumber}}
	var by time.Time
	for _, s := range slips {
		if by.IsZero() || s.NeededBy.Before(by) {
			by = s.NeededBy
		}
		for _, l := range s.Lines {
			p.Lines = append(p.Lines, pdf.PickLine{SKU: l.SKU, Name: l.Name, Unit: c.unit(l.Unit), Quantity: l.Quantity, Order: s.Order, Customer: s.Customer, Serial: l.Serials})
		}
	}
	p.NeededBy.To = by
	slices.SortStableFunc(p.Lines, func(a, b pdf.PickLine) int { return cmp.Compare(a.SKU, b.SKU) })
	return p, err
}

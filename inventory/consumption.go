package inventory

import (
	"slices"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Consumption is what a repair sheet says was fitted.
type Consumption struct {
	By      auth.Caller
	OrgID   int32 // the order's owner
	OrderID uuid.UUID
	SheetID uuid.UUID
	Lines   []ConsumeLine
}

// ConsumeLine is one line of the sheet. PlaceID is where the engineer took the pieces from, usually his van.
type ConsumeLine struct {
	No              int
	PartID, PlaceID uuid.UUID
	Quantity        int64
	SerialNumber    string // of the new piece; needed where the part is counted by serial number
}

// Consumed tells what became of a line. A line that is not Booked was fitted all the same: the ledger does
// not know where from.
type Consumed struct {
	No     int
	MoveID *uuid.UUID
	Booked bool
}

// draft is the consumption worked out over stock that is held still.
type draft struct {
	order  uuid.UUID
	free   map[spot]int64 // good and promised to nobody
	own    map[spot]int64 // held for this order
	pieces map[piece]*whereabouts

	used  map[spot]int64    // taken out of the order's promises
	named map[spot][]string // serial numbers among them
	lines []drafted
}

type piece struct {
	part   uuid.UUID
	serial string
}

type whereabouts struct {
	PartID       uuid.UUID
	SerialNumber string
	PlaceID      *uuid.UUID
	Condition    Condition
	HeldByOrder  *uuid.UUID
}

// drafted is a line that can be booked: what comes from elsewhere first, then the consumption.
type drafted struct {
	line    ConsumeLine
	booked  bool
	fetched map[spot]int64 // held for the order at a store and fetched on the way
}

// take works out one line: first what the order holds where the engineer says, then what is free there,
// then what it holds elsewhere. Either the whole line can be covered or nothing of it is taken.
func (d *draft) take(line ConsumeLine, serialised bool) {
	out := drafted{line: line, fetched: map[spot]int64{}}
	defer func() { d.lines = append(d.lines, out) }()
	here := spot{line.PlaceID, line.PartID}
	sources := []spot{here}
	if serialised {
		p := d.pieces[piece{line.PartID, line.SerialNumber}]
		if p == nil || p.PlaceID == nil || p.Condition != Good || p.HeldByOrder != nil && *p.HeldByOrder != d.order {
			return
		}
		sources = []spot{{*p.PlaceID, line.PartID}}
		defer func() {
			if out.booked {
				p.PlaceID = nil
				d.named[sources[0]] = append(d.named[sources[0]], line.SerialNumber)
			}
		}()
	} else {
		for _, at := range sortedSpots(d.own) {
			if at.part == line.PartID && at != here {
				sources = append(sources, at)
			}
		}
	}
	missing := line.Quantity
	own, free := map[spot]int64{}, int64(0)
	for _, at := range sources {
		own[at] = min(missing, d.own[at])
		missing -= own[at]
		if at == here {
			free = min(missing, d.free[at])
			missing -= free
		}
	}
	if missing > 0 {
		return
	}
	out.booked = true
	d.free[here] -= free
	for at, n := range own {
		if n == 0 {
			continue
		}
		d.own[at] -= n
		d.used[at] += n
		if at != here {
			out.fetched[at] = n
		}
	}
}

// moves writes the draft as movements: transfers before the consumption they serve.
func (d *draft) moves(c Consumption, l Ledger) (moves []move, result []Consumed) {
	sheet := &c.SheetID
	if c.SheetID.IsNil() {
		sheet = nil
	}
	at := l.at()
	for _, out := range d.lines {
		if !out.booked {
			result = append(result, Consumed{No: out.line.No})
			continue
		}
		var serials []string
		if out.line.SerialNumber != "" && out.line.Quantity == 1 {
			serials = []string{out.line.SerialNumber}
		}
		line := out.line
		m := move{OrgID: c.OrgID, At: at, PartID: line.PartID, OrderID: &c.OrderID, SheetID: sheet, Condition: Good, ToCondition: Good, SerialNumbers: serials}.by(c.By)
		for _, from := range sortedSpots(out.fetched) {
			t := m
			t.ID, t.Kind, t.Quantity, t.FromPlace, t.ToPlace, t.Reason = newID(), Transfer, out.fetched[from], &from.place, &line.PlaceID, "fetched on the way"
			moves = append(moves, t)
		}
		m.ID, m.Kind, m.Quantity, m.FromPlace = newID(), Consume, line.Quantity, &line.PlaceID
		moves = append(moves, m)
		result = append(result, Consumed{No: line.No, MoveID: &m.ID, Booked: true})
	}
	return moves, result
}

// fetched adds up what was fetched from elsewhere.
func (d *draft) fetched() map[spot]int64 {
	sum := map[spot]int64{}
	for _, out := range d.lines {
		for at, n := range out.fetched {
			sum[at] += n
		}
	}
	return sum
}

func (c Consumption) check() error {
	for _, line := range c.Lines {
		if line.Quantity < 1 || line.Quantity > MaxQuantity {
			return quantityFault("body.parts")
		}
		if line.SerialNumber != "" && line.Quantity != 1 {
			return fault.New(fault.Invalid, "serial_is_one_piece", "a serial number stands for one piece: write one line for each").Field("body.parts", "quantity 1 with a serial number")
		}
	}
	return nil
}

// remaining are the serial numbers still promised after some were used, at most n.
func remaining(held, used []string, n int64) []string {
	left := slices.DeleteFunc(slices.Clone(held), func(s string) bool { return slices.Contains(used, s) })
	if int64(len(left)) < n {
		return nil
	}
	return left[:n]
}

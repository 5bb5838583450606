package planner

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
)

// Generated says what kind of day is drawn.
type Generated struct {
	Orders int
	Seed   uint64
	// Engineers is how many; 0 is one for every eight orders.
	Engineers int
	// Pins ties an order here and there to an engineer who can do it.
	Pins bool
	// Matrix gives travel as matrices in which the way back is another one and a way round may
	// be shorter, as on real roads.
	Matrix bool
}

// Generate draws a realistic day of a city and writes it in the planner's own format: districts
// around a centre, engineers who live there, parts that are common, scarce or nowhere,
// priorities with promised times, breaks, helping out, pinned and announced visits. The same
// numbers give the same bytes.
func Generate(w io.Writer, g Generated) error {
	if g.Orders < 0 || g.Orders > 1_000_000 {
		return bad("is not between 0 and 1000000", "orders")
	}
	if g.Engineers < 0 || g.Engineers > 1_000_000 {
		return bad("is not between 0 and 1000000", "engineers")
	}
	if g.Engineers == 0 {
		g.Engineers = max(1, g.Orders/8)
	}
	r := &dice{newRNG(g.Seed ^ 0x9a16)}
	const h, min15 = int64(3600), int64(900)
	// A tenth of a degree of city for every thousand orders.
	radius := 0.06 + 0.05*math.Sqrt(float64(g.Orders)/100)
	districts := max(1, g.Engineers/6)
	type district struct {
		name     string
		lat, lng float64
	}
	var all []district
	for i := range districts {
		far, turn := radius*math.Sqrt(r.Float64()), 2*math.Pi*r.Float64()
		all = append(all, district{fmt.Sprintf("R%02d", i+1), 31.2 + far*math.Sin(turn), 121.5 + far*math.Cos(turn)*1.17})
	}
	around := func(d district, spread float64) *placeJSON {
		lat, lng := d.lat+r.NormFloat64()*spread, d.lng+r.NormFloat64()*spread*1.17
		lat, lng = math.Round(lat*1e5)/1e5, math.Round(lng*1e5)/1e5
		return &placeJSON{Lat: &lat, Lng: &lng}
	}
	skills := []string{"aircon", "fridge", "laundry", "boiler", "kitchen"}
	out := problemJSON{Seed: g.Seed, Objective: "service", Travel: travelJSON{Kind: "haversine", Factor: 1.35, SpeedKMH: 32},
		Stores: []storeJSON{}, Engineers: []engineerJSON{}, Orders: []orderJSON{}}

	skus := make([]string, 12+g.Orders/50)
	common := make([]bool, len(skus))
	for i := range skus {
		skus[i], common[i] = fmt.Sprintf("P%03d", i+1), i%3 != 0
	}
	shelf := map[string]int64{}
	for i := range max(1, districts/4) {
		opens, closes := 8*h, 18*h
		s := storeJSON{ID: fmt.Sprintf("S%02d", i+1), At: around(all[r.IntN(len(all))], 0.01), Opens: &opens, Closes: &closes, Handling: 600, Stock: map[string]int64{}}
		for k, sku := range skus {
			if n := r.Int64N(4); common[k] {
				s.Stock[sku] = 4 + 2*n
			} else if n == 0 {
				s.Stock[sku] = 1
			}
			shelf[sku] += s.Stock[sku]
		}
		if i == 0 {
			s.Tools = []string{"lift"}
		}
		out.Stores = append(out.Stores, s)
	}
	for i := range g.Engineers {
		home := r.IntN(len(all))
		from := 8*h + r.Int64N(3)*h/2
		e := engineerJSON{ID: fmt.Sprintf("E%04d", i+1), Home: around(all[home], 0.02), Shift: [2]int64{from, from + 9*h}, Overtime: r.Int64N(3) * h / 2,
			Skills: map[string]int{}, Regions: []string{all[home].name}, Van: map[string]int64{},
			Breaks: []breakJSON{{From: 11*h + 2*min15, To: 14 * h, Length: 45 * 60}}}
		for range 2 {
			e.Regions = append(e.Regions, all[r.IntN(len(all))].name)
		}
		for range 3 {
			e.HelpsOut = append(e.HelpsOut, all[r.IntN(len(all))].name)
		}
		for _, s := range skills {
			if r.IntN(3) > 0 {
				e.Skills[s] = 1 + r.IntN(3)
			}
		}
		for k, sku := range skus {
			if common[k] && r.IntN(2) == 0 || r.IntN(8) == 0 {
				e.Van[sku] = 1 + r.Int64N(3)
			}
		}
		if r.IntN(3) == 0 {
			e.Tools = []string{"lift"}
		}
		if r.IntN(10) == 0 {
			n := 6
			e.MaxVisits = &n
		}
		out.Engineers = append(out.Engineers, e)
	}
	for i := range g.Orders {
		d := all[r.IntN(len(all))]
		priority := 1 + min(3, int(math.Abs(r.NormFloat64())*2.2))
		o := orderJSON{ID: fmt.Sprintf("O%05d", i+1), At: around(d, 0.025), Service: (1 + r.Int64N(4)) * min15, Region: d.name, Priority: &priority,
			Skills: map[string]int{skills[r.IntN(len(skills))]: 1 + r.IntN(2)}}
		if r.IntN(12) == 0 {
			o.Region = ""
		}
		switch r.IntN(4) {
		case 0, 1: // an appointment of two to four hours
			from := 8*h + r.Int64N(14)*h/2
			o.Windows = &[][2]int64{{from, from + (2+r.Int64N(3))*h}}
		case 2: // morning or evening
			o.Windows = &[][2]int64{{8 * h, 10 * h}, {15 * h, 17*h + 2*min15}}
		}
		if priority <= 2 || r.IntN(3) == 0 {
			due := 9*h + r.Int64N(16)*h/2
			o.Due = &due
		}
		if r.IntN(5) < 3 {
			o.Parts = map[string]int64{}
			for range 1 + r.IntN(2) {
				o.Parts[skus[r.IntN(len(skus))]] = 1 + r.Int64N(2)
			}
		}
		if r.IntN(25) == 0 {
			o.Tools = []string{"lift"}
		}
		if r.IntN(40) == 0 {
			o.Blocked = []string{out.Engineers[r.IntN(len(out.Engineers))].ID}
		}
		if r.IntN(12) == 0 {
			out.Published = append(out.Published, publishedJSON{o.ID, out.Engineers[r.IntN(len(out.Engineers))].ID, 9*h + r.Int64N(14)*h/2, true})
		}
		out.Orders = append(out.Orders, o)
	}
	if g.Pins {
		out.drawPins(r)
	}
	if g.Matrix {
		out.drawMatrix(r)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(out)
}

// drawPins ties at most one order to an engineer, one that he could do on a day of its own: in
// his region, with his skills, without parts or tools, at a time inside his shift.
func (p *problemJSON) drawPins(r *dice) {
	busy := map[string]bool{}
	for i := range p.Orders {
		o := &p.Orders[i]
		if r.IntN(8) != 0 || len(o.Parts)+len(o.Tools) > 0 || o.Windows != nil {
			continue
		}
		e := &p.Engineers[r.IntN(len(p.Engineers))]
		if busy[e.ID] || slices.Contains(o.Blocked, e.ID) || o.Region != "" && !slices.Contains(e.Regions, o.Region) {
			continue
		}
		able := true
		for code, level := range o.Skills {
			able = able && e.Skills[code] >= level
		}
		if !able {
			continue
		}
		busy[e.ID] = true
		o.Pinned = &pinJSON{Engineer: e.ID}
		if r.IntN(2) == 0 {
			start := e.Shift[0] + 6*3600 // after the rest, and early enough to be home in time
			o.Pinned.Start = &start
		}
	}
}

// drawMatrix replaces coordinates by rows of matrices: every leg is up to a fifth longer or
// shorter than on the map, each way by itself.
func (p *problemJSON) drawMatrix(r *dice) {
	var spots []spot
	row := func(at **placeJSON) {
		spots = append(spots, spotOf((*at).place()))
		n := len(spots) - 1
		*at = &placeJSON{Index: &n}
	}
	for i := range p.Stores {
		row(&p.Stores[i].At)
	}
	for i := range p.Engineers {
		row(&p.Engineers[i].Home)
	}
	for i := range p.Orders {
		row(&p.Orders[i].At)
	}
	by := Travel{Factor: p.Travel.Factor, SpeedKMH: p.Travel.SpeedKMH}
	roads := by.road()
	p.Travel = travelJSON{Kind: "matrix", Seconds: make([][]int64, len(spots)), Metres: make([][]int64, len(spots))}
	for a := range spots {
		p.Travel.Seconds[a], p.Travel.Metres[a] = make([]int64, len(spots)), make([]int64, len(spots))
		for b := range spots {
			if a != b {
				seconds, metres := roads.leg(&spots[a], &spots[b])
				share := 80 + r.Int64N(41)
				p.Travel.Seconds[a][b], p.Travel.Metres[a][b] = seconds*share/100, metres*share/100
			}
		}
	}
}

// dice are the planner's own numbers by chance, so that a seed gives the same day on every machine and
// with every version of the standard library.
type dice struct{ rng }

func (d *dice) IntN(n int) int       { return d.below(n) }
func (d *dice) Int64N(n int64) int64 { return int64(d.below(int(n))) }
func (d *dice) Float64() float64     { return d.float() }

// NormFloat64 is close enough to a normal distribution for a scatter of addresses: twelve even ones added up.
func (d *dice) NormFloat64() float64 {
	sum := -6.0
	for range 12 {
		sum += d.float()
	}
	return sum
}

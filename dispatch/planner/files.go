package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Format is a file format that a problem can be read from and its plan written in.
type Format string

const (
	// FormatPaigong is the planner's own JSON: a whole day with parts.
	FormatPaigong Format = "paigong"
	// FormatTRSP is the text format of the technician routing and scheduling benchmark:
	// Euclidean travel, skills, tools, parts, one depot with everything; working time counts.
	FormatTRSP Format = "trsp"
	// FormatSolomon is the vehicle routing benchmark with time windows; distance counts, cut
	// to one decimal as in the 12th DIMACS challenge.
	FormatSolomon Format = "solomon"
)

// ErrFormat is returned for a format that is none of the three.
var ErrFormat = errors.New("format is none of paigong, trsp, solomon")

// File is a problem as read, with what is needed to write its plan.
type File struct {
	Format    Format
	Problem   *Problem
	Objective Objective
	Seed      uint64
	ids       []int // of orders, in the benchmark formats
	vehicles  []int
	// Unit is how many ticks make one unit of the file's own cost.
	Unit float64
}

// Read reads a problem.
func Read(r io.Reader, format Format) (*File, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read problem: %w", err)
	}
	switch format {
	case FormatPaigong:
		return readPaigong(data)
	case FormatTRSP:
		return readTRSP(string(data))
	case FormatSolomon:
		return readSolomon(string(data))
	}
	return nil, ErrFormat
}

type placeJSON struct {
	Lat   *float64 `json:"lat,omitempty"`
	Lng   *float64 `json:"lng,omitempty"`
	Index *int     `json:"index,omitempty"`
}

func (p *placeJSON) place() Place {
	switch {
	case p == nil:
		return Place{}
	case p.Index != nil:
		return Row(*p.Index)
	case p.Lat != nil && p.Lng != nil:
		return At(*p.Lat, *p.Lng)
	}
	return Place{}
}

type breakJSON struct {
	From   int64 `json:"from_s"`
	To     int64 `json:"to_s"`
	Length int64 `json:"length_s"`
}

type pinJSON struct {
	Engineer string `json:"engineer"`
	Start    *int64 `json:"start_s,omitempty"`
}

type storeJSON struct {
	ID       string           `json:"id"`
	At       *placeJSON       `json:"at"`
	Opens    *int64           `json:"opens,omitempty"`
	Closes   *int64           `json:"closes,omitempty"`
	Handling int64            `json:"handling_s"`
	Stock    map[string]int64 `json:"stock"`
	Tools    []string         `json:"tools,omitempty"`
}

type engineerJSON struct {
	ID             string           `json:"id"`
	Home           *placeJSON       `json:"home"`
	Shift          [2]int64         `json:"shift"`
	Overtime       int64            `json:"overtime_s"`
	Skills         map[string]int   `json:"skills"`
	Regions        []string         `json:"regions"`
	HelpsOut       []string         `json:"helps_out,omitempty"`
	Tools          []string         `json:"tools,omitempty"`
	Van            map[string]int64 `json:"van"`
	Breaks         []breakJSON      `json:"breaks,omitempty"`
	MaxVisits      *int             `json:"max_visits,omitempty"`
	MaxStoreVisits *int             `json:"max_store_visits,omitempty"`
}

type orderJSON struct {
	ID       string           `json:"id"`
	At       *placeJSON       `json:"at"`
	Service  int64            `json:"service_s"`
	Windows  *[][2]int64      `json:"windows,omitempty"`
	Due      *int64           `json:"due_s,omitempty"`
	Priority *int             `json:"priority,omitempty"`
	Skills   map[string]int   `json:"skills,omitempty"`
	Region   string           `json:"region,omitempty"`
	Tools    []string         `json:"tools,omitempty"`
	Parts    map[string]int64 `json:"parts,omitempty"`
	Pinned   *pinJSON         `json:"pinned,omitempty"`
	Blocked  []string         `json:"blocked,omitempty"`
}

type travelJSON struct {
	Kind     string    `json:"kind"`
	Factor   float64   `json:"factor,omitempty"`
	SpeedKMH float64   `json:"speed_kmh,omitempty"`
	Seconds  [][]int64 `json:"seconds,omitempty"`
	Metres   [][]int64 `json:"metres,omitempty"`
}

type publishedJSON struct {
	Order     string `json:"order"`
	Engineer  string `json:"engineer"`
	Start     int64  `json:"start_s"`
	Announced bool   `json:"announced"`
}

type problemJSON struct {
	Seed      uint64          `json:"seed"`
	Objective string          `json:"objective"`
	Travel    travelJSON      `json:"travel"`
	Stores    []storeJSON     `json:"stores"`
	Engineers []engineerJSON  `json:"engineers"`
	Orders    []orderJSON     `json:"orders"`
	Published []publishedJSON `json:"published,omitempty"`
}

// whereInJSON names the field and the line at which a text is not what it should be, such as NaN, which JSON does not know.
func whereInJSON(data []byte, err error) error {
	line := func(offset int64) int {
		return 1 + bytes.Count(data[:min(max(0, int(offset)), len(data))], []byte("\n"))
	}
	var broken *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return bad(fmt.Sprintf("cannot be %s (line %d)", wrong.Value, line(wrong.Offset)), "%s", wrong.Field)
	case errors.As(err, &broken) && len(data) > 0:
		field := "problem"
		if names := fieldName.FindAllSubmatch(data[:min(int(broken.Offset), len(data))], -1); len(names) > 0 {
			field = string(names[len(names)-1][1])
		}
		return bad(fmt.Sprintf("line %d: %v", line(broken.Offset), err), "%s", field)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return bad("ends before it is complete", "problem")
	}
	return fmt.Errorf("read problem: %w", err)
}

var fieldName = regexp.MustCompile(`"([^"\\]+)"\s*:`)

func readPaigong(data []byte) (*File, error) {
	var in problemJSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, whereInJSON(data, err)
	}
	if d.More() {
		return nil, bad("is followed by something else", "problem")
	}
	p := &Problem{Now: math.MinInt64 / 8, Travel: Travel{Factor: in.Travel.Factor, SpeedKMH: in.Travel.SpeedKMH, Seconds: in.Travel.Seconds, Metres: in.Travel.Metres}}
	file := &File{Format: FormatPaigong, Problem: p, Seed: in.Seed, Unit: 1}
	switch in.Objective {
	case "", "service":
	case "working_time":
		file.Objective = WorkingTime
	default:
		return nil, bad("is neither service nor working_time", "objective")
	}
	switch in.Travel.Kind {
	case "haversine":
		p.Travel.Seconds, p.Travel.Metres = nil, nil
	case "matrix":
		if p.Travel.Seconds == nil {
			p.Travel.Seconds = [][]int64{}
		}
	default:
		return nil, bad("is neither haversine nor matrix", "travel.kind")
	}
	for i := range in.Stores {
		s := &in.Stores[i]
		store := Store{ID: s.ID, Place: s.At.place(), Handling: s.Handling, Stock: s.Stock, Tools: s.Tools}
		if s.Opens != nil || s.Closes != nil {
			w := Window{0, 1e9}
			if s.Opens != nil {
				w.From = *s.Opens
			}
			if s.Closes != nil {
				w.To = *s.Closes
			}
			if w.To < w.From {
				return nil, bad("closes before it opens", "stores[%d]", i)
			}
			store.Hours = []Window{w}
		}
		if !store.Place.Known() {
			return nil, bad("is missing", "stores[%d].at", i)
		}
		p.Stores = append(p.Stores, store)
	}
	for i := range in.Engineers {
		e := &in.Engineers[i]
		engineer := Engineer{ID: e.ID, Home: e.Home.place(), Shifts: []Shift{{e.Shift[0], e.Shift[1], e.Overtime}}, Skills: e.Skills,
			Regions: e.Regions, HelpsOut: e.HelpsOut, Tools: e.Tools, Van: e.Van}
		if !engineer.Home.Known() {
			return nil, bad("is missing", "engineers[%d].home", i)
		}
		for _, b := range e.Breaks {
			engineer.Breaks = append(engineer.Breaks, Break(b))
		}
		if len(e.Breaks) > maxRests {
			return nil, bad("has more than eight entries", "engineers[%d].breaks", i)
		}
		for k, b := range engineer.Breaks {
			if b.From < e.Shift[0] || b.To > e.Shift[1]+e.Overtime {
				return nil, bad("lies outside the shift", "engineers[%d].breaks[%d]", i, k)
			}
		}
		if n := e.MaxVisits; n != nil {
			if *n < 0 {
				return nil, bad("is negative", "engineers[%d].max_visits", i)
			}
			if engineer.MaxVisits = *n; *n == 0 {
				engineer.Shifts = nil // nothing may be planned for him
			}
		}
		if n := e.MaxStoreVisits; n != nil {
			if engineer.MaxStoreVisits = *n; *n <= 0 {
				engineer.MaxStoreVisits = -1
			}
		}
		p.Engineers = append(p.Engineers, engineer)
	}
	byID := map[string]int{}
	for i := range in.Orders {
		o := &in.Orders[i]
		order := Order{ID: o.ID, Place: o.At.place(), Service: o.Service, Due: NoDue, Priority: 3, Skills: o.Skills, Region: o.Region, Tools: o.Tools, BlockedEngineers: o.Blocked}
		if !order.Place.Known() {
			return nil, bad("is missing", "orders[%d].at", i)
		}
		if o.Windows != nil {
			if len(*o.Windows) == 0 {
				order.Windows = []Window{{1, 0}} // no time is allowed
			}
			for _, w := range *o.Windows {
				order.Windows = append(order.Windows, Window{w[0], w[1]})
			}
		}
		if o.Due != nil {
			order.Due = *o.Due
		}
		if o.Priority != nil {
			order.Priority = *o.Priority
		}
		for sku, n := range o.Parts {
			order.Parts = append(order.Parts, Part{sku, n})
		}
		slices.SortFunc(order.Parts, func(a, b Part) int { return strings.Compare(a.SKU, b.SKU) })
		if o.Pinned != nil {
			order.Pinned = &Pin{o.Pinned.Engineer, AnyStart}
			if o.Pinned.Start != nil {
				order.Pinned.Start = *o.Pinned.Start
			}
		}
		byID[o.ID] = i
		p.Orders = append(p.Orders, order)
	}
	for i, a := range in.Published {
		o, ok := byID[a.Order]
		if a.Announced && ok {
			p.Orders[o].Announced = &Pin{a.Engineer, a.Start}
		} else if !ok && a.Order == "" {
			return nil, bad("is empty", "published[%d].order", i)
		}
	}
	return file, p.Check()
}

const trspTicks = 1e9

// readTRSP reads the technician routing and scheduling text format.
func readTRSP(text string) (*File, error) {
	lines := strings.Split(text, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "CREW") })
	if at < 0 || at+1 >= len(lines) {
		return nil, bad("is missing", "CREW COUNT")
	}
	size, err := numbers(lines[at+1])
	if err != nil || len(size) < 4 || size[0] < 1 || size[2] < 0 || size[3] < 0 {
		return nil, bad("does not hold four counts", "CREW COUNT")
	}
	crew, tools, parts := int(size[0]), int(size[2]), int(size[3])
	from := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "ID") })
	if from < 0 {
		return nil, bad("is missing", "ID")
	}
	p := &Problem{Now: math.MinInt64 / 8}
	f := &File{Format: FormatTRSP, Problem: p, Objective: WorkingTime, Unit: trspTicks}
	var xy [][2]float64
	tick := func(v float64) int64 { return int64(math.Round(v * trspTicks)) }
	for n, line := range lines[from+1:] {
		if strings.HasPrefix(line, "DISTANCES") {
			break
		}
		head, lists, _ := strings.Cut(line, "[")
		v, err := numbers(head)
		if len(v) == 0 && err == nil {
			continue
		}
		sets := strings.Split("["+lists, "]")
		if err != nil || len(v) != 6 || len(sets) < 3 {
			return nil, bad("is not a row of ID X Y TWS TWE Serv and three lists", "line %d", from+2+n)
		}
		var set [3][]float64
		for k := range set {
			if set[k], err = numbers(strings.ReplaceAll(strings.Trim(sets[k], " \t["), ",", " ")); err != nil {
				return nil, bad("has a list that is not numbers", "line %d", from+2+n)
			}
		}
		id, row := int(v[0]), len(xy)
		if id != row {
			return nil, bad("is out of order", "line %d", from+2+n)
		}
		xy = append(xy, [2]float64{v[1], v[2]})
		window := Window{tick(v[3]), tick(v[4])}
		names := func(list []float64, kind string) (out []string) {
			for _, n := range list {
				out = append(out, kind+strconv.Itoa(int(n)))
			}
			return out
		}
		skills := map[string]int{}
		for _, s := range names(set[0], "skill") {
			skills[s] = 1
		}
		switch {
		case id == 0:
			s := Store{ID: "depot", Place: Row(0), Handling: tick(v[5]), Hours: []Window{window}, Stock: map[string]int64{}}
			for k := range parts {
				s.Stock["part"+strconv.Itoa(k)] = Unlimited
			}
			for k := range tools {
				s.Tools = append(s.Tools, "tool"+strconv.Itoa(k))
			}
			p.Stores = append(p.Stores, s)
		case id <= crew:
			e := Engineer{ID: strconv.Itoa(id), Home: Row(row), Shifts: []Shift{{window.From, window.To, 0}}, Skills: skills, Tools: names(set[1], "tool"), Van: map[string]int64{}}
			for k, n := range set[2] {
				e.Van["part"+strconv.Itoa(k)] = int64(n)
			}
			p.Engineers = append(p.Engineers, e)
			f.vehicles = append(f.vehicles, id)
		default:
			o := Order{ID: strconv.Itoa(id), Place: Row(row), Service: tick(v[5]), Windows: []Window{window}, Due: NoDue, Priority: 3, Skills: skills, Tools: names(set[1], "tool")}
			for k, n := range set[2] {
				if n > 0 {
					o.Parts = append(o.Parts, Part{"part" + strconv.Itoa(k), int64(n)})
				}
			}
			p.Orders = append(p.Orders, o)
			f.ids = append(f.ids, id)
		}
	}
	// Rounded up, so that no sum of legs is shorter than it really is.
	p.Travel.Seconds = matrix(xy, func(d float64) int64 { return int64(math.Ceil(d * trspTicks)) })
	return f, p.Check()
}

const solomonTicks = 10

// readSolomon reads the text format of Solomon, and of Gehring and Homberger. The load of a
// vehicle is a part of which the van is full in the morning.
func readSolomon(text string) (*File, error) {
	p := &Problem{Now: math.MinInt64 / 8}
	f := &File{Format: FormatSolomon, Problem: p, Objective: Distance, Unit: solomonTicks}
	var xy [][2]float64
	fleet, capacity := 0, int64(-1)
	for n, line := range strings.Split(text, "\n") {
		v, err := numbers(line)
		switch {
		case err == nil && len(v) == 0:
			continue
		case err != nil && len(v) == 0 && len(xy) == 0:
			continue // headings begin with a word and come before the customers
		case err != nil:
			return nil, bad("is not a row of seven numbers", "line %d", n+1)
		}
		tick := func(x float64) int64 { return int64(math.Round(x * solomonTicks)) }
		switch {
		case len(v) == 2 && capacity < 0:
			fleet, capacity = int(v[0]), int64(v[1])
			if fleet < 1 || fleet > 1e6 || capacity < 0 {
				return nil, bad("is not a fleet", "line %d", n+1)
			}
		case len(v) == 7 && capacity >= 0:
			window := Window{tick(v[4]), tick(v[5])}
			if xy = append(xy, [2]float64{v[1], v[2]}); len(xy) == 1 {
				for k := range fleet {
					p.Engineers = append(p.Engineers, Engineer{ID: strconv.Itoa(k + 1), Home: Row(0), Shifts: []Shift{{window.From, window.To, 0}}, Van: map[string]int64{"load": capacity}})
					f.vehicles = append(f.vehicles, k+1)
				}
				continue
			}
			if v[3] < 0 {
				return nil, bad("has a negative demand", "line %d", n+1)
			}
			o := Order{ID: strconv.Itoa(int(v[0])), Place: Row(len(xy) - 1), Service: tick(v[6]), Windows: []Window{window}, Due: NoDue, Priority: 3}
			if v[3] > 0 {
				o.Parts = []Part{{"load", int64(v[3])}}
			}
			p.Orders = append(p.Orders, o)
			f.ids = append(f.ids, int(v[0]))
		default:
			return nil, bad("is neither a fleet nor a customer", "line %d", n+1)
		}
	}
	p.Travel.Seconds = matrix(xy, func(d float64) int64 { return int64(math.Floor(solomonTicks*d + 1e-9)) })
	return f, p.Check()
}

func matrix(xy [][2]float64, round func(float64) int64) [][]int64 {
	out := make([][]int64, len(xy))
	for a := range xy {
		out[a] = make([]int64, len(xy))
		for b := range xy {
			out[a][b] = round(math.Hypot(xy[a][0]-xy[b][0], xy[a][1]-xy[b][1]))
		}
	}
	return out
}

func numbers(line string) ([]float64, error) {
	var out []float64
	for _, word := range strings.Fields(line) {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return out, err
		}
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			return out, bad("is out of range", "number %s", word)
		}
		out = append(out, v)
	}
	return out, nil
}

type stopJSON struct {
	Order string           `json:"order,omitempty"`
	Store string           `json:"store,omitempty"`
	Start int64            `json:"start_s"`
	Take  map[string]int64 `json:"take,omitempty"`
}

type restJSON struct {
	From int64 `json:"from_s"`
	To   int64 `json:"to_s"`
}

type routeJSON struct {
	Engineer string     `json:"engineer"`
	Leave    int64      `json:"leave_s"`
	Home     int64      `json:"home_s"`
	Stops    []stopJSON `json:"stops"`
	Breaks   []restJSON `json:"breaks,omitempty"`
}

type unplannedJSON struct {
	Order   string `json:"order"`
	Reasons []Rule `json:"reasons"`
}

type planJSON struct {
	Routes    []routeJSON        `json:"routes"`
	Unplanned []unplannedJSON    `json:"unplanned"`
	Score     Score              `json:"score"`
	Explain   map[string]Account `json:"explain,omitempty"`
}

type benchRouteJSON struct {
	Engineer int   `json:"engineer"`
	Stops    []int `json:"stops"`
}

// Write writes a plan in the format of the file; explain may be nil.
func (f *File) Write(w io.Writer, plan *Plan, explain []Account) error {
	p := f.Problem
	if f.Format != FormatPaigong {
		out := struct {
			Cost   float64          `json:"cost"`
			Routes []benchRouteJSON `json:"routes"`
		}{Cost: f.Cost(plan), Routes: []benchRouteJSON{}}
		for _, r := range plan.Routes {
			line := benchRouteJSON{Engineer: f.vehicles[r.Engineer], Stops: []int{}}
			for _, s := range r.Stops {
				if s.Order >= 0 {
					line.Stops = append(line.Stops, f.ids[s.Order])
				} else {
					line.Stops = append(line.Stops, 0)
				}
			}
			out.Routes = append(out.Routes, line)
		}
		return json.NewEncoder(w).Encode(out)
	}
	out := planJSON{Routes: []routeJSON{}, Unplanned: []unplannedJSON{}, Score: plan.Score}
	for _, r := range plan.Routes {
		line := routeJSON{Engineer: p.Engineers[r.Engineer].ID, Leave: r.Leave, Home: r.Home}
		for _, s := range r.Stops {
			if s.Order >= 0 {
				line.Stops = append(line.Stops, stopJSON{Order: p.Orders[s.Order].ID, Start: s.Start})
				continue
			}
			stop := stopJSON{Store: p.Stores[s.Store].ID, Start: s.Start, Take: map[string]int64{}}
			for _, part := range s.Take {
				stop.Take[part.SKU] = part.Quantity
			}
			line.Stops = append(line.Stops, stop)
		}
		for _, b := range r.Breaks {
			line.Breaks = append(line.Breaks, restJSON(b))
		}
		out.Routes = append(out.Routes, line)
	}
	for _, u := range plan.Unplanned {
		out.Unplanned = append(out.Unplanned, unplannedJSON{p.Orders[u.Order].ID, u.Reasons})
	}
	if explain != nil {
		out.Explain = map[string]Account{}
		for o := range explain {
			out.Explain[p.Orders[o].ID] = explain[o]
		}
	}
	return json.NewEncoder(w).Encode(out)
}

// Cost is the cost of a plan in the file's own unit: working time or distance. Unserved orders
// are not in it.
func (f *File) Cost(plan *Plan) float64 {
	switch f.Objective {
	case Distance:
		return float64(plan.Score[6]) / f.Unit
	default:
		return float64(plan.Score[5]) / f.Unit
	}
}

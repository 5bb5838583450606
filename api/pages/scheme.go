package pages

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/geo"
	"paigong/templates"
	"paigong/workorders"
)

// The scheme's size in its own units.
const schemeW, schemeH, schemeEdge = 320.0, 200.0, 12.0

// frame turns places on earth into units of the scheme: plain degrees, with those of longitude narrowed as they are
// in the middle of what is shown.
type frame struct{ west, north, perLng, perLat float64 }

func (f frame) x(p geo.Point) float64 { return (p.Lng - f.west) * f.perLng }
func (f frame) y(p geo.Point) float64 { return (f.north - p.Lat) * f.perLat }

// frameOf shows all points, in the middle and as large as they can be.
func frameOf(points []geo.Point) frame {
	south, north, west, east := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range points {
		south, north, west, east = min(south, p.Lat), max(north, p.Lat), min(west, p.Lng), max(east, p.Lng)
	}
	squeeze := math.Cos((south + north) / 2 * math.Pi / 180)
	scale := min((schemeW-2*schemeEdge)/max((east-west)*squeeze, 0.01), (schemeH-2*schemeEdge)/max(north-south, 0.01))
	return frame{west: (west+east)/2 - schemeW/2/(squeeze*scale), north: (south+north)/2 + schemeH/2/scale, perLng: squeeze * scale, perLat: scale}
}

// area draws an outline with its name in the middle of its corners.
func area(name string, corners [][2]float64) templates.MapArea {
	var points []string
	var x, y float64
	for _, c := range corners {
		points = append(points, fmt.Sprintf("%.0f,%.0f", c[0], c[1]))
		x, y = x+c[0]/float64(len(corners)), y+c[1]/float64(len(corners))
	}
	return templates.MapArea{Points: strings.Join(points, " "), Name: name, X: int(x), Y: int(y)}
}

// outlines draws the regions that somebody drew.
func (f frame) outlines(regions []dispatch.Region) []templates.MapArea {
	var list []templates.MapArea
	for _, r := range regions {
		corners := make([][2]float64, len(r.Shape))
		for i, p := range r.Shape {
			corners[i] = [2]float64{f.x(p), f.y(p)}
		}
		list = append(list, area(r.Name, corners))
	}
	return list
}

// around draws regions that nobody drew: each is what lies nearer to the middle of its people's homes than to that
// of any other. Names that are empty get no area.
func (f frame) around(homes []regionHome) []templates.MapArea {
	type middle struct {
		at   geo.Point
		n    float64
		name string
	}
	middles := map[string]*middle{}
	var codes []string
	for _, h := range homes {
		m := middles[h.code]
		if m == nil {
			m = &middle{name: h.name}
			middles[h.code] = m
			codes = append(codes, h.code)
		}
		m.at.Lat, m.at.Lng, m.n = m.at.Lat+h.at.Lat, m.at.Lng+h.at.Lng, m.n+1
	}
	centres := make([][2]float64, len(codes))
	for i, code := range codes {
		m := middles[code]
		at := geo.Point{Lat: m.at.Lat / m.n, Lng: m.at.Lng / m.n}
		centres[i] = [2]float64{f.x(at), f.y(at)}
	}
	var list []templates.MapArea
	for i, code := range codes {
		if corners := nearest(centres, i); middles[code].name != "" && len(corners) >= 3 {
			list = append(list, area(middles[code].name, corners))
		}
	}
	return list
}

type regionHome struct {
	code, name string
	at         geo.Point
}

type spot struct {
	at  geo.Point
	dot templates.MapDot
}

// scheme draws regions and points without a map: regions as somebody drew them, else around their people.
func (a *ask) scheme(p workorders.Schedule, waiting []workorders.Waiting, chosen *workorders.Order, offers []templates.Candidate) (templates.Scheme, error) {
	var spots []spot
	rank := map[string]int{}
	for i, c := range offers[:min(3, len(offers))] {
		rank[c.EngineerID] = i + 1
	}
	// Where an engineer is: with the visit he is at, else at the next one, else at home.
	place := map[uuid.UUID]geo.Point{}
	for _, v := range p.Visits {
		if v.Lat == nil || v.Lng == nil || !v.EndsAt.After(a.now) {
			continue
		}
		if _, known := place[v.EngineerID]; !known {
			place[v.EngineerID] = geo.Point{Lat: *v.Lat, Lng: *v.Lng}
		}
	}
	var homes []regionHome
	for _, e := range p.Engineers {
		at, known := place[e.ID]
		if e.HomeLat != nil && e.HomeLng != nil {
			home := geo.Point{Lat: *e.HomeLat, Lng: *e.HomeLng}
			if !known {
				at, known = home, true
			}
			homes = append(homes, regionHome{e.RegionCode, e.RegionName, home})
		}
		if !known {
			continue
		}
		s := spot{at: at, dot: templates.MapDot{Kind: "engineer", Text: e.Name}}
		if n := rank[e.ID.String()]; n > 0 {
			s.dot.Kind, s.dot.Mark = "best", strconv.Itoa(n)
		}
		spots = append(spots, s)
	}
	for _, w := range waiting {
		if at := w.At(); at != nil && (chosen == nil || w.Number != chosen.Number) {
			spots = append(spots, spot{at: *at, dot: templates.MapDot{Kind: "job", Text: w.Number + " " + w.Summary}})
		}
	}
	if chosen != nil && chosen.Lat != nil && chosen.Lng != nil {
		spots = append(spots, spot{at: geo.Point{Lat: *chosen.Lat, Lng: *chosen.Lng}, dot: templates.MapDot{Kind: "chosen", Mark: "!", Text: chosen.Number + " " + chosen.Summary}})
	}
	if len(spots) == 0 {
		return templates.Scheme{}, nil
	}
	drawn, err := a.look().Board.Outlines(a.ctx())
	if err != nil {
		return templates.Scheme{}, err
	}
	points := make([]geo.Point, len(spots))
	for i, s := range spots {
		points[i] = s.at
	}
	f := frameOf(points)
	out := templates.Scheme{Areas: append(f.around(undrawn(homes, drawn)), f.outlines(drawn)...)}
	slices.SortStableFunc(spots, func(a, b spot) int { return cmp.Compare(len(a.dot.Mark), len(b.dot.Mark)) })
	out.Dots = f.dots(spots)
	return out, nil
}

// undrawn are the homes in regions that nobody drew.
func undrawn(homes []regionHome, drawn []dispatch.Region) []regionHome {
	return slices.DeleteFunc(homes, func(h regionHome) bool {
		return slices.ContainsFunc(drawn, func(r dispatch.Region) bool { return r.Code == h.code })
	})
}

func (f frame) dots(spots []spot) []templates.MapDot {
	list := make([]templates.MapDot, len(spots))
	for i, s := range spots {
		list[i] = s.dot
		list[i].X, list[i].Y = int(f.x(s.at)), int(f.y(s.at))
	}
	return list
}

// nearest is the part of the scheme that lies nearer to centre i than to any other: the whole rectangle, cut
// by the line half-way to each of them.
func nearest(centres [][2]float64, i int) [][2]float64 {
	area := [][2]float64{{0, 0}, {schemeW, 0}, {schemeW, schemeH}, {0, schemeH}}
	c := centres[i]
	for j, o := range centres {
		dx, dy := o[0]-c[0], o[1]-c[1]
		if j == i || dx*dx+dy*dy < 1 {
			continue
		}
		mx, my := (o[0]+c[0])/2, (o[1]+c[1])/2
		side := func(p [2]float64) float64 { return (p[0]-mx)*dx + (p[1]-my)*dy } // negative: ours
		var cut [][2]float64
		for k, p := range area {
			q := area[(k+1)%len(area)]
			a, b := side(p), side(q)
			if a <= 0 {
				cut = append(cut, p)
			}
			if a < 0 && b > 0 || a > 0 && b < 0 {
				t := a / (a - b)
				cut = append(cut, [2]float64{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])})
			}
		}
		area = cut
	}
	return area
}

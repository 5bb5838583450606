package planner

import "math"

// Place is a point on the map or a row of a matrix. The zero value is an unknown place: every
// leg from or to it takes Travel.Unknown seconds.
type Place struct {
	kind     placeKind
	Lat, Lng float64
	Index    int
}

type placeKind uint8

const (
	unknownPlace placeKind = iota
	pointPlace
	matrixPlace
)

// At is a place by latitude and longitude in degrees.
func At(lat, lng float64) Place { return Place{kind: pointPlace, Lat: lat, Lng: lng} }

// Row is a place by its row in the travel matrix.
func Row(index int) Place { return Place{kind: matrixPlace, Index: index} }

// Known tells whether driving to the place can be computed.
func (p Place) Known() bool { return p.kind != unknownPlace }

// Travel says how long a leg takes. A matrix wins over coordinates; coordinates use the great
// circle times Factor at SpeedKMH. 1.14 and 64 km/h fit road matrices of a dense country;
// a city wants a lower speed.
type Travel struct {
	Factor, SpeedKMH float64
	// Unknown is the fixed time of a leg with an unknown place, in seconds.
	Unknown int64
	// Seconds and Metres are square matrices by Place.Index; Metres may be nil.
	Seconds, Metres [][]int64
	// Road is the measured driving time between two points in degrees, in seconds; nil = none are measured.
	// Where it knows nothing the great circle counts. Metres stay those of the great circle. It must give
	// the same answer to the same question for as long as the problem lives, to any number of goroutines.
	Road func(fromLat, fromLng, toLat, toLng float64) (seconds int64, known bool)
}

// DefaultTravel is a great circle times 1.14 at 64 km/h, 20 minutes where a place is unknown.
func DefaultTravel() Travel { return Travel{Factor: 1.14, SpeedKMH: 64, Unknown: 20 * 60} }

const earthMetres = 6371000

// Leg is the driving time in seconds and the way in metres from a to b, exactly as a plan counts them.
// Staying where one is costs nothing.
func (t *Travel) Leg(a, b Place) (seconds, metres int64) {
	if a == b {
		return 0, 0
	}
	r, x, y := t.road(), spotOf(a), spotOf(b)
	return r.leg(&x, &y)
}

func (t *Travel) check() error {
	if t.Unknown < 0 || t.Unknown > farAway {
		return bad("is negative or too long", "travel.unknown")
	}
	if t.Seconds == nil {
		if !(t.Factor > 0) || math.IsInf(t.Factor, 0) {
			return bad("is not a positive number", "travel.factor")
		}
		if !(t.SpeedKMH > 0) || math.IsInf(t.SpeedKMH, 0) {
			return bad("is not a positive number", "travel.speed_kmh")
		}
		return nil
	}
	for name, matrix := range map[string][][]int64{"seconds": t.Seconds, "metres": t.Metres} {
		if matrix == nil {
			continue
		}
		if len(matrix) != len(t.Seconds) {
			return bad("has another size than travel.seconds", "travel.%s", name)
		}
		for i, row := range matrix {
			if len(row) != len(matrix) {
				return bad("is not square", "travel.%s[%d]", name, i)
			}
			for k, v := range row {
				if v < 0 || v > farAway>>8 {
					return bad("is negative or too long", "travel.%s[%d][%d]", name, i, k)
				}
			}
		}
	}
	return nil
}

func (t *Travel) checkPlace(p Place, field string, at ...any) error {
	switch p.kind {
	case pointPlace:
		if t.Seconds != nil {
			return bad("has coordinates, but travel is a matrix", field, at...)
		}
		if !(math.Abs(p.Lat) <= 90) || !(math.Abs(p.Lng) <= 180) {
			return bad("is not on the globe", field, at...)
		}
	case matrixPlace:
		if p.Index < 0 || p.Index >= len(t.Seconds) {
			return bad("is not a row of the travel matrix", field, at...)
		}
	}
	return nil
}

// spot is a place made ready for many legs: its unit vector, or its row.
type spot struct {
	x, y, z  float64
	lat, lng float64
	row      int32
	kind     placeKind
}

func spotOf(p Place) spot {
	s := spot{kind: p.kind, row: int32(p.Index), lat: p.Lat, lng: p.Lng}
	if p.kind == pointPlace {
		lat, lng := p.Lat*(math.Pi/180), p.Lng*(math.Pi/180)
		s.x, s.y, s.z = math.Cos(lat)*math.Cos(lng), math.Cos(lat)*math.Sin(lng), math.Sin(lat)
	}
	return s
}

// road is Travel made ready: metres per unit of arc and the pace.
type road struct {
	seconds, metres [][]int64
	scale           float64 // metres per unit of arc
	slow            float64 // seconds per unit of arc
	unknown         int64
	measured        func(fromLat, fromLng, toLat, toLng float64) (int64, bool)
}

func (t *Travel) road() road {
	r := road{seconds: t.Seconds, metres: t.Metres, unknown: t.Unknown, measured: t.Road, scale: 2 * earthMetres * t.Factor}
	r.slow = r.scale / (t.SpeedKMH / 3.6)
	if r.metres == nil {
		r.metres = t.Seconds
	}
	return r
}

// chord2 is the square of the straight line through the earth, in radii. It grows with the
// distance, and is all that is needed to tell which of two places is nearer.
func (a *spot) chord2(b *spot) float64 {
	dx, dy, dz := a.x-b.x, a.y-b.y, a.z-b.z
	return dx*dx + dy*dy + dz*dz
}

// arc is half the angle between two points on the globe.
func (a *spot) arc(b *spot) float64 {
	h2 := a.chord2(b) / 4
	half := math.Sqrt(h2)
	if half < 0.05 { // 640 km: the series is exact to a tenth of a millimetre
		return half * (1 + h2*(1.0/6+h2*(3.0/40+h2*(15.0/336))))
	}
	return math.Asin(min(half, 1))
}

// drive is leg without the distance.
func (r *road) drive(a, b *spot) int64 {
	if a.kind == pointPlace && b.kind == pointPlace {
		if r.measured != nil {
			if seconds, ok := r.measured(a.lat, a.lng, b.lat, b.lng); ok {
				return min(max(seconds, 0), farAway>>8)
			}
		}
		return int64(math.Ceil(a.arc(b)*r.slow - 1e-6))
	}
	seconds, _ := r.leg(a, b)
	return seconds
}

// leg is the driving time and the distance from a to b. An unknown place costs the fixed time
// and no metres; staying where one is costs nothing, also when nobody knows where that is.
func (r *road) leg(a, b *spot) (seconds, metres int64) {
	if a.kind == pointPlace && b.kind == pointPlace {
		return r.drive(a, b), int64(a.arc(b)*r.scale + 0.5)
	}
	if a.kind == matrixPlace && b.kind == matrixPlace {
		return r.seconds[a.row][b.row], r.metres[a.row][b.row]
	}
	if a == b {
		return 0, 0
	}
	return r.unknown, 0
}

package geo

import (
	"testing"
	"time"
)

var (
	peoplesSquare = Point{31.2304, 121.4737}  // Shanghai
	westLake      = Point{30.2427, 120.1504}  // Hangzhou
	suva          = Point{-18.1416, 178.4419} // Fiji, just west of the date line
	apia          = Point{-13.8333, -171.7667}
)

func TestMetresAgainstPublishedDistances(t *testing.T) {
	for _, c := range []struct {
		name       string
		a, b       Point
		near, slip int64
	}{
		{"same place", westLake, westLake, 0, 0},
		{"one degree of latitude", Point{0, 0}, Point{1, 0}, 111_195, 1},
		{"Shanghai to Hangzhou", peoplesSquare, westLake, 167_700, 1_500},
		{"across the date line", suva, apia, 1_143_000, 15_000},
		{"half round the earth", Point{0, 0}, Point{0, 180}, 20_015_087, 1},
	} {
		got := Metres(c.a, c.b)
		if got < c.near-c.slip || got > c.near+c.slip {
			t.Errorf("%s: %d m, want %d ± %d", c.name, got, c.near, c.slip)
		}
		if back := Metres(c.b, c.a); back != got {
			t.Errorf("%s: %d m there, %d m back", c.name, got, back)
		}
	}
}

func TestTravelBetween(t *testing.T) {
	a, b := Point{31.0, 121.0}, Point{31.0, 121.1} // 9,531 m apart
	for _, c := range []struct {
		name   string
		travel Travel
		a, b   *Point
		way    time.Duration
		metres int64
		known  bool
	}{
		{"city defaults", Travel{}, &a, &b, 1304 * time.Second, 10_865, true},
		{"country road", Travel{Factor: 1, MetresPerSecond: 20}, &a, &b, 477 * time.Second, 9_531, true},
		{"no way at all", Travel{}, &a, &a, 0, 0, true},
		{"start unknown", Travel{}, nil, &b, 20 * time.Minute, 0, false},
		{"end unknown, own setting", Travel{Unknown: time.Hour}, &a, nil, time.Hour, 0, false},
		{"not on earth", Travel{}, &a, &Point{95, 0}, 20 * time.Minute, 0, false},
	} {
		way, metres, known := c.travel.Between(c.a, c.b)
		if way != c.way || metres != c.metres || known != c.known {
			t.Errorf("%s: %v, %d m, known %v; want %v, %d m, %v", c.name, way, metres, known, c.way, c.metres, c.known)
		}
	}
}

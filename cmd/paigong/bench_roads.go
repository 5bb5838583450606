package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"paigong/internal/geo"
)

// benchRoadsCmd compares measured ways with what is assumed where no map server is asked.
type benchRoadsCmd struct {
	Files []string `arg:"" type:"existingfile" help:"Matrices of ways by road in the VRP format: places with coordinates and a full matrix in km or seconds."`
}

// Run prints, for each file, how much longer the road is than the crow's flight, or how fast it is driven.
func (c *benchRoadsCmd) Run(g *Globals) error {
	_, _ = fmt.Fprintf(g.Out, "assumed: %.2f times the crow's flight at %.0f km/h\n", geo.RoadFactor, geo.CitySpeed*3.6)
	for _, name := range c.Files {
		unit, at, ways, err := readRoads(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var ratios []float64
		for i := range at {
			for k := range at {
				if metres := float64(geo.Metres(at[i], at[k])); i != k && metres > 0 && ways[i][k] > 0 {
					if unit == "km" {
						ratios = append(ratios, ways[i][k]*1000/metres)
					} else {
						ratios = append(ratios, metres*geo.RoadFactor/ways[i][k]*3.6)
					}
				}
			}
		}
		if len(ratios) == 0 {
			return fmt.Errorf("%s: no way between two places", name)
		}
		slices.Sort(ratios)
		what := "times the crow's flight"
		if unit != "km" {
			what = fmt.Sprintf("km/h over %.2f times the crow's flight", geo.RoadFactor)
		}
		_, _ = fmt.Fprintf(g.Out, "%s: %d ways, %.2f %s (median), a tenth below %.2f, a tenth above %.2f\n", filepath.Base(name), len(ratios), ratios[len(ratios)/2], what, ratios[len(ratios)/10], ratios[len(ratios)*9/10])
	}
	return nil
}

// readRoads reads places and the matrix between them; unit is "km" or "sec".
func readRoads(name string) (unit string, at []geo.Point, ways [][]float64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", nil, nil, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	section := ""
	var cells []float64
	for lines.Scan() {
		word := strings.Fields(lines.Text())
		switch {
		case len(word) == 0:
		case strings.HasSuffix(word[0], "_SECTION") || word[0] == "EOF":
			section = word[0]
		case strings.HasPrefix(word[0], "EDGE_WEIGHT_UNIT_OF_MEASUREMENT"):
			unit = word[len(word)-1]
		case section == "NODE_COORD_SECTION" && len(word) >= 3:
			lat, err := strconv.ParseFloat(word[1], 64)
			lng, err2 := strconv.ParseFloat(word[2], 64)
			if err != nil || err2 != nil || math.Abs(lat) > 90 || math.Abs(lng) > 180 {
				return "", nil, nil, fmt.Errorf("%q is not a place", lines.Text())
			}
			at = append(at, geo.Point{Lat: lat, Lng: lng})
		case section == "EDGE_WEIGHT_SECTION":
			for _, w := range word {
				v, err := strconv.ParseFloat(w, 64)
				if err != nil || v < 0 || math.IsNaN(v) {
					return "", nil, nil, fmt.Errorf("%q is not the length of a way", w)
				}
				cells = append(cells, v)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return "", nil, nil, err
	}
	switch {
	case unit != "km" && unit != "sec":
		return "", nil, nil, fmt.Errorf("the unit is %q, wanted km or sec", unit)
	case len(at) == 0 || len(cells) != len(at)*len(at):
		return "", nil, nil, fmt.Errorf("%d places need a matrix of %d numbers, it has %d", len(at), len(at)*len(at), len(cells))
	}
	for row := range slices.Chunk(cells, len(at)) {
		ways = append(ways, row)
	}
	return unit, at, ways, nil
}

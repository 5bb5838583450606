package dispatch

import (
	"context"
	"slices"
	"strconv"

	"paigong/dispatch/planner"
	"paigong/internal/geo"
)

// Roads knows how long ways take on the road, see internal/roads. It answers for every way inside each of
// the groups; missing counts those it could not tell, and those are estimated from the distance.
type Roads interface {
	Between(ctx context.Context, groups ...[]geo.Point) (ways geo.Ways, missing int, why string)
}

// together is how many places a group of engineers may have: one question to a map server carries 100.
const together = 100

// measureWays asks for the ways a question is about, once, before anybody is judged: so candidates, plans and
// what is checked at publishing count the same ways. An order alone concerns each engineer's own places,
// the order's and the stores'; a day of many orders concerns every place with every other.
func (q *question) measureWays(ctx context.Context, day bool) {
	if q.set.Roads == nil || q.phone() {
		return
	}
	var shared []geo.Point
	add := func(list []geo.Point, p planner.Place) []geo.Point {
		if at := (geo.Point{Lat: p.Lat, Lng: p.Lng}); p.Known() && !slices.Contains(list, at) {
			return append(list, at)
		}
		return list
	}
	for i := range q.p.Orders {
		shared = add(shared, q.p.Orders[i].Place)
	}
	for i := range q.p.Stores {
		shared = add(shared, q.p.Stores[i].Place)
	}
	groups := [][]geo.Point{slices.Clone(shared)}
	for i := range q.who {
		if !q.who[i].Possible {
			continue
		}
		own := add(nil, q.p.Engineers[i].Home)
		for _, v := range q.who[i].booked {
			own = add(own, v.Place)
		}
		last := len(groups) - 1
		if !day && len(groups[last]) > len(shared) && len(groups[last])+len(own) > together {
			groups, last = append(groups, slices.Clone(shared)), last+1
		}
		groups[last] = append(groups[last], own...)
	}
	ways, missing, _ := q.set.Roads.Between(ctx, groups...)
	q.p.Travel.Road = func(fromLat, fromLng, toLat, toLng float64) (int64, bool) {
		way, known := ways(geo.Point{Lat: fromLat, Lng: fromLng}, geo.Point{Lat: toLat, Lng: toLng})
		return int64(way.Seconds()), known
	}
	if q.estimated = missing; missing > 0 {
		q.notes = append(q.notes, q.say.say(string(planner.RuleTravel), string(planner.Neutral), "travel.estimated", strconv.Itoa(missing)))
	}
}

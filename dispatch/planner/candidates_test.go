package planner

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	minute = int64(60)
	hour   = 60 * minute
)

// town is a small problem to say only what matters: one shift from 8 to 17, everybody knows
// everything, at home in the middle of a town where a kilometre takes a minute.
func town(engineers int, orders ...Order) *Problem {
	p := &Problem{Travel: Travel{Factor: 1, SpeedKMH: 60, Unknown: 20 * minute}}
	for i := range engineers {
		p.Engineers = append(p.Engineers, Engineer{ID: string(rune('a' + i)), Home: km(0), Shifts: []Shift{{From: 8 * hour, To: 17 * hour}}, Skills: map[string]int{"fridge": 3}, Regions: []string{"north"}})
	}
	for i, o := range orders {
		o.ID = fmt.Sprint("order", i)
		if o.Service == 0 {
			o.Service = hour
		}
		if o.Due == 0 {
			o.Due = NoDue
		}
		if o.Priority == 0 {
			o.Priority = 3
		}
		p.Orders = append(p.Orders, o)
	}
	return p
}

// km is a place so many kilometres up the road; a millimetre short, so that a kilometre is a minute.
func km(n float64) Place { return At(30+n*(1-1e-7)/111.19492664, 120) }

func judge(t *testing.T, p *Problem) []Candidate {
	t.Helper()
	got, err := p.Candidates(0, CandidateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(p.Engineers) {
		t.Fatalf("%d engineers judged, want all %d", len(got), len(p.Engineers))
	}
	return got
}

func reason(c Candidate, rule Rule) (Reason, bool) {
	for _, r := range c.Reasons {
		if r.Rule == rule {
			return r, true
		}
	}
	return Reason{}, false
}

func TestASlotInAGapBetweenTwoVisits(t *testing.T) {
	p := town(1, Order{Place: km(10), Windows: []Window{{8 * hour, 17 * hour}}})
	p.Booked = []Visit{
		{Engineer: 0, Store: NoStore, Place: km(5), Start: 8*hour + 10*minute, End: 10 * hour},
		{Engineer: 0, Store: NoStore, Place: km(20), Start: 11*hour + 15*minute, End: 16 * hour},
	}
	c := judge(t, p)[0]
	if !c.Eligible || c.Start != 10*hour+5*minute || c.End != 11*hour+5*minute || c.Leave != 10*hour {
		t.Errorf("slot %d-%d, leaving at %d, refused by %q", c.Start, c.End, c.Leave, c.Rule)
	}
	if c.TravelBefore != 5*minute || c.TravelAfter != 10*minute || c.DetourSeconds != 0 {
		t.Errorf("drives %d and %d, detour %d", c.TravelBefore, c.TravelAfter, c.DetourSeconds)
	}
	p.Booked[1].Start -= minute
	if c = judge(t, p)[0]; c.Rule != RuleTravel {
		t.Errorf("a minute less in the gap: rule %q, want travel", c.Rule)
	}
}

func TestAPartInTheOwnVanBeatsTenKilometres(t *testing.T) {
	p := town(2, Order{Place: km(1), Parts: []Part{{"board", 1}}})
	p.Stores = []Store{{ID: "depot", Place: km(2), Handling: 10 * minute, Stock: map[string]int64{"board": 5}}}
	p.Engineers[1].Home = km(11)
	p.Engineers[1].Van = map[string]int64{"board": 1}
	got := judge(t, p)
	if got[0].ID != "b" || !got[1].Eligible {
		t.Errorf("first %s (score %d), second %s (score %d)", got[0].ID, got[0].Score, got[1].ID, got[1].Score)
	}
	if r, _ := reason(got[0], RulePartVan); r.Effect != Good || r.Args.Code != "board" {
		t.Errorf("part reason %+v", r)
	}
}

func TestTheStoreOnTheWayIsNamed(t *testing.T) {
	p := town(1, Order{Place: km(10), Parts: []Part{{"board", 2}}})
	p.Engineers[0].Van = map[string]int64{"board": 1}
	p.Stores = []Store{
		{ID: "far", Place: km(-5), Handling: 10 * minute, Stock: map[string]int64{"board": 9}},
		{ID: "near", Place: km(6), Handling: 10 * minute, Stock: map[string]int64{"board": 1}},
		{ID: "empty", Place: km(5), Handling: 10 * minute},
	}
	c := judge(t, p)[0]
	r, ok := reason(c, RulePartStore)
	if !ok || r.Args.Place != "near" || r.Args.Seconds != 10*minute || r.Args.From != 8*hour+6*minute || c.Start != 8*hour+20*minute {
		t.Errorf("reason %+v, start %d", r, c.Start)
	}
	want := []PartSource{{SKU: "board", Needed: 2, InVan: 1, Store: 1}}
	if !reflect.DeepEqual(c.Parts, want) {
		t.Errorf("parts %+v", c.Parts)
	}
}

func TestAPickupPlannedAnywayCostsNothing(t *testing.T) {
	p := town(1, Order{Place: km(10), Parts: []Part{{"board", 1}}})
	p.Stores = []Store{{ID: "depot", Place: km(3), Handling: 10 * minute, Stock: map[string]int64{"board": 1}}}
	p.Booked = []Visit{{Engineer: 0, Store: 0, Place: km(3), Start: 9 * hour, End: 9*hour + 10*minute}}
	c := judge(t, p)[0]
	if !c.Pickup.Planned || c.Start != 9*hour+17*minute || c.Pickup.DetourSeconds != 0 {
		t.Errorf("pick-up %+v, start %d, rule %q", c.Pickup, c.Start, c.Rule)
	}
}

func TestTheLastPieceReservedElsewhereGivesTheExpectedDate(t *testing.T) {
	day := 24 * hour
	p := town(1, Order{Place: km(10), Parts: []Part{{"board", 1}}, Windows: []Window{{8 * hour, 17 * hour}}})
	p.Stores = []Store{{ID: "depot", Place: km(5), Handling: 10 * minute, Stock: map[string]int64{"board": 0},
		Expected: []Arrival{{SKU: "board", From: 2*day + 9*hour, Quantity: 1}}}}
	c := judge(t, p)[0]
	if c.Rule != RulePartExp || c.Reasons[0].Args.From != 2*day+9*hour || c.Reasons[0].Args.Place != "depot" {
		t.Errorf("refused by %+v", c.Reasons)
	}
	if c.Parts[0].Expected != 2*day+9*hour {
		t.Errorf("parts %+v", c.Parts)
	}
	// With a longer window the visit waits for the delivery.
	p.Orders[0].Windows[0].To += 3 * day
	p.Engineers[0].Shifts = append(p.Engineers[0].Shifts, Shift{From: day + 8*hour, To: day + 17*hour}, Shift{From: 2*day + 8*hour, To: 2*day + 17*hour})
	c = judge(t, p)[0]
	if !c.Eligible || c.Start != 2*day+9*hour+15*minute {
		t.Errorf("start %d, rule %q", c.Start, c.Rule)
	}
	p.Stores[0].Expected = nil
	if c = judge(t, p)[0]; c.Rule != RulePartNone {
		t.Errorf("nothing on order: rule %q", c.Rule)
	}
}

func TestLeaveBeginningInsideTheVisitRefuses(t *testing.T) {
	p := town(1, Order{Place: km(10), Windows: []Window{{13 * hour, 14 * hour}}})
	p.Engineers[0].Blocked = []Blocked{{From: 13*hour + 59*minute, To: 17 * hour}}
	if c := judge(t, p)[0]; c.Rule != RuleAbsence || c.Reasons[0].Args.From != 13*hour+59*minute {
		t.Errorf("rule %q, reasons %+v", c.Rule, c.Reasons)
	}
	p.Engineers[0].Blocked[0].From = 14*hour + 10*minute
	if c := judge(t, p)[0]; !c.Eligible || c.Start != 13*hour {
		t.Errorf("home just in time: rule %q, start %d", c.Rule, c.Start)
	}
}

func TestAnEmergencyStartsWhereTheEngineerIs(t *testing.T) {
	p := town(1, Order{Place: km(30)})
	p.Now = 10 * hour
	p.Engineers[0].At = km(28)
	if c := judge(t, p)[0]; c.Start != 10*hour+2*minute {
		t.Errorf("start %d", c.Start)
	}
	p.Engineers[0].At = Place{}
	p.Booked = []Visit{{Engineer: 0, Store: NoStore, Place: km(25), Start: 8*hour + 30*minute, End: 9 * hour}}
	if c := judge(t, p)[0]; c.Start != 10*hour+5*minute || c.Visits != 2 {
		t.Errorf("after a finished visit: start %d, visits %d", c.Start, c.Visits)
	}
}

func TestAnUnknownPlaceCostsTheFixedTime(t *testing.T) {
	p := town(1, Order{})
	c := judge(t, p)[0]
	if !c.Eligible || c.TravelBefore != 20*minute || c.Start != 8*hour+20*minute {
		t.Errorf("travel %d, start %d, rule %q", c.TravelBefore, c.Start, c.Rule)
	}
}

// One rule, the smallest problem that breaks it, and the same problem one step inside.
func TestEachRuleAlone(t *testing.T) {
	board := []Part{{"board", 1}}
	for _, c := range []struct {
		rule   Rule
		name   string
		broken func(*Problem)
		whole  func(*Problem)
	}{
		{RuleBlocked, "the customer does not want him",
			func(p *Problem) { p.Orders[0].BlockedEngineers = []string{"a"} }, func(p *Problem) { p.Orders[0].BlockedEngineers = []string{"z"} }},
		{RuleBlocked, "the order belongs to somebody else",
			func(p *Problem) { p.Orders[0].Pinned = &Pin{"z", AnyStart} }, func(p *Problem) { p.Orders[0].Pinned = &Pin{"a", AnyStart} }},
		{RuleRegion, "a region he does not cover",
			func(p *Problem) { p.Orders[0].Region = "south" }, func(p *Problem) { p.Orders[0].Region = "south"; p.Engineers[0].HelpsOut = []string{"south"} }},
		{RuleSkill, "one level too low",
			func(p *Problem) { p.Orders[0].Skills = map[string]int{"fridge": 4} }, func(p *Problem) { p.Orders[0].Skills = map[string]int{"fridge": 3} }},
		{RuleTool, "no ladder",
			func(p *Problem) { p.Orders[0].Tools = []string{"ladder"} }, func(p *Problem) {
				p.Orders[0].Tools = []string{"ladder"}
				p.Stores = []Store{{ID: "depot", Place: km(1), Tools: []string{"ladder"}}}
			}},
		{RuleWindow, "the window is over",
			func(p *Problem) { p.Now = 10*hour + 1; p.Orders[0].Windows = []Window{{9 * hour, 10 * hour}} },
			func(p *Problem) { p.Now = 9 * hour; p.Orders[0].Windows = []Window{{9 * hour, 10 * hour}} }},
		{RuleShift, "the window is after work",
			func(p *Problem) { p.Orders[0].Windows = []Window{{18 * hour, 19 * hour}} }, func(p *Problem) { p.Orders[0].Windows = []Window{{15 * hour, 16 * hour}} }},
		{RuleOvertime, "the service ends after the allowed overtime",
			func(p *Problem) { p.Orders[0].Windows = []Window{{16*hour + 1, 17 * hour}} },
			func(p *Problem) {
				p.Orders[0].Windows = []Window{{16*hour + 1, 17 * hour}}
				p.Engineers[0].Shifts[0].Overtime = hour
			}},
		{RuleAbsence, "leave in the whole window",
			func(p *Problem) {
				p.Orders[0].Windows = []Window{{9 * hour, 10 * hour}}
				p.Engineers[0].Blocked = []Blocked{{From: 9 * hour, To: 10*hour + 1}}
			},
			func(p *Problem) {
				p.Orders[0].Windows = []Window{{9 * hour, 10 * hour}}
				p.Engineers[0].Blocked = []Blocked{{From: 9 * hour, To: 10 * hour}}
			}},
		{RuleMaxVisits, "one visit a day is enough for him",
			func(p *Problem) {
				p.Engineers[0].MaxVisits = 1
				p.Booked = []Visit{{Store: NoStore, Place: km(1), Start: 9 * hour, End: 10 * hour}}
			},
			func(p *Problem) {
				p.Engineers[0].MaxVisits = 2
				p.Booked = []Visit{{Store: NoStore, Place: km(1), Start: 9 * hour, End: 10 * hour}}
			}},
		{RuleOverlap, "he is at another customer's",
			func(p *Problem) {
				p.Booked = []Visit{{Store: NoStore, Place: km(1), Start: 8*hour + 59*minute, End: 16*hour + 1}}
			},
			func(p *Problem) {
				p.Booked = []Visit{{Store: NoStore, Place: km(1), Start: 8*hour + 59*minute, End: 15*hour + 58*minute}}
			}},
		{RuleTravel, "time enough to work but not to drive",
			func(p *Problem) {
				p.Orders[0].Windows = []Window{{8 * hour, 8*hour + 59}}
			}, func(p *Problem) { p.Orders[0].Windows = []Window{{8 * hour, 8*hour + minute}} }},
		{RulePartNone, "a part nobody has",
			func(p *Problem) { p.Orders[0].Parts = board }, func(p *Problem) { p.Orders[0].Parts = board; p.Engineers[0].Van = map[string]int64{"board": 1} }},
		{RulePartExp, "a part that comes tomorrow",
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Stores = []Store{{ID: "depot", Place: km(1), Expected: []Arrival{{"board", 32 * hour, 1}}}}
			},
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Stores = []Store{{ID: "depot", Place: km(1), Expected: []Arrival{{"board", 12 * hour, 1}}}}
			}},
		{RulePartStore, "a store that opens too late",
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Stores = []Store{{ID: "depot", Place: km(1), Hours: []Window{{16 * hour, 18 * hour}}, Stock: map[string]int64{"board": 1}}}
			},
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Stores = []Store{{ID: "depot", Place: km(1), Hours: []Window{{15 * hour, 18 * hour}}, Stock: map[string]int64{"board": 1}}}
			}},
		{RulePartStore, "he may not go to a store",
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Engineers[0].MaxStoreVisits = -1
				p.Stores = []Store{{ID: "depot", Place: km(1), Stock: map[string]int64{"board": 1}}}
			},
			func(p *Problem) {
				p.Orders[0].Parts = board
				p.Stores = []Store{{ID: "depot", Place: km(1), Stock: map[string]int64{"board": 1}}}
			}},
		{RuleTravel, "no break left",
			func(p *Problem) {
				p.Orders[0].Service = 9*hour - 32*minute
				p.Engineers[0].Breaks = []Break{{8 * hour, 13 * hour, 31 * minute}}
			},
			func(p *Problem) {
				p.Orders[0].Service = 9*hour - 32*minute
				p.Engineers[0].Breaks = []Break{{8 * hour, 13 * hour, 30 * minute}}
			}},
	} {
		t.Run(string(c.rule)+": "+c.name, func(t *testing.T) {
			p := town(1, Order{Place: km(1)})
			c.broken(p)
			got := judge(t, p)[0]
			if got.Eligible || got.Rule != c.rule || len(got.Reasons) != 1 || got.Reasons[0].Effect != Refuse {
				t.Errorf("refused by %q %+v, want %q", got.Rule, got.Reasons, c.rule)
			}
			p = town(1, Order{Place: km(1)})
			c.whole(p)
			if got = judge(t, p)[0]; !got.Eligible {
				t.Errorf("one step inside: refused by %q %+v", got.Rule, got.Reasons)
			}
		})
	}
}

func TestWhatSpeaksForAndAgainst(t *testing.T) {
	p := town(3, Order{Place: km(4), Due: 9 * hour, Preferred: "c", Region: "north", Skills: map[string]int{"fridge": 2}})
	p.Engineers[1].Blocked = []Blocked{{From: 8 * hour, To: 10 * hour}}
	p.Booked = []Visit{{Engineer: 2, Store: NoStore, Place: km(4), Start: 10 * hour, End: 15 * hour}}
	got := judge(t, p)
	if got[0].ID != "c" || got[1].ID != "a" || got[2].ID != "b" {
		t.Fatalf("ranking %s %s %s", got[0].ID, got[1].ID, got[2].ID)
	}
	for _, want := range []struct {
		c      Candidate
		rule   Rule
		effect Effect
	}{
		{got[0], RulePreferred, Good}, {got[0], RuleLoad, Neutral}, {got[0], RuleRegion, Good}, {got[0], RuleSkill, Good},
		{got[1], RuleSLA, Good}, {got[1], RuleTravel, Good}, {got[1], RuleDistance, Good}, {got[2], RuleSLA, Bad},
	} {
		if r, ok := reason(want.c, want.rule); !ok || r.Effect != want.effect {
			t.Errorf("engineer %s, %s: %+v, want %s", want.c.ID, want.rule, r, want.effect)
		}
	}
	if got[0].Score < got[1].Score || got[2].Score >= 50 || got[1].Score < 50 {
		t.Errorf("scores %d %d %d", got[0].Score, got[1].Score, got[2].Score)
	}
}

func TestADiaryThatContradictsItselfShutsOnlyTheBrokenGap(t *testing.T) {
	p := town(1, Order{Place: km(1)})
	p.Booked = []Visit{
		{Engineer: 0, Store: NoStore, Place: km(30), Start: 8 * hour, End: 9 * hour}, // cannot be reached
		{Engineer: 0, Store: NoStore, Place: km(1), Start: 8*hour + 30*minute, End: 10 * hour},
	}
	p.Engineers[0].Blocked = []Blocked{{From: 9 * hour, To: 11 * hour}}
	if c := judge(t, p)[0]; !c.Eligible || c.Start != 11*hour {
		t.Errorf("start %d, rule %q", c.Start, c.Rule)
	}
}

func TestBadInputNamesTheField(t *testing.T) {
	for field, spoil := range map[string]func(*Problem){
		"orders[0].service":               func(p *Problem) { p.Orders[0].Service = -1 },
		"orders[0].priority":              func(p *Problem) { p.Orders[0].Priority = 0 },
		"orders[0].parts[0].quantity":     func(p *Problem) { p.Orders[0].Parts = []Part{{"x", 0}} },
		"engineers[0].home":               func(p *Problem) { p.Engineers[0].Home = At(91, 0) },
		"engineers[1].id":                 func(p *Problem) { p.Engineers[1].ID = "a" },
		"engineers[0].shifts[0]":          func(p *Problem) { p.Engineers[0].Shifts[0].To = 0 },
		"engineers[0].van[x]":             func(p *Problem) { p.Engineers[0].Van = map[string]int64{"x": -1} },
		"travel.factor":                   func(p *Problem) { p.Travel.Factor = 0 },
		"travel.speed_kmh":                func(p *Problem) { p.Travel.SpeedKMH = math.NaN() },
		"travel.metres":                   func(p *Problem) { p.Travel.Seconds, p.Travel.Metres = [][]int64{{0}}, [][]int64{} },
		"travel.seconds[0][0]":            func(p *Problem) { p.Travel.Seconds = [][]int64{{-1}} },
		"stores[0].place":                 func(p *Problem) { p.Stores = []Store{{ID: "s", Place: At(math.NaN(), 120)}} },
		"stores[0].stock[x]":              func(p *Problem) { p.Stores = []Store{{ID: "s", Stock: map[string]int64{"x": -1}}} },
		"orders[0].pinned.start":          func(p *Problem) { p.Orders[0].Pinned = &Pin{"a", 1 << 62} },
		"orders[0].windows[0]":            func(p *Problem) { p.Orders[0].Windows = []Window{{0, 1 << 62}} },
		"orders[0].id":                    func(p *Problem) { p.Orders[0].ID = "" },
		"travel.seconds[1]":               func(p *Problem) { p.Travel.Seconds = [][]int64{{0, 1}, {1}} },
		"booked[0].engineer":              func(p *Problem) { p.Booked = []Visit{{Engineer: 9, Store: NoStore}} },
		"engineers[0].breaks[0]":          func(p *Problem) { p.Engineers[0].Breaks = []Break{{0, 10, 20}} },
		"orders[0].place":                 func(p *Problem) { p.Orders[0].Place = Row(3) },
		"stores[0].expected[0].quantity":  func(p *Problem) { p.Stores = []Store{{ID: "s", Expected: []Arrival{{"x", 0, -1}}}} },
		"engineers[0].shifts[0].overtime": func(p *Problem) { p.Engineers[0].Shifts[0].Overtime = -1 },
	} {
		p := town(2, Order{})
		spoil(p)
		var input *InputError
		_, err := p.Candidates(0, CandidateOptions{})
		if e, ok := err.(*InputError); !ok {
			t.Errorf("%s: error %v", field, err)
		} else if input = e; input.Field != field {
			t.Errorf("%s: the error names %s", field, input.Field)
		}
	}
	if _, err := town(1).Candidates(0, CandidateOptions{}); err == nil {
		t.Error("an order that does not exist was ranked")
	}
}

// tiny draws a day small enough to try every second of it.
func tiny(t *rapid.T) *Problem {
	const places, end = 6, 40
	p := &Problem{Travel: Travel{Unknown: 3, Seconds: make([][]int64, places)}}
	for i := range p.Travel.Seconds {
		p.Travel.Seconds[i] = make([]int64, places)
		for k := range places {
			// Distances on a line keep the triangle inequality.
			p.Travel.Seconds[i][k] = max(int64(i-k), int64(k-i))
		}
	}
	place := func(label string) Place { return Row(rapid.IntRange(0, places-1).Draw(t, label)) }
	small := func(label string, lo, hi int) int64 { return int64(rapid.IntRange(lo, hi).Draw(t, label)) }
	p.Now = small("now", 0, 5)
	p.Stores = []Store{{ID: "s0", Place: place("store"), Handling: small("handling", 0, 3), Stock: map[string]int64{"x": small("stock", 0, 2)}}}
	if rapid.Bool().Draw(t, "hours") {
		from := small("opens", 0, 30)
		p.Stores[0].Hours = []Window{{from, from + small("open for", 0, 15)}}
	}
	if rapid.Bool().Draw(t, "expected") {
		p.Stores[0].Expected = []Arrival{{"x", small("arrives", 0, 30), 1}}
	}
	from := small("window", 0, 30)
	p.Orders = []Order{{ID: "o", Place: place("order"), Service: small("service", 0, 8), Due: small("due", 0, 40), Priority: 2,
		Windows: []Window{{from, from + small("window length", 0, 12)}, {from + 14, from + 16}}}}
	if n := small("parts", 0, 2); n > 0 {
		p.Orders[0].Parts = []Part{{"x", n}}
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "engineers") {
		e := Engineer{ID: string(rune('a' + i)), Home: place("home"), Van: map[string]int64{"x": small("van", 0, 1)}}
		begin := small("shift", 0, 10)
		e.Shifts = []Shift{{begin, end - small("shift end", 0, 8), small("overtime", 0, 4)}}
		if rapid.Bool().Draw(t, "break") {
			at := small("break from", 10, 20)
			length := small("break length", 1, 4)
			e.Breaks = []Break{{at, at + length + small("break slack", 0, 8), length}}
		}
		if rapid.Bool().Draw(t, "leave") {
			at := small("leave from", 0, 35)
			e.Blocked = []Blocked{{From: at, To: at + small("leave length", 1, 8)}}
		}
		p.Engineers = append(p.Engineers, e)
		for range rapid.IntRange(0, 3).Draw(t, "visits") {
			at := small("visit", 6, 34)
			v := Visit{Engineer: i, Place: place("visit place"), Start: at, End: at + small("visit length", 1, 6), Store: NoStore}
			if rapid.IntRange(0, 5).Draw(t, "pickup") == 0 {
				v.Store, v.Place, v.End = 0, p.Stores[0].Place, at+p.Stores[0].Handling
			}
			if tryDay(p, i, append(slices.Clone(p.Booked), v), nil, nil) {
				p.Booked = append(p.Booked, v)
			}
		}
	}
	return p
}

// tryDay is the referee of these tests: it knows nothing of gaps. Given every stop with its
// time it asks whether breaks can be put somewhere so that all drives fit.
func tryDay(p *Problem, e int, booked []Visit, order *Visit, store *Visit) bool {
	eng := p.Engineers[e]
	from, to := max(eng.Shifts[0].From, p.Now), eng.Shifts[0].To
	homeBy := to + eng.Shifts[0].Overtime
	type pause struct{ from, to int64 }
	var leave []pause
	for _, b := range eng.Blocked {
		switch {
		case b.To <= from || b.From >= homeBy:
		case b.From <= from:
			from = b.To
		case b.To >= to:
			to, homeBy = b.From, b.From
		default:
			leave = append(leave, pause{b.From, b.To})
		}
	}
	var stops []Visit
	for _, v := range booked {
		if v.Engineer == e {
			stops = append(stops, v)
		}
	}
	for _, v := range []*Visit{order, store} {
		if v != nil {
			stops = append(stops, *v)
		}
	}
	slices.SortStableFunc(stops, func(a, b Visit) int {
		if a.Start != b.Start {
			return int(a.Start - b.Start)
		}
		return int(a.End - b.End)
	})
	drives := func(rests []pause) bool {
		at, place := from, eng.Home
		check := func(arrive int64, to Place) bool {
			room := arrive - at
			for _, r := range rests {
				if r.from >= at && r.to <= arrive {
					room -= r.to - r.from
				}
			}
			return room >= p.Travel.Seconds[place.Index][to.Index]
		}
		inGap := make([]bool, len(rests))
		mark := func(arrive int64) {
			for i, r := range rests {
				inGap[i] = inGap[i] || r.from >= at && r.to <= arrive
			}
		}
		for _, s := range stops {
			if !check(s.Start, s.Place) {
				return false
			}
			mark(s.Start)
			at, place = s.End, s.Place
		}
		mark(homeBy)
		return check(homeBy, eng.Home) && !slices.Contains(inGap, false)
	}
	if len(eng.Breaks) == 0 {
		return drives(leave)
	}
	b := eng.Breaks[0]
	if min(b.To, homeBy)-max(b.From, from) < b.Length {
		return drives(leave)
	}
	for at := max(b.From, from); at+b.Length <= min(b.To, homeBy); at++ {
		meets := false
		for _, l := range leave {
			meets = meets || at < l.to && l.from < at+b.Length
		}
		if !meets && drives(append(slices.Clone(leave), pause{at, at + b.Length})) {
			return true
		}
	}
	return false
}

// tryEverySecond finds the earliest start by trying all of them, with every time of a pick-up.
func tryEverySecond(p *Problem, e int) int64 {
	o := p.Orders[0]
	store := p.Stores[0]
	lack := -p.Engineers[e].Van["x"]
	if len(o.Parts) > 0 {
		lack += o.Parts[0].Quantity
	} else {
		lack = 0
	}
	ready := never
	if have := store.Stock["x"]; have >= lack {
		ready = 0
	} else if len(store.Expected) > 0 && have+store.Expected[0].Quantity >= lack {
		ready = store.Expected[0].From
	}
	for t := p.Now; t < 60; t++ {
		in := false
		for _, w := range o.Windows {
			in = in || t >= w.From && t <= w.To
		}
		visit := Visit{Engineer: e, Place: o.Place, Start: t, End: t + o.Service, Store: NoStore}
		if !in || !tryDay(p, e, p.Booked, &visit, nil) {
			continue
		}
		if lack <= 0 {
			return t
		}
		pickups := 0
		for _, v := range p.Booked {
			if v.Engineer == e && v.Store == 0 {
				pickups++
				if v.Start >= ready && v.End <= t {
					return t
				}
			}
		}
		if pickups > 0 || ready == never {
			continue
		}
		for u := max(p.Now, ready); u+store.Handling <= t; u++ {
			if len(store.Hours) > 0 && (u < store.Hours[0].From || u > store.Hours[0].To) {
				continue
			}
			if tryDay(p, e, p.Booked, &visit, &Visit{Engineer: e, Place: store.Place, Start: u, End: u + store.Handling}) {
				return t
			}
		}
	}
	return never
}

func TestTheEarliestSlotIsTheOneFoundByTryingEverySecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := tiny(t)
		got, err := p.Candidates(0, CandidateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if !tryDay(p, c.Engineer, p.Booked, nil, nil) {
				continue // broken before anything is added: see the test above
			}
			want := tryEverySecond(p, c.Engineer)
			if c.Eligible != (want != never) || c.Eligible && c.Start != want {
				t.Fatalf("engineer %s: eligible %v, start %d, rule %q; trying every second finds %d\n%+v", c.ID, c.Eligible, c.Start, c.Rule, want, *p)
			}
			if c.Eligible == (c.Rule != "") || c.Eligible && (c.Score < 0 || c.Score > 100) || len(c.Reasons) == 0 {
				t.Fatalf("engineer %s: eligible %v with rule %q and score %d", c.ID, c.Eligible, c.Rule, c.Score)
			}
		}
	})
}

// city is a day of many engineers with eight announced visits each.
func city(engineers, visits int, seed uint64) *Problem {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &Problem{Travel: Travel{Factor: 1.3, SpeedKMH: 35, Unknown: 20 * minute}}
	road := p.Travel.road()
	anywhere := func() Place { return At(31+r.Float64()*0.2, 121+r.Float64()*0.25) }
	for i := range 8 {
		stock := map[string]int64{}
		for k := range 20 {
			stock[fmt.Sprint("part", k)] = int64(r.IntN(4))
		}
		p.Stores = append(p.Stores, Store{ID: fmt.Sprint("store", i), Place: anywhere(), Handling: 10 * minute, Stock: stock, Hours: []Window{{8 * hour, 18 * hour}}})
	}
	for i := range engineers {
		e := Engineer{ID: fmt.Sprint("e", i), Home: anywhere(), Shifts: []Shift{{8 * hour, 18 * hour, hour}}, Skills: map[string]int{}, Van: map[string]int64{},
			Regions: []string{"all"}, Breaks: []Break{{11*hour + 30*minute, 13*hour + 30*minute, 45 * minute}}}
		for k := range 6 {
			e.Skills[fmt.Sprint("skill", k)] = r.IntN(4)
		}
		for k := range 20 {
			e.Van[fmt.Sprint("part", k)] = int64(r.IntN(3))
		}
		p.Engineers = append(p.Engineers, e)
		// A diary that holds: every drive fits before the next visit.
		free, here := 8*hour, e.Home
		for k := range visits {
			there, length := anywhere(), 20*minute+r.Int64N(20*minute)
			a, b := spotOf(here), spotOf(there)
			drive, _ := road.leg(&a, &b)
			at := free + drive + r.Int64N(40*minute)
			if at+length > 16*hour {
				break
			}
			if k%4 == 3 {
				at += hour // and one for lunch
			}
			p.Booked = append(p.Booked, Visit{Engineer: i, Place: there, Store: NoStore, Start: at, End: at + length})
			free, here = at+length, there
		}
	}
	for i := range 50 {
		from := 8*hour + r.Int64N(6*hour)
		p.Orders = append(p.Orders, Order{ID: fmt.Sprint("o", i), Place: anywhere(), Service: 40 * minute, Windows: []Window{{from, from + 3*hour}},
			Due: from + 2*hour, Priority: 1 + r.IntN(4), Region: "all", Skills: map[string]int{fmt.Sprint("skill", r.IntN(6)): 1 + r.IntN(2)},
			Parts: []Part{{fmt.Sprint("part", r.IntN(20)), 1 + r.Int64N(2)}}})
	}
	return p
}

func TestAWarmScannerDoesNotAllocateAndRepeatsItself(t *testing.T) {
	p := city(100, 8, 3)
	s, err := NewScanner(p)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(o int) []Candidate {
		got, err := s.Candidates(o, CandidateOptions{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for o := range p.Orders {
		ask(o)
	}
	if n := testing.AllocsPerRun(20, func() { ask(7); ask(23) }); n != 0 {
		t.Errorf("%v allocations a scan, want 0", n)
	}
	fresh, err := p.Candidates(7, CandidateOptions{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(7); !reflect.DeepEqual(got, fresh) {
		t.Error("a warm scanner answers differently from a fresh one")
	}
}

func TestSkippingWaysRoundChangesNoAnswer(t *testing.T) {
	for seed := range uint64(20) {
		p := city(60, 5, seed)
		quick, _ := NewScanner(p)
		slow, _ := NewScanner(p)
		if !quick.f.metric {
			t.Fatal("a city of known places should be metric")
		}
		slow.f.metric = false
		for o := range p.Orders {
			a, _ := quick.Candidates(o, CandidateOptions{})
			b, _ := slow.Candidates(o, CandidateOptions{})
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d, order %d: the answers differ", seed, o)
			}
		}
	}
}

func BenchmarkCandidatesOf1000Engineers(b *testing.B) {
	p := city(1000, 8, 3)
	s, err := NewScanner(p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := s.Candidates(i%len(p.Orders), CandidateOptions{Limit: 20}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

func BenchmarkReadingAProblemOf1000Engineers(b *testing.B) {
	p := city(1000, 8, 3)
	for b.Loop() {
		if _, err := NewScanner(p); err != nil {
			b.Fatal(err)
		}
	}
}

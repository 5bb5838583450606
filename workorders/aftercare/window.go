package aftercare

import (
	"cmp"
	"slices"
	"time"

	"paigong/internal/calendar"
)

// Kinds of follow-up call.
const (
	AfterVisit  = "after_visit"  // after a repair or an installation
	AfterAnswer = "after_answer" // after a fault under warranty was solved by phone
	ThreeDays   = "3dc"          // after maintenance
	SevenDays   = "7dc"          // after a delivery
	AfterNo     = "declined"     // after a quote was refused; off by default
	AfterCancel = "cancelled"    // after an order was called off; off by default
)

// Further kinds, which follow no order.
const (
	FirstContact = "first_contact" // a customer got a caller of his own: he hears from him within a week
	Care         = "care"          // a campaign
)

// Span is the days, counted from the day of the service, in which a kind of call is due.
type Span struct {
	From int `json:"from_day" minimum:"0" maximum:"60"`
	To   int `json:"to_day" minimum:"0" maximum:"60"`
}

// windows are the spans as delivered; the database's own win (Kinds).
var windows = map[string]Span{
	AfterVisit: {2, 3}, AfterAnswer: {2, 3}, ThreeDays: {3, 5}, SevenDays: {7, 10}, AfterNo: {2, 3}, AfterCancel: {2, 3},
}

// KindFor is the one kind of call that follows an order of this kind; there are never two for one visit.
// A kind of call is its own answer.
func KindFor(kind string) string {
	switch kind {
	case "maintain":
		return ThreeDays
	case "deliver":
		return SevenDays
	}
	if _, call := windows[kind]; call {
		return kind
	}
	return AfterVisit
}

// main calls are those of which a finished order has exactly one.
func mainCall(kind string) bool { return kind == AfterVisit || kind == ThreeDays || kind == SevenDays }

// dates is when a call is due.
type dates struct {
	From, To, On              calendar.Date
	Shifted, LateSheet, Guess bool
}

// plan finds the day of a call. today is when it becomes known that a call is due; first puts the customer
// before others, on the first day possible; planned tells the calls there are on a day already.
func plan(kind string, anchor, today calendar.Date, c calendar.Calendar, first bool, planned func(calendar.Date) int, perDay int) dates {
	return planIn(windows[kind], anchor, today, c, first, planned, perDay)
}

// planIn is plan for days that came from the database.
func planIn(w Span, anchor, today calendar.Date, c calendar.Calendar, first bool, planned func(calendar.Date) int, perDay int) dates {
	var d dates
	d.From, d.To, d.Shifted = calendar.Window(anchor, w.From, w.To, c)
	d.On, d.LateSheet = calendar.FirstCall(d.From, d.To, today, c)
	if !d.LateSheet {
		days := slices.DeleteFunc(calendar.CallDays(d.From, d.To, d.Shifted, c), func(day calendar.Date) bool { return day.Before(d.On) })
		if !first && len(days) > 0 {
			d.On = calendar.Quietest(days, func(day calendar.Date) (int, int) { return planned(day), perDay })
		}
	}
	for year := anchor.Year(); year <= d.On.Year(); year++ {
		d.Guess = d.Guess || !c.Known(year)
	}
	return d
}

// When calls are made, on the clock of the site, and from when on it is evening.
var (
	callHours = []calendar.Hours{{From: 9 * time.Hour, To: 12 * time.Hour}, {From: 13*time.Hour + 30*time.Minute, To: 20 * time.Hour}}
	evening   = 17 * time.Hour
)

const (
	apart    = 3 * time.Hour // between two tries that count
	enough   = 3             // tries that count before a customer is unreachable
	lookPast = 14            // days to look ahead for a time to call
)

// half is a half-day on the clock of the site.
type half struct {
	day       calendar.Date
	afternoon bool
}

func halfOf(t time.Time, site *time.Location) half {
	return half{calendar.Of(t, site), t.In(site).Hour() >= 12}
}

// counts reports whether a try counts towards the three: in another half-day than each that counted before,
// and three hours away from it.
func counts(before []time.Time, at time.Time, site *time.Location) bool {
	return !slices.ContainsFunc(before, func(b time.Time) bool {
		return at.Sub(b).Abs() < apart || halfOf(b, site) == halfOf(at, site)
	})
}

// next proposes when to try again: three hours later at the earliest, in another half-day, within the hours
// of calling; one of the three in the evening, when people are at home.
func next(tried []time.Time, counted int, last time.Time, site *time.Location, c calendar.Calendar) time.Time {
	soonest := last.Add(apart)
	wantEvening := counted == enough-1 && !slices.ContainsFunc(tried, func(t time.Time) bool { return clock(t, site) >= evening })
	for i := range lookPast {
		day := calendar.Of(soonest, site).AddDays(i)
		if !c.Working(day) {
			continue
		}
		for n, hours := range callHours {
			if (half{day, n == 1}) == halfOf(last, site) || wantEvening && hours.To <= evening {
				continue
			}
			from := hours.From
			if wantEvening {
				from = max(from, evening)
			}
			at := day.At(from, site)
			if at.Before(soonest) {
				at = soonest
			}
			if at.Before(day.At(hours.To, site)) {
				return at
			}
		}
	}
	return soonest
}

func clock(t time.Time, site *time.Location) time.Duration {
	t = t.In(site)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// Scores a customer gave, 1 (bad) to 5, by what was asked: service, product, and whatever else the script asks.
type Scores map[string]int

// low is a score that somebody has to see to.
const low = 2

// result sums scores up as the customer's word; none gives "".
func (s Scores) result() string {
	if len(s) == 0 {
		return ""
	}
	lowest := 5
	for _, score := range s {
		lowest = min(lowest, score)
	}
	switch {
	case lowest <= low:
		return "dissatisfied"
	case lowest == 3:
		return "neutral"
	}
	return "satisfied"
}

// lows are the names of low scores, service and product first.
func (s Scores) lows() []string {
	var names []string
	for name, score := range s {
		if score <= low {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		rank := func(name string) int { return slices.Index([]string{"product", "service"}, name) }
		return cmp.Or(rank(b)-rank(a), cmp.Compare(a, b))
	})
	return names
}

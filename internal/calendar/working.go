package calendar

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Day is an exception to the week: a holiday, or a day worked in exchange for one.
type Day struct {
	Working bool   `json:"working"`
	Name    string `json:"name,omitempty"`
}

// Dated is an exception with its day, as lists show it.
type Dated struct {
	Date Date `json:"date"`
	Day
}

// Calendar says on which civil days people work at a place: Monday to Friday, except for the days it
// names. It never changes once made, and is cheap to pass by value.
type Calendar struct {
	zone  *time.Location
	days  map[Date]Day
	known map[int]bool
	week  [7]bool // further open weekdays
	watch map[Date]bool
}

// New makes a calendar from its exceptions. The known years are those whose holidays were announced;
// exceptions may lie outside them.
func New(zone *time.Location, days map[Date]Day, knownYears ...int) Calendar {
	if zone == nil {
		zone = time.UTC
	}
	c := Calendar{zone: zone, days: maps.Clone(days), known: map[int]bool{}}
	for _, year := range knownYears {
		c.known[year] = true
	}
	return c
}

// With lays further exceptions over the calendar, newer ones winning, such as an announcement loaded
// by an organisation or its own closing days.
func (c Calendar) With(days map[Date]Day, knownYears ...int) Calendar {
	merged, known := maps.Clone(c.days), maps.Clone(c.known)
	if merged == nil {
		merged = map[Date]Day{}
	}
	if known == nil {
		known = map[int]bool{}
	}
	maps.Copy(merged, days)
	for _, year := range knownYears {
		known[year] = true
	}
	c.days, c.known = merged, known
	return c
}

// At is the same calendar read at another place.
func (c Calendar) At(zone *time.Location) Calendar { c.zone = zone; return c }

// Open is the calendar of a roster that also works on these weekdays, such as callers on Saturdays.
// Holidays stay closed.
func (c Calendar) Open(weekdays ...time.Weekday) Calendar {
	for _, weekday := range weekdays {
		c.week[weekday] = true
	}
	return c
}

// Zone is where the calendar's days happen.
func (c Calendar) Zone() *time.Location { return cmp.Or(c.zone, time.UTC) }

// Working reports whether people work on the day. Days of a year that is not known follow the week alone.
func (c Calendar) Working(d Date) bool {
	if day, named := c.days[d]; named {
		return day.Working
	}
	weekday := d.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday || c.week[weekday]
}

// Name of the holiday or exchange day, or "".
func (c Calendar) Name(d Date) string { return c.days[d].Name }

// Known reports whether the holidays of the year were announced. Where not, dates rest on weekends alone:
// say so, and compute them anew when the year is loaded.
func (c Calendar) Known(year int) bool { return c.known[year] }

// Exceptions lists the named days of a year in order.
func (c Calendar) Exceptions(year int) []Dated {
	var out []Dated
	for date, day := range c.days {
		if date.Year() == year {
			out = append(out, Dated{date, day})
		}
	}
	slices.SortFunc(out, func(a, b Dated) int { return a.Date.Compare(b.Date) })
	return out
}

// longest gap between working days that is believed; a calendar closed for longer is a mistake in its data.
const longestClosing = 400

// NextWorking is the first working day on or after d. A calendar without one within 400 days gives d itself.
func (c Calendar) NextWorking(d Date) Date {
	for i := range longestClosing {
		if day := d.AddDays(i); c.Working(day) {
			return day
		}
	}
	return d
}

// AddWorking is the n-th working day after d, or before it when n is negative. d need not be one itself;
// n = 0 gives d.
func (c Calendar) AddWorking(d Date, n int) Date {
	step, day, closed := 1, d, 0
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 && closed < longestClosing {
		day, closed = day.AddDays(step), closed+1
		if c.Working(day) {
			n, closed = n-1, 0
		}
	}
	return day
}

// Received is the day a paper counts as handed in: the day itself before the closing hour at the place,
// else the next.
func (c Calendar) Received(t time.Time, closing time.Duration) Date {
	d := Of(t, c.Zone())
	if t.Before(d.At(closing, c.Zone())) {
		return d
	}
	return d.AddDays(1)
}

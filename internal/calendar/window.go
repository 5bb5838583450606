package calendar

import "time"

// Window is the days in which to call after a service: the first to the last working day of the calendar
// inside [anchor+from, anchor+to]. When nobody works on any of them it is the next working day alone,
// and shifted says so.
//
// Day 0 is the civil day at the site on which the last visit was finished, so "in two to three days" is
// Window(anchor, 2, 3, c) with the calendar of those who call. Check Known for the years it touches.
func Window(anchor Date, from, to int, c Calendar) (first, last Date, shifted bool) {
	open := false
	for day := anchor.AddDays(from); !day.After(anchor.AddDays(to)); day = day.AddDays(1) {
		if !c.Working(day) {
			continue
		}
		if !open {
			first, open = day, true
		}
		last = day
	}
	if open {
		return first, last, false
	}
	next := c.NextWorking(anchor.AddDays(to + 1))
	return next, next, true
}

// believed is how far back a phone's or a paper's word on when the work ended is taken.
const believed = 14 * 24 * time.Hour

// Anchor is day 0 at the site. A finish in the future, or more than 14 days before the sheet arrived, is
// a wrong clock or a slip of the pen: the arrival counts instead, and replaced says so.
func Anchor(finished, arrived time.Time, site *time.Location) (day Date, replaced bool) {
	if finished.After(arrived) || arrived.Sub(finished) > believed {
		return Of(arrived, site), true
	}
	return Of(finished, site), false
}

// FirstCall is the first day to call inside the window for a sheet that arrives today. Where less than
// one whole calling day of the window is left, it is the next calling day after today, and late says so:
// that counts against the sheet, not against the caller.
func FirstCall(first, last, today Date, c Calendar) (due Date, late bool) {
	for day := first; !day.After(last); day = day.AddDays(1) {
		if day.After(today) && c.Working(day) {
			return day, false
		}
	}
	return c.NextWorking(today.AddDays(1)), true
}

// CallDays are the days over which calls may be spread: the working days of the window, or, when it
// was shifted behind a holiday, the first three working days, because then many windows fall on one day.
func CallDays(first, last Date, shifted bool, c Calendar) []Date {
	var days []Date
	if shifted {
		for day := first; len(days) < 3; day = c.AddWorking(day, 1) {
			days = append(days, day)
		}
		return days
	}
	for day := first; !day.After(last); day = day.AddDays(1) {
		if c.Working(day) {
			days = append(days, day)
		}
	}
	return days
}

// Quietest picks the day with the smallest share of its capacity planned, the earlier one on a tie.
// load tells the calls planned on a day and how many the callers can make; days must not be empty.
func Quietest(days []Date, load func(Date) (planned, capacity int)) Date {
	best, bestPlanned, bestCapacity := days[0], 0, 0
	for i, day := range days {
		planned, capacity := load(day)
		capacity = max(capacity, 1)
		if i == 0 || planned*bestCapacity < bestPlanned*capacity {
			best, bestPlanned, bestCapacity = day, planned, capacity
		}
	}
	return best
}

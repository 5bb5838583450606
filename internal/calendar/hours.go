package calendar

import "time"

// Hours is a stretch of a working day on the clock of the place, counted from midnight: 9 h to 18 h.
type Hours struct{ From, To time.Duration }

// Service is when people serve, by weekday; several stretches a day are in order and do not touch.
// On a day worked in exchange for a holiday whose weekday is otherwise closed, Monday's hours hold.
type Service [7][]Hours

// Weekdays is the same stretches from Monday to Friday.
func Weekdays(hours ...Hours) Service {
	var s Service
	for weekday := time.Monday; weekday <= time.Friday; weekday++ {
		s[weekday] = hours
	}
	return s
}

// OfficeHours is the default: 9:00 to 18:00 from Monday to Friday.
func OfficeHours() Service { return Weekdays(Hours{9 * time.Hour, 18 * time.Hour}) }

func (s Service) empty() bool {
	for _, hours := range s {
		if len(hours) > 0 {
			return false
		}
	}
	return true
}

func (c Calendar) stretches(d Date, s Service) []Hours {
	if !c.Working(d) {
		return nil
	}
	if hours := s[d.Weekday()]; len(hours) > 0 {
		return hours
	}
	if c.days[d].Working {
		return s[time.Monday]
	}
	return nil
}

// AddServiceTime is the instant at which d of service time has passed since start. Without any service
// hours, time runs day and night.
func (c Calendar) AddServiceTime(start time.Time, d time.Duration, s Service) time.Time {
	if d <= 0 {
		return start
	}
	if s.empty() {
		return start.Add(d)
	}
	day := Of(start, c.Zone())
	for closed := 0; closed < longestClosing; closed, day = closed+1, day.AddDays(1) {
		for _, hours := range c.stretches(day, s) {
			from, to := day.At(hours.From, c.Zone()), day.At(hours.To, c.Zone())
			if from.Before(start) {
				from = start
			}
			open := to.Sub(from)
			if open <= 0 {
				continue
			}
			closed = 0
			if d <= open {
				return from.Add(d)
			}
			d -= open
		}
	}
	return start.Add(d)
}

// ServiceTime counts the service time from one instant to a later one.
func (c Calendar) ServiceTime(from, to time.Time, s Service) time.Duration {
	if s.empty() {
		return max(0, to.Sub(from))
	}
	var sum time.Duration
	for day, last := Of(from, c.Zone()), Of(to, c.Zone()); !day.After(last); day = day.AddDays(1) {
		for _, hours := range c.stretches(day, s) {
			opens, closes := day.At(hours.From, c.Zone()), day.At(hours.To, c.Zone())
			if opens.Before(from) {
				opens = from
			}
			if closes.After(to) {
				closes = to
			}
			sum += max(0, closes.Sub(opens))
		}
	}
	return sum
}

// LastServed is the last instant at or before t at which somebody serves, so that a warning about a
// deadline in the night reaches people before they leave. Without service hours, and on a day on which
// somebody is on duty, it is t.
func (c Calendar) LastServed(t time.Time, s Service) time.Time {
	day := Of(t, c.Zone())
	if s.empty() || c.watch[day] {
		return t
	}
	for range longestClosing {
		hours := c.stretches(day, s)
		for i := len(hours) - 1; i >= 0; i-- {
			from, to := day.At(hours[i].From, c.Zone()), day.At(hours[i].To, c.Zone())
			switch {
			case !t.Before(to):
				return to
			case !t.Before(from):
				return t
			}
		}
		day = day.AddDays(-1)
	}
	return t
}

// Watched is the calendar with days on which somebody is on duty around the clock. They open nothing and count
// as no working days: somebody is merely there to be told.
func (c Calendar) Watched(days ...Date) Calendar {
	watch := make(map[Date]bool, len(days))
	for _, day := range days {
		watch[day] = true
	}
	c.watch = watch
	return c
}

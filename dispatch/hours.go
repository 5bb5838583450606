package dispatch

import (
	"regexp"
	"strconv"
	"time"

	"paigong/dispatch/planner"
	"paigong/internal/calendar"
)

var hoursShape = regexp.MustCompile(`([01]?\d|2[0-4])[:：]([0-5]\d)\s*[-–—~～至到]\s*([01]?\d|2[0-4])[:：]([0-5]\d)`)

// openingHours reads when a counter is open from what people wrote, such as "8:30-12:00, 13:30-17:30".
// Weekdays are not told apart. A text without hours is always open: a note must not refuse anybody.
func openingHours(text string, from, to time.Time, zone *time.Location) []planner.Window {
	found := hoursShape.FindAllStringSubmatch(text, 8)
	if len(found) == 0 {
		return nil
	}
	clock := func(hour, minute string) time.Duration {
		h, _ := strconv.Atoi(hour)
		m, _ := strconv.Atoi(minute)
		return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	}
	var open []planner.Window
	for day, last := calendar.Of(from, zone), calendar.Of(to, zone); !day.After(last); day = day.AddDays(1) {
		for _, f := range found {
			opens, closes := clock(f[1], f[2]), clock(f[3], f[4])
			if opens < closes {
				open = append(open, planner.Window{From: day.At(opens, zone).Unix(), To: day.At(closes, zone).Unix()})
			}
		}
	}
	return open
}

package calendar

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

//go:embed cn/*.json
var announced embed.FS

// Shanghai is the one zone of mainland China.
func Shanghai() *time.Location { return Mainland().Zone() }

// Mainland is the calendar of mainland China: the holidays and make-up days announced by the State
// Council for 2019, 2020 and 2023 to 2026. 2027 had not been announced when it was made, so it is not known.
func Mainland() Calendar { return mainland() }

var mainland = sync.OnceValue(func() Calendar {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	days, years := map[Date]Day{}, []int{}
	entries, err := announced.ReadDir("cn")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		raw, err := announced.ReadFile("cn/" + entry.Name())
		if err != nil {
			panic(err)
		}
		found, year, err := Announcement(raw)
		if err != nil {
			panic(fmt.Sprintf("calendar: %s: %v", entry.Name(), err))
		}
		for date, day := range found {
			days[date] = day
		}
		if len(found) > 0 {
			years = append(years, year)
		}
	}
	return New(zone, days, years...)
})

// Announcement reads a year's holidays in the form in which they are published as JSON:
// {"year":2026,"days":[{"name":"春节","date":"2026-02-14","isOffDay":false},…]}.
// A year's file may name days of the year before, and no days at all before the announcement.
func Announcement(raw []byte) (days map[Date]Day, year int, err error) {
	var file struct {
		Year int
		Days []struct {
			Name     string
			Date     Date
			IsOffDay bool
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, 0, err
	}
	days = map[Date]Day{}
	for _, day := range file.Days {
		days[day.Date] = Day{Working: !day.IsOffDay, Name: day.Name}
	}
	return days, file.Year, nil
}

package calendar

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	place, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

func TestADateInEachOfItsForms(t *testing.T) {
	d := Must("2026-02-24")
	if d != On(2026, 2, 24) || d.String() != "2026-02-24" || d.Weekday() != time.Tuesday || d.Year() != 2026 {
		t.Fatalf("%v on a %v of %d", d, d.Weekday(), d.Year())
	}
	raw, err := json.Marshal(map[Date]*Date{d: &d})
	if err != nil || string(raw) != `{"2026-02-24":"2026-02-24"}` {
		t.Fatalf("JSON %s, %v", raw, err)
	}
	var back map[Date]Date
	if err := json.Unmarshal(raw, &back); err != nil || back[d] != d {
		t.Fatalf("read back %v, %v", back, err)
	}
	for _, bad := range []string{"", "2026-2-4", "2026-02-30", "2026-02-24T00:00:00Z", "24.02.2026"} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", bad, got)
		}
	}
	for _, stored := range []any{"2026-02-24", []byte("2026-02-24"), time.Date(2026, 2, 24, 0, 0, 0, 0, time.UTC)} {
		var got Date
		if err := got.Scan(stored); err != nil || got != d {
			t.Errorf("Scan(%v) = %v, %v", stored, got, err)
		}
	}
	if v, err := d.Value(); err != nil || v != "2026-02-24" {
		t.Errorf("Value() = %v, %v", v, err)
	}
	days := []Date{d.AddDays(7), d, d.AddDays(-60)}
	slices.SortFunc(days, Date.Compare)
	if days[0].String() != "2025-12-26" || days[2].Sub(days[0]) != 67 || !days[0].Before(d) || !days[2].After(d) {
		t.Errorf("sorted %v", days)
	}
	if !(Date{}).IsZero() || (Date{}).String() != "0001-01-01" || (Date{}).Weekday() != time.Monday {
		t.Errorf("the zero date is %v, a %v", Date{}, Date{}.Weekday())
	}
}

func TestHolidaysOfTheMainland(t *testing.T) {
	c := Mainland()
	for _, day := range []struct {
		date    string
		working bool
		why     string
	}{
		{"2026-02-13", true, "an ordinary Friday"},
		{"2026-02-14", true, "a Saturday worked for Spring Festival"},
		{"2026-02-15", false, "Spring Festival"},
		{"2026-02-23", false, "the last day of Spring Festival, a Monday"},
		{"2026-02-24", true, "the first day after it"},
		{"2026-10-01", false, "National Day"},
		{"2026-11-21", false, "an ordinary Saturday"},
		{"2018-12-29", true, "a Saturday of the year before, in the file of 2019"},
		{"2018-12-31", false, "a Monday of the year before, in the file of 2019"},
		{"2022-12-31", false, "in the file of 2023"},
		{"2020-02-03", true, "a Monday named as a working day by the revision of 2020"},
		{"2020-01-31", false, "a day the revision of 2020 added"},
		{"2027-01-01", true, "a Friday of a year not announced"},
		{"2027-01-02", false, "a Saturday of a year not announced"},
	} {
		if got := c.Working(Must(day.date)); got != day.working {
			t.Errorf("%s works: %v, but it is %s", day.date, got, day.why)
		}
	}
	for year, known := range map[int]bool{2018: false, 2019: true, 2020: true, 2021: false, 2022: false, 2023: true, 2024: true, 2025: true, 2026: true, 2027: false} {
		if got := c.Known(year); got != known {
			t.Errorf("Known(%d) = %v", year, got)
		}
	}
	off, exchanged := 0, 0
	for _, day := range c.Exceptions(2026) {
		if day.Working {
			exchanged++
		} else {
			off++
		}
	}
	if off != 33 || exchanged != 6 || c.Name(Must("2026-10-01")) != "国庆节" {
		t.Errorf("2026 has %d days off and %d exchanged, National Day is %q", off, exchanged, c.Name(Must("2026-10-01")))
	}
}

func TestAnAnnouncedYearChangesTheDatesOfIt(t *testing.T) {
	before := Mainland()
	days, year, err := Announcement([]byte(`{"year":2027,"days":[{"name":"元旦","date":"2027-01-01","isOffDay":true},{"name":"元旦","date":"2027-01-03","isOffDay":false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	after := before.With(days, year)
	first, _, shifted := Window(Must("2026-12-30"), 2, 3, before)
	if first.String() != "2027-01-01" || shifted || before.Known(2027) {
		t.Errorf("before the announcement: %v, shifted %v", first, shifted)
	}
	first, _, shifted = Window(Must("2026-12-30"), 2, 3, after)
	if first.String() != "2027-01-03" || !shifted || !after.Known(2027) {
		t.Errorf("after the announcement: %v, shifted %v", first, shifted)
	}
}

func TestCountingWorkingDays(t *testing.T) {
	c := Mainland()
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-20", 1, "2026-11-23"},
		{"2026-11-21", 1, "2026-11-23"},
		{"2026-02-13", 1, "2026-02-14"},
		{"2026-02-13", 2, "2026-02-24"},
		{"2026-02-24", -1, "2026-02-14"},
		{"2026-02-16", 0, "2026-02-16"},
	} {
		if got := c.AddWorking(Must(x.from), x.n); got.String() != x.want {
			t.Errorf("%s + %d working days = %v, want %s", x.from, x.n, got, x.want)
		}
	}
	if got := c.NextWorking(Must("2026-02-15")); got.String() != "2026-02-24" {
		t.Errorf("next working day is %v", got)
	}
	closed := New(time.UTC, nil)
	for day := range 1000 {
		closed = closed.With(map[Date]Day{Must("2026-01-01").AddDays(day): {}})
	}
	if got := closed.NextWorking(Must("2026-01-01")); got.String() != "2026-01-01" {
		t.Errorf("a calendar that never opens answers %v", got)
	}
	friday := time.Date(2026, 11, 20, 18, 0, 0, 0, c.Zone())
	if got := c.Received(friday.Add(-time.Second), 18*time.Hour); got.String() != "2026-11-20" {
		t.Errorf("handed in before closing counts from %v", got)
	}
	if got := c.Received(friday, 18*time.Hour); got.String() != "2026-11-21" {
		t.Errorf("handed in at closing counts from %v", got)
	}
}

func TestServiceHours(t *testing.T) {
	c := Mainland()
	week := Weekdays(Hours{9 * time.Hour, 12 * time.Hour}, Hours{13*time.Hour + 30*time.Minute, 18 * time.Hour})
	at := func(s string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04", s, c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, x := range []struct {
		start string
		add   time.Duration
		end   string
	}{
		{"2026-11-20 09:00", time.Hour, "2026-11-20 10:00"},
		{"2026-11-20 11:30", time.Hour, "2026-11-20 14:00"},
		{"2026-11-20 17:45", 30 * time.Minute, "2026-11-23 09:15"},
		{"2026-11-21 03:00", 0, "2026-11-21 03:00"},
		{"2026-11-21 03:00", time.Minute, "2026-11-23 09:01"},
		{"2026-02-13 17:30", time.Hour, "2026-02-14 09:30"},
		{"2026-02-14 17:30", time.Hour, "2026-02-24 09:30"},
		{"2026-11-20 09:00", 7*time.Hour + 30*time.Minute, "2026-11-20 18:00"},
	} {
		got := c.AddServiceTime(at(x.start), x.add, week)
		if !got.Equal(at(x.end)) {
			t.Errorf("%s + %v = %v, want %s", x.start, x.add, got, x.end)
		}
		if back := c.ServiceTime(at(x.start), got, week); back != x.add {
			t.Errorf("from %s to %s: %v, want %v", x.start, x.end, back, x.add)
		}
	}
	for _, x := range []struct{ t, last string }{
		{"2026-11-21 16:00", "2026-11-20 18:00"}, // a letter of Friday 17:00 warns before Friday's end
		{"2026-11-20 13:00", "2026-11-20 12:00"},
		{"2026-11-20 14:00", "2026-11-20 14:00"},
		{"2026-02-24 08:00", "2026-02-14 18:00"},
	} {
		if got := c.LastServed(at(x.t), week); !got.Equal(at(x.last)) {
			t.Errorf("somebody last served before %s at %v, want %s", x.t, got, x.last)
		}
	}
	if got := c.AddServiceTime(at("2026-02-16 23:00"), 2*time.Hour, Service{}); !got.Equal(at("2026-02-17 01:00")) {
		t.Errorf("day and night service ends at %v", got)
	}
	island := New(zone(t, "Australia/Lord_Howe"), nil).Open(time.Sunday) // clocks go back half an hour on 5 April 2026 at 02:00
	night := Service{}
	for weekday := range night {
		night[weekday] = []Hours{{0, 4 * time.Hour}}
	}
	start := Must("2026-04-05").In(island.Zone())
	if got := island.ServiceTime(start, start.Add(24*time.Hour), night); got != 4*time.Hour+30*time.Minute {
		t.Errorf("the night on which clocks go back serves %v", got)
	}
}

// TestEveryHourAgainstTheSlowWay compares days, windows and days' beginnings with an oracle that formats
// instants, steps with AddDate and looks days up by their text.
func TestEveryHourAgainstTheSlowWay(t *testing.T) {
	named := map[string]bool{}
	for _, year := range []int{2025, 2026} {
		for _, day := range Mainland().Exceptions(year) {
			named[day.Date.String()] = day.Working
		}
	}
	works := func(day time.Time) bool {
		if working, ok := named[day.Format(time.DateOnly)]; ok {
			return working
		}
		return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
	}
	window := func(day string) (first, last string, shifted bool) {
		anchor, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		second, third := anchor.AddDate(0, 0, 2), anchor.AddDate(0, 0, 3)
		switch a, b := works(second), works(third); {
		case a && b:
			return second.Format(time.DateOnly), third.Format(time.DateOnly), false
		case a:
			return second.Format(time.DateOnly), second.Format(time.DateOnly), false
		case b:
			return third.Format(time.DateOnly), third.Format(time.DateOnly), false
		}
		for {
			if third = third.AddDate(0, 0, 1); works(third) {
				return third.Format(time.DateOnly), third.Format(time.DateOnly), true
			}
		}
	}
	for _, name := range []string{"Asia/Shanghai", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati", "America/Havana", "Antarctica/Troll"} {
		place := zone(t, name)
		c := Mainland().At(place)
		today, checked := "", 0
		var first, last string
		var shifted bool
		end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for hour := time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC); hour.Before(end); hour = hour.Add(time.Hour) {
			text := hour.In(place).Format(time.DateOnly)
			d := Of(hour, place)
			if d.String() != text {
				t.Fatalf("%v is %v at %s, want %s", hour, d, name, text)
			}
			if text != today {
				today = text
				first, last, shifted = window(text)
				begin := d.In(place)
				if Of(begin, place) != d || Of(begin.Add(-1), place) == d {
					t.Fatalf("%v begins at %v at %s", d, begin, name)
				}
			}
			gotFirst, gotLast, gotShifted := Window(d, 2, 3, c)
			if gotFirst.String() != first || gotLast.String() != last || gotShifted != shifted {
				t.Fatalf("finished %v at %s: %v to %v (%v), want %s to %s (%v)", hour, name, gotFirst, gotLast, gotShifted, first, last, shifted)
			}
			checked++
		}
		if checked != 16032 {
			t.Errorf("%d hours at %s", checked, name)
		}
	}
}

func TestADayThatAPlaceSkipped(t *testing.T) {
	apia := zone(t, "Pacific/Apia")
	skipped, next := Must("2011-12-30"), Must("2011-12-31")
	if !skipped.In(apia).Equal(next.In(apia)) || Of(skipped.In(apia), apia) != next {
		t.Errorf("30 December 2011 begins at %v, the 31st at %v", skipped.In(apia), next.In(apia))
	}
	if hours := next.In(apia).Sub(Must("2011-12-29").In(apia)).Hours(); hours != 24 {
		t.Errorf("the 29th had %v hours", hours)
	}
}

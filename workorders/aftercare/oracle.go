package aftercare

import (
	"fmt"
	"math/rand/v2"
	"time"

	"paigong/internal/calendar"
)

// Difference is a deadline on which the program and the slow reckoning do not agree.
type Difference struct{ Case, Fast, Slow string }

// CheckDeadlines reckons n deadlines twice, once as the program does and once by leafing through civil days
// written as text, and gives the cases that differ. A case is an instant between 2024 and 2027, a rule (a
// window of calls, the warning before a 24-hour reply, two working days for papers), a zone (with summer time
// of an hour, of half an hour, on the southern half of the globe, and without) and a calendar: mainland
// China's, whose 2027 nobody has announced, with and without Saturdays, or weekends alone. One instant in four
// lies around the Spring Festival of 2026. The same seed gives the same cases.
func CheckDeadlines(n int, seed uint64) ([]Difference, error) {
	var zones []*time.Location
	for _, name := range []string{"Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "UTC"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			return nil, fmt.Errorf("zone %s: %w", name, err)
		}
		zones = append(zones, z)
	}
	named := map[string]bool{}
	for year := 2023; year <= 2028; year++ {
		for _, d := range calendar.Mainland().Exceptions(year) {
			named[d.Date.String()] = d.Working
		}
	}
	kinds := []string{AfterVisit, AfterAnswer, ThreeDays, SevenDays, AfterNo, AfterCancel}
	r := rand.New(rand.NewPCG(seed, 8))
	first, last := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC).Unix()
	spring := time.Date(2026, 2, 8, 0, 0, 0, 0, time.UTC).Unix()
	nobody := func(calendar.Date) int { return 0 }
	var out []Difference
	for i := range n {
		at := time.Unix(first+r.Int64N(last-first), 0)
		if i%4 == 0 {
			at = time.Unix(spring+r.Int64N(26*86400), 0)
		}
		zone := zones[r.IntN(len(zones))]
		cal := slowCalendar{named: named, chinese: true}
		c := calendar.Mainland().At(zone)
		switch r.IntN(3) {
		case 1:
			cal.saturdays = true
			c = c.Open(time.Saturday)
		case 2:
			cal.chinese = false
			c = calendar.New(zone, nil)
		}
		var fast, slow, rule string
		switch pick := r.IntN(8); {
		case pick < 6:
			rule = kinds[pick]
			late := time.Duration(0)
			if r.IntN(5) == 0 {
				late = time.Duration(r.IntN(12*24)) * time.Hour
			}
			anchor, _ := calendar.Anchor(at, at.Add(late), zone)
			d := plan(rule, anchor, calendar.Of(at.Add(late), zone), c, true, nobody, 40)
			fast = fmt.Sprint(d.From, d.To, d.On, d.Shifted, d.LateSheet)
			slow = cal.window(at, at.Add(late), zone, windows[rule])
		case pick == 6:
			rule = "warning"
			due := at.Add(day24)
			fast = rungAt("reply", 0, due, c, calendar.OfficeHours()).UTC().Format(time.RFC3339)
			slow = cal.warning(due.Add(-4*time.Hour), zone).UTC().Format(time.RFC3339)
		default:
			rule = "papers"
			fast = c.AddWorking(c.Received(at, 18*time.Hour), 2).String()
			slow = cal.papers(at, zone)
		}
		if fast != slow && len(out) < 20 {
			out = append(out, Difference{fmt.Sprintf("%s %s in %s, Chinese %v, Saturdays %v", rule, at.UTC().Format(time.RFC3339), zone, cal.chinese, cal.saturdays), fast, slow})
		}
	}
	return out, nil
}

// slowCalendar knows days as text and leafs through them one by one.
type slowCalendar struct {
	named              map[string]bool
	chinese, saturdays bool
}

// leaf is the day n days after a day, by the clock of Greenwich, where no day is longer than another.
func leaf(day string, n int) string {
	t, err := time.Parse("2006-01-02 15:04", day+" 12:00")
	if err != nil {
		panic(err) // days come from Format
	}
	for ; n > 0; n-- {
		t = t.Add(24 * time.Hour)
	}
	for ; n < 0; n++ {
		t = t.Add(-24 * time.Hour)
	}
	return t.Format("2006-01-02")
}

func (s slowCalendar) works(day string) bool {
	if s.chinese {
		if works, named := s.named[day]; named {
			return works
		}
	}
	t, _ := time.Parse("2006-01-02", day)
	switch t.Format("Mon") {
	case "Sun":
		return false
	case "Sat":
		return s.saturdays
	}
	return true
}

func (s slowCalendar) window(finished, arrived time.Time, zone *time.Location, w Span) string {
	anchor := finished.In(zone).Format("2006-01-02")
	if arrived.Sub(finished) > 14*24*time.Hour {
		anchor = arrived.In(zone).Format("2006-01-02")
	}
	today := arrived.In(zone).Format("2006-01-02")
	var open []string
	for n := w.From; n <= w.To; n++ {
		if d := leaf(anchor, n); s.works(d) {
			open = append(open, d)
		}
	}
	shifted := len(open) == 0
	if shifted {
		d := leaf(anchor, w.To+1)
		for !s.works(d) {
			d = leaf(d, 1)
		}
		open = []string{d}
	}
	on, late := "", false
	for _, d := range open {
		if on == "" && d > today {
			on = d
		}
	}
	if on == "" {
		late = true
		for on = leaf(today, 1); !s.works(on); {
			on = leaf(on, 1)
		}
	}
	return fmt.Sprint(show(open[0]), show(open[len(open)-1]), show(on), shifted, late)
}

// show is a day as a calendar.Date prints itself.
func show(day string) calendar.Date { return calendar.Must(day) }

// warning is the last moment at or before t at which somebody is in the office, nine to six at the place.
func (s slowCalendar) warning(t time.Time, zone *time.Location) time.Time {
	day := t.In(zone).Format("2006-01-02")
	for {
		weekend := false
		if d, _ := time.Parse("2006-01-02", day); d.Format("Mon") == "Sat" || d.Format("Mon") == "Sun" {
			weekend = true
		}
		exchanged := s.chinese && s.named[day]
		if s.works(day) && (!weekend || exchanged) {
			opens, _ := time.ParseInLocation("2006-01-02 15:04", day+" 09:00", zone)
			closes, _ := time.ParseInLocation("2006-01-02 15:04", day+" 18:00", zone)
			if !t.Before(closes) {
				return closes
			}
			if !t.Before(opens) {
				return t
			}
		}
		day = leaf(day, -1)
	}
}

// papers is the second working day after papers were handed in; after six in the evening they count as handed
// in the next day.
func (s slowCalendar) papers(t time.Time, zone *time.Location) string {
	day := t.In(zone).Format("2006-01-02")
	if t.In(zone).Format("15:04") >= "18:00" {
		day = leaf(day, 1)
	}
	for n := 0; n < 2; {
		day = leaf(day, 1)
		if s.works(day) {
			n++
		}
	}
	return day
}

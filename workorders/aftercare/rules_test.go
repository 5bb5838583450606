package aftercare

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Shanghai())
	if err != nil {
		panic(err)
	}
	return t
}

func nobody(calendar.Date) int { return 0 }

// slowWindow finds a window the way a person does: leafing through the calendar day by day.
func slowWindow(anchor calendar.Date, from, to int, c calendar.Calendar) (first, last calendar.Date, shifted bool) {
	var open []calendar.Date
	for n := from; n <= to; n++ {
		if day := anchor.AddDays(n); c.Working(day) {
			open = append(open, day)
		}
	}
	if len(open) > 0 {
		return open[0], open[len(open)-1], false
	}
	day := anchor.AddDays(to)
	for !c.Working(day) {
		day = day.AddDays(1)
	}
	return day, day, true
}

func TestWindowsOfThreeYearsAgainstLeafingThroughTheCalendar(t *testing.T) {
	c := calendar.Mainland()
	for kind, w := range windows {
		for day := calendar.Must("2025-01-01"); day.Before(calendar.Must("2028-01-01")); day = day.AddDays(1) {
			first, last, shifted := slowWindow(day, w.From, w.To, c)
			d := plan(kind, day, day, c, false, nobody, 40)
			if d.From != first || d.To != last || d.Shifted != shifted || d.LateSheet {
				t.Fatalf("%s after %s: %s to %s (shifted %v, late %v), want %s to %s (%v)", kind, day, d.From, d.To, d.Shifted, d.LateSheet, first, last, shifted)
			}
			if d.On != first || !c.Working(d.On) {
				t.Fatalf("%s after %s is due on %s, a quiet team calls on %s", kind, day, d.On, first)
			}
			if guess := d.On.Year() == 2027 || day.Year() == 2027; d.Guess != guess {
				t.Fatalf("%s after %s, due %s: rests on weekends alone: %v, want %v", kind, day, d.On, d.Guess, guess)
			}
		}
	}
}

func TestDatesPeopleKnow(t *testing.T) {
	for _, c := range []struct{ name, kind, on, handed, want string }{
		{"an ordinary Monday", "repair", "2026-03-02", "2026-03-02", "2026-03-04..2026-03-05 on 2026-03-04"},
		{"a Friday: only Monday is worked", "repair", "2026-03-06", "2026-03-06", "2026-03-09..2026-03-09 on 2026-03-09"},
		{"Spring Festival 2026", "repair", "2026-02-14", "2026-02-14", "2026-02-24..2026-02-24 on 2026-02-24 shifted"},
		{"the make-up Saturday after it", "install", "2026-02-26", "2026-02-26", "2026-02-28..2026-02-28 on 2026-02-28"},
		{"National Day 2026", "repair", "2026-09-30", "2026-09-30", "2026-10-08..2026-10-08 on 2026-10-08 shifted"},
		{"maintenance", "maintain", "2026-03-02", "2026-03-02", "2026-03-05..2026-03-06 on 2026-03-05"},
		{"a delivery", "deliver", "2026-03-02", "2026-03-02", "2026-03-09..2026-03-12 on 2026-03-09"},
		{"the sheet comes on day 2", "repair", "2026-03-02", "2026-03-04", "2026-03-04..2026-03-05 on 2026-03-05"},
		{"the sheet comes on the last day", "repair", "2026-03-02", "2026-03-05", "2026-03-04..2026-03-05 on 2026-03-06 late"},
		{"the sheet comes a week later", "repair", "2026-03-02", "2026-03-13", "2026-03-04..2026-03-05 on 2026-03-16 late"},
		{"nobody has announced 2027: its first week is a guess", "repair", "2026-12-30", "2026-12-30", "2027-01-01..2027-01-01 on 2027-01-01 guess"},
	} {
		d := plan(KindFor(c.kind), calendar.Must(c.on), calendar.Must(c.handed), calendar.Mainland(), false, nobody, 40)
		got := fmt.Sprintf("%s..%s on %s", d.From, d.To, d.On)
		for mark, is := range map[string]bool{" shifted": d.Shifted, " late": d.LateSheet, " guess": d.Guess} {
			if is {
				got += mark
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCallsAreSpreadOverTheDaysAfterAHoliday(t *testing.T) {
	// The work of eight days before and in Spring Festival 2026 falls due on 24 February, the first day after it.
	load := map[calendar.Date]int{}
	firsts := 0
	for n := range 120 {
		important := n%40 == 39
		d := plan(AfterVisit, calendar.Must("2026-02-13").AddDays(n%8), calendar.Must("2026-02-13").AddDays(n%8), calendar.Mainland(), important, func(day calendar.Date) int { return load[day] }, 40)
		if d.From != calendar.Must("2026-02-24") || !d.Shifted {
			t.Fatalf("window from %s, shifted %v: load may not move it", d.From, d.Shifted)
		}
		if important {
			firsts++
			if d.On != d.From {
				t.Errorf("an important customer is called on %s", d.On)
			}
		}
		load[d.On]++
	}
	if firsts != 3 || len(load) != 3 {
		t.Fatalf("spread over %v", load)
	}
	for _, day := range []string{"2026-02-24", "2026-02-25", "2026-02-26"} {
		if n := load[calendar.Must(day)]; n < 38 || n > 42 {
			t.Errorf("%d calls on %s", n, day)
		}
	}
}

func TestWhichTriesCount(t *testing.T) {
	for _, c := range []struct {
		name  string
		tries []string
		want  string // y or n for each
	}{
		{"the first always counts", []string{"2026-03-04 10:00"}, "y"},
		{"again in the same morning", []string{"2026-03-04 08:00", "2026-03-04 11:30"}, "yn"},
		{"morning and afternoon", []string{"2026-03-04 09:00", "2026-03-04 14:00"}, "yy"},
		{"noon is not far enough from late morning", []string{"2026-03-04 11:00", "2026-03-04 13:30"}, "yn"},
		{"three half-days", []string{"2026-03-04 10:00", "2026-03-04 14:00", "2026-03-05 10:00"}, "yyy"},
		{"afternoon and evening are one half-day", []string{"2026-03-04 14:00", "2026-03-04 18:30"}, "yn"},
		{"a try that did not count does not push others out", []string{"2026-03-04 10:00", "2026-03-04 11:00", "2026-03-04 13:30"}, "yny"},
		{"over midnight", []string{"2026-03-04 23:30", "2026-03-05 00:30", "2026-03-05 02:30"}, "yny"},
		{"recorded in another order than made", []string{"2026-03-04 14:00", "2026-03-04 12:00", "2026-03-04 09:00"}, "yny"},
	} {
		var counted []time.Time
		got := ""
		for _, s := range c.tries {
			if counts(counted, at(s), calendar.Shanghai()) {
				counted = append(counted, at(s))
				got += "y"
			} else {
				got += "n"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWhenToTryAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		tried   []string
		counted int
		want    string
	}{
		{"a morning call: in the afternoon", []string{"2026-03-04 09:10"}, 1, "2026-03-04 13:30"},
		{"three hours later at the earliest", []string{"2026-03-04 11:30"}, 1, "2026-03-04 14:30"},
		{"an afternoon call: next morning", []string{"2026-03-04 15:00"}, 1, "2026-03-05 09:00"},
		{"the third is in the evening", []string{"2026-03-04 09:10", "2026-03-04 14:00"}, 2, "2026-03-05 17:00"},
		{"unless one was", []string{"2026-03-04 09:10", "2026-03-04 18:00"}, 2, "2026-03-05 09:00"},
		{"over a weekend", []string{"2026-03-06 15:00"}, 1, "2026-03-09 09:00"},
		{"over Spring Festival, to the make-up day", []string{"2026-02-27 15:00"}, 1, "2026-02-28 09:00"},
		{"late in the evening", []string{"2026-03-04 19:50"}, 1, "2026-03-05 09:00"},
		{"at night", []string{"2026-03-04 02:00"}, 1, "2026-03-04 13:30"},
	} {
		var tried []time.Time
		for _, s := range c.tried {
			tried = append(tried, at(s))
		}
		last := tried[len(tried)-1]
		got := next(tried, c.counted, last, calendar.Shanghai(), calendar.Mainland())
		if s := got.In(calendar.Shanghai()).Format("2006-01-02 15:04"); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if got.Sub(last) < apart || halfOf(got, calendar.Shanghai()) == halfOf(last, calendar.Shanghai()) {
			t.Errorf("%s: %s would not count", c.name, got)
		}
	}
}

func TestWhatScoresSay(t *testing.T) {
	for _, c := range []struct {
		scores Scores
		result string
		lows   string
	}{
		{nil, "", ""},
		{Scores{"service": 5, "product": 4}, "satisfied", ""},
		{Scores{"service": 3, "product": 5}, "neutral", ""},
		{Scores{"service": 2, "product": 4}, "dissatisfied", "service"},
		{Scores{"service": 1, "product": 2, "on_time": 1}, "dissatisfied", "service product on_time"},
	} {
		if got := c.scores.result(); got != c.result || strings.Join(c.scores.lows(), " ") != c.lows {
			t.Errorf("%v: %s, low %v", c.scores, got, c.scores.lows())
		}
	}
}

func TestTheLadderOfADeadline(t *testing.T) {
	c, office := calendar.Mainland(), calendar.OfficeHours()
	for _, x := range []struct{ name, received, want string }{
		{"a Monday morning", "2026-03-02 10:00", "2026-03-02 18:00, 2026-03-03 10:00, 2026-03-03 14:00, 2026-03-04 10:00"},
		{"a Monday afternoon", "2026-03-02 16:00", "2026-03-03 12:00, 2026-03-03 16:00, 2026-03-03 20:00, 2026-03-04 16:00"},
		{"a Friday afternoon warns before the weekend", "2026-03-06 17:00", "2026-03-06 18:00, 2026-03-07 17:00, 2026-03-07 21:00, 2026-03-08 17:00"},
		{"a Friday before a make-up Saturday", "2026-02-27 17:00", "2026-02-28 13:00, 2026-02-28 17:00, 2026-02-28 21:00, 2026-03-01 17:00"},
	} {
		due := at(x.received).Add(day24)
		var got []string
		for level := range 4 {
			got = append(got, rungAt("reply", level, due, c, office).In(calendar.Shanghai()).Format("2006-01-02 15:04"))
		}
		if s := strings.Join(got, ", "); s != x.want {
			t.Errorf("%s: %s, want %s", x.name, s, x.want)
		}
		if rungAt("reply", 4, due, c, office) != nil {
			t.Error("a fifth rung")
		}
		for _, s := range []struct {
			after time.Duration
			want  int
		}{{-time.Second, 1}, {0, 2}, {4*time.Hour - time.Second, 2}, {4 * time.Hour, 3}, {24 * time.Hour, 4}, {1000 * time.Hour, 4}} {
			if got := reached("reply", 0, due, due.Add(s.after), c, office); got != s.want {
				t.Errorf("%s: %s after the deadline rung %d, want %d", x.name, s.after, got, s.want)
			}
		}
	}
	for kind, ladder := range Ladders {
		for i, r := range ladder {
			if r.Level != i+1 || r.Tells == "" || i > 0 && r.After <= ladder[i-1].After {
				t.Errorf("%s: rung %+v", kind, r)
			}
		}
	}
}

func TestWhenAComplaintMayBeClosed(t *testing.T) {
	now := at("2026-03-02 10:00")
	for _, c := range []struct {
		name    string
		c       Complaint
		ok      bool
		allowed []string
	}{
		{"a grumble without a reply", Complaint{Grade: "grumble", State: Registered}, false, []string{"reply", "verify", "escalate"}},
		{"a grumble with one", Complaint{Grade: "grumble", State: Investigating, RepliedAt: &now}, true, nil},
		{"a complaint with a reply alone", Complaint{Grade: "complaint", State: Investigating, RepliedAt: &now}, false, []string{"propose"}},
		{"an offer is with the customer", Complaint{Grade: "complaint", State: ProposedOffer, RepliedAt: &now}, false, []string{"accept", "refuse"}},
		{"accepted", Complaint{Grade: "complaint", State: OfferAccepted, RepliedAt: &now}, true, nil},
		{"refused once", Complaint{Grade: "complaint", State: OfferRefused, RefusedOffers: 1, RepliedAt: &now}, false, []string{"propose"}},
		{"refused twice", Complaint{Grade: "complaint", State: OfferRefused, RefusedOffers: 2, RepliedAt: &now}, true, nil},
		{"a third offer is out", Complaint{Grade: "complaint", State: ProposedOffer, RefusedOffers: 2, RepliedAt: &now}, false, []string{"accept", "refuse"}},
	} {
		err := c.c.mayClose()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if f := fault.As(err); f != nil && !slices.Equal(f.Allowed, c.allowed) {
			t.Errorf("%s: allowed %v, want %v", c.name, f.Allowed, c.allowed)
		}
		if slices.Contains(c.c.actions(), "close") != c.ok {
			t.Errorf("%s offers %v", c.name, c.c.actions())
		}
	}
}

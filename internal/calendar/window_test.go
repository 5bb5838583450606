package calendar

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestFollowUpWindows(t *testing.T) {
	c := Mainland()
	for _, x := range []struct {
		done, first, last string
		shifted           bool
	}{
		{"2026-11-16", "2026-11-18", "2026-11-19", false}, // Monday → Wednesday, Thursday
		{"2026-11-18", "2026-11-20", "2026-11-20", false}, // Wednesday → Friday
		{"2026-11-19", "2026-11-23", "2026-11-23", true},  // Thursday → weekend → Monday
		{"2026-11-20", "2026-11-23", "2026-11-23", false}, // Friday → Monday, day 3
		{"2026-11-21", "2026-11-23", "2026-11-24", false},
		{"2026-02-12", "2026-02-14", "2026-02-14", false}, // the Saturday worked in exchange
		{"2026-02-21", "2026-02-24", "2026-02-24", false},
		{"2026-02-22", "2026-02-24", "2026-02-25", false},
		{"2026-09-28", "2026-09-30", "2026-09-30", false},
		{"2026-10-05", "2026-10-08", "2026-10-08", false},
		{"2026-12-31", "2027-01-04", "2027-01-04", true}, // 2027 not announced: weekends alone
	} {
		first, last, shifted := Window(Must(x.done), 2, 3, c)
		if first.String() != x.first || last.String() != x.last || shifted != x.shifted {
			t.Errorf("done %s: call %v to %v, shifted %v; want %s to %s, %v", x.done, first, last, shifted, x.first, x.last, x.shifted)
		}
	}
	for done := Must("2026-02-13"); !done.After(Must("2026-02-22")); done = done.AddDays(1) {
		if first, _, _ := Window(done, 2, 3, c); first != Must("2026-02-24") {
			t.Errorf("the work of %v is called on %v, want the first day after Spring Festival", done, first)
		}
	}
	var after []string
	for done := Must("2026-09-20"); !done.After(Must("2026-10-10")); done = done.AddDays(1) {
		if first, _, _ := Window(done, 2, 3, c); first == Must("2026-10-08") {
			after = append(after, done.String())
		}
	}
	if fmt.Sprint(after) != "[2026-09-29 2026-09-30 2026-10-01 2026-10-02 2026-10-03 2026-10-04 2026-10-05 2026-10-06]" {
		t.Errorf("called on the day after National Day: the work of %v", after)
	}
	saturdays := c.Open(time.Saturday)
	if first, _, shifted := Window(Must("2026-11-19"), 2, 3, saturdays); first != Must("2026-11-21") || shifted {
		t.Errorf("callers who work on Saturdays call on %v", first)
	}
	if first, _, _ := Window(Must("2026-02-19"), 2, 3, saturdays); first != Must("2026-02-24") {
		t.Errorf("they have Spring Festival off, yet call on %v", first)
	}
}

func TestTheDayThatCounts(t *testing.T) {
	shanghai := Shanghai()
	arrived := time.Date(2026, 11, 20, 9, 0, 0, 0, shanghai)
	for _, x := range []struct {
		name     string
		finished time.Time
		want     string
		replaced bool
	}{
		{"today", arrived.Add(-time.Hour), "2026-11-20", false},
		{"at two in the morning, which is the day before in London", time.Date(2026, 11, 20, 2, 0, 0, 0, shanghai), "2026-11-20", false},
		{"13 days ago", arrived.AddDate(0, 0, -13), "2026-11-07", false},
		{"15 days ago", arrived.AddDate(0, 0, -15), "2026-11-20", true},
		{"in the future", arrived.Add(time.Minute), "2026-11-20", true},
	} {
		if got, replaced := Anchor(x.finished, arrived, shanghai); got.String() != x.want || replaced != x.replaced {
			t.Errorf("finished %s: %v, replaced %v", x.name, got, replaced)
		}
	}
	c := Mainland()
	first, last, _ := Window(Must("2026-11-16"), 2, 3, c) // Wednesday to Thursday
	for _, x := range []struct {
		today, due string
		late       bool
	}{
		{"2026-11-16", "2026-11-18", false},
		{"2026-11-18", "2026-11-19", false},
		{"2026-11-19", "2026-11-20", true},
		{"2026-11-20", "2026-11-23", true},
	} {
		if due, late := FirstCall(first, last, Must(x.today), c); due.String() != x.due || late != x.late {
			t.Errorf("a sheet that arrives on %s is called on %v, late %v; want %s, %v", x.today, due, late, x.due, x.late)
		}
	}
}

func TestSpreadingCalls(t *testing.T) {
	c := Mainland()
	first, last, shifted := Window(Must("2026-02-16"), 2, 3, c)
	days := CallDays(first, last, shifted, c)
	if fmt.Sprint(days) != "[2026-02-24 2026-02-25 2026-02-26]" {
		t.Fatalf("after Spring Festival calls spread over %v", days)
	}
	first, last, shifted = Window(Must("2026-11-20"), 2, 5, c)
	if got := CallDays(first, last, shifted, c); fmt.Sprint(got) != "[2026-11-23 2026-11-24 2026-11-25]" {
		t.Fatalf("in an ordinary week calls spread over %v", got)
	}
	planned := map[string][2]int{"2026-02-24": {30, 40}, "2026-02-25": {10, 20}, "2026-02-26": {5, 10}}
	load := func(d Date) (int, int) { return planned[d.String()][0], planned[d.String()][1] }
	if got := Quietest(days, load); got.String() != "2026-02-25" {
		t.Errorf("the quietest day, half full and earlier than its equal, is %v", got)
	}
	slices.Reverse(days)
	planned["2026-02-24"] = [2]int{0, 0}
	if got := Quietest(days, load); got.String() != "2026-02-24" {
		t.Errorf("the empty day loses against %v", got)
	}
}

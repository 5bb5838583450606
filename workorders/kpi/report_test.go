package kpi

import (
	"testing"
	"time"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

func codeOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return ""
}

func TestPeriods(t *testing.T) {
	cases := []struct {
		name     string
		from, to string
		code     string
	}{
		{"a month", "2026-11-01", "2026-11-30", ""},
		{"a day", "2026-11-16", "2026-11-16", ""},
		{"three years", "2023-11-30", "2026-11-30", ""},
		{"backwards", "2026-11-30", "2026-11-01", "period_backwards"},
		{"too long", "2010-01-01", "2026-11-30", "period_too_long"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := Ask{From: calendar.Must(c.from), To: calendar.Must(c.to)}
			if got := codeOf(a.check()); got != c.code {
				t.Errorf("refused with %q, want %q", got, c.code)
			}
		})
	}
	// The last day counts to its last moment where days are counted.
	from, end, _ := Ask{From: calendar.Must("2026-11-01"), To: calendar.Must("2026-11-30")}.span()
	if want := time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC); !from.Equal(want) {
		t.Errorf("November begins %v, want %v", from.UTC(), want)
	}
	if want := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC); !end.Equal(want) {
		t.Errorf("November ends %v, want %v", end.UTC(), want)
	}
}

func TestGroupings(t *testing.T) {
	all := []string{"model", "fault", "cause", "part"}
	got, err := dimensions("part,model", all)
	if err != nil || len(got) != 2 || got[0] != "model" || got[1] != "part" {
		t.Errorf("part,model is read as %v, %v", got, err)
	}
	if _, err := dimensions("colour", all); codeOf(err) != "report_by_unknown" {
		t.Errorf("an unknown grouping: %v", err)
	}
	if _, err := groupBy("receipts", "moon", []grouping{{name: "day"}}); codeOf(err) != "report_by_unknown" {
		t.Errorf("an unknown grouping: %v", err)
	}
}

// Nobody sees a house whose scope nobody made.
func TestScopeIsAsked(t *testing.T) {
	for _, kind := range Kinds() {
		if _, err := New(nil).Report(t.Context(), auth.Scope{}, kind, Ask{To: calendar.Must("2026-11-30")}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s without a scope: %v", kind, err)
		}
	}
}

// What cannot be divided is left out, not shown as nought.
func TestRatesOfNothingAreAbsent(t *testing.T) {
	var nobody EngineerRow
	nobody.rates()
	if nobody.FirstTimeFix != nil || nobody.OnTime != nil || nobody.Satisfaction != nil {
		t.Errorf("rates of nothing: %+v", nobody)
	}
	busy := EngineerRow{Repairs: 8, FirstTime: 6, Promised: 4, Kept: 1, Rated: 2, Stars: 9}
	busy.rates()
	if *busy.FirstTimeFix != 0.75 || *busy.OnTime != 0.25 || *busy.Satisfaction != 4.5 {
		t.Errorf("first-time fix %v, on time %v, satisfaction %v", *busy.FirstTimeFix, *busy.OnTime, *busy.Satisfaction)
	}
}

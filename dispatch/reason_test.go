package dispatch

import (
	"strings"
	"testing"
	"time"

	"paigong/dispatch/planner"
	"paigong/internal/calendar"
	"paigong/internal/say"
)

func TestEveryReasonHasItsSentence(t *testing.T) {
	t.Parallel()
	s := speaker{zone: calendar.Shanghai(), day: "2026-11-16", away: func(int, int64, int64) string { return "leave" }}
	args := planner.Args{Code: "R32", Place: "P", Need: 3, Have: 1, Seconds: 4000, Metres: 5200, From: 1794790800, To: 1794800000}
	hint := []planner.Effect{planner.Good, planner.Neutral, planner.Bad}
	for rule, effects := range map[planner.Rule][]planner.Effect{
		planner.RuleBlocked: {planner.Refuse}, planner.RuleRegion: {planner.Good, planner.Neutral, planner.Refuse}, planner.RuleSkill: {planner.Good, planner.Refuse},
		planner.RuleTool: {planner.Refuse}, planner.RuleWindow: {planner.Refuse}, planner.RuleShift: {planner.Refuse}, planner.RuleOvertime: {planner.Bad, planner.Refuse},
		planner.RuleAbsence: {planner.Refuse}, planner.RuleMaxVisits: {planner.Refuse}, planner.RuleOverlap: {planner.Refuse}, planner.RuleTravel: append(hint, planner.Refuse),
		planner.RulePartNone: {planner.Refuse}, planner.RulePartExp: {planner.Bad, planner.Refuse}, planner.RulePartStore: {planner.Bad, planner.Neutral, planner.Refuse},
		planner.RulePartVan: {planner.Good}, planner.RuleLoad: hint, planner.RuleDistance: hint, planner.RuleSLA: {planner.Good, planner.Bad}, planner.RulePreferred: {planner.Good},
	} {
		for _, effect := range effects {
			for _, lang := range say.Languages() {
				for _, seconds := range []int64{600, 40000} {
					for _, have := range []int64{0, 1} {
						for _, metres := range []int64{0, 5200} {
							s.lang, args.Seconds, args.Have, args.Metres = lang, seconds, have, metres
							r := s.reason(0, planner.Reason{Rule: rule, Effect: effect, Args: args})
							if r.Text == "" || strings.Contains(r.Text, "reason.") || strings.Contains(r.Text, "%!") || r.Text == string(rule) {
								t.Errorf("%s %s in %s says %q", rule, effect, lang, r.Text)
							}
							if again := r.In(lang); again.Text != r.Text {
								t.Errorf("%q said again is %q", r.Text, again.Text)
							}
						}
					}
				}
			}
		}
	}
	for _, kind := range []string{"leave", "training", "gap", "hold", "call"} {
		if !say.Has("reason.absence." + kind) {
			t.Errorf("no sentence for %s in the way", kind)
		}
	}
}

func TestOpeningHoursAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	zone := calendar.Shanghai()
	day := calendar.Must("2026-11-16")
	for text, want := range map[string]string{
		"8:30-17:30": "08:30-17:30",
		"周一至周五 08:30–12:00，13:30~18:00": "08:30-12:00 13:30-18:00",
		"9：00 至 20：00":                  "09:00-20:00",
		"0:00-24:00":                    "00:00-00:00",
		"":                              "",
		"请先打电话":                         "",
		"18:00-9:00":                    "",
	} {
		var got []string
		for _, w := range openingHours(text, day.At(7*time.Hour, zone), day.At(20*time.Hour, zone), zone) {
			got = append(got, time.Unix(w.From, 0).In(zone).Format("15:04")+"-"+time.Unix(w.To, 0).In(zone).Format("15:04"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", text, got, want)
		}
	}
}

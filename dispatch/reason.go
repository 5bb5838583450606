package dispatch

import (
	"math"
	"strconv"
	"time"

	"paigong/dispatch/planner"
	"paigong/internal/say"
)

// Reason is one rule applied to one engineer, in words a dispatcher would use. Key and Args say the
// same in any language.
type Reason struct {
	Rule   string   `json:"rule"`
	Effect string   `json:"effect"` // good, neutral, bad, refuse
	Text   string   `json:"text"`
	Key    string   `json:"key,omitempty"`
	Args   []string `json:"args,omitempty"`
}

// In is the reason in a language.
func (r Reason) In(lang string) Reason {
	if r.Key != "" {
		args := make([]any, len(r.Args))
		for i, a := range r.Args {
			args[i] = a
		}
		r.Text = say.Text(lang, r.Key, args...)
	}
	return r
}

// Say is a reason that is none of the planner's, by its key below "reason.".
func Say(lang, rule, effect, key string, args ...string) Reason {
	return Reason{Rule: rule, Effect: effect, Key: "reason." + key, Args: args}.In(lang)
}

// Rules of the board itself, besides those of the planner.
const (
	RuleInactive = "inactive" // no longer with us
	RulePlace    = "place"    // somebody has no coordinates, so a way is guessed
)

// speaker turns the planner's reasons into sentences.
type speaker struct {
	lang    string
	zone    *time.Location
	day     string            // of the slot in question: times of that day are told without their date
	regions map[string]string // names by code
	skills  map[string]string
	stores  map[string]string // names by id
	away    func(engineer int, from, to int64) string
}

func (s *speaker) say(rule, effect, key string, args ...string) Reason {
	return Reason{Rule: rule, Effect: effect, Key: "reason." + key, Args: args}.In(s.lang)
}

// refusedBy says how many engineers a rule refused for an order that found no place.
func (s *speaker) refusedBy(rule string, engineers int) Reason {
	return s.say(rule, string(planner.Refuse), "plan.left."+rule, number(int64(engineers)))
}

func (s *speaker) clock(sec int64) string {
	t := time.Unix(sec, 0).In(s.zone)
	if t.Format(time.DateOnly) == s.day {
		return t.Format("15:04")
	}
	return t.Format("01-02 15:04")
}

func (s *speaker) span(from, to int64) string {
	a, b := time.Unix(from, 0).In(s.zone), time.Unix(to, 0).In(s.zone)
	if a.Format(time.DateOnly) == b.Format(time.DateOnly) {
		return s.clock(from) + "-" + b.Format("15:04")
	}
	return a.Format("01-02 15:04") + " – " + b.Format("01-02 15:04")
}

func named(names map[string]string, code string) string {
	if name := names[code]; name != "" {
		return name
	}
	return code
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func inMinutes(seconds int64) string { return number((seconds + 59) / 60) }

func inHours(seconds int64) string { return strconv.FormatFloat(float64(seconds)/3600, 'f', 1, 64) }

func inKilometres(metres int64) string {
	return strconv.FormatFloat(math.Round(float64(metres)/100)/10, 'f', 1, 64)
}

// reason says one of the planner's reasons about the engineer with that index.
func (s *speaker) reason(engineer int, r planner.Reason) Reason {
	rule, effect, a := string(r.Rule), string(r.Effect), r.Args
	tell := func(key string, args ...string) Reason { return s.say(rule, effect, key, args...) }
	switch r.Rule {
	case planner.RuleBlocked:
		return tell("blocked.refuse")
	case planner.RuleRegion:
		return tell("region."+effect, named(s.regions, a.Code))
	case planner.RuleSkill:
		switch {
		case r.Effect != planner.Refuse:
			return tell("skill.good", named(s.skills, a.Code))
		case a.Have > 0:
			return tell("skill.low", named(s.skills, a.Code), number(a.Have), number(a.Need))
		}
		return tell("skill.refuse", named(s.skills, a.Code))
	case planner.RuleTool:
		return tell("tool.refuse", a.Code)
	case planner.RuleWindow:
		return tell("window.refuse", s.span(a.From, a.To))
	case planner.RuleShift:
		return tell("shift.refuse")
	case planner.RuleOvertime:
		if r.Effect == planner.Refuse {
			return tell("overtime.refuse", s.clock(a.To))
		}
		return tell("overtime.bad", inMinutes(a.Seconds), s.clock(a.To))
	case planner.RuleAbsence:
		return tell("absence."+s.away(engineer, a.From, a.To), s.span(a.From, a.To))
	case planner.RuleMaxVisits:
		return tell("max_visits.refuse", number(a.Have), number(a.Need))
	case planner.RuleOverlap:
		return tell("overlap.refuse", inMinutes(a.Seconds))
	case planner.RuleTravel:
		switch {
		case r.Effect == planner.Refuse:
			return tell("travel.refuse", inMinutes(a.Seconds))
		case a.Metres == 0:
			return tell("travel.guess", inMinutes(a.Seconds))
		}
		return tell("travel.way", inMinutes(a.Seconds), inKilometres(a.Metres))
	case planner.RulePartVan:
		return tell("part_van.good", number(a.Have), a.Code)
	case planner.RulePartStore:
		switch {
		case r.Effect == planner.Refuse:
			return tell("part_store.refuse", named(s.stores, a.Place), a.Code)
		case r.Effect == planner.Neutral:
			return tell("part_store.planned", named(s.stores, a.Place), a.Code)
		}
		return tell("part_store.bad", named(s.stores, a.Place), a.Code, inMinutes(a.Seconds))
	case planner.RulePartExp:
		day := time.Unix(a.From, 0).In(s.zone).Format("01-02")
		if r.Effect == planner.Refuse {
			return tell("part_expected.refuse", a.Code, day, named(s.stores, a.Place))
		}
		return tell("part_expected.bad", a.Code, day, named(s.stores, a.Place))
	case planner.RulePartNone:
		return tell("part_none.refuse", a.Code, number(a.Need), number(a.Have))
	case planner.RuleLoad:
		return tell("load.day", number(a.Have), number(a.Need))
	case planner.RuleDistance:
		return tell("distance.detour", inMinutes(a.Seconds), inKilometres(a.Metres))
	case planner.RuleSLA:
		key := "sla.early"
		if r.Effect == planner.Bad {
			key = "sla.late"
		}
		if a.Seconds < 2*3600 {
			return tell(key+".minutes", s.clock(a.From), inMinutes(a.Seconds))
		}
		return tell(key+".hours", s.clock(a.From), inHours(a.Seconds))
	case planner.RulePreferred:
		return tell("preferred.good")
	}
	return Reason{Rule: rule, Effect: effect, Text: rule}
}

package pages

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/money"
	"paigong/internal/say"
	"paigong/templates"
	"paigong/workorders"
)

// tones colour what matters most on a timeline.
var tones = map[string]string{
	"assign": "scheduled", "visit_accept": "scheduled", "depart": "travelling", "visit_depart": "travelling", "visit_arrive": "onsite", "visit_start": "onsite", "visit_pause": "onsite",
	"sheet": "done", "approve": "done", "quote_approved": "done", "payment": "done", "close": "done", "receipt": "done", "answer": "done",
	"chase": "late", "decline": "late", "visit_decline": "late", "quote_declined": "late", "cancel": "late", "complaint_register": "late", "unassign": "late", "reject": "late", "over_approved": "late",
}

// told is the timeline in the reader's language.
func (a *ask) told(list []workorders.Entry, engineers map[uuid.UUID]string) []templates.Event {
	out := make([]templates.Event, 0, len(list))
	for i, e := range list {
		if e.Action == "depart" && i > 0 && list[i-1].Action == "visit_depart" {
			continue // the order follows its visit: told once
		}
		event := templates.Event{At: e.At, Actor: a.doer(e.Actor), Text: a.what(e.Action), Tone: tones[e.Action]}
		if e.OnBehalfOf != nil {
			event.OnBehalfOf = engineers[*e.OnBehalfOf]
		}
		var data map[string]any
		if json.Unmarshal(e.Data, &data) != nil {
			data = nil
		}
		var more []string
		if said := a.said(e.Action, data); said != "" {
			more = append(more, said)
		}
		if e.Reason != "" {
			more = append(more, a.reason(e.Reason))
		}
		event.Detail = strings.Join(more, " · ")
		out = append(out, event)
	}
	return out
}

func (a *ask) what(action string) string {
	if key := "event." + action; say.Has(key) {
		return a.t(key)
	}
	return a.t("event.other", strings.ReplaceAll(action, "_", " "))
}

// actor is the person behind a login, the customer under his link, or a part of the product.
func (a *ask) actor(login string) string {
	switch {
	case login == "customer" || strings.HasPrefix(login, "customer:"):
		return a.t("ui.customer")
	case strings.HasPrefix(login, "system:"):
		return a.t("event.by_system")
	}
	if _, logins := a.users(); logins[login] != "" {
		return logins[login]
	}
	return login
}

// doer is who stands on a timeline by name, where a part of the product has a name of its own.
func (a *ask) doer(name string) string {
	if systemNames[name] {
		return a.t("event.by_system")
	}
	return a.actor(name)
}

// systemNames are those under which parts of the product act by themselves.
var systemNames = map[string]bool{"absence": true, "allot": true, "callback": true, "complaint": true, "confirm": true, "correction": true, "demo": true, "expected": true, "follow-up": true, "hand-over": true, "hold": true, "import": true, "job": true,
	"messages": true, "pick-up": true, "quote": true, "quotes": true, "report": true, "setup": true, "sheet": true, "shortage": true, "stock": true, "till": true}

// reason says the sentences that the desk itself gives as reasons.
func (a *ask) reason(text string) string {
	if key := "said." + strings.NewReplacer(" ", "_", "'", "").Replace(strings.ToLower(text)); say.Has(key) {
		return a.t(key)
	}
	return text
}

// said is what an entry's data adds for people.
func (a *ask) said(action string, data map[string]any) string {
	c := templates.Chrome{Lang: a.lang, Zone: a.zone, Now: a.now}
	text := func(key string) string { s, _ := data[key].(string); return s }
	sum := func(key string) string {
		if n, ok := data[key].(float64); ok {
			return c.Money(money.Fen(n))
		}
		return ""
	}
	word := func(kind, key string) string {
		if text(key) == "" {
			return ""
		}
		return c.Word(kind, text(key))
	}
	var parts []string
	switch {
	case action == "assign":
		parts = []string{text("engineer"), a.span(text("starts_at"), text("ends_at"))}
	case action == "confirm":
		parts = []string{a.span(text("from"), text("to")), text("with"), word("by", "by")}
	case action == "reschedule":
		parts = []string{word("cause", "cause"), a.when(text("from")) + " → " + a.when(text("to"))}
	case action == "open":
		parts = []string{word("kind", "kind"), word("mode", "mode")}
	case action == "register":
		parts = []string{word("channel", "channel"), text("told")}
	case action == "conversation":
		parts = []string{word("conversation", "kind"), word("attempt", "outcome"), text("text")}
	case action == "reply":
		parts = []string{text("text")}
	case action == "convert":
		parts = []string{word("mode", "from") + " → " + word("mode", "to")}
	case strings.HasPrefix(action, "quote"), action == "approve" && text("quote") != "":
		parts = []string{text("quote"), word("purpose", "purpose"), sum("total_minor"), text("name"), word("how", "how")}
	case action == "receipt":
		parts = []string{text("receipt"), sum("total_minor")}
	case action == "payment":
		parts = []string{text("receipt"), sum("amount_minor"), word("method", "method")}
	case action == "sheet":
		parts = []string{text("sheet"), word("outcome", "outcome")}
	case action == "over_approved":
		parts = []string{text("sheet"), sum("over_minor")}
	case action == "follow_up":
		parts = []string{text("follow_up"), word("attempt", "outcome")}
	case action == "callback":
		parts = []string{word("callback", "reason"), word("attempt", "outcome")}
	case strings.HasPrefix(action, "complaint_"):
		parts = []string{text("complaint"), word("grade", "grade")}
	case strings.HasPrefix(action, "custody_"):
		parts = []string{text("custody"), text("device"), word("holder", "holder")}
	case strings.HasPrefix(action, "pickup_"):
		parts = []string{text("pickup"), text("place")}
	case action == "hold":
		parts = []string{word("hold", "reason_code")}
	case action == "hand_over_offer":
		parts = []string{text("to")}
	case action == "coverage":
		parts = []string{word("line", "line"), word("coverage", "source")}
	case action == "reconcile", strings.HasPrefix(action, "old_part_"):
		parts = []string{text("sku")}
	}
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" && p != "→" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}

// when is an instant of an entry's data as plain text.
func (a *ask) when(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return a.plainTime(t)
}

func (a *ask) plainTime(t time.Time) string {
	if a.lang == say.English {
		return t.In(a.zone).Format("2 Jan 15:04")
	}
	return t.In(a.zone).Format("1月2日 15:04")
}

func (a *ask) span(from, to string) string {
	start, end := a.when(from), a.when(to)
	if start == "" || end == "" {
		return start
	}
	if i := strings.LastIndex(end, " "); strings.HasPrefix(start, end[:i]) {
		end = end[i+1:]
	}
	return start + "–" + end
}

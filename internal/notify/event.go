package notify

import (
	"slices"
	"strings"

	"paigong/internal/say"
)

// Event is one occasion on which somebody is told something.
type Event struct {
	Key      string   `json:"key"`
	Audience string   `json:"audience"` // customer, engineer, desk, manager
	Places   []string `json:"places"`   // what its text may name as {place}, in the order of a message's Args
	Needed   []string `json:"needed"`   // places a text is worth nothing without
	// Courtesy may be left out for somebody who asked to be left alone. What is not one says something about an
	// appointment, money, his device or his rights, and is told all the same.
	Courtesy bool `json:"courtesy"`
	// AtOnce is told in quiet hours too: it is about somebody at the door, or asked for just now.
	AtOnce bool `json:"at_once"`
}

// places of messages that name something else than an order and what it is about.
var places = map[string][]string{
	"customer.cancelled": {"number"}, "customer.changed": {"number", "window"}, "customer.changed_by_us": {"number", "window"}, "customer.code": {"code"},
	"customer.complaint_answer": {"number", "text"}, "customer.complaint_received": {"number"}, "customer.confirmed": {"number", "window"}, "customer.displaced": {"number"},
	"customer.device_ready": {"number", "device"}, "customer.device_taken": {"number", "device", "day"}, "customer.device_uncollected": {"number", "device", "day"},
	"customer.done": {"number"}, "customer.given_up": {"number"}, "customer.late": {"number"}, "customer.loaner_due": {"number", "device", "day"}, "customer.no_access": {"number"},
	"customer.on_the_way": {"number", "engineer", "window"}, "customer.part_arrived": {"number"}, "customer.part_postponed": {"number", "day"}, "customer.part_waiting": {"number"},
	"customer.questionnaire": {"number", "link"}, "customer.quote": {"number", "amount", "day", "link"}, "customer.quote_ends": {"number", "amount", "day", "link"},
	"customer.quote_expired": {"number", "day"}, "customer.received": {"number", "link"}, "customer.reminder": {"number", "window", "engineer"}, "customer.window": {"number", "window"},
	"desk.quote_expired": {"number", "about", "quote"}, "desk.device_out_long": {"number", "device", "day"}, "desk.notice": {"from", "text"}, "desk.question_answered": {"number"}, "desk.question_due": {"number", "due"}, "desk.special": {"number"},
	"manager.question_overdue": {"number", "due"}, "manager.complaint_level_2": {"number"}, "manager.complaint_level_3": {"number"}, "manager.report": {"title", "period"}, "manager.severe_complaint": {"number", "severity"},
}

var (
	courtesies = []string{"customer.received", "customer.questionnaire", "customer.quote_ends", "customer.done"}
	nightToo   = []string{"customer.code", "customer.on_the_way", "customer.late", "customer.no_access", "customer.received"}
)

// Events are all occasions, by audience and key.
func Events() []Event {
	var out []Event
	for _, key := range say.Keys("message.") {
		if e, known := EventOf(key); known {
			out = append(out, e)
		}
	}
	order := []string{"customer", "engineer", "desk", "lead", "manager", "clock"}
	slices.SortStableFunc(out, func(a, b Event) int {
		return slices.Index(order, kindOf(a.Key)) - slices.Index(order, kindOf(b.Key))
	})
	return out
}

func kindOf(key string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(key, "message."), ".")
	return kind
}

// EventOf is the occasion of a key.
func EventOf(key string) (Event, bool) {
	short := strings.TrimPrefix(key, "message.")
	if short == key || short == "subject" || strings.HasSuffix(key, ".subject") || !say.Has(key) {
		return Event{}, false
	}
	e := Event{Key: key, Audience: kindOf(key), Places: places[short], Courtesy: slices.Contains(courtesies, short), AtOnce: slices.Contains(nightToo, short)}
	switch e.Audience {
	case "clock":
		e.Audience, e.Places = "desk", []string{"number", "due"}
	case "lead":
		e.Audience = "manager"
	}
	if e.Places == nil {
		e.Places = []string{"number", "about"}
	}
	for _, p := range e.Places {
		if p == "link" || p == "code" || p == "text" {
			e.Needed = append(e.Needed, p)
		}
	}
	return e, true
}

// Delivered is the text of an event as the product comes, with its places as {place}.
func (e Event) Delivered(lang string) string {
	args := make([]any, len(e.Places))
	for i, p := range e.Places {
		args[i] = "{" + p + "}"
	}
	return say.Text(lang, e.Key, args...)
}

// DeliveredSubject heads it in a mail.
func (e Event) DeliveredSubject(lang string) string {
	if say.Has(e.Key + ".subject") {
		return say.Text(lang, e.Key+".subject")
	}
	return say.Text(lang, "message.subject")
}

// fill puts a message's arguments into a text with {place}s.
func (e Event) fill(text string, args []string) string {
	pairs := make([]string, 0, 2*len(e.Places))
	for i, p := range e.Places {
		arg := ""
		if i < len(args) {
			arg = args[i]
		}
		pairs = append(pairs, "{"+p+"}", arg)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Sample are arguments to look at a text with.
func (e Event) Sample(lang string) []string {
	have := map[string]string{"number": "WO-2026-000123", "amount": "368.00", "day": "2026-11-24", "code": "042137", "link": "https://service.example/c/x7f2", "quote": "QU-2026-000045", "severity": "3",
		"window": say.Text(lang, "sample.window"), "engineer": say.Text(lang, "sample.engineer"), "device": say.Text(lang, "sample.device"), "about": say.Text(lang, "sample.about"),
		"text": say.Text(lang, "sample.text"), "title": say.Text(lang, "sample.title"), "period": "2026-11-16 – 2026-11-22", "due": "2026-11-23 10:30", "from": say.Text(lang, "sample.from")}
	if e.Key == "message.customer.received" {
		have["number"] = "SR-2026-000345"
	}
	if strings.Contains(e.Key, "complaint") {
		have["number"] = "CP-2026-000012"
	}
	out := make([]string, len(e.Places))
	for i, p := range e.Places {
		out[i] = have[p]
	}
	return out
}

// Channels are the kinds of ways a text may be written for apart: "" is every one.
func Channels() []string { return []string{"", "mail", "sms", "bot"} }

// channelKind is the kind of a channel by its name.
func channelKind(name string) string {
	switch name {
	case "mail":
		return "mail"
	case "bot":
		return "bot"
	case "push":
		return "" // has no words of its own
	}
	return "sms"
}

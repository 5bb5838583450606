package notify

import (
	"slices"
	"strings"
	"testing"

	"paigong/internal/fault"
	"paigong/internal/say"
)

// Every occasion has a name for each of its places, in both languages, and a text is taken only when it names
// what the occasion knows and keeps what it is worth nothing without.
func TestEveryEventNamesItsPlaces(t *testing.T) {
	t.Parallel()
	events := Events()
	if len(events) < 60 {
		t.Fatalf("only %d occasions", len(events))
	}
	for _, e := range events {
		for _, lang := range say.Languages() {
			text := e.Delivered(lang)
			if strings.Contains(text, "%!") || strings.Contains(text, "(EXTRA") {
				t.Errorf("%s in %s: %s", e.Key, lang, text)
			}
			for _, p := range e.Places {
				if !strings.Contains(text, "{"+p+"}") {
					t.Errorf("%s in %s does not say {%s}: %s", e.Key, lang, p, text)
				}
			}
			for i, sample := range e.Sample(lang) {
				if sample == "" {
					t.Errorf("%s: no sample for {%s}", e.Key, e.Places[i])
				}
			}
		}
		if e.Courtesy && e.Audience != "customer" || !slices.Contains([]string{"customer", "engineer", "desk", "manager"}, e.Audience) {
			t.Errorf("%+v", e)
		}
	}
	for _, c := range []struct {
		in   WordingInput
		want string
	}{
		{WordingInput{Key: "message.customer.nothing", Lang: "en"}, "message_event_unknown"},
		{WordingInput{Key: "message.customer.quote", Lang: "fr"}, "message_language_unknown"},
		{WordingInput{Key: "message.customer.quote", Lang: "en", Channel: "pigeon"}, "message_channel_unknown"},
		{WordingInput{Key: "message.customer.quote", Lang: "en", Body: "{engineer}"}, "message_place_unknown"},
		{WordingInput{Key: "message.customer.quote", Lang: "en", Body: "Your quote {number}"}, "message_place_needed"},
		{WordingInput{Key: "message.customer.quote", Lang: "en", Subject: "a\nb", Body: "{link}"}, "message_texts_subject"},
		{WordingInput{Key: "message.customer.quote", Lang: "en", Body: "{number}: {link}"}, ""},
	} {
		_, _, err := c.in.Preview()
		if c.want == "" && err != nil || c.want != "" && !fault.HasCode(err, c.want) {
			t.Errorf("%+v: %v, want %s", c.in, err, c.want)
		}
	}
	// A message of an earlier version of the product has fewer arguments than its text has places now.
	if got := (Message{Key: "message.customer.on_the_way", Lang: "en", Args: []string{"WO-1", "Wang"}}).Text(); strings.Contains(got, "%!") {
		t.Error(got)
	}
}

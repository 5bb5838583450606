package say

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"slices"
	"testing"
)

// keysOf reads one file token by token, because a JSON decoder keeps silent about a key written twice.
func keysOf(t *testing.T, lang, area string) map[string]string {
	t.Helper()
	raw, err := files.ReadFile(path.Join("catalogue", lang, area+".json"))
	if err != nil {
		t.Fatalf("%s has no %s.json: %v", lang, area, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		t.Fatalf("%s/%s.json: %v", lang, area, err)
	}
	keys := map[string]string{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatalf("%s/%s.json: %v", lang, area, err)
		}
		var text string
		if err := dec.Decode(&text); err != nil {
			t.Fatalf("%s/%s.json, %v: %v", lang, area, key, err)
		}
		if _, twice := keys[key.(string)]; twice {
			t.Errorf("%s/%s.json writes %q twice", lang, area, key)
		}
		if text == "" {
			t.Errorf("%s/%s.json says nothing for %q", lang, area, key)
		}
		keys[key.(string)] = text
	}
	return keys
}

var verb = regexp.MustCompile(`%%|%(\[\d+\])?[-+# 0]*(\d+|\*)?(\.\d+)?[a-zA-Z]`)

// verbsOf numbers the verbs of a text, so that another language may order them its own way with %[2]s.
func verbsOf(text string) []string {
	var out []string
	next := 1
	for _, found := range verb.FindAllStringSubmatch(text, -1) {
		if found[0] == "%%" {
			continue
		}
		at := string(rune('0' + next))
		if found[1] != "" {
			at = found[1][1 : len(found[1])-1]
			next = int(at[0] - '0')
		}
		out = append(out, at+found[0][len(found[0])-1:])
		next++
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	home := map[string]string{} // key → area
	for _, lang := range Languages() {
		if got, want := areas(lang), areas(Chinese); !maps.Equal(got, want) {
			t.Errorf("%s has the areas %v, %s has %v", lang, got, Chinese, want)
		}
	}
	for area := range areas(Chinese) {
		chinese := keysOf(t, Chinese, area)
		for key := range chinese {
			if other, taken := home[key]; taken {
				t.Errorf("%q is in both %s.json and %s.json", key, other, area)
			}
			home[key] = area
		}
		for _, lang := range Languages()[1:] {
			theirs := keysOf(t, lang, area)
			for key, text := range chinese {
				their, ok := theirs[key]
				if !ok {
					t.Errorf("%s/%s.json has no %q", lang, area, key)
				} else if a, b := verbsOf(text), verbsOf(their); !slices.Equal(a, b) {
					t.Errorf("%q takes %v in %s and %v in %s", key, a, Chinese, b, lang)
				}
			}
			for key := range theirs {
				if _, ok := chinese[key]; !ok {
					t.Errorf("%s/%s.json has no %q", Chinese, area, key)
				}
			}
		}
	}
}

func TestVerbsOfATextWhateverTheirOrder(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"%s 派给 %s", "%[2]s gets %[1]s", true},
		{"满 100%% 后 %d 天", "%d days after 100%%", true},
		{"%s", "%d", false},
		{"%s %s", "%s", false},
		{"%.1f", "%5.2f", true},
	} {
		if got := slices.Equal(verbsOf(c.a), verbsOf(c.b)); got != c.same {
			t.Errorf("%q and %q take the same: %v, want %v", c.a, c.b, got, c.same)
		}
	}
}

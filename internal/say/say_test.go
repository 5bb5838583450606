package say

import (
	"slices"
	"testing"
)

func TestSayingAKey(t *testing.T) {
	for _, c := range []struct {
		lang, key string
		args      []any
		want      string
	}{
		{"zh-Hans", "role.dispatcher", nil, "派工协调员"},
		{"en", "role.dispatcher", nil, "Dispatcher"},
		{"zh-CN", "role.dispatcher", nil, "派工协调员"},
		{"", "role.dispatcher", nil, "派工协调员"},
		{"en", "no.such.key", []any{1}, "no.such.key"},
		{"en", "fault.password_too_short", []any{12}, "Choose a password of at least 12 characters"},
	} {
		if got := Text(c.lang, c.key, c.args...); got != c.want {
			t.Errorf("Text(%q, %q) = %q, want %q", c.lang, c.key, got, c.want)
		}
	}
	if Has("no.such.key") || !Has("role.admin") {
		t.Error("Has is wrong about no.such.key or role.admin")
	}
	if keys := Keys("role."); !slices.IsSorted(keys) || !slices.Contains(keys, "role.admin") || slices.Contains(keys, "fault.busy") {
		t.Errorf("Keys(role.) = %v", keys)
	}
}

func TestLanguageOfAPerson(t *testing.T) {
	for _, c := range []struct {
		wishes []string
		want   string
	}{
		{nil, Chinese},
		{[]string{"", ""}, Chinese},
		{[]string{"en", "zh-CN"}, English},
		{[]string{"", "en-GB,en;q=0.9"}, English},
		{[]string{"klingon!!", "en-US"}, English},
		{[]string{"de-DE,de;q=0.9"}, Chinese},
		{[]string{"de-DE,en;q=0.5"}, English},
		{[]string{"zh-TW"}, Chinese},
		{[]string{"zh-CN,zh;q=0.9,en;q=0.8"}, Chinese},
	} {
		if got := Lang(c.wishes...); got != c.want {
			t.Errorf("Lang(%q) = %s, want %s", c.wishes, got, c.want)
		}
	}
}

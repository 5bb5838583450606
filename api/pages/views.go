package pages

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"paigong/templates"
)

// Filters that somebody saved under a name stay with his browser, like the way he wants pages to look.
const (
	viewsCookie = "paigong_views"
	mostViews   = 16
	mostViewLen = 3000 // bytes of all of them: a cookie has 4 KB
)

// savedView is a filter under a name; the short keys keep the cookie small.
type savedView struct {
	Path  string `json:"p"`
	Name  string `json:"n"`
	Query string `json:"q"`
}

func (a *ask) savedViews() []savedView {
	raw, err := base64.RawURLEncoding.DecodeString(a.cookie(viewsCookie))
	var list []savedView
	if err != nil || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

func (a *ask) keepViews(list []savedView) {
	for {
		raw, err := json.Marshal(list)
		if err != nil {
			return
		}
		text := base64.RawURLEncoding.EncodeToString(raw)
		if len(list) <= mostViews && len(text) <= mostViewLen {
			a.remember(viewsCookie, text)
			return
		}
		list = list[1:] // the oldest gives way
	}
}

// views saves or forgets a filter when the address says so and leads back to the list; otherwise it gives the saved
// filters of this list.
func (a *ask) views() (list []templates.View, back templates.Page) {
	here := a.Request().URL
	q := here.Query()
	name, forget := strings.TrimSpace(q.Get("save_as")), q.Get("forget")
	for _, field := range []string{"save_as", "forget", "cursor", "done", "lang", "theme"} {
		q.Del(field)
	}
	for field, values := range q {
		if strings.Join(values, "") == "" {
			q.Del(field)
		}
	}
	now := q.Encode()
	all := a.savedViews()
	is := func(name string) func(savedView) bool {
		return func(v savedView) bool { return v.Path == here.Path && v.Name == name }
	}
	switch {
	case name != "":
		if r := []rune(name); len(r) > 30 {
			name = string(r[:30])
		}
		all = append(slices.DeleteFunc(all, is(name)), savedView{here.Path, name, now})
	case forget != "":
		all = slices.DeleteFunc(all, is(forget))
	}
	if name != "" || forget != "" {
		a.keepViews(all)
		return nil, elsewhere{to: (&url.URL{Path: here.Path, RawQuery: now}).String(), code: http.StatusSeeOther}
	}
	for _, v := range all {
		if v.Path == here.Path {
			list = append(list, templates.View{Path: (&url.URL{Path: v.Path, RawQuery: v.Query}).String(), Text: v.Name, Current: v.Query == now})
		}
	}
	return list, nil
}

// listed draws a list with the filters somebody saved for it.
func listed(v view) view {
	return func(a *ask) (templates.Page, error) {
		if a.Request().Method == http.MethodGet && a.QueryParam("format") == "" {
			list, back := a.views()
			if back != nil {
				return back, nil
			}
			a.saved = list
		}
		return v(a)
	}
}

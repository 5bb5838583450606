package templates

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"paigong/internal/say"
)

// Chrome is what surrounds every page and what its texts are drawn with.
// Page structs embed it, so that templates write {{$.T "ui.…"}} anywhere.
type Chrome struct {
	Lang  string         // "zh-Hans" or "en"
	Zone  *time.Location // times are shown in it; nil means UTC
	Now   time.Time      // what "late" and "this year" are measured against
	User  string         // name of who is signed in; empty: nobody
	Who   string         // his id
	Nav   []string       // the sections this person may open, as keys of sections
	Path  string         // path and query of this page, for the language switch
	Theme string         // "light" or "dark"; empty follows the system
	// Density is "compact" or "roomy"; empty is in between.
	Density string
	Keys    bool   // single letters do something; a person may switch them off
	Takes   bool   // may take in a request
	Saved   []View // filters somebody saved for this list
	Key     string // fresh per drawing; becomes the idempotency_key of the forms
	Flash   Flash  // what the last act did
	// Posted holds a form that was refused, so that nobody types twice.
	Posted Posted
}

// Flash is one line above the page: what was done, or why it was not.
type Flash struct {
	Bad     bool
	Text    string
	Allowed []string // what would have been possible instead, already in words
	Undo    *Undo    // takes the act back
}

// Undo is a form that takes an act back: where it goes, and its fields.
type Undo struct {
	Path   string
	Fields []Option // name → value
}

// Densities of rows, the middle one first.
func Densities() []string { return []string{"normal", "compact", "roomy"} }

// DensityNow is the density this page is drawn in.
func (c Chrome) DensityNow() string {
	if c.Density == "" {
		return "normal"
	}
	return c.Density
}

// Views are links that draw this page in another of a few ways: one query field, its values, the one that
// holds now. key is the beginning of their texts.
func (c Chrome) Views(field, key, now string, values ...string) []View {
	var list []View
	for _, v := range values {
		list = append(list, View{Path: c.With(field, v), Text: c.T(key + v), Current: v == now})
	}
	return list
}

// View is one way to draw a page.
type View struct {
	Path, Text string
	Current    bool
}

// ThemeViews are the links of the colour switch.
func (c Chrome) ThemeViews() []View {
	now := c.Theme
	if now == "" {
		now = "auto"
	}
	return c.Views("theme", "ui.theme.", now, "auto", "light", "dark")
}

// DensityViews are the links of the density switch.
func (c Chrome) DensityViews() []View {
	return c.Views("density", "ui.density.", c.DensityNow(), Densities()...)
}

// KeyViews are the links that switch single-letter shortcuts.
func (c Chrome) KeyViews() []View {
	now := "off"
	if c.Keys {
		now = "on"
	}
	return c.Views("keys", "ui.keys.", now, "on", "off")
}

// Posted is a form as it was sent, with the field that was wrong.
type Posted struct {
	Form   string // last part of the form's path: "assign", "hold", "sheet"
	Values url.Values
	Wrong  map[string]string // field → what is wrong with it, in words
}

// section is one entry of the navigation.
type section struct{ key, path string }

// sections in the order of the navigation; Chrome.Nav chooses from them.
var sections = []section{
	{"home", "/home"},
	{"desk", "/desk"},
	{"exceptions", "/desk/exceptions"},
	{"requests", "/requests"},
	{"orders", "/orders"},
	{"callbacks", "/callbacks"},
	{"follow-ups", "/follow-ups"},
	{"complaints", "/complaints"},
	{"stock", "/stock"},
	{"receipts", "/receipts"},
	{"customers", "/customers"},
	{"assets", "/assets"},
	{"figures", "/figures"},
	{"m", "/m"},
	{"settings", "/settings"},
}

// Sections lists the keys that Chrome.Nav may hold, in the order shown.
func Sections() []string {
	keys := make([]string, len(sections))
	for i, s := range sections {
		keys[i] = s.key
	}
	return keys
}

// MenuItem is one link of the navigation.
type MenuItem struct {
	Key, Path string
	Current   bool
}

// Menu is the navigation this person sees.
func (c Chrome) Menu() []MenuItem {
	var items []MenuItem
	path, _, _ := strings.Cut(c.Path, "?")
	for _, s := range sections {
		if !slices.Contains(c.Nav, s.key) {
			continue
		}
		here := path == s.path || strings.HasPrefix(path, s.path+"/")
		if last := len(items) - 1; here && last >= 0 && strings.HasPrefix(s.path, items[last].Path+"/") {
			items[last].Current = false // the section lies below the one before
		}
		items = append(items, MenuItem{s.key, s.path, here})
	}
	return items
}

// PhoneMenu is the bar at the foot of the engineer's pages.
func (c Chrome) PhoneMenu() []MenuItem {
	path, _, _ := strings.Cut(c.Path, "?")
	var items []MenuItem
	for _, s := range []section{{"today", "/m"}, {"outbox", "/m/outbox"}, {"van", "/m/van"}, {"me", "/m/me"}} {
		items = append(items, MenuItem{s.key, s.path, path == s.path})
	}
	return items
}

// T is the text of key in the reader's language.
func (c Chrome) T(key string, args ...any) string { return say.Text(c.Lang, key, args...) }

// Zh reports whether the page is drawn in Chinese.
func (c Chrome) Zh() bool { return c.Lang != "en" }

// OtherLang is what the language switch leads to.
func (c Chrome) OtherLang() string {
	if c.Zh() {
		return "en"
	}
	return "zh-Hans"
}

// With is this page's own address with one query field set; an empty value
// removes it. Language and theme switches and filters are such links.
func (c Chrome) With(field, value string) string {
	u, err := url.Parse(c.Path)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Del("done")
	if value == "" {
		q.Del(field)
	} else {
		q.Set(field, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Done is the line that says what a form did, for Flash after a redirect.
// An unknown form gets the plain "saved".
func Done(lang, form string) string {
	if slices.Contains(doneForms, form) {
		return say.Text(lang, "ui.done."+form)
	}
	return say.Text(lang, "ui.done.saved")
}

// doneForms are the forms with a sentence of their own.
var doneForms = []string{
	"accept", "agreed", "answer", "approve", "arrive", "assign", "attempts", "cancel", "cash-ups", "close", "confirm",
	"conversations", "count", "decline", "depart", "escalate", "hand-over", "hold", "ill", "insert", "issue", "movements", "parked", "pause", "payments",
	"propose", "quotes", "receipt", "receive", "reopen", "reply", "reschedule", "resume", "return", "reverse", "send", "sheet",
	"start", "triage", "void", "waive", "wishes", "withdraw", "work-order",
}

// Was is what the refused form held in this field, or the value to start with.
func (c Chrome) Was(form, field, start string) string {
	if c.Posted.Form == form && c.Posted.Values.Has(field) {
		return c.Posted.Values.Get(field)
	}
	return start
}

// WasAt is Was for the i-th of several fields with one name.
func (c Chrome) WasAt(form, field string, i int, start string) string {
	if v := c.Posted.Values[field]; c.Posted.Form == form && i < len(v) {
		return v[i]
	}
	return start
}

// Ticked reports whether a check box or radio button of a refused form was set.
func (c Chrome) Ticked(form, field, value string, start bool) bool {
	if c.Posted.Form != form {
		return start
	}
	return slices.Contains(c.Posted.Values[field], value)
}

// Refused reports whether this form was sent and refused; it is shown open then.
func (c Chrome) Refused(form string) bool { return form != "" && c.Posted.Form == form }

// Mark ties a wrong field to its message for those who listen to the page.
func (c Chrome) Mark(form, field string) template.HTMLAttr {
	if !c.Refused(form) || c.Posted.Wrong[field] == "" {
		return ""
	}
	return template.HTMLAttr(`aria-invalid="true" aria-describedby="` + wrongID(form, field) + `"`)
}

// Wrong is the message under a wrong field.
func (c Chrome) Wrong(form, field string) template.HTML {
	if !c.Refused(form) || c.Posted.Wrong[field] == "" {
		return ""
	}
	return template.HTML(`<span class="wrong" id="` + wrongID(form, field) + `">` +
		template.HTMLEscapeString(c.Posted.Wrong[field]) + `</span>`)
}

func wrongID(form, field string) string {
	return template.HTMLEscapeString("wrong-" + form + "-" + field)
}

// Once is the hidden idempotency_key of a form. Forms that share a path (the
// Assign buttons of several engineers) are told apart by the extra word.
func (c Chrome) Once(extra ...string) template.HTML {
	return once(strings.Join(append([]string{c.Key}, extra...), "."))
}

// OnceIs is Once for a key that was made before the page was drawn.
func (c Chrome) OnceIs(key string) template.HTML { return once(key) }

func once(key string) template.HTML {
	return template.HTML(`<input type="hidden" name="idempotency_key" value="` + template.HTMLEscapeString(key) + `">`)
}

// Upto counts 0…n-1, for tables with empty lines to fill.
func (c Chrome) Upto(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

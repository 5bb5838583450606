package templates

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jba/templatecheck"
	"golang.org/x/net/html"

	"paigong/internal/say"
)

// To look at every page: go test ./templates -run Drawn -write DIR, then serve DIR.
var write = flag.String("write", "", "write every sample page and the static files into this folder")

func TestEveryPageMatchesItsStruct(t *testing.T) {
	all, err := parse() // drawing rewrites templates, the check wants them as written
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for _, p := range empties("en") {
		at := p.place()
		drawn[at.name] = true
		tmpl, ok := all[at.name]
		if !ok {
			t.Errorf("%T has no template %s/%[2]s.html", p, at.name)
			continue
		}
		if err := templatecheck.CheckHTML(tmpl.Lookup(at.layout), p); err != nil {
			t.Errorf("%T: %v", p, err)
		}
	}
	for name := range all {
		if !drawn[name] {
			t.Errorf("template %s belongs to no page struct", name)
		}
	}
}

// A field called like a method of Chrome would hide it from the layout.
func TestNoPageHidesTheWordsItIsDrawnWith(t *testing.T) {
	chrome := reflect.TypeFor[Chrome]()
	for _, p := range empties("en") {
		page := reflect.TypeOf(p)
		for i := range chrome.NumMethod() {
			if name := chrome.Method(i).Name; !hasMethod(page, name) {
				t.Errorf("%s has a field that hides Chrome.%s", page.Name(), name)
			}
		}
	}
}

func hasMethod(page reflect.Type, name string) bool { _, ok := page.MethodByName(name); return ok }

func draw(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, p); err != nil {
		t.Fatalf("%T: %v", p, err)
	}
	return b.String()
}

// key finds what say.Text leaves behind when a text is missing, or has too few
// or too many arguments.
var key = regexp.MustCompile(`\b(ui|state|word|role)\.[a-z0-9_-]+|%!|\(EXTRA`)

func TestEveryPageIsDrawnEmptyAndFullInBothLanguages(t *testing.T) {
	for _, lang := range say.Languages() {
		pages := full(lang)
		for _, p := range empties(lang) {
			pages = append(pages, sample{"empty " + p.place().name, p})
		}
		for _, s := range pages {
			t.Run(lang+" "+s.name, func(t *testing.T) {
				out := draw(t, s.page)
				keepRules(t, out)
				if *write != "" && !strings.HasPrefix(s.name, "empty") {
					save(t, filepath.Join(*write, lang, s.name+".html"), []byte(out))
				}
			})
		}
	}
	if *write != "" {
		tree, err := assets()
		if err != nil {
			t.Fatal(err)
		}
		for name, f := range tree.files {
			save(t, filepath.Join(*write, "static", tree.hash, name), f.plain)
		}
	}
}

func save(t *testing.T, name string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A sample that leaves a field of its page empty would leave part of the
// template unseen; between them the samples of a page fill every field.
func TestTheSamplesFillEveryField(t *testing.T) {
	seen := map[reflect.Type]map[string]bool{}
	for _, s := range full("en") {
		v := reflect.ValueOf(s.page)
		if seen[v.Type()] == nil {
			seen[v.Type()] = map[string]bool{}
		}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				seen[v.Type()][v.Type().Field(i).Name] = true
			}
		}
	}
	for _, p := range empties("en") {
		page := reflect.TypeOf(p)
		for i := range page.NumField() {
			if name := page.Field(i).Name; !seen[page][name] {
				t.Errorf("no sample of %s fills %s", page.Name(), name)
			}
		}
	}
}

// keepRules holds for every page: what the policy for scripts and styles
// forbids, what people with screen readers need, and no text left untranslated.
func keepRules(t *testing.T, out string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	headings, mains := 0, 0
	for n := range doc.Descendants() {
		switch n.Type {
		case html.TextNode:
			if n.Parent.Data != "script" {
				if k := key.FindString(n.Data); k != "" {
					t.Errorf("untranslated: %q in %q", k, strings.TrimSpace(n.Data))
				}
			}
			continue
		case html.ElementNode:
		default:
			continue
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s=…> breaks the content security policy", n.Data, a.Key)
			case slices.Contains([]string{"href", "src", "action"}, a.Key) && (strings.HasPrefix(a.Val, "//") || strings.Contains(a.Val, "://") || strings.HasPrefix(a.Val, "javascript:") || a.Val == "#ZgotmplZ"):
				t.Errorf("<%s %s=%q> leaves the program", n.Data, a.Key, a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("two elements have the id %q", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key != "data-label" && a.Key != "class" && key.MatchString(a.Val):
				t.Errorf("untranslated: %s=%q", a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style":
			t.Error("<style> in the page")
		case "script":
			if attr(n, "src") == "" || n.FirstChild != nil {
				t.Error("inline <script>")
			}
		case "h1":
			headings++
		case "main":
			mains++
		case "img":
			if attr(n, "alt") == "" {
				t.Errorf("image %s without words", attr(n, "src"))
			}
		case "form":
			keepForm(t, n)
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" && !labelled(n) {
				t.Errorf("field %q without a label", attr(n, "name"))
			}
		case "th":
			if attr(n, "scope") == "" {
				t.Errorf("a table heading without scope")
			}
		}
	}
	if headings != 1 || mains != 1 {
		t.Errorf("%d <h1> and %d <main>, want one of each", headings, mains)
	}
}

// keepForm: every form that changes something carries a key, so that a second
// arrival of the same post is known as one.
func keepForm(t *testing.T, form *html.Node) {
	t.Helper()
	if attr(form, "method") != "post" || attr(form, "action") == "/login" {
		return
	}
	keys, submits := 0, 0
	for n := range form.Descendants() {
		if n.Data == "input" && attr(n, "name") == "idempotency_key" {
			keys++
		}
		if n.Data == "button" && attr(n, "type") != "button" {
			submits++
		}
		if n != form && n.Data == "form" {
			t.Errorf("a form inside the form %s", attr(form, "action"))
		}
	}
	if keys != 1 || submits != 1 {
		t.Errorf("form %s has %d idempotency keys and %d submit buttons, want one of each", attr(form, "action"), keys, submits)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func labelled(n *html.Node) bool {
	if attr(n, "aria-label") != "" || attr(n, "aria-labelledby") != "" {
		return true
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return true
		}
	}
	return false
}

// spoken finds the keys that templates and code name in full.
var spoken = regexp.MustCompile(`"((?:ui|state|word)\.[a-z0-9_.-]*[a-z0-9])"`)

// made finds the beginnings of keys whose end is a value.
var made = regexp.MustCompile(`"((?:ui|state|word)\.(?:[a-z0-9_-]+[._])*)"`)

func TestNoKeyIsMissingAndNoneIsLeftOver(t *testing.T) {
	used := map[string]bool{}
	var begun []string
	look := func(text string) {
		for _, m := range spoken.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
		for _, m := range made.FindAllStringSubmatch(text, -1) {
			begun = append(begun, m[1])
		}
	}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(name)
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || ext != ".go" && ext != ".html" || strings.HasPrefix(name, "pdf/") {
			return err
		}
		text, err := os.ReadFile(name)
		look(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(used, "ui.done.") // a beginning
	for k := range used {
		if !say.Has(k) {
			t.Errorf("no text for %s", k)
		}
	}
	for _, prefix := range []string{"ui.", "state.", "word."} {
		for _, k := range say.Keys(prefix) {
			begins := func(b string) bool { return len(b) > len("state.") && strings.HasPrefix(k, b) }
			if !used[k] && !slices.ContainsFunc(begun, begins) && prefix == "ui." {
				t.Errorf("nobody says %s", k)
			}
		}
	}
	// The closed vocabularies have a text for every word.
	for kind, states := range looks {
		for state, l := range states {
			need(t, "state."+kind+"."+state)
			if shapes[l.shape] == "" {
				t.Errorf("state %s of %s has no shape %q", state, kind, l.shape)
			}
		}
	}
	for kind, list := range words {
		for _, w := range list {
			need(t, wordKey(kind, w))
		}
	}
	for kind, list := range stateOrder {
		if len(list) != len(looks[kind]) {
			t.Errorf("%s offers %d states to filter by and knows %d", kind, len(list), len(looks[kind]))
		}
	}
	for list, values := range offered {
		kind, _, _ := strings.Cut(list, ".")
		for _, v := range values {
			if !slices.Contains(words[kind], v) {
				t.Errorf("%s offers %q, which is no word of %s", list, v, kind)
			}
		}
	}
	for _, s := range sections {
		need(t, "ui.nav."+s.key)
	}
	for _, k := range tiles {
		need(t, "ui.tile."+k)
	}
	for _, k := range figures {
		need(t, "ui.figure."+k)
		need(t, "ui.figure."+k+".how")
	}
	for _, k := range doneForms {
		need(t, "ui.done."+k)
	}
	for _, k := range problems {
		need(t, fmt.Sprintf("ui.problem.%d", k))
		need(t, fmt.Sprintf("ui.problem.%d.advice", k))
	}
	for _, k := range append(Order{}.VisitActs(), Job{}.JobActs()...) {
		need(t, "ui.act."+k)
	}
	for _, k := range (Pickups{}).PickupActs() {
		need(t, "ui.act.pickup_"+k)
	}
	for _, k := range (Custody{}).BenchActs() {
		need(t, "ui.act.custody_"+k)
	}
	for _, k := range (Order{}).OldPartActs() {
		need(t, "ui.act.old_"+k)
	}
	for _, k := range steps {
		need(t, "ui.track.step."+k)
	}
	for _, k := range words["hold"] {
		need(t, "ui.track.hold."+k)
	}
}

func need(t *testing.T, key string) {
	t.Helper()
	if !say.Has(key) {
		t.Errorf("no text for %s", key)
	}
}

func TestBothLanguagesAreReallyTranslated(t *testing.T) {
	for _, area := range []string{"pages", "states"} {
		english := catalogue(t, "en", area)
		for k, text := range english {
			if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }) && k != "ui.other_language" {
				t.Errorf("%s is Chinese in English: %s", k, text)
			}
		}
	}
}

func catalogue(t *testing.T, lang, area string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "internal", "say", "catalogue", lang, area+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

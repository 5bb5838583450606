package templates

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var (
	numbers       = regexp.MustCompile(`/(WO|RQ|R)-2026-\d+`)
	followUpKinds = regexp.MustCompile(`^/settings/follow-ups/(7dc|after_visit)/`)
	tokens        = regexp.MustCompile(`^/c/[^/]+`)
	ids           = regexp.MustCompile(`/(a1|i[12]|v[01]|q[01]|[cpkfxdow]1|c[bu]?1|ab1|sh1)(/|$)`)
)

// TestEveryFormIsWrittenDown compares the forms of all sample pages with the
// list in doc.go: whoever answers a form finds each field there.
func TestEveryFormIsWrittenDown(t *testing.T) {
	forms := map[string][]string{}
	for _, s := range full("en") {
		doc, err := html.Parse(strings.NewReader(draw(t, s.page)))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Data != "form" || attr(n, "method") != "post" {
				continue
			}
			action := numbers.ReplaceAllString(attr(n, "action"), "/{number}")
			action = tokens.ReplaceAllString(action, "/c/{token}")
			action = strings.Replace(action, "/setup/one-time", "/setup/{token}", 1)
			action = strings.Replace(action, "/vans/VAN1/", "/vans/{code}/", 1)
			action = strings.Replace(action, "/groups/orders/", "/groups/{code}/", 1)
			action = followUpKinds.ReplaceAllString(action, "/settings/follow-ups/{kind}/")
			action = ids.ReplaceAllString(action, "/{id}$2")
			if _, ok := forms[action]; !ok {
				forms[action] = nil
			}
			for f := range n.Descendants() {
				name := attr(f, "name")
				if name != "" && name != "idempotency_key" && !slices.Contains(forms[action], name) {
					forms[action] = append(forms[action], name)
				}
			}
		}
	}
	var want []string
	for action, fields := range forms {
		slices.Sort(fields)
		want = append(want, strings.TrimSpace("POST "+action+"  "+strings.Join(fields, " ")))
	}
	slices.Sort(want)

	raw, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "//")); strings.HasPrefix(line, "POST /") {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("doc.go lacks:\n//\t%s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("doc.go names a form that no page has:\n//\t%s", line)
		}
	}
}

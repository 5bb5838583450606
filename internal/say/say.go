// Package say holds every sentence the product says to people, in each language it speaks.
//
// Texts lie in catalogue/<language>/<area>.json: one flat object of key → text, where a text may hold
// fmt verbs ("%s", "%[2]d"). Code names keys; only this package knows the words.
package say

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Languages the product speaks, the default first.
const (
	Chinese = "zh-Hans"
	English = "en"
)

// Languages lists them, the default first.
func Languages() []string { return []string{Chinese, English} }

//go:embed catalogue
var files embed.FS

// texts is language → key → text. The catalogue is part of the program, so a file that does not parse
// stops the first sentence and every test.
var texts = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Languages() {
		all[lang] = map[string]string{}
		for area := range areas(lang) {
			for key, text := range read(lang, area) {
				all[lang][key] = text
			}
		}
	}
	return all
})

func areas(lang string) map[string]bool {
	found := map[string]bool{}
	entries, err := files.ReadDir(path.Join("catalogue", lang))
	if err != nil {
		panic(fmt.Sprintf("say: no catalogue for %s: %v", lang, err))
	}
	for _, entry := range entries {
		if area, ok := strings.CutSuffix(entry.Name(), ".json"); ok {
			found[area] = true
		}
	}
	return found
}

func read(lang, area string) map[string]string {
	name := path.Join("catalogue", lang, area+".json")
	raw, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("say: %v", err))
	}
	var keys map[string]string
	if err := json.Unmarshal(raw, &keys); err != nil {
		panic(fmt.Sprintf("say: %s: %v", name, err))
	}
	return keys
}

// Text says key in the language, with its arguments filled in. A key nobody has written a text for
// comes back as itself, so that a page shows what is missing instead of failing.
func Text(lang, key string, args ...any) string {
	text, ok := texts()[Lang(lang)][key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Has reports whether there is a text for key.
func Has(key string) bool { _, ok := texts()[Chinese][key]; return ok }

// Keys lists the keys that begin with prefix, sorted.
func Keys(prefix string) []string {
	var out []string
	for key := range texts()[Chinese] {
		if strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

var matcher = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// Lang picks the language for a person from wishes in falling order: a choice once made, the account's
// language, an Accept-Language header. Empty and unknown wishes are passed over; nobody's wish is Chinese.
func Lang(wishes ...string) string {
	for _, wish := range wishes {
		switch wish {
		case "":
			continue
		case Chinese, English:
			return wish
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil {
			continue
		}
		if _, at, sure := matcher.Match(tags...); sure > language.No {
			return Languages()[at]
		}
	}
	return Chinese
}

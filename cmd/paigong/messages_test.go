package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"paigong/internal/say"
)

var messageKey = regexp.MustCompile(`"(message\.[a-z_]+\.[a-z_]+)"`)

// Every message the program sends has a text, in both languages by the catalogue's own test.
func TestEveryMessageHasAText(t *testing.T) {
	root := os.DirFS("../..")
	used := map[string]string{}
	for _, folder := range []string{"workorders", "inventory", "dispatch", "internal"} {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			for _, found := range messageKey.FindAllStringSubmatch(string(text), -1) {
				if !strings.HasSuffix(found[1], "_") { // the rest of it depends
					used[found[1]] = name
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(used) < 20 {
		t.Fatalf("only %d messages found: the test looks in the wrong place", len(used))
	}
	for key, where := range used {
		if !say.Has(key) {
			t.Errorf("%s sends %s, which has no text", where, key)
		}
	}
}

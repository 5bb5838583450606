package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]+`)
	testFunc = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
)

// The table of rules names a test for each, and each of them is there.
func TestEveryRuleNamesATest(t *testing.T) {
	root := os.DirFS("../..")
	there := map[string]bool{}
	for _, folder := range []string{"api", "workorders", "cmd", "internal"} {
		err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path.Base(name), "_test.go") {
				return err
			}
			text, err := fs.ReadFile(root, name)
			for _, found := range testFunc.FindAllStringSubmatch(string(text), -1) {
				there[found[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := fs.ReadFile(root, "docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| C") {
			continue
		}
		rows++
		names := testName.FindAllString(line, -1)
		if len(names) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("there is no %s: %s", name, line)
			}
		}
	}
	if rows < 25 {
		t.Errorf("only %d rules", rows)
	}
}

package inventory

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"paigong/internal/say"
)

// Every refusal of parts, devices and codes has its sentence in the catalogue, with as many blanks to fill
// as the English one in the code.
func TestEveryRefusalHasItsWords(t *testing.T) {
	seen := 0
	for _, folder := range []string{".", "../workorders/depot", "../workorders/knowledge"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 3 || !slices.Contains([]string{"fault.New", "invalid"}, wordOf(call.Fun)) {
					return true
				}
				code, sentence := textOf(call.Args[1]), textOf(call.Args[2])
				if code == "" || sentence == "" {
					return true // made up of pieces; its text takes no arguments
				}
				seen++
				if !say.Has("fault." + code) {
					t.Errorf("%s refuses with %s, which has no text", name, code)
				}
				for _, lang := range say.Languages() {
					if got := strings.Count(say.Text(lang, "fault."+code), "%"); got != strings.Count(sentence, "%") {
						t.Errorf("%s: the %s text of %s has %d blanks, the sentence %q has %d", name, lang, code, got, sentence, strings.Count(sentence, "%"))
					}
				}
				return true
			})
		}
	}
	if seen < 40 {
		t.Errorf("only %d refusals were read", seen)
	}
}

func wordOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return wordOf(e.X) + "." + e.Sel.Name
	}
	return ""
}

func textOf(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}

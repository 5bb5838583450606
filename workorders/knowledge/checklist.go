package knowledge

import (
	"fmt"
	"strings"

	"paigong/internal/fault"
)

// CheckLine is one line of a check list 检查项: what an engineer looks at before he calls a job done.
type CheckLine struct {
	Code      string `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name      string `json:"name" minLength:"1" maxLength:"200"`
	NameEn    string `json:"name_en,omitempty" maxLength:"200"`
	Mandatory bool   `json:"mandatory,omitempty" doc:"a sheet with the outcome done needs a result for it"`
}

// Called is the line in a language, Chinese when nobody wrote another.
func (l CheckLine) Called(lang string) string { return inLanguage(lang, l.Name, l.NameEn) }

// Checklist is what has to be looked at in orders of a kind; with a category, on devices of it besides the
// general lines.
type Checklist struct {
	Kind     string      `json:"kind"`
	Category string      `json:"category"`
	Lines    []CheckLine `json:"lines"`
	Version  int         `json:"version"`
}

// ChecklistInput replaces a check list. No lines: nothing has to be looked at.
type ChecklistInput struct {
	Kind     string      `json:"kind" enum:"repair,install,maintain,inspect,exchange,deliver,train,relocate"`
	Category string      `json:"category,omitempty" maxLength:"40" doc:"of devices; absent = any"`
	Lines    []CheckLine `json:"lines" maxItems:"100"`
}

func (in ChecklistInput) check() error {
	seen := map[string]bool{}
	for i, l := range in.Lines {
		field := fmt.Sprintf("body.lines[%d]", i)
		if !codeShape.MatchString(l.Code) {
			return fault.New(fault.Invalid, "code_shape", "a code has 1 to 40 letters, digits, dots, hyphens or underscores").Field(field+".code", "letters, digits, . _ - up to 40")
		}
		if seen[l.Code] {
			return fault.New(fault.Invalid, "checklist_line_twice", "line %s stands on the list twice", l.Code).Field(field+".code", "already on the list")
		}
		seen[l.Code] = true
		if strings.TrimSpace(l.Name) == "" {
			return fault.New(fault.Invalid, "name_length", "a name has 1 to 200 characters").Field(field+".name", "1 to 200 characters")
		}
	}
	return nil
}

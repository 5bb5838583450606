package knowledge

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Kind is what a code tells.
type Kind string

const (
	Fault  Kind = "fault"  // 故障现象: what the customer sees
	Cause  Kind = "cause"  // 故障原因: why
	Action Kind = "action" // 处理措施: what was done
)

// Code is one entry of the list.
type Code struct {
	ID         string     `json:"id"` // kind and code with a dot between
	Kind       Kind       `json:"kind"`
	Code       string     `json:"code"`
	Name       string     `json:"name"`
	NameEn     string     `json:"name_en"`
	Category   string     `json:"category"` // of devices, such as washer; "" = any
	Repairs    bool       `json:"repairs"`  // of an action: something was repaired, so the repair is warranted
	FirstAid   string     `json:"first_aid"`
	FirstAidEn string     `json:"first_aid_en"`
	RetiredAt  *time.Time `json:"retired_at"`
	Version    int        `json:"version"`
}

// Called is the code's name in a language, Chinese when nobody wrote another.
func (c Code) Called(lang string) string { return inLanguage(lang, c.Name, c.NameEn) }

// Help is the first aid in a language, Chinese when nobody wrote another; "" when there is none.
func (c Code) Help(lang string) string { return inLanguage(lang, c.FirstAid, c.FirstAidEn) }

func inLanguage(lang, chinese, english string) string {
	if lang == "en" && english != "" {
		return english
	}
	return chinese
}

// CodeInput is what a client says about a new code.
type CodeInput struct {
	Kind       Kind    `json:"kind" enum:"fault,cause,action"`
	Code       string  `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name       string  `json:"name" minLength:"1" maxLength:"200"`
	NameEn     *string `json:"name_en,omitempty" maxLength:"200"`
	Category   *string `json:"category,omitempty" maxLength:"40" doc:"of devices; absent = any"`
	Repairs    *bool   `json:"repairs,omitempty" doc:"of an action: it repairs something; absent = true"`
	FirstAid   *string `json:"first_aid,omitempty" maxLength:"2000" doc:"of a fault: what to try on the phone"`
	FirstAidEn *string `json:"first_aid_en,omitempty" maxLength:"2000"`
}

// CodePatch changes a code; what is absent stays.
type CodePatch struct {
	Name       *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	NameEn     *string `json:"name_en,omitempty" maxLength:"200"`
	Category   *string `json:"category,omitempty" maxLength:"40"`
	Repairs    *bool   `json:"repairs,omitempty"`
	FirstAid   *string `json:"first_aid,omitempty" maxLength:"2000"`
	FirstAidEn *string `json:"first_aid_en,omitempty" maxLength:"2000"`
	Retired    *bool   `json:"retired,omitempty" doc:"a retired code stays on old sheets and is not offered any more"`
}

// CodeFilter narrows the list of codes, which is in the order of kind and code.
type CodeFilter struct {
	keyset.Ask
	Kind     string `query:"kind" enum:"fault,cause,action"`
	Category string `query:"category" maxLength:"40" doc:"codes of this category and those for any device"`
	Q        string `query:"q" maxLength:"100" doc:"beginning of the code, or part of a name"`
	Retired  bool   `query:"retired" doc:"also those no longer offered"`
}

var codeShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func (in CodeInput) check() error {
	switch in.Kind {
	case Fault, Cause, Action:
	default:
		return fault.New(fault.Invalid, "code_kind", "a code is a fault, a cause or an action").Field("body.kind", "fault, cause or action")
	}
	if !codeShape.MatchString(in.Code) {
		return fault.New(fault.Invalid, "code_shape", "a code has 1 to 40 letters, digits, dots, hyphens or underscores").Field("body.code", "letters, digits, . _ - up to 40")
	}
	return checkName(in.Name)
}

func checkName(name string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n == 0 || n > 200 {
		return fault.New(fault.Invalid, "name_length", "a name has 1 to 200 characters").Field("body.name", "1 to 200 characters")
	}
	return nil
}

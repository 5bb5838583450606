package knowledge

import (
	"fmt"

	"paigong/internal/fault"
)

// JobTemplate is what a job of a kind usually asks for on devices of a category 作业模板. Whoever takes a
// call is offered it and changes what is different this time.
type JobTemplate struct {
	Kind       string         `json:"kind"`
	Category   string         `json:"category"` // of devices; empty = any
	SkillCodes []string       `json:"skill_codes"`
	Minutes    int            `json:"minutes"`
	Priority   int            `json:"priority"` // 1 first to 4
	Parts      []TemplatePart `json:"parts"`
	Version    int            `json:"version"` // 0 = nobody wrote one: what holds without
}

// TemplatePart is a part such a job usually needs.
type TemplatePart struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"60"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000"`
}

// JobTemplateInput replaces a template; 0 minutes take it away.
type JobTemplateInput struct {
	Kind       string         `json:"kind" enum:"repair,install,maintain,inspect,exchange,deliver,train,relocate"`
	Category   string         `json:"category,omitempty" maxLength:"40" doc:"of devices; absent = any"`
	SkillCodes []string       `json:"skill_codes,omitempty" maxItems:"20"`
	Minutes    int            `json:"minutes" minimum:"0" maximum:"1440" doc:"of work; 0 removes the template"`
	Priority   int            `json:"priority,omitempty" enum:"0,1,2,3,4" doc:"absent = 3"`
	Parts      []TemplatePart `json:"parts,omitempty" maxItems:"20"`
}

// usual is what holds where nobody wrote a template.
func usual(kind, category string) JobTemplate {
	return JobTemplate{Kind: kind, Category: category, SkillCodes: []string{}, Minutes: 60, Priority: 3, Parts: []TemplatePart{}}
}

func (in JobTemplateInput) check() error {
	if in.Minutes < 5 || in.Minutes > 1440 {
		return fault.New(fault.Invalid, "job_template_minutes", "a job takes 5 to 1440 minutes").Field("body.minutes", "5 to 1440, or 0 to remove the template")
	}
	seen := map[string]bool{}
	for i, p := range in.Parts {
		field := fmt.Sprintf("body.parts[%d]", i)
		if p.Quantity < 1 {
			return fault.New(fault.Invalid, "part_quantity", "name how many of part %s are needed", p.SKU).Field(field+".quantity", "1 or more")
		}
		if seen[p.SKU] {
			return fault.New(fault.Invalid, "part_twice", "part %s stands there twice: one line says how many", p.SKU).Field(field+".sku", "already on the list")
		}
		seen[p.SKU] = true
	}
	return nil
}

package dispatch

import (
	"paigong/internal/calendar"
	"paigong/internal/geo"
	"paigong/internal/keyset"
)

// Region is a piece of the map, most often a division code. Who serves a region serves everything
// below it. Retired codes stay, because old addresses carry them.
type Region struct {
	ID         string         `json:"id"` // its code: regions are known by nothing else
	Code       string         `json:"code"`
	ParentCode *string        `json:"parent_code"`
	Name       string         `json:"name"`
	Path       []string       `bun:",array" json:"path"` // from the top down to itself
	FullName   string         `json:"full_name"`         // 北京市 朝阳区 望京街道
	RetiredOn  *calendar.Date `json:"retired_on"`
	ReplacedBy *string        `json:"replaced_by"`
	Shape      []geo.Point    `bun:"type:jsonb" json:"shape"` // corners of its outline, in order; nil = nobody drew it
}

// RegionInput is what a client says about a region.
type RegionInput struct {
	Code       string         `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name       string         `json:"name" minLength:"1" maxLength:"200"`
	ParentCode *string        `json:"parent_code,omitempty" maxLength:"40"`
	RetiredOn  *calendar.Date `json:"retired_on,omitempty" doc:"the code was given up on this day"`
	ReplacedBy *string        `json:"replaced_by,omitempty" maxLength:"40"`
	Shape      *[]geo.Point   `json:"shape,omitempty" maxItems:"200" doc:"3 to 200 corners of its outline, in order; absent = as it is, empty = none"`
}

// RegionFilter narrows the list of regions, which is in the order of codes.
type RegionFilter struct {
	keyset.Ask
	Q       string `query:"q" maxLength:"100" doc:"beginning of the code or part of the name"`
	Parent  string `query:"parent" maxLength:"40" doc:"directly below this one"`
	Under   string `query:"under" maxLength:"40" doc:"anywhere below this one, with it"`
	Retired bool   `query:"retired" doc:"also codes given up"`
}

// RegionNode is a region with what lies below it.
type RegionNode struct {
	Region
	Children []RegionNode `json:"children"`
}

// RegionsTaken counts what an import of regions did.
type RegionsTaken struct{ New, Changed, Unchanged int }

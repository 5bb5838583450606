package templates

import (
	"slices"

	"paigong/internal/money"
)

// RegionRow is one region.
type RegionRow struct {
	Path       string // where it is changed
	Code, Name string
	FullName   string
	RetiredOn  string
	ReplacedBy string
	Outlined   bool
	Engineers  int // who serve it by name
	BelowPath  string
}

// RegionForm is the region that is changed, or the one that is added.
type RegionForm struct {
	Known                 bool
	Code, Name, Parent    string
	RetiredOn, ReplacedBy string
	Shape                 string // its corners, one "lat, lng" a line
}

// SettingsRegions is GET /settings/regions?q=&parent=&code=: the regions, and one of them in a form with its outline
// on the scheme.
type SettingsRegions struct {
	Chrome
	Q, Parent string
	Up        string // path of the regions above
	All       string // path of all regions, while only those somebody serves are shown
	Rows      []RegionRow
	More      string
	Edit      RegionForm
	Scheme    Scheme
	Frame     SchemeFrame
	MayEdit   bool
}

func (SettingsRegions) place() place { return place{"settings-regions", "desk"} }

// SchemeFrame says how places on earth become units of the scheme: x = (lng - West) * PerLng, y = (North - lat) * PerLat.
type SchemeFrame struct{ West, North, PerLng, PerLat string }

// SkillRow is something an order may ask for.
type SkillRow struct {
	Code, Name string
	Engineers  int // who have it
}

// SettingsSkills is GET /settings/skills.
type SettingsSkills struct {
	Chrome
	Rows    []SkillRow
	MayEdit bool
}

func (SettingsSkills) place() place { return place{"settings-skills", "desk"} }

// AbilityRow is a skill with the level somebody has in it; 0 = he has not.
type AbilityRow struct {
	Code, Name string
	Level      int
}

// SettingsEngineer is GET /settings/engineers/new and /settings/engineers/{id}: who he is and what he may be sent to.
type SettingsEngineer struct {
	Chrome
	ID            string // empty: a new one
	Version       int
	Name, Staff   string
	Phone         string
	Regions       string // codes, parted by commas
	HelpsOut      string
	RegionNames   []string
	Abilities     []AbilityRow
	Lat, Lng      string
	MaxVisits     int
	Active        bool
	Organisations []Option
	Choose        []Option // regions, to pick codes from
	Van           string   // name and code of his van
	VanPath       string   // where one is made for him
	MayEdit       bool
}

func (SettingsEngineer) place() place { return place{"settings-engineer", "desk"} }

// Levels are what a skill may be had in.
func (s SettingsEngineer) Levels(now int) []Option {
	list := []Option{{Value: "", Text: "–", Selected: now == 0}}
	for n := 1; n <= 5; n++ {
		list = append(list, Option{Value: string(rune('0' + n)), Text: string(rune('0' + n)), Selected: n == now})
	}
	return list
}

// PartRow is one kind of piece.
type PartRow struct {
	Path         string
	SKU, Name    string
	Unit         string
	Price        money.Fen
	Priced       bool
	WarrantyDays string
	Serialised   bool
	ReturnOld    bool
	Retired      bool
}

// PartForm is the part that is changed, or the one that is added.
type PartForm struct {
	ID           string
	Version      int
	SKU, Name    string
	Unit         string
	Price        string
	WarrantyDays string
	Serialised   bool
	ReturnOld    bool
	Retired      bool
}

// Parts is GET /stock/parts?q=&retired=&edit=.
type Parts struct {
	Chrome
	Q       string
	Retired bool
	Rows    []PartRow
	More    string
	Edit    PartForm
	MayEdit bool
	MayLoad bool // may bring in a table
}

func (Parts) place() place { return place{"parts", "desk"} }

// PlaceRow is where parts lie.
type PlaceRow struct {
	Path         string
	Code, Name   string
	Kind         string
	Organisation string
	Region       string
	Engineer     string
	OpenHours    string
	Away         bool
	Retired      bool
	Located      bool
}

// PlaceForm is the place that is changed, or the one that is added.
type PlaceForm struct {
	Known            bool
	Version          int
	Code, Name, Kind string
	Region, Engineer string
	Lat, Lng         string
	OpenHours        string
	Retired          bool
}

// Places is GET /stock/places?edit=.
type Places struct {
	Chrome
	Rows          []PlaceRow
	More          string
	Edit          PlaceForm
	Engineers     []Option
	Organisations []Option
	MayEdit       bool
}

func (Places) place() place { return place{"places", "desk"} }

// UserForm is the person whose account is changed.
type UserForm struct {
	ID, Login, Name string
	Version         int
	Roles           []string
	Engineer        string
	Active          bool
}

// Has reports whether the person has a role.
func (u UserForm) Has(role string) bool { return slices.Contains(u.Roles, role) }

// LetterheadForm is what stands at the head of an organisation's papers, and where its customers turn to.
type LetterheadForm struct {
	Code, Organisation           string
	Version                      int
	Name, Address                string
	Hotline, Complaints, Website string
	Emergency, Invoice           string
}

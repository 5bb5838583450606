package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/templates"
	"paigong/workorders"
)

// degrees writes a coordinate as people copy it from a map.
func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// shapeText is an outline as text: one corner a line.
func shapeText(shape []geo.Point) string {
	var lines []string
	for _, p := range shape {
		lines = append(lines, degrees(p.Lat)+", "+degrees(p.Lng))
	}
	return strings.Join(lines, "\n")
}

// shape reads the corners of an outline; none is an empty one, which takes a drawn outline away.
func (f *form) shape(name string) *[]geo.Point {
	list := []geo.Point{}
	for line := range strings.Lines(f.Get(name)) {
		line = strings.NewReplacer("，", ",", "\t", ",", ";", ",").Replace(strings.TrimSpace(line))
		if line == "" {
			continue
		}
		var p geo.Point
		if n, err := fmt.Sscanf(strings.ReplaceAll(line, ",", " "), "%g %g", &p.Lat, &p.Lng); n != 2 || err != nil {
			f.wrong(name, "expected corners")
			return nil
		}
		list = append(list, p)
	}
	return &list
}

// point is a place on earth that may be left out.
func (f *form) point() *geo.Point {
	lat, lng := f.decimal("lat"), f.decimal("lng")
	switch {
	case lat == nil && lng == nil:
		return nil
	case lat == nil:
		f.wrong("lat", "required")
		return nil
	case lng == nil:
		f.wrong("lng", "required")
		return nil
	}
	return &geo.Point{Lat: *lat, Lng: *lng}
}

// regionsPage is GET /settings/regions.
func (p *Pages) regionsPage(a *ask) (templates.Page, error) {
	v := templates.SettingsRegions{Q: a.QueryParam("q"), Parent: a.QueryParam("parent"), MayEdit: a.by.May(auth.ManageBasics)}
	board := a.look().Board
	page, err := board.Regions(a.ctx(), dispatch.RegionFilter{Ask: a.asked(), Q: v.Q, Parent: v.Parent, Retired: v.Q != ""})
	if err != nil {
		return nil, err
	}
	v.More = a.with("cursor", page.NextCursor)
	people, err := board.Engineers(a.ctx(), a.by.Scope(), dispatch.EngineerFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	serve := map[string]int{}
	short := map[string]string{}
	names := func(code string) string { // the last part alone: the scheme is small
		if _, known := short[code]; !known {
			full := strings.Fields(a.regionName(code))
			short[code] = code
			if len(full) > 0 {
				short[code] = full[len(full)-1]
			}
		}
		return short[code]
	}
	var homes []regionHome
	for _, e := range people.Items {
		for _, code := range e.RegionCodes {
			serve[code]++
		}
		if e.Home != nil && len(e.RegionCodes) > 0 {
			homes = append(homes, regionHome{e.RegionCodes[0], names(e.RegionCodes[0]), *e.Home})
		}
	}
	at := func(q url.Values) string { return "/settings/regions?" + q.Encode() }
	if page.NextCursor != "" && v.Q == "" && v.Parent == "" && a.QueryParam("all") == "" && len(serve) > 0 {
		// Of a country's thousands, those somebody works in come first.
		page.Items, v.More, v.All = nil, "", "/settings/regions?all=1"
		for _, code := range sortedKeys(serve) {
			r, err := board.Region(a.ctx(), code)
			if err != nil {
				return nil, err
			}
			page.Items = append(page.Items, r)
		}
	}
	for _, r := range page.Items {
		row := templates.RegionRow{Code: r.Code, Name: r.Name, FullName: r.FullName, ReplacedBy: zero(r.ReplacedBy), Outlined: r.Shape != nil, Engineers: serve[r.Code],
			Path: at(url.Values{"code": {r.Code}, "parent": {v.Parent}}) + "#edit", BelowPath: at(url.Values{"parent": {r.Code}})}
		if r.RetiredOn != nil {
			row.RetiredOn = r.RetiredOn.String()
		}
		v.Rows = append(v.Rows, row)
	}
	v.Edit.Parent = v.Parent
	if v.Parent != "" {
		v.Up = "/settings/regions"
		if above, err := board.Region(a.ctx(), v.Parent); err == nil && above.ParentCode != nil {
			v.Up = at(url.Values{"parent": {*above.ParentCode}})
		}
	}
	code := a.QueryParam("code")
	if a.posted.Form == "regions" {
		code = a.posted.Values.Get("known")
	}
	if code != "" {
		r, err := board.Region(a.ctx(), code)
		if err != nil {
			return nil, err
		}
		v.Edit = templates.RegionForm{Known: true, Code: r.Code, Name: r.Name, Parent: zero(r.ParentCode), ReplacedBy: zero(r.ReplacedBy), Shape: shapeText(r.Shape)}
		if r.RetiredOn != nil {
			v.Edit.RetiredOn = r.RetiredOn.String()
		}
	}
	drawn, err := board.Outlines(a.ctx())
	if err != nil {
		return nil, err
	}
	var points []geo.Point
	for _, r := range drawn {
		points = append(points, r.Shape...)
	}
	spots := make([]spot, 0, len(homes))
	for _, h := range homes {
		points = append(points, h.at)
		spots = append(spots, spot{h.at, templates.MapDot{Kind: "engineer", Text: h.name}})
	}
	sites, err := p.desk.SitePoints(a.ctx(), a.by)
	if err != nil {
		return nil, err
	}
	for _, s := range sites {
		points = append(points, s.At)
		spots = append(spots, spot{s.At, templates.MapDot{Kind: "job", Text: s.Region}})
	}
	if len(points) > 0 {
		f := frameOf(points)
		v.Scheme = templates.Scheme{Areas: append(f.around(undrawn(homes, drawn)), f.outlines(drawn)...), Dots: f.dots(spots)}
		v.Frame = templates.SchemeFrame{West: degrees(f.west), North: degrees(f.north), PerLng: degrees(f.perLng), PerLat: degrees(f.perLat)}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) putRegion(ctx context.Context, a *ask, f *form) (string, error) {
	in := dispatch.RegionInput{Code: f.need("code"), Name: f.need("name"), ParentCode: f.opt("parent_code"), RetiredOn: f.date("retired_on"), ReplacedBy: f.opt("replaced_by"), Shape: f.shape("shape")}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/regions?" + url.Values{"code": {in.Code}, "parent": {f.text("parent_code")}}.Encode(), p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		put := l.Board.AddRegion
		if f.text("known") == in.Code {
			put = l.Board.PutRegion
		}
		_, err := put(ctx, in)
		return err
	})
}

// skillsPage is GET /settings/skills.
func (p *Pages) skillsPage(a *ask) (templates.Page, error) {
	v := templates.SettingsSkills{MayEdit: a.by.May(auth.ManageBasics)}
	skills, err := a.skills()
	if err != nil {
		return nil, err
	}
	people, err := a.look().Board.Engineers(a.ctx(), a.by.Scope(), dispatch.EngineerFilter{Ask: many})
	if err != nil {
		return nil, err
	}
	have := map[string]int{}
	for _, e := range people.Items {
		for _, s := range e.Skills {
			have[s.Code]++
		}
	}
	for _, s := range skills {
		v.Rows = append(v.Rows, templates.SkillRow{Code: s.Code, Name: s.Name, Engineers: have[s.Code]})
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) addSkill(ctx context.Context, a *ask, f *form) (string, error) {
	in := dispatch.SkillInput{Code: f.need("code"), Name: f.need("name")}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/skills", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Board.AddSkill(ctx, in)
		return err
	})
}

// engineerPage is GET /settings/engineers/:id, where id may be "new".
func (p *Pages) engineerPage(a *ask) (templates.Page, error) {
	v := templates.SettingsEngineer{MaxVisits: dispatch.DefaultMaxVisits, Active: true, MayEdit: a.by.May(auth.ManageEngineers)}
	level := map[string]int{}
	id := a.Param("id")
	if a.posted.Form == "person" {
		id = a.posted.Values.Get("id")
	}
	if id != "new" && id != "" {
		key, err := parse(id)
		if err != nil {
			return nil, err
		}
		e, err := a.look().Board.Engineer(a.ctx(), a.by.Scope(), key)
		if err != nil {
			return nil, err
		}
		v.ID, v.Version, v.Name, v.Staff, v.Phone, v.MaxVisits, v.Active = e.ID.String(), e.Version, e.Name, e.StaffNumber, zero(e.Phone), e.MaxVisits, e.Active
		v.Regions, v.HelpsOut, v.RegionNames = strings.Join(e.RegionCodes, ", "), strings.Join(e.HelpsOut, ", "), a.regionNames(e.RegionCodes)
		if e.Home != nil {
			v.Lat, v.Lng = degrees(e.Home.Lat), degrees(e.Home.Lng)
		}
		for _, s := range e.Skills {
			level[s.Code] = s.Level
		}
		if err := a.vanOf(&v); err != nil {
			return nil, err
		}
	} else if err := a.by.Must(auth.ManageEngineers); err != nil {
		return nil, err
	}
	skills, err := a.skills()
	if err != nil {
		return nil, err
	}
	for i, s := range skills {
		now := level[s.Code]
		if a.posted.Form == "person" && i < len(a.posted.Values["skill_level"]) {
			now, _ = strconv.Atoi(a.posted.Values["skill_level"][i])
		}
		v.Abilities = append(v.Abilities, templates.AbilityRow{Code: s.Code, Name: s.Name, Level: now})
	}
	if _, v.Organisations, err = a.organisationNames(); err != nil {
		return nil, err
	}
	if v.Choose, err = a.regions(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) putEngineer(ctx context.Context, a *ask, f *form) (string, error) {
	name, regions, helps, staff, home := f.need("name"), f.list("region_codes"), f.list("helps_out"), f.text("staff_number"), f.point()
	most := f.minutes("max_visits")
	abilities := []dispatch.Ability{}
	for i, code := range f.Values["skill_code"] {
		if level := f.at("skill_level", i); level != "" {
			abilities = append(abilities, dispatch.Ability{Code: code, Level: int(f.whole("skill_level", level))})
		}
	}
	if len(regions) == 0 {
		f.wrong("region_codes", "required")
	}
	id, version := f.id("id"), f.minutes("version")
	if err := f.err(); err != nil {
		return "", err
	}
	next := "/settings/engineers"
	return next, p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		if id == nil {
			org, err := p.server.OrgOf(ctx, a.by, l, f.opt("organisation_code"))
			if err != nil {
				return err
			}
			_, err = l.Board.AddEngineer(ctx, dispatch.EngineerInput{Name: name, Phone: f.opt("phone"), RegionCodes: regions, HelpsOut: helps, Skills: abilities, Home: home, StaffNumber: f.opt("staff_number"), MaxVisits: most}, org)
			return err
		}
		phone, active := f.text("phone"), f.ticked("active")
		in := dispatch.EngineerPatch{Name: &name, Phone: &phone, RegionCodes: &regions, HelpsOut: &helps, Skills: &abilities, Home: home, MaxVisits: most, Active: &active}
		if staff != "" {
			in.StaffNumber = &staff
		}
		_, err := l.Board.PatchEngineer(ctx, a.by.Scope(), *id, in, zero(version))
		return err
	})
}

// chosenUser is the person whose account is changed, when the address or a refused form names one.
func (a *ask) chosenUser(v *templates.SettingsUsers) error {
	id := a.QueryParam("user")
	if a.posted.Form == "change" {
		id = a.posted.Values.Get("user_id")
	}
	if id == "" || !v.MayAdd {
		return nil
	}
	key, err := parse(id)
	if err != nil {
		return err
	}
	u, err := a.look().People.User(a.ctx(), a.by.Scope(), key)
	if err != nil {
		return err
	}
	v.Edit = &templates.UserForm{ID: id, Login: u.Login, Name: u.Name, Version: u.Version, Roles: texts(u.Roles), Active: u.Active}
	if u.EngineerID != nil {
		v.Edit.Engineer = u.EngineerID.String()
	}
	v.Engineers, err = a.engineerOptions()
	return err
}

func (p *Pages) changeUser(ctx context.Context, a *ask, f *form) (string, error) {
	id, name, version, active := f.id("user_id"), f.need("name"), f.minutes("version"), f.ticked("active")
	roles := make([]auth.Role, 0, len(f.Values["roles"]))
	for _, r := range f.Values["roles"] {
		roles = append(roles, auth.Role(r))
	}
	if len(roles) == 0 {
		f.wrong("roles", "required")
	}
	in := auth.UserChange{Name: &name, Roles: &roles, Active: &active, EngineerID: f.id("engineer_id")}
	if id == nil {
		f.wrong("user_id", "required")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/settings/users", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.People.ChangeUser(ctx, a.by, *id, zero(version), in)
		return err
	})
}

// linkUser makes a one-time link with which somebody chooses a new password; it is shown this once.
func (p *Pages) linkUser(ctx context.Context, a *ask, f *form) (string, error) {
	id := f.id("user_id")
	if id == nil {
		f.wrong("user_id", "required")
		return "", f.err()
	}
	return "/settings/users", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		token, err := l.People.ResetLink(ctx, a.by, *id)
		if err == nil {
			a.show("setup", "/setup/"+token)
		}
		return err
	})
}

// letterheadLines are the lines of a letterhead by the names they are kept under.
type letterheadLines struct {
	Name       string `json:"name,omitempty"`
	Address    string `json:"address,omitempty"`
	Hotline    string `json:"hotline,omitempty"`
	Complaints string `json:"complaints,omitempty"`
	Website    string `json:"website,omitempty"`
	Emergency  string `json:"emergency,omitempty"`
	Invoice    string `json:"invoice,omitempty"`
}

// chosenLetterhead is the organisation whose letterhead is changed.
func (a *ask) chosenLetterhead(v *templates.SettingsOrganisations) error {
	code := a.QueryParam("code")
	if a.posted.Form == "letterhead" {
		code = a.posted.Values.Get("code")
	}
	if code == "" || !v.MayAdd {
		return nil
	}
	o, err := a.look().People.ByCode(a.ctx(), code)
	if err != nil {
		return err
	}
	if !a.by.Scope().Sees(o.ID) {
		return fault.New(fault.NotFound, "organisation_unknown", "there is no organisation with the code %s", code)
	}
	var l letterheadLines
	if len(o.Letterhead) > 0 && json.Unmarshal(o.Letterhead, &l) != nil {
		l = letterheadLines{} // of another shape: it is written anew
	}
	v.Letterhead = &templates.LetterheadForm{Code: o.Code, Organisation: o.Name, Version: o.Version, Name: l.Name, Address: l.Address, Hotline: l.Hotline, Complaints: l.Complaints, Website: l.Website, Emergency: l.Emergency, Invoice: l.Invoice}
	return nil
}

func (p *Pages) putLetterhead(ctx context.Context, a *ask, f *form) (string, error) {
	code, version := f.need("code"), f.minutes("version")
	lines, err := json.Marshal(letterheadLines{Name: f.text("name"), Address: f.text("address"), Hotline: f.text("hotline"), Complaints: f.text("complaints"), Website: f.text("website"), Emergency: f.text("emergency"), Invoice: f.text("invoice")})
	if err != nil {
		return "", err
	}
	if err := f.err(); err != nil {
		return "", err
	}
	if version != nil {
		ctx = workorders.WithMatch(ctx, *version)
	}
	return "/settings/organisations", p.desk.IfVersion(ctx, a.by, "organisations", "code", code, func(ctx context.Context) error {
		return p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
			return l.People.ChangeLetterhead(ctx, a.by.Scope(), code, lines)
		})
	})
}

package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/keyset"
)

const engineerColumns = `e.id, e.org_id, o.code AS org_code, coalesce(e.staff_number, '') AS staff_number, e.name, e.phone,
	CASE WHEN e.home_lat IS NOT NULL THEN jsonb_build_object('lat', e.home_lat, 'lng', e.home_lng) END AS home,
	ARRAY(SELECT region_code FROM engineer_regions r WHERE r.engineer_id = e.id AND NOT helps_out ORDER BY 1) AS region_codes,
	ARRAY(SELECT region_code FROM engineer_regions r WHERE r.engineer_id = e.id AND helps_out ORDER BY 1) AS helps_out,
	coalesce((SELECT jsonb_agg(jsonb_build_object('code', skill_code, 'level', level) ORDER BY skill_code) FROM engineer_skills s WHERE s.engineer_id = e.id), '[]') AS skills,
	e.active, e.max_visits, e.created_at, e.version
	FROM engineers e JOIN organisations o ON o.id = e.org_id`

// AddEngineer enters somebody who makes visits for the organisation. Regions and skills must exist.
func (b Board) AddEngineer(ctx context.Context, in EngineerInput, orgID int32) (Engineer, error) {
	none := Engineer{}
	if err := checkName("body.name", in.Name); err != nil {
		return none, err
	}
	if err := checkHome(in.Home); err != nil {
		return none, err
	}
	if err := checkAbilities(in.Skills); err != nil {
		return none, err
	}
	phone, err := normalPhone(in.Phone)
	if err != nil {
		return none, err
	}
	limit := given(in.MaxVisits, DefaultMaxVisits)
	if limit < 1 || limit > 100 {
		return none, maxVisitsFault()
	}
	number := strings.TrimSpace(given(in.StaffNumber, ""))
	if number == "" {
		year := b.now().In(b.Zone()).Year()
		var next int64
		if err := b.db.NewRaw("SELECT next_number('EN', ?)", year).Scan(ctx, &next); err != nil {
			return none, fmt.Errorf("number an engineer: %w", fault.FromSQL(err))
		}
		number = fmt.Sprintf("E%02d-%04d", year%100, next)
	}
	id := newID()
	lat, lng := halves(in.Home)
	if _, err := b.db.NewRaw(`INSERT INTO engineers (id, org_id, staff_number, name, phone, home_lat, home_lng, max_visits, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, orgID, number, strings.TrimSpace(in.Name), phone, lat, lng, limit, b.at()).Exec(ctx); err != nil {
		return none, refusedEngineer(err)
	}
	if err := b.setRegions(ctx, id, in.RegionCodes, in.HelpsOut); err != nil {
		return none, err
	}
	if err := b.setSkills(ctx, id, in.Skills); err != nil {
		return none, err
	}
	return b.engineer(ctx, id, "TRUE")
}

func halves(p *geo.Point) (lat, lng *float64) {
	if p == nil {
		return nil, nil
	}
	return &p.Lat, &p.Lng
}

func maxVisitsFault() error {
	return fault.New(fault.Invalid, "max_visits_bounds", "a shift has room for 1 to 100 visits").Field("body.max_visits", "1 to 100")
}

func refusedEngineer(err error) error {
	switch fault.Constraint(err) {
	case "engineers_staff_number":
		return fault.New(fault.Conflict, "engineers_staff_number", "this staff number is taken: choose another")
	case "engineers_org_id_fkey":
		return fault.New(fault.Invalid, "organisation_missing", "there is no such organisation").Field("body.organisation_code", "unknown")
	}
	return fmt.Errorf("enter an engineer: %w", fault.FromSQL(err))
}

func (b Board) setRegions(ctx context.Context, engineer uuid.UUID, own, helps []string) error {
	if err := b.known(ctx, "regions", "region_code_unknown", "body.region_codes", append(slices.Clone(own), helps...)); err != nil {
		return err
	}
	_, err := b.db.NewRaw(`WITH gone AS (DELETE FROM engineer_regions WHERE engineer_id = ?0 AND region_code <> ALL (?1::text[] || ?2::text[]))
		INSERT INTO engineer_regions (engineer_id, region_code, helps_out)
		SELECT ?0, code, code <> ALL (?1::text[]) FROM (SELECT DISTINCT unnest(?1::text[] || ?2::text[]) AS code) AS codes
		ON CONFLICT (engineer_id, region_code) DO UPDATE SET helps_out = excluded.helps_out`, engineer, texts(own), texts(helps)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("set an engineer's regions: %w", fault.FromSQL(err))
	}
	return nil
}

func (b Board) setSkills(ctx context.Context, engineer uuid.UUID, list []Ability) error {
	codes := make([]string, len(list))
	for i := range list {
		codes[i] = list[i].Code
	}
	if err := b.known(ctx, "skills", "skill_code_unknown", "body.skills", codes); err != nil {
		return err
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("set an engineer's skills: %w", err)
	}
	if list == nil {
		raw = []byte("[]")
	}
	_, err = b.db.NewRaw(`WITH gone AS (DELETE FROM engineer_skills WHERE engineer_id = ?0 AND skill_code <> ALL (?1::text[]))
		INSERT INTO engineer_skills (engineer_id, skill_code, level)
		SELECT ?0, s.code, coalesce(nullif(s.level, 0), 3) FROM jsonb_to_recordset(?2::jsonb) AS s (code text, level int)
		ON CONFLICT (engineer_id, skill_code) DO UPDATE SET level = excluded.level`, engineer, texts(codes), string(raw)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("set an engineer's skills: %w", fault.FromSQL(err))
	}
	return nil
}

// known refuses codes that are not in the table, naming them.
func (b Board) known(ctx context.Context, table, code, field string, codes []string) error {
	var missing []string
	err := b.db.NewRaw("SELECT DISTINCT c FROM unnest(?::text[]) AS c WHERE NOT EXISTS (SELECT FROM ? t WHERE t.code = c) ORDER BY 1",
		texts(codes), bun.Ident(table)).Scan(ctx, &missing)
	if err != nil {
		return fmt.Errorf("look codes up in %s: %w", table, fault.FromSQL(err))
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, code, "%s is not known here: enter it first", strings.Join(missing, ", ")).Field(field, "unknown: "+strings.Join(missing, ", "))
	}
	return nil
}

// texts writes strings as a PostgreSQL array.
func texts(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

func (b Board) engineer(ctx context.Context, id uuid.UUID, where bun.Safe) (Engineer, error) {
	var e Engineer
	err := b.db.NewRaw("SELECT "+engineerColumns+" WHERE e.id = ? AND ?", id, where).Scan(ctx, &e)
	switch {
	case none(err):
		return e, unknown("engineer")
	case err != nil:
		return e, fmt.Errorf("read an engineer: %w", fault.FromSQL(err))
	}
	return e, nil
}

// Engineer finds one; an engineer reads himself alone.
func (b Board) Engineer(ctx context.Context, scope auth.Scope, id uuid.UUID) (Engineer, error) {
	where, err := within(scope, "e.id", "e.org_id")
	if err != nil {
		return Engineer{}, err
	}
	return b.engineer(ctx, id, where)
}

// Engineers lists those in sight.
func (b Board) Engineers(ctx context.Context, scope auth.Scope, f EngineerFilter) (keyset.Page[Engineer], error) {
	page := keyset.Page[Engineer]{}
	where, err := within(scope, "e.id", "e.org_id")
	if err != nil {
		return page, err
	}
	q := b.db.NewSelect().TableExpr("engineers AS e").Where("?", where)
	if !f.Inactive {
		q = q.Where("e.active")
	}
	if f.Q != "" {
		like := "%" + likeText(f.Q) + "%"
		q = q.Where("(e.name ILIKE ? OR e.staff_number ILIKE ?)", like, like)
	}
	if f.Region != "" {
		q = q.Where("EXISTS (SELECT FROM engineer_regions er JOIN regions r ON r.code = ? WHERE er.engineer_id = e.id AND er.region_code = ANY (r.path))", f.Region)
	}
	if f.Skill != "" {
		q = q.Where("EXISTS (SELECT FROM engineer_skills es WHERE es.engineer_id = e.id AND es.skill_code = ?)", f.Skill)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return page, err
	} else if more {
		q = q.Where("e.id > ?", last)
	}
	var rows []Engineer
	ids := q.Column("e.id").OrderExpr("e.id").Limit(int64(f.Rows()))
	if err := b.db.NewRaw("SELECT "+engineerColumns+" WHERE e.id IN (?) ORDER BY e.id", ids).Scan(ctx, &rows); err != nil {
		return page, fmt.Errorf("list engineers: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(e Engineer) []any { return []any{e.ID} }), nil
}

// likeText takes the meaning from the wildcards of LIKE.
func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// PatchEngineer changes an engineer; version 0 is any. Regions and skills of visits already booked are
// not looked at again: history stays.
func (b Board) PatchEngineer(ctx context.Context, scope auth.Scope, id uuid.UUID, in EngineerPatch, version int) (Engineer, error) {
	none := Engineer{}
	now, err := b.Engineer(ctx, scope, id)
	if err != nil {
		return none, err
	}
	if _, err := b.lock(ctx, id); err != nil {
		return none, err
	}
	if in.Name != nil {
		if err := checkName("body.name", *in.Name); err != nil {
			return none, err
		}
		now.Name = strings.TrimSpace(*in.Name)
	}
	if in.Phone != nil {
		if now.Phone, err = normalPhone(in.Phone); err != nil {
			return none, err
		}
	}
	if in.Home != nil {
		if err := checkHome(in.Home); err != nil {
			return none, err
		}
		now.Home = in.Home
	}
	if in.StaffNumber != nil && strings.TrimSpace(*in.StaffNumber) != "" {
		now.StaffNumber = strings.TrimSpace(*in.StaffNumber)
	}
	now.MaxVisits = given(in.MaxVisits, now.MaxVisits)
	if now.MaxVisits < 1 || now.MaxVisits > 100 {
		return none, maxVisitsFault()
	}
	if in.Active != nil {
		if !*in.Active && now.Active {
			open, err := b.inTheWay(ctx, id, Span{beginning, endOfTime})
			if err != nil {
				return none, err
			}
			if len(open) > 0 {
				return none, fault.New(fault.Conflict, "engineer_has_visits", "%s has %d open visits: give them to somebody else first", now.Name, len(open)).With("visits", open)
			}
		}
		now.Active = *in.Active
	}
	lat, lng := halves(now.Home)
	done, err := b.db.NewRaw(`UPDATE engineers SET name = ?, phone = ?, home_lat = ?, home_lng = ?, staff_number = ?, max_visits = ?, active = ?
		WHERE id = ? AND (? = 0 OR version = ?)`, now.Name, now.Phone, lat, lng, now.StaffNumber, now.MaxVisits, now.Active, id, version, version).Exec(ctx)
	if err != nil {
		return none, refusedEngineer(err)
	}
	if n, err := done.RowsAffected(); err == nil && n == 0 {
		return none, stale()
	}
	if in.RegionCodes != nil || in.HelpsOut != nil {
		if err := b.setRegions(ctx, id, given(in.RegionCodes, now.RegionCodes), given(in.HelpsOut, now.HelpsOut)); err != nil {
			return none, err
		}
	}
	if in.Skills != nil {
		if err := checkAbilities(*in.Skills); err != nil {
			return none, err
		}
		if err := b.setSkills(ctx, id, *in.Skills); err != nil {
			return none, err
		}
	}
	return b.engineer(ctx, id, "TRUE")
}

// AddSkill enters something an order may ask for. The same again is answered with what is there.
func (b Board) AddSkill(ctx context.Context, in SkillInput) (Skill, error) {
	var s Skill
	if err := checkCode("body.code", in.Code); err != nil {
		return s, err
	}
	if err := checkName("body.name", in.Name); err != nil {
		return s, err
	}
	err := b.db.NewRaw(`INSERT INTO skills (code, name) VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET name = excluded.name
		WHERE skills.name = excluded.name RETURNING code AS id, *`, in.Code, strings.TrimSpace(in.Name)).Scan(ctx, &s)
	switch {
	case none(err):
		return s, fault.New(fault.Conflict, "skills_pkey", "there is a skill %s already: use it or choose another code", in.Code)
	case err != nil:
		return s, fmt.Errorf("enter a skill: %w", fault.FromSQL(err))
	}
	return s, nil
}

// Skills lists what orders may ask for, by code.
func (b Board) Skills(ctx context.Context, ask keyset.Ask) (keyset.Page[Skill], error) {
	var last string
	if _, err := ask.After(&last); err != nil {
		return keyset.Page[Skill]{}, err
	}
	var rows []Skill
	if err := b.db.NewRaw("SELECT code AS id, code, name, retired_at FROM skills WHERE code > ? ORDER BY code LIMIT ?", last, ask.Rows()).Scan(ctx, &rows); err != nil {
		return keyset.Page[Skill]{}, fmt.Errorf("list skills: %w", fault.FromSQL(err))
	}
	return keyset.Cut(ask, rows, func(s Skill) []any { return []any{s.Code} }), nil
}

// KnownSkills refuses codes that are not known, naming them.
func (b Board) KnownSkills(ctx context.Context, codes ...string) error {
	return b.known(ctx, "skills", "skill_code_unknown", "body.skill_codes", codes)
}

// KnownRegion refuses a code that is not known.
func (b Board) KnownRegion(ctx context.Context, code string) error {
	return b.known(ctx, "regions", "region_code_unknown", "body.region_code", []string{code})
}

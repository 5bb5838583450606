package aftercare

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/say"
)

// Kind is one kind of follow-up call, with the days in which it is due.
type Kind struct {
	Code    string `bun:"code" json:"code"`
	NameZh  string `bun:"name_zh" json:"name_zh" maxLength:"60"`
	NameEn  string `bun:"name_en" json:"name_en" maxLength:"60"`
	From    int    `bun:"from_day" json:"from_day"`
	To      int    `bun:"to_day" json:"to_day"`
	Main    bool   `bun:"main" json:"main" doc:"a finished order has exactly one call of a main kind"`
	Active  bool   `bun:"active" json:"active"`
	Version int    `bun:"version" json:"version"`
}

// Name is what people call it.
func (k Kind) Name(lang string) string {
	if lang == say.English {
		return k.NameEn
	}
	return k.NameZh
}

// Kinds are all kinds of calls, the main ones first.
func (p Promises) Kinds(ctx context.Context) ([]Kind, error) {
	rows := []Kind{}
	if err := p.db.NewRaw("SELECT code, name_zh, name_en, from_day, to_day, main, active, version FROM follow_up_kinds ORDER BY main DESC, from_day, code LIMIT 100").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("kinds of follow-ups: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// SetWindow gives a kind other days, counted from the day of the service. Calls that are planned already keep
// theirs: a promise made is kept as it was made.
func (p Promises) SetWindow(ctx context.Context, code string, span Span) (Kind, error) {
	if span.From < 0 || span.To < span.From || span.To > 60 {
		return Kind{}, fault.New(fault.Invalid, "window_days_invalid", "a window begins before it ends and within sixty days").Field("body.to_day", "not before from_day, at most 60")
	}
	var k Kind
	err := p.db.NewRaw("UPDATE follow_up_kinds SET from_day = ?, to_day = ? WHERE code = ? RETURNING code, name_zh, name_en, from_day, to_day, main, active, version", span.From, span.To, code).Scan(ctx, &k)
	if errors.Is(err, sql.ErrNoRows) {
		return k, fault.New(fault.NotFound, "follow_up_kind_unknown", "there is no kind of follow-up %q", code)
	}
	if err != nil {
		return k, fmt.Errorf("window of %s: %w", code, fault.FromSQL(err))
	}
	return k, nil
}

// kindOf is the one kind of call that follows a kind of order (a kind of call is its own answer), with its days.
func (p Promises) kindOf(ctx context.Context, what string) (string, Span, error) {
	var k Kind
	err := p.db.NewRaw("SELECT code, from_day, to_day FROM follow_up_kinds WHERE code = coalesce((SELECT kind FROM follow_up_rules WHERE order_kind = ?), (SELECT code FROM follow_up_kinds WHERE code = ?), ?)", what, what, KindFor(what)).Scan(ctx, &k)
	if err != nil {
		return "", Span{}, fmt.Errorf("kind of follow-up for %s: %w", what, fault.FromSQL(err))
	}
	return k.Code, Span{k.From, k.To}, nil
}

// Script is what is said in a call, and what is asked.
type Script struct {
	Kind      string    `bun:"kind" json:"kind"`
	Version   int       `bun:"version" json:"version" doc:"0 = as delivered"`
	Zh        string    `bun:"zh" json:"zh" doc:"a line each"`
	En        string    `bun:"en" json:"en"`
	Questions []string  `bun:"questions,array" json:"questions" doc:"scored 1 to 5, in this order: service, product, on_time, manner, charges, clean"`
	CreatedAt time.Time `bun:"created_at" json:"created_at"`
}

// Lines are the sentences in a language.
func (s Script) Lines(lang string) []string {
	text := s.Zh
	if lang == say.English {
		text = s.En
	}
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// ScriptInput is a new version of a script.
type ScriptInput struct {
	Zh        string   `json:"zh" minLength:"1" maxLength:"5000"`
	En        string   `json:"en" minLength:"1" maxLength:"5000"`
	Questions []string `json:"questions,omitempty" maxItems:"6" doc:"absent = service and product"`
}

// asked is what is asked unless a script says otherwise: service and product apart.
var asked = []string{"service", "product"}

// ScriptOf is the newest script of a kind for an organisation or the nearest one above it.
func (p Promises) ScriptOf(ctx context.Context, org int32, kind string) (Script, error) {
	var s Script
	err := p.db.NewRaw(`SELECT x.kind, x.version, x.zh, x.en, x.questions, x.created_at FROM organisations o JOIN call_scripts x ON x.org_id = ANY (o.path) AND x.kind = ?
		WHERE o.id = ? ORDER BY array_position(o.path, x.org_id) DESC, x.version DESC LIMIT 1`, kind, org).Scan(ctx, &s)
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("script of %s: %w", kind, fault.FromSQL(err))
	}
	lines := func(lang string) string {
		var all []string
		for _, key := range []string{"hello", "identity", "moment", "works", "service", "product", "thanks"} {
			all = append(all, say.Text(lang, "aftercare.script."+key))
		}
		return strings.Join(all, "\n")
	}
	return Script{Kind: kind, Zh: lines(say.Chinese), En: lines(say.English), Questions: asked}, nil
}

// WriteScript adds a version; the earlier ones stay, since records name them.
func (p Promises) WriteScript(ctx context.Context, by auth.Caller, kind string, in ScriptInput) (Script, error) {
	if len(in.Questions) == 0 {
		in.Questions = asked
	}
	if !slices.Contains(in.Questions, "service") {
		return Script{}, fault.New(fault.Invalid, "script_asks_service", "a script asks at least how the service was").Field("body.questions", "must hold service")
	}
	for _, q := range in.Questions {
		if err := oneOf("questions", q, []string{"service", "product", "on_time", "manner", "charges", "clean"}); err != nil {
			return Script{}, err
		}
	}
	if strings.TrimSpace(in.Zh) == "" || strings.TrimSpace(in.En) == "" {
		return Script{}, fault.New(fault.Invalid, "script_missing", "write what is said, in both languages").Field("body.zh", "must not be blank")
	}
	var s Script
	err := p.db.NewRaw(`INSERT INTO call_scripts (id, org_id, kind, version, zh, en, questions, created_at, created_by)
		SELECT ?, ?, ?, coalesce(max(version), 0) + 1, ?, ?, string_to_array(?, ','), ?, ? FROM call_scripts WHERE org_id = ? AND kind = ? RETURNING kind, version, zh, en, questions, created_at`,
		newID(), by.OrgID, kind, strings.TrimSpace(in.Zh), strings.TrimSpace(in.En), strings.Join(in.Questions, ","), p.at(), person(by), by.OrgID, kind).Scan(ctx, &s)
	if err != nil {
		return s, fmt.Errorf("script of %s: %w", kind, fault.FromSQL(err))
	}
	return s, nil
}

// CallerDesk is somebody who calls: what he can take, and how he stands today.
type CallerDesk struct {
	UserID    uuid.UUID      `bun:"user_id" json:"user_id"`
	Name      string         `bun:"name" json:"name"`
	PerDay    int            `bun:"per_day" json:"per_day"`
	Languages []string       `bun:"languages,array" json:"languages"`
	Kinds     []string       `bun:"kinds,array" json:"kinds" doc:"empty = every kind"`
	AwayUntil *calendar.Date `bun:"away_until" json:"away_until,omitempty"`
	Open      int            `bun:"open" json:"open" doc:"calls on his list that are due"`
	Overdue   int            `bun:"overdue" json:"overdue"`
	Done      int            `bun:"done" json:"done" doc:"customers reached today"`
}

// CallerInput is what a lead says about a caller.
type CallerInput struct {
	UserID    uuid.UUID      `json:"user_id"`
	PerDay    int            `json:"per_day,omitempty" minimum:"0" maximum:"500" doc:"absent = 40"`
	Languages []string       `json:"languages,omitempty" maxItems:"5"`
	Kinds     []string       `json:"kinds,omitempty" maxItems:"20"`
	AwayUntil *calendar.Date `json:"away_until,omitempty" format:"date"`
}

// Callers are those who make follow-up calls, by role, with how many wait for each of them on a day.
func (p Promises) Callers(ctx context.Context, s auth.Scope, today calendar.Date) ([]CallerDesk, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	rows := []CallerDesk{}
	err := p.db.NewRaw(`SELECT u.id AS user_id, u.name, coalesce(k.per_day, ?0) AS per_day, coalesce(k.languages, '{zh-Hans}') AS languages, coalesce(k.kinds, '{}') AS kinds, k.away_until,
		  (SELECT count(*) FROM follow_ups f WHERE f.assignee_id = u.id AND f.state IN `+openCalls+` AND f.due_on <= ?1) AS open,
		  (SELECT count(*) FROM follow_ups f WHERE f.assignee_id = u.id AND f.state IN `+openCalls+` AND f.due_to < ?1) AS overdue,
		  (SELECT count(*) FROM follow_up_attempts a WHERE a.caller_id = u.id AND a.outcome = 'reached' AND (a.at AT TIME ZONE 'Asia/Shanghai')::date = ?1) AS done
		FROM users u LEFT JOIN callers k ON k.user_id = u.id
		WHERE u.active AND (k.user_id IS NOT NULL OR EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role = 'caller')) AND `+s.SQL("u.org_id")+` ORDER BY u.name, u.id LIMIT 200`, p.settings.CallsPerDay, today).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("callers: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// SetCaller writes down what a caller can take.
func (p Promises) SetCaller(ctx context.Context, by auth.Caller, in CallerInput) error {
	if in.PerDay == 0 {
		in.PerDay = p.settings.CallsPerDay
	}
	if len(in.Languages) == 0 {
		in.Languages = []string{say.Chinese}
	}
	result, err := p.db.NewRaw(`INSERT INTO callers (user_id, org_id, per_day, languages, kinds, away_until)
		SELECT u.id, u.org_id, ?, string_to_array(?, ','), string_to_array(?, ','), ? FROM users u WHERE u.id = ? AND u.active AND `+by.Scope().SQL("u.org_id")+`
		ON CONFLICT (user_id) DO UPDATE SET per_day = excluded.per_day, languages = excluded.languages, kinds = excluded.kinds, away_until = excluded.away_until`,
		in.PerDay, strings.Join(in.Languages, ","), strings.Join(in.Kinds, ","), in.AwayUntil, in.UserID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("caller: %w", fault.FromSQL(err))
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return unknown("user", in.UserID)
	}
	return nil
}

// Balance gives calls that are due and nobody's to callers: each to who has the smallest share of what he can
// take, speaks the customer's language, makes that kind of call and is not away. All calls of one customer go
// to one caller. again also spreads anew what others have and nobody has begun. It answers how many moved.
func (p Promises) Balance(ctx context.Context, s auth.Scope, again bool) (int, error) {
	if err := s.Check(); err != nil {
		return 0, err
	}
	today := calendar.Of(p.now(), calendar.Shanghai())
	people, err := p.Callers(ctx, s, today)
	if err != nil || len(people) == 0 {
		return 0, err
	}
	free := "f.assignee_id IS NULL"
	if again {
		free = "(f.assignee_id IS NULL OR f.attempts = 0 AND (f.claimed_until IS NULL OR f.claimed_until < ?1))"
	}
	var rows []struct {
		ID         uuid.UUID  `bun:"id"`
		CustomerID *uuid.UUID `bun:"customer_id"`
		Kind       string     `bun:"kind"`
		Lang       string     `bun:"lang"`
		Assignee   *uuid.UUID `bun:"assignee_id"`
	}
	err = p.db.NewRaw(`SELECT f.id, f.customer_id, f.kind, coalesce(c.language, 'zh-Hans') AS lang, f.assignee_id FROM follow_ups f LEFT JOIN customers c ON c.id = f.customer_id
		WHERE f.state IN ('due', 'attempted') AND f.due_on <= ?0 AND `+free+` AND `+s.SQL("f.org_id")+` ORDER BY f.due_on, f.id LIMIT 2000 FOR NO KEY UPDATE OF f SKIP LOCKED`, today, p.at()).Scan(ctx, &rows)
	if err != nil {
		return 0, fmt.Errorf("balance follow-ups: %w", fault.FromSQL(err))
	}
	load := map[uuid.UUID]int{}
	for _, c := range people {
		load[c.UserID] = c.Open
	}
	if again {
		for _, r := range rows {
			if r.Assignee != nil {
				load[*r.Assignee]--
			}
		}
	}
	whose, moved := map[uuid.UUID]uuid.UUID{}, 0
	for _, r := range rows {
		best := spread(people, load, r.Kind, r.Lang, today)
		if r.CustomerID != nil {
			if had, known := whose[*r.CustomerID]; known {
				best = &had
			}
		}
		if best == nil {
			if r.Assignee != nil {
				load[*r.Assignee]++
			}
			continue
		}
		if r.CustomerID != nil {
			whose[*r.CustomerID] = *best
		}
		load[*best]++
		if r.Assignee != nil && *r.Assignee == *best {
			continue
		}
		if _, err := p.db.NewRaw("UPDATE follow_ups SET assignee_id = ? WHERE id = ?", *best, r.ID).Exec(ctx); err != nil {
			return moved, fmt.Errorf("balance follow-ups: %w", fault.FromSQL(err))
		}
		moved++
	}
	return moved, nil
}

// spread is who takes a call: the smallest share of his day, the first by id on a tie; nil when nobody can.
func spread(people []CallerDesk, load map[uuid.UUID]int, kind, lang string, today calendar.Date) *uuid.UUID {
	var best *CallerDesk
	for i := range people {
		c := &people[i]
		if c.AwayUntil != nil && !c.AwayUntil.Before(today) || len(c.Kinds) > 0 && !slices.Contains(c.Kinds, kind) || !slices.Contains(c.Languages, lang) && lang != say.Chinese {
			continue
		}
		if best == nil {
			best = c
			continue
		}
		a, b := (load[c.UserID]+1)*best.PerDay, (load[best.UserID]+1)*c.PerDay
		if a < b || a == b && c.UserID.String() < best.UserID.String() {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return &best.UserID
}

// Segment is which customers a campaign is for; what is left empty does not narrow it.
type Segment struct {
	Class      string `json:"class,omitempty" enum:"A,B,C"`
	Region     string `json:"region,omitempty" maxLength:"40" doc:"code of the region of a site; those below count"`
	Category   string `json:"category,omitempty" maxLength:"100" doc:"of a device"`
	QuietDays  int    `json:"quiet_days,omitempty" minimum:"0" maximum:"3650" doc:"no order for so many days"`
	ServedDays int    `json:"served_days,omitempty" minimum:"0" maximum:"3650" doc:"an order was finished within so many days"`
}

// CampaignInput is a campaign to be.
type CampaignInput struct {
	Name      string         `json:"name" minLength:"1" maxLength:"200"`
	Kind      string         `json:"kind,omitempty" maxLength:"30" doc:"kind of call; absent = care"`
	Mode      string         `json:"mode,omitempty" enum:"phone,letter,visit" doc:"absent = phone"`
	Segment   Segment        `json:"segment"`
	StartOn   *calendar.Date `json:"start_on,omitempty" format:"date" doc:"absent = today"`
	EveryDays *int           `json:"every_days,omitempty" minimum:"1" maximum:"1000" doc:"again so many days later, such as 90 for major customers"`
}

// Campaign is a call to every customer of a segment, once or regularly.
type Campaign struct {
	ID        uuid.UUID       `bun:"id" json:"id"`
	Name      string          `bun:"name" json:"name"`
	Kind      string          `bun:"kind" json:"kind"`
	Mode      string          `bun:"mode" json:"mode"`
	Segment   json.RawMessage `bun:"segment,type:jsonb" json:"segment"`
	EveryDays *int            `bun:"every_days" json:"every_days,omitempty"`
	NextOn    *calendar.Date  `bun:"next_on" json:"next_on,omitempty"`
	Calls     int             `bun:"calls" json:"calls"`
	Reached   int             `bun:"reached" json:"reached"`
	Score     *float64        `bun:"score" json:"score,omitempty" doc:"mean of service, 1 to 5"`
	CreatedAt time.Time       `bun:"created_at" json:"created_at"`
	Version   int             `bun:"version" json:"version"`
}

// AddCampaign writes a campaign down; its first calls are made by RunCampaigns on the day it starts.
func (p Promises) AddCampaign(ctx context.Context, by auth.Caller, in CampaignInput) (Campaign, error) {
	name, err := word("name", in.Name, "give the campaign a name")
	if err != nil {
		return Campaign{}, err
	}
	if in.Kind == "" {
		in.Kind = Care
	}
	if in.Mode == "" {
		in.Mode = "phone"
	}
	segment, err := json.Marshal(in.Segment)
	if err != nil {
		return Campaign{}, err
	}
	start := calendar.Of(p.now(), calendar.Shanghai())
	if in.StartOn != nil {
		start = *in.StartOn
	}
	id := newID()
	if _, err := p.db.NewRaw("INSERT INTO campaigns (id, org_id, name, kind, mode, segment, every_days, next_on, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)",
		id, by.OrgID, name, in.Kind, in.Mode, string(segment), in.EveryDays, start, p.at(), person(by)).Exec(ctx); err != nil {
		return Campaign{}, fmt.Errorf("campaign: %w", fault.FromSQL(err))
	}
	if !start.After(calendar.Of(p.now(), calendar.Shanghai())) {
		if err := p.RunCampaigns(ctx); err != nil {
			return Campaign{}, err
		}
	}
	all, err := p.campaigns(ctx, "x.id = ?", id)
	if err != nil || len(all) == 0 {
		return Campaign{}, err
	}
	return all[0], nil
}

// Campaigns are those in sight, newest first.
func (p Promises) Campaigns(ctx context.Context, s auth.Scope) ([]Campaign, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	return p.campaigns(ctx, s.SQL("x.org_id"))
}

func (p Promises) campaigns(ctx context.Context, where string, args ...any) ([]Campaign, error) {
	rows := []Campaign{}
	err := p.db.NewRaw(`SELECT x.id, x.name, x.kind, x.mode, x.segment, x.every_days, x.next_on, x.created_at, x.version, count(f.id) AS calls, count(f.id) FILTER (WHERE f.state = 'done') AS reached, avg(f.score_service)::float8 AS score
		FROM campaigns x LEFT JOIN follow_ups f ON f.campaign_id = x.id WHERE `+where+` GROUP BY x.id ORDER BY x.id DESC LIMIT 200`, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("campaigns: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// RunCampaigns plans the calls of campaigns whose day has come. A customer with another call in the same days
// is called once for both; one who asked not to be called is left out. Each campaign, customer and day at most once.
func (p Promises) RunCampaigns(ctx context.Context) error {
	var due []struct {
		ID      uuid.UUID       `bun:"id"`
		OrgID   int32           `bun:"org_id"`
		Kind    string          `bun:"kind"`
		Mode    string          `bun:"mode"`
		Segment json.RawMessage `bun:"segment,type:jsonb"`
		Every   *int            `bun:"every_days"`
		NextOn  calendar.Date   `bun:"next_on"`
	}
	today := calendar.Of(p.now(), calendar.Shanghai())
	err := p.db.NewRaw("SELECT id, org_id, kind, mode, segment, every_days, next_on FROM campaigns WHERE next_on <= ? AND paused_at IS NULL ORDER BY next_on, id LIMIT 20 FOR NO KEY UPDATE SKIP LOCKED", today).Scan(ctx, &due)
	if err != nil {
		return fmt.Errorf("campaigns: %w", fault.FromSQL(err))
	}
	for _, c := range due {
		var seg Segment
		if err := json.Unmarshal(c.Segment, &seg); err != nil {
			return fmt.Errorf("campaign %s: %w", c.ID, err)
		}
		chosen, err := p.segment(ctx, c.OrgID, seg)
		if err != nil {
			return err
		}
		for _, customer := range chosen {
			if err := p.planCare(ctx, c.OrgID, customer, c.Kind, c.Mode, &c.ID, nil, c.NextOn); err != nil {
				return err
			}
		}
		var next *calendar.Date
		if c.Every != nil {
			n := c.NextOn.AddDays(*c.Every)
			for !n.After(today) {
				n = n.AddDays(*c.Every)
			}
			next = &n
		}
		if _, err := p.db.NewRaw("UPDATE campaigns SET next_on = ? WHERE id = ?", next, c.ID).Exec(ctx); err != nil {
			return fmt.Errorf("campaign %s: %w", c.ID, fault.FromSQL(err))
		}
	}
	return nil
}

func (p Promises) segment(ctx context.Context, org int32, s Segment) ([]uuid.UUID, error) {
	var w where
	w.and("c.org_id IN (SELECT id FROM organisations WHERE ? = ANY (path))", org)
	w.and("c.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM contacts k WHERE k.customer_id = c.id AND k.do_not_call)")
	if s.Class != "" {
		w.and("c.class = ?", s.Class)
	}
	if s.Region != "" {
		w.and("EXISTS (SELECT 1 FROM sites t WHERE t.customer_id = c.id AND (t.region_code = ? OR EXISTS (SELECT 1 FROM regions g WHERE g.code = t.region_code AND g.parent_code = ?)))", s.Region, s.Region)
	}
	if s.Category != "" {
		w.and("EXISTS (SELECT 1 FROM assets a WHERE a.customer_id = c.id AND a.category = ?)", s.Category)
	}
	if s.QuietDays > 0 {
		w.and("NOT EXISTS (SELECT 1 FROM work_orders o WHERE o.customer_id = c.id AND o.created_at > ?)", p.at().AddDate(0, 0, -s.QuietDays))
	}
	if s.ServedDays > 0 {
		w.and("EXISTS (SELECT 1 FROM work_orders o WHERE o.customer_id = c.id AND o.finished_at > ?)", p.at().AddDate(0, 0, -s.ServedDays))
	}
	var ids []uuid.UUID
	if err := p.db.NewRaw("SELECT c.id FROM customers c"+w.String()+" ORDER BY c.id LIMIT 5000", w.args...).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("segment: %w", fault.FromSQL(err))
	}
	return ids, nil
}

// planCare writes down a call that follows no order.
func (p Promises) planCare(ctx context.Context, org int32, customer uuid.UUID, kind, mode string, campaign, assignee *uuid.UUID, anchor calendar.Date) error {
	_, span, err := p.kindOf(ctx, kind)
	if err != nil {
		return err
	}
	c, err := p.roster(ctx, org)
	if err != nil {
		return err
	}
	planned, err := p.planned(ctx, org, anchor)
	if err != nil {
		return err
	}
	today := calendar.Of(p.now(), c.Zone())
	d := planIn(span, anchor, today.AddDays(-1), c, false, planned, p.settings.CallsPerDay)
	year := today.Year()
	var n int64
	if err := p.db.NewRaw("SELECT next_number('FU', ?)", year).Scan(ctx, &n); err != nil {
		return fmt.Errorf("number of a follow-up: %w", fault.FromSQL(err))
	}
	_, err = p.db.NewRaw(`INSERT INTO follow_ups (id, org_id, number, customer_id, kind, main, state, anchor_on, due_from, due_to, due_on, zone, shifted, late_sheet, calendar_guess, created_at, mode, campaign_id, assignee_id)
		SELECT ?, c.org_id, ?, c.id, ?, false, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM customers c WHERE c.id = ?
		ON CONFLICT (campaign_id, customer_id, anchor_on) WHERE campaign_id IS NOT NULL DO NOTHING`,
		newID(), number("FU", year, n), kind, Scheduled, anchor, d.From, d.To, d.On, c.Zone().String(), d.Shifted, d.LateSheet, d.Guess, p.at(), mode, campaign, assignee, customer).Exec(ctx)
	if err != nil {
		return fmt.Errorf("plan a call: %w", fault.FromSQL(err))
	}
	return nil
}

// FirstContact gives a customer a caller of his own, who gets in touch within a week.
func (p Promises) FirstContact(ctx context.Context, by auth.Caller, customer, caller uuid.UUID) error {
	about := ComplaintInput{CustomerID: &customer}
	org, err := p.about(ctx, by, &about)
	if err != nil {
		return err
	}
	return p.planCare(ctx, org, customer, FirstContact, "phone", nil, &caller, calendar.Of(p.now(), calendar.Shanghai()))
}

// SetMode says how a customer is asked: by phone, by letter, or by a visit.
func (p Promises) SetMode(ctx context.Context, by auth.Caller, id uuid.UUID, mode string, visit *uuid.UUID) (FollowUp, error) {
	if err := oneOf("mode", mode, []string{"phone", "letter", "visit"}); err != nil {
		return FollowUp{}, err
	}
	f, err := p.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF f")
	if err != nil {
		return f, err
	}
	if !slices.Contains([]FollowUpState{Scheduled, Due, Attempted}, f.State) {
		return f, fault.New(fault.Conflict, "follow_up_not_open", "this call is %s: nobody has to make it", f.State).With("state", f.State)
	}
	if _, err := p.db.NewRaw("UPDATE follow_ups SET mode = ?, visit_order_id = coalesce(?, visit_order_id) WHERE id = ?", mode, visit, id).Exec(ctx); err != nil {
		return f, fmt.Errorf("mode of %s: %w", f.Number, fault.FromSQL(err))
	}
	return p.FollowUp(ctx, by.Scope(), id)
}

// Improvement is something that has to become better 整改: out of a call, a complaint or a request.
type Improvement struct {
	ID         uuid.UUID        `bun:"id" json:"id"`
	OrgID      int32            `bun:"org_id" json:"-"`
	Number     string           `bun:"number" json:"number"`
	Kind       string           `bun:"kind" json:"kind" enum:"corrective,concession,suggestion,question,task"`
	State      ImprovementState `bun:"state" json:"state"`
	Text       string           `bun:"text" json:"text"`
	Department string           `bun:"department" json:"department,omitempty"`
	OwnerID    *uuid.UUID       `bun:"owner_id" json:"owner_id,omitempty"`
	DueOn      calendar.Date    `bun:"due_on" json:"due_on"`
	Overdue    bool             `bun:"-" json:"overdue"`
	FollowUpID *uuid.UUID       `bun:"follow_up_id" json:"follow_up_id,omitempty"`
	Complaint  *uuid.UUID       `bun:"complaint_id" json:"complaint_id,omitempty"`
	RequestID  *uuid.UUID       `bun:"request_id" json:"request_id,omitempty"`
	OrderID    *uuid.UUID       `bun:"order_id" json:"work_order_id,omitempty"`
	Order      string           `bun:"order_number" json:"work_order_number,omitempty"`
	MinutesID  *uuid.UUID       `bun:"minutes_id" json:"minutes_id,omitempty"`
	CustomerID *uuid.UUID       `bun:"customer_id" json:"customer_id,omitempty"`
	Customer   string           `bun:"customer" json:"customer,omitempty"`
	Result     string           `bun:"result" json:"result,omitempty"`
	DoneAt     *time.Time       `bun:"done_at" json:"done_at,omitempty"`
	DoneBy     *uuid.UUID       `bun:"done_by" json:"done_by,omitempty"`
	VerifiedAt *time.Time       `bun:"verified_at" json:"verified_at,omitempty"`
	CheckNote  string           `bun:"check_note" json:"check_note,omitempty"`
	Rounds     int              `bun:"rounds" json:"rounds" doc:"how often it did not help"`
	Subject    *Subject         `bun:"-" json:"subject,omitempty" doc:"of a question: the device it is about; no names"`
	CreatedAt  time.Time        `bun:"created_at" json:"created_at"`
	Allowed    []string         `bun:"-" json:"allowed_actions"`
	Version    int              `bun:"version" json:"version"`
}

// ImprovementInput is what a client may say about something that has to become better.
type ImprovementInput struct {
	Kind       string         `json:"kind" enum:"corrective,concession,suggestion,question,task" doc:"concession needs a lead's yes; question goes to a department inside the house"`
	Text       string         `json:"text" minLength:"1" maxLength:"4000"`
	Department string         `json:"department,omitempty" maxLength:"100"`
	OwnerID    *uuid.UUID     `json:"owner_id,omitempty"`
	DueOn      *calendar.Date `json:"due_on,omitempty" format:"date" doc:"absent = in a week"`
	FollowUpID *uuid.UUID     `json:"follow_up_id,omitempty"`
	Complaint  *uuid.UUID     `json:"complaint_id,omitempty"`
	RequestID  *uuid.UUID     `json:"request_id,omitempty"`
	OrderID    *uuid.UUID     `json:"work_order_id,omitempty"`
	CustomerID *uuid.UUID     `json:"customer_id,omitempty"`

	OrgID   int32 `json:"-"`
	minutes *uuid.UUID
}

// ImprovementAct moves it on.
type ImprovementAct struct {
	Text      string     `json:"text,omitempty" maxLength:"4000" doc:"do: what was done; verify and again: what was found; decline: why not"`
	OwnerID   *uuid.UUID `json:"owner_id,omitempty"`
	Effective *bool      `json:"effective,omitempty" doc:"verify: did it help? false opens it again"`
}

const improvementColumns = `i.id, i.org_id, i.number, i.kind, i.state, i.text, i.department, i.owner_id, i.due_on, i.follow_up_id, i.complaint_id, i.request_id, i.order_id, coalesce(w.number, '') AS order_number,
	i.customer_id, coalesce(c.name, '') AS customer, i.result, i.done_at, i.done_by, i.verified_at, i.check_note, i.rounds, i.minutes_id, i.created_at, i.version FROM improvements i LEFT JOIN work_orders w ON w.id = i.order_id LEFT JOIN customers c ON c.id = i.customer_id`

func (p Promises) shownImprovement(i *Improvement) {
	i.Allowed = ImprovementMoves.Actions(i.State)
	i.Overdue = i.State == ImprovementOpen && i.DueOn.Before(calendar.Of(p.now(), calendar.Shanghai()))
}

// AddImprovement writes it down.
func (p Promises) AddImprovement(ctx context.Context, by auth.Caller, in ImprovementInput) (Improvement, error) {
	text, err := word("text", in.Text, "say what has to become better")
	if err != nil {
		return Improvement{}, err
	}
	if err := oneOf("kind", in.Kind, []string{"corrective", "concession", "suggestion", "question", "task"}); err != nil {
		return Improvement{}, err
	}
	if in.OrgID == 0 {
		about := ComplaintInput{WorkOrderID: in.OrderID, RequestID: in.RequestID, CustomerID: in.CustomerID}
		if in.OrgID, err = p.about(ctx, by, &about); err != nil {
			return Improvement{}, err
		}
		if in.Complaint != nil {
			c, err := p.Complaint(ctx, by, *in.Complaint)
			if err != nil {
				return Improvement{}, err
			}
			in.OrgID, about.CustomerID = c.OrgID, orElse(about.CustomerID, c.CustomerID)
		}
		in.CustomerID = about.CustomerID
	}
	at := p.at()
	today := calendar.Of(at, calendar.Shanghai())
	due := today.AddDays(7)
	if in.DueOn != nil {
		due = *in.DueOn
	}
	var n int64
	if err := p.db.NewRaw("SELECT next_number('CA', ?)", today.Year()).Scan(ctx, &n); err != nil {
		return Improvement{}, fmt.Errorf("number of an improvement: %w", fault.FromSQL(err))
	}
	id := newID()
	_, err = p.db.NewRaw(`INSERT INTO improvements (id, org_id, number, kind, state, text, department, owner_id, due_on, follow_up_id, complaint_id, request_id, order_id, customer_id, minutes_id, created_at, created_by)
		VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, in.OrgID, number("CA", today.Year(), n), in.Kind, text, strings.TrimSpace(in.Department), in.OwnerID, due, in.FollowUpID, in.Complaint, in.RequestID, in.OrderID, in.CustomerID, in.minutes, at, person(by)).Exec(ctx)
	if err != nil {
		return Improvement{}, fmt.Errorf("add improvement: %w", fault.FromSQL(err))
	}
	return p.improvement(ctx, "i.id = ?", id)
}

func orElse[T any](have, other *T) *T {
	if have != nil {
		return have
	}
	return other
}

func (p Promises) improvement(ctx context.Context, where string, args ...any) (Improvement, error) {
	var i Improvement
	if err := p.db.NewRaw("SELECT "+improvementColumns+" WHERE "+where, args...).Scan(ctx, &i); err != nil {
		return i, err
	}
	p.shownImprovement(&i)
	return i, p.subject(ctx, &i)
}

// Improvements lists those in sight, what is due first; state "" is what is not finished.
func (p Promises) Improvements(ctx context.Context, s auth.Scope, state, kind string, complaint *uuid.UUID) ([]Improvement, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	var w where
	w.and(s.SQL("i.org_id", "w.serving_org_id"))
	switch state {
	case "":
		w.and("i.state IN ('open', 'done')")
	case "all":
	default:
		if !slices.Contains(ImprovementMoves.States(), ImprovementState(state)) {
			return nil, fault.New(fault.Invalid, "unknown_state", "there is no state %q of an improvement", state).Field("query.state", "unknown")
		}
		w.and("i.state = ?", state)
	}
	if kind != "" {
		w.and("i.kind = ?", kind)
	}
	if complaint != nil {
		w.and("i.complaint_id = ?", *complaint)
	}
	rows := []Improvement{}
	if err := p.db.NewRaw("SELECT "+improvementColumns+w.String()+" ORDER BY i.state = 'done', i.due_on, i.id LIMIT 500", w.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("improvements: %w", fault.FromSQL(err))
	}
	for i := range rows {
		p.shownImprovement(&rows[i])
		if err := p.subject(ctx, &rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// ImprovementDo moves one on: do, verify or decline. Whoever did it does not judge whether it helped; what did
// not help is open again.
func (p Promises) ImprovementDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in ImprovementAct) (Improvement, error) {
	s := by.Scope()
	if err := s.Check(); err != nil {
		return Improvement{}, err
	}
	i, err := p.improvement(ctx, "i.id = ? AND "+s.SQL("i.org_id", "w.serving_org_id")+" FOR NO KEY UPDATE OF i", id)
	if errors.Is(err, sql.ErrNoRows) {
		return i, unknown("improvement", id)
	}
	if err != nil {
		return i, fmt.Errorf("improvement %s: %w", id, fault.FromSQL(err))
	}
	text, err := word("text", in.Text, "say what was done, or found, or why not")
	if err != nil {
		return i, err
	}
	if act == "verify" && in.Effective != nil && !*in.Effective {
		act = "again"
	}
	to, err := ImprovementMoves.Do(i.State, act)
	if err != nil {
		return i, err
	}
	at, who := p.at(), person(by)
	switch act {
	case "do":
		_, err = p.db.NewRaw("UPDATE improvements SET state = ?, result = ?, done_at = ?, done_by = ?, owner_id = coalesce(owner_id, ?) WHERE id = ?", to, text, at, who, who, id).Exec(ctx)
	case "verify":
		if who != nil && i.DoneBy != nil && *who == *i.DoneBy {
			return i, fault.New(fault.Conflict, "improvements_second_eyes", "whoever did it does not judge whether it helped: somebody else does")
		}
		_, err = p.db.NewRaw("UPDATE improvements SET state = ?, effective = true, verified_at = ?, verified_by = ?, check_note = ? WHERE id = ?", to, at, who, text, id).Exec(ctx)
	case "again":
		_, err = p.db.NewRaw("UPDATE improvements SET state = ?, rounds = rounds + 1, check_note = ?, done_at = NULL, done_by = NULL, due_on = ? WHERE id = ?", to, text, calendar.Of(at, calendar.Shanghai()).AddDays(7), id).Exec(ctx)
	case "decline":
		_, err = p.db.NewRaw("UPDATE improvements SET state = ?, check_note = ? WHERE id = ?", to, text, id).Exec(ctx)
	}
	if err != nil {
		return i, fmt.Errorf("%s improvement %s: %w", act, i.Number, fault.FromSQL(err))
	}
	return p.improvement(ctx, "i.id = ?", id)
}

package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch/planner"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/inventory"
)

// question is everything the planner is told about one job, and what is needed to understand its answer.
type question struct {
	Board
	job  Job
	zone *time.Location
	now  time.Time
	from time.Time // of the stretch of time in view
	to   time.Time
	p    planner.Problem
	who  []person
	real [][]planner.Shift // by engineer, as they are
	days map[uuid.UUID]*engineerDays
	same struct {
		levels alike[int]
		vans   alike[int64]
	}
	places map[string]*inventory.SupplyPlace // stores by id
	parts  map[string]uuid.UUID              // by SKU
	apart  []uuid.UUID                       // orders whose visits do not count
	notes  []Reason
	// estimated is how many ways the map server could not tell; 0 without a map server.
	estimated int
	say       speaker
}

// person is an engineer as read.
type person struct {
	ID          uuid.UUID
	OrgID       int32
	Name        string
	StaffNumber string
	Active      bool
	HomeLat     *float64
	HomeLng     *float64
	MaxVisits   int
	Own         *bool // serves the region: his own, or by helping out; nil = not at all
	Possible    bool  // region and skill allow it, so his days are read

	key    string         // the id in words
	levels map[string]int // of the skills asked for
	van    *inventory.SupplyPlace
	away   []absent
	booked []planner.Visit
}

type absent struct {
	from, to int64
	kind     string
}

// Candidates judges every engineer of the serving organisations for the job: those who can go first,
// best first, then the refused ones, each with the rule that refuses. limit 0 is everybody. It reads
// without locking; Book decides.
func (b Board) Candidates(ctx context.Context, scope auth.Scope, job Job, limit int) ([]Candidate, error) {
	found, _, err := b.hints(ctx, scope, job, limit)
	return found, err
}

// hints are the candidates with what the reader should know of how they were found.
func (b Board) hints(ctx context.Context, scope auth.Scope, job Job, limit int) ([]Candidate, []Reason, error) {
	now := b.at()
	from := now
	if job.From.After(now) {
		from = job.From
	}
	to := from.Add(b.set.Horizon)
	if len(job.Windows) > 0 {
		to = from
		for _, w := range job.Windows {
			if w.To.After(to) {
				to = w.To
			}
		}
		to = to.Add(job.Duration + b.set.Ahead)
	}
	if latest := from.Add(b.set.Longest); to.After(latest) {
		to = latest
	}
	others := limit
	if limit <= 0 {
		others = everybody
	}
	q, err := b.ask(ctx, scope, job, nil, others, from, to)
	if err != nil {
		return nil, nil, err
	}
	q.p.Now = from.Unix()
	for _, w := range job.Windows {
		q.p.Orders[0].Windows = append(q.p.Orders[0].Windows, startsIn(w))
	}
	found, err := q.answer(limit)
	return found, q.notes, err
}

// everybody is more engineers than any company has.
const everybody = 1_000_000

// startsIn is a window as the planner knows it, with both ends.
func startsIn(w Span) planner.Window {
	last := w.To.Unix()
	if last > w.From.Unix() {
		last--
	}
	return planner.Window{From: w.From.Unix(), To: last}
}

// Judge asks the planner about one engineer and the very slot a dispatcher chose. The way to the first
// and from the last visit may lie outside the shift, a guessed way refuses nobody, and a start that is
// just past is not refused. Somebody refused comes back with the rule, see Candidate.Refused.
func (b Board) Judge(ctx context.Context, scope auth.Scope, job Job, engineer uuid.UUID, starts, ends time.Time) (Candidate, error) {
	slot := Span{exact(starts), exact(ends)}
	if err := slot.check("body.ends_at"); err != nil {
		return Candidate{}, err
	}
	job.Duration = slot.To.Sub(slot.From)
	q, err := b.ask(ctx, scope, job, &engineer, 1, slot.From.Add(-24*time.Hour), slot.To.Add(24*time.Hour))
	if err != nil {
		return Candidate{}, err
	}
	if len(q.who) == 0 {
		return Candidate{}, unknown("engineer")
	}
	q.say.day = slot.From.In(q.zone).Format(time.DateOnly)
	q.p.Now = min(q.now.Unix(), slot.From.Unix()) - 7*24*3600
	q.p.Orders[0].Windows = []planner.Window{{From: slot.From.Unix(), To: slot.From.Unix()}}
	c, err := q.judge(slot)
	if err != nil {
		return c, err
	}
	if !c.Eligible {
		if err := q.wayOf(&c, slot); err != nil {
			return c, err
		}
		for _, v := range q.who[0].booked {
			if v.Start < slot.To.Unix() && slot.From.Unix() < v.End {
				c.meets = &Span{time.Unix(v.Start, 0).In(q.zone), time.Unix(v.End, 0).In(q.zone)}
				break
			}
		}
	}
	// What the planner does not ask: whether somebody is still with us, and what lies behind us.
	before := slices.Contains([]string{string(planner.RuleBlocked), string(planner.RuleRegion), string(planner.RuleSkill), string(planner.RuleTool)}, c.Rule)
	switch {
	case !q.who[0].Active:
		q.refuse(&c, RuleInactive, "inactive.refuse")
	case before: // these are asked before the window
	case slot.From.Before(q.now.Add(-b.set.JustPast)):
		q.refuse(&c, string(planner.RuleWindow), "window.past", q.say.clock(slot.From.Unix()))
	case len(job.Windows) > 0 && !slices.ContainsFunc(job.Windows, func(w Span) bool { return w.Contains(slot.From) }):
		w := job.Windows[0]
		q.refuse(&c, string(planner.RuleWindow), "window.outside", q.say.span(w.From.Unix(), w.To.Unix()))
	}
	return c, nil
}

func (q *question) refuse(c *Candidate, rule, key string, args ...string) {
	c.Eligible, c.Rule, c.Score = false, rule, 0
	c.Reasons = append([]Reason{q.say.say(rule, string(planner.Refuse), key, args...)}, c.Reasons...)
}

func (q *question) judge(slot Span) (Candidate, error) {
	mode := func(unknown int64) (Candidate, bool, error) {
		q.p.Travel.Unknown = unknown
		found, err := q.p.Candidates(0, planner.CandidateOptions{})
		if err != nil {
			return Candidate{}, false, fmt.Errorf("judge engineer %s: %w", q.who[0].ID, err)
		}
		f := found[0]
		if f.Eligible && !q.inShift(f.Engineer, slot) {
			f.Eligible, f.Rule = false, planner.RuleShift
			f.Reasons = []planner.Reason{{Rule: planner.RuleShift, Effect: planner.Refuse}}
		}
		c := q.told(f, false)
		return c, f.Rule == planner.RuleTravel || f.Rule == planner.RulePartStore, nil
	}
	guess := q.p.Travel.Unknown
	// Ways to the first and from the last visit are not working time when a person says so.
	for i := range q.p.Engineers[0].Shifts {
		q.p.Engineers[0].Shifts[i].Overtime = 2 * 3600
		q.p.Engineers[0].Shifts[i].From -= 2 * 3600
		if i > 0 {
			q.p.Engineers[0].Shifts[i].From = max(q.p.Engineers[0].Shifts[i].From, q.p.Engineers[0].Shifts[i-1].To)
		}
	}
	c, way, err := mode(guess)
	if err != nil || c.Eligible || !way || guess == 0 || !q.guessed() {
		return c, err
	}
	fits, _, err := mode(0)
	if err != nil || !fits.Eligible {
		return c, err
	}
	fits.Reasons = append(fits.Reasons, q.say.say(RulePlace, string(planner.Bad), "place.tight", inMinutes(guess)))
	return fits, nil
}

// wayOf measures the way of somebody who was refused, for the case that a person overrides it.
func (q *question) wayOf(c *Candidate, slot Span) error {
	p := q.p
	e, o := p.Engineers[0], p.Orders[0]
	e.Regions, e.HelpsOut, e.MaxVisits, e.Blocked = nil, nil, 0, nil
	e.Shifts = []planner.Shift{{From: slot.From.Unix() - 12*3600, To: slot.To.Unix() + 12*3600}}
	o.Region, o.Skills, o.Parts, o.BlockedEngineers = "", nil, nil, nil
	p.Engineers, p.Orders = []planner.Engineer{e}, []planner.Order{o}
	found, err := p.Candidates(0, planner.CandidateOptions{})
	if err != nil {
		return fmt.Errorf("judge engineer %s: %w", q.who[0].ID, err)
	}
	if !found[0].Eligible {
		return nil
	}
	q.measure(c, found[0])
	return nil
}

// inShift reports whether one real shift holds the whole slot.
func (q *question) inShift(engineer int, slot Span) bool {
	return slices.ContainsFunc(q.real[engineer], func(s planner.Shift) bool { return s.From <= slot.From.Unix() && slot.To.Unix() <= s.To })
}

// guessed reports whether some way near the job is a guess.
func (q *question) guessed() bool {
	if q.job.At == nil {
		return true
	}
	return slices.ContainsFunc(q.p.Booked, func(v planner.Visit) bool { return !v.Place.Known() }) ||
		slices.ContainsFunc(q.p.Stores, func(s planner.Store) bool { return !s.Place.Known() })
}

// ask reads everything about the job, over a stretch of time and either one engineer or all of those who
// serve. It takes five queries, whatever the number of engineers. People and days of all are remembered
// between questions, see memory; inside a transaction and for one engineer they are read.
func (b Board) ask(ctx context.Context, scope auth.Scope, job Job, only *uuid.UUID, others int, from, to time.Time) (*question, error) {
	if err := scope.Check(); err != nil {
		return nil, err
	}
	job.Skills = slices.Compact(slices.Sorted(slices.Values(job.Skills)))
	q := &question{Board: b, job: job, zone: b.Zone(), now: b.at(), from: from, to: to, places: map[string]*inventory.SupplyPlace{}, parts: map[string]uuid.UUID{}, apart: []uuid.UUID{job.OrderID}}
	q.say = speaker{lang: job.Lang, zone: q.zone, day: from.In(q.zone).Format(time.DateOnly), regions: map[string]string{}, skills: map[string]string{}, stores: map[string]string{}, away: q.awayKind}
	path, err := q.readNames(ctx)
	if err != nil {
		return nil, err
	}
	pool, outside := b.db.(*bun.DB)
	if outside && only == nil {
		q.days, err = b.memory.look(ctx, pool, from, to, func(all []*member) []uuid.UUID { return q.choosePeople(all, scope, path, others) })
	} else {
		err = q.readPeople(ctx, scope, path, only, others)
	}
	if err != nil {
		return nil, err
	}
	if err := q.readSupply(ctx, scope); err != nil {
		return nil, err
	}
	q.p.Travel = planner.Travel{Factor: b.set.Travel.Factor, SpeedKMH: b.set.Travel.MetresPerSecond * 3.6, Unknown: int64(b.set.Travel.Unknown.Seconds())}
	q.pose()
	if err := q.readDays(ctx); err != nil {
		return nil, err
	}
	q.measureWays(ctx, false)
	return q, nil
}

func (q *question) phone() bool { return q.job.Mode == "phone" }

// readPeople reads whom the job may be given to: one engineer, or everybody.
func (q *question) readPeople(ctx context.Context, scope auth.Scope, path []string, only *uuid.UUID, others int) error {
	if only == nil {
		all, err := readMembers(ctx, q.db, true, nil)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b *member) int { return uuidOrder(a.ID, b.ID) })
		q.choosePeople(all, scope, path, others)
		return nil
	}
	one, err := readMembers(ctx, q.db, false, []uuid.UUID{*only})
	if err != nil {
		return err
	}
	for _, m := range one {
		if q.serves(m, scope) {
			w := q.ableTo(m, path)
			w.Possible = true // somebody may override what refuses him, so his day is read
			q.who = append(q.who, w)
		}
	}
	return nil
}

// choosePeople takes everybody whom neither region nor skill refuses, and of the others as many as will be
// shown. It names the former, whose days matter. people are in the order of their ids.
func (q *question) choosePeople(people []*member, scope auth.Scope, path []string, others int) []uuid.UUID {
	q.who = make([]person, 0, len(people))
	able := make([]uuid.UUID, 0, len(people))
	for _, m := range people {
		if !m.Active || !q.serves(m, scope) {
			continue
		}
		w := q.ableTo(m, path)
		switch {
		case w.Possible:
			able = append(able, m.ID)
		case others == 0:
			continue
		default:
			others--
		}
		q.who = append(q.who, w)
	}
	return able
}

// serves reports whether an engineer is in sight and belongs to those who may take the job.
func (q *question) serves(m *member, scope auth.Scope) bool {
	return scope.Sees(m.OrgID) && (len(q.job.OrgIDs) == 0 || slices.Contains(q.job.OrgIDs, m.OrgID))
}

// ableTo is an engineer as the job sees him; path is the job's region with all that it lies in.
func (q *question) ableTo(m *member, path []string) person {
	w := m.person
	w.Possible = true
	if q.region() != "" {
		in := func(code string) bool { return slices.Contains(path, code) }
		switch own := slices.ContainsFunc(m.own, in); {
		case own || slices.ContainsFunc(m.helps, in):
			w.Own = &own
		default:
			w.Possible = false
		}
	}
	if len(q.job.Skills) > 0 {
		levels := make([]int, 0, 8)
		for _, s := range m.skills { // in the order of codes, as the job's are
			if slices.Contains(q.job.Skills, s.code) {
				levels = append(levels, s.level)
			}
		}
		if len(levels) < len(q.job.Skills) {
			w.Possible = false
			w.levels = map[string]int{}
			for _, s := range m.skills {
				if slices.Contains(q.job.Skills, s.code) {
					w.levels[s.code] = s.level
				}
			}
			return w
		}
		w.levels = q.same.levels.of(levels, q.job.Skills)
	}
	return w
}

// alike is one map for all those who have the same: of a thousand engineers most do.
type alike[N comparable] struct {
	have [][]N
	maps []map[string]N
}

func (a *alike[N]) of(have []N, names []string) map[string]N {
	for i := range a.have {
		if slices.Equal(a.have[i], have) {
			return a.maps[i]
		}
	}
	m := make(map[string]N, len(names))
	for i, name := range names {
		m[name] = have[i]
	}
	a.have, a.maps = append(a.have, slices.Clone(have)), append(a.maps, m)
	return m
}

// region the job asks for; a call asks for none.
func (q *question) region() string {
	if q.phone() || q.job.RegionCode == nil {
		return ""
	}
	return *q.job.RegionCode
}

// readNames reads what the job's region and skills are called, and what the region lies in.
func (q *question) readNames(ctx context.Context) (path []string, err error) {
	if q.region() == "" && len(q.job.Skills) == 0 {
		return nil, nil
	}
	var names []struct {
		Kind, Code, Name string
		Path             []string `bun:",array"`
	}
	err = q.db.NewRaw(`SELECT 'region' AS kind, code, name, path::text[] AS path FROM regions WHERE code = ? UNION ALL SELECT 'skill', code, name, NULL FROM skills WHERE code = ANY (?::text[])`,
		q.region(), texts(q.job.Skills)).Scan(ctx, &names)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", fault.FromSQL(err))
	}
	for _, n := range names {
		if n.Kind == "region" {
			q.say.regions[n.Code], path = n.Name, n.Path
		} else {
			q.say.skills[n.Code] = n.Name
		}
	}
	return path, nil
}

func (q *question) readSupply(ctx context.Context, scope auth.Scope) error {
	if len(q.job.Parts) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(q.job.Parts))
	sku := map[uuid.UUID]string{}
	for i, n := range q.job.Parts {
		ids[i], sku[n.PartID], q.parts[n.SKU] = n.PartID, n.SKU, n.PartID
	}
	var able []uuid.UUID
	for i := range q.who {
		if q.who[i].Possible {
			able = append(able, q.who[i].ID)
		}
	}
	if len(able) == 0 {
		able = []uuid.UUID{uuid.Nil} // nobody's van
	}
	supply, err := q.stock.SupplyForAll(ctx, scope, ids, q.apart, able...)
	if err != nil {
		return err
	}
	vans := map[uuid.UUID]*inventory.SupplyPlace{}
	store := map[uuid.UUID]int{}
	add := func(p *inventory.SupplyPlace) {
		id := p.ID.String()
		s := planner.Store{ID: id, Handling: int64(q.set.Handling.Seconds()), Stock: map[string]int64{}, Hours: openingHours(p.OpenHours, q.from, q.to, q.zone)}
		if p.At != nil {
			s.Place = planner.At(p.At.Lat, p.At.Lng)
		}
		for part, n := range p.Free {
			s.Stock[sku[part]] = max(0, n)
		}
		q.places[id], q.say.stores[id], store[p.ID] = p, p.Name, len(q.p.Stores)
		q.p.Stores = append(q.p.Stores, s)
	}
	for i := range supply.Places {
		p := &supply.Places[i]
		switch {
		case !p.Reachable:
		case p.Kind != inventory.Van:
			add(p)
		case p.EngineerID != nil:
			vans[*p.EngineerID] = p
		}
	}
	for i := range q.who {
		q.who[i].van = vans[q.who[i].ID]
	}
	var further []uuid.UUID
	for _, e := range supply.Expected {
		if _, there := store[e.PlaceID]; !there && !slices.Contains(further, e.PlaceID) {
			further = append(further, e.PlaceID)
		}
	}
	if len(further) > 0 {
		places, err := q.furtherPlaces(ctx, further)
		if err != nil {
			return err
		}
		for i := range places {
			add(&places[i])
		}
	}
	for _, e := range supply.Expected {
		if at, there := store[e.PlaceID]; there {
			s := &q.p.Stores[at]
			s.Expected = append(s.Expected, planner.Arrival{SKU: sku[e.PartID], From: q.arrives(e.On).Unix(), Quantity: max(0, e.Quantity)})
		}
	}
	return nil
}

// arrives is when goods expected on a day can be fetched: at noon. Goods that should have come by now
// are believed to come tomorrow.
func (q *question) arrives(on calendar.Date) time.Time {
	if t := on.At(12*time.Hour, q.zone); t.After(q.now) {
		return t
	}
	return calendar.Of(q.now, q.zone).AddDays(1).At(12*time.Hour, q.zone)
}

// furtherPlaces are stores that have nothing now but expect something.
func (q *question) furtherPlaces(ctx context.Context, ids []uuid.UUID) ([]inventory.SupplyPlace, error) {
	var rows []inventory.Place
	err := q.db.NewRaw(`SELECT id, org_id, code, name, kind, lat, lng, open_hours FROM places WHERE id = ANY (?::uuid[]) AND kind <> 'van' AND reachable AND retired_at IS NULL ORDER BY code`,
		uuids(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read places of goods on their way: %w", fault.FromSQL(err))
	}
	places := make([]inventory.SupplyPlace, len(rows))
	for i, p := range rows {
		places[i] = inventory.SupplyPlace{ID: p.ID, Code: p.Code, Name: p.Name, Kind: p.Kind, OrgID: p.OrgID, At: p.At(), OpenHours: p.OpenHours, Reachable: true}
	}
	return places, nil
}

// pose writes the order and the people into the problem; their days follow.
func (q *question) pose() {
	job := q.job
	o := planner.Order{ID: "job", Service: int64(job.Duration.Seconds()), Due: planner.NoDue, Priority: job.Priority, Region: q.region()}
	if o.Priority < 1 || o.Priority > 4 {
		o.Priority = 3
	}
	if job.At != nil && !q.phone() {
		o.Place = planner.At(job.At.Lat, job.At.Lng)
	}
	if job.DueAt != nil {
		o.Due = job.DueAt.Unix()
	}
	if len(job.Skills) > 0 {
		o.Skills = map[string]int{}
		for _, code := range job.Skills {
			o.Skills[code] = 1
		}
	}
	needed := map[string]int64{}
	for _, n := range job.Parts {
		needed[n.SKU] += n.Quantity
	}
	for _, n := range job.Parts {
		if quantity := needed[n.SKU]; quantity > 0 {
			o.Parts = append(o.Parts, planner.Part{SKU: n.SKU, Quantity: quantity})
			delete(needed, n.SKU)
		}
	}
	if job.Unwanted != nil {
		o.BlockedEngineers = []string{job.Unwanted.String()}
	}
	if job.Wanted != nil {
		o.Preferred = job.Wanted.String()
	}
	if q.phone() {
		q.p.Travel.Unknown = 0
	}
	q.p.Orders = []planner.Order{o}
	q.p.Engineers = make([]planner.Engineer, len(q.who))
	q.real = make([][]planner.Shift, len(q.who))
	var free []int64
	skus := make([]string, len(job.Parts))
	for i, n := range job.Parts {
		skus[i] = n.SKU
	}
	regions := []string{o.Region}
	for i := range q.who {
		w, e := &q.who[i], &q.p.Engineers[i]
		e.ID, e.MaxVisits = w.key, w.MaxVisits
		switch {
		case o.Region == "" || w.Own == nil:
		case *w.Own:
			e.Regions = regions
		default:
			e.HelpsOut = regions
		}
		if len(job.Skills) > 0 {
			e.Skills = w.levels
		}
		switch {
		case q.phone():
		case w.HomeLat != nil && w.HomeLng != nil:
			e.Home = planner.At(*w.HomeLat, *w.HomeLng)
		default:
			// Nobody knows where he sets out: he begins where the work is, and the reasons say so.
			e.Home = o.Place
		}
		if w.van != nil {
			free = free[:0]
			for _, n := range job.Parts {
				free = append(free, max(0, w.van.Free[n.PartID]))
			}
			e.Van = q.same.vans.of(free, skus)
		}
	}
}

// readDays reads and fills in the days of those whom neither region nor skill refuses, unless they were
// remembered.
func (q *question) readDays(ctx context.Context) error {
	var missing []uuid.UUID
	for i := range q.who {
		if w := &q.who[i]; w.Possible && q.days[w.ID] == nil {
			missing = append(missing, w.ID)
		}
	}
	read, err := readDiaries(ctx, q.db, missing, q.from, q.to)
	if err != nil {
		return err
	}
	if q.days == nil {
		q.days = make(map[uuid.UUID]*engineerDays, len(missing))
	}
	for i, id := range missing {
		q.days[id] = read[i]
	}
	visits := 0
	for i := range q.who {
		if d := q.days[q.who[i].ID]; d != nil {
			visits += len(d.visits)
		}
	}
	q.p.Booked = make([]planner.Visit, 0, visits+visits/8)
	stores := map[uuid.UUID]int{}
	for i := range q.p.Stores {
		stores[q.places[q.p.Stores[i].ID].ID] = i
	}
	for i := range q.who {
		if d := q.days[q.who[i].ID]; d != nil {
			q.fill(i, d, stores)
		}
	}
	return nil
}

func (q *question) awayKind(engineer int, from, to int64) string {
	for _, a := range q.who[engineer].away {
		if a.from == from && a.to == to {
			return a.kind
		}
	}
	return "leave"
}

// longestShifts is more than the shifts of anybody in the longest stretch that is looked at.
const longestShifts = 100

// answer asks the planner about everybody. Where its first answer is too strict or too lenient for
// people, those engineers are asked about again: work never ends after the shift, only the way home may;
// and a guessed way refuses nobody.
func (q *question) answer(limit int) ([]Candidate, error) {
	options := planner.CandidateOptions{Limit: 2 * limit} // some may change places below
	found, err := q.p.Candidates(0, options)
	if err != nil {
		return nil, fmt.Errorf("rank engineers: %w", err)
	}
	guessed := q.guessed() && !q.phone()
	var strict, lenient []int
	for _, c := range found {
		switch {
		case c.Eligible && c.End > q.real[c.Engineer][c.Shift].To:
			strict = append(strict, c.Engineer) // closed below
		case (c.Rule == planner.RuleTravel || c.Rule == planner.RulePartStore) && guessed:
			lenient = append(lenient, c.Engineer)
		}
	}
	if len(strict)+len(lenient) > 0 {
		if found, err = q.again(found, lenient, 0); err != nil {
			return nil, err
		}
		for range longestShifts {
			// Nothing earlier fitted, so this shift is over for the job: what about the next one?
			if strict = q.closeShifts(found); len(strict) == 0 {
				break
			}
			if found, err = q.again(found, strict, q.p.Travel.Unknown); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(found, func(a, b planner.Candidate) int {
			switch {
			case a.Eligible != b.Eligible && a.Eligible:
				return -1
			case a.Eligible != b.Eligible:
				return 1
			}
			return cmp.Or(cmp.Compare(a.Cost.Lateness, b.Cost.Lateness), cmp.Compare(a.Cost.Effort, b.Cost.Effort),
				cmp.Compare(a.Cost.Metres, b.Cost.Metres), cmp.Compare(a.Cost.Busy, b.Cost.Busy), cmp.Compare(a.Engineer, b.Engineer))
		})
	}
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	out := make([]Candidate, len(found))
	for i, f := range found {
		out[i] = q.told(f, true)
	}
	return out, nil
}

// closeShifts takes the shift away from everybody whose work would end after it, and names them.
func (q *question) closeShifts(found []planner.Candidate) []int {
	var engineers []int
	for _, c := range found {
		if c.Eligible && c.End > q.real[c.Engineer][c.Shift].To {
			s := &q.p.Engineers[c.Engineer].Shifts[c.Shift]
			s.To, s.Overtime = s.From, 0
			engineers = append(engineers, c.Engineer)
		}
	}
	return engineers
}

// again asks about some engineers alone and puts the answers in the place of the first ones.
func (q *question) again(found []planner.Candidate, engineers []int, unknown int64) ([]planner.Candidate, error) {
	if len(engineers) == 0 {
		return found, nil
	}
	slices.Sort(engineers)
	part := planner.Problem{Now: q.p.Now, Travel: q.p.Travel, Orders: q.p.Orders, Stores: q.p.Stores}
	part.Travel.Unknown = unknown
	for n, i := range engineers {
		part.Engineers = append(part.Engineers, q.p.Engineers[i])
		for _, v := range q.who[i].booked {
			v.Engineer = n
			part.Booked = append(part.Booked, v)
		}
	}
	second, err := part.Candidates(0, planner.CandidateOptions{})
	if err != nil {
		return nil, fmt.Errorf("rank engineers: %w", err)
	}
	for _, c := range second {
		c.Engineer = engineers[c.Engineer]
		at := slices.IndexFunc(found, func(f planner.Candidate) bool { return f.Engineer == c.Engineer })
		first := found[at]
		switch {
		case c.Eligible:
			found[at] = c
		case first.Eligible:
			// Only the end of the shift stood in his way.
			c.Rule = planner.RuleOvertime
			c.Reasons = []planner.Reason{{Rule: c.Rule, Effect: planner.Refuse, Args: planner.Args{To: q.real[first.Engineer][first.Shift].To}}}
			found[at] = c
		}
	}
	return found, nil
}

// told turns the planner's answer into what people read. Proposed starts are put on the grid.
func (q *question) told(f planner.Candidate, grid bool) Candidate {
	w := &q.who[f.Engineer]
	c := Candidate{EngineerID: w.ID, Name: w.Name, StaffNumber: w.StaffNumber, OrgID: w.OrgID, Eligible: f.Eligible, Rule: string(f.Rule), Score: f.Score, cost: costOf(f.Cost),
		Parts: []CandidatePart{}, Reasons: []Reason{}}
	for _, p := range f.Parts {
		part := CandidatePart{PartID: q.parts[p.SKU], SKU: p.SKU, Needed: p.Needed, InVan: p.InVan}
		if w.van != nil {
			part.VanID = &w.van.ID
		}
		if p.Store != planner.NoStore {
			s := q.places[q.p.Stores[p.Store].ID]
			part.FromPlace, part.FromPlaceID, part.FromPlaceName = &s.Code, &s.ID, &s.Name
		}
		if p.Expected != 0 {
			on := calendar.Of(time.Unix(p.Expected, 0), q.zone)
			part.ExpectedOn = &on
		}
		c.Parts = append(c.Parts, part)
	}
	if !f.Eligible {
		for _, r := range f.Reasons {
			c.Reasons = append(c.Reasons, q.say.reason(f.Engineer, r))
		}
		return c
	}
	if grid {
		_, last := q.after(f)
		if step := int64(q.set.Grid.Seconds()); f.Start%step != 0 {
			if by := step - f.Start%step; f.End+by <= last && q.inWindow(f.Start+by) {
				f.Start, f.End, f.Leave = f.Start+by, f.End+by, f.Leave+by
			}
		}
	}
	q.measure(&c, f)
	at := func(sec int64) *time.Time { t := time.Unix(sec, 0).In(q.zone); return &t }
	if p := f.Pickup; p.Store != planner.NoStore {
		s := q.places[q.p.Stores[p.Store].ID]
		c.Pickup = &CandidatePickup{PlaceID: s.ID, Place: s.Code, PlaceName: s.Name, Planned: p.Planned, StartsAt: *at(p.Start), DetourMinutes: int((p.DetourSeconds + 59) / 60)}
	}
	say := q.say
	say.day = c.StartsAt.Format(time.DateOnly)
	for _, r := range f.Reasons {
		if q.phone() && (r.Rule == planner.RuleTravel || r.Rule == planner.RuleDistance) {
			continue
		}
		c.Reasons = append(c.Reasons, say.reason(f.Engineer, r))
	}
	if !q.phone() {
		if q.estimated > 0 {
			c.Reasons = append(c.Reasons, say.say(string(planner.RuleTravel), string(planner.Neutral), "travel.estimated_here"))
		}
		guess := inMinutes(int64(q.set.Travel.Unknown.Seconds()))
		switch {
		case q.job.At == nil:
			c.Reasons = append(c.Reasons, say.say(RulePlace, string(planner.Neutral), "place.site", guess))
		case w.HomeLat == nil:
			c.Reasons = append(c.Reasons, say.say(RulePlace, string(planner.Neutral), "place.home"))
		}
		if c.Pickup != nil && !q.p.Stores[f.Pickup.Store].Place.Known() {
			c.Reasons = append(c.Reasons, say.say(RulePlace, string(planner.Neutral), "place.store", c.Pickup.PlaceName, guess))
		}
	}
	return c
}

// measure writes down when and by which way.
func (q *question) measure(c *Candidate, f planner.Candidate) {
	at := func(sec int64) *time.Time { t := time.Unix(sec, 0).In(q.zone); return &t }
	c.StartsAt, c.EndsAt, c.LeavesAt = at(f.Start), at(f.End), at(min(f.Leave, f.Start))
	c.TravelMinutes, c.DistanceMetres = int((f.TravelBefore+59)/60), f.MetresBefore
	c.DetourMinutes = int((max(0, f.DetourSeconds) + 59) / 60)
	if next, _ := q.after(f); next != 0 {
		c.nextLeaves = at(next - f.TravelAfter)
	}
}

func (q *question) inWindow(start int64) bool {
	windows := q.p.Orders[0].Windows
	return len(windows) == 0 || slices.ContainsFunc(windows, func(w planner.Window) bool { return w.From <= start && start <= w.To })
}

// after is when the next booked visit begins, 0 for none, and how late the work may end for the way
// there, the shift, and leave.
func (q *question) after(f planner.Candidate) (next, last int64) {
	last = f.End
	if f.Shift < len(q.real[f.Engineer]) {
		last = q.real[f.Engineer][f.Shift].To
	}
	for _, v := range q.who[f.Engineer].booked {
		if v.Start >= f.End && (next == 0 || v.Start < next) {
			next = v.Start
		}
	}
	if next != 0 {
		last = min(last, next-f.TravelAfter)
	}
	for _, a := range q.who[f.Engineer].away {
		if a.from >= f.End {
			last = min(last, a.from)
			if next != 0 && a.from < next {
				last = min(last, a.from-f.TravelAfter)
			}
		}
	}
	return next, last
}

package aftercare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// CalendarYear is what is known of a year's working days.
type CalendarYear struct {
	Year         int              `json:"year"`
	Known        bool             `json:"known"`
	WeekendsOnly bool             `json:"weekends_only" doc:"true while nobody has announced the year: dates rest on weekends alone"`
	Source       string           `json:"source,omitempty"`
	Days         []calendar.Dated `json:"days" doc:"only the days that differ from Monday to Friday"`
	Redated      int              `json:"redated,omitempty" doc:"follow-up calls that got another date because of this"`
}

// builtIn is the source of the years that come with the product.
const builtIn = "public holidays of mainland China as announced"

// Load is the calendar of an organisation: the announced holidays of mainland China where it lies there,
// and over them what head office, then each level below, down to itself, has loaded.
func (p Promises) Load(ctx context.Context, org int32) (calendar.Calendar, error) {
	var o struct {
		Zone string `bun:"zone"`
	}
	err := p.db.NewRaw("SELECT zone FROM organisations WHERE id = ?", org).Scan(ctx, &o)
	if errors.Is(err, sql.ErrNoRows) {
		return calendar.Calendar{}, fmt.Errorf("calendar: no organisation %d", org)
	}
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("calendar: %w", fault.FromSQL(err))
	}
	c := calendar.New(zone(o.Zone), nil)
	if slices.Contains([]string{"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"}, o.Zone) {
		c = calendar.Mainland().At(zone(o.Zone))
	}
	var years []int
	if err := p.db.NewRaw("SELECT DISTINCT y.year FROM organisations o JOIN calendar_years y ON y.org_id = ANY (o.path) WHERE o.id = ?", org).Scan(ctx, &years); err != nil {
		return c, fmt.Errorf("calendar: %w", fault.FromSQL(err))
	}
	if len(years) == 0 {
		return c, nil
	}
	var rows []struct {
		Day     calendar.Date `bun:"day"`
		Working bool          `bun:"working"`
		Name    string        `bun:"name"`
	}
	if err := p.db.NewRaw("SELECT d.day, d.working, d.name FROM organisations o JOIN calendar_days d ON d.org_id = ANY (o.path) WHERE o.id = ? ORDER BY array_position(o.path, d.org_id)", org).Scan(ctx, &rows); err != nil {
		return c, fmt.Errorf("calendar: %w", fault.FromSQL(err))
	}
	days := make(map[calendar.Date]calendar.Day, len(rows))
	for _, r := range rows {
		days[r.Day] = calendar.Day{Working: r.Working, Name: r.Name}
	}
	return c.With(days, years...), nil
}

// GetYear says what an organisation knows of a year.
func (p Promises) GetYear(ctx context.Context, org int32, year int) (CalendarYear, error) {
	c, err := p.Load(ctx, org)
	if err != nil {
		return CalendarYear{}, err
	}
	y := CalendarYear{Year: year, Known: c.Known(year), WeekendsOnly: !c.Known(year), Days: c.Exceptions(year)}
	if y.Days == nil {
		y.Days = []calendar.Dated{}
	}
	if !y.Known {
		return y, nil
	}
	y.Source = builtIn
	var loaded string
	err = p.db.NewRaw("SELECT y.source FROM organisations o JOIN calendar_years y ON y.org_id = ANY (o.path) AND y.year = ? WHERE o.id = ? ORDER BY array_position(o.path, y.org_id) DESC LIMIT 1", year, org).Scan(ctx, &loaded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return y, fmt.Errorf("calendar: %w", fault.FromSQL(err))
	}
	if err == nil {
		y.Source = loaded
	}
	return y, nil
}

// PutYear loads a year's holidays and exchange days for an organisation and everything below it, replacing
// what it had loaded for that year. Calls that nobody has tried yet are dated anew. Days of the year before
// may be among them, as announcements name them. No days at all take the year back: it is then what it was
// without it.
func (p Promises) PutYear(ctx context.Context, org int32, year int, days []calendar.Dated, source string) (CalendarYear, error) {
	if year < 2000 || year > 2999 {
		return CalendarYear{}, fault.New(fault.Invalid, "year_invalid", "%d is not a year", year).Field("path.year", "2000 to 2999")
	}
	for _, d := range days {
		if y := d.Date.Year(); y != year && y != year-1 {
			return CalendarYear{}, fault.New(fault.Invalid, "day_of_another_year", "%s is not a day of %d or of the end of the year before", d.Date, year).Field("body.days", "a day of another year")
		}
	}
	if source = strings.TrimSpace(source); source == "" {
		source = "loaded by hand"
	}
	exec := func(sql string, args ...any) (err error) {
		_, err = p.db.NewRaw(sql, args...).Exec(ctx)
		if err != nil {
			err = fmt.Errorf("load %d: %w", year, fault.FromSQL(err))
		}
		return err
	}
	first, last := calendar.On(year, 1, 1), calendar.On(year, 12, 31)
	if err := exec("SELECT 1 FROM organisations WHERE id = ? FOR NO KEY UPDATE", org); err != nil {
		return CalendarYear{}, err
	}
	if err := exec("DELETE FROM calendar_days WHERE org_id = ? AND day BETWEEN ? AND ?", org, first, last); err != nil {
		return CalendarYear{}, err
	}
	if len(days) == 0 {
		if err := exec("DELETE FROM calendar_years WHERE org_id = ? AND year = ?", org, year); err != nil {
			return CalendarYear{}, err
		}
	} else if err := exec("INSERT INTO calendar_years (org_id, year, source, loaded_at) VALUES (?, ?, ?, ?) ON CONFLICT (org_id, year) DO UPDATE SET source = excluded.source, loaded_at = excluded.loaded_at", org, year, source, p.at()); err != nil {
		return CalendarYear{}, err
	}
	for _, d := range days {
		if err := exec("INSERT INTO calendar_days (org_id, day, working, name) VALUES (?, ?, ?, ?) ON CONFLICT (org_id, day) DO UPDATE SET working = excluded.working, name = excluded.name", org, d.Date, d.Working, d.Name); err != nil {
			return CalendarYear{}, err
		}
	}
	n, err := p.redate(ctx, org, first)
	if err != nil {
		return CalendarYear{}, err
	}
	y, err := p.GetYear(ctx, org, year)
	y.Redated = n
	return y, err
}

// redate works out the days of untried calls anew that reach into the year beginning with first.
func (p Promises) redate(ctx context.Context, org int32, first calendar.Date) (int, error) {
	var rows []FollowUp
	err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+` WHERE ? = ANY (o.path) AND f.state IN ('scheduled', 'due') AND f.attempts = 0
		AND f.due_to >= ? AND f.anchor_on <= ? ORDER BY f.anchor_on, f.id FOR NO KEY UPDATE OF f`, org, first.AddDays(-40), calendar.On(first.Year(), 12, 31)).Scan(ctx, &rows)
	if err != nil {
		return 0, fmt.Errorf("follow-ups to date anew: %w", fault.FromSQL(err))
	}
	calendars, loads := map[int32]calendar.Calendar{}, map[int32]map[calendar.Date]int{}
	changed := 0
	for _, f := range rows {
		f.complete()
		c, known := calendars[f.OrgID]
		if !known {
			if c, err = p.roster(ctx, f.OrgID); err != nil {
				return changed, err
			}
			calendars[f.OrgID] = c
			if loads[f.OrgID], err = p.load(ctx, f.OrgID, first.AddDays(-60)); err != nil {
				return changed, err
			}
		}
		load := loads[f.OrgID]
		// The day before the anchor stands for "known in time": a late sheet stays late, nothing else becomes so.
		today := calendar.Of(p.now(), zone(f.Zone)).AddDays(-1)
		if today.Before(f.AnchorOn) {
			today = f.AnchorOn
		}
		load[f.DueOn]--
		_, span, err := p.kindOf(ctx, f.Kind)
		if err != nil {
			return changed, err
		}
		d := planIn(span, f.AnchorOn, today, c, f.CustomerClass == "A", func(day calendar.Date) int { return load[day] }, p.settings.CallsPerDay)
		same := d.From == f.DueFrom && d.To == f.DueTo && d.Shifted == f.Shifted && d.Guess == f.CalendarGuess
		if same && c.Working(f.DueOn) { // the window stands and its day is worked: nobody is moved for the sake of it
			load[f.DueOn]++
			continue
		}
		load[d.On]++
		_, err = p.db.NewRaw("UPDATE follow_ups SET due_from = ?, due_to = ?, due_on = ?, shifted = ?, late_sheet = ?, calendar_guess = ?, recalculated = true WHERE id = ?",
			d.From, d.To, d.On, d.Shifted, f.LateSheet || d.LateSheet, d.Guess, f.ID).Exec(ctx)
		if err != nil {
			return changed, fmt.Errorf("date follow-up %s anew: %w", f.Number, fault.FromSQL(err))
		}
		changed++
	}
	return changed, nil
}

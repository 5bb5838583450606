package aftercare

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/internal/say"
)

const clockColumns = "id, org_id, subject_kind, subject_id, kind, due_at, next_at, level, met_at, stopped_at, paused_at"

// StartClock starts a deadline. One that runs already for the same subject and kind gets the new time and
// keeps the rungs it has climbed; one that was met or stopped stays as it was, and a new one starts.
func (p Promises) StartClock(ctx context.Context, k Clock) error {
	if _, known := Ladders[k.Kind]; !known {
		return fmt.Errorf("start clock: no ladder for %q", k.Kind)
	}
	c, err := p.attended(ctx, k.OrgID)
	if err != nil {
		return err
	}
	running, err := p.running(ctx, k.SubjectID, k.Kind)
	if err != nil {
		return err
	}
	if running != nil {
		var next *time.Time
		if running.PausedAt == nil {
			next = rungAt(k.Kind, running.Level, k.DueAt, c, p.settings.Office)
		}
		_, err = p.db.NewRaw("UPDATE clocks SET due_at = ?, next_at = ? WHERE id = ?", k.DueAt, next, running.ID).Exec(ctx)
	} else {
		_, err = p.db.NewRaw("INSERT INTO clocks (id, org_id, subject_kind, subject_id, kind, due_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			newID(), k.OrgID, k.SubjectKind, k.SubjectID, k.Kind, k.DueAt, rungAt(k.Kind, 0, k.DueAt, c, p.settings.Office)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("start %s clock: %w", k.Kind, fault.FromSQL(err))
	}
	return nil
}

// running locks the clock of a subject that is neither met nor stopped, or gives nil.
func (p Promises) running(ctx context.Context, subject uuid.UUID, kind string) (*Clock, error) {
	var k Clock
	err := p.db.NewRaw("SELECT "+clockColumns+" FROM clocks WHERE subject_id = ? AND kind = ? AND met_at IS NULL AND stopped_at IS NULL FOR NO KEY UPDATE", subject, kind).Scan(ctx, &k)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s clock: %w", kind, fault.FromSQL(err))
	}
	return &k, nil
}

// MeetClock records that what a clock waited for has happened. Nothing happens when none runs. Rungs that came
// before it, and that nobody climbed because every program was down, are climbed first: a reply that came
// long after its time was escalated, whenever the reply was written down.
func (p Promises) MeetClock(ctx context.Context, subject uuid.UUID, kind string, at time.Time) error {
	k, err := p.running(ctx, subject, kind)
	if err != nil || k == nil {
		return err
	}
	if k.NextAt != nil && !k.NextAt.After(at) && !k.DueAt.After(at) { // a warning that nobody needs any more is not made up for
		c, err := p.attended(ctx, k.OrgID)
		if err != nil {
			return err
		}
		if err := p.climb(ctx, *k, at, c); err != nil {
			return err
		}
	}
	if _, err := p.db.NewRaw("UPDATE clocks SET met_at = ?, next_at = NULL, paused_at = NULL WHERE id = ?", at, k.ID).Exec(ctx); err != nil {
		return fmt.Errorf("meet %s clock: %w", kind, fault.FromSQL(err))
	}
	return nil
}

// PauseClock holds a clock: the customer, or a part, has to come first.
func (p Promises) PauseClock(ctx context.Context, subject uuid.UUID, kind string, at time.Time) error {
	_, err := p.db.NewRaw("UPDATE clocks SET paused_at = ?, next_at = NULL WHERE subject_id = ? AND kind = ? AND met_at IS NULL AND stopped_at IS NULL AND paused_at IS NULL", at, subject, kind).Exec(ctx)
	if err != nil {
		return fmt.Errorf("pause %s clock: %w", kind, fault.FromSQL(err))
	}
	return nil
}

// ResumeClock lets a held clock run on; its deadline moves by the time it was held.
func (p Promises) ResumeClock(ctx context.Context, subject uuid.UUID, kind string, at time.Time) error {
	k, err := p.running(ctx, subject, kind)
	if err != nil || k == nil || k.PausedAt == nil {
		return err
	}
	c, err := p.attended(ctx, k.OrgID)
	if err != nil {
		return err
	}
	due := k.DueAt.Add(max(0, at.Sub(*k.PausedAt)))
	_, err = p.db.NewRaw("UPDATE clocks SET due_at = ?, paused_at = NULL, next_at = ? WHERE id = ?", due, rungAt(kind, k.Level, due, c, p.settings.Office), k.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("resume %s clock: %w", kind, fault.FromSQL(err))
	}
	return nil
}

// StopClocks ends every clock of a subject whose matter has ended otherwise, or those of some kinds.
func (p Promises) StopClocks(ctx context.Context, subject uuid.UUID, at time.Time, kinds ...string) error {
	if len(kinds) == 0 {
		for kind := range Ladders {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range kinds {
		_, err := p.db.NewRaw("UPDATE clocks SET stopped_at = ?, next_at = NULL, paused_at = NULL WHERE subject_id = ? AND kind = ? AND met_at IS NULL AND stopped_at IS NULL", at, subject, kind).Exec(ctx)
		if err != nil {
			return fmt.Errorf("stop %s clock: %w", kind, fault.FromSQL(err))
		}
	}
	return nil
}

// Clocks are the deadlines of a subject, oldest first.
func (p Promises) Clocks(ctx context.Context, subject uuid.UUID) ([]Clock, error) {
	rows := []Clock{}
	if err := p.db.NewRaw("SELECT "+clockColumns+" FROM clocks WHERE subject_id = ? ORDER BY id LIMIT 100", subject).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("clocks of %s: %w", subject, fault.FromSQL(err))
	}
	return rows, nil
}

// EscalateClocks climbs the ladders of clocks whose next rung has come, and tells whom it names. Each rung
// is climbed once however many programs look. After a stop of the program the rungs in between are recorded
// as passed and only the highest is told. It takes a slice and says whether there may be more.
func (p Promises) EscalateClocks(ctx context.Context) (more bool, err error) {
	now := p.at()
	var due []Clock
	err = p.db.NewRaw("SELECT "+clockColumns+" FROM clocks WHERE next_at <= ? ORDER BY next_at LIMIT ? FOR NO KEY UPDATE SKIP LOCKED", now, slice).Scan(ctx, &due)
	if err != nil {
		return false, fmt.Errorf("due clocks: %w", fault.FromSQL(err))
	}
	calendars := map[int32]calendar.Calendar{}
	for _, k := range due {
		c, known := calendars[k.OrgID]
		if !known {
			if c, err = p.attended(ctx, k.OrgID); err != nil {
				return false, err
			}
			calendars[k.OrgID] = c
		}
		if err := p.climb(ctx, k, now, c); err != nil {
			return false, err
		}
	}
	return len(due) == slice, nil
}

// climb takes a clock up to the highest rung whose time has come. The rungs in between are recorded as
// passed; only the highest is told. A complaint that nobody answered goes up with it: to the after-sales
// centre when its 24 hours are over, to research and leadership a day later.
func (p Promises) climb(ctx context.Context, k Clock, now time.Time, c calendar.Calendar) error {
	top := reached(k.Kind, k.Level, k.DueAt, now, c, p.settings.Office)
	for level := k.Level + 1; level <= top; level++ {
		if _, err := p.db.NewRaw("INSERT INTO escalations (clock_id, level, org_id, at, passed) VALUES (?, ?, ?, ?, ?)", k.ID, level, k.OrgID, now, level < top).Exec(ctx); err != nil {
			return fmt.Errorf("escalate: %w", fault.FromSQL(err))
		}
	}
	if _, err := p.db.NewRaw("UPDATE clocks SET level = ?, next_at = ? WHERE id = ?", top, rungAt(k.Kind, top, k.DueAt, c, p.settings.Office), k.ID).Exec(ctx); err != nil {
		return fmt.Errorf("escalate: %w", fault.FromSQL(err))
	}
	if top == k.Level {
		return nil
	}
	if k.SubjectKind == "complaint" && k.Kind == "reply" {
		if level := map[bool]int{true: topLevel, false: 2}[top >= 4]; top >= 2 {
			if err := p.raise(ctx, k.SubjectID, level); err != nil {
				return err
			}
		}
	}
	return p.tell(ctx, k, top, c.Zone())
}

// tell writes the message of a rung. Outside working hours it goes to the phone of whoever is on duty.
func (p Promises) tell(ctx context.Context, k Clock, level int, place *time.Location) error {
	table := map[string]string{"request": "requests", "complaint": "complaints", "work_order": "work_orders"}[k.SubjectKind]
	var number string
	if err := p.db.NewRaw("SELECT number FROM "+table+" WHERE id = ?", k.SubjectID).Scan(ctx, &number); err != nil {
		return fmt.Errorf("escalate %s %s: %w", k.SubjectKind, k.SubjectID, fault.FromSQL(err))
	}
	m := notify.Message{OrgID: k.OrgID, SubjectID: &k.SubjectID, Audience: Ladders[k.Kind][level-1].Tells, Lang: say.Chinese,
		Key: "message.clock." + k.Kind + "." + strconv.Itoa(level), Args: []string{number, k.DueAt.In(place).Format("2006-01-02 15:04")},
		DueAt: p.at(), Dedupe: "clock:" + k.ID.String() + ":" + strconv.Itoa(level)}
	switch k.SubjectKind {
	case "request":
		m.RequestID = &k.SubjectID
	case "work_order":
		m.OrderID = &k.SubjectID
	}
	duty, err := p.DutyNow(ctx, k.OrgID)
	if err != nil {
		return err
	}
	if duty != nil {
		m.To, m.Lang = duty.Phone, cmp.Or(duty.Lang, say.Chinese)
	}
	_, err = notify.NewOutbox(p.db, p.now).Send(ctx, m)
	return err
}

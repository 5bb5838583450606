package aftercare

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/internal/say"
)

const (
	followUpColumns = `f.id, f.org_id, o.code AS organisation_code, f.number, f.kind, f.main, f.state, f.order_id, coalesce(w.number, '') AS work_order_number,
	f.request_id, coalesce(q.number, '') AS request_number, f.customer_id, coalesce(c.name, '') AS customer_name, coalesce(c.class, '') AS customer_class,
	coalesce((SELECT k.phones[1] FROM contacts k WHERE (k.id = w.site_contact_id OR k.customer_id = f.customer_id AND k.role = 'on_site') AND k.retired_at IS NULL AND NOT k.do_not_call
	  AND k.phones <> '{}' ORDER BY (k.id = w.site_contact_id) DESC NULLS LAST, k.id DESC LIMIT 1), c.phone, '') AS phone,
	coalesce(e.name, '') AS engineer, coalesce(w.summary, q.summary, '') AS summary, f.anchor_on, f.due_from, f.due_to, f.due_on, f.zone, f.shifted, f.late_sheet, f.recalculated, f.calendar_guess,
	f.assignee_id, f.claimed_by, f.claimed_until, f.attempts, f.counted_attempts, f.next_at, f.result, f.score_service, f.score_product, f.in_window, f.early, f.end_reason, f.done_at,
	f.superseded_by, f.created_at, f.version, f.mode, f.campaign_id, coalesce(m.name, '') AS campaign, f.visit_order_id, coalesce(vw.number, '') AS visit_order_number, coalesce(c.language, 'zh-Hans') AS lang`
	followUpTables = ` FROM follow_ups f JOIN organisations o ON o.id = f.org_id LEFT JOIN work_orders w ON w.id = f.order_id LEFT JOIN requests q ON q.id = f.request_id
	LEFT JOIN customers c ON c.id = f.customer_id LEFT JOIN engineers e ON e.id = w.engineer_id LEFT JOIN campaigns m ON m.id = f.campaign_id LEFT JOIN work_orders vw ON vw.id = f.visit_order_id`
	openCalls = "('scheduled', 'due', 'attempted')"
)

// ScheduleFollowUp writes down a call. A finished order gets exactly one main call: a second while one is
// live is refused as follow_ups_one_main.
//
// Day 0 is the civil day at the site on which the work ended. Within the window the quietest day is taken,
// except for customers of class A and for orders that came back, which go first.
func (p Promises) ScheduleFollowUp(ctx context.Context, in Plan) (FollowUp, error) {
	kind, span, err := p.kindOf(ctx, in.Kind)
	if err != nil {
		return FollowUp{}, err
	}
	site := zone(in.Zone)
	anchor, replaced := calendar.Anchor(in.FinishedAt, in.HandedInAt, site)
	c, err := p.roster(ctx, in.OrgID)
	if err != nil {
		return FollowUp{}, err
	}
	first, err := p.goesFirst(ctx, in)
	if err != nil {
		return FollowUp{}, err
	}
	planned, err := p.planned(ctx, in.OrgID, anchor)
	if err != nil {
		return FollowUp{}, err
	}
	d := planIn(span, anchor, calendar.Of(in.HandedInAt, site), c, first, planned, p.settings.CallsPerDay)
	at := p.at()
	var n int64
	if err := p.db.NewRaw("SELECT next_number('FU', ?)", calendar.Of(at, c.Zone()).Year()).Scan(ctx, &n); err != nil {
		return FollowUp{}, fmt.Errorf("number of a follow-up: %w", fault.FromSQL(err))
	}
	id := newID()
	_, err = p.db.NewRaw(`INSERT INTO follow_ups (id, org_id, number, order_id, request_id, customer_id, kind, main, state, anchor_on, due_from, due_to, due_on, zone, shifted, late_sheet, calendar_guess, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, in.OrgID, number("FU", calendar.Of(at, c.Zone()).Year(), n), in.OrderID, in.RequestID, in.CustomerID, kind, in.OrderID != nil && mainCall(kind), Scheduled,
		anchor, d.From, d.To, d.On, site.String(), d.Shifted, d.LateSheet || replaced && d.On.After(d.To), d.Guess, at).Exec(ctx)
	if err != nil {
		return FollowUp{}, fmt.Errorf("schedule follow-up: %w", fault.FromSQL(err))
	}
	if in.OrderID != nil && mainCall(kind) {
		if _, err := p.db.NewRaw("UPDATE follow_ups SET superseded_by = ? WHERE order_id = ? AND main AND state = 'superseded' AND superseded_by IS NULL", id, *in.OrderID).Exec(ctx); err != nil {
			return FollowUp{}, fmt.Errorf("schedule follow-up: %w", fault.FromSQL(err))
		}
	}
	if in.OrderID != nil { // a follow-up visit is itself the follow-up: nobody calls about it
		if _, err := p.db.NewRaw("UPDATE follow_ups SET state = 'waived', end_reason = 'the visit was the follow-up', done_at = ? WHERE id = ? AND EXISTS (SELECT 1 FROM follow_ups v WHERE v.visit_order_id = ?)", at, id, *in.OrderID).Exec(ctx); err != nil {
			return FollowUp{}, fmt.Errorf("schedule follow-up: %w", fault.FromSQL(err))
		}
	}
	return p.read(ctx, id)
}

// goesFirst reports whether the customer is of class A, or the order had come back.
func (p Promises) goesFirst(ctx context.Context, in Plan) (first bool, err error) {
	err = p.db.NewRaw(`SELECT EXISTS (SELECT 1 FROM customers WHERE id = ? AND class = 'A') OR EXISTS (SELECT 1 FROM work_orders WHERE id = ? AND (repeat_of_order IS NOT NULL OR reopened > 0))`,
		in.CustomerID, in.OrderID).Scan(ctx, &first)
	if err != nil {
		return false, fmt.Errorf("schedule follow-up: %w", fault.FromSQL(err))
	}
	return first, nil
}

// planned counts the calls an organisation has on each day from a day on.
func (p Promises) planned(ctx context.Context, org int32, from calendar.Date) (func(calendar.Date) int, error) {
	load, err := p.load(ctx, org, from)
	return func(day calendar.Date) int { return load[day] }, err
}

func (p Promises) load(ctx context.Context, org int32, from calendar.Date) (map[calendar.Date]int, error) {
	var rows []struct {
		Day calendar.Date `bun:"due_on"`
		N   int           `bun:"n"`
	}
	err := p.db.NewRaw("SELECT due_on, count(*) AS n FROM follow_ups WHERE org_id = ? AND due_on >= ? AND state IN "+openCalls+" GROUP BY 1", org, from).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("calls planned: %w", fault.FromSQL(err))
	}
	load := make(map[calendar.Date]int, len(rows))
	for _, r := range rows {
		load[r.Day] = r.N
	}
	return load, nil
}

// roster is the calendar of those who call.
func (p Promises) roster(ctx context.Context, org int32) (calendar.Calendar, error) {
	c, err := p.Load(ctx, org)
	return c.Open(p.settings.CallsOn...), err
}

// Supersede ends the main call of an order that was opened again. The call keeps its attempts; the next
// sheet schedules another.
func (p Promises) Supersede(ctx context.Context, order uuid.UUID, why string) error {
	_, err := p.db.NewRaw("UPDATE follow_ups SET state = 'superseded', end_reason = ?, done_at = NULL, claimed_by = NULL, claimed_until = NULL WHERE order_id = ? AND state <> 'superseded' AND main", why, order).Exec(ctx)
	if err != nil {
		return fmt.Errorf("supersede follow-up of %s: %w", order, fault.FromSQL(err))
	}
	return nil
}

// SupersedeAnswer ends the call about an answer that did not hold: the fault came back.
func (p Promises) SupersedeAnswer(ctx context.Context, request uuid.UUID, why string) error {
	_, err := p.db.NewRaw("UPDATE follow_ups SET state = 'superseded', end_reason = ?, done_at = NULL, claimed_by = NULL, claimed_until = NULL WHERE request_id = ? AND kind = 'after_answer' AND state <> 'superseded'", why, request).Exec(ctx)
	if err != nil {
		return fmt.Errorf("supersede follow-up of %s: %w", request, fault.FromSQL(err))
	}
	return nil
}

// Suspend keeps the calls of an order back while a complaint or a repeat visit is open: nobody asks now
// whether all is well.
func (p Promises) Suspend(ctx context.Context, order uuid.UUID) error {
	_, err := p.db.NewRaw("UPDATE follow_ups SET state = 'suspended', claimed_by = NULL, claimed_until = NULL WHERE order_id = ? AND state IN "+openCalls, order).Exec(ctx)
	if err != nil {
		return fmt.Errorf("suspend follow-up of %s: %w", order, fault.FromSQL(err))
	}
	return nil
}

// Wake brings suspended calls back, due two to three days from now, unless a complaint about the order is
// still open.
func (p Promises) Wake(ctx context.Context, order uuid.UUID) error {
	var sleeping []FollowUp
	err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+` WHERE f.order_id = ? AND f.state = 'suspended'
		AND NOT EXISTS (SELECT 1 FROM complaints x WHERE x.order_id = f.order_id AND x.state <> 'closed') FOR NO KEY UPDATE OF f`, order).Scan(ctx, &sleeping)
	if err != nil {
		return fmt.Errorf("wake follow-up of %s: %w", order, fault.FromSQL(err))
	}
	for _, f := range sleeping {
		c, err := p.roster(ctx, f.OrgID)
		if err != nil {
			return err
		}
		today := calendar.Of(p.now(), zone(f.Zone))
		planned, err := p.planned(ctx, f.OrgID, today)
		if err != nil {
			return err
		}
		_, span, err := p.kindOf(ctx, AfterVisit)
		if err != nil {
			return err
		}
		d := planIn(span, today, today, c, f.CustomerClass == "A", planned, p.settings.CallsPerDay)
		_, err = p.db.NewRaw("UPDATE follow_ups SET state = 'scheduled', anchor_on = ?, due_from = ?, due_to = ?, due_on = ?, shifted = ?, late_sheet = false, calendar_guess = ?, recalculated = true, next_at = NULL WHERE id = ?",
			today, d.From, d.To, d.On, d.Shifted, d.Guess, f.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("wake follow-up %s: %w", f.Number, fault.FromSQL(err))
		}
	}
	return nil
}

func (p Promises) read(ctx context.Context, id uuid.UUID) (FollowUp, error) {
	var f FollowUp
	if err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+" WHERE f.id = ?", id).Scan(ctx, &f); err != nil {
		return f, fmt.Errorf("follow-up %s: %w", id, fault.FromSQL(err))
	}
	f.complete()
	return f, nil
}

func (p Promises) find(ctx context.Context, s auth.Scope, id uuid.UUID, lock string) (FollowUp, error) {
	var w where
	var f FollowUp
	w.and("f.id = ?", id)
	if err := w.see(s, "f.org_id", "f.order_id"); err != nil {
		return f, err
	}
	err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+w.String()+lock, w.args...).Scan(ctx, &f)
	if errors.Is(err, sql.ErrNoRows) {
		return f, unknown("follow_up", id)
	}
	if err != nil {
		return f, fmt.Errorf("follow-up %s: %w", id, fault.FromSQL(err))
	}
	f.complete()
	return f, nil
}

// FollowUp reads one call with everything that was tried. Unknown and out of sight are the same
// fault.NotFound.
func (p Promises) FollowUp(ctx context.Context, s auth.Scope, id uuid.UUID) (FollowUp, error) {
	f, err := p.find(ctx, s, id, "")
	if err == nil {
		f.Log, err = p.attempts(ctx, id)
	}
	return f, err
}

const attemptColumns = "id, follow_up_id, no, at, caller_id, actor, outcome, scores, comment, call_again_at, next, answered_by, identity_checked, counted, early, late, complaint_id, request_id, channel, script_version, improvement_id"

func (p Promises) attempts(ctx context.Context, id uuid.UUID) ([]Attempt, error) {
	log := []Attempt{}
	if err := p.db.NewRaw("SELECT "+attemptColumns+" FROM follow_up_attempts WHERE follow_up_id = ? ORDER BY no LIMIT 200", id).Scan(ctx, &log); err != nil {
		return nil, fmt.Errorf("attempts of %s: %w", id, fault.FromSQL(err))
	}
	return log, nil
}

// OfOrder are the calls of an order, oldest first, the superseded ones among them.
func (p Promises) OfOrder(ctx context.Context, order uuid.UUID) ([]FollowUp, error) {
	rows := []FollowUp{}
	if err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+" WHERE f.order_id = ? ORDER BY f.id LIMIT 100", order).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("follow-ups of %s: %w", order, fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].complete()
	}
	return rows, nil
}

// FollowUps lists calls in sight: by day, important customers first.
func (p Promises) FollowUps(ctx context.Context, s auth.Scope, f FollowUpFilter) (keyset.Page[FollowUp], error) {
	var w where
	if err := w.see(s, "f.org_id", "f.order_id"); err != nil {
		return keyset.Page[FollowUp]{}, err
	}
	if f.DueOn != nil {
		w.and("f.due_on = ?", *f.DueOn)
	}
	if f.From != nil {
		w.and("f.due_on >= ?", *f.From)
	}
	if f.To != nil {
		w.and("f.due_on <= ?", *f.To)
	}
	if f.AssigneeID != nil {
		w.and("f.assignee_id = ?", *f.AssigneeID)
	}
	if f.OrderID != nil {
		w.and("f.order_id = ?", *f.OrderID)
	}
	if f.CustomerID != nil {
		w.and("f.customer_id = ?", *f.CustomerID)
	}
	if f.Kind != "" {
		w.and("f.kind = ?", f.Kind)
	}
	switch {
	case f.State == "open":
		w.and("f.state IN " + openCalls)
	case f.State != "":
		states := strings.Split(f.State, ",")
		for _, state := range states {
			if !slices.Contains(FollowUpMoves.States(), FollowUpState(state)) {
				return keyset.Page[FollowUp]{}, fault.New(fault.Invalid, "unknown_state", "there is no state %q of a follow-up", state).Field("query.state", "unknown")
			}
		}
		w.and("f.state IN (?)", bun.List(states))
	}
	var day calendar.Date
	var class string
	var last uuid.UUID
	if more, err := f.After(&day, &class, &last); err != nil {
		return keyset.Page[FollowUp]{}, err
	} else if more {
		w.and("(f.due_on, coalesce(c.class, ''), f.id) > (?::date, ?, ?)", day, class, last)
	}
	var rows []FollowUp
	if err := p.db.NewRaw("SELECT "+followUpColumns+followUpTables+w.String()+" ORDER BY f.due_on, coalesce(c.class, ''), f.id LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[FollowUp]{}, fmt.Errorf("follow-ups: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].complete()
	}
	return keyset.Cut(f.Ask, rows, func(f FollowUp) []any { return []any{f.DueOn, f.CustomerClass, f.ID} }), nil
}

// Claim keeps a call, and every other one due at the same customer in the same days, for the caller for a
// quarter of an hour. Somebody else's claim is fault.Conflict follow_up_claimed; an own one is renewed.
func (p Promises) Claim(ctx context.Context, by auth.Caller, id uuid.UUID) (FollowUp, error) {
	f, err := p.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF f")
	if err != nil {
		return f, err
	}
	if !slices.Contains([]FollowUpState{Scheduled, Due, Attempted}, f.State) {
		return f, fault.New(fault.Conflict, "follow_up_not_open", "this call is %s: nobody has to make it", f.State).With("state", f.State)
	}
	at := p.at()
	if f.ClaimedUntil != nil && f.ClaimedUntil.After(at) && (f.ClaimedBy == nil || *f.ClaimedBy != by.UserID) {
		return f, fault.New(fault.Conflict, "follow_up_claimed", "somebody else is calling this customer: take another").With("claimed_until", f.ClaimedUntil)
	}
	var also []uuid.UUID
	err = p.db.NewRaw(`WITH same AS MATERIALIZED (
		  SELECT id FROM follow_ups WHERE id <> ? AND customer_id = ? AND org_id = ? AND state IN `+openCalls+` AND due_from <= ? AND due_to >= ?
		    AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_by = ?) ORDER BY id LIMIT 50 FOR NO KEY UPDATE SKIP LOCKED)
		UPDATE follow_ups f SET claimed_by = ?, claimed_until = ? WHERE f.id = ? OR f.id IN (SELECT id FROM same) RETURNING f.id`,
		id, f.CustomerID, f.OrgID, f.DueTo, f.DueFrom, at, by.UserID, by.UserID, at.Add(p.settings.Claim), id).Scan(ctx, &also)
	if err != nil {
		return f, fmt.Errorf("claim follow-up %s: %w", f.Number, fault.FromSQL(err))
	}
	if f, err = p.read(ctx, id); err != nil {
		return f, err
	}
	slices.SortFunc(also, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	for _, other := range also {
		if other == id {
			continue
		}
		o, err := p.read(ctx, other)
		if err != nil {
			return f, err
		}
		f.Together = append(f.Together, o)
	}
	return f, nil
}

var scoreName = regexp.MustCompile(`^[a-z][a-z_]{0,29}$`)

func (in *AttemptInput) check(at time.Time) error {
	in.Comment, in.AnsweredBy = strings.TrimSpace(in.Comment), strings.TrimSpace(in.AnsweredBy)
	if in.Outcome != rated || in.Channel != "link" {
		if err := oneOf("outcome", in.Outcome, Outcomes()); err != nil {
			return err
		}
	}
	if in.Next != "" {
		if err := oneOf("next", in.Next, Nexts()); err != nil {
			return err
		}
	}
	for name, score := range in.Scores {
		if !scoreName.MatchString(name) || score < 1 || score > 5 {
			return fault.New(fault.Invalid, "score_invalid", "a score has a short name and is 1 to 5").Field("body.scores."+name, "must be 1 to 5")
		}
	}
	if in.Channel == "" {
		in.Channel = "phone"
	}
	if len(in.Scores) > 0 && in.Outcome != "reached" && in.Outcome != rated {
		return fault.New(fault.Invalid, "score_without_customer", "only a customer who was reached gives scores").Field("body.scores", "only when reached")
	}
	if in.Next == "repeat_visit" && in.Outcome != "reached" {
		return fault.New(fault.Invalid, "next_without_customer", "only a customer who was reached can ask for somebody to come again").Field("body.next", "only when reached")
	}
	if in.At != nil && in.At.After(at.Add(time.Minute)) {
		return fault.New(fault.Invalid, "call_in_future", "a call that was made lies in the past").Field("body.at", "must not be in the future")
	}
	return nil
}

// Attempt records a call, by whoever made it, whether or not he had claimed it and whenever it was: before
// its window it is marked as early, after it as late. A customer who was reached, or who refuses to be
// asked, ends it. A low score makes a complaint of grade grumble, next = complaint one of grade complaint.
// The third try that counts sends the customer a questionnaire.
func (p Promises) Attempt(ctx context.Context, by auth.Caller, id uuid.UUID, in AttemptInput) (AttemptResult, error) {
	now := p.at()
	if err := in.check(now); err != nil {
		return AttemptResult{}, err
	}
	f, err := p.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF f")
	if err != nil {
		return AttemptResult{}, err
	}
	early := calendar.Of(now, zone(f.Zone)).Before(f.DueFrom)
	ends := in.Outcome == "reached" || in.Outcome == "refused" || in.Outcome == rated && !early
	to := f.State
	switch {
	case in.Outcome == rated && !ends:
		if !slices.Contains([]FollowUpState{Scheduled, Due, Attempted, Suspended}, f.State) {
			_, err = FollowUpMoves.Do(f.State, "attempt")
		}
	case ends:
		to, err = FollowUpMoves.Do(f.State, "reach")
	case f.State == Scheduled || f.State == Due:
		to, err = FollowUpMoves.Do(f.State, "attempt")
	case f.State != Attempted && f.State != Suspended && f.State != Unreachable:
		_, err = FollowUpMoves.Do(f.State, "attempt")
	}
	if err != nil {
		return AttemptResult{}, err
	}
	log, err := p.attempts(ctx, id)
	if err != nil {
		return AttemptResult{}, err
	}
	at := now
	if in.At != nil {
		at = in.At.UTC().Truncate(time.Microsecond)
	}
	site := zone(f.Zone)
	day := calendar.Of(at, site)
	var tried, counted []time.Time
	for _, a := range log {
		tried = append(tried, a.At)
		if a.Counted {
			counted = append(counted, a.At)
		}
	}
	a := Attempt{ID: newID(), FollowUpID: id, No: len(log) + 1, At: at, CallerID: person(by), Actor: by.Actor(), Outcome: in.Outcome, Scores: in.Scores, Comment: in.Comment, CallAgainAt: in.CallAgainAt,
		AnsweredBy: in.AnsweredBy, IdentityChecked: in.IdentityChecked, Channel: in.Channel, Early: day.Before(f.DueFrom), Late: day.After(f.last()), RequestID: in.RequestID}
	if n := len(log); n > 0 && log[n-1].No >= a.No {
		a.No = log[n-1].No + 1
	}
	if in.Next != "" {
		a.Next = &in.Next
	}
	a.Counted = !ends && in.Outcome != rated && counts(counted, at, site)
	if a.Counted {
		counted = append(counted, at)
	}
	out := AttemptResult{}
	grade := ""
	switch {
	case in.Next == "complaint":
		grade = "complaint"
	case len(in.Scores.lows()) > 0:
		grade = "grumble"
	}
	if grade != "" {
		c, err := p.complaintFrom(ctx, by, f, in, at, grade)
		if err != nil {
			return AttemptResult{}, err
		}
		out.Complaint, a.ComplaintID = &c, &c.ID
	}
	if kind := map[string]string{"corrective_action": "corrective", "concession": "concession"}[in.Next]; kind != "" {
		made, err := p.AddImprovement(ctx, by, ImprovementInput{Kind: kind, Text: cmp.Or(in.Comment, say.Text(by.Lang, "aftercare.improve", f.Number)), FollowUpID: &f.ID, OrderID: f.OrderID, RequestID: f.RequestID, CustomerID: f.CustomerID, OrgID: f.OrgID})
		if err != nil {
			return AttemptResult{}, err
		}
		out.Improvement, a.ImprovementID = &made, &made.ID
	}
	scores, err := json.Marshal(in.Scores)
	if err != nil || in.Scores == nil {
		scores = []byte("{}")
	}
	_, err = p.db.NewRaw(`INSERT INTO follow_up_attempts (id, org_id, follow_up_id, no, at, caller_id, actor, outcome, scores, comment, call_again_at, next, answered_by, identity_checked, counted, early, late, complaint_id, request_id, channel, script_version, improvement_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, f.OrgID, id, a.No, a.At, a.CallerID, a.Actor, a.Outcome, string(scores), a.Comment, a.CallAgainAt, a.Next, a.AnsweredBy, a.IdentityChecked, a.Counted, a.Early, a.Late, a.ComplaintID, a.RequestID, a.Channel, in.ScriptVersion, a.ImprovementID).Exec(ctx)
	if err != nil {
		return AttemptResult{}, fmt.Errorf("attempt of %s: %w", f.Number, fault.FromSQL(err))
	}
	set := "state = ?, attempts = attempts + 1, counted_attempts = ?, claimed_by = NULL, claimed_until = NULL"
	args := []any{to, len(counted)}
	if ends {
		until := f.DueTo
		if f.Shifted { // the list itself put it later, because everybody's calls fell on one day
			until = f.last()
		}
		result := in.Scores.result()
		if result == "" && in.Next == "complaint" {
			result = "dissatisfied"
		}
		set += ", done_at = ?, next_at = NULL, result = nullif(?, ''), score_service = ?, score_product = ?, in_window = ?, early = ?, end_reason = nullif(?, '')"
		reason := ""
		if in.Outcome == "refused" {
			reason = "refused"
		}
		args = append(args, at, result, in.Scores.of("service"), in.Scores.of("product"), !a.Early && !day.After(until), a.Early, reason)
	} else if in.Outcome != rated && (to == Attempted || to == Suspended) {
		again := in.CallAgainAt
		if again == nil {
			c, err := p.roster(ctx, f.OrgID)
			if err != nil {
				return AttemptResult{}, err
			}
			proposed := next(append(tried, at), len(counted), at, site, c)
			again = &proposed
		}
		set, args = set+", next_at = ?", append(args, *again)
	}
	if _, err := p.db.NewRaw("UPDATE follow_ups SET "+set+" WHERE id = ?", append(args, id)...).Exec(ctx); err != nil {
		return AttemptResult{}, fmt.Errorf("attempt of %s: %w", f.Number, fault.FromSQL(err))
	}
	if a.Counted && len(counted) == enough {
		if err := p.questionnaire(ctx, f); err != nil {
			return AttemptResult{}, err
		}
	}
	out.Attempt = a
	out.FollowUp, err = p.FollowUp(ctx, by.Scope(), id)
	return out, err
}

func (s Scores) of(name string) *int {
	if score, given := s[name]; given {
		return &score
	}
	return nil
}

// complaintFrom registers what a customer said in a follow-up call.
func (p Promises) complaintFrom(ctx context.Context, by auth.Caller, f FollowUp, in AttemptInput, at time.Time, grade string) (Complaint, error) {
	c := ComplaintInput{WorkOrderID: f.OrderID, CustomerID: f.CustomerID, Channel: in.complaintChannel(), Grade: grade, Severity: 1, Text: in.Comment, ReceivedAt: &at, followUp: &f.ID, org: f.OrgID}
	if f.OrderID == nil {
		c.RequestID = f.RequestID
	}
	lows := in.Scores.lows()
	if grade == "complaint" {
		c.Severity = 2
	}
	if slices.Equal(lows, []string{"product"}) {
		c.Category = "product"
	}
	if c.Text == "" {
		var low []string
		for _, name := range lows {
			low = append(low, fmt.Sprintf("%s %d", name, in.Scores[name]))
		}
		c.Text = say.Text(by.Lang, "aftercare.low_scores", f.Number, strings.Join(low, ", "))
	}
	return p.addComplaint(ctx, by, c)
}

// questionnaire asks by message what three calls could not.
func (p Promises) questionnaire(ctx context.Context, f FollowUp) error {
	lang := say.Chinese
	if f.CustomerID != nil {
		if err := p.db.NewRaw("SELECT language FROM customers WHERE id = ?", *f.CustomerID).Scan(ctx, &lang); err != nil {
			return fmt.Errorf("questionnaire of %s: %w", f.Number, fault.FromSQL(err))
		}
	}
	about := f.OrderNumber
	if about == "" {
		about = f.RequestNumber
	}
	link := p.settings.BaseURL + "/report?about=suggestion"
	if f.OrderID != nil {
		token, err := auth.New(p.db, p.now, auth.Rules{}).MakeLink(ctx, auth.Link{OrgID: f.OrgID, OrderID: *f.OrderID, Purpose: "rate", ExpiresAt: p.at().Add(questionnaireGood)})
		if err != nil {
			return err
		}
		link = p.settings.BaseURL + "/c/" + token
	}
	_, err := notify.NewOutbox(p.db, p.now).Send(ctx, notify.Message{OrgID: f.OrgID, OrderID: f.OrderID, RequestID: f.RequestID, SubjectID: &f.ID, Audience: "customer", To: f.Phone, Lang: lang,
		Key: "message.customer.questionnaire", Args: []string{about, link}, DueAt: p.at(), Dedupe: "questionnaire:" + f.ID.String()})
	return err
}

// questionnaireGood is how long the link to a questionnaire works.
const questionnaireGood = 14 * day24

// Waive ends a call that nobody has to make, with a reason.
func (p Promises) Waive(ctx context.Context, by auth.Caller, id uuid.UUID, reason string) (FollowUp, error) {
	reason, err := word("reason", reason, "say why nobody has to call")
	if err != nil {
		return FollowUp{}, err
	}
	f, err := p.find(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF f")
	if err != nil {
		return f, err
	}
	to, err := FollowUpMoves.Do(f.State, "waive")
	if err != nil {
		return f, err
	}
	_, err = p.db.NewRaw("UPDATE follow_ups SET state = ?, end_reason = ?, done_at = ?, next_at = NULL, claimed_by = NULL, claimed_until = NULL WHERE id = ?", to, reason, p.at(), id).Exec(ctx)
	if err != nil {
		return f, fmt.Errorf("waive follow-up %s: %w", f.Number, fault.FromSQL(err))
	}
	return p.FollowUp(ctx, by.Scope(), id)
}

// Reassign hands the open calls of one caller to another, when he is away; nil means nobody's. It answers
// how many.
func (p Promises) Reassign(ctx context.Context, by auth.Caller, from, to *uuid.UUID) (int, error) {
	var w where
	if err := w.see(by.Scope(), "f.org_id", "f.order_id"); err != nil {
		return 0, err
	}
	w.and("f.assignee_id IS NOT DISTINCT FROM ?::uuid AND f.state IN ('scheduled', 'due', 'attempted', 'suspended')", from)
	result, err := p.db.NewRaw("UPDATE follow_ups SET assignee_id = ?, claimed_by = NULL, claimed_until = NULL WHERE id IN (SELECT f.id FROM follow_ups f LEFT JOIN work_orders w ON w.id = f.order_id"+w.String()+")",
		append([]any{to}, w.args...)...).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("reassign follow-ups: %w", fault.FromSQL(err))
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// slice is how many due rows one transaction takes.
const slice = 200

// DueFollowUps puts the calls whose day has come on today's list. It takes a slice and says whether there may
// be more.
func (p Promises) DueFollowUps(ctx context.Context) (more bool, err error) {
	now := p.at()
	var took int
	err = p.db.NewRaw(`WITH due AS MATERIALIZED (
		  SELECT id FROM follow_ups WHERE state = 'scheduled' AND due_on <= (?::timestamptz AT TIME ZONE zone)::date
		   ORDER BY due_on, id LIMIT ? FOR NO KEY UPDATE SKIP LOCKED),
		moved AS (UPDATE follow_ups f SET state = 'due' FROM due WHERE f.id = due.id RETURNING 1)
		SELECT count(*) FROM moved`, now, slice).Scan(ctx, &took)
	if err != nil {
		return false, fmt.Errorf("due follow-ups: %w", fault.FromSQL(err))
	}
	if took > 0 {
		if _, err := p.Balance(ctx, auth.System("follow-up").Scope(), false); err != nil {
			return false, err
		}
	}
	return took == slice, nil
}

// GiveUpFollowUps ends, as unreachable, calls that were tried three times and whose days are over.
func (p Promises) GiveUpFollowUps(ctx context.Context) (more bool, err error) {
	now := p.at()
	var took int
	err = p.db.NewRaw(`WITH over AS MATERIALIZED (
		  SELECT id FROM follow_ups WHERE state IN ('due', 'attempted') AND counted_attempts >= ? AND greatest(due_to, due_on) < (?::timestamptz AT TIME ZONE zone)::date
		   ORDER BY due_on, id LIMIT ? FOR NO KEY UPDATE SKIP LOCKED),
		moved AS (UPDATE follow_ups f SET state = 'unreachable', done_at = ?, next_at = NULL, in_window = false FROM over WHERE f.id = over.id RETURNING 1)
		SELECT count(*) FROM moved`, enough, now, slice, now).Scan(ctx, &took)
	if err != nil {
		return false, fmt.Errorf("give up follow-ups: %w", fault.FromSQL(err))
	}
	return took == slice, nil
}

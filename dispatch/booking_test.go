package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/fault"
)

func TestABookingBlocksTheWayAndTellsTheCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	w.clock = at("07:50")
	v := w.mustBook(w.order(north(5000)), li.ID, "10:00", "11:30")
	if v.State != dispatch.Dispatched || clock(&v.StartsAt) != "10:00" || clock(&v.EndsAt) != "11:30" || clock(&v.LeavesAt) != "09:48" || v.TravelMinutes != 12 {
		t.Errorf("%s leaves %s, works %s to %s, %d minutes of way", v.State, clock(&v.LeavesAt), clock(&v.StartsAt), clock(&v.EndsAt), v.TravelMinutes)
	}
	if v.Window == nil || !v.Window.From.Equal(v.StartsAt) || !v.Window.To.Equal(v.EndsAt) || !v.AnnouncedAt.Equal(w.clock) || v.ConfirmedAt != nil {
		t.Errorf("told the customer %+v at %v", v.Window, v.AnnouncedAt)
	}
	if clock(v.AcceptBy) != "08:30" { // half an hour of service time, which begins at eight
		t.Errorf("answers by %s", clock(v.AcceptBy))
	}
	if len(v.Reasons) == 0 || v.Reasons[0].In("en").Text != "serves the region 望京街道" {
		t.Errorf("%+v", v.Reasons)
	}
	// The same slot again, judged first.
	_, err := w.book(w.order(north(0)), li.ID, "10:00", "11:00")
	if f := refused(t, err, "engineer_busy"); f.Message != "李师傅 is taken from 11-16 10:00 to 11:30 (已有安排，没有 60 分钟的空档): choose another slot or another engineer" || len(f.Allowed) > 0 {
		t.Errorf("%s %v", f.Message, f.Allowed)
	}
	// And by a dispatcher who has a reason.
	_, err = w.book(w.order(north(0)), li.ID, "11:00", "12:00", func(b *dispatch.Booking) { b.OverrideReason = "挤一挤" })
	f := refused(t, err, "engineer_busy")
	what, _ := f.Extra["busy"].(map[string]any)
	if !strings.Contains(f.Message, "李师傅 is taken from 11-16 10:00 to 11:30 (WO-2026-000001)") || what["visit_id"].(*uuid.UUID).String() != v.ID.String() {
		t.Errorf("%s %v", f.Message, what)
	}
	w.sound()
}

func TestTouchingVisitsPassAndTheNextWayBeginsWhereTheWorkEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	later := w.mustBook(w.order(north(9000)), li.ID, "11:00", "12:00")
	if clock(&later.LeavesAt) != "10:39" {
		t.Fatalf("from home he leaves %s", clock(&later.LeavesAt))
	}
	// Nearer to the next visit than his home: its way gets shorter, so the hour fits.
	w.mustBook(w.order(north(8500)), li.ID, "09:50", "10:50")
	if v := w.visit(later.ID); clock(&v.LeavesAt) != "10:58" || v.TravelMinutes != 2 || clock(&v.StartsAt) != "11:00" {
		t.Errorf("leaves %s, way %d", clock(&v.LeavesAt), v.TravelMinutes)
	}
	w.mustBook(w.order(north(9000)), li.ID, "12:00", "13:00")
	w.sound()
}

func TestADayIsNotGivenAwayTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const crews, tries = 32, 60
	var engineers []uuid.UUID
	for i := range 4 {
		engineers = append(engineers, w.engineer(fmt.Sprintf("工程师 %d", i), nil).ID)
	}
	var jobs [crews][]dispatch.Job
	for c := range crews {
		for range 6 {
			jobs[c] = append(jobs[c], w.order(nil))
		}
	}
	var mu sync.Mutex
	outcomes := map[string]int{}
	var group sync.WaitGroup
	for c := range crews {
		group.Go(func() {
			dice := rand.New(rand.NewPCG(7, uint64(c)))
			for n := range tries {
				job := jobs[c][n%len(jobs[c])]
				from := at("08:00").Add(time.Duration(dice.IntN(53)) * 10 * time.Minute)
				to := from.Add(time.Duration(3+dice.IntN(6)) * 10 * time.Minute)
				who := engineers[dice.IntN(len(engineers))]
				leaves := from.Add(-time.Duration(dice.IntN(40)) * time.Minute)
				helpers := []uuid.UUID{}
				if other := engineers[dice.IntN(len(engineers))]; other != who && dice.IntN(4) == 0 {
					helpers = append(helpers, other)
				}
				var v dispatch.Visit
				err := w.try(func(ctx context.Context, tx bun.Tx, b dispatch.Board) (err error) {
					if _, err := tx.NewRaw("SELECT 1 FROM work_orders WHERE id = ? FOR UPDATE", job.OrderID).Exec(ctx); err != nil {
						return err
					}
					v, err = b.Book(ctx, dispatch.Booking{OrgID: w.head, OrderID: job.OrderID, EngineerID: who, StartsAt: from, EndsAt: to, Helpers: helpers,
						Judged: dispatch.Candidate{LeavesAt: &leaves}})
					return err
				})
				what := "booked"
				if err != nil {
					what = err.Error()
					if f := fault.As(err); f != nil {
						what = f.Code
					}
					var pg *pgconn.PgError
					if errors.As(err, &pg) && pg.Code == "40P01" {
						what = "deadlock"
					}
				} else if dice.IntN(3) == 0 {
					if _, err := w.do(v.ID, "cancel", dispatch.Act{Reason: "客户取消", Cause: "customer"}); err != nil {
						what = "cancel: " + err.Error()
					}
				}
				mu.Lock()
				outcomes[what]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	t.Log(outcomes)
	for what := range outcomes {
		if !slices.Contains([]string{"booked", "engineer_busy", "visits_one_open_per_order", "visits_one_per_engineer"}, what) {
			t.Errorf("%d times %s", outcomes[what], what)
		}
	}
	if outcomes["booked"] < 20 || outcomes["engineer_busy"] < 100 {
		t.Errorf("hardly anything was tried: %v", outcomes)
	}
	w.sound()
}

func TestHelpersComeAllOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang, zhao := w.engineer("李师傅", nil), w.engineer("王师傅", nil), w.engineer("赵师傅", nil)
	w.mustBook(w.order(north(0)), zhao.ID, "10:00", "11:00")
	crew := func(b *dispatch.Booking) { b.Helpers = []uuid.UUID{wang.ID, zhao.ID} }
	job := w.order(north(0))
	_, err := w.book(job, li.ID, "10:30", "11:30", crew)
	if f := refused(t, err, "engineer_busy"); f.Extra["engineer_name"] != "赵师傅" {
		t.Errorf("%v", f.Extra)
	}
	if n := w.count("SELECT count(*) FROM visits WHERE order_id = ?", job.OrderID); n != 0 {
		t.Fatalf("%d visits of a crew that is not complete", n)
	}
	v := w.mustBook(job, li.ID, "11:00", "12:00", crew)
	visits, err := w.board.VisitsOf(w.ctx, job.OrderID)
	if err != nil || len(visits) != 3 || !visits[0].Lead || visits[1].Lead || *visits[1].LeadVisitID != v.ID {
		t.Fatalf("%v %d visits", err, len(visits))
	}
	_, err = w.book(w.order(north(0)), wang.ID, "11:30", "12:30")
	refused(t, err, "engineer_busy")
	// All move together.
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.Reschedule(ctx, v.ID, dispatch.Move{StartsAt: at("14:00"), EndsAt: at("15:00"), Reason: "客户改时间", Cause: "customer", Actor: "test"})
		return err
	})
	w.mustBook(w.order(north(0)), wang.ID, "11:30", "12:30")
	// All end together.
	done := w.mustDo(v.ID, "finish", dispatch.Act{At: at("15:00"), Outcome: "done"})
	if n := w.count("SELECT count(*) FROM visits WHERE order_id = ? AND state = 'finished' AND outcome = 'done'", job.OrderID); n != 3 || done.State != dispatch.Finished {
		t.Errorf("%d of three visits finished", n)
	}
	second := w.order(north(0))
	v = w.mustBook(second, li.ID, "16:00", "17:00", crew)
	w.mustDo(v.ID, "cancel", dispatch.Act{Reason: "客户取消", Cause: "customer"})
	if n := w.count("SELECT count(*) FROM diary d JOIN visits v ON v.id = d.visit_id WHERE v.order_id = ?", second.OrderID); n != 0 {
		t.Errorf("%d entries left of a cancelled visit", n)
	}
	// The lead falls ill: his helpers are free as well.
	third := w.order(north(0))
	w.mustBook(third, li.ID, "+1 10:00", "+1 11:00", crew)
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		taken, err := b.AddAbsence(ctx, office, li.ID, dispatch.AbsenceInput{StartsAt: at("+1 08:00"), EndsAt: at("+1 18:00"), Kind: text("sick"), OnConflict: text(dispatch.Displace)})
		if len(taken.Displaced) != 1 {
			t.Errorf("%+v", taken)
		}
		return err
	})
	w.mustBook(w.order(north(0)), wang.ID, "+1 10:00", "+1 11:00")
	_, err = w.book(w.order(north(0)), li.ID, "16:00", "17:00", func(b *dispatch.Booking) { b.Helpers = []uuid.UUID{li.ID} })
	refused(t, err, "helper_is_lead")
	w.sound()
}

// What only PostgreSQL can refuse for certain, tried past the board.
func TestWhatTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.engineer("李师傅", nil), w.engineer("王师傅", nil, func(e *dispatch.EngineerInput) { e.RegionCodes = []string{"310000"} })
	plain := w.engineer("没有技能", nil, func(e *dispatch.EngineerInput) { e.Skills = nil })
	job := w.order(north(0))
	booked := w.mustBook(job, li.ID, "10:00", "11:00")
	var shift struct {
		ID       uuid.UUID
		From, To time.Time
	}
	if err := w.db.NewRaw(`SELECT id, lower(during) AS "from", upper(during) AS "to" FROM shifts WHERE engineer_id = ? ORDER BY during LIMIT 1`, li.ID).Scan(w.ctx, &shift); err != nil {
		t.Fatal(err)
	}
	insert := func(order, engineer uuid.UUID, from, to, blockedFrom string, more string) string {
		return fmt.Sprintf(`INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, created_at, %s
			'%s', %d, '%s', '%s', %d, '%s', tstzrange('%s', '%s'), tstzrange('%s', '%s'), '%s', %%s)`, more, id(), w.head, order, engineer, w.head, "dispatched",
			at(from).Format(time.RFC3339), at(to).Format(time.RFC3339), at(blockedFrom).Format(time.RFC3339), at(to).Format(time.RFC3339), w.clock.Format(time.RFC3339))
	}
	override := func(order, engineer uuid.UUID, from, to, blockedFrom string) string {
		return fmt.Sprintf(insert(order, engineer, from, to, blockedFrom, "override_reason) VALUES ("), "'x'")
	}
	fresh := func() uuid.UUID { return w.order(north(0)).OrderID }
	leave := fmt.Sprintf("INSERT INTO absences (id, org_id, engineer_id, during, state, requested_at, decided_at) VALUES ('%%s', %d, '%s', tstzrange('%s', '%s'), 'approved', '%s', '%s')",
		w.head, li.ID, at("10:30").Format(time.RFC3339), at("12:00").Format(time.RFC3339), w.clock.Format(time.RFC3339), w.clock.Format(time.RFC3339))
	away := id()
	for _, c := range []struct{ name, constraint, sql string }{
		{"two visits at once", "diary_no_overlap", override(fresh(), li.ID, "10:30", "11:30", "10:30")},
		{"a way across a visit", "diary_no_overlap", override(fresh(), li.ID, "11:10", "11:30", "10:50")},
		{"leave over a visit", "diary_no_overlap", fmt.Sprintf(leave, away) + fmt.Sprintf("; INSERT INTO diary (id, org_id, engineer_id, during, kind, absence_id) SELECT '%s', org_id, engineer_id, during, 'leave', id FROM absences WHERE id = '%s'", id(), away)},
		{"outside the shift without a reason", "visits_inside_shift", fmt.Sprintf(insert(fresh(), li.ID, "19:00", "20:00", "19:00", "trip_id) VALUES ("), "NULL")},
		{"a second open visit of the order", "visits_one_open_per_order", override(job.OrderID, wang.ID, "14:00", "15:00", "14:00")},
		{"a region he does not serve", "visits_qualified_region", fmt.Sprintf(insert(fresh(), wang.ID, "10:00", "11:00", "10:00", "trip_id) VALUES ("), "NULL")},
		{"a skill he lacks", "visits_qualified_skill", fmt.Sprintf(insert(fresh(), plain.ID, "10:00", "11:00", "10:00", "trip_id) VALUES ("), "NULL")},
		{"work outside the blocked time", "visits_travel_inside", override(fresh(), li.ID, "14:00", "15:00", "14:30")},
		{"on site without arrival", "visits_arrived", fmt.Sprintf("UPDATE visits SET state = 'on_site' WHERE id = '%s'", booked.ID)},
		{"on the way without departure", "visits_departed", fmt.Sprintf("UPDATE visits SET state = 'en_route' WHERE id = '%s'", booked.ID)},
		{"finished from dispatched", "visits_legal_move", fmt.Sprintf("UPDATE visits SET state = 'finished', finished_at = '%s', outcome = 'done' WHERE id = '%s'", w.clock.Format(time.RFC3339), booked.ID)},
		{"cancelled without a reason", "visits_ended_reason", fmt.Sprintf("UPDATE visits SET state = 'cancelled', ended_at = '%s' WHERE id = '%s'", w.clock.Format(time.RFC3339), booked.ID)},
		{"an outcome before the end", "visits_finished_with_outcome", fmt.Sprintf("UPDATE visits SET outcome = 'done' WHERE id = '%s'", booked.ID)},
		{"an unknown cause", "visits_ended_cause_check", fmt.Sprintf("UPDATE visits SET ended_cause = 'fate' WHERE id = '%s'", booked.ID)},
		{"another organisation's visit", "visits_identity_fixed", fmt.Sprintf("UPDATE visits SET org_id = org_id + 1 WHERE id = '%s'", booked.ID)},
		{"a shift shrunk under a visit", "visits_shift_as_seen", fmt.Sprintf("UPDATE shifts SET during = tstzrange(lower(during), '%s') WHERE id = '%s'", at("10:30").Format(time.RFC3339), shift.ID)},
		{"a shift taken away under a visit", "visits_shift_as_seen", fmt.Sprintf("DELETE FROM shifts WHERE id = '%s'", shift.ID)},
		{"two shifts at once", "shifts_no_overlap", fmt.Sprintf("INSERT INTO shifts VALUES ('%s', %d, '%s', tstzrange('%s', '%s'))", id(), w.head, li.ID, at("17:00").Format(time.RFC3339), at("20:00").Format(time.RFC3339))},
		{"a shift of two days", "shifts_bounded", fmt.Sprintf("INSERT INTO shifts VALUES ('%s', %d, '%s', tstzrange('%s', '%s'))", id(), w.head, li.ID, at("+8 08:00").Format(time.RFC3339), at("+10 08:00").Format(time.RFC3339))},
		{"a diary written past the visits", "diary_written_by_visits", fmt.Sprintf("DELETE FROM diary WHERE visit_id = '%s'", booked.ID)},
		{"leave without an absence", "diary_leave_kind", fmt.Sprintf("INSERT INTO diary (id, org_id, engineer_id, during, kind) VALUES ('%s', %d, '%s', tstzrange('%s', '%s'), 'leave')", id(), w.head, li.ID, at("14:00").Format(time.RFC3339), at("15:00").Format(time.RFC3339))},
		{"an absence without end", "absences_bounded", fmt.Sprintf("INSERT INTO absences (id, org_id, engineer_id, during, state, requested_at) VALUES ('%s', %d, '%s', tstzrange('%s', NULL), 'requested', '%s')", id(), w.head, li.ID, at("14:00").Format(time.RFC3339), w.clock.Format(time.RFC3339))},
		{"an absence born rejected", "absences_legal_move", fmt.Sprintf("INSERT INTO absences (id, org_id, engineer_id, during, state, requested_at, decided_at) VALUES ('%s', %d, '%s', tstzrange('%s', '%s'), 'rejected', '%s', '%s')", id(), w.head, li.ID, at("14:00").Format(time.RFC3339), at("15:00").Format(time.RFC3339), w.clock.Format(time.RFC3339), w.clock.Format(time.RFC3339))},
		{"a skill twice as high", "engineer_skills_level_check", fmt.Sprintf("UPDATE engineer_skills SET level = 9 WHERE engineer_id = '%s'", li.ID)},
		{"half a home", "engineers_home", fmt.Sprintf("UPDATE engineers SET home_lat = 1 WHERE id = '%s'", li.ID)},
	} {
		err := w.try(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
			for one := range strings.SplitSeq(c.sql, "; ") {
				if _, err := tx.ExecContext(ctx, one); err != nil {
					return err
				}
			}
			return nil
		})
		if got := fault.Constraint(err); got != c.constraint {
			t.Errorf("%s: refused by %q (%v), want %s", c.name, got, err, c.constraint)
		}
	}
	w.sound()
}

func TestRegionAndSkillAreAskedOfTodaysRowsUnlessSomebodySaysWhyNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	book := func(job dispatch.Job, why string) error {
		return w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
			_, err := b.Book(ctx, dispatch.Booking{OrgID: w.head, OrderID: job.OrderID, EngineerID: li.ID, StartsAt: at("10:00"), EndsAt: at("11:00"), OverrideReason: why})
			return err
		})
	}
	before := w.mustBook(w.order(north(0)), li.ID, "14:00", "15:00")
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.PatchEngineer(ctx, office.Scope(), li.ID, dispatch.EngineerPatch{RegionCodes: &[]string{"310000"}}, 0)
		return err
	})
	refused(t, book(w.order(north(0)), ""), "visits_qualified_region")
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.PatchEngineer(ctx, office.Scope(), li.ID, dispatch.EngineerPatch{RegionCodes: &[]string{"110105001"}, Skills: &[]dispatch.Ability{}}, 0)
		return err
	})
	refused(t, book(w.order(north(0)), ""), "visits_qualified_skill")
	if err := book(w.order(north(0)), "只有他在附近"); err != nil {
		t.Error(err)
	}
	// What was booked while he was qualified goes on.
	if v := w.mustDo(before.ID, "accept", dispatch.Act{}); v.State != dispatch.Accepted {
		t.Error(v.State)
	}
	w.sound()
}

// Two dispatchers look at the same gap; what the first books leaves the second no time for the way.
func TestAGapSeenByTwoIsTakenByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	near, far := w.order(north(0)), w.order(north(9000))
	seen, err := w.board.Judge(w.ctx, office.Scope(), near, li.ID, at("10:00"), at("11:00"))
	if err != nil || !seen.Eligible {
		t.Fatalf("%v\n%s", err, all(seen))
	}
	w.mustBook(far, li.ID, "11:05", "12:00") // leaves at 10:44
	err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.Book(ctx, dispatch.Booking{OrgID: w.head, OrderID: near.OrderID, EngineerID: li.ID, StartsAt: at("10:00"), EndsAt: at("11:00"), Judged: seen})
		return err
	})
	refused(t, err, "engineer_busy")
	w.sound()
}

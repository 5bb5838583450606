package dispatch_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/audit"
	"paigong/inventory"
)

// What candidates remember between questions is never older than the question: after every kind of change
// that they depend on, whoever made it, they say what somebody says who reads everything.
func TestCandidatesRememberNothingThatChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.engineer("李师傅", north(0)), w.engineer("王师傅", north(4000))
	w.engineer("张师傅", north(9000))
	part := w.part("R32", 1)
	store := w.place("WH", "望京网点", "outlet", nil, north(-2000), part.PartID, 9)
	first := w.order(north(1000))
	booked := w.mustBook(first, li.ID, "09:00", "10:00")
	window := []dispatch.Span{{From: at("08:00"), To: at("12:00")}}
	job := w.order(north(2000), func(j *dispatch.Job) { j.Windows = window })
	withPart := w.order(north(2500), func(j *dispatch.Job) { j.Windows, j.Parts = window, []inventory.Need{part} })

	short := w.order(north(1500), func(j *dispatch.Job) {
		j.Windows, j.Duration = []dispatch.Span{{From: at("10:00"), To: at("10:40")}}, 5*time.Minute
	})

	answers := func(b dispatch.Board) [][]dispatch.Candidate {
		var out [][]dispatch.Candidate
		for _, j := range []dispatch.Job{job, withPart, short} {
			found, err := b.Candidates(w.ctx, office.Scope(), j, 0)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, found)
		}
		return out
	}
	was := answers(w.board)
	see := func(what string) {
		t.Helper()
		reads := dispatch.New(w.db, w.stock, func() time.Time { return w.clock }, dispatch.Settings{})
		remembers, truth := answers(w.board), answers(reads)
		if !reflect.DeepEqual(remembers, truth) {
			t.Errorf("%s is not noticed:\n%s\nbut\n%s", what, all(remembers[0][0]), all(truth[0][0]))
		}
		if reflect.DeepEqual(truth, was) {
			t.Errorf("%s changes nothing, so nothing is shown by it", what)
		}
		was = truth
	}
	sql := func(query string, args ...any) {
		t.Helper()
		w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
			_, err := tx.NewRaw(query, args...).Exec(ctx)
			return err
		})
	}
	site := func(order uuid.UUID) (site uuid.UUID) {
		t.Helper()
		if err := w.db.NewRaw("SELECT site_id FROM work_orders WHERE id = ?", order).Scan(w.ctx, &site); err != nil {
			t.Fatal(err)
		}
		return site
	}

	sql("UPDATE engineers SET home_lat = home_lat + 0.03 WHERE id = ?", li.ID)
	see("another home")
	sql("UPDATE engineers SET name = '李大师傅' WHERE id = ?", li.ID)
	see("another name")
	sql("UPDATE engineers SET max_visits = 1 WHERE id = ?", li.ID)
	see("fewer visits a day")
	sql("UPDATE engineers SET max_visits = 12 WHERE id = ?", li.ID)
	see("more visits a day")
	sql("DELETE FROM engineer_skills WHERE engineer_id = ?", wang.ID)
	see("a skill lost")
	sql("INSERT INTO engineer_skills (engineer_id, skill_code) VALUES (?, 'cooling')", wang.ID)
	see("a skill learnt")
	sql("UPDATE engineer_regions SET helps_out = true WHERE engineer_id = ?", wang.ID)
	see("somebody who only helps out")
	sql("UPDATE engineer_regions SET region_code = '310000' WHERE engineer_id = ?", wang.ID)
	see("another region")
	sql("UPDATE engineer_regions SET region_code = '110105', helps_out = false WHERE engineer_id = ?", wang.ID)
	see("the region again")
	sql("UPDATE engineers SET active = false WHERE id = ?", wang.ID)
	see("somebody who left")
	sql("UPDATE engineers SET active = true WHERE id = ?", wang.ID)
	see("somebody who is back")
	w.engineer("赵师傅", north(500))
	see("somebody new")
	sql("DELETE FROM shifts WHERE engineer_id = ? AND lower(during) = ?", wang.ID, at("08:00"))
	see("no shift")
	sql("INSERT INTO shifts (id, org_id, engineer_id, during) VALUES (?, ?, ?, tstzrange(?, ?))", id(), w.head, wang.ID, at("09:30"), at("18:00"))
	see("a later shift")
	var leave dispatch.AbsenceTaken
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
		leave, err = b.AddAbsence(ctx, office, wang.ID, dispatch.AbsenceInput{StartsAt: at("09:00"), EndsAt: at("11:00"), Kind: text("leave")})
		return err
	})
	see("leave")
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.WithdrawAbsence(ctx, office, leave.Absence.ID, "回来了")
		return err
	})
	see("leave withdrawn")
	sql("UPDATE sites SET lat = lat + 0.04 WHERE id = ?", site(first.OrderID))
	see("the customer's place moved")
	other := w.order(north(7000))
	sql("UPDATE work_orders SET site_id = ? WHERE id = ?", site(other.OrderID), first.OrderID)
	see("the order at another place")
	v := w.mustBook(other, wang.ID, "10:30", "11:30")
	see("a booking")
	sql("UPDATE visits SET planned = tstzrange(?, ?), blocked = tstzrange(?, ?) WHERE id = ?", at("10:00"), at("10:40"), at("10:00"), at("10:40"), v.ID)
	see("a booking moved")
	var shift uuid.UUID
	if err := w.db.NewRaw("SELECT id FROM shifts WHERE engineer_id = ? AND during @> ?::timestamptz", li.ID, at("11:00")).Scan(w.ctx, &shift); err != nil {
		t.Fatal(err)
	}
	sql("UPDATE visits SET engineer_id = ?0, shift_id = ?1, shift_during = (SELECT during FROM shifts WHERE id = ?1), planned = tstzrange(?2, ?3), blocked = tstzrange(?2, ?3) WHERE id = ?4", li.ID, shift, at("11:00"), at("11:40"), v.ID)
	see("a booking given to somebody else")
	sql("INSERT INTO pickups (id, org_id, number, visit_id, order_id, place_id, engineer_id, needed_by, state, created_at) VALUES (?, ?, 'PK-1', ?, ?, ?, ?, ?, 'to_pick', ?)",
		id(), w.head, v.ID, other.OrderID, store, li.ID, at("10:45"), w.clock)
	sql("UPDATE visits SET blocked = tstzrange(?, upper(blocked)) WHERE id = ?", at("10:20"), v.ID)
	see("a fetch on the way")
	sql("UPDATE places SET lat = lat + 0.06 WHERE id = ?", store)
	see("the store moved")
	sql("UPDATE pickups SET state = 'cancelled', ended_at = ?, why = 'no' WHERE visit_id = ?", w.clock, v.ID)
	see("a fetch called off")
	w.clock = at("09:00")
	for _, act := range []string{"accept", "depart", "arrive"} {
		w.mustDo(booked.ID, act, dispatch.Act{})
	}
	was = answers(w.board)
	w.clock = at("10:50")
	see("a visit that lasts until now")

	// A transaction that began before a question and ends after it: invisible until then, and noticed
	// then although its number is older than what was seen.
	tx, err := w.db.BeginTx(w.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := audit.Act(w.ctx, tx, "test", w.clock); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(w.ctx, "UPDATE engineers SET name = '王大师傅' WHERE id = ?", wang.ID); err != nil {
		t.Fatal(err)
	}
	sql("UPDATE engineers SET name = '李小师傅' WHERE id = ?", li.ID)
	see("a later transaction that ended first")
	inside, err := w.board.In(tx).Candidates(w.ctx, office.Scope(), job, 0)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(inside, was[0]) {
		t.Error("inside the transaction its own change is not seen")
	}
	if !reflect.DeepEqual(answers(w.board), was) {
		t.Error("what nobody committed is seen outside")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	see("an earlier transaction that ended later")
}

// Many ask while somebody writes; in the end all agree with the ledger.
func TestManyAskWhileSomebodyBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	w.engineer("王师傅", north(3000))
	job := w.order(north(2000), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("08:00"), To: at("18:00")}} })
	var orders []dispatch.Job
	for range 6 {
		orders = append(orders, w.order(north(1500)))
	}
	done := make(chan struct{})
	var askers sync.WaitGroup
	for range 4 {
		askers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := w.board.Candidates(w.ctx, office.Scope(), job, 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for k, o := range orders {
		w.mustBook(o, li.ID, fmt.Sprintf("%02d:00", 8+k), fmt.Sprintf("%02d:50", 8+k))
		// A question that begins now knows the booking, whatever the others are doing.
		reads := dispatch.New(w.db, w.stock, func() time.Time { return w.clock }, dispatch.Settings{})
		want, err := reads.Candidates(w.ctx, office.Scope(), job, 0)
		if err != nil {
			t.Error(err)
		}
		if got := w.candidates(job); !reflect.DeepEqual(got, want) {
			t.Errorf("after booking %d the answer is another one:\n%s\nbut\n%s", k+1, all(got[0]), all(want[0]))
		}
	}
	close(done)
	askers.Wait()
}

package aftercare_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/postgres/pgtest"
	"paigong/workorders/aftercare"
)

// monday is an ordinary Monday morning in Shanghai: the two weeks after it hold no holiday.
var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, calendar.Shanghai())

// desk is a company with a head office, a partner, an engineer and a customer, and a clock that tests move.
type desk struct {
	*testing.T
	db            *bun.DB
	now           time.Time
	promises      aftercare.Promises
	hq, partner   int32
	customer, eng uuid.UUID
	caller, other auth.Caller // ring customers
	boss, theirs  auth.Caller
	clerk         auth.Caller // may see complaints, but not everything in them
	engineer1     auth.Caller
}

func open(t *testing.T) *desk {
	t.Parallel()
	d := &desk{T: t, db: pgtest.New(t), now: monday, customer: id(), eng: id()}
	d.promises = aftercare.New(d.db, func() time.Time { return d.now })
	d.do(func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewRaw("INSERT INTO organisations (code, name, kind, created_at) VALUES ('HQ', '总部', 'head', ?) RETURNING id", monday).Scan(ctx, &d.hq); err != nil {
			return err
		}
		if err := tx.NewRaw("INSERT INTO organisations (parent_id, code, name, kind, created_at) VALUES (?, 'P1', '网点', 'partner', ?) RETURNING id", d.hq, monday).Scan(ctx, &d.partner); err != nil {
			return err
		}
		if _, err := tx.NewRaw("INSERT INTO customers (id, org_id, number, name, phone, created_at) VALUES (?, ?, 'CU-1', '王芳', '+8613812345678', ?)", d.customer, d.hq, monday).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO engineers (id, org_id, name, created_at) VALUES (?, ?, '李师傅', ?)", d.eng, d.hq, monday).Exec(ctx)
		return err
	})
	who := func(login string, org int32, roles ...auth.Role) auth.Caller {
		return auth.Caller{UserID: id(), Login: login, Roles: roles, OrgID: org}
	}
	d.caller, d.other = who("caller", d.hq, auth.CallerRole).Within(d.hq, d.partner), who("caller2", d.hq, auth.CallerRole).Within(d.hq, d.partner)
	d.boss, d.clerk = who("manager", d.hq, auth.Manager).Within(d.hq, d.partner), who("clerk", d.hq, auth.Clerk).Within(d.hq, d.partner)
	d.theirs = who("partner", d.partner, auth.PartnerDispatcher).Within(d.partner)
	d.engineer1 = who("engineer1", d.hq, auth.Engineer).Within(d.hq)
	d.engineer1.EngineerID = &d.eng
	return d
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (d *desk) try(fn func(ctx context.Context, tx bun.Tx) error) error {
	return fault.FromSQL(d.db.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
		if err := audit.Act(ctx, tx, "test", d.now); err != nil {
			return err
		}
		return fn(ctx, tx)
	}))
}

func (d *desk) do(fn func(ctx context.Context, tx bun.Tx) error) {
	d.Helper()
	if err := d.try(fn); err != nil {
		d.Fatal(err)
	}
}

// in runs fn on the promises inside a transaction.
func (d *desk) in(fn func(ctx context.Context, p aftercare.Promises) error) error {
	return d.try(func(ctx context.Context, tx bun.Tx) error { return fn(ctx, d.promises.In(tx)) })
}

func (d *desk) must(fn func(ctx context.Context, p aftercare.Promises) error) {
	d.Helper()
	if err := d.in(fn); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) refused(code string, fn func(ctx context.Context, p aftercare.Promises) error) {
	d.Helper()
	if err := d.in(fn); !fault.HasCode(err, code) {
		d.Errorf("got %v, want the refusal %s", err, code)
	}
}

func (d *desk) exec(ctx context.Context, tx bun.Tx, sql string, args ...any) error {
	_, err := tx.NewRaw(sql, args...).Exec(ctx)
	return err
}

// order is an order in progress, owned by head office.
func (d *desk) order(serving int32) uuid.UUID {
	d.Helper()
	order := id()
	d.do(func(ctx context.Context, tx bun.Tx) error {
		if err := d.exec(ctx, tx, "INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, summary, customer_id, created_at) VALUES (?, ?, ?, ?, 'repair', '不制冷', ?, ?)", order, d.hq, serving, "WO-"+order.String(), d.customer, d.now); err != nil {
			return err
		}
		for _, state := range []string{"ready", "assigned", "in_progress"} {
			if err := d.exec(ctx, tx, "UPDATE work_orders SET state = ?, engineer_id = ?, engineer_org_id = ? WHERE id = ?", state, d.eng, d.hq, order); err != nil {
				return err
			}
		}
		return nil
	})
	return order
}

func (d *desk) complete(ctx context.Context, tx bun.Tx, order uuid.UUID) error {
	return d.exec(ctx, tx, "UPDATE work_orders SET state = 'completed', finished_at = ? WHERE id = ?", d.now, order)
}

func (d *desk) plan(order uuid.UUID) aftercare.Plan {
	return aftercare.Plan{OrgID: d.hq, OrderID: &order, CustomerID: &d.customer, Kind: "repair", FinishedAt: d.now, HandedInAt: d.now, Zone: "Asia/Shanghai"}
}

// finished is an order that was completed now, with its call.
func (d *desk) finished(serving int32) (uuid.UUID, aftercare.FollowUp) {
	d.Helper()
	order := d.order(serving)
	var f aftercare.FollowUp
	d.do(func(ctx context.Context, tx bun.Tx) (err error) {
		if f, err = d.promises.In(tx).ScheduleFollowUp(ctx, d.plan(order)); err != nil {
			return err
		}
		return d.complete(ctx, tx, order)
	})
	return order, f
}

func (d *desk) attempt(by auth.Caller, f uuid.UUID, in aftercare.AttemptInput) (out aftercare.AttemptResult, err error) {
	err = d.in(func(ctx context.Context, p aftercare.Promises) (err error) {
		out, err = p.Attempt(ctx, by, f, in)
		return err
	})
	return out, err
}

func (d *desk) at(s string) {
	d.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Shanghai())
	if err != nil {
		d.Fatal(err)
	}
	d.now = t
}

// tick runs what the clock does every minute.
func (d *desk) tick() {
	d.Helper()
	for _, task := range []func(p aftercare.Promises, ctx context.Context) (bool, error){aftercare.Promises.DueFollowUps, aftercare.Promises.GiveUpFollowUps, aftercare.Promises.EscalateClocks} {
		for more := true; more; {
			d.must(func(ctx context.Context, p aftercare.Promises) (err error) { more, err = task(p, ctx); return err })
		}
	}
}

// sound runs the checks the product ships.
func (d *desk) sound() {
	d.Helper()
	for _, c := range aftercare.Checks {
		var n int
		if err := d.db.NewRaw(c.SQL).Scan(context.Background(), &n); err != nil || n != 0 {
			d.Errorf("%s: %d violations (%v)", c.Name, n, err)
		}
	}
}

func (d *desk) count(sql string, args ...any) (n int) {
	d.Helper()
	if err := d.db.NewRaw(sql, args...).Scan(context.Background(), &n); err != nil {
		d.Fatal(err)
	}
	return n
}

func (d *desk) followUp(f uuid.UUID) aftercare.FollowUp {
	d.Helper()
	got, err := d.promises.FollowUp(context.Background(), d.caller.Scope(), f)
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func TestAFinishedOrderHasExactlyOneCall(t *testing.T) {
	d := open(t)
	order := d.order(d.hq)
	constraint := func(what, want string, fn func(ctx context.Context, tx bun.Tx) error) {
		t.Helper()
		if err := d.try(fn); fault.Constraint(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	constraint("completed without a call", "work_orders_completed_follow_up", func(ctx context.Context, tx bun.Tx) error { return d.complete(ctx, tx, order) })
	constraint("cannot complete without a call", "work_orders_completed_follow_up", func(ctx context.Context, tx bun.Tx) error {
		return d.exec(ctx, tx, "UPDATE work_orders SET state = 'cannot_complete', end_reason = 'no_part', finished_at = ? WHERE id = ?", d.now, order)
	})
	var f aftercare.FollowUp
	d.do(func(ctx context.Context, tx bun.Tx) (err error) {
		if err := d.complete(ctx, tx, order); err != nil {
			return err
		}
		f, err = d.promises.In(tx).ScheduleFollowUp(ctx, d.plan(order))
		return err
	})
	if f.Kind != "after_visit" || f.State != aftercare.Scheduled || f.Window.From.String() != "2026-03-04" || f.Window.To.String() != "2026-03-05" || f.DueOn != f.Window.From || !strings.HasPrefix(f.Number, "FU-2026-") ||
		f.CustomerName != "王芳" || f.Phone != "+8613812345678" || f.Engineer != "李师傅" || *f.OrderID != order || f.CalendarGuess {
		t.Errorf("scheduled %+v", f)
	}
	d.refused("follow_ups_one_main", func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.ScheduleFollowUp(ctx, d.plan(order))
		return err
	})
	constraint("superseded alone", "work_orders_completed_follow_up", func(ctx context.Context, tx bun.Tx) error {
		return d.promises.In(tx).Supersede(ctx, order, "x")
	})
	constraint("deleted", "work_orders_completed_follow_up", func(ctx context.Context, tx bun.Tx) error {
		return d.exec(ctx, tx, "DELETE FROM follow_ups WHERE order_id = ?", order)
	})
	constraint("given to another order", "work_orders_completed_follow_up", func(ctx context.Context, tx bun.Tx) error {
		return d.exec(ctx, tx, "UPDATE follow_ups SET order_id = ? WHERE order_id = ?", d.order(d.hq), order)
	})
	if _, err := d.attempt(d.caller, f.ID, aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 5}}); err != nil {
		t.Fatal(err)
	}
	// Opened again: the call is superseded and keeps its attempts, the next sheet makes another.
	d.do(func(ctx context.Context, tx bun.Tx) error {
		if err := d.promises.In(tx).Supersede(ctx, order, "又坏了"); err != nil {
			return err
		}
		return d.exec(ctx, tx, "UPDATE work_orders SET state = 'ready', finished_at = NULL, reopened = 1 WHERE id = ?", order)
	})
	d.do(func(ctx context.Context, tx bun.Tx) error {
		for _, state := range []string{"assigned", "in_progress"} {
			if err := d.exec(ctx, tx, "UPDATE work_orders SET state = ? WHERE id = ?", state, order); err != nil {
				return err
			}
		}
		if _, err := d.promises.In(tx).ScheduleFollowUp(ctx, d.plan(order)); err != nil {
			return err
		}
		return d.complete(ctx, tx, order)
	})
	all, err := d.promises.OfOrder(context.Background(), order)
	if err != nil || len(all) != 2 || all[0].State != aftercare.Superseded || all[0].Attempts != 1 || all[0].SupersededBy == nil || *all[0].SupersededBy != all[1].ID || all[1].State != aftercare.Scheduled {
		t.Errorf("calls of the order: %+v (%v)", all, err)
	}
	d.refused("follow_up_legal_move", func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.Attempt(ctx, d.caller, f.ID, aftercare.AttemptInput{Outcome: "reached"})
		return err
	})
	d.sound()
}

func TestCompletingAndReopeningSideBySide(t *testing.T) {
	d := open(t)
	order := d.order(d.hq)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wait sync.WaitGroup
	for worker := range 6 {
		wait.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(worker)))
			for range 12 {
				err := d.try(func(ctx context.Context, tx bun.Tx) error {
					p := d.promises.In(tx)
					var state string
					if err := tx.NewRaw("SELECT state FROM work_orders WHERE id = ? FOR NO KEY UPDATE", order).Scan(ctx, &state); err != nil {
						return err
					}
					switch dice.IntN(5) {
					case 0:
						return d.complete(ctx, tx, order) // without a call
					case 1:
						return p.Supersede(ctx, order, "x") // of whatever state
					case 2:
						_, err := p.ScheduleFollowUp(ctx, d.plan(order)) // perhaps a second one
						return err
					}
					if state == "in_progress" {
						if _, err := p.ScheduleFollowUp(ctx, d.plan(order)); err != nil {
							return err
						}
						return d.complete(ctx, tx, order)
					}
					if err := p.Supersede(ctx, order, "x"); err != nil {
						return err
					}
					for _, state := range []string{"ready", "assigned", "in_progress"} {
						if err := d.exec(ctx, tx, "UPDATE work_orders SET state = ?, finished_at = NULL WHERE id = ?", state, order); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil && fault.As(err) == nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	d.sound()
}

func TestACallTakenAwayWhileItsOrderIsBeingCompleted(t *testing.T) {
	d := open(t)
	for range 12 {
		order := d.order(d.hq)
		d.must(func(ctx context.Context, p aftercare.Promises) error {
			_, err := p.ScheduleFollowUp(ctx, d.plan(order))
			return err
		})
		var wait sync.WaitGroup
		var completed, superseded error
		wait.Go(func() {
			completed = d.try(func(ctx context.Context, tx bun.Tx) error { return d.complete(ctx, tx, order) })
		})
		wait.Go(func() {
			superseded = d.in(func(ctx context.Context, p aftercare.Promises) error { return p.Supersede(ctx, order, "x") })
		})
		wait.Wait()
		// Either may win, never both, and whoever loses is told why.
		if (completed == nil) == (superseded == nil) {
			t.Errorf("completed: %v, superseded: %v", completed, superseded)
		}
		for _, err := range []error{completed, superseded} {
			if err != nil && fault.Constraint(err) != "work_orders_completed_follow_up" {
				t.Error(err)
			}
		}
	}
	d.sound()
}

func TestThreeTriesAndThenUnreachable(t *testing.T) {
	d := open(t)
	_, f := d.finished(d.hq)
	for _, step := range []struct {
		at, outcome string
		counted     bool
		early       bool
		next        string
		state       aftercare.FollowUpState
	}{
		{"2026-03-03 15:00", "busy", true, true, "2026-03-04 09:00", aftercare.Attempted},
		{"2026-03-04 09:30", "no_answer", true, false, "2026-03-04 17:00", aftercare.Attempted},
		{"2026-03-04 10:30", "no_answer", false, false, "2026-03-04 17:00", aftercare.Attempted},
		{"2026-03-04 18:00", "phone_off", true, false, "2026-03-05 09:00", aftercare.Attempted},
		{"2026-03-05 19:00", "wrong_number", true, false, "2026-03-06 09:00", aftercare.Attempted},
	} {
		d.at(step.at)
		d.tick()
		got, err := d.attempt(d.other, f.ID, aftercare.AttemptInput{Outcome: step.outcome})
		if err != nil {
			t.Fatal(err)
		}
		next := ""
		if got.FollowUp.NextAt != nil {
			next = got.FollowUp.NextAt.In(calendar.Shanghai()).Format("2006-01-02 15:04")
		}
		if got.Attempt.Counted != step.counted || got.Attempt.Early != step.early || next != step.next || got.FollowUp.State != step.state || got.Complaint != nil {
			t.Errorf("%s %s: counted %v, early %v, next %s, %s; want %+v", step.at, step.outcome, got.Attempt.Counted, got.Attempt.Early, next, got.FollowUp.State, step)
		}
	}
	if n := d.count("SELECT count(*) FROM messages WHERE key = 'message.customer.questionnaire' AND to_address = '+8613812345678'"); n != 1 {
		t.Errorf("%d questionnaires were sent", n)
	}
	d.at("2026-03-05 23:59")
	d.tick()
	if got := d.followUp(f.ID); got.State != aftercare.Attempted {
		t.Errorf("given up on the last day: %s", got.State)
	}
	d.at("2026-03-06 00:01")
	d.tick()
	if got := d.followUp(f.ID); got.State != aftercare.Unreachable || got.Attempts != 5 || got.CountedAttempts != 4 || len(got.Log) != 5 || got.DoneAt == nil {
		t.Errorf("in the end %+v", got)
	}
	// The customer rings back a week later.
	d.at("2026-03-12 10:00")
	got, err := d.attempt(d.caller, f.ID, aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 5, "product": 4}})
	if err != nil || got.FollowUp.State != aftercare.FollowedUp || *got.FollowUp.InWindow || !got.Attempt.Late || *got.FollowUp.Result != "satisfied" || got.FollowUp.Scores["product"] != 4 {
		t.Errorf("reached late: %+v (%v)", got, err)
	}
	d.refused("follow_up_legal_move", func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.Attempt(ctx, d.caller, f.ID, aftercare.AttemptInput{Outcome: "no_answer"})
		return err
	})
	d.sound()
}

func TestWhatACustomerSaysMakesTheNextStep(t *testing.T) {
	d := open(t)
	for _, c := range []struct {
		name     string
		in       aftercare.AttemptInput
		on       string
		result   string
		inWindow bool
		grade    string
		category string
		severity int
		code     string
	}{
		{name: "satisfied", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 5, "product": 5}}, on: "2026-03-04 10:00", result: "satisfied", inWindow: true},
		{name: "a low score grumbles", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 2, "product": 4}, Comment: "迟到"}, on: "2026-03-05 19:00", result: "dissatisfied", inWindow: true, grade: "grumble", severity: 1},
		{name: "about the product alone", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 5, "product": 1}}, on: "2026-03-04 10:00", result: "dissatisfied", inWindow: true, grade: "grumble", category: "product", severity: 1},
		{name: "the customer complains", in: aftercare.AttemptInput{Outcome: "reached", Next: "complaint", Comment: "要求退款"}, on: "2026-03-04 10:00", result: "dissatisfied", inWindow: true, grade: "complaint", severity: 2},
		{name: "a day too early", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 3}}, on: "2026-03-03 10:00", result: "neutral"},
		{name: "a day too late", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 4}}, on: "2026-03-06 10:00", result: "satisfied"},
		{name: "does not want to be asked", in: aftercare.AttemptInput{Outcome: "refused"}, on: "2026-03-04 10:00", inWindow: true},
		{name: "six points", in: aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": 6}}, on: "2026-03-04 10:00", code: "score_invalid"},
		{name: "scores of nobody", in: aftercare.AttemptInput{Outcome: "no_answer", Scores: aftercare.Scores{"service": 5}}, on: "2026-03-04 10:00", code: "score_without_customer"},
		{name: "no outcome", in: aftercare.AttemptInput{Outcome: "fine"}, on: "2026-03-04 10:00", code: "unknown_outcome"},
	} {
		d.now = monday
		order, f := d.finished(d.hq)
		d.at(c.on)
		got, err := d.attempt(d.caller, f.ID, c.in)
		if c.code != "" {
			if !fault.HasCode(err, c.code) {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		result := ""
		if got.FollowUp.Result != nil {
			result = *got.FollowUp.Result
		}
		if got.FollowUp.State != aftercare.FollowedUp || result != c.result || *got.FollowUp.InWindow != c.inWindow {
			t.Errorf("%s: %s, %q, in window %v", c.name, got.FollowUp.State, result, *got.FollowUp.InWindow)
		}
		if (got.Complaint != nil) != (c.grade != "") {
			t.Errorf("%s: complaint %+v", c.name, got.Complaint)
			continue
		}
		if x := got.Complaint; x != nil {
			if x.Grade != c.grade || x.Category != c.category || x.Severity != c.severity || *x.OrderID != order || *x.CustomerID != d.customer || *x.FollowUpID != f.ID || x.Level != 1 || x.State != aftercare.Registered || x.Text == "" ||
				!x.ReplyDueAt.Equal(d.now.Add(24*time.Hour)) || *got.Attempt.ComplaintID != x.ID {
				t.Errorf("%s: complaint %+v", c.name, x)
			}
			clocks, err := d.promises.Clocks(context.Background(), x.ID)
			if want := map[string]int{"grumble": 1, "complaint": 2}[c.grade]; err != nil || len(clocks) != want || clocks[0].Kind != "reply" || !clocks[0].DueAt.Equal(x.ReplyDueAt) || clocks[0].NextAt == nil {
				t.Errorf("%s: clocks %+v (%v)", c.name, clocks, err)
			}
		}
	}
	d.sound()
}

func TestACallPutLaterByTheListItselfIsStillInTime(t *testing.T) {
	d := open(t)
	d.at("2026-02-14 10:00") // the last working day before Spring Festival; everything falls due on the 24th
	days := map[string]bool{}
	var last aftercare.FollowUp
	for range 3 {
		_, f := d.finished(d.hq)
		days[f.DueOn.String()] = true
		last = f
	}
	if len(days) != 3 || !last.Shifted || last.Window.From.String() != "2026-02-24" || last.DueOn.String() != "2026-02-26" {
		t.Fatalf("three calls on %v, the last %+v", days, last)
	}
	for _, c := range []struct {
		at       string
		inWindow bool
	}{{"2026-02-26 16:00", true}, {"2026-02-27 09:00", false}} {
		d.at("2026-02-14 10:00")
		_, f := d.finished(d.hq)
		d.do(func(ctx context.Context, tx bun.Tx) error {
			return d.exec(ctx, tx, "UPDATE follow_ups SET due_on = '2026-02-26' WHERE id = ?", f.ID)
		})
		d.at(c.at)
		got, err := d.attempt(d.caller, f.ID, aftercare.AttemptInput{Outcome: "reached"})
		if err != nil || *got.FollowUp.InWindow != c.inWindow {
			t.Errorf("reached %s: in window %v (%v)", c.at, got.FollowUp.InWindow, err)
		}
	}
	d.sound()
}

func TestTwoCallersNeverRingOneCustomer(t *testing.T) {
	d := open(t)
	_, one := d.finished(d.hq)
	_, two := d.finished(d.hq)
	claim := func(by auth.Caller, f uuid.UUID) (got aftercare.FollowUp, err error) {
		err = d.in(func(ctx context.Context, p aftercare.Promises) (err error) {
			got, err = p.Claim(ctx, by, f)
			return err
		})
		return got, err
	}
	got, err := claim(d.caller, one.ID)
	if err != nil || len(got.Together) != 1 || got.Together[0].ID != two.ID || *got.ClaimedBy != d.caller.UserID {
		t.Fatalf("claimed %+v (%v)", got, err)
	}
	for _, f := range []uuid.UUID{one.ID, two.ID} {
		if _, err := claim(d.other, f); !fault.HasCode(err, "follow_up_claimed") {
			t.Errorf("claimed by two: %v", err)
		}
	}
	if _, err := claim(d.caller, two.ID); err != nil {
		t.Errorf("claimed again by the same: %v", err)
	}
	d.now = d.now.Add(15*time.Minute + time.Second)
	if _, err := claim(d.other, one.ID); err != nil {
		t.Errorf("after a quarter of an hour: %v", err)
	}
	// Whoever rang all the same may record it.
	if _, err := d.attempt(d.caller, one.ID, aftercare.AttemptInput{Outcome: "reached"}); err != nil {
		t.Errorf("recorded without a claim: %v", err)
	}
	if _, err := claim(d.other, one.ID); !fault.HasCode(err, "follow_up_not_open") {
		t.Errorf("claimed what is done: %v", err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	won := 0
	d.now = d.now.Add(time.Hour)
	for range 10 {
		by := d.caller
		by.UserID = id()
		wait.Go(func() {
			_, err := claim(by, two.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !fault.HasCode(err, "follow_up_claimed") {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if won != 1 {
		t.Errorf("%d callers have the same call", won)
	}
	d.sound()
}

func TestTheListOfCalls(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	_, first := d.finished(d.hq)
	_, served := d.finished(d.partner)
	d.now = monday.AddDate(0, 0, 1)
	order, later := d.finished(d.hq)
	list := func(by auth.Caller, f aftercare.FollowUpFilter) string {
		page, err := d.promises.FollowUps(ctx, by.Scope(), f)
		if err != nil {
			return err.Error()
		}
		var got []string
		for _, f := range page.Items {
			got = append(got, map[uuid.UUID]string{first.ID: "first", served.ID: "served", later.ID: "later"}[f.ID])
		}
		slices.Sort(got)
		return strings.Join(got, " ")
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error {
		if _, err := p.Waive(ctx, d.boss, later.ID, " "); !fault.HasCode(err, "reason_missing") {
			t.Errorf("waived without a word: %v", err)
		}
		n, err := p.Reassign(ctx, d.boss, nil, &d.caller.UserID)
		if n != 3 {
			t.Errorf("%d calls given to a caller", n)
		}
		return err
	})
	d.must(func(ctx context.Context, p aftercare.Promises) error {
		f, err := p.Waive(ctx, d.boss, later.ID, "客户要求免访")
		if err == nil && (f.State != aftercare.Waived || *f.EndReason != "客户要求免访" || f.DoneAt == nil) {
			t.Errorf("waived %+v", f)
		}
		return err
	})
	fourth, fifth := calendar.Must("2026-03-04"), calendar.Must("2026-03-05")
	nobody := id()
	for _, c := range []struct {
		name string
		by   auth.Caller
		f    aftercare.FollowUpFilter
		want string
	}{
		{"all", d.caller, aftercare.FollowUpFilter{}, "first later served"},
		{"open", d.caller, aftercare.FollowUpFilter{State: "open"}, "first served"},
		{"waived or done", d.caller, aftercare.FollowUpFilter{State: "waived,done"}, "later"},
		{"what is open until the fifth", d.caller, aftercare.FollowUpFilter{To: &fifth, State: "open"}, "first served"},
		{"on the fifth", d.caller, aftercare.FollowUpFilter{DueOn: &fifth}, "served"},
		{"on the fourth", d.caller, aftercare.FollowUpFilter{DueOn: &fourth}, "first"},
		{"from the fifth", d.caller, aftercare.FollowUpFilter{From: &fifth}, "later served"},
		{"of an order", d.caller, aftercare.FollowUpFilter{OrderID: &order}, "later"},
		{"of a caller", d.caller, aftercare.FollowUpFilter{AssigneeID: &d.caller.UserID, State: "open"}, "first served"},
		{"of another", d.caller, aftercare.FollowUpFilter{AssigneeID: &nobody}, ""},
		{"the partner sees those it serves", d.theirs, aftercare.FollowUpFilter{}, "served"},
		{"an engineer those of his visits", d.engineer1, aftercare.FollowUpFilter{}, ""},
	} {
		if got := list(c.by, c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := list(auth.Caller{}, aftercare.FollowUpFilter{}); !strings.Contains(got, "no_scope") {
		t.Errorf("nobody sees %q", got)
	}
	if _, err := d.promises.FollowUp(ctx, d.theirs.Scope(), first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the partner reads head office's call: %v", err)
	}
	one, err := d.promises.FollowUps(ctx, d.caller.Scope(), aftercare.FollowUpFilter{Ask: keyset.Ask{Limit: 2}})
	if err != nil || len(one.Items) != 2 || one.NextCursor == "" {
		t.Fatalf("first page %+v (%v)", one, err)
	}
	two, err := d.promises.FollowUps(ctx, d.caller.Scope(), aftercare.FollowUpFilter{Ask: keyset.Ask{Limit: 2, Cursor: one.NextCursor}})
	if err != nil || len(two.Items) != 1 || two.NextCursor != "" {
		t.Errorf("second page %+v (%v)", two, err)
	}
}

func TestCallsComeDueOnTheirDayHoweverManyPrograms(t *testing.T) {
	d := open(t)
	var calls []uuid.UUID
	for range 6 {
		_, f := d.finished(d.hq)
		calls = append(calls, f.ID)
	}
	var versions int
	d.at("2026-03-03 23:59")
	d.tick()
	if n := d.count("SELECT count(*) FROM follow_ups WHERE state = 'due'"); n != 0 {
		t.Errorf("%d calls are due a minute early", n)
	}
	d.at("2026-03-05 00:00")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { d.tick() })
	}
	wait.Wait()
	for _, f := range calls {
		got := d.followUp(f)
		versions += got.Version
		if got.State != aftercare.Due {
			t.Errorf("%s is %s", got.Number, got.State)
		}
	}
	if versions != 2*len(calls) {
		t.Errorf("rows were written %d times", versions)
	}
}

func TestAComplaintFromReplyToClose(t *testing.T) {
	d := open(t)
	order, f := d.finished(d.hq)
	var c aftercare.Complaint
	act := func(what string, in aftercare.ComplaintAct) error {
		return d.in(func(ctx context.Context, p aftercare.Promises) (err error) {
			var after aftercare.Complaint
			if what == "evidence" {
				after, err = p.AddEvidence(ctx, d.boss, c.ID, nil, aftercare.EvidenceInput{Record: in.Text, Note: "回访原话"})
			} else {
				after, err = p.ComplaintDo(ctx, d.boss, c.ID, what, in)
			}
			if err == nil {
				c = after
			}
			return err
		})
	}
	d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
		c, err = p.AddComplaint(ctx, d.caller, aftercare.ComplaintInput{WorkOrderID: &order, Grade: "complaint", Severity: 3, Category: "quality", Text: "修了三次还是坏"})
		return err
	})
	if c.State != aftercare.Registered || c.Level != 1 || *c.CustomerID != d.customer || !c.ReplyDueAt.Equal(d.now.Add(24*time.Hour)) || c.Number != "CP-2026-000001" {
		t.Fatalf("registered %+v", c)
	}
	if got := d.followUp(f.ID); got.State != aftercare.Suspended {
		t.Errorf("while a complaint is open the call is %s", got.State)
	}
	d.now = d.now.Add(2 * time.Hour)
	for i, step := range []struct {
		act  string
		in   aftercare.ComplaintAct
		code string
		want string // state level
	}{
		{"propose", aftercare.ComplaintAct{Proposal: "免费再修"}, "complaint_legal_move", ""},
		{"close", aftercare.ComplaintAct{Cause: "x"}, "complaint_not_settled", ""},
		{"escalate", aftercare.ComplaintAct{}, "", "registered 2"},
		{"verify", aftercare.ComplaintAct{Text: "查看维修单"}, "", "registered 2"},
		{"reply", aftercare.ComplaintAct{}, "text_missing", ""},
		{"reply", aftercare.ComplaintAct{Text: "明天上门"}, "", "investigating 2"},
		{"reply", aftercare.ComplaintAct{Text: "改为后天"}, "", "investigating 2"},
		{"close", aftercare.ComplaintAct{Cause: "x"}, "complaint_not_settled", ""},
		{"propose", aftercare.ComplaintAct{Proposal: "免费再修"}, "", "proposed 2"},
		{"refuse", aftercare.ComplaintAct{}, "", "refused 2"},
		{"close", aftercare.ComplaintAct{Cause: "x"}, "complaint_not_settled", ""},
		{"escalate", aftercare.ComplaintAct{}, "", "refused 3"},
		{"escalate", aftercare.ComplaintAct{}, "complaint_top_level", ""},
		{"propose", aftercare.ComplaintAct{Proposal: "换新机"}, "", "proposed 3"},
		{"refuse", aftercare.ComplaintAct{}, "", "refused 3"},
		{"close", aftercare.ComplaintAct{Cause: "x"}, "complaints_closed_with_evidence", ""},
		{"evidence", aftercare.ComplaintAct{Text: "WO-NONE"}, "evidence_unknown", ""},
		{"evidence", aftercare.ComplaintAct{}, "evidence_missing", ""},
		{"evidence", aftercare.ComplaintAct{Text: f.Number}, "", "refused 3"},
		{"evidence", aftercare.ComplaintAct{Text: f.Number}, "", "refused 3"}, // once is enough
		{"close", aftercare.ComplaintAct{}, "complaint_cause_missing", ""},
		{"close", aftercare.ComplaintAct{Cause: "压缩机批次缺陷", Resolution: "客户保留意见"}, "", "closed 3"},
		{"evidence", aftercare.ComplaintAct{Text: f.Number}, "complaint_legal_move", ""},
		{"reply", aftercare.ComplaintAct{Text: "再说一句"}, "complaint_legal_move", ""},
		{"dance", aftercare.ComplaintAct{}, "complaint_legal_move", ""},
	} {
		err := act(step.act, step.in)
		if step.code != "" {
			if !fault.HasCode(err, step.code) {
				t.Errorf("%d %s: %v, want %s", i, step.act, err, step.code)
			}
			continue
		}
		if got := fmt.Sprintf("%s %d", c.State, c.Level); err != nil || got != step.want {
			t.Errorf("%d %s: %s (%v), want %s", i, step.act, got, err, step.want)
		}
	}
	if len(c.Replies) != 2 || !c.RepliedAt.Equal(d.now) || c.Replies[0].Text != "明天上门" || len(c.Proposals) != 2 || c.Proposals[1].Answer != "refused" || c.RefusedOffers != 2 || *c.Cause != "压缩机批次缺陷" || c.Overdue || len(c.AllowedActions) != 0 {
		t.Errorf("closed %+v", c)
	}
	clocks, err := d.promises.Clocks(context.Background(), c.ID)
	if err != nil || len(clocks) != 2 || clocks[0].MetAt == nil || clocks[1].Kind != "settle" || clocks[1].MetAt == nil || clocks[1].DueAt.Sub(c.ReceivedAt) != 120*time.Hour {
		t.Errorf("clocks %+v (%v)", clocks, err)
	}
	if kept, err := d.promises.EvidenceOf(context.Background(), c.ID); err != nil || len(kept) != 1 || kept[0].Kind != "follow_up" || kept[0].Note != "回访原话" {
		t.Errorf("on file %+v (%v)", kept, err)
	}
	if got := d.followUp(f.ID); got.State != aftercare.Scheduled || got.DueOn.String() != "2026-03-04" || !got.Recalculated {
		t.Errorf("after the complaint the call is %s on %s", got.State, got.DueOn)
	}
	// A grumble ends with its reply.
	d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
		if c, err = p.AddComplaint(ctx, d.caller, aftercare.ComplaintInput{CustomerID: &d.customer, Grade: "grumble", Severity: 1, Text: "等太久"}); err != nil {
			return err
		}
		if c, err = p.ComplaintDo(ctx, d.boss, c.ID, "reply", aftercare.ComplaintAct{Text: "致歉"}); err != nil {
			return err
		}
		c, err = p.ComplaintDo(ctx, d.boss, c.ID, "close", aftercare.ComplaintAct{})
		return err
	})
	if c.State != aftercare.ClosedMatter {
		t.Errorf("a grumble with its reply is %s", c.State)
	}
	d.sound()
}

func TestWhoMayKnowOfAComplaint(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	order := d.order(d.partner)
	made := map[string]aftercare.Complaint{}
	for name, in := range map[string]aftercare.ComplaintInput{
		"plain":      {WorkOrderID: &order, Grade: "complaint", Severity: 2, Text: "x"},
		"misconduct": {WorkOrderID: &order, Grade: "complaint", Severity: 4, Category: "misconduct", Text: "x"},
		"secret":     {CustomerID: &d.customer, Grade: "complaint", Severity: 2, Text: "x", Confidential: true},
		"alone":      {Grade: "complaint", Severity: 1, Text: "匿名来信", Anonymous: true, Channel: "letter"},
	} {
		d.must(func(ctx context.Context, p aftercare.Promises) error {
			c, err := p.AddComplaint(ctx, d.boss, in)
			made[name] = c
			return err
		})
	}
	list := func(by auth.Caller) string {
		page, err := d.promises.Complaints(ctx, by, aftercare.ComplaintFilter{State: "open"})
		if err != nil {
			return err.Error()
		}
		var got []string
		for _, c := range page.Items {
			for name, m := range made {
				if m.ID == c.ID {
					got = append(got, name)
				}
			}
		}
		slices.Sort(got)
		return strings.Join(got, " ")
	}
	officer := auth.Caller{UserID: id(), Login: "complaints", Roles: []auth.Role{auth.ComplaintsOfficer}, OrgID: d.hq}.Within(d.hq, d.partner)
	for _, c := range []struct {
		who  string
		by   auth.Caller
		want string
	}{
		{"manager", d.boss, "alone misconduct plain secret"}, {"complaints officer", officer, "alone misconduct plain secret"}, {"clerk", d.clerk, "alone plain"},
		{"partner", d.theirs, "plain"}, {"engineer", d.engineer1, ""},
	} {
		if got := list(c.by); got != c.want {
			t.Errorf("%s knows of %q, want %q", c.who, got, c.want)
		}
	}
	d.refused("complaint_unknown", func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.ComplaintDo(ctx, d.clerk, made["misconduct"].ID, "reply", aftercare.ComplaintAct{Text: "x"})
		return err
	})
	d.refused("work_order_id_unknown", func(ctx context.Context, p aftercare.Promises) error {
		ours := d.order(d.hq)
		_, err := p.AddComplaint(ctx, d.theirs, aftercare.ComplaintInput{WorkOrderID: &ours, Grade: "complaint", Severity: 1, Text: "x"})
		return err
	})
	for code, in := range map[string]aftercare.ComplaintInput{
		"text_missing": {Grade: "complaint", Severity: 1}, "unknown_grade": {Grade: "x", Severity: 1, Text: "x"}, "severity_invalid": {Grade: "complaint", Severity: 5, Text: "x"},
		"unknown_category": {Grade: "complaint", Severity: 1, Text: "x", Category: "x"}, "received_in_future": {Grade: "complaint", Severity: 1, Text: "x", ReceivedAt: ptr(d.now.Add(time.Hour))},
	} {
		d.refused(code, func(ctx context.Context, p aftercare.Promises) error {
			_, err := p.AddComplaint(ctx, d.boss, in)
			return err
		})
	}
	d.sound()
}

func ptr[T any](v T) *T { return &v }

func TestOneClockPerMatter(t *testing.T) {
	d := open(t)
	request := id()
	received := d.now.Add(-5 * time.Hour)
	d.do(func(ctx context.Context, tx bun.Tx) error {
		if err := d.exec(ctx, tx, "INSERT INTO requests (id, org_id, number, channel, kind, summary, customer_id, received_at, registered_at, reply_due_at) VALUES (?, ?, 'SR-1', 'letter', 'complaint', 'x', ?, ?, ?, ?)",
			request, d.hq, d.customer, received, d.now, received.Add(24*time.Hour)); err != nil {
			return err
		}
		return d.promises.In(tx).StartClock(ctx, aftercare.Clock{OrgID: d.hq, SubjectKind: "request", SubjectID: request, Kind: "reply", DueAt: received.Add(24 * time.Hour)})
	})
	var c aftercare.Complaint
	d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
		c, err = p.AddComplaint(ctx, d.boss, aftercare.ComplaintInput{RequestID: &request, Channel: "letter", Grade: "complaint", Severity: 2, Text: "来信"})
		return err
	})
	if !c.ReceivedAt.Equal(received) || !c.ReplyDueAt.Equal(received.Add(24*time.Hour)) || *c.CustomerID != d.customer {
		t.Errorf("the complaint does not take over the request's clock: %+v", c)
	}
	if n := d.count("SELECT count(*) FROM clocks WHERE next_at IS NOT NULL AND kind = 'reply'"); n != 1 {
		t.Errorf("%d clocks run for one matter", n)
	}
	d.sound()
}

func TestEachRungIsToldOnceHoweverManyLookAndHoweverLongNobodyDid(t *testing.T) {
	d := open(t)
	add := func(received time.Time) uuid.UUID {
		t.Helper()
		var c aftercare.Complaint
		d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
			c, err = p.AddComplaint(ctx, d.boss, aftercare.ComplaintInput{CustomerID: &d.customer, Grade: "complaint", Severity: 2, Text: "x", ReceivedAt: &received})
			return err
		})
		return c.ID
	}
	rungsOf := func(kind string, c uuid.UUID) string {
		t.Helper()
		var rows []struct {
			Level  int  `bun:"level"`
			Passed bool `bun:"passed"`
		}
		if err := d.db.NewRaw("SELECT e.level, e.passed FROM escalations e JOIN clocks k ON k.id = e.clock_id WHERE k.subject_id = ? AND k.kind = ? ORDER BY e.level", c, kind).Scan(context.Background(), &rows); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			mark := ""
			if r.Passed {
				mark = "-"
			}
			got = append(got, fmt.Sprint(mark, r.Level))
		}
		return fmt.Sprintf("%s told %d", strings.Join(got, " "), d.count("SELECT count(*) FROM messages WHERE subject_id = ? AND key LIKE ?", c, "message.clock."+kind+".%"))
	}
	rungs := func(c uuid.UUID) string { return rungsOf("reply", c) }
	watched := add(d.now)
	for _, step := range []struct{ at, want string }{
		{"2026-03-02 17:59", " told 0"},
		{"2026-03-02 18:00", "1 told 1"},
		{"2026-03-03 09:59", "1 told 1"},
		{"2026-03-03 10:00", "1 2 told 2"},
		{"2026-03-03 13:59", "1 2 told 2"},
		{"2026-03-03 14:00", "1 2 3 told 3"},
		{"2026-03-04 10:00", "1 2 3 4 told 4"},
		{"2026-03-09 10:00", "1 2 3 4 told 4"},
	} {
		d.at(step.at)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() { d.tick() })
		}
		wait.Wait()
		if got := rungs(watched); got != step.want {
			t.Errorf("%s: %q, want %q", step.at, got, step.want)
		}
	}
	// A complaint of severity 2 should be over within seven days, by a ladder of its own.
	if got := rungsOf("settle", watched); got != "-1 2 told 1" {
		t.Errorf("not over after seven days: %q", got)
	}
	// The program was off for half a day over a deadline.
	d.at("2026-03-09 10:00")
	slept := add(d.now)
	d.at("2026-03-10 15:00")
	d.tick()
	if got := rungs(slept); got != "-1 -2 3 told 1" {
		t.Errorf("after the stop: %q", got)
	}
	// A letter that lay in the house for two days escalates at once, once.
	letter := add(d.now.Add(-48 * time.Hour))
	d.tick()
	d.tick()
	if got := rungs(letter); got != "-1 -2 -3 4 told 1" {
		t.Errorf("the letter: %q", got)
	}
	// A reply ends it, also on the ladder.
	answered := add(d.now)
	d.at("2026-03-11 15:00")
	d.must(func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.ComplaintDo(ctx, d.boss, answered, "reply", aftercare.ComplaintAct{Text: "已处理", At: ptr(d.now.Add(-time.Hour))})
		return err
	})
	d.at("2026-03-20 15:00")
	d.tick()
	if got := rungs(answered); got != " told 0" {
		t.Errorf("answered in time: %q", got)
	}
	d.sound()
}

func TestClocksPauseResumeAndStop(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	order := d.order(d.hq)
	due := d.now.Add(72 * time.Hour)
	start := func(kind string, due time.Time) {
		t.Helper()
		d.must(func(ctx context.Context, p aftercare.Promises) error {
			return p.StartClock(ctx, aftercare.Clock{OrgID: d.hq, SubjectKind: "work_order", SubjectID: order, Kind: kind, DueAt: due})
		})
	}
	one := func(kind string) aftercare.Clock {
		t.Helper()
		clocks, err := d.promises.Clocks(ctx, order)
		if err != nil {
			t.Fatal(err)
		}
		var last aftercare.Clock
		for _, k := range clocks {
			if k.Kind == kind {
				last = k
			}
		}
		return last
	}
	start("fix", due)
	d.must(func(ctx context.Context, p aftercare.Promises) error { return p.PauseClock(ctx, order, "fix", d.now) })
	d.now = d.now.Add(100 * time.Hour)
	d.tick()
	if k := one("fix"); k.Level != 0 || k.PausedAt == nil || k.NextAt != nil {
		t.Errorf("a paused clock climbed: %+v", k)
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error { return p.ResumeClock(ctx, order, "fix", d.now) })
	if k := one("fix"); !k.DueAt.Equal(due.Add(100*time.Hour)) || k.NextAt == nil {
		t.Errorf("resumed %+v", k)
	}
	start("fix", d.now.Add(time.Hour)) // a new target for the clock that runs
	if n := d.count("SELECT count(*) FROM clocks WHERE subject_id = ?", order); n != 1 {
		t.Errorf("%d clocks for one target", n)
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error { return p.MeetClock(ctx, order, "fix", d.now) })
	start("fix", d.now.Add(time.Hour)) // opened again: a new clock
	start("arrive", d.now.Add(time.Hour))
	if n := d.count("SELECT count(*) FROM clocks WHERE subject_id = ? AND next_at IS NOT NULL", order); n != 2 {
		t.Errorf("%d clocks run", n)
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error {
		if err := p.MeetClock(ctx, order, "promised", d.now); err != nil { // none runs: nothing to meet
			return err
		}
		return p.StopClocks(ctx, order, d.now)
	})
	d.now = d.now.AddDate(0, 1, 0)
	d.tick()
	if n := d.count("SELECT count(*) FROM escalations"); n != 0 {
		t.Errorf("%d rungs of stopped clocks", n)
	}
	d.sound()
}

func TestTheCallBackList(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	order := d.order(d.partner)
	add := func(by auth.Caller, in aftercare.CallbackInput) (b aftercare.Callback, err error) {
		err = d.in(func(ctx context.Context, p aftercare.Promises) (err error) {
			b, err = p.AddCallback(ctx, by, in)
			return err
		})
		return b, err
	}
	first, err := add(d.caller, aftercare.CallbackInput{Reason: "displaced", OrderID: &order, DueAt: d.now.Add(4 * time.Hour), Text: "李师傅病假"})
	if err != nil || first.State != aftercare.CallbackOpen || *first.CustomerID != d.customer || first.Phone != "+8613812345678" || first.OrderNumber == "" {
		t.Fatalf("added %+v (%v)", first, err)
	}
	again, err := add(d.caller, aftercare.CallbackInput{Reason: "displaced", OrderID: &order, DueAt: d.now.Add(time.Hour), Text: "又改期"})
	if err != nil || again.ID != first.ID || !again.DueAt.Equal(d.now.Add(time.Hour)) || again.Text != "李师傅病假\n又改期" {
		t.Errorf("added again %+v (%v)", again, err)
	}
	delay, err := add(d.caller, aftercare.CallbackInput{Reason: "delay", OrderID: &order})
	if err != nil || !delay.DueAt.Equal(d.now.Add(2*time.Hour)) {
		t.Errorf("without a time %+v (%v)", delay, err)
	}
	alone, err := add(d.caller, aftercare.CallbackInput{Reason: "missed_call", CustomerID: &d.customer, DueAt: d.now})
	if err != nil {
		t.Fatal(err)
	}
	for code, in := range map[string]aftercare.CallbackInput{"callbacks_about": {Reason: "delay"}, "unknown_reason": {Reason: "x", OrderID: &order}, "work_order_id_unknown": {Reason: "delay", OrderID: ptr(id())}} {
		if _, err := add(d.caller, in); !fault.HasCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	list := func(by auth.Caller, f aftercare.CallbackFilter) string {
		page, err := d.promises.Callbacks(ctx, by.Scope(), f)
		if err != nil {
			return err.Error()
		}
		var got []string
		for _, b := range page.Items {
			got = append(got, b.Reason)
		}
		return strings.Join(got, " ")
	}
	soon := d.now.Add(90 * time.Minute)
	for _, c := range []struct {
		by   auth.Caller
		f    aftercare.CallbackFilter
		want string
	}{
		{d.caller, aftercare.CallbackFilter{}, "missed_call displaced delay"}, {d.caller, aftercare.CallbackFilter{DueBefore: &soon}, "missed_call displaced"},
		{d.caller, aftercare.CallbackFilter{Reason: "delay"}, "delay"}, {d.theirs, aftercare.CallbackFilter{}, "displaced delay"}, {d.engineer1, aftercare.CallbackFilter{}, ""},
	} {
		if got := list(c.by, c.f); got != c.want {
			t.Errorf("%s lists %q, want %q", c.by.Login, got, c.want)
		}
	}
	call := func(b uuid.UUID, outcome string) (got aftercare.Callback, err error) {
		err = d.in(func(ctx context.Context, p aftercare.Promises) (err error) {
			got, err = p.CallbackAttempt(ctx, d.other, b, aftercare.CallbackAttemptInput{Outcome: outcome})
			return err
		})
		return got, err
	}
	if got, err := call(first.ID, "no_answer"); err != nil || got.State != aftercare.CallbackOpen || got.Attempts != 1 || !got.DueAt.Equal(d.now.Add(3*time.Hour)) {
		t.Errorf("not answered %+v (%v)", got, err)
	}
	if got, err := call(first.ID, "reached"); err != nil || got.State != aftercare.CallbackDone || got.Attempts != 2 || len(got.Log) != 2 || got.Log[1].No != 2 || got.DoneAt == nil {
		t.Errorf("reached %+v (%v)", got, err)
	}
	if _, err := call(first.ID, "reached"); !fault.HasCode(err, "callback_legal_move") {
		t.Errorf("called what is done: %v", err)
	}
	// The reason comes up again: a new entry.
	if next, err := add(d.caller, aftercare.CallbackInput{Reason: "displaced", OrderID: &order}); err != nil || next.ID == first.ID {
		t.Errorf("a new one %+v (%v)", next, err)
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error {
		return p.CloseCallbacks(ctx, order, "displaced")
	})
	if got := list(d.caller, aftercare.CallbackFilter{OrderID: &order}); got != "delay" {
		t.Errorf("left on the list: %q", got)
	}
	d.must(func(ctx context.Context, p aftercare.Promises) error { return p.CloseCallbacks(ctx, order) })
	if got := list(d.caller, aftercare.CallbackFilter{}); got != "missed_call" || alone.State != aftercare.CallbackOpen {
		t.Errorf("left on the list: %q", got)
	}
	d.sound()
}

func TestLoadingAYearDatesCallsAnew(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	// Spring Festival 2027 is on 6 February; nobody has announced its holidays yet.
	d.at("2027-02-03 10:00")
	_, untried := d.finished(d.hq)
	_, tried := d.finished(d.hq)
	_, served := d.finished(d.partner)
	if !untried.CalendarGuess || untried.DueOn.String() != "2027-02-05" {
		t.Fatalf("on weekends alone: %+v", untried)
	}
	if _, err := d.attempt(d.caller, tried.ID, aftercare.AttemptInput{Outcome: "no_answer"}); err != nil {
		t.Fatal(err)
	}
	if y, err := d.promises.GetYear(ctx, d.hq, 2027); err != nil || y.Known || !y.WeekendsOnly || len(y.Days) != 0 {
		t.Errorf("2027 before: %+v (%v)", y, err)
	}
	if y, err := d.promises.GetYear(ctx, d.hq, 2026); err != nil || !y.Known || y.WeekendsOnly || len(y.Days) < 30 || y.Source == "" {
		t.Errorf("2026: %+v (%v)", y, err)
	}
	var days []calendar.Dated
	for day := calendar.Must("2027-02-05"); !day.After(calendar.Must("2027-02-12")); day = day.AddDays(1) {
		days = append(days, calendar.Dated{Date: day, Day: calendar.Day{Name: "春节"}})
	}
	days = append(days, calendar.Dated{Date: calendar.Must("2027-02-14"), Day: calendar.Day{Working: true, Name: "春节"}})
	load := func(days []calendar.Dated) (y aftercare.CalendarYear) {
		t.Helper()
		d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
			y, err = p.PutYear(ctx, d.hq, 2027, days, "国务院办公厅通知")
			return err
		})
		return y
	}
	if y := load(days); !y.Known || y.Source != "国务院办公厅通知" || len(y.Days) != 9 || y.Redated != 2 {
		t.Errorf("2027 loaded: %+v", y)
	}
	for _, f := range []uuid.UUID{untried.ID, served.ID} {
		got := d.followUp(f)
		if !got.Recalculated || got.CalendarGuess || !got.Shifted || got.Window.From.String() != "2027-02-14" || got.DueOn.Before(got.Window.From) {
			t.Errorf("dated anew: %+v", got)
		}
	}
	if got := d.followUp(tried.ID); got.Recalculated || got.DueOn != tried.DueOn {
		t.Errorf("one that was tried moved to %s", got.DueOn)
	}
	if y := load(days); y.Redated != 0 {
		t.Errorf("the same year again moved %d calls", y.Redated)
	}
	// The partner closes on one more day; head office's year holds for it too.
	c, err := d.promises.Load(ctx, d.partner)
	if err != nil || c.Working(calendar.Must("2027-02-08")) || !c.Working(calendar.Must("2027-02-14")) || !c.Known(2027) {
		t.Errorf("the partner's calendar (%v)", err)
	}
	if y := load(nil); y.Known || y.Redated != 2 {
		t.Errorf("2027 taken back: %+v", y)
	}
	if got := d.followUp(untried.ID); !got.CalendarGuess || got.DueOn.String() != "2027-02-05" {
		t.Errorf("and the calls with it: %+v", got)
	}
	d.refused("day_of_another_year", func(ctx context.Context, p aftercare.Promises) error {
		_, err := p.PutYear(ctx, d.hq, 2027, []calendar.Dated{{Date: calendar.Must("2028-01-01")}}, "")
		return err
	})
	d.sound()
}

func TestWhatTheTablesOfPromisesRefuse(t *testing.T) {
	d := open(t)
	order, f := d.finished(d.hq)
	var c, bare aftercare.Complaint
	var b aftercare.Callback
	d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
		if c, err = p.AddComplaint(ctx, d.boss, aftercare.ComplaintInput{CustomerID: &d.customer, Grade: "complaint", Severity: 2, Text: "x"}); err != nil {
			return err
		}
		if c, err = p.ComplaintDo(ctx, d.boss, c.ID, "reply", aftercare.ComplaintAct{Text: "x"}); err != nil {
			return err
		}
		if c, err = p.ComplaintDo(ctx, d.boss, c.ID, "escalate", aftercare.ComplaintAct{}); err != nil {
			return err
		}
		if c, err = p.AddEvidence(ctx, d.boss, c.ID, nil, aftercare.EvidenceInput{Record: f.Number}); err != nil {
			return err
		}
		if bare, err = p.AddComplaint(ctx, d.boss, aftercare.ComplaintInput{CustomerID: &d.customer, Grade: "complaint", Severity: 1, Text: "x"}); err != nil {
			return err
		}
		if bare, err = p.ComplaintDo(ctx, d.boss, bare.ID, "reply", aftercare.ComplaintAct{Text: "x"}); err != nil {
			return err
		}
		if _, err = p.WriteMinutes(ctx, d.boss, aftercare.MinutesInput{Present: "x", Text: "x", Tasks: []aftercare.MinutesTask{{Text: "x"}}}); err != nil {
			return err
		}
		b, err = p.AddCallback(ctx, d.boss, aftercare.CallbackInput{Reason: "delay", OrderID: &order})
		return err
	})
	if _, err := d.attempt(d.caller, f.ID, aftercare.AttemptInput{Outcome: "busy"}); err != nil {
		t.Fatal(err)
	}
	var fresh aftercare.Complaint
	d.must(func(ctx context.Context, p aftercare.Promises) (err error) {
		fresh, err = p.AddComplaint(ctx, d.boss, aftercare.ComplaintInput{CustomerID: &d.customer, Grade: "complaint", Severity: 2, Text: "x", ReceivedAt: ptr(d.now.Add(-30 * time.Hour))})
		return err
	})
	d.tick()
	call := "INSERT INTO follow_ups (id, org_id, number, order_id, kind, main, anchor_on, due_from, due_to, due_on, created_at) VALUES (?, ?, ?, ?, 'after_visit', ?, '2026-03-02', ?, ?, ?, ?)"
	complaint := "INSERT INTO complaints (id, org_id, number, grade, severity, text, received_at, registered_at, reply_due_at) VALUES (?, ?, 'x', ?, ?, 'x', ?, ?, ?)"
	for _, x := range []struct {
		name, sql string
		args      []any
	}{
		{"follow_ups_window", call, []any{id(), d.hq, "x", order, false, "2026-03-05", "2026-03-04", "2026-03-04", d.now}},
		{"follow_ups_window", call, []any{id(), d.hq, "x", order, false, "2026-03-04", "2026-03-05", "2026-03-06", d.now}},
		{"follow_ups_number", call, []any{id(), d.hq, f.Number, order, false, "2026-03-04", "2026-03-05", "2026-03-05", d.now}},
		{"follow_ups_one_main", call, []any{id(), d.hq, "x", order, true, "2026-03-04", "2026-03-05", "2026-03-05", d.now}},
		{"follow_ups_about", call, []any{id(), d.hq, "x", nil, false, "2026-03-04", "2026-03-05", "2026-03-05", d.now}},
		{"follow_ups_done_when", "UPDATE follow_ups SET state = 'done' WHERE id = ?", []any{f.ID}},
		{"follow_ups_waived_why", "UPDATE follow_ups SET state = 'waived', done_at = ? WHERE id = ?", []any{d.now, f.ID}},
		{"follow_ups_legal_move", "UPDATE follow_ups SET state = 'scheduled' WHERE id = ?", []any{f.ID}},
		{"follow_ups_score_service_check", "UPDATE follow_ups SET score_service = 6 WHERE id = ?", []any{f.ID}},
		{"follow_ups_identity_fixed", "UPDATE follow_ups SET org_id = ? WHERE id = ?", []any{d.partner, f.ID}},
		{"follow_up_attempts_append_only", "UPDATE follow_up_attempts SET outcome = 'reached'", nil},
		{"follow_up_attempts_append_only", "DELETE FROM follow_up_attempts", nil},
		{"follow_up_attempts_no", "INSERT INTO follow_up_attempts (id, org_id, follow_up_id, no, at, actor, outcome) VALUES (?, ?, ?, 1, ?, 'x', 'busy')", []any{id(), d.hq, f.ID, d.now}},
		{"follow_up_attempts_of", "INSERT INTO follow_up_attempts (id, org_id, follow_up_id, no, at, actor, outcome) VALUES (?, ?, ?, 2, ?, 'x', 'busy')", []any{id(), d.partner, f.ID, d.now}},
		{"complaints_reply_24h", complaint, []any{id(), d.hq, "grumble", 1, d.now, d.now, d.now.Add(25 * time.Hour)}},
		{"complaints_grade_check", complaint, []any{id(), d.hq, "x", 1, d.now, d.now, d.now.Add(24 * time.Hour)}},
		{"complaints_severity_check", complaint, []any{id(), d.hq, "grumble", 5, d.now, d.now, d.now.Add(24 * time.Hour)}},
		{"complaints_answered_before_closed", "UPDATE complaints SET state = 'investigating' WHERE id = ?", []any{fresh.ID}},
		{"complaints_legal_move", "UPDATE complaints SET state = 'closed' WHERE id = ?", []any{fresh.ID}},
		{"complaints_closed_when", "UPDATE complaints SET state = 'closed' WHERE id = ?", []any{c.ID}},
		{"complaints_level_only_up", "UPDATE complaints SET level = 1 WHERE id = ?", []any{c.ID}},
		{"complaints_level_check", "UPDATE complaints SET level = 4 WHERE id = ?", []any{c.ID}},
		{"complaints_reply_stays", "UPDATE complaints SET replied_at = NULL, state = 'investigating' WHERE id = ?", []any{c.ID}},
		{"complaints_reply_stays", "UPDATE complaints SET replies = '[]' WHERE id = ?", []any{c.ID}},
		{"complaints_reply_stays", "UPDATE complaints SET received_at = ?, reply_due_at = ? WHERE id = ?", []any{d.now.Add(time.Hour), d.now.Add(25 * time.Hour), c.ID}},
		{"complaints_closed_with_evidence", "UPDATE complaints SET state = 'closed', closed_at = ? WHERE id = ?", []any{d.now, bare.ID}},
		{"complaint_evidence_append_only", "UPDATE complaint_evidence SET record = 'x'", nil},
		{"complaint_evidence_append_only", "DELETE FROM complaint_evidence", nil},
		{"complaint_evidence_shows_something", "INSERT INTO complaint_evidence (id, org_id, complaint_id, at, actor) VALUES (?, ?, ?, ?, 'x')", []any{id(), d.hq, c.ID, d.now}},
		{"complaint_evidence_once", "INSERT INTO complaint_evidence (id, org_id, complaint_id, record, at, actor) VALUES (?, ?, ?, ?, ?, 'x')", []any{id(), d.hq, c.ID, f.Number, d.now}},
		{"complaint_evidence_of", "INSERT INTO complaint_evidence (id, org_id, complaint_id, record, at, actor) VALUES (?, ?, ?, 'y', ?, 'x')", []any{id(), d.partner, c.ID, d.now}},
		{"complaint_targets_hours", "UPDATE complaint_targets SET hours = 1", nil},
		{"complaint_targets_severity", "INSERT INTO complaint_targets (severity, hours) VALUES (5, 24)", nil},
		{"minutes_not_ahead", "UPDATE minutes SET held_at = created_at + interval '1 day'", nil},
		{"minutes_number", "INSERT INTO minutes (id, org_id, number, held_at, present, text, created_at) SELECT ?, org_id, number, held_at, 'x', 'x', created_at FROM minutes", []any{id()}},
		{"clocks_once", "INSERT INTO clocks (id, org_id, subject_kind, subject_id, kind, due_at, next_at) VALUES (?, ?, 'complaint', ?, 'reply', ?, ?)", []any{id(), d.hq, fresh.ID, d.now, d.now}},
		{"clocks_running", "UPDATE clocks SET stopped_at = ? WHERE subject_id = ?", []any{d.now, fresh.ID}},
		{"escalations_pkey", "INSERT INTO escalations (clock_id, level, org_id, at) SELECT clock_id, level, org_id, at FROM escalations", nil},
		{"callbacks_one_open", "INSERT INTO callbacks (id, org_id, reason, order_id, due_at, created_at) VALUES (?, ?, 'delay', ?, ?, ?)", []any{id(), d.hq, order, d.now, d.now}},
		{"callbacks_reason_check", "INSERT INTO callbacks (id, org_id, reason, order_id, due_at, created_at) VALUES (?, ?, 'x', ?, ?, ?)", []any{id(), d.hq, order, d.now, d.now}},
		{"callbacks_about", "INSERT INTO callbacks (id, org_id, reason, due_at, created_at) VALUES (?, ?, 'delay', ?, ?)", []any{id(), d.hq, d.now, d.now}},
		{"callbacks_done_when", "UPDATE callbacks SET state = 'done' WHERE id = ?", []any{b.ID}},
		{"callbacks_legal_move", "UPDATE callbacks SET state = 'lost' WHERE id = ?", []any{b.ID}},
	} {
		err := d.try(func(ctx context.Context, tx bun.Tx) error { return d.exec(ctx, tx, x.sql, x.args...) })
		if got := fault.Constraint(err); got != x.name {
			t.Errorf("got %q (%v), want %s", got, err, x.name)
		}
	}
	d.sound()
}

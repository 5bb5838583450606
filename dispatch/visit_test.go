package dispatch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

func walked(v dispatch.Visit) string {
	var list []string
	for _, m := range v.Walked {
		mark := ""
		if m.Inferred {
			mark = "?"
		}
		list = append(list, fmt.Sprintf("%s%s %s", m.Action, mark, m.At.In(beijing).Format("15:04")))
	}
	return strings.Join(list, ", ")
}

func TestAVisitFromDispatchToTheSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	v := w.mustBook(w.order(north(0)), li.ID, "10:00", "11:00")
	for _, step := range []struct {
		act, at string
		state   dispatch.VisitState
	}{{"accept", "08:10", dispatch.Accepted}, {"depart", "09:40", dispatch.EnRoute}, {"arrive", "09:55", dispatch.OnSite}, {"start", "10:02", dispatch.OnSite},
		{"pause", "10:20", dispatch.Paused}, {"resume", "10:40", dispatch.OnSite}} {
		got := w.mustDo(v.ID, step.act, dispatch.Act{At: at(step.at)})
		if got.State != step.state || walked(got) != step.act+" "+step.at {
			t.Errorf("after %s: %s, %s", step.act, got.State, walked(got))
		}
	}
	_, err := w.do(v.ID, "accept", dispatch.Act{})
	if f := refused(t, err, "visit_legal_move"); len(f.Allowed) == 0 {
		t.Errorf("%+v", f)
	}
	if _, err := w.do(v.ID, "cancel", dispatch.Act{Reason: "x"}); !fault.HasCode(err, "visit_legal_move") {
		t.Errorf("cancelled while somebody is there: %v", err)
	}
	if _, err := w.do(v.ID, "finish", dispatch.Act{}); !fault.HasCode(err, "outcome_needed") {
		t.Error(err)
	}
	got := w.mustDo(v.ID, "finish", dispatch.Act{At: at("11:25"), Outcome: "done"})
	if got.State != dispatch.Finished || got.Inferred || got.Late || clock(got.AcceptedAt) != "08:10" || clock(got.DepartedAt) != "09:40" || clock(got.ArrivedAt) != "09:55" ||
		clock(got.StartedAt) != "10:02" || clock(got.FinishedAt) != "11:25" || *got.Outcome != "done" {
		t.Errorf("%+v", got)
	}
	if clock(&got.StartsAt) != "10:00" || clock(&got.EndsAt) != "11:00" {
		t.Errorf("facts moved the plan to %s-%s", clock(&got.StartsAt), clock(&got.EndsAt))
	}
	w.sound()
}

func TestForgottenButtonsAreInferredFromTheSheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := at("10:10")
	for _, c := range []struct {
		name, mode string
		told       []string
		finish     dispatch.Act
		walk       string
		arrived    string
	}{
		{"nothing told", "", nil, dispatch.Act{ArrivedAt: &arrived}, "accept? 09:58, depart? 09:58, arrive? 10:10, finish 10:50", "10:10"},
		{"nothing told, and the sheet does not say", "", nil, dispatch.Act{}, "accept? 09:48, depart? 09:48, arrive? 10:00, finish 10:50", "10:00"},
		{"accepted", "", []string{"accept"}, dispatch.Act{ArrivedAt: &arrived}, "depart? 09:58, arrive? 10:10, finish 10:50", "10:10"},
		{"departed", "", []string{"depart"}, dispatch.Act{ArrivedAt: &arrived}, "arrive? 10:10, finish 10:50", "10:10"},
		{"a call", "phone", nil, dispatch.Act{ArrivedAt: &arrived}, "accept? 10:10, start? 10:10, finish 10:50", "10:10"},
		{"paused", "", []string{"arrive", "pause"}, dispatch.Act{ArrivedAt: &arrived}, "finish 10:50", "09:45"},
	} {
		t.Run(c.name, func(t *testing.T) {
			li := w.engineer("李师傅", north(0))
			job := w.order(north(5000), func(j *dispatch.Job) { j.Mode = c.mode })
			v := w.mustBook(job, li.ID, "10:00", "11:00")
			for _, act := range c.told {
				w.mustDo(v.ID, act, dispatch.Act{At: at("09:45")})
			}
			c.finish.At, c.finish.Outcome = at("10:50"), "done"
			got := w.mustDo(v.ID, "finish", c.finish)
			if walked(got) != c.walk || clock(got.ArrivedAt) != c.arrived || got.State != dispatch.Finished || got.Inferred != strings.Contains(c.walk, "?") {
				t.Errorf("%s; arrived %s, %s, inferred %v", walked(got), clock(got.ArrivedAt), got.State, got.Inferred)
			}
		})
	}
	w.sound()
}

func TestADayThatRunsLateMarksWhatCanNoLongerBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	first := w.mustBook(w.order(north(0)), li.ID, "09:00", "10:00")
	second := w.mustBook(w.order(north(0)), li.ID, "10:00", "11:00")
	third := w.mustBook(w.order(north(0)), li.ID, "13:00", "14:00", func(b *dispatch.Booking) { b.Window = &dispatch.Span{From: at("13:00"), To: at("17:00")} })
	w.mustDo(first.ID, "arrive", dispatch.Act{At: at("09:20")})
	if w.visit(first.ID).Late || w.visit(second.ID).Late {
		t.Error("inside the announced hour is on time")
	}
	w.mustDo(first.ID, "finish", dispatch.Act{At: at("11:40"), Outcome: "done"})
	if !w.visit(second.ID).Late || w.visit(third.ID).Late {
		t.Errorf("second late %v, third late %v", w.visit(second.ID).Late, w.visit(third.ID).Late)
	}
	if v := w.visit(second.ID); clock(&v.StartsAt) != "10:00" || v.State != dispatch.Dispatched {
		t.Errorf("%s %s", clock(&v.StartsAt), v.State)
	}
	// Nobody tells anything: the clock marks the third.
	mark := func() (late []dispatch.Visit) {
		w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			late, err = b.MarkLate(ctx, 100)
			return err
		})
		return late
	}
	w.clock = at("16:59")
	if late := mark(); len(late) != 0 {
		t.Errorf("%d visits late too early", len(late))
	}
	w.clock = at("17:01")
	if late := mark(); len(late) != 1 || late[0].ID != third.ID {
		t.Errorf("%+v", late)
	}
	if late := mark(); len(late) != 0 {
		t.Errorf("%d visits marked twice", len(late))
	}
	w.sound()
}

func TestAnAppointmentIsConfirmedAndMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.engineer("李师傅", nil), w.engineer("王师傅", nil)
	job := w.order(north(0))
	v := w.mustBook(job, li.ID, "10:00", "11:00")
	confirm := func(from, to, how string) (got dispatch.Visit, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			got, err = b.Confirm(ctx, v.ID, dispatch.Confirmation{Window: dispatch.Span{From: at(from), To: at(to)}, WithWhom: text("王女士"), By: how})
			return err
		})
		return got, err
	}
	move := func(from, to string, change func(*dispatch.Move)) (got dispatch.Visit, err error) {
		in := dispatch.Move{StartsAt: at(from), EndsAt: at(to), Reason: "客户改时间", Cause: "customer", Actor: "dispatcher"}
		if change != nil {
			change(&in)
		}
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			got, err = b.Reschedule(ctx, v.ID, in)
			return err
		})
		return got, err
	}
	if _, err := confirm("10:00", "12:00", "fax"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := confirm("13:00", "15:00", "phone"); !fault.HasCode(err, "window_without_slot") {
		t.Error(err)
	}
	w.clock = at("07:30")
	got, err := confirm("10:00", "12:00", "phone")
	if err != nil || clock(got.ConfirmedAt) != "07:30" || *got.ConfirmedWith != "王女士" || *got.ConfirmedBy != "phone" || clock(&got.Window.To) != "12:00" {
		t.Fatalf("%v %+v", err, got)
	}
	w.mustDo(v.ID, "accept", dispatch.Act{})

	// Inside the window he was told, so the customer's word holds.
	if got, err = move("10:30", "11:30", nil); err != nil || got.ConfirmedAt == nil || clock(&got.Window.To) != "12:00" || got.State != dispatch.Accepted {
		t.Fatalf("%v %+v", err, got)
	}
	// To a colleague, who has to answer anew; the order, the history and the window stay.
	w.clock = at("08:00")
	if got, err = move("11:00", "12:00", func(m *dispatch.Move) { m.EngineerID, m.Cause, m.Reason = &wang.ID, "us", "李师傅的车坏了" }); err != nil {
		t.Fatal(err)
	}
	if got.EngineerID != wang.ID || got.State != dispatch.Dispatched || got.AcceptedAt != nil || clock(got.AcceptBy) != "08:30" || got.ConfirmedAt == nil || got.ID != v.ID {
		t.Errorf("%+v", got)
	}
	w.mustBook(w.order(north(0)), li.ID, "10:00", "12:00") // his time is free
	// Outside: the customer has to agree again.
	if got, err = move("15:00", "16:00", nil); err != nil || got.ConfirmedAt != nil || clock(&got.Window.From) != "15:00" {
		t.Fatalf("%v %+v", err, got)
	}
	if n := len(got.Reschedules); n != 3 || got.Reschedules[1].Cause != "us" || got.Reschedules[1].FromEngineer != li.ID || clock(&got.Reschedules[2].From.From) != "11:00" || got.Reschedules[0].By != "dispatcher" {
		t.Errorf("%d: %+v", n, got.Reschedules)
	}
	if _, err := move("10:30", "11:30", func(m *dispatch.Move) { m.EngineerID = &li.ID }); !fault.HasCode(err, "engineer_busy") {
		t.Error(err)
	}
	if _, err := move("19:00", "20:00", nil); !fault.HasCode(err, "visits_inside_shift") {
		t.Error(err)
	}
	if _, err := move("19:00", "20:00", func(m *dispatch.Move) { m.OverrideReason = "客户晚上才在" }); err != nil {
		t.Error(err)
	}
	if _, err := move("16:00", "17:00", func(m *dispatch.Move) { m.Cause = "mood" }); !fault.HasCode(err, "reschedule_cause") {
		t.Error(err)
	}
	w.mustDo(v.ID, "depart", dispatch.Act{})
	if _, err := move("16:00", "17:00", nil); !fault.HasCode(err, "visit_under_way") {
		t.Error(err)
	}
	w.sound()
}

func TestADeclinedVisitFreesTheOrderAndTheHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	job := w.order(north(0))
	v := w.mustBook(job, li.ID, "10:00", "11:00")
	if _, err := w.do(v.ID, "decline", dispatch.Act{}); !fault.HasCode(err, "reason_needed") {
		t.Error(err)
	}
	if got := w.mustDo(v.ID, "decline", dispatch.Act{Reason: "不会修这个型号"}); got.State != dispatch.Declined || *got.EndedReason != "不会修这个型号" {
		t.Errorf("%+v", got)
	}
	if open, err := w.board.OpenVisit(w.ctx, job.OrderID); err != nil || open != nil {
		t.Errorf("%v %+v", err, open)
	}
	w.mustBook(job, li.ID, "10:00", "11:00")
	w.sound()
}

func TestVisitsAreReadByThoseWhoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.engineer("李师傅", nil), w.engineer("王师傅", nil)
	mine := w.mustBook(w.order(north(0)), li.ID, "10:00", "11:00")
	w.mustBook(w.order(north(0)), wang.ID, "09:00", "10:00")
	tomorrow := w.mustBook(w.order(north(0)), li.ID, "+1 09:00", "+1 10:00")
	himself := auth.Caller{Roles: []auth.Role{auth.Engineer}, EngineerID: &li.ID}.Within(w.head).Scope()
	elsewhere := auth.Caller{Roles: []auth.Role{auth.Dispatcher}}.Within(w.head + 1).Scope()
	monday := calendar.Must("2026-11-16")
	list := func(s auth.Scope, f dispatch.VisitFilter) (ids []uuid.UUID) {
		t.Helper()
		for {
			page, err := w.board.Visits(w.ctx, s, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Items {
				ids = append(ids, v.ID)
			}
			if f.Cursor = page.NextCursor; f.Cursor == "" {
				return ids
			}
		}
	}
	if got := list(himself, dispatch.VisitFilter{}); len(got) != 2 || got[0] != mine.ID || got[1] != tomorrow.ID {
		t.Errorf("he sees %v", got)
	}
	if got := list(office.Scope(), dispatch.VisitFilter{Day: &monday}); len(got) != 2 || got[1] != mine.ID {
		t.Errorf("the day holds %v", got)
	}
	if got := list(office.Scope(), dispatch.VisitFilter{Ask: keyset.Ask{Limit: 1}}); len(got) != 3 {
		t.Errorf("page by page %v", got)
	}
	if got := list(elsewhere, dispatch.VisitFilter{}); len(got) != 0 {
		t.Errorf("another organisation sees %v", got)
	}
	if _, err := w.board.Visit(w.ctx, elsewhere, mine.ID); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	w.clock = at("09:00") // half an hour after eight is over
	if got := list(office.Scope(), dispatch.VisitFilter{Unclaimed: true}); len(got) != 3 {
		t.Errorf("unanswered: %v", got)
	}

	raw, err := w.board.ICS(w.ctx, li.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"X-WR-CALNAME:李师傅 的派工日历", "SUMMARY:WO-2026-000001 空调不制冷", "DTSTART:20261116T020000Z", "DTEND:20261116T030000Z",
		"LOCATION:望京西园 1 号", "STATUS:TENTATIVE", "UID:" + mine.ID.String() + "@paigong"} {
		if !strings.Contains(string(raw), line+"\r\n") {
			t.Errorf("the calendar lacks %s:\n%s", line, raw)
		}
	}
	if n := strings.Count(string(raw), "BEGIN:VEVENT"); n != 2 {
		t.Errorf("%d events", n)
	}
}

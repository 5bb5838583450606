package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
)

func TestIllWithNineVisitsAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	part := w.part("R32", 1)
	van := w.place("V1", "李师傅的车", "van", &li.ID, nil, part.PartID, 3)
	var visits []dispatch.Visit
	for i := range 9 {
		from := at("08:00").Add(time.Duration(i) * time.Hour)
		visits = append(visits, w.mustBook(w.order(north(0)), li.ID, from.Format("15:04"), from.Add(time.Hour).Format("15:04")))
	}
	w.hold(visits[3].OrderID, van, part.PartID, 2)
	w.mustDo(visits[0].ID, "depart", dispatch.Act{At: at("07:45")})
	w.clock = at("07:50")
	in := dispatch.AbsenceInput{StartsAt: at("07:50"), EndsAt: at("20:00"), Kind: text("sick"), Reason: text("发烧")}

	err := w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.AddAbsence(ctx, office, li.ID, in)
		return err
	})
	f := refused(t, err, "absence_over_visits")
	if met, _ := f.Extra["visits"].([]dispatch.InTheWay); f.Kind != fault.Conflict || len(met) != 9 || met[0].OrderNumber != "WO-2026-000001" || f.Allowed[0] != dispatch.Displace {
		t.Errorf("%+v", f)
	}
	if n := w.count("SELECT count(*) FROM absences"); n != 0 {
		t.Fatalf("%d absences left of a refused one", n)
	}

	in.OnConflict = text(dispatch.Displace)
	var taken dispatch.AbsenceTaken
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
		taken, err = b.AddAbsence(ctx, office, li.ID, in)
		return err
	})
	if taken.Absence.State != dispatch.AbsenceApproved || len(taken.Displaced) != 8 || len(taken.UnderWay) != 1 || taken.UnderWay[0].VisitID != visits[0].ID {
		t.Fatalf("%s: %d displaced, %d under way", taken.Absence.State, len(taken.Displaced), len(taken.UnderWay))
	}
	fourth := taken.Displaced[2]
	if fourth.VisitID != visits[3].ID || len(fourth.PartsInVan) != 1 || fourth.PartsInVan[0] != (dispatch.PartInVan{SKU: "R32", Quantity: 2}) || fourth.Window == nil || !fourth.Window.From.Equal(at("11:00")) {
		t.Errorf("%+v", fourth)
	}
	if v := w.visit(visits[3].ID); v.State != dispatch.Cancelled || *v.EndedCause != "displaced" || *v.EndedReason != "sick: 发烧" {
		t.Errorf("%s %v %v", v.State, v.EndedCause, v.EndedReason)
	}
	if v := w.visit(visits[0].ID); v.State != dispatch.EnRoute {
		t.Errorf("the one under way is %s", v.State)
	}
	day, err := w.board.Diary(w.ctx, office.Scope(), &li.ID, dispatch.Span{From: at("00:00"), To: at("+1 00:00")})
	if err != nil || len(day) != 3 || day[0].Kind != "leave" || day[1].Kind != "visit" || day[2].Kind != "leave" || clock(&day[2].From) != "09:00" || clock(&day[2].To) != "20:00" {
		t.Errorf("%v %+v", err, day)
	}
	// The rest of his day is blocked around the visit he is driving to.
	_, err = w.book(w.order(north(0)), li.ID, "15:00", "16:00", func(b *dispatch.Booking) { b.OverrideReason = "急单" })
	refused(t, err, "engineer_busy")
	w.sound()

	// Back at noon: the diary is free at once.
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		a, err := b.WithdrawAbsence(ctx, office, taken.Absence.ID, "已退烧")
		if a.State != dispatch.AbsenceWithdrawn {
			t.Errorf("%s", a.State)
		}
		return err
	})
	w.mustBook(w.order(north(0)), li.ID, "15:00", "16:00")
	w.sound()
}

func TestLeaveSaidByTheEngineerWaitsForTheOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li, wang := w.engineer("李师傅", nil), w.engineer("王师傅", nil)
	himself := auth.Caller{UserID: id(), Login: "li", Roles: []auth.Role{auth.Engineer}, EngineerID: &li.ID}.Within(w.head)
	ask := func(who uuid.UUID, from, to, kind string) (taken dispatch.AbsenceTaken, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			taken, err = b.AddAbsence(ctx, himself, who, dispatch.AbsenceInput{StartsAt: at(from), EndsAt: at(to), Kind: &kind})
			return err
		})
		return taken, err
	}
	decide := func(by auth.Caller, absence uuid.UUID, d dispatch.Decision) (taken dispatch.AbsenceTaken, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			taken, err = b.DecideAbsence(ctx, by, absence, d)
			return err
		})
		return taken, err
	}
	if _, err := ask(wang.ID, "+1 08:00", "+1 18:00", "leave"); !fault.HasCode(err, "engineer_unknown") {
		t.Errorf("leave for a colleague: %v", err)
	}
	if _, err := ask(li.ID, "+1 08:00", "+1 18:00", "holiday"); !fault.HasCode(err, "absence_kind") {
		t.Error(err)
	}
	taken, err := ask(li.ID, "+1 08:00", "+1 18:00", "training")
	if err != nil || taken.Absence.State != dispatch.AbsenceRequested || taken.Absence.DecidedAt != nil {
		t.Fatalf("%v %+v", err, taken.Absence)
	}
	v := w.mustBook(w.order(north(0)), li.ID, "+1 10:00", "+1 11:00") // nothing is blocked yet
	if _, err := decide(himself, taken.Absence.ID, dispatch.Decision{Approve: true}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("approving one's own leave: %v", err)
	}
	if _, err := decide(office, taken.Absence.ID, dispatch.Decision{Approve: true}); !fault.HasCode(err, "absence_over_visits") {
		t.Error(err)
	}
	taken, err = decide(office, taken.Absence.ID, dispatch.Decision{Approve: true, OnConflict: text(dispatch.Displace), Answer: "同意"})
	if err != nil || len(taken.Displaced) != 1 || taken.Displaced[0].VisitID != v.ID || taken.Absence.Answer != "同意" {
		t.Fatalf("%v %+v", err, taken)
	}
	if n := w.count("SELECT count(*) FROM diary WHERE absence_id = ? AND kind = 'training'", taken.Absence.ID); n != 1 {
		t.Errorf("%d entries in the diary", n)
	}
	if _, err := decide(office, taken.Absence.ID, dispatch.Decision{}); !fault.HasCode(err, "absence_legal_move") {
		t.Errorf("deciding twice: %v", err)
	}
	err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.AddAbsence(ctx, office, li.ID, dispatch.AbsenceInput{StartsAt: at("+1 09:00"), EndsAt: at("+1 12:00")})
		return err
	})
	refused(t, err, "absence_twice")
	second, err := ask(li.ID, "+2 08:00", "+2 18:00", "leave")
	if err != nil {
		t.Fatal(err)
	}
	if second, err = decide(office, second.Absence.ID, dispatch.Decision{Answer: "人手不足"}); err != nil || second.Absence.State != dispatch.AbsenceRejected {
		t.Errorf("%v %s", err, second.Absence.State)
	}
	page, err := w.board.Absences(w.ctx, himself.Scope(), dispatch.AbsenceFilter{State: "rejected"})
	if err != nil || len(page.Items) != 1 || page.Items[0].EngineerName != "李师傅" {
		t.Errorf("%v %+v", err, page)
	}
	w.sound()
}

package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/inventory"
)

func TestASlotInTheGapBetweenTwoVisits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	w.mustBook(w.order(north(1000)), li.ID, "08:30", "10:00")
	w.mustBook(w.order(north(3000)), li.ID, "12:00", "17:30")
	job := w.order(north(2000), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("09:00"), To: at("18:00")}} })
	c := w.candidates(job)[0]
	if !c.Eligible || clock(c.StartsAt) != "10:05" || clock(c.EndsAt) != "11:05" {
		t.Fatalf("%s to %s, %s\n%s", clock(c.StartsAt), clock(c.EndsAt), c.Rule, all(c))
	}
	if c.TravelMinutes < 2 || c.TravelMinutes > 4 || c.DistanceMetres < 1000 || c.DistanceMetres > 1200 {
		t.Errorf("a kilometre takes %d minutes and %d metres", c.TravelMinutes, c.DistanceMetres)
	}
	for _, sentence := range []string{"本区域工程师：望京街道", "具备技能 制冷", "当日第 3 单，占班次 80%"} {
		if !says(c, sentence) {
			t.Errorf("does not say %q:\n%s", sentence, all(c))
		}
	}
	w.mustBook(job, li.ID, "10:05", "11:05")
	w.sound()
}

// What comes after the last window counts too: the next visit has to be reached in time.
func TestTheVisitAfterTheWindowIsReachedInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	w.mustBook(w.order(north(10_000)), li.ID, "11:00", "12:00")
	job := w.order(north(0), func(j *dispatch.Job) {
		j.Windows, j.Duration = []dispatch.Span{{From: at("10:20"), To: at("10:50")}}, 20*time.Minute
	})
	c := w.candidates(job)[0]
	judged, err := w.board.Judge(w.ctx, office.Scope(), job, li.ID, at("10:20"), at("10:40"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Eligible || judged.Eligible || c.Rule != judged.Rule {
		t.Errorf("the hint says %v %s, the judgement %v %s\n%s", c.Eligible, c.Rule, judged.Eligible, judged.Rule, all(c))
	}
}

func TestAPartInTheOwnVanBeatsTenKilometres(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	near, far := w.engineer("近处的王师傅", north(500)), w.engineer("远处的张师傅", north(10_000))
	part := w.part("R32", 2)
	w.place("V1", "王师傅的车", "van", &near.ID, nil, part.PartID, 1)
	w.place("V2", "张师傅的车", "van", &far.ID, nil, part.PartID, 2)
	w.place("WH", "望京网点", "outlet", nil, north(-2000), part.PartID, 9)
	job := w.order(north(0), func(j *dispatch.Job) { j.Parts = []inventory.Need{part} })
	found := w.candidates(job)
	if found[0].EngineerID != far.ID || !found[1].Eligible || found[0].Score < found[1].Score {
		t.Fatalf("first is %s with %d, then %s with %d", found[0].Name, found[0].Score, found[1].Name, found[1].Score)
	}
	if !says(found[0], "车上有 2 件 R32") {
		t.Error(all(found[0]))
	}
	with, without := found[0].Parts[0], found[1].Parts[0]
	if with.InVan != 2 || with.FromPlace != nil || with.VanID == nil {
		t.Errorf("%+v", with)
	}
	if without.InVan != 1 || without.Needed != 2 || without.FromPlace == nil || *without.FromPlace != "WH" || without.ExpectedOn != nil {
		t.Errorf("%+v", without)
	}
	if lines := found[1].Held(); len(lines) != 2 || lines[0].Quantity != 1 || lines[1].Quantity != 1 {
		t.Errorf("to be reserved: %+v", lines)
	}
}

func TestTheStoreOnTheWayIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engineer("王师傅", north(0))
	part := w.part("R32", 1)
	w.place("OUT-WJ", "望京网点", "outlet", nil, north(2500), part.PartID, 1)
	w.place("WH-SOUTH", "南库", "warehouse", nil, north(-9000), part.PartID, 50)
	job := w.order(north(5000), func(j *dispatch.Job) { j.Parts = []inventory.Need{part} })
	c := w.candidates(job)[0]
	if c.Pickup == nil || c.Pickup.PlaceName != "望京网点" || *c.Parts[0].FromPlace != "OUT-WJ" {
		t.Fatalf("%+v\n%s", c.Pickup, all(c))
	}
	// Two and a half kilometres at 30 km/h, ten minutes at the counter, the same way again.
	if clock(&c.Pickup.StartsAt) != "08:05" || clock(c.StartsAt) != "08:25" {
		t.Errorf("at the store %s, at the customer %s", clock(&c.Pickup.StartsAt), clock(c.StartsAt))
	}
	if !strings.Contains(all(c), "part_store/bad: 顺路到望京网点取件 R32，多 10 分钟") {
		t.Error(all(c))
	}
	if c.LeavesAt.After(c.Pickup.StartsAt) {
		t.Errorf("leaves at %s, after the pick-up", clock(c.LeavesAt))
	}
	english := job
	english.Lang = "en"
	if e := w.candidates(english)[0]; !says(e, "fetches at 望京网点 the part R32, 10 minutes more") {
		t.Error(all(e))
	}
}

func TestTheLastPieceReservedElsewhereMeansAnExpectedDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engineer("王师傅", north(0))
	part := w.part("R32", 1)
	store := w.place("OUT-WJ", "望京网点", "outlet", nil, north(1000), part.PartID, 1)
	other := w.order(north(0))
	w.hold(other.OrderID, store, part.PartID, 1)
	job := w.order(north(2000), func(j *dispatch.Job) { j.Parts = []inventory.Need{part} })

	c := w.candidates(job)[0]
	if c.Eligible || c.Rule != "part_none" || !says(c, "R32 缺货：需要 1 件，车上 0 件，各库无货也无在途") {
		t.Fatalf("%s\n%s", c.Rule, all(c))
	}
	w.in(func(ctx context.Context, tx bun.Tx, _ dispatch.Board) error {
		_, err := tx.NewRaw("INSERT INTO stock_expected (id, org_id, part_id, quantity, to_place, expected_on, created_at) VALUES (?, ?, ?, 5, ?, '2026-11-18', ?)", id(), w.head, part.PartID, store, w.clock).Exec(ctx)
		return err
	})
	c = w.candidates(job)[0]
	if !c.Eligible || c.Parts[0].ExpectedOn == nil || *c.Parts[0].ExpectedOn != calendar.Must("2026-11-18") || c.StartsAt.Before(at("+2 12:00")) {
		t.Fatalf("%s %+v\n%s", clock(c.StartsAt), c.Parts, all(c))
	}
	if !says(c, "R32 预计 11-18 到望京网点，届时取件") {
		t.Error(all(c))
	}
	// The other order's own promise counts for itself.
	other.Parts = []inventory.Need{part}
	if c := w.candidates(other)[0]; !c.Eligible || c.Parts[0].ExpectedOn != nil {
		t.Errorf("the order that holds the piece: %+v", c.Parts)
	}
	// Today is too early for it.
	job.Windows = []dispatch.Span{{From: at("09:00"), To: at("12:00")}}
	if c := w.candidates(job)[0]; c.Rule != "part_expected" || !says(c, "R32 缺货，预计 11-18 到望京网点") {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
}

func TestLeaveThatBeginsInsideTheVisitRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.AddAbsence(ctx, office, li.ID, dispatch.AbsenceInput{StartsAt: at("08:00"), EndsAt: at("12:00")})
		return err
	})
	job := w.order(north(0), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("08:00"), To: at("11:30")}} })
	c := w.candidates(job)[0]
	if c.Eligible || c.Rule != "absence" || !says(c, "休假 08:00-12:00 与上门时间冲突") {
		t.Fatalf("%s\n%s", c.Rule, all(c))
	}
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.AddAbsence(ctx, office, li.ID, dispatch.AbsenceInput{StartsAt: at("15:30"), EndsAt: at("17:00"), Kind: text("training")})
		return err
	})
	judged, err := w.board.Judge(w.ctx, office.Scope(), w.order(north(0)), li.ID, at("15:00"), at("16:00"))
	if err != nil || judged.Rule != "absence" || !says(judged, "培训 15:30-17:00 与上门时间冲突") {
		t.Fatalf("%v %s\n%s", err, judged.Rule, all(judged))
	}
	if f := refused(t, judged.Refused(), "refused_by_absence"); f.Kind != fault.Conflict || f.Extra["rule"] != "absence" {
		t.Errorf("%+v", f)
	}
}

func TestEveryRefusalNamesItsRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engineer("没有技能", north(0), func(e *dispatch.EngineerInput) { e.Skills = nil })
	w.engineer("在上海", north(0), func(e *dispatch.EngineerInput) { e.RegionCodes = []string{"310000"} })
	full := w.engineer("已经排满", north(0), func(e *dispatch.EngineerInput) { one := 1; e.MaxVisits = &one })
	busy := w.engineer("全天有约", north(0))
	helper := w.engineer("支援", north(0), func(e *dispatch.EngineerInput) {
		e.RegionCodes, e.HelpsOut = []string{"310000"}, []string{"110000"}
	})
	unwanted := w.engineer("客户不要", north(0))
	w.mustBook(w.order(north(0)), full.ID, "08:00", "09:00")
	w.mustBook(w.order(north(0)), busy.ID, "08:00", "17:55")
	job := w.order(north(0), func(j *dispatch.Job) {
		j.Windows, j.Unwanted = []dispatch.Span{{From: at("08:00"), To: at("17:00")}}, &unwanted.ID
	})
	found := w.candidates(job)
	if found[0].EngineerID != helper.ID || !found[0].Eligible || !says(found[0], "可支援区域 望京街道") {
		t.Errorf("first is %s\n%s", found[0].Name, all(found[0]))
	}
	want := map[string]string{"没有技能": "skill 缺少技能 制冷", "在上海": "region 不服务区域 望京街道", "已经排满": "max_visits 当日已排 1 单，上限 1 单",
		"全天有约": "overlap 已有安排，没有 60 分钟的空档", "客户不要": "blocked 客户要求不再由该工程师上门"}
	for _, c := range found[1:] {
		if got := c.Rule + " " + c.Reasons[0].Text; c.Eligible || got != want[c.Name] {
			t.Errorf("%s: %s, want %s", c.Name, got, want[c.Name])
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("not refused: %v", want)
	}
}

func TestWithoutCoordinatesTheWayIsGuessedAndRefusesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	job := w.order(nil)
	c := w.candidates(job)[0]
	if !c.Eligible || clock(c.StartsAt) != "08:20" || !says(c, "地址没有坐标，路程按固定 20 分钟计") {
		t.Fatalf("%s\n%s", clock(c.StartsAt), all(c))
	}
	w.mustBook(job, li.ID, "08:00", "09:00")
	v := w.mustBook(w.order(nil), li.ID, "09:00", "10:00") // touching
	if v.TravelMinutes != 0 {
		t.Errorf("a way of %d minutes where there is no time for it", v.TravelMinutes)
	}
	w.mustBook(w.order(nil), li.ID, "17:00", "18:00")
	// Two kilometres are not a guess.
	known := w.engineer("王师傅", nil)
	w.mustBook(w.order(north(0)), known.ID, "08:00", "09:00")
	_, err := w.book(w.order(north(6000)), known.ID, "09:00", "10:00")
	refused(t, err, "refused_by_travel")
	w.mustBook(w.order(north(6000)), known.ID, "09:00", "10:00", func(b *dispatch.Booking) { b.OverrideReason = "他从家里来" })
	w.sound()
}

func TestTheDispatchersSlotIsJudgedByTheSameRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0))
	job := w.order(north(1000), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("10:00"), To: at("12:00")}} })
	judge := func(from, to string) dispatch.Candidate {
		t.Helper()
		c, err := w.board.Judge(w.ctx, office.Scope(), job, li.ID, at(from), at(to))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := judge("10:00", "11:00"); !c.Eligible || clock(c.StartsAt) != "10:00" {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	if c := judge("13:00", "14:00"); c.Rule != "window" || !says(c, "开始时间不在约定时间窗 10:00-12:00 内") {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	job.Windows = nil
	if c := judge("08:00", "09:00"); !c.Eligible {
		t.Errorf("the way to the first visit may lie before the shift: %s\n%s", c.Rule, all(c))
	}
	if c := judge("17:00", "18:00"); !c.Eligible {
		t.Errorf("the way home may lie after the shift: %s\n%s", c.Rule, all(c))
	}
	if c := judge("17:30", "18:30"); c.Rule != "shift" {
		t.Errorf("work outside the shift: %s\n%s", c.Rule, all(c))
	}
	if c := judge("19:00", "20:00"); c.Rule != "shift" || !says(c, "该时段不当班") {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	w.clock = at("10:20")
	if c := judge("10:15", "11:00"); !c.Eligible {
		t.Errorf("a start just past: %s\n%s", c.Rule, all(c))
	}
	if c := judge("08:15", "09:00"); c.Rule != "window" || !says(c, "开始时间 08:15 已过") {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		no := false
		_, err := b.PatchEngineer(ctx, office.Scope(), li.ID, dispatch.EngineerPatch{Active: &no}, 0)
		return err
	})
	if c := judge("11:00", "12:00"); c.Rule != "inactive" {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	if _, err := w.board.Judge(w.ctx, office.Scope(), job, id(), at("11:00"), at("12:00")); !fault.HasCode(err, "engineer_unknown") {
		t.Error(err)
	}
	if _, err := w.board.Candidates(w.ctx, auth.Scope{}, job, 0); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a scope nobody made: %v", err)
	}
}

func TestAnOverrideStillMeasuresTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0), func(e *dispatch.EngineerInput) { e.RegionCodes = []string{"310000"} })
	why := func(b *dispatch.Booking) { b.OverrideReason = "只有他在附近" }
	w.mustBook(w.order(north(9000)), li.ID, "10:00", "11:00", why)
	job := w.order(north(9500))
	c, err := w.board.Judge(w.ctx, office.Scope(), job, li.ID, at("11:30"), at("12:30"))
	if err != nil || c.Rule != "region" || c.TravelMinutes != 2 || clock(c.LeavesAt) != "11:28" {
		t.Errorf("%v %s: %d minutes, leaves %s\n%s", err, c.Rule, c.TravelMinutes, clock(c.LeavesAt), all(c))
	}
	if v := w.mustBook(job, li.ID, "11:30", "12:30", why); v.TravelMinutes != 2 {
		t.Errorf("%d minutes of way are blocked", v.TravelMinutes)
	}
	w.sound()
}

func TestACallNeedsNoWayAndNoRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", north(0), func(e *dispatch.EngineerInput) { e.RegionCodes = []string{"310000"} })
	w.mustBook(w.order(north(9000)), li.ID, "09:00", "10:00", func(b *dispatch.Booking) { b.OverrideReason = "支援" })
	job := w.order(north(0), func(j *dispatch.Job) { j.Mode, j.Duration = "phone", 30*time.Minute })
	c := w.candidates(job)[0]
	if !c.Eligible || clock(c.StartsAt) != "08:00" || c.TravelMinutes != 0 {
		t.Fatalf("%s %s\n%s", clock(c.StartsAt), c.Rule, all(c))
	}
	v := w.mustBook(job, li.ID, "08:00", "08:30")
	if v.Mode != "phone" || v.TravelMinutes != 0 {
		t.Errorf("%+v", v)
	}
	// From 08:39 he drives to his visit; there is no time for another half hour.
	second := w.order(north(0), func(j *dispatch.Job) { j.Mode, j.Duration = "phone", 30*time.Minute })
	if c := w.candidates(second)[0]; clock(c.StartsAt) != "10:00" {
		t.Errorf("%s\n%s", clock(c.StartsAt), all(c))
	}
	w.sound()
}

func TestWorkNeverEndsAfterTheShiftButTheWayHomeMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.engineer("李师傅", north(9000))
	job := w.order(north(0), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("17:00"), To: at("17:30")}} })
	c := w.candidates(job)[0]
	if !c.Eligible || clock(c.StartsAt) != "17:00" || !strings.Contains(all(c), "overtime/bad: 下班后多用") {
		t.Errorf("%s %s\n%s", clock(c.StartsAt), c.Rule, all(c))
	}
	job.Windows[0].From = at("17:10")
	if c := w.candidates(job)[0]; c.Eligible || c.Rule != "overtime" {
		t.Errorf("work after the shift: %s %s\n%s", clock(c.StartsAt), c.Rule, all(c))
	}
	job.Windows = append(job.Windows, dispatch.Span{From: at("+1 17:00"), To: at("+1 18:00")})
	if c := w.candidates(job)[0]; !c.Eligible || c.StartsAt.Before(at("+1 17:00")) {
		t.Errorf("the next day: %v %s\n%s", c.StartsAt, c.Rule, all(c))
	}
}

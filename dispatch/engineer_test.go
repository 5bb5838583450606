package dispatch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/keyset"
)

func TestEngineersAreEnteredWithWhatTheyMayDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(in dispatch.EngineerInput) (e dispatch.Engineer, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			e, err = b.AddEngineer(ctx, in, w.head)
			return err
		})
		return e, err
	}
	e, err := add(dispatch.EngineerInput{Name: " 李师傅 ", Phone: text("138 0013 8000"), RegionCodes: []string{"110105"}, HelpsOut: []string{"310000"},
		Skills: []dispatch.Ability{{Code: "cooling", Level: 5}}, Home: &geo.Point{Lat: 39.9, Lng: 116.4}})
	if err != nil || e.Name != "李师傅" || *e.Phone != "+8613800138000" || e.StaffNumber != "E26-0001" || e.OrgCode != "HQ" || !slices.Equal(e.RegionCodes, []string{"110105"}) ||
		!slices.Equal(e.HelpsOut, []string{"310000"}) || len(e.Skills) != 1 || e.Skills[0].Level != 5 || e.Home.Lng != 116.4 || e.MaxVisits != 12 || !e.Active || e.Version != 1 {
		t.Fatalf("%v %+v", err, e)
	}
	for code, in := range map[string]dispatch.EngineerInput{
		"region_code_unknown":    {Name: "x", RegionCodes: []string{"110105", "999999"}},
		"skill_code_unknown":     {Name: "x", Skills: []dispatch.Ability{{Code: "flying"}}},
		"skill_level":            {Name: "x", Skills: []dispatch.Ability{{Code: "cooling", Level: 6}}},
		"skill_twice":            {Name: "x", Skills: []dispatch.Ability{{Code: "cooling"}, {Code: "cooling"}}},
		"phone_shape":            {Name: "x", Phone: text("打我电话")},
		"name_length":            {Name: "  "},
		"position_bounds":        {Name: "x", Home: &geo.Point{Lat: 91}},
		"engineers_staff_number": {Name: "x", StaffNumber: text("E26-0001")},
	} {
		if _, err := add(in); !fault.HasCode(err, code) {
			t.Errorf("%v, want %s", err, code)
		}
	}
	patch := func(in dispatch.EngineerPatch, version int) (got dispatch.Engineer, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			got, err = b.PatchEngineer(ctx, office.Scope(), e.ID, in, version)
			return err
		})
		return got, err
	}
	got, err := patch(dispatch.EngineerPatch{Name: text("李工"), Phone: text(""), RegionCodes: &[]string{"310000"}, HelpsOut: &[]string{}, Skills: &[]dispatch.Ability{}}, 1)
	if err != nil || got.Name != "李工" || got.Phone != nil || !slices.Equal(got.RegionCodes, []string{"310000"}) || len(got.HelpsOut)+len(got.Skills) != 0 || got.Version != 2 || got.StaffNumber != "E26-0001" {
		t.Errorf("%v %+v", err, got)
	}
	if _, err := patch(dispatch.EngineerPatch{Name: text("x")}, 1); !fault.Is(err, fault.Stale) {
		t.Error(err)
	}
	if _, err := patch(dispatch.EngineerPatch{RegionCodes: &[]string{"110105"}, Skills: &[]dispatch.Ability{{Code: "cooling"}}}, 0); err != nil {
		t.Error(err)
	}
	w.engineer("王师傅", nil, func(in *dispatch.EngineerInput) { in.RegionCodes = []string{"310000"} })
	for want, f := range map[string]dispatch.EngineerFilter{"李工": {Region: "110105001"}, "王师傅": {Q: "王"}} {
		page, err := w.board.Engineers(w.ctx, office.Scope(), f)
		if err != nil || len(page.Items) != 1 || page.Items[0].Name != want {
			t.Errorf("%v %+v, want %s", err, page.Items, want)
		}
	}
	w.in(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		_, err := b.AddShift(ctx, office.Scope(), e.ID, dispatch.ShiftInput{StartsAt: at("08:00"), EndsAt: at("18:00")})
		return err
	})
	v := w.mustBook(w.order(north(0)), e.ID, "10:00", "11:00")
	gone := false
	_, err = patch(dispatch.EngineerPatch{Active: &gone}, 0)
	refused(t, err, "engineer_has_visits")
	w.mustDo(v.ID, "cancel", dispatch.Act{Reason: "离职", Cause: "us"})
	if got, err := patch(dispatch.EngineerPatch{Active: &gone}, 0); err != nil || got.Active {
		t.Errorf("%v %+v", err, got)
	}
	_, err = w.book(w.order(north(0)), e.ID, "10:00", "11:00", func(b *dispatch.Booking) { b.OverrideReason = "x" })
	refused(t, err, "engineer_inactive")
}

func TestShiftsSayWhenSomebodyWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	li := w.engineer("李师傅", nil)
	shift := func(from, to string) (s dispatch.Shift, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			s, err = b.AddShift(ctx, office.Scope(), li.ID, dispatch.ShiftInput{StartsAt: at(from), EndsAt: at(to)})
			return err
		})
		return s, err
	}
	evening, err := shift("18:00", "21:00") // touching
	if err != nil {
		t.Fatal(err)
	}
	if again, err := shift("18:00", "21:00"); err != nil || again.ID != evening.ID {
		t.Errorf("the same again: %v", err)
	}
	if _, err := shift("20:00", "22:00"); !fault.HasCode(err, "shifts_no_overlap") {
		t.Error(err)
	}
	if _, err := shift("22:00", "22:00"); !fault.HasCode(err, "span_order") {
		t.Error(err)
	}
	if _, err := shift("+7 08:00", "+8 09:00"); !fault.HasCode(err, "shifts_bounded") {
		t.Error(err)
	}
	w.mustBook(w.order(north(0)), li.ID, "19:00", "20:00")
	change := func(fn func(ctx context.Context, b dispatch.Board) error) error {
		return w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error { return fn(ctx, b) })
	}
	move := func(to string) error {
		return change(func(ctx context.Context, b dispatch.Board) error {
			_, err := b.MoveShift(ctx, office.Scope(), evening.ID, dispatch.ShiftInput{StartsAt: at("18:00"), EndsAt: at(to)})
			return err
		})
	}
	drop := func(ctx context.Context, b dispatch.Board) error {
		_, err := b.DropShift(ctx, office.Scope(), evening.ID)
		return err
	}
	refused(t, move("19:30"), "visits_shift_as_seen")
	refused(t, change(drop), "visits_shift_as_seen")
	list, err := w.board.Shifts(w.ctx, office.Scope(), &li.ID, dispatch.Span{From: at("08:00"), To: at("+1 00:00")})
	if err != nil || len(list) != 2 || clock(&list[1].EndsAt) != "21:00" {
		t.Errorf("%v %+v", err, list)
	}
	w.sound()
}

func TestRegionsAreATreeWhoseRetiredCodesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	take := func(list ...dispatch.RegionInput) (n dispatch.RegionsTaken, err error) {
		err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) (err error) {
			n, err = b.AddRegions(ctx, list)
			return err
		})
		return n, err
	}
	retired := calendar.Must("2010-07-01")
	n, err := take(dispatch.RegionInput{Code: "110103", Name: "崇文区", ParentCode: text("110000"), RetiredOn: &retired, ReplacedBy: text("110101")},
		dispatch.RegionInput{Code: "110000", Name: "北京市"}, dispatch.RegionInput{Code: "110101", Name: "东城区", ParentCode: text("110000")})
	if err != nil || n != (dispatch.RegionsTaken{New: 2, Unchanged: 1}) {
		t.Fatalf("%v %+v", err, n)
	}
	if n, err = take(dispatch.RegionInput{Code: "110101", Name: "东城区", ParentCode: text("110000")}); err != nil || n != (dispatch.RegionsTaken{Unchanged: 1}) {
		t.Errorf("the same again: %v %+v", err, n)
	}
	if r, err := w.board.Region(w.ctx, "110103"); err != nil || *r.RetiredOn != retired || *r.ReplacedBy != "110101" || r.FullName != "北京市 崇文区" {
		t.Errorf("%v %+v", err, r)
	}
	page, err := w.board.Regions(w.ctx, dispatch.RegionFilter{Parent: "110000", Ask: keyset.Ask{Limit: 1}})
	if err != nil || len(page.Items) != 1 || page.Items[0].Code != "110101" || page.NextCursor == "" {
		t.Errorf("%v %+v", err, page)
	}
	// A district moves; what lies below it moves along, and whoever serves the new one serves it too.
	li := w.engineer("李师傅", nil, func(e *dispatch.EngineerInput) { e.RegionCodes = []string{"310000"} })
	job := w.order(north(0))
	if c := w.candidates(job)[0]; c.Rule != "region" {
		t.Fatalf("%s", c.Rule)
	}
	if _, err := take(dispatch.RegionInput{Code: "110105", Name: "朝阳区", ParentCode: text("310000")}); err != nil {
		t.Fatal(err)
	}
	if r, err := w.board.Region(w.ctx, "110105001"); err != nil || !slices.Equal(r.Path, []string{"310000", "110105", "110105001"}) {
		t.Errorf("%v %v", err, r.Path)
	}
	if c := w.candidates(job)[0]; !c.Eligible || c.EngineerID != li.ID {
		t.Errorf("%s\n%s", c.Rule, all(c))
	}
	tree, err := w.board.RegionTree(w.ctx, "310000", 3)
	if err != nil || len(tree) != 1 || len(tree[0].Children) != 1 || tree[0].Children[0].Children[0].Name != "望京街道" {
		t.Errorf("%v %+v", err, tree)
	}
	if _, err := take(dispatch.RegionInput{Code: "310000", Name: "上海市", ParentCode: text("110105001")}); !fault.HasCode(err, "region_circle") {
		t.Error(err)
	}
	if _, err := take(dispatch.RegionInput{Code: "A", Name: "a", ParentCode: text("B")}, dispatch.RegionInput{Code: "B", Name: "b", ParentCode: text("A")}); !fault.HasCode(err, "region_circle") {
		t.Error(err)
	}
	if _, err := take(dispatch.RegionInput{Code: "A", Name: "a", ParentCode: text("B")}); !fault.HasCode(err, "region_parent_unknown") {
		t.Error(err)
	}
	err = w.try(func(ctx context.Context, _ bun.Tx, b dispatch.Board) error {
		if _, err := b.AddRegion(ctx, dispatch.RegionInput{Code: "110000", Name: "北京市"}); err != nil {
			t.Errorf("the same again: %v", err)
		}
		_, err := b.AddRegion(ctx, dispatch.RegionInput{Code: "110000", Name: "天津市"})
		return err
	})
	refused(t, err, "regions_pkey")
	began := time.Now()
	var many []dispatch.RegionInput
	for i := range 3000 {
		code := "9" + time.Unix(int64(i), 0).UTC().Format("150405")
		many = append(many, dispatch.RegionInput{Code: code, Name: "区 " + code, ParentCode: text("310000")})
	}
	if n, err = take(many...); err != nil || n.New != 3000 {
		t.Errorf("%v %+v", err, n)
	}
	t.Logf("3,000 regions in %d ms", time.Since(began).Milliseconds())
}

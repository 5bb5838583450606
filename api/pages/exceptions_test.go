package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/say"
	"paigong/inventory"
	"paigong/workorders"
)

// One page names everything that does not go as planned, and what is missing in the data; what is put right
// leaves it.
func TestExceptionsNameWhatIsNotAsPlanned(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(t)
	dispatcher := n.signedIn("dispatcher")
	dispatcher.see("/desk/exceptions", 200).shows("没有异常").hides("没有班次", "没有价格")

	orders := n.readyOrders(4)
	late, refused, out, told := orders[0], orders[1], orders[2], orders[3]
	free := int64(0)
	if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		must(l.Board.AddEngineer(ctx, dispatch.EngineerInput{Name: "孙无班", RegionCodes: []string{"bj-cy"}, Skills: []dispatch.Ability{{Code: "cooling", Level: 1}}, Home: &geo.Point{Lat: 39.9, Lng: 116.4}}, by.OrgID))(t)
		must(l.Board.AddEngineer(ctx, dispatch.EngineerInput{Name: "钱无技", RegionCodes: []string{"bj-cy"}}, by.OrgID))(t)
		must(l.Stock.AddPart(ctx, inventory.PartInput{SKU: "P0", Name: "垫片", Unit: "个", PriceMinor: &free}))(t)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	at := func(number string, day, hour int) dispatch.Visit {
		t.Helper()
		from := monday.AddDate(0, 0, day).Add(time.Duration(hour-8) * time.Hour)
		must(n.desk.Assign(ctx, by, number, workorders.AssignInput{EngineerID: n.empty, StartsAt: from, EndsAt: from.Add(time.Hour)}))(t)
		for _, v := range must(n.desk.Order(ctx, by, number))(t).Visits {
			if v.State.Binding() {
				return v
			}
		}
		t.Fatalf("%s has no visit", number)
		return dispatch.Visit{}
	}
	at(refused, 0, 14)
	engineer := n.signedIn("engineer2")
	engineer.see("/m/orders/"+refused, 200).form("/m/orders/" + refused + "/decline").send(url.Values{"reason": {"车坏了"}}).leads()
	visit := at(told, 0, 16)
	must(n.desk.Park(ctx, must(n.desk.Look(ctx).People.As(ctx, "engineer2"))(t), workorders.ParkInput{OrderRef: told, VisitID: visit.ID, Act: "depart", Refusal: fault.New(fault.Conflict, "visit_legal_move", "the visit is over")}))(t)
	at(out, 3, 10)
	must(n.desk.AddAbsence(ctx, by, n.empty, dispatch.AbsenceInput{StartsAt: monday.AddDate(0, 0, 3), EndsAt: monday.AddDate(0, 0, 4), Kind: ptr("sick"), OnConflict: ptr("displace")}))(t)

	for _, lang := range say.Languages() {
		page := dispatcher.in(lang).see("/desk/exceptions", 200).shows(refused, told, out, "孙无班", "钱无技", "垫片")
		for _, key := range []string{"ui.tile.declined", "ui.tile.parked", "ui.tile.displaced", "ui.parked", "board.gap.engineer_shift", "board.gap.engineer_skill", "board.gap.engineer_home", "board.gap.part_price"} {
			page.shows(say.Text(lang, key))
		}
		page.hides(say.Text(lang, "ui.tile.orders_late"), late)
	}
	dispatcher.in(say.Chinese)
	for path, number := range map[string]string{"/orders?declined=true": refused, "/orders?displaced=true": out, "/desk/parked": told} {
		page := dispatcher.see(path, 200).shows(number)
		for _, other := range orders {
			if other != number && strings.Contains(string(page.raw), other) {
				t.Errorf("%s names %s", path, other)
			}
		}
	}

	// Given to somebody else, a refused order is no exception any more.
	from := monday.AddDate(0, 0, 1).Add(2 * time.Hour)
	must(n.desk.Assign(ctx, by, refused, workorders.AssignInput{EngineerID: n.right, StartsAt: from, EndsAt: from.Add(time.Hour)}))(t)
	dispatcher.see("/desk/exceptions", 200).hides(refused)

	// Days later its clock has run out.
	n.clock.Add(int64(10 * 24 * time.Hour))
	n.signedIn("dispatcher").see("/desk/exceptions", 200).shows("已超时", late)
	if _, err := n.desk.Gaps(ctx, auth.Caller{}, monday); err == nil {
		t.Error("a caller of no organisation reads gaps")
	}
}

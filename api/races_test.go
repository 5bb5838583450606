package api_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// staggered makes two calls so that in one round of four either has a head start, and in the others they
// meet: over the rounds each comes first, which a test can then insist on.
func staggered(t *testing.T, round int, first, second func() *reply) (won int) {
	t.Helper()
	late := func(call func() *reply) func() *reply {
		return func() *reply {
			time.Sleep(40 * time.Millisecond)
			return call()
		}
	}
	switch round % 4 {
	case 0:
		return both(t, first, late(second))
	case 1:
		return both(t, late(first), second)
	}
	return both(t, first, second)
}

// both makes two calls at the same moment and counts the winners. Who loses is told why; nobody breaks.
func both(t *testing.T, calls ...func() *reply) (won int) {
	t.Helper()
	answers := make([]*reply, len(calls))
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i, call := range calls {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-gate
			answers[i] = call()
		}()
	}
	close(gate)
	wg.Wait()
	for _, a := range answers {
		switch {
		case a.status < 300:
			won++
		case a.status != 409:
			t.Errorf("%s: who loses is told %d: %s", a.what, a.status, a.raw)
		}
	}
	return won
}

const rounds = 20

// A sheet comes in while the dispatcher moves the visit: whatever came first counts, and the order, its
// visit and its promises agree with one another.
func TestRaceRescheduleAgainstSheet(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	sheets, moves := 0, 0
	for i := range rounds {
		_, order := n.order(n.covered(fmt.Sprintf("R1-%d", i)), m{"duration_minutes": 15})
		from := at(i/10, 9, 0).Add(time.Duration(i%10) * 30 * time.Minute)
		v := n.book(order, n.right, from, from.Add(15*time.Minute)).want(201).str("id")
		to := from.Add(2 * 24 * time.Hour)
		var sheet, moved *reply
		won := staggered(t, i,
			func() *reply {
				sheet = n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "done", nil))
				return sheet
			},
			func() *reply {
				moved = n.dispatcher.post("/visits/"+v+"/reschedule", m{"starts_at": to, "ends_at": to.Add(15 * time.Minute), "reason": "撞车", "cause": "us"})
				return moved
			})
		if won == 0 {
			t.Fatalf("round %d: nobody won: %s %s", i, sheet.raw, moved.raw)
		}
		o := n.dispatcher.get("/work-orders/" + order).want(200)
		if sheet.status < 300 {
			sheets++
			o.is("completed", "state")
			if len(o.list("follow_ups")) != 1 {
				t.Errorf("round %d: %d calls", i, len(o.list("follow_ups")))
			}
		} else {
			o.is("assigned", "state")
		}
		if moved.status < 300 {
			moves++
		}
	}
	if sheets == 0 || moves == 0 {
		t.Errorf("in %d rounds the sheet was taken %d times and the visit moved %d times: this was no race", rounds, sheets, moves)
	}
	n.sound()
}

// The engineer departs while he is recorded ill: either he is on his way and stays, or his visit is freed.
func TestRaceDisplaceAgainstDepart(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	freedOnce, leftOnce := false, false
	for i := range rounds {
		_, order := n.order(n.covered(fmt.Sprintf("R2-%d", i)), m{"duration_minutes": 10})
		from := at(i/10, 9, 0).Add(time.Duration(i%10) * 50 * time.Minute)
		v := n.book(order, n.right, from, from.Add(10*time.Minute)).want(201).str("id")
		var left, ill *reply
		staggered(t, i,
			func() *reply { left = n.engineer.post("/visits/"+v+"/depart", nil); return left },
			func() *reply {
				ill = n.dispatcher.post("/engineers/"+n.right+"/absences", m{"starts_at": from.Add(-time.Minute), "ends_at": from.Add(11 * time.Minute), "kind": "sick", "on_conflict": "displace"})
				return ill
			})
		ill.want(201)
		o := n.dispatcher.get("/work-orders/" + order).want(200)
		visit := n.dispatcher.get("/visits/" + v).want(200)
		freed := len(ill.list("displaced")) == 1
		freedOnce, leftOnce = freedOnce || freed, leftOnce || left.status < 300
		switch {
		case freed && (o.str("state") != "ready" || visit.str("state") != "cancelled" || o.at("displaced_at") == nil || n.callbacks(order)["displaced"] == ""):
			t.Errorf("round %d: freed, and the order is %v with a visit %v and %v", i, o.str("state"), visit.str("state"), n.callbacks(order))
		case !freed && (o.str("state") != "in_progress" || visit.str("state") != "en_route"):
			t.Errorf("round %d: on his way, and the order is %v with a visit %v", i, o.str("state"), visit.str("state"))
		case freed == (left.status < 300):
			t.Errorf("round %d: freed %v, departed %d", i, freed, left.status)
		}
	}
	if !freedOnce || !leftOnce {
		t.Errorf("in %d rounds somebody was freed: %v, departed first: %v: this was no race", rounds, freedOnce, leftOnce)
	}
	n.sound()
}

// Two stock keepers hand out one slip: the part leaves the store once.
func TestRaceTwoKeepersOnOnePickup(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	n.receive("P3", rounds, "WH")
	second := n.user("stock2", nil, "stock")
	wins := map[bool]int{}
	for i := range rounds {
		_, order := n.order(n.covered(fmt.Sprintf("R3-%d", i)), m{"duration_minutes": 10, "parts": []m{{"sku": "P3", "quantity": 1}}})
		from := at(i/5, 9, 0).Add(time.Duration(i%5) * 100 * time.Minute)
		n.book(order, n.right, from, from.Add(10*time.Minute), "override_reason", "库管测试").want(201)
		slip := n.keeper.get("/pickups?work_order="+order).want(200).str("items", 0, "id")
		var mine *reply
		if won := staggered(t, i,
			func() *reply { mine = n.keeper.post("/pickups/"+slip+"/hand-over", nil); return mine },
			func() *reply { return second.post("/pickups/"+slip+"/hand-over", nil) }); won != 1 {
			t.Errorf("round %d: %d handed the same slip out", i, won)
		}
		wins[mine.status < 300]++
		if hand, held := n.stockOf("P3", "VAN1"); hand != i+1 || held != i+1 {
			t.Fatalf("round %d: in the van lie %d, %d promised; want %d", i, hand, held, i+1)
		}
	}
	if wins[true] == 0 || wins[false] == 0 {
		t.Errorf("one keeper won %d times, the other %d: this was no race", wins[true], wins[false])
	}
	if hand, held := n.stockOf("P3", "WH"); hand != 0 || held != 0 {
		t.Errorf("in the store %d are left, %d promised", hand, held)
	}
	n.sound()
}

// Goods arrive while orders wait, are given up, and other deliveries are booked: each piece goes to one
// order, the one that comes first.
func TestRaceAllotmentOfTheLastPiece(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	waits := func(serial string, priority int, from time.Time) string {
		_, order := n.order(n.covered(serial), m{"priority": priority, "duration_minutes": 10})
		v := n.book(order, n.right, from, from.Add(10*time.Minute)).want(201).str("id")
		n.engineer.once("/work-orders/"+order+"/sheet", sheetOf(v, "need_parts", m{"fault_code": "F01", "parts_needed": []m{{"sku": "P4", "quantity": 1}}})).want(201)
		return order
	}
	arrived := map[bool]int{} // before the other order was given up, or after
	for i := range rounds {
		from := at(i/10, 9, 0).Add(time.Duration(i%10) * 50 * time.Minute)
		late := waits(fmt.Sprintf("R4a-%d", i), 3, from)
		first := waits(fmt.Sprintf("R4b-%d", i), 2, from.Add(20*time.Minute))
		receive := func() *reply {
			return n.keeper.once("/stock/movements", m{"kind": "receive", "sku": "P4", "quantity": 1, "to_place": "WH"})
		}
		// One piece arrives at the moment at which the other order is given up: the urgent one has it.
		var came, back *reply
		staggered(t, i, func() *reply { came = receive(); return came }, func() *reply {
			back = n.dispatcher.post("/work-orders/"+late+"/cancel", m{"reason": "客户不修了"})
			return back
		})
		given, err := time.Parse(time.RFC3339, back.want(200).str("cancelled_at"))
		booked, err2 := time.Parse(time.RFC3339, came.want(201).str("at"))
		if err != nil || err2 != nil {
			t.Fatalf("round %d: %v, %v", i, err, err2)
		}
		arrived[booked.Before(given)]++
		n.dispatcher.get("/work-orders/"+first).want(200).is("ready", "state")
		third := waits(fmt.Sprintf("R4c-%d", i), 3, from.Add(30*time.Minute))
		if won := both(t, receive, receive); won != 2 {
			t.Errorf("round %d: %d of two deliveries were booked", i, won)
		}
		o := n.dispatcher.get("/work-orders/"+third).want(200).is("ready", "state")
		if len(o.list("reservations")) != 1 {
			t.Errorf("round %d: the order holds %v", i, o.at("reservations"))
		}
		for _, order := range []string{first, third} {
			n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "测试结束"}).want(200)
		}
		if hand, held := n.stockOf("P4", "WH"); hand != 3 || held != 0 {
			t.Fatalf("round %d: in the store lie %d, %d promised; want 3, 0", i, hand, held)
		}
		n.keeper.once("/stock/movements", m{"kind": "scrap", "sku": "P4", "quantity": 3, "from_place": "WH"}).want(201)
	}
	if arrived[true] == 0 || arrived[false] == 0 {
		t.Errorf("the piece came first %d times, the word that the other is given up %d times: this was no race", arrived[true], arrived[false])
	}
	n.sound()
}

// The last piece is promised to one of two orders that are dispatched at once.
func TestRaceForTheLastPart(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	for i := range rounds {
		n.receive("P5", 1, "WH")
		from := at(i/5, 9, 0).Add(time.Duration(i%5) * 100 * time.Minute)
		var orders []string
		for j := range 2 {
			_, order := n.order(n.covered(fmt.Sprintf("R5-%d-%d", i, j)), m{"duration_minutes": 10, "parts": []m{{"sku": "P5", "quantity": 1}}})
			orders = append(orders, order)
		}
		if won := both(t,
			func() *reply { return n.book(orders[0], n.right, from, from.Add(10*time.Minute)) },
			func() *reply { return n.book(orders[1], n.empty, from, from.Add(10*time.Minute)) }); won != 1 {
			t.Fatalf("round %d: %d orders were promised the last piece", i, won)
		}
		for _, order := range orders {
			n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "测试结束"}).want(200)
		}
		n.keeper.once("/stock/movements", m{"kind": "scrap", "sku": "P5", "quantity": 1, "from_place": "WH"}).want(201)
	}
	n.sound()
}

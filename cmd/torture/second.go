package main

import (
	"fmt"
	"time"
)

// tellAgain is what happens after the first thing goes wrong, with somebody dying in the middle: nine announced
// visits freed because their engineer is ill, a part handed over at the counter, an order handed over to a partner.
// Each happens whole or not at all, also before it is sent again.
func (k *killing) tellAgain(round int) {
	k.facts = nil
	defer func() { k.whole, k.within = nil, 0 }()
	begins := time.Now().Add(26 * time.Hour).UTC().Truncate(time.Second)
	var orders []string
	open := func(sku string) string {
		asset := k.post("agent", "/assets", m{"site_id": k.site, "model": fmt.Sprintf("KFR-%d-%d", round, len(orders))}, 201).text("id")
		request := k.post("agent", "/requests", m{"channel": "phone", "kind": "maintain", "asset_id": asset, "summary": "年度保养"}, 201).text("id")
		body := m{"kind": "maintain", "priority": 3, "duration_minutes": 10}
		if sku != "" {
			body["parts"] = []m{{"sku": sku, "quantity": 1}}
		}
		id := k.post("agent", "/requests/"+request+"/work-order", body, 201).text("id")
		orders = append(orders, id)
		return id
	}
	book := func(order, engineer string, nth int) {
		from := begins.Add(time.Duration(nth) * 45 * time.Minute)
		k.post("dispatcher", "/work-orders/"+order+"/assign", m{"engineer_id": engineer, "starts_at": from, "ends_at": from.Add(10 * time.Minute)}, 201)
	}
	get := func(path string) answer { return k.until(k.people["admin"], "GET", path, "", nil) }
	stock := func(sku, place string) (onHand, reserved int) {
		a := get("/stock?sku=" + sku + "&place=" + place)
		return a.number("items", 0, "on_hand"), a.number("items", 0, "reserved")
	}

	// He is ill, with nine customers who were told when he comes. One of them has a part in his van.
	k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P2", "quantity": 1, "to_place": "VAN1"}, 201)
	k.calmly(func() {
		for i := range 9 {
			book(open(map[bool]string{true: "P2"}[i == 0]), k.right, i)
		}
	})
	nine := orders
	away := "/absences?engineer=" + k.right + "&state=approved"
	before := get(away).count("items")
	k.within = 60 * time.Millisecond
	k.whole = func() string {
		freed, called := 0, 0
		for _, order := range nine {
			if get("/work-orders/"+order).text("state") == "ready" {
				freed++
			}
			called += get("/callbacks?reason=displaced&work_order=" + order).count("items")
		}
		absences := get(away).count("items") - before
		_, reserved := stock("P2", "VAN1")
		if freed == 0 && called == 0 && absences == 0 && reserved == 1 || freed == 9 && called == 9 && absences == 1 && reserved == 0 {
			return ""
		}
		return fmt.Sprintf("of nine visits %d are freed, %d customers are called, %d absences stand, %d parts are promised in his van", freed, called, absences, reserved)
	}
	ill := k.post("dispatcher", "/engineers/"+k.right+"/absences", m{"starts_at": begins.Add(-time.Minute), "ends_at": begins.Add(8 * time.Hour), "kind": "sick", "on_conflict": "displace"}, 201)
	k.whole = nil
	if ill.count("displaced") != 9 {
		k.fail("nine visits were in the way, displaced are %d", ill.count("displaced"))
	}
	for _, order := range nine {
		k.know("ready", "/work-orders/"+order, "state")
		k.know("cancelled", "/work-orders/"+order, "visits", 0, "state")
		k.know(1, "/callbacks?reason=displaced&work_order="+order, "items", length)
	}
	k.know(0, "/stock?sku=P2&place=VAN1", "items", 0, "reserved")
	k.know(before+1, away, "items", length)

	// A part is handed over at the counter to somebody else.
	k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P3", "quantity": 1, "to_place": "WH"}, 201)
	inVan, _ := stock("P3", "VAN3")
	inStore, _ := stock("P3", "WH")
	fetching := ""
	k.calmly(func() {
		fetching = open("P3")
		book(fetching, k.colleague, 0)
	})
	slip := get("/pickups?work_order="+fetching).text("items", 0, "id")
	k.within = 8 * time.Millisecond
	k.whole = func() string {
		state := get("/pickups?work_order="+fetching).text("items", 0, "state")
		van, promised := stock("P3", "VAN3")
		store, held := stock("P3", "WH")
		if state == "to_pick" && van == inVan && promised == 0 && store == inStore && held == 1 || state == "handed_over" && van == inVan+1 && promised == 1 && store == inStore-1 && held == 0 {
			return ""
		}
		return fmt.Sprintf("the slip is %s, in the van are %d with %d promised, in the store %d with %d", state, van, promised, store, held)
	}
	k.post("stock", "/pickups/"+slip+"/hand-over", nil, 200)
	k.whole = nil
	k.know("handed_over", "/pickups?work_order="+fetching, "items", 0, "state")
	k.know(inVan+1, "/stock?sku=P3&place=VAN3", "items", 0, "on_hand")
	k.know(1, "/stock?sku=P3&place=VAN3", "items", 0, "reserved")
	k.know(inStore-1, "/stock?sku=P3&place=WH", "items", 0, "on_hand")

	// One of the nine goes to the partner.
	given := "/work-orders/" + nine[8]
	k.whole = func() string {
		o := get(given)
		offer, serves := o.text("hand_over", "state"), o.text("serving_organisation_code")
		if (offer == "accepted") == (serves == "P-EAST") {
			return ""
		}
		return fmt.Sprintf("the offer is %s and %s serves the order", offer, serves)
	}
	k.post("dispatcher", given+"/hand-over", m{"organisation_code": "P-EAST", "reason": "工程师病假", "answer_by": time.Now().Add(4 * time.Hour)}, 201)
	k.know("offered", given, "hand_over", "state")
	k.post("partner", given+"/hand-over/accept", nil, 200)
	k.whole = nil
	k.know("accepted", given, "hand_over", "state")
	k.know("P-EAST", given, "serving_organisation_code")
	k.look()

	// Everything is as it was, for the next round.
	k.facts = nil
	k.calmly(func() {
		for _, order := range orders {
			k.post("manager", "/work-orders/"+order+"/cancel", m{"reason": "客户不需要了"}, 200)
		}
		k.post("dispatcher", "/absences/"+ill.text("absence", "id")+"/withdraw", m{"reason": "已康复"}, 200)
	})
}

// calmly makes calls that only set the scene: nobody dies.
func (k *killing) calmly(do func()) {
	odds := k.odds
	k.odds = 0
	defer func() { k.odds = odds }()
	do()
}

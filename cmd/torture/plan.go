package main

import (
	"fmt"
	"time"
)

// publish plans the day after tomorrow and publishes the plan while somebody dies: every visit is booked and every
// part promised, or none.
func (k *killing) publish(round int) {
	k.facts = nil
	defer func() { k.whole, k.within = nil, 0 }()
	const planned = 6
	shelf := "/stock?sku=P4&place=WH"
	get := func(path string) answer { return k.until(k.people["admin"], "GET", path, "", nil) }
	before := get(shelf).number("items", 0, "reserved")
	var orders []string
	var plan answer
	k.calmly(func() {
		k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P4", "quantity": 2, "to_place": "WH"}, 201)
		for i := range planned {
			asset := k.post("agent", "/assets", m{"site_id": k.site, "model": fmt.Sprintf("KFR-P%d-%d", round, i)}, 201).text("id")
			request := k.post("agent", "/requests", m{"channel": "phone", "kind": "maintain", "asset_id": asset, "summary": "年度保养"}, 201).text("id")
			body := m{"kind": "maintain", "priority": 3, "duration_minutes": 20}
			if i < 2 {
				body["parts"] = []m{{"sku": "P4", "quantity": 1}}
			}
			orders = append(orders, k.post("agent", "/requests/"+request+"/work-order", body, 201).text("id"))
		}
		day := time.Now().In(time.FixedZone("Asia/Shanghai", 8*3600)).AddDate(0, 0, 2).Format(time.DateOnly)
		plan = k.post("dispatcher", "/plans", m{"day": day, "region_codes": []string{"bj-cy"}}, 201)
	})
	if plan.count("visits") != planned {
		k.fail("of %d orders %d are planned: %s", planned, plan.count("visits"), plan.raw)
	}
	here := "/plans/" + plan.text("id")
	k.within = 80 * time.Millisecond
	k.whole = func() string {
		booked := 0
		for _, order := range orders {
			if get("/work-orders/"+order).text("state") == "assigned" {
				booked++
			}
		}
		state, promised := get(here).text("state"), get(shelf).number("items", 0, "reserved")-before
		if state == "ready" && booked == 0 && promised == 0 || state == "published" && booked == planned && promised == 2 {
			return ""
		}
		return fmt.Sprintf("the plan is %s, %d of %d orders have a visit, %d of 2 parts are promised", state, booked, planned, promised)
	}
	k.post("dispatcher", here+"/publish", nil, 200)
	k.whole = nil
	k.know("published", here, "state")
	k.know(before+2, shelf, "items", 0, "reserved")
	for _, order := range orders {
		k.know("assigned", "/work-orders/"+order, "state")
		k.know(1, "/work-orders/"+order, "visits", length)
	}
	k.look()
	k.facts = nil
	k.calmly(func() {
		for _, order := range orders {
			k.post("manager", "/work-orders/"+order+"/cancel", m{"reason": "客户不需要了"}, 200)
		}
	})
}

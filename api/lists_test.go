package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A list is paged through to its end while others write: what was there at the start comes exactly once.
func TestListsPageThrough(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	for i := range 23 {
		n.agent.post("/customers", m{"name": fmt.Sprintf("客户 %d", i)}).want(201)
		n.report(m{"summary": fmt.Sprintf("第 %d 单", i)}).want(201)
		n.receive("P5", 1, "WH")
		n.admin.post("/skills", m{"code": fmt.Sprintf("s-%02d", i), "name": "x"}).want(201)
	}
	for i := range 9 {
		r := n.report(m{"kind": "inspect", "summary": fmt.Sprintf("巡检 %d", i)}).want(201).str("id")
		n.agent.post("/requests/"+r+"/work-order", m{"kind": "inspect", "priority": 4, "duration_minutes": 30}).want(201)
	}
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				r := n.report(m{"kind": "inspect", "summary": "新来的"}).str("id")
				n.agent.post("/requests/"+r+"/work-order", m{"kind": "inspect", "priority": 4, "duration_minutes": 30})
				n.agent.post("/customers", m{"name": fmt.Sprintf("新客户 %d", i)})
			}
		}
	}()
	for _, path := range []string{"/requests", "/work-orders", "/customers", "/stock/movements", "/parts", "/skills", "/follow-ups", "/engineers", "/places", "/users"} {
		all := func(limit int) (ids []string) {
			cursor := ""
			for pages := 0; ; pages++ {
				page := n.admin.get(path + fmt.Sprintf("?limit=%d&cursor=", limit) + url.QueryEscape(cursor)).want(200)
				for _, row := range page.list("items") {
					row := row.(map[string]any)
					id, _ := row["id"].(string)
					if id == "" {
						id, _ = row["code"].(string)
					}
					ids = append(ids, id)
				}
				cursor = page.str("next_cursor")
				if strings.ContainsAny(cursor, "=+/") {
					t.Fatalf("%s: the cursor %q is not base64url without padding", path, cursor)
				}
				if cursor == "" {
					return ids
				}
				if pages > 200 {
					t.Fatalf("%s never ends", path)
				}
			}
		}
		before := all(500)
		times := map[string]int{}
		for _, id := range all(7) {
			times[id]++
		}
		for id, k := range times {
			if k > 1 {
				t.Errorf("%s: %s comes %d times", path, id, k)
			}
		}
		for _, id := range before {
			if times[id] != 1 {
				t.Errorf("%s: %s comes %d times", path, id, times[id])
			}
		}
	}
	close(stop)
	wg.Wait()
	n.agent.get("/requests?limit=0").want(422)
	n.agent.get("/requests?cursor=" + url.QueryEscape("a b")).want(422)
}

// A unit whose parent nobody names lies below the organisation of whoever enters it.
func TestOrganisationBelowOnesOwn(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.admin.post("/organisations", m{"code": "C77", "name": "中心", "kind": "centre"}).want(201).is("C77", "id").is("HQ", "parent_code").is("Asia/Shanghai", "timezone")
	n.admin.post("/organisations", m{"code": "H2", "name": "总部", "kind": "head"}).refused(409, "organisations_one_head")
}

// Whoever rings says one of many things: each of them finds the matter.
func TestSearch(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	request, order := n.reported()
	number := n.dispatcher.get("/work-orders/" + order).want(200).str("number")
	finds := func(text, kind, id string) {
		t.Helper()
		for _, f := range n.agent.get("/search?q=" + url.QueryEscape(text)).want(200).list("items") {
			if f := f.(map[string]any); f["kind"] == kind && f["id"] == id {
				return
			}
		}
		t.Errorf("%q does not find the %s", text, kind)
	}
	for _, text := range []string{number, strings.ToLower(number), "周晓明", "zxm", "zhouxiaoming", "13912345678", "5678", "SN0001", "sn0001", "望京街", "制冷", "KFR-35GW"} {
		finds(text, "work_order", order)
	}
	finds("周晓明", "customer", n.customer)
	finds("13912345678", "customer", n.customer)
	finds("SN0001", "asset", n.asset)
	finds("不制冷", "request", request)
	if got := n.agent.get("/search?q=" + url.QueryEscape("热水器")).want(200).list("items"); len(got) != 0 {
		t.Errorf("a water heater finds %v", got)
	}
	if got := n.agent.get("/search?q=" + url.QueryEscape("%")).want(200).list("items"); len(got) != 0 {
		t.Errorf("a per cent sign finds %d things", len(got))
	}
	n.agent.get("/search?q=" + url.QueryEscape("  ")).want(422)
	if first := n.agent.get("/search?q="+number).want(200).str("items", 0, "id"); first != order {
		t.Errorf("the number itself does not come first")
	}
	// He is found by what he is called now, and by who rings for him.
	n.agent.patch("/customers/"+n.customer, m{"name": "欧阳修远", "phone": "13611112222"}).want(200)
	finds("欧阳修远", "customer", n.customer)
	finds("oyxy", "customer", n.customer)
	finds("13611112222", "customer", n.customer)
	n.agent.post("/customers/"+n.customer+"/contacts", m{"name": "租客小李", "phones": []string{"13700009999"}, "role": "reporter"}).want(201)
	finds("13700009999", "customer", n.customer)
	finds("租客", "customer", n.customer)
	n.agent.patch("/assets/"+n.asset, m{"serial_number": "NEW-77"}).want(200)
	finds("NEW-77", "asset", n.asset)

	ready := n.approved()
	n.engineer.once("/work-orders/"+ready+"/sheet", finished(n.assigned(ready))).want(201)
	receipt := n.dispatcher.get("/work-orders/" + ready).want(200)
	finds(receipt.str("receipt", "number"), "receipt", receipt.str("receipt", "id"))

	// An engineer finds his own visits' orders and customers, nothing else.
	other := n.user("engineer3", m{"engineer_id": n.empty}, "engineer")
	if got := other.get("/search?q=" + url.QueryEscape("空调")).want(200).list("items"); len(got) != 0 {
		t.Errorf("an engineer without visits finds %d things", len(got))
	}
	if got := n.engineer.get("/search?q=" + url.QueryEscape("空调")).want(200).list("items"); len(got) == 0 {
		t.Error("the engineer does not find his own order")
	}
}

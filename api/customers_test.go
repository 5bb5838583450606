package api_test

import (
	"context"
	"strings"
	"testing"

	"paigong/workorders"
)

// Erasing takes out who the customer is and what was said, wherever it stands, and leaves what was done; while
// something is open with him it is refused.
func TestErasingACustomer(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	request, order := n.reported()
	n.agent.post("/work-orders/"+order+"/conversations", m{"direction": "in", "channel": "phone", "kind": "chase", "text": "周先生问几点到"}).want(201)
	n.agent.post("/callbacks", m{"work_order_id": order, "reason": "promised_reply", "due_at": at(0, 12, 0), "text": "回周晓明"}).want(201)
	q := n.agent.post("/work-orders/"+order+"/quotes", m{"lines": quoteLines, "valid_until": "2026-11-20"}).want(201).str("id")
	link := n.agent.post("/quotes/"+q+"/send", nil).want(200).str("link")
	path := "/customers/" + n.customer

	n.agent.post(path+"/erase", nil).want(403)
	n.manager.post(path+"/erase", nil).refused(409, "customer_has_open_matters")
	n.agent.post("/work-orders/"+order+"/cancel", m{"reason": "客户搬走"}).want(200)
	n.manager.do("POST", path+"/erase", nil, "If-Match", `"99"`).want(412)
	n.manager.post(path+"/erase", nil).want(200).is("", "name")
	n.manager.post(path+"/erase", nil).want(200) // twice is once

	n.manager.patch(path, m{"name": "周晓明"}).refused(409, "customer_erased")
	n.agent.post("/requests", m{"channel": "phone", "kind": "repair", "asset_id": n.asset, "summary": "又坏了"}).refused(409, "customer_erased")
	(&client{w: n.world}).get("/public/quotes/" + link[strings.LastIndex(link, "/")+1:]).want(410)
	for _, text := range []string{"周晓明", "13912345678", "5678", "望京街"} {
		if found := n.manager.get("/search?q=" + text).want(200).list("items"); len(found) > 0 {
			t.Errorf("%s is still found: %v", text, found)
		}
	}
	for _, where := range []string{path, "/requests/" + request, "/work-orders/" + order, "/work-orders/" + order + "/conversations", "/callbacks", "/customers?q=周"} {
		if a := n.manager.get(where).want(200); strings.Contains(string(a.raw), "周") || strings.Contains(string(a.raw), "13912345678") || strings.Contains(string(a.raw), "望京") {
			t.Errorf("%s still says who he is: %s", where, a.raw)
		}
	}
	n.manager.get("/work-orders/"+order).want(200).is("空调不制冷", "summary")
	results, violations, err := workorders.RunChecks(context.Background(), n.db)
	if err != nil || violations > 0 {
		t.Errorf("after erasing: %d violations of %d, %v", violations, len(results), err)
		for _, r := range results {
			if r.Count > 0 {
				t.Errorf("%s: %s", r.Area, r.Name)
			}
		}
	}
}

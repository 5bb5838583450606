package api_test

import "testing"

// An engineer of a centre is lent to head office: he sees what belongs to his own visits, also as a helper or
// with other work in his centre, and nothing else of head office.
func TestEngineerLentToHeadOffice(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	a := n.admin
	a.post("/organisations", m{"code": "BC", "name": "北城中心", "kind": "centre", "parent_code": a.get("/me").str("organisation_code")}).want(201)
	hire := func(name, van string) string {
		t.Helper()
		id := a.post("/engineers", m{"name": name, "organisation_code": "BC", "region_codes": []string{"bj-cy"}, "skills": []m{{"code": "cooling", "level": 3}}}).want(201).str("id")
		a.post("/engineers/"+id+"/shifts", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0)}).want(201)
		a.post("/places", m{"code": van, "name": van, "kind": "van", "engineer_id": id, "organisation_code": "BC"}).want(201)
		return id
	}
	lead, helper := hire("孙立", "VAN8"), hire("钱进", "VAN9")
	n.receive("P1", 1, "VAN8")
	fitter := n.user("fitter", m{"engineer_id": lead, "organisation_code": "BC"}, "engineer")
	keeper := n.user("keeper", m{"engineer_id": helper, "organisation_code": "BC"}, "engineer", "stock", "dispatcher")

	order, other := n.approved(), n.approved()
	picture := n.agent.putPicture()
	q := n.agent.quoted(other, m{"purpose": "variation"})
	n.agent.post("/quotes/"+q+"/approve", m{"how": "paper", "name": "周晓明", "file": picture}).want(200)
	q = n.agent.quoted(order, m{"purpose": "variation", "lines": []m{{"kind": "labour", "description": "支架", "quantity": 1, "unit_minor": 100}}})
	n.agent.post("/quotes/"+q+"/approve", m{"how": "paper", "name": "周晓明", "file": picture}).want(200)
	var file string
	if err := n.db.NewRaw("SELECT id FROM files WHERE quote_id = ?", q).Scan(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	for _, by := range []*client{fitter, keeper} {
		by.get("/work-orders/" + order).want(404)
	}
	visit := n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": lead, "helpers": []string{helper}, "starts_at": at(0, 10, 0), "ends_at": at(0, 11, 0)}).want(201).str("id")
	number := n.dispatcher.get("/work-orders/" + order).str("number")
	for who, by := range map[string]*client{"lead": fitter, "helper": keeper} {
		seen := by.get("/work-orders/"+order).want(200).is("周晓明", "customer_name")
		by.get("/customers/"+n.customer).want(200).is("周晓明", "name")
		by.get("/assets/" + n.asset + "/history").want(200)
		by.get("/quotes/" + q).want(200)
		by.get("/files/" + file).want(200)
		by.get("/work-orders/" + order + "/papers/work-order.pdf").want(200)
		by.get("/requests/" + seen.str("request_id")).want(200)
		for what, path := range map[string]string{"orders": "/work-orders", "visits": "/visits?engineer=" + map[string]string{"lead": lead, "helper": helper}[who], "search": "/search?q=" + number} {
			if got := len(by.get(path).want(200).list("items")); got != 1 {
				t.Errorf("%s: %d %s in sight, want his one", who, got, what)
			}
		}
		by.get("/work-orders/" + other).want(404)
		by.get("/work-orders/" + other + "/papers/work-order.pdf").want(404)
	}
	fitter.post("/visits/"+visit+"/accept", nil).want(200)
	fitter.post("/visits/"+visit+"/arrive", nil).want(200)
	sheet := finished(visit)
	s := fitter.once("/work-orders/"+order+"/sheet", sheet).want(201).is("booked", "parts", 0, "booking").str("id")
	fitter.get("/sheets/" + s).want(200)
	keeper.get("/work-orders/"+order).want(200).is("completed", "state")
	receipt := n.dispatcher.get("/work-orders/"+order).str("receipt", "id")
	fitter.get("/receipts/" + receipt).want(200)
	n.clean()
}

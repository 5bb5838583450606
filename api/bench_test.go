package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"paigong/internal/postgres/pgtest"
)

// A whole good day over HTTP: request, order, quote, approval by link, candidates, assignment, three steps
// of the visit, sheet, payment, two calls. ns/op is the story's time, server and client on one machine.
func BenchmarkStory(b *testing.B) {
	n := newTown(b)
	n.admin.patch("/engineers/"+n.right, m{"max_visits": 100}).want(200)
	b.ResetTimer()
	for b.Loop() {
		n.receive("P1", 1, "VAN1")
		order := n.approved()
		visit := n.assigned(order)
		for _, act := range []string{"accept", "depart", "arrive"} {
			n.engineer.post("/visits/"+visit+"/"+act, nil).want(200)
		}
		n.engineer.once("/work-orders/"+order+"/sheet", finished(visit)).want(201)
		o := n.dispatcher.get("/work-orders/" + order).want(200)
		n.agent.once("/receipts/"+o.str("receipt", "id")+"/payments", m{"amount_minor": 15500, "method": "wechat"}).want(201)
		call := n.caller.get("/follow-ups?work_order="+order).want(200).str("items", 0, "id")
		n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "no_answer"}).want(201)
		n.caller.post("/follow-ups/"+call+"/attempts", m{"outcome": "reached", "scores": m{"service": 5, "product": 5}}).want(201)
	}
}

// One order among a thousand engineers with eight visits each, through REST, PostgreSQL and the sentences
// included. The median and the slowest hundredth are printed beside ns/op; cpu is the processor time of the
// program, its client and PostgreSQL together.
func BenchmarkCandidatesREST(b *testing.B) {
	n := newTown(b)
	order := n.approved()
	n.crowd(1000, 8)
	path := "/work-orders/" + order + "/candidates?limit=20"
	n.dispatcher.get(path).want(200)
	var took []time.Duration
	used := n.cpu() + ownCPU()
	b.ResetTimer()
	for b.Loop() {
		began := time.Now()
		n.dispatcher.get(path).want(200)
		took = append(took, time.Since(began))
	}
	b.StopTimer()
	used = n.cpu() + ownCPU() - used
	b.ReportMetric(float64(used)/float64(time.Millisecond)/float64(len(took)), "cpu-ms/op")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}

// crowd fills the region with engineers, each with a van, the part, a shift on the Monday and visits one
// after the other.
func (n *town) crowd(engineers, visits int) {
	n.t.Helper()
	db := pgtest.Owner(n.t, n.db)
	sql := fmt.Sprintf(`
		SELECT set_config('app.actor', 'bench', false);
		CREATE TEMP TABLE crowd AS SELECT g AS n, gen_random_uuid() AS id, gen_random_uuid() AS shift, gen_random_uuid() AS van, 39.80 + random() * 0.3 AS lat, 116.2 + random() * 0.4 AS lng FROM generate_series(1, %[1]d) g;
		INSERT INTO engineers (id, org_id, staff_number, name, home_lat, home_lng, created_at) SELECT id, (SELECT id FROM organisations LIMIT 1), 'B' || n, '工程师 ' || n, lat, lng, '2026-11-16' FROM crowd;
		INSERT INTO engineer_regions (engineer_id, region_code) SELECT id, 'bj-cy' FROM crowd;
		INSERT INTO engineer_skills (engineer_id, skill_code) SELECT id, 'cooling' FROM crowd;
		INSERT INTO shifts (id, org_id, engineer_id, during) SELECT shift, (SELECT id FROM organisations LIMIT 1), id, tstzrange('2026-11-16 00:00Z', '2026-11-16 12:00Z') FROM crowd;
		INSERT INTO places (id, org_id, code, name, kind, engineer_id, created_at) SELECT van, (SELECT id FROM organisations LIMIT 1), 'B' || n, '车 ' || n, 'van', id, '2026-11-16' FROM crowd;
		INSERT INTO moves (id, org_id, at, kind, part_id, quantity, to_place, actor) SELECT gen_random_uuid(), (SELECT id FROM organisations LIMIT 1), '2026-11-16', 'receive', (SELECT id FROM parts WHERE sku = 'P1'), 1 + n %% 3, van, 'bench' FROM crowd WHERE n %% 2 = 0;
		CREATE TEMP TABLE stops AS SELECT c.*, k, gen_random_uuid() AS site, gen_random_uuid() AS wo, '2026-11-16 00:30Z'::timestamptz + k * interval '80 minutes' AS at FROM crowd c, generate_series(0, %[2]d - 1) k;
		INSERT INTO sites (id, org_id, customer_id, address, region_code, lat, lng, created_at) SELECT site, (SELECT id FROM organisations LIMIT 1), (SELECT id FROM customers LIMIT 1), '地址', 'bj-cy', lat + random() * 0.02, lng + random() * 0.02, '2026-11-16' FROM stops;
		INSERT INTO work_orders (id, org_id, serving_org_id, number, kind, state, summary, customer_id, site_id, region_code, created_at)
			SELECT wo, (SELECT id FROM organisations LIMIT 1), (SELECT id FROM organisations LIMIT 1), 'B-' || n || '-' || k, 'repair', 'new', '空调', (SELECT id FROM customers LIMIT 1), site, 'bj-cy', '2026-11-16' FROM stops;
		INSERT INTO visits (id, org_id, order_id, engineer_id, engineer_org_id, state, planned, blocked, shift_id, shift_during, created_at)
			SELECT gen_random_uuid(), (SELECT id FROM organisations LIMIT 1), wo, id, (SELECT id FROM organisations LIMIT 1), 'dispatched', tstzrange(at, at + interval '45 minutes'), tstzrange(at, at + interval '45 minutes'), shift, tstzrange('2026-11-16 00:00Z', '2026-11-16 12:00Z'), '2026-11-16' FROM stops;`, engineers, visits)
	if _, err := db.ExecContext(n.t.Context(), sql); err != nil {
		n.t.Fatal(err)
	}
	if _, err := db.ExecContext(n.t.Context(), "VACUUM ANALYZE"); err != nil {
		n.t.Fatal(err)
	}
}

// Nine announced visits of one day are displaced by sickness and re-planned inside the windows their customers
// were told, each with its candidates judged anew. cpu is the processor time of the program, its client and
// PostgreSQL together.
func BenchmarkDisplaceNine(b *testing.B) {
	n := newTown(b)
	for _, e := range []string{n.right, n.empty} {
		n.admin.patch("/engineers/"+e, m{"max_visits": 100}).want(200)
	}
	var cpu time.Duration
	round := 0
	for b.Loop() {
		b.StopTimer()
		var orders []string
		for i := range 9 {
			_, order := n.order(n.covered(fmt.Sprintf("D-%d-%d", round, i)), m{"duration_minutes": 30})
			from := at(0, 9, 0).Add(time.Duration(i) * time.Hour)
			n.book(order, n.right, from, from.Add(30*time.Minute), "window", m{"from": from, "to": from.Add(time.Hour)}).want(201)
			orders = append(orders, order)
		}
		round++
		began := n.cpu() + ownCPU()
		b.StartTimer()
		ill := n.dispatcher.post("/engineers/"+n.right+"/absences", m{"starts_at": at(0, 8, 0), "ends_at": at(0, 18, 0), "kind": "sick", "on_conflict": "displace"}).want(201)
		for _, order := range orders {
			best := n.dispatcher.get("/work-orders/" + order + "/candidates").want(200)
			n.dispatcher.post("/work-orders/"+order+"/assign", m{"engineer_id": n.empty, "starts_at": best.str("items", 0, "starts_at"), "ends_at": best.str("items", 0, "ends_at")}).want(201)
		}
		b.StopTimer()
		cpu += n.cpu() + ownCPU() - began
		if len(ill.list("displaced")) != 9 {
			b.Fatalf("%d were displaced", len(ill.list("displaced")))
		}
		for _, order := range orders {
			n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "bench"}).want(200)
		}
		n.dispatcher.post("/absences/"+ill.str("absence", "id")+"/withdraw", m{"reason": "bench"}).want(200)
		b.StartTimer()
	}
	b.ReportMetric(float64(cpu)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
}

package api_test

import (
	"fmt"
	"testing"
)

// Each outcome of a sheet drives the order, for a visit that is the last one and for one that follows
// another. What it leaves behind is what the next person works with.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	sign := [][][]float64{{{0, 0}, {9, 9}}}
	cases := []struct {
		outcome string
		sheet   m
		before  func(n *town, order, visit string)
		state   string
		after   func(n *town, order string, o *reply)
	}{
		{"done", m{"fault_code": "F01", "cause_code": "C01", "action_code": "A01", "signature": sign}, nil, "completed", oneCallOneReceipt(12000)},
		{"partial", m{"notes": "还差排水管"}, nil, "ready", nothingFinal},
		{"no_access", m{"arrived_at": at(0, 8, 0), "notes": "敲门无人"}, nil, "ready", func(n *town, order string, o *reply) {
			nothingFinal(n, order, o)
			o.is(1, "no_access_count")
			n.caller.get("/callbacks?reason=no_access&work_order="+order).want(200).is("open", "items", 0, "state")
		}},
		{"need_parts", m{"fault_code": "F01", "parts_needed": []m{{"sku": "P5", "quantity": 2}, {"text": "不认识的卡扣", "quantity": 1}}}, nil, "on_hold", func(n *town, order string, o *reply) {
			o.is("parts", "hold_reason")
			if got := len(n.keeper.get("/shortages?work_order=" + o.str("id")).want(200).list("items")); got != 2 {
				n.t.Errorf("%d shortages, want 2", got)
			}
		}},
		{"need_approval", m{"fault_code": "F01"}, nil, "awaiting_approval", nothingFinal},
		{"taken_to_depot", m{"fault_code": "F01"}, func(n *town, order, visit string) {
			n.engineer.post("/work-orders/"+order+"/custody", m{"visit_id": visit, "device": "海尔 KFR-35GW", "accessories": []string{"遥控器"}, "condition": "外壳有划痕", "expected_return_on": "2026-11-25", "signature": sign}).want(201)
		}, "on_hold", func(n *town, order string, o *reply) {
			o.is("depot", "hold_reason").is("taken", "custody", "state")
			n.dispatcher.post("/work-orders/"+order+"/resume", m{}).refused(409, "work_orders_device_back")
			n.dispatcher.post("/work-orders/"+order+"/cancel", m{"reason": "不修了"}).refused(409, "work_orders_device_back")
		}},
		{"no_fault_found", m{"notes": "通电测试两小时正常"}, nil, "completed", func(n *town, order string, o *reply) {
			if len(o.list("sheets")) == 1 && o.at("receipt") != nil {
				n.t.Errorf("nothing was repaired, and yet %v is charged", o.at("receipt"))
			}
		}},
		{"declined", m{"signature": m{"reason": "客户不在，电话确认"}}, func(n *town, order, visit string) {
			n.engineer.post("/work-orders/"+order+"/quotes", m{"purpose": "variation", "lines": []m{{"kind": "labour", "description": "加装支架", "quantity": 1, "unit_minor": 9000}}, "valid_until": "2026-11-20"}).want(201)
		}, "cannot_complete", func(n *town, order string, o *reply) {
			o.is("quote_declined", "end_reason")
			if len(o.list("follow_ups")) != 0 || len(o.list("reservations")) != 0 {
				n.t.Errorf("a refused order leaves %v follow-ups and %v reservations", o.at("follow_ups"), o.at("reservations"))
			}
		}},
		{"cannot_complete", m{"notes": "机型停产无法修复"}, nil, "cannot_complete", func(n *town, order string, o *reply) {
			o.is(true, "unconfirmed").is("scheduled", "follow_ups", 0, "state")
			n.manager.post("/work-orders/"+order+"/confirm-end", m{"reason": "确认"}).want(200).is(false, "unconfirmed")
		}},
	}
	for _, second := range []bool{false, true} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s, second visit %v", c.outcome, second), func(t *testing.T) {
				t.Parallel()
				n := newTown(t)
				order := n.approved()
				visit := n.assigned(order)
				if second {
					n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": "partial", "notes": "第一次"}).want(201)
					visit = n.assigned(order)
				}
				if c.before != nil {
					n.engineer.post("/visits/"+visit+"/arrive", nil).want(200)
					c.before(n, order, visit)
				}
				incomplete := n.engineer.once("/work-orders/"+order+"/sheet", m{"visit_id": visit, "outcome": c.outcome})
				if incomplete.status != 422 {
					t.Errorf("an empty sheet: status %d, want 422: %s", incomplete.status, incomplete.raw)
				}
				body := m{"visit_id": visit, "outcome": c.outcome}
				for k, v := range c.sheet {
					body[k] = v
				}
				n.engineer.once("/work-orders/"+order+"/sheet", body).want(201).is(c.outcome, "outcome")
				o := n.dispatcher.get("/work-orders/"+order).want(200).is(c.state, "state")
				last := o.list("visits")[len(o.list("visits"))-1].(map[string]any)
				if last["state"] != "finished" || last["outcome"] != c.outcome {
					t.Errorf("the visit is %v with %v", last["state"], last["outcome"])
				}
				if want := map[bool]int{false: 1, true: 2}[second]; len(o.list("sheets")) != want {
					t.Errorf("%d sheets, want %d", len(o.list("sheets")), want)
				}
				c.after(n, order, o)
			})
		}
	}
}

func oneCallOneReceipt(total int) func(n *town, order string, o *reply) {
	return func(n *town, order string, o *reply) {
		n.t.Helper()
		o.is("scheduled", "follow_ups", 0, "state").is(total, "receipt", "total_minor")
		if len(o.list("follow_ups")) != 1 || len(o.list("reservations")) != 0 {
			n.t.Errorf("a finished order has %d follow-ups and holds %v", len(o.list("follow_ups")), o.at("reservations"))
		}
	}
}

func nothingFinal(n *town, _ string, o *reply) {
	n.t.Helper()
	if len(o.list("follow_ups")) != 0 || o.at("receipt") != nil || o.at("engineer_id") != nil {
		n.t.Errorf("an unfinished order has follow-ups %v, a receipt %v, an engineer %v", o.at("follow_ups"), o.at("receipt"), o.at("engineer_id"))
	}
}

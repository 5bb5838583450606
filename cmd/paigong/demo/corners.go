package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/calendar"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/inventory"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/depot"
)

// corners are what ordinary weeks do not show by themselves: one of everything that can become of a
// request, an order, a visit, a part, a device, a promise.
func (c *company) corners(now time.Time) {
	evening := c.at(-3, 19, 30)
	corner := func(what string, do step) {
		c.plan(evening, what, do)
		if evening = evening.Add(4 * time.Minute); evening.Sub(evening.Truncate(24*time.Hour)) > 14*time.Hour+10*time.Minute { // 22:10 in Hangzhou
			evening = evening.Add(21*time.Hour + 20*time.Minute)
		}
	}
	for _, acts := range [][]string{nil, {"issue"}, {"issue", "send"}, {"withdraw"}, {"issue", "send", "reverse"}} {
		corner("an invoice", func(ctx context.Context) error { return c.invoiced(ctx, acts) })
	}
	for day := -7 * Weeks; day < -1; day++ {
		c.plan(c.at(day, 18, 40), "cash that is handed in", c.cashHandedIn)
	}
	for _, act := range []string{"", "receive", "scrap", "send", "write_off", "keep"} {
		corner("an old part", func(ctx context.Context) error { return c.oldPart(ctx, act) })
	}
	corner("a part that is short", c.partShort)
	corner("a part that arrived", c.partArrived)
	corner("a part nobody needs any more", c.partCancelled)
	corner("nobody at home", func(ctx context.Context) error {
		return c.visitEnds(ctx, workorders.SheetInput{Outcome: "no_access", Notes: "敲门无人应答，电话未接"})
	})
	corner("beyond repair", func(ctx context.Context) error {
		return c.visitEnds(ctx, workorders.SheetInput{Outcome: "cannot_complete", Notes: "主板已停产，无备件"})
	})
	corner("half done", func(ctx context.Context) error {
		return c.visitEnds(ctx, workorders.SheetInput{Outcome: "partial", Notes: "还需更换一个密封件", MinutesLeft: ptr(30)})
	})
	corner("a repeat visit", c.repeated)
	corner("taken back", c.takenBack)
	corner("turned down by the engineer", c.turnedDown)
	corner("opened again", c.reopened)
	for _, act := range []string{"accept", "refuse", "withdraw", "expire"} {
		corner("handed over", func(ctx context.Context) error { return c.handedOver(ctx, act) })
	}
	for _, state := range benches {
		corner("a device at the bench", func(ctx context.Context) error { return c.device(ctx, state) })
	}
	for _, state := range []string{"", "reply", "propose", "accept", "refuse", "close"} {
		corner("a complaint", func(ctx context.Context) error { return c.complain(ctx, state) })
	}
	corner("a call nobody has to make", c.waived)
	corner("a call while a complaint is open", c.suspended)
	corner("a quote that ran out", c.ranOut)
	corner("slips that are not fetched", c.unfetched)
	corner("leave", c.leave)
	for _, acts := range [][]string{{}, {"do"}, {"do", "verify"}, {"decline"}} {
		corner("something to do better", func(ctx context.Context) error { return c.improve(ctx, acts) })
	}
	corner("a plan nobody published", c.planForgotten)
	// Three counted calls without an answer, on days whose window is over by now.
	c.plan(c.at(-10, 19, 40), "a customer nobody reaches", c.unreachable)

	c.plan(now.Add(-170*time.Minute), "requests of today", c.freshRequests)
	c.plan(now.Add(-150*time.Minute), "orders of today", c.freshOrders)
	c.plan(now.Add(-140*time.Minute), "complaints of today", c.freshComplaints)
	c.plan(now.Add(-130*time.Minute), "slips of today", c.freshSlips)
	c.plan(now.Add(-45*time.Minute), "visits under way", c.underWay)
	c.plan(now.Add(-12*time.Minute), "calls of today", c.freshCalls)
}

// improve writes down what the house should do better, and how far it got: who did it is not who judges it.
func (c *company) improve(ctx context.Context, acts []string) error {
	lesson := lessons[c.planned%len(lessons)]
	return c.desk.Keep(ctx, c.who["caller"], func(ctx context.Context, l workorders.Ledgers) error {
		by := c.who["caller"]
		i, err := l.Promises.AddImprovement(ctx, by, aftercare.ImprovementInput{Kind: "corrective", Text: lesson.says, Department: lesson.department, OrgID: by.OrgID})
		for n, act := range acts {
			if err != nil {
				break
			}
			_, err = l.Promises.ImprovementDo(ctx, c.who[[]string{"dispatcher", "manager"}[n]], i.ID, act, aftercare.ImprovementAct{Text: map[string]string{"do": "已写入派工规范并培训", "verify": "抽查两周，未再发生", "decline": "目前人手不足，下季度再议"}[act]})
		}
		return err
	})
}

var lessons = []struct{ says, department string }{
	{"上门前 30 分钟未电话联系客户", "派工台"}, {"收费项目没有当面讲清", "工程师一组"}, {"更换的旧件没有交给客户看", "工程师二组"}, {"现场垃圾没有带走", "工程师一组"},
}

// planForgotten is a plan of a day that passed before anybody looked at it.
func (c *company) planForgotten(ctx context.Context) error {
	_, err := c.desk.MakePlan(ctx, c.who["dispatcher"], workorders.PlanInput{Day: calendar.Of(c.clock.Now(), c.zone).AddDays(1).String(), RegionCodes: []string{"330109"}})
	return err
}

// fresh makes a free order, or a chargeable one that nobody has quoted yet, with a part if one is named.
func (c *company) fresh(ctx context.Context, covered bool, sku string) (*job, error) {
	device := appliances[c.named%len(appliances)]
	for _, a := range appliances {
		for _, p := range a.parts {
			if p.sku == sku {
				device = a
			}
		}
	}
	one, err := c.newClient(ctx, device, covered)
	if err != nil {
		return nil, err
	}
	j := &job{client: one, fault: one.device.faults[0], kind: "repair", rating: 4}
	for _, p := range one.device.parts {
		if p.sku == sku {
			j.part, j.parts = &p, []workorders.PartNeed{{SKU: sku, Quantity: 1}}
		}
	}
	if err := c.register(ctx, j); err != nil {
		return j, err
	}
	return j, c.open(ctx, j)
}

// send books whoever is free right now, out of hours and on the record.
func (c *company) send(ctx context.Context, j *job) error {
	return c.squeeze(ctx, j, [][2]int{{-35, -2}, {-58, -25}, {-20, 10}, {-5, 30}})
}

// squeeze books somebody of the centre into the first of these spans, in minutes from now, that he has free.
func (c *company) squeeze(ctx context.Context, j *job, spans [][2]int) (err error) {
	now := c.clock.Now()
	for _, span := range spans {
		for n := range c.crew {
			e := c.crew[(c.planned+n)%len(c.crew)]
			if e.centre != j.client.centre {
				continue
			}
			j.slot = slot{e, now.Add(time.Duration(span[0]) * time.Minute), now.Add(time.Duration(span[1]) * time.Minute)}
			j.visit, err = c.desk.Assign(ctx, c.who["dispatcher"], j.order, workorders.AssignInput{EngineerID: e.id, StartsAt: j.slot.from, EndsAt: j.slot.till, OverrideReason: ptr("急修，工程师同意加班")})
			if err == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("nobody could go for %s: %w", j.order, err)
}

// served is an order that was done this evening.
func (c *company) served(ctx context.Context, covered bool, sku string, change func(*workorders.SheetInput)) (*job, error) {
	j, err := c.fresh(ctx, covered, sku)
	if err != nil {
		return j, err
	}
	if j.charged {
		q, err := c.offer(ctx, j)
		if err != nil {
			return j, err
		}
		if _, err := c.desk.ApproveQuote(ctx, c.who["agent"], q.ID, workorders.ApprovalInput{How: "phone", Name: j.client.name, Note: "拨打 " + j.client.phone}); err != nil {
			return j, err
		}
	}
	if err := c.send(ctx, j); err != nil {
		return j, err
	}
	in := c.done(j)
	if change != nil {
		change(&in)
	}
	_, err = c.desk.SubmitSheet(ctx, c.who[j.slot.who.login], j.order, in)
	return j, err
}

func (c *company) order(ctx context.Context, j *job) (workorders.Order, error) {
	return c.desk.Order(workorders.Whole(ctx), c.who["manager"], j.order)
}

// cashHandedIn counts what the engineers bring to the cash desk in the evening; once in a while a note is missing.
func (c *company) cashHandedIn(ctx context.Context) error {
	by := c.who["agent"]
	return c.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		held, err := l.Till.CashUps(ctx, by.Scope(), billing.CashUpFilter{Ask: keyset.Ask{Limit: keyset.MaxLimit}, State: billing.CashHeld})
		if err != nil {
			return err
		}
		for _, h := range held.Items {
			in := billing.CashUpInput{EngineerID: h.EngineerID, Day: h.Day, CountedMinor: h.ExpectedMinor}
			if c.rnd.IntN(12) == 0 && h.ExpectedMinor > 1000 {
				in.CountedMinor, in.Note = h.ExpectedMinor-1000, "少 10 元，次日补交"
			}
			if _, err := l.Till.CashUp(ctx, by, in); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *company) invoiced(ctx context.Context, acts []string) error {
	j, err := c.served(ctx, false, "", nil)
	if err != nil {
		return err
	}
	o, err := c.order(ctx, j)
	if err != nil || o.Receipt == nil {
		return err
	}
	if _, _, err := c.desk.Pay(ctx, c.who["agent"], o.Receipt.ID, billing.PaymentInput{AmountMinor: o.Receipt.BalanceMinor, Method: "transfer", Reference: "银行转账"}); err != nil {
		return err
	}
	inv, err := c.desk.RequestInvoice(ctx, c.who["agent"], o.Receipt.ID, billing.InvoiceInput{Title: "杭州" + j.client.name + "商贸有限公司", TaxNumber: "91330106MA2XXXXX0X"})
	if err != nil {
		return err
	}
	for _, act := range acts {
		no := fmt.Sprintf("2633%08d", 1000+c.planned)
		if act == "reverse" {
			no = fmt.Sprintf("2633%08d", 500000+c.planned)
		}
		if _, err := c.desk.InvoiceDo(ctx, c.who["agent"], inv.ID, act, billing.InvoiceAct{InvoiceNo: no, Reason: "客户改了抬头"}); err != nil {
			return err
		}
	}
	return nil
}

func (c *company) oldPart(ctx context.Context, act string) error {
	j, err := c.served(ctx, true, "WM-PCB", func(in *workorders.SheetInput) { in.OldPartsKept = act == "keep" })
	if err != nil || act == "" || act == "keep" {
		return err
	}
	o, err := c.order(ctx, j)
	if err != nil {
		return err
	}
	acts := []string{act}
	if act == "scrap" || act == "send" {
		acts = []string{"receive", act}
	}
	for _, old := range o.OldParts {
		for _, act := range acts {
			if _, err := c.desk.OldPartDo(ctx, c.who["stock"], old.ID, act); err != nil {
				return err
			}
		}
	}
	return nil
}

// visitEnds is a visit that did not finish the order.
func (c *company) visitEnds(ctx context.Context, in workorders.SheetInput) error {
	_, err := c.visitEnded(ctx, in)
	return err
}

func (c *company) visitEnded(ctx context.Context, in workorders.SheetInput) (*job, error) {
	j, err := c.fresh(ctx, true, "")
	if err != nil {
		return j, err
	}
	if err := c.send(ctx, j); err != nil {
		return j, err
	}
	in.VisitID, in.ArrivedAt = j.visit.ID, ptr(j.slot.from.Add(2*time.Minute))
	if in.Outcome == "need_parts" || in.Outcome == "taken_to_depot" {
		in.FaultCode = &j.fault.code
	}
	if in.Outcome == "cannot_complete" {
		seen, err := c.photo(ctx, c.who[j.slot.who.login], "before")
		if err != nil {
			return j, err
		}
		in.Photos = append(in.Photos, seen)
	}
	_, err = c.desk.SubmitSheet(ctx, c.who[j.slot.who.login], j.order, in)
	return j, err
}

// partShort: the order waits for a part that is on its way.
func (c *company) partShort(ctx context.Context) error {
	_, err := c.visitEnded(ctx, workorders.SheetInput{Outcome: "need_parts", Notes: "四通阀卡死，需订购", PartsNeeded: []workorders.PartNeed{{SKU: "AC-VALVE", Quantity: 1, Urgency: "急"}}})
	if err != nil {
		return err
	}
	return c.desk.Keep(ctx, c.who["stock"], func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Stock.Expect(ctx, c.who["stock"], inventory.ExpectedInput{SKU: "AC-VALVE", Quantity: 6, ToPlace: "W-HZ", ExpectedOn: c.today.AddDays(4), SupplierRef: ptr("PO-26-1187")})
		return err
	})
}

// partArrived: goods come in and the order that waited goes on.
func (c *company) partArrived(ctx context.Context) error {
	if _, err := c.visitEnded(ctx, workorders.SheetInput{Outcome: "need_parts", Notes: "逻辑板损坏", PartsNeeded: []workorders.PartNeed{{SKU: "TV-TCON", Quantity: 1}}}); err != nil {
		return err
	}
	c.later(15*time.Hour, "goods arriving", func(ctx context.Context) error {
		_, err := c.desk.MoveStock(ctx, c.who["stock"], inventory.MovementInput{Kind: "receive", SKU: "TV-TCON", Quantity: 3, ToPlace: ptr("W-HZ")})
		return err
	})
	return nil
}

func (c *company) partCancelled(ctx context.Context) error {
	j, err := c.visitEnded(ctx, workorders.SheetInput{Outcome: "need_parts", Notes: "软水器破裂", PartsNeeded: []workorders.PartNeed{{SKU: "DW-SOFT", Quantity: 1}}})
	if err != nil {
		return err
	}
	_, err = c.desk.Cancel(ctx, c.who["dispatcher"], j.order, "客户已换新机")
	return err
}

// repeated: the same fault came back, the same engineer goes again.
func (c *company) repeated(ctx context.Context) error {
	first, err := c.served(ctx, true, "", nil)
	if err != nil {
		return err
	}
	c.later(20*time.Hour, "the fault came back", func(ctx context.Context) error {
		again := &job{client: first.client, fault: complaintOf{"修好的毛病又出现了：" + first.fault.says, first.fault.code}, kind: "repair", rating: 4}
		if err := c.register(ctx, again); err != nil {
			return err
		}
		o, err := c.desk.OpenOrder(ctx, c.who["dispatcher"], again.request, workorders.OrderInput{Kind: "repair", Priority: 1, DurationMinutes: 60, RepeatOf: &first.order, WantedEngineer: &first.slot.who.id})
		if err != nil {
			return err
		}
		again.order, again.charged = o.Number, o.Chargeable
		c.made.Orders++
		if again.charged {
			return nil
		}
		return c.assign(ctx, again)
	})
	return nil
}

// takenBack: assigned, then cancelled by the customer; the part goes back.
func (c *company) takenBack(ctx context.Context) error {
	j, err := c.fresh(ctx, true, "WM-PUMP")
	if err != nil {
		return err
	}
	if err := c.send(ctx, j); err != nil {
		return err
	}
	_, err = c.desk.Cancel(ctx, c.who["dispatcher"], j.order, "客户自己修好了")
	return err
}

func (c *company) turnedDown(ctx context.Context) error {
	j, err := c.fresh(ctx, true, "")
	if err != nil {
		return err
	}
	if err := c.send(ctx, j); err != nil {
		return err
	}
	if _, err := c.desk.VisitAct(ctx, c.who[j.slot.who.login], j.visit.ID, "decline", workorders.ActInput{Reason: "家中有急事"}); err != nil {
		return err
	}
	c.later(12*time.Hour, "assigning again", func(ctx context.Context) error { return c.assign(ctx, j) })
	return nil
}

func (c *company) reopened(ctx context.Context) error {
	j, err := c.served(ctx, true, "", nil)
	if err != nil {
		return err
	}
	_, err = c.desk.Reopen(ctx, c.who["manager"], j.order, "客户反映故障依旧")
	return err
}

func (c *company) handedOver(ctx context.Context, act string) error {
	j, err := c.fresh(ctx, true, "")
	if err != nil {
		return err
	}
	_, err = c.desk.OfferOrder(ctx, c.who["dispatcher"], j.order, workorders.HandOverInput{OrganisationCode: "HZ-YH", Reason: "离余杭网点更近", AnswerBy: c.clock.Now().Add(4 * time.Hour)})
	if err != nil || act == "expire" {
		return err // the clock does it
	}
	by := c.who["partner"]
	if act == "withdraw" {
		by = c.who["manager"]
	}
	if _, err := c.desk.AnswerHandOver(ctx, by, j.order, act, map[string]string{"refuse": "近期人手不足"}[act]); err != nil || act != "accept" {
		return err
	}
	for _, e := range c.crew {
		if e.centre != "HZ-YH" {
			continue
		}
		from := c.at(1, 9, 30)
		if _, err := c.desk.Assign(ctx, by, j.order, workorders.AssignInput{EngineerID: e.id, StartsAt: from, EndsAt: from.Add(time.Hour), OverrideReason: ptr("网点自行安排")}); err == nil {
			return nil
		}
	}
	return nil
}

// benches are the ways of a device, each to another state.
var benches = [][]string{
	{}, {"receive"}, {"receive", "diagnose"}, {"receive", "diagnose", "quote"}, {"receive", "diagnose", "repair"}, {"receive", "repair", "test"},
	{"receive", "repair", "test", "ready"}, {"receive", "repair", "test", "ready", "return"}, {"receive", "diagnose", "scrap"},
}

func (c *company) device(ctx context.Context, acts []string) error {
	j, err := c.fresh(ctx, true, "")
	if err != nil {
		return err
	}
	d, err := c.desk.TakeDevice(ctx, c.who["agent"], j.order, depot.CustodyInput{Device: j.client.device.name + " " + j.client.device.models[0], Accessories: []string{"电源线", "说明书"}, Condition: "外观有轻微划痕",
		FaultsSeen: &j.fault.says, ExpectedReturnOn: c.today.AddDays(6), Signature: strokes, ConsentText: ptr("同意将机器送维修中心检测维修。")})
	if err != nil {
		return err
	}
	for i, act := range acts {
		in := depot.DoInput{By: ptr("维修中心老曹")}
		who := c.who["depot"]
		if act == "return" {
			in = depot.DoInput{By: &j.client.name, Signature: strokes, VoucherSeen: ptr(true)}
			who = c.who["agent"]
		}
		c.later(time.Duration(i+1)*20*time.Minute, "the bench, "+act, func(ctx context.Context) error {
			_, err := c.desk.CustodyDo(ctx, who, d.ID, act, in)
			return err
		})
	}
	return nil
}

var grievances = []struct{ says, category string }{
	{"约好上午来，等到下午三点才到", "delay"}, {"修完第二天又坏了，要求重修", "quality"}, {"师傅穿鞋进门，态度差", "attitude"}, {"收费比报价多了 30 元", "charge"}, {"拆机时把台面划了一道", "damage"}, {"打了三次电话没人管", "delay"},
}

// complain registers a complaint about a finished order.
func (c *company) grievance(ctx context.Context, severity int) (aftercare.Complaint, error) {
	j, err := c.served(ctx, true, "", nil)
	if err != nil {
		return aftercare.Complaint{}, err
	}
	o, err := c.order(ctx, j)
	if err != nil {
		return aftercare.Complaint{}, err
	}
	g := grievances[c.planned%len(grievances)]
	return c.desk.AddComplaint(ctx, c.who["agent"], aftercare.ComplaintInput{WorkOrderID: &o.ID, Channel: "phone", Grade: "complaint", Severity: severity, Category: g.category, Text: g.says, Demand: "道歉并尽快解决"})
}

func (c *company) complain(ctx context.Context, last string) error {
	x, err := c.grievance(ctx, 2)
	if err != nil || last == "" {
		if err == nil { // somebody answers it in time
			c.later(5*time.Hour, "the answer to a complaint", func(ctx context.Context) error { return c.settle(ctx, x.ID) })
		}
		return err
	}
	for i, act := range []string{"reply", "propose", "accept", "close"} {
		if act == "accept" && last == "refuse" {
			act = "refuse"
		}
		c.later(time.Duration(i+1)*40*time.Minute, "a complaint, "+act, func(ctx context.Context) error { return c.complaint(ctx, x.ID, act) })
		if act == last {
			break
		}
	}
	return nil
}

func (c *company) complaint(ctx context.Context, id uuid.UUID, act string) error {
	in := map[string]aftercare.ComplaintAct{
		"reply": {Text: "已向客户道歉，正在核实，今天给出方案。"}, "propose": {Proposal: "免费复修，退还上门费 30 元。"}, "accept": {}, "refuse": {Reason: "客户要求换新机"},
		"escalate": {Reason: "客户要求主管回电"}, "close": {Resolution: "已复修并退还上门费，客户满意。", Cause: "排程过满"},
	}[act]
	if act == "close" { // what it was judged by
		x, err := c.desk.Look(ctx).Promises.Complaint(ctx, c.who["manager"], id)
		if err == nil {
			_, err = c.desk.AddEvidence(ctx, c.who["manager"], id, aftercare.EvidenceInput{Record: x.OrderNumber, Note: "工单与维修单记录"})
		}
		if err != nil {
			return err
		}
	}
	_, err := c.desk.ComplaintDo(ctx, c.who["manager"], id, act, in)
	return err
}

// settle answers a complaint and ends it.
func (c *company) settle(ctx context.Context, id uuid.UUID) error {
	for _, act := range []string{"reply", "propose", "accept", "close"} {
		if err := c.complaint(ctx, id, act); err != nil {
			return err
		}
	}
	return nil
}

func (c *company) waived(ctx context.Context) error {
	j, err := c.served(ctx, true, "", nil)
	if err != nil {
		return err
	}
	o, err := c.order(ctx, j)
	if err != nil {
		return err
	}
	return c.desk.Keep(ctx, c.who["manager"], func(ctx context.Context, l workorders.Ledgers) error {
		for _, f := range o.FollowUps {
			if _, err := l.Promises.Waive(ctx, c.who["manager"], f.ID, "客户要求不再来电"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *company) suspended(ctx context.Context) error {
	_, err := c.grievance(ctx, 3)
	return err
}

// ranOut: nobody answered the quote until its last day was over.
func (c *company) ranOut(ctx context.Context) error {
	j, err := c.fresh(ctx, false, "")
	if err != nil {
		return err
	}
	q, err := c.desk.MakeQuote(ctx, c.who["agent"], j.order, workorders.QuoteInput{Lines: j.lines(), ValidUntil: c.today.AddDays(10)})
	if err != nil {
		return err
	}
	if q, err = c.desk.MakeQuote(ctx, c.who["agent"], j.order, workorders.QuoteInput{Lines: j.lines()[:1], ValidUntil: c.today.AddDays(-1)}); err != nil {
		return err
	}
	_, err = c.desk.SendQuote(ctx, c.who["agent"], q.ID)
	return err
}

// unfetched: one slip is cancelled at the counter, one comes back unused.
func (c *company) unfetched(ctx context.Context) error {
	for _, acts := range [][]string{{"cancel"}, {"ready", "hand-over", "receive"}} {
		j, err := c.fresh(ctx, true, "AC-PCB")
		if err != nil {
			return err
		}
		if err := c.send(ctx, j); err != nil {
			return err
		}
		slips, err := c.desk.Look(ctx).Stock.Pickups(ctx, c.who["stock"].Scope(), inventory.PickupFilter{Visit: j.visit.ID.String()})
		if err != nil {
			return err
		}
		for _, p := range slips.Items {
			for _, act := range acts {
				if _, err := c.desk.PickupDo(ctx, c.who["stock"], p.ID, act, inventory.PickupAct{Why: ptr("客户改期")}); err != nil {
					return err
				}
			}
		}
		if _, err := c.desk.Unassign(ctx, c.who["dispatcher"], j.order, "客户改期"); err != nil {
			return err
		}
		if acts[0] != "cancel" {
			if _, err := c.desk.Hold(ctx, c.who["dispatcher"], j.order, workorders.HoldInput{ReasonCode: "customer", Reason: "客户出差，下周再约", Until: ptr(c.at(5, 9, 0))}); err != nil {
				return err
			}
		}
	}
	return nil
}

// leave: asked for, granted, refused, taken back.
func (c *company) leave(ctx context.Context) error {
	for i, answer := range []string{"", "approve", "reject", "withdraw"} {
		e := c.crew[2*i+1]
		from := c.at(9+i, 8, 0)
		taken, err := c.desk.AddAbsence(ctx, c.who[e.login], e.id, dispatch.AbsenceInput{StartsAt: from, EndsAt: from.Add(11 * time.Hour), Kind: ptr("leave"), Reason: ptr("家里有事")})
		if err != nil {
			return err
		}
		switch answer {
		case "approve", "reject":
			_, err = c.desk.DecideAbsence(ctx, c.who["manager"], taken.Absence.ID, dispatch.Decision{Approve: answer == "approve", Answer: map[string]string{"reject": "当天人手不足"}[answer]})
		case "withdraw":
			err = c.desk.Keep(ctx, c.who[e.login], func(ctx context.Context, l workorders.Ledgers) error {
				_, err := l.Board.WithdrawAbsence(ctx, c.who[e.login], taken.Absence.ID, "不用请假了")
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *company) unreachable(ctx context.Context) error {
	j, err := c.served(ctx, true, "", nil)
	if err != nil {
		return err
	}
	o, err := c.order(ctx, j)
	if err != nil {
		return err
	}
	for _, f := range o.FollowUps {
		for n := range 4 {
			at := f.DueOn.AddDays(n / 2).In(c.zone).Add(time.Duration(9+n%2*9)*time.Hour + 20*time.Minute)
			c.plan(at, "a call into the void", func(ctx context.Context) error {
				_, err := c.desk.FollowUpAttempt(ctx, c.who["caller"], f.ID, aftercare.AttemptInput{Outcome: "no_answer"})
				return err
			})
		}
	}
	return nil
}

// freshRequests: what came in this morning, in every state a request can be in.
func (c *company) freshRequests(ctx context.Context) error {
	agent := c.who["agent"]
	var first string
	for i, channel := range []string{"web", "phone", "email", "chat", "phone", "phone", "web", "phone"} {
		one, err := c.newClient(ctx, appliances[i%len(appliances)], true)
		if err != nil {
			return err
		}
		in := workorders.RequestInput{Channel: channel, Kind: "repair", AssetID: &one.asset, Summary: one.device.faults[0].says}
		if i >= 2 {
			in.Told = "已受理，稍后回电。"
		}
		if i == 7 {
			in.Kind, in.Summary = "other", "咨询手机换屏"
		}
		r, err := c.desk.Register(ctx, agent, in)
		if err != nil {
			return err
		}
		switch i {
		case 3:
			_, err = c.desk.Triage(ctx, agent, r.Number, workorders.TriageInput{})
			first = r.Number
		case 4, 5:
			_, err = c.desk.Answer(ctx, agent, r.Number, workorders.AnswerInput{Solution: "指导客户清洗过滤网并断电重启，恢复正常。", FaultCode: &one.device.faults[0].code, CustomerConfirmed: true})
		case 6:
			_, err = c.desk.Triage(ctx, agent, r.Number, workorders.TriageInput{Outcome: "duplicate", DuplicateOf: &first})
		case 7:
			_, err = c.desk.Triage(ctx, agent, r.Number, workorders.TriageInput{Outcome: "rejected", Reason: "不在服务范围：手机维修"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// freshOrders: new, with a draft, with the customer, in the queue.
func (c *company) freshOrders(ctx context.Context) error {
	for i := range 5 {
		j, err := c.fresh(ctx, false, "")
		if err != nil {
			return err
		}
		switch {
		case i == 1:
			_, err = c.desk.MakeQuote(ctx, c.who["agent"], j.order, workorders.QuoteInput{Lines: j.lines(), ValidUntil: c.today.AddDays(7), LimitMinor: ptr(money.Fen(20000))})
		case i > 1:
			if _, err = c.offer(ctx, j); err == nil {
				c.made.Links = append(c.made.Links, j.link[strings.Index(j.link, "/c/"):])
			}
		}
		if err != nil {
			return err
		}
		if i == 4 {
			token := j.link[strings.LastIndex(j.link, "/")+1:]
			if _, err := c.desk.DeclineByLink(ctx, token, workorders.PublicAnswer{Name: j.client.name, Reason: "先不修了"}); err != nil {
				return err
			}
			c.made.Links = c.made.Links[:2]
		}
	}
	for range 4 {
		if _, err := c.fresh(ctx, true, ""); err != nil {
			return err
		}
	}
	j, err := c.fresh(ctx, true, "")
	if err != nil {
		return err
	}
	if _, err := c.desk.OfferOrder(ctx, c.who["dispatcher"], j.order, workorders.HandOverInput{OrganisationCode: "HZ-YH", Reason: "客户搬到余杭", AnswerBy: c.clock.Now().Add(30 * time.Hour)}); err != nil {
		return err
	}
	share, err := c.desk.ShareOrder(ctx, c.who["agent"], j.order)
	if err == nil {
		c.made.Links = append(c.made.Links, share[strings.Index(share, "/c/"):])
	}
	return err
}

// freshComplaints: open ones on all three rungs of the ladder.
func (c *company) freshComplaints(ctx context.Context) error {
	for _, acts := range [][]string{{}, {"escalate"}, {"reply", "escalate", "escalate"}, {"reply", "propose"}} {
		x, err := c.grievance(ctx, 2+len(acts)%2)
		if err != nil {
			return err
		}
		for _, act := range acts {
			if err := c.complaint(ctx, x.ID, act); err != nil {
				return err
			}
		}
	}
	return nil
}

// freshSlips: parts to be fetched for the visits of tomorrow, one laid out already, one handed over.
func (c *company) freshSlips(ctx context.Context) error {
	for i, sku := range []string{"RF-PCB", "WH-GAS", "AC-PCB"} {
		j, err := c.fresh(ctx, true, sku)
		if err != nil {
			return err
		}
		booked := false
		for range 12 { // the crews of the day have given some of these slots away
			var found bool
			if j.slot, found = c.free("HZ-XH", j.client.device.skill, c.at(1, 8, 0)); !found {
				break
			}
			j.visit, err = c.desk.Assign(ctx, c.who["dispatcher"], j.order, workorders.AssignInput{EngineerID: j.slot.who.id, StartsAt: j.slot.from, EndsAt: j.slot.till, OverrideReason: ptr("客户指定时间")})
			if booked = err == nil; booked {
				break
			}
		}
		if !booked {
			continue
		}
		for _, act := range []string{"ready", "hand-over"}[:i] {
			if err := c.slip(ctx, j, act); err != nil {
				return err
			}
		}
	}
	return nil
}

// underWay: somebody is driving, somebody is at work, somebody has paused, somebody has not answered yet.
func (c *company) underWay(ctx context.Context) error {
	for _, acts := range [][]string{{"accept", "depart"}, {"accept", "depart", "arrive"}, {"arrive", "pause"}, {"accept"}, {}} {
		j, err := c.fresh(ctx, true, "")
		if err != nil {
			return err
		}
		if err := c.squeeze(ctx, j, [][2]int{{10, 40}, {0, 25}, {-15, 12}, {-30, -5}, {25, 45}, {40, 60}}); err != nil {
			continue // everybody is out on the road already
		}
		for i, act := range acts {
			c.later(time.Duration(i+1)*9*time.Minute, "the engineer, "+act, func(ctx context.Context) error {
				_, err := c.desk.VisitAct(ctx, c.who[j.slot.who.login], j.visit.ID, act, workorders.ActInput{})
				return err
			})
		}
	}
	return nil
}

// freshCalls: some of the call-back list is worked through.
func (c *company) freshCalls(ctx context.Context) error {
	list, err := c.desk.Look(ctx).Promises.Callbacks(ctx, c.who["caller"].Scope(), aftercare.CallbackFilter{})
	if err != nil {
		return err
	}
	for i, one := range list.Items {
		if i%4 != 0 || one.State != aftercare.CallbackOpen {
			continue
		}
		outcome := "reached"
		if i%8 == 4 {
			outcome = "no_answer"
		}
		if _, err := c.desk.CallbackAttempt(ctx, c.who["caller"], one.ID, aftercare.CallbackAttemptInput{Outcome: outcome, Text: "已告知客户"}); err != nil {
			return err
		}
	}
	return nil
}

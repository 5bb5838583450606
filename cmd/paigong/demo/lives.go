package demo

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/money"
	"paigong/inventory"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
)

// strokes is a signature as a finger draws it.
var strokes = json.RawMessage(`[[[12,48],[20,22],[31,50],[40,24],[52,47]],[[60,30],[74,46],[88,28],[101,49],[118,33]]]`)

// tick is what the program does by itself every minute; here every six hours is enough.
func (c *company) tick(ctx context.Context) error {
	for _, task := range c.desk.Tasks() {
		if strings.HasSuffix(task.Name, "-forget") {
			continue
		}
		if err := task.Do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// job is an order on its way through the house.
type job struct {
	client  client
	fault   complaintOf
	kind    string
	parts   []workorders.PartNeed
	id      uuid.UUID
	order   string // number, once it is open
	request string
	full    bool // every button pressed, every call made; else the sheet alone tells
	slot    slot
	visit   dispatch.Visit
	link    string
	charged bool
	part    *article
	rating  int
	unpaid  bool
}

type slot struct {
	who        *engineer
	from, till time.Time
}

// work is three weeks of ordinary orders, so many a day.
func (c *company) work(now time.Time) {
	for day := -7 * Weeks; day <= 0; day++ {
		for n := range perDay {
			at := c.at(day, 8, 10).Add(time.Duration(n*540/perDay+c.rnd.IntN(40)) * time.Minute)
			if at.After(now.Add(-20 * time.Minute)) {
				continue
			}
			j := c.job()
			j.full = day >= -2 || n == 0 && day%3 == 0
			c.plan(at, "a request", func(ctx context.Context) error { return c.report(ctx, j) })
		}
	}
}

// job draws the next customer with what is wrong at his place.
func (c *company) job() *job {
	one := c.clients[c.next%len(c.clients)]
	c.next++
	j := &job{client: one, fault: one.device.faults[c.rnd.IntN(len(one.device.faults))], kind: "repair", rating: 3 + c.rnd.IntN(3)}
	switch n := c.rnd.IntN(20); {
	case n < 2:
		j.kind, j.fault = "install", complaintOf{says: "新购" + one.device.name + "，需要上门安装"}
	case n == 2:
		j.kind, j.fault = "maintain", complaintOf{says: one.device.name + "年度清洗保养"}
	case n < 12:
		p := one.device.parts[c.rnd.IntN(len(one.device.parts))]
		if !slices.Contains(unstocked, p.sku) && !strings.ContainsRune(p.flags, 's') {
			j.part = &p
			j.parts = []workorders.PartNeed{{SKU: p.sku, Quantity: 1}}
		}
	}
	if c.rnd.IntN(16) == 0 {
		j.rating = 1 + c.rnd.IntN(2)
	}
	j.unpaid = c.rnd.IntN(7) == 0
	return j
}

var channels = []string{"phone", "phone", "phone", "web", "chat", "walk_in", "email"}

// register writes the request down as the agent does.
func (c *company) register(ctx context.Context, j *job) error {
	in := workorders.RequestInput{Channel: channels[c.rnd.IntN(len(channels))], Kind: j.kind, AssetID: &j.client.asset, Summary: j.fault.says,
		Description: "客户" + j.client.name + "反映：" + j.fault.says + "。", Told: "已告知客户会安排工程师上门，上门前电话联系。"}
	r, err := c.desk.Register(ctx, c.who["agent"], in)
	j.request = r.Number
	return err
}

func (c *company) open(ctx context.Context, j *job) error {
	o, err := c.desk.OpenOrder(ctx, c.who["dispatcher"], j.request, workorders.OrderInput{Kind: j.kind, Priority: 2 + c.rnd.IntN(2), SkillCodes: []string{j.client.device.skill}, Parts: j.parts, DurationMinutes: 60})
	j.id, j.order, j.charged = o.ID, o.Number, o.Chargeable
	c.made.Orders++
	return err
}

func (c *company) later(d time.Duration, what string, do step) {
	c.plan(c.clock.Now().Add(d), what, do)
}

func (c *company) report(ctx context.Context, j *job) error {
	if err := c.register(ctx, j); err != nil {
		return err
	}
	c.later(6*time.Minute, "opening an order", func(ctx context.Context) error {
		if err := c.open(ctx, j); err != nil {
			return err
		}
		if j.charged {
			c.later(12*time.Minute, "a quote", func(ctx context.Context) error { return c.quote(ctx, j) })
		} else {
			c.later(10*time.Minute, "assigning", func(ctx context.Context) error { return c.assign(ctx, j) })
		}
		return nil
	})
	return nil
}

func (j *job) lines() []workorders.QuoteLineInput {
	lines := []workorders.QuoteLineInput{
		{Kind: "travel", Description: "上门费", Quantity: 1, UnitMinor: 3000},
		{Kind: "labour", Description: j.client.device.name + "维修工时费", Quantity: 1, UnitMinor: 12000},
	}
	if j.part != nil {
		lines = append(lines, workorders.QuoteLineInput{Kind: "part", Description: j.part.name, SKU: j.part.sku, Quantity: 1, UnitMinor: money.Fen(j.part.price)})
	}
	return lines
}

func (c *company) offer(ctx context.Context, j *job) (workorders.Quote, error) {
	q, err := c.desk.MakeQuote(ctx, c.who["agent"], j.order, workorders.QuoteInput{Lines: j.lines(), ValidUntil: c.today.AddDays(10), Terms: "更换的备件保修 90 天。"})
	if err != nil {
		return q, err
	}
	q, err = c.desk.SendQuote(ctx, c.who["agent"], q.ID)
	if err == nil && q.Link != "" {
		j.link = q.Link
	}
	return q, err
}

func (c *company) quote(ctx context.Context, j *job) error {
	q, err := c.offer(ctx, j)
	if err != nil {
		return err
	}
	c.later(time.Duration(40+c.rnd.IntN(200))*time.Minute, "the customer's answer", func(ctx context.Context) error {
		token := j.link[strings.LastIndex(j.link, "/")+1:]
		switch n := c.rnd.IntN(12); {
		case n == 0:
			_, err = c.desk.DeclineByLink(ctx, token, workorders.PublicAnswer{Name: j.client.name, Reason: "价格太高，考虑换新机"})
			return err
		case n < 4:
			_, err = c.desk.ApproveQuote(ctx, c.who["agent"], q.ID, workorders.ApprovalInput{How: "phone", Name: j.client.name, Note: "拨打 " + j.client.phone + "，客户同意"})
		default:
			_, err = c.desk.ApproveByLink(ctx, token, "127.0.0.1", workorders.PublicAnswer{Name: j.client.name, Signature: strokes})
		}
		if err != nil {
			return err
		}
		c.later(10*time.Minute, "assigning", func(ctx context.Context) error { return c.assign(ctx, j) })
		return nil
	})
	return nil
}

// free finds the earliest slot of somebody who can do it and has the part in his van or can fetch it.
func (c *company) free(centre, skill string, after time.Time) (slot, bool) {
	times := [][2]int{{9, 0}, {10, 45}, {13, 15}, {15, 0}, {16, 45}}
	for day := range 7 {
		on := c.today.AddDays(int(after.Sub(c.today.In(c.zone)).Hours()/24) - 1 + day)
		for _, t := range times {
			from := on.In(c.zone).Add(time.Duration(t[0])*time.Hour + time.Duration(t[1])*time.Minute)
			if from.Before(after) {
				continue
			}
			start := c.rnd.IntN(len(c.crew))
			for n := range c.crew {
				e := c.crew[(start+n)%len(c.crew)]
				if e.centre == centre && slices.Contains(e.skills, skill) && !e.taken[from] && !e.off[on] {
					e.taken[from] = true
					return slot{e, from, from.Add(time.Hour)}, true
				}
			}
		}
	}
	return slot{}, false
}

// assign books the earliest slot; where the board refuses it, the best candidate.
func (c *company) assign(ctx context.Context, j *job) error {
	by := c.who["dispatcher"]
	wait := 90 * time.Minute
	var err error
	for range 3 {
		found := false
		if j.slot, found = c.free(j.client.centre, j.client.device.skill, c.clock.Now().Add(wait)); !found {
			break
		}
		j.visit, err = c.desk.Assign(ctx, by, j.order, workorders.AssignInput{EngineerID: j.slot.who.id, StartsAt: j.slot.from, EndsAt: j.slot.till})
		if err == nil {
			return c.visited(ctx, j)
		}
	}
	list, err := c.desk.Candidates(ctx, by, j.order, 3)
	if err != nil {
		return err
	}
	if len(list) == 0 || !list[0].Eligible {
		return nil // stays in the queue for a person to look at
	}
	best := list[0]
	for _, e := range c.everybody {
		if e.id == best.EngineerID {
			j.slot = slot{e, *best.StartsAt, *best.EndsAt}
		}
	}
	if j.visit, err = c.desk.Assign(ctx, by, j.order, workorders.AssignInput{EngineerID: best.EngineerID, StartsAt: *best.StartsAt, EndsAt: *best.EndsAt}); err != nil {
		return nil
	}
	return c.visited(ctx, j)
}

// visited plans what follows an assignment, up to the call two days later.
func (c *company) visited(ctx context.Context, j *job) error {
	me := c.who[j.slot.who.login]
	act := func(what string, at time.Time) {
		c.plan(at, "the engineer, "+what, func(ctx context.Context) error {
			_, err := c.desk.VisitAct(ctx, me, j.visit.ID, what, workorders.ActInput{})
			return err
		})
	}
	slips := func(what string, at time.Time) {
		c.plan(at, "a slip, "+what, func(ctx context.Context) error { return c.slip(ctx, j, what) })
	}
	fetch := slices.ContainsFunc(storeOnly, func(sku string) bool { return j.part != nil && j.part.sku == sku })
	if fetch {
		slips("ready", j.slot.from.Add(-70*time.Minute))
		slips("hand-over", j.slot.from.Add(-45*time.Minute))
	}
	if j.full {
		act("accept", c.clock.Now().Add(9*time.Minute))
		c.later(15*time.Minute, "agreeing the time", func(ctx context.Context) error {
			_, err := c.desk.Confirm(ctx, c.who["agent"], j.visit.ID, workorders.ConfirmInput{Window: workorders.Window{From: j.slot.from, To: j.slot.from.Add(2 * time.Hour)}, WithWhom: j.client.name, By: "phone"})
			return err
		})
		act("depart", j.slot.from.Add(-25*time.Minute))
		act("arrive", j.slot.from.Add(3*time.Minute))
	}
	c.plan(j.slot.till.Add(-4*time.Minute), "a repair sheet", func(ctx context.Context) error { return c.sheet(ctx, j) })
	return nil
}

func (c *company) slip(ctx context.Context, j *job, act string) error {
	slips, err := c.desk.Look(ctx).Stock.Pickups(ctx, c.who["stock"].Scope(), inventory.PickupFilter{Visit: j.visit.ID.String()})
	if err != nil {
		return err
	}
	for _, p := range slips.Items {
		if p.State != inventory.ToPick && p.State != inventory.PickReady {
			continue
		}
		if _, err := c.desk.PickupDo(ctx, c.who["stock"], p.ID, act, inventory.PickupAct{}); err != nil {
			return err
		}
	}
	return nil
}

var causes, actions = []string{"C-WEAR", "C-AGE", "C-DIRT", "C-LOOSE", "C-POWER", "C-MAKE"}, []string{"A-CLEAN", "A-ADJUST", "A-PLUG", "A-SEAL", "A-LEVEL"}

// done is the sheet of a visit that went well.
func (c *company) done(j *job) workorders.SheetInput {
	in := workorders.SheetInput{VisitID: j.visit.ID, Outcome: "done", Notes: "已处理，试机正常，客户确认。", WorkMinutes: ptr(35 + c.rnd.IntN(25)), TravelMins: ptr(12 + c.rnd.IntN(20)),
		ArrivedAt: ptr(j.slot.from.Add(3 * time.Minute)), Signature: strokes, SignerName: &j.client.name}
	if j.kind == "repair" {
		action := actions[c.rnd.IntN(len(actions))]
		if j.part != nil {
			action = "A-PART"
		}
		in.FaultCode, in.CauseCode, in.ActionCode = &j.fault.code, ptr(causes[c.rnd.IntN(len(causes))]), &action
	}
	for _, list := range checklists {
		for _, line := range list.Lines {
			if list.Kind == j.kind {
				in.Checklist = append(in.Checklist, workorders.CheckItem{Code: line.Code, Result: "pass"})
			}
		}
	}
	if j.part != nil {
		in.Parts = []workorders.SheetPartInput{{SKU: j.part.sku, Quantity: 1}}
	}
	return in
}

func (c *company) sheet(ctx context.Context, j *job) error {
	if _, err := c.desk.SubmitSheet(ctx, c.who[j.slot.who.login], j.order, c.done(j)); err != nil {
		return err
	}
	return c.after(ctx, j)
}

// after is money, the follow-up call and the end of an order that was completed.
func (c *company) after(ctx context.Context, j *job) error {
	now := c.desk.Look(ctx)
	r, err := now.Till.OfOrder(ctx, j.id)
	if err != nil {
		return err
	}
	calls, err := now.Promises.OfOrder(ctx, j.id)
	if err != nil {
		return err
	}
	if r != nil && r.BalanceMinor > 0 && !j.unpaid {
		c.later(2*time.Minute, "a payment", func(ctx context.Context) error {
			method := []string{"wechat", "alipay", "cash", "card"}[c.rnd.IntN(4)]
			amount := r.BalanceMinor
			if c.rnd.IntN(18) == 0 {
				amount /= 2
			}
			_, _, err := c.desk.Pay(ctx, c.who[j.slot.who.login], r.ID, billing.PaymentInput{AmountMinor: amount, Method: method})
			return err
		})
	}
	for _, f := range calls {
		c.made.FollowUps++
		if f.DueOn.Sub(c.today) >= -4 && c.rnd.IntN(3) == 0 {
			continue // the caller is behind: it stays on the list
		}
		at := f.DueOn.In(c.zone).Add(9*time.Hour + time.Duration(c.rnd.IntN(500))*time.Minute)
		c.plan(at, "a follow-up call", func(ctx context.Context) error { return c.call(ctx, j, f) })
	}
	return nil
}

var words = map[int]string{1: "维修后又坏了，师傅态度也不好", 2: "等了太久才来", 3: "还可以", 4: "满意，师傅很准时", 5: "非常满意，谢谢"}

func (c *company) call(ctx context.Context, j *job, f aftercare.FollowUp) error {
	by := c.who["caller"]
	if c.rnd.IntN(8) == 0 {
		if _, err := c.desk.FollowUpAttempt(ctx, by, f.ID, aftercare.AttemptInput{Outcome: []string{"no_answer", "busy", "phone_off"}[c.rnd.IntN(3)]}); err != nil {
			return err
		}
		if c.rnd.IntN(3) == 0 {
			return nil
		}
		c.later(4*time.Hour, "the second call", func(ctx context.Context) error { return c.reach(ctx, by, j, f) })
		return nil
	}
	return c.reach(ctx, by, j, f)
}

func (c *company) reach(ctx context.Context, by auth.Caller, j *job, f aftercare.FollowUp) error {
	r, err := c.desk.FollowUpAttempt(ctx, by, f.ID, aftercare.AttemptInput{Outcome: "reached", Scores: aftercare.Scores{"service": j.rating, "product": min(j.rating+1, 5)}, Comment: words[j.rating], IdentityChecked: ptr(true)})
	if err != nil {
		return err
	}
	if r.Complaint != nil {
		c.later(3*time.Hour, "the answer to a complaint", func(ctx context.Context) error { return c.settle(ctx, r.Complaint.ID) })
		return nil
	}
	c.later(22*time.Hour, "closing", func(ctx context.Context) error { return c.end(ctx, j) })
	return nil
}

// end closes an order unless something is still open, which the desk names.
func (c *company) end(ctx context.Context, j *job) error {
	o, err := c.order(ctx, j)
	if err != nil || o.State != workorders.OrderCompleted || o.Receipt != nil && o.Receipt.BalanceMinor > 0 {
		return err
	}
	for _, old := range o.OldParts {
		if old.State == workorders.OldPartDue {
			if _, err := c.desk.OldPartDo(ctx, c.who["stock"], old.ID, "receive"); err != nil {
				return err
			}
		}
	}
	_, err = c.desk.Close(ctx, c.who["manager"], j.order, "回访满意，费用已结清")
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// killAttack tells the story from the reported fault to the paid receipt and the complaint again and again, and what
// happens after the first thing goes wrong, each step by the login whose work it is, and kills the program, its
// PostgreSQL or both before a step or in the middle of it. What was acknowledged has to be there afterwards, and
// once; what was not is there whole or not at all.
func killAttack(f *flag.FlagSet) func(context.Context, io.Writer) error {
	rounds := f.Int("rounds", 20, "how often the story is told")
	seed := f.Uint64("seed", 1, "what dies when")
	odds := f.Float64("odds", 0.35, "how likely somebody dies at a step, half of it in the middle of the step")
	log := f.String("log", "", "file for what the program says")
	return arena("kill", os.TempDir(), log, func(ctx context.Context, folder string, v *victim, out io.Writer) error {
		k := &killing{v: v, seed: *seed, dice: rand.New(rand.NewPCG(*seed, 0)), odds: *odds}
		return k.attack(ctx, *rounds, out)
	})
}

// killing is one run of the attack.
type killing struct {
	ctx       context.Context
	v         *victim
	seed      uint64
	dice      *rand.Rand
	odds      float64
	aim       []string // somebody dies during every call whose path ends like one of these
	people    map[string]*person
	right     string // the engineer who can do it
	colleague string // another who can
	site      string

	facts    []fact
	wary     bool          // somebody died since the last look
	within   time.Duration // a call during which somebody dies is hit so soon; 0 = 45 ms
	whole    func() string // says what is half done after a death during a call that was not answered; "" = nothing
	receipts []string

	acknowledged, programs, postgres, both, during, resent, lost, doubled, midway, half int
	recovery                                                                            []time.Duration
}

// fact is something the program has acknowledged: what a later look must show.
type fact struct {
	get  string
	path []any
	want any
}

// broken ends the attack from wherever it is.
type broken struct{ error }

func (k *killing) attack(ctx context.Context, rounds int, out io.Writer) (err error) {
	k.ctx = ctx
	began := time.Now()
	defer func() {
		if k.v.process != nil {
			_ = k.v.process.Process.Kill()
			_ = k.v.process.Wait()
		}
	}()
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case broken:
			err = errors.Join(ended.error, err)
		default:
			panic(ended)
		}
	}()
	k.settle()
	checks, violations := 0, 0
	for round := range rounds {
		k.tell(round)
		k.tellAgain(round)
		k.publish(round)
		c, v, err := k.v.violations(ctx)
		if err != nil {
			return err
		}
		checks, violations = checks+c, violations+v
		fmt.Fprintf(out, "round %d: %d deaths so far, %d lost, %d doubled, %d half done, %d violations\n", round+1, k.programs+k.postgres+k.both, k.lost, k.doubled, k.half, violations)
	}
	for i, number := range k.receipts { // taken last, so no death leaves a hole
		if !strings.HasSuffix(number, fmt.Sprintf("%d", i+1)) {
			k.lost++
			fmt.Fprintf(out, "receipt %d has the number %s\n", i+1, number)
		}
	}
	if err := k.v.stop(); err != nil {
		return err
	}
	slices.Sort(k.recovery)
	middle, longest := time.Duration(0), time.Duration(0)
	if n := len(k.recovery); n > 0 {
		middle, longest = k.recovery[n/2], k.recovery[n-1]
	}
	fmt.Fprintf(out, "kill: seed %d, %d rounds, %d calls acknowledged, %d kills of the program, %d of PostgreSQL, %d of both, %d of them during a call, %d calls sent again, %d of several parts looked at between, answered again after %.2f s (median), %.2f s (longest), %d checks, %.0f s: %d lost, %d doubled, %d half done, %d violations\n",
		k.seed, rounds, k.acknowledged, k.programs, k.postgres, k.both, k.during, k.resent, k.midway, middle.Seconds(), longest.Seconds(), checks, time.Since(began).Seconds(), k.lost, k.doubled, k.half, violations)
	if k.lost+k.doubled+k.half+violations > 0 {
		return errors.New("acknowledged work was lost, doubled or half done, or a promise of the data is broken")
	}
	return nil
}

func (k *killing) fail(format string, args ...any) { panic(broken{fmt.Errorf(format, args...)}) }

func (k *killing) must(err error) {
	if err != nil {
		k.fail("%w", err)
	}
}

// until sends a call, always with the same key, until it is answered.
func (k *killing) until(p *person, method, path, key string, body any) answer {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && k.ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if status, raw, ok := p.send(k.ctx, method, path, key, body); ok {
			return read(status, raw)
		}
	}
	k.fail("%s %s is never answered", method, path)
	return answer{}
}

// die kills somebody, as the dice say.
func (k *killing) die() {
	which := k.dice.IntN(3)
	program, postgres, err := k.v.kill(which != 1, which != 0)
	k.must(err)
	switch {
	case program && postgres:
		k.both++
	case program:
		k.programs++
	case postgres:
		k.postgres++
	}
}

// call makes one step of the story. Somebody may die before it or during it; what is known is then looked at again
// before the next. The step is sent so many times at once with one key; every answer has to be the same.
func (k *killing) call(who, method, path string, body any, want, times int) answer {
	if k.wary { // now that it is known what the call before brought
		k.look()
	}
	p := k.people[who]
	key := ""
	if method != "GET" {
		key = newKey(k.seed)
	}
	fate, wait := k.dice.Float64(), time.Duration(k.dice.Int64N(int64(cmp.Or(k.within, 45*time.Millisecond))))
	if slices.ContainsFunc(k.aim, func(end string) bool { return strings.HasSuffix(path, end) }) {
		fate = k.odds * 3 / 4 // during the call
	}
	died := time.Time{}
	if fate < k.odds/2 {
		died = time.Now()
		k.die()
	}
	answers := make([]answer, times)
	var wg sync.WaitGroup
	unanswered := make([]bool, times)
	if k.odds/2 <= fate && fate < k.odds {
		for i := range times {
			wg.Go(func() {
				status, raw, ok := p.send(k.ctx, method, path, key, body)
				answers[i], unanswered[i] = read(status, raw), !ok
			})
		}
		time.Sleep(wait)
		died = time.Now()
		k.die()
		k.during++
		wg.Wait()
	} else {
		for i := range unanswered {
			unanswered[i] = true
		}
	}
	if k.whole != nil && k.odds/2 <= fate && fate < k.odds && slices.Contains(unanswered, true) {
		k.midway++
		if what := k.whole(); what != "" {
			k.half++
			fmt.Fprintln(os.Stderr, what)
		}
	}
	for i := range times {
		if !unanswered[i] {
			continue
		}
		if !died.IsZero() && k.odds/2 <= fate {
			k.resent++
		}
		wg.Go(func() {
			defer func() { _ = recover() }() // seen below: no status
			answers[i] = k.until(p, method, path, key, body)
		})
	}
	wg.Wait()
	if !died.IsZero() {
		k.recovery = append(k.recovery, time.Since(died))
	}
	for _, a := range answers {
		if a.status != want {
			k.fail("%s as %s: %s %s: %d, want %d: %s", time.Now().Format(time.TimeOnly), who, method, path, a.status, want, a.raw)
		}
		if a.text("id") != answers[0].text("id") {
			k.doubled++
		}
	}
	k.acknowledged += times
	k.wary = !died.IsZero()
	return answers[0]
}

func (k *killing) post(who, path string, body any, want int) answer {
	return k.call(who, "POST", path, body, want, 1)
}

// know remembers what a later look must show; a newer fact about the same thing replaces the older one.
func (k *killing) know(want any, get string, path ...any) {
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	same := func(f fact) bool { return f.get == get && slices.Equal(f.path, path) }
	k.facts = append(slices.DeleteFunc(k.facts, same), fact{get, path, want})
}

// length as the last step of a path stands for how many there are.
const length = "#"

// look compares everything known with what the program shows now.
func (k *killing) look() {
	seen := map[string]answer{}
	for _, f := range k.facts {
		if _, ok := seen[f.get]; !ok {
			seen[f.get] = k.until(k.people["admin"], "GET", f.get, "", nil)
		}
	}
	k.compare(seen)
}

// compare counts what is not as it was acknowledged: more of something than there may be was doubled, everything
// else was lost.
func (k *killing) compare(seen map[string]answer) {
	for _, f := range k.facts {
		last := len(f.path) - 1
		got, counts := seen[f.get].at(f.path...), f.path[last] == length
		if counts {
			got = float64(seen[f.get].count(f.path[:last]...))
		}
		if got == f.want {
			continue
		}
		if counts && got.(float64) > f.want.(float64) {
			k.doubled++
		} else {
			k.lost++
		}
		fmt.Fprintf(os.Stderr, "%s: %v is %v, acknowledged was %v\n", f.get, f.path, got, f.want)
	}
}

// tell is one round: parts 2 to 6 of a good day.
func (k *killing) tell(round int) {
	const van = "/stock?sku=P1&place=VAN1"
	k.facts = nil
	k.post("stock", "/stock/movements", m{"kind": "receive", "sku": "P1", "quantity": 1, "to_place": "WH"}, 201)
	k.post("stock", "/stock/movements", m{"kind": "transfer", "sku": "P1", "quantity": 1, "from_place": "WH", "to_place": "VAN1"}, 201)
	k.know(1, van, "items", 0, "on_hand")
	k.know(0, van, "items", 0, "reserved")

	// Phoned in; quoted; approved by link. Not approved, not assignable.
	asset := k.post("agent", "/assets", m{"site_id": k.site, "brand": "海尔", "model": fmt.Sprintf("KFR-%d", round), "category": "空调", "purchased_on": "2020-05-01"}, 201).text("id")
	request := k.post("agent", "/requests", m{"channel": "phone", "kind": "repair", "asset_id": asset, "summary": "空调不制冷"}, 201)
	k.know(request.text("number"), "/requests/"+request.text("id"), "number")
	order := k.post("agent", "/requests/"+request.text("id")+"/work-order", m{"kind": "repair", "priority": 2, "skill_codes": []string{"cooling"}, "parts": []m{{"sku": "P1", "quantity": 1}}, "duration_minutes": 30}, 201)
	id := "/work-orders/" + order.text("id")
	k.know("converted", "/requests/"+request.text("id"), "state")
	k.know(order.text("number"), id, "number")
	quote := k.post("agent", id+"/quotes", m{"valid_until": time.Now().AddDate(0, 0, 3).Format(time.DateOnly), "lines": []m{
		{"kind": "labour", "description": "上门维修工时", "quantity": 1, "unit_minor": 12000}, {"kind": "part", "description": "启动电容", "sku": "P1", "quantity": 1, "unit_minor": 3500}}}, 201).text("id")
	k.know(1, id, "quotes", length)
	slot := m{"engineer_id": k.right, "starts_at": time.Now().Add(time.Hour), "ends_at": time.Now().Add(90 * time.Minute)}
	k.post("dispatcher", id+"/assign", slot, 409)
	link := k.post("agent", "/quotes/"+quote+"/send", nil, 200).text("link")
	k.know("sent", id, "quotes", 0, "state")
	for link == "" { // a secret is not told twice: who did not hear it asks for another
		link = k.post("agent", "/quotes/"+quote+"/send", nil, 200).text("link")
	}
	_, token, _ := strings.Cut(link, "/c/")
	k.post("anyone", "/public/quotes/"+token+"/approve", m{"name": "周晓明", "signature": [][][]float64{{{1, 2}, {3, 4}}}}, 200)
	k.know("approved", id, "quotes", 0, "state")
	k.know("ready", id, "state")

	// The right engineer first; the part is reserved; nobody takes the slot or the part twice.
	best := k.call("dispatcher", "GET", id+"/candidates", nil, 200, 1)
	if best.text("items", 0, "engineer_id") != k.right || best.at("items", 0, "eligible") != true {
		k.fail("the first candidate is %v", best.at("items", 0))
	}
	slot["starts_at"], slot["ends_at"] = best.at("items", 0, "starts_at"), best.at("items", 0, "ends_at")
	visit := k.post("dispatcher", id+"/assign", slot, 201).text("id")
	k.know("assigned", id, "state")
	k.know(1, id, "visits", length)
	k.know("dispatched", id, "visits", 0, "state")
	k.know(1, van, "items", 0, "reserved")
	k.post("dispatcher", id+"/assign", slot, 409)

	for _, step := range steps {
		k.post("engineer1", "/visits/"+visit+"/"+step.act, nil, 200)
		k.know(step.visit, id, "visits", 0, "state")
		k.know(step.order, id, "state")
	}
	sheet := m{"visit_id": visit, "outcome": "done", "fault_code": "F01", "cause_code": "C01", "action_code": "A01", "parts": []m{{"sku": "P1", "quantity": 1}}, "work_minutes": 30,
		"signature": [][][]int{{{0, 0}, {9, 9}}}, "signer_name": "周晓明"}
	k.call("engineer1", "POST", id+"/sheet", sheet, 201, 8)
	k.know("completed", id, "state")
	k.know(1, id, "sheets", length)
	k.know(1, id, "follow_ups", length)
	k.know(15500, id, "receipt", "total_minor")
	k.know(0, van, "items", 0, "on_hand")
	k.know(0, van, "items", 0, "reserved")
	k.facts = slices.DeleteFunc(k.facts, func(f fact) bool { return len(f.path) > 2 && f.path[0] == "visits" }) // the sheet ended it
	receipt := k.post("agent", id+"/receipt", nil, 200)
	k.receipts = append(k.receipts, receipt.text("number"))
	k.know(receipt.text("number"), id, "receipt", "number")

	for _, kind := range []string{"work-order", "repair-sheet", "quote", "settlement", "receipt", "follow-up"} {
		for _, lang := range []string{"zh-Hans", "en"} {
			who := map[string]string{"work-order": "engineer1", "repair-sheet": "engineer1", "follow-up": "caller"}[kind]
			if who == "" {
				who = "agent"
			}
			if paper := k.call(who, "GET", id+"/papers/"+kind+".pdf?lang="+lang, nil, 200, 1); !strings.HasPrefix(string(paper.raw), "%PDF-") {
				k.fail("the paper %s begins with %.20q", kind, paper.raw)
			}
		}
	}

	// Nobody answers, then a low score: a complaint with its own clock.
	calls := "/follow-ups?work_order=" + order.text("id")
	call := k.call("caller", "GET", calls, nil, 200, 1).text("items", 0, "id")
	for i, said := range []m{{"outcome": "no_answer"}, {"outcome": "reached", "scores": m{"service": 1, "product": 4}, "comment": "迟到了"}} {
		k.post("caller", "/follow-ups/"+call+"/attempts", said, 201)
		k.know(i+1, calls, "items", 0, "attempts")
	}
	k.know("done", calls, "items", 0, "state")
	complaints := "/complaints?work_order=" + order.text("id")
	complaint := k.call("manager", "GET", complaints, nil, 200, 1)
	received, _ := time.Parse(time.RFC3339, complaint.text("items", 0, "received_at"))
	due, _ := time.Parse(time.RFC3339, complaint.text("items", 0, "reply_due_at"))
	if complaint.text("items", 0, "grade") != "grumble" || due.Sub(received) != 24*time.Hour {
		k.fail("the low score made %s", complaint.raw)
	}
	k.know(1, complaints, "items", length)
	k.post("manager", "/complaints/"+complaint.text("items", 0, "id")+"/reply", m{"text": "已致歉"}, 200)
	k.know("investigating", complaints, "items", 0, "state")

	k.post("agent", "/receipts/"+receipt.text("id")+"/payments", m{"amount_minor": 15500, "method": "cash"}, 201)
	k.know("paid", id, "receipt", "state")
	k.know(15500, id, "receipt", "paid_minor")
	k.know(1, id, "receipt", "payments", length)
	k.die() // at least one death a round meets everything that is known
	k.look()
}

// steps are what the engineer does on the way, and the states of visit and order after each.
var steps = []struct{ act, visit, order string }{{"accept", "accepted", "assigned"}, {"depart", "en_route", "in_progress"}, {"arrive", "on_site", "in_progress"}}

package pages_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"paigong/internal/jobs"
	"paigong/workorders"
)

// works makes what is queued happen for as long as the test runs, as the program's runner does.
func (n *town) works() {
	n.Helper()
	runner := jobs.NewRunner(jobs.NewQueue(n.db, n.now), nil, 1)
	for kind, do := range n.desk.Handlers() {
		runner.Handle(kind, do)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	n.Cleanup(func() { stop(); <-ended })
}

// An engineer drops out with nine visits told to nine customers: at most fifteen clicks from the board until
// all are with somebody else and every customer is told or on the list to be called.
func TestBrowserEngineerOut(t *testing.T) {
	b := browser(t)
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	var orders []string
	for i := range 9 {
		r := must(n.desk.Register(ctx, by, workorders.RequestInput{Channel: "phone", Kind: "inspect", CustomerID: &n.customer, SiteID: &n.site, Summary: fmt.Sprintf("巡检 %d", i+1)}))(n)
		o := must(n.desk.OpenOrder(ctx, by, r.Number, workorders.OrderInput{Kind: "inspect", Priority: 3, SkillCodes: []string{"cooling"}, DurationMinutes: 30}))(n)
		from := monday.Add(time.Duration(i+1) * time.Hour)
		must(n.desk.Assign(ctx, by, o.Number, workorders.AssignInput{EngineerID: n.right, StartsAt: from, EndsAt: from.Add(30 * time.Minute), Window: &workorders.Window{From: from, To: from.Add(time.Hour)}}))(n)
		orders = append(orders, o.Number)
	}
	n.works()
	p := n.at(b, "dispatcher")
	p.do(chromedp.EmulateViewport(1440, 860))
	p.open("/desk")
	clicks := 0
	click := func(css string) {
		clicks++
		p.leads(css)
	}
	click(fmt.Sprintf(`#e-%s .who a`, n.right))
	p.shows("王伟", "9")
	click(`form[action="/desk/out"][method=post] button.go`)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) { // a busy machine searches longer
		if ready := must(n.desk.Plans(ctx, by, workorders.PlanFilter{State: "ready"}))(n); len(ready.Items) > 0 {
			break
		}
	}
	p.waits(`document.querySelector('form[action$="/publish"]')`) // the page looks by itself until the plan is made
	p.shows("需要改派 9 个", "张强", "建议", "守时段")
	click(`form[action$="/publish"] button.go`)
	p.shows("客户都已通知")
	for _, number := range orders {
		o := must(n.desk.Order(ctx, by, number))(n)
		v := o.Visits[len(o.Visits)-1]
		told := 0
		for _, m := range must(n.desk.Look(ctx).Outbox.OfOrder(ctx, o.ID))(n) {
			if m.Audience == "customer" && (m.Key == "message.customer.displaced" || m.Key == "message.customer.window") {
				told++
			}
		}
		if v.EngineerID != n.empty || !v.State.Binding() || told < 2 {
			t.Errorf("%s is with %s, customer told %d times", number, v.EngineerName, told)
		}
	}
	// One of them is rung up and agrees.
	click(`form[action$="/agreed"] button`)
	p.shows("已确认")
	if clicks > 15 {
		t.Errorf("%d clicks", clicks)
	}
	t.Logf("%d clicks", clicks)
}

// What an act on the board tells people waits until it can no longer be undone: who thinks again tells nobody.
func TestUndoTellsNobody(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	order := n.readyOrders(1)[0]
	v := n.signedIn("dispatcher")
	told := func() string {
		var keys []string
		if err := n.db.NewRaw("SELECT key FROM messages m JOIN work_orders w ON w.id = m.order_id WHERE w.number = ? ORDER BY m.id", order).Scan(context.Background(), &keys); err != nil {
			t.Fatal(err)
		}
		return strings.Join(keys, " ")
	}
	before := told()
	done := v.see(v.see("/desk", 200).form("/desk/assign").send(nil).leads(), 200)
	if got := told(); !strings.Contains(got, "message.customer.window") || !strings.Contains(got, "message.engineer.assigned") {
		t.Fatalf("an assigned job tells %q", got)
	}
	v.see(done.form("/desk/unassign").send(nil).leads(), 200)
	if got := told(); got != before {
		t.Errorf("undone at once, it still tells %q", got)
	}
	// Moved before anybody heard of the first time: one message, with the time that holds.
	v.see("/desk?order="+order, 200).form("/desk/assign").send(nil).leads()
	v.see("/desk?order="+order, 200).form("/desk/move").send(url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 15, 0)}, "ends_at": {local(0, 16, 0)}, "reason": {"客户要求下午"}, "cause": {"customer"}}).leads()
	if got := told(); strings.Count(got, "message.customer.") != 1 || !strings.Contains(got, "message.customer.window") {
		t.Errorf("moved before it was told: %q", got)
	}
	// Once it is told, a change is told too.
	n.clock.Add(int64(time.Minute))
	if _, err := n.db.NewRaw("UPDATE messages SET state = 'delivered', channel = 'sms', delivered_at = due_at WHERE state = 'queued'").Exec(context.Background()); err != nil {
		t.Fatal(err)
	}
	v.see("/desk?order="+order, 200).form("/desk/move").send(url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 16, 0)}, "ends_at": {local(0, 17, 0)}, "reason": {"客户要求再晚"}, "cause": {"customer"}}).leads()
	if got := told(); !strings.HasSuffix(strings.ReplaceAll(got, " message.engineer.changed", ""), "message.customer.changed") {
		t.Errorf("moved after it was told: %q", got)
	}
}

package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"paigong/internal/auth"
	"paigong/workorders"
)

// From the customer's report by himself to a satisfied follow-up, each step by whose work it is and every page
// without scripts. Then a complaint that nobody answers climbs to the second level, and a week's figures go out.
func TestFromReportToFollowUpAndComplaint(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	office, drain := n.mailed()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)

	// A week's follow-up report is ordered before there is anything to report.
	manager := n.signedIn("manager")
	manager.see("/figures", 200).form("/figures/schedules").send(url.Values{"report": {"follow-ups"}, "period": {"weekly"}, "to": {"nobody"}}).refused(422, "邮箱")
	manager.see("/figures", 200).form("/figures/schedules").send(url.Values{"report": {"follow-ups"}, "period": {"weekly"}, "to": {"boss@example.com"}}).done().shows("回访", "周报", "boss@example.com")

	// The customer reports, with no account and no script, in six fields at most and a light page.
	customer := n.stranger()
	report := customer.see("/report", 200)
	if len(report.raw) > 20<<10 {
		t.Errorf("the page to report weighs %d bytes", len(report.raw))
	}
	done := report.form("/report").send(url.Values{"name": {"周晓明"}, "phone": {"13912345678"}, "address": {"朝阳区望京街 9 号"}, "summary": {"空调不制冷"}, "when": {"下午"}}).done()
	link := done.link("/c/")
	customer.see(link, 200).shows("空调不制冷")

	// The desk knows him by his number, opens the order and sends somebody.
	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")
	var request string
	if err := n.db.NewRaw("SELECT number FROM requests ORDER BY id DESC LIMIT 1").Scan(ctx, &request); err != nil {
		t.Fatal(err)
	}
	must(n.desk.AmendRequest(ctx, admin, request, 0, workorders.RequestPatch{CustomerID: &n.customer, SiteID: &n.site, AssetID: &n.asset}))(t)
	must(n.desk.Triage(ctx, admin, request, workorders.TriageInput{Outcome: "triaged"}))(t)
	order := number(agent.see("/requests/"+request, 200).form("/requests/" + request + "/work-order").send(url.Values{"priority": {"2"}, "skill_codes": {"cooling"}, "part_sku": {"P1", "", ""}, "part_quantity": {"1", "1", "1"}, "window_from": {local(0, 9, 0)}, "window_to": {local(0, 17, 0)}}).leads())
	n.agreed(agent, order)
	dispatcher.see("/orders/"+order, 200).form("/orders/" + order + "/assign").send(nil).done()
	for _, act := range []string{"accept", "depart", "arrive"} {
		engineer.see("/m/orders/"+order, 200).form("/m/orders/" + order + "/" + act).send(nil).done()
	}
	engineer.see("/m/orders/"+order+"/sheet", 200).form("/m/orders/" + order + "/sheet").send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}}).leads()
	page := customer.see(link, 200).shows("王师傅")
	if len(page.raw) > 20<<10 {
		t.Errorf("the customer's page weighs %d bytes", len(page.raw))
	}

	// Two days later he is called, and is satisfied; the letter is there for whoever is asked by post.
	n.clock.Add(int64(2*24*time.Hour + 2*time.Hour))
	n.tick()
	caller := n.signedIn("caller")
	call := caller.see("/orders/"+order, 200).link("/follow-ups/")
	caller.see(call, 200).form(call + "/mode").send(url.Values{"mode": {"letter"}}).done().link("/follow-ups/letters.pdf")
	if pdf := caller.see("/follow-ups/letters.pdf", 200); !strings.HasPrefix(string(pdf.raw), "%PDF-") {
		t.Error("the letter is no PDF")
	}
	caller.see(call, 200).form(call + "/attempts").send(url.Values{"outcome": {"reached"}, "identity_checked": {"true"}, "service": {"5"}, "product": {"4"}, "comment": {"很好"}}).done()
	if o := must(n.desk.Order(ctx, admin, order))(n); o.FollowUps[0].State != "done" || o.FollowUps[0].InWindow == nil || !*o.FollowUps[0].InWindow || *o.FollowUps[0].Result != "satisfied" {
		t.Errorf("the follow-up: %+v", o.FollowUps[0])
	}

	// He complains by letter, and nobody answers: after its 24 hours it is with the after-sales centre.
	n.signedIn("manager").see("/complaints", 200).form("/complaints").send(url.Values{"channel": {"letter"}, "grade": {"complaint"}, "severity": {"2"}, "category": {"delay"}, "order_number": {order}, "text": {"等了两天"}}).done()
	n.clock.Add(int64(25 * time.Hour))
	n.tick()
	n.clock.Add(int64(10 * time.Minute))
	n.tick()
	var level, told int
	if err := n.db.NewRaw("SELECT max(level), (SELECT count(*) FROM messages WHERE key = 'message.manager.complaint_level_2') FROM complaints").Scan(ctx, &level, &told); err != nil || level != 2 || told != 1 {
		t.Errorf("level %d, told %d times: %v", level, told, err)
	}

	// Records of the telephone and the chat: three rings, sixty seconds, five minutes (C28, C30, C33).
	began := n.now().Add(-3 * time.Hour).UTC().Truncate(time.Second)
	record := func(ref, channel string, wait, talk int) workorders.CallRecord {
		r := workorders.CallRecord{Line: 1, Ref: ref, Channel: channel, StartedAt: began, Agent: "agent"}
		r.EndedAt = began.Add(time.Duration(wait+talk) * time.Second)
		if talk > 0 {
			at := began.Add(time.Duration(wait) * time.Second)
			r.AnsweredAt = &at
		}
		return r
	}
	calls := []workorders.CallRecord{record("1", "phone", 9, 120), record("2", "phone", 10, 600), record("3", "phone", 20, 0), record("4", "chat", 60, 30), record("5", "chat", 61, 30)}
	backwards := record("6", "phone", 5, 60)
	backwards.EndedAt = began.Add(-time.Second)
	for _, want := range []int{5, 0} { // a second run takes nothing
		got := must(n.desk.ImportCalls(ctx, workorders.ImportOptions{By: auth.System("import"), Org: admin.OrgID}, append(calls, backwards)))(t)
		if got.New != want || len(got.Rejected) != 1 {
			t.Errorf("%d new, %d rejected, want %d and 1", got.New, len(got.Rejected), want)
		}
	}
	figures := n.signedIn("manager").see("/figures?from=2026-11-01&to=2026-11-30&by-calls=channel", 200).shows("来电与在线咨询", "一次修复率", "不含等备件", "未完成工单的积压")
	// What engineers' time went into, and feedback by region (C52, C205).
	figures.shows("准时到达率 0.0 %", "工时利用率", "备件耗用 ¥35.00", "收款 ¥0.00")
	n.signedIn("manager").see("/figures?from=2026-11-01&to=2026-11-30&by-follow-ups=region&by-complaints=organisation", 200).shows("bj-cy 1 1 1", "华北家电服务 1")
	figures.shows("phone 3 1 33.3 % 1 33.3 % 50.0 % 9 360", "chat 2 0 0.0 % 1 50.0 % 100.0 % 60 30")

	// The next Monday the week's report is in the mailbox, as PDF and CSV, once.
	n.clock.Store(int64(time.Until(monday.AddDate(0, 0, 7).Add(30 * time.Minute))))
	n.tick()
	n.tick()
	drain()
	got := office.read(t, "boss@example.com")
	if len(got) != 1 || len(got[0].papers) != 2 || !strings.Contains(got[0].subject, "周报") || !strings.Contains(got[0].subject, "2026-11-16 – 2026-11-22") {
		t.Fatalf("the week's report: %d letters %+v", len(got), got)
	}
	for name, content := range got[0].papers {
		if pdf := strings.HasSuffix(name, ".pdf") && strings.HasPrefix(string(content), "%PDF-"); !pdf && !(strings.HasSuffix(name, ".csv") && strings.Contains(string(content), "陈静")) {
			t.Errorf("%s: %.200s", name, content)
		}
	}
}

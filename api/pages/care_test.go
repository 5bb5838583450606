package pages_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"paigong/internal/auth"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// finished is an order that was repaired, and the paths around it.
func (n *town) finished() map[string]string {
	n.Helper()
	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")
	_, order := n.reported(agent)
	at := map[string]string{"done": order, "link": n.agreed(agent, order)}
	dispatcher.see("/orders/"+order, 200).form("/orders/" + order + "/assign").send(nil).done()
	for _, act := range []string{"accept", "depart", "arrive"} {
		engineer.see("/m/orders/"+order, 200).form("/m/orders/" + order + "/" + act).send(nil).done()
	}
	engineer.see("/m/orders/"+order+"/sheet", 200).form("/m/orders/" + order + "/sheet").send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}}).leads()
	at["call"] = agent.see("/orders/"+order, 200).link("/follow-ups/")
	return at
}

// The follow-up desk: calls are spread over the callers when they come due, a caller who is away hands his on,
// a lead gives a kind other days, a script gets a version, and a call leads to a new need, a corrective action
// that somebody else judges, or a visit.
func TestFollowUpDesk(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	at := n.finished()
	ctx := context.Background()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	if err := n.desk.Keep(ctx, admin, func(ctx context.Context, l workorders.Ledgers) error {
		_, _, err := l.People.AddUser(ctx, admin, auth.UserInput{Login: "caller2", Name: "刘洋", Roles: []auth.Role{auth.CallerRole}, Password: password})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	n.clock.Add(int64(2 * 24 * time.Hour))
	n.tick()
	lead, caller := n.signedIn("manager"), n.signedIn("caller")
	list := lead.see("/follow-ups", 200).shows("今日回访员", "陈静", "刘洋")
	caller.see(at["call"], 200).shows("核实身份之前", "FU-2026-")
	whose := must(n.desk.Order(ctx, admin, at["done"]))(n).FollowUps[0].AssigneeID
	if whose == nil {
		t.Fatal("a call that is due is nobody's")
	}
	other := must(n.desk.Look(ctx).People.As(ctx, "caller2"))(n).UserID
	if *whose == other {
		other = must(n.desk.Look(ctx).People.As(ctx, "caller"))(n).UserID
	}
	list.form("/follow-ups/reassign").send(url.Values{"from": {whose.String()}, "to": {other.String()}}).done()
	if got := must(n.desk.Order(ctx, admin, at["done"]))(n).FollowUps[0].AssigneeID; got == nil || *got != other {
		t.Errorf("handed to %v, is with %v", other, got)
	}

	settings := lead.see("/settings/follow-ups", 200)
	settings.form("/settings/follow-ups/after_visit/script").send(url.Values{"zh": {"您好，请问修得怎么样？"}, "en": {"How was it?"}, "questions": {"service", "product", "on_time"}}).done().shows("话术第 1 版")
	settings.form("/settings/follow-ups/3dc/window").send(url.Values{"from_day": {"9"}, "to_day": {"4"}}).refused(422, "窗口")
	settings.form("/settings/follow-ups/3dc/window").send(url.Values{"from_day": {"2"}, "to_day": {"4"}}).done()
	first := caller.see(at["call"], 200).shows("请问修得怎么样", "准时", "话术第 1 版")

	// A new need straight from the call, by the caller alone.
	page := first.form(at["call"] + "/attempts").send(url.Values{"outcome": {"call_later"}, "next": {"new_request"}, "new_request": {"热水器也坏了"}, "call_again_at": {local(2, 15, 0)}}).done()
	page.shows("稍后再拨").link("/requests/SR-2026-")
	caller.see("/requests/SR-2026-000002", 200).shows("热水器也坏了", "周晓明", "由回访产生")
	page = caller.see(at["call"], 200).form(at["call"] + "/attempts").send(url.Values{"outcome": {"reached"}, "identity_checked": {"true"}, "service": {"4"}, "product": {"5"}, "on_time": {"3"}, "next": {"corrective_action"}, "comment": {"走的时候地上没擦"}}).done()
	page.link("/improvements")
	caller.see("/improvements", 200).shows("CA-2026-000001", "地上没擦").form("/improvements/[^/]+/do").send(url.Values{"text": {"发放鞋套与抹布"}}).done().shows("已整改，待验证")
	judged := lead.see("/improvements", 200).form("/improvements/[^/]+/verify")
	judged.send(url.Values{"text": {"仍有反映"}, "effective": {"false"}}).done().shows("1 次验证无效")
	lead.see("/improvements", 200).form("/improvements/[^/]+/do").send(url.Values{"text": {"培训"}}).done()
	// Whoever did it does not judge it.
	lead.see("/improvements", 200).form("/improvements/[^/]+/verify").send(url.Values{"text": {"好了"}}).refused(409, "本人")
	n.signedIn("admin").see("/improvements", 200).form("/improvements/[^/]+/verify").send(url.Values{"text": {"好了"}}).done()
	lead.see("/improvements?state=effective", 200).shows("已验证有效")

	// A campaign: major customers every 90 days; the letter is told from the call, the visit is dispatched.
	lead.see("/settings/follow-ups", 200).form("/settings/follow-ups/campaigns").send(url.Values{"name": {"客户关怀"}, "every_days": {"90"}}).done().shows("客户关怀", "已接通 0 / 1")
	n.tick()
	care := must(n.desk.Look(ctx).Promises.FollowUps(ctx, admin.Scope(), aftercare.FollowUpFilter{Kind: aftercare.Care}))(n)
	if len(care.Items) != 1 || care.Items[0].OrderID != nil || care.Items[0].Campaign != "客户关怀" {
		t.Fatalf("the campaign planned %+v", care.Items)
	}
	path := "/follow-ups/" + care.Items[0].ID.String()
	visited := caller.see(path, 200).form(path + "/mode").send(url.Values{"mode": {"visit"}}).done().shows("已安排上门")
	order := number(visited.link("/orders/WO-2026-000002"))
	if o := must(n.desk.Order(ctx, admin, order))(n); o.Kind != "inspect" || o.State != workorders.OrderReady || o.Chargeable {
		t.Errorf("the visit is a %s order, %s, chargeable %v", o.Kind, o.State, o.Chargeable)
	}
	if pdf := caller.see("/follow-ups/register.pdf?from=2026-11-01&to=2026-12-31", 200); !strings.HasPrefix(string(pdf.raw), "%PDF-") {
		t.Error("the register is no PDF")
	}
}

// Who was asked first stays responsible until a colleague has accepted; what was answered is also learnt from.
func TestFirstAskedIsResponsible(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	agent, dispatcher := n.signedIn("agent"), n.signedIn("dispatcher")
	page := agent.see("/desk/intake?q=13912345678", 200).form("/requests").send(url.Values{"summary": {"发票抬头错了"}, "kind": {"billing"}}).done().shows("首问负责人")
	path := strings.Split(page.what, " ")[1]
	path, _, _ = strings.Cut(path, "?")
	to := must(n.desk.Look(ctx).People.As(ctx, "dispatcher"))(n).UserID
	page.form(path + "/hand-over").send(url.Values{"user_id": {to.String()}, "reason": {"转调度"}}).done().shows("赵军")
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	me := must(n.desk.Look(ctx).People.As(ctx, "agent"))(n).UserID
	if r := must(n.desk.Request(ctx, admin, number(path)))(n); r.OwnerID == nil || *r.OwnerID != me {
		t.Error("an offer took the responsibility away before anybody accepted it")
	}
	dispatcher.see(path, 200).form(path + "/hand-over/refuse").send(url.Values{"reason": {"不归我管"}}).done()
	if r := must(n.desk.Request(ctx, admin, number(path)))(n); *r.OwnerID != me || r.Bounced != 1 {
		t.Errorf("after a refusal the owner is %v, bounced %d times", r.OwnerID, r.Bounced)
	}
	agent.see(path, 200).form(path + "/hand-over").send(url.Values{"user_id": {to.String()}, "reason": {"请接"}}).done()
	dispatcher.see(path, 200).form(path + "/hand-over/accept").send(nil).done()
	if r := must(n.desk.Request(ctx, admin, number(path)))(n); *r.OwnerID != to || *r.FirstOwnerID != me {
		t.Errorf("owner %v, first owner %v", r.OwnerID, r.FirstOwnerID)
	}
	agent.see(path, 200).form(path + "/flow").send(url.Values{"flow": {"unsolvable"}, "note": {"系统为何开错"}}).done().shows("申报技术部门")
	agent.see("/improvements", 200).shows("系统为何开错", "内部问询")
	if agent.see(path, 200).offers(path + "/feedback") {
		t.Error("what was learnt may be written before the customer was answered")
	}
	agent.see(path, 200).form(path + "/reply").send(url.Values{"text": {"已更正"}}).done()
	agent.see(path, 200).form(path+"/feedback").send(url.Values{"text": {"开票前核对抬头"}, "department": {"财务部"}}).done().shows("开票前核对抬头", "财务部")
}

// A complaint that nobody answers climbs by itself, once per level however long the programs were down, and a
// reply after a long stop leaves an honest account.
func TestComplaintClimbsByItself(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	ctx := context.Background()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	level := func() int {
		t.Helper()
		for _, c := range must(n.desk.Look(ctx).Promises.Complaints(ctx, admin, aftercare.ComplaintFilter{}))(n).Items {
			if strings.HasSuffix(at["complaint"], c.ID.String()) {
				return c.Level
			}
		}
		return 0
	}
	n.clock.Add(int64(23 * time.Hour))
	n.tick()
	if got := level(); got != 1 {
		t.Errorf("before its 24 hours are over it is at level %d", got)
	}
	n.clock.Add(int64(2 * time.Hour))
	n.tick()
	n.tick()
	if got := level(); got != 2 {
		t.Errorf("after 24 hours without a reply it is at level %d, want 2", got)
	}
	var told int
	if err := n.db.NewRaw("SELECT count(*) FROM messages WHERE key = 'message.manager.complaint_level_2'").Scan(ctx, &told); err != nil || told != 1 {
		t.Errorf("level 2 was told %d times: %v", told, err)
	}
	// Down for three days; the reply comes before the first look at the clocks.
	n.clock.Add(int64(72 * time.Hour))
	manager := n.signedIn("manager")
	manager.see(at["complaint"], 200).form(at["complaint"] + "/reply").send(url.Values{"text": {"非常抱歉，马上处理"}, "apology": {"电话致歉"}}).done().shows("电话致歉")
	if got := level(); got != 3 {
		t.Errorf("a reply four days late leaves it at level %d, want 3", got)
	}
	var rungs, passed int
	if err := n.db.NewRaw("SELECT count(*), count(*) FILTER (WHERE e.passed) FROM escalations e JOIN clocks k ON k.id = e.clock_id WHERE k.subject_kind = 'complaint' AND k.met_at IS NOT NULL").Scan(ctx, &rungs, &passed); err != nil {
		t.Fatal(err)
	}
	if rungs != 4 || passed != 1 {
		t.Errorf("%d rungs, %d of them passed, want 4 and 1", rungs, passed)
	}
	for _, c := range aftercare.Checks {
		var bad int
		if err := n.db.NewRaw(c.SQL).Scan(ctx, &bad); err != nil || bad != 0 {
			t.Error(fmt.Sprint(c.Name, ": ", bad, " ", err))
		}
	}
	manager.see(at["complaint"], 200).form(at["complaint"] + "/verify").send(url.Values{"text": {"核实属实"}, "root_cause": {"parts"}}).done().shows("备件")
	manager.see(at["complaint"], 200).form("/improvements").send(url.Values{"kind": {"suggestion"}, "text": {"更换供应商"}}).done().shows("更换供应商", "建议")
}

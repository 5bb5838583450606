package pages_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// count answers a query with one number.
func (n *town) count(query string, args ...any) (found int) {
	n.Helper()
	if err := n.db.NewRaw(query, args...).Scan(context.Background(), &found); err != nil {
		n.Fatal(err)
	}
	return found
}

// What reaches the house stands in the queue of the group that takes its kind (C21, C22, C39, C41); what nobody took
// in person is offered to the member with least to do, those who are good at it first (C29, C79); nothing is
// without an owner or an offer (C7), and complaints have a group of their own (C146).
func TestGroupsTakeWhatReachesTheHouse(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	people := n.desk.Look(ctx).People
	admin := must(people.As(ctx, "admin"))(n)
	agent, dispatcher, manager := must(people.As(ctx, "agent"))(n), must(people.As(ctx, "dispatcher"))(n), must(people.As(ctx, "manager"))(n)
	lead := n.signedIn("manager")
	join := func(group string, who auth.Caller, skill string) {
		lead.see("/settings/groups", 200).form("/settings/groups/" + group + "/members").send(url.Values{"user_id": {who.UserID.String()}, "skill": {skill}}).done()
	}
	join("orders", agent, "theory")
	join("orders", dispatcher, "all_round")
	join("technical", agent, "theory")
	join("technical", dispatcher, "technical")
	join("complaints", manager, "all_round")
	lead.see("/settings/groups", 200).shows("林晓 理论型", "赵军 技术型", "投诉组 队列 0 件")

	// Reports of strangers go round: the second to whom the first was not offered.
	offered := map[string]int{}
	for _, name := range []string{"甲", "乙"} {
		n.stranger().see("/report", 200).form("/report").send(url.Values{"name": {name}, "phone": {"13700001111"}, "address": {"朝阳区"}, "summary": {"空调不制冷 " + name}}).done()
	}
	for _, r := range must(n.desk.Requests(ctx, admin, workorders.RequestFilter{}))(n).Items {
		if r.OwnerID != nil || r.HandingTo == nil || r.GroupCode == nil || *r.GroupCode != "orders" {
			t.Errorf("%s: owner %v, offered to %v, group %v", r.Number, r.OwnerID, r.HandingTo, r.GroupCode)
			continue
		}
		offered[r.HandingTo.String()]++
	}
	if offered[agent.UserID.String()] != 1 || offered[dispatcher.UserID.String()] != 1 {
		t.Errorf("offered %v: not one to each", offered)
	}
	desk := n.signedIn("agent")
	mine := desk.see("/requests?mine=true", 200).shows("→ 林晓").hides("→ 赵军")
	path := mine.link("/requests/SR-")
	desk.see(path, 200).shows("订单组").form(path + "/hand-over/accept").send(nil).done()
	desk.see("/requests?group=orders", 200).shows("林晓", "→ 赵军")

	// A technical question goes to whoever is good at it, though he has more to do; its owner answers for it until then.
	desk.see(path, 200).form(path + "/flow").send(url.Values{"flow": {"technical"}, "note": {"压缩机异响"}}).done().shows("技术组")
	r := must(n.desk.Request(ctx, admin, number(path)))(n)
	if *r.GroupCode != "technical" || r.HandingTo == nil || *r.HandingTo != dispatcher.UserID || *r.OwnerID != agent.UserID {
		t.Errorf("a technical question: group %s, offered to %v, owner %v", *r.GroupCode, r.HandingTo, r.OwnerID)
	}
	desk.see(path, 200).form(path + "/group").send(url.Values{"group": {"service"}}).done().shows("客服组")

	// A complaint is the complaints group's from the first moment.
	c := must(n.desk.AddComplaint(ctx, agent, aftercare.ComplaintInput{CustomerID: &n.customer, Grade: "complaint", Severity: 1, Text: "态度不好"}))(n)
	if c.OwnerID == nil || *c.OwnerID != manager.UserID {
		t.Errorf("the complaint is owned by %v", c.OwnerID)
	}

	// Every kind of request has its group, and a lead sends one elsewhere.
	for _, kind := range []string{"repair", "install", "maintain", "inspect", "exchange", "deliver", "train", "consult", "technical", "appointment", "account", "suggestion", "billing", "complaint", "other"} {
		made := must(n.desk.Register(ctx, admin, workorders.RequestInput{Channel: []string{"phone", "email", "chat", "fax", "letter", "web", "link"}[n.count("SELECT count(*) FROM requests")%7], Kind: kind, Summary: kind}))(n)
		if made.GroupCode == nil {
			t.Errorf("a %s stands in no queue", kind)
		}
	}
	lead.see("/settings/groups", 200).form("/settings/groups/routes").send(url.Values{"kind": {"billing"}, "group": {"orders"}}).done()
	if made := must(n.desk.Register(ctx, admin, workorders.RequestInput{Channel: "phone", Kind: "billing", Summary: "开票"}))(n); *made.GroupCode != "orders" {
		t.Errorf("a bill goes to %s", *made.GroupCode)
	}
	if got := n.count("SELECT count(*) FROM requests WHERE closed_at IS NULL AND owner_id IS NULL AND handing_to IS NULL"); got != 0 {
		t.Errorf("%d requests are nobody's", got)
	}
}

// A call says who it was, what he wanted and how it ended, before it is over (C11, C31, C38, C40, C55, C56); what is
// for a colleague who is away is his to call back (C32); what was written down was read back (C34, C54); who only
// asks is a prospect until somebody is sent to him (C9, C10).
func TestEveryCallEndsWithAnOutcome(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	agent := n.signedIn("agent")
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	caller := must(n.desk.Look(ctx).People.As(ctx, "caller"))(n).UserID.String()
	call := func(fill url.Values) *sight {
		fill.Set("name", "钱先生")
		fill.Set("phone", "13700002222")
		return agent.see("/calls", 200).form("/calls").send(fill)
	}
	call(url.Values{"purpose": {"问保修"}}).refused(422, "结果")
	call(url.Values{"outcome": {"answered"}, "detail": {"已说明"}}).refused(422)
	call(url.Values{"purpose": {"修手表"}, "outcome": {"out_of_scope"}}).refused(422)
	call(url.Values{"purpose": {"找财务"}, "outcome": {"transferred"}}).refused(422)
	call(url.Values{"purpose": {"找陈静"}, "outcome": {"message"}}).refused(422)
	if got := n.count("SELECT count(*) FROM calls"); got != 0 {
		t.Fatalf("%d calls were kept without an end", got)
	}
	call(url.Values{"purpose": {"问保修"}, "outcome": {"answered"}, "detail": {"整机三年"}, "read_back": {"true"}}).done().shows("已答复", "整机三年", "已复述确认")
	call(url.Values{"purpose": {"修手表"}, "outcome": {"out_of_scope"}, "detail": {"不修手表，已告知"}}).done().shows("不在服务范围")
	call(url.Values{"purpose": {"要求赔偿"}, "outcome": {"declined"}, "detail": {"超出约定"}}).done().shows("谢绝")
	call(url.Values{"purpose": {"找财务"}, "outcome": {"transferred"}, "to": {"财务部"}}).done().shows("财务部")
	call(url.Values{"purpose": {"上次回访的事"}, "outcome": {"message"}, "colleague": {caller}, "promised_at": {local(0, 17, 0)}}).done().shows("已留言")
	n.signedIn("caller").see("/callbacks?assignee="+caller, 200).shows("钱先生", "上次回访的事")
	agent.see("/calls?outcome=declined", 200).shows("要求赔偿").hides("问保修")

	// Somebody unknown at the counter asks for something: he is a prospect, his visit is in the log with what came of it.
	page := agent.see("/desk/intake?new=1", 200).form("/requests").send(url.Values{"customer_name": {"孙女士"}, "phone": {"13700003333"}, "channel": {"walk_in"}, "kind": {"consult"}, "summary": {"想装新风"}, "read_back": {"true"}}).done()
	path := strings.Split(strings.TrimPrefix(page.what, "GET "), "?")[0]
	agent.see("/calls", 200).shows("孙女士", "想装新风", "已受理报修", number(path))
	agent.see("/customers?prospect=true", 200).shows("孙女士").hides("周晓明")
	r := must(n.desk.Request(ctx, admin, number(path)))(n)
	if !r.ReadBack || r.Channel != "walk_in" {
		t.Errorf("the visitor's wish: %+v", r)
	}
	must(n.desk.OpenOrder(ctx, admin, r.Number, workorders.OrderInput{Kind: "repair", Mode: "phone", Priority: 3, DurationMinutes: 60}))(t)
	agent.see("/customers?prospect=true", 200).hides("孙女士")
}

// A visitor is received with minutes, and what was agreed is followed by somebody until somebody else has looked
// (C4, C14, C135); a special case is before the manager at once (C148); a complaint ends with evidence (C143), and
// a refused offer leads on (C37).
func TestVisitorIsReceivedWithMinutes(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	agent, lead := n.signedIn("agent"), n.signedIn("manager")
	c := must(n.desk.AddComplaint(ctx, admin, aftercare.ComplaintInput{CustomerID: &n.customer, Channel: "visit", Grade: "complaint", Severity: 1, Text: "来访投诉", Special: true}))(n)
	if got := n.count("SELECT count(*) FROM messages WHERE key = 'message.manager.severe_complaint' AND audience = 'manager'"); got != 1 {
		t.Errorf("a special case was told the manager %d times", got)
	}
	path := "/complaints/" + c.ID.String()
	list := agent.see("/minutes?complaint="+c.ID.String(), 200).shows("还没有会议记录")
	list.form("/minutes").send(url.Values{"present": {"周晓明、林晓"}, "text": {""}}).refused(422)
	minutes := list.form("/minutes").send(url.Values{"present": {"周晓明、林晓"}, "text": {"客户要求换机\n约定三天内答复"}, "task_text": {"核对批次", "", ""}, "task_due": {"2026-11-18", "", ""}}).done().shows("MM-2026-000001", "约定三天内答复", "核对批次")
	if pdf := agent.see(strings.Split(strings.TrimPrefix(minutes.what, "GET "), "?")[0]+"/minutes.pdf", 200); !strings.HasPrefix(string(pdf.raw), "%PDF-") {
		t.Error("the minutes are no PDF")
	}
	n.signedIn("caller").see("/improvements?kind=task", 200).shows("核对批次").form("/improvements/[^/]+/do").send(url.Values{"text": {"同批次两台"}}).done()
	lead.see("/improvements?kind=task", 200).form("/improvements/[^/]+/verify").send(url.Values{"text": {"属实"}}).done()
	lead.see("/minutes?customer="+n.customer.String(), 200).shows("客户要求换机")

	act := func(what string, fill url.Values) *sight {
		return lead.see(path, 200).form(path + "/" + what).send(fill)
	}
	act("reply", url.Values{"text": {"三天内答复"}, "apology": {"当面致歉"}}).done().shows("投诉须有据可查")
	act("propose", url.Values{"proposal": {"免费再修"}}).done()
	act("refuse", url.Values{"reason": {"要换机"}}).done()
	act("propose", url.Values{"proposal": {"换机"}}).done()
	if lead.see(path, 200).form(path + "/accept").send(nil).done().offers(path + "/close") {
		t.Error("a complaint may end with nothing on file")
	}
	act("evidence", url.Values{"record": {"MM-2026-999999"}}).refused(422)
	act("evidence", url.Values{"record": {"MM-2026-000001"}, "note": {"当面核对"}}).done().shows("会议记录 MM-2026-000001", "当面核对").hides("投诉须有据可查")
	act("close", url.Values{"cause": {"同批次不良"}}).done()
	if got := must(n.desk.Look(ctx).Promises.Complaint(ctx, admin, c.ID))(n); got.State != aftercare.ClosedMatter || len(got.Evidence) != 1 {
		t.Errorf("closed: %s with %d pieces of evidence", got.State, len(got.Evidence))
	}
}

// What is promised is configuration with versions (C48): service hours, which the public page says and first contacts
// are counted in (C3), the end of complaints by severity (C149), and the ladder as it climbs (C150).
func TestStandardsAreKeptAsVersions(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	lead := n.signedIn("manager")
	page := lead.see("/settings/standards", 200).shows("24 小时首次答复", "到期前 4 小时", "还没有修改过")
	n.stranger().see("/report", 200).shows("周一–周日 08:00–18:00")
	page.form("/settings/standards/hours").send(url.Values{"from": {"10:00", "10:00", "10:00", "10:00", "10:00", "", ""}, "to": {"16:00", "16:00", "16:00", "16:00", "9:00", "", ""}}).refused(422)
	page.form("/settings/standards/hours").send(url.Values{"from": {"10:00", "10:00", "10:00", "10:00", "10:00", "", ""}, "to": {"16:00", "16:00", "16:00", "16:00", "16:00", "", ""}}).done().shows("v", "服务时间", "from_minute – → 600")
	n.stranger().see("/report", 200).shows("周一–周五 10:00–16:00")
	due := must(n.desk.Look(ctx).Promises.DeadlinesOf(ctx, admin.OrgID, time.FixedZone("", 8*3600), "", "repair", 3, monday))(n)
	if want := monday.Truncate(24 * time.Hour).Add(4 * time.Hour); !due.Contact.Equal(want) { // two hours from ten o'clock there
		t.Errorf("first contact by %s, want %s", due.Contact.UTC(), want.UTC())
	}
	lead.see("/settings/standards", 200).form("/settings/standards/complaints").send(url.Values{"hours": {"48", "120", "168", "240"}}).done().shows("hours 72 → 48", "赵主管")
	c := must(n.desk.AddComplaint(ctx, admin, aftercare.ComplaintInput{CustomerID: &n.customer, Grade: "complaint", Severity: 4, Text: "x"}))(n)
	if c.OverBy == nil || c.OverBy.Sub(c.ReceivedAt) != 48*time.Hour {
		t.Errorf("over by %v", c.OverBy)
	}
	lead.see("/complaints/"+c.ID.String(), 200).shows("投诉 · 严重", "办结期限") // 4 is the worst, in words too
	lead.see("/settings/standards", 200).form("/settings/standards/targets").send(url.Values{"priority": {"3"}, "contact": {"90"}, "arrive": {"60"}, "fix": {"4320"}}).refused(422)
	lead.see("/settings/standards", 200).form("/settings/standards/targets").send(url.Values{"priority": {"3"}, "contact": {"90"}, "arrive": {"2880"}, "fix": {"4320"}}).done().shows("contact_minutes")
	if a, b := n.count("SELECT count(*) FROM standard_versions"), n.count("SELECT count(*) FROM standard_versions WHERE actor = 'manager'"); a != 7 || b != a { // five days, one severity, one target
		t.Errorf("%d versions, %d of them the manager's", a, b)
	}
}

// The call tells again what was reported and what was done (C128); a wrong number leads to the customer's file; a
// concession needs a lead's yes (C129); and an assigned customer hears from his caller within a week (C131).
func TestCallsThatLeadOn(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	at := n.finished()
	ctx := context.Background()
	n.clock.Add(int64(2 * 24 * time.Hour))
	n.tick()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	who := must(n.desk.Look(ctx).People.As(ctx, "caller"))(n)
	caller, lead := n.signedIn("caller"), n.signedIn("manager")
	page := caller.see(at["call"], 200).shows("空调不制冷", "更换电容", "王伟")
	wrong := page.form(at["call"] + "/attempts").send(url.Values{"outcome": {"wrong_number"}}).done()
	wrong.link("/customers/" + n.customer.String())
	if f := must(n.desk.Order(ctx, admin, at["done"]))(n).FollowUps[0]; f.State != "attempted" || f.Attempts != 1 {
		t.Errorf("after a wrong number the call is %s with %d attempts", f.State, f.Attempts)
	}
	caller.see(at["call"], 200).form(at["call"] + "/attempts").send(url.Values{"outcome": {"reached"}, "identity_checked": {"true"}, "service": {"4"}, "product": {"5"}, "next": {"concession"}, "comment": {"希望减免上门费"}}).done()
	if caller.see("/improvements", 200).shows("希望减免上门费").offers("/improvements/[^/]+/verify") {
		t.Error("a caller grants a concession himself")
	}
	lead.see("/improvements?kind=concession", 200).form("/improvements/[^/]+/do").send(url.Values{"text": {"同意减免 30 元"}}).done().shows("同意减免 30 元")

	// First contact: within seven days of being assigned, and late after it.
	other := n.signedIn("agent").see("/customers", 200).form("/customers").send(url.Values{"name": {"新客户"}, "phone": {"13700004444"}}).done()
	_ = other
	var id string
	if err := n.db.NewRaw("SELECT id::text FROM customers WHERE name = '新客户'").Scan(ctx, &id); err != nil {
		t.Fatal(err)
	}
	if err := n.desk.Keep(ctx, admin, func(ctx context.Context, l workorders.Ledgers) error {
		return l.Promises.FirstContact(ctx, admin, uuid.Must(uuid.FromString(id)), who.UserID)
	}); err != nil {
		t.Fatal(err)
	}
	first := must(n.desk.Look(ctx).Promises.FollowUps(ctx, admin.Scope(), aftercare.FollowUpFilter{Kind: aftercare.FirstContact}))(n).Items
	if len(first) != 1 || first[0].AssigneeID == nil || *first[0].AssigneeID != who.UserID || first[0].DueTo.Sub(first[0].AnchorOn) != 7 {
		t.Fatalf("first contact: %+v", first)
	}
	n.clock.Add(int64(8 * 24 * time.Hour))
	n.tick()
	caller = n.signedIn("caller")
	caller.see("/follow-ups?assignee="+who.UserID.String(), 200).shows("新客户", "首次联系", "逾期")
	path := "/follow-ups/" + first[0].ID.String()
	caller.see(path, 200).form(path + "/attempts").send(url.Values{"outcome": {"reached"}, "identity_checked": {"true"}, "service": {"5"}}).done()
	if f := must(n.desk.Look(ctx).Promises.FollowUp(ctx, admin.Scope(), first[0].ID))(n); f.InWindow == nil || *f.InWindow {
		t.Errorf("eight days later counts as in time: %+v", f.InWindow)
	}
}

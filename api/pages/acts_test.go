package pages_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/workorders"
)

// assigned brings an order to a booked visit by forms.
func (n *town) assigned(agent, dispatcher *visitor) (order string) {
	n.Helper()
	_, order = n.reported(agent)
	n.agreed(agent, order)
	dispatcher.see("/orders/"+order, 200).form("/orders/" + order + "/assign").send(nil).done()
	return order
}

// signedPaper is a small picture of a sheet of paper.
func signedPaper(t testing.TB) []byte {
	t.Helper()
	sheet := image.NewGray(image.Rect(0, 0, 40, 56))
	for i := range sheet.Pix {
		sheet.Pix[i] = uint8(200 + i%50)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What happens to an order besides a good day: every act of its page, by the login whose work it is.
func TestActsOfAnOrder(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher, manager := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("manager")
	_, order := n.reported(agent)
	path := "/orders/" + order
	// Agreed on paper: without the scan nobody agreed, and the scan stays with the quote.
	drafted := agent.see(path, 200).form(path + "/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_unit": {"99.5", "", "", "", ""}}).done()
	paper := drafted.form(path + "/quotes/[^/]+/approve")
	onPaper := url.Values{"how": {"paper"}, "name": {"周晓明"}}
	paper.send(onPaper).refused(422, "扫描件")
	scan := signedPaper(t)
	paper.sendWith(onPaper, map[string][]byte{"file": []byte("not a picture")}).refused(422)
	paper.sendWith(onPaper, map[string][]byte{"file": scan}).done().shows("书面", "周晓明")
	var kept string
	if err := n.db.NewRaw("SELECT f.kind FROM files f JOIN quotes q ON q.id = f.quote_id WHERE q.approved_how = 'paper' AND f.sha256 = sha256(?)", scan).Scan(context.Background(), &kept); err != nil || kept != "paper" {
		t.Errorf("the scan of the signed paper is kept as %q (%v)", kept, err)
	}
	dispatcher.see(path, 200).form(path + "/assign").send(nil).done()

	page := dispatcher.see(path, 200)
	page = page.form(path+"/visits/[^/]+/confirm").send(url.Values{"window_from": {local(0, 9, 0)}, "window_to": {local(0, 11, 0)}, "with_whom": {"周晓明"}}).done().shows("与客户约定时间", "客户已确认")
	page = page.form(path+"/visits/[^/]+/reschedule").send(url.Values{"starts_at": {local(1, 10, 0)}, "ends_at": {local(1, 11, 0)}, "reason": {"客户改时间"}, "cause": {"customer"}}).done().shows("改约", "11月17日")
	page = page.form(path+"/conversations").send(url.Values{"direction": {"in"}, "channel": {"phone"}, "kind": {"chase"}, "text": {"什么时候到"}}).done().shows("什么时候到", "催单")
	page = page.form(path+"/visits/[^/]+/decline").send(url.Values{"reason": {"车坏了"}}).done().shows("车坏了", "待派工")
	page = page.form(path+"/hold").send(url.Values{"reason_code": {"customer"}, "reason": {"客户出差"}, "until": {local(3, 9, 0)}}).done().shows("客户出差", "挂起")
	page = page.form(path + "/resume").send(nil).done().shows("待派工")
	page = page.form(path + "/convert").send(url.Values{"mode": {"depot"}}).done().shows("送修")
	page = page.form(path+"/custody").send(url.Values{"device": {"海尔空调"}, "accessories": {"遥控器，电源线"}, "condition": {"外壳轻微划痕"}, "expected_return_on": {"2026-11-20"}, "signer_name": {"周晓明"}, "data_consent": {"true"}}).done().shows("遥控器、电源线", "外壳轻微划痕")
	if page.offers(path+"/cancel") || page.offers(path+"/resume") {
		t.Error("an order may be ended or resumed while the customer's device is with us")
	}
	depot := n.signedIn("depot")
	depot.see("/stock/devices", 200).shows("海尔空调", "DV-2026-").link(path)
	depot.see(path, 200).form(path + "/custody/[^/]+/return").send(url.Values{"by": {"周晓明"}, "voucher_seen": {"true"}}).done()
	dispatcher.see(path, 200).shows("设备归还客户", "待派工")
	page = manager.see(path, 200).form(path + "/coverage").send(url.Values{"line": {"labour"}, "source": {"goodwill"}, "reason": {"老客户"}}).done().shows("老客户")
	shared := page.form(path + "/share").send(nil).done().link("/c/")
	n.stranger().see(shared, 200).shows(order).hides("13912345678")
	agent.see(path, 200).form(path+"/cancel").send(url.Values{"reason": {"客户不修了"}}).done().shows("客户不修了", "已取消")
	n.stranger().see(shared, 200).shows("已取消")
}

// A quote that is declined ends the order before anybody drove out.
func TestDeclinedByLink(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent := n.signedIn("agent")
	_, order := n.reported(agent)
	path := "/orders/" + order
	page := agent.see(path, 200).form(path + "/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_unit": {"99.5", "", "", "", ""}, "limit": {"150"}}).done().shows("¥99.50")
	page.form(path+"/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_unit": {"九十", "", "", "", ""}}).refused(422, "请填写金额")
	page.form(path+"/quotes").send(url.Values{"valid_until": {"2026-11-20"}, "line_unit": {"", "", "", "", ""}}).refused(422, "必填")
	link := page.form(path + "/quotes/[^/]+/send").send(nil).done().link("/c/")
	customer := n.stranger()
	customer.see(link, 200).form(link+"/approve").send(url.Values{"name": {" "}}).refused(422, "姓名")
	form := customer.see(link, 200).form(link + "/decline")
	form.send(url.Values{"name": {"周晓明"}, "reason": {"太贵"}}).done()
	if again := form.send(url.Values{"name": {"周晓明"}, "reason": {"太贵"}}); again.status != 303 {
		t.Errorf("the same no, sent twice: %d", again.status)
	}
	agent.see(path, 200).shows("太贵", "已取消")

	// Nothing is open with the customer any more: who he is may be erased.
	file := "/customers/" + n.customer.String()
	if agent.see(file, 200).offers(file + "/erase") {
		t.Error("an agent may erase a customer")
	}
	manager := n.signedIn("manager")
	erase := manager.see(file, 200).form(file + "/erase")
	erase.send(url.Values{"sure": {""}}).refused(422, "必填")
	erase.send(url.Values{"sure": {"true"}}).done().shows("个人信息已删除").hides("周晓明", "13912345678", "望京街")
	manager.see(path, 200).hides("周晓明")
}

// An engineer falls ill: his visits are freed with their windows, the customers are on the list to call.
func TestEngineerOut(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher := n.signedIn("agent"), n.signedIn("dispatcher")
	order := n.assigned(agent, dispatcher)
	page := dispatcher.see("/settings/engineers", 200).shows("王伟", "制冷 3")
	ill := url.Values{"engineer_id": {n.right.String()}, "starts_at": {local(0, 8, 0)}, "ends_at": {local(0, 18, 0)}, "kind": {"sick"}, "on_conflict": {"refuse"}}
	page.form("/settings/engineers/absences").send(ill).refused(409)
	ill.Set("on_conflict", "displace")
	page.form("/settings/engineers/absences").send(ill).done().shows("病假", order, "周晓明")
	calls := dispatcher.see("/callbacks?reason=displaced", 200).shows("周晓明", order)
	calls.form("/callbacks/[^/]+/attempts").send(url.Values{"outcome": {"no_answer"}, "text": {"再打"}}).done()
	dispatcher.see("/orders/"+order, 200).shows("因工程师缺勤待改派")
	page.form("/settings/engineers/shifts").send(url.Values{"engineer_id": {n.empty.String()}, "starts_at": {local(5, 8, 0)}, "ends_at": {local(5, 18, 0)}}).done()
	page.form("/settings/engineers/shifts").send(url.Values{"engineer_id": {n.empty.String()}, "starts_at": {local(6, 18, 0)}, "ends_at": {local(6, 8, 0)}}).refused(422)
	dispatcher.see("/desk", 200).shows("李芳", order)
}

// Tomorrow is planned and dispatched by forms; when it is planned by itself is said there as well, by whom
// the engineers belong to.
func TestPlanByForms(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	n.readyOrders(2)
	dispatcher, manager := n.signedIn("dispatcher"), n.signedIn("manager")
	page := dispatcher.see("/desk/plans", 200)
	if page.offers("/desk/plans/at") {
		t.Error("a dispatcher may say when plans are made by themselves")
	}
	plan := page.form("/desk/plans").send(url.Values{"day": {"2026-11-17"}, "region": {""}, "seconds": {"1"}}).done().shows("新派 2")
	plan.form("/desk/plans/[^/]+/publish").send(nil).done().shows("已发布")
	dispatcher.see("/desk?day=2026-11-17", 200).shows("空调不制冷 1")

	page = manager.see("/desk/plans", 200)
	page.form("/desk/plans/at").send(url.Values{"plan_at": {"25:00"}, "seconds": {"60"}}).refused(422)
	page.form("/desk/plans/at").send(url.Values{"plan_at": {"18:30"}, "seconds": {"0"}}).refused(422)
	page = page.form("/desk/plans/at").send(url.Values{"plan_at": {"18:30"}, "seconds": {"20"}}).done().shows("每天 18:30")
	page.form("/desk/plans/at").send(url.Values{"plan_at": {""}, "seconds": {"20"}}).done().shows("只在有人要求时")
}

// An engineer of a centre is lent to head office: his phone shows the job, its customer and its sheet.
func TestLentEngineerOnHisPhone(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent := n.signedIn("agent")
	ctx := context.Background()
	by := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	var lent uuid.UUID
	if err := n.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		centre := must(l.People.CreateOrganisation(ctx, by.Scope(), auth.OrganisationInput{Code: "BC", Name: "北城中心", Kind: "centre", ParentCode: by.OrgCode}))(n)
		e := must(l.Board.AddEngineer(ctx, dispatch.EngineerInput{Name: "孙立", RegionCodes: []string{"bj-cy"}, Skills: []dispatch.Ability{{Code: "cooling", Level: 3}}}, centre.ID))(n)
		must(l.Board.AddShift(ctx, by.Scope(), e.ID, dispatch.ShiftInput{StartsAt: monday, EndsAt: monday.Add(10 * time.Hour)}))(n)
		_, _, err := l.People.AddUser(ctx, by, auth.UserInput{Login: "fitter", Name: "孙立", Roles: []auth.Role{auth.Engineer}, Password: password, EngineerID: &e.ID, OrganisationCode: "BC"})
		lent = e.ID
		return err
	}); err != nil {
		n.Fatal(err)
	}
	_, order := n.reported(agent)
	n.agreed(agent, order)
	fitter := n.signedIn("fitter")
	fitter.see("/m/orders/"+order, 404)
	must(n.desk.Assign(ctx, by, order, workorders.AssignInput{EngineerID: lent, StartsAt: monday.Add(2 * time.Hour), EndsAt: monday.Add(3 * time.Hour), OverrideReason: ptr("借调")}))(n)
	fitter.see("/m", 200).shows(order, "周晓明")
	fitter.see("/m/orders/"+order, 200).shows("望京街", "东门进").form("/m/orders/" + order + "/arrive").send(nil).done()
	fitter.see("/m/orders/"+order+"/sheet", 200).shows("周晓明")
}

// A part is missing: the sheet says so, goods come, the order goes on; two sheets, one follow-up.
func TestPartMissing(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher, engineer, keeper := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1"), n.signedIn("stock")
	order := n.assigned(agent, dispatcher)
	path, sheet := "/orders/"+order, "/m/orders/"+order+"/sheet"
	engineer.see("/m/orders/"+order, 200).form("/m/orders/" + order + "/arrive").send(nil).done()
	form := engineer.see(sheet, 200).form(sheet)
	form.send(url.Values{"outcome": {"need_parts"}, "fault_code": {"F01"}, "part_quantity": {"0"}, "notes": {"压缩机也坏了"}, "needed_sku": {"P3", ""}, "needed_quantity": {"1", ""}, "needed_text": {"", ""}}).leads()
	agent.see(path, 200).shows("挂起", "压缩机也坏了")
	short := keeper.see("/stock/shortages", 200).shows(order, "风机")
	short = short.form("/stock/expected").send(url.Values{"sku": {"P3"}, "quantity": {"2"}, "to_place": {"WH"}, "expected_on": {"2026-11-18"}}).done()
	short.form("/stock/expected/[^/]+").send(url.Values{"expected_on": {"2026-11-19"}}).done().shows("11月19日")
	keeper.see("/stock", 200).form("/stock/movements").send(url.Values{"kind": {"receive"}, "sku": {"P3"}, "quantity": {"2"}, "to_place": {"WH"}}).done()
	dispatcher.see("/callbacks?reason=part_arrived", 200).shows(order)
	dispatcher.see(path, 200).shows("备件已到").form(path + "/assign").send(nil).done()
	slip := keeper.see("/stock/pickups", 200).shows("王伟", "风机")
	slip.form("/stock/pickups/[^/]+/ready").send(nil).done()
	engineer.see("/m/van", 200).form("/m/pickups/[^/]+/receive").send(nil).leads()
	form = engineer.see(sheet, 200).form(sheet)
	form.send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}, "finished_at": {""}, "arrived_at": {""}}).leads()
	page := agent.see(path, 200).shows("已完工")
	if n := strings.Count(string(page.raw), `class="sheet"`); n != 2 {
		t.Errorf("%d sheets are shown, want 2", n)
	}
}

// The books around the work: stock, customers, money, calls, settings.
func TestBooks(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	keeper, agent, manager, admin := n.signedIn("stock"), n.signedIn("agent"), n.signedIn("manager"), n.signedIn("admin")

	keeper.see("/stock", 200).form("/stock/movements").send(url.Values{"kind": {"adjust"}, "sku": {"P2"}, "quantity": {"-1"}, "from_place": {"WH"}, "reason": {"盘点"}}).done()
	stock := keeper.see("/stock", 200)
	stock.form("/stock/movements").send(url.Values{"kind": {"transfer"}, "sku": {"P1"}, "quantity": {"99"}, "from_place": {"VAN1"}, "to_place": {"WH"}}).refused(409)
	stock.form("/stock/movements").send(url.Values{"kind": {"receive"}, "sku": {"P2"}, "quantity": {"一"}, "to_place": {"WH"}}).refused(422, "请填写数字")
	keeper.see("/stock/movements", 200).shows("盘点", "吴库管")

	made := agent.see("/customers", 200).form("/customers").send(url.Values{"name": {"三里屯小学"}, "phone": {"010-64321234"}}).done().shows("三里屯小学", "010")
	customer, _, _ := strings.Cut(strings.TrimPrefix(made.what, "GET "), "?")
	made.form(customer+"/sites").send(url.Values{"address": {"工体北路 2 号"}, "region_code": {"bj-cy"}, "lat": {"39.93"}, "lng": {"116.45"}, "access_notes": {"门卫登记"}}).done().shows("工体北路 2 号", "门卫登记")
	made = agent.see(customer, 200).form(customer + "/contacts").send(url.Values{"name": {"后勤孙老师"}, "phone": {"13600002222"}, "role": {"on_site"}}).done().shows("后勤孙老师")
	made.form(customer+"/assets").send(url.Values{"brand": {"格力"}, "category": {"空调"}, "model": {"KFR-72"}, "serial_number": {"GL0072"}, "purchased_on": {"2026-01-05"}}).done().shows("格力", "GL0072")
	agent.see("/assets?q=GL00", 200).shows("GL0072", "三里屯小学")
	agent.see("/customers", 200).form("/customers").send(url.Values{"name": {"某人"}, "phone": {"123"}}).refused(422)

	receipt := agent.see(at["receipt"], 200)
	receipt.form(at["receipt"] + "/payments").send(url.Values{"amount": {"55"}, "method": {"cash"}}).done().shows("部分付款")
	agent.see(at["receipt"], 200).form(at["receipt"] + "/invoice-request").send(url.Values{"title": {"周晓明"}}).done().shows("已申请发票")
	list := agent.see("/receipts/invoices", 200).shows("周晓明", "待开票").form("/receipts/invoices/[^/]+/issue").send(url.Values{"invoice_no": {"26112000001"}}).done().shows("26112000001", "已开票")
	manager.see(at["receipt"], 200).form(at["receipt"] + "/void").send(url.Values{"reason": {"开错"}}).refused(409)
	list.form("/receipts/invoices/[^/]+/send").send(nil).done().hides("26112000001")
	agent.see("/receipts/invoices?state=sent", 200).form("/receipts/invoices/[^/]+/reverse").send(url.Values{"invoice_no": {"26112000002"}, "reason": {"抬头写错"}}).done()
	agent.see("/receipts/invoices?state=reversed", 200).shows("26112000002", "抬头写错")
	if caller := n.signedIn("caller").see("/receipts/invoices?state=reversed", 200).hides("/receipts/cash-ups"); caller.offers("/receipts/invoices/") {
		t.Error("a caller may work on invoices")
	}

	// The engineer took cash; the cash desk counts it, with a reason for what is missing.
	engineer := n.signedIn("engineer1")
	engineer.see(at["receipt"], 200).form(at["receipt"] + "/payments").send(url.Values{"amount": {"20"}, "method": {"cash"}}).done()
	engineer.see("/m/me", 200).shows("待交现金", "¥20.00")
	engineer.see("/receipts/cash-ups", 200).shows("¥20.00").hides("收款入账")
	cash := agent.see("/receipts/cash-ups", 200).shows("王伟", "¥20.00", strings.TrimPrefix(at["receipt"], "/receipts/"))
	cash.form("/receipts/cash-ups").send(url.Values{"counted": {"十九"}}).refused(422, "请填写金额")
	cash.form("/receipts/cash-ups").send(url.Values{"counted": {"19"}}).refused(422, "原因")
	agent.see("/receipts/cash-ups", 200).form("/receipts/cash-ups").send(url.Values{"counted": {"19"}, "note": {"少一元"}}).done().shows("现金都已交清", "少一元", "−¥1.00")
	n.signedIn("dispatcher").see("/receipts/cash-ups", 403)
	manager.see("/receipts/cash-ups", 200).form("/receipts/cash-ups/[^/]+/void").send(url.Values{"reason": {"数错"}}).done().hides("现金都已交清")
	n.signedIn("agent").see("/receipts/cash-ups?state=void", 200).shows("数错")
	manager.see(at["receipt"], 200).form(at["receipt"]+"/waive").send(url.Values{"reason": {"老客户"}}).done().shows("已付清", "老客户")

	sheet := manager.see(manager.see("/figures?from=2026-11-01&to=2026-11-30", 200).shows("王伟").link("/figures/receipts.csv"), 200)
	if kind := sheet.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(string(sheet.raw), "155.00") {
		t.Errorf("the table of receipts is %s: %s", kind, sheet.raw)
	}
	keeper.see("/figures/receipts.csv", 403)
	manager.see("/figures/nothing.csv", 404)

	caller := n.signedIn("caller")
	call := caller.see("/follow-ups?state=suspended", 200).link("/follow-ups/0")
	caller.see(call, 200).shows("投诉").form(call + "/waive").send(url.Values{"reason": {"投诉处理中"}}).done()
	grave := manager.see(at["complaint"], 200)
	grave = grave.form(at["complaint"] + "/escalate").send(url.Values{"reason": {"要求升级"}}).done()
	grave = grave.form(at["complaint"] + "/reply").send(url.Values{"text": {"已道歉"}}).done()
	grave = grave.form(at["complaint"] + "/verify").send(url.Values{"text": {"属实"}}).done().shows("属实")
	grave = grave.form(at["complaint"] + "/propose").send(url.Values{"proposal": {"免费返修"}}).done().shows("免费返修")
	grave = grave.form(at["complaint"] + "/accept").send(nil).done()
	grave = grave.form(at["complaint"] + "/evidence").send(url.Values{"record": {"WO-2026-000001"}}).done()
	grave.form(at["complaint"] + "/close").send(url.Values{"cause": {"配件质量"}}).done().shows("已结案")

	admin.see("/settings", 200).hides("0 条")
	admin.see("/settings?checks=now", 200).shows("异常 0 条", "库存", "对客户的承诺")
	admin.see("/settings/organisations", 200).form("/settings/organisations").send(url.Values{"code": {"JB"}, "name": {"京北服务商"}, "kind": {"partner"}, "parent_code": {"HQ"}, "region_codes": {"bj-hd"}}).done().shows("京北服务商")
	admin.see("/settings/users", 200).form("/settings/users").send(url.Values{"login": {"partner"}, "name": {"刘站长"}, "roles": {"partner_manager", "partner_dispatcher"}, "organisation_code": {"JB"}}).done().shows("刘站长")
	manager.see("/settings/calendar?year=2027", 200).form("/settings/calendar").send(url.Values{"date": {"2027-02-05"}, "name": {"春节"}}).done().shows("春节")
	var duty string
	if err := n.db.NewRaw("SELECT id FROM users WHERE login = 'manager'").Scan(t.Context(), &duty); err != nil {
		t.Fatal(err)
	}
	manager.see("/settings/engineers", 200).form("/settings/engineers/duty").send(url.Values{"from": {"2026-11-21"}, "to": {"2026-11-22"}, "user_id": {duty}, "phone": {"13800139999"}}).done().shows("138 0013 9999")
	manager.see("/settings/webhooks", 200).form("/settings/webhooks").send(url.Values{"url": {n.server.URL + "/hook"}, "kinds": {"work_order.completed"}}).done().shows("whsec_")
	manager.see("/settings/webhooks", 200).hides("whsec_")
}

// What has to be looked at before a job is done is written on a page of its own.
func TestChecklistsAreWritten(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	manager := n.signedIn("manager")
	lists := manager.see("/settings/checklists", 200).form("/settings/checklists")
	lines := url.Values{"kind": {"repair"}, "category": {"空调"}, "line_code": {"power", "", "drain"}, "line_name": {"通电", "", "排水通畅"}, "line_name_en": {"Power on", "", ""}, "line_mandatory": {"true", "false", "false"}}
	lists.send(url.Values{"kind": {"repair"}, "line_code": {"power", "power"}, "line_name": {"通电", "再通电"}, "line_name_en": {"", ""}, "line_mandatory": {"true", "true"}}).refused(422, "power")
	lists.send(lines).done().shows("通电", "排水通畅")
	manager.see("/settings/checklists?kind=repair&category="+url.QueryEscape("空调"), 200).shows("修改检查表")
	n.signedIn("agent").see("/settings/checklists", 200).hides("保存")
}

// A partner sees what was offered to him, takes it, and nothing else of the company.
func TestHandOver(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	admin, agent, manager := n.signedIn("admin"), n.signedIn("agent"), n.signedIn("manager")
	admin.see("/settings/organisations", 200).form("/settings/organisations").send(url.Values{"code": {"JB"}, "name": {"京北服务商"}, "kind": {"partner"}, "parent_code": {"HQ"}}).done()
	link := admin.see("/settings/users", 200).form("/settings/users").send(url.Values{"login": {"partner"}, "name": {"刘站长"}, "roles": {"partner_manager", "partner_dispatcher"}, "organisation_code": {"JB"}}).done().link("/setup/")
	n.stranger().see(link, 200).form(link).send(url.Values{"password": {password}, "password_again": {password}}).leads()
	partner := n.signedIn("partner")
	_, order := n.reported(agent)
	n.agreed(agent, order)
	path := "/orders/" + order
	partner.see(path, 404)
	page := manager.see(path, 200).form(path + "/hand-over").send(url.Values{"organisation_code": {"JB"}, "reason": {"当地服务"}, "answer_by": {local(0, 18, 0)}}).done().shows("京北服务商")
	if page.offers(path + "/hand-over") {
		t.Error("an order may be offered twice at once")
	}
	for _, p := range []string{"/home", "/desk", "/orders", "/requests", "/customers", "/stock", "/settings", "/settings/engineers", "/settings/users"} {
		partner.see(p, 200).hides("13912345678")
	}
	partner.see(path, 200).form(path + "/hand-over/accept").send(nil).done()
	partner.see("/orders", 200).shows(order)
	manager.see(path, 200).shows("由 京北服务商")
}

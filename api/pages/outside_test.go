package pages_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"paigong/internal/say"
	"paigong/workorders"
)

// The customer's part from beginning to end, every step by a plain form: report, follow, agree to the time,
// choose another, ask where things stand, sign, rate. What has ended is offered no more, looking changes
// nothing, and a link that was taken back tells nothing.
func TestCustomerByLink(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	customer := n.stranger()
	form := customer.see("/report", 200).form("/report")
	if fields := len(form.values); fields > 8 { // six to fill in, the pictures and the key besides
		t.Errorf("the form has %d fields: %v", fields, form.values)
	}
	thanks := form.send(url.Values{"summary": {"空调不制冷"}, "name": {"周晓明"}, "phone": {"13912345678"}, "address": {"朝阳区望京街 9 号"}, "when": {"晚上六点以后"}}).done()
	link := thanks.link("/c/")
	page := customer.see(link, 200).shows("SR-2026-000001", "待受理", "答复时限").hides("13912345678", "望京街")

	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")
	request := agent.see("/requests/SR-2026-000001", 200).shows("晚上六点以后")
	page.form(link + "/withdraw")
	request.form("/requests/SR-2026-000001/customer").send(url.Values{"phone": {"13912345678"}}).done()
	by := must(n.desk.Look(context.Background()).People.As(context.Background(), "agent"))(n)
	must(n.desk.AmendRequest(context.Background(), by, "SR-2026-000001", 0, workorders.RequestPatch{AssetID: &n.asset}))(n)
	order := number(agent.see("/requests/SR-2026-000001", 200).form("/requests/SR-2026-000001/work-order").send(url.Values{"priority": {"2"}, "skill_codes": {"cooling"}, "part_sku": {"P1", "", ""}, "part_quantity": {"1", "1", "1"}, "window_from": {local(0, 13, 0)}, "window_to": {local(0, 17, 0)}}).leads())
	n.agreed(agent, order)

	// The same link leads on to the order.
	customer.see(link, 200).shows(order, "1")
	path := "/orders/" + order
	dispatcher.see(path, 200).form(path + "/assign").send(nil).done()
	page = customer.see(link, 200).shows("王师傅").hides("王伟", "13800138000")
	page.form(link + "/confirm").send(nil).done().shows("上门时间已确认")
	if customer.see(link, 200).offers(link + "/confirm") {
		t.Error("a confirmed time is to be confirmed again")
	}
	// Another time: the engineer is free on Wednesday afternoon, so the visit moves at once, and is agreed.
	customer.see(link, 200).form(link+"/reschedule").send(url.Values{"day": {"2026-11-15"}, "part": {"morning"}}).refused(422, "两小时")
	moved := customer.see(link, 200).form(link+"/reschedule").send(url.Values{"day": {"2026-11-18"}, "part": {"afternoon"}}).done().shows("已按您的要求改约", "13:30", "已与您约定")
	if moved.offers(link + "/confirm") {
		t.Error("the time he chose himself is to be confirmed")
	}
	// Saturday nobody works: the wish stands on the call-back list.
	customer.see(link, 200).form(link + "/reschedule").send(url.Values{"day": {"2026-11-21"}, "part": {"morning"}, "note": {"请周末来"}}).done().shows("与您联系")
	agent.see("/callbacks", 200).shows("请周末来")
	customer.see(link, 200).form(link + "/chase").send(url.Values{"text": {"还来吗"}}).done().shows("尽快答复")
	if customer.see(link, 200).offers(link + "/chase") {
		t.Error("he may chase twice within the hour")
	}
	// Whoever is booked is called off by a person.
	customer.see(link, 200).form(link + "/cancel").send(url.Values{"reason": {"不修了"}}).done().shows("尽快与您联系")
	agent.see("/callbacks", 200).shows("不修了")

	before := must(n.desk.Order(context.Background(), must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(n), order))(n)
	for range 3 {
		customer.see(link, 200)
	}
	admin := must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(n)
	if after := must(n.desk.Order(context.Background(), admin, order))(n); after.Version != before.Version || len(after.Timeline) != len(before.Timeline) {
		t.Error("looking at the page changed the order")
	}

	for _, act := range []string{"accept", "depart", "arrive"} {
		engineer.see("/m/orders/"+order, 200).form("/m/orders/" + order + "/" + act).send(nil).done()
	}
	engineer.see("/m/orders/"+order+"/sheet", 200).form("/m/orders/" + order + "/sheet").send(url.Values{"outcome": {"done"}, "fault_code": {"F01"}, "cause_code": {"C01"}, "action_code": {"A01"}, "signature_reason": {"客户不在"}}).leads()
	page = customer.see(link, 200).shows("启动电容 × 1", "2027年2月14日")
	page.form(link+"/sign").send(url.Values{"name": {"周晓明"}, "signature": {"[[[1,2],[3,4]]]"}}).done().shows("周晓明", "感谢您签字")
	customer.see(link+"/receipt", 200).shows("¥155.00", "非税务发票", order)
	if pdf := customer.see(link+"/papers/settlement.pdf", 200); !strings.HasPrefix(string(pdf.raw), "%PDF-") {
		t.Error("the bill is no PDF")
	}
	// A bad word at once: kept, a grumble, and the call stays due. It does not stand for the call.
	customer.see(link, 200).form(link+"/rate").send(url.Values{"service": {"2"}, "product": {"4"}, "comment": {"来得晚"}}).done().shows("感谢您的评价", "来得晚")
	if customer.see(link, 200).offers(link + "/rate") {
		t.Error("he may rate twice")
	}
	o := must(n.desk.Order(context.Background(), admin, order))(n)
	if len(o.FollowUps) != 1 || o.FollowUps[0].DoneAt != nil || o.FollowUps[0].CountedAttempts != 0 {
		t.Errorf("after a rating before its window the call is %+v", o.FollowUps)
	}
	n.signedIn("manager").see("/complaints", 200).shows("来得晚")

	if err := n.desk.RevokeLinks(context.Background(), admin, order); err != nil {
		t.Fatal(err)
	}
	customer.see(link, 410).hides(order, "周晓明")
}

// Inside its window the customer's rating stands for the call.
func TestRatingInsideTheWindow(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	n.clock.Add(int64(2 * 24 * time.Hour))
	n.tick()
	customer := n.stranger()
	customer.see(at["link"], 200).form(at["link"] + "/rate").send(url.Values{"service": {"5"}, "product": {"5"}}).done()
	caller := n.signedIn("caller")
	caller.see(at["call"], 200).shows("通过链接评价", "已回访")
}

// The label on a device tells any finder what was repaired and nobody's name, and fills in the report.
func TestLabelOfADevice(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	admin := must(n.desk.Look(context.Background()).People.As(context.Background(), "admin"))(n)
	label := must(n.desk.MakeLabel(context.Background(), admin, n.asset, false))(t)
	if again := must(n.desk.MakeLabel(context.Background(), admin, n.asset, false))(t); again.Code != label.Code {
		t.Error("a second label was made without being asked for")
	}
	finder := n.stranger()
	for _, lang := range say.Languages() {
		finder.see("/d/"+label.Code+"?lang="+lang, 200).shows("海尔", at["done"]).hides("周晓明", "13912345678", "望京街", "SN0001", "王伟")
	}
	n.signedIn("agent").see("/d/"+label.Code, 200).link("/assets/")
	form := finder.in("zh-Hans").see("/report?label="+label.Code, 200).shows("海尔").form("/report")
	form.send(url.Values{"summary": {"又坏了"}, "name": {"路人"}, "phone": {"13700001111"}}).done()
	n.signedIn("agent").see("/requests/SR-2026-000004", 200).shows("海尔 KFR-35GW 空调", "周晓明", "路人")
	renewed := must(n.desk.MakeLabel(context.Background(), admin, n.asset, true))(t)
	finder.see("/d/"+label.Code, 404)
	finder.see("/report?label="+label.Code, 404)
	finder.see("/d/"+renewed.Code, 200)
}

// Abuse is told apart from a customer who is slow or clumsy: what was refused or sent twice does not count,
// one telephone number reports six times a day, and a suggestion needs no name.
func TestIntakeIsBounded(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	filled := url.Values{"summary": {"不制冷"}, "name": {"吴先生"}, "phone": {"13700001111"}, "address": {"海淀区 1 号"}}
	clumsy := n.stranger().see("/report", 200).form("/report")
	for range 10 {
		clumsy.send(url.Values{"summary": {"不制冷"}}).refused(422)
	}
	for range 10 {
		clumsy.send(filled).leads()
	}
	for range 5 {
		n.stranger().see("/report", 200).form("/report").send(filled).leads()
	}
	form := n.stranger().see("/report", 200).form("/report")
	refused := form.send(filled).refused(429, "稍后再次提交")
	if refused.header.Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	filled.Set("phone", "13700002222")
	n.stranger().see("/report", 200).form("/report").send(filled).leads()
	n.stranger().see("/report?about=suggestion", 200).form("/report").send(url.Values{"summary": {"希望周末也能上门"}}).done()
	n.signedIn("agent").see("/requests", 200).shows("希望周末也能上门")
	n.clock.Add(int64(24 * time.Hour))
	filled.Set("phone", "13700001111")
	form.send(filled).leads() // the same form, sent later, as it said
}

// What a customer loads on his first visit, zipped, is at most 20 KB, and it all works without scripts.
func TestCustomerPageIsLight(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	for _, path := range []string{at["link"], "/report"} {
		customer := n.stranger()
		page := customer.see(path, 200)
		sum := zipped(t, page.raw)
		page.each(func(e *html.Node) {
			at := ""
			switch {
			case e.Data == "link" && attr(e, "rel") == "stylesheet" && attr(e, "media") != "print":
				at = attr(e, "href")
			case e.Data == "script":
				at = attr(e, "src")
			}
			if at != "" {
				sum += zipped(t, customer.see(at, 200).raw)
			}
		})
		if sum > 20<<10 {
			t.Errorf("%s weighs %d bytes, want at most %d", path, sum, 20<<10)
		}
	}
}

func zipped(t *testing.T, raw []byte) int {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// A code sent to the telephone proves the number; a wrong one counts, and after five none is right.
func TestPhoneIsProvenByACode(t *testing.T) {
	t.Parallel()
	n := newTownWith(t, func(c *workorders.Config) { c.VerifyPhones = true })
	customer := n.stranger()
	link := customer.see("/report", 200).form("/report").send(url.Values{"summary": {"不制冷"}, "name": {"吴先生"}, "phone": {"13700001111"}, "address": {"海淀区 1 号"}}).done().link("/c/")
	code := n.lastMessage("message.customer.code")[0]
	customer.see(link, 200).form(link+"/verify").send(url.Values{"code": {"000000x"}}).refused(422, "验证码")
	customer.see(link, 200).form(link + "/verify").send(url.Values{"code": {code}}).done().shows("手机号已确认")
	if customer.see(link, 200).offers(link + "/verify") {
		t.Error("a proven number is to be proven again")
	}
	second := n.stranger()
	link = second.see("/report", 200).form("/report").send(url.Values{"summary": {"漏水"}, "name": {"吴先生"}, "phone": {"13700001111"}, "address": {"海淀区 1 号"}}).done().link("/c/")
	form := second.see(link, 200).form(link + "/verify")
	for range 5 {
		form.send(url.Values{"code": {"wrong"}}).refused(422)
	}
	form.send(url.Values{"code": {n.lastMessage("message.customer.code")[0]}}).refused(422)
}

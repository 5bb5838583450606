package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// A customer brings his device to the counter: it is taken in with a picture, accessories and a loaner, goes
// over the bench, waits to be collected, is looked at after thirty days, and goes back against its voucher.
func TestDeviceAtTheCounter(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, bench, dispatcher := n.signedIn("agent"), n.signedIn("depot"), n.signedIn("dispatcher")
	page := agent.see("/desk/intake?q=13912345678", 200).form("/requests").send(url.Values{"summary": {"不制冷"}, "channel": {"walk_in"}}).done().shows("请在下面接收设备", "送修")
	order := number(strings.TrimSuffix(page.what[4:], "#custody"))
	path := "/orders/" + order

	take := url.Values{"device": {"海尔 KFR-35GW"}, "accessories": {"遥控器，电源线"}, "condition": {"外壳有划痕"}, "faults_seen": {"后盖缺一颗螺丝"}, "expected_return_on": {"2026-11-20"}, "value": {"一千"}, "signer_name": {"周晓明"}, "data_consent": {"true"},
		"loaner_device": {"移动空调"}, "loaner_due_on": {"2026-11-20"}}
	page.form(path+"/custody").send(take).refused(422, "请填写金额", "必填")
	take.Set("value", "1800")
	take.Set("loaner_serial", "LOAN-7")
	form := agent.see(path, 200).form(path + "/custody")
	form.sendWith(take, map[string][]byte{"photos": []byte("not a picture")}).refused(422)
	held := form.sendWith(take, map[string][]byte{"photos": signedPaper(t)}).done().shows("DV-2026-", "遥控器", "后盖缺一颗螺丝", "¥1,800.00", "移动空调 LOAN-7", "客户 → 维修中心")
	agent.see(held.link("/files/"), 200)
	if held.offers(path + "/custody/[^/]+/return") {
		t.Error("the counter gives back what the workshop has not released")
	}

	// The bench finds it on its own list and takes it along with one tap a step.
	bench.see("/stock/devices?holder=depot", 200).shows("海尔 KFR-35GW", "LOAN-7", "周晓明")
	step := func(act string) *sight {
		t.Helper()
		return bench.see(path, 200).form(path + "/custody/[^/]+/" + act).send(nil).done()
	}
	step("receive")
	step("diagnose").shows("检测中")
	bench.see(path, 200).form(path+"/custody/[^/]+/move").send(url.Values{"to_holder": {"vendor"}, "by": {"海尔售后"}, "note": {"运单 SF123"}}).done().shows("维修中心 → 厂家", "SF123")
	bench.see(path, 200).form(path + "/custody/[^/]+/move").send(url.Values{"to_holder": {"depot"}}).done()
	step("repair")
	step("test")
	step("ready").shows("待取机")
	dispatcher.see("/callbacks?reason=device_ready", 200).shows("周晓明", order)

	// Nobody comes for it.
	n.clock.Add(int64(31 * 24 * time.Hour))
	bench = n.signedIn("depot")
	bench.see("/stock/devices?over_days=30&state=ready_for_return", 200).shows("满 30 天 1", "满 60 天 0", "31 天", "已逾期")
	bench.see("/stock/devices?over_days=60", 200).shows("没有客户设备")
	bench.see(path, 200).form(path+"/custody/[^/]+/return").send(url.Values{"by": {"周晓明"}, "note": {"身份证尾号 1234"}}).done().shows("已归还", "未见取机凭证", "身份证尾号 1234")
	step("loaner-back").shows("已收回")
	if bench.see(path, 200).offers(path + "/custody/[^/]+/loaner-back") {
		t.Error("the loaner comes back twice")
	}
}

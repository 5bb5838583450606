package pages_test

import (
	"net/url"
	"strings"
	"testing"
)

// The landlord's file, the tenant who rings, the neighbour with the key, the property office that pays: each is
// written down where the call is taken, hears what is his, stands on the papers, and is corrected from the door.
func TestPeopleAroundAJob(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	agent, dispatcher, engineer := n.signedIn("agent"), n.signedIn("dispatcher"), n.signedIn("engineer1")
	file := "/customers/" + n.customer.String()
	for _, who := range []url.Values{
		{"name": {"租客小刘"}, "phone": {"13700001111"}, "role": {"reporter"}, "preferred_hours": {"晚上七点后"}},
		{"name": {"业主老周"}, "phone": {"13700002222"}, "role": {"decision"}},
	} {
		agent.see(file, 200).form(file + "/contacts").send(who).done().shows(who.Get("name"))
	}
	agent.see(file, 200).shows("晚上七点后")

	// The tenant rings: he is chosen by his number; who is at home is somebody new.
	page := agent.see("/desk/intake?q=13700001111", 200).shows("谁报修、谁在现场").form("/requests").send(url.Values{"summary": {"不制冷"}, "contact_name": {"邻居老王"}, "contact_phone": {"13700003333"}, "contact_role": {"on_site"}}).done()
	order := number(page.what[4:])
	path := "/orders/" + order
	page.shows("租客小刘 报修人 137 0000 1111 报修人", "邻居老王 现场联系人 137 0000 3333 现场联系人")

	// Money is told to who decides, the visit to who opens.
	n.agreed(agent, order)
	if to := n.toldTo("message.customer.quote"); to != "+8613700002222" {
		t.Errorf("the quote went to %s", to)
	}
	dispatcher.see(path, 200).form(path + "/assign").send(url.Values{"engineer_id": {n.right.String()}}).done()
	if to := n.toldTo("message.customer.window"); to != "+8613700003333" {
		t.Errorf("the time was told to %s", to)
	}

	for reason, want := range map[string]string{"quote_open": "137 0000 2222", "delay": "137 0000 3333"} {
		agent.see(path, 200).form("/callbacks").send(url.Values{"reason": {reason}, "due_at": {local(0, 12, 0)}}).leads()
		agent.see("/callbacks?reason="+reason, 200).shows(want)
	}

	// His number is wrong: the engineer puts it right at the door, and calls and papers follow.
	m := "/m/orders/" + order
	job := engineer.see(m, 200).shows("邻居老王", "137 0000 3333")
	job.form(m + "/contacts/[^/]+").send(url.Values{"phone": {"12"}}).refused(422)
	form := job.form(m + "/contacts/[^/]+") // the first is the tenant, who stays as he is
	form.send(url.Values{"phone": {"13700004444"}}).done().shows("137 0000 4444")
	agent.see(file, 200).shows("137 0000 4444").hides("137 0000 1111")
	agent.see(path+"/papers/work-order.pdf?lang=zh-Hans", 200)

	// Somebody else pays, the same engineer is wanted, another is ruled out; all of it can be taken back.
	office := agent.see("/customers", 200).form("/customers").send(url.Values{"name": {"望京物业"}, "phone": {"01064320000"}}).done()
	second := n.readyOrders(1)[0]
	path = "/orders/" + second
	change := func(fill url.Values) *sight { return dispatcher.see(path, 200).form(path + "/amend").send(fill) }
	change(url.Values{"payer": {"没有这个人"}}).refused(422, "0")
	change(url.Values{"payer": {"01064320000"}, "wanted_engineer_id": {n.empty.String()}, "unwanted_engineer_id": {n.right.String()}, "priority": {"2"}}).done().shows("望京物业", "紧急")
	dispatcher.see(path, 200).form(path + "/assign").send(url.Values{"engineer_id": {n.right.String()}}).refused(409)
	change(url.Values{"unwanted_engineer_id": {""}}).done()
	dispatcher.see(path, 200).form(path + "/assign").send(nil).done()

	// Two files of one customer become one; the file that went leads to the one that stayed.
	manager := n.signedIn("manager")
	twin, _, _ := strings.Cut(agent.see("/customers", 200).form("/customers").send(url.Values{"name": {"望京物业（旧）"}, "phone": {"01064320001"}}).leads(), "?")
	if n.signedIn("caller").see(twin, 200).offers(twin + "/(merge|file)") {
		t.Error("a caller may change files")
	}
	merge := manager.see(twin, 200).form(twin + "/merge")
	merge.send(url.Values{"into": {"01064320000"}}).refused(422, "必填")
	merge.send(url.Values{"into": {"01064320000"}, "sure": {"true"}}).done()
	if to := manager.see(twin, 303).leads(); !strings.HasPrefix(office.what[4:], to) {
		t.Errorf("the old file leads to %s, not %s", to, office.what[4:])
	}

	// The place and the device are corrected on their pages.
	site := agent.see(file, 200).form(file + "/sites/" + n.site.String())
	if site.values.Get("lat") != "39.99" || site.values.Get("access_notes") != "东门进" {
		t.Errorf("the form does not hold what is known: %v", site.values)
	}
	site.send(url.Values{"access_notes": {"西门进，需登记"}, "open_hours": {"9–17 点"}}).done().shows("西门进", "9–17 点")
	engineer.see(m, 200).shows("西门进", "9–17 点")
	asset := "/assets/" + n.asset.String()
	agent.see(asset, 200).form(asset+"/file").send(url.Values{"serial_number": {"SN0002"}, "warranty_until": {"2027-05-01"}}).done().shows("SN0002", "2027年5月1日")
}

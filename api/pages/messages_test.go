package pages_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"paigong/internal/notify"
	"paigong/workorders"
	"paigong/workorders/customers"
)

// postOffice is a real SMTP server that keeps what it is given; a mailbox may be closed.
type postOffice struct {
	mu      sync.Mutex
	letters map[string][][]byte
	closed  map[string]bool
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: o}, nil }

type counter struct {
	office *postOffice
	to     string
}

func (c *counter) Reset()                               {}
func (c *counter) Logout() error                        { return nil }
func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if c.office.closed[to] {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	c.to = to
	return nil
}
func (c *counter) Data(r io.Reader) error {
	letter, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.letters[c.to] = append(c.office.letters[c.to], letter)
	return err
}

// letter is a mail as its reader opens it.
type letter struct {
	subject, text string
	papers        map[string][]byte
}

func (o *postOffice) read(t testing.TB, to string) (out []letter) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, raw := range o.letters[to] {
		r := must(mail.CreateReader(bytes.NewReader(raw)))(t)
		l := letter{subject: must(r.Header.Subject())(t), papers: map[string][]byte{}}
		for {
			part, err := r.NextPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			body := must(io.ReadAll(part.Body))(t)
			if h, attached := part.Header.(*mail.AttachmentHeader); attached {
				l.papers[must(h.Filename())(t)] = body
			} else {
				l.text = strings.TrimSpace(string(body))
			}
		}
		out = append(out, l)
	}
	return out
}

// mailed opens a post office and a courier that brings it the desk's letters by the desk's own rules.
func (n *town) mailed() (*postOffice, func() int) {
	n.Helper()
	office := &postOffice{letters: map[string][][]byte{}, closed: map[string]bool{}}
	server := smtp.NewServer(office)
	server.Domain = "localhost"
	at := must(net.Listen("tcp", "127.0.0.1:0"))(n)
	go func() { _ = server.Serve(at) }()
	n.Cleanup(func() { _ = server.Close() })
	m := must(notify.NewMail(notify.MailConfig{Host: "127.0.0.1", Port: at.Addr().(*net.TCPAddr).Port, From: "service@paigong.example", FromName: "华北家电服务", TLS: "none"}))(n)
	m.Papers = n.api.MessagePapers
	courier := notify.NewCourier(notify.NewOutbox(n.db, n.now), nil, nil, m)
	courier.Ask(n.desk.MayTell)
	courier.OnUndelivered(n.desk.Undelivered)
	return office, func() int { n.Helper(); return must(courier.Drain(context.Background()))(n) }
}

// What is said to people, told as they receive it: in the house's own words, at a decent hour, to nobody who
// asked to be left alone with it, with the receipt in both languages, and with its delivery on the timeline.
func TestMessages(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	office, drain := n.mailed()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	const zhou = "zhou@example.com"
	if err := n.desk.Keep(ctx, admin, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Customers.AddContact(ctx, admin, n.customer, customers.ContactInput{Name: "周女士", Role: "on_site", Email: ptr(zhou)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	manager := n.signedIn("manager")

	// The text of a message, per language and channel, with preview and test send.
	at := "/settings/messages?key=message.customer.window&for=zh-Hans&channel=mail"
	page := manager.see(at, 200).shows("{number}", "{window}", "必要消息，不可退订", "WO-2026-000123")
	page.form("/settings/messages/text").send(url.Values{"body": {"您的 {engineer} 将到访"}}).refused(422, "{engineer}")
	manager.post("/settings/messages/preview", url.Values{"key": {"message.customer.window"}, "for": {"zh-Hans"}, "channel": {"mail"}, "subject": {"上门预约"}, "body": {"尊敬的客户，{number} 定于 {window}。"}}).shows("尊敬的客户，WO-2026-000123 定于 2026-11-24 09:00-11:00")
	page.form("/settings/messages/text").send(url.Values{"subject": {"上门预约 {number}"}, "body": {"尊敬的客户，{number} 定于 {window}。"}}).done().shows("自定义")
	manager.see(at, 200).form("/settings/messages/test").send(url.Values{"to": {"probe@example.com"}}).done()
	drain()
	if got := office.read(t, "probe@example.com"); len(got) != 1 || got[0].subject != "上门预约 WO-2026-000123" {
		t.Errorf("the test message: %+v", got)
	}

	// An order told from its appointment to its bill.
	where := n.finished()
	drain()
	got := office.read(t, zhou)
	var texts []string
	for _, l := range got {
		texts = append(texts, l.subject+" | "+l.text)
	}
	said := strings.Join(texts, "\n")
	for _, want := range []string{"上门预约 WO-2026-000001 | 尊敬的客户，WO-2026-000001 定于 2026-11-", "王师傅", "已完成"} {
		if !strings.Contains(said, want) {
			t.Errorf("the customer was not told %q:\n%s", want, said)
		}
	}
	// Letters that are due together are carried side by side and arrive in any order.
	bill := slices.IndexFunc(got, func(l letter) bool { return strings.Contains(l.text, "已完成") })
	if bill < 0 || got[bill].subject != "服务通知" || len(got[bill].papers) != 2 {
		t.Fatalf("no letter about the finished job with two papers: %+v", got)
	}
	last := got[bill]
	for name, pdf := range last.papers {
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !strings.HasSuffix(name, ".pdf") || !strings.HasPrefix(name, "zh-Hans-") && !strings.HasPrefix(name, "en-") {
			t.Errorf("attached %s, %d bytes", name, len(pdf))
		}
	}
	manager.see("/orders/"+where["done"], 200).shows("完工通知与单据", "邮件 · 已送达")

	// At night nothing but what cannot wait; in the morning the rest.
	night := time.Date(2026, 11, 16, 22, 30, 0, 0, time.FixedZone("CST", 8*3600))
	n.clock.Store(int64(time.Until(night)))
	before := len(office.read(t, zhou))
	agent := n.signedIn("agent")
	_, second := n.reported(agent)
	n.agreed(agent, second)
	drain()
	manager = n.signedIn("manager") // a session of the morning has ended by now
	if now := len(office.read(t, zhou)); now != before {
		t.Errorf("%d letters reached the customer at half past ten in the evening", now-before)
	}
	manager.see("/orders/"+second, 200).shows("静默时段", "08:00")
	n.clock.Add(int64(10 * time.Hour))
	drain()
	manager = n.signedIn("manager")
	if now := len(office.read(t, zhou)); now <= before {
		t.Error("what waited for the morning never came")
	}

	// Left alone: courtesies stop, appointments and prices do not.
	manager.see("/customers/"+n.customer.String(), 200).form("/customers/"+n.customer.String()+"/opt-outs").send(url.Values{"channel": {"bot"}}).refused(422, "邮件")
	c := must(n.desk.Look(ctx).Customers.Customer(ctx, admin.Scope(), n.customer))(n)
	manager.see("/customers/"+n.customer.String(), 200).form("/customers/"+n.customer.String()+"/opt-outs").send(url.Values{"channel": {"mail"}, "contact_id": {c.Contacts[0].ID.String()}}).done().shows("周女士", "恢复发送")
	before = len(office.read(t, zhou))
	tell := func(key string, args ...string) {
		t.Helper()
		must(n.desk.Look(ctx).Outbox.Send(ctx, notify.Message{OrgID: c.OrgID, Audience: "customer", To: zhou, Lang: "zh-Hans", Key: key, Args: args}))(t)
	}
	tell("message.customer.questionnaire", "WO-1", "https://x")
	tell("message.customer.changed", "WO-1", "2026-11-24 09:00-11:00")
	drain()
	if after := office.read(t, zhou); len(after) != before+1 || !strings.Contains(after[before].text, "改约") {
		t.Errorf("%d letters after he asked to be left alone", len(after)-before)
	}
	n.stranger().see(where["link"], 200).form("/c/[^/]+/leave-alone").send(nil).done().shows("您已退订提醒").form("/c/[^/]+/hear-again").send(nil).done().shows("退订提醒")

	// What reached nobody is shown, and tried again.
	office.mu.Lock()
	office.closed[zhou] = true
	office.mu.Unlock()
	tell("message.customer.part_arrived", "WO-1")
	drain()
	dead := manager.see("/messages", 200).shows("备件已到", "550", "发送失败")
	office.mu.Lock()
	office.closed[zhou] = false
	office.mu.Unlock()
	dead.form("/messages/[^/]+/retry").send(nil).done()
	before = len(office.read(t, zhou))
	drain()
	if len(office.read(t, zhou)) != before+1 {
		t.Error("sent again, it did not arrive")
	}
	n.signedIn("agent").see("/messages", 403)

	// Passed on to another centre, and receipted there (C45, C134).
	manager.see("/notices", 200).form("/notices").send(url.Values{"text": {"望京停水，今日缓派"}, "organisation_code": {"HQ"}}).done().shows("望京停水")
	n.signedIn("dispatcher").see("/notices", 200).shows("望京停水").form("/notices/read").send(nil).done()
	manager.see("/notices", 200).shows("已读：赵军")
}

// What the clock announces: the visit of the next day in the evening before it, an engineer who is late, one
// who does not accept; each once, however often the minute comes.
func TestTheClockAnnounces(t *testing.T) {
	t.Parallel()
	n := newTown(t)
	ctx := context.Background()
	admin := must(n.desk.Look(ctx).People.As(ctx, "admin"))(n)
	agent := n.signedIn("agent")
	_, order := n.reported(agent)
	n.agreed(agent, order)
	from := monday.AddDate(0, 0, 1).Add(2 * time.Hour) // Tuesday, ten in the morning
	must(n.desk.Assign(ctx, admin, order, workorders.AssignInput{EngineerID: n.right, StartsAt: from, EndsAt: from.Add(90 * time.Minute), Window: &workorders.Window{From: from, To: from.Add(2 * time.Hour)}, OverrideReason: ptr("客户改了时间")}))(n)
	count := func(key string) (k int) {
		t.Helper()
		if err := n.db.NewRaw("SELECT count(*) FROM messages WHERE key = ?", key).Scan(ctx, &k); err != nil {
			t.Fatal(err)
		}
		return k
	}
	goes := func(at time.Time, key string, want int) {
		t.Helper()
		n.clock.Store(int64(time.Until(at)))
		n.tick()
		n.tick()
		if got := count(key); got != want {
			t.Errorf("%s at %s: told %d times, want %d", key, at, got, want)
		}
	}
	goes(monday.Add(9*time.Hour+30*time.Minute), "message.customer.reminder", 0) // half past five
	goes(monday.Add(10*time.Hour+5*time.Minute), "message.customer.reminder", 1)
	goes(monday.Add(10*time.Hour+5*time.Minute), "message.desk.not_accepted", 1)
	goes(from.Add(2*time.Hour-time.Minute), "message.customer.late", 0)
	goes(from.Add(2*time.Hour+time.Minute), "message.customer.late", 1)
	goes(from.Add(3*time.Hour), "message.desk.late", 1)
	if got := n.lastMessage("message.customer.reminder"); len(got) != 3 || got[1] != "2026-11-17 10:00-12:00" || got[2] == "" {
		t.Errorf("reminded of %v", got)
	}
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mortal is the real program on a folder of its own, with PostgreSQL below it, that dies and is started again.
type mortal struct {
	t       *testing.T
	data    string
	program *exec.Cmd
	url     string
	token   string
	resent  int // calls whose first answer never came
}

type j = map[string]any

func (p *mortal) start() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(self, "serve", "--listen", "127.0.0.1:0", "--data", p.data)
	cmd.Env = append(os.Environ(), asProgram+"=1", "DATABASE_URL=")
	cmd.Stderr = p.t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://") {
		p.t.Fatalf("the program prints %q, want its address", lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	p.program, p.url = cmd, lines.Text()
	await(p.t, p.url, http.StatusOK)
}

// dies ends them the hard way, and starts the program again when it is gone. PostgreSQL alone is started
// again by the program.
func (p *mortal) dies(program, postgres bool) {
	p.t.Helper()
	if program {
		_ = p.program.Process.Kill()
	}
	if postgres {
		text, err := os.ReadFile(filepath.Join(p.data, "postgres", "cluster", "postmaster.pid"))
		if err != nil {
			p.t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(first)
		if err != nil {
			p.t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			p.t.Errorf("PostgreSQL is gone already: %v", err)
		}
	}
	if program {
		_ = p.program.Wait()
		p.start()
	}
}

// once sends one call. ok is false when nobody knows what became of it.
func (p *mortal) once(method, path, key string, body any) (status int, answer j, ok bool) {
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(method, p.url+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+p.token)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, false
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 500 {
		return 0, nil, false
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		p.t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return response.StatusCode, answer, true
}

// call sends until it is answered, always with the same key, as a phone in a lift does. When a death is
// given it happens while the first try is under way.
func (p *mortal) call(method, path string, body any, death ...func()) j {
	p.t.Helper()
	key := "kill-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if len(death) > 0 {
		gone := make(chan bool)
		go func() { _, _, ok := p.once(method, path, key, body); gone <- ok }()
		death[0]()
		if !<-gone {
			p.resent++
		}
	}
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		status, answer, ok := p.once(method, path, key, body)
		if !ok {
			continue
		}
		if status >= 300 {
			p.t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	p.t.Fatalf("%s %s is never answered", method, path)
	return nil
}

func text(v j, path ...string) string {
	for _, p := range path[:len(path)-1] {
		v, _ = v[p].(j)
	}
	s, _ := v[path[len(path)-1]].(string)
	return s
}

// A sheet and a payment are sent while the program, PostgreSQL, or both are killed, and sent again with the
// same key until they are answered: each happened once, and nothing that was acknowledged is lost.
func TestNothingIsLostOrDoubledUnderKill(t *testing.T) {
	p := &mortal{t: t, data: filepath.Join(t.TempDir(), "data")}
	p.start()
	var out, errs bytes.Buffer
	add := []string{"user", "add", "--login", "admin", "--role", "admin", "--password-stdin", "--data", p.data}
	if status := run(t.Context(), add, strings.NewReader("correct horse battery\n"), &out, &errs, func(string) string { return "" }); status != 0 {
		t.Fatalf("%s%s", &out, &errs)
	}
	p.token = text(p.call("POST", "/sessions", j{"login": "admin", "password": "correct horse battery"}), "token")
	if p.token == "" { // the answer of a call that was sent twice hides the token
		t.Fatal("no token")
	}

	now := time.Now().UTC().Truncate(time.Second)
	p.call("POST", "/regions", j{"code": "bj", "name": "北京"})
	for kind, code := range map[string]string{"fault": "F01", "cause": "C01", "action": "A01"} {
		p.call("POST", "/codes", j{"kind": kind, "code": code, "name": code})
	}
	engineer := text(p.call("POST", "/engineers", j{"name": "王伟", "region_codes": []string{"bj"}}), "id")
	p.call("POST", "/engineers/"+engineer+"/shifts", j{"starts_at": now.Add(-time.Hour), "ends_at": now.Add(20 * time.Hour)})
	p.call("POST", "/places", j{"code": "VAN1", "name": "1 号车", "kind": "van", "engineer_id": engineer})
	p.call("POST", "/parts", j{"sku": "P1", "name": "启动电容", "unit": "个", "price_minor": 3500})
	p.call("POST", "/stock/movements", j{"kind": "receive", "sku": "P1", "quantity": 10, "to_place": "VAN1"})
	customer := text(p.call("POST", "/customers", j{"name": "周晓明", "phone": "13912345678"}), "id")
	site := text(p.call("POST", "/customers/"+customer+"/sites", j{"address": "望京街 9 号", "region_code": "bj"}), "id")

	// One call goes to the database and back within some milliseconds; each order dies at another point of it.
	after := func(wait time.Duration, program, postgres bool) func() {
		return func() { time.Sleep(wait); p.dies(program, postgres) }
	}
	deaths := []struct {
		sheet, payment func()
	}{
		{sheet: after(12*time.Millisecond, true, true)},
		{payment: after(4*time.Millisecond, true, true)},
		{sheet: after(25*time.Millisecond, false, true)},
		{sheet: after(40*time.Millisecond, true, false), payment: after(8*time.Millisecond, false, true)},
	}
	var orders []string
	for i, d := range deaths {
		asset := text(p.call("POST", "/assets", j{"site_id": site, "model": fmt.Sprintf("KFR-%d", i)}), "id")
		request := text(p.call("POST", "/requests", j{"channel": "phone", "kind": "repair", "asset_id": asset, "summary": "不制冷"}), "id")
		order := text(p.call("POST", "/requests/"+request+"/work-order", j{"kind": "repair", "priority": 2, "parts": []j{{"sku": "P1", "quantity": 1}}, "duration_minutes": 30}), "id")
		quote := text(p.call("POST", "/work-orders/"+order+"/quotes", j{"valid_until": now.AddDate(0, 0, 3).Format(time.DateOnly), "lines": []j{
			{"kind": "labour", "description": "工时", "quantity": 1, "unit_minor": 12000}, {"kind": "part", "description": "启动电容", "sku": "P1", "quantity": 1, "unit_minor": 3500}}}), "id")
		p.call("POST", "/quotes/"+quote+"/approve", j{"how": "phone", "name": "周晓明", "note": "13912345678"})
		best := p.call("GET", "/work-orders/"+order+"/candidates", nil)["items"].([]any)[0].(j)
		visit := text(p.call("POST", "/work-orders/"+order+"/assign", j{"engineer_id": engineer, "starts_at": best["starts_at"], "ends_at": best["ends_at"]}), "id")
		sheet := j{"visit_id": visit, "outcome": "done", "fault_code": "F01", "cause_code": "C01", "action_code": "A01", "parts": []j{{"sku": "P1", "quantity": 1}}, "signature": [][][]int{{{0, 0}, {9, 9}}}}
		die := func(f func()) []func() {
			if f == nil {
				return nil
			}
			return []func(){f}
		}
		p.call("POST", "/work-orders/"+order+"/sheet", sheet, die(d.sheet)...)
		receipt := text(p.call("GET", "/work-orders/"+order, nil), "receipt", "id")
		p.call("POST", "/receipts/"+receipt+"/payments", j{"amount_minor": 15500, "method": "cash"}, die(d.payment)...)
		orders = append(orders, order)
	}
	p.dies(true, true)
	t.Logf("%d of %d calls that somebody died under had to be sent again", p.resent, 5)

	for i, order := range orders {
		o := p.call("GET", "/work-orders/"+order, nil)
		receipt, _ := o["receipt"].(j)
		sheets, _ := o["sheets"].([]any)
		calls, _ := o["follow_ups"].([]any)
		payments, _ := receipt["payments"].([]any)
		if o["state"] != "completed" || len(sheets) != 1 || len(calls) != 1 || len(payments) != 1 || receipt["state"] != "paid" || receipt["paid_minor"] != float64(15500) {
			t.Errorf("order %d is %v with %d sheets, %d follow-ups, %d payments, receipt %v", i, o["state"], len(sheets), len(calls), len(payments), receipt["state"])
		}
		if number := text(receipt, "number"); !strings.HasSuffix(number, fmt.Sprintf("%d", i+1)) {
			t.Errorf("receipt %d has the number %s: a gap", i, number)
		}
	}
	stock := p.call("GET", "/stock?sku=P1&place=VAN1", nil)["items"].([]any)[0].(j)
	if stock["on_hand"] != float64(10-len(orders)) || stock["reserved"] != float64(0) {
		t.Errorf("in the van lie %v, %v reserved", stock["on_hand"], stock["reserved"])
	}
	status, said, failed := command(t, nil, "check", "--data", p.data)
	if status != 0 || !strings.Contains(said, " 0 violations") {
		t.Errorf("paigong check: %d %s%s", status, said, failed)
	}
	_ = p.program.Process.Signal(os.Interrupt)
	if err := p.program.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

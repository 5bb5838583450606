package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program runs a command line as a person would.
func program(t *testing.T, ctx context.Context, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(ctx, args, strings.NewReader(""), &o, &e, func(string) string { return "" })
	return status, o.String(), e.String()
}

func TestADayIsMadeUpPlannedAndRepeatable(t *testing.T) {
	folder := t.TempDir()
	day := filepath.Join(folder, "day.json")
	if status, _, errs := program(t, t.Context(), "generate", "plan", "--orders", "40", "--seed", "3", "--out", day); status != 0 {
		t.Fatal(errs)
	}
	var plans [2][]byte
	for k := range plans {
		name := filepath.Join(folder, "plan.json")
		if status, _, errs := program(t, t.Context(), "plan", "--in", day, "--out", name, "--iterations", "300", "--threads", "2", "--quiet"); status != 0 {
			t.Fatal(errs)
		}
		var err error
		if plans[k], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(plans[0], plans[1]) {
		t.Error("the same seed gave another file")
	}
	var plan struct {
		Routes    []struct{ Stops []struct{ Order string } }
		Unplanned []struct {
			Order   string
			Reasons []string
		}
		Score   []int64
		Explain map[string]struct {
			Chosen  *struct{ Engineer string }
			Refused []struct{ Rule string }
		}
	}
	if err := json.Unmarshal(plans[0], &plan); err != nil {
		t.Fatal(err)
	}
	seen := len(plan.Unplanned)
	for _, r := range plan.Routes {
		for _, s := range r.Stops {
			if s.Order != "" {
				seen++
			}
		}
	}
	if seen != 40 || len(plan.Score) != 10 || len(plan.Explain) != 40 {
		t.Errorf("%d orders accounted for, score %v, %d explained", seen, plan.Score, len(plan.Explain))
	}
}

func TestCtrlCWritesTheBestPlanSoFar(t *testing.T) {
	folder := t.TempDir()
	day, plan := filepath.Join(folder, "day.json"), filepath.Join(folder, "plan.json")
	if status, _, errs := program(t, t.Context(), "generate", "plan", "--orders", "30", "--out", day); status != 0 {
		t.Fatal(errs)
	}
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	began := time.Now()
	if status, _, errs := program(t, ctx, "plan", "--in", day, "--out", plan, "--seconds", "600", "--quiet"); status != 0 {
		t.Fatal(errs)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v to stop", took)
	}
	if text, err := os.ReadFile(plan); err != nil || !json.Valid(text) {
		t.Errorf("the plan on disk is not whole: %v", err)
	}
}

func TestABadDayNamesTheField(t *testing.T) {
	day := filepath.Join(t.TempDir(), "day.json")
	const whole = `{"travel":{"kind":"haversine","factor":1.2,"speed_kmh":40},"engineers":[{"id":"a","home":{"lat":31,"lng":121},"shift":[0,50000]}],"orders":[{"id":"o","at":{"lat":31,"lng":121},"service_s":10}]}`
	plan := func(old, new string, more ...string) (int, string, string) {
		t.Helper()
		if !strings.Contains(whole, old) {
			t.Fatalf("the day has no %s", old)
		}
		if err := os.WriteFile(day, []byte(strings.Replace(whole, old, new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return program(t, t.Context(), append([]string{"plan", "--in", day, "--out", "-", "--iterations", "3", "--quiet"}, more...)...)
	}
	for _, c := range []struct{ old, new, field string }{
		{`"factor":1.2`, `"factor":0`, "travel.factor"},
		{`"service_s":10`, `"service_s":-10`, "orders[0].service"},
		{`"service_s":10`, `"service_s":NaN`, "service_s: line 1"},
		{`"kind":"haversine"`, `"kind":"matrix","seconds":[[0,1]]`, "travel.seconds[0]"},
		{`"shift":[0,50000]`, `"shift":[50000,0]`, "engineers[0].shifts[0]"},
	} {
		if status, _, errs := plan(c.old, c.new); status != 1 || !strings.Contains(errs, c.field) {
			t.Errorf("%s: status %d: %s", c.new, status, errs)
		}
	}
	// What is possible but hopeless is listed with its reason.
	for _, c := range []struct{ old, new, rule string }{
		{`"service_s":10`, `"service_s":10,"windows":[[500,400]]`, "window"},
		{`"service_s":10`, `"service_s":10,"parts":{"unheard of":1}`, "part_none"},
		{`[{"id":"a","home":{"lat":31,"lng":121},"shift":[0,50000]}]`, `[]`, "shift"},
	} {
		if status, out, errs := plan(c.old, c.new); status != 0 || !strings.Contains(out, `"unplanned":[{"order":"o","reasons":["`+c.rule+`"]}]`) {
			t.Errorf("%s: status %d: %s%s", c.new, status, out, errs)
		}
	}
	for _, seconds := range []string{"-1", "NaN", "Inf"} {
		if status, _, errs := plan(`"id":"o"`, `"id":"o"`, "--seconds="+seconds); status != 1 || !strings.Contains(errs, "--seconds") {
			t.Errorf("%s seconds: status %d: %s", seconds, status, errs)
		}
	}
}

// Two towns a tenth of a degree of latitude apart, 11.1 km as the crow flies, and 16.7 km by road.
func TestRoadsAreComparedWithWhatIsAssumed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "two.vrp")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "EDGE_WEIGHT_UNIT_OF_MEASUREMENT: km\nNODE_COORD_SECTION\n1 30.0 120.0 A\n2 30.1 120.0 B\nEDGE_WEIGHT_SECTION\n"
	write(head + "0 16.68\n16.68 0\nEOF\n")
	if status, out, errs := program(t, t.Context(), "bench", "roads", name); status != 0 || !strings.Contains(out, "two.vrp: 2 ways, 1.50 times the crow's flight") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	write(head + "0 16.68\n16.68\nEOF\n")
	if status, _, errs := program(t, t.Context(), "bench", "roads", name); status != 1 || !strings.Contains(errs, "2 places need a matrix of 4 numbers, it has 3") {
		t.Errorf("status %d: %s", status, errs)
	}
}

package dispatch_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paigong/dispatch"
	"paigong/internal/calendar"
	"paigong/internal/roads"
)

// A bridge is closed: two kilometres take 50 minutes by road. Hint, judgement and plan count the same, and
// say so when they have to estimate.
func TestWaysComeFromTheMapServer(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	var asked atomic.Int32
	osrm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if broken.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		n := strings.Count(r.URL.Path, ";") + 1
		rows := make([]string, n)
		for i := range rows {
			cells := make([]string, n)
			for k := range cells {
				cells[k] = "3000"
			}
			cells[i] = "0"
			rows[i] = "[" + strings.Join(cells, ",") + "]"
		}
		_, _ = fmt.Fprintf(w, `{"code":"Ok","durations":[%s]}`, strings.Join(rows, ","))
	}))
	t.Cleanup(osrm.Close)

	w := newWorld(t)
	clock := func() time.Time { return w.clock }
	served := func() *roads.Client {
		c, err := roads.New(osrm.URL, roads.Options{Pause: time.Nanosecond})
		if err != nil {
			t.Fatal(err)
		}
		w.board = dispatch.New(w.db, w.stock, clock, dispatch.Settings{Roads: c})
		return c
	}
	served()
	li := w.engineer("李师傅", north(0))
	job := w.order(north(2000), func(j *dispatch.Job) { j.Windows = []dispatch.Span{{From: at("09:00"), To: at("18:00")}} })
	plan := func() *dispatch.DayPlan {
		t.Helper()
		p, err := w.board.PlanDay(w.ctx, office.Scope(), dispatch.DayAsk{Day: calendar.Of(at("09:00"), beijing), Jobs: []dispatch.PlanJob{{Job: job}}, Lang: "zh-Hans", Seed: 1, Effort: 10, Threads: 1})
		if err != nil || len(p.Visits) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		return p
	}
	const here, told = "地图服务未给出全部路程，车程可能按距离估算", "地图服务未给出 2 段路程"
	see := func(minutes int, estimated bool) {
		t.Helper()
		c, p := w.candidates(job)[0], plan()
		if !c.Eligible || c.TravelMinutes != minutes || says(c, here) != estimated {
			t.Errorf("the hint: %d minutes; want %d, estimated %v\n%s", c.TravelMinutes, minutes, estimated, all(c))
		}
		if p.Visits[0].TravelMinutes != minutes || estimated != (len(p.Notes) == 1) || estimated && !strings.Contains(p.Notes[0].Text, told) {
			t.Errorf("the plan: %d minutes, notes %v; want %d, estimated %v", p.Visits[0].TravelMinutes, p.Notes, minutes, estimated)
		}
	}
	see(50, false)
	if asked.Load() != 1 {
		t.Errorf("%d requests for the same two places", asked.Load())
	}
	broken.Store(true)
	see(50, false) // as it was measured before

	client := served() // nothing kept
	see(5, true)
	if s := client.State(); s.Works || !strings.Contains(s.Why, "502") {
		t.Errorf("%+v", s)
	}
	broken.Store(false)
	see(50, false)

	// A plan of several orders takes the same ways, between the orders as well.
	further := w.order(north(2500), func(j *dispatch.Job) { j.Windows = job.Windows })
	several := func() *dispatch.DayPlan {
		t.Helper()
		p, err := w.board.PlanDay(w.ctx, office.Scope(), dispatch.DayAsk{Day: calendar.Of(at("09:00"), beijing), Jobs: []dispatch.PlanJob{{Job: job}, {Job: further}}, Lang: "zh-Hans", Seed: 1, Effort: 10, Threads: 1})
		if err != nil || len(p.Visits) != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		return p
	}
	p := several()
	if gap := p.Visits[1].StartsAt.Sub(p.Visits[0].EndsAt); p.Visits[0].TravelMinutes != 50 || p.Visits[1].TravelMinutes != 50 || gap < 50*time.Minute || len(p.Notes) != 0 {
		t.Errorf("two orders: %d and %d minutes, %v between them, %v", p.Visits[0].TravelMinutes, p.Visits[1].TravelMinutes, gap, p.Notes)
	}
	broken.Store(true)
	served()
	p = several()
	if gap := p.Visits[1].StartsAt.Sub(p.Visits[0].EndsAt); gap > 10*time.Minute || len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Text, "地图服务未给出") {
		t.Errorf("two orders without the server: %v between them, %v", gap, p.Notes)
	}
	broken.Store(false)
	served()

	v := w.mustBook(job, li.ID, "10:00", "11:00")
	if v.TravelMinutes != 50 {
		t.Errorf("booked with %d minutes", v.TravelMinutes)
	}
	w.sound()
}

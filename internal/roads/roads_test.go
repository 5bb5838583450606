package roads

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paigong/internal/geo"
)

// server answers like OSRM: a way takes 100 seconds and one for every place before it in the list.
type server struct {
	*httptest.Server
	asked  atomic.Int32
	widest atomic.Int32
	how    atomic.Pointer[http.HandlerFunc] // instead of a table
}

func serve(t *testing.T) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if how := s.how.Load(); how != nil {
			(*how)(w, r)
			return
		}
		list, ok := strings.CutPrefix(r.URL.Path, "/table/v1/driving/")
		if !ok || r.URL.RawQuery != "annotations=duration" {
			t.Errorf("asked for %s", r.URL)
		}
		places := strings.Split(list, ";")
		s.widest.Store(max(s.widest.Load(), int32(len(places))))
		var rows []string
		for i := range places {
			var row []string
			for k := range places {
				if i == k {
					row = append(row, "0")
				} else {
					row = append(row, fmt.Sprintf("%d.2", 100+i))
				}
			}
			rows = append(rows, "["+strings.Join(row, ",")+"]")
		}
		_, _ = fmt.Fprintf(w, `{"code":"Ok","durations":[%s]}`, strings.Join(rows, ","))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) answer(how http.HandlerFunc) {
	if how == nil {
		s.how.Store(nil)
		return
	}
	s.how.Store(&how)
}

func line(n int) []geo.Point {
	out := make([]geo.Point, n)
	for i := range out {
		out[i] = geo.Point{Lat: 31 + float64(i)/1000, Lng: 121}
	}
	return out
}

func TestWaysAreMeasuredOnceAndKept(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c, err := New(s.URL+"/", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.State().Asked {
		t.Error("nobody asked yet")
	}
	places := line(3)
	near := geo.Point{Lat: places[1].Lat + 0.000001, Lng: places[1].Lng} // ten centimetres on
	for range 2 {
		ways, missing, why := c.Between(t.Context(), append(places, near, geo.Point{Lat: 95}))
		if missing != 0 || why != "" || s.asked.Load() != 1 {
			t.Fatalf("%d missing, %q, %d requests", missing, why, s.asked.Load())
		}
		for _, w := range []struct {
			from, to geo.Point
			want     time.Duration
		}{{places[0], places[1], 101 * time.Second}, {places[1], places[0], 102 * time.Second}, {near, places[0], 102 * time.Second}, {near, places[1], 0}} {
			if got, known := ways(w.from, w.to); !known || got != w.want {
				t.Errorf("%v to %v: %v, %v; want %v", w.from, w.to, got, known, w.want)
			}
		}
		if _, known := ways(places[0], geo.Point{Lat: 30, Lng: 120}); known {
			t.Error("a way nobody asked for is known")
		}
	}
	if state := c.State(); !state.Works || state.Why != "" {
		t.Errorf("%+v", state)
	}
}

func TestQuestionsAreCutIntoBlocksAndTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c, err := New(s.URL, Options{Keep: 20_000, Total: time.Minute, Request: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	places := line(230) // five parts, ten pairs of them
	ways, missing, why := c.Between(t.Context(), places)
	if missing != 0 || why != "" || s.asked.Load() != 10 || s.widest.Load() > 100 {
		t.Fatalf("%d missing, %q, %d requests of up to %d places", missing, why, s.asked.Load(), s.widest.Load())
	}
	for _, from := range places {
		for _, to := range places {
			if _, known := ways(from, to); !known {
				t.Fatalf("no way from %v to %v", from, to)
			}
		}
	}
	if kept := len(c.young) + len(c.old); kept > 20_000 {
		t.Errorf("%d ways are kept", kept)
	}
	s.answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"code":"NoSegment"}`)) })
	c, _ = New(s.URL, Options{})
	if _, missing, why := c.Between(t.Context(), line(1500)); missing < 1500*1499-200*100*99 || why == "" || s.asked.Load() > 210 {
		t.Errorf("%d missing, %q, %d requests", missing, why, s.asked.Load())
	}
}

func TestWhatFailsIsLeftOutAndSaidOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var log bytes.Buffer
	var mu sync.Mutex
	now := time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)
	c, err := New(s.URL, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Request: 100 * time.Millisecond, Total: 200 * time.Millisecond,
		Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := serve(t)
	for _, f := range []struct {
		why string
		how http.HandlerFunc
	}{
		{tooLate, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{noAnswer + " (status 400, TooBig)", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"code":"TooBig"}`))
		}},
		{noAnswer + " (status 302)", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.String(), http.StatusFound)
		}},
		{noAnswer, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte(" "), mostBytes+1))
		}},
		{noAnswer, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"code":"Ok","durations":[[0,1],[1]]}`))
		}},
		{gone, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		s.answer(f.how)
		ways, missing, why := c.Between(t.Context(), line(2))
		if _, known := ways(line(2)[0], line(2)[1]); known || missing != 2 || why != f.why {
			t.Errorf("%d missing, %q, known %v; want %q", missing, why, known, f.why)
		}
		if state := c.State(); state.Works || state.Why != f.why || !state.Since.Equal(time.Date(2026, 11, 16, 8, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v, want %q", state, f.why)
		}
		before := s.asked.Load()
		if _, missing, why := c.Between(t.Context(), line(2)); missing != 2 || why != pausing || s.asked.Load() != before {
			t.Errorf("right after: %d missing, %q, %d requests", missing, why, s.asked.Load()-before)
		}
		mu.Lock()
		now = now.Add(16 * time.Second)
		mu.Unlock()
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
	s.answer(nil)
	if _, missing, why := c.Between(t.Context(), line(2)); missing != 0 || why != "" || !c.State().Works {
		t.Errorf("%d missing, %q, %+v", missing, why, c.State())
	}
	if said := log.String(); strings.Count(said, "level=WARN") != 1 || strings.Count(said, "level=INFO") != 1 || strings.Contains(said, s.URL) {
		t.Errorf("the log says %s", said)
	}
}

func TestWaysWithoutARoadAreLeftOutAlone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.answer(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":"Ok","durations":[[0,60,null,5],[-1,0,1e9,5],[3,7.5,0,5],[5,5,5,0]],"sources":[{"distance":3},{"distance":0},null,{"distance":90000}]}`))
	})
	c, err := New(s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := line(4) // the last lies far from any road
	for range 2 {
		ways, missing, why := c.Between(t.Context(), p)
		if missing != 9 || why != nullCells || !c.State().Works || s.asked.Load() != 1 {
			t.Errorf("%d missing, %q, %+v, %d requests", missing, why, c.State(), s.asked.Load())
		}
		for from, row := range [][]int{{0, 60, -1, -1}, {-1, 0, -1, -1}, {3, 8, 0, -1}, {-1, -1, -1, 0}} {
			for to, want := range row {
				if got, known := ways(p[from], p[to]); known != (want >= 0) || known && got != time.Duration(want)*time.Second {
					t.Errorf("%d to %d: %v, %v; want %d", from, to, got, known, want)
				}
			}
		}
	}
	for _, address := range []string{"", "127.0.0.1:5000", "ftp://map", "http://", "http://map?key=1", "http://map#1"} {
		if _, err := New(address, Options{}); err == nil {
			t.Errorf("%q is taken for the address of a map server", address)
		}
	}
}

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"paigong/internal/auth"
	"paigong/workorders"
)

// How long a stream waits before it reads again although nobody woke it.
const (
	gather         = 50 * time.Millisecond  // what commits together is read together
	lateWriterPoll = 100 * time.Millisecond // something waits for an older writer, who may end in silence
	deafPoll       = time.Second            // commits of other programs are not heard of
	toldPoll       = 10 * time.Second       // they are; this is for what went wrong unnoticed
)

// watchers wakes event streams when something was committed, at most every 50 ms.
type watchers struct {
	mu   sync.Mutex
	next chan struct{}
	stop <-chan struct{}
}

func newWatchers(stop <-chan struct{}) *watchers {
	return &watchers{next: make(chan struct{}), stop: stop}
}

func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.next)
	w.next = make(chan struct{})
}

func (w *watchers) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

// watch is the stream of what changed. It resumes after Last-Event-ID without missing anything, since it
// reads below the oldest transaction that still writes.
func (s *Server) watch() {
	r := Route{Method: http.MethodGet, Path: "/events", Permission: auth.WatchEvents, Summary: "Server-sent events of what changed; resumes after Last-Event-ID", Status: http.StatusOK, tag: s.tag}
	s.routes = append(s.routes, r)
	op := s.operation(r)
	op.Responses = map[string]*huma.Response{"200": {Description: "A stream; each event has an id to resume after, its name is the topic, its data {topic, id, at}", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *struct {
		Last  string `header:"Last-Event-ID" doc:"where to go on; absent = now"`
		After string `query:"after" doc:"the same, for clients that cannot set headers"`
	}) (*huma.StreamResponse, error) {
		h := heardIn(ctx)
		after := in.Last
		if after == "" {
			after = in.After
		}
		_, start, err := s.desk.Events(ctx, h.by, after)
		if err != nil {
			return nil, failed(s.log, h.r, err, h.lang)
		}
		if after == "" {
			after = start
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { s.stream(hc, h.by, after) }}, nil
	})
}

func (s *Server) stream(hc huma.Context, by auth.Caller, after string) {
	s.Follow(humaecho.Unwrap(hc), by, after, func(list []workorders.Event) (string, error) {
		var b strings.Builder
		for _, e := range list {
			data, err := json.Marshal(e)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "id: %s\nevent: %s\ndata: %s\n\n", e.Cursor(), e.Topic, data)
		}
		return b.String(), nil
	})
}

// Follow answers with a stream of server-sent events: tell writes what a reader is told about what changed
// after a cursor, whole messages with their ids. It returns when the reader leaves or the program stops.
func (s *Server) Follow(c echo.Context, by auth.Caller, after string, tell func(list []workorders.Event) (string, error)) {
	w := c.Response()
	control := http.NewResponseController(w.Writer)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	ctx := c.Request().Context()
	write := func(text string) bool {
		_ = control.SetWriteDeadline(time.Now().Add(20 * time.Second)) // a stream outlives the server's ordinary limit
		if _, err := io.WriteString(w, text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	if !write("retry: 2000\nid: " + after + "\n\n") {
		return
	}
	quiet := time.NewTicker(15 * time.Second)
	defer quiet.Stop()
	for {
		next := s.events.wait()
		list, cursor, waits, err := s.desk.EventsSoon(ctx, by, after)
		if err != nil {
			return
		}
		if len(list) > 0 {
			text, err := tell(list)
			if err != nil {
				s.log.Error("event stream", "path", c.Request().URL.Path, "error", err)
				return
			}
			if !write(text) {
				return
			}
		}
		after = cursor
		if len(list) > 0 {
			continue
		}
		ask := deafPoll
		switch {
		case waits:
			ask = lateWriterPoll
		case s.told():
			ask = toldPoll
		}
		select {
		case <-ctx.Done():
			return
		case <-s.events.stop:
			return
		case <-next:
			time.Sleep(gather)
		case <-time.After(ask):
		case <-quiet.C:
			if !write(": still here\n\n") {
				return
			}
		}
	}
}

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// wire stands between the phone and the program and fails as networks do.
type wire struct {
	*httptest.Server
	to   string
	line *http.Transport

	mu   sync.Mutex
	mode string // ok, refuse (connections end at once) or hang (accepted, never answered)
	cut  int    // so many answers to a POST are lost after the program has done what it asks
	turn chan struct{}
}

func newWire(to string) (*wire, error) {
	w := &wire{to: to, mode: "ok", turn: make(chan struct{}), line: &http.Transport{DisableCompression: true}}
	w.Server = httptest.NewServer(w)
	return w, nil
}

// set changes the weather. What hung until now is cut off, as when a phone changes its cell.
func (w *wire) set(mode string, cut int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.cut = mode, cut
	close(w.turn)
	w.turn = make(chan struct{})
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	mode, turn := w.mode, w.turn
	w.mu.Unlock()
	switch mode {
	case "refuse":
		drop(out)
		return
	case "hang":
		select {
		case <-turn:
		case <-r.Context().Done():
		}
		drop(out)
		return
	}
	ask := r.Clone(r.Context())
	ask.URL.Scheme, ask.URL.Host, ask.RequestURI = "http", strings.TrimPrefix(w.to, "http://"), ""
	ask.Host = r.Host // the program sees the address the browser knows
	res, err := w.line.RoundTrip(ask)
	if err != nil {
		drop(out)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	w.mu.Lock()
	lose := w.cut > 0 && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/m/")
	if lose {
		w.cut--
	}
	w.mu.Unlock()
	if err != nil || lose {
		drop(out)
		return
	}
	for key, values := range res.Header {
		out.Header()[key] = values
	}
	out.WriteHeader(res.StatusCode)
	_, _ = out.Write(body)
}

// drop ends the connection without a word.
func drop(out http.ResponseWriter) {
	conn, _, err := http.NewResponseController(out).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.SetDeadline(time.Now())
	_ = conn.Close()
}

// Package roads asks a map server how long ways take by road: the table service of OSRM, or of anything
// that answers like it. It never guesses. What it could not learn in time it leaves out and says so, and
// the caller estimates those ways as it would without a map server.
package roads

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"paigong/internal/geo"
)

// Options bound what a question may cost. Fields left zero take the values named beside them.
type Options struct {
	Log     *slog.Logger     // told once when the server stops answering and once when it does again; nil = nobody
	Now     func() time.Time // for the age of what was measured and for the pause; nil = the system's clock
	Request time.Duration    // one request; 2 s
	Total   time.Duration    // everything one question asks; 4 s
	Pause   time.Duration    // after a failure nobody is made to wait for so long; 15 s
	Keep    int              // ways kept at the most; 600,000, some 40 MB
	Age     time.Duration    // a kept way is measured anew after at the latest twice this; 12 h
}

const (
	// block is how many places one request names: what OSRM answers without being told otherwise.
	block = 100
	// mostRequests is how many requests one question may take; what is beyond is left out. It is enough
	// for all ways between 1,000 places.
	mostRequests = 200
	// atOnce is how many requests of one question run side by side.
	atOnce = 4
	// mostBytes is how long an answer may be: 100 x 100 numbers take some 80 KB.
	mostBytes = 4 << 20
	// offRoad is how many metres a place may lie from the road that the server takes for it. A server
	// with the map of another country would put every place on its border.
	offRoad = 5000
	// longest way in seconds that is believed.
	longest = 7 * 24 * 3600
)

// What stood in the way, in words for a log. They hold nothing of the address.
const (
	tooLate   = "does not answer in time"
	tooMany   = "too many places for one question"
	gone      = "cannot be reached"
	pausing   = "did not answer a moment ago"
	noAnswer  = "gives no usable answer"
	cutShort  = "the question was given up"
	nullCells = "knows no road for some ways"
)

// State is what the last question learnt about the server.
type State struct {
	Asked bool // it was asked at all
	Works bool
	Why   string // it does not, in a few words
	Since time.Time
}

// Client asks one server. Make it with New; any number of goroutines may use it.
type Client struct {
	base string
	http *http.Client
	set  Options

	mu    sync.Mutex
	state State
	retry time.Time // no question before
	young map[way]int32
	old   map[way]int32
	turns time.Time // when young becomes old
}

// way is a pair of places in units of a hundred-thousandth of a degree, about a metre.
type way struct{ fromLat, fromLng, toLat, toLng int32 }

type spot struct{ lat, lng int32 }

func round(p geo.Point) spot {
	return spot{int32(math.Round(p.Lat * 1e5)), int32(math.Round(p.Lng * 1e5))}
}

func (s spot) to(o spot) way { return way{s.lat, s.lng, o.lat, o.lng} }

// New makes a client of the server at an address such as http://127.0.0.1:5000, in front of
// /table/v1/driving/. The operator gives it, so it may lie in the house; it is not followed elsewhere.
func New(address string, set Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("want the http:// or https:// address of a map server, for example http://127.0.0.1:5000")
	}
	for given, usual := range map[*time.Duration]time.Duration{&set.Request: 2 * time.Second, &set.Total: 4 * time.Second, &set.Pause: 15 * time.Second, &set.Age: 12 * time.Hour} {
		if *given <= 0 {
			*given = usual
		}
	}
	if set.Keep <= 0 {
		set.Keep = 600_000
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	if set.Log == nil {
		set.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{base: strings.TrimRight(address, "/"), set: set, young: map[way]int32{}, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: set.Request}).DialContext, TLSHandshakeTimeout: set.Request, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: atOnce, MaxIdleConns: 2 * atOnce, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
	}}, nil
}

// State is what is known of the server now.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Between measures every way inside each of the groups, both directions. missing counts the ways that
// nobody could tell; why is the first thing that stood in the way, empty when nothing did.
func (c *Client) Between(ctx context.Context, groups ...[]geo.Point) (ways geo.Ways, missing int, why string) {
	found := map[way]int32{}
	blocks, beyond := split(groups)
	wanted := c.lookUp(blocks, found)
	if len(wanted) > 0 {
		why = c.ask(ctx, wanted, found)
	}
	if beyond && why == "" {
		why = tooMany
	}
	lacking := map[way]bool{} // a way lies in several blocks
	for _, b := range wanted {
		for _, from := range b {
			for _, to := range b {
				if v, ok := found[from.to(to)]; from != to && (!ok || v < 0) {
					lacking[from.to(to)] = true
				}
			}
		}
	}
	missing = len(lacking)
	for _, b := range blocks { // what was kept as "no road"
		for _, from := range b {
			for _, to := range b {
				if v, ok := found[from.to(to)]; ok && v < 0 && !lacking[from.to(to)] {
					missing++
					lacking[from.to(to)] = true
				}
			}
		}
	}
	if beyond {
		missing += beyondWays(groups, blocks)
	}
	if missing > 0 && why == "" {
		why = nullCells
	}
	return func(from, to geo.Point) (time.Duration, bool) {
		a, b := round(from), round(to)
		if a == b {
			return 0, true
		}
		v, ok := found[a.to(b)]
		return time.Duration(v) * time.Second, ok && v >= 0
	}, missing, why
}

// split cuts groups into blocks that one request each can carry, so that any two places of a group meet
// in one of them.
func split(groups [][]geo.Point) (blocks [][]spot, beyond bool) {
	for _, g := range groups {
		seen := map[spot]bool{}
		var places []spot
		for _, p := range g {
			if s := round(p); p.Valid() && !seen[s] {
				seen[s] = true
				places = append(places, s)
			}
		}
		if len(places) < 2 {
			continue
		}
		parts := [][]spot{places}
		if len(places) > block {
			parts = slices.Collect(slices.Chunk(places, block/2))
		}
		for i := range parts {
			for k := i + 1; k < len(parts) || len(parts) == 1; k++ {
				if len(blocks) == mostRequests {
					return blocks, true
				}
				one := slices.Clone(parts[i])
				if len(parts) > 1 {
					one = append(one, parts[k]...)
				}
				blocks = append(blocks, one)
				if len(parts) == 1 {
					break
				}
			}
		}
	}
	return blocks, false
}

// beyondWays counts, roughly, ways of groups that are in no block.
func beyondWays(groups [][]geo.Point, blocks [][]spot) (n int) {
	for _, g := range groups {
		n += len(g) * (len(g) - 1)
	}
	for _, b := range blocks {
		n -= len(b) * (len(b) - 1)
	}
	return max(1, n)
}

// lookUp fills in what is kept and returns the blocks of which something is not.
func (c *Client) lookUp(blocks [][]spot, found map[way]int32) (wanted [][]spot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.set.Now(); !now.Before(c.turns) {
		c.old, c.young = c.young, map[way]int32{}
		if now.After(c.turns.Add(c.set.Age)) {
			c.old = nil
		}
		c.turns = now.Add(c.set.Age)
	}
	for _, b := range blocks {
		whole := true
		for _, from := range b {
			for _, to := range b {
				if from == to {
					continue
				}
				w := from.to(to)
				v, ok := c.young[w]
				if !ok {
					v, ok = c.old[w]
				}
				if ok {
					found[w] = v
				}
				whole = whole && ok
			}
		}
		if !whole {
			wanted = append(wanted, b)
		}
	}
	return wanted
}

// keep remembers an answer. The older half is forgotten when there is too much.
func (c *Client) keep(b []spot, seconds [][]int32, found map[way]int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, from := range b {
		for k, to := range b {
			if i == k {
				continue
			}
			if len(c.young) >= max(1, c.set.Keep/2) {
				c.old, c.young = c.young, map[way]int32{}
			}
			w := from.to(to)
			found[w], c.young[w] = seconds[i][k], seconds[i][k]
		}
	}
}

// ask puts the questions, a few at once, and says what stood in the way.
func (c *Client) ask(ctx context.Context, wanted [][]spot, found map[way]int32) (why string) {
	c.mu.Lock()
	waiting := c.set.Now().Before(c.retry)
	c.mu.Unlock()
	if waiting {
		return pausing
	}
	limited, cancel := context.WithTimeout(ctx, c.set.Total)
	defer cancel()
	var all sync.WaitGroup
	var once sync.Mutex
	var down string
	var answered atomic.Bool
	fail := func(reason string, server bool) {
		once.Lock()
		defer once.Unlock()
		if why == "" {
			why = reason
		}
		if server && down == "" {
			down = reason
			cancel() // the others would wait in vain
		}
	}
	next := make(chan []spot)
	for range min(atOnce, len(wanted)) {
		all.Go(func() {
			for b := range next {
				if limited.Err() != nil {
					fail(tooLate, false)
					continue
				}
				seconds, err := c.table(limited, b)
				switch {
				case err == nil:
					c.keep(b, seconds, found)
					answered.Store(true)
				case ctx.Err() != nil:
					fail(cutShort, false) // the asker went away: nothing is known of the server
				case limited.Err() != nil && answered.Load():
					fail(tooLate, false) // it answers, but this was more than fits into the time
				default:
					fail(err.Error(), !errors.Is(err, errNoRoad))
				}
			}
		})
	}
	for _, b := range wanted {
		next <- b
	}
	close(next)
	all.Wait()
	if ctx.Err() == nil || down != "" {
		c.note(down)
	}
	return why
}

// note keeps the state and tells the log when it changes.
func (c *Client) note(down string) {
	c.mu.Lock()
	now, was := c.set.Now(), c.state
	if down != "" {
		c.retry = now.Add(c.set.Pause)
	}
	if !was.Asked || was.Works != (down == "") {
		c.state = State{Asked: true, Works: down == "", Since: now}
	}
	c.state.Why = down
	c.mu.Unlock()
	switch {
	case down != "" && (!was.Asked || was.Works):
		c.set.Log.Warn("the map server "+down+"; travel times are estimated from the distance until it does", "retry_after", c.set.Pause)
	case down == "" && was.Asked && !was.Works:
		c.set.Log.Info("the map server answers again; travel times are measured on the road")
	}
}

// errNoRoad is an answer that leaves only these places without a road.
var errNoRoad = errors.New(nullCells)

// table is one request: seconds by row and column, -1 where the server knows no road.
func (c *Client) table(ctx context.Context, b []spot) ([][]int32, error) {
	ctx, cancel := context.WithTimeout(ctx, c.set.Request)
	defer cancel()
	var path strings.Builder
	path.WriteString(c.base + "/table/v1/driving/")
	for i, s := range b {
		if i > 0 {
			path.WriteByte(';')
		}
		path.WriteString(strconv.FormatFloat(float64(s.lng)/1e5, 'f', 5, 64) + "," + strconv.FormatFloat(float64(s.lat)/1e5, 'f', 5, 64))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path.String()+"?annotations=duration", nil)
	if err != nil {
		return nil, errors.New(noAnswer)
	}
	request.Header.Set("User-Agent", "Paigong")
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, told(ctx, gone)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes+1))
	if err != nil || len(body) > mostBytes {
		return nil, told(ctx, noAnswer)
	}
	var said struct {
		Code      string       `json:"code"`
		Durations [][]*float64 `json:"durations"`
		Sources   []*struct {
			Distance float64 `json:"distance"` // metres from the place to the road that stands for it
		} `json:"sources"`
	}
	if json.Unmarshal(body, &said) != nil {
		return nil, fmt.Errorf("%s (status %d)", noAnswer, answer.StatusCode)
	}
	if said.Code == "NoSegment" || said.Code == "NoTable" {
		return nil, errNoRoad
	}
	if answer.StatusCode != http.StatusOK || said.Code != "Ok" || len(said.Durations) != len(b) {
		return nil, fmt.Errorf("%s (status %d%s)", noAnswer, answer.StatusCode, code(said.Code))
	}
	far := func(i int) bool {
		return i < len(said.Sources) && said.Sources[i] != nil && said.Sources[i].Distance > offRoad
	}
	seconds := make([][]int32, len(b))
	for i, row := range said.Durations {
		if len(row) != len(b) {
			return nil, errors.New(noAnswer)
		}
		seconds[i] = make([]int32, len(b))
		for k, v := range row {
			if v == nil || !(*v >= 0) || *v > longest || far(i) || far(k) {
				seconds[i][k] = -1
				continue
			}
			seconds[i][k] = int32(math.Ceil(*v - 1e-6))
		}
	}
	return seconds, nil
}

// code is what the server says is wrong, if it is a word as OSRM's are.
func code(word string) string {
	if word == "" || len(word) > 30 || strings.IndexFunc(word, func(r rune) bool { return r < 'A' || r > 'z' }) >= 0 {
		return ""
	}
	return ", " + word
}

// told tells a time-out from what else may go wrong on the way.
func told(ctx context.Context, otherwise string) error {
	if ctx.Err() != nil {
		return errors.New(tooLate)
	}
	return errors.New(otherwise)
}

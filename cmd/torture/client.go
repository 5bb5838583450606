package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

type m = map[string]any

// person is somebody with a token; without one he is anybody.
type person struct {
	v     *victim
	name  string
	token string
}

var keys atomic.Int64

// newKey is an Idempotency-Key that no other call of this process has.
func newKey(seed uint64) string { return fmt.Sprintf("torture-%d-%08d", seed, keys.Add(1)) }

// send makes one call once. ok is false when nobody knows what became of it: no answer, or a 5xx.
func (p *person) send(ctx context.Context, method, path, key string, body any) (status int, raw []byte, ok bool) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		reader = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, *p.v.url.Load()+"/api/v1"+path, reader)
	if err != nil {
		panic(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := line.Do(r)
	if err != nil {
		return 0, nil, false
	}
	defer func() { _ = res.Body.Close() }()
	raw, err = io.ReadAll(res.Body)
	return res.StatusCode, raw, err == nil && res.StatusCode < 500
}

// A connection is used once: one that died with a program must not be mistaken for the new one's.
var line = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// answer is what a call brought, to look into.
type answer struct {
	status int
	body   any
	raw    []byte
}

func read(status int, raw []byte) answer {
	a := answer{status: status, raw: raw}
	_ = json.Unmarshal(raw, &a.body)
	return a
}

// at walks into the answer: strings are members, ints are elements; nil where there is nothing.
func (a answer) at(path ...any) any {
	v := a.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(m)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a answer) text(path ...any) string { s, _ := a.at(path...).(string); return s }
func (a answer) count(path ...any) int   { l, _ := a.at(path...).([]any); return len(l) }
func (a answer) number(path ...any) int  { f, _ := a.at(path...).(float64); return int(f) }

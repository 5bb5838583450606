package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"paigong/internal/postgres/pgtest"
)

// Two programs on one database: who watches at one hears at once of what is done at the other, and of all of it
// although the connection over which programs tell each other is killed again and again.
func TestProgramsTellEachOther(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	if status, _, errs := command(t, map[string]string{"DATABASE_URL": url}, "user", "add", "--login", "admin", "--role", "admin"); status != 0 {
		t.Fatal(errs)
	}
	_, token, _ := command(t, map[string]string{"DATABASE_URL": url}, "token", "create", "--login", "admin")
	here, _ := start(t, Config{DatabaseURL: url})
	there, _ := start(t, Config{DatabaseURL: url})

	var mu sync.Mutex
	heard := map[string]time.Time{}
	var twice []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", there.URL()+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	go func() {
		topic := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			if name == "event" {
				topic = value
			}
			if name != "data" || topic != "request" {
				continue
			}
			var data struct{ ID string }
			_ = json.Unmarshal([]byte(value), &data)
			mu.Lock()
			if _, before := heard[data.ID]; before {
				twice = append(twice, data.ID)
			}
			heard[data.ID] = time.Now()
			mu.Unlock()
		}
	}()
	waits := func(id string) (at time.Time) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			mu.Lock()
			at, ok := heard[id]
			mu.Unlock()
			if ok {
				return at
			}
		}
		t.Fatalf("request %s was never heard of", id)
		return at
	}
	ask := func() (id string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, "POST", here.URL()+"/api/v1/requests", strings.NewReader(`{"channel": "phone", "kind": "consult", "summary": "问"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var made struct{ ID string }
		if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusCreated {
			t.Fatalf("%d: %v", res.StatusCode, err)
		}
		return made.ID
	}

	ask()
	var took []time.Duration
	for range 9 {
		id := ask()
		began := time.Now()
		took = append(took, waits(id).Sub(began))
	}
	slices.Sort(took)
	t.Logf("heard at the other program after %v (median), %v (longest)", took[4].Round(time.Millisecond), took[8].Round(time.Millisecond))
	if took[4] > 800*time.Millisecond { // asking now and then would need more: a second when deaf, ten when not
		t.Errorf("half of what is done is heard of after %v only", took[4])
	}

	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }()
	killed := 0
	var asked []string
	for range 5 {
		var n int
		if err := admin.QueryRow(t.Context(), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paigong listener'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		killed += n
		for range 4 {
			asked = append(asked, ask())
		}
	}
	for _, id := range asked {
		waits(id)
	}
	if killed < 4 {
		t.Errorf("only %d listening connections were killed", killed)
	}
	if len(twice) > 0 {
		t.Errorf("heard more than once: %v", twice)
	}
}

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"paigong/api"
	"paigong/api/pages"
	"paigong/dispatch"
	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/jobs"
	"paigong/internal/notify"
	"paigong/internal/postgres"
	"paigong/internal/roads"
	"paigong/workorders"
)

// drainTime is how long running requests may take after the program was asked to end.
const drainTime = 10 * time.Second

// App is the whole program as a value: New takes the address, Run serves until its context
// ends. Tests start it on port 0 with a database of their own.
type App struct {
	config   Config
	roads    *roads.Client // nil without a map server
	listener net.Listener
	state    atomic.Pointer[state]
}

// state is what the program can do right now; requests see one or the next, never a mix.
type state struct {
	why      string // not ready because
	database *postgres.Server
	handler  http.Handler // nil until wired
}

// background is work that belongs to no request: it runs until its context ends.
type background func(ctx context.Context) error

// wire is the one place where everything meets: it builds the domain on the database, the
// HTTP handler on the domain, and lists the work in the background. stopping is done when
// the program was asked to end, for handlers that would otherwise never return.
func (a *App) wire(stopping context.Context, s *postgres.Server) (http.Handler, []background, error) {
	db, now, log := s.DB(), a.config.Now, a.config.Log
	client := notify.NewClient(false)
	hooks := notify.NewWebhooks(db, now, client)
	channels, err := a.config.channels(client)
	if err != nil {
		return nil, nil, err
	}
	outbox := notify.NewOutbox(db, now)
	base := a.config.BaseURL
	if base == "" {
		base = a.URL()
	}
	push := notify.NewPush(db, now, client, base)
	courier := notify.NewCourier(outbox, hooks, log, append([]notify.Channel{push}, channels...)...)
	queue := jobs.NewQueue(db, now)

	var server *api.Server
	bell := s.Bell(func() { server.Woken() }, log)
	var dispatching dispatch.Settings
	if a.roads != nil { // a nil pointer would not be no map server
		dispatching.Roads = a.roads
	}
	desk := workorders.New(workorders.Config{DB: db, Travel: dispatching, Now: now, Log: log, BaseURL: base, SignIn: a.config.SignIn, Hooks: hooks, VerifyPhones: a.config.SMS != "" || a.config.Gateway != "", Woken: func() {
		server.Woken()
		courier.Wake()
		queue.Wake()
		bell.Ring()
	}})
	server = api.New(api.Config{Desk: desk, Hooks: hooks, Log: log, Version: version(), Stop: stopping.Done(), Told: bell.Works, Screens: func(served *api.Server) api.Screens {
		return pages.New(served, pages.Config{Hooks: hooks, Push: push, Log: log, Version: version(), Database: s.Where(), Settings: a.config.Shown, Demo: a.config.DemoLogins, DemoPassword: a.config.DemoPassword})
	}})
	courier.OnUndelivered(desk.Undelivered)
	courier.Ask(desk.MayTell)
	for _, channel := range channels {
		if mail, ok := channel.(*notify.Mail); ok {
			mail.Papers = server.MessagePapers
		}
	}

	account := audit.New(db, now)
	if _, err := account.Start(stopping); err != nil {
		return nil, nil, err
	}
	runner := jobs.NewRunner(queue, log, 0)
	for kind, do := range desk.Handlers() {
		runner.Handle(kind, do)
	}
	if a.config.Erasures != "" {
		list := erasureList(a.config.Erasures)
		if err := list.begin(stopping, desk, log); err != nil {
			return nil, nil, err
		}
		runner.Pulse("keep the list of erasures", 20*time.Second, func(ctx context.Context) error { return list.save(ctx, desk) })
	}
	runner.Pulse("seal the account of changes", 5*time.Second, func(ctx context.Context) error { _, err := account.Seal(ctx); return err })
	repeats := []workorders.Task{
		{Name: "sweep jobs", Spec: "11 * * * *", Do: queue.Sweep},
		{Name: "sweep sessions", Spec: "23 * * * *", Do: desk.Look(stopping).People.Sweep},
		{Name: "sweep files", Spec: "37 * * * *", Do: func(ctx context.Context) error { _, err := desk.Look(ctx).Cabinet.Sweep(ctx); return err }},
		{Name: "sweep webhooks", Spec: "47 * * * *", Do: hooks.Sweep},
	}
	for _, repeat := range append(repeats, desk.Tasks()...) {
		if err := runner.Every(repeat.Name, repeat.Spec, repeat.Do); err != nil {
			return nil, nil, err
		}
	}
	return server, []background{runner.Run, courier.Run, bell.Run}, nil
}

// inviteFirst shows the link with which the first administrator sets up an empty database.
func (a *App) inviteFirst(ctx context.Context, s *postgres.Server) error {
	token, needed, err := auth.New(s.DB(), a.config.Now, a.config.SignIn).FirstRun(ctx)
	if needed {
		a.config.Say("Nobody can sign in yet. Set up the first administrator, once, within a day: " + a.URL() + setupPath + token)
	}
	return err
}

// New takes the address, so that a second program on it fails before it touches the data.
func New(c Config) (*App, error) {
	ways, err := c.roads()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; say --listen HOST:PORT for another address", c.Listen, err)
	}
	if c.Say == nil {
		c.Say = func(string) {}
	}
	if c.TLS.On() {
		secure, err := c.TLS.config(c.Data, time.Now, c.Say)
		if err != nil {
			return nil, errors.Join(err, listener.Close())
		}
		listener = tls.NewListener(listener, secure)
	}
	a := &App{config: c, roads: ways, listener: listener}
	a.state.Store(&state{why: "starting"})
	return a, nil
}

// URL is where people reach the program.
func (a *App) URL() string {
	host, port, _ := net.SplitHostPort(a.listener.Addr().String())
	if address := net.ParseIP(host); address == nil || address.IsUnspecified() {
		host = "localhost"
	}
	if a.config.TLS.ACME != "" {
		host = a.config.TLS.ACME
	}
	scheme := "http://"
	if a.config.TLS.On() {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Close gives the address back if Run was never called.
func (a *App) Close() error { return a.listener.Close() }

// Run opens the database, migrates it, serves, and returns when ctx has ended and running
// requests are done; a private PostgreSQL is stopped last. While it starts, and while a
// private PostgreSQL that died is started again, requests are answered 503 with Retry-After.
func (a *App) Run(ctx context.Context) (err error) {
	log := a.config.Log
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute, // event streams extend their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.listener) }()
	defer func() { _ = server.Close() }()

	began := time.Now()
	database, applied, err := openDatabase(ctx, a.config)
	if err != nil {
		return err
	}
	defer func() {
		if closed := database.Close(); err == nil {
			err = closed
		}
	}()
	if database.RoleNote != "" {
		log.Warn(database.RoleNote)
	}

	if a.config.Prepare != nil {
		if err := a.config.Prepare(ctx, database, a.URL()); err != nil {
			return err
		}
	}
	stopping, stop := context.WithCancel(ctx)
	defer stop()
	handler, work, err := a.wire(stopping, database)
	if err != nil {
		return err
	}
	if err := a.inviteFirst(ctx, database); err != nil {
		return err
	}
	a.state.Store(&state{database: database, handler: handler})
	log.Info("ready", "url", a.URL(), "database", database.Where(), "migrations", len(applied), "seconds", time.Since(began).Round(10*time.Millisecond).Seconds())

	// Work in the background outlives the last request, which may still hand it something.
	working, finish := context.WithCancel(context.WithoutCancel(ctx))
	defer finish()
	ended := make(chan error, len(work))
	for _, do := range work {
		go func() { ended <- do(working) }()
	}
	running := len(work)
	select {
	case <-ctx.Done():
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	case err = <-ended:
		running--
		err = fmt.Errorf("background work ended by itself: %w", err)
	}

	stop()
	a.state.Store(&state{why: "ending", database: database, handler: handler})
	log.Info("ending: letting running requests finish")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if late := server.Shutdown(drain); late != nil {
		log.Warn("some requests did not finish in time", "after", drainTime)
	}
	finish()
	for ; running > 0; running-- {
		if failed := <-ended; failed != nil && !errors.Is(failed, context.Canceled) {
			log.Error("background work", "error", failed)
		}
	}
	return err
}

// ServeHTTP answers the two probes itself and everything else once the program is wired.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := a.state.Load()
	switch {
	case r.URL.Path == "/healthz":
		answer(w, http.StatusOK, map[string]any{"status": "alive"})
	case r.URL.Path == "/readyz":
		a.readyz(w, r, now)
	case now.handler == nil:
		unavailable(w, now.why)
	case !now.database.Up():
		unavailable(w, "the database is being started again")
	default:
		now.handler.ServeHTTP(w, r)
	}
}

// readyz says whether requests may be sent here. A program that was asked to end says no
// while it finishes what runs.
func (a *App) readyz(w http.ResponseWriter, r *http.Request, now *state) {
	if now.why != "" {
		unavailable(w, now.why)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := now.database.Ping(ctx); err != nil {
		a.config.Log.Debug("not ready", "error", err)
		unavailable(w, "the database does not answer")
		return
	}
	said := map[string]any{"status": "ready"}
	if now.database.RoleNote != "" {
		said["note"] = now.database.RoleNote
	}
	if a.roads != nil {
		said["travel"] = travelState(a.roads.State())
	}
	answer(w, http.StatusOK, said)
}

// travelState says whether driving times are measured. Without a map server requests are served all the
// same, so this never makes the program unready.
func travelState(s roads.State) map[string]any {
	switch {
	case !s.Asked:
		return map[string]any{"source": "map server", "note": "not asked yet"}
	case s.Works:
		return map[string]any{"source": "map server", "since": s.Since}
	}
	return map[string]any{"source": "estimated from the distance", "since": s.Since, "note": "the map server " + s.Why}
}

func unavailable(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusServiceUnavailable, map[string]any{
		"type": "about:blank", "title": "Service Unavailable", "status": http.StatusServiceUnavailable,
		"code": "unavailable", "detail": "Not ready: " + why + ". Try again in a moment.",
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

package postgres

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	bellChannel = "paigong_changed"
	bellName    = "paigong listener" // application_name of the listening connection
	// bellPause is the least time between two rings of one program: what commits meanwhile is told together.
	bellPause = 50 * time.Millisecond
	// bellCheck is how long the line may be silent before it is tried.
	bellCheck = 20 * time.Second
)

// Bell tells every program on the same database that something was committed, so that they need not ask
// all the time. A ring carries nothing: who hears it looks for himself.
//
// It is rung after the commit and outside of it, since NOTIFY inside a transaction makes all commits of the
// cluster queue for one lock. Rings close together are one. A ring may be lost while the listening connection
// is down; it counts as one when the connection is back.
type Bell struct {
	pool  *pgxpool.Pool
	line  *pgx.ConnConfig
	up    func() bool
	heard func()
	log   *slog.Logger
	rung  chan struct{}
	works atomic.Bool
}

// Bell makes the program's bell. heard is called when any program rang it, this one included, and when the
// listening connection is there anew; it must not block. Nothing happens before Run.
func (s *Server) Bell(heard func(), log *slog.Logger) *Bell {
	line := s.pool.Config().ConnConfig.Copy()
	line.RuntimeParams["application_name"] = bellName
	return &Bell{pool: s.pool, line: line, up: s.Up, heard: heard, log: log, rung: make(chan struct{}, 1)}
}

// Ring tells everybody soon. It never blocks.
func (b *Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default: // one is on its way
	}
}

// Works reports whether rings of other programs reach this one at the moment: it has heard its own. False while
// the connection is down, and behind a pooler that swallows notifications.
func (b *Bell) Works() bool { return b.works.Load() }

// Run rings and listens until ctx ends. A connection that is lost is made again.
func (b *Bell) Run(ctx context.Context) error {
	go b.ring(ctx)
	for pause := bellPause; ctx.Err() == nil; pause = min(2*pause, 2*time.Second) {
		if b.up() {
			err := b.listen(ctx, &pause)
			b.works.Store(false)
			if ctx.Err() == nil {
				b.log.Debug("the listening connection is down", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return ctx.Err()
}

// Tell rings once, now, for programs that end before they could do it by the way.
func (s *Server) Tell(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, "NOTIFY "+bellChannel)
	return err
}

func (b *Bell) ring(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.rung:
		}
		if _, err := b.pool.Exec(ctx, "NOTIFY "+bellChannel); err != nil && ctx.Err() == nil {
			b.log.Debug("the others were not told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(bellPause):
		}
	}
}

// listen hears rings until the connection fails.
func (b *Bell) listen(ctx context.Context, pause *time.Duration) error {
	conn, err := pgx.ConnectConfig(ctx, b.line.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.PgConn().Exec(ctx, "LISTEN "+bellChannel).ReadAll(); err != nil {
		return err
	}
	*pause = bellPause
	b.heard() // whatever was rung while nobody listened
	b.Ring()  // and is the line alive? only our own ring proves it
	for {
		patience, cancel := context.WithTimeout(ctx, bellCheck)
		_, err := conn.WaitForNotification(patience)
		quiet := patience.Err() != nil
		cancel()
		switch {
		case err == nil:
			b.works.Store(true)
			b.heard()
		case ctx.Err() != nil || !quiet:
			return err
		default: // a line that is only silent answers
			patience, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := conn.Ping(patience)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// AppRole is the role that serves: it owns nothing and has only the rights that
// migrations give it.
const AppRole = "paigong_app"

// Options say which database the program uses.
type Options struct {
	// URL is DATABASE_URL. Empty: a private server under Data.
	URL string
	// Data is the program's data folder.
	Data string
	// MaxConns bounds the pool; 0 means six per core, at least 12. More than that slows
	// PostgreSQL down when it shares the cores with the program.
	MaxConns int
	// AsOwner makes the pool serve as the login itself, which owns the tables.
	AsOwner bool
	// Log is told of starts, restarts and stops. nil: silence.
	Log *slog.Logger
}

// Server is an open database: a pool that serves and a login that migrates.
type Server struct {
	// RoleNote is empty when the pool serves as paigong_app. Otherwise it says, for the log
	// and /readyz, why the pool serves as the owner and what an administrator may do.
	RoleNote string

	owner   *pgx.ConnConfig
	pool    *pgxpool.Pool
	db      *bun.DB
	private *Private
}

// Open finds or starts the database and returns when it answers. The caller closes it.
func Open(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{}
	url := o.URL
	if url == "" {
		private, err := StartPrivate(ctx, PrivateOptions{Data: o.Data, Log: o.Log})
		if err != nil {
			return nil, err
		}
		s.private = private
		if url, err = private.database(ctx, "paigong"); err != nil {
			return nil, errors.Join(err, private.Close())
		}
	}
	if err := s.connect(ctx, url, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// CheckURL refuses a DATABASE_URL that names no database, before anything is started for it. The error never
// holds the address, which may hold a password.
func CheckURL(url string) error {
	if _, err := pgxpool.ParseConfig(url); err != nil {
		return errors.New("DATABASE_URL: want postgres://USER:PASSWORD@HOST:PORT/DATABASE, or leave it out for a private PostgreSQL")
	}
	return nil
}

func (s *Server) connect(ctx context.Context, url string, o Options) error {
	if err := CheckURL(url); err != nil {
		return err
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	// What is not prepared is worth no statement cache: its text is new each time. See prepared.
	asGiven := cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeExec || cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol
	if !asGiven {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	s.owner = cfg.ConnConfig.Copy()
	// Queries name the row they start from first; trying every order of ten joins costs more than it finds.
	for name, value := range map[string]string{"application_name": "paigong", "search_path": "public", "timezone": "UTC", "join_collapse_limit": "4"} {
		setDefault(s.owner, name, value)
	}
	// A person waits for these; whoever waits longer gets a clean refusal instead.
	serving := s.owner.Copy()
	for name, value := range map[string]string{
		"lock_timeout":                        "5s",
		"statement_timeout":                   "30s",
		"idle_in_transaction_session_timeout": "15s",
	} {
		setDefault(serving, name, value)
	}
	cfg.ConnConfig = serving
	cfg.MaxConns = int32(o.MaxConns)
	if o.MaxConns == 0 {
		cfg.MaxConns = int32(max(12, min(6*runtime.NumCPU(), 64)))
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.PingTimeout = 5 * time.Second

	if !o.AsOwner {
		if s.RoleNote, err = s.prepareRole(ctx); err != nil {
			if unreached := (*pgconn.ConnectError)(nil); o.URL != "" && errors.As(err, &unreached) {
				err = fmt.Errorf("%w\nDATABASE_URL names this database: start it, or correct the address, or leave DATABASE_URL out for a private PostgreSQL", err)
			}
			return err
		}
	}
	if s.RoleNote == "" && !o.AsOwner {
		cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.PgConn().Exec(ctx, "SET ROLE "+AppRole).ReadAll()
			return err
		}
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return fmt.Errorf("database pool: %w", err)
	}
	if asGiven {
		s.db = bun.NewDB(stdlib.OpenDBFromPool(s.pool), pgdialect.New())
	} else {
		s.db = prepared(s.pool, o.Log)
	}
	if s.private != nil {
		s.private.afterRestart(s.pool.Reset)
	}
	return nil
}

func setDefault(c *pgx.ConnConfig, name, value string) {
	if _, given := c.RuntimeParams[name]; !given {
		c.RuntimeParams[name] = value
	}
}

// Pool serves. Its connections act as paigong_app unless RoleNote says otherwise.
func (s *Server) Pool() *pgxpool.Pool { return s.pool }

// DB is the same pool seen through bun.
func (s *Server) DB() *bun.DB { return s.db }

// Owner opens one connection as the login that owns the tables, for migrations, backup and
// restore. The caller closes it.
func (s *Server) Owner(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.owner.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// Migrate brings the database to the newest schema in files; see the function Migrate.
func (s *Server) Migrate(ctx context.Context, files fs.FS) ([]string, error) {
	conn, err := s.Owner(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return Migrate(ctx, conn, files)
}

// Up reports whether the server is known to run: a private server that died is not up until
// it has been started again. A server named by DATABASE_URL always counts as up; ask Ping.
func (s *Server) Up() bool { return s.private == nil || s.private.Up() }

// Ping asks the database whether it answers.
func (s *Server) Ping(ctx context.Context) error {
	if !s.Up() {
		return errors.New("the private PostgreSQL is being started again")
	}
	return s.pool.Ping(ctx)
}

// Where says for people which database this is, without its password.
func (s *Server) Where() string {
	if s.private != nil {
		return fmt.Sprintf("private PostgreSQL %d in %s", s.private.Major(), s.private.folder)
	}
	return fmt.Sprintf("PostgreSQL at %s:%d, database %s, user %s", s.owner.Host, s.owner.Port, s.owner.Database, s.owner.User)
}

// Close drains the pool; then, if this was the last program using a private server, stops it.
func (s *Server) Close() error {
	if s.db != nil {
		_ = s.db.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.private != nil {
		return s.private.Close()
	}
	return nil
}

// prepareRole makes paigong_app usable by this login and returns why it is not, if so.
func (s *Server) prepareRole(ctx context.Context) (note string, err error) {
	conn, err := s.Owner(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	exec := func(sql string) error { _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); return err }

	if exec("SET ROLE "+AppRole) == nil {
		return "", nil
	}
	// Programs starting together may create it at the same time: duplicates are fine.
	if err := exec("CREATE ROLE " + AppRole + " NOLOGIN"); err != nil && !sqlState(err, "42710", "23505", "42501") {
		return "", fmt.Errorf("create the role %s: %w", AppRole, err)
	}
	if err := exec("GRANT " + AppRole + " TO CURRENT_USER"); err != nil && !sqlState(err, "42501", "42704", "0LP01", "XX000") {
		return "", fmt.Errorf("join the role %s: %w", AppRole, err)
	}
	if err := exec("SET ROLE " + AppRole); err == nil {
		return "", nil
	} else if !sqlState(err, "42501", "22023", "42704") {
		return "", fmt.Errorf("use the role %s: %w", AppRole, err)
	}
	return fmt.Sprintf("serving as the owner %[2]s: this login may not create or use the role %[1]s. An administrator may run: CREATE ROLE %[1]s NOLOGIN; GRANT %[1]s TO %[2]s", AppRole, s.owner.User), nil
}

func sqlState(err error, codes ...string) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range codes {
		if refused.Code == code {
			return true
		}
	}
	return false
}

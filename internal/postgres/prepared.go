package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// bun writes arguments into the text of a statement, so that PostgreSQL would read and plan every statement anew:
// half of its work here. Between bun and the driver the arguments are therefore taken out of the text again.
// marked writes a form feed, which is blank to PostgreSQL, before every argument; lift turns what follows one
// into $1, $2, … and the statement is prepared on its connection when it comes the second time. Numbers,
// booleans and arrays stay in the text, and so do the constants a query was written with.

// mark precedes an argument in bun's texts.
const mark = '\f'

const (
	// maxArguments bounds a prepared statement: bulk inserts have a new shape each time.
	maxArguments = 200
	// maxShapes bounds what a program remembers of the statements it has seen, and a connection of those it has.
	maxShapes = 4096
)

// marked is bun's dialect with a mark before every text, time, binary value and JSON document.
type marked struct{ *pgdialect.Dialect }

func (d marked) AppendString(b []byte, s string) []byte {
	return d.Dialect.AppendString(append(b, mark), s)
}

func (d marked) AppendTime(b []byte, at time.Time) []byte {
	return d.Dialect.AppendTime(append(b, mark), at)
}

func (d marked) AppendBytes(b, value []byte) []byte {
	return d.Dialect.AppendBytes(append(b, mark), value)
}

func (d marked) AppendJSON(b, value []byte) []byte {
	return d.Dialect.AppendJSON(append(b, mark), value)
}

// lift takes the marked arguments out of a text that bun made. ok is false when the text is written in a way that is
// not worth understanding (dollar quotes, E'…'): it is then run as it is. What stands inside quotes is never taken for a
// mark, whoever wrote it.
func lift(text string) (query string, args []any, ok bool) {
	var out strings.Builder
	out.Grow(len(text))
	kept := 0 // everything before it is in out
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == mark && end < len(text) && text[end] == '\'':
			if end = quoteEnd(text, end, '\''); end < 0 || len(args) == maxArguments {
				return "", nil, false
			}
			args = append(args, strings.ReplaceAll(text[i+2:end-1], "''", "'"))
			out.WriteString(text[kept:i])
			out.WriteString(" $")
			out.WriteString(strconv.Itoa(len(args)))
			kept = end
		case c == '\'' && i > 0 && partOfName(text[i-1]): // E'…', B'…': other rules for what is inside
			return "", nil, false
		case c == '\'' || c == '"':
			end = quoteEnd(text, i, c)
		case c == '-' && strings.HasPrefix(text[end:], "-"):
			end = endOf(text, i, "\n")
		case c == '/' && strings.HasPrefix(text[end:], "*"):
			end = endOf(text, i, "*/")
		case c == '$' && (i == 0 || !partOfName(text[i-1])): // $$…$$, or arguments that are lifted already
			return "", nil, false
		}
		if end < 0 {
			return "", nil, false
		}
		i = end
	}
	if len(args) == 0 {
		return text, nil, true
	}
	out.WriteString(text[kept:])
	return out.String(), args, true
}

// quoteEnd is the place behind the quoted text that begins at i, in which the quote itself stands twice; -1: it does not end.
func quoteEnd(text string, i int, quote byte) int {
	for i++; ; i += 2 {
		n := strings.IndexByte(text[i:], quote)
		if n < 0 {
			return -1
		}
		if i += n; i+1 == len(text) || text[i+1] != quote {
			return i + 1
		}
	}
}

func endOf(text string, i int, closing string) int {
	n := strings.Index(text[i:], closing)
	if n < 0 {
		return -1
	}
	return i + n + len(closing)
}

func partOfName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '&' || c >= 0x80
}

// shape is a statement without its arguments, as this program knows it.
type shape struct {
	query   string
	verdict atomic.Int32
}

// What PostgreSQL said when a statement was first prepared.
const (
	untried int32 = iota
	accepted
	refused
)

// prepared opens the pool for bun, with statements prepared unless the connection string names a way itself
// (default_query_exec_mode), as one behind a pooler of transactions has to.
func prepared(pool *pgxpool.Pool, log *slog.Logger) *bun.DB {
	p := &preparer{Connector: stdlib.GetPoolConnector(pool), log: log, shapes: map[string]*shape{}}
	db := sql.OpenDB(p)
	db.SetMaxIdleConns(0) // the pool keeps them
	return bun.NewDB(db, marked{pgdialect.New()})
}

// preparer hands database/sql connections that prepare.
type preparer struct {
	driver.Connector
	log    *slog.Logger
	mu     sync.Mutex
	shapes map[string]*shape
}

func (p *preparer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &preparing{conn.(*stdlib.Conn), p}, nil
}

func (p *preparer) shape(query string) *shape {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.shapes[query]
	if s == nil {
		if len(p.shapes) == maxShapes {
			clear(p.shapes)
		}
		s = &shape{query: query}
		p.shapes[query] = s
	}
	return s
}

// preparing is one connection.
type preparing struct {
	*stdlib.Conn
	of *preparer
}

func (c *preparing) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if query, lifted, ok := c.lifted(ctx, text, args); ok {
		// Without formats of its own everything comes as text, as from a statement that is not prepared.
		return c.Conn.QueryContext(ctx, query, named(lifted, pgx.QueryExecModeCacheStatement, pgx.QueryResultFormatsByOID{}))
	}
	return c.Conn.QueryContext(ctx, text, args)
}

func (c *preparing) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if query, lifted, ok := c.lifted(ctx, text, args); ok && len(lifted) > 0 {
		return c.Conn.ExecContext(ctx, query, named(lifted, pgx.QueryExecModeCacheStatement))
	}
	return c.Conn.ExecContext(ctx, text, args)
}

func named(args []any, options ...any) []driver.NamedValue {
	out := make([]driver.NamedValue, 0, len(options)+len(args))
	for _, v := range append(options, args...) {
		out = append(out, driver.NamedValue{Ordinal: len(out) + 1, Value: v})
	}
	return out
}

// lifted is the statement with its arguments apart when it shall be prepared, else nil.
func (c *preparing) lifted(ctx context.Context, text string, given []driver.NamedValue) (query string, args []any, ok bool) {
	if len(given) > 0 || c.Conn.Conn().IsClosed() {
		return "", nil, false
	}
	if query, args, ok = lift(text); !ok {
		return "", nil, false
	}
	s := c.of.shape(query)
	if !c.again(s) {
		return "", nil, false
	}
	if s.verdict.Load() == untried {
		c.try(ctx, s)
	}
	return s.query, args, s.verdict.Load() == accepted
}

// again reports whether the statement was on this connection before.
func (c *preparing) again(s *shape) bool {
	const key = "paigong statements"
	custom := c.Conn.Conn().PgConn().CustomData()
	seen, _ := custom[key].(map[*shape]struct{})
	if seen == nil {
		seen = map[*shape]struct{}{}
		custom[key] = seen
	}
	if _, is := seen[s]; is {
		return true
	}
	if len(seen) == maxShapes {
		clear(seen)
	}
	seen[s] = struct{}{}
	return false
}

// try asks PostgreSQL once per program whether the statement can be prepared: it cannot when the type of an argument
// follows from nothing, or when the text is several statements. A refusal would end the transaction,
// so it happens behind a savepoint.
func (c *preparing) try(ctx context.Context, s *shape) {
	conn := c.Conn.Conn()
	run := func(sql string) error { _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); return err }
	inside := false
	switch conn.PgConn().TxStatus() {
	case 'I':
	case 'T':
		if run("SAVEPOINT paigong_prepare") != nil {
			return
		}
		inside = true
	default:
		return
	}
	_, err := conn.Prepare(ctx, "", s.query)
	var says *pgconn.PgError
	switch {
	case err == nil:
		s.verdict.Store(accepted)
	case errors.As(err, &says) && !strings.HasPrefix(says.Code, "57"): // 57: cancelled or shutting down
		s.verdict.Store(refused)
		c.of.log.Debug("statement stays unprepared", "query", s.query, "error", err)
	}
	if inside {
		if err != nil {
			_ = run("ROLLBACK TO SAVEPOINT paigong_prepare")
		}
		_ = run("RELEASE SAVEPOINT paigong_prepare")
	}
}

//go:build !unix

package postgres

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// PrivateOptions describe a private server.
type PrivateOptions struct {
	Data      string
	Log       *slog.Logger
	Throwaway bool
	Linger    time.Duration
}

// Private is a PostgreSQL server of the program's own; this system has none.
type Private struct{ folder string }

// StartPrivate says what to do instead.
func StartPrivate(context.Context, PrivateOptions) (*Private, error) {
	return nil, errors.New("a private PostgreSQL needs Linux or macOS; set DATABASE_URL to a PostgreSQL 15 or newer")
}

func (*Private) Up() bool            { return false }
func (*Private) Major() int          { return 0 }
func (*Private) URL(string) string   { return "" }
func (*Private) Close() error        { return nil }
func (*Private) afterRestart(func()) {}
func (*Private) database(context.Context, string) (string, error) {
	return "", errors.ErrUnsupported
}

package workorders

import (
	"context"

	"paigong/internal/fault"
)

type matchKey struct{}

// WithMatch makes every change below refuse when the record it is about is no longer of this version: what
// a client says with If-Match. 0 is any version.
func WithMatch(ctx context.Context, version int) context.Context {
	return context.WithValue(ctx, matchKey{}, version)
}

// fresh refuses when the caller named a version and the record has another by now.
func fresh(ctx context.Context, what string, version int) error {
	if wanted, _ := ctx.Value(matchKey{}).(int); wanted > 0 && wanted != version {
		return fault.New(fault.Stale, "stale", "somebody changed this %s meanwhile: read it again", what).With("version", version)
	}
	return nil
}

// freshNot forgets the version, below which another record than the one it was about is locked first.
func freshNot(ctx context.Context) context.Context { return WithMatch(ctx, 0) }

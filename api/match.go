package api

import (
	"context"

	"paigong/internal/auth"
)

// rowed inputs name the one row a call is about.
type rowed interface {
	row() (column string, key any)
}

func (in *ByID) row() (string, any)       { return "id", in.ID }
func (in *ReachInput) row() (string, any) { return "code", in.Code }
func (in *FetchIn) row() (string, any)    { return "code", in.Code }
func (in *Letterhead) row() (string, any) { return "code", in.Code }

// versioned honours If-Match for an act whose own code does not: 412 when the row of the table had another
// version than the one named.
func versioned[I, O any](s *Server, table string, fn func(ctx context.Context, by auth.Caller, in *I) (O, error)) func(ctx context.Context, by auth.Caller, in *I) (O, error) {
	return func(ctx context.Context, by auth.Caller, in *I) (made O, err error) {
		of, ok := any(in).(rowed)
		if !ok {
			return fn(ctx, by, in)
		}
		column, key := of.row()
		err = s.desk.IfVersion(ctx, by, table, column, key, func(ctx context.Context) (err error) {
			made, err = fn(ctx, by, in)
			return err
		})
		return made, err
	}
}

package pages

import (
	"context"

	"paigong/internal/fault"
	"paigong/internal/notify"
)

// pushOn has the phone that sent this told of the engineer's jobs, as long as it is signed in.
func (p *Pages) pushOn(ctx context.Context, a *ask, f *form) (string, error) {
	if p.Push == nil || a.by.EngineerID == nil {
		return "", fault.New(fault.NotFound, "no_engineer", "notices go to engineers, and your account belongs to none")
	}
	return "/m/me", p.Push.Subscribe(ctx, a.by.SessionID, notify.Subscription{Address: f.need("address"), Key: f.need("key"), Secret: f.need("secret")})
}

// pushOff ends it.
func (p *Pages) pushOff(ctx context.Context, a *ask, _ *form) (string, error) {
	if p.Push == nil {
		return "/m/me", nil
	}
	return "/m/me", p.Push.End(ctx, a.by.SessionID)
}

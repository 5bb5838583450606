package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Channel takes messages to people.
type Channel interface {
	Name() string
	Takes(to string) bool // whether an address is of its kind
	Deliver(ctx context.Context, m Message) error
}

// LogChannel is the name under which messages are kept that nobody could be told. It reaches no one, so
// it never counts as delivered.
const LogChannel = "log"

// Permanent marks a refusal that trying again cannot cure, such as an unknown mailbox.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Elsewhere is what a channel answers that did not reach the person, whom another channel may reach at once. A nil
// cause means that he is not to be reached here at all; with a cause, and without another channel, it is tried again.
func Elsewhere(cause error) error { return elsewhere{cause} }

type elsewhere struct{ cause error }

func (e elsewhere) Error() string {
	if e.cause == nil {
		return "not to be reached here"
	}
	return e.cause.Error()
}

func (e elsewhere) Unwrap() error { return e.cause }

// Courier takes messages and webhooks out of the house. Run it in any number of copies.
type Courier struct {
	outbox      Outbox
	hooks       *Webhooks
	log         *slog.Logger
	channels    []Channel
	undelivered func(context.Context, Message) error
	may         func(context.Context, Message, string) (Verdict, error)
	wake        chan struct{}
}

// Verdict is whether a message may be told now.
type Verdict struct {
	Never bool      // the person asked to be left alone on this channel
	Until time.Time // not before; zero: now
}

// OptedOut is the problem of a message that its reader did not want.
const OptedOut = "opted out"

// Quiet is the problem of a message that waits for the morning.
const Quiet = "quiet hours"

// NewCourier makes a courier; the first channel that takes an address is used. hooks may be nil.
func NewCourier(outbox Outbox, hooks *Webhooks, log *slog.Logger, channels ...Channel) *Courier {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Courier{outbox: outbox, hooks: hooks, log: log, channels: channels, wake: make(chan struct{}, 1),
		undelivered: func(context.Context, Message) error { return nil },
		may:         func(context.Context, Message, string) (Verdict, error) { return Verdict{}, nil }}
}

// Ask is asked before each attempt whether a message may be told now on a kind of channel (mail, sms, bot).
func (c *Courier) Ask(may func(ctx context.Context, m Message, kind string) (Verdict, error)) {
	c.may = may
}

// OnUndelivered is called for each message that died or that no channel takes, before that is recorded,
// so that somebody rings the person up instead. It is called for several messages at once, and again for
// the same message after a crash; an error leaves the message to be tried again.
func (c *Courier) OnUndelivered(do func(context.Context, Message) error) { c.undelivered = do }

// Wake makes the courier look at once. It never blocks.
func (c *Courier) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

const (
	look    = time.Second
	atOnce  = 16
	carries = 8
	grace   = 5 * time.Second
)

// Run delivers until ctx ends.
func (c *Courier) Run(ctx context.Context) error {
	working, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, abandon) })
	defer stop()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		n, err := c.round(working, atOnce)
		if err != nil && ctx.Err() == nil {
			c.log.Warn("messages cannot be read", "error", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if n == atOnce && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-ticker.C:
		}
	}
}

// Drain delivers everything that is due now and returns how many attempts it made.
func (c *Courier) Drain(ctx context.Context) (tried int, err error) {
	for {
		n, err := c.round(ctx, atOnce)
		tried += n
		if err != nil || n == 0 {
			return tried, err
		}
	}
}

// round makes one attempt at up to so many messages and as many webhook deliveries.
func (c *Courier) round(ctx context.Context, most int) (int, error) {
	messages, lease, err := claim[Message](ctx, c.outbox, "messages", columns, most)
	if err != nil {
		return 0, err
	}
	var deliveries []delivery
	var hookLease uuid.UUID
	if c.hooks != nil {
		if deliveries, hookLease, err = c.hooks.claim(ctx, most); err != nil {
			return 0, err
		}
	}
	var carrying sync.WaitGroup
	free := make(chan struct{}, carries)
	carry := func(table string, id, lease uuid.UUID, attempt func() (outcome, error)) {
		free <- struct{}{}
		carrying.Go(func() {
			defer func() { <-free }()
			end, err := safely(attempt)
			if err == nil {
				recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
				defer cancel()
				err = c.outbox.record(recording, table, id, lease, end)
			}
			if err != nil {
				c.log.Warn("an attempt is left to its lease", "table", table, "id", id, "error", err)
			}
		})
	}
	for _, m := range messages {
		carry("messages", m.ID, lease, func() (outcome, error) { return c.tell(ctx, m) })
	}
	for _, d := range deliveries {
		carry("webhook_deliveries", d.ID, hookLease, func() (outcome, error) { return c.hooks.post(ctx, d) })
	}
	carrying.Wait()
	return max(len(messages), len(deliveries)), nil
}

func safely(attempt func() (outcome, error)) (end outcome, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return attempt()
}

// tell makes one attempt at a message. An error means that nothing is recorded.
func (c *Courier) tell(ctx context.Context, m Message) (outcome, error) {
	var refusing Channel // left the message to another one
	var refused error
	for _, channel := range c.channels {
		m.body, m.head = "", ""
		group, isGroup := channel.(interface{ Hears(Message) bool })
		if !(isGroup && group.Hears(m)) && (m.To == "" || !channel.Takes(m.To)) {
			continue
		}
		if m.Attempts > len(pauses)+1 {
			return c.lost(ctx, m, outcome{state: "dead", channel: channel.Name(), problem: "the program stopped each time while sending this"})
		}
		verdict, err := c.may(ctx, m, channelKind(channel.Name()))
		switch {
		case err != nil:
			return outcome{}, err
		case verdict.Never:
			return c.lost(ctx, m, outcome{state: "suppressed", channel: channel.Name(), problem: OptedOut})
		case verdict.Until.After(c.outbox.now()):
			return outcome{state: "queued", problem: Quiet, due: verdict.Until, untried: true}, nil
		}
		if err := c.outbox.word(ctx, &m, channel.Name()); err != nil {
			return outcome{}, err
		}
		err = channel.Deliver(ctx, m)
		if err == nil {
			return outcome{state: "delivered", channel: channel.Name()}, nil
		}
		if ctx.Err() != nil {
			return outcome{}, err
		}
		var other elsewhere
		if errors.As(err, &other) {
			if other.cause != nil {
				refusing, refused = channel, other.cause
			}
			continue
		}
		return c.failed(ctx, m, channel, err)
	}
	if refused != nil {
		return c.failed(ctx, m, refusing, refused)
	}
	c.log.Debug("message to nobody", "id", m.ID, "audience", m.Audience, "key", m.Key)
	return c.lost(ctx, m, outcome{state: "suppressed", channel: LogChannel, problem: "no channel reaches this address"})
}

// failed is the end of an attempt that a channel refused: another one later, or none when that cannot help.
func (c *Courier) failed(ctx context.Context, m Message, channel Channel, err error) (outcome, error) {
	var forGood permanent
	if errors.As(err, &forGood) || m.Attempts > len(pauses) {
		return c.lost(ctx, m, outcome{state: "dead", channel: channel.Name(), problem: err.Error()})
	}
	c.log.Info("message failed", "id", m.ID, "channel", channel.Name(), "attempt", m.Attempts, "error", err)
	return outcome{state: "failed", channel: channel.Name(), problem: err.Error(), due: c.outbox.now().Add(pauses[m.Attempts-1])}, nil
}

func (c *Courier) lost(ctx context.Context, m Message, end outcome) (outcome, error) {
	m.State, m.Channel, m.LastError = end.state, end.channel, end.problem
	if err := c.undelivered(ctx, m); err != nil {
		return outcome{}, fmt.Errorf("hand on an undelivered message: %w", err)
	}
	return end, nil
}

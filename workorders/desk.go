package workorders

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/dispatch"
	"paigong/internal/audit"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/files"
	"paigong/internal/jobs"
	"paigong/internal/notify"
	"paigong/inventory"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
)

// Desk is the service desk: it tells the story from the reported fault to the follow-up call and is
// the only place that opens a transaction over several ledgers.
type Desk struct {
	db  *bun.DB
	now func() time.Time
	log *slog.Logger

	stock    inventory.Ledger
	board    dispatch.Board
	book     customers.Book
	till     billing.Till
	promises aftercare.Promises
	custody  depot.Custodian
	codes    knowledge.Codes
	people   *auth.Directory
	outbox   notify.Outbox
	queue    *jobs.Queue
	cabinet  *files.Cabinet
	hooks    *notify.Webhooks // nil = nobody is told

	baseURL      string
	verifyPhones bool
	woken        func()
}

// Config is what a desk needs from outside: the database, the clock of facts, and where customers
// reach it.
type Config struct {
	DB      *bun.DB
	Now     func() time.Time // nil = the system's clock
	Log     *slog.Logger     // nil = discard
	BaseURL string           // "https://service.example" in front of /c/{token}; may be empty
	Travel  dispatch.Settings
	SignIn  auth.Rules
	Hooks   *notify.Webhooks // may be nil
	// VerifyPhones sends a code to the telephone number of somebody who reports without an account; set it when
	// a gateway takes messages to telephones.
	VerifyPhones bool
	Woken        func() // called after a commit that left events behind; may be nil
}

// New opens the desk.
func New(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Woken == nil {
		c.Woken = func() {}
	}
	stock := inventory.New(c.DB, c.Now)
	return &Desk{
		db: c.DB, now: c.Now, log: c.Log,
		stock: stock, board: dispatch.New(c.DB, stock, c.Now, c.Travel),
		book: customers.New(c.DB, c.Now), till: billing.New(c.DB, c.Now), promises: aftercare.New(c.DB, c.Now).With(aftercare.Settings{BaseURL: c.BaseURL}),
		custody: depot.New(c.DB, c.Now), codes: knowledge.New(c.DB, c.Now), people: auth.New(c.DB, c.Now, c.SignIn),
		outbox: notify.NewOutbox(c.DB, c.Now), queue: jobs.NewQueue(c.DB, c.Now), cabinet: files.New(c.DB, c.Now),
		hooks: c.Hooks, baseURL: c.BaseURL, verifyPhones: c.VerifyPhones, woken: c.Woken,
	}
}

// Now is the clock of facts.
func (d *Desk) Now() time.Time { return d.now() }

// work is one transaction: every ledger inside it, one instant for all its facts, and the person who acts.
type work struct {
	*Desk
	tx  bun.Tx
	by  auth.Caller
	at  time.Time
	out bool // events were left for watchers

	told map[news]bool

	stock    inventory.Ledger
	board    dispatch.Board
	book     customers.Book
	till     billing.Till
	promises aftercare.Promises
	custody  depot.Custodian
	codes    knowledge.Codes
	outbox   notify.Outbox
	queue    *jobs.Queue
	cabinet  *files.Cabinet
	hooks    *notify.Webhooks
}

type workKey struct{}

// change runs fn in one transaction as the given person. Inside Once it joins the transaction that is
// open already. A deadlock or a serialisation failure runs fn again, so fn must not act outside of w.
func (d *Desk) change(ctx context.Context, by auth.Caller, fn func(ctx context.Context, w *work) error) error {
	if w, ok := ctx.Value(workKey{}).(*work); ok {
		if w.by.UserID != by.UserID || w.by.Login != by.Login { // such as a customer, within what his link began
			inner := *w
			inner.by = by
			if err := audit.Act(ctx, w.tx, by.Actor(), w.at); err != nil {
				return err
			}
			if err := fn(ctx, &inner); err != nil {
				return err
			}
			return audit.Act(ctx, w.tx, w.by.Actor(), w.at)
		}
		return fn(ctx, w)
	}
	return d.transaction(ctx, by, fn)
}

func (d *Desk) transaction(ctx context.Context, by auth.Caller, fn func(ctx context.Context, w *work) error) error {
	const tries = 5
	for try := 1; ; try++ {
		err := d.once(ctx, by, fn)
		if err == nil || !fault.Retryable(err) || try == tries || ctx.Err() != nil {
			return fault.FromSQL(err)
		}
		pause := time.Duration(try*try)*5*time.Millisecond + rand.N(10*time.Millisecond)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (d *Desk) once(ctx context.Context, by auth.Caller, fn func(ctx context.Context, w *work) error) (err error) {
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	w := &work{
		told: map[news]bool{}, Desk: d, tx: tx, by: by, at: d.now().UTC().Truncate(time.Microsecond),
		stock: d.stock.In(tx), board: d.board.In(tx), book: d.book.In(tx), till: d.till.In(tx), promises: d.promises.In(tx),
		custody: d.custody.In(tx), codes: d.codes.In(tx), outbox: d.outbox.In(tx), queue: d.queue.In(tx), cabinet: d.cabinet.In(tx),
	}
	if d.hooks != nil {
		w.hooks = d.hooks.In(tx)
	}
	done := false
	defer func() {
		if !done { // also when fn panics
			_ = tx.Rollback()
		}
	}()
	if err := audit.Act(ctx, tx, by.Actor(), w.at); err != nil {
		return err
	}
	if err := fn(context.WithValue(ctx, workKey{}, w), w); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	if w.out {
		d.woken()
	}
	return nil
}

// Call identifies one request that a client may send twice.
type Call struct {
	Scope string   // who calls: a person's id or a customer's link, with method and path
	Key   string   // made by the client, 8 to 200 characters
	Route string   // the operation, for the log
	Body  [32]byte // SHA-256 of the body
}

// Once runs fn at most once for a key and gives every later call with it the same answer. The key, the
// effect and the answer commit together. A second call while the first runs waits for it. A refusal (an
// error of fn) leaves no key, so the call may be corrected and sent again.
// It fails with fault.Invalid idempotency_key_reused when the body is another one.
func (d *Desk) Once(ctx context.Context, by auth.Caller, call Call, fn func(ctx context.Context) (status int, answer any, err error)) (status int, answer []byte, replayed bool, err error) {
	if n := len(call.Key); n < 8 || n > 200 {
		return 0, nil, false, fault.New(fault.Invalid, "idempotency_key_length", "an Idempotency-Key has 8 to 200 characters").Field("header.Idempotency-Key", "8 to 200 characters")
	}
	for range 3 {
		kept, err := findAnswer(ctx, d.db, call)
		if err != nil {
			return 0, nil, false, err
		}
		if kept != nil {
			if kept.Body != call.Body {
				return 0, nil, false, fault.New(fault.Invalid, "idempotency_key_reused", "this Idempotency-Key was used for another request: make a new key for new content")
			}
			return kept.Status, kept.Answer, true, nil
		}
		err = d.transaction(ctx, by, func(ctx context.Context, w *work) error {
			if err := claimKey(ctx, w.tx, call, w.at); err != nil {
				return err
			}
			s, a, err := fn(ctx)
			if err != nil {
				return err
			}
			raw, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("answer of %s: %w", call.Route, err)
			}
			status, answer = s, raw
			return keepAnswer(ctx, w.tx, call, s, raw)
		})
		if err == nil {
			return status, answer, false, nil
		}
		if !errors.Is(err, errKeyTaken) {
			return 0, nil, false, err
		}
	}
	return 0, nil, false, fault.New(fault.Unavailable, "busy", "the first call with this key is still running: send it again").After(time.Second)
}

// KeyedBody is the hash that tells two bodies apart.
func KeyedBody(body []byte) [32]byte { return sha256.Sum256(body) }

// newID makes a row's id: a UUIDv7, so that ids follow the order of creation.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// zoneOf is the zone in which an organisation counts days.
func (d *Desk) zoneOf(ctx context.Context, org int32) (*time.Location, error) {
	o, err := d.people.In(d.reader(ctx)).Organisation(ctx, org)
	if err != nil {
		return nil, err
	}
	return o.Location(), nil
}

// number takes the next human number of a kind, such as WO-2026-000123. Gaps are allowed; the year is
// the civil year of the organisation.
func (w *work) number(ctx context.Context, kind string, org int32) (string, error) {
	loc, err := w.zoneOf(ctx, org)
	if err != nil {
		return "", err
	}
	year := calendar.Of(w.at, loc).Year()
	var n int64
	if err := w.tx.NewRaw("SELECT next_number(?, ?)", kind, year).Scan(ctx, &n); err != nil {
		return "", fmt.Errorf("number %s: %w", kind, err)
	}
	return fmt.Sprintf("%s-%d-%06d", kind, year, n), nil
}

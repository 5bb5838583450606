package audit

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// Act says who acts in this transaction and when; call it first in every transaction that writes a
// business row. It holds until the transaction ends.
func Act(ctx context.Context, tx bun.IDB, actor string, now time.Time) error {
	if actor == "" {
		return fmt.Errorf("audit: nobody acts")
	}
	_, err := tx.ExecContext(ctx, "SELECT set_config('app.actor', ?, true), set_config('app.now', ?, true)", actor, now.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return fmt.Errorf("audit: say who acts: %w", fault.FromSQL(err))
	}
	return nil
}

// Note records what is not a change of a row: an export, a look at hidden data, a refusal worth
// knowing. db may be a transaction or not.
func Note(ctx context.Context, db bun.IDB, n Noted) error {
	detail, err := json.Marshal(n.Detail)
	if err != nil {
		return fmt.Errorf("audit: note %s: %w", n.Subject, err)
	}
	var org any
	if n.OrgID != 0 {
		org = n.OrgID
	}
	if _, err := db.ExecContext(ctx, "SELECT audit_note(?, ?, ?, ?, ?, ?)", n.Actor, org, n.At, n.Subject, n.SubjectID, string(detail)); err != nil {
		return fmt.Errorf("audit: note %s: %w", n.Subject, fault.FromSQL(err))
	}
	return nil
}

// Noted is one thing that happened without changing a row.
type Noted struct {
	Actor              string
	OrgID              int32 // 0 = nobody's
	At                 time.Time
	Subject, SubjectID string
	Detail             any
}

// Log reads and seals the account.
type Log struct {
	db  bun.IDB
	now func() time.Time
}

// New opens the log.
func New(db bun.IDB, now func() time.Time) *Log { return &Log{db, now} }

// perSeal bounds a seal so that a broken one points closely at what was changed.
const perSeal = 10_000

// Start is called once before the program serves. It begins a new epoch when the data were restored
// into another PostgreSQL cluster, whose transaction ids count anew.
func (l *Log) Start(ctx context.Context) (epoch int, err error) {
	if err := l.db.NewRaw("SELECT audit_epoch()").Scan(ctx, &epoch); err != nil {
		return 0, fmt.Errorf("audit: start: %w", fault.FromSQL(err))
	}
	return epoch, nil
}

// Seal closes the log over everything that ended since the last seal and returns how many lines it took.
func (l *Log) Seal(ctx context.Context) (sealed int, err error) {
	for {
		var rows int
		if err := l.db.NewRaw("SELECT audit_seal(?, ?)", l.now(), perSeal).Scan(ctx, &rows); err != nil {
			return sealed, fmt.Errorf("audit: seal: %w", fault.FromSQL(err))
		}
		if rows == 0 {
			return sealed, nil
		}
		sealed += rows
	}
}

// Head is the newest seal. Print Hash where the database cannot reach it, so that a log whose tail was
// cut off shows.
type Head struct {
	No     int64     `json:"no"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
	Rows   int64     `json:"rows"`   // sealed in all
	Waits  int64     `json:"waits"`  // not sealed yet
	Broken []Broken  `json:"broken"` // filled by Verify
}

// Broken is a seal that does not hold.
type Broken struct {
	No      int64  `json:"no"`
	Problem string `json:"problem"`
}

// Head reads the newest seal; No is 0 when nothing was sealed yet.
func (l *Log) Head(ctx context.Context) (Head, error) {
	var h Head
	var hash []byte
	var at bun.NullTime
	err := l.db.NewRaw(`
		SELECT coalesce(s.no, 0), coalesce(s.hash, ''), s.at, coalesce(t.rows, 0),
		       (SELECT count(*) FROM audit_log r WHERE (r.epoch, r.xact) >= (coalesce(s.epoch, 0), coalesce(s.to_xact, '0')))
		  FROM (SELECT sum(rows) AS rows FROM audit_seals) t
		  LEFT JOIN (SELECT * FROM audit_seals ORDER BY no DESC LIMIT 1) s ON true`).
		Scan(ctx, &h.No, &hash, &at, &h.Rows, &h.Waits)
	if err != nil {
		return h, fmt.Errorf("audit: head: %w", fault.FromSQL(err))
	}
	h.Hash, h.At = hex.EncodeToString(hash), at.Time
	return h, nil
}

// Verify recomputes every seal from the lines it covers.
func (l *Log) Verify(ctx context.Context) (Head, error) {
	h, err := l.Head(ctx)
	if err != nil {
		return h, err
	}
	if err := l.db.NewRaw("SELECT no, problem FROM audit_verify()").Scan(ctx, &h.Broken); err != nil {
		return h, fmt.Errorf("audit: verify: %w", fault.FromSQL(err))
	}
	return h, nil
}

// Line is one entry of the account. Change is the row after the change (before it, for a delete)
// without personal data; what differed is the difference to the line before.
type Line struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	OrgID  *int32          `json:"-"`
	Actor  string          `json:"actor"`
	Act    string          `json:"act"` // i insert, u update, d delete, n note
	Tbl    string          `json:"table"`
	RowID  string          `json:"row_id"`
	Change json.RawMessage `bun:"type:jsonb" json:"change"`
}

// History is what happened to one row, newest first, as far as it belongs to the organisations the
// reader may see, or to all of them.
func (l *Log) History(ctx context.Context, rowID string, all bool, orgs []int32, limit int) ([]Line, error) {
	var lines []Line
	q := l.db.NewSelect().TableExpr("audit_log").Column("seq", "at", "org_id", "actor", "act", "tbl", "row_id", "change").
		Where("row_id = ?", rowID).OrderExpr("epoch DESC, xact DESC, seq DESC").Limit(int64(min(max(limit, 1), 500)))
	if !all {
		q.Where("org_id IN (?)", bun.List(append([]int32{0}, orgs...)))
	}
	if err := q.Scan(ctx, &lines); err != nil {
		return nil, fmt.Errorf("audit: history of %s: %w", rowID, fault.FromSQL(err))
	}
	return lines, nil
}

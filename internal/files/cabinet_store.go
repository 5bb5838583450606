package files

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/fault"
)

// Cabinet is where files lie.
type Cabinet struct {
	db       bun.IDB
	now      func() time.Time
	decoding chan struct{} // decoded pictures are large: few at a time
}

// New opens the cabinet.
func New(db bun.IDB, now func() time.Time) *Cabinet {
	return &Cabinet{db: db, now: now, decoding: make(chan struct{}, 2)}
}

// In is the cabinet inside a transaction.
func (c *Cabinet) In(tx bun.IDB) *Cabinet { inside := *c; inside.db = tx; return &inside }

const (
	owners  = "f.request_id, f.order_id, f.asset_id, f.sheet_id, f.custody_id, f.quote_id, f.complaint_id"
	columns = "f.id, f.org_id, f.sha256, f.mime, f.size, f.width, f.height, f.kind, f.created_by, f.at, " + owners
)

// Put keeps what is sent. Sending the same bytes again answers the same file. It may be called outside
// a transaction; it says itself who acts.
func (c *Cabinet) Put(ctx context.Context, up Upload) (File, error) {
	var f File
	if len(up.Body) > MaxBytes {
		return f, fault.New(fault.TooLarge, "file_too_large", "the file is larger than %d MB", MaxBytes>>20)
	}
	sum := sha256.Sum256(up.Body)
	if hex.EncodeToString(sum[:]) != up.SHA256 {
		return f, fault.New(fault.Invalid, "file_hash", "the content does not have the hash in its address: send it again").Field("path.sha256", "does not match")
	}
	f, err := c.sent(ctx, sum[:], up.OrgID)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return f, err
	}
	select {
	case c.decoding <- struct{}{}:
	case <-ctx.Done():
		return f, ctx.Err()
	}
	kept, err := cleaned(up.Body)
	<-c.decoding
	if err != nil {
		return f, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return f, fmt.Errorf("keep file: %w", err)
	}
	stored := sha256.Sum256(kept.bytes)
	f = File{ID: id, OrgID: up.OrgID, SHA256: sum[:], Mime: string(kept.mime), Size: len(kept.bytes), Width: kept.width, Height: kept.height, Kind: up.Kind, CreatedBy: up.By, At: c.now()}
	_, err = c.db.ExecContext(ctx, `WITH who AS MATERIALIZED (SELECT set_config('app.actor', ?, true))
		INSERT INTO files (id, org_id, sha256, stored_sha256, bytes, mime, size, width, height, kind, created_by, at)
		SELECT ?::uuid, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::uuid, ?::timestamptz FROM who`,
		up.Actor, f.ID, f.OrgID, sum[:], stored[:], kept.bytes, f.Mime, f.Size, f.Width, f.Height, f.Kind, f.CreatedBy, f.At)
	if err != nil {
		return f, fmt.Errorf("keep file: %w", fault.FromSQL(err))
	}
	return f, nil
}

// sent finds a file by the hash of what was sent, one that nobody owns yet first.
func (c *Cabinet) sent(ctx context.Context, sum []byte, org int32) (File, error) {
	var f File
	err := c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns).Where("f.sha256 = ? AND f.org_id = ?", sum, org).
		OrderExpr("num_nonnulls("+owners+"), f.id").Limit(1).Scan(ctx, &f)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("find file: %w", fault.FromSQL(err))
	}
	return f, err
}

// Attach gives a file that was sent before to a record, under the kind given ("" keeps the file's own).
// A file that another record owns already, or that was sent in another organisation, is copied; doing it
// twice does nothing more. A hash nobody sent is fault.Invalid.
func (c *Cabinet) Attach(ctx context.Context, to Owner, sha256Hex, kind string) (File, error) {
	var f File
	sum, err := hex.DecodeString(sha256Hex)
	if err != nil || len(sum) != sha256.Size {
		return f, fault.New(fault.Invalid, "file_hash", "name the file by its SHA-256 in 64 hexadecimal digits")
	}
	owner := bun.Ident("f." + to.column)
	err = c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns).Where("f.sha256 = ?", sum).
		OrderExpr("? = ? DESC NULLS LAST, f.org_id = ? DESC, num_nonnulls("+owners+"), f.id", owner, to.ID, to.OrgID).
		Limit(1).For("UPDATE").Scan(ctx, &f)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fault.New(fault.Invalid, "file_unsent", "send the file %.12s… first", sha256Hex)
	}
	if err != nil {
		return f, fmt.Errorf("attach file: %w", fault.FromSQL(err))
	}
	var owned *uuid.UUID
	for _, id := range []*uuid.UUID{f.RequestID, f.OrderID, f.AssetID, f.SheetID, f.CustodyID, f.QuoteID, f.ComplaintID} {
		if id != nil {
			owned = id
		}
	}
	switch {
	case owned != nil && *owned == to.ID:
		return f, nil
	case owned == nil && f.OrgID == to.OrgID:
		_, err = c.db.ExecContext(ctx, "UPDATE files SET ? = ?, kind = coalesce(nullif(?, ''), kind) WHERE id = ?", bun.Ident(to.column), to.ID, kind, f.ID)
	default:
		from := f.ID
		if f.ID, err = uuid.NewV7(); err != nil {
			return f, fmt.Errorf("attach file: %w", err)
		}
		_, err = c.db.ExecContext(ctx, `INSERT INTO files (id, org_id, sha256, stored_sha256, bytes, mime, size, width, height, kind, created_by, at, ?)
			SELECT ?, ?, sha256, stored_sha256, bytes, mime, size, width, height, coalesce(nullif(?, ''), kind), created_by, ?, ? FROM files WHERE id = ?`,
			bun.Ident(to.column), f.ID, to.OrgID, kind, c.now(), to.ID, from)
	}
	if err != nil {
		return f, fmt.Errorf("attach file: %w", fault.FromSQL(err))
	}
	var attached File
	err = c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns).Where("f.id = ?", f.ID).Scan(ctx, &attached)
	if err != nil {
		return f, fmt.Errorf("attach file: %w", fault.FromSQL(err))
	}
	return attached, nil
}

// Of lists the files of a record, oldest first, at most 200. Who may see the record may see them.
func (c *Cabinet) Of(ctx context.Context, owner Owner) ([]File, error) {
	found := []File{}
	err := c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns).Where("? = ?", bun.Ident("f."+owner.column), owner.ID).
		OrderExpr("f.id").Limit(200).Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", fault.FromSQL(err))
	}
	return found, nil
}

// Get reads a file with its bytes for somebody who may see its record, or who sent it himself. What he
// may not see does not exist for him.
func (c *Cabinet) Get(ctx context.Context, sight Sight, reader, id uuid.UUID) (File, error) {
	var f File
	if err := sight.Check(); err != nil {
		return f, err
	}
	seen := sight.Reach("EXISTS (SELECT FROM visits v WHERE v.order_id = o.id AND v.engineer_id = :me AND v.state <> 'proposed')", "o.org_id", "o.serving_org_id")
	err := c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns+", f.bytes").
		Join(`LEFT JOIN work_orders AS o ON o.id = coalesce(f.order_id, (SELECT s.order_id FROM sheets s WHERE s.id = f.sheet_id),
			(SELECT q.order_id FROM quotes q WHERE q.id = f.quote_id), (SELECT k.order_id FROM custody k WHERE k.id = f.custody_id),
			(SELECT w.id FROM work_orders w WHERE w.request_id = f.request_id ORDER BY w.id DESC LIMIT 1))`).
		Where("f.id = ?", id).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q.WhereOr("f.created_by = ?", reader).WhereOr("o.id IS NOT NULL AND " + seen)
			if sight.Engineer() == nil {
				// What was found about a complaint is shown by the complaint, to those who may know of it.
				q.WhereOr("o.id IS NULL AND f.complaint_id IS NULL AND " + sight.SQL("f.org_id"))
			}
			return q
		}).Scan(ctx, &f)
	if errors.Is(err, sql.ErrNoRows) {
		return f, unknownFile()
	}
	if err != nil {
		return f, fmt.Errorf("read file: %w", fault.FromSQL(err))
	}
	return f, nil
}

// Whole reads a file with its bytes for whoever was shown the record it belongs to.
func (c *Cabinet) Whole(ctx context.Context, id uuid.UUID) (File, error) {
	var f File
	err := c.db.NewSelect().TableExpr("files AS f").ColumnExpr(columns+", f.bytes").Where("f.id = ?", id).Scan(ctx, &f)
	if errors.Is(err, sql.ErrNoRows) {
		return f, unknownFile()
	}
	if err != nil {
		return f, fmt.Errorf("read file: %w", fault.FromSQL(err))
	}
	return f, nil
}

// Bytes reads the content of a file for the program itself, such as a photo printed on a paper.
func (c *Cabinet) Bytes(ctx context.Context, id uuid.UUID) (mime string, content []byte, err error) {
	err = c.db.NewRaw("SELECT mime, bytes FROM files WHERE id = ?", id).Scan(ctx, &mime, &content)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, unknownFile()
	}
	if err != nil {
		return "", nil, fmt.Errorf("read file: %w", fault.FromSQL(err))
	}
	return mime, content, nil
}

// Sweep removes files that were sent and for a week belonged to no record.
func (c *Cabinet) Sweep(ctx context.Context) (removed int64, err error) {
	result, err := c.db.ExecContext(ctx, `WITH who AS MATERIALIZED (SELECT set_config('app.actor', 'system:files', true))
		DELETE FROM files f USING who WHERE f.at < ? AND num_nonnulls(`+owners+`) = 0`,
		c.now().AddDate(0, 0, -7))
	if err != nil {
		return 0, fmt.Errorf("sweep files: %w", fault.FromSQL(err))
	}
	return result.RowsAffected()
}

// Issue stores a paper as it is handed out. When the same version was stored before, that one is
// answered and the new rendering dropped: everybody gets the same bytes. Belongs into a transaction.
func (c *Cabinet) Issue(ctx context.Context, p Paper) (Paper, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return p, fmt.Errorf("issue paper: %w", err)
	}
	sum := sha256.Sum256(p.Bytes)
	if _, err := c.db.ExecContext(ctx, `INSERT INTO issued_papers (id, org_id, order_id, subject_id, kind, lang, copy, version, sha256, bytes, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ON CONSTRAINT issued_papers_once DO NOTHING`,
		id, p.OrgID, p.OrderID, p.SubjectID, p.Kind, p.Lang, p.Copy, p.Version, sum[:], p.Bytes, c.now()); err != nil {
		return p, fmt.Errorf("issue paper: %w", fault.FromSQL(err))
	}
	stored, found, err := c.Issued(ctx, p.SubjectID, p.Kind, p.Lang, p.Copy, p.Version)
	if err == nil && !found {
		err = fmt.Errorf("issue paper: it is gone again")
	}
	return stored, err
}

// Issued finds a paper as it was handed out.
func (c *Cabinet) Issued(ctx context.Context, subject uuid.UUID, kind, lang, copied string, version int) (p Paper, found bool, err error) {
	err = c.db.NewSelect().TableExpr("issued_papers").Column("id", "org_id", "order_id", "subject_id", "kind", "lang", "copy", "version", "bytes", "sha256", "void_at", "at").
		Where("subject_id = ? AND kind = ? AND lang = ? AND copy = ? AND version = ?", subject, kind, lang, copied, version).Scan(ctx, &p)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("read paper: %w", fault.FromSQL(err))
	}
	return p, true, nil
}

// IssuedKinds are the kinds of paper of an order that were handed out, in any language.
func (c *Cabinet) IssuedKinds(ctx context.Context, order uuid.UUID) (kinds []string, err error) {
	if err := c.db.NewRaw("SELECT DISTINCT kind FROM issued_papers WHERE order_id = ? ORDER BY kind", order).Scan(ctx, &kinds); err != nil {
		return nil, fmt.Errorf("papers of order %s: %w", order, fault.FromSQL(err))
	}
	return kinds, nil
}

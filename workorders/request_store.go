package workorders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// reader reads inside the open transaction when there is one, else from the pool.
func (d *Desk) reader(ctx context.Context) bun.IDB {
	if w, ok := ctx.Value(workKey{}).(*work); ok {
		return w.tx
	}
	return d.db
}

// query grows a WHERE clause with its arguments.
type query struct {
	where []string
	args  []any
}

func (q *query) and(cond string, args ...any) {
	q.where = append(q.where, cond)
	q.args = append(q.args, args...)
}

func (q *query) sql() string {
	if len(q.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.where, " AND ")
}

const requestColumns = `r.id, r.org_id, r.number, o.code AS organisation_code, r.origin, r.channel, r.kind, r.state, r.summary, r.description,
	r.customer_id, coalesce(c.name, '') AS customer_name, r.site_id, coalesce(s.address, '') AS address, r.asset_id,
	coalesce(nullif(concat_ws(' ', nullif(a.brand, ''), nullif(a.model, ''), nullif(a.category, '')), ''), '') AS asset_name, r.reporter_contact_id,
	r.received_at, r.registered_at, r.received_reason, r.reply_due_at, r.replied_at, r.replied_how, r.promised_reply_at, r.told, r.coverage,
	r.duplicate_of, r.reject_reason, r.solution, r.fault_code, r.answered_at, r.came_back, r.external_ref, r.incoming, r.owner_id, r.first_owner_id, r.closed_at, r.version,
	r.handing_to, r.handing_reason, r.bounced, r.group_code, r.read_back, r.flow, r.flow_note, r.feedback, r.feedback_department, r.feedback_at`

const requestTables = ` FROM requests r JOIN organisations o ON o.id = r.org_id LEFT JOIN customers c ON c.id = r.customer_id
	LEFT JOIN sites s ON s.id = r.site_id LEFT JOIN assets a ON a.id = r.asset_id`

// seeRequests limits requests to what the scope may see. An engineer sees those that led to a visit of
// his; a partner those whose orders it serves.
func seeRequests(q *query, s auth.Scope) error {
	if err := s.Check(); err != nil {
		return err
	}
	seen := s.Reach("EXISTS (SELECT 1 FROM work_orders w JOIN visits v ON v.order_id = w.id WHERE w.request_id = r.id AND v.engineer_id = :me AND v.state <> 'proposed')", "r.org_id")
	if s.Engineer() == nil {
		seen = "(" + seen + " OR EXISTS (SELECT 1 FROM work_orders w WHERE w.request_id = r.id AND " + s.SQL("w.serving_org_id") + "))"
	}
	q.and(seen)
	return nil
}

// byRef finds a row by its id or its human number.
func byRef(q *query, alias, ref string) {
	if id, err := uuid.FromString(ref); err == nil {
		q.and(alias+".id = ?", id)
		return
	}
	q.and(alias+".number = ?", ref)
}

func notFound(what, ref string) error {
	return fault.New(fault.NotFound, what+"_not_found", "there is no %s %s here", strings.ReplaceAll(what, "_", " "), ref)
}

// hidden says of a part of an order that it is not here when its order is not the reader's. A database that was away
// meanwhile stays what it is: whoever is told "not found" gives up, whoever is told "try again" does.
func hidden(err error, what, ref string) error {
	if fault.Is(err, fault.NotFound) {
		return notFound(what, ref)
	}
	return err
}

func findRequest(ctx context.Context, db bun.IDB, s auth.Scope, ref string) (Request, error) {
	return readRequest(ctx, db, s, ref, "")
}

func lockRequest(ctx context.Context, db bun.IDB, s auth.Scope, ref string) (Request, error) {
	return readRequest(ctx, db, s, ref, " FOR NO KEY UPDATE OF r")
}

func readRequest(ctx context.Context, db bun.IDB, s auth.Scope, ref, lock string) (Request, error) {
	var q query
	byRef(&q, "r", ref)
	if err := seeRequests(&q, s); err != nil {
		return Request{}, err
	}
	var r Request
	err := db.NewRaw("SELECT "+requestColumns+requestTables+q.sql()+lock, q.args...).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound("request", ref)
	}
	if err != nil {
		return r, fmt.Errorf("request %s: %w", ref, fault.FromSQL(err))
	}
	return r, nil
}

func (d *Desk) listRequests(ctx context.Context, s auth.Scope, f RequestFilter) (keyset.Page[Request], error) {
	var q query
	if err := seeRequests(&q, s); err != nil {
		return keyset.Page[Request]{}, err
	}
	if f.State != "" {
		q.and("r.state IN (?)", bun.List(strings.Split(f.State, ",")))
	}
	if f.Channel != "" {
		q.and("r.channel = ?", f.Channel)
	}
	if f.Kind != "" {
		q.and("r.kind = ?", f.Kind)
	}
	if f.CustomerID != nil {
		q.and("r.customer_id = ?", *f.CustomerID)
	}
	if f.Overdue {
		q.and("r.replied_at IS NULL AND r.reply_due_at < ?", d.now())
	}
	if f.Unlearnt {
		q.and("r.closed_at IS NOT NULL AND r.state <> 'duplicate' AND r.feedback_at IS NULL AND r.origin <> 'import'")
	}
	if f.Ownerless {
		q.and("r.closed_at IS NULL AND (r.owner_id IS NULL OR r.bounced > 0)")
	}
	if f.Group != "" {
		q.and("r.group_code = ?", f.Group)
	}
	if f.Mine != nil {
		q.and("(r.owner_id = ? OR r.handing_to = ?)", *f.Mine, *f.Mine)
	}
	if t := strings.TrimSpace(f.Q); t != "" {
		q.and("r.id IN (SELECT id FROM search_docs WHERE kind = 'request' AND grams @> grams(?) AND words ILIKE ? LIMIT 5000)", t, "%"+likeText(t)+"%")
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return keyset.Page[Request]{}, err
	} else if more {
		q.and("r.id < ?", last)
	}
	rows := []Request{}
	err := d.reader(ctx).NewRaw("SELECT "+requestColumns+requestTables+q.sql()+" ORDER BY r.id DESC LIMIT ?", append(q.args, f.Rows())...).Scan(ctx, &rows)
	if err != nil {
		return keyset.Page[Request]{}, fmt.Errorf("requests: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].AllowedActions, rows[i].Duplicates, rows[i].WorkOrders = RequestMoves.Actions(rows[i].State), []Duplicate{}, []OrderRef{}
	}
	return keyset.Cut(f.Ask, rows, func(r Request) []any { return []any{r.ID} }), nil
}

func insertRequest(ctx context.Context, tx bun.IDB, r Request) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO requests (id, org_id, number, origin, channel, kind, state, summary, description, customer_id, site_id, asset_id, reporter_contact_id,
		received_at, registered_at, received_reason, reply_due_at, replied_at, replied_how, promised_reply_at, told, coverage, external_ref, owner_id, first_owner_id, closed_at, flow)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.OrgID, r.Number, r.Origin, r.Channel, r.Kind, r.State, r.Summary, r.Description, r.CustomerID, r.SiteID, r.AssetID, r.ReporterContactID,
		r.ReceivedAt, r.RegisteredAt, r.ReceivedReason, r.ReplyDueAt, r.RepliedAt, r.RepliedHow, r.PromisedReplyAt, r.Told, string(r.Coverage), r.ExternalRef, r.OwnerID, r.FirstOwnerID, r.ClosedAt, FlowOf(r.Kind))
	if err != nil {
		return fmt.Errorf("register %s: %w", r.Number, err)
	}
	return nil
}

func setRequest(ctx context.Context, tx bun.IDB, id uuid.UUID, set string, args ...any) error {
	if _, err := tx.ExecContext(ctx, "UPDATE requests SET "+set+" WHERE id = ?", append(args, id)...); err != nil {
		return fmt.Errorf("request %s: %w", id, err)
	}
	return nil
}

// duplicatesOf finds what is open for the same device, site or customer.
func (d *Desk) duplicatesOf(ctx context.Context, r Request) ([]Duplicate, error) {
	rows := []Duplicate{}
	if r.CustomerID == nil {
		return rows, nil
	}
	err := d.reader(ctx).NewRaw(`SELECT * FROM (
		SELECT 'request' AS kind, id, number, state, summary, CASE WHEN asset_id = ?1 THEN 'device' WHEN site_id = ?2 THEN 'site' ELSE 'customer' END AS why
		  FROM requests WHERE customer_id = ?0 AND id <> ?3 AND state IN ('received', 'triaged')
		UNION ALL
		SELECT 'work_order', id, number, state, summary, CASE WHEN asset_id = ?1 THEN 'device' WHEN site_id = ?2 THEN 'site' ELSE 'customer' END
		  FROM work_orders WHERE customer_id = ?0 AND request_id IS DISTINCT FROM ?3 AND state NOT IN ('completed', 'closed', 'cancelled', 'cannot_complete')) x
		ORDER BY CASE why WHEN 'device' THEN 0 WHEN 'site' THEN 1 ELSE 2 END, id DESC LIMIT 5`, *r.CustomerID, r.AssetID, r.SiteID, r.ID).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("duplicates: %w", err)
	}
	return rows, nil
}

func (d *Desk) ordersOfRequest(ctx context.Context, id uuid.UUID) ([]OrderRef, error) {
	rows := []OrderRef{}
	err := d.reader(ctx).NewRaw("SELECT id, number, state FROM work_orders WHERE request_id = ? ORDER BY id", id).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("orders of request: %w", err)
	}
	return rows, nil
}

func watchRequest(ctx context.Context, tx bun.IDB, request, user uuid.UUID, since time.Time) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO request_watchers (request_id, user_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", request, user, since); err != nil {
		return fmt.Errorf("watch request: %w", err)
	}
	return nil
}

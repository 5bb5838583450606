package aftercare

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/uptrace/bun"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/internal/say"
)

const (
	complaintColumns = `x.id, x.org_id, o.code AS organisation_code, x.number, x.request_id, x.order_id, coalesce(w.number, '') AS work_order_number, x.customer_id, coalesce(c.name, '') AS customer_name,
	x.follow_up_id, x.channel, x.grade, x.severity, coalesce(x.category, '') AS category, x.text, x.demand, x.against, x.anonymous, x.confidential, x.external_ref, x.external_due_on,
	x.state, x.level, x.owner_id, x.received_at, x.registered_at, x.reply_due_at, x.replied_at, x.replies, x.proposals, x.refused_offers, x.verified_at, x.verification, x.cause, x.resolution, x.closed_at, x.version, x.apology, x.apologised_at, x.root_cause, x.special, x.evidence_asked,
	(SELECT count(*) FROM complaint_evidence e WHERE e.complaint_id = x.id) AS evidence_count, (SELECT k.due_at FROM clocks k WHERE k.subject_id = x.id AND k.kind = 'settle' ORDER BY k.id DESC LIMIT 1) AS over_by`
	complaintTables = ` FROM complaints x JOIN organisations o ON o.id = x.org_id LEFT JOIN work_orders w ON w.id = x.order_id LEFT JOIN customers c ON c.id = x.customer_id`
	day24           = 24 * time.Hour
)

func (w *where) seeComplaints(by auth.Caller) error {
	if err := w.see(by.Scope(), "x.org_id", "x.order_id"); err != nil {
		return err
	}
	if !insider(by) {
		w.and("NOT x.confidential AND x.category IS DISTINCT FROM 'misconduct'")
	}
	return nil
}

func (p Promises) told(c *Complaint) {
	until := p.now()
	if c.RepliedAt != nil {
		until = *c.RepliedAt
	}
	c.Overdue = until.After(c.ReplyDueAt)
	c.AllowedActions = c.actions()
	if c.Replies == nil {
		c.Replies = []Said{}
	}
	if c.Proposals == nil {
		c.Proposals = []Said{}
	}
}

// AddComplaint registers a complaint and starts its 24 hours, counted from when it reached the house. One
// made from a request whose clock still runs takes that clock over. While it is open the follow-up call of
// its order sleeps.
func (p Promises) AddComplaint(ctx context.Context, by auth.Caller, in ComplaintInput) (Complaint, error) {
	return p.addComplaint(ctx, by, in)
}

func (p Promises) addComplaint(ctx context.Context, by auth.Caller, in ComplaintInput) (Complaint, error) {
	at := p.at()
	text, err := word("text", in.Text, "write down what the customer said")
	if err != nil {
		return Complaint{}, err
	}
	if in.Channel == "" {
		in.Channel = "phone"
	}
	if err := oneOf("channel", in.Channel, []string{"phone", "email", "web", "chat", "fax", "letter", "visit", "walk_in", "link", "authority", "media", "api"}); err != nil {
		return Complaint{}, err
	}
	if err := oneOf("grade", in.Grade, []string{"grumble", "complaint"}); err != nil {
		return Complaint{}, err
	}
	if in.Category != "" {
		if err := oneOf("category", in.Category, []string{"attitude", "quality", "delay", "charge", "product", "damage", Misconduct}); err != nil {
			return Complaint{}, err
		}
	}
	if in.Severity < 1 || in.Severity > 4 {
		return Complaint{}, fault.New(fault.Invalid, "severity_invalid", "severity is 1 to 4").Field("body.severity", "must be 1 to 4")
	}
	if len(in.Against) > 0 && !json.Valid(in.Against) {
		return Complaint{}, fault.New(fault.Invalid, "against_invalid", "against is not JSON").Field("body.against", "not JSON")
	}
	org := in.org
	if org == 0 {
		if org, err = p.about(ctx, by, &in); err != nil {
			return Complaint{}, err
		}
	}
	received := at
	if in.ReceivedAt != nil {
		received = in.ReceivedAt.UTC().Truncate(time.Microsecond)
		if received.After(at.Add(time.Minute)) {
			return Complaint{}, fault.New(fault.Invalid, "received_in_future", "received_at lies in the future: check the clock and the date").Field("body.received_at", "must not be in the future")
		}
		if received.After(at) {
			received = at
		}
	}
	if in.RequestID != nil && in.followUp == nil {
		k, err := p.running(ctx, *in.RequestID, "reply")
		if err != nil {
			return Complaint{}, err
		}
		if k != nil { // one clock per matter: it goes on running here
			if since := k.DueAt.Add(-day24); since.Before(received) {
				received = since
			}
			if err := p.StopClocks(ctx, *in.RequestID, at, "reply"); err != nil {
				return Complaint{}, err
			}
		}
	}
	c, err := p.Load(ctx, org)
	if err != nil {
		return Complaint{}, err
	}
	year := calendar.Of(at, c.Zone()).Year()
	var n int64
	if err := p.db.NewRaw("SELECT next_number('CP', ?)", year).Scan(ctx, &n); err != nil {
		return Complaint{}, fmt.Errorf("number of a complaint: %w", fault.FromSQL(err))
	}
	id := newID()
	var against *string
	if len(in.Against) > 0 {
		raw := string(in.Against)
		against = &raw
	}
	_, err = p.db.NewRaw(`INSERT INTO complaints (id, org_id, number, request_id, order_id, customer_id, follow_up_id, channel, grade, severity, category, text, demand, against, anonymous, confidential,
		external_ref, external_due_on, state, owner_id, received_at, registered_at, reply_due_at, special) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?::jsonb, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, org, number("CP", year, n), in.RequestID, in.WorkOrderID, in.CustomerID, in.followUp, in.Channel, in.Grade, in.Severity, in.Category, text, strings.TrimSpace(in.Demand), against, in.Anonymous, in.Confidential,
		in.ExternalRef, in.ExternalDueOn, Registered, in.OwnerID, received, at, received.Add(day24), in.Special).Exec(ctx)
	if err != nil {
		return Complaint{}, fmt.Errorf("add complaint: %w", fault.FromSQL(err))
	}
	if err := p.StartClock(ctx, Clock{OrgID: org, SubjectKind: "complaint", SubjectID: id, Kind: "reply", DueAt: received.Add(day24)}); err != nil {
		return Complaint{}, err
	}
	if in.Grade == "complaint" {
		if err := p.startSettling(ctx, org, id, in.Severity, received); err != nil {
			return Complaint{}, err
		}
	}
	if err := p.evidenceOfItself(ctx, org, id, at, in); err != nil {
		return Complaint{}, err
	}
	if in.WorkOrderID != nil && in.followUp == nil {
		if err := p.Suspend(ctx, *in.WorkOrderID); err != nil {
			return Complaint{}, err
		}
	}
	made, err := p.readComplaint(ctx, id)
	if err != nil {
		return made, err
	}
	return made, p.announceComplaint(ctx, made)
}

// announceComplaint tells the customer that his complaint was written down, which is no reply, and the
// manager of a severe or special one.
func (p Promises) announceComplaint(ctx context.Context, c Complaint) error {
	box := notify.NewOutbox(p.db, p.now)
	if c.Severity >= severe || c.Special {
		m := notify.Message{OrgID: c.OrgID, SubjectID: &c.ID, Audience: "manager", Lang: say.Chinese, Key: "message.manager.severe_complaint", Args: []string{c.Number, strconv.Itoa(c.Severity)}, DueAt: p.at(), Dedupe: "severe:" + c.ID.String()}
		if _, err := box.Send(ctx, m); err != nil {
			return err
		}
	}
	if c.Grade != "complaint" {
		return nil
	}
	return p.tellComplainant(ctx, c, "message.customer.complaint_received", c.Number)
}

// tellComplainant sends a word to who complained, when we know him and may call him.
func (p Promises) tellComplainant(ctx context.Context, c Complaint, key string, args ...string) error {
	if c.CustomerID == nil || c.Anonymous {
		return nil
	}
	var to struct {
		Phone string `bun:"phone"`
		Lang  string `bun:"language"`
	}
	if err := p.db.NewRaw("SELECT coalesce(phone, '') AS phone, language FROM customers WHERE id = ?", *c.CustomerID).Scan(ctx, &to); err != nil {
		return fmt.Errorf("tell who complained: %w", fault.FromSQL(err))
	}
	_, err := notify.NewOutbox(p.db, p.now).Send(ctx, notify.Message{OrgID: c.OrgID, OrderID: c.OrderID, RequestID: c.RequestID, SubjectID: &c.ID, Audience: "customer", To: to.Phone, Lang: to.Lang, Key: key, Args: args, DueAt: p.at()})
	return err
}

// raise brings a complaint to a level at least, and tells who answers for it there. Its state and the duty to
// reply stay as they are.
func (p Promises) raise(ctx context.Context, id uuid.UUID, level int) error {
	c, err := p.readComplaint(ctx, id)
	if err != nil || c.Level >= level {
		return err
	}
	if _, err := p.db.NewRaw("UPDATE complaints SET level = ? WHERE id = ?", level, id).Exec(ctx); err != nil {
		return fmt.Errorf("escalate complaint %s: %w", c.Number, fault.FromSQL(err))
	}
	return p.tellLevel(ctx, c, level)
}

func (p Promises) tellLevel(ctx context.Context, c Complaint, level int) error {
	_, err := notify.NewOutbox(p.db, p.now).Send(ctx, notify.Message{OrgID: c.OrgID, SubjectID: &c.ID, Audience: "manager", Lang: say.Chinese, Key: "message.manager.complaint_level_" + strconv.Itoa(level), Args: []string{c.Number}, DueAt: p.at(),
		Dedupe: "complaint-level:" + c.ID.String() + ":" + strconv.Itoa(level)})
	return err
}

// about fills in what a complaint is about from what was named, and finds whose it is: the organisation of
// the order, the request or the customer, else the caller's own. What is out of sight does not exist.
func (p Promises) about(ctx context.Context, by auth.Caller, in *ComplaintInput) (int32, error) {
	org := by.OrgID
	s := by.Scope()
	if err := s.Check(); err != nil {
		return 0, err
	}
	for _, it := range []struct {
		field, sql string
		id         *uuid.UUID
	}{
		{"customer_id", "SELECT org_id, id AS customer_id, NULL::uuid AS request_id FROM customers x WHERE id = ? AND (" + s.SQL("org_id") + " OR EXISTS (SELECT 1 FROM work_orders w WHERE w.customer_id = x.id AND " + s.SQL("w.serving_org_id") + "))", in.CustomerID},
		{"request_id", "SELECT org_id, customer_id, id AS request_id FROM requests x WHERE id = ? AND (" + s.SQL("org_id") + " OR EXISTS (SELECT 1 FROM work_orders w WHERE w.request_id = x.id AND " + s.SQL("w.serving_org_id") + "))", in.RequestID},
		{"work_order_id", "SELECT org_id, customer_id, request_id FROM work_orders WHERE id = ? AND " + s.SQL("org_id", "serving_org_id"), in.WorkOrderID},
	} {
		if it.id == nil {
			continue
		}
		var row struct {
			OrgID      int32      `bun:"org_id"`
			CustomerID *uuid.UUID `bun:"customer_id"`
			RequestID  *uuid.UUID `bun:"request_id"`
		}
		err := p.db.NewRaw(it.sql, *it.id).Scan(ctx, &row)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, fault.New(fault.Invalid, it.field+"_unknown", "there is no such %s: %s", strings.ReplaceAll(strings.TrimSuffix(it.field, "_id"), "_", " "), it.id).Field("body."+it.field, "unknown")
		}
		if err != nil {
			return 0, fmt.Errorf("add complaint: %w", fault.FromSQL(err))
		}
		org = row.OrgID
		if in.CustomerID == nil {
			in.CustomerID = row.CustomerID
		}
	}
	return org, nil
}

func (p Promises) readComplaint(ctx context.Context, id uuid.UUID) (Complaint, error) {
	var c Complaint
	if err := p.db.NewRaw("SELECT "+complaintColumns+complaintTables+" WHERE x.id = ?", id).Scan(ctx, &c); err != nil {
		return c, fmt.Errorf("complaint %s: %w", id, fault.FromSQL(err))
	}
	p.told(&c)
	return c, nil
}

// Complaint reads one complaint. Unknown, out of sight, and not for these ears are the same fault.NotFound.
func (p Promises) Complaint(ctx context.Context, by auth.Caller, id uuid.UUID) (Complaint, error) {
	c, err := p.findComplaint(ctx, by, id, "")
	if err == nil {
		c.Evidence, err = p.EvidenceOf(ctx, id)
	}
	return c, err
}

func (p Promises) findComplaint(ctx context.Context, by auth.Caller, id uuid.UUID, lock string) (Complaint, error) {
	var w where
	var c Complaint
	w.and("x.id = ?", id)
	if err := w.seeComplaints(by); err != nil {
		return c, err
	}
	err := p.db.NewRaw("SELECT "+complaintColumns+complaintTables+w.String()+lock, w.args...).Scan(ctx, &c)
	if errors.Is(err, sql.ErrNoRows) {
		return c, unknown("complaint", id)
	}
	if err != nil {
		return c, fmt.Errorf("complaint %s: %w", id, fault.FromSQL(err))
	}
	p.told(&c)
	return c, nil
}

// Complaints lists complaints in sight by their deadline, the earliest first.
func (p Promises) Complaints(ctx context.Context, by auth.Caller, f ComplaintFilter) (keyset.Page[Complaint], error) {
	var w where
	if err := w.seeComplaints(by); err != nil {
		return keyset.Page[Complaint]{}, err
	}
	for column, id := range map[string]*uuid.UUID{"x.order_id": f.OrderID, "x.customer_id": f.CustomerID, "x.request_id": f.RequestID, "x.owner_id": f.OwnerID} {
		if id != nil {
			w.and(column+" = ?", *id)
		}
	}
	switch {
	case f.State == "open":
		w.and("x.state <> 'closed'")
	case f.State != "":
		states := strings.Split(f.State, ",")
		for _, state := range states {
			if !slices.Contains(ComplaintMoves.States(), ComplaintState(state)) {
				return keyset.Page[Complaint]{}, fault.New(fault.Invalid, "unknown_state", "there is no state %q of a complaint", state).Field("query.state", "unknown")
			}
		}
		w.and("x.state IN (?)", bun.List(states))
	}
	if f.Grade != "" {
		w.and("x.grade = ?", f.Grade)
	}
	if f.Level != 0 {
		w.and("x.level = ?", f.Level)
	}
	if f.Overdue {
		w.and("x.replied_at IS NULL AND x.reply_due_at < ?", p.at())
	}
	var due time.Time
	var last uuid.UUID
	if more, err := f.After(&due, &last); err != nil {
		return keyset.Page[Complaint]{}, err
	} else if more {
		w.and("(x.reply_due_at, x.id) > (?, ?)", due, last)
	}
	var rows []Complaint
	if err := p.db.NewRaw("SELECT "+complaintColumns+complaintTables+w.String()+" ORDER BY x.reply_due_at, x.id LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Complaint]{}, fmt.Errorf("complaints: %w", fault.FromSQL(err))
	}
	for i := range rows {
		p.told(&rows[i])
	}
	return keyset.Cut(f.Ask, rows, func(c Complaint) []any { return []any{c.ReplyDueAt, c.ID} }), nil
}

// ComplaintDo moves a complaint on. act is reply, verify, propose, accept, refuse, escalate or close.
//
// The first reply stops the clock and opens the investigation; further ones are kept. Escalating raises the
// level to 2 and then to 3, each once, and changes nothing else: the duty to reply stays. Closing a
// complaint needs a reply, an offer accepted or two refused, and the cause.
func (p Promises) ComplaintDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in ComplaintAct) (Complaint, error) {
	c, err := p.findComplaint(ctx, by, id, " FOR NO KEY UPDATE OF x")
	if err != nil {
		return c, err
	}
	if c.State == ClosedMatter {
		_, err := ComplaintMoves.Do(c.State, act)
		return c, err
	}
	var s changes
	if in.RootCause != "" {
		if err := oneOf("root_cause", in.RootCause, RootCauses()); err != nil {
			return c, err
		}
		s.to("root_cause", in.RootCause)
	}
	if apology := strings.TrimSpace(in.Apology); apology != "" && c.Apology == nil {
		s.to("apology", apology)
		s.to("apologised_at", p.at())
	}
	switch act {
	case "reply":
		err = p.reply(ctx, by, &c, in, &s)
	case "verify":
		err = p.verify(in, &s)
	case "propose":
		err = p.propose(by, &c, in, &s)
	case "accept", "refuse":
		err = p.answer(&c, act, &s)
	case "escalate":
		if c.Level >= topLevel {
			return c, fault.New(fault.Conflict, "complaint_top_level", "this complaint is with research and leadership already").Allow(c.actions()...).With("level", c.Level)
		}
		s.to("level", c.Level+1)
		err = p.tellLevel(ctx, c, c.Level+1)
	case "close":
		err = p.closeMatter(ctx, &c, in, &s)
	default:
		err = fault.New(fault.Invalid, "act_unknown", "a complaint cannot %s", act)
	}
	if err != nil {
		return c, err
	}
	if _, err := p.db.NewRaw("UPDATE complaints SET "+strings.Join(s.terms, ", ")+" WHERE id = ?", append(s.args, id)...).Exec(ctx); err != nil {
		return c, fmt.Errorf("%s complaint %s: %w", act, c.Number, fault.FromSQL(err))
	}
	if act == "reply" {
		if err := p.tellComplainant(ctx, c, "message.customer.complaint_answer", c.Number, strings.TrimSpace(in.Text)); err != nil {
			return c, err
		}
	}
	if act == "close" && c.OrderID != nil {
		if err := p.Wake(ctx, *c.OrderID); err != nil {
			return c, err
		}
	}
	return p.readComplaint(ctx, id)
}

// changes grows the SET of an UPDATE with its arguments.
type changes struct {
	terms []string
	args  []any
}

func (s *changes) to(column string, value any) {
	s.terms = append(s.terms, column+" = ?")
	s.args = append(s.args, value)
}

func (s *changes) list(column string, said []Said) error {
	raw, err := json.Marshal(said)
	if err != nil {
		return err
	}
	s.terms = append(s.terms, column+" = ?::jsonb")
	s.args = append(s.args, string(raw))
	return nil
}

func (p Promises) reply(ctx context.Context, by auth.Caller, c *Complaint, in ComplaintAct, s *changes) error {
	text, err := word("text", in.Text, "write what the customer was told")
	if err != nil {
		return err
	}
	at := p.at()
	if in.At != nil {
		if in.At.After(at.Add(time.Minute)) || in.At.Before(c.ReceivedAt) {
			return fault.New(fault.Invalid, "reply_time_invalid", "a reply lies between the complaint and now").Field("body.at", "before the complaint or in the future")
		}
		at = in.At.UTC().Truncate(time.Microsecond)
	}
	if c.RepliedAt == nil {
		to, err := ComplaintMoves.Do(c.State, "reply")
		if err != nil {
			return err
		}
		s.to("state", to)
		s.to("replied_at", at)
		if err := p.MeetClock(ctx, c.ID, "reply", at); err != nil {
			return err
		}
	}
	return s.list("replies", append(c.Replies, Said{At: at, By: by.Actor(), Text: text}))
}

func (p Promises) verify(in ComplaintAct, s *changes) error {
	found, err := word("text", in.Text+in.Reason, "write what was found")
	if err != nil {
		return err
	}
	s.to("verified_at", p.at())
	s.to("verification", found)
	if cause := strings.TrimSpace(in.Cause); cause != "" {
		s.to("cause", cause)
	}
	return nil
}

func (p Promises) propose(by auth.Caller, c *Complaint, in ComplaintAct, s *changes) error {
	offer, err := word("proposal", in.Proposal, "write what the customer is offered")
	if err != nil {
		return err
	}
	to, err := ComplaintMoves.Do(c.State, "propose")
	if err != nil {
		return err
	}
	s.to("state", to)
	return s.list("proposals", append(c.Proposals, Said{At: p.at(), By: by.Actor(), Text: offer}))
}

func (p Promises) answer(c *Complaint, act string, s *changes) error {
	to, err := ComplaintMoves.Do(c.State, act)
	if err != nil {
		return err
	}
	s.to("state", to)
	if act == "refuse" {
		s.to("refused_offers", c.RefusedOffers+1)
	}
	if n := len(c.Proposals); n > 0 {
		c.Proposals[n-1].Answer = string(to)
	}
	return s.list("proposals", c.Proposals)
}

func (p Promises) closeMatter(ctx context.Context, c *Complaint, in ComplaintAct, s *changes) error {
	if err := c.mayClose(); err != nil {
		return err
	}
	to, err := ComplaintMoves.Do(c.State, "close")
	if err != nil {
		return err
	}
	cause := strings.TrimSpace(in.Cause)
	for _, other := range []string{in.Reason, in.Text, in.Resolution} { // whoever closes has to say why it happened, in whichever field
		if cause == "" && c.Cause == nil {
			cause = strings.TrimSpace(other)
		}
	}
	if cause == "" && c.Cause == nil && c.Grade == "complaint" {
		return fault.New(fault.Conflict, "complaint_cause_missing", "say why it happened before the complaint is closed").Field("body.cause", "required to close a complaint").With("state", c.State)
	}
	if cause != "" {
		s.to("cause", cause)
	}
	if resolution := strings.TrimSpace(in.Resolution); resolution != "" {
		s.to("resolution", resolution)
	}
	s.to("state", to)
	s.to("closed_at", p.at())
	if err := p.MeetClock(ctx, c.ID, "settle", p.at()); err != nil {
		return err
	}
	return p.StopClocks(ctx, c.ID, p.at())
}

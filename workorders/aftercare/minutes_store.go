package aftercare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

// Minutes 会议记录 say what was said when a customer was received, or at a meeting, and who does what by when.
// They are not changed afterwards; what was agreed is followed as tasks.
type Minutes struct {
	ID           uuid.UUID     `bun:"id" json:"id"`
	OrgID        int32         `bun:"org_id" json:"-"`
	Number       string        `bun:"number" json:"number"`
	HeldAt       time.Time     `bun:"held_at" json:"held_at"`
	Place        string        `bun:"place" json:"place,omitempty"`
	Present      string        `bun:"present" json:"present"`
	Text         string        `bun:"text" json:"text"`
	CustomerID   *uuid.UUID    `bun:"customer_id" json:"customer_id,omitempty"`
	CustomerName string        `bun:"customer_name" json:"customer_name,omitempty"`
	RequestID    *uuid.UUID    `bun:"request_id" json:"request_id,omitempty"`
	Request      string        `bun:"request_number" json:"request_number,omitempty"`
	ComplaintID  *uuid.UUID    `bun:"complaint_id" json:"complaint_id,omitempty"`
	Complaint    string        `bun:"complaint_number" json:"complaint_number,omitempty"`
	OrderID      *uuid.UUID    `bun:"order_id" json:"work_order_id,omitempty"`
	Order        string        `bun:"work_order_number" json:"work_order_number,omitempty"`
	CreatedAt    time.Time     `bun:"created_at" json:"created_at"`
	CreatedBy    *uuid.UUID    `bun:"created_by" json:"created_by,omitempty"`
	Open         int           `bun:"open" json:"open_tasks"`
	Tasks        []Improvement `bun:"-" json:"tasks,omitempty" doc:"of one paper"`
	Version      int           `bun:"version" json:"version"`
}

// MinutesInput is what a client may say.
type MinutesInput struct {
	HeldAt      *time.Time    `json:"held_at,omitempty" doc:"absent = now"`
	Place       string        `json:"place,omitempty" maxLength:"200"`
	Present     string        `json:"present" minLength:"1" maxLength:"1000" doc:"who was there"`
	Text        string        `json:"text" minLength:"1" maxLength:"20000" doc:"what was said"`
	CustomerID  *uuid.UUID    `json:"customer_id,omitempty"`
	RequestID   *uuid.UUID    `json:"request_id,omitempty"`
	ComplaintID *uuid.UUID    `json:"complaint_id,omitempty"`
	OrderID     *uuid.UUID    `json:"work_order_id,omitempty"`
	Tasks       []MinutesTask `json:"tasks,omitempty" maxItems:"30"`
}

// MinutesTask is one thing that somebody does by a day.
type MinutesTask struct {
	Text       string         `json:"text" minLength:"1" maxLength:"4000"`
	OwnerID    *uuid.UUID     `json:"owner_id,omitempty" doc:"absent = whoever wrote the minutes"`
	Department string         `json:"department,omitempty" maxLength:"100"`
	DueOn      *calendar.Date `json:"due_on,omitempty" format:"date" doc:"absent = in a week"`
}

const minutesColumns = `m.id, m.org_id, m.number, m.held_at, m.place, m.present, m.text, m.customer_id, coalesce(c.name, '') AS customer_name, m.request_id, coalesce(r.number, '') AS request_number,
	m.complaint_id, coalesce(x.number, '') AS complaint_number, m.order_id, coalesce(w.number, '') AS work_order_number, m.created_at, m.created_by, m.version,
	(SELECT count(*) FROM improvements i WHERE i.minutes_id = m.id AND i.state IN ('open', 'done')) AS open
	FROM minutes m LEFT JOIN customers c ON c.id = m.customer_id LEFT JOIN requests r ON r.id = m.request_id LEFT JOIN complaints x ON x.id = m.complaint_id LEFT JOIN work_orders w ON w.id = m.order_id`

// seeMinutes: minutes about a complaint that is not for everybody's ears are not either.
func (w *where) seeMinutes(by auth.Caller) error {
	if err := w.see(by.Scope(), "m.org_id", "m.order_id"); err != nil {
		return err
	}
	if !insider(by) {
		w.and("(x.id IS NULL OR NOT x.confidential AND x.category IS DISTINCT FROM 'misconduct')")
	}
	return nil
}

// WriteMinutes writes them down and makes a task of each thing that was agreed.
func (p Promises) WriteMinutes(ctx context.Context, by auth.Caller, in MinutesInput) (Minutes, error) {
	text, err := word("text", in.Text, "write down what was said")
	if err != nil {
		return Minutes{}, err
	}
	present, err := word("present", in.Present, "say who was there")
	if err != nil {
		return Minutes{}, err
	}
	at := p.at()
	held := at
	if in.HeldAt != nil {
		if held = in.HeldAt.UTC().Truncate(time.Microsecond); held.After(at) {
			return Minutes{}, fault.New(fault.Invalid, "minutes_not_ahead", "minutes are of a meeting that was: its time lies in the future").Field("body.held_at", "must not be in the future")
		}
	}
	about := ComplaintInput{CustomerID: in.CustomerID, RequestID: in.RequestID, WorkOrderID: in.OrderID}
	org, err := p.about(ctx, by, &about)
	if err != nil {
		return Minutes{}, err
	}
	if in.ComplaintID != nil {
		c, err := p.Complaint(ctx, by, *in.ComplaintID)
		if err != nil {
			return Minutes{}, err
		}
		org, about.CustomerID = c.OrgID, orElse(about.CustomerID, c.CustomerID)
	}
	year := calendar.Of(at, calendar.Shanghai()).Year()
	var n int64
	if err := p.db.NewRaw("SELECT next_number('MM', ?)", year).Scan(ctx, &n); err != nil {
		return Minutes{}, fmt.Errorf("number of minutes: %w", fault.FromSQL(err))
	}
	id := newID()
	_, err = p.db.NewRaw(`INSERT INTO minutes (id, org_id, number, held_at, place, present, text, customer_id, request_id, complaint_id, order_id, created_at, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, org, number("MM", year, n), held, strings.TrimSpace(in.Place), present, text, about.CustomerID, in.RequestID, in.ComplaintID, in.OrderID, at, person(by)).Exec(ctx)
	if err != nil {
		return Minutes{}, fmt.Errorf("write minutes: %w", fault.FromSQL(err))
	}
	for _, t := range in.Tasks {
		task := ImprovementInput{Kind: "task", Text: t.Text, Department: t.Department, OwnerID: orElse(t.OwnerID, person(by)), DueOn: t.DueOn, Complaint: in.ComplaintID, RequestID: in.RequestID, OrderID: in.OrderID, CustomerID: about.CustomerID, OrgID: org, minutes: &id}
		if _, err := p.AddImprovement(ctx, by, task); err != nil {
			return Minutes{}, err
		}
	}
	return p.MinutesOf(ctx, by, id)
}

// MinutesOf reads one paper with its tasks. Unknown and out of sight are the same fault.NotFound.
func (p Promises) MinutesOf(ctx context.Context, by auth.Caller, id uuid.UUID) (Minutes, error) {
	var w where
	var m Minutes
	w.and("m.id = ?", id)
	if err := w.seeMinutes(by); err != nil {
		return m, err
	}
	err := p.db.NewRaw("SELECT "+minutesColumns+w.String(), w.args...).Scan(ctx, &m)
	if errors.Is(err, sql.ErrNoRows) {
		return m, unknown("minutes", id)
	}
	if err != nil {
		return m, fmt.Errorf("minutes %s: %w", id, fault.FromSQL(err))
	}
	if err := p.db.NewRaw("SELECT "+improvementColumns+" WHERE i.minutes_id = ? ORDER BY i.id LIMIT 100", id).Scan(ctx, &m.Tasks); err != nil {
		return m, fmt.Errorf("tasks of %s: %w", m.Number, fault.FromSQL(err))
	}
	for i := range m.Tasks {
		p.shownImprovement(&m.Tasks[i])
	}
	return m, nil
}

// MinutesFilter narrows the list; newest first.
type MinutesFilter struct {
	keyset.Ask
	CustomerID  *uuid.UUID `json:"-"`
	RequestID   *uuid.UUID `json:"-"`
	ComplaintID *uuid.UUID `json:"-"`
}

// MinutesList lists what is in sight.
func (p Promises) MinutesList(ctx context.Context, by auth.Caller, f MinutesFilter) (keyset.Page[Minutes], error) {
	var w where
	if err := w.seeMinutes(by); err != nil {
		return keyset.Page[Minutes]{}, err
	}
	for column, id := range map[string]*uuid.UUID{"m.customer_id": f.CustomerID, "m.request_id": f.RequestID, "m.complaint_id": f.ComplaintID} {
		if id != nil {
			w.and(column+" = ?", *id)
		}
	}
	var held time.Time
	var last uuid.UUID
	if more, err := f.After(&held, &last); err != nil {
		return keyset.Page[Minutes]{}, err
	} else if more {
		w.and("(m.held_at, m.id) < (?, ?)", held, last)
	}
	rows := []Minutes{}
	if err := p.db.NewRaw("SELECT "+minutesColumns+w.String()+" ORDER BY m.held_at DESC, m.id DESC LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[Minutes]{}, fmt.Errorf("minutes: %w", fault.FromSQL(err))
	}
	return keyset.Cut(f.Ask, rows, func(m Minutes) []any { return []any{m.HeldAt, m.ID} }), nil
}

package aftercare

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
)

// Evidence is what a complaint is judged by: a picture or a scan, or a record of the house by its number. It is
// added and never changed. A complaint cannot end without any; a grumble can.
type Evidence struct {
	ID     uuid.UUID  `bun:"id" json:"id"`
	FileID *uuid.UUID `bun:"file_id" json:"file_id,omitempty"`
	Mime   string     `bun:"mime" json:"mime,omitempty"`
	Record string     `bun:"record" json:"record,omitempty" doc:"number of a record of the house"`
	Kind   string     `bun:"-" json:"kind" enum:"file,request,work_order,sheet,quote,receipt,custody,follow_up,minutes,complaint" doc:"what the number names"`
	Note   string     `bun:"note" json:"note,omitempty"`
	At     time.Time  `bun:"at" json:"at"`
	Actor  string     `bun:"actor" json:"actor"`
}

// EvidenceInput adds one piece: exactly one of file and record.
type EvidenceInput struct {
	File   string `json:"file,omitempty" maxLength:"64" doc:"SHA-256 of a file that was sent before"`
	Record string `json:"record,omitempty" maxLength:"40" doc:"number of a request, order, sheet, quote, receipt, custody, follow-up, complaint or of minutes"`
	Note   string `json:"note,omitempty" maxLength:"1000" doc:"what it shows"`
}

// records are where numbers stand that may be named as evidence.
const records = `(SELECT 'request' AS kind, number, org_id FROM requests UNION ALL SELECT 'work_order', number, org_id FROM work_orders UNION ALL SELECT 'sheet', number, org_id FROM sheets
	UNION ALL SELECT 'quote', number, org_id FROM quotes UNION ALL SELECT 'receipt', number, org_id FROM receipts UNION ALL SELECT 'custody', number, org_id FROM custody
	UNION ALL SELECT 'follow_up', number, org_id FROM follow_ups UNION ALL SELECT 'minutes', number, org_id FROM minutes UNION ALL SELECT 'complaint', number, org_id FROM complaints) r`

// EvidenceOf lists what is on file about a complaint, oldest first. Who may read it is asked of the complaint.
func (p Promises) EvidenceOf(ctx context.Context, complaint uuid.UUID) ([]Evidence, error) {
	rows := []Evidence{}
	err := p.db.NewRaw("SELECT e.id, e.file_id, coalesce(f.mime, '') AS mime, e.record, e.note, e.at, e.actor FROM complaint_evidence e LEFT JOIN files f ON f.id = e.file_id WHERE e.complaint_id = ? ORDER BY e.id LIMIT 200", complaint).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", complaint, fault.FromSQL(err))
	}
	for i := range rows {
		if rows[i].Kind = "file"; rows[i].FileID == nil {
			if err := p.db.NewRaw("SELECT kind FROM "+records+" WHERE number = ? LIMIT 1", rows[i].Record).Scan(ctx, &rows[i].Kind); err != nil {
				return nil, fmt.Errorf("evidence %s: %w", rows[i].Record, fault.FromSQL(err))
			}
		}
	}
	return rows, nil
}

// AddEvidence adds a record of the house, or the file that was tied to the complaint before. A number that
// nothing in sight bears is fault.Invalid; what is on file already stays as it is.
func (p Promises) AddEvidence(ctx context.Context, by auth.Caller, id uuid.UUID, file *uuid.UUID, in EvidenceInput) (Complaint, error) {
	c, err := p.findComplaint(ctx, by, id, " FOR NO KEY UPDATE OF x")
	if err != nil {
		return c, err
	}
	if c.State == ClosedMatter {
		_, err := ComplaintMoves.Do(c.State, "evidence")
		return c, err
	}
	record := strings.ToUpper(strings.TrimSpace(in.Record))
	switch {
	case (file == nil) == (record == ""):
		return c, fault.New(fault.Invalid, "evidence_missing", "add a picture or a scan, or the number of a record").Field("body.record", "either a file or a number")
	case record != "":
		var known bool
		if err := p.db.NewRaw("SELECT EXISTS (SELECT FROM "+records+" WHERE number = ? AND "+by.Scope().SQL("r.org_id")+")", record).Scan(ctx, &known); err != nil {
			return c, fmt.Errorf("evidence %s: %w", record, fault.FromSQL(err))
		}
		if !known || record == c.Number {
			return c, fault.New(fault.Invalid, "evidence_unknown", "no other record bears the number %s", record).Field("body.record", "unknown")
		}
	}
	if err := p.putEvidence(ctx, c.OrgID, id, file, record, strings.TrimSpace(in.Note), by.Actor(), p.at()); err != nil {
		return c, err
	}
	return p.readComplaint(ctx, id)
}

func (p Promises) putEvidence(ctx context.Context, org int32, complaint uuid.UUID, file *uuid.UUID, record, note, actor string, at time.Time) error {
	_, err := p.db.NewRaw("INSERT INTO complaint_evidence (id, org_id, complaint_id, file_id, record, note, at, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ON CONSTRAINT complaint_evidence_once DO NOTHING",
		newID(), org, complaint, file, record, note, at, actor).Exec(ctx)
	if err != nil {
		return fmt.Errorf("evidence of a complaint: %w", fault.FromSQL(err))
	}
	return nil
}

// evidenceOfItself puts on file what a complaint came with: the call in which it was said, or the letter.
func (p Promises) evidenceOfItself(ctx context.Context, org int32, complaint uuid.UUID, at time.Time, in ComplaintInput) error {
	var numbers []string
	err := p.db.NewRaw("SELECT number FROM follow_ups WHERE id = ? UNION ALL SELECT number FROM requests WHERE id = ? AND incoming IS NOT NULL", in.followUp, in.RequestID).Scan(ctx, &numbers)
	if err != nil {
		return fmt.Errorf("evidence of a complaint: %w", fault.FromSQL(err))
	}
	for _, number := range numbers {
		if err := p.putEvidence(ctx, org, complaint, nil, number, "", auth.System("complaint").Actor(), at); err != nil {
			return err
		}
	}
	return nil
}

// startSettling starts the clock by which a complaint of a severity is over.
func (p Promises) startSettling(ctx context.Context, org int32, complaint uuid.UUID, severity int, received time.Time) error {
	var hours int
	if err := p.db.NewRaw("SELECT hours FROM complaint_targets WHERE severity = ?", severity).Scan(ctx, &hours); err != nil {
		return fmt.Errorf("target of a complaint: %w", fault.FromSQL(err))
	}
	return p.StartClock(ctx, Clock{OrgID: org, SubjectKind: "complaint", SubjectID: complaint, Kind: "settle", DueAt: received.Add(time.Duration(hours) * time.Hour)})
}

// ComplaintTarget is by when a complaint of a severity is over, in hours from when it reached the house.
type ComplaintTarget struct {
	Severity int `bun:"severity" json:"severity" minimum:"1" maximum:"4" doc:"4 = worst"`
	Hours    int `bun:"hours" json:"hours" minimum:"24" maximum:"8784"`
	Version  int `bun:"version" json:"version,omitempty" doc:"not taken from a client"`
}

// ComplaintTargets lists them, the worst first.
func (p Promises) ComplaintTargets(ctx context.Context) ([]ComplaintTarget, error) {
	rows := []ComplaintTarget{}
	if err := p.db.NewRaw("SELECT severity, hours, version FROM complaint_targets ORDER BY severity DESC").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("targets of complaints: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// PutComplaintTarget changes one for complaints registered from now on.
func (p Promises) PutComplaintTarget(ctx context.Context, t ComplaintTarget) (ComplaintTarget, error) {
	if t.Hours < 24 || t.Hours > 8784 {
		return t, fault.New(fault.Invalid, "complaint_targets_hours", "the first reply has 24 hours, so the end has at least as many, and at most a year").Field("body.hours", "24 to 8784")
	}
	err := p.db.NewRaw("UPDATE complaint_targets SET hours = ? WHERE severity = ? RETURNING severity, hours, version", t.Hours, t.Severity).Scan(ctx, &t)
	if err != nil {
		return t, fmt.Errorf("target of complaints: %w", fault.FromSQL(err))
	}
	return t, nil
}

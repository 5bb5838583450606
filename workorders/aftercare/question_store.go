package aftercare

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/notify"
	"paigong/internal/say"
)

// Subject is what a question to the technical department is about: the device and what was found on it. It names
// neither the customer nor his phone.
type Subject struct {
	Device  string   `json:"device,omitempty" doc:"category, brand, model and serial number"`
	Codes   []string `json:"codes" doc:"fault, cause and action of every sheet of the device, the latest first"`
	Repairs int      `json:"repairs" doc:"how often it was repaired before"`
}

// interim is after how many days without an answer the customer hears from us again.
const interim = 3

// subject fills in what a question is about, from its order, or the order or device of its complaint or request.
func (p Promises) subject(ctx context.Context, i *Improvement) error {
	if i.Kind != "question" {
		return nil
	}
	var asset *uuid.UUID
	err := p.db.NewRaw(`SELECT coalesce((SELECT asset_id FROM work_orders WHERE id = ?), (SELECT w.asset_id FROM complaints x JOIN work_orders w ON w.id = x.order_id WHERE x.id = ?),
		(SELECT r.asset_id FROM complaints x JOIN requests r ON r.id = x.request_id WHERE x.id = ?), (SELECT asset_id FROM requests WHERE id = ?))`, i.OrderID, i.Complaint, i.Complaint, i.RequestID).Scan(ctx, &asset)
	if err != nil {
		return fmt.Errorf("what %s is about: %w", i.Number, fault.FromSQL(err))
	}
	i.Customer = ""
	s := Subject{Codes: []string{}}
	if asset == nil {
		i.Subject = &s
		return nil
	}
	if err := p.db.NewRaw("SELECT concat_ws(' ', nullif(category, ''), nullif(brand, ''), nullif(model, ''), nullif(serial_number, '')) FROM assets WHERE id = ?", *asset).Scan(ctx, &s.Device); err != nil {
		return fmt.Errorf("what %s is about: %w", i.Number, fault.FromSQL(err))
	}
	var sheets []struct {
		Codes string `bun:"codes"`
		Done  bool   `bun:"done"`
	}
	err = p.db.NewRaw(`SELECT concat_ws(' / ', s.fault_code, s.cause_code, s.action_code) AS codes, s.outcome = 'done' AS done FROM sheets s JOIN work_orders w ON w.id = s.order_id
		WHERE w.asset_id = ? AND s.replaced_at IS NULL ORDER BY s.finished_at DESC, s.id LIMIT 20`, *asset).Scan(ctx, &sheets)
	if err != nil {
		return fmt.Errorf("what %s is about: %w", i.Number, fault.FromSQL(err))
	}
	for _, sheet := range sheets {
		if sheet.Codes != "" {
			s.Codes = append(s.Codes, sheet.Codes)
		}
		if sheet.Done {
			s.Repairs++
		}
	}
	i.Subject = &s
	return nil
}

// RemindQuestions reminds the department of a question the day before it is due. One that is not answered by then
// is before the manager, and the customer hears from us then and every three days after, until it is.
func (p Promises) RemindQuestions(ctx context.Context) error {
	today := calendar.Of(p.at(), calendar.Shanghai())
	var open []Improvement
	if err := p.db.NewRaw("SELECT "+improvementColumns+" WHERE i.kind = 'question' AND i.state = 'open' AND i.due_on <= ? ORDER BY i.due_on, i.id", today.AddDays(1)).Scan(ctx, &open); err != nil {
		return fmt.Errorf("questions that are due: %w", fault.FromSQL(err))
	}
	box := notify.NewOutbox(p.db, p.now)
	for _, i := range open {
		m := notify.Message{OrgID: i.OrgID, SubjectID: &i.ID, Audience: "desk", Lang: say.Chinese, Key: "message.desk.question_due", Args: []string{i.Number, i.DueOn.String()}, DueAt: p.at(),
			Dedupe: "question-due:" + i.ID.String() + ":" + strconv.Itoa(i.Rounds)}
		late := today.Sub(i.DueOn)
		if late > 0 {
			m.Audience, m.Key, m.Dedupe = "manager", "message.manager.question_overdue", "question-late:"+i.ID.String()+":"+strconv.Itoa(i.Rounds)+":"+strconv.Itoa((late-1)/interim)
		}
		sent, err := box.Send(ctx, m)
		if err != nil {
			return err
		}
		if sent.IsNil() || late <= 0 || i.CustomerID == nil && i.Complaint == nil && i.RequestID == nil {
			continue
		}
		in := CallbackInput{Reason: "promised_reply", OrderID: i.OrderID, RequestID: i.RequestID, ComplaintID: i.Complaint, CustomerID: i.CustomerID, OrgID: i.OrgID, Text: say.Text(say.Chinese, "aftercare.question_open", i.Number)}
		if _, err := p.AddCallback(ctx, auth.System("question"), in); err != nil {
			return err
		}
	}
	return nil
}

package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/workorders/aftercare"
)

// AddImprovement writes down what has to become better, or a question to a department. A question stands in the
// story of what it is about.
func (d *Desk) AddImprovement(ctx context.Context, by auth.Caller, in aftercare.ImprovementInput) (aftercare.Improvement, error) {
	var i aftercare.Improvement
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if i, err = w.promises.AddImprovement(ctx, by, in); err != nil {
			return err
		}
		return w.noteQuestion(ctx, i, "question_asked", i.Text)
	})
	return i, err
}

// ImprovementDo moves one on: do, verify or decline. The answer to a question is told to the desk that waits for it.
func (d *Desk) ImprovementDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in aftercare.ImprovementAct) (aftercare.Improvement, error) {
	var i aftercare.Improvement
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if i, err = w.promises.ImprovementDo(ctx, by, id, act, in); err != nil {
			return err
		}
		if act != "do" || i.Kind != "question" {
			return nil
		}
		if err := w.noteQuestion(ctx, i, "question_answered", i.Result); err != nil {
			return err
		}
		_, err = w.outbox.Send(ctx, notify.Message{OrgID: i.OrgID, SubjectID: &i.ID, OrderID: i.OrderID, RequestID: i.RequestID, Audience: "desk", Lang: say.Chinese, Key: "message.desk.question_answered", Args: []string{i.Number}, DueAt: w.at})
		return err
	})
	return i, err
}

func (w *work) noteQuestion(ctx context.Context, i aftercare.Improvement, action, text string) error {
	if i.Kind != "question" || i.OrderID == nil && i.RequestID == nil && i.Complaint == nil {
		return nil
	}
	return w.note(ctx, said{Order: i.OrderID, Request: i.RequestID, Complaint: i.Complaint, OrgID: i.OrgID, Action: action, Reason: text, Data: map[string]any{"number": i.Number}})
}

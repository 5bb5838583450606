package workorders

import (
	"context"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/workorders/aftercare"
)

// newNeed registers what a customer says in a follow-up call he needs besides.
func (w *work) newNeed(ctx context.Context, f aftercare.FollowUp, o *Order, in *aftercare.AttemptInput) (string, error) {
	summary := firstLine(in.NewRequest)
	if summary == "" {
		summary = firstLine(in.Comment)
	}
	if summary == "" {
		return "", fault.New(fault.Invalid, "new_request_missing", "say in a line what the customer needs").Field("body.new_request", "required with next = new_request")
	}
	input := RequestInput{Channel: "phone", Kind: "repair", CustomerID: f.CustomerID, Summary: summary, Description: in.Comment, Told: ""}
	if o != nil {
		input.SiteID = o.SiteID
	}
	made, err := w.Register(ctx, w.by, input)
	if err != nil {
		return "", err
	}
	in.RequestID = &made.ID
	return made.Number, w.note(ctx, said{Request: &made.ID, OrgID: made.OrgID, Action: "from_follow_up", Data: map[string]any{"follow_up": f.Number}})
}

// VisitInstead makes a visit of a follow-up call: a request to inspect and its order, which is dispatched like
// any other and costs the customer nothing.
func (d *Desk) VisitInstead(ctx context.Context, by auth.Caller, id uuid.UUID) (aftercare.FollowUp, error) {
	var out aftercare.FollowUp
	err := d.change(ctx, by, func(ctx context.Context, w *work) error {
		f, err := w.promises.FollowUp(ctx, by.Scope(), id)
		if err != nil {
			return err
		}
		if f.VisitOrderID != nil || f.CustomerID == nil {
			return fault.New(fault.Conflict, "follow_up_visit_planned", "a visit is planned for this call already, or nobody is known to be visited")
		}
		input := RequestInput{Channel: "api", Kind: "inspect", CustomerID: f.CustomerID, Summary: firstLine("回访上门 " + f.Number + " " + f.Summary), Told: f.Number}
		if f.OrderID != nil {
			o, err := findOrder(ctx, w.tx, by.Scope(), f.OrderID.String())
			if err != nil {
				return err
			}
			input.SiteID, input.AssetID = o.SiteID, o.AssetID
		}
		if input.SiteID == nil { // a campaign knows the customer alone: his first address
			c, err := w.book.Customer(ctx, by.Scope(), *f.CustomerID)
			if err != nil {
				return err
			}
			if len(c.Sites) > 0 {
				input.SiteID = &c.Sites[0].ID
			}
		}
		r, err := d.Register(ctx, by, input)
		if err != nil {
			return err
		}
		o, err := d.OpenOrder(ctx, by, r.ID.String(), OrderInput{Kind: "inspect", Priority: 3, DurationMinutes: 30})
		if err != nil {
			return err
		}
		if o.Chargeable { // looking after our own work costs nobody anything
			if _, err := d.DecideCoverage(ctx, auth.System("follow-up"), o.ID.String(), CoverageInput{Line: "all", Source: "goodwill", Reason: "follow-up visit " + f.Number}); err != nil {
				return err
			}
		}
		out, err = w.promises.SetMode(ctx, by, id, "visit", &o.ID)
		return err
	})
	return out, err
}

// HandRequest offers a request to a colleague. Whoever was asked first stays responsible until he accepts.
func (d *Desk) HandRequest(ctx context.Context, by auth.Caller, ref string, to uuid.UUID, reason string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if reason = strings.TrimSpace(reason); reason == "" {
			return fault.New(fault.Invalid, "reason_missing", "say why somebody else should take it").Field("body.reason", "must not be blank")
		}
		if r.ClosedAt != nil {
			return fault.New(fault.Conflict, "request_ended", "this request has ended")
		}
		if _, err := w.people.In(w.tx).User(ctx, auth.System("hand-over").Scope(), to); err != nil {
			return err
		}
		if err := setRequest(ctx, w.tx, r.ID, "handing_to = ?, handing_at = ?, handing_reason = ?", to, w.at, reason); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "request_offered", Reason: reason, Data: map[string]any{"to": to}})
	})
}

// AnswerHanding accepts or refuses a request somebody offered. Who had it stays a watcher until it ends; a
// refusal leaves it where it is, and counts.
func (d *Desk) AnswerHanding(ctx context.Context, by auth.Caller, ref string, accept bool, reason string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if r.HandingTo == nil {
			return fault.New(fault.Conflict, "request_not_offered", "nobody offered this request")
		}
		if *r.HandingTo != by.UserID && !by.Is(auth.Admin, auth.Manager, auth.Lead) {
			return fault.New(fault.Forbidden, "request_offered_to_another", "it was offered to somebody else")
		}
		if !accept {
			if strings.TrimSpace(reason) == "" {
				return fault.New(fault.Invalid, "reason_missing", "say why you cannot take it").Field("body.reason", "must not be blank")
			}
			if err := setRequest(ctx, w.tx, r.ID, "handing_to = NULL, handing_at = NULL, handing_reason = '', bounced = bounced + 1"); err != nil {
				return err
			}
			return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "request_bounced", Reason: reason})
		}
		if r.OwnerID != nil {
			if err := watchRequest(ctx, w.tx, r.ID, *r.OwnerID, w.at); err != nil {
				return err
			}
		}
		if err := setRequest(ctx, w.tx, r.ID, "owner_id = handing_to, first_owner_id = coalesce(first_owner_id, handing_to), handing_to = NULL, handing_at = NULL, handing_reason = ''"); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "request_taken_over"})
	})
}

// Flows are the ways a request may take. Each ends with the reply to the customer and with what the house
// learnt from it; handing a matter on ends neither.
//
//   - simple: take, solve, reply, feed back
//   - dispute: take, complaints officer, verify, reply, feed back
//   - technical: take, technical agent, verify, reply, feed back
//   - unsolvable: take, technical department, reply, feed back
func Flows() []string { return []string{"simple", "dispute", "technical", "unsolvable"} }

// FlowOf is the way a request of a kind takes unless somebody sends it another.
func FlowOf(kind string) string {
	if kind == "complaint" {
		return "dispute"
	}
	return "simple"
}

// SetFlow sends a request another way, and says to whom. The technical department gets a question with a date.
func (d *Desk) SetFlow(ctx context.Context, by auth.Caller, ref, flow, note string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if !slices.Contains(Flows(), flow) {
			return fault.New(fault.Invalid, "unknown_flow", "a request goes one of the ways %s", strings.Join(Flows(), ", ")).Field("body.flow", "unknown")
		}
		if note = strings.TrimSpace(note); note == "" && flow != "simple" {
			return fault.New(fault.Invalid, "reason_missing", "say what has to be found out").Field("body.note", "must not be blank")
		}
		if err := setRequest(ctx, w.tx, r.ID, "flow = ?, flow_note = ?", flow, note); err != nil {
			return err
		}
		if group := flowGroup[flow]; group != "" {
			if err := w.intoQueue(ctx, r, group); err != nil {
				return err
			}
		}
		department := map[string]string{"dispute": "complaints", "technical": "technical", "unsolvable": "technical"}[flow]
		if department != "" {
			due := calendar.Of(w.at, calendar.Shanghai()).AddDays(2)
			i, err := w.promises.AddImprovement(ctx, by, aftercare.ImprovementInput{Kind: "question", Text: note, Department: department, DueOn: &due, RequestID: &r.ID, CustomerID: r.CustomerID, OrgID: r.OrgID})
			if err != nil {
				return err
			}
			if err := w.noteQuestion(ctx, i, "question_asked", note); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "flow", Reason: note, Data: map[string]any{"flow": flow}})
	})
}

// FeedBack writes down what the house learnt from a request, and which department hears of it. It comes after
// the reply: the customer first.
func (d *Desk) FeedBack(ctx context.Context, by auth.Caller, ref, text, department string) (Request, error) {
	return d.onRequest(ctx, by, ref, func(ctx context.Context, w *work, r *Request) error {
		if text = strings.TrimSpace(text); text == "" {
			return fault.New(fault.Invalid, "feedback_missing", "say what this tells us").Field("body.text", "must not be blank")
		}
		if err := w.mustBeReplied(r); err != nil {
			return err
		}
		if err := setRequest(ctx, w.tx, r.ID, "feedback = ?, feedback_department = ?, feedback_at = ?, feedback_by = ?", text, strings.TrimSpace(department), w.at, w.actorID()); err != nil {
			return err
		}
		return w.note(ctx, said{Request: &r.ID, OrgID: r.OrgID, Action: "feedback", Reason: text, Data: map[string]any{"department": department}})
	})
}

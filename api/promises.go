package api

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/keyset"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

func (s *Server) followUps(ctx context.Context, by auth.Caller, in *struct {
	aftercare.FollowUpFilter
	Due      string `query:"due_on" format:"date" doc:"due on this day; today's list with what is overdue is to=TODAY&state=open"`
	FromDay  string `query:"from" format:"date"`
	ToDay    string `query:"to" format:"date"`
	Assignee string `query:"assignee" doc:"person's id"`
	Order    string `query:"work_order" doc:"order's id"`
	Customer string `query:"customer" doc:"customer's id"`
}) (keyset.Page[aftercare.FollowUp], error) {
	f := in.FollowUpFilter
	if err := firstOf(
		into(&f.DueOn)(day("due_on", in.Due)), into(&f.From)(day("from", in.FromDay)), into(&f.To)(day("to", in.ToDay)),
		into(&f.AssigneeID)(idIn("assignee", in.Assignee)), into(&f.OrderID)(s.orderIn(ctx, by, in.Order)), into(&f.CustomerID)(idIn("customer", in.Customer)),
	); err != nil {
		return keyset.Page[aftercare.FollowUp]{}, err
	}
	return s.desk.Look(ctx).Promises.FollowUps(ctx, by.Scope(), f)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// orderIn reads an order of a query by id or number; absent is nil.
func (s *Server) orderIn(ctx context.Context, by auth.Caller, text string) (*uuid.UUID, error) {
	if text == "" {
		return nil, nil
	}
	if id, err := uuid.FromString(text); err == nil {
		return &id, nil
	}
	o, err := s.desk.Order(ctx, by, text)
	return &o.ID, err
}

func (s *Server) followUp(ctx context.Context, by auth.Caller, in *ByID) (aftercare.FollowUp, error) {
	return s.desk.Look(ctx).Promises.FollowUp(ctx, by.Scope(), in.ID)
}

func (s *Server) attempt(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.AttemptInput]) (aftercare.AttemptResult, error) {
	return s.desk.FollowUpAttempt(ctx, by, in.ID, in.Body)
}

func (s *Server) claim(ctx context.Context, by auth.Caller, in *ByID) (aftercare.FollowUp, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.FollowUp, error) {
		return l.Promises.Claim(ctx, by, in.ID)
	})
}

func (s *Server) waiveFollowUp(ctx context.Context, by auth.Caller, in *bodyOf[ReasonNeeded]) (aftercare.FollowUp, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.FollowUp, error) {
		return l.Promises.Waive(ctx, by, in.ID, in.Body.Reason)
	})
}

// ReassignInput moves a caller's open calls to another.
type ReassignInput struct {
	From *uuid.UUID `json:"from,omitempty" doc:"absent = calls that are nobody's"`
	To   *uuid.UUID `json:"to,omitempty" doc:"absent = whoever is free"`
}

// Reassigned is how many calls moved.
type Reassigned struct {
	Moved int `json:"moved"`
}

func (s *Server) reassign(ctx context.Context, by auth.Caller, in *body[ReassignInput]) (Reassigned, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (Reassigned, error) {
		n, err := l.Promises.Reassign(ctx, by, in.Body.From, in.Body.To)
		return Reassigned{n}, err
	})
}

func (s *Server) addComplaint(ctx context.Context, by auth.Caller, in *body[aftercare.ComplaintInput]) (aftercare.Complaint, error) {
	return s.desk.AddComplaint(ctx, by, in.Body)
}

func (s *Server) complaints(ctx context.Context, by auth.Caller, in *struct {
	aftercare.ComplaintFilter
	Order    string `query:"work_order" doc:"order's id or number"`
	Customer string `query:"customer" doc:"customer's id"`
	Request  string `query:"request" doc:"request's id"`
	Owner    string `query:"owner" doc:"person's id"`
}) (keyset.Page[aftercare.Complaint], error) {
	f := in.ComplaintFilter
	if err := firstOf(into(&f.OrderID)(s.orderIn(ctx, by, in.Order)), into(&f.CustomerID)(idIn("customer", in.Customer)),
		into(&f.RequestID)(idIn("request", in.Request)), into(&f.OwnerID)(idIn("owner", in.Owner))); err != nil {
		return keyset.Page[aftercare.Complaint]{}, err
	}
	return s.desk.Look(ctx).Promises.Complaints(ctx, by, f)
}

func (s *Server) complaint(ctx context.Context, by auth.Caller, in *ByID) (aftercare.Complaint, error) {
	return s.desk.Look(ctx).Promises.Complaint(ctx, by, in.ID)
}

func (s *Server) complaintDo(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.ComplaintAct]) (aftercare.Complaint, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.ComplaintAct]) (aftercare.Complaint, error) {
		return s.desk.ComplaintDo(ctx, by, in.ID, act, in.Body)
	}
}

func (s *Server) callbacks(ctx context.Context, by auth.Caller, in *struct {
	keyset.Ask
	DueBefore time.Time `query:"due_before"`
	Assignee  string    `query:"assignee" doc:"person's id"`
	Order     string    `query:"work_order" doc:"order's id or number"`
	Customer  string    `query:"customer" doc:"customer's id"`
	Reason    string    `query:"reason"`
	State     string    `query:"state" enum:"open,done,cancelled,all" doc:"absent = open"`
}) (keyset.Page[aftercare.Callback], error) {
	f := aftercare.CallbackFilter{Ask: in.Ask, Reason: in.Reason, State: in.State}
	if !in.DueBefore.IsZero() {
		f.DueBefore = &in.DueBefore
	}
	if err := firstOf(into(&f.AssigneeID)(idIn("assignee", in.Assignee)), into(&f.OrderID)(s.orderIn(ctx, by, in.Order)), into(&f.CustomerID)(idIn("customer", in.Customer))); err != nil {
		return keyset.Page[aftercare.Callback]{}, err
	}
	return s.desk.Look(ctx).Promises.Callbacks(ctx, by.Scope(), f)
}

func (s *Server) addCallback(ctx context.Context, by auth.Caller, in *body[aftercare.CallbackInput]) (aftercare.Callback, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Callback, error) {
		return l.Promises.AddCallback(ctx, by, in.Body)
	})
}

func (s *Server) callbackAttempt(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.CallbackAttemptInput]) (aftercare.Callback, error) {
	return s.desk.CallbackAttempt(ctx, by, in.ID, in.Body)
}

// YearInput is what was announced for a year.
type YearInput struct {
	Year int `path:"year" minimum:"2000" maximum:"2100"`
	Body struct {
		Days   []calendar.Dated `json:"days" maxItems:"366" doc:"only the days that differ from Monday to Friday"`
		Source string           `json:"source,omitempty" maxLength:"200"`
	}
}

func (s *Server) calendarYear(ctx context.Context, by auth.Caller, in *struct {
	Year int `path:"year" minimum:"2000" maximum:"2100"`
}) (aftercare.CalendarYear, error) {
	return s.desk.Look(ctx).Promises.GetYear(ctx, by.OrgID, in.Year)
}

func (s *Server) putCalendarYear(ctx context.Context, by auth.Caller, in *YearInput) (aftercare.CalendarYear, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.CalendarYear, error) {
		return l.Promises.PutYear(ctx, by.OrgID, in.Year, in.Body.Days, in.Body.Source)
	})
}

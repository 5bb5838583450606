package api

import (
	"context"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// Groups, calls and standards: who takes what reaches the house, what was said, and what is promised.

func (s *Server) groups(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[workorders.Group], error) {
	list, err := s.desk.Groups(ctx, by)
	return keyset.Page[workorders.Group]{Items: list}, err
}

func (s *Server) setMember(ctx context.Context, by auth.Caller, in *struct {
	ByCode
	Body workorders.MemberInput
}) (workorders.Group, error) {
	return s.desk.SetMember(ctx, by, in.Code, in.Body)
}

func (s *Server) setRoute(ctx context.Context, by auth.Caller, in *body[workorders.RouteInput]) (keyset.Page[workorders.Group], error) {
	if err := s.desk.SetRoute(ctx, by, in.Body); err != nil {
		return keyset.Page[workorders.Group]{}, err
	}
	return s.groups(ctx, by, nil)
}

// GroupInput names a queue.
type GroupInput struct {
	Group string `json:"group" maxLength:"30"`
}

func (s *Server) moveToGroup(ctx context.Context, by auth.Caller, in *bodyOn[GroupInput]) (workorders.Request, error) {
	return s.desk.MoveToGroup(ctx, by, in.ID, in.Body.Group)
}

func (s *Server) logCall(ctx context.Context, by auth.Caller, in *body[workorders.CallInput]) (workorders.CallNote, error) {
	return s.desk.LogCall(ctx, by, in.Body)
}

func (s *Server) calls(ctx context.Context, by auth.Caller, in *struct {
	workorders.CallFilter
	Request  string `query:"request" doc:"request's id"`
	Customer string `query:"customer" doc:"customer's id"`
	User     string `query:"user" doc:"person's id"`
}) (keyset.Page[workorders.CallNote], error) {
	f := in.CallFilter
	if err := firstOf(into(&f.RequestID)(idIn("request", in.Request)), into(&f.CustomerID)(idIn("customer", in.Customer)), into(&f.UserID)(idIn("user", in.User))); err != nil {
		return keyset.Page[workorders.CallNote]{}, err
	}
	return s.desk.Calls(ctx, by, f)
}

func (s *Server) serviceHours(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[aftercare.ServiceDay], error) {
	list, err := s.desk.Look(ctx).Promises.ServiceHours(ctx, by.OrgID)
	return keyset.Page[aftercare.ServiceDay]{Items: list}, err
}

// ServiceHoursInput replaces the hours of an organisation.
type ServiceHoursInput struct {
	Days []aftercare.ServiceDay `json:"days" maxItems:"7" doc:"a weekday that is not named is closed; none at all: those of the organisation above"`
}

func (s *Server) setServiceHours(ctx context.Context, by auth.Caller, in *body[ServiceHoursInput]) (keyset.Page[aftercare.ServiceDay], error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (keyset.Page[aftercare.ServiceDay], error) {
		list, err := l.Promises.SetServiceHours(ctx, by.OrgID, in.Body.Days)
		return keyset.Page[aftercare.ServiceDay]{Items: list}, err
	})
}

func (s *Server) standardVersions(ctx context.Context, _ auth.Caller, in *struct{ keyset.Ask }) (keyset.Page[aftercare.StandardVersion], error) {
	return s.desk.Look(ctx).Promises.StandardVersions(ctx, in.Ask)
}

package api

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/workorders"
)

func (s *Server) makePlan(ctx context.Context, by auth.Caller, in *body[workorders.PlanInput]) (workorders.Plan, error) {
	return s.desk.MakePlan(ctx, by, in.Body)
}

func (s *Server) repairPlan(ctx context.Context, by auth.Caller, in *body[workorders.RepairInput]) (workorders.Plan, error) {
	return s.desk.Repair(ctx, by, in.Body)
}

func (s *Server) plans(ctx context.Context, by auth.Caller, in *workorders.PlanFilter) (keyset.Page[workorders.Plan], error) {
	return s.desk.Plans(ctx, by, *in)
}

func (s *Server) plan(ctx context.Context, by auth.Caller, in *struct {
	ByID
	Order string `query:"work_order" format:"uuid" doc:"only this order, with every refusal by name"`
}) (workorders.Plan, error) {
	var order *uuid.UUID
	if in.Order != "" {
		id, err := uuid.FromString(in.Order)
		if err != nil {
			return workorders.Plan{}, err
		}
		order = &id
	}
	return s.desk.Plan(ctx, by, in.ID, order)
}

type byPlan struct {
	ByID
	Body ReasonInput
}

func (s *Server) publishPlan(ctx context.Context, by auth.Caller, in *byPlan) (workorders.Plan, error) {
	return s.desk.PublishPlan(ctx, by, in.ID)
}

func (s *Server) rejectPlan(ctx context.Context, by auth.Caller, in *byPlan) (workorders.Plan, error) {
	return s.desk.RejectPlan(ctx, by, in.ID, in.Body.Reason)
}

func (s *Server) planSettings(ctx context.Context, by auth.Caller, in *struct {
	Code string `path:"code"`
}) (workorders.PlanSettings, error) {
	return s.desk.PlanSettings(ctx, by, in.Code)
}

func (s *Server) putPlanSettings(ctx context.Context, by auth.Caller, in *struct {
	Code string `path:"code"`
	Body workorders.PlanSettings
}) (workorders.PlanSettings, error) {
	return s.desk.SetPlanSettings(ctx, by, in.Code, in.Body)
}

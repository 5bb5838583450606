package api

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/workorders"
	"paigong/workorders/aftercare"
	"paigong/workorders/knowledge"
)

// keep runs fn over the books in one transaction and returns what it made.
func keep[T any](s *Server, ctx context.Context, by auth.Caller, fn func(ctx context.Context, l workorders.Ledgers) (T, error)) (T, error) {
	var made T
	err := s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) (err error) {
		made, err = fn(ctx, l)
		return err
	})
	return made, err
}

func (s *Server) addRegion(ctx context.Context, by auth.Caller, in *body[dispatch.RegionInput]) (dispatch.Region, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Region, error) {
		return l.Board.AddRegion(ctx, in.Body)
	})
}

func (s *Server) regions(ctx context.Context, _ auth.Caller, in *dispatch.RegionFilter) (keyset.Page[dispatch.Region], error) {
	return s.desk.Look(ctx).Board.Regions(ctx, *in)
}

func (s *Server) addSkill(ctx context.Context, by auth.Caller, in *body[dispatch.SkillInput]) (dispatch.Skill, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Skill, error) {
		return l.Board.AddSkill(ctx, in.Body)
	})
}

func (s *Server) skills(ctx context.Context, _ auth.Caller, in *keyset.Ask) (keyset.Page[dispatch.Skill], error) {
	return s.desk.Look(ctx).Board.Skills(ctx, *in)
}

func (s *Server) addCode(ctx context.Context, by auth.Caller, in *body[knowledge.CodeInput]) (knowledge.Code, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (knowledge.Code, error) {
		return l.Codes.AddCode(ctx, in.Body)
	})
}

func (s *Server) codes(ctx context.Context, _ auth.Caller, in *knowledge.CodeFilter) (keyset.Page[knowledge.Code], error) {
	return s.desk.Look(ctx).Codes.Codes(ctx, *in)
}

func (s *Server) checklists(ctx context.Context, _ auth.Caller, _ *none) (keyset.Page[knowledge.Checklist], error) {
	lists, err := s.desk.Look(ctx).Codes.Checklists(ctx)
	return keyset.Page[knowledge.Checklist]{Items: lists}, err
}

func (s *Server) putChecklist(ctx context.Context, by auth.Caller, in *body[knowledge.ChecklistInput]) (knowledge.Checklist, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (knowledge.Checklist, error) {
		return l.Codes.PutChecklist(ctx, in.Body, heardIn(ctx).match)
	})
}

func (s *Server) jobTemplates(ctx context.Context, _ auth.Caller, _ *none) (keyset.Page[knowledge.JobTemplate], error) {
	list, err := s.desk.Look(ctx).Codes.JobTemplates(ctx)
	return keyset.Page[knowledge.JobTemplate]{Items: list}, err
}

func (s *Server) putJobTemplate(ctx context.Context, by auth.Caller, in *body[knowledge.JobTemplateInput]) (knowledge.JobTemplate, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (knowledge.JobTemplate, error) {
		return l.Codes.PutJobTemplate(ctx, in.Body, heardIn(ctx).match)
	})
}

func (s *Server) clockTargets(ctx context.Context, _ auth.Caller, _ *none) (keyset.Page[aftercare.Target], error) {
	rows, err := s.desk.Look(ctx).Promises.Targets(ctx)
	return keyset.Page[aftercare.Target]{Items: rows}, err
}

func (s *Server) putClockTarget(ctx context.Context, by auth.Caller, in *body[aftercare.Target]) (aftercare.Target, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Target, error) {
		return l.Promises.PutTarget(ctx, in.Body, heardIn(ctx).match)
	})
}

func (s *Server) duty(ctx context.Context, by auth.Caller, in *struct {
	From string `query:"from" format:"date" doc:"absent = today at the reader's organisation"`
	To   string `query:"to" format:"date" doc:"last day, included; absent = two weeks"`
}) (keyset.Page[aftercare.Duty], error) {
	var page keyset.Page[aftercare.Duty]
	from, err := day("from", in.From)
	if err != nil {
		return page, err
	}
	to, err := day("to", in.To)
	if err != nil {
		return page, err
	}
	if from == nil {
		today, _, err := s.desk.Today(ctx, by)
		if err != nil {
			return page, err
		}
		from = &today
	}
	if to == nil {
		last := from.AddDays(13)
		to = &last
	}
	page.Items, err = s.desk.Look(ctx).Promises.Rota(ctx, by, *from, *to)
	return page, err
}

func (s *Server) putDuty(ctx context.Context, by auth.Caller, in *body[workorders.DutyInput]) (keyset.Page[aftercare.Duty], error) {
	rows, err := s.desk.PutDuty(ctx, by, in.Body)
	return keyset.Page[aftercare.Duty]{Items: rows}, err
}

// Engineers.

func (s *Server) addEngineer(ctx context.Context, by auth.Caller, in *body[dispatch.EngineerInput]) (dispatch.Engineer, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Engineer, error) {
		org, err := s.OrgOf(ctx, by, l, in.Body.OrganisationCode)
		if err != nil {
			return dispatch.Engineer{}, err
		}
		return l.Board.AddEngineer(ctx, in.Body, org)
	})
}

// OrgOf is the organisation a new row belongs to: the one named, if the caller may act there, else his own.
func (s *Server) OrgOf(ctx context.Context, by auth.Caller, l workorders.Ledgers, code *string) (int32, error) {
	if code == nil || *code == "" {
		return by.OrgID, nil
	}
	o, err := l.People.ByCode(ctx, *code)
	if err != nil {
		return 0, err
	}
	if !by.Scope().Sees(o.ID) {
		return 0, fault.New(fault.Forbidden, "organisation_not_yours", "you may not act for the organisation %s", *code).Field("body.organisation_code", "not yours")
	}
	return o.ID, nil
}

func (s *Server) engineers(ctx context.Context, by auth.Caller, in *dispatch.EngineerFilter) (keyset.Page[dispatch.Engineer], error) {
	return s.desk.Look(ctx).Board.Engineers(ctx, by.Scope(), *in)
}

func (s *Server) engineer(ctx context.Context, by auth.Caller, in *ByID) (dispatch.Engineer, error) {
	return s.desk.Look(ctx).Board.Engineer(ctx, by.Scope(), in.ID)
}

func (s *Server) patchEngineer(ctx context.Context, by auth.Caller, in *bodyOf[dispatch.EngineerPatch]) (dispatch.Engineer, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Engineer, error) {
		return l.Board.PatchEngineer(ctx, by.Scope(), in.ID, in.Body, heardIn(ctx).match)
	})
}

func (s *Server) addShift(ctx context.Context, by auth.Caller, in *bodyOf[dispatch.ShiftInput]) (dispatch.Shift, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Shift, error) {
		return l.Board.AddShift(ctx, by.Scope(), in.ID, in.Body)
	})
}

func (s *Server) moveShift(ctx context.Context, by auth.Caller, in *bodyOf[dispatch.ShiftInput]) (dispatch.Shift, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Shift, error) {
		return l.Board.MoveShift(ctx, by.Scope(), in.ID, in.Body)
	})
}

func (s *Server) dropShift(ctx context.Context, by auth.Caller, in *ByID) (dispatch.Shift, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Shift, error) {
		return l.Board.DropShift(ctx, by.Scope(), in.ID)
	})
}

// Shifts is a list that a span bounds.
type Shifts struct {
	Items      []dispatch.Shift `json:"items"`
	NextCursor string           `json:"next_cursor"`
}

func (s *Server) shifts(ctx context.Context, by auth.Caller, in *struct {
	ByID
	From time.Time `query:"from" doc:"absent = a week ago"`
	To   time.Time `query:"to" doc:"absent = five weeks ahead"`
}) (Shifts, error) {
	span := dispatch.Span{From: in.From, To: in.To}
	if span.From.IsZero() {
		span.From = s.desk.Now().AddDate(0, 0, -7)
	}
	if span.To.IsZero() {
		span.To = s.desk.Now().AddDate(0, 0, 35)
	}
	list, err := s.desk.Look(ctx).Board.Shifts(ctx, by.Scope(), &in.ID, span)
	return Shifts{Items: list}, err
}

func (s *Server) addAbsence(ctx context.Context, by auth.Caller, in *bodyOf[dispatch.AbsenceInput]) (dispatch.AbsenceTaken, error) {
	return s.desk.AddAbsence(ctx, by, in.ID, in.Body)
}

func (s *Server) absences(ctx context.Context, by auth.Caller, in *dispatch.AbsenceFilter) (keyset.Page[dispatch.Absence], error) {
	return s.desk.Look(ctx).Board.Absences(ctx, by.Scope(), *in)
}

// DecisionInput are the words with a decision about leave.
type DecisionInput struct {
	Reason     string  `json:"reason,omitempty" maxLength:"500"`
	OnConflict *string `json:"on_conflict,omitempty" enum:"refuse,displace" doc:"absent = as asked for"`
}

func (s *Server) decideAbsence(approve bool) func(ctx context.Context, by auth.Caller, in *bodyOf[DecisionInput]) (dispatch.AbsenceTaken, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[DecisionInput]) (dispatch.AbsenceTaken, error) {
		return s.desk.DecideAbsence(ctx, by, in.ID, dispatch.Decision{Approve: approve, Answer: in.Body.Reason, OnConflict: in.Body.OnConflict})
	}
}

func (s *Server) withdrawAbsence(ctx context.Context, by auth.Caller, in *bodyOf[ReasonInput]) (dispatch.Absence, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (dispatch.Absence, error) {
		return l.Board.WithdrawAbsence(ctx, by, in.ID, in.Body.Reason)
	})
}

// Parts, places, stock.

func (s *Server) addPart(ctx context.Context, by auth.Caller, in *body[inventory.PartInput]) (inventory.Part, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Part, error) {
		return l.Stock.AddPart(ctx, in.Body)
	})
}

func (s *Server) patchPart(ctx context.Context, by auth.Caller, in *bodyOf[inventory.PartPatch]) (inventory.Part, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Part, error) {
		return l.Stock.PatchPart(ctx, in.ID, in.Body, matchOf(ctx))
	})
}

// matchOf is the version of If-Match, or nil.
func matchOf(ctx context.Context) *int {
	if m := heardIn(ctx).match; m > 0 {
		return &m
	}
	return nil
}

func (s *Server) parts(ctx context.Context, _ auth.Caller, in *inventory.PartFilter) (keyset.Page[inventory.Part], error) {
	return s.desk.Look(ctx).Stock.Parts(ctx, *in)
}

func (s *Server) addPlace(ctx context.Context, by auth.Caller, in *body[inventory.PlaceInput]) (inventory.Place, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Place, error) {
		org, err := s.OrgOf(ctx, by, l, in.Body.OrganisationCode)
		if err != nil {
			return inventory.Place{}, err
		}
		return l.Stock.AddPlace(ctx, in.Body, org)
	})
}

func (s *Server) places(ctx context.Context, by auth.Caller, in *inventory.PlaceFilter) (keyset.Page[inventory.Place], error) {
	return s.desk.Look(ctx).Stock.Places(ctx, by.Scope(), *in)
}

// ReachInput says whether somebody can get at what lies in a place.
type ReachInput struct {
	Code string `path:"code" maxLength:"40"`
	Body struct {
		Reachable bool   `json:"reachable"`
		Why       string `json:"why,omitempty" maxLength:"200"`
	}
}

func (s *Server) reach(ctx context.Context, by auth.Caller, in *ReachInput) (inventory.Place, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Place, error) {
		p, err := l.Stock.PlaceByCode(ctx, by.Scope(), in.Code)
		if err != nil {
			return p, err
		}
		if err := l.Stock.SetReachable(ctx, p.ID, in.Body.Reachable, in.Body.Why); err != nil {
			return p, err
		}
		return l.Stock.PlaceByCode(ctx, by.Scope(), in.Code)
	})
}

// FetchIn names a van out of reach and who got what lies in it.
type FetchIn struct {
	Code string `path:"code" maxLength:"40"`
	Body workorders.FetchInput
}

func (s *Server) fetchVan(ctx context.Context, by auth.Caller, in *FetchIn) (workorders.Fetched, error) {
	return s.desk.FetchVan(ctx, by, in.Code, in.Body)
}

func (s *Server) takePart(ctx context.Context, by auth.Caller, in *bodyOf[workorders.TakePartInput]) (inventory.Shortage, error) {
	return s.desk.TakePart(ctx, by, in.ID, in.Body)
}

func (s *Server) stock(ctx context.Context, by auth.Caller, in *inventory.StockFilter) (keyset.Page[inventory.StockRow], error) {
	return s.desk.Look(ctx).Stock.Stock(ctx, by.Scope(), *in)
}

func (s *Server) moveStock(ctx context.Context, by auth.Caller, in *body[inventory.MovementInput]) (inventory.Movement, error) {
	return s.desk.MoveStock(ctx, by, in.Body)
}

func (s *Server) movements(ctx context.Context, by auth.Caller, in *inventory.MovementFilter) (keyset.Page[inventory.Movement], error) {
	return s.desk.Look(ctx).Stock.Movements(ctx, by.Scope(), *in)
}

func (s *Server) shortages(ctx context.Context, by auth.Caller, in *inventory.ShortageFilter) (keyset.Page[inventory.Shortage], error) {
	return s.desk.Look(ctx).Stock.Shortages(ctx, by.Scope(), *in)
}

func (s *Server) patchShortage(ctx context.Context, by auth.Caller, in *bodyOf[inventory.ShortagePatch]) (inventory.Shortage, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Shortage, error) {
		return l.Stock.PatchShortage(ctx, by.Scope(), in.ID, in.Body, matchOf(ctx))
	})
}

func (s *Server) expect(ctx context.Context, by auth.Caller, in *body[inventory.ExpectedInput]) (inventory.Expected, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (inventory.Expected, error) {
		return l.Stock.Expect(ctx, by, in.Body)
	})
}

func (s *Server) expected(ctx context.Context, by auth.Caller, in *inventory.ExpectedFilter) (keyset.Page[inventory.Expected], error) {
	return s.desk.Look(ctx).Stock.ExpectedList(ctx, by.Scope(), *in)
}

func (s *Server) patchExpected(ctx context.Context, by auth.Caller, in *bodyOf[inventory.ExpectedPatch]) (inventory.Expected, error) {
	return s.desk.PatchExpected(ctx, by, in.ID, in.Body, matchOf(ctx))
}

func (s *Server) pickups(ctx context.Context, by auth.Caller, in *inventory.PickupFilter) (keyset.Page[inventory.Pickup], error) {
	return s.desk.Look(ctx).Stock.Pickups(ctx, by.Scope(), *in)
}

func (s *Server) pickupDo(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[inventory.PickupAct]) (inventory.Pickup, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[inventory.PickupAct]) (inventory.Pickup, error) {
		return s.desk.PickupDo(ctx, by, in.ID, act, in.Body)
	}
}

func (s *Server) unreconciled(ctx context.Context, by auth.Caller, in *keyset.Ask) (keyset.Page[workorders.Unreconciled], error) {
	return s.desk.Unreconciled(ctx, by, *in)
}

func (s *Server) reconcile(ctx context.Context, by auth.Caller, in *bodyOf[workorders.ReconcileInput]) (Done, error) {
	return Done{true}, s.desk.Reconcile(ctx, by, in.ID, in.Body)
}

func (s *Server) oldPart(act string) func(ctx context.Context, by auth.Caller, in *ByID) (workorders.OldPart, error) {
	return func(ctx context.Context, by auth.Caller, in *ByID) (workorders.OldPart, error) {
		return s.desk.OldPartDo(ctx, by, in.ID, act)
	}
}

// day reads a civil date of a query; absent is nil.
func day(name, text string) (*calendar.Date, error) {
	if text == "" {
		return nil, nil
	}
	d, err := calendar.Parse(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_date", "a date is written YYYY-MM-DD").Field("query."+name, "expected YYYY-MM-DD")
	}
	return &d, nil
}

// idIn reads an id of a query; absent is nil.
func idIn(name, text string) (*uuid.UUID, error) {
	if text == "" {
		return nil, nil
	}
	id, err := uuid.FromString(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_id", "%s is filtered by id", name).Field("query."+name, "must be a UUID")
	}
	return &id, nil
}

package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/keyset"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

// The follow-up desk beside the calls themselves.

func (s *Server) followUpKinds(ctx context.Context, _ auth.Caller, _ *struct{}) (keyset.Page[aftercare.Kind], error) {
	list, err := s.desk.Look(ctx).Promises.Kinds(ctx)
	return keyset.Page[aftercare.Kind]{Items: list}, err
}

// ByCode names something by its code.
type ByCode struct {
	Code string `path:"code" maxLength:"40"`
}

func (s *Server) setWindow(ctx context.Context, by auth.Caller, in *struct {
	ByCode
	Body aftercare.Span
}) (aftercare.Kind, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Kind, error) {
		return l.Promises.SetWindow(ctx, in.Code, in.Body)
	})
}

func (s *Server) script(ctx context.Context, by auth.Caller, in *ByCode) (aftercare.Script, error) {
	return s.desk.Look(ctx).Promises.ScriptOf(ctx, by.OrgID, in.Code)
}

func (s *Server) writeScript(ctx context.Context, by auth.Caller, in *struct {
	ByCode
	Body aftercare.ScriptInput
}) (aftercare.Script, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Script, error) {
		return l.Promises.WriteScript(ctx, by, in.Code, in.Body)
	})
}

func (s *Server) callers(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[aftercare.CallerDesk], error) {
	today, _, err := s.desk.Today(ctx, by)
	if err != nil {
		return keyset.Page[aftercare.CallerDesk]{}, err
	}
	list, err := s.desk.Look(ctx).Promises.Callers(ctx, by.Scope(), today)
	return keyset.Page[aftercare.CallerDesk]{Items: list}, err
}

// Kept is the answer of a call that only writes something down.
type Kept struct {
	Kept bool `json:"kept"`
}

func (s *Server) setCaller(ctx context.Context, by auth.Caller, in *body[aftercare.CallerInput]) (Kept, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (Kept, error) {
		return Kept{true}, l.Promises.SetCaller(ctx, by, in.Body)
	})
}

// BalanceInput says what is spread.
type BalanceInput struct {
	Again bool `json:"again,omitempty" doc:"also what others have and nobody has begun"`
}

func (s *Server) balance(ctx context.Context, by auth.Caller, in *body[BalanceInput]) (Reassigned, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (Reassigned, error) {
		n, err := l.Promises.Balance(ctx, by.Scope(), in.Body.Again)
		return Reassigned{n}, err
	})
}

func (s *Server) campaigns(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[aftercare.Campaign], error) {
	list, err := s.desk.Look(ctx).Promises.Campaigns(ctx, by.Scope())
	return keyset.Page[aftercare.Campaign]{Items: list}, err
}

func (s *Server) addCampaign(ctx context.Context, by auth.Caller, in *body[aftercare.CampaignInput]) (aftercare.Campaign, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Campaign, error) {
		return l.Promises.AddCampaign(ctx, by, in.Body)
	})
}

// FirstContactInput gives a customer a caller.
type FirstContactInput struct {
	UserID uuid.UUID `json:"user_id"`
}

func (s *Server) firstContact(ctx context.Context, by auth.Caller, in *bodyOf[FirstContactInput]) (Kept, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (Kept, error) {
		return Kept{true}, l.Promises.FirstContact(ctx, by, in.ID, in.Body.UserID)
	})
}

// AskModeInput says how a customer is asked.
type AskModeInput struct {
	Mode string `json:"mode" enum:"phone,letter,visit" doc:"visit makes a request to inspect and its order"`
}

func (s *Server) setMode(ctx context.Context, by auth.Caller, in *bodyOf[AskModeInput]) (aftercare.FollowUp, error) {
	return s.SetMode(ctx, by, in.ID, in.Body.Mode)
}

// SetMode says how a customer is asked: by phone, by letter, or by a visit, which is then planned like any other.
func (s *Server) SetMode(ctx context.Context, by auth.Caller, id uuid.UUID, mode string) (aftercare.FollowUp, error) {
	if mode == "visit" {
		return s.desk.VisitInstead(ctx, by, id)
	}
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.FollowUp, error) {
		return l.Promises.SetMode(ctx, by, id, mode, nil)
	})
}

func (s *Server) improvements(ctx context.Context, by auth.Caller, in *struct {
	State     string `query:"state" doc:"one state, or all; absent = what is not finished"`
	Kind      string `query:"kind" enum:"corrective,concession,suggestion,question,task"`
	Complaint string `query:"complaint" doc:"complaint's id"`
}) (keyset.Page[aftercare.Improvement], error) {
	var complaint *uuid.UUID
	if err := into(&complaint)(idIn("complaint", in.Complaint)); err != nil {
		return keyset.Page[aftercare.Improvement]{}, err
	}
	list, err := s.desk.Look(ctx).Promises.Improvements(ctx, by.Scope(), in.State, in.Kind, complaint)
	return keyset.Page[aftercare.Improvement]{Items: list}, err
}

func (s *Server) addImprovement(ctx context.Context, by auth.Caller, in *body[aftercare.ImprovementInput]) (aftercare.Improvement, error) {
	return s.desk.AddImprovement(ctx, by, in.Body)
}

func (s *Server) improvementDo(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.ImprovementAct]) (aftercare.Improvement, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.ImprovementAct]) (aftercare.Improvement, error) {
		return s.desk.ImprovementDo(ctx, by, in.ID, act, in.Body)
	}
}

// HandingInput offers a request to a colleague.
type HandingInput struct {
	UserID uuid.UUID `json:"user_id"`
	Reason string    `json:"reason" minLength:"1" maxLength:"1000"`
}

func (s *Server) handRequest(ctx context.Context, by auth.Caller, in *bodyOn[HandingInput]) (workorders.Request, error) {
	return s.desk.HandRequest(ctx, by, in.ID, in.Body.UserID, in.Body.Reason)
}

func (s *Server) answerHanding(accept bool) func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Request, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Request, error) {
		return s.desk.AnswerHanding(ctx, by, in.ID, accept, in.Body.Reason)
	}
}

// FlowInput sends a request another way.
type FlowInput struct {
	Flow string `json:"flow" enum:"simple,dispute,technical,unsolvable"`
	Note string `json:"note,omitempty" maxLength:"2000" doc:"what has to be found out"`
}

func (s *Server) setFlow(ctx context.Context, by auth.Caller, in *bodyOn[FlowInput]) (workorders.Request, error) {
	return s.desk.SetFlow(ctx, by, in.ID, in.Body.Flow, in.Body.Note)
}

// FeedbackInput is what the house learnt.
type FeedbackInput struct {
	Text       string `json:"text" minLength:"1" maxLength:"4000"`
	Department string `json:"department,omitempty" maxLength:"100"`
}

func (s *Server) feedBack(ctx context.Context, by auth.Caller, in *bodyOn[FeedbackInput]) (workorders.Request, error) {
	return s.desk.FeedBack(ctx, by, in.ID, in.Body.Text, in.Body.Department)
}

func (s *Server) printRegister(ctx context.Context, by auth.Caller, in *struct {
	From string `query:"from" format:"date" doc:"absent = the first of the month of to"`
	To   string `query:"to" format:"date" doc:"absent = today"`
	Lang string `query:"lang"`
}) (*blob, error) {
	content, name, err := s.FollowUpRegister(ctx, by, in.From, in.To, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// FollowUpRegister prints the register of follow-ups 回访登记表: a line each with its result and whether it was
// inside its window, and sums for each caller.
func (s *Server) FollowUpRegister(ctx context.Context, by auth.Caller, from, to, lang string) ([]byte, string, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	last, zone, err := s.desk.Today(ctx, by)
	if err != nil {
		return nil, "", err
	}
	if d, err := day("to", to); err != nil {
		return nil, "", err
	} else if d != nil {
		last = *d
	}
	year, month, _ := last.Civil()
	first := calendar.On(year, month, 1)
	if d, err := day("from", from); err != nil {
		return nil, "", err
	} else if d != nil {
		first = *d
	}
	c := &composer{s: s, wish: p}
	org := by.OrgID
	if org == 0 {
		head, err := s.desk.Look(ctx).People.Head(ctx)
		if err != nil {
			return nil, "", err
		}
		org = head.ID
	}
	h, err := c.issuer(ctx, org)
	if err != nil {
		return nil, "", err
	}
	t := func(key string, args ...any) string { return c.t("register."+key, args...) }
	paper := pdf.Report{Head: pdf.Head{Letterhead: h.top()}, Title: t("title"), From: first, To: last, Scope: h.Name}
	for _, col := range []struct {
		key    string
		width  float64
		figure bool
	}{{"number", 2, false}, {"customer", 2, false}, {"order", 2, false}, {"window", 2, false}, {"caller", 1.2, false}, {"state", 1.4, false}, {"attempts", 0.8, true}, {"service", 0.8, true}, {"product", 0.8, true}, {"in_window", 1, false}} {
		paper.Columns = append(paper.Columns, pdf.ReportColumn{Head: t(col.key), Width: col.width, Figure: col.figure})
	}
	people := map[uuid.UUID]string{}
	called := func(id *uuid.UUID) string {
		if id == nil {
			return ""
		}
		if _, known := people[*id]; !known {
			u, err := s.desk.Look(ctx).People.User(ctx, auth.System("register").Scope(), *id)
			if err == nil {
				people[*id] = u.Name
			}
		}
		return people[*id]
	}
	sums, order := map[string][2]int{}, []string{}
	ask := keyset.Ask{Limit: 500}
	for len(paper.Rows) < 2000 {
		page, err := s.desk.Look(ctx).Promises.FollowUps(ctx, by.Scope(), aftercare.FollowUpFilter{Ask: ask, From: &first, To: &last})
		if err != nil {
			return nil, "", err
		}
		for _, f := range page.Items {
			who := called(f.AssigneeID)
			inside := ""
			if f.InWindow != nil {
				inside = t(map[bool]string{true: "yes", false: "no"}[*f.InWindow])
			}
			score := func(name string) string {
				if n := f.Scores[name]; n > 0 {
					return strconv.Itoa(n)
				}
				return ""
			}
			about := f.OrderNumber
			if about == "" {
				about = f.RequestNumber
			}
			paper.Rows = append(paper.Rows, []string{f.Number, f.CustomerName, about, f.DueFrom.String() + " – " + f.DueTo.String(), who, say.Text(c.lang, "state.follow_up."+string(f.State)), strconv.Itoa(f.Attempts), score("service"), score("product"), inside})
			sum, known := sums[who]
			if !known {
				order = append(order, who)
			}
			sum[0]++
			if f.InWindow != nil && *f.InWindow {
				sum[1]++
			}
			sums[who] = sum
		}
		if page.NextCursor == "" {
			break
		}
		ask.Cursor = page.NextCursor
	}
	for _, who := range order {
		paper.Notes = append(paper.Notes, t("sum", cmp.Or(who, "–"), sums[who][0], sums[who][1]))
	}
	options := c.options()
	options.Zone = zone
	var out bytes.Buffer
	if err := paper.Write(&out, options); err != nil {
		return nil, "", fmt.Errorf("print the register: %w", err)
	}
	return out.Bytes(), pdfName("follow-up-register", last.String()), nil
}

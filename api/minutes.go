package api

import (
	"bytes"
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders"
	"paigong/workorders/aftercare"
)

func (s *Server) addEvidence(ctx context.Context, by auth.Caller, in *bodyOf[aftercare.EvidenceInput]) (aftercare.Complaint, error) {
	return s.desk.AddEvidence(ctx, by, in.ID, in.Body)
}

func (s *Server) complaintTargets(ctx context.Context, _ auth.Caller, _ *struct{}) (keyset.Page[aftercare.ComplaintTarget], error) {
	list, err := s.desk.Look(ctx).Promises.ComplaintTargets(ctx)
	return keyset.Page[aftercare.ComplaintTarget]{Items: list}, err
}

func (s *Server) putComplaintTarget(ctx context.Context, by auth.Caller, in *body[aftercare.ComplaintTarget]) (aftercare.ComplaintTarget, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.ComplaintTarget, error) {
		return l.Promises.PutComplaintTarget(ctx, in.Body)
	})
}

func (s *Server) writeMinutes(ctx context.Context, by auth.Caller, in *body[aftercare.MinutesInput]) (aftercare.Minutes, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (aftercare.Minutes, error) {
		return l.Promises.WriteMinutes(ctx, by, in.Body)
	})
}

func (s *Server) minutesList(ctx context.Context, by auth.Caller, in *struct {
	keyset.Ask
	Customer  string `query:"customer" doc:"customer's id"`
	Request   string `query:"request" doc:"request's id"`
	Complaint string `query:"complaint" doc:"complaint's id"`
}) (keyset.Page[aftercare.Minutes], error) {
	f := aftercare.MinutesFilter{Ask: in.Ask}
	if err := firstOf(into(&f.CustomerID)(idIn("customer", in.Customer)), into(&f.RequestID)(idIn("request", in.Request)), into(&f.ComplaintID)(idIn("complaint", in.Complaint))); err != nil {
		return keyset.Page[aftercare.Minutes]{}, err
	}
	return s.desk.Look(ctx).Promises.MinutesList(ctx, by, f)
}

func (s *Server) minutes(ctx context.Context, by auth.Caller, in *ByID) (aftercare.Minutes, error) {
	return s.desk.Look(ctx).Promises.MinutesOf(ctx, by, in.ID)
}

func (s *Server) minutesPaper(ctx context.Context, by auth.Caller, in *struct {
	ByID
	Lang string `query:"lang"`
}) (*blob, error) {
	content, name, err := s.MinutesPaper(ctx, by, in.ID, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// MinutesPaper prints minutes 会议记录 with the tasks as they stand now.
func (s *Server) MinutesPaper(ctx context.Context, by auth.Caller, id uuid.UUID, lang string) ([]byte, string, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	look := s.desk.Look(ctx)
	m, err := look.Promises.MinutesOf(ctx, by, id)
	if err != nil {
		return nil, "", err
	}
	c := &composer{s: s, wish: p}
	h, err := c.issuer(ctx, m.OrgID)
	if err != nil {
		return nil, "", err
	}
	org, err := look.People.Organisation(ctx, m.OrgID)
	if err != nil {
		return nil, "", err
	}
	called := func(id *uuid.UUID) string {
		if id == nil {
			return ""
		}
		u, err := look.People.User(ctx, auth.System("minutes").Scope(), *id)
		if err != nil {
			return ""
		}
		return u.Name
	}
	paper := pdf.Minutes{Head: pdf.Head{Letterhead: h.top(), Number: m.Number, Order: m.Order}, HeldAt: m.HeldAt, Place: m.Place, Present: m.Present, Text: m.Text, Writer: pdf.Person{Name: called(m.CreatedBy)}}
	for _, about := range []string{m.CustomerName, m.Request, m.Complaint, m.Order} {
		if about != "" {
			paper.About = append(paper.About, about)
		}
	}
	for _, t := range m.Tasks {
		paper.Tasks = append(paper.Tasks, pdf.MinutesTask{Number: t.Number, Text: t.Text, Owner: called(t.OwnerID), DueOn: t.DueOn.String(), State: say.Text(p.lang, "state.improvement."+string(t.State))})
	}
	options := c.options()
	options.Zone = org.Location()
	var out bytes.Buffer
	if err := paper.Write(&out, options); err != nil {
		return nil, "", fmt.Errorf("print the minutes %s: %w", m.Number, err)
	}
	return out.Bytes(), pdfName("minutes", m.Number), nil
}

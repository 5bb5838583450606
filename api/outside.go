package api

import (
	"bytes"
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders"
	"paigong/workorders/billing"
)

// reportByAnyone takes a request from somebody without an account.
func (s *Server) reportByAnyone(ctx context.Context, _ auth.Caller, in *body[workorders.ReportInput]) (workorders.Reported, error) {
	return s.desk.Report(ctx, addressOf(heardIn(ctx).r), in.Body)
}

func (s *Server) publicRate(ctx context.Context, _ auth.Caller, in *struct {
	ByToken
	Body workorders.RatingInput
}) (workorders.Public, error) {
	return s.desk.RateByLink(ctx, in.Token, in.Body)
}

// Revoked is the answer to taking links back.
type Revoked struct {
	Revoked bool `json:"revoked"`
}

func (s *Server) revokeLinks(ctx context.Context, by auth.Caller, in *ByRef) (Revoked, error) {
	return Revoked{true}, s.desk.RevokeLinks(ctx, by, in.ID)
}

// LabelInput asks for the label of a device.
type LabelInput struct {
	Renew bool `json:"renew,omitempty" doc:"take the old label back and make a new one"`
}

func (s *Server) makeLabel(ctx context.Context, by auth.Caller, in *bodyOf[LabelInput]) (workorders.Label, error) {
	return s.desk.MakeLabel(ctx, by, in.ID, in.Body.Renew)
}

func (s *Server) labelPDF(ctx context.Context, by auth.Caller, in *struct {
	ByID
	Lang string `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
}) (*blob, error) {
	content, err := s.LabelPDF(ctx, by, in.ID, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, pdfName("label", in.ID.String()[:8])), nil
}

// LabelPDF prints the label of a device that has one. lang "" is the caller's.
func (s *Server) LabelPDF(ctx context.Context, by auth.Caller, asset uuid.UUID, lang string) ([]byte, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, err
	}
	label, err := s.desk.LabelOf(ctx, by, asset)
	if err != nil {
		return nil, err
	}
	d, err := s.desk.PublicDeviceOf(ctx, label.Code)
	if err != nil {
		return nil, err
	}
	a, err := s.desk.Look(ctx).Customers.Asset(ctx, by.Scope(), asset)
	if err != nil {
		return nil, err
	}
	c := &composer{s: s, wish: p}
	head, err := c.head(ctx, a.OrgID, "", "", 0)
	if err != nil {
		return nil, err
	}
	head.Link = label.Link
	var out bytes.Buffer
	if err := (pdf.Label{Head: head, Device: d.Device, Serial: d.Serial, Code: label.Code}).Write(&out, c.options()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// MessagePapers are the papers that go with a letter to the customer: with the word that his job is done, the
// bill or receipt in both languages; with a report that is sent regularly, itself as PDF and CSV.
func (s *Server) MessagePapers(ctx context.Context, m notify.Message) ([]notify.Attachment, error) {
	if m.Key == "message.manager.report" && m.SubjectID != nil {
		return s.reportPapers(ctx, m)
	}
	if m.Key != "message.customer.done" || m.OrderID == nil {
		return nil, nil
	}
	by := auth.System("message")
	o, err := s.desk.Order(ctx, by, m.OrderID.String())
	if err != nil || o.Receipt == nil {
		return nil, err
	}
	kind := "settlement"
	if o.Receipt.State == billing.Paid {
		kind = "receipt"
	}
	var out []notify.Attachment
	for _, lang := range say.Languages() {
		content, name, err := s.Paper(ctx, by, o.Number, kind, lang, "customer", false)
		if err != nil {
			return nil, err
		}
		out = append(out, notify.Attachment{Name: lang + "-" + name, PDF: content})
	}
	return out, nil
}

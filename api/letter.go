package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/say"
	"paigong/templates/pdf"
)

func (s *Server) replyLetter(ctx context.Context, by auth.Caller, in *struct {
	ByID
	Lang string `query:"lang"`
}) (*blob, error) {
	content, name, err := s.ReplyLetter(ctx, by, in.ID, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// ReplyLetter prints the last answer to a complaint as a letter 答复函. One that nobody has answered is
// fault.Conflict complaint_not_answered.
func (s *Server) ReplyLetter(ctx context.Context, by auth.Caller, id uuid.UUID, lang string) ([]byte, string, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	look := s.desk.Look(ctx)
	k, err := look.Promises.Complaint(ctx, by, id)
	if err != nil {
		return nil, "", err
	}
	if len(k.Replies) == 0 {
		return nil, "", fault.New(fault.Conflict, "complaint_not_answered", "write down the answer first: the letter carries it").Allow("reply")
	}
	c := &composer{s: s, wish: p}
	h, err := c.issuer(ctx, k.OrgID)
	if err != nil {
		return nil, "", err
	}
	org, err := look.People.Organisation(ctx, k.OrgID)
	if err != nil {
		return nil, "", err
	}
	last := k.Replies[len(k.Replies)-1]
	paper := pdf.ReplyLetter{Head: pdf.Head{Letterhead: h.top(), Number: k.Number, Order: k.OrderNumber}, ReceivedAt: k.ReceivedAt, Channel: say.Text(p.lang, "word.channel."+k.Channel), Text: last.Text, On: calendar.Of(last.At, org.Location()), Signer: pdf.Person{Name: cmp.Or(by.Name, by.Login)}, ComplaintsHotline: cmp.Or(h.Complaints, h.Hotline)}
	for to, from := range map[*string]*string{&paper.Reference: k.ExternalRef, &paper.Found: k.Verification, &paper.Apology: k.Apology} {
		if from != nil {
			*to = *from
		}
	}
	if n := len(k.Proposals); n > 0 {
		paper.Offer = k.Proposals[n-1].Text
	}
	if k.CustomerID != nil && !k.Anonymous {
		paper.To = k.CustomerName
		who, err := look.Customers.Customer(ctx, by.Scope(), *k.CustomerID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, "", err
		}
		if len(who.Sites) > 0 {
			paper.Address = who.Sites[0].Address
		}
	}
	options := c.options()
	options.Zone = org.Location()
	var out bytes.Buffer
	if err := paper.Write(&out, options); err != nil {
		return nil, "", fmt.Errorf("print the answer to %s: %w", k.Number, err)
	}
	return out.Bytes(), pdfName("reply-letter", k.Number), nil
}

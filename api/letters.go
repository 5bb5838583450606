package api

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders/aftercare"
)

func (s *Server) followUpLetters(ctx context.Context, by auth.Caller, in *struct {
	FollowUp string `query:"follow_up" doc:"one follow-up's id; absent = every one to be asked by letter that is due"`
	Lang     string `query:"lang" doc:"zh-Hans or en; absent = each customer's"`
}) (*blob, error) {
	only, err := idIn("follow_up", in.FollowUp)
	if err != nil {
		return nil, err
	}
	content, name, err := s.FollowUpLetters(ctx, by, only, in.Lang)
	if err != nil {
		return nil, err
	}
	return pdfBlob(content, name), nil
}

// FollowUpLetters writes the letters to customers who are asked by post: one, or all that are due by today, at
// most 500. lang "" is the language of the first customer; a pile is in one language.
func (s *Server) FollowUpLetters(ctx context.Context, by auth.Caller, only *uuid.UUID, lang string) ([]byte, string, error) {
	today, _, err := s.desk.Today(ctx, by)
	if err != nil {
		return nil, "", err
	}
	books := s.desk.Look(ctx)
	var list []aftercare.FollowUp
	if only != nil {
		f, err := books.Promises.FollowUp(ctx, by.Scope(), *only)
		if err != nil {
			return nil, "", err
		}
		list = append(list, f)
	} else {
		page, err := books.Promises.FollowUps(ctx, by.Scope(), aftercare.FollowUpFilter{Ask: keyset.Ask{Limit: 500}, To: &today, State: "open"})
		if err != nil {
			return nil, "", err
		}
		for _, f := range page.Items {
			if f.Mode == "letter" {
				list = append(list, f)
			}
		}
	}
	if len(list) == 0 {
		return nil, "", fault.New(fault.NotFound, "letters_none", "nobody is asked by letter today")
	}
	if lang == "" {
		lang = say.Lang(list[0].Lang)
	}
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, "", err
	}
	c := &composer{s: s, wish: p}
	t := func(key string, args ...any) string { return say.Text(p.lang, "print.letter."+key, args...) }
	var letters []pdf.FollowUpLetter
	for _, f := range list {
		head, err := c.head(ctx, f.OrgID, f.OrderNumber, f.Number, 0)
		if err != nil {
			return nil, "", err
		}
		script, err := books.Promises.ScriptOf(ctx, f.OrgID, f.Kind)
		if err != nil {
			return nil, "", err
		}
		letter := pdf.FollowUpLetter{Head: head, On: s.desk.Now(), To: f.CustomerName, About: f.Summary, Asked: script.Questions, Greeting: t("dear", f.CustomerName), Body: []string{t("body"), t("ask")}, Closing: t("closing", head.Letterhead.Name)}
		if f.OrderID == nil && f.RequestID == nil {
			letter.Body = []string{t("care"), t("ask")}
		} else {
			letter.DoneOn = f.AnchorOn.In(time.UTC).Add(12 * time.Hour)
		}
		if f.CustomerID != nil {
			customer, err := books.Customers.Customer(ctx, by.Scope(), *f.CustomerID)
			if err != nil {
				return nil, "", err
			}
			if len(customer.Sites) > 0 {
				letter.Address = customer.Sites[0].Address
			}
		}
		letters = append(letters, letter)
	}
	var out bytes.Buffer
	if err := pdf.WriteLetters(&out, letters, c.options()); err != nil {
		return nil, "", fmt.Errorf("letters of follow-ups: %w", err)
	}
	return out.Bytes(), pdfName("follow-up-letters", today.String()), nil
}

package api

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/notify"
	"paigong/internal/say"
	"paigong/workorders"
)

// What is said to people: texts, quiet hours, wishes to be left alone, and what the desk itself was told.

func (s *Server) messageEvents(_ context.Context, _ auth.Caller, _ *struct{}) (keyset.Page[notify.Event], error) {
	return keyset.Page[notify.Event]{Items: notify.Events()}, nil
}

func (s *Server) messageTexts(ctx context.Context, by auth.Caller, _ *struct{}) (keyset.Page[notify.Wording], error) {
	list, err := s.desk.Look(ctx).Outbox.Own(ctx, by.OrgID)
	return keyset.Page[notify.Wording]{Items: list}, err
}

func (s *Server) writeMessageText(ctx context.Context, by auth.Caller, in *body[notify.WordingInput]) (notify.Wording, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (notify.Wording, error) {
		return l.Outbox.Write(ctx, by.OrgID, &by.UserID, in.Body)
	})
}

// Previewed is a text as somebody would read it.
type Previewed struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

func (s *Server) previewMessageText(_ context.Context, _ auth.Caller, in *body[notify.WordingInput]) (Previewed, error) {
	subject, text, err := in.Body.Preview()
	return Previewed{subject, text}, err
}

// TestMessageInput sends a message with sample arguments.
type TestMessageInput struct {
	Key  string `json:"key" maxLength:"100"`
	Lang string `json:"lang" enum:"zh-Hans,en"`
	To   string `json:"to" minLength:"3" maxLength:"200" doc:"a mail address, or a telephone number with its country code"`
}

func (s *Server) testMessage(ctx context.Context, by auth.Caller, in *body[TestMessageInput]) (Kept, error) {
	return Kept{true}, s.TestMessage(ctx, by, in.Body)
}

// TestMessage sends what is said on an occasion, with sample arguments, to one address. It goes at any hour.
func (s *Server) TestMessage(ctx context.Context, by auth.Caller, in TestMessageInput) error {
	e, known := notify.EventOf(in.Key)
	if !known {
		return fault.New(fault.Invalid, "message_event_unknown", "there is no message %q", in.Key).Field("body.key", "unknown")
	}
	lang := say.Lang(in.Lang)
	return s.desk.Keep(ctx, by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Outbox.Send(ctx, notify.Message{OrgID: by.OrgID, Audience: "engineer", To: in.To, Lang: lang, Key: e.Key, Args: e.Sample(lang)})
		return err
	})
}

func (s *Server) quietHours(ctx context.Context, by auth.Caller, _ *struct{}) (workorders.QuietHours, error) {
	return s.desk.QuietHours(ctx, by.OrgID)
}

func (s *Server) setQuietHours(ctx context.Context, by auth.Caller, in *body[workorders.QuietHours]) (workorders.QuietHours, error) {
	return s.desk.SetQuietHours(ctx, by, in.Body)
}

func (s *Server) optOuts(ctx context.Context, by auth.Caller, in *ByID) (keyset.Page[workorders.OptOut], error) {
	list, err := s.desk.OptOuts(ctx, by, in.ID)
	return keyset.Page[workorders.OptOut]{Items: list}, err
}

func (s *Server) setOptOut(ctx context.Context, by auth.Caller, in *bodyOf[workorders.OptOutInput]) (keyset.Page[workorders.OptOut], error) {
	list, err := s.desk.SetOptOut(ctx, by, in.ID, in.Body)
	return keyset.Page[workorders.OptOut]{Items: list}, err
}

func (s *Server) orderMessages(ctx context.Context, by auth.Caller, in *ByRef) (keyset.Page[notify.Message], error) {
	o, err := s.desk.Order(ctx, by, in.ID)
	if err != nil {
		return keyset.Page[notify.Message]{}, err
	}
	list, err := s.desk.Look(ctx).Outbox.OfOrder(ctx, o.ID)
	return keyset.Page[notify.Message]{Items: list}, err
}

func (s *Server) notices(ctx context.Context, by auth.Caller, in *struct {
	Unread bool `query:"unread"`
}) (keyset.Page[workorders.Notice], error) {
	list, err := s.desk.Notices(ctx, by, in.Unread, 200)
	return keyset.Page[workorders.Notice]{Items: list}, err
}

// ReadInput names what was read.
type ReadInput struct {
	IDs []uuid.UUID `json:"ids,omitempty" maxItems:"1000" doc:"absent = all in sight"`
}

func (s *Server) readNotices(ctx context.Context, by auth.Caller, in *body[ReadInput]) (Kept, error) {
	return Kept{true}, s.desk.ReadNotices(ctx, by, in.Body.IDs)
}

func (s *Server) passOn(ctx context.Context, by auth.Caller, in *body[workorders.NoticeInput]) (Kept, error) {
	return Kept{true}, s.desk.PassOn(ctx, by, in.Body)
}

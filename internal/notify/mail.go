package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// MailConfig is the mail server through which messages go.
type MailConfig struct {
	Host     string
	Port     int    // 587 when 0
	From     string // address
	FromName string
	Username string // empty: without signing in
	Password string
	TLS      string // "required" (default), "opportunistic", or "none" for a server on this machine
	Timeout  time.Duration
}

// Attachment is a paper that goes with a letter.
type Attachment struct {
	Name string
	PDF  []byte // or other content, when Type says so
	Type string // "" = application/pdf
}

// Mail delivers to mail addresses.
type Mail struct {
	config MailConfig
	// Papers finds what goes with a letter; nil = nothing ever does.
	Papers func(ctx context.Context, m Message) ([]Attachment, error)
}

// NewMail checks the settings; it does not connect yet.
func NewMail(c MailConfig) (*Mail, error) {
	if c.Port == 0 {
		c.Port = 587
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	m := &Mail{config: c}
	if _, err := m.client(); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	if err := mail.NewMsg().FromFormat(c.FromName, c.From); err != nil {
		return nil, fmt.Errorf("mail sender: %w", err)
	}
	return m, nil
}

func (m *Mail) client() (*mail.Client, error) {
	policy, known := map[string]mail.TLSPolicy{"": mail.TLSMandatory, "required": mail.TLSMandatory, "opportunistic": mail.TLSOpportunistic, "none": mail.NoTLS}[m.config.TLS]
	if !known {
		return nil, fmt.Errorf("%q is not required, opportunistic or none", m.config.TLS)
	}
	options := []mail.Option{mail.WithPort(m.config.Port), mail.WithTimeout(m.config.Timeout), mail.WithTLSPolicy(policy)}
	if m.config.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.config.Username), mail.WithPassword(m.config.Password))
	}
	return mail.NewClient(m.config.Host, options...)
}

// Name of the channel.
func (m *Mail) Name() string { return "mail" }

// Takes reports whether to is a mail address.
func (m *Mail) Takes(to string) bool { return strings.Contains(to, "@") }

// Deliver hands the message to the server. A mailbox the server refuses for good is Permanent.
func (m *Mail) Deliver(ctx context.Context, what Message) error {
	letter := mail.NewMsg()
	if err := letter.FromFormat(m.config.FromName, m.config.From); err != nil {
		return Permanent(err)
	}
	if err := letter.To(what.To); err != nil {
		return Permanent(fmt.Errorf("address: %w", err))
	}
	_, domain, _ := strings.Cut(m.config.From, "@")
	letter.SetMessageIDWithValue(what.ID.String() + "@" + domain) // the same on every attempt: a mailbox may drop the second
	letter.SetDateWithValue(what.CreatedAt)
	letter.SetGenHeader("Content-Language", what.Lang)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.Subject(what.Subject())
	letter.SetBodyString(mail.TypeTextPlain, what.Text()+"\n")
	if m.Papers != nil {
		papers, err := m.Papers(ctx, what)
		if err != nil { // Permanent, when no paper will ever come
			return err
		}
		for _, p := range papers {
			if err := letter.AttachReader(p.Name, bytes.NewReader(p.PDF), mail.WithFileContentType(mail.ContentType(cmp.Or(p.Type, "application/pdf")))); err != nil {
				return err
			}
		}
	}
	client, err := m.client()
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, letter); err != nil {
		var refused *mail.SendError
		if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
			return Permanent(err)
		}
		return err
	}
	return nil
}

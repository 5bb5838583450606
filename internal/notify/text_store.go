package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/say"
)

// Wording is one version of what is said on an occasion, in a language and on a kind of channel.
type Wording struct {
	Key       string    `bun:"key" json:"key"`
	Lang      string    `bun:"lang" json:"lang"`
	Channel   string    `bun:"channel" json:"channel" enum:",mail,sms,bot" doc:"empty = every one without a text of its own"`
	Version   int       `bun:"version" json:"version" doc:"0 = as delivered with the product"`
	Subject   string    `bun:"subject" json:"subject"`
	Body      string    `bun:"body" json:"body"`
	CreatedAt time.Time `bun:"created_at" json:"created_at"`
}

// WordingInput is a new version of a text. An empty body goes back to what the product comes with.
type WordingInput struct {
	Key     string `json:"key" maxLength:"100"`
	Lang    string `json:"lang" enum:"zh-Hans,en"`
	Channel string `json:"channel,omitempty" enum:",mail,sms,bot"`
	Subject string `json:"subject,omitempty" maxLength:"200"`
	Body    string `json:"body" maxLength:"4000"`
}

var place = regexp.MustCompile(`\{[^{}\s]*\}`)

// check refuses a text that names what the occasion does not know, or leaves out what it is worth nothing without.
func (in *WordingInput) check() (Event, error) {
	e, known := EventOf(in.Key)
	if !known {
		return e, fault.New(fault.Invalid, "message_event_unknown", "there is no message %q", in.Key).Field("body.key", "unknown")
	}
	if !slices.Contains(say.Languages(), in.Lang) {
		return e, fault.New(fault.Invalid, "message_language_unknown", "messages are written in zh-Hans and en").Field("body.lang", "zh-Hans or en")
	}
	if !slices.Contains(Channels(), in.Channel) {
		return e, fault.New(fault.Invalid, "message_channel_unknown", "there is no channel %q", in.Channel).Field("body.channel", "mail, sms, bot or empty")
	}
	in.Subject, in.Body = strings.TrimSpace(in.Subject), strings.TrimSpace(strings.ReplaceAll(in.Body, "\r\n", "\n"))
	if in.Body == "" {
		return e, nil
	}
	if strings.ContainsAny(in.Subject, "\r\n") {
		return e, fault.New(fault.Invalid, "message_texts_subject", "the subject is one line").Field("body.subject", "one line")
	}
	for _, p := range place.FindAllString(in.Subject+" "+in.Body, -1) {
		if !slices.Contains(e.Places, strings.Trim(p, "{}")) {
			return e, fault.New(fault.Invalid, "message_place_unknown", "this message does not know %s; it knows %s", p, "{"+strings.Join(e.Places, "} {")+"}").Field("body.body", p+" is unknown")
		}
	}
	for _, p := range e.Needed {
		if !strings.Contains(in.Body, "{"+p+"}") {
			return e, fault.New(fault.Invalid, "message_place_needed", "without {%s} this message is worth nothing", p).Field("body.body", "{"+p+"} is missing")
		}
	}
	return e, nil
}

// Write adds a version of a text for an organisation and everything below it. Earlier ones stay.
func (o Outbox) Write(ctx context.Context, org int32, by *uuid.UUID, in WordingInput) (Wording, error) {
	if _, err := in.check(); err != nil {
		return Wording{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Wording{}, err
	}
	var w Wording
	err = o.db.NewRaw(`INSERT INTO message_texts (id, org_id, key, lang, channel, version, subject, body, created_at, created_by)
		SELECT ?0, ?1, ?2, ?3, ?4, coalesce(max(version), 0) + 1, ?5, ?6, ?7, ?8 FROM message_texts WHERE org_id = ?1 AND key = ?2 AND lang = ?3 AND channel = ?4
		RETURNING key, lang, channel, version, subject, body, created_at`,
		id, org, in.Key, in.Lang, in.Channel, in.Subject, in.Body, o.now(), by).Scan(ctx, &w)
	if err != nil {
		return w, fmt.Errorf("text of %s: %w", in.Key, fault.FromSQL(err))
	}
	return w, nil
}

// Wording is what an organisation says on an occasion: its own text or the nearest above it, one for this kind
// of channel before one for every channel, and else the product's.
func (o Outbox) Wording(ctx context.Context, org int32, key, lang, channel string) (Wording, error) {
	e, known := EventOf(key)
	if !known {
		return Wording{}, fault.New(fault.NotFound, "message_event_unknown", "there is no message %q", key)
	}
	var w Wording
	err := o.db.NewRaw(`SELECT key, lang, channel, version, subject, body, created_at FROM (SELECT DISTINCT ON (x.org_id, x.channel) x.key, x.lang, x.channel, x.version, x.subject, x.body, x.created_at, array_position(g.path, x.org_id) AS level
			FROM organisations g JOIN message_texts x ON x.org_id = ANY (g.path) WHERE g.id = ? AND x.key = ? AND x.lang = ? AND x.channel IN ('', ?) ORDER BY x.org_id, x.channel, x.version DESC) t
		WHERE body <> '' ORDER BY level DESC, channel DESC LIMIT 1`, org, key, say.Lang(lang), channel).Scan(ctx, &w)
	switch {
	case err == nil:
		return w, nil
	case !errors.Is(err, sql.ErrNoRows):
		return w, fmt.Errorf("text of %s: %w", key, fault.FromSQL(err))
	}
	return Wording{Key: key, Lang: say.Lang(lang), Subject: e.DeliveredSubject(lang), Body: e.Delivered(lang)}, nil
}

// Own are the newest texts that an organisation has written itself.
func (o Outbox) Own(ctx context.Context, org int32) ([]Wording, error) {
	rows := []Wording{}
	err := o.db.NewRaw(`SELECT * FROM (SELECT DISTINCT ON (key, lang, channel) key, lang, channel, version, subject, body, created_at FROM message_texts WHERE org_id = ? ORDER BY key, lang, channel, version DESC) t WHERE body <> '' LIMIT 1000`, org).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("texts of messages: %w", fault.FromSQL(err))
	}
	return rows, nil
}

// word gives a message the words it leaves with on a channel.
func (o Outbox) word(ctx context.Context, m *Message, channel string) error {
	e, known := EventOf(m.Key)
	if !known {
		return nil
	}
	w, err := o.Wording(ctx, m.OrgID, m.Key, m.Lang, channelKind(channel))
	if err != nil || w.Version == 0 {
		return err
	}
	m.body, m.head = e.fill(w.Body, m.Args), e.fill(w.Subject, m.Args)
	return nil
}

// Preview is a text with sample arguments in it.
func (in WordingInput) Preview() (subject, body string, err error) {
	e, err := in.check()
	if err != nil {
		return "", "", err
	}
	if in.Body == "" {
		in.Subject, in.Body = e.DeliveredSubject(in.Lang), e.Delivered(in.Lang)
	}
	args := e.Sample(in.Lang)
	if in.Subject == "" {
		in.Subject = e.DeliveredSubject(in.Lang)
	}
	return e.fill(in.Subject, args), e.fill(in.Body, args), nil
}

package templates

import "time"

// SettingsMessages is GET /settings/messages?key=&for=&channel=: what is said on each occasion.
type SettingsMessages struct {
	Chrome
	Groups                []MessageGroup
	Key, Name             string // the occasion shown
	ForLang, Channel      string // whose text
	Version               int    // 0: as delivered
	Subject, Body         string
	Places                []string // what the text may name, as {place}
	SeenSubject, SeenBody string   // with sample values in it
	Courtesy, AtOnce      bool
	Customers             bool // it is told to customers
	QuietFrom, QuietTo    string
	MayEdit               bool
}

func (SettingsMessages) place() place { return place{"settings-messages", "desk"} }

// ChannelViews are the links between the texts of the channels.
func (s SettingsMessages) ChannelViews() []View {
	now := s.Channel
	if now == "" {
		now = "all"
	}
	return s.Views("channel", "word.message_channel.", now, "all", "mail", "sms", "bot")
}

// LangViews are the links between the languages of the text.
func (s SettingsMessages) LangViews() []View {
	return s.Views("for", "ui.lang.", s.ForLang, "zh-Hans", "en")
}

// ChannelNow is the kind of channel as forms say it.
func (s SettingsMessages) ChannelNow() string {
	if s.Channel == "" {
		return "all"
	}
	return s.Channel
}

// MessageGroup is all that one audience is told.
type MessageGroup struct {
	Audience string
	Events   []MessageEvent
}

// MessageEvent is one occasion.
type MessageEvent struct {
	Key, Name        string
	Own, Current     bool
	Courtesy, AtOnce bool
}

// UndeliveredRow is one message that reached nobody.
type UndeliveredRow struct {
	ID, Event, Text string
	Audience, To    string
	Channel, State  string
	Problem         string
	At              time.Time
	Attempts        int
}

// Undelivered is GET /messages?cursor=.
type Undelivered struct {
	Chrome
	Unconnected bool // some reached nobody because no channel is connected
	Rows        []UndeliveredRow
	More        string
}

func (Undelivered) place() place { return place{"messages", "desk"} }

// NoticeRow is something the desk was told.
type NoticeRow struct {
	ID, Text     string
	Path         string // of what it is about
	Manager      bool   // for managers alone
	Organisation string
	At           time.Time
	Unread       bool
	Readers      string
}

// Notices is GET /notices.
type Notices struct {
	Chrome
	Rows          []NoticeRow
	Unread        int
	MayPass       bool
	Organisations []Option
}

func (Notices) place() place { return place{"notices", "desk"} }

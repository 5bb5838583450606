package pdf

import (
	"io"
	"strings"
	"time"

	"paigong/internal/calendar"
)

// ReplyLetter is the 答复函: the answer to a complaint on the paper of the house, to be signed, stamped and
// posted. Its QR code, if any, must lead to a page for everybody: the letter leaves the house.
type ReplyLetter struct {
	Head              // Number is that of the complaint
	To, Address       string
	ReceivedAt        time.Time
	Channel           string // how the complaint came: phone, letter …
	Reference         string // of the authority or the customer's own letter
	Text              string // the answer; its lines are paragraphs
	Found             string // what the check brought to light
	Offer             string
	Apology           string
	On                calendar.Date // of the letter
	Signer            Person
	ComplaintsHotline string
}

// Write draws the letter.
func (p ReplyLetter) Write(w io.Writer, o Options) error { return write(w, []ReplyLetter{p}, o) }

func (ReplyLetter) name(c *canvas) string { return c.t("title.reply_letter") }

func (p ReplyLetter) draw(c *canvas) {
	const size = 11.0
	paragraphs := func(text string) {
		for _, s := range strings.Split(text, "\n") {
			if s = strings.TrimSpace(s); s != "" {
				c.block(left, size, black, c.wrap(c.clean(s, 4000), size, full))
				c.y += 2
			}
		}
	}
	blank := func(s string) string {
		if s == "" {
			return "__________"
		}
		return s
	}
	c.y += 4
	c.block(left, size, black, c.wrap(c.clean(blank(p.To), 200), size, full))
	if p.Address != "" {
		c.block(left, size, black, c.wrap(c.clean(p.Address, 400), size, full))
	}
	c.y += 5
	c.pairs(
		pair{label: c.t("letter_about"), value: p.Number, heavy: true, blank: true},
		pair{label: c.t("order"), value: p.Order},
		pair{label: c.t("letter_received"), value: c.moment(p.ReceivedAt), blank: true},
		pair{label: c.t("letter_channel"), value: p.Channel},
		pair{label: c.t("letter_reference"), value: p.Reference},
	)
	c.y += 4
	paragraphs(c.t("dear", blank(p.To)))
	text := p.Text
	if text == "" {
		text = strings.TrimSpace(strings.Repeat("_", 60))
	}
	paragraphs(text)
	for _, part := range []struct{ title, text string }{{"letter_found", p.Found}, {"letter_offer", p.Offer}, {"letter_apology", p.Apology}} {
		if part.text != "" {
			c.section(c.t(part.title), 12)
			c.y += 1.5
			paragraphs(part.text)
		}
	}
	c.y += 2
	call := p.ComplaintsHotline
	if call == "" {
		call = p.Letterhead.Hotline
	}
	if call != "" {
		paragraphs(c.t("letter_call", call))
	}
	c.y += 4
	c.need(46)
	c.signatures(signing{title: c.t("letter_signed"), who: c.person(p.Signer)}, signing{title: c.t("letter_stamp"), stamp: true})
	c.y += 4
	if on := c.date(p.On); on != "" {
		c.toRight(right, baseline(c.y, size, 0), size, black, on)
	}
}

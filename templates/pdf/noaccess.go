package pdf

import (
	"io"
	"time"
)

// NoAccess is the 未遇通知 left at a closed door. Anybody can read it there, so it carries neither the
// customer's telephone number nor what is broken, and its Link must be a page for everybody, such as the
// intake, never the customer's own.
type NoAccess struct {
	Head
	Customer string
	CameAt   time.Time
	Window   Window // that was announced
	Engineer Person // only the name and staff number are printed
	Attempt  int    // first, second …
	Call     string // number to call; empty: the hotline
	Note     string // of the engineer
	AnswerBy time.Time
}

// Write draws the notice.
func (p NoAccess) Write(w io.Writer, o Options) error { return write(w, []NoAccess{p}, o) }

// top leaves the QR code out of the head; it is drawn large beside the number to call.
func (p NoAccess) top() *Head {
	h := p.Head
	h.Link = ""
	return &h
}

func (NoAccess) name(c *canvas) string { return c.t("title.no_access") }

func (p NoAccess) draw(c *canvas) {
	const large = 13.0
	paragraph := func(size float64, shade ink, s string) {
		c.block(left, size, shade, c.wrap(c.clean(s, 800), size, full))
		c.y += 2.5
	}
	c.y += 3
	customer := p.Customer
	if customer == "" {
		customer = "__________"
	}
	paragraph(large, black, c.t("dear", customer))
	at := c.moment(p.CameAt)
	if at == "" {
		at = "__________"
	}
	paragraph(large, black, c.t("we_came", at))
	paragraph(body+1, grey, p.Note)
	c.pairs(
		pair{label: c.t("window"), value: c.window(p.Window)},
		pair{label: c.t("attempt"), value: attemptOf(c, p.Attempt)},
		pair{label: c.t("engineer"), value: c.person(Person{Name: p.Engineer.Name, StaffNumber: p.Engineer.StaffNumber}), blank: true},
		pair{label: c.t("order"), value: p.Order, blank: true},
	)
	call := p.Call
	if call == "" {
		call = p.Letterhead.Hotline
	}
	c.y += 6
	c.fill(left, c.y, full, 34, wash)
	room := full - 12
	if c.qr(p.Link, right-31, c.y+3, 28) {
		room -= 32
	}
	c.note(left+6, c.y+9, 10, grey, c.t("please_call"))
	size, number := c.fit(c.clean(call, 60), 24, 11, room)
	if number == "" {
		number = "____________________"
	}
	c.strong(left+6, c.y+20, size, black, number)
	hint, again := c.t("or_without_link"), c.t("next_2_call")
	if p.Link != "" {
		hint, again = c.t("or_scan"), c.t("next_2")
	}
	size, hint = c.fit(hint, 9, 7, room)
	c.note(left+6, c.y+28.5, size, grey, hint)
	c.y += 38
	c.section(c.t("what_next"), 20)
	c.y += 2
	by := ""
	if !p.AnswerBy.IsZero() {
		by = c.t("next_answer_by", c.moment(p.AnswerBy))
	}
	for i, s := range []string{c.t("next_1"), again, c.t("next_3"), by} {
		if s == "" {
			continue
		}
		c.note(left, baseline(c.y, 10, 0), 10, grey, string(rune('1'+i)))
		c.block(left+6, 10, black, c.wrap(s, 10, full-6))
		c.y += 1.5
	}
}

func attemptOf(c *canvas, n int) string {
	if n == 0 {
		return ""
	}
	return c.t("attempt_n", n)
}

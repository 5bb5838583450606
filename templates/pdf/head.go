package pdf

import (
	"strconv"
	"strings"

	"github.com/boombuler/barcode/code128"
)

const (
	firstTop = 46.0 // content of the first page
	nextTop  = 20.0 // content of the following ones
	qrSide   = 21.0
)

// number of the paper, or of its order.
func (c *canvas) number() string {
	if c.head.Number != "" {
		return c.clean(c.head.Number, 60)
	}
	return c.clean(c.head.Order, 60)
}

func (c *canvas) version() int {
	if c.head.Version > 0 {
		return c.head.Version
	}
	return c.o.Version
}

// letterhead draws the head of the first page: who issues the paper, what it is, its number as text and
// bars, the customer's link.
func (c *canvas) letterhead() {
	h := &c.head
	end := right
	if c.qr(h.Link, right-qrSide, 10.5, qrSide) {
		caption := c.t("scan")
		c.note(right-qrSide/2-c.mm(caption, 6)/2, 10.5+qrSide+3, 6, grey, caption)
		end = right - qrSide - 5
	}
	size, name := c.fit(c.clean(h.Letterhead.Name, 80), 13, 8, end-left)
	c.strong(left, 16, size, black, name)
	var line []string
	for _, part := range [][2]string{{"", h.Letterhead.Address}, {"hotline", h.Letterhead.Hotline}, {"complaints", h.Letterhead.Complaints}, {"", h.Letterhead.Website}} {
		switch value := c.clean(part[1], 90); {
		case value == "":
		case part[0] == "":
			line = append(line, value)
		default:
			line = append(line, c.colon(c.t(part[0]), value))
		}
	}
	size, address := c.fit(list(line...), 7.5, 6, end-left)
	c.note(left, 21, size, grey, address)
	c.line(left, 24, end, 24, 0.35, black)

	title := end - 56
	if c.bars(c.number(), end, 27.5, 50, 8) {
		n := c.shorten(c.number(), 7.5, 50)
		c.note(end-25-c.mm(n, 7.5)/2, 38.6, 7.5, black, n)
	} else {
		title = end
	}
	tags := c.tags()
	width := 0.0
	for _, tag := range tags {
		width += c.mm(tag, 8) + 6
	}
	size, name = c.fit(c.title, 20, 11, title-left-width)
	c.strong(left, 34.5, size, black, name)
	x := left + c.mm(name, size) + 4
	for _, tag := range tags {
		w := c.mm(tag, 8) + 4
		c.frame(x, 28.6, w, 5.6, grey)
		c.note(x+2, 32.5, 8, black, tag)
		x += w + 2
	}
	var numbers []string
	if n := c.number(); n != "" {
		numbers = append(numbers, c.t("number", n))
	}
	if order := c.clean(h.Order, 60); order != "" && h.Number != "" && h.Number != h.Order {
		numbers = append(numbers, c.colon(c.t("order"), order))
	}
	if v := c.version(); v > 0 {
		numbers = append(numbers, c.t("version", v))
	}
	size, line1 := c.fit(strings.Join(numbers, "    "), 8.5, 6.5, title-left)
	c.note(left, 41.5, size, black, line1)
	if h.Void {
		c.void()
	}
	c.y = firstTop
}

// tags name the copy and say what is unusual about this print.
func (c *canvas) tags() []string {
	var out []string
	if c.o.Copy != CopyNone {
		out = append(out, c.code("copy", string(c.o.Copy)))
	}
	if c.o.Reprint || c.head.Reprint {
		out = append(out, c.t("reprint"))
	}
	if c.head.Void {
		out = append(out, c.t("void"))
	}
	for i := range out {
		out[i] = c.clean(out[i], 30)
	}
	return out
}

func (c *canvas) void() {
	word := c.t("void")
	size := 110.0
	if !c.chinese() {
		size = 130
	}
	for _, r := range word {
		c.used[r>>6] |= 1 << (r & 63)
	}
	c.draw(mark{shape: watermark, ink: 225, x: (pageWidth - c.mm(word, size)) / 2, y: pageHeight/2 + 10, w: size, text: word})
}

// continued draws the head of the following pages.
func (c *canvas) continued() {
	if c.head.Void {
		c.void()
	}
	org := c.shorten(c.clean(c.head.Letterhead.Name, 80), small, 70)
	c.toRight(right, 14, small, grey, org)
	size, name := c.fit(c.t("continued", list(c.title, c.number())), 9, 7, full-c.mm(org, small)-6)
	c.strong(left, 14, size, black, name)
	c.line(left, 16.5, right, 16.5, 0.2, black)
	c.y = nextTop
}

// feet numbers the pages of the paper just drawn and says who printed it when.
func (c *canvas) feet(cut bool) {
	var parts []string
	if at := c.o.PrintedAt; !at.IsZero() {
		parts = append(parts, c.t("printed", c.moment(at), c.offset(at)))
	}
	if by := c.clean(c.o.PrintedBy, 40); by != "" {
		parts = append(parts, by)
	}
	if v := c.version(); v > 0 {
		parts = append(parts, c.t("version", v))
	}
	parts = append(parts, c.tags()...)
	last := len(c.pages) - 1
	for page := c.first; page <= last; page++ {
		count := c.t("page", page-c.first+1, last-c.first+1)
		c.pages[page] = append(c.pages[page], mark{shape: stroke, ink: rule, w: 0.2, points: [][2]float64{{left, 282}, {right, 282}}})
		c.onto(page, right-c.mm(count, small), 286, count)
		_, foot := c.fit(list(parts...), small, small, full-c.mm(count, small)-8)
		c.onto(page, left, 286, foot)
		if cut && page == last {
			c.onto(page, left, 290, c.t("cut"))
		}
	}
}

func (c *canvas) onto(page int, x, y float64, s string) {
	for _, r := range s {
		c.used[r>>6] |= 1 << (r & 63)
	}
	c.pages[page] = append(c.pages[page], mark{shape: text, ink: grey, x: x, y: y, w: small, text: s})
}

// qr draws a link; an empty one, or one that is too long, is left out.
func (c *canvas) qr(link string, x, y, side float64) bool {
	if link == "" {
		return false
	}
	m, err := qrCode(link)
	if err != nil {
		return false
	}
	path := make([]byte, 0, 4096)
	for row := range m.side {
		for from := 0; from < m.side; {
			if !m.dark(from, row) {
				from++
				continue
			}
			to := from
			for to < m.side && m.dark(to, row) {
				to++
			}
			path = bar(path, from, row, to-from, 1)
			from = to
		}
	}
	module := side / float64(m.side)
	c.draw(mark{shape: modules, ink: black, x: x, y: y, w: module, h: module, text: string(path)})
	return true
}

// bars draws a number as Code 128 that ends at x, at most width wide. A number with other than ASCII
// characters, or too long to be read by a scanner, gets none.
func (c *canvas) bars(number string, x, y, width, height float64) bool {
	if number == "" || len(number) > 40 {
		return false
	}
	code, err := code128.Encode(number)
	if err != nil {
		return false
	}
	n := code.Bounds().Dx()
	module := min(width/float64(n), 0.33)
	if module < 0.17 {
		return false
	}
	path := make([]byte, 0, 1024)
	dark := func(at int) bool {
		r, _, _, _ := code.At(at, 0).RGBA()
		return r == 0
	}
	for from := 0; from < n; {
		if !dark(from) {
			from++
			continue
		}
		to := from
		for to < n && dark(to) {
			to++
		}
		path = bar(path, from, 0, to-from, 1)
		from = to
	}
	c.draw(mark{shape: modules, ink: black, x: x - module*float64(n), y: y, w: module, h: height, text: string(path)})
	return true
}

// bar appends a rectangle of whole modules as a path operator.
func bar(path []byte, x, y, w, h int) []byte {
	for _, v := range []int{x, y, w, h} {
		path = append(strconv.AppendInt(path, int64(v), 10), ' ')
	}
	return append(path, "re "...)
}

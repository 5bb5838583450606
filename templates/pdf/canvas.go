package pdf

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// The page: A4 upright, all measures in millimetres from the upper left corner, sizes of text in points.
const (
	point = 25.4 / 72

	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 15.0, 195.0
	full                  = right - left
	bottom                = 278.0 // content ends here; the foot lies below

	body, label, small = 9.0, 8.0, 7.0 // sizes of text

	maxPages = 60   // of one paper; what is longer ends with a notice
	maxRows  = 2000 // of one table
)

// ink is a shade of grey: 0 is black.
type ink uint8

const (
	black ink = 20
	grey  ink = 96
	faint ink = 150
	rule  ink = 205
	wash  ink = 242
)

type shape uint8

const (
	text      shape = iota
	bold            // text made heavier by an outline, since there is only one weight
	filled          // rectangle
	framed          // rectangle, outline only
	stroke          // line through points, w wide
	modules         // bars and squares of a code, given in text as path operators over a grid of w
	watermark       // large text across the page
)

// mark is one thing drawn on a page. For text, x and y are the start of the baseline and w the size.
type mark struct {
	shape      shape
	ink        ink
	x, y, w, h float64
	text       string
	points     [][2]float64
}

// canvas lays out papers page by page. It only records what is to be drawn: fpdf gets to see the pages
// once all of them are known, so that "page 2 of 3" and the cut font are right the first time.
type canvas struct {
	*face
	words
	o     Options
	pages [][]mark
	y     float64 // where the next block begins
	used  [1 << 10]uint64

	head   Head
	title  string
	first  int     // page on which the current paper begins
	again  func()  // draws the head of a table again after a page break
	keep   float64 // room that the last row of the next table shares its page with
	ending bool    // the paper has reached its last allowed page
}

func newCanvas(o Options) (*canvas, error) {
	f, err := notoSansSC()
	if err != nil {
		return nil, err
	}
	return &canvas{face: f, words: newWords(o), o: o}, nil
}

func (c *canvas) draw(m mark) {
	if c.ending {
		return
	}
	page := &c.pages[len(c.pages)-1]
	*page = append(*page, m)
}

// note writes text with its baseline at y; it must be clean already.
func (c *canvas) note(x, y, size float64, shade ink, s string) { c.write(text, x, y, size, shade, s) }

func (c *canvas) strong(x, y, size float64, shade ink, s string) { c.write(bold, x, y, size, shade, s) }

func (c *canvas) write(how shape, x, y, size float64, shade ink, s string) {
	if s == "" {
		return
	}
	for _, r := range s {
		if r > 0xFFFF || c.glyphs[r] == 0 { // a line break where there is one line, or a character the font lacks
			s = oneLine(c.clean(s, len(s)))
			break
		}
	}
	for _, r := range s {
		c.used[r>>6] |= 1 << (r & 63)
	}
	c.draw(mark{shape: how, ink: shade, x: x, y: y, w: size, text: s})
}

// mm measures text in millimetres.
func (c *canvas) mm(s string, size float64) float64 { return c.width(s, size*point) }

// toRight writes text that ends at x.
func (c *canvas) toRight(x, y, size float64, shade ink, s string) {
	c.note(x-c.mm(s, size), y, size, shade, s)
}

// fit is the largest size at which s is no wider than width, and s itself, shortened if even least is too large.
func (c *canvas) fit(s string, size, least, width float64) (float64, string) {
	s = oneLine(s)
	for ; size > least; size -= 0.5 {
		if c.mm(s, size) <= width {
			return size, s
		}
	}
	return least, c.shorten(s, least, width)
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

func (c *canvas) shorten(s string, size, width float64) string {
	s = oneLine(s)
	if c.mm(s, size) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && c.mm(string(runes)+"…", size) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func (c *canvas) line(x1, y1, x2, y2, width float64, shade ink) {
	c.draw(mark{shape: stroke, ink: shade, w: width, points: [][2]float64{{x1, y1}, {x2, y2}}})
}

func (c *canvas) fill(x, y, w, h float64, shade ink) {
	c.draw(mark{shape: filled, ink: shade, x: x, y: y, w: w, h: h})
}

func (c *canvas) frame(x, y, w, h float64, shade ink) {
	c.draw(mark{shape: framed, ink: shade, x: x, y: y, w: w, h: h})
}

// box is a square to tick, drawn as lines so that nobody takes it for a character the font lacks.
func (c *canvas) box(x, y float64, tick choiceState) {
	const side = 2.9
	c.frame(x, y, side, side, grey)
	switch tick {
	case chosen:
		c.draw(mark{shape: stroke, ink: black, w: 0.4, points: [][2]float64{{x + 0.5, y + 1.5}, {x + 1.2, y + 2.3}, {x + 2.5, y + 0.5}}})
	case crossed:
		c.line(x+0.6, y+0.6, x+side-0.6, y+side-0.6, 0.35, black)
		c.line(x+0.6, y+side-0.6, x+side-0.6, y+0.6, 0.35, black)
	}
}

// lineHeight of a size in mm.
func lineHeight(size float64) float64 { return size * point * 1.36 }

// baseline of the n-th line of a block of text that begins at y.
func baseline(y, size float64, n int) float64 {
	return y + lineHeight(size)*(float64(n)+0.5) + 0.36*size*point
}

// room is what is left on the page.
func (c *canvas) room() float64 { return bottom - c.y }

// need begins a new page unless h millimetres are left on this one.
func (c *canvas) need(h float64) {
	if c.room() < h && c.y > c.topOfPage() {
		c.turn()
	}
}

func (c *canvas) topOfPage() float64 {
	if len(c.pages)-1 == c.first {
		return firstTop
	}
	return nextTop
}

// turn begins the next page of the current paper. A paper has at most maxPages; what comes after them is
// thrown away, and the last page says so.
func (c *canvas) turn() {
	if len(c.pages)-c.first >= maxPages {
		c.ending = true
		c.y = nextTop
		return
	}
	c.pages = append(c.pages, make([]mark, 0, 64))
	c.continued()
	if c.again != nil {
		c.again()
	}
}

// paper lays out one paper on pages of its own.
func (c *canvas) paper(p Paper) {
	c.head, c.title = *p.top(), p.name(c)
	c.first, c.again = len(c.pages), nil
	c.pages = append(c.pages, make([]mark, 0, 160))
	c.letterhead()
	p.draw(c)
	cut := c.ending
	c.ending = false
	c.feet(cut)
}

// block writes lines of text at x and moves down; long text flows over pages.
func (c *canvas) block(x, size float64, shade ink, lines []string) {
	for _, l := range lines {
		c.need(lineHeight(size))
		if c.ending {
			return
		}
		c.note(x, baseline(c.y, size, 0), size, shade, l)
		c.y += lineHeight(size)
	}
}

// section begins a part of the paper; it stays with at least so many millimetres of what follows.
func (c *canvas) section(title string, with float64) {
	c.y += 2.4
	c.need(7 + with)
	c.strong(left, baseline(c.y, 9.5, 0), 9.5, black, title)
	c.y += 5.2
	c.line(left, c.y, right, c.y, 0.25, black)
	c.y += 0.4
}

// strokes draws a signature into a box, keeping its proportions. Coordinates that are no numbers are
// left out, and so is everything after the first ten thousand points.
func (c *canvas) strokes(signature [][][2]float64, x, y, w, h float64) {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	fine := func(p [2]float64) bool {
		return math.Abs(p[0]) < 1e6 && math.Abs(p[1]) < 1e6 // false for NaN as well
	}
	for _, line := range signature {
		for _, p := range line {
			if fine(p) {
				minX, maxX = min(minX, p[0]), max(maxX, p[0])
				minY, maxY = min(minY, p[1]), max(maxY, p[1])
			}
		}
	}
	if minX > maxX {
		return
	}
	scale := math.Inf(1)
	if maxX > minX {
		scale = w / (maxX - minX)
	}
	if maxY > minY {
		scale = min(scale, h/(maxY-minY))
	}
	if math.IsInf(scale, 0) {
		scale = 1
	}
	offX, offY := x+(w-scale*(maxX-minX))/2, y+(h-scale*(maxY-minY))/2
	left := 10_000
	for _, line := range signature {
		var points [][2]float64
		for _, p := range line {
			if left--; left < 0 {
				return
			}
			if fine(p) {
				points = append(points, [2]float64{offX + scale*(p[0]-minX), offY + scale*(p[1]-minY)})
			}
		}
		if len(points) == 1 {
			points = append(points, [2]float64{points[0][0] + 0.2, points[0][1]})
		}
		if len(points) > 1 {
			c.draw(mark{shape: stroke, ink: black, w: 0.35, points: points})
		}
	}
}

// write lays out papers and writes them as one file.
func write[P Paper](w io.Writer, papers []P, o Options) error {
	c, err := newCanvas(o)
	if err != nil {
		return err
	}
	for _, p := range papers {
		c.paper(p)
	}
	if len(c.pages) == 0 {
		c.paper(nothing{})
	}
	if err := c.print(w); err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	return nil
}

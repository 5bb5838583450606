package pdf

import (
	"math"
)

type choiceState uint8

const (
	noBox choiceState = iota
	open
	chosen
	crossed
)

func ticked(yes bool) choiceState {
	if yes {
		return chosen
	}
	return open
}

// choice is a square with its words.
type choice struct {
	text  string
	state choiceState
}

// pair is a label and what is to be said about it.
type pair struct {
	label, value string
	wide         bool     // takes the whole width; may flow over pages
	heavy        bool     // written stronger
	blank        bool     // without a value it stays, as a line to write on; others are left out
	height       float64  // of the room to write in, when blank
	choices      []choice // squares to tick instead of a value
}

const (
	shortText = 300  // characters of a value in half the width
	longText  = 4000 // of one in the whole width
	cellText  = 600  // of one in a table
)

// pairs sets labels and values in two columns with a hairline under each row.
func (c *canvas) pairs(all ...pair) {
	var rows [][]pair
	for _, p := range all {
		limit := shortText
		if p.wide {
			limit = longText
		}
		p.value = c.clean(p.value, limit)
		if p.value == "" && !p.blank && len(p.choices) == 0 {
			continue
		}
		if n := len(rows); !p.wide && n > 0 && len(rows[n-1]) == 1 && !rows[n-1][0].wide {
			rows[n-1] = append(rows[n-1], p)
			continue
		}
		rows = append(rows, []pair{p})
	}
	// One width for all labels of a paper, so that values stand in line from top to bottom.
	labels := 20.0
	if !c.chinese() {
		labels = 28
	}
	for _, row := range rows {
		c.pairRow(row, labels)
	}
}

func (c *canvas) pairRow(row []pair, labels float64) {
	const pad, gutter = 0.7, 4.0
	half := (full - gutter) / 2
	type laid struct {
		p      pair
		x, w   float64
		label  []string
		value  []string
		ticks  [][]choice
		height float64
	}
	var cells []laid
	height := 0.0
	for i, p := range row {
		l := laid{p: p, x: left + float64(i)*(half+gutter), w: half - labels}
		if p.wide {
			l.w = full - labels
		}
		l.label = c.wrap(p.label, label, labels-2)
		switch {
		case len(p.choices) > 0:
			l.ticks = c.flow(p.choices, body, l.w)
			l.height = float64(len(l.ticks)) * lineHeight(body)
		case p.value == "":
			l.height = max(p.height, 5.6)
		default:
			l.value = c.wrap(p.value, body, l.w)
			l.height = float64(len(l.value)) * lineHeight(body)
		}
		l.height = max(l.height, float64(len(l.label))*lineHeight(label)) + 2*pad
		height = max(height, l.height)
		cells = append(cells, l)
	}
	flows := len(cells) == 1 && height > 60
	if flows {
		c.need(4 * lineHeight(body))
	} else {
		c.need(height)
	}
	for _, l := range cells {
		for i, s := range l.label {
			c.note(l.x, baseline(c.y+pad, body, 0)+float64(i)*lineHeight(label), label, grey, s)
		}
		x := l.x + labels
		write := c.note
		if l.p.heavy {
			write = c.strong
		}
		switch {
		case l.ticks != nil:
			for i, line := range l.ticks {
				c.ticks(line, x, baseline(c.y+pad, body, i), body)
			}
		case flows:
			c.y += pad
			c.block(x, body, black, l.value)
			c.y += pad
			height = 0
		default:
			for i, s := range l.value {
				write(x, baseline(c.y+pad, body, i), body, black, s)
			}
		}
	}
	c.y += height
	c.line(left, c.y, right, c.y, 0.15, rule)
}

// flow breaks choices into lines.
func (c *canvas) flow(choices []choice, size, width float64) [][]choice {
	var out [][]choice
	x := 0.0
	for _, one := range choices {
		one.text = c.clean(one.text, 80)
		w := c.choiceWidth(one, size)
		if len(out) == 0 || x+w > width {
			out, x = append(out, nil), 0
		}
		out[len(out)-1] = append(out[len(out)-1], one)
		x += w
	}
	return out
}

func (c *canvas) choiceWidth(one choice, size float64) float64 { return 4 + c.mm(one.text, size) + 4.5 }

func (c *canvas) ticks(line []choice, x, y, size float64) {
	for _, one := range line {
		c.box(x, y-2.6, one.state)
		c.note(x+4, y, size, black, one.text)
		x += c.choiceWidth(one, size)
	}
}

// column of a table. Widths are shares of the page.
type column struct {
	head  string
	width float64
	end   bool // figures stand at the right edge
}

// cell of a table.
type cell struct {
	text  string
	box   choiceState // drawn before the text
	heavy bool
}

func cells(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, s := range texts {
		out[i].text = s
	}
	return out
}

// table sets rows under a head that is repeated on every page; blank rows follow to be filled in by hand. A row stays in one
// piece unless it is taller than a third of a page.
func (c *canvas) table(columns []column, rows [][]cell, blank int) {
	const pad, gap, size = 0.8, 1.6, 8.5
	total := 0.0
	for _, col := range columns {
		total += col.width
	}
	x, w := make([]float64, len(columns)), make([]float64, len(columns))
	at := left
	for i, col := range columns {
		x[i], w[i] = at, full*col.width/total
		at += w[i]
	}
	heads, deepest := make([][]string, len(columns)), 1
	for i, col := range columns {
		heads[i] = c.wrap(col.head, 7.5, w[i]-2*gap+0.4)
		deepest = max(deepest, len(heads[i]))
	}
	headHeight := float64(deepest)*lineHeight(7.5) + 1.6
	head := func() {
		c.fill(left, c.y, full, headHeight, wash)
		for i, lines := range heads {
			for j, s := range lines {
				y := baseline(c.y+0.8, 7.5, j)
				if columns[i].end {
					c.toRight(x[i]+w[i]-gap, y, 7.5, grey, s)
				} else {
					c.note(x[i]+gap, y, 7.5, grey, s)
				}
			}
		}
		c.y += headHeight
	}
	c.need(headHeight + 12)
	head()
	c.again = head
	defer func() { c.again = nil }()

	hidden := max(0, len(rows)-maxRows)
	rows = rows[:len(rows)-hidden]
	if len(rows) > 0 {
		blank = 0
	}
	for range blank {
		c.need(7.5)
		c.y += 7.5
		c.line(left, c.y, right, c.y, 0.15, rule)
	}
	keep := c.keep
	c.keep = 0
	for n, row := range rows {
		lines, tall := make([][]string, len(columns)), 0
		for i := range min(len(row), len(columns)) {
			room := w[i] - 2*gap
			if row[i].box != noBox {
				room -= 4
			}
			if s := c.clean(row[i].text, cellText); s != "" {
				lines[i] = c.wrap(s, size, room)
			}
			tall = max(tall, len(lines[i]))
		}
		tall = max(tall, 1)
		if height := float64(tall)*lineHeight(size) + 2*pad; height < (bottom-nextTop)/3 {
			if n == len(rows)-1 {
				height += keep
			}
			c.need(height)
		} else {
			c.need(3 * lineHeight(size))
		}
		for from := 0; from < tall && !c.ending; {
			fits := max(1, int(math.Floor((c.room()-2*pad)/lineHeight(size)+1e-6)))
			to := min(tall, from+fits)
			for i := range min(len(row), len(columns)) {
				indent := 0.0
				if row[i].box != noBox {
					indent = 4
					if from == 0 {
						c.box(x[i]+gap, baseline(c.y+pad, size, 0)-2.6, row[i].box)
					}
				}
				for j := from; j < min(to, len(lines[i])); j++ {
					y, s := baseline(c.y+pad, size, j-from), lines[i][j]
					at := x[i] + gap + indent
					if columns[i].end {
						at = x[i] + w[i] - gap - c.mm(s, size)
					}
					if row[i].heavy {
						c.strong(at, y, size, black, s)
					} else {
						c.note(at, y, size, black, s)
					}
				}
			}
			c.y += float64(to-from)*lineHeight(size) + 2*pad
			c.line(left, c.y, right, c.y, 0.15, rule)
			if from = to; from < tall {
				c.turn()
			}
		}
		if c.ending {
			return
		}
	}
	if hidden > 0 {
		c.again = nil
		c.need(6)
		c.note(left+gap, baseline(c.y+pad, size, 0), size, grey, c.t("more_rows", hidden))
		c.y += 6
	}
}

// sum is a line under a table of amounts.
type sum struct {
	label, value string
	heavy        bool
}

// sums stand at the right edge.
func (c *canvas) sums(all ...sum) {
	c.y += 1
	for _, s := range all {
		if s.value == "" {
			continue
		}
		c.need(5.4)
		y := baseline(c.y, body, 0)
		write := c.note
		if s.heavy {
			write = c.strong
		}
		w := c.mm(s.value, body)
		write(right-1.6-w, y, body, black, s.value)
		c.toRight(right-34, y, label, grey, s.label)
		c.y += 5.2
	}
}

// grand writes an amount large, in figures and in the financial numerals of Chinese bills.
func (c *canvas) grand(caption, capital, figures string) {
	c.need(11)
	c.y += 1.4
	c.fill(left, c.y, full, 9, wash)
	y := c.y + 6.1
	c.strong(right-2-c.mm(figures, 13), y, 13, black, figures)
	c.note(left+2, y, label, grey, caption)
	x := left + 2 + c.mm(caption, label) + 3
	size, capital := c.fit(capital, 10, 6.5, right-2-c.mm(figures, 13)-6-x)
	c.note(x, y, size, black, capital)
	c.y += 9
}

// signing is a box for a signature.
type signing struct {
	title string
	s     Signature
	who   string // name known beforehand
	stamp bool   // room for a company's stamp instead
}

// signatures sets boxes side by side; they are never parted from each other.
func (c *canvas) signatures(all ...signing) {
	height := 22.0
	for _, s := range all {
		if s.stamp {
			height = 25
		}
	}
	c.y += 2.5
	c.need(height + 1)
	const gap = 4.0
	w := (full - gap*float64(len(all)-1)) / float64(len(all))
	for i, s := range all {
		c.sign(s, left+float64(i)*(w+gap), c.y, w, height)
	}
	c.y += height
}

func (c *canvas) sign(s signing, x, y, w, h float64) {
	c.frame(x, y, w, h, faint)
	_, title := c.fit(s.title, 7.5, 7.5, w-4)
	c.note(x+2, y+4.4, 7.5, grey, title)
	if s.stamp {
		return
	}
	foot := y + h - 2.6
	if s.s.empty() {
		c.line(x+4, foot-6.2, x+w-4, foot-6.2, 0.15, grey)
		_, who := c.fit(c.clean(s.who, 60), 7.5, 7.5, w*0.55)
		c.note(x+2, foot, 7.5, grey, who)
		c.toRight(x+w-14, foot, 7.5, grey, c.t("date_blank"))
		return
	}
	if s.s.Reason != "" {
		lines := c.wrap(c.clean(c.colon(c.t("unsigned"), s.s.Reason), 160), label, w-6)
		for i, l := range lines[:min(3, len(lines))] {
			c.note(x+3, baseline(y+6.4, label, i), label, black, l)
		}
	}
	c.strokes(s.s.Strokes, x+5, y+6, w-10, h-13)
	name := s.s.Name
	if name == "" {
		name = s.who
	}
	if relation := c.code("relation", s.s.Relation); relation != "" {
		name += c.brackets(relation)
	}
	at := c.moment(s.s.At)
	c.toRight(x+w-2, foot, 7, grey, at)
	_, name = c.fit(c.clean(name, 60), 8, 8, w-7-c.mm(at, 7))
	c.note(x+2, foot, 8, black, name)
}

// fine writes small print.
func (c *canvas) fine(texts ...string) {
	c.y += 2
	for _, s := range texts {
		if s = c.clean(s, 1200); s != "" {
			c.block(left, 7.5, grey, c.wrap(s, 7.5, full))
			c.y += 0.6
		}
	}
}

// notice draws a framed box with a few lines that must not be overlooked.
func (c *canvas) notice(lines ...string) {
	var out []string
	for _, s := range lines[:min(len(lines), 20)] {
		if s = c.clean(s, 500); s != "" {
			out = append(out, c.wrap(s, body, full-8)...)
		}
	}
	if len(out) == 0 {
		return
	}
	out = out[:min(len(out), 20)]
	h := float64(len(out))*lineHeight(body) + 3
	c.need(h + 2)
	c.y += 1
	c.frame(left, c.y, full, h, black)
	c.fill(left, c.y, 1.6, h, black)
	for i, s := range out {
		c.strong(left+5, baseline(c.y+1.5, body, i), body, black, s)
	}
	c.y += h + 1
}

// phone writes a telephone number, masked on the copy that leaves the house.
func (c *canvas) phone(number string) string {
	if c.o.Copy == CopyCustomer {
		return mask(number)
	}
	return number
}

package pdf

import "io"

// Label is what is stuck on a device 设备标签: three of the same, to be cut out. Whoever scans it may report a
// fault and see the repairs. It carries no customer, no address and not the whole serial number.
type Label struct {
	Head
	Device string
	Serial string // its last characters
	Code   string // typed where nothing scans
}

// Write draws the labels.
func (p Label) Write(w io.Writer, o Options) error { return write(w, []Label{p}, o) }

// top leaves the QR code out of the head; it is drawn on each label.
func (p Label) top() *Head {
	h := p.Head
	h.Link = ""
	return &h
}

func (Label) name(c *canvas) string { return c.t("title.label") }

func (p Label) draw(c *canvas) {
	const high, code = 44.0, 36.0
	for range 3 {
		c.need(high + 6)
		c.y += 4
		c.frame(left, c.y, 100, high, grey)
		room := 100 - 8.0
		if c.qr(p.Link, left+4, c.y+4, code) {
			room -= code + 4
		}
		x := left + 100 - 4 - room
		size, name := c.fit(c.clean(p.Device, 80), 12, 8, room)
		c.strong(x, c.y+9, size, black, name)
		if p.Serial != "" {
			c.note(x, c.y+15, 9, grey, "…"+c.clean(p.Serial, 12))
		}
		size, hint := c.fit(c.t("label.scan"), 9, 6, room)
		c.note(x, c.y+22, size, black, hint)
		size, call := c.fit(c.clean(p.Letterhead.Hotline, 40), 12, 8, room)
		c.strong(x, c.y+29, size, black, call)
		size, typed := c.fit(c.clean(p.Code, 20), 9, 6, room)
		c.note(x, c.y+38, size, grey, typed)
		c.y += high
	}
}

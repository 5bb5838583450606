package pdf

import (
	"cmp"
	"io"
	"slices"
	"strconv"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// DaySheet is the 日派工单 of one engineer: his stops in the order of the day, pick-ups in their place.
type DaySheet struct {
	Head
	Day       calendar.Date
	Engineer  Person
	Region    string
	Shift     Window
	Stops     []Stop
	Emergency string // whom to call when something goes wrong
}

// Stop is a visit or a pick-up of parts.
type Stop struct {
	Pickup        bool // of parts at a store; Place and Parts are set
	Place         string
	Window        Window // announced to the customer; for a pick-up the time it is needed by
	Unconfirmed   bool
	Order, Kind   string
	Priority      int
	Customer      Party
	Device        Device
	Fault         string
	Parts         []CarriedPart
	Fee           money.Fen // agreed call-out fee
	Warnings      []string
	TravelMinutes int // from the stop before
	Metres        int64
}

// Write draws the day sheet.
func (p DaySheet) Write(w io.Writer, o Options) error { return write(w, []DaySheet{p}, o) }

func (DaySheet) name(c *canvas) string { return c.t("title.day_sheet") }

func (p DaySheet) draw(c *canvas) {
	visits := 0
	for _, s := range p.Stops {
		if !s.Pickup {
			visits++
		}
	}
	c.pairs(
		pair{label: c.t("engineer"), value: c.person(p.Engineer), heavy: true, blank: true},
		pair{label: c.t("day"), value: c.date(p.Day), heavy: true, blank: true},
		pair{label: c.t("shift"), value: c.times(p.Shift)},
		pair{label: c.t("region"), value: p.Region},
		pair{label: c.t("visits"), value: strconv.Itoa(visits)},
		pair{label: c.t("emergency"), value: p.Emergency},
	)
	c.section(c.t("stops"), 30)
	c.y += 1
	if len(p.Stops) == 0 {
		c.block(left, body, grey, []string{c.t("no_stops")})
	}
	for i, s := range p.Stops[:min(len(p.Stops), maxRows)] {
		c.stop(i+1, s)
	}
	c.allParts(p.Stops)
	c.signatures(signing{title: c.t("sign_engineer"), who: c.person(p.Engineer)}, signing{title: c.t("sign_dispatcher")})
}

// stop draws a card: time at the left, what to know in the middle, boxes and blank times at the right.
func (c *canvas) stop(n int, s Stop) {
	const timeWidth, sideWidth, pad = 27.0, 37.0, 1.6
	middle := full - timeWidth - sideWidth - 4
	type row struct {
		lines []string
		heavy bool
	}
	var rows []row
	add := func(heavy bool, text string) {
		if text = c.clean(text, 160); text != "" {
			rows = append(rows, row{c.wrap(text, body-0.5, middle), heavy})
		}
	}
	if s.Pickup {
		add(true, c.t("pick_up_at", s.Place))
	} else {
		add(true, list(s.Customer.Name, c.code("kind", s.Kind), c.priority(s.Priority)))
		add(false, s.Customer.Address)
		contact := list(s.Customer.OnSite.Name, c.phone(s.Customer.OnSite.Phone))
		if contact == "" {
			contact = c.phone(s.Customer.Phone)
		}
		add(false, list(contact, s.Customer.AccessNotes))
		add(false, list(s.Device.Brand, s.Device.Model, s.Device.Serial, c.code("coverage", s.Device.Coverage)))
		add(false, s.Fault)
		for _, warning := range s.Warnings[:min(len(s.Warnings), 3)] {
			add(true, "! "+warning)
		}
	}
	const most = 12 // the list at the end has all of them
	parts := s.Parts[:min(len(s.Parts), most)]
	height := 2 * pad
	for _, r := range rows {
		height += float64(len(r.lines)) * lineHeight(body-0.5)
	}
	height += float64(len(parts)) * 4.4
	if len(s.Parts) > most {
		height += 4.4
	}
	height = max(height, 17)
	c.need(height + 1.5)

	top := c.y
	y := top + pad
	c.strong(left, baseline(y, 11, 0), 11, black, strconv.Itoa(n))
	times := c.times(s.Window)
	if s.Pickup {
		times = c.clock(s.Window.To)
	}
	_, times = c.fit(times, 9.5, 9.5, timeWidth-1)
	c.strong(left, baseline(y+5.2, 9.5, 0), 9.5, black, times)
	if s.Unconfirmed {
		c.note(left, baseline(y+9.6, small, 0), small, grey, c.t("to_confirm"))
	}
	if s.TravelMinutes > 0 {
		drive := c.t("drive", s.TravelMinutes)
		if s.Metres > 0 {
			drive = c.t("drive_km", s.TravelMinutes, float64(s.Metres)/1000)
		}
		size, drive := c.fit(drive, small, 5.5, timeWidth-2)
		c.note(left, baseline(y+13, small, 0), size, grey, drive)
	}
	for _, r := range rows {
		for _, l := range r.lines {
			if r.heavy {
				c.strong(left+timeWidth, baseline(y, body-0.5, 0), body-0.5, black, l)
			} else {
				c.note(left+timeWidth, baseline(y, body-0.5, 0), body-0.5, black, l)
			}
			y += lineHeight(body - 0.5)
		}
	}
	for _, part := range parts {
		c.box(left+timeWidth, y+0.7, open)
		_, line := c.fit(c.clean(list(part.SKU, part.Name, quantity(part.Quantity, part.Unit), part.From), 200), 8, 8, middle-5)
		c.note(left+timeWidth+4.2, y+3.2, 8, black, line)
		y += 4.4
	}
	if len(s.Parts) > most {
		c.note(left+timeWidth+4.2, y+3.2, 8, grey, c.t("more_parts", len(s.Parts)-most))
	}
	x := right - sideWidth
	size, order := c.fit(c.clean(s.Order, 40), 8, 6.5, sideWidth)
	c.toRight(right, baseline(top+pad, 8, 0), size, black, order)
	for i, caption := range []string{c.t("arrived_at"), c.t("left_at")} {
		line := top + pad + 8.6 + 5.4*float64(i)
		c.note(x, line, small, grey, caption)
		c.line(x+c.mm(caption, small)+1.5, line+0.6, right, line+0.6, 0.15, grey)
	}
	if s.Fee > 0 {
		c.box(x, top+pad+15.8, open)
		c.note(x+4.2, top+pad+18.3, 8, black, c.t("fee_collect", amount(s.Fee)))
		height = max(height, 21)
	}
	c.y = top + height
	c.line(left, c.y, right, c.y, 0.15, rule)
}

// allParts adds up what the day needs, by part and place.
func (c *canvas) allParts(stops []Stop) {
	type key struct{ sku, name, unit, from string }
	need := map[key]int64{}
	for _, s := range stops {
		if !s.Pickup {
			for _, p := range s.Parts {
				need[key{p.SKU, p.Name, p.Unit, p.From}] += p.Quantity
			}
		}
	}
	if len(need) == 0 {
		return
	}
	var keys []key
	for k := range need {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.sku, b.sku), cmp.Compare(a.name, b.name), cmp.Compare(a.unit, b.unit))
	})
	c.section(c.t("parts_of_the_day"), 16)
	var rows [][]cell
	for _, k := range keys {
		rows = append(rows, []cell{{box: open}, {text: k.sku}, {text: k.name}, {text: quantity(need[k], k.unit)}, {text: k.from}})
	}
	c.keep = 26
	c.table([]column{{width: 8}, {head: c.t("sku"), width: 40}, {head: c.t("part"), width: 72}, {head: c.t("quantity"), width: 22, end: true}, {head: c.t("from"), width: 38}}, rows, 0)
}

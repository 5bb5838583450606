package pdf

import (
	"io"

	"paigong/internal/calendar"
)

// PickList is the 备料单 of a store for one engineer and one day.
type PickList struct {
	Head
	Day      calendar.Date
	Place    string // store
	Engineer Person
	NeededBy Window
	Lines    []PickLine
}

// PickLine is a part on its shelf.
type PickLine struct {
	Shelf, SKU, Name, Unit string
	Quantity               int64
	Order, Customer        string
	Serial                 string
}

// Write draws the pick list.
func (p PickList) Write(w io.Writer, o Options) error { return write(w, []PickList{p}, o) }

func (PickList) name(c *canvas) string { return c.t("title.pick_list") }

func (p PickList) draw(c *canvas) {
	by := c.clock(p.NeededBy.To)
	if by == "" {
		by = c.clock(p.NeededBy.From)
	}
	c.pairs(
		pair{label: c.t("store"), value: p.Place, heavy: true, blank: true},
		pair{label: c.t("day"), value: c.date(p.Day), blank: true},
		pair{label: c.t("engineer"), value: c.person(p.Engineer), heavy: true, blank: true},
		pair{label: c.t("needed_by"), value: by},
	)
	c.section(c.t("parts_to_pick"), 18)
	var rows [][]cell
	for _, l := range p.Lines {
		rows = append(rows, []cell{{box: open}, {text: l.Shelf}, {text: l.SKU}, {text: l.Name + "\n" + l.Serial}, {text: quantity(l.Quantity, l.Unit), heavy: true}, {text: l.Order}, {text: l.Customer}})
	}
	c.keep = 32
	c.table([]column{
		{width: 8}, {head: c.t("shelf"), width: 17}, {head: c.t("sku"), width: 28}, {head: c.t("part"), width: 52},
		{head: c.t("quantity"), width: 18, end: true}, {head: c.t("order"), width: 31}, {head: c.t("customer"), width: 26},
	}, rows, 6)
	c.signatures(signing{title: c.t("sign_storekeeper")}, signing{title: c.t("sign_taken"), who: c.person(p.Engineer)})
	c.fine(c.t("pick_terms"))
}

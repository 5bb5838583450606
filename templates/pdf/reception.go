package pdf

import (
	"io"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// Reception is the 接车单 or 接件单: what a customer brings in, in which state, and what he wants done.
type Reception struct {
	Head
	ReceivedAt time.Time
	ReceivedBy Person
	Customer   Party
	Device     Device
	Odometer   string // reading of a counter: km, pages, hours
	Fault      string
	Wishes     []string // work asked for
	Condition  string
	LeftBehind []string // things left in or with it
	Estimate   money.Fen
	ReadyOn    calendar.Date
	ReadyAt    time.Time // instead of ReadyOn when an hour was promised
	OldParts   string    // kept taken
	Signature  Signature
}

// Write draws the reception sheet.
func (p Reception) Write(w io.Writer, o Options) error { return write(w, []Reception{p}, o) }

func (p Reception) name(c *canvas) string {
	if p.Device.Plate != "" {
		return c.t("title.reception_car")
	}
	return c.t("title.reception")
}

func (p Reception) draw(c *canvas) {
	ready := c.moment(p.ReadyAt)
	if ready == "" {
		ready = c.date(p.ReadyOn)
	}
	c.pairs(
		pair{label: c.t("received_at"), value: c.moment(p.ReceivedAt), blank: true},
		pair{label: c.t("received_by_house"), value: c.person(p.ReceivedBy), blank: true},
	)
	c.customer(p.Customer)
	c.device(p.Device)
	c.pairs(pair{label: c.t("odometer"), value: p.Odometer, blank: p.Device.Plate != ""})
	c.section(c.t("fault_reported"), 14)
	c.pairs(pair{label: c.t("fault_words"), value: p.Fault, wide: true, blank: true, height: 11})
	c.section(c.t("wishes"), 18)
	var rows [][]cell
	for _, wish := range p.Wishes {
		rows = append(rows, []cell{{box: open}, {text: wish}, {}})
	}
	c.table([]column{{width: 8}, {head: c.t("work"), width: 112}, {head: c.t("remark"), width: 60}}, rows, 4)
	c.section(c.t("condition_on_arrival"), 62)
	var things []choice
	for _, thing := range p.LeftBehind {
		if thing != "" && len(things) < 40 {
			things = append(things, choice{thing, chosen})
		}
	}
	c.pairs(
		pair{label: c.t("condition"), value: p.Condition, wide: true, blank: true, height: 11},
		pair{label: c.t("left_behind"), choices: things, wide: true, blank: true},
		pair{label: c.t("old_part"), wide: true, choices: c.scale("old", p.OldParts, "kept", "taken")},
		pair{label: c.t("estimate"), value: some(p.Estimate), blank: true},
		pair{label: c.t("ready"), value: ready, heavy: true, blank: true},
	)
	c.fine(c.t("reception_terms"))
	c.signatures(signing{title: c.t("sign_customer"), s: p.Signature}, signing{title: c.t("sign_reception"), who: c.person(p.ReceivedBy)})
}

package pdf

import (
	"io"
	"strconv"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// WorkOrder is the 派工单 an engineer takes along: where to go, when, what is known, what to bring, what
// has been agreed about money.
type WorkOrder struct {
	Head
	Request          string // number of the request it came from
	Received         time.Time
	Kind, Mode       string // repair install …; phone on_site depot
	Priority         int    // 1 first … 4
	Customer         Party
	Window           Window // announced to the customer
	Unconfirmed      bool   // the customer has not agreed to the window yet
	Device           Device
	Fault            string // in the customer's words
	Photos           int    // taken beforehand
	Tried            string // by phone
	History          []PastRepair
	RepeatOf         *PastRepair // 返修: the repair that did not last
	Parts            []CarriedPart
	Tools            string
	CallOutFee       money.Fen
	FeeAgreed        bool      // the customer has agreed to the call-out fee
	DeductIfRepaired bool      // it is dropped once the repair is agreed
	Limit            money.Fen // up to which he agreed beforehand
	Chases           int       // how often he asked where we are
	Warnings         []string  // dog, VIP, complaint open
	Engineer         Person
	Helpers          []Person
	DispatchedBy     string
	DispatchedAt     time.Time
}

// PastRepair is one of the last repairs of the device.
type PastRepair struct {
	On                             calendar.Date
	Order, Fault, Action, Engineer string
}

// CarriedPart is a part to bring.
type CarriedPart struct {
	SKU, Name, Unit string
	Quantity        int64
	From            string // place it is taken from
	Pickup          string // number of the pick-up there
}

// Write draws the work order.
func (p WorkOrder) Write(w io.Writer, o Options) error { return write(w, []WorkOrder{p}, o) }

func (WorkOrder) name(c *canvas) string { return c.t("title.work_order") }

func (p WorkOrder) draw(c *canvas) {
	var warnings []string
	if p.RepeatOf != nil {
		r := p.RepeatOf
		warnings = append(warnings, c.colon(c.t("repeat_of", r.Order), list(c.date(r.On), r.Engineer, r.Fault, r.Action)))
	}
	if p.Chases > 0 {
		warnings = append(warnings, c.t("chased", p.Chases))
	}
	c.notice(append(warnings, p.Warnings...)...)

	window := c.window(p.Window)
	if window != "" && p.Unconfirmed {
		window += c.brackets(c.t("unconfirmed"))
	}
	c.pairs(
		pair{label: c.t("window"), value: window, wide: true, heavy: true, blank: true},
		pair{label: c.t("kind"), value: list(c.code("kind", p.Kind), c.code("mode", p.Mode)), blank: true},
		pair{label: c.t("priority"), value: c.priority(p.Priority)},
		pair{label: c.t("request"), value: p.Request},
		pair{label: c.t("received"), value: c.moment(p.Received)},
		pair{label: c.t("engineer"), value: c.person(p.Engineer), heavy: true, blank: true},
		pair{label: c.t("engineer_phone"), value: p.Engineer.Phone},
		pair{label: c.t("helpers"), value: c.people(p.Helpers)},
		pair{label: c.t("dispatched_by"), value: list(p.DispatchedBy, c.moment(p.DispatchedAt))},
	)
	c.customer(p.Customer)
	c.device(p.Device)

	reported := c.t("fault_reported")
	if p.Photos > 0 {
		reported += c.brackets(c.t("photos_taken", p.Photos))
	}
	c.section(reported, 12)
	c.pairs(
		pair{label: c.t("fault_words"), value: p.Fault, wide: true, blank: true, height: 11},
		pair{label: c.t("tried"), value: p.Tried, wide: true},
	)
	if len(p.History) > 0 {
		c.section(c.t("history"), 14)
		var rows [][]cell
		for _, h := range p.History {
			rows = append(rows, cells(c.shortDate(h.On), h.Order, h.Fault, h.Action, h.Engineer))
		}
		c.table([]column{{head: c.t("date"), width: 23}, {head: c.t("order"), width: 36}, {head: c.t("fault"), width: 46}, {head: c.t("action"), width: 46}, {head: c.t("engineer"), width: 29}}, rows, 0)
	}
	c.section(c.t("parts_to_bring"), 14)
	var rows [][]cell
	for _, part := range p.Parts {
		rows = append(rows, []cell{{box: open}, {text: part.SKU}, {text: part.Name}, {text: quantity(part.Quantity, part.Unit)}, {text: part.From}, {text: part.Pickup}})
	}
	if len(rows) == 0 {
		c.pairs(pair{label: c.t("parts"), value: c.t("no_parts"), wide: true})
	} else {
		c.table([]column{{width: 8}, {head: c.t("sku"), width: 34}, {head: c.t("part"), width: 58}, {head: c.t("quantity"), width: 20, end: true}, {head: c.t("from"), width: 34}, {head: c.t("pickup"), width: 26}}, rows, 0)
	}
	c.pairs(pair{label: c.t("tools"), value: p.Tools, wide: true})

	var fee string
	if p.CallOutFee > 0 {
		remark := c.t("fee_not_agreed")
		if p.FeeAgreed {
			remark = c.t("fee_agreed")
		}
		if p.DeductIfRepaired {
			remark = c.comma(remark, c.t("fee_deducted"))
		}
		fee = amount(p.CallOutFee) + c.brackets(remark)
	}
	if fee != "" || p.Limit > 0 {
		c.section(c.t("agreed_money"), 8)
		c.pairs(pair{label: c.t("call_out_fee"), value: fee}, pair{label: c.t("limit"), value: some(p.Limit)})
	}
	c.y += 1.5
	c.need(34)
	c.pairs(
		pair{label: c.t("arrived_at"), blank: true, height: 6},
		pair{label: c.t("left_at"), blank: true, height: 6},
	)
	c.signatures(signing{title: c.t("sign_engineer"), who: c.person(p.Engineer)}, signing{title: c.t("sign_customer")})
}

func (c *canvas) priority(n int) string {
	if n == 0 {
		return ""
	}
	return c.code("priority", strconv.Itoa(n))
}

// customer says whose device it is and where it stands.
func (c *canvas) customer(p Party) {
	c.section(c.t("customer_site"), 14)
	onSite := list(p.OnSite.Name, c.code("contact", p.OnSite.Role), c.phone(p.OnSite.Phone))
	c.pairs(
		pair{label: c.t("customer"), value: p.Name, heavy: true, blank: true},
		pair{label: c.t("phone"), value: c.phone(p.Phone), blank: true},
		pair{label: c.t("on_site"), value: onSite},
		pair{label: c.t("payer"), value: p.Payer},
		pair{label: c.t("address"), value: p.Address, wide: true, blank: true},
		pair{label: c.t("access"), value: p.AccessNotes, wide: true},
	)
}

// customerAndDevice says both in short, for papers the customer keeps: he knows the way to his own door.
func (c *canvas) customerAndDevice(p Party, d Device) {
	c.section(c.t("customer_device"), 14)
	c.pairs(
		pair{label: c.t("customer"), value: p.Name, heavy: true, blank: true},
		pair{label: c.t("phone"), value: c.phone(p.Phone), blank: true},
		pair{label: c.t("on_site"), value: list(p.OnSite.Name, c.code("contact", p.OnSite.Role), c.phone(p.OnSite.Phone))},
		pair{label: c.t("payer"), value: p.Payer},
		pair{label: c.t("address"), value: p.Address, wide: true, blank: true},
		pair{label: c.t("model"), value: list(d.Category, d.Brand, d.Model), heavy: true, blank: true},
		pair{label: c.t("serial"), value: d.Serial, blank: true},
		pair{label: c.t("plate"), value: d.Plate},
		pair{label: c.t("purchased"), value: c.shortDate(d.PurchasedOn), blank: true},
		pair{label: c.t("warranty_until"), value: c.shortDate(d.WarrantyUntil), blank: true},
		pair{label: c.t("coverage"), value: c.coverage(d), wide: true, heavy: true, blank: true},
	)
}

// device says what it is and whether the work is free.
func (c *canvas) device(d Device) {
	c.section(c.t("device"), 14)
	c.pairs(
		pair{label: c.t("model"), value: list(d.Category, d.Brand, d.Model), heavy: true, blank: true},
		pair{label: c.t("serial"), value: d.Serial, blank: true},
		pair{label: c.t("plate"), value: d.Plate},
		pair{label: c.t("purchased"), value: c.shortDate(d.PurchasedOn)},
		pair{label: c.t("installed"), value: c.shortDate(d.InstalledOn)},
		pair{label: c.t("warranty_until"), value: c.shortDate(d.WarrantyUntil)},
		pair{label: c.t("proof"), value: c.code("proof", d.Proof)},
		pair{label: c.t("coverage"), value: c.coverage(d), wide: true, heavy: true},
	)
}

func (c *canvas) coverage(d Device) string {
	return list(c.code("coverage", d.Coverage), d.CoverageReason)
}

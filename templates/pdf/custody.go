package pdf

import (
	"io"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// Custody is the 接修单（收机凭证）for a device that leaves the customer, with his consent, the part for
// its return and a tag to be stuck on it.
type Custody struct {
	Head
	TakenAt      time.Time
	TakenWhere   string
	TakenBy      Person
	Customer     Party
	Device       Device
	Accessories  []string // that came along
	Condition    string
	Photos       int
	Fault        string
	DataConsent  bool      // the customer has been told about data on the device and agrees
	Estimate     money.Fen // or limit of the cost
	Value        money.Fen // of the device, as agreed
	ReturnOn     calendar.Date
	Loaner       *Loaner
	Signature    Signature
	ReturnedAt   time.Time
	ReturnedTo   string
	VoucherSeen  bool
	ReturnSigned Signature
}

// Loaner is a device lent meanwhile.
type Loaner struct {
	Name, Serial, Condition string
	DueOn                   calendar.Date
}

// Write draws the custody receipt.
func (p Custody) Write(w io.Writer, o Options) error { return write(w, []Custody{p}, o) }

func (Custody) name(c *canvas) string { return c.t("title.custody") }

func (p Custody) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("taken_at"), value: c.moment(p.TakenAt), blank: true},
		pair{label: c.t("taken_by"), value: c.person(p.TakenBy), blank: true},
		pair{label: c.t("taken_where"), value: p.TakenWhere, wide: true},
		pair{label: c.t("customer"), value: p.Customer.Name, heavy: true, blank: true},
		pair{label: c.t("phone"), value: c.phone(p.Customer.Phone), blank: true},
	)
	c.device(p.Device)
	var accessories []choice
	for _, a := range p.Accessories {
		if a != "" && len(accessories) < 40 {
			accessories = append(accessories, choice{a, chosen})
		}
	}
	if len(accessories) == 0 {
		for _, a := range []string{"power", "remote", "card", "manual", "packing", "other"} {
			accessories = append(accessories, choice{c.t("accessory." + a), open})
		}
	}
	condition := p.Condition
	if p.Photos > 0 {
		condition = list(condition, c.t("photos_taken", p.Photos))
	}
	c.y += 1
	c.pairs(
		pair{label: c.t("accessories"), choices: accessories, wide: true},
		pair{label: c.t("condition"), value: condition, wide: true, blank: true, height: 9},
		pair{label: c.t("fault_reported"), value: p.Fault, wide: true, blank: true},
		pair{label: c.t("estimate"), value: some(p.Estimate), blank: true},
		pair{label: c.t("return_on"), value: c.date(p.ReturnOn), heavy: true, blank: true},
		pair{label: c.t("device_value"), value: some(p.Value)},
		pair{label: c.t("data"), wide: true, choices: []choice{{c.t("data_consent"), ticked(p.DataConsent)}}},
	)
	if l := p.Loaner; l != nil {
		c.pairs(pair{label: c.t("loaner"), value: list(l.Name, l.Serial, l.Condition, c.t("due", c.date(l.DueOn)), c.t("loaner_rule")), wide: true})
	}
	c.fine(c.t("custody_terms"))
	c.signatures(signing{title: c.t("sign_consent"), s: p.Signature}, signing{title: c.t("sign_taker"), who: c.person(p.TakenBy)})

	c.section(c.t("return_part"), 44)
	c.pairs(
		pair{label: c.t("returned_at"), value: c.moment(p.ReturnedAt), blank: true},
		pair{label: c.t("returned_to"), value: p.ReturnedTo, blank: true},
		pair{label: c.t("return_checks"), wide: true, choices: []choice{
			{c.t("voucher_seen"), ticked(p.VoucherSeen)}, {c.t("return_tested"), open}, {c.t("accessories_complete"), open},
			{c.t("old_parts_returned"), open}, {c.t("return_paid"), open},
		}},
	)
	c.signatures(signing{title: c.t("sign_returned"), s: p.ReturnSigned}, signing{title: c.t("sign_giver")})
	if c.o.Copy != CopyCustomer && c.number() != "" {
		c.tag(p)
	}
}

// tag is cut off and stuck on the device. Its codes carry the number alone: the link of the customer is not for everybody
// who passes the shelf.
func (c *canvas) tag(p Custody) {
	const height = 31
	c.y += 4
	c.need(height + 4)
	for x := left; x < right; x += 4 {
		c.line(x, c.y, x+2, c.y, 0.2, grey)
	}
	c.note(left, c.y+3.4, small, grey, c.t("tag"))
	y := c.y + 6
	end := right
	if c.qr(c.number(), right-22, y, 22) {
		end = right - 26
	}
	size, number := c.fit(c.number(), 26, 12, end-left-62)
	c.strong(left, y+10, size, black, number)
	c.bars(c.number(), end, y+1, 58, 11)
	size, line := c.fit(c.clean(list(p.Customer.Name, mask(p.Customer.Phone)), 120), 10, 7, end-left)
	c.note(left, y+17, size, black, line)
	size, line = c.fit(c.clean(list(p.Device.Category, p.Device.Brand, p.Device.Model, p.Device.Serial), 160), 9, 7, end-left)
	c.note(left, y+22, size, black, line)
	c.y += height
}

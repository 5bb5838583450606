package pdf

import (
	"io"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// Settlement is the 维修结算单: what is owed. Its number stays when it is paid.
type Settlement struct {
	Head
	IssuedAt    time.Time
	Customer    Party // Payer, if set, is who the bill is made out to
	Device      Device
	Lines       []Line // approved lines that were delivered; a discount or waiver is a line of its own
	Total, Paid money.Fen
	Payments    []Payment
	DueOn       calendar.Date
	Cashier     string
	Engineer    Person
	InvoiceLink string // where a tax invoice is asked for; drawn as QR code
}

// Receipt is the 收据: money received. Until everything is paid it is headed as the settlement it still is.
type Receipt Settlement

// Write draws the settlement.
func (p Settlement) Write(w io.Writer, o Options) error { return write(w, []Settlement{p}, o) }

// Write draws the receipt.
func (p Receipt) Write(w io.Writer, o Options) error { return write(w, []Receipt{p}, o) }

func (Settlement) name(c *canvas) string { return c.t("title.settlement") }

func (p Receipt) name(c *canvas) string {
	if p.paid() {
		return c.t("title.receipt")
	}
	return c.t("title.settlement")
}

func (p Receipt) paid() bool { return p.Paid >= p.Total && (p.Total != 0 || len(p.Lines) > 0) }

func (p Settlement) draw(c *canvas) { p.bill(c, false) }

func (p Receipt) draw(c *canvas) { Settlement(p).bill(c, p.paid()) }

func (p Settlement) bill(c *canvas, receipt bool) {
	payer := p.Customer.Payer
	if payer == "" {
		payer = p.Customer.Name
	}
	c.pairs(
		pair{label: c.t("payer_named"), value: payer, heavy: true, blank: true},
		pair{label: c.t("issued_at"), value: c.moment(p.IssuedAt), blank: true},
		pair{label: c.t("customer"), value: p.Customer.Name},
		pair{label: c.t("phone"), value: c.phone(p.Customer.Phone)},
		pair{label: c.t("address"), value: p.Customer.Address, wide: true},
		pair{label: c.t("device"), value: list(p.Device.Category, p.Device.Brand, p.Device.Model)},
		pair{label: c.t("serial"), value: p.Device.Serial},
		pair{label: c.t("coverage"), value: c.coverage(p.Device), wide: true},
	)
	c.section(c.t("charged_lines"), 18)
	c.keep = 24
	c.lines(p.Lines, 3, false)
	c.total(p.Total, len(p.Lines) > 0 || p.Total != 0)
	owed := p.Total - p.Paid
	if known := len(p.Lines) > 0 || p.Total != 0 || p.Paid != 0; !known {
		owed = 0
	} else if receipt {
		c.sums(sum{c.t("received_sum"), amount(p.Paid), true})
	} else {
		c.sums(sum{c.t("paid_so_far"), amount(p.Paid), false}, sum{c.t("owed"), amount(owed), true})
	}
	if owed < 0 {
		c.sums(sum{c.t("overpaid"), amount(-owed), true})
	}
	if len(p.Payments) > 0 {
		c.section(c.t("payments"), 14)
		var rows [][]cell
		for _, pay := range p.Payments {
			rows = append(rows, cells(c.moment(pay.At), c.code("method", pay.Method), pay.Reference, pay.ReceivedBy, amount(pay.Amount)))
		}
		c.table([]column{{head: c.t("paid_at"), width: 36}, {head: c.t("method"), width: 30}, {head: c.t("reference"), width: 52}, {head: c.t("received_by"), width: 34}, {head: c.t("amount"), width: 28, end: true}}, rows, 0)
	}
	c.y += 1
	c.need(42)
	c.pairs(
		pair{label: c.t("due_on"), value: c.date(p.DueOn), heavy: true},
		pair{label: c.t("engineer"), value: c.person(p.Engineer)},
		pair{label: c.t("cashier"), value: p.Cashier},
	)
	c.signatures(
		signing{title: c.t("sign_payer")},
		signing{title: c.t("sign_receiver"), who: p.Cashier},
		signing{title: c.t("stamp_receiver"), stamp: true},
	)
	c.invoice(p.InvoiceLink)
}

// invoice says that the paper is no tax invoice, and where to ask for one.
func (c *canvas) invoice(link string) {
	const side = 18
	c.y += 3
	c.need(side + 2)
	x := left
	if c.qr(link, left, c.y, side) {
		x += side + 4
	}
	lines := c.wrap(c.t("no_tax_invoice"), label, right-x)
	if x > left {
		lines = append(lines, c.wrap(c.t("invoice_scan"), label, right-x)...)
	}
	for i, s := range lines {
		c.note(x, baseline(c.y, label, i), label, grey, s)
	}
	c.y += max(float64(len(lines))*lineHeight(label), side*(x-left)/(side+4))
}

package pdf

import (
	"io"
	"time"
)

// Checklist is the 常规项目检查表 of a device.
type Checklist struct {
	Head
	Template    string // name of the list
	CheckedAt   time.Time
	Customer    Party
	Device      Device
	Counter     string // km, pages, hours
	Checks      []Check
	Conclusion  string
	Inspector   Person
	Signature   Signature // of the customer
	InspectorAs Signature
}

// Write draws the check list.
func (p Checklist) Write(w io.Writer, o Options) error { return write(w, []Checklist{p}, o) }

func (Checklist) name(c *canvas) string { return c.t("title.checklist") }

func (p Checklist) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("template"), value: p.Template, wide: true, heavy: true},
		pair{label: c.t("checked_at"), value: c.moment(p.CheckedAt), blank: true},
		pair{label: c.t("inspector"), value: c.person(p.Inspector), blank: true},
		pair{label: c.t("customer"), value: p.Customer.Name, heavy: true, blank: true},
		pair{label: c.t("phone"), value: c.phone(p.Customer.Phone)},
		pair{label: c.t("device"), value: list(p.Device.Category, p.Device.Brand, p.Device.Model), blank: true},
		pair{label: c.t("serial"), value: p.Device.Serial, blank: true},
		pair{label: c.t("plate"), value: p.Device.Plate},
		pair{label: c.t("odometer"), value: p.Counter},
	)
	c.section(c.t("checks"), 18)
	c.checks(p.Checks)
	c.y += 2
	c.need(44)
	c.pairs(pair{label: c.t("conclusion"), value: p.Conclusion, wide: true, blank: true, height: 14})
	c.signatures(signing{title: c.t("sign_customer"), s: p.Signature}, signing{title: c.t("sign_inspector"), s: p.InspectorAs, who: c.person(p.Inspector)})
}

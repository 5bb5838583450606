package pages

import (
	"paigong/internal/auth"
	"paigong/templates"
)

// exceptional are the matters that do not go as planned, the most pressing first.
var exceptional = []string{"displaced", "declined", "parked", "orders_late", "not_accepted", "shortages", "unreconciled", "complaints_open", "callbacks_due", "custody_out", "on_hold", "reply_due"}

// exceptions shows what does not go as planned to whoever may see it, and gaps in the data.
func (p *Pages) exceptions(a *ask) (templates.Page, error) {
	v := templates.Exceptions{Chrome: a.chrome(), Parked: a.by.May(auth.Assign)}
	for _, key := range exceptional {
		m, known := matters[key]
		if !known || !a.by.May(m.may) {
			continue
		}
		n, rows, err := m.read(a, few)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			v.Shorts = append(v.Shorts, templates.Short{Key: key, Rows: rows, Path: m.path})
		}
	}
	gaps, err := p.desk.Gaps(a.ctx(), a.by, a.today().In(a.zone))
	if err != nil {
		return nil, err
	}
	for _, g := range gaps {
		path := "/settings/engineers"
		if g.Kind == "part_price" {
			path = "/stock?sku=" + g.Code
		}
		v.Gaps = append(v.Gaps, templates.ShortRow{Path: path, Title: joined(g.Name, g.Code), Detail: a.t("board.gap." + g.Kind)})
	}
	return v, nil
}

package pdf

import (
	"io"
	"strings"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// RepairSheet is the 维修单 a customer signs: what was wrong, what was done, what it costs and how long
// the repair is guaranteed. Written empty it is the form for the paper way.
type RepairSheet struct {
	Head
	Kind, Mode            string
	Customer              Party
	Device                Device
	ArrivedAt, FinishedAt time.Time
	WorkMinutes           int
	Fault, Cause, Action  Coded
	Notes                 string
	Readings              []Reading
	Parts                 []FittedPart
	Needed                []NeededPart
	Charges               []Line // travel, inspection, labour, material …; a discount is negative
	Total                 money.Fen
	PaidBy                string // method
	Outcome               string // done partial no_access …
	Remains               string // what is left to do
	NextOn                calendar.Date
	Advice                string // given about use and safety
	Incident              string // damage by us, agreed text
	WarrantyUntil         calendar.Date
	WarrantyOn            string // what it covers
	Tested                bool   // in the customer's presence
	Opinion               string // good fair poor
	Signature             Signature
	Engineer              Person
	EngineerSignature     Signature
	EnteredBy             string // who typed a paper sheet
}

// Reading is something measured before and after.
type Reading struct{ Name, Before, After string }

// FittedPart is a part put in.
type FittedPart struct {
	SKU, Name, Unit      string
	Quantity             int64
	OldSerial, NewSerial string
	Price, Amount        money.Fen
	Covered              bool
	Old                  string // what became of the old part: kept taken
}

// NeededPart is a part the device waits for.
type NeededPart struct {
	SKU, Name, Unit string
	Quantity        int64
	ExpectedOn      calendar.Date
}

// Write draws the repair sheet.
func (p RepairSheet) Write(w io.Writer, o Options) error { return write(w, []RepairSheet{p}, o) }

func (p RepairSheet) name(c *canvas) string {
	if p.Kind == "install" {
		return c.t("title.installation_sheet")
	}
	return c.t("title.repair_sheet")
}

func (p RepairSheet) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("kind"), value: list(c.code("kind", p.Kind), c.code("mode", p.Mode)), blank: true},
		pair{label: c.t("engineer"), value: c.person(p.Engineer), blank: true},
		pair{label: c.t("arrived_at"), value: c.moment(p.ArrivedAt), blank: true},
		pair{label: c.t("finished_at"), value: list(c.moment(p.FinishedAt), c.minutes(p.WorkMinutes)), blank: true},
	)
	c.customerAndDevice(p.Customer, p.Device)

	c.section(c.t("work_done"), 20)
	c.pairs(
		pair{label: c.t("fault_found"), value: coded(p.Fault), wide: true, blank: true},
		pair{label: c.t("cause"), value: coded(p.Cause), wide: true, blank: true},
		pair{label: c.t("action"), value: coded(p.Action), wide: true, blank: true},
		pair{label: c.t("notes"), value: p.Notes, wide: true},
		pair{label: c.t("readings"), value: c.readings(p.Readings), wide: true},
	)
	c.section(c.t("parts_fitted"), 14)
	var rows [][]cell
	for _, part := range p.Parts {
		charged := some(part.Amount)
		if part.Covered {
			charged = c.t("free")
		}
		rows = append(rows, cells(part.Name, part.SKU, part.OldSerial, part.NewSerial, quantity(part.Quantity, part.Unit), charged, c.code("old", part.Old)))
	}
	if len(rows) == 0 && !p.FinishedAt.IsZero() {
		c.pairs(pair{label: c.t("parts"), value: c.t("no_parts_fitted"), wide: true})
	} else {
		c.table([]column{
			{head: c.t("part"), width: 50}, {head: c.t("sku"), width: 26}, {head: c.t("old_serial"), width: 24}, {head: c.t("new_serial"), width: 24},
			{head: c.t("quantity"), width: 15, end: true}, {head: c.t("amount"), width: 21, end: true}, {head: c.t("old_part"), width: 20},
		}, rows, 3)
	}
	if len(p.Needed) > 0 {
		c.section(c.t("parts_needed"), 14)
		rows = nil
		for _, part := range p.Needed {
			rows = append(rows, cells(part.Name, part.SKU, quantity(part.Quantity, part.Unit), c.shortDate(part.ExpectedOn)))
		}
		c.table([]column{{head: c.t("part"), width: 80}, {head: c.t("sku"), width: 40}, {head: c.t("quantity"), width: 25, end: true}, {head: c.t("expected"), width: 35}}, rows, 0)
	}
	c.section(c.t("charges"), 18)
	c.keep = 12
	c.lines(p.Charges, 2, false)
	c.total(p.Total, len(p.Charges) > 0 || !p.FinishedAt.IsZero())

	c.section(c.t("result"), 52)
	var outcomes []choice
	if p.Outcome == "" {
		for _, code := range []string{"done", "partial", "need_parts", "need_approval", "taken_to_depot", "cannot_complete"} {
			outcomes = append(outcomes, choice{c.code("outcome", code), open})
		}
	}
	tested := open
	if p.Tested {
		tested = chosen
	}
	until := c.shortDate(p.WarrantyUntil)
	if until != "" {
		until = list(c.t("until", until), p.WarrantyOn)
	}
	c.pairs(
		pair{label: c.t("outcome"), value: c.code("outcome", p.Outcome), choices: outcomes, wide: p.Outcome == "", heavy: true},
		pair{label: c.t("paid_by"), value: c.code("method", p.PaidBy)},
		pair{label: c.t("remains"), value: p.Remains, wide: true},
		pair{label: c.t("next_visit"), value: c.date(p.NextOn)},
		pair{label: c.t("repair_warranty"), value: until, wide: true, heavy: true, blank: p.Outcome == "" || p.Outcome == "done"},
		pair{label: c.t("advice"), value: p.Advice, wide: true},
		pair{label: c.t("incident"), value: p.Incident, wide: true},
		pair{label: c.t("tested"), choices: []choice{{c.t("tested_ok"), tested}}},
		pair{label: c.t("opinion"), choices: c.scale("opinion", p.Opinion, "good", "fair", "poor")},
		pair{label: c.t("entered_by"), value: p.EnteredBy},
	)
	c.signatures(signing{title: c.t("sign_customer_done"), s: p.Signature}, signing{title: c.t("sign_engineer"), s: p.EngineerSignature, who: c.person(p.Engineer)})
	if phone := p.Letterhead.Complaints; phone != "" {
		c.fine(c.t("complain_to", phone))
	}
}

// readings are few and short: one after the other, before → after.
func (c *canvas) readings(all []Reading) string {
	var out []string
	for _, r := range all[:min(len(all), 100)] {
		if r.Before == "" {
			out = append(out, strings.TrimSpace(r.Name+" "+r.After))
			continue
		}
		out = append(out, strings.TrimSpace(r.Name+" "+r.Before+" → "+r.After))
	}
	if c.chinese() {
		return strings.Join(out, "；")
	}
	return strings.Join(out, "; ")
}

// scale offers codes of a group to tick, one of them ticked already.
func (c *canvas) scale(group, given string, codes ...string) []choice {
	var out []choice
	for _, code := range codes {
		out = append(out, choice{c.code(group, code), ticked(code == given)})
	}
	return out
}

// lines sets a table of what is charged. With certainty, a column says what is charged in any case and
// what only if it turns out to be needed.
func (c *canvas) lines(all []Line, blank int, certainty bool) {
	var rows [][]cell
	for _, l := range all {
		unit, total, many := some(l.UnitPrice), amount(l.Amount), ""
		if l.Quantity != 0 {
			many = quantity(l.Quantity, l.Unit)
		}
		if l.Covered {
			total = c.t("free")
		}
		row := cells(c.code("line", l.Kind), l.Description, l.SKU, many, unit, total)
		if certainty {
			word := c.t("certain")
			if l.Possible {
				word = c.t("possible")
			}
			row = append(row[:3], append([]cell{{text: word}}, row[3:]...)...)
		}
		rows = append(rows, row)
	}
	columns := []column{{head: c.t("item"), width: 26}, {head: c.t("description"), width: 58}, {head: c.t("sku"), width: 30}, {head: c.t("quantity"), width: 18, end: true}, {head: c.t("price"), width: 23, end: true}, {head: c.t("amount"), width: 25, end: true}}
	if certainty {
		columns = append(columns[:3], append([]column{{head: c.t("certainty"), width: 20}}, columns[3:]...)...)
	}
	c.table(columns, rows, blank)
}

// total writes the amount in figures and capitals; on a form still to be filled in it leaves room for both.
func (c *canvas) total(f money.Fen, known bool) {
	if !known {
		c.grand(c.t("total"), "", "¥ ________")
		return
	}
	capital := ""
	if c.chinese() {
		capital = f.Capital()
	}
	c.grand(c.t("total"), capital, amount(f))
}

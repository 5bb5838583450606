package pdf

import (
	"io"
	"strconv"
	"time"

	"paigong/internal/calendar"
)

// Acceptance is the 验收单 of an installation.
type Acceptance struct {
	Head
	Project, Contract string
	FinishedAt        time.Time
	Customer          Party
	Installed         []InstalledItem
	Checks            []Check
	Materials         []Line
	Training          bool // the customer has been shown how to use it
	Papers            []string
	Defects           []Defect
	Result            string // accepted with_defects refused
	WarrantyFrom      calendar.Date
	WarrantyUntil     calendar.Date
	Installers        []Person
	Signature         Signature
	Original          string // who holds it
	Copies            string // who gets one
}

// InstalledItem is compared with the delivery note.
type InstalledItem struct {
	Model, Serial, Position string
	Quantity, Delivered     int64
}

// Check is one point of a list.
type Check struct {
	Group, Name   string
	Result        string // pass fail none; empty: to be filled in
	Reading, Note string
}

// Defect is to be remedied.
type Defect struct {
	Text  string
	DueOn calendar.Date
}

// Write draws the acceptance sheet.
func (p Acceptance) Write(w io.Writer, o Options) error { return write(w, []Acceptance{p}, o) }

func (Acceptance) name(c *canvas) string { return c.t("title.acceptance") }

func (p Acceptance) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("project"), value: p.Project},
		pair{label: c.t("contract"), value: p.Contract},
		pair{label: c.t("finished_at"), value: c.moment(p.FinishedAt), blank: true},
		pair{label: c.t("installers"), value: c.people(p.Installers), blank: true},
	)
	c.customer(p.Customer)
	c.section(c.t("installed_items"), 18)
	var rows [][]cell
	for _, i := range p.Installed {
		delivered := ""
		if i.Delivered != 0 {
			delivered = strconv.FormatInt(i.Delivered, 10)
		}
		rows = append(rows, cells(i.Model, i.Serial, i.Position, delivered, strconv.FormatInt(i.Quantity, 10)))
	}
	c.table([]column{{head: c.t("model"), width: 52}, {head: c.t("serial"), width: 46}, {head: c.t("position"), width: 42}, {head: c.t("delivered"), width: 20, end: true}, {head: c.t("installed_quantity"), width: 20, end: true}}, rows, 3)

	c.section(c.t("checks"), 18)
	checks := p.Checks
	if len(checks) == 0 {
		for _, name := range []string{"electrical", "level", "leak", "function"} {
			checks = append(checks, Check{Name: name})
		}
	}
	c.checks(checks)
	if len(p.Materials) > 0 {
		c.section(c.t("materials"), 18)
		c.lines(p.Materials, 0, false)
	}
	papers := []choice{}
	for _, name := range p.Papers {
		if name != "" && len(papers) < 30 {
			papers = append(papers, choice{name, chosen})
		}
	}
	if len(papers) == 0 {
		papers = []choice{{c.t("paper_manual"), open}, {c.t("paper_card"), open}}
	}
	c.section(c.t("hand_over"), 14)
	c.pairs(
		pair{label: c.t("training"), choices: []choice{{c.t("training_given"), ticked(p.Training)}}},
		pair{label: c.t("papers_given"), choices: papers, wide: true},
	)
	if len(p.Defects) > 0 || p.Result != "accepted" {
		c.section(c.t("defects"), 14)
		rows = nil
		for _, d := range p.Defects {
			rows = append(rows, cells(d.Text, c.date(d.DueOn)))
		}
		c.table([]column{{head: c.t("defect"), width: 130}, {head: c.t("remedy_by"), width: 50}}, rows, 2)
	}
	c.section(c.t("result"), 43)
	c.pairs(
		pair{label: c.t("acceptance_result"), wide: true, choices: c.scale("acceptance", p.Result, "accepted", "with_defects", "refused")},
		pair{label: c.t("warranty_from"), value: c.date(p.WarrantyFrom), blank: true},
		pair{label: c.t("warranty_until"), value: c.date(p.WarrantyUntil)},
		pair{label: c.t("original"), value: p.Original},
		pair{label: c.t("copies"), value: p.Copies},
	)
	c.signatures(signing{title: c.t("sign_acceptance"), s: p.Signature}, signing{title: c.t("sign_installer"), who: c.people(p.Installers[:min(len(p.Installers), 1)])}, signing{title: c.t("stamp_customer"), stamp: true})
}

func (c *canvas) people(all []Person) string {
	var out []string
	for _, p := range all[:min(len(all), 20)] {
		out = append(out, c.person(p))
	}
	return list(out...)
}

// checks sets a list of points with squares for pass, fail and not applicable. A change of group
// begins with its name.
func (c *canvas) checks(all []Check) {
	var rows [][]cell
	group := ""
	for _, one := range all {
		if one.Group != group {
			group = one.Group
			rows = append(rows, []cell{{text: group, heavy: true}})
		}
		failed := open
		if one.Result == "fail" {
			failed = crossed
		}
		rows = append(rows, []cell{{text: c.code("check", one.Name)}, {box: ticked(one.Result == "pass")}, {box: failed}, {box: ticked(one.Result == "none")}, {text: one.Reading}, {text: one.Note}})
	}
	c.table([]column{{head: c.t("check_item"), width: 62}, {head: c.t("pass"), width: 14}, {head: c.t("fail"), width: 14}, {head: c.t("not_applicable"), width: 16}, {head: c.t("reading"), width: 30}, {head: c.t("remark"), width: 44}}, rows, 8)
}

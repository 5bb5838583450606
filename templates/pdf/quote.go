package pdf

import (
	"io"
	"time"

	"paigong/internal/calendar"
	"paigong/internal/money"
)

// Quote is the 报价单: what is certain, what is possible, up to how much, and what happens on a refusal.
type Quote struct {
	Head
	Purpose          string // repair call_out variation
	IssuedAt         time.Time
	IssuedBy         string
	ValidUntil       calendar.Date
	Customer         Party
	Device           Device
	Lines            []Line
	Total            money.Fen
	Limit            money.Fen // "up to", zero if there is none
	FeeIfRefused     money.Fen // inspection fee that is due all the same
	DeductIfRepaired bool      // … and is dropped once the repair is agreed
	OldParts         string    // kept taken
	Terms            string    // of this very quote, beside those of the house
	WarrantyDays     int       // on the repair
	State            string    // draft sent approved declined expired superseded
	Approval         *Approval
}

// Approval is how the customer answered.
type Approval struct {
	How       string // link phone on_site paper
	Name      string
	At        time.Time
	Note      string // number called
	Agent     string // who took the answer down
	Reason    string // of a refusal
	Signature Signature
}

// Write draws the quote.
func (p Quote) Write(w io.Writer, o Options) error { return write(w, []Quote{p}, o) }

func (p Quote) name(c *canvas) string {
	if p.Purpose == "variation" {
		return c.t("title.variation")
	}
	return c.t("title.quote")
}

func (p Quote) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("purpose"), value: c.code("purpose", p.Purpose)},
		pair{label: c.t("valid_until"), value: c.date(p.ValidUntil), heavy: true, blank: true},
		pair{label: c.t("issued_at"), value: c.moment(p.IssuedAt)},
		pair{label: c.t("issued_by"), value: p.IssuedBy},
	)
	c.customerAndDevice(p.Customer, p.Device)
	c.section(c.t("quoted_lines"), 18)
	certain, possible := money.Fen(0), money.Fen(0)
	for _, l := range p.Lines {
		if l.Possible {
			possible += l.Amount
		} else {
			certain += l.Amount
		}
	}
	c.keep = 24
	c.lines(p.Lines, 3, possible != 0)
	if possible != 0 {
		c.sums(sum{c.t("certain_sum"), amount(certain), false}, sum{c.t("possible_sum"), amount(possible), false})
	}
	c.total(p.Total, len(p.Lines) > 0)

	c.section(c.t("terms"), 20)
	var refused, days string
	if p.FeeIfRefused > 0 {
		refused = amount(p.FeeIfRefused)
		if p.DeductIfRepaired {
			refused += c.brackets(c.t("fee_deducted"))
		}
	}
	if p.WarrantyDays > 0 {
		days = c.t("warranty_days", p.WarrantyDays)
	}
	c.pairs(
		pair{label: c.t("limit"), value: some(p.Limit), heavy: true},
		pair{label: c.t("if_refused"), value: refused},
		pair{label: c.t("old_part"), value: c.code("old", p.OldParts)},
		pair{label: c.t("repair_warranty"), value: days},
		pair{label: c.t("remark"), value: p.Terms, wide: true},
	)
	c.fine(c.t("quote_terms"))

	c.section(c.t("answer"), 30)
	signature := Signature{}
	if a := p.Approval; a != nil {
		answer := "approved"
		if p.State == "declined" {
			answer = "declined"
		}
		c.pairs(
			pair{label: c.t("answer"), value: list(c.code("quote", answer), c.code("how", a.How)), heavy: true},
			pair{label: c.t("answered_at"), value: c.moment(a.At)},
			pair{label: c.t("answered_by"), value: a.Name},
			pair{label: c.t("agent"), value: a.Agent},
			pair{label: c.t("notes"), value: a.Note, wide: true},
			pair{label: c.t("reason"), value: a.Reason, wide: true},
		)
		if signature = a.Signature; signature.Name == "" && len(signature.Strokes) > 0 {
			signature.Name, signature.At = a.Name, a.At
		}
		if signature.empty() && a.How != "paper" {
			signature.Reason = c.t("answered_without_paper", c.code("how", a.How))
		}
	} else {
		c.pairs(pair{label: c.t("answer"), wide: true, choices: []choice{{c.t("i_agree"), open}, {c.t("i_decline"), open}}})
	}
	c.signatures(signing{title: c.t("sign_customer"), s: signature}, signing{title: c.t("stamp_house"), stamp: true})
}

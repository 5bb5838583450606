package pdf

import (
	"io"
	"time"
)

// FollowUpLetter asks a customer by post how the service was 回访函: his address for the window of the envelope,
// what was done, questions to tick from 1 to 5, and where to send it back.
type FollowUpLetter struct {
	Head
	On       time.Time
	To       string // the customer
	Address  string
	About    string // what was done, in a line
	DoneOn   time.Time
	Asked    []string // questions, see Score
	Greeting string   // paragraphs of the house
	Body     []string
	Closing  string
}

// Write draws the letter.
func (p FollowUpLetter) Write(w io.Writer, o Options) error { return write(w, []FollowUpLetter{p}, o) }

// WriteLetters draws many of them into one file, for printing in one go.
func WriteLetters(w io.Writer, letters []FollowUpLetter, o Options) error {
	return write(w, letters, o)
}

func (FollowUpLetter) name(c *canvas) string { return c.t("title.follow_up_letter") }

func (p FollowUpLetter) draw(c *canvas) {
	c.y += 4
	c.block(left, body+1, black, append(c.wrap(c.clean(p.To, 80), body+1, 90), c.wrap(c.clean(p.Address, 200), body+1, 90)...))
	c.y += 6
	c.toRight(right, c.y, body, grey, c.moment(p.On))
	c.y += 8
	c.block(left, body+1, black, c.wrap(c.clean(p.Greeting, 200), body+1, full))
	for _, paragraph := range p.Body {
		c.y += 2
		c.block(left, body+1, black, c.wrap(c.clean(paragraph, 1000), body+1, full))
	}
	c.y += 4
	c.pairs(pair{label: c.t("work_done"), value: p.About, wide: true}, pair{label: c.t("finished_at"), value: c.moment(p.DoneOn)})
	c.section(c.t("questions"), 24)
	for _, q := range p.Asked[:min(len(p.Asked), 12)] {
		c.score(Score{Question: q})
	}
	c.fine(c.t("scale"))
	c.y += 2
	c.pairs(pair{label: c.t("customer_words"), wide: true, blank: true, height: 30})
	c.y += 4
	c.block(left, body+1, black, c.wrap(c.clean(p.Closing, 400), body+1, full))
}

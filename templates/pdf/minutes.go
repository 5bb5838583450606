package pdf

import (
	"io"
	"strings"
	"time"
)

// Minutes is the 会议记录: what was said when a customer was received or at a meeting, who was there, and who does
// what by when. It stays in the house.
type Minutes struct {
	Head    // Number is that of the minutes
	HeldAt  time.Time
	Place   string
	Present string
	About   []string // customer, request, complaint, order
	Text    string   // its lines are paragraphs
	Tasks   []MinutesTask
	Writer  Person
}

// MinutesTask is one thing somebody does by a day (YYYY-MM-DD).
type MinutesTask struct{ Number, Text, Owner, DueOn, State string }

// Write draws the minutes.
func (p Minutes) Write(w io.Writer, o Options) error { return write(w, []Minutes{p}, o) }

func (Minutes) name(c *canvas) string { return c.t("title.minutes") }

func (p Minutes) draw(c *canvas) {
	c.pairs(
		pair{label: c.t("minutes_held"), value: c.moment(p.HeldAt), heavy: true, blank: true},
		pair{label: c.t("minutes_place"), value: p.Place, blank: true},
		pair{label: c.t("minutes_present"), value: p.Present, wide: true, blank: true},
		pair{label: c.t("minutes_about"), value: strings.Join(p.About, "  "), wide: true},
	)
	c.y += 3
	c.section(c.t("minutes_text"), 14)
	c.y += 1.5
	const size = 10.0
	for _, s := range strings.Split(p.Text, "\n") {
		if s = strings.TrimSpace(s); s != "" {
			c.block(left, size, black, c.wrap(c.clean(s, 4000), size, full))
			c.y += 1.5
		}
	}
	c.y += 3
	c.section(c.t("minutes_tasks"), 14)
	rows := make([][]cell, 0, len(p.Tasks))
	for _, t := range p.Tasks[:min(len(p.Tasks), maxRows)] {
		rows = append(rows, cells(t.Number, t.Text, t.Owner, t.DueOn, t.State))
	}
	c.table([]column{{head: c.t("minutes_task_no"), width: 1.6}, {head: c.t("minutes_task"), width: 4}, {head: c.t("minutes_owner"), width: 1.4}, {head: c.t("minutes_due"), width: 1.3}, {head: c.t("minutes_state"), width: 1.3}}, rows, 2)
	c.y += 4
	c.need(30)
	c.signatures(signing{title: c.t("minutes_written"), who: c.person(p.Writer)}, signing{title: c.t("minutes_read")})
}

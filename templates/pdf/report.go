package pdf

import (
	"io"

	"paigong/internal/calendar"
)

// Report is a table over a period: receipts, receivables, defects, engineers.
type Report struct {
	Head
	Title    string
	From, To calendar.Date
	Scope    string // organisation, region, engineer
	Columns  []ReportColumn
	Rows     [][]string
	Totals   []string // last row, one per column
	Notes    []string // how the figures are counted
}

// ReportColumn has a head and a share of the width.
type ReportColumn struct {
	Head   string
	Width  float64 // share; zero counts as 1
	Figure bool    // stands at the right edge
}

// Write draws the report.
func (p Report) Write(w io.Writer, o Options) error { return write(w, []Report{p}, o) }

func (p Report) name(c *canvas) string {
	if title := c.clean(p.Title, 60); title != "" {
		return title
	}
	return c.t("title.report")
}

func (p Report) draw(c *canvas) {
	c.pairs(pair{label: c.t("period"), value: c.days(p.From, p.To), heavy: true}, pair{label: c.t("scope"), value: p.Scope})
	c.y += 3
	columns := make([]column, 0, len(p.Columns))
	for _, col := range p.Columns[:min(len(p.Columns), 14)] {
		share := col.Width
		if !(share > 0 && share < 1000) {
			share = 1
		}
		columns = append(columns, column{head: c.clean(col.Head, 40), width: share, end: col.Figure})
	}
	if len(columns) == 0 {
		c.block(left, body, grey, []string{c.t("nothing_here")})
		return
	}
	rows := make([][]cell, 0, len(p.Rows)+1)
	for _, r := range p.Rows[:min(len(p.Rows), maxRows)] {
		rows = append(rows, cells(r...))
	}
	hidden := len(p.Rows) - len(rows)
	if len(p.Totals) > 0 && len(rows) < maxRows {
		total := cells(p.Totals...)
		for i := range total {
			total[i].heavy = true
		}
		rows = append(rows, total)
	}
	c.table(columns, rows, 0)
	if hidden > 0 {
		c.fine(c.t("more_rows", hidden))
	}
	c.fine(p.Notes...)
}

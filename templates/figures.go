package templates

// Figure is one number a manager looks at, with how it is reckoned.
type Figure struct {
	Key    string // one of figures
	Value  string // in words: "82.4 %", "37", "¥12,300.00"
	Before string // the period before, in words
	Trend  string // "up", "down", "same" or ""
	Path   string // the list behind it
}

// figures are the numbers that have a name and a definition.
var figures = []string{
	"orders_new", "orders_done", "first_time_fix", "time_to_repair", "on_time", "reply_in_time", "utilisation",
	"repeat_rate", "follow_up_coverage", "satisfaction", "complaints", "receipts", "owed", "parts_spend",
}

// FigureTable is the table twin of a chart, or a ranking.
type FigureTable struct {
	Title   string
	Columns []string
	Rows    [][]string // the first cell names the row
	CSV     string
}

// Figures is GET /figures?from=&to=.
type Figures struct {
	Chrome
	From, To string // civil dates
	Tiles    []Figure
	Tables   []FigureTable
}

func (Figures) place() place { return place{"figures", "desk"} }

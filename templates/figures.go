package templates

// Figure is one number a manager looks at, with how it is reckoned.
type Figure struct {
	Key    string // one of figures
	Value  string // in words: "82.4 %", "37", "¥12,300.00"
	Before string // the period before, in words
	Trend  string // "up", "down", "same" or ""
	Path   string // the list behind it
	Aside  string // the same counted another way, in words
}

// figures are the numbers that have a name and a definition.
var figures = []string{
	"orders_new", "orders_done", "first_time_fix", "time_to_repair", "on_time", "reply_in_time", "utilisation",
	"repeat_rate", "follow_up_coverage", "satisfaction", "complaints", "receipts", "owed", "parts_spend", "ageing",
}

// FigureTable is the table twin of a chart, or a ranking.
type FigureTable struct {
	ID      string // where a tile leads to
	Title   string
	Columns []string
	Rows    [][]string // the first cell names the row
	CSV     string
	Note    string // how its numbers are counted
	Bars    []Bar  // the same as a picture
	BarsOf  string // what the picture shows
	Ways    []View // other ways to group it
}

// Bar is one row of a chart, drawn by the server; the table beside it says the same in numbers.
type Bar struct {
	Label, Value string
	Width        int // 0 to 1000
	Tone         string
}

// Figures is GET /figures?from=&to=.
type Figures struct {
	Chrome
	From, To string // civil dates
	Tiles    []Figure
	Tables   []FigureTable
	Sent     []SentReport // mailed regularly
	MaySend  bool
	Reports  []Option
}

// SentReport is a report that is mailed by itself.
type SentReport struct{ ID, Report, Period, To, NextOn string }

func (Figures) place() place { return place{"figures", "desk"} }

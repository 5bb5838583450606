package templates

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"
)

// Part is a place on the schedule's time axis: where it begins and how long it is, in ten-thousandths of
// the whole axis.
type Part struct{ X, W int }

// ScheduleBar is a visit on the board.
type ScheduleBar struct {
	Part
	Lane     int    // 0, or below others it overlaps
	Number   string // of the order
	State    string // of the visit
	Version  int
	At       time.Time
	Title    string
	Customer string
	Moves    bool // may still be moved
	Helper   bool // helps the engineer of another row
	Late     bool
	Forced   bool // a rule was set aside
	Asked    bool // the customer agreed
	Priority int
}

// ScheduleSpan is a shift or an absence behind the bars.
type ScheduleSpan struct {
	Part
	Kind string // shift, way to a visit, leave, training, gap, hold
}

// ScheduleRow is one engineer.
type ScheduleRow struct {
	ID       string
	Engineer string
	Staff    string
	Off      bool // no shift in the time shown
	Load     int  // percent of the shifts that is taken, way and work
	Visits   int
	Lanes    int // lines of bars on top of each other, at least 1
	Spans    []ScheduleSpan
	Bars     []ScheduleBar
}

// ScheduleGroup is the engineers of one region.
type ScheduleGroup struct {
	Name string
	Rows []ScheduleRow
}

// Tick is a line of the time axis with its words.
type Tick struct {
	Part
	Text string
}

// QueuePart is a part a waiting order needs, and where it is.
type QueuePart struct{ Text, Where string }

// QueueRow is one order that waits for an engineer.
type QueueRow struct {
	Number     string
	Title      string
	Customer   string
	Region     string
	Priority   int
	Minutes    int
	DueAt      time.Time
	WantedFrom time.Time
	WantedTo   time.Time
	Displaced  bool
	Arrived    bool // the part it waited for is here
	Parts      []QueuePart
}

// Queue is what waits, the most urgent first.
type Queue struct {
	Rows   []QueueRow
	Total  int
	Chosen string // number of the order that is looked at
}

// MapArea is a region on the scheme, as the corners of an SVG polygon.
type MapArea struct {
	Points, Name string
	X, Y         int
}

// MapDot is somebody or something on the scheme. Kind: job, chosen, engineer, best.
type MapDot struct {
	X, Y int
	Kind string
	Text string
	Mark string
}

// Scheme is regions and points without a map: 320 by 220 units.
type Scheme struct {
	Areas []MapArea
	Dots  []MapDot
}

// ScheduleSide is what is known about the chosen order: who could go, or where its visit stands.
type ScheduleSide struct {
	Offers   []Candidate // who could go, best first
	Refused  []Candidate
	Visit    *Visit
	Engineer string // id of who makes it
	Number   string
	Title    string
	Customer string
	Phone    string
	Address  string
	Scheme   Scheme
	People   []Option  // for moving by hand
	Inserts  bool      // may ask for a place on a full day
	Insert   *PlanView // what such a place would move, before anybody is moved
}

// SidePage is the side panel alone.
type SidePage struct {
	Chrome
	Side ScheduleSide
}

func (SidePage) place() place { return place{"schedule", "desk"} }

// Schedule is GET /desk?day=&days=&region=&order=&zoom=: what waits, who is where, and what could be done
// about the order one looks at.
type Schedule struct {
	Chrome
	Day       string // first civil date shown
	Last      string // last one
	DayCount  int    // days
	Previous  string // paths
	Following string
	Back      string // to today
	Lengths   []View
	Zooms     []View
	Zoom      int // 1…3
	Regions   []Option
	Region    string
	FromHour  int // of the axis, each day
	ToHour    int
	NowAt     int // of now on the axis; -1: not on it
	DayTicks  []Tick
	Hours     []Tick
	Waits     Queue
	Groups    []ScheduleGroup
	Side      ScheduleSide
	Live      string    // path of the stream of changes
	Assigns   bool      // may assign
	Plans     bool      // may make plans
	Absent    bool      // may enter absences
	Count     int       // of visits shown
	Proposed  []PlanRow // plans of the day that nobody accepted yet
}

func (Schedule) place() place { return place{"schedule", "desk"} }

// Axis is how many hours the whole axis has.
func (s Schedule) Axis() int { return (s.ToHour - s.FromHour) * max(1, s.DayCount) }

// ScheduleBar draws one visit: a link, so that everything can be reached without a mouse. It is written by hand
// because a schedule holds thousands.
func (c Chrome) ScheduleBar(b ScheduleBar) template.HTML {
	var w strings.Builder
	w.Grow(256)
	w.WriteString(`<a class="vb s-`)
	w.WriteString(template.HTMLEscapeString(b.State))
	if b.Late {
		w.WriteString(" late")
	}
	if b.Moves {
		w.WriteString(" can")
	}
	if b.Helper {
		w.WriteString(" helps")
	}
	if b.Lane > 0 {
		w.WriteString(" l" + strconv.Itoa(min(b.Lane, 4)))
	}
	w.WriteString(`" href="?order=` + template.URLQueryEscaper(b.Number) + `" data-x=` + strconv.Itoa(b.X) + ` data-w=` + strconv.Itoa(b.W))
	w.WriteString(` data-v=` + strconv.Itoa(b.Version) + `><b>` + c.local(b.At).Format("15:04") + `</b> ` + template.HTMLEscapeString(b.Title) + ` <span>` + template.HTMLEscapeString(b.Customer) + `</span>`)
	w.WriteString(`<i>` + template.HTMLEscapeString(c.barWord(b)) + `</i></a>`)
	return template.HTML(w.String())
}

// barWord says what the colour and shape of a bar say.
func (c Chrome) barWord(b ScheduleBar) string {
	word := c.T("state.visit." + b.State)
	if b.Late {
		word += ", " + c.T("ui.visit.late")
	}
	if b.Helper {
		word += ", " + c.T("ui.schedule.helps")
	}
	return word
}

// Live is one message to an open schedule: rows and the queue as they look now.
type Live struct {
	Chrome
	Rows  []ScheduleRow
	Waits *Queue
	Who   string // who changed it, in words; may be empty
	Count int
}

func (Live) place() place { return place{"schedule", "desk"} }

// RenderPart draws one named part of a page's template, for scripts that exchange it.
func RenderPart(w io.Writer, p Page, part string) error {
	all, err := parsed()
	if err != nil {
		return err
	}
	t, ok := all[p.place().name]
	if !ok || t.Lookup(part) == nil {
		return fmt.Errorf("draw %s: no such part of %s", part, p.place().name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, p); err != nil {
		return fmt.Errorf("draw %s: %w", part, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// BoardRow is a row with the words to draw it with.
type BoardRow struct {
	Chrome
	ScheduleRow
}

// OnBoard hands a row to the template "schedule-row".
func (c Chrome) OnBoard(r ScheduleRow) BoardRow { return BoardRow{c, r} }

// Digit is a priority of 1 or 2 as its digit; the others need no mark.
func (c Chrome) Digit(p int) template.HTML {
	if p < 1 || p > 2 {
		return ""
	}
	digit := strconv.Itoa(p)
	return template.HTML(`<span class="prio p` + digit + `"><span class="p-digit" aria-hidden="true">` + digit + `</span><span class="hide">` + template.HTMLEscapeString(c.T("word.priority."+digit)) + `</span></span>`)
}

// Nth counts from 1.
func (c Chrome) Nth(i int) int { return i + 1 }

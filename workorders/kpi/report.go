package kpi

import (
	"slices"
	"strings"
	"time"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
)

// MaxRows bounds every report; more than that is nothing anybody reads.
const MaxRows = 10_000

// RepeatDays is how long a repair has to hold to count as a fix at the first visit.
const RepeatDays = 30

// Ask says what is wanted.
type Ask struct {
	From calendar.Date  // zero for receivables = since ever
	To   calendar.Date  // included
	By   string         // how rows are grouped; "" = the usual way of the report
	Zone *time.Location // where days are counted; nil = mainland China
}

// Report is a table of figures over a period.
type Report struct {
	Kind    string         `json:"kind"`
	From    *calendar.Date `json:"from,omitempty"`
	To      calendar.Date  `json:"to"`
	Zone    string         `json:"zone"`
	By      string         `json:"by"`
	Items   []Row          `json:"items"`
	Totals  Row            `json:"totals"`
	Columns []string       `json:"-"` // one per cell of a row
}

// Row is one line of a report. Cells are its values in the order of the report's columns: a string, an
// int64, a money.Fen, a Share, a Score, or nil where there is nothing to divide by.
type Row interface{ Cells() []any }

// Share is a part of one, such as 0.875.
type Share float64

// Score is a mean of marks from 1 to 5.
type Score float64

// Kinds are the reports there are.
func Kinds() []string {
	return []string{"receipts", "receivables", "defects", "engineers", "follow-ups", "complaints", "clocks", "calls"}
}

// grouping is one way to group: the key of a row and what a person reads for it, in SQL.
type grouping struct{ name, key, label string }

func groupBy(report, by string, ways []grouping) (grouping, error) {
	if by == "" {
		return ways[0], nil
	}
	names := make([]string, len(ways))
	for i, w := range ways {
		if w.name == by {
			return w, nil
		}
		names[i] = w.name
	}
	return grouping{}, fault.New(fault.Invalid, "report_by_unknown", "the report %s is grouped by %s", report, strings.Join(names, ", ")).Field("query.by", "one of "+strings.Join(names, ", "))
}

// span is the period as instants: from the first moment of the first day to the first after the last one.
func (a Ask) span() (from, end time.Time, zone *time.Location) {
	zone = a.Zone
	if zone == nil {
		zone = calendar.Shanghai()
	}
	if !a.From.IsZero() {
		from = a.From.In(zone)
	}
	return from, a.To.AddDays(1).In(zone), zone
}

func (a Ask) report(kind, by string, columns ...string) Report {
	_, _, zone := a.span()
	r := Report{Kind: kind, To: a.To, Zone: zone.String(), By: by, Items: []Row{}, Columns: columns}
	if !a.From.IsZero() {
		r.From = &a.From
	}
	return r
}

func (a Ask) check() error {
	if a.From.After(a.To) {
		return fault.New(fault.Invalid, "period_backwards", "a period begins before it ends").Field("query.from", "must not be after to")
	}
	if !a.From.IsZero() && a.To.Sub(a.From) > 3*366 {
		return fault.New(fault.Invalid, "period_too_long", "ask for three years at most").Field("query.from", "at most three years before to")
	}
	return nil
}

// seen refuses who sees only his own visits: reports are about a house.
func seen(s auth.Scope) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.Engineer() != nil {
		return fault.New(fault.Forbidden, "reports_of_the_house", "reports are for those who see the whole house")
	}
	return nil
}

func tooLong(rows int) error {
	if rows <= MaxRows {
		return nil
	}
	return fault.New(fault.Invalid, "report_too_long", "that would be more than %d rows: choose a shorter period or group more coarsely", MaxRows).Field("query.by", "group more coarsely")
}

func share(part, whole int64) *Share {
	if whole == 0 {
		return nil
	}
	s := Share(float64(part) / float64(whole))
	return &s
}

// cell is what a pointer points to, or nil.
func cell[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func rows[R Row](of []R) []Row {
	out := make([]Row, len(of))
	for i, r := range of {
		out[i] = r
	}
	return out
}

// dimensions reads "model,fault" into the columns wanted, in their usual order.
func dimensions(by string, all []string) ([]string, error) {
	if by == "" {
		return all, nil
	}
	asked := strings.Split(by, ",")
	for _, a := range asked {
		if !slices.Contains(all, a) {
			return nil, fault.New(fault.Invalid, "report_by_unknown", "the report defects is grouped by any of %s", strings.Join(all, ", ")).Field("query.by", "some of "+strings.Join(all, ", "))
		}
	}
	var out []string
	for _, d := range all {
		if slices.Contains(asked, d) {
			out = append(out, d)
		}
	}
	return out, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

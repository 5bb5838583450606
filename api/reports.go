package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/money"
	"paigong/internal/say"
	"paigong/templates/pdf"
	"paigong/workorders/kpi"
)

// reportRight is what somebody must be allowed to read besides reports: a report shows no more than the
// lists it was counted from.
var reportRight = map[string]auth.Permission{
	"receipts": auth.ReadReceipts, "receivables": auth.ReadReceivables, "defects": auth.ReadOrders, "engineers": auth.ReadEngineers,
	"follow-ups": auth.ReadFollowUps, "complaints": auth.ReadComplaints, "clocks": auth.ReadRequests, "calls": auth.ReadRequests,
}

func (s *Server) report(ctx context.Context, by auth.Caller, in *struct {
	Kind   string `path:"kind" maxLength:"40" doc:"receipts, receivables, defects, engineers, follow-ups, complaints, clocks or calls"`
	From   string `query:"from" format:"date" doc:"first day; absent = the first of the month of to. Receivables: absent = since ever"`
	To     string `query:"to" format:"date" doc:"last day; absent = today at the reader's organisation"`
	By     string `query:"by" maxLength:"60" doc:"receipts: day month engineer organisation. receivables: customer receipt engineer organisation. defects: some of model,fault,cause,part"`
	Format string `query:"format" doc:"json (default), csv or pdf"`
	Lang   string `query:"lang" doc:"zh-Hans or en; absent = the reader's"`
}) (*blob, error) {
	r, err := s.Report(ctx, by, in.Kind, in.From, in.To, in.By)
	if err != nil {
		return nil, err
	}
	return s.reportAs(ctx, by, r, in.Format, in.Lang)
}

// Report reads the figures of a kind. Days are YYYY-MM-DD; an empty to is today at the reader's
// organisation, an empty from the first of its month. group "" is the usual way of the report.
func (s *Server) Report(ctx context.Context, by auth.Caller, kind, from, to, group string) (kpi.Report, error) {
	right, known := reportRight[kind]
	if !known {
		return kpi.Report{}, fault.New(fault.NotFound, "report_unknown", "there is no report %q", kind)
	}
	if err := by.Must(right); err != nil {
		return kpi.Report{}, err
	}
	today, zone, err := s.desk.Today(ctx, by)
	if err != nil {
		return kpi.Report{}, err
	}
	ask := kpi.Ask{To: today, By: group, Zone: zone}
	first, err := day("from", from)
	if err != nil {
		return kpi.Report{}, err
	}
	last, err := day("to", to)
	if err != nil {
		return kpi.Report{}, err
	}
	if last != nil {
		ask.To = *last
	}
	switch {
	case first != nil:
		ask.From = *first
	case kind != "receivables":
		year, month, _ := ask.To.Civil()
		ask.From = calendar.On(year, month, 1)
	}
	return s.desk.Look(ctx).Figures.Report(ctx, by.Scope(), kind, ask)
}

// ReportCSV is a report as spreadsheets read it.
func (s *Server) ReportCSV(r kpi.Report, lang string) ([]byte, error) { return reportCSV(r, lang) }

// ReportTable is a report as people read it: the heads of its columns, its rows, and the totals last.
func (s *Server) ReportTable(r kpi.Report, lang string) (columns []string, rows [][]string) {
	for _, c := range r.Columns {
		columns = append(columns, say.Text(lang, "report.col."+c))
	}
	for _, row := range r.Items {
		rows = append(rows, reportCells(row, true))
	}
	return columns, append(rows, reportTotals(r, lang, true))
}

func (s *Server) reportAs(ctx context.Context, by auth.Caller, r kpi.Report, format, lang string) (*blob, error) {
	p, err := printOf(by, lang, "", "")
	if err != nil {
		return nil, err
	}
	name := r.Kind + "-" + r.To.String()
	switch format {
	case "", "json":
		raw, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", r.Kind, err)
		}
		return &blob{ContentType: "application/json", CacheControl: "private, no-store", Security: "sandbox; default-src 'none'", Body: append(raw, '\n')}, nil
	case "csv":
		content, err := reportCSV(r, p.lang)
		if err != nil {
			return nil, err
		}
		return &blob{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="` + name + `.csv"`, CacheControl: "private, no-store", Security: "sandbox; default-src 'none'", Body: content}, nil
	case "pdf":
		content, err := s.reportPDF(ctx, p, by, r)
		if err != nil {
			return nil, err
		}
		return pdfBlob(content, pdfName(r.Kind, r.To.String())), nil
	}
	return nil, fault.New(fault.Invalid, "format_unknown", "a report comes as json, csv or pdf").Field("query.format", "json, csv or pdf")
}

// reportCSV is a report as spreadsheets read it: marked as UTF-8, since Excel guesses otherwise, and with
// cells that no spreadsheet takes for a formula.
func reportCSV(r kpi.Report, lang string) ([]byte, error) {
	out := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(out)
	w.UseCRLF = true
	head := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		head[i] = say.Text(lang, "report.col."+c)
	}
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, row := range r.Items {
		if err := w.Write(reportCells(row, false)); err != nil {
			return nil, err
		}
	}
	if err := w.Write(reportTotals(r, lang, false)); err != nil {
		return nil, err
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// reportCells are the values of a row as text; for people shares are per cent and absent ones a dash.
func reportCells(row kpi.Row, people bool) []string {
	values := row.Cells()
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			if out[i] = v; !people {
				out[i] = plainCell(v)
			}
		case int64:
			out[i] = strconv.FormatInt(v, 10)
		case money.Fen:
			out[i] = v.String()
		case kpi.Share:
			if out[i] = strconv.FormatFloat(float64(v), 'f', 4, 64); people {
				out[i] = strconv.FormatFloat(100*float64(v), 'f', 1, 64) + " %"
			}
		case kpi.Score:
			out[i] = strconv.FormatFloat(float64(v), 'f', 2, 64)
		case nil:
			if people {
				out[i] = "–"
			}
		}
	}
	return out
}

func reportTotals(r kpi.Report, lang string, people bool) []string {
	out := reportCells(r.Totals, people)
	if len(out) > 0 {
		out[0] = say.Text(lang, "report.total")
	}
	return out
}

// plainCell keeps a text from being read as a formula: spreadsheets begin one at =, +, -, @, tab or return.
func plainCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func (s *Server) reportPDF(ctx context.Context, p wish, by auth.Caller, r kpi.Report) ([]byte, error) {
	c := &composer{s: s, wish: p}
	org := by.OrgID
	if org == 0 {
		head, err := s.desk.Look(ctx).People.Head(ctx)
		if err != nil {
			return nil, err
		}
		org = head.ID
	}
	h, err := c.issuer(ctx, org)
	if err != nil {
		return nil, err
	}
	t := func(key string, args ...any) string { return say.Text(p.lang, "report."+key, args...) }
	note := t("note." + r.Kind)
	if r.Kind == "engineers" {
		note = t("note."+r.Kind, kpi.RepeatDays)
	}
	paper := pdf.Report{Head: pdf.Head{Letterhead: h.top()}, Title: t("title." + r.Kind), To: r.To, Scope: h.Name, Notes: []string{note}, Totals: reportTotals(r, p.lang, true)}
	if r.From != nil {
		paper.From = *r.From
	}
	totals := r.Totals.Cells()
	for i, col := range r.Columns {
		column := pdf.ReportColumn{Head: t("col." + col), Width: 1.6}
		if _, text := totals[i].(string); !text {
			column.Figure, column.Width = true, 1
		}
		paper.Columns = append(paper.Columns, column)
	}
	for _, row := range r.Items {
		paper.Rows = append(paper.Rows, reportCells(row, true))
	}
	for i := range paper.Columns { // a sum is the longest of its column and stands on one line
		for _, row := range append(paper.Rows[:len(paper.Rows):len(paper.Rows)], paper.Totals) {
			if column := &paper.Columns[i]; column.Figure && i < len(row) {
				column.Width = max(column.Width, float64(len(row[i]))/6.5)
			}
		}
	}
	options := c.options()
	_, options.Zone, err = s.desk.Today(ctx, by)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := paper.Write(&out, options); err != nil {
		return nil, fmt.Errorf("print the report %s: %w", r.Kind, err)
	}
	return out.Bytes(), nil
}

package importing

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"paigong/workorders"
)

// Take reads each row into its record and hands all of them to the desk. Rows that cannot be read are
// rejected here, rows that break a rule over there.
func Take(ctx context.Context, desk *workorders.Desk, kind string, o workorders.ImportOptions, rows *Sheet) (workorders.Imported, error) {
	switch kind {
	case "requests":
		return takeAs(ctx, rows, repairRecord, o, desk.ImportRepairs)
	case "customers":
		return takeAs(ctx, rows, customerRecord, o, desk.ImportCustomers)
	case "assets":
		return takeAs(ctx, rows, assetRecord, o, desk.ImportAssets)
	case "parts":
		return takeAs(ctx, rows, partRecord, o, desk.ImportParts)
	case "stock":
		return takeAs(ctx, rows, stockRecord, o, desk.ImportStock)
	case "regions":
		return takeAs(ctx, rows, regionRecord, o, desk.ImportRegions)
	case "engineers":
		return takeAs(ctx, rows, engineerRecord, o, desk.ImportEngineers)
	case "calls":
		return takeAs(ctx, rows, callRecord, o, desk.ImportCalls)
	case "holidays":
		return takeAs(ctx, rows, holidayRecord, o, desk.ImportHolidays)
	}
	return workorders.Imported{}, fmt.Errorf("nothing is known about importing %s", kind)
}

func takeAs[T any](ctx context.Context, rows *Sheet, read func(*reading) T, o workorders.ImportOptions, give func(context.Context, workorders.ImportOptions, []T) (workorders.Imported, error)) (workorders.Imported, error) {
	var records []T
	var refused []workorders.RejectedRow
	for _, row := range rows.Rows {
		r := &reading{row: row, mapping: rows.Mapping, source: rows.Name}
		switch record := read(r); {
		case row.Bad != nil:
			refused = append(refused, unread(row.Line, *row.Bad))
		case len(r.problems) > 0:
			refused = append(refused, unread(row.Line, r.problems...))
		default:
			records = append(records, record)
		}
	}
	done, err := give(ctx, o, records)
	done.Rejected = append(done.Rejected, refused...)
	return done, err
}

// unread refuses a row that cannot be read, in English with the fields' own names.
func unread(line int, problems ...workorders.RowProblem) workorders.RejectedRow {
	var why []string
	for _, p := range problems {
		why = append(why, p.English())
	}
	return workorders.RejectedRow{Line: line, Why: strings.Join(why, "; "), Problems: problems}
}

// WriteRejected writes refused rows as they came, with line number and reason in front, so that they can be
// corrected and imported again. The file is CSV.
func (s *Sheet) WriteRejected(to io.Writer, rejected []workorders.RejectedRow) error {
	w := csv.NewWriter(to)
	byLine := map[int][]string{}
	for _, row := range s.Rows {
		byLine[row.Line] = row.Cells
	}
	err := w.Write(append([]string{"line", "reason"}, s.Header...))
	for _, r := range rejected {
		if err == nil {
			line := []string{strconv.Itoa(r.Line), r.Why}
			for _, cell := range byLine[r.Line] {
				line = append(line, harmless(cell))
			}
			err = w.Write(line)
		}
	}
	if w.Flush(); err == nil {
		err = w.Error()
	}
	return err
}

// harmless keeps a spreadsheet from taking a cell for a formula. Numbers and phone numbers stay as they are.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=@+-\t\r", rune(cell[0])) {
		return cell
	}
	if strings.Trim(cell, "+-0123456789., ()") == "" {
		return cell
	}
	return "'" + cell
}

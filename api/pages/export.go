package pages

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"paigong/internal/keyset"
	"paigong/workorders"
)

// mostExported is how many orders one file holds at most; who needs more narrows the list by state or region.
const mostExported = 10_000

// ordersCSV sends the whole list behind a filter as a table that spreadsheets open: UTF-8 with its mark, times in
// the reader's zone. A cell that a spreadsheet would take for a formula is sent as text.
func (a *ask) ordersCSV(f workorders.OrderFilter) error {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	c := a.chrome()
	put := func(cells ...string) error {
		for i, cell := range cells {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cells[i] = "'" + cell
			}
		}
		return w.Write(cells)
	}
	clock := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(a.zone).Format("2006-01-02 15:04")
	}
	head := []string{"ui.order", "ui.state", "ui.priority", "ui.kind", "ui.fault", "ui.device", "ui.customer", "ui.region", "ui.engineer", "ui.visit", "ui.due"}
	for i, key := range head {
		head[i] = a.t(key)
	}
	if err := put(head...); err != nil {
		return err
	}
	f.Ask = keyset.Ask{Limit: keyset.MaxLimit}
	for n := 0; n < mostExported; {
		page, err := a.p.desk.Orders(a.ctx(), a.by, f)
		if err != nil {
			return err
		}
		for _, o := range page.Items {
			r := orderRow(o)
			if err := put(r.Number, a.t("state.order."+r.State), c.Word("priority", strconv.Itoa(r.Priority)), c.Word("kind", r.Kind), r.Summary, r.Device, r.Customer, r.Region, r.Engineer, clock(r.VisitAt), clock(r.DueAt)); err != nil {
				return err
			}
		}
		n += len(page.Items)
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	a.Response().Header().Set("Content-Disposition", `attachment; filename="orders-`+a.today().String()+`.csv"`)
	a.Response().Header().Set("Cache-Control", "no-store")
	return a.send(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

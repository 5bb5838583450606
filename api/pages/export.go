package pages

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/customers"
)

// mostExported is how many rows one file holds at most; who needs more narrows the list.
const mostExported = 10_000

// csv sends a table that spreadsheets open. head are keys of texts. A cell that a spreadsheet would take for a
// formula is sent as text.
func (a *ask) csv(name string, head []string, fill func(put func(cells ...string) error) error) (templates.Page, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	put := func(cells ...string) error {
		for i, cell := range cells {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				cells[i] = "'" + cell
			}
		}
		return w.Write(cells)
	}
	titles := make([]string, len(head))
	for i, key := range head {
		titles[i] = a.t(key)
	}
	if err := put(titles...); err != nil {
		return nil, err
	}
	if err := fill(put); err != nil {
		return nil, err
	}
	if w.Flush(); w.Error() != nil {
		return nil, w.Error()
	}
	return written{}, a.table(name+"-"+a.today().String(), b.Bytes())
}

// cellTime writes an instant in the reader's zone.
func (a *ask) cellTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.zone).Format("2006-01-02 15:04")
}

// exported reads a list page by page, up to what one file holds.
func exported[T any](a *ask, read func(ctx context.Context, ask keyset.Ask) (keyset.Page[T], error), put func(T) error) error {
	next := many
	for n := 0; n < mostExported; {
		page, err := read(a.ctx(), next)
		if err != nil {
			return err
		}
		for _, row := range page.Items {
			if err := put(row); err != nil {
				return err
			}
		}
		n += len(page.Items)
		if next.Cursor = page.NextCursor; next.Cursor == "" {
			break
		}
	}
	return nil
}

func (a *ask) ordersCSV(f workorders.OrderFilter) (templates.Page, error) {
	c := a.chrome()
	head := []string{"ui.order", "ui.state", "ui.priority", "ui.kind", "ui.fault", "ui.device", "ui.customer", "ui.region", "ui.engineer", "ui.visit", "ui.due"}
	return a.csv("orders", head, func(put func(...string) error) error {
		return exported(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[workorders.Order], error) {
			f.Ask = ask
			return a.p.desk.Orders(ctx, a.by, f)
		}, func(o workorders.Order) error {
			r := orderRow(o)
			return put(r.Number, a.t("state.order."+r.State), c.Word("priority", strconv.Itoa(r.Priority)), c.Word("kind", r.Kind), r.Summary, r.Device, r.Customer, r.Region, r.Engineer, a.cellTime(r.VisitAt), a.cellTime(r.DueAt))
		})
	})
}

func (a *ask) requestsCSV(f workorders.RequestFilter) (templates.Page, error) {
	c := a.chrome()
	head := []string{"ui.request", "ui.state", "ui.kind", "ui.summary", "ui.customer", "ui.channel", "ui.received", "ui.reply_by"}
	return a.csv("requests", head, func(put func(...string) error) error {
		return exported(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[workorders.Request], error) {
			f.Ask = ask
			return a.p.desk.Requests(ctx, a.by, f)
		}, func(r workorders.Request) error {
			by := ""
			if r.RepliedAt == nil {
				by = a.cellTime(zero(r.ReplyDueAt))
			}
			return put(r.Number, a.t("state.request."+string(r.State)), c.Word("kind", r.Kind), r.Summary, r.CustomerName, c.Word("channel", r.Channel), a.cellTime(r.ReceivedAt), by)
		})
	})
}

// customersCSV holds telephone numbers as lists show them: a file travels.
func (a *ask) customersCSV(f customers.CustomerFilter) (templates.Page, error) {
	c := a.chrome()
	return a.csv("customers", []string{"ui.customer", "ui.phone", "ui.class"}, func(put func(...string) error) error {
		return exported(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[customers.Customer], error) {
			f.Ask = ask
			return a.look().Customers.Customers(ctx, a.by.Scope(), f)
		}, func(r customers.Customer) error {
			phone := ""
			if r.Phone != nil {
				phone = customers.MaskPhone(*r.Phone)
			}
			return put(r.Name, phone, c.Word("class", r.Class))
		})
	})
}

func (a *ask) assetsCSV(f customers.AssetFilter) (templates.Page, error) {
	return a.csv("assets", []string{"ui.device", "ui.serial", "ui.warranty_until"}, func(put func(...string) error) error {
		return exported(a, func(ctx context.Context, ask keyset.Ask) (keyset.Page[customers.Asset], error) {
			f.Ask = ask
			return a.look().Customers.Assets(ctx, a.by.Scope(), f)
		}, func(d customers.Asset) error {
			return put(deviceName(d.Brand, d.Category, d.Model), zero(d.SerialNumber), dateText(d.WarrantyUntil))
		})
	})
}

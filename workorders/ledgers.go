package workorders

import (
	"context"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/files"
	"paigong/internal/jobs"
	"paigong/internal/notify"
	"paigong/inventory"
	"paigong/workorders/aftercare"
	"paigong/workorders/billing"
	"paigong/workorders/customers"
	"paigong/workorders/depot"
	"paigong/workorders/knowledge"
	"paigong/workorders/kpi"
)

// Ledgers are the books behind the desk, for calls that concern one of them and nothing else.
type Ledgers struct {
	At        time.Time // the instant of the transaction, or now
	Stock     inventory.Ledger
	Board     dispatch.Board
	Customers customers.Book
	Till      billing.Till
	Promises  aftercare.Promises
	Custody   depot.Custodian
	Codes     knowledge.Codes
	Figures   kpi.Figures
	People    *auth.Directory
	Outbox    notify.Outbox
	Queue     *jobs.Queue
	Cabinet   *files.Cabinet
}

// Keep runs fn in one transaction over the books, as the given person.
func (d *Desk) Keep(ctx context.Context, by auth.Caller, fn func(ctx context.Context, l Ledgers) error) error {
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		return fn(ctx, Ledgers{At: w.at, Stock: w.stock, Board: w.board, Customers: w.book, Till: w.till, Promises: w.promises, Custody: w.custody, Codes: w.codes, Figures: kpi.New(w.tx),
			People: d.people.In(w.tx), Outbox: w.outbox, Queue: w.queue, Cabinet: w.cabinet})
	})
}

// Look gives the books for reading: inside Once the open transaction, else the pool.
func (d *Desk) Look(ctx context.Context) Ledgers {
	db := d.reader(ctx)
	return Ledgers{At: d.now(), Stock: d.stock.In(db), Board: d.board.In(db), Customers: d.book.In(db), Till: d.till.In(db), Promises: d.promises.In(db), Custody: d.custody.In(db),
		Codes: d.codes.In(db), Figures: kpi.New(db), People: d.people.In(db), Outbox: d.outbox.In(db), Queue: d.queue.In(db), Cabinet: d.cabinet.In(db)}
}

// AddCustomer writes a customer down and makes him findable.
func (d *Desk) AddCustomer(ctx context.Context, by auth.Caller, in customers.CustomerInput) (customers.Customer, error) {
	var c customers.Customer
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if c, err = w.book.AddCustomer(ctx, by, in); err != nil {
			return err
		}
		return w.rememberCustomer(ctx, c)
	})
	return c, err
}

func (w *work) rememberCustomer(ctx context.Context, c customers.Customer) error {
	phone := ""
	if c.Phone != nil {
		phone = *c.Phone
	}
	return w.remember(ctx, doc{ID: c.ID, Kind: "customer", OrgID: c.OrgID, CustomerID: &c.ID, Number: c.Number, Title: c.Name, Detail: customers.MaskPhone(phone), Words: []string{phone, customers.ShowPhone(phone)}})
}

// AddAsset writes a device down and makes it findable by serial number and plate.
func (d *Desk) AddAsset(ctx context.Context, by auth.Caller, in customers.AssetInput) (customers.Asset, error) {
	var a customers.Asset
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if a, err = w.book.AddAsset(ctx, by, in); err != nil {
			return err
		}
		return w.rememberAsset(ctx, a)
	})
	return a, err
}

func (w *work) rememberAsset(ctx context.Context, a customers.Asset) error {
	var words []string
	for _, s := range []*string{a.SerialNumber, a.Plate} {
		if s != nil {
			words = append(words, *s)
		}
	}
	title := a.Brand + " " + a.Model + " " + a.Category
	number := ""
	if len(words) > 0 {
		number = words[0]
	}
	return w.remember(ctx, doc{ID: a.ID, Kind: "asset", OrgID: a.OrgID, CustomerID: &a.CustomerID, Number: number, Title: title, Words: words})
}

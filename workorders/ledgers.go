package workorders

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"

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

// rememberCustomer makes a customer findable by every phone and name around him.
func (w *work) rememberCustomer(ctx context.Context, c customers.Customer) error {
	phone := ""
	if c.Phone != nil {
		phone = *c.Phone
	}
	words := []string{phone, customers.ShowPhone(phone)}
	for _, k := range c.Contacts {
		if k.RetiredAt != nil {
			continue
		}
		words = append(append(words, k.Name), Pinyin(k.Name)...)
		for _, p := range k.Phones {
			words = append(words, p, customers.ShowPhone(p))
		}
	}
	return w.remember(ctx, doc{ID: c.ID, Kind: "customer", OrgID: c.OrgID, CustomerID: &c.ID, Number: c.Number, Title: c.Name, Detail: customers.MaskPhone(phone), Words: words})
}

// rememberAgain is rememberCustomer for somebody whose file has just changed.
func (w *work) rememberAgain(ctx context.Context, id uuid.UUID) error {
	c, err := w.book.Customer(ctx, w.by.Scope(), id)
	if err != nil {
		return err
	}
	return w.rememberCustomer(ctx, c)
}

// PatchCustomer changes a customer; he is found by what he is called now.
func (d *Desk) PatchCustomer(ctx context.Context, by auth.Caller, id uuid.UUID, in customers.CustomerPatch) (customers.Customer, error) {
	var c customers.Customer
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if c, err = w.book.PatchCustomer(ctx, by, id, in); err != nil {
			return err
		}
		return w.rememberAgain(ctx, id)
	})
	return c, err
}

// AddContact writes somebody around a customer down, who may be the next to ring.
func (d *Desk) AddContact(ctx context.Context, by auth.Caller, customer uuid.UUID, in customers.ContactInput) (customers.Contact, error) {
	var k customers.Contact
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if k, err = w.book.AddContact(ctx, by, customer, in); err != nil {
			return err
		}
		return w.rememberAgain(ctx, customer)
	})
	return k, err
}

// PatchContact corrects a contact, also from the door.
func (d *Desk) PatchContact(ctx context.Context, by auth.Caller, id uuid.UUID, in customers.ContactPatch) (customers.Contact, error) {
	var k customers.Contact
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if k, err = w.book.PatchContact(ctx, by, id, in); err != nil {
			return err
		}
		return w.rememberAgain(ctx, k.CustomerID)
	})
	return k, err
}

// MergeCustomers makes two files of one customer one.
func (d *Desk) MergeCustomers(ctx context.Context, by auth.Caller, from, into uuid.UUID) (customers.Customer, error) {
	var c customers.Customer
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if c, err = w.book.Merge(ctx, by, from, into); err != nil {
			return err
		}
		return w.rememberAgain(ctx, c.ID)
	})
	return c, err
}

// EraseCustomer blanks the personal data of a customer for good; see customers.Book.Erase for what stays and when
// it is refused.
func (d *Desk) EraseCustomer(ctx context.Context, by auth.Caller, id uuid.UUID) (customers.Customer, error) {
	var c customers.Customer
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		c, err = w.book.Erase(ctx, by, id)
		return err
	})
	return c, err
}

// PatchAsset changes a device; it is found by the serial number it has now.
func (d *Desk) PatchAsset(ctx context.Context, by auth.Caller, id uuid.UUID, in customers.AssetPatch) (customers.Asset, error) {
	var a customers.Asset
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		if a, err = w.book.PatchAsset(ctx, by, id, in); err != nil {
			return err
		}
		return w.rememberAsset(ctx, a)
	})
	return a, err
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

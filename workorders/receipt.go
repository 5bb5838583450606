package workorders

import (
	"context"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/internal/money"
	"paigong/workorders/billing"
)

// Receipt returns the receipt of an order, or issues it when a charge is due; issued reports which.
func (d *Desk) Receipt(ctx context.Context, by auth.Caller, ref string) (r billing.Receipt, issued bool, err error) {
	err = d.changeOrder(ctx, by, ref, func(ctx context.Context, w *work, o *Order) error {
		have, err := w.till.OfOrder(ctx, o.ID)
		if err != nil {
			return err
		}
		if o.FinishedAt == nil && have != nil {
			r = *have // of the work before it was opened again
			return nil
		}
		if o.FinishedAt == nil && o.State != OrderCancelled {
			return fault.New(fault.Conflict, "nothing_due", "nothing is due before the work is finished: the finishing sheet issues the receipt").Allow("sheet").With("state", string(o.State))
		}
		made, err := w.issueReceipt(ctx, o)
		if err != nil {
			return err
		}
		if made == nil {
			return fault.New(fault.Conflict, "nothing_due", "nothing is charged for this order").With("state", string(o.State))
		}
		r, issued = *made, have == nil || have.ID != made.ID
		return nil
	})
	return r, issued, err
}

// issueReceipt charges what was agreed and delivered: of a part line with an article number as much as the
// sheets fitted, every other line whole. A call-out fee to be deducted falls away once the repair was
// agreed. Nothing agreed, nothing charged: then it returns nil. The number is taken last.
//
// When what is due has changed since a receipt was issued, that one is void and another takes its place,
// unless money moved on it or an invoice was written for it: then it stands until the money went back or the
// invoice was reversed, and the order cannot be closed. Who wanted an invoice of the old one wants it of the new one.
func (w *work) issueReceipt(ctx context.Context, o *Order) (*billing.Receipt, error) {
	have, err := w.till.OfOrder(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	lines, err := w.dueLines(ctx, o)
	if err != nil {
		return nil, err
	}
	var wanted *billing.InvoiceRequest
	if have != nil {
		if sameCharges(have.Lines, lines) || have.PaidMinor != 0 {
			return have, nil
		}
		if wanted, err = w.till.Invoiced(ctx, have.ID); err != nil {
			return nil, err
		}
		if wanted != nil && wanted.State != billing.InvoiceRequested {
			return have, nil
		}
		if _, err := w.till.Void(ctx, auth.System("till"), have.ID, "what is due has changed"); err != nil {
			return nil, err
		}
		if err := w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "receipt_void", Reason: "what is due has changed", Data: map[string]any{"receipt": have.Number}}); err != nil {
			return nil, err
		}
	}
	if len(lines) == 0 {
		return nil, nil
	}
	loc, err := w.zoneOf(ctx, o.OrgID)
	if err != nil {
		return nil, err
	}
	r, err := w.till.Issue(ctx, billing.Issue{By: w.by, OrgID: o.ServingOrgID, OrderID: o.ID, OrderOrgID: o.OrgID, CustomerID: payerOf(o), EngineerID: o.EngineerID, Lines: lines, Year: calendar.Of(w.at, loc).Year()})
	if err != nil {
		return nil, err
	}
	if err := w.remember(ctx, doc{ID: r.ID, Kind: "receipt", OrgID: o.OrgID, Serving: &o.ServingOrgID, CustomerID: &r.CustomerID, Number: r.Number, Title: o.Summary, Detail: r.CustomerName, Words: []string{o.Number}}); err != nil {
		return nil, err
	}
	if wanted != nil && r.TotalMinor > 0 {
		in := billing.InvoiceInput{Title: wanted.Title, TaxNumber: wanted.TaxNumber, Email: wanted.Email, PromisedOn: wanted.PromisedOn}
		if _, err := w.till.RequestInvoice(ctx, auth.System("till"), r.ID, in); err != nil {
			return nil, err
		}
	}
	return &r, w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "receipt", Data: map[string]any{"receipt": r.Number, "total_minor": r.TotalMinor}})
}

// dueLines are what is charged for an order as it stands.
func (w *work) dueLines(ctx context.Context, o *Order) ([]billing.Line, error) {
	quotes, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return nil, err
	}
	sheets, err := sheetsOf(ctx, w.tx, o.ID)
	if err != nil {
		return nil, err
	}
	lines := charges(quotes, sheets)
	if o.State == OrderCancelled { // nobody opened: the trip that was agreed is due, nothing else was delivered
		lines = slices.DeleteFunc(lines, func(l billing.Line) bool { return l.Kind != "travel" })
	}
	return lines, nil
}

// sameCharges compares what was billed with what is due now.
func sameCharges(billed, due []billing.Line) bool {
	return slices.EqualFunc(billed, due, func(a, b billing.Line) bool {
		return a.Kind == b.Kind && a.SKU == b.SKU && a.Quantity == b.Quantity && a.UnitMinor == b.UnitMinor && a.AmountMinor == b.AmountMinor
	})
}

func payerOf(o *Order) uuid.UUID {
	if o.PayerCustomerID != nil {
		return *o.PayerCustomerID
	}
	return o.CustomerID
}

// charges are the lines of all approved quotes that were delivered.
func charges(quotes []Quote, sheets []Sheet) []billing.Line {
	fitted, visited, repaired := map[string]int64{}, false, false
	for _, s := range sheets {
		if s.ReplacedAt != nil {
			continue
		}
		visited = true
		repaired = repaired || s.Outcome == "done" || s.Outcome == "partial"
		for _, p := range s.Parts {
			if p.Source != "customer_supplied" { // his own part costs him nothing
				fitted[p.SKU] += p.Quantity
			}
		}
	}
	repairAgreed := false
	for _, q := range quotes {
		repairAgreed = repairAgreed || q.Purpose == "repair" && q.State == QuoteApproved
	}
	var lines []billing.Line
	for _, q := range quotes {
		if q.State != QuoteApproved {
			continue
		}
		if q.Purpose == "call_out" && (!visited || q.DeductIfRepaired && repairAgreed && repaired) {
			continue
		}
		if q.Purpose != "call_out" && !repaired {
			continue // agreed, but not delivered
		}
		for _, l := range q.Lines {
			quantity := l.Quantity
			if l.Kind == "part" && l.SKU != nil {
				quantity = min(quantity, fitted[*l.SKU])
				if fitted[*l.SKU] -= quantity; quantity <= 0 {
					continue
				}
			}
			sku := ""
			if l.SKU != nil {
				sku = *l.SKU
			}
			lines = append(lines, billing.Line{Kind: l.Kind, Description: l.Description, SKU: sku, Quantity: quantity, UnitMinor: l.UnitMinor, AmountMinor: money.Fen(quantity) * l.UnitMinor, QuoteID: &q.ID, QuoteLine: &l.No})
		}
	}
	return lines
}

// ReceiptByID, Receipts, Receivables read what is owed and paid.
func (d *Desk) ReceiptByID(ctx context.Context, by auth.Caller, id uuid.UUID) (billing.Receipt, error) {
	return d.till.In(d.reader(ctx)).Receipt(ctx, by.Scope(), id)
}

// Pay records a payment, a refund (negative) or a promise on account.
func (d *Desk) Pay(ctx context.Context, by auth.Caller, receipt uuid.UUID, in billing.PaymentInput) (billing.Payment, billing.Receipt, error) {
	var p billing.Payment
	var r billing.Receipt
	err := d.onReceipt(ctx, by, receipt, func(ctx context.Context, w *work, o *Order) (err error) {
		if p, r, err = w.till.Pay(ctx, by, receipt, in); err != nil {
			return err
		}
		if err := w.promises.CloseCallbacks(ctx, o.ID, "unpaid"); err != nil {
			return err
		}
		if in.AmountMinor > 0 && in.Method != "on_account" && by.OrgID != 0 { // whose till the money lies in
			if err := setOrder(ctx, w.tx, o.ID, "money_held_by = ?", by.OrgID); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "payment", Reason: in.Reason, Data: map[string]any{"receipt": r.Number, "amount_minor": in.AmountMinor, "method": in.Method}})
	})
	return p, r, err
}

// VoidReceipt takes a receipt out of force; its number stays used.
func (d *Desk) VoidReceipt(ctx context.Context, by auth.Caller, receipt uuid.UUID, reason string) (billing.Receipt, error) {
	var r billing.Receipt
	err := d.onReceipt(ctx, by, receipt, func(ctx context.Context, w *work, o *Order) (err error) {
		if r, err = w.till.Void(ctx, by, receipt, reason); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "receipt_void", Reason: reason, Data: map[string]any{"receipt": r.Number}})
	})
	return r, err
}

// WaiveReceipt lets the customer off what is still owed, on a manager's word.
func (d *Desk) WaiveReceipt(ctx context.Context, by auth.Caller, receipt uuid.UUID, in billing.WaiveInput) (billing.Receipt, error) {
	var r billing.Receipt
	err := d.onReceipt(ctx, by, receipt, func(ctx context.Context, w *work, o *Order) (err error) {
		if r, err = w.till.Receipt(ctx, by.Scope(), receipt); err != nil {
			return err
		}
		settled, err := waiveOverApproved(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		// What was fitted above the agreed sum was never billed: there may be nothing else to let him off.
		if !settled || r.BalanceMinor > 0 {
			if r, err = w.till.Waive(ctx, by, receipt, in); err != nil {
				return err
			}
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "waive", Reason: in.Reason, Data: map[string]any{"receipt": r.Number}})
	})
	return r, err
}

// RequestInvoice queues a customer's wish for a tax invoice.
func (d *Desk) RequestInvoice(ctx context.Context, by auth.Caller, receipt uuid.UUID, in billing.InvoiceInput) (billing.InvoiceRequest, error) {
	var inv billing.InvoiceRequest
	err := d.onReceipt(ctx, by, receipt, func(ctx context.Context, w *work, o *Order) (err error) {
		if inv, err = w.till.RequestInvoice(ctx, by, receipt, in); err != nil {
			return err
		}
		return w.note(ctx, said{Order: &o.ID, OrgID: o.OrgID, Action: "invoice_request", Data: map[string]any{"title": in.Title}})
	})
	return inv, err
}

// InvoiceDo moves a customer's wish for an invoice on: issue, send, withdraw or reverse.
func (d *Desk) InvoiceDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in billing.InvoiceAct) (billing.InvoiceRequest, error) {
	i, err := d.till.In(d.reader(ctx)).Invoice(ctx, by.Scope(), id)
	if err != nil {
		return i, err
	}
	err = d.onReceipt(freshNot(ctx), by, i.ReceiptID, func(inner context.Context, w *work, o *Order) (err error) {
		if i, err = w.till.Invoice(inner, by.Scope(), id); err != nil {
			return err
		}
		if err := fresh(ctx, "request for an invoice", i.Version); err != nil {
			return err
		}
		if i, err = w.till.InvoiceDo(inner, by, id, act, in); err != nil {
			return err
		}
		data := map[string]any{"receipt": i.ReceiptNumber, "title": i.Title}
		if in.InvoiceNo != "" {
			data["invoice_no"] = in.InvoiceNo
		}
		return w.note(inner, said{Order: &o.ID, OrgID: o.OrgID, Action: "invoice_" + act, Reason: in.Reason, Data: data})
	})
	return i, err
}

// onReceipt locks the order of a receipt first, as every change does.
func (d *Desk) onReceipt(ctx context.Context, by auth.Caller, id uuid.UUID, fn func(ctx context.Context, w *work, o *Order) error) error {
	r, err := d.ReceiptByID(ctx, by, id)
	if err != nil {
		return err
	}
	return d.change(ctx, by, func(ctx context.Context, w *work) error {
		o, err := lockOrder(ctx, w.tx, auth.System("till").Scope(), r.OrderID.String())
		if err != nil {
			return err
		}
		if r, err = w.till.Receipt(ctx, by.Scope(), id); err != nil {
			return err
		}
		if err := fresh(ctx, "receipt", r.Version); err != nil {
			return err
		}
		if err := fn(ctx, w, &o); err != nil {
			return err
		}
		return w.announce(ctx, "receipt", o.OrgID, &o.ServingOrgID, id)
	})
}

// shownWindow is what the customer was told about a visit, in the zone of the site.
func (w *work) shownWindow(ctx context.Context, o *Order, v dispatch.Visit) string {
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		loc = time.UTC
	}
	told := v.Planned()
	if v.Window != nil {
		told = *v.Window
	}
	return told.From.In(loc).Format("2006-01-02 15:04") + "-" + told.To.In(loc).Format("15:04")
}

// Receivables is what was owed at the end of a day, by age; no day is today at the caller's organisation.
func (d *Desk) Receivables(ctx context.Context, by auth.Caller, asOf *calendar.Date, ask keyset.Ask) (billing.Receivables, error) {
	people := d.people.In(d.reader(ctx))
	org, err := people.Organisation(ctx, by.OrgID)
	if by.OrgID == 0 {
		org, err = people.Head(ctx)
	}
	if err != nil {
		return billing.Receivables{}, err
	}
	day := calendar.Of(d.now(), org.Location())
	if asOf != nil {
		day = *asOf
	}
	return d.till.In(d.reader(ctx)).Receivables(ctx, by.Scope(), day, org.Location(), ask)
}

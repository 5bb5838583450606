package pages

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders"
	"paigong/workorders/billing"
)

func (p *Pages) receipts(a *ask) (templates.Page, error) {
	f := billing.ReceiptFilter{Ask: a.asked(), From: a.dayIn("from"), To: a.dayIn("to"), EngineerID: a.idIn("engineer"), State: billing.State(a.QueryParam("state")), Zone: a.zone}
	till := a.look().Till
	page, err := till.Receipts(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Receipts{From: dateText(f.From), To: dateText(f.To), State: string(f.State), Engineer: a.QueryParam("engineer"), More: a.with("cursor", page.NextCursor), Cash: a.by.May(auth.ReadCashUps)}
	for _, r := range page.Items {
		v.Rows = append(v.Rows, a.receiptRow(r))
	}
	err = whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[billing.Receipt], error) {
		all := f
		all.Ask = ask
		return till.Receipts(ctx, a.by.Scope(), all)
	}, func(r billing.Receipt) {
		if r.State != billing.Void {
			v.Total += r.TotalMinor
			v.Paid += r.PaidMinor
		}
	})
	if err != nil {
		return nil, err
	}
	if v.Engineers, err = a.engineerOptions(); err != nil {
		return nil, err
	}
	if a.by.May(auth.ReadReports) && f.State == "" && f.EngineerID == nil {
		v.CSV = "/figures/receipts.csv?" + url.Values{"from": {v.From}, "to": {v.To}}.Encode()
	}
	v.Chrome = a.chrome()
	return v, nil
}

// receiptOf finds the receipt of an address, by number or id.
func (p *Pages) receiptOf(a *ask) (billing.Receipt, error) {
	ref := a.Param("number")
	if id, err := uuid.FromString(ref); err == nil {
		return p.desk.ReceiptByID(a.ctx(), a.by, id)
	}
	page, err := a.look().Till.Receipts(a.ctx(), a.by.Scope(), billing.ReceiptFilter{Ask: keyset.Ask{Limit: 1}, Number: ref})
	if err != nil {
		return billing.Receipt{}, err
	}
	if len(page.Items) == 0 {
		return billing.Receipt{}, fault.New(fault.NotFound, "receipt_not_found", "there is no receipt %s here", ref)
	}
	return p.desk.ReceiptByID(a.ctx(), a.by, page.Items[0].ID)
}

func (p *Pages) receipt(a *ask) (templates.Page, error) {
	r, err := p.receiptOf(a)
	if err != nil {
		return nil, err
	}
	v := templates.Receipt{ReceiptRow: a.receiptRow(r), Lines: receiptLines(r.Lines), InCapitals: r.TotalMinor.Capital(), Payer: r.CustomerName, VoidReason: zero(r.VoidReason)}
	if a.by.May(auth.ReadCustomers) {
		v.CustomerAt = templates.Link{Path: "/customers/" + r.CustomerID.String(), Text: r.CustomerName}
	}
	for _, y := range r.Payments {
		v.Payments = append(v.Payments, templates.Payment{At: y.PaidAt, Amount: y.AmountMinor, Method: y.Method, Reference: y.Reference, By: a.actor(y.ReceivedBy), Reason: y.Reason})
	}
	if v.Invoice, err = a.invoice(r); err != nil {
		return nil, err
	}
	kind := "settlement"
	if r.State == billing.Paid {
		kind = "receipt"
	}
	v.PDF = "/orders/" + r.OrderNumber + "/papers/" + kind + ".pdf"
	live := r.State != billing.Void
	for _, c := range []struct {
		form string
		can  bool
		may  auth.Permission
	}{
		{"payments", live && (r.BalanceMinor > 0 || r.PaidMinor > 0), auth.TakePayment}, {"waive", live && r.BalanceMinor > 0, auth.VoidReceipt},
		{"void", live, auth.VoidReceipt}, {"invoice-request", live && v.Invoice == "" && r.TotalMinor > 0, auth.RequestInvoice},
	} {
		if c.can && a.by.May(c.may) {
			v.Allowed = append(v.Allowed, c.form)
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

// invoice is where the wish for a tax invoice of a receipt stands, in words; "" when none is asked for or stands.
func (a *ask) invoice(r billing.Receipt) (string, error) {
	wish, err := a.look().Till.Invoiced(a.ctx(), r.ID)
	if wish == nil || err != nil {
		return "", err
	}
	return a.t("invoice." + string(wish.State)), nil
}

// receiptOrOrder draws again the page a payment was typed on.
func (p *Pages) receiptOrOrder(a *ask) (templates.Page, error) {
	back := a.posted.Values.Get("back")
	if number, ok := strings.CutPrefix(back, "/orders/"); ok {
		names, values := a.ParamNames(), a.ParamValues()
		a.SetParamNames("number")
		a.SetParamValues(number)
		page, err := p.order(a)
		a.SetParamNames(names...)
		a.SetParamValues(values...)
		return page, err
	}
	return p.receipt(a)
}

func (p *Pages) pay(ctx context.Context, a *ask, f *form) (string, error) {
	in := billing.PaymentInput{AmountMinor: zero(f.yuan("amount")), Method: f.need("method"), PaidAt: f.time("paid_at"), Reference: f.text("reference")}
	f.need("amount")
	if in.AmountMinor < 0 && in.Reference == "" {
		f.wrong("reference", "required")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	if in.AmountMinor < 0 {
		in.Reason = in.Reference
	}
	r, err := p.receiptOf(a)
	if err != nil {
		return "", err
	}
	if _, _, err := p.desk.Pay(ctx, a.by, r.ID, in); err != nil {
		return "", err
	}
	if back := f.text("back"); back != "" && local(back) {
		return back, nil
	}
	return "/receipts/" + r.Number, nil
}

func (p *Pages) voidReceipt(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.receiptOf(a)
	if err != nil {
		return "", err
	}
	_, err = p.desk.VoidReceipt(ctx, a.by, r.ID, f.text("reason"))
	return "/receipts/" + r.Number, err
}

func (p *Pages) waiveReceipt(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.receiptOf(a)
	if err != nil {
		return "", err
	}
	_, err = p.desk.WaiveReceipt(ctx, a.by, r.ID, billing.WaiveInput{Reason: f.text("reason")})
	return "/receipts/" + r.Number, err
}

func (p *Pages) requestInvoice(ctx context.Context, a *ask, f *form) (string, error) {
	r, err := p.receiptOf(a)
	if err != nil {
		return "", err
	}
	_, err = p.desk.RequestInvoice(ctx, a.by, r.ID, billing.InvoiceInput{Title: f.text("title"), TaxNumber: f.text("tax_number"), Email: f.text("email")})
	return "/receipts/" + r.Number, err
}

func (a *ask) cashUpRow(c billing.CashUp) templates.CashUpRow {
	row := templates.CashUpRow{EngineerID: c.EngineerID.String(), Engineer: c.EngineerName, Day: c.Day.String(), Round: c.Round, Expected: c.ExpectedMinor, Counted: zero(c.CountedMinor), Note: c.Note, By: a.actor(c.By), At: zero(c.At), State: string(c.State), VoidReason: c.VoidReason,
		Own: a.by.EngineerID != nil && *a.by.EngineerID == c.EngineerID}
	if c.ID != nil {
		row.ID = c.ID.String()
	}
	for _, y := range c.Payments {
		row.Payments = append(row.Payments, templates.Taken{Receipt: y.ReceiptNumber, At: y.PaidAt, Amount: y.AmountMinor})
	}
	return row
}

// cashUps shows what engineers hold in cash, and what was counted before.
func (p *Pages) cashUps(a *ask) (templates.Page, error) {
	f := billing.CashUpFilter{Ask: a.asked(), From: a.dayIn("from"), To: a.dayIn("to"), EngineerID: a.idIn("engineer"), State: billing.CashCounted}
	if state := billing.CashUpState(a.QueryParam("state")); state != "" {
		f.State = state
	}
	till := a.look().Till
	page, err := till.CashUps(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.CashUps{From: dateText(f.From), To: dateText(f.To), State: string(f.State), Engineer: a.QueryParam("engineer"), More: a.with("cursor", page.NextCursor), MayCount: a.by.May(auth.CountCash), MayVoid: a.by.May(auth.VoidReceipt)}
	for _, c := range page.Items {
		v.Rows = append(v.Rows, a.cashUpRow(c))
	}
	err = whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[billing.CashUp], error) {
		return till.CashUps(ctx, a.by.Scope(), billing.CashUpFilter{Ask: ask, State: billing.CashHeld})
	}, func(c billing.CashUp) {
		v.Held = append(v.Held, a.cashUpRow(c))
		v.HeldTotal += c.ExpectedMinor
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(v.Held, func(x, y templates.CashUpRow) int {
		return cmp.Or(strings.Compare(x.Engineer, y.Engineer), strings.Compare(x.EngineerID, y.EngineerID), strings.Compare(x.Day, y.Day))
	})
	if v.Engineers, err = a.engineerOptions(); err != nil {
		return nil, err
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) countCash(ctx context.Context, a *ask, f *form) (string, error) {
	f.need("engineer_id")
	f.need("counted")
	engineer, counted := f.id("engineer_id"), f.yuan("counted")
	in := billing.CashUpInput{Day: f.needDate("day"), Note: f.text("note")}
	if counted != nil && *counted < 0 {
		f.wrong("counted", "expected an amount")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	in.EngineerID, in.CountedMinor = *engineer, *counted
	return "/receipts/cash-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Till.CashUp(ctx, a.by, in)
		return err
	})
}

func (p *Pages) voidCashUp(ctx context.Context, a *ask, f *form) (string, error) {
	id, err := parse(a.Param("id"))
	if err != nil {
		return "", err
	}
	return "/receipts/cash-ups", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		_, err := l.Till.VoidCashUp(ctx, a.by, id, f.text("reason"))
		return err
	})
}

// invoices is the list that is worked off: who wants a tax invoice.
func (p *Pages) invoices(a *ask) (templates.Page, error) {
	f := billing.InvoiceFilter{Ask: a.asked(), State: billing.InvoiceState(a.QueryParam("state"))}
	f.Open = f.State == ""
	page, err := a.look().Till.Invoices(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Invoices{State: string(f.State), More: a.with("cursor", page.NextCursor), Cash: a.by.May(auth.ReadCashUps)}
	for _, i := range page.Items {
		row := templates.InvoiceRow{ID: i.ID.String(), Receipt: i.ReceiptNumber, OrderNumber: i.OrderNumber, Customer: i.CustomerName, Title: i.Title, TaxNumber: i.TaxNumber, Email: i.Email, Total: i.TotalMinor, State: string(i.State),
			InvoiceNo: zero(i.InvoiceNo), ReversalNo: zero(i.ReversalNo), EndReason: a.reason(i.EndReason), PromisedOn: dateText(i.PromisedOn), AskedAt: i.RequestedAt, IssuedAt: zero(i.IssuedAt), SentAt: zero(i.SentAt)}
		if a.by.May(auth.RequestInvoice) {
			row.Allowed = i.AllowedActions
		}
		v.Rows = append(v.Rows, row)
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) invoiceAct(act string) deed {
	return func(ctx context.Context, a *ask, f *form) (string, error) {
		id, err := parse(a.Param("id"))
		if err != nil {
			return "", err
		}
		_, err = p.desk.InvoiceDo(ctx, a.by, id, act, billing.InvoiceAct{InvoiceNo: f.text("invoice_no"), Reason: f.text("reason")})
		return "/receipts/invoices", err
	}
}

func sortEvents(list []templates.Event) {
	slices.SortStableFunc(list, func(x, y templates.Event) int { return x.At.Compare(y.At) })
}

package pages

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/templates"
	"paigong/workorders/billing"
)

func (p *Pages) receipts(a *ask) (templates.Page, error) {
	f := billing.ReceiptFilter{Ask: a.asked(), From: a.dayIn("from"), To: a.dayIn("to"), EngineerID: a.idIn("engineer"), State: billing.State(a.QueryParam("state")), Zone: a.zone}
	till := a.look().Till
	page, err := till.Receipts(a.ctx(), a.by.Scope(), f)
	if err != nil {
		return nil, err
	}
	v := templates.Receipts{From: dateText(f.From), To: dateText(f.To), State: string(f.State), Engineer: a.QueryParam("engineer"), More: a.with("cursor", page.NextCursor)}
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

// invoice is where the wish for a tax invoice of a receipt stands, in words.
func (a *ask) invoice(r billing.Receipt) (string, error) {
	said := ""
	err := whole(a.ctx(), func(ctx context.Context, ask keyset.Ask) (keyset.Page[billing.InvoiceRequest], error) {
		return a.look().Till.Invoices(ctx, a.by.Scope(), billing.InvoiceFilter{Ask: ask})
	}, func(w billing.InvoiceRequest) {
		if w.ReceiptID == r.ID {
			said = a.t("invoice." + string(w.State))
		}
	})
	return said, err
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

func sortEvents(list []templates.Event) {
	slices.SortStableFunc(list, func(x, y templates.Event) int { return x.At.Compare(y.At) })
}

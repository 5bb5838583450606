package billing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
)

const (
	invoiceColumns = `i.id, i.org_id, i.receipt_id, r.number AS receipt_number, w.number AS work_order_number, c.name AS customer_name, r.total_minor, i.title, i.tax_number, i.email, i.state, i.invoice_no, i.promised_on, i.requested_at,
	i.issued_at, i.sent_at, i.ended_at, i.end_reason, i.reversal_no, i.version`
	invoiceTables = ` FROM invoice_requests i JOIN receipts r ON r.id = i.receipt_id JOIN work_orders w ON w.id = r.order_id JOIN customers c ON c.id = r.customer_id`
)

// RequestInvoice writes down that the customer wants a tax invoice for a receipt. One wish per receipt is
// open at a time, and one invoice stands.
func (t Till) RequestInvoice(ctx context.Context, by auth.Caller, receipt uuid.UUID, in InvoiceInput) (InvoiceRequest, error) {
	if in.Title = strings.TrimSpace(in.Title); in.Title == "" {
		return InvoiceRequest{}, fault.New(fault.Invalid, "title_missing", "say to whom the invoice is made out").Field("body.title", "must not be blank")
	}
	r, err := t.find(ctx, by.Scope(), receipt, " FOR SHARE OF r")
	if err != nil {
		return InvoiceRequest{}, err
	}
	switch {
	case r.State == Void:
		return InvoiceRequest{}, fault.New(fault.Conflict, "receipt_void", "this receipt is void: ask on the order's new one")
	case r.TotalMinor == 0:
		return InvoiceRequest{}, fault.New(fault.Conflict, "nothing_owed", "nothing was charged on this receipt")
	}
	id := newID()
	_, err = t.db.NewRaw("INSERT INTO invoice_requests (id, org_id, receipt_id, title, tax_number, email, promised_on, requested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		id, r.OrgID, r.ID, in.Title, strings.TrimSpace(in.TaxNumber), strings.TrimSpace(in.Email), in.PromisedOn, t.at()).Exec(ctx)
	if err != nil {
		return InvoiceRequest{}, fmt.Errorf("invoice for %s: %w", r.Number, fault.FromSQL(err))
	}
	return t.invoice(ctx, by.Scope(), id, "")
}

// InvoiceDo moves a request for an invoice on. issue: the invoice was written in the tax system under a number;
// send: it went to the customer; withdraw: nobody wants it any more; reverse: it was taken back in the tax system,
// under the number of the reversal. The last two need a reason.
func (t Till) InvoiceDo(ctx context.Context, by auth.Caller, id uuid.UUID, act string, in InvoiceAct) (InvoiceRequest, error) {
	in.InvoiceNo, in.Reason = strings.TrimSpace(in.InvoiceNo), strings.TrimSpace(in.Reason)
	if (act == "issue" || act == "reverse") && in.InvoiceNo == "" {
		return InvoiceRequest{}, fault.New(fault.Invalid, "invoice_no_missing", "give the number of the invoice").Field("body.invoice_no", "must not be blank")
	}
	if (act == "withdraw" || act == "reverse") && in.Reason == "" {
		return InvoiceRequest{}, fault.New(fault.Invalid, "reason_missing", "say why there is no invoice any more").Field("body.reason", "must not be blank")
	}
	switch act {
	case "issue":
		return t.invoiceDo(ctx, by, id, act, "invoice_no = ?, issued_at = ?", in.InvoiceNo, t.at())
	case "send":
		return t.invoiceDo(ctx, by, id, act, "sent_at = ?", t.at())
	case "reverse":
		return t.invoiceDo(ctx, by, id, act, "reversal_no = ?, ended_at = ?, end_reason = ?", in.InvoiceNo, t.at(), in.Reason)
	}
	return t.invoiceDo(ctx, by, id, act, "ended_at = ?, end_reason = ?", t.at(), in.Reason)
}

// Invoiced is the invoice of a receipt that is asked for or stands, or nil.
func (t Till) Invoiced(ctx context.Context, receipt uuid.UUID) (*InvoiceRequest, error) {
	var i InvoiceRequest
	err := t.db.NewRaw("SELECT "+invoiceColumns+invoiceTables+" WHERE i.receipt_id = ? AND i.state IN ('requested', 'issued', 'sent')", receipt).Scan(ctx, &i)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("invoice of receipt %s: %w", receipt, fault.FromSQL(err))
	}
	return &i, nil
}

func (t Till) invoiceDo(ctx context.Context, by auth.Caller, id uuid.UUID, act, set string, args ...any) (InvoiceRequest, error) {
	i, err := t.invoice(ctx, by.Scope(), id, " FOR NO KEY UPDATE OF i")
	if err != nil {
		return i, err
	}
	to, err := InvoiceMoves.Do(i.State, act)
	if err != nil {
		return i, err
	}
	if _, err := t.db.NewRaw("UPDATE invoice_requests SET state = ?, "+set+" WHERE id = ?", append(append([]any{to}, args...), id)...).Exec(ctx); err != nil {
		return i, fmt.Errorf("%s invoice for %s: %w", act, i.ReceiptNumber, fault.FromSQL(err))
	}
	return t.invoice(ctx, by.Scope(), id, "")
}

func (t Till) invoice(ctx context.Context, s auth.Scope, id uuid.UUID, lock string) (InvoiceRequest, error) {
	var w where
	var i InvoiceRequest
	w.and("i.id = ?", id)
	if err := w.see(s); err != nil {
		return i, err
	}
	err := t.db.NewRaw("SELECT "+invoiceColumns+invoiceTables+w.String()+lock, w.args...).Scan(ctx, &i)
	if errors.Is(err, sql.ErrNoRows) {
		return i, fault.New(fault.NotFound, "invoice_request_unknown", "there is no such request for an invoice: %s", id)
	}
	if err != nil {
		return i, fmt.Errorf("invoice request %s: %w", id, fault.FromSQL(err))
	}
	i.AllowedActions = InvoiceMoves.Actions(i.State)
	return i, nil
}

// Invoice reads one request for an invoice.
func (t Till) Invoice(ctx context.Context, s auth.Scope, id uuid.UUID) (InvoiceRequest, error) {
	return t.invoice(ctx, s, id, "")
}

// Invoices lists requests for invoices, the oldest first.
func (t Till) Invoices(ctx context.Context, s auth.Scope, f InvoiceFilter) (keyset.Page[InvoiceRequest], error) {
	var w where
	if err := w.see(s); err != nil {
		return keyset.Page[InvoiceRequest]{}, err
	}
	if f.State != "" {
		w.and("i.state = ?", f.State)
	}
	if f.Open {
		w.and("i.state IN ('requested', 'issued')")
	}
	if f.ReceiptID != nil {
		w.and("i.receipt_id = ?", *f.ReceiptID)
	}
	var last uuid.UUID
	if more, err := f.After(&last); err != nil {
		return keyset.Page[InvoiceRequest]{}, err
	} else if more {
		w.and("i.id > ?", last)
	}
	var rows []InvoiceRequest
	if err := t.db.NewRaw("SELECT "+invoiceColumns+invoiceTables+w.String()+" ORDER BY i.id LIMIT ?", append(w.args, f.Rows())...).Scan(ctx, &rows); err != nil {
		return keyset.Page[InvoiceRequest]{}, fmt.Errorf("invoice requests: %w", fault.FromSQL(err))
	}
	for i := range rows {
		rows[i].AllowedActions = InvoiceMoves.Actions(rows[i].State)
	}
	return keyset.Cut(f.Ask, rows, func(i InvoiceRequest) []any { return []any{i.ID} }), nil
}

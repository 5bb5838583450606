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
	invoiceColumns = `i.id, i.org_id, i.receipt_id, r.number AS receipt_number, r.total_minor, i.title, i.tax_number, i.email, i.state, i.invoice_no, i.promised_on, i.requested_at, i.issued_at, i.sent_at, i.version`
	invoiceTables  = ` FROM invoice_requests i JOIN receipts r ON r.id = i.receipt_id JOIN work_orders w ON w.id = r.order_id`
)

// RequestInvoice writes down that the customer wants a tax invoice for a receipt. One wish per receipt is
// open at a time.
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

// IssueInvoice records the number under which the invoice was written in the tax system.
func (t Till) IssueInvoice(ctx context.Context, by auth.Caller, id uuid.UUID, invoiceNo string) (InvoiceRequest, error) {
	if invoiceNo = strings.TrimSpace(invoiceNo); invoiceNo == "" {
		return InvoiceRequest{}, fault.New(fault.Invalid, "invoice_no_missing", "give the number of the invoice").Field("body.invoice_no", "must not be blank")
	}
	return t.invoiceDo(ctx, by, id, "issue", "invoice_no = ?, issued_at = ?", invoiceNo, t.at())
}

// SendInvoice records that the invoice went to the customer.
func (t Till) SendInvoice(ctx context.Context, by auth.Caller, id uuid.UUID) (InvoiceRequest, error) {
	return t.invoiceDo(ctx, by, id, "send", "sent_at = ?", t.at())
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

// Invoices lists requests for invoices, the oldest first.
func (t Till) Invoices(ctx context.Context, s auth.Scope, f InvoiceFilter) (keyset.Page[InvoiceRequest], error) {
	var w where
	if err := w.see(s); err != nil {
		return keyset.Page[InvoiceRequest]{}, err
	}
	if f.State != "" {
		w.and("i.state = ?", f.State)
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

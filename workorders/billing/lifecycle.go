package billing

import "paigong/internal/lifecycle"

// InvoiceState is where a customer's wish for a tax invoice stands.
type InvoiceState string

const (
	InvoiceRequested InvoiceState = "requested" // the customer asked
	InvoiceIssued    InvoiceState = "issued"    // written in the tax system, with its number
	InvoiceSent      InvoiceState = "sent"      // with the customer
	InvoiceWithdrawn InvoiceState = "withdrawn" // not wanted any more, or its receipt fell. Final
	InvoiceReversed  InvoiceState = "reversed"  // 红冲: taken back in the tax system, with the number of the reversal. Final
)

// InvoiceMoves is the life of a request for an invoice.
var InvoiceMoves = lifecycle.Table[InvoiceState]{
	Kind: "invoice_request", Start: []InvoiceState{InvoiceRequested},
	Moves: [][3]InvoiceState{{InvoiceRequested, InvoiceIssued, "issue"}, {InvoiceIssued, InvoiceSent, "send"}, {InvoiceRequested, InvoiceWithdrawn, "withdraw"},
		{InvoiceIssued, InvoiceReversed, "reverse"}, {InvoiceSent, InvoiceReversed, "reverse"}},
}

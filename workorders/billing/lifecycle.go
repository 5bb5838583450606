package billing

import "paigong/internal/lifecycle"

// InvoiceState is where a customer's wish for a tax invoice stands.
type InvoiceState string

const (
	InvoiceRequested InvoiceState = "requested" // the customer asked
	InvoiceIssued    InvoiceState = "issued"    // written in the tax system, with its number
	InvoiceSent      InvoiceState = "sent"      // with the customer. Final
)

// InvoiceMoves is the life of a request for an invoice.
var InvoiceMoves = lifecycle.Table[InvoiceState]{
	Kind: "invoice_request", Start: []InvoiceState{InvoiceRequested},
	Moves: [][3]InvoiceState{{InvoiceRequested, InvoiceIssued, "issue"}, {InvoiceIssued, InvoiceSent, "send"}},
}

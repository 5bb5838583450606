// Package billing keeps the money: what is owed for an order, what was paid, and what still has to come.
//
// When the last sheet of an order is in, the desk hands over the lines that were agreed and delivered and
// Issue makes one receipt of them. A covered line stays on the paper with its price and costs nothing, so
// that the customer sees what the warranty bore. The number is taken last, from a counter row locked by
// the same statement that writes receipt and lines: a transaction that fails leaves no gap, and the next
// one waits no longer than that one statement and its commit.
//
// An issued receipt never changes. It is headed 维修结算单 while something is owed and 收据 once it is paid;
// which of the two follows from its payments and is stored nowhere. A mistake is voided, with a reason, and
// issued anew under a new number. Payments are facts too: a refund is a negative one with a reason, a
// waiver one of its own method with the manager who granted it, and on_account a promise that lowers
// nothing. PostgreSQL refuses more than is owed, whoever pays at the same moment.
//
// Receivables says on any day what is still to come and how old it is; over a month, receipts are payments
// and balances, to the last fen. What engineers took in cash they hand in with a cash-up.
package billing

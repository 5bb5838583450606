package billing

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/calendar"
	"paigong/internal/keyset"
	"paigong/internal/money"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// State of a receipt, which follows from its payments.
type State string

const (
	Unpaid   State = "unpaid"
	PartPaid State = "part_paid"
	Paid     State = "paid" // also when nothing was owed
	Void     State = "void"
)

// StateOf says where a receipt stands.
func StateOf(total, paid money.Fen, void bool) State {
	switch {
	case void:
		return Void
	case paid >= total:
		return Paid
	case paid > 0:
		return PartPaid
	}
	return Unpaid
}

// Receipt 收据, headed 维修结算单 while something is owed.
type Receipt struct {
	ID               uuid.UUID  `bun:"id" json:"id"`
	OrgID            int32      `bun:"org_id" json:"-"`
	OrganisationCode string     `bun:"organisation_code" json:"organisation_code"`
	Number           string     `bun:"number" json:"number"`
	OrderID          uuid.UUID  `bun:"order_id" json:"order_id"`
	OrderNumber      string     `bun:"work_order_number" json:"work_order_number"`
	CustomerID       uuid.UUID  `bun:"customer_id" json:"customer_id"`
	CustomerName     string     `bun:"customer_name" json:"customer_name"`
	EngineerID       *uuid.UUID `bun:"engineer_id" json:"engineer_id,omitempty"`
	EngineerName     string     `bun:"engineer_name" json:"engineer_name,omitempty"`
	Lines            []Line     `bun:"-" json:"lines"`
	Payments         []Payment  `bun:"-" json:"payments"`
	TotalMinor       money.Fen  `bun:"total_minor" json:"total_minor"`
	PaidMinor        money.Fen  `bun:"paid_minor" json:"paid_minor"`
	BalanceMinor     money.Fen  `bun:"balance_minor" json:"balance_minor"`
	State            State      `bun:"state" json:"state"`
	IssuedAt         time.Time  `bun:"issued_at" json:"issued_at"`
	IssuedBy         string     `bun:"actor" json:"issued_by"`
	VoidedAt         *time.Time `bun:"voided_at" json:"voided_at,omitempty"`
	VoidReason       *string    `bun:"void_reason" json:"void_reason,omitempty"`
	Version          int        `bun:"version" json:"version"`
}

// Line kinds. Only a discount or a deduction may be below zero.
const (
	Labour     = "labour"
	Part       = "part"
	Travel     = "travel"
	Inspection = "inspection"
	Material   = "material"
	Other      = "other"
	Discount   = "discount"  // granted when issued, with who granted it
	Deduction  = "deduction" // an inspection fee taken off because the repair was agreed
)

// Line of a receipt. A covered line keeps its price and costs nothing.
type Line struct {
	No             int        `bun:"no" json:"no"`
	Kind           string     `bun:"kind" json:"kind"`
	Description    string     `bun:"description" json:"description"`
	SKU            string     `bun:"sku" json:"sku,omitempty"`
	Quantity       int64      `bun:"quantity" json:"quantity"`
	UnitMinor      money.Fen  `bun:"unit_minor" json:"unit_minor"`
	AmountMinor    money.Fen  `bun:"amount_minor" json:"amount_minor"`
	Covered        bool       `bun:"covered" json:"covered"`
	CoverageSource string     `bun:"coverage_source" json:"coverage_source,omitempty"`
	QuoteID        *uuid.UUID `bun:"quote_id" json:"quote_id,omitempty"`
	QuoteLine      *int       `bun:"quote_line" json:"quote_line,omitempty"`
	ApproverID     *uuid.UUID `bun:"approver_id" json:"approver_id,omitempty"`
}

// ReceiptFilter narrows the list of receipts; newest first.
type ReceiptFilter struct {
	keyset.Ask
	From         *calendar.Date `json:"-"` // issued on this day or later
	To           *calendar.Date `json:"-"` // issued on this day or earlier
	Organisation string         `query:"organisation" json:"-" doc:"code of the issuing organisation"`
	EngineerID   *uuid.UUID     `json:"-"`
	CustomerID   *uuid.UUID     `json:"-"` // with those of files merged into his
	OrderID      *uuid.UUID     `json:"-"`
	Number       string         `query:"number" json:"-" maxLength:"80" doc:"this very receipt"`
	State        State          `query:"state" json:"-" enum:"unpaid,part_paid,paid,void"`
	Zone         *time.Location `json:"-"` // where days are counted; nil = mainland China
}

// PaymentInput is what a client may say about money that changed hands.
type PaymentInput struct {
	AmountMinor money.Fen  `json:"amount_minor" doc:"negative = refund"`
	Method      string     `json:"method" enum:"cash,wechat,alipay,card,transfer,on_account" doc:"on_account is a promise; it does not lower the balance"`
	PaidAt      *time.Time `json:"paid_at,omitempty" doc:"absent = now"`
	Reference   string     `json:"reference,omitempty" maxLength:"200" doc:"number of the transaction"`
	Reason      string     `json:"reason,omitempty" maxLength:"500" doc:"why money goes back; a refund without a reason names a reference"`
	EngineerID  *uuid.UUID `json:"engineer_id,omitempty" doc:"the engineer who took it; absent = the caller, when he is one"`
}

// Payment is money that changed hands, or a waiver of it.
type Payment struct {
	ID          uuid.UUID  `bun:"id" json:"id"`
	ReceiptID   uuid.UUID  `bun:"receipt_id" json:"receipt_id"`
	AmountMinor money.Fen  `bun:"amount_minor" json:"amount_minor"`
	Method      string     `bun:"method" json:"method"`
	PaidAt      time.Time  `bun:"paid_at" json:"paid_at"`
	RecordedAt  time.Time  `bun:"recorded_at" json:"recorded_at"`
	ReceivedBy  string     `bun:"actor" json:"received_by"`
	EngineerID  *uuid.UUID `bun:"engineer_id" json:"engineer_id,omitempty"`
	Reference   string     `bun:"reference" json:"reference,omitempty"`
	Reason      string     `bun:"reason" json:"reason,omitempty"`
	ApproverID  *uuid.UUID `bun:"approver_id" json:"approver_id,omitempty"`
}

// WaiveInput lets a manager take back what is owed, or part of it.
type WaiveInput struct {
	Reason      string     `json:"reason" minLength:"1" maxLength:"500"`
	AmountMinor *money.Fen `json:"amount_minor,omitempty" doc:"absent = the whole balance"`
}

// Receivable is a receipt on which something is owed.
type Receivable struct {
	ReceiptID        uuid.UUID     `bun:"id" json:"receipt_id"`
	Number           string        `bun:"number" json:"number"`
	OrganisationCode string        `bun:"organisation_code" json:"organisation_code"`
	OrderID          uuid.UUID     `bun:"order_id" json:"order_id"`
	OrderNumber      string        `bun:"work_order_number" json:"work_order_number"`
	CustomerID       uuid.UUID     `bun:"customer_id" json:"customer_id"`
	CustomerName     string        `bun:"customer_name" json:"customer_name"`
	IssuedOn         calendar.Date `bun:"issued_on" json:"issued_on"`
	TotalMinor       money.Fen     `bun:"total_minor" json:"total_minor"`
	BalanceMinor     money.Fen     `bun:"balance_minor" json:"balance_minor"`
	AgeDays          int           `bun:"age_days" json:"age_days"`
	Bucket           string        `bun:"bucket" json:"bucket" enum:"0-30,31-60,61-90,>90"`
	OnAccount        bool          `bun:"on_account" json:"on_account" doc:"the customer promised to pay later"`
	IssuedAt         time.Time     `bun:"issued_at" json:"-"`
}

// Receivables is what was owed at the end of a day. Total and buckets cover all pages.
type Receivables struct {
	AsOf       calendar.Date        `json:"as_of"`
	Items      []Receivable         `json:"items"`
	TotalMinor money.Fen            `json:"total_minor"`
	Buckets    map[string]money.Fen `json:"buckets" doc:"by age in days: 0-30, 31-60, 61-90, >90"`
	NextCursor string               `json:"next_cursor"`
}

// Buckets of age in days.
func Buckets() []string { return []string{"0-30", "31-60", "61-90", ">90"} }

// InvoiceInput is a customer's wish for a tax invoice 发票.
type InvoiceInput struct {
	Title      string         `json:"title" minLength:"1" maxLength:"200"`
	TaxNumber  string         `json:"tax_number,omitempty" maxLength:"40"`
	Email      string         `json:"email,omitempty" maxLength:"200"`
	PromisedOn *calendar.Date `json:"promised_on,omitempty"`
}

// InvoiceRequest is such a wish, as kept.
type InvoiceRequest struct {
	ID             uuid.UUID      `bun:"id" json:"id"`
	OrgID          int32          `bun:"org_id" json:"-"`
	ReceiptID      uuid.UUID      `bun:"receipt_id" json:"receipt_id"`
	ReceiptNumber  string         `bun:"receipt_number" json:"receipt_number"`
	OrderNumber    string         `bun:"work_order_number" json:"work_order_number"`
	CustomerName   string         `bun:"customer_name" json:"customer_name"`
	TotalMinor     money.Fen      `bun:"total_minor" json:"total_minor"`
	Title          string         `bun:"title" json:"title"`
	TaxNumber      string         `bun:"tax_number" json:"tax_number,omitempty"`
	Email          string         `bun:"email" json:"email,omitempty"`
	State          InvoiceState   `bun:"state" json:"state"`
	InvoiceNo      *string        `bun:"invoice_no" json:"invoice_no,omitempty"`
	PromisedOn     *calendar.Date `bun:"promised_on" json:"promised_on,omitempty"`
	RequestedAt    time.Time      `bun:"requested_at" json:"requested_at"`
	IssuedAt       *time.Time     `bun:"issued_at" json:"issued_at,omitempty"`
	SentAt         *time.Time     `bun:"sent_at" json:"sent_at,omitempty"`
	EndedAt        *time.Time     `bun:"ended_at" json:"ended_at,omitempty" doc:"when it was withdrawn or reversed"`
	EndReason      string         `bun:"end_reason" json:"end_reason,omitempty"`
	ReversalNo     *string        `bun:"reversal_no" json:"reversal_no,omitempty" doc:"number of the invoice that takes this one back"`
	AllowedActions []string       `bun:"-" json:"allowed_actions"`
	Version        int            `bun:"version" json:"version"`
}

// InvoiceFilter narrows the list of invoice requests; oldest first, because they are worked off.
type InvoiceFilter struct {
	keyset.Ask
	State     InvoiceState `query:"state" json:"-" enum:"requested,issued,sent,withdrawn,reversed"`
	Open      bool         `query:"open" json:"-" doc:"only those on which something is left to do"`
	ReceiptID *uuid.UUID   `json:"-"`
}

// InvoiceAct is what a client may say when it moves a request for an invoice on.
type InvoiceAct struct {
	InvoiceNo string `json:"invoice_no,omitempty" maxLength:"100" doc:"issue: the number in the tax system; reverse: that of the reversal"`
	Reason    string `json:"reason,omitempty" maxLength:"500" doc:"withdraw and reverse: why"`
}

// CashUpInput is an engineer handing in what he took in cash on a day 交款.
type CashUpInput struct {
	EngineerID   uuid.UUID     `json:"engineer_id"`
	Day          calendar.Date `json:"day"`
	CountedMinor money.Fen     `json:"counted_minor" minimum:"0"`
	Note         string        `json:"note,omitempty" maxLength:"500" doc:"required when the count differs from what the receipts say"`
}

// CashUpState is whether an engineer still holds the money.
type CashUpState string

const (
	CashHeld    CashUpState = "open"    // taken and not handed in
	CashCounted CashUpState = "counted" // handed in and counted
	CashVoid    CashUpState = "void"    // counted wrongly: what it covered is open again
)

// CashUpFilter narrows the list of cash-ups; the latest day first.
type CashUpFilter struct {
	keyset.Ask
	EngineerID *uuid.UUID     `json:"-"`
	From       *calendar.Date `json:"-"` // taken on this day or later
	To         *calendar.Date `json:"-"` // taken on this day or earlier
	State      CashUpState    `query:"state" json:"-" enum:"open,counted,void" doc:"absent = open and counted"`
}

// Taken is a payment in cash that a cash-up is about.
type Taken struct {
	ReceiptNumber string    `json:"receipt_number"`
	AmountMinor   money.Fen `json:"amount_minor"`
	PaidAt        time.Time `json:"paid_at"`
}

// CashUp is the cash of a day: what an engineer holds of it, or a count of it. Counted fields are absent until
// it was handed in. Payments are those of the whole day, also when it was counted in more than one round.
type CashUp struct {
	ID              *uuid.UUID    `bun:"id" json:"id,omitempty"`
	EngineerID      uuid.UUID     `bun:"engineer_id" json:"engineer_id"`
	EngineerName    string        `bun:"engineer_name" json:"engineer_name"`
	Day             calendar.Date `bun:"day" json:"day"`
	ExpectedMinor   money.Fen     `bun:"expected_minor" json:"expected_minor"`
	CountedMinor    *money.Fen    `bun:"counted_minor" json:"counted_minor,omitempty"`
	DifferenceMinor *money.Fen    `bun:"difference_minor" json:"difference_minor,omitempty"`
	Note            string        `bun:"note" json:"note,omitempty"`
	By              string        `bun:"actor" json:"by,omitempty"`
	At              *time.Time    `bun:"at" json:"at,omitempty"`
	State           CashUpState   `bun:"state" json:"state" enum:"open,counted,void"`
	Round           int           `bun:"round" json:"round,omitempty" doc:"which count of the day it is: another follows when a payment of it is recorded late"`
	VoidedAt        *time.Time    `bun:"voided_at" json:"voided_at,omitempty"`
	VoidReason      string        `bun:"void_reason" json:"void_reason,omitempty"`
	Payments        []Taken       `bun:"payments,type:jsonb" json:"payments,omitempty"`
	Zone            string        `bun:"zone" json:"-"`
}

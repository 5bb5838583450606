package billing

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/money"
)

// Pay records money that changed hands. More than is owed is refused, and so is a refund of more than was
// paid; the time it happened is taken as told.
func (t Till) Pay(ctx context.Context, by auth.Caller, receipt uuid.UUID, in PaymentInput) (Payment, Receipt, error) {
	in.Reference, in.Reason = strings.TrimSpace(in.Reference), strings.TrimSpace(in.Reason)
	switch in.Method {
	case "cash", "wechat", "alipay", "card", "transfer", "on_account":
	default:
		return Payment{}, Receipt{}, fault.New(fault.Invalid, "method_unknown", "method is one of cash, wechat, alipay, card, transfer, on_account").Field("body.method", "unknown")
	}
	switch {
	case in.AmountMinor == 0:
		return Payment{}, Receipt{}, fault.New(fault.Invalid, "payments_amount", "say how much was paid; a refund is negative").Field("body.amount_minor", "must not be zero")
	case in.AmountMinor < 0 && in.Method == "on_account":
		return Payment{}, Receipt{}, fault.New(fault.Invalid, "method_unknown", "a promise cannot be refunded").Field("body.method", "not for a refund")
	case in.AmountMinor < 0 && in.Reason == "":
		in.Reason = in.Reference
	}
	if in.AmountMinor < 0 && in.Reason == "" {
		return Payment{}, Receipt{}, fault.New(fault.Invalid, "payments_refund_why", "say why the money goes back").Field("body.reason", "required for a refund")
	}
	r, err := t.find(ctx, by.Scope(), receipt, " FOR NO KEY UPDATE OF r")
	if err != nil {
		return Payment{}, r, err
	}
	// Read again under the lock: the join above may have summed before another payment was done.
	if r, err = t.read(ctx, receipt); err != nil {
		return Payment{}, r, err
	}
	switch {
	case r.State == Void && in.AmountMinor > 0:
		return Payment{}, r, fault.New(fault.Conflict, "payments_not_on_void", "this receipt is void: take the money on the order's new one")
	case in.Method != "on_account" && in.AmountMinor > r.TotalMinor-r.PaidMinor:
		return Payment{}, r, fault.New(fault.Conflict, "payments_within_total", "that is more than is owed: %s is left to pay", r.BalanceMinor).With("balance_minor", r.BalanceMinor)
	case in.AmountMinor < 0 && -in.AmountMinor > refundable(r):
		return Payment{}, r, fault.New(fault.Conflict, "payments_refund_within_paid", "that is more than was paid: %s can go back", refundable(r)).With("paid_minor", refundable(r))
	}
	y := Payment{ReceiptID: receipt, AmountMinor: in.AmountMinor, Method: in.Method, PaidAt: t.at(), Reference: in.Reference, Reason: in.Reason, EngineerID: in.EngineerID}
	if in.PaidAt != nil {
		y.PaidAt = in.PaidAt.UTC()
	}
	if y.EngineerID == nil {
		y.EngineerID = by.EngineerID
	}
	return t.record(ctx, by, r, y)
}

// refundable is the money that came in and has not gone back; a waiver is no money.
func refundable(r Receipt) (sum money.Fen) {
	for _, y := range r.Payments {
		if y.Method != "on_account" && y.Method != "waiver" {
			sum += y.AmountMinor
		}
	}
	return sum
}

func (t Till) record(ctx context.Context, by auth.Caller, r Receipt, y Payment) (Payment, Receipt, error) {
	y.ID, y.RecordedAt, y.ReceivedBy = newID(), t.at(), by.Actor()
	_, err := t.db.NewRaw(`INSERT INTO payments (id, org_id, receipt_id, amount_minor, method, paid_at, recorded_at, received_by, engineer_id, actor, reference, reason, approver_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		y.ID, r.OrgID, r.ID, y.AmountMinor, y.Method, y.PaidAt, y.RecordedAt, person(by), y.EngineerID, y.ReceivedBy, y.Reference, y.Reason, y.ApproverID).Exec(ctx)
	if err != nil {
		return y, r, fmt.Errorf("payment on %s: %w", r.Number, fault.FromSQL(err))
	}
	r, err = t.read(ctx, r.ID)
	return y, r, err
}

// Waive takes back what is owed, or part of it, by the word of the caller; who may do so the caller's roles
// have said before. A person has to stand behind it.
func (t Till) Waive(ctx context.Context, by auth.Caller, receipt uuid.UUID, in WaiveInput) (Receipt, error) {
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" {
		return Receipt{}, fault.New(fault.Invalid, "reason_missing", "say why it is waived").Field("body.reason", "must not be blank")
	}
	if !by.Person() {
		return Receipt{}, fault.New(fault.Forbidden, "payments_waiver_approved", "only a person can waive what is owed")
	}
	if _, err := t.find(ctx, by.Scope(), receipt, " FOR NO KEY UPDATE OF r"); err != nil {
		return Receipt{}, err
	}
	r, err := t.read(ctx, receipt)
	if err != nil {
		return r, err
	}
	amount := r.BalanceMinor
	if in.AmountMinor != nil {
		amount = *in.AmountMinor
	}
	switch {
	case r.State == Void:
		return r, fault.New(fault.Conflict, "payments_not_on_void", "this receipt is void")
	case r.BalanceMinor == 0:
		return r, fault.New(fault.Conflict, "nothing_owed", "nothing is owed on this receipt")
	case amount <= 0:
		return r, fault.New(fault.Invalid, "payments_amount", "say how much is waived").Field("body.amount_minor", "must be above zero")
	case amount > r.BalanceMinor:
		return r, fault.New(fault.Conflict, "payments_within_total", "that is more than is owed: %s is left to pay", r.BalanceMinor).With("balance_minor", r.BalanceMinor)
	}
	_, r, err = t.record(ctx, by, r, Payment{AmountMinor: amount, Method: "waiver", PaidAt: t.at(), Reason: in.Reason, ApproverID: person(by)})
	return r, err
}

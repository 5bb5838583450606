package workorders

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch"
	"paigong/inventory"
	"paigong/workorders/aftercare"
)

// sheetMovesOrder lets the outcome drive the order. A device taken away was recorded by custody before.
func (w *work) sheetMovesOrder(ctx context.Context, o *Order, v dispatch.Visit, s Sheet, in SheetInput) error {
	var behalf *uuid.UUID
	if w.by.EngineerID == nil || *w.by.EngineerID != v.EngineerID {
		behalf = &v.EngineerID
	}
	data := map[string]any{"sheet": s.Number, "outcome": s.Outcome, "visit_id": v.ID}
	if o.State == OrderAssigned { // the button "depart" was forgotten
		if err := w.moveOrder(ctx, o, OrderInProgress, step{Action: "depart", OnBehalfOf: behalf, Data: map[string]any{"inferred": true}}); err != nil {
			return err
		}
	}
	if o.State == OrderAwaitingApproval { // a quote was open when the visit ended
		if err := w.endOpenQuotes(ctx, o, s); err != nil {
			return err
		}
	}
	if err := w.stock.CancelPickups(ctx, o.ID, "visit ended"); err != nil {
		return err
	}
	free := "engineer_id = NULL, engineer_org_id = NULL"
	move := func(to OrderState, set string, args ...any) error {
		return w.moveOrder(ctx, o, to, step{Action: "sheet", OnBehalfOf: behalf, Data: data, Set: set, Args: args})
	}
	switch s.Outcome {
	case "done", "no_fault_found":
		if s.Outcome == "done" && in.Acceptance != nil && in.Acceptance.Result != "accepted" {
			return move(OrderReady, free) // with defects: the visit is over, the order is not
		}
		return w.complete(ctx, o, v, s, behalf, data)
	case "partial":
		if *s.MinutesLeft > 0 {
			free += fmt.Sprintf(", duration_minutes = %d", min(*s.MinutesLeft, 1440))
		}
		if err := move(OrderReady, free); err != nil {
			return err
		}
		return w.callBack(ctx, o, "appointment", s.Notes)
	case "no_access":
		if err := move(OrderReady, free); err != nil {
			return err
		}
		if err := w.nobodyIn(ctx, o, v, s); err != nil {
			return err
		}
		if err := w.tellCustomer(ctx, o, "message.customer.no_access", o.Number); err != nil {
			return err
		}
		return w.callBack(ctx, o, "no_access", s.Notes)
	case "need_parts":
		if err := w.openShortages(ctx, o, in.PartsNeeded); err != nil {
			return err
		}
		o.HoldReason = ptr("parts")
		if err := w.moveOrder(ctx, o, OrderOnHold, step{Action: "sheet", OnBehalfOf: behalf, Data: data, Set: free + ", hold_reason = 'parts', hold_text = ?", Args: []any{s.Notes}}); err != nil {
			return err
		}
		return w.tellCustomer(ctx, o, "message.customer.part_waiting", o.Number)
	case "need_approval":
		if err := move(OrderAwaitingApproval, free); err != nil {
			return err
		}
		return w.callBack(ctx, o, "quote_open", s.Notes)
	case "taken_to_depot":
		c, err := w.custody.OpenOf(ctx, o.ID)
		if err != nil {
			return err
		}
		o.HoldReason = ptr("depot")
		return w.moveOrder(ctx, o, OrderOnHold, step{Action: "sheet", OnBehalfOf: behalf, Data: data, Set: free + ", hold_reason = 'depot', hold_text = ?", Args: []any{c.Number}})
	case "declined":
		if err := w.declineLiveQuotes(ctx, o, s); err != nil {
			return err
		}
		if err := w.letGo(ctx, o, "quote_declined"); err != nil {
			return err
		}
		if err := move(OrderCannotComplete, "finished_at = ?, end_reason = 'quote_declined'", s.FinishedAt); err != nil {
			return err
		}
		_, err := w.issueReceipt(ctx, o)
		return err
	case "cannot_complete":
		if err := w.letGo(ctx, o, "cannot_complete"); err != nil {
			return err
		}
		if err := w.followUp(ctx, o, s.FinishedAt); err != nil {
			return err
		}
		if err := move(OrderCannotComplete, "finished_at = ?, end_reason = ?, unconfirmed = true", s.FinishedAt, s.Notes); err != nil {
			return err
		}
		if err := w.tellOffice(ctx, o, "manager", "message.manager.cannot_complete"); err != nil {
			return err
		}
		_, err := w.issueReceipt(ctx, o)
		return err
	}
	return fmt.Errorf("sheet %s: outcome %q", s.Number, s.Outcome)
}

// complete finishes an order: parts still promised are let go where they lie, clocks stop, the follow-up
// call and the receipt are made.
func (w *work) complete(ctx context.Context, o *Order, v dispatch.Visit, s Sheet, behalf *uuid.UUID, data map[string]any) error {
	if err := w.promises.MeetClock(ctx, o.ID, "fix", s.FinishedAt); err != nil {
		return err
	}
	if err := w.letGo(ctx, o, "order completed"); err != nil { // stops the clocks that are left
		return err
	}
	if err := w.recordInstalled(ctx, o, s); err != nil {
		return err
	}
	if err := w.settleFacts(ctx, o, v, s); err != nil {
		return err
	}
	if err := w.followUp(ctx, o, s.FinishedAt); err != nil {
		return err
	}
	if err := w.moveOrder(ctx, o, OrderCompleted, step{Action: "sheet", OnBehalfOf: behalf, Data: data, Set: "finished_at = ?", Args: []any{s.FinishedAt}}); err != nil {
		return err
	}
	if err := w.tellCustomer(ctx, o, "message.customer.done", o.Number); err != nil {
		return err
	}
	_, err := w.issueReceipt(ctx, o)
	return err
}

// followUp schedules the one main follow-up call of an order; after a reopening the earlier one was superseded.
func (w *work) followUp(ctx context.Context, o *Order, finished time.Time) error {
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	_, err = w.promises.ScheduleFollowUp(ctx, aftercare.Plan{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Kind: o.Kind, FinishedAt: finished, HandedInAt: w.at, Zone: loc.String()})
	return err
}

// endOpenQuotes lets an order whose quote is still with the customer go back to work, so that the outcome
// of the visit decides.
func (w *work) endOpenQuotes(ctx context.Context, o *Order, s Sheet) error {
	return w.moveOrder(ctx, o, OrderInProgress, step{Action: "approve_on_site", Data: map[string]any{"sheet": s.Number}, Set: "engineer_id = ?, engineer_org_id = (SELECT org_id FROM engineers WHERE id = ?)", Args: []any{s.EngineerID, s.EngineerID}})
}

// declineLiveQuotes: the signed refusal on the sheet answers every quote that is still open.
func (w *work) declineLiveQuotes(ctx context.Context, o *Order, s Sheet) error {
	quotes, err := quotesOf(ctx, w.tx, o.ID)
	if err != nil {
		return err
	}
	for _, q := range quotes {
		if q.State == QuoteDraft || q.State == QuoteSent {
			if err := w.moveQuote(ctx, &q, QuoteDeclined, "declined_at = ?, decline_reason = ?", []any{w.at, "sheet " + s.Number}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) openShortages(ctx context.Context, o *Order, needs []PartNeed) error {
	lines, err := w.partNeeds(ctx, needs)
	if err != nil {
		return err
	}
	for i, l := range lines {
		in := inventory.ShortageInput{OrgID: o.OrgID, OrderID: o.ID, PartID: l.PartID, Quantity: l.Quantity}
		if l.PartID == nil {
			in.Text = l.Name
		}
		if i < len(needs) {
			in.Urgency = needs[i].Urgency
		}
		if _, err := w.stock.OpenShortage(ctx, in); err != nil {
			return err
		}
		if err := needAgain(ctx, w.tx, *o, l); err != nil {
			return err
		}
	}
	return nil
}

// callBack puts "tell the customer" on the list that somebody works through.
func (w *work) callBack(ctx context.Context, o *Order, reason, text string) error {
	_, err := w.promises.AddCallback(ctx, w.by, aftercare.CallbackInput{OrgID: o.OrgID, OrderID: &o.ID, CustomerID: &o.CustomerID, Reason: reason, DueAt: w.at, Text: limitText(text, 500)})
	return err
}

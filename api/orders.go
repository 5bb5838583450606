package api

import (
	"context"
	"net/http"
	"time"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/keyset"
	"paigong/workorders"
	"paigong/workorders/billing"
	"paigong/workorders/depot"
)

// Requests.

func (s *Server) register(ctx context.Context, by auth.Caller, in *body[workorders.RequestInput]) (workorders.Request, error) {
	return s.desk.Register(ctx, by, in.Body)
}

func (s *Server) requests(ctx context.Context, by auth.Caller, in *struct {
	workorders.RequestFilter
	Customer string `query:"customer" doc:"customer's id"`
}) (keyset.Page[workorders.Request], error) {
	var err error
	if in.CustomerID, err = idIn("customer", in.Customer); err != nil {
		return keyset.Page[workorders.Request]{}, err
	}
	return s.desk.Requests(ctx, by, in.RequestFilter)
}

func (s *Server) request(ctx context.Context, by auth.Caller, in *ByRef) (workorders.Request, error) {
	return s.desk.Request(ctx, by, in.ID)
}

func (s *Server) patchRequest(ctx context.Context, by auth.Caller, in *bodyOn[workorders.RequestPatch]) (workorders.Request, error) {
	return s.desk.AmendRequest(ctx, by, in.ID, heardIn(ctx).match, in.Body)
}

// TextInput is a text that must not be empty.
type TextInput struct {
	Text string `json:"text" minLength:"1" maxLength:"5000"`
}

func (s *Server) reply(ctx context.Context, by auth.Caller, in *bodyOn[TextInput]) (workorders.Request, error) {
	return s.desk.Reply(ctx, by, in.ID, in.Body.Text)
}

func (s *Server) triage(ctx context.Context, by auth.Caller, in *bodyOn[workorders.TriageInput]) (workorders.Request, error) {
	return s.desk.Triage(ctx, by, in.ID, in.Body)
}

func (s *Server) answer(ctx context.Context, by auth.Caller, in *bodyOn[workorders.AnswerInput]) (workorders.Request, error) {
	return s.desk.Answer(ctx, by, in.ID, in.Body)
}

func (s *Server) talkRequest(ctx context.Context, by auth.Caller, in *bodyOn[workorders.ConversationInput]) (workorders.Conversation, error) {
	return s.desk.TalkAboutRequest(ctx, by, in.ID, in.Body)
}

// Conversations is a bounded list, oldest first.
type Conversations struct {
	Items      []workorders.Conversation `json:"items"`
	NextCursor string                    `json:"next_cursor"`
}

func (s *Server) requestTalks(ctx context.Context, by auth.Caller, in *ByRef) (Conversations, error) {
	r, err := s.desk.Request(ctx, by, in.ID)
	return Conversations{Items: r.Conversations}, err
}

func (s *Server) openOrder(ctx context.Context, by auth.Caller, in *bodyOn[workorders.OrderInput]) (workorders.Order, error) {
	return s.desk.OpenOrder(ctx, by, in.ID, in.Body)
}

// Orders.

func (s *Server) orders(ctx context.Context, by auth.Caller, in *workorders.OrderFilter) (keyset.Page[workorders.Order], error) {
	return s.desk.Orders(ctx, by, *in)
}

func (s *Server) order(ctx context.Context, by auth.Caller, in *ByRef) (workorders.Order, error) {
	return s.desk.Order(ctx, by, in.ID)
}

func (s *Server) patchOrder(ctx context.Context, by auth.Caller, in *bodyOn[workorders.OrderPatch]) (workorders.Order, error) {
	return s.desk.Amend(ctx, by, in.ID, heardIn(ctx).match, in.Body)
}

func (s *Server) hold(ctx context.Context, by auth.Caller, in *bodyOn[workorders.HoldInput]) (workorders.Order, error) {
	return s.desk.Hold(ctx, by, in.ID, in.Body)
}

// ReasonInput says why; ReasonNeeded insists.
type ReasonInput struct {
	Reason string `json:"reason,omitempty" maxLength:"1000"`
}

// ReasonNeeded says why.
type ReasonNeeded struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type orderAct func(ctx context.Context, by auth.Caller, ref, reason string) (workorders.Order, error)

func maySay(act orderAct) func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Order, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Order, error) {
		return act(ctx, by, in.ID, in.Body.Reason)
	}
}

func mustSay(act orderAct) func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonNeeded]) (workorders.Order, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonNeeded]) (workorders.Order, error) {
		return act(ctx, by, in.ID, in.Body.Reason)
	}
}

// ModeInput is how an order is served from now on.
type ModeInput struct {
	Mode string `json:"mode" enum:"phone,on_site,depot"`
}

func (s *Server) convert(ctx context.Context, by auth.Caller, in *bodyOn[ModeInput]) (workorders.Order, error) {
	return s.desk.Convert(ctx, by, in.ID, in.Body.Mode)
}

func (s *Server) talkOrder(ctx context.Context, by auth.Caller, in *bodyOn[workorders.ConversationInput]) (workorders.Conversation, error) {
	return s.desk.TalkAboutOrder(ctx, by, in.ID, in.Body)
}

func (s *Server) orderTalks(ctx context.Context, by auth.Caller, in *ByRef) (Conversations, error) {
	o, err := s.desk.Order(ctx, by, in.ID)
	return Conversations{Items: o.Conversations}, err
}

func (s *Server) coverage(ctx context.Context, by auth.Caller, in *bodyOn[workorders.CoverageInput]) (workorders.Order, error) {
	return s.desk.DecideCoverage(ctx, by, in.ID, in.Body)
}

func (s *Server) offer(ctx context.Context, by auth.Caller, in *bodyOn[workorders.HandOverInput]) (workorders.HandOver, error) {
	return s.desk.OfferOrder(ctx, by, in.ID, in.Body)
}

func (s *Server) answerOffer(act string) func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Order, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOn[ReasonInput]) (workorders.Order, error) {
		return s.desk.AnswerHandOver(ctx, by, in.ID, act, in.Body.Reason)
	}
}

// Link is an address for a customer, shown once.
type Link struct {
	Link string `json:"link"`
}

// WithoutSecret is what a repeated call sees.
func (l Link) WithoutSecret() any { return Link{} }

func (s *Server) share(ctx context.Context, by auth.Caller, in *ByRef) (Link, error) {
	link, err := s.desk.ShareOrder(ctx, by, in.ID)
	return Link{link}, err
}

// Dispatch.

// Candidates are every engineer judged for an order.
type Candidates struct {
	Items      []dispatch.Candidate `json:"items"`
	NextCursor string               `json:"next_cursor"`
}

func (s *Server) candidates(ctx context.Context, by auth.Caller, in *struct {
	ByRef
	Limit int `query:"limit" minimum:"1" maximum:"2000" default:"50"`
}) (Candidates, error) {
	list, err := s.desk.Candidates(ctx, by, in.ID, in.Limit)
	if list == nil {
		list = []dispatch.Candidate{}
	}
	return Candidates{Items: list}, err
}

func (s *Server) assign(ctx context.Context, by auth.Caller, in *bodyOn[workorders.AssignInput]) (dispatch.Visit, error) {
	return s.desk.Assign(ctx, by, in.ID, in.Body)
}

func (s *Server) visits(ctx context.Context, by auth.Caller, in *struct {
	keyset.Ask
	Engineer string    `query:"engineer" doc:"engineer's id"`
	Day      string    `query:"day" format:"date"`
	Order    string    `query:"work_order" doc:"order's id"`
	From     time.Time `query:"from"`
	To       time.Time `query:"to"`
	Open     bool      `query:"open" doc:"only those that bind somebody"`
	Late     bool      `query:"late"`
	Unheard  bool      `query:"unanswered" doc:"dispatched, and the time to accept is over"`
}) (keyset.Page[dispatch.Visit], error) {
	f := dispatch.VisitFilter{Ask: in.Ask, Open: in.Open, Late: in.Late, Unclaimed: in.Unheard}
	var err error
	if f.Engineer, err = idIn("engineer", in.Engineer); err != nil {
		return keyset.Page[dispatch.Visit]{}, err
	}
	if f.Order, err = idIn("work_order", in.Order); err != nil {
		return keyset.Page[dispatch.Visit]{}, err
	}
	if f.Day, err = day("day", in.Day); err != nil {
		return keyset.Page[dispatch.Visit]{}, err
	}
	if !in.From.IsZero() {
		f.From = &in.From
	}
	if !in.To.IsZero() {
		f.To = &in.To
	}
	return s.desk.Visits(ctx, by, f)
}

func (s *Server) visit(ctx context.Context, by auth.Caller, in *ByID) (dispatch.Visit, error) {
	return s.desk.Visit(ctx, by, in.ID)
}

func (s *Server) visitAct(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[workorders.ActInput]) (dispatch.Visit, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[workorders.ActInput]) (dispatch.Visit, error) {
		return s.desk.VisitAct(ctx, by, in.ID, act, in.Body)
	}
}

func (s *Server) confirm(ctx context.Context, by auth.Caller, in *bodyOf[workorders.ConfirmInput]) (dispatch.Visit, error) {
	return s.desk.Confirm(ctx, by, in.ID, in.Body)
}

func (s *Server) reschedule(ctx context.Context, by auth.Caller, in *bodyOf[workorders.RescheduleInput]) (dispatch.Visit, error) {
	return s.desk.Reschedule(ctx, by, in.ID, in.Body)
}

// Quotes.

func (s *Server) makeQuote(ctx context.Context, by auth.Caller, in *bodyOn[workorders.QuoteInput]) (workorders.Quote, error) {
	return s.desk.MakeQuote(ctx, by, in.ID, in.Body)
}

func (s *Server) quote(ctx context.Context, by auth.Caller, in *ByID) (workorders.Quote, error) {
	return s.desk.Quote(ctx, by, in.ID)
}

// SentQuote is a quote with the link for the customer, shown once.
type SentQuote struct{ workorders.Quote }

// WithoutSecret is what a repeated call sees.
func (q SentQuote) WithoutSecret() any { q.Link = ""; return q }

func (s *Server) sendQuote(ctx context.Context, by auth.Caller, in *ByID) (SentQuote, error) {
	q, err := s.desk.SendQuote(ctx, by, in.ID)
	return SentQuote{q}, err
}

func (s *Server) approveQuote(ctx context.Context, by auth.Caller, in *bodyOf[workorders.ApprovalInput]) (workorders.Quote, error) {
	return s.desk.ApproveQuote(ctx, by, in.ID, in.Body)
}

func (s *Server) declineQuote(ctx context.Context, by auth.Caller, in *bodyOf[workorders.DeclineInput]) (workorders.Quote, error) {
	return s.desk.DeclineQuote(ctx, by, in.ID, in.Body)
}

type ByToken struct {
	Token string `path:"token" maxLength:"200"`
}

func (s *Server) publicQuote(ctx context.Context, _ auth.Caller, in *ByToken) (workorders.Public, error) {
	return s.desk.Public(ctx, in.Token)
}

func (s *Server) publicApprove(ctx context.Context, _ auth.Caller, in *struct {
	ByToken
	Body workorders.PublicAnswer
}) (workorders.Public, error) {
	return s.desk.ApproveByLink(ctx, in.Token, addressOf(heardIn(ctx).r), in.Body)
}

func (s *Server) publicDecline(ctx context.Context, _ auth.Caller, in *struct {
	ByToken
	Body workorders.PublicAnswer
}) (workorders.Public, error) {
	return s.desk.DeclineByLink(ctx, in.Token, in.Body)
}

// Sheets, custody, money.

func (s *Server) submitSheet(ctx context.Context, by auth.Caller, in *bodyOn[workorders.SheetInput]) (workorders.Sheet, error) {
	return s.desk.SubmitSheet(ctx, by, in.ID, in.Body)
}

func (s *Server) sheet(ctx context.Context, by auth.Caller, in *ByID) (workorders.Sheet, error) {
	return s.desk.Sheet(ctx, by, in.ID)
}

func (s *Server) correctSheet(ctx context.Context, by auth.Caller, in *bodyOf[workorders.CorrectionInput]) (workorders.Sheet, error) {
	return s.desk.CorrectSheet(ctx, by, in.ID, in.Body)
}

func (s *Server) verifySheet(ctx context.Context, by auth.Caller, in *ByID) (workorders.Sheet, error) {
	return s.desk.VerifySheet(ctx, by, in.ID)
}

func (s *Server) takeDevice(ctx context.Context, by auth.Caller, in *bodyOn[depot.CustodyInput]) (depot.Custody, error) {
	return s.desk.TakeDevice(ctx, by, in.ID, in.Body)
}

func (s *Server) custodyDo(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[depot.DoInput]) (depot.Custody, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[depot.DoInput]) (depot.Custody, error) {
		return s.desk.CustodyDo(ctx, by, in.ID, act, in.Body)
	}
}

func (s *Server) loanerBack(ctx context.Context, by auth.Caller, in *ByID) (depot.Custody, error) {
	return s.desk.LoanerBack(ctx, by, in.ID)
}

func (s *Server) devices(ctx context.Context, by auth.Caller, in *depot.Filter) (keyset.Page[depot.Custody], error) {
	return s.desk.Devices(ctx, by, *in)
}

func (s *Server) custody(ctx context.Context, by auth.Caller, in *ByID) (depot.Custody, error) {
	return s.desk.Look(ctx).Custody.Custody(ctx, by.Scope(), in.ID)
}

// IssuedReceipt is a receipt that was there (200) or has just been issued (201).
type IssuedReceipt struct {
	billing.Receipt
	issued bool
}

// StatusCode tells the two apart.
func (r IssuedReceipt) StatusCode() int {
	if r.issued {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (s *Server) receiptOf(ctx context.Context, by auth.Caller, in *ByRef) (IssuedReceipt, error) {
	r, issued, err := s.desk.Receipt(ctx, by, in.ID)
	return IssuedReceipt{r, issued}, err
}

func (s *Server) receipt(ctx context.Context, by auth.Caller, in *ByID) (billing.Receipt, error) {
	return s.desk.ReceiptByID(ctx, by, in.ID)
}

func (s *Server) receipts(ctx context.Context, by auth.Caller, in *struct {
	billing.ReceiptFilter
	FromDay  string `query:"from" format:"date" doc:"issued on this day or later"`
	ToDay    string `query:"to" format:"date" doc:"issued on this day or earlier"`
	Engineer string `query:"engineer" doc:"engineer's id"`
	Customer string `query:"customer" doc:"customer's id"`
	Order    string `query:"work_order" doc:"order's id"`
}) (keyset.Page[billing.Receipt], error) {
	f := in.ReceiptFilter
	if err := firstOf(
		into(&f.From)(day("from", in.FromDay)), into(&f.To)(day("to", in.ToDay)), into(&f.EngineerID)(idIn("engineer", in.Engineer)),
		into(&f.CustomerID)(idIn("customer", in.Customer)), into(&f.OrderID)(s.orderIn(ctx, by, in.Order)),
	); err != nil {
		return keyset.Page[billing.Receipt]{}, err
	}
	return s.desk.Look(ctx).Till.Receipts(ctx, by.Scope(), f)
}

func into[T any](to **T) func(*T, error) error {
	return func(v *T, err error) error { *to = v; return err }
}

func (s *Server) receivables(ctx context.Context, by auth.Caller, in *struct {
	keyset.Ask
	AsOf string `query:"as_of" format:"date" doc:"absent = today"`
}) (billing.Receivables, error) {
	d, err := day("as_of", in.AsOf)
	if err != nil {
		return billing.Receivables{}, err
	}
	return s.desk.Receivables(ctx, by, d, in.Ask)
}

// PaidReceipt is a payment with the receipt as it stands after it.
type PaidReceipt struct {
	billing.Payment
	Receipt billing.Receipt `json:"receipt"`
}

func (s *Server) pay(ctx context.Context, by auth.Caller, in *bodyOf[billing.PaymentInput]) (PaidReceipt, error) {
	p, r, err := s.desk.Pay(ctx, by, in.ID, in.Body)
	return PaidReceipt{p, r}, err
}

func (s *Server) void(ctx context.Context, by auth.Caller, in *bodyOf[ReasonNeeded]) (billing.Receipt, error) {
	return s.desk.VoidReceipt(ctx, by, in.ID, in.Body.Reason)
}

func (s *Server) waive(ctx context.Context, by auth.Caller, in *bodyOf[billing.WaiveInput]) (billing.Receipt, error) {
	return s.desk.WaiveReceipt(ctx, by, in.ID, in.Body)
}

func (s *Server) requestInvoice(ctx context.Context, by auth.Caller, in *bodyOf[billing.InvoiceInput]) (billing.InvoiceRequest, error) {
	return s.desk.RequestInvoice(ctx, by, in.ID, in.Body)
}

func (s *Server) cashUp(ctx context.Context, by auth.Caller, in *body[billing.CashUpInput]) (billing.CashUp, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (billing.CashUp, error) {
		return l.Till.CashUp(ctx, by, in.Body)
	})
}

func (s *Server) cashUps(ctx context.Context, by auth.Caller, in *struct {
	billing.CashUpFilter
	FromDay  string `query:"from" format:"date" doc:"taken on this day or later"`
	ToDay    string `query:"to" format:"date" doc:"taken on this day or earlier"`
	Engineer string `query:"engineer" doc:"engineer's id"`
}) (keyset.Page[billing.CashUp], error) {
	f := in.CashUpFilter
	if err := firstOf(into(&f.From)(day("from", in.FromDay)), into(&f.To)(day("to", in.ToDay)), into(&f.EngineerID)(idIn("engineer", in.Engineer))); err != nil {
		return keyset.Page[billing.CashUp]{}, err
	}
	return s.desk.Look(ctx).Till.CashUps(ctx, by.Scope(), f)
}

func (s *Server) voidCashUp(ctx context.Context, by auth.Caller, in *bodyOf[ReasonNeeded]) (billing.CashUp, error) {
	return keep(s, ctx, by, func(ctx context.Context, l workorders.Ledgers) (billing.CashUp, error) {
		return l.Till.VoidCashUp(ctx, by, in.ID, in.Body.Reason)
	})
}

func (s *Server) invoices(ctx context.Context, by auth.Caller, in *billing.InvoiceFilter) (keyset.Page[billing.InvoiceRequest], error) {
	return s.desk.Look(ctx).Till.Invoices(ctx, by.Scope(), *in)
}

func (s *Server) invoiceDo(act string) func(ctx context.Context, by auth.Caller, in *bodyOf[billing.InvoiceAct]) (billing.InvoiceRequest, error) {
	return func(ctx context.Context, by auth.Caller, in *bodyOf[billing.InvoiceAct]) (billing.InvoiceRequest, error) {
		return s.desk.InvoiceDo(ctx, by, in.ID, act, in.Body)
	}
}

func (s *Server) originalReturned(ctx context.Context, by auth.Caller, in *bodyOn[workorders.OriginalInput]) (workorders.Order, error) {
	return s.desk.OriginalReturned(ctx, by, in.ID, in.Body)
}

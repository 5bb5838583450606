package workorders

import "paigong/internal/lifecycle"

// RequestState is where a service request (报修单) stands.
type RequestState string

const (
	RequestReceived  RequestState = "received"  // 待受理: registered; nobody has judged it yet
	RequestTriaged   RequestState = "triaged"   // 已受理: kind, customer and coverage are clear
	RequestConverted RequestState = "converted" // a work order carries it on
	RequestAnswered  RequestState = "answered"  // solved by phone; back to triaged within 7 days when it came back
	RequestDuplicate RequestState = "duplicate" // a chase on another request. Final
	RequestRejected  RequestState = "rejected"  // outside our service, with a reason told to the customer. Final
)

// RequestMoves is the life of a request. answered, duplicate and rejected need a reply to the customer first.
var RequestMoves = lifecycle.Table[RequestState]{
	Kind: "request", Start: []RequestState{RequestReceived},
	Imported: []RequestState{RequestConverted},
	Moves: [][3]RequestState{
		{RequestReceived, RequestTriaged, "triage"}, {RequestReceived, RequestDuplicate, "duplicate"}, {RequestReceived, RequestRejected, "reject"},
		{RequestTriaged, RequestConverted, "work_order"}, {RequestTriaged, RequestAnswered, "answer"}, {RequestTriaged, RequestDuplicate, "duplicate"}, {RequestTriaged, RequestRejected, "reject"},
		{RequestAnswered, RequestTriaged, "came_back"},
	},
}

// OrderState is where a work order (工单) stands.
type OrderState string

const (
	OrderNew              OrderState = "new"               // 待审核: charge or coverage is not settled yet
	OrderAwaitingApproval OrderState = "awaiting_approval" // 待客户确认: a quote is with the customer
	OrderReady            OrderState = "ready"             // 待派工: somebody may be sent
	OrderAssigned         OrderState = "assigned"          // 已派工: a visit is booked
	OrderInProgress       OrderState = "in_progress"       // 服务中: the engineer left for it or is there
	OrderOnHold           OrderState = "on_hold"           // 挂起, with a reason
	OrderCompleted        OrderState = "completed"         // 已完工，待回访
	OrderClosed           OrderState = "closed"            // 已结单. Final: later work is a new, linked order
	OrderCancelled        OrderState = "cancelled"         // 已取消. Final
	OrderCannotComplete   OrderState = "cannot_complete"   // 未修复结单: not repaired, refused, or to be confirmed by a manager
)

// OrderMoves is the life of a work order.
var OrderMoves = lifecycle.Table[OrderState]{
	Kind: "work_order", Start: []OrderState{OrderNew},
	Imported: []OrderState{OrderReady, OrderCompleted, OrderCannotComplete},
	Moves: [][3]OrderState{
		{OrderNew, OrderReady, "approve"}, {OrderNew, OrderAwaitingApproval, "quote"}, {OrderNew, OrderOnHold, "hold"}, {OrderNew, OrderCancelled, "cancel"},
		{OrderAwaitingApproval, OrderReady, "approve"}, {OrderAwaitingApproval, OrderInProgress, "approve_on_site"}, {OrderAwaitingApproval, OrderCancelled, "decline"}, {OrderAwaitingApproval, OrderCancelled, "cancel"},
		{OrderAwaitingApproval, OrderCannotComplete, "decline"}, {OrderAwaitingApproval, OrderOnHold, "hold"},
		{OrderReady, OrderAssigned, "assign"}, {OrderReady, OrderAwaitingApproval, "quote"}, {OrderReady, OrderOnHold, "hold"}, {OrderReady, OrderCancelled, "cancel"},
		{OrderAssigned, OrderInProgress, "depart"}, {OrderAssigned, OrderReady, "unassign"}, {OrderAssigned, OrderOnHold, "hold"}, {OrderAssigned, OrderCancelled, "cancel"},
		{OrderInProgress, OrderCompleted, "sheet"}, {OrderInProgress, OrderReady, "sheet"}, {OrderInProgress, OrderOnHold, "sheet"}, {OrderInProgress, OrderAwaitingApproval, "quote"},
		{OrderInProgress, OrderCannotComplete, "sheet"}, {OrderInProgress, OrderOnHold, "hold"}, {OrderInProgress, OrderReady, "unassign"}, {OrderInProgress, OrderCancelled, "cancel"},
		{OrderOnHold, OrderReady, "resume"}, {OrderOnHold, OrderAwaitingApproval, "quote"}, {OrderOnHold, OrderCancelled, "cancel"}, {OrderOnHold, OrderCannotComplete, "scrap"},
		{OrderCompleted, OrderClosed, "close"}, {OrderCompleted, OrderReady, "reopen"},
		{OrderCannotComplete, OrderClosed, "close"}, {OrderCannotComplete, OrderReady, "reopen"},
	},
}

// QuoteState is where a quote stands.
type QuoteState string

const (
	QuoteDraft      QuoteState = "draft"
	QuoteSent       QuoteState = "sent"
	QuoteApproved   QuoteState = "approved"   // frozen. Final
	QuoteDeclined   QuoteState = "declined"   // Final
	QuoteExpired    QuoteState = "expired"    // its last day at the site is over
	QuoteSuperseded QuoteState = "superseded" // a newer one takes its place. Final
)

// QuoteMoves is the life of a quote.
var QuoteMoves = lifecycle.Table[QuoteState]{
	Kind: "quote", Start: []QuoteState{QuoteDraft},
	Moves: [][3]QuoteState{
		{QuoteDraft, QuoteSent, "send"}, {QuoteDraft, QuoteApproved, "approve"}, {QuoteDraft, QuoteDeclined, "decline"}, {QuoteDraft, QuoteExpired, "expire"}, {QuoteDraft, QuoteSuperseded, "supersede"},
		{QuoteSent, QuoteApproved, "approve"}, {QuoteSent, QuoteDeclined, "decline"}, {QuoteSent, QuoteExpired, "expire"}, {QuoteSent, QuoteSuperseded, "supersede"},
		{QuoteExpired, QuoteSuperseded, "supersede"},
	},
}

// HandOverState is where an offer of an order to another organisation stands.
type HandOverState string

const (
	HandOverOffered   HandOverState = "offered"
	HandOverAccepted  HandOverState = "accepted"  // the other organisation serves the order. Final
	HandOverRefused   HandOverState = "refused"   // Final
	HandOverExpired   HandOverState = "expired"   // not answered in time: back with the giver. Final
	HandOverWithdrawn HandOverState = "withdrawn" // Final
)

// HandOverMoves is the life of an offer.
var HandOverMoves = lifecycle.Table[HandOverState]{
	Kind: "hand_over", Start: []HandOverState{HandOverOffered},
	Moves: [][3]HandOverState{
		{HandOverOffered, HandOverAccepted, "accept"}, {HandOverOffered, HandOverRefused, "refuse"}, {HandOverOffered, HandOverExpired, "expire"}, {HandOverOffered, HandOverWithdrawn, "withdraw"},
	},
}

// OldPartState is where a swapped part is.
type OldPartState string

const (
	OldPartDue      OldPartState = "old_due"          // the engineer owes it
	OldPartReceived OldPartState = "old_received"     // back in the house
	OldPartScrapped OldPartState = "scrapped"         // Final
	OldPartSent     OldPartState = "sent_to_vendor"   // Final
	OldPartKept     OldPartState = "kept_by_customer" // Final
	OldPartWritten  OldPartState = "written_off"      // lost, by decision. Final
)

// OldPartMoves is the life of a swapped part.
var OldPartMoves = lifecycle.Table[OldPartState]{
	Kind: "old_part", Start: []OldPartState{OldPartDue},
	Moves: [][3]OldPartState{
		{OldPartDue, OldPartReceived, "receive"}, {OldPartDue, OldPartKept, "keep"}, {OldPartDue, OldPartWritten, "write_off"},
		{OldPartReceived, OldPartScrapped, "scrap"}, {OldPartReceived, OldPartSent, "send"},
	},
}

// PlanState is where a plan of a day stands.
type PlanState string

const (
	PlanRunning   PlanState = "running"   // 计算中: the planner is at it; a program that starts anew goes on with it
	PlanReady     PlanState = "ready"     // 待发布: proposed, binds nobody
	PlanPublished PlanState = "published" // 已发布: every visit booked, every part promised. Final
	PlanRejected  PlanState = "rejected"  // 已放弃: a person did not want it. Final
	PlanStale     PlanState = "stale"     // 已过时: the world moved on, or its day is over. Final: plan again from it
	PlanFailed    PlanState = "failed"    // 失败: no plan came of it, with the reason. Final
)

// PlanMoves is the life of a plan.
var PlanMoves = lifecycle.Table[PlanState]{
	Kind: "plan", Start: []PlanState{PlanRunning, PlanReady},
	Moves: [][3]PlanState{
		{PlanRunning, PlanReady, "finish"}, {PlanRunning, PlanFailed, "fail"}, {PlanRunning, PlanRejected, "reject"},
		{PlanReady, PlanPublished, "publish"}, {PlanReady, PlanRejected, "reject"}, {PlanReady, PlanStale, "expire"},
	},
}

package auth

import (
	"slices"

	"paigong/internal/fault"
)

// Permission is one thing a call does, said as a verb. Each call of the API names exactly one.
type Permission string

const (
	// Anyone is what every signed-in person may do: read his own account, sign out.
	Anyone Permission = "anyone"

	ReadOrganisations   Permission = "read_organisations"
	ManageOrganisations Permission = "manage_organisations"
	ReadUsers           Permission = "read_users"
	ManageUsers         Permission = "manage_users"
	ReadBasics          Permission = "read_basics" // regions, skills, codes, calendars, parts, places
	ManageBasics        Permission = "manage_basics"
	ManageSettings      Permission = "manage_settings"

	ReadEngineers   Permission = "read_engineers"
	ManageEngineers Permission = "manage_engineers"
	PlanShifts      Permission = "plan_shifts"
	AskLeave        Permission = "ask_leave"
	DecideLeave     Permission = "decide_leave"

	ReadStock      Permission = "read_stock"
	ManageParts    Permission = "manage_parts"
	MoveStock      Permission = "move_stock"
	FetchParts     Permission = "fetch_parts" // say that a colleague got what lies out of reach
	ExpectStock    Permission = "expect_stock"
	ReadPickups    Permission = "read_pickups"
	HandOutParts   Permission = "hand_out_parts"
	ReceivePickup  Permission = "receive_pickup"
	CancelPickup   Permission = "cancel_pickup"
	ReadCustomers  Permission = "read_customers"
	WriteCustomers Permission = "write_customers"
	MergeCustomers Permission = "merge_customers"
	EraseCustomers Permission = "erase_customers" // personal data, for good
	ReadContracts  Permission = "read_contracts"
	WriteContracts Permission = "write_contracts"
	Search         Permission = "search"

	ReadRequests    Permission = "read_requests"
	TakeRequest     Permission = "take_request"
	ReplyRequest    Permission = "reply_request"
	TriageRequest   Permission = "triage_request"
	AnswerRequest   Permission = "answer_request"
	LogConversation Permission = "log_conversation"
	OpenOrder       Permission = "open_order"

	ReadOrders     Permission = "read_orders"
	HoldOrder      Permission = "hold_order" // and resume
	CancelOrder    Permission = "cancel_order"
	ReopenOrder    Permission = "reopen_order"
	CloseOrder     Permission = "close_order"
	ConvertOrder   Permission = "convert_order"
	HandOver       Permission = "hand_over"
	AnswerHandOver Permission = "answer_hand_over"
	DecideCoverage Permission = "decide_coverage"

	ReadCallbacks  Permission = "read_callbacks"
	AddCallback    Permission = "add_callback"
	RecordCallback Permission = "record_callback"

	RankCandidates  Permission = "rank_candidates"
	Assign          Permission = "assign"
	ReadVisits      Permission = "read_visits"
	AnswerVisit     Permission = "answer_visit" // accept, decline
	WorkVisit       Permission = "work_visit"   // depart, arrive, start, pause, resume
	ConfirmVisit    Permission = "confirm_visit"
	RescheduleVisit Permission = "reschedule_visit"
	ReadPlans       Permission = "read_plans"
	MakePlan        Permission = "make_plan"
	PublishPlan     Permission = "publish_plan"

	ReadQuotes   Permission = "read_quotes"
	WriteQuote   Permission = "write_quote"
	SendQuote    Permission = "send_quote"
	ApproveQuote Permission = "approve_quote" // as told by the customer; and decline
	SubmitSheet  Permission = "submit_sheet"
	CorrectSheet Permission = "correct_sheet"
	ReadCustody  Permission = "read_custody"
	TakeCustody  Permission = "take_custody"
	MoveCustody  Permission = "move_custody"
	ScrapDevice  Permission = "scrap_device"

	ReadReceipts    Permission = "read_receipts"
	IssueReceipt    Permission = "issue_receipt"
	TakePayment     Permission = "take_payment"
	RequestInvoice  Permission = "request_invoice"
	VoidReceipt     Permission = "void_receipt" // and waive
	ReadReceivables Permission = "read_receivables"
	ReadCashUps     Permission = "read_cash_ups"
	CountCash       Permission = "count_cash" // of what an engineer hands in; his own he may not

	ReadFollowUps     Permission = "read_follow_ups"
	RecordFollowUp    Permission = "record_follow_up"
	ClaimFollowUp     Permission = "claim_follow_up"
	WaiveFollowUp     Permission = "waive_follow_up"
	ReassignFollowUps Permission = "reassign_follow_ups"

	ReadComplaints    Permission = "read_complaints"
	FileComplaint     Permission = "file_complaint"
	WorkComplaint     Permission = "work_complaint" // reply, verify, propose, accept, refuse, close
	EscalateComplaint Permission = "escalate_complaint"

	ReadPapers     Permission = "read_papers"
	PrintStacks    Permission = "print_stacks" // papers of many orders at once
	PutFile        Permission = "put_file"
	ReadFiles      Permission = "read_files"
	ReadArticles   Permission = "read_articles"
	WriteArticles  Permission = "write_articles"
	ReadReports    Permission = "read_reports"
	WatchEvents    Permission = "watch_events"
	ManageWebhooks Permission = "manage_webhooks"
	ReadAudit      Permission = "read_audit"
	ManageJobs     Permission = "manage_jobs"     // dead letters of jobs
	ManageMessages Permission = "manage_messages" // texts, quiet hours, what reached nobody
	ReadNotices    Permission = "read_notices"    // what the desk was told
)

// Sets that several roles share.
var (
	reading = []Permission{Anyone, ReadOrganisations, ReadUsers, ReadBasics, ReadEngineers, ReadStock, ReadPickups,
		ReadCustomers, ReadContracts, Search, ReadRequests, ReadOrders, ReadCallbacks, ReadVisits, ReadPlans, ReadQuotes, ReadCustody,
		ReadReceipts, ReadFollowUps, ReadComplaints, ReadPapers, ReadFiles, ReadArticles, WatchEvents, ReadNotices}
	frontDesk = []Permission{WriteCustomers, TakeRequest, ReplyRequest, TriageRequest, AnswerRequest, LogConversation, OpenOrder,
		AddCallback, RecordCallback, FileComplaint, ConfirmVisit, PutFile}
	dispatching = []Permission{RankCandidates, Assign, AnswerVisit, WorkVisit, RescheduleVisit, MakePlan, PublishPlan,
		HoldOrder, CancelOrder, ReopenOrder, CloseOrder, ConvertOrder, PlanShifts, AskLeave, DecideLeave,
		WriteQuote, SendQuote, ApproveQuote, SubmitSheet, CorrectSheet, TakeCustody, MoveCustody, CancelPickup, ReceivePickup, FetchParts, PrintStacks}
	// Those out visiting read what a visit needs; their scope confines them to their own.
	visiting = []Permission{Anyone, ReadBasics, ReadEngineers, ReadStock, ReadPickups, ReadCustomers, Search, ReadRequests, ReadOrders,
		ReadVisits, ReadQuotes, ReadCustody, ReadReceipts, ReadPapers, ReadFiles, ReadArticles, WatchEvents,
		AskLeave, AnswerVisit, WorkVisit, ConfirmVisit, RescheduleVisit, LogConversation, SubmitSheet, CorrectSheet,
		WriteQuote, SendQuote, ApproveQuote, TakeCustody, MoveCustody, ReceivePickup, MoveStock, IssueReceipt, TakePayment, ReadCashUps, PutFile, FileComplaint}
	managing = []Permission{ManageEngineers, HandOver, DecideCoverage, MergeCustomers, WriteContracts, ScrapDevice, VoidReceipt, IssueReceipt,
		TakePayment, RequestInvoice, ReadReceivables, ReadCashUps, CountCash, WaiveFollowUp, ReassignFollowUps, ClaimFollowUp, RecordFollowUp,
		WorkComplaint, EscalateComplaint, WriteArticles, ReadReports}
)

func sets(parts ...[]Permission) []Permission { return slices.Concat(parts...) }

// grants is the whole matrix; Admin is not in it, because he may do everything.
var grants = map[Role][]Permission{
	Manager: sets(reading, frontDesk, dispatching, managing,
		[]Permission{ManageUsers, ManageBasics, ManageParts, MoveStock, ExpectStock, HandOutParts, ReadAudit, ManageWebhooks, EraseCustomers, ManageMessages}),
	Lead: sets(reading, frontDesk, dispatching,
		[]Permission{ManageEngineers, HandOver, ReassignFollowUps, ClaimFollowUp, RecordFollowUp, WaiveFollowUp, EscalateComplaint, ReadReports, ReadReceivables, ReadCashUps}),
	Dispatcher: sets(reading, frontDesk, dispatching, []Permission{HandOver, RecordFollowUp, IssueReceipt, ReadReports}),
	Agent: sets(reading, frontDesk, []Permission{RankCandidates, WriteQuote, SendQuote, ApproveQuote, HoldOrder, CancelOrder, RescheduleVisit,
		TakeCustody, RecordFollowUp, EscalateComplaint}), // devices are taken in at the counter
	CallerRole: sets(reading, []Permission{RecordFollowUp, ClaimFollowUp, WaiveFollowUp, FileComplaint, LogConversation, AddCallback, RecordCallback,
		TakeRequest, PrintStacks, ReadReports}),
	ComplaintsOfficer: sets(reading, []Permission{FileComplaint, WorkComplaint, EscalateComplaint, LogConversation, AddCallback, RecordCallback,
		TakeRequest, RecordFollowUp, PutFile, ReadReports}),
	Clerk: sets(reading, frontDesk, []Permission{MergeCustomers, WriteContracts, SubmitSheet, CorrectSheet, RecordFollowUp, PrintStacks}),
	Cashier: sets(reading, []Permission{IssueReceipt, TakePayment, RequestInvoice, ReadReceivables, ReadCashUps, CountCash, ReadReports, PutFile,
		LogConversation, ApproveQuote}),
	StockKeeper: {Anyone, ReadBasics, ReadEngineers, ReadStock, ManageParts, MoveStock, FetchParts, ExpectStock, ReadPickups, HandOutParts, ReceivePickup,
		CancelPickup, Search, ReadOrders, ReadVisits, ReadCustody, MoveCustody, ReadPapers, PrintStacks, PutFile, ReadFiles, WatchEvents, ReadReports},
	Engineer: visiting,
	Depot: sets(reading, []Permission{TakeCustody, MoveCustody, ScrapDevice, SubmitSheet, CorrectSheet, WorkVisit, AnswerVisit, AskLeave, HoldOrder,
		WriteQuote, SendQuote, ApproveQuote, MoveStock, ReceivePickup, LogConversation, AddCallback, PutFile}),
	Technical:      sets(reading, []Permission{ManageBasics, DecideCoverage, WriteArticles, FileComplaint, WorkComplaint, LogConversation, PutFile, ReadReports}),
	Auditor:        sets(reading, []Permission{ReadReports, ReadReceivables, ReadCashUps, ReadAudit}),
	PartnerManager: sets(reading, frontDesk, dispatching, []Permission{AnswerHandOver, ManageUsers, ManageEngineers, MoveStock, ExpectStock, HandOutParts, IssueReceipt, TakePayment, RequestInvoice, ReadReceivables, ReadCashUps, CountCash, RecordFollowUp, ReadReports}),
	PartnerDispatcher: sets(reading, frontDesk, dispatching,
		[]Permission{AnswerHandOver, HandOutParts, IssueReceipt, TakePayment, ReadCashUps, CountCash, RecordFollowUp}),
	PartnerEngineer: visiting,
}

// Permissions lists every permission that some role holds, sorted; the API checks its routes against it.
func Permissions() []Permission {
	all := []Permission{ManageOrganisations, ManageSettings, ManageJobs}
	for _, list := range grants {
		all = append(all, list...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// May reports whether the role includes the permission.
func (r Role) May(p Permission) bool { return r == Admin || slices.Contains(grants[r], p) }

// May reports whether one of the caller's roles includes the permission.
func (c Caller) May(p Permission) bool {
	return slices.ContainsFunc(c.Roles, func(r Role) bool { return r.May(p) })
}

// Must refuses a caller without the permission and names the roles that have it.
func (c Caller) Must(p Permission) error {
	if c.May(p) {
		return nil
	}
	var who []string
	for _, r := range Roles() {
		if r.May(p) {
			who = append(who, string(r))
		}
	}
	return fault.New(fault.Forbidden, "not_permitted", "your roles do not include this").With("permission", string(p)).With("roles", who)
}
